/* SPDX-License-Identifier: BSD-2-Clause */
/* test_macfilter.c - node type "macfilter": addresses, hooks and their IDs, and what is counted. */
#include "nodes/kt.h"

#include <netgraph/ng_macfilter.h>

#define C NGM_MACFILTER_COOKIE

static struct kt_end *ether, *dflt, *a, *b;

static void
make(void)
{
	ok(ngu_mknode(g, "macfilter", "x", NULL));
	ether = kt_open("x:", "ether");
	dflt = kt_open("x:", "default");
	a = kt_open("x:", "a");
	b = kt_open("x:", "b");
}

/* The last byte of an address of ours. */
static int
direct(unsigned n, const char *hook)
{
	struct ngm_macfilter_direct d = { .ether = { 2, 0, 0, 0, (uint8_t)(n >> 8), (uint8_t)n } };

	memcpy(d.hookname, hook, strlen(hook));
	return (nt_tell("x:", C, NGM_MACFILTER_DIRECT, &d, sizeof(d)));
}

static int
directi(unsigned n, unsigned id)
{
	struct ngm_macfilter_direct_hookid d = { { 2, 0, 0, 0, (uint8_t)(n >> 8), (uint8_t)n }, (uint16_t)id };

	return (nt_tell("x:", C, NGM_MACFILTER_DIRECT_HOOKID, &d, sizeof(d)));
}

static struct ngt_pkt
frame(unsigned to, unsigned src)
{
	struct ngt_pkt p = ngt_hex("020000000000 020000000000 0800 45");

	p.b[4] = (uint8_t)(to >> 8);
	p.b[5] = (uint8_t)to;
	p.b[10] = (uint8_t)(src >> 8);
	p.b[11] = (uint8_t)src;
	return (p);
}

static void
comes_out(unsigned src, struct kt_end *to)
{
	kt_goes(ether, frame(99, src), to, frame(99, src));
}

static void
test_ways(void **state)
{
	(void)state;
	make();
	comes_out(1, dflt);
	ok(direct(1, "a"));
	ok(direct(2, "b"));
	ok(direct(0x8000, "b")); /* whatever the sign of the bytes */
	comes_out(1, a);
	comes_out(2, b);
	comes_out(3, dflt);
	comes_out(0, dflt);
	comes_out(0x8000, b);
	comes_out(0xffff, dflt);
	/* From anywhere to ether. */
	kt_goes(a, frame(1, 2), ether, frame(1, 2));
	kt_goes(b, frame(1, 1), ether, frame(1, 1));
	kt_goes(dflt, frame(7, 7), ether, frame(7, 7));
	/* Elsewhere, and nowhere. */
	ok(direct(1, "b"));
	comes_out(1, b);
	ok(direct(1, "default"));
	comes_out(1, dflt);
	ok(direct(2, "a"));
	comes_out(2, a);
	ok(direct(2, "nobody")); /* the same as default */
	comes_out(2, dflt);
	ok(direct(2, "a"));
	ok(direct(2, "ether")); /* no more than that */
	comes_out(2, dflt);
	ok(direct(5, "default")); /* never was there */
	/* Not connected: dropped. */
	kt_close(dflt);
	kt_fails(ether, frame(99, 1), 0);
	comes_out(0x8000, b);
	kt_close(ether);
	kt_fails(a, frame(1, 1), 0);
	ether = kt_open("x:", "ether");
	comes_out(0x8000, b);
	for (unsigned len = 0; len < 14; len++) {
		kt_fails(ether, ngt_pattern(len, 1), EINVAL);
		kt_fails(a, ngt_pattern(len, 1), EINVAL);
	}
}

static void
test_counts(void **state)
{
	(void)state;
	make();
	nt_text_is("x:", "getmacs", "", "{}");
	ok(direct(9, "b"));
	ok(direct(1, "a"));
	ok(direct(5, "b"));
	nt_text_is("x:", "getmacs", "", "{ n=3 macs=[ { ether=02:00:00:00:00:01 hookid=1 } { ether=02:00:00:00:00:05 hookid=2 } "
				       "{ ether=02:00:00:00:00:09 hookid=2 } ] }");
	comes_out(1, a);
	kt_goes(b, frame(1, 5), ether, frame(1, 5)); /* counted for whom it is, whoever sends it */
	kt_goes(dflt, ngt_hex("020000000009 020000000001 0800"), ether, ngt_hex("020000000009 020000000001 0800"));
	nt_text_is("x:", "getmacs", "",
	    "{ n=3 macs=[ { ether=02:00:00:00:00:01 hookid=1 packets_in=5 bytes_in=5 packets_out=5 bytes_out=5 } "
	    "{ ether=02:00:00:00:00:05 hookid=2 } { ether=02:00:00:00:00:09 hookid=2 packets_out=5 } ] }");
	ok(direct(9, "a")); /* the counts stay */
	nt_text_is("x:", "getclrmacs", "",
	    "{ n=3 macs=[ { ether=02:00:00:00:00:01 hookid=1 packets_in=5 bytes_in=5 packets_out=5 bytes_out=5 } "
	    "{ ether=02:00:00:00:00:05 hookid=2 } { ether=02:00:00:00:00:09 hookid=1 packets_out=5 } ] }");
	nt_text_is("x:", "getmacs", "", "{ n=3 macs=[ { ether=02:00:00:00:00:01 hookid=1 } { ether=02:00:00:00:00:05 hookid=2 } "
				       "{ ether=02:00:00:00:00:09 hookid=1 } ] }");
	comes_out(1, a);
	nt_text_is("x:", "clrmacs", "", "");
	nt_text_is("x:", "gethooks", "", "{ n=3 hooks=[ { hookname=\"default\" } { hookname=\"a\" hookid=1 maccnt=2 } "
					"{ hookname=\"b\" hookid=2 maccnt=1 } ] }");
	nt_text_is("x:", "directi", "{ ether=02:00:00:00:00:05 hookid=1 }", "");
	nt_text_is("x:", "direct", "{ ether=02:00:00:00:00:01 hookname=\"default\" }", "");
	nt_text_is("x:", "getmacs", "", "{ n=2 macs=[ { ether=02:00:00:00:00:05 hookid=1 } { ether=02:00:00:00:00:09 hookid=1 } ] }");
	nt_text_is("x:", "reset", "", "");
	nt_text_is("x:", "getmacs", "", "{}");
	nt_text_is("x:", "gethooks", "", "{ n=3 hooks=[ { hookname=\"default\" } { hookname=\"a\" hookid=1 } { hookname=\"b\" hookid=2 } ] }");
	comes_out(5, dflt);
}

static void
test_hooks(void **state)
{
	struct kt_end *c;

	(void)state;
	make();
	assert_int_equal(directi(1, 3), EINVAL);
	assert_int_equal(directi(1, 16), EINVAL);
	assert_int_equal(directi(1, 65535), EINVAL);
	ok(directi(1, 1));
	ok(directi(2, 2));
	ok(directi(3, 1));
	ok(directi(4, 2));
	ok(directi(4, 0));
	comes_out(1, a);
	comes_out(2, b);
	comes_out(4, dflt);
	/* A hook's addresses go with it; its number is the next one's. */
	kt_close(a);
	comes_out(1, dflt);
	comes_out(2, b);
	comes_out(3, dflt);
	assert_int_equal(directi(1, 1), EINVAL);
	c = kt_open("x:", "c");
	nt_text_is("x:", "gethooks", "", "{ n=3 hooks=[ { hookname=\"default\" } { hookname=\"c\" hookid=1 } { hookname=\"b\" hookid=2 maccnt=1 } ] }");
	comes_out(1, dflt);
	ok(directi(1, 1));
	comes_out(1, c);
	/* Without default. */
	kt_close(dflt);
	nt_text_is("x:", "gethooks", "", "{ n=2 hooks=[ { hookname=\"c\" hookid=1 maccnt=1 } { hookname=\"b\" hookid=2 maccnt=1 } ] }");
	ok(directi(1, 0));
	kt_fails(ether, frame(9, 1), 0);
	kt_close(ether);
	kt_close(b);
	kt_close(c);
	assert_int_equal(ngu_lookup(g, "x:", NULL), ENOENT);
}

/* More of both than the arrays had room for, in an order that has nothing to do with their own. */
static void
test_many(void **state)
{
	struct ngm_macfilter_macs *m;
	struct ng_mesg *r = NULL;
	struct kt_end *z;
	char name[8];

	(void)state;
	make();
	for (unsigned i = 0; i < 100; i++) {
		(void)snprintf(name, sizeof(name), "h%u", i);
		ok(ngu_mkpeer(g, "x:", "hole", name, "h"));
	}
	z = kt_open("x:", "z"); /* its ID: 1 and 2 are a and b, 3 to 102 the holes */
	for (unsigned i = 0; i < 300; i++)
		ok(directi(i * 89 % 300, i % 2 ? 103 : 1 + i % 102));
	for (unsigned i = 0; i < 300; i += 17)
		if (i % 2 != 0)
			comes_out(i * 89 % 300, z);
	comes_out(1000, dflt);
	ok(ngu_msg(g, "x:", C, NGM_MACFILTER_GET_MACS, NULL, 0, &r));
	m = (struct ngm_macfilter_macs *)(void *)r->data;
	assert_int_equal(m->n, 300);
	assert_int_equal(r->header.arglen, 8 + 300 * 40);
	for (unsigned i = 0; i < 300; i++)
		assert_int_equal(m->macs[i].ether[4] << 8 | m->macs[i].ether[5], i);
	ngu_msg_free(r);
	kt_close(z);
	ok(ngu_msg(g, "x:", C, NGM_MACFILTER_GET_MACS, NULL, 0, &r));
	m = (struct ngm_macfilter_macs *)(void *)r->data;
	assert_int_equal(m->n, 150);
	for (unsigned i = 1; i < 150; i++)
		assert_true(memcmp(m->macs[i - 1].ether, m->macs[i].ether, 6) < 0);
	ngu_msg_free(r);
	ok(ngu_shutdown(g, "x:"));
}

static void
test_messages(void **state)
{
	static const char zeros[40];

	(void)state;
	make();
	nt_unknown("x:", C);
	assert_int_equal(nt_tell("x:", NGM_FLOW_COOKIE, NGM_LINK_IS_UP, NULL, 0), EINVAL);
	assert_int_equal(nt_tell("x:", C, 0, NULL, 0), EINVAL);
	assert_int_equal(nt_tell("x:", C, 8, NULL, 0), EINVAL);
	for (size_t len = 0; len < sizeof(zeros); len++) {
		assert_int_equal(nt_tell("x:", C, NGM_MACFILTER_DIRECT, zeros, len), len == 38 ? 0 : EINVAL);
		assert_int_equal(nt_tell("x:", C, NGM_MACFILTER_DIRECT_HOOKID, zeros, len), len == 8 ? 0 : EINVAL);
	}
}

/* Both tables grow when there are more than sixteen. */
static void
test_memory(void **state)
{
	struct ngm_macfilter_direct d = { .ether = { 2, 0, 0, 0, 0, 16 }, .hookname = "a" };
	unsigned refused = 0;
	char name[8];
	int error;

	(void)state;
	make();
	for (unsigned i = 0; i < 16; i++)
		ok(direct(i, "a"));
	assert_true(kt_tell_short("x:", C, NGM_MACFILTER_DIRECT, &d, sizeof(d)) > 2); /* the message, the table, the address */
	comes_out(16, a);
	comes_out(0, a);
	for (kt_at = 1;; kt_at++) { /* a node each: what has grown stays so */
		ok(ngu_mknode(g, "macfilter", "y", NULL));
		ok(ngu_mknode(g, "hole", "q", NULL));
		for (unsigned i = 1; i < 16; i++) {
			(void)snprintf(name, sizeof(name), "h%u", i);
			ok(ngu_connect(g, "y:", name, "q:", name));
		}
		kt_refusing();
		error = ngu_connect(g, "y:", "h16", "q:", "h16");
		kt_granting();
		assert_true(error == 0 || error == ENOMEM);
		assert_int_equal(nt_hooks("y:"), error == 0 ? 16 : 15);
		refused += error != 0;
		ok(ngu_shutdown(g, "y:"));
		if (kt_seen < kt_at)
			break;
	}
	assert_true(refused > 2); /* at least the table and the hook's data, beside the core's */
}

static void
tell(unsigned round)
{
	struct ngm_macfilter_macs m;
	struct ng_mesg *r = NULL;

	ok(direct(1, round % 2 ? "a" : "default"));
	ok(direct(2, round % 3 ? "a" : "z"));
	for (unsigned i = 0; i < 20; i++)
		ok(direct(10 * round + i, "a"));
	ok(ngu_msg(g, "x:", C, NGM_MACFILTER_GETCLR_MACS, NULL, 0, &r));
	memcpy(&m, r->data, sizeof(m));
	assert_true(m.n >= 20);
	ngu_msg_free(r);
	if (round % 5 == 4)
		nt_text_is("x:", "reset", "", "");
}

static void
test_storm(void **state)
{
	struct kt_storm k = { .type = "macfilter", .hooks = { "ether", "a", "default" }, .tell = tell };

	(void)state;
	k.pkt[0] = frame(2, 1);
	k.pkt[1] = frame(1, 2);
	kt_storm(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		kt_test(test_ways),
		kt_test(test_counts),
		kt_test(test_hooks),
		kt_test(test_many),
		kt_test(test_messages),
		kt_bare_test(test_memory),
		kt_test(test_storm),
	};

	return (cmocka_run_group_tests_name("macfilter", tests, NULL, NULL));
}
