/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * burst.c - many packets across a hook at once: one look at peer, flags and gate, one slot, one entry in the books for all of them.
 *
 * hop_burst()   is hop() for a vector. The vector is its sender's memory and goes down by pointer; nothing is allocated. What is not a plain
 *               walk into the next node becomes an item of n packets and takes ngu__hop_slow(), as a packet does.
 * A plain node  behind a burst gets the packets one by one (ngu__rcvburst_each()). What it sends meanwhile to one hook in a row is
 *               collected and leaves as a burst: when it sends to another hook, when it does anything else that others can see
 *               (message, function, removal), at NGU_BURST_MAX packets, and at the end.
 * Invariants
 *   B1  A packet is in one place: the vector of one frame, one item, or one collection.
 *   B2  Nothing is collected outside of ngu__rcvburst_each(), and only what is sent by the method it called: ts->collect is NULL while
 *       that thread delivers what was collected, applies an item or sends for somebody else.
 *   B3  A collected packet's hook is memory: the section that it was sent in is open until it has been delivered.
 *   B4  ts->hand is the array of the innermost burst method that runs below a frame of this file or ngu__drain(), or NULL. That array is memory
 *       until the frame returns, and the frame takes ts->handed, which lies there, before.
 */
#include "core/core.h"
#include "core/gate.h"

#define PLAIN_DATA ((unsigned long)(NGQF_DATA | NGQF_READER))
#define HOLE SIZE_MAX

static struct ngu__zone burst_zone = NGU_ZONE_INIT("bursts", NGU_Z_BURST, NGU_BURST_MAX * sizeof(struct mbuf *), 64);

_Atomic(ng_rcvdata_t *) ngu__receiver[NGU_RECEIVERS];
_Atomic(ngu_rcvburst_t *) ngu__rcvburst[NGU_RECEIVERS] = { ngu__rcvburst_each };
static ngu__spin receiver_lock;

struct ngu__collect {
	hook_p hook; /* where these go */
	uint32_t n;
	size_t bytes;
	int error;   /* the last one of those that were sent */
	item_p item; /* to be used again; or NULL */
	struct mbuf *vec[NGU_BURST_MAX];
};

/* ---- receivers: few, since functions are ---- */

/* The pair's number, or the free one where it belongs; 0: there is neither. */
static uint32_t
receiver_find(ng_rcvdata_t *rcvdata, ngu_rcvburst_t *rcvburst)
{
	uint32_t i = (uint32_t)((uintptr_t)rcvdata >> 4) * 2654435761u >> 16, n;
	ng_rcvdata_t *d;

	for (n = 0; n < NGU_RECEIVERS; n++, i++) {
		if ((i %= NGU_RECEIVERS) == 0)
			continue;
		/* ORDER receiver-publish (load side): acquire; pairs with the release store in ngu__receiver_number(). */
		if ((d = NGU_LD_ACQ(&ngu__receiver[i])) == NULL || (d == rcvdata && NGU_LD_RLX(&ngu__rcvburst[i]) == rcvburst))
			return (i);
	}
	return (0);
}

uint32_t
ngu__receiver_number(ng_rcvdata_t *rcvdata, ngu_rcvburst_t *rcvburst)
{
	uint32_t i = receiver_find(rcvdata, rcvburst);

	if (i != 0 && NGU_LD_RLX(&ngu__receiver[i]) == NULL) {
		ngu__spin_lock(&receiver_lock);
		if ((i = receiver_find(rcvdata, rcvburst)) != 0 && NGU_LD_RLX(&ngu__receiver[i]) == NULL) {
			NGU_ST_RLX(&ngu__rcvburst[i], rcvburst);
			/* ORDER receiver-publish (store side): the method beside it is there. */
			NGU_ST_REL(&ngu__receiver[i], rcvdata);
		}
		ngu__spin_unlock(&receiver_lock);
	}
	return (i * NGU_HS_REAL1);
}

/* The type's burst method stands for the type's rcvdata, not for another one. */
ngu_rcvburst_t *
ngu__rcvburst_for(const struct ng_type *tp, ng_rcvdata_t *rcvdata)
{
	ngu_rcvburst_t *burst = tp->rcvdata == rcvdata ? ngu__type_burst(tp) : NULL;

	return (burst != NULL ? burst : ngu__rcvburst_each);
}

void
ngu__hook_receiver(hook_p hook, uint32_t number)
{
	uint32_t st = NGU_LD_ACQ(&hook->hk_state);

	while ((st & NGU_HS_REAL) != number && !NGU_CAS_SC(&hook->hk_state, &st, (st & ~NGU_HS_REAL) | number))
		;
}

/* ---- hops ---- */

void
ngu__burst_free(struct ngu__thread *ts, struct mbuf **vec)
{
	ngu__zone_free_at(ts, NGU_Z_BURST, &burst_zone, vec);
}

/* Their lengths added up; HOLE when there is a NULL among them. */
NGU_INLINE size_t
bytes_of(struct mbuf *const *vec, uint32_t n)
{
	struct mbuf *const *end = vec + n;
	size_t a = 0, b = 0;

	for (; end - vec >= 4; vec += 4) {
		if (NGU_UNLIKELY(vec[0] == NULL) || NGU_UNLIKELY(vec[1] == NULL) || NGU_UNLIKELY(vec[2] == NULL) || NGU_UNLIKELY(vec[3] == NULL))
			return (HOLE);
		a += (size_t)(uint32_t)vec[0]->m_pkthdr.len + (uint32_t)vec[1]->m_pkthdr.len;
		b += (size_t)(uint32_t)vec[2]->m_pkthdr.len + (uint32_t)vec[3]->m_pkthdr.len;
	}
	for (; vec < end; vec++) {
		if (NGU_UNLIKELY(*vec == NULL))
			return (HOLE);
		a += (uint32_t)(*vec)->m_pkthdr.len;
	}
	return (a + b);
}

/* Places without a packet are counted, each, and closed up. How many packets there are. */
static uint32_t
close_up(struct ngu__thread *ts, hook_p hook, struct mbuf **vec, uint32_t n)
{
	uint32_t i, got = 0;

	for (i = 0; i < n; i++) {
		if (vec[i] != NULL) {
			vec[got++] = vec[i];
		} else {
			ts->attempted++;
			ngu__refuse(ts, hook, NULL, NGU_R_NO_MBUF);
		}
	}
	return (got);
}

/* Nobody gets these. */
void
ngu__burst_refuse(struct ngu__thread *ts, hook_p hook, struct mbuf **vec, uint32_t n, enum ngu_reason why)
{
	size_t bytes = bytes_of(vec, n);

	for (uint32_t i = 0; i < n; i++)
		m_freem(vec[i]);
	ngu__refuse_len(ts, hook, n, bytes != HOLE ? bytes : 0, why, -1);
}

/* n packets, none NULL, as one item with a vector of its own; NULL: freed and counted as attempted and refused. */
static item_p
burst_item(struct ngu__thread *ts, hook_p hook, struct mbuf **vec, uint32_t n, size_t bytes)
{
	struct mbuf **own = ngu__zone_alloc_at(ts, NGU_Z_BURST, &burst_zone);
	item_p item = own != NULL ? ngu__item_alloc(ts) : NULL;

	if (NGU_UNLIKELY(item == NULL)) {
		if (own != NULL)
			ngu__burst_free(ts, own);
		ts->attempted += n;
		ngu__burst_refuse(ts, hook, vec, n, NGU_R_NO_ITEM);
		return (NULL);
	}
	ngu__memcpy(own, vec, n * sizeof(*vec));
	item->el_flags = PLAIN_DATA | NGU_QF_BURST;
	item->el_count = n;
	item->body.burst.vec = own;
	item->body.burst.bytes = bytes;
	return (item);
}

/* A burst that is not a plain walk into the next node: no section of its own, a hook or gate that is not as usual, places without a packet. */
static NGU_NOINLINE int
hop_burst_aside(struct ngu__thread *ts, hook_p hook, struct mbuf **vec, uint32_t n, size_t bytes)
{
	hook_p peer;
	item_p item;
#if !NGU_RCL_HOP_LOCKED
	int error;
#endif

	NGU_INVARIANT(ts->collect == NULL, "B2");
	if (bytes == 0 && (bytes = bytes_of(vec, n)) == HOLE) {
		if ((n = close_up(ts, hook, vec, n)) == 0)
			return (EINVAL);
		bytes = bytes_of(vec, n);
	}
#if !NGU_RCL_HOP_LOCKED
	if (ngu__excl_burst(ts, hook, vec, n, bytes, &error))
		return (error);
#endif
	if ((item = burst_item(ts, hook, vec, n, bytes)) == NULL)
		return (ENOMEM);
	ts->attempted += n;
	peer = NGU_LD_SC(&hook->hk_peer); /* ORDER peer-publish (load side): as in hop() */
	return (ngu__hop_slow(ts, hook, peer, NGU_LD_ACQ(&peer->hk_node), item, NG_NOFLAGS));
}

/*
 * At the depth limit. A method that hands on the array it was given hands it to the frame it was called by, which has it still and goes on with
 * it (ngu__burst_next(), B4), unless something else was put off before. Any other burst is put off as a packet is, with an array of its own.
 */
NGU_INLINE int
put_off(struct ngu__thread *ts, hook_p hook, struct mbuf **vec, uint32_t n, size_t bytes)
{
	hook_p peer = NGU_LD_SC(&hook->hk_peer); /* ORDER peer-publish (load side): as in hop() */
	item_p item;

	if (NGU_UNLIKELY(((NGU_LD_ACQ(&hook->hk_flags) & NGU_HK_SENDER) | NGU_LD_ACQ(&peer->hk_flags)) != 0))
		return (hop_burst_aside(ts, hook, vec, n, bytes));
	/* Its node's gate will be looked at when it is its turn. */
	if (NGU_LIKELY(vec == ts->hand) && NGU_LIKELY(ts->handed.to == NULL) && NGU_LIKELY(ts->defer_head == NULL)) {
		ts->handed = (struct ngu__handed){ peer, vec, n, bytes };
		return (0);
	}
	if ((item = burst_item(ts, peer, vec, n, bytes)) == NULL)
		return (ENOMEM);
	return (ngu__defer(ts, peer, item));
}

/* The next hop of what the method of the caller's frame, d deep, has handed on, and those after it. */
NGU_NOINLINE void
ngu__burst_next(struct ngu__thread *ts, uint32_t d)
{
	struct mbuf **vec;
	uint32_t busy, n;
	size_t bytes;
	hook_p peer;
	item_p item;
	node_p node;

	while ((peer = ts->handed.to) != NULL) {
		vec = ts->handed.vec;
		n = ts->handed.n;
		bytes = ts->handed.bytes;
		ts->handed.to = NULL;
		node = NGU_LD_ACQ(&peer->hk_node);
		ngu__slot_show(ts->slot, &ts->depth, d, node);
		busy = NGU_LD_SC(&node->nd_gate) & NGU_G_BUSY; /* before the flags, as in hop() */
		busy |= (uint32_t)(NGU_LD_ACQ(&peer->hk_flags) & ~HK_HI_STACK) | ts->nlocal;
#if NGU_RCL_HOP_LOCKED
		if (busy == 0 && ts->budget > 0 && !ngu__locked_enter(peer, node)) {
			ngu__locked_leave(ts, peer, node, false);
			busy = 1;
		}
#endif
		if (NGU_UNLIKELY(--ts->budget < 0) || NGU_UNLIKELY(busy != 0)) {
			ngu__slot_leave(&ts->depth, d);
			if ((item = burst_item(ts, peer, vec, n, bytes)) != NULL)
				ngu__drain_aside(ts, peer, node, item);
			continue;
		}
		ngu__count(ts, peer->hk_idx, n, bytes);
		ts->through += n;
		(void)ngu__burst_call(ts, peer, node, vec, n, bytes);
		ngu__slot_leave(&ts->depth, d);
#if NGU_RCL_HOP_LOCKED
		ngu__locked_leave(ts, peer, node, true);
#endif
	}
}

/*
 * As hop(), for 1 to NGU_BURST_MAX packets of `bytes` bytes in a section, d deep, which is below the limit. What is loaded in which order,
 * and why, is said there.
 */
NGU_INLINE int
hop_burst(struct ngu__thread *ts, hook_p hook, struct mbuf **vec, uint32_t n, size_t bytes, uint32_t d)
{
	struct ngu__ctr *ctr;
	uint32_t busy;
	hook_p peer;
	node_p node;
	int error;

	NGU_INVARIANT(bytes == bytes_of(vec, n), "a burst's bytes");
	peer = NGU_LD_SC(&hook->hk_peer); /* ORDER peer-publish (load side): as in hop() */
	node = NGU_LD_ACQ(&peer->hk_node);
	ngu__slot_show(ts->slot, &ts->depth, d, node);
	busy = NGU_LD_SC(&node->nd_gate) & NGU_G_BUSY; /* ORDER gate-open (reader side): as in hop() */
	busy |= (uint32_t)(NGU_LD_ACQ(&hook->hk_flags) & NGU_HK_SENDER) | (uint32_t)NGU_LD_ACQ(&peer->hk_flags);
	if (NGU_UNLIKELY(busy != 0)) {
		ngu__slot_leave(&ts->depth, d);
		return (hop_burst_aside(ts, hook, vec, n, bytes));
	}
#if NGU_RCL_HOP_LOCKED
	if (!ngu__locked_enter(peer, node)) {
		ngu__locked_leave(ts, peer, node, false);
		ngu__slot_leave(&ts->depth, d);
		return (hop_burst_aside(ts, hook, vec, n, bytes));
	}
#endif
	ctr = NGU_LD_RLX(&ts->ctr) + peer->hk_idx;
	NGU_BUMP(&ctr->n, n);
	NGU_BUMP(&ctr->bytes, bytes);
	ts->through += n;
	error = ngu__burst_call(ts, NGU_PLANT(burst_twice) ? NGU_LD_SC(&hook->hk_peer) : peer, node, vec, n, bytes);
	ngu__slot_leave(&ts->depth, d);
#if NGU_RCL_HOP_LOCKED
	ngu__locked_leave(ts, peer, node, true);
#endif
	if (NGU_UNLIKELY(ts->handed.to != NULL))
		ngu__burst_next(ts, d);
	if (NGU_UNLIKELY(ts->defer_head != NULL))
		return (ngu__hop_drain(ts, error));
	return (error);
}

/* In a section. Where all may be otherwise than hop_burst() wants it; bytes == 0: they are to be counted. In a section. */
static NGU_NOINLINE int
hop_burst_any(struct ngu__thread *ts, hook_p hook, struct mbuf **vec, uint32_t n, size_t bytes)
{
	uint32_t d = NGU_LD_RLX(&ts->depth);

	if (ts->limit == 0 || (bytes == 0 && ((bytes = bytes_of(vec, n)) == HOLE || bytes == 0)))
		return (hop_burst_aside(ts, hook, vec, n, bytes == HOLE ? 0 : bytes));
	return (d >= ts->limit ? put_off(ts, hook, vec, n, bytes) : hop_burst(ts, hook, vec, n, bytes, d));
}

/* In a section of the hook's graph: any number of packets. */
static int
send_in_section(struct ngu__thread *ts, hook_p hook, struct mbuf **vec, uint32_t n)
{
	int error = 0, e;
	uint32_t k;

	for (; n != 0; vec += k, n -= k) {
		k = n < NGU_BURST_MAX ? n : NGU_BURST_MAX;
		if ((e = hop_burst_any(ts, hook, vec, k, 0)) != 0)
			error = e;
	}
	return (error);
}

/* More than a burst, no hook, no section or one without a graph, or a thread that collects. */
static NGU_NOINLINE int
send_burst_other(hook_p hook, struct mbuf **vec, uint32_t n)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu__collect *c;
	struct ngu__ctx ctx;
	int error = ENETDOWN;

	if (n == 0)
		return (0);
	c = NGU_COLLECT_HOLD(ts);
	ngu__hook_begin(ts, &ctx, hook);
	if (hook != NULL) {
		error = send_in_section(ts, hook, vec, n);
	} else if ((n = close_up(ts, NULL, vec, n)) == 0) {
		error = EINVAL;
	} else {
		ts->attempted += n;
		ngu__burst_refuse(ts, NULL, vec, n, NGU_R_NO_HOOK);
	}
	ngu__hook_end(ts, &ctx);
	NGU_COLLECT_BACK(ts, c);
	return (error);
}

/* As send_burst_other(), or at the depth limit, or not counted yet. Few registers, so that hops behind the limit cost little. */
static NGU_NOINLINE int
send_burst_else(struct ngu__thread *ts, hook_p hook, struct mbuf **vec, uint32_t n, size_t bytes)
{
	/* limit is 0 outside of sections, without a graph, and while the thread collects. */
	if (ts == NULL || ts->limit == 0 || hook == NULL || n - 1 >= NGU_BURST_MAX)
		return (send_burst_other(hook, vec, n));
	return (bytes != 0 ? put_off(ts, hook, vec, n, bytes) : hop_burst_any(ts, hook, vec, n, 0));
}

int
ngu_send_burst(hook_p hook, struct mbuf **vec, unsigned n, size_t bytes)
{
	struct ngu__thread *ts = ngu__self_tls;
	uint32_t d;

	if (NGU_UNLIKELY(ts == NULL) || NGU_UNLIKELY((d = NGU_LD_RLX(&ts->depth)) >= ts->limit) || NGU_UNLIKELY(hook == NULL) ||
	    NGU_UNLIKELY(n - 1 >= NGU_BURST_MAX) || NGU_UNLIKELY(bytes == 0))
		return (send_burst_else(ts, hook, vec, n, bytes));
	return (hop_burst(ts, hook, vec, n, bytes, d));
}

/* ---- a plain node behind a burst ---- */

/* On: every send of this thread comes to ngu__collect(), for d >= ts->limit in hop(). */
static void
collect_on(struct ngu__thread *ts, struct ngu__collect *c)
{
	ts->collect = c;
	ts->limit = 0;
}

static void
collect_off(struct ngu__thread *ts)
{
	ts->collect = NULL;
	ts->limit = ngu__limit_now(ts);
}

static void
collect_flush(struct ngu__thread *ts, struct ngu__collect *c)
{
	size_t bytes = c->bytes;
	uint32_t n = c->n;
	int e;

	c->n = 0;
	c->bytes = 0;
	if (n != 0 && (e = hop_burst_any(ts, c->hook, c->vec, n, bytes)) != 0)
		c->error = e;
}

NGU_NOINLINE struct ngu__collect *
ngu__collect_hold(struct ngu__thread *ts)
{
	struct ngu__collect *c = ts->collect;

	collect_off(ts);
	collect_flush(ts, c);
	return (c);
}

NGU_NOINLINE void
ngu__collect_back(struct ngu__thread *ts, struct ngu__collect *c)
{
	collect_on(ts, c);
}

/*
 * Sent by the method of a plain node, in a burst. What would be refused is sent at once, so that the sender learns it; the errors of
 * nodes further on do not come back to this sender, but to the burst's.
 */
NGU_NOINLINE int
ngu__collect(struct ngu__thread *ts, item_p item, hook_p hook)
{
	struct ngu__collect *c = ts->collect;
	hook_p peer;
	int error;

	if (NGU_LIKELY(hook != NULL) && NGU_LIKELY(item->el_flags == PLAIN_DATA) && NGU_LIKELY(item->body.da_m != NULL)) {
		peer = NGU_LD_SC(&hook->hk_peer); /* ORDER peer-publish (load side): as in hop() */
		if (NGU_LIKELY(((NGU_LD_ACQ(&hook->hk_flags) | NGU_LD_ACQ(&peer->hk_flags)) & HK_INVALID) == 0) &&
		    NGU_LIKELY((NGU_LD_ACQ(&NGU_LD_ACQ(&peer->hk_node)->nd_gate) & NGU_G_DEAD) == 0)) {
			if ((c->hook != hook && c->n != 0) || c->n == NGU_BURST_MAX) {
				collect_off(ts);
				collect_flush(ts, c);
				collect_on(ts, c);
			}
			c->hook = hook;
			c->bytes += (uint32_t)item->body.da_m->m_pkthdr.len;
			c->vec[c->n++] = item->body.da_m;
			item->body.da_m = NULL;
#ifndef NGU_NO_CACHES
			if (c->item == NULL && item->el_dest == NULL && item->el_hook == NULL && item->apply == NULL) {
				c->item = item;
				return (0);
			}
#endif
			NG_FREE_ITEM(item);
			return (0);
		}
	}
	(void)ngu__collect_hold(ts);
	error = ngu_k_fwd(item, hook);
	ngu__collect_back(ts, c);
	return (error);
}

/* One packet to a plain method; it has been counted as delivered. */
NGU_INLINE int
one(struct ngu__thread *ts, hook_p peer, struct mbuf *m, item_p item)
{
	if (item == NULL && (item = ngu__item_alloc(ts)) == NULL) {
		ngu__count(ts, peer->hk_idx, (uint64_t)-1, (uint64_t)-m->m_pkthdr.len);
		ts->delivered--;
		ngu__refuse_len(ts, peer, 1, (size_t)m->m_pkthdr.len, NGU_R_NO_ITEM, -1);
		m_freem(m);
		return (ENOMEM);
	}
	item->el_flags = PLAIN_DATA;
	item->body.da_m = m;
	return (NGU_LD_ACQ(&peer->hk_rcvdata)(peer, item));
}

/* The others of a burst, when the method has removed its hook at one of them. */
static NGU_NOINLINE int
hook_gone(struct ngu__thread *ts, hook_p peer, struct mbuf **vec, uint32_t n)
{
	ngu__count(ts, peer->hk_idx, 0 - (uint64_t)n, 0 - (uint64_t)bytes_of(vec, n));
	ts->delivered -= n;
	ngu__burst_refuse(ts, peer, vec, n, NGU_R_NO_PEER);
	return (ENETDOWN);
}

int
ngu__rcvburst_each(hook_p peer, struct mbuf **vec, unsigned n, size_t bytes)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu__collect c;
	bool collects = n > 1 && !NGU_STRICT_ON(NGU_STRICT_ALL);
	int error = 0, e;
	item_p item;
	uint32_t i;

	(void)bytes;
	NGU_INVARIANT(ts->collect == NULL, "B2");
	c.n = 0;
	c.bytes = 0;
	c.error = 0;
	c.item = NULL;
	if (collects)
		collect_on(ts, &c);
	for (i = 0; i < n; i++) {
		if (NGU_UNLIKELY(i != 0 && (NGU_LD_ACQ(&peer->hk_flags) & HK_INVALID) != 0)) {
			error = hook_gone(ts, peer, vec + i, n - i);
			break;
		}
		if (i + NGU_AHEAD < n)
			ngu__ask_for(vec[i + NGU_AHEAD]); /* they come from another thread, perhaps */
		item = c.item;
		c.item = NULL;
		if ((e = one(ts, peer, vec[i], item)) != 0)
			error = e;
	}
	if (collects) {
		collect_off(ts);
		collect_flush(ts, &c);
		if (c.item != NULL)
			ngu__item_free_raw(ts, c.item);
	}
	return (c.error != 0 ? c.error : error);
}

/* ---- a program's packets ---- */

/*
 * n packets, in order, in one section, out of the hook that *at holds once the section is open; NULL: ENOTCONN. So the caller needs no section of its own
 * to read a pointer that others change, and the hook cannot go from under it.
 */
static NGU_NOINLINE int
send_at_other(struct ngu__thread *ts, struct ngu_graph *g, _Atomic(struct ng_hook *) *at, struct mbuf **vec, uint32_t n)
{
	struct ngu__collect *c = NGU_COLLECT_HOLD(ts);
	struct ngu__ctx ctx;
	hook_p hook;
	int error;

	ngu__enter(ts, &ctx, g);
	ngu__data_enter(ts, g);
	/* ORDER port-hook (load side): acquire; the hook is complete. */
	if (NGU_LIKELY((hook = NGU_LD_ACQ(at)) != NULL)) {
		error = n == 1 ? ngu_k_send_data(hook, vec[0], NG_NOFLAGS) : send_in_section(ts, hook, vec, n);
	} else {
		ts->attempted += n;
		ngu__burst_refuse(ts, NULL, vec, n, NGU_R_NO_HOOK);
		error = ENOTCONN;
	}
	ngu__data_leave(ts);
	ngu__leave(ts, &ctx);
	NGU_COLLECT_BACK(ts, c);
	return (error);
}

int
ngu__send_at(struct ngu_graph *g, _Atomic(struct ng_hook *) *at, struct mbuf **vec, uint32_t n)
{
	struct ngu__thread *ts = ngu__self();
	hook_p hook;
	int error;

	/* As in send_first(): a thread that is at home in the graph and has nothing else to do. */
	if (NGU_UNLIKELY(ts->graph != g) || NGU_UNLIKELY((ts->level | ts->nest | ts->nlocal) != 0) || NGU_UNLIKELY(n - 1 >= NGU_BURST_MAX))
		return (send_at_other(ts, g, at, vec, n));
	ngu__section_enter(ts);
	/* ORDER port-hook (load side): as in send_at_other(). */
	if (NGU_UNLIKELY((hook = NGU_LD_ACQ(at)) == NULL)) {
		ngu__section_leave(ts);
		return (send_at_other(ts, g, at, vec, n));
	}
	ts->level = 1;
	ts->limit = ngu__limit(ts);
	ts->budget = NGU_HOP_BUDGET;
	error = n == 1 ? ngu_k_send_data(hook, vec[0], NG_NOFLAGS) : hop_burst_any(ts, hook, vec, n, 0);
	ngu__data_leave(ts);
	ngu__leave_last(ts, g);
	return (error);
}
