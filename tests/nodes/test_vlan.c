/* SPDX-License-Identifier: BSD-2-Clause */
/* test_vlan.c - node type "vlan": which frame leaves by which hook, in which shape; filters, settings, flow control. */
#include "nodes/kt.h"

#include <netgraph/ng_vlan.h>

#define C NGM_VLAN_COOKIE
#define IN_LINE 0x10000 /* no tag in the packet header */

static struct kt_end *down, *no, *a, *b;
static unsigned vtag; /* for the packet header */

static void
dress(struct mbuf *m)
{
	if (vtag != IN_LINE) {
		m->m_flags |= M_VLANTAG;
		m->m_pkthdr.ether_vtag = (uint16_t)vtag;
	}
}

static int
add(const char *hook, unsigned vlan, unsigned vid, unsigned pcp, unsigned cfi)
{
	struct ng_vlan_filter f = { "", (uint16_t)vlan, (uint16_t)vid, (uint8_t)pcp, (uint8_t)cfi };

	memcpy(f.hook_name, hook, strlen(hook));
	return (nt_tell("x:", C, NGM_VLAN_ADD_FILTER, &f, sizeof(f)));
}

static int
set32(uint32_t cmd, uint32_t v)
{
	return (nt_tell("x:", C, cmd, &v, sizeof(v)));
}

/* Node "x" with all four ends, VLAN 5 on "a" and, with priority 3 and CFI, VLAN 4095 on "b". */
static void
make(void)
{
	vtag = IN_LINE;
	kt_dress = dress;
	ok(ngu_mknode(g, "vlan", "x", NULL));
	down = kt_open("x:", "downstream");
	no = kt_open("x:", "nomatch");
	a = kt_open("x:", "a");
	b = kt_open("x:", "b");
	ok(add("a", 0, 5, 0, 0));
	ok(add("b", 0, 4095, 3, 1));
}

#define ADDR "020000000001 020000000002 "
#define REST " 0800 45 00112233 44556677 8899"

/* A tag in the packet header afterwards, or none. */
#define tagged(e, tag) \
	do { \
		assert_true(((e)->flags & M_VLANTAG) != 0); \
		assert_int_equal((e)->vtag, (tag)); \
	} while (0)
#define untagged(e) assert_true(((e)->flags & M_VLANTAG) == 0)

static void
test_down(void **state)
{
	(void)state;
	make();
	kt_goes(down, ADDR "8100 0005" REST, a, ADDR REST);
	untagged(a);
	kt_goes(down, ADDR "8100 f005" REST, a, ADDR REST); /* priority and CFI do not matter */
	kt_goes(down, ADDR "8100 0fff" REST, b, ADDR REST);
	kt_goes(down, ADDR "8100 0005 8100 0007" REST, a, ADDR "8100 0007" REST); /* the outer one counts */
	/* Tagged, and nobody wants it: as it is. */
	kt_goes(down, ADDR "8100 0006" REST, no, ADDR "8100 0006" REST);
	kt_goes(down, ADDR "8100 0000" REST, no, ADDR "8100 0000" REST);
	untagged(no);
	/* Untagged. */
	kt_goes(down, ADDR REST, no, ADDR REST);
	kt_goes(down, ADDR "88a8 0005" REST, no, ADDR "88a8 0005" REST);
	kt_goes(down, ADDR "0800", no, ADDR "0800");
	/* A tag in the packet header. */
	vtag = 0xe005;
	kt_goes(down, ADDR REST, a, ADDR REST);
	untagged(a);
	kt_goes(down, ADDR "8100 0006" REST, a, ADDR "8100 0006" REST); /* it comes before the one in the frame */
	vtag = 0x2006;
	kt_goes(down, ADDR REST, no, ADDR REST);
	tagged(no, 0x2006);
	kt_goes(down, ADDR "8100 0005" REST, no, ADDR "8100 0005" REST);
	tagged(no, 0x2006);
	/* decap: tags of what goes to nomatch move into the header. */
	vtag = IN_LINE;
	ok(set32(NGM_VLAN_SET_DECAP, 4));
	kt_goes(down, ADDR "8100 7006" REST, no, ADDR REST);
	tagged(no, 0x7006);
	kt_goes(down, ADDR "8100 0005" REST, a, ADDR REST);
	untagged(a);
	kt_goes(down, ADDR REST, no, ADDR REST);
	untagged(no);
}

static void
test_up(void **state)
{
	(void)state;
	make();
	kt_goes(a, ADDR REST, down, ADDR "8100 0005" REST);
	kt_goes(b, ADDR REST, down, ADDR "8100 7fff" REST);
	kt_goes(a, ADDR "8100 0009" REST, down, ADDR "8100 0005 8100 0009" REST);
	untagged(down);
	kt_goes(no, ADDR REST, down, ADDR REST);
	kt_goes(no, ADDR "8100 0005" REST, down, ADDR "8100 0005" REST);
	vtag = 0x3007;
	kt_goes(no, ADDR REST, down, ADDR REST);
	tagged(down, 0x3007);
	/* bit 1: from nomatch, what is in the header goes into the frame */
	ok(set32(NGM_VLAN_SET_ENCAP, 2));
	kt_goes(no, ADDR REST, down, ADDR "8100 3007" REST);
	untagged(down);
	vtag = IN_LINE;
	kt_goes(no, ADDR REST, down, ADDR REST);
	/* and bit 0 is off now: from filter hooks the tag goes into the header */
	kt_goes(b, ADDR REST, down, ADDR REST);
	tagged(down, 0x7fff);
	ok(set32(NGM_VLAN_SET_ENCAP, 3));
	kt_goes(b, ADDR REST, down, ADDR "8100 7fff" REST);
	untagged(down);
}

/* Another type for tags, both ways. */
static void
test_proto(void **state)
{
	uint16_t v = 0x88a8;

	(void)state;
	make();
	ok(nt_tell("x:", C, NGM_VLAN_SET_ENCAP_PROTO, &v, 2));
	kt_goes(a, ADDR REST, down, ADDR "88a8 0005" REST);
	kt_goes(down, ADDR "88a8 0005" REST, a, ADDR REST);
	kt_goes(down, ADDR "8100 0005" REST, no, ADDR "8100 0005" REST);
	ok(set32(NGM_VLAN_SET_ENCAP, 2));
	vtag = 9;
	kt_goes(no, ADDR REST, down, ADDR "88a8 0009" REST);
}

static void
test_errors(void **state)
{
	struct kt_end *c;

	(void)state;
	make();
	c = kt_open("x:", "c");
	kt_fails(c, ADDR REST, EOPNOTSUPP);
	for (unsigned len = 0; len < 14; len++) {
		kt_fails(down, ngt_pattern(len, 1), EINVAL);
		kt_fails(a, ngt_pattern(len, 1), EINVAL);
		kt_fails(no, ngt_pattern(len, 1), EINVAL);
	}
	kt_fails(down, ADDR "8100", EINVAL);
	kt_fails(down, ADDR "8100 0005 08", EINVAL);
	kt_goes(down, ADDR "8100 0005 0800", a, ADDR "0800");
	kt_close(no);
	kt_fails(down, ADDR REST, ENETDOWN);
	kt_fails(down, ADDR "8100 0006" REST, ENETDOWN);
	kt_close(down);
	kt_fails(a, ADDR REST, ENETDOWN);
	no = kt_open("x:", "nomatch");
	kt_fails(no, ADDR REST, ENETDOWN);
	down = kt_open("x:", "downstream");
	kt_goes(a, ADDR REST, down, ADDR "8100 0005" REST);
}

static void
test_filters(void **state)
{
	static const char hook_a[NG_HOOKSIZ] = "a", hook_no[NG_HOOKSIZ] = "nomatch", nobody[NG_HOOKSIZ] = "z";
	struct kt_end *c;
	uint16_t vid;

	(void)state;
	make();
	c = kt_open("x:", "c");
	assert_int_equal(add("c", 0, 4096, 0, 0), EINVAL);
	assert_int_equal(add("c", 4096, 0, 0, 0), EINVAL);
	assert_int_equal(add("c", 0, 7, 8, 0), EINVAL);
	assert_int_equal(add("c", 0, 7, 0, 2), EINVAL);
	assert_int_equal(add("c", 8, 7, 0, 0), EINVAL);
	assert_int_equal(add("downstream", 0, 7, 0, 0), EINVAL);
	assert_int_equal(add("nomatch", 0, 7, 0, 0), EINVAL);
	assert_int_equal(add("z", 0, 7, 0, 0), ENOENT);
	assert_int_equal(add("a", 0, 7, 0, 0), EEXIST);
	assert_int_equal(add("c", 0, 5, 0, 0), EEXIST);
	kt_fails(c, ADDR REST, EOPNOTSUPP);
	/* The old name of the field; both; VLAN 0. */
	ok(add("c", 8, 0, 7, 0));
	kt_goes(c, ADDR REST, down, ADDR "8100 e008" REST);
	vid = 8;
	ok(nt_tell("x:", C, NGM_VLAN_DEL_VID_FLT, &vid, 2));
	assert_int_equal(nt_tell("x:", C, NGM_VLAN_DEL_VID_FLT, &vid, 2), ENOENT);
	ok(add("c", 9, 9, 0, 0));
	kt_goes(down, ADDR "8100 0009" REST, c, ADDR REST);
	vid = 9;
	ok(nt_tell("x:", C, NGM_VLAN_DEL_VID_FLT, &vid, 2));
	ok(add("c", 0, 0, 0, 0));
	kt_goes(down, ADDR "8100 0000" REST, c, ADDR REST);
	kt_goes(c, ADDR REST, down, ADDR "8100 0000" REST);
	vid = 4096;
	assert_int_equal(nt_tell("x:", C, NGM_VLAN_DEL_VID_FLT, &vid, 2), EINVAL);
	assert_int_equal(nt_tell("x:", C, NGM_VLAN_DEL_FILTER, hook_no, sizeof(hook_no)), ENOENT);
	assert_int_equal(nt_tell("x:", C, NGM_VLAN_DEL_FILTER, nobody, sizeof(nobody)), ENOENT);
	ok(nt_tell("x:", C, NGM_VLAN_DEL_FILTER, hook_a, sizeof(hook_a)));
	assert_int_equal(nt_tell("x:", C, NGM_VLAN_DEL_FILTER, hook_a, sizeof(hook_a)), ENOENT);
	kt_goes(down, ADDR "8100 0005" REST, no, ADDR "8100 0005" REST);
	kt_fails(a, ADDR REST, EOPNOTSUPP);
	/* A hook takes its filter along. */
	kt_close(b);
	kt_goes(down, ADDR "8100 0fff" REST, no, ADDR "8100 0fff" REST);
	b = kt_open("x:", "b");
	kt_fails(b, ADDR REST, EOPNOTSUPP);
	ok(add("a", 0, 4095, 0, 0));
	kt_goes(down, ADDR "8100 0fff" REST, a, ADDR REST);
}

static void
test_messages(void **state)
{
	static const size_t length[] = { 0, 38, 32, 0, 2, 0, 4, 0, 4, 0, 2 };
	static const char zeros[64];
	uint32_t v;
	uint16_t p;

	(void)state;
	make();
	nt_unknown("x:", C);
	assert_int_equal(nt_tell("x:", C, 0, NULL, 0), EINVAL);
	assert_int_equal(nt_tell("x:", C, 11, NULL, 0), EINVAL);
	for (uint32_t cmd = 1; cmd <= 10; cmd++)
		for (size_t len = 0; length[cmd] != 0 && len < 42; len++)
			if (len != length[cmd])
				assert_int_equal(nt_tell("x:", C, cmd, zeros, len), EINVAL);
	nt_ask("x:", C, NGM_VLAN_GET_DECAP, NULL, 0, &v, sizeof(v));
	assert_int_equal(v, 0);
	nt_ask("x:", C, NGM_VLAN_GET_ENCAP, NULL, 0, &v, sizeof(v));
	assert_int_equal(v, 1);
	nt_ask("x:", C, NGM_VLAN_GET_ENCAP_PROTO, NULL, 0, &p, sizeof(p));
	assert_int_equal(p, 0x8100);
	/* Any value is one. */
	ok(set32(NGM_VLAN_SET_DECAP, 0xffffffff));
	nt_ask("x:", C, NGM_VLAN_GET_DECAP, NULL, 0, &v, sizeof(v));
	assert_int_equal(v, 0xffffffff);
	/* As text. */
	nt_text_is("x:", "gettable", "",
	    "{ n=2 filter=[ { hook=\"a\" vlan=5 vid=5 } { hook=\"b\" vlan=4095 vid=4095 pcp=3 cfi=1 } ] }");
	nt_text_is("x:", "delvidflt", "5", "");
	nt_text_fails("x:", "delvidflt", "5", ENOENT);
	nt_text_is("x:", "addfilter", "{ hook=\"a\" vid=77 pcp=1 }", "");
	nt_text_is("x:", "delfilter", "\"b\"", "");
	nt_text_is("x:", "gettable", "", "{ n=1 filter=[ { hook=\"a\" vlan=77 vid=77 pcp=1 } ] }");
	nt_text_is("x:", "setdecap", "0x10", "");
	nt_text_is("x:", "getdecap", "", "0x10");
	nt_text_is("x:", "setencap", "3", "");
	nt_text_is("x:", "getencap", "", "0x3");
	nt_text_is("x:", "setencapproto", "0x9100", "");
	nt_text_is("x:", "getencapproto", "", "0x9100");
	nt_text_is("x:", "delfilter", "\"a\"", "");
	nt_text_is("x:", "gettable", "", "{}");
}

/* A message about the link below goes to each hook with a filter, and to nobody else; others go nowhere. */
static void
test_flow(void **state)
{
	static const struct ng_vlan_filter f[] = { { "p", 0, 1, 0, 0 }, { "r", 0, 2, 0, 0 } };
	struct ngt *t = ngt_graph("vlan x; probe d - x.downstream; probe n - x.nomatch; probe p - x.p; probe q - x.q; probe r - x.r");

	(void)state;
	ngt_msg(t, "x:", C, NGM_VLAN_ADD_FILTER, &f[0], sizeof(f[0]));
	ngt_msg(t, "x:", C, NGM_VLAN_ADD_FILTER, &f[1], sizeof(f[1]));
	assert_int_equal(ngt_send_msg(ngt_probe(t, "d"), NULL, NGM_FLOW_COOKIE, NGM_LINK_IS_DOWN, "abc", 3), 0);
	ngt_expect_msg(ngt_probe(t, "p"), NULL, NGM_FLOW_COOKIE, NGM_LINK_IS_DOWN, "abc", 3);
	ngt_expect_msg(ngt_probe(t, "r"), NULL, NGM_FLOW_COOKIE, NGM_LINK_IS_DOWN, "abc", 3);
	assert_int_equal(ngt_send_msg(ngt_probe(t, "p"), NULL, NGM_FLOW_COOKIE, NGM_LINK_IS_UP, NULL, 0), 0);
	assert_int_equal(ngt_send_msg(ngt_probe(t, "n"), NULL, NGM_FLOW_COOKIE, NGM_LINK_IS_UP, NULL, 0), 0);
	ngt_msg(t, "x:", NGM_FLOW_COOKIE, NGM_LINK_IS_UP, NULL, 0);
	for (const char *c = "dnpqr"; *c != '\0'; c++)
		ngt_expect_none(ngt_probe(t, ((char[]){ *c, '\0' })), NULL);
	ngt_end(t);
}

static void
test_life(void **state)
{
	(void)state;
	make();
	assert_int_equal(ngu_mkpeer(g, "x:", "hole", "downstream", "h"), EEXIST);
	kt_close(down);
	kt_close(no);
	kt_close(a);
	assert_int_equal(nt_hooks("x:"), 1);
	kt_close(b);
	assert_int_equal(ngu_lookup(g, "x:", NULL), ENOENT);
}

static void
test_memory(void **state)
{
	(void)state;
	make();
	kt_short(down, ADDR "8100 0005" REST, a, ADDR REST, ENOBUFS);
	kt_short(a, ADDR REST, down, ADDR "8100 0005" REST, ENOBUFS);
	ok(set32(NGM_VLAN_SET_DECAP, 1));
	kt_short(down, ADDR "8100 0006" REST, no, ADDR REST, ENOBUFS);
	ok(set32(NGM_VLAN_SET_ENCAP, 2));
	vtag = 0x3007;
	kt_short(no, ADDR REST, down, ADDR "8100 3007" REST, ENOBUFS);
}

static void
tell(unsigned round)
{
	static const char hook[NG_HOOKSIZ] = "f";

	if (round % 2 == 0)
		(void)add("f", 0, 6, 0, 0);
	else
		(void)nt_tell("x:", C, NGM_VLAN_DEL_FILTER, hook, sizeof(hook));
	ok(set32(NGM_VLAN_SET_DECAP, round % 3));
	ok(set32(NGM_VLAN_SET_ENCAP, round % 4));
}

static void
test_storm(void **state)
{
	struct kt_storm k = { .type = "vlan", .hooks = { "downstream", "f", "nomatch" }, .tell = tell };

	(void)state;
	k.pkt[0] = ngt_hex(ADDR "8100 0006" REST);
	k.pkt[1] = ngt_hex(ADDR REST);
	kt_storm(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		kt_test(test_down),
		kt_test(test_up),
		kt_test(test_proto),
		kt_test(test_errors),
		kt_test(test_filters),
		kt_test(test_messages),
		ngt_test(test_flow),
		kt_test(test_life),
		kt_bare_test(test_memory),
		kt_test(test_storm),
	};

	return (cmocka_run_group_tests_name("vlan", tests, NULL, NULL));
}
