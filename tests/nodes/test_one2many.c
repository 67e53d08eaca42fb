/* SPDX-License-Identifier: BSD-2-Clause */
/* test_one2many.c - node type "one2many". */
#include "nodes/nt.h"
#include "nodes/text.h"

#include <ng/test.h>
#include <netgraph/ng_one2many.h>

#include "kern/zone.h"
#include "port/port.h"

#define MANY 5

static struct nt_end one, many[MANY];

static void
open_link(int i)
{
	char name[16];

	(void)snprintf(name, sizeof(name), NG_ONE2MANY_HOOK_MANY_FMT, i);
	nt_open(&many[i], "m:", name);
}

/* Node m with "one" and these links. */
static void
make(unsigned links)
{
	ok(ngu_mknode(g, "one2many", "m", NULL));
	memset(many, 0, sizeof(many));
	nt_open(&one, "m:", "one");
	for (int i = 0; i < MANY; i++)
		if (links & 1u << i)
			open_link(i);
}

static void
unmake(void)
{
	nt_close(&one);
	for (int i = 0; i < MANY; i++)
		nt_close(&many[i]);
	assert_int_equal(ngu_lookup(g, "m:", NULL), ENOENT);
}

static struct ng_one2many_config
config_of(void)
{
	struct ng_one2many_config c;

	nt_ask("m:", NGM_ONE2MANY_COOKIE, NGM_ONE2MANY_GET_CONFIG, NULL, 0, &c, sizeof(c));
	return (c);
}

static int
configure(uint32_t xmit, uint32_t fail, unsigned enabled)
{
	struct ng_one2many_config c = { .xmitAlg = xmit, .failAlg = fail };

	for (int i = 0; i < MANY; i++)
		c.enabledLinks[i] = (enabled & 1u << i) != 0;
	return (nt_tell("m:", NGM_ONE2MANY_COOKIE, NGM_ONE2MANY_SET_CONFIG, &c, sizeof(c)));
}

static unsigned
enabled(void)
{
	struct ng_one2many_config c = config_of();
	unsigned bits = 0;

	for (int i = 0; i < NG_ONE2MANY_MAX_LINKS; i++) {
		assert_true(c.enabledLinks[i] <= 1);
		if (c.enabledLinks[i])
			bits |= 1u << i;
	}
	return (bits);
}

static struct ng_one2many_link_stats
stats(uint32_t cmd, int32_t link)
{
	struct ng_one2many_link_stats st;

	nt_ask("m:", NGM_ONE2MANY_COOKIE, cmd, &link, sizeof(link), &st, sizeof(st));
	return (st);
}

#define st_is(link, r, ro, x, xo, mf) \
	do { \
		struct ng_one2many_link_stats st_ = stats(NGM_ONE2MANY_GET_STATS, (link)); \
		assert_int_equal(st_.recvPackets, (r)); \
		assert_int_equal(st_.recvOctets, (ro)); \
		assert_int_equal(st_.xmitPackets, (x)); \
		assert_int_equal(st_.xmitOctets, (xo)); \
		assert_int_equal(st_.memoryFailures, (mf)); \
	} while (0)

/* How many came by one, many0 .. many4 since the last look. */
static void
came(unsigned o, unsigned m0, unsigned m1, unsigned m2, unsigned m3, unsigned m4)
{
	const unsigned want[MANY] = { m0, m1, m2, m3, m4 };

	assert_int_equal(one.n, o);
	for (int i = 0; i < MANY; i++) {
		if (many[i].n != want[i])
			print_error("many%d\n", i);
		assert_int_equal(many[i].n, want[i]);
		atomic_store(&many[i].n, 0u);
	}
	atomic_store(&one.n, 0u);
}

static void
test_names(void **state)
{
	static const char *const bad[] = { "many", "many64", "many01", "many00", "many-1", "many+1", "many1x", "many 1", "many0x1",
		"many4294967296", "many99999999999999999999", "One", "ones", "Many1", "link0", "mani0" };
	struct nt_end e;
	struct ngu_port *p;

	(void)state;
	make(0x2);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ngu_port_open(g, "m:", bad[i], NULL, NULL, &p), EINVAL);
	assert_int_equal(ngu_port_open(g, "m:", "one", NULL, NULL, &p), EEXIST);
	assert_int_equal(ngu_port_open(g, "m:", "many1", NULL, NULL, &p), EEXIST);
	nt_open(&e, "m:", "many63");
	nt_close(&e);
	nt_open(&e, "m:", "many0");
	nt_close(&e);
	assert_int_equal(nt_hooks("m:"), 2);
	/* Its own neighbour: what a link sends to itself goes out of one. */
	ok(ngu_connect(g, "m:", "many7", "m:", "many8"));
	ok(ngu_rmhook(g, "m:", "many8"));
	assert_int_equal(nt_hooks("m:"), 2);
	unmake();
}

static void
test_defaults(void **state)
{
	struct ng_one2many_config c;

	(void)state;
	make(0);
	c = config_of();
	assert_int_equal(c.xmitAlg, NG_ONE2MANY_XMIT_ROUNDROBIN);
	assert_int_equal(c.failAlg, NG_ONE2MANY_FAIL_MANUAL);
	assert_int_equal(enabled(), 0);
	open_link(3);
	assert_int_equal(enabled(), 0x8);
	open_link(0);
	assert_int_equal(enabled(), 0x9);
	nt_close(&many[3]);
	assert_int_equal(enabled(), 0x1);
	unmake();
}

static void
test_round_robin(void **state)
{
	_Atomic unsigned clock = 0;

	(void)state;
	make(0);
	for (int i = MANY - 1; i >= 0; i--) { /* the order in which they came does not matter */
		open_link(i);
		many[i].clock = &clock;
	}
	for (unsigned i = 0; i < 3 * MANY; i++)
		ok(nt_send(&one, "x"));
	for (unsigned i = 0; i < MANY; i++) {
		assert_int_equal(many[i].n, 3);
		for (unsigned k = 0; k < 3; k++)
			assert_int_equal(many[i].when[k], k * MANY + i);
	}
	came(0, 3, 3, 3, 3, 3);
	/* A link that is left out is passed over. */
	ok(configure(1, 1, 0x1d));
	for (unsigned i = 0; i < 8; i++)
		ok(nt_send(&one, "x"));
	came(0, 2, 0, 2, 2, 2);
	/* It was many0's turn; when the third of three has gone, it is his again. */
	ok(configure(1, 1, 0x7));
	ok(nt_send(&one, "x"));
	ok(nt_send(&one, "x"));
	came(0, 1, 1, 0, 0, 0);
	ok(configure(1, 1, 0x3));
	ok(nt_send(&one, "x"));
	came(0, 1, 0, 0, 0, 0);
	/* One that goes is left out, too. */
	nt_close(&many[1]);
	for (unsigned i = 0; i < 3; i++)
		ok(nt_send(&one, "x"));
	came(0, 3, 0, 0, 0, 0);
	unmake();
}

static void
test_all(void **state)
{
	struct mbuf *m;

	(void)state;
	make(0x1a); /* many1, many3, many4 */
	ok(configure(NG_ONE2MANY_XMIT_ALL, 1, 0x1f));
	m = ngu_packet(g, "hello", 5);
	ok(ngu_port_send(one.port, m));
	assert_ptr_equal(many[1].what[0], m); /* the original to the lowest */
	assert_ptr_not_equal(many[3].what[0], m);
	assert_ptr_not_equal(many[4].what[0], m);
	for (int i = 1; i < MANY; i++)
		if (i != 2)
			assert_string_equal(many[i].got[0], "hello");
	came(0, 0, 1, 0, 1, 1);
	ok(configure(NG_ONE2MANY_XMIT_ALL, 1, 0x10));
	m = ngu_packet(g, "2", 1);
	ok(ngu_port_send(one.port, m));
	assert_ptr_equal(many[4].what[1], NULL); /* n began anew */
	assert_ptr_equal(many[4].what[0], m);
	came(0, 0, 0, 0, 0, 1);
	unmake();
}

/* A copy that is refused further on stops nothing; what the original meets is the result. */
static void
test_all_refused(void **state)
{
	(void)state;
	make(0x5);
	ok(configure(NG_ONE2MANY_XMIT_ALL, 1, 0x1f));
	ok(ngu_mkpeer(g, "m:", "sample", "many3", "left")); /* sample without "right" refuses: ENETDOWN */
	ok(nt_send(&one, "abc"));
	came(0, 1, 0, 1, 0, 0);
	st_is(3, 0, 0, 1, 3, 0);
	nt_close(&many[0]);
	nt_close(&many[2]);
	open_link(4);
	assert_int_equal(nt_send(&one, "abc"), ENETDOWN);
	came(0, 0, 0, 0, 0, 1);
	ok(ngu_shutdown(g, "m:"));
	nt_close(&one);
	nt_close(&many[4]);
}

static void
test_failover(void **state)
{
	(void)state;
	make(0xe);
	ok(configure(NG_ONE2MANY_XMIT_FAILOVER, 1, 0x1f));
	ok(nt_send(&one, "x"));
	ok(nt_send(&one, "x"));
	came(0, 0, 2, 0, 0, 0);
	ok(configure(NG_ONE2MANY_XMIT_FAILOVER, 1, 0xc));
	ok(nt_send(&one, "x"));
	came(0, 0, 0, 1, 0, 0);
	nt_close(&many[2]);
	ok(nt_send(&one, "x"));
	came(0, 0, 0, 0, 1, 0);
	open_link(0);
	ok(nt_send(&one, "x"));
	came(0, 1, 0, 0, 0, 0);
	unmake();
}

/* Up always, down only with an active link. */
static void
test_to_one(void **state)
{
	struct mbuf *m;

	(void)state;
	make(0x3);
	ok(configure(1, 1, 0));
	m = ngu_packet(g, "up", 2);
	ok(ngu_port_send(many[0].port, m));
	assert_ptr_equal(one.what[0], m);
	ok(nt_send(&many[1], "up"));
	came(2, 0, 0, 0, 0, 0);
	assert_int_equal(nt_send(&one, "x"), ENOTCONN);
	ok(configure(2, 1, 0));
	assert_int_equal(nt_send(&one, "x"), ENOTCONN);
	ok(configure(3, 1, 0));
	assert_int_equal(nt_send(&one, "x"), ENOTCONN);
	ok(configure(1, 1, 0x1f));
	ok(nt_send(&one, "x"));
	came(0, 1, 0, 0, 0, 0);
	/* Enabled, but not connected. */
	nt_close(&many[0]);
	nt_close(&many[1]);
	assert_int_equal(nt_send(&one, "x"), ENOTCONN);
	open_link(2);
	nt_close(&one);
	assert_int_equal(nt_send(&many[2], "x"), ENETDOWN);
	st_is(2, 1, 1, 0, 0, 0);
	st_is(-1, 5, 5, 3, 5, 0); /* what was tried counts */
	unmake();
	/* Even before there ever was one. */
	ok(ngu_mknode(g, "one2many", "m", NULL));
	open_link(0);
	assert_int_equal(nt_send(&many[0], "xyz"), ENETDOWN);
	st_is(-1, 0, 0, 1, 3, 0);
	nt_close(&many[0]);
}

static void
test_config_errors(void **state)
{
	struct ng_one2many_config c = { .xmitAlg = 3, .failAlg = 2 }, was;
	int32_t link = 0;

	(void)state;
	make(0x3);
	was = config_of();
	assert_int_equal(configure(0, 1, 0x3), EINVAL);
	assert_int_equal(configure(4, 1, 0x3), EINVAL);
	assert_int_equal(configure(UINT32_MAX, 1, 0x3), EINVAL);
	assert_int_equal(configure(1, 0, 0x3), EINVAL);
	assert_int_equal(configure(1, 3, 0x3), EINVAL);
	assert_int_equal(nt_tell("m:", NGM_ONE2MANY_COOKIE, NGM_ONE2MANY_SET_CONFIG, &c, sizeof(c) - 1), EINVAL);
	assert_int_equal(nt_tell("m:", NGM_ONE2MANY_COOKIE, NGM_ONE2MANY_SET_CONFIG, NULL, 0), EINVAL);
	c = config_of();
	assert_memory_equal(&c, &was, sizeof(c)); /* nothing was half done */
	/* Anything is 1; what is not connected is kept, too. */
	memset(&c, 0, sizeof(c));
	c.xmitAlg = 3;
	c.failAlg = 2;
	c.enabledLinks[0] = 255;
	c.enabledLinks[4] = 2;
	ok(nt_tell("m:", NGM_ONE2MANY_COOKIE, NGM_ONE2MANY_SET_CONFIG, &c, sizeof(c)));
	assert_int_equal(enabled(), 0x11);
	assert_int_equal(config_of().xmitAlg, 3);
	assert_int_equal(config_of().failAlg, 2);
	for (uint32_t cmd = NGM_ONE2MANY_GET_STATS; cmd <= NGM_ONE2MANY_GETCLR_STATS; cmd++) {
		link = 64;
		assert_int_equal(nt_tell("m:", NGM_ONE2MANY_COOKIE, cmd, &link, sizeof(link)), EINVAL);
		link = -2;
		assert_int_equal(nt_tell("m:", NGM_ONE2MANY_COOKIE, cmd, &link, sizeof(link)), EINVAL);
		link = INT32_MIN;
		assert_int_equal(nt_tell("m:", NGM_ONE2MANY_COOKIE, cmd, &link, sizeof(link)), EINVAL);
		link = 0;
		assert_int_equal(nt_tell("m:", NGM_ONE2MANY_COOKIE, cmd, &link, 3), EINVAL);
		assert_int_equal(nt_tell("m:", NGM_ONE2MANY_COOKIE, cmd, NULL, 0), EINVAL);
	}
	nt_unknown("m:", NGM_ONE2MANY_COOKIE);
	unmake();
}

static void
test_stats(void **state)
{
	struct ng_one2many_link_stats st;
	int32_t link;

	(void)state;
	make(0x3);
	ok(nt_send(&one, "12345"));
	ok(nt_send(&one, "123"));
	ok(nt_send(&one, "12"));
	ok(nt_send(&many[1], "1"));
	st_is(-1, 3, 10, 1, 1, 0);
	st_is(0, 0, 0, 2, 7, 0);
	st_is(1, 1, 1, 1, 3, 0);
	st_is(2, 0, 0, 0, 0, 0); /* never connected */
	st_is(63, 0, 0, 0, 0, 0);
	st = stats(NGM_ONE2MANY_GETCLR_STATS, 0);
	assert_int_equal(st.xmitPackets, 2);
	assert_int_equal(st.xmitOctets, 7);
	st_is(0, 0, 0, 0, 0, 0);
	st_is(1, 1, 1, 1, 3, 0); /* the others stay */
	link = -1;
	ok(nt_tell("m:", NGM_ONE2MANY_COOKIE, NGM_ONE2MANY_CLR_STATS, &link, sizeof(link)));
	st_is(-1, 0, 0, 0, 0, 0);
	link = 40;
	ok(nt_tell("m:", NGM_ONE2MANY_COOKIE, NGM_ONE2MANY_CLR_STATS, &link, sizeof(link)));
	/* They outlive the hook, and begin anew with the next one. */
	nt_close(&many[1]);
	st_is(1, 1, 1, 1, 3, 0);
	open_link(1);
	st_is(1, 0, 0, 0, 0, 0);
	ok(nt_send(&one, "12345"));
	nt_close(&one);
	st_is(-1, 1, 5, 0, 0, 0);
	nt_open(&one, "m:", "one");
	st_is(-1, 0, 0, 0, 0, 0);
	ok(configure(NG_ONE2MANY_XMIT_ALL, 1, 0x3));
	ok(nt_tell("m:", NGM_ONE2MANY_COOKIE, NGM_ONE2MANY_CLR_STATS, &(int32_t){ 0 }, 4));
	ok(nt_tell("m:", NGM_ONE2MANY_COOKIE, NGM_ONE2MANY_CLR_STATS, &(int32_t){ 1 }, 4));
	ok(nt_send(&one, "12345"));
	st_is(-1, 1, 5, 0, 0, 0);
	st_is(0, 0, 0, 1, 5, 0);
	st_is(1, 0, 0, 1, 5, 0);
	unmake();
}

/* ---- flow messages ---- */

#define FLOW(t, probe, cmd) assert_int_equal(ngt_send_msg(ngt_probe((t), (probe)), NULL, NGM_FLOW_COOKIE, (cmd), NULL, 0), 0)
#define HEARS(t, cmd) ngt_expect_msg(ngt_probe((t), "o"), "one", NGM_FLOW_COOKIE, (cmd), NULL, 0)
#define HEARS_NOTHING(t) ngt_expect_none(ngt_probe((t), "o"), NULL)

static void
test_notify(void **state)
{
	struct ngt *t = ngt_graph("probe o - one2many m.one; probe a - m.many0; probe b - m.many1");

	(void)state;
	g = ngt_g(t);
	HEARS(t, NGM_LINK_IS_UP); /* of many0; many1 changed nothing */
	HEARS_NOTHING(t);
	ok(configure(NG_ONE2MANY_XMIT_FAILOVER, NG_ONE2MANY_FAIL_NOTIFY, 0x3));
	HEARS_NOTHING(t);
	FLOW(t, "a", NGM_LINK_IS_DOWN);
	assert_int_equal(enabled(), 0x2);
	HEARS_NOTHING(t); /* there is another one */
	ngt_send(ngt_probe(t, "o"), NULL, "01");
	ngt_expect_none(ngt_probe(t, "a"), NULL);
	ngt_expect(ngt_probe(t, "b"), NULL, "01");
	FLOW(t, "b", NGM_LINK_IS_DOWN);
	assert_int_equal(enabled(), 0);
	HEARS(t, NGM_LINK_IS_DOWN);
	assert_int_equal(ngt_try_send(ngt_probe(t, "o"), NULL, "01"), ENOTCONN);
	FLOW(t, "b", NGM_LINK_IS_DOWN); /* once more says nothing new */
	HEARS_NOTHING(t);
	FLOW(t, "a", NGM_LINK_IS_UP);
	assert_int_equal(enabled(), 0x1);
	HEARS(t, NGM_LINK_IS_UP);
	ngt_send(ngt_probe(t, "o"), NULL, "02");
	ngt_expect(ngt_probe(t, "a"), NULL, "02");
	FLOW(t, "b", NGM_LINK_IS_UP);
	HEARS_NOTHING(t);
	/* The links hear nothing of all this. */
	ngt_expect_none(ngt_probe(t, "a"), NULL);
	ngt_expect_none(ngt_probe(t, "b"), NULL);
	ngt_end(t);
	g = NULL;
}

/* What is not for us: manual, from "one", to the node itself, other flow messages. All are taken without complaint. */
static void
test_not_notified(void **state)
{
	struct ngt *t = ngt_graph("probe o - one2many m.one; probe a - m.many0; probe b - m.many1");

	(void)state;
	g = ngt_g(t);
	HEARS(t, NGM_LINK_IS_UP);
	FLOW(t, "a", NGM_LINK_IS_DOWN);
	assert_int_equal(enabled(), 0x3);
	ok(configure(1, NG_ONE2MANY_FAIL_NOTIFY, 0x3));
	FLOW(t, "o", NGM_LINK_IS_DOWN);
	FLOW(t, "a", NGM_HIGH_WATER_PASSED);
	FLOW(t, "a", NGM_DROP_LINK);
	ok(nt_tell("m:", NGM_FLOW_COOKIE, NGM_LINK_IS_DOWN, NULL, 0));
	assert_int_equal(enabled(), 0x3);
	HEARS_NOTHING(t);
	/* A command may come by any way. */
	ok(nt_tell("m:many0.many0", NGM_FLOW_COOKIE, NGM_LINK_IS_DOWN, NULL, 0)); /* arrives by many0 */
	assert_int_equal(enabled(), 0x2);
	ngt_end(t);
	g = NULL;
}

/* Each way in which the number of active links becomes 0, or something else. */
static void
test_announcements(void **state)
{
	struct ngt *t = ngt_graph("probe o - one2many m.one");

	(void)state;
	g = ngt_g(t);
	HEARS_NOTHING(t);
	ngt_add(t, "probe a - m.many5");
	HEARS(t, NGM_LINK_IS_UP);
	ok(ngu_rmhook(g, "m:", "many5"));
	HEARS(t, NGM_LINK_IS_DOWN);
	ngt_add(t, "a.x - m.many5; a.y - m.many6");
	HEARS(t, NGM_LINK_IS_UP);
	ok(configure(1, 1, 0));
	HEARS(t, NGM_LINK_IS_DOWN);
	ok(nt_tell("m:", NGM_ONE2MANY_COOKIE, NGM_ONE2MANY_SET_CONFIG,
	    &(struct ng_one2many_config){ .xmitAlg = 1, .failAlg = 1, .enabledLinks = { [6] = 1 } }, 72));
	HEARS(t, NGM_LINK_IS_UP);
	HEARS_NOTHING(t);
	ok(ngu_rmhook(g, "m:", "many5"));
	HEARS_NOTHING(t);
	ok(ngu_rmhook(g, "m:", "many6"));
	HEARS(t, NGM_LINK_IS_DOWN);
	ngt_end(t);
	/* A link whose other end refuses was never there. */
	ngt_trace_type("picky", NGT_AUTODIE);
	ngt_trace_fail("newhook P/x", EPERM);
	t = ngt_graph("probe o - one2many m.one; picky P");
	g = ngt_g(t);
	assert_int_equal(ngu_connect(g, "m:", "many1", "P:", "x"), EPERM);
	assert_int_equal(enabled(), 0);
	HEARS_NOTHING(t);
	assert_int_equal(ngt_try_send(ngt_probe(t, "o"), NULL, "01"), ENOTCONN);
	ngt_trace_fail("newhook P/x", 0);
	assert_int_equal(ngu_connect(g, "m:", "many1", "P:", "x"), 0); /* and its name is free */
	HEARS(t, NGM_LINK_IS_UP);
	ngt_end(t);
	g = NULL;
}

/* ---- memory ---- */

static _Atomic unsigned refuse_at, refuse_seen;

/* Allocation number refuse_at, and no other. */
static bool
refuse(size_t size)
{
	(void)size;
	return (++refuse_seen != refuse_at);
}

static void
refusing(unsigned at)
{
	if (at != 0)
		refuse_seen = 0;
	refuse_at = at;
	ngu__zone_bypass(at != 0);
	ngu__port_alloc_hook = at != 0 ? refuse : NULL;
}

/* ALL, each allocation refused in turn: each link got the packet, or the failure is counted; nothing is lost without account. */
static void
test_all_no_memory(void **state)
{
	struct ng_one2many_link_stats st;
	unsigned failed = 0, got;
	struct mbuf *m;
	int error;

	(void)state;
	make(0x7);
	ok(configure(NG_ONE2MANY_XMIT_ALL, 1, 0x7));
	ok(nt_send(&one, "warm")); /* counters of this thread are there now */
	came(0, 1, 1, 1, 0, 0);
	for (unsigned at = 1;; at++) {
		struct ngu_graph_stats before, after;
		uint64_t copies = 0;

		ngu_graph_stats(g, &before);
		m = ngu_packet(g, "x", 1);
		refusing(at);
		error = ngu_port_send(one.port, m);
		refusing(0);
		ngu_graph_stats(g, &after);
		got = many[0].n + many[1].n + many[2].n;
		for (int i = 0; i < 3; i++) {
			st = stats(NGM_ONE2MANY_GETCLR_STATS, i);
			copies += st.memoryFailures;
			assert_int_equal(st.xmitPackets, i == 0 && error == ENOBUFS ? 0 : st.xmitPackets);
			atomic_store(&many[i].n, 0u);
		}
		if (refuse_seen < at) {
			assert_int_equal(error, 0);
			assert_int_equal(got, 3);
			assert_int_equal(copies, 0);
			break;
		}
		if (error == ENOBUFS) { /* a copy could not be made: the rest was not sent */
			assert_int_equal(copies, 1);
			assert_true(got < 3);
			failed++;
		} else {
			assert_int_equal(copies, 0);
			assert_int_equal(got + (after.refused - before.refused) + (after.dropped - before.dropped),
			    after.attempted - before.attempted - (error == 0 ? 1 : 0));
		}
	}
	assert_int_equal(failed, 2); /* two copies */
	unmake();
}

static void
test_newhook_no_memory(void **state)
{
	unsigned refused = 0;
	int error;

	(void)state;
	for (unsigned at = 1;; at++) {
		make(0);
		refusing(at);
		error = ngu_mkpeer(g, "m:", "hub", "many1", "x");
		refusing(0);
		if (error != 0) {
			assert_true(error == ENOMEM || error == ENOBUFS);
			refused++;
			assert_int_equal(nt_hooks("m:"), 1);
			assert_int_equal(enabled(), 0);
			assert_int_equal(nt_send(&one, "x"), ENOTCONN);
			ok(ngu_mkpeer(g, "m:", "hub", "many1", "x"));
		}
		st_is(1, 0, 0, 0, 0, 0);
		assert_int_equal(enabled(), 2);
		ok(nt_send(&one, "x"));
		ok(ngu_shutdown(g, "m:"));
		unmake();
		if (refuse_seen < at)
			break;
	}
	assert_true(refused >= 5); /* at least the counters */
}

/* Replies that cannot be made, and an announcement that cannot: the node is as before, or as asked. */
static void
test_messages_no_memory(void **state)
{
	struct ng_mesg *resp;
	unsigned refused = 0;
	int error;

	(void)state;
	make(0x1);
	ok(nt_send(&one, "x"));
	for (unsigned at = 1;; at++) {
		refusing(at);
		resp = NULL;
		error = ngu_msg(g, "m:", NGM_ONE2MANY_COOKIE, NGM_ONE2MANY_GETCLR_STATS, &(int32_t){ 0 }, 4, &resp);
		refusing(0);
		if (refuse_seen < at) {
			ok(error);
			ngu_msg_free(resp);
			break;
		}
		ngu_msg_free(resp);
		if (error != 0) {
			assert_int_equal(error, ENOMEM);
			refused++;
			st_is(0, 0, 0, 1, 1, 0); /* not cleared unseen */
		}
	}
	assert_true(refused >= 2);
	for (unsigned at = 1;; at++) {
		struct ng_one2many_config c = { .xmitAlg = 1, .failAlg = 1, .enabledLinks = { at % 2 } };

		refusing(at);
		error = ngu_msg(g, "m:", NGM_ONE2MANY_COOKIE, NGM_ONE2MANY_SET_CONFIG, &c, sizeof(c), &resp);
		refusing(0);
		if (error != 0)
			assert_int_equal(error, ENOMEM);
		else
			assert_int_equal(enabled(), at % 2);
		if (refuse_seen < at)
			break;
	}
	unmake();
}

/* ---- text ---- */

static void
test_text(void **state)
{
	(void)state;
	make(0x3);
	nt_text_is("m:", "getconfig", "", "{ xmitAlg=1 failAlg=1 enabledLinks=[ 1 1 ] }");
	nt_text_is("m:", "setconfig", "{ xmitAlg=3 failAlg=2 enabledLinks=[ 1 5=1 63=7 ] }", "");
	nt_text_is("m:", "getconfig", "", "{ xmitAlg=3 failAlg=2 enabledLinks=[ 1 5=1 63=1 ] }");
	nt_text_fails("m:", "setconfig", "{ xmitAlg=1 }", EINVAL); /* failAlg 0 */
	nt_text_fails("m:", "setconfig", "{ xmitAlg=1 failAlg=1 enabledLinks=[ 64=1 ] }", E2BIG);
	nt_text_is("m:", "getstats", "0", "{}");
	ok(nt_send(&one, "12345"));
	ok(nt_send(&many[0], "12"));
	nt_text_is("m:", "getstats", "0", "{ recvOctets=2 recvPackets=1 xmitOctets=5 xmitPackets=1 }");
	nt_text_is("m:", "getstats", "-1", "{ recvOctets=5 recvPackets=1 xmitOctets=2 xmitPackets=1 }");
	nt_text_is("m:", "getclrstats", "0", "{ recvOctets=2 recvPackets=1 xmitOctets=5 xmitPackets=1 }");
	nt_text_is("m:", "getstats", "0", "{}");
	nt_text_is("m:", "clrstats", "-1", "");
	nt_text_is("m:", "getstats", "-1", "{}");
	nt_text_fails("m:", "getstats", "64", EINVAL);
	nt_text_fails("m:", "getstats", "", EINVAL);
	nt_text_fails("m:", "gettable", "", ENOSYS);
	unmake();
}

/* ---- threads ---- */

/* Each thread goes round by itself: the links differ by no more packets than there are threads. */
static void
test_four_threads(void **state)
{
	struct ng_one2many_link_stats st;
	struct nt_pump p[6];
	unsigned least = UINT32_MAX, most = 0;

	(void)state;
	make(0x7);
	for (int i = 0; i < 6; i++)
		nt_pump_start(&p[i], i < 4 ? one.port : many[i - 4].port, 10000, 10, NULL);
	for (int i = 0; i < 6; i++) {
		nt_pump_join(&p[i]);
		assert_int_equal(p[i].failed, 0);
	}
	for (int i = 0; i < 3; i++) {
		st = stats(NGM_ONE2MANY_GET_STATS, i);
		assert_int_equal(st.xmitPackets, many[i].n);
		assert_int_equal(st.xmitOctets, 10 * many[i].n);
		assert_int_equal(st.recvPackets, i < 2 ? 10000 : 0);
		least = many[i].n < least ? many[i].n : least;
		most = many[i].n > most ? many[i].n : most;
	}
	assert_int_equal(many[0].n + many[1].n + many[2].n, 40000);
	assert_true(most - least <= 4);
	st_is(-1, 40000, 400000, 20000, 200000, 0);
	came(20000, many[0].n, many[1].n, many[2].n, 0, 0);
	unmake();
}

/*
 * Links come and go, the algorithm changes, while threads send both ways. many0 is always there, so each packet that entered
 * left once, or, while all links got copies, as often as there were copies: what the node counted as sent has come, but
 * for what was refused or dropped at a link that went.
 */
static void
test_changes_under_traffic(void **state)
{
	_Atomic bool stop = false;
	struct ng_one2many_link_stats st;
	struct ngu_graph_stats gs;
	struct ngu_hook_stats hs;
	struct nt_pump p[4];
	uint64_t sent = 0, back = 0, xmit = 0, came_down = 0, in_between = 0;
	char name[16];

	(void)state;
	make(0x1);
	for (int i = 0; i < 4; i++)
		nt_pump_start(&p[i], i < 3 ? one.port : many[0].port, 0, 20, &stop);
	for (int i = 0; i < 120; i++) {
		int l = 1 + i % 3;

		(void)snprintf(name, sizeof(name), "many%d", l);
		ok(ngu_port_open(g, "m:", name, nt_rx_count, &many[l], &many[l].port));
		if (i % 4 == 0)
			ok(configure(1 + (uint32_t)i / 4 % 3, 1 + (uint32_t)i % 2, 0x1f));
		while (atomic_load(&one.n) < 10 * (unsigned)i) /* packets do cross meanwhile */
			;
		if (i % 2)
			ok(ngu_rmhook(g, "m:", name));
		nt_close(&many[l]);
		st = stats(NGM_ONE2MANY_GET_STATS, l); /* cleared when the link comes again */
		in_between += st.xmitPackets;
	}
	atomic_store(&stop, true);
	for (int i = 0; i < 4; i++) {
		nt_pump_join(&p[i]);
		*(i < 3 ? &sent : &back) += p[i].sent;
	}
	assert_int_equal(p[3].failed, 0);
	assert_int_equal(one.n, back);
	st = stats(NGM_ONE2MANY_GET_STATS, -1);
	assert_int_equal(st.recvPackets, sent); /* "one" was never closed: each packet got in */
	assert_int_equal(st.xmitPackets, back);
	st = stats(NGM_ONE2MANY_GET_STATS, 0);
	assert_int_equal(st.recvPackets, back);
	assert_int_equal(st.xmitPackets, many[0].n);
	xmit = st.xmitPackets + in_between;
	for (int i = 0; i < MANY; i++)
		came_down += many[i].n;
	ngu_graph_stats(g, &gs);
	assert_int_equal(xmit, came_down + gs.refused + gs.dropped);
	assert_true(xmit >= sent);
	ok(ngu_hook_stats(g, "m:", "one", &hs));
	assert_int_equal(hs.packets, sent);
	memset(&many[1], 0, 4 * sizeof(many[1]));
	unmake();
}

/* The node ends under load. */
static void
test_shutdown_under_traffic(void **state)
{
	_Atomic bool stop = false;
	struct nt_pump p[4];

	(void)state;
	for (int round = 0; round < 10; round++) {
		atomic_store(&stop, false);
		make(0x7);
		ok(configure(1 + (uint32_t)round % 3, 2, 0x7));
		for (int i = 0; i < 4; i++)
			nt_pump_start(&p[i], i < 2 ? one.port : many[i - 2].port, 0, 10, &stop);
		while (one.n < 10 || many[0].n < 10)
			;
		ok(ngu_shutdown(g, "m:"));
		atomic_store(&stop, true);
		for (int i = 0; i < 4; i++)
			nt_pump_join(&p[i]);
		unmake();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		nt_test(test_names),
		nt_test(test_defaults),
		nt_test(test_round_robin),
		nt_test(test_all),
		nt_test(test_all_refused),
		nt_test(test_failover),
		nt_test(test_to_one),
		nt_test(test_config_errors),
		nt_test(test_stats),
		ngt_test(test_notify),
		ngt_test(test_not_notified),
		ngt_test(test_announcements),
		nt_test(test_all_no_memory),
		nt_test(test_newhook_no_memory),
		nt_test(test_messages_no_memory),
		nt_test(test_text),
		nt_test(test_four_threads),
		nt_test(test_changes_under_traffic),
		nt_test(test_shutdown_under_traffic),
	};

	return (cmocka_run_group_tests_name("one2many", tests, NULL, NULL));
}
