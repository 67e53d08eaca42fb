/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_locks.c - rwlock(9), sx(9), rmlock(9): who gets in beside whom, recursion, claims, upgrades, what panics, what strict mode
 * says. No thread is waited for by time: what must be seen waiting is seen by what it keeps others from.
 */
#include "support/dies.h"
#include "support/unit.h"

#include <sys/epoch.h>
#include <sys/rmlock.h>
#include <sys/rwlock.h>
#include <sys/sx.h>

#define NT 4
#define ROUNDS 3000

static struct rwlock rw, rec;
static struct sx sx;
static struct rmlock rm;
static struct rwlock early;
RW_SYSINIT(early, &early, "early");

/* Under the lock both are alike. Writers make them differ in between. */
static volatile unsigned left, right;
static _Atomic unsigned torn, reads;

static void *
writer(void *arg)
{
	struct rm_priotracker t;

	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		switch (i % 3) {
		case 0:
			rw_wlock(&rw);
			left++;
			ngu__port_yield();
			right++;
			rw_wunlock(&rw);
			break;
		case 1:
			rw_rlock(&rw);
			rw_rlock(&rw); /* also with a writer waiting */
			if (left != right)
				torn++;
			rw_runlock(&rw);
			rw_unlock(&rw);
			reads++;
			break;
		default:
			if (rw_try_wlock(&rw)) {
				left++;
				right++;
				rw_downgrade(&rw);
				if (left != right)
					torn++;
				rw_runlock(&rw);
			} else {
				rw_wlock(&rw);
				left++;
				right++;
				rw_unlock(&rw);
			}
			break;
		}
		rm_rlock(&rm, &t);
		rm_runlock(&rm, &t);
	}
	return (NULL);
}

static void
test_exclusion(void **state)
{
	ngu__port_thread t[NT];

	(void)state;
	left = right = 0;
	for (int i = 0; i < NT; i++)
		assert_int_equal(ngu__port_thread_start(&t[i], "lock", writer, NULL), 0);
	for (int i = 0; i < NT; i++)
		ngu__port_thread_join(&t[i]);
	assert_int_equal(torn, 0);
	assert_int_equal(reads, NT * ROUNDS / 3);
	assert_int_equal(left, NT * ROUNDS / 3 * 2);
	assert_int_equal(right, left);
	ngu_k_rw_assert(&rw, RA_UNLOCKED, __FILE__, __LINE__);
}

/* ---- a writer that waits ---- */

static _Atomic int in;

static void *
wants_to_write(void *arg)
{
	(void)arg;
	rw_wlock(&rw);
	in++;
	rw_wunlock(&rw);
	return (NULL);
}

/* Ends when new readers are kept out. */
static void *
is_kept_out(void *arg)
{
	(void)arg;
	while (rw_try_rlock(&rw)) {
		rw_runlock(&rw);
		ngu__port_yield();
	}
	return (NULL);
}

static void *
tries(void *arg)
{
	int *got = arg;

	got[0] = rw_try_rlock(&rw);
	if (got[0])
		rw_runlock(&rw);
	got[1] = rw_try_wlock(&rw);
	if (got[1])
		rw_wunlock(&rw);
	got[2] = rw_wowned(&rw);
	return (NULL);
}

static void
other_thread(int *got)
{
	ngu__port_thread t;

	assert_int_equal(ngu__port_thread_start(&t, "tries", tries, got), 0);
	ngu__port_thread_join(&t);
}

static void
test_writer_first(void **state)
{
	ngu__port_thread w, r;

	(void)state;
	rw_rlock(&rw);
	assert_int_equal(ngu__port_thread_start(&w, "writer", wants_to_write, NULL), 0);
	assert_int_equal(ngu__port_thread_start(&r, "reader", is_kept_out, NULL), 0);
	ngu__port_thread_join(&r);
	assert_int_equal(in, 0);
	rw_rlock(&rw); /* this thread reads already: it would wait for itself */
	assert_true(rw_try_rlock(&rw));
	rw_runlock(&rw);
	rw_runlock(&rw);
	rw_runlock(&rw);
	ngu__port_thread_join(&w);
	assert_int_equal(in, 1);
}

static void
test_who_gets_in(void **state)
{
	int got[3];

	(void)state;
	other_thread(got);
	assert_true(got[0] && got[1] && !got[2]);
	rw_rlock(&rw);
	other_thread(got);
	assert_true(got[0] && !got[1] && !got[2]);
	assert_true(rw_try_upgrade(&rw));
	assert_true(rw_wowned(&rw));
	other_thread(got);
	assert_true(!got[0] && !got[1] && !got[2]);
	assert_int_equal(rw_try_wlock(&rw), 0); /* not recursive */
	assert_int_equal(rw_try_rlock(&rw), 0);
	rw_downgrade(&rw);
	other_thread(got);
	assert_true(got[0] && !got[1]);
	rw_rlock(&rw);
	assert_int_equal(rw_try_upgrade(&rw), 0); /* two read locks */
	rw_runlock(&rw);
	rw_runlock(&rw);
	/* recursive writing */
	rw_wlock(&rec);
	rw_wlock(&rec);
	assert_true(rw_try_wlock(&rec));
	rw_wunlock(&rec);
	ngu_k_rw_assert(&rec, RA_WLOCKED | RA_RECURSED, __FILE__, __LINE__);
	rw_wunlock(&rec);
	ngu_k_rw_assert(&rec, RA_WLOCKED | RA_NOTRECURSED, __FILE__, __LINE__);
	rw_wunlock(&rec);
	ngu_k_rw_assert(&rec, RA_UNLOCKED, __FILE__, __LINE__);
	assert_true(rw_initialized(&early));
}

/* More readers than have an entry each. */
static _Atomic unsigned inside;
static _Atomic bool leave;

static void *
reader(void *arg)
{
	(void)arg;
	rw_rlock(&rw);
	inside++;
	while (!leave)
		ngu__port_yield();
	ngu_k_rw_assert(&rw, RA_RLOCKED, __FILE__, __LINE__);
	rw_runlock(&rw);
	return (NULL);
}

static void
test_many_readers(void **state)
{
	ngu__port_thread t[RW_READERS + 4];

	(void)state;
	for (unsigned i = 0; i < NITEMS(t); i++)
		assert_int_equal(ngu__port_thread_start(&t[i], "reader", reader, NULL), 0);
	while (inside != NITEMS(t))
		ngu__port_yield();
	assert_int_equal(rw_try_wlock(&rw), 0);
	leave = true;
	for (unsigned i = 0; i < NITEMS(t); i++)
		ngu__port_thread_join(&t[i]);
	assert_true(rw_try_wlock(&rw));
	rw_wunlock(&rw);
}

/* ---- sx, rmlock ---- */

static void
test_sx(void **state)
{
	(void)state;
	sx_slock(&sx);
	assert_int_equal(sx_slock_sig(&sx), 0);
	assert_int_equal(sx_try_upgrade(&sx), 0);
	sx_sunlock(&sx);
	assert_true(sx_try_upgrade(&sx));
	assert_true(sx_xlocked(&sx));
	assert_int_equal(sx_try_slock(&sx), 0);
	sx_downgrade(&sx);
	assert_false(sx_xlocked(&sx));
	sx_unlock(&sx);
	assert_int_equal(sx_xlock_sig(&sx), 0);
	assert_int_equal(sx_try_xlock(&sx), 0);
	sx_unlock(&sx);
	assert_true(sx_try_xlock(&sx));
	sx_xunlock(&sx);
}

static void
test_rmlock(void **state)
{
	struct rm_priotracker a, b;

	(void)state;
	rm_rlock(&rm, &a);
	assert_true(rm_try_rlock(&rm, &b));
	assert_ptr_equal(b.rmp_lock, &rm);
	rm_runlock(&rm, &b);
	assert_null(b.rmp_lock);
	rm_runlock(&rm, &a);
	rm_wlock(&rm);
	assert_true(rm_wowned(&rm));
	assert_int_equal(rm_try_rlock(&rm, &a), 0);
	rm_wunlock(&rm);
	assert_false(rm_wowned(&rm));
}

/* ---- what panics ---- */

static void d_write_twice(void) { rw_wlock(&rw), rw_wlock(&rw); }
static void d_read_as_writer(void) { rw_wlock(&rw), rw_rlock(&rw); }
static void d_write_as_reader(void) { rw_rlock(&rw), rw_wlock(&rw); }
static void d_runlock(void) { rw_runlock(&rw); }
static void d_wunlock(void) { rw_wunlock(&rw); }
static void d_unlock(void) { rw_unlock(&rw); }
static void d_wunlock_reader(void) { rw_rlock(&rw), rw_wunlock(&rw); }
static void d_upgrade(void) { (void)rw_try_upgrade(&rw); }
static void d_downgrade(void) { rw_rlock(&rw), rw_downgrade(&rw); }
static void d_destroy(void) { rw_rlock(&rw), rw_destroy(&rw); }
static void d_unmade(void) { struct rwlock l = { 0 }; rw_rlock(&l); }
static void claim(int what) { ngu_k_rw_assert(&rw, what, __FILE__, __LINE__); }
static void d_claim_locked(void) { claim(RA_LOCKED); }
static void d_claim_read(void) { rw_wlock(&rw), claim(RA_RLOCKED); }
static void d_claim_write(void) { rw_rlock(&rw), claim(RA_WLOCKED); }
static void d_claim_unlocked(void) { rw_rlock(&rw), claim(RA_UNLOCKED); }
static void d_claim_recursed(void) { rw_rlock(&rw), claim(RA_RLOCKED | RA_RECURSED); }
static void d_claim_not_recursed(void) { rw_rlock(&rw), rw_rlock(&rw), claim(RA_RLOCKED | RA_NOTRECURSED); }

static void
test_panics(void **state)
{
	static void (*const fn[])(void) = { d_write_twice, d_read_as_writer, d_write_as_reader, d_runlock, d_wunlock, d_unlock,
		d_wunlock_reader, d_upgrade, d_downgrade, d_destroy, d_unmade, d_claim_locked, d_claim_read, d_claim_write, d_claim_unlocked,
		d_claim_recursed, d_claim_not_recursed };

	(void)state;
	for (unsigned i = 0; i < NITEMS(fn); i++) {
		if (!dies(fn[i]))
			print_message("no panic: number %u\n", i);
		assert_true(dies(fn[i]));
	}
	rw_rlock(&rw);
	claim(RA_LOCKED);
	claim(RA_RLOCKED | RA_NOTRECURSED);
	rw_runlock(&rw);
	claim(RA_UNLOCKED);
}

/* ---- strict mode ---- */

static void
test_strict(void **state)
{
	struct ngt *t = ngt_graph("hub h");
	struct ngu_graph *before = ngu_graph_enter(G);
	struct epoch_tracker et;

	(void)state;
	NET_EPOCH_ENTER(et);
	rw_rlock(&rw); /* may be waited for in an epoch, as a mutex */
	rw_runlock(&rw);
	assert_int_equal(ngt_strict_reports(), 0);
	sx_slock(&sx);
	sx_sunlock(&sx);
	NET_EPOCH_EXIT(et);
	(void)ngt_expect_strict(NGU_STRICT_SLEEP, "a sleepable lock taken inside");
	/* one order, then the other */
	rw_wlock(&rw);
	sx_xlock(&sx);
	sx_xunlock(&sx);
	rw_wunlock(&rw);
	sx_slock(&sx);
	rw_rlock(&rw);
	rw_runlock(&rw);
	sx_sunlock(&sx);
	(void)ngt_expect_strict(NGU_STRICT_ORDER, "lock order reversal");
	(void)ngu_graph_enter(before);
	ngt_end(t);
}

static int
make(void **state)
{
	(void)state;
	rw_init(&rw, "tested");
	rw_init_flags(&rec, "again", RW_RECURSE);
	sx_init(&sx, "tested sx");
	rm_init(&rm, "tested rm");
	return (0);
}

static int
unmake(void **state)
{
	(void)state;
	rw_destroy(&rw);
	rw_destroy(&rec);
	sx_destroy(&sx);
	rm_destroy(&rm);
	assert_false(rw_initialized(&rw));
	return (0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exclusion),
		cmocka_unit_test(test_writer_first),
		cmocka_unit_test(test_who_gets_in),
		cmocka_unit_test(test_many_readers),
		cmocka_unit_test(test_sx),
		cmocka_unit_test(test_rmlock),
		cmocka_unit_test(test_panics),
		cmocka_unit_test(test_strict),
	};

	return (cmocka_run_group_tests(tests, make, unmake));
}
