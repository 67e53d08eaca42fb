/* SPDX-License-Identifier: BSD-2-Clause */
/* net_socket.c - getsockname(2) on sockets of netgraph, with libng-sock. */
#include "conform/net.h"

#include <netgraph/ng_socket.h>

/* What getsockname(2) says of fd. */
static void
is_called(int fd, const char *name)
{
	struct sockaddr_ng sg;
	socklen_t len = sizeof(sg);

	memset(&sg, 0x55, sizeof(sg));
	assert_int_equal(getsockname(fd, (struct sockaddr *)(void *)&sg, &len), 0);
	assert_int_equal(len, sizeof(sg));
	assert_int_equal(sg.sg_len, sizeof(sg));
	assert_int_equal(sg.sg_family, AF_NETGRAPH);
	assert_string_equal(sg.sg_data, name);
}

static void
socket_getsockname(void **state)
{
	static const char longest[] = "0123456789012345678901234567890";
	char id[NG_NODESIZ];
	struct ng_mesg *m;
	int token;

	(void)state;
	assert_int_equal(strlen(longest), NG_NODESIZ - 1);
	sockets(longest);
	is_called(cs, longest);
	is_called(ds, longest);
	sent(token = NgSendMsg(cs, ".", NGM_GENERIC_COOKIE, NGM_NODEINFO, NULL, 0));
	m = answer(token);
	assert_string_equal(((struct nodeinfo *)(void *)m->data)->name, longest);
	free(m);
	assert_int_equal(close(ds), 0);
	assert_int_equal(close(cs), 0);

	/* Without a name, its ID; and a name later. */
	sockets(NULL);
	sent(token = NgSendMsg(cs, ".", NGM_GENERIC_COOKIE, NGM_NODEINFO, NULL, 0));
	m = answer(token);
	(void)snprintf(id, sizeof(id), "[%x]", ((struct nodeinfo *)(void *)m->data)->id);
	free(m);
	is_called(cs, id);
	sent(NgNameNode(cs, ".", "%s%s", longest, "and more")); /* cut */
	is_called(cs, longest);
	is_called(ds, longest);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		{ "getsockname", socket_getsockname, net_setup, net_teardown, NULL },
	};

	net_main("net_socket", tests, argc, argv);
}
