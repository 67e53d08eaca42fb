/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tree.h - tree(3): ordered sets whose links lie in the elements. RB_*: red-black trees, every operation in the time of the tree's
 * height. SPLAY_*: trees that move what is looked for to their root, so that looking changes them too.
 *
 * No call allocates, locks or blocks. cmp(a, b) is below, at or above 0; the first argument is what is inserted or looked for.
 * An element may leave its tree in RB_FOREACH_SAFE only. Behind the macros: lib/kern/tree.c.
 */
#ifndef NGU_KERN_SYS_TREE_H
#define NGU_KERN_SYS_TREE_H

#include <sys/types.h>
#include <ng/base.h>

#ifdef RB_AUGMENT
#error "<sys/tree.h>: libng has no RB_AUGMENT"
#endif

/* ---- red-black trees ---- */

/* Links of one element; they belong to lib/kern/tree.c. */
struct ngu_k_rb {
	void *child[2]; /* smaller, greater */
	void *parent;
	int red;
};

/* All elements have their links `off` bytes from their beginning. Hang elm under parent (NULL: the tree is empty), on one side. */
NGU_API void ngu_k_rb_insert(void **root, void *elm, void *parent, int side, size_t off);
NGU_API void ngu_k_rb_remove(void **root, void *elm, size_t off);
/* The next smaller (side 0) or greater (1) element; NULL: there is none. */
NGU_API void *ngu_k_rb_step(const void *elm, int side, size_t off);
/* The smallest (side 0) or greatest (1) element below root, NULL: it is empty. */
NGU_API void *ngu_k_rb_end(void *root, int side, size_t off);

/* The array has no members: it remembers the type. */
#define RB_HEAD(name, type) \
	struct name { \
		void *rbh_root; \
		struct type *ngu__type[0]; \
	}
#define RB_INITIALIZER(root) { .rbh_root = NULL }
#define RB_INIT(head) ((void)((head)->rbh_root = NULL))
#define RB_ENTRY(type) struct ngu_k_rb
#define RB_ROOT(head) ((__typeof__((head)->ngu__type[0]))(head)->rbh_root)
#define RB_EMPTY(head) ((head)->rbh_root == NULL)
#define RB_LEFT(elm, field) ((__typeof__(elm))(elm)->field.child[0])
#define RB_RIGHT(elm, field) ((__typeof__(elm))(elm)->field.child[1])
#define RB_PARENT(elm, field) ((__typeof__(elm))(elm)->field.parent)

#define RB_PROTOTYPE(name, type, field, cmp) RB_PROTOTYPE_INTERNAL(name, type, field, cmp, )
#define RB_PROTOTYPE_STATIC(name, type, field, cmp) RB_PROTOTYPE_INTERNAL(name, type, field, cmp, __unused static)
#define RB_PROTOTYPE_INTERNAL(name, type, field, cmp, attr) \
	attr struct type *name##_RB_INSERT(struct name *head, struct type *elm); \
	attr struct type *name##_RB_REMOVE(struct name *head, struct type *elm); \
	attr struct type *name##_RB_FIND(struct name *head, struct type *key); \
	attr struct type *name##_RB_NFIND(struct name *head, struct type *key); \
	attr struct type *name##_RB_NEXT(struct type *elm); \
	attr struct type *name##_RB_PREV(struct type *elm); \
	attr struct type *name##_RB_MINMAX(struct name *head, int side); \
	attr struct type *name##_RB_REINSERT(struct name *head, struct type *elm)

#define RB_GENERATE(name, type, field, cmp) RB_GENERATE_INTERNAL(name, type, field, cmp, )
#define RB_GENERATE_STATIC(name, type, field, cmp) RB_GENERATE_INTERNAL(name, type, field, cmp, __unused static)
#define RB_GENERATE_INTERNAL(name, type, field, cmp, attr) \
	attr struct type *name##_RB_INSERT(struct name *head, struct type *elm) \
	{ \
		struct type *parent = NULL, *at; \
		int side = 0, c; \
\
		for (at = RB_ROOT(head); at != NULL; at = (struct type *)at->field.child[side]) { \
			if ((c = cmp(elm, at)) == 0) \
				return (at); \
			parent = at; \
			side = c > 0; \
		} \
		ngu_k_rb_insert(&head->rbh_root, elm, parent, side, __offsetof(struct type, field)); \
		return (NULL); \
	} \
	attr struct type *name##_RB_REMOVE(struct name *head, struct type *elm) \
	{ \
		ngu_k_rb_remove(&head->rbh_root, elm, __offsetof(struct type, field)); \
		return (elm); \
	} \
	attr struct type *name##_RB_NFIND(struct name *head, struct type *key) \
	{ \
		struct type *at = RB_ROOT(head), *found = NULL; \
		int c = 1; \
\
		while (at != NULL && c != 0) { \
			if ((c = cmp(key, at)) <= 0) \
				found = at; \
			at = (struct type *)at->field.child[c > 0]; \
		} \
		return (found); \
	} \
	attr struct type *name##_RB_FIND(struct name *head, struct type *key) \
	{ \
		struct type *at = RB_ROOT(head); \
		int c; \
\
		while (at != NULL && (c = cmp(key, at)) != 0) \
			at = (struct type *)at->field.child[c > 0]; \
		return (at); \
	} \
	attr struct type *name##_RB_NEXT(struct type *elm) \
	{ \
		return ((struct type *)ngu_k_rb_step(elm, 1, __offsetof(struct type, field))); \
	} \
	attr struct type *name##_RB_PREV(struct type *elm) \
	{ \
		return ((struct type *)ngu_k_rb_step(elm, 0, __offsetof(struct type, field))); \
	} \
	attr struct type *name##_RB_MINMAX(struct name *head, int side) \
	{ \
		return ((struct type *)ngu_k_rb_end(head->rbh_root, side > 0, __offsetof(struct type, field))); \
	} \
	attr struct type *name##_RB_REINSERT(struct name *head, struct type *elm) \
	{ \
		struct type *prev = name##_RB_PREV(elm), *next = name##_RB_NEXT(elm); \
\
		if ((prev == NULL || cmp(prev, elm) < 0) && (next == NULL || cmp(elm, next) < 0)) \
			return (NULL); \
		(void)name##_RB_REMOVE(head, elm); \
		return (name##_RB_INSERT(head, elm)); \
	} \
	_Static_assert(1, "")

#define RB_NEGINF (-1)
#define RB_INF 1

/* NULL: inserted; else the element that is there already. */
#define RB_INSERT(name, head, elm) name##_RB_INSERT((head), (elm))
/* elm, which must be in the tree. */
#define RB_REMOVE(name, head, elm) name##_RB_REMOVE((head), (elm))
#define RB_FIND(name, head, key) name##_RB_FIND((head), (key))
/* The smallest that is not below key. */
#define RB_NFIND(name, head, key) name##_RB_NFIND((head), (key))
#define RB_NEXT(name, head, elm) name##_RB_NEXT(elm)
#define RB_PREV(name, head, elm) name##_RB_PREV(elm)
#define RB_MIN(name, head) name##_RB_MINMAX((head), RB_NEGINF)
#define RB_MAX(name, head) name##_RB_MINMAX((head), RB_INF)
/* The element's key was changed: put it where it belongs. NULL, or the element that is there: elm is in no tree then. */
#define RB_REINSERT(name, head, elm) name##_RB_REINSERT((head), (elm))

#define RB_FOREACH(var, name, head) for ((var) = RB_MIN(name, head); (var) != NULL; (var) = name##_RB_NEXT(var))
#define RB_FOREACH_FROM(var, name, from) for ((var) = (from); (var) != NULL; (var) = name##_RB_NEXT(var))
#define RB_FOREACH_SAFE(var, name, head, next) \
	for ((var) = RB_MIN(name, head); (var) != NULL && ((next) = name##_RB_NEXT(var), 1); (var) = (next))
#define RB_FOREACH_REVERSE(var, name, head) for ((var) = RB_MAX(name, head); (var) != NULL; (var) = name##_RB_PREV(var))
#define RB_FOREACH_REVERSE_FROM(var, name, from) for ((var) = (from); (var) != NULL; (var) = name##_RB_PREV(var))
#define RB_FOREACH_REVERSE_SAFE(var, name, head, prev) \
	for ((var) = RB_MAX(name, head); (var) != NULL && ((prev) = name##_RB_PREV(var), 1); (var) = (prev))

/* ---- splay trees ---- */

struct ngu_k_splay {
	void *child[2];
};

/*
 * Bring the element that equals key to the root, or else one next to where it would be. cmp NULL: the smallest (side 0) or greatest (1).
 * *root is not NULL.
 */
NGU_API void ngu_k_splay(void **root, void *key, int (*cmp)(void *key, void *elm), int side, size_t off);

#define SPLAY_HEAD(name, type) \
	struct name { \
		void *sph_root; \
		struct type *ngu__type[0]; \
	}
#define SPLAY_INITIALIZER(root) { .sph_root = NULL }
#define SPLAY_INIT(head) ((void)((head)->sph_root = NULL))
#define SPLAY_ENTRY(type) struct ngu_k_splay
#define SPLAY_ROOT(head) ((__typeof__((head)->ngu__type[0]))(head)->sph_root)
#define SPLAY_EMPTY(head) ((head)->sph_root == NULL)
#define SPLAY_LEFT(elm, field) ((__typeof__(elm))(elm)->field.child[0])
#define SPLAY_RIGHT(elm, field) ((__typeof__(elm))(elm)->field.child[1])

#define SPLAY_PROTOTYPE(name, type, field, cmp) \
	struct type *name##_SPLAY_INSERT(struct name *head, struct type *elm); \
	struct type *name##_SPLAY_REMOVE(struct name *head, struct type *elm); \
	struct type *name##_SPLAY_FIND(struct name *head, struct type *key); \
	struct type *name##_SPLAY_NEXT(struct name *head, struct type *elm); \
	struct type *name##_SPLAY_MIN_MAX(struct name *head, int side)

#define SPLAY_GENERATE(name, type, field, cmp) \
	static int name##_SPLAY_CMP(void *a, void *b) \
	{ \
		return (cmp((struct type *)a, (struct type *)b)); \
	} \
	struct type *name##_SPLAY_FIND(struct name *head, struct type *key) \
	{ \
		if (head->sph_root == NULL) \
			return (NULL); \
		ngu_k_splay(&head->sph_root, key, name##_SPLAY_CMP, 0, __offsetof(struct type, field)); \
		return (name##_SPLAY_CMP(key, head->sph_root) == 0 ? SPLAY_ROOT(head) : NULL); \
	} \
	struct type *name##_SPLAY_INSERT(struct name *head, struct type *elm) \
	{ \
		struct type *at; \
		int side; \
\
		if ((at = name##_SPLAY_FIND(head, elm)) != NULL) \
			return (at); \
		elm->field.child[0] = elm->field.child[1] = NULL; \
		if ((at = SPLAY_ROOT(head)) != NULL) { \
			/* what was next to it becomes its child, with what is beyond */ \
			side = name##_SPLAY_CMP(elm, at) < 0; \
			elm->field.child[side] = at; \
			elm->field.child[!side] = at->field.child[!side]; \
			at->field.child[!side] = NULL; \
		} \
		head->sph_root = elm; \
		return (NULL); \
	} \
	struct type *name##_SPLAY_REMOVE(struct name *head, struct type *elm) \
	{ \
		struct type *at = name##_SPLAY_FIND(head, elm), *left; \
\
		if (at == NULL) \
			return (NULL); \
		if ((left = (struct type *)at->field.child[0]) == NULL) { \
			head->sph_root = at->field.child[1]; \
		} else { \
			head->sph_root = left; \
			ngu_k_splay(&head->sph_root, NULL, NULL, 1, __offsetof(struct type, field)); \
			SPLAY_ROOT(head)->field.child[1] = at->field.child[1]; \
		} \
		return (at); \
	} \
	struct type *name##_SPLAY_NEXT(struct name *head, struct type *elm) \
	{ \
		struct type *at; \
\
		(void)name##_SPLAY_FIND(head, elm); \
		if ((at = (struct type *)elm->field.child[1]) != NULL) \
			while (at->field.child[0] != NULL) \
				at = (struct type *)at->field.child[0]; \
		return (at); \
	} \
	struct type *name##_SPLAY_MIN_MAX(struct name *head, int side) \
	{ \
		if (head->sph_root != NULL) \
			ngu_k_splay(&head->sph_root, NULL, NULL, side > 0, __offsetof(struct type, field)); \
		return (SPLAY_ROOT(head)); \
	} \
	_Static_assert(1, "")

#define SPLAY_NEGINF (-1)
#define SPLAY_INF 1

/* As RB_INSERT, RB_FIND; SPLAY_REMOVE: NULL if nothing equals elm. */
#define SPLAY_INSERT(name, head, elm) name##_SPLAY_INSERT((head), (elm))
#define SPLAY_REMOVE(name, head, elm) name##_SPLAY_REMOVE((head), (elm))
#define SPLAY_FIND(name, head, key) name##_SPLAY_FIND((head), (key))
#define SPLAY_NEXT(name, head, elm) name##_SPLAY_NEXT((head), (elm))
#define SPLAY_MIN(name, head) name##_SPLAY_MIN_MAX((head), SPLAY_NEGINF)
#define SPLAY_MAX(name, head) name##_SPLAY_MIN_MAX((head), SPLAY_INF)
#define SPLAY_FOREACH(var, name, head) for ((var) = SPLAY_MIN(name, head); (var) != NULL; (var) = SPLAY_NEXT(name, head, var))

#endif /* NGU_KERN_SYS_TREE_H */
