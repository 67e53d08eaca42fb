/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue.c - what waits in front of a node: who may put it there, who is told, what is to be removed. serve.c says who applies it, turn.c who is inside.
 *
 * Senders    that find a node closed push and promise to look again on their way out. The opener serves only when nobody promised.
 * Order      per sender: a thread whose items wait in a node's queue does not overtake them (ts->pend, counted down when the
 *            item's method has returned, not when it was taken out). Between senders: none, unless a writer waits: then all queue.
 * Blocks     nothing.
 */
#include "core/queue.h"

/* ---- promises ---- */

/*
 * Something was put into the node's queue (or its doom list): set the bits and make sure somebody comes. The caller keeps the
 * node alive. Where this thread itself has W, its release is enough.
 */
static void
announce(struct ngu__thread *ts, struct ng_node *node, uint32_t bits, bool pinned)
{
	uint32_t old;

	if (pinned) {
		if (node->nd_graph->nworkers != 0 && ngu__gate_announced(&node->nd_gate, bits)) /* the busy case writes nothing */
			return;
		(void)ngu__gate_pushed(&node->nd_gate, bits, false, &old);
		if ((old & (NGU_G_W | NGU_G_D)) == 0)
			ngu__wq_push(ts, node);
		return;
	}
	if (ngu__promised(ts, node) || ngu__w_held(ts, node)) {
		(void)ngu__gate_pushed(&node->nd_gate, bits, false, &old);
		return;
	}
	if (ts->nmine < NGU_MINE && ngu__gate_pushed(&node->nd_gate, bits, true, &old)) {
		NG_NODE_REF(node);
		ts->mine[ts->nmine++] = node;
		return;
	}
	/* Too many promises: leave it to the worklist. */
	(void)ngu__gate_pushed(&node->nd_gate, bits, false, &old);
	if ((old & (NGU_G_W | NGU_G_D)) == 0)
		ngu__wq_push(ts, node);
}

/* What can always wait: the core's own stages, and the message that ends a node. */
static bool
exempt(const struct ng_item *item)
{
	return ((item->el_flags & NGU_QF_CORE) != 0 || ngu__item_ends(item));
}

/*
 * Room in the graph's queues and in the node's. Messages find room in a node's queue when packets do not any more: a flood
 * must not keep control out. The graph's limits stand for the original's stock of items: ENOMEM, as there (section 16). The node's is a
 * queue with a length: ENOBUFS.
 */
static int
charge(struct ngu_graph *g, struct ng_node *node, struct ng_item *item)
{
	enum ngu_limit which = (item->el_flags & NGQF_TYPE) == NGQF_DATA ? NGU_L_DATA : NGU_L_ITEMS;
	_Atomic uint32_t *now = which == NGU_L_DATA ? &g->queued_data : &g->queued_items;
	uint32_t n = NGU_FADD_RLX(now, 1u) + 1, q = NGU_FADD_RLX(&node->nd_state, NGU_NS_Q1) / NGU_NS_Q1 + 1;
	uint32_t most = NGU_LD_RLX(&g->max[NGU_L_NODEQUEUE]) << (which == NGU_L_ITEMS);
	bool over = n > NGU_LD_RLX(&g->max[which]);

	if ((over || q > most) && !exempt(item)) {
		(void)NGU_FSUB_RLX(now, 1u);
		(void)NGU_FSUB_RLX(&node->nd_state, NGU_NS_Q1);
		ngu__limit_refused(g, over ? which : NGU_L_NODEQUEUE);
		return (over ? ENOMEM : ENOBUFS);
	}
	ngu__limit_high(&g->high[which], n);
	ngu__limit_high(&g->high[NGU_L_NODEQUEUE], q);
	item->el_flags |= NGU_QF_CHARGED;
	return (0);
}

int
ngu__enqueue(struct ngu__thread *ts, struct ng_node *node, struct ng_item *item, bool writer, bool pinned)
{
	struct ngu_graph *g = node->nd_graph;
	struct ngu__thread *owner = ngu__flow(ts);
	int error;

	if ((error = charge(g, node, item)) != 0) {
		ts->full = 1;
		return (error);
	}
	if ((item->el_flags & NGQF_TYPE) == NGQF_DATA)
		ngu__count(ts, g->ctr_queue, item->el_count, 0);
	item->depth = 1;
	if (writer)
		NGI_SET_WRITER(item);
	else
		NGI_SET_READER(item);
	(void)NGU_FADD_RLX(ngu__pend(owner, node), 1u);
	item->el_owner = owner;
	if ((item->el_flags & (NGQF_TYPE | NGU_QF_NODEREF)) == NGQF_DATA) {
		/* enqueue_data(): no reference, so the word is free until gather(). It says where the taker's walk will be in a while. */
		item->el_dest = (struct ng_node *)(void *)ts->pushed[3];
		ts->pushed[3] = ts->pushed[2];
		ts->pushed[2] = ts->pushed[1];
		ts->pushed[1] = ts->pushed[0];
		ts->pushed[0] = item;
	} else {
		item->el_dest = node;
	}
	NGU_STRICT_ITEM_QUEUED(item, true);
	if (ts->nest == 0)
		NG_NODE_REF(node); /* the item may be applied and gone before announce() is through */
	ngu__itemq_push(&node->nd_qhead, (uintptr_t)item);
	announce(ts, node, NGU_G_Q | (writer ? NGU_G_QW : 0), pinned);
	if (ts->nest == 0)
		NG_NODE_UNREF(node);
	return (0);
}

bool
ngu__w_nothing_before(const struct ng_node *node)
{
	return (NGU_LD_ACQ(&node->nd_qhead) == 0 && node->nd_qlocal == 0);
}

void
ngu__queue_gather(struct ng_node *node)
{
	uintptr_t last = 0, e = ngu__itemq_take(&node->nd_qhead, &last), w;
	unsigned n = 0, writers = 0;

	if (e == 0)
		return;
	for (w = e; w != 0; w = *ngu__itemq_link(w)) {
		writers += ngu__ent_writer(w);
		if (!NGU_IS_DOOM(w) && (NGU_ENT_ITEM(w)->el_flags & (NGQF_TYPE | NGU_QF_NODEREF)) == NGQF_DATA) {
			NGU_ENT_ITEM(w)->el_dest = node;
			if (n++ < NGU_AHEAD)
				ngu__ent_ask_for(w);
		}
	}
	node->nd_qwriters += writers;
	if (node->nd_qlocal == 0)
		node->nd_qlocal = e;
	else
		*ngu__itemq_link(node->nd_qtail) = e;
	node->nd_qtail = last;
}

/* With W: removals now, while we are alone anyway, unless something came before them and still waits, or this thread is on an errand. */
void
ngu__queue_dooms(struct ngu__thread *ts, struct ng_node *node)
{
	if (NGU_UNLIKELY(ts->errand != 0))
		return; /* whoever asked for them has set Q, or will */
	ngu__queue_gather(node);
	while (ngu__has_doom(node) || (node->nd_qlocal != 0 && NGU_IS_DOOM(node->nd_qlocal))) {
		ngu__doom_run(ts, node);
		ngu__queue_gather(node);
	}
}

/* ---- death needs no allocation ---- */

/* With W: the removal at the head of the queue. */
static void
hook_run(struct ng_node *node)
{
	struct ng_hook *h = NGU_ENT_HOOK(ngu__queue_pop(node));
	struct ng_apply_info *apply = h->hk_doom.apply;

	(void)NGU_FSUB_AR(&node->nd_graph->queued_dooms, 1u);
	ng_destroy_hook(h);
	ngu__hook_retire(h); /* a doomed hook is retired here and nowhere else: the doom link shares the retire link */
	if (apply != NULL)
		ngu__apply_done(apply, 0, 0);
	NG_HOOK_UNREF(h);
}

/*
 * What is to go waits in the node: hook, or, NULL, the node itself. On an errand a hook that is alone there goes at once, and nothing else: a node's
 * shutdown may wait for the errand's end.
 */
void
ngu__doom_kick(struct ngu__thread *ts, struct ng_node *node, struct ng_hook *hook)
{
	struct ngu__wframe f;
	struct ngu__ctx ctx;

	ngu__enter(ts, &ctx, node->nd_graph);
	NG_NODE_REF(node);
	if ((ts->errand != 0 && hook == NULL) || ngu__w_held(ts, node) || !ngu__w_take(ts, node, &f)) {
		announce(ts, node, NGU_G_Q | NGU_G_QW, ts->errand != 0);
	} else {
		if (ts->errand == 0) {
			ngu__doom_run(ts, node);
		} else if (ngu__queue_gather(node), !ngu__has_doom(node) && node->nd_qlocal == ((uintptr_t)hook | NGU_DOOM)) {
			hook_run(node);
		} else {
			announce(ts, node, NGU_G_Q | NGU_G_QW, true);
		}
		ngu__w_release(ts, node, &f);
	}
	NG_NODE_UNREF(node);
	ngu__leave(ts, &ctx);
}

/* Called with W: the removals at the head of the queue, then the node itself if it is to go. */
void
ngu__doom_run(struct ngu__thread *ts, struct ng_node *node)
{
	struct ngu_graph *g = node->nd_graph;

	ngu__queue_gather(node);
	while (node->nd_qlocal != 0 && NGU_IS_DOOM(node->nd_qlocal))
		hook_run(node);
	if (ngu__has_doom(node)) {
		(void)NGU_FAND_SC(&node->nd_state, ~NGU_NS_DOOMED);
		(void)NGU_FSUB_AR(&g->queued_dooms, 1u);
		ng_rmnode(node);
	}
	(void)ts;
}

/* Put a hook into its node's queue for removal, once. The completion of the message being served waits for it. */
void
ngu__hook_doom(struct ngu__thread *ts, struct ng_hook *hook)
{
	struct ng_node *node = NGU_LD_ACQ(&hook->hk_node);
	uint32_t st = NGU_FOR_SC(&hook->hk_state, NGU_HS_DOOMED);

	if ((st & (NGU_HS_DOOMED | NGU_HS_DEAD)) != 0)
		return;
	NG_HOOK_REF(hook);
	hook->hk_doom.apply = ts->apply;
	if (ts->apply != NULL)
		(void)NGU_FADD_RLX(&ts->apply->refs, 1);
	NG_NODE_REF(node);
	(void)NGU_FADD_RLX(&node->nd_graph->queued_dooms, 1u);
	ngu__itemq_push(&node->nd_qhead, (uintptr_t)hook | NGU_DOOM);
	ngu__doom_kick(ts, node, hook);
	NG_NODE_UNREF(node);
}

static void
flushed(struct ngu__thread *ts, struct ng_node *node, struct ng_item *item)
{
	struct ngu_graph *g = node->nd_graph;

	ngu__count(ts, g->ctr_reason[NGU_R_FLUSHED], item->el_count, 0);
	ngu__why(ts, g, node, item->el_hook, NGU_R_FLUSHED, NGU_WHY_PACKET, -1, item->el_count, ngu__item_bytes(item));
}

void
ngu__queue_flush(struct ngu__thread *ts, struct ng_node *node)
{
	struct ngu_graph *g = node->nd_graph;
	struct ng_item *item;

	for (;;) {
		struct ng_apply_info *apply;
		struct ngu__thread *owner;
		u_int depth;

		ngu__doom_run(ts, node);
		if (node->nd_qlocal == 0)
			break;
		item = NGU_ENT_ITEM(ngu__queue_pop(node));
		apply = item->apply;
		owner = item->el_owner;
		depth = item->depth;
		ngu__queue_discharge(g, node, item, NULL);
		if (item->el_flags & NGU_QF_CORE) { /* the core's own stages look for themselves */
			(void)ngu__apply(ts, node, item, true, NULL);
			continue;
		}
		if ((item->el_flags & NGQF_TYPE) == NGQF_DATA)
			flushed(ts, node, item);
		item->el_owner = NULL;
		item->apply = NULL;
		NG_FREE_ITEM(item);
		if (owner != NULL)
			(void)NGU_FSUB_AR(ngu__pend(owner, node), 1u);
		if (apply != NULL)
			ngu__apply_done(apply, ENOENT, depth);
	}
}
