/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_limit.c - limits (section 16): presets, names, what is refused and how that is counted, high marks, and what is never
 * refused.
 */
#include "support/unit.h"

#define COOKIE 77

static struct ngu_limit_info
get(struct ngt *t, enum ngu_limit which)
{
	struct ngu_limit_info i;

	assert_int_equal(ngu_limit_get(G, which, &i), 0);
	return (i);
}

static void
expect(struct ngt *t, enum ngu_limit which, uint32_t now, uint32_t high, uint64_t refused)
{
	struct ngu_limit_info i = get(t, which);

	assert_int_equal(i.now, now);
	assert_int_equal(i.high, high);
	assert_int_equal(i.refused, refused);
}

static void
test_presets(void **state)
{
	static const struct {
		enum ngu_limit which;
		const char *name;
		uint32_t preset, most;
	} l[] = {
		{ NGU_L_DATA, "maxdata", 1048576, UINT32_MAX },
		{ NGU_L_ITEMS, "maxalloc", 1048576, UINT32_MAX },
		{ NGU_L_NODEQUEUE, "nodequeue", 65536, 4194304 },
		{ NGU_L_NODES, "nodes", 0xefffffff, 0xefffffff },
		{ NGU_L_HOOKS, "hooks", INT32_MAX, INT32_MAX },
		{ NGU_L_DEPTH, "depth", 12, 63 },
	};
	struct ngt *t = ngt_graph("");
	struct ngu_limit_info info;
	enum ngu_limit which = NGU_L_COUNT;
	unsigned i;

	(void)state;
	assert_int_equal(NITEMS(l), NGU_L_COUNT);
	for (i = 0; i < NITEMS(l); i++) {
		assert_int_equal(get(t, l[i].which).limit, l[i].preset);
		assert_string_equal(ngu_limit_name(l[i].which), l[i].name);
		assert_int_equal(ngu_limit_find(l[i].name, &which), 0);
		assert_int_equal(which, l[i].which);
		assert_int_equal(ngu_limit_set(G, l[i].which, 0), EINVAL);
		if (l[i].most != UINT32_MAX)
			assert_int_equal(ngu_limit_set(G, l[i].which, l[i].most + 1), EINVAL);
		assert_int_equal(get(t, l[i].which).limit, l[i].preset);
		assert_int_equal(ngu_limit_set(G, l[i].which, 5), 0);
		assert_int_equal(get(t, l[i].which).limit, 5);
		assert_int_equal(ngu_limit_set(G, l[i].which, l[i].most), 0);
		assert_int_equal(get(t, l[i].which).limit, l[i].most);
	}
	assert_string_equal(ngu_limit_name(NGU_L_COUNT), "unknown");
	assert_int_equal(ngu_limit_find("maxdatum", &which), ENOENT);
	assert_int_equal(ngu_limit_get(G, NGU_L_COUNT, &info), EINVAL);
	assert_int_equal(ngu_limit_set(G, NGU_L_COUNT, 1), EINVAL);
	assert_int_equal(ngu_limit_get(NULL, NGU_L_DATA, &info), EINVAL);
	assert_int_equal(ngu_limit_set(NULL, NGU_L_DATA, 1), EINVAL);
	ngt_end(t);
}

static void
test_options(void **state)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .max_data = 3, .max_items = 4, .depth_limit = 5 };
	struct ngt *t = ngt_graph_with(&o, "");

	(void)state;
	assert_int_equal(get(t, NGU_L_DATA).limit, 3);
	assert_int_equal(get(t, NGU_L_ITEMS).limit, 4);
	assert_int_equal(get(t, NGU_L_DEPTH).limit, 5);
	assert_int_equal(ngu_max_data(G), 3);
	assert_int_equal(ngu_set_max_items(G, 9), 0);
	assert_int_equal(get(t, NGU_L_ITEMS).limit, 9);
	ngt_end(t);
}

/* ---- queues ---- */

static int
queue_packet(struct ngt *t, const char *probe)
{
	return (ngt_try_send_flags(ngt_probe(t, probe), NULL, "00", NG_QUEUE));
}

static int
queue_message(struct ng_node *node, uint32_t cookie, uint32_t cmd)
{
	struct ng_mesg *m;
	struct ng_item *item;
	int error;

	NG_MKMESSAGE(m, cookie, cmd, 0, M_NOWAIT);
	item = ng_package_msg(m, NG_NOFLAGS);
	if ((error = ng_address_ID(node, item, NG_NODE_ID(node), 0)) != 0)
		return (error);
	return (ng_snd_item(item, NG_QUEUE));
}

/* One node's queue is full; its neighbour's is not. */
static void
test_node_queue(void **state)
{
	struct ngt *t = traced(NGT_LOG_DATA, NGT_LOG_DATA, "probe p.x - a A.x; probe q.x - b B.x");
	struct ng_node *a = node_of(t, "A");
	struct ngu_graph *before = ngu_graph_enter(G);
	struct ngu_graph_stats s;
	int i;

	(void)state;
	assert_int_equal(ngu_limit_set(G, NGU_L_NODEQUEUE, 3), 0);
	ngu__epoch_enter(); /* nothing is served in a section */
	for (i = 0; i < 3; i++)
		assert_int_equal(queue_packet(t, "p"), 0);
	assert_int_equal(queue_packet(t, "p"), ENOBUFS);
	assert_int_equal(queue_packet(t, "q"), 0);
	expect(t, NGU_L_NODEQUEUE, 0, 3, 1);
	expect(t, NGU_L_DATA, 4, 4, 0);
	/* Messages have as much room again. */
	for (i = 0; i < 3; i++)
		assert_int_equal(queue_message(a, COOKIE, 1), 0);
	assert_int_equal(queue_message(a, COOKIE, 1), ENOBUFS);
	expect(t, NGU_L_NODEQUEUE, 0, 6, 2);
	expect(t, NGU_L_ITEMS, 3, 3, 0);
	ngu__epoch_leave();
	ngt_settle(t);
	ngt_trace_clear();
	expect(t, NGU_L_DATA, 0, 4, 0);
	expect(t, NGU_L_ITEMS, 0, 3, 0);
	ngu_graph_stats(G, &s);
	assert_int_equal(s.by_reason[NGU_R_QUEUE_FULL], 1);
	assert_int_equal(s.messages_refused, 1);
	assert_int_equal(s.attempted, s.delivered + s.refused + s.dropped);
	/* The room came back. */
	ngu__epoch_enter();
	for (i = 0; i < 3; i++)
		assert_int_equal(queue_packet(t, "p"), 0);
	ngu__epoch_leave();
	ngt_settle(t);
	ngt_expect_trace("rcvdata A/x 1; rcvdata A/x 1; rcvdata A/x 1");
	NG_NODE_UNREF(a);
	(void)ngu_graph_enter(before);
	ngt_end(t);
}

/* The graph's limits: packets and messages each have their own. */
static void
test_graph_queue(void **state)
{
	struct ngt *t = traced(0, 0, "probe p.x - a A.x; probe q.x - b B.x");
	struct ng_node *a = node_of(t, "A"), *b = node_of(t, "B");
	struct ngu_graph *before = ngu_graph_enter(G);

	(void)state;
	assert_int_equal(ngu_limit_set(G, NGU_L_DATA, 2), 0);
	assert_int_equal(ngu_limit_set(G, NGU_L_ITEMS, 2), 0);
	ngu__epoch_enter();
	assert_int_equal(queue_packet(t, "p"), 0);
	assert_int_equal(queue_packet(t, "q"), 0);
	assert_int_equal(queue_packet(t, "q"), ENOMEM);
	assert_int_equal(queue_message(a, COOKIE, 1), 0);
	assert_int_equal(queue_message(b, COOKIE, 1), 0);
	assert_int_equal(queue_message(b, COOKIE, 1), ENOMEM);
	expect(t, NGU_L_DATA, 2, 2, 1);
	expect(t, NGU_L_ITEMS, 2, 2, 1);
	ngu__epoch_leave();
	ngt_settle(t);
	expect(t, NGU_L_DATA, 0, 2, 1);
	expect(t, NGU_L_ITEMS, 0, 2, 1);
	NG_NODE_UNREF(a);
	NG_NODE_UNREF(b);
	(void)ngu_graph_enter(before);
	ngt_trace_clear();
	ngt_end(t);
}

/* With every queue full a node can still be ended, connected and disconnected. */
static void
test_never_refused(void **state)
{
	struct ngt *t = traced(0, 0, "probe p.x - a A.x; b B; b C");
	struct ng_node *a = node_of(t, "A");
	struct ngu_graph *before = ngu_graph_enter(G);

	(void)state;
	assert_int_equal(ngu_limit_set(G, NGU_L_DATA, 1), 0);
	assert_int_equal(ngu_limit_set(G, NGU_L_ITEMS, 1), 0);
	assert_int_equal(ngu_limit_set(G, NGU_L_NODEQUEUE, 1), 0);
	ngu__epoch_enter();
	assert_int_equal(queue_packet(t, "p"), 0);
	assert_int_equal(queue_message(a, COOKIE, 1), 0);
	assert_int_equal(queue_message(a, COOKIE, 1), ENOMEM);
	assert_int_equal(queue_message(a, NGM_GENERIC_COOKIE, NGM_SHUTDOWN), 0);
	ngu__epoch_leave();
	ngt_settle(t);
	ngt_expect_hooks(t, "A:", NULL);
	assert_false(NG_NODE_IS_VALID(a));
	assert_int_equal(ngu_connect(G, "B:", "x", "C:", "y"), 0);
	assert_int_equal(ngu_connect(G, "B:", "s1", "B:", "s2"), 0); /* its stages are queued */
	assert_int_equal(ngu_rmhook(G, "B:", "s1"), 0);
	assert_int_equal(ngu_shutdown(G, "C:"), 0);
	NG_NODE_UNREF(a);
	(void)ngu_graph_enter(before);
	ngt_end(t);
}

/* ---- nodes, hooks ---- */

static void
test_nodes(void **state)
{
	struct ngt *t = traced(0, 0, "a A; b B");

	(void)state;
	expect(t, NGU_L_NODES, 2, 2, 0);
	assert_int_equal(ngu_limit_set(G, NGU_L_NODES, 3), 0);
	assert_int_equal(ngu_mkpeer(G, "A:", "b", "x", "y"), 0);
	assert_int_equal(ngu_mkpeer(G, "A:", "b", "x2", "y"), ENOMEM);
	assert_int_equal(ngu_mknode(G, "a", "D", NULL), ENOMEM);
	expect(t, NGU_L_NODES, 3, 3, 2);
	ngt_expect_hooks(t, "A:", "x - b.y");
	assert_int_equal(NGU_LD_ACQ(&ng_findtype("b")->refs), 3); /* the type does not count what was refused */
	/* One goes: room for one. Lowering takes nothing away. */
	assert_int_equal(ngu_shutdown(G, "A:x"), 0);
	expect(t, NGU_L_NODES, 2, 3, 2);
	assert_int_equal(ngu_mknode(G, "a", "D", NULL), 0);
	assert_int_equal(ngu_limit_set(G, NGU_L_NODES, 1), 0);
	expect(t, NGU_L_NODES, 3, 3, 2);
	assert_int_equal(ngu_mknode(G, "a", "E", NULL), ENOMEM);
	assert_int_equal(ngu_lookup(G, "D:", NULL), 0);
	/* A constructor that fails gives its place back. */
	assert_int_equal(ngu_limit_set(G, NGU_L_NODES, 4), 0);
	ngt_trace_fail("constructor a", EPERM);
	assert_int_equal(ngu_mknode(G, "a", NULL, NULL), EPERM);
	assert_int_equal(ngu_mknode(G, "a", NULL, NULL), EPERM);
	ngt_trace_fail("constructor a", 0);
	assert_int_equal(ngu_mknode(G, "a", NULL, NULL), 0);
	expect(t, NGU_L_NODES, 4, 4, 3);
	ngt_end(t);
}

static void
test_hooks(void **state)
{
	struct ngt *t = traced(0, 0, "a A; b B; b C; A.1 - B.1; A.2 - C.2");

	(void)state;
	expect(t, NGU_L_HOOKS, 0, 2, 0);
	assert_int_equal(ngu_limit_set(G, NGU_L_HOOKS, 2), 0);
	ngt_trace_clear();
	/* Full on this side, on the other, and for a new node. */
	assert_int_equal(ngu_connect(G, "A:", "3", "B:", "3"), ENOMEM);
	expect_balance("A/3");
	assert_int_equal(ngu_connect(G, "B:", "3", "A:", "3"), ENOMEM);
	expect_balance("B/3");
	expect_balance("A/3");
	assert_int_equal(ngu_mkpeer(G, "A:", "b", "3", "y"), ENOMEM);
	ngt_expect_hooks(t, "A:", "2 - C.2; 1 - B.1");
	ngt_expect_hooks(t, "B:", "1 - A.1");
	expect(t, NGU_L_HOOKS, 0, 2, 3);
	assert_int_equal(ngu_rmhook(G, "A:", "1"), 0);
	assert_int_equal(ngu_connect(G, "A:", "3", "B:", "3"), 0);
	expect_alive(t, 3, 4);
	ngt_trace_clear();
	ngt_end(t);
}

/* ---- depth ---- */

static void
test_depth(void **state)
{
	struct ngt *t = traced(NGT_FORWARD, 0, "probe p.o - a n1.i; n1.o - a n2.i; n2.o - a n3.i; n3.o - a n4.i; n4.o - probe q.i");
	uint32_t depth;

	(void)state;
	for (depth = 1; depth < 8; depth++) {
		assert_int_equal(ngu_limit_set(G, NGU_L_DEPTH, depth), 0);
		ngt_send(ngt_probe(t, "p"), "o", "00");
		ngt_expect(ngt_probe(t, "q"), "i", "00"); /* none is lost to it */
		assert_true(get(t, NGU_L_DEPTH).high >= (depth < 5 ? depth : 5));
		assert_int_equal(get(t, NGU_L_DEPTH).refused, 0);
	}
	ngt_end(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_presets),
		ngt_test(test_options),
		ngt_test(test_node_queue),
		ngt_test(test_graph_queue),
		ngt_test(test_never_refused),
		ngt_test(test_nodes),
		ngt_test(test_hooks),
		ngt_test(test_depth),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
