/* SPDX-License-Identifier: BSD-2-Clause */
/* test_hook.c - removal of hooks, finding them, references, many of them (sections 6, 13.3, 13.4). */
#include "support/unit.h"

static void
test_rmhook(void **state)
{
	struct ngt *t = traced(0, 0, "a A; b B; A.x - B.y");

	(void)state;
	assert_int_equal(ngu_rmhook(G, "A:", "x"), 0);
	ngt_expect_trace("disconnect B/y; disconnect A/x"); /* the peer's first */
	ngt_expect_hooks(t, "A:", "");
	ngt_expect_hooks(t, "B:", "");
	/* Again, and one that never was: no error. */
	assert_int_equal(ngu_rmhook(G, "A:", "x"), 0);
	assert_int_equal(ngu_rmhook(G, "A:", "never"), 0);
	ngt_expect_trace("");
	assert_int_equal(ngu_rmhook(G, "Z:", "x"), ENOENT);
	expect_alive(t, 2, 0);
	ngt_end(t);
}

static void
test_rmhook_many(void **state)
{
	struct ngt *t = traced(0, 0, "a A; b B; A.1 - B.1; A.2 - B.2; A.3 - B.3");

	(void)state;
	ngt_expect_hooks(t, "A:", "3 - B.3; 2 - B.2; 1 - B.1"); /* newest first */
	assert_int_equal(ngu_rmhook(G, "B:", "2"), 0);
	ngt_expect_trace("disconnect A/2; disconnect B/2");
	ngt_expect_hooks(t, "A:", "3 - B.3; 1 - B.1");
	assert_int_equal(ngu_connect(G, "A:", "2", "B:", "9"), 0);
	ngt_expect_hooks(t, "A:", "2 - B.9; 3 - B.3; 1 - B.1");
	ngt_end(t);
}

static int
rmhook_self(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	(void)node;
	(void)item;
	*(int *)arg = ng_rmhook_self(hook);
	return (0);
}

/* From the hook's own data method: it is gone when the method has returned and the section has ended. */
static void
test_rmhook_self_from_rcvdata(void **state)
{
	struct ngt *t = traced(NGT_LOG_DATA, 0, "a A; A.x - probe p");
	struct ngt_probe *p = ngt_probe(t, "p");
	int error = -1;

	(void)state;
	ngt_trace_on("rcvdata A/x", rmhook_self, &error);
	ngt_send(p, "x", "aa");
	ngt_settle(t);
	assert_int_equal(error, 0);
	ngt_expect_trace("rcvdata A/x 1; disconnect A/x");
	ngt_expect_hooks(t, "A:", "");
	ngt_expect_hooks(t, "p:", "");
	assert_int_equal(ngt_try_send(p, "x", "aa"), ENOENT);
	ngt_end(t);
}

/* Out of disconnect: the other hooks too. */
static int
rm_others(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct ng_hook *h;

	(void)arg;
	(void)hook;
	(void)item;
	LIST_FOREACH(h, &node->nd_hooks, hk_hooks)
		(void)ng_rmhook_self(h);
	return (0);
}

static void
test_rmhook_from_disconnect(void **state)
{
	struct ngt *t = traced(0, 0, "a A; b B; A.1 - B.1; A.2 - B.2; A.3 - B.3");

	(void)state;
	ngt_trace_on("disconnect A", rm_others, NULL);
	assert_int_equal(ngu_rmhook(G, "A:", "2"), 0);
	ngt_settle(t);
	expect_alive(t, 2, 0);
	assert_null(strstr(ngt_trace_text(), "newhook"));
	ngt_end(t);
}

/* A hook that waits in a reference outlives its node in memory, with the dead node and hook behind it. */
static void
test_references(void **state)
{
	struct ngt *t = traced(0, 0, "a A; b B; A.x - B.y");
	struct ng_node *a = node_of(t, "A");
	struct ng_hook *h = ng_findhook(a, "x");

	(void)state;
	assert_non_null(h);
	NG_HOOK_REF(h);
	NG_NODE_UNREF(a);
	assert_int_equal(ngu_shutdown(G, "A:"), 0);
	ngt_settle(t);
	ngu_reclaim_barrier();
	assert_true(NG_HOOK_NOT_VALID(h));
	assert_ptr_equal(NG_HOOK_NODE(h), &ng_deadnode);
	assert_ptr_equal(NG_HOOK_PEER(h), &ng_deadhook);
	assert_string_equal(NG_PEER_NODE_NAME(h), "dead");
	assert_string_equal(NG_PEER_HOOK_NAME(h), "dead");
	assert_int_equal(ng_rmhook_self(h), 0); /* long gone: nothing to do */
	NG_HOOK_UNREF(h);
	NG_HOOK_REF(&ng_deadhook);
	NG_HOOK_UNREF(&ng_deadhook);
	NG_HOOK_UNREF(&ng_deadhook);
	expect_alive(t, 1, 0);
	ngt_end(t);
}

static void
test_dead_hook(void **state)
{
	(void)state;
	assert_ptr_equal(NG_HOOK_PEER(&ng_deadhook), &ng_deadhook);
	assert_ptr_equal(NG_HOOK_NODE(&ng_deadhook), &ng_deadnode);
	assert_int_equal(ng_deadhook.hk_flags & (HK_INVALID | HK_DEAD), HK_INVALID | HK_DEAD);
	assert_string_equal(NG_HOOK_NAME(&ng_deadhook), "dead");
	assert_int_equal(ng_rmhook_self(&ng_deadhook), 0);
	ng_destroy_hook(&ng_deadhook);
}

/* Many hooks on one node: found by name, listed newest first, removed in any order. */
static void
test_many(void **state)
{
	struct ngt *t = traced(NGT_NO_NEWHOOK | NGT_NO_CONNECT | NGT_NO_DISCONNECT,
	    NGT_NO_NEWHOOK | NGT_NO_CONNECT | NGT_NO_DISCONNECT, "a A; b B");
	struct ng_node *a = node_of(t, "A");
	struct ng_hook *h;
	enum { N = 1000 };
	char name[32];
	int i, n;

	(void)state;
	for (i = 0; i < N; i++) {
		(void)snprintf(name, sizeof(name), "hook%d", i);
		assert_int_equal(ngu_connect(G, "A:", name, "B:", name), 0);
	}
	assert_int_equal(NG_NODE_NUMHOOKS(a), N);
	n = N;
	LIST_FOREACH(h, &a->nd_hooks, hk_hooks) {
		(void)snprintf(name, sizeof(name), "hook%d", --n);
		assert_string_equal(NG_HOOK_NAME(h), name);
	}
	for (i = 0; i < N; i++) {
		(void)snprintf(name, sizeof(name), "hook%d", (i * 7) % N);
		h = ng_findhook(a, name);
		assert_non_null(h);
		assert_string_equal(NG_HOOK_NAME(h), name);
	}
	assert_null(ng_findhook(a, "hook1000"));
	/* Every second one goes; the index keeps finding the rest, and has room for new ones for ever. */
	for (i = 0; i < N; i += 2) {
		(void)snprintf(name, sizeof(name), "hook%d", i);
		assert_int_equal(ngu_rmhook(G, i % 4 ? "A:" : "B:", name), 0);
	}
	for (i = 0; i < N; i++) {
		(void)snprintf(name, sizeof(name), "hook%d", i);
		assert_int_equal(ng_findhook(a, name) != NULL, i % 2);
	}
	for (i = 0; i < 5 * N; i++) {
		assert_int_equal(ngu_connect(G, "A:", "again", "B:", "again"), 0);
		assert_int_equal(ngu_rmhook(G, "A:", "again"), 0);
	}
	assert_int_equal(NG_NODE_NUMHOOKS(a), N / 2);
	NG_NODE_UNREF(a);
	expect_alive(t, 2, N);
	ngt_end(t);
}

static int
count_until(struct ng_hook *hook, void *arg)
{
	int *left = arg;

	(void)hook;
	return (--*left > 0);
}

static void
test_foreach(void **state)
{
	struct ngt *t = traced(0, 0, "a A; b B; A.1 - B.1; A.2 - B.2; A.3 - B.3");
	struct ng_node *a = node_of(t, "A");
	struct ng_hook *h = NULL;
	int left = 2;

	(void)state;
	NG_NODE_FOREACH_HOOK(a, count_until, &left, h);
	assert_non_null(h);
	assert_string_equal(NG_HOOK_NAME(h), "2");
	left = 10;
	NG_NODE_FOREACH_HOOK(a, count_until, &left, h);
	assert_null(h);
	assert_int_equal(left, 7);
	NG_NODE_FOREACH_HOOK(a, count_until, &left);
	assert_int_equal(left, 4);
	NG_NODE_UNREF(a);
	ngt_end(t);
}

/* Names are cut to 31 bytes, anything else goes; a name with '.' or ':' cannot be reached by a path. */
static void
test_names(void **state)
{
	struct ngt *t = traced(0, 0, "a A; b B");
	struct ng_node *a = node_of(t, "A");

	(void)state;
	assert_int_equal(ngu_connect(G, "A:", "with space", "B:", "0123456789012345678901234567890"), 0);
	assert_int_equal(ngu_connect(G, "A:", "a.b", "B:", "c:d"), 0);
	assert_non_null(ng_findhook(a, "with space"));
	assert_non_null(ng_findhook(a, "a.b"));
	assert_int_equal(ngu_lookup(G, "A:with space", NULL), 0);
	assert_int_equal(ngu_lookup(G, "A:a.b", NULL), ENOENT);
	assert_int_equal(ngu_connect(G, "A:", "012345678901234567890123456789012", "B:", "x"), EINVAL);
	assert_int_equal(ngu_connect(G, "A:", "", "B:", "x"), EINVAL);
	assert_int_equal(ngu_connect(G, "A:", "x", "B:", ""), EINVAL);
	assert_int_equal(ngu_rmhook(G, "A:", "a.b"), 0);
	ngt_expect_hooks(t, "A:", "with space - B.0123456789012345678901234567890");
	NG_NODE_UNREF(a);
	ngt_end(t);
}

/* Overrides: a hook's own receivers come before the type's. */
static int seen_data, seen_msg;

static int
own_data(hook_p hook, item_p item)
{
	(void)hook;
	seen_data++;
	NG_FREE_ITEM(item);
	return (ENOSPC);
}

static int
own_msg(node_p node, item_p item, hook_p lasthook)
{
	(void)node;
	(void)lasthook;
	seen_msg++;
	NG_FREE_ITEM(item);
	return (ERANGE);
}

static int
set_overrides(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	(void)arg;
	(void)node;
	(void)item;
	NG_HOOK_SET_RCVDATA(hook, own_data);
	NG_HOOK_SET_RCVMSG(hook, own_msg);
	return (0);
}

static void
test_overrides(void **state)
{
	struct ngt *t = traced(NGT_LOG_DATA, 0, "a A");
	struct ngt_probe *p;

	(void)state;
	seen_data = seen_msg = 0;
	ngt_trace_on("newhook A/x", set_overrides, NULL);
	ngt_add(t, "A.x - probe p; A.y - p.y");
	p = ngt_probe(t, "p");
	ngt_trace_clear();
	assert_int_equal(ngt_try_send(p, "x", "01"), ENOSPC);
	assert_int_equal(seen_data, 1);
	assert_int_equal(ngt_try_send(p, "y", "01"), 0);
	ngt_expect_trace("rcvdata A/y 1");
	assert_int_equal(ngt_send_msg(p, "x", 7, 7, NULL, 0), ERANGE);
	assert_int_equal(seen_msg, 1);
	assert_int_equal(ngt_send_msg(p, "y", 7, 7, NULL, 0), 0);
	ngt_expect_trace("rcvmsg A 7:7");
	/* Addressed to the node and not through the hook: the type's. */
	ngt_msg(t, "A:", 7, 8, NULL, 0);
	ngt_expect_trace("rcvmsg A 7:8");
	/* By a path that enters through the hook: the hook's. */
	ngt_msg_error(t, "p:x", 7, 8, NULL, 0, ERANGE);
	assert_int_equal(seen_msg, 2);
	/* Generic messages are the core's. */
	assert_non_null(ngt_msg(t, "p:x", NGM_GENERIC_COOKIE, NGM_NODEINFO, NULL, 0));
	assert_int_equal(seen_msg, 2);
	ngt_end(t);
}

/* Through a type's own findhook, which is asked instead of the index. */
static struct ng_hook *only;

static struct ng_hook *
own_findhook(struct ng_node *node, const char *name)
{
	(void)node;
	return (strcmp(name, "alias") == 0 ? only : NULL);
}

static int
keep(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	(void)arg;
	(void)node;
	(void)item;
	only = hook;
	return (0);
}

static void
test_findhook_override(void **state)
{
	struct ngt *t = traced(0, 0, "");
	struct ng_type *type = ng_findtype("a");

	(void)state;
	type->findhook = own_findhook;
	only = NULL;
	ngt_trace_on("newhook A/x", keep, NULL);
	ngt_add(t, "a A; b B; A.x - B.y");
	ngt_trace_clear();
	assert_int_equal(ngu_rmhook(G, "A:", "x"), 0); /* not known by that name */
	ngt_expect_trace("");
	assert_int_equal(ngu_lookup(G, "A:alias", NULL), 0);
	assert_int_equal(ngu_rmhook(G, "A:", "alias"), 0);
	ngt_expect_trace("disconnect B/y; disconnect A/x");
	only = NULL;
	ngt_end(t);
	type->findhook = NULL;
}

/* A name from a message need not end. It is read as far as a hook's name can reach, which the sanitizers watch. */
static void
test_name_without_end(void **state)
{
	static const char longest[] = "1234567890123456789012345678901";
	struct ngt *t = traced(0, 0, "a A; b B; A.1234567890123456789012345678901 - B.y");
	struct ng_node *a = node_of(t, "A");
	char *name = ngu__port_alloc(NG_HOOKSIZ, 1);

	(void)state;
	assert_int_equal(sizeof(longest), NG_HOOKSIZ);
	memcpy(name, longest, NG_HOOKSIZ);
	assert_non_null(ng_findhook(a, name));
	name[NG_HOOKSIZ - 1] = '2';
	assert_null(ng_findhook(a, name));
	memset(name, 'y', NG_HOOKSIZ);
	assert_null(ng_findhook(a, name));
	ngu__port_free(name);
	NG_NODE_UNREF(a);
	end_quietly(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_rmhook),
		ngt_test(test_rmhook_many),
		ngt_test(test_rmhook_self_from_rcvdata),
		ngt_test(test_rmhook_from_disconnect),
		ngt_test(test_references),
		ngt_test(test_dead_hook),
		ngt_test(test_many),
		ngt_test(test_foreach),
		ngt_test(test_names),
		ngt_test(test_overrides),
		ngt_test(test_findhook_override),
		ngt_test(test_name_without_end),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
