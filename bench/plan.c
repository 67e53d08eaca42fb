/* SPDX-License-Identifier: BSD-2-Clause */
/* plan.c - which cases run, on which backends, how long. */
#include "driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct plan *plans;
unsigned nplans;

static const char *const kinds[] = { "else", "up", "down", "insert", "relink" };
static const char *const rates[] = { "1k", "100k", "flat" };
#define ALL ((1u << NBACKENDS) - 1)
#define DEFAULT (1u << DEFAULT_BACKEND)
#define BASELINE (1u << BASELINE_BACKEND)

double
plan_seconds(const struct plan *p)
{
	double s = 0.15, w = p->ms / 1000.0;

	if (strncmp(p->name, "hop", 3) == 0)
		return (s + w * p->pairs * 0.82);
	if (strcmp(p->name, "share") == 0)
		return (s + w * p->pairs * 1.3);
	if (strcmp(p->name, "job") == 0 || strcmp(p->name, "control") == 0)
		return (s + w * (2 * p->pairs + 1));
	return (s + w * (2 * p->pairs + 6));
}

/* Is `word` in the comma separated list? NULL: everything is. A trailing * matches the rest. */
static bool
listed(const char *list, const char *word)
{
	size_t n;

	for (; list != NULL && *list != '\0'; list += n + (list[n] == ',')) {
		n = strcspn(list, ",");
		if ((n == strlen(word) && strncmp(list, word, n) == 0) || (n > 0 && list[n - 1] == '*' && strncmp(list, word, n - 1) == 0))
			return (true);
	}
	return (list == NULL);
}

static void
add(const struct config *c, const char *name, unsigned threads, unsigned ms, unsigned pairs, unsigned rounds, unsigned backends_)
{
	struct plan *p;
	char t[16];

	(void)snprintf(t, sizeof(t), "%u", threads);
	if (!listed(c->cases, name) || !listed(c->threads, t))
		return;
	if (c->backends_given)
		backends_ = ALL;
	for (unsigned i = 0; i < NBACKENDS; i++)
		if (!c->backend[i])
			backends_ &= ~(1u << i);
	if (backends_ == 0)
		return;
	if (c->seconds > 0) {
		pairs = (unsigned)(c->seconds * 1000 / (2 * ms));
		pairs = pairs < 3 ? 3 : pairs > 60 ? 60 : pairs;
		rounds = 1;
	}
	plans = realloc(plans, (nplans + 1) * sizeof(*plans));
	if (plans == NULL)
		abort();
	p = &plans[nplans++];
	(void)snprintf(p->name, sizeof(p->name), "%s", name);
	p->threads = threads;
	p->ms = ms;
	p->pairs = pairs;
	p->rounds = rounds;
	p->backends = backends_;
}

static void
add_rewire(const struct config *c, unsigned threads, unsigned ms, unsigned pairs, unsigned rounds, unsigned paced, unsigned other)
{
	char name[24];

	for (unsigned k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		for (unsigned r = 0; r < sizeof(rates) / sizeof(rates[0]); r++) {
			(void)snprintf(name, sizeof(name), "%s-%s", kinds[k], rates[r]);
			if (c->mode == MODE_GATES && k == 0)
				continue; /* no gate is about it */
			add(c, name, threads, ms, pairs, rounds, r == 1 ? paced : other);
		}
}

static void
plan_full(const struct config *c)
{
	static const unsigned threads[] = { 1, 2, 4 };

	add(c, "hop1", 1, 40, 8, 2, ALL);
	add(c, "hop4", 1, 40, 8, 2, ALL);
	add(c, "hop16", 1, 40, 10, 5, ALL);
	add(c, "hop64", 1, 40, 8, 2, ALL);
	add(c, "hop1000", 1, 40, 8, 2, ALL);
	add(c, "share", 2, 40, 8, 2, ALL);
	add(c, "control", 1, 40, 8, 2, ALL);
	for (unsigned i = 0; i < 3; i++)
		add(c, "job", threads[i], 40, 4, 2, ALL);
	for (unsigned i = 0; i < 3; i++)
		add_rewire(c, threads[i], 40, 8, 1, ALL, ALL);
}

static void
plan_quick(const struct config *c)
{
	static const unsigned threads[] = { 1, 2, 4 };

	add(c, "hop16", 1, 20, 5, 2, ALL);
	add(c, "share", 2, 20, 4, 1, DEFAULT | BASELINE);
	add(c, "control", 1, 20, 3, 1, DEFAULT | BASELINE);
	for (unsigned i = 0; i < 3; i++)
		add(c, "job", threads[i], 20, 2, 1, i == 0 ? ALL : DEFAULT | BASELINE);
	add_rewire(c, 1, 12, 5, 1, ALL, DEFAULT);
	add_rewire(c, 2, 12, 5, 1, DEFAULT, 0);
}

static void
plan_gates(const struct config *c)
{
	add(c, "hop16", 1, 40, 10, 5, DEFAULT | BASELINE);
	add(c, "share", 2, 40, 8, 3, DEFAULT);
	add(c, "control", 1, 40, 5, 3, DEFAULT);
	add_rewire(c, 1, 50, 8, 3, DEFAULT, DEFAULT);
}

void
plan_make(const struct config *c)
{
	if (c->mode == MODE_QUICK)
		plan_quick(c);
	else if (c->mode == MODE_GATES)
		plan_gates(c);
	else
		plan_full(c);
}

void
plan_list(void)
{
	(void)printf("backends:\n");
	for (unsigned i = 0; i < NBACKENDS; i++)
		(void)printf("  %s%s\n", backends[i], i == DEFAULT_BACKEND ? " (default)" : i == BASELINE_BACKEND ? " (the baseline)" : "");
	(void)printf("cases:\n"
		     "  hop1 hop4 hop16 hop64 hop1000  a chain, one thread, single packets; the floor beside it\n"
		     "  share                          two threads on one chain, on a chain each, on private lines\n"
		     "  control                        connects, rmhooks, mkpeers, message round trips a second\n"
		     "  job                            packets of the capture on the 16-hop graph, undisturbed\n"
		     "  KIND-RATE                      the same while it is rewired. KIND: else (a link beside), up, down (the link\n"
		     "                                 in use, asked of the node before or behind it), insert (and bypass), relink;\n"
		     "                                 RATE: 1k, 100k a second, flat (out). up-100k, insert-flat, ...\n");
}
