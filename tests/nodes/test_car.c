/* SPDX-License-Identifier: BSD-2-Clause */
/* test_car.c - node type "car": which packets are green, yellow and red in each mode, and what becomes of them. On a fake clock. */
#include "nodes/kt.h"

#include <netgraph/ng_car.h>

#define C NGM_CAR_COOKIE

static struct ngt *t;
static struct ng_car_bulkconf conf; /* for set() */

/* Downstream: 1000 bytes in each bucket, 80000 bit/s, that is 10 bytes a ms. */
static void
make(unsigned mode)
{
	const struct ng_car_hookconf c = { 1000, 1000, 80000, 0, 1, 1, 2, (uint8_t)mode, 0 };

	t = ngt_graph("car x; probe u - x.upper; probe l - x.lower");
	conf.downstream = conf.upstream = c;
}

static void
set(void)
{
	assert_null(ngt_msg(t, "x:", C, NGM_CAR_SET_CONF, &conf, sizeof(conf)));
}

static struct ng_car_bulkstats
stats(void)
{
	const struct ng_mesg *r = ngt_msg(t, "x:", C, NGM_CAR_GETCLR_STATS, NULL, 0);
	struct ng_car_bulkstats st;

	assert_int_equal(r->header.arglen, sizeof(st));
	memcpy(&st, r->data, sizeof(st));
	return (st);
}

/* Since the last time. */
static void
counted(unsigned passed, unsigned dropped, unsigned green, unsigned yellow, unsigned red, unsigned errors)
{
	const struct ng_car_bulkstats st = stats();

	assert_int_equal(st.downstream.passed_pkts, passed);
	assert_int_equal(st.downstream.dropped_pkts, dropped);
	assert_int_equal(st.downstream.green_pkts, green);
	assert_int_equal(st.downstream.yellow_pkts, yellow);
	assert_int_equal(st.downstream.red_pkts, red);
	assert_int_equal(st.downstream.errors, errors);
}

static void
down(unsigned n, size_t len)
{
	for (unsigned i = 0; i < n; i++)
		ngt_send(ngt_probe(t, "u"), NULL, ngt_pattern(len, i));
}

static size_t
arrived(void)
{
	size_t n = 0;

	while (ngt_recv(ngt_probe(t, "l"), NULL) != NULL)
		n++;
	return (n);
}

static void
test_single_rate(void **state)
{
	(void)state;
	make(NG_CAR_SINGLE_RATE);
	set();
	down(25, 100); /* 1000 bytes of green, 1000 of yellow */
	counted(20, 5, 10, 10, 5, 0);
	assert_int_equal(arrived(), 20);
	ngt_advance(t, 9);
	down(1, 100);
	counted(0, 1, 0, 0, 1, 0);
	ngt_advance(t, 1);
	down(2, 100);
	counted(1, 1, 1, 0, 1, 0);
	ngt_advance(t, 150); /* the first is full, the second half */
	down(20, 100);
	counted(15, 5, 10, 5, 5, 0);
	ngt_advance(t, 100000);
	down(25, 100);
	counted(20, 5, 10, 10, 5, 0);
	/* What is too large for one bucket. */
	ngt_advance(t, 100000);
	down(1, 1001);
	down(1, 1000);
	down(1, 1001);
	counted(1, 2, 1, 0, 2, 0);
	/* The other direction has its own. */
	ngt_send(ngt_probe(t, "l"), NULL, ngt_pattern(1000, 1));
	ngt_expect(ngt_probe(t, "u"), NULL, ngt_pattern(1000, 1));
	assert_int_equal(stats().upstream.green_pkts, 1);
	/* A rate, to the byte, whatever the steps: 3 ms are 30 bytes. */
	set();
	down(20, 100);
	stats();
	for (unsigned i = 0; i < 300; i++) {
		ngt_advance(t, 3);
		down(1, 100);
	}
	counted(90, 210, 90, 0, 210, 0);
	/* A rate that gives less than a bit a tick. */
	conf.downstream.cir = 80;
	conf.downstream.cbs = 1;
	conf.downstream.ebs = 0;
	set();
	down(2, 1);
	counted(1, 1, 1, 0, 1, 0);
	for (unsigned i = 0; i < 99; i++) {
		ngt_advance(t, 1);
		down(1, 1);
	}
	counted(0, 99, 0, 0, 99, 0);
	ngt_advance(t, 1);
	down(1, 1);
	counted(1, 0, 1, 0, 0, 0);
	ngt_end(t);
}

static void
test_double_rate(void **state)
{
	(void)state;
	make(NG_CAR_DOUBLE_RATE);
	conf.downstream.pir = 160000;
	set();
	down(25, 100);
	counted(20, 5, 10, 10, 5, 0);
	ngt_advance(t, 20); /* 200 bytes, and 400 */
	down(8, 100);
	counted(6, 2, 2, 4, 2, 0);
	ngt_advance(t, 500); /* both full, nothing flows over */
	down(25, 100);
	counted(20, 5, 10, 10, 5, 0);
	conf.downstream.pir = 0;
	set();
	down(25, 100);
	stats();
	ngt_advance(t, 1000);
	down(25, 100);
	counted(10, 15, 10, 0, 15, 0);
	ngt_end(t);
}

static void
test_actions(void **state)
{
	(void)state;
	make(NG_CAR_SINGLE_RATE);
	conf.downstream.green_action = NG_CAR_ACTION_DROP;
	conf.downstream.yellow_action = NG_CAR_ACTION_MARK;
	conf.downstream.red_action = NG_CAR_ACTION_FORWARD;
	set();
	down(25, 100);
	counted(15, 10, 10, 10, 5, 10);
	assert_int_equal(arrived(), 15);
	conf.downstream.green_action = 0; /* anything else drops */
	conf.downstream.yellow_action = 4;
	conf.downstream.red_action = 255;
	set();
	down(25, 100);
	counted(0, 25, 10, 10, 5, 0);
	assert_int_equal(arrived(), 0);
	/* What the next node says comes back, and is counted. */
	conf.downstream.green_action = NG_CAR_ACTION_FORWARD;
	set();
	ngt_refuse(ngt_probe(t, "l"), EPERM);
	assert_int_equal(ngt_try_send(ngt_probe(t, "u"), NULL, "00"), EPERM);
	counted(1, 0, 1, 0, 0, 1);
	assert_int_equal(ngu_rmhook(ngt_g(t), "x:", "lower"), 0);
	assert_int_equal(ngt_try_send(ngt_probe(t, "u"), NULL, "00"), ENETDOWN);
	counted(1, 0, 1, 0, 0, 1);
	ngt_end(t);
}

/* What is lent is paid back: no more than the rate over a long time; and the more is lent the more are red. */
static void
test_red(void **state)
{
	struct ng_car_bulkstats st;
	uint64_t passed;

	(void)state;
	make(NG_CAR_RED);
	conf.downstream.ebs = 10000;
	set();
	down(10, 100);
	counted(10, 0, 10, 0, 0, 0);
	down(1, 100); /* nothing is owed yet: surely not red */
	counted(1, 0, 0, 1, 0, 0);
	down(200, 100);
	st = stats();
	passed = 1 + st.downstream.yellow_pkts;
	assert_int_equal(st.downstream.green_pkts, 0);
	assert_true(passed <= 100 && st.downstream.red_pkts >= 100 && passed > 20);
	/* It is paid back before there is green again. */
	ngt_advance(t, (unsigned)(10 * passed));
	down(1, 100);
	counted(1, 0, 0, 1, 0, 0);
	ngt_advance(t, 20);
	down(1, 100);
	counted(1, 0, 1, 0, 0, 0);
	/* Ten times the rate for 2 s: its 200, the 10 that fit, and what is lent. */
	set();
	for (unsigned i = 0; i < 2000; i++) {
		ngt_advance(t, 1);
		down(1, 100);
	}
	st = stats();
	assert_in_range(st.downstream.passed_pkts, 180, 310);
	conf.downstream.ebs = 0;
	set();
	down(11, 100);
	counted(10, 1, 10, 0, 1, 0);
	conf.downstream.ebs = UINT64_C(1) << 45; /* nothing to speak of is owed */
	set();
	down(30, 100);
	counted(30, 0, 10, 20, 0, 0);
	ngt_end(t);
}

static void
test_shape(void **state)
{
	struct ng_car_bulkstats st;

	(void)state;
	make(NG_CAR_SHAPE);
	set();
	down(15, 100);
	counted(10, 0, 10, 5, 0, 0);
	assert_int_equal(arrived(), 10);
	ngt_advance(t, 9);
	assert_int_equal(arrived(), 0);
	ngt_advance(t, 1);
	assert_int_equal(arrived(), 1);
	down(1, 1); /* behind the others, though there would be room for it soon */
	ngt_advance(t, 39);
	assert_int_equal(arrived(), 3);
	ngt_advance(t, 2);
	assert_int_equal(arrived(), 2);
	counted(6, 0, 0, 1, 0, 0);
	ngt_advance(t, 1000);
	/* No more than 99 wait, and from the ninth on some do not. */
	down(10, 100);
	down(9, 100);
	counted(10, 0, 10, 9, 0, 0);
	down(200, 100); /* as the chances are, 81 of them wait, sigma is 4 */
	st = stats();
	assert_int_equal(st.downstream.red_pkts, st.downstream.dropped_pkts);
	assert_in_range(st.downstream.yellow_pkts, 55, 89);
	assert_int_equal(st.downstream.yellow_pkts + st.downstream.red_pkts, 200);
	ngt_advance(t, 1000);
	counted((unsigned)st.downstream.yellow_pkts + 9, 0, 0, 0, 0, 0);
	/* Nobody overtakes, though there would be enough for the small one. */
	(void)arrived();
	set();
	down(11, 100);
	assert_int_equal(arrived(), 10);
	ngt_advance(t, 5);
	stats();
	down(1, 10);
	counted(0, 0, 0, 1, 0, 0);
	assert_int_equal(arrived(), 0);
	ngt_advance(t, 5);
	assert_int_equal(arrived(), 1);
	ngt_advance(t, 1);
	assert_int_equal(arrived(), 1);
	/* Larger than the bucket: when it is full. */
	set();
	down(10, 100);
	stats();
	(void)arrived();
	down(1, 1500);
	counted(0, 0, 0, 1, 0, 0);
	ngt_advance(t, 99);
	assert_int_equal(arrived(), 0);
	ngt_advance(t, 5);
	assert_int_equal(arrived(), 1);
	/* Another mode: what waits goes. */
	set();
	down(15, 100);
	conf.downstream.mode = 0;
	set();
	assert_int_equal(arrived(), 15);
	stats();
	conf.downstream.mode = NG_CAR_SHAPE;
	set();
	down(15, 100);
	ngt_refuse(ngt_probe(t, "l"), EPERM);
	stats();
	ngt_advance(t, 10);
	counted(1, 0, 0, 0, 0, 1);
	/* With the hook goes what was to leave by it. */
	assert_int_equal(ngu_rmhook(ngt_g(t), "x:", "lower"), 0);
	counted(0, 4, 0, 0, 0, 0);
	ngt_advance(t, 100);
	/* The node goes with what waits. */
	ngt_add(t, "probe l2 - x.lower");
	set();
	down(3, 1000);
	counted(1, 0, 1, 2, 0, 0);
	ngt_end(t);
}

/* opt 2: packets, of any size. */
static void
test_packets(void **state)
{
	(void)state;
	make(NG_CAR_SINGLE_RATE);
	conf.downstream.opt = NG_CAR_COUNT_PACKETS;
	conf.downstream.cbs = 5;
	conf.downstream.ebs = 2;
	conf.downstream.cir = 10;
	set();
	down(4, 1);
	down(4, 1500);
	counted(7, 1, 5, 2, 1, 0);
	ngt_advance(t, 99);
	down(1, 0);
	counted(0, 1, 0, 0, 1, 0);
	ngt_advance(t, 1);
	down(2, 1500);
	counted(1, 1, 1, 0, 1, 0);
	ngt_end(t);
}

static int
config(uint64_t cbs, uint64_t ebs, uint64_t cir, uint64_t pir, unsigned mode, unsigned opt, bool up)
{
	struct ng_car_hookconf bad = { cbs, ebs, cir, pir, 1, 1, 2, (uint8_t)mode, (uint8_t)opt }, good = { 1, 1, 1, 1, 1, 1, 2, 0, 0 };
	struct ng_car_bulkconf c = { up ? bad : good, up ? good : bad };

	return (nt_tell("x:", C, NGM_CAR_SET_CONF, &c, sizeof(c)));
}

#define CONF "cbs=8192 ebs=8192 cir=10240 greenAction=1 yellowAction=1 redAction=2"
#define STATS "{ downstream={ passed=5 green=5 } }"

static void
test_messages(void **state)
{
	static const char zeros[90];
	struct kt_end *u, *l;

	(void)state;
	ok(ngu_mknode(g, "car", "x", NULL));
	u = kt_open("x:", "upper");
	l = kt_open("x:", "lower");
	nt_unknown("x:", C);
	assert_int_equal(nt_tell("x:", NGM_FLOW_COOKIE, NGM_LINK_IS_UP, NULL, 0), EINVAL);
	assert_int_equal(nt_tell("x:", C, 0, NULL, 0), EINVAL);
	assert_int_equal(nt_tell("x:", C, 6, NULL, 0), EINVAL);
	for (size_t len = 0; len < sizeof(zeros); len++)
		assert_int_equal(nt_tell("x:", C, NGM_CAR_SET_CONF, zeros, len), EINVAL);
	nt_text_is("x:", "getconf", "", "{ upstream={ " CONF " } downstream={ " CONF " } }");
	for (unsigned up = 0; up < 2; up++) {
		assert_int_equal(config(0, 0, 1, 1, 0, 0, up), EINVAL);
		assert_int_equal(config(1, 0, 1000000001, 1, 0, 0, up), EINVAL);
		assert_int_equal(config(1, 0, 1, 1000000001, 0, 0, up), EINVAL);
		assert_int_equal(config(1, 0, UINT64_MAX, 1, 0, 0, up), EINVAL);
		assert_int_equal(config(1, 0, 976563, 1, 0, 2, up), EINVAL);
		assert_int_equal(config(1, 0, 1, 976563, 0, 2, up), EINVAL);
		assert_int_equal(config(1, 0, UINT64_C(1) << 54, 1, 0, 2, up), EINVAL);
		assert_int_equal(config(1, 0, 0, 1, NG_CAR_SHAPE, 0, up), EINVAL);
		nt_text_is("x:", "getconf", "", "{ upstream={ " CONF " } downstream={ " CONF " } }");
	}
	ok(config(1, 0, 1000000000, 1000000000, 0, 0, true));
	ok(config(0, UINT64_MAX, 976562, 976562, 0, 3, true));
	ok(config(UINT64_MAX, UINT64_MAX, 1, 1, NG_CAR_SHAPE, 2, true));
	ok(config(1, 0, 0, 0, 77, 0, true));
	nt_text_is("x:", "setconf", "{ upstream={ " CONF " mode=3 opt=2 } downstream={ cbs=100000 cir=7 pir=9 greenAction=1 } }", "");
	nt_text_is("x:", "getconf", "", "{ upstream={ " CONF " mode=3 opt=2 } downstream={ cbs=100000 cir=7 pir=9 greenAction=1 } }");
	kt_goes(u, ngt_pattern(100, 1), l, ngt_pattern(100, 1));
	nt_text_is("x:", "getstats", "", STATS);
	nt_text_is("x:", "getclrstats", "", STATS);
	nt_text_is("x:", "getstats", "", "{}");
	kt_goes(u, ngt_pattern(100, 1), l, ngt_pattern(100, 1));
	nt_text_is("x:", "clrstats", "", "");
	nt_text_is("x:", "getstats", "", "{}");
	kt_goes(u, ngt_pattern(100, 1), l, ngt_pattern(100, 1));
	/* Attaching a hook clears what is counted of it. */
	kt_close(l);
	nt_text_is("x:", "getstats", "", STATS);
	l = kt_open("x:", "lower");
	nt_text_is("x:", "getstats", "", STATS);
	kt_close(u);
	u = kt_open("x:", "upper");
	nt_text_is("x:", "getstats", "", "{}");
	assert_int_equal(ngu_mkpeer(g, "x:", "hole", "middle", "h"), EINVAL);
	kt_close(u);
	kt_close(l);
	assert_int_equal(ngu_lookup(g, "x:", NULL), ENOENT);
}

/* Without memory for the timer what waits goes: rather too early than never. */
static void
test_memory(void **state)
{
	struct nt_end u, l;
	struct ng_car_bulkstats st;
	struct mbuf *m;

	(void)state;
	ok(ngu_mknode(g, "car", "x", NULL));
	nt_open(&u, "x:", "upper");
	memset(&l, 0, sizeof(l));
	ok(ngu_port_open(g, "x:", "lower", nt_rx_count, &l, &l.port));
	ok(config(1000, 0, 80000, 0, NG_CAR_SHAPE, 0, false));
	for (unsigned i = 0; i < 15; i++)
		ok(ngu_port_send(u.port, ngt_to_mbuf(g, ngt_pattern(100, i))));
	assert_int_equal(l.n, 10);
	kt_at = 2; /* the first is for the packet that goes */
	kt_refusing();
	ok(ngu_clock_advance(g, 10000000));
	kt_granting();
	assert_int_equal(l.n, 15);
	/* Nor for the first that would have to wait: it is red. */
	m = ngt_to_mbuf(g, ngt_pattern(100, 1));
	kt_refusing(); /* again the second */
	ok(ngu_port_send(u.port, m));
	kt_granting();
	nt_ask("x:", C, NGM_CAR_GET_STATS, NULL, 0, &st, sizeof(st));
	assert_int_equal(st.downstream.red_pkts, 1);
	assert_int_equal(st.downstream.dropped_pkts, 1);
	assert_int_equal(st.downstream.yellow_pkts, 5);
	ok(ngu_port_send(u.port, ngt_to_mbuf(g, ngt_pattern(100, 1))));
	nt_ask("x:", C, NGM_CAR_GET_STATS, NULL, 0, &st, sizeof(st));
	assert_int_equal(st.downstream.yellow_pkts, 6);
	nt_close(&u);
	nt_close(&l);
}

static void
tell(unsigned round)
{
	ok(config(1000 * (round % 2), 10000, 100000, 100000, round % 4 == 3 ? 3 : round % 4, 0, round % 2));
	nt_text_is("x:", "clrstats", "", "");
}

static void
test_storm(void **state)
{
	struct kt_storm k = { .type = "car", .hooks = { "upper", "lower" }, .tell = tell };

	(void)state;
	k.pkt[0] = k.pkt[1] = ngt_pattern(100, 1);
	kt_storm(&k);
}

/* Two threads in one direction: no packet is counted twice or not at all. */
static void
test_books(void **state)
{
	struct ng_car_bulkstats st;
	struct nt_pump p[2];
	struct nt_end u, l;
	uint64_t sum;

	(void)state;
	ok(ngu_mknode(g, "car", "x", NULL));
	nt_open(&u, "x:", "upper");
	memset(&l, 0, sizeof(l));
	ok(ngu_port_open(g, "x:", "lower", nt_rx_count, &l, &l.port));
	ok(config(1, 20000, 1000000, 1, 1, 0, false));
	for (unsigned i = 0; i < 2; i++)
		nt_pump_start(&p[i], u.port, 3000, 10, NULL);
	for (unsigned i = 0; i < 100; i++)
		ok(ngu_clock_advance(g, 1000000));
	for (unsigned i = 0; i < 2; i++)
		nt_pump_join(&p[i]);
	nt_ask("x:", C, NGM_CAR_GET_STATS, NULL, 0, &st, sizeof(st));
	sum = st.downstream.green_pkts + st.downstream.yellow_pkts + st.downstream.red_pkts;
	assert_int_equal(sum, 6000);
	assert_int_equal(st.downstream.passed_pkts + st.downstream.dropped_pkts, 6000);
	assert_int_equal(st.downstream.passed_pkts, l.n);
	assert_true(l.n >= 2000);
	nt_close(&u);
	nt_close(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_single_rate),
		ngt_test(test_double_rate),
		ngt_test(test_actions),
		ngt_test(test_red),
		ngt_test(test_shape),
		ngt_test(test_packets),
		kt_test(test_messages),
		kt_bare_test(test_memory),
		kt_test(test_storm),
		kt_test(test_books),
	};

	return (cmocka_run_group_tests_name("car", tests, NULL, NULL));
}
