/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nodes_plain.c - a node type without anything of its own, to measure what libng needs for a node; and lookups as kernel sources make them.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/mbuf.h>
#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>

#include <ng/ng.h>

#include "nodes.h"

static int
nil_constructor(node_p node)
{
	return (0);
}

static int
nil_shutdown(node_p node)
{
	NG_NODE_UNREF(node);
	return (0);
}

static int
nil_newhook(node_p node, hook_p hook, const char *name)
{
	return (0);
}

static int
nil_rcvdata(hook_p hook, item_p item)
{
	NG_FREE_ITEM(item);
	return (0);
}

static int
nil_disconnect(hook_p hook)
{
	return (0);
}

static struct ng_type nil_type = {
	.version = NG_ABI_VERSION,
	.name = "bnil",
	.constructor = nil_constructor,
	.shutdown = nil_shutdown,
	.newhook = nil_newhook,
	.rcvdata = nil_rcvdata,
	.disconnect = nil_disconnect,
};

int
bench_plain_register(void)
{
	return (ng_newtype(&nil_type));
}

unsigned
bench_lookup_names(struct ngu_graph *g, const char (*name)[16], unsigned n)
{
	struct ngu_graph *before = ngu_graph_enter(g);
	unsigned found = 0;

	for (unsigned i = 0; i < n; i++) {
		node_p node = ng_name2noderef(NULL, name[i]);

		if (node != NULL) {
			found++;
			NG_NODE_UNREF(node);
		}
	}
	(void)ngu_graph_enter(before);
	return (found);
}

unsigned
bench_lookup_ids(struct ngu_graph *g, const uint32_t *id, unsigned n)
{
	struct ngu_graph *before = ngu_graph_enter(g);
	unsigned found = 0;

	for (unsigned i = 0; i < n; i++) {
		node_p node = ngu_k_id2noderef(id[i]);

		if (node != NULL) {
			found++;
			NG_NODE_UNREF(node);
		}
	}
	(void)ngu_graph_enter(before);
	return (found);
}
