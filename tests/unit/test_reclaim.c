/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_reclaim.c - threads come and go, counters stay exact, and nothing is freed under a reader.
 *
 * Worker threads record what they saw in atomics; the main thread asserts after it joined them. Where a test has to show that
 * something does not happen, it looks for some milliseconds, and a machine that is slow only makes it look less.
 */
#include <sys/types.h>

#include <sys/wait.h>

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "reclaim/reclaim.h"

#define NT 4
#define LIVE 0x6e657467u
#define DEAD 0xdeadbeefu
#define BACKLOG (1u << 17)
#define LOOK_NS 10000000

struct obj {
	struct ngu__retire r;
	_Atomic uint32_t magic;
	uint32_t chain; /* so many more are retired by the callback */
	_Atomic uint32_t *gone; /* raised by the callback */
};

static _Atomic uint64_t live, freed, bad, high;

static struct obj *
obj_new(void)
{
	struct obj *o = ngu__port_alloc(sizeof(*o), 0);
	uint64_t n, h;

	if (o == NULL)
		abort();
	NGU_ST_RLX(&o->magic, LIVE);
	n = NGU_FADD_SC(&live, 1u) + 1;
	h = NGU_LD_RLX(&high);
	while (n > h && !NGU_CAS_AR(&high, &h, n))
		;
	return (o);
}

static void
obj_free(struct ngu__retire *r)
{
	struct obj *o = NGU_CONTAINER(r, struct obj, r), *next;

	if (NGU_LD_RLX(&o->magic) != LIVE)
		(void)NGU_FADD_SC(&bad, 1u);
	if (o->chain != 0) {
		next = obj_new();
		next->chain = o->chain - 1;
		ngu__retire(&next->r, obj_free);
	}
	if (o->gone != NULL)
		NGU_ST_RLX(o->gone, 1u);
	NGU_ST_RLX(&o->magic, DEAD);
	(void)NGU_FSUB_SC(&live, 1u);
	(void)NGU_FADD_SC(&freed, 1u);
	ngu__port_free(o);
}

static int
fresh(void **state)
{
	(void)state;
	ngu__rcl_barrier();
	NGU_ST_SC(&live, 0u);
	NGU_ST_SC(&freed, 0u);
	NGU_ST_SC(&bad, 0u);
	NGU_ST_SC(&high, 0u);
	return (0);
}

/* Sleep until *w is at least v. */
static void
wait_for(_Atomic uint32_t *w, uint32_t v)
{
	uint32_t have;

	while ((have = NGU_LD_SC(w)) < v)
		ngu__port_wait(w, have, -1);
}

static void
raise_to(_Atomic uint32_t *w, uint32_t v)
{
	NGU_ST_SC(w, v);
	ngu__port_wake(w, INT32_MAX);
}

static void
add_one(_Atomic uint32_t *w)
{
	(void)NGU_FADD_SC(w, 1u);
	ngu__port_wake(w, INT32_MAX);
}

static unsigned
records(unsigned *used)
{
	struct ngu__thread *ts;
	unsigned n = 0;

	*used = 0;
	for (ts = NGU_LD_ACQ(&ngu__threads); ts != NULL; ts = ts->next) {
		n++;
		*used += NGU_LD_ACQ(&ts->used);
	}
	return (n);
}

static void
start(ngu__port_thread *t, void *(*fn)(void *), void *arg)
{
	assert_int_equal(ngu__port_thread_start(t, "test", fn, arg), 0);
}

/* ---- without a reclaimer thread: in a child, since it lasts as long as the process */

static bool
refuse(size_t size)
{
	(void)size;
	return (false);
}

static int
inline_child(void)
{
	struct ngu__rcl_stats st;
	struct obj *o;
	int i;

	(void)ngu__self();
	for (i = 0; i < 100; i++) {
		o = obj_new();
		ngu__port_alloc_hook = refuse; /* no thread can be started */
		ngu__retire(&o->r, obj_free);
		ngu__port_alloc_hook = NULL;
	}
	if (NGU_LD_SC(&freed) != 0)
		return (1); /* a thread was started after all: nothing tested */
	ngu__rcl_backpressure();
	if (NGU_LD_SC(&freed) != 100)
		return (2);
	o = obj_new();
	o->chain = 2;
	ngu__retire(&o->r, obj_free);
	ngu__rcl_barrier();
	if (NGU_LD_SC(&freed) != 103 || NGU_LD_SC(&live) != 0 || NGU_LD_SC(&bad) != 0)
		return (3);
	ngu__rcl_stats(&st);
	return (st.retired == 103 && st.freed == 103 && st.high == 100 && st.periods == 4 ? 0 : 4);
}

/* Must run while the process has no thread and no record. */
static void
test_no_reclaimer(void **state)
{
	int status = 0;
	pid_t pid;

	(void)state;
	assert_null(NGU_LD_ACQ(&ngu__threads));
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(inline_child());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- threads */

static void *
attach(void *arg)
{
	struct ngu__thread *ts = ngu__self();

	if (ts != ngu__self() || NGU_LD_ACQ(&ts->used) != 1 || (uintptr_t)ts % NGU_CACHELINE != 0)
		(void)NGU_FADD_SC(&bad, 1u);
	ngu__section_enter(ts);
	ngu__section_leave(ts);
	NGU_ST_REL((_Atomic(struct ngu__thread *) *)arg, ts);
	return (NULL);
}

static void
test_record_reuse(void **state)
{
	_Atomic(struct ngu__thread *) a = NULL, b = NULL;
	unsigned n1, n2, used0, used1, used2;
	ngu__port_thread t;
	int i;

	(void)state;
	(void)ngu__self();
	(void)records(&used0);
	start(&t, attach, &a);
	ngu__port_thread_join(&t);
	n1 = records(&used1);
	for (i = 0; i < 50; i++) {
		start(&t, attach, &b);
		ngu__port_thread_join(&t);
		assert_ptr_equal(NGU_LD_ACQ(&a), NGU_LD_ACQ(&b));
	}
	n2 = records(&used2);
	assert_int_equal(n1, n2);
	assert_int_equal(used0, used1);
	assert_int_equal(used0, used2);
	assert_int_equal(NGU_LD_SC(&bad), 0);
}

#define STORM 64

static uint32_t storm_ctr;

static void *
storm(void *arg)
{
	struct ngu__thread *ts = ngu__self();
	int i;

	(void)arg;
	for (i = 0; i < 100; i++) {
		ngu__section_enter(ts);
		ngu__count(ts, storm_ctr, 1, 3);
		ngu__section_leave(ts);
	}
	return (NULL);
}

/* Records pass from thread to thread with nothing but the record's own word between them: nobody joins meanwhile. */
static void
test_record_storm(void **state)
{
	static ngu__port_thread t[STORM];
	uint64_t n, b;
	unsigned i;

	(void)state;
	storm_ctr = ngu__ctr_alloc();
	assert_true(storm_ctr != 0);
	for (i = 0; i < STORM; i++)
		start(&t[i], storm, NULL);
	for (i = 0; i < STORM; i++)
		ngu__port_thread_join(&t[i]);
	ngu__ctr_read(storm_ctr, &n, &b);
	assert_int_equal(n, STORM * 100);
	assert_int_equal(b, STORM * 300);
	ngu__ctr_free(storm_ctr);
}

static _Atomic uint32_t hook_core, hook_kern;
static uint32_t late_ctr;
static pthread_key_t late_key;
static _Thread_local int late_rounds;

static void
on_core(struct ngu__thread *ts)
{
	if (ts != ngu__self())
		(void)NGU_FADD_SC(&bad, 1u);
	(void)NGU_FADD_SC(&hook_core, 1u);
}

static void
on_kern(struct ngu__thread *ts)
{
	(void)ts;
	if (NGU_LD_SC(&hook_kern) >= NGU_LD_SC(&hook_core))
		(void)NGU_FADD_SC(&bad, 1u); /* the core goes first */
	(void)NGU_FADD_SC(&hook_kern, 1u);
}

/* Another library's destructor, that calls into libng before and after libng's own has run. */
static void
late(void *arg)
{
	struct ngu__thread *ts = ngu__self();

	ngu__section_enter(ts);
	ngu__count(ts, late_ctr, 1, 10);
	ngu__section_leave(ts);
	if (++late_rounds < 2)
		(void)pthread_setspecific(late_key, arg);
}

static void *
late_thread(void *arg)
{
	(void)pthread_setspecific(late_key, arg);
	ngu__count(ngu__self(), late_ctr, 1, 10);
	return (NULL);
}

static void
test_exit_handlers(void **state)
{
	unsigned used0, used1, i;
	ngu__port_thread t;
	uint64_t n, b;

	(void)state;
	(void)ngu__self();
	(void)records(&used0);
	late_ctr = ngu__ctr_alloc();
	assert_true(late_ctr != 0);
	assert_int_equal(pthread_key_create(&late_key, late), 0);
	ngu__thread_exit_core = on_core;
	ngu__thread_exit_kern = on_kern;
	for (i = 0; i < 5; i++) {
		start(&t, late_thread, &late_ctr);
		ngu__port_thread_join(&t);
	}
	ngu__thread_exit_core = NULL;
	ngu__thread_exit_kern = NULL;
	(void)pthread_key_delete(late_key);
	(void)records(&used1);
	assert_int_equal(used0, used1);
	assert_int_equal(NGU_LD_SC(&bad), 0);
	assert_in_range(NGU_LD_SC(&hook_core), 5, 10);
	assert_int_equal(NGU_LD_SC(&hook_core), NGU_LD_SC(&hook_kern));
	ngu__ctr_read(late_ctr, &n, &b);
	assert_int_equal(n, 15);
	assert_int_equal(b, 150);
	ngu__ctr_free(late_ctr);
}

static struct {
	_Atomic uint32_t ready, go;
} idle;

static void *
idler(void *arg)
{
	struct ngu__thread *ts = ngu__self();

	(void)arg;
	ngu__section_enter(ts);
	ngu__section_leave(ts);
	add_one(&idle.ready);
	wait_for(&idle.go, 1);
	return (NULL);
}

static void
test_idle_threads(void **state)
{
	static ngu__port_thread t[256];
	struct ngu__thread *a, *b;
	unsigned used, i;

	(void)state;
	(void)ngu__self();
	for (i = 0; i < 256; i++)
		start(&t[i], idler, NULL);
	wait_for(&idle.ready, 256);
	assert_true(records(&used) >= 257);
	assert_true(used >= 257);
	for (a = NGU_LD_ACQ(&ngu__threads); a != NULL; a = a->next)
		for (b = a->next; b != NULL; b = b->next)
			assert_true(a->id != b->id);
	/* None of them holds a grace period up. */
	for (i = 0; i < 1000; i++)
		ngu__retire(&obj_new()->r, obj_free);
	ngu__rcl_barrier();
	assert_int_equal(NGU_LD_SC(&freed), 1000);
	raise_to(&idle.go, 1);
	for (i = 0; i < 256; i++)
		ngu__port_thread_join(&t[i]);
	assert_int_equal(NGU_LD_SC(&live), 0);
}

/* ---- counters */

#define NCTR 1500
#define COUNTS 300

static uint32_t ctrs[NCTR];

static void *
counter(void *arg)
{
	struct ngu__thread *ts = ngu__self();
	unsigned i, j;

	(void)arg;
	for (j = 0; j < COUNTS; j++)
		for (i = 0; i < NCTR; i++)
			ngu__count(ts, ctrs[i], 1, i);
	return (NULL);
}

static void
check_ctrs(uint64_t times)
{
	uint64_t n, b;
	unsigned i;

	for (i = 0; i < NCTR; i++) {
		ngu__ctr_read(ctrs[i], &n, &b);
		assert_true(n == times && b == times * i);
	}
}

static void
test_counters(void **state)
{
	ngu__port_thread t[NT];
	uint64_t n, b;
	uint32_t again;
	unsigned i, round;

	(void)state;
	for (i = 0; i < NCTR; i++) {
		ctrs[i] = ngu__ctr_alloc();
		assert_true(ctrs[i] != 0);
		assert_true(i == 0 || ctrs[i] != ctrs[i - 1]);
	}
	/* The threads of the second round take the records of the first over. */
	for (round = 1; round <= 2; round++) {
		for (i = 0; i < NT; i++)
			start(&t[i], counter, NULL);
		for (i = 0; i < NT; i++)
			ngu__port_thread_join(&t[i]);
		check_ctrs(round * NT * COUNTS);
	}
	(void)counter(NULL);
	check_ctrs((2 * NT + 1) * COUNTS);

	/* An index that comes back is empty, and its neighbours are untouched. */
	ngu__ctr_free(ctrs[700]);
	again = ngu__ctr_alloc();
	assert_int_equal(again, ctrs[700]);
	ngu__ctr_read(again, &n, &b);
	assert_true(n == 0 && b == 0);
	ngu__ctr_read(ctrs[701], &n, &b);
	assert_true(n == (2 * NT + 1) * COUNTS);
	for (i = 0; i < NCTR; i++)
		ngu__ctr_free(ctrs[i]);
	ngu__ctr_free(0); /* nobody's: nothing happens */
	for (i = 0; i < NCTR; i++) {
		ngu__ctr_read(ctrs[i], &n, &b);
		assert_true(n == 0 && b == 0);
	}
}

static _Atomic uint32_t refused;

static bool
refuse_tables(size_t size)
{
	/* The counters of a thread. */
	if (size != NGU_CTRS * sizeof(struct ngu__ctr))
		return (true);
	(void)NGU_FADD_SC(&refused, 1u);
	return (false);
}

static void
test_counters_refused(void **state)
{
	ngu__port_thread t[NT];
	uint64_t before;
	uint32_t i;

	(void)state;
	for (i = 0; i < NCTR; i++)
		assert_true((ctrs[i] = ngu__ctr_alloc()) != 0);
	/* Before all others that make threads, so that these threads' records are new. */
	NGU_ST_SC(&refused, 0u);
	ngu__port_alloc_hook = refuse_tables;
	for (i = 0; i < NT; i++)
		start(&t[i], counter, NULL);
	for (i = 0; i < NT; i++)
		ngu__port_thread_join(&t[i]);
	ngu__port_alloc_hook = NULL;
	before = NGU_LD_SC(&refused);
	assert_true(before >= 1);
	check_ctrs(NT * COUNTS);
	/* With memory again: cells and overflow add up. */
	(void)counter(NULL);
	check_ctrs((NT + 1) * COUNTS);
	for (i = 0; i < NCTR; i++)
		ngu__ctr_free(ctrs[i]);
	for (i = 0; i < NCTR; i++)
		assert_true((ctrs[i] = ngu__ctr_alloc()) != 0);
	check_ctrs(0);
	for (i = 0; i < NCTR; i++)
		ngu__ctr_free(ctrs[i]);
}

static void
test_ctr_none_left(void **state)
{
	static uint32_t got[100000];
	static bool seen[200000];
	uint32_t n = 0, i, most;

	(void)state;
	/* The last there is, and none; nothing is lost by it. What threads keep for themselves may be missing. */
	assert_true((got[0] = ngu__ctr_alloc()) != 0);
	ngu__ctr_free(got[0]);
	ngu__ctr_most = most = got[0] + 1000;
	while (n < 100000 && (got[n] = ngu__ctr_alloc()) != 0)
		n++;
	assert_in_range(n, 1000 - 2 * NGU_CTR_KEPT, most - 1);
	assert_int_equal(ngu__ctr_alloc(), 0);
	assert_int_equal(ngu__ctr_alloc(), 0);
	ngu__ctr_most = NGU_CTRS;
	/* Over a border of the free map's second level: none twice, and none left out for good. */
	for (; n < 100000; n++)
		assert_true((got[n] = ngu__ctr_alloc()) != 0);
	for (i = 0; i < n; i++) {
		assert_true(got[i] < 200000 && !seen[got[i]]);
		seen[got[i]] = true;
	}
	ngu__ctr_free(got[5]);
	ngu__ctr_free(got[77777]); /* what came back last is the next: nobody else is asked. Without caches the lowest is. */
#ifdef NGU_NO_CACHES
	assert_int_equal(ngu__ctr_alloc(), got[5]);
	assert_int_equal(ngu__ctr_alloc(), got[77777]);
#else
	assert_int_equal(ngu__ctr_alloc(), got[77777]);
	assert_int_equal(ngu__ctr_alloc(), got[5]);
#endif
	for (i = 0; i < n; i++)
		ngu__ctr_free(got[i]);
	/* All are back: as many again come from below the highest of before. */
	for (most = i = 0; i < n; i++)
		most = got[i] > most ? got[i] : most;
	for (i = 0; i < n; i++)
		assert_in_range(got[i] = ngu__ctr_alloc(), 1, most + NGU_CTR_KEPT);
	for (i = 0; i < n; i++)
		ngu__ctr_free(got[i]);
}

/* ---- grace periods */

static struct {
	_Atomic uint32_t step; /* 1 the reader is in, 2 the object is retired, 3 the barrier is being called */
	_Atomic uint32_t left; /* the reader is about to leave */
	_Atomic uint32_t early;
	_Atomic(struct obj *) p;
	uint32_t nested;
} held;

static void *
holder(void *arg)
{
	struct ngu__thread *ts = ngu__self();
	struct obj *o;
	int64_t end;
	uint32_t sec;

	(void)arg;
	ngu__section_enter(ts);
	o = NGU_LD_ACQ(&held.p);
	raise_to(&held.step, 1);
	wait_for(&held.step, 3);
	sec = NGU_LD_SC(&ts->sec);
	end = ngu__port_mono_ns() + LOOK_NS;
	while (ngu__port_mono_ns() < end) {
		if (held.nested != 0) {
			ngu__section_enter(ts);
			ngu__section_enter(ts);
			ngu__section_leave(ts);
			ngu__section_leave(ts);
		}
		if (NGU_LD_RLX(&o->magic) != LIVE || NGU_LD_SC(&freed) != 0)
			(void)NGU_FADD_SC(&bad, 1u);
	}
	if ((sec & 1) == 0 || NGU_LD_SC(&ts->sec) != sec || ts->nest != 1)
		(void)NGU_FADD_SC(&bad, 1u);
	NGU_ST_SC(&held.left, 1u);
	ngu__section_leave(ts);
	if (NGU_LD_SC(&ts->sec) != sec + 1 || ts->nest != 0)
		(void)NGU_FADD_SC(&bad, 1u);
	return (NULL);
}

/* The same in a look, and the word that gate closers watch stays as it was (rwlock: its grace periods watch it, too). */
static void *
looker(void *arg)
{
	struct ngu__thread *ts = ngu__self();
	uint32_t sec = NGU_LD_SC(&ts->sec);
	struct obj *o;
	int64_t end;

	(void)arg;
	ngu__look_enter(ts);
	o = NGU_LD_ACQ(&held.p);
	raise_to(&held.step, 1);
	wait_for(&held.step, 3);
	end = ngu__port_mono_ns() + LOOK_NS;
	while (ngu__port_mono_ns() < end) {
		ngu__look_enter(ts);
		ngu__look_leave(ts);
		if (NGU_LD_RLX(&o->magic) != LIVE || NGU_LD_SC(&freed) != 0)
			(void)NGU_FADD_SC(&bad, 1u);
	}
	if (NGU_LD_SC(&ts->sec) != sec + (NGU_RCL_HOP_LOCKED ? 1 : 0) || ts->nest != 1)
		(void)NGU_FADD_SC(&bad, 1u);
	NGU_ST_SC(&held.left, 1u);
	ngu__look_leave(ts);
	if (ts->nest != 0)
		(void)NGU_FADD_SC(&bad, 1u);
	return (NULL);
}

static void *
barrier_caller(void *arg)
{
	(void)arg;
	raise_to(&held.step, 3);
	ngu__rcl_barrier();
	if (NGU_LD_SC(&held.left) != 1 || NGU_LD_SC(&freed) != 1)
		NGU_ST_SC(&held.early, 1u);
	return (NULL);
}

static void
hold(void *(*reader)(void *), uint32_t nested)
{
	ngu__port_thread r, b;
	struct obj *o = obj_new();

	NGU_ST_SC(&held.step, 0u);
	NGU_ST_SC(&held.left, 0u);
	NGU_ST_SC(&held.early, 0u);
	NGU_ST_REL(&held.p, o);
	held.nested = nested;
	start(&r, reader, NULL);
	wait_for(&held.step, 1);
	NGU_ST_REL(&held.p, NULL);
	ngu__retire(&o->r, obj_free);
	start(&b, barrier_caller, NULL);
	ngu__port_thread_join(&r);
	ngu__port_thread_join(&b);
	assert_int_equal(NGU_LD_SC(&bad), 0);
	assert_int_equal(NGU_LD_SC(&held.early), 0);
	assert_int_equal(NGU_LD_SC(&freed), 1);
	assert_int_equal(NGU_LD_SC(&live), 0);
}

static void
test_reader_holds(void **state)
{
	(void)state;
	hold(holder, 0);
}

static void
test_nested_holds(void **state)
{
	(void)state;
	hold(holder, 1);
}

static void
test_look_holds(void **state)
{
	(void)state;
	hold(looker, 0);
}

static void
test_chain(void **state)
{
	struct obj *o;
	int i;

	(void)state;
	for (i = 0; i < 200; i++) {
		o = obj_new();
		o->chain = 2;
		ngu__retire(&o->r, obj_free);
		if (i % 10 == 0) {
			ngu__rcl_barrier();
			assert_int_equal(NGU_LD_SC(&live), 0);
		}
	}
	ngu__rcl_barrier();
	assert_int_equal(NGU_LD_SC(&live), 0);
	assert_int_equal(NGU_LD_SC(&freed), 600);
	assert_int_equal(NGU_LD_SC(&bad), 0);
}

#define RETIRES 100000

static struct {
	_Atomic uint32_t ready, go, stop;
	_Atomic(struct obj *) shared;
	_Atomic uint64_t seen;
} flood;

static void *
retirer(void *arg)
{
	struct ngu__thread *ts = ngu__self();
	struct obj *o;
	int i;

	(void)arg;
	add_one(&flood.ready);
	wait_for(&flood.go, 1);
	for (i = 0; i < RETIRES; i++) {
		o = NGU_XCHG_AR(&flood.shared, obj_new());
		/* Half of them inside a section. */
		if (i % 2 != 0)
			ngu__section_enter(ts);
		if (o != NULL)
			ngu__retire(&o->r, obj_free);
		if (i % 2 != 0)
			ngu__section_leave(ts);
		ngu__rcl_backpressure();
	}
	return (NULL);
}

static void *
reader(void *arg)
{
	struct ngu__thread *ts = ngu__self();
	struct obj *o;
	uint64_t n = 0;
	int i;

	(void)arg;
	add_one(&flood.ready);
	wait_for(&flood.go, 1);
	while (NGU_LD_ACQ(&flood.stop) == 0) {
		ngu__section_enter(ts);
		for (i = 0; i < 10; i++) {
			o = NGU_LD_ACQ(&flood.shared);
			if (o == NULL)
				continue;
			n++;
			if (i == 5)
				ngu__port_yield(); /* between the load and the use */
			if (NGU_LD_RLX(&o->magic) != LIVE)
				(void)NGU_FADD_SC(&bad, 1u);
		}
		ngu__section_leave(ts);
	}
	(void)NGU_FADD_SC(&flood.seen, n);
	return (NULL);
}

static void
test_flood(void **state)
{
	struct ngu__rcl_stats a, b;
	ngu__port_thread t[NT], r[2];
	struct obj *o;
	int i;

	(void)state;
	ngu__rcl_stats(&a);
	for (i = 0; i < NT; i++)
		start(&t[i], retirer, NULL);
	for (i = 0; i < 2; i++)
		start(&r[i], reader, NULL);
	wait_for(&flood.ready, NT + 2);
	raise_to(&flood.go, 1);
	for (i = 0; i < NT; i++)
		ngu__port_thread_join(&t[i]);
	NGU_ST_REL(&flood.stop, 1u);
	for (i = 0; i < 2; i++)
		ngu__port_thread_join(&r[i]);
	if ((o = NGU_XCHG_AR(&flood.shared, NULL)) != NULL)
		ngu__retire(&o->r, obj_free);
	ngu__rcl_barrier();
	ngu__rcl_stats(&b);
	assert_int_equal(NGU_LD_SC(&bad), 0);
	assert_true(NGU_LD_SC(&flood.seen) > 0);
	assert_int_equal(NGU_LD_SC(&live), 0);
	assert_int_equal(NGU_LD_SC(&freed), NT * RETIRES);
	assert_true(b.retired - a.retired == NT * RETIRES);
	assert_true(b.freed == b.retired);
	assert_true(b.periods > a.periods && b.longest_ns > 0);
	assert_true(b.high <= BACKLOG + NT);
	/* What is live is what waits to be freed, one shared, and one in the hand of each thread. */
	assert_true(NGU_LD_SC(&high) <= BACKLOG + 2 * NT + 1);
	print_message("# %s: %llu periods, high %llu, longest %llu us, seen %llu\n", ngu__rcl_name(),
	    (unsigned long long)(b.periods - a.periods), (unsigned long long)b.high, (unsigned long long)b.longest_ns / 1000,
	    (unsigned long long)NGU_LD_SC(&flood.seen));
}

static void *
barriers(void *arg)
{
	_Atomic uint32_t *done = arg, gone;
	struct obj *o;
	int i;

	for (i = 0; i < 200; i++) {
		NGU_ST_RLX(&gone, 0u);
		o = obj_new();
		o->gone = &gone;
		ngu__retire(&o->r, obj_free);
		ngu__rcl_barrier();
		if (NGU_LD_RLX(&gone) == 0)
			(void)NGU_FADD_SC(&bad, 1u);
	}
	(void)NGU_FADD_SC(done, 1u);
	return (NULL);
}

static void
test_barriers_together(void **state)
{
	_Atomic uint32_t done = 0;
	ngu__port_thread t[NT];
	int i;

	(void)state;
	for (i = 0; i < NT; i++)
		start(&t[i], barriers, &done);
	for (i = 0; i < NT; i++)
		ngu__port_thread_join(&t[i]);
	assert_int_equal(NGU_LD_SC(&done), NT);
	assert_int_equal(NGU_LD_SC(&bad), 0);
	assert_int_equal(NGU_LD_SC(&live), 0); /* the last barrier of each thread waited for its last object */
	assert_int_equal(NGU_LD_SC(&freed), NT * 200);
}

/* ---- fork: a child of a process with threads may not reclaim, but must neither hang nor crash */

static void
test_fork(void **state)
{
	int status = 0;
	pid_t pid;

	(void)state;
	ngu__retire(&obj_new()->r, obj_free);
	ngu__rcl_barrier();
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		uint64_t before = NGU_LD_SC(&freed);

		ngu__retire(&obj_new()->r, obj_free);
		ngu__rcl_barrier();
		ngu__rcl_backpressure();
		_exit(NGU_LD_SC(&freed) == before ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	/* The parent goes on. */
	ngu__retire(&obj_new()->r, obj_free);
	ngu__rcl_barrier();
	assert_int_equal(NGU_LD_SC(&freed), 2);
}

#ifdef NGU_RCL_RWLOCK
static struct {
	_Atomic uint32_t ready;
	uint64_t a, b; /* plain: written under the writer's lock, read under the readers' */
} topo;

static void *
topo_user(void *arg)
{
	int i;

	(void)arg;
	add_one(&topo.ready);
	wait_for(&topo.ready, NT);
	for (i = 0; i < 20000; i++) {
		if (i % 8 == 0) {
			ngu__topo_wlock();
			topo.a++;
			topo.b++;
			ngu__topo_wunlock();
		} else {
			ngu__topo_rlock();
			if (topo.a != topo.b)
				(void)NGU_FADD_SC(&bad, 1u);
			ngu__topo_runlock();
		}
	}
	return (NULL);
}

static void
test_topo(void **state)
{
	ngu__port_thread t[NT];
	int i;

	(void)state;
	for (i = 0; i < NT; i++)
		start(&t[i], topo_user, NULL);
	for (i = 0; i < NT; i++)
		ngu__port_thread_join(&t[i]);
	assert_int_equal(NGU_LD_SC(&bad), 0);
	assert_true(topo.a == NT * 2500 && topo.b == topo.a);
	assert_true(NGU_LD_SC(&ngu__topo) == 0);
}
#endif

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_reclaimer), /* first: see there */
		cmocka_unit_test_setup(test_counters_refused, fresh),
		cmocka_unit_test_setup(test_record_reuse, fresh),
		cmocka_unit_test_setup(test_record_storm, fresh),
		cmocka_unit_test_setup(test_exit_handlers, fresh),
		cmocka_unit_test_setup(test_counters, fresh),
		cmocka_unit_test_setup(test_ctr_none_left, fresh),
		cmocka_unit_test_setup(test_reader_holds, fresh),
		cmocka_unit_test_setup(test_nested_holds, fresh),
		cmocka_unit_test_setup(test_look_holds, fresh),
		cmocka_unit_test_setup(test_chain, fresh),
		cmocka_unit_test_setup(test_flood, fresh),
		cmocka_unit_test_setup(test_barriers_together, fresh),
		cmocka_unit_test_setup(test_idle_threads, fresh),
		cmocka_unit_test_setup(test_fork, fresh),
#ifdef NGU_RCL_RWLOCK
		cmocka_unit_test_setup(test_topo, fresh),
#endif
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
