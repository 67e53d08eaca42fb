/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gates.c - the gates, one line each, and whether the run itself may be believed (docs/decisions/0007-baseline-and-floor.md).
 */
#include "driver.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static unsigned red;

static void
gate(bool json, const char *name, bool have, double value, const char *op, double target, const char *unit)
{
	bool pass = have && (strcmp(op, "<=") == 0 ? value <= target : strcmp(op, "==") == 0 ? value == target : value >= target);
	char v[32] = "missing";

	if (have)
		(void)snprintf(v, sizeof(v), fabs(value) >= 1000 ? "%.0f%s" : "%.3g%s", value, unit);
	if (json)
		json_line("gate", backends[DEFAULT_BACKEND], name, 0, pass ? "PASS" : "FAIL", *unit != '\0' ? unit : "1", have ? value : -1);
	else
		(void)printf("GATE %s %s %s%.6g%s %s\n", name, v, op, target, unit, pass ? "PASS" : "FAIL");
	red += !pass;
}

static bool
get(const char *name, unsigned threads, const char *metric, double *v)
{
	*v = 0;
	return (result_get(DEFAULT_BACKEND, name, threads, metric, v));
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
	gate(json, label, have, v, ">=", own ? 0.85 : 0.8, "");
	have = get(name, 1, own ? "lost" : "rewires", &v);
	(void)snprintf(label, sizeof(label), "%s-%s", own ? "lost" : "rate", name);
	gate(json, label, have, v, own ? "==" : ">=", own ? 0 : 90000, own ? "" : "/s");
	(void)snprintf(name, sizeof(name), "%s-1k", kind);
	(void)snprintf(label, sizeof(label), "kept-%s", name);
	have = get(name, 1, "kept", &v);
	gate(json, label, have, v, ">=", 0.97, "");
	(void)snprintf(label, sizeof(label), "p99.9-%s", name);
	have = get(name, 1, "lat_p99.9", &v) && get(name, 1, "lat_p99.9_quiet", &q) && q > 0;
	gate(json, label, have, have ? v / q : 0, "<=", 3, "x");
	(void)snprintf(name, sizeof(name), "%s-flat", kind);
	(void)snprintf(label, sizeof(label), "back-%s", name);
	have = get(name, 1, "back", &v);
	gate(json, label, have, v / 1e6, "<=", 1, "ms");
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
	have = get("hop16", 1, "ratio_floor", &v);
	gate(json, "hop16-floor", have, v, "<=", 3, "x");
	have = result_ratio(BASELINE_BACKEND, DEFAULT_BACKEND, "hop16", 1, "ns_hop", &v);
	gate(json, "hop16-rwlock", have, v, ">=", 5, "x");
	have = get("share", 2, "kept_shared", &v);
	gate(json, "share-2-private", have, v, ">=", 0.8, "");
	gate_rewire(json, "up");
	gate_rewire(json, "down");
	gate_rewire(json, "insert");
	gate_rewire(json, "relink");
	have = get("control", 1, "connects", &v);
	gate(json, "connects", have, v, ">=", 300000, "/s");
	have = get("control", 1, "messages", &v);
	gate(json, "messages", have, v, ">=", 300000, "/s");
	gate(json, "failed-runs", true, failures, "==", 0, "");
	return (red == 0);
}
