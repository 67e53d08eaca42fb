/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net.h - what the cases of net_*.c share. They are the cases of this folder as a program has them: sockets of <netgraph.h>, messages, packets, select(2).
 *
 * A program runs its cases in one of two ways: with the graph in the process (no argument), or (argument "remote") each with a
 * graph of its own in another process, NETGRAPH=unix:PATH. Those processes are forked before anything of libng has been called here; each waits until its case begins.
 * In the first way all debug output is made, and thrown away by a function that leaves its own errno behind.
 */
#ifndef TESTS_CONFORM_NET_H
#define TESTS_CONFORM_NET_H

#include <sys/select.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <netgraph.h>
#include <ng/ng.h>
#include <ng/serve.h>

#define FOREVER 60 /* seconds; what has not come by then does not come */
#define ODD 7777   /* an errno that nobody sets */

static int cs = -1, ds = -1;
static int fds_alone; /* descriptors that are open besides these */

/* ---- servers ---- */

#define SERVERS 16

static struct server {
	pid_t pid;
	int fd;
	char path[80];
} servers[SERVERS];
static int nservers, next_server;
static char folder[64];
static bool remote;

/* In a process of its own: a graph from the first byte that comes until the end. */
static void
serve(int fd, const char *path)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .name = "conform", .workers = 2 };
	struct ngu_server *s;
	struct ngu_graph *g;
	char c;

	if (read(fd, &c, 1) != 1)
		exit(0); /* its case was not reached */
	if (ngu_graph_create(&o, &g) != 0 || ngu_serve(g, path, NULL, &s) != 0)
		exit(2);
	if (write(fd, &c, 1) != 1)
		exit(3);
	while (read(fd, &c, 1) > 0)
		;
	ngu_serve_end(s);
	exit(ngu_graph_destroy(g) != 0 ? 4 : 0);
}

static void
fork_servers(int n)
{
	int fd[2];

	(void)snprintf(folder, sizeof(folder), "%s", "/tmp/ng-conform.XXXXXX");
	if (mkdtemp(folder) == NULL) {
		perror("mkdtemp");
		exit(1);
	}
	(void)fflush(NULL);
	for (nservers = 0; nservers < n && nservers < SERVERS; nservers++) {
		struct server *s = &servers[nservers];

		(void)snprintf(s->path, sizeof(s->path), "%s/%d", folder, nservers);
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) != 0 || (s->pid = fork()) < 0) {
			perror("fork");
			exit(1);
		}
		if (s->pid == 0) {
			for (int i = 0; i < nservers; i++)
				(void)close(servers[i].fd);
			(void)close(fd[1]);
			serve(fd[0], s->path);
		}
		(void)close(fd[0]);
		s->fd = fd[1];
	}
}

/* ---- beginning and end of a case ---- */

/* Of a socket whose graph is in the process both ends are there, the other one a grace period longer than ours. */
#define ENDS (remote ? 1 : 2)

static int
open_fds(void)
{
	int n = 0;

	if (!remote)
		ngu_reclaim_barrier();
	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return (n);
}

static int
net_setup(void **state)
{
	struct server *s = &servers[next_server];
	char where[100], c = 0;

	(void)state;
	cs = ds = -1;
	if (!remote)
		return (unsetenv("NETGRAPH"));
	(void)snprintf(where, sizeof(where), "unix:%s", s->path);
	if (write(s->fd, &c, 1) != 1 || read(s->fd, &c, 1) != 1) {
		print_error("no server\n");
		return (-1);
	}
	return (setenv("NETGRAPH", where, 1));
}

/* The case's socket node. */
static void
sockets(const char *name)
{
	assert_int_equal(NgMkSockNode(name, &cs, &ds), 0);
	assert_true(cs >= 0 && ds >= 0 && cs != ds);
	fds_alone = open_fds() - 2 * ENDS;
}

/* The nodes that there are, that of `fd` among them. What is being shut down is waited for: close(2) does not do so. */
static int
nodes(int fd)
{
	const time_t since = time(NULL);
	struct ng_mesg *m;
	int n;

	do {
		assert_true(NgSendMsg(fd, ".", NGM_GENERIC_COOKIE, NGM_LISTNODES, NULL, 0) >= 0);
		assert_true(NgAllocRecvMsg(fd, &m, NULL) > 0);
		n = (int)((struct namelist *)(void *)m->data)->numnames;
		free(m);
	} while (n > 1 && time(NULL) - since < FOREVER);
	return (n);
}

/* A case has closed its sockets, or does now; nothing is left of it, no node and no descriptor, and the server ends well. */
static int
net_teardown(void **state)
{
	struct server *s = &servers[next_server];
	int fd, n, status = 0, bad = 0;

	(void)state;
	if (cs >= 0)
		bad |= close(cs);
	if (ds >= 0)
		bad |= close(ds);
	assert_int_equal(NgMkSockNode(NULL, &fd, NULL), 0);
	if ((n = nodes(fd)) != 1) {
		print_error("%d nodes are left\n", n - 1);
		bad = -1;
	}
	if ((n = open_fds() - ENDS) != fds_alone) {
		print_error("%d descriptors are open; without sockets there were %d\n", n, fds_alone);
		bad = -1;
	}
	bad |= close(fd);
	if (remote) {
		(void)close(s->fd);
		next_server++;
		if (waitpid(s->pid, &status, 0) != s->pid || status != 0) {
			print_error("the server ended with status %#x\n", (unsigned)status);
			bad = -1;
		}
		s->pid = 0;
	}
	return (bad);
}

#define net_test(f) cmocka_unit_test_setup_teardown(f, net_setup, net_teardown)

/* ---- messages: they return a token, and errno is 0; or -1, and errno says why ---- */

#define sent(call) \
	do { \
		errno = ODD; \
		assert_true((call) >= 0); \
		assert_int_equal(errno, 0); \
	} while (0)
#define refused(call, error) \
	do { \
		errno = ODD; \
		assert_int_equal((call), -1); \
		assert_int_equal(errno, (error)); \
	} while (0)

__attribute__((__unused__)) static int
try_mkpeer(const char *path, const char *type, const char *hook, const char *peerhook)
{
	struct ngm_mkpeer a;

	memset(&a, 0, sizeof(a));
	(void)snprintf(a.type, sizeof(a.type), "%s", type);
	(void)snprintf(a.ourhook, sizeof(a.ourhook), "%s", hook);
	(void)snprintf(a.peerhook, sizeof(a.peerhook), "%s", peerhook);
	return (NgSendMsg(cs, path, NGM_GENERIC_COOKIE, NGM_MKPEER, &a, sizeof(a)));
}

__attribute__((__unused__)) static int
try_connect(const char *path, const char *peer, const char *hook, const char *peerhook)
{
	struct ngm_connect a;

	memset(&a, 0, sizeof(a));
	(void)snprintf(a.path, sizeof(a.path), "%s", peer);
	(void)snprintf(a.ourhook, sizeof(a.ourhook), "%s", hook);
	(void)snprintf(a.peerhook, sizeof(a.peerhook), "%s", peerhook);
	return (NgSendMsg(cs, path, NGM_GENERIC_COOKIE, NGM_CONNECT, &a, sizeof(a)));
}

__attribute__((__unused__)) static int
try_rmhook(const char *path, const char *hook)
{
	struct ngm_rmhook a;

	memset(&a, 0, sizeof(a));
	(void)snprintf(a.ourhook, sizeof(a.ourhook), "%s", hook);
	return (NgSendMsg(cs, path, NGM_GENERIC_COOKIE, NGM_RMHOOK, &a, sizeof(a)));
}

/* On descriptor `fd`: also on one that is none. */
__attribute__((__unused__)) static int
try_shutdown(int fd, const char *path)
{
	return (NgSendMsg(fd, path, NGM_GENERIC_COOKIE, NGM_SHUTDOWN, NULL, 0));
}

/* A hook of the socket node, and what it leads to. */
__attribute__((__unused__)) static void
plug(const char *hook, const char *path, const char *peerhook)
{
	sent(try_connect(".", path, hook, peerhook));
}

/* The next message on cs, which must be the answer with this token; its arguments and their length. For free(3). */
__attribute__((__unused__)) static struct ng_mesg *
answer(int token)
{
	char path[NG_PATHSIZ];
	struct ng_mesg *m;
	int n;

	n = NgAllocRecvMsg(cs, &m, path);
	assert_true(n >= (int)sizeof(*m));
	assert_int_equal(m->header.token, token);
	assert_true(m->header.flags & NGF_RESP);
	assert_int_equal(n, sizeof(*m) + m->header.arglen);
	assert_int_equal(path[0], '[');
	assert_string_equal(path + strlen(path) - 2, "]:");
	return (m);
}

/* How many hooks the node at `path` has, or -1 with errno. */
__attribute__((__unused__)) static int
hooks(const char *path)
{
	int token = NgSendMsg(cs, path, NGM_GENERIC_COOKIE, NGM_NODEINFO, NULL, 0), n;
	struct ng_mesg *m;

	if (token < 0)
		return (-1);
	m = answer(token);
	n = (int)((struct nodeinfo *)(void *)m->data)->hooks;
	free(m);
	return (n);
}

/* What a node answers to a command as text. */
__attribute__((__unused__)) static void
says(const char *path, const char *command, const char *want)
{
	char buf[4096], from[NG_PATHSIZ];
	struct ng_mesg *m = (struct ng_mesg *)(void *)buf;

	sent(NgSendAsciiMsg(cs, path, "%s", command));
	assert_int_equal(NgRecvAsciiMsg(cs, m, sizeof(buf), from), 0);
	assert_string_equal((char *)m->header.cmdstr, command);
	assert_string_equal((char *)m->data, want);
}

/* ---- packets ---- */

/* NgSendData() that goes well leaves errno as it is. */
__attribute__((__unused__)) static void
send_data(const char *hook, const void *bytes, size_t len)
{
	errno = ODD;
	assert_int_equal(NgSendData(ds, hook, bytes, len), 0);
	assert_int_equal(errno, ODD);
}

/* Is there something to read on fd, at once or after at most `seconds`? */
__attribute__((__unused__)) static bool
comes(int fd, int seconds)
{
	struct timeval tv = { .tv_sec = seconds };
	fd_set r;

	assert_true(fd < FD_SETSIZE);
	FD_ZERO(&r);
	FD_SET(fd, &r);
	return (select(fd + 1, &r, NULL, NULL, &tv) == 1 && FD_ISSET(fd, &r));
}

/* The next packet is this one, and came by `hook`. */
__attribute__((__unused__)) static void
expect(const char *hook, const void *bytes, size_t len)
{
	unsigned char buf[2048];
	char from[NG_HOOKSIZ];

	assert_true(comes(ds, FOREVER));
	assert_int_equal(NgRecvData(ds, buf, sizeof(buf), from), len);
	assert_string_equal(from, hook);
	assert_memory_equal(buf, bytes, len);
}

/* Nothing more has come. What a sender's call has done is done when it returns. */
__attribute__((__unused__)) static void
silence(void)
{
	assert_false(comes(ds, 0));
}

/* Packets like this one that are there now, read. */
__attribute__((__unused__)) static int
take_all(const void *bytes, size_t len)
{
	unsigned char buf[2048];
	int n = 0;

	for (; comes(ds, 0); n++) {
		assert_int_equal(NgRecvData(ds, buf, sizeof(buf), NULL), len);
		assert_memory_equal(buf, bytes, len);
	}
	return (n);
}

/* ---- the program ---- */

__attribute__((__format__(__printf__, 1, 2))) static void
away(const char *fmt, ...)
{
	static char line[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	errno = EDOM;
}

#define net_main(name, tests, argc, argv) \
	do { \
		int failed_; \
		remote = (argc) > 1 && strcmp((argv)[1], "remote") == 0; \
		if (remote) \
			fork_servers((int)(sizeof(tests) / sizeof((tests)[0]))); \
		else \
			NgSetDebug(3); \
		NgSetErrLog(away, away); \
		failed_ = cmocka_run_group_tests_name(name, tests, NULL, NULL); \
		if (remote) \
			(void)rmdir(folder); \
		return (failed_); \
	} while (0)

#endif /* TESTS_CONFORM_NET_H */
