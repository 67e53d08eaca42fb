/* SPDX-License-Identifier: BSD-2-Clause */
/* test_send.c - packets on their way while the graph changes under them. */
#include "lab/lab_test.h"

/* in - a.left tee a.right - out */
static int
line(void *arg)
{
	int error;

	(void)arg;
	if ((error = lt_graph(0)) != 0 || (error = ngu_mknode(g, "tee", "a", NULL)) != 0 ||
	    (error = ngu_port_open(g, "a:", "left", NULL, NULL, &lt_in)) != 0)
		return (error);
	return (ngu_port_open(g, "a:", "right", lt_rx, &lt_sink, &lt_out));
}

static void
send2(void *arg)
{
	(void)arg;
	(void)lt_send(lt_in, 0, 1);
	(void)lt_send(lt_in, 0, 2);
}

static void
send1(void *arg)
{
	(void)arg;
	(void)lt_send(lt_in, 0, 1);
}

static void
cut_near(void *arg)
{
	(void)arg;
	ngu_lab_check(ngu_rmhook(g, "a:", "left") == 0);
}

static const struct ngu_lab send_rmhook = { .name = "send-rmhook", .setup = line,
	.body = { { "send", send1 }, { "rmhook", cut_near } }, .end = lt_end };
static const struct ngu_lab send2_rmhook = { .name = "send2-rmhook", .setup = line,
	.body = { { "send", send2 }, { "rmhook", cut_near } }, .end = lt_end };

LT_TEST(send_rmhook)
LT_TEST(send2_rmhook)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_send_rmhook),
		cmocka_unit_test(test_send2_rmhook),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
