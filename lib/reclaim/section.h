/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * section.h - how a reader, who leaves no trace in a node, and a closer, who wants the node alone, do not miss each other.
 * Protocol only: no clock, no system call and no gate in here, and no thread but its three words, `sec`, `depth`, `slot[]`.
 *
 * Reader     opens its section once; for each hop it shows the node in a slot, then loads that node's gate word.
 * Closer     sets W in the gate word (gate.h), looks at each thread's `sec`, and waits for every section that is open: until
 *            `sec` has changed, or, after a membarrier, until no slot of that thread names the node.
 * New thread joins the list before it opens its first section.
 */
#ifndef NGU_SECTION_H
#define NGU_SECTION_H

#include "port/port.h"

struct ng_node;
struct ngu__thread;

typedef NGU_ATOMIC(uint32_t) ngu__sec;		/* odd: inside a section; changes at each entry and exit */
typedef NGU_ATOMIC(uint32_t) ngu__sec_depth;	/* slots in use */
typedef NGU_ATOMIC(struct ng_node *) ngu__sec_slot; /* a node the thread is inside of, as a reader */
typedef NGU_ATOMIC(struct ngu__thread *) ngu__sec_list; /* all threads, newest first */

/* ---- reader: its own words only */

/*
 * ORDER section-gate (reader side)
 *   before:      sec becomes odd (sequentially consistent exchange: a full fence on x86; on arm64 it holds back sequentially
 *                consistent loads, which is what the gate words are read with, but not every acquire load)
 *   after:       loads of gate words (sequentially consistent loads)
 *   pairs with:  turn.c, gate_wait() and alone_now(): the closer stores the gate bit, then loads sec
 *   if relaxed:  reader and closer could each miss the other's store: a reader inside a node beside its writer
 */
NGU_INLINE void
ngu__sec_open(ngu__sec *sec)
{
	(void)NGU_XCHG_SC(sec, NGU_LD_RLX(sec) + 1);
}

NGU_INLINE void
ngu__sec_close(ngu__sec *sec)
{
	/*
	 * ORDER section-close (reader side): release; pairs with the acquire load of sec in ngu__sec_still_open().
	 * ORDER section-scan (reader side): the same store; pairs with the loads of sec in rwlock.c, ngu__rcl_sync().
	 */
	NGU_ST_REL(sec, NGU_LD_RLX(sec) + 1);
}

/*
 * The thread is about to load the gate of `node`, as its delivery number d.
 *
 * ORDER gate-slot (reader side): slot, then gate; the closer's membarrier stands for the fence that is not here. Both stores are
 * release: whoever finds another node in the slot, or another depth, sees all that was done in the visits before.
 */
NGU_INLINE void
ngu__slot_show(ngu__sec_slot *slot, ngu__sec_depth *depth, uint32_t d, struct ng_node *node)
{
	NGU_ST_REL(&slot[d], node);
	NGU_ST_REL(depth, d + 1);
	NGU_COMPILER_FENCE();
}

NGU_INLINE void
ngu__slot_leave(ngu__sec_depth *depth, uint32_t d)
{
	NGU_ST_REL(depth, d);
}

/* ---- a new thread */

/*
 * ORDER thread-list (store side)
 *   before:      all fields of the record
 *   after:       its first section's loads of gate words
 *   pairs with:  the loads of the list here, in turn.c and in rwlock.c: W is set, then the list is loaded
 *   if relaxed:  a walker could meet a record whose `next` is not there yet, or a closer miss a reader that has missed W
 */
static inline void
ngu__sec_join(ngu__sec_list *list, struct ngu__thread *ts, struct ngu__thread **next)
{
	*next = NGU_LD_RLX(list);
	while (!NGU_CAS_SC(list, next, ts))
		;
}

/* ---- closer: another thread's words, after W was set */

/* A section is open there; *mark says which. */
static inline bool
ngu__sec_is_open(ngu__sec *sec, uint32_t *mark)
{
	*mark = NGU_LD_SC(sec);
	return ((*mark & 1) != 0);
}

/* ORDER section-close (closer side): acquire; when it says no, the reader's work in that section is done. */
static inline bool
ngu__sec_still_open(ngu__sec *sec, uint32_t mark)
{
	return (NGU_LD_ACQ(sec) == mark);
}

/*
 * After a membarrier that came after W: false, and the thread is not inside the node and will not be while W is set.
 *
 * ORDER gate-slot (closer side)
 *   before:      W is set; membarrier
 *   after:       loads of the other thread's depth and slots
 *   pairs with:  ngu__slot_show(): slot and depth are stored before the gate is loaded, a compiler fence between them
 *   if relaxed:  a reader could enter unseen; without a membarrier the slots are not looked at at all
 */
static inline bool
ngu__slot_names(ngu__sec_slot *slot, ngu__sec_depth *depth, uint32_t most, const struct ng_node *node)
{
	uint32_t i, d = NGU_LD_ACQ(depth);

	if (d > most)
		d = most;
	for (i = 0; i < d; i++)
		if (NGU_LD_ACQ(&slot[i]) == node)
			return (true);
	return (false);
}

#endif /* NGU_SECTION_H */
