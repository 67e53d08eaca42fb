/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_port.c - node type "port" and <ng/port.h>: a program's own end of a link.
 *
 * Readers    ngu_port_send(): one section from loading p->hook to the last node. The hook stays memory until that section ends.
 *            rcvdata: reads rx, then arg.
 * Writers    newhook and disconnect set and clear p->hook, shutdown sets p->gone, all with the node's writer turn: when gone is
 *            seen, every reader has left rx and none comes again.
 * Lifetime   constructor -> on the list of unclaimed ports -> claimed by ngu_port_create() -> [node shut down, by anybody]
 *            -> ngu_port_close(). Node and claimer hold a reference each. A port made by a message, which nobody claims, goes with
 *            its hook, as other nodes do.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/epoch.h>
#include <sys/lock.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/mutex.h>
#include <sys/queue.h>
#include <sys/refcount.h>
#include <sys/syslog.h>

#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>

#include <ng/ng.h>

#define PORT_TYPE "port"
#define PORT_HOOK "port"

static MALLOC_DEFINE(M_NETGRAPH_PORT, "netgraph_port", "netgraph port node");

struct ngu_port {
	struct ngu_graph *graph;
	node_p node; /* counted by the claimer */
	uint32_t id;
	_Atomic(hook_p) hook; /* NULL: nothing is connected */
	_Atomic(ngu_port_rx_fn *) rx;
	void *arg;	/* settled before rx */
	_Atomic bool claimed; /* set under the list's lock */
	_Atomic bool gone; /* shutdown has run: nobody is, or will be, in rx */
	u_int refs;
	LIST_ENTRY(ngu_port) unclaimed;
};

/* Constructed, not yet claimed: for a moment each, or made by a message. */
static LIST_HEAD(, ngu_port) unclaimed = LIST_HEAD_INITIALIZER(unclaimed);
static struct mtx unclaimed_lock;
MTX_SYSINIT(ng_port_unclaimed, &unclaimed_lock, "ng_port unclaimed", MTX_DEF);

/* lib/core: send out of the hook that *at holds once a section is entered; ENOTCONN if that is NULL. The packets are consumed. */
int ngu__send_at(struct ngu_graph *g, _Atomic(struct ng_hook *) *at, struct mbuf **vec, uint32_t n);

static ng_constructor_t ng_port_constructor;
static ng_shutdown_t ng_port_shutdown;
static ng_newhook_t ng_port_newhook;
static ng_rcvdata_t ng_port_rcvdata;
static ng_disconnect_t ng_port_disconnect;
static ngu_rcvburst_t ng_port_rcvburst;

static struct ng_type ng_port_type = {
	.version = NG_ABI_VERSION,
	.name = PORT_TYPE,
	.constructor = ng_port_constructor,
	.shutdown = ng_port_shutdown,
	.newhook = ng_port_newhook,
	.rcvdata = ng_port_rcvdata,
	.disconnect = ng_port_disconnect,
};
NETGRAPH_INIT(port, &ng_port_type);
NGU_BURST_INIT(port, &ng_port_type, ng_port_rcvburst);

static void
port_unref(struct ngu_port *p)
{
	if (refcount_release(&p->refs))
		free(p, M_NETGRAPH_PORT);
}

static int
ng_port_constructor(node_p node)
{
	struct ngu_port *p = malloc(sizeof(*p), M_NETGRAPH_PORT, M_NOWAIT | M_ZERO);

	if (p == NULL)
		return (ENOMEM);
	p->graph = ngu_graph_current();
	p->id = NG_NODE_ID(node);
	refcount_init(&p->refs, 1);
	NG_NODE_SET_PRIVATE(node, p);
	mtx_lock(&unclaimed_lock);
	LIST_INSERT_HEAD(&unclaimed, p, unclaimed);
	mtx_unlock(&unclaimed_lock);
	return (0);
}

static int
ng_port_newhook(node_p node, hook_p hook, const char *name)
{
	struct ngu_port *p = NG_NODE_PRIVATE(node);

	if (strcmp(name, PORT_HOOK) != 0)
		return (EINVAL);
	if (atomic_load_explicit(&p->hook, memory_order_relaxed) != NULL) /* being connected */
		return (EEXIST);
	/* ORDER port-hook (store side): release; pairs with the acquire load in ngu__send_at(). */
	atomic_store_explicit(&p->hook, hook, memory_order_release);
	return (0);
}

static int
ng_port_rcvdata(hook_p hook, item_p item)
{
	struct ngu_port *p = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));
	ngu_port_rx_fn *rx;
	struct mbuf *m;

	NGI_GET_M(item, m);
	NG_FREE_ITEM(item);
	/* ORDER port-rx (load side): acquire; arg is settled. */
	if ((rx = atomic_load_explicit(&p->rx, memory_order_acquire)) != NULL)
		rx(p->arg, m);
	else
		NG_FREE_M(m);
	return (0);
}

static int
ng_port_rcvburst(hook_p hook, struct mbuf **vec, unsigned n, size_t bytes)
{
	struct ngu_port *p = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));
	/* ORDER port-rx (load side): acquire; arg is settled. */
	ngu_port_rx_fn *rx = atomic_load_explicit(&p->rx, memory_order_acquire);

	for (unsigned i = 0; i < n; i++) {
		if (rx != NULL)
			rx(p->arg, vec[i]);
		else
			m_freem(vec[i]);
	}
	return (0);
}

static int
ng_port_disconnect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);
	struct ngu_port *p = NG_NODE_PRIVATE(node);

	if (atomic_load_explicit(&p->hook, memory_order_relaxed) == hook)
		atomic_store_explicit(&p->hook, NULL, memory_order_release);
	if (NG_NODE_NUMHOOKS(node) == 0 && NG_NODE_IS_VALID(node) && !p->claimed)
		ng_rmnode_self(node);
	return (0);
}

static int
ng_port_shutdown(node_p node)
{
	struct ngu_port *p = NG_NODE_PRIVATE(node);

	mtx_lock(&unclaimed_lock);
	if (!p->claimed)
		LIST_REMOVE(p, unclaimed);
	mtx_unlock(&unclaimed_lock);
	NG_NODE_SET_PRIVATE(node, NULL);
	/* ORDER port-gone (store side): release; pairs with the acquire load in ngu_port_close(). */
	atomic_store_explicit(&p->gone, true, memory_order_release);
	port_unref(p);
	NG_NODE_UNREF(node);
	return (0);
}

/* ---- the program's side ---- */

int
ngu_port_create(struct ngu_graph *g, const char *name, ngu_port_rx_fn *rx, void *arg, struct ngu_port **out)
{
	struct ngu_graph *before;
	struct ngu_port *p;
	uint32_t id;
	node_p node;
	int error;

	if ((error = ngu_mknode(g, PORT_TYPE, NULL, &id)) != 0)
		return (error);
	before = ngu_graph_enter(g);
	node = ngu_k_id2noderef(id);
	mtx_lock(&unclaimed_lock);
	LIST_FOREACH(p, &unclaimed, unclaimed)
		if (p->graph == g && p->id == id)
			break;
	if (p != NULL && node != NULL) {
		LIST_REMOVE(p, unclaimed);
		p->claimed = true;
		p->node = node;
		p->arg = arg;
		refcount_acquire(&p->refs);
		/* ORDER port-rx (store side): release; pairs with the acquire load in ng_port_rcvdata(). */
		atomic_store_explicit(&p->rx, rx, memory_order_release);
	}
	mtx_unlock(&unclaimed_lock);
	if (p == NULL || node == NULL) { /* somebody shut it down already */
		if (node != NULL)
			NG_NODE_UNREF(node);
		(void)ngu_graph_enter(before);
		return (ENXIO);
	}
	if (name != NULL && name[0] != '\0')
		error = ng_name_node(node, name);
	(void)ngu_graph_enter(before);
	if (error != 0)
		ngu_port_close(p);
	else
		*out = p;
	return (error);
}

int
ngu_port_open(struct ngu_graph *g, const char *path, const char *hook, ngu_port_rx_fn *rx, void *arg, struct ngu_port **out)
{
	char self[16];
	struct ngu_port *p;
	int error;

	if (path == NULL || hook == NULL)
		return (EINVAL);
	if ((error = ngu_port_create(g, NULL, rx, arg, &p)) != 0)
		return (error);
	(void)snprintf(self, sizeof(self), "[%x]:", p->id);
	if ((error = ngu_connect(g, self, PORT_HOOK, path, hook)) != 0)
		ngu_port_close(p);
	else
		*out = p;
	return (error);
}

int
ngu_port_send(struct ngu_port *p, struct mbuf *m)
{
	return (ngu__send_at(p->graph, &p->hook, &m, 1));
}

int
ngu_port_send_burst(struct ngu_port *p, struct mbuf **m, unsigned n)
{
	return (ngu__send_at(p->graph, &p->hook, m, n));
}

uint32_t
ngu_port_id(const struct ngu_port *p)
{
	return (p->id);
}

void
ngu_port_close(struct ngu_port *p)
{
	char self[16];

	if (p == NULL)
		return;
	if (in_epoch(net_epoch_preempt)) {
		/* It may not be called here: nobody could wait. The node goes later, and the memory with it; rx stays silent. */
		KASSERT(0, ("ngu_port_close: inside a section"));
		atomic_store_explicit(&p->rx, NULL, memory_order_release);
		ng_rmnode_self(p->node);
	} else {
		(void)snprintf(self, sizeof(self), "[%x]:", p->id);
		if (ngu_shutdown(p->graph, self) != 0) /* somebody else is at it, or memory is short: this needs none */
			ng_rmnode_self(p->node);
		/* ORDER port-gone (load side): acquire. The one who shuts it down may be another thread, or waiting for us to poll. */
		while (!atomic_load_explicit(&p->gone, memory_order_acquire)) {
			(void)ngu_poll(p->graph, 64);
			if (!atomic_load_explicit(&p->gone, memory_order_acquire))
				ngu_reclaim_barrier();
		}
	}
	NG_NODE_UNREF(p->node);
	port_unref(p);
}
