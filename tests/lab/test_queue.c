/* SPDX-License-Identifier: BSD-2-Clause */
/* test_queue.c - queues: senders that put packets in, threads that take them out, writers that want the node in between. */
#include "lab/lab_test.h"
#include "lab/ng_lab.h"

static struct ng_node *node;

/* in - q.HOOK, q.out - out */
static int
make(const char *hook)
{
	int error;

	if ((error = lt_graph(0)) != 0 || (error = ngu_mknode(g, "lab", "q", NULL)) != 0 ||
	    (error = ngu_port_open(g, "q:", hook, NULL, NULL, &lt_in)) != 0 ||
	    (error = ngu_port_open(g, "q:", "out", lt_rx, &lt_sink, &lt_out)) != 0)
		return (error);
	return ((node = lab_find("q")) == NULL ? ENOENT : 0);
}

static int
hook_queue(void *arg)
{
	(void)arg;
	return (make("queue"));
}

static int
flag_queue(void *arg)
{
	(void)arg;
	return (make("nq"));
}

/* Another sender at the same node. */
static int
two_senders(void *arg)
{
	int error;

	if ((error = hook_queue(arg)) != 0)
		return (error);
	return (ngu_port_open(g, "q:", "in", NULL, NULL, &lt_out2));
}

static void
send2(void *arg)
{
	(void)arg;
	ngu_lab_check(lt_send(lt_in, 0, 1) == 0);
	ngu_lab_check(lt_send(lt_in, 0, 2) == 0);
}

static void
send_other(void *arg)
{
	(void)arg;
	ngu_lab_check(lt_send(lt_out2, 1, 1) == 0);
}

static void
poll(void *arg)
{
	(void)arg;
	(void)ngu_poll(g, 0);
}

static void
writes(void *arg)
{
	(void)arg;
	ngu_lab_check(lab_write(node) == 0);
}

static void
message(void *arg)
{
	(void)arg;
	ngu_lab_check(ngu_msg(g, "q:", NGM_LAB_COOKIE, NGM_LAB_WRITE, NULL, 0, NULL) == 0);
	ngu_lab_check(lab_counts(node)->writes == 1); /* done when the call returns; nobody else writes */
}

/* Every packet came, every function ran. */
static void
ended(unsigned writes_wanted, void *arg)
{
	lt_accounts();
	if (lt_sink.got != lt_sent || lt_ok != lt_sent)
		ngu_lab_fail("%u packets sent, %u came", lt_sent, lt_sink.got);
	ngu_lab_check(lab_counts(node)->writes == writes_wanted);
	ngu_lab_check(lab_at_rest(node));
	lab_drop(node);
	lt_end(arg);
}

static void
end_plain(void *arg)
{
	ended(0, arg);
}

static void
end_written(void *arg)
{
	ended(1, arg);
}

static const struct ngu_lab queue_poll = { .name = "queue-poll", .setup = hook_queue, .points = LT_POINTS(58),
	.body = { { "send", send2 }, { "poll", poll } }, .end = end_plain };
static const struct ngu_lab queue_flag_poll = { .name = "queue-flag-poll", .setup = flag_queue, .points = LT_POINTS(54),
	.body = { { "send", send2 }, { "poll", poll } }, .end = end_plain };
static const struct ngu_lab queue_writer = { .name = "queue-writer", .setup = hook_queue, .points = LT_POINTS(103),
	.body = { { "send", send2 }, { "write", writes } }, .end = end_written };
static const struct ngu_lab queue_message = { .name = "queue-message", .setup = hook_queue, .points = LT_POINTS(127),
	.body = { { "send", send2 }, { "message", message } }, .end = end_written };
static const struct ngu_lab queue_senders = { .name = "queue-senders", .setup = two_senders, .points = LT_POINTS(60),
	.body = { { "send", send2 }, { "send too", send_other } }, .end = end_plain };

LT_TEST(queue_poll)
LT_TEST(queue_flag_poll)
LT_TEST(queue_writer)
LT_TEST(queue_message)
LT_TEST(queue_senders)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_queue_poll),
		cmocka_unit_test(test_queue_flag_poll),
		cmocka_unit_test(test_queue_writer),
		cmocka_unit_test(test_queue_message),
		cmocka_unit_test(test_queue_senders),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
