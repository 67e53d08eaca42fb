/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * itemq.h - many threads put items in, one (the holder of the node's W or D) takes all out at once. Protocol only.
 *
 * ORDER itemq-push
 *   store side:  the item is complete; release with the compare and swap on the head
 *   pairs with:  the acquire exchange in ngu__itemq_take()
 *   no ABA:      takers empty the stack, they never take one
 */
#ifndef NGU_ITEMQ_H
#define NGU_ITEMQ_H

#include "port/port.h"

/* `type` has a link field reached by NEXT(p). */
#define NGU_ITEMQ_DEFINE(fn, type, NEXT) \
	static inline void fn##_push(_Atomic(type *) *head, type *p) \
	{ \
		type *h = NGU_LD_RLX(head); \
\
		do { \
			NEXT(p) = h; \
		} while (!NGU_CAS_SC(head, &h, p)); \
	} \
	/* Everything, oldest first. */ \
	static inline type *fn##_take(_Atomic(type *) *head) \
	{ \
		type *p, *r = NULL, *n; \
\
		if (NGU_LD_SC(head) == NULL) \
			return (NULL); \
		for (p = NGU_XCHG_SC(head, NULL); p != NULL; p = n) { \
			n = NEXT(p); \
			NEXT(p) = r; \
			r = p; \
		} \
		return (r); \
	}

#endif /* NGU_ITEMQ_H */
