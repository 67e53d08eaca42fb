/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gates.c - the gates, one line each, and whether the run itself may be believed (docs/decisions/0007-baseline-and-floor.md).
 */
#include "driver.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static unsigned red;
bool gates_subset;

static void
gate(bool json, const char *name, bool have, double value, const char *op, double target, const char *unit)
{
	bool pass = have && (strcmp(op, "<=") == 0 ? value <= target : strcmp(op, "==") == 0 ? value == target : value >= target);
	char v[32] = "missing";

	if (!have && gates_subset)
		return;
	if (have)
		(void)snprintf(v, sizeof(v), fabs(value) >= 1000 ? "%.0f%s" : "%.3g%s", value, unit);
	if (json)
		json_line("gate", backends[DEFAULT_BACKEND], name, 0, pass ? "PASS" : "FAIL", *unit != '\0' ? unit : "1", have ? value : -1);
	else
		(void)printf("GATE %s %s %s%.10g%s %s\n", name, v, op, target, unit, pass ? "PASS" : "FAIL");
	red += !pass;
}

static bool
get(const char *name, unsigned threads, const char *metric, double *v)
{
	*v = 0;
	return (result_get(DEFAULT_BACKEND, name, threads, metric, v));
}

/* What the scheduler lets a thread run before it looks again: the timer's tick, which is what the coarse clock goes by. */
static double
quantum_ms(void)
{
#ifdef CLOCK_MONOTONIC_COARSE
	struct timespec ts;

	if (clock_getres(CLOCK_MONOTONIC_COARSE, &ts) == 0 && ts.tv_sec == 0)
		return ((double)ts.tv_nsec / 1e6);
#endif
	return (4);
}

/* The difference of two metrics of one case. */
static bool
get_more(const char *name, unsigned threads, const char *a, const char *b, double *v)
{
	double q;
	bool have = get(name, threads, a, v) && get(name, threads, b, &q);

	*v = have ? *v - q : 0;
	return (have);
}

static void
gate_rewire(bool json, const char *kind)
{
	bool own = strcmp(kind, "insert") == 0 || strcmp(kind, "relink") == 0, have;
	char name[24], label[48];
	double v, q;

	(void)snprintf(name, sizeof(name), "%s-100k", kind);
	(void)snprintf(label, sizeof(label), "kept-%s", name);
	have = get(name, 1, "kept", &v);
	gate(json, label, have, v, ">=", own ? 0.9 : 0.85, "");
	have = get(name, 1, own ? "lost" : "rewires", &v);
	(void)snprintf(label, sizeof(label), "%s-%s", own ? "lost" : "rate", name);
	gate(json, label, have, v, own ? "==" : ">=", own ? 0 : 90000, own ? "" : "/s");
	(void)snprintf(label, sizeof(label), "p99.9-%s", name);
	have = get_more(name, 1, "lat_p99.9", "lat_p99.9_quiet", &v);
	gate(json, label, have, v / 1e3, "<=", 3, "us-more");
	(void)snprintf(name, sizeof(name), "%s-1k", kind);
	(void)snprintf(label, sizeof(label), "kept-%s", name);
	have = get(name, 1, "kept", &v);
	gate(json, label, have, v, ">=", 0.98, "");
	(void)snprintf(label, sizeof(label), "p99.9-%s", name);
	have = get(name, 1, "lat_p99.9", &v) && get(name, 1, "lat_p99.9_quiet", &q) && q > 0;
	gate(json, label, have, have ? v / q : 0, "<=", 2, "x");
	(void)snprintf(name, sizeof(name), "%s-flat", kind);
	(void)snprintf(label, sizeof(label), "back-%s", name);
	have = get(name, 1, "back", &v);
	gate(json, label, have, v / 1e6, "<=", 1, "ms");
	(void)snprintf(label, sizeof(label), "direct-%s-4threads", name);
	have = get(name, 4, "direct", &v);
	gate(json, label, have, v / 1e6, "<=", quantum_ms(), "ms");
}

/* The yardsticks: 1 as the calibrated range says, 0 not, -1 unknown. */
static int
floor_ok(double *ns, double *ratio)
{
	double nested;

	if (!get("hop16", 1, "floor_ns_hop", ns) || !get("hop16", 1, "nested_ns_hop", &nested) || nested <= 0)
		return (-1);
	*ratio = *ns / nested;
	return (*ratio >= 0.3 && *ratio <= 1.5);
}

static int
baseline_ok(double *ns, double *ratio)
{
	double add, rd;

	if (!result_get(BASELINE_BACKEND, "hop16", 1, "ns_hop", ns) || !result_get(BASELINE_BACKEND, "hop16", 1, "lock_add_ns", &add) ||
	    !result_get(BASELINE_BACKEND, "hop16", 1, "rdlock_pair_ns", &rd))
		return (-1);
	*ratio = *ns / (6 * add + rd);
	return (*ratio >= 1 && *ratio <= 2);
}

static const char *
range(double v, double lo, double hi)
{
	return (v < lo ? "below" : v > hi ? "above" : "within");
}

void
print_validity(bool json)
{
	double ns, ratio, lo, hi;
	int f = floor_ok(&ns, &ratio), b;

	if (json)
		return;
	if (f >= 0)
		(void)printf("floor at 16 hops %.2f ns/hop: %s the reference machine's 4-6 ns;\n  %.2f of the same chain with a frame a hop (0.3-1.5): %s\n",
		    ns, range(ns, 4, 6), ratio, f ? "valid" : "INVALID RUN");
	b = baseline_ok(&ns, &ratio);
	if (b >= 0)
		(void)printf("baseline rwlock %.1f ns/hop: %s the reference machine's 60-95 ns;\n  %.2f of six locked adds and a reader lock here (1-2): %s\n",
		    ns, range(ns, 60, 95), ratio, b ? "valid" : "INVALID RUN");
	if (result_span(DEFAULT_BACKEND, "line", &lo, &hi))
		(void)printf("a cache line between the two CPUs took %.0f-%.0f ns: %s\n", lo, hi,
		    hi < FAR_NS  ? "near, as it should be" :
		    lo >= FAR_NS ? "FAR APART, as if they shared no cache; rewiring figures are not comparable with those of near runs" :
				   "NEAR AND FAR by turns; rewiring figures of this run are a mixture");
	for (unsigned i = 0; i < nplans; i++)
		if (result_get(DEFAULT_BACKEND, plans[i].name, plans[i].threads, "kept_far", &ns))
			(void)printf("%s was repeated: with the CPUs far apart it kept %.3f\n", plans[i].name, ns);
}

static void
gate_hops(bool json)
{
	static const char *const lengths[] = { "hop64", "hop1000", "hop10000" };
	char label[48];
	double v;
	bool have;

	have = get("hop16", 1, "ratio_floor", &v);
	gate(json, "hop16-floor", have, v, "<=", 2, "x");
	have = result_ratio(BASELINE_BACKEND, DEFAULT_BACKEND, "hop16", 1, "ns_hop", &v);
	gate(json, "hop16-rwlock", have, v, ">=", 7, "x");
	for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		(void)snprintf(label, sizeof(label), "%s-floor", lengths[i]);
		have = get(lengths[i], 1, "ratio_floor", &v);
		gate(json, label, have, v, "<=", 1.6, "x");
	}
}

static void
gate_control(bool json)
{
	static const struct {
		const char *metric;
		double target;
	} ops[] = { { "connects", 1e6 }, { "rmhooks", 1e6 }, { "mkpeers", 1.5e6 }, { "messages", 1e6 } };
	double v;

	for (unsigned i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		bool have = get("control", 1, ops[i].metric, &v);

		gate(json, ops[i].metric, have, v, ">=", ops[i].target, "/s");
	}
}

static void
gate_size(bool json)
{
	static const char *const kinds[] = { "up", "down", "insert", "relink" };
	char name[24], label[48];
	double v;
	bool have;

	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		(void)snprintf(name, sizeof(name), "size-%s-100k", kinds[i]);
		have = get(name, 1, "cost_100k_vs_64", &v);
		(void)snprintf(label, sizeof(label), "cost-%s-100000-nodes", kinds[i]);
		gate(json, label, have, v, "<=", 1.3, "x");
		have = get(name, 1, "cost_10k_vs_64", &v);
		(void)snprintf(label, sizeof(label), "cost-%s-10000-nodes", kinds[i]);
		gate(json, label, have, v, "<=", 1.3, "x");
	}
}

static void
gate_apart(bool json)
{
	static const char *const kinds[] = { "apart-connect", "apart-insert", "apart-relink" };
	double v;

	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		bool have = get(kinds[i], 1, "kept_apart", &v);

		gate(json, kinds[i], have, v, ">=", 0.85, "");
	}
}

static void
gate_handover(bool json)
{
	static const char *const cases[] = { "handover-1", "handover-32" };
	char label[48];
	double v;
	bool have;

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		have = get(cases[i], 1, "ratio_ring", &v);
		(void)snprintf(label, sizeof(label), "%s-ring", cases[i]);
		gate(json, label, have, v, "<=", 1.5, "x");
		have = get(cases[i], 1, "wakeups_per_batch", &v);
		(void)snprintf(label, sizeof(label), "%s-wakeups", cases[i]);
		gate(json, label, have, v, "<=", 1.05, "x"); /* a timer interrupt may add one in a while */
	}
	have = get("handover-1", 1, "full_not_enobufs", &v);
	gate(json, "full-queue-not-enobufs", have, v, "==", 0, "");
	have = get("handover-1", 1, "full_not_counted", &v);
	gate(json, "full-queue-not-counted", have, v, "==", 0, "");
}

static void
gate_shapes(bool json)
{
	double v;
	bool have;

	if (result_ratio(RTE_GRAPH, DEFAULT_BACKEND, "hop16", 1, "ns_hop", &v)) /* where DPDK is installed */
		gate(json, "hop16-rte_graph", true, v, ">=", 5, "x");
	if (result_ratio(DEFAULT_BACKEND, RTE_GRAPH, "burst32", 1, "ns_hop", &v))
		gate(json, "burst32-rte_graph", true, v, "<=", 1, "x");
	if (result_ratio(DEFAULT_BACKEND, RTE_GRAPH, "burst256", 1, "ns_hop", &v))
		gate(json, "burst256-rte_graph", true, v, "<=", 1, "x");
	have = result_ratio(UNCOUNTED, DEFAULT_BACKEND, "hop16", 1, "ratio_floor", &v);
	gate(json, "counters", have, 1 - v, "<=", 0.1, "");
	have = get("burst32", 1, "ratio_floor", &v);
	gate(json, "burst32-floor", have, v, "<=", 1.5, "x");
	have = get("burst256", 1, "ratio_floor", &v);
	gate(json, "burst256-floor", have, v, "<=", 1.5, "x");
	have = get("writers16", 1, "over_floor", &v);
	gate(json, "writers16-over-floor", have, v, "<=", 20, "ns");
	have = get("idle-hooks", 1, "bytes_hook_thread", &v);
	gate(json, "idle-hook-bytes-a-thread", have, v, "<=", 0.5, ""); /* a counter would be 16; the rest is the measurement's */
}

static void
gate_scale(bool json)
{
	double v;
	bool have;

	have = get("scale-1000000", 1, "build_vs_10k", &v);
	gate(json, "build-1000000-nodes", have, v, ">=", 0.7, "x");
	have = get("scale-1000000", 1, "teardown_vs_10k", &v); /* linear: what the build may lose to caches, this may, too */
	gate(json, "teardown-1000000-nodes", have, v, ">=", 0.7, "x");
	have = get("scale-1000000", 1, "by_name", &v);
	gate(json, "by-name-1000000-nodes", have, v, ">=", 6e6, "/s");
	have = get("scale-100000", 1, "by_name", &v);
	gate(json, "by-name-100000-nodes", have, v, ">=", 12e6, "/s");
	have = get("scale-1000000", 1, "bytes", &v);
	gate(json, "bytes-a-node", have, v, "<=", 512, "");
}

bool
print_gates(bool json, unsigned failures)
{
	double v, ns;
	bool have;
	int ok;

	ok = floor_ok(&ns, &v);
	gate(json, "valid-floor", ok >= 0, ok, ">=", 1, "");
	ok = baseline_ok(&ns, &v);
	gate(json, "valid-baseline", ok >= 0, ok, ">=", 1, "");
	gate_hops(json);
	have = get("share", 2, "kept_shared", &v);
	gate(json, "share-2-shared", have, v, ">=", 0.9, "");
	have = get("share", 2, "kept_own", &v);
	gate(json, "share-2-own", have, v, ">=", 0.9, "");
	gate_rewire(json, "up");
	gate_rewire(json, "down");
	gate_rewire(json, "insert");
	gate_rewire(json, "relink");
	gate_control(json);
	gate_size(json);
	gate_apart(json);
	gate_handover(json);
	gate_shapes(json);
	gate_scale(json);
	gate(json, "failed-runs", true, failures, "==", 0, "");
	return (red == 0);
}
