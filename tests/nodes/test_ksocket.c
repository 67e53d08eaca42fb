/* SPDX-License-Identifier: BSD-2-Clause */
/* test_ksocket.c - node type "ksocket": the host's sockets in a graph, spoken to from the other side by sockets of the test. */
#include "nodes/nt.h"

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
	uint16_t there;
	int fd = host_socket(SOCK_DGRAM, &there);

	(void)state;
	ks_open(&e, "ks", "inet/dgram/udp");
	ok(ks_connect("ks:", there));
	ok(nt_send(&e, "out"));
	host_expect(fd, "out");
	me = name_of("ks:", NGM_KSOCKET_GETNAME);
	assert_int_equal(name_of("ks:", NGM_KSOCKET_GETPEERNAME).sin_port, there);
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
	uint16_t there;
	int fd = host_socket(SOCK_DGRAM, &there);

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ks_test(test_udp_connect),
		ks_test(test_udp_bind),
	};

	return (cmocka_run_group_tests_name("ksocket", tests, NULL, NULL));
}
