/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_ck.c - <sys/ck.h> and <sys/smr.h>: lists as their writer sees them; readers beside a writer, who see what is there all the time and
 * nothing that was freed; grace periods by number.
 */
#include "support/dies.h"
#include "support/unit.h"

#include <sys/ck.h>
#include <sys/epoch.h>
#include <sys/malloc.h>
#include <sys/smr.h>
#include <sys/systm.h>

struct e {
	int n;
	CK_SLIST_ENTRY(e) s;
	CK_LIST_ENTRY(e) l;
	CK_STAILQ_ENTRY(e) q;
	struct epoch_context ctx;
};
CK_SLIST_HEAD(slist, e);
CK_LIST_HEAD(list, e);
CK_STAILQ_HEAD(stailq, e);

static struct e e[9];

#define TEXT(FOREACH, head, field) \
	({ \
		static char text[64]; \
		struct e *at; \
		size_t n = 0; \
\
		text[0] = '\0'; \
		FOREACH(at, head, field) \
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%d", at->n); \
		text; \
	})

static void
number(void)
{
	for (int i = 0; i < (int)NITEMS(e); i++)
		e[i].n = i;
}

static void
test_slist(void **state)
{
	struct slist h = CK_SLIST_HEAD_INITIALIZER(h), other;
	struct e *at, *next, **prev;
#define S(h) TEXT(CK_SLIST_FOREACH, h, s)

	(void)state;
	number();
	assert_true(CK_SLIST_EMPTY(&h));
	CK_SLIST_INSERT_HEAD(&h, &e[3], s);
	CK_SLIST_INSERT_HEAD(&h, &e[1], s);
	CK_SLIST_INSERT_AFTER(&e[1], &e[2], s);
	CK_SLIST_INSERT_AFTER(&e[3], &e[4], s);
	assert_string_equal(S(&h), "1234");
	CK_SLIST_FOREACH_PREVPTR(at, prev, &h, s)
		if (at->n == 3)
			break;
	CK_SLIST_INSERT_PREVPTR(prev, &e[7], s);
	assert_string_equal(S(&h), "12734");
	CK_SLIST_REMOVE_PREVPTR(prev, &e[7], s);
	CK_SLIST_REMOVE(&h, &e[3], e, s);
	assert_ptr_equal(CK_SLIST_NEXT(&e[3], s), &e[4]); /* who stood there goes on */
	CK_SLIST_REMOVE_AFTER(&e[1], s);
	CK_SLIST_REMOVE_HEAD(&h, s);
	assert_ptr_equal(CK_SLIST_FIRST(&h), &e[4]);
	CK_SLIST_INIT(&other);
	CK_SLIST_INSERT_HEAD(&other, &e[8], s);
	CK_SLIST_SWAP(&h, &other, e);
	assert_string_equal(S(&h), "8");
	assert_string_equal(S(&other), "4");
	CK_SLIST_MOVE(&h, &other, s);
	assert_string_equal(S(&h), "4");
	CK_SLIST_FOREACH_SAFE(at, &h, s, next)
		CK_SLIST_REMOVE_HEAD(&h, s);
	assert_true(CK_SLIST_EMPTY(&h));
}

static void
test_list(void **state)
{
	struct list h = CK_LIST_HEAD_INITIALIZER(h), other;
	struct e *at, *next;
#define L(h) TEXT(CK_LIST_FOREACH, h, l)

	(void)state;
	number();
	CK_LIST_INIT(&h);
	assert_true(CK_LIST_EMPTY(&h));
	CK_LIST_INSERT_HEAD(&h, &e[3], l);
	CK_LIST_INSERT_BEFORE(&e[3], &e[1], l);
	CK_LIST_INSERT_AFTER(&e[1], &e[2], l);
	CK_LIST_INSERT_BEFORE(&e[1], &e[0], l);
	CK_LIST_INSERT_AFTER(&e[3], &e[4], l);
	assert_string_equal(L(&h), "01234");
	CK_LIST_REMOVE(&e[2], l);
	CK_LIST_REMOVE(&e[0], l);
	assert_ptr_equal(CK_LIST_NEXT(&e[2], l), &e[3]);
	assert_string_equal(L(&h), "134");
	CK_LIST_REMOVE(&e[4], l);
	CK_LIST_INIT(&other);
	CK_LIST_INSERT_HEAD(&other, &e[8], l);
	CK_LIST_SWAP(&h, &other, e, l);
	assert_string_equal(L(&h), "8");
	assert_string_equal(L(&other), "13");
	CK_LIST_REMOVE(&e[8], l); /* it knows its new list */
	CK_LIST_REMOVE(&e[1], l);
	assert_true(CK_LIST_EMPTY(&h));
	CK_LIST_MOVE(&h, &other, l);
	assert_string_equal(L(&h), "3");
	CK_LIST_FOREACH_SAFE(at, &h, l, next)
		CK_LIST_REMOVE(at, l);
	assert_true(CK_LIST_EMPTY(&h));
}

static void
test_stailq(void **state)
{
	struct stailq h = CK_STAILQ_HEAD_INITIALIZER(h), other;
	struct e *at, *next;
#define Q(h) TEXT(CK_STAILQ_FOREACH, h, q)

	(void)state;
	number();
	CK_STAILQ_INSERT_TAIL(&h, &e[1], q);
	CK_STAILQ_INSERT_TAIL(&h, &e[3], q);
	CK_STAILQ_INSERT_HEAD(&h, &e[0], q);
	CK_STAILQ_INSERT_AFTER(&h, &e[1], &e[2], q);
	CK_STAILQ_INSERT_AFTER(&h, &e[3], &e[4], q);
	CK_STAILQ_INSERT_TAIL(&h, &e[5], q);
	assert_string_equal(Q(&h), "012345");
	CK_STAILQ_REMOVE(&h, &e[5], e, q); /* the last */
	CK_STAILQ_REMOVE_AFTER(&h, &e[3], q);
	CK_STAILQ_REMOVE_HEAD(&h, q);
	CK_STAILQ_INSERT_TAIL(&h, &e[6], q);
	assert_string_equal(Q(&h), "1236");
	CK_STAILQ_INIT(&other);
	CK_STAILQ_CONCAT(&h, &other); /* nothing */
	CK_STAILQ_INSERT_TAIL(&other, &e[7], q);
	CK_STAILQ_CONCAT(&h, &other);
	CK_STAILQ_INSERT_TAIL(&h, &e[8], q);
	assert_true(CK_STAILQ_EMPTY(&other));
	assert_string_equal(Q(&h), "123678");
	CK_STAILQ_SWAP(&h, &other, e);
	CK_STAILQ_INSERT_TAIL(&h, &e[0], q);
	CK_STAILQ_INSERT_TAIL(&other, &e[4], q);
	assert_string_equal(Q(&h), "0");
	assert_string_equal(Q(&other), "1236784");
	CK_STAILQ_MOVE(&h, &other, q);
	CK_STAILQ_INSERT_TAIL(&h, &e[5], q);
	assert_string_equal(Q(&h), "12367845");
	CK_STAILQ_FOREACH_SAFE(at, &h, q, next)
		CK_STAILQ_REMOVE_HEAD(&h, q);
	CK_STAILQ_INSERT_TAIL(&h, &e[0], q); /* emptied from the head it takes at the tail */
	assert_string_equal(Q(&h), "0");
}

/* ---- readers beside a writer ---- */

#define STAYS 5 /* elements 0, 100, ... 400 stay; others come and go between them */

static struct list shared;
static struct stailq shared_q;
static _Atomic int stop, rounds, wrong;
static _Atomic int freed;

static void
free_later(epoch_context_t ctx)
{
	struct e *p = __containerof(ctx, struct e, ctx);

	p->n = -1;
	free(p, M_TEMP);
	freed++;
}

static void *
reads(void *arg)
{
	struct epoch_tracker et;
	struct e *at;
	int last, stays;

	(void)arg;
	while (!stop) {
		NET_EPOCH_ENTER(et);
		last = -1;
		stays = 0;
		CK_LIST_FOREACH(at, &shared, l) {
			if (at->n <= last)
				wrong++;
			last = at->n;
			stays += last % 100 == 0;
		}
		if (stays != STAYS)
			wrong++;
		last = -1;
		stays = 0;
		CK_STAILQ_FOREACH(at, &shared_q, q) {
			if (at->n <= last)
				wrong++;
			last = at->n;
			stays += last % 100 == 0;
		}
		if (stays != STAYS)
			wrong++;
		NET_EPOCH_EXIT(et);
		rounds++;
	}
	return (NULL);
}

static void
test_readers(void **state)
{
	static struct e fixed[STAYS];
	struct e *p;
	ngu__port_thread th[2];
	int gone = 0, from, k;

	(void)state;
	stop = rounds = wrong = freed = 0;
	CK_LIST_INIT(&shared);
	CK_STAILQ_INIT(&shared_q);
	for (int i = STAYS - 1; i >= 0; i--) {
		fixed[i].n = 100 * i;
		CK_LIST_INSERT_HEAD(&shared, &fixed[i], l);
		CK_STAILQ_INSERT_HEAD(&shared_q, &fixed[i], q);
	}
	for (unsigned i = 0; i < NITEMS(th); i++)
		assert_int_equal(ngu__port_thread_start(&th[i], "reads", reads, NULL), 0);
	for (int i = 0; i < 2000 || rounds < 500; i++) {
		if ((from = rounds) == 0) {
			ngu__port_yield();
			continue;
		}
		p = malloc(sizeof(*p), M_TEMP, M_WAITOK);
		k = i % (STAYS - 1);
		p->n = fixed[k].n + 1 + i % 99;
		if (i % 2 == 0)
			CK_LIST_INSERT_AFTER(&fixed[k], p, l);
		else
			CK_LIST_INSERT_BEFORE(&fixed[k + 1], p, l);
		CK_STAILQ_INSERT_AFTER(&shared_q, &fixed[k], p, q);
		if (i % 64 == 0)
			for (int n = 0; n < 1000 && rounds == from; n++)
				ngu__port_yield();
		CK_LIST_REMOVE(p, l);
		CK_STAILQ_REMOVE(&shared_q, p, e, q);
		NET_EPOCH_CALL(free_later, &p->ctx);
		gone++;
	}
	stop = 1;
	for (unsigned i = 0; i < NITEMS(th); i++)
		ngu__port_thread_join(&th[i]);
	NET_EPOCH_DRAIN_CALLBACKS();
	assert_int_equal(wrong, 0);
	assert_int_equal(freed, gone);
}

/* ---- smr ---- */

static smr_t smr;
static _Atomic int inside, leave, left;

static void *
sits(void *arg)
{
	(void)arg;
	smr_enter(smr);
	smr_enter(smr); /* they nest */
	smr_exit(smr);
	inside = 1;
	while (!leave)
		ngu__port_yield();
	left = 1;
	smr_exit(smr);
	return (NULL);
}

static void
test_goals(void **state)
{
	ngu__port_thread th;
	smr_seq_t first, second;

	(void)state;
	inside = leave = left = 0;
	smr = smr_create("goals", 0, 0);
	first = smr_advance(smr);
	assert_int_not_equal(first, SMR_SEQ_INVALID);
	assert_true(smr_poll(smr, first, true)); /* nobody is inside */
	assert_true(smr_poll(smr, first, false));
	assert_int_equal(ngu__port_thread_start(&th, "sits", sits, NULL), 0);
	while (!inside)
		ngu__port_yield();
	first = smr_advance(smr);
	second = smr_advance(smr);
	assert_true((int32_t)(second - first) > 0);
	for (int i = 0; i < 1000; i++) {
		ngu__port_yield();
		assert_false(smr_poll(smr, first, false));
	}
	assert_false(smr_entered(smr));
	leave = 1;
	smr_wait(smr, second);
	assert_true(left);
	assert_true(smr_poll(smr, first, false));
	ngu__port_thread_join(&th);
	smr_enter(smr);
	assert_true(smr_entered(smr));
	first = smr_advance(smr); /* inside, too */
	assert_false(smr_poll(smr, first, false));
	smr_exit(smr);
	smr_synchronize(smr);
	assert_true(smr_poll(smr, first, false));
	/* goals asked for while a period is under way, and the end with some of them open */
	for (int i = 0; i < 200; i++)
		first = smr_advance(smr);
	smr_destroy(smr);
	smr_destroy(NULL);
}

struct conf {
	int a, b;
};
static SMR_POINTER(struct conf *) current;
SMR_TYPE_DECLARE(conf_ptr, struct conf *);

static void *
looks(void *arg)
{
	struct conf *c;

	(void)arg;
	while (!stop) {
		smr_enter(smr);
		c = smr_entered_load(&current, smr);
		if (c->a + c->b != 0)
			wrong++;
		smr_exit(smr);
		rounds++;
	}
	return (NULL);
}

static void
test_pointer(void **state)
{
	struct conf *c, *old;
	ngu__port_thread th;
	conf_ptr own;

	(void)state;
	stop = rounds = wrong = 0;
	smr = smr_create("pointer", 0, SMR_LAZY);
	c = malloc(sizeof(*c), M_TEMP, M_WAITOK | M_ZERO);
	smr_unserialized_store(&current, c, true);
	smr_unserialized_store(&own, c, true);
	assert_ptr_equal(smr_unserialized_load(&own, true), c);
	assert_int_equal(ngu__port_thread_start(&th, "looks", looks, NULL), 0);
	for (int i = 1; i < 200 || rounds < 100; i++) {
		c = malloc(sizeof(*c), M_TEMP, M_WAITOK);
		c->a = i;
		c->b = -i;
		old = smr_serialized_load(&current, true);
		if (i % 2 == 0)
			smr_serialized_store(&current, c, true);
		else
			assert_ptr_equal(smr_serialized_swap(&current, c, true), old);
		smr_synchronize(smr);
		old->a = old->b = 1; /* nobody looks */
		free(old, M_TEMP);
	}
	stop = 1;
	ngu__port_thread_join(&th);
	assert_int_equal(wrong, 0);
	free(smr_unserialized_load(&current, true), M_TEMP);
	smr_destroy(smr);
}

static void d_wait(void) { smr_t s = smr_create("d", 0, 0); smr_enter(s), smr_synchronize(s); }

static void
test_panics(void **state)
{
	(void)state;
	assert_true(dies(d_wait));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slist),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_stailq),
		ngt_test(test_readers),
		ngt_test(test_goals),
		ngt_test(test_pointer),
		ngt_test(test_panics),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
