/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_corners.c - calls made where they may not be made, and arguments that nobody gives on purpose: each is refused, loses
 * nothing, and changes nothing. What the tests of single files leave out.
 */
#include "support/unit.h"

#include <pthread.h>

#include <netgraph/ng_parse.h>
#include <sys/epoch.h>

/* ---- inside a read section nothing that may wait is done */

static int
makes(node_p node)
{
	(void)node;
	return (0);
}

static struct ng_type unloaded = { .version = NG_ABI_VERSION, .name = "corner", .constructor = makes };

static void
test_in_a_section(void **state)
{
	static const struct ngu_op op = { .kind = NGU_OP_MKNODE, .type = "a" };
	struct ngt *t = traced(0, 0, "a A; b B; A.x - B.y; a C; C.z - B.w");
	struct epoch_tracker et;

	(void)state;
	assert_int_equal(ng_mod_event(NULL, MOD_LOAD, &unloaded), 0);
	assert_int_equal(ngu_mknode(G, "corner", "corner", NULL), 0);
	NET_EPOCH_ENTER(et);
	assert_int_equal(ngu_apply(G, &op, 1, 0, NULL), EDEADLK);
	assert_int_equal(ngu_apply_text(G, "mknode a\n", 0, NULL), EDEADLK);
	assert_int_equal(ngu_relink(G, "A:", "x", "C:", "new"), EDEADLK);
	assert_int_equal(ngu_bypass(G, "B:", "y", "w"), EDEADLK);
	assert_int_equal(ngu_clock_advance(G, 1), EINVAL);
	assert_int_equal(ngu_graph_destroy(G), EDEADLK);
	assert_int_equal(ng_mod_event(NULL, MOD_UNLOAD, &unloaded), EBUSY);
	NET_EPOCH_EXIT(et);
	ngt_expect_hooks(t, "A:", "x - B.y");
	ngt_expect_hooks(t, "B:", "w - C.z; y - A.x");
	expect_alive(t, 4, 4);
	assert_int_equal(ngu_shutdown(G, "corner:"), 0);
	expect_alive(t, 3, 4);
	assert_int_equal(ng_mod_event(NULL, MOD_UNLOAD, &unloaded), 0);
	end_quietly(t);
}

/* ---- time */

static _Atomic unsigned rang;

static void
rings(node_p node, hook_p hook, void *arg1, int arg2)
{
	(void)node, (void)hook, (void)arg1, (void)arg2;
	NGU_ST_REL(&rang, NGU_LD_ACQ(&rang) + 1);
}

/* A standing clock and workers: the mover leaves the work to them. No limit: until all is done. */
static void
test_clock(void **state)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .fake_clock = true, .workers = 1 };
	struct ngu_graph *g, *before;
	struct callout c;
	node_p node;

	(void)state;
	NGU_ST_REL(&rang, 0u);
	assert_int_equal(ngu_graph_create(&o, &g), 0);
	assert_int_equal(ngu_mknode(g, "hole", "h", NULL), 0);
	assert_int_equal(ngu_clock_next(g), -1);
	before = ngu_graph_enter(g);
	node = ng_name2noderef(NULL, "h");
	assert_non_null(node);
	ng_callout_init(&c);
	assert_int_equal(ng_callout(&c, node, NULL, 5, rings, NULL, 0), 0);
	(void)ngu_graph_enter(before);
	assert_true(ngu_clock_next(g) > ngu_clock_now(g));
	assert_int_equal(ngu_clock_advance(g, ngu_clock_next(g) - ngu_clock_now(g)), 0);
	assert_int_equal(ngu_settle(g, 0), 0);
	assert_int_equal(NGU_LD_ACQ(&rang), 1);
	assert_int_equal(ngu_clock_next(g), -1);
	NG_NODE_UNREF(node);
	assert_int_equal(ngu_graph_destroy(g), 0);
}

/* ---- items */

static item_p
message(uint32_t cookie, uint32_t cmd)
{
	struct ng_mesg *m;
	item_p item;

	NG_MKMESSAGE(m, cookie, cmd, 0, M_NOWAIT);
	assert_non_null(m);
	item = ng_package_msg(m, NG_NOFLAGS);
	assert_non_null(item);
	return (item);
}

static item_p
data(void)
{
	item_p item = ng_package_data(ngu_packet(NULL, "abcd", 4), NG_NOFLAGS);

	assert_non_null(item);
	return (item);
}

/* A message that is none: not there, or shorter than a header. */
static void
test_no_message(void **state)
{
	struct ngt *t = traced(0, 0, "a A");
	struct ngu_graph *before = ngu_graph_enter(G);
	node_p a = node_of(t, "A");
	ng_ID_t id = NG_NODE_ID(a);
	struct ng_mesg *m;
	item_p item;

	(void)state;
	item = message(77, 1);
	NGI_GET_MSG(item, m);
	NG_FREE_MSG(m);
	assert_int_equal(ng_address_ID(NULL, item, id, 0), 0);
	assert_int_equal(ng_snd_item(item, NG_NOFLAGS), EINVAL);

	item = message(77, 1);
	NGI_GET_MSG(item, m);
	NG_FREE_MSG(m);
	m = malloc(8, M_NETGRAPH_MSG, M_NOWAIT | M_ZERO);
	assert_non_null(m);
	NGI_MSG(item) = m;
	assert_int_equal(ng_address_ID(NULL, item, id, 0), 0);
	assert_int_equal(ng_snd_item(item, NG_NOFLAGS), EINVAL);

	/* A packet that is gone from its item: the node that it was addressed to is let go. */
	item = data();
	assert_int_equal(ng_address_ID(NULL, item, id, 0), 0);
	{
		struct mbuf *p;

		NGI_GET_M(item, p);
		NG_FREE_M(p);
	}
	NG_FREE_ITEM(item);
	NG_NODE_UNREF(a);
	(void)ngu_graph_enter(before);
	ngt_expect_trace("");
	end_quietly(t);
}

/* To a hook that is gone; a packet to an address at which only answers arrive. */
static void
test_nowhere(void **state)
{
	struct ngt *t = traced(0, 0, "a A; b B; A.x - B.y");
	struct ngu_graph *before = ngu_graph_enter(G);
	node_p a = node_of(t, "A");
	hook_p x = ng_findhook(a, "x");
	item_p item;
	int error;

	(void)state;
	assert_non_null(x);
	NG_HOOK_REF(x);
	assert_int_equal(ngu_rmhook(G, "A:", "x"), 0);
	ngt_trace_clear();
	assert_int_equal(ng_address_hook(a, message(77, 1), x, 0), ENETDOWN);
	assert_int_equal(ng_address_hook(a, data(), x, 0), ENETDOWN);
	assert_int_equal(ng_address_ID(a, data(), NGU_REPLY_BASE + 1, 0), EINVAL);
	item = message(77, 1);
	NG_FWD_ITEM_HOOK(error, item, x);
	assert_int_equal(error, ENETDOWN);
	assert_int_equal(ng_rmnode_self(&ng_deadnode), 0);
	NG_HOOK_UNREF(x);
	NG_NODE_UNREF(a);
	(void)ngu_graph_enter(before);
	ngt_expect_trace("");
	expect_alive(t, 2, 0);
	end_quietly(t);
}

/* A packet in an item that somebody else made is the first that a thread has to do with libng. */
static hook_p stranger_hook;

static void *
stranger(void *arg)
{
	item_p item = arg;
	int error;

	NG_FWD_ITEM_HOOK(error, item, stranger_hook);
	return ((void *)(intptr_t)error);
}

static void
test_stranger(void **state)
{
	struct ngt *t = ngt_graph("hub h; probe p - h.a; probe q - h.b");
	node_p h = node_of(t, "h");
	pthread_t thread;
	void *error;

	(void)state;
	stranger_hook = ng_findhook(h, "a");
	assert_non_null(stranger_hook);
	assert_int_equal(pthread_create(&thread, NULL, stranger, data()), 0);
	assert_int_equal(pthread_join(thread, &error), 0);
	assert_null(error);
	ngt_expect(ngt_probe(t, "p"), NULL, ngt_text("abcd"));
	ngt_expect_none(ngt_probe(t, "q"), NULL);
	NG_NODE_UNREF(h);
	ngt_end(t);
}

static int
counts(node_p node, item_p item, hook_p hook)
{
	unsigned *n = NGI_ARG1(item);

	(void)node, (void)hook;
	(*n)++;
	NG_FREE_ITEM(item);
	return (0);
}

/* A function that goes on as another one, in its own item. */
static int
goes_on(node_p node, item_p item, hook_p hook)
{
	return (ng_send_fn2(node, hook, item, counts, NGI_ARG1(item), 0, NG_REUSE_ITEM | NG_QUEUE));
}

/* A function beside the item whose completion it carries on, and in the place of another function. */
static void
test_functions(void **state)
{
	struct ngt *t = traced(0, 0, "a A");
	node_p a = node_of(t, "A");
	struct told d = { .info = { .apply = tell_done, .context = &d, .refs = 1 } };
	unsigned n = 0;
	item_p item;

	(void)state;
	item = message(77, 1);
	item->apply = &d.info;
	assert_int_equal(ng_send_fn2(a, NULL, item, counts, &n, 0, NG_NOFLAGS), 0);
	assert_int_equal(n, 1);
	assert_int_equal(NGI_MSG(item)->header.cmd, 1); /* it is still ours */
	item->apply = NULL;
	NG_FREE_ITEM(item);
	ngu__apply_done(&d.info, 0, 1);
	assert_int_equal(d.calls, 1);

	item = message(77, 1);
	assert_int_equal(ng_send_fn2(a, NULL, item, counts, &n, 0, NG_REUSE_ITEM), 0);
	assert_int_equal(n, 2);
	assert_int_equal(ng_send_fn2(a, NULL, NULL, goes_on, &n, 0, NG_NOFLAGS), 0);
	ngt_settle(t);
	assert_int_equal(n, 3);
	NG_NODE_UNREF(a);
	end_quietly(t);
}

static int
as_writer(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	bool *writer = arg;

	(void)hook, (void)item;
	*writer = ngu__w_held(ngu__self(), node);
	return (0);
}

/* A message that only reads, to a hook before and after it wants its node alone. */
static void
test_forced(void **state)
{
	struct ngt *t = traced(0, 0, "a A; b B; A.x - B.y");
	struct ngu_graph *before = ngu_graph_enter(G);
	node_p a = node_of(t, "A"), b = node_of(t, "B");
	struct epoch_tracker et;
	struct ng_mesg *m;
	bool writer;
	int error;

	(void)state;
	assert_int_equal(ngu_graph_strict(G, 0), 0); /* the mark is made from outside, which the mode would report */
	for (unsigned i = 0; i < 2; i++) {
		ngt_trace_on("rcvmsg B", as_writer, &writer);
		writer = i == 0;
		if (i == 1)
			NG_HOOK_FORCE_WRITER(ng_findhook(b, "y"));
		NG_MKMESSAGE(m, 77, 1 | NGM_READONLY, 0, M_NOWAIT);
		NET_EPOCH_ENTER(et); /* where a reader goes in as it is */
		NG_SEND_MSG_HOOK(error, a, m, ng_findhook(a, "x"), 0);
		NET_EPOCH_EXIT(et);
		assert_int_equal(error, 0);
		ngt_settle(t);
		assert_int_equal(writer, i == 1);
	}
	NG_NODE_UNREF(a);
	NG_NODE_UNREF(b);
	(void)ngu_graph_enter(before);
	end_quietly(t);
}

/* ---- lists of changes */

static void
test_lists(void **state)
{
	struct ng_mesg *reply = (void *)1, *none = (void *)1;
	struct ngu_op ops[] = {
		{ .kind = NGU_OP_MKNODE, .type = "hole", .name = "h", .reply = &none },
		{ .kind = NGU_OP_MSG, .path = "h:", .cookie = NGM_GENERIC_COOKIE, .cmd = NGM_NODEINFO, .reply = &reply },
	};
	struct ngt *t = ngt_graph("");
	struct ngu_apply_error err;
	char line[400];
	int error;

	(void)state;
	error = ngu_apply(G, ops, 2, 0, &err);
	if (error != 0)
		fail_msg("%s", err.text);
	assert_ptr_equal(none, (void *)1); /* not a message: left alone */
	assert_non_null(reply);
	ngu_msg_free(reply);

	/* A line longer than what an error quotes of it; a backslash at the end of a quoted word. */
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	assert_int_equal(ngu_apply_text(G, line, 0, &err), EINVAL);
	assert_int_equal(strlen(err.op), sizeof(err.op) - 1);
	assert_int_equal(ngu_apply_text(G, "msg h: getstats \"\\", 0, &err), EINVAL);
	assert_int_equal(err.line, 1);
	ngt_end(t);
}

/* The name another node has, and no memory to note that node. */
static void
test_name_memory(void **state)
{
	static const struct ngu_op ops[] = { { .kind = NGU_OP_NAME, .path = "A:", .name = "B" } };
	struct ngt *t = traced(0, 0, "a A; a B");
	unsigned n;
	int error;

	(void)state;
	for (n = 1, error = ENOMEM; error == ENOMEM; n++) {
		sweep_at = n;
		sweep_seen = 0;
		ngu__port_alloc_hook = sweep;
		error = ngu_apply(G, ops, 1, 0, NULL);
		ngu__port_alloc_hook = NULL;
	}
	assert_int_equal(error, EADDRINUSE);
	assert_true(n > 2);
	expect_alive(t, 2, 0);
	end_quietly(t);
}

/* ---- text */

static void
test_text(void **state)
{
	static const struct ng_parse_type none = { .supertype = &ng_parse_fixedstring_type };
	char buf[64];
	u_char bytes[64] = { 0 };
	int n = sizeof(bytes);

	(void)state;
	assert_null(ng_encode_string("x", INT32_MAX));
	assert_int_equal(ng_unparse(&none, bytes, buf, sizeof(buf)), EINVAL);
	assert_int_equal(ng_parse_getDefault(&none, bytes, &n), EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_in_a_section),
		ngt_test(test_clock),
		ngt_test(test_no_message),
		ngt_test(test_nowhere),
		ngt_test(test_stranger),
		ngt_test(test_functions),
		ngt_test(test_forced),
		ngt_test(test_lists),
		ngt_test(test_name_memory),
		ngt_test(test_text),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
