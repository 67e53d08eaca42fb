/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * compare.c - this run beside an older one (--compare OLD.json, as --json printed it). Only ratios are compared: each was formed within its own run,
 * so they mean the same on a machine that was slower that day. Worse is what differs by more than the rounds of either run did.
 */
#include "driver.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_NOISE 0.03   /* with several rounds */
#define SINGLE_NOISE 0.10 /* one round says nothing of its noise */

struct old {
	char backend[16], name[24], metric[40], unit[16];
	unsigned threads, rounds;
	double value, low, high;
};

static struct old *olds;
static unsigned nolds;

int
compare_load(const char *file)
{
	FILE *f = fopen(file, "r");
	char *line = NULL;
	size_t room = 0;
	struct old o;
	int n;

	if (f == NULL)
		return (errno);
	while (getline(&line, &room, f) > 0) {
		memset(&o, 0, sizeof(o));
		n = sscanf(line, "{\"bench\":\"ngbench\",\"backend\":\"%15[^\"]\",\"case\":\"%23[^\"]\",\"threads\":%u,\"metric\":\"%39[^\"]\","
				 "\"unit\":\"%15[^\"]\",\"value\":%lf,\"low\":%lf,\"high\":%lf,\"rounds\":%u}",
		    o.backend, o.name, &o.threads, o.metric, o.unit, &o.value, &o.low, &o.high, &o.rounds);
		if (n < 6)
			continue;
		if (n < 9) { /* of a version that did not print them */
			o.low = o.high = o.value;
			o.rounds = 1;
		}
		if ((olds = realloc(olds, (nolds + 1) * sizeof(*olds))) == NULL)
			abort();
		olds[nolds++] = o;
	}
	free(line);
	(void)fclose(f);
	return (nolds != 0 ? 0 : EINVAL);
}

static const struct old *
find(const char *backend, const struct result_line *r)
{
	for (unsigned i = 0; i < nolds; i++)
		if (olds[i].threads == r->threads && strcmp(olds[i].backend, backend) == 0 && strcmp(olds[i].name, r->name) == 0 &&
		    strcmp(olds[i].metric, r->metric) == 0)
			return (&olds[i]);
	return (NULL);
}

/* 1: more is better, -1: less is, 0: neither (the machine's own figures). */
static int
direction(const char *metric)
{
	static const char *const less[] = { "ratio_", "cost_", "sleeps_", "wakeups_" };
	static const char *const more[] = { "kept", "shared_vs_own", "build_vs", "teardown_vs" };

	for (unsigned i = 0; i < sizeof(less) / sizeof(less[0]); i++)
		if (strncmp(metric, less[i], strlen(less[i])) == 0)
			return (-1);
	for (unsigned i = 0; i < sizeof(more) / sizeof(more[0]); i++)
		if (strncmp(metric, more[i], strlen(more[i])) == 0 && strcmp(metric, "kept_far") != 0)
			return (1);
	return (0);
}

static double
noise(double value, double low, double high, unsigned rounds)
{
	return (rounds < 2 || value == 0 ? SINGLE_NOISE : fmax(LEAST_NOISE, (high - low) / fabs(value)));
}

unsigned
compare_print(bool json)
{
	unsigned worse = 0, better = 0, same = 0;
	struct result_line r;

	if (!json)
		(void)printf("\n%-9s %-18s %3s %-18s %9s %9s %8s %8s\n", "backend", "case", "thr", "ratio", "old", "new", "change", "noise");
	for (unsigned i = 0; result_at(i, &r); i++) {
		const struct old *o;
		double change, limit;
		int dir;

		if (strcmp(r.unit, "x") != 0 || (dir = direction(r.metric)) == 0 || (o = find(backends[r.backend], &r)) == NULL ||
		    o->value == 0)
			continue;
		change = r.value / o->value - 1;
		limit = fmax(noise(r.value, r.low, r.high, r.rounds), noise(o->value, o->low, o->high, o->rounds));
		worse += change * dir < -limit;
		better += change * dir > limit;
		same += fabs(change) <= limit;
		if (json)
			json_line("compare", backends[r.backend], r.name, r.threads, r.metric, change * dir < -limit ? "worse" :
			    change * dir > limit ? "better" : "same", change);
		else
			(void)printf("%-9s %-18s %3u %-18s %9.3f %9.3f %+7.1f%% %7.1f%%%s\n", backends[r.backend], r.name, r.threads, r.metric,
			    o->value, r.value, change * 100, limit * 100, change * dir < -limit ? "  WORSE" : change * dir > limit ? "  better" : "");
	}
	if (!json)
		(void)printf("%u worse, %u better, %u within the noise\n", worse, better, same);
	return (worse);
}
