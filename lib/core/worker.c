/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * worker.c - threads that serve queues. A node goes to the worker its index names, so one worker serves it and order holds;
 * each node gets a share in turn, so one that feeds itself starves nobody. Without workers the one list is served by whoever
 * leaves libng, and by ngu_poll().
 */
#include "core/core.h"
#include "core/gate.h"
#include "kern/timers.h"

#include <ng/test.h>

#define SHARE 256

static struct ngu__wq *
wq_of(struct ng_node *node)
{
	struct ngu_graph *g = node->nd_graph;

	return (&g->wq[g->nworkers > 1 ? node->nd_ID % g->nworkers : 0]);
}

/* The one list of a graph without workers, or a worker's own. */
struct ngu__wq *
ngu__wq_own(struct ngu__thread *ts, struct ngu_graph *g)
{
	if (g->nworkers == 0)
		return (&g->wq[0]);
	return (ts->worker != NULL && ts->worker->graph == g ? &g->wq[ts->worker->index] : NULL);
}

/* Put a node on its worklist, once. The list holds a reference. */
void
ngu__wq_push(struct ngu__thread *ts, struct ng_node *node)
{
	struct ngu__wq *wq = wq_of(node);

	if (node->nd_graph->nworkers == 0 && ts->level > 1) /* the way out looks at its own graph only */
		ngu__also(ts, node->nd_graph);
	if (NGU_FOR_SC(&node->nd_gate, NGU_G_L) & NGU_G_L)
		return;
	NG_NODE_REF(node);
	node->nd_work = NULL;
	ngu__spin_lock(&wq->lock);
	if (wq->head == NULL)
		wq->head = node;
	else
		wq->tail->nd_work = node;
	wq->tail = node;
	(void)NGU_FADD_AR(&wq->len, 1u);
	ngu__spin_unlock(&wq->lock);
	/* ORDER worker-sleep (waker): event changes, then asleep is read; pairs with worker_main(). */
	(void)NGU_FADD_SC(&wq->event, 1u);
	if (NGU_LD_SC(&wq->asleep) != 0)
		ngu__port_wake(&wq->event, 1);
}

static void
worker_main(void *arg)
{
	struct ngu__worker *w = arg;
	struct ngu_graph *g = w->graph;
	struct ngu__wq *wq = &g->wq[w->index];
	struct ngu__thread *ts = ngu__self();
	struct ngu__ctx ctx;
	int64_t next, wait;
	uint32_t ev;
	unsigned n, idle = 0;

	if (g->pin)
		(void)ngu__port_thread_pin(w->index % ngu__port_ncpu());
	ts->graph = g;
	ts->worker = w;
	for (;;) {
		ev = NGU_LD_SC(&wq->event);
		n = 0;
		/* Looking is all that a worker without work does: senders write this line. */
		if (NGU_LD_ACQ(&wq->len) != 0 || (w->index == 0 && !g->fake_clock && ngu__timers_next(g->timers) <= ngu__graph_now(g))) {
			NGU_ST_REL(&wq->busy, 1u);
			ngu__enter(ts, &ctx, g);
			n = ngu__wq_serve(ts, wq, SHARE);
			if (w->index == 0 && !g->fake_clock)
				n += ngu__timers_run(g->timers, ngu__graph_now(g));
			ngu__leave(ts, &ctx);
			NGU_ST_REL(&wq->busy, 0u);
		}
		if (n != 0) {
			idle = 0;
			continue;
		}
		if (NGU_LD_ACQ(&g->stopping))
			break;
		if (++idle < NGU_SPINS(64)) {
			NGU_PAUSE();
			continue;
		}
		wait = -1;
		if (w->index == 0 && !g->fake_clock && (next = ngu__timers_next(g->timers)) != INT64_MAX) {
			wait = next - ngu__graph_now(g);
			if (wait <= 0)
				continue;
		}
		/* ORDER worker-sleep (sleeper): asleep is set, then event and len are read; pairs with ngu__wq_push(). */
		NGU_ST_SC(&wq->asleep, 1u);
		if (NGU_LD_SC(&wq->event) == ev && NGU_LD_SC(&wq->len) == 0)
			ngu__port_wait(&wq->event, ev, wait);
		NGU_ST_SC(&wq->asleep, 0u);
	}
	ts->graph = NULL;
	ts->worker = NULL;
}

static void *
worker_thread(void *arg)
{
	const struct ngu__worker *w = arg;

	while (!ngu__port_attempt(worker_main, arg)) { /* a method panicked, and the handler wants to go on */
		ngu_thread_recover(w->graph);
		NGU_ST_REL(&w->graph->wq[w->index].busy, 0u);
	}
	return (NULL);
}

int
ngu__workers_start(struct ngu_graph *g, unsigned n)
{
	unsigned i;
	int error;

	g->nworkers = n;
	for (i = 0; i < n; i++) {
		g->worker[i].graph = g;
		g->worker[i].index = i;
		if ((error = ngu__port_thread_start(&g->worker[i].thread, "ng_queue", worker_thread, &g->worker[i])) != 0) {
			ngu__workers_stop(g);
			return (error);
		}
		g->worker[i].started = true;
	}
	return (0);
}

/* Workers finish what is on their lists, then end. */
void
ngu__workers_stop(struct ngu_graph *g)
{
	unsigned i;

	NGU_ST_SC(&g->stopping, 1u);
	for (i = 0; i < g->nworkers; i++) {
		if (!g->worker[i].started)
			continue;
		(void)NGU_FADD_SC(&g->wq[i].event, 1u);
		ngu__port_wake(&g->wq[i].event, 1);
		ngu__port_thread_join(&g->worker[i].thread);
		g->worker[i].started = false;
	}
	NGU_ST_SC(&g->stopping, 0u);
}
