/* SPDX-License-Identifier: BSD-2-Clause */
/* test_tee.c - node type "tee". */
#include "nodes/nt.h"

#include <netgraph/ng_tee.h>

enum { R, L, R2L, L2R };
static const char *const hook[] = { "right", "left", "right2left", "left2right" };
static struct nt_end e[4];

static void
make(unsigned which)
{
	ok(ngu_mknode(g, "tee", "t", NULL));
	memset(e, 0, sizeof(e));
	for (int i = 0; i < 4; i++)
		if (which & 1u << i)
			nt_open(&e[i], "t:", hook[i]);
}

static void
unmake(void)
{
	for (int i = 0; i < 4; i++)
		nt_close(&e[i]);
	assert_int_equal(ngu_lookup(g, "t:", NULL), ENOENT);
}

static struct ng_tee_stats
stats(uint32_t cmd)
{
	struct ng_tee_stats st;

	nt_ask("t:", NGM_TEE_COOKIE, cmd, NULL, 0, &st, sizeof(st));
	return (st);
}

#define hs_is(hs, in, inb, out, outb) \
	do { \
		assert_int_equal((hs).inFrames, (in)); \
		assert_int_equal((hs).inOctets, (inb)); \
		assert_int_equal((hs).outFrames, (out)); \
		assert_int_equal((hs).outOctets, (outb)); \
	} while (0)

static void
came(unsigned r, unsigned l, unsigned r2l, unsigned l2r)
{
	assert_int_equal(e[R].n, r);
	assert_int_equal(e[L].n, l);
	assert_int_equal(e[R2L].n, r2l);
	assert_int_equal(e[L2R].n, l2r);
	for (int i = 0; i < 4; i++)
		atomic_store(&e[i].n, 0u);
}

static void
test_ways(void **state)
{
	struct mbuf *m;

	(void)state;
	make(0xf);
	m = ngu_packet(g, "12345", 5);
	ok(ngu_port_send(e[R].port, m));
	assert_ptr_equal(e[L].what[0], m); /* the original goes on, the copy to the tap */
	assert_ptr_not_equal(e[R2L].what[0], m);
	assert_string_equal(e[L].got[0], "12345");
	assert_string_equal(e[R2L].got[0], "12345");
	came(0, 1, 1, 0);
	ok(nt_send(&e[L], "123"));
	came(1, 0, 0, 1);
	ok(nt_send(&e[R2L], "1"));
	came(1, 0, 0, 0);
	ok(nt_send(&e[L2R], "22"));
	came(0, 1, 0, 0);
	unmake();
}

/* Each hook alone, and each pair: what is not there gets nothing, and nobody minds. */
static void
test_some_hooks(void **state)
{
	static const struct {
		unsigned have, from;
		unsigned r, l, r2l, l2r;
	} t[] = {
		{ 1 << R, R, 0, 0, 0, 0 },
		{ 1 << L, L, 0, 0, 0, 0 },
		{ 1 << R2L, R2L, 0, 0, 0, 0 },
		{ 1 << L2R, L2R, 0, 0, 0, 0 },
		{ 1 << R | 1 << L, R, 0, 1, 0, 0 },
		{ 1 << R | 1 << L, L, 1, 0, 0, 0 },
		{ 1 << R | 1 << R2L, R, 0, 0, 1, 0 },
		{ 1 << R | 1 << R2L, R2L, 1, 0, 0, 0 },
		{ 1 << R | 1 << L2R, R, 0, 0, 0, 0 },
		{ 1 << R | 1 << L2R, L2R, 0, 0, 0, 0 },
		{ 1 << L | 1 << L2R, L, 0, 0, 0, 1 },
		{ 1 << L | 1 << L2R, L2R, 0, 1, 0, 0 },
		{ 1 << L | 1 << R2L, L, 0, 0, 0, 0 },
		{ 1 << L | 1 << R2L, R2L, 0, 0, 0, 0 },
		{ 1 << R2L | 1 << L2R, R2L, 0, 0, 0, 0 },
	};
	struct mbuf *m;

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		make(t[i].have);
		m = ngu_packet(g, "x", 1);
		ok(ngu_port_send(e[t[i].from].port, m));
		if (t[i].r2l)
			assert_ptr_equal(e[R2L].what[0], m); /* the only taker gets the original */
		came(t[i].r, t[i].l, t[i].r2l, t[i].l2r);
		/* unmake() would find left and right joined to each other: take them off one by one */
		unmake();
	}
}

static void
test_counters(void **state)
{
	struct ng_tee_stats st;

	(void)state;
	make(0xf);
	ok(nt_send(&e[R], "12345"));
	ok(nt_send(&e[R], "1"));
	ok(nt_send(&e[L], "123"));
	ok(nt_send(&e[R2L], "12"));
	ok(nt_send(&e[L2R], "1234"));
	st = stats(NGM_TEE_GET_STATS);
	hs_is(st.right, 2, 6, 2, 5);
	hs_is(st.left, 1, 3, 3, 10);
	hs_is(st.right2left, 1, 2, 2, 6);
	hs_is(st.left2right, 1, 4, 1, 3);
	st = stats(NGM_TEE_GETCLR_STATS);
	hs_is(st.left, 1, 3, 3, 10);
	st = stats(NGM_TEE_GET_STATS);
	hs_is(st.right, 0, 0, 0, 0);
	hs_is(st.left, 0, 0, 0, 0);
	ok(nt_send(&e[R], "12345"));
	ok(nt_tell("t:", NGM_TEE_COOKIE, NGM_TEE_CLR_STATS, NULL, 0));
	st = stats(NGM_TEE_GET_STATS);
	hs_is(st.right, 0, 0, 0, 0);
	hs_is(st.right2left, 0, 0, 0, 0);
	/* A hook attached anew starts from nothing. */
	ok(nt_send(&e[R], "12345"));
	nt_close(&e[L]);
	nt_open(&e[L], "t:", "left");
	st = stats(NGM_TEE_GET_STATS);
	hs_is(st.left, 0, 0, 0, 0);
	hs_is(st.right, 1, 5, 0, 0);
	unmake();
}

static void
test_refused_copy(void **state)
{
	struct ng_tee_stats st;

	(void)state;
	make(1 << R | 1 << L);
	ok(ngu_mkpeer(g, "t:", "sample", "right2left", "left")); /* without "right" it refuses what comes by left */
	ok(nt_send(&e[R], "12345"));
	came(0, 1, 0, 0);
	st = stats(NGM_TEE_GET_STATS);
	hs_is(st.right2left, 0, 0, 0, 0);
	hs_is(st.left, 0, 0, 1, 5);
	/* What the original meets is the sender's result, and it counts as sent in any case. */
	nt_close(&e[L]);
	ok(ngu_mkpeer(g, "t:", "sample", "left", "left"));
	assert_int_equal(nt_send(&e[R], "12345"), ENETDOWN);
	st = stats(NGM_TEE_GET_STATS);
	hs_is(st.left, 0, 0, 1, 5);
	ok(ngu_shutdown(g, "t:"));
	for (int i = 0; i < 4; i++)
		nt_close(&e[i]);
}

static void
test_names_and_commands(void **state)
{
	struct ngu_port *p;

	(void)state;
	make(1 << R);
	assert_int_equal(ngu_port_open(g, "t:", "middle", NULL, NULL, &p), EINVAL);
	assert_int_equal(ngu_port_open(g, "t:", "Right", NULL, NULL, &p), EINVAL);
	assert_int_equal(ngu_port_open(g, "t:", "right", NULL, NULL, &p), EEXIST);
	nt_unknown("t:", NGM_TEE_COOKIE);
	assert_int_equal(nt_hooks("t:"), 1);
	unmake();
}

/* Flow messages cross the tee; echo at the far side proves it by sending them back to us. */
static void
test_flow(void **state)
{
	struct ng_mesg *resp;

	(void)state;
	ok(ngu_mknode(g, "tee", "t", NULL));
	ok(ngu_mkpeer(g, "t:", "echo", "right", "x"));
	ok(ngu_name(g, "t:right", "r"));
	ok(ngu_mkpeer(g, "t:", "echo", "left", "x"));
	ok(ngu_name(g, "t:left", "l"));
	ok(ngu_mkpeer(g, "t:", "echo", "right2left", "x"));
	ok(ngu_name(g, "t:right2left", "tap"));
	ok(ngu_msg(g, "r:x", NGM_FLOW_COOKIE, NGM_LINK_IS_UP, "u", 1, &resp)); /* arrives by right */
	assert_non_null(resp);
	assert_int_equal(resp->header.cmd, NGM_LINK_IS_UP);
	ngu_msg_free(resp);
	ok(ngu_msg(g, "l:x", NGM_FLOW_COOKIE, NGM_LINK_IS_DOWN, NULL, 0, &resp));
	assert_non_null(resp);
	ngu_msg_free(resp);
	ok(nt_tell("tap:x", NGM_FLOW_COOKIE, NGM_LINK_IS_UP, NULL, 0)); /* by a tap, or by no hook: swallowed */
	ok(nt_tell("t:", NGM_FLOW_COOKIE, NGM_LINK_IS_UP, NULL, 0));
	ok(ngu_rmhook(g, "t:", "left"));
	ok(ngu_msg(g, "r:x", NGM_FLOW_COOKIE, NGM_LINK_IS_UP, "t", 1, &resp)); /* the tap inherits it, as it does packets */
	assert_non_null(resp);
	ngu_msg_free(resp);
	ok(ngu_rmhook(g, "t:", "right2left"));
	ok(nt_tell("r:x", NGM_FLOW_COOKIE, NGM_LINK_IS_UP, NULL, 0)); /* nowhere to go */
	ok(ngu_mkpeer(g, "t:", "echo", "left2right", "x")); /* the tap of the other way */
	ok(nt_tell("r:x", NGM_FLOW_COOKIE, NGM_LINK_IS_UP, NULL, 0));
	ok(ngu_mkpeer(g, "t:", "echo", "left", "x"));
	ok(ngu_name(g, "t:left", "l"));
	ok(ngu_rmhook(g, "t:", "right"));
	ok(ngu_msg(g, "l:x", NGM_FLOW_COOKIE, NGM_LINK_IS_UP, NULL, 0, &resp));
	assert_non_null(resp);
	ngu_msg_free(resp);
	ok(ngu_shutdown(g, "t:"));
}

/* The tee goes, the link stays. */
static void
test_bypass(void **state)
{
	(void)state;
	make(0xf);
	ok(ngu_shutdown(g, "t:"));
	assert_int_equal(ngu_lookup(g, "t:", NULL), ENOENT);
	ok(nt_send(&e[R], "1"));
	came(0, 1, 0, 0);
	ok(nt_send(&e[L], "2"));
	came(1, 0, 0, 0);
	assert_int_equal(nt_send(&e[R2L], "3"), ENOTCONN);
	assert_int_equal(nt_send(&e[L2R], "4"), ENOTCONN);
	nt_close(&e[L]);
	assert_int_equal(nt_send(&e[R], "5"), ENOTCONN);
	nt_close(&e[R]);
	nt_close(&e[R2L]);
	nt_close(&e[L2R]);
}

static void
test_one_sided_shutdown(void **state)
{
	(void)state;
	make(1 << R | 1 << R2L);
	ok(ngu_shutdown(g, "t:"));
	assert_int_equal(nt_send(&e[R], "1"), ENOTCONN);
	for (int i = 0; i < 4; i++)
		nt_close(&e[i]);
}

static void
test_four_threads(void **state)
{
	struct ng_tee_stats st;
	struct nt_pump p[4];

	(void)state;
	make(0xf);
	for (int i = 0; i < 4; i++)
		nt_pump_start(&p[i], e[i < 2 ? R : L].port, 10000, 10 + (size_t)i, NULL);
	for (int i = 0; i < 4; i++) {
		nt_pump_join(&p[i]);
		assert_int_equal(p[i].failed, 0);
	}
	st = stats(NGM_TEE_GET_STATS);
	hs_is(st.right, 20000, 210000, 20000, 250000);
	hs_is(st.left, 20000, 250000, 20000, 210000);
	hs_is(st.right2left, 0, 0, 20000, 210000);
	hs_is(st.left2right, 0, 0, 20000, 250000);
	came(20000, 20000, 20000, 20000);
	unmake();
}

/* The tee ends while both sides send: the link is there before and after; each packet has come or is accounted as lost. */
static void
test_bypass_under_traffic(void **state)
{
	_Atomic bool stop = false;
	struct ngu_graph_stats st;
	struct nt_pump p[4];
	uint64_t sent = 0, failed = 0;

	(void)state;
	for (int round = 0; round < 20; round++) {
		atomic_store(&stop, false);
		make(0x3);
		for (int i = 0; i < 4; i++)
			nt_pump_start(&p[i], e[i < 2 ? R : L].port, 0, 10, &stop);
		while (e[R].n < 10 || e[L].n < 10)
			;
		ok(ngu_shutdown(g, "t:"));
		atomic_store(&stop, true);
		for (int i = 0; i < 4; i++) {
			nt_pump_join(&p[i]);
			sent += p[i].sent;
			failed += p[i].failed;
		}
		sent -= e[R].n + e[L].n;
		atomic_store(&e[R].n, 0u);
		atomic_store(&e[L].n, 0u);
		ok(nt_send(&e[R], "1"));
		ok(nt_send(&e[L], "2"));
		came(1, 1, 0, 0);
		for (int i = 0; i < 4; i++)
			nt_close(&e[i]);
	}
	ngu_graph_stats(g, &st);
	assert_int_equal(sent, st.refused + st.dropped);
	assert_true(failed <= st.refused + st.dropped);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		nt_test(test_ways),
		nt_test(test_some_hooks),
		nt_test(test_counters),
		nt_test(test_refused_copy),
		nt_test(test_names_and_commands),
		nt_test(test_flow),
		nt_test(test_bypass),
		nt_test(test_one_sided_shutdown),
		nt_test(test_four_threads),
		nt_test(test_bypass_under_traffic),
	};

	return (cmocka_run_group_tests_name("tee", tests, NULL, NULL));
}
