/* SPDX-License-Identifier: BSD-2-Clause */
/* basic.c - sending, nodes and hooks, messages, names, and a receiver that nobody reads. */
#include "conform/conform.h"

#include <netgraph/ng_hub.h>

/* A node connected to itself hears what it says at the other end. */
static void
send_recv(void **state)
{
	(void)state;
	t = ngt_graph("probe s");
	plug("a", "s:", "b");
	ngt_send(S, "a", ngt_text("Hello"));
	ngt_expect(S, "b", ngt_text("Hello"));
	ngt_send(S, "b", ngt_text("and back"));
	ngt_expect(S, "a", ngt_text("and back"));
	quiet();
	ngt_end(t);
}

/* A node with a space in its name; one hook at a time is taken away from it, and it goes with the last. */
static void
node(void **state)
{
	uint32_t id, again;

	(void)state;
	t = ngt_graph("probe s");
	ok(ngu_mkpeer(G, "s:", "hub", "a", "a"));
	ok(ngu_name(G, "s:a", "test node"));
	ok(ngu_lookup(G, "test node:", &id));
	ok(ngu_lookup(G, "s:a", &again));
	assert_int_equal(id, again);
	plug("b", "test node:", "b");
	ngt_expect_hooks(t, "test node:", "b - s.b; a - s.a");
	ok(ngu_rmhook(G, "s:", "a"));
	ngt_expect_hooks(t, "test node:", "b - s.b");
	assert_int_equal(ngt_try_send(S, "a", "00"), ENOENT);
	assert_int_equal(ngu_lookup(G, "s:a", NULL), ENOENT);
	ok(ngu_rmhook(G, "test node:", "b"));
	assert_false(there("test node:"));
	ngt_expect_hooks(t, "s:", "");
	ngt_end(t);
}

/* A private message, in both of its forms, and one that the node does not know. */
static void
message(void **state)
{
	(void)state;
	for (int text = 0; text < 2; text++) {
		t = ngt_graph("probe s");
		ok(ngu_mkpeer(G, "s:", "hub", "a", "a"));
		ok(ngu_name(G, "s:a", "h"));
		assert_int_equal(tell("h:", "nosuchcommand", ""), ENOSYS);
		ngt_msg_error(t, "h:", NGM_HUB_COOKIE, 77, NULL, 0, EINVAL);
		if (text)
			ok(tell("h:", "setpersistent", NULL));
		else
			assert_null(ngt_msg(t, "h:", NGM_HUB_COOKIE, NGM_HUB_SET_PERSISTENT, NULL, 0));
		ok(ngu_rmhook(G, "s:", "a"));
		ngt_expect_hooks(t, "h:", ""); /* it stayed */
		if (text)
			ok(tell("h:", "shutdown", NULL));
		else
			ok(ngu_shutdown(G, "h:"));
		assert_false(there("h:"));
		ngt_end(t);
	}
}

/* Names of nodes and of hooks are given once. */
static void
same_name(void **state)
{
	(void)state;
	t = ngt_graph("probe s; hub one; hub two");
	ok(ngu_name(G, "one:", "one")); /* its own */
	assert_int_equal(ngu_name(G, "two:", "one"), EADDRINUSE);
	assert_true(there("two:"));
	plug("a", "one:", "x");
	assert_int_equal(ngu_connect(G, "s:", "a", "one:", "y"), EEXIST); /* on our side */
	assert_int_equal(ngu_connect(G, "s:", "b", "one:", "x"), EEXIST); /* on theirs */
	assert_int_equal(ngu_mkpeer(G, "s:", "hub", "a", "z"), EEXIST);
	ngt_expect_hooks(t, "s:", "a - one.x");
	ngt_expect_hooks(t, "one:", "x - s.a");
	/* A name that became free. */
	ok(ngu_shutdown(G, "one:"));
	ok(ngu_name(G, "two:", "one"));
	assert_false(there("two:"));
	ngt_end(t);
}

/* Who is not read refuses at some point; what was accepted until then is there, and no more than that. */
static void
queuelimit(void **state)
{
	const unsigned max = 1000;
	unsigned accepted = 0, n = 0;
	int error = 0;

	(void)state;
	t = ngt_graph("probe s");
	plug("a", "s:", "b");
	ngt_limit(S, SOCKET_ROOM);
	while (accepted < max && (error = ngt_try_send(S, "a", ngt_text("abcde"))) == 0)
		accepted++;
	assert_int_equal(error, ENOBUFS);
	assert_true(accepted > 100);
	assert_true(accepted < max);
	for (const struct ngt_rec *r; (r = ngt_recv(S, "b")) != NULL; n++)
		ngt_expect_bytes("abcde", 5, r->data, r->len);
	assert_int_equal(n, accepted);
	ngt_end(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(send_recv),
		ngt_test(node),
		ngt_test(message),
		ngt_test(same_name),
		ngt_test(queuelimit),
	};

	return (cmocka_run_group_tests_name("basic", tests, NULL, NULL));
}
