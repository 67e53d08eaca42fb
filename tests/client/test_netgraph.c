/* SPDX-License-Identifier: BSD-2-Clause */
/* test_netgraph.c - netgraph(3), function by function, and its descriptors, to a graph in this process. */
#include "client/client.h"

#include <sys/select.h>
#include <sys/wait.h>

#include <pthread.h>
#include <signal.h>

/* ---- nodes ---- */

static void
mksocknode(void **state)
{
	char long_name[NG_NODESIZ + 8];
	int cs, ds, other;
	uint32_t id;

	(void)state;
	ok(NgMkSockNode("one", &cs, &ds));
	ok(ngu_lookup(g, "one:", &id));
	fails(NgMkSockNode("one", &other, NULL), EADDRINUSE);
	fails(NgMkSockNode("a.b", &other, NULL), EINVAL);
	/* 31 characters count. */
	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	ok(NgMkSockNode(long_name, &other, NULL));
	memcpy(long_name + NG_NODESIZ - 1, ":", 2);
	ok(ngu_lookup(g, long_name, NULL));
	ok(close(other));
	/* "" is no name. */
	ok(NgMkSockNode("", &other, NULL));
	ok(close(other));
	/* Names are free when the descriptor is closed, not some time later. */
	for (int i = 0; i < 200; i++) {
		ok(NgMkSockNode("again", &other, NULL));
		ok(close(other));
	}
	/* Through the data socket alone the node lives on. */
	ok(NgMkSockNode("two", NULL, &other));
	ok(ngu_lookup(g, "two:", NULL));
	ok(close(other));
	ok(NgMkSockNode("two", &other, NULL));
	ok(close(other));
	ok(close(cs));
	ok(NgNameNode(-1, ".", "x") == -1 ? 0 : -1);
	ok(ngu_lookup(g, "one:", &id)); /* its data socket is open */
	ok(close(ds));
}

static void
name_node(void **state)
{
	char want[80];
	int cs;

	(void)state;
	ok(NgMkSockNode(NULL, &cs, NULL));
	errno = 77;
	ok(NgNameNode(cs, ".", "n%d%s", 4, "two"));
	assert_int_equal(errno, 0);
	ok(ngu_lookup(g, "n4two:", NULL));
	ok(NgNameNode(cs, "n4two:", "%s", "with blank"));
	ok(ngu_lookup(g, "with blank:", NULL));
	(void)snprintf(want, sizeof(want), "%040d", 7); /* cut to 31 */
	ok(NgNameNode(cs, ".", "%s", want));
	memcpy(want + 31, ":", 2);
	ok(ngu_lookup(g, want, NULL));
	fails(NgNameNode(cs, "none:", "x"), ENOENT);
	fails(NgNameNode(cs, ".", "a:b"), EINVAL);
	ok(close(cs));
}

/* ---- messages ---- */

static void
send_recv_msg(void **state)
{
	struct ng_mesg *m;
	char path[NG_PATHSIZ], want[32], small[sizeof(*m) + 10];
	int cs, other, token, n;
	uint32_t id;

	(void)state;
	ok(NgMkSockNode("here", &cs, NULL));
	ok(ngu_lookup(g, "here:", &id));
	assert_false(readable(cs));
	token = NgSendMsg(cs, ".", NGM_GENERIC_COOKIE, NGM_NODEINFO, NULL, 5); /* without arguments there are 0 of them */
	assert_true(token >= 0);
	assert_int_equal(errno, 0);
	assert_true(readable(cs)); /* the answer is there when the call returns */
	n = NgAllocRecvMsg(cs, &m, path);
	assert_int_equal(n, sizeof(*m) + sizeof(struct nodeinfo));
	assert_int_equal(m->header.version, NG_VERSION);
	assert_int_equal(m->header.token, token);
	assert_int_equal(m->header.flags, NGF_RESP);
	assert_int_equal(m->header.arglen, sizeof(struct nodeinfo));
	assert_string_equal(((struct nodeinfo *)(void *)m->data)->name, "here");
	(void)snprintf(want, sizeof(want), "[%x]:", id);
	assert_string_equal(path, want);
	free(m);
	assert_false(readable(cs));

	/* Tokens go up. */
	assert_true(NgSendMsg(cs, ".", NGM_GENERIC_COOKIE, NGM_NODEINFO, NULL, 0) > token);
	/* A buffer that is too small gets what fits into it. */
	assert_int_equal(NgRecvMsg(cs, (struct ng_mesg *)(void *)small, sizeof(small), NULL), sizeof(small));
	assert_false(readable(cs));

	fails(NgSendMsg(cs, "none:", NGM_GENERIC_COOKIE, NGM_NODEINFO, NULL, 0), ENOENT);
	fails(NgSendMsg(cs, "a..b", NGM_GENERIC_COOKIE, NGM_NODEINFO, NULL, 0), EINVAL);
	fails(NgSendMsg(cs, ".", NGM_GENERIC_COOKIE, 4711, NULL, 0), EINVAL);
	fails(NgSendMsg(-1, ".", NGM_GENERIC_COOKIE, NGM_NODEINFO, NULL, 0), EBADF);
	fails(NgSendMsg(0, ".", NGM_GENERIC_COOKIE, NGM_NODEINFO, NULL, 0), ENOTSOCK);
	{
		struct ngm_mkpeer a = { .type = "no_such_type", .ourhook = "a", .peerhook = "b" };

		fails(NgSendMsg(cs, ".", NGM_GENERIC_COOKIE, NGM_MKPEER, &a, sizeof(a)), ENOENT);
	}

	/* Between two sockets, and an answer of our own. */
	ok(NgMkSockNode("there", &other, NULL));
	token = NgSendMsg(cs, "there:", 4711, 12, "abc", 4);
	assert_true(token >= 0);
	n = NgAllocRecvMsg(other, &m, path);
	assert_int_equal(n, sizeof(*m) + 4);
	assert_string_equal(path, want);
	assert_string_equal((char *)m->header.cmdstr, "cmd12");
	assert_string_equal((char *)m->data, "abc");
	ok(NgSendReplyMsg(other, path, m, "defgh", 6));
	free(m);
	assert_int_equal(NgAllocRecvMsg(cs, &m, path), sizeof(*m) + 6);
	assert_int_equal(m->header.token, token);
	assert_int_equal(m->header.cmd, 12);
	assert_int_equal(m->header.flags, NGF_RESP);
	assert_string_equal((char *)m->data, "defgh");
	free(m);

	/* More than a socket sends: net.graph.maxdgram. */
	{
		char *big = calloc(1, 40000);

		fails(NgSendMsg(cs, "there:", 4711, 12, big, 40000), EMSGSIZE);
		ok(ngu_client_setbuf(cs, 0, 50000));
		ok(ngu_client_setbuf(other, 100000, 0));
		assert_true(NgSendMsg(cs, "there:", 4711, 12, big, 40000) >= 0);
		assert_int_equal(NgAllocRecvMsg(other, &m, path), sizeof(*m) + 40000);
		free(m);
		fails(ngu_client_setbuf(cs, SIZE_MAX, 0), ENOBUFS);
		free(big);
	}
	ok(close(cs));
	ok(close(other));
}

static void
ascii(void **state)
{
	struct ng_mesg *m;
	char path[NG_PATHSIZ], small[sizeof(*m) + 8];
	int cs;

	(void)state;
	ok(NgMkSockNode("s", &cs, NULL));
	mkpeer(cs, ".", "bridge", "l", "link0");
	ok(NgNameNode(cs, "l", "br"));
	assert_true(NgSendAsciiMsg(cs, "br:", "setconfig { debugLevel=2 loopTimeout=%d }", 77) >= 0);
	assert_int_equal(errno, 0);
	assert_false(readable(cs)); /* what it needed for that is not in our way */
	assert_true(NgSendAsciiMsg(cs, "br:", "getconfig") >= 0);
	assert_true(readable(cs));
	ok(NgAllocRecvAsciiMsg(cs, &m, path));
	assert_string_equal((char *)m->header.cmdstr, "getconfig");
	assert_non_null(strstr((char *)m->data, "loopTimeout=77"));
	free(m);
	/* The other one, into memory of ours: too little of it is an error. */
	assert_true(NgSendAsciiMsg(cs, "br:", "getconfig") >= 0);
	fails(NgRecvAsciiMsg(cs, (struct ng_mesg *)(void *)small, sizeof(small), path), ERANGE);
	fails(NgSendAsciiMsg(cs, "br:", "nosuch"), ENOSYS);
	fails(NgSendAsciiMsg(cs, "br:", "setconfig { nofield=1 }"), ENOENT);
	fails(NgSendAsciiMsg(cs, "br:", "setconfig"), EINVAL);
	/* A message that waits already is not taken for an answer. */
	assert_true(NgSendMsg(cs, ".", 4711, 1, "first", 6) >= 0);
	assert_true(NgSendAsciiMsg(cs, "br:", "getconfig") >= 0);
	assert_int_equal(NgAllocRecvMsg(cs, &m, path), sizeof(*m) + 6);
	assert_string_equal((char *)m->data, "first");
	free(m);
	ok(NgAllocRecvAsciiMsg(cs, &m, path));
	free(m);
	/* Relative to the socket's node. */
	assert_true(NgSendAsciiMsg(cs, "l", "getconfig") >= 0);
	ok(NgAllocRecvAsciiMsg(cs, &m, path));
	free(m);
	fails(NgRecvAsciiMsg(cs, (struct ng_mesg *)(void *)small, sizeof(small), NULL), EINVAL);
	ok(close(cs));
}

/* ---- packets ---- */

static void
data(void **state)
{
	u_char buf[8], *whole;
	char hook[NG_HOOKSIZ];
	int cs, ds;

	(void)state;
	ok(NgMkSockNode("s", &cs, &ds));
	fails(NgSendData(ds, "a", (const u_char *)"x", 1), EHOSTUNREACH);
	ok(try_connect(cs, ".", ".", "left", "right"));
	errno = 77;
	ok(NgSendData(ds, "left", (const u_char *)"hello", 5));
	assert_int_equal(errno, 77); /* as it was */
	assert_true(readable(ds));
	assert_int_equal(NgRecvData(ds, buf, sizeof(buf), hook), 5);
	assert_memory_equal(buf, "hello", 5);
	assert_string_equal(hook, "right");
	/* Records stay apart; too long ones are cut. */
	ok(NgSendData(ds, "right", (const u_char *)"0123456789", 10));
	ok(NgSendData(ds, "right", (const u_char *)"next", 4));
	assert_int_equal(NgRecvData(ds, buf, sizeof(buf), NULL), sizeof(buf));
	assert_memory_equal(buf, "01234567", 8);
	assert_int_equal(NgAllocRecvData(ds, &whole, hook), 4);
	assert_memory_equal(whole, "next", 4);
	assert_string_equal(hook, "left");
	free(whole);
	assert_false(readable(ds));
	fails(NgSendData(ds, "", (const u_char *)"x", 1), EDESTADDRREQ); /* two hooks */
	ok(close(ds));
	ok(close(cs));
}

/* 17.2: a buffer takes 320 packets of 5 bytes; what it took can be read, in order, and then it takes more. */
static void
buffer_limit(void **state)
{
	u_char buf[4096];
	int cs, ds, n = 0, big = 0;

	(void)state;
	ok(NgMkSockNode("s", &cs, &ds));
	ok(try_connect(cs, ".", ".", "a", "b"));
	for (int round = 0; round < 3; round++) {
		for (n = 0; n < 1000; n++) {
			(void)snprintf((char *)buf, sizeof(buf), "%05d", n);
			if (NgSendData(ds, "a", buf, 5) != 0)
				break;
		}
		assert_int_equal(errno, ENOBUFS);
		assert_int_equal(n, 320);
		/* One out, one in. */
		assert_int_equal(NgRecvData(ds, buf, sizeof(buf), NULL), 5);
		assert_memory_equal(buf, "00000", 5);
		ok(NgSendData(ds, "a", (const u_char *)"00320", 5));
		fails(NgSendData(ds, "a", (const u_char *)"00321", 5), ENOBUFS);
		for (int i = 1; i <= 320; i++) {
			char want[8];

			(void)snprintf(want, sizeof(want), "%05d", i);
			assert_int_equal(NgRecvData(ds, buf, sizeof(buf), NULL), 5);
			assert_memory_equal(buf, want, 5);
		}
		assert_false(readable(ds));
	}
	/* Long ones by their bytes. */
	memset(buf, 7, sizeof(buf));
	while (NgSendData(ds, "a", buf, 4000) == 0)
		big++;
	assert_int_equal(big, 5);
	ok(ngu_client_setbuf(ds, 60000, 0));
	while (NgSendData(ds, "a", buf, 4000) == 0)
		big++;
	assert_int_equal(big, 14);
	while (big-- > 0)
		assert_int_equal(NgRecvData(ds, buf, sizeof(buf), NULL), 4000);
	ok(close(ds));
	ok(close(cs));
}

/* A list of a big graph is longer than any buffer, and arrives whole; one such at a time. */
static void
long_answer(void **state)
{
	const int many = 3000;
	struct ng_mesg *m;
	struct namelist *nl;
	int cs, n;

	(void)state;
	for (int i = 0; i < many; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "n%d", i);
		ok(ngu_mknode(g, "hole", name, NULL));
	}
	ok(NgMkSockNode(NULL, &cs, NULL));
	assert_true(NgSendMsg(cs, ".", NGM_GENERIC_COOKIE, NGM_LISTNODES, NULL, 0) >= 0);
	fails(NgSendMsg(cs, ".", NGM_GENERIC_COOKIE, NGM_LISTNODES, NULL, 0), ENOBUFS);
	n = NgAllocRecvMsg(cs, &m, NULL);
	assert_true(n > 0);
	nl = (struct namelist *)(void *)m->data;
	assert_int_equal(nl->numnames, many + 1);
	assert_true((size_t)n >= sizeof(*m) + sizeof(*nl) + (many + 1) * sizeof(struct nodeinfo));
	free(m);
	assert_true(NgSendMsg(cs, ".", NGM_GENERIC_COOKIE, NGM_LISTNODES, NULL, 0) >= 0);
	assert_int_equal(NgAllocRecvMsg(cs, &m, NULL), n);
	free(m);
	ok(close(cs));
}

/* ---- descriptors ---- */

static void
ends(void **state)
{
	u_char buf[16];
	char hook[NG_HOOKSIZ];
	int cs, ds, cs2, ds2;

	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	ok(NgMkSockNode("s", &cs, &ds));
	ok(try_connect(cs, ".", ".", "a", "b"));
	ok(NgSendData(ds, "a", (const u_char *)"last", 4));
	assert_true(NgSendMsg(cs, ".", NGM_GENERIC_COOKIE, NGM_SHUTDOWN, NULL, 0) >= 0);
	/* What waits is read first, then the end. */
	assert_int_equal(NgRecvData(ds, buf, sizeof(buf), hook), 4);
	assert_int_equal(NgRecvData(ds, buf, sizeof(buf), hook), 0);
	assert_int_equal(NgRecvMsg(cs, (struct ng_mesg *)(void *)buf, sizeof(buf), NULL), 0);
	assert_true(readable(cs));
	fails(NgSendMsg(cs, ".", NGM_GENERIC_COOKIE, NGM_NODEINFO, NULL, 0), EPIPE);
	fails(NgSendData(ds, "a", buf, 1), EPIPE);
	assert_int_equal(write(ds, "x", 1), -1);
	assert_int_equal(errno, EPIPE);
	ok(close(cs));
	ok(close(ds));
	(void)signal(SIGPIPE, SIG_DFL);

	/* Duplicates are the same socket; it ends with the last of them. */
	ok(NgMkSockNode("s", &cs, &ds));
	cs2 = dup(cs);
	ds2 = fcntl(ds, F_DUPFD, 100);
	assert_true(cs2 >= 0 && ds2 >= 100);
	ok(close(cs));
	ok(close(ds));
	ok(try_connect(cs2, ".", ".", "a", "b"));
	ok(NgSendData(ds2, "a", (const u_char *)"dup", 3));
	assert_int_equal(NgRecvData(ds2, buf, sizeof(buf), hook), 3);
	fails(NgMkSockNode("s", &cs, NULL), EADDRINUSE);
	ok(close(cs2));
	fails(NgMkSockNode("s", &cs, NULL), EADDRINUSE);
	ok(close(ds2));
	ok(NgMkSockNode("s", &cs, NULL));
	ok(close(cs));
}

/* select(2) on both with other descriptors; no answer, no wait. */
static void
selects(void **state)
{
	struct timeval none = { 0, 0 };
	int cs, ds, p[2];
	fd_set r;

	(void)state;
	ok(pipe(p));
	ok(NgMkSockNode("s", &cs, &ds));
	ok(try_connect(cs, ".", ".", "a", "b"));
	FD_ZERO(&r);
	FD_SET(cs, &r);
	FD_SET(ds, &r);
	FD_SET(p[0], &r);
	assert_int_equal(select(FD_SETSIZE, &r, NULL, NULL, &none), 0);
	ok(NgSendData(ds, "a", (const u_char *)"x", 1));
	FD_SET(cs, &r);
	FD_SET(ds, &r);
	FD_SET(p[0], &r);
	assert_int_equal(select(FD_SETSIZE, &r, NULL, NULL, &none), 1);
	assert_true(FD_ISSET(ds, &r));
	ok(fcntl(cs, F_SETFL, O_NONBLOCK));
	{
		struct ng_mesg *m;

		fails(NgAllocRecvMsg(cs, &m, NULL), EAGAIN);
		assert_null(m);
	}
	ok(close(p[0]));
	ok(close(p[1]));
	ok(close(cs));
	ok(close(ds));
}

/* A program that was told nothing has the socket as its standard input and output (nghook -e). */
static void
handed_on(void **state)
{
	u_char buf[64];
	char hook[NG_HOOKSIZ];
	int cs, ds, cs2, ds2, status, life[2];
	pid_t pid;

	(void)state;
	ok(NgMkSockNode("s", &cs, &ds));
	ok(NgMkSockNode("prog", &cs2, &ds2));
	ok(ngu_client_raw(ds2));
	fails(ngu_client_raw(cs2), EINVAL);
	ok(try_connect(cs, ".", "prog:", "a", "b"));
	ok(pipe(life));
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (dup2(ds2, 0) == 0 && dup2(ds2, 1) == 1) {
			(void)close(cs);
			(void)close(ds);
			(void)close(ds2);
			execl(NGT_CAT, "client-cat", (char *)NULL);
		}
		_exit(99);
	}
	ok(close(life[1]));
	ok(close(ds2));
	ok(NgSendData(ds, "a", (const u_char *)"to and fro", 10));
	comes_from(ds, life[0]);
	assert_int_equal(NgRecvData(ds, buf, sizeof(buf), hook), 10);
	assert_memory_equal(buf, "TO AND FRO", 10);
	assert_string_equal(hook, "a");
	assert_true(NgSendMsg(cs, "prog:", NGM_GENERIC_COOKIE, NGM_SHUTDOWN, NULL, 0) >= 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0); /* it read the end */
	ok(close(life[0]));
	ok(close(cs2));
	ok(close(cs));
	ok(close(ds));
}

/* The graph ends first. */
static void
graph_first(void **state)
{
	struct ngu_graph *two;
	u_char buf[8];
	int cs, ds;

	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	ok(ngu_graph_create(NULL, &two));
	(void)ngu_graph_enter(two);
	ok(NgMkSockNode("s", &cs, &ds));
	(void)ngu_graph_enter(g);
	ok(NgNameNode(cs, ".", "t")); /* the socket knows whose it is */
	ok(ngu_lookup(two, "t:", NULL));
	ok(ngu_graph_destroy(two));
	assert_int_equal(NgRecvData(ds, buf, sizeof(buf), NULL), 0);
	fails(NgSendData(ds, "a", buf, 1), EPIPE);
	fails(NgNameNode(cs, ".", "u"), EPIPE);
	(void)signal(SIGPIPE, SIG_DFL);
	ok(close(cs));
	ok(close(ds));
}

/* ---- threads ---- */

#define ROUNDS 300

static int shared_cs;

/* Each asks for what another thread does not: one gets errors, one does not, on the same socket. */
static void *
asks(void *arg)
{
	bool good = arg != NULL;
	long wrong = 0;

	(void)ngu_graph_enter(g);
	for (int i = 0; i < ROUNDS; i++) {
		if (good) {
			if (NgNameNode(shared_cs, ".", "n%d", i) != 0 || errno != 0)
				wrong++;
		} else {
			errno = 0;
			if (NgNameNode(shared_cs, "no such node:", "x") != -1 || errno != ENOENT)
				wrong++;
			if (NgSendAsciiMsg(shared_cs, ".", "nosuch %d", i) != -1 || errno != ENOSYS)
				wrong++;
		}
	}
	return ((void *)wrong);
}

static void
own_results(void **state)
{
	pthread_t th[4];
	void *wrong;

	(void)state;
	ok(NgMkSockNode("s", &shared_cs, NULL));
	for (int i = 0; i < 4; i++)
		ok(pthread_create(&th[i], NULL, asks, i % 2 != 0 ? th : NULL));
	for (int i = 0; i < 4; i++) {
		ok(pthread_join(th[i], &wrong));
		assert_null(wrong);
	}
	ok(close(shared_cs));
}

/* Sockets come and go in all threads while others send through the hub they hang on. */
static void *
comes_and_goes(void *arg)
{
	const char which = *(const char *)arg;
	long wrong = 0;
	u_char buf[64];

	(void)ngu_graph_enter(g);
	for (int i = 0; i < 60; i++) {
		int cs, ds;

		if (NgMkSockNode(NULL, &cs, &ds) != 0) {
			wrong++;
			continue;
		}
		if (try_connect(cs, ".", "hub:", "h", "") != 0) /* no name for a hook: refused or not, nothing breaks */
			errno = 0;
		{
			char peer[NG_HOOKSIZ];

			(void)snprintf(peer, sizeof(peer), "%c%d", which, i);
			if (try_connect(cs, ".", "hub:", "mine", peer) != 0)
				wrong++;
		}
		for (int k = 0; k < 10; k++) {
			(void)NgSendData(ds, "mine", (const u_char *)"flood", 5);
			if (fcntl(ds, F_SETFL, O_NONBLOCK) == 0)
				(void)NgRecvData(ds, buf, sizeof(buf), NULL);
		}
		(void)close(i % 2 ? cs : ds);
		(void)close(i % 2 ? ds : cs);
	}
	return ((void *)wrong);
}

static void
traffic(void **state)
{
	pthread_t th[4];
	void *wrong;
	int cs;

	(void)state;
	ok(NgMkSockNode("s", &cs, NULL));
	mkpeer(cs, ".", "hub", "h", "h");
	ok(NgNameNode(cs, "h", "hub"));
	for (int i = 0; i < 4; i++)
		ok(pthread_create(&th[i], NULL, comes_and_goes, (void *)(uintptr_t)&"abcd"[i]));
	for (int i = 0; i < 4; i++) {
		ok(pthread_join(th[i], &wrong));
		assert_null(wrong);
	}
	ok(close(cs));
}

/* ---- the rest ---- */

static char logged[8192];

static void logs(const char *fmt, ...) __attribute__((__format__(__printf__, 1, 2)));

static void
logs(const char *fmt, ...)
{
	size_t n = strlen(logged);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(logged + n, sizeof(logged) - n, fmt, ap);
	va_end(ap);
	(void)strncat(logged, "\n", sizeof(logged) - strlen(logged) - 1);
	errno = 1234; /* what a log function does to errno is nobody's business */
}

static void
debug(void **state)
{
	struct ng_mesg *m;
	u_char buf[16];
	char want[256];
	int cs, ds;

	(void)state;
	NgSetErrLog(logs, logs);
	assert_int_equal(NgSetDebug(-1), 0);
	assert_int_equal(NgSetDebug(3), 0);
	assert_int_equal(NgSetDebug(-1), 3);
	ok(NgMkSockNode("s", &cs, &ds));
	ok(try_connect(cs, ".", ".", "a", "b"));
	assert_int_equal(errno, 0);
	errno = 0;
	ok(NgSendData(ds, "a", (const u_char *)"hi there", 8));
	assert_int_equal(errno, 0);
	assert_int_equal(NgRecvData(ds, buf, sizeof(buf), NULL), 8);
	assert_non_null(strstr(logged, "WRITE PACKET to hook \"a\" (8 bytes)\n"));
	assert_non_null(strstr(logged, "READ PACKET from hook \"b\" (8 bytes)\n"));
	assert_non_null(strstr(logged, "0000:  68 69 20 74 68 65 72 65                          hi there\n"));
	logged[0] = '\0';
	assert_true(NgSendMsg(cs, "s:", NGM_GENERIC_COOKIE, NGM_NODEINFO, NULL, 0) >= 0);
	assert_int_equal(errno, 0);
	assert_true(NgAllocRecvMsg(cs, &m, NULL) > 0);
	(void)snprintf(want, sizeof(want),
	    "SENDING MESSAGE:\nSOCKADDR: { fam=%d len=5 addr=\"s:\" }\nNG_MESG :\n  vers   8\n  arglen 0\n  flags  0\n  token  %u\n"
	    "  cookie generic (1137070366)\n  cmd    nodeinfo (%d)\n  args   \n",
	    AF_NETGRAPH, m->header.token, (int)NGM_NODEINFO);
	assert_memory_equal(logged, want, strlen(want));
	assert_non_null(strstr(logged, "RECEIVED RESPONSE:\n"));
	assert_non_null(strstr(logged, "  args   { name=\"s\" type=\"socket\""));
	free(m);
	logged[0] = '\0';
	assert_true(NgSendMsg(cs, "s:", 4711, 5, "ab", 2) >= 0);
	assert_non_null(strstr(logged, "  cookie unknown (4711)\n"));
	assert_non_null(strstr(logged, "  [error decoding message: Function not implemented]\n  cmd    5\n  args (2 bytes)\n0000:  61 62"));
	(void)NgSetDebug(0);
	NgSetErrLog(NULL, NULL);
	ok(close(cs));
	ok(close(ds));
}

static void
whole_graph(void **state)
{
	struct ngu_apply_error err;
	void *answer;
	char where[32];

	(void)state;
	ok(ngu_client_apply("mknode hub h\nmknode hole o\nconnect h: o: a b\n", 0, &err));
	ok(ngu_lookup(g, "h:a", NULL));
	fails(ngu_client_apply("mknode hub x\nconnect h: none: c d\n", 0, &err), ENOENT);
	assert_int_equal(err.line, 2);
	assert_int_equal(ngu_lookup(g, "x:", NULL), ENOENT);
	assert_true(ngu_client_ask(1, NULL, 0, &answer) > 0);
	assert_memory_equal(answer, ngu_version(), strlen(ngu_version()));
	free(answer);
	fails(ngu_client_ask(4711, NULL, 0, &answer), EOPNOTSUPP);
	assert_int_equal(ngu_client_where(where, sizeof(where)), 8);
	assert_string_equal(where, "embedded");
	fails(ngu_client_use("elsewhere"), EINVAL);
	ok(ngu_client_use("embedded"));
	ok(ngu_client_use(NULL));
}

/* The blocks of <ng/inspect.h> come through as they are. */
static void
questions(void **state)
{
	static const char parse[] = "br:\0setconfig { debugLevel=1 nofield=2 }", trace[] = "\2\0\0\0h:\0a";
	const struct ngu_node_stat *node;
	const struct ngu_snapshot *snap;
	const struct ngu_parsed *parsed;
	const struct ngu_trace *tr;
	const struct ngu_help *help;
	const struct ngu_why *why;
	u_char buf[8];
	void *b;
	int cs, ds;

	(void)state;
	ok(NgMkSockNode("s", &cs, &ds));
	ok(ngu_client_apply("mknode hub h\nmknode bridge br\nconnect s: h: x a\nconnect s: h: y b\n", 0, NULL));
	assert_true(ngu_client_ask(NGU_ASK_SNAPSHOT, NULL, 0, &b) > 0);
	snap = b;
	assert_int_equal(snap->nnodes, 3);
	assert_int_equal(snap->nlinks, 2);
	assert_string_equal(NGU_SNAP_NODE(snap, 0)->name, "s");
	free(b);
	assert_true(ngu_client_ask(NGU_ASK_NODE, "h:", 2, &b) > 0);
	node = b;
	assert_string_equal(node->type, "hub");
	assert_int_equal(node->nhooks, 2);
	free(b);
	fails(ngu_client_ask(NGU_ASK_NODE, "none:", 5, &b), ENOENT);
	assert_true(ngu_client_ask(NGU_ASK_HELP, "bridge", 6, &b) > 0);
	help = b;
	assert_true(help->nmsgs > 3);
	free(b);
	assert_int_equal(ngu_client_ask(NGU_ASK_PARSE, parse, sizeof(parse) - 1, &b), sizeof(*parsed));
	parsed = b;
	assert_int_equal(parsed->error, ENOENT);
	assert_memory_equal(parse + 4 + parsed->off, "nofield", 7);
	free(b);
	ok(ngu_client_ask(NGU_ASK_TRACE_START, trace, sizeof(trace) - 1, &b));
	ok(NgSendData(ds, "x", (const u_char *)"seen", 4));
	assert_int_equal(NgRecvData(ds, buf, sizeof(buf), NULL), 4);
	assert_true(ngu_client_ask(NGU_ASK_TRACE_READ, NULL, 0, &b) > 0);
	tr = b;
	assert_int_equal(tr->nrecs, 2);
	assert_string_equal(NGU_TRACE_REC(tr, 0)->type, "hub");
	assert_string_equal(NGU_TRACE_REC(tr, 1)->type, "socket");
	free(b);
	ok(ngu_client_ask(NGU_ASK_TRACE_STOP, NULL, 0, &b));
	fails(ngu_client_ask(NGU_ASK_TRACE_READ, NULL, 0, &b), ENOENT);
	assert_true(ngu_client_ask(NGU_ASK_WHY, NULL, 0, &b) > 0);
	why = b;
	assert_int_equal(why->nrecs, 0);
	free(b);
	fails(ngu_client_ask(NGU_ASK_TRACE_START, "x", 1, &b), EINVAL);
	ok(close(cs));
	ok(close(ds));
}

/* Copies of what crosses a hook, until the descriptor is closed; the hook's own traffic goes on whether they are read or not. */
static void
captures(void **state)
{
	struct {
		struct ngu_captured head;
		char bytes[64];
	} rec;
	static const u_char big[8000];
	const int flood = 4000;
	u_char buf[64];
	int cs, ds, fd, n;

	(void)state;
	ok(NgMkSockNode("s", &cs, &ds));
	ok(ngu_client_apply("mknode hub h\nconnect s: h: x a\nconnect s: h: y b\n", 0, NULL));
	fails(ngu_client_capture("h:", "none", NGU_CAP_IN, 0, 0), ENOENT);
	fails(ngu_client_capture("h:", "a", 0, 0, 0), EINVAL);
	fd = ngu_client_capture("h:", "a", NGU_CAP_IN | NGU_CAP_OUT, 3, 0);
	assert_true(fd >= 0);
	assert_false(readable(fd));
	ok(NgSendData(ds, "x", (const u_char *)"arrives", 7));
	ok(NgSendData(ds, "y", (const u_char *)"leaves", 6));
	assert_int_equal(read(fd, &rec, sizeof(rec)), sizeof(rec.head) + 3);
	assert_int_equal(rec.head.rec.dir, NGU_CAP_IN);
	assert_int_equal(rec.head.rec.len, 7);
	assert_int_equal(rec.head.rec.caplen, 3);
	assert_int_equal(rec.head.lost, 0);
	assert_memory_equal(rec.bytes, "arr", 3);
	assert_int_equal(read(fd, &rec, sizeof(rec)), sizeof(rec.head) + 3);
	assert_int_equal(rec.head.rec.dir, NGU_CAP_OUT);
	assert_memory_equal(rec.bytes, "lea", 3);
	for (int i = 0; i < 2; i++)
		assert_true(NgRecvData(ds, buf, sizeof(buf), NULL) > 0);
	ok(close(fd));
	/* Nobody reads: what there is no room for is lost, and told with the next that comes through. */
	fd = ngu_client_capture("h:", "a", NGU_CAP_IN, 0, 0);
	assert_true(fd >= 0);
	for (n = 0; n < flood; n++) {
		ok(NgSendData(ds, "x", big, sizeof(big)));
		assert_int_equal(NgRecvData(ds, buf, sizeof(buf), NULL), sizeof(buf));
	}
	ok(fcntl(fd, F_SETFL, O_NONBLOCK));
	for (n = 0; read(fd, &rec, sizeof(rec)) > 0; n++)
		assert_int_equal(rec.head.lost, 0);
	assert_true(n > 10 && n < flood);
	ok(NgSendData(ds, "x", (const u_char *)"again", 5));
	assert_int_equal(read(fd, &rec, sizeof(rec)), sizeof(rec.head) + 5);
	assert_int_equal(rec.head.lost, flood - n);
	ok(close(fd));
	/* One that is open does not keep the graph from ending. */
	fd = ngu_client_capture("h:", "a", NGU_CAP_IN, 0, 0);
	assert_true(fd >= 0);
	ok(ngu_graph_destroy(g));
	assert_int_equal(read(fd, &rec, sizeof(rec)), 0);
	ok(close(fd));
	ok(close(cs));
	ok(close(ds));
	ok(ngu_graph_create(NULL, &g));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		client_test(mksocknode),
		client_test(name_node),
		client_test(send_recv_msg),
		client_test(ascii),
		client_test(data),
		client_test(buffer_limit),
		client_test(long_answer),
		client_test(ends),
		client_test(selects),
		client_test(handed_on),
		client_test(graph_first),
		client_test(own_results),
		client_test(traffic),
		client_test(debug),
		client_test(whole_graph),
		client_test(questions),
		client_test(captures),
	};

	(void)unsetenv("NETGRAPH");
	return (cmocka_run_group_tests_name("netgraph", tests, NULL, NULL));
}
