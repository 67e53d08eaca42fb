/* SPDX-License-Identifier: BSD-2-Clause */
/* test_fault.c - node type "fault". */
#include "nodes/nt.h"
#include "nodes/text.h"

#include <ng/test.h>
#include <netgraph/ng_fault.h>

#include "kern/zone.h"
#include "port/port.h"

#define MS 1000000
#define ALWAYS NG_FAULT_ALWAYS

static struct nt_end upper, lower;

static void
make(void)
{
	ok(ngu_mknode(g, "fault", "f", NULL));
	nt_open(&upper, "f:", "upper");
	nt_open(&lower, "f:", "lower");
}

static void
unmake(void)
{
	nt_close(&upper);
	nt_close(&lower);
	assert_int_equal(ngu_lookup(g, "f:", NULL), ENOENT);
}

static int
configure(struct ng_fault_config c)
{
	return (nt_tell("f:", NGM_FAULT_COOKIE, NGM_FAULT_SET_CONFIG, &c, sizeof(c)));
}

#define conf(...) (struct ng_fault_config) { __VA_ARGS__ }

static struct ng_fault_stats
stats(uint32_t cmd)
{
	struct ng_fault_stats st;

	nt_ask("f:", NGM_FAULT_COOKIE, cmd, NULL, 0, &st, sizeof(st));
	return (st);
}

/* Nothing goes missing. */
static void
adds_up(const struct ng_fault_dirstat *d)
{
	assert_int_equal(d->recvPackets + d->duplicated,
	    d->xmitPackets + d->lost + d->overflows + d->unconnected + d->flushed + d->waiting);
}

static struct ng_fault_dirstat
down(void)
{
	struct ng_fault_stats st = stats(NGM_FAULT_GET_STATS);

	adds_up(&st.downstream);
	adds_up(&st.upstream);
	return (st.downstream);
}

static struct ng_fault_dirstat
up(void)
{
	return (stats(NGM_FAULT_GET_STATS).upstream);
}

/* The log, to be freed. */
static struct ng_fault_log *
log_of(void)
{
	struct ng_mesg *resp = NULL;
	struct ng_fault_log *l;

	ok(ngu_msg(g, "f:", NGM_FAULT_COOKIE, NGM_FAULT_GET_LOG, NULL, 0, &resp));
	assert_non_null(resp);
	assert_non_null(l = malloc(resp->header.arglen));
	memcpy(l, resp->data, resp->header.arglen);
	assert_int_equal(resp->header.arglen, sizeof(*l) + l->n * sizeof(l->event[0]));
	ngu_msg_free(resp);
	return (l);
}

static int
send_number(struct nt_end *e, unsigned n)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%u", n);
	return (nt_send(e, text));
}

static void
send_numbers(struct nt_end *e, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++)
		ok(send_number(e, i));
}

static void
forget(void)
{
	memset(upper.got, 0, sizeof(upper.got));
	memset(lower.got, 0, sizeof(lower.got));
	atomic_store(&upper.n, 0u);
	atomic_store(&lower.n, 0u);
}

/* What came, in this order, as one text. */
static const char *
arrived(struct nt_end *e)
{
	static char text[NT_MAX * 16];

	text[0] = '\0';
	assert_true(e->n <= NT_MAX);
	for (unsigned i = 0; i < e->n; i++)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i != 0 ? " " : "", e->got[i]);
	return (text);
}

static void
test_transparent(void **state)
{
	struct ng_fault_config c;
	struct mbuf *m;

	(void)state;
	make();
	nt_ask("f:", NGM_FAULT_COOKIE, NGM_FAULT_GET_CONFIG, NULL, 0, &c, sizeof(c));
	for (size_t i = 0; i < sizeof(c); i++)
		assert_int_equal(((unsigned char *)&c)[i], 0);
	m = ngu_packet(g, "hello", 5);
	ok(ngu_port_send(upper.port, m));
	assert_ptr_equal(lower.what[0], m);
	ok(nt_send(&lower, "abc"));
	assert_string_equal(arrived(&lower), "hello");
	assert_string_equal(arrived(&upper), "abc");
	assert_int_equal(down().recvPackets, 1);
	assert_int_equal(down().recvOctets, 5);
	assert_int_equal(down().xmitPackets, 1);
	assert_int_equal(down().xmitOctets, 5);
	assert_int_equal(up().recvPackets, 1);
	assert_int_equal(up().xmitOctets, 3);
	unmake();
}

static void
test_hooks(void **state)
{
	static const char *const bad[] = { "Upper", "up", "upper1", "lowe", "left", "one" };
	struct ngu_port *p;

	(void)state;
	make();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ngu_port_open(g, "f:", bad[i], NULL, NULL, &p), EINVAL);
	assert_int_equal(ngu_port_open(g, "f:", "upper", NULL, NULL, &p), EEXIST);
	/* Nobody at the other side. */
	nt_close(&lower);
	assert_int_equal(nt_send(&upper, "12"), ENETDOWN);
	assert_int_equal(down().unconnected, 1);
	assert_int_equal(down().recvOctets, 2);
	assert_int_equal(up().unconnected, 0);
	nt_open(&lower, "f:", "lower");
	ok(nt_send(&upper, "x"));
	assert_int_equal(lower.n, 1);
	/* What the next one says is the sender's result. */
	nt_close(&lower);
	ok(ngu_mkpeer(g, "f:", "sample", "lower", "left"));
	assert_int_equal(nt_send(&upper, "x"), ENETDOWN);
	assert_int_equal(down().xmitPackets, 2);
	ok(ngu_shutdown(g, "f:"));
	nt_close(&upper);
}

static void
test_config_errors(void **state)
{
	static const struct ng_fault_dirconf bad[] = {
		{ .loss = ALWAYS + 1 },
		{ .corrupt = ALWAYS + 1 },
		{ .duplicate = ALWAYS + 1 },
		{ .reorder = ALWAYS + 1 },
		{ .delay = ALWAYS + 1, .delayTime = 1 },
		{ .loss = UINT32_MAX },
		{ .reorderMax = NG_FAULT_MAX_OVERTAKE + 1 },
		{ .reorderTime = NG_FAULT_MAX_TIME + 1 },
		{ .delayTime = NG_FAULT_MAX_TIME + 1 },
		{ .delayJitter = UINT32_MAX },
		{ .delayMax = NG_FAULT_MAX_WAITING + 1 },
		{ .delay = 1 }, /* late by nothing */
	};
	static const struct ng_fault_dirconf most = { ALWAYS, ALWAYS, ALWAYS, ALWAYS, NG_FAULT_MAX_OVERTAKE, NG_FAULT_MAX_TIME, ALWAYS,
		NG_FAULT_MAX_TIME, NG_FAULT_MAX_TIME, NG_FAULT_MAX_WAITING };
	struct ng_fault_config c = conf(.seed = 1, .downstream = most, .upstream = most, .logSize = NG_FAULT_MAX_LOG), back;

	(void)state;
	make();
	ok(configure(c));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(configure(conf(.downstream = bad[i])), EINVAL);
		assert_int_equal(configure(conf(.upstream = bad[i])), EINVAL);
	}
	assert_int_equal(configure(conf(.logSize = NG_FAULT_MAX_LOG + 1)), EINVAL);
	assert_int_equal(configure(conf(.spare = 1)), EINVAL);
	assert_int_equal(nt_tell("f:", NGM_FAULT_COOKIE, NGM_FAULT_SET_CONFIG, &c, sizeof(c) - 1), EINVAL);
	assert_int_equal(nt_tell("f:", NGM_FAULT_COOKIE, NGM_FAULT_SET_CONFIG, NULL, 0), EINVAL);
	nt_ask("f:", NGM_FAULT_COOKIE, NGM_FAULT_GET_CONFIG, NULL, 0, &back, sizeof(back));
	assert_memory_equal(&c, &back, sizeof(c));
	nt_unknown("f:", NGM_FAULT_COOKIE);
	assert_int_equal(nt_tell("f:", NGM_FAULT_COOKIE, NGM_FAULT_SET_CONFIG | NGM_READONLY, &c, sizeof(c)), EINVAL);
	unmake();
}

static void
test_loss(void **state)
{
	(void)state;
	make();
	ok(configure(conf(.seed = 1, .downstream = { .loss = ALWAYS })));
	send_numbers(&upper, 0, 10);
	ok(nt_send(&lower, "up")); /* the other direction is not concerned */
	assert_int_equal(lower.n, 0);
	assert_int_equal(upper.n, 1);
	assert_int_equal(down().lost, 10);
	assert_int_equal(up().lost, 0);
	unmake();
}

static void
test_corrupt(void **state)
{
	unsigned char was[61], *got = NULL;
	struct ng_fault_log *l;
	bool bits[8] = { false };

	(void)state;
	make();
	memset(was, 0, sizeof(was));
	ok(configure(conf(.seed = 3, .downstream = { .corrupt = ALWAYS }, .logSize = 50)));
	for (unsigned i = 0; i < 50; i++)
		ok(ngu_port_send(upper.port, ngu_packet(g, was, sizeof(was))));
	assert_int_equal(lower.n, 50);
	assert_int_equal(down().corrupted, 50);
	l = log_of();
	assert_int_equal(l->total, 50);
	assert_int_equal(l->n, 50);
	for (unsigned i = 0; i < 50; i++) {
		struct ng_fault_event *ev = &l->event[i];
		unsigned wrong = 0;

		assert_int_equal(ev->packet, i);
		assert_int_equal(ev->kind, NG_FAULT_CORRUPTED);
		assert_int_equal(ev->upstream, 0);
		assert_true(ev->detail < sizeof(was));
		got = (unsigned char *)lower.got[i];
		assert_int_equal(got[ev->detail], 1u << ev->bit); /* this bit, */
		for (unsigned k = 0; k < sizeof(was); k++)
			wrong += got[k] != 0;
		assert_int_equal(wrong, 1); /* and no other */
		bits[ev->bit] = true;
	}
	for (int i = 0; i < 8; i++)
		assert_true(bits[i]);
	free(l);
	/* An empty packet has no bits. */
	ok(nt_send(&upper, ""));
	assert_int_equal(lower.n, 51);
	assert_int_equal(down().corrupted, 50);
	/* The only byte there is. */
	forget();
	ok(nt_send(&upper, "\377"));
	assert_true((unsigned char)lower.got[0][0] != 0xff);
	unmake();
}

static unsigned char whole[3000];

static void
rx_whole(void *arg, struct mbuf *m)
{
	(*(unsigned *)arg)++;
	(void)ngu_packet_read(m, 0, whole, sizeof(whole));
	ngu_packet_free(m);
}

struct mbuf *ngu_k_m_copypacket(struct mbuf *m, int how);

/* A packet whose storage others hold, too: one bit is wrong in what arrives, and none in theirs. */
static void
test_corrupt_shared(void **state)
{
	unsigned char was[3000], now[3000];
	struct mbuf *m, *shared;
	unsigned n = 0, wrong;

	(void)state;
	make();
	nt_close(&lower);
	ok(ngu_port_open(g, "f:", "lower", rx_whole, &n, &lower.port));
	ok(configure(conf(.seed = 2, .downstream = { .corrupt = ALWAYS })));
	for (unsigned i = 0; i < sizeof(was); i++)
		was[i] = (unsigned char)(i * 7);
	for (unsigned k = 0; k < 20; k++) {
		assert_non_null(m = ngu_packet(g, was, sizeof(was)));
		assert_non_null(shared = ngu_k_m_copypacket(m, 1)); /* M_NOWAIT */
		ok(ngu_port_send(upper.port, m));
		assert_int_equal(n, k + 1);
		wrong = 0;
		for (unsigned i = 0; i < sizeof(was); i++)
			wrong += (unsigned)__builtin_popcount(whole[i] ^ was[i]);
		assert_int_equal(wrong, 1);
		assert_int_equal(ngu_packet_read(shared, 0, now, sizeof(now)), sizeof(now));
		assert_memory_equal(was, now, sizeof(was));
		ngu_packet_free(shared);
	}
	assert_int_equal(down().corrupted, 20);
	unmake();
}

static void
test_duplicate(void **state)
{
	(void)state;
	make();
	ok(configure(conf(.upstream = { .duplicate = ALWAYS })));
	send_numbers(&lower, 0, 3);
	assert_string_equal(arrived(&upper), "0 0 1 1 2 2");
	assert_ptr_not_equal(upper.what[0], upper.what[1]);
	assert_int_equal(up().duplicated, 3);
	assert_int_equal(up().xmitPackets, 6);
	assert_int_equal(up().recvPackets, 3);
	(void)down();
	/* Broken first, then copied: both have the same bit. */
	forget();
	ok(configure(conf(.upstream = { .duplicate = ALWAYS, .corrupt = ALWAYS })));
	ok(nt_send(&lower, "UUUUUUUU"));
	assert_int_equal(upper.n, 2);
	assert_string_not_equal(upper.got[0], "UUUUUUUU");
	assert_string_equal(upper.got[0], upper.got[1]);
	unmake();
}

/* ---- the order ---- */

/* Each is overtaken by no more than it was said to be; at least by one; and all come. */
static void
test_reorder(void **state)
{
	unsigned place[60], most = 0, later;
	struct ng_fault_log *l;
	struct ng_fault_event *ev;

	(void)state;
	make();
	ok(configure(conf(.seed = 11, .downstream = { .reorder = 200000, .reorderMax = 4, .reorderTime = 1000 }, .logSize = 60)));
	send_numbers(&upper, 0, 60);
	l = log_of();
	assert_int_equal(down().reordered, l->total);
	assert_true(l->n >= 5);
	ok(ngu_clock_advance(g, 1000 * MS)); /* who was held at the end */
	assert_int_equal(lower.n, 60);
	assert_int_equal(down().waiting, 0);
	for (unsigned i = 0; i < 60; i++)
		place[strtoul(lower.got[i], NULL, 10)] = i;
	ev = l->event;
	for (unsigned i = 0; i < 60; i++) {
		later = 0;
		for (unsigned k = i + 1; k < 60; k++)
			later += place[k] < place[i];
		most = later > most ? later : most;
		if (ev < l->event + l->n && ev->packet == i) {
			assert_int_equal(ev->kind, NG_FAULT_REORDERED);
			assert_in_range(ev->detail, 1, 4);
			assert_true(later <= ev->detail);
			if (i < 50) /* there were enough behind it */
				assert_int_equal(later, ev->detail);
			ev++;
		} else {
			assert_int_equal(later, 0); /* nobody overtakes those that were not held */
		}
	}
	assert_int_equal(ev - l->event, l->n);
	assert_int_equal(most, 4);
	free(l);
	unmake();
}

/* With nobody behind, time ends it: not before, not later. Two that wait keep their order. */
static void
test_reorder_time(void **state)
{
	(void)state;
	make();
	ok(configure(conf(.downstream = { .reorder = ALWAYS, .reorderTime = 50 })));
	ok(nt_send(&upper, "a"));
	ok(ngu_clock_advance(g, 20 * MS));
	ok(nt_send(&upper, "b"));
	assert_int_equal(down().waiting, 2);
	ok(ngu_clock_advance(g, 29 * MS));
	assert_int_equal(lower.n, 0);
	ok(ngu_clock_advance(g, 1 * MS));
	assert_string_equal(arrived(&lower), "a");
	ok(ngu_clock_advance(g, 19 * MS));
	assert_int_equal(lower.n, 1);
	ok(ngu_clock_advance(g, 1 * MS));
	assert_string_equal(arrived(&lower), "a b");
	/* 0 means 100 ms and 3 packets. */
	forget();
	ok(configure(conf(.downstream = { .reorder = ALWAYS })));
	ok(nt_send(&upper, "a"));
	ok(configure(conf(.seed = 0))); /* what waits goes on waiting */
	ok(ngu_clock_advance(g, 99 * MS));
	assert_int_equal(lower.n, 0);
	ok(ngu_clock_advance(g, 1 * MS));
	assert_string_equal(arrived(&lower), "a");
	ok(configure(conf(.downstream = { .reorder = ALWAYS })));
	ok(nt_send(&upper, "b"));
	ok(configure(conf(.seed = 0)));
	send_numbers(&upper, 0, 3);
	assert_int_equal(lower.n, 5);
	unmake();
}

/* No more than this many are held; the rest passes. And everybody comes, copies too. */
static void
test_reorder_full(void **state)
{
	(void)state;
	make();
	ok(configure(conf(.downstream = { .reorder = ALWAYS, .reorderMax = 256, .reorderTime = 10, .duplicate = ALWAYS })));
	send_numbers(&upper, 0, NG_FAULT_MAX_HELD);
	assert_int_equal(lower.n, 0);
	assert_int_equal(down().waiting, 2 * NG_FAULT_MAX_HELD);
	send_numbers(&upper, 0, 1);
	assert_true(lower.n >= 2);
	assert_int_equal(down().reordered, NG_FAULT_MAX_HELD);
	ok(ngu_clock_advance(g, 10 * MS));
	assert_int_equal(lower.n, 2 * (NG_FAULT_MAX_HELD + 1));
	assert_int_equal(down().waiting, 0);
	unmake();
}

/* ---- time ---- */

static void
test_delay(void **state)
{
	(void)state;
	make();
	ok(configure(conf(.downstream = { .delay = ALWAYS, .delayTime = 250 }, .upstream = { .delay = ALWAYS, .delayTime = 10 })));
	ok(nt_send(&upper, "1"));
	ok(ngu_clock_advance(g, 100 * MS));
	ok(nt_send(&upper, "2"));
	ok(nt_send(&lower, "a")); /* an earlier alarm than the one that is set */
	assert_int_equal(down().waiting, 2);
	assert_int_equal(down().delayed, 2);
	ok(ngu_clock_advance(g, 9 * MS));
	assert_int_equal(upper.n, 0);
	ok(ngu_clock_advance(g, 1 * MS));
	assert_string_equal(arrived(&upper), "a");
	ok(ngu_clock_advance(g, 139 * MS));
	assert_int_equal(lower.n, 0);
	ok(ngu_clock_advance(g, 1 * MS));
	assert_string_equal(arrived(&lower), "1");
	ok(ngu_clock_advance(g, 99 * MS));
	assert_int_equal(lower.n, 1);
	ok(ngu_clock_advance(g, 1 * MS));
	assert_string_equal(arrived(&lower), "1 2");
	assert_int_equal(down().waiting, 0);
	unmake();
}

/* Late by something between, in order nonetheless, and as the log says. */
static void
test_jitter(void **state)
{
	struct ng_fault_log *l;
	unsigned least = UINT32_MAX, most = 0, when = 0;

	(void)state;
	make();
	ok(configure(conf(.seed = 5, .downstream = { .delay = ALWAYS, .delayTime = 100, .delayJitter = 50 }, .logSize = 60)));
	send_numbers(&upper, 0, 60);
	l = log_of();
	assert_int_equal(l->n, 60);
	for (unsigned i = 0; i < 60; i++) {
		assert_int_equal(l->event[i].kind, NG_FAULT_DELAYED);
		assert_in_range(l->event[i].detail, 100, 150);
		least = l->event[i].detail < least ? l->event[i].detail : least;
		most = l->event[i].detail > most ? l->event[i].detail : most;
	}
	assert_true(least <= 110 && most >= 140);
	for (unsigned ms = 1; ms <= 150; ms++) {
		ok(ngu_clock_advance(g, 1 * MS));
		/* Those whose own time, or that of one before them, is over. */
		while (when < 60) {
			unsigned due = 0;

			for (unsigned k = 0; k <= when; k++)
				due = l->event[k].detail > due ? l->event[k].detail : due;
			if (due > ms)
				break;
			when++;
		}
		assert_int_equal(lower.n, when);
	}
	assert_int_equal(lower.n, 60);
	for (unsigned i = 0; i < 60; i++)
		assert_int_equal(strtoul(lower.got[i], NULL, 10), i);
	free(l);
	unmake();
}

static void
test_delay_full(void **state)
{
	(void)state;
	make();
	ok(configure(conf(.downstream = { .delay = ALWAYS, .delayTime = 5, .delayMax = 3 })));
	send_numbers(&upper, 0, 3);
	assert_int_equal(nt_send(&upper, "x"), ENOBUFS);
	assert_int_equal(down().overflows, 1);
	assert_int_equal(down().delayed, 3);
	ok(ngu_clock_advance(g, 5 * MS));
	assert_string_equal(arrived(&lower), "0 1 2");
	ok(nt_send(&upper, "y"));
	/* 0: a thousand. A copy goes with its packet. */
	ok(configure(conf(.downstream = { .delay = ALWAYS, .delayTime = 5, .duplicate = ALWAYS })));
	for (unsigned i = 1; i < NG_FAULT_DELAY_MAX; i++)
		ok(nt_send(&upper, "y"));
	assert_int_equal(nt_send(&upper, "x"), ENOBUFS);
	assert_int_equal(down().overflows, 3);
	ok(ngu_clock_advance(g, 5 * MS));
	assert_int_equal(lower.n, 3 + 1 + 2 * (NG_FAULT_DELAY_MAX - 1));
	assert_int_equal(down().waiting, 0);
	unmake();
}

/* Ticks are 32 bits, compared as signed differences: nobody is early, late or stuck where they wrap, at half and at full range. */
static void
test_ticks_wrap(void **state)
{
	(void)state;
	make();
	ok(configure(conf(.downstream = { .delay = ALWAYS, .delayTime = 100 }, .upstream = { .reorder = ALWAYS, .reorderTime = 100 })));
	for (int64_t wrap = 0x80000000; wrap <= 0x100000000; wrap += 0x80000000) {
		forget();
		ok(ngu_clock_advance(g, (wrap - 150) * MS - ngu_clock_now(g)));
		ok(nt_send(&upper, "1"));
		ok(nt_send(&lower, "1"));
		ok(ngu_clock_advance(g, 60 * MS));
		ok(nt_send(&upper, "2")); /* due behind the end */
		ok(nt_send(&lower, "2"));
		ok(ngu_clock_advance(g, 39 * MS));
		assert_int_equal(lower.n + upper.n, 0);
		ok(ngu_clock_advance(g, 1 * MS));
		assert_int_equal(lower.n, 1);
		assert_int_equal(upper.n, 1);
		ok(ngu_clock_advance(g, 59 * MS));
		assert_int_equal(lower.n + upper.n, 2);
		ok(ngu_clock_advance(g, 1 * MS));
		assert_int_equal(lower.n, 2);
		assert_int_equal(upper.n, 2);
	}
	unmake();
}

/* ---- the same again ---- */

static const struct ng_fault_dirconf mixture = { .loss = 100000, .corrupt = 50000, .duplicate = 30000, .reorder = 80000,
	.reorderMax = 5, .reorderTime = 20, .delay = 200000, .delayTime = 3, .delayJitter = 4 };

#define RUN 20000

struct result {
	struct ng_fault_stats st;
	struct ng_fault_log *log;
	uint64_t sum; /* over all that came, in order, both ways */
};

static uint64_t sum;

static void
rx_sum(void *arg, struct mbuf *m)
{
	unsigned char b[64];
	size_t n = ngu_packet_read(m, 0, b, sizeof(b));

	for (size_t i = 0; i < n; i++)
		sum = (sum ^ b[i]) * 0x100000001b3u;
	sum = (sum ^ (uint64_t)(uintptr_t)arg) * 0x100000001b3u;
	ngu_packet_free(m);
}

static struct result
run(struct ng_fault_config c, unsigned n)
{
	struct ngu_port *a, *b;
	struct result r;
	char text[16];

	ok(ngu_mknode(g, "fault", "f", NULL));
	ok(ngu_port_open(g, "f:", "upper", rx_sum, (void *)1, &a));
	ok(ngu_port_open(g, "f:", "lower", rx_sum, (void *)2, &b));
	ok(configure(c));
	sum = 0xcbf29ce484222325u;
	for (unsigned i = 0; i < n; i++) {
		(void)snprintf(text, sizeof(text), "%08u", i);
		ok(ngu_port_send(a, ngu_packet(g, text, 8)));
		ok(ngu_port_send(b, ngu_packet(g, text, 8)));
		if (i % 16 == 0)
			ok(ngu_clock_advance(g, 1 * MS));
	}
	ok(ngu_clock_advance(g, 100 * MS));
	r.st = stats(NGM_FAULT_GET_STATS);
	adds_up(&r.st.downstream);
	adds_up(&r.st.upstream);
	r.log = log_of();
	r.sum = sum;
	ngu_port_close(a);
	ngu_port_close(b);
	return (r);
}

static void
test_same_seed(void **state)
{
	struct ng_fault_config c = conf(.seed = 42, .downstream = mixture, .upstream = mixture, .logSize = 256);
	struct result a, b, d;

	(void)state;
	a = run(c, RUN);
	b = run(c, RUN);
	assert_memory_equal(&a.st, &b.st, sizeof(a.st));
	assert_int_equal(a.sum, b.sum);
	assert_int_equal(a.log->total, b.log->total);
	assert_memory_equal(a.log->event, b.log->event, 256 * sizeof(a.log->event[0]));
	/* On each machine, in each build, with each backend. */
	assert_int_equal(a.st.downstream.lost, 2023);
	assert_int_equal(a.st.downstream.corrupted, 925);
	assert_int_equal(a.st.downstream.duplicated, 556);
	assert_int_equal(a.st.downstream.reordered, 1386);
	assert_int_equal(a.st.downstream.delayed, 3556);
	assert_int_equal(a.st.upstream.lost, 2001);
	assert_int_equal(a.st.upstream.corrupted, 901);
	assert_int_equal(a.st.upstream.duplicated, 541);
	assert_int_equal(a.st.upstream.reordered, 1438);
	assert_int_equal(a.st.upstream.delayed, 3707);
	assert_int_equal(a.sum, 0xcd66bc5a6861b4f2u);
	/* About as often as asked for: within five standard deviations of the chance among those that were not lost. */
	assert_in_range(a.st.downstream.lost, 2000 - 212, 2000 + 212);
	assert_in_range(a.st.downstream.corrupted, 900 - 147, 900 + 147);
	assert_in_range(a.st.downstream.duplicated, 540 - 115, 540 + 115);
	assert_in_range(a.st.downstream.reordered, 1440 - 183, 1440 + 183);
	assert_in_range(a.st.downstream.delayed, 3600 - 270, 3600 + 270);
	/* The two directions are not each other's shadow, and another seed is another story. */
	assert_int_not_equal(a.st.downstream.lost, a.st.upstream.lost);
	c.seed = 43;
	d = run(c, RUN);
	assert_int_not_equal(a.sum, d.sum);
	assert_true(memcmp(a.log->event, d.log->event, 256 * sizeof(a.log->event[0])) != 0);
	free(a.log);
	free(b.log);
	free(d.log);
}

/* Setting the same again is the same as a new node. */
static void
test_again(void **state)
{
	struct ng_fault_config c = conf(.seed = 9, .downstream = { .loss = 500000 }, .logSize = 16);
	char first[NT_MAX * 16];
	struct ng_fault_log *l;

	(void)state;
	make();
	ok(configure(c));
	send_numbers(&upper, 0, 40);
	(void)snprintf(first, sizeof(first), "%s", arrived(&lower));
	forget();
	ok(configure(c));
	l = log_of();
	assert_int_equal(l->total, 0);
	assert_int_equal(l->n, 0);
	free(l);
	send_numbers(&upper, 0, 40);
	assert_string_equal(arrived(&lower), first);
	assert_int_equal(down().recvPackets, 80); /* counters stay */
	unmake();
}

/* Who is hit by one kind does not depend on the other kinds, nor on what the other direction does. */
static void
test_kinds_apart(void **state)
{
	struct ng_fault_log *l, *k;
	unsigned n = 0;

	(void)state;
	make();
	ok(configure(conf(.seed = 77, .downstream = { .corrupt = 300000 }, .logSize = 256)));
	send_numbers(&upper, 0, 200);
	l = log_of();
	assert_true(l->n > 30 && l->n < 100);
	ok(configure(conf(.seed = 77, .downstream = { .corrupt = 300000, .loss = 200000, .duplicate = 100000 },
	    .upstream = { .loss = 500000 }, .logSize = 256)));
	for (unsigned i = 0; i < 200; i++) {
		ok(send_number(&upper, i));
		if (i % 3 == 0)
			ok(send_number(&lower, i));
	}
	k = log_of();
	assert_true(k->total > l->total && k->total <= 256);
	for (unsigned i = 0; i < l->n; i++) {
		bool lost = false, same = false;

		for (unsigned j = 0; j < k->n; j++) {
			if (k->event[j].upstream || k->event[j].packet != l->event[i].packet)
				continue;
			lost |= k->event[j].kind == NG_FAULT_LOST;
			same |= memcmp(&k->event[j], &l->event[i], sizeof(l->event[i])) == 0;
		}
		assert_true(lost != same);
		n += same;
	}
	assert_true(n > 10);
	free(l);
	free(k);
	unmake();
}

static void
test_log(void **state)
{
	struct ng_fault_log *l;

	(void)state;
	make();
	ok(configure(conf(.downstream = { .loss = ALWAYS }, .upstream = { .duplicate = ALWAYS }, .logSize = 4)));
	send_numbers(&upper, 0, 2);
	l = log_of();
	assert_int_equal(l->total, 2);
	assert_int_equal(l->n, 2);
	free(l);
	send_numbers(&lower, 0, 1);
	send_numbers(&upper, 2, 5);
	l = log_of();
	assert_int_equal(l->total, 6);
	assert_int_equal(l->n, 4); /* the last four, oldest first */
	assert_int_equal(l->event[0].kind, NG_FAULT_DUPLICATED);
	assert_int_equal(l->event[0].upstream, 1);
	assert_int_equal(l->event[0].packet, 0);
	for (unsigned i = 1; i < 4; i++) {
		assert_int_equal(l->event[i].kind, NG_FAULT_LOST);
		assert_int_equal(l->event[i].upstream, 0);
		assert_int_equal(l->event[i].packet, i + 1);
	}
	free(l);
	/* Without a log they are counted all the same. */
	ok(configure(conf(.downstream = { .loss = ALWAYS })));
	send_numbers(&upper, 0, 2);
	l = log_of();
	assert_int_equal(l->total, 2);
	assert_int_equal(l->n, 0);
	free(l);
	unmake();
}

static void
test_stats_clear(void **state)
{
	struct ng_fault_stats st;

	(void)state;
	make();
	ok(configure(conf(.downstream = { .delay = ALWAYS, .delayTime = 5 }, .upstream = { .loss = ALWAYS })));
	send_numbers(&upper, 0, 2);
	send_numbers(&lower, 0, 3);
	st = stats(NGM_FAULT_GETCLR_STATS);
	assert_int_equal(st.downstream.delayed, 2);
	assert_int_equal(st.upstream.lost, 3);
	st = stats(NGM_FAULT_GET_STATS);
	assert_int_equal(st.downstream.waiting, 2); /* they are still here */
	assert_int_equal(st.downstream.recvPackets + st.downstream.delayed, 0);
	assert_int_equal(st.upstream.lost + st.upstream.recvPackets, 0);
	ok(ngu_clock_advance(g, 5 * MS));
	st = stats(NGM_FAULT_GET_STATS);
	assert_int_equal(st.downstream.xmitPackets, 2);
	assert_int_equal(st.downstream.waiting, 0);
	ok(nt_tell("f:", NGM_FAULT_COOKIE, NGM_FAULT_CLR_STATS, NULL, 0));
	st = stats(NGM_FAULT_GET_STATS);
	assert_int_equal(st.downstream.xmitPackets, 0);
	unmake();
}

/* ---- the end ---- */

/* The node goes: who waits is sent on, late ones first, then those held; and the link stays. */
static void
test_shutdown(void **state)
{
	(void)state;
	make();
	ok(configure(conf(.downstream = { .delay = ALWAYS, .delayTime = 1000, .duplicate = ALWAYS },
	    .upstream = { .reorder = ALWAYS, .reorderTime = 1000 })));
	send_numbers(&upper, 0, 3);
	send_numbers(&lower, 0, 3);
	assert_int_equal(lower.n + upper.n, 0);
	ok(ngu_shutdown(g, "f:"));
	assert_int_equal(ngu_lookup(g, "f:", NULL), ENOENT);
	assert_string_equal(arrived(&lower), "0 0 1 1 2 2");
	assert_string_equal(arrived(&upper), "0 1 2");
	ok(nt_send(&upper, "direct"));
	assert_int_equal(lower.n, 7);
	ok(ngu_clock_advance(g, 2000 * MS)); /* the timer is gone, too */
	assert_int_equal(lower.n, 7);
	nt_close(&upper);
	assert_int_equal(nt_send(&lower, "x"), ENOTCONN);
	nt_close(&lower);
}

/* A hook goes: what waits for it is dropped and counted, what came by it goes on. */
static void
test_hook_removal(void **state)
{
	(void)state;
	make();
	ok(configure(conf(.downstream = { .delay = 500000, .delayTime = 10, .reorder = 500000, .reorderMax = 256, .duplicate = ALWAYS },
	    .upstream = { .delay = ALWAYS, .delayTime = 10 })));
	send_numbers(&upper, 0, 40);
	send_numbers(&lower, 0, 3);
	assert_true(down().waiting > 20);
	assert_int_equal(up().waiting, 3);
	nt_close(&lower);
	assert_int_equal(down().waiting, 0);
	assert_true(down().flushed > 20);
	assert_int_equal(down().recvPackets, 40);
	assert_int_equal(up().flushed, 0);
	assert_int_equal(up().waiting, 3);
	ok(ngu_clock_advance(g, 10 * MS));
	assert_string_equal(arrived(&upper), "0 1 2");
	assert_int_equal(up().xmitPackets, 3);
	(void)down();
	/* The last one takes the node with it. */
	nt_open(&lower, "f:", "lower");
	send_numbers(&lower, 0, 3);
	nt_close(&upper);
	assert_int_equal(up().flushed, 3);
	nt_close(&lower);
	assert_int_equal(ngu_lookup(g, "f:", NULL), ENOENT);
	ok(ngu_clock_advance(g, 100 * MS));
}

static void
test_flow(void **state)
{
	struct ngt *t = ngt_graph("probe a - fault f.upper/lower - probe b");

	(void)state;
	g = ngt_g(t);
	ok(nt_tell("f:", NGM_FAULT_COOKIE, NGM_FAULT_SET_CONFIG, &conf(.downstream = { .loss = ALWAYS }), sizeof(struct ng_fault_config)));
	assert_int_equal(ngt_send_msg(ngt_probe(t, "a"), NULL, NGM_FLOW_COOKIE, NGM_LINK_IS_DOWN, NULL, 0), 0);
	ngt_expect_msg(ngt_probe(t, "b"), NULL, NGM_FLOW_COOKIE, NGM_LINK_IS_DOWN, NULL, 0);
	assert_int_equal(ngt_send_msg(ngt_probe(t, "b"), NULL, NGM_FLOW_COOKIE, NGM_LINK_IS_UP, "x", 1), 0);
	ngt_expect_msg(ngt_probe(t, "a"), NULL, NGM_FLOW_COOKIE, NGM_LINK_IS_UP, "x", 1);
	ok(nt_tell("f:", NGM_FLOW_COOKIE, NGM_LINK_IS_UP, NULL, 0)); /* from nowhere: to nowhere */
	ok(ngu_rmhook(g, "f:", "lower"));
	assert_int_equal(ngt_send_msg(ngt_probe(t, "a"), NULL, NGM_FLOW_COOKIE, NGM_LINK_IS_DOWN, NULL, 0), 0);
	ngt_expect_none(ngt_probe(t, "a"), NULL);
	ngt_expect_none(ngt_probe(t, "b"), NULL);
	ngt_end(t);
	g = NULL;
}

/* ---- memory ---- */

static _Atomic unsigned refuse_at, refuse_seen;
static _Atomic bool refuse_rest;

static bool
refuse(size_t size)
{
	(void)size;
	refuse_seen++;
	return (refuse_rest ? refuse_seen < refuse_at : refuse_seen != refuse_at);
}

static void
refusing(unsigned at, bool rest)
{
	if (at != 0)
		refuse_seen = 0;
	refuse_at = at;
	refuse_rest = rest;
	ngu__zone_bypass(at != 0);
	ngu__port_alloc_hook = at != 0 ? refuse : NULL;
}

/*
 * One packet, each allocation refused in turn, and all from each on: it comes, whole or injured as could be, and what was left out is
 * counted. Or the core refused it, for want of an item.
 */
static void
no_memory(struct ng_fault_dirconf d, bool rest)
{
	struct ngu_graph_stats before, after;
	struct ng_fault_dirstat s;
	unsigned failures = 0;
	struct mbuf *m;
	uint64_t gone;

	make();
	for (unsigned at = 1;; at++) {
		ok(configure(conf(.seed = 1, .downstream = d)));
		ok(nt_tell("f:", NGM_FAULT_COOKIE, NGM_FAULT_CLR_STATS, NULL, 0));
		forget();
		m = ngu_packet(g, "0123456789", 10);
		ngu_graph_stats(g, &before);
		refusing(at, rest);
		(void)ngu_port_send(upper.port, m);
		refusing(0, false);
		ok(ngu_clock_advance(g, 1000 * MS));
		ngu_graph_stats(g, &after);
		gone = after.refused + after.dropped - before.refused - before.dropped;
		s = down();
		assert_int_equal(s.waiting, 0);
		if (s.recvPackets == 0) {
			assert_int_equal(lower.n, 0);
			assert_int_equal(gone, 1);
		} else {
			assert_int_equal(s.xmitPackets, 1 + s.duplicated);
			assert_int_equal(lower.n + gone, s.xmitPackets);
		}
		failures += s.memoryFailures != 0;
		if (refuse_seen < at) {
			assert_int_equal(s.memoryFailures, 0);
			assert_int_equal(s.duplicated, d.duplicate != 0);
			assert_int_equal(s.delayed, d.delay != 0);
			assert_int_equal(s.reordered, d.reorder != 0);
			break;
		}
	}
	assert_true(failures >= 1);
	unmake();
}

static void
test_no_memory(void **state)
{
	static const struct ng_fault_dirconf kinds[] = {
		{ .duplicate = ALWAYS },
		{ .delay = ALWAYS, .delayTime = 10 },
		{ .reorder = ALWAYS },
		{ .corrupt = ALWAYS, .duplicate = ALWAYS, .reorder = ALWAYS, .delay = ALWAYS, .delayTime = 10 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		no_memory(kinds[i], false);
		no_memory(kinds[i], true);
	}
}

/* The timer cannot be set anew for an earlier one: nobody waits for ever. */
static void
test_no_timer(void **state)
{
	(void)state;
	make();
	ok(configure(conf(.downstream = { .delay = ALWAYS, .delayTime = 500 }, .upstream = { .delay = ALWAYS, .delayTime = 1 })));
	send_numbers(&upper, 0, 2);
	for (unsigned at = 1; upper.n == 0; at++) {
		struct mbuf *m = ngu_packet(g, "x", 1);

		assert_true(at < 100);
		refusing(at, true);
		(void)ngu_port_send(lower.port, m);
		refusing(0, false);
		(void)down();
		if (refuse_seen < at)
			break;
	}
	ok(ngu_clock_advance(g, 500 * MS));
	assert_int_equal(down().waiting + up().waiting, 0);
	assert_true(up().memoryFailures + down().memoryFailures > 0);
	unmake();
}

static void
test_config_no_memory(void **state)
{
	struct ng_fault_config c = conf(.seed = 7, .downstream = { .loss = ALWAYS }, .logSize = 100), back;
	struct ng_mesg *resp;
	unsigned refused = 0;
	int error;

	(void)state;
	make();
	for (unsigned at = 1;; at++) {
		ok(configure(conf(.seed = 6, .logSize = 1)));
		refusing(at, false);
		error = ngu_msg(g, "f:", NGM_FAULT_COOKIE, NGM_FAULT_SET_CONFIG, &c, sizeof(c), &resp);
		refusing(0, false);
		nt_ask("f:", NGM_FAULT_COOKIE, NGM_FAULT_GET_CONFIG, NULL, 0, &back, sizeof(back));
		assert_int_equal(back.seed, error == 0 ? 7 : 6);
		assert_int_equal(back.logSize, error == 0 ? 100 : 1);
		if (error != 0)
			assert_int_equal(error, ENOMEM);
		refused += error != 0;
		if (refuse_seen < at)
			break;
	}
	assert_true(refused >= 2); /* the message, the log */
	for (uint32_t cmd = NGM_FAULT_GET_CONFIG & 0xff; cmd <= (NGM_FAULT_GET_LOG & 0xff); cmd++) {
		static const uint32_t cmds[] = { 0, 0, NGM_FAULT_GET_CONFIG, NGM_FAULT_GET_STATS, 0, NGM_FAULT_GETCLR_STATS, NGM_FAULT_GET_LOG };

		if (cmds[cmd] == 0)
			continue;
		ok(nt_send(&upper, "lost"));
		refused = 0;
		for (unsigned at = 1;; at++) {
			refusing(at, false);
			error = ngu_msg(g, "f:", NGM_FAULT_COOKIE, cmds[cmd], NULL, 0, &resp);
			refusing(0, false);
			if (error == 0)
				ngu_msg_free(resp);
			else
				assert_int_equal(error, ENOMEM);
			refused += error != 0;
			if (refuse_seen < at)
				break;
			if (cmds[cmd] == NGM_FAULT_GETCLR_STATS && error == 0)
				ok(nt_send(&upper, "lost"));
			if (error != 0)
				assert_true(down().lost > 0); /* not cleared unseen */
		}
		assert_true(refused >= 2);
	}
	unmake();
}

/* ---- text ---- */

static void
test_text(void **state)
{
	(void)state;
	make();
	nt_text_is("f:", "getconfig", "", "{}");
	nt_text_is("f:", "setconfig", "{ seed=7 logSize=8 upstream={ duplicate=1000000 } downstream={ loss=1000000 } }", "");
	nt_text_is("f:", "getconfig", "", "{ seed=7 downstream={ loss=1000000 } upstream={ duplicate=1000000 } logSize=8 }");
	nt_text_fails("f:", "setconfig", "{ downstream={ loss=1000001 } }", EINVAL);
	nt_text_fails("f:", "setconfig", "{ losses=1 }", ENOENT);
	nt_text_is("f:", "getstats", "", "{}");
	nt_text_is("f:", "getlog", "", "{}");
	ok(nt_send(&upper, "12345"));
	ok(nt_send(&lower, "12"));
	nt_text_is("f:", "getstats", "", "{ downstream={ recvPackets=1 recvOctets=5 lost=1 } "
	    "upstream={ recvPackets=1 recvOctets=2 xmitPackets=2 xmitOctets=4 duplicated=1 } }");
	nt_text_is("f:", "getlog", "", "{ total=2 n=2 event=[ { kind=1 } { kind=3 upstream=1 } ] }");
	nt_text_is("f:", "getclrstats", "", "{ downstream={ recvPackets=1 recvOctets=5 lost=1 } "
	    "upstream={ recvPackets=1 recvOctets=2 xmitPackets=2 xmitOctets=4 duplicated=1 } }");
	nt_text_is("f:", "getstats", "", "{}");
	ok(nt_send(&upper, "12345"));
	nt_text_is("f:", "clrstats", "", "");
	nt_text_is("f:", "getstats", "", "{}");
	nt_text_is("f:", "setconfig", "{ seed=18446744073709551615 downstream={ delay=1000000 delayTime=20 delayJitter=5 delayMax=9 "
	    "reorder=5 reorderMax=7 reorderTime=8 corrupt=9 } logSize=256 }", "");
	for (unsigned i = 0; i < 9; i++)
		ok(nt_send(&upper, "12345"));
	ok(ngu_clock_advance(g, 25 * MS));
	unmake();
}

/* A full log is not too long for text. */
static void
test_text_full_log(void **state)
{
	char text[20480];
	unsigned n = 0;

	(void)state;
	make();
	ok(configure(conf(.upstream = { .corrupt = ALWAYS }, .logSize = NG_FAULT_MAX_LOG)));
	for (unsigned i = 0; i < 1000; i++)
		ok(nt_send(&lower, "0123456789012345678901234567890123456789012345678901234567890123456789"));
	ok(nt_type_in("f:", "getlog", "", text, sizeof(text)));
	for (const char *p = text; (p = strstr(p, "packet=")) != NULL; p++)
		n++;
	assert_int_equal(n, NG_FAULT_MAX_LOG);
	unmake();
}

/* ---- threads ---- */

/*
 * Hooks come and go, the configuration changes, time passes, while four threads send both ways. In the end all is accounted for: by
 * the node, while a hook was there, and by the graph, on the edges.
 */
static void
test_changes_under_traffic(void **state)
{
	_Atomic bool stop = false;
	struct ngu_graph_stats gs;
	struct ng_fault_stats st;
	struct nt_pump p[4];
	uint64_t sent = 0, failed = 0, seen;

	(void)state;
	make();
	for (int i = 0; i < 4; i++)
		nt_pump_start(&p[i], upper.port, 0, 20, &stop);
	for (unsigned i = 0; i < 60; i++) {
		struct ng_fault_config c = conf(.seed = i, .downstream = mixture, .upstream = mixture, .logSize = i % 3 * 100);

		if (i % 7 == 0)
			memset(&c.downstream, 0, sizeof(c.downstream));
		ok(configure(c));
		seen = stats(NGM_FAULT_GET_STATS).downstream.recvPackets;
		while (stats(NGM_FAULT_GET_STATS).downstream.recvPackets < seen + 100) /* so many meet with this configuration */
			;
		ok(ngu_clock_advance(g, 1 * MS));
		if (i % 5 == 0)
			ok(ngu_rmhook(g, "f:", "lower"));
		if (i % 2 == 0) {
			nt_close(&lower);
			ok(ngu_port_open(g, "f:", "lower", nt_rx_count, &lower, &lower.port));
		} else if (i % 5 == 0) {
			nt_close(&lower);
			ok(ngu_port_open(g, "f:", "lower", nt_rx_count, &lower, &lower.port));
		}
		free(log_of());
	}
	atomic_store(&stop, true);
	for (int i = 0; i < 4; i++) {
		nt_pump_join(&p[i]);
		sent += p[i].sent;
		failed += p[i].failed;
	}
	ok(ngu_clock_advance(g, 1000 * MS));
	st = stats(NGM_FAULT_GET_STATS);
	adds_up(&st.downstream);
	assert_int_equal(st.downstream.waiting, 0);
	assert_int_equal(st.downstream.recvPackets, sent); /* upper never went */
	assert_int_equal(st.upstream.recvPackets, 0);
	ngu_graph_stats(g, &gs);
	assert_int_equal(st.downstream.xmitPackets, lower.n + gs.refused + gs.dropped);
	assert_true(st.downstream.lost > 0 && st.downstream.delayed > 0 && st.downstream.duplicated > 0);
	assert_true(failed <= st.downstream.unconnected + st.downstream.overflows + gs.refused);
	unmake();
}

/* Both ways at once, nothing but injuries: exact. */
static void
test_four_threads(void **state)
{
	struct ng_fault_stats st;
	struct nt_pump p[4];

	(void)state;
	make();
	ok(configure(conf(.seed = 4, .downstream = { .loss = 250000, .duplicate = 250000 }, .upstream = { .corrupt = 500000, .reorder = 100000 },
	    .logSize = 10)));
	for (int i = 0; i < 4; i++)
		nt_pump_start(&p[i], i % 2 ? upper.port : lower.port, 10000, 20, NULL);
	for (int i = 0; i < 4; i++) {
		nt_pump_join(&p[i]);
		assert_int_equal(p[i].failed, 0);
	}
	ok(ngu_clock_advance(g, 1000 * MS));
	st = stats(NGM_FAULT_GET_STATS);
	adds_up(&st.downstream);
	adds_up(&st.upstream);
	assert_int_equal(st.downstream.recvPackets, 20000);
	assert_int_equal(st.upstream.recvPackets, 20000);
	assert_int_equal(lower.n, 20000 - st.downstream.lost + st.downstream.duplicated);
	assert_int_equal(lower.bytes, 20 * lower.n);
	assert_int_equal(upper.n, 20000);
	/* Which packet it was differs; how many packets met with what does not. */
	assert_in_range(st.downstream.lost, 5000 - 306, 5000 + 306);
	atomic_store(&lower.n, 0u);
	ok(nt_tell("f:", NGM_FAULT_COOKIE, NGM_FAULT_CLR_STATS, NULL, 0));
	ok(configure(conf(.seed = 4, .downstream = { .loss = 250000, .duplicate = 250000 })));
	for (unsigned i = 0; i < 20000; i++)
		ok(nt_send(&upper, "x"));
	assert_int_equal(down().lost, st.downstream.lost);
	assert_int_equal(down().duplicated, st.downstream.duplicated);
	unmake();
}

static void
test_shutdown_under_traffic(void **state)
{
	_Atomic bool stop = false;
	struct nt_pump p[4];

	(void)state;
	for (unsigned round = 0; round < 10; round++) {
		atomic_store(&stop, false);
		make();
		ok(configure(conf(.seed = round, .downstream = mixture, .upstream = mixture)));
		for (int i = 0; i < 4; i++)
			nt_pump_start(&p[i], i % 2 ? upper.port : lower.port, 0, 20, &stop);
		while (upper.n < 100 || lower.n < 100)
			;
		ok(ngu_shutdown(g, "f:"));
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
		nt_test(test_transparent),
		nt_test(test_hooks),
		nt_test(test_config_errors),
		nt_test(test_loss),
		nt_test(test_corrupt),
		nt_test(test_corrupt_shared),
		nt_test(test_duplicate),
		nt_test(test_reorder),
		nt_test(test_reorder_time),
		nt_test(test_reorder_full),
		nt_test(test_delay),
		nt_test(test_jitter),
		nt_test(test_delay_full),
		nt_test(test_ticks_wrap),
		nt_test(test_same_seed),
		nt_test(test_again),
		nt_test(test_kinds_apart),
		nt_test(test_log),
		nt_test(test_stats_clear),
		nt_test(test_shutdown),
		nt_test(test_hook_removal),
		ngt_test(test_flow),
		nt_test(test_no_memory),
		nt_test(test_no_timer),
		nt_test(test_config_no_memory),
		nt_test(test_text),
		nt_test(test_text_full_log),
		nt_test(test_four_threads),
		nt_test(test_changes_under_traffic),
		nt_test(test_shutdown_under_traffic),
	};

	return (cmocka_run_group_tests_name("fault", tests, NULL, NULL));
}
