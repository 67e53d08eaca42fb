/* SPDX-License-Identifier: BSD-2-Clause */
/* test_ksocket.c - node type "ksocket": the host's sockets in a graph, spoken to from the other side by sockets of the test. */
#include "nodes/text.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <time.h>

#include <ng/socket.h>
#include <netgraph/ng_ksocket.h>

#include "port/port.h"

#define KS NGM_KSOCKET_COOKIE

/* Work of the graph is done meanwhile. The limit is for a test that fails. */
#define until(cond) \
	do { \
		const int64_t until_end = ngu__port_mono_ns() + INT64_C(120000000000); \
		while (!(cond)) { \
			(void)ngu_poll(g, 64); \
			if (ngu__port_mono_ns() > until_end) \
				fail_msg("waited in vain: %s", #cond); \
			(void)sched_yield(); \
		} \
	} while (0)

static void
silent(void *arg, const char *text)
{
	(void)arg, (void)text;
}

static int
finish(void **state)
{
	/* The watcher may be on its way out of the graph. */
	for (int i = 0; i < 1000 && ngu_leaks(g, silent, NULL) != 0; i++) {
		(void)!ngu_settle(g, 100);
		ngu_reclaim_barrier();
	}
	return (nt_teardown(state));
}

#define ks_test(f) cmocka_unit_test_setup_teardown(f, nt_setup, finish)

/* As nt_rx(), but whoever sees the count may look at the text: packets come from another thread, one at a time. */
static void
rx(void *arg, struct mbuf *m)
{
	struct nt_end *e = arg;
	const unsigned i = e->n;

	if (i < NT_MAX)
		e->got[i][ngu_packet_read(m, 0, e->got[i], sizeof(e->got[i]) - 1)] = '\0';
	e->bytes += ngu_packet_len(m);
	e->n = i + 1;
	ngu_packet_free(m);
}

static void
port(struct nt_end *e, const char *path, const char *hook)
{
	memset(e, 0, sizeof(*e));
	ok(ngu_port_open(g, path, hook, rx, e, &e->port));
}

/* A ksocket called `name`, and a port at its hook. */
static void
ks_open(struct nt_end *e, const char *name, const char *kind)
{
	char path[32];

	ok(ngu_mknode(g, NG_KSOCKET_NODE_TYPE, name, NULL));
	(void)snprintf(path, sizeof(path), "%s:", name);
	port(e, path, kind);
}

/* FreeBSD's layout. */
static struct ng_ksocket_sockaddr_in
loopback(uint16_t port)
{
	struct ng_ksocket_sockaddr_in in = { .sin_len = sizeof(in), .sin_family = NG_KSOCKET_AF_INET };

	in.sin_port = port;
	in.sin_addr = htonl(INADDR_LOOPBACK);
	return (in);
}

/* The test's own end: a bound socket, its port in network order. */
static int
host_socket(int type, uint16_t *port)
{
	struct sockaddr_in in;
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, type, 0);

	assert_true(fd >= 0);
	memset(&in, 0, sizeof(in));
	in.sin_family = AF_INET;
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ok(bind(fd, (struct sockaddr *)&in, sizeof(in)));
	ok(getsockname(fd, (struct sockaddr *)&in, &len));
	*port = in.sin_port;
	return (fd);
}

static void
host_connect(int fd, uint16_t port)
{
	struct sockaddr_in in;

	memset(&in, 0, sizeof(in));
	in.sin_family = AF_INET;
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	in.sin_port = port;
	ok(connect(fd, (struct sockaddr *)&in, sizeof(in)));
}

/* The next bytes of a socket, as text. */
static void
host_expect(int fd, const char *text)
{
	char buf[256];
	size_t have = 0;
	ssize_t r;

	while (have < strlen(text)) {
		until(poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, 0) == 1);
		r = recv(fd, buf + have, sizeof(buf) - 1 - have, 0);
		assert_true(r > 0);
		have += (size_t)r;
	}
	buf[have] = '\0';
	assert_string_equal(buf, text);
}

static struct ng_ksocket_sockaddr_in
name_of(const char *path, uint32_t cmd)
{
	struct ng_ksocket_sockaddr_in in;

	nt_ask(path, KS, cmd, NULL, 0, &in, sizeof(in));
	assert_int_equal(in.sin_len, 16);
	assert_int_equal(in.sin_family, 2);
	return (in);
}

static int
ks_bind(const char *path, uint16_t port)
{
	struct ng_ksocket_sockaddr_in in = loopback(port);

	return (nt_tell(path, KS, NGM_KSOCKET_BIND, &in, sizeof(in)));
}

static int
ks_connect(const char *path, uint16_t port)
{
	struct ng_ksocket_sockaddr_in in = loopback(port);

	return (nt_tell(path, KS, NGM_KSOCKET_CONNECT, &in, sizeof(in)));
}

/* ---- UDP ---- */

static void
test_udp_connect(void **state)
{
	struct ng_ksocket_sockaddr_in me;
	struct nt_end e;
	uint16_t at;
	int fd = host_socket(SOCK_DGRAM, &at);

	(void)state;
	ks_open(&e, "ks", "inet/dgram/udp");
	ok(ks_connect("ks:", at));
	ok(nt_send(&e, "out"));
	host_expect(fd, "out");
	me = name_of("ks:", NGM_KSOCKET_GETNAME);
	assert_int_equal(name_of("ks:", NGM_KSOCKET_GETPEERNAME).sin_port, at);
	host_connect(fd, me.sin_port);
	assert_int_equal(send(fd, "in", 2, 0), 2);
	until(e.n == 1);
	assert_string_equal(e.got[0], "in");
	nt_unknown("ks:", KS);
	nt_close(&e);
	assert_int_equal(ngu_lookup(g, "ks:", NULL), ENOENT); /* with its hook */
	(void)close(fd);
}

static void
test_udp_bind(void **state)
{
	struct ng_ksocket_sockaddr_in me;
	struct nt_end e;
	uint16_t at;
	int fd = host_socket(SOCK_DGRAM, &at);

	(void)state;
	ks_open(&e, "ks", "inet/dgram/udp");
	ok(ks_bind("ks:", 0));
	me = name_of("ks:", NGM_KSOCKET_GETNAME);
	assert_int_not_equal(me.sin_port, 0);
	assert_int_equal(me.sin_addr, htonl(INADDR_LOOPBACK));
	assert_int_equal(nt_send(&e, "to whom?"), EDESTADDRREQ);
	host_connect(fd, me.sin_port);
	for (int i = 0; i < 20; i++) {
		char text[8];

		(void)snprintf(text, sizeof(text), "n%d", i);
		assert_int_equal(send(fd, text, strlen(text), 0), (ssize_t)strlen(text));
		until(e.n == (unsigned)i + 1);
		assert_string_equal(e.got[i], text);
	}
	assert_int_equal(send(fd, "", 0, 0), 0); /* an empty one is a packet, too */
	until(e.n == 21);
	assert_string_equal(e.got[20], "");
	/* The port is free again as soon as the node is gone. */
	ok(ngu_shutdown(g, "ks:"));
	nt_close(&e);
	ks_open(&e, "ks", "inet/dgram/udp");
	ok(ks_bind("ks:", me.sin_port));
	nt_close(&e);
	(void)close(fd);
}

/* ---- somebody who gets the replies that come later ---- */

struct ctl {
	struct ngu_sock *s;
	_Atomic unsigned n;
	struct {
		uint32_t cmd, flags, token, len;
		char args[256];
	} got[4];
};

static int
on_message(void *arg, const char *from, const struct ng_mesg *msg, size_t len)
{
	struct ctl *c = arg;
	const unsigned i = c->n;

	(void)from, (void)len;
	if (i < 4 && msg->header.arglen <= sizeof(c->got[i].args)) {
		c->got[i].cmd = msg->header.cmd;
		c->got[i].flags = msg->header.flags;
		c->got[i].token = msg->header.token;
		c->got[i].len = msg->header.arglen;
		memcpy(c->got[i].args, msg->data, msg->header.arglen);
	}
	c->n = i + 1;
	return (0);
}

static const struct ngu_sock_ops ctl_ops = { .message = on_message };

static void
ctl_open(struct ctl *c)
{
	memset(c, 0, sizeof(*c));
	ok(ngu_sock_open(g, NGU_SOCK_CONTROL, &ctl_ops, c, &c->s));
}

static int
ctl_send(struct ctl *c, const char *path, uint32_t cmd, uint32_t token, const void *args, size_t len)
{
	union {
		struct ng_mesg m;
		char room[sizeof(struct ng_mesg) + 256];
	} u;

	memset(&u, 0, sizeof(u));
	u.m.header.version = NG_VERSION;
	u.m.header.typecookie = KS;
	u.m.header.cmd = cmd;
	u.m.header.token = token;
	u.m.header.arglen = (uint32_t)len;
	if (len != 0)
		memcpy(u.m.data, args, len);
	return (ngu_sock_send_msg(c->s, path, &u.m, sizeof(u.m) + len, NULL, NULL));
}

/* The connection that an accept made, and a port at its hook. */
static uint32_t
accepted(struct ctl *c, unsigned i, struct nt_end *e)
{
	char path[16];
	uint32_t id;

	assert_int_equal(c->got[i].cmd, NGM_KSOCKET_ACCEPT);
	assert_int_equal(c->got[i].flags & NGF_RESP, NGF_RESP);
	memcpy(&id, c->got[i].args, sizeof(id));
	(void)snprintf(path, sizeof(path), "[%x]:", id);
	port(e, path, "any name");
	return (id);
}

static bool
there(uint32_t id)
{
	char path[16];

	(void)snprintf(path, sizeof(path), "[%x]:", id);
	return (ngu_lookup(g, path, NULL) == 0);
}

/* ---- TCP ---- */

static void
test_tcp(void **state)
{
	struct ng_ksocket_sockaddr_in me, who;
	struct nt_end lis, one, two, con;
	struct ctl c;
	int32_t result, backlog = 5;
	uint32_t id1, id2;
	char all[64] = "";
	int fd;

	(void)state;
	ctl_open(&c);
	ks_open(&lis, "lis", "inet/stream/tcp");
	ok(ks_bind("lis:", 0));
	assert_int_equal(nt_tell("lis:", KS, NGM_KSOCKET_ACCEPT, NULL, 0) != 0, 1); /* whatever it says of a socket that does not listen */
	nt_close(&lis);
	ks_open(&lis, "lis", "inet/stream/tcp");
	ok(ks_bind("lis:", 0));
	ok(nt_tell("lis:", KS, NGM_KSOCKET_LISTEN, &backlog, sizeof(backlog)));
	me = name_of("lis:", NGM_KSOCKET_GETNAME);

	/* Nobody has called: later. */
	assert_int_equal(ctl_send(&c, "lis:", NGM_KSOCKET_ACCEPT, 77, NULL, 0), EINPROGRESS);
	assert_int_equal(ctl_send(&c, "lis:", NGM_KSOCKET_ACCEPT, 78, NULL, 0), EALREADY);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	host_connect(fd, me.sin_port);
	until(c.n == 1);
	assert_int_equal(c.got[0].token, 77);
	assert_int_equal(c.got[0].len, 4 + 16);
	memcpy(&who, c.got[0].args + 4, sizeof(who));
	assert_int_equal(who.sin_len, 16);
	assert_int_equal(who.sin_family, 2);
	assert_int_equal(who.sin_addr, htonl(INADDR_LOOPBACK));
	/* What was sent before there is a hook is not lost. */
	assert_int_equal(send(fd, "early", 5, 0), 5);
	id1 = accepted(&c, 0, &one);
	until(one.bytes == 5);
	assert_string_equal(one.got[0], "early");
	ok(nt_send(&one, "hello"));
	ok(nt_send(&one, ""));
	ok(nt_send(&one, " you"));
	host_expect(fd, "hello you");

	/* The other side is a ksocket, too; the reply to connect comes later, or at once. */
	ks_open(&con, "con", "inet/stream/tcp");
	result = ctl_send(&c, "con:", NGM_KSOCKET_CONNECT, 5, &me, sizeof(me));
	if (result == EINPROGRESS) {
		until(c.n == 2);
		assert_int_equal(c.got[1].cmd, NGM_KSOCKET_CONNECT);
		assert_int_equal(c.got[1].token, 5);
		assert_int_equal(c.got[1].len, sizeof(result));
		memcpy(&result, c.got[1].args, sizeof(result));
	}
	assert_int_equal(result, 0);
	assert_int_equal(name_of("con:", NGM_KSOCKET_GETPEERNAME).sin_port, me.sin_port);
	c.n = 2;
	result = ctl_send(&c, "lis:", NGM_KSOCKET_ACCEPT, 6, NULL, 0);
	assert_true(result == 0 || result == EINPROGRESS);
	until(c.n == 3);
	assert_int_equal(c.got[2].token, 6);
	id2 = accepted(&c, 2, &two);
	ok(nt_send(&con, "to and"));
	until(two.bytes == 6);
	ok(nt_send(&two, "fro"));
	until(con.bytes == 3);
	for (unsigned i = 0; i < con.n; i++)
		(void)strncat(all, con.got[i], sizeof(all) - strlen(all) - 1);
	assert_string_equal(all, "fro");

	/* The end of a stream is the node's end; the other nodes stay. */
	assert_true(there(id1) && there(id2));
	(void)close(fd);
	until(!there(id1));
	nt_close(&con);
	until(!there(id2));
	ok(ngu_lookup(g, "lis:", NULL));
	nt_close(&one);
	nt_close(&two);
	nt_close(&lis);
	ngu_sock_close(c.s);
}

static void
test_tcp_refused(void **state)
{
	struct nt_end e;
	struct ctl c;
	struct ng_ksocket_sockaddr_in to;
	uint16_t nobody;
	int32_t result;
	int fd = host_socket(SOCK_STREAM, &nobody);

	(void)state;
	ctl_open(&c);
	ks_open(&e, "ks", "inet/stream/tcp");
	assert_int_not_equal(nt_send(&e, "x"), 0);
	to = loopback(nobody); /* bound, but it does not listen */
	result = ctl_send(&c, "ks:", NGM_KSOCKET_CONNECT, 1, &to, sizeof(to));
	if (result == EINPROGRESS) {
		until(c.n == 1);
		memcpy(&result, c.got[0].args, sizeof(result));
	}
	assert_int_equal(result, ECONNREFUSED);
	ok(ngu_lookup(g, "ks:", NULL));
	until(nt_send(&e, "x") != 0); /* the watcher may still have the node: then it is queued */
	nt_close(&e);
	ngu_sock_close(c.s);
	(void)close(fd);
}

/* A requester that has gone: the connection goes, too, and the next is served. */
static void
test_tcp_nobody(void **state)
{
	struct ng_ksocket_sockaddr_in me;
	struct nt_end lis;
	struct ctl c;
	struct ngu_graph_stats st;
	int32_t backlog = 5;
	char byte;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	ctl_open(&c);
	ks_open(&lis, "lis", "inet/stream/tcp");
	ok(ks_bind("lis:", 0));
	ok(nt_tell("lis:", KS, NGM_KSOCKET_LISTEN, &backlog, sizeof(backlog)));
	me = name_of("lis:", NGM_KSOCKET_GETNAME);
	assert_int_equal(ctl_send(&c, "lis:", NGM_KSOCKET_ACCEPT, 1, NULL, 0), EINPROGRESS);
	ngu_sock_close(c.s);
	host_connect(fd, me.sin_port);
	until(recv(fd, &byte, 1, MSG_DONTWAIT) == 0); /* accepted, and closed */
	until((ngu_graph_stats(g, &st), st.nodes == 2)); /* lis and its port */
	(void)close(fd);
	nt_close(&lis);
}

#define FULL 200000
#define END UINT32_MAX

static void
full_fill(char *data, uint32_t seq)
{
	memset(data, (int)(seq % 251), FULL);
	memcpy(data, &seq, sizeof(seq));
}

static int
full_send(struct nt_end *e, uint32_t seq)
{
	static char data[FULL];
	struct mbuf *m;

	full_fill(data, seq);
	assert_non_null(m = ngu_packet(g, data, sizeof(data)));
	return (ngu_port_send(e->port, m));
}

/*
 * More than the system takes at a time: packets are whole or not there at all, and in order. (One that meets the node while the watcher has it is
 * refused behind the sender's back, so they cannot be counted.)
 */
static void
test_stream_full(void **state)
{
	struct ng_ksocket_sockaddr_in me;
	struct nt_end e;
	struct ctl c;
	static char big[FULL], back[FULL];
	uint16_t at;
	uint32_t sent = 0, seq, last = 0, seen = 0;
	unsigned refused_ = 0;
	int fd, lis = host_socket(SOCK_STREAM, &at);
	int32_t result;

	(void)state;
	ok(listen(lis, 1));
	ctl_open(&c);
	ks_open(&e, "ks", "inet/stream/tcp");
	me = loopback(at);
	result = ctl_send(&c, "ks:", NGM_KSOCKET_CONNECT, 1, &me, sizeof(me));
	assert_true(result == 0 || result == EINPROGRESS);
	fd = accept(lis, NULL, NULL);
	assert_true(fd >= 0);
	until(result == 0 || c.n == 1);
	while (refused_ < 3) {
		const int error = full_send(&e, ++sent);

		if (error != 0) {
			assert_int_equal(error, ENOBUFS);
			refused_++;
		}
		assert_true(sent < 10000);
	}
	/* Read, and say END until it has come. */
	while (last != END) {
		for (size_t have = 0; have < sizeof(back);) {
			ssize_t r = recv(fd, back + have, sizeof(back) - have, MSG_DONTWAIT);

			if (r > 0) {
				have += (size_t)r;
				continue;
			}
			assert_true(r < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
			if (have == 0 && last != 0)
				(void)full_send(&e, END);
			until(have == 0 || poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, 0) == 1);
		}
		memcpy(&seq, back, sizeof(seq));
		assert_true(seq > last && (seq <= sent || seq == END));
		last = seq;
		seen++;
		full_fill(big, seq);
		assert_memory_equal(back, big, sizeof(big));
	}
	assert_true(seen > 1);
	nt_close(&e);
	ngu_sock_close(c.s);
	(void)close(fd);
	(void)close(lis);
}

/* ---- local sockets ---- */

static void
test_local(void **state)
{
	struct ng_ksocket_sockaddr_un un = { .sun_family = NG_KSOCKET_AF_LOCAL }, got;
	struct sockaddr_un host;
	struct ng_mesg *resp = NULL;
	struct nt_end lis, con, one;
	struct ctl c;
	int32_t backlog = 2, result;
	char dir[] = "/tmp/ngtXXXXXX";

	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(un.sun_path, sizeof(un.sun_path), "%s/s", dir);
	un.sun_len = (uint8_t)(2 + strlen(un.sun_path) + 1);
	ctl_open(&c);
	ks_open(&lis, "lis", "local/stream/0");
	ok(nt_tell("lis:", KS, NGM_KSOCKET_BIND, &un, un.sun_len));
	ok(nt_tell("lis:", KS, NGM_KSOCKET_LISTEN, &backlog, sizeof(backlog)));
	ok(ngu_msg(g, "lis:", KS, NGM_KSOCKET_GETNAME, NULL, 0, &resp));
	assert_int_equal(resp->header.arglen, un.sun_len);
	memcpy(&got, resp->data, un.sun_len);
	assert_string_equal(got.sun_path, un.sun_path);
	ngu_msg_free(resp);
	/* The host's own layout of the same. */
	memset(&host, 0, sizeof(host));
	host.sun_family = AF_UNIX;
	memcpy(host.sun_path, un.sun_path, strlen(un.sun_path));
	ks_open(&con, "con", "unix/stream/0");
	ok(nt_tell("con:", KS, NGM_KSOCKET_CONNECT, &host, sizeof(host)));
	result = ctl_send(&c, "lis:", NGM_KSOCKET_ACCEPT, 6, NULL, 0);
	assert_true(result == 0 || result == EINPROGRESS);
	until(c.n == 1);
	(void)accepted(&c, 0, &one);
	ok(nt_send(&con, "ping"));
	until(one.bytes == 4);
	ok(nt_send(&one, "pong"));
	until(con.bytes == 4);
	nt_close(&one);
	until(ngu_lookup(g, "con:", NULL) == ENOENT); /* its end */
	nt_close(&con);
	nt_close(&lis);
	ngu_sock_close(c.s);
	ok(unlink(un.sun_path)); /* a file stays */
	ok(rmdir(dir));
}

/* ---- names of hooks, addresses, options ---- */

static void
test_hooks(void **state)
{
	static const char *const bad[] = { "", "inet", "inet/dgram", "inet/dgram/", "inet//udp", "/dgram/udp", "inet/dgram/udp/", "inet/dgram/xyz",
		"inet/dgrams/udp", "inets/dgram/udp", "local/stream/tcp", "inet/dgram/999999", "inet/-1/udp", "inet/dgram/1x" };
	static const char *const good[] = { "inet/dgram/udp", "2/2/17", "inet/2/udp", "inet/dgram/0", "inet/stream/ip", "local/dgram/0", "1/1/0", "unix/seqpacket/0" };
	struct ngu_port *p, *q;
	struct nt_end e;

	(void)state;
	for (size_t i = 1; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ok(ngu_mknode(g, NG_KSOCKET_NODE_TYPE, "ks", NULL));
		assert_int_equal(ngu_port_open(g, "ks:", bad[i], rx, &e, &p), EINVAL);
		assert_int_equal(nt_tell("ks:", KS, NGM_KSOCKET_GETNAME, NULL, 0), ENXIO); /* no socket yet */
		ok(ngu_shutdown(g, "ks:"));
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ks_open(&e, "ks", good[i]);
		assert_int_equal(ngu_port_open(g, "ks:", "inet/stream/tcp", rx, &e, &q), EISCONN);
		nt_close(&e);
	}
	/* The system says no. */
	ok(ngu_mknode(g, NG_KSOCKET_NODE_TYPE, "ks", NULL));
	assert_int_not_equal(ngu_port_open(g, "ks:", "inet/stream/udp", rx, &e, &p), 0);
	assert_int_not_equal(ngu_port_open(g, "ks:", "4711/dgram/0", rx, &e, &p), 0);
	ok(ngu_port_open(g, "ks:", "inet/dgram/udp", rx, &e, &p)); /* not spoilt by that */
	ngu_port_close(p);
	/* A node without a socket goes, too. */
	ok(ngu_mknode(g, NG_KSOCKET_NODE_TYPE, "ks", NULL));
	ok(ngu_shutdown(g, "ks:"));
}

static void
test_malformed(void **state)
{
	struct ng_ksocket_sockaddr_in in = loopback(0), x;
	struct ng_ksocket_sockaddr_un un;
	struct sockaddr_in host;
	struct nt_end e;
	char junk[300];
	int32_t n = 1;

	(void)state;
	ks_open(&e, "ks", "inet/dgram/udp");
	for (size_t len = 0; len < sizeof(in); len++)
		assert_int_not_equal(nt_tell("ks:", KS, NGM_KSOCKET_BIND, &in, len), 0);
	for (unsigned len = 1; len < 256; len++) {
		x = in;
		x.sin_len = (uint8_t)len;
		if (len != sizeof(x))
			assert_int_not_equal(nt_tell("ks:", KS, NGM_KSOCKET_BIND, &x, sizeof(x)), 0);
	}
	for (unsigned family = 3; family < 256; family++) {
		x = in;
		x.sin_family = (uint8_t)family;
		assert_int_not_equal(nt_tell("ks:", KS, NGM_KSOCKET_BIND, &x, sizeof(x)), 0);
		assert_int_not_equal(nt_tell("ks:", KS, NGM_KSOCKET_CONNECT, &x, sizeof(x)), 0);
	}
	memset(junk, 'x', sizeof(junk));
	memcpy(junk, "\377\1", 2);
	assert_int_equal(nt_tell("ks:", KS, NGM_KSOCKET_BIND, junk, sizeof(junk)), ENAMETOOLONG);
	memset(&un, 0, sizeof(un));
	un.sun_len = 3;
	un.sun_family = 1;
	assert_int_equal(nt_tell("ks:", KS, NGM_KSOCKET_BIND, &un, 3), EINVAL); /* no path */
	assert_int_equal(nt_tell("ks:", KS, NGM_KSOCKET_LISTEN, &n, 3), EINVAL);
	assert_int_equal(nt_tell("ks:", KS, NGM_KSOCKET_LISTEN, &n, 0), EINVAL);
	assert_int_equal(nt_tell("ks:", KS, NGM_KSOCKET_GETNAME, &n, 4), EINVAL);
	assert_int_equal(nt_tell("ks:", KS, NGM_KSOCKET_GETPEERNAME, NULL, 0), ENOTCONN);
	assert_int_equal(nt_tell("ks:", KS, NGM_KSOCKET_ACCEPT, NULL, 0), EOPNOTSUPP);
	assert_int_equal(nt_tell("ks:", KS, NGM_KSOCKET_ACCEPT, &n, 4), EINVAL);
	assert_int_equal(nt_tell("ks:", KS, NGM_KSOCKET_SETOPT, junk, 7), EINVAL);
	assert_int_equal(nt_tell("ks:", KS, NGM_KSOCKET_GETOPT, junk, 9), EINVAL);
	/* After all that it works; and in the host's layout. */
	memset(&host, 0, sizeof(host));
	host.sin_family = AF_INET;
	host.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ok(nt_tell("ks:", KS, NGM_KSOCKET_BIND, &host, sizeof(host)));
	assert_int_not_equal(name_of("ks:", NGM_KSOCKET_GETNAME).sin_port, 0);
	nt_close(&e);
}

static void
test_options(void **state)
{
	const size_t head = sizeof(struct ng_ksocket_sockopt);
	struct { /* struct ng_ksocket_sockopt, with an int for a value */
		int32_t level, name, v;
	} u = { .level = SOL_SOCKET, .name = SO_BROADCAST, .v = 1 }, r;
	struct nt_end e;

	(void)state;
	assert_int_equal(head, offsetof(__typeof__(u), v));
	ks_open(&e, "ks", "inet/dgram/udp");
	nt_ask("ks:", KS, NGM_KSOCKET_GETOPT, &u, head, &r, sizeof(r));
	assert_int_equal(r.v, 0);
	ok(nt_tell("ks:", KS, NGM_KSOCKET_SETOPT, &u, sizeof(u)));
	nt_ask("ks:", KS, NGM_KSOCKET_GETOPT, &u, head, &r, sizeof(r));
	assert_int_not_equal(r.v, 0);
	assert_int_equal(r.level, SOL_SOCKET);
	assert_int_equal(r.name, SO_BROADCAST);
	/* FreeBSD's numbers. */
	u.level = 0xffff;
	u.name = 0x0020;
	u.v = 0;
	ok(nt_tell("ks:", KS, NGM_KSOCKET_SETOPT, &u, sizeof(u)));
	nt_ask("ks:", KS, NGM_KSOCKET_GETOPT, &u, head, &r, sizeof(r));
	assert_int_equal(r.v, 0);
	nt_text_is("ks:", "setopt", "{ level=0xffff name=0x20 value=1 }", "");
	nt_text_is("ks:", "getopt", "{ level=0xffff name=0x20 }", "{ level=65535 name=32 value=[ 0x01 0x00 0x00 0x00 ] }");
	nt_text_is("ks:", "setopt", "{ level=0xffff name=0x20 value=[ 0 0 0 0 ] }", "");
	nt_text_fails("ks:", "setopt", "{ level=0xffff name=0x20 value=[ 0 256 ] }", EINVAL);
	nt_text_fails("ks:", "setopt", "{ level=0xffff name=0x20 value=[ 0 ", EINVAL);
	nt_text_fails("ks:", "setopt", "{ level=0xffff name=0x20 value=x }", EINVAL);
	u.name = 0x4000;
	assert_int_equal(nt_tell("ks:", KS, NGM_KSOCKET_SETOPT, &u, sizeof(u)), ENOPROTOOPT);
	assert_int_equal(nt_tell("ks:", KS, NGM_KSOCKET_GETOPT, &u, head), ENOPROTOOPT);
	nt_close(&e);
}

static void
test_text(void **state)
{
	static const char *const bad[] = { "", "inet/", "inet/127.0.0", "inet/127.0.0.1:", "inet/127.0.0.1:65536", "inet/127.0.0.256", "local/", "local/\"\"",
		"local/x", "local/\"x", "inet6/", "inet6/[::1", "inet6/[::1]:x", "x/1.2.3.4", "{ len=16 family=99 data=[ 1 ] }",
		"inet/1111111111111111111111111111111111111111111111111111111111111111111111111111111111111111" };
	struct nt_end e;
	char want[64];

	(void)state;
	ks_open(&e, "ks", "inet/dgram/udp");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char reply[512];

		if (nt_type_in("ks:", "bind", bad[i], reply, sizeof(reply)) == 0)
			fail_msg("\"%s\" is taken", bad[i]);
	}
	nt_text_is("ks:", "getname", "", "inet/0.0.0.0");
	nt_text_is("ks:", "bind", "  inet/127.0.0.1 ", "");
	(void)snprintf(want, sizeof(want), "inet/127.0.0.1:%u", ntohs(name_of("ks:", NGM_KSOCKET_GETNAME).sin_port));
	nt_text_is("ks:", "getname", "", want);
	nt_text_is("ks:", "connect", want, ""); /* to itself */
	nt_text_is("ks:", "getpeername", "", want);
	ok(nt_send(&e, "me"));
	until(e.n == 1);
	nt_close(&e);
	/* The same by bytes. */
	ks_open(&e, "ks", "inet/dgram/udp");
	nt_text_is("ks:", "bind", "{ len=16 family=2 data=[ 2=127 5=1 ] }", "");
	assert_int_equal(name_of("ks:", NGM_KSOCKET_GETNAME).sin_addr, htonl(INADDR_LOOPBACK));
	nt_close(&e);
	ks_open(&e, "ks", "local/dgram/0");
	{
		char dir[] = "/tmp/ngtXXXXXX", path[64], text[96];

		assert_non_null(mkdtemp(dir));
		(void)snprintf(path, sizeof(path), "%s/a \"b\"", dir);
		(void)snprintf(text, sizeof(text), "local/\"%s/a \\\"b\\\"\"", dir);
		nt_text_is("ks:", "bind", text, "");
		nt_text_is("ks:", "getname", "", text);
		ok(unlink(path));
		ok(rmdir(dir));
	}
	nt_close(&e);
	if (ngu_mknode(g, NG_KSOCKET_NODE_TYPE, "six", NULL) == 0 && ngu_port_open(g, "six:", "inet6/dgram/udp", rx, &e, &e.port) == 0) {
		char reply[512];

		nt_text_is("six:", "getname", "", "inet6/::");
		if (nt_type_in("six:", "bind", "inet6/[::1]:0", reply, sizeof(reply)) == 0) { /* the host may have no such address */
			assert_int_equal(nt_type_in("six:", "getname", "", reply, sizeof(reply)), 0);
			assert_memory_equal(reply, "inet6/[::1]:", 12);
			ok(nt_type_in("six:", "connect", reply, want, sizeof(want)));
		}
		ngu_port_close(e.port);
	} else {
		ok(ngu_shutdown(g, "six:"));
	}
}

/* Answers go to who asked, by the packets' tags. */
static void
test_tags(void **state)
{
	uint16_t a, b;
	int one = host_socket(SOCK_DGRAM, &a), two = host_socket(SOCK_DGRAM, &b);
	struct ng_ksocket_sockaddr_in me;

	(void)state;
	ok(ngu_mknode(g, "echo", "e", NULL));
	ok(ngu_mkpeer(g, "e:", NG_KSOCKET_NODE_TYPE, "x", "inet/dgram/udp"));
	ok(ks_bind("e:x", 0));
	me = name_of("e:x", NGM_KSOCKET_GETNAME);
	host_connect(one, me.sin_port);
	host_connect(two, me.sin_port);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(send(one, "first", 5, 0), 5);
		assert_int_equal(send(two, "second", 6, 0), 6);
		host_expect(two, "second");
		host_expect(one, "first");
	}
	ok(ngu_shutdown(g, "e:x"));
	(void)close(one);
	(void)close(two);
}

/* ---- without memory ---- */

static _Atomic unsigned refused;
static _Atomic bool none;

static bool
give(size_t size)
{
	(void)size;
	if (!none)
		return (true);
	refused++;
	return (false);
}

static _Atomic unsigned sweep_at, sweep_seen;

/* All but one. */
static bool
sweep(size_t size)
{
	(void)size;
	return (++sweep_seen != sweep_at);
}

static void
test_memory(void **state)
{
	struct ng_ksocket_sockaddr_in me;
	struct nt_end e;
	struct mbuf *m;
	uint16_t at;
	uint32_t id;
	unsigned failed = 0;
	int fd = host_socket(SOCK_DGRAM, &at), error;

	(void)state;
	/* What arrives while there is none comes later. */
	ks_open(&e, "ks", "inet/dgram/udp");
	ok(ks_bind("ks:", 0));
	me = name_of("ks:", NGM_KSOCKET_GETNAME);
	host_connect(fd, me.sin_port);
	none = true;
	ngu__port_alloc_hook = give;
	assert_int_equal(send(fd, "patience", 8, 0), 8);
	{
		const int64_t end = ngu__port_mono_ns() + INT64_C(120000000000);

		while (refused < 3 && e.n == 0 && ngu__port_mono_ns() < end)
			(void)sched_yield();
	}
	assert_int_equal(e.n, 0);
	assert_true(refused >= 3);
	none = false;
	until(e.n == 1);
	assert_string_equal(e.got[0], "patience");
	ngu__port_alloc_hook = NULL;
	nt_close(&e);
	/* Each allocation of making one, bound, and sending by it. */
	for (unsigned at_ = 1;; at_++) {
		bool made = false;

		sweep_at = at_;
		sweep_seen = 0;
		ngu__port_alloc_hook = sweep;
		error = ngu_mknode(g, NG_KSOCKET_NODE_TYPE, NULL, &id);
		if (error == 0) {
			char path[16];

			(void)snprintf(path, sizeof(path), "[%x]:", id);
			memset(&e, 0, sizeof(e));
			error = ngu_port_open(g, path, "inet/dgram/udp", rx, &e, &e.port);
			made = error == 0;
			if (error == 0)
				error = nt_tell(path, KS, NGM_KSOCKET_CONNECT, &me, sizeof(me));
			if (error == 0 && (m = ngu_packet(g, "x", 1)) != NULL)
				(void)!ngu_port_send(e.port, m);
			ngu__port_alloc_hook = NULL;
			if (made)
				nt_close(&e);
			else if (ngu_lookup(g, path, NULL) == 0)
				ok(ngu_shutdown(g, path));
		}
		ngu__port_alloc_hook = NULL;
		if (error != 0)
			failed++;
		if (sweep_seen < at_)
			break;
	}
	assert_true(failed > 3);
	(void)close(fd);
}

/* ---- shutdown while there is traffic both ways ---- */

struct flood {
	pthread_t thread;
	_Atomic bool *stop;
	_Atomic uint16_t to;
};

static void *
flood_main(void *arg)
{
	struct flood *f = arg;
	struct sockaddr_in in;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	memset(&in, 0, sizeof(in));
	in.sin_family = AF_INET;
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	while (!*f->stop) {
		in.sin_port = f->to;
		(void)!sendto(fd, "flood", 5, MSG_DONTWAIT, (struct sockaddr *)&in, sizeof(in));
	}
	(void)close(fd);
	return (NULL);
}

static void
test_shutdown(void **state)
{
	_Atomic bool stop, over = false;
	struct flood f = { .stop = &over };
	struct nt_end e;
	struct nt_pump pump;
	uint16_t at;
	int fd = host_socket(SOCK_DGRAM, &at);

	(void)state;
	f.to = at;
	ok(pthread_create(&f.thread, NULL, flood_main, &f));
	for (int i = 0; i < 60; i++) {
		ks_open(&e, "ks", "inet/dgram/udp");
		ok(ks_bind("ks:", 0));
		f.to = name_of("ks:", NGM_KSOCKET_GETNAME).sin_port;
		until(e.n > 0);
		ok(ks_connect("ks:", f.to)); /* to itself: what goes in comes out */
		stop = false;
		nt_pump_start(&pump, e.port, 0, 20, &stop);
		until(e.bytes > 40);
		if (i % 3 == 0)
			ok(ngu_shutdown(g, "ks:"));
		else if (i % 3 == 1)
			ok(ngu_rmhook(g, "ks:", "inet/dgram/udp"));
		until(i % 3 == 2 || ngu_lookup(g, "ks:", NULL) == ENOENT);
		stop = true;
		nt_pump_join(&pump);
		nt_close(&e);
		assert_int_equal(ngu_lookup(g, "ks:", NULL), ENOENT);
	}
	over = true;
	ok(pthread_join(f.thread, NULL));
	(void)close(fd);
}

/* Ends that cross: streams whose other side goes while the node is shut down, or sent to. */
static void
test_ends(void **state)
{
	struct ng_ksocket_sockaddr_in me;
	struct nt_end e;
	struct ctl c;
	uint16_t at;
	int lis = host_socket(SOCK_STREAM, &at), fd;

	(void)state;
	ok(listen(lis, 8));
	me = loopback(at);
	for (int i = 0; i < 60; i++) {
		ctl_open(&c);
		ks_open(&e, "ks", "inet/stream/tcp");
		(void)ctl_send(&c, "ks:", NGM_KSOCKET_CONNECT, 1, &me, sizeof(me));
		fd = accept(lis, NULL, NULL);
		assert_true(fd >= 0);
		(void)send(fd, "bye", 3, MSG_NOSIGNAL);
		(void)close(fd);
		if (i % 2 == 0)
			(void)nt_send(&e, "too late?");
		if (i % 3 == 0)
			(void)!ngu_shutdown(g, "ks:");
		until(ngu_lookup(g, "ks:", NULL) == ENOENT);
		nt_close(&e);
		ngu_sock_close(c.s);
	}
	(void)close(lis);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ks_test(test_udp_connect),
		ks_test(test_udp_bind),
		ks_test(test_tcp),
		ks_test(test_tcp_refused),
		ks_test(test_tcp_nobody),
		ks_test(test_stream_full),
		ks_test(test_local),
		ks_test(test_hooks),
		ks_test(test_malformed),
		ks_test(test_options),
		ks_test(test_text),
		ks_test(test_tags),
		ks_test(test_memory),
		ks_test(test_shutdown),
		ks_test(test_ends),
	};

	return (cmocka_run_group_tests_name("ksocket", tests, NULL, NULL));
}
