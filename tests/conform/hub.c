/* SPDX-License-Identifier: BSD-2-Clause */
/* hub.c - node type "hub". */
#include "conform/conform.h"

#include <netgraph/ng_hub.h>

static void
basic(void **state)
{
	char hook[8];

	(void)state;
	t = ngt_graph("probe s; hub h");
	for (int i = 0; i < 4; i++) {
		(void)snprintf(hook, sizeof(hook), "h%d", i);
		plug(hook, "h:", hook);
	}
	for (int from = 0; from < 4; from++) {
		(void)snprintf(hook, sizeof(hook), "h%d", from);
		ngt_send(S, hook, ngt_pattern(60, (unsigned)from));
		for (int i = 0; i < 4; i++) {
			(void)snprintf(hook, sizeof(hook), "h%d", i);
			if (i == from)
				ngt_expect_none(S, hook); /* nothing comes back */
			else
				ngt_expect(S, hook, ngt_pattern(60, (unsigned)from));
		}
		quiet();
	}
	ngt_end(t);
}

static void
persistence(void **state)
{
	(void)state;
	t = ngt_graph("probe s; hub h");
	plug("a", "h:", "a");
	ok(ngu_rmhook(G, "s:", "a"));
	assert_false(there("h:"));

	ngt_add(t, "hub h");
	plug("a", "h:", "a");
	ok(tell("h:", "setpersistent", NULL));
	ok(ngu_rmhook(G, "s:", "a"));
	assert_true(there("h:"));
	ok(ngu_shutdown(G, "h:"));
	assert_false(there("h:"));
	ngt_end(t);
}

/* Two hubs with two links between them: packets go round for ever, yet sender and graph stay in hand. */
static void
loop(void **state)
{
	(void)state;
	t = ngt_graph("probe s; hub h; hub i; h.x - i.x; h.y - i.y");
	plug("a", "h:", "a");
	plug("b", "i:", "b");
	ngt_discard(S, true);
	(void)ngt_try_send(S, "a", ngt_text("round"));
	assert_true(ngt_packets(S) > 7);
	ok(ngu_shutdown(G, "h:"));
	ok(ngu_shutdown(G, "i:"));
	ngt_end(t);
}

/* One more hook at each step, up to 1000; at some step there are more copies than the receiver takes, and the sender hears of it. */
static void
many_hooks(void **state)
{
	char hook[16];
	int i, error = 0;

	(void)state;
	t = ngt_graph("probe s; hub h");
	plug("o", "h:", "o");
	ngt_discard(S, true);
	for (i = 1; i <= 1000; i++) {
		(void)snprintf(hook, sizeof(hook), "h%d", i);
		plug(hook, "h:", hook);
		ngt_limit(S, SOCKET_ROOM);
		const uint64_t before = ngt_packets(S);

		if ((error = ngt_try_send(S, "o", ngt_text("?"))) != 0)
			break;
		assert_int_equal(ngt_packets(S) - before, i);
	}
	assert_int_equal(error, ENOBUFS);
	assert_true(i > 100);
	assert_true(i < 1000);
	/* With a receiver that keeps up, all of them. */
	ngt_limit(S, UINT64_MAX);
	for (i++; i <= 1000; i++) {
		(void)snprintf(hook, sizeof(hook), "h%d", i);
		plug(hook, "h:", hook);
	}
	const uint64_t before = ngt_packets(S);

	ngt_send(S, "o", ngt_text("!"));
	assert_int_equal(ngt_packets(S) - before, 1000);
	ngt_end(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(basic),
		ngt_test(persistence),
		ngt_test(loop),
		ngt_test(many_hooks),
	};

	return (cmocka_run_group_tests_name("hub", tests, NULL, NULL));
}
