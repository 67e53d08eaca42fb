/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ck.h - Concurrency Kit's lists by its own names, as the kernel has them: one writer at a time, and readers beside it in the network
 * epoch (sys/epoch.h) or under sys/smr.h. Written here, with atomics that sanitizers and the race lab see.
 *
 * What was removed keeps its own link, so that a reader who stands on it goes on; it may be freed or put into a list again when
 * those readers have left: NET_EPOCH_CALL(), NET_EPOCH_WAIT(). A reader sees each element that is in the list all the time
 * exactly once; of those that come and go meanwhile it sees some. Readers: EMPTY, FIRST, NEXT, FOREACH, FOREACH_SAFE. Everything else
 * is the writer's. MOVE and SWAP: only where nobody reads. No call blocks. Of ck_pr there is nothing: machine/atomic.h.
 */
#ifndef NGU_KERN_SYS_CK_H
#define NGU_KERN_SYS_CK_H

#include <sys/types.h>

/* ORDER ck-link (load side): acquire; what is in an element, once its link was seen. */
#define NGU__CK_LD(x) __atomic_load_n(&(x), __ATOMIC_ACQUIRE)
/* ORDER ck-link (store side): release; what is in an element, its own link too, before the link that leads to it. */
#define NGU__CK_ST(x, v) __atomic_store_n(&(x), (v), __ATOMIC_RELEASE)

/* ---- singly linked ---- */

#define CK_SLIST_HEAD(name, type) \
	struct name { \
		struct type *cslh_first; \
	}
#define CK_SLIST_HEAD_INITIALIZER(head) { NULL }
#define CK_SLIST_ENTRY(type) \
	struct { \
		struct type *csle_next; \
	}
#define CK_SLIST_INIT(head) NGU__CK_ST((head)->cslh_first, NULL)
#define CK_SLIST_FIRST(head) NGU__CK_LD((head)->cslh_first)
#define CK_SLIST_EMPTY(head) (CK_SLIST_FIRST(head) == NULL)
#define CK_SLIST_NEXT(elm, field) NGU__CK_LD((elm)->field.csle_next)
#define CK_SLIST_FOREACH(var, head, field) for ((var) = CK_SLIST_FIRST(head); (var) != NULL; (var) = CK_SLIST_NEXT(var, field))
#define CK_SLIST_FOREACH_SAFE(var, head, field, next) \
	for ((var) = CK_SLIST_FIRST(head); (var) != NULL && ((next) = CK_SLIST_NEXT(var, field), 1); (var) = (next))
/* prevp: the pointer that leads to var; for the writer. */
#define CK_SLIST_FOREACH_PREVPTR(var, prevp, head, field) \
	for ((prevp) = &(head)->cslh_first; ((var) = *(prevp)) != NULL; (prevp) = &(var)->field.csle_next)
#define CK_SLIST_INSERT_PREVPTR(prevp, elm, field) \
	do { \
		NGU__CK_ST((elm)->field.csle_next, *(prevp)); \
		NGU__CK_ST(*(prevp), (elm)); \
	} while (0)
#define CK_SLIST_INSERT_HEAD(head, elm, field) CK_SLIST_INSERT_PREVPTR(&(head)->cslh_first, elm, field)
#define CK_SLIST_INSERT_AFTER(after, elm, field) CK_SLIST_INSERT_PREVPTR(&(after)->field.csle_next, elm, field)
#define CK_SLIST_REMOVE_PREVPTR(prevp, elm, field) NGU__CK_ST(*(prevp), (elm)->field.csle_next)
#define CK_SLIST_REMOVE_HEAD(head, field) CK_SLIST_REMOVE_PREVPTR(&(head)->cslh_first, (head)->cslh_first, field)
#define CK_SLIST_REMOVE_AFTER(elm, field) CK_SLIST_REMOVE_PREVPTR(&(elm)->field.csle_next, (elm)->field.csle_next, field)
/* From the head on, to elm, which is in the list. */
#define CK_SLIST_REMOVE(head, elm, type, field) \
	do { \
		struct type **ngu__at = &(head)->cslh_first; \
\
		while (*ngu__at != (elm)) \
			ngu__at = &(*ngu__at)->field.csle_next; \
		CK_SLIST_REMOVE_PREVPTR(ngu__at, (elm), field); \
	} while (0)
#define CK_SLIST_MOVE(to, from, field) NGU__CK_ST((to)->cslh_first, (from)->cslh_first)
#define CK_SLIST_SWAP(a, b, type) \
	do { \
		struct type *ngu__first = (a)->cslh_first; \
\
		NGU__CK_ST((a)->cslh_first, (b)->cslh_first); \
		NGU__CK_ST((b)->cslh_first, ngu__first); \
	} while (0)

/* ---- doubly linked: removed without a walk ---- */

#define CK_LIST_HEAD(name, type) \
	struct name { \
		struct type *clh_first; \
	}
#define CK_LIST_HEAD_INITIALIZER(head) { NULL }
#define CK_LIST_ENTRY(type) \
	struct { \
		struct type *cle_next; \
		struct type **cle_prev; /* the writer's: what leads here */ \
	}
#define CK_LIST_INIT(head) NGU__CK_ST((head)->clh_first, NULL)
#define CK_LIST_FIRST(head) NGU__CK_LD((head)->clh_first)
#define CK_LIST_EMPTY(head) (CK_LIST_FIRST(head) == NULL)
#define CK_LIST_NEXT(elm, field) NGU__CK_LD((elm)->field.cle_next)
#define CK_LIST_FOREACH(var, head, field) for ((var) = CK_LIST_FIRST(head); (var) != NULL; (var) = CK_LIST_NEXT(var, field))
#define CK_LIST_FOREACH_SAFE(var, head, field, next) \
	for ((var) = CK_LIST_FIRST(head); (var) != NULL && ((next) = CK_LIST_NEXT(var, field), 1); (var) = (next))
#define NGU__CK_LIST_INSERT(prevp, elm, field) \
	do { \
		NGU__CK_ST((elm)->field.cle_next, *(prevp)); \
		(elm)->field.cle_prev = (prevp); \
		if (*(prevp) != NULL) \
			(*(prevp))->field.cle_prev = &(elm)->field.cle_next; \
		NGU__CK_ST(*(prevp), (elm)); \
	} while (0)
#define CK_LIST_INSERT_HEAD(head, elm, field) NGU__CK_LIST_INSERT(&(head)->clh_first, elm, field)
#define CK_LIST_INSERT_AFTER(after, elm, field) NGU__CK_LIST_INSERT(&(after)->field.cle_next, elm, field)
#define CK_LIST_INSERT_BEFORE(before, elm, field) \
	do { \
		__typeof__((elm)->field.cle_prev) ngu__prev = (before)->field.cle_prev; \
\
		NGU__CK_LIST_INSERT(ngu__prev, elm, field); \
	} while (0)
#define CK_LIST_REMOVE(elm, field) \
	do { \
		if ((elm)->field.cle_next != NULL) \
			(elm)->field.cle_next->field.cle_prev = (elm)->field.cle_prev; \
		NGU__CK_ST(*(elm)->field.cle_prev, (elm)->field.cle_next); \
	} while (0)
#define CK_LIST_MOVE(to, from, field) \
	do { \
		if ((from)->clh_first != NULL) \
			(from)->clh_first->field.cle_prev = &(to)->clh_first; \
		NGU__CK_ST((to)->clh_first, (from)->clh_first); \
	} while (0)
#define CK_LIST_SWAP(a, b, type, field) \
	do { \
		struct type *ngu__first = (a)->clh_first; \
\
		CK_LIST_MOVE(a, b, field); \
		if (ngu__first != NULL) \
			ngu__first->field.cle_prev = &(b)->clh_first; \
		NGU__CK_ST((b)->clh_first, ngu__first); \
	} while (0)

/* ---- singly linked, with a tail ---- */

#define CK_STAILQ_HEAD(name, type) \
	struct name { \
		struct type *cstqh_first; \
		struct type **cstqh_last; /* the writer's: where the next one goes */ \
	}
#define CK_STAILQ_HEAD_INITIALIZER(head) { NULL, &(head).cstqh_first }
#define CK_STAILQ_ENTRY(type) \
	struct { \
		struct type *cstqe_next; \
	}
#define CK_STAILQ_INIT(head) \
	do { \
		NGU__CK_ST((head)->cstqh_first, NULL); \
		(head)->cstqh_last = &(head)->cstqh_first; \
	} while (0)
#define CK_STAILQ_FIRST(head) NGU__CK_LD((head)->cstqh_first)
#define CK_STAILQ_EMPTY(head) (CK_STAILQ_FIRST(head) == NULL)
#define CK_STAILQ_NEXT(elm, field) NGU__CK_LD((elm)->field.cstqe_next)
#define CK_STAILQ_FOREACH(var, head, field) \
	for ((var) = CK_STAILQ_FIRST(head); (var) != NULL; (var) = CK_STAILQ_NEXT(var, field))
#define CK_STAILQ_FOREACH_SAFE(var, head, field, next) \
	for ((var) = CK_STAILQ_FIRST(head); (var) != NULL && ((next) = CK_STAILQ_NEXT(var, field), 1); (var) = (next))
#define NGU__CK_STAILQ_INSERT(head, prevp, elm, field) \
	do { \
		NGU__CK_ST((elm)->field.cstqe_next, *(prevp)); \
		if ((elm)->field.cstqe_next == NULL) \
			(head)->cstqh_last = &(elm)->field.cstqe_next; \
		NGU__CK_ST(*(prevp), (elm)); \
	} while (0)
#define CK_STAILQ_INSERT_HEAD(head, elm, field) NGU__CK_STAILQ_INSERT(head, &(head)->cstqh_first, elm, field)
#define CK_STAILQ_INSERT_AFTER(head, after, elm, field) NGU__CK_STAILQ_INSERT(head, &(after)->field.cstqe_next, elm, field)
#define CK_STAILQ_INSERT_TAIL(head, elm, field) \
	do { \
		__typeof__((head)->cstqh_last) ngu__end = (head)->cstqh_last; \
\
		NGU__CK_STAILQ_INSERT(head, ngu__end, elm, field); \
	} while (0)
#define NGU__CK_STAILQ_REMOVE(head, prevp, elm, field) \
	do { \
		if ((elm)->field.cstqe_next == NULL) \
			(head)->cstqh_last = (prevp); \
		NGU__CK_ST(*(prevp), (elm)->field.cstqe_next); \
	} while (0)
#define CK_STAILQ_REMOVE_HEAD(head, field) NGU__CK_STAILQ_REMOVE(head, &(head)->cstqh_first, (head)->cstqh_first, field)
#define CK_STAILQ_REMOVE_AFTER(head, elm, field) \
	NGU__CK_STAILQ_REMOVE(head, &(elm)->field.cstqe_next, (elm)->field.cstqe_next, field)
#define CK_STAILQ_REMOVE(head, elm, type, field) \
	do { \
		struct type **ngu__at = &(head)->cstqh_first; \
\
		while (*ngu__at != (elm)) \
			ngu__at = &(*ngu__at)->field.cstqe_next; \
		NGU__CK_STAILQ_REMOVE(head, ngu__at, (elm), field); \
	} while (0)
/* All of b behind a; b is empty then. */
#define CK_STAILQ_CONCAT(a, b) \
	do { \
		if ((b)->cstqh_first != NULL) { \
			NGU__CK_ST(*(a)->cstqh_last, (b)->cstqh_first); \
			(a)->cstqh_last = (b)->cstqh_last; \
			CK_STAILQ_INIT(b); \
		} \
	} while (0)
#define CK_STAILQ_MOVE(to, from, field) \
	do { \
		NGU__CK_ST((to)->cstqh_first, (from)->cstqh_first); \
		(to)->cstqh_last = (from)->cstqh_first != NULL ? (from)->cstqh_last : &(to)->cstqh_first; \
	} while (0)
#define CK_STAILQ_SWAP(a, b, type) \
	do { \
		struct type *ngu__first = (a)->cstqh_first, **ngu__last = (a)->cstqh_last; \
\
		CK_STAILQ_MOVE(a, b, ); \
		NGU__CK_ST((b)->cstqh_first, ngu__first); \
		(b)->cstqh_last = ngu__first != NULL ? ngu__last : &(b)->cstqh_first; \
	} while (0)

#endif /* NGU_KERN_SYS_CK_H */
