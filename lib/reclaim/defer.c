/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * defer.c - what was retired, and the one thread that frees it.
 *
 * Retire      any thread, in a section or not: count, then push onto a stack. Lock-free; one system call at most, when the
 *             reclaimer sleeps.
 * Reclaimer   takes the whole stack, turns it round, waits for one grace period, runs the callbacks oldest first, repeats.
 *             Started by the first retire. With little to do it waits up to a millisecond for company; it sleeps on `state`
 *             when there is nothing. If it cannot be started, or was stopped at exit, whoever calls ngu__rcl_barrier() or
 *             ngu__rcl_backpressure() does its work ("inline").
 * Barrier     `retired` is counted before the push and callbacks run in push order, so once `freed` has reached the value that
 *             `retired` had, everything pushed until then has been run. Objects retired by callbacks meanwhile are
 *             waited for as well, down to the third generation (CHAIN): so unlink -> free node -> free type settles. A thread
 *             that is between its count and its push when the barrier is called is waited for, too.
 * Methods     what a method may have read (ngu__retire_methods) waits in two lists after its grace period: `held` has a stamp, and is run
 *             when no method that began before the stamp is left; `next` gathers meanwhile, and then gets a stamp of its own. The
 *             end of a method that is waited for wakes the reclaimer. So a storm costs one stamp and one look at the threads a
 *             batch; and a method that sleeps for long keeps what is unlinked meanwhile, which is told by the backlog counters.
 * Invariants
 *   D1  freed <= pushed <= retired, and freed counts in push order.
 *   D2  Callbacks are run by one thread at a time: whoever holds `busy`.
 *   D3  If the stack is not empty and the life is RUNNING, the reclaimer is awake or a kick is on its way. The same when something is
 *       held and nobody holds it.
 * Exit        an atexit handler stops and joins the reclaimer after it has emptied the stack. A thread that calls exit() from
 *             inside a read section, or a section that stays open for seconds, leaves the rest to the operating system.
 * fork        the child has no reclaimer and the registries name threads it does not have. If there were any of either, the
 *             child may retire (nothing is freed), and barriers return at once; a fresh child works as ever.
 */
#include "reclaim/reclaim.h"
#include "reclaim/retireq.h"

#define COLLECT_NS 10000000		/* longest wait for a batch */
#define COLLECT_MAX 16384u		/* outstanding objects that are a batch */
#define BACKLOG_MAX ((uint64_t)1 << 17)	/* outstanding objects at which control callers wait */
#define CHAIN 3				/* generations a barrier follows */
#define STOP_NS ((int64_t)5000000000)	/* patience at exit */
#define PROGRESS_MASK 4095u		/* waiters are told after so many callbacks */

/* Whether there is one. */
enum { LIFE_NONE, LIFE_STARTING, LIFE_RUNNING, LIFE_INLINE, LIFE_FORKED };

static struct {
	/* written by whoever retires */
	NGU_ALIGNED(NGU_CACHELINE) ngu__retireq_head head;
	_Atomic uint64_t retired;

	/* written by whoever holds `busy` */
	NGU_ALIGNED(NGU_CACHELINE) _Atomic uint64_t freed;
	_Atomic uint64_t gone;	  /* as `freed`, but an object that methods hold counts when it has really gone */
	_Atomic uint64_t held_in; /* handed to ngu__retire_methods() */
	_Atomic uint64_t held_out; /* and run */
	_Atomic uint64_t spawned; /* retired from callbacks */
	_Atomic uint64_t periods;
	_Atomic uint64_t high;
	_Atomic uint64_t longest_ns;
	_Atomic uint32_t done; /* changes as `freed` or `held_out` moves on; barriers sleep on it */
	struct ngu__retire *held; /* oldest first; both lists belong to whoever holds `busy` */
	struct ngu__retire *next, **next_tail;
	uint64_t stamp; /* of `held` */

	/* rarely written */
	NGU_ALIGNED(NGU_CACHELINE) ngu__retireq_state state;
	_Atomic uint32_t life;
	_Atomic uint32_t waiters; /* threads in a barrier */
	_Atomic uint32_t stop;
	_Atomic uint32_t ended;			/* the reclaimer has */
	_Atomic(struct ngu__thread *) runner;	/* the thread in callbacks now */
	ngu__spin busy;				/* tried, never waited for */
	ngu__port_thread thread;
} rcl;

NGU_ALIGNED(NGU_CACHELINE) ngu__era ngu__era_now = 1;
ngu__era ngu__era_wanted;

static inline struct ngu__retire **
ngu__retireq_link(struct ngu__retire *r)
{
	return (&r->next);
}

/* True in a callback. */
static bool
in_callback(void)
{
	struct ngu__thread *ts = ngu__self_tls;

	/* No order needed: only this thread could have stored its own record. */
	return (ts != NULL && NGU_LD_RLX(&rcl.runner) == ts);
}

static uint64_t
outstanding(void)
{
	uint64_t f = NGU_LD_ACQ(&rcl.freed); /* first: it never overtakes the other */

	return (NGU_LD_ACQ(&rcl.retired) - f);
}

/* Wake the reclaimer from state `from`. One system call for each time it slept. */
static void
kick(uint32_t from)
{
	if (ngu__retireq_kick(&rcl.state, from))
		ngu__port_wake(&rcl.state, 1);
}

static void
tell_waiters(void)
{
	/*
	 * ORDER rcl-done (teller)
	 *   before:      freed has moved on (release), done changes
	 *   after:       load of waiters; all sequentially consistent
	 *   pairs with:  await(): waiters counted, then done read, then freed
	 *   if relaxed:  a barrier could sleep on a value of done that nobody changes again
	 */
	(void)NGU_FADD_SC(&rcl.done, 1u);
	if (NGU_LD_SC(&rcl.waiters) != 0)
		ngu__port_wake(&rcl.done, INT32_MAX);
}

/* ---- what methods hold */

static bool
methods_before(uint64_t stamp)
{
	for (struct ngu__thread *ts = NGU_LD_SC(&ngu__threads); ts != NULL; ts = ts->next)
		if (ngu__method_before(&ts->era, stamp))
			return (true);
	return (false);
}

/* Anybody may ask: something waited for methods, and these have ended. */
static bool
held_ready(void)
{
	return (NGU_LD_SC(&rcl.held_out) != NGU_LD_SC(&rcl.held_in) && !methods_before(NGU_LD_SC(&ngu__era_wanted)));
}

/* Run what no method holds. The caller holds `busy`; not inside a section. */
static void
run_held(struct ngu__thread *ts)
{
	struct ngu__retire *r;

	for (;;) {
		if (rcl.held == NULL) {
			if ((rcl.held = rcl.next) == NULL)
				return;
			rcl.next = NULL;
			rcl.stamp = ngu__method_want(&ngu__era_now, &ngu__era_wanted);
		}
		if (methods_before(rcl.stamp))
			return;
		NGU_ST_RLX(&rcl.runner, ts);
		while ((r = rcl.held) != NULL) {
			rcl.held = r->next;
			r->fn(r);
			NGU_ST_REL(&rcl.gone, NGU_LD_RLX(&rcl.gone) + 1);
			/* ORDER rcl-freed (store side): as in run_batch(). */
			NGU_ST_REL(&rcl.held_out, NGU_LD_RLX(&rcl.held_out) + 1);
		}
		NGU_ST_RLX(&rcl.runner, NULL);
		tell_waiters();
	}
}

void
ngu__retire_methods(struct ngu__retire *r, void (*fn)(struct ngu__retire *))
{
	NGU_INVARIANT(in_callback(), "an object goes to where methods hold it outside of a callback");
	r->fn = fn;
	r->next = NULL;
	if (rcl.next == NULL)
		rcl.next_tail = &rcl.next;
	*rcl.next_tail = r;
	rcl.next_tail = &r->next;
	NGU_ST_SC(&rcl.held_in, NGU_LD_RLX(&rcl.held_in) + 1);
}

void
ngu__rcl_method_ended(void)
{
	kick(NGU_RQ_IDLE);
}

/* Take all, wait for a grace period, run; then what methods have let go. The caller holds `busy`. Not inside a section. */
static void
run_batch(struct ngu__thread *ts)
{
	struct ngu__retire *r, *next, *list = ngu__retireq_take(&rcl.head);
	uint64_t freed, out, held;
	int64_t t0, t1;

	if (list == NULL) {
		run_held(ts);
		return;
	}
	t0 = ngu__port_mono_ns();
	if (!NGU_PLANT(S1))
		ngu__rcl_sync();
	t1 = ngu__port_mono_ns() - t0;
	NGU_BUMP(&rcl.periods, 1);
	if (t1 > 0 && (uint64_t)t1 > NGU_LD_RLX(&rcl.longest_ns))
		NGU_ST_RLX(&rcl.longest_ns, (uint64_t)t1);
	NGU_ST_RLX(&rcl.runner, ts);
	freed = NGU_LD_RLX(&rcl.freed);
	for (r = list; r != NULL; r = next) {
		next = r->next;
		/* The backlog only shrinks here, so its peaks stand right before a callback is counted. */
		out = NGU_LD_RLX(&rcl.retired) - NGU_LD_RLX(&rcl.gone);
		if (out > NGU_LD_RLX(&rcl.high))
			NGU_ST_RLX(&rcl.high, out);
		held = NGU_LD_RLX(&rcl.held_in);
		r->fn(r);
		if (NGU_LD_RLX(&rcl.held_in) == held)
			NGU_ST_REL(&rcl.gone, NGU_LD_RLX(&rcl.gone) + 1);
		/* ORDER rcl-freed (store side): release; whoever sees the count sees what the callback did. Pairs with await(). */
		NGU_ST_REL(&rcl.freed, ++freed);
		if (NGU_UNLIKELY((freed & PROGRESS_MASK) == 0))
			tell_waiters();
	}
	NGU_ST_RLX(&rcl.runner, NULL);
	tell_waiters();
	run_held(ts);
}

/* ---- the reclaimer */

static void
collect(void)
{
	ngu__retireq_say(&rcl.state, NGU_RQ_COLLECT);
	if (outstanding() <= COLLECT_MAX && NGU_LD_SC(&rcl.waiters) == 0 && NGU_LD_SC(&rcl.stop) == 0)
		ngu__port_wait(&rcl.state, NGU_RQ_COLLECT, COLLECT_NS);
	ngu__retireq_say(&rcl.state, NGU_RQ_BUSY);
}

static void
doze(void)
{
	/* ORDER rcl-sleep (sleeper): see retireq.h; at_exit() sets stop and then kicks; so does a method's end (method.h). */
	ngu__retireq_say(&rcl.state, NGU_RQ_IDLE);
	while (NGU_LD_SC(&rcl.stop) == 0 && ngu__retireq_may_sleep(&rcl.head, &rcl.state) && !held_ready())
		ngu__port_wait(&rcl.state, NGU_RQ_IDLE, -1);
	ngu__retireq_say(&rcl.state, NGU_RQ_BUSY);
}

static void *
reclaimer(void *arg)
{
	struct ngu__thread *ts = ngu__self();

	(void)arg;
	for (;;) {
		if (NGU_LD_SC(&rcl.head) != NULL) {
			collect();
		} else if (!held_ready()) {
			if (NGU_LD_SC(&rcl.stop) != 0)
				break; /* what a method still holds is left to the system */
			doze();
			continue;
		}
		/* An inline caller may still be at it: it began before the reclaimer was started. */
		if (ngu__spin_try(&rcl.busy)) {
			run_batch(ts);
			ngu__spin_unlock(&rcl.busy);
		} else
			ngu__port_yield();
	}
	NGU_ST_SC(&rcl.ended, 1u);
	ngu__port_wake(&rcl.ended, 1);
	return (NULL);
}

static void
at_exit(void)
{
	struct ngu__thread *ts = ngu__self_tls;
	int64_t end;

	if (NGU_LD_ACQ(&rcl.life) != LIFE_RUNNING || in_callback() || (ts != NULL && ts->nest != 0))
		return;
	NGU_ST_SC(&rcl.stop, 1u);
	kick(NGU_RQ_IDLE);
	kick(NGU_RQ_COLLECT);
	end = ngu__port_mono_ns() + STOP_NS;
	while (NGU_LD_SC(&rcl.ended) == 0 && ngu__port_mono_ns() < end)
		ngu__port_wait(&rcl.ended, 0, STOP_NS / 10);
	if (NGU_LD_SC(&rcl.ended) == 0)
		return;
	ngu__port_thread_join(&rcl.thread);
	NGU_ST_SC(&rcl.life, (uint32_t)LIFE_INLINE); /* exit handlers that come later may still retire and wait */
	tell_waiters();
}

static NGU_NOINLINE void
start(void)
{
	uint32_t life = LIFE_NONE;

	if (!NGU_CAS_SC(&rcl.life, &life, LIFE_STARTING))
		return;
	if (ngu__port_thread_start(&rcl.thread, "ng-reclaim", reclaimer, NULL) == 0) {
		NGU_ST_SC(&rcl.life, (uint32_t)LIFE_RUNNING);
		(void)ngu__port_at_exit(at_exit); /* on failure only a leak checker would notice */
	} else
		NGU_ST_SC(&rcl.life, (uint32_t)LIFE_INLINE);
	tell_waiters();
}

void
ngu__rcl_fork_child(void)
{
	struct ngu__thread *ts;
	uint32_t life = NGU_LD_RLX(&rcl.life);
	bool alone = life == LIFE_NONE || life == LIFE_INLINE;

	for (ts = NGU_LD_ACQ(&ngu__threads); ts != NULL; ts = ts->next)
		if (ts != ngu__self_tls && NGU_LD_RLX(&ts->used) != 0)
			alone = false;
	if (!alone)
		NGU_ST_SC(&rcl.life, (uint32_t)LIFE_FORKED);
}

/* ---- what the rest of libng calls */

void
ngu__retire(struct ngu__retire *r, void (*fn)(struct ngu__retire *))
{
	uint64_t n;

	r->fn = fn;
	n = NGU_FADD_SC(&rcl.retired, 1u); /* before the push: D1 */
	/*
	 * ORDER rcl-spawned (store side)
	 *   before:      counted in retired; release
	 *   pairs with:  ngu__rcl_barrier(): spawned is loaded, acquire, then retired
	 *   if relaxed:  a barrier could take this object for one that retired includes, when it does not, and return without it
	 */
	if (NGU_UNLIKELY(in_callback()))
		NGU_ST_REL(&rcl.spawned, NGU_LD_RLX(&rcl.spawned) + 1);
	/*
	 * ORDER rcl-push (store side), rcl-sleep (waker): see retireq.h. Whoever pushed onto an empty stack wakes a sleeper; for all
	 * others that has been seen to.
	 */
	if (ngu__retireq_push(&rcl.head, r)) {
		if (NGU_UNLIKELY(NGU_LD_ACQ(&rcl.life) == LIFE_NONE))
			start();
		kick(NGU_RQ_IDLE);
	}
	/* A batch is full: looked at now and then only, since `freed` is another thread's line. */
	if (NGU_UNLIKELY((n & (COLLECT_MAX / 4 - 1)) == 0) && outstanding() > COLLECT_MAX)
		kick(NGU_RQ_COLLECT);
}

/* Do the reclaimer's work, or wait until whoever does it, or a method that stands in the way, has got further than `seen`. */
static void
work_inline(uint32_t seen)
{
	/* Nothing there: somebody is between its count and its push, or in a method. */
	if ((NGU_LD_SC(&rcl.head) != NULL || held_ready()) && ngu__spin_try(&rcl.busy)) {
		run_batch(ngu__self());
		ngu__spin_unlock(&rcl.busy);
	} else
		ngu__port_wait(&rcl.done, seen, COLLECT_NS);
}

/* Sleep until `count`, `freed` or `held_out`, has reached `target`. */
static void
await(_Atomic uint64_t *count, uint64_t target)
{
	uint32_t seen, life;

	/* ORDER rcl-done (waiter): see tell_waiters(). */
	(void)NGU_FADD_SC(&rcl.waiters, 1u);
	for (;;) {
		seen = NGU_LD_SC(&rcl.done);
		/* ORDER rcl-freed (load side): acquire at least; pairs with the release store in run_batch(). */
		if ((int64_t)(NGU_LD_SC(count) - target) >= 0)
			break;
		life = NGU_LD_ACQ(&rcl.life);
		if (life == LIFE_FORKED)
			break;
		if (life == LIFE_INLINE) {
			work_inline(seen);
			continue;
		}
		kick(NGU_RQ_COLLECT);
		ngu__port_wait(&rcl.done, seen, -1);
	}
	(void)NGU_FSUB_SC(&rcl.waiters, 1u);
}

static bool
in_method(void)
{
	return (ngu__self_tls != NULL && ngu__self_tls->methods != 0);
}

/* In a callback, or in a section, waiting would be for ever. */
static bool
may_wait(void)
{
	struct ngu__thread *ts = ngu__self_tls;

	NGU_INVARIANT(!in_callback(), "waiting for the reclaimer in one of its callbacks");
	NGU_INVARIANT(ts == NULL || ts->nest == 0, "waiting for the reclaimer inside a read section");
	return (!in_callback() && (ts == NULL || ts->nest == 0));
}

static void
settle(bool methods)
{
	uint64_t spawned;
	int i;

	if (!may_wait())
		return;
	for (i = 0; i < CHAIN; i++) {
		/* ORDER rcl-spawned (load side): acquire, then retired; what is in `spawned` is waited for. */
		spawned = NGU_LD_ACQ(&rcl.spawned);
		await(&rcl.freed, NGU_LD_SC(&rcl.retired));
		if (methods)
			await(&rcl.held_out, NGU_LD_SC(&rcl.held_in));
		/* Counted before its parent's callback ended, so what the awaited callbacks retired is seen here. */
		if (NGU_LD_ACQ(&rcl.spawned) == spawned)
			break;
	}
}

void
ngu__rcl_barrier(void)
{
	settle(!in_method()); /* else two of us would wait for each other */
}

void
ngu__rcl_graces(void)
{
	settle(false);
}

void
ngu__rcl_backpressure(void)
{
	uint64_t out = outstanding(), held = NGU_LD_ACQ(&rcl.held_out);
	uint32_t seen;

	held = NGU_LD_ACQ(&rcl.held_in) - held;
	if (NGU_LIKELY((out | held) == 0) ||
	    (out <= BACKLOG_MAX && held <= BACKLOG_MAX && NGU_LD_ACQ(&rcl.life) != LIFE_INLINE) || !may_wait())
		return;
	if (NGU_LD_ACQ(&rcl.life) == LIFE_INLINE) {
		if (ngu__spin_try(&rcl.busy)) {
			run_batch(ngu__self());
			ngu__spin_unlock(&rcl.busy);
		}
		out = outstanding();
	}
	if (out > BACKLOG_MAX)
		await(&rcl.freed, NGU_LD_SC(&rcl.retired) - BACKLOG_MAX);
	/* The method that holds so much may wait for this very thread, so it is slowed down and not stopped. */
	if (held > BACKLOG_MAX && !in_method()) {
		(void)NGU_FADD_SC(&rcl.waiters, 1u);
		seen = NGU_LD_SC(&rcl.done);
		held = NGU_LD_SC(&rcl.held_out);
		if (NGU_LD_SC(&rcl.held_in) - held > BACKLOG_MAX && NGU_LD_ACQ(&rcl.life) != LIFE_FORKED)
			ngu__port_wait(&rcl.done, seen, COLLECT_NS);
		(void)NGU_FSUB_SC(&rcl.waiters, 1u);
	}
}

void
ngu__rcl_stats(struct ngu__rcl_stats *out)
{
	uint64_t backlog;

	out->freed = NGU_LD_ACQ(&rcl.gone); /* first, so that it is never above `retired` */
	out->retired = NGU_LD_ACQ(&rcl.retired);
	out->periods = NGU_LD_RLX(&rcl.periods);
	out->high = NGU_LD_RLX(&rcl.high);
	out->longest_ns = NGU_LD_RLX(&rcl.longest_ns);
	/* The present backlog is a peak, too, as long as nothing of it was run. */
	backlog = out->retired - out->freed;
	if (out->freed == NGU_LD_ACQ(&rcl.gone) && backlog > out->high)
		out->high = backlog;
}

const char *
ngu__rcl_name(void)
{
	return (NGU_RCL_NAME);
}
