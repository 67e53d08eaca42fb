/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rewire.c - the main job: real packets on the 16-hop graph, undisturbed and while its links are rewired.
 *
 * Kinds, rates  storm.c says what they are.
 * Control    quiet and disturbed windows in turns. kept = median over the pairs of (hops per CPU-second of the data threads while
 *            disturbed) / (the same in the quiet window before it). Latencies of both kinds of window are kept apart.
 * After      the quiet windows also show how soon after the last rewire the full rate is back: received packets in slices of 100 us
 *            against the median slice of the later part of the same window.
 * Gates      how long they were closed is measured in a few more pairs that count for nothing else: it costs two clock reads.
 * Direct     in the same pairs: when the last packet was queued after the storm, as the rewirer sees it, looking every 50 us.
 */
#include "storm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMING_PAIRS 5
#define SETTLED_NS 5000000 /* slices from here on are "full rate" */

static struct ngu_graph *graph;

static void
job_setup(struct dthread *t, void *arg)
{
	const struct job *j = arg;

	t->src = j->left;
	t->back = j->right;
	t->bucket = calloc(MAX_WINDOWS, sizeof(*t->bucket));
	if (t->bucket == NULL)
		fail("no memory");
}

/* ---- results ---- */

static double
hop_rate(unsigned w)
{
	struct share s;

	window_sum(w, &s);
	return (s.cpu_ns != 0 ? (double)s.hops / (double)s.cpu_ns : 0);
}

static void
emit_latency(const char *suffix, unsigned mark)
{
	static const struct {
		const char *name;
		double q;
	} qs[] = { { "lat_p50", 0.5 }, { "lat_p99", 0.99 }, { "lat_p99.9", 0.999 },
		{ "lat_p99.99", 0.9999 } };
	struct hist *all = calloc(1, sizeof(*all));
	char name[64];

	if (all == NULL)
		fail("no memory");
	for (unsigned i = 0; i < threads_count(); i++)
		hist_merge(all, &dthreads[i].lat[mark]);
	hist_merge(all, &rewirer.lat[mark]);
	for (unsigned i = 0; i < sizeof(qs) / sizeof(qs[0]); i++) {
		(void)snprintf(name, sizeof(name), "%s%s", qs[i].name, suffix);
		emit(name, "ns", (double)hist_quantile(all, qs[i].q) * ns_per_tick);
	}
	(void)snprintf(name, sizeof(name), "lat_max%s", suffix);
	emit(name, "ns", (double)all->max * ns_per_tick);
	free(all);
}

/* ns until the first full slice after the storm before window w; -1 when there is nothing to compare with. */
static double
recovery(unsigned w, int64_t span)
{
	double slice[BUCKETS], full;
	unsigned i, n = (unsigned)(span / BUCKET_NS), first = SETTLED_NS / BUCKET_NS;

	if (n > BUCKETS)
		n = BUCKETS;
	if (n < first + 10)
		return (-1);
	n -= 4; /* the last ones are cut off */
	for (i = 0; i < n; i++) {
		slice[i] = 0;
		for (unsigned t = 0; t < threads_count(); t++)
			slice[i] += dthreads[t].bucket[w][i];
	}
	{
		double late[BUCKETS];

		memcpy(late, slice + first, (n - first) * sizeof(*late));
		full = median(late, n - first);
	}
	for (i = 0; i < n && slice[i] < 0.9 * full; i++)
		;
	return ((double)(i + 1) * BUCKET_NS);
}

static void
emit_rates(const char *suffix, unsigned first, unsigned step, unsigned count)
{
	static double ns[MAX_WINDOWS], pps[MAX_WINDOWS];
	struct share s;
	char name[32];
	unsigned n = 0;

	for (unsigned i = 0; i < count; i++) {
		window_sum(first + i * step, &s);
		if (s.hops == 0 || s.wall_ns == 0)
			continue;
		ns[n] = (double)s.cpu_ns / (double)s.hops;
		pps[n++] = (double)s.received * 1e9 / (double)s.wall_ns;
	}
	(void)snprintf(name, sizeof(name), "ns_hop%s", suffix);
	emit(name, "ns", median(ns, n));
	(void)snprintf(name, sizeof(name), "pps%s", suffix);
	emit(name, "packets/s", median(pps, n));
}

static void
finish(void)
{
	struct ngu_graph_stats s;
	struct totals t;

	rewirer_end();
	ngu_graph_stats(graph, &s);
	emit("gate_closed", "times", (double)s.gate_closed);
	rewirer_totals(graph, &t);
	accounts(graph, &t, "n4:");
}

/* ---- cases ---- */

static void
prepare(struct job *j)
{
	packets_load(opt.pcap);
	if (!bench_type_known(tee_type))
		fail("no node type '%s' in this library", tee_type);
	graph = graph_new();
	graph_job(graph, j);
	rewirer_start(opt.threads, job_setup, j);
}

void
case_job(void)
{
	struct window w = { .mode = MODE_SEND, .active = opt.threads, .back = true };
	struct job j;
	unsigned first = 0;

	prepare(&j);
	(void)window_open(&w);
	sleep_ns((int64_t)opt.window_ms * 1000000);
	for (unsigned i = 0; i < 2 * opt.pairs; i++) {
		unsigned n = window_open(&w);

		if (i == 0)
			first = n;
		sleep_ns((int64_t)opt.window_ms * 1000000);
	}
	threads_stop();
	emit_rates("", first, 1, 2 * opt.pairs);
	emit_latency("", 0);
	finish();
}

/* One quiet and one disturbed window, then the quiet one after it; numbers in w[0..1]. */
static void
pair(struct storm *s, int64_t span, unsigned w[2])
{
	struct window quiet = { .mode = MODE_SEND, .active = opt.threads };
	struct window disturbed = quiet;

	disturbed.mark = 1;
	w[0] = window_open(&quiet);
	sleep_ns(span);
	atomic_store(&storm_end, 0);
	w[1] = window_open(&disturbed);
	storm_run(s, span);
	atomic_store(&storm_end, bench_ticks());
}

/* After a storm: ns until the last packet went into a queue. */
static double
direct_again(int64_t span)
{
	struct window quiet = { .mode = MODE_SEND, .active = opt.threads };
	int64_t t0 = wall_ns(), last = t0, now;
	struct ngu_graph_stats st;
	uint64_t before;

	ngu_graph_stats(graph, &st);
	before = st.queued_total;
	(void)window_begin(&quiet); /* with more threads than CPUs it takes some to notice */
	while ((now = wall_ns()) < t0 + span) {
		ngu_graph_stats(graph, &st);
		if (st.queued_total != before || st.queued != 0)
			last = now;
		before = st.queued_total;
		sleep_ns(50000);
	}
	window_wait();
	return ((double)(last - t0));
}

void
case_rewire(const char *kind, const char *rate)
{
	static double kept[MAX_WINDOWS], back[MAX_WINDOWS], direct[TIMING_PAIRS];
	static unsigned w[MAX_WINDOWS][2];
	struct window quiet = { .mode = MODE_SEND, .active = opt.threads };
	struct storm s;
	int64_t span = (int64_t)opt.window_ms * 1000000;
	struct ngu_graph_stats st;
	struct job j;
	unsigned i, nback = 0, nkept = 0;
	double r;

	prepare(&j);
	storm_init(&s, graph, kind, rate);
	(void)window_open(&quiet);
	sleep_ns(span);
	for (i = 0; i < opt.pairs; i++)
		pair(&s, span, w[i]);
	r = (double)s.ops * 1e9 / (double)s.wall;
	emit("rewires", "1/s", r);
	emit("rewire_ns", "ns", (double)s.busy / (double)s.ops);
	ngu_gate_timing(graph, true);
	for (i = 0; i < TIMING_PAIRS; i++) {
		pair(&s, span, w[opt.pairs + i]);
		direct[i] = direct_again(span / 2);
	}
	storm_undo(&s);
	(void)window_open(&quiet);
	sleep_ns(span);
	threads_stop();
	ngu_graph_stats(graph, &st);
	emit("gate_longest", "ns", (double)st.gate_longest_ns);
	ngu_gate_timing(graph, false);
	for (i = 0; i < opt.pairs; i++) {
		double a = hop_rate(w[i][0]), b = hop_rate(w[i][1]);

		if (a > 0 && b > 0)
			kept[nkept++] = b / a;
		/* the quiet window after storm i is the first of pair i + 1 */
		if ((r = recovery(w[i + 1][0], span)) >= 0)
			back[nback++] = r;
	}
	emit("kept", "x", median(kept, nkept));
	if (nback != 0) {
		emit("back", "ns", median(back, nback));
		emit("back_worst", "ns", back[nback - 1]);
	}
	emit("direct", "ns", median(direct, TIMING_PAIRS));
	emit("direct_worst", "ns", direct[TIMING_PAIRS - 1]);
	emit_rates("", w[0][1], 2, opt.pairs);
	emit_rates("_quiet", w[0][0], 2, opt.pairs);
	emit_latency("", 1);
	emit_latency("_quiet", 0);
	finish();
}
