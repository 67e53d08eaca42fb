/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_socket.c - node type "socket" and <ng/socket.h>: what a program has from socket(PF_NETGRAPH, ...), without descriptors (section 17).
 *
 * The node and its one or two sockets (control, data) share a struct sockdata.
 *
 * Readers    packets, messages and calls of the program: what sd->node, sd->side[] and s->sd lead to stays memory as long as the section
 *            lasts in which they were read. The owner's functions are called inside it.
 * Writers    ngu_sock_connect() puts a data socket in, ngu_sock_close() takes its own out, shutdown takes out both and the node: each
 *            by one exchange, so that of two who would take the same one does. A socket is freed a grace period after its close.
 *            newhook and disconnect keep sd->only, with the node's writer turn.
 * Lifetime   sd->sides counts sockets: with the last the node goes, and none comes any more. sd->refs counts sockets and the node: with
 *            the last the memory goes. Nothing counts references on the node: neither does a dead one wait for its sockets, nor its graph.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/epoch.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/refcount.h>

#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>
#include <netgraph/ng_socket.h>

#include <ng/ng.h>

static MALLOC_DEFINE(M_NETGRAPH_SOCK, "netgraph_sock", "netgraph socket node");

struct sockdata {
	_Atomic(node_p) node;		     /* NULL: gone */
	_Atomic(struct ngu_sock *) side[2];  /* SIDE(kind); NULL: not there */
	_Atomic(hook_p) only;		     /* the one hook there is; NULL: none, or several */
	bool nolinger;			     /* the node's writers' */
	u_int sides;
	u_int refs;
	struct epoch_context ctx;
};
#define SIDE(kind) ((kind) == NGU_SOCK_CONTROL)

struct ngu_sock {
	struct ngu_graph *graph; /* its memory is held */
	enum ngu_sock_kind kind;
	const struct ngu_sock_ops *ops;
	void *arg;
	_Atomic(struct sockdata *) sd; /* of a data socket NULL until it is connected */
	struct epoch_context ctx;
};

/* lib/core: as ngu_mknode(), without the constructor; `priv` is there, and *at leads to the node, before anybody can find it. */
int ngu__mknode_for(struct ngu_graph *g, struct ng_type *type, void *priv, _Atomic(node_p) *at);
/* A message (consumed) from `here` to the node at `path`. `done` NULL: wait for the end of it, and return the result. */
int ngu__send_path(node_p here, const char *path, struct ng_mesg *msg, ng_apply_t *done, void *arg);
/* Wait if too much waits to be freed: whoever opens and closes without end would not let memory come back. */
void ngu__call_press(void);
/* As for ngu_mkpeer(): 0, or what is wrong with the module. */
int ngu__type_want(struct ngu_graph *g, const char *type);
/* The graph's memory stays; whether there still is a graph in it. */
void ngu__graph_hold(struct ngu_graph *g);
void ngu__graph_unhold(struct ngu_graph *g);
bool ngu__graph_there(struct ngu_graph *g);

static ng_constructor_t ng_socket_constructor;
static ng_rcvmsg_t ng_socket_rcvmsg;
static ng_shutdown_t ng_socket_shutdown;
static ng_newhook_t ng_socket_newhook;
static ng_rcvdata_t ng_socket_rcvdata;
static ng_disconnect_t ng_socket_disconnect;
static ngu_rcvburst_t ng_socket_rcvburst;

static struct ng_type ng_socket_type = {
	.version = NG_ABI_VERSION,
	.name = NG_SOCKET_NODE_TYPE,
	.constructor = ng_socket_constructor,
	.rcvmsg = ng_socket_rcvmsg,
	.shutdown = ng_socket_shutdown,
	.newhook = ng_socket_newhook,
	.rcvdata = ng_socket_rcvdata,
	.disconnect = ng_socket_disconnect,
};
NETGRAPH_INIT(socket, &ng_socket_type);
NGU_BURST_INIT(socket, &ng_socket_type, ng_socket_rcvburst);

/* ---- what the two sides share ---- */

static void
sockdata_free(epoch_context_t ctx)
{
	free(__containerof(ctx, struct sockdata, ctx), M_NETGRAPH_SOCK);
}

static void
sockdata_unref(struct sockdata *sd)
{
	if (refcount_release(&sd->refs))
		NET_EPOCH_CALL(sockdata_free, &sd->ctx);
}

/* In a section, which keeps it: NULL when it is gone, or going. */
static node_p
sockdata_node(struct sockdata *sd)
{
	/* ORDER sock-node (load side): acquire; what the node was made with. */
	node_p node = atomic_load_explicit(&sd->node, memory_order_acquire);

	return (node != NULL && NG_NODE_IS_VALID(node) ? node : NULL);
}

/* In a section: the socket of that kind, while it is open. */
static struct ngu_sock *
sockdata_side(struct sockdata *sd, enum ngu_sock_kind kind)
{
	/* ORDER sock-side (load side): acquire; the socket's ops and arg. */
	return (atomic_load_explicit(&sd->side[SIDE(kind)], memory_order_acquire));
}

/* One socket less. With the last the node goes. */
static void
sockdata_leave(struct sockdata *sd)
{
	struct epoch_tracker et;
	node_p node = NULL;

	if (refcount_release(&sd->sides)) {
		NET_EPOCH_ENTER(et);
		if ((node = sockdata_node(sd)) != NULL)
			NG_NODE_REF(node);
		NET_EPOCH_EXIT(et);
	}
	if (node != NULL) {
		ng_rmnode_self(node);
		NG_NODE_UNREF(node);
	}
	sockdata_unref(sd);
}

/* ---- the node ---- */

/* Sockets make these nodes; a message cannot. */
static int
ng_socket_constructor(node_p node)
{
	return (EINVAL);
}

static int
ng_socket_newhook(node_p node, hook_p hook, const char *name)
{
	struct sockdata *sd = NG_NODE_PRIVATE(node);

	/* ORDER sock-hook (store side): release; pairs with the acquire load in ngu_sock_send_data(). */
	atomic_store_explicit(&sd->only, NG_NODE_NUMHOOKS(node) == 0 ? hook : NULL, memory_order_release);
	return (0);
}

static int
ng_socket_rcvdata(hook_p hook, item_p item)
{
	struct sockdata *sd = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));
	struct ngu_sock *s = sockdata_side(sd, NGU_SOCK_DATA);
	struct mbuf *m;
	int error = 0;

	NGI_GET_M(item, m);
	NG_FREE_ITEM(item);
	if (s != NULL && s->ops->packet != NULL)
		error = s->ops->packet(s->arg, NG_HOOK_NAME(hook), m);
	NG_FREE_M(m);
	return (error);
}

static int
ng_socket_rcvburst(hook_p hook, struct mbuf **vec, unsigned n, size_t bytes)
{
	struct sockdata *sd = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));
	struct ngu_sock *s = sockdata_side(sd, NGU_SOCK_DATA);
	int error = 0, e;

	for (unsigned i = 0; i < n; i++) {
		if (s != NULL && s->ops->packet != NULL && (e = s->ops->packet(s->arg, NG_HOOK_NAME(hook), vec[i])) != 0)
			error = e;
		m_freem(vec[i]);
	}
	return (error);
}

static int
ng_socket_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	struct sockdata *sd = NG_NODE_PRIVATE(node);
	char from[sizeof("[ffffffff]:")];
	struct epoch_tracker et;
	struct ng_mesg *msg;
	struct ngu_sock *s;
	int error = 0;

	NGI_GET_MSG(item, msg);
	if (msg->header.typecookie == NGM_SOCKET_COOKIE) {
		switch (msg->header.cmd) {
		case NGM_SOCK_CMD_NOLINGER:
			sd->nolinger = true;
			break;
		case NGM_SOCK_CMD_LINGER:
			sd->nolinger = false;
			break;
		default:
			error = EINVAL;
			break;
		}
	} else {
		(void)snprintf(from, sizeof(from), "[%x]:", NGI_RETADDR(item));
		NET_EPOCH_ENTER(et); /* a message comes without a section */
		if ((s = sockdata_side(sd, NGU_SOCK_CONTROL)) == NULL)
			error = EINVAL;
		else if (s->ops->message != NULL)
			error = s->ops->message(s->arg, from, msg, sizeof(*msg) + msg->header.arglen);
		NET_EPOCH_EXIT(et);
	}
	NG_FREE_MSG(msg);
	NG_FREE_ITEM(item);
	return (error);
}

static int
ng_socket_disconnect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);
	struct sockdata *sd = NG_NODE_PRIVATE(node);

	/* sock-hook */
	atomic_store_explicit(&sd->only, NG_NODE_NUMHOOKS(node) == 1 ? LIST_FIRST(&node->nd_hooks) : NULL, memory_order_release);
	if (sd->nolinger && NG_NODE_NUMHOOKS(node) == 0 && NG_NODE_IS_VALID(node))
		ng_rmnode_self(node);
	return (0);
}

static int
ng_socket_shutdown(node_p node)
{
	struct sockdata *sd = NG_NODE_PRIVATE(node);
	struct epoch_tracker et;
	struct ngu_sock *s;

	NET_EPOCH_ENTER(et);
	/* ORDER sock-gone (node side): sequentially consistent, before the sides are taken out: see sock_attach(). */
	atomic_store(&sd->node, NULL);
	for (int i = 0; i < 2; i++)
		if ((s = atomic_exchange(&sd->side[i], NULL)) != NULL && s->ops->gone != NULL)
			s->ops->gone(s->arg);
	NET_EPOCH_EXIT(et);
	sockdata_unref(sd);
	NG_NODE_UNREF(node);
	return (0);
}

/* ---- the program's side ---- */

static int
sock_make_node(struct ngu_sock *s)
{
	struct sockdata *sd = malloc(sizeof(*sd), M_NETGRAPH_SOCK, M_NOWAIT | M_ZERO);
	int error;

	if (sd == NULL)
		return (ENOMEM);
	refcount_init(&sd->sides, 1);
	refcount_init(&sd->refs, 2);
	/* Nobody sees these two before the node is published, which releases them. */
	atomic_store_explicit(&sd->side[SIDE(s->kind)], s, memory_order_relaxed);
	atomic_store_explicit(&s->sd, sd, memory_order_relaxed);
	if ((error = ngu__mknode_for(s->graph, &ng_socket_type, sd, &sd->node)) != 0)
		free(sd, M_NETGRAPH_SOCK);
	return (error);
}

int
ngu_sock_open(struct ngu_graph *g, enum ngu_sock_kind kind, const struct ngu_sock_ops *ops, void *arg, struct ngu_sock **out)
{
	struct ngu_sock *s;
	int error;

	if (g == NULL || ops == NULL || (kind != NGU_SOCK_CONTROL && kind != NGU_SOCK_DATA))
		return (EINVAL);
	ngu__call_press();
	if ((s = malloc(sizeof(*s), M_NETGRAPH_SOCK, M_NOWAIT | M_ZERO)) == NULL)
		return (ENOMEM);
	s->graph = g;
	s->kind = kind;
	s->ops = ops;
	s->arg = arg;
	if (kind == NGU_SOCK_CONTROL && (error = sock_make_node(s)) != 0) {
		free(s, M_NETGRAPH_SOCK);
		return (error);
	}
	ngu__graph_hold(g);
	*out = s;
	return (0);
}

/* The socket's node, referenced: 0; `none` if it was never connected; EPIPE when it is gone. */
static int
sock_node(struct ngu_sock *s, int none, node_p *nodep)
{
	struct epoch_tracker et;
	struct sockdata *sd;
	node_p node;
	int error = 0;

	NET_EPOCH_ENTER(et);
	/* ORDER sock-data (load side): acquire; sd was filled in. */
	if ((sd = atomic_load_explicit(&s->sd, memory_order_acquire)) == NULL)
		error = none;
	else if ((node = sockdata_node(sd)) == NULL)
		error = EPIPE;
	else
		NG_NODE_REF(*nodep = node);
	NET_EPOCH_EXIT(et);
	return (error);
}

int
ngu_sock_bind(struct ngu_sock *s, const char *name)
{
	node_p node;
	int error;

	if (s->kind != NGU_SOCK_CONTROL)
		return (EOPNOTSUPP);
	if (name == NULL || name[0] == '\0')
		return (EINVAL);
	if ((error = sock_node(s, EPIPE, &node)) != 0)
		return (error);
	if ((error = ng_name_node(node, name)) == ENOENT) /* it has died meanwhile */
		error = EPIPE;
	NG_NODE_UNREF(node);
	return (error);
}

static int
sock_attach(struct ngu_sock *s, node_p node)
{
	struct sockdata *sd, *none = NULL;
	struct ngu_sock *self = s, *nobody = NULL;
	struct epoch_tracker et;
	int error = 0;

	NET_EPOCH_ENTER(et);
	sd = NG_NODE_PRIVATE(node);
	/* A node that is valid now has not been shut down: what it had then stays memory until the section ends. */
	if (NG_NODE_NOT_VALID(node) || !refcount_acquire_if_not_zero(&sd->refs)) {
		NET_EPOCH_EXIT(et);
		return (ENOENT);
	}
	if (!refcount_acquire_if_not_zero(&sd->sides)) { /* the last has just left */
		NET_EPOCH_EXIT(et);
		sockdata_unref(sd);
		return (ENOENT);
	}
	/* ORDER sock-data (store side): release; pairs with the acquire load in sock_node(). */
	if (!atomic_compare_exchange_strong(&s->sd, &none, sd)) {
		error = EISCONN;
	} else {
		/* ORDER sock-side (store side): release at least; pairs with the acquire load in sockdata_side(). */
		if (!atomic_compare_exchange_strong(&sd->side[SIDE(s->kind)], &nobody, s))
			error = EADDRINUSE;
		/*
		 * ORDER sock-gone (side's side)
		 *   before:      our exchange of sd->side[]
		 *   pairs with:  ng_socket_shutdown(), which takes out the sides after the node: one of us sees the other
		 *   if relaxed:  a data socket of a node that is gone, whose owner is never told
		 * If it has taken us out, the owner has been told: then we were connected for a moment.
		 */
		else if (atomic_load(&sd->node) == NULL && atomic_compare_exchange_strong(&sd->side[SIDE(s->kind)], &self, NULL))
			error = ENOENT;
		if (error != 0)
			atomic_store(&s->sd, NULL);
	}
	NET_EPOCH_EXIT(et);
	if (error != 0)
		sockdata_leave(sd);
	return (error);
}

int
ngu_sock_connect(struct ngu_sock *s, const char *path)
{
	struct ngu_graph *before;
	node_p node = NULL;
	int error;

	if (s->kind != NGU_SOCK_DATA || path == NULL)
		return (EINVAL);
	if ((error = sock_node(s, 0, &node)) != 0)
		return (error);
	if (node != NULL) {
		NG_NODE_UNREF(node);
		return (EISCONN);
	}
	if (strlen(path) >= NG_PATHSIZ)
		return (ENAMETOOLONG);
	if (!ngu__graph_there(s->graph))
		return (EPIPE);
	before = ngu_graph_enter(s->graph);
	error = ng_path2noderef(NULL, path, &node, NULL);
	(void)ngu_graph_enter(before);
	if (error != 0)
		return (error);
	error = node->nd_type == &ng_socket_type ? sock_attach(s, node) : EINVAL;
	NG_NODE_UNREF(node);
	return (error);
}

int
ngu_sock_name(struct ngu_sock *s, char name[NGU_SOCK_NAMELEN])
{
	struct epoch_tracker et;
	struct sockdata *sd;
	node_p node = NULL;

	NET_EPOCH_ENTER(et);
	/* sock-data, as in sock_node() */
	if ((sd = atomic_load_explicit(&s->sd, memory_order_acquire)) != NULL && (node = sockdata_node(sd)) != NULL) {
		if (strlcpy(name, NG_NODE_NAME(node), NGU_SOCK_NAMELEN) == 0)
			(void)snprintf(name, NGU_SOCK_NAMELEN, "[%x]", NG_NODE_ID(node));
	}
	NET_EPOCH_EXIT(et);
	return (node != NULL ? 0 : EINVAL);
}

uint32_t
ngu_sock_id(struct ngu_sock *s)
{
	uint32_t id = 0;
	node_p node;

	if (sock_node(s, EPIPE, &node) == 0) {
		id = NG_NODE_ID(node);
		NG_NODE_UNREF(node);
	}
	return (id);
}

unsigned
ngu_sock_hooks(struct ngu_sock *s)
{
	unsigned n = 0;
	node_p node;

	if (sock_node(s, EPIPE, &node) == 0) {
		n = (unsigned)NG_NODE_NUMHOOKS(node);
		NG_NODE_UNREF(node);
	}
	return (n);
}

/*
 * The type that a mkpeer asks for is looked for in modules; below, in the node, nobody does (section 17.3). Whatever the loader says is the sender's, as
 * there: ENOENT no such file, ENOEXEC it is none, ENXIO it does not have the type; and ETIMEDOUT another thread is loading.
 */
static int
sock_want_type(struct ngu_graph *g, const struct ng_mesg *msg)
{
	const struct ngm_mkpeer *arg = (const void *)msg->data;
	char type[NG_TYPESIZ];

	if (msg->header.typecookie != NGM_GENERIC_COOKIE || msg->header.cmd != NGM_MKPEER || (msg->header.flags & NGF_RESP) ||
	    msg->header.arglen != sizeof(*arg))
		return (0);
	memcpy(type, arg->type, sizeof(type)); /* it may have no end */
	type[sizeof(type) - 1] = '\0';
	return (ngu__type_want(g, type));
}

int
ngu_sock_send_msg(struct ngu_sock *s, const char *path, const struct ng_mesg *msg, size_t len, ngu_sock_done_fn *done, void *arg)
{
	struct ng_mesg *copy;
	node_p node;
	int error;

	if (s->kind != NGU_SOCK_CONTROL)
		return (EINVAL);
	if (in_epoch(net_epoch_preempt))
		return (EDEADLK);
	if ((error = sock_node(s, EPIPE, &node)) != 0)
		return (error);
	if (path == NULL)
		error = EDESTADDRREQ;
	else if (strlen(path) >= NG_PATHSIZ)
		error = ENAMETOOLONG;
	else if (msg == NULL || len < sizeof(*msg) || msg->header.version != NG_VERSION || msg->header.arglen != len - sizeof(*msg))
		error = EINVAL;
	else if ((copy = malloc(len + 1, M_NETGRAPH_MSG, M_NOWAIT)) == NULL)
		error = ENOMEM;
	else {
		memcpy(copy, msg, len);
		((char *)copy)[len] = '\0'; /* node types read names to their end, and one that fills its field has none */
		if ((error = sock_want_type(s->graph, copy)) == 0)
			error = ngu__send_path(node, path, copy, done, arg);
		else
			NG_FREE_MSG(copy);
	}
	NG_NODE_UNREF(node);
	return (error);
}

int
ngu_sock_send_data(struct ngu_sock *s, const char *hook, const void *data, size_t len)
{
	struct epoch_tracker et;
	struct sockdata *sd;
	struct mbuf *m;
	node_p node;
	hook_p out;
	int error;

	if (s->kind != NGU_SOCK_DATA || (data == NULL && len != 0))
		return (EINVAL);
	if (hook != NULL && hook[0] == '\0')
		hook = NULL;
	NET_EPOCH_ENTER(et);
	/* sock-data, as in sock_node() */
	if ((sd = atomic_load_explicit(&s->sd, memory_order_acquire)) == NULL) {
		error = hook == NULL ? EDESTADDRREQ : ENOTCONN;
	} else if ((node = sockdata_node(sd)) == NULL) {
		error = EPIPE;
	} else if (hook != NULL && strlen(hook) >= NG_HOOKSIZ) {
		error = EINVAL;
	} else {
		/* ORDER sock-hook (load side): acquire; the hook, which the section keeps. */
		out = hook != NULL ? ng_findhook(node, hook) : atomic_load_explicit(&sd->only, memory_order_acquire);
		if (out == NULL)
			error = hook != NULL ? EHOSTUNREACH : EDESTADDRREQ;
		else if ((m = ngu_packet(s->graph, data, len)) == NULL)
			error = ENOBUFS;
		else
			NG_SEND_DATA_ONLY(error, out, m);
	}
	NET_EPOCH_EXIT(et);
	return (error);
}

static void
sock_release(epoch_context_t ctx)
{
	struct ngu_sock *s = __containerof(ctx, struct ngu_sock, ctx);

	if (s->ops->release != NULL)
		s->ops->release(s->arg);
	free(s, M_NETGRAPH_SOCK);
}

void
ngu_sock_close(struct ngu_sock *s)
{
	struct sockdata *sd;
	struct ngu_sock *self = s;

	if (s == NULL)
		return;
	if ((sd = atomic_load_explicit(&s->sd, memory_order_acquire)) != NULL) {
		/* Who is shutting the node down may have been quicker. */
		(void)atomic_compare_exchange_strong(&sd->side[SIDE(s->kind)], &self, NULL);
		sockdata_leave(sd);
	}
	ngu__graph_unhold(s->graph);
	NET_EPOCH_CALL(sock_release, &s->ctx);
}
