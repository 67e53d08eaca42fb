/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tree.c - tree(3) without types: red-black trees and splay trees of elements that are known by the place of their links alone.
 *
 * Invariants of a red-black tree, after every call
 *   T1  A red element's children and the root are black; nothing counts as black.
 *   T2  Each way down from an element meets the same number of black ones.
 */
#include <sys/tree.h>

#define LINKS(elm) ((struct ngu_k_rb *)(void *)((char *)(elm) + off))
#define RED(elm) ((elm) != NULL && LINKS(elm)->red)

/* What was below `old`'s parent becomes `elm`, which may be NULL. */
static void
replace(void **root, void *old, void *elm, size_t off)
{
	void *parent = LINKS(old)->parent;

	if (parent == NULL)
		*root = elm;
	else
		LINKS(parent)->child[LINKS(parent)->child[1] == old] = elm;
	if (elm != NULL)
		LINKS(elm)->parent = parent;
}

/* elm goes down to `side`; its child of the other side takes its place. */
static void
rotate(void **root, void *elm, int side, size_t off)
{
	void *up = LINKS(elm)->child[!side], *between = LINKS(up)->child[side];

	replace(root, elm, up, off);
	LINKS(up)->child[side] = elm;
	LINKS(elm)->parent = up;
	LINKS(elm)->child[!side] = between;
	if (between != NULL)
		LINKS(between)->parent = elm;
}

void
ngu_k_rb_insert(void **root, void *elm, void *parent, int side, size_t off)
{
	void *grand, *uncle;

	LINKS(elm)->child[0] = LINKS(elm)->child[1] = NULL;
	LINKS(elm)->parent = parent;
	LINKS(elm)->red = 1;
	if (parent == NULL)
		*root = elm;
	else
		LINKS(parent)->child[side] = elm;
	/* T2 holds; elm may be a red child of a red one. */
	while (RED(parent = LINKS(elm)->parent)) {
		grand = LINKS(parent)->parent;
		side = LINKS(grand)->child[1] == parent;
		uncle = LINKS(grand)->child[!side];
		if (RED(uncle)) {
			LINKS(parent)->red = LINKS(uncle)->red = 0;
			LINKS(grand)->red = 1;
			elm = grand;
			continue;
		}
		if (LINKS(parent)->child[!side] == elm) {
			rotate(root, parent, side, off);
			parent = elm;
		}
		LINKS(parent)->red = 0;
		LINKS(grand)->red = 1;
		rotate(root, grand, !side, off);
		break;
	}
	LINKS(*root)->red = 0;
}

/* Ways through `elm` (may be NULL), a child of `parent`, meet one black element too few. */
static void
fill_up(void **root, void *elm, void *parent, size_t off)
{
	void *other;
	int side;

	while (elm != *root && !RED(elm)) {
		side = LINKS(parent)->child[1] == elm;
		other = LINKS(parent)->child[!side];
		if (LINKS(other)->red) {
			LINKS(other)->red = 0;
			LINKS(parent)->red = 1;
			rotate(root, parent, side, off);
			other = LINKS(parent)->child[!side];
		}
		if (!RED(LINKS(other)->child[0]) && !RED(LINKS(other)->child[1])) {
			/* now both sides lack one */
			LINKS(other)->red = 1;
			elm = parent;
			parent = LINKS(elm)->parent;
			continue;
		}
		if (!RED(LINKS(other)->child[!side])) {
			LINKS(LINKS(other)->child[side])->red = 0;
			LINKS(other)->red = 1;
			rotate(root, other, !side, off);
			other = LINKS(parent)->child[!side];
		}
		LINKS(other)->red = LINKS(parent)->red;
		LINKS(parent)->red = 0;
		LINKS(LINKS(other)->child[!side])->red = 0;
		rotate(root, parent, side, off);
		return;
	}
	if (elm != NULL)
		LINKS(elm)->red = 0;
}

void
ngu_k_rb_remove(void **root, void *elm, size_t off)
{
	void *child = LINKS(elm)->child[0], *parent = LINKS(elm)->parent, *next;
	int red = LINKS(elm)->red;

	if (child == NULL) {
		child = LINKS(elm)->child[1];
		replace(root, elm, child, off);
	} else if (LINKS(elm)->child[1] == NULL) {
		replace(root, elm, child, off);
	} else {
		/* The next greater one, which has no smaller child, leaves its place and takes elm's. */
		next = ngu_k_rb_end(LINKS(elm)->child[1], 0, off);
		child = LINKS(next)->child[1];
		parent = LINKS(next)->parent;
		red = LINKS(next)->red;
		replace(root, next, child, off);
		if (parent == elm)
			parent = next;
		*LINKS(next) = *LINKS(elm);
		replace(root, elm, next, off);
		for (int side = 0; side < 2; side++)
			if (LINKS(next)->child[side] != NULL)
				LINKS(LINKS(next)->child[side])->parent = next;
	}
	if (!red)
		fill_up(root, child, parent, off);
}

void *
ngu_k_rb_end(void *elm, int side, size_t off)
{
	if (elm != NULL)
		while (LINKS(elm)->child[side] != NULL)
			elm = LINKS(elm)->child[side];
	return (elm);
}

void *
ngu_k_rb_step(const void *from, int side, size_t off)
{
	void *elm = __DECONST(void *, from), *parent;

	if (LINKS(elm)->child[side] != NULL)
		return (ngu_k_rb_end(LINKS(elm)->child[side], !side, off));
	while ((parent = LINKS(elm)->parent) != NULL && LINKS(parent)->child[side] == elm)
		elm = parent;
	return (parent);
}

#undef LINKS
#define LINKS(elm) ((struct ngu_k_splay *)(void *)((char *)(elm) + off))

void
ngu_k_splay(void **root, void *key, int (*cmp)(void *key, void *elm), int side, size_t off)
{
	void *at = *root, *next, *rest[2] = { NULL, NULL }; /* what is smaller, what is greater, without `at` and what is below it */
	void **end[2] = { &rest[0], &rest[1] };
	int c;

	for (;;) {
		if (cmp != NULL) {
			if ((c = cmp(key, at)) == 0)
				break;
			side = c > 0;
		}
		if ((next = LINKS(at)->child[side]) == NULL)
			break;
		if (cmp == NULL || ((c = cmp(key, next)) != 0 && (c > 0) == side)) {
			/* two steps to one side: the second one first */
			LINKS(at)->child[side] = LINKS(next)->child[!side];
			LINKS(next)->child[!side] = at;
			at = next;
			if ((next = LINKS(at)->child[side]) == NULL)
				break;
		}
		*end[!side] = at;
		end[!side] = &LINKS(at)->child[side];
		at = next;
	}
	*end[0] = LINKS(at)->child[0];
	*end[1] = LINKS(at)->child[1];
	LINKS(at)->child[0] = rest[0];
	LINKS(at)->child[1] = rest[1];
	*root = at;
}
