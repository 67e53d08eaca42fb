/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_ksocket.c - node type "ksocket": one of the host's sockets as a node.
 *
 * Gate       everything but a packet's way into the socket runs with the node's writer turn: commands, and incoming(), which the watcher sends
 *            when there is something to do. Sockets of a stream are force-writers: what did not fit (`rest`) goes before what comes next.
 *            Others take packets from several threads at once, as the host's sockets do.
 * Watcher    a kthread, of which there is one for all; it calls ready(). So it serves packets and what it sends itself, and shutdown,
 *            in another thread, may wait for it (ngu__ksock_close()). Between ready() and the end of incoming() the socket is not watched.
 * Receiving  the mbufs come first: when there are none the data stay where they are.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/kthread.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/socket.h>
#include <sys/syslog.h>

#include <net/vnet.h>

#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>
#include <netgraph/ng_parse.h>
#include <netgraph/ng_ksocket.h>

#include "ksock.h"
#include "ksock_text.h"

#ifdef NG_SEPARATE_MALLOC
static MALLOC_DEFINE(M_NETGRAPH_KSOCKET, "netgraph_ksock", "netgraph ksock node");
#else
#define M_NETGRAPH_KSOCKET M_NETGRAPH
#endif

#define AT_ONCE 64 /* packets received before others get the node */

/* Somebody who waits for a reply. */
struct waiter {
	bool there;
	ng_ID_t id;
	struct ng_msghdr header;
};

struct ksock_node {
	node_p node;
	hook_p hook;		 /* NULL: not yet, or not any more */
	struct ngu__ksock *sock; /* NULL: not yet */
	struct ngu__ksock_kind kind;
	bool connected;		 /* to one peer */
	bool connecting;
	struct waiter connect, accept;
	struct mbuf *rest;	 /* of a packet, for which a stream had no room */
};

static ng_constructor_t ng_ksocket_constructor;
static ng_rcvmsg_t ng_ksocket_rcvmsg;
static ng_shutdown_t ng_ksocket_shutdown;
static ng_newhook_t ng_ksocket_newhook;
static ng_rcvdata_t ng_ksocket_rcvdata;
static ng_disconnect_t ng_ksocket_disconnect;
static ng_item_fn incoming;

/* ---- messages as text: ksock_text.c has the types that are not plain ---- */

static const struct ng_parse_struct_field accept_fields[] = {
	{ "nodeid", &ng_parse_hint32_type, 0 },
	{ "addr", &ngu__ksock_sockaddr_type, 0 },
	{ NULL, NULL, 0 }
};
static const struct ng_parse_type accept_type = { .supertype = &ng_parse_struct_type, .info = &accept_fields };

static const struct ng_parse_struct_field sockopt_fields[] = {
	{ "level", &ng_parse_int32_type, 0 },
	{ "name", &ng_parse_int32_type, 0 },
	{ "value", &ngu__ksock_value_type, 0 },
	{ NULL, NULL, 0 }
};
static const struct ng_parse_struct_field getopt_fields[] = {
	{ "level", &ng_parse_int32_type, 0 },
	{ "name", &ng_parse_int32_type, 0 },
	{ NULL, NULL, 0 }
};
static const struct ng_parse_type getopt_type = { .supertype = &ng_parse_struct_type, .info = &getopt_fields };
static const struct ng_parse_type sockopt_type = { .supertype = &ng_parse_struct_type, .info = &sockopt_fields };

static const struct ng_cmdlist ng_ksocket_cmdlist[] = {
	{ NGM_KSOCKET_COOKIE, NGM_KSOCKET_BIND, "bind", &ngu__ksock_sockaddr_type, NULL },
	{ NGM_KSOCKET_COOKIE, NGM_KSOCKET_LISTEN, "listen", &ng_parse_int32_type, NULL },
	{ NGM_KSOCKET_COOKIE, NGM_KSOCKET_ACCEPT, "accept", NULL, &accept_type },
	{ NGM_KSOCKET_COOKIE, NGM_KSOCKET_CONNECT, "connect", &ngu__ksock_sockaddr_type, &ng_parse_int32_type },
	{ NGM_KSOCKET_COOKIE, NGM_KSOCKET_GETNAME, "getname", NULL, &ngu__ksock_sockaddr_type },
	{ NGM_KSOCKET_COOKIE, NGM_KSOCKET_GETPEERNAME, "getpeername", NULL, &ngu__ksock_sockaddr_type },
	{ NGM_KSOCKET_COOKIE, NGM_KSOCKET_SETOPT, "setopt", &sockopt_type, NULL },
	{ NGM_KSOCKET_COOKIE, NGM_KSOCKET_GETOPT, "getopt", &getopt_type, &sockopt_type },
	{ 0, 0, NULL, NULL, NULL }
};

static struct ng_type ng_ksocket_type = {
	.version = NG_ABI_VERSION,
	.name = NG_KSOCKET_NODE_TYPE,
	.constructor = ng_ksocket_constructor,
	.rcvmsg = ng_ksocket_rcvmsg,
	.shutdown = ng_ksocket_shutdown,
	.newhook = ng_ksocket_newhook,
	.rcvdata = ng_ksocket_rcvdata,
	.disconnect = ng_ksocket_disconnect,
	.cmdlist = ng_ksocket_cmdlist,
};
NETGRAPH_INIT(ksocket, &ng_ksocket_type);

/* ---- the socket, by the watcher ---- */

/* In the watcher's thread. */
static int
ready(void *owner)
{
	return (ng_send_fn1(owner, NULL, incoming, NULL, 0, NG_NOFLAGS));
}

/* It outlives the graph that happens to be the first. */
static int
start(void (*fn)(void *), void *arg)
{
	int error;

	CURVNET_SET(NULL);
	error = kthread_add(fn, arg, NULL, NULL, 0, 0, "ng_ksocket");
	CURVNET_RESTORE();
	return (error);
}

static const struct ngu__ksock_ops ops = { .ready = ready, .start = start };

/* Watch it for what we could do now. */
static void
watch(struct ksock_node *sc)
{
	u_int what = 0;

	if (sc->connecting)
		what = NGU__KSOCK_WRITE;
	else if (sc->accept.there || (sc->hook != NULL && (sc->connected || !sc->kind.connects)))
		what = NGU__KSOCK_READ;
	if (sc->rest != NULL)
		what |= NGU__KSOCK_WRITE;
	ngu__ksock_want(sc->sock, what, false);
}

/* ---- into the socket ---- */

/* As much of *mp as it takes: *mp becomes what is left, NULL if nothing. */
static int
send_some(struct ksock_node *sc, struct mbuf **mp, const void *to, size_t tolen)
{
	struct ngu__ksock_part parts[NGU__KSOCK_PARTS];
	struct mbuf *m;
	size_t sent;
	int n = 0, error;

	for (m = *mp; m != NULL && n < NGU__KSOCK_PARTS; m = m->m_next) {
		if (m->m_len != 0) {
			parts[n].p = mtod(m, void *);
			parts[n++].n = (size_t)m->m_len;
		}
	}
	if ((error = ngu__ksock_send(sc->sock, parts, n, to, tolen, &sent)) != 0)
		return (error);
	if (sc->kind.stream && sent < (size_t)(*mp)->m_pkthdr.len) {
		m_adj(*mp, (int)sent);
	} else {
		m_freem(*mp);
		*mp = NULL;
	}
	return (0);
}

/* A stream: the rest first. ENOBUFS: there still is some. */
static int
send_rest(struct ksock_node *sc)
{
	int error;

	while (sc->rest != NULL)
		if ((error = send_some(sc, &sc->rest, NULL, 0)) != 0)
			return (error);
	return (0);
}

static int
send_stream(struct ksock_node *sc, struct mbuf **mp)
{
	int error;

	if ((*mp)->m_pkthdr.len == 0)
		return (0);
	if ((error = send_rest(sc)) != 0 || (error = send_some(sc, mp, NULL, 0)) != 0)
		return (error);
	if ((sc->rest = *mp) != NULL) {
		*mp = NULL;
		if (send_rest(sc) != 0)
			watch(sc);
	}
	return (0);
}

static int
send_packet(struct ksock_node *sc, struct mbuf **mp)
{
	const struct sa_tag *t;
	const void *to = NULL;
	size_t tolen = 0;
	struct mbuf *m;
	int n = 0;

	for (m = *mp; m != NULL; m = m->m_next)
		n++;
	if (n > NGU__KSOCK_PARTS) {
		if ((m = m_defrag(*mp, M_NOWAIT)) == NULL)
			return (ENOBUFS);
		*mp = m;
		for (n = 0; m != NULL; m = m->m_next)
			n++;
		if (n > NGU__KSOCK_PARTS)
			return (EMSGSIZE);
	}
	if (!sc->connected &&
	    (t = (const void *)m_tag_locate(*mp, NGM_KSOCKET_COOKIE, NG_KSOCKET_TAG_SOCKADDR, NULL)) != NULL &&
	    (t->id == 0 || t->id == NG_NODE_ID(sc->node)) && t->tag.m_tag_len > offsetof(struct sa_tag, sa) - sizeof(struct m_tag)) {
		to = &t->sa;
		tolen = t->tag.m_tag_len + sizeof(struct m_tag) - offsetof(struct sa_tag, sa);
	}
	return (send_some(sc, mp, to, tolen));
}

static int
ng_ksocket_rcvdata(hook_p hook, item_p item)
{
	struct ksock_node *sc = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));
	struct mbuf *m;
	int error;

	NGI_GET_M(item, m);
	NG_FREE_ITEM(item);
	if (sc->connecting)
		error = ENOTCONN;
	else
		error = sc->kind.stream ? send_stream(sc, &m) : send_packet(sc, &m);
	NG_FREE_M(m);
	return (error);
}

/* ---- out of the socket ---- */

/* Room for `len` bytes, as a packet; at most NGU__KSOCK_PARTS pieces are used. */
static struct mbuf *
room(size_t len, struct ngu__ksock_part *parts, int *n)
{
	struct mbuf *m0 = m_getm2(NULL, (int)len, M_NOWAIT, MT_DATA, M_PKTHDR), *m;

	*n = 0;
	for (m = m0; m != NULL && *n < NGU__KSOCK_PARTS; m = m->m_next) {
		parts[*n].p = mtod(m, void *);
		parts[(*n)++].n = (size_t)M_TRAILINGSPACE(m);
	}
	return (m0);
}

/* The first `len` bytes of the room have been filled. */
static void
fill(struct mbuf *m0, size_t len)
{
	struct mbuf *m = m0;
	size_t n;

	m0->m_pkthdr.len = (int)len;
	for (;; m = m->m_next) {
		n = (size_t)M_TRAILINGSPACE(m);
		m->m_len = (int)(n < len ? n : len);
		if ((len -= (size_t)m->m_len) == 0)
			break;
	}
	m_freem(m->m_next);
	m->m_next = NULL;
}

/* Whom it is from. Without memory the packet goes without. */
static void
tag(struct ksock_node *sc, struct mbuf *m, const uint8_t *from, size_t len)
{
	struct m_tag *t = m_tag_alloc(NGM_KSOCKET_COOKIE, NG_KSOCKET_TAG_SOCKADDR,
	    (int)(offsetof(struct sa_tag, sa) - sizeof(struct m_tag) + len), M_NOWAIT);

	if (t == NULL)
		return;
	((struct sa_tag *)(void *)t)->id = NG_NODE_ID(sc->node);
	memcpy((char *)t + offsetof(struct sa_tag, sa), from, len);
	m_tag_prepend(m, t);
}

static void
receive(struct ksock_node *sc)
{
	struct ngu__ksock_part parts[NGU__KSOCK_PARTS];
	uint8_t from[NGU__KSOCK_ADDR];
	size_t got, fromlen;
	struct mbuf *m;
	int n, error;

	for (int i = 0; i < AT_ONCE && sc->hook != NULL; i++) {
		if ((m = room(ngu__ksock_next(sc->sock), parts, &n)) == NULL) {
			ngu__ksock_want(sc->sock, NGU__KSOCK_READ | (sc->rest != NULL ? NGU__KSOCK_WRITE : 0), true);
			return;
		}
		error = ngu__ksock_recv(sc->sock, parts, n, &got, from, &fromlen);
		if (error != 0 || (got == 0 && sc->kind.connects)) {
			m_freem(m);
			if (error == EAGAIN)
				break;
			if (sc->kind.connects) { /* the end, or the connection is lost */
				ng_rmnode_self(sc->node);
				return;
			}
			continue; /* an error of an earlier packet */
		}
		fill(m, got);
		if (fromlen != 0 && !sc->kind.connects)
			tag(sc, m, from, fromlen);
		NG_SEND_DATA_ONLY(error, sc->hook, m);
	}
	watch(sc);
}

/* ---- replies that come later ---- */

static void
wait_for(struct waiter *w, item_p item, const struct ng_mesg *msg)
{
	w->there = true;
	w->id = NGI_RETADDR(item);
	w->header = msg->header;
}

/* With `len` bytes of arguments. */
static struct ng_mesg *
late_reply(const struct waiter *w, size_t len)
{
	struct ng_mesg *resp;

	NG_MKMESSAGE(resp, w->header.typecookie, w->header.cmd, len, M_NOWAIT);
	if (resp != NULL) {
		resp->header.token = w->header.token;
		resp->header.flags |= NGF_RESP;
		memcpy(resp->header.cmdstr, w->header.cmdstr, sizeof(resp->header.cmdstr));
	}
	return (resp);
}

static void
connect_done(struct ksock_node *sc)
{
	const int32_t result = ngu__ksock_error(sc->sock);
	struct ng_mesg *resp;
	int error = ENOMEM;

	sc->connecting = false;
	sc->connected = result == 0;
	if (!sc->connect.there)
		return;
	sc->connect.there = false;
	if ((resp = late_reply(&sc->connect, sizeof(result))) != NULL) {
		memcpy(resp->data, &result, sizeof(result));
		NG_SEND_MSG_ID(error, sc->node, resp, sc->connect.id, 0);
	}
	if (error != 0)
		log(LOG_WARNING, "ng_ksocket: [%x]: connect: result %d, and nobody to tell (error %d)\n", NG_NODE_ID(sc->node), result, error);
}

/* Take a connection into a node of its own. *child is without a hook. EAGAIN: there is none. */
static int
accept_one(struct ksock_node *sc, node_p *child, uint8_t *addr, size_t *len)
{
	struct ksock_node *c = malloc(sizeof(*c), M_NETGRAPH_KSOCKET, M_NOWAIT | M_ZERO);
	int error;

	if (c == NULL)
		return (ENOMEM);
	if ((error = ng_make_node_common(&ng_ksocket_type, child)) != 0) {
		free(c, M_NETGRAPH_KSOCKET);
		return (error);
	}
	c->node = *child;
	c->kind = sc->kind;
	c->connected = true;
	if (c->kind.stream)
		NG_NODE_FORCE_WRITER(*child);
	error = ngu__ksock_accept(sc->sock, &ops, *child, &c->sock, addr, len);
	if (error != 0) {
		free(c, M_NETGRAPH_KSOCKET);
		ng_rmnode_self(*child);
		return (error);
	}
	NG_NODE_SET_PRIVATE(*child, c);
	return (0);
}

static void
accept_done(struct ksock_node *sc)
{
	struct ng_mesg *resp = late_reply(&sc->accept, offsetof(struct ng_ksocket_accept, addr) + NGU__KSOCK_ADDR);
	node_p child;
	size_t len = 0;
	int error = ENOMEM;

	if (resp != NULL)
		error = accept_one(sc, &child, (uint8_t *)resp->data + offsetof(struct ng_ksocket_accept, addr), &len);
	if (error != 0) {
		NG_FREE_MSG(resp);
		if (error == EAGAIN)
			watch(sc);
		else /* there may be memory, or a descriptor, in a moment */
			ngu__ksock_want(sc->sock, NGU__KSOCK_READ, true);
		return;
	}
	*(uint32_t *)(void *)resp->data = NG_NODE_ID(child);
	resp->header.arglen = (uint32_t)(offsetof(struct ng_ksocket_accept, addr) + len);
	sc->accept.there = false;
	NG_SEND_MSG_ID(error, sc->node, resp, sc->accept.id, 0);
	if (error != 0) /* nobody knows of it */
		ng_rmnode_self(child);
	watch(sc);
}

/* With the writer turn, after the watcher has seen something. */
static void
incoming(node_p node, hook_p hook, void *arg1, int arg2)
{
	struct ksock_node *sc = NG_NODE_PRIVATE(node);
	int error;

	if (sc == NULL || sc->sock == NULL)
		return;
	if (sc->connecting && ngu__ksock_can(sc->sock, NGU__KSOCK_WRITE))
		connect_done(sc);
	if (sc->rest != NULL && (error = send_rest(sc)) != 0 && error != ENOBUFS)
		NG_FREE_M(sc->rest); /* the connection is lost, which is what will be received */
	if (sc->accept.there)
		accept_done(sc);
	else if (!sc->connecting && sc->hook != NULL && (sc->connected || !sc->kind.connects))
		receive(sc);
	else
		watch(sc);
}

/* ---- commands ---- */

static int
do_connect(struct ksock_node *sc, item_p item, const struct ng_mesg *msg)
{
	int error;

	if (sc->connecting)
		return (EALREADY);
	error = ngu__ksock_connect(sc->sock, msg->data, msg->header.arglen);
	if (error == 0)
		sc->connected = true;
	if (error == EINPROGRESS) {
		sc->connecting = true;
		wait_for(&sc->connect, item, msg);
	}
	watch(sc);
	return (error);
}

static int
do_accept(struct ksock_node *sc, item_p item, const struct ng_mesg *msg, struct ng_mesg **respp)
{
	uint8_t addr[NGU__KSOCK_ADDR];
	struct ng_mesg *resp;
	node_p child;
	size_t len;
	int error;

	if (!sc->kind.connects)
		return (EOPNOTSUPP);
	if (sc->accept.there)
		return (EALREADY);
	NG_MKRESPONSE(resp, msg, offsetof(struct ng_ksocket_accept, addr) + sizeof(addr), M_NOWAIT);
	if (resp == NULL)
		return (ENOMEM);
	error = sc->connected || sc->connecting ? EINVAL : ngu__ksock_can(sc->sock, NGU__KSOCK_READ) ? accept_one(sc, &child, addr, &len) : EAGAIN;
	if (error != 0) {
		NG_FREE_MSG(resp);
		if (error == EAGAIN) {
			wait_for(&sc->accept, item, msg);
			watch(sc);
			error = EINPROGRESS;
		}
		return (error);
	}
	*(uint32_t *)(void *)resp->data = NG_NODE_ID(child);
	memcpy(resp->data + offsetof(struct ng_ksocket_accept, addr), addr, len);
	resp->header.arglen = (uint32_t)(offsetof(struct ng_ksocket_accept, addr) + len);
	*respp = resp;
	return (0);
}

static int
do_name(struct ksock_node *sc, bool peer, const struct ng_mesg *msg, struct ng_mesg **respp)
{
	uint8_t addr[NGU__KSOCK_ADDR];
	size_t len;
	int error;

	if (msg->header.arglen != 0)
		return (EINVAL);
	if ((error = ngu__ksock_name(sc->sock, peer, addr, &len)) != 0)
		return (error);
	NG_MKRESPONSE(*respp, msg, len, M_NOWAIT);
	if (*respp == NULL)
		return (ENOMEM);
	memcpy((*respp)->data, addr, len);
	return (0);
}

static int
do_option(struct ksock_node *sc, const struct ng_mesg *msg, struct ng_mesg **respp)
{
	const struct ng_ksocket_sockopt *o = (const void *)msg->data;
	struct ng_ksocket_sockopt *r;
	size_t len = NG_KSOCKET_MAX_OPTLEN;
	int error;

	if (msg->header.arglen < sizeof(*o) || msg->header.arglen > sizeof(*o) + NG_KSOCKET_MAX_OPTLEN)
		return (EINVAL);
	if (msg->header.cmd == NGM_KSOCKET_SETOPT)
		return (ngu__ksock_setopt(sc->sock, o->level, o->name, o->value, msg->header.arglen - sizeof(*o)));
	if (msg->header.arglen != sizeof(*o))
		return (EINVAL);
	NG_MKRESPONSE(*respp, msg, sizeof(*o) + len, M_NOWAIT);
	if (*respp == NULL)
		return (ENOMEM);
	r = (void *)(*respp)->data;
	r->level = o->level;
	r->name = o->name;
	if ((error = ngu__ksock_getopt(sc->sock, o->level, o->name, r->value, &len)) != 0) {
		NG_FREE_MSG(*respp);
		*respp = NULL;
		return (error);
	}
	(*respp)->header.arglen = (uint32_t)(sizeof(*o) + len);
	return (0);
}

static int
ng_ksocket_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	struct ksock_node *sc = NG_NODE_PRIVATE(node);
	struct ng_mesg *msg, *resp = NULL;
	int32_t backlog;
	int error = 0;

	NGI_GET_MSG(item, msg);
	if (msg->header.typecookie != NGM_KSOCKET_COOKIE)
		error = EINVAL;
	else if (sc == NULL || sc->sock == NULL)
		error = ENXIO;
	else switch (msg->header.cmd) {
	case NGM_KSOCKET_BIND:
		error = ngu__ksock_bind(sc->sock, msg->data, msg->header.arglen);
		break;
	case NGM_KSOCKET_LISTEN:
		if (msg->header.arglen != sizeof(backlog)) {
			error = EINVAL;
			break;
		}
		memcpy(&backlog, msg->data, sizeof(backlog));
		error = ngu__ksock_listen(sc->sock, backlog);
		break;
	case NGM_KSOCKET_ACCEPT:
		error = msg->header.arglen == 0 ? do_accept(sc, item, msg, &resp) : EINVAL;
		break;
	case NGM_KSOCKET_CONNECT:
		error = do_connect(sc, item, msg);
		break;
	case NGM_KSOCKET_GETNAME:
	case NGM_KSOCKET_GETPEERNAME:
		error = do_name(sc, msg->header.cmd == NGM_KSOCKET_GETPEERNAME, msg, &resp);
		break;
	case NGM_KSOCKET_SETOPT:
	case NGM_KSOCKET_GETOPT:
		error = do_option(sc, msg, &resp);
		break;
	default:
		error = EINVAL;
		break;
	}
	NG_RESPOND_MSG(error, node, item, resp);
	NG_FREE_MSG(msg);
	return (error);
}

/* ---- the rest of the node ---- */

static int
ng_ksocket_constructor(node_p node)
{
	struct ksock_node *sc = malloc(sizeof(*sc), M_NETGRAPH_KSOCKET, M_NOWAIT | M_ZERO);

	if (sc == NULL)
		return (ENOMEM);
	sc->node = node;
	NG_NODE_SET_PRIVATE(node, sc);
	return (0);
}

static int
ng_ksocket_newhook(node_p node, hook_p hook, const char *name)
{
	struct ksock_node *sc = NG_NODE_PRIVATE(node);
	int error;

	if (sc == NULL)
		return (ENXIO);
	if (sc->hook != NULL)
		return (EISCONN);
	if (sc->sock == NULL) {
		if ((error = ngu__ksock_kind(name, &sc->kind)) != 0)
			return (error);
		if (sc->kind.stream)
			NG_NODE_FORCE_WRITER(node);
		if ((error = ngu__ksock_open(&sc->kind, &ops, node, &sc->sock)) != 0)
			return (error);
	}
	sc->hook = hook;
	watch(sc);
	return (0);
}

static int
ng_ksocket_disconnect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);
	struct ksock_node *sc = NG_NODE_PRIVATE(node);

	sc->hook = NULL;
	if (NG_NODE_IS_VALID(node))
		ng_rmnode_self(node);
	return (0);
}

static int
ng_ksocket_shutdown(node_p node)
{
	struct ksock_node *sc = NG_NODE_PRIVATE(node);

	if (sc != NULL) {
		ngu__ksock_close(sc->sock);
		NG_FREE_M(sc->rest);
		NG_NODE_SET_PRIVATE(node, NULL);
		free(sc, M_NETGRAPH_KSOCKET);
	}
	NG_NODE_UNREF(node);
	return (0);
}
