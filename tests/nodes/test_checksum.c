/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_checksum.c - node type "checksum": packets with wrong sums come out with those the kit computed, or prepared; others as they
 * are.
 */
#include "nodes/kt.h"

#include <netgraph/ng_checksum.h>

#define C NGM_CHECKSUM_COOKIE
#define ALL (CSUM_IP | CSUM_UDP | CSUM_TCP | CSUM_UDP_IPV6 | CSUM_TCP_IPV6)

static struct kt_end *in, *out;
static uint32_t asked; /* in the packet's header */

static void
dress(struct mbuf *m)
{
	m->m_pkthdr.csum_flags = asked;
}

static void
set(uint64_t flags, uint64_t offload)
{
	struct ng_checksum_config c = { flags, offload };

	ok(nt_tell("x:", C, NGM_CHECKSUM_SETCONFIG, &c, sizeof(c)));
}

static void
dlt(unsigned v)
{
	uint8_t b = (uint8_t)v;

	ok(nt_tell("x:", C, NGM_CHECKSUM_SETDLT, &b, 1));
}

static void
make(void)
{
	asked = 0;
	kt_dress = dress;
	ok(ngu_mknode(g, "checksum", "x", NULL));
	in = kt_open("x:", "in");
	out = kt_open("x:", "out");
}

/* Sums at these places spoiled. */
static struct ngt_pkt
spoiled(struct ngt_pkt p, int a, int b)
{
	if (a >= 0)
		p.b[a] ^= 0x5a;
	if (b >= 0)
		p.b[b + 1] ^= 0xa5;
	return (p);
}

#define UDP4(len) ngt_ip4("10.1.2.3", "10.4.5.6", ngt_udp(1025, 53, ngt_pattern(len, 3)))
#define TCP4(len) ngt_ip4("10.1.2.3", "10.4.5.6", ngt_tcp(1025, 80, 1, 2, NGT_ACK, ngt_pattern(len, 4)))
#define UDP6(len) ngt_ip6("fe80::1", "2001:db8::7", ngt_udp(1025, 53, ngt_pattern(len, 5)))
#define TCP6(len) ngt_ip6("fe80::1", "2001:db8::7", ngt_tcp(1025, 80, 1, 2, NGT_ACK, ngt_pattern(len, 6)))

static void
test_computed(void **state)
{
	(void)state;
	make();
	set(ALL, 0);
	for (unsigned len = 0; len < 40; len++) {
		kt_goes(in, spoiled(UDP4(len), 10, 26), out, UDP4(len));
		assert_int_equal(out->csum, 0);
		kt_goes(in, spoiled(TCP4(len), 10, 36), out, TCP4(len));
		kt_goes(in, spoiled(UDP6(len), -1, 46), out, UDP6(len));
		kt_goes(in, spoiled(TCP6(len), -1, 56), out, TCP6(len));
	}
	kt_goes(in, spoiled(UDP4(1400), 10, 26), out, UDP4(1400));
	kt_goes(in, spoiled(TCP6(3000), -1, 56), out, TCP6(3000));
	/* What is asked for, and nothing else. */
	set(CSUM_IP, 0);
	kt_goes(in, spoiled(UDP4(9), 10, 26), out, spoiled(UDP4(9), -1, 26));
	set(CSUM_UDP, 0);
	kt_goes(in, spoiled(UDP4(9), 10, 26), out, spoiled(UDP4(9), 10, -1));
	kt_goes(in, spoiled(TCP4(9), 10, 36), out, spoiled(TCP4(9), 10, 36));
	kt_goes(in, spoiled(UDP6(9), -1, 46), out, spoiled(UDP6(9), -1, 46));
	set(CSUM_TCP, 0);
	kt_goes(in, spoiled(TCP4(9), 10, 36), out, spoiled(TCP4(9), 10, -1));
	kt_goes(in, spoiled(TCP6(9), -1, 56), out, spoiled(TCP6(9), -1, 56));
	/* By the packet itself. */
	set(0, 0);
	kt_goes(in, spoiled(TCP4(9), 10, 36), out, spoiled(TCP4(9), 10, 36));
	asked = CSUM_TCP | CSUM_IP_TSO;
	kt_goes(in, spoiled(TCP4(9), 10, 36), out, spoiled(TCP4(9), 10, -1));
	assert_int_equal(out->csum, CSUM_IP_TSO);
	asked = CSUM_TCP; /* of no use: there is none in it */
	kt_goes(in, spoiled(UDP4(9), 10, 26), out, spoiled(UDP4(9), 10, 26));
	assert_int_equal(out->csum, 0);
	/* Nothing on the way back. */
	asked = ALL;
	kt_goes(out, spoiled(UDP4(9), 10, 26), in, spoiled(UDP4(9), 10, 26));
	assert_int_equal(in->csum, ALL);
}

/* The sum of the pseudo-header where the sum will be, not inverted; the header of IP with 0. */
static uint16_t
pseudo4(const struct ngt_pkt *p)
{
	uint32_t s = p->b[9] + (uint32_t)p->len - 20;

	for (int i = 12; i < 20; i += 2)
		s += be16dec(p->b + i);
	s = (s & 0xffff) + (s >> 16);
	return ((uint16_t)((s & 0xffff) + (s >> 16)));
}

static uint16_t
pseudo6(const struct ngt_pkt *p)
{
	uint32_t s = p->b[6] + (uint32_t)p->len - 40;

	for (int i = 8; i < 40; i += 2)
		s += be16dec(p->b + i);
	s = (s & 0xffff) + (s >> 16);
	return ((uint16_t)((s & 0xffff) + (s >> 16)));
}

static void
test_prepared(void **state)
{
	struct ngt_pkt p = UDP4(9), q = p;

	(void)state;
	make();
	set(ALL, ALL);
	be16enc(q.b + 26, pseudo4(&p));
	be16enc(q.b + 10, 0);
	kt_goes(in, spoiled(p, 10, 26), out, q);
	assert_int_equal(out->csum, CSUM_IP | CSUM_UDP);
	assert_int_equal(out->csum_at, 6);
	/* Some of it. */
	set(ALL, CSUM_UDP);
	q = p;
	be16enc(q.b + 26, pseudo4(&p));
	kt_goes(in, spoiled(p, 10, 26), out, q);
	assert_int_equal(out->csum, CSUM_UDP);
	p = q = TCP4(30);
	be16enc(q.b + 36, pseudo4(&p));
	set(CSUM_TCP, CSUM_TCP);
	kt_goes(in, spoiled(p, -1, 36), out, q);
	assert_int_equal(out->csum, CSUM_TCP);
	assert_int_equal(out->csum_at, 16);
	/* What is not asked for is not prepared. */
	set(0, ALL);
	kt_goes(in, spoiled(p, 10, 36), out, spoiled(p, 10, 36));
	/* Twice: the second one finishes what the first one prepared. */
	set(CSUM_TCP_IPV6 | CSUM_UDP_IPV6, ALL);
	p = q = TCP6(11);
	be16enc(q.b + 56, pseudo6(&p));
	kt_goes(in, spoiled(p, -1, 56), out, q);
	assert_int_equal(out->csum, CSUM_TCP_IPV6);
	asked = out->csum;
	set(0, 0);
	kt_goes(in, q, out, TCP6(11));
	assert_int_equal(out->csum, 0);
}

static void
test_ethernet(void **state)
{
#define ETH(inner) ngt_eth("02:00:00:00:00:01", "02:00:00:00:00:02", inner)
	struct ngt_pkt p;

	(void)state;
	make();
	set(ALL, 0);
	p = ETH(UDP4(9));
	kt_goes(in, spoiled(p, 24, 40), out, spoiled(p, 24, 40)); /* it is not IP from the first byte on */
	dlt(1);
	kt_goes(in, spoiled(p, 24, 40), out, p);
	p = ETH(ngt_vlan(5, 0, TCP4(9)));
	kt_goes(in, spoiled(p, 28, 54), out, p);
	p = ETH(ngt_vlan(5, 0, ngt_vlan(6, 0, ngt_vlan(7, 0, UDP6(9)))));
	p = ngt_set(ngt_set(p, 12, "88a8"), 16, "9100");
	kt_goes(in, spoiled(p, -1, 72), out, p);
	p = ngt_set(p, 16, "9200");
	kt_goes(in, spoiled(p, -1, 72), out, spoiled(p, -1, 72));
	/* Bytes behind the packet are not part of it. */
	p = ngt_cat(ETH(UDP4(1)), ngt_hex("ffffffffffff"));
	kt_goes(in, spoiled(p, 24, 40), out, p);
	p = ngt_cat(ETH(TCP6(1)), ngt_hex("ffffffffffff"));
	kt_goes(in, spoiled(p, -1, 70), out, p);
}

/* Others pass as they are, and ask for what they asked for. */
static void
test_others(void **state)
{
	struct ngt_pkt p = UDP4(9);

	(void)state;
	make();
	set(ALL, 0);
	asked = CSUM_UDP;
#define PASSES(pkt) \
	do { \
		kt_goes(in, (pkt), out, (pkt)); \
		assert_int_equal(out->csum, CSUM_UDP); \
	} while (0)
	for (size_t len = 0; len < p.len; len++)
		PASSES(ngt_bytes(p.b, len)); /* less than it says */
	PASSES(ngt_set(p, 0, "55"));
	PASSES(ngt_set(p, 0, "44"));
	PASSES(ngt_set(p, 0, "4f"));
	PASSES(ngt_set(p, 2, "0013"));
	PASSES(ngt_set(p, 2, "001b")); /* no room for the header of UDP */
	PASSES(ngt_set(p, 24, "0012")); /* more UDP than IP */
	PASSES(ngt_set(p, 24, "0007"));
	p = TCP4(0);
	PASSES(ngt_set(p, 2, "0027"));
	p = UDP6(9);
	for (size_t len = 0; len < p.len; len++)
		PASSES(ngt_bytes(p.b, len));
	PASSES(ngt_set(p, 4, "0000"));
	PASSES(ngt_set(ngt_set(p, 6, "00"), 41, "02")); /* 24 bytes of hop-by-hop in 17 */
	/* Fragments: the header of IP only. */
	p = ngt_fix(ngt_set(UDP4(9), 6, "2000"));
	kt_goes(in, spoiled(p, 10, 26), out, spoiled(p, -1, 26));
	assert_int_equal(out->csum, 0);
	p = ngt_fix(ngt_set(UDP4(9), 6, "0001"));
	kt_goes(in, spoiled(p, 10, 26), out, spoiled(p, -1, 26));
	/* Another protocol. */
	p = ngt_ip4("10.0.0.1", "10.0.0.2", ngt_icmp_echo(8, 1, 1, ngt_text("x")));
	kt_goes(in, spoiled(p, 10, 22), out, spoiled(p, -1, 22));
	p = ngt_set(UDP6(9), 6, "2c");
	kt_goes(in, p, out, p);
}

/* A sum of 0 is sent as ffff with UDP, and as it is with TCP. */
static void
test_zero(void **state)
{
	struct ngt_pkt p = UDP4(2), q;

	(void)state;
	make();
	set(ALL, 0);
	/* The data become what the sum lacks. */
	p = ngt_fix(ngt_set(p, 28, "0000"));
	q = ngt_set(p, 28, "0000");
	memcpy(q.b + 28, p.b + 26, 2);
	memcpy(q.b + 26, "\xff\xff", 2);
	kt_goes(in, ngt_set(q, 26, "1234"), out, q);
	p = ngt_fix(ngt_set(TCP4(2), 40, "0000"));
	q = p;
	memcpy(q.b + 40, p.b + 36, 2);
	memcpy(q.b + 36, "\0\0", 2);
	kt_goes(in, ngt_set(q, 36, "1234"), out, q);
}

/* Headers between IPv6 and what it carries, and options of IPv4. */
static void
test_options(void **state)
{
	static const char *const ext = "3c 00 010400000000" /* hop-by-hop */
				       "2b 01 010c000000000000000000000000" /* destination */
				       "11 00 000000000000"; /* routing, nobody left */
	struct ngt_pkt p, q, u = UDP6(9);

	(void)state;
	make();
	set(ALL, 0);
	p = ngt_cat(ngt_bytes(u.b, 40), ngt_hex(ext));
	p = ngt_cat(p, ngt_bytes(u.b + 40, u.len - 40));
	p = ngt_set(p, 6, "00");
	p.b[5] = (uint8_t)(p.len - 40);
	kt_goes(in, spoiled(p, -1, 40 + 32 + 6), out, p);
	q = ngt_set(p, 40 + 24 + 3, "01"); /* somebody left: the addresses are not those of the sum */
	kt_goes(in, spoiled(q, -1, 40 + 32 + 6), out, spoiled(q, -1, 40 + 32 + 6));
	q = ngt_set(p, 40 + 24 + 1, "09");
	kt_goes(in, q, out, q);
	u = UDP4(9);
	p = ngt_cat(ngt_cat(ngt_bytes(u.b, 20), ngt_hex("01010100")), ngt_bytes(u.b + 20, u.len - 20));
	p.kind = NGT_IP4;
	p = ngt_fix(ngt_set(p, 0, "46"));
	kt_goes(in, spoiled(p, 10, 30), out, p);
}

static void
test_messages(void **state)
{
	static const char zeros[30];
	struct kt_end *in2;
	struct ngu_port *bad;
	uint8_t v;

	(void)state;
	make();
	nt_unknown("x:", C);
	assert_int_equal(nt_tell("x:", C, 0, NULL, 0), EINVAL);
	assert_int_equal(nt_tell("x:", C, 8, NULL, 0), EINVAL);
	ok(nt_tell("x:", C, NGM_CHECKSUM_GETCONFIG, NULL, 0)); /* no answer */
	for (size_t len = 0; len < sizeof(zeros); len++) {
		if (len != 16)
			assert_int_equal(nt_tell("x:", C, NGM_CHECKSUM_SETCONFIG, zeros, len), EINVAL);
		assert_int_equal(nt_tell("x:", C, NGM_CHECKSUM_SETDLT, zeros, len), EINVAL);
	}
	for (unsigned i = 0; i < 256; i++) {
		v = (uint8_t)i;
		assert_int_equal(nt_tell("x:", C, NGM_CHECKSUM_SETDLT, &v, 1), i == 1 || i == 12 ? 0 : EINVAL);
	}
	nt_text_is("x:", "getdlt", "", "12");
	nt_text_is("x:", "setdlt", "1", "");
	nt_text_is("x:", "getdlt", "", "1");
	dlt(12);
	kt_goes(in, spoiled(UDP4(9), 10, 26), out, spoiled(UDP4(9), 10, 26)); /* nothing was said */
	asked = ALL;
	kt_goes(in, spoiled(UDP4(9), 10, 26), out, spoiled(UDP4(9), 10, 26));
	assert_int_equal(out->csum, ALL);
	nt_text_is("x:", "setconfig", "{ csum_flags=-1 csum_offload=0xfff }", "");
	nt_text_is("x:", "getconfig", "", "{ csum_flags=1543 csum_offload=1543 }");
	nt_text_is("x:", "setconfig", "{ csum_flags=3 }", "");
	nt_text_is("x:", "getstats", "", "{ Received=10 }");
	kt_goes(in, spoiled(UDP4(9), 10, 26), out, UDP4(9));
	kt_goes(in, "00", out, "00");
	nt_text_is("x:", "getclrstats", "", "{ Received=20 Processed=5 }");
	nt_text_is("x:", "getstats", "", "{}");
	/* Without out it goes back; without in it goes nowhere. The last one that begins so is the one. */
	kt_close(out);
	kt_goes(in, spoiled(UDP4(9), 10, 26), in, UDP4(9));
	out = kt_open("x:", "outward");
	in2 = kt_open("x:", "in2");
	kt_goes(in, spoiled(UDP4(9), 10, 26), out, UDP4(9));
	kt_goes(out, "00", in2, "00");
	kt_close(in2);
	kt_fails(out, "00", 0);
	nt_text_is("x:", "getstats", "", "{ Received=10 Processed=10 Dropped=5 }");
	nt_text_is("x:", "clrstats", "", "");
	nt_text_is("x:", "getstats", "", "{}");
	assert_int_equal(ngu_port_open(g, "x:", "ou", NULL, NULL, &bad), EINVAL);
	assert_int_equal(ngu_port_open(g, "x:", "link", NULL, NULL, &bad), EINVAL);
	kt_close(in);
	kt_close(out);
	assert_int_equal(ngu_lookup(g, "x:", NULL), ENOENT);
}

static void
test_memory(void **state)
{
	(void)state;
	make();
	set(ALL, 0);
	kt_short(in, spoiled(UDP4(40), 10, 26), out, UDP4(40), ENOBUFS);
	nt_text_is("x:", "getstats", "", "{ Received=6 Processed=5 Dropped=1 }");
	kt_burst_short(in, spoiled(UDP4(40), 10, 26), out, UDP4(40), ENOBUFS);
}

static void
tell(unsigned round)
{
	set(round % 2 ? ALL : 0, round % 3 ? 0 : ALL);
	dlt(round % 4 ? 12 : 1);
	nt_text_is("x:", "clrstats", "", "");
}

static void
test_storm(void **state)
{
	struct kt_storm k = { .type = "checksum", .hooks = { "in", "out", "out2" }, .tell = tell };

	(void)state;
	k.pkt[0] = k.pkt[1] = spoiled(UDP4(100), 10, 26);
	kt_storm(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		kt_test(test_computed),
		kt_test(test_prepared),
		kt_test(test_ethernet),
		kt_test(test_others),
		kt_test(test_zero),
		kt_test(test_options),
		kt_test(test_messages),
		kt_bare_test(test_memory),
		kt_test(test_storm),
	};

	return (cmocka_run_group_tests_name("checksum", tests, NULL, NULL));
}
