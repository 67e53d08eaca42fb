/* SPDX-License-Identifier: BSD-2-Clause */
/* net_basic.c - basic.c's cases on sockets: sending, nodes and hooks, messages, names, and a receiver that nobody reads. */
#include "conform/net.h"

#include <netgraph/ng_hub.h>

static void
send_recv(void **state)
{
	(void)state;
	sockets(NULL);
	plug("a", ".", "b");
	send_data("a", "Hello", 5);
	expect("b", "Hello", 5);
	send_data("b", "and back", 8);
	expect("a", "and back", 8);
	silence();
	errno = ODD;
	assert_int_equal(NgSendData(ds, "c", (const u_char *)"x", 1), -1);
	assert_int_equal(errno, EHOSTUNREACH);
	silence();
}

static void
node(void **state)
{
	(void)state;
	sockets(NULL);
	sent(try_mkpeer(".", "hub", "a", "a"));
	sent(NgNameNode(cs, "a", "%s %s", "test", "node"));
	sent(NgNameNode(cs, "a", "test node")); /* its own name again */
	plug("b", "test node:", "b");
	assert_int_equal(hooks("test node:"), 2);
	assert_int_equal(hooks("."), 2);
	sent(try_rmhook(".", "a"));
	assert_int_equal(hooks("test node:"), 1);
	refused(hooks("a"), ENOENT);
	refused(NgSendData(ds, "a", (const u_char *)"x", 1), EHOSTUNREACH);
	sent(try_rmhook("test node:", "b"));
	refused(hooks("test node:"), ENOENT); /* it went with its last hook */
	assert_int_equal(hooks("."), 0);
}

static void
message(void **state)
{
	struct ng_mesg *m;
	int token;

	(void)state;
	sockets("s");
	for (int text = 0; text < 2; text++) {
		sent(try_mkpeer(".", "hub", "a", "a"));
		sent(NgNameNode(cs, "a", "h"));
		refused(NgSendAsciiMsg(cs, "h:", "nosuchcommand"), ENOSYS);
		refused(NgSendMsg(cs, "h:", NGM_HUB_COOKIE, 77, NULL, 0), EINVAL);
		if (text)
			sent(NgSendAsciiMsg(cs, "h:", "setpersistent"));
		else
			sent(NgSendMsg(cs, "h:", NGM_HUB_COOKIE, NGM_HUB_SET_PERSISTENT, NULL, 0));
		sent(try_rmhook(".", "a"));
		/* An answer that was promised is there when the call returns. */
		sent(token = NgSendMsg(cs, "h:", NGM_GENERIC_COOKIE, NGM_NODEINFO, NULL, 0));
		assert_true(comes(cs, 0));
		m = answer(token);
		assert_string_equal(((struct nodeinfo *)(void *)m->data)->name, "h");
		assert_string_equal(((struct nodeinfo *)(void *)m->data)->type, "hub");
		assert_int_equal(((struct nodeinfo *)(void *)m->data)->hooks, 0); /* it stayed */
		free(m);
		if (text)
			sent(NgSendAsciiMsg(cs, "h:", "shutdown"));
		else
			sent(try_shutdown(cs, "h:"));
		refused(hooks("h:"), ENOENT);
		assert_false(comes(cs, 0)); /* none of these has an answer */
	}
}

static void
same_name(void **state)
{
	int other = -1;

	(void)state;
	sockets("s");
	sent(try_mkpeer(".", "hub", "a", "x"));
	sent(NgNameNode(cs, "a", "one"));
	sent(try_mkpeer(".", "hub", "b", "x"));
	sent(NgNameNode(cs, "b", "two"));
	refused(NgNameNode(cs, "two:", "one"), EADDRINUSE);
	refused(NgNameNode(cs, "two:", "s"), EADDRINUSE);
	refused(NgMkSockNode("one", &other, NULL), EADDRINUSE);
	assert_int_equal(other, -1);
	refused(try_connect(".", "one:", "a", "y"), EEXIST); /* ours is taken */
	refused(try_connect(".", "one:", "c", "x"), EEXIST); /* theirs is */
	refused(try_mkpeer(".", "hub", "a", "z"), EEXIST);
	assert_int_equal(hooks("."), 2);
	assert_int_equal(hooks("one:"), 1);
	assert_int_equal(hooks("two:"), 1);
	/* A name that became free. */
	sent(try_shutdown(cs, "one:"));
	sent(NgNameNode(cs, "two:", "one"));
	refused(hooks("two:"), ENOENT);
	assert_int_equal(hooks("one:"), 1);
	sent(try_shutdown(cs, "one:"));
}

static void
queuelimit(void **state)
{
	const int max = 1000;
	int accepted = 0;

	(void)state;
	sockets(NULL);
	plug("a", ".", "b");
	errno = ODD;
	while (accepted < max && NgSendData(ds, "a", (const u_char *)"abcde", 5) == 0)
		accepted++;
	assert_int_equal(errno, ENOBUFS);
	assert_true(accepted > 100);
	assert_true(accepted < max);
	assert_int_equal(take_all("abcde", 5), accepted);
	send_data("a", "again", 5);
	expect("b", "again", 5);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		net_test(send_recv),
		net_test(node),
		net_test(message),
		net_test(same_name),
		net_test(queuelimit),
	};

	net_main("net_basic", tests, argc, argv);
}
