/* SPDX-License-Identifier: BSD-2-Clause */
/* test_tags.c - mbuf_tags(9): lists of tags, copies of them, memory refused; mbufs made and unmade by hand; texts by va_list. */
#include "support/unit.h"

#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/proc.h>
#include <sys/sbuf.h>
#include <sys/syslog.h>
#include <sys/systm.h>

#define COOKIE 1700000001

static unsigned
tags_of(struct mbuf *m)
{
	unsigned n = 0;

	for (struct m_tag *t = m_tag_first(m); t != NULL; t = m_tag_next(m, t))
		n++;
	return (n);
}

static struct m_tag *
hang(struct mbuf *m, uint32_t cookie, int type, int value)
{
	struct m_tag *t = cookie != 0 ? m_tag_alloc(cookie, type, sizeof(int), M_WAITOK) : m_tag_get(type, sizeof(int), M_WAITOK);

	assert_non_null(t);
	*(int *)(void *)(t + 1) = value;
	m_tag_prepend(m, t);
	return (t);
}

static unsigned own_frees;

static void
own_free(struct m_tag *t)
{
	own_frees++;
	m_tag_free_default(t);
}

static void
test_tags(void **state)
{
	struct mbuf *m = m_gethdr(M_WAITOK, MT_DATA), *n = m_gethdr(M_WAITOK, MT_DATA);
	struct ngu_malloc_stats before, after;
	struct m_tag *a, *b, *c, *d, *t;

	(void)state;
	ngu_k_malloc_stats(M_PACKET_TAGS, &before);
	a = hang(m, COOKIE, 1, 10);
	b = hang(m, COOKIE, 2, 20);
	c = hang(m, COOKIE, 1, 30);
	d = hang(m, 0, 1 | MTAG_PERSISTENT, 40);
	assert_ptr_equal(m_tag_locate(m, COOKIE, 1, NULL), c); /* the newest is first */
	assert_ptr_equal(m_tag_locate(m, COOKIE, 1, c), a);
	assert_null(m_tag_locate(m, COOKIE, 1, a));
	assert_null(m_tag_locate(m, COOKIE + 1, 1, NULL));
	assert_ptr_equal(m_tag_find(m, 1 | MTAG_PERSISTENT, NULL), d);
	assert_null(m_tag_find(m, 2, NULL));
	assert_null(m_tag_alloc(COOKIE, 1, -1, M_NOWAIT));
	assert_null(m_tag_alloc(COOKIE, 1, 0x10000, M_NOWAIT));
	/* copies are tags of their own, in the same order; what was there is gone */
	(void)hang(n, COOKIE, 9, 90);
	assert_int_equal(m_tag_copy_chain(n, m, M_NOWAIT), 1);
	assert_int_equal(tags_of(n), 4);
	assert_null(m_tag_locate(n, COOKIE, 9, NULL));
	t = m_tag_locate(n, COOKIE, 2, NULL);
	assert_true(t != NULL && t != b);
	assert_int_equal(*(int *)(void *)(t + 1), 20);
	assert_int_equal(t->m_tag_len, sizeof(int));
	t = m_tag_first(n);
	assert_int_equal(*(int *)(void *)(t + 1), 40);
	*(int *)(void *)(t + 1) = 41;
	assert_int_equal(*(int *)(void *)(d + 1), 40);
	/* memory refused at each of them: none is left */
	for (sweep_at = 1; sweep_at <= 4; sweep_at++) {
		sweep_seen = 0;
		sweep_all = false;
		ngu__port_alloc_hook = sweep;
		assert_int_equal(m_tag_copy_chain(n, m, M_NOWAIT), 0);
		ngu__port_alloc_hook = NULL;
		assert_int_equal(tags_of(n), 0);
	}
	t = m_tag_copy(a, M_NOWAIT);
	t->m_tag_free = own_free;
	m_tag_prepend(n, t);
	/* off again */
	m_tag_delete(m, b);
	assert_int_equal(tags_of(m), 3);
	m_tag_delete_nonpersistent(m);
	assert_int_equal(tags_of(m), 1);
	assert_ptr_equal(m_tag_first(m), d);
	c = hang(m, COOKIE, 1, 1);
	(void)hang(m, COOKIE, 2, 2);
	m_tag_delete_chain(m, c); /* c and what is behind it */
	assert_int_equal(tags_of(m), 1);
	m_tag_unlink(m, m_tag_locate(m, COOKIE, 2, t = m_tag_locate(m, COOKIE, 2, NULL)) == NULL ? t : NULL);
	m_tag_free(t);
	m_freem(n);
	assert_int_equal(own_frees, 1); /* its own way of being freed */
	(void)hang(m, COOKIE, 3, 3);
	(void)hang(m, COOKIE, 3, 3);
	m_tag_delete_chain(m, NULL);
	assert_int_equal(tags_of(m), 0);
	(void)hang(m, COOKIE, 3, 3);
	m_freem(m);
	ngu_k_malloc_stats(M_PACKET_TAGS, &after);
	assert_int_equal(after.inuse, before.inuse);
}

static void
test_by_hand(void **state)
{
	struct mbuf *m = m_get(M_WAITOK, MT_DATA), *n = m_gethdr(M_WAITOK, MT_DATA);

	(void)state;
	memset(m->m_dat, 0xa5, MLEN);
	assert_int_equal(m_init(m, M_NOWAIT, MT_DATA, M_PKTHDR), 0);
	assert_true((m->m_flags & M_PKTHDR) != 0 && m->m_len == 0 && m->m_pkthdr.len == 0 && m->m_next == NULL);
	assert_null(m_tag_first(m));
	assert_int_equal(M_TRAILINGSPACE(m), MHLEN);
	m->m_pkthdr.csum_flags = 7;
	assert_int_equal(m_pkthdr_init(m, M_NOWAIT), 0);
	assert_int_equal(m->m_pkthdr.csum_flags, 0);
	(void)hang(m, COOKIE, 1, 1);
	(void)hang(n, COOKIE, 1, 1);
	m->m_next = n;
	m->m_flags |= M_PROTO1;
	n->m_flags |= M_PROTO1 | M_PROTO2;
	m_demote(m, 0, M_PROTO1);
	assert_true((m->m_flags & M_PKTHDR) != 0 && tags_of(m) == 1);
	assert_int_equal(n->m_flags & (M_PKTHDR | M_PROTO1 | M_PROTO2), M_PROTO1);
	m_demote(m, 1, 0);
	assert_int_equal(m->m_flags & (M_PKTHDR | M_PROTO1), 0);
	assert_int_equal(n->m_flags & M_PROTO1, 0);
	m_freem(m); /* its tag went before */
	m = m_gethdr(M_WAITOK, MT_DATA);
	(void)hang(m, COOKIE, 1, 1);
	m_demote_pkthdr(m);
	assert_int_equal(m->m_flags & M_PKTHDR, 0);
	m_freem(m);
}

/* ---- va_list ---- */

static char lines[256];

static void
keep(void *arg, int level, const char *line)
{
	(void)arg;
	(void)snprintf(lines + strlen(lines), sizeof(lines) - strlen(lines), "%d %s\n", level, line);
}

static int __printflike(3, 4)
say(int how, struct sbuf *s, const char *fmt, ...)
{
	va_list ap;
	int n = 0;

	va_start(ap, fmt);
	if (how == 0)
		vlog(LOG_NOTICE, fmt, ap);
	else if (how == 1)
		n = vprintf(fmt, ap);
	else
		n = sbuf_vprintf(s, fmt, ap);
	va_end(ap);
	return (n);
}

static void
test_va_list(void **state)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .name = "texts", .log = keep, .fake_clock = true };
	struct ngu_graph *g = NULL, *before;
	struct sbuf *s = sbuf_new_auto();

	(void)state;
	assert_int_equal(ngu_graph_create(&o, &g), 0);
	before = ngu_graph_enter(g);
	assert_int_equal(say(0, NULL, "%d and %s\nmore\n", 1, "two"), 0);
	assert_int_equal(say(1, NULL, "%s!\n", "three"), 7);
	assert_string_equal(lines, "5 1 and two\n5 more\n6 three!\n");
	assert_int_equal(say(2, s, "%d-%d", 4, 5), 0);
	assert_int_equal(sbuf_finish(s), 0);
	assert_string_equal(sbuf_data(s), "4-5");
	sbuf_delete(s);
	assert_int_equal(ngu_k_ticks(), ticks); /* the clock stands */
	assert_int_equal(ngu_clock_advance(g, 1234000000), 0);
	assert_int_equal(ngu_k_ticks(), 1234);
	(void)ngu_graph_enter(before);
	assert_ptr_equal(curproc->p_ucred, ngu_k_ucred());
	assert_int_equal(ngu_graph_destroy(g), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_tags),
		ngt_test(test_by_hand),
		ngt_test(test_va_list),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
