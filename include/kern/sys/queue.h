/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue.h - the four list families of queue(3), complete: SLIST and STAILQ (singly linked), LIST and TAILQ (doubly linked).
 *
 * The names and what they mean are BSD's; the text is libng's. A removed element's own links are left as they were, so a
 * reader that stands on it can still walk on.
 *
 *	SLIST	one word a head, one a link; insert at the head or after an element
 *	STAILQ	adds a tail pointer: insert at the tail, concatenate
 *	LIST	two words a link: remove without a walk
 *	TAILQ	adds a tail pointer and walks backwards
 *
 * _FOREACH_FROM starts at var, or at the head when var is NULL; _SAFE allows removing and freeing var in the body.
 */
#ifndef NGU_KERN_SYS_QUEUE_H
#define NGU_KERN_SYS_QUEUE_H

#include <sys/cdefs.h>
#include <stddef.h>

/* The element that holds the link whose address is `lp`; for the tails of singly linked lists and LIST_PREV. */
#define NGU__Q_OWNER(lp, type, field) ((struct type *)(void *)((char *)(lp) - offsetof(struct type, field)))

/* ---- SLIST ---- */

#define SLIST_HEAD(name, type) \
	struct name { \
		struct type *slh_first; \
	}
#define SLIST_HEAD_INITIALIZER(head) {NULL}
#define SLIST_ENTRY(type) \
	struct { \
		struct type *sle_next; \
	}

#define SLIST_FIRST(head) ((head)->slh_first)
#define SLIST_NEXT(elm, field) ((elm)->field.sle_next)
#define SLIST_EMPTY(head) (SLIST_FIRST(head) == NULL)
#define SLIST_INIT(head) \
	do { \
		(head)->slh_first = NULL; \
	} while (0)

#define SLIST_FOREACH_FROM(var, head, field) \
	for ((var) = (var) != NULL ? (var) : SLIST_FIRST(head); (var) != NULL; (var) = SLIST_NEXT(var, field))
#define SLIST_FOREACH(var, head, field) for ((var) = SLIST_FIRST(head); (var) != NULL; (var) = SLIST_NEXT(var, field))
#define SLIST_FOREACH_FROM_SAFE(var, head, field, tvar) \
	for ((var) = (var) != NULL ? (var) : SLIST_FIRST(head); (var) != NULL && ((tvar) = SLIST_NEXT(var, field), 1); \
	     (var) = (tvar))
#define SLIST_FOREACH_SAFE(var, head, field, tvar) \
	for ((var) = SLIST_FIRST(head); (var) != NULL && ((tvar) = SLIST_NEXT(var, field), 1); (var) = (tvar))
/* varp walks over the pointers that point to the elements. */
#define SLIST_FOREACH_PREVPTR(var, varp, head, field) \
	for ((varp) = &SLIST_FIRST(head); ((var) = *(varp)) != NULL; (varp) = &SLIST_NEXT(var, field))

#define SLIST_INSERT_HEAD(head, elm, field) \
	do { \
		SLIST_NEXT(elm, field) = SLIST_FIRST(head); \
		SLIST_FIRST(head) = (elm); \
	} while (0)
#define SLIST_INSERT_AFTER(after, elm, field) \
	do { \
		SLIST_NEXT(elm, field) = SLIST_NEXT(after, field); \
		SLIST_NEXT(after, field) = (elm); \
	} while (0)
#define SLIST_REMOVE_HEAD(head, field) \
	do { \
		SLIST_FIRST(head) = SLIST_NEXT(SLIST_FIRST(head), field); \
	} while (0)
#define SLIST_REMOVE_AFTER(elm, field) \
	do { \
		SLIST_NEXT(elm, field) = SLIST_NEXT(SLIST_NEXT(elm, field), field); \
	} while (0)
#define SLIST_REMOVE_PREVPTR(prevp, elm, field) \
	do { \
		*(prevp) = SLIST_NEXT(elm, field); \
	} while (0)
#define SLIST_REMOVE(head, elm, type, field) \
	do { \
		struct type **ngu__lp = &SLIST_FIRST(head); \
		while (*ngu__lp != (elm)) \
			ngu__lp = &SLIST_NEXT(*ngu__lp, field); \
		*ngu__lp = SLIST_NEXT(*ngu__lp, field); \
	} while (0)
#define SLIST_CONCAT(head1, head2, type, field) \
	do { \
		struct type **ngu__lp = &SLIST_FIRST(head1); \
		while (*ngu__lp != NULL) \
			ngu__lp = &SLIST_NEXT(*ngu__lp, field); \
		*ngu__lp = SLIST_FIRST(head2); \
		SLIST_INIT(head2); \
	} while (0)
#define SLIST_SWAP(head1, head2, type) \
	do { \
		struct type *ngu__f = SLIST_FIRST(head1); \
		SLIST_FIRST(head1) = SLIST_FIRST(head2); \
		SLIST_FIRST(head2) = ngu__f; \
	} while (0)

/* ---- STAILQ ---- */

#define STAILQ_HEAD(name, type) \
	struct name { \
		struct type *stqh_first; \
		struct type **stqh_last; /* the link that ends the list */ \
	}
#define STAILQ_HEAD_INITIALIZER(head) {NULL, &(head).stqh_first}
#define STAILQ_ENTRY(type) \
	struct { \
		struct type *stqe_next; \
	}

#define STAILQ_FIRST(head) ((head)->stqh_first)
#define STAILQ_NEXT(elm, field) ((elm)->field.stqe_next)
#define STAILQ_EMPTY(head) (STAILQ_FIRST(head) == NULL)
#define STAILQ_LAST(head, type, field) \
	(STAILQ_EMPTY(head) ? NULL : NGU__Q_OWNER((head)->stqh_last, type, field.stqe_next))
#define STAILQ_INIT(head) \
	do { \
		STAILQ_FIRST(head) = NULL; \
		(head)->stqh_last = &STAILQ_FIRST(head); \
	} while (0)

#define STAILQ_FOREACH(var, head, field) for ((var) = STAILQ_FIRST(head); (var) != NULL; (var) = STAILQ_NEXT(var, field))
#define STAILQ_FOREACH_FROM(var, head, field) \
	for ((var) = (var) != NULL ? (var) : STAILQ_FIRST(head); (var) != NULL; (var) = STAILQ_NEXT(var, field))
#define STAILQ_FOREACH_SAFE(var, head, field, tvar) \
	for ((var) = STAILQ_FIRST(head); (var) != NULL && ((tvar) = STAILQ_NEXT(var, field), 1); (var) = (tvar))
#define STAILQ_FOREACH_FROM_SAFE(var, head, field, tvar) \
	for ((var) = (var) != NULL ? (var) : STAILQ_FIRST(head); (var) != NULL && ((tvar) = STAILQ_NEXT(var, field), 1); \
	     (var) = (tvar))

#define STAILQ_INSERT_HEAD(head, elm, field) \
	do { \
		if ((STAILQ_NEXT(elm, field) = STAILQ_FIRST(head)) == NULL) \
			(head)->stqh_last = &STAILQ_NEXT(elm, field); \
		STAILQ_FIRST(head) = (elm); \
	} while (0)
#define STAILQ_INSERT_TAIL(head, elm, field) \
	do { \
		STAILQ_NEXT(elm, field) = NULL; \
		*(head)->stqh_last = (elm); \
		(head)->stqh_last = &STAILQ_NEXT(elm, field); \
	} while (0)
#define STAILQ_INSERT_AFTER(head, after, elm, field) \
	do { \
		if ((STAILQ_NEXT(elm, field) = STAILQ_NEXT(after, field)) == NULL) \
			(head)->stqh_last = &STAILQ_NEXT(elm, field); \
		STAILQ_NEXT(after, field) = (elm); \
	} while (0)
#define STAILQ_REMOVE_HEAD(head, field) \
	do { \
		if ((STAILQ_FIRST(head) = STAILQ_NEXT(STAILQ_FIRST(head), field)) == NULL) \
			(head)->stqh_last = &STAILQ_FIRST(head); \
	} while (0)
/* Remove everything up to and including elm. */
#define STAILQ_REMOVE_HEAD_UNTIL(head, elm, field) \
	do { \
		if ((STAILQ_FIRST(head) = STAILQ_NEXT(elm, field)) == NULL) \
			(head)->stqh_last = &STAILQ_FIRST(head); \
	} while (0)
#define STAILQ_REMOVE_AFTER(head, elm, field) \
	do { \
		if ((STAILQ_NEXT(elm, field) = STAILQ_NEXT(STAILQ_NEXT(elm, field), field)) == NULL) \
			(head)->stqh_last = &STAILQ_NEXT(elm, field); \
	} while (0)
#define STAILQ_REMOVE(head, elm, type, field) \
	do { \
		struct type **ngu__lp = &STAILQ_FIRST(head); \
		while (*ngu__lp != (elm)) \
			ngu__lp = &STAILQ_NEXT(*ngu__lp, field); \
		if ((*ngu__lp = STAILQ_NEXT(*ngu__lp, field)) == NULL) \
			(head)->stqh_last = ngu__lp; \
	} while (0)
#define STAILQ_CONCAT(head1, head2) \
	do { \
		if (!STAILQ_EMPTY(head2)) { \
			*(head1)->stqh_last = STAILQ_FIRST(head2); \
			(head1)->stqh_last = (head2)->stqh_last; \
			STAILQ_INIT(head2); \
		} \
	} while (0)
#define STAILQ_SWAP(head1, head2, type) \
	do { \
		struct type *ngu__f = STAILQ_FIRST(head1); \
		struct type **ngu__l = (head1)->stqh_last; \
		STAILQ_FIRST(head1) = STAILQ_FIRST(head2); \
		(head1)->stqh_last = (head2)->stqh_last; \
		STAILQ_FIRST(head2) = ngu__f; \
		(head2)->stqh_last = ngu__l; \
		if (STAILQ_EMPTY(head1)) \
			(head1)->stqh_last = &STAILQ_FIRST(head1); \
		if (STAILQ_EMPTY(head2)) \
			(head2)->stqh_last = &STAILQ_FIRST(head2); \
	} while (0)
#define STAILQ_REVERSE(head, type, field) \
	do { \
		struct type *ngu__e = STAILQ_FIRST(head), *ngu__n; \
		STAILQ_INIT(head); \
		for (; ngu__e != NULL; ngu__e = ngu__n) { \
			ngu__n = STAILQ_NEXT(ngu__e, field); \
			STAILQ_INSERT_HEAD(head, ngu__e, field); \
		} \
	} while (0)

/* ---- LIST ---- */

#define LIST_HEAD(name, type) \
	struct name { \
		struct type *lh_first; \
	}
#define LIST_HEAD_INITIALIZER(head) {NULL}
#define LIST_ENTRY(type) \
	struct { \
		struct type *le_next; \
		struct type **le_prev; /* the link that points here */ \
	}

#define LIST_FIRST(head) ((head)->lh_first)
#define LIST_NEXT(elm, field) ((elm)->field.le_next)
#define LIST_EMPTY(head) (LIST_FIRST(head) == NULL)
#define LIST_PREV(elm, head, type, field) \
	((elm)->field.le_prev == &LIST_FIRST(head) ? NULL : NGU__Q_OWNER((elm)->field.le_prev, type, field.le_next))
#define LIST_INIT(head) \
	do { \
		LIST_FIRST(head) = NULL; \
	} while (0)

#define LIST_FOREACH(var, head, field) for ((var) = LIST_FIRST(head); (var) != NULL; (var) = LIST_NEXT(var, field))
#define LIST_FOREACH_FROM(var, head, field) \
	for ((var) = (var) != NULL ? (var) : LIST_FIRST(head); (var) != NULL; (var) = LIST_NEXT(var, field))
#define LIST_FOREACH_SAFE(var, head, field, tvar) \
	for ((var) = LIST_FIRST(head); (var) != NULL && ((tvar) = LIST_NEXT(var, field), 1); (var) = (tvar))
#define LIST_FOREACH_FROM_SAFE(var, head, field, tvar) \
	for ((var) = (var) != NULL ? (var) : LIST_FIRST(head); (var) != NULL && ((tvar) = LIST_NEXT(var, field), 1); \
	     (var) = (tvar))

#define LIST_INSERT_HEAD(head, elm, field) \
	do { \
		if ((LIST_NEXT(elm, field) = LIST_FIRST(head)) != NULL) \
			LIST_FIRST(head)->field.le_prev = &LIST_NEXT(elm, field); \
		(elm)->field.le_prev = &LIST_FIRST(head); \
		LIST_FIRST(head) = (elm); \
	} while (0)
#define LIST_INSERT_AFTER(after, elm, field) \
	do { \
		if ((LIST_NEXT(elm, field) = LIST_NEXT(after, field)) != NULL) \
			LIST_NEXT(after, field)->field.le_prev = &LIST_NEXT(elm, field); \
		(elm)->field.le_prev = &LIST_NEXT(after, field); \
		LIST_NEXT(after, field) = (elm); \
	} while (0)
#define LIST_INSERT_BEFORE(before, elm, field) \
	do { \
		LIST_NEXT(elm, field) = (before); \
		(elm)->field.le_prev = (before)->field.le_prev; \
		*(before)->field.le_prev = (elm); \
		(before)->field.le_prev = &LIST_NEXT(elm, field); \
	} while (0)
#define LIST_REMOVE(elm, field) \
	do { \
		if (LIST_NEXT(elm, field) != NULL) \
			LIST_NEXT(elm, field)->field.le_prev = (elm)->field.le_prev; \
		*(elm)->field.le_prev = LIST_NEXT(elm, field); \
	} while (0)
#define LIST_REPLACE(elm, elm2, field) \
	do { \
		if ((LIST_NEXT(elm2, field) = LIST_NEXT(elm, field)) != NULL) \
			LIST_NEXT(elm2, field)->field.le_prev = &LIST_NEXT(elm2, field); \
		(elm2)->field.le_prev = (elm)->field.le_prev; \
		*(elm2)->field.le_prev = (elm2); \
	} while (0)
#define LIST_CONCAT(head1, head2, type, field) \
	do { \
		struct type **ngu__lp = &LIST_FIRST(head1); \
		if (!LIST_EMPTY(head2)) { \
			while (*ngu__lp != NULL) \
				ngu__lp = &LIST_NEXT(*ngu__lp, field); \
			*ngu__lp = LIST_FIRST(head2); \
			LIST_FIRST(head2)->field.le_prev = ngu__lp; \
			LIST_INIT(head2); \
		} \
	} while (0)
#define LIST_SWAP(head1, head2, type, field) \
	do { \
		struct type *ngu__f = LIST_FIRST(head1); \
		if ((LIST_FIRST(head1) = LIST_FIRST(head2)) != NULL) \
			LIST_FIRST(head1)->field.le_prev = &LIST_FIRST(head1); \
		if ((LIST_FIRST(head2) = ngu__f) != NULL) \
			ngu__f->field.le_prev = &LIST_FIRST(head2); \
	} while (0)

/* ---- TAILQ ---- */

#define TAILQ_HEAD(name, type) \
	struct name { \
		struct type *tqh_first; \
		struct type **tqh_last; /* the link that ends the list */ \
	}
#define TAILQ_HEAD_INITIALIZER(head) {NULL, &(head).tqh_first}
#define TAILQ_ENTRY(type) \
	struct { \
		struct type *tqe_next; \
		struct type **tqe_prev; /* the link that points here */ \
	}

#define TAILQ_FIRST(head) ((head)->tqh_first)
#define TAILQ_NEXT(elm, field) ((elm)->field.tqe_next)
#define TAILQ_EMPTY(head) (TAILQ_FIRST(head) == NULL)
/*
 * Head and link have the same shape: a pointer forward, then the address of the link before. So behind the link that ends
 * the list, or precedes elm, lies the address of the link before that one.
 */
#define NGU__Q_BACK(lp) (*((__typeof__(lp) *)(void *)(lp))[1])
#define TAILQ_LAST(head, headname) NGU__Q_BACK((head)->tqh_last)
#define TAILQ_PREV(elm, headname, field) NGU__Q_BACK((elm)->field.tqe_prev)
#define TAILQ_LAST_FAST(head, type, field) \
	(TAILQ_EMPTY(head) ? NULL : NGU__Q_OWNER((head)->tqh_last, type, field.tqe_next))
#define TAILQ_PREV_FAST(elm, head, type, field) \
	((elm)->field.tqe_prev == &TAILQ_FIRST(head) ? NULL : NGU__Q_OWNER((elm)->field.tqe_prev, type, field.tqe_next))
#define TAILQ_INIT(head) \
	do { \
		TAILQ_FIRST(head) = NULL; \
		(head)->tqh_last = &TAILQ_FIRST(head); \
	} while (0)

#define TAILQ_FOREACH(var, head, field) for ((var) = TAILQ_FIRST(head); (var) != NULL; (var) = TAILQ_NEXT(var, field))
#define TAILQ_FOREACH_FROM(var, head, field) \
	for ((var) = (var) != NULL ? (var) : TAILQ_FIRST(head); (var) != NULL; (var) = TAILQ_NEXT(var, field))
#define TAILQ_FOREACH_SAFE(var, head, field, tvar) \
	for ((var) = TAILQ_FIRST(head); (var) != NULL && ((tvar) = TAILQ_NEXT(var, field), 1); (var) = (tvar))
#define TAILQ_FOREACH_FROM_SAFE(var, head, field, tvar) \
	for ((var) = (var) != NULL ? (var) : TAILQ_FIRST(head); (var) != NULL && ((tvar) = TAILQ_NEXT(var, field), 1); \
	     (var) = (tvar))
#define TAILQ_FOREACH_REVERSE(var, head, headname, field) \
	for ((var) = TAILQ_LAST(head, headname); (var) != NULL; (var) = TAILQ_PREV(var, headname, field))
#define TAILQ_FOREACH_REVERSE_FROM(var, head, headname, field) \
	for ((var) = (var) != NULL ? (var) : TAILQ_LAST(head, headname); (var) != NULL; (var) = TAILQ_PREV(var, headname, field))
#define TAILQ_FOREACH_REVERSE_SAFE(var, head, headname, field, tvar) \
	for ((var) = TAILQ_LAST(head, headname); (var) != NULL && ((tvar) = TAILQ_PREV(var, headname, field), 1); (var) = (tvar))
#define TAILQ_FOREACH_REVERSE_FROM_SAFE(var, head, headname, field, tvar) \
	for ((var) = (var) != NULL ? (var) : TAILQ_LAST(head, headname); \
	     (var) != NULL && ((tvar) = TAILQ_PREV(var, headname, field), 1); (var) = (tvar))

#define TAILQ_INSERT_HEAD(head, elm, field) \
	do { \
		if ((TAILQ_NEXT(elm, field) = TAILQ_FIRST(head)) != NULL) \
			TAILQ_FIRST(head)->field.tqe_prev = &TAILQ_NEXT(elm, field); \
		else \
			(head)->tqh_last = &TAILQ_NEXT(elm, field); \
		(elm)->field.tqe_prev = &TAILQ_FIRST(head); \
		TAILQ_FIRST(head) = (elm); \
	} while (0)
#define TAILQ_INSERT_TAIL(head, elm, field) \
	do { \
		TAILQ_NEXT(elm, field) = NULL; \
		(elm)->field.tqe_prev = (head)->tqh_last; \
		*(head)->tqh_last = (elm); \
		(head)->tqh_last = &TAILQ_NEXT(elm, field); \
	} while (0)
#define TAILQ_INSERT_AFTER(head, after, elm, field) \
	do { \
		if ((TAILQ_NEXT(elm, field) = TAILQ_NEXT(after, field)) != NULL) \
			TAILQ_NEXT(elm, field)->field.tqe_prev = &TAILQ_NEXT(elm, field); \
		else \
			(head)->tqh_last = &TAILQ_NEXT(elm, field); \
		(elm)->field.tqe_prev = &TAILQ_NEXT(after, field); \
		TAILQ_NEXT(after, field) = (elm); \
	} while (0)
#define TAILQ_INSERT_BEFORE(before, elm, field) \
	do { \
		TAILQ_NEXT(elm, field) = (before); \
		(elm)->field.tqe_prev = (before)->field.tqe_prev; \
		*(before)->field.tqe_prev = (elm); \
		(before)->field.tqe_prev = &TAILQ_NEXT(elm, field); \
	} while (0)
#define TAILQ_REMOVE(head, elm, field) \
	do { \
		if (TAILQ_NEXT(elm, field) != NULL) \
			TAILQ_NEXT(elm, field)->field.tqe_prev = (elm)->field.tqe_prev; \
		else \
			(head)->tqh_last = (elm)->field.tqe_prev; \
		*(elm)->field.tqe_prev = TAILQ_NEXT(elm, field); \
	} while (0)
#define TAILQ_REPLACE(head, elm, elm2, field) \
	do { \
		if ((TAILQ_NEXT(elm2, field) = TAILQ_NEXT(elm, field)) != NULL) \
			TAILQ_NEXT(elm2, field)->field.tqe_prev = &TAILQ_NEXT(elm2, field); \
		else \
			(head)->tqh_last = &TAILQ_NEXT(elm2, field); \
		(elm2)->field.tqe_prev = (elm)->field.tqe_prev; \
		*(elm2)->field.tqe_prev = (elm2); \
	} while (0)
#define TAILQ_CONCAT(head1, head2, field) \
	do { \
		if (!TAILQ_EMPTY(head2)) { \
			*(head1)->tqh_last = TAILQ_FIRST(head2); \
			TAILQ_FIRST(head2)->field.tqe_prev = (head1)->tqh_last; \
			(head1)->tqh_last = (head2)->tqh_last; \
			TAILQ_INIT(head2); \
		} \
	} while (0)
#define TAILQ_SWAP(head1, head2, type, field) \
	do { \
		struct type *ngu__f = TAILQ_FIRST(head1); \
		struct type **ngu__l = (head1)->tqh_last; \
		TAILQ_FIRST(head1) = TAILQ_FIRST(head2); \
		(head1)->tqh_last = (head2)->tqh_last; \
		TAILQ_FIRST(head2) = ngu__f; \
		(head2)->tqh_last = ngu__l; \
		if (!TAILQ_EMPTY(head1)) \
			TAILQ_FIRST(head1)->field.tqe_prev = &TAILQ_FIRST(head1); \
		else \
			(head1)->tqh_last = &TAILQ_FIRST(head1); \
		if (!TAILQ_EMPTY(head2)) \
			TAILQ_FIRST(head2)->field.tqe_prev = &TAILQ_FIRST(head2); \
		else \
			(head2)->tqh_last = &TAILQ_FIRST(head2); \
	} while (0)

#endif /* NGU_KERN_SYS_QUEUE_H */
