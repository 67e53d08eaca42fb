/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_worker.c - who serves queues: workers, pollers, callers on their way out; the fake clock and ng_callout (sections 9, 10.5).
 * No sleeps: what happens elsewhere is waited for, with a limit that only a broken library reaches.
 */
#include "support/unit.h"

#include <pthread.h>

#include <sys/callout.h>

#define COOKIE 77
#define LIMIT_NS 20000000000

static int
queue_hook(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	(void)arg;
	(void)node;
	(void)item;
	NG_HOOK_FORCE_QUEUE(hook);
	return (0);
}

/* probe p.x - A.i/o - probe q.y, A's hook i with HK_QUEUE. */
static struct ngt *
queued(unsigned workers, bool fake)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .workers = workers, .fake_clock = fake };
	struct ngt *t;

	ngt_trace_type("a", NGT_FORWARD);
	ngt_trace_on("newhook A/i", queue_hook, NULL);
	t = ngt_graph_with(&o, "probe p.x - a A.i/o - probe q.y");
	ngt_trace_on("newhook A/i", NULL, NULL);
	ngt_trace_clear();
	return (t);
}

static void
test_served_by_worker(void **state)
{
	struct ngt *t = queued(2, false);
	struct ngt_probe *q = ngt_probe(t, "q");
	const struct ngt_rec *r;
	const void *thread = NULL;
	unsigned i;
	char hex[4];

	(void)state;
	for (i = 0; i < 200; i++) {
		(void)snprintf(hex, sizeof(hex), "%02x", i);
		ngt_send(ngt_probe(t, "p"), "x", (const char *)hex);
	}
	for (i = 0; i < 200; i++) {
		r = ngt_recv(q, "y");
		assert_non_null(r);
		assert_int_equal(r->data[0], i); /* in order */
		assert_ptr_not_equal(r->thread, ngt_thread());
		if (thread == NULL)
			thread = r->thread;
		assert_ptr_equal(r->thread, thread); /* one node, one worker */
	}
	ngt_end(t);
}

static void
test_served_by_caller(void **state)
{
	struct ngt *t = queued(0, true);
	struct ngt_probe *q = ngt_probe(t, "q");
	const struct ngt_rec *r;
	unsigned i;

	(void)state;
	for (i = 0; i < 10; i++)
		ngt_send(ngt_probe(t, "p"), "x", "01");
	for (i = 0; i < 10; i++) {
		r = ngt_recv(q, "y");
		assert_non_null(r);
		assert_ptr_equal(r->thread, ngt_thread());
	}
	assert_int_equal(ngu_poll(G, 0), 0); /* nothing left */
	assert_int_equal(ngu_settle(G, 1), 0);
	ngt_end(t);
}

/* What is still queued when the graph goes is served or freed, not lost (ngt_end() counts). */
static void
test_drain_at_destroy(void **state)
{
	unsigned w, i;

	(void)state;
	for (w = 0; w < 4; w++) {
		struct ngt *t = queued(w, false);

		for (i = 0; i < 500; i++)
			ngt_send(ngt_probe(t, "p"), "x", "00 01 02 03");
		ngt_end(t);
		ngt_trace_clear();
	}
}

static void
test_start_stop(void **state)
{
	struct ngu_graph_opts o = { .size = sizeof(o) };
	struct ngu_graph *g, *before = ngu_graph_enter(NULL);
	unsigned i;

	(void)state;
	for (i = 0; i < 30; i++) {
		o.workers = i % 5;
		o.pin_workers = i & 1;
		assert_int_equal(ngu_graph_create(&o, &g), 0);
		assert_int_equal(ngu_graph_destroy(g), 0);
	}
	g = NULL;
	o.workers = NGU_WORKERS_MAX + 1;
	assert_int_equal(ngu_graph_create(&o, &g), EINVAL);
	assert_null(g);
	(void)ngu_graph_enter(before);
}

/* A node that feeds itself for ever takes no other node's turn away, nor the message that ends it. */
static int
feed(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	int error;

	(void)arg;
	(void)node;
	NG_FWD_ITEM_HOOK(error, *item, hook); /* l1 - l2, both on A, both with HK_QUEUE */
	(void)error;
	return (0);
}

static void
fairness(unsigned workers)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .workers = workers };
	struct ngt *t;
	struct ngt_probe *q;
	struct ngu_graph_stats s1, s2;
	unsigned i;
	int64_t end;

	ngt_trace_type("a", 0);
	ngt_trace_type("b", NGT_FORWARD);
	ngt_trace_on("newhook A/l", queue_hook, NULL);
	ngt_trace_on("newhook B/i", queue_hook, NULL);
	t = ngt_graph_with(&o, "a A; A.l1 - A.l2; probe p.x - b B.i/o - probe q.y");
	ngt_trace_clear();
	q = ngt_probe(t, "q");
	ngt_trace_on("rcvdata A/l", feed, NULL);
	struct ng_node *a = node_of(t, "A");
	struct ngu_graph *before = ngu_graph_enter(G);
	for (i = 0; i < 4; i++) {
		struct mbuf *m = ngu_packet(G, "x", 1);
		int error;

		NG_SEND_DATA_ONLY(error, ng_findhook(a, "l1"), m);
		assert_int_equal(error, 0);
	}
	(void)ngu_graph_enter(before);
	NG_NODE_UNREF(a);
	for (i = 0; i < 10; i++)
		ngt_send(ngt_probe(t, "p"), "x", "00");
	end = ngu__port_mono_ns() + LIMIT_NS;
	while (ngt_packets(q) < 10 && ngu__port_mono_ns() < end) {
		if (workers == 0)
			(void)ngu_poll(G, 64);
		else
			ngu__port_yield();
	}
	assert_int_equal(ngt_packets(q), 10);
	ngu_graph_stats(G, &s1);
	while (workers != 0 && ngu__port_mono_ns() < end) {
		ngu_graph_stats(G, &s2);
		if (s2.delivered > s1.delivered) /* it is still going round */
			break;
		ngu__port_yield();
	}
	assert_int_equal(ngu_shutdown(G, "A:"), 0);
	ngt_expect_hooks(t, "A:", NULL);
	ngt_settle(t);
	ngt_end(t);
	ngt_setup(NULL);
}

static void
test_fairness(void **state)
{
	(void)state;
	fairness(0);
	fairness(1);
	fairness(2);
}

/* Who queues behind a method that takes its time does not wait. */
static _Atomic uint32_t hold, held;

static int
hold_on(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	int64_t end = ngu__port_mono_ns() + LIMIT_NS;

	(void)arg;
	(void)node;
	(void)hook;
	(void)item;
	NGU_ST_REL(&held, 1u);
	while (NGU_LD_ACQ(&hold) != 0 && ngu__port_mono_ns() < end)
		ngu__port_yield();
	return (0);
}

static struct ngu_graph *hold_graph;

static void *
hold_thread(void *arg)
{
	(void)arg;
	return ((void *)(intptr_t)ngu_msg(hold_graph, "A:", COOKIE, 1, NULL, 0, NULL));
}

static void
busy_node(unsigned workers)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .workers = workers };
	struct ngt *t;
	struct ngu_graph_stats s;
	pthread_t th;
	void *result;
	unsigned i;
	char hex[4];

	ngt_trace_type("a", NGT_FORWARD);
	t = ngt_graph_with(&o, "probe p.x - a A.i/o - probe q.y");
	ngt_trace_on("rcvmsg A", hold_on, NULL);
	NGU_ST_REL(&hold, 1u);
	NGU_ST_REL(&held, 0u);
	hold_graph = G;
	assert_int_equal(pthread_create(&th, NULL, hold_thread, NULL), 0);
	while (NGU_LD_ACQ(&held) == 0)
		ngu__port_yield();
	for (i = 0; i < 20; i++) { /* comes back at once */
		(void)snprintf(hex, sizeof(hex), "%02x", i);
		ngt_send(ngt_probe(t, "p"), "x", (const char *)hex);
	}
	ngu_graph_stats(G, &s);
	assert_int_equal(s.queued, 20);
	assert_int_equal(ngu_settle(G, 20), ETIMEDOUT);
	assert_int_equal(ngt_packets(ngt_probe(t, "q")), 0);
	NGU_ST_REL(&hold, 0u);
	pthread_join(th, &result);
	assert_null(result);
	for (i = 0; i < 20; i++) {
		(void)snprintf(hex, sizeof(hex), "%02x", i);
		ngt_expect(ngt_probe(t, "q"), "y", (const char *)hex);
	}
	/* And direct again. */
	ngu_graph_stats(G, &s);
	ngt_send(ngt_probe(t, "p"), "x", "ff");
	ngt_expect(ngt_probe(t, "q"), "y", "ff");
	struct ngu_graph_stats s2;
	ngu_graph_stats(G, &s2);
	assert_int_equal(s.queued_total, s2.queued_total);
	ngt_end(t);
	ngt_setup(NULL);
}

static void
test_busy_node(void **state)
{
	(void)state;
	busy_node(0);
	busy_node(1);
}

/*
 * A worker's method calls into a node that waits on the worker's own list, when it has promised all it can promise: nobody
 * but itself will ever serve that node.
 */
#define MANY 40

static _Atomic uint32_t ran;

static void
run_fn(struct ng_node *node, struct ng_hook *hook, void *arg1, int arg2)
{
	(void)node;
	(void)hook;
	(void)arg1;
	(void)arg2;
	(void)NGU_FADD_SC(&ran, 1u);
}

static void
call_out(struct ng_node *node, struct ng_hook *hook, void *arg1, int arg2)
{
	struct ng_node *c;
	char name[8];

	(void)arg2;
	(void)hold_on(NULL, node, hook, NULL); /* until B is on our list */
	for (unsigned i = 0; i < MANY; i++) {
		(void)snprintf(name, sizeof(name), "C%u", i);
		c = node_of(arg1, name);
		assert_int_equal(ng_send_fn1(c, NULL, run_fn, NULL, 0, NG_QUEUE), 0);
		NG_NODE_UNREF(c);
	}
	ngt_trace_note("message %d", ngu_msg(ngt_g(arg1), "B:", COOKIE, 1, NULL, 0, NULL));
}

static void
test_own_list(void **state)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .workers = 1 };
	struct ng_node *a;
	struct ngt *t;
	struct callout c;
	char line[48];

	(void)state;
	ngt_trace_type("a", NGT_FORWARD);
	ngt_trace_on("newhook B/i", queue_hook, NULL);
	t = ngt_graph_with(&o, "a A; probe r.x - a B.i/o - probe s.y");
	ngt_trace_on("newhook B/i", NULL, NULL);
	for (unsigned i = 0; i < MANY; i++) {
		(void)snprintf(line, sizeof(line), "a C%u", i);
		ngt_add(t, line);
	}
	ngt_trace_clear();
	NGU_ST_REL(&ran, 0u);
	NGU_ST_REL(&held, 0u);
	NGU_ST_REL(&hold, 1u);
	ng_callout_init(&c);
	a = node_of(t, "A");
	assert_int_equal(ng_callout(&c, a, NULL, 1, call_out, t, 0), 0); /* the worker runs it */
	NG_NODE_UNREF(a);
	while (NGU_LD_ACQ(&held) == 0)
		ngu__port_yield();
	ngt_send(ngt_probe(t, "r"), "x", "02");
	NGU_ST_REL(&hold, 0u);
	ngt_expect(ngt_probe(t, "s"), "y", "02");
	ngt_settle(t);
	assert_int_equal(NGU_LD_ACQ(&ran), MANY);
	ngt_expect_trace("rcvmsg B 77:1; message 0");
	ngt_end(t);
}

/* A graph in which a removal waits for its node's turn is not settled. */
static void
busy_removal(unsigned workers, bool whole)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .workers = workers };
	struct ngt *t;
	struct ng_node *a;
	struct ng_hook *h;
	pthread_t th;
	void *result;

	ngt_trace_type("a", 0);
	t = ngt_graph_with(&o, "a A.x - a B.y");
	a = node_of(t, "A");
	assert_non_null(h = ng_findhook(a, "x"));
	ngt_trace_on("rcvmsg A", hold_on, NULL);
	NGU_ST_REL(&hold, 1u);
	NGU_ST_REL(&held, 0u);
	hold_graph = G;
	assert_int_equal(pthread_create(&th, NULL, hold_thread, NULL), 0);
	while (NGU_LD_ACQ(&held) == 0)
		ngu__port_yield();
	assert_int_equal(ngu_settle(G, 20000), 0); /* a method that runs does not count */
	assert_int_equal(whole ? ng_rmnode_self(a) : ng_rmhook_self(h), 0);
	assert_int_equal(ngu_settle(G, 20), ETIMEDOUT);
	NGU_ST_REL(&hold, 0u);
	pthread_join(th, &result);
	assert_null(result);
	assert_int_equal(ngu_settle(G, 20000), 0);
	assert_null(ng_findhook(a, "x"));
	assert_int_equal(NG_NODE_IS_VALID(a), !whole);
	NG_NODE_UNREF(a);
	ngt_end(t);
	ngt_setup(NULL);
}

static void
test_busy_removal(void **state)
{
	(void)state;
	busy_removal(0, false);
	busy_removal(1, false);
	busy_removal(0, true);
	busy_removal(1, true);
}

/* ---- the clock and callouts ---- */

static void
tock(struct ng_node *node, struct ng_hook *hook, void *arg1, int arg2)
{
	ngt_trace_note("tick %s %s %d at %lld", NG_NODE_NAME(node), hook != NULL ? NG_HOOK_NAME(hook) : "-", arg2,
	    (long long)(ngu_clock_now(node->nd_graph) / 1000000));
	assert_true(ngu__w_held(ngu__self(), node)); /* under the node's writer turn */
	if (arg1 != NULL && arg2 < 3)
		assert_int_equal(ng_callout(arg1, node, hook, 10, tock, arg1, arg2 + 1), 0);
}

static void
test_callout(void **state)
{
	struct ngt *t = traced(0, 0, "a A.x - b B.y");
	struct ng_node *a = node_of(t, "A");
	struct callout c, d;

	(void)state;
	ng_callout_init(&c);
	ng_callout_init(&d);
	assert_false(callout_pending(&c));
	assert_int_equal(ng_callout(&c, a, NULL, 5, tock, NULL, 1), 0);
	assert_int_equal(ng_callout(&d, a, ng_findhook(a, "x"), 3, tock, NULL, 2), 0);
	assert_true(callout_pending(&c));
	ngt_advance(t, 2);
	ngt_expect_trace("");
	ngt_advance(t, 1);
	ngt_expect_trace("tick A x 2 at 3");
	ngt_advance(t, 10);
	ngt_expect_trace("tick A - 1 at 5"); /* at its own time */
	assert_false(callout_pending(&c));
	/* Armed again before it is due: the new time, once. */
	assert_int_equal(ng_callout(&c, a, NULL, 5, tock, NULL, 3), 0);
	ngt_advance(t, 4);
	assert_int_equal(ng_callout(&c, a, NULL, 5, tock, NULL, 4), 0);
	ngt_advance(t, 4);
	ngt_expect_trace("");
	ngt_advance(t, 1);
	ngt_expect_trace("tick A - 4 at 22");
	/* Cancelled. */
	assert_int_equal(ng_callout(&c, a, NULL, 5, tock, NULL, 5), 0);
	assert_int_equal(ng_uncallout(&c, a), 1);
	assert_int_equal(ng_uncallout(&c, a), 0);
	ngt_advance(t, 100);
	ngt_expect_trace("");
	assert_int_equal(ng_callout(&c, a, NULL, 5, tock, NULL, 6), 0);
	assert_int_equal(ng_uncallout_drain(&c, a), 1);
	ngt_advance(t, 100);
	ngt_expect_trace("");
	/* From inside itself. */
	assert_int_equal(ng_callout(&c, a, NULL, 10, tock, &c, 1), 0);
	ngt_advance(t, 1000);
	ngt_expect_trace("tick A - 1 at 232; tick A - 2 at 242; tick A - 3 at 252");
	NG_NODE_UNREF(a);
	ngt_end(t);
}

/* Many at one time: in order of arming. */
static void
test_callout_order(void **state)
{
	struct ngt *t = traced(0, 0, "a A");
	struct ng_node *a = node_of(t, "A");
	struct callout c[50];
	char want[4096] = "";
	int i;

	(void)state;
	for (i = 0; i < 50; i++) {
		ng_callout_init(&c[i]);
		assert_int_equal(ng_callout(&c[i], a, NULL, 5 + i / 10, tock, NULL, i), 0);
		(void)snprintf(want + strlen(want), sizeof(want) - strlen(want), "%stick A - %d at %d", i ? "; " : "", i, 5 + i / 10);
	}
	ngt_advance(t, 100);
	ngt_expect_trace(want);
	NG_NODE_UNREF(a);
	ngt_end(t);
}

/* The node or the hook is gone when it fires: skipped, and its references let go. */
static void
test_callout_invalid(void **state)
{
	struct ngt *t = traced(0, 0, "a A.x - b B.y; a C");
	struct ng_node *a = node_of(t, "A"), *c = node_of(t, "C");
	struct callout of_hook, of_node;

	(void)state;
	ng_callout_init(&of_hook);
	ng_callout_init(&of_node);
	assert_int_equal(ng_callout(&of_hook, a, ng_findhook(a, "x"), 5, tock, NULL, 1), 0);
	assert_int_equal(ng_callout(&of_node, c, NULL, 5, tock, NULL, 2), 0);
	assert_int_equal(ngu_rmhook(G, "A:", "x"), 0);
	assert_int_equal(ngu_shutdown(G, "C:"), 0);
	ngt_trace_clear();
	ngt_advance(t, 10);
	ngt_expect_trace("");
	NG_NODE_UNREF(a);
	NG_NODE_UNREF(c);
	expect_alive(t, 2, 0);
	ngt_end(t);
}

/* The node is busy: behind what waits. */
static int
advance_inside(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	(void)arg;
	(void)hook;
	(void)item;
	assert_int_equal(ngu_clock_advance(node->nd_graph, 10000000), 0);
	ngt_trace_note("advanced");
	return (0);
}

static void
test_callout_busy(void **state)
{
	struct ngt *t = traced(0, 0, "a A");
	struct ng_node *a = node_of(t, "A");
	struct callout c;

	(void)state;
	ng_callout_init(&c);
	assert_int_equal(ng_callout(&c, a, NULL, 5, tock, NULL, 1), 0);
	ngt_trace_on("rcvmsg A", advance_inside, NULL);
	ngt_msg(t, "A:", COOKIE, 1, NULL, 0);
	ngt_settle(t);
	ngt_expect_trace("rcvmsg A 77:1; advanced; tick A - 1 at 10");
	NG_NODE_UNREF(a);
	ngt_end(t);
}

/* Armed when the graph goes: freed with it. */
static void
test_callout_at_destroy(void **state)
{
	struct ngt *t = traced(0, 0, "a A");
	struct ng_node *a = node_of(t, "A");
	static struct callout c;

	(void)state;
	ng_callout_init(&c);
	assert_int_equal(ng_callout(&c, a, NULL, 5, tock, NULL, 1), 0);
	assert_int_equal(ng_uncallout(&c, a), 1); /* a node's shutdown owes that: its item holds the node */
	NG_NODE_UNREF(a);
	ngt_end(t);
}

/* Real time, run by a worker. */
/* A timer's function arms it again and thinks better of it: the second item is nobody's but ng_uncallout()'s. */
static void
arm_and_stop(struct ng_node *node, struct ng_hook *hook, void *arg1, int arg2)
{
	(void)hook;
	(void)arg2;
	assert_int_equal(ng_callout(arg1, node, NULL, 1, arm_and_stop, arg1, 0), 0);
	assert_int_equal(ng_uncallout(arg1, node), 0); /* the one that runs cannot be stopped */
}

static void
test_callout_again_and_stop(void **state)
{
	static struct callout c;
	struct ng_node *a;
	struct ngt *t;

	(void)state;
	ngt_trace_type("a", 0);
	t = ngt_graph("a A");
	a = node_of(t, "A");
	(void)ngu_graph_enter(G);
	ng_callout_init(&c);
	assert_int_equal(ng_callout(&c, a, NULL, 1, arm_and_stop, &c, 0), 0);
	ngt_advance(t, 10);
	assert_int_equal(ngu_clock_next(G), -1);
	NG_NODE_UNREF(a);
	ngt_end(t); /* EBUSY if an item with its reference is left */
	ngt_trace_clear();
}

static _Atomic uint32_t ticks_seen;

static void
real_tick(struct ng_node *node, struct ng_hook *hook, void *arg1, int arg2)
{
	(void)hook;
	(void)NGU_FADD_SC(&ticks_seen, 1u);
	if (arg2 > 0)
		(void)ng_callout(arg1, node, NULL, 1, real_tick, arg1, arg2 - 1);
}

static void
real_time(unsigned workers)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .workers = workers };
	struct ngt *t;
	struct ng_node *a;
	static struct callout c;
	int64_t end = ngu__port_mono_ns() + LIMIT_NS, t0;

	ngt_trace_type("a", 0);
	t = ngt_graph_with(&o, "a A");
	a = node_of(t, "A");
	(void)ngu_graph_enter(G);
	NGU_ST_REL(&ticks_seen, 0u);
	ng_callout_init(&c);
	t0 = ngu_clock_now(G);
	assert_int_equal(ngu_clock_next(G), -1);
	assert_int_equal(ng_callout(&c, a, NULL, 1, real_tick, &c, 4), 0);
	while (NGU_LD_ACQ(&ticks_seen) < 5 && ngu__port_mono_ns() < end) {
		if (workers == 0)
			(void)ngu_poll(G, 0);
		else
			ngu__port_yield();
	}
	assert_int_equal(NGU_LD_ACQ(&ticks_seen), 5);
	assert_true(ngu_clock_now(G) - t0 >= 5000000);
	(void)ng_uncallout_drain(&c, a);
	assert_int_equal(ngu_clock_next(G), -1);
	NG_NODE_UNREF(a);
	ngt_end(t);
	ngt_trace_clear();
}

static void
test_callout_real(void **state)
{
	(void)state;
	real_time(0);
	real_time(1);
	real_time(2);
}

static void
test_fake_clock(void **state)
{
	struct ngt *t = ngt_graph("");

	(void)state;
	assert_int_equal(ngu_clock_now(G), 0);
	assert_int_equal(ngu_clock_advance(G, 1), 0);
	assert_int_equal(ngu_clock_now(G), 1);
	assert_int_equal(ngu_clock_advance(G, 0), 0);
	assert_int_equal(ngu_clock_advance(G, -1), EINVAL);
	ngt_advance(t, 3);
	assert_int_equal(ngu_clock_now(G), 3000001);
	ngt_end(t);
}

/* Two threads move the clock: one after the other, and nothing of either is lost. */
static _Atomic uint32_t moved;
static struct ngu_graph *moved_graph;
static pthread_t mover;

static void *
move_on(void *arg)
{
	int64_t by = *(int64_t *)arg;
	int error = ngu_clock_advance(moved_graph, by);

	NGU_ST_REL(&moved, 1u);
	return ((void *)(intptr_t)error);
}

static void
start_mover(struct ng_node *node, struct ng_hook *hook, void *arg1, int arg2)
{
	unsigned i;

	(void)hook;
	(void)arg2;
	moved_graph = node->nd_graph;
	assert_int_equal(ngu_clock_now(moved_graph), 1000000);
	assert_int_equal(ngu_clock_advance(moved_graph, 1), EDEADLK); /* it is being moved, by us */
	assert_int_equal(pthread_create(&mover, NULL, move_on, arg1), 0);
	for (i = 0; i < 2000 && NGU_LD_ACQ(&moved) == 0; i++) /* every chance to come in between */
		ngu__port_yield();
	assert_int_equal(ngu_clock_now(moved_graph), 1000000);
}

static void
test_clock_two_movers(void **state)
{
	struct ngt *t = traced(0, 0, "a A");
	struct ng_node *a = node_of(t, "A");
	static struct callout c, d;
	int64_t by = 5000000;
	void *result;

	(void)state;
	NGU_ST_REL(&moved, 0u);
	ng_callout_init(&c);
	ng_callout_init(&d);
	assert_int_equal(ng_callout(&c, a, NULL, 1, start_mover, &by, 0), 0);
	assert_int_equal(ng_callout(&d, a, NULL, 12, tock, NULL, 1), 0); /* on the other's way */
	assert_int_equal(ngu_clock_advance(G, 10000000), 0);
	pthread_join(mover, &result);
	assert_null(result);
	assert_int_equal(ngu_clock_now(G), 15000000);
	ngt_expect_trace("tick A - 1 at 12");
	NG_NODE_UNREF(a);
	ngt_end(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_served_by_worker),
		ngt_test(test_served_by_caller),
		ngt_test(test_drain_at_destroy),
		ngt_test(test_start_stop),
		ngt_test(test_fairness),
		ngt_test(test_busy_node),
		ngt_test(test_own_list),
		ngt_test(test_busy_removal),
		ngt_test(test_fake_clock),
		ngt_test(test_clock_two_movers),
		ngt_test(test_callout),
		ngt_test(test_callout_order),
		ngt_test(test_callout_invalid),
		ngt_test(test_callout_busy),
		ngt_test(test_callout_at_destroy),
		ngt_test(test_callout_again_and_stop),
		ngt_test(test_callout_real),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
