/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * itemq.h - many threads put entries in, one (the holder of the node's W or D) takes all out at once. Protocol only: an entry
 * is a number, and the includer says where its link is.
 *
 * ORDER itemq-push (store side)
 *   before:      the entry is complete; the compare and swap on the head publishes it
 *   pairs with:  the exchange in ngu__itemq_take()
 *   no ABA:      takers empty the stack, they never take one
 */
#ifndef NGU_ITEMQ_H
#define NGU_ITEMQ_H

#include "port/port.h"

typedef NGU_ATOMIC(uintptr_t) ngu__itemq_head;

/* The link of an entry: given by the includer. */
static inline uintptr_t *ngu__itemq_link(uintptr_t entry);
/* The walk is at this entry: those behind it can be prefetched. Given by the includer. */
static inline void ngu__itemq_coming(uintptr_t entry);

static inline void
ngu__itemq_push(ngu__itemq_head *head, uintptr_t entry)
{
	uintptr_t h = NGU_LD_RLX(head);

	do {
		*ngu__itemq_link(entry) = h;
	} while (!NGU_CAS_SC(head, &h, entry));
}

/* Everything, oldest first; *last gets the newest. 0 when there is nothing. */
static inline uintptr_t
ngu__itemq_take(ngu__itemq_head *head, uintptr_t *last)
{
	uintptr_t e, n, r = 0;

	if (NGU_LD_SC(head) == 0)
		return (0);
	/* ORDER itemq-push (load side) */
	*last = e = NGU_XCHG_SC(head, 0);
	for (; e != 0; e = n) {
		n = *ngu__itemq_link(e);
		ngu__itemq_coming(e);
		*ngu__itemq_link(e) = r;
		r = e;
	}
	return (r);
}

#endif /* NGU_ITEMQ_H */
