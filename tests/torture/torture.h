/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * torture.h - what the torture programs share: rounds, each with a seed of its own; the ages that readers see; memory at rest.
 *
 * A case is made of rounds of about ROUND_S times its share, as many as NGU_TORTURE_SECONDS (3) has room for. NGU_TORTURE_SEED is
 * the first round's seed, the next ones count up from it; without it the clock is asked. A seed decides what the threads draw,
 * not when they run: with it a failure is likely to come again, not sure to.
 *
 * After each round all threads are joined, nothing retired may wait, and the caches are given back. Then memory is looked at, and
 * must be as flat as the bounds in torture_flat() say. Ages: `current` is replaced all the time; what was replaced counts the
 * grace periods it has survived. Nobody in a section may ever meet an age above 1: 0 in use, 1 replaced, 2 a grace period over.
 */
#ifndef NGU_TORTURE_H
#define NGU_TORTURE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/core.h"
#include "support/memory.h"

#define ROUND_S 3.0
#define JUDGE_ROUNDS 12u /* fewer show no trend */
#define AGES 12

typedef _Atomic unsigned long counter;

static uint64_t torture_seed;	 /* this round's */
static double torture_round_s;	 /* how long a round is, all cases of the program together */
static _Atomic uint32_t torture_lanes;

static inline double
torture_total(void)
{
	const char *s = getenv("NGU_TORTURE_SECONDS");

	return (s != NULL ? atof(s) : ROUND_S);
}

/* ---- drawing lots: each thread its own row, from the round's seed and its number */

static inline uint32_t
torture_rand(void)
{
	static _Thread_local uint64_t x;

	if (x == 0) { /* threads live for a round */
		x = torture_seed * 0x9e3779b97f4a7c15u + (atomic_fetch_add(&torture_lanes, 1u) + 1) * 0xbf58476d1ce4e5b9u;
		x |= 1;
	}
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return ((uint32_t)(x >> 32));
}

/* About once in `often` calls a thread is late by a little, in one of sixteen of these by a turn of the scheduler. */
static inline void
torture_rest(uint32_t often)
{
	uint32_t r = torture_rand(), n;

	if (r % often != 0)
		return;
	if (r >> 28 == 0)
		ngu__port_yield();
	else
		for (n = r >> 24; n != 0; n--)
			NGU_PAUSE();
}

/* For threads that send, and for those that make one control call after the other. */
#define SEND_REST 512u
#define CALL_REST 8u

/* ---- ages */

struct aged {
	struct ngu__retire retire;
	_Atomic uint32_t age; /* 0 in use, then 1 + the grace periods survived */
	_Atomic uint32_t magic;
};
#define AGED_MAGIC 0x61676564u

static struct {
	_Atomic(struct aged *) current;
	_Atomic int stop;
	counter seen[AGES], replaced, poison; /* of all rounds */
	pthread_t th[8];
	unsigned n;
} ages;

static inline void
ages_older(struct ngu__retire *r)
{
	struct aged *a = NGU_CONTAINER(r, struct aged, retire);

	if (atomic_fetch_add(&a->age, 1u) < 9) {
		ngu__retire(r, ages_older);
		return;
	}
	a->magic = 0;
	ngu__port_free(a);
}

static inline struct aged *
ages_new(void)
{
	struct aged *a = ngu__port_alloc(sizeof(*a), 0);

	if (a != NULL)
		a->magic = AGED_MAGIC;
	return (a);
}

static inline void *
ages_reader(void *arg)
{
	struct ngu__thread *ts = ngu__self();
	struct aged *a;
	uint32_t i, age;

	(void)arg;
	while (!ages.stop) {
		ngu__section_enter(ts);
		a = NGU_LD_ACQ(&ages.current);
		for (i = torture_rand() & 0x7f; i != 0; i--)
			NGU_PAUSE();
		if ((torture_rand() & 0x1ff) == 0)
			ngu__port_yield(); /* preempted in its section */
		age = a->age;
		if (a->magic != AGED_MAGIC)
			ages.poison++;
		ages.seen[age < AGES - 1 ? age : AGES - 1]++;
		ngu__section_leave(ts);
	}
	return (NULL);
}

static inline void *
ages_writer(void *arg)
{
	struct ngu__thread *ts = ngu__self();
	struct aged *a, *old;

	(void)arg;
	while (!ages.stop) {
		if ((a = ages_new()) == NULL)
			break;
		ngu__section_enter(ts);
		old = NGU_XCHG_AR(&ages.current, a);
		old->age = 1;
		ngu__retire(&old->retire, ages_older);
		ngu__section_leave(ts);
		ngu__rcl_backpressure();
		ages.replaced++;
		torture_rest(CALL_REST);
	}
	return (NULL);
}

/* Beside a storm, or alone. */
static inline void
ages_begin(unsigned readers, unsigned writers)
{
	unsigned i;

	ages.stop = 0;
	ages.n = readers + writers;
	ages.current = ages_new();
	assert_non_null(ages.current);
	for (i = 0; i < ages.n; i++)
		assert_int_equal(pthread_create(&ages.th[i], NULL, i < readers ? ages_reader : ages_writer, NULL), 0);
}

/* Before the first assertion: one that fails jumps away. */
static inline void
ages_join(void)
{
	unsigned i;

	ages.stop = 1;
	for (i = 0; i < ages.n; i++)
		pthread_join(ages.th[i], NULL);
}

static inline void
ages_check(void)
{
	unsigned i;

	for (i = 0; i < AGES; i++)
		ngu_reclaim_barrier();
	ngu__port_free(ages.current);
	ages.current = NULL;
	printf("# ages seen:");
	for (i = 0; i < AGES; i++)
		printf(" %lu", ages.seen[i]);
	printf(" (%lu replaced, %u threads)\n", ages.replaced, ages.n);
	assert_int_equal(ages.poison, 0);
	for (i = 2; i < AGES; i++)
		assert_int_equal(ages.seen[i], 0); /* a grace period that ended with a reader in it */
}

/* ---- memory at rest, in KB */

/* What malloc(3) has given out. Counters are not in it: they follow the highest wave of hooks and threads, and stay. */
#define torture_allocated() memory_allocated()

static struct {
	unsigned warm, third, rounds; /* the first ones are not judged */
	unsigned long early, late, early_a, late_a, high;
} mem;

static inline void
torture_sample(unsigned round)
{
	struct ngu_reclaim_stats r;
	unsigned long k, a;
	unsigned i;

	for (i = 0; i < AGES; i++) {
		ngu_reclaim_barrier();
		ngu_reclaim_stats(&r);
		if (r.retired == r.freed)
			break;
	}
	assert_int_equal(r.retired, r.freed);
	assert_true(r.high < 200000);
	mem.high = (unsigned long)r.high;
	ngu__zone_drain();
	k = memory_resident();
	a = torture_allocated();
	if (round >= mem.warm && round < mem.warm + mem.third) {
		mem.early = k > mem.early ? k : mem.early;
		mem.early_a = a > mem.early_a ? a : mem.early_a;
	}
	if (round >= mem.rounds - mem.third) {
		mem.late = k > mem.late ? k : mem.late;
		mem.late_a = a > mem.late_a ? a : mem.late_a;
	}
}

/*
 * The last third of the rounds may need no more than the first third after the warm-up, but for what the reclaimer's magazines hold
 * (128 objects a zone; only their own thread can give them back) and malloc(3)'s lists for each thread. What is resident also
 * follows the highest waves; sanitizers keep what is freed.
 */
static inline void
torture_flat(void)
{
	if (mem.rounds < JUDGE_ROUNDS) {
		printf("# memory at rest: %lu KB resident, %lu KB allocated; %u rounds are too few to judge it; backlog at most %lu\n",
		    memory_resident(), torture_allocated(), mem.rounds, mem.high);
		return;
	}
	printf("# memory at rest: %lu -> %lu KB resident, %lu -> %lu KB allocated, first and last third of %u rounds; backlog at most %lu\n",
	    mem.early, mem.late, mem.early_a, mem.late_a, mem.rounds - mem.warm, mem.high);
	assert_true(mem.late_a <= mem.early_a + 512);
#if !defined(NGU_ASAN) && !defined(NGU_TSAN)
	assert_true(mem.late <= mem.early + mem.early / 4 + 16 * 1024);
#endif
}

/* ---- rounds */

struct torture_case {
	const char *name;
	void (*fn)(void **state);
};

static inline void
torture_rounds(void **state)
{
	const struct torture_case *c = *state;
	const char *s = getenv("NGU_TORTURE_SEED");
	uint64_t base = s != NULL ? strtoull(s, NULL, 0) : (uint64_t)ngu__port_mono_ns() / 1000;
	double total = torture_total();
	unsigned i, n = total >= 2 * ROUND_S ? (unsigned)(total / ROUND_S) : 1;
	void *none = NULL;

	memset(&mem, 0, sizeof(mem));
	mem.rounds = n;
	mem.warm = n / 4;
	mem.third = (n - mem.warm) / 3;
	torture_round_s = total / n;
	for (i = 0; i < n; i++) {
		torture_seed = base + i;
		atomic_store(&torture_lanes, 0u);
		printf("# %s: round %u of %u, NGU_TORTURE_SEED=%llu\n", c->name, i + 1, n, (unsigned long long)torture_seed);
		c->fn(&none);
		torture_sample(i);
	}
	torture_flat();
}

/* In place of cmocka_unit_test(), in main(). */
#define torture_test(f) { #f, torture_rounds, NULL, NULL, &(struct torture_case){ #f, f } }

static inline void
torture_begin(void)
{
	(void)setvbuf(stdout, NULL, _IOLBF, 0); /* who watches a long run sees where it is */
	printf("backend: %s\n", ngu_backend());
}

#endif /* NGU_TORTURE_H */
