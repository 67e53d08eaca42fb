/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_prune.c - runs are cut short only where another one was: not where a thread comes by the same place again without having done
 * anything that others could tell. Each failure here needs one of 900 pairs of choices behind such a loop, so that the runs
 * by chance that come first do not find it.
 */
#include <stdatomic.h>

#include "lab/lab_test.h"

static void
unlucky(void)
{
	unsigned a = ngu_lab_choose(30), b = ngu_lab_choose(30);

	if (a == 17 && b == 23)
		ngu_lab_fail("found");
}

static struct ngu_lab_result
find(const struct ngu_lab *scene, const struct ngu_lab_opts *opts)
{
	struct ngu_lab_opts o = *opts;
	struct ngu_lab_result r;

	o.quiet = true;
	(void)ngu_lab_run(scene, &o, &r);
	return (r);
}

static void
points(void *arg)
{
	volatile unsigned n = 5; /* a loop it shall be */

	(void)arg;
	for (unsigned i = 0; i < n; i++)
		ngu_lab_point();
	unlucky();
}

static void
test_points(void **state)
{
	static const struct ngu_lab scene = { .name = "prune-points", .body = { { "points", points } } };
	struct ngu_lab_result r = find(&scene, &(struct ngu_lab_opts){ .preemptions = 1 });

	(void)state;
	assert_int_equal(r.fail, NGU_LAB_CHECK);
	assert_string_equal(r.why, "found");
}

/* Plain accesses to words that threads share, all from one place. */
static unsigned words[6];
static _Atomic unsigned lock;

static bool
is_free(void *arg)
{
	(void)arg;
	return (atomic_load_explicit(&lock, memory_order_relaxed) == 0);
}

static void
adds(void *arg)
{
	(void)arg;
	while (atomic_exchange_explicit(&lock, 1, memory_order_acquire) != 0)
		ngu_lab_wait(is_free, NULL);
	for (unsigned i = 0; i < 6; i++)
		words[i]++;
	(void)atomic_exchange_explicit(&lock, 0, memory_order_acq_rel);
}

static void
adds_first(void *arg)
{
	adds(arg);
	unlucky();
}

static void
test_plain(void **state)
{
	static const struct ngu_lab scene = { .name = "prune-plain", .body = { { "first", adds_first }, { "second", adds } } };
	struct ngu_lab_result r = find(&scene, &(struct ngu_lab_opts){ .preemptions = NGU_LAB_NONE });

	(void)state;
	assert_int_equal(r.fail, NGU_LAB_CHECK);
	assert_string_equal(r.why, "found");
	r = find(&scene, &(struct ngu_lab_opts){ .preemptions = NGU_LAB_NONE, .no_learn = true });
	assert_int_equal(r.fail, NGU_LAB_CHECK);
}

/* Which of several allocations was refused is not forgotten: neither behind it nor at the end. */
static int
graph(void *arg)
{
	(void)arg;
	return (lt_graph(0));
}

static unsigned refused;

static void
allocates(void *arg)
{
	struct mbuf *m[6];

	(void)arg;
	for (unsigned i = 0; i < 6; i++)
		if ((m[i] = ngu_packet(g, "x", 1)) == NULL)
			refused = i + 1;
	for (unsigned i = 0; i < 6; i++)
		if (m[i] != NULL)
			ngu_packet_free(m[i]);
	if (refused == 5)
		unlucky();
}

static void
just_end(void *arg)
{
	(void)arg;
	lt_destroy();
}

static void
refused_end(void *arg)
{
	(void)arg;
	lt_destroy();
	if (refused == 6)
		ngu_lab_fail("the last one");
}

static void
test_refused(void **state)
{
	static const struct ngu_lab scene = { .name = "prune-refused", .setup = graph, .body = { { "allocates", allocates } },
		.end = just_end };
	static const struct ngu_lab last = { .name = "prune-last", .setup = graph, .body = { { "allocates", allocates } },
		.end = refused_end };
	struct ngu_lab_result r = find(&scene, &(struct ngu_lab_opts){ .failures = 1 });

	(void)state;
	assert_int_equal(r.fail, NGU_LAB_CHECK);
	assert_string_equal(r.why, "found");
	r = find(&last, &(struct ngu_lab_opts){ .failures = 1 });
	assert_int_equal(r.fail, NGU_LAB_CHECK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_points),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_refused),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
