/* SPDX-License-Identifier: BSD-2-Clause */
/* test_kernlib.c - the kernel's small facilities: sbuf(9), eventhandler(9), bitstring(3), hash tables and hashes, callbacks of epoch(9). */
#include "support/dies.h"
#include "support/unit.h"

#include <sys/bitstring.h>
#include <sys/epoch.h>
#include <sys/eventhandler.h>
#include <sys/hash.h>
#include <sys/malloc.h>
#include <sys/sbuf.h>
#include <sys/systm.h>

/* ---- sbuf ---- */

static void
test_sbuf(void **state)
{
	struct sbuf *s = sbuf_new_auto(), fixed;
	char buf[8], want[2048] = "";

	(void)state;
	assert_non_null(s);
	for (int i = 0; i < 300; i++) {
		assert_int_equal(sbuf_printf(s, "%d,", i), 0);
		(void)sprintf(want + strlen(want), "%d,", i);
	}
	assert_int_equal(sbuf_cat(s, "end \t\n"), 0);
	assert_int_equal(sbuf_trim(s), 0);
	assert_int_equal(sbuf_putc(s, '.'), 0);
	assert_int_equal(sbuf_bcat(s, "\0x", 2), 0);
	(void)strcat(want, "end.");
	assert_int_equal(sbuf_len(s), strlen(want) + 2);
	assert_int_equal(sbuf_setpos(s, (ssize_t)strlen(want)), 0);
	assert_int_equal(sbuf_setpos(s, (ssize_t)strlen(want) + 1), -1);
	assert_false(sbuf_done(s));
	assert_int_equal(sbuf_finish(s), 0);
	assert_true(sbuf_done(s));
	assert_string_equal(sbuf_data(s), want);
	sbuf_clear(s);
	assert_int_equal(sbuf_cpy(s, "again"), 0);
	(void)sbuf_finish(s);
	assert_string_equal(sbuf_data(s), "again");
	sbuf_delete(s);
	/* no more room than given: as much as fits, and an error that stays */
	assert_ptr_equal(sbuf_new(&fixed, buf, sizeof(buf), SBUF_FIXEDLEN | SBUF_INCLUDENUL), &fixed);
	assert_int_equal(sbuf_cat(&fixed, "1234567"), 0);
	assert_int_equal(sbuf_len(&fixed), 7);
	assert_int_equal(sbuf_putc(&fixed, '8'), -1);
	assert_int_equal(sbuf_error(&fixed), ENOMEM);
	assert_int_equal(sbuf_len(&fixed), -1);
	assert_int_equal(sbuf_finish(&fixed), ENOMEM);
	assert_string_equal(sbuf_data(&fixed), "1234567");
	sbuf_clear(&fixed);
	assert_int_equal(sbuf_printf(&fixed, "%s", "abcdefghi"), -1);
	(void)sbuf_finish(&fixed);
	assert_string_equal(sbuf_data(&fixed), "abcdefg");
	sbuf_clear(&fixed);
	assert_int_equal(sbuf_cat(&fixed, "abc"), 0);
	(void)sbuf_finish(&fixed);
	assert_int_equal(sbuf_len(&fixed), 4); /* with the NUL */
	sbuf_delete(&fixed);
	/* memory refused */
	ngu__port_alloc_hook = refuse_all;
	assert_null(sbuf_new(NULL, NULL, 10, SBUF_NOWAIT | SBUF_AUTOEXTEND));
	ngu__port_alloc_hook = NULL;
	s = sbuf_new(NULL, NULL, 10, SBUF_NOWAIT | SBUF_AUTOEXTEND);
	ngu__port_alloc_hook = refuse_all;
	for (int i = 0; i < 1000; i++)
		whatever = sbuf_putc(s, 'x');
	ngu__port_alloc_hook = NULL;
	assert_int_equal(sbuf_error(s), ENOMEM);
	sbuf_delete(s);
}

static void d_sbuf_data(void) { struct sbuf *s = sbuf_new_auto(); (void)sbuf_data(s); }
static void d_sbuf_cat(void) { struct sbuf *s = sbuf_new_auto(); (void)sbuf_finish(s), (void)sbuf_cat(s, "x"); }

/* ---- eventhandler ---- */

typedef void shout_fn(void *arg, const char *what);
EVENTHANDLER_DECLARE(shout, shout_fn *);

static char heard[128];
static eventhandler_tag tags[5];

static void
hear(void *arg, const char *what)
{
	(void)strcat(strcat(heard, arg), what);
}

static void
once(void *arg, const char *what)
{
	hear(arg, what);
	EVENTHANDLER_DEREGISTER(shout, tags[4]); /* itself */
}

static void
cuts(void *arg, const char *what)
{
	hear(arg, what);
	EVENTHANDLER_DEREGISTER(shout, tags[3]); /* one that was to come */
	tags[3] = NULL;
}

EVENTHANDLER_DEFINE(shout, hear, (void *)(uintptr_t)"0", EVENTHANDLER_PRI_FIRST);

static _Atomic int calls, started;

static void
slow(void *arg, const char *what)
{
	started = 1;
	for (int i = 0; i < 200; i++)
		ngu__port_yield();
	calls++;
}

static void *
shouts(void *arg)
{
	EVENTHANDLER_INVOKE(shout, "");
	return (NULL);
}

static void
test_eventhandler(void **state)
{
	ngu__port_thread th;
	int before;

	(void)state;
	tags[0] = EVENTHANDLER_REGISTER(shout, hear, "b", EVENTHANDLER_PRI_ANY);
	tags[1] = EVENTHANDLER_REGISTER(shout, hear, "c", EVENTHANDLER_PRI_ANY);
	tags[2] = EVENTHANDLER_REGISTER(shout, cuts, "a", 5);
	tags[3] = EVENTHANDLER_REGISTER(shout, hear, "z", EVENTHANDLER_PRI_LAST);
	tags[4] = EVENTHANDLER_REGISTER(shout, once, "o", EVENTHANDLER_PRI_LAST + 1);
	EVENTHANDLER_INVOKE(shout, "!");
	assert_string_equal(heard, "0!a!b!c!o!");
	heard[0] = '\0';
	EVENTHANDLER_INVOKE(shout, "?");
	assert_string_equal(heard, "0?a?b?c?");
	for (int i = 0; i < 3; i++)
		EVENTHANDLER_DEREGISTER(shout, tags[i]);
	heard[0] = '\0';
	EVENTHANDLER_INVOKE(shout, ".");
	assert_string_equal(heard, "0.");
	/* when it is deregistered it does not run any more */
	for (int i = 0; i < 20; i++) {
		started = 0;
		tags[0] = EVENTHANDLER_REGISTER(shout, slow, NULL, 1);
		assert_int_equal(ngu__port_thread_start(&th, "shouts", shouts, NULL), 0);
		while (!started)
			ngu__port_yield();
		EVENTHANDLER_DEREGISTER(shout, tags[0]);
		before = calls;
		assert_int_equal(before, i + 1);
		ngu__port_thread_join(&th);
		assert_int_equal(calls, before);
	}
}

/* ---- bitstring ---- */

static void
test_bitstring(void **state)
{
	bitstr_t bit_decl(local, 130), *b = bit_alloc(130, M_TEMP, M_WAITOK);
	ssize_t at;

	(void)state;
	assert_int_equal(sizeof(local), 3 * sizeof(long));
	bit_ffs(b, 130, &at);
	assert_int_equal(at, -1);
	bit_ffc(b, 130, &at);
	assert_int_equal(at, 0);
	bit_set(b, 129);
	bit_set(b, 64);
	bit_ffs(b, 130, &at);
	assert_int_equal(at, 64);
	bit_ffs_at(b, 65, 130, &at);
	assert_int_equal(at, 129);
	bit_ffs_at(b, 65, 129, &at);
	assert_int_equal(at, -1);
	assert_true(bit_test(b, 129) && !bit_test(b, 128));
	bit_nset(b, 60, 70);
	bit_count(b, 0, 130, &at);
	assert_int_equal(at, 12);
	bit_nset(b, 0, 129);
	bit_ffc(b, 130, &at);
	assert_int_equal(at, -1);
	bit_nclear(b, 63, 64);
	bit_ffc(b, 130, &at);
	assert_int_equal(at, 63);
	bit_ffc_at(b, 64, 130, &at);
	assert_int_equal(at, 64);
	bit_clear(b, 3);
	bit_ffc(b, 130, &at);
	assert_int_equal(at, 3);
	free(b, M_TEMP);
}

/* ---- hash ---- */

struct entry {
	LIST_ENTRY(entry) link;
};
LIST_HEAD(entries, entry);

static void
test_hash(void **state)
{
	struct entries *table;
	u_long mask = 0;

	(void)state;
	table = hashinit(100, M_TEMP, &mask);
	assert_int_equal(mask, 63);
	for (u_long i = 0; i <= mask; i++)
		assert_true(LIST_EMPTY(&table[i]));
	hashdestroy(table, M_TEMP, mask);
	ngu__port_alloc_hook = refuse_all;
	assert_null(hashinit_flags(100, M_TEMP, &mask, HASH_NOWAIT));
	ngu__port_alloc_hook = NULL;
	/* the published values of MurmurHash3 for x86, 32 bits */
	assert_int_equal(murmur3_32_hash("", 0, 0), 0);
	assert_int_equal(murmur3_32_hash("", 0, 1), 0x514e28b7);
	assert_int_equal(murmur3_32_hash("aaaa", 4, 0x9747b28c), 0x5a97808a);
	assert_int_equal(murmur3_32_hash("aaa", 3, 0x9747b28c), 0x283e0130);
	assert_int_equal(murmur3_32_hash("abc", 3, 0), 0xb3dd93fa);
	assert_int_equal(murmur3_32_hash("Hello, world!", 13, 0x9747b28c), 0x24884cba);
	assert_int_equal(hash32_str("ab", HASHINIT), (5381u * 33 + 'a') * 33 + 'b');
	assert_int_equal(hash32_strn("abc", 2, HASHINIT), hash32_buf("ab", 2, HASHINIT));
}

static void
d_hash(void)
{
	struct entry e;
	u_long mask;
	struct entries *table = hashinit(1, M_TEMP, &mask);

	LIST_INSERT_HEAD(&table[0], &e, link);
	hashdestroy(table, M_TEMP, mask);
}

/* ---- epoch ---- */

struct later {
	struct epoch_context ctx;
	_Atomic int *count;
};
static _Atomic int freed, entered, may_leave;

static void
free_later(epoch_context_t ctx)
{
	struct later *l = __containerof(ctx, struct later, ctx);

	++*l->count;
	free(l, M_TEMP);
}

static void *
stays(void *arg)
{
	struct epoch_tracker et;

	NET_EPOCH_ENTER(et);
	entered = 1;
	while (!may_leave)
		ngu__port_yield();
	if (freed != 0)
		entered = -1; /* while this section was open */
	NET_EPOCH_EXIT(et);
	return (NULL);
}

static void
test_epoch(void **state)
{
	ngu__port_thread th;
	struct later *l = malloc(sizeof(*l), M_TEMP, M_WAITOK);

	(void)state;
	l->count = &freed;
	assert_int_equal(ngu__port_thread_start(&th, "stays", stays, NULL), 0);
	while (!entered)
		ngu__port_yield();
	NET_EPOCH_CALL(free_later, &l->ctx);
	for (int i = 0; i < 1000; i++)
		ngu__port_yield();
	assert_int_equal(freed, 0);
	may_leave = 1;
	NET_EPOCH_WAIT();
	NET_EPOCH_DRAIN_CALLBACKS();
	assert_int_equal(freed, 1);
	ngu__port_thread_join(&th);
	assert_int_equal(entered, 1);
}

static void
test_panics(void **state)
{
	(void)state;
	assert_true(dies(d_sbuf_data));
	assert_true(dies(d_sbuf_cat));
	assert_true(dies(d_hash));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_sbuf),
		ngt_test(test_eventhandler),
		ngt_test(test_bitstring),
		ngt_test(test_hash),
		ngt_test(test_epoch),
		ngt_test(test_panics),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
