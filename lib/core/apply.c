/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * apply.c - what happens to an item that has reached its node: data that had to wait, messages, functions; and ng_snd_item(),
 * which decides whether it gets there now or by the queue (sections 10.3, 10.4, 10.6).
 *
 * Blocks     a message that needs the node alone waits for open sections, outside sections only. Inside one it tries, or queues.
 * Invariants
 *   A1  An item that carries a completion record completes exactly once for each time it was sent.
 *   A2  While a queued item is applied, the thread works for the item's sender (ts->flow): order stays the sender's.
 */
#include "core/core.h"
#include "core/gate.h"

/* ---- applying: section 10.4 ---- */

void
ngu__apply_done(struct ng_apply_info *apply, int error, u_int depth)
{
	if (error != 0 && depth <= 1)
		apply->error = error;
	/* ORDER apply-done (store side): each part releases what it did. */
	if (NGU_FSUB_AR(&apply->refs, 1) == 1)
		/* ORDER apply-done (load side): the same operation; the last part has acquired it all before it tells the sender. */
		apply->apply(apply->context, apply->error);
}

static int
apply_msg(struct ngu__thread *ts, node_p node, item_p item, hook_p hook)
{
	ng_rcvmsg_t *rcvmsg;

	ngu__count(ts, node->nd_graph->ctr_queue, 0, 1);
	if (hook != NULL && NG_HOOK_NOT_VALID(hook))
		hook = NULL;
	if (NG_NODE_NOT_VALID(node) || NGI_MSG(item) == NULL) {
		NG_FREE_ITEM(item);
		return (EINVAL);
	}
	if (NGI_MSG(item)->header.typecookie == NGM_GENERIC_COOKIE && !(NGI_MSG(item)->header.flags & NGF_RESP))
		return (ngu__generic(node, item, hook));
	rcvmsg = hook != NULL ? NGU_LD_ACQ(&hook->hk_rcvmsg) : NULL;
	if (rcvmsg == NULL)
		rcvmsg = node->nd_type->rcvmsg;
	if (rcvmsg == NULL) {
		NG_FREE_ITEM(item);
		return (0);
	}
	return (rcvmsg(node, item, hook));
}

/*
 * Apply an item to the node whose gate the caller holds (writer: W; reader: R, a slot, or the server's D). Takes the item and
 * its references, keeps its promises to whoever waits for completion. `owed`: of a server, who pays later for packets that nobody
 * waits for; NULL: at once. The caller keeps the node alive.
 */
int
ngu__apply(struct ngu__thread *ts, node_p node, item_p item, bool writer, struct ngu__owed *owed)
{
	hook_p hook = ngu_k_item_take_hook(item);
	node_p ref = (item->el_flags & NGU_QF_NODEREF) ? ngu_k_item_take_node(item) : NULL;
	struct ng_apply_info *apply = item->apply, *outer = ts->apply;
	struct ngu__thread *owner = item->el_owner, *flow = ts->flow;
	struct ngu__collect *c = NGU_COLLECT_HOLD(ts);
	unsigned long type = item->el_flags & NGQF_TYPE;
	bool core = (item->el_flags & NGU_QF_CORE) != 0;
	u_int depth = item->depth;
	uint32_t d = NGU_LD_RLX(&ts->depth);
	int error = 0;

	item->el_dest = NULL;
	item->el_owner = NULL;
	if (type != NGQF_DATA || apply != NULL)
		owed = NULL;
	if (writer)
		NGU_STRICT_W(node, type == NGQF_MESG ? "rcvmsg" : type == NGQF_DATA ? "rcvdata" : "a function item");
	ts->apply = apply;
	if (owner != NULL)
		ts->flow = owner;
	NGU_INSIDE(node, writer);
	if (type == NGQF_DATA) {
		item->el_flags &= NGQF_TYPE | NGQF_RW | NGU_QF_BURST | NGU_QF_TRACE | NGU_QF_HOW;
		item->el_flags |= NGQF_READER;
		if (hook == NULL || NG_HOOK_NOT_VALID(hook)) {
			ngu__refuse(ts, hook, item, NGU_R_HOOK_GONE);
			error = EIO;
		} else if (NG_NODE_NOT_VALID(node)) {
			ngu__refuse(ts, hook, item, NGU_R_NODE_GONE);
			error = EIO;
		} else {
			item->apply = NULL; /* it was for this delivery, not for where the method may send the packet next */
			/*
			 * What frames below have put off is theirs: it belongs to another sender, perhaps, and ours must have
			 * been delivered when its count of waiting items goes down (A2).
			 */
			item_p head = ts->defer_head, tail = ts->defer_tail;
			bool deferring = ts->deferring;
			struct ngu__handed handed = ts->handed;

			ts->defer_head = NULL;
			ts->handed.to = NULL;
			ts->deferring = false;
			ngu__data_enter(ts, node->nd_graph);
			if (d < NGU_SLOTS) {
				NGU_ST_REL(&ts->slot[d], node);
				NGU_ST_REL(&ts->depth, d + 1);
			}
			error = ngu__hand_over(ts, hook, item);
			ngu__slot_leave(&ts->depth, d);
			if (ts->defer_head != NULL)
				ngu__drain_slow(ts);
			ngu__data_leave(ts);
			ts->defer_head = head;
			ts->defer_tail = tail;
			ts->deferring = deferring;
			ts->handed = handed;
		}
	} else if (type == NGQF_MESG) {
		if (!writer)
			NGU_STRICT_R(node, "rcvmsg");
		ngu__method_enter(ts);
		if (NGU_PLANT(R6))
			ngu__section_enter(ts);
		error = apply_msg(ts, node, item, hook);
		if (NGU_PLANT(R6))
			ngu__section_leave(ts);
		ngu__method_leave(ts);
	} else {
		ngu__count(ts, node->nd_graph->ctr_queue, 0, 1);
		ngu__method_enter(ts);
		if (!core && (NG_NODE_NOT_VALID(node) || (hook != NULL && NG_HOOK_NOT_VALID(hook)))) {
			NG_FREE_ITEM(item);
			error = EINVAL;
		} else if (type == NGQF_FN) {
			NGI_FN(item)(node, hook, NGI_ARG1(item), NGI_ARG2(item));
			NG_FREE_ITEM(item);
		} else {
			error = NGI_FN2(item)(node, item, hook);
		}
		ngu__method_leave(ts);
	}
	NGU_INSIDE(node, writer);
	ts->apply = outer;
	ts->flow = flow;
	if (hook != NULL && owed != NULL)
		ngu__owed_hook(owed, hook);
	else if (hook != NULL)
		NG_HOOK_UNREF(hook);
	/* ORDER pend-done (store side): release; pairs with the acquire loads of the count in ngu__hop_slow() and send_control(). */
	if (owner != NULL && owed != NULL)
		ngu__owed_pend(owed, owner);
	else if (owner != NULL)
		(void)NGU_FSUB_AR(ngu__pend(owner, node), 1u);
	if (apply != NULL)
		ngu__apply_done(apply, error, depth);
	if (ref != NULL)
		NG_NODE_UNREF(ref);
	NGU_COLLECT_BACK(ts, c);
	return (error);
}

/* ---- ng_snd_item: messages, functions, and data that was addressed by hand ---- */

/*
 * On an errand: the message ends a node, perhaps the errand's own, whose shutdown waits for it. Somebody else does that. But whoever waits for the
 * message's end would then wait for ever, unseen; at once, the shutdown itself finds what is wrong.
 */
static bool
ends_errand(const struct ngu__thread *ts, const struct ng_item *item)
{
	return (ngu__item_ends(item) && (item->apply == NULL || ts->calls == NULL || item->apply->context != ts->calls));
}

static int
send_control(struct ngu__thread *ts, node_p node, item_p item, bool writer, bool queue, int flags)
{
	struct ng_apply_info *apply = item->apply;
	struct ngu__wframe f;
	node_p other = NULL;
	uint32_t d = NGU_LD_RLX(&ts->depth), w;
	bool taken;
	int error;

	if (NGU_UNLIKELY(ts->errand != 0) && ends_errand(ts, item))
		queue = true;
	/* Who asks for less than the writer turn must find the node open; who has something waiting there goes behind it. */
	if (ts->w_other == node && (queue || !writer || NGU_LD_ACQ(ngu__pend(ngu__flow(ts), node)) != 0))
		ngu__w_other_done(ts);
	if (ts->msgdepth >= NGU_MSG_DEPTH)
		queue = true;
	if (!queue) {
		if (writer) {
			if ((item->el_flags & NGQF_TYPE) == NGQF_MESG && ts->nest == 0 && ts->w_other == NULL &&
			    NGI_MSG(item)->header.typecookie == NGM_GENERIC_COOKIE)
				other = ngu__generic_other(node, NGI_MSG(item));
			if ((taken = ngu__w_take2(ts, node, other, &f))) {
				item->depth++;
				ts->msgdepth++;
				error = ngu__apply(ts, node, item, true, NULL);
				ts->msgdepth--;
				if (other != NULL && ts->w_other == other)
					ngu__w_other_done(ts);
				ngu__w_release(ts, node, &f);
			}
			if (other != NULL)
				NG_NODE_UNREF(other);
			if (ts->nready != 0)
				ngu__hooks_unready(ts);
			if (taken)
				return (error);
		} else if (ts->nest != 0) {
			if (d < NGU_SLOTS) {
				ngu__slot_show(ts->slot, &ts->depth, d, node);
				w = NGU_LD_SC(&node->nd_gate);
				if ((w & (NGU_G_W | NGU_G_QW | NGU_G_EXCL)) == 0 &&
				    !((w & (NGU_G_Q | NGU_G_D)) != 0 && NGU_LD_ACQ(ngu__pend(ngu__flow(ts), node)) != 0)) {
					item->depth++;
					ts->msgdepth++;
					error = ngu__apply(ts, node, item, false, NULL);
					ts->msgdepth--;
					ngu__slot_leave(&ts->depth, d);
					return (error);
				}
				ngu__slot_leave(&ts->depth, d);
			}
		} else if (ngu__r_take(ts, node)) {
			f.node = node;
			f.drainer = false;
			f.prev = ts->rframes;
			ts->rframes = &f;
			item->depth++;
			ts->msgdepth++;
			error = ngu__apply(ts, node, item, false, NULL);
			ts->msgdepth--;
			ts->rframes = f.prev;
			ngu__r_release(ts, node);
			return (error);
		}
	}
	if (ts->errand != 0)
		ts->sent = queue ? NULL : item;
	if ((error = ngu__enqueue(ts, node, item, writer, false)) != 0) {
		u_int depth = item->depth;

		item->apply = NULL;
		if ((item->el_flags & NGQF_TYPE) == NGQF_DATA) {
			ngu__refuse_error(ts, item->el_hook, item, NGU_R_QUEUE_FULL, error);
		} else {
			ngu__count(ts, node->nd_graph->ctr_gate, 0, 1);
			ngu__why(ts, node->nd_graph, node, item->el_hook, NGU_R_QUEUE_FULL, NGU_WHY_MESSAGE, error, 1,
			    (item->el_flags & NGQF_TYPE) == NGQF_MESG ? NGI_MSG(item)->header.arglen : 0);
			NG_FREE_ITEM(item);
		}
		if (apply != NULL)
			ngu__apply_done(apply, error, depth);
		return (error);
	}
	return ((flags & NG_PROGRESS) ? EINPROGRESS : 0);
}

/* No packet, no message, or a message that says it has more arguments than there is memory behind it. */
static bool
malformed(item_p item)
{
	switch (item->el_flags & NGQF_TYPE) {
	case NGQF_DATA:
		return (!(item->el_flags & NGU_QF_BURST) && NGI_M(item) == NULL);
	case NGQF_MESG:
		return (NGI_MSG(item) == NULL || !ngu__msg_whole(NGI_MSG(item)));
	default:
		return (false);
	}
}

int
ng_snd_item(item_p item, int flags)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu__collect *c;
	struct ngu__ctx ctx;
	node_p node;
	hook_p hook;
	bool writer, queue;
	int error, hf;

	if (!NGU_STRICT_ITEM_OK(item, "ng_snd_item"))
		return (EINVAL);
	node = item->el_dest;
	hook = item->el_hook;
	if (item->apply != NULL)
		(void)NGU_FADD_RLX(&item->apply->refs, 1);
	if (node == NULL && (item->el_flags & NGU_QF_REPLY) && NGI_MSG(item) != NULL) { /* for a waiting caller, not a node */
		struct ng_apply_info *apply = item->apply;
		struct ng_mesg *msg;
		ng_ID_t dest = NGI_RETADDR(item);

		NGI_GET_MSG(item, msg);
		NG_FREE_ITEM(item);
		error = ngu__reply_put(ts->graph, dest, msg);
		if (apply != NULL)
			ngu__apply_done(apply, error, 0);
		return (error);
	}
	if (node == NULL || malformed(item)) {
		struct ng_apply_info *apply = item->apply;

		item->apply = NULL;
		if ((item->el_flags & NGQF_TYPE) == NGQF_DATA) {
			ts->graph != NULL ? ngu__count(ts, ts->graph->ctr_flow, 1, 0) : (void)0;
			ngu__refuse(ts, NULL, item, NGU_R_NO_MBUF);
		} else {
			NG_FREE_ITEM(item);
		}
		if (apply != NULL)
			ngu__apply_done(apply, EINVAL, 0);
		return (EINVAL);
	}
	if (node->nd_graph == NULL) { /* the dead node */
		struct ng_apply_info *apply = item->apply;

		item->apply = NULL;
		NG_FREE_ITEM(item);
		if (apply != NULL)
			ngu__apply_done(apply, EINVAL, 0);
		return (EINVAL);
	}
	c = NGU_COLLECT_HOLD(ts);
	ngu__enter(ts, &ctx, node->nd_graph);
	if (NGU_UNLIKELY(ts->trace != 0) && (item->el_flags & NGQF_TYPE) == NGQF_DATA)
		ngu__trace_mark(ts, item);
	if ((item->el_flags & NGQF_TYPE) == NGQF_DATA && (item->apply == NULL || hook == NULL)) {
		ngu__data_enter(ts, ts->graph);
		error = ngu__send_addressed(ts, item, flags);
		ngu__data_leave(ts);
	} else {
		/* Messages, functions, and packets whose sender wants to know when they have been received. */
		if ((item->el_flags & NGQF_TYPE) == NGQF_DATA)
			ngu__count(ts, node->nd_graph->ctr_flow, item->el_count, 0);
		hf = hook != NULL ? NGU_LD_ACQ(&hook->hk_flags) : 0;
		writer = (item->el_flags & NGQF_RW) == NGQF_WRITER || (NGU_LD_ACQ(&node->nd_gate) & NGU_G_EXCL) != 0 ||
		    (hf & HK_FORCE_WRITER) != 0;
		queue = (flags & NG_QUEUE) || (hf & HK_QUEUE) || ((hf & HK_TO_INBOUND) && ts->outbound != 0) ||
		    (ts->msgdepth >= NGU_MSG_DEPTH / 2 &&
			((hf & HK_HI_STACK) || (NGU_LD_RLX(&node->nd_flags) & NGF_HI_STACK)));
		NG_NODE_REF(node); /* the item's own reference goes with the item, the gate is given back after that */
		error = send_control(ts, node, item, writer, queue, flags);
		NG_NODE_UNREF(node);
	}
	ngu__leave(ts, &ctx);
	NGU_COLLECT_BACK(ts, c);
	return (error);
}

void
ngu_k_outbound(int delta)
{
	ngu__self()->outbound += delta;
}

/* NET_EPOCH_ENTER and _EXIT of kernel sources: a section like a packet's, so that sends inside it are at home. */
void
ngu__epoch_enter(void)
{
	struct ngu__thread *ts = ngu__self();

	ts->level++;
	ngu__data_enter(ts, ts->graph);
	if (NGU_STRICT_ON(NGU_STRICT_SLEEP))
		ngu__strict_section(ts);
}

void
ngu__epoch_leave(void)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu__ctx ctx = { ts->graph };

	ngu__data_leave(ts);
	ngu__leave(ts, &ctx);
}
