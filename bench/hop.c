/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hop.c - what a hop costs: one thread and a chain, the floor beside it; and two threads on one chain, on a chain each, and on the
 * floor's wholly private lines. All by the CPU time of the threads that send, all in turns.
 */
#include "worker.h"

#include <stdio.h>
#include <string.h>

/* ---- one thread ---- */

struct lane {
	double ns[MAX_WINDOWS];
};

static double
timed_floor(uint64_t (*run)(struct floor_chain *, unsigned), struct floor_chain *c, unsigned hops, int64_t span)
{
	int64_t a = cpu_ns(), b;
	uint64_t n = 0;
	unsigned batch = 2048 / hops + 1;

	do {
		(void)run(c, batch);
		(void)run(c, batch);
		n += 2 * batch;
		b = cpu_ns();
	} while (b - a < span);
	return ((double)(b - a) / ((double)n * hops));
}

static double
timed_lock(void (*run)(unsigned))
{
	int64_t a = cpu_ns();

	run(20000);
	return ((double)(cpu_ns() - a) / 20000);
}

static double
timed_chain(struct bench_src *src, unsigned hops, int64_t span, uint32_t *seq)
{
	int64_t a = cpu_ns(), b;
	uint64_t n = 0;
	unsigned i, times = 4096 / (hops * BURST) + 1;

	do {
		for (i = 0; i < times; i++)
			bench_send(src, packets, BURST, 0, seq);
		n += (uint64_t)times * BURST;
		b = cpu_ns();
	} while (b - a < span);
	return ((double)(b - a) / ((double)n * hops));
}

/*
 * Packets from `src`, each making `hops` deliveries and arriving `arrivals` times; the floor of as many hops in turns with them. Emits the
 * figures and closes the books.
 */
void
hop_case(struct ngu_graph *g, struct bench_src *src, unsigned hops, unsigned arrivals)
{
	static struct lane libng, bare, nested, ratio, more, add, rd;
	static struct bench_thread self;
	static struct hist lat;
	struct floor_chain *f = floor_new(hops);
	struct totals t = { 0 };
	int64_t span = (int64_t)opt.window_ms * 1000000 / 4;
	uint32_t seq = 0;
	double ns;

	if (f == NULL)
		fail("no memory for the floor");
	self.lat[0] = self.lat[1] = &lat;
	bench_self = &self;
	go_realtime(0);
	(void)timed_floor(floor_run, f, hops, span);
	(void)timed_chain(src, hops, span, &seq);
	memset(&lat, 0, sizeof(lat));
	for (unsigned i = 0; i < opt.pairs; i++) {
		bare.ns[i] = timed_floor(floor_run, f, hops, span);
		libng.ns[i] = timed_chain(src, hops, span, &seq);
		bare.ns[i] = (bare.ns[i] + timed_floor(floor_run, f, hops, span)) / 2;
		nested.ns[i] = timed_floor(floor_run_nested, f, hops, span / 4);
		add.ns[i] = timed_lock(floor_lock_add);
		rd.ns[i] = timed_lock(floor_rdlock);
		ratio.ns[i] = libng.ns[i] / bare.ns[i];
		more.ns[i] = libng.ns[i] - bare.ns[i];
	}
	ns = median(libng.ns, opt.pairs);
	emit("ns_hop", "ns", ns);
	emit("pps", "packets/s", 1e9 / (ns * hops));
	emit("floor_ns_hop", "ns", median(bare.ns, opt.pairs));
	emit("nested_ns_hop", "ns", median(nested.ns, opt.pairs));
	emit("lock_add_ns", "ns", median(add.ns, opt.pairs));
	emit("rdlock_pair_ns", "ns", median(rd.ns, opt.pairs));
	emit("ratio_floor", "x", median(ratio.ns, opt.pairs));
	emit("over_floor", "ns", median(more.ns, opt.pairs));
	emit("lat_p50", "ns", (double)hist_quantile(&lat, 0.5) * ns_per_tick);
	emit("lat_p99", "ns", (double)hist_quantile(&lat, 0.99) * ns_per_tick);
	emit("lat_p99.9", "ns", (double)hist_quantile(&lat, 0.999) * ns_per_tick);
	emit("lat_p99.99", "ns", (double)hist_quantile(&lat, 0.9999) * ns_per_tick);
	emit("lat_max", "ns", (double)lat.max * ns_per_tick);
	t.sent = self.sent * arrivals;
	t.received = self.received;
	t.no_memory = self.no_memory;
	accounts(g, &t, NULL);
	floor_free(f);
}

void
case_hop(unsigned hops)
{
	struct ngu_graph *g = graph_new();

	packets_plain(BURST, 60);
	hop_case(g, graph_chain(g, "c", "bfwd", hops), hops, 1);
#ifdef BENCH_UNCOUNTED
	struct ngu_hook_stats s;

	must(ngu_hook_stats(g, "ce:", "in", &s), "statistics of ce:in");
	if (s.packets != 0 || s.bytes != 0)
		fail("this build counts after all: see uncounted.h");
#endif
}

/* ---- several threads ---- */

#define SHARE_HOPS 16

struct share_setup {
	struct bench_src *shared, *own[MAX_THREADS];
};

static void
share_setup(struct dthread *t, void *arg)
{
	struct share_setup *s = arg;

	t->src = s->shared;
	t->own = s->own[t->number];
	t->floor = floor_new(SHARE_HOPS);
	t->floor_hops = SHARE_HOPS;
	if (t->floor == NULL)
		fail("no memory for the floor");
}

/* Hops per CPU-second and thread, in one window. */
static double
rate(enum mode mode, unsigned active)
{
	struct window w = { .mode = mode, .active = active };
	struct window pause = { .mode = MODE_IDLE };
	struct share s;
	unsigned n = window_open(&w);

	sleep_ns((int64_t)opt.window_ms * 1000000 / 4);
	(void)window_open(&pause);
	window_sum(n, &s);
	if (mode != MODE_FLOOR)
		s.hops = s.sent * SHARE_HOPS;
	return (s.cpu_ns != 0 ? (double)s.hops / (double)s.cpu_ns : 0);
}

void
case_share(void)
{
	static struct share_setup setup;
	static struct lane one, shared, own, floor1, floorn, r_shared, r_own, v_shared;
	struct ngu_graph *g = graph_new();
	unsigned i, n = opt.threads < 2 ? 2 : opt.threads;
	struct totals t;
	char prefix[16];

	packets_plain(BURST * MAX_THREADS, 60);
	setup.shared = graph_chain(g, "c", "bfwd", SHARE_HOPS);
	for (i = 0; i < n; i++) {
		(void)snprintf(prefix, sizeof(prefix), "o%u_", i);
		setup.own[i] = graph_chain(g, prefix, "bfwd", SHARE_HOPS);
	}
	go_realtime(1);
	threads_start(n, share_setup, &setup);
	(void)rate(MODE_SEND, n);
	(void)rate(MODE_OWN, n);
	(void)rate(MODE_FLOOR, n);
	for (i = 0; i < opt.pairs; i++) {
		one.ns[i] = rate(MODE_SEND, 1);
		shared.ns[i] = rate(MODE_SEND, n);
		own.ns[i] = rate(MODE_OWN, n);
		floor1.ns[i] = rate(MODE_FLOOR, 1);
		floorn.ns[i] = rate(MODE_FLOOR, n);
		v_shared.ns[i] = shared.ns[i] / own.ns[i];
		r_shared.ns[i] = shared.ns[i] / one.ns[i] / (floorn.ns[i] / floor1.ns[i]);
		r_own.ns[i] = own.ns[i] / one.ns[i] / (floorn.ns[i] / floor1.ns[i]);
	}
	threads_stop();
	emit("kept_shared", "x", median(r_shared.ns, opt.pairs));
	emit("kept_own", "x", median(r_own.ns, opt.pairs));
	emit("shared_vs_own", "x", median(v_shared.ns, opt.pairs));
	emit("ns_hop", "ns", 1 / median(shared.ns, opt.pairs));
	emit("ns_hop_one", "ns", 1 / median(one.ns, opt.pairs));
	emit("ns_hop_own", "ns", 1 / median(own.ns, opt.pairs));
	emit("floor_one_ns", "ns", 1 / median(floor1.ns, opt.pairs));
	emit("floor_all_ns", "ns", 1 / median(floorn.ns, opt.pairs));
	threads_totals(&t);
	accounts(g, &t, NULL);
}
