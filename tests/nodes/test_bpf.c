/* SPDX-License-Identifier: BSD-2-Clause */
/* test_bpf.c - node type "bpf": programs, where packets go by them, and what is counted. */
#include "nodes/kt.h"

#include <net/bpf.h>
#include <netgraph/ng_bpf.h>

#define C NGM_BPF_COOKIE
#define NITEMS(a) (sizeof(a) / sizeof((a)[0]))

static struct kt_end *a, *b, *c;

static void
make(void)
{
	ok(ngu_mknode(g, "bpf", "x", NULL));
	a = kt_open("x:", "a");
	b = kt_open("x:", "b");
	c = kt_open("x:", "c");
}

static int
program(const char *this, const char *yes, const char *no, const struct bpf_insn *insn, size_t n)
{
	static uint8_t buf[100 + 8 * 600];
	struct ng_bpf_hookprog *p = (struct ng_bpf_hookprog *)(void *)buf;

	memset(buf, 0, sizeof(buf));
	memcpy(p->thisHook, this, strlen(this));
	memcpy(p->ifMatch, yes, strlen(yes));
	memcpy(p->ifNotMatch, no, strlen(no));
	p->bpf_prog_len = (int32_t)n;
	memcpy(buf + 100, insn, n * sizeof(*insn));
	return (nt_tell("x:", C, NGM_BPF_SET_PROGRAM, buf, 100 + 8 * n));
}

static const struct bpf_insn all[] = { BPF_STMT(BPF_RET | BPF_K, UINT32_MAX) };
static const struct bpf_insn none[] = { BPF_STMT(BPF_RET | BPF_K, 0) };
static const struct bpf_insn ten[] = { BPF_STMT(BPF_RET | BPF_K, 10) };
/* ARP, as tcpdump -dd has it. */
static const struct bpf_insn arp[] = {
	{ 0x28, 0, 0, 0x0000000c },
	{ 0x15, 0, 1, 0x00000806 },
	{ 0x6, 0, 0, 0x00040000 },
	{ 0x6, 0, 0, 0x00000000 },
};
/* As long as the last byte says. */
static const struct bpf_insn last[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
	BPF_STMT(BPF_ALU | BPF_SUB | BPF_K, 1),
	BPF_STMT(BPF_MISC | BPF_TAX, 0),
	BPF_STMT(BPF_LD | BPF_B | BPF_IND, 0),
	BPF_STMT(BPF_RET | BPF_A, 0),
};

static void
test_ways(void **state)
{
	struct ngt_pkt p = ngt_pattern(300, 1);

	(void)state;
	make();
	kt_fails(a, p, 0); /* a new hook wants nothing, and has nowhere to send it */
	ok(program("a", "b", "c", arp, NITEMS(arp)));
	kt_goes(a, "ffffffffffff 020000000001 0806 0001", b, "ffffffffffff 020000000001 0806 0001");
	kt_goes(a, "ffffffffffff 020000000001 0800 0001", c, "ffffffffffff 020000000001 0800 0001");
	kt_goes(a, "ffffffffffff 0200", c, "ffffffffffff 0200"); /* a load from behind the end: not wanted */
	kt_goes(a, "", c, "");
	ok(program("a", "b", "c", all, 1));
	kt_goes(a, p, b, p);
	kt_goes(a, "", c, ""); /* nothing of nothing */
	ok(program("a", "b", "c", none, 1));
	kt_goes(a, p, c, p);
	ok(program("a", "b", "c", ten, 1));
	kt_goes(a, p, b, ngt_bytes(p.b, 10));
	kt_goes(a, "0011", b, "0011");
	ok(program("a", "b", "c", last, NITEMS(last)));
	p.b[299] = 21;
	kt_goes(a, p, b, ngt_bytes(p.b, 21));
	p.b[299] = 0;
	kt_goes(a, p, c, p);
	/* Nowhere: dropped. */
	ok(program("a", "", "b", all, 1));
	kt_fails(a, p, 0);
	ok(program("a", "b", "", none, 1));
	kt_fails(a, p, 0);
	/* Back, and by the program of the other hook. */
	ok(program("b", "b", "a", arp, NITEMS(arp)));
	kt_goes(b, p, a, p);
	kt_goes(b, "ffffffffffff 020000000001 0806 0001", b, "ffffffffffff 020000000001 0806 0001");
}

/* A name may be there before its hook, and after it. */
static void
test_names(void **state)
{
	struct kt_end *d;

	(void)state;
	make();
	ok(program("a", "d", "d", arp, NITEMS(arp)));
	kt_fails(a, "0011", 0);
	d = kt_open("x:", "d");
	kt_goes(a, "0011", d, "0011");
	kt_goes(a, "ffffffffffff 020000000001 0806", d, "ffffffffffff 020000000001 0806");
	kt_close(d);
	kt_fails(a, "0011", 0);
	d = kt_open("x:", "d");
	kt_goes(a, "0011", d, "0011");
	/* Its program begins anew; those of others are theirs. */
	ok(program("d", "a", "a", all, 1));
	kt_close(d);
	d = kt_open("x:", "d");
	kt_fails(d, "0011", 0);
	kt_goes(a, "0011", d, "0011");
	kt_close(a);
	kt_close(b);
	kt_close(c);
	kt_close(d);
	assert_int_equal(ngu_lookup(g, "x:", NULL), ENOENT);
}

static void
test_programs(void **state)
{
	static struct bpf_insn many[513];
	static const struct bpf_insn bad[][2] = {
		{ BPF_STMT(BPF_LD | BPF_IMM, 1), BPF_STMT(BPF_LD | BPF_IMM, 1) }, /* does not end */
		{ BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0), BPF_STMT(BPF_RET | BPF_K, 0) }, /* jumps out */
		{ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1), BPF_STMT(BPF_RET | BPF_K, 0) },
		{ BPF_STMT(BPF_ST, BPF_MEMWORDS), BPF_STMT(BPF_RET | BPF_K, 0) }, /* no such memory */
		{ BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), BPF_STMT(BPF_RET | BPF_K, 0) },
		{ { 0xffff, 0, 0, 0 }, BPF_STMT(BPF_RET | BPF_K, 0) }, /* no such codes */
		{ { BPF_LD | BPF_IMM | BPF_H, 0, 0, 0 }, BPF_STMT(BPF_RET | BPF_K, 0) },
	};

	(void)state;
	make();
	for (unsigned i = 0; i < NITEMS(bad); i++)
		assert_int_equal(program("a", "b", "c", bad[i], 2), EINVAL);
	assert_int_equal(program("a", "b", "c", all, 0), EINVAL);
	assert_int_equal(program("z", "b", "c", all, 1), ENOENT);
	for (unsigned i = 0; i < 513; i++)
		many[i] = all[0];
	ok(program("a", "b", "c", many, 512));
	kt_goes(a, "0011", b, "0011");
	assert_int_equal(program("a", "c", "c", many, 513), EINVAL);
	kt_goes(a, "0011", b, "0011"); /* what was refused has changed nothing */
}

static void
test_messages(void **state)
{
	static char arg[200];
	const struct ngt_pkt p = ngt_hex("ffffffffffff 020000000001 0806 0001");
	struct ng_bpf_hookprog *h = (struct ng_bpf_hookprog *)(void *)arg;

	(void)state;
	make();
	nt_unknown("x:", C);
	assert_int_equal(nt_tell("x:", C, 0, NULL, 0), EINVAL);
	assert_int_equal(nt_tell("x:", C, 6, "a", 2), EINVAL);
	for (uint32_t cmd = 2; cmd <= 5; cmd++) {
		assert_int_equal(nt_tell("x:", C, cmd, "", 0), EINVAL);
		assert_int_equal(nt_tell("x:", C, cmd, "a", 1), ENOENT); /* the last byte is made NUL */
		assert_int_equal(nt_tell("x:", C, cmd, "zz", 3), ENOENT);
	}
	/* Two instructions: no byte less or more. */
	memcpy(h->thisHook, "a", 2);
	h->bpf_prog_len = 2;
	h->bpf_prog[0] = h->bpf_prog[1] = all[0];
	for (size_t len = 0; len < sizeof(arg); len++)
		assert_int_equal(nt_tell("x:", C, NGM_BPF_SET_PROGRAM, arg, len), len == 116 ? 0 : EINVAL);
	h->bpf_prog_len = -1;
	for (size_t len = 80; len < sizeof(arg); len++)
		assert_int_equal(nt_tell("x:", C, NGM_BPF_SET_PROGRAM, arg, len), EINVAL);
	nt_text_is("x:", "getprogram", "\"b\"", "{ thisHook=\"b\" bpf_prog_len=1 bpf_prog=[ { code=0x6 } ] }");
	nt_text_is("x:", "setprogram", "{ thisHook=\"a\" ifMatch=\"b\" ifNotMatch=\"c\" bpf_prog_len=4 bpf_prog=[ { code=40 k=12 } "
				      "{ code=21 jf=1 k=2054 } { code=6 k=15 } { code=6 } ] }", "");
	nt_text_is("x:", "getprogram", "\"a\"", "{ thisHook=\"a\" ifMatch=\"b\" ifNotMatch=\"c\" bpf_prog_len=4 bpf_prog=[ { code=0x28 k=12 } "
					      "{ code=0x15 jf=1 k=2054 } { code=0x6 k=15 } { code=0x6 } ] }");
	kt_goes(a, p, b, ngt_bytes(p.b, 15));
	kt_goes(a, "0011", c, "0011");
	nt_text_is("x:", "getstats", "\"a\"", "{ recvFrames=10 recvOctets=90 recvMatchFrames=5 recvMatchOctets=80 }");
	nt_text_is("x:", "getstats", "\"b\"", "{ xmitFrames=5 xmitOctets=75 }");
	nt_text_is("x:", "getclrstats", "\"c\"", "{ xmitFrames=5 xmitOctets=10 }");
	nt_text_is("x:", "getstats", "\"c\"", "{}");
	nt_text_is("x:", "clrstats", "\"a\"", "");
	nt_text_is("x:", "getstats", "\"a\"", "{}");
	nt_text_is("x:", "getstats", "\"b\"", "{ xmitFrames=5 xmitOctets=75 }");
}

static void
test_memory(void **state)
{
	static const char hook[NG_HOOKSIZ] = "a";
	const struct ngt_pkt p = ngt_hex("ffffffffffff 020000000001 0806 0001");
	unsigned refused;

	(void)state;
	make();
	ok(program("a", "b", "c", arp, NITEMS(arp)));
	kt_short(a, p, b, p, ENOMEM);
	refused = kt_tell_short("x:", C, NGM_BPF_CLR_STATS, hook, sizeof(hook));
	assert_int_equal(kt_tell_short("x:", C, NGM_BPF_GET_PROGRAM, hook, sizeof(hook)), refused + 1); /* the reply */
	assert_int_equal(kt_tell_short("x:", C, NGM_BPF_GET_STATS, hook, sizeof(hook)), refused + 1);
	assert_int_equal(kt_tell_short("x:", C, NGM_BPF_GETCLR_STATS, hook, sizeof(hook)), refused + 1);
}

static void
tell(unsigned round)
{
	ok(program("a", round % 2 ? "b" : "c", "b", arp, NITEMS(arp)));
	ok(program("b", "c", "a", round % 3 ? all : ten, 1));
	nt_text_is("x:", "clrstats", "\"a\"", "");
}

static void
test_storm(void **state)
{
	struct kt_storm k = { .type = "bpf", .hooks = { "a", "b", "c" }, .tell = tell };

	(void)state;
	k.pkt[0] = k.pkt[1] = ngt_hex("ffffffffffff 020000000001 0806 0001");
	kt_storm(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		kt_test(test_ways),
		kt_test(test_names),
		kt_test(test_programs),
		kt_test(test_messages),
		kt_bare_test(test_memory),
		kt_test(test_storm),
	};

	return (cmocka_run_group_tests_name("bpf", tests, NULL, NULL));
}
