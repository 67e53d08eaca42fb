/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_quota.c - the node type of docs/lab.md: lets so many packets through from "in" hooks to hook "out", and no more.
 * QUOTA chooses between what was written first, what came next, and what is right.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <machine/atomic.h>
#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>

struct quota {
	hook_p out;
	u_int used, limit;
};

#if QUOTA == 1
static bool
quota_take(struct quota *q)
{
	if (q->used >= q->limit)
		return (false);
	q->used++;
	return (true);
}
#elif QUOTA == 2
static bool
quota_take(struct quota *q)
{
	if (atomic_load_int(&q->used) >= q->limit)
		return (false);
	atomic_add_int(&q->used, 1);
	return (true);
}
#else
static bool
quota_take(struct quota *q)
{
	u_int used;

	do {
		used = atomic_load_int(&q->used);
		if (used >= q->limit)
			return (false);
	} while (!atomic_cmpset_int(&q->used, used, used + 1));
	return (true);
}
#endif

static int
quota_rcvdata(hook_p hook, item_p item)
{
	struct quota *q = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));
	int error;

	if (hook == q->out || !quota_take(q)) {
		NG_FREE_ITEM(item);
		return (ENOBUFS);
	}
	NG_FWD_ITEM_HOOK(error, item, q->out);
	return (error);
}

static int
quota_constructor(node_p node)
{
	struct quota *q = malloc(sizeof(*q), M_NETGRAPH, M_WAITOK | M_ZERO);

	q->limit = 1;
	NG_NODE_SET_PRIVATE(node, q);
	return (0);
}

static int
quota_newhook(node_p node, hook_p hook, const char *name)
{
	struct quota *q = NG_NODE_PRIVATE(node);

	if (strcmp(name, "out") == 0)
		q->out = hook;
	return (0);
}

static int
quota_disconnect(hook_p hook)
{
	struct quota *q = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));

	if (hook == q->out)
		q->out = NULL;
	return (0);
}

static int
quota_shutdown(node_p node)
{
	free(NG_NODE_PRIVATE(node), M_NETGRAPH);
	NG_NODE_UNREF(node);
	return (0);
}

static struct ng_type quota_type = {
	.version = NG_ABI_VERSION,
	.name = "quota",
	.constructor = quota_constructor,
	.shutdown = quota_shutdown,
	.newhook = quota_newhook,
	.rcvdata = quota_rcvdata,
	.disconnect = quota_disconnect,
};
NETGRAPH_INIT(quota, &quota_type);
