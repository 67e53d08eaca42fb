/* SPDX-License-Identifier: BSD-2-Clause */
/* own_type.c - listings of docs/testing.md: tests of ng_later.c, with its timer on the fake clock. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ng/ng.h>
#include <ng/test.h>

#define NGM_LATER_COOKIE 1700000000
#define NGM_LATER_SET 1

static void
test_later(void **state)
{
	struct ngt *t = ngt_graph("probe a - later l.in/out - probe b");
	struct ngt_probe *a = ngt_probe(t, "a"), *b = ngt_probe(t, "b");
	uint32_t ms = 250;

	ngt_send(a, NULL, "01");
	ngt_advance(t, 9);
	ngt_expect_none(b, NULL);
	ngt_advance(t, 1);
	ngt_expect(b, NULL, "01");

	ngt_msg(t, "l:", NGM_LATER_COOKIE, NGM_LATER_SET, &ms, sizeof(ms));
	ngt_msg_error(t, "l:", NGM_LATER_COOKIE, NGM_LATER_SET, &ms, 3, EINVAL);
	ngt_send(a, NULL, "02");
	ngt_advance(t, 249);
	ngt_expect_none(b, NULL);
	ngt_advance(t, 1);
	ngt_expect(b, NULL, "02");
	ngt_end(t);
}

static void
test_later_limit(void **state)
{
	struct ngt *t = ngt_graph("probe a - later l.in/out - probe b");
	struct ngt_probe *a = ngt_probe(t, "a");
	int i;

	for (i = 0; i < 16; i++)
		ngt_send(a, NULL, "00");
	assert_int_equal(ngt_try_send(a, NULL, "00"), ENOBUFS);
	ngt_end(t); /* what still waits in the node must not leak */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_later),
		ngt_test(test_later_limit),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
