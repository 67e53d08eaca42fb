/* SPDX-License-Identifier: BSD-2-Clause */
/* vlan_rotate.c - node type "vlan_rotate", configured by text. */
#include "conform/conform.h"

#include <netgraph/ng_vlan_rotate.h>

/* A node "v" with all four hooks connected, named alike on our side. */
static void
make(const char *conf)
{
	static const char *const hook[] = { "original", "ordered", "excessive", "incomplete" };

	t = ngt_graph("probe s; vlan_rotate v");
	for (int i = 0; i < 4; i++)
		plug(hook[i], "v:", hook[i]);
	ok(tell("v:", "setconf", conf));
}

/* Addresses, tags ("8100 0001 88a8 0002"), the type of what follows and a little of it. */
static struct ngt_pkt
frame(const char *tags)
{
	char hex[256];

	(void)snprintf(hex, sizeof(hex), "020000000001 020000000002 %s 0800 4500 0014", tags);
	return (ngt_hex(hex));
}

static void
goes(const char *from, const char *in, const char *to, const char *out)
{
	ngt_send(S, from, frame(in));
	ngt_expect(S, to, frame(out));
	quiet();
}

static void
basic(void **state)
{
	char out[512];

	(void)state;
	make("{ rot=1 min=0 max=10 }");
	ok(ascii_msg(G, "v:", "getconf", NULL, out, sizeof(out)));
	assert_string_equal(out, "{ rot=1 max=10 }");
	goes("original", "8100 0001 8100 0002 8100 0003", "ordered", "8100 0003 8100 0001 8100 0002");
	ok(tell("v:", "setconf", "{ rot=-1 }"));
	ok(ascii_msg(G, "v:", "getconf", NULL, out, sizeof(out)));
	assert_string_equal(out, "{ rot=-1 max=10 }");
	goes("original", "8100 0001 8100 0002 8100 0003", "ordered", "8100 0002 8100 0003 8100 0001");
	ok(tell("v:", "setconf", "{ rot=2 }"));
	goes("original", "8100 0001 8100 0002 8100 0003 8100 0004", "ordered", "8100 0003 8100 0004 8100 0001 8100 0002");
	ok(ascii_msg(G, "v:", "getstat", NULL, out, sizeof(out)));
	assert_string_equal(out, "{ histogram=[ 3=2 1 ] }");
	ngt_end(t);
}

/* Tags take their TPID along, whichever of the five it is. */
static void
ethertype(void **state)
{
	(void)state;
	make("{ rot=1 }");
	goes("original", "8100 0001 88a8 0002 9100 0003", "ordered", "9100 0003 8100 0001 88a8 0002");
	goes("original", "9200 e001 9300 1002", "ordered", "9300 1002 9200 e001");
	goes("original", "8100 0001 8100 0002 9400 0003", "ordered", "8100 0002 8100 0001 9400 0003"); /* the third is none */
	ngt_end(t);
}

/* From ordered to original the other way round: what comes back is what went in. */
static void
reverse(void **state)
{
	(void)state;
	make("{ rot=1 }");
	goes("ordered", "8100 0001 8100 0002 8100 0003", "original", "8100 0002 8100 0003 8100 0001");
	goes("original", "8100 0002 8100 0003 8100 0001", "ordered", "8100 0001 8100 0002 8100 0003");
	ok(tell("v:", "setconf", "{ rot=-2 }"));
	goes("original", "8100 0001 8100 0002 8100 0003", "ordered", "8100 0003 8100 0001 8100 0002");
	goes("ordered", "8100 0003 8100 0001 8100 0002", "original", "8100 0001 8100 0002 8100 0003");
	ngt_end(t);
}

/* Both: mixed types, there and back. */
static void
typeether(void **state)
{
	(void)state;
	make("{ rot=1 }");
	goes("ordered", "88a8 0001 8100 0002 9100 0003 9200 0004", "original", "8100 0002 9100 0003 9200 0004 88a8 0001");
	goes("original", "8100 0002 9100 0003 9200 0004 88a8 0001", "ordered", "88a8 0001 8100 0002 9100 0003 9200 0004");
	ngt_end(t);
}

/* Too many and too few tags leave by hooks of their own. */
static void
minmax(void **state)
{
	char out[512];

	(void)state;
	make("{ min=2 max=3 }");
	goes("original", "", "incomplete", "");
	goes("original", "8100 0001", "incomplete", "8100 0001");
	goes("ordered", "8100 0001", "incomplete", "8100 0001");
	goes("original", "8100 0001 8100 0002", "ordered", "8100 0001 8100 0002");
	goes("original", "8100 0001 8100 0002 8100 0003", "ordered", "8100 0001 8100 0002 8100 0003");
	goes("original", "8100 0001 8100 0002 8100 0003 8100 0004", "excessive", "8100 0001 8100 0002 8100 0003 8100 0004");
	goes("ordered", "8100 0001 8100 0002 8100 0003 8100 0004", "excessive", "8100 0001 8100 0002 8100 0003 8100 0004");
	goes("excessive", "8100 0001", "original", "8100 0001");
	goes("incomplete", "8100 0001", "original", "8100 0001");
	ok(ascii_msg(G, "v:", "getclrstat", NULL, out, sizeof(out)));
	assert_string_equal(out, "{ excessive=2 incomplete=3 histogram=[ 2=1 1 ] }");
	ok(ascii_msg(G, "v:", "getstat", NULL, out, sizeof(out)));
	assert_string_equal(out, "{}");
	assert_int_equal(tell("v:", "setconf", "{ min=4 }"), EINVAL); /* max is 3 */
	assert_int_equal(tell("v:", "setconf", "{ rot=3 }"), EINVAL);
	assert_int_equal(tell("v:", "setconf", "{ max=11 }"), EINVAL);
	ok(ascii_msg(G, "v:", "getconf", NULL, out, sizeof(out)));
	assert_string_equal(out, "{ min=2 max=3 }");
	ngt_end(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(basic),
		ngt_test(ethertype),
		ngt_test(reverse),
		ngt_test(typeether),
		ngt_test(minmax),
	};

	return (cmocka_run_group_tests_name("vlan_rotate", tests, NULL, NULL));
}
