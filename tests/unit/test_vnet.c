/* SPDX-License-Identifier: BSD-2-Clause */
/* test_vnet.c - variables that each graph has for itself: first values, separate ones, many threads at the first touch. */
#include "support/unit.h"

#include <net/vnet.h>
#include <sys/systm.h>

struct pair {
	int a;
	char text[12];
};

VNET_DEFINE(int, limit) = 5;
#define V_limit VNET(limit)
VNET_DEFINE_STATIC(struct pair, pair) = { 7, "seven" };
#define V_pair VNET(pair)
VNET_DEFINE_STATIC(unsigned long, zero);
#define V_zero VNET(zero)
VNET_DECLARE(int, limit);

static void
test_separate(void **state)
{
	struct ngt *t = ngt_graph("hub h"), *u = ngt_graph("hub h");
	struct ngu_graph *before = ngu_graph_enter(NULL);
	int *mine;

	(void)state;
	assert_null(curvnet);
	assert_int_equal(V_limit, 5);
	V_limit = 1;
	{
		CURVNET_SET(ngt_g(t));
		assert_ptr_equal(curvnet, ngt_g(t));
		assert_int_equal(V_limit, 5); /* as defined, whatever others made of theirs */
		V_limit++;
		V_pair.a = 8;
		assert_string_equal(V_pair.text, "seven");
		assert_int_equal(V_zero, 0);
		V_zero = 77;
		mine = VNET_PTR(limit);
		CURVNET_RESTORE();
	}
	{
		CURVNET_SET(ngt_g(u));
		assert_int_equal(V_limit, 5);
		assert_int_equal(V_pair.a, 7);
		assert_int_equal(V_zero, 0);
		CURVNET_RESTORE();
	}
	assert_int_equal(V_limit, 1);
	(void)ngu_graph_enter(ngt_g(t));
	assert_int_equal(V_limit, 6);
	assert_ptr_equal(VNET_PTR(limit), mine);
	assert_int_equal(V_zero, 77);
	(void)ngu_graph_enter(before);
	ngt_end(u);
	ngt_end(t);
	/* a new graph begins anew */
	t = ngt_graph("hub h");
	before = ngu_graph_enter(G);
	assert_int_equal(V_limit, 5);
	(void)ngu_graph_enter(before);
	ngt_end(t);
}

VNET_DEFINE_STATIC(_Atomic unsigned, sum) = 100;
static struct ngu_graph *where;
static _Atomic int ready;

static void *
adds(void *arg)
{
	struct ngu_graph *before = ngu_graph_enter(where);

	ready++;
	while (ready < 4)
		ngu__port_yield();
	for (int i = 0; i < 1000; i++)
		VNET(sum)++;
	(void)ngu_graph_enter(before);
	return (NULL);
}

static void
test_first_touch(void **state)
{
	ngu__port_thread th[4];
	struct ngt *t;

	(void)state;
	for (int r = 0; r < 10; r++) {
		t = ngt_graph("hub h");
		where = G;
		ready = 0;
		for (int i = 0; i < 4; i++)
			assert_int_equal(ngu__port_thread_start(&th[i], "adds", adds, NULL), 0);
		for (int i = 0; i < 4; i++)
			ngu__port_thread_join(&th[i]);
		CURVNET_SET(G);
		assert_int_equal(VNET(sum), 4100);
		CURVNET_RESTORE();
		ngt_end(t);
	}
}

/* Whoever makes the first node has what all others touch: without memory for it there is none. */
static void
test_memory(void **state)
{
	struct ngt *t;
	unsigned refused = 0;
	int error;

	(void)state;
	for (sweep_at = 1; sweep_at == 1 || sweep_seen >= sweep_at - 1; sweep_at++) {
		t = ngt_graph("");
		sweep_seen = 0;
		sweep_all = false;
		ngu__port_alloc_hook = sweep;
		error = ngu_mknode(G, "hub", "h", NULL);
		ngu__port_alloc_hook = NULL;
		if (error != 0)
			assert_int_equal(error, ENOMEM);
		refused += error != 0;
		ngt_end(t);
	}
	assert_true(refused >= 5); /* the table, four variables */
	t = ngt_graph("hub h");
	ngu__port_alloc_hook = refuse_all;
	CURVNET_SET(G);
	assert_int_equal(V_limit, 5);
	assert_int_equal(V_pair.a, 7);
	assert_int_equal(V_zero, 0);
	CURVNET_RESTORE();
	ngu__port_alloc_hook = NULL;
	ngt_end(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_separate),
		ngt_test(test_first_touch),
		ngt_test(test_memory),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
