/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_UI.c - HDLC's control byte of unnumbered information: taken off on the way up, put on on the way down.
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

#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>
#include <netgraph/ng_UI.h>

#ifdef NG_SEPARATE_MALLOC
static MALLOC_DEFINE(M_NETGRAPH_UI, "netgraph_UI", "netgraph UI node");
#else
#define M_NETGRAPH_UI M_NETGRAPH
#endif

#define HDLC_UI 0x03

struct ui {
	hook_p downstream, upstream; /* NULL: not connected */
};

static ng_constructor_t ng_UI_constructor;
static ng_rcvmsg_t ng_UI_rcvmsg;
static ng_shutdown_t ng_UI_shutdown;
static ng_newhook_t ng_UI_newhook;
static ng_rcvdata_t ng_UI_rcvdata;
static ng_disconnect_t ng_UI_disconnect;

static struct ng_type ng_UI_type = {
	.version = NG_ABI_VERSION,
	.name = NG_UI_NODE_TYPE,
	.constructor = ng_UI_constructor,
	.rcvmsg = ng_UI_rcvmsg,
	.shutdown = ng_UI_shutdown,
	.newhook = ng_UI_newhook,
	.rcvdata = ng_UI_rcvdata,
	.disconnect = ng_UI_disconnect,
};
NETGRAPH_INIT(UI, &ng_UI_type);

static int
ng_UI_constructor(node_p node)
{
	NG_NODE_SET_PRIVATE(node, malloc(sizeof(struct ui), M_NETGRAPH_UI, M_WAITOK | M_ZERO));
	return (0);
}

static int
ng_UI_newhook(node_p node, hook_p hook, const char *name)
{
	struct ui *sc = NG_NODE_PRIVATE(node);
	hook_p *place;

	if (strcmp(name, NG_UI_HOOK_DOWNSTREAM) == 0)
		place = &sc->downstream;
	else if (strcmp(name, NG_UI_HOOK_UPSTREAM) == 0)
		place = &sc->upstream;
	else
		return (EINVAL);
	if (*place != NULL) /* one is being connected under this name */
		return (EISCONN);
	*place = hook;
	NG_HOOK_SET_PRIVATE(hook, place);
	return (0);
}

/* What one neighbour says about the link concerns the other one. */
static int
ng_UI_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	struct ui *sc = NG_NODE_PRIVATE(node);
	hook_p to;
	int error;

	if (NGI_MSG(item)->header.typecookie == NGM_FLOW_COOKIE && lasthook != NULL) {
		to = lasthook == sc->downstream ? sc->upstream : sc->downstream;
		if (to != NULL) {
			NG_FWD_ITEM_HOOK(error, item, to);
			return (error);
		}
	}
	NG_FREE_ITEM(item);
	return (EINVAL);
}

static int
from_downstream(struct ui *sc, item_p item)
{
	struct mbuf *m = NGI_M(item);
	u_char first = 0;
	int error;

	if (m->m_pkthdr.len != 0)
		m_copydata(m, 0, 1, (caddr_t)&first);
	if (first != HDLC_UI) {
		NG_FREE_ITEM(item);
		return (0);
	}
	m_adj(m, 1);
	NG_FWD_ITEM_HOOK(error, item, sc->upstream);
	return (error);
}

static int
from_upstream(struct ui *sc, item_p item)
{
	struct mbuf *m;
	int error;

	NGI_GET_M(item, m);
	M_PREPEND(m, 1, M_NOWAIT);
	if (m == NULL) {
		NG_FREE_ITEM(item);
		return (ENOBUFS);
	}
	*mtod(m, u_char *) = HDLC_UI;
	NG_FWD_NEW_DATA(error, item, sc->downstream, m);
	return (error);
}

static int
ng_UI_rcvdata(hook_p hook, item_p item)
{
	struct ui *sc = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));

	return (hook == sc->downstream ? from_downstream(sc, item) : from_upstream(sc, item));
}

static int
ng_UI_shutdown(node_p node)
{
	free(NG_NODE_PRIVATE(node), M_NETGRAPH_UI);
	NG_NODE_SET_PRIVATE(node, NULL);
	NG_NODE_UNREF(node);
	return (0);
}

static int
ng_UI_disconnect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);
	hook_p *place = NG_HOOK_PRIVATE(hook);

	*place = NULL;
	NG_HOOK_SET_PRIVATE(hook, NULL);
	if (NG_NODE_NUMHOOKS(node) == 0 && NG_NODE_IS_VALID(node))
		ng_rmnode_self(node);
	return (0);
}
