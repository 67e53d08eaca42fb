/* SPDX-License-Identifier: BSD-2-Clause */
/* test_sleep.c - sleep(9): a bounded buffer between threads, who is woken, time that runs out, what locks do meanwhile, what panics. */
#include "support/dies.h"
#include "support/unit.h"

#include <sys/param.h>
#include <sys/epoch.h>
#include <sys/mutex.h>
#include <sys/rwlock.h>
#include <sys/sx.h>
#include <sys/systm.h>

static struct mtx m;

/* ---- two senders, two receivers, one place ---- */

#define EACH 2000

static int full, value, sum;
static _Atomic int bad;

static void *
puts_in(void *arg)
{
	for (int i = 1; i <= EACH; i++) {
		mtx_lock(&m);
		while (full)
			bad += msleep(&full, &m, PZERO, "room", 0) != 0;
		full = 1;
		value = i;
		wakeup(&value);
		mtx_unlock(&m);
	}
	return (NULL);
}

static void *
takes_out(void *arg)
{
	for (int i = 0; i < EACH; i++) {
		mtx_lock(&m);
		while (!full)
			bad += mtx_sleep(&value, &m, PZERO | PCATCH, "something", 0) != 0;
		full = 0;
		sum += value;
		wakeup_one(&full);
		mtx_unlock(&m);
	}
	return (NULL);
}

static void
test_buffer(void **state)
{
	ngu__port_thread th[4];

	(void)state;
	mtx_init(&m, "buffer", NULL, MTX_DEF);
	for (int i = 0; i < 4; i++)
		assert_int_equal(ngu__port_thread_start(&th[i], "buffer", i < 2 ? puts_in : takes_out, NULL), 0);
	for (int i = 0; i < 4; i++)
		ngu__port_thread_join(&th[i]);
	assert_int_equal(bad, 0);
	assert_int_equal(full, 0);
	assert_int_equal(sum, EACH * (EACH + 1));
	mtx_destroy(&m);
}

/* ---- who wakes ---- */

static int here;
static _Alignas(64) char others[2048]; /* addresses that fall on every chain of sleepers */
static _Atomic int asleep, up;
static int order[3];

static void *
waits(void *arg)
{
	int *who = arg;

	mtx_lock(&m);
	asleep++;
	bad += msleep(&here, &m, 0, "here", 0) != 0 || !mtx_owned(&m);
	order[up++] = *who;
	mtx_unlock(&m);
	return (NULL);
}

static void
await(_Atomic int *word, int n)
{
	while (*word < n)
		ngu__port_yield();
}

static void
test_who(void **state)
{
	static int names[3] = { 1, 2, 3 };
	ngu__port_thread th[3];

	(void)state;
	mtx_init(&m, "who", NULL, MTX_DEF);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ngu__port_thread_start(&th[i], "waits", waits, &names[i]), 0);
		await(&asleep, i + 1);
		mtx_lock(&m); /* had when it sleeps */
		mtx_unlock(&m);
	}
	for (size_t i = 0; i < sizeof(others); i += 16)
		wakeup(&others[i]); /* nobody */
	mtx_lock(&m);
	wakeup_one(&here);
	wakeup_one(&others[0]);
	assert_int_equal(up, 0); /* not before the lock can be had */
	mtx_unlock(&m);
	await(&up, 1);
	mtx_lock(&m); /* as it was: two sleep on */
	assert_int_equal(up, 1);
	assert_int_equal(order[0], 1); /* who has slept longest */
	wakeup(&here);
	mtx_unlock(&m);
	for (int i = 0; i < 3; i++)
		ngu__port_thread_join(&th[i]);
	assert_int_equal(bad, 0);
	assert_int_equal(up, 3);
	mtx_destroy(&m);
}

/* ---- time, and locks ---- */

static void
test_time(void **state)
{
	struct rwlock rw;
	struct sx sx;
	int64_t from = ngu__port_mono_ns();

	(void)state;
	mtx_init(&m, "time", NULL, MTX_DEF);
	rw_init(&rw, "time");
	sx_init(&sx, "time");
	assert_int_equal(tsleep(&here, PZERO, "time", 2), EWOULDBLOCK);
	assert_true(ngu__port_mono_ns() - from >= 2000000);
	assert_int_equal(msleep(&here, NULL, PZERO, "time", 1), EWOULDBLOCK);
	mtx_lock(&m);
	assert_int_equal(msleep(&here, &m, PZERO, "time", 1), EWOULDBLOCK);
	assert_true(mtx_owned(&m));
	assert_int_equal(msleep(&here, &m, PZERO | PDROP, "time", 1), EWOULDBLOCK);
	assert_false(mtx_owned(&m));
	mtx_lock(&m);
	assert_int_equal(msleep_spin(&here, &m, "time", 1), EWOULDBLOCK);
	mtx_unlock(&m);
	rw_wlock(&rw);
	assert_int_equal(rw_sleep(&here, &rw, 0, "time", 1), EWOULDBLOCK);
	assert_true(rw_wowned(&rw));
	rw_wunlock(&rw);
	rw_rlock(&rw);
	assert_int_equal(rw_sleep(&here, &rw, 0, "time", 1), EWOULDBLOCK);
	assert_false(rw_wowned(&rw));
	rw_runlock(&rw);
	sx_xlock(&sx);
	assert_int_equal(sx_sleep(&here, &sx, PDROP, "time", 1), EWOULDBLOCK);
	assert_false(sx_xlocked(&sx));
	wakeup(&here); /* none of them is left there */
	sx_destroy(&sx);
	rw_destroy(&rw);
	mtx_destroy(&m);
}

/* ---- panics ---- */

static void
nowhere(void)
{
	(void)tsleep(NULL, 0, "nowhere", 1);
}

static void
not_held(void)
{
	mtx_init(&m, "not held", NULL, MTX_DEF);
	(void)msleep(&here, &m, 0, "not held", 1);
}

static void
twice(void)
{
	mtx_init(&m, "twice", NULL, MTX_RECURSE);
	mtx_lock(&m);
	mtx_lock(&m);
	(void)msleep(&here, &m, 0, "twice", 1);
}

static void
test_panics(void **state)
{
	(void)state;
	assert_true(dies(nowhere));
	assert_true(dies(not_held));
	assert_true(dies(twice));
}

/* In a section, with a strict graph. */
static void
test_strict(void **state)
{
	struct ngt *t = ngt_graph("hub h");

	(void)state;
	ngu_k_epoch_enter();
	(void)tsleep(&here, 0, "inside", 1);
	ngu_k_epoch_exit();
	(void)ngt_expect_strict(NGU_STRICT_SLEEP, "sleep(\"inside\")");
	ngt_end(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_buffer),
		ngt_test(test_who),
		ngt_test(test_time),
		ngt_test(test_panics),
		ngt_test(test_strict),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
