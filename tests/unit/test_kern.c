/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_kern.c - the kernel shim beside mbufs: malloc(9), counter(9), mutex(9), callout(9) on a clock the test owns, queue.h,
 * byte order, log, random numbers.
 *
 * The functions that lib/core gives to the shim are replaced by the ones here. Threads report through atomics; the main
 * thread asserts. Nothing waits for a time: a thread that must be seen waiting is seen through the state it leaves.
 */
#include <sys/types.h>

#include <sys/wait.h>

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "kern/graph_prefix.h"
#include "kern/timers.h"
#include "reclaim/thread.h"

#include <net/ethernet.h>
#include <sys/callout.h>
#include <sys/counter.h>
#include <sys/ctype.h>
#include <sys/endian.h>
#include <sys/epoch.h>
#include <sys/errno.h>
#include <sys/ktr.h>
#include <sys/malloc.h>
#include <sys/module.h>
#include <sys/mutex.h>
#include <sys/queue.h>
#include <sys/refcount.h>
#include <sys/socket.h>
#include <sys/syslog.h>
#include <sys/systm.h>
#include <sys/time.h>

#define NT 4
#define MS 1000000

/* ---- what lib/core gives ---- */

struct ngu_graph {
	struct ngu__graph_prefix prefix;
	struct ngu__timers timers;
	_Atomic int64_t now;
	_Atomic int kicks;
	uint64_t random;
};
static struct ngu_graph g1, g2;
static char logged[2048];
static int log_level, modules;

void
ngu__graph_log(struct ngu_graph *g, int level, const char *line)
{
	log_level = level;
	(void)g;
	(void)strncat(logged, line, sizeof(logged) - strlen(logged) - 2);
	(void)strcat(logged, "|");
}

uint64_t
ngu__graph_random(struct ngu_graph *g)
{
	return (g->random = g->random * 6364136223846793005u + 1442695040888963407u);
}

int64_t
ngu__graph_now(struct ngu_graph *g)
{
	return (NGU_LD_ACQ(&g->now));
}

struct ngu__timers *
ngu__graph_timers(struct ngu_graph *g)
{
	return (&g->timers);
}

void
ngu__graph_timer_kick(struct ngu_graph *g)
{
	(void)NGU_FADD_AR(&g->kicks, 1);
}

void
ngu_k_module_register(const moduledata_t *data, int sub, int order)
{
	if (data->evhand(NULL, MOD_LOAD, data->priv) == 0 && sub == SI_SUB_DRIVERS && order == SI_ORDER_MIDDLE)
		modules++;
}

static int
event(module_t mod, int what, void *arg)
{
	(void)mod;
	return (what == MOD_LOAD && arg == &modules ? 0 : EOPNOTSUPP);
}
static moduledata_t module_data = {"tested", event, &modules};
DECLARE_MODULE(tested, module_data, SI_SUB_DRIVERS, SI_ORDER_MIDDLE);
MODULE_VERSION(tested, 1);
MODULE_DEPEND(tested, netgraph, 1, 1, 1);
__FBSDID("$FreeBSD$");

static struct mtx early;
MTX_SYSINIT(early, &early, "early", MTX_DEF);
static int sysinits;
static void
on_load(void *arg)
{
	sysinits += arg == &sysinits && mtx_initialized(&early);
}
SYSINIT(on_load, SI_SUB_PSEUDO, SI_ORDER_ANY, on_load, &sysinits);

/* True if fn ends the process by abort(). */
static bool
dies(void (*fn)(void))
{
	int status;
	pid_t pid;

	(void)fflush(NULL);
	if ((pid = fork()) == 0) {
		(void)freopen("/dev/null", "w", stderr);
		fn();
		_exit(0);
	}
	return (waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

/* ---- malloc ---- */

MALLOC_DEFINE(M_TESTED, "tested", "memory of this test");

static int refuse;

static bool
hook(size_t size)
{
	(void)size;
	return (refuse <= 0 || refuse-- == 0);
}

static struct ngu_malloc_stats
stats(void)
{
	struct ngu_malloc_stats s;

	ngu_k_malloc_stats(M_TESTED, &s);
	return (s);
}

static void
find_type(void *arg, const struct malloc_type *type)
{
	*(int *)arg += type == M_TESTED;
}

static void
test_memory(void **state)
{
	char *p, *q;
	int seen = 0;

	(void)state;
	p = malloc(100, M_TESTED, M_NOWAIT | M_ZERO);
	assert_non_null(p);
	assert_int_equal((uintptr_t)p % 16, 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(p[i], 0);
	assert_int_equal(stats().inuse, 1);
	assert_int_equal(stats().inuse_bytes, 100);
	ngu_k_malloc_types(find_type, &seen);
	assert_int_equal(seen, 1);
	memset(p, 7, 100);
	p = realloc(p, 300, M_TESTED, M_WAITOK);
	assert_true(p[0] == 7 && p[99] == 7);
	assert_int_equal(stats().inuse_bytes, 300);
	p = realloc(p, 10, M_TESTED, M_NOWAIT);
	assert_true(p[9] == 7);

	ngu__port_alloc_hook = hook;
	refuse = 1;
	q = malloc(5, M_TESTED, M_NOWAIT);
	assert_null(q);
	refuse = 1;
	assert_null(realloc(p, 500, M_TESTED, M_NOWAIT));
	assert_true(p[9] == 7);
	refuse = 1;
	assert_null(reallocf(p, 500, M_TESTED, M_NOWAIT));
	assert_int_equal(stats().inuse, 0);
	assert_int_equal(stats().inuse_bytes, 0);
	refuse = 4;
	p = malloc(5, M_TESTED, M_WAITOK);
	assert_non_null(p);
	assert_int_equal(refuse, 0);
	assert_int_equal(stats().refused, 7);
	ngu__port_alloc_hook = NULL;
	free(p, M_TESTED);
	free(NULL, M_TESTED);

	p = strdup("netgraph", M_TESTED);
	assert_string_equal(p, "netgraph");
	zfree(p, M_TESTED);
	assert_null(mallocarray(SIZE_MAX / 2, 3, M_TESTED, M_NOWAIT));
	assert_null(malloc(SIZE_MAX, M_TESTED, M_NOWAIT));
	p = malloc(0, M_TESTED, M_NOWAIT);
	assert_non_null(p);
	free(p, M_TESTED);
	assert_int_equal(stats().inuse, 0);
	assert_int_equal(stats().allocs, stats().frees);
}

#ifdef NGU_DEBUG
static void
wrong_type(void)
{
	free(malloc(1, M_TESTED, M_NOWAIT), M_TEMP);
}

static void
test_memory_type(void **state)
{
	(void)state;
	assert_true(dies(wrong_type));
}
#endif

/* ---- counter ---- */

static counter_u64_t counter;

static void *
add(void *arg)
{
	for (int i = 0; i < 10000; i++)
		counter_u64_add(counter, (int64_t)(intptr_t)arg);
	return (NULL);
}

static void
test_counter(void **state)
{
	ngu__port_thread t[NT];

	(void)state;
	counter = counter_u64_alloc(M_WAITOK);
	assert_int_equal(counter_u64_fetch(counter), 0);
	for (intptr_t i = 0; i < NT; i++)
		assert_int_equal(ngu__port_thread_start(&t[i], "add", add, (void *)(i + 1)), 0);
	for (int i = 0; i < NT; i++)
		ngu__port_thread_join(&t[i]);
	assert_int_equal(counter_u64_fetch(counter), 100000);
	counter_u64_add(counter, -1);
	assert_int_equal(counter_u64_fetch(counter), 99999);
	counter_u64_zero(counter);
	assert_int_equal(counter_u64_fetch(counter), 0);
	counter_u64_add(counter, 5);
	assert_int_equal(counter_u64_fetch(counter), 5);
	counter_u64_free(counter);
	ngu__port_alloc_hook = hook;
	refuse = 1;
	assert_null(counter_u64_alloc(M_NOWAIT));
	ngu__port_alloc_hook = NULL;
	counter_u64_free(NULL);
}

/* ---- mutex ---- */

static struct mtx mutex, rec;
static long guarded;

static void *
bump(void *arg)
{
	(void)arg;
	for (int i = 0; i < 5000; i++) {
		mtx_lock(&mutex);
		guarded++;
		mtx_unlock(&mutex);
	}
	return (NULL);
}

static _Atomic int other_owned, other_try;

static void *
look(void *arg)
{
	(void)arg;
	other_owned = mtx_owned(&mutex);
	other_try = mtx_trylock(&mutex);
	return (NULL);
}

static void
twice(void)
{
	mtx_lock(&mutex);
	mtx_lock(&mutex);
}

static void
not_mine(void)
{
	mtx_unlock(&mutex);
}

static void
claim(void)
{
	ngu_k_mtx_assert(&mutex, MA_OWNED, __FILE__, __LINE__);
}

static void
test_mutex(void **state)
{
	ngu__port_thread t[NT];

	(void)state;
	mtx_init(&mutex, "tested", NULL, MTX_DEF);
	mtx_init(&rec, "again", NULL, MTX_DEF | MTX_RECURSE);
	for (int i = 0; i < NT; i++)
		assert_int_equal(ngu__port_thread_start(&t[i], "bump", bump, NULL), 0);
	for (int i = 0; i < NT; i++)
		ngu__port_thread_join(&t[i]);
	assert_int_equal(guarded, NT * 5000);
	mtx_lock(&mutex);
	mtx_assert(&mutex, MA_OWNED | MA_NOTRECURSED);
	assert_true(mtx_owned(&mutex));
	assert_int_equal(ngu__port_thread_start(&t[0], "look", look, NULL), 0);
	ngu__port_thread_join(&t[0]);
	assert_int_equal(other_owned, 0);
	assert_int_equal(other_try, 0);
	assert_int_equal(mtx_trylock(&mutex), 0);
	mtx_unlock(&mutex);
	mtx_assert(&mutex, MA_NOTOWNED);
	mtx_lock(&rec);
	mtx_lock(&rec);
	assert_int_equal(mtx_trylock(&rec), 1);
	assert_true(mtx_recursed(&rec));
	mtx_unlock(&rec);
	mtx_unlock(&rec);
	assert_true(mtx_owned(&rec) && !mtx_recursed(&rec));
	mtx_destroy(&rec); /* held: fine */
	assert_false(mtx_initialized(&rec));
	assert_true(dies(twice));
	assert_true(dies(not_mine));
	assert_true(dies(claim));
	mtx_destroy(&mutex);
	assert_true(mtx_initialized(&early));
}

/* ---- ticks ---- */

/* Kernel sources have variables of their own called ticks. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wvla"
static int
own_ticks(int n)
{
	int other = 3, ticks;

	ticks = n;
	ticks += other;
	return (ticks);
}
#pragma GCC diagnostic pop

static void
test_ticks(void **state)
{
	int before = ticks;

	(void)state;
	assert_int_equal(own_ticks(39), 42);
	assert_true(ticks - before >= 0); /* no graph: the machine's */
	ngu__self()->graph = &g1;
	g1.now = (int64_t)77 * MS;
	assert_int_equal(ticks, 77);
	g1.now += MS;
	assert_int_equal(ticks + own_ticks(1), 78 + 4);
	g1.now = 0;
	ngu__self()->graph = NULL;
}

/* ---- callout ---- */

static struct callout co[200];
static int fired[200], order[400], norder;
static struct ngu_graph *seen_graph;

static void
fire(void *arg)
{
	int i = (int)(intptr_t)arg;

	fired[i]++;
	order[norder++] = i;
	seen_graph = ngu__self()->graph;
}

static unsigned
advance(struct ngu_graph *g, int64_t ns)
{
	g->now += ns;
	return (ngu__timers_run(&g->timers, g->now));
}

static int
callouts(void **state)
{
	(void)state;
	memset(fired, 0, sizeof(fired));
	norder = 0;
	g1.now = g2.now = 0;
	assert_int_equal(ngu__timers_init(&g1.timers), 0);
	assert_int_equal(ngu__timers_init(&g2.timers), 0);
	ngu__self()->graph = &g1;
	for (int i = 0; i < 200; i++)
		callout_init(&co[i], 1);
	return (0);
}

static int
callouts_end(void **state)
{
	(void)state;
	ngu__timers_fini(&g1.timers);
	ngu__timers_fini(&g2.timers);
	ngu__self()->graph = NULL;
	return (0);
}

static void
test_callout(void **state)
{
	struct callout *c = &co[0];
	int kicks;

	(void)state;
	assert_int_equal(callout_stop(c), -1);
	assert_int_equal(callout_drain(c), -1);
	assert_true(ngu__timers_next(&g1.timers) == INT64_MAX);
	assert_int_equal(callout_reset(c, 5, fire, (void *)0), 0);
	assert_true(callout_pending(c) && callout_active(c));
	assert_true(ngu__timers_next(&g1.timers) == 5 * MS);
	assert_int_equal(advance(&g1, 5 * MS - 1), 0);
	assert_int_equal(ticks, 4);
	assert_int_equal(advance(&g1, 1), 1);
	assert_int_equal(fired[0], 1);
	assert_ptr_equal(seen_graph, &g1);
	assert_true(!callout_pending(c) && callout_active(c));
	callout_deactivate(c);
	assert_false(callout_active(c));
	assert_int_equal(callout_stop(c), -1);

	assert_int_equal(callout_schedule(c, 1), 0);
	assert_int_equal(callout_reset(c, 10, fire, (void *)0), 1); /* armed anew */
	assert_int_equal(callout_stop(c), 1);
	assert_false(callout_active(c));
	assert_int_equal(advance(&g1, 20 * MS), 0);
	assert_int_equal(callout_schedule(c, 0), 0); /* at least a tick */
	assert_true(ngu__timers_next(&g1.timers) == g1.now + MS);
	assert_int_equal(callout_drain(c), 1);
	callout_reset_sbt(c, SBT_1US * 500, 0, fire, (void *)0, 0);
	assert_int_equal(advance(&g1, 499000), 0);
	assert_int_equal(advance(&g1, 1000), 1);

	/* Only an earlier deadline wakes whoever sleeps. */
	callout_reset(&co[1], 100, fire, (void *)1);
	kicks = g1.kicks;
	callout_reset(&co[2], 200, fire, (void *)2);
	assert_int_equal(g1.kicks, kicks);
	callout_reset(&co[3], 50, fire, (void *)3);
	assert_int_equal(g1.kicks, kicks + 1);

	/* Armed in one graph, then in another: one run, there. */
	ngu__self()->graph = &g2;
	assert_int_equal(callout_reset(&co[3], 50, fire, (void *)3), 1);
	ngu__self()->graph = &g1;
	assert_int_equal(advance(&g1, 60 * MS), 0);
	assert_int_equal(advance(&g2, 60 * MS), 1);
	assert_ptr_equal(seen_graph, &g2);
	assert_ptr_equal(ngu__self()->graph, &g1);

	/* The graph goes while something is pending. */
	ngu__timers_fini(&g1.timers);
	assert_false(callout_pending(&co[1]));
	assert_int_equal(ngu__timers_init(&g1.timers), 0);
}

/* Many, armed, re-armed and stopped at random, run in order of time and then of arming. */
static void
test_callout_heap(void **state)
{
	uint64_t s = 1;
	int64_t due[200];
	uint64_t when[200], n = 0;
	int pending = 0;

	(void)state;
	for (int round = 0; round < 50; round++) {
		norder = 0;
		memset(due, -1, sizeof(due));
		pending = 0;
		for (int k = 0; k < 600; k++) {
			int i;

			s = s * 6364136223846793005u + 1442695040888963407u;
			i = (int)(s >> 33) % 200;
			if ((s >> 60) % 4 == 0) {
				assert_int_equal(callout_stop(&co[i]), due[i] >= 0 ? 1 : -1);
				pending -= due[i] >= 0;
				due[i] = -1;
			} else {
				int t = 1 + (int)(s >> 40) % 30;

				assert_int_equal(callout_reset(&co[i], t, fire, (void *)(intptr_t)i), due[i] >= 0);
				pending += due[i] < 0;
				due[i] = g1.now + (int64_t)t * MS;
				when[i] = n++;
			}
		}
		assert_int_equal(g1.timers.pending, pending);
		assert_int_equal(advance(&g1, 31 * MS), pending);
		assert_int_equal(norder, pending);
		for (int k = 1; k < norder; k++) {
			int a = order[k - 1], b = order[k];

			assert_true(due[a] < due[b] || (due[a] == due[b] && when[a] < when[b]));
		}
	}
}

static int self_stop, self_drain, rearm;

static void
on_self(void *arg)
{
	struct callout *c = arg;

	fired[0]++;
	self_stop = callout_stop(c);
	self_drain = callout_drain(c);
	if (rearm > 0) {
		rearm--;
		callout_schedule(c, 1);
	}
	if (rearm == 0 && fired[0] == 4)
		self_stop = callout_stop(c); /* running and pending: the next run is taken back, and the answer is 0 */
}

static void
free_self(void *arg)
{
	free(arg, M_TESTED);
}

static void
test_callout_self(void **state)
{
	struct callout *c;

	(void)state;
	rearm = 2;
	callout_reset(&co[0], 1, on_self, &co[0]);
	for (int i = 0; i < 5; i++)
		(void)advance(&g1, MS);
	assert_int_equal(fired[0], 3);
	assert_int_equal(self_stop, 0);
	assert_int_equal(self_drain, 0);
	rearm = 1;
	callout_reset(&co[0], 1, on_self, &co[0]);
	(void)advance(&g1, MS);
	assert_int_equal(self_stop, 0);
	assert_int_equal(advance(&g1, 10 * MS), 0);

	/* A handler may free its callout. */
	c = malloc(sizeof(*c), M_TESTED, M_NOWAIT | M_ZERO);
	callout_init(c, 1);
	callout_reset(c, 1, free_self, c);
	assert_int_equal(advance(&g1, MS), 1);
	assert_int_equal(stats().inuse, 0);
}

/* ---- callouts and threads ---- */

static _Atomic uint32_t in_handler, let_go, answer, drained, back;
static _Atomic int handler_runs;

static void
wait_for(_Atomic uint32_t *w, uint32_t v)
{
	uint32_t now;

	while ((now = NGU_LD_ACQ(w)) < v)
		ngu__port_wait(w, now, -1);
}

static void
raise_to(_Atomic uint32_t *w, uint32_t v)
{
	NGU_ST_REL(w, v);
	ngu__port_wake(w, INT32_MAX);
}

static void
slow(void *arg)
{
	(void)arg;
	(void)NGU_FADD_AR(&handler_runs, 1);
	raise_to(&in_handler, 1);
	wait_for(&let_go, 1);
	NGU_ST_REL(&drained, 2u); /* the handler's last word */
}

static void *
server(void *arg)
{
	(void)arg;
	answer = ngu__timers_run(&g1.timers, g1.now);
	return (NULL);
}

static void *
drainer(void *arg)
{
	ngu__self()->graph = &g1;
	answer = (uint32_t)(callout_drain((struct callout *)arg) + 10);
	NGU_ST_REL(&back, NGU_LD_ACQ(&drained) | 4);
	return (NULL);
}

static void
test_callout_threads(void **state)
{
	ngu__port_thread t, d;
	int64_t start;

	(void)state;
	in_handler = let_go = drained = answer = back = 0;
	handler_runs = 0;
	callout_reset(&co[0], 1, slow, NULL);
	g1.now += MS;
	assert_int_equal(ngu__port_thread_start(&t, "server", server, NULL), 0);
	wait_for(&in_handler, 1);
	assert_int_equal(callout_stop(&co[0]), 0); /* runs: cannot be stopped */

	/* Due again while it runs: not twice at a time, but afterwards. */
	callout_reset(&co[0], 1, slow, NULL);
	g1.now += MS;
	assert_int_equal(ngu__timers_run(&g1.timers, g1.now), 0);
	assert_true(callout_pending(&co[0]));
	assert_int_equal(handler_runs, 1);
	assert_int_equal(callout_stop(&co[0]), 0); /* out of its parking place */
	assert_false(callout_pending(&co[0]));

	/* Drain comes back after the handler's end. A slow machine looks less often, and passes. */
	assert_int_equal(ngu__port_thread_start(&d, "drainer", drainer, &co[0]), 0);
	for (start = ngu__port_mono_ns(); ngu__port_mono_ns() - start < 10 * MS; ngu__port_yield())
		assert_int_equal(NGU_LD_ACQ(&back), 0);
	raise_to(&let_go, 1);
	ngu__port_thread_join(&d);
	assert_int_equal(back, 6);
	ngu__port_thread_join(&t);
	assert_int_equal(handler_runs, 1);
	assert_ptr_equal(g1.timers.running, NULL);
}

static struct mtx lock;
static int locked_runs, locked_owned;

static void
locked(void *arg)
{
	(void)arg;
	locked_runs++;
	locked_owned = mtx_owned(&lock);
}

static void
unlocks(void *arg)
{
	(void)arg;
	locked_runs++;
	mtx_unlock(&lock);
}

/* The mutex's holder stops a callout that has left the heap and waits for the mutex: it never runs. */
static void
test_callout_mtx(void **state)
{
	ngu__port_thread t;

	(void)state;
	mtx_init(&lock, "callout", NULL, MTX_DEF);
	callout_init_mtx(&co[0], &lock, 0);
	callout_init_mtx(&co[1], &lock, CALLOUT_RETURNUNLOCKED);
	locked_runs = locked_owned = 0;
	callout_reset(&co[0], 1, locked, NULL);
	callout_reset(&co[1], 1, unlocks, NULL);
	assert_int_equal(advance(&g1, MS), 2);
	assert_int_equal(locked_runs, 2);
	assert_true(locked_owned);
	assert_false(mtx_owned(&lock));

	for (int rearmed = 0; rearmed < 2; rearmed++) {
		locked_runs = 0;
		callout_reset(&co[0], 1, locked, NULL);
		mtx_lock(&lock);
		g1.now += MS;
		assert_int_equal(ngu__port_thread_start(&t, "server", server, NULL), 0);
		while (callout_pending(&co[0]))
			ngu__port_yield();
		if (rearmed)
			assert_int_equal(callout_reset(&co[0], 1, locked, NULL), 1);
		else
			assert_int_equal(callout_stop(&co[0]), 1);
		mtx_unlock(&lock);
		ngu__port_thread_join(&t);
		assert_int_equal(locked_runs, 0);
		assert_int_equal(advance(&g1, MS), rearmed);
		assert_int_equal(locked_runs, rearmed);
	}
	mtx_destroy(&lock);
}

static _Atomic int stormed, overlap, inside[8];
static struct callout storm_co[8];

static void
storm_fire(void *arg)
{
	int i = (int)(intptr_t)arg;

	if (NGU_FADD_AR(&inside[i], 1) != 0)
		overlap = 1;
	(void)NGU_FADD_AR(&stormed, 1);
	(void)NGU_FSUB_AR(&inside[i], 1);
}

static void *
storm(void *arg)
{
	uint64_t s = (uint64_t)(uintptr_t)arg;

	ngu__self()->graph = &g1;
	for (int k = 0; k < 3000; k++) {
		int i;

		s = s * 6364136223846793005u + 1442695040888963407u;
		i = (int)(s >> 61);
		switch ((s >> 40) % 5) {
		case 0:
			(void)callout_stop(&storm_co[i]);
			break;
		case 1:
			(void)NGU_FADD_AR(&g1.now, MS);
			(void)ngu__timers_run(&g1.timers, g1.now);
			break;
		case 2:
			(void)callout_drain(&storm_co[i]);
			break;
		default:
			(void)callout_reset(&storm_co[i], 1 + (int)(s >> 50) % 3, storm_fire, (void *)(intptr_t)i);
			break;
		}
	}
	return (NULL);
}

static void
test_callout_storm(void **state)
{
	ngu__port_thread t[NT];

	(void)state;
	stormed = overlap = 0;
	for (int i = 0; i < 8; i++)
		callout_init(&storm_co[i], 1);
	for (uintptr_t i = 0; i < NT; i++)
		assert_int_equal(ngu__port_thread_start(&t[i], "storm", storm, (void *)(i + 1)), 0);
	for (int i = 0; i < NT; i++)
		ngu__port_thread_join(&t[i]);
	(void)advance(&g1, 10 * MS);
	assert_int_equal(overlap, 0);
	assert_true(stormed > 100);
	for (int i = 0; i < 8; i++)
		assert_false(callout_pending(&storm_co[i]));
	assert_int_equal(g1.timers.pending, 0);
}

/* ---- queues ---- */

struct el {
	int v;
	SLIST_ENTRY(el) s;
	STAILQ_ENTRY(el) st;
	LIST_ENTRY(el) l;
	TAILQ_ENTRY(el) t;
};
SLIST_HEAD(shead, el);
STAILQ_HEAD(sthead, el);
LIST_HEAD(lhead, el);
TAILQ_HEAD(thead, el);
static struct el e[10];

#define DIGITS(what, number) \
	do { \
		int ngu__d = 0; \
		what ngu__d = ngu__d * 10 + x->v; \
		assert_int_equal(ngu__d, number); \
	} while (0)

static void
test_slist(void **state)
{
	struct shead a = SLIST_HEAD_INITIALIZER(a), b;
	struct el *x, *y, **xp;

	(void)state;
	SLIST_INIT(&b);
	assert_true(SLIST_EMPTY(&a));
	SLIST_INSERT_HEAD(&a, &e[3], s);
	SLIST_INSERT_HEAD(&a, &e[1], s);
	SLIST_INSERT_AFTER(&e[1], &e[2], s);
	SLIST_INSERT_AFTER(&e[3], &e[4], s);
	DIGITS(SLIST_FOREACH(x, &a, s), 1234);
	x = &e[3];
	DIGITS(SLIST_FOREACH_FROM(x, &a, s), 34);
	SLIST_REMOVE(&a, &e[3], el, s);
	assert_ptr_equal(SLIST_NEXT(&e[3], s), &e[4]);
	SLIST_REMOVE_HEAD(&a, s);
	DIGITS(SLIST_FOREACH(x, &a, s), 24);
	SLIST_INSERT_HEAD(&b, &e[5], s);
	SLIST_CONCAT(&a, &b, el, s);
	assert_true(SLIST_EMPTY(&b));
	DIGITS(SLIST_FOREACH(x, &a, s), 245);
	SLIST_REMOVE_AFTER(&e[2], s);
	SLIST_SWAP(&a, &b, el);
	DIGITS(SLIST_FOREACH(x, &b, s), 25);
	SLIST_FOREACH_PREVPTR(x, xp, &b, s) {
		if (x->v == 2) {
			SLIST_REMOVE_PREVPTR(xp, x, s);
			break;
		}
	}
	DIGITS(SLIST_FOREACH(x, &b, s), 5);
	SLIST_FOREACH_SAFE(x, &b, s, y)
		SLIST_REMOVE(&b, x, el, s);
	assert_true(SLIST_EMPTY(&b));
}

static void
test_stailq(void **state)
{
	struct sthead a = STAILQ_HEAD_INITIALIZER(a), b;
	struct el *x, *y;

	(void)state;
	STAILQ_INIT(&b);
	assert_null(STAILQ_LAST(&a, el, st));
	STAILQ_INSERT_TAIL(&a, &e[2], st);
	STAILQ_INSERT_HEAD(&a, &e[1], st);
	STAILQ_INSERT_AFTER(&a, &e[2], &e[3], st);
	STAILQ_INSERT_TAIL(&a, &e[4], st);
	DIGITS(STAILQ_FOREACH(x, &a, st), 1234);
	assert_ptr_equal(STAILQ_LAST(&a, el, st), &e[4]);
	STAILQ_REMOVE(&a, &e[4], el, st);
	assert_ptr_equal(STAILQ_LAST(&a, el, st), &e[3]);
	STAILQ_REMOVE(&a, &e[2], el, st);
	assert_ptr_equal(STAILQ_NEXT(&e[2], st), &e[3]);
	STAILQ_INSERT_TAIL(&a, &e[5], st);
	DIGITS(STAILQ_FOREACH(x, &a, st), 135);
	STAILQ_REVERSE(&a, el, st);
	DIGITS(STAILQ_FOREACH(x, &a, st), 531);
	STAILQ_REMOVE_AFTER(&a, &e[3], st);
	STAILQ_INSERT_TAIL(&a, &e[6], st);
	STAILQ_INSERT_TAIL(&b, &e[7], st);
	STAILQ_SWAP(&a, &b, el);
	DIGITS(STAILQ_FOREACH(x, &a, st), 7);
	STAILQ_CONCAT(&a, &b);
	assert_true(STAILQ_EMPTY(&b));
	DIGITS(STAILQ_FOREACH(x, &a, st), 7536);
	x = &e[3];
	DIGITS(STAILQ_FOREACH_FROM(x, &a, st), 36);
	STAILQ_REMOVE_HEAD_UNTIL(&a, &e[5], st);
	STAILQ_REMOVE_HEAD(&a, st);
	DIGITS(STAILQ_FOREACH(x, &a, st), 6);
	STAILQ_FOREACH_SAFE(x, &a, st, y)
		STAILQ_REMOVE_HEAD(&a, st);
	STAILQ_SWAP(&a, &b, el);
	STAILQ_INSERT_TAIL(&a, &e[8], st);
	STAILQ_INSERT_TAIL(&b, &e[9], st);
	DIGITS(STAILQ_FOREACH(x, &a, st), 8);
	DIGITS(STAILQ_FOREACH(x, &b, st), 9);
}

static void
test_list(void **state)
{
	struct lhead a = LIST_HEAD_INITIALIZER(a), b;
	struct el *x, *y;

	(void)state;
	LIST_INIT(&b);
	LIST_INSERT_HEAD(&a, &e[3], l);
	LIST_INSERT_BEFORE(&e[3], &e[1], l);
	LIST_INSERT_AFTER(&e[1], &e[2], l);
	LIST_INSERT_AFTER(&e[3], &e[4], l);
	DIGITS(LIST_FOREACH(x, &a, l), 1234);
	assert_null(LIST_PREV(&e[1], &a, el, l));
	assert_ptr_equal(LIST_PREV(&e[3], &a, el, l), &e[2]);
	LIST_REMOVE(&e[2], l);
	assert_ptr_equal(LIST_NEXT(&e[2], l), &e[3]);
	LIST_REMOVE(&e[4], l);
	LIST_REPLACE(&e[3], &e[5], l);
	LIST_INSERT_HEAD(&b, &e[6], l);
	LIST_SWAP(&a, &b, el, l);
	DIGITS(LIST_FOREACH(x, &b, l), 15);
	LIST_CONCAT(&a, &b, el, l);
	assert_true(LIST_EMPTY(&b));
	DIGITS(LIST_FOREACH(x, &a, l), 615);
	LIST_CONCAT(&b, &a, el, l);
	LIST_REMOVE(&e[6], l);
	x = &e[5];
	DIGITS(LIST_FOREACH_FROM(x, &b, l), 5);
	LIST_FOREACH_SAFE(x, &b, l, y)
		LIST_REMOVE(x, l);
	assert_true(LIST_EMPTY(&b));
}

static void
test_tailq(void **state)
{
	struct thead a = TAILQ_HEAD_INITIALIZER(a), b;
	struct el *x, *y;

	(void)state;
	TAILQ_INIT(&b);
	assert_null(TAILQ_LAST(&a, thead));
	TAILQ_INSERT_TAIL(&a, &e[2], t);
	TAILQ_INSERT_HEAD(&a, &e[1], t);
	TAILQ_INSERT_AFTER(&a, &e[2], &e[4], t);
	TAILQ_INSERT_BEFORE(&e[4], &e[3], t);
	DIGITS(TAILQ_FOREACH(x, &a, t), 1234);
	DIGITS(TAILQ_FOREACH_REVERSE(x, &a, thead, t), 4321);
	assert_ptr_equal(TAILQ_LAST(&a, thead), &e[4]);
	assert_ptr_equal(TAILQ_LAST_FAST(&a, el, t), &e[4]);
	assert_ptr_equal(TAILQ_PREV(&e[3], thead, t), &e[2]);
	assert_ptr_equal(TAILQ_PREV_FAST(&e[3], &a, el, t), &e[2]);
	assert_null(TAILQ_PREV(&e[1], thead, t));
	assert_null(TAILQ_PREV_FAST(&e[1], &a, el, t));
	TAILQ_REMOVE(&a, &e[2], t);
	assert_ptr_equal(TAILQ_NEXT(&e[2], t), &e[3]);
	TAILQ_REMOVE(&a, &e[4], t);
	TAILQ_REPLACE(&a, &e[3], &e[5], t);
	TAILQ_INSERT_TAIL(&a, &e[6], t);
	DIGITS(TAILQ_FOREACH(x, &a, t), 156);
	TAILQ_INSERT_TAIL(&b, &e[7], t);
	TAILQ_SWAP(&a, &b, el, t);
	TAILQ_CONCAT(&a, &b, t);
	assert_true(TAILQ_EMPTY(&b));
	DIGITS(TAILQ_FOREACH(x, &a, t), 7156);
	DIGITS(TAILQ_FOREACH_REVERSE(x, &a, thead, t), 6517);
	x = &e[1];
	DIGITS(TAILQ_FOREACH_REVERSE_FROM(x, &a, thead, t), 17);
	TAILQ_FOREACH_REVERSE_SAFE(x, &a, thead, t, y)
		if (x->v != 5)
			TAILQ_REMOVE(&a, x, t);
	DIGITS(TAILQ_FOREACH(x, &a, t), 5);
	TAILQ_FOREACH_SAFE(x, &a, t, y)
		TAILQ_REMOVE(&a, x, t);
	TAILQ_SWAP(&a, &b, el, t);
	TAILQ_INSERT_TAIL(&a, &e[8], t);
	assert_ptr_equal(TAILQ_FIRST(&a), TAILQ_LAST(&a, thead));
}

/* ---- the rest ---- */

static int
by_thunk(void *thunk, const void *a, const void *b)
{
	return ((*(const int *)a - *(const int *)b) * *(int *)thunk);
}

static void
test_library(void **state)
{
	unsigned char b[16] = {0};
	int v[100], sign = -1;
	char s[8];
	struct timeval t1 = {5, 100}, t2 = {2, 200};
	struct bintime bt;
	struct ether_header eh;
	u_int ref;
	uint64_t before;

	(void)state;
	be32enc(b + 1, 0x01020304);
	assert_memory_equal(b + 1, "\1\2\3\4", 4);
	assert_int_equal(le32dec(b + 1), 0x04030201);
	assert_int_equal(be16dec(b + 2), 0x0203);
	le64enc(b + 3, 0x1122334455667788u);
	assert_true(be64dec(b + 3) == 0x8877665544332211u);
	assert_true(be64toh(htobe64(7)) == 7);

	assert_int_equal(strlcpy(s, "netgraph", sizeof(s)), 8);
	assert_string_equal(s, "netgrap");
	assert_int_equal(strlcpy(s, "ab", sizeof(s)), 2);
	assert_int_equal(strlcat(s, "cdefghij", sizeof(s)), 10);
	assert_string_equal(s, "abcdefg");
	for (int n = 0; n < 100; n += 33) {
		for (int i = 0; i < n; i++)
			v[i] = i * 37 % 100;
		qsort_r(v, (size_t)n, sizeof(v[0]), &sign, by_thunk);
		for (int i = 1; i < n; i++)
			assert_true(v[i - 1] >= v[i]);
	}
	assert_true(bcmp("a", "b", 1) < 0 && bcmp("b", "a", 1) > 0);

	timevalsub(&t1, &t2);
	assert_true(t1.tv_sec == 2 && t1.tv_usec == 999900);
	timevaladd(&t1, &t2);
	assert_true(timevalcmp(&t1, &t2, >) && t1.tv_usec == 100);
	ngu__self()->graph = &g1;
	g1.now = 1500000000;
	microuptime(&t1);
	assert_true(t1.tv_sec == 1 && t1.tv_usec == 500000);
	getbinuptime(&bt);
	assert_true(bt.sec == 1 && bt.frac == (uint64_t)1 << 63);
	assert_int_equal(ticks, 1500);
	assert_int_equal(hz, 1000);
	assert_true(sbinuptime() == SBT_1S + SBT_1S / 2);
	assert_int_equal(time_uptime, 1);
	before = g1.random;
	assert_true(random() < 1ul << 31);
	assert_true(g1.random != before);
	for (int i = 0; i < 1000; i++)
		assert_true(arc4random_uniform(7) < 7);
	arc4random_buf(b, 13);
	ngu__self()->graph = NULL;
	assert_true(random() != random());

	refcount_init(&ref, 1);
	assert_int_equal(refcount_acquire(&ref), 1);
	assert_false(refcount_release(&ref));
	assert_true(refcount_release(&ref));
	assert_false(refcount_acquire_if_not_zero(&ref));
	assert_int_equal(sizeof(eh), ETHER_HDR_LEN);
	assert_true(EDOOFUS > 200 && EPROTOTYPE != 0 && isdigit('4') && AF_INET != 0);
	assert_int_equal(nitems(v), 100);
	assert_int_equal(roundup2(13, 8), 16);
	assert_int_equal(min(3, 4), 3);
	assert_int_equal(fls(8), 4);
	assert_int_equal(modules, 1);
	assert_int_equal(sysinits, 1);
}

static void
panics(void)
{
	panic("the %s", "end");
}

static void
test_log(void **state)
{
	struct epoch_tracker et;

	(void)state;
	logged[0] = '\0';
	log(LOG_WARNING, "%s: two\nlines\n", "t");
	assert_string_equal(logged, "t: two|lines|");
	assert_int_equal(log_level, 4);
	logged[0] = '\0';
	assert_int_equal(printf("n=%d\n", 5), 4);
	assert_string_equal(logged, "n=5|");
	assert_int_equal(log_level, 6);
	assert_true(dies(panics));
	CTR2(KTR_NET, "%d %d", 1, 2);
	NET_EPOCH_ENTER(et);
	NET_EPOCH_ASSERT();
	assert_true(ngu_k_epoch_inside());
	NET_EPOCH_EXIT(et);
	assert_false(ngu_k_epoch_inside());
	KASSERT(1 == 1, ("%d", 1));
	MPASS(2 == 2);
}

static int
group_setup(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++)
		e[i].v = i;
	return (0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory),
#ifdef NGU_DEBUG
		cmocka_unit_test(test_memory_type),
#endif
		cmocka_unit_test(test_counter),
		cmocka_unit_test(test_mutex),
		cmocka_unit_test(test_ticks),
		cmocka_unit_test_setup_teardown(test_callout, callouts, callouts_end),
		cmocka_unit_test_setup_teardown(test_callout_heap, callouts, callouts_end),
		cmocka_unit_test_setup_teardown(test_callout_self, callouts, callouts_end),
		cmocka_unit_test_setup_teardown(test_callout_threads, callouts, callouts_end),
		cmocka_unit_test_setup_teardown(test_callout_mtx, callouts, callouts_end),
		cmocka_unit_test_setup_teardown(test_callout_storm, callouts, callouts_end),
		cmocka_unit_test(test_slist),
		cmocka_unit_test(test_stailq),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_tailq),
		cmocka_unit_test(test_library),
		cmocka_unit_test(test_log),
	};

	return (cmocka_run_group_tests(tests, group_setup, NULL));
}
