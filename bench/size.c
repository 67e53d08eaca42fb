/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * size.c - what one rewire costs in graphs of 64, 10,000 and 100,000 nodes. size-KIND-RATE, as in storm.c.
 *
 * Graphs     three, each with the main job's graph in it and pairs of linked nodes nobody sends to; all nodes are named.
 * Turns      for each of the three a quiet and a disturbed window, then again. A rewire's cost is the rewirer's time between call and
 *            return; ratios are those of one turn, their median counts.
 */
#include "storm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZES 3

static const unsigned sizes[SIZES] = { 64, 10000, 100000 };

static struct sized {
	struct ngu_graph *graph;
	struct job job;
	struct storm storm;
	struct hist lat[2];
	double cost[MAX_WINDOWS], kept[MAX_WINDOWS];
	unsigned nkept;
	uint64_t sent;
} *graphs;

static void
fill(struct ngu_graph *g, unsigned n)
{
	struct ngu_graph_stats s;
	char a[24], b[24], pa[32], pb[32];

	ngu_graph_stats(g, &s);
	for (unsigned i = (unsigned)s.nodes; i + 2 <= n; i += 2) {
		(void)snprintf(a, sizeof(a), "x%u", i);
		(void)snprintf(b, sizeof(b), "y%u", i);
		(void)snprintf(pa, sizeof(pa), "%s:", a);
		(void)snprintf(pb, sizeof(pb), "%s:", b);
		must(ngu_mknode(g, "bnil", a, NULL), "mknode");
		must(ngu_mknode(g, "bnil", b, NULL), "mknode");
		must(ngu_connect(g, pa, "x", pb, "y"), "connect");
	}
}

/* With the data threads idle: what they measured since the last call belongs to this graph. */
static void
take_latencies(struct sized *s)
{
	for (unsigned m = 0; m < 2; m++) {
		for (unsigned i = 0; i < threads_count(); i++) {
			hist_merge(&s->lat[m], &dthreads[i].lat[m]);
			memset(&dthreads[i].lat[m], 0, sizeof(dthreads[i].lat[m]));
		}
		hist_merge(&s->lat[m], &rewirer.lat[m]);
		memset(&rewirer.lat[m], 0, sizeof(rewirer.lat[m]));
	}
}

static double
rate(unsigned w, struct sized *s)
{
	struct share d;

	window_sum(w, &d);
	s->sent += d.sent;
	return (d.cpu_ns != 0 ? (double)d.hops / (double)d.cpu_ns : 0);
}

static void
turn(struct sized *s, unsigned i, int64_t span, bool counts)
{
	struct window quiet = { .mode = MODE_SEND, .active = opt.threads, .from = s->job.left };
	struct window disturbed = quiet, idle = { .mode = MODE_IDLE };
	struct ngu_graph *before = ngu_graph_enter(s->graph);
	int64_t busy = s->storm.busy;
	uint64_t ops = s->storm.ops;
	unsigned q, d;
	double a, b;

	disturbed.mark = 1;
	q = window_open(&quiet);
	sleep_ns(span);
	d = window_open(&disturbed);
	storm_run(&s->storm, span);
	(void)window_open(&idle);
	storm_undo(&s->storm);
	take_latencies(s);
	(void)ngu_graph_enter(before);
	a = rate(q, s);
	b = rate(d, s);
	if (!counts)
		return;
	s->cost[i] = (double)(s->storm.busy - busy) / (double)(s->storm.ops - ops);
	if (a > 0 && b > 0)
		s->kept[s->nkept++] = b / a;
}

static void
emit_size(struct sized *s, unsigned n)
{
	static const struct {
		const char *name;
		double q;
	} qs[] = { { "lat_p50", 0.5 }, { "lat_p99", 0.99 }, { "lat_p99.9", 0.999 }, { "lat_p99.99", 0.9999 }, { "lat_max", 1 } };
	char metric[40];

	(void)snprintf(metric, sizeof(metric), "rewire_ns_%u", n);
	emit(metric, "ns", median(s->cost, opt.pairs));
	(void)snprintf(metric, sizeof(metric), "rewires_%u", n);
	emit(metric, "1/s", (double)s->storm.ops * 1e9 / (double)s->storm.wall);
	(void)snprintf(metric, sizeof(metric), "kept_%u", n);
	emit(metric, "x", median(s->kept, s->nkept));
	for (unsigned i = 0; i < sizeof(qs) / sizeof(qs[0]); i++)
		for (unsigned m = 0; m < 2; m++) {
			(void)snprintf(metric, sizeof(metric), "%s_%u%s", qs[i].name, n, m == 0 ? "_quiet" : "");
			emit(metric, "ns", (double)hist_quantile(&s->lat[m], qs[i].q) * ns_per_tick);
		}
}

/* Nothing is left anywhere; what all three graphs lost is printed, and their counts agree each for itself. */
static void
books(void)
{
	struct ngu_graph_stats st;
	uint64_t lost = 0;

	for (unsigned k = 0; k < SIZES; k++) {
		must(ngu_settle(graphs[k].graph, 10000), "waiting for the graph to come to rest");
		ngu_reclaim_barrier();
		ngu_graph_stats(graphs[k].graph, &st);
		if (st.queued != 0 || st.mbufs != 0 || st.attempted != st.delivered + st.refused + st.dropped)
			fail("accounts of the graph of %u nodes do not agree", sizes[k]);
		lost += st.refused + st.dropped;
	}
	emit("lost", "packets", (double)lost);
	emit("accounts", "ok", 1);
}

void
case_size(const char *kind, const char *storm_rate)
{
	static double r[SIZES][MAX_WINDOWS];
	int64_t span = (int64_t)opt.window_ms * 1000000 / 2;

	if (opt.pairs * SIZES * 3 + 16 > MAX_WINDOWS)
		fail("--pairs: too many");
	packets_load(opt.pcap);
	must(bench_plain_register(), "registering bnil");
	graphs = calloc(SIZES, sizeof(*graphs));
	if (graphs == NULL)
		fail("no memory");
	for (unsigned k = 0; k < SIZES; k++) {
		graphs[k].graph = graph_new();
		(void)ngu_graph_enter(graphs[k].graph);
		graph_job(graphs[k].graph, &graphs[k].job);
		fill(graphs[k].graph, sizes[k]);
		storm_init(&graphs[k].storm, graphs[k].graph, kind, storm_rate);
	}
	rewirer_start(opt.threads, NULL, &graphs[0].job);
	for (unsigned k = 0; k < SIZES; k++) {
		turn(&graphs[k], 0, span, false);
		memset(graphs[k].lat, 0, sizeof(graphs[k].lat));
		graphs[k].storm.ops = 0;
		graphs[k].storm.wall = graphs[k].storm.busy = 0;
	}
	for (unsigned i = 0; i < opt.pairs; i++)
		for (unsigned k = 0; k < SIZES; k++)
			turn(&graphs[(k + i) % SIZES], i, span, true);
	threads_stop();
	rewirer_end();
	for (unsigned i = 0; i < opt.pairs; i++)
		for (unsigned k = 1; k < SIZES; k++)
			r[k][i] = graphs[k].cost[i] / graphs[0].cost[i];
	for (unsigned k = 0; k < SIZES; k++)
		emit_size(&graphs[k], sizes[k]);
	emit("cost_10k_vs_64", "x", median(r[1], opt.pairs));
	emit("cost_100k_vs_64", "x", median(r[2], opt.pairs));
	books();
}
