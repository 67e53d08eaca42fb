/* SPDX-License-Identifier: BSD-2-Clause */
/* test_callout.c - a node's timer that falls due while it is taken back, armed again, or its node goes. */
#include "lab/lab_test.h"
#include "lab/ng_lab.h"

#define DUE 10 /* milliseconds */

static struct ng_node *node;
static _Atomic unsigned armed;

static void
arm(void)
{
	ngu_lab_check(lab_arm(node, DUE) == 0);
	armed++;
}

static int
timer(void *arg)
{
	int error;

	(void)arg;
	if ((error = lt_graph(0)) != 0 || (error = ngu_mknode(g, "lab", "t", NULL)) != 0)
		return (error);
	if ((node = lab_find("t")) == NULL)
		return (ENOENT);
	armed = 1;
	return (lab_arm(node, DUE));
}

static void
advances(void *arg)
{
	(void)arg;
	ngu_lab_check(ngu_clock_advance(g, DUE * INT64_C(1000000)) == 0);
}

static void
disarms(void *arg)
{
	int error = lab_disarm(node);

	(void)arg;
	ngu_lab_check(error == 0 || error == EIO || error == ENOENT || error == EINVAL); /* the node may be gone */
}

static void
arms(void *arg)
{
	(void)arg;
	arm();
}

static void
shuts_down(void *arg)
{
	(void)arg;
	ngu_lab_check(ngu_shutdown(g, "t:") == 0);
}

/* Armed once: it fires, or ng_uncallout() says that it does not. */
static void
end_one(void *arg)
{
	const struct lab_counts *n;

	lt_accounts();
	n = lab_counts(node);
	if (n->fired + n->disarmed != 1)
		ngu_lab_fail("the timer fired %u times and was taken back %u times", n->fired, n->disarmed);
	lab_drop(node);
	lt_end(arg);
}

/* Armed twice, due once more: the first may have gone off or been replaced; the second does go off. */
static void
end_again(void *arg)
{
	const struct lab_counts *n;

	lt_accounts();
	ngu_lab_check(ngu_clock_advance(g, DUE * INT64_C(1000000)) == 0);
	n = lab_counts(node);
	if (n->fired != 1 && n->fired != 2)
		ngu_lab_fail("the timer, armed twice, fired %u times", n->fired);
	lab_drop(node);
	lt_end(arg);
}

/* With a shutdown: what fired too late was dropped with the node; never both. */
static void
end_gone(void *arg)
{
	lt_accounts();
	if (lab_last.fired + lab_last.disarmed > 1)
		ngu_lab_fail("the timer fired %u times and was taken back %u times", lab_last.fired, lab_last.disarmed);
	lab_drop(node);
	lt_end(arg);
}

/* A kernel's callout, stopped by who holds the mutex that its handler will have. */
static int
mutex_timer(void *arg)
{
	int error;

	(void)arg;
	if ((error = lt_graph(0)) != 0)
		return (error);
	return (lab_timer(DUE));
}

static void
stops(void *arg)
{
	(void)arg;
	lab_timer_stop();
}

/* It fires, or callout_stop() says that it does not. */
static void
end_mutex(void *arg)
{
	lt_accounts();
	if (lab_timer_fired + lab_timer_stopped != 1)
		ngu_lab_fail("the callout fired %u times and was stopped %u times", lab_timer_fired, lab_timer_stopped);
	lab_timer_end();
	lt_end(arg);
}

static const struct ngu_lab callout_mutex = { .name = "callout-mutex", .setup = mutex_timer, .points = LT_POINTS(25),
	.body = { { "clock", advances }, { "stop", stops } }, .end = end_mutex };
static const struct ngu_lab callout_uncallout = { .name = "callout-uncallout", .setup = timer, .points = LT_POINTS(64),
	.body = { { "clock", advances }, { "disarm", disarms } }, .end = end_one };
static const struct ngu_lab callout_again = { .name = "callout-again", .setup = timer, .points = LT_POINTS(69),
	.body = { { "clock", advances }, { "arm", arms } }, .end = end_again };
static const struct ngu_lab callout_shutdown = { .name = "callout-shutdown", .setup = timer, .points = LT_POINTS(108),
	.body = { { "clock", advances }, { "shutdown", shuts_down } }, .end = end_gone };
static const struct ngu_lab uncallout_shutdown = { .name = "uncallout-shutdown", .setup = timer, .points = LT_POINTS(99),
	.body = { { "disarm", disarms }, { "shutdown", shuts_down } }, .end = end_gone };
static const struct ngu_lab callout_three = { .name = "callout-uncallout-shutdown", .setup = timer, .points = LT_POINTS(117),
	.body = { { "clock", advances }, { "disarm", disarms }, { "shutdown", shuts_down } }, .end = end_gone };

LT_TEST(callout_mutex)
LT_TEST(callout_uncallout)
LT_TEST(callout_again)
LT_TEST(callout_shutdown)
LT_TEST(uncallout_shutdown)

static void
test_callout_three(void **state)
{
	(void)state;
	lt_run_one(&callout_three);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_callout_mutex),
		cmocka_unit_test(test_callout_uncallout),
		cmocka_unit_test(test_callout_again),
		cmocka_unit_test(test_callout_shutdown),
		cmocka_unit_test(test_uncallout_shutdown),
		cmocka_unit_test(test_callout_three),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
