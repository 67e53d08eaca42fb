/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_split.c - one two-way hook in front, two one-way hooks behind.
 *
 * Packets run as readers, many at once; the hook pointers change only while the node stands still, so they are read plainly.
 * Nothing is written.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/syslog.h>

#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>
#include <netgraph/ng_split.h>

#ifdef NG_SEPARATE_MALLOC
static MALLOC_DEFINE(M_NETGRAPH_SPLIT, "netgraph_split", "netgraph split node");
#else
#define M_NETGRAPH_SPLIT M_NETGRAPH
#endif

struct split {
	hook_p mixed, in, out; /* NULL: not connected */
};

static ng_constructor_t ng_split_constructor;
static ng_shutdown_t ng_split_shutdown;
static ng_newhook_t ng_split_newhook;
static ng_rcvdata_t ng_split_rcvdata;
static ng_disconnect_t ng_split_disconnect;

static struct ng_type ng_split_type = {
	.version = NG_ABI_VERSION,
	.name = NG_SPLIT_NODE_TYPE,
	.constructor = ng_split_constructor,
	.shutdown = ng_split_shutdown,
	.newhook = ng_split_newhook,
	.rcvdata = ng_split_rcvdata,
	.disconnect = ng_split_disconnect,
};
NETGRAPH_INIT(split, &ng_split_type);

static int
ng_split_constructor(node_p node)
{
	NG_NODE_SET_PRIVATE(node, malloc(sizeof(struct split), M_NETGRAPH_SPLIT, M_WAITOK | M_ZERO));
	return (0);
}

static int
ng_split_newhook(node_p node, hook_p hook, const char *name)
{
	struct split *sc = NG_NODE_PRIVATE(node);
	hook_p *place;

	if (strcmp(name, NG_SPLIT_HOOK_MIXED) == 0)
		place = &sc->mixed;
	else if (strcmp(name, NG_SPLIT_HOOK_IN) == 0)
		place = &sc->in;
	else if (strcmp(name, NG_SPLIT_HOOK_OUT) == 0)
		place = &sc->out;
	else
		return (EINVAL);
	if (*place != NULL) /* one is being connected under this name */
		return (EISCONN);
	*place = hook;
	NG_HOOK_SET_PRIVATE(hook, place);
	return (0);
}

static void
wrong_way(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);

	log(LOG_ERR, "split \"%s\" [%x]: a packet arrived by hook %s, which is for sending: error %d\n", NG_NODE_NAME(node),
	    NG_NODE_ID(node), NG_HOOK_NAME(hook), EINVAL);
}

static int
ng_split_rcvdata(hook_p hook, item_p item)
{
	struct split *sc = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));
	hook_p to;
	int error;

	if (hook == sc->out) {
		wrong_way(hook);
		NG_FREE_ITEM(item);
		return (EINVAL);
	}
	if ((to = hook == sc->in ? sc->mixed : sc->out) == NULL) {
		NG_FREE_ITEM(item);
		return (0);
	}
	NG_FWD_ITEM_HOOK(error, item, to);
	return (error);
}

#ifdef NGU_BURST_MAX
static int
ng_split_rcvburst(hook_p hook, struct mbuf **vec, unsigned n, size_t bytes)
{
	struct split *sc = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));
	hook_p to = hook == sc->in ? sc->mixed : sc->out;

	if (hook != sc->out && to != NULL)
		return (ngu_send_burst(to, vec, n, bytes));
	for (unsigned i = 0; i < n; i++) {
		if (hook == sc->out)
			wrong_way(hook);
		m_freem(vec[i]);
	}
	return (hook == sc->out ? EINVAL : 0);
}
NGU_BURST_INIT(split, &ng_split_type, ng_split_rcvburst);
#endif

static int
ng_split_disconnect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);
	hook_p *place = NG_HOOK_PRIVATE(hook);

	*place = NULL;
	NG_HOOK_SET_PRIVATE(hook, NULL);
	if (NG_NODE_NUMHOOKS(node) == 0 && NG_NODE_IS_VALID(node))
		ng_rmnode_self(node);
	return (0);
}

static int
ng_split_shutdown(node_p node)
{
	free(NG_NODE_PRIVATE(node), M_NETGRAPH_SPLIT);
	NG_NODE_SET_PRIVATE(node, NULL);
	NG_NODE_UNREF(node);
	return (0);
}
