/* SPDX-License-Identifier: BSD-2-Clause */
/* test_bridge.c - node type "bridge". Addresses are 02:00:00:00:00:NN, written host(NN). */
#include "nodes/nt.h"

#include <ng/test.h>
#include <netgraph/ng_bridge.h>

#include "kern/zone.h"
#include "port/port.h"
#include "support/ascii.h"

#define C NGM_BRIDGE_COOKIE
#define BCAST "ff:ff:ff:ff:ff:ff"
#define MCAST "01:00:5e:00:00:01"

static struct ngt *t;

/* ---- short words ---- */

static const char *
host(unsigned n)
{
	static char text[8][18];
	static unsigned i;
	char *s = text[i++ % 8];

	(void)snprintf(s, sizeof(text[0]), "02:00:00:%02x:%02x:%02x", n >> 16 & 255, n >> 8 & 255, n & 255);
	return (s);
}

static struct ngt_pkt
frame(const char *dst, const char *src)
{
	return (ngt_eth(dst, src, ngt_text("payload")));
}
#define FRAME_LEN (14 + 7)

/* A bridge "b" with a probe on each hook named: "a link0; c uplink1" makes probe a on link0, probe c on uplink1. */
static void
make(const char *ends)
{
	char name[32], hook[32], text[128];
	int n;

	t = ngt_graph("bridge b");
	for (; sscanf(ends, " %31[^ ] %31[^; ]%n", name, hook, &n) == 2; ends += n + (ends[n] == ';')) {
		(void)snprintf(text, sizeof(text), "probe %s.x - b.%s", name, hook);
		ngt_add(t, text);
	}
}

static struct ngt_probe *
P(const char *name)
{
	return (ngt_probe(t, name));
}

static int
try(const char *from, const char *dst, const char *src)
{
	return (ngt_try_send(P(from), NULL, frame(dst, src)));
}

/* From probe `from`; it arrives, once, at the probes in `at` ("acd"; names of one letter) and at no other of a..f. */
static void
sent(const char *from, const char *dst, const char *src, const char *at)
{
	ngt_send(P(from), NULL, frame(dst, src));
	for (const char *c = at; *c != '\0'; c++)
		ngt_expect(P((char[]){ *c, '\0' }), NULL, frame(dst, src));
}

static void
silent(const char *at)
{
	for (const char *c = at; *c != '\0'; c++)
		ngt_expect_none(P((char[]){ *c, '\0' }), NULL);
}

static struct ng_bridge_link_stats
stats(int link)
{
	struct ng_bridge_link_stats st;
	int32_t n = link;
	const struct ng_mesg *r = ngt_msg(t, "b:", C, NGM_BRIDGE_GET_STATS, &n, sizeof(n));

	assert_non_null(r);
	assert_int_equal(r->header.arglen, 112);
	memcpy(&st, r->data, sizeof(st));
	return (st);
}

static void
command(uint32_t cmd)
{
	assert_null(ngt_msg(t, "b:", C, cmd, NULL, 0));
}

static void
config(unsigned debug, unsigned loop, unsigned stale, unsigned stable)
{
	struct ng_bridge_config c = { .debugLevel = (uint8_t)debug, .loopTimeout = loop, .maxStaleness = stale, .minStableAge = stable };

	assert_null(ngt_msg(t, "b:", C, NGM_BRIDGE_SET_CONFIG, &c, sizeof(c)));
}

/* The entry of a host; NULL: unknown. Good until the next call. */
static const struct ng_bridge_hostent *
entry(unsigned n)
{
	static struct ng_bridge_hostent e;
	const struct ng_mesg *r = ngt_msg(t, "b:", C, NGM_BRIDGE_GET_TABLE, NULL, 0);
	const uint8_t addr[6] = { 2, 0, 0, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };
	uint32_t hosts;

	assert_non_null(r);
	memcpy(&hosts, r->data, sizeof(hosts));
	assert_int_equal(r->header.arglen, 4 + hosts * 42);
	for (uint32_t i = 0; i < hosts; i++) {
		memcpy(&e, r->data + 4 + i * 42, sizeof(e));
		if (memcmp(e.addr, addr, 6) == 0)
			return (&e);
	}
	return (NULL);
}

static uint32_t
hosts(void)
{
	const struct ng_mesg *r = ngt_msg(t, "b:", C, NGM_BRIDGE_GET_TABLE, NULL, 0);
	uint32_t n;

	memcpy(&n, r->data, sizeof(n));
	assert_int_equal(r->header.arglen, 4 + n * 42);
	return (n);
}

static void
at(unsigned n, const char *hook, unsigned age, unsigned staleness)
{
	const struct ng_bridge_hostent *e = entry(n);

	assert_non_null(e);
	assert_string_equal(e->hook, hook);
	assert_int_equal(e->age, age);
	assert_int_equal(e->staleness, staleness);
}

static void
seconds(unsigned n)
{
	ngt_advance(t, n * 1000);
}

/* ---- hooks ---- */

static void
test_names(void **state)
{
	static const char *const good[] = { "link0", "link1", "link10", "link4294967295", "uplink1", "uplink4294967295" };
	static const char *const bad[] = { "uplink0", "link00", "link01", "uplink01", "link4294967296", "link99999999999999999999",
		"link-1", "link1x", "linkx", "link 1", "lin", "l", "Link0", "xlink0", "up", "hook" };

	(void)state;
	t = ngt_graph("bridge b; probe p");
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(ngu_connect(ngt_g(t), "p:", good[i], "b:", good[i]), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ngu_connect(ngt_g(t), "p:", bad[i], "b:", bad[i]), EINVAL);
	assert_int_equal(ngu_connect(ngt_g(t), "p:", "again", "b:", "link1"), EEXIST);
	ngt_expect_hooks(t, "b:", "uplink4294967295 - p.uplink4294967295; uplink1 - p.uplink1; link4294967295 - p.link4294967295;"
	    " link10 - p.link10; link1 - p.link1; link0 - p.link0");
	ngt_end(t);
}

/* "link" and "uplink" alone get the lowest free number, whichever end asks. */
static void
test_numbering(void **state)
{
	(void)state;
	t = ngt_graph("bridge b; probe p");
	assert_int_equal(ngu_connect(ngt_g(t), "p:", "a", "b:", "link"), 0);
	assert_int_equal(ngu_connect(ngt_g(t), "b:", "link1", "p:", "b"), 0);
	assert_int_equal(ngu_connect(ngt_g(t), "b:", "link", "p:", "c"), 0);
	assert_int_equal(ngu_connect(ngt_g(t), "b:", "uplink", "p:", "d"), 0);
	assert_int_equal(ngu_connect(ngt_g(t), "p:", "e", "b:", "uplink"), 0);
	ngt_expect_hooks(t, "b:", "uplink2 - p.e; uplink1 - p.d; link2 - p.c; link1 - p.b; link0 - p.a");
	assert_int_equal(ngu_rmhook(ngt_g(t), "b:", "link1"), 0);
	assert_int_equal(ngu_rmhook(ngt_g(t), "b:", "link0"), 0);
	assert_int_equal(ngu_rmhook(ngt_g(t), "b:", "uplink1"), 0);
	assert_int_equal(ngu_mkpeer(ngt_g(t), "b:", "hole", "link", "h0"), 0);
	assert_int_equal(ngu_mkpeer(ngt_g(t), "b:", "hole", "link", "h1"), 0);
	assert_int_equal(ngu_mkpeer(ngt_g(t), "b:", "hole", "link", "h3"), 0);
	assert_int_equal(ngu_mkpeer(ngt_g(t), "b:", "hole", "uplink", "u1"), 0);
	assert_int_equal(ngu_mkpeer(ngt_g(t), "b:", "hole", "uplink", "u3"), 0);
	ngt_expect_hooks(t, "b:", "uplink3 - hole.u3; uplink1 - hole.u1; link3 - hole.h3; link1 - hole.h1; link0 - hole.h0;"
	    " uplink2 - p.e; link2 - p.c");
	/* A number of one's own right behind the taken ones is not given out again. */
	assert_int_equal(ngu_connect(ngt_g(t), "b:", "link4", "p:", "f"), 0);
	assert_int_equal(ngu_connect(ngt_g(t), "b:", "link", "p:", "g"), 0);
	assert_int_equal(ngu_rmhook(ngt_g(t), "b:", "link4"), 0);
	assert_int_equal(ngu_rmhook(ngt_g(t), "b:", "link5"), 0); /* the one that got number 5 */
	ngt_expect_hooks(t, "p:", "e - b.uplink2; c - b.link2");
	/* A new node. */
	assert_int_equal(ngu_mkpeer(ngt_g(t), "p:", "bridge", "n", "uplink"), 0);
	assert_int_equal(ngu_name(ngt_g(t), "p:n", "n"), 0);
	ngt_expect_hooks(t, "n:", "uplink1 - p.n");
	/* A link number one has given oneself works like any other. */
	assert_int_equal(ngu_connect(ngt_g(t), "n:", "link", "p:", "m"), 0);
	ngt_send(P("p"), "m", frame(host(9), host(1)));
	ngt_expect(P("p"), "n", frame(host(9), host(1)));
	ngt_end(t);
}

static void
test_connected_to_itself(void **state)
{
	(void)state;
	make("a link0; c link3");
	assert_int_equal(ngu_connect(ngt_g(t), "b:", "link1", "b:", "link2"), ELOOP);
	assert_int_equal(ngu_connect(ngt_g(t), "b:", "link", "b:", "uplink"), ELOOP);
	ngt_expect_hooks(t, "b:", "link3 - c.x; link0 - a.x");
	sent("a", host(9), host(1), "c");
	/* What was refused has left its number free. */
	assert_int_equal(ngu_mkpeer(ngt_g(t), "b:", "hole", "link", "h"), 0);
	assert_int_equal(ngu_mkpeer(ngt_g(t), "b:", "hole", "uplink", "h"), 0);
	ngt_expect_hooks(t, "b:", "uplink1 - hole.h; link1 - hole.h; link3 - c.x; link0 - a.x");
	ngt_end(t);
}

static void
test_persistence(void **state)
{
	(void)state;
	make("a link0");
	assert_int_equal(ngu_rmhook(ngt_g(t), "b:", "link0"), 0);
	ngt_expect_hooks(t, "b:", NULL);
	ngt_end(t);

	make("a link0");
	for (int i = 0; i < 2; i++)
		command(NGM_BRIDGE_SET_PERSISTENT);
	assert_int_equal(ngu_rmhook(ngt_g(t), "b:", "link0"), 0);
	ngt_expect_hooks(t, "b:", "");
	seconds(3);
	ngt_add(t, "probe c.x - b.link0; probe d.x - b.link1");
	sent("c", host(9), host(1), "d");
	assert_int_equal(ngu_shutdown(ngt_g(t), "b:"), 0);
	ngt_expect_hooks(t, "b:", NULL);
	ngt_end(t);
}

/* ---- commands ---- */

static void
test_config(void **state)
{
	struct ng_bridge_config c;
	const struct ng_mesg *r;
	char big[17] = { 0 };

	(void)state;
	make("a link0");
	assert_int_equal(sizeof(c), 16);
	r = ngt_msg(t, "b:", C, NGM_BRIDGE_GET_CONFIG, NULL, 0);
	assert_int_equal(r->header.arglen, sizeof(c));
	memcpy(&c, r->data, sizeof(c));
	assert_int_equal(c.debugLevel, 1);
	assert_int_equal(c.loopTimeout, 60);
	assert_int_equal(c.maxStaleness, 900);
	assert_int_equal(c.minStableAge, 1);
	config(3, 0xfffffffe, 5, 0);
	r = ngt_msg(t, "b:", C, NGM_BRIDGE_GET_CONFIG, NULL, 0);
	memcpy(&c, r->data, sizeof(c));
	assert_int_equal(c.debugLevel, 3);
	assert_int_equal(c.loopTimeout, 0xfffffffe);
	assert_int_equal(c.maxStaleness, 5);
	assert_int_equal(c.minStableAge, 0);
	ngt_msg_error(t, "b:", C, NGM_BRIDGE_SET_CONFIG, big, 15, EINVAL);
	ngt_msg_error(t, "b:", C, NGM_BRIDGE_SET_CONFIG, big, 17, EINVAL);
	ngt_msg_error(t, "b:", C, NGM_BRIDGE_SET_CONFIG, NULL, 0, EINVAL);
	r = ngt_msg(t, "b:", C, NGM_BRIDGE_GET_CONFIG, NULL, 0);
	assert_memory_equal(r->data, &c, sizeof(c));
	ngt_end(t);
}

static void
test_unknown_commands(void **state)
{
	uint32_t n = 0;

	(void)state;
	make("a link0");
	ngt_msg_error(t, "b:", C, 0, NULL, 0, EINVAL);
	ngt_msg_error(t, "b:", C, 10, NULL, 0, EINVAL);
	ngt_msg_error(t, "b:", C, NGM_BRIDGE_GET_CONFIG | NGM_READONLY, NULL, 0, EINVAL);
	ngt_msg_error(t, "b:", 967239368, NGM_BRIDGE_GET_CONFIG, NULL, 0, EINVAL); /* the cookie of the tables with numbers */
	ngt_msg_error(t, "b:", NGM_FLOW_COOKIE, NGM_LINK_IS_UP, NULL, 0, EINVAL);
	ngt_msg_error(t, "b:", NGM_GENERIC_COOKIE, NGM_TEXT_STATUS, NULL, 0, EINVAL);
	ngt_msg_error(t, "b:", NGM_GENERIC_COOKIE, NGM_TEXT_CONFIG, NULL, 0, EINVAL);
	for (uint32_t cmd = NGM_BRIDGE_GET_STATS; cmd <= NGM_BRIDGE_GETCLR_STATS; cmd++) {
		ngt_msg_error(t, "b:", C, cmd, &n, 3, EINVAL);
		ngt_msg_error(t, "b:", C, cmd, (uint64_t[]){ 0 }, 8, EINVAL);
		ngt_msg_error(t, "b:", C, cmd, NULL, 0, EINVAL);
	}
	ngt_end(t);
}

/* Link 3 is link3, link -3 is uplink3; one that is not connected has no statistics. */
static void
test_stats_of_which_link(void **state)
{
	static const int32_t absent[] = { 1, -1, -3, 3, INT32_MAX, INT32_MIN };

	(void)state;
	make("a link0; c uplink2; d link2");
	sent("a", BCAST, host(1), "cd");
	sent("c", BCAST, host(2), "ad");
	sent("c", BCAST, host(2), "ad");
	assert_int_equal(stats(0).recvPackets, 1);
	assert_int_equal(stats(2).recvPackets, 0);
	assert_int_equal(stats(-2).recvPackets, 2);
	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		for (uint32_t cmd = NGM_BRIDGE_GET_STATS; cmd <= NGM_BRIDGE_GETCLR_STATS; cmd++)
			ngt_msg_error(t, "b:", C, cmd, &absent[i], sizeof(absent[i]), ENOTCONN);
	assert_int_equal(ngu_rmhook(ngt_g(t), "b:", "link2"), 0);
	ngt_msg_error(t, "b:", C, NGM_BRIDGE_GET_STATS, (int32_t[]){ 2 }, 4, ENOTCONN);
	ngt_end(t);
}

static void
test_clearing_stats(void **state)
{
	struct ng_bridge_link_stats st, zero = { 0 };
	const struct ng_mesg *r;
	int32_t n = 0;

	(void)state;
	make("a link0; c link1");
	sent("a", BCAST, host(1), "c");
	st = stats(0);
	r = ngt_msg(t, "b:", C, NGM_BRIDGE_GETCLR_STATS, &n, sizeof(n));
	assert_int_equal(r->header.arglen, sizeof(st));
	assert_memory_equal(r->data, &st, sizeof(st));
	assert_int_equal(st.recvPackets, 1);
	st = stats(0);
	assert_memory_equal(&st, &zero, sizeof(st));
	assert_int_equal(stats(1).xmitPackets, 1); /* the other link's are its own */
	n = 1;
	assert_null(ngt_msg(t, "b:", C, NGM_BRIDGE_CLR_STATS, &n, sizeof(n)));
	st = stats(1);
	assert_memory_equal(&st, &zero, sizeof(st));
	sent("a", BCAST, host(1), "c");
	assert_int_equal(stats(0).recvPackets, 1);
	ngt_end(t);
}

/* Each command as text, and what the replies look like. */
static void
text(int error, const char *cmd, const char *args, const char *reply)
{
	static char out[65536];

	assert_int_equal(ascii_msg(ngt_g(t), "b:", cmd, args, out, sizeof(out)), error);
	assert_string_equal(out, reply);
}

static void
test_text(void **state)
{
	(void)state;
	make("a link0; c link1; u uplink1");
	text(0, "getconfig", NULL, "{ debugLevel=1 loopTimeout=60 maxStaleness=900 minStableAge=1 }");
	text(0, "setconfig", "{ debugLevel=2 loopTimeout=7 maxStaleness=1000 }", "");
	text(0, "getconfig", NULL, "{ debugLevel=2 loopTimeout=7 maxStaleness=1000 }");
	text(EINVAL, "setconfig", "", "");
	text(ENOENT, "setconfig", "{ debug=2 }", "");
	text(0, "gettable", NULL, "{}");
	text(0, "getstats", "0", "{}");
	sent("a", BCAST, host(1), "cu");
	sent("c", host(1), host(2), "a");
	sent("u", host(9), host(3), "ac");
	seconds(3);
	text(0, "getstats", "0", "{ recvOctets=21 recvPackets=1 recvBroadcast=1 xmitOctets=42 xmitPackets=2 }");
	text(0, "getstats", "1", "{ recvOctets=21 recvPackets=1 xmitOctets=42 xmitPackets=2 xmitBroadcasts=1 }");
	text(0, "getclrstats", "-1", "{ recvOctets=21 recvPackets=1 recvUnknown=1 xmitOctets=21 xmitPackets=1 xmitBroadcasts=1 }");
	text(0, "getstats", "-1", "{}");
	text(0, "getstats", "4294967295", "{}"); /* the same link */
	text(ENOTCONN, "getstats", "5", "");
	text(0, "clrstats", "0", "");
	text(0, "getstats", "0", "{}");
	text(0, "gettable", NULL, "{ numHosts=2 hosts=[ { addr=02:00:00:00:00:02 hook=\"link1\" age=3 staleness=3 }"
	    " { addr=02:00:00:00:00:01 hook=\"link0\" age=3 staleness=3 } ] }");
	text(0, "movehost", "{ addr=02:00:00:00:00:01 hook=\"uplink1\" }", "");
	at(1, "uplink1", 0, 0);
	text(EOPNOTSUPP, "movehost", "{ hook=\"uplink1\" }", "");
	text(ENOENT, "movehost", "{ addr=02:00:00:00:00:05 hook=\"link5\" }", "");
	text(ENOENT, "movehost", "{ addr=02:00:00:00:00:05 }", "");
	text(0, "reset", NULL, "");
	text(0, "gettable", NULL, "{}");
	text(0, "setpersistent", NULL, "");
	text(ENOSYS, "getlinks", NULL, "");
	ngt_end(t);
}

/* ---- learning and forwarding ---- */

static void
test_learning(void **state)
{
	(void)state;
	make("a link0; c link1; d link2");
	assert_int_equal(hosts(), 0);
	sent("a", host(2), host(1), "cd");	/* nobody knows 2 */
	at(1, "link0", 0, 0);
	assert_int_equal(hosts(), 1);
	sent("c", host(1), host(2), "a");	/* 1 is known by now */
	at(2, "link1", 0, 0);
	sent("a", host(2), host(1), "c");
	sent("d", host(2), host(3), "c");
	silent("acd");
	assert_int_equal(hosts(), 3);
	/* Source and destination behind the same link: not our business. */
	ngt_send(P("a"), NULL, frame(host(1), host(4)));
	ngt_send(P("a"), NULL, frame(host(1), host(1)));
	silent("acd");
	at(4, "link0", 0, 0);
	assert_int_equal(stats(0).recvUnknown, 1);
	assert_int_equal(stats(1).recvUnknown, 0);
	ngt_end(t);
}

/* Groups go everywhere else, whatever the table says; a group is nobody's address. */
static void
test_groups(void **state)
{
	struct ng_bridge_link_stats st;

	(void)state;
	make("a link0; c link1; d uplink1");
	sent("a", MCAST, host(1), "cd");
	sent("a", BCAST, host(1), "cd");
	sent("a", BCAST, host(1), "cd");
	sent("d", "33:33:00:00:00:01", host(2), "ac");
	silent("acd");
	st = stats(0);
	assert_int_equal(st.recvPackets, 3);
	assert_int_equal(st.recvOctets, 3 * FRAME_LEN);
	assert_int_equal(st.recvMulticasts, 1);
	assert_int_equal(st.recvBroadcasts, 2);
	assert_int_equal(st.recvUnknown, 0);
	assert_int_equal(st.xmitPackets, 1);
	assert_int_equal(st.xmitOctets, FRAME_LEN);
	assert_int_equal(st.xmitMulticasts, 1);
	assert_int_equal(st.xmitBroadcasts, 0);
	st = stats(1);
	assert_int_equal(st.recvPackets, 0);
	assert_int_equal(st.xmitPackets, 4);
	assert_int_equal(st.xmitOctets, 4 * FRAME_LEN);
	assert_int_equal(st.xmitMulticasts, 2);
	assert_int_equal(st.xmitBroadcasts, 2);
	st = stats(-1);
	assert_int_equal(st.recvMulticasts, 1);
	assert_int_equal(st.recvBroadcasts, 0);
	assert_int_equal(st.xmitMulticasts, 1);
	assert_int_equal(st.xmitBroadcasts, 2);
	ngt_end(t);
}

static void
test_alone(void **state)
{
	(void)state;
	make("a link0");
	ngt_send(P("a"), NULL, frame(host(2), host(1)));
	ngt_send(P("a"), NULL, frame(BCAST, host(1)));
	silent("a");
	assert_int_equal(stats(0).recvPackets, 2);
	assert_int_equal(stats(0).recvUnknown, 1);
	ngt_end(t);
}

/* Too short, then sent by a group, then muted: in this order, and nothing else is counted or learned. */
static void
test_bad_frames(void **state)
{
	struct ng_bridge_link_stats st;

	(void)state;
	make("a link0; c link1");
	assert_int_equal(ngt_try_send(P("a"), NULL, ngt_bytes(NULL, 0)), EINVAL);
	assert_int_equal(ngt_try_send(P("a"), NULL, "ffffffffffff 020000000001 08"), EINVAL);
	assert_int_equal(ngt_try_send(P("a"), NULL, "ffffffffffff 010000000001 08"), EINVAL); /* a runt first of all */
	ngt_send(P("a"), NULL, "ffffffffffff 020000000001 0800"); /* fourteen bytes are enough */
	ngt_expect(P("c"), NULL, "ffffffffffff 020000000001 0800");
	assert_int_equal(try("a", BCAST, MCAST), EINVAL);
	assert_int_equal(try("a", host(1), BCAST), EINVAL);
	st = stats(0);
	assert_int_equal(st.recvRunts, 3);
	assert_int_equal(st.recvInvalid, 2);
	assert_int_equal(st.recvPackets, 1);
	assert_int_equal(st.recvOctets, 14);
	assert_int_equal(st.loopDrops, 0);
	assert_int_equal(hosts(), 1);
	/* On a muted link the same. */
	assert_int_equal(try("c", BCAST, host(1)), ELOOP);
	assert_int_equal(try("c", BCAST, host(3)), ELOOP);
	assert_int_equal(ngt_try_send(P("c"), NULL, "00"), EINVAL);
	assert_int_equal(try("c", BCAST, MCAST), EINVAL);
	st = stats(1);
	assert_int_equal(st.recvRunts, 1);
	assert_int_equal(st.recvInvalid, 1);
	assert_int_equal(st.loopDrops, 2);
	assert_int_equal(st.recvPackets, 1); /* the one that showed the loop */
	silent("ac");
	ngt_end(t);
}

/* What a neighbour says comes back; the others get theirs, and what was refused does not count as sent. */
static void
test_refusing_neighbours(void **state)
{
	(void)state;
	make("a link0; c link1; d link2; e link3");
	ngt_refuse(P("d"), EPERM);
	assert_int_equal(try("a", BCAST, host(1)), EPERM); /* a copy */
	ngt_expect(P("c"), NULL, frame(BCAST, host(1)));
	ngt_expect(P("e"), NULL, frame(BCAST, host(1)));
	ngt_refuse(P("d"), 0);
	ngt_refuse(P("c"), EACCES);
	assert_int_equal(try("a", BCAST, host(1)), EACCES); /* the original: link1 is the oldest */
	ngt_expect(P("e"), NULL, frame(BCAST, host(1)));
	assert_int_equal(stats(1).xmitPackets, 1);
	assert_int_equal(stats(1).xmitBroadcasts, 1);
	assert_int_equal(stats(1).xmitOctets, FRAME_LEN);
	assert_int_equal(stats(2).xmitPackets, 1);
	assert_int_equal(stats(3).xmitPackets, 2);
	/* Unicast. */
	ngt_send(P("c"), NULL, frame(host(1), host(2)));
	assert_int_equal(try("a", host(2), host(1)), EACCES);
	assert_int_equal(stats(1).xmitPackets, 1);
	assert_int_equal(stats(0).recvPackets, 3);
	assert_int_equal(stats(0).memoryFailures, 0);
	ngt_end(t);
}

/* ---- loops ---- */

static void
test_loop(void **state)
{
	struct ng_bridge_link_stats st;

	(void)state;
	make("a link0; c link1; d link2");
	sent("a", host(9), host(1), "cd");
	sent("c", host(9), host(2), "ad");
	sent("c", host(9), host(3), "ad");
	assert_int_equal(try("c", host(9), host(1)), ELOOP); /* 1 cannot be here already */
	silent("acd");
	/* The link that showed it is muted and its hosts are forgotten; host 1 stays where it was. */
	assert_int_equal(hosts(), 1);
	at(1, "link0", 0, 0);
	st = stats(1);
	assert_int_equal(st.loopDetects, 1);
	assert_int_equal(st.loopDrops, 1);
	assert_int_equal(st.recvPackets, 3);
	assert_int_equal(try("c", host(1), host(2)), ELOOP);
	assert_int_equal(try("c", BCAST, host(4)), ELOOP);
	assert_int_equal(hosts(), 1); /* nothing is learned there */
	st = stats(1);
	assert_int_equal(st.loopDetects, 1);
	assert_int_equal(st.loopDrops, 3);
	assert_int_equal(st.recvPackets, 3);
	/* The others are not affected, and the muted one still hears. */
	sent("d", BCAST, host(5), "ac");
	sent("d", host(1), host(5), "a");
	assert_int_equal(stats(0).loopDetects, 0);
	assert_int_equal(stats(2).loopDetects, 0);
	/* 60 seconds, no less and no more. */
	seconds(59);
	ngt_advance(t, 999);
	assert_int_equal(try("c", BCAST, host(2)), ELOOP);
	ngt_advance(t, 1);
	sent("c", BCAST, host(2), "ad");
	at(2, "link1", 0, 0);
	assert_int_equal(stats(1).loopDrops, 4);
	ngt_end(t);
}

/* Packets that were on their way when the loop showed do not make it a second one. */
static void
test_loop_in_a_burst(void **state)
{
	struct ng_bridge_link_stats st;
	struct nt_end a, b;
	struct mbuf *vec[3];
	static const uint8_t here[] = { 2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 1, 8, 0 };
	static const uint8_t other[] = { 2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 7, 8, 0 };
	int32_t n = 1;
	uint32_t known;
	struct ng_mesg *r = NULL;

	(void)state;
	ok(ngu_mknode(g, "bridge", "b", NULL));
	nt_open(&a, "b:", "link0");
	nt_open(&b, "b:", "link1");
	ok(ngu_port_send(a.port, ngu_packet(g, here, sizeof(here))));
	vec[0] = ngu_packet(g, here, sizeof(here));
	vec[1] = ngu_packet(g, other, sizeof(other));
	vec[2] = ngu_packet(g, here, sizeof(here));
	(void)ngu_port_send_burst(b.port, vec, 3);
	ok(ngu_settle(g, 10000));
	nt_ask("b:", C, NGM_BRIDGE_GET_STATS, &n, sizeof(n), &st, sizeof(st));
	assert_int_equal(st.loopDetects, 1);
	assert_true(st.loopDrops == 2 || st.loopDrops == 3);
	ok(ngu_msg(g, "b:", C, NGM_BRIDGE_GET_TABLE, NULL, 0, &r));
	memcpy(&known, r->data, sizeof(known));
	assert_int_equal(known, 1);
	ngu_msg_free(r);
	nt_close(&a);
	nt_close(&b);
}

static void
test_loop_settings(void **state)
{
	(void)state;
	make("a link0; c link1");
	/* minStableAge 0: nobody moves too fast. */
	config(1, 60, 900, 0);
	sent("a", host(9), host(1), "c");
	sent("c", host(9), host(1), "a");
	at(1, "link1", 0, 0);
	/* loopTimeout 2 */
	config(1, 2, 900, 3);
	seconds(2);
	at(1, "link1", 2, 2);
	assert_int_equal(try("a", host(9), host(1)), ELOOP);
	seconds(1); /* now 1 is old enough, but link0 is muted for one more second */
	assert_int_equal(try("a", host(9), host(1)), ELOOP);
	assert_int_equal(stats(0).loopDetects, 1);
	seconds(1);
	sent("a", host(9), host(1), "c");
	at(1, "link0", 0, 0);
	/* loopTimeout 0: the packet is dropped, the link is not muted. */
	config(1, 0, 900, 3);
	assert_int_equal(try("c", host(9), host(1)), ELOOP);
	sent("c", host(9), host(2), "a");
	assert_int_equal(stats(1).loopDetects, 1);
	ngt_end(t);
}

/* Loops are logged from level 2 on. */
static void
test_loop_log(void **state)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .fake_clock = true, .log = nt_log_line };

	(void)state;
	for (unsigned level = 0; level < 4; level++) {
		nt_log[0] = '\0';
		t = ngt_graph_with(&o, "bridge b; probe a.x - b.link0; probe c.x - b.link1");
		config(level, 5, 900, 1);
		sent("a", host(9), host(1), "c");
		assert_int_equal(try("c", host(9), host(1)), ELOOP);
		seconds(5);
		if (level < 2) {
			assert_string_equal(nt_log, "");
		} else {
			assert_non_null(strstr(nt_log, "ng_bridge b["));
			assert_non_null(strstr(nt_log, "02:00:00:00:00:01 is on link0 and on link1, which is muted for 5 s"));
			assert_non_null(strstr(nt_log, "link1 is not muted any more"));
		}
		ngt_end(t);
	}
}

static void
test_moving(void **state)
{
	(void)state;
	make("a link0; c link1; d link2");
	sent("a", host(9), host(1), "cd");
	seconds(1);
	at(1, "link0", 1, 1);
	sent("c", host(9), host(1), "ad"); /* one second is old enough */
	at(1, "link1", 0, 0);
	sent("d", host(1), host(5), "c");
	assert_int_equal(hosts(), 2);
	assert_int_equal(stats(1).loopDetects, 0);
	/* Losing link0 forgets nobody any more, losing link1 forgets host 1. */
	assert_int_equal(ngu_rmhook(ngt_g(t), "b:", "link0"), 0);
	assert_int_equal(hosts(), 2);
	assert_int_equal(ngu_rmhook(ngt_g(t), "b:", "link1"), 0);
	assert_int_equal(hosts(), 1);
	assert_null(entry(1));
	ngt_end(t);
}

/* ---- time ---- */

static void
test_ageing(void **state)
{
	(void)state;
	make("a link0; c link1");
	config(1, 60, 5, 1);
	ngt_advance(t, 300); /* the node's seconds began when it was made */
	sent("a", host(9), host(1), "c");
	ngt_advance(t, 699);
	at(1, "link0", 0, 0);
	ngt_advance(t, 1);
	at(1, "link0", 1, 1);
	seconds(3);
	at(1, "link0", 4, 4);
	sent("c", host(1), host(2), "a"); /* being spoken to is no sign of life */
	at(1, "link0", 4, 4);
	sent("a", host(2), host(1), "c");
	at(1, "link0", 4, 0);
	seconds(4);
	at(1, "link0", 8, 4);
	at(2, "link1", 4, 4);
	ngt_advance(t, 999);
	at(1, "link0", 8, 4);
	ngt_advance(t, 1);
	assert_null(entry(1));
	assert_int_equal(hosts(), 0);
	sent("c", host(1), host(2), "a");
	assert_int_equal(stats(1).recvUnknown, 1);
	ngt_end(t);
}

static void
test_ageing_by_default(void **state)
{
	(void)state;
	make("a link0; c link1");
	sent("a", host(9), host(1), "c");
	seconds(899);
	at(1, "link0", 899, 899);
	seconds(1);
	assert_null(entry(1));
	ngt_end(t);
}

/* Both fields stop at what sixteen bits hold; beyond it a host is still forgotten at the second that was asked for. */
static void
test_ageing_at_length(void **state)
{
	(void)state;
	make("a link0; c link1");
	config(1, 60, 65540, 1);
	sent("a", host(9), host(1), "c");
	seconds(65534);
	at(1, "link0", 65534, 65534);
	seconds(1);
	at(1, "link0", 65535, 65535);
	seconds(4);
	at(1, "link0", 65535, 65535);
	seconds(1);
	assert_null(entry(1));
	ngt_end(t);
}

static void
test_losing_a_link(void **state)
{
	(void)state;
	make("a link0; c link1; d link2");
	sent("a", BCAST, host(1), "cd");
	sent("a", BCAST, host(2), "cd");
	sent("c", BCAST, host(3), "ad");
	assert_int_equal(ngu_shutdown(ngt_g(t), "a:"), 0);
	assert_int_equal(hosts(), 1);
	at(3, "link1", 0, 0);
	sent("c", host(1), host(3), "d"); /* unknown again */
	/* Nothing of the old link is left to the new one. */
	ngt_add(t, "probe f.x - b.link0");
	assert_int_equal(stats(0).recvPackets, 0);
	assert_int_equal(hosts(), 1);
	ngt_end(t);
}

static void
test_reset(void **state)
{
	struct ng_bridge_link_stats st, zero = { 0 };

	(void)state;
	make("a link0; c link1; d uplink1");
	config(1, 60, 900, 2);
	sent("a", BCAST, host(1), "cd");
	sent("d", BCAST, host(2), "ac");
	assert_int_equal(try("c", BCAST, host(1)), ELOOP);
	command(NGM_BRIDGE_RESET);
	assert_int_equal(hosts(), 0);
	for (int n = -1; n < 2; n++) {
		st = stats(n);
		assert_memory_equal(&st, &zero, sizeof(st));
	}
	sent("c", BCAST, host(1), "ad"); /* not muted, and it never was anywhere else */
	at(1, "link1", 0, 0);
	/* The configuration is not reset. */
	seconds(1);
	assert_int_equal(try("a", BCAST, host(1)), ELOOP);
	ngt_end(t);
}

/* ---- movehost ---- */

static void
move(unsigned n, const char *hook, int error)
{
	struct ng_bridge_move_host mh = { { 2, 0, 0, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n }, "" };

	(void)snprintf(mh.hook, sizeof(mh.hook), "%s", hook);
	assert_int_equal(sizeof(mh), 38);
	if (error == 0)
		assert_null(ngt_msg(t, "b:", C, NGM_BRIDGE_MOVE_HOST, &mh, sizeof(mh)));
	else
		ngt_msg_error(t, "b:", C, NGM_BRIDGE_MOVE_HOST, &mh, sizeof(mh), error);
}

static void
test_movehost(void **state)
{
	struct ng_bridge_move_host mh = { { 2, 0, 0, 0, 0, 7 }, "" };
	char longer[50] = { 0 };

	(void)state;
	make("a link0; c link1; d uplink1");
	move(1, "link1", 0);
	at(1, "link1", 0, 0);
	sent("a", host(1), host(2), "c");
	move(2, "uplink1", ELOOP); /* just heard on link0: the uplink is muted */
	assert_int_equal(stats(-1).loopDetects, 1);
	assert_int_equal(stats(-1).loopDrops, 0); /* no packet was */
	assert_int_equal(try("d", BCAST, host(3)), ELOOP);
	move(4, "uplink1", ELOOP); /* nobody is behind a muted link */
	assert_int_equal(hosts(), 2);
	seconds(60);
	move(2, "uplink1", 0);
	at(2, "uplink1", 0, 0);
	sent("a", host(2), host(5), "d");
	seconds(5);
	move(1, "link1", 0); /* where it is: it was heard */
	at(1, "link1", 65, 0);

	move(1, "link7", ENOENT);
	move(1, "nonsense", ENOENT);
	move(1, "", ENOENT); /* by no hook */
	memset(mh.hook, 'l', sizeof(mh.hook)); /* no end */
	ngt_msg_error(t, "b:", C, NGM_BRIDGE_MOVE_HOST, &mh, sizeof(mh), ENOENT);
	memset(mh.hook, 0, sizeof(mh.hook));
	ngt_msg_error(t, "b:", C, NGM_BRIDGE_MOVE_HOST, &mh, 37, EINVAL);
	ngt_msg_error(t, "b:", C, NGM_BRIDGE_MOVE_HOST, NULL, 0, EINVAL);
	/* Longer is fine. */
	memcpy(longer, "\x02\0\0\0\0\x06link0", 11);
	assert_null(ngt_msg(t, "b:", C, NGM_BRIDGE_MOVE_HOST, longer, sizeof(longer)));
	at(6, "link0", 0, 0);
	/* Without a name it is the hook the message comes by. */
	assert_int_equal(ngt_send_msg(P("c"), "x", C, NGM_BRIDGE_MOVE_HOST, &mh, sizeof(mh)), 0);
	at(7, "link1", 0, 0);
	assert_int_equal(ngt_send_msg(P("a"), "x", C, NGM_BRIDGE_MOVE_HOST, &mh, sizeof(mh)), ELOOP);
	assert_int_equal(stats(0).loopDetects, 1);
	ngt_end(t);
}

/* ---- uplinks ---- */

/* An uplink that was there first: the links are private, unknown hosts are behind uplinks. */
static void
test_uplink_private(void **state)
{
	(void)state;
	make("u uplink1; a link1; c link2; v uplink2");
	sent("a", host(9), host(1), "uv");
	sent("u", host(9), host(8), "v");	/* links are not asked */
	sent("v", host(9), host(8), "u");
	silent("ac");
	sent("u", host(1), host(8), "a");	/* but a known host is found */
	sent("c", host(1), host(2), "a");
	sent("a", BCAST, host(1), "cuv");
	sent("u", BCAST, host(8), "acv");
	assert_int_equal(hosts(), 2); /* nobody was learned on the uplinks */
	assert_null(entry(8));
	silent("acuv");
	/* For good: also when all uplinks are gone and come back. */
	assert_int_equal(ngu_rmhook(ngt_g(t), "b:", "uplink1"), 0);
	assert_int_equal(ngu_rmhook(ngt_g(t), "b:", "uplink2"), 0);
	ngt_add(t, "probe d.x - b.link3");
	ngt_send(P("a"), NULL, frame(host(9), host(1)));
	silent("cd");
	assert_int_equal(stats(1).recvUnknown, 2);
	ngt_end(t);
}

/* A link that was there first: uplinks differ from links in that they learn nobody. */
static void
test_uplink_classic(void **state)
{
	(void)state;
	make("a link1; u uplink1; c link2");
	sent("a", host(9), host(1), "uc");
	sent("u", host(9), host(8), "ac");
	sent("c", host(8), host(2), "au");	/* 8 was not learned */
	sent("u", host(1), host(8), "a");
	assert_int_equal(hosts(), 2);
	assert_int_equal(stats(-1).recvUnknown, 1);
	ngt_end(t);
}

/* Links that were there before the first uplink keep what they have. */
static void
test_uplink_alone_again(void **state)
{
	(void)state;
	make("a link1; u uplink1");
	assert_int_equal(ngu_rmhook(ngt_g(t), "b:", "link1"), 0);
	ngt_add(t, "probe c.x - b.link2; probe d.x - b.link3");
	sent("c", host(9), host(1), "ud"); /* uplink1 was not the only hook when it connected */
	ngt_end(t);
	/* One that comes back alone is. */
	make("a link1; u uplink1");
	command(NGM_BRIDGE_SET_PERSISTENT);
	assert_int_equal(ngu_rmhook(ngt_g(t), "b:", "link1"), 0);
	assert_int_equal(ngu_rmhook(ngt_g(t), "b:", "uplink1"), 0);
	ngt_add(t, "probe v.x - b.uplink1; probe c.x - b.link2; probe d.x - b.link3");
	sent("c", host(9), host(1), "v");
	silent("d");
	ngt_end(t);
}

/* A host of a link that is heard on the uplink has moved there, or shows a loop. */
static void
test_uplink_takes_a_host(void **state)
{
	(void)state;
	make("a link1; c link2; u uplink1");
	sent("a", host(9), host(1), "cu");
	assert_int_equal(try("u", host(9), host(1)), ELOOP);
	assert_int_equal(stats(-1).loopDetects, 1);
	seconds(60);
	sent("u", host(9), host(1), "ac");
	at(1, "uplink1", 0, 0);
	sent("c", host(1), host(2), "u");
	seconds(3);
	sent("u", host(2), host(1), "c");
	at(1, "uplink1", 3, 0);
	sent("a", host(9), host(1), "cu"); /* and back */
	at(1, "link1", 0, 0);
	ngt_end(t);
}

/* ---- memory is short ---- */

static _Atomic unsigned refuse_at, seen;
static _Atomic bool refuse_all;

static bool
refuse(size_t size)
{
	(void)size;
	seen++;
	return (refuse_at == 0 || (refuse_all ? seen < refuse_at : seen != refuse_at));
}

static void
refusing(unsigned n, bool all)
{
	refuse_at = n;
	refuse_all = all;
	seen = 0;
	ngu__port_alloc_hook = refuse;
}

static void
generous(void)
{
	ngu__port_alloc_hook = NULL;
}

static uint8_t big[400];

static struct mbuf *
a_frame(const char *dst, unsigned src)
{
	memcpy(big, "\xff\xff\xff\xff\xff\xff\x02\0\0\0\0\0\x88\xb5", 14);
	if (dst != NULL)
		memcpy(big, dst, 6);
	big[10] = (uint8_t)(src >> 8);
	big[11] = (uint8_t)src;
	return (ngu_packet(g, big, sizeof(big)));
}

static struct ng_bridge_link_stats
nt_stats(int link)
{
	struct ng_bridge_link_stats st;
	int32_t n = link;

	nt_ask("b:", C, NGM_BRIDGE_GET_STATS, &n, sizeof(n), &st, sizeof(st));
	return (st);
}

static uint32_t
nt_hosts(void)
{
	struct ng_mesg *r = NULL;
	uint32_t n;

	ok(ngu_msg(g, "b:", C, NGM_BRIDGE_GET_TABLE, NULL, 0, &r));
	memcpy(&n, r->data, sizeof(n));
	assert_int_equal(r->header.arglen, 4 + n * 42);
	ngu_msg_free(r);
	return (n);
}

/* Each allocation of a flood refused in turn. What could not be copied is told to the sender and counted, the rest arrives. */
static void
test_copy_failure(void **state)
{
	struct nt_end e[4];
	unsigned copies = 0, before[4];
	uint64_t failures;
	struct mbuf *m;
	char hook[8];
	unsigned n;
	int error;

	(void)state;
	ok(ngu_mknode(g, "bridge", "b", NULL));
	for (int i = 0; i < 4; i++) {
		(void)snprintf(hook, sizeof(hook), "link%d", i);
		nt_open(&e[i], "b:", hook);
	}
	ok(ngu_port_send(e[0].port, a_frame(NULL, 1))); /* learned: no message about that below */
	ngu__zone_bypass(true);
	for (n = 1;; n++) {
		for (int i = 0; i < 4; i++)
			before[i] = e[i].n;
		failures = nt_stats(0).memoryFailures;
		m = a_frame(NULL, 1);
		refusing(n, false);
		error = ngu_port_send(e[0].port, m);
		generous();
		if (seen < n)
			break;
		failures = nt_stats(0).memoryFailures - failures;
		if (error == ENOBUFS) { /* a copy: to whom it had not gone yet it does not go */
			assert_int_equal(failures, 1);
			assert_int_equal(e[1].n, before[1]);
			assert_true(e[2].n - before[2] <= e[3].n - before[3]);
			copies++;
		} else { /* an item on the way to, or behind, the bridge */
			assert_int_equal(error, ENOMEM);
			assert_int_equal(failures, 0);
		}
		assert_int_equal(e[0].n, 0);
	}
	ok(error);
	assert_true(copies >= 2); /* two copies were made, of one or more buffers each */
	for (int i = 1; i < 4; i++) {
		assert_int_equal(e[i].n, before[i] + 1);
		assert_int_equal(nt_stats(i).xmitPackets, e[i].n);
	}
	ngu__zone_bypass(false);
	for (int i = 0; i < 4; i++)
		nt_close(&e[i]);
}

/* A host that cannot be learned is counted, and the packet goes on. */
static void
test_learning_failure(void **state)
{
	struct nt_end a, b;
	unsigned n, lost = 0;
	uint32_t known;
	uint64_t failures;
	struct mbuf *m;
	int error;

	(void)state;
	ok(ngu_mknode(g, "bridge", "b", NULL));
	nt_open(&a, "b:", "link0");
	nt_open(&b, "b:", "link1");
	ngu__zone_bypass(true);
	for (n = 1;; n++) {
		known = nt_hosts();
		failures = nt_stats(0).memoryFailures;
		m = a_frame(NULL, 100 + n);
		refusing(n, false);
		error = ngu_port_send(a.port, m);
		generous();
		ok(ngu_settle(g, 10000));
		if (seen < n)
			break;
		failures = nt_stats(0).memoryFailures - failures;
		if (nt_hosts() == known && nt_stats(0).recvPackets == n) { /* it came to the bridge and was not learned */
			ok(error);
			assert_int_equal(failures, 1);
			assert_int_equal(b.n, n);
			lost++;
		} else if (error != 0) { /* an item: the packet did not come, or did not get through */
			assert_int_equal(error, ENOMEM);
			nt_close(&a);
			ok(ngu_port_open(g, "b:", "link0", nt_rx, &a, &a.port));
			ok(nt_tell("b:", C, NGM_BRIDGE_RESET, NULL, 0));
			for (unsigned i = 0; i < n; i++) /* as many as before */
				ok(ngu_port_send(a.port, a_frame(NULL, 1)));
			b.n = n;
		}
	}
	ok(error);
	assert_true(lost >= 3); /* message, item, host */
	assert_int_equal(nt_hosts(), known + 1);
	ngu__zone_bypass(false);
	nt_close(&a);
	nt_close(&b);
}

/* Explicit messages say what is wrong, and replies too. */
static void
test_refused_commands(void **state)
{
	static const uint32_t asking[] = { NGM_BRIDGE_GET_CONFIG, NGM_BRIDGE_GET_STATS, NGM_BRIDGE_GETCLR_STATS, NGM_BRIDGE_GET_TABLE };
	struct ng_bridge_move_host mh = { { 2, 0, 0, 0, 0, 9 }, "link1" };
	struct nt_end a, b;
	struct ng_mesg *r;
	uint32_t link = 0;
	unsigned n;
	int error;

	(void)state;
	ok(ngu_mknode(g, "bridge", "b", NULL));
	nt_open(&a, "b:", "link0");
	nt_open(&b, "b:", "link1");
	ok(ngu_port_send(a.port, a_frame(NULL, 1)));
	ngu__zone_bypass(true);
	for (size_t i = 0; i < 4; i++) {
		const bool stats = asking[i] == NGM_BRIDGE_GET_STATS || asking[i] == NGM_BRIDGE_GETCLR_STATS;
		unsigned failed = 0;

		for (n = 1;; n++) {
			r = NULL;
			refusing(n, false);
			error = ngu_msg(g, "b:", C, asking[i], stats ? &link : NULL, stats ? sizeof(link) : 0, &r);
			generous();
			if (seen < n)
				break;
			failed += error == ENOMEM;
			if (error != 0)
				assert_null(r);
			ngu_msg_free(r);
			/* What could not be told was not cleared. */
			if (error != 0 && asking[i] == NGM_BRIDGE_GETCLR_STATS)
				assert_int_equal(nt_stats(0).recvPackets, 1);
		}
		ok(error);
		assert_non_null(r);
		ngu_msg_free(r);
		assert_true(failed >= 1);
	}
	for (n = 1;; n++) {
		refusing(n, false);
		error = nt_tell("b:", C, NGM_BRIDGE_MOVE_HOST, &mh, sizeof(mh));
		generous();
		if (seen < n)
			break;
		assert_int_equal(error, ENOMEM);
		assert_int_equal(nt_hosts(), 1);
	}
	ok(error);
	assert_int_equal(nt_hosts(), 2);
	assert_int_equal(nt_stats(1).memoryFailures, 1);
	ngu__zone_bypass(false);
	nt_close(&a);
	nt_close(&b);
}

/* Nodes and links that could not be made are not there, and can be made afterwards. */
static void
test_refused_links(void **state)
{
	struct ngu_graph_stats st;
	struct nt_end a;
	unsigned n;
	int error;

	(void)state;
	ok(ngu_mknode(g, "bridge", "b", NULL));
	nt_open(&a, "b:", "link5");
	ngu__zone_bypass(true);
	for (n = 1;; n++) {
		refusing(n, false);
		error = ngu_mkpeer(g, "b:", "hole", "link", "h");
		generous();
		ok(ngu_settle(g, 10000));
		if (seen < n)
			break;
		if (error != 0) {
			assert_true(error == ENOMEM || error == ENOBUFS);
		} else {
			ok(ngu_rmhook(g, "b:", "link0")); /* one that was not needed */
		}
		assert_int_equal(nt_hooks("b:"), 1);
	}
	ok(error);
	assert_int_equal(nt_tell("b:", C, NGM_BRIDGE_CLR_STATS, (uint32_t[]){ 0 }, 4), 0);
	assert_true(n > 16); /* fourteen counters, the link, and what the core needs */
	ngu__zone_bypass(false);
	ngu_reclaim_barrier();
	ngu_graph_stats(g, &st);
	assert_int_equal(st.nodes, 3);
	nt_close(&a);
}

/* The timer that could not be armed again is armed as soon as something happens. */
static void
test_refused_timer(void **state)
{
	struct nt_end a, b;

	(void)state;
	ok(ngu_mknode(g, "bridge", "b", NULL));
	nt_open(&a, "b:", "link0");
	nt_open(&b, "b:", "link1");
	ok(ngu_port_send(a.port, a_frame(NULL, 1)));
	ngu__zone_bypass(true);
	refusing(1, true);
	(void)!ngu_clock_advance(g, 1000000000);
	generous();
	assert_true(seen > 0);
	ok(ngu_clock_advance(g, 2000000000000)); /* no second is counted */
	ok(ngu_port_send(a.port, a_frame(NULL, 1))); /* a known host: no other reason for a message */
	ok(ngu_settle(g, 10000));
	ngu__zone_bypass(false);
	ok(ngu_clock_advance(g, 899000000000));
	assert_int_equal(nt_hosts(), 1);
	ok(ngu_clock_advance(g, 1000000000));
	assert_int_equal(nt_hosts(), 0);
	nt_close(&a);
	nt_close(&b);
}

/* ---- many ---- */

static void
test_many_hosts(void **state)
{
	enum { N = 20000 };
	static uint8_t had[N];
	struct ng_mesg *r = NULL;
	struct ng_bridge_hostent h;
	struct nt_end e[3];
	uint32_t n, id;
	char hook[8];

	(void)state;
	ok(ngu_mknode(g, "bridge", "b", NULL));
	for (int i = 0; i < 3; i++) {
		(void)snprintf(hook, sizeof(hook), "link%d", i);
		nt_open(&e[i], "b:", hook);
	}
	for (unsigned i = 0; i < N; i++)
		ok(ngu_port_send(e[i % 3].port, a_frame("\x02\0\0\0\xff\xff", i)));
	ok(ngu_settle(g, 10000));
	ok(ngu_msg(g, "b:", C, NGM_BRIDGE_GET_TABLE, NULL, 0, &r));
	memcpy(&n, r->data, sizeof(n));
	assert_int_equal(n, N);
	assert_int_equal(r->header.arglen, 4 + 42 * N);
	for (uint32_t i = 0; i < n; i++) {
		memcpy(&h, r->data + 4 + (size_t)i * sizeof(h), sizeof(h));
		id = (uint32_t)h.addr[4] << 8 | h.addr[5];
		assert_true(id < N);
		assert_int_equal(had[id]++, 0);
		(void)snprintf(hook, sizeof(hook), "link%u", id % 3);
		assert_string_equal(h.hook, hook);
	}
	ngu_msg_free(r);
	/* Each is still found, and all go: table sizes up and down. */
	memset(had, 0, sizeof(had));
	assert_int_equal(e[1].n + e[2].n + e[0].n, 2 * N);
	for (unsigned i = 0; i < N; i++) {
		char dst[6] = { 2, 0, 0, 0, (char)(i >> 8), (char)i };

		ok(ngu_port_send(e[(i + 1) % 3].port, a_frame(dst, (i + 1) % 3)));
	}
	assert_int_equal(e[1].n + e[2].n + e[0].n, 3 * N);
	ok(ngu_clock_advance(g, 899000000000));
	assert_int_equal(nt_hosts(), N);
	ok(ngu_clock_advance(g, 1000000000));
	assert_int_equal(nt_hosts(), 0);
	ok(ngu_clock_advance(g, 20000000000));
	for (unsigned i = 0; i < 100; i++)
		ok(ngu_port_send(e[i % 3].port, a_frame(NULL, i)));
	assert_int_equal(nt_hosts(), 100);
	for (int i = 0; i < 3; i++)
		nt_close(&e[i]);
}

/* ---- many threads ---- */

struct sender {
	pthread_t thread;
	struct nt_end end;
	unsigned id, count;
	uint64_t sent, failed;
	bool roaming;
};

#define SENDERS 4

/*
 * Each sender has addresses id * 256 + 0..15 of its own and talks to those of the next sender, to nobody (address ff), and
 * to all. Roaming: the addresses are everybody's.
 */
static void *
send_main(void *arg)
{
	struct sender *s = arg;
	uint8_t b[60] = { 0 };
	struct mbuf *m;

	for (unsigned i = 0; i < s->count; i++) {
		memcpy(b, "\x02\0\0\0\0\0\x02\0\0\0\0\0\x88\xb5", 14);
		b[4] = s->roaming ? 9 : (uint8_t)((s->id + 1) % SENDERS);
		b[5] = i / 3 % 16;
		if (i % 16 == 1)
			memset(b, 0xff, 6);
		else if (i % 16 == 2)
			b[5] = 0xff;
		b[10] = s->roaming ? 9 : (uint8_t)s->id;
		b[11] = i / 5 % 16;
		if ((m = ngu_packet(g, b, sizeof(b))) == NULL)
			abort();
		if (ngu_port_send(s->end.port, m) != 0)
			s->failed++;
		s->sent++;
	}
	return (NULL);
}

static void
run(struct sender *s, unsigned count, bool roaming, void (*meanwhile)(void *), void *arg)
{
	char hook[8];

	for (unsigned i = 0; i < SENDERS; i++) {
		memset(&s[i], 0, sizeof(s[i]));
		s[i].id = i;
		s[i].count = count;
		s[i].roaming = roaming;
		(void)snprintf(hook, sizeof(hook), "link%u", i);
		ok(ngu_port_open(g, "b:", hook, nt_rx_count, &s[i].end, &s[i].end.port));
	}
	for (unsigned i = 0; i < SENDERS; i++)
		assert_int_equal(pthread_create(&s[i].thread, NULL, send_main, &s[i]), 0);
	meanwhile(arg);
	for (unsigned i = 0; i < SENDERS; i++)
		assert_int_equal(pthread_join(s[i].thread, NULL), 0);
	ok(ngu_settle(g, 10000));
}

/* What each link took in and gave out, against what was sent and what arrived: exact. */
static void
check(struct sender *s)
{
	struct ng_bridge_link_stats st;

	for (unsigned i = 0; i < SENDERS; i++) {
		st = nt_stats((int)i);
		assert_int_equal(st.recvPackets + st.loopDrops, s[i].sent);
		assert_int_equal(st.recvOctets, st.recvPackets * 60);
		assert_int_equal(st.xmitPackets, s[i].end.n);
		assert_int_equal(st.xmitOctets, s[i].end.bytes);
		assert_int_equal(st.recvBroadcasts, (s[i].count + 14) / 16);
		assert_true(st.recvUnknown >= (s[i].count + 13) / 16);
		assert_int_equal(st.memoryFailures, 0);
		assert_int_equal(st.recvRunts + st.recvInvalid + st.loopDetects + st.loopDrops, 0);
	}
	for (unsigned i = 0; i < SENDERS; i++)
		nt_close(&s[i].end);
}

static void
rewire(void *arg)
{
	struct ng_bridge_config c = { 1, 60, 900, 0 };
	struct ngu_port *extra;
	struct ng_mesg *r;

	for (int i = 0; i < 60; i++) {
		ok(ngu_port_open(g, "b:", i % 3 == 0 ? "uplink" : "link", NULL, NULL, &extra));
		if (i % 4 == 0)
			ok(ngu_clock_advance(g, 1000000000));
		if (i % 5 == 0)
			ok(nt_tell("b:", C, NGM_BRIDGE_SET_CONFIG, &c, sizeof(c)));
		r = NULL;
		ok(ngu_msg(g, "b:", C, NGM_BRIDGE_GET_TABLE, NULL, 0, &r));
		ngu_msg_free(r);
		(void)nt_stats((int)(i % SENDERS));
		ngu_port_close(extra);
	}
	(void)arg;
}

static void
test_threads(void **state)
{
	struct sender s[SENDERS];

	(void)state;
	ok(ngu_mknode(g, "bridge", "b", NULL));
	run(s, 4000, false, rewire, NULL);
	assert_int_equal(nt_hosts(), 16 * SENDERS);
	check(s);
}

/* Hosts that jump from link to link in four threads: the table changes all the time under its readers. */
static void
test_roaming_threads(void **state)
{
	struct ng_bridge_config c = { 1, 60, 900, 0 };
	struct sender s[SENDERS];
	struct nt_end keep;

	(void)state;
	ok(ngu_mknode(g, "bridge", "b", NULL));
	nt_open(&keep, "b:", "link77");
	ok(nt_tell("b:", C, NGM_BRIDGE_SET_CONFIG, &c, sizeof(c)));
	run(s, 2000, true, rewire, NULL);
	assert_int_equal(nt_hosts(), 16);
	check(s);
	nt_close(&keep);
}

static void
shut(void *arg)
{
	(void)arg;
	for (int i = 0; i < 20; i++)
		(void)nt_hosts();
	ok(ngu_shutdown(g, "b:"));
}

/* The bridge goes while four threads send through it; the books are nt_teardown()'s. */
static void
test_shutdown_under_traffic(void **state)
{
	struct sender s[SENDERS];

	(void)state;
	ok(ngu_mknode(g, "bridge", "b", NULL));
	run(s, 4000, false, shut, NULL);
	assert_int_equal(ngu_lookup(g, "b:", NULL), ENOENT);
	for (unsigned i = 0; i < SENDERS; i++)
		nt_close(&s[i].end);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_names),
		ngt_test(test_numbering),
		ngt_test(test_connected_to_itself),
		ngt_test(test_persistence),
		ngt_test(test_config),
		ngt_test(test_unknown_commands),
		ngt_test(test_stats_of_which_link),
		ngt_test(test_clearing_stats),
		ngt_test(test_text),
		ngt_test(test_learning),
		ngt_test(test_groups),
		ngt_test(test_alone),
		ngt_test(test_bad_frames),
		ngt_test(test_refusing_neighbours),
		ngt_test(test_loop),
		ngt_test(test_loop_settings),
		ngt_test(test_loop_log),
		ngt_test(test_moving),
		ngt_test(test_ageing),
		ngt_test(test_ageing_by_default),
		ngt_test(test_ageing_at_length),
		ngt_test(test_losing_a_link),
		ngt_test(test_reset),
		ngt_test(test_movehost),
		ngt_test(test_uplink_private),
		ngt_test(test_uplink_classic),
		ngt_test(test_uplink_alone_again),
		ngt_test(test_uplink_takes_a_host),
		nt_test(test_loop_in_a_burst),
		nt_test(test_copy_failure),
		nt_test(test_learning_failure),
		nt_test(test_refused_commands),
		nt_test(test_refused_links),
		nt_test(test_refused_timer),
		nt_test(test_many_hosts),
		nt_test(test_threads),
		nt_test(test_roaming_threads),
		nt_test(test_shutdown_under_traffic),
	};

	return (cmocka_run_group_tests_name("bridge", tests, NULL, NULL));
}
