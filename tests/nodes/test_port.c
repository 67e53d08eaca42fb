/* SPDX-License-Identifier: BSD-2-Clause */
/* test_port.c - ports: a program's own end of a link (include/ng/port.h). */
#include "nodes/nt.h"

#include <netgraph/ng_hole.h>

static void
test_two_ports(void **state)
{
	struct nt_end a, b;
	struct nodeinfo ni;
	char path[16];

	(void)state;
	memset(&a, 0, sizeof(a));
	ok(ngu_port_create(g, "a", nt_rx, &a, &a.port));
	assert_int_equal(nt_send(&a, "too early"), ENOTCONN);
	nt_open(&b, "a:", "port");
	ok(nt_send(&a, "to b"));
	ok(nt_send(&b, "to a"));
	assert_int_equal(a.n, 1);
	assert_int_equal(b.n, 1);
	assert_string_equal(a.got[0], "to a");
	assert_string_equal(b.got[0], "to b");
	(void)snprintf(path, sizeof(path), "[%x]:", ngu_port_id(a.port));
	nt_ask(path, NGM_GENERIC_COOKIE, NGM_NODEINFO, NULL, 0, &ni, sizeof(ni));
	assert_string_equal(ni.name, "a");
	assert_string_equal(ni.type, "port");
	assert_int_equal(ni.id, ngu_port_id(a.port));
	assert_int_equal(ni.hooks, 1);
	nt_close(&b);
	assert_int_equal(nt_send(&a, "gone"), ENOTCONN);
	/* A created port waits for the next one. */
	nt_open(&b, "a:", "port");
	ok(nt_send(&a, "again"));
	assert_int_equal(b.n, 1);
	nt_close(&a);
	assert_int_equal(ngu_lookup(g, "a:", NULL), ENOENT);
	assert_int_equal(nt_send(&b, "gone"), ENOTCONN);
	nt_close(&b);
	ngu_port_close(NULL);
}

static void
test_errors(void **state)
{
	struct nt_end a;
	struct ngu_port *p = (void *)-1;

	(void)state;
	assert_int_equal(ngu_port_open(g, "nobody:", "x", NULL, NULL, &p), ENOENT);
	assert_int_equal(ngu_port_open(g, NULL, "x", NULL, NULL, &p), EINVAL);
	ok(ngu_port_create(g, "a", nt_rx, &a, &a.port));
	assert_int_equal(ngu_port_create(g, "a", NULL, NULL, &p), EADDRINUSE);
	assert_int_equal(ngu_port_create(g, "a.b", NULL, NULL, &p), EINVAL);
	assert_int_equal(ngu_port_open(g, "a:", "other", NULL, NULL, &p), EINVAL);
	assert_ptr_equal(p, (void *)-1); /* set on success only */
	ok(ngu_mknode(g, "hole", "h", NULL));
	ok(ngu_connect(g, "a:", "port", "h:", "1"));
	assert_int_equal(ngu_connect(g, "a:", "port", "h:", "2"), EEXIST);
	assert_int_equal(nt_hooks("h:"), 1);
	nt_close(&a);
}

/* A port without rx: what comes is freed, and seen in the books. */
static void
test_no_rx(void **state)
{
	struct ngu_hook_stats hs;
	struct ngu_port *p, *q;

	(void)state;
	ok(ngu_port_create(g, "q", NULL, NULL, &q));
	ok(ngu_port_open(g, "q:", "port", NULL, NULL, &p));
	for (int i = 0; i < 10; i++)
		ok(ngu_port_send(p, ngu_packet(g, "1234", 4)));
	ok(ngu_hook_stats(g, "q:", "port", &hs));
	assert_int_equal(hs.packets, 10);
	assert_int_equal(hs.bytes, 40);
	ngu_port_close(p);
	ngu_port_close(q);
}

static void
test_burst(void **state)
{
	struct mbuf *vec[40];
	struct nt_end a, b;

	(void)state;
	memset(&a, 0, sizeof(a));
	ok(ngu_port_create(g, "a", nt_rx, &a, &a.port));
	for (int i = 0; i < 5; i++)
		vec[i] = ngu_packet(g, "x", 1);
	assert_int_equal(ngu_port_send_burst(a.port, vec, 5), ENOTCONN);
	nt_open(&b, "a:", "port");
	for (int i = 0; i < 40; i++) {
		char text[8];

		(void)snprintf(text, sizeof(text), "%d", i);
		vec[i] = ngu_packet(g, text, strlen(text));
	}
	ok(ngu_port_send_burst(a.port, vec, 40));
	assert_int_equal(b.n, 40);
	for (int i = 0; i < 40; i++)
		assert_int_equal(atoi(b.got[i]), i);
	ok(ngu_port_send_burst(a.port, vec, 0));
	nt_close(&a);
	nt_close(&b);
}

/* Ended by somebody else: the handle stays good for everything but sending. */
static void
test_shut_down_by_others(void **state)
{
	struct mbuf *vec[2];
	struct nt_end a, b;
	char path[16];

	(void)state;
	memset(&a, 0, sizeof(a));
	ok(ngu_port_create(g, "a", nt_rx, &a, &a.port));
	nt_open(&b, "a:", "port");
	ok(ngu_shutdown(g, "a:"));
	ngu_reclaim_barrier();
	assert_int_equal(nt_send(&a, "x"), ENOTCONN);
	vec[0] = ngu_packet(g, "x", 1);
	vec[1] = ngu_packet(g, "y", 1);
	assert_int_equal(ngu_port_send_burst(a.port, vec, 2), ENOTCONN);
	assert_true(ngu_port_id(a.port) != 0);
	assert_int_equal(nt_send(&b, "x"), ENOTCONN);
	(void)snprintf(path, sizeof(path), "[%x]:", ngu_port_id(b.port));
	ok(ngu_shutdown(g, path));
	nt_close(&a);
	nt_close(&b);
}

/* A port made by a message, as any node can be: nobody receives, and it goes with its hook. */
static void
test_made_by_message(void **state)
{
	struct nt_end a;

	(void)state;
	ok(ngu_mknode(g, "hub", "h", NULL));
	nt_open(&a, "h:", "a");
	ok(ngu_mkpeer(g, "h:", "port", "p", "port"));
	ok(ngu_name(g, "h:p", "p"));
	ok(nt_send(&a, "x"));
	assert_int_equal(ngu_mkpeer(g, "h:", "port", "q", "wrong"), EINVAL);
	ok(ngu_rmhook(g, "h:", "p"));
	assert_int_equal(ngu_lookup(g, "p:", NULL), ENOENT);
	ok(ngu_mkpeer(g, "h:", "port", "p", "port"));
	nt_close(&a);
	ok(ngu_shutdown(g, "h:"));
}

/* ---- sending from inside rx ---- */

struct relay {
	struct ngu_port *to;
	_Atomic unsigned n;
	_Atomic int error;
};

static void
rx_relay(void *arg, struct mbuf *m)
{
	struct relay *r = arg;

	atomic_fetch_add(&r->n, 1u);
	atomic_store(&r->error, ngu_port_send(r->to, m));
}

static void
test_send_inside(void **state)
{
	struct ngu_port *in, *mid;
	struct relay r = { 0 };
	struct nt_end far;

	(void)state;
	ok(ngu_port_create(g, "mid", rx_relay, &r, &mid));
	ok(ngu_port_create(g, "out", NULL, NULL, &r.to));
	nt_open(&far, "out:", "port");
	ok(ngu_port_open(g, "mid:", "port", NULL, NULL, &in));
	ok(ngu_port_send(in, ngu_packet(g, "through", 7)));
	assert_int_equal(r.n, 1);
	assert_int_equal(r.error, 0);
	assert_string_equal(far.got[0], "through");
	ngu_port_close(in);
	ngu_port_close(mid);
	ngu_port_close(r.to);
	nt_close(&far);
}

/* ---- closing while others are in rx ---- */

struct rx_guard {
	_Atomic unsigned inside, calls;
	_Atomic bool closed, late;
};

static void
rx_guarded(void *arg, struct mbuf *m)
{
	struct rx_guard *r = arg;

	atomic_fetch_add(&r->inside, 1u);
	for (int i = 0; i < 50; i++)
		if (atomic_load(&r->closed))
			atomic_store(&r->late, true);
	atomic_fetch_add(&r->calls, 1u);
	ngu_packet_free(m);
	atomic_fetch_sub(&r->inside, 1u);
}

static void
test_close_under_traffic(void **state)
{
	_Atomic bool stop;
	struct ngu_port *hear, *say[4];
	struct nt_pump p[4];
	struct rx_guard *r;
	char name[8];

	(void)state;
	for (int round = 0; round < 20; round++) {
		atomic_store(&stop, false);
		r = calloc(1, sizeof(*r));
		assert_non_null(r);
		ok(ngu_mknode(g, "hub", "h", NULL));
		ok(ngu_port_open(g, "h:", "hear", rx_guarded, r, &hear));
		for (int i = 0; i < 4; i++) {
			(void)snprintf(name, sizeof(name), "%d", i);
			ok(ngu_port_open(g, "h:", name, NULL, NULL, &say[i]));
		}
		for (int i = 0; i < 4; i++)
			nt_pump_start(&p[i], say[i], 0, 20, &stop);
		while (atomic_load(&r->calls) < 100)
			;
		if (round % 2) { /* somebody else is faster */
			char path[16];

			(void)snprintf(path, sizeof(path), "[%x]:", ngu_port_id(hear));
			ok(ngu_shutdown(g, path));
		}
		ngu_port_close(hear);
		atomic_store(&r->closed, true);
		assert_int_equal(r->inside, 0);
		assert_false(r->late);
		free(r); /* a late call would be seen by the sanitizers */
		atomic_store(&stop, true);
		for (int i = 0; i < 4; i++) {
			nt_pump_join(&p[i]);
			ngu_port_close(say[i]);
		}
		assert_int_equal(ngu_lookup(g, "h:", NULL), ENOENT);
	}
}

/* Four threads send through one handle while its link is taken away and made again. */
static void
test_rewire_under_traffic(void **state)
{
	_Atomic bool stop = false;
	struct nt_pump p[4];
	struct nt_end a;
	uint64_t sent = 0, failed = 0;
	struct ngu_graph_stats st;

	(void)state;
	memset(&a, 0, sizeof(a));
	ok(ngu_port_create(g, "a", nt_rx_count, &a, &a.port));
	ok(ngu_mknode(g, "hole", "h", NULL));
	ok(ngu_mkpeer(g, "h:", "hole", "keep", "keep"));
	for (int i = 0; i < 4; i++)
		nt_pump_start(&p[i], a.port, 0, 20, &stop);
	for (int i = 0; i < 500; i++) {
		ok(ngu_connect(g, "a:", "port", "h:", "x"));
		ok(i % 2 ? ngu_rmhook(g, "a:", "port") : ngu_rmhook(g, "h:", "x"));
	}
	atomic_store(&stop, true);
	for (int i = 0; i < 4; i++) {
		nt_pump_join(&p[i]);
		sent += p[i].sent;
		failed += p[i].failed;
		if (p[i].failed != 0)
			assert_true(p[i].last == ENOTCONN || p[i].last == ENETDOWN);
	}
	ok(ngu_settle(g, 10000));
	ngu_graph_stats(g, &st);
	assert_int_equal(st.attempted, sent);
	assert_int_equal(st.refused, failed);
	nt_close(&a);
	ok(ngu_shutdown(g, "h:"));
}

/* Many threads make and close ports at a time. */
static void *
churn(void *arg)
{
	struct ngu_port *p;
	char name[16];

	for (int i = 0; i < 300; i++) {
		(void)snprintf(name, sizeof(name), "p%d.%d", *(int *)arg, i);
		if (ngu_port_open(g, "h:", name, NULL, NULL, &p) != 0)
			return ((void *)1);
		if (ngu_port_send(p, ngu_packet(g, name, strlen(name))) != 0)
			return ((void *)2);
		ngu_port_close(p);
	}
	return (NULL);
}

static void
test_churn(void **state)
{
	int no[4] = { 0, 1, 2, 3 };
	pthread_t t[4];
	void *res;

	(void)state;
	ok(ngu_mknode(g, "hole", "h", NULL));
	ok(ngu_mkpeer(g, "h:", "hole", "keep", "keep"));
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&t[i], NULL, churn, &no[i]), 0);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(t[i], &res), 0);
		assert_null(res);
	}
	assert_int_equal(nt_hooks("h:"), 1);
	ok(ngu_shutdown(g, "h:"));
}

static int
with_workers(void **state)
{
	nt_workers = 2;
	return (nt_setup(state));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		nt_test(test_two_ports),
		nt_test(test_errors),
		nt_test(test_no_rx),
		nt_test(test_burst),
		nt_test(test_shut_down_by_others),
		nt_test(test_made_by_message),
		nt_test(test_send_inside),
		nt_test(test_close_under_traffic),
		cmocka_unit_test_setup_teardown(test_close_under_traffic, with_workers, nt_teardown),
		nt_test(test_rewire_under_traffic),
		cmocka_unit_test_setup_teardown(test_rewire_under_traffic, with_workers, nt_teardown),
		nt_test(test_churn),
	};

	return (cmocka_run_group_tests_name("port", tests, NULL, NULL));
}
