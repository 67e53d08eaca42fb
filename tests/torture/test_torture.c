/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_torture.c - many threads tear one graph apart, and the books still have to balance.
 *
 * Oracles, always on: no method sees poisoned private data; a writer is alone in its node, a reader never beside one; order per
 * sender (and, where no packet may be lost, no gap); attempted == delivered + refused + dropped in the graph, sent == received +
 * refused + swallowed in the test; no mbuf, node or hook alive at the end; the race each case is about was really hit.
 * Threads record into atomics, the main thread asserts after it has joined them. torture.h has rounds, seeds, ages and memory.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/errno.h>
#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>
#include <ng/ng.h>
#undef printf
#undef log

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "support/litmus.h"
#include "torture/torture.h"

#define MAGIC 0x6e6f6465u
#define CHAIN 8
#define SENDERS 8
#define COOKIE 771104

/* What went wrong, by oracle; all must be zero. */
static struct {
	counter poison, two_writers, beside_writer, order, gap, control;
} bad;
static counter sent[SENDERS], got, swallowed, rewires, refusals, eexist;
static _Atomic int stop;
static struct ngu_graph *g;

struct packet {
	uint32_t sender;
	uint32_t seq;
};

/* ---- the node type: two sides, forwards, checks everything it can ---- */

struct priv {
	_Atomic uint32_t magic;
	_Atomic int readers;
	_Atomic int writers;
	hook_p in, out; /* changed by newhook and disconnect only, so under the writer gate */
	bool mortal;	/* goes when its last hook does */
	_Atomic uint32_t last[SENDERS];
	counter plain; /* bumped without atomicity by the writer message */
	unsigned long unguarded;
};

static _Atomic bool strict_order; /* no packet may be missing either */

static void
writer_in(struct priv *p)
{
	if (p->magic != MAGIC)
		bad.poison++;
	if (atomic_fetch_add(&p->writers, 1) != 0)
		bad.two_writers++;
	if (atomic_load(&p->readers) != 0)
		bad.beside_writer++;
}

static void
writer_out(struct priv *p)
{
	atomic_fetch_sub(&p->writers, 1);
}

static int
t_constructor(node_p node)
{
	struct priv *p = malloc(sizeof(*p), M_NETGRAPH, M_NOWAIT | M_ZERO);

	if (p == NULL)
		return (ENOMEM);
	p->magic = MAGIC;
	NG_NODE_SET_PRIVATE(node, p);
	return (0);
}

static int
t_newhook(node_p node, hook_p hook, const char *name)
{
	struct priv *p = NG_NODE_PRIVATE(node);

	writer_in(p);
	if (name[0] == 'm')
		p->mortal = true;
	if (name[0] == 'i' || name[0] == 'x' || name[0] == 'm') {
		p->in = hook;
		NG_HOOK_SET_PRIVATE(hook, p); /* from here on to "out" */
	} else if (name[0] != 's') {
		p->out = hook;
	}
	writer_out(p);
	return (0);
}

static int
t_disconnect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);
	struct priv *p = NG_NODE_PRIVATE(node);

	writer_in(p);
	if (p->in == hook)
		p->in = NULL;
	if (p->out == hook)
		p->out = NULL;
	writer_out(p);
	if (p->mortal && NG_NODE_NUMHOOKS(node) == 0 && NG_NODE_IS_VALID(node))
		ng_rmnode_self(node);
	return (0);
}

static int
t_shutdown(node_p node)
{
	struct priv *p = NG_NODE_PRIVATE(node);

	writer_in(p);
	writer_out(p);
	p->magic = 0xdeadbeef;
	NG_NODE_SET_PRIVATE(node, NULL);
	free(p, M_NETGRAPH);
	NG_NODE_UNREF(node);
	return (0);
}

static int
t_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	struct priv *p = NG_NODE_PRIVATE(node);
	struct ng_mesg *msg, *resp = NULL;
	int error = 0;

	(void)lasthook;
	NGI_GET_MSG(item, msg);
	if (msg->header.typecookie != COOKIE) {
		error = EINVAL;
	} else if (msg->header.cmd & NGM_READONLY) {
		atomic_fetch_add(&p->readers, 1);
		if (p->magic != MAGIC)
			bad.poison++;
		if (p->writers != 0)
			bad.beside_writer++;
		NG_MKRESPONSE(resp, msg, 0, M_NOWAIT);
		atomic_fetch_sub(&p->readers, 1);
	} else {
		writer_in(p);
		p->unguarded++; /* only the gate protects it: ThreadSanitizer looks on */
		NG_MKRESPONSE(resp, msg, 0, M_NOWAIT);
		writer_out(p);
	}
	NG_RESPOND_MSG(error, node, item, resp);
	NG_FREE_MSG(msg);
	return (error);
}

static int
t_rcvdata(hook_p hook, item_p item)
{
	node_p node = NG_HOOK_NODE(hook);
	struct priv *p = NG_NODE_PRIVATE(node);
	hook_p to;
	int error = ENOTCONN;

	if (p == NULL) { /* shut down, or the dead node */
		bad.poison++;
		NG_FREE_ITEM(item);
		return (error);
	}
	atomic_fetch_add_explicit(&p->readers, 1, memory_order_relaxed);
	if (p->magic != MAGIC)
		bad.poison++;
	if (atomic_load_explicit(&p->writers, memory_order_relaxed) != 0)
		bad.beside_writer++;
	to = NG_HOOK_PRIVATE(hook) != NULL ? p->out : p->in;
	/* The gate is left by returning; the oracle must be left before the packet goes on and may come round. */
	atomic_fetch_sub_explicit(&p->readers, 1, memory_order_relaxed);
	if (to == NULL) {
		swallowed++;
		NG_FREE_ITEM(item);
		return (error);
	}
	NG_FWD_ITEM_HOOK(error, item, to);
	return (error);
}

static struct ng_type t_type = {
	.version = NG_ABI_VERSION,
	.name = "torture",
	.constructor = t_constructor,
	.rcvmsg = t_rcvmsg,
	.shutdown = t_shutdown,
	.newhook = t_newhook,
	.rcvdata = t_rcvdata,
	.disconnect = t_disconnect,
};
NETGRAPH_INIT(torture, &t_type);

/* The end: order per sender. */
static _Atomic uint32_t last[SENDERS];

static int
sink_rcvdata(hook_p hook, item_p item)
{
	struct packet *pk = mtod(NGI_M(item), struct packet *);
	uint32_t before;

	(void)hook;
	before = atomic_exchange(&last[pk->sender], pk->seq);
	if (pk->seq <= before)
		bad.order++;
	else if (strict_order && pk->seq != before + 1) /* a gap, or what comes before one */
		bad.gap++;
	got++;
	NG_FREE_ITEM(item);
	return (0);
}

static int
sink_constructor(node_p node)
{
	(void)node;
	return (0);
}

static struct ng_type sink_type = {
	.version = NG_ABI_VERSION,
	.name = "tsink",
	.constructor = sink_constructor,
	.rcvdata = sink_rcvdata,
};
NETGRAPH_INIT(tsink, &sink_type);

/* ---- graph and threads ---- */

static hook_p src_hook[SENDERS];
static node_p src_node[SENDERS];

/* n0 - n1 - ... - n7 - sink, and a source for each sender into n0 through a funnel of hooks named i<k>. */
static void
build(unsigned senders, unsigned workers)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .name = "torture", .workers = workers };
	char a[64], b[64], at[64];
	unsigned i;
	uint32_t id;

	memset(&bad, 0, sizeof(bad));
	memset(sent, 0, sizeof(sent));
	memset(last, 0, sizeof(last));
	got = swallowed = rewires = refusals = eexist = 0;
	stop = 0;
	strict_order = false;
	assert_int_equal(ngu_graph_create(&o, &g), 0);
	for (i = 0; i < CHAIN; i++) {
		snprintf(a, sizeof(a), "n%u", i);
		assert_int_equal(ngu_mknode(g, "torture", a, &id), 0);
		if (i != 0) {
			snprintf(a, sizeof(a), "n%u:", i - 1);
			snprintf(b, sizeof(b), "n%u:", i);
			assert_int_equal(ngu_connect(g, a, "out", b, "in"), 0);
		}
	}
	assert_int_equal(ngu_mknode(g, "tsink", "sink", &id), 0);
	snprintf(a, sizeof(a), "n%u:", CHAIN - 1);
	assert_int_equal(ngu_connect(g, a, "out", "sink:", "in"), 0);
	ngu_graph_enter(g);
	for (i = 0; i < senders; i++) {
		snprintf(a, sizeof(a), "src%u", i);
		snprintf(b, sizeof(b), "in%u", i);
		assert_int_equal(ngu_mknode(g, "tsink", a, &id), 0);
		src_node[i] = ng_name2noderef(NULL, a);
		snprintf(at, sizeof(at), "src%u:", i);
		assert_int_equal(ngu_connect(g, at, "o", "n0:", b), 0);
		src_hook[i] = ng_findhook(src_node[i], "o");
		assert_non_null(src_hook[i]);
	}
}

static void *
sender(void *arg)
{
	uint32_t me = (uint32_t)(uintptr_t)arg;
	struct packet pk = { me, 0 };
	struct mbuf *m;
	int error;

	while (!stop) {
		pk.seq++;
		m = ngu_packet(g, &pk, sizeof(pk));
		if (m == NULL) {
			bad.control++;
			break;
		}
		NG_SEND_DATA_ONLY(error, src_hook[me], m);
		sent[me]++;
		if (error != 0)
			refusals++;
		torture_rest(SEND_REST);
	}
	return (NULL);
}

static void
control(int error)
{
	if (error == EEXIST || error == ENOENT || error == ENOTCONN || error == ENXIO || error == EADDRINUSE)
		eexist++; /* another thread was quicker on the same link */
	else if (error != 0)
		bad.control++;
}

static void *
rewire_up(void *arg)
{
	(void)arg;
	while (!stop) {
		control(ngu_rmhook(g, "n3:", "out"));
		torture_rest(CALL_REST);
		control(ngu_connect(g, "n3:", "out", "n4:", "in"));
		rewires++;
	}
	return (NULL);
}

static void *
rewire_down(void *arg)
{
	(void)arg;
	while (!stop) {
		control(ngu_rmhook(g, "n4:", "in"));
		torture_rest(CALL_REST);
		control(ngu_connect(g, "n4:", "in", "n3:", "out"));
		rewires++;
	}
	return (NULL);
}

static void *
inserter(void *arg)
{
	char nm[64];
	uint32_t id;
	int error;

	(void)arg;
	while (!stop) {
		if ((error = ngu_insert(g, "n1:", "out", "torture", "x", "y", NULL, &id)) != 0) {
			control(error);
			continue;
		}
		snprintf(nm, sizeof(nm), "[%x]:", id);
		torture_rest(CALL_REST);
		control(ngu_bypass(g, nm, "x", "y"));
		torture_rest(CALL_REST);
		control(ngu_shutdown(g, nm));
		rewires++;
	}
	return (NULL);
}

/* The far end of n5's link moves to a detour node and back. */
static void *
relinker(void *arg)
{
	uint32_t id;

	(void)arg;
	while (!stop) {
		/* n5 -> [new] -> n6: insert, then take n5's link home again by bypass, then over a relink to a side node */
		if (ngu_insert(g, "n5:", "out", "torture", "x", "y", "detour", &id) != 0)
			continue;
		torture_rest(CALL_REST);
		control(ngu_mknode(g, "torture", "side", &id));
		control(ngu_connect(g, "side:", "out", "n6:", "in2"));
		control(ngu_relink(g, "n5:", "out", "side:", "in"));
		control(ngu_shutdown(g, "detour:"));
		/* n6 now hears from side on in2; its "in" is gone. Back: */
		torture_rest(CALL_REST);
		control(ngu_relink(g, "n5:", "out", "n6:", "in"));
		control(ngu_shutdown(g, "side:"));
		rewires++;
	}
	return (NULL);
}

static void *
churner(void *arg)
{
	char nm[64];
	uint32_t id;

	(void)arg;
	while (!stop) {
		if (ngu_mknode(g, "torture", NULL, &id) != 0) {
			bad.control++;
			continue;
		}
		snprintf(nm, sizeof(nm), "[%x]:", id);
		control(ngu_mkpeer(g, nm, "torture", "out", "mortal"));
		control(ngu_connect(g, nm, "in", "n2:", "side"));
		control(ngu_name(g, nm, "churn"));
		torture_rest(CALL_REST);
		control(ngu_shutdown(g, nm));
		rewires++;
	}
	return (NULL);
}

static void *
messenger(void *arg)
{
	struct ng_mesg *r;
	char nm[64];
	unsigned n = (unsigned)(uintptr_t)arg;
	int error;

	while (!stop) {
		snprintf(nm, sizeof(nm), "n%u:", torture_rand() % CHAIN);
		n++;
		error = ngu_msg(g, nm, COOKIE, n & 1 ? 1 | NGM_READONLY | NGM_HASREPLY : 2, NULL, 0, &r);
		if (error != 0 || r == NULL)
			bad.control++;
		ngu_msg_free(r);
		error = ngu_msg(g, nm, NGM_GENERIC_COOKIE, NGM_LISTHOOKS, NULL, 0, &r);
		if (error != 0 || r == NULL)
			bad.control++;
		ngu_msg_free(r);
		rewires++;
	}
	return (NULL);
}

static void *
walker(void *arg)
{
	uint32_t id;

	(void)arg;
	while (!stop) {
		control(ngu_lookup(g, "n0:out.out.out.out.out", &id));
		control(ngu_lookup(g, "churn:out", &id));
		torture_rest(CALL_REST);
		control(ngu_lookup(g, "sink:in.in.in", &id));
		rewires++;
	}
	return (NULL);
}

struct body {
	void *(*fn)(void *);
	unsigned n;
};

static void
run(const char *title, const struct body *b, unsigned senders, unsigned workers, double share, bool aged)
{
	pthread_t t[32];
	struct timespec ts;
	struct ngu_graph_stats s;
	struct ngu_reclaim_stats r;
	unsigned nt = 0, i;
	unsigned long total = 0;
	double secs = torture_round_s * share;

	build(senders, workers);
	if (aged)
		ages_begin(1, 1);
	for (i = 0; i < senders; i++)
		assert_int_equal(pthread_create(&t[nt++], NULL, sender, (void *)(uintptr_t)i), 0);
	for (; b->fn != NULL; b++)
		for (i = 0; i < b->n; i++)
			assert_int_equal(pthread_create(&t[nt++], NULL, b->fn, (void *)(uintptr_t)i), 0);
	ts.tv_sec = (time_t)secs;
	ts.tv_nsec = (long)((secs - (double)ts.tv_sec) * 1e9);
	clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL); /* how long, not when: no verdict depends on it */
	ts.tv_sec = 0;
	ts.tv_nsec = 10000000;
	for (i = 0; i < 3000 && ((senders != 0 && got == 0) || rewires == 0); i++)
		clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL); /* a machine that gave these threads no turn yet */
	stop = 1;
	for (i = 0; i < nt; i++)
		pthread_join(t[i], NULL);
	if (aged) {
		ages_join();
		ages_check();
	}
	assert_int_equal(ngu_settle(g, 20000), 0);
	ngu_graph_stats(g, &s);
	ngu_reclaim_stats(&r);
	for (i = 0; i < senders; i++)
		total += sent[i];
	printf("# %s: %u threads, %.1f s: sent %lu got %lu swallowed %lu refused %lu dropped %lu queued %lu rewires %lu "
	       "collisions %lu gate closed %lu high %lu\n",
	    title, nt, secs, total, got, swallowed, (unsigned long)s.refused, (unsigned long)s.dropped,
	    (unsigned long)s.queued_total, rewires, eexist, (unsigned long)s.gate_closed, (unsigned long)r.high);
	for (i = 0; i < NGU_R_COUNT; i++)
		if (s.by_reason[i] != 0)
			printf("#   %s %lu\n", ngu_reason_name((enum ngu_reason)i), (unsigned long)s.by_reason[i]);
	if ((bad.poison | bad.two_writers | bad.beside_writer | bad.order | bad.gap | bad.control) != 0)
		printf("# oracles: poison %lu, two writers %lu, beside a writer %lu, order %lu, gap %lu, control %lu\n", bad.poison,
		    bad.two_writers, bad.beside_writer, bad.order, bad.gap, bad.control);
	assert_int_equal(bad.poison, 0);
	assert_int_equal(bad.two_writers, 0);
	assert_int_equal(bad.beside_writer, 0);
	/*
	 * A packet that waits in a node which an edge is led past may be overtaken by the new way; the baseline's nodes, whose readers
	 * lock, are hardly ever without one. A full queue refuses, and that is no gap of rewiring.
	 */
	if (!strict_order || strcmp(ngu_backend(), "rwlock") != 0)
		assert_int_equal(bad.order, 0);
	if (s.by_reason[NGU_R_QUEUE_FULL] == 0)
		assert_int_equal(bad.gap, 0);
	assert_int_equal(bad.control, 0);
	assert_int_equal(s.queued, 0);
	assert_int_equal(s.attempted, s.delivered + s.refused + s.dropped);
	assert_int_equal(total, got + swallowed + s.refused + s.dropped);
	assert_int_equal(s.mbufs, 0);
	if (senders != 0)
		assert_true(got > 0);
	assert_true(rewires > 0);
}

static void
finish(void)
{
	unsigned i;

	for (i = 0; i < SENDERS; i++) {
		if (src_node[i] != NULL)
			NG_NODE_UNREF(src_node[i]);
		src_node[i] = NULL;
	}
	assert_int_equal(ngu_graph_destroy(g), 0);
}

static uint64_t
lost_to_rewiring(void)
{
	struct ngu_graph_stats s;

	ngu_graph_stats(g, &s);
	return (s.refused + s.dropped + swallowed - s.by_reason[NGU_R_QUEUE_FULL]);
}

/* ---- the cases ---- */

static void
test_rewire_upstream(void **state)
{
	(void)state;
	run("rewire from upstream", (const struct body[]){ { rewire_up, 2 }, { NULL, 0 } }, 4, 0, 0.12, false);
	assert_true(lost_to_rewiring() > 0); /* the window was hit: packets met the link while it was down */
	finish();
}

static void
test_rewire_downstream(void **state)
{
	(void)state;
	run("rewire from downstream", (const struct body[]){ { rewire_down, 2 }, { NULL, 0 } }, 4, 0, 0.12, false);
	assert_true(lost_to_rewiring() > 0);
	finish();
}

static void
test_rewire_both(void **state)
{
	(void)state;
	run("rewire from both ends", (const struct body[]){ { rewire_up, 1 }, { rewire_down, 1 }, { NULL, 0 } }, 2, 2, 0.12, false);
	assert_true(eexist > 0 || lost_to_rewiring() > 0);
	finish();
}

static void
test_insert_bypass(void **state)
{
	(void)state;
	strict_order = true;
	run("insert and bypass", (const struct body[]){ { inserter, 1 }, { relinker, 1 }, { NULL, 0 } }, 3, 0, 0.12, false);
	assert_int_equal(lost_to_rewiring(), 0);
	finish();
}

static void
test_churn(void **state)
{
	struct ngu_graph_stats s;

	(void)state;
	run("mkpeer and shutdown", (const struct body[]){ { churner, 2 }, { walker, 1 }, { NULL, 0 } }, 3, 0, 0.12, false);
	ngu_graph_stats(g, &s);
	assert_int_equal(s.nodes - s.dead_nodes, CHAIN + 1 + 3);
	finish();
}

static void
test_messages(void **state)
{
	(void)state;
	run("messages", (const struct body[]){ { messenger, 3 }, { NULL, 0 } }, 3, 0, 0.12, false);
	finish();
}

static void
test_everything(void **state)
{
	(void)state;
	run("everything",
	    (const struct body[]){ { rewire_up, 1 }, { rewire_down, 1 }, { inserter, 1 }, { churner, 1 }, { messenger, 1 },
		{ walker, 1 }, { NULL, 0 } },
	    2, 1, 0.16, true);
	finish();
}

/* ---- grace periods: what readers see, by age ---- */

static void
test_ages(void **state)
{
	struct timespec ts;
	double secs = torture_round_s * 0.1;

	(void)state;
	ages_begin(3, 2);
	ts.tv_sec = (time_t)secs;
	ts.tv_nsec = (long)((secs - (double)ts.tv_sec) * 1e9);
	clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
	ages_join();
	ages_check();
	assert_true(ages.seen[0] > 0);
}

/* ---- a reader that stops inside its section; a storm beside it ---- */

static _Atomic int inside;

static void *
stopped_reader(void *arg)
{
	struct ngu__thread *ts = ngu__self();

	(void)arg;
	ngu__section_enter(ts);
	inside = 1;
	while (!stop)
		ngu__port_yield();
	ngu__section_leave(ts);
	return (NULL);
}

static void
test_stopped_reader(void **state)
{
	struct ngu_reclaim_stats r0, r1;
	pthread_t t;
	uint32_t id;
	int i;

	(void)state;
	build(0, 0);
	inside = 0;
	assert_int_equal(pthread_create(&t, NULL, stopped_reader, NULL), 0);
	while (!inside)
		ngu__port_yield();
	ngu_reclaim_stats(&r0);
	/* It is in a section, but in none of these nodes: rewiring goes on (one membarrier each), nothing is freed. */
	for (i = 0; i < 50; i++) {
		assert_int_equal(ngu_rmhook(g, "n3:", "out"), 0);
		assert_int_equal(ngu_connect(g, "n3:", "out", "n4:", "in"), 0);
		assert_int_equal(ngu_mknode(g, "torture", "temp", &id), 0);
		assert_int_equal(ngu_shutdown(g, "temp:"), 0);
	}
	ngu_reclaim_stats(&r1);
	assert_true(r1.retired - r0.retired >= 150);
	assert_true(r1.freed - r0.freed < 150);
	stop = 1;
	pthread_join(t, NULL);
	finish();
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		torture_test(test_rewire_upstream),
		torture_test(test_rewire_downstream),
		torture_test(test_rewire_both),
		torture_test(test_insert_bypass),
		torture_test(test_churn),
		torture_test(test_messages),
		torture_test(test_everything),
		torture_test(test_ages),
		torture_test(test_stopped_reader),
	};

	if (argc > 1) /* one case: a name, with * and ? */
		cmocka_set_test_filter(argv[1]);
	torture_begin();
	if (!litmus())
		return (1);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
