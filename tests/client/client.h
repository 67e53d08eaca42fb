/* SPDX-License-Identifier: BSD-2-Clause */
/* client.h - what the tests of this folder share: a graph for each test, in this process, and short calls. */
#ifndef TESTS_CLIENT_H
#define TESTS_CLIENT_H

#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <netgraph.h>
#include <netgraph/ng_hub.h>
#include <netgraph/ng_socket.h>
#include <ng/client.h>
#include <ng/host.h>
#include <ng/ng.h>

static struct ngu_graph *g;
static int fds_before;

#define ok(call) assert_int_equal((call), 0)
/* It fails, and errno says this. */
#define fails(call, error) \
	do { \
		errno = 0; \
		assert_int_equal((call), -1); \
		assert_int_equal(errno, (error)); \
	} while (0)

/* Descriptors that are open. */
__attribute__((__unused__)) static int
open_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 4096; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return (n);
}

__attribute__((__unused__)) static int
setup(void **state)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .name = "test", .workers = 1 };
	int error;

	(void)state;
	fds_before = open_fds();
	if ((error = ngu_graph_create(&o, &g)) == 0)
		(void)ngu_graph_enter(g);
	return (error);
}

__attribute__((__unused__)) static int
teardown(void **state)
{
	int error;

	(void)state;
	if ((error = ngu_graph_destroy(g)) != 0) {
		print_error("the graph does not end: %s\n", strerror(error));
		return (-1);
	}
	if (open_fds() > fds_before) {
		print_error("%d descriptors were open, now %d\n", fds_before, open_fds());
		return (-1);
	}
	return (0);
}

#define client_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

__attribute__((__unused__)) static void
mkpeer(int cs, const char *path, const char *type, const char *hook, const char *peerhook)
{
	struct ngm_mkpeer a;

	memset(&a, 0, sizeof(a));
	strcpy(a.type, type);
	strcpy(a.ourhook, hook);
	strcpy(a.peerhook, peerhook);
	assert_true(NgSendMsg(cs, path, NGM_GENERIC_COOKIE, NGM_MKPEER, &a, sizeof(a)) >= 0);
	assert_int_equal(errno, 0);
}

__attribute__((__unused__)) static int
try_connect(int cs, const char *path, const char *peer, const char *hook, const char *peerhook)
{
	struct ngm_connect a;

	memset(&a, 0, sizeof(a));
	strcpy(a.path, peer);
	strcpy(a.ourhook, hook);
	strcpy(a.peerhook, peerhook);
	return (NgSendMsg(cs, path, NGM_GENERIC_COOKIE, NGM_CONNECT, &a, sizeof(a)) < 0 ? -1 : 0);
}

/* Is there something to read, or the end of it? */
__attribute__((__unused__)) static bool
readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return (poll(&p, 1, 0) == 1 && (p.revents & POLLIN) != 0);
}

/* Wait for what a program shall send to fd; `life` is the pipe's end of which it has the other, and nobody else: it ends with the program. */
__attribute__((__unused__)) static void
comes_from(int fd, int life)
{
	struct pollfd p[2] = { { .fd = fd, .events = POLLIN }, { .fd = life, .events = POLLIN } };

	while (poll(p, 2, -1) < 0)
		assert_int_equal(errno, EINTR);
	if (p[0].revents == 0)
		fail_msg("the program has ended without a word: is %s there?", NGT_CAT);
}

#endif /* TESTS_CLIENT_H */
