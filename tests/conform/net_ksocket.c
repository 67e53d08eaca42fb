/* SPDX-License-Identifier: BSD-2-Clause */
/* net_ksocket.c - the cases of FreeBSD's ksocket: a UDP socket of the host behind the only hook of a socket node. Loopback, and ports that the host chooses. */
#include "conform/net.h"

#include <netgraph/ng_ksocket.h>
#include <netinet/in.h>

#include <arpa/inet.h>

#define KS ".:ks"

/* A node with a UDP socket, and one of our own: bound, its port in network order. */
static int
both_ends(uint16_t *port)
{
	struct sockaddr_in in;
	socklen_t len = sizeof(in);
	int fd;

	sockets(NULL);
	sent(try_mkpeer(".", NG_KSOCKET_NODE_TYPE, "ks", "inet/dgram/udp"));
	assert_true((fd = socket(AF_INET, SOCK_DGRAM, 0)) >= 0);
	memset(&in, 0, sizeof(in));
	in.sin_family = AF_INET;
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)(void *)&in, sizeof(in)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)(void *)&in, &len), 0);
	*port = in.sin_port;
	return (fd);
}

/* The address of the node's socket, or of its peer: 16 bytes, laid out as in FreeBSD. */
static struct ng_ksocket_sockaddr_in
address(int cmd)
{
	struct ng_ksocket_sockaddr_in in;
	struct ng_mesg *m;
	int token;

	sent(token = NgSendMsg(cs, KS, NGM_KSOCKET_COOKIE, cmd, NULL, 0));
	m = answer(token);
	assert_int_equal(m->header.arglen, sizeof(in));
	assert_int_equal(m->header.cmd, cmd);
	memcpy(&in, m->data, sizeof(in));
	free(m);
	assert_int_equal(in.sin_len, sizeof(in));
	assert_int_equal(in.sin_family, NG_KSOCKET_AF_INET);
	assert_int_equal(in.sin_addr, htonl(INADDR_LOOPBACK));
	assert_int_not_equal(in.sin_port, 0);
	return (in);
}

/* Through the data socket without a name of a hook: there is only one. */
static void
out_by_send(const char *text)
{
	assert_int_equal(send(ds, text, strlen(text), 0), strlen(text));
}

/* The next datagram or packet at fd. */
static void
arrives(int fd, const char *text)
{
	char buf[64];

	assert_true(comes(fd, FOREVER));
	assert_int_equal(recv(fd, buf, sizeof(buf), 0), strlen(text));
	assert_memory_equal(buf, text, strlen(text));
}

/* The thread that watches ksockets is on its way out after the last of them; then what the node had opened is closed. */
static void
all_closed(void)
{
	const time_t since = time(NULL);

	while (open_fds() != fds_alone + 2 * ENDS && time(NULL) - since < FOREVER)
		;
	assert_int_equal(open_fds(), fds_alone + 2 * ENDS);
}

static void
talk_to(int fd, uint16_t port)
{
	struct sockaddr_in in;

	memset(&in, 0, sizeof(in));
	in.sin_family = AF_INET;
	in.sin_port = port;
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *)(void *)&in, sizeof(in)), 0);
}

static void
udp_connect(void **state)
{
	struct ng_ksocket_sockaddr_in to = { .sin_len = sizeof(to), .sin_family = NG_KSOCKET_AF_INET };
	uint16_t port;
	int fd = both_ends(&port);
	char text[64];

	(void)state;
	refused(NgSendMsg(cs, KS, NGM_KSOCKET_COOKIE, NGM_KSOCKET_GETPEERNAME, NULL, 0), ENOTCONN);
	to.sin_port = port;
	to.sin_addr = htonl(INADDR_LOOPBACK);
	sent(NgSendMsg(cs, KS, NGM_KSOCKET_COOKIE, NGM_KSOCKET_CONNECT, &to, sizeof(to)));
	assert_int_equal(address(NGM_KSOCKET_GETPEERNAME).sin_port, port);
	(void)snprintf(text, sizeof(text), "inet/127.0.0.1:%u", (unsigned)ntohs(port));
	says(KS, "getpeername", text);
	out_by_send("to the host");
	arrives(fd, "to the host");
	talk_to(fd, address(NGM_KSOCKET_GETNAME).sin_port);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(send(fd, "from the host", 13, 0), 13);
		arrives(ds, "from the host");
		out_by_send("and back");
		arrives(fd, "and back");
	}
	silence();
	assert_int_equal(close(fd), 0);
	sent(try_rmhook(".", "ks")); /* the node goes with its only hook */
	refused(hooks(KS), ENOENT);
	all_closed();
}

static void
udp_bind(void **state)
{
	struct sockaddr_in any; /* the host's layout will do */
	struct ng_ksocket_sockaddr_in me;
	uint16_t port;
	int fd = both_ends(&port);

	(void)state;
	memset(&any, 0, sizeof(any));
	any.sin_family = AF_INET;
	any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sent(NgSendMsg(cs, KS, NGM_KSOCKET_COOKIE, NGM_KSOCKET_BIND, &any, sizeof(any)));
	me = address(NGM_KSOCKET_GETNAME);
	assert_int_not_equal(me.sin_port, port);
	talk_to(fd, me.sin_port);
	assert_int_equal(send(fd, "from the host", 13, 0), 13);
	expect("ks", "from the host", 13);
	/* Bound is not connected: it goes nowhere, which is known at once unless the node is busy with the last packet. */
	errno = ODD;
	assert_true(send(ds, "to whom?", 8, 0) == 8 || errno == EDESTADDRREQ);
	silence();
	assert_false(comes(fd, 0));
	/* The port is taken as long as there is the node. */
	assert_int_equal(close(fd), 0);
	assert_true((fd = socket(AF_INET, SOCK_DGRAM, 0)) >= 0);
	any.sin_port = me.sin_port;
	refused(bind(fd, (struct sockaddr *)(void *)&any, sizeof(any)), EADDRINUSE);
	sent(try_shutdown(cs, KS));
	assert_int_equal(bind(fd, (struct sockaddr *)(void *)&any, sizeof(any)), 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(hooks("."), 0);
	all_closed();
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		net_test(udp_connect),
		net_test(udp_bind),
	};

	net_main("net_ksocket", tests, argc, argv);
}
