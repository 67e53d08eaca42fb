/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_sharing.c - the data path writes no cache line that another thread writes. Two threads send over the same sixteen hops; the
 * lab notes each store with its line. Where a packet comes from and goes to, and the buffers themselves, are each thread's
 * own: the packets are freed by who sent them.
 */
#include <stdatomic.h>

#include "lab/lab_test.h"

#define HOPS 16
#define PACKETS 3

/* in - (left tee right - left tee right ...) - out, sixteen hops */
static int
chain(void *arg)
{
	char a[16], b[16];
	int error;

	(void)arg;
	if ((error = lt_graph(0)) != 0)
		return (error);
	for (unsigned i = 0; i < HOPS - 1; i++) {
		(void)snprintf(a, sizeof(a), "n%u", i);
		if ((error = ngu_mknode(g, "tee", a, NULL)) != 0)
			return (error);
		(void)snprintf(a, sizeof(a), "n%u:", i);
		(void)snprintf(b, sizeof(b), "n%u:", i - 1);
		if (i != 0 && (error = ngu_connect(g, b, "right", a, "left")) != 0)
			return (error);
	}
	if ((error = ngu_port_open(g, a, "right", NULL, NULL, &lt_out)) != 0)
		return (error);
	return (ngu_port_open(g, "n0:", "left", NULL, NULL, &lt_in));
}

static void
sends(void *arg)
{
	(void)arg;
	for (unsigned i = 1; i <= PACKETS; i++) {
		struct mbuf *m = ngu_packet(g, "xy", 2);

		ngu_lab_check(m != NULL && ngu_port_send(lt_in, m) == 0);
	}
}

static void
told(void *arg, const char *text)
{
	(void)arg;
	(void)fprintf(stderr, "shared: %s\n", text);
}

static void
end(void *arg)
{
	struct ngu_graph_stats st;
	unsigned n = ngu_lab_shared_lines(told, NULL);

	if (n != 0)
		ngu_lab_fail("%u cache lines are written by both threads", n);
	ngu_graph_stats(g, &st);
	ngu_lab_check(st.delivered == 2 * PACKETS * HOPS);
	lt_end(arg);
}

static const struct ngu_lab sharing = { .name = "sharing", .setup = chain, .body = { { "one", sends }, { "two", sends } }, .end = end };

/* The same with a variable that both count in: it must be seen. */
static _Atomic uint32_t both;

static void
counts(void *arg)
{
	sends(arg);
	atomic_fetch_add_explicit(&both, 1, memory_order_relaxed);
}

static const struct ngu_lab shared = { .name = "shared", .setup = chain, .body = { { "one", counts }, { "two", counts } }, .end = end };

static void
test_sharing(void **state)
{
	const struct ngu_lab_opts o = { .mode = NGU_LAB_RANDOM, .schedules = 60 };
	struct ngu_lab_result r;

	(void)state;
	assert_int_equal(ngu_lab_run(&sharing, &o, &r), 0);
}

static void
test_shared(void **state)
{
	const struct ngu_lab_opts o = { .mode = NGU_LAB_RANDOM, .schedules = 60, .quiet = true };
	struct ngu_lab_result r;

	(void)state;
	assert_int_equal(ngu_lab_run(&shared, &o, &r), ENOTRECOVERABLE);
	assert_int_equal(r.fail, NGU_LAB_CHECK);
	assert_non_null(strstr(r.why, "1 cache lines"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sharing),
		cmocka_unit_test(test_shared),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
