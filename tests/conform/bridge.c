/* SPDX-License-Identifier: BSD-2-Clause */
/* bridge.c - node type "bridge", with uplinks. */
#include "conform/conform.h"

#include <netgraph/ng_bridge.h>

#define ALL "ff:ff:ff:ff:ff:ff"

/* The address of number n. */
static const char *
mac(unsigned n)
{
	static char text[4][18];
	static unsigned i;
	char *s = text[i++ % 4];

	(void)snprintf(s, sizeof(text[0]), "02:00:00:00:%02x:%02x", n >> 8 & 255, n & 255);
	return (s);
}

static struct ngt_pkt
frame(const char *dst, const char *src)
{
	return (ngt_eth(dst, src, ngt_pattern(46, 1)));
}

static uint32_t
known(void)
{
	const struct ng_mesg *r = ngt_msg(t, "b:", NGM_BRIDGE_COOKIE, NGM_BRIDGE_GET_TABLE, NULL, 0);
	uint32_t n;

	assert_non_null(r);
	memcpy(&n, r->data, sizeof(n));
	assert_int_equal(r->header.arglen, sizeof(n) + n * sizeof(struct ng_bridge_hostent));
	return (n);
}

/* To all but the sender when it is for all or for nobody known; to the one when he is known. */
static void
basic(void **state)
{
	static const char *const link[] = { "link0", "link1", "link2" };

	(void)state;
	t = ngt_graph("probe s; bridge b");
	for (int i = 0; i < 3; i++)
		plug(link[i], "b:", link[i]);
	for (unsigned from = 0; from < 3; from++) {
		ngt_send(S, link[from], frame(ALL, mac(from)));
		for (unsigned i = 0; i < 3; i++)
			if (i != from)
				ngt_expect(S, link[i], frame(ALL, mac(from)));
		quiet();
	}
	for (unsigned from = 0; from < 3; from++)
		for (unsigned to = 0; to < 3; to++) {
			ngt_send(S, link[from], frame(mac(to), mac(from)));
			if (to != from)
				ngt_expect(S, link[to], frame(mac(to), mac(from)));
			quiet();
		}
	ngt_send(S, link[0], frame(mac(9), mac(0)));
	ngt_expect(S, link[1], frame(mac(9), mac(0)));
	ngt_expect(S, link[2], frame(mac(9), mac(0)));
	quiet();
	assert_int_equal(known(), 3);
	ngt_end(t);
}

/* Two bridges with two links between them: the loop is found, and the packets stop. */
static void
loop(void **state)
{
	const struct ng_mesg *r;
	struct ng_bridge_link_stats st;
	uint64_t detected = 0;
	int error;

	(void)state;
	t = ngt_graph("probe s; bridge b; bridge c; b.link1 - c.link1; b.link2 - c.link2");
	plug("x", "b:", "link0");
	plug("y", "c:", "link0");
	for (int i = 0; i < 3; i++) {
		error = ngt_try_send(S, "x", frame(ALL, mac(1)));
		assert_true(error == 0 || error == ELOOP);
		ngt_settle(t);
	}
	for (int32_t n = 0; n < 6; n++) {
		r = ngt_msg(t, n < 3 ? "b:" : "c:", NGM_BRIDGE_COOKIE, NGM_BRIDGE_GET_STATS, &(int32_t){ n % 3 }, sizeof(n));
		memcpy(&st, r->data, sizeof(st));
		detected += st.loopDetects;
	}
	assert_true(detected > 0);
	assert_true(ngt_count(S, "y") >= 1); /* it did get through */
	ok(ngu_shutdown(G, "b:"));
	ok(ngu_shutdown(G, "c:"));
	ngt_end(t);
}

static void
persistence(void **state)
{
	(void)state;
	t = ngt_graph("probe s; bridge b");
	plug("a", "b:", "link0");
	ok(ngu_rmhook(G, "s:", "a"));
	assert_false(there("b:"));

	ngt_add(t, "bridge b");
	plug("a", "b:", "link0");
	ok(tell("b:", "setpersistent", NULL));
	ok(ngu_rmhook(G, "s:", "a"));
	assert_true(there("b:"));
	ok(ngu_shutdown(G, "b:"));
	assert_false(there("b:"));
	ngt_end(t);
}

/* 1001 links with a host behind each: all are known, and each hears what is for it alone. */
static void
many_unicasts(void **state)
{
	enum { LINKS = 1001 };
	char hook[16];
	uint64_t before;

	(void)state;
	t = ngt_graph("probe s; bridge b");
	ngt_discard(S, true);
	for (unsigned i = 0; i < LINKS; i++) {
		(void)snprintf(hook, sizeof(hook), "link%u", i);
		plug(hook, "b:", hook);
		before = ngt_packets(S);
		ngt_send(S, hook, frame(mac(0), mac(i))); /* 0 is known by the second link */
		ngt_settle(t);
		assert_int_equal(ngt_packets(S) - before, i == 0 ? 0 : 1);
	}
	assert_int_equal(known(), LINKS);
	ngt_discard(S, false);
	for (unsigned i = 1; i < LINKS; i++) {
		ngt_send(S, "link0", frame(mac(i), mac(0)));
		(void)snprintf(hook, sizeof(hook), "link%u", i);
		ngt_expect(S, hook, frame(mac(i), mac(0)));
	}
	quiet();
	ngt_end(t);
}

/* Broadcasts over more and more links, until the receiver cannot take all copies of one. */
static void
many_broadcasts(void **state)
{
	char hook[16];
	uint64_t before;
	int i, error = 0;

	(void)state;
	t = ngt_graph("probe s; bridge b");
	plug("link0", "b:", "link0");
	ngt_discard(S, true);
	for (i = 1; i <= 1000; i++) {
		(void)snprintf(hook, sizeof(hook), "link%d", i);
		plug(hook, "b:", hook);
		ngt_limit(S, SOCKET_ROOM);
		before = ngt_packets(S);
		if ((error = ngt_try_send(S, "link0", frame(ALL, mac(0)))) != 0)
			break;
		assert_int_equal(ngt_packets(S) - before, i);
	}
	assert_int_equal(error, ENOBUFS);
	assert_true(i > 100);
	assert_true(i < 1000);
	ngt_end(t);
}

/* The uplink first: unknown hosts are looked for there and nowhere else. */
static void
uplink_private(void **state)
{
	(void)state;
	t = ngt_graph("probe s; bridge b");
	plug("u1", "b:", "uplink1");
	plug("l1", "b:", "link1");
	plug("l2", "b:", "link2");
	plug("u2", "b:", "uplink2");

	ngt_send(S, "l1", frame(mac(9), mac(1)));
	ngt_expect(S, "u1", frame(mac(9), mac(1)));
	ngt_expect(S, "u2", frame(mac(9), mac(1)));
	quiet();
	ngt_send(S, "u1", frame(mac(9), mac(8)));
	ngt_expect(S, "u2", frame(mac(9), mac(8)));
	quiet();
	ngt_send(S, "l2", frame(mac(1), mac(2)));
	ngt_expect(S, "l1", frame(mac(1), mac(2)));
	quiet();
	ngt_send(S, "u1", frame(mac(2), mac(8)));
	ngt_expect(S, "l2", frame(mac(2), mac(8)));
	quiet();
	ngt_send(S, "l1", frame(mac(8), mac(1))); /* heard on an uplink: not learned */
	ngt_expect(S, "u1", frame(mac(8), mac(1)));
	ngt_expect(S, "u2", frame(mac(8), mac(1)));
	quiet();
	ngt_send(S, "u2", frame(ALL, mac(8)));
	ngt_expect(S, "u1", frame(ALL, mac(8)));
	ngt_expect(S, "l1", frame(ALL, mac(8)));
	ngt_expect(S, "l2", frame(ALL, mac(8)));
	quiet();
	ngt_end(t);
}

/* A link first: unknown hosts are looked for everywhere, and the uplink learns nobody. */
static void
uplink_classic(void **state)
{
	(void)state;
	t = ngt_graph("probe s; bridge b");
	plug("l1", "b:", "link1");
	plug("u1", "b:", "uplink1");
	plug("l2", "b:", "link2");

	ngt_send(S, "l1", frame(mac(9), mac(1)));
	ngt_expect(S, "u1", frame(mac(9), mac(1)));
	ngt_expect(S, "l2", frame(mac(9), mac(1)));
	quiet();
	ngt_send(S, "u1", frame(mac(9), mac(8)));
	ngt_expect(S, "l1", frame(mac(9), mac(8)));
	ngt_expect(S, "l2", frame(mac(9), mac(8)));
	quiet();
	ngt_send(S, "l2", frame(mac(8), mac(2)));
	ngt_expect(S, "l1", frame(mac(8), mac(2)));
	ngt_expect(S, "u1", frame(mac(8), mac(2)));
	quiet();
	ngt_send(S, "u1", frame(mac(2), mac(8)));
	ngt_expect(S, "l2", frame(mac(2), mac(8)));
	quiet();
	assert_int_equal(known(), 2);
	ngt_end(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(basic),
		ngt_test(loop),
		ngt_test(persistence),
		ngt_test(many_unicasts),
		ngt_test(many_broadcasts),
		ngt_test(uplink_private),
		ngt_test(uplink_classic),
	};

	return (cmocka_run_group_tests_name("bridge", tests, NULL, NULL));
}
