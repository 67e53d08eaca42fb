/* SPDX-License-Identifier: BSD-2-Clause */
/* life_cycle.c - listings of docs/testing.md: in which order methods are called. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ng/ng.h>
#include <ng/test.h>

static void
test_order(void **state)
{
	struct ngt *t;

	ngt_trace_type("a", 0);
	ngt_trace_type("b", NGT_AUTODIE);
	t = ngt_graph("a A; b B");
	ngt_expect_trace("constructor a; constructor b");
	assert_int_equal(ngu_connect(ngt_g(t), "A:", "x", "B:", "y"), 0);
	ngt_expect_trace("newhook A/x; newhook B/y; connect B/y; connect A/x");
	assert_int_equal(ngu_rmhook(ngt_g(t), "A:", "x"), 0);
	ngt_expect_trace("disconnect B/y; close B; shutdown B; disconnect A/x");
	ngt_end(t);
}

static void
test_roll_back(void **state)
{
	struct ngt *t;

	ngt_trace_type("a", 0);
	t = ngt_graph("a A; a B");
	ngt_trace_clear();
	ngt_trace_fail("newhook B", EPERM);
	assert_int_equal(ngu_connect(ngt_g(t), "A:", "x", "B:", "y"), EPERM);
	ngt_expect_trace("newhook A/x; newhook B/y fails; disconnect A/x");
	ngt_end(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_order),
		ngt_test(test_roll_back),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
