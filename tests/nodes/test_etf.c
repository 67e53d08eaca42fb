/* SPDX-License-Identifier: BSD-2-Clause */
/* test_etf.c - node type "etf": which frame leaves by which hook, and who may send what. */
#include "nodes/kt.h"

#include <netgraph/ng_etf.h>

#define C NGM_ETF_COOKIE
#define ADDR "020000000001 020000000002 "

static struct kt_end *down, *no, *a, *b;

static int
filter(const char *hook, unsigned type)
{
	struct ng_etffilter f = { .ethertype = (uint16_t)type };

	memcpy(f.matchhook, hook, strlen(hook));
	return (nt_tell("x:", C, NGM_ETF_SET_FILTER, &f, sizeof(f)));
}

static void
make(void)
{
	ok(ngu_mknode(g, "etf", "x", NULL));
	down = kt_open("x:", "downstream");
	no = kt_open("x:", "nomatch");
	a = kt_open("x:", "a");
	b = kt_open("x:", "b");
	ok(filter("a", 0x0800));
	ok(filter("a", 0x0806));
	ok(filter("b", 0x86dd));
	ok(filter("nomatch", 0x8863));
}

static void
status_is(unsigned in, unsigned out)
{
	struct ng_etfstat st;

	nt_ask("x:", C, NGM_ETF_GET_STATUS, NULL, 0, &st, sizeof(st));
	assert_int_equal(st.packets_in, in);
	assert_int_equal(st.packets_out, out);
}

static void
test_ways(void **state)
{
	(void)state;
	make();
	kt_goes(down, ADDR "0800 aabb", a, ADDR "0800 aabb");
	kt_goes(down, ADDR "0806", a, ADDR "0806");
	kt_goes(down, ADDR "86dd 01", b, ADDR "86dd 01");
	kt_goes(down, ADDR "8863 01", no, ADDR "8863 01");
	kt_goes(down, ADDR "0008 01", no, ADDR "0008 01");
	kt_goes(down, ADDR "8100 0001 0800", no, ADDR "8100 0001 0800");
	status_is(6 * KT_SHAPES, 0);
	kt_goes(a, ADDR "0800 aabb", down, ADDR "0800 aabb");
	kt_goes(a, ADDR "0806 aabb", down, ADDR "0806 aabb");
	kt_goes(b, ADDR "86dd aabb", down, ADDR "86dd aabb");
	kt_goes(no, ADDR "8863 aabb", down, ADDR "8863 aabb");
	kt_goes(no, ADDR "1234 aabb", down, ADDR "1234 aabb");
	status_is(6 * KT_SHAPES, 5 * KT_SHAPES);
	/* What is not one's own. */
	kt_fails(a, ADDR "86dd aabb", EPROTOTYPE);
	kt_fails(a, ADDR "1234 aabb", EPROTOTYPE);
	kt_fails(a, ADDR "8863 aabb", EPROTOTYPE);
	kt_fails(b, ADDR "0800 aabb", EPROTOTYPE);
	kt_fails(no, ADDR "0800 aabb", EPROTOTYPE);
	for (unsigned len = 0; len < 14; len++) {
		kt_fails(down, ngt_pattern(len, 1), EINVAL);
		kt_fails(a, ngt_pattern(len, 1), EINVAL);
	}
	status_is(20 * KT_SHAPES, 5 * KT_SHAPES);
	/* Attaching downstream begins to count from 0. */
	kt_close(down);
	status_is(20 * KT_SHAPES, 5 * KT_SHAPES);
	kt_fails(a, ADDR "0800", ENETDOWN);
	status_is(20 * KT_SHAPES, 5 * KT_SHAPES);
	down = kt_open("x:", "downstream");
	status_is(0, 0);
	kt_close(no);
	kt_fails(down, ADDR "1234", ENETDOWN);
	kt_fails(a, ADDR "1234", EPROTOTYPE);
	status_is(KT_SHAPES, 0);
}

static void
test_filters(void **state)
{
	(void)state;
	make();
	assert_int_equal(filter("z", 1), ENOENT);
	assert_int_equal(filter("downstream", 1), EINVAL);
	assert_int_equal(filter("a", 0x0800), EEXIST);
	assert_int_equal(filter("b", 0x0800), EEXIST);
	/* Many, and what is left when their hook goes. */
	for (unsigned type = 0; type < 0x800; type++)
		ok(filter(type % 2 ? "a" : "b", type));
	kt_goes(down, ADDR "0017 01", a, ADDR "0017 01");
	kt_goes(down, ADDR "0018 01", b, ADDR "0018 01");
	kt_close(a);
	kt_goes(down, ADDR "0017 01", no, ADDR "0017 01");
	kt_goes(down, ADDR "0800 01", no, ADDR "0800 01");
	kt_goes(down, ADDR "0018 01", b, ADDR "0018 01");
	a = kt_open("x:", "a");
	kt_fails(a, ADDR "0017 01", EPROTOTYPE);
	ok(filter("a", 0x17));
	kt_goes(a, ADDR "0017 01", down, ADDR "0017 01");
	kt_close(no);
	no = kt_open("x:", "nomatch");
	ok(filter("a", 0x8863));
	ok(ngu_shutdown(g, "x:"));
}

static void
test_messages(void **state)
{
	static const char zeros[40];

	(void)state;
	make();
	nt_unknown("x:", C);
	assert_int_equal(nt_tell("x:", C, 0, NULL, 0), EINVAL);
	assert_int_equal(nt_tell("x:", C, 4, NULL, 0), EINVAL);
	for (size_t len = 0; len < 40; len++) {
		assert_int_equal(nt_tell("x:", C, NGM_ETF_SET_FLAG, zeros, len), len == 4 ? 0 : EINVAL);
		assert_int_equal(nt_tell("x:", C, NGM_ETF_SET_FILTER, zeros, len), len == 34 ? ENOENT : EINVAL);
	}
	nt_text_is("x:", "setflag", "-7", "");
	nt_text_is("x:", "getstatus", "", "{}");
	kt_goes(down, ADDR "0800", a, ADDR "0800");
	kt_goes(a, ADDR "0800", down, ADDR "0800");
	nt_text_is("x:", "getstatus", "", "{ packets_in=5 packets_out=5 }");
	nt_text_is("x:", "setfilter", "{ matchhook=\"b\" ethertype=0x8864 }", "");
	kt_goes(down, ADDR "8864", b, ADDR "8864");
	nt_text_fails("x:", "setfilter", "{ matchhook=\"b\" ethertype=0x8864 }", EEXIST);
	kt_close(down);
	kt_close(no);
	kt_close(a);
	assert_int_equal(nt_hooks("x:"), 1);
	kt_close(b);
	assert_int_equal(ngu_lookup(g, "x:", NULL), ENOENT);
}

static void
tell(unsigned round)
{
	(void)filter("a", 0x0800);
	(void)filter("nomatch", 0x1000 + round);
}

static void
test_storm(void **state)
{
	struct kt_storm k = { .type = "etf", .hooks = { "downstream", "a", "nomatch" }, .tell = tell };

	(void)state;
	k.pkt[0] = ngt_hex(ADDR "1001");
	k.pkt[1] = ngt_hex(ADDR "0800");
	kt_storm(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		kt_test(test_ways),
		kt_test(test_filters),
		kt_test(test_messages),
		kt_test(test_storm),
	};

	return (cmocka_run_group_tests_name("etf", tests, NULL, NULL));
}
