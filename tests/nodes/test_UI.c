/* SPDX-License-Identifier: BSD-2-Clause */
/* test_UI.c - node type "UI". */
#include "nodes/kt.h"

#include <netgraph/netgraph.h>
#include <netgraph/ng_UI.h>

static struct kt_end *down, *up;

static void
make(void)
{
	ok(ngu_mknode(g, "UI", "x", NULL));
	down = kt_open("x:", "downstream");
	up = kt_open("x:", "upstream");
}

static void
test_data(void **state)
{
	(void)state;
	make();
	kt_goes(down, "03 0021 45", up, "0021 45");
	kt_goes(down, "03", up, "");
	kt_goes(down, "03 03 01", up, "03 01");
	kt_goes(up, "0021 45", down, "03 0021 45");
	kt_goes(up, "", down, "03");
	kt_goes(up, ngt_pattern(3000, 1), down, ngt_cat(ngt_hex("03"), ngt_pattern(3000, 1)));
	/* Other frames are dropped, and nobody minds. */
	kt_fails(down, "", 0);
	kt_fails(down, "02 0021", 0);
	kt_fails(down, "13 03", 0);
	kt_fails(down, "ff 03 0021", 0);
	kt_close(up);
	kt_fails(down, "03 0021 45", ENETDOWN);
	kt_fails(down, "02", 0);
	up = kt_open("x:", "upstream");
	kt_close(down);
	kt_fails(up, "0021", ENETDOWN);
	kt_close(up);
	assert_int_equal(ngu_lookup(g, "x:", NULL), ENOENT);
}

static void
test_messages(void **state)
{
	struct ngu_graph *before;
	node_p node;

	(void)state;
	make();
	nt_unknown("x:", NGM_UI_COOKIE);
	for (uint32_t cmd = 0; cmd < 4; cmd++)
		assert_int_equal(nt_tell("x:", NGM_UI_COOKIE, cmd, "x", 1), EINVAL);
	assert_int_equal(nt_tell("x:", NGM_FLOW_COOKIE, NGM_LINK_IS_UP, NULL, 0), EINVAL); /* by no hook */
	assert_int_equal(ngu_mkpeer(g, "x:", "hole", "stream", "h"), EINVAL);
	assert_int_equal(ngu_mkpeer(g, "x:", "hole", "upstream", "h"), EEXIST); /* the core's answer */
	/* A kernel's core asks the type about hooks that are only half connected: the method itself, then. */
	before = ngu_graph_enter(g);
	node = ng_name2noderef(NULL, "x");
	(void)ngu_graph_enter(before);
	assert_non_null(node);
	assert_int_equal(node->nd_type->newhook(node, ng_findhook(node, "upstream"), "upstream"), EISCONN);
	assert_int_equal(node->nd_type->newhook(node, ng_findhook(node, "downstream"), "downstream"), EISCONN);
	NG_NODE_UNREF(node);
}

static void
test_flow(void **state)
{
	struct ngt *t = ngt_graph("UI x; probe d - x.downstream; probe u - x.upstream");

	(void)state;
	assert_int_equal(ngt_send_msg(ngt_probe(t, "d"), NULL, NGM_FLOW_COOKIE, NGM_LINK_IS_DOWN, "ab", 2), 0);
	ngt_expect_msg(ngt_probe(t, "u"), NULL, NGM_FLOW_COOKIE, NGM_LINK_IS_DOWN, "ab", 2);
	assert_int_equal(ngt_send_msg(ngt_probe(t, "u"), NULL, NGM_FLOW_COOKIE, NGM_LINK_IS_UP, NULL, 0), 0);
	ngt_expect_msg(ngt_probe(t, "d"), NULL, NGM_FLOW_COOKIE, NGM_LINK_IS_UP, NULL, 0);
	assert_int_equal(ngt_send_msg(ngt_probe(t, "u"), NULL, NGM_UI_COOKIE, 1, NULL, 0), EINVAL);
	assert_int_equal(ngu_rmhook(ngt_g(t), "x:", "upstream"), 0);
	assert_int_equal(ngt_send_msg(ngt_probe(t, "d"), NULL, NGM_FLOW_COOKIE, NGM_LINK_IS_UP, NULL, 0), EINVAL);
	ngt_expect_none(ngt_probe(t, "d"), NULL);
	ngt_expect_none(ngt_probe(t, "u"), NULL);
	ngt_end(t);
}

static void
test_storm(void **state)
{
	struct kt_storm k = { .type = "UI", .hooks = { "downstream", "upstream" } };

	(void)state;
	k.pkt[0] = k.pkt[1] = ngt_hex("03 0021 45");
	kt_storm(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		kt_test(test_data),
		kt_test(test_messages),
		ngt_test(test_flow),
		kt_test(test_storm),
	};

	return (cmocka_run_group_tests_name("UI", tests, NULL, NULL));
}
