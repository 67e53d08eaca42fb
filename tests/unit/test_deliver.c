/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_deliver.c - a packet's way: results, depth, loops, order, and exact accounts with every reason (sections 8, 10; docs/decisions/0003-delivery.md).
 */
#include "support/unit.h"

#include "core/gate.h"

#include <pthread.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SMALL_STACK (512 * 1024) /* the runtime wants its share of it */
#else
#define SMALL_STACK (64 * 1024)
#endif

static void
accounts(struct ngt *t, struct ngu_graph_stats *s)
{
	ngt_settle(t);
	ngu_graph_stats(G, s);
	assert_int_equal(s->attempted, s->delivered + s->refused + s->dropped);
	assert_int_equal(s->queued, 0);
}

/* ---- the plain way ---- */

static void
test_results(void **state)
{
	struct ngt *t = traced(NGT_FORWARD, 0, "probe p.o - a A.x/y - probe q.i");
	struct ngt_probe *p = ngt_probe(t, "p"), *q = ngt_probe(t, "q");
	struct ngu_hook_stats h;
	struct ngu_graph_stats s;

	(void)state;
	ngt_send(p, "o", "00 11 22");
	ngt_expect(q, "i", "00 11 22");
	ngt_expect_none(q, NULL);
	/* What the receiver says comes back through the chain. */
	ngt_refuse(q, ENOBUFS);
	assert_int_equal(ngt_try_send(p, "o", "33"), ENOBUFS);
	ngt_expect(q, "i", "33");
	assert_int_equal(ngu_hook_stats(G, "q:", "i", &h), 0);
	assert_int_equal(h.packets, 2);
	assert_int_equal(h.bytes, 4);
	assert_int_equal(h.refused, 0);
	assert_int_equal(ngu_hook_stats(G, "q:", "z", &h), ENOENT);
	assert_int_equal(ngu_hook_stats(G, "z:", "z", &h), ENOENT);
	accounts(t, &s);
	assert_int_equal(s.attempted, 4);
	assert_int_equal(s.delivered, 4);
	assert_int_equal(s.delivered_bytes, 8);
	assert_int_equal(s.mbufs, 0);
	/* Bytes of hooks that are gone still count. */
	assert_int_equal(ngu_shutdown(G, "q:"), 0);
	ngu_reclaim_barrier();
	ngu_graph_stats(G, &s);
	assert_int_equal(s.delivered_bytes, 8);
	ngt_end(t);
}

static void
test_big_packet(void **state)
{
	struct ngt *t = traced(NGT_FORWARD, 0, "probe p.o - a A.x/y - probe q.i");
	struct ngt_pkt pkt = ngt_pattern(4000, 3);

	(void)state;
	ngt_send(ngt_probe(t, "p"), "o", pkt);
	ngt_expect(ngt_probe(t, "q"), "i", pkt);
	pkt.len = 0;
	ngt_send(ngt_probe(t, "p"), "o", pkt);
	ngt_expect(ngt_probe(t, "q"), "i", pkt);
	ngt_end(t);
}

/* ---- a thread without counters of its own ---- */

static bool
refuse_range(size_t size)
{
	return (size != NGU_CTRS * sizeof(struct ngu__ctr));
}

#define UNCOUNTED 100

static void *
uncounted(void *arg)
{
	struct ngt *t = arg;

	assert_null(NGU_LD_RLX(&ngu__self()->ctr));
	for (unsigned i = 0; i < UNCOUNTED; i++)
		ngt_send(ngt_probe(t, "p"), "o", "01 02 03");
	assert_int_equal(ngu__self()->limit, 0);
	return (NULL);
}

/* It counts in the process's, the slow way; nothing is lost, and what it sends arrives. The first test: its record has to be a new one. */
static void
test_no_range(void **state)
{
	struct ngt *t = traced(NGT_FORWARD, 0, "probe p.o - a A.x/y - a B.x/y - probe q.i");
	struct ngu_hook_stats h;
	struct ngu_graph_stats s;
	pthread_t thread;

	(void)state;
	ngu__port_alloc_hook = refuse_range;
	assert_int_equal(pthread_create(&thread, NULL, uncounted, t), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	ngu__port_alloc_hook = NULL;
	ngt_send(ngt_probe(t, "p"), "o", "04");
	for (unsigned i = 0; i < UNCOUNTED; i++)
		ngt_expect(ngt_probe(t, "q"), "i", "01 02 03");
	ngt_expect(ngt_probe(t, "q"), "i", "04");
	assert_int_equal(ngu_hook_stats(G, "B:", "x", &h), 0);
	assert_int_equal(h.packets, UNCOUNTED + 1);
	assert_int_equal(h.bytes, 3 * UNCOUNTED + 1);
	accounts(t, &s);
	assert_int_equal(s.delivered, 3 * (UNCOUNTED + 1));
	assert_int_equal(s.delivered_bytes, 3 * (3 * UNCOUNTED + 1));
	ngt_end(t);
}

/*
 * A thread that is at home in another graph: the books of the hook's graph; and its way out is one, so that what it laid aside at a
 * closed node, or promised, is done when the call returns.
 */
static void
test_not_at_home(void **state)
{
	struct ngt *t = traced(NGT_FORWARD, 0, "probe p.o - a A.x/y - probe q.i");
	struct ngu_graph *other = NULL, *home;
	struct ngu__thread *ts = ngu__self();
	struct ngu_graph_stats s;
	struct ng_node *node;
	struct ng_hook *hook;
	struct mbuf *m;
	int error;

	(void)state;
	assert_int_equal(ngu_graph_create(NULL, &other), 0);
	home = ngu_graph_enter(G);
	assert_non_null(node = ng_name2noderef(NULL, "p"));
	ngu__section_enter(ts);
	assert_non_null(hook = ngu__findhook(node, "o"));
	ngu__section_leave(ts);
	assert_non_null(m = ngu_packet(G, "xy", 2));
	(void)ngu_graph_enter(other);
	NG_SEND_DATA_ONLY(error, hook, m);
	assert_int_equal(error, 0);
	assert_int_equal(ts->nest, 0);
	assert_int_equal(ts->level, 0);
	/* The node is closed: laid aside, and in its queue by the way out. */
	(void)NGU_FOR_SC(&NGU_LD_ACQ(&NGU_LD_ACQ(&hook->hk_peer)->hk_node)->nd_gate, NGU_G_W);
	assert_non_null(m = ngu_packet(G, "zw", 2));
	NG_SEND_DATA_ONLY(error, hook, m);
	assert_int_equal(error, 0);
	assert_int_equal(ts->nlocal, 0);
	assert_false(ts->rcl_kept);
	(void)NGU_FAND_SC(&NGU_LD_ACQ(&NGU_LD_ACQ(&hook->hk_peer)->hk_node)->nd_gate, ~NGU_G_W);
	assert_true((NGU_LD_ACQ(&NGU_LD_ACQ(&NGU_LD_ACQ(&hook->hk_peer)->hk_node)->nd_gate) & NGU_G_Q) != 0);
	ngu__wq_push(ts, NGU_LD_ACQ(&NGU_LD_ACQ(&hook->hk_peer)->hk_node)); /* as its owner would have seen to it */
	(void)ngu_graph_enter(home);
	NG_NODE_UNREF(node);
	accounts(t, &s);
	ngt_expect(ngt_probe(t, "q"), "i", "78 79");
	ngt_expect(ngt_probe(t, "q"), "i", "7a 77");
	assert_int_equal(s.attempted, s.delivered + s.refused + s.dropped);
	ngu_graph_stats(other, &s);
	assert_int_equal(s.attempted, 0);
	assert_int_equal(ngu_graph_destroy(other), 0);
	ngt_end(t);
}

/* ---- depth ---- */

/* Nodes n1 .. nN of type a in a row, probe p in front and q behind. */
static struct ngt *
chain(unsigned n)
{
	struct ngt *t;
	char a[32], b[32];
	unsigned i;

	ngt_trace_type("a", NGT_FORWARD | NGT_NO_CONNECT | NGT_NO_NEWHOOK | NGT_NO_DISCONNECT | NGT_NO_CLOSE);
	t = ngt_graph("probe p; probe q");
	for (i = 1; i <= n; i++) {
		(void)snprintf(b, sizeof(b), "n%u", i);
		assert_int_equal(ngu_mknode(G, "a", b, NULL), 0);
		(void)snprintf(a, sizeof(a), i == 1 ? "p:" : "n%u:", i - 1);
		(void)snprintf(b, sizeof(b), "n%u:", i);
		assert_int_equal(ngu_connect(G, a, "o", b, "i"), 0);
	}
	(void)snprintf(a, sizeof(a), "n%u:", n);
	assert_int_equal(ngu_connect(G, a, "o", "q:", "i"), 0);
	ngt_trace_clear();
	return (t);
}

/* The kit's packets are too big for a small stack: a hook and mbufs. */
static struct ng_hook *out;
static struct ngu_graph *out_graph;
static _Atomic uint32_t out_errors;

static void *
send_small(void *arg)
{
	unsigned i, n = (unsigned)(uintptr_t)arg;
	struct mbuf *m;
	uint8_t b;
	int error;

	(void)ngu_graph_enter(out_graph);
	for (i = 0; i < n; i++) {
		b = (uint8_t)i;
		m = ngu_packet(out_graph, &b, 1);
		NG_SEND_DATA_ONLY(error, out, m);
		if (error != 0)
			(void)NGU_FADD_RLX(&out_errors, 1u);
	}
	return (NULL);
}

static void
test_10000_hops(void **state)
{
	enum { HOPS = 10000, PACKETS = 20 };
	struct ngt *t = chain(HOPS);
	struct ngt_probe *q = ngt_probe(t, "q");
	struct ng_node *p = node_of(t, "p");
	struct ngu_graph_stats s;
	pthread_attr_t attr;
	pthread_t th;
	unsigned i;
	char hex[4];
	long min;

	(void)state;
	out = ng_findhook(p, "o");
	out_graph = G;
	NGU_ST_REL(&out_errors, 0u);
	assert_int_equal(pthread_attr_init(&attr), 0);
	min = sysconf(_SC_THREAD_STACK_MIN); /* 128 KB on arm64 */
	assert_int_equal(pthread_attr_setstacksize(&attr, min > SMALL_STACK ? (size_t)min : SMALL_STACK), 0);
	assert_int_equal(pthread_create(&th, &attr, send_small, (void *)(uintptr_t)PACKETS), 0);
	pthread_join(th, NULL);
	pthread_attr_destroy(&attr);
	NG_NODE_UNREF(p);
	assert_int_equal(NGU_LD_ACQ(&out_errors), 0);
	for (i = 0; i < PACKETS; i++) { /* and in order */
		(void)snprintf(hex, sizeof(hex), "%02x", i);
		ngt_expect(q, "i", (const char *)hex);
	}
	accounts(t, &s);
	assert_int_equal(s.attempted, (uint64_t)PACKETS * (HOPS + 1));
	assert_int_equal(s.delivered, (uint64_t)PACKETS * (HOPS + 1));
	ngt_end(t);
}

/* Up to the depth limit an error comes back; beyond, the sender is told 0. */
static void
test_depth_limit(void **state)
{
	unsigned n;

	(void)state;
	for (n = 9; n <= 14; n++) {
		struct ngt *t = chain(n);

		ngt_refuse(ngt_probe(t, "q"), EPERM);
		assert_int_equal(ngt_try_send(ngt_probe(t, "p"), "o", "00"), n + 1 <= 12 ? EPERM : 0);
		ngt_expect(ngt_probe(t, "q"), "i", "00");
		ngt_end(t);
	}
}

static void
test_depth_option(void **state)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .depth_limit = 1 };
	unsigned limits[] = { 1, 2, 5, 63 }, i;

	(void)state;
	for (i = 0; i < NITEMS(limits); i++) {
		struct ngt *t;

		ngt_trace_type("a", NGT_FORWARD);
		o.depth_limit = limits[i];
		t = ngt_graph_with(&o, "probe p.o - a A.i/o - a B.i/o - a C.i/o - probe q.i");
		ngt_refuse(ngt_probe(t, "q"), EPERM);
		assert_int_equal(ngt_try_send(ngt_probe(t, "p"), "o", "00"), limits[i] >= 4 ? EPERM : 0);
		ngt_expect(ngt_probe(t, "q"), "i", "00");
		ngt_end(t);
	}
	struct ngu_graph *g = NULL;
	o.depth_limit = 64;
	assert_int_equal(ngu_graph_create(&o, &g), EINVAL);
	assert_null(g);
}

/* A node that sends two packets for one: order per path is as if nested. */
static int
twice(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct ng_hook *o = ng_findhook(node, "o");
	struct mbuf *m = m_dup(NGI_M(*item), M_NOWAIT);
	int error;

	(void)arg;
	(void)hook;
	NG_SEND_DATA_ONLY(error, o, m);
	assert_int_equal(error, 0);
	return (0); /* the item itself follows: NGT_FORWARD */
}

static void
test_order_beyond_limit(void **state)
{
	struct ngt *t = chain(40);
	struct ngt_probe *q = ngt_probe(t, "q");
	unsigned i, j;
	char hex[4];

	(void)state;
	ngt_trace_on("rcvdata n5/i", twice, NULL);
	ngt_trace_on("rcvdata n25/i", twice, NULL);
	for (i = 0; i < 5; i++) {
		(void)snprintf(hex, sizeof(hex), "%02x", i);
		ngt_send(ngt_probe(t, "p"), "o", (const char *)hex);
	}
	for (i = 0; i < 5; i++)
		for (j = 0; j < 4; j++) {
			(void)snprintf(hex, sizeof(hex), "%02x", i);
			ngt_expect(q, "i", (const char *)hex);
		}
	ngt_expect_none(q, NULL);
	ngt_end(t);
}

/* ---- loops ---- */

/* Two hubs connected twice: a packet never dies. The sender comes back, and the loop can be shut down. */
static void
test_hub_loop(void **state)
{
	struct ngt *t = ngt_graph("hub one; hub two; one.a - two.a; one.b - two.b; probe p - one.in");
	struct ngt_probe *p = ngt_probe(t, "p");
	struct ngu_graph_stats s;
	unsigned i;

	(void)state;
	ngt_discard(p, true);
	for (i = 0; i < 3; i++)
		ngt_send(p, "in", "00 01 02");
	assert_true(ngt_packets(p) > 1000); /* it goes round and round */
	assert_int_equal(ngu_shutdown(G, "two:"), 0);
	ngt_expect_hooks(t, "two:", NULL);
	ngt_expect_hooks(t, "one:", "in - p.in");
	accounts(t, &s);
	ngt_send(p, "in", "00");
	ngt_end(t);
}

static void
test_hub_loop_workers(void **state)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .workers = 2 };
	struct ngt *t = ngt_graph_with(&o, "hub one; hub two; one.a - two.a; one.b - two.b; probe p - one.in; probe q.x - hub h.x/y - probe r.y");
	struct ngt_probe *p = ngt_probe(t, "p");
	struct ngu_graph_stats s;

	(void)state;
	ngt_discard(p, true);
	ngt_send(p, "in", "00 01 02");
	/* Somebody else's packet passes meanwhile. */
	assert_int_equal(ngt_try_send_flags(ngt_probe(t, "q"), "x", "aa", 1), 0);
	assert_int_equal(ngu_shutdown(G, "one:"), 0);
	ngt_expect(ngt_probe(t, "r"), "y", "aa");
	accounts(t, &s);
	ngt_end(t);
}

/* From C: by x a packet that fills the queues, by y one that goes into the loop. */
static int
send_full(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct ngu_graph_stats before, *s = arg;
	struct mbuf *m = ngu_packet(NULL, "ab", 2);
	int error;

	(void)hook;
	(void)item;
	NG_SEND_DATA_FLAGS(error, ng_findhook(node, "x"), m, NG_QUEUE);
	assert_int_equal(error, 0);
	ngu_graph_stats(node->nd_graph, &before);
	m = ngu_packet(NULL, "cd", 2);
	NG_SEND_DATA_ONLY(error, ng_findhook(node, "y"), m);
	ngu_graph_stats(node->nd_graph, s);
	s->attempted -= before.attempted;
	return (0);
}

/*
 * Every round makes a packet three, and there is no queue to put what goes round too often into: the section ends all the same,
 * instead of going the whole tree of nested deliveries, which is three to the power of the depth limit.
 */
static void
test_hub_loop_full(void **state)
{
	struct ngu_graph_stats s = { 0 };
	struct ngt *t = traced(0, 0, "a C; hub one; hub two; C.y - one.in; one.a - two.a; one.b - two.b; one.c - two.c; one.d - two.d; "
				     "C.x - probe q.i");

	(void)state;
	assert_int_equal(ngu_limit_set(G, NGU_L_DATA, 1), 0);
	ngt_trace_on("rcvmsg C 7:1", send_full, &s);
	assert_int_equal(ngu_msg(G, "C:", 7, 1, NULL, 0, NULL), 0);
	assert_true(s.attempted > NGU_HOP_BUDGET);
	assert_in_range(s.attempted, 1, 8 * NGU_HOP_BUDGET);
	ngt_expect(ngt_probe(t, "q"), "i", "61 62");
	assert_int_equal(ngu_shutdown(G, "one:"), 0);
	accounts(t, &s);
	ngt_end(t);
}

/* ---- every reason, once ---- */

static struct mbuf *
packet(void)
{
	return (ngu_packet(NULL, "abcd", 4));
}

static int
send_out(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct mbuf *m = packet();

	(void)node;
	(void)item;
	NG_SEND_DATA_ONLY(*(int *)arg, hook, m);
	return (0);
}

static struct ng_hook *ax;

static int
send_ax(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	(void)hook;
	return (send_out(arg, node, ax, item));
}

/* B dies while A is busy: A's hook has no peer until A gets to it. */
static int
kill_b_and_send(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct ng_node *b = ng_name2noderef(node, "B");

	(void)hook;
	(void)ng_rmnode_self(b);
	NG_NODE_UNREF(b);
	return (send_out(arg, node, ng_findhook(node, "x"), item));
}

static _Atomic unsigned refuse_at;

static bool
refuse(size_t size)
{
	(void)size;
	return (refuse_at == 0 || --refuse_at != 0);
}

static void
test_reasons(void **state)
{
	struct ngt *t = traced(0, NGT_NO_RCVDATA, "");
	struct ngu_graph_stats s;
	struct ngu_hook_stats h;
	struct ng_node *a;
	struct mbuf *m;
	int error = -1;

	(void)state;
	assert_int_equal(ngu_mknode(G, "a", "A", NULL), 0);
	assert_int_equal(ngu_mknode(G, "b", "B", NULL), 0);

	/* hook-invalid: half connected */
	ngt_trace_on("newhook A/x", send_out, &error);
	assert_int_equal(ngu_connect(G, "A:", "x", "B:", "x"), 0);
	ngt_trace_on("newhook A/x", NULL, NULL);
	assert_int_equal(error, ENETDOWN);
	ngu_graph_stats(G, &s);
	assert_int_equal(s.by_reason[NGU_R_HOOK_INVALID], 1);
	assert_int_equal(ngu_hook_stats(G, "A:", "x", &h), 0);
	assert_int_equal(h.refused, 1);

	/* no-method: the type has no rcvdata; for the sender that is no error */
	a = node_of(t, "A");
	ax = ng_findhook(a, "x");
	m = packet();
	NG_SEND_DATA_ONLY(error, ax, m);
	assert_int_equal(error, 0);
	ngu_graph_stats(G, &s);
	assert_int_equal(s.by_reason[NGU_R_NO_METHOD], 1);
	assert_int_equal(s.delivered, 0);

	/* no-hook */
	m = packet();
	NG_SEND_DATA_ONLY(error, NULL, m);
	assert_int_equal(error, ENETDOWN);
	assert_null(m);
	ngu_graph_stats(G, &s);
	assert_int_equal(s.by_reason[NGU_R_NO_HOOK], 1);

	/* no-mbuf */
	m = NULL;
	NG_SEND_DATA_ONLY(error, ax, m);
	assert_int_equal(error, EINVAL);
	ngu_graph_stats(G, &s);
	assert_int_equal(s.by_reason[NGU_R_NO_MBUF], 1);

	/* no-item */
	ngu__zone_bypass(true);
	m = packet();
	refuse_at = 1;
	ngu__port_alloc_hook = refuse;
	NG_SEND_DATA_ONLY(error, ax, m);
	ngu__port_alloc_hook = NULL;
	ngu__zone_bypass(false);
	assert_int_equal(error, ENOMEM);
	ngu_graph_stats(G, &s);
	assert_int_equal(s.by_reason[NGU_R_NO_ITEM], 1);

	/* node-invalid: B is closing, its hooks still connected */
	ngt_trace_on("close B", send_ax, &error);
	assert_int_equal(ngu_shutdown(G, "B:"), 0);
	assert_int_equal(error, ENETDOWN);
	ngu_graph_stats(G, &s);
	assert_int_equal(s.by_reason[NGU_R_NODE_INVALID], 1);
	ngt_trace_on("close B", NULL, NULL);
	NG_NODE_UNREF(a);

	/* no-peer */
	assert_int_equal(ngu_mknode(G, "b", "B", NULL), 0);
	assert_int_equal(ngu_connect(G, "A:", "x", "B:", "x"), 0);
	ngt_trace_on("rcvmsg A 7:7", kill_b_and_send, &error);
	ngt_msg(t, "A:", 7, 7, NULL, 0);
	assert_int_equal(error, ENETDOWN);
	ngu_graph_stats(G, &s);
	assert_int_equal(s.by_reason[NGU_R_NO_PEER], 1);

	/* queue-full, hook-gone, node-gone and flushed: test_queue.c */
	accounts(t, &s);
	assert_int_equal(s.refused, 6);
	assert_int_equal(s.dropped, 1);
	assert_int_equal(s.delivered, 0);
	assert_int_equal(s.attempted, 7);
	assert_int_equal(s.mbufs, 0);
	ngt_end(t);
}

static void
test_reason_names(void **state)
{
	unsigned i, j;

	(void)state;
	for (i = 0; i < NGU_R_COUNT; i++) {
		assert_true(strlen(ngu_reason_name((enum ngu_reason)i)) > 2);
		for (j = 0; j < i; j++)
			assert_string_not_equal(ngu_reason_name((enum ngu_reason)i), ngu_reason_name((enum ngu_reason)j));
	}
	assert_string_equal(ngu_reason_name(NGU_R_QUEUE_FULL), "queue-full");
	assert_string_equal(ngu_reason_name(NGU_R_COUNT), "unknown");
}

/* ---- the macros ---- */

static int
forward_new(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct mbuf *m;
	int error;

	(void)arg;
	(void)hook;
	NGI_GET_M(*item, m);
	assert_non_null(m);
	assert_null(NGI_M(*item));
	m_adj(m, 1);
	NG_FWD_NEW_DATA(error, *item, ng_findhook(node, "y"), m);
	assert_null(m);
	return (error);
}

static void
test_macros(void **state)
{
	struct ngt *t = traced(0, 0, "probe p.o - a A.x/y - probe q.i");
	struct ngt_probe *q = ngt_probe(t, "q");
	struct ng_node *a = node_of(t, "A");
	struct ng_item *item;
	struct mbuf *m;
	int error;

	(void)state;
	ngt_trace_on("rcvdata A/x", forward_new, NULL);
	ngt_send(ngt_probe(t, "p"), "o", "00 11 22");
	ngt_expect(q, "i", "11 22");
	/* An item addressed by hand. */
	m = packet();
	item = ng_package_data(m, NG_NOFLAGS);
	assert_non_null(item);
	NG_FWD_ITEM_HOOK(error, item, ng_findhook(a, "y"));
	assert_int_equal(error, 0);
	assert_null(item);
	ngt_expect(q, "i", ngt_text("abcd"));
	m = packet();
	item = ng_package_data(m, NG_NOFLAGS);
	assert_int_equal(ng_address_hook(NULL, item, ng_findhook(a, "y"), 0), 0);
	assert_string_equal(NG_HOOK_NAME(NGI_HOOK(item)), "i");
	assert_string_equal(NG_NODE_NAME(NGI_NODE(item)), "q");
	assert_int_equal(ng_snd_item(item, NG_NOFLAGS), 0);
	ngt_expect(q, "i", ngt_text("abcd"));
	/* With the data taken out: EINVAL, and nothing leaks. */
	item = ng_package_data(NULL, NG_NOFLAGS);
	NG_FWD_ITEM_HOOK(error, item, ng_findhook(a, "y"));
	assert_int_equal(error, EINVAL);
	/* References taken out and put back. */
	m = packet();
	item = ng_package_data(m, NG_NOFLAGS);
	assert_int_equal(ng_address_hook(NULL, item, ng_findhook(a, "y"), 0), 0);
	struct ng_node *n;
	struct ng_hook *h;
	NGI_GET_NODE(item, n);
	NGI_GET_HOOK(item, h);
	assert_null(NGI_NODE(item));
	assert_null(NGI_HOOK(item));
	NGI_SET_NODE(item, n);
	NGI_SET_HOOK(item, h);
	assert_null(n);
	assert_null(h);
	NG_FREE_ITEM(item);
	NG_NODE_UNREF(a);
	ngt_end(t);
}

/* ---- leaks ---- */

static char leak_text[4096];

static void
leak_note(const char *file, int line, const char *text)
{
	(void)file;
	(void)line;
	(void)snprintf(leak_text, sizeof(leak_text), "%s", text);
}

/* A node that keeps a packet: the end tells, in debug builds with the line that took it. */
static void
test_leak_site(void **state)
{
	struct ngt *t = ngt_graph("");
	struct mbuf *m = m_gethdr(M_NOWAIT, MT_DATA);
	char want[80];
	int line = __LINE__ - 2;

	(void)state;
	assert_non_null(m);
	ngt__end(__FILE__, __LINE__, leak_note, t);
	m_freem(m); /* the graph has stayed for that */
	assert_non_null(strstr(leak_text, "leaked: 1 packet buffer;"));
	(void)snprintf(want, sizeof(want), "test_deliver.c:%d", line);
#ifdef NGU_DEBUG
	if (strstr(leak_text, want) == NULL)
		print_message("%s is not in: %s\n", want, leak_text);
	assert_non_null(strstr(leak_text, want));
#endif
}

/* ---- bursts ---- */

static void
test_burst(void **state)
{
	struct ngt *t = ngt_graph("probe q");
	struct ngt_probe *q = ngt_probe(t, "q");
	struct ngu_port *port;
	struct ngu_graph_stats s;
	struct mbuf *v[64];
	uint8_t b;
	unsigned i;
	char hex[4];

	(void)state;
	assert_int_equal(ngu_port_open(G, "q:", "in", NULL, NULL, &port), 0);
	for (i = 0; i < 64; i++) {
		b = (uint8_t)i;
		v[i] = ngu_packet(G, &b, 1);
	}
	assert_int_equal(ngu_port_send_burst(port, v, 64), 0);
	for (i = 0; i < 64; i++) {
		(void)snprintf(hex, sizeof(hex), "%02x", i);
		ngt_expect(q, "in", (const char *)hex);
	}
	ngt_send(q, "in", "ff"); /* nobody listens: freed and counted */
	accounts(t, &s);
	assert_int_equal(s.delivered, 65);
	ngu_port_close(port);
	ngt_end(t);
}

/* Places without a packet are counted, each, and the others go their way; without any it is an error. */
static void
test_burst_holes(void **state)
{
	struct ngt *t = ngt_graph("probe q");
	struct ngu_port *port;
	struct ngu_graph_stats s;
	struct ngu_hook_stats h;
	struct mbuf *v[5] = { NULL };

	(void)state;
	assert_int_equal(ngu_port_open(G, "q:", "in", NULL, NULL, &port), 0);
	v[1] = ngu_packet(G, "\x01", 1);
	v[4] = ngu_packet(G, "\x04", 1);
	assert_int_equal(ngu_port_send_burst(port, v, 5), 0);
	ngt_expect(ngt_probe(t, "q"), "in", "01");
	ngt_expect(ngt_probe(t, "q"), "in", "04");
	memset(v, 0, sizeof(v));
	assert_int_equal(ngu_port_send_burst(port, v, 3), EINVAL);
	assert_int_equal(ngu_port_send_burst(port, v, 1), EINVAL);
	assert_int_equal(ngu_port_send_burst(port, v, 0), 0);
	ngt_expect_none(ngt_probe(t, "q"), NULL);
	accounts(t, &s);
	assert_int_equal(s.attempted, 5 + 3 + 1);
	assert_int_equal(s.delivered, 2);
	assert_int_equal(s.by_reason[NGU_R_NO_MBUF], 3 + 3 + 1);
	assert_int_equal(ngu_hook_stats(G, "q:", "in", &h), 0);
	assert_int_equal(h.packets, 2);
	ngu_port_close(port);
	ngt_end(t);
}

/* What a node that is entered alone puts off is delivered, too. */
static void
test_deep_writer(void **state)
{
	const struct ngu_graph_opts o = { .size = sizeof(o), .depth_limit = 1, .fake_clock = true };
	struct ngu_graph_stats s;
	struct ngt *t;

	(void)state;
	ngt_trace_type("a", NGT_FORWARD | NGT_EXCLUSIVE);
	t = ngt_graph_with(&o, "probe p.o - a A.x/y - probe q.i");
	ngt_send(ngt_probe(t, "p"), "o", "01");
	ngt_expect(ngt_probe(t, "q"), "i", "01");
	accounts(t, &s);
	assert_int_equal(s.delivered, 2);
	end_quietly(t);
}

static struct ngu_port *onward;

static void
send_on(void *arg, struct mbuf *m)
{
	struct ngt *t = arg;
	struct mbuf *v[3] = { m, ngu_packet(G, "\x02", 1), ngu_packet(G, "\x03", 1) };

	assert_int_equal(ngu_port_send_burst(onward, v, 3), 0);
}

/* A burst sent at the depth limit is put off as a whole, and arrives in order. */
static void
test_burst_deep(void **state)
{
	const struct ngu_graph_opts o = { .size = sizeof(o), .depth_limit = 2, .fake_clock = true };
	struct ngu_graph_stats s;
	struct ngu_port *in, *out;
	struct ngt_probe *q;
	struct ngt *t;

	(void)state;
	ngt_trace_type("a", NGT_FORWARD);
	t = ngt_graph_with(&o, "a A; probe q");
	q = ngt_probe(t, "q");
	assert_int_equal(ngu_port_open(G, "A:", "x", NULL, NULL, &in), 0);
	assert_int_equal(ngu_port_open(G, "A:", "y", send_on, t, &out), 0);
	assert_int_equal(ngu_port_open(G, "q:", "in", NULL, NULL, &onward), 0);
	assert_int_equal(ngu_port_send(in, ngu_packet(G, "\x01", 1)), 0);
	ngt_expect(q, "in", "01");
	ngt_expect(q, "in", "02");
	ngt_expect(q, "in", "03");
	ngt_expect_none(q, NULL);
	accounts(t, &s);
	assert_int_equal(s.delivered, 2 + 3);
	assert_int_equal(s.queued_total, 0); /* put off, not queued */
	ngu_port_close(in);
	ngu_port_close(out);
	ngu_port_close(onward);
	end_quietly(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_no_range),
		ngt_test(test_not_at_home),
		ngt_test(test_results),
		ngt_test(test_big_packet),
		ngt_test(test_10000_hops),
		ngt_test(test_depth_limit),
		ngt_test(test_depth_option),
		ngt_test(test_order_beyond_limit),
		ngt_test(test_hub_loop),
		ngt_test(test_hub_loop_workers),
		ngt_test(test_hub_loop_full),
		ngt_test(test_reasons),
		ngt_test(test_reason_names),
		ngt_test(test_macros),
		ngt_test(test_leak_site),
		ngt_test(test_burst),
		ngt_test(test_burst_holes),
		ngt_test(test_burst_deep),
		ngt_test(test_deep_writer),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
