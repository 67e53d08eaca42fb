/* SPDX-License-Identifier: BSD-2-Clause */
/* test_send.c - packets on their way while the graph changes under them. */
#include <stdio.h>

#include "lab/lab_test.h"

static char in_path[16], out_path[16];

static void
paths(void)
{
	(void)snprintf(in_path, sizeof(in_path), "[%x]:", ngu_port_id(lt_in));
	(void)snprintf(out_path, sizeof(out_path), "[%x]:", ngu_port_id(lt_out));
}

/* in - a.left tee a.right - out */
static int
line(void *arg)
{
	int error;

	(void)arg;
	if ((error = lt_graph(0)) != 0 || (error = ngu_mknode(g, "tee", "a", NULL)) != 0 ||
	    (error = ngu_port_open(g, "a:", "left", NULL, NULL, &lt_in)) != 0 ||
	    (error = ngu_port_open(g, "a:", "right", lt_rx, &lt_sink, &lt_out)) != 0)
		return (error);
	paths();
	return (0);
}

/* The same without the second link: o is a port of its own. */
static int
half_line(void *arg)
{
	int error;

	(void)arg;
	if ((error = lt_graph(0)) != 0 || (error = ngu_mknode(g, "tee", "a", NULL)) != 0 ||
	    (error = ngu_port_open(g, "a:", "left", NULL, NULL, &lt_in)) != 0)
		return (error);
	return (ngu_port_create(g, "o", lt_rx, &lt_sink, &lt_out));
}

/* The line, and a second port at which nothing is connected. */
static int
line_and_port(void *arg)
{
	int error;

	if ((error = line(arg)) != 0)
		return (error);
	return (ngu_port_create(g, "p", lt_rx, &lt_sink, &lt_out2));
}

static void
send2(void *arg)
{
	(void)arg;
	(void)lt_send(lt_in, 0, 1);
	(void)lt_send(lt_in, 0, 2);
}

/* The same line without strict mode, which has bursts split up where they arrive, and packets looked at one by one. */
static int
loose_line(void *arg)
{
	int error = line(arg);

	return (error != 0 ? error : ngu_graph_strict(g, 0));
}

static void
send_burst(void *arg)
{
	static struct mbuf *v[2];
	int error;

	(void)arg;
	for (unsigned i = 0; i < 2; i++) {
		uint8_t b[2] = { 0, (uint8_t)(i + 1) };

		if ((v[i] = ngu_packet(g, b, 2)) == NULL)
			ngu_lab_fail("no memory");
	}
	lt_sent += 2;
	if ((error = ngu_port_send_burst(lt_in, v, 2)) == 0)
		lt_ok += 2;
}

static void
send1(void *arg)
{
	(void)arg;
	(void)lt_send(lt_in, 0, 1);
}

static void
done_right(int error)
{
	if (error != 0)
		ngu_lab_fail("the change failed: error %d", error);
}

/* ---- links that come and go */

static void
cut_near(void *arg)
{
	(void)arg;
	done_right(ngu_rmhook(g, "a:", "left"));
}

static void
cut_sender(void *arg)
{
	(void)arg;
	done_right(ngu_rmhook(g, in_path, "port"));
}

static void
cut_behind(void *arg)
{
	(void)arg;
	done_right(ngu_rmhook(g, "a:", "right"));
}

static void
join(void *arg)
{
	(void)arg;
	done_right(ngu_connect(g, "a:", "right", "o:", "port"));
}

/* ---- nodes that go */

static void
end_middle(void *arg)
{
	(void)arg;
	done_right(ngu_shutdown(g, "a:"));
}

static void
end_receiver(void *arg)
{
	(void)arg;
	done_right(ngu_shutdown(g, out_path));
}

/* ---- changes of a live link: nothing is lost, and the order stays */

static void
insert(void *arg)
{
	(void)arg;
	done_right(ngu_insert(g, "a:", "right", "tee", "left", "right", "t", NULL));
}

static void
insert_near(void *arg)
{
	(void)arg;
	done_right(ngu_insert(g, "a:", "left", "tee", "right", "left", "t", NULL));
}

static void
bypass(void *arg)
{
	(void)arg;
	done_right(ngu_bypass(g, "a:", "left", "right"));
}

static void
relink(void *arg)
{
	(void)arg;
	done_right(ngu_relink(g, "a:", "right", "p:", "port"));
}

static void
end_no_loss(void *arg)
{
	lt_accounts();
	if (lt_ok != lt_sent || lt_sink.got != lt_sent)
		ngu_lab_fail("%u packets sent, %u of them without an error, %u came", lt_sent, lt_ok, lt_sink.got);
	lt_end(arg);
}

/* ---- memory that runs short meanwhile */

static void
join_or_not(void *arg)
{
	int error = ngu_connect(g, "a:", "right", "o:", "port");

	(void)arg;
	if (error != 0 && error != ENOMEM)
		done_right(error);
	if (error != 0) /* then nothing has changed: it can be done again */
		done_right(ngu_connect(g, "a:", "right", "o:", "port"));
}

static void
insert_or_not(void *arg)
{
	uint32_t id;
	int error = ngu_insert(g, "a:", "right", "tee", "left", "right", "t", &id);

	(void)arg;
	if (error != 0 && error != ENOMEM && error != ENOBUFS)
		done_right(error);
	if (error != 0)
		ngu_lab_check(ngu_lookup(g, "t:", &id) == ENOENT);
}

static void
end_joined(void *arg)
{
	uint32_t before;

	lt_accounts();
	before = lt_sink.got;
	ngu_lab_check(lt_send(lt_in, 1, 1) == 0 && lt_sink.got == before + 1);
	lt_end(arg);
}

/* What was sent without an error came. */
static void
end_no_more_loss(void *arg)
{
	lt_accounts();
	if (lt_sink.got != lt_ok)
		ngu_lab_fail("%u packets sent, %u of them without an error, %u came", lt_sent, lt_ok, lt_sink.got);
	end_joined(arg);
}

/* ---- a list of changes: a node takes another's place */

static struct lt_sink sink2;

/* in - a.left tee a.right - b.left tee b.right - out; p waits for what comes after b */
static int
to_replace(void *arg)
{
	int error;

	(void)arg;
	if ((error = lt_graph(0)) != 0 || (error = ngu_mknode(g, "tee", "a", NULL)) != 0 ||
	    (error = ngu_port_open(g, "a:", "left", NULL, NULL, &lt_in)) != 0 ||
	    (error = ngu_mkpeer(g, "a:", "hub", "right", "in")) != 0 || (error = ngu_name(g, "a:right", "b")) != 0 ||
	    (error = ngu_port_open(g, "b:", "out", lt_rx, &lt_sink, &lt_out)) != 0)
		return (error);
	return (ngu_port_create(g, "p", lt_rx, &sink2, &lt_out2));
}

static void
replace(void *arg)
{
	static const char list[] = "mkpeer a: hub left2right in\n"
				   "connect a:left2right p: out port\n"
				   "shutdown b:\n";
	struct ngu_apply_error err;

	(void)arg;
	if (ngu_apply_text(g, list, 0, &err) != 0)
		ngu_lab_fail("%s", err.text);
}

static void
end_replaced(void *arg)
{
	lt_accounts();
	ngu_lab_check(ngu_lookup(g, "b:", NULL) == ENOENT);
	/* The new node is what the line ends in. */
	ngu_lab_check(lt_send(lt_in, 1, 1) == 0);
	ngu_lab_check(sink2.last[1] == 1 && lt_sink.last[1] == 0);
	lt_end(arg);
}

static const struct ngu_lab send_connect = { .name = "send-connect", .setup = half_line, .points = LT_POINTS(109),
	.body = { { "send", send1 }, { "connect", join } }, .end = lt_end };
static const struct ngu_lab send_rmhook = { .name = "send-rmhook", .setup = line, .points = LT_POINTS(141),
	.body = { { "send", send1 }, { "rmhook", cut_near } }, .end = lt_end };
static const struct ngu_lab send_burst_rmhook = { .name = "send-burst-rmhook", .setup = loose_line, .points = LT_POINTS(139),
	.body = { { "send", send_burst }, { "rmhook", cut_near } }, .end = lt_end };
static const struct ngu_lab send_burst_insert = { .name = "send-burst-insert", .setup = loose_line, .points = LT_POINTS(49),
	.body = { { "send", send_burst }, { "insert", insert } }, .end = end_no_loss };
static const struct ngu_lab send_burst_insert_near = { .name = "send-burst-insert-near", .setup = line, .points = LT_POINTS(59),
	.body = { { "send", send_burst }, { "insert", insert_near } }, .end = end_no_loss };
static const struct ngu_lab send_burst_bypass = { .name = "send-burst-bypass", .setup = line, .points = LT_POINTS(161),
	.body = { { "send", send_burst }, { "bypass", bypass } }, .end = end_no_loss };
static const struct ngu_lab send_burst_shutdown = { .name = "send-burst-shutdown", .setup = loose_line, .points = LT_POINTS(192),
	.body = { { "send", send_burst }, { "shutdown", end_middle } }, .end = lt_end };
static const struct ngu_lab send_rmhook_sender = { .name = "send-rmhook-sender", .setup = line, .points = LT_POINTS(188),
	.body = { { "send", send1 }, { "rmhook", cut_sender } }, .end = lt_end };
static const struct ngu_lab send_rmhook_behind = { .name = "send-rmhook-behind", .setup = line, .points = LT_POINTS(193),
	.body = { { "send", send1 }, { "rmhook", cut_behind } }, .end = lt_end };
static const struct ngu_lab send2_rmhook = { .name = "send2-rmhook", .setup = line, .points = LT_POINTS(145),
	.body = { { "send", send2 }, { "rmhook", cut_near } }, .end = lt_end };
static const struct ngu_lab send_shutdown = { .name = "send-shutdown", .setup = line, .points = LT_POINTS(189),
	.body = { { "send", send1 }, { "shutdown", end_middle } }, .end = lt_end };
static const struct ngu_lab send_shutdown_receiver = { .name = "send-shutdown-receiver", .setup = line, .points = LT_POINTS(158),
	.body = { { "send", send1 }, { "shutdown", end_receiver } }, .end = lt_end };
static const struct ngu_lab send_insert = { .name = "send-insert", .setup = line, .points = LT_POINTS(55),
	.body = { { "send", send2 }, { "insert", insert } }, .end = end_no_loss };
static const struct ngu_lab send_bypass = { .name = "send-bypass", .setup = line, .points = LT_POINTS(157),
	.body = { { "send", send2 }, { "bypass", bypass } }, .end = end_no_loss };
static const struct ngu_lab send_relink = { .name = "send-relink", .setup = line_and_port, .points = LT_POINTS(173),
	.body = { { "send", send2 }, { "relink", relink } }, .end = end_no_loss };
static const struct ngu_lab send_apply = { .name = "send-apply", .setup = to_replace, .points = LT_POINTS(270),
	.body = { { "send", send1 }, { "apply", replace } }, .end = end_replaced };

static const struct ngu_lab send_connect_nomem = { .name = "send-connect-nomem", .setup = half_line, .points = LT_POINTS(211),
	.body = { { "send", send1 }, { "connect", join_or_not } }, .end = end_joined };
static const struct ngu_lab send_insert_nomem = { .name = "send-insert-nomem", .setup = line, .points = LT_POINTS(184),
	.body = { { "send", send1 }, { "insert", insert_or_not } }, .end = end_no_more_loss };

LT_TEST(send_connect)
LT_TEST(send_rmhook)
LT_TEST(send_burst_rmhook)
LT_TEST(send_burst_insert)
LT_TEST(send_burst_insert_near)
LT_TEST(send_burst_bypass)
LT_TEST(send_burst_shutdown)
LT_TEST(send_rmhook_sender)
LT_TEST(send_rmhook_behind)
LT_TEST(send2_rmhook)
LT_TEST(send_shutdown)
LT_TEST(send_shutdown_receiver)
LT_TEST(send_insert)
LT_TEST(send_bypass)
LT_TEST(send_relink)

/* A whole list. */
static void
test_send_apply(void **state)
{
	(void)state;
	lt_run_one(&send_apply);
}

/* One allocation, any, is refused. */
static const struct ngu_lab_opts nomem = { .preemptions = 1, .failures = 1 };

static void
test_send_connect_nomem(void **state)
{
	(void)state;
	lt_run_with(&send_connect_nomem, &nomem);
}

static void
test_send_insert_nomem(void **state)
{
	(void)state;
	lt_run_with(&send_insert_nomem, &nomem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_send_connect),
		cmocka_unit_test(test_send_rmhook),
		cmocka_unit_test(test_send_burst_rmhook),
		cmocka_unit_test(test_send_burst_insert),
		cmocka_unit_test(test_send_burst_insert_near),
		cmocka_unit_test(test_send_burst_bypass),
		cmocka_unit_test(test_send_burst_shutdown),
		cmocka_unit_test(test_send_rmhook_sender),
		cmocka_unit_test(test_send_rmhook_behind),
		cmocka_unit_test(test_send2_rmhook),
		cmocka_unit_test(test_send_shutdown),
		cmocka_unit_test(test_send_shutdown_receiver),
		cmocka_unit_test(test_send_insert),
		cmocka_unit_test(test_send_bypass),
		cmocka_unit_test(test_send_relink),
		cmocka_unit_test(test_send_apply),
		cmocka_unit_test(test_send_connect_nomem),
		cmocka_unit_test(test_send_insert_nomem),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
