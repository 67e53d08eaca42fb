/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * deliver.c - a packet's way from hook to peer to method, and what happens to items that are not packets.
 *
 * Readers    hop(): inside one read section from injection to the last node. Per hop: load the peer once, show the node in this
 *            thread's slot, test one combination of flag words, bump this thread's counters, call the method. No lock, no
 *            reference, no write to a line another thread writes.
 * Depth      deliveries nest up to graph->depth_limit, then they are put off; the frame that reached the limit runs them in
 *            a loop, first in first out. So the stack is bounded and a packet's order along its path is as if nested.
 * Invariants
 *   D1  An item on the direct path holds no references: the section keeps hook and node.
 *   D2  Slots 0..depth-1 name every node this thread is inside of as a reader.
 *   D3  Each attempted delivery is counted once as delivered, refused, dropped or queued.
 *   D4  A thread that follows a packet (ts->trace) has ts->limit 0: it comes to no frame of hop() or hop_burst(), nor drains, until it does not.
 * Differs from the original: no topology lock, no per-hop references, no reader count; a loop instead of the stack test.
 */
#include "core/core.h"
#include "core/gate.h"

#define PLAIN_DATA ((unsigned long)(NGQF_DATA | NGQF_READER))

static int fwd_slow(struct ngu__thread *ts, item_p item, hook_p hook, int flags);

/* n packets of `len` bytes did not get through: into the books. */
void
ngu__refuse_len(struct ngu__thread *ts, hook_p hook, uint32_t n, size_t len, enum ngu_reason why, int error)
{
	struct ngu_graph *g = ts->graph;

	if (hook != NULL && hook != &ng_deadhook)
		(void)NGU_FADD_RLX(&hook->hk_drops, n);
	if (g != NULL) {
		ngu__count(ts, g->ctr_reason[why], n, 0);
		ngu__why(ts, g, NULL, hook, why, NGU_WHY_PACKET, error, n, len);
	}
}

/* Free an item that did not get through, and say why in the books. */
void
ngu__refuse_error(struct ngu__thread *ts, hook_p hook, item_p item, enum ngu_reason why, int error)
{
	uint32_t n = 1;
	size_t len = 0;

	if (item != NULL) {
		n = item->el_count;
		len = ngu__item_bytes(item);
		if (ngu__traced(item))
			ngu__trace_event(ts, item, hook, NGU_T_REFUSED, why, error);
		NG_FREE_ITEM(item);
	}
	ngu__refuse_len(ts, hook, n, len, why, error);
}

void
ngu__refuse(struct ngu__thread *ts, hook_p hook, item_p item, enum ngu_reason why)
{
	ngu__refuse_error(ts, hook, item, why, -1);
}

int
ngu__rcvdata_none(hook_p hook, item_p item)
{
	struct ngu__thread *ts = ngu__self();

	ts->delivered -= item->el_count; /* counted by our caller; nobody received it */
	ngu__refuse(ts, hook, item, NGU_R_NO_METHOD);
	return (0);
}

#if NGU_RCL_HOP_LOCKED
/*
 * The baseline's hop: the original's locked operations, in its order. Returns false when the node is busy (the item is to be
 * queued, as there).
 */
bool
ngu__locked_enter(hook_p peer, node_p node)
{
	ngu__topo_rlock();
	(void)NGU_FADD_AR(&peer->hk_refs, 1);
	(void)NGU_FADD_AR(&node->nd_refs, 1);
	ngu__topo_runlock();
	return (ngu__gate_try_r(&node->nd_gate, false));
}

void
ngu__locked_leave(struct ngu__thread *ts, hook_p peer, node_p node, bool entered)
{
	NG_HOOK_UNREF(peer);
	if (entered)
		ngu__r_release(ts, node);
	NG_NODE_UNREF(node);
}
#endif

#if !NGU_RCL_HOP_LOCKED
/*
 * One packet, or one burst, into a force-writer node for which nothing waits: gate.h, "Short turn". No references: the section keeps node
 * and hook. The caller shows the node in slot d. false: it has to go the long way, nothing was done.
 */
NGU_INLINE bool
excl_ready(const struct ngu__thread *ts, hook_p peer, node_p node, item_p item, bool burst, uint32_t d)
{
	return (NGU_LD_RLX(&node->nd_gate) == NGU_G_EXCL && (burst || (item->el_flags == PLAIN_DATA && item->body.da_m != NULL)) && d < ts->limit &&
	    (NGU_LD_ACQ(&node->nd_state) & NGU_NS_EXCL_OK) != 0 && (NGU_LD_RLX(&node->nd_flags) & NGF_HI_STACK) == 0 &&
	    (NGU_LD_ACQ(&peer->hk_flags) & ~HK_FORCE_WRITER) == 0 && NGU_LD_RLX(&node->nd_graph->timing) == 0 &&
	    ngu__gate_try_excl(&node->nd_gate));
}

/* After excl_ready(): the method, and out again. hook == NULL: a put-off delivery. vec == NULL: the item, else n packets. */
NGU_INLINE int
excl_run(struct ngu__thread *ts, hook_p hook, hook_p peer, node_p node, item_p item, struct mbuf **vec, uint32_t n, size_t bytes, uint32_t d)
{
	struct ngu__wframe f = { .node = node, .prev = ts->wframes, .taken = true };
	struct ngu__ctr *ctr = NGU_LD_RLX(&ts->ctr); /* there: ts->limit is not 0 */
	int error;

	ts->wframes = &f;
	NGU_STRICT_TURN(node);
	NGU_INSIDE(node, true);
	if (NGU_UNLIKELY(NGU_LD_ACQ(&peer->hk_flags) & HK_INVALID)) { /* destroyed before we had the node */
		ngu__slot_leave(&ts->depth, d);
		ngu__w_release(ts, node, &f);
		ts->attempted += n;
		if (vec != NULL)
			ngu__burst_refuse(ts, hook, vec, n, NGU_R_NO_PEER);
		else
			ngu__refuse(ts, hook == NULL ? peer : hook, item, hook == NULL ? NGU_R_HOOK_GONE : NGU_R_NO_PEER);
		return (ENETDOWN);
	}
	NGU_BUMP(&ctr[peer->hk_idx].n, n);
	NGU_BUMP(&ctr[peer->hk_idx].bytes, vec != NULL ? bytes : (uint64_t)item->body.da_m->m_pkthdr.len);
	ts->through += n;
	error = vec != NULL ? ngu__rcvburst_of(peer)(peer, vec, n, bytes) : NGU_LD_ACQ(&peer->hk_rcvdata)(peer, item);
	NGU_INSIDE(node, true);
	ngu__slot_leave(&ts->depth, d);
	if (NGU_UNLIKELY(!ngu__gate_drop_excl(&node->nd_gate))) {
		ngu__w_release(ts, node, &f);
		return (error);
	}
	NGU_INVARIANT(ts->wframes == &f, "G1");
	ts->wframes = f.prev;
	NGU_BUMP(&NGU_LD_RLX(&ts->ctr)[node->nd_graph->ctr_gate].n, 1);
	return (error);
}

bool
ngu__excl_burst(struct ngu__thread *ts, hook_p hook, struct mbuf **vec, uint32_t n, size_t bytes, int *error)
{
	hook_p peer = NGU_LD_SC(&hook->hk_peer); /* ORDER peer-publish (load side): as in hop() */
	node_p node = NGU_LD_ACQ(&peer->hk_node);
	uint32_t d = NGU_LD_RLX(&ts->depth);

	if (NGU_LD_RLX(&node->nd_gate) != NGU_G_EXCL || d >= ts->limit)
		return (false);
	ngu__slot_show(ts->slot, &ts->depth, d, node);
	if ((NGU_LD_ACQ(&hook->hk_flags) & NGU_HK_SENDER) != 0 || !excl_ready(ts, peer, node, NULL, true, d)) {
		ngu__slot_leave(&ts->depth, d);
		return (false);
	}
	*error = excl_run(ts, hook, peer, node, NULL, vec, n, bytes, d);
	if (ts->defer_head != NULL)
		(void)ngu__hop_drain(ts, 0);
	return (true);
}
#endif

/*
 * A hop that is not a plain walk into the next node. Like the two functions that come to the same end by other ways, it is the last
 * thing its caller does, so that hop() keeps two registers over the method call and no more.
 */
static NGU_NOINLINE int
hop_aside(struct ngu__thread *ts, hook_p hook, hook_p peer, node_p node, item_p item, uint32_t d)
{
#if !NGU_RCL_HOP_LOCKED
	if ((NGU_LD_ACQ(&hook->hk_flags) & NGU_HK_SENDER) == 0 && excl_ready(ts, peer, node, item, false, d)) {
		int error = excl_run(ts, hook, peer, node, item, NULL, 1, 0, d);

		return (NGU_UNLIKELY(ts->defer_head != NULL) ? ngu__hop_drain(ts, error) : error);
	}
#endif
	ngu__slot_leave(&ts->depth, d);
	ts->attempted++;
	return (ngu__hop_slow(ts, hook, peer, node, item, NG_NOFLAGS));
}

/* No section, no current graph, no hook, at the depth limit, or not a plain packet. */
static NGU_NOINLINE int
fwd_other(struct ngu__thread *ts, item_p item, hook_p hook)
{
	hook_p peer;

	if (NGU_UNLIKELY(ts->collect != NULL))
		return (ngu__collect(ts, item, hook));
	/* No current graph: an epoch around a thread's own sends. The books of the hook's graph, then. */
	if (ts->nest == 0 || ts->graph == NULL || hook == NULL || item->el_flags != PLAIN_DATA)
		return (fwd_slow(ts, item, hook, NG_NOFLAGS));
	peer = NGU_LD_SC(&hook->hk_peer); /* ORDER peer-publish (load side): as in hop() */
	if (ts->limit != 0 && item->body.da_m != NULL &&
	    ((NGU_LD_ACQ(&hook->hk_flags) & NGU_HK_SENDER) | NGU_LD_ACQ(&peer->hk_flags)) == 0)
		return (ngu__defer(ts, peer, item)); /* its node's gate will be looked at when it is its turn */
	ts->attempted++;
	return (ngu__hop_slow(ts, hook, peer, NGU_LD_ACQ(&peer->hk_node), item, NG_NOFLAGS));
}

/*
 * Deliver one plain data item out of `hook`. The item is consumed. ts->limit is zero outside of sections, so that one comparison says
 * whether all is as it should be: it also says that the thread has counters of its own.
 */
NGU_INLINE int
hop(struct ngu__thread *ts, item_p item, hook_p hook)
{
	uint32_t busy, d = NGU_LD_RLX(&ts->depth);
	struct ngu__ctr *ctr;
	struct mbuf *m;
	hook_p peer;
	node_p node;
	int error;

	if (NGU_UNLIKELY(d >= ts->limit) || NGU_UNLIKELY(hook == NULL) || NGU_UNLIKELY(item->el_flags != PLAIN_DATA))
		return (fwd_other(ts, item, hook));
	/*
	 * ORDER peer-publish (load side): the hook behind it is complete. Loaded once (R1). Sequentially consistent, so that
	 * ngu__sections_wait() knows who may still have the old one (see there).
	 */
	peer = NGU_LD_SC(&hook->hk_peer);
	node = NGU_LD_ACQ(&peer->hk_node);
	m = item->body.da_m;
	ngu__slot_show(ts->slot, &ts->depth, d, node);
	/*
	 * ORDER gate-open (reader side): the gate first, then the hook's flags. A section that opened after the closer looked is
	 * held off by nothing but the gate; flags read before it could be those from before the hook was destroyed.
	 */
	busy = NGU_LD_SC(&node->nd_gate) & NGU_G_BUSY;
	busy |= (uint32_t)(NGU_LD_ACQ(&hook->hk_flags) & NGU_HK_SENDER) | (uint32_t)NGU_LD_ACQ(&peer->hk_flags);
	if (NGU_UNLIKELY(busy != 0) || NGU_UNLIKELY(m == NULL))
		return (hop_aside(ts, hook, peer, node, item, d));
	ctr = NGU_LD_RLX(&ts->ctr) + peer->hk_idx;
#if NGU_RCL_HOP_LOCKED
	if (!ngu__locked_enter(peer, node)) {
		ngu__locked_leave(ts, peer, node, false);
		return (hop_aside(ts, hook, peer, node, item, d));
	}
#endif
	NGU_BUMP(&ctr->n, 1);
	NGU_BUMP(&ctr->bytes, (uint64_t)m->m_pkthdr.len);
	ts->through++;
	NGU_INSIDE(node, false);
	error = NGU_LD_ACQ(&peer->hk_rcvdata)(NGU_PLANT(R1) ? NGU_LD_SC(&hook->hk_peer) : peer, item);
	NGU_INSIDE(node, false);
	ngu__slot_leave(&ts->depth, d);
#if NGU_RCL_HOP_LOCKED
	ngu__locked_leave(ts, peer, node, true);
#endif
	if (NGU_UNLIKELY(ts->defer_head != NULL))
		return (ngu__hop_drain(ts, error));
	return (error);
}

int
ngu__deliver(struct ngu__thread *ts, hook_p peer, item_p item)
{
	struct mbuf **vec;
	size_t bytes;
	uint32_t n;
	int error;

	if (NGU_LIKELY(!(item->el_flags & NGU_QF_BURST))) {
		ngu__count(ts, peer->hk_idx, 1, (uint64_t)item->body.da_m->m_pkthdr.len);
		ts->delivered++;
		return (NGU_LD_ACQ(&peer->hk_rcvdata)(peer, item));
	}
	vec = item->body.burst.vec;
	bytes = item->body.burst.bytes;
	n = item->el_count;
	for (uint32_t i = 0; i < n && i < NGU_AHEAD; i++)
		ngu__ask_for(vec[i]);
	ngu__item_free_raw(ts, item);
	ngu__count(ts, peer->hk_idx, n, bytes);
	ts->delivered += n;
	error = ngu__rcvburst_of(peer)(peer, vec, n, bytes);
	ngu__burst_free(ts, vec);
	return (error);
}

/* Call the method for what the item carries. The node is held by gate or slot. */
int
ngu__hand_over(struct ngu__thread *ts, hook_p peer, item_p item)
{
	if (NGU_UNLIKELY((NGU_LD_ACQ(&peer->hk_flags) & (NGU_HK_IN | NGU_HK_TRACE)) != 0) || NGU_UNLIKELY(ts->trace != 0) ||
	    NGU_UNLIKELY(ngu__traced(item)))
		return (ngu__hand_over_watched(ts, peer, item));
	return (ngu__deliver(ts, peer, item));
}

/* Something was put off by a frame above: this one runs it, unless one below already does. */
NGU_NOINLINE int
ngu__hop_drain(struct ngu__thread *ts, int error)
{
	if (!ts->deferring)
		(void)ngu__drain(ts);
	return (error);
}

/* What was put off cannot simply walk in, or there was too much of it in this section. */
void
ngu__drain_aside(struct ngu__thread *ts, hook_p peer, node_p node, item_p item)
{
	if (ts->budget < 0)
		ts->limit = 0; /* frames below that go on sending come here, too */
	ts->attempted += item->el_count;
	(void)ngu__hop_slow(ts, NULL, peer, node, item, ts->budget < 0 ? NG_QUEUE : NG_NOFLAGS);
}

/* A burst that was put off; or a packet that is followed, which goes the slow way. Not inline, so that other packets' way is what it was. */
static NGU_NOINLINE void
drain_other(struct ngu__thread *ts, hook_p peer, node_p node, item_p item, uint32_t d)
{
	struct mbuf **vec = item->body.burst.vec;
	size_t bytes = item->body.burst.bytes;
	uint32_t n = item->el_count;

	if (NGU_UNLIKELY(ngu__traced(item))) {
		ngu__slot_leave(&ts->depth, d); /* the caller does so again, and no harm is done */
		ngu__drain_aside(ts, peer, node, item);
		return;
	}
	ngu__item_free_raw(ts, item);
	ngu__count(ts, peer->hk_idx, n, bytes);
	ts->through += n;
	(void)ngu__burst_call(ts, peer, node, vec, n, bytes);
	if (ts->handed.to != NULL)
		ngu__burst_next(ts, d);
	ngu__burst_free(ts, vec);
}

/* Run what was put off; the caller's frame stands at the limit. */
NGU_NOINLINE int
ngu__drain(struct ngu__thread *ts)
{
	uint32_t d = NGU_LD_RLX(&ts->depth), busy;
	item_p item;
	hook_p peer;
	node_p node;

	ts->deferring = true;
	while ((item = ts->defer_head) != NULL) {
		ts->defer_head = item->el_next.stqe_next;
		peer = item->el_hook;
		item->el_hook = NULL;
		node = NGU_LD_ACQ(&peer->hk_node);
		ngu__slot_show(ts->slot, &ts->depth, d, node);
		busy = NGU_LD_SC(&node->nd_gate) & NGU_G_BUSY; /* before the flags, as in hop() */
		busy |= (uint32_t)(NGU_LD_ACQ(&peer->hk_flags) & ~HK_HI_STACK) | ts->nlocal;
		if (NGU_UNLIKELY(--ts->budget < 0) || NGU_UNLIKELY(busy != 0)) {
#if !NGU_RCL_HOP_LOCKED
			if (busy == NGU_G_EXCL && ts->budget >= 0 && excl_ready(ts, peer, node, item, false, 0)) {
				(void)excl_run(ts, NULL, peer, node, item, NULL, 1, 0, d);
				continue;
			}
#endif
			ngu__slot_leave(&ts->depth, d);
			ngu__drain_aside(ts, peer, node, item);
			continue;
		}
#if NGU_RCL_HOP_LOCKED
		if (!ngu__locked_enter(peer, node)) {
			ngu__slot_leave(&ts->depth, d);
			ngu__locked_leave(ts, peer, node, false);
			ts->attempted += item->el_count;
			(void)ngu__hop_slow(ts, NULL, peer, node, item, NG_NOFLAGS);
			continue;
		}
#endif
		if (NGU_LIKELY(item->el_flags == PLAIN_DATA)) {
			NGU_INSIDE(node, false);
			ngu__count(ts, peer->hk_idx, 1, (uint64_t)item->body.da_m->m_pkthdr.len);
			ts->through++;
			(void)NGU_LD_ACQ(&peer->hk_rcvdata)(peer, item);
			NGU_INSIDE(node, false);
		} else {
			drain_other(ts, peer, node, item, d);
		}
		ngu__slot_leave(&ts->depth, d);
#if NGU_RCL_HOP_LOCKED
		ngu__locked_leave(ts, peer, node, true);
#endif
	}
	ts->deferring = false;
	return (0);
}

/* The same where the thread may be following a packet: what was put off says for itself whether it is followed. */
void
ngu__drain_slow(struct ngu__thread *ts)
{
	uint32_t trace = ts->trace;

	if (NGU_UNLIKELY(trace != 0)) {
		ts->trace = 0;
		ts->limit = ngu__limit_now(ts);
	}
	(void)ngu__drain(ts);
	if (NGU_UNLIKELY(trace != 0)) {
		ts->trace = trace;
		ts->limit = 0;
	}
}

/*
 * Into the node's queue, with a reference of the hook. The node needs none: whoever is responsible for a queue that is not empty holds
 * one (a worklist, a promise, the holder of W or D), and until then our section keeps it.
 */
static int
enqueue_data(struct ngu__thread *ts, hook_p peer, node_p node, item_p item, bool writer, bool pinned, int flags)
{
	int error;

	NG_HOOK_REF(peer);
	if (NGU_UNLIKELY(ngu__traced(item)))
		ngu__trace_event(ts, item, peer, NGU_T_QUEUED, NGU_R_NONE, 0);
	item->el_hook = peer;
	item->el_flags |= NGU_QF_HOOKREF;
	if ((error = ngu__enqueue(ts, node, item, writer, pinned)) != 0) {
		ngu__refuse_error(ts, peer, item, NGU_R_QUEUE_FULL, error);
		return (error);
	}
	return ((flags & NG_PROGRESS) ? EINPROGRESS : 0);
}

/* Something of this thread's for that node lies aside. */
static bool
local_has(const struct ngu__thread *ts, node_p node)
{
	for (item_p i = ts->local_head; i != NULL; i = i->el_next.stqe_next)
		if (i->el_dest == node)
			return (true);
	return (false);
}

/* In a section: what lies aside goes into the queues of its nodes, in order. */
static void
aside_to_queues(struct ngu__thread *ts)
{
	struct ngu__thread *flow = ts->flow;
	item_p item, next;
	hook_p peer;
	node_p node;

	/* They are this thread's own, also when it works for another now: what it sends next must find them counted as its. */
	ts->flow = NULL;
	item = ts->local_head;
	ts->local_head = ts->local_tail = NULL;
	ts->nlocal = 0;
	ts->limit = ngu__limit_now(ts);
	for (; item != NULL; item = next) {
		next = item->el_next.stqe_next;
		peer = item->el_hook;
		node = item->el_dest;
		item->el_flags &= ~(unsigned long)(NGU_QF_NODEREF | NGU_QF_HOOKREF);
		(void)enqueue_data(ts, peer, node, item, false, false, NG_NOFLAGS);
		if (NGU_RCL_HOP_LOCKED) {
			NG_HOOK_UNREF(peer);
			NG_NODE_UNREF(node);
		}
	}
	NGU_ST_REL(&ts->aside, NGU_LD_RLX(&ts->aside) + 1);
	ts->flow = flow;
}

/*
 * The node is closed, which is seldom for longer than a microsecond. The thread lays the packet aside and, on its way out, waits
 * for a moment and delivers it itself (ngu__local_serve). Nobody else can serve it meanwhile, so this is only for a
 * thread that is about to leave libng and does nobody else's work; all else goes into the node's own queue.
 * From now on this section's hops look at what lies aside first (ts->limit), so that order holds.
 */
static int
closed(struct ngu__thread *ts, hook_p peer, node_p node, item_p item, int flags)
{
	if (ts->level != 1 || ts->flow != NULL || ts->serving || ts->nlocal >= NGU_LOCAL_MAX ||
	    NGU_LD_ACQ(ngu__pend(ts, node)) != 0) {
		if (ts->nlocal != 0)
			aside_to_queues(ts); /* what came first goes first */
		return (enqueue_data(ts, peer, node, item, false, false, flags));
	}
	if (NGU_UNLIKELY(ngu__traced(item)))
		ngu__trace_event(ts, item, peer, NGU_T_ASIDE, NGU_R_NONE, 0);
	item->el_dest = node;
	item->el_hook = peer;
	if (NGU_RCL_HOP_LOCKED) { /* elsewhere the backend's section stays open instead: see ngu__section_leave() */
		NG_NODE_REF(node);
		NG_HOOK_REF(peer);
		item->el_flags |= NGU_QF_NODEREF | NGU_QF_HOOKREF;
	}
	item->el_next.stqe_next = NULL;
	if (ts->local_head == NULL)
		ts->local_head = item;
	else
		ts->local_tail->el_next.stqe_next = item;
	ts->local_tail = item;
	if (ts->nlocal++ == 0) /* ORDER aside (store side): before the section closes; pairs with ngu__sections_wait() */
		NGU_ST_REL(&ts->aside, NGU_LD_RLX(&ts->aside) + 1);
	ts->limit = 0;
	return ((flags & NG_PROGRESS) ? EINPROGRESS : 0);
}

/* Deliver what this thread has laid aside, oldest first; what meets a closed gate again goes into that node's queue. */
void
ngu__local_serve(struct ngu__thread *ts)
{
	item_p item;
	hook_p peer;
	node_p node;

	ts->local_tail = NULL;
	ts->nlocal = 0;
	ngu__data_enter(ts, ts->graph);
	while ((item = ts->local_head) != NULL) { /* nothing is laid aside meanwhile; what is left can be found (recover.c) */
		ts->local_head = item->el_next.stqe_next;
		peer = item->el_hook;
		node = item->el_dest;
		item->el_hook = NULL;
		item->el_dest = NULL;
		item->el_flags &= ~(unsigned long)(NGU_QF_NODEREF | NGU_QF_HOOKREF);
		(void)ngu__hop_slow(ts, NULL, peer, node, item, NG_NOFLAGS);
		if (NGU_RCL_HOP_LOCKED) {
			NG_HOOK_UNREF(peer);
			NG_NODE_UNREF(node);
		}
	}
	ts->rcl_kept = false; /* the section that is open now closes the backend's */
	ngu__data_leave(ts);
	NGU_ST_REL(&ts->aside, NGU_LD_RLX(&ts->aside) + 1);
}

/*
 * Everything unusual about a delivery: refusals, queues, force-writer nodes, busy gates. hook == NULL: a put-off delivery,
 * whose sending end has been looked at. In a section; the item is consumed.
 */
NGU_NOINLINE int
ngu__hop_slow(struct ngu__thread *ts, hook_p hook, hook_p peer, node_p node, item_p item, int flags)
{
	struct ngu__wframe f;
	uint32_t pf, nf, w, d = NGU_LD_RLX(&ts->depth), limit = ts->budget < 0 ? 0 : NGU_DEPTH(ts);
	bool writer = false, bottom = hook == NULL;
	int error;

	if (NGU_UNLIKELY(ts->trace != 0) && hook != NULL)
		ngu__trace_mark(ts, item);
	if (hook != NULL && (NGU_LD_ACQ(&hook->hk_flags) & HK_INVALID)) {
		ngu__refuse(ts, hook, item, NGU_R_HOOK_INVALID);
		return (ENETDOWN);
	}
	pf = (uint32_t)NGU_LD_ACQ(&peer->hk_flags);
	if (pf & HK_INVALID) {
		/* The sender learns it; a put-off delivery's sender is long past it. */
		ngu__refuse(ts, bottom ? peer : hook, item, bottom ? NGU_R_HOOK_GONE : NGU_R_NO_PEER);
		return (ENETDOWN);
	}
	w = NGU_LD_SC(&node->nd_gate);
	if (w & NGU_G_DEAD) {
		ngu__refuse(ts, bottom ? peer : hook, item, bottom ? NGU_R_NODE_GONE : NGU_R_NODE_INVALID);
		return (ENETDOWN);
	}
	if (!(item->el_flags & NGU_QF_BURST) && item->body.da_m == NULL) {
		ngu__refuse(ts, hook, item, NGU_R_NO_MBUF);
		return (EINVAL);
	}
	if (hook != NULL && NGU_UNLIKELY((NGU_LD_ACQ(&hook->hk_flags) & NGU_HK_OUT) != 0))
		ngu__capture(node->nd_graph, hook, NGU_CAP_OUT, item);
	nf = (uint32_t)NGU_LD_RLX(&node->nd_flags);
	writer = (w & NGU_G_EXCL) != 0;
	if ((flags & NG_QUEUE) || (pf & HK_QUEUE) || ((pf & HK_TO_INBOUND) && ts->outbound != 0))
		return (enqueue_data(ts, peer, node, item, writer, true, flags));
	if (NGU_UNLIKELY(ts->nlocal != 0) && local_has(ts, node))
		return (closed(ts, peer, node, item, flags));
	if (!bottom && (d >= limit || (d > 0 && d >= limit / 2 && ((pf & HK_HI_STACK) || (nf & NGF_HI_STACK))))) {
		ts->attempted -= item->el_count;
		if (NGU_UNLIKELY(ngu__traced(item)))
			ngu__trace_event(ts, item, peer, NGU_T_PUT_OFF, NGU_R_NONE, 0);
		return (ngu__defer(ts, peer, item));
	}
	if (writer) {
		NG_NODE_REF(node);
		/* A turn that was taken with another node's says nothing of the queue. */
		if ((ts->w_other == node && NGU_LD_ACQ(ngu__pend(ngu__flow(ts), node)) != 0) || !ngu__w_take(ts, node, &f)) {
			error = enqueue_data(ts, peer, node, item, true, false, flags);
		} else if (NGU_LD_ACQ(&peer->hk_flags) & HK_INVALID) { /* destroyed before we had the node */
			ngu__w_release(ts, node, &f);
			ngu__refuse(ts, bottom ? peer : hook, item, bottom ? NGU_R_HOOK_GONE : NGU_R_NO_PEER);
			error = ENETDOWN;
		} else {
			NGU_ST_REL(&ts->slot[d], node);
			NGU_ST_REL(&ts->depth, d + 1);
			error = ngu__hand_over(ts, peer, item);
			ngu__slot_leave(&ts->depth, d);
			ngu__w_release(ts, node, &f);
		}
		NG_NODE_UNREF(node);
	} else {
		/*
		 * A reader. Closed, or a writer waits: behind it. Somebody serves the queue, or something waits: in by the
		 * usual door unless some of it is ours. Show the slot before looking again.
		 */
		ngu__slot_show(ts->slot, &ts->depth, d, node);
		w = NGU_LD_SC(&node->nd_gate);
		/* ORDER pend-done (load side): acquire; when the count is 0 the methods of our queued items have returned. */
		if ((w & (NGU_G_W | NGU_G_QW | NGU_G_EXCL | NGU_G_DEAD)) != 0 ||
		    ((w & (NGU_G_Q | NGU_G_D)) != 0 && NGU_LD_ACQ(ngu__pend(ngu__flow(ts), node)) != 0)) {
			ngu__slot_leave(&ts->depth, d);
			return (closed(ts, peer, node, item, flags));
		}
		if (NGU_LD_ACQ(&peer->hk_flags) & HK_INVALID) { /* destroyed since we looked, and the gate is open again */
			ngu__slot_leave(&ts->depth, d);
			ngu__refuse(ts, bottom ? peer : hook, item, bottom ? NGU_R_HOOK_GONE : NGU_R_NO_PEER);
			return (ENETDOWN);
		}
#if NGU_RCL_HOP_LOCKED
		if (!ngu__locked_enter(peer, node)) {
			ngu__slot_leave(&ts->depth, d);
			ngu__locked_leave(ts, peer, node, false);
			return (enqueue_data(ts, peer, node, item, false, false, flags));
		}
#endif
		error = ngu__hand_over(ts, peer, item);
		ngu__slot_leave(&ts->depth, d);
#if NGU_RCL_HOP_LOCKED
		ngu__locked_leave(ts, peer, node, true);
#endif
	}
	if (ts->defer_head != NULL && !ts->deferring)
		ngu__drain_slow(ts);
	return (error);
}

/* A data item with counted references, as the addressing functions leave it: they are dropped here, the section is open. */
int
ngu__send_addressed(struct ngu__thread *ts, item_p item, int flags)
{
	hook_p peer = ngu_k_item_take_hook(item);
	node_p node = ngu_k_item_take_node(item);
	struct ng_apply_info *apply = item->apply;
	int error;

	ts->attempted += item->el_count;
	if (peer == NULL) { /* addressed to a node as such */
		ngu__refuse(ts, NULL, item, NGU_R_NO_HOOK);
		error = EINVAL;
	} else if (NGU_LD_ACQ(&peer->hk_node) != node || NG_HOOK_NOT_VALID(peer)) { /* since it was addressed */
		ngu__refuse(ts, peer, item, NGU_R_HOOK_GONE);
		error = EIO;
	} else if (NG_NODE_NOT_VALID(node)) {
		ngu__refuse(ts, peer, item, NGU_R_NODE_GONE);
		error = EIO;
	} else {
		item->el_flags &= ~(unsigned long)(NGQF_QMODE);
		item->apply = NULL; /* data completes when it is handed over or queued */
		error = ngu__hop_slow(ts, NULL, peer, node, item, NGU_LD_RLX(&ts->depth) >= NGU_DEPTH(ts) ? flags | NG_QUEUE : flags);
	}
	if (apply != NULL)
		ngu__apply_done(apply, error, 1);
	if (peer != NULL)
		NG_HOOK_UNREF(peer);
	if (node != NULL)
		NG_NODE_UNREF(node);
	return (error);
}

static NGU_NOINLINE int
fwd_stranger(item_p item, hook_p hook)
{
	return (fwd_slow(ngu__self(), item, hook, NG_NOFLAGS));
}

/* NG_FWD_ITEM_HOOK without flags. */
int
ngu_k_fwd(item_p item, hook_p hook)
{
	struct ngu__thread *ts = ngu__self_tls;

	return (NGU_LIKELY(ts != NULL) ? hop(ts, item, hook) : fwd_stranger(item, hook));
}

/* The whole of NG_FWD_ITEM_HOOK_FLAGS. */
int
ngu_k_fwd_item(item_p item, hook_p hook, int flags)
{
	return (flags == NG_NOFLAGS ? ngu_k_fwd(item, hook) : fwd_slow(ngu__self(), item, hook, flags));
}

static NGU_NOINLINE int
fwd_slow(struct ngu__thread *ts, item_p item, hook_p hook, int flags)
{
	struct ngu__collect *c = NGU_COLLECT_HOLD(ts);
	struct ngu__ctx ctx;
	int error;

	if (!NGU_STRICT_ITEM_OK(item, "forwarding")) {
		NGU_COLLECT_BACK(ts, c);
		return (EINVAL);
	}
	ngu__hook_begin(ts, &ctx, hook);
	if ((item->el_flags & NGQF_TYPE) == NGQF_DATA) {
		NGI_CLR_NODE(item);
		NGI_CLR_HOOK(item);
		ts->attempted += item->el_count;
		if (hook == NULL) {
			ngu__refuse(ts, NULL, item, NGU_R_NO_HOOK);
			error = ENETDOWN;
		} else {
			hook_p peer = NGU_LD_SC(&hook->hk_peer); /* ORDER peer-publish (load side): as in hop() */

			item->el_flags &= NGQF_TYPE | NGQF_RW | NGU_QF_BURST;
			error = ngu__hop_slow(ts, hook, peer, NGU_LD_ACQ(&peer->hk_node), item, flags);
		}
		ngu__data_leave(ts);
	} else {
		error = ng_address_hook(NULL, item, hook, 0);
		ngu__data_leave(ts);
		if (error == 0)
			error = ng_snd_item(item, flags);
	}
	ngu__leave(ts, &ctx);
	if (ts->graph == NULL)
		ts->limit = 0;
	NGU_COLLECT_BACK(ts, c);
	return (error);
}

/* The first hop of a packet: one section for all of them. */
static NGU_NOINLINE int
send_first_other(struct ngu__thread *ts, item_p item, hook_p hook)
{
	struct ngu__ctx ctx;
	int error;

	ngu__hook_begin(ts, &ctx, hook);
	error = hop(ts, item, hook);
	ngu__hook_end(ts, &ctx);
	return (error);
}

/* The same for a thread that is at home in the graph and has nothing else to do: ngu__hook_begin() and ngu__hook_end() with all that cannot be left out. */
NGU_INLINE int
send_first(struct ngu__thread *ts, item_p item, hook_p hook)
{
	struct ngu_graph *g = ts->graph;
	int error;

	if (NGU_UNLIKELY(g == NULL) || NGU_UNLIKELY((ts->level | ts->nlocal) != 0))
		return (send_first_other(ts, item, hook));
	ngu__section_enter(ts);
	if (NGU_UNLIKELY(NGU_LD_ACQ(&hook->hk_node)->nd_graph != g)) {
		ngu__section_leave(ts); /* else the way out, which is at the end of that call, would be inside a section, and none */
		return (send_first_other(ts, item, hook));
	}
	ts->level = 1;
	ts->limit = ngu__limit(ts);
	ts->budget = NGU_HOP_BUDGET;
	error = hop(ts, item, hook);
	ngu__data_leave(ts);
	ngu__leave_last(ts, g);
	return (error);
}

/* The whole of NG_SEND_DATA_FLAGS. */
int
ngu_k_send_data(hook_p hook, struct mbuf *m, int flags)
{
	struct ngu__thread *ts = ngu__self();
	item_p item;

	if (NGU_UNLIKELY((item = ngu__item_alloc(ts)) == NULL)) {
		if (m != NULL)
			m_freem(m);
		if (ts->graph != NULL) {
			ts->attempted += ts->nest != 0;
			ngu__refuse(ts, hook, NULL, NGU_R_NO_ITEM);
			if (ts->nest == 0)
				ngu__count(ts, ts->graph->ctr_flow, 1, 0);
		}
		return (ENOMEM);
	}
	item->el_flags = PLAIN_DATA;
	item->el_count = 1;
	item->body.da_m = m;
	if (ts->nest != 0 || hook == NULL || flags != NG_NOFLAGS)
		return (ngu_k_fwd_item(item, hook, flags));
	return (send_first(ts, item, hook));
}
