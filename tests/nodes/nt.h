/* SPDX-License-Identifier: BSD-2-Clause */
/* nt.h - what the tests of the node types share: a graph for each test, ports that remember what came, short calls. */
#ifndef TESTS_NODES_NT_H
#define TESTS_NODES_NT_H

#include <sys/types.h>

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <ng/ng.h>
#include <netgraph/ng_message.h>

static struct ngu_graph *g;

/* ---- the log: the last lines, for tests that look for one ---- */

static char nt_log[4096];

__attribute__((__unused__)) static void
nt_log_line(void *arg, int level, const char *line)
{
	size_t n = strlen(nt_log);

	(void)arg;
	(void)level;
	if (n + strlen(line) + 2 < sizeof(nt_log))
		(void)snprintf(nt_log + n, sizeof(nt_log) - n, "%s\n", line);
}

/* ---- a graph per test; the end says whether something was left behind and whether the books balance ---- */

static unsigned nt_workers;

__attribute__((__unused__)) static int
nt_setup(void **state)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .name = "test", .fake_clock = true, .log = nt_log_line };
	int error;

	(void)state;
	o.workers = nt_workers;
	nt_log[0] = '\0';
	if ((error = ngu_graph_create(&o, &g)) != 0)
		return (error);
	/* Whoever serves a queue may be without a processor for long, and the senders not: that nothing is refused is what tests count on. */
	if ((error = ngu_limit_set(g, NGU_L_NODEQUEUE, 4194304)) == 0)
		error = ngu_limit_set(g, NGU_L_DATA, UINT32_MAX);
	return (error);
}

static void
nt_leak(void *arg, const char *text)
{
	(void)arg;
	print_error("%s\n", text);
}

__attribute__((__unused__)) static int
nt_teardown(void **state)
{
	struct ngu_graph_stats st;
	size_t left;
	int error;

	(void)state;
	nt_workers = 0;
	error = ngu_settle(g, 10000);
	ngu_graph_stats(g, &st);
	if (st.attempted != st.delivered + st.refused + st.dropped || st.queued != 0) {
		print_error("attempted %llu, delivered %llu, refused %llu, dropped %llu, queued %llu\n",
		    (unsigned long long)st.attempted, (unsigned long long)st.delivered, (unsigned long long)st.refused,
		    (unsigned long long)st.dropped, (unsigned long long)st.queued);
		return (-1);
	}
	/* Whatever a test left standing goes now; what cannot go, or stays in memory, is a leak. */
	for (uint32_t id = 1; st.nodes != 0 && id < 100000; id++) {
		char path[16];

		(void)snprintf(path, sizeof(path), "[%x]:", id);
		if (ngu_lookup(g, path, NULL) == 0)
			error |= ngu_shutdown(g, path);
		ngu_graph_stats(g, &st);
		if (id % 256 == 0)
			ngu_reclaim_barrier();
	}
	error |= ngu_settle(g, 10000);
	ngu_reclaim_barrier();
	left = ngu_leaks(g, nt_leak, NULL);
	error |= ngu_graph_destroy(g);
	if (left != 0 || error != 0)
		print_error("%zu objects left behind; destroying the graph: %d\n%s", left, error, nt_log);
	g = NULL;
	return (left != 0 || error != 0 ? -1 : 0);
}

#define nt_test(f) cmocka_unit_test_setup_teardown(f, nt_setup, nt_teardown)
#define ok(call) assert_int_equal((call), 0)

/* ---- ports that remember ---- */

#define NT_MAX 64

struct nt_end {
	struct ngu_port *port;
	_Atomic unsigned n;	  /* packets that came */
	_Atomic uint64_t bytes;
	char got[NT_MAX][64];	  /* the first ones, as text */
	_Atomic unsigned *clock;  /* shared by several: who came first */
	unsigned when[NT_MAX];
	const void *what[NT_MAX]; /* the mbufs themselves, only to be compared */
};

/* One thread at a time where the texts are looked at; counting is safe anyway. */
__attribute__((__unused__)) static void
nt_rx(void *arg, struct mbuf *m)
{
	struct nt_end *e = arg;
	unsigned i = atomic_fetch_add(&e->n, 1u);

	atomic_fetch_add(&e->bytes, (uint64_t)ngu_packet_len(m));
	if (i < NT_MAX) {
		e->what[i] = m;
		e->got[i][ngu_packet_read(m, 0, e->got[i], sizeof(e->got[i]) - 1)] = '\0';
		if (e->clock != NULL)
			e->when[i] = atomic_fetch_add(e->clock, 1u);
	}
	ngu_packet_free(m);
}

/* Counts only: for many threads. */
__attribute__((__unused__)) static void
nt_rx_count(void *arg, struct mbuf *m)
{
	struct nt_end *e = arg;

	atomic_fetch_add(&e->n, 1u);
	atomic_fetch_add(&e->bytes, (uint64_t)ngu_packet_len(m));
	ngu_packet_free(m);
}

__attribute__((__unused__)) static void
nt_open(struct nt_end *e, const char *path, const char *hook)
{
	memset(e, 0, sizeof(*e));
	ok(ngu_port_open(g, path, hook, nt_rx, e, &e->port));
}

__attribute__((__unused__)) static int
nt_send(struct nt_end *e, const char *text)
{
	struct mbuf *m = ngu_packet(g, text, strlen(text));

	assert_non_null(m);
	return (ngu_port_send(e->port, m));
}

__attribute__((__unused__)) static void
nt_close(struct nt_end *e)
{
	ngu_port_close(e->port);
	e->port = NULL;
}

/* ---- commands ---- */

/* Send; the reply's arguments (which must have this size) to out. */
__attribute__((__unused__)) static void
nt_ask(const char *path, uint32_t cookie, uint32_t cmd, const void *arg, size_t len, void *out, size_t outlen)
{
	struct ng_mesg *resp = NULL;

	ok(ngu_msg(g, path, cookie, cmd, arg, len, &resp));
	assert_non_null(resp);
	assert_int_equal(resp->header.flags & NGF_RESP, NGF_RESP);
	assert_int_equal(resp->header.typecookie, cookie);
	assert_int_equal(resp->header.cmd, cmd);
	assert_int_equal(resp->header.arglen, outlen);
	memcpy(out, resp->data, outlen);
	ngu_msg_free(resp);
}

__attribute__((__unused__)) static int
nt_tell(const char *path, uint32_t cookie, uint32_t cmd, const void *arg, size_t len)
{
	struct ng_mesg *resp = NULL;
	int error = ngu_msg(g, path, cookie, cmd, arg, len, &resp);

	assert_null(resp);
	return (error);
}

__attribute__((__unused__)) static unsigned
nt_hooks(const char *path)
{
	struct nodeinfo ni;

	nt_ask(path, NGM_GENERIC_COOKIE, NGM_NODEINFO, NULL, 0, &ni, sizeof(ni));
	return (ni.hooks);
}

/* What all types answer alike: commands and cookies they do not know, text status and text config. */
__attribute__((__unused__)) static void
nt_unknown(const char *path, uint32_t cookie)
{
	assert_int_equal(nt_tell(path, cookie, 9999, NULL, 0), EINVAL);
	assert_int_equal(nt_tell(path, cookie + 1, 1, NULL, 0), EINVAL);
	assert_int_equal(nt_tell(path, NGM_GENERIC_COOKIE, NGM_TEXT_STATUS, NULL, 0), EINVAL);
	assert_int_equal(nt_tell(path, NGM_GENERIC_COOKIE, NGM_TEXT_CONFIG, NULL, 0), EINVAL);
}

/* ---- traffic from several threads ---- */

struct nt_pump {
	pthread_t thread;
	struct ngu_port *port;
	struct ngu_graph *graph;
	unsigned count; /* 0: until stop */
	size_t len;
	_Atomic bool *stop;
	uint64_t sent, failed;
	int last;
};

__attribute__((__unused__)) static void *
nt_pump_main(void *arg)
{
	struct nt_pump *p = arg;
	char data[64];
	struct mbuf *m;
	int error;

	memset(data, 'x', sizeof(data));
	for (unsigned i = 0; p->count == 0 ? !atomic_load(p->stop) : i < p->count; i++) {
		if ((m = ngu_packet(p->graph, data, p->len)) == NULL)
			abort();
		if ((error = ngu_port_send(p->port, m)) != 0) {
			p->failed++;
			p->last = error;
		}
		p->sent++;
	}
	return (NULL);
}

__attribute__((__unused__)) static void
nt_pump_start(struct nt_pump *p, struct ngu_port *port, unsigned count, size_t len, _Atomic bool *stop)
{
	memset(p, 0, sizeof(*p));
	p->port = port;
	p->graph = g;
	p->count = count;
	p->len = len;
	p->stop = stop;
	assert_int_equal(pthread_create(&p->thread, NULL, nt_pump_main, p), 0);
}

__attribute__((__unused__)) static void
nt_pump_join(struct nt_pump *p)
{
	assert_int_equal(pthread_join(p->thread, NULL), 0);
	/* What met a closed gate may still be in another thread's hands: the counts are checked after this. */
	(void)!ngu_settle(g, 10000);
}

#endif /* TESTS_NODES_NT_H */
