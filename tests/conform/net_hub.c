/* SPDX-License-Identifier: BSD-2-Clause */
/* net_hub.c - hub.c's cases on sockets. Each first shuts down what an earlier run may have left, when there is no socket to do so. */
#include "conform/net.h"

#include <netgraph/ng_hub.h>

static void
leftovers(void)
{
	refused(try_shutdown(-1, "h:"), EBADF);
	refused(try_shutdown(-1, "i:"), EBADF);
	refused(NgSendAsciiMsg(-1, "h:", "shutdown"), EBADF);
	refused(NgSendData(-1, "a", (const u_char *)"x", 1), EBADF);
}

static void
basic(void **state)
{
	const int n = 4;
	bool seen[4];
	char hook[NG_HOOKSIZ];
	unsigned char buf[64], packet[60];

	(void)state;
	leftovers();
	sockets(NULL);
	sent(try_mkpeer(".", "hub", "0", "0"));
	sent(NgNameNode(cs, "0", "h"));
	for (int i = 1; i < n; i++) {
		(void)snprintf(hook, sizeof(hook), "%d", i);
		plug(hook, "h:", hook);
	}
	for (int from = 0; from < n; from++) {
		memset(packet, 'A' + from, sizeof(packet));
		memset(seen, 0, sizeof(seen));
		(void)snprintf(hook, sizeof(hook), "%d", from);
		send_data(hook, packet, sizeof(packet));
		for (int i = 0; i < n - 1; i++) {
			assert_true(comes(ds, FOREVER));
			assert_int_equal(NgRecvData(ds, buf, sizeof(buf), hook), sizeof(packet));
			assert_memory_equal(buf, packet, sizeof(packet));
			assert_true(hook[0] >= '0' && hook[0] < '0' + n);
			assert_int_not_equal(hook[0] - '0', from); /* nothing comes back */
			assert_false(seen[hook[0] - '0']);	   /* or twice */
			seen[hook[0] - '0'] = true;
		}
		silence();
	}
	sent(try_shutdown(cs, "h:"));
}

static void
persistence(void **state)
{
	(void)state;
	leftovers();
	sockets(NULL);
	sent(try_mkpeer(".", "hub", "a", "a"));
	sent(NgNameNode(cs, "a", "h"));
	sent(try_rmhook(".", "a"));
	refused(hooks("h:"), ENOENT);

	sent(try_mkpeer(".", "hub", "a", "a"));
	sent(NgNameNode(cs, "a", "h"));
	sent(NgSendAsciiMsg(cs, "h:", "setpersistent"));
	sent(try_rmhook(".", "a"));
	assert_int_equal(hooks("h:"), 0);
	sent(try_shutdown(cs, "h:"));
	refused(hooks("h:"), ENOENT);
}

/* Two hubs with two links between them: packets go round for ever, yet who sent one goes on, and both hubs can be shut down. */
static void
loop(void **state)
{
	unsigned char buf[64];
	int n = 0;

	(void)state;
	leftovers();
	sockets(NULL);
	sent(try_mkpeer(".", "hub", "a", "a"));
	sent(NgNameNode(cs, "a", "h"));
	sent(try_mkpeer(".", "hub", "b", "b"));
	sent(NgNameNode(cs, "b", "i"));
	sent(try_connect("h:", "i:", "x", "x"));
	sent(try_connect("h:", "i:", "y", "y"));
	(void)NgSendData(ds, "a", (const u_char *)"round", 5); /* what comes of it is seen below */
	for (; n <= 7 && comes(ds, FOREVER); n++) {
		assert_int_equal(NgRecvData(ds, buf, sizeof(buf), NULL), 5);
		assert_memory_equal(buf, "round", 5);
	}
	assert_true(n > 7);
	sent(try_shutdown(cs, "h:"));
	sent(try_shutdown(cs, "i:"));
	refused(hooks("h:"), ENOENT);
	refused(hooks("i:"), ENOENT);
	assert_int_equal(hooks("."), 0);
}

/* One more hook at each step, up to 1000; at some step the socket has no room for all copies, and the sender hears of it. */
static void
many_hooks(void **state)
{
	const int max = 1000;
	char hook[NG_HOOKSIZ];
	int i, got;

	(void)state;
	leftovers();
	sockets(NULL);
	sent(try_mkpeer(".", "hub", "o", "o"));
	sent(NgNameNode(cs, "o", "h"));
	for (i = 1; i <= max; i++) {
		(void)snprintf(hook, sizeof(hook), "h%d", i);
		plug(hook, "h:", hook);
		errno = ODD;
		if (NgSendData(ds, "o", (const u_char *)"?", 1) != 0)
			break;
		assert_int_equal(errno, ODD);
		assert_int_equal(take_all("?", 1), i);
	}
	assert_int_equal(errno, ENOBUFS);
	assert_true(i > 100);
	assert_true(i <= max);
	got = take_all("?", 1); /* those there was room for */
	assert_true(got > 100);
	assert_true(got < i);
	assert_int_equal(hooks("h:"), i + 1);
	sent(try_shutdown(cs, "h:"));
	assert_int_equal(hooks("."), 0);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		net_test(basic),
		net_test(persistence),
		net_test(loop),
		net_test(many_hooks),
	};

	net_main("net_hub", tests, argc, argv);
}
