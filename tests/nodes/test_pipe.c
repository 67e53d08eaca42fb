/* SPDX-License-Identifier: BSD-2-Clause */
/* test_pipe.c - node type "pipe": when packets arrive, which do, and in which order. On a fake clock. */
#include "nodes/kt.h"

#include <netgraph/ng_pipe.h>

#define C NGM_PIPE_COOKIE

static struct ngt *t;
static struct ng_pipe_cfg cfg; /* for the next set() */

static void
make(void)
{
	memset(&cfg, 0, sizeof(cfg));
	t = ngt_graph("pipe x; probe u - x.upper; probe l - x.lower");
}

static void
set(void)
{
	assert_null(ngt_msg(t, "x:", C, NGM_PIPE_SET_CFG, &cfg, sizeof(cfg)));
	memset(&cfg, 0, sizeof(cfg));
}

static void
ask(uint32_t cmd, void *out, size_t len)
{
	const struct ng_mesg *r = ngt_msg(t, "x:", C, cmd, NULL, 0);

	assert_int_equal(r->header.arglen, len);
	memcpy(out, r->data, len);
}

static struct ng_pipe_stats
stats(void)
{
	struct ng_pipe_stats st;

	ask(NGM_PIPE_GETCLR_STATS, &st, sizeof(st));
	return (st);
}

/* A packet of len bytes that begins with a number. */
static struct ngt_pkt
packet(unsigned n, size_t len)
{
	struct ngt_pkt p = ngt_pattern(len, n);

	p.b[0] = (uint8_t)n;
	return (p);
}

static void
down(unsigned n, size_t len)
{
	ngt_send(ngt_probe(t, "u"), NULL, packet(n, len));
}

/* Below have arrived, in this order: the numbers, as a string of letters. */
static void
arrived_at(const char *probe, const char *want)
{
	const struct ngt_rec *r;
	char got[256];
	size_t n = 0;

	while ((r = ngt_recv(ngt_probe(t, probe), NULL)) != NULL && n < sizeof(got) - 1)
		got[n++] = r->is_msg ? '!' : (char)r->data[0];
	got[n] = '\0';
	assert_string_equal(got, want);
}
#define arrived(want) arrived_at("l", (want))

static void
counted(const struct ng_pipe_hookstat *hs, unsigned fwd, unsigned in_disc, unsigned out_disc)
{
	assert_int_equal(hs->fwd_frames, fwd);
	assert_int_equal(hs->in_disc_frames, in_disc);
	assert_int_equal(hs->out_disc_frames, out_disc);
}

static void
test_straight(void **state)
{
	struct ng_pipe_stats st;

	(void)state;
	make();
	down('a', 100);
	arrived("a");
	ngt_send(ngt_probe(t, "l"), NULL, packet('b', 50));
	arrived_at("u", "b");
	st = stats();
	counted(&st.downstream, 1, 0, 0);
	counted(&st.upstream, 1, 0, 0);
	assert_int_equal(st.downstream.fwd_octets, 100);
	assert_int_equal(st.upstream.fwd_octets, 50);
	/* What the next node says comes back. */
	ngt_refuse(ngt_probe(t, "l"), EPERM);
	assert_int_equal(ngt_try_send(ngt_probe(t, "u"), NULL, "00"), EPERM);
	assert_int_equal(ngu_rmhook(ngt_g(t), "x:", "lower"), 0);
	assert_int_equal(ngt_try_send(ngt_probe(t, "u"), NULL, "00"), ENETDOWN);
	st = stats();
	counted(&st.downstream, 0, 0, 2);
	/* It stays. */
	assert_int_equal(ngu_rmhook(ngt_g(t), "x:", "upper"), 0);
	ngt_expect_hooks(t, "x:", "");
	ngt_end(t);
}

static void
test_delay(void **state)
{
	struct ng_pipe_run run;
	struct ng_pipe_stats st;

	(void)state;
	make();
	cfg.delay = 10000;
	set();
	down('a', 100);
	ngt_advance(t, 4);
	down('b', 200);
	ask(NGM_PIPE_GET_RUN, &run, sizeof(run));
	assert_int_equal(run.downstream.qout_frames, 2);
	assert_int_equal(run.downstream.qout_octets, 300);
	assert_int_equal(run.downstream.qin_frames, 0);
	ngt_advance(t, 5);
	arrived("");
	ngt_advance(t, 1);
	arrived("a");
	ngt_advance(t, 3);
	arrived("");
	ngt_advance(t, 1);
	arrived("b");
	/* Less delay, but nobody overtakes. */
	down('c', 1);
	cfg.delay = 1;
	set();
	down('d', 1);
	arrived("");
	ngt_advance(t, 9);
	arrived("");
	ngt_advance(t, 1);
	arrived("cd");
	cfg.delay = UINT64_MAX;
	set();
	down('e', 1);
	arrived("e");
	/* The result is 0, and a refusal is counted. */
	cfg.delay = 1000;
	set();
	st = stats();
	counted(&st.downstream, 5, 0, 0);
	ngt_refuse(ngt_probe(t, "l"), EPERM);
	down('f', 7);
	ngt_advance(t, 1);
	st = stats();
	counted(&st.downstream, 0, 0, 1);
	assert_int_equal(st.downstream.out_disc_octets, 7);
	/* No more than so many under way. */
	ngt_refuse(ngt_probe(t, "l"), 0);
	arrived("f");
	cfg.downstream.qout_size_limit = 5;
	set();
	for (unsigned i = 0; i < 7; i++)
		down('0' + i, 10);
	ngt_advance(t, 1);
	arrived("01234");
	st = stats();
	counted(&st.downstream, 5, 0, 2);
	/* With the hook goes what was to leave by it. */
	down('x', 10);
	assert_int_equal(ngu_rmhook(ngt_g(t), "x:", "lower"), 0);
	st = stats();
	counted(&st.downstream, 0, 0, 1);
	ask(NGM_PIPE_GET_RUN, &run, sizeof(run));
	assert_int_equal(run.downstream.qout_frames + run.downstream.qout_octets, 0);
	ngt_end(t);
}

static void
test_bandwidth(void **state)
{
	struct ng_pipe_run run;
	struct ng_pipe_stats st;

	(void)state;
	make();
	cfg.downstream.bandwidth = 8000; /* a byte a ms */
	set();
	down('a', 10);
	down('b', 20);
	down('c', 5);
	ask(NGM_PIPE_GET_RUN, &run, sizeof(run));
	assert_int_equal(run.downstream.fifo_queues, 1);
	assert_int_equal(run.downstream.qin_frames, 2);
	assert_int_equal(run.downstream.qin_octets, 25);
	assert_int_equal(run.downstream.qout_frames, 1); /* on the line */
	ngt_advance(t, 9);
	arrived("");
	ngt_advance(t, 1);
	arrived("a");
	ngt_advance(t, 19);
	arrived("");
	ngt_advance(t, 1);
	arrived("b");
	ngt_advance(t, 5);
	arrived("c");
	ask(NGM_PIPE_GET_RUN, &run, sizeof(run));
	assert_int_equal(run.downstream.fifo_queues + run.downstream.qin_frames + run.downstream.qin_octets, 0);
	/* The other way is as it was; overhead counts. */
	ngt_send(ngt_probe(t, "l"), NULL, "00");
	ngt_expect(ngt_probe(t, "u"), NULL, "00");
	cfg.overhead = 10;
	set();
	down('d', 10);
	ngt_advance(t, 19);
	arrived("");
	ngt_advance(t, 1);
	arrived("d");
	/* Between ticks: 1000 packets of 125 bytes at 10 Mbit/s, with 24 more bytes each, take 119.2 ms. */
	cfg.bandwidth = 10000000;
	cfg.downstream.qin_size_limit = 5000;
	set();
	stats();
	for (unsigned i = 0; i < 1000; i++)
		down('x', 125);
	ngt_discard(ngt_probe(t, "l"), true);
	ngt_advance(t, 60);
	ask(NGM_PIPE_GET_STATS, &st, sizeof(st));
	assert_in_range(st.downstream.fwd_frames, 502, 504); /* 60 ms are 503.4 of them */
	ngt_advance(t, 59);
	ask(NGM_PIPE_GET_STATS, &st, sizeof(st));
	assert_in_range(st.downstream.fwd_frames, 997, 999);
	ngt_advance(t, 1);
	st = stats();
	counted(&st.downstream, 1000, 0, 0);
	/* Off: what waits goes at once. */
	ngt_discard(ngt_probe(t, "l"), false);
	cfg.bandwidth = 100;
	set();
	for (unsigned i = 0; i < 4; i++)
		down('a' + i, 100);
	cfg.bandwidth = UINT64_MAX;
	set();
	ngt_advance(t, 20000);
	arrived("abcd");
	ngt_end(t);
}

static void
test_queue(void **state)
{
	struct ng_pipe_stats st;

	(void)state;
	make();
	cfg.bandwidth = 8000;
	cfg.overhead = UINT32_MAX; /* that of the bandwidth is set first */
	cfg.downstream.qin_size_limit = 5;
	set();
	for (unsigned i = 0; i < 8; i++)
		down('0' + i, 10);
	ngt_advance(t, 1000);
	arrived("012345"); /* one on the line, five waiting */
	st = stats();
	counted(&st.downstream, 6, 2, 0);
	assert_int_equal(st.downstream.in_disc_octets, 20);
	cfg.downstream.drophead = 1;
	set();
	for (unsigned i = 0; i < 8; i++)
		down('0' + i, 10);
	ngt_advance(t, 1000);
	arrived("034567");
	cfg.downstream.droptail = 1;
	cfg.downstream.qin_size_limit = UINT32_MAX; /* no limit */
	set();
	for (unsigned i = 0; i < 100; i++)
		down('x', 1);
	ngt_advance(t, 1000);
	st = stats();
	counted(&st.downstream, 106, 2, 0);
	ngt_end(t);
}

/* IPv4 from a host of that number; its letter is the first byte of the frame, IPv4 begins behind it. */
static void
from(unsigned host, unsigned letter, size_t len)
{
	char src[] = "10.0.0.0";
	uint8_t b = (uint8_t)letter;

	src[7] = (char)('0' + host);
	ngt_send(ngt_probe(t, "u"), NULL, ngt_cat(ngt_bytes(&b, 1), ngt_ip4(src, "10.0.1.1", ngt_pattern(len - 21, 1))));
}

static void
test_flows(void **state)
{
	struct ng_pipe_run run;
	struct ng_pipe_stats st;

	(void)state;
	make();
	cfg.bandwidth = 8000;
	cfg.overhead = UINT32_MAX;
	cfg.header_offset = 1;
	cfg.downstream.wfq = 1;
	cfg.downstream.qin_size_limit = 8;
	set();
	/* The line is taken by '0'; then one flow has six waiting, the other comes later with two. */
	from(1, '0', 50);
	for (unsigned i = 0; i < 6; i++)
		from(1, 'a' + i, 100);
	from(2, 'A', 100);
	from(2, 'B', 100);
	ask(NGM_PIPE_GET_RUN, &run, sizeof(run));
	assert_int_equal(run.downstream.fifo_queues, 2);
	assert_int_equal(run.downstream.qin_frames, 8);
	/* Full: the longest flow loses its last. */
	from(2, 'C', 100);
	from(3, 'X', 100);
	ngt_advance(t, 10000);
	arrived("0aAXbBcCd");
	st = stats();
	counted(&st.downstream, 9, 2, 0);
	/* Shares are of bytes: two packets of 50 for one of 100. */
	from(1, '0', 50);
	for (unsigned i = 0; i < 3; i++)
		from(1, 'a' + i, 100);
	for (unsigned i = 0; i < 5; i++)
		from(2, 'A' + i, 50);
	ngt_advance(t, 10000);
	arrived("0AaBCbDEc");
	/* By turns. */
	cfg.downstream.drr = 100;
	set();
	from(1, '0', 50);
	for (unsigned i = 0; i < 3; i++)
		from(1, 'a' + i, 100);
	for (unsigned i = 0; i < 4; i++)
		from(2, 'A' + i, 50);
	ngt_advance(t, 10000);
	arrived("0aABbCDc");
	/* Not IPv4 there: one flow for all. */
	cfg.header_offset = 2;
	set();
	from(1, '0', 50);
	from(1, 'a', 50);
	from(2, 'b', 50);
	ask(NGM_PIPE_GET_RUN, &run, sizeof(run));
	assert_int_equal(run.downstream.fifo_queues, 1);
	ngt_advance(t, 10000);
	arrived("0ab");
	/* First come, first served, in one queue. */
	cfg.header_offset = 1;
	cfg.downstream.fifo = 1;
	set();
	from(1, '0', 50);
	from(1, 'a', 50);
	from(2, 'A', 50);
	from(1, 'b', 50);
	ask(NGM_PIPE_GET_RUN, &run, sizeof(run));
	assert_int_equal(run.downstream.fifo_queues, 1);
	/* The node goes with what waits. */
	ngt_end(t);
}

static void
test_losses(void **state)
{
	struct ng_pipe_stats st;

	(void)state;
	make();
	ngt_discard(ngt_probe(t, "l"), true);
	/* 125 bytes are 1000 bits: with one bad bit in 1000, 36.77 % arrive. 2000 packets, five sigma are 5.4 %. */
	cfg.downstream.ber = 1000;
	set();
	for (unsigned i = 0; i < 2000; i++)
		down('x', 125);
	st = stats();
	assert_in_range(st.downstream.fwd_frames, 2000 * 0.3137, 2000 * 0.4217);
	assert_int_equal(st.downstream.fwd_frames + st.downstream.out_disc_frames, 2000);
	/* In 10^12: hardly ever. */
	cfg.downstream.ber = UINT64_C(1000000000000);
	set();
	for (unsigned i = 0; i < 100; i++)
		down('x', 125);
	st = stats();
	counted(&st.downstream, 100, 0, 0);
	cfg.downstream.ber = UINT64_MAX;
	cfg.downstream.duplicate = 50;
	set();
	for (unsigned i = 0; i < 1000; i++)
		down('x', 125);
	st = stats();
	assert_in_range(st.downstream.fwd_frames, 1420, 1580);
	cfg.downstream.duplicate = UINT32_MAX;
	set();
	down('x', 125);
	st = stats();
	counted(&st.downstream, 1, 0, 0);
	ngt_end(t);
}

static void
test_link_down(void **state)
{
	struct ng_pipe_stats st;

	(void)state;
	make();
	cfg.upstream.ber = 1;
	set();
	ngt_expect_msg(ngt_probe(t, "u"), NULL, NGM_FLOW_COOKIE, NGM_LINK_IS_DOWN, NULL, 0);
	ngt_expect_msg(ngt_probe(t, "l"), NULL, NGM_FLOW_COOKIE, NGM_LINK_IS_DOWN, NULL, 0);
	ngt_send(ngt_probe(t, "l"), NULL, "00");
	ngt_send(ngt_probe(t, "l"), NULL, "");
	ngt_expect_none(ngt_probe(t, "u"), NULL);
	st = stats();
	counted(&st.upstream, 0, 0, 2);
	cfg.downstream.ber = 1; /* down it is already */
	set();
	cfg.upstream.ber = UINT64_MAX;
	set();
	ngt_expect_none(ngt_probe(t, "u"), NULL);
	cfg.downstream.ber = 100;
	set();
	ngt_expect_msg(ngt_probe(t, "u"), NULL, NGM_FLOW_COOKIE, NGM_LINK_IS_UP, NULL, 0);
	ngt_expect_msg(ngt_probe(t, "l"), NULL, NGM_FLOW_COOKIE, NGM_LINK_IS_UP, NULL, 0);
	ngt_expect_none(ngt_probe(t, "u"), NULL);
	ngt_end(t);
}

#define DEFAULTS "downstream={ queuelen=50 fifo=1 droptail=1 } upstream={ queuelen=50 fifo=1 droptail=1 } }"

static void
test_messages(void **state)
{
	static const char zeros[130];
	struct kt_end *u;

	(void)state;
	ok(ngu_mknode(g, "pipe", "x", NULL));
	u = kt_open("x:", "upper");
	(void)kt_open("x:", "lower");
	nt_unknown("x:", C);
	assert_int_equal(nt_tell("x:", NGM_FLOW_COOKIE, NGM_LINK_IS_UP, NULL, 0), EINVAL);
	assert_int_equal(nt_tell("x:", C, 0, NULL, 0), EINVAL);
	assert_int_equal(nt_tell("x:", C, 7, NULL, 0), EINVAL);
	for (size_t len = 0; len < sizeof(zeros); len++)
		assert_int_equal(nt_tell("x:", C, NGM_PIPE_SET_CFG, zeros, len), len == 120 ? 0 : EINVAL);
	nt_text_is("x:", "getcfg", "", "{ " DEFAULTS);
	nt_text_is("x:", "getstats", "", "{}");
	nt_text_is("x:", "getclrstats", "", "{}");
	nt_text_is("x:", "clrstats", "", "");
	nt_text_is("x:", "getrun", "", "{}");
	/* Out of range: not heard. */
	nt_text_is("x:", "setcfg", "{ bandwidth=99 delay=10000000 header_offset=64 overhead=256 downstream={ BER=1000000000001 queuelen=4 "
				  "delaylen=4 duplicate=51 bandwidth=1000000001 } }", "");
	nt_text_is("x:", "getcfg", "", "{ " DEFAULTS);
	nt_text_is("x:", "setcfg", "{ bandwidth=10000000 delay=9999999 header_offset=63 }", "");
	nt_text_is("x:", "getcfg", "", "{ bandwidth=10000000 delay=9999999 header_offset=63 overhead=24 " DEFAULTS);
	nt_text_is("x:", "setcfg", "{ bandwidth=9999999 upstream={ bandwidth=100 BER=1000000000000 queuelen=5 delaylen=5 duplicate=50 wfq=7 "
				  "drophead=2 } downstream={ drr=5 } }", "");
	nt_text_is("x:", "getcfg", "", "{ delay=9999999 header_offset=63 overhead=10 downstream={ bandwidth=9999999 queuelen=50 drr=2048 "
				      "droptail=1 } upstream={ bandwidth=100 BER=1000000000000 queuelen=5 delaylen=5 duplicate=50 wfq=1 drophead=1 } }");
	nt_text_is("x:", "setcfg", "{ downstream={ drr=32 } upstream={ drr=31 } }", "");
	nt_text_is("x:", "getcfg", "", "{ delay=9999999 header_offset=63 overhead=10 downstream={ bandwidth=9999999 queuelen=50 drr=32 "
				      "droptail=1 } upstream={ bandwidth=100 BER=1000000000000 queuelen=5 delaylen=5 duplicate=50 drr=2048 drophead=1 } }");
	/* Off. */
	nt_text_is("x:", "setcfg", "{ delay=-1 header_offset=-1 overhead=-1 downstream={ bandwidth=-1 } upstream={ bandwidth=-1 BER=-1 queuelen=-1 "
				  "delaylen=-1 duplicate=-1 drophead=-1 } }", "");
	nt_text_is("x:", "getcfg", "", "{ downstream={ queuelen=50 fifo=1 droptail=1 } upstream={ fifo=1 droptail=1 } }");
	nt_text_is("x:", "setcfg", "{ downstream={ wfq=1 } upstream={ drr=1 } }", "");
	nt_text_is("x:", "setcfg", "{ downstream={ wfq=-1 } upstream={ drr=-1 } }", "");
	nt_text_is("x:", "setcfg", "{ downstream={ drophead=1 } }", "");
	/* A hook that comes again begins with the defaults. */
	kt_close(u);
	u = kt_open("x:", "upper");
	nt_text_is("x:", "getcfg", "", "{ downstream={ queuelen=50 fifo=1 droptail=1 } upstream={ fifo=1 droptail=1 } }");
	assert_int_equal(ngu_mkpeer(g, "x:", "hole", "middle", "h"), EINVAL);
	/* In any shape. */
	nt_text_is("x:", "setcfg", "{ downstream={ duplicate=50 wfq=1 } header_offset=5 }", "");
	for (int shape = 0; shape < KT_SHAPES; shape++) {
		struct ngt_pkt p = ngt_pattern(100, 1);

		ok(kt_send_shape(__FILE__, __LINE__, u, &p, shape));
		assert_in_range(kt_ends[1].n, 1, 2);
		ngt_expect_bytes(p.b, p.len, kt_ends[1].pkt.b, kt_ends[1].pkt.len);
	}
	ok(ngu_shutdown(g, "x:"));
}

/* Flows for which there is no memory share one; neighbours that get no message for want of it are not told, the link is down all the same. */
static void
test_memory(void **state)
{
	struct ng_pipe_cfg c = { .bandwidth = 8000, .overhead = UINT32_MAX, .header_offset = 1, .downstream = { .wfq = 1 } };
	struct ng_pipe_run run;
	struct nt_end u, l;
	char src[] = "10.0.0.1";
	struct ngt_pkt p;
	struct mbuf *m;
	int error;

	(void)state;
	ok(ngu_mknode(g, "pipe", "x", NULL));
	memset(&l, 0, sizeof(l));
	nt_open(&u, "x:", "upper");
	ok(ngu_port_open(g, "x:", "lower", nt_rx_count, &l, &l.port));
	ok(nt_tell("x:", C, NGM_PIPE_SET_CFG, &c, sizeof(c)));
	for (unsigned i = 0; i < 7; i++) {
		src[7] = (char)('1' + i);
		p = ngt_cat(ngt_hex("00"), ngt_ip4(src, "10.0.1.1", ngt_pattern(79, 1)));
		m = ngt_to_mbuf(g, p);
		kt_at = i == 0 || i > 3 ? 0 : 2; /* the first packet is on the line, and has the timer; the first memory is for the item */
		kt_refusing();
		ok(ngu_port_send(u.port, m));
		kt_granting();
	}
	nt_ask("x:", C, NGM_PIPE_GET_RUN, NULL, 0, &run, sizeof(run));
	assert_int_equal(run.downstream.qin_frames, 6);
	assert_int_equal(run.downstream.fifo_queues, 4);
	ok(ngu_clock_advance(g, 1000000000));
	assert_int_equal(l.n, 7);
	c = (struct ng_pipe_cfg){ .bandwidth = UINT64_MAX };
	for (kt_at = 1; kt_at < 20; kt_at++) {
		c.upstream.ber = kt_at % 2 != 0 ? 1 : UINT64_MAX;
		kt_refusing();
		error = nt_tell("x:", C, NGM_PIPE_SET_CFG, &c, sizeof(c));
		kt_granting();
		if (error != 0) { /* the message itself */
			assert_int_equal(error, ENOMEM);
			ok(nt_tell("x:", C, NGM_PIPE_SET_CFG, &c, sizeof(c)));
		}
		ok(ngu_port_send(l.port, ngu_packet(g, "a", 1)));
		assert_int_equal(u.n, kt_at / 2);
	}
	nt_close(&l); /* one neighbour is enough */
	c.upstream.ber = UINT64_MAX;
	ok(nt_tell("x:", C, NGM_PIPE_SET_CFG, &c, sizeof(c)));
	nt_close(&u);
	ok(ngu_shutdown(g, "x:"));
}

static void
tell(unsigned round)
{
	static const char *const c[] = { "{ delay=1500 }", "{ delay=-1 bandwidth=1000000000 downstream={ wfq=1 } }",
		"{ upstream={ drr=1 duplicate=20 } header_offset=1 }", "{ bandwidth=-1 downstream={ BER=10000 } }" };

	nt_text_is("x:", "setcfg", c[round % 4], "");
}

static void
test_storm(void **state)
{
	struct kt_storm k = { .type = "pipe", .hooks = { "upper", "lower" }, .tell = tell };

	(void)state;
	k.pkt[0] = k.pkt[1] = ngt_pattern(100, 1);
	kt_storm(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_straight),
		ngt_test(test_delay),
		ngt_test(test_bandwidth),
		ngt_test(test_queue),
		ngt_test(test_flows),
		ngt_test(test_losses),
		ngt_test(test_link_down),
		kt_test(test_messages),
		kt_bare_test(test_memory),
		kt_test(test_storm),
	};

	return (cmocka_run_group_tests_name("pipe", tests, NULL, NULL));
}
