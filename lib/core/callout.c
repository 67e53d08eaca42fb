/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * callout.c - ng_callout(9): timers that end as function items, under their node's writer turn.
 *
 * The item is made when the timer is armed, so expiry cannot fail for memory; it holds references on node and hook.
 */
#include "core/core.h"
#include "kern/timers.h"

static void
trampoline(void *arg)
{
	item_p item = arg;

	(void)ng_snd_item(item, NG_NOFLAGS);
}

void
ng_callout_init(struct callout *c)
{
	callout_init(c, 1);
}

int
ng_callout(struct callout *c, node_p node, hook_p hook, int ticks_, ng_item_fn *fn, void *arg1, int arg2)
{
	item_p item = ngu__item_alloc(ngu__self()), old;

	if (item == NULL)
		return (ENOMEM);
	item->el_flags = NGQF_FN | NGQF_WRITER;
	NG_NODE_REF(node);
	ngu_k_item_set_node(item, node);
	if (hook != NULL) {
		NG_HOOK_REF(hook);
		ngu_k_item_set_hook(item, hook);
	}
	NGI_FN(item) = fn;
	NGI_ARG1(item) = arg1;
	NGI_ARG2(item) = arg2;
	/* The callout belongs to the node, whose writer turn the caller has: nobody else arms it meanwhile. */
	old = c->c_func == trampoline ? c->c_arg : NULL;
	if (callout_reset(c, ticks_, trampoline, item) == 1 && old != NULL)
		NG_FREE_ITEM(old);
	return (0);
}

int
ng_uncallout(struct callout *c, node_p node)
{
	bool last;
	int n = ngu__callout_stop(c, &last);

	(void)node;
	if (c->c_func != trampoline || c->c_arg == NULL)
		return (0);
	/* Armed again while its function runs: that one cannot be stopped, but the item of the next has nobody else. */
	if (last)
		NG_FREE_ITEM((item_p)c->c_arg);
	return (n == 1);
}

int
ng_uncallout_drain(struct callout *c, node_p node)
{
	int n = ng_uncallout(c, node);

	(void)callout_drain(c);
	return (n);
}
