/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue.h - a node's queue, as queue.c fills and serve.c empties it: what an entry is, and what both do with one. Who has D or W has nd_qlocal.
 */
#ifndef NGU_QUEUE_H
#define NGU_QUEUE_H

#include "core/core.h"
#include "core/gate.h"
#include "core/itemq.h"

/* An entry of a node's queue: an item, or, with bit 0 set, a hook that is to be removed when its turn comes. */
#define NGU_DOOM ((uintptr_t)1)
#define NGU_IS_DOOM(e) (((e) & NGU_DOOM) != 0)
#define NGU_ENT_ITEM(e) ((struct ng_item *)(e))
#define NGU_ENT_HOOK(e) ((struct ng_hook *)((e) & ~NGU_DOOM))

static inline uintptr_t *
ngu__itemq_link(uintptr_t e)
{
	return (NGU_IS_DOOM(e) ? (uintptr_t *)(void *)&NGU_ENT_HOOK(e)->hk_doom.next : (uintptr_t *)(void *)&NGU_ENT_ITEM(e)->el_next);
}

static inline void
ngu__itemq_coming(uintptr_t e)
{
	if (!NGU_IS_DOOM(e) && (NGU_ENT_ITEM(e)->el_flags & (NGQF_TYPE | NGU_QF_NODEREF)) == NGQF_DATA)
		NGU_ASK_TO_WRITE(NGU_ENT_ITEM(e)->el_dest); /* ngu__enqueue() */
}

static inline bool
ngu__promised(const struct ngu__thread *ts, const struct ng_node *node)
{
	for (uint32_t i = 0; i < ts->nmine; i++)
		if (ts->mine[i] == node)
			return (true);
	return (false);
}

/* The node itself is to be removed. */
static inline bool
ngu__has_doom(struct ng_node *node)
{
	return ((NGU_LD_SC(&node->nd_state) & (NGU_NS_DOOMED | NGU_NS_GONE)) == NGU_NS_DOOMED);
}

static inline bool
ngu__ent_writer(uintptr_t e)
{
	return (NGU_IS_DOOM(e) || NGI_QUEUED_WRITER(NGU_ENT_ITEM(e)) != 0);
}

static inline void
ngu__ent_ask_for(uintptr_t e)
{
	const struct ng_item *item = NGU_ENT_ITEM(e);

	if ((item->el_flags & (NGQF_TYPE | NGU_QF_BURST)) == NGQF_DATA) {
		ngu__ask_for(item->body.da_m);
	} else if ((item->el_flags & NGQF_TYPE) == NGQF_DATA) {
		__builtin_prefetch(item->body.burst.vec);
		__builtin_prefetch(item->body.burst.vec + 8);
	}
}

static inline uintptr_t
ngu__queue_pop(struct ng_node *node)
{
	uintptr_t e = node->nd_qlocal;

	node->nd_qlocal = *ngu__itemq_link(e);
	node->nd_qwriters -= ngu__ent_writer(e);
	return (e);
}

/* More arrivals to the end of what the server has. The caller holds D or W. */
void ngu__queue_gather(struct ng_node *node);
/* The item waits no more: room in the limits is given back, or, for packets, owed (`o`; may be NULL). */
void ngu__queue_discharge(struct ngu_graph *g, struct ng_node *node, struct ng_item *item, struct ngu__owed *o);

#endif /* NGU_QUEUE_H */
