/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check.c - what the macros of netgraph.h call in sources compiled with NETGRAPH_DEBUG: is this a node, a hook, an item?
 *
 * Freed objects are overwritten, so their counts are no counts. What was given out again since is somebody's; that is not seen.
 */
#include "core/core.h"

#define TOO_MANY 0x40000000 /* references nobody can hold; what overwrites a freed object is above it, or negative */

static __attribute__((__noreturn__)) void
broken(const char *what, const void *p, const char *why, const char *file, int line)
{
	panic("%s:%d: %s %p %s", file, line, what, p, why);
}

static bool
aligned(const void *p)
{
	return (((uintptr_t)p & (NGU_CACHELINE - 1)) == 0);
}

node_p
ngu_k_check_node(node_cp node, const char *file, int line)
{
	node_p n = (node_p)(uintptr_t)node;
	int refs;

	if (n == NULL || !aligned(n))
		broken("node", n, n == NULL ? "is none" : "is no node", file, line);
	refs = NGU_LD_RLX(&n->nd_refs);
	if (refs <= 0 || refs >= TOO_MANY || n->nd_type == NULL)
		broken("node", n, "was freed", file, line);
	return (n);
}

hook_p
ngu_k_check_hook(hook_cp hook, const char *file, int line)
{
	hook_p h = (hook_p)(uintptr_t)hook;
	int refs;

	if (h == NULL || !aligned(h))
		broken("hook", h, h == NULL ? "is none" : "is no hook", file, line);
	refs = NGU_LD_RLX(&h->hk_refs);
	if (refs <= 0 || refs >= TOO_MANY)
		broken("hook", h, "was freed", file, line);
	return (h);
}

/* Items are overwritten in debug builds of the library only. */
item_p
ngu_k_check_item(item_cp item, const char *file, int line)
{
	item_p i = (item_p)(uintptr_t)item;

	if (i == NULL || !aligned(i))
		broken("item", i, i == NULL ? "is none" : "is no item", file, line);
	if (i->el_count == 0 || i->el_count > NGU_BURST_MAX)
		broken("item", i, "was freed", file, line);
	return (i);
}
