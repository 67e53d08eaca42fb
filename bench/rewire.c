/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rewire.c - the main job: real packets on the 16-hop graph, undisturbed and while its links are rewired.
 *
 * Kinds      else: a link beside the line. up, down: the link in use between n7 and n8, rmhook then connect, asked of n7 or of n8 (the
 *            two together are one rewire; while it is down packets are refused). insert: a node put into that link, then bypassed
 *            (each counts as one). relink: the far end moved between two hooks of n8.
 * Rates      1k and 100k a second, and flat: as fast as one thread can.
 * Control    quiet and disturbed windows in turns. kept = median over the pairs of (hops per CPU-second of the data threads while
 *            disturbed) / (the same in the quiet window before it). Latencies of both kinds of window are kept apart.
 * After      the quiet windows also show how soon after the last rewire the full rate is back: received packets in slices of 100 us
 *            against the median slice of the later part of the same window.
 * Gates      how long they were closed is measured in two more pairs that count for nothing else: it costs two clock reads.
 */
#include "worker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "port/port.h"

#define TIMING_PAIRS 2
#define SETTLED_NS 5000000 /* slices from here on are "full rate" */

static struct ngu_graph *graph;
static struct bench_thread rewirer;
static struct hist rewirer_lat[2];
static char inserted[24];
static unsigned state; /* of the kind's little state machine */

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

/* ---- the operations; each is one rewire ---- */

static void
again(const char *near, const char *nhook, const char *far, const char *fhook)
{
	must(ngu_rmhook(graph, near, nhook), "rmhook %s%s", near, nhook);
	must(ngu_connect(graph, near, nhook, far, fhook), "connect %s%s to %s%s", near, nhook, far, fhook);
}

static void
op_else(void)
{
	again("e1:", "x", "e2:", "y");
}

static void
op_up(void)
{
	again("n7:", "out", "n8:", "in");
}

static void
op_down(void)
{
	again("n8:", "in", "n7:", "out");
}

static void
op_insert(void)
{
	uint32_t id;

	if ((state ^= 1) != 0) {
		must(ngu_insert(graph, "n7:", "out", "bcnt", "in", "out", NULL, &id), "insert behind n7:out");
		(void)snprintf(inserted, sizeof(inserted), "[%x]:", id);
	} else {
		must(ngu_bypass(graph, inserted, "in", "out"), "bypass %s", inserted);
	}
}

static void
op_relink(void)
{
	const char *hook = (state ^= 1) != 0 ? "in2" : "in";

	must(ngu_relink(graph, "n7:", "out", "n8:", hook), "relink n7:out to n8:%s", hook);
}

static const struct kind {
	const char *name;
	void (*op)(void);
} kinds[] = { { "else", op_else }, { "up", op_up }, { "down", op_down }, { "insert", op_insert }, { "relink", op_relink } };

/* ---- pacing ---- */

struct storm {
	void (*op)(void);
	int64_t period; /* ns; 0 = flat out */
	uint64_t ops;
	int64_t wall, busy; /* ns rewiring took, with and without the waiting */
};

/* Wait until t: sleep while it is far off, then spin. */
static int64_t
wait_until(int64_t t)
{
	int64_t now;

	while ((now = wall_ns()) < t)
		if (t - now > 200000)
			sleep_ns(t - now - 100000);
		else
			NGU_PAUSE();
	return (now);
}

static void
storm(struct storm *s, int64_t span)
{
	int64_t t0 = wall_ns(), now = t0, next = t0, end = t0 + span;

	while (now < end) {
		if (s->period != 0) {
			now = wait_until(next);
			next = next + s->period > now - 10 * s->period ? next + s->period : now; /* no long catching up */
		}
		s->busy -= now;
		s->op();
		s->ops++;
		now = wall_ns();
		s->busy += now;
	}
	s->wall += now - t0;
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
	} qs[] = { { "lat_p50", 0.5 }, { "lat_p99", 0.99 }, { "lat_p99.9", 0.999 } };
	struct hist *all = calloc(1, sizeof(*all));
	char name[64];

	if (all == NULL)
		fail("no memory");
	for (unsigned i = 0; i < threads_count(); i++)
		hist_merge(all, &dthreads[i].lat[mark]);
	hist_merge(all, &rewirer_lat[mark]);
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

	if (ncpu > 1)
		emit("line_after", "ns", line_transfer_ns());
	ngu_graph_stats(graph, &s);
	emit("gate_closed", "times", (double)s.gate_closed);
	threads_totals(&t);
	t.received += rewirer.received;
	t.copies += rewirer.copies;
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
	rewirer.lat[0] = &rewirer_lat[0];
	rewirer.lat[1] = &rewirer_lat[1];
	bench_self = &rewirer;
	(void)ngu__port_thread_pin(ncpu - 1); /* the last CPU; data threads start from the first */
	if (ncpu > 1)
		emit("line", "ns", line_transfer_ns());
	go_realtime(1);
	threads_start(opt.threads, job_setup, j);
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

static int64_t
period_of(const char *rate)
{
	if (strcmp(rate, "flat") == 0)
		return (0);
	if (strcmp(rate, "1k") == 0)
		return (1000000);
	if (strcmp(rate, "100k") != 0)
		fail("no rate '%s': 1k, 100k or flat", rate);
	return (10000);
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
	storm(s, span);
	atomic_store(&storm_end, bench_ticks());
}

void
case_rewire(const char *kind, const char *rate)
{
	static double kept[MAX_WINDOWS], back[MAX_WINDOWS];
	static unsigned w[MAX_WINDOWS][2];
	struct window quiet = { .mode = MODE_SEND, .active = opt.threads };
	struct storm s = { .period = period_of(rate) };
	int64_t span = (int64_t)opt.window_ms * 1000000;
	struct ngu_graph_stats st;
	struct job j;
	unsigned i, nback = 0, nkept = 0;
	double r;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].name, kind) == 0)
			s.op = kinds[i].op;
	if (s.op == NULL)
		fail("no way of rewiring '%s'", kind);
	prepare(&j);
	(void)window_open(&quiet);
	sleep_ns(span);
	for (i = 0; i < opt.pairs; i++)
		pair(&s, span, w[i]);
	r = (double)s.ops * 1e9 / (double)s.wall;
	emit("rewires", "1/s", r);
	emit("rewire_ns", "ns", (double)s.busy / (double)s.ops);
	ngu_gate_timing(graph, true);
	for (i = 0; i < TIMING_PAIRS; i++)
		pair(&s, span, w[opt.pairs + i]);
	if (state != 0)
		s.op(); /* as it was */
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
	emit_rates("", w[0][1], 2, opt.pairs);
	emit_rates("_quiet", w[0][0], 2, opt.pairs);
	emit_latency("", 1);
	emit_latency("_quiet", 0);
	finish();
}
