/* SPDX-License-Identifier: BSD-2-Clause */
/* test_calls.c - libng-sock: the kernel's calls on netgraph sockets (section 17), as a FreeBSD program makes them. */
#include "client/client.h"

#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <signal.h>

#define SA(p) ((struct sockaddr *)(void *)(p))

static struct sockaddr_ng sg;

/* An address, and its length. */
static socklen_t
address(const char *text)
{
	memset(&sg, 0, sizeof(sg));
	sg.sg_family = AF_NETGRAPH;
	(void)snprintf(sg.sg_data, sizeof(sg.sg_data), "%s", text);
	sg.sg_len = (unsigned char)(strlen(text) + 3);
	return (sg.sg_len);
}

static void
names(void **state)
{
	struct sockaddr_ng got;
	socklen_t len;
	int cs, ds, other;

	(void)state;
	assert_int_equal(offsetof(struct sockaddr_ng, sg_data), 2);
	assert_int_equal(sizeof(sg), 34);
	fails(socket(PF_NETGRAPH, SOCK_STREAM, NG_CONTROL), EPROTOTYPE);
	fails(socket(PF_NETGRAPH, SOCK_DGRAM, 3), EPROTONOSUPPORT);
	cs = socket(PF_NETGRAPH, SOCK_DGRAM, NG_CONTROL);
	ds = socket(PF_NETGRAPH, SOCK_DGRAM, NG_DATA);
	assert_true(cs >= 0 && ds >= 0);

	len = sizeof(got);
	ok(getsockname(cs, SA(&got), &len)); /* unnamed: its ID */
	assert_int_equal(len, 34);
	assert_int_equal(got.sg_data[0], '[');
	len = sizeof(got);
	fails(getsockname(ds, SA(&got), &len), EINVAL);

	fails(bind(cs, SA(&sg), 3), EINVAL);
	fails(bind(cs, SA(&sg), address("")), EINVAL);
	(void)address("name");
	fails(bind(cs, SA(&sg), 6), EINVAL); /* no NUL at the end */
	fails(bind(cs, SA(&sg), 35), EINVAL);
	ok(bind(cs, SA(&sg), address("name")));
	ok(bind(cs, SA(&sg), address("other")));
	fails(bind(cs, SA(&sg), address("a:b")), EINVAL);
	fails(bind(ds, SA(&sg), address("x")), EOPNOTSUPP);
	fails(connect(cs, SA(&sg), address("other:")), EINVAL);

	fails(connect(ds, SA(&sg), address("none:")), ENOENT);
	fails(connect(ds, SA(&sg), address(".")), EINVAL);
	fails(connect(ds, SA(&sg), address(".:")), EINVAL);
	ok(ngu_mknode(g, "hub", "hub", NULL));
	fails(connect(ds, SA(&sg), address("hub:")), EINVAL);
	ok(connect(ds, SA(&sg), address("other:")));
	fails(connect(ds, SA(&sg), address("other:")), EISCONN);
	other = socket(PF_NETGRAPH, SOCK_DGRAM, NG_DATA);
	fails(connect(other, SA(&sg), address("other:")), EADDRINUSE);
	ok(close(other));
	len = sizeof(got);
	ok(getsockname(ds, SA(&got), &len));
	assert_string_equal(got.sg_data, "other");

	/* 31 characters. */
	ok(bind(cs, SA(&sg), address("0123456789012345678901234567890")));
	len = sizeof(got);
	ok(getsockname(cs, SA(&got), &len));
	assert_int_equal(got.sg_len, 34);
	assert_int_equal(got.sg_family, AF_NETGRAPH);
	assert_string_equal(got.sg_data, "0123456789012345678901234567890");
	ok(close(cs));
	ok(close(ds));
}

static void
control(void **state)
{
	union {
		struct ng_mesg m;
		char room[sizeof(struct ng_mesg) + 200];
	} buf;
	struct sockaddr_ng from;
	socklen_t len = sizeof(from);
	ssize_t n;
	int cs;

	(void)state;
	cs = socket(PF_NETGRAPH, SOCK_DGRAM, NG_CONTROL);
	memset(&buf, 0, sizeof(buf));
	buf.m.header.version = NG_VERSION;
	buf.m.header.typecookie = NGM_GENERIC_COOKIE;
	buf.m.header.cmd = NGM_NODEINFO;
	buf.m.header.token = 99;
	fails(send(cs, &buf, sizeof(buf.m), 0), EDESTADDRREQ);
	fails(write(cs, &buf, sizeof(buf.m)), EDESTADDRREQ);
	fails(sendto(cs, &buf, 55, 0, SA(&sg), address(".")), EINVAL);
	fails(sendto(cs, &buf, sizeof(buf.m) + 1, 0, SA(&sg), address(".")), EINVAL); /* arglen says 0 */
	buf.m.header.version = 7;
	fails(sendto(cs, &buf, sizeof(buf.m), 0, SA(&sg), address(".")), EINVAL);
	buf.m.header.version = NG_VERSION;
	fails(sendto(cs, &buf, sizeof(buf.m), 0, SA(&sg), address("none:")), ENOENT);
	assert_int_equal(sendto(cs, &buf, sizeof(buf.m), 0, SA(&sg), address(".")), sizeof(buf.m));
	n = recvfrom(cs, &buf, sizeof(buf), MSG_PEEK, NULL, NULL);
	assert_int_equal(n, sizeof(buf.m) + sizeof(struct nodeinfo));
	n = recvfrom(cs, &buf, sizeof(buf), 0, SA(&from), &len);
	assert_int_equal(n, sizeof(buf.m) + sizeof(struct nodeinfo));
	assert_int_equal(len, 34);
	assert_int_equal(from.sg_data[strlen(from.sg_data) - 1], ':');
	assert_int_equal(buf.m.header.token, 99);
	fails(recv(cs, &buf, sizeof(buf), MSG_DONTWAIT), EAGAIN);
	ok(close(cs));
}

static void
packets(void **state)
{
	char buf[64], a[4], b[8];
	struct sockaddr_ng from;
	socklen_t len = sizeof(from);
	struct iovec iov[2] = { { a, 3 }, { b, sizeof(b) } };
	struct msghdr mh = { .msg_iov = iov, .msg_iovlen = 2, .msg_name = &from, .msg_namelen = sizeof(from) };
	int cs, ds, v;

	(void)state;
	ok(NgMkSockNode("s", &cs, &ds));
	fails(write(ds, "x", 1), EDESTADDRREQ); /* no hook */
	ok(ngu_mknode(g, "echo", "e", NULL));
	ok(try_connect(cs, ".", "e:", "out", "in"));
	assert_int_equal(write(ds, "alone", 5), 5); /* one hook: that is meant */
	assert_int_equal(read(ds, buf, sizeof(buf)), 5);
	assert_memory_equal(buf, "alone", 5);
	assert_int_equal(send(ds, "sent", 4, 0), 4);
	assert_int_equal(recvfrom(ds, buf, sizeof(buf), 0, SA(&from), &len), 4);
	assert_string_equal(from.sg_data, "out");
	assert_int_equal(len, strlen("out") + 3);
	assert_int_equal(from.sg_len, strlen("out") + 3);
	fails(sendto(ds, "x", 1, 0, SA(&sg), address("none")), EHOSTUNREACH);
	assert_int_equal(sendto(ds, "named", 5, 0, SA(&sg), address("out")), 5);
	assert_int_equal(recvmsg(ds, &mh, 0), 5);
	assert_memory_equal(a, "nam", 3);
	assert_memory_equal(b, "ed", 2);
	assert_string_equal(from.sg_data, "out");
	iov[1].iov_len = 2;
	assert_int_equal(writev(ds, iov, 2), 5);
	assert_int_equal(readv(ds, iov, 2), 5);
	mh.msg_namelen = address("out");
	mh.msg_name = &sg;
	assert_int_equal(sendmsg(ds, &mh, 0), 5);
	assert_int_equal(recv(ds, buf, sizeof(buf), 0), 5);
	assert_memory_equal(buf, "named", 5);
	ok(try_connect(cs, ".", "e:", "two", "in2"));
	fails(send(ds, "x", 1, 0), EDESTADDRREQ); /* which one? */

	len = sizeof(v);
	ok(getsockopt(ds, SOL_SOCKET, SO_RCVBUF, &v, &len));
	assert_int_equal(v, 20480);
	v = 4096;
	ok(setsockopt(ds, SOL_SOCKET, SO_SNDBUF, &v, sizeof(v)));
	{
		static char big[5000];

		fails(sendto(ds, big, sizeof(big), 0, SA(&sg), address("out")), EMSGSIZE);
	}
	ok(getsockopt(ds, SOL_SOCKET, SO_TYPE, &v, &len));
	assert_int_equal(v, SOCK_DGRAM);
	/* MSG_NOSIGNAL: an error and no more. */
	assert_true(NgSendMsg(cs, ".", NGM_GENERIC_COOKIE, NGM_SHUTDOWN, NULL, 0) >= 0);
	fails(send(ds, "x", 1, MSG_NOSIGNAL), EPIPE);
	assert_int_equal(read(ds, buf, sizeof(buf)), 0);
	ok(close(cs));
	ok(close(ds));
}

/* SO_RCVBUF: who allocates that much gets all of the next record. */
static void
room(void **state)
{
	socklen_t len = sizeof(int);
	int cs, v;

	(void)state;
	for (int i = 0; i < 400; i++)
		ok(ngu_mknode(g, "hole", NULL, NULL));
	ok(NgMkSockNode(NULL, &cs, NULL));
	assert_true(NgSendMsg(cs, ".", NGM_GENERIC_COOKIE, NGM_LISTNODES, NULL, 0) >= 0);
	ok(getsockopt(cs, SOL_SOCKET, SO_RCVBUF, &v, &len));
	assert_true(v >= (int)(401 * sizeof(struct nodeinfo)));
	{
		char *buf = malloc((size_t)v);

		assert_true(recv(cs, buf, (size_t)v, 0) > (ssize_t)(401 * sizeof(struct nodeinfo)));
		assert_int_equal(((struct namelist *)(void *)((struct ng_mesg *)(void *)buf)->data)->numnames, 401);
		free(buf);
	}
	ok(close(cs));
}

/* netgraph(3) and the plain calls on the same socket: what the library itself calls is not taken for the program's. */
static void
both(void **state)
{
	char hook[NG_HOOKSIZ], buf[16];
	struct ng_mesg *m;
	u_char *whole;
	int cs, ds;

	(void)state;
	ok(NgMkSockNode("s", &cs, &ds));
	ok(try_connect(cs, ".", ".", "a", "b"));
	for (int i = 0; i < 3; i++) {
		ok(NgSendData(ds, "a", (const u_char *)"one", 3));
		assert_int_equal(sendto(ds, "two", 3, 0, SA(&sg), address("b")), 3);
		assert_int_equal(NgRecvData(ds, (u_char *)buf, sizeof(buf), hook), 3);
		assert_string_equal(hook, "b");
		assert_memory_equal(buf, "one", 3);
		assert_int_equal(read(ds, buf, sizeof(buf)), 3);
		assert_memory_equal(buf, "two", 3);
		ok(NgSendData(ds, "a", (const u_char *)"three", 5));
		assert_int_equal(NgAllocRecvData(ds, &whole, hook), 5);
		assert_string_equal(hook, "b");
		free(whole);
		assert_true(NgSendAsciiMsg(cs, ".", "nodeinfo") >= 0);
		ok(NgAllocRecvAsciiMsg(cs, &m, buf));
		assert_non_null(strstr((char *)m->data, "name=\"s\""));
		free(m);
	}
	ok(close(cs));
	ok(close(ds));
}

/* Other descriptors are as they were. */
static void
others(void **state)
{
	char buf[8];
	int p[2], s[2];

	(void)state;
	ok(pipe(p));
	assert_int_equal(write(p[1], "abc", 3), 3);
	assert_int_equal(read(p[0], buf, sizeof(buf)), 3);
	ok(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s)); /* what ours are made of */
	assert_int_equal(send(s[0], "abcd", 4, 0), 4);
	assert_int_equal(recv(s[1], buf, sizeof(buf), 0), 4);
	assert_memory_equal(buf, "abcd", 4);
	for (int i = 0; i < 2; i++) {
		ok(close(p[i]));
		ok(close(s[i]));
	}
	fails(read(p[0], buf, 1), EBADF);
}

/* nghook -e without a word to us: dup2 and exec. */
static void
execs(void **state)
{
	u_char buf[64];
	char hook[NG_HOOKSIZ];
	int cs, ds, cs2, ds2, status, life[2];
	pid_t pid;

	(void)state;
	/* The graph is in this process, so it is the child that makes ready, before it is another program: only the shared table of descriptors counts. */
	ok(NgMkSockNode("s", &cs, &ds));
	ok(NgMkSockNode("prog", &cs2, &ds2));
	ok(ngu_client_raw(ds2));
	ok(try_connect(cs, ".", "prog:", "a", "b"));
	ok(pipe(life));
	if ((pid = fork()) == 0) {
		if (dup2(ds2, 0) == 0 && dup2(ds2, 1) == 1)
			execlp(NGT_CAT, "client-cat", (char *)NULL);
		_exit(99);
	}
	ok(close(life[1]));
	ok(NgSendData(ds, "a", (const u_char *)"exec", 4));
	comes_from(ds, life[0]);
	assert_int_equal(NgRecvData(ds, buf, sizeof(buf), hook), 4);
	assert_memory_equal(buf, "EXEC", 4);
	assert_true(NgSendMsg(cs, "prog:", NGM_GENERIC_COOKIE, NGM_SHUTDOWN, NULL, 0) >= 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	ok(close(life[0]));
	ok(close(cs2));
	ok(close(ds2));
	ok(close(cs));
	ok(close(ds));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		client_test(names),
		client_test(control),
		client_test(packets),
		client_test(room),
		client_test(both),
		client_test(others),
		client_test(execs),
	};

	(void)unsetenv("NETGRAPH");
	return (cmocka_run_group_tests_name("calls", tests, NULL, NULL));
}
