/* SPDX-License-Identifier: BSD-2-Clause */
/* net_vlan_rotate.c - vlan_rotate.c's cases on sockets, the node configured by text. */
#include "conform/net.h"

#include <netgraph/ng_vlan_rotate.h>

/* A node "v" with all four hooks connected, named alike on our side. */
static void
make(const char *conf)
{
	sockets(NULL);
	sent(try_mkpeer(".", NG_VLANROTATE_NODE_TYPE, "original", NG_VLANROTATE_HOOK_ORIGINAL));
	sent(NgNameNode(cs, "original", "v"));
	plug("ordered", "v:", NG_VLANROTATE_HOOK_ORDERED);
	plug("excessive", "v:", NG_VLANROTATE_HOOK_EXCESSIVE);
	plug("incomplete", "v:", NG_VLANROTATE_HOOK_INCOMPLETE);
	sent(NgSendAsciiMsg(cs, "v:", "setconf %s", conf));
}

/* Addresses, tags (each of them type << 16 | number, until 0), and an IPv4 packet's first bytes. Returns the length. */
static size_t
frame(unsigned char *p, const uint32_t *tags)
{
	static const unsigned char head[12] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2 }, tail[6] = { 8, 0, 0x45, 0, 0, 20 };
	size_t n = sizeof(head);

	memcpy(p, head, sizeof(head));
	for (; *tags != 0; tags++)
		for (int shift = 24; shift >= 0; shift -= 8)
			p[n++] = (unsigned char)(*tags >> shift);
	memcpy(p + n, tail, sizeof(tail));
	return (n + sizeof(tail));
}

static void
goes(const char *from, const uint32_t *in, const char *to, const uint32_t *out)
{
	unsigned char p[128];
	size_t n;

	n = frame(p, in);
	send_data(from, p, n);
	n = frame(p, out);
	expect(to, p, n);
	silence();
}

#define TAGS(...) ((const uint32_t[]){ __VA_ARGS__, 0 })
#define NONE ((const uint32_t[]){ 0 })
#define Q(n) (0x81000000u | (n))  /* 802.1Q */
#define AD(n) (0x88a80000u | (n)) /* 802.1ad */
#define Q1(n) (0x91000000u | (n)) /* what was there before that */

static void
basic(void **state)
{
	(void)state;
	make("{ rot=1 min=0 max=10 }");
	says("v:", "getconf", "{ rot=1 max=10 }");
	goes("original", TAGS(Q(1), Q(2), Q(3)), "ordered", TAGS(Q(3), Q(1), Q(2)));
	sent(NgSendAsciiMsg(cs, "v:", "setconf { rot=%d }", -1));
	says("v:", "getconf", "{ rot=-1 max=10 }");
	goes("original", TAGS(Q(1), Q(2), Q(3)), "ordered", TAGS(Q(2), Q(3), Q(1)));
	sent(NgSendAsciiMsg(cs, "v:", "setconf { rot=2 }"));
	goes("original", TAGS(Q(1), Q(2), Q(3), Q(4)), "ordered", TAGS(Q(3), Q(4), Q(1), Q(2)));
	says("v:", "getstat", "{ histogram=[ 3=2 1 ] }");
}

/* Tags take their types along. */
static void
ethertype(void **state)
{
	(void)state;
	make("{ rot=1 }");
	goes("original", TAGS(Q(1), AD(2), Q1(3)), "ordered", TAGS(Q1(3), Q(1), AD(2)));
	goes("original", TAGS(0x9200e001u, 0x93001002u), "ordered", TAGS(0x93001002u, 0x9200e001u));
	goes("original", TAGS(Q(1), Q(2), 0x94000003u), "ordered", TAGS(Q(2), Q(1), 0x94000003u)); /* the third is none */
}

static void
reverse(void **state)
{
	(void)state;
	make("{ rot=1 }");
	goes("ordered", TAGS(Q(1), Q(2), Q(3)), "original", TAGS(Q(2), Q(3), Q(1)));
	goes("original", TAGS(Q(2), Q(3), Q(1)), "ordered", TAGS(Q(1), Q(2), Q(3)));
	sent(NgSendAsciiMsg(cs, "v:", "setconf { rot=-2 }"));
	goes("original", TAGS(Q(1), Q(2), Q(3)), "ordered", TAGS(Q(3), Q(1), Q(2)));
	goes("ordered", TAGS(Q(3), Q(1), Q(2)), "original", TAGS(Q(1), Q(2), Q(3)));
}

/* Both: mixed types, there and back. */
static void
typeether(void **state)
{
	(void)state;
	make("{ rot=1 }");
	goes("ordered", TAGS(AD(1), Q(2), Q1(3), 0x92000004u), "original", TAGS(Q(2), Q1(3), 0x92000004u, AD(1)));
	goes("original", TAGS(Q(2), Q1(3), 0x92000004u, AD(1)), "ordered", TAGS(AD(1), Q(2), Q1(3), 0x92000004u));
}

static void
minmax(void **state)
{
	(void)state;
	make("{ min=2 max=3 }");
	goes("original", NONE, "incomplete", NONE);
	goes("original", TAGS(Q(1)), "incomplete", TAGS(Q(1)));
	goes("ordered", TAGS(Q(1)), "incomplete", TAGS(Q(1)));
	goes("original", TAGS(Q(1), Q(2)), "ordered", TAGS(Q(1), Q(2)));
	goes("original", TAGS(Q(1), Q(2), Q(3)), "ordered", TAGS(Q(1), Q(2), Q(3)));
	goes("original", TAGS(Q(1), Q(2), Q(3), Q(4)), "excessive", TAGS(Q(1), Q(2), Q(3), Q(4)));
	goes("ordered", TAGS(Q(1), Q(2), Q(3), Q(4)), "excessive", TAGS(Q(1), Q(2), Q(3), Q(4)));
	goes("excessive", TAGS(Q(1)), "original", TAGS(Q(1)));
	goes("incomplete", TAGS(Q(1)), "original", TAGS(Q(1)));
	says("v:", "getclrstat", "{ excessive=2 incomplete=3 histogram=[ 2=1 1 ] }");
	says("v:", "getstat", "{}");
	refused(NgSendAsciiMsg(cs, "v:", "setconf { min=4 }"), EINVAL); /* max is 3 */
	refused(NgSendAsciiMsg(cs, "v:", "setconf { rot=3 }"), EINVAL);
	refused(NgSendAsciiMsg(cs, "v:", "setconf { max=11 }"), EINVAL);
	says("v:", "getconf", "{ min=2 max=3 }");
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		net_test(basic),
		net_test(ethertype),
		net_test(reverse),
		net_test(typeether),
		net_test(minmax),
	};

	net_main("net_vlan_rotate", tests, argc, argv);
}
