/* SPDX-License-Identifier: BSD-2-Clause */
/* test_tcpmss.c - node type "tcpmss": which packets are changed, and that their checksums are right afterwards. */
#include "nodes/kt.h"

#include <netgraph/ng_tcpmss.h>

#define C NGM_TCPMSS_COOKIE

static struct kt_end *a, *b;
static uint32_t csum_flags;

static void
dress(struct mbuf *m)
{
	m->m_pkthdr.csum_flags = csum_flags;
}

static int
config(const char *in, const char *out, unsigned max)
{
	struct ng_tcpmss_config c = { .maxMSS = (uint16_t)max };

	memcpy(c.inHook, in, strlen(in));
	memcpy(c.outHook, out, strlen(out));
	return (nt_tell("x:", C, NGM_TCPMSS_CONFIG, &c, sizeof(c)));
}

static void
make(unsigned max)
{
	csum_flags = 0;
	kt_dress = dress;
	ok(ngu_mknode(g, "tcpmss", "x", NULL));
	a = kt_open("x:", "a");
	b = kt_open("x:", "b");
	ok(config("a", "b", max));
}

/* A segment with options (hex), of which the length is a multiple of four; IPv4 options in front of it. */
static struct ngt_pkt
segment(unsigned flags, const char *options, const char *ip_options)
{
	struct ngt_pkt o = ngt_hex(options), i = ngt_hex(ip_options), p;
	char text[16];

	p = ngt_ip4("10.0.0.1", "10.0.0.2", ngt_tcp(1025, 80, 7, 0, flags, ngt_cat(o, ngt_text("data"))));
	(void)snprintf(text, sizeof(text), "%02x", (unsigned)((20 + o.len) / 4) << 4);
	p = ngt_set(p, 32, text);
	if (i.len != 0) {
		memmove(p.b + 20 + i.len, p.b + 20, p.len - 20);
		memcpy(p.b + 20, i.b, i.len);
		p.len += i.len;
		p.b[0] = (uint8_t)(0x45 + i.len / 4);
	}
	return (ngt_fix(p));
}

static struct ng_tcpmss_hookstat
stat(uint32_t cmd, const char *hook)
{
	char name[NG_HOOKSIZ] = "";
	struct ng_tcpmss_hookstat hs;

	memcpy(name, hook, strlen(hook));
	nt_ask("x:", C, cmd, name, sizeof(name), &hs, sizeof(hs));
	return (hs);
}

/* The options before and after, wherever they lie, with and without options of IP. */
static void
becomes(const char *before, const char *after)
{
	const unsigned changed = strcmp(before, after) != 0;
	struct ng_tcpmss_hookstat hs;

	for (int ip = 0; ip < 2; ip++)
		for (unsigned flags = NGT_SYN; flags <= (NGT_SYN | NGT_ACK); flags += NGT_ACK) {
			kt_goes(a, segment(flags, before, ip ? "07 07 04 01020304 00" : ""), b,
			    segment(flags, after, ip ? "07 07 04 01020304 00" : ""));
			hs = stat(NGM_TCPMSS_GET_STATS, "a");
			assert_int_equal(hs.SYNPkts, *before == '\0' ? 0 : hs.Packets); /* without any option it does not count */
			assert_int_equal(hs.FixedPkts, changed ? hs.Packets : 0);
			hs = stat(NGM_TCPMSS_GETCLR_STATS, "a");
			ok(config("a", "b", hs.maxMSS));
		}
}

static void
test_lowered(void **state)
{
	(void)state;
	make(1200);
	becomes("0204 05b4", "0204 04b0");
	becomes("0204 04b1", "0204 04b0");
	becomes("0204 04b0", "0204 04b0");
	becomes("0204 0064", "0204 0064");
	becomes("0204 ffff 01 03 03 07", "0204 04b0 01 03 03 07");
	becomes("0101 0402 0204 05b4", "0101 0402 0204 04b0");
	becomes("01 0204 05b4 010101", "01 0204 04b0 010101"); /* at an odd place */
	becomes("01 0204 ff00 0204 ffff 010100", "01 0204 04b0 0204 04b0 010100"); /* two of them */
	becomes("01010101 080a 00000000 00000000 0204 05b4 0101 01010101 01010101 01010101 01010101",
	    "01010101 080a 00000000 00000000 0204 04b0 0101 01010101 01010101 01010101 01010101");
	/* Options that end before it, or make no sense: nothing behind is looked at. */
	becomes("00 0204 05b4 000000", "00 0204 05b4 000000");
	becomes("0500 0204 05b4 0000", "0500 0204 05b4 0000");
	becomes("0501 0204 05b4 0000", "0501 0204 05b4 0000");
	becomes("0509 0204 05b4 0000", "0509 0204 05b4 0000");
	becomes("0101 0204", "0101 0204");
	becomes("0101 0105", "0101 0105");
	becomes("0203 0505 0204 05b4", "0203 0505 0204 05b4"); /* not as long as one is, and 05 05 is no option that fits */
	becomes("", "");
}

/* Everything else goes by unchanged. */
static void
test_passed(void **state)
{
	struct ngt_pkt p = segment(NGT_ACK, "0204 05b4", ""), q;

	(void)state;
	make(1200);
	kt_goes(a, p, b, p);
	p = segment(NGT_SYN, "0204 05b4", "");
	q = ngt_set(p, 9, "11"); /* UDP */
	kt_goes(a, q, b, q);
	q = ngt_set(p, 6, "0001"); /* a fragment that does not begin with the header */
	kt_goes(a, q, b, q);
	assert_int_equal(stat(NGM_TCPMSS_GET_STATS, "a").SYNPkts, 0);
	kt_goes(a, ngt_set(p, 6, "2000"), b, ngt_set(segment(NGT_SYN, "0204 04b0", ""), 6, "2000")); /* the first one does */
	assert_int_equal(stat(NGM_TCPMSS_GETCLR_STATS, "a").FixedPkts, KT_SHAPES);
	ok(config("a", "b", 1200));
	for (size_t len = 0; len < 40; len++) {
		q = ngt_bytes(p.b, len);
		kt_goes(a, q, b, q);
	}
	q = ngt_set(p, 0, "4f"); /* the header would end within what there is, but nothing more */
	q.len = 68;
	kt_goes(a, q, b, q);
	/* The sum is still to be computed by somebody else: it is left alone. */
	csum_flags = CSUM_TCP;
	q = ngt_set(p, 42, "04b0");
	kt_goes(a, p, b, q);
	csum_flags = 0;
	ok(config("a", "b", 0));
	kt_goes(a, p, b, p);
	ok(config("a", "a", 0)); /* back */
	kt_goes(a, p, a, p);
	kt_fails(b, p, 0); /* not configured */
}

static void
test_refused(void **state)
{
	struct ngt_pkt p = segment(NGT_SYN, "0204 05b4", "");

	(void)state;
	make(1200);
	kt_fails(a, ngt_set(p, 0, "65"), EINVAL);
	kt_fails(a, ngt_set(p, 0, "05"), EINVAL);
	kt_fails(a, ngt_set(p, 0, "44"), EINVAL);
	kt_fails(a, ngt_set(p, 0, "40"), EINVAL);
	kt_fails(a, ngt_set(p, 32, "40"), EINVAL);
	kt_fails(a, ngt_set(p, 32, "00"), EINVAL);
	kt_fails(a, ngt_set(p, 32, "f0"), EINVAL);
	assert_int_equal(stat(NGM_TCPMSS_GET_STATS, "a").Packets, 7 * KT_SHAPES);
	assert_int_equal(stat(NGM_TCPMSS_GET_STATS, "a").Octets, 7 * KT_SHAPES * p.len);
	assert_int_equal(stat(NGM_TCPMSS_GET_STATS, "a").SYNPkts, 0);
}

static void
test_messages(void **state)
{
	static const char zeros[80], hook[NG_HOOKSIZ] = "a";
	struct ngt_pkt p = segment(NGT_SYN, "0204 05b4", "");
	struct ng_tcpmss_hookstat hs;

	(void)state;
	make(1400);
	nt_unknown("x:", C);
	assert_int_equal(nt_tell("x:", C, 0, NULL, 0), EINVAL);
	assert_int_equal(nt_tell("x:", C, 5, NULL, 0), EINVAL);
	for (uint32_t cmd = 1; cmd <= 4; cmd++)
		for (size_t len = 0; len < 80; len++)
			assert_int_equal(nt_tell("x:", C, cmd, zeros, len), len == (cmd == 4 ? 66u : 32u) ? ENOENT : EINVAL);
	assert_int_equal(config("a", "z", 1), ENOENT);
	assert_int_equal(config("z", "a", 1), ENOENT);
	kt_goes(a, p, b, ngt_fix(ngt_set(p, 42, "0578")));
	hs = stat(NGM_TCPMSS_GET_STATS, "a");
	assert_int_equal(hs.Packets, KT_SHAPES);
	assert_int_equal(hs.Octets, KT_SHAPES * p.len);
	assert_int_equal(hs.maxMSS, 1400);
	assert_int_equal(hs.FixedPkts, KT_SHAPES);
	nt_text_is("x:", "getstats", "\"a\"", "{ Octets=240 Packets=5 maxMSS=1400 SYNPkts=5 FixedPkts=5 }");
	nt_text_is("x:", "getstats", "\"b\"", "{}");
	nt_text_is("x:", "getclrstats", "\"a\"", "{ Octets=240 Packets=5 maxMSS=1400 SYNPkts=5 FixedPkts=5 }");
	/* That was the end of changing, too. */
	nt_text_is("x:", "getstats", "\"a\"", "{}");
	kt_goes(a, p, b, p);
	nt_text_is("x:", "config", "{ inHook=\"a\" outHook=\"b\" maxMSS=1399 }", "");
	kt_goes(a, p, b, ngt_fix(ngt_set(p, 42, "0577")));
	ok(nt_tell("x:", C, NGM_TCPMSS_CLR_STATS, hook, sizeof(hook)));
	nt_text_is("x:", "getstats", "\"a\"", "{}");
	nt_text_is("x:", "clrstats", "\"b\"", "");
	nt_text_fails("x:", "clrstats", "\"z\"", ENOENT);
}

/* Where packets should go is gone, and is not there again because a hook has its name. */
static void
test_life(void **state)
{
	struct ngt_pkt p = segment(NGT_SYN, "0204 05b4", "");

	(void)state;
	make(1400);
	ok(config("b", "b", 0));
	kt_close(b);
	kt_fails(a, p, 0);
	b = kt_open("x:", "b");
	kt_fails(a, p, 0);
	kt_fails(b, p, 0);
	ok(config("a", "b", 1500));
	kt_goes(a, p, b, p);
	kt_close(a);
	kt_close(b);
	assert_int_equal(ngu_lookup(g, "x:", NULL), ENOENT);
}

static void
test_memory(void **state)
{
	(void)state;
	make(1000);
	kt_short(a, segment(NGT_SYN, "0204 05b4", ""), b, segment(NGT_SYN, "0204 03e8", ""), ENOBUFS);
}

static void
tell(unsigned round)
{
	static const char hook[NG_HOOKSIZ] = "a";

	(void)config("a", round % 2 ? "b" : "c", 1000 + round);
	(void)config("b", "a", round % 3);
	ok(nt_tell("x:", C, NGM_TCPMSS_CLR_STATS, hook, sizeof(hook)));
	ok(config("a", "b", 1000 + round));
}

static void
test_storm(void **state)
{
	struct kt_storm k = { .type = "tcpmss", .hooks = { "a", "b", "c" }, .tell = tell };

	(void)state;
	k.pkt[0] = segment(NGT_SYN, "0204 05b4", "");
	k.pkt[1] = segment(NGT_SYN | NGT_ACK, "01 0204 05b4 010101", "");
	kt_storm(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		kt_test(test_lowered),
		kt_test(test_passed),
		kt_test(test_refused),
		kt_test(test_messages),
		kt_test(test_life),
		kt_bare_test(test_memory),
		kt_test(test_storm),
	};

	return (cmocka_run_group_tests_name("tcpmss", tests, NULL, NULL));
}
