/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_graph.c - a graph as a whole: what is left when it cannot be made, calls without what they need, all reply ports taken,
 * how long gates were closed, what is said of things that are still referenced, and the kit's way back out of a method.
 */
#include "support/unit.h"

#include <pthread.h>
#include <stdlib.h>

#include <sys/epoch.h>

#include <ng/strict.h>

/* ---- the version is the build's ---- */

static void
test_version(void **state)
{
	char line[256], want[64];
	bool found = false;
	FILE *f = fopen(NGU_SRCDIR "/meson.build", "r");

	(void)state;
	assert_non_null(f);
	(void)snprintf(want, sizeof(want), "version: '%s',", ngu_version());
	while (!found && fgets(line, sizeof(line), f) != NULL)
		found = strstr(line, want) != NULL && strstr(line, "meson_version") == NULL;
	(void)fclose(f);
	assert_true(found);
}

/* ---- not made ---- */

/* Take counters until only `left` are to be had; the taken ones go to idx[]. */
static unsigned
take_counters(uint32_t *idx, unsigned max, unsigned left)
{
	unsigned n = 0;
	uint32_t at;

	if (ngu__ctr_most == NGU_CTRS) {
		at = ngu__ctr_alloc();
		assert_int_not_equal(at, 0);
		ngu__ctr_free(at);
		ngu__ctr_most = at + 100;
	}
	while (n < max && (idx[n] = ngu__ctr_alloc()) != 0)
		n++;
	assert_in_range(n, left, max - 1);
	for (unsigned i = 0; i < left; i++)
		ngu__ctr_free(idx[--n]);
	return (n);
}

static void
give_counters(uint32_t *idx, unsigned n)
{
	ngu__ctr_most = NGU_CTRS;
	while (n != 0)
		ngu__ctr_free(idx[--n]);
}

/* With too few counters for a graph: ENOMEM at each of them, and those it had got are free again. */
static void
test_no_counters(void **state)
{
	static uint32_t idx[400], again[400];
	struct ngu_graph *g = NULL;
	unsigned n, left, tries = 0;
	int error;

	(void)state;
	for (left = 0;; left++) {
		n = take_counters(idx, NITEMS(idx), left);
		error = ngu_graph_create(NULL, &g);
		if (error == 0)
			break;
		assert_int_equal(error, ENOMEM);
		assert_null(g);
		/* As many are left as before. */
		unsigned m = take_counters(again, NITEMS(again), 0);

		assert_int_equal(m, left);
		give_counters(again, m);
		give_counters(idx, n);
		tries++;
	}
	assert_in_range(tries, 8 + NGU_R_COUNT + NGU_L_COUNT, 60);
	give_counters(idx, n);
	assert_int_equal(ngu_graph_destroy(g), 0);
}

/* A hook has a counter, too. */
static void
test_no_hook_counter(void **state)
{
	static uint32_t idx[400];
	struct ngt *t = traced(0, 0, "a A; b B");
	unsigned n;

	(void)state;
	for (unsigned left = 0; left < 2; left++) {
		n = take_counters(idx, NITEMS(idx), left);
		assert_int_equal(ngu_connect(G, "A:", "x", "B:", "y"), ENOMEM);
		ngu_reclaim_barrier();
		give_counters(idx, n);
		expect_alive(t, 2, 0);
		expect_balance("A/x");
		expect_balance("B/y");
	}
	assert_int_equal(ngu_connect(G, "A:", "x", "B:", "y"), 0);
	ngt_expect_hooks(t, "A:", "x - B.y");
	end_quietly(t);
}

/* ---- calls without what they need ---- */

static void
test_arguments(void **state)
{
	struct ngt *t = traced(0, 0, "a A.x - b B.y/z - a C.w");
	struct ng_mesg *m = (struct ng_mesg *)&whatever;
	struct ngu_graph *g = NULL;
	uint32_t id = 77;
	struct ngu_graph_opts o = { .size = sizeof(o), .depth_limit = NGU_SLOTS };

	(void)state;
	assert_int_equal(ngu_lookup(NULL, "A:", &id), EINVAL);
	assert_int_equal(ngu_lookup(G, NULL, &id), EINVAL);
	assert_int_equal(ngu_mknode(NULL, "a", NULL, &id), EINVAL);
	assert_int_equal(ngu_insert(NULL, "A:", "x", "b", "i", "o", NULL, &id), EINVAL);
	assert_int_equal(ngu_insert(G, NULL, "x", "b", "i", "o", NULL, &id), EINVAL);
	assert_int_equal(ngu_insert(G, "A:", NULL, "b", "i", "o", NULL, &id), EINVAL);
	assert_int_equal(ngu_bypass(NULL, "B:", "y", "z"), EINVAL);
	assert_int_equal(ngu_bypass(G, NULL, "y", "z"), EINVAL);
	assert_int_equal(ngu_bypass(G, "B:", NULL, "z"), EINVAL);
	assert_int_equal(ngu_bypass(G, "B:", "y", NULL), EINVAL);
	assert_int_equal(ngu_relink(NULL, "A:", "x", "C:", "v"), EINVAL);
	assert_int_equal(ngu_relink(G, NULL, "x", "C:", "v"), EINVAL);
	assert_int_equal(ngu_relink(G, "A:", NULL, "C:", "v"), EINVAL);
	assert_int_equal(ngu_relink(G, "A:", "x", NULL, "v"), EINVAL);
	assert_int_equal(ngu_relink(G, "A:", "x", "C:", NULL), EINVAL);
	assert_int_equal(ngu_msg(NULL, "A:", 1, 1, NULL, 0, &m), EINVAL);
	assert_null(m);
	assert_int_equal(ngu_msg(G, NULL, 1, 1, NULL, 0, NULL), EINVAL);
	assert_int_equal(ngu_msg(G, "A:", 1, 1, NULL, 4, NULL), EINVAL);
	assert_int_equal(ngu_msg(G, "A:", 1, 1, "", UINT32_MAX, NULL), EINVAL);
	assert_int_equal(ngu_connect(G, "A:", NULL, "B:", "v"), EINVAL);
	assert_int_equal(ngu_apply_text(NULL, "", 0, NULL), EINVAL);
	assert_int_equal(ngu_graph_destroy(NULL), 0);
	assert_int_equal(ngu_graph_create(&o, &g), EINVAL);
	o.depth_limit = NGU_SLOTS - 1;
	o.workers = NGU_WORKERS_MAX + 1;
	assert_int_equal(ngu_graph_create(&o, &g), EINVAL);
	o.workers = 0;
	o.size--;
	assert_int_equal(ngu_graph_create(&o, &g), EINVAL);
	assert_null(g);
	/* No name and an empty one are the same: none. */
	assert_int_equal(ngu_mknode(G, "a", "", &id), 0);
	assert_int_not_equal(id, 77);
	assert_int_equal(ngu_insert(G, "A:", "x", "b", "i", "o", "", NULL), 0);
	ngt_expect_hooks(t, "C:", "w - B.z");
	expect_alive(t, 5, 6);
	end_quietly(t);
}

/* ---- replies ---- */

/* All ports for replies are taken: refused, counted, and nothing was sent. */
static void
test_no_reply_port(void **state)
{
	const struct ngu_op ops[] = { { .kind = NGU_OP_MSG, .path = "p:", .cookie = 77, .cmd = 1 } };
	struct ngt *t = ngt_graph("probe p");
	struct ngu_graph_stats s0, s1;
	struct ngu_apply_error err;
	struct ng_mesg *reply = (struct ng_mesg *)&whatever;
	unsigned i;

	(void)state;
	ngu_graph_stats(G, &s0);
	for (i = 0; i < NGU_REPLY_SLOTS; i++)
		NGU_ST_SC(&G->reply[i].addr, 1u);
	assert_int_equal(ngu_msg(G, "p:", 77, 1, "x", 1, &reply), ENOBUFS);
	assert_null(reply);
	assert_int_equal(ngu_apply(G, ops, 1, 0, &err), ENOBUFS);
	for (i = 0; i < NGU_REPLY_SLOTS; i++)
		NGU_ST_SC(&G->reply[i].addr, 0u);
	ngt_expect_none(ngt_probe(t, "p"), NULL);
	ngu_graph_stats(G, &s1);
	assert_int_equal(s1.messages_refused - s0.messages_refused, 2);
	assert_int_equal(s1.messages, s0.messages);
	/* One is enough, wherever it is. */
	for (i = 0; i < NGU_REPLY_SLOTS; i++)
		NGU_ST_SC(&G->reply[i].addr, i == 7 ? 0u : 1u);
	assert_int_equal(ngu_msg(G, "p:", 77, 1, "x", 1, NULL), 0);
	for (i = 0; i < NGU_REPLY_SLOTS; i++)
		NGU_ST_SC(&G->reply[i].addr, 0u);
	ngt_expect_msg(ngt_probe(t, "p"), "", 77, 1, "x", 1);
	ngt_end(t);
}

/* An answer to an earlier question is refused, whether the port is open for a later one or for none, and the later one's still comes. */
static int
answers_late(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct ng_mesg *m;
	unsigned i;

	(void)arg;
	(void)hook;
	(void)item;
	/* Each address a port had before, those of the call that is waiting now left out. */
	for (i = 0; i < NGU_REPLY_SLOTS; i++) {
		uint32_t now = NGU_LD_SC(&node->nd_graph->reply[i].addr);

		NG_MKMESSAGE(m, 77, 1, 4, M_WAITOK);
		assert_int_equal(ngu__reply_put(node->nd_graph, now > 1 ? now - (1u << 10) : NGU_REPLY_BASE | 1u << 10 | i, m), EINVAL);
	}
	return (0);
}

static void
test_late_reply(void **state)
{
	struct ngt *t;
	struct ng_mesg *reply = NULL;

	(void)state;
	ngt_trace_type("late", 0);
	ngt_trace_on("rcvmsg N", answers_late, NULL);
	t = ngt_graph("late N; probe p");
	ngt_answer(ngt_probe(t, "p"), "yes", 3);
	assert_int_equal(ngu_msg(G, "N:", 77, 1, NULL, 0, &reply), 0);
	assert_null(reply);
	assert_int_equal(ngu_msg(G, "p:", 77, 1, NULL, 0, &reply), 0);
	assert_non_null(reply);
	assert_memory_equal(reply->data, "yes", 3);
	ngu_msg_free(reply);
	ngt_end(t);
	ngt_trace_clear();
}

/* ---- accounts ---- */

#define LONG_NS 2000000

static int
take_long(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	int64_t end = ngu__port_mono_ns() + LONG_NS;

	(void)arg;
	(void)node;
	(void)hook;
	(void)item;
	while (ngu__port_mono_ns() < end)
		;
	return (0);
}

/* How long a node was closed: when asked for only, and from the beginning each time. */
static void
test_gate_timing(void **state)
{
	struct ngt *t = traced(0, 0, "a A; b B");
	struct ngu_graph_stats s;

	(void)state;
	ngt_trace_on("rcvmsg A", take_long, NULL);
	assert_int_equal(ngu_msg(G, "A:", 77, 1, NULL, 0, NULL), 0);
	ngu_graph_stats(G, &s);
	assert_int_equal(s.gate_longest_ns, 0);
	ngu_gate_timing(G, true);
	assert_int_equal(ngu_msg(G, "B:", 77, 1, NULL, 0, NULL), 0);
	assert_int_equal(ngu_msg(G, "A:", 77, 1, NULL, 0, NULL), 0);
	assert_int_equal(ngu_msg(G, "B:", 77, 1, NULL, 0, NULL), 0);
	ngu_graph_stats(G, &s);
	assert_true(s.gate_longest_ns >= LONG_NS);
	/* A connect takes both its nodes at once: the far one is closed from there on. */
	ngu_gate_timing(G, true);
	ngu_graph_stats(G, &s);
	assert_int_equal(s.gate_longest_ns, 0);
	ngt_trace_on("newhook B", take_long, NULL);
	assert_int_equal(ngu_connect(G, "A:", "x", "B:", "y"), 0);
	ngu_graph_stats(G, &s);
	assert_true(s.gate_longest_ns >= LONG_NS);
	ngu_gate_timing(G, false);
	assert_int_equal(ngu_msg(G, "A:", 77, 1, NULL, 0, NULL), 0);
	ngu_graph_stats(G, &s);
	assert_int_equal(s.gate_longest_ns, 0);
	end_quietly(t);
}

static char notes[2048];

static void
collect(void *arg, const char *text)
{
	(void)arg;
	(void)strncat(notes, text, sizeof(notes) - strlen(notes) - 2);
	(void)strcat(notes, "\n");
}

/* What is alive and what is only kept, one line each. */
static void
test_leaks(void **state)
{
	struct ngt *t = traced(0, 0, "a A.x - b B.y; a C");
	struct ng_node *a = node_of(t, "A");
	struct ng_hook *x = ng_findhook(a, "x");
	struct mbuf *m = ngu_packet(G, "abc", 3);
	char line[128];

	(void)state;
	assert_non_null(x);
	assert_non_null(m);
	NG_HOOK_REF(x);
	notes[0] = '\0';
	assert_int_equal(ngu_leaks(G, collect, NULL), 3 + 2 + 1);
	(void)snprintf(line, sizeof(line), "node [%x] \"A\" type a: 1 hook, %d references\n", (unsigned)NG_NODE_ID(a), NGU_LD_ACQ(&a->nd_refs));
	assert_non_null(strstr(notes, line));
	assert_non_null(strstr(notes, "\"B\" type b: 1 hook, "));
	assert_non_null(strstr(notes, "\"C\" type a: 0 hooks, "));
	assert_null(strstr(notes, "still referenced"));
#ifndef NGU_DEBUG
	assert_non_null(strstr(notes, "1 mbuf (a debug build tells from where)\n"));
#endif
	m_freem(m);
	assert_int_equal(ngu_rmhook(G, "A:", "x"), 0);
	ngu_reclaim_barrier();
	notes[0] = '\0';
	assert_int_equal(ngu_leaks(G, collect, NULL), 3 + 1);
	assert_non_null(strstr(notes, "1 hook removed but still referenced\n"));
	assert_null(strstr(notes, "mbuf"));
	NG_HOOK_UNREF(x);
	NG_NODE_UNREF(a);
	expect_alive(t, 3, 0);
	end_quietly(t);
}

/* ---- the way back out of a method, for tests that fail there ---- */

static jmp_buf way_out;

/* Nothing of the jump is left in the thread or in the graph. */
static void
recovered(struct ngt *t, uint64_t mbufs)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu_graph_stats s;

	assert_int_equal(ts->nest, 0);
	assert_int_equal(ts->level, 0);
	assert_int_equal(NGU_LD_ACQ(&ts->depth), 0);
	assert_int_equal(NGU_LD_ACQ(&ts->sec) & 1, 0);
	assert_int_equal(NGU_LD_ACQ(&ts->aside) & 1, 0);
	assert_false(ts->rcl_kept); /* or the next section would not be one */
	assert_false(ts->serving || ts->deferring);
	assert_int_equal(ts->nlocal, 0);
	assert_null(ts->local_head);
	assert_null(ts->defer_head);
	assert_null(ts->wframes);
	ngu_graph_stats(G, &s);
	assert_int_equal(s.mbufs, mbufs);
	assert_int_equal(s.queued, 0);
	assert_int_equal(s.attempted, s.delivered + s.refused + s.dropped);
}

/* What a method that jumps had in its hand. */
static struct ng_item *in_hand;

static int
jump(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	(void)arg;
	(void)node;
	(void)hook;
	in_hand = item != NULL ? *item : NULL;
	longjmp(way_out, 1);
}

/* Passes the packet on and jumps. With arg, a node: its gate is closed meanwhile. */
static int
pass_and_jump(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct ng_node *closed = arg;
	struct ng_hook *out = ng_findhook(node, "y");
	int error;

	(void)hook;
	assert_non_null(out);
	if (closed != NULL)
		(void)NGU_FOR_SC(&closed->nd_gate, NGU_G_W);
	NG_FWD_ITEM_HOOK(error, *item, out);
	if (closed != NULL)
		(void)NGU_FAND_SC(&closed->nd_gate, ~NGU_G_W);
	whatever = error;
	in_hand = NULL;
	longjmp(way_out, 1);
}

/* Passes the packet on to a node whose gate is closed for that moment, twice: on the way out both are delivered. */
static int
pass_aside(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct ng_node *closed = arg;
	struct ng_hook *out = ng_findhook(node, "y");
	struct mbuf *m;
	int error;

	(void)hook;
	assert_non_null(out);
	(void)NGU_FOR_SC(&closed->nd_gate, NGU_G_W);
	assert_non_null(m = ngu_packet(ngu_graph_current(), "second", 6));
	NG_FWD_ITEM_HOOK(error, *item, out);
	NG_SEND_DATA_ONLY(whatever, out, m);
	(void)NGU_FAND_SC(&closed->nd_gate, ~NGU_G_W);
	return (error);
}

/* The baseline counts at each hop; what a jump leaves there nobody can find. */
static void
lost(struct ngt *t, const char *name, const char *hook)
{
	struct ng_node *n = node_of(t, name);
	struct ng_hook *h = ng_findhook(n, hook);

	assert_non_null(h);
	if (NGU_RCL_HOP_LOCKED) {
		NG_HOOK_UNREF(h);
		NG_NODE_UNREF(n);
	}
	NG_NODE_UNREF(n);
}

/* A port to A:x, A:y - B:z. */
static struct ngt *
jumpy(const struct ngu_graph_opts *o, struct ngu_port **port)
{
	struct ngt *t;

	ngt_trace_type("a", NGT_FORWARD | NGT_LOG_DATA);
	ngt_trace_type("b", NGT_LOG_DATA);
	t = o != NULL ? ngt_graph_with(o, "a A.y - b B.z") : ngt_graph("a A.y - b B.z");
	assert_int_equal(ngu_port_open(G, "A:", "x", NULL, NULL, port), 0);
	ngt_trace_clear();
	return (t);
}

static void
send(struct ngt *t, struct ngu_port *port)
{
	struct mbuf *m = ngu_packet(G, "abc", 3);

	assert_non_null(m);
	(void)ngu_port_send(port, m);
}

/* Out of the middle of a graph; with a packet put off by the depth limit; with one laid aside at a closed gate. */
static void
test_jump(void **state)
{
	const struct ngu_graph_opts flat = { .size = sizeof(flat), .depth_limit = 1, .fake_clock = true };

	(void)state;
	for (volatile int i = 0; i < 3; i++) {
		struct ngu_port *volatile port;
		struct ngu_port *p;
		struct ngt *volatile t = jumpy(i == 1 ? &flat : NULL, &p);
		struct ng_node *volatile b = node_of(t, "B");

		port = p;
		if (i == 0)
			ngt_trace_on("rcvdata B", jump, NULL);
		else
			ngt_trace_on("rcvdata A", pass_and_jump, i == 1 ? NULL : b);
		if (setjmp(way_out) == 0) {
			send(t, port);
			fail();
		}
		if (i == 1)
			assert_non_null(ngu__self()->defer_head);
		if (i == 2)
			assert_int_equal(ngu__self()->nlocal, 1);
		ngu_thread_recover(G);
		if (in_hand != NULL)
			NG_FREE_ITEM(in_hand);
		recovered(t, 0);
		lost(t, "A", "x");
		if (i == 0)
			lost(t, "B", "z");
		ngt_expect_trace(i == 0 ? "rcvdata A/x 3; rcvdata B/z 3" : "rcvdata A/x 3");
		/* As if nothing had been. */
		ngt_trace_on("rcvdata A", NULL, NULL);
		ngt_trace_on("rcvdata B", NULL, NULL);
		send(t, port);
		ngt_settle(t);
		ngt_expect_trace("rcvdata A/x 3; rcvdata B/z 3");
		ngu_reclaim_barrier();
		recovered(t, 0);
		NG_NODE_UNREF(b);
		ngu_port_close(port);
		end_quietly(t);
	}
}

/* Out of a delivery on the way out, of what had been laid aside. */
static void
test_jump_aside(void **state)
{
	struct ngu_port *p;
	struct ngt *volatile t = jumpy(NULL, &p);
	struct ngu_port *volatile port = p;
	struct ng_node *volatile b = node_of(t, "B");

	(void)state;
	ngt_trace_on("rcvdata A", pass_aside, b);
	ngt_trace_on("rcvdata B", jump, NULL);
	if (setjmp(way_out) == 0) {
		send(t, port);
		fail();
	}
	assert_int_equal(NGU_LD_ACQ(&ngu__self()->aside) & 1, 1);
	ngu_thread_recover(G);
	NG_FREE_ITEM(in_hand);
	recovered(t, 0);
	lost(t, "B", "z");
	lost(t, "B", "z");
	ngt_expect_trace("rcvdata A/x 3; rcvdata B/z 3");
	ngt_trace_on("rcvdata B", NULL, NULL);
	send(t, port);
	ngt_expect_trace("rcvdata A/x 3; rcvdata B/z 3; rcvdata B/z 6");
	/* Grace periods end, and turns are had. */
	ngu_reclaim_barrier();
	assert_int_equal(ngu_msg(G, "B:", 77, 1, NULL, 0, NULL), 0);
	recovered(t, 0);
	NG_NODE_UNREF(b);
	ngu_port_close(port);
	end_quietly(t);
}

/* Out of the first of three packets that a server has taken out of a queue: the other two are not lost. */
static void
test_jump_queue(void **state)
{
	struct ngu_port *p;
	struct ngt *volatile t = jumpy(NULL, &p);
	struct ngu_port *volatile port = p;
	struct ng_node *volatile b = node_of(t, "B");
	struct ng_hook *volatile z = ng_findhook(b, "z");
	const int refs = NGU_LD_ACQ(&b->nd_refs), hrefs = NGU_LD_ACQ(&z->hk_refs);
	struct ngu_graph *volatile before = ngu_graph_enter(G);

	(void)state;
	NG_HOOK_FORCE_QUEUE(z);
	ngt_trace_on("rcvdata B", jump, NULL);
	ngu__epoch_enter(); /* nothing is served in a section */
	for (int i = 0; i < 3; i++)
		send(t, port);
	if (setjmp(way_out) == 0) {
		ngu__epoch_leave();
		fail();
	}
	assert_int_equal(ngu__self()->owed.nrun, 2);
	ngt_trace_on("rcvdata B", NULL, NULL);
	ngu_thread_recover(G);
	NG_FREE_ITEM(in_hand);
	ngt_settle(t);
	recovered(t, 0);
	assert_null(ngu__self()->owed.node);
	ngt_expect_trace("rcvdata A/x 3; rcvdata A/x 3; rcvdata A/x 3; rcvdata B/z 3; rcvdata B/z 3; rcvdata B/z 3");
	/* The delivery's. */
	while (NGU_LD_ACQ(&b->nd_refs) != refs)
		NG_NODE_UNREF(b);
	while (NGU_LD_ACQ(&z->hk_refs) != hrefs)
		NG_HOOK_UNREF(z);
	(void)ngu_graph_enter(before);
	NG_NODE_UNREF(b);
	ngu_port_close(port);
	end_quietly(t);
}

static int
queue_and_jump(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct ng_mesg *m;

	(void)arg;
	(void)hook;
	NG_MKMESSAGE(m, 77, 2, 0, M_NOWAIT);
	NG_SEND_MSG_ID(whatever, node, m, NG_NODE_ID(node), 0);
	NG_FREE_ITEM(*item);
	longjmp(way_out, 1);
}

static void
jump_timer(void *arg)
{
	(void)arg;
	longjmp(way_out, 1);
}

static void
timer(void *arg)
{
	++*(int *)arg;
}

/* Out of a message's method, with something waiting behind it: that is served. Out of a timer: the clock can be moved again. */
static void
test_jump_control(void **state)
{
	static struct callout c;
	static int ran;
	struct ngt *volatile t = traced(0, 0, "a A");
	struct ng_node *volatile a = node_of(t, "A");
	const int refs = NGU_LD_ACQ(&a->nd_refs);
	struct ng_mesg *m;

	(void)state;
	ngt_trace_on("rcvmsg A 77:1", queue_and_jump, NULL);
	NG_MKMESSAGE(m, 77, 1, 0, M_WAITOK);
	if (setjmp(way_out) == 0) {
		NG_SEND_MSG_ID(whatever, a, m, NG_NODE_ID(a), 0);
		fail();
	}
	assert_non_null(ngu__self()->wframes);
	ngu_thread_recover(G); /* and what waited is served on the way */
	while (NGU_LD_ACQ(&a->nd_refs) != refs) /* the delivery's */
		NG_NODE_UNREF(a);
	recovered(t, 0);
	ngt_settle(t);
	ngt_expect_trace("rcvmsg A 77:1; rcvmsg A 77:2");
	(void)ngu_graph_enter(G);
	callout_init(&c, 1);
	assert_int_equal(callout_reset(&c, 1, jump_timer, NULL), 0);
	if (setjmp(way_out) == 0) {
		ngt_advance(t, 50);
		fail();
	}
	assert_ptr_equal(NGU_LD_ACQ(&G->mover), ngu__self());
	ngu_thread_recover(G);
	assert_null(NGU_LD_ACQ(&G->mover));
	recovered(t, 0);
	assert_int_equal(callout_reset(&c, 1, timer, &ran), 0);
	ngt_advance(t, 50);
	assert_int_equal(ran, 1);
	assert_int_equal(ngu_msg(G, "A:", 77, 3, NULL, 0, NULL), 0);
	ngt_expect_trace("rcvmsg A 77:3");
	NG_NODE_UNREF(a);
	end_quietly(t);
}

static unsigned
open_replies(struct ngu_graph *g)
{
	unsigned n = 0;

	for (unsigned i = 0; i < NGU_REPLY_SLOTS; i++)
		n += NGU_LD_ACQ(&g->reply[i].addr) != 0;
	return (n);
}

static struct ng_item *outer_item; /* of a call in whose method another is made */

static int
call_on(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	outer_item = *item;
	whatever = ngu_msg(arg, "B:", 77, 2, NULL, 0, NULL);
	return (0);
}

/* Out of a call, and out of a call that a call's method makes: their records and reply slots are free again. */
static void
test_jump_calls(void **state)
{
	(void)state;
	for (volatile int i = 0; i < 2; i++) {
		struct ngt *volatile t = traced(0, 0, "a A; b B");
		struct ng_node *volatile n[2] = { node_of(t, "A"), node_of(t, "B") };
		volatile int refs[2] = { NGU_LD_ACQ(&n[0]->nd_refs), NGU_LD_ACQ(&n[1]->nd_refs) };

		assert_int_equal(ngu_msg(G, "A:", 77, 0, NULL, 0, NULL), 0); /* its record is kept for the next */
		ngt_trace_on("rcvmsg A 77:1", i == 0 ? jump : call_on, G);
		ngt_trace_on("rcvmsg B 77:2", jump, NULL);
		if (setjmp(way_out) == 0) {
			whatever = ngu_msg(G, "A:", 77, 1, NULL, 0, NULL);
			fail();
		}
		assert_int_equal(open_replies(G), i + 1);
		assert_non_null(ngu__self()->calls);
		ngu_thread_recover(G);
		assert_int_equal(open_replies(G), 0);
		assert_null(ngu__self()->calls);
#ifndef NGU_NO_CACHES
		assert_non_null(ngu__self()->waiter);
#endif
		for (int k = 0; k < 2; k++)
			while (NGU_LD_ACQ(&n[k]->nd_refs) > refs[k]) /* the delivery's, the call's */
				NG_NODE_UNREF(n[k]);
		NG_FREE_ITEM(in_hand);
		in_hand = NULL;
		if (i == 1)
			NG_FREE_ITEM(outer_item);
		assert_int_equal(ngu_msg(G, "A:", 77, 3, NULL, 0, NULL), 0);
		for (int k = 0; k < 2; k++)
			NG_NODE_UNREF(n[k]);
		end_quietly(t);
	}
}

static int
jump_fn(struct ng_node *node, struct ng_item *item, struct ng_hook *hook)
{
	in_hand = item;
	longjmp(way_out, 1);
}

/* Out of what a bypass serves while it waits for its node: nobody waits any more, and servers may linger. */
static void
test_jump_quiet(void **state)
{
	struct ngt *volatile t = traced(0, 0, "a A; b B");
	struct ng_node *volatile a = node_of(t, "A"), *volatile b = node_of(t, "B");
	const int refs = NGU_LD_ACQ(&b->nd_refs);
	struct ngu__wframe f;

	(void)state;
	assert_true(ngu__w_take(ngu__self(), a, &f));
	assert_int_equal(ng_send_fn2(b, NULL, NULL, jump_fn, NULL, 0, NG_QUEUE), 0);
	if (setjmp(way_out) == 0) {
		ngu__wq_push(ngu__self(), b);
		ngu__node_quiet_wait(ngu__self(), a);
		fail();
	}
	assert_int_equal(G->hasty, 1);
	ngu_thread_recover(G);
	assert_int_equal(G->hasty, 0);
	NG_FREE_ITEM(in_hand);
	in_hand = NULL;
	while (NGU_LD_ACQ(&b->nd_refs) > refs)
		NG_NODE_UNREF(b);
	NG_NODE_UNREF(a);
	NG_NODE_UNREF(b);
	end_quietly(t);
}

/* With workers somebody else may have a node for a while; a gate that stays closed is opened. */
static void
test_recover_workers(void **state)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .workers = 1, .fake_clock = true };
	struct ng_node *a;
	struct ngt *t;

	(void)state;
	ngt_trace_type("a", 0);
	t = ngt_graph_with(&o, "a A");
	a = node_of(t, "A");
	(void)NGU_FOR_SC(&a->nd_gate, NGU_G_W);
	ngu_thread_recover(G);
	assert_int_equal(NGU_LD_ACQ(&a->nd_gate) & NGU_G_W, 0);
	assert_int_equal(ngu_msg(G, "A:", 77, 1, NULL, 0, NULL), 0);
	NG_NODE_UNREF(a);
	end_quietly(t);
}

/* A message that only reads, from an epoch, does not enter a closed node: it waits. */
static void
test_reader_waits(void **state)
{
	struct ngt *t = traced(0, 0, "a A");
	struct ng_node *a = node_of(t, "A");
	struct epoch_tracker et;
	struct ng_mesg *m;
	int error;

	(void)state;
	(void)ngu_graph_enter(G);
	(void)NGU_FOR_SC(&a->nd_gate, NGU_G_W);
	NET_EPOCH_ENTER(et);
	NG_MKMESSAGE(m, 77, 1 | NGM_READONLY, 0, M_NOWAIT);
	NG_SEND_MSG_ID(error, NULL, m, NG_NODE_ID(a), 0);
	assert_int_equal(error, 0);
	assert_int_equal(NGU_LD_ACQ(&ngu__self()->depth), 0);
	assert_string_equal(ngt_trace_text(), "");
	(void)NGU_FAND_SC(&a->nd_gate, ~NGU_G_W);
	NET_EPOCH_EXIT(et);
	ngu__doom_kick(ngu__self(), a, NULL); /* what the holder of the turn would have done */
	ngt_settle(t);
	assert_int_equal(ngu_msg(G, "A:", 77, 2, NULL, 0, NULL), 0);
	assert_non_null(strstr(ngt_trace_text(), "; rcvmsg A 77:2"));
	NG_NODE_UNREF(a);
	end_quietly(t);
}

/* The same seed, the same numbers. */
static void
test_seed(void **state)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .seed = 4711 };
	struct ngu_graph *g[3];
	uint64_t n[3][4];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		o.seed = i == 2 ? 4712 : 4711;
		assert_int_equal(ngu_graph_create(&o, &g[i]), 0);
		for (unsigned k = 0; k < 4; k++)
			n[i][k] = ngu__graph_random(g[i]);
	}
	assert_memory_equal(n[0], n[1], sizeof(n[0]));
	assert_memory_not_equal(n[0], n[2], sizeof(n[0]));
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(ngu_graph_destroy(g[i]), 0);
}

#ifndef NGU_DEBUG /* there it is a broken invariant: see test_reclaim_ends.c */
static void *
end_inside(void *arg)
{
	struct ngt *t = arg;
	struct epoch_tracker et;
	struct ng_mesg *m;
	int error = 0;

	(void)ngu_graph_enter(G);
	NET_EPOCH_ENTER(et);
	NG_MKMESSAGE(m, 77, 1, 0, M_NOWAIT);
	if (m != NULL)
		NG_SEND_MSG_PATH(error, NULL, m, "A:", 0);
	whatever = error;
	return (NULL);
}

/* A thread that ends in an epoch keeps what it promised there, and holds nobody up. */
static void
test_ends_inside(void **state)
{
	struct ngt *t = traced(0, 0, "a A");
	struct ng_node *a = node_of(t, "A");
	pthread_t th;

	(void)state;
	/* A reader stands in A meanwhile, so that the message has to wait. */
	(void)NGU_FADD_SC(&a->nd_gate, NGU_G_R1);
	assert_int_equal(pthread_create(&th, NULL, end_inside, t), 0);
	assert_int_equal(pthread_join(th, NULL), 0);
	ngu__r_release(ngu__self(), a);
	ngt_settle(t);
	ngt_expect_trace("rcvmsg A 77:1");
	ngu_reclaim_barrier();
	assert_int_equal(ngu_msg(G, "A:", 77, 2, NULL, 0, NULL), 0);
	NG_NODE_UNREF(a);
	end_quietly(t);
}
#endif

static int
memory_back(void **state)
{
	ngu__port_alloc_hook = NULL;
	return (ngt_teardown(state));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_version),
		cmocka_unit_test_setup_teardown(test_no_counters, ngt_setup, memory_back),
		cmocka_unit_test_setup_teardown(test_no_hook_counter, ngt_setup, memory_back),
		ngt_test(test_arguments),
		ngt_test(test_no_reply_port),
		ngt_test(test_late_reply),
		ngt_test(test_gate_timing),
		ngt_test(test_leaks),
#ifndef NGU_DEBUG
		ngt_test(test_ends_inside),
#endif
		ngt_test(test_jump),
		ngt_test(test_jump_aside),
		ngt_test(test_jump_control),
		ngt_test(test_jump_calls),
		ngt_test(test_jump_quiet),
		ngt_test(test_jump_queue),
		ngt_test(test_recover_workers),
		ngt_test(test_reader_waits),
		ngt_test(test_seed),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
