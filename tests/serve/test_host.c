/* SPDX-License-Identifier: BSD-2-Clause */
/* test_host.c - <ng/host.h> where things happen at the wrong time. */
#include "serve.h"

#include <ng/test.h>

#include "serve/host.h"
#include "serve/loop.h"
#include "serve/pair.h"

/* ---- the graph's end ---- */

static void *
destroys(void *arg)
{
	return ((void *)(intptr_t)ngu_graph_destroy(arg));
}

/* A graph that is being destroyed gets no host any more, for which nobody would see to its end. */
static void
test_no_host_at_the_end(void **state)
{
	struct ngu_host *host = NULL, *of = NULL;
	struct ngu_server *late = NULL;
	struct ngu_graph *two;
	int e_open, e_of, e_serve;
	char path[100];
	pthread_t th;
	void *r;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/late", dir);
	ok(ngu_graph_create(NULL, &two));
	(void)ngu_graph_enter(two);
	ngt_trace_type("slow", 0);
	ngt_trace_on("shutdown slow", stuck_method, NULL);
	ok(ngu_mknode(two, "slow", "slow", NULL));
	stuck_hold(true);
	ok(pthread_create(&th, NULL, destroys, two));
	until(stuck_inside() == 1);
	e_open = ngu_host_open(two, NULL, &host);
	e_of = ngu_host_of(two, &of);
	e_serve = ngu_serve(two, path, NULL, &late);
	stuck_hold(false);
	ok(pthread_join(th, &r));
	assert_null(r);
	assert_int_equal(e_open, ESHUTDOWN);
	assert_int_equal(e_of, ESHUTDOWN);
	assert_int_equal(e_serve, ESHUTDOWN);
	assert_int_not_equal(access(path, F_OK), 0);
}

/* ---- answers ---- */

static struct ngu_host *host;

/* The next record of a control socket; the message's length. */
static size_t
next_message(int fd, struct ngu_record *head, struct message *m)
{
	struct iovec iov[2] = { { .iov_base = head, .iov_len = sizeof(*head) }, { .iov_base = m, .iov_len = sizeof(*m) } };
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n;

	assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
	n = ngu__sock_recvv(fd, iov, 2, 0, NULL);
	assert_int_equal(n, sizeof(*head) + head->len);
	return (head->len);
}

static bool
readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return (poll(&p, 1, 0) == 1);
}

/* An answer that comes when nobody waits for it any more is not the program's; one to a token of its own is. */
static void
test_late_answer(void **state)
{
	struct ngu_fdid s, t;
	struct ngu_record head;
	struct ng_mesg *reply;
	struct message m;
	size_t len, n;
	int fd_s, fd_t;

	(void)state;
	ok(ngu_host_open(g, NULL, &host));
	ok(ngu_host_socket(host, NGU_SOCK_CONTROL, NULL, NULL, &fd_s, &s));
	ok(ngu_host_socket(host, NGU_SOCK_CONTROL, NULL, NULL, &fd_t, &t));
	ok(ngu_host_bind(host, t, "t"));
	len = message(&m, 1, NULL, 0);
	m.msg.header.typecookie = 4711;
	for (int own = 0; own < 2; own++) {
		if (own) {
			m.msg.header.flags = 0;
			m.msg.header.token = 0xffffffffu;
			ok(ngu_host_send_msg(host, s, "t:", &m.msg, len, NULL, NULL));
		} else {
			ok(ngu_host_query(host, s, "t:", &m.msg, len, &reply, &n));
			assert_null(reply);
			assert_int_equal(n, 0);
		}
		assert_int_equal(next_message(fd_t, &head, &m), len);
		assert_true(m.msg.header.token >= 0x80000000u);
		m.msg.header.flags |= NGF_RESP;
		assert_int_equal(ngu_host_send_msg(host, t, head.address, &m.msg, len, NULL, NULL), own ? 0 : ETIMEDOUT);
		assert_int_equal(readable(fd_s), own);
	}
	assert_int_equal(next_message(fd_s, &head, &m), len);
	assert_int_equal(m.msg.header.token, 0xffffffffu);
	(void)close(fd_s);
	(void)close(fd_t);
	ngu_host_close(host);
}

/* ---- what a program writes, and the end of it ---- */

static _Atomic unsigned packets, empty;

static void
rx(void *arg, struct mbuf *m)
{
	(void)arg;
	atomic_fetch_add(ngu_packet_len(m) == 0 ? &empty : &packets, 1);
	ngu_packet_free(m);
}

/* A data socket that writes into a port of ours. */
static int
writer(struct ngu_port **port, int *cs)
{
	struct ngu_fdid c, d;
	char name[NGU_SOCK_NAMELEN], path[NGU_SOCK_NAMELEN + 1];
	int ds;

	ok(ngu_host_socket(host, NGU_SOCK_CONTROL, NULL, NULL, cs, &c));
	ok(ngu_host_socket(host, NGU_SOCK_DATA, NULL, NULL, &ds, &d));
	ok(ngu_host_name(host, c, name, NULL));
	(void)snprintf(path, sizeof(path), "%s:", name);
	ok(ngu_host_connect(host, d, path));
	ok(ngu_port_open(g, path, "out", rx, NULL, port));
	atomic_store(&packets, 0);
	atomic_store(&empty, 0);
	return (ds);
}

/* Empty packets are packets, and those behind them are not lost when the socket is closed at once. */
static void
test_written_last(void **state)
{
#ifdef SO_PASSCRED
	const unsigned empties = 3;
#else
	const unsigned empties = 0; /* the system does not tell them from the end */
#endif
	struct ngu_port *port;
	int ds, cs;

	(void)state;
	ok(ngu_host_open(g, NULL, &host));
	for (int half = 0; half < 2; half++) {
		ds = writer(&port, &cs);
		ngu__loop_lock(ngu__host_loop(host)); /* so that all of it is there when it is looked at */
		for (int i = 0; i < 40 && empties != 0; i++) {
			if (i % 15 == 0)
				assert_int_equal(send(ds, "", 0, 0), 0);
			else
				assert_int_equal(send(ds, "x", 1, 0), 1);
		}
		ok(half ? shutdown(ds, SHUT_WR) : close(ds));
		ngu__loop_unlock(ngu__host_loop(host));
		until(empties == 0 || (atomic_load(&packets) == 37 && atomic_load(&empty) == empties));
		if (half)
			ok(close(ds));
		ok(close(cs));
		ngu_port_close(port);
	}
	ngu_host_close(host);
}

/* The end is not an empty packet, also when it comes while packets are read. */
static void
test_no_more_than_written(void **state)
{
	struct ngu_port *port;
	int ds, cs;

	(void)state;
	ok(ngu_host_open(g, NULL, &host));
	for (int i = 0; i < 300; i++) {
		ds = writer(&port, &cs);
		for (int k = 0; k <= i % 6; k++)
			assert_int_equal(send(ds, "x", 1, 0), 1);
		ok(close(ds));
		until(atomic_load(&packets) == (unsigned)i % 6 + 1);
		ngu_host_sweep(host);
		assert_int_equal(atomic_load(&empty), 0);
		ok(close(cs));
		ngu_port_close(port);
	}
	ngu_host_close(host);
}

/* A program that has written what nobody reads any more sees the end all the same, and no error. */
static void
test_unread(void **state)
{
	static const char *const written[] = { "x", "", "y", "", "" };
	struct ngu__pair pair;
	char c;
	int fd[2];

	(void)state;
	for (size_t n = 1; n <= sizeof(written) / sizeof(written[0]); n++) {
		ok(ngu__sock_pair(fd));
		ok(ngu__pair_init(&pair, fd[0], NGU_SOCK_DATA, 20480, 0));
		for (size_t i = 0; i < n; i++)
			assert_int_equal(send(fd[1], written[i], strlen(written[i]), 0), strlen(written[i]));
		ngu__pair_end(&pair);
		ngu__pair_destroy(&pair);
#ifdef SO_PASSCRED
		assert_int_equal(recv(fd[1], &c, 1, 0), 0);
#else
		(void)c;
#endif
		ok(close(fd[1]));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		serve_test(test_no_host_at_the_end),
		serve_test(test_late_answer),
		serve_test(test_written_last),
		serve_test(test_no_more_than_written),
		serve_test(test_unread),
	};

	return (cmocka_run_group_tests_name("host", tests, NULL, NULL));
}
