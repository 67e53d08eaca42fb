/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_socket.c - node type "socket" by <ng/socket.h>: control and data sockets, what a send has done when it returns, closing and shutting
 * down in every order, and all of it by many threads at a time.
 */
#include "support/race.h"

#include <stdatomic.h>

#include <netgraph/ng_hole.h>
#include <netgraph/ng_socket.h>
#include <netgraph/ng_tcpmss.h>
#include <netgraph/ng_vlan.h>

#define GEN NGM_GENERIC_COOKIE
#define MOST 64

static unsigned workers;

static struct ngt *
graph(const char *text)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .fake_clock = true, .workers = workers };

	ngt_trace_type("a", 0);
	ngt_trace_type("b", 0);
	return (ngt_graph_with(&o, text));
}

/* ---- a type that reads one byte more than it was sent ---- */

static int greedy_found; /* that byte; -1: no message came */

static int
greedy_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	struct ng_mesg *msg;

	(void)lasthook;
	NGI_GET_MSG(item, msg);
	greedy_found = (unsigned char)*((const char *)msg + sizeof(*msg) + msg->header.arglen);
	assert_null(ng_findhook(node, msg->data)); /* this one does, too, when the name has no end */
	NG_FREE_MSG(msg);
	NG_FREE_ITEM(item);
	return (0);
}

static int
greedy_constructor(node_p node)
{
	(void)node;
	return (0);
}

static struct ng_type greedy_type = { .version = NG_ABI_VERSION, .name = "greedy", .constructor = greedy_constructor, .rcvmsg = greedy_rcvmsg };

/* ---- an owner that remembers ---- */

struct owner {
	struct ngu_sock *s;
	_Atomic int refuse; /* what message() and packet() return */
	_Atomic unsigned messages, packets, gone, released;
	struct {
		char from[16];
		struct ng_msghdr header;
		char args[64];
		size_t len;
	} msg[MOST];
	struct {
		char hook[NG_HOOKSIZ], text[64];
	} pkt[MOST];
};

static int
on_message(void *arg, const char *from, const struct ng_mesg *msg, size_t len)
{
	struct owner *o = arg;
	unsigned i;

	if (o->refuse != 0)
		return (o->refuse);
	if ((i = atomic_fetch_add(&o->messages, 1u)) < MOST) {
		(void)snprintf(o->msg[i].from, sizeof(o->msg[i].from), "%s", from);
		o->msg[i].header = msg->header;
		o->msg[i].len = len;
		if (msg->header.arglen <= sizeof(o->msg[i].args))
			memcpy(o->msg[i].args, msg->data, msg->header.arglen);
	}
	return (0);
}

static int
on_packet(void *arg, const char *hook, const struct mbuf *m)
{
	struct owner *o = arg;
	unsigned i;

	if (o->refuse != 0)
		return (o->refuse);
	if ((i = atomic_fetch_add(&o->packets, 1u)) < MOST) {
		(void)snprintf(o->pkt[i].hook, sizeof(o->pkt[i].hook), "%s", hook);
		o->pkt[i].text[ngu_packet_read(m, 0, o->pkt[i].text, sizeof(o->pkt[i].text) - 1)] = '\0';
	}
	return (0);
}

static void
on_gone(void *arg)
{
	struct owner *o = arg;

	atomic_fetch_add(&o->gone, 1u);
}

static void
on_release(void *arg)
{
	struct owner *o = arg;

	atomic_fetch_add(&o->released, 1u);
}

static const struct ngu_sock_ops ops = { on_message, on_packet, on_gone, on_release };
static const struct ngu_sock_ops deaf;

static void
opened(struct ngt *t, struct owner *o, enum ngu_sock_kind kind)
{
	memset(o, 0, sizeof(*o));
	assert_int_equal(ngu_sock_open(G, kind, &ops, o, &o->s), 0);
}

/* A control socket bound to `name`, and a data socket of it. */
static void
pair(struct ngt *t, struct owner *c, struct owner *d, const char *name)
{
	char path[40];

	opened(t, c, NGU_SOCK_CONTROL);
	assert_int_equal(ngu_sock_bind(c->s, name), 0);
	opened(t, d, NGU_SOCK_DATA);
	(void)snprintf(path, sizeof(path), "%s:", name);
	assert_int_equal(ngu_sock_connect(d->s, path), 0);
}

static void
closed(struct owner *o)
{
	ngu_sock_close(o->s);
	o->s = NULL;
	ngu_reclaim_barrier();
	assert_int_equal(o->released, 1);
}

/* A message in room of its own, to be found by sanitizers when something reads behind it. */
static struct ng_mesg *
mesg(uint32_t cookie, uint32_t cmd, const void *arg, size_t len)
{
	struct ng_mesg *m = calloc(1, sizeof(*m) + len);

	assert_non_null(m);
	m->header.version = NG_VERSION;
	m->header.typecookie = cookie;
	m->header.cmd = cmd;
	m->header.token = 4711;
	m->header.arglen = (uint32_t)len;
	(void)snprintf((char *)m->header.cmdstr, sizeof(m->header.cmdstr), "command");
	if (len != 0)
		memcpy(m->data, arg, len);
	return (m);
}

static int
tell(struct ngu_sock *s, const char *path, uint32_t cookie, uint32_t cmd, const void *arg, size_t len)
{
	struct ng_mesg *m = mesg(cookie, cmd, arg, len);
	int error = ngu_sock_send_msg(s, path, m, sizeof(*m) + len, NULL, NULL);

	(free)(m);
	return (error);
}

static int
mkpeer(struct ngu_sock *s, const char *path, const char *type, const char *ours, const char *theirs)
{
	struct ngm_mkpeer a;

	memset(&a, 0, sizeof(a));
	(void)snprintf(a.type, sizeof(a.type), "%s", type);
	(void)snprintf(a.ourhook, sizeof(a.ourhook), "%s", ours);
	(void)snprintf(a.peerhook, sizeof(a.peerhook), "%s", theirs);
	return (tell(s, path, GEN, NGM_MKPEER, &a, sizeof(a)));
}

static int
connect_(struct ngu_sock *s, const char *path, const char *peer, const char *ours, const char *theirs)
{
	struct ngm_connect a;

	memset(&a, 0, sizeof(a));
	(void)snprintf(a.path, sizeof(a.path), "%s", peer);
	(void)snprintf(a.ourhook, sizeof(a.ourhook), "%s", ours);
	(void)snprintf(a.peerhook, sizeof(a.peerhook), "%s", theirs);
	return (tell(s, path, GEN, NGM_CONNECT, &a, sizeof(a)));
}

static int
say(struct ngu_sock *s, const char *hook, const char *text)
{
	return (ngu_sock_send_data(s, hook, text, strlen(text)));
}

static const char *
self(struct ngu_sock *s)
{
	static char path[16];

	(void)snprintf(path, sizeof(path), "[%x]:", ngu_sock_id(s));
	return (path);
}

/* ---- opening and names ---- */

static void
test_open(void **state)
{
	struct ngt *t = graph("hub h");
	struct ngu_sock *s = (void *)-1;
	struct owner c, d;
	struct ng_mesg *r;
	struct nodeinfo *ni;

	(void)state;
	assert_int_equal(ngu_sock_open(NULL, NGU_SOCK_CONTROL, &ops, NULL, &s), EINVAL);
	assert_int_equal(ngu_sock_open(G, NGU_SOCK_CONTROL, NULL, NULL, &s), EINVAL);
	assert_int_equal(ngu_sock_open(G, 3, &ops, NULL, &s), EINVAL);
	assert_ptr_equal(s, (void *)-1);
	/* Its node is of type socket and has no name; there is no other way to make one. */
	opened(t, &c, NGU_SOCK_CONTROL);
	assert_true(ngu_sock_id(c.s) != 0);
	assert_int_equal(ngu_msg(G, self(c.s), GEN, NGM_NODEINFO, NULL, 0, &r), 0);
	ni = (void *)r->data;
	assert_string_equal(ni->type, "socket");
	assert_string_equal(ni->name, "");
	assert_int_equal(ni->id, ngu_sock_id(c.s));
	assert_int_equal(ni->hooks, 0);
	ngu_msg_free(r);
	assert_int_equal(ngu_mknode(G, "socket", NULL, NULL), EINVAL);
	assert_int_equal(ngu_mkpeer(G, "h:", "socket", "a", "b"), EINVAL);
	assert_int_equal(mkpeer(c.s, "h:", "socket", "a", "b"), EINVAL);
	/* A data socket has none. */
	opened(t, &d, NGU_SOCK_DATA);
	expect_alive(t, 2, 0);
	assert_int_equal(ngu_sock_id(d.s), 0);
	assert_int_equal(ngu_sock_hooks(d.s), 0);
	assert_int_equal(say(d.s, "x", "too early"), ENOTCONN);
	assert_int_equal(say(d.s, NULL, "too early"), EDESTADDRREQ);
	assert_int_equal(say(d.s, "", "too early"), EDESTADDRREQ);
	closed(&d);
	closed(&c);
	assert_int_equal(c.gone + d.gone, 0); /* their own doing */
	expect_alive(t, 1, 0);
	ngu_sock_close(NULL);
	ngt_end(t);
}

static void
test_names(void **state)
{
	static const char most[] = "0123456789012345678901234567890";
	struct ngt *t = graph("hub h");
	char name[NGU_SOCK_NAMELEN], want[NGU_SOCK_NAMELEN];
	struct owner c, d;

	(void)state;
	opened(t, &c, NGU_SOCK_CONTROL);
	opened(t, &d, NGU_SOCK_DATA);
	(void)snprintf(want, sizeof(want), "[%x]", ngu_sock_id(c.s));
	assert_int_equal(ngu_sock_name(c.s, name), 0);
	assert_string_equal(name, want);
	assert_int_equal(ngu_sock_name(d.s, name), EINVAL);
	assert_int_equal(ngu_sock_bind(d.s, "data"), EOPNOTSUPP);
	assert_int_equal(ngu_sock_bind(c.s, NULL), EINVAL);
	assert_int_equal(ngu_sock_bind(c.s, ""), EINVAL);
	assert_int_equal(ngu_sock_bind(c.s, "a.b"), EINVAL);
	assert_int_equal(ngu_sock_bind(c.s, "a:"), EINVAL);
	assert_int_equal(ngu_sock_bind(c.s, "[12]"), EINVAL);
	assert_int_equal(ngu_sock_bind(c.s, "01234567890123456789012345678901"), EINVAL);
	assert_int_equal(ngu_sock_bind(c.s, "h"), EADDRINUSE);
	assert_int_equal(ngu_sock_bind(c.s, "a name"), 0);
	assert_int_equal(ngu_sock_bind(c.s, "a name"), 0); /* its own already */
	assert_int_equal(ngu_sock_bind(c.s, most), 0);
	assert_int_equal(ngu_lookup(G, "a name:", NULL), ENOENT);
	assert_int_equal(ngu_sock_name(c.s, name), 0);
	assert_string_equal(name, most);
	/* The data socket answers alike, however it found the node. */
	assert_int_equal(ngu_sock_connect(d.s, self(c.s)), 0);
	assert_int_equal(ngu_sock_name(d.s, name), 0);
	assert_string_equal(name, most);
	assert_int_equal(ngu_sock_id(d.s), ngu_sock_id(c.s));
	/* Names and messages lead to the same node, "." is that one. */
	assert_int_equal(tell(c.s, ".", GEN, NGM_NAME, "other\0aaaaaaaaaaaaaaaaaaaaaaaaa", NG_NODESIZ), 0);
	assert_int_equal(ngu_sock_name(c.s, name), 0);
	assert_string_equal(name, "other");
	closed(&c);
	closed(&d);
	ngt_end(t);
}

/* ---- control: sending and receiving ---- */

static void
test_answer(void **state)
{
	struct ngt *t = graph("hub h");
	struct owner c;
	uint32_t id;
	char from[16];

	(void)state;
	opened(t, &c, NGU_SOCK_CONTROL);
	assert_int_equal(ngu_lookup(G, "h:", &id), 0);
	(void)snprintf(from, sizeof(from), "[%x]:", id);
	/* When the call returns the answer is here: with the request's token, cookie, command, its name, and a return address. */
	assert_int_equal(tell(c.s, "h:", GEN, NGM_NODEINFO, NULL, 0), 0);
	assert_int_equal(c.messages, 1);
	assert_string_equal(c.msg[0].from, from);
	assert_int_equal(c.msg[0].len, 56 + sizeof(struct nodeinfo));
	assert_int_equal(c.msg[0].header.arglen, sizeof(struct nodeinfo));
	assert_int_equal(c.msg[0].header.flags, NGF_RESP);
	assert_int_equal(c.msg[0].header.token, 4711);
	assert_int_equal(c.msg[0].header.typecookie, GEN);
	assert_int_equal(c.msg[0].header.cmd, NGM_NODEINFO);
	assert_string_equal((const char *)c.msg[0].header.cmdstr, "command");
	/* One's own node answers, too, by all the names of the starting node. */
	for (const char *const *p = (const char *const[]){ "", ".", ".:", self(c.s), NULL }; *p != NULL; p++)
		assert_int_equal(tell(c.s, *p, GEN, NGM_NODEINFO, NULL, 0), 0);
	assert_int_equal(c.messages, 5);
	assert_string_equal(c.msg[4].from, self(c.s));
	/* An answer for which there is no room is the sender's error, and the work is done all the same. */
	c.refuse = ENOBUFS;
	assert_int_equal(tell(c.s, "h:", GEN, NGM_NODEINFO, NULL, 0), ENOBUFS);
	c.refuse = 0;
	assert_int_equal(tell(c.s, "h:", GEN, NGM_NODEINFO, NULL, 0), 0);
	assert_int_equal(c.messages, 6);
	closed(&c);
	/* Who hears nothing can send, nevertheless. */
	assert_int_equal(ngu_sock_open(G, NGU_SOCK_CONTROL, &deaf, NULL, &c.s), 0);
	assert_int_equal(tell(c.s, "h:", GEN, NGM_NODEINFO, NULL, 0), 0);
	ngu_sock_close(c.s);
	ngt_end(t);
}

/* What does not fit is refused before anything of it is looked at. */
/* A name that fills its field has no end: there is a zero behind it, and node types take it as they should. */
static void
test_endless_names(void **state)
{
	static const struct {
		const char *path;
		uint32_t cookie, cmd;
		int want;
	} v[] = {
		{ "g:", COOKIE, 1, 0 },
		{ "h:", NGM_HOLE_COOKIE, NGM_HOLE_GET_STATS, ENOENT },
		{ "h:", NGM_HOLE_COOKIE, NGM_HOLE_CLR_STATS, ENOENT },
		{ "h:", NGM_HOLE_COOKIE, NGM_HOLE_GETCLR_STATS, ENOENT },
		{ "t:", NGM_TCPMSS_COOKIE, NGM_TCPMSS_GET_STATS, ENOENT },
		{ "t:", NGM_TCPMSS_COOKIE, NGM_TCPMSS_CLR_STATS, ENOENT },
		{ "t:", NGM_TCPMSS_COOKIE, NGM_TCPMSS_GETCLR_STATS, ENOENT },
		{ "v:", NGM_VLAN_COOKIE, NGM_VLAN_DEL_FILTER, ENOENT },
	};
	char name[4 * NG_HOOKSIZ];
	struct owner c;
	struct ngt *t;

	(void)state;
	assert_int_equal(ng_newtype(&greedy_type), 0);
	t = graph("greedy g; hole h; tcpmss t; vlan v");
	opened(t, &c, NGU_SOCK_CONTROL);
	memset(name, 0xff, sizeof(name));
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		assert_int_equal(tell(c.s, v[i].path, v[i].cookie, v[i].cmd, name, NG_HOOKSIZ), v[i].want);
		assert_int_equal(ngu_msg(G, v[i].path, v[i].cookie, v[i].cmd, name, NG_HOOKSIZ, NULL), v[i].want);
	}
	for (size_t len = sizeof(name); len > NG_HOOKSIZ; len--) { /* shorter by one: where storage is used again, that byte was another */
		greedy_found = -1;
		assert_int_equal(tell(c.s, "g:", COOKIE, 1, name, len), 0);
		assert_int_equal(greedy_found, 0);
	}
	for (size_t len = sizeof(name); len > NG_HOOKSIZ; len--) {
		greedy_found = -1;
		assert_int_equal(ngu_msg(G, "g:", COOKIE, 1, name, len, NULL), 0);
		assert_int_equal(greedy_found, 0);
	}
	closed(&c);
	ngt_end(t);
	assert_int_equal(ng_rmtype(&greedy_type), 0);
}

static void
test_send_errors(void **state)
{
	struct ngt *t = graph("hub h; a x");
	struct ngm_mkpeer a;
	struct ng_mesg *m, *cut;
	struct owner c;
	char path[NG_PATHSIZ + 1];

	(void)state;
	opened(t, &c, NGU_SOCK_CONTROL);
	m = mesg(GEN, NGM_NODEINFO, "1234", 4);
	for (size_t len = 0; len < sizeof(*m); len++) {
		assert_non_null(cut = (malloc)(len + 1));
		memcpy(cut, m, len);
		assert_int_equal(ngu_sock_send_msg(c.s, "h:", cut, len, NULL, NULL), EINVAL);
		(free)(cut);
	}
	assert_int_equal(ngu_sock_send_msg(c.s, "h:", m, sizeof(*m) + 3, NULL, NULL), EINVAL);
	assert_int_equal(ngu_sock_send_msg(c.s, "h:", m, sizeof(*m), NULL, NULL), EINVAL);
	m->header.arglen = UINT32_MAX;
	assert_int_equal(ngu_sock_send_msg(c.s, "h:", m, sizeof(*m) + 4, NULL, NULL), EINVAL);
	m->header.arglen = 5;
	assert_int_equal(ngu_sock_send_msg(c.s, "h:", m, sizeof(*m) + 4, NULL, NULL), EINVAL);
	m->header.arglen = 4;
	m->header.version = 7;
	assert_int_equal(ngu_sock_send_msg(c.s, "h:", m, sizeof(*m) + 4, NULL, NULL), EINVAL);
	m->header.version = NG_VERSION;
	assert_int_equal(ngu_sock_send_msg(c.s, "h:", NULL, sizeof(*m), NULL, NULL), EINVAL);
	assert_int_equal(ngu_sock_send_msg(c.s, NULL, m, sizeof(*m) + 4, NULL, NULL), EDESTADDRREQ);
	assert_int_equal(ngu_sock_send_msg(c.s, "h:", m, sizeof(*m) + 4, NULL, NULL), 0);
	assert_int_equal(c.messages, 1);
	(free)(m);
	/* Paths. */
	memset(path, 'x', sizeof(path));
	path[NG_PATHSIZ] = '\0';
	assert_int_equal(tell(c.s, path, GEN, NGM_NODEINFO, NULL, 0), ENAMETOOLONG);
	path[NG_PATHSIZ - 1] = '\0';
	assert_int_equal(tell(c.s, path, GEN, NGM_NODEINFO, NULL, 0), ENOENT);
	assert_int_equal(tell(c.s, "nobody:", GEN, NGM_NODEINFO, NULL, 0), ENOENT);
	assert_int_equal(tell(c.s, "nohook", GEN, NGM_NODEINFO, NULL, 0), ENOENT);
	assert_int_equal(tell(c.s, "[ffff]:", GEN, NGM_NODEINFO, NULL, 0), ENOENT);
	assert_int_equal(tell(c.s, "a..b", GEN, NGM_NODEINFO, NULL, 0), EINVAL);
	assert_int_equal(tell(c.s, ":a", GEN, NGM_NODEINFO, NULL, 0), EINVAL);
	/* A type that nobody has: the socket looks for its module, a node does not; a name without an end is cut. */
	assert_int_equal(mkpeer(c.s, ".", "no_such_type", "a", "b"), ENOENT);
	assert_int_equal(mkpeer(c.s, ".", "../hub", "a", "b"), ENOENT);
	assert_int_equal(mkpeer(c.s, ".", "", "a", "b"), ENOENT);
	assert_int_equal(ngu_mkpeer(G, "h:", "no_such_type", "a", "b"), ENXIO);
	memset(&a, 'x', sizeof(a));
	assert_int_equal(tell(c.s, ".", GEN, NGM_MKPEER, &a, sizeof(a)), ENOENT);
	assert_int_equal(tell(c.s, ".", GEN, NGM_MKPEER, &a, sizeof(a) - 1), EINVAL);
	assert_int_equal(tell(c.s, ".", GEN, NGM_MKPEER, NULL, 0), EINVAL);
	/* The method's own error. */
	ngt_trace_fail("rcvmsg x", EXDEV);
	assert_int_equal(tell(c.s, "x:", 77, 1, NULL, 0), EXDEV);
	ngt_trace_fail("rcvmsg x", 0);
	assert_int_equal(ngu_sock_hooks(c.s), 0);
	closed(&c);
	ngt_end(t);
}

/* A send has been carried out at both ends when it returns, and says what went wrong at either. */
static void
test_both_ends(void **state)
{
	struct ngt *t = graph("hub h; b y");
	struct owner c;

	(void)state;
	opened(t, &c, NGU_SOCK_CONTROL);
	assert_int_equal(ngu_sock_bind(c.s, "s"), 0);
	assert_int_equal(mkpeer(c.s, ".", "hub", "up", "down"), 0);
	assert_int_equal(ngu_sock_hooks(c.s), 1);
	ngt_expect_hooks(t, "s:", "up - hub.down");
	ngt_expect_hooks(t, "s:up", "down - s.up");
	assert_int_equal(mkpeer(c.s, ".", "hub", "up", "other"), EEXIST);
	assert_int_equal(connect_(c.s, ".", "h:", "to h", "from s"), 0);
	ngt_expect_hooks(t, "h:", "from s - s.to h");
	assert_int_equal(connect_(c.s, ".", "h:", "again", "from s"), EEXIST);
	ngt_trace_fail("newhook y/no", EMLINK);
	assert_int_equal(connect_(c.s, ".", "y:", "z", "no"), EMLINK);
	assert_int_equal(connect_(c.s, "h:", "y:", "z", "no"), EMLINK); /* raised at the other of two that are not ours */
	assert_int_equal(connect_(c.s, "y:", "h:", "no", "z"), EMLINK);
	ngt_expect_hooks(t, "y:", "");
	assert_int_equal(ngu_sock_hooks(c.s), 2);
	/* Along its hook: relative paths begin at the socket's node. */
	assert_int_equal(tell(c.s, "up", GEN, NGM_NODEINFO, NULL, 0), 0);
	assert_int_equal(tell(c.s, ".:up", GEN, NGM_NODEINFO, NULL, 0), 0);
	assert_int_equal(tell(c.s, "s:up.down", GEN, NGM_NODEINFO, NULL, 0), 0);
	assert_int_equal(c.messages, 3);
	assert_string_equal(c.msg[2].from, self(c.s));
	/* Gone when the call returns. */
	assert_int_equal(tell(c.s, "up", GEN, NGM_SHUTDOWN, NULL, 0), 0);
	assert_int_equal(ngu_sock_hooks(c.s), 1);
	assert_int_equal(tell(c.s, ".", GEN, NGM_RMHOOK, "to h\0nothing else matters.........", NG_HOOKSIZ), 0);
	ngt_expect_hooks(t, "s:", "");
	assert_int_equal(ngu_lookup(G, "h:", NULL), ENOENT);
	closed(&c);
	ngt_end(t);
}

/* Everything that is not the node's own is the owner's: texts, flow messages, foreign commands, answers to nothing. */
static void
test_receive(void **state)
{
	struct ngt *t = graph("hub h; a x");
	struct owner c, d, other;
	struct ng_mesg *r = NULL, *m;

	(void)state;
	opened(t, &other, NGU_SOCK_CONTROL);
	pair(t, &c, &d, "s");
	assert_int_equal(tell(other.s, "s:", GEN, NGM_TEXT_STATUS, NULL, 0), 0);
	assert_int_equal(tell(other.s, "s:", GEN, NGM_TEXT_CONFIG, "set", 4), 0);
	assert_int_equal(tell(other.s, "s:", NGM_FLOW_COOKIE, NGM_LINK_IS_UP, NULL, 0), 0);
	assert_int_equal(tell(other.s, "s:", 12345, 3 | NGM_READONLY, "abc", 3), 0);
	m = mesg(GEN, NGM_NODEINFO, NULL, 0);
	m->header.flags = NGF_RESP;
	assert_int_equal(ngu_sock_send_msg(other.s, "s:", m, sizeof(*m), NULL, NULL), 0);
	(free)(m);
	assert_int_equal(c.messages, 5);
	for (unsigned i = 0; i < 5; i++)
		assert_string_equal(c.msg[i].from, self(other.s));
	assert_int_equal(c.msg[0].header.cmd, NGM_TEXT_STATUS);
	assert_string_equal(c.msg[1].args, "set");
	assert_int_equal(c.msg[2].header.typecookie, NGM_FLOW_COOKIE);
	assert_int_equal(c.msg[3].header.cmd, 3 | NGM_READONLY);
	assert_int_equal(c.msg[3].len, 59);
	ngt_expect_bytes("abc", 3, c.msg[3].args, 3);
	assert_int_equal(c.msg[4].header.flags, NGF_RESP);
	/* An answer goes to the address that the question came from. */
	assert_int_equal(tell(c.s, c.msg[0].from, GEN, NGM_TEXT_STATUS, "fine", 5), 0);
	assert_int_equal(other.messages, 1);
	assert_string_equal(other.msg[0].from, self(c.s));
	/* The owner's refusal is the sender's result. */
	c.refuse = ENOBUFS;
	assert_int_equal(tell(other.s, "s:", 12345, 1, NULL, 0), ENOBUFS);
	assert_int_equal(ngu_msg(G, "s:", 12345, 1, NULL, 0, &r), ENOBUFS);
	c.refuse = 0;
	/* The node's own: never the owner's. It has no commands in text. */
	assert_int_equal(tell(other.s, "s:", NGM_SOCKET_COOKIE, NGM_SOCK_CMD_LINGER, NULL, 0), 0);
	assert_int_equal(tell(other.s, "s:", NGM_SOCKET_COOKIE, 0, NULL, 0), EINVAL);
	assert_int_equal(tell(other.s, "s:", NGM_SOCKET_COOKIE, 3, NULL, 0), EINVAL);
	m = mesg(NGM_SOCKET_COOKIE, NGM_SOCK_CMD_LINGER, "", 1);
	(void)snprintf((char *)m->header.cmdstr, sizeof(m->header.cmdstr), "linger");
	assert_int_equal(tell(other.s, "s:", GEN, NGM_ASCII2BINARY, m, sizeof(*m) + 1), ENOSYS);
	(free)(m);
	assert_int_equal(c.messages, 5);
	/* Nobody there. */
	closed(&c);
	assert_int_equal(tell(other.s, "s:", 12345, 1, NULL, 0), EINVAL);
	assert_int_equal(ngu_msg(G, "s:", 12345, 1, NULL, 0, &r), EINVAL);
	assert_int_equal(tell(other.s, "s:", GEN, NGM_NODEINFO, NULL, 0), 0); /* generic: the node itself answers */
	assert_int_equal(tell(other.s, "s:", NGM_SOCKET_COOKIE, NGM_SOCK_CMD_LINGER, NULL, 0), 0);
	closed(&d);
	closed(&other);
	assert_int_equal(c.gone + d.gone + other.gone, 0);
	ngt_end(t);
}

/* ---- data ---- */

static void
test_data(void **state)
{
	struct ngt *t = graph("hub h; probe p; p.x - hub g.x");
	struct owner c, d;
	struct mbuf *vec[5];
	struct ngu_port *port;
	static char large[100000];

	(void)state;
	pair(t, &c, &d, "s");
	assert_int_equal(say(d.s, NULL, "no hook"), EDESTADDRREQ);
	assert_int_equal(say(d.s, "g", "no such hook"), EHOSTUNREACH);
	assert_int_equal(connect_(c.s, ".", "g:", "0123456789012345678901234567890", "s"), 0);
	assert_int_equal(ngu_sock_hooks(d.s), 1);
	/* By name; and the only hook by no name. */
	assert_int_equal(say(d.s, "0123456789012345678901234567890", "by name"), 0);
	assert_int_equal(say(d.s, NULL, "the only one"), 0);
	assert_int_equal(say(d.s, "", ""), 0);
	assert_int_equal(ngu_sock_send_data(d.s, "", NULL, 0), 0);
	ngt_expect(ngt_probe(t, "p"), "x", ngt_text("by name"));
	ngt_expect(ngt_probe(t, "p"), "x", ngt_text("the only one"));
	ngt_expect(ngt_probe(t, "p"), "x", ngt_text(""));
	ngt_expect(ngt_probe(t, "p"), "x", ngt_text(""));
	assert_int_equal(say(d.s, "01234567890123456789012345678901", "too long"), EINVAL);
	assert_int_equal(ngu_sock_send_data(d.s, NULL, NULL, 1), EINVAL);
	assert_int_equal(ngu_sock_send_data(d.s, NULL, large, (size_t)1 << 40), ENOBUFS);
	assert_int_equal(say(c.s, NULL, "wrong socket"), EINVAL);
	assert_int_equal(tell(d.s, "h:", GEN, NGM_NODEINFO, NULL, 0), EINVAL);
	/* What the receivers say. */
	ngt_refuse(ngt_probe(t, "p"), EXDEV);
	assert_int_equal(say(d.s, NULL, "refused"), EXDEV);
	ngt_refuse(ngt_probe(t, "p"), 0);
	ngt_expect(ngt_probe(t, "p"), "x", ngt_text("refused")); /* recorded all the same */
	/* Coming in: the hook by its name here. */
	ngt_send(ngt_probe(t, "p"), "x", ngt_text("to the socket"));
	assert_int_equal(d.packets, 1);
	assert_string_equal(d.pkt[0].hook, "0123456789012345678901234567890");
	assert_string_equal(d.pkt[0].text, "to the socket");
	d.refuse = ENOBUFS;
	assert_int_equal(ngt_try_send(ngt_probe(t, "p"), "x", ngt_text("no room")), ENOBUFS);
	d.refuse = 0;
	/* A second hook: which one is meant has to be said. */
	assert_int_equal(ngu_port_open(G, "s:", "b", NULL, NULL, &port), 0);
	assert_int_equal(say(d.s, NULL, "which?"), EDESTADDRREQ);
	for (unsigned i = 0; i < NITEMS(vec); i++)
		vec[i] = ngu_packet(G, "burst", 5);
	assert_int_equal(ngu_port_send_burst(port, vec, NITEMS(vec)), 0);
	assert_int_equal(d.packets, 6);
	assert_string_equal(d.pkt[5].hook, "b");
	assert_string_equal(d.pkt[5].text, "burst");
	d.refuse = ENOBUFS;
	for (unsigned i = 0; i < NITEMS(vec); i++)
		vec[i] = ngu_packet(G, "burst", 5);
	assert_int_equal(ngu_port_send_burst(port, vec, NITEMS(vec)), ENOBUFS);
	d.refuse = 0;
	/* Nobody there: dropped, and that is no error. */
	closed(&d);
	assert_int_equal(ngu_port_send(port, ngu_packet(G, "x", 1)), 0);
	for (unsigned i = 0; i < NITEMS(vec); i++)
		vec[i] = ngu_packet(G, "burst", 5);
	assert_int_equal(ngu_port_send_burst(port, vec, NITEMS(vec)), 0);
	ngt_send(ngt_probe(t, "p"), "x", ngt_text("to nobody"));
	/* The next one is welcome. */
	opened(t, &d, NGU_SOCK_DATA);
	assert_int_equal(ngu_sock_connect(d.s, "s:"), 0);
	assert_int_equal(ngu_port_send(port, ngu_packet(G, "x", 1)), 0);
	assert_int_equal(d.packets, 1);
	ngu_port_close(port);
	assert_int_equal(say(d.s, NULL, "the only one again"), 0);
	ngt_expect(ngt_probe(t, "p"), "x", ngt_text("the only one again"));
	closed(&c);
	closed(&d);
	ngt_end(t);
}

static void
test_connect_errors(void **state)
{
	struct ngt *t = graph("hub h; hub k; h.a - k.b");
	struct owner c, d, e, foreign;
	char path[NG_PATHSIZ + 1];

	(void)state;
	opened(t, &c, NGU_SOCK_CONTROL);
	assert_int_equal(ngu_sock_bind(c.s, "s"), 0);
	opened(t, &d, NGU_SOCK_DATA);
	opened(t, &e, NGU_SOCK_DATA);
	assert_int_equal(ngu_sock_connect(c.s, "s:"), EINVAL);
	assert_int_equal(ngu_sock_connect(d.s, NULL), EINVAL);
	assert_int_equal(ngu_sock_connect(d.s, "."), EINVAL); /* nowhere to start */
	assert_int_equal(ngu_sock_connect(d.s, ".:"), EINVAL);
	assert_int_equal(ngu_sock_connect(d.s, ""), EINVAL);
	assert_int_equal(ngu_sock_connect(d.s, "hook"), EINVAL);
	assert_int_equal(ngu_sock_connect(d.s, "nobody:"), ENOENT);
	assert_int_equal(ngu_sock_connect(d.s, "h:nohook"), ENOENT);
	assert_int_equal(ngu_sock_connect(d.s, "h:"), EINVAL); /* not a socket */
	assert_int_equal(ngu_sock_connect(d.s, "h:a"), EINVAL);
	memset(path, 'x', sizeof(path));
	path[NG_PATHSIZ] = '\0';
	assert_int_equal(ngu_sock_connect(d.s, path), ENAMETOOLONG);
	assert_int_equal(ngu_sock_id(d.s), 0);
	/* By a path along hooks; by whomever. */
	opened(t, &foreign, NGU_SOCK_CONTROL);
	assert_int_equal(connect_(foreign.s, "s:", "h:", "x", "s"), 0);
	assert_int_equal(ngu_sock_connect(d.s, "k:b.s"), 0);
	assert_int_equal(ngu_sock_id(d.s), ngu_sock_id(c.s));
	assert_int_equal(ngu_sock_connect(d.s, "s:"), EISCONN);
	assert_int_equal(ngu_sock_connect(d.s, self(foreign.s)), EISCONN);
	assert_int_equal(ngu_sock_connect(e.s, "s:"), EADDRINUSE);
	assert_int_equal(ngu_sock_id(e.s), 0);
	assert_int_equal(say(e.s, "x", "x"), ENOTCONN);
	assert_int_equal(ngu_sock_connect(e.s, self(foreign.s)), 0); /* none the worse for it */
	closed(&foreign);
	assert_int_equal(ngu_sock_hooks(d.s), 1);
	closed(&d);
	closed(&e);
	closed(&c);
	ngt_end(t);
}

/* ---- the end ---- */

/* Both sides close, in either order: with the second, and no sooner, the node goes, and its name is free at once. */
static void
test_close(void **state)
{
	struct ngt *t = graph("hub h; probe p; p.x - h.x");
	struct owner c, d, other;

	(void)state;
	opened(t, &other, NGU_SOCK_CONTROL);
	for (int order = 0; order < 2; order++) {
		pair(t, &c, &d, "s");
		assert_int_equal(connect_(c.s, ".", "h:", "h", "s"), 0);
		if (order == 0) {
			/* Without its control socket the node lives on and forwards; messages fail. */
			closed(&c);
			assert_int_equal(say(d.s, "h", "still there"), 0);
			ngt_expect(ngt_probe(t, "p"), "x", ngt_text("still there"));
			ngt_send(ngt_probe(t, "p"), "x", ngt_text("you, too"));
			assert_int_equal(d.packets, 1);
			assert_int_equal(tell(other.s, "s:", 12345, 1, NULL, 0), EINVAL);
			ngu_sock_close(d.s);
		} else {
			closed(&d);
			assert_int_equal(tell(c.s, ".", GEN, NGM_NODEINFO, NULL, 0), 0);
			ngt_send(ngt_probe(t, "p"), "x", ngt_text("to nobody"));
			ngu_sock_close(c.s);
		}
		assert_int_equal(ngu_sock_bind(other.s, "s"), 0);
		ngt_settle(t);
		ngt_expect_hooks(t, "h:", "x - p.x");
		ngu_reclaim_barrier();
		assert_int_equal(c.released, 1);
		assert_int_equal(d.released, 1);
		assert_int_equal(c.gone + d.gone, 0);
		assert_int_equal(ngu_sock_bind(other.s, "other"), 0);
		expect_alive(t, 3, 2);
	}
	closed(&other);
	ngt_end(t);
}

/* Shut down by a message: both are told, once, and what they call then fails. The dead node does not wait for them. */
static void
test_shutdown(void **state)
{
	struct ngt *t = graph("hub h");
	char name[NGU_SOCK_NAMELEN];
	struct ngu_graph_stats st;
	struct owner c, d;

	(void)state;
	for (int self_made = 0; self_made < 2; self_made++) {
		pair(t, &c, &d, "s");
		assert_int_equal(connect_(c.s, ".", "h:", "h", "s"), 0);
		if (self_made)
			assert_int_equal(tell(c.s, ".", GEN, NGM_SHUTDOWN, NULL, 0), 0);
		else
			assert_int_equal(ngu_shutdown(G, "s:"), 0);
		assert_int_equal(c.gone, 1);
		assert_int_equal(d.gone, 1);
		assert_int_equal(c.released + d.released, 0);
		expect_alive(t, 0, 0); /* the hub went with its last hook */
		ngu_graph_stats(G, &st);
		assert_int_equal(st.dead_nodes, 0);
		assert_int_equal(tell(c.s, "h:", GEN, NGM_NODEINFO, NULL, 0), EPIPE);
		assert_int_equal(ngu_sock_send_msg(c.s, "h:", NULL, 0, NULL, NULL), EPIPE);
		assert_int_equal(say(d.s, "h", "x"), EPIPE);
		assert_int_equal(say(d.s, NULL, "x"), EPIPE);
		assert_int_equal(ngu_sock_bind(c.s, "x"), EPIPE);
		assert_int_equal(ngu_sock_connect(d.s, "s:"), EPIPE);
		for (struct owner *o = &c; o != NULL; o = o == &c ? &d : NULL) {
			assert_int_equal(ngu_sock_name(o->s, name), EINVAL);
			assert_int_equal(ngu_sock_id(o->s), 0);
			assert_int_equal(ngu_sock_hooks(o->s), 0);
		}
		assert_int_equal(c.gone + d.gone, 2);
		closed(self_made ? &c : &d);
		closed(self_made ? &d : &c);
		assert_int_equal(c.gone + d.gone, 2);
		if (!self_made)
			assert_int_equal(ngu_mknode(G, "hub", "h", NULL), 0);
	}
	ngt_end(t);
}

static void
test_linger(void **state)
{
	struct ngt *t = graph("hub h; hub k; h.keep - k.keep");
	struct owner c, d;

	(void)state;
	/* At first, and after LINGER, a node without hooks stays. */
	pair(t, &c, &d, "s");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(connect_(c.s, ".", "h:", "h", "s"), 0);
		assert_int_equal(ngu_rmhook(G, "h:", "s"), 0);
		assert_int_equal(ngu_lookup(G, "s:", NULL), 0);
		assert_int_equal(tell(c.s, ".", NGM_SOCKET_COOKIE, NGM_SOCK_CMD_NOLINGER, NULL, 0), 0);
		assert_int_equal(ngu_lookup(G, "s:", NULL), 0); /* it never had one since: it waits for the first */
		if (i == 0)
			assert_int_equal(tell(c.s, ".", NGM_SOCKET_COOKIE, NGM_SOCK_CMD_LINGER, NULL, 0), 0);
	}
	/* Now it goes with its last hook, not before. */
	assert_int_equal(connect_(c.s, ".", "h:", "h", "s"), 0);
	assert_int_equal(connect_(c.s, ".", "h:", "h2", "s2"), 0);
	assert_int_equal(ngu_rmhook(G, "h:", "s"), 0);
	assert_int_equal(c.gone, 0);
	assert_int_equal(ngu_rmhook(G, "s:", "h2"), 0);
	assert_int_equal(ngu_lookup(G, "s:", NULL), ENOENT);
	assert_int_equal(c.gone, 1);
	assert_int_equal(d.gone, 1);
	assert_int_equal(tell(c.s, ".", GEN, NGM_NODEINFO, NULL, 0), EPIPE);
	closed(&c);
	closed(&d);
	ngt_end(t);
}

/* The graph goes first: open sockets are told, keep what they need, and are closed later. */
static void
test_graph_destroyed(void **state)
{
	struct ngt *t = graph("hub h");
	char name[NGU_SOCK_NAMELEN];
	struct owner c, d, lone;

	(void)state;
	pair(t, &c, &d, "s");
	opened(t, &lone, NGU_SOCK_DATA);
	assert_int_equal(connect_(c.s, ".", "h:", "h", "s"), 0);
	ngt_end(t);
	assert_int_equal(c.gone, 1);
	assert_int_equal(d.gone, 1);
	assert_int_equal(lone.gone, 0); /* it had no node */
	assert_int_equal(tell(c.s, ".", GEN, NGM_NODEINFO, NULL, 0), EPIPE);
	assert_int_equal(ngu_sock_bind(c.s, "x"), EPIPE);
	assert_int_equal(ngu_sock_name(c.s, name), EINVAL);
	assert_int_equal(say(d.s, "h", "x"), EPIPE);
	assert_int_equal(say(lone.s, "h", "x"), ENOTCONN);
	assert_int_equal(ngu_sock_connect(d.s, "s:"), EPIPE);
	assert_int_equal(ngu_sock_connect(lone.s, "s:"), EPIPE);
	closed(&d);
	closed(&c);
	closed(&lone);
	assert_int_equal(c.gone + d.gone, 2);
}

/* ---- sends that are told of their end ---- */

struct ended {
	struct owner *o;
	_Atomic unsigned n;
	int error;
	unsigned messages; /* of the owner, at that time */
};

static void
on_end(void *arg, int error)
{
	struct ended *e = arg;

	e->error = error;
	e->messages = e->o->messages;
	atomic_fetch_add(&e->n, 1u);
}

static int
tell_async(struct ngu_sock *s, struct ended *e, const char *path, uint32_t cookie, uint32_t cmd, const void *arg, size_t len)
{
	struct ng_mesg *m = mesg(cookie, cmd, arg, len);
	int error = ngu_sock_send_msg(s, path, m, sizeof(*m) + len, on_end, e);

	(free)(m);
	return (error);
}

static void
test_async(void **state)
{
	struct ngt *t = graph("a x; a y; hub h");
	struct ended e = { 0 }, f = { 0 };
	struct ngm_connect con;
	struct owner c, d;
	struct held h;

	(void)state;
	pair(t, &c, &d, "s");
	e.o = f.o = &c;
	/* The answer first, then the end. */
	assert_int_equal(tell_async(c.s, &e, "h:", GEN, NGM_NODEINFO, NULL, 0), 0);
	AWAIT(e.n == 1);
	assert_int_equal(e.error, 0);
	assert_int_equal(e.messages, 1);
	/* An answer without room, a method's error. */
	c.refuse = ENOBUFS;
	assert_int_equal(tell_async(c.s, &e, "h:", GEN, NGM_NODEINFO, NULL, 0), 0);
	AWAIT(e.n == 2);
	assert_int_equal(e.error, ENOBUFS);
	c.refuse = 0;
	ngt_trace_fail("rcvmsg x 77:5", EXDEV);
	assert_int_equal(tell_async(c.s, &e, "x:", 77, 5, NULL, 0), 0);
	AWAIT(e.n == 3);
	assert_int_equal(e.error, EXDEV);
	/* What cannot be sent: an error, and nobody is told. */
	assert_int_equal(tell_async(c.s, &e, "nobody:", 77, 5, NULL, 0), ENOENT);
	assert_int_equal(tell_async(c.s, &e, "::", 77, 5, NULL, 0), EINVAL);
	assert_int_equal(tell_async(c.s, &e, NULL, 77, 5, NULL, 0), EDESTADDRREQ);
	assert_int_equal(tell_async(d.s, &e, "x:", 77, 5, NULL, 0), EINVAL);
	/* Another thread is inside x: the call does not wait for it, others get on, and each gets its own result. */
	held_start(&h, G, "x");
	assert_int_equal(tell_async(c.s, &e, "x:", 77, 5, NULL, 0), 0);
	memset(&con, 0, sizeof(con));
	(void)snprintf(con.path, sizeof(con.path), "x:");
	(void)snprintf(con.ourhook, sizeof(con.ourhook), "to x");
	(void)snprintf(con.peerhook, sizeof(con.peerhook), "from s");
	assert_int_equal(tell_async(c.s, &f, ".", GEN, NGM_CONNECT, &con, sizeof(con)), 0);
	assert_int_equal(tell(c.s, "y:", 77, 6, NULL, 0), 0);
	assert_int_equal(e.n, 3);
	assert_int_equal(f.n, 0);
	held_go(&h);
	AWAIT(e.n == 4);
	assert_int_equal(e.error, EXDEV);
	AWAIT(f.n == 1);
	assert_int_equal(f.error, 0);
	held_end(&h);
	ngt_settle(t);
	ngt_expect_hooks(t, "s:", "to x - x.from s");
	/* The socket may be closed meanwhile. */
	held_start(&h, G, "x");
	assert_int_equal(tell_async(c.s, &e, "x:", 77, 6, NULL, 0), 0);
	assert_int_equal(tell_async(c.s, &f, "x:", 77, 5, NULL, 0), 0);
	ngu_sock_close(c.s);
	ngu_sock_close(d.s);
	assert_int_equal(e.n, 4);
	held_end(&h);
	AWAIT(e.n == 5 && f.n == 2);
	assert_int_equal(e.error, 0);
	assert_int_equal(f.error, EXDEV);
	ngt_settle(t);
	ngu_reclaim_barrier();
	assert_int_equal(c.released + d.released, 2);
	ngt_end(t);
	assert_int_equal(e.n + f.n, 7);
}

/* A node that is shut down with messages waiting for it: their senders hear of it. */
static void
test_async_flushed(void **state)
{
	struct ngt *t = graph("a x");
	struct ended e = { 0 };
	struct owner c;
	struct held h;

	(void)state;
	opened(t, &c, NGU_SOCK_CONTROL);
	e.o = &c;
	held_start(&h, G, "x");
	assert_int_equal(tell_async(c.s, &e, "x:", GEN, NGM_SHUTDOWN, NULL, 0), 0);
	assert_int_equal(e.n, 0);
	for (int i = 0; i < 5; i++)
		assert_int_equal(tell_async(c.s, &e, "x:", 77, 1, NULL, 0), 0);
	assert_int_equal(e.n, 0);
	held_end(&h);
	AWAIT(e.n == 6);
	ngt_settle(t);
	assert_int_equal(e.error == 0 || e.error == ENOENT, 1);
	assert_int_equal(ngu_lookup(G, "x:", NULL), ENOENT);
	ngt_expect_trace("constructor a; rcvmsg x 77:99; close x; shutdown x");
	closed(&c);
	ngt_end(t);
}

/* ---- from inside ---- */

struct inside {
	struct ngt *t;
	struct ngu_sock *cs, *ds;
	int send, open, lone, data;
	unsigned packets;
};

static int
packet_calls(void *arg, const char *hook, const struct mbuf *m)
{
	struct inside *i = arg;
	struct ngu_sock *s;

	(void)m;
	i->packets++;
	i->send = tell(i->cs, ".", 99, 1, NULL, 0);
	i->open = ngu_sock_open(ngt_g(i->t), NGU_SOCK_CONTROL, &deaf, NULL, &s);
	if ((i->lone = ngu_sock_open(ngt_g(i->t), NGU_SOCK_DATA, &deaf, NULL, &s)) == 0)
		ngu_sock_close(s);
	i->data = say(i->ds, hook, "back");
	return (0);
}

/* A packet's section is no place to wait in, sending a packet is fine. */
static void
test_in_section(void **state)
{
	static const struct ngu_sock_ops calling = { .packet = packet_calls };
	struct ngt *t = graph("probe p");
	struct inside i = { .t = t };

	(void)state;
	assert_int_equal(ngu_sock_open(G, NGU_SOCK_CONTROL, &deaf, NULL, &i.cs), 0);
	assert_int_equal(ngu_sock_open(G, NGU_SOCK_DATA, &calling, &i, &i.ds), 0);
	assert_int_equal(ngu_sock_connect(i.ds, self(i.cs)), 0);
	assert_int_equal(connect_(i.cs, ".", "p:", "h", "x"), 0);
	ngt_send(ngt_probe(t, "p"), "x", ngt_text("to"));
	assert_int_equal(i.packets, 1);
	assert_int_equal(i.send, EDEADLK);
	assert_int_equal(i.open, EDEADLK);
	assert_int_equal(i.lone, 0);
	assert_int_equal(i.data, 0);
	ngt_expect(ngt_probe(t, "p"), "x", ngt_text("back"));
	ngu_sock_close(i.cs);
	ngu_sock_close(i.ds);
	ngt_end(t);
}

static int
method_calls(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct inside *i = arg;

	(void)node;
	(void)hook;
	(void)item;
	i->send = tell(i->cs, "x:", 77, 8, NULL, 0);
	i->open = tell(i->cs, "y:", 77, 8, NULL, 0);
	return (0);
}

/* A method that sends: to others, and not to its own node, whose turn it has. */
static void
test_in_method(void **state)
{
	struct ngt *t = graph("a x; a y");
	struct inside i = { .t = t };

	(void)state;
	assert_int_equal(ngu_sock_open(G, NGU_SOCK_CONTROL, &deaf, NULL, &i.cs), 0);
	ngt_trace_on("rcvmsg x 77:7", method_calls, &i);
	ngt_trace_fail("rcvmsg y 77:8", EXDEV);
	assert_int_equal(tell(i.cs, "x:", 77, 7, NULL, 0), 0);
	assert_int_equal(i.send, EDEADLK);
	assert_int_equal(i.open, EXDEV);
	ngu_sock_close(i.cs);
	ngt_end(t);
}

/* ---- many threads ---- */

#define THREADS 4

struct runner {
	pthread_t thread;
	void (*fn)(struct runner *);
	struct ngt *t;
	struct ngu_sock *s;
	struct ngu_port *port;
	unsigned no, rounds;
	_Atomic bool *stop;
	_Atomic uint64_t ok;
	int last; /* a result that was not to be expected */
};

static void *
runner_main(void *arg)
{
	struct runner *r = arg;

	r->fn(r);
	return (NULL);
}

static void
run(struct runner *r, void (*fn)(struct runner *))
{
	r->fn = fn;
	r->last = 0;
	r->ok = 0;
	assert_int_equal(pthread_create(&r->thread, NULL, runner_main, r), 0);
}

/* Returns what it could not make sense of. */
static int
ended(struct runner *r)
{
	assert_int_equal(pthread_join(r->thread, NULL), 0);
	return (r->last);
}

/* The command is the result. */
static int
message_says(void *arg, const char *from, const struct ng_mesg *msg, size_t len)
{
	struct owner *o = arg;

	(void)from;
	(void)len;
	atomic_fetch_add(&o->messages, 1u);
	return ((int)msg->header.cmd);
}

static const struct ngu_sock_ops saying = { message_says, on_packet, on_gone, on_release };

static void
ask_and_compare(struct runner *r)
{
	for (unsigned i = 0; i < r->rounds; i++) {
		int want = (int)(i * THREADS + r->no) % 100, got;

		if ((got = tell(r->s, "target:", 99, (uint32_t)want, NULL, 0)) != want)
			r->last = got + 1000;
		else
			r->ok++;
		if (i % 4 == 0 && (got = tell(r->s, "target:", GEN, NGM_NODEINFO, NULL, 0)) != 0)
			r->last = got;
	}
}

/* Threads on one control socket: each send has its own result, and each answer comes. */
static void
test_own_results(void **state)
{
	struct ngt *t = graph("hub h");
	struct runner r[THREADS];
	struct owner c, target;

	(void)state;
	opened(t, &c, NGU_SOCK_CONTROL);
	memset(&target, 0, sizeof(target));
	assert_int_equal(ngu_sock_open(G, NGU_SOCK_CONTROL, &saying, &target, &target.s), 0);
	assert_int_equal(ngu_sock_bind(target.s, "target"), 0);
	for (unsigned i = 0; i < THREADS; i++) {
		r[i] = (struct runner){ .t = t, .s = c.s, .no = i, .rounds = 200 };
		run(&r[i], ask_and_compare);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(ended(&r[i]), 0);
		assert_int_equal(r[i].ok, 200);
	}
	assert_int_equal(target.messages, THREADS * 200);
	assert_int_equal(c.messages, THREADS * 50);
	closed(&c);
	closed(&target);
	ngt_end(t);
}

/* An owner that is not to be called before or after its time. */
struct strict_owner {
	struct ngu_sock *s;
	_Atomic uint32_t magic;
	_Atomic unsigned calls, late, gone, released;
};
#define ALIVE 0x61c6e500u

static void
called(struct strict_owner *o)
{
	if (o->magic != ALIVE || o->gone != 0)
		atomic_fetch_add(&o->late, 1u);
	atomic_fetch_add(&o->calls, 1u);
	if (o->magic != ALIVE)
		atomic_fetch_add(&o->late, 1u);
}

static int
strict_message(void *arg, const char *from, const struct ng_mesg *msg, size_t len)
{
	(void)from;
	(void)msg;
	(void)len;
	called(arg);
	return (0);
}

static int
strict_packet(void *arg, const char *hook, const struct mbuf *m)
{
	(void)hook;
	(void)m;
	called(arg);
	return (0);
}

static void
strict_gone(void *arg)
{
	struct strict_owner *o = arg;

	if (o->magic != ALIVE)
		atomic_fetch_add(&o->late, 1u);
	atomic_fetch_add(&o->gone, 1u);
}

static void
strict_release(void *arg)
{
	struct strict_owner *o = arg;

	o->magic = 0;
	atomic_fetch_add(&o->released, 1u);
}

static const struct ngu_sock_ops strictly = { strict_message, strict_packet, strict_gone, strict_release };

static void
strict_pair(struct ngt *t, struct strict_owner *c, struct strict_owner *d, const char *name)
{
	char path[40];

	memset(c, 0, sizeof(*c));
	memset(d, 0, sizeof(*d));
	c->magic = d->magic = ALIVE;
	assert_int_equal(ngu_sock_open(G, NGU_SOCK_CONTROL, &strictly, c, &c->s), 0);
	assert_int_equal(ngu_sock_bind(c->s, name), 0);
	assert_int_equal(ngu_sock_open(G, NGU_SOCK_DATA, &strictly, d, &d->s), 0);
	(void)snprintf(path, sizeof(path), "%s:", name);
	assert_int_equal(ngu_sock_connect(d->s, path), 0);
}

static void
send_by_port(struct runner *r)
{
	struct mbuf *m;

	while (!atomic_load(r->stop)) {
		if ((m = ngu_packet(ngt_g(r->t), "packet", 6)) == NULL)
			r->last = ENOBUFS;
		else if (ngu_port_send(r->port, m) == 0)
			r->ok++;
	}
}

/* Until the node is gone, or it is time. */
static void
ask_until_gone(struct runner *r)
{
	int error = 0;

	while (error != EPIPE && !atomic_load(r->stop)) {
		if ((error = tell(r->s, "h:", GEN, NGM_NODEINFO, NULL, 0)) == 0)
			r->ok++;
		else if (error != EPIPE && error != EINVAL && error != ENOENT) /* the answer finds nobody */
			r->last = error;
	}
}

static void
data_until_gone(struct runner *r)
{
	int error = 0;

	for (unsigned i = 0; error != EPIPE && !atomic_load(r->stop); i++) {
		if ((error = ngu_sock_send_data(r->s, i % 2 ? NULL : "h", "out", 3)) == 0)
			r->ok++;
		else if (error != EPIPE && error != ENETDOWN && error != EHOSTUNREACH && error != EDESTADDRREQ) /* the hook goes first */
			r->last = error;
	}
}

static void
ask_by_name(struct runner *r)
{
	int error;

	while (!atomic_load(r->stop)) {
		if ((error = tell(r->s, "s:", 99, r->ok % 2 ? 1 : 1 | NGM_READONLY, NULL, 0)) == 0)
			r->ok++;
		else if (error != ENOENT && error != EINVAL && error != ENXIO)
			r->last = error;
	}
}

/* The node is shut down while packets come and go, and two threads send messages by its control socket. */
static void
test_shutdown_under_load(void **state)
{
	struct ngt *t = graph("hub h; hub k; h.keep - k.keep");
	struct strict_owner c, d;
	struct ngu_port *port;
	struct runner r[4];
	_Atomic bool stop;

	(void)state;
	assert_int_equal(ngu_port_open(G, "h:", "port", NULL, NULL, &port), 0);
	for (int round = 0; round < 8; round++) {
		atomic_store(&stop, false);
		strict_pair(t, &c, &d, "s");
		assert_int_equal(ngu_connect(G, "s:", "h", "h:", "s"), 0);
		for (unsigned i = 0; i < NITEMS(r); i++)
			r[i] = (struct runner){ .t = t, .s = i == 3 ? d.s : c.s, .port = port, .stop = &stop };
		run(&r[0], send_by_port);
		run(&r[1], ask_until_gone);
		run(&r[2], ask_until_gone);
		run(&r[3], data_until_gone);
		AWAIT(c.calls > 20 && d.calls > 20);
		assert_int_equal(ngu_shutdown(G, "s:"), 0);
		assert_int_equal(c.gone, 1);
		assert_int_equal(d.gone, 1);
		for (unsigned i = 1; i < NITEMS(r); i++)
			assert_int_equal(ended(&r[i]), 0);
		atomic_store(&stop, true);
		assert_int_equal(ended(&r[0]), 0);
		ngu_sock_close(c.s);
		ngu_sock_close(d.s);
		ngu_reclaim_barrier();
		assert_int_equal(c.released + d.released, 2);
		assert_int_equal(c.gone + d.gone, 2);
		assert_int_equal(c.late + d.late, 0);
	}
	ngu_port_close(port);
	expect_alive(t, 2, 2);
	ngt_end(t);
}

/* Both sides are closed, in either order, while packets and messages come in. */
static void
test_close_under_load(void **state)
{
	struct ngt *t = graph("hub h; hub k; h.keep - k.keep");
	struct strict_owner c, d;
	struct ngu_port *port;
	struct runner r[3];
	struct owner other;
	_Atomic bool stop;

	(void)state;
	opened(t, &other, NGU_SOCK_CONTROL);
	assert_int_equal(ngu_port_open(G, "h:", "port", NULL, NULL, &port), 0);
	for (int round = 0; round < 8; round++) {
		atomic_store(&stop, false);
		strict_pair(t, &c, &d, "s");
		assert_int_equal(ngu_connect(G, "s:", "h", "h:", "s"), 0);
		for (unsigned i = 0; i < NITEMS(r); i++)
			r[i] = (struct runner){ .t = t, .s = other.s, .port = port, .stop = &stop };
		run(&r[0], send_by_port);
		run(&r[1], send_by_port);
		run(&r[2], ask_by_name);
		AWAIT(c.calls > 20 && d.calls > 20);
		ngu_sock_close(round % 2 ? c.s : d.s);
		AWAIT((round % 2 ? &c : &d)->released == 1);
		ngu_sock_close(round % 2 ? d.s : c.s);
		assert_int_equal(ngu_lookup(G, "s:", NULL), ENOENT);
		AWAIT((round % 2 ? &d : &c)->released == 1);
		atomic_store(&stop, true);
		for (unsigned i = 0; i < NITEMS(r); i++)
			assert_int_equal(ended(&r[i]), 0);
		ngt_settle(t);
		assert_int_equal(c.gone + d.gone, 0);
		assert_int_equal(c.late + d.late, 0);
	}
	ngu_port_close(port);
	expect_alive(t, 3, 2);
	closed(&other);
	ngt_end(t);
}

static void
come_and_go(struct runner *r)
{
	struct ngu_sock *s;
	int error;

	while (!atomic_load(r->stop)) {
		if ((error = ngu_sock_open(ngt_g(r->t), NGU_SOCK_DATA, &deaf, NULL, &s)) != 0) {
			r->last = error;
			return;
		}
		if ((error = ngu_sock_connect(s, "s:")) == 0) {
			error = say(s, NULL, "hello");
			if (error != 0 && error != EPIPE && error != EDESTADDRREQ && error != ENETDOWN)
				r->last = error;
			r->ok++;
		} else if (error != ENOENT && error != EADDRINUSE) {
			r->last = error;
		}
		ngu_sock_close(s);
	}
}

static uint64_t
connections(struct runner *r)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < THREADS; i++)
		n += r[i].ok;
	return (n);
}

/* Data sockets of several threads connect to a node whose control socket comes and goes, or which is shut down. */
static void
test_connect_under_load(void **state)
{
	struct ngt *t = graph("hub h; hub k; h.keep - k.keep");
	_Atomic bool stop = false;
	struct runner r[THREADS];
	uint64_t seen;

	(void)state;
	for (unsigned i = 0; i < THREADS; i++) {
		r[i] = (struct runner){ .t = t, .stop = &stop };
		run(&r[i], come_and_go);
	}
	for (int round = 0; round < 24; round++) {
		struct ngu_sock *c;
		int error;

		assert_int_equal(ngu_sock_open(G, NGU_SOCK_CONTROL, &deaf, NULL, &c), 0);
		/* A data socket may keep the one before for a moment. */
		while ((error = ngu_sock_bind(c, "s")) == EADDRINUSE)
			sched_yield();
		assert_int_equal(error, 0);
		assert_int_equal(ngu_connect(G, self(c), "h", "h:", "s"), 0);
		seen = connections(r);
		if (round % 2)
			AWAIT(connections(r) != seen);
		if (round % 3 == 0)
			whatever = ngu_shutdown(G, "s:");
		ngu_sock_close(c);
		/* The hook's name must be free for the next. */
		whatever = ngu_rmhook(G, "h:", "s");
	}
	atomic_store(&stop, true);
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(ended(&r[i]), 0);
	assert_true(connections(r) >= 12);
	expect_alive(t, 2, 2);
	ngt_end(t);
}

static int
with_workers(void **state)
{
	workers = 2;
	return (ngt_setup(state));
}

static int
without(void **state)
{
	workers = 0;
	return (ngt_setup(state));
}

#define both_test(f) \
	{ #f, f, without, ngt_teardown, NULL }, { #f " (workers)", f, with_workers, ngt_teardown, NULL }

int
main(void)
{
	const struct CMUnitTest tests[] = {
		both_test(test_open),
		both_test(test_names),
		both_test(test_answer),
		both_test(test_send_errors),
		both_test(test_endless_names),
		both_test(test_both_ends),
		both_test(test_receive),
		both_test(test_data),
		both_test(test_connect_errors),
		both_test(test_close),
		both_test(test_shutdown),
		both_test(test_linger),
		both_test(test_graph_destroyed),
		both_test(test_async),
		both_test(test_async_flushed),
		both_test(test_in_section),
		both_test(test_in_method),
		both_test(test_own_results),
		both_test(test_shutdown_under_load),
		both_test(test_close_under_load),
		both_test(test_connect_under_load),
	};

	return (cmocka_run_group_tests_name("socket", tests, NULL, NULL));
}
