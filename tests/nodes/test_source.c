/* SPDX-License-Identifier: BSD-2-Clause */
/* test_source.c - node type "source": what it sends, when, how much of it, and what it writes into it. On a fake clock. */
#include "nodes/kt.h"

#include <netgraph/netgraph.h>
#include <netgraph/ng_source.h>

#define C NGM_SOURCE_COOKIE
#define ETHER 917786906u

static struct ngt *t;

static void
make(void)
{
	t = ngt_graph("source x; probe i.x - x.input; probe o.x - x.output");
	ngt_expect_msg(ngt_probe(t, "o"), NULL, ETHER, 1, NULL, 0); /* what is your name? */
}

static int
tell(uint32_t cmd, const void *arg, size_t len)
{
	struct ng_mesg *r = NULL;
	int error = ngu_msg(ngt_g(t), "x:", C, cmd, arg, len, &r);

	assert_null(r);
	return (error);
}

static int
start(uint64_t n)
{
	return (tell(NGM_SOURCE_START, &n, sizeof(n)));
}

static int
pps(uint32_t n)
{
	return (tell(NGM_SOURCE_SETPPS, &n, sizeof(n)));
}

static struct ng_source_stats
stats(uint32_t cmd)
{
	const struct ng_mesg *r = ngt_msg(t, "x:", C, cmd, NULL, 0);
	struct ng_source_stats st;

	assert_int_equal(r->header.arglen, sizeof(st));
	memcpy(&st, r->data, sizeof(st));
	return (st);
}

static void
feed(const char *hex)
{
	ngt_send(ngt_probe(t, "i"), NULL, hex);
}

/* These, one after the other, and no more. */
static void
sent(unsigned n, const char *const *hex, unsigned of)
{
	for (unsigned i = 0; i < n; i++)
		ngt_expect(ngt_probe(t, "o"), NULL, hex[i % of]);
	ngt_expect_none(ngt_probe(t, "o"), NULL);
}

static void
test_pace(void **state)
{
	static const char *const list[] = { "01", "0202", "030303" };
	struct ng_source_stats st;

	(void)state;
	make();
	for (unsigned i = 0; i < 3; i++)
		feed(list[i]);
	assert_int_equal(start(10), ENXIO);
	ok(pps(500));
	ok(start(7));
	assert_int_equal(start(7), EBUSY);
	ngt_expect_none(ngt_probe(t, "o"), NULL);
	ngt_advance(t, 1);
	ngt_expect_none(ngt_probe(t, "o"), NULL); /* half a packet */
	ngt_advance(t, 1);
	sent(1, list, 3);
	ngt_advance(t, 4);
	sent(2, list + 1, 2);
	st = stats(NGM_SOURCE_GET_STATS);
	assert_int_equal(st.outFrames, 3);
	assert_int_equal(st.outOctets, 6);
	assert_int_equal(st.queueFrames, 3);
	assert_int_equal(st.queueOctets, 6);
	assert_int_equal(st.maxPps, 500);
	assert_int_equal(st.elapsedTime.tv_sec, 0);
	assert_int_equal(st.elapsedTime.tv_usec, 6000);
	assert_int_equal(st.endTime.tv_sec + st.endTime.tv_usec, 0);
	ngt_advance(t, 1000);
	sent(4, list, 3); /* no more than it was told */
	st = stats(NGM_SOURCE_GET_STATS);
	assert_int_equal(st.outFrames, 7);
	assert_int_equal(st.elapsedTime.tv_usec, 14000);
	assert_int_equal(st.lastTime.tv_sec, st.endTime.tv_sec);
	assert_int_equal(st.lastTime.tv_usec, st.endTime.tv_usec);
	timersub(&st.endTime, &st.startTime, &st.endTime);
	assert_int_equal(st.endTime.tv_usec, 14000);
	/* No more than one pass a tick, however fast. */
	ok(pps(4000000000));
	ok(start(100));
	ngt_advance(t, 1);
	sent(3, (const char *const[]){ list[1], list[2], list[0] }, 3);
	/* Without a rate, that is the rate. */
	ok(pps(0));
	ngt_advance(t, 2);
	sent(6, (const char *const[]){ list[1], list[2], list[0] }, 3);
	/* Stop, and go on where it was. */
	ok(tell(NGM_SOURCE_STOP, NULL, 0));
	ok(tell(NGM_SOURCE_STOP, NULL, 0));
	ngt_advance(t, 100);
	sent(0, list, 3);
	ok(pps(1000));
	ok(start(UINT64_MAX));
	ngt_advance(t, 1000);
	assert_int_equal(ngt_count(ngt_probe(t, "o"), NULL), 1000);
	ngt_discard(ngt_probe(t, "o"), true);
	/* Seven a second, to the packet, over 10 s. */
	ok(pps(7));
	st = stats(NGM_SOURCE_GET_STATS);
	ngt_advance(t, 10000);
	assert_in_range(stats(NGM_SOURCE_GET_STATS).outFrames - st.outFrames, 69, 70);
	/* Nothing to send: it waits. */
	ok(tell(NGM_SOURCE_CLR_DATA, NULL, 0));
	st = stats(NGM_SOURCE_GET_STATS);
	assert_int_equal(st.queueFrames + st.queueOctets, 0);
	ngt_advance(t, 1000);
	assert_int_equal(stats(NGM_SOURCE_GET_STATS).outFrames, st.outFrames);
	assert_int_equal(start(1), EBUSY);
	ngt_end(t);
}

static void
test_clear(void **state)
{
	struct ng_source_stats st, zero;

	(void)state;
	memset(&zero, 0, sizeof(zero));
	make();
	st = stats(NGM_SOURCE_GET_STATS);
	assert_memory_equal(&st, &zero, sizeof(st));
	feed("0011");
	ok(pps(1000));
	ok(start(3));
	ngt_advance(t, 10);
	assert_int_equal(stats(NGM_SOURCE_GETCLR_STATS).outFrames, 3);
	zero.queueFrames = 1;
	zero.queueOctets = 2;
	st = stats(NGM_SOURCE_GET_STATS);
	assert_memory_equal(&st, &zero, sizeof(st));
	assert_int_equal(start(1), ENXIO); /* the rate is cleared, too */
	ok(pps(1000));
	ok(start(0)); /* done at once */
	ok(start(1));
	ngt_advance(t, 10);
	assert_int_equal(ngt_count(ngt_probe(t, "o"), NULL), 4);
	ok(tell(NGM_SOURCE_CLR_STATS, NULL, 0));
	st = stats(NGM_SOURCE_GET_STATS);
	assert_memory_equal(&st, &zero, sizeof(st));
	/* What the next node refuses is not counted as sent, but used up. */
	ngt_refuse(ngt_probe(t, "o"), EPERM);
	ok(pps(1000));
	ok(start(2));
	ngt_advance(t, 10);
	st = stats(NGM_SOURCE_GET_STATS);
	assert_int_equal(st.outFrames, 0);
	assert_int_equal(st.elapsedTime.tv_usec, 2000);
	/* What comes back ends here. */
	ngt_send(ngt_probe(t, "o"), NULL, "00");
	assert_int_equal(stats(NGM_SOURCE_GET_STATS).queueFrames, 1);
	ngt_end(t);
}

static int
counter(unsigned index, unsigned offset, unsigned flags, unsigned width, uint32_t next, uint32_t lo, uint32_t hi, int32_t inc)
{
	struct ng_source_embed_cnt_info c = { (uint16_t)offset, (uint8_t)flags, (uint8_t)width, next, lo, hi, inc, (uint8_t)index };

	return (tell(NGM_SOURCE_SET_COUNTER, &c, sizeof(c)));
}

static void
test_counters(void **state)
{
	static const char *const want[] = { "0005 00000000 ff aaaa 000000", "0006 ffffffff ff", "0007 fffffffe 00 aaaa 000000", "0003 fffffffd 00",
		"0004 ffffffff 07 aaaa 000000" };
	struct ng_source_embed_cnt_info c;
	const struct ng_mesg *r;
	uint8_t index = 1;

	(void)state;
	make();
	feed("0000 00000000 00 aaaa 000000");
	feed("0000 00000000 00");
	assert_int_equal(counter(4, 0, 1, 1, 0, 0, 9, 1), EINVAL);
	for (unsigned w = 0; w < 10; w++)
		assert_int_equal(counter(0, 0, 0, w, 0, 0, 9, 1), w == 1 || w == 2 || w == 4 ? 0 : EINVAL);
	ok(counter(0, 0, 1, 2, 5, 3, 7, 1));
	ok(counter(1, 2, 1, 4, 0, 0xfffffffd, 0xffffffff, -1)); /* it begins outside */
	ok(counter(2, 6, 3, 1, 0xff, 0, 0xff, 1)); /* one step a pass */
	ok(counter(3, 10, 1, 4, 0x11111111, 0, UINT32_MAX, 1)); /* does not fit */
	ok(pps(1000));
	ok(start(4));
	ngt_advance(t, 10);
	sent(4, want, 4);
	r = ngt_msg(t, "x:", C, NGM_SOURCE_GET_COUNTER, &index, 1);
	assert_int_equal(r->header.arglen, sizeof(c));
	memcpy(&c, r->data, sizeof(c));
	assert_int_equal(c.next_val, 0xffffffff);
	assert_int_equal(c.offset, 2);
	assert_int_equal(c.index, 1);
	assert_int_equal(c.increment, -1);
	ok(counter(2, 6, 1, 1, 0x107, 0, UINT32_MAX, 0)); /* the low byte of it */
	ok(start(1));
	ngt_advance(t, 10);
	sent(1, want + 4, 1);
	index = 4;
	ngt_msg_error(t, "x:", C, NGM_SOURCE_GET_COUNTER, &index, 1, EINVAL);
	ngt_msg_error(t, "x:", C, NGM_SOURCE_GET_COUNTER, &index, 0, EINVAL);
	ngt_end(t);
}

static void
test_timestamp(void **state)
{
	struct ng_source_embed_info e = { 1, 1, 0 };
	const struct ngt_rec *r;
	struct timeval before, after;

	(void)state;
	make();
	feed("00 11111111 22222222 33");
	feed("00 11111111 222222");
	ok(tell(NGM_SOURCE_SET_TIMESTAMP, &e, sizeof(e)));
	ok(pps(1000));
	ok(start(2));
	gettimeofday(&before, NULL);
	ngt_advance(t, 10);
	gettimeofday(&after, NULL);
	r = ngt_recv(ngt_probe(t, "o"), NULL);
	assert_non_null(r);
	assert_int_equal(r->len, 10);
	assert_int_equal(r->data[0], 0);
	assert_int_equal(r->data[9], 0x33);
	assert_in_range(be32dec(r->data + 1), before.tv_sec, after.tv_sec);
	assert_in_range(be32dec(r->data + 5), 0, 999999);
	ngt_expect(ngt_probe(t, "o"), NULL, "00 11111111 222222"); /* it does not fit */
	e.flags = 2;
	ok(tell(NGM_SOURCE_SET_TIMESTAMP, &e, sizeof(e)));
	ok(start(1));
	ngt_advance(t, 10);
	ngt_expect(ngt_probe(t, "o"), NULL, "00 11111111 22222222 33");
	ngt_end(t);
}

static void
test_messages(void **state)
{
	static const size_t length[] = { 0, 0, 0, 0, 8, 0, 0, 0, 4, 4, 0, 24, 1 };
	static const char zeros[30];
	struct kt_end *o;
	struct ngu_graph *before;
	struct ng_mesg *m;
	int error;

	(void)state;
	ok(ngu_mknode(g, "source", "x", NULL));
	o = kt_open("x:", "output");
	nt_unknown("x:", C);
	assert_int_equal(nt_tell("x:", C, 0, NULL, 0), EINVAL);
	assert_int_equal(nt_tell("x:", C, 13, NULL, 0), EINVAL);
	for (uint32_t cmd = 1; cmd <= 12; cmd++)
		for (size_t len = 0; length[cmd] != 0 && len < sizeof(zeros); len++)
			if (len != length[cmd])
				assert_int_equal(nt_tell("x:", C, cmd, zeros, len), EINVAL);
	assert_int_equal(nt_tell("x:", C, NGM_SOURCE_SETIFACE, "", 0), EINVAL);
	assert_int_equal(nt_tell("x:", C, NGM_SOURCE_SETIFACE, "", 1), EINVAL);
	ok(nt_tell("x:", C, NGM_SOURCE_SETIFACE, "em0", 4)); /* nobody knows it */
	nt_text_is("x:", "setiface", "\"em0\"", "");
	nt_text_fails("x:", "start", "5", ENXIO);
	nt_text_is("x:", "setpps", "100", "");
	nt_text_is("x:", "getstats", "", "{ maxPps=100 }");
	nt_text_is("x:", "start", "5", "");
	nt_text_fails("x:", "start", "5", EBUSY);
	nt_text_is("x:", "stop", "", "");
	nt_text_is("x:", "clrdata", "", "");
	nt_text_is("x:", "settimestamp", "{ offset=0x10 flags=1 }", "");
	nt_text_is("x:", "gettimestamp", "", "{ offset=0x10 flags=0x1 }");
	nt_text_is("x:", "setcounter", "{ offset=2 flags=0x3 width=2 next_val=4 min_val=1 max_val=9 increment=-2 index=3 }", "");
	nt_text_is("x:", "getcounter", "3", "{ offset=0x2 flags=0x3 width=2 next_val=4 min_val=1 max_val=9 increment=-2 index=3 }");
	nt_text_is("x:", "getcounter", "0", "{}");
	nt_text_is("x:", "clrstats", "", "");
	nt_text_is("x:", "getclrstats", "", "{}");
	/* A response is no command. */
	before = ngu_graph_enter(g);
	NG_MKMESSAGE(m, C, NGM_SOURCE_STOP, 0, M_NOWAIT);
	assert_non_null(m);
	m->header.flags = NGF_RESP;
	NG_SEND_MSG_PATH(error, NULL, m, "x:", 0);
	(void)ngu_graph_enter(before);
	assert_int_equal(error, EINVAL);
	kt_close(o);
	assert_int_equal(ngu_lookup(g, "x:", NULL), ENOENT); /* gone with output */
}

/* A neighbour that says it is an interface is told to leave source addresses alone. */
static void
test_interface(void **state)
{
	const struct ngt_rec *r;

	(void)state;
	t = ngt_graph("source x; probe i - x.input; probe o");
	ngt_answer(ngt_probe(t, "o"), "em0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	assert_int_equal(ngu_connect(ngt_g(t), "x:", "output", "o:", "x"), 0);
	ngt_expect_msg(ngt_probe(t, "o"), NULL, ETHER, 1, NULL, 0);
	ngt_expect_msg(ngt_probe(t, "o"), NULL, ETHER, 8, "\0\0\0", 4);
	while ((r = ngt_recv(ngt_probe(t, "o"), NULL)) != NULL)
		assert_true(r->is_msg);
	assert_int_equal(start(1), ENXIO);
	ngt_end(t);
}

static void
test_hooks(void **state)
{
	(void)state;
	make();
	assert_int_equal(ngu_mkpeer(ngt_g(t), "x:", "hole", "inputs", "h"), EINVAL);
	assert_int_equal(ngu_mkpeer(ngt_g(t), "x:", "hole", "", "h"), EINVAL);
	assert_int_equal(ngu_rmhook(ngt_g(t), "x:", "input"), 0);
	ngt_expect_hooks(t, "x:", "output - o.x");
	assert_int_equal(ngu_rmhook(ngt_g(t), "x:", "output"), 0);
	ngt_expect_hooks(t, "x:", NULL);
	/* Attaching output clears. Only input: it goes with the last. */
	ngt_add(t, "source y; probe j - y.input");
	ngt_send(ngt_probe(t, "j"), NULL, "001122");
	assert_int_equal(ngu_msg(ngt_g(t), "y:", C, NGM_SOURCE_SETPPS, &(uint32_t){ 9 }, 4, NULL), 0);
	ngt_add(t, "probe k - y.output");
	{
		const struct ng_mesg *m = ngt_msg(t, "y:", C, NGM_SOURCE_GET_STATS, NULL, 0);
		struct ng_source_stats st;

		memcpy(&st, m->data, sizeof(st));
		assert_int_equal(st.maxPps, 0);
		assert_int_equal(st.queueFrames, 1);
		assert_int_equal(st.queueOctets, 3);
	}
	ngt_add(t, "source z; probe l - z.input");
	ngt_send(ngt_probe(t, "l"), NULL, "001122");
	assert_int_equal(ngu_rmhook(ngt_g(t), "z:", "input"), 0);
	ngt_expect_hooks(t, "z:", NULL);
	/* Shut down while it runs. */
	assert_int_equal(ngu_msg(ngt_g(t), "y:", C, NGM_SOURCE_SETPPS, &(uint32_t){ 1000 }, 4, NULL), 0);
	assert_int_equal(ngu_msg(ngt_g(t), "y:", C, NGM_SOURCE_START, &(uint64_t){ 1000 }, 8, NULL), 0);
	ngt_advance(t, 5);
	assert_int_equal(ngu_shutdown(ngt_g(t), "y:"), 0);
	ngt_advance(t, 5);
	assert_int_equal(ngt_packets(ngt_probe(t, "k")), 5);
	ngt_end(t);
}

/* A packet for which there is no memory is sent at the next tick; without any for the timer it stops, and says so. */
static void
test_memory(void **state)
{
	struct nt_end o;
	struct kt_end *i;
	uint32_t rate = 1000;
	uint64_t n = 5;

	(void)state;
	ok(ngu_mknode(g, "source", "x", NULL));
	i = kt_open("x:", "input");
	memset(&o, 0, sizeof(o));
	ok(ngu_port_open(g, "x:", "output", nt_rx_count, &o, &o.port));
	ok(ngu_port_send(i->port, ngu_packet(g, "abcd", 4)));
	ok(nt_tell("x:", C, NGM_SOURCE_SETPPS, &rate, 4));
	ok(nt_tell("x:", C, NGM_SOURCE_START, &n, 8));
	ok(ngu_port_send(i->port, ngu_packet(g, "abcd", 4)));
	kt_at = 1;
	kt_refusing();
	ok(ngu_clock_advance(g, 1000000));
	kt_granting();
	assert_true(kt_seen >= 1);
	assert_int_equal(o.n, 0);
	ok(ngu_clock_advance(g, 1000000));
	assert_int_equal(o.n, 2);
	assert_string_equal(nt_log, "");
	for (kt_at = 2; nt_log[0] == '\0'; kt_at++) {
		assert_int_equal(nt_tell("x:", C, NGM_SOURCE_START, &n, 8), EBUSY);
		kt_refusing();
		ok(ngu_clock_advance(g, 1000000));
		kt_granting();
		assert_true(kt_at < 5);
	}
	assert_non_null(strstr(nt_log, "no memory for the timer"));
	ok(nt_tell("x:", C, NGM_SOURCE_START, &n, 8));
	ok(ngu_clock_advance(g, 10000000));
	assert_true(o.n > 5);
	nt_close(&o);
}

static void
storm_tell(unsigned round)
{
	uint32_t rate = 1000;
	uint64_t n = 1000;

	ok(nt_tell("x:", C, NGM_SOURCE_SETPPS, &rate, 4));
	(void)nt_tell("x:", C, NGM_SOURCE_START, &n, 8);
	if (round % 4 == 3)
		ok(nt_tell("x:", C, NGM_SOURCE_CLR_DATA, NULL, 0));
}

static void
test_storm(void **state)
{
	struct kt_storm k = { .type = "source", .hooks = { "input", "output" }, .tell = storm_tell };

	(void)state;
	k.pkt[0] = k.pkt[1] = ngt_pattern(100, 1);
	kt_storm(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_pace),
		ngt_test(test_clear),
		ngt_test(test_counters),
		ngt_test(test_timestamp),
		kt_test(test_messages),
		ngt_test(test_interface),
		ngt_test(test_hooks),
		kt_bare_test(test_memory),
		kt_test(test_storm),
	};

	return (cmocka_run_group_tests_name("source", tests, NULL, NULL));
}
