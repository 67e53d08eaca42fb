/* SPDX-License-Identifier: BSD-2-Clause */
/* test_worker.c - a worker thread that sleeps, is woken, serves a queue, and is told to end. */
#include "lab/lab_test.h"
#include "lab/ng_lab.h"

/* in - q.queue, q.out - out; a worker serves q */
static int
with_worker(void *arg)
{
	int error;

	(void)arg;
	if ((error = lt_graph(1)) != 0 || (error = ngu_mknode(g, "lab", "q", NULL)) != 0 ||
	    (error = ngu_port_open(g, "q:", "queue", NULL, NULL, &lt_in)) != 0)
		return (error);
	return (ngu_port_open(g, "q:", "out", lt_rx, &lt_sink, &lt_out));
}

/* in - q.queue alone; the thread that made the graph lets go of it: a body will end it. */
static int
with_worker_only(void *arg)
{
	int error;

	(void)arg;
	if ((error = lt_graph(1)) == 0 && (error = ngu_mknode(g, "lab", "q", NULL)) == 0)
		error = ngu_port_open(g, "q:", "queue", NULL, NULL, &lt_in);
	(void)ngu_graph_enter(NULL);
	return (error);
}

static struct ng_node *node;

/* The same with the node at hand. */
static int
with_worker_and_node(void *arg)
{
	int error;

	if ((error = with_worker(arg)) != 0)
		return (error);
	return ((node = lab_find("q")) == NULL ? ENOENT : 0);
}

/* in - q.queue, q.out - out; in2 - r.queue, r.out - out2: one worker serves both nodes. */
static struct ngu_port *in2;

static int
with_two_nodes(void *arg)
{
	int error;

	if ((error = with_worker(arg)) != 0 || (error = ngu_mknode(g, "lab", "r", NULL)) != 0 ||
	    (error = ngu_port_open(g, "r:", "queue", NULL, NULL, &in2)) != 0)
		return (error);
	return (ngu_port_open(g, "r:", "out", lt_rx, &lt_sink, &lt_out2));
}

static bool
first_came(void *arg)
{
	(void)arg;
	return (lt_sink.got != 0);
}

static _Atomic bool sent;

static void
sends(void *arg)
{
	(void)arg;
	ngu_lab_check(lt_send(lt_in, 0, 1) == 0);
	sent = true;
}

/* The second comes while the worker ends its round, or is about to sleep. */
static void
sends_again(void *arg)
{
	(void)arg;
	ngu_lab_check(lt_send(lt_in, 0, 1) == 0);
	ngu_lab_wait(first_came, NULL);
	ngu_lab_check(lt_send(lt_in, 0, 2) == 0);
}

static void
sends_two(void *arg)
{
	(void)arg;
	ngu_lab_check(lt_send(lt_in, 0, 1) == 0);
	ngu_lab_check(lt_send(lt_in, 0, 2) == 0);
}

static void
sends_to_other(void *arg)
{
	(void)arg;
	ngu_lab_check(lt_send(in2, 1, 1) == 0);
}

/* The node may go while packets wait in its queue, or are in the worker's hands: none of them holds it. */
static void
sends_or_not(void *arg)
{
	(void)arg;
	(void)lt_send(lt_in, 0, 1);
	(void)lt_send(lt_in, 0, 2);
}

static void
shuts_down(void *arg)
{
	(void)arg;
	ngu_lab_check(ngu_shutdown(g, "q:") == 0);
}

/* A writer that finds the worker a server still, with nothing left to do, is served all the same. */
static void
writes(void *arg)
{
	(void)arg;
	ngu_lab_check(lab_write(node) == 0);
}

/* What was sent before has come when it returns. */
static void
settles(void *arg)
{
	bool before = sent;

	(void)arg;
	ngu_lab_check(ngu_settle(g, 0) == 0);
	ngu_lab_check(!before || lt_sink.got == 1);
}

/* The worker may be anywhere between its sleep and its next when the graph goes. */
static void
sends_and_destroys(void *arg)
{
	(void)arg;
	ngu_lab_check(lt_send(lt_in, 0, 1) == 0);
	ngu_port_close(lt_in);
	lt_destroy();
	ngu_lab_check(lab_last.packets == 1);
}

static void
end_all_came(void *arg)
{
	lt_accounts();
	if (lt_sink.got != lt_sent)
		ngu_lab_fail("%u packets sent, %u came", lt_sent, lt_sink.got);
	lt_end(arg);
}

static void
end_written(void *arg)
{
	lt_accounts();
	ngu_lab_check(lt_sink.got == 1 && lab_counts(node)->writes == 1);
	lab_drop(node);
	lt_end(arg);
}

static void
end_two_nodes(void *arg)
{
	lt_accounts();
	ngu_lab_check(lt_sink.got == lt_sent);
	ngu_port_close(in2);
	lt_end(arg);
}

static const struct ngu_lab worker_two = { .name = "worker-two", .setup = with_worker, .points = LT_POINTS(61),
	.body = { { "send", sends_two } }, .end = end_all_came };
static const struct ngu_lab worker_writer = { .name = "worker-writer", .setup = with_worker_and_node, .points = LT_POINTS(111),
	.body = { { "send", sends }, { "write", writes } }, .end = end_written };
static const struct ngu_lab worker_nodes = { .name = "worker-nodes", .setup = with_two_nodes, .points = LT_POINTS(65),
	.body = { { "send", sends }, { "send to the other", sends_to_other } }, .end = end_two_nodes };
static const struct ngu_lab worker_shutdown = { .name = "worker-shutdown", .setup = with_worker, .points = LT_POINTS(242),
	.body = { { "send", sends_or_not }, { "shutdown", shuts_down } }, .end = lt_end };
static const struct ngu_lab worker_send = { .name = "worker-send", .setup = with_worker, .points = LT_POINTS(63),
	.body = { { "send", sends_again } }, .end = end_all_came };
static const struct ngu_lab worker_settle = { .name = "worker-settle", .setup = with_worker, .points = LT_POINTS(67),
	.body = { { "send", sends }, { "settle", settles } }, .end = end_all_came };
static const struct ngu_lab worker_stop = { .name = "worker-stop", .setup = with_worker_only, .points = LT_POINTS(309),
	.body = { { "send, destroy", sends_and_destroys } } };

LT_TEST(worker_two)
LT_TEST(worker_writer)
LT_TEST(worker_nodes)

/* Two preemptions take too long. */
static void
test_worker_shutdown(void **state)
{
	(void)state;
	lt_run_one(&worker_shutdown);
}

LT_TEST(worker_send)
LT_TEST(worker_settle)

/* All of a graph's end. */
static void
test_worker_stop(void **state)
{
	(void)state;
	lt_run_one(&worker_stop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_worker_two),
		cmocka_unit_test(test_worker_writer),
		cmocka_unit_test(test_worker_nodes),
		cmocka_unit_test(test_worker_shutdown),
		cmocka_unit_test(test_worker_send),
		cmocka_unit_test(test_worker_settle),
		cmocka_unit_test(test_worker_stop),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
