/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab_quota.c - the program of docs/lab.md: two senders at one quota. EXPECT is what the lab must find in the version of
 * ng_quota.c that it is linked with.
 */
#ifndef EXPECT
#define EXPECT NGU_LAB_OK
#endif
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ng/lab.h>
#include <ng/ng.h>
#include <ng/test.h>

static struct ngt *t;
static struct ngt_probe *a, *b, *out;

/* Once, alone. What is there afterwards is what each run begins with. */
static int
setup(void *arg)
{
	t = ngt_graph("probe a - quota q.a; probe b - q.b; q.out - probe out");
	a = ngt_probe(t, "a");
	b = ngt_probe(t, "b");
	out = ngt_probe(t, "out");
	return (0);
}

/* Two threads, beside each other in every order. */
static void
first(void *arg)
{
	(void)ngt_try_send(a, NULL, "01");
}

static void
second(void *arg)
{
	(void)ngt_try_send(b, NULL, "02");
}

/* Alone again, after each order. */
static void
end(void *arg)
{
	ngu_lab_check(ngt_count(out, NULL) == 1);
	ngt_end(t);
}

static const struct ngu_lab quota = {
	.name = "quota", .setup = setup, .body = { { "first", first }, { "second", second } }, .end = end
};

static void
test_quota(void **state)
{
	struct ngu_lab_result r;

	(void)ngu_lab_run(&quota, NULL, &r);
	assert_int_equal(r.fail, EXPECT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_quota) };

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
