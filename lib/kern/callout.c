/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * callout.c - callout(9): timers in a pairing heap of each graph, linked through the callouts themselves.
 *
 * States     idle, pending (CALLOUT_PENDING: in the heap, or parked), running (a record on t->running names it). Pending and
 *            running at once is possible: a handler re-arms itself.
 * Parked     A callout that falls due while its own handler still runs in another thread waits in that record and returns to
 *            the heap when the handler is done: one callout never runs twice at a time.
 * Invariants
 *   C1  After a handler was called its callout is not touched unless it is pending: the handler may have freed it.
 *   C2  A record lives on the stack of the running thread; others touch it under t->lock only, while it is on the list.
 *   C3  With a callout mutex, the handler starts only if nobody cancelled between taking it off the heap and getting the mutex.
 *       Decided under t->lock, so a caller that was told "cancelled" never sees the handler.
 * Locks      callout mutex before t->lock.
 * Blocks     drain; run, for a callout's mutex.
 */
#include <sys/callout.h>
#include <sys/systm.h>

#include "kern/graph_prefix.h"
#include "kern/strict.h"
#include "kern/timers.h"
#include "port/port.h"
#include "reclaim/reclaim.h"

struct ngu__timer_run {
	struct ngu__timer_run *next;
	struct callout *c;	/* only compared */
	struct callout *parked; /* c, when due again */
	struct ngu__thread *ts;
	bool started;
	bool cancelled;
};

#define FLAGS(c) ((_Atomic uint32_t *)&(c)->c_flags)
#define GRAPH(c) ((_Atomic(struct ngu_graph *) *)(void *)&(c)->c_graph)

/* Under the lock; atomic for callout_pending() and callout_active(), which take none. */
static void
flags_change(struct callout *c, uint32_t set, uint32_t clear)
{
	(void)NGU_FOR_AR(FLAGS(c), set);
	(void)NGU_FAND_AR(FLAGS(c), ~clear);
}

/* ---- the heap ---- */

static bool
before(const struct callout *a, const struct callout *b)
{
	return (a->c_time != b->c_time ? a->c_time < b->c_time : a->c_seq < b->c_seq);
}

/* Two heaps into one; either may be empty. */
static struct callout *
merge(struct callout *a, struct callout *b)
{
	struct callout *t;

	if (a == NULL || b == NULL)
		return (a == NULL ? b : a);
	if (before(b, a)) {
		t = a;
		a = b;
		b = t;
	}
	if ((b->c_sibling = a->c_child) != NULL)
		b->c_sibling->c_back = b;
	b->c_back = a;
	a->c_child = b;
	a->c_sibling = a->c_back = NULL;
	return (a);
}

/* A list of siblings into one heap: in pairs from the left, the pairs from the right. */
static struct callout *
combine(struct callout *list)
{
	struct callout *pairs = NULL, *a, *b, *root = NULL;

	while ((a = list) != NULL) {
		b = a->c_sibling;
		list = b != NULL ? b->c_sibling : NULL;
		a->c_sibling = a->c_back = NULL;
		if (b != NULL)
			b->c_sibling = b->c_back = NULL;
		a = merge(a, b);
		a->c_sibling = pairs;
		pairs = a;
	}
	while ((a = pairs) != NULL) {
		pairs = a->c_sibling;
		a->c_sibling = NULL;
		root = merge(root, a);
	}
	return (root);
}

static void
heap_insert(struct ngu__timers *t, struct callout *c)
{
	c->c_child = c->c_sibling = c->c_back = NULL;
	t->root = merge(t->root, c);
}

static void
heap_remove(struct ngu__timers *t, struct callout *c)
{
	struct callout *sub = combine(c->c_child);

	if (c == t->root) {
		t->root = sub;
		return;
	}
	if (c->c_back->c_child == c)
		c->c_back->c_child = c->c_sibling;
	else
		c->c_back->c_sibling = c->c_sibling;
	if (c->c_sibling != NULL)
		c->c_sibling->c_back = c->c_back;
	t->root = merge(t->root, sub);
}

/* ---- what runs ---- */

static struct ngu__timer_run *
running(struct ngu__timers *t, const struct callout *c)
{
	struct ngu__timer_run *r = t->running;

	while (r != NULL && r->c != c)
		r = r->next;
	return (r);
}

/* A pending callout is pending no more. */
static void
disarm(struct ngu__timers *t, struct callout *c, struct ngu__timer_run *r)
{
	if (r != NULL && r->parked == c)
		r->parked = NULL;
	else
		heap_remove(t, c);
	t->pending--;
	flags_change(c, 0, CALLOUT_PENDING);
}

/*
 * Cancel under the lock: what is pending, and what has been taken off the heap and not started. Results of callout_stop(); *last: the call
 * that was asked for last will not come, though one before it may be running.
 */
static int
cancel(struct ngu__timers *t, struct callout *c, struct ngu__timer_run *r, bool *last)
{
	int result = -1;

	*last = false;
	if ((NGU_LD_RLX(FLAGS(c)) & CALLOUT_PENDING) != 0) {
		disarm(t, c, r);
		*last = true;
		result = 1;
	}
	if (r != NULL) {
		if (r->started)
			result = 0;
		else if (!r->cancelled) {
			r->cancelled = true;
			*last = true;
			result = 1;
		}
	}
	flags_change(c, 0, CALLOUT_ACTIVE);
	return (result);
}

void
ngu_k_callout_init(struct callout *c, struct mtx *m, int flags)
{
	ngu__memset(c, 0, sizeof(*c));
	c->c_lock = m;
	c->c_iflags = (uint32_t)flags & CALLOUT_RETURNUNLOCKED;
}

int
ngu_k_callout_flag(const struct callout *c, uint32_t flag)
{
	return ((NGU_LD_ACQ((const _Atomic uint32_t *)&c->c_flags) & flag) != 0);
}

void
ngu_k_callout_deactivate(struct callout *c)
{
	(void)NGU_FAND_AR(FLAGS(c), ~(uint32_t)CALLOUT_ACTIVE);
}

int
ngu__callout_stop(struct callout *c, bool *last)
{
	struct ngu_graph *g = NGU_LD_ACQ(GRAPH(c));
	struct ngu__timers *t;
	int result;

	*last = false;
	if (g == NULL)
		return (-1); /* never armed */
	t = ngu__graph_timers(g);
	ngu__mtx_lock(&t->lock);
	result = cancel(t, c, running(t, c), last);
	ngu__mtx_unlock(&t->lock);
	return (result);
}

int
ngu_k_callout_stop(struct callout *c)
{
	bool last;

	return (ngu__callout_stop(c, &last));
}

int
ngu_k_callout_reset(struct callout *c, int64_t ns, callout_func_t *fn, void *arg)
{
	struct ngu_graph *g = ngu__self()->graph, *old = NGU_LD_ACQ(GRAPH(c));
	struct ngu__timers *t;
	struct ngu__timer_run *r;
	int cancelled = 0;
	bool first;

	if ((g == NULL && (g = old) == NULL) || (t = ngu__graph_timers(g)) == NULL)
		panic("callout_reset: no current graph");
	/* Armed elsewhere before: take it out there. A graph that is gone has left nothing pending. */
	if (old != NULL && old != g && ngu_k_callout_flag(c, CALLOUT_PENDING))
		cancelled = ngu_k_callout_stop(c) > 0;
	ngu__mtx_lock(&t->lock);
	r = running(t, c);
	if ((NGU_LD_RLX(FLAGS(c)) & CALLOUT_PENDING) != 0) {
		disarm(t, c, r);
		cancelled = 1;
	}
	if (r != NULL && !r->started && !r->cancelled) {
		r->cancelled = true;
		cancelled = 1;
	}
	if (fn != NULL) {
		c->c_func = fn;
		c->c_arg = arg;
	}
	NGU_INVARIANT(c->c_func != NULL, "a callout is armed with a function first");
	NGU_ST_REL(GRAPH(c), g);
	c->c_time = ngu__graph_now(g) + (ns > 0 ? ns : 1);
	c->c_seq = t->seq++;
	heap_insert(t, c);
	t->pending++;
	flags_change(c, CALLOUT_ACTIVE | CALLOUT_PENDING, 0);
	first = t->root == c;
	ngu__mtx_unlock(&t->lock);
	if (first)
		ngu__graph_timer_kick(g);
	return (cancelled);
}

int
ngu_k_callout_drain(struct callout *c)
{
	struct ngu_graph *g = NGU_LD_ACQ(GRAPH(c));
	struct ngu__timers *t;
	struct ngu__timer_run *r;
	int result = -1, now;
	uint32_t done;
	bool last;

	if (NGU_STRICT_ON(NGU_STRICT_SLEEP))
		ngu__strict_sleep("callout_drain");
	if (g == NULL)
		return (-1);
	t = ngu__graph_timers(g);
	for (bool again = false;; again = true) {
		ngu__mtx_lock(&t->lock);
		r = running(t, c);
		now = cancel(t, c, r, &last);
		if (!again || now == 1)
			result = now;
		if (r == NULL || r->ts == ngu__self())
			break;
		done = NGU_LD_RLX(&t->done);
		ngu__mtx_unlock(&t->lock);
		ngu__port_wait(&t->done, done, -1);
	}
	ngu__mtx_unlock(&t->lock);
	return (result);
}

/* ---- serving ---- */

int
ngu__timers_init(struct ngu__timers *t)
{
	ngu__memset(t, 0, sizeof(*t));
	return (ngu__mtx_init(&t->lock));
}

void
ngu__timers_fini(struct ngu__timers *t)
{
	struct callout *c;

	ngu__mtx_lock(&t->lock);
	NGU_INVARIANT(t->running == NULL, "no callout runs when its graph goes");
	while ((c = t->root) != NULL) {
		disarm(t, c, NULL);
		flags_change(c, 0, CALLOUT_ACTIVE);
	}
	ngu__mtx_unlock(&t->lock);
	ngu__mtx_destroy(&t->lock);
	ngu__vnets_free(NGU_LD_ACQ(&t->vnets));
	NGU_ST_RLX(&t->vnets, NULL);
}

int64_t
ngu__timers_next(struct ngu__timers *t)
{
	int64_t when;

	ngu__mtx_lock(&t->lock);
	when = t->root != NULL ? t->root->c_time : INT64_MAX;
	ngu__mtx_unlock(&t->lock);
	return (when);
}

/* Call the handler of what `r` was made for. Called with t->lock held, returns with it held. False: it was cancelled. */
static bool
run_one(struct ngu__timers *t, struct ngu__timer_run *r)
{
	struct callout *c = r->c;
	struct mtx *m = c->c_lock;
	callout_func_t *fn = c->c_func;
	void *arg = c->c_arg;
	struct ngu_graph *g = NGU_LD_RLX(GRAPH(c)), *before_g;
	bool unlock = m != NULL && (c->c_iflags & CALLOUT_RETURNUNLOCKED) == 0;

	if (m != NULL) {
		ngu__mtx_unlock(&t->lock);
		ngu_k_mtx_lock(m);
		ngu__mtx_lock(&t->lock);
		if (r->cancelled && !NGU_PLANT(R10)) {
			ngu__mtx_unlock(&t->lock);
			ngu_k_mtx_unlock(m);
			ngu__mtx_lock(&t->lock);
			return (false);
		}
	}
	r->started = true;
	ngu__mtx_unlock(&t->lock);
	before_g = r->ts->graph;
	r->ts->graph = g;
	r->ts->errand++;
	ngu__method_enter(r->ts);
	fn(arg);
	ngu__method_leave(r->ts);
	r->ts->errand--;
	r->ts->graph = before_g;
	if (unlock)
		ngu_k_mtx_unlock(m);
	ngu__mtx_lock(&t->lock);
	return (true);
}

unsigned
ngu__timers_run(struct ngu__timers *t, int64_t now)
{
	struct ngu__timer_run r, **link, *other;
	struct callout *c;
	unsigned n = 0;

	ngu__mtx_lock(&t->lock);
	while ((c = t->root) != NULL && c->c_time <= now) {
		heap_remove(t, c);
		if ((other = running(t, c)) != NULL) {
			other->parked = c;
			continue;
		}
		t->pending--;
		flags_change(c, 0, CALLOUT_PENDING);
		r = (struct ngu__timer_run){.next = t->running, .c = c, .ts = ngu__self()};
		t->running = &r;
		n += run_one(t, &r);
		for (link = &t->running; *link != &r; link = &(*link)->next)
			;
		*link = r.next;
		if (r.parked != NULL)
			heap_insert(t, r.parked); /* due: this loop or another thread's takes it next */
		(void)NGU_FADD_AR(&t->done, 1u);
		ngu__port_wake(&t->done, INT32_MAX);
	}
	ngu__mtx_unlock(&t->lock);
	return (n);
}
