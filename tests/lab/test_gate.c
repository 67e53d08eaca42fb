/* SPDX-License-Identifier: BSD-2-Clause */
/* test_gate.c - a node that is closed by one writer while a packet enters it and another writer wants it. */
#include <netgraph/ng_message.h>
#include <netgraph/ng_tee.h>

#include "lab/lab_test.h"
#include "lab/ng_lab.h"

static struct ng_node *node;

static int
make(const char *hook)
{
	int error;

	if ((error = lt_graph(0)) != 0 || (error = ngu_mknode(g, "lab", "n", NULL)) != 0 ||
	    (error = ngu_port_open(g, "n:", hook, NULL, NULL, &lt_in)) != 0 ||
	    (error = ngu_port_open(g, "n:", "out", lt_rx, &lt_sink, &lt_out)) != 0)
		return (error);
	return ((node = lab_find("n")) == NULL ? ENOENT : 0);
}

/* in - n.in: packets end there */
static int
last_node(void *arg)
{
	int error;

	(void)arg;
	if ((error = lt_graph(0)) != 0 || (error = ngu_mknode(g, "lab", "n", NULL)) != 0 ||
	    (error = ngu_port_open(g, "n:", "in", NULL, NULL, &lt_in)) != 0)
		return (error);
	return ((node = lab_find("n")) == NULL ? ENOENT : 0);
}

static int
open_node(void *arg)
{
	(void)arg;
	return (make("in"));
}

static int
exclusive_node(void *arg)
{
	(void)arg;
	return (make("excl"));
}

static void
enters(void *arg)
{
	(void)arg;
	ngu_lab_check(lt_send(lt_in, 0, 1) == 0);
}

static void
enters_twice(void *arg)
{
	(void)arg;
	ngu_lab_check(lt_send(lt_in, 0, 1) == 0);
	ngu_lab_check(lt_send(lt_in, 0, 2) == 0);
}

static void
writes(void *arg)
{
	(void)arg;
	ngu_lab_check(lab_write(node) == 0);
}

/* A message that may run beside packets and other readers, and is counted in the gate. */
static void
looks(void *arg)
{
	(void)arg;
	ngu_lab_check(ngu_msg(g, "n:", NGM_LAB_COOKIE, NGM_LAB_READ, NULL, 0, NULL) == 0);
}

static void
ended(unsigned writes_wanted, void *arg)
{
	lt_accounts();
	if (lab_counts(node)->packets != lt_sent || lt_ok != lt_sent || (lt_out != NULL && lt_sink.got != lt_sent))
		ngu_lab_fail("%u packets sent, %u came", lt_sent, lab_counts(node)->packets);
	if (lab_counts(node)->writes != writes_wanted)
		ngu_lab_fail("%u writers were in the node, must be %u", lab_counts(node)->writes, writes_wanted);
	ngu_lab_check(lab_at_rest(node));
	lab_drop(node);
	lt_end(arg);
}

/*
 * A packet's thread is stopped inside the node, with what it holds back in its store buffer: the closer's patience ends, and after a
 * membarrier it must see in the thread's slots that it is in there.
 */
static void
stalls(void *arg, struct mbuf *m)
{
	ngu_lab_stall();
	lt_rx(arg, m);
}

static int
stalled_node(void *arg)
{
	int error;

	(void)arg;
	/* Not type "lab": its counter would let everything out. */
	if ((error = lt_graph(0)) != 0 || (error = ngu_mknode(g, "tee", "n", NULL)) != 0 ||
	    (error = ngu_port_open(g, "n:", "left", NULL, NULL, &lt_in)) != 0)
		return (error);
	return (ngu_port_open(g, "n:", "right", stalls, &lt_sink, &lt_out));
}

static void
clears(void *arg)
{
	(void)arg;
	ngu_lab_check(ngu_msg(g, "n:", NGM_TEE_COOKIE, NGM_TEE_CLR_STATS, NULL, 0, NULL) == 0);
}

static void
end1(void *arg)
{
	ended(1, arg);
}

static void
end2(void *arg)
{
	ended(2, arg);
}

static void
end3(void *arg)
{
	ended(3, arg);
}

static const struct ngu_lab gate_packet_writer = { .name = "gate-packet-writer", .setup = open_node, .points = LT_POINTS(87),
	.body = { { "send", enters_twice }, { "write", writes } }, .end = end1 };
static const struct ngu_lab gate_writers = { .name = "gate-writers", .setup = last_node, .points = LT_POINTS(95),
	.body = { { "send", enters }, { "write", writes }, { "write too", writes } }, .end = end2 };
static const struct ngu_lab gate_two_writers = { .name = "gate-two-writers", .setup = last_node, .points = LT_POINTS(47),
	.body = { { "write", writes }, { "write too", writes } }, .end = end2 };
static const struct ngu_lab gate_exclusive = { .name = "gate-exclusive", .setup = exclusive_node, .points = LT_POINTS(103),
	.body = { { "send", enters_twice }, { "write", writes } }, .end = end3 };
static const struct ngu_lab gate_message = { .name = "gate-message", .setup = open_node, .points = LT_POINTS(83),
	.body = { { "look", looks }, { "write", writes } }, .end = end1 };

static const struct ngu_lab gate_stalled = { .name = "gate-stalled", .setup = stalled_node, .points = LT_POINTS(84),
	.body = { { "send", enters }, { "clear", clears } }, .end = lt_end };

LT_TEST(gate_packet_writer)
LT_TEST(gate_two_writers)
LT_TEST(gate_exclusive)
LT_TEST(gate_message)
LT_TEST(gate_stalled)

static void
test_gate_writers(void **state)
{
	(void)state;
	lt_run_one(&gate_writers);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gate_packet_writer),
		cmocka_unit_test(test_gate_two_writers),
		cmocka_unit_test(test_gate_stalled),
		cmocka_unit_test(test_gate_writers),
		cmocka_unit_test(test_gate_exclusive),
		cmocka_unit_test(test_gate_message),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
