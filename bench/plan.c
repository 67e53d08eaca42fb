/* SPDX-License-Identifier: BSD-2-Clause */
/* plan.c - which cases run, on which backends, how long. */
#include "driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct plan *plans;
unsigned nplans;

static const char *const kinds[] = { "else", "up", "down", "insert", "relink", "apply" };
#define GATED(k) ((k) != 0 && (k) != COUNT(kinds) - 1) /* no gate is about else and apply */
static const char *const rates[] = { "1k", "100k", "flat" };
static const char *const scales[] = { "scale-1000", "scale-10000", "scale-100000", "scale-1000000" };
static const char *const aparts[] = { "apart-connect", "apart-insert", "apart-relink" };
static const char *const shapes[] = { "tree", "fanout", "bridge", "writers16" };
static const char *const bursts[] = { "burst1", "burst8", "burst32", "burst256" };
static const char *const backlogs[] = { "idle-1", "idle-2", "idle-4", "idle-8", "idle-16", "idle-32", "idle-64", "idle-128", "idle-256",
	"backlog", "backlog-held" };
static const char *const handovers[] = { "handover-1", "handover-32" };
#define COUNT(a) ((unsigned)(sizeof(a) / sizeof((a)[0])))
#define ALL ((1u << NBACKENDS) - 1)
#define DEFAULT (1u << DEFAULT_BACKEND)
#define BASELINE (1u << BASELINE_BACKEND)
#define RTE (1u << RTE_GRAPH)
#define BARE (1u << UNCOUNTED)

double
plan_seconds(const struct plan *p)
{
	double s = 0.15, w = p->ms / 1000.0;

	if (strcmp(p->name, "backlog-held") == 0)
		return (2);
	if (strncmp(p->name, "hop", 3) == 0)
		return (s + w * p->pairs * 0.82);
	if (strncmp(p->name, "scale-", 6) == 0)
		return (0.3 + 1e-5 * strtod(p->name + 6, NULL));
	if (strncmp(p->name, "size-", 5) == 0)
		return (0.6 + w * 3 * (p->pairs + 1));
	if (strncmp(p->name, "apart-", 6) == 0 || strncmp(p->name, "handover-", 9) == 0)
		return (s + w * (2 * p->pairs + 1));
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
		backends_ |= ALL;
	for (unsigned i = 0; i < NALL; i++)
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

	for (unsigned k = 0; k < COUNT(kinds); k++)
		for (unsigned r = 0; r < COUNT(rates); r++) {
			(void)snprintf(name, sizeof(name), "%s-%s", kinds[k], rates[r]);
			if (c->mode == MODE_GATES && !GATED(k))
				continue;
			add(c, name, threads, ms, pairs, rounds, r == 1 ? paced : other);
		}
}

/* The link in use in graphs of three sizes. */
static void
add_sizes(const struct config *c, unsigned ms, unsigned pairs, unsigned rounds, unsigned backends_)
{
	char name[24];

	for (unsigned k = 1; k < COUNT(kinds); k++)
		for (unsigned r = 0; r < COUNT(rates); r++) {
			(void)snprintf(name, sizeof(name), "size-%s-%s", kinds[k], rates[r]);
			add(c, name, 1, ms, pairs, rounds, backends_);
		}
}

static void
add_list(const struct config *c, const char *const *name, unsigned n, unsigned ms, unsigned pairs, unsigned rounds, unsigned backends_)
{
	while (n-- != 0)
		add(c, *name++, 1, ms, pairs, rounds, backends_);
}

static void
plan_full(const struct config *c)
{
	static const unsigned threads[] = { 1, 2, 4 };

	add(c, "hop1", 1, 40, 8, 2, ALL);
	add(c, "hop4", 1, 40, 8, 2, ALL);
	add(c, "hop16", 1, 40, 10, 5, ALL | RTE | BARE);
	add(c, "hop64", 1, 40, 8, 2, ALL);
	add(c, "hop1000", 1, 40, 8, 2, ALL);
	add(c, "hop10000", 1, 40, 8, 2, ALL);
	add(c, "share", 2, 40, 8, 2, ALL);
	add(c, "share", 4, 40, 8, 2, ALL);
	add(c, "control", 1, 40, 8, 2, ALL);
	for (unsigned i = 0; i < 3; i++)
		add(c, "job", threads[i], 40, 4, 2, ALL);
	for (unsigned i = 0; i < 3; i++)
		add_rewire(c, threads[i], 40, 8, 1, ALL, ALL);
	add_sizes(c, 40, 8, 1, ALL);
	add_list(c, aparts, COUNT(aparts), 40, 8, 2, ALL);
	add_list(c, handovers, COUNT(handovers), 40, 8, 2, ALL);
	add_list(c, shapes, COUNT(shapes), 40, 8, 2, ALL);
	add_list(c, bursts, COUNT(bursts), 40, 8, 2, ALL | RTE);
	add_list(c, backlogs, COUNT(backlogs), 40, 8, 1, ALL);
	add(c, "idle-hooks", 1, 40, 8, 1, ALL);
	add_list(c, scales, COUNT(scales), 40, 8, 1, ALL);
}

static void
plan_quick(const struct config *c)
{
	static const unsigned threads[] = { 1, 2, 4 };

	add(c, "hop16", 1, 20, 5, 2, ALL | RTE);
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
	add(c, "hop16", 1, 40, 10, 5, DEFAULT | BASELINE | RTE | BARE);
	add(c, "hop64", 1, 40, 8, 3, DEFAULT);
	add(c, "hop1000", 1, 40, 8, 3, DEFAULT);
	add(c, "hop10000", 1, 40, 8, 3, DEFAULT);
	add(c, "share", 2, 40, 8, 3, DEFAULT);
	add(c, "control", 1, 40, 5, 3, DEFAULT);
	add_rewire(c, 1, 50, 8, 3, DEFAULT, DEFAULT);
	for (unsigned k = 1; GATED(k); k++) {
		char name[24];

		(void)snprintf(name, sizeof(name), "%s-flat", kinds[k]);
		add(c, name, 4, 50, 4, 2, DEFAULT);
		(void)snprintf(name, sizeof(name), "size-%s-100k", kinds[k]);
		add(c, name, 1, 30, 8, 2, DEFAULT);
	}
	add_list(c, aparts, COUNT(aparts), 40, 10, 3, DEFAULT);
	add_list(c, handovers, COUNT(handovers), 40, 10, 3, DEFAULT);
	add_list(c, bursts + 2, 2, 40, 10, 3, DEFAULT | RTE);
	add(c, "writers16", 1, 40, 10, 3, DEFAULT);
	add(c, "idle-hooks", 1, 40, 8, 1, DEFAULT);
	add_list(c, scales + 2, 2, 40, 8, 3, DEFAULT);
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
	for (unsigned i = 0; i < NALL; i++)
		(void)printf("  %s%s\n", backends[i], i == DEFAULT_BACKEND ? " (default)" : i == BASELINE_BACKEND ? " (the baseline)" :
		    i == UNCOUNTED ? " (the default one without counters at hooks; hop16)" : i == RTE_GRAPH ? " (DPDK's; hop16, bursts)" : "");
	(void)printf("cases:\n"
		     "  hop1 hop4 hop16 hop64 hop1000 hop10000\n"
		     "                                 a chain, one thread, single packets; the floor beside it\n"
		     "  share                          two threads on one chain, on a chain each, on private lines\n"
		     "  control                        connects, rmhooks, mkpeers, mknodes, names, shutdowns, message round trips a second\n"
		     "  job                            packets of the capture on the 16-hop graph, undisturbed\n"
		     "  KIND-RATE                      the same while it is rewired. KIND: else (a link beside), up, down (the link\n"
		     "                                 in use, asked of the node before or behind it), insert (and bypass), relink, apply;\n"
		     "                                 RATE: 1k, 100k a second, flat (out). up-100k, insert-flat, ...\n"
		     "  size-KIND-RATE                 the same link in graphs of 64, 10,000 and 100,000 nodes\n"
		     "  tree fanout bridge writers16   other graphs: two arms by turns, a hub, learning bridges, force-writer nodes\n"
		     "  idle-hooks                     memory that hooks without traffic cost a thread\n"
		     "  burst1 burst8 burst32 burst256 N packets a call down the 16-hop chain; the floor of such bursts beside it\n"
		     "  idle-1 .. idle-256             grace periods and gates with that many threads registered and idle\n"
		     "  backlog backlog-held           what waits to be freed under a storm; with a reader stuck for a second\n"
		     "  apart-KIND                     two threads rewire different parts: connect, insert, relink\n"
		     "  handover-1 handover-32         to another thread through a queue, N packets a call; a plain ring beside it\n"
		     "  scale-1000 .. scale-1000000    that many nodes made, looked up, taken down; bytes a node\n");
}
