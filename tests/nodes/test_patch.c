/* SPDX-License-Identifier: BSD-2-Clause */
/* test_patch.c - node type "patch": each operation in each width, where offsets count from, and what is refused. */
#include "nodes/kt.h"

#include <netgraph/ng_patch.h>

#define C NGM_PATCH_COOKIE
#define BYTES "0011223344556677 8899aabbccddeeff 0123456789abcdef"

static struct kt_end *in, *out;

static void
make(void)
{
	ok(ngu_mknode(g, "patch", "x", NULL));
	in = kt_open("x:", "in");
	out = kt_open("x:", "out");
}

/* A configuration of one operation. */
static int
config(unsigned offset, unsigned length, unsigned mode, uint64_t value)
{
	const struct {
		uint32_t count;
		uint64_t csum_flags;
		uint32_t relative_offset;
		struct ng_patch_op op;
	} a = { 1, 0, 0, { offset, (uint16_t)length, (uint16_t)mode, { .v8 = value } } };

	return (nt_tell("x:", C, NGM_PATCH_SETCONFIG, &a, sizeof(a)));
}

/* The number of `length` bytes at 5 of the packet, before and after. */
static void
does(unsigned length, unsigned mode, uint64_t value, uint64_t before, uint64_t after)
{
	struct ngt_pkt p = ngt_hex(BYTES), q = p;

	for (unsigned i = 0; i < length; i++) {
		p.b[5 + i] = (uint8_t)(before >> 8 * (length - 1 - i));
		q.b[5 + i] = (uint8_t)(after >> 8 * (length - 1 - i));
	}
	ok(config(5, length, mode, value));
	kt_goes(in, p, out, q);
}

static void
test_operations(void **state)
{
	static const unsigned length[] = { 1, 2, 4, 8 };

	(void)state;
	make();
	for (unsigned i = 0; i < 4; i++) {
		const unsigned l = length[i];
		const uint64_t all = UINT64_MAX >> (64 - 8 * l), x = 0xfedcba9876543281 & all;

		does(l, NG_PATCH_MODE_SET, 0x1122334455667788, x, 0x1122334455667788 & all);
		does(l, NG_PATCH_MODE_ADD, 0x10, x, x + 0x10);
		does(l, NG_PATCH_MODE_ADD, 1, all, 0);
		does(l, NG_PATCH_MODE_ADD, UINT64_MAX, x, x - 1);
		does(l, NG_PATCH_MODE_SUB, 1, 0, all);
		does(l, NG_PATCH_MODE_SUB, 3, x, x - 3);
		does(l, NG_PATCH_MODE_MUL, 5, x, x * 5);
		does(l, NG_PATCH_MODE_DIV, 7, x, x / 7);
		does(l, NG_PATCH_MODE_DIV, 7, all, all / 7);
		does(l, NG_PATCH_MODE_NEG, 0, 1, all);
		does(l, NG_PATCH_MODE_NEG, 99, x, 0 - x);
		does(l, NG_PATCH_MODE_AND, 0x5555555555555555, x, x & 0x5555555555555555);
		does(l, NG_PATCH_MODE_OR, 0x5555555555555555, x, x | 0x5555555555555555);
		does(l, NG_PATCH_MODE_XOR, 0x5555555555555555, x, x ^ 0x5555555555555555);
		does(l, NG_PATCH_MODE_SHL, 3, x, x << 3);
		does(l, NG_PATCH_MODE_SHR, 3, x, x >> 3);
		does(l, NG_PATCH_MODE_SHR, 3, all, all >> 3);
		does(l, NG_PATCH_MODE_SHL, 8 * l - 1, 3, UINT64_C(1) << (8 * l - 1));
		does(l, NG_PATCH_MODE_SHL, 8 * l, x, 0);
		does(l, NG_PATCH_MODE_SHR, 64, x, 0);
		does(l, NG_PATCH_MODE_SHL, 64 + 1, x, 0);
	}
	/* A value is cut to the number's width first. */
	does(1, NG_PATCH_MODE_DIV, 0x102, 10, 5);
	does(1, NG_PATCH_MODE_SHL, 0x101, 3, 6);
	assert_int_equal(config(0, 1, NG_PATCH_MODE_DIV, 0), EINVAL);
	assert_int_equal(config(0, 1, NG_PATCH_MODE_DIV, 0x100), EINVAL);
	assert_int_equal(config(0, 2, 0, 1), EINVAL);
	assert_int_equal(config(0, 2, 12, 1), EINVAL);
	for (unsigned l = 0; l < 20; l++)
		assert_int_equal(config(0, l, NG_PATCH_MODE_ADD, 1), l == 1 || l == 2 || l == 4 || l == 8 ? 0 : EINVAL);
	assert_int_equal(config(0, 0x101, NG_PATCH_MODE_ADD, 1), EINVAL);
}

static void
test_places(void **state)
{
	struct ng_patch_stats st;

	(void)state;
	make();
	/* Nothing configured: as it is. */
	kt_goes(in, BYTES, out, BYTES);
	nt_text_is("x:", "setconfig", "{ count=3 ops=[ { offset=1 length=1 mode=1 value=0xaa } { offset=0 length=2 mode=2 value=1 } "
				     "{ offset=3 length=1 mode=11 value=4 } ] }", "");
	kt_goes(in, "00112233", out, "00ab2203"); /* one after the other */
	kt_goes(in, "001122", out, "00ab22"); /* what does not fit is left out */
	kt_goes(in, "00", out, "00");
	kt_goes(in, "", out, "");
	kt_goes(out, "00112233", in, "00112233"); /* nothing on the way back */
	nt_ask("x:", C, NGM_PATCH_GET_STATS, NULL, 0, &st, sizeof(st));
	assert_int_equal(st.received, 5 * KT_SHAPES);
	assert_int_equal(st.patched, 2 * KT_SHAPES);
	assert_int_equal(st.dropped, 0);
	ok(config(0xffffffff, 8, 1, 0));
	kt_goes(in, BYTES, out, BYTES);
	/* Without out, it goes back. */
	ok(config(0, 1, 1, 0x55));
	kt_close(out);
	kt_goes(in, "0011", in, "5511");
	out = kt_open("x:", "outer");
	kt_goes(in, "0011", out, "5511");
	kt_close(in);
	kt_fails(out, "0011", 0);
	nt_ask("x:", C, NGM_PATCH_GETCLR_STATS, NULL, 0, &st, sizeof(st));
	assert_int_equal(st.dropped, KT_SHAPES);
}

static void
relative(const char *head)
{
	char before[200], after[200];

	(void)snprintf(before, sizeof(before), "020000000001 020000000002 %s 0800 4500", head);
	(void)snprintf(after, sizeof(after), "020000000001 020000000002 %s 0800 4599", head);
	kt_goes(in, before, out, after);
}

static uint32_t csum_flags;

static void
dress(struct mbuf *m)
{
	m->m_pkthdr.csum_flags = csum_flags;
}

static void
test_relative(void **state)
{
	static const uint8_t ethernet = 1, raw = 12;
	uint8_t dlt;

	(void)state;
	make();
	csum_flags = CSUM_IP_TSO;
	kt_dress = dress;
	nt_ask("x:", C, NGM_PATCH_GETDLT, NULL, 0, &dlt, 1);
	assert_int_equal(dlt, 12);
	ok(nt_tell("x:", C, NGM_PATCH_SETDLT, &ethernet, 1));
	nt_text_is("x:", "setconfig", "{ count=1 csum_flags=0xffffffffffffffff relative_offset=7 "
				     "ops=[ { offset=1 length=1 mode=1 value=0x99 } ] }", "");
	nt_text_is("x:", "getconfig", "",
	    "{ count=1 csum_flags=3599 relative_offset=1 ops=[ { offset=1 length=1 mode=1 value=153 } ] }");
	relative("");
	relative("8100 0001");
	relative("88a8 0001 8100 0002 9100 0003");
	assert_int_equal(out->csum, 3599 | CSUM_IP_TSO);
	kt_goes(in, "020000000001 020000000002 9200 0001", out, "020000000001 020000000002 9200 0099");
	/* Too short. */
	kt_goes(in, "020000000001 020000000002 08", out, "020000000001 020000000002 08");
	kt_goes(in, "020000000001 020000000002 8100 0001 08", out, "020000000001 020000000002 8100 0001 08");
	assert_int_equal(out->csum, CSUM_IP_TSO);
	kt_goes(in, "0011", out, "0011");
	/* Without a link header there is nothing to be relative to. */
	ok(nt_tell("x:", C, NGM_PATCH_SETDLT, &raw, 1));
	kt_goes(in, "0011", out, "0099");
	assert_int_equal(out->csum, 3599 | CSUM_IP_TSO);
	ok(nt_tell("x:", C, NGM_PATCH_SETDLT, &ethernet, 1));
	ok(config(1, 1, 1, 0x99));
	kt_goes(in, "0011", out, "0099");
}

static void
test_messages(void **state)
{
	static uint64_t arg[16] = { 2 };
	struct ng_patch_stats st;
	uint8_t dlt;

	(void)state;
	make();
	nt_unknown("x:", C);
	assert_int_equal(nt_tell("x:", C, 0, NULL, 0), EINVAL);
	assert_int_equal(nt_tell("x:", C, 8, NULL, 0), EINVAL);
	ok(nt_tell("x:", C, NGM_PATCH_GETCONFIG, NULL, 0)); /* no answer */
	for (unsigned i = 0; i < 256; i++) {
		dlt = (uint8_t)i;
		assert_int_equal(nt_tell("x:", C, NGM_PATCH_SETDLT, &dlt, 1), i == 1 || i == 12 ? 0 : EINVAL);
	}
	assert_int_equal(nt_tell("x:", C, NGM_PATCH_SETDLT, &dlt, 0), EINVAL);
	assert_int_equal(nt_tell("x:", C, NGM_PATCH_SETDLT, arg, 2), EINVAL);
	/* Two operations: no byte less, any more. */
	arg[3] = arg[5] = (uint64_t)1 << 32 | (uint64_t)NG_PATCH_MODE_SET << 48;
	for (size_t len = 0; len <= sizeof(arg); len++)
		assert_int_equal(nt_tell("x:", C, NGM_PATCH_SETCONFIG, arg, len), len < 24 + 2 * 16 ? EINVAL : 0);
	arg[0] = 0xffffffff;
	assert_int_equal(nt_tell("x:", C, NGM_PATCH_SETCONFIG, arg, sizeof(arg)), EINVAL);
	nt_text_is("x:", "getconfig", "", "{ count=2 ops=[ { length=1 mode=1 } { length=1 mode=1 } ] }");
	nt_text_is("x:", "setconfig", "{ }", "");
	nt_text_is("x:", "getconfig", "", "{}");
	kt_goes(in, BYTES, out, BYTES);
	nt_text_is("x:", "getstats", "", "{ Received=5 }");
	nt_text_is("x:", "getclrstats", "", "{ Received=5 }");
	nt_text_is("x:", "getstats", "", "{}");
	kt_goes(in, BYTES, out, BYTES);
	nt_text_is("x:", "clrstats", "", "");
	nt_ask("x:", C, NGM_PATCH_GET_STATS, NULL, 0, &st, sizeof(st));
	assert_int_equal(st.received, 0);
	nt_text_is("x:", "setdlt", "1", "");
	nt_text_is("x:", "getdlt", "", "1");
}

/* The last one counts of those that begin alike. */
static void
test_hooks(void **state)
{
	static const char *const bad[] = { "i", "o", "ou", "In", "xin", "link" };
	struct kt_end *in2, *out2;
	struct ngu_port *p;

	(void)state;
	make();
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(ngu_port_open(g, "x:", bad[i], NULL, NULL, &p), EINVAL);
	ok(config(0, 1, 1, 0x55));
	in2 = kt_open("x:", "in2");
	out2 = kt_open("x:", "outgoing");
	kt_goes(in, "0011", out2, "5511");
	kt_goes(in2, "0011", out2, "5511");
	kt_goes(out, "0011", in2, "0011");
	kt_close(out2);
	kt_goes(in2, "0011", in2, "5511");
	kt_goes(in, "0011", in, "5511");
	kt_close(in2);
	kt_fails(out, "0011", 0);
	kt_close(in);
	kt_close(out);
	assert_int_equal(ngu_lookup(g, "x:", NULL), ENOENT);
}

static void
test_memory(void **state)
{
	(void)state;
	make();
	ok(config(0, 1, NG_PATCH_MODE_SET, 0x55));
	kt_short(in, "00 11", out, "55 11", ENOBUFS);
	nt_text_is("x:", "getstats", "", "{ Received=6 Patched=5 Dropped=1 }");
	kt_burst_short(in, "00 11", out, "55 11", ENOBUFS);
}

static void
tell(unsigned round)
{
	ok(config(round % 3, 1, 1 + round % 11, 1));
	nt_text_is("x:", "clrstats", "", "");
}

static void
test_storm(void **state)
{
	struct kt_storm k = { .type = "patch", .hooks = { "in", "out", "out2" }, .tell = tell };

	(void)state;
	k.pkt[0] = k.pkt[1] = ngt_hex(BYTES);
	kt_storm(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		kt_test(test_operations),
		kt_test(test_places),
		kt_test(test_relative),
		kt_test(test_messages),
		kt_test(test_hooks),
		kt_bare_test(test_memory),
		kt_test(test_storm),
	};

	return (cmocka_run_group_tests_name("patch", tests, NULL, NULL));
}
