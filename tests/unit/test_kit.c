/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_kit.c - the test kit itself: graph text and its errors, packets and checksums, the diff, probes, traces, and what happens
 * after a failed assertion. A program's own view: public headers only.
 */
#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <ng/ng.h>
#include <ng/test.h>
#include <netgraph/ng_message.h>

#include "support/self.h"

/* Expectations that fail on purpose: the text is kept, the test goes on. */
static char failed[16384];
static int nfailed, failed_line;

static void
note(const char *file, int line, const char *text)
{
	assert_string_equal(file, "here");
	failed_line = line;
	nfailed++;
	(void)snprintf(failed, sizeof(failed), "%s", text);
}
#define HERE "here", 77, note

static void
expect_failure(const char *part)
{
	int n = nfailed;

	nfailed = 0;
	if (n != 1 || strstr(failed, part) == NULL)
		print_message("%d failures, \"%s\" expected in:\n%s\n", n, part, failed);
	assert_int_equal(n, 1);
	assert_int_equal(failed_line, 77);
	assert_non_null(strstr(failed, part));
}

/* ---- graph text ---- */

static void
test_text(void **state)
{
	struct ngt *t = ngt_graph("hub h; tee t\n"
				  "# a comment\n"
				  "h.a - t.left ; t.right - probe p   # another\n"
				  "probe q.x - hub g.1/2 - tee u.left/right - probe r;;\n"
				  "\n"
				  "probe q.y - h.b\n");

	(void)state;
	ngt_expect_hooks(t, "h:", "b - q.y; a - t.left");
	ngt_expect_hooks(t, "t:", "right - p.right; left - h.a");
	ngt_expect_hooks(t, "g:", "2 - u.left; 1 - q.x");
	ngt_expect_hooks(t, "r:", "right - u.right"); /* a probe's hook is called as the far one */
	ngt_expect_hooks(t, "q:", "y - h.b; x - g.1");
	ngt_expect_hooks(t, "nobody:", NULL);
	ngt_add(t, "probe s - probe z");
	ngt_expect_hooks(t, "s:", "z - z.s"); /* nothing to go by: the other's name */
	ngt_end(t);
	t = ngt_graph("");
	ngt_end(t);
}

static void
test_text_errors(void **state)
{
	static const struct {
		const char *text, *part;
	} c[] = {
		{ "hub h; hup g", "\"hup\": unknown node type" },
		{ "hub h; h.a - t.left", "\"t\": no such node" },
		{ "hub h; h.a", "\"h\": a node alone makes nothing" },
		{ "hub h.a", "\"h\": a hook alone makes nothing" },
		{ "hub h; h.a -", "missing after \"-\"" },
		{ "hub h; h.a - ;", "missing after \"-\"" },
		{ "hub h; - h.a", "\"-\": an end NAME.HOOK is missing" },
		{ "hub h; hub g; h - g.a", "\"h\": needs a hook" },
		{ "hub h; hub g; h.a - g", "\"g\": needs a hook" },
		{ "hub h g h", "\"g\": ';' or '-' is expected" },
		{ "hub h; tee h", "is a \"hub\" already, not a \"tee\"" },
		{ "hub h; tee t; h.a - t.sideways", "cannot connect h.a to t.sideways: EINVAL" },
		{ "hub h; hub g; h.a - g.a; h.b - g.a", "cannot connect h.b to g.a: EEXIST" },
		{ "hub .a", "name is missing before the dot" },
		{ "hub h; hub g; h. - g.a", "a hook name is missing" },
		{ "hub h; hub g; h.a - g.b - h.c", "needs two hooks in the middle" },
		{ "hub h; hub g; h.a/b - g.c", "HOOK/HOOK is for the middle" },
		{ "hub a:b", "without ':'" },
		{ "hub 0123456789012345678901234567890123", "over 31 bytes" },
	};
	struct ngt *t;
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		t = ngt__graph(HERE, NULL, c[i].text);
		expect_failure(c[i].part);
		assert_non_null(strstr(failed, "line 1"));
		assert_non_null(strchr(failed, '^')); /* and shows the place */
		ngt_end(t);
	}
	t = ngt__graph(HERE, NULL, "hub h\n\nhub g; x.y - g.a");
	expect_failure("line 3: \"x\"");
	assert_non_null(strstr(failed, "\n  hub g; x.y - g.a\n         ^"));
	ngt_end(t);
}

/* ---- packets ---- */

static unsigned
checksum(const uint8_t *p, size_t len, unsigned long s)
{
	size_t i;

	for (i = 0; i < len; i++)
		s += i % 2 ? p[i] : (unsigned long)p[i] << 8;
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return ((unsigned)s);
}

static void
test_hex(void **state)
{
	struct ngt_pkt p = ngt_hex("00 1122:33\n44 # 55\n 66");

	(void)state;
	ngt_expect_bytes("\x00\x11\x22\x33\x44\x66", 6, p.b, p.len);
	p = ngt_hex("");
	assert_int_equal(p.len, 0);
	p = ngt__hex(HERE, "00 1");
	expect_failure("half a byte");
	p = ngt__hex(HERE, "00 xx");
	expect_failure("no hex digit: \"xx\"");
	p = ngt_cat(ngt_text("ab"), ngt_bytes("cd", 2));
	ngt_expect_bytes("abcd", 4, p.b, p.len);
	p = ngt_set(p, 1, "5a 5b");
	ngt_expect_bytes("aZ[d", 4, p.b, p.len);
	p = ngt__set(HERE, p, 3, "00 00");
	expect_failure("beyond the packet");
	p = ngt_pattern(100, 1);
	assert_int_equal(p.len, 100);
	assert_memory_not_equal(p.b, ngt_pattern(100, 2).b, 100);
	p = ngt__pattern(HERE, NGT_PKT_MAX + 1, 1);
	expect_failure("NGT_PKT_MAX");
}

/* Against packets that others made: captured ones. */
static void
test_known_packets(void **state)
{
	struct ngt_pkt p;

	(void)state;
	/* RFC 1071's own example of the sum. */
	assert_int_equal(checksum((const uint8_t *)"\x00\x01\xf2\x03\xf4\xf5\xf6\xf7", 8, 0), 0xddf2);
	/* The header that Wikipedia and many tools use: checksum b861. */
	p = ngt_ip4("192.168.0.1", "192.168.0.199", ngt_udp(1, 2, ngt_pattern(87, 1)));
	assert_int_equal(p.len, 0x73);
	ngt_expect_bytes("\x45\x00\x00\x73\x00\x00\x40\x00\x40\x11\xb8\x61\xc0\xa8\x00\x01\xc0\xa8\x00\xc7", 20, p.b, 20);
	/* ARP who-has. */
	p = ngt_eth("ff:ff:ff:ff:ff:ff", "02:00:00:00:00:01",
	    ngt_arp(1, "02:00:00:00:00:01", "10.0.0.1", "00:00:00:00:00:00", "10.0.0.2"));
	ngt_expect_bytes("\xff\xff\xff\xff\xff\xff\x02\x00\x00\x00\x00\x01\x08\x06\x00\x01\x08\x00\x06\x04\x00\x01"
			 "\x02\x00\x00\x00\x00\x01\x0a\x00\x00\x01\x00\x00\x00\x00\x00\x00\x0a\x00\x00\x02",
	    42, p.b, p.len);
}

static unsigned
pseudo(const struct ngt_pkt *p, size_t at, size_t addrs, size_t addrlen, unsigned proto)
{
	return (checksum(p->b + at, p->len - at, checksum(p->b + addrs, addrlen, proto + (unsigned)(p->len - at))));
}

static void
test_checksums(void **state)
{
	struct ngt_pkt p;
	size_t n;

	(void)state;
	for (n = 0; n < 70; n++) { /* odd and even lengths */
		struct ngt_pkt data = ngt_pattern(n, (unsigned)n);

		p = ngt_ip4("10.1.2.3", "172.16.254.1", ngt_udp(53, 4000, data));
		assert_int_equal(checksum(p.b, 20, 0), 0xffff);
		assert_int_equal(pseudo(&p, 20, 12, 8, 17), 0xffff);
		assert_int_equal(p.b[24] << 8 | p.b[25], 8 + n);
		p = ngt_ip4("10.1.2.3", "172.16.254.1", ngt_tcp(80, 4000, 1, 2, NGT_SYN | NGT_ACK, data));
		assert_int_equal(pseudo(&p, 20, 12, 8, 6), 0xffff);
		assert_int_equal(p.b[33], NGT_SYN | NGT_ACK);
		p = ngt_ip4("10.1.2.3", "172.16.254.1", ngt_icmp_echo(8, 1, 2, data));
		assert_int_equal(checksum(p.b + 20, p.len - 20, 0), 0xffff);
		assert_int_equal(p.b[9], 1);
		p = ngt_ip6("2001:db8::1", "fe80::2", ngt_udp(53, 4000, data));
		assert_int_equal(pseudo(&p, 40, 8, 32, 17), 0xffff);
		assert_int_equal(p.b[4] << 8 | p.b[5], 8 + n);
		p = ngt_ip6("2001:db8::1", "fe80::2", ngt_tcp(53, 4000, 0xffffffffu, 0, NGT_FIN, data));
		assert_int_equal(pseudo(&p, 40, 8, 32, 6), 0xffff);
		p = ngt_ip6("2001:db8::1", "fe80::2", ngt_icmp6_echo(128, 1, 2, data));
		assert_int_equal(pseudo(&p, 40, 8, 32, 58), 0xffff);
		assert_int_equal(p.b[6], 58);
	}
}

static void
test_layers(void **state)
{
	struct ngt_pkt p, q;

	(void)state;
	p = ngt_eth("02:00:00:00:00:02", "2:0:0:0:0:1", ngt_vlan(100, 5, ngt_vlan(7, 0, ngt_ip6("::1", "::2", ngt_text("x")))));
	assert_int_equal(p.kind, NGT_ETH);
	ngt_expect_bytes("\x81\x00\xa0\x64\x81\x00\x00\x07\x86\xdd\x60", 11, p.b + 12, 11);
	assert_int_equal(p.b[22 + 6], 253); /* of no protocol the kit knows */
	p = ngt_eth("02:00:00:00:00:02", "02:00:00:00:00:01", ngt_text("x"));
	ngt_expect_bytes("\x88\xb5x", 3, p.b + 12, 3);
	/* Change something inside, make it right again. */
	p = ngt_eth("02:00:00:00:00:02", "02:00:00:00:00:01", ngt_vlan(1, 0, ngt_ip4("10.0.0.1", "10.0.0.2", ngt_udp(1, 2, ngt_text("abcd")))));
	q = ngt_eth("02:00:00:00:00:02", "02:00:00:00:00:01", ngt_vlan(1, 0, ngt_ip4("10.0.0.9", "10.0.0.2", ngt_udp(1, 2, ngt_text("abcd")))));
	p = ngt_set(p, 18 + 15, "09");
	assert_memory_not_equal(p.b, q.b, q.len);
	p = ngt_fix(p);
	ngt_expect_bytes(q.b, q.len, p.b, p.len);
	/* Text that is none. */
	p = ngt__eth(HERE, "02:00:00:00:00", "02:00:00:00:00:01", ngt_text("x"));
	expect_failure("no Ethernet address: \"02:00:00:00:00\"");
	p = ngt__ip4(HERE, "10.0.0", "10.0.0.1", ngt_text("x"));
	expect_failure("no IPv4 address: \"10.0.0\"");
	p = ngt__ip6(HERE, "::1", ":::", ngt_text("x"));
	expect_failure("no IPv6 address: \":::\"");
}

static void
test_diff(void **state)
{
	char buf[4096];
	struct ngt_pkt a = ngt_pattern(100, 1), b = a;

	(void)state;
	assert_int_equal(ngt_diff(buf, sizeof(buf), a.b, a.len, b.b, b.len), 0);
	assert_string_equal(buf, "");
	b.b[37] ^= 0xff;
	assert_int_equal(ngt_diff(buf, sizeof(buf), a.b, a.len, b.b, b.len), 1);
	assert_non_null(strstr(buf, "from offset 37 (0x25)"));
	assert_non_null(strstr(buf, "0020 expected"));
	assert_null(strstr(buf, "0000 expected")); /* equal rows are not shown */
	assert_null(strstr(buf, "0030"));
	ngt__expect_bytes(HERE, "abc", 3, "abcd", 4);
	expect_failure("from offset 3 (0x3); expected 3 bytes, got 4");
	assert_non_null(strstr(failed, "*64"));
	assert_non_null(strstr(failed, "|abcd|"));
	ngt__expect_bytes(HERE, "", 0, "", 0);
	assert_int_equal(nfailed, 0);
	/* A buffer that is too small stays whole. */
	assert_int_equal(ngt_diff(buf, 40, a.b, a.len, b.b, 0), 1);
	assert_true(strlen(buf) < 40);
}

static void
test_mbuf(void **state)
{
	struct ngt *t = ngt_graph("");
	struct ngt_pkt p = ngt_pattern(3000, 9), q;
	struct mbuf *m = ngt_to_mbuf(ngt_g(t), p);

	(void)state;
	assert_non_null(m);
	q = ngt_from_mbuf(m);
	ngt_expect_bytes(p.b, p.len, q.b, q.len);
	ngu_packet_free(m);
	ngt_end(t);
}

/* ---- probes ---- */

static void
test_probe(void **state)
{
	struct ngt *t = ngt_graph("probe p.a - probe q.b; p.c - q.d");
	struct ngt_probe *p = ngt_probe(t, "p"), *q = ngt_probe(t, "q");
	const struct ngt_rec *r, *r2;

	(void)state;
	ngt_send(p, "a", "01 02");
	ngt_send(p, "c", ngt_text("hi"));
	ngt_send(p, NULL, "03"); /* the newest: c */
	assert_int_equal(ngt_count(q, NULL), 3);
	assert_int_equal(ngt_count(q, "b"), 1);
	ngt_expect(q, "d", ngt_text("hi")); /* hooks apart */
	ngt_expect(q, "b", "01 02");
	ngt_expect(q, NULL, "03");
	ngt_expect_none(q, NULL);
	assert_null(ngt_recv(q, NULL));
	assert_int_equal(ngt_packets(q), 3);
	assert_int_equal(ngt_try_send(p, "nohook", "00"), ENOENT);
	/* Order over all probes. */
	ngt_send(p, "a", "04");
	ngt_send(q, "b", "05");
	r = ngt_recv(q, "b");
	r2 = ngt_recv(p, "a");
	assert_true(r->order < r2->order);
	assert_ptr_equal(r->thread, ngt_thread());
	assert_string_equal(r2->hook, "a");
	/* Results. */
	ngt_refuse(q, ENOSPC);
	assert_int_equal(ngt_try_send(p, "a", "06"), ENOSPC);
	ngt__send(HERE, p, "a", ngt_hex("06"), 0);
	expect_failure("ENOSPC");
	ngt_refuse(q, 0);
	assert_int_equal(ngt_count(q, NULL), 2);
	/* Not kept. */
	ngt_discard(q, true);
	ngt_send(p, "a", "07");
	assert_int_equal(ngt_count(q, NULL), 2);
	assert_int_equal(ngt_packets(q), 7);
	/* Full: one more, then none, until there is room again. */
	ngt_limit(q, 1);
	ngt_send(p, "a", "08");
	assert_int_equal(ngt_try_send(p, "a", "09"), ENOBUFS);
	assert_int_equal(ngt_try_send(p, "a", "09"), ENOBUFS);
	assert_int_equal(ngt_packets(q), 8);
	ngt_limit(q, UINT64_MAX);
	ngt_send(p, "a", "0a");
	ngt_send(p, "a", "0b");
	assert_int_equal(ngt_packets(q), 10);
	/* Messages. */
	assert_int_equal(ngt_send_msg(p, "c", 9, 8, "arg", 4), 0);
	ngt_expect_msg(q, "d", 9, 8, "arg", 4);
	/* What it saw outlives the node. */
	assert_int_equal(ngu_shutdown(ngt_g(t), "q:"), 0);
	ngt_expect(q, "b", "06");
	assert_int_equal(ngt_try_send(q, "b", "00"), ENOENT);
	ngt_end(t);
}

static void
test_probe_failures(void **state)
{
	struct ngt *t = ngt_graph("probe p.a - probe q.b; hub h");
	struct ngt_probe *p = ngt_probe(t, "p"), *q = ngt_probe(t, "q");

	(void)state;
	ngt__expect(HERE, q, "b", ngt_hex("00"));
	expect_failure("expected a packet of 1 byte at b, got nothing");
	ngt_send(p, "a", "00 11");
	ngt__expect_none(HERE, q, NULL);
	expect_failure("expected nothing at any hook, got a packet of 2 bytes at hook \"b\"");
	ngt__expect(HERE, q, "b", ngt_hex("00 12"));
	expect_failure("bytes differ from offset 1");
	assert_int_equal(ngt_send_msg(p, "a", 7, 1, NULL, 0), 0);
	ngt__expect(HERE, q, "b", ngt_hex("00"));
	expect_failure("got a message 7:1 with 0 bytes at hook \"b\"");
	ngt__expect_msg(HERE, q, "b", 7, 2, NULL, 0);
	expect_failure("expected a message 7:2 at b, got a message 7:1");
	ngt__expect_msg(HERE, q, "b", 7, 1, "x", 1);
	expect_failure("bytes differ");
	assert_null(ngt__probe(HERE, t, "h"));
	expect_failure("the node is no probe");
	assert_null(ngt__probe(HERE, t, "nobody"));
	expect_failure("ENOENT");
	ngt__expect_hooks(HERE, t, "p:", "a - q.c");
	expect_failure("got:      a - q.b");
	ngt__expect_hooks(HERE, t, "p:", NULL);
	expect_failure("is there");
	ngt__expect_hooks(HERE, t, "z:", "");
	expect_failure("ENOENT");
	(void)ngt__msg(HERE, t, "h:", NGM_GENERIC_COOKIE, 4711, NULL, 0, 0);
	expect_failure("EINVAL");
	(void)ngt__msg(HERE, t, "h:", NGM_GENERIC_COOKIE, NGM_NODEINFO, NULL, 0, EPERM);
	expect_failure("success, expected EPERM");
	ngt_end(t);
}

/* ---- traces ---- */

static void
test_trace_log(void **state)
{
	struct ngt *t;

	(void)state;
	ngt_trace_type("kit-a", 0);
	t = ngt_graph("kit-a A; kit-a B; A.x - B.y");
	ngt_expect_trace("constructor kit-a; constructor kit-a; newhook A/x; newhook B/y; connect B/y; connect A/x");
	ngt_trace_note("%d and %s", 1, "more");
	assert_string_equal(ngt_trace_text(), "1 and more");
	ngt__expect_trace(HERE, "1 and less; and then");
	expect_failure("- 1 and less\n  + 1 and more\n  - and then");
	assert_string_equal(ngt_trace_text(), ""); /* looked at is looked at */
	ngt_trace_fail("newhook A", EACCES);
	assert_int_equal(ngu_connect(ngt_g(t), "A:", "z", "B:", "z"), EACCES);
	ngt_expect_trace("newhook A/z fails");
	ngt_trace_fail("newhook A", 0);
	assert_int_equal(ngu_connect(ngt_g(t), "A:", "z", "B:", "z"), 0);
	ngt_trace_clear();
	ngt__trace_type(HERE, "kit-a", NGT_PERSIST); /* while there are nodes of it */
	expect_failure("EBUSY");
	ngt_end(t);
	ngu_reclaim_barrier();
	ngt_trace_type("kit-a", NGT_PERSIST);
	ngt__trace_type(HERE, "hub", 0);
	expect_failure("EEXIST");
}

/* ---- the end ---- */

static void
test_leak(void **state)
{
	struct ngt *t = ngt_graph("hub h");
	struct mbuf *m = ngu_packet(ngt_g(t), "leak", 4);

	(void)state;
	ngt__end(HERE, t);
	ngu_packet_free(m); /* the graph has stayed for that */
	expect_failure("leaked: 1 packet buffer;");
#ifdef NGU_DEBUG
	assert_non_null(strstr(failed, "test_kit.c:")); /* who took it */
#endif
}

static void
test_two_at_once(void **state)
{
	struct ngt *t = ngt_graph("probe p.x - hub h.a"), *u = ngt_graph("probe p.x - hub h.a; h.b - probe q.x");

	(void)state;
	ngt_send(ngt_probe(u, "p"), "x", "01");
	ngt_expect(ngt_probe(u, "q"), "x", "01");
	ngt_expect_none(ngt_probe(t, "p"), NULL);
	ngt_end(t);
	ngt_send(ngt_probe(u, "p"), "x", "02");
	ngt_expect(ngt_probe(u, "q"), "x", "02");
	ngt_end(u);
}

static void
test_clock(void **state)
{
	struct ngt *t = ngt_graph("");

	(void)state;
	ngt_advance(t, 7);
	assert_int_equal(ngu_clock_now(ngt_g(t)), 7000000);
	ngt__advance(HERE, t, 0);
	assert_int_equal(nfailed, 0);
	ngt_end(t);
}

/* ---- after a failed assertion: this program runs itself with cases that fail, followed by one that must pass ---- */

static int
jump(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	(void)node;
	(void)hook;
	(void)item;
	print_message("jumping out of %s\n", (char *)arg);
	assert_true(false);
	return (0);
}

static char where[64];

/* Fails inside the method named by `where`; what it leaves behind is the kit's business. */
static void
victim(void **state)
{
	struct ngt *t;
	int error;

	(void)state;
	ngt_trace_type("victim", NGT_FORWARD | NGT_LOG_DATA);
	ngt_trace_on(where, jump, where);
	t = ngt_graph("victim A; victim B; A.o - B.i; probe p - A.i; B.o - probe q");
	if (strstr(where, "deep") != NULL) {
		unsigned i;
		char text[80];

		ngt_add(t, "victim n0; n0.i - probe r");
		for (i = 1; i < 20; i++) {
			(void)snprintf(text, sizeof(text), "victim %s%u; n%u.o - %s%u.i", i < 19 ? "n" : "deep", i, i - 1,
			    i < 19 ? "n" : "deep", i);
			ngt_add(t, text);
		}
		ngt_send(ngt_probe(t, "r"), NULL, "00");
	}
	ngt_send(ngt_probe(t, "p"), NULL, "00");
	(void)ngt_msg(t, "A:", 7, 1, NULL, 0);
	(void)ngt_msg(t, "A:", 7, 2 | NGM_READONLY, NULL, 0);
	error = ngu_rmhook(ngt_g(t), "A:", "o");
	error = ngu_shutdown(ngt_g(t), "A:");
	(void)error;
	ngt_end(t);
	print_message("did not jump\n");
	exit(3);
}

/* Everything works as if nothing had been. */
static void
survivor(void **state)
{
	struct ngt *t;

	(void)state;
	ngt_trace_type("after", NGT_FORWARD);
	t = ngt_graph("after A; after B; A.o - B.i; probe p - A.i; B.o - probe q");
	ngt_send(ngt_probe(t, "p"), NULL, "00 11");
	ngt_expect(ngt_probe(t, "q"), NULL, "00 11");
	(void)ngt_msg(t, "A:", 7, 1, NULL, 0);
	assert_int_equal(ngu_rmhook(ngt_g(t), "A:", "o"), 0);
	assert_int_equal(ngu_shutdown(ngt_g(t), "A:"), 0);
	ngt_end(t);
	ngu_reclaim_barrier(); /* grace periods end: no section was left open */
}

static int
run_victim(const char *at)
{
	const struct CMUnitTest tests[] = {
		ngt_test(victim),
		ngt_test(survivor),
		ngt_test(victim),
		ngt_test(survivor),
	};

	(void)snprintf(where, sizeof(where), "%s", at);
	/* Two fail as they should, two pass. */
	return (cmocka_run_group_tests(tests, NULL, NULL) == 2 ? 0 : 1);
}

static void
test_after_failure(void **state)
{
	static const char *const at[] = { "rcvdata A", "rcvdata B", "rcvmsg A 7:1", "rcvmsg A 7:2", "constructor victim", "newhook A/i",
		"newhook B/i", "connect A/o", "connect B/i", "disconnect A", "disconnect B", "close A", "shutdown A", "rcvdata deep" };
	char self[4096];
	unsigned i;

	(void)state;
	self_path(self, sizeof(self));
	assert_true(self[0] != '\0');
	for (i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		int status;
		pid_t pid;

		(void)fflush(NULL);
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			/* What a failed test leaves behind may leak. */
			(void)setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
			(void)unsetenv("CMOCKA_TEST_ABORT");
			(void)unsetenv("CMOCKA_MESSAGE_OUTPUT");
			(void)unsetenv("NGU_TEST_FILTER");
			if (freopen("/dev/null", "w", stdout) == NULL || (getenv("NGU_TEST_LOUD") == NULL && freopen("/dev/null", "w", stderr) == NULL))
				_exit(4);
			self_exec(self, "--victim", at[i]);
			_exit(5);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (status != 0)
			print_message("jump out of \"%s\": status %x\n", at[i], (unsigned)status);
		assert_int_equal(status, 0);
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_text),
		ngt_test(test_text_errors),
		ngt_test(test_hex),
		ngt_test(test_known_packets),
		ngt_test(test_checksums),
		ngt_test(test_layers),
		ngt_test(test_diff),
		ngt_test(test_mbuf),
		ngt_test(test_probe),
		ngt_test(test_probe_failures),
		ngt_test(test_trace_log),
		ngt_test(test_leak),
		ngt_test(test_two_at_once),
		ngt_test(test_clock),
		ngt_test(test_after_failure),
	};

	if (argc == 3 && strcmp(argv[1], "--victim") == 0)
		return (run_victim(argv[2]));
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
