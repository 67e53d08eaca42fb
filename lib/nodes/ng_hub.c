/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_hub.c - what arrives by one hook leaves by all others: copies in the order of the hook list, the original last.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>

#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>
#include <netgraph/ng_hub.h>

#ifdef NG_SEPARATE_MALLOC
static MALLOC_DEFINE(M_NETGRAPH_HUB, "netgraph_hub", "netgraph hub node");
#else
#define M_NETGRAPH_HUB M_NETGRAPH
#endif

struct hub {
	bool persistent;
};

static ng_constructor_t ng_hub_constructor;
static ng_rcvmsg_t ng_hub_rcvmsg;
static ng_shutdown_t ng_hub_shutdown;
static ng_rcvdata_t ng_hub_rcvdata;
static ng_disconnect_t ng_hub_disconnect;

static const struct ng_cmdlist ng_hub_cmdlist[] = {
	{ NGM_HUB_COOKIE, NGM_HUB_SET_PERSISTENT, "setpersistent", NULL, NULL },
	{ 0, 0, NULL, NULL, NULL }
};

static struct ng_type ng_hub_type = {
	.version = NG_ABI_VERSION,
	.name = NG_HUB_NODE_TYPE,
	.constructor = ng_hub_constructor,
	.rcvmsg = ng_hub_rcvmsg,
	.shutdown = ng_hub_shutdown,
	.rcvdata = ng_hub_rcvdata,
	.disconnect = ng_hub_disconnect,
	.cmdlist = ng_hub_cmdlist,
};
NETGRAPH_INIT(hub, &ng_hub_type);

static int
ng_hub_constructor(node_p node)
{
	NG_NODE_SET_PRIVATE(node, malloc(sizeof(struct hub), M_NETGRAPH_HUB, M_WAITOK | M_ZERO));
	return (0);
}

static int
ng_hub_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	struct hub *hub = NG_NODE_PRIVATE(node);
	struct ng_mesg *msg;
	int error = 0;

	NGI_GET_MSG(item, msg);
	if (msg->header.typecookie == NGM_HUB_COOKIE && msg->header.cmd == NGM_HUB_SET_PERSISTENT)
		hub->persistent = true;
	else
		error = EINVAL;
	NG_FREE_MSG(msg);
	NG_FREE_ITEM(item);
	return (error);
}

/*
 * Who is last shows only behind it, so the walk sends to a hook when it has found the next one. Counting hooks beforehand would
 * go wrong when the list changes meanwhile.
 */
static int
ng_hub_rcvdata(hook_p hook, item_p item)
{
	node_p node = NG_HOOK_NODE(hook);
	hook_p h, last = NULL;
	struct mbuf *copy;
	int error = 0;

	LIST_FOREACH(h, &node->nd_hooks, hk_hooks) {
		if (h == hook)
			continue;
		if (last != NULL) {
			if ((copy = m_dup(NGI_M(item), M_NOWAIT)) == NULL) {
				NG_FREE_ITEM(item);
				return (ENOBUFS);
			}
			NG_SEND_DATA_ONLY(error, last, copy);
		}
		last = h;
	}
	if (last != NULL)
		NG_FWD_ITEM_HOOK(error, item, last);
	else
		NG_FREE_ITEM(item);
	return (error);
}

#ifdef NGU_BURST_MAX
/* The same, hook by hook. A packet that cannot be copied goes nowhere else. */
static int
ng_hub_rcvburst(hook_p hook, struct mbuf **vec, unsigned n, size_t bytes)
{
	node_p node = NG_HOOK_NODE(hook);
	struct mbuf *copy[NGU_BURST_MAX];
	hook_p h, last = NULL;
	unsigned got;
	int error = 0, e;

	LIST_FOREACH(h, &node->nd_hooks, hk_hooks) {
		if (h == hook)
			continue;
		if (last != NULL) {
			got = 0;
			for (unsigned i = 0; i < n; i++) {
				if ((copy[got] = m_dup(vec[i], M_NOWAIT)) != NULL) {
					vec[got++] = vec[i];
				} else {
					bytes -= (size_t)vec[i]->m_pkthdr.len;
					m_freem(vec[i]);
					error = ENOBUFS;
				}
			}
			if ((n = got) == 0)
				return (error);
			(void)ngu_send_burst(last, copy, n, bytes);
		}
		last = h;
	}
	if (last == NULL) {
		for (unsigned i = 0; i < n; i++)
			m_freem(vec[i]);
		return (error);
	}
	e = ngu_send_burst(last, vec, n, bytes);
	return (e != 0 ? e : error);
}
NGU_BURST_INIT(hub, &ng_hub_type, ng_hub_rcvburst);
#endif

static int
ng_hub_shutdown(node_p node)
{
	free(NG_NODE_PRIVATE(node), M_NETGRAPH_HUB);
	NG_NODE_SET_PRIVATE(node, NULL);
	NG_NODE_UNREF(node);
	return (0);
}

static int
ng_hub_disconnect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);
	struct hub *hub = NG_NODE_PRIVATE(node);

	if (NG_NODE_NUMHOOKS(node) == 0 && NG_NODE_IS_VALID(node) && !hub->persistent)
		ng_rmnode_self(node);
	return (0);
}
