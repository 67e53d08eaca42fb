/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * taskqueue.c - taskqueue(9): lists of tasks, and the threads that serve them.
 *
 * Locks      tq->lock guards the list, each task's ta_pending and the list of what runs; never held over a task.
 * Invariants
 *   T1  A task is on the list if and only if ta_pending is not 0.
 *   T2  Once a task was called it is not touched any more: it may have freed itself.
 *   T3  tq->event changes whenever a sleeper has reason to look again: a task came or ended, block and unblock, the end.
 * Blocks     create with M_WAITOK, drain, free, drain_all.
 */
#include <sys/errno.h>
#include <sys/malloc.h>
#include <sys/systm.h>
#include <sys/taskqueue.h>

#include "kern/kern.h"
#include "kern/strict.h"
#include "port/port.h"
#include "reclaim/reclaim.h"

#define THREADS 16

/* A task being run, on the stack of whoever runs it. */
struct busy {
	struct busy *next;
	const struct task *t; /* only compared */
	task_fn_t *fn;	      /* only named */
	const struct ngu__thread *ts;
	uint64_t seq;
};

struct taskqueue {
	ngu__mtx lock;
	STAILQ_HEAD(, task) tasks;
	struct busy *busy;
	uint64_t seq; /* tasks ever put on the list */
	taskqueue_enqueue_fn enqueue;
	void *context;
	bool blocked, ending;
	unsigned nthreads;
	_Atomic uint32_t event;
	char name[32];
	ngu__port_thread thread[THREADS];
};

static MALLOC_DEFINE(M_TASKQUEUE, "taskqueue", "taskqueue(9)");

void (*ngu__way_out_core)(void);

static void
tell(struct taskqueue *tq)
{
	(void)NGU_FADD_AR(&tq->event, 1u);
	ngu__port_wake(&tq->event, INT32_MAX);
}

struct taskqueue *
ngu_k_taskqueue_create(const char *name, int mflags, taskqueue_enqueue_fn enqueue, void *context)
{
	struct taskqueue *tq = malloc(sizeof(*tq), M_TASKQUEUE, (mflags & (M_NOWAIT | M_WAITOK)) | M_ZERO);

	if (tq == NULL)
		return (NULL);
	if (ngu__mtx_init(&tq->lock) != 0) {
		free(tq, M_TASKQUEUE);
		return (NULL);
	}
	STAILQ_INIT(&tq->tasks);
	tq->enqueue = enqueue;
	tq->context = context;
	(void)ngu__strlcpy(tq->name, name, sizeof(tq->name));
	return (tq);
}

/* What `me` ran is over. With the lock held. */
static void
rests(struct taskqueue *tq, struct busy *me)
{
	struct busy **link;

	for (link = &tq->busy; *link != NULL && *link != me; link = &(*link)->next)
		;
	if (*link != NULL)
		*link = me->next;
	tell(tq);
}

/* Run what is there. Called and left with the lock held. */
static void
run(struct taskqueue *tq, struct busy *me)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu_graph *before = ts->graph;
	task_fn_t *fn;
	void *context;
	struct task *t;
	int pending;

	me->ts = ts;
	while (!tq->blocked && (t = STAILQ_FIRST(&tq->tasks)) != NULL) {
		STAILQ_REMOVE_HEAD(&tq->tasks, ta_link);
		pending = t->ta_pending;
		t->ta_pending = 0;
		fn = t->ta_func;
		context = t->ta_context;
		me->t = t;
		me->fn = fn;
		me->seq = t->ta_seq;
		me->next = tq->busy;
		tq->busy = me;
		ts->graph = t->ta_graph;
		ngu__mtx_unlock(&tq->lock);
		ts->errand++;
		ngu__method_enter(ts);
		fn(context, pending);
		ngu__method_leave(ts);
		ts->errand--;
		ts->graph = before;
		ngu__mtx_lock(&tq->lock);
		rests(tq, me);
	}
}

/* With the lock held: sleep until something changed. */
static void
sleep_on(struct taskqueue *tq)
{
	uint32_t seen = NGU_LD_RLX(&tq->event);

	ngu__mtx_unlock(&tq->lock);
	ngu__port_wait(&tq->event, seen, -1);
	ngu__mtx_lock(&tq->lock);
}

/* The task runs now, in another thread's hands or in this one's. */
static bool
runs(const struct taskqueue *tq, const struct task *t)
{
	for (const struct busy *b = tq->busy; b != NULL; b = b->next)
		if (b->t == t)
			return (true);
	return (false);
}

struct server {
	struct taskqueue *tq;
	struct busy me;
};

static void
serve(void *arg)
{
	struct server *s = arg;
	struct taskqueue *tq = s->tq;

	ngu__self()->errand = NGU_ERRAND_ALWAYS; /* between tasks, too: a shutdown may wait for the next, or free the queue */
	ngu__mtx_lock(&tq->lock);
	for (;;) {
		run(tq, &s->me);
		if (tq->ending && STAILQ_EMPTY(&tq->tasks))
			break;
		sleep_on(tq);
	}
	ngu__mtx_unlock(&tq->lock);
}

static void *
server(void *arg)
{
	struct server s = { .tq = arg };

	while (!ngu__port_attempt(serve, &s)) { /* a task panicked, and the handler wants to go on */
		ngu__recover_core(NULL);
		ngu__mtx_lock(&s.tq->lock);
		rests(s.tq, &s.me);
		ngu__mtx_unlock(&s.tq->lock);
	}
	return (NULL);
}

int
ngu_k_taskqueue_start_threads(struct taskqueue **where, int count, int pri, const char *fmt, ...)
{
	struct taskqueue *tq = *where;
	char name[32];
	va_list ap;
	int error = 0;

	if (count <= 0)
		return (EINVAL);
	va_start(ap, fmt);
	(void)ngu__port_vsnprintf(name, sizeof(name), fmt, ap);
	va_end(ap);
	for (; count > 0 && tq->nthreads < THREADS; count--) {
		if ((error = ngu__port_thread_start(&tq->thread[tq->nthreads], name, server, tq)) != 0)
			break;
		tq->nthreads++;
	}
	return (tq->nthreads != 0 ? 0 : error);
}

void
ngu_k_taskqueue_thread_enqueue(void *context)
{
	tell(*(struct taskqueue **)context);
}

int
ngu_k_taskqueue_enqueue(struct taskqueue *tq, struct task *t)
{
	struct task *p, *before = NULL;

	ngu__mtx_lock(&tq->lock);
	if (tq->ending) {
		ngu__mtx_unlock(&tq->lock);
		return (EPIPE);
	}
	if (t->ta_pending != 0) {
		if (t->ta_pending != UINT16_MAX)
			t->ta_pending++;
		ngu__mtx_unlock(&tq->lock);
		return (0);
	}
	t->ta_pending = 1;
	t->ta_graph = ngu__self()->graph;
	STAILQ_FOREACH(p, &tq->tasks, ta_link) {
		if (p->ta_priority < t->ta_priority)
			break;
		before = p;
	}
	if (before == NULL)
		STAILQ_INSERT_HEAD(&tq->tasks, t, ta_link);
	else
		STAILQ_INSERT_AFTER(&tq->tasks, before, t, ta_link);
	t->ta_seq = ++tq->seq;
	ngu__mtx_unlock(&tq->lock);
	if (tq->enqueue != NULL)
		tq->enqueue(tq->context);
	return (0);
}

void
ngu_k_taskqueue_run(struct taskqueue *tq)
{
	struct busy me;

	ngu__mtx_lock(&tq->lock);
	run(tq, &me);
	ngu__mtx_unlock(&tq->lock);
	ngu__way_out_core(); /* a shutdown, perhaps, that frees the queue */
}

int
ngu_k_taskqueue_cancel(struct taskqueue *tq, struct task *t, u_int *pending)
{
	int error;

	ngu__mtx_lock(&tq->lock);
	if (pending != NULL)
		*pending = t->ta_pending;
	if (t->ta_pending != 0) {
		STAILQ_REMOVE(&tq->tasks, t, task, ta_link);
		t->ta_pending = 0;
		tell(tq);
	}
	error = runs(tq, t) ? EBUSY : 0;
	ngu__mtx_unlock(&tq->lock);
	return (error);
}

/* What would wait for itself; t: only for that task, if there are other threads. Under the lock, which is given up before the end. */
static void
not_from_inside(struct taskqueue *tq, const struct task *t, const char *what)
{
	char name[128];

	for (const struct busy *b = tq->busy; b != NULL; b = b->next)
		if (b->ts == ngu__self() && (t == NULL || b->t == t || tq->nthreads < 2)) {
			ngu__port_symbol(name, sizeof(name), (void *)((uintptr_t)b->fn + 1)); /* as if it had been called from there */
			ngu__mtx_unlock(&tq->lock);
			panic("%s: waits for who calls it, task %s of queue %s. If that is to end a node: ng_rmnode_self(), NGM_SHUTDOWN; not ngu_shutdown()", what,
			    name, tq->name);
		}
}

void
ngu_k_taskqueue_drain(struct taskqueue *tq, struct task *t)
{
	if (NGU_STRICT_ON(NGU_STRICT_SLEEP))
		ngu__strict_sleep("taskqueue_drain");
	ngu__mtx_lock(&tq->lock);
	not_from_inside(tq, t, "taskqueue_drain");
	while (t->ta_pending != 0 || runs(tq, t))
		sleep_on(tq);
	ngu__mtx_unlock(&tq->lock);
}

/* One of the first `until` that were put on the list is there or runs. */
static bool
some_left(const struct taskqueue *tq, uint64_t until)
{
	const struct task *t;

	STAILQ_FOREACH(t, &tq->tasks, ta_link)
		if (t->ta_seq <= until)
			return (true);
	for (const struct busy *b = tq->busy; b != NULL; b = b->next)
		if (b->seq <= until)
			return (true);
	return (false);
}

void
ngu_k_taskqueue_drain_all(struct taskqueue *tq)
{
	uint64_t until;

	if (NGU_STRICT_ON(NGU_STRICT_SLEEP))
		ngu__strict_sleep("taskqueue_drain_all");
	ngu__mtx_lock(&tq->lock);
	not_from_inside(tq, NULL, "taskqueue_drain_all");
	for (until = tq->seq; some_left(tq, until);)
		sleep_on(tq);
	ngu__mtx_unlock(&tq->lock);
}

void
ngu_k_taskqueue_block(struct taskqueue *tq)
{
	ngu__mtx_lock(&tq->lock);
	tq->blocked = true;
	ngu__mtx_unlock(&tq->lock);
}

void
ngu_k_taskqueue_unblock(struct taskqueue *tq)
{
	ngu__mtx_lock(&tq->lock);
	tq->blocked = false;
	tell(tq);
	ngu__mtx_unlock(&tq->lock);
}

void
ngu_k_taskqueue_free(struct taskqueue *tq)
{
	ngu__mtx_lock(&tq->lock);
	not_from_inside(tq, NULL, "taskqueue_free");
	tq->ending = true;
	tq->blocked = false;
	tell(tq);
	ngu__mtx_unlock(&tq->lock);
	for (unsigned i = 0; i < tq->nthreads; i++)
		ngu__port_thread_join(&tq->thread[i]);
	ngu_k_taskqueue_run(tq); /* it had no threads */
	ngu__mtx_destroy(&tq->lock);
	free(tq, M_TASKQUEUE);
}

/* ---- later ---- */

static void
due(void *arg)
{
	struct timeout_task *tt = arg;

	(void)ngu_k_taskqueue_enqueue(tt->q, &tt->t);
}

int
ngu_k_taskqueue_enqueue_timeout(struct taskqueue *tq, struct timeout_task *tt, int n)
{
	int was;

	ngu__mtx_lock(&tq->lock);
	was = tt->t.ta_pending + callout_pending(&tt->c);
	ngu__mtx_unlock(&tq->lock);
	tt->q = tq;
	if (n == 0)
		(void)ngu_k_taskqueue_enqueue(tq, &tt->t);
	else if (n > 0 || was == 0)
		(void)callout_reset(&tt->c, n > 0 ? n : -n, due, tt);
	return (was);
}

int
ngu_k_taskqueue_cancel_timeout(struct taskqueue *tq, struct timeout_task *tt, u_int *pending)
{
	u_int timer = callout_stop(&tt->c) > 0;
	int error = ngu_k_taskqueue_cancel(tq, &tt->t, pending);

	if (pending != NULL)
		*pending += timer;
	return (error);
}

void
ngu_k_taskqueue_drain_timeout(struct taskqueue *tq, struct timeout_task *tt)
{
	(void)callout_drain(&tt->c);
	ngu_k_taskqueue_drain(tq, &tt->t);
}

/* ---- the process's own ---- */

struct taskqueue *
ngu_k_taskqueue_thread(void)
{
	static ngu__spin lock;
	static _Atomic(struct taskqueue *) own;
	static struct taskqueue *kept; /* for its threads' wake-up */
	struct taskqueue *tq;

	/* ORDER taskqueue-own (load side): acquire. */
	if (NGU_LIKELY((tq = NGU_LD_ACQ(&own)) != NULL))
		return (tq);
	ngu__spin_lock(&lock);
	if ((tq = NGU_LD_ACQ(&own)) == NULL) {
		if ((tq = ngu_k_taskqueue_create("thread", M_NOWAIT, ngu_k_taskqueue_thread_enqueue, &kept)) == NULL)
			panic("taskqueue_thread: no memory");
		kept = tq;
		if (ngu_k_taskqueue_start_threads(&kept, 1, 0, "thread taskq") != 0)
			panic("taskqueue_thread: no thread");
		/* ORDER taskqueue-own (store side): the queue is complete. */
		NGU_ST_REL(&own, tq);
	}
	ngu__spin_unlock(&lock);
	return (tq);
}
