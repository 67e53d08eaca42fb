/* SPDX-License-Identifier: BSD-2-Clause */
/* results.c - keeps what the workers report and prints it: one table, or one JSON object a line. */
#include "driver.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ROUNDS 64

struct result {
	unsigned backend, threads;
	char name[24], metric[40], unit[16];
	double v[MAX_ROUNDS];
	unsigned n;
};

static struct result *results;
static unsigned nresults;

static struct result *
find(unsigned backend, const char *name, unsigned threads, const char *metric)
{
	for (unsigned i = nresults; i-- > 0;) {
		struct result *r = &results[i];

		if (r->backend == backend && r->threads == threads && strcmp(r->metric, metric) == 0 && strcmp(r->name, name) == 0)
			return (r);
	}
	return (NULL);
}

void
result_add(unsigned backend, const struct plan *p, const char *metric, const char *unit, double value)
{
	struct result *r = find(backend, p->name, p->threads, metric);

	if (r == NULL) {
		results = realloc(results, (nresults + 1) * sizeof(*results));
		if (results == NULL)
			abort();
		r = &results[nresults++];
		memset(r, 0, sizeof(*r));
		r->backend = backend;
		r->threads = p->threads;
		(void)snprintf(r->name, sizeof(r->name), "%s", p->name);
		(void)snprintf(r->metric, sizeof(r->metric), "%s", metric);
		(void)snprintf(r->unit, sizeof(r->unit), "%s", unit);
	}
	if (r->n < MAX_ROUNDS)
		r->v[r->n++] = value;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return ((x > y) - (x < y));
}

static double
median(const double *v, unsigned n)
{
	double s[MAX_ROUNDS];

	memcpy(s, v, n * sizeof(*v));
	qsort(s, n, sizeof(*s), by_value);
	return (n % 2 ? s[n / 2] : (s[n / 2 - 1] + s[n / 2]) / 2);
}

/* Over the rounds: counts of packets are added up, worst cases stay the worst, everything else is the median. */
static double
summary(const struct result *r)
{
	bool add = strcmp(r->unit, "packets") == 0 || strcmp(r->unit, "times") == 0;
	bool worst = strncmp(r->metric, "lat_max", 7) == 0 || strcmp(r->metric, "gate_longest") == 0 ||
	    strcmp(r->metric, "back_worst") == 0 || strcmp(r->metric, "direct_worst") == 0;
	double x = 0;

	if (!add && !worst)
		return (median(r->v, r->n));
	for (unsigned i = 0; i < r->n; i++)
		x = add ? x + r->v[i] : fmax(x, r->v[i]);
	return (x);
}

bool
result_get(unsigned backend, const char *name, unsigned threads, const char *metric, double *value)
{
	const struct result *r = find(backend, name, threads, metric);

	if (r == NULL)
		return (false);
	*value = summary(r);
	return (true);
}

bool
result_ratio(unsigned a, unsigned b, const char *name, unsigned threads, const char *metric, double *value)
{
	const struct result *x = find(a, name, threads, metric), *y = find(b, name, threads, metric);
	double q[MAX_ROUNDS];
	unsigned n;

	if (x == NULL || y == NULL)
		return (false);
	for (n = 0; n < x->n && n < y->n; n++)
		q[n] = x->v[n] / y->v[n];
	*value = median(q, n);
	return (true);
}

bool
result_span(unsigned backend, const char *metric, double *lo, double *hi)
{
	bool any = false;

	*lo = *hi = 0;
	for (unsigned i = 0; i < nresults; i++)
		for (unsigned k = 0; results[i].backend == backend && strcmp(results[i].metric, metric) == 0 && k < results[i].n; k++) {
			*lo = any ? fmin(*lo, results[i].v[k]) : results[i].v[k];
			*hi = fmax(*hi, results[i].v[k]);
			any = true;
		}
	return (any);
}

/* ---- JSON ---- */

void
json_line(const char *bench, const char *backend, const char *name, unsigned threads, const char *metric, const char *unit,
    double value)
{
	(void)printf("{\"bench\":\"%s\",\"backend\":\"%s\",\"case\":\"%s\",\"threads\":%u,\"metric\":\"%s\",\"unit\":\"%s\",\"value\":%.9g}\n",
	    bench, backend, name, threads, metric, unit, value);
}

bool
result_at(unsigned i, struct result_line *l)
{
	const struct result *r = &results[i];

	if (i >= nresults)
		return (false);
	*l = (struct result_line){ .backend = r->backend, .threads = r->threads, .rounds = r->n, .name = r->name, .metric = r->metric,
		.unit = r->unit, .value = summary(r), .low = r->v[0], .high = r->v[0] };
	for (unsigned k = 1; k < r->n; k++) {
		l->low = fmin(l->low, r->v[k]);
		l->high = fmax(l->high, r->v[k]);
	}
	return (true);
}

/* What has come since the last call: all of a case, when its last round is over. */
void
print_json(void)
{
	static unsigned printed;

	for (; printed < nresults; printed++) {
		struct result_line r;

		(void)result_at(printed, &r);
		(void)printf("{\"bench\":\"ngbench\",\"backend\":\"%s\",\"case\":\"%s\",\"threads\":%u,\"metric\":\"%s\",\"unit\":\"%s\","
			     "\"value\":%.9g,\"low\":%.9g,\"high\":%.9g,\"rounds\":%u}\n",
		    backends[r.backend], r.name, r.threads, r.metric, r.unit, r.value, r.low, r.high, r.rounds);
	}
	(void)fflush(stdout);
}

/* ---- the tables: how fast, and the books; 120 columns ---- */

#define WIDTH 120
#define REASONS_AT 80
#define OTHER_AT 33

static void
cell(unsigned b, const struct plan *p, const char *metric, const char *format, double scale, int width)
{
	char text[32] = "-";
	double v;

	if (result_get(b, p->name, p->threads, metric, &v))
		(void)snprintf(text, sizeof(text), format, v * scale);
	(void)printf(" %*s", width, text);
}

/* "1.2/3.4/12/83", microseconds. */
static void
latency(unsigned b, const struct plan *p, const char *suffix)
{
	static const char *const q[] = { "lat_p50", "lat_p99", "lat_p99.9", "lat_max" }; /* JSON has p99.99, too */
	char text[64] = "", metric[40];
	size_t n = 0;
	double v;

	for (unsigned i = 0; i < 4; i++) {
		(void)snprintf(metric, sizeof(metric), "%s%s", q[i], suffix);
		if (!result_get(b, p->name, p->threads, metric, &v))
			break;
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%.*f", i != 0 ? "/" : "", v < 9950 ? 2 : 0, v / 1000);
		if (n >= sizeof(text))
			break;
	}
	(void)printf(" %24s", n != 0 ? text : "-");
}

/* Wrapped, as there may be many. */
static void
reasons(unsigned b, const struct plan *p)
{
	int col = REASONS_AT;

	for (unsigned i = 0; i < nresults; i++) {
		const struct result *r = &results[i];
		char text[64];
		int n;

		if (r->backend != b || r->threads != p->threads || strcmp(r->name, p->name) != 0 || strncmp(r->metric, "reason:", 7) != 0)
			continue;
		n = snprintf(text, sizeof(text), " %s=%.0f", r->metric + 7, summary(r));
		if (col + n > WIDTH) {
			(void)printf("\n%*s", REASONS_AT, "");
			col = REASONS_AT;
		}
		(void)printf("%s", text);
		col += n;
	}
}

static void
row_speed(unsigned b, const struct plan *p)
{
	(void)printf("%-9s %-11s %3u", backends[b], p->name, p->threads);
	cell(b, p, "ns_hop", "%.2f", 1, 7);
	cell(b, p, "ratio_floor", "%.2f", 1, 7);
	cell(b, p, "pps", "%.2f", 1e-6, 7);
	cell(b, p, strcmp(p->name, "share") == 0 ? "kept_shared" : "kept", "%.3f", 1, 6);
	cell(b, p, "rewires", "%.0f", 1, 9);
	latency(b, p, "");
	latency(b, p, "_quiet");
	(void)printf("\n");
}

/* The control case has a row for each operation; its rate stands where the rewires do. */
static void
row_control(unsigned b, const struct plan *p)
{
	static const char *const op[] = { "connects", "rmhooks", "mkpeers", "mknodes", "names", "shutdowns", "messages" };
	double v;

	for (unsigned i = 0; i < sizeof(op) / sizeof(op[0]); i++)
		if (result_get(b, p->name, p->threads, op[i], &v))
			(void)printf("%-9s %-11s %3u %7s %7s %7s %6s %9.0f %24s %24s\n", backends[b], op[i], p->threads, "-", "-", "-", "-", v, "-",
			    "-");
}

static void
row_books(unsigned b, const struct plan *p)
{
	(void)printf("%-9s %-11s %3u", backends[b], p->name, p->threads);
	cell(b, p, "delivered", "%.0f", 1, 11);
	cell(b, p, "refused", "%.0f", 1, 8);
	cell(b, p, "dropped", "%.0f", 1, 7);
	cell(b, p, "queued", "%.0f", 1, 8);
	cell(b, p, "gate_longest", "%.1f", 1e-3, 8);
	cell(b, p, "back", "%.1f", 1e-6, 7);
	reasons(b, p);
	(void)printf("\n");
}

/* The cases about other things than hops: their figures one after the other. */
static void
row_other(unsigned b, const struct plan *p)
{
	int col = printf("%-9s %-18s %3u ", backends[b], p->name, p->threads);

	for (unsigned i = 0; i < nresults; i++) {
		const struct result *r = &results[i];
		char text[96];
		int n;

		if (r->backend != b || r->threads != p->threads || strcmp(r->name, p->name) != 0 || strcmp(r->metric, "accounts") == 0 ||
		    strncmp(r->metric, "reason:", 7) == 0)
			continue;
		n = snprintf(text, sizeof(text), " %s=%.4g%s", r->metric, summary(r), strcmp(r->unit, "x") == 0 ? "" : r->unit);
		if (col + n > WIDTH)
			col = printf("\n%*s", OTHER_AT, "") - 1;
		(void)printf("%s", text);
		col += n;
	}
	(void)printf("\n");
}

/* Rows of the first two tables. */
static bool
of_hops(const char *name)
{
	static const char *const families[] = { "hop", "share", "tree", "fanout", "bridge", "writers16", "burst", "job", "control", "else-", "up-", "down-", "insert-", "relink-", "apply-" };

	for (unsigned i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (strncmp(name, families[i], strlen(families[i])) == 0)
			return (true);
	return (false);
}

/* Each case that came to its end, on each backend. `control`: this for it; NULL: leave it out. */
static void
each(void (*row)(unsigned b, const struct plan *p), void (*control)(unsigned b, const struct plan *p), bool hops)
{
	double v;

	for (unsigned i = 0; i < nplans; i++)
		for (unsigned b = 0; b < NALL; b++) {
			if (!(plans[i].backends & 1u << b) || !result_get(b, plans[i].name, plans[i].threads, "accounts", &v))
				continue;
			if (of_hops(plans[i].name) != hops)
				continue;
			if (strcmp(plans[i].name, "control") != 0)
				row(b, &plans[i]);
			else if (control != NULL)
				control(b, &plans[i]);
		}
}

void
print_table(void)
{
	(void)printf("%-9s %-11s %3s %7s %7s %7s %6s %9s %24s %24s\n", "backend", "case", "thr", "ns/hop", "x floor", "Mpkt/s", "kept",
	    "rewires/s", "us p50/p99/p99.9/max", "undisturbed");
	each(row_speed, row_control, true);
	(void)printf("\n%-9s %-11s %3s %11s %8s %7s %8s %8s %7s %s\n", "backend", "case", "thr", "delivered", "refused", "dropped", "queued",
	    "closed", "back ms", "refused and dropped because");
	each(row_books, NULL, true);
	(void)printf("\nother figures (bench/README.md says what each is)\n");
	each(row_other, NULL, false);
	(void)printf("\nkept: hops per CPU-second of the data threads against the quiet windows in between; in `share` against one thread\n"
		     "and the same step of the floor. delivered, refused, dropped count hops; closed: longest time a gate was closed, us;\n"
		     "back: full rate again after the last rewire. accounts ok in every row (a run whose books do not agree is not here).\n");
}
