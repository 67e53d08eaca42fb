/* SPDX-License-Identifier: BSD-2-Clause */
/* test_destroy.c - nodes that are shut down twice, and the end of a graph beside all that may go on then. */
#include "lab/lab_node.h"

/* ---- one node, shut down by two ---- */

static struct ln_result got[2];

static int
one(void *arg)
{
	(void)arg;
	return (ln_graph("a"));
}

static void
ends_a(unsigned who)
{
	got[who].error = ngu_shutdown(g, "a:");
	if (got[who].error == 0)
		ngu_lab_check(ngu_lookup(g, "a:", NULL) == ENOENT);
	else if (got[who].error != ENOENT && got[who].error != EINVAL)
		ngu_lab_fail("shutdown: error %d", got[who].error);
}

static void
ends_a_0(void *arg)
{
	(void)arg;
	ends_a(0);
}

static void
ends_a_1(void *arg)
{
	(void)arg;
	ends_a(1);
}

static void
end_twice(void *arg)
{
	ngu_lab_check(got[0].error == 0 || got[1].error == 0);
	ln_expect(0, 0);
	ln_end(arg);
}

static const struct ngu_lab shutdown_shutdown = { .name = "shutdown-shutdown", .points = LT_POINTS(85), .setup = one,
	.body = { { "shutdown 1", ends_a_0 }, { "shutdown 2", ends_a_1 } }, .end = end_twice };

/* ---- two neighbours: each removes the other's hook ---- */

/* a.h - h.b */
static int
pair(void *arg)
{
	int e;

	(void)arg;
	if ((e = ln_graph("ab")) != 0)
		return (e);
	return (ngu_connect(g, "a:", "h", "b:", "h"));
}

static void
ends_b(void *arg)
{
	(void)arg;
	ngu_lab_check(ngu_shutdown(g, "b:") == 0);
}

static void
ends_a_alone(void *arg)
{
	(void)arg;
	ngu_lab_check(ngu_shutdown(g, "a:") == 0);
}

static void
end_none(void *arg)
{
	ln_expect(0, 0);
	ln_end(arg);
}

static const struct ngu_lab shutdown_neighbours = { .name = "shutdown-neighbours", .points = LT_POINTS(152), .setup = pair,
	.body = { { "shutdown a", ends_a_alone }, { "shutdown b", ends_b } }, .end = end_none };

/* ---- the graph is destroyed while a thread whose current graph it is leaves it ---- */

static _Atomic uint32_t there;

static bool
is_there(void *arg)
{
	(void)arg;
	return (there != 0);
}

static void
destroys(void *arg)
{
	ngu_lab_wait(is_there, arg);
	lt_destroy();
}

static void
leaves(void *arg)
{
	struct ngu_graph *now;

	(void)arg;
	(void)ngu_graph_enter(g);
	there = 1;
	now = ngu_graph_current();
	ngu_lab_check(now == g || now == NULL);
	(void)ngu_graph_enter(NULL);
	ngu_lab_check(ngu_graph_current() == NULL);
}

/* Its end takes the graph with it: the thread has said nothing of leaving. */
static void
stays(void *arg)
{
	(void)arg;
	(void)ngu_graph_enter(g);
	there = 1;
	(void)random(); /* of its current graph, while there is one */
}

/* It was the current graph of the thread that made it, too. */
static void
end_gone(void *arg)
{
	(void)arg;
	ngu_lab_check(ngu_graph_current() == NULL);
}

static const struct ngu_lab destroy_leave = { .name = "destroy-leave", .points = LT_POINTS(109), .setup = pair,
	.body = { { "destroy", destroys }, { "leave", leaves } }, .end = end_gone };
static const struct ngu_lab destroy_stay = { .name = "destroy-stay", .points = LT_POINTS(107), .setup = pair,
	.body = { { "destroy", destroys }, { "stay", stays } }, .end = end_gone };

/* ---- after the last port was closed, by another thread ---- */

/* in - out */
static int
line(void *arg)
{
	int e;

	(void)arg;
	if ((e = lt_graph(0)) != 0 || (e = ngu_port_create(g, "out", NULL, NULL, &lt_out)) != 0)
		return (e);
	return (ngu_port_open(g, "out:", "port", NULL, NULL, &lt_in));
}

static void
closes_in(void *arg)
{
	(void)arg;
	ngu_port_close(lt_in);
	there = 1;
}

static void
closes_out(void *arg)
{
	ngu_port_close(lt_out);
	ngu_lab_wait(is_there, arg);
	ngu_lab_check(there != 0); /* sees, too, all that was done before */
	lt_destroy();
}

static const struct ngu_lab destroy_ports = { .name = "destroy-ports", .points = LT_POINTS(228), .setup = line,
	.body = { { "close in", closes_in }, { "close out, destroy", closes_out } }, .end = end_gone };

/* ---- beside the graph's own thread: a packet in a queue, a timer that is due ---- */

static int
worked(void *arg)
{
	int e;

	(void)arg;
	if ((e = lt_graph(1)) != 0 || (e = ng_newtype(&ln_type)) != 0 || (e = ngu_mknode(g, "lab", "a", NULL)) != 0)
		return (e);
	return (ngu_port_open(g, "a:", "queue", NULL, NULL, &lt_in));
}

static void
queues(void *arg)
{
	(void)arg;
	ngu_lab_check(lt_send(lt_in, 0, 1) == 0);
	ngu_port_close(lt_in);
	lt_destroy();
}

static const struct ngu_lab destroy_queue = { .name = "destroy-queue", .points = LT_POINTS(303), .setup = worked,
	.body = { { "send, destroy", queues } }, .end = end_gone };

static int
timed(void *arg)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .workers = 1 };
	int e;

	(void)arg;
	if ((e = ngu_graph_create(&o, &g)) != 0 || (e = ng_newtype(&ln_type)) != 0)
		return (e);
	return (ngu_mknode(g, "lab", "a", NULL));
}

static void
times(void *arg)
{
	(void)arg;
	ngu_lab_check(ngu_msg(g, "a:", NGM_LAB_COOKIE, NGM_LAB_TIMER, NULL, 0, NULL) == 0);
	lt_destroy();
}

static const struct ngu_lab destroy_timer = { .name = "destroy-timer", .points = LT_POINTS(73), .setup = timed,
	.body = { { "timer, destroy", times } }, .end = end_gone };

LN_TEST(shutdown_shutdown, NULL)
LN_ONE(shutdown_neighbours)
LN_TEST(destroy_leave, NULL)
LN_TEST(destroy_stay, NULL)
LN_ONE(destroy_ports)
LN_ONE(destroy_queue)
LN_TEST(destroy_timer, NULL)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shutdown_shutdown),
		cmocka_unit_test(test_shutdown_neighbours),
		cmocka_unit_test(test_destroy_leave),
		cmocka_unit_test(test_destroy_stay),
		cmocka_unit_test(test_destroy_ports),
		cmocka_unit_test(test_destroy_queue),
		cmocka_unit_test(test_destroy_timer),
	};

	LN_MAIN(tests);
}
