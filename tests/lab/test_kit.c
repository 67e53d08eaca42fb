/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_kit.c - the test kit in the lab (libng-lab-test): probes, messages, traces and clocks in setup, bodies and end; each
 * expectation that fails is the run's failure, with its text; nothing of the kit is left or shared unordered.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <ng/lab.h>
#include <ng/ng.h>
#include <ng/test.h>

static struct ngt *t;
static struct ngt_probe *a, *b, *p;

static struct ngu_lab_result
run(const struct ngu_lab *scene)
{
	static const struct ngu_lab_opts quiet = { .preemptions = 1, .quiet = true };
	struct ngu_lab_result r;
	int error = ngu_lab_run(scene, &quiet, &r);

	assert_int_equal(error, r.fail != NGU_LAB_OK ? ENOTRECOVERABLE : 0);
	return (r);
}

#define CONTAINS(text, part) \
	do { \
		if (strstr((text), (part)) == NULL) \
			fail_msg("\"%s\" is not in \"%s\"", (part), (text)); \
	} while (0)

static int
two(void *arg)
{
	t = ngt_graph("hub h; probe a - h.a; probe b - h.b; probe p - h.p");
	a = ngt_probe(t, "a");
	b = ngt_probe(t, "b");
	p = ngt_probe(t, "p");
	return (0);
}

static void
send_a(void *arg)
{
	ngt_send(a, NULL, "0a");
}

static void
send_b(void *arg)
{
	ngt_send(b, NULL, "0b");
}

/* Both arrive, in either order; the numbers of the records tell the same as their places in the list. */
static void
two_end(void *arg)
{
	const struct ngt_rec *x = ngt_recv(p, NULL), *y = ngt_recv(p, NULL);

	ngu_lab_check(ngu_graph_strict_flags(ngt_g(t)) == 0);
	ngu_lab_check(x != NULL && y != NULL && x->order < y->order && x->thread != y->thread && x->data[0] != y->data[0]);
	ngt_expect(a, NULL, "0b");
	ngt_expect(b, NULL, "0a");
	ngt_end(t);
}

static void
test_probes(void **state)
{
	static const struct ngu_lab scene = { .name = "kit-probes", .setup = two, .body = { { "a", send_a }, { "b", send_b } },
		.end = two_end };
	struct ngu_lab_result r = run(&scene);

	assert_int_equal(r.fail, NGU_LAB_OK);
	assert_true(r.complete && r.schedules > 50);
}

/* Both orders are among those that were run. */
static void
a_is_first(void *arg)
{
	const struct ngt_rec *x = ngt_recv(p, NULL);

	ngu_lab_check(x->data[0] == 0x0a);
	ngt_end(t);
}

static void
b_is_first(void *arg)
{
	const struct ngt_rec *x = ngt_recv(p, NULL);

	ngu_lab_check(x->data[0] == 0x0b);
	ngt_end(t);
}

static void
test_both_orders(void **state)
{
	static const struct ngu_lab first_a = { .name = "kit-a-first", .setup = two, .body = { { "a", send_a }, { "b", send_b } },
		.end = a_is_first };
	static const struct ngu_lab first_b = { .name = "kit-b-first", .setup = two, .body = { { "a", send_a }, { "b", send_b } },
		.end = b_is_first };

	assert_int_equal(run(&first_a).fail, NGU_LAB_CHECK);
	assert_int_equal(run(&first_b).fail, NGU_LAB_CHECK);
}

static void
wrong_end(void *arg)
{
	ngt_expect(p, NULL, "0a");
	ngt_expect(p, NULL, "0a");
	ngt_end(t);
}

static void
wrong_body(void *arg)
{
	ngt_send(a, "nosuch", "00");
}

static int
wrong_text(void *arg)
{
	t = ngt_graph("hup h");
	return (0);
}

/* A packet buffer that nobody frees. */
static void
loses(void *arg)
{
	struct mbuf *m = ngu_packet(ngt_g(t), "x", 1);

	ngu_lab_check(m != NULL);
}

static void
just_end(void *arg)
{
	ngt_end(t);
}

static void
test_failures(void **state)
{
	static const struct ngu_lab end = { .name = "kit-end", .setup = two, .body = { { "a", send_a }, { "b", send_b } },
		.end = wrong_end };
	static const struct ngu_lab body = { .name = "kit-body", .setup = two, .body = { { "wrong", wrong_body }, { "b", send_b } },
		.end = just_end };
	static const struct ngu_lab setup = { .name = "kit-setup", .setup = wrong_text, .body = { { "b", send_b } } };
	static const struct ngu_lab leak = { .name = "kit-leak", .setup = two, .body = { { "loses", loses }, { "b", send_b } },
		.end = just_end };
	struct ngu_lab_result r = run(&end);

	assert_int_equal(r.fail, NGU_LAB_CHECK);
	CONTAINS(r.why, "bytes differ from offset 0");
	CONTAINS(r.why, "test_kit.c:");
	r = run(&body);
	assert_int_equal(r.fail, NGU_LAB_CHECK);
	CONTAINS(r.why, "sending 1 byte out of nosuch: ENOENT");
	r = run(&setup);
	assert_int_equal(r.fail, NGU_LAB_CHECK);
	CONTAINS(r.why, "in setup: graph text, line 1: \"hup\": unknown node type");
	r = run(&leak);
	assert_int_equal(r.fail, NGU_LAB_CHECK);
	CONTAINS(r.why, "leaked: 1 packet buffer");
}

/* Traces, their rules, messages and answers. */
static int
traced(void *arg)
{
	ngt_trace_type("stranger", NGT_LOG_DATA);
	t = ngt_graph("stranger s; probe p - s.x");
	p = ngt_probe(t, "p");
	ngt_answer(p, "yes", 4);
	ngt_trace_clear();
	return (0);
}

static void
asks(void *arg)
{
	const struct ng_mesg *m = ngt_msg(t, "p:", 77, 1, "no", 3);

	ngu_lab_check(m != NULL);
}

static void
sends(void *arg)
{
	ngt_send(p, NULL, "00 01");
}

static void
traced_end(void *arg)
{
	ngt_expect_trace("rcvdata s/x 2");
	ngt_expect_msg(p, NULL, 77, 1, "no", 3);
	ngt_end(t);
}

static void
test_traces(void **state)
{
	static const struct ngu_lab scene = { .name = "kit-traces", .setup = traced, .body = { { "asks", asks }, { "sends", sends } },
		.end = traced_end };

	assert_int_equal(run(&scene).fail, NGU_LAB_OK);
}

/* The kit's own lock and what it keeps add few points; behind a call of the kit the body's own accesses are points again. */
static _Atomic unsigned ready;
static unsigned word;

static void
clears(void *arg)
{
	ngt_trace_clear();
}

static void
clears_and_tells(void *arg)
{
	ngt_trace_clear();
	word = 1;
	atomic_store_explicit(&ready, 1, memory_order_release);
}

static void
clears_and_looks(void *arg)
{
	ngt_trace_clear();
	if (atomic_load_explicit(&ready, memory_order_acquire) != 0)
		ngu_lab_check(word == 1);
}

static void
test_points(void **state)
{
	static const struct ngu_lab lock = { .name = "kit-lock", .body = { { "a", clears }, { "b", clears } } };
	static const struct ngu_lab own = { .name = "kit-own", .body = { { "a", clears_and_tells }, { "b", clears_and_looks } } };
	struct ngu_lab_result r = run(&lock);

	assert_int_equal(r.fail, NGU_LAB_OK);
	/* The lock is taken, waited for and given back; giving back is never held back. clang has four places of these. */
	assert_in_range(r.yield_points, 1, 4);
	assert_in_range(r.schedules, 195, 202); /* 192 of them by chance */
	r = run(&own);
	assert_int_equal(r.fail, NGU_LAB_OK);
	assert_true(r.yield_points >= 7); /* and the two accesses of each body */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_probes),
		cmocka_unit_test(test_both_orders),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_traces),
		cmocka_unit_test(test_points),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
