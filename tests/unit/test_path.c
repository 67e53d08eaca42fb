/* SPDX-License-Identifier: BSD-2-Clause */
/* test_path.c - "node:hook.hook" (section 11.2): cutting the text, and walking it. */
#include "support/unit.h"

/* ---- ng_path_parse ---- */

static void
test_parse(void **state)
{
	static const struct {
		const char *text;
		int result;
		const char *node, *path, *hook;
	} c[] = {
		{ "", 0, NULL, NULL, NULL },
		{ ".", 0, NULL, NULL, NULL },
		{ ".:", 0, ".", NULL, NULL },
		{ ".:a", 0, ".", "a", "a" },
		{ "foo:", 0, "foo", NULL, NULL },
		{ "foo:.", 0, "foo", NULL, NULL },
		{ "foo:a", 0, "foo", "a", "a" },
		{ "foo:a.", 0, "foo", "a", "a" },
		{ "foo:.a", 0, "foo", "a", "a" },
		{ "foo:.a.", 0, "foo", "a", "a" },
		{ "foo:a.b", 0, "foo", "a.b", NULL },
		{ "foo:a.b.c.", 0, "foo", "a.b.c", NULL },
		{ "a", 0, NULL, "a", "a" },
		{ ".a", 0, NULL, "a", "a" },
		{ "a.b", 0, NULL, "a.b", NULL },
		{ "[1f]:a", 0, "[1f]", "a", "a" },
		{ "test hub:my hook", 0, "test hub", "my hook", "my hook" },
		{ ":", -1, NULL, NULL, NULL },
		{ ":a", -1, NULL, NULL, NULL },
		{ "a.b:", -1, NULL, NULL, NULL },
		{ ".a:", -1, NULL, NULL, NULL },
		{ "..:", -1, NULL, NULL, NULL },
		{ "a:b:", -1, NULL, NULL, NULL },
		{ "a:b:c", -1, NULL, NULL, NULL },
		{ "a::", -1, NULL, NULL, NULL },
		{ "a:b..c", -1, NULL, NULL, NULL },
		{ "a:..", -1, NULL, NULL, NULL },
		{ "..", -1, NULL, NULL, NULL },
		{ "a..", -1, NULL, NULL, NULL },
	};
	char buf[64], *node, *path, *hook;
	unsigned i;

	(void)state;
	for (i = 0; i < NITEMS(c); i++) {
		(void)strcpy(buf, c[i].text);
		node = path = hook = (char *)1;
		if (ng_path_parse(buf, &node, &path, &hook) != c[i].result)
			print_message("\"%s\"\n", c[i].text);
		(void)strcpy(buf, c[i].text);
		assert_int_equal(ng_path_parse(buf, &node, &path, &hook), c[i].result);
		if (c[i].result != 0)
			continue;
		if ((node == NULL) != (c[i].node == NULL) || (path == NULL) != (c[i].path == NULL) ||
		    (hook == NULL) != (c[i].hook == NULL)) {
			print_message("\"%s\": %s %s %s\n", c[i].text, node, path, hook);
			fail();
		}
		if (node != NULL)
			assert_string_equal(node, c[i].node);
		if (path != NULL)
			assert_string_equal(path, c[i].path);
		if (hook != NULL)
			assert_string_equal(hook, c[i].hook);
	}
	(void)strcpy(buf, "a:b");
	assert_int_equal(ng_path_parse(buf, &node, &path, NULL), 0); /* the hook is optional */
}

/* ---- ng_path2noderef ---- */

static void
expect_path(struct ngt *t, struct ng_node *here, const char *path, int error, const char *node, const char *hook)
{
	struct ng_node *n = (struct ng_node *)1;
	struct ng_hook *h = (struct ng_hook *)1;
	int e = ng_path2noderef(here, path, &n, &h);

	(void)t;
	if (e != error)
		print_message("\"%s\": %d\n", path, e);
	assert_int_equal(e, error);
	if (e != 0) {
		assert_null(n);
		assert_null(h);
		return;
	}
	assert_string_equal(NG_NODE_NAME(n), node);
	if (hook == NULL) {
		assert_null(h);
	} else {
		assert_non_null(h);
		assert_string_equal(NG_HOOK_NAME(h), hook);
		assert_ptr_equal(NG_HOOK_NODE(h), n);
		NG_HOOK_UNREF(h);
	}
	NG_NODE_UNREF(n);
	assert_int_equal(ng_path2noderef(here, path, &n, NULL), 0);
	NG_NODE_UNREF(n);
}

static void
test_walk(void **state)
{
	struct ngt *t = traced(0, 0, "a A; b B; b C; A.x - B.y; B.z - C.w");
	struct ng_node *a = node_of(t, "A");
	char path[600], id[40];

	(void)state;
	(void)snprintf(id, sizeof(id), "[%x]:x", (unsigned)NG_NODE_ID(a));
	expect_path(t, NULL, "A:", 0, "A", NULL);
	expect_path(t, NULL, "A:x", 0, "B", "y");
	expect_path(t, NULL, "A:x.z", 0, "C", "w");
	expect_path(t, NULL, "A:x.z.w.y.x.z", 0, "C", "w");
	expect_path(t, NULL, id, 0, "B", "y");
	(void)snprintf(id, sizeof(id), "[0x%X]:", (unsigned)NG_NODE_ID(a));
	expect_path(t, NULL, id, 0, "A", NULL);
	(void)snprintf(id, sizeof(id), "[%09x]:", (unsigned)NG_NODE_ID(a));
	expect_path(t, NULL, id, 0, "A", NULL);
	/* From somewhere. */
	expect_path(t, a, "", 0, "A", NULL);
	expect_path(t, a, ".", 0, "A", NULL);
	expect_path(t, a, ".:", 0, "A", NULL);
	expect_path(t, a, "x", 0, "B", "y");
	expect_path(t, a, ".x", 0, "B", "y");
	expect_path(t, a, ".:x.z", 0, "C", "w");
	expect_path(t, a, "C:w", 0, "B", "z");
	/* And not. */
	expect_path(t, NULL, "", EINVAL, NULL, NULL);
	expect_path(t, NULL, ".", EINVAL, NULL, NULL);
	expect_path(t, NULL, ".:", EINVAL, NULL, NULL);
	expect_path(t, NULL, ".:x", EINVAL, NULL, NULL);
	expect_path(t, NULL, "x", EINVAL, NULL, NULL);
	expect_path(t, NULL, "Z:", ENOENT, NULL, NULL);
	expect_path(t, NULL, "A:nohook", ENOENT, NULL, NULL);
	expect_path(t, NULL, "A:x.nohook", ENOENT, NULL, NULL);
	expect_path(t, NULL, "[12345678]:", ENOENT, NULL, NULL);
	expect_path(t, NULL, "[100000001]:", ENOENT, NULL, NULL); /* over 32 bits: no ID, and no such name */
	expect_path(t, NULL, "[0]:", ENOENT, NULL, NULL);
	expect_path(t, NULL, "[ffffffff]:", ENOENT, NULL, NULL);
	expect_path(t, NULL, "A:x:", EINVAL, NULL, NULL);
	/* As long as a path may be, and longer: cut to 511 bytes. */
	(void)strcpy(path, "A:x.z");
	while (strlen(path) + 8 < NG_PATHSIZ)
		(void)strcat(path, ".w.y.x.z");
	expect_path(t, NULL, path, 0, "C", "w");
	memset(path, 'n', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	path[100] = ':';
	expect_path(t, NULL, path, ENOENT, NULL, NULL);
	NG_NODE_UNREF(a);
	ngt_end(t);
}

static int
walk_now(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	(void)hook;
	(void)item;
	*(int *)arg = ngu_lookup(node->nd_graph, "B:y", NULL);
	return (0);
}

/* Over half made and dying edges. */
static void
test_walk_invalid(void **state)
{
	struct ngt *t = traced(0, 0, "a A; b B");
	int in_connect = -1, in_close = -1;

	(void)state;
	ngt_trace_on("connect B/y", walk_now, &in_connect);
	assert_int_equal(ngu_connect(G, "A:", "x", "B:", "y"), 0);
	assert_int_equal(in_connect, ENOENT); /* hooks still INVALID */
	assert_int_equal(ngu_lookup(G, "B:y", NULL), 0);
	ngt_trace_on("close A", walk_now, &in_close);
	assert_int_equal(ngu_shutdown(G, "A:"), 0);
	assert_int_equal(in_close, ENXIO); /* the next node is dying */
	ngt_end(t);
}

static void
test_name2noderef(void **state)
{
	struct ngt *t = traced(0, 0, "a A");
	struct ng_node *a = node_of(t, "A"), *n;

	(void)state;
	n = ng_name2noderef(a, ".");
	assert_ptr_equal(n, a);
	NG_NODE_UNREF(n);
	assert_null(ng_name2noderef(NULL, "."));
	assert_null(ng_name2noderef(a, "nobody"));
	assert_null(ng_name2noderef(a, ""));
	NG_NODE_UNREF(a);
	ngt_end(t);
}

/* Two graphs: the same names, different nodes; a node's own graph is where its paths lead. */
static void
test_two_graphs(void **state)
{
	struct ngt *t = traced(0, 0, "a A; b B; A.x - B.y"), *u = ngt_graph("b A");
	struct ng_node *a = node_of(t, "A"), *n;
	struct ngu_graph *before = ngu_graph_enter(ngt_g(u));

	(void)state;
	assert_int_equal(ng_path2noderef(a, "A:", &n, NULL), 0);
	assert_ptr_equal(n, a);
	NG_NODE_UNREF(n);
	assert_int_equal(ng_path2noderef(NULL, "A:", &n, NULL), 0);
	assert_ptr_not_equal(n, a);
	NG_NODE_UNREF(n);
	assert_int_equal(ngu_lookup(ngt_g(u), "A:x", NULL), ENOENT);
	assert_int_equal(ngu_lookup(G, "A:x", NULL), 0);
	(void)ngu_graph_enter(before);
	NG_NODE_UNREF(a);
	ngt_end(u);
	ngt_end(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_parse),
		ngt_test(test_walk),
		ngt_test(test_walk_invalid),
		ngt_test(test_name2noderef),
		ngt_test(test_two_graphs),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
