/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recover.c - a thread that left a node's method by longjmp() is made usable again. For test frameworks, and for workers whose method
 * panicked where the program's handler lets them go on.
 *
 * The frames of the calls it was in are gone with the stack, so nothing of them is read: what the thread's record says is
 * undone, and a gate of the graph that stays closed although nobody works in the graph is taken to be this thread's.
 * Whoever waits for the lost method is told (EINTR). References, items and locks that only the lost frames knew of stay taken.
 */
#include "core/core.h"
#include "core/gate.h"
#include "kern/kern.h"
#include "kern/timers.h"

#include <ng/test.h>

#define AT_REST_NS 100000000 /* how long a gate may stay closed before it counts as left behind */

static void
put_right(struct ngu__thread *ts, struct ng_node *node)
{
	const uint32_t held = NGU_G_W | NGU_G_D | NGU_G_R;
	struct ng_hook *hook;
	int64_t end = ngu__port_mono_ns() + AT_REST_NS;
	unsigned round = 0;

	while ((NGU_LD_ACQ(&node->nd_gate) & held) != 0) {
		if (node->nd_graph->nworkers != 0 && ngu__port_mono_ns() < end) {
			ngu__port_backoff(&round);
			continue;
		}
		(void)NGU_FAND_SC(&node->nd_gate, ~held);
		if (NGU_LD_SC(&node->nd_gate) & NGU_G_Q)
			ngu__wq_push(ts, node);
	}
	/* A hook whose removal was cut short: to be removed again, from the beginning. */
	LIST_FOREACH(hook, &node->nd_hooks, hk_hooks)
		(void)NGU_FAND_SC(&hook->hk_state, ~NGU_HS_DEAD);
}

void
ngu_thread_recover(struct ngu_graph *g)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu__ctx ctx;
	struct ng_node *node;
	struct ng_item *item;
	uint32_t id;

	while ((item = ts->defer_head) != NULL) {
		ts->defer_head = item->el_next.stqe_next;
		NG_FREE_ITEM(item); /* not counted as attempted: it never got anywhere */
	}
	ts->defer_tail = NULL;
	while ((item = ts->local_head) != NULL) {
		ts->local_head = item->el_next.stqe_next;
		ts->attempted -= item->el_count;
		NG_FREE_ITEM(item);
	}
	ts->local_tail = NULL;
	ts->nlocal = 0;
	/* It may have been on its way out, delivering what lay aside. The section that is open then closes the backend's. */
	ts->rcl_kept = false;
	if ((NGU_LD_RLX(&ts->aside) & 1) != 0)
		NGU_ST_REL(&ts->aside, NGU_LD_RLX(&ts->aside) + 1);
	ts->trace = 0;
	ngu__owed_recover(ts);
	ngu__also(ts, NULL);
	ngu__calls_recover(ts);
	if (ts->hasty != NULL)
		(void)NGU_FSUB_RLX(&ts->hasty->hasty, 1u);
	ts->hasty = NULL;
	ngu__thread_forget(ts);
	ngu__strict_forget(ts);
	ngu__panic_forget();
	if (ts->nest != 0) {
		ts->nest = 1;
		ngu__data_leave(ts);
	}
	ts->graph = ts->home;
	if (g == NULL)
		return;
	for (id = 0;;) {
		ngu__look_enter(ts);
		while ((node = ngu__id_next(&g->ids, &id)) != NULL && !ngu__node_tryref(node))
			;
		ngu__look_leave(ts);
		if (node == NULL)
			break;
		put_right(ts, node);
		NG_NODE_UNREF(node);
	}
	ngu__mtx_lock(&g->timers->lock);
	if (g->nworkers == 0 || (ts->worker != NULL && ts->worker->index == 0)) {
		g->timers->running = NULL;
		(void)NGU_FADD_AR(&g->timers->done, 1u); /* who drains it need not wait any more */
	}
	ngu__mtx_unlock(&g->timers->lock);
	ngu__port_wake(&g->timers->done, INT32_MAX);
	if (NGU_LD_ACQ(&g->mover) == ts)
		NGU_ST_REL(&g->mover, NULL);
	ngu__enter(ts, &ctx, g); /* keeps promises on its way out */
	ngu__leave(ts, &ctx);
}
