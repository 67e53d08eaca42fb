/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * storm.c - rewiring the main job's graph (graphs.c has its picture), one operation after the other, at a rate or flat out.
 *
 * Kinds      else: a link beside the line. up, down: the link in use between n7 and n8, rmhook then connect, asked of n7 or of n8 (the
 *            two together are one rewire; while it is down packets are refused). insert: a node put into that link, then bypassed
 *            (each counts as one). relink: the far end moved between two hooks of n8. apply: a list of two, a new link and the old one's
 *            end, by ngu_apply().
 * Rates      1k and 100k a second, and flat: as fast as one thread can.
 * Rewirer    the thread that does it: pinned to the last CPU (data threads begin at the first), above them with --fifo.
 */
#include "storm.h"

#include <stdio.h>
#include <string.h>

#include "port/port.h"

/* ---- the operations; each is one rewire ---- */

static void
again(struct ngu_graph *g, const char *near, const char *nhook, const char *far, const char *fhook)
{
	must(ngu_rmhook(g, near, nhook), "rmhook %s%s", near, nhook);
	must(ngu_connect(g, near, nhook, far, fhook), "connect %s%s to %s%s", near, nhook, far, fhook);
}

static void
op_else(struct storm *s)
{
	again(s->graph, "e1:", "x", "e2:", "y");
}

static void
op_up(struct storm *s)
{
	again(s->graph, "n7:", "out", "n8:", "in");
}

static void
op_down(struct storm *s)
{
	again(s->graph, "n8:", "in", "n7:", "out");
}

static void
op_insert(struct storm *s)
{
	uint32_t id;

	if ((s->state ^= 1) != 0) {
		must(ngu_insert(s->graph, "n7:", "out", "bcnt", "in", "out", NULL, &id), "insert behind n7:out");
		(void)snprintf(s->inserted, sizeof(s->inserted), "[%x]:", id);
	} else {
		must(ngu_bypass(s->graph, s->inserted, "in", "out"), "bypass %s", s->inserted);
	}
}

static void
op_relink(struct storm *s)
{
	const char *hook = (s->state ^= 1) != 0 ? "in2" : "in";

	must(ngu_relink(s->graph, "n7:", "out", "n8:", hook), "relink n7:out to n8:%s", hook);
}

/* The link moved to two other hooks of the same nodes by a list that is applied as a whole. */
static void
op_apply(struct storm *s)
{
	static const char *const out[] = { "out", "out2" }, *const in[] = { "in", "in2" };
	unsigned new = s->state ^= 1;
	const struct ngu_op list[] = {
		{ .kind = NGU_OP_CONNECT, .path = "n7:", .hook = out[new], .peerpath = "n8:", .peerhook = in[new] },
		{ .kind = NGU_OP_RMHOOK, .path = "n7:", .hook = out[!new] },
	};

	must(ngu_apply(s->graph, list, 2, 0, NULL), "applying a list");
}

static const struct kind {
	const char *name;
	void (*op)(struct storm *s);
} kinds[] = { { "else", op_else }, { "up", op_up }, { "down", op_down }, { "insert", op_insert }, { "relink", op_relink },
	{ "apply", op_apply } };

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

void
storm_init(struct storm *s, struct ngu_graph *g, const char *kind, const char *rate)
{
	memset(s, 0, sizeof(*s));
	s->graph = g;
	s->period = period_of(rate);
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].name, kind) == 0)
			s->op = kinds[i].op;
	if (s->op == NULL)
		fail("no way of rewiring '%s'", kind);
}

/* ---- pacing ---- */

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

void
storm_run(struct storm *s, int64_t span)
{
	int64_t t0 = wall_ns(), now = t0, next = t0, end = t0 + span;

	while (now < end) {
		if (s->period != 0) {
			now = wait_until(next);
			next = next + s->period > now - 10 * s->period ? next + s->period : now; /* no long catching up */
		}
		s->busy -= now;
		s->op(s);
		s->ops++;
		now = wall_ns();
		s->busy += now;
	}
	s->wall += now - t0;
}

void
storm_undo(struct storm *s)
{
	if (s->state != 0)
		s->op(s);
}

/* ---- the rewirer ---- */

struct rewirer rewirer;

static void
send_left(struct dthread *t, void *arg)
{
	const struct job *j = arg;

	t->src = j->left;
}

void
rewirer_start(unsigned n, void (*setup)(struct dthread *t, void *arg), struct job *j)
{
	rewirer.bench.lat[0] = &rewirer.lat[0];
	rewirer.bench.lat[1] = &rewirer.lat[1];
	bench_self = &rewirer.bench;
	(void)ngu__port_thread_pin(ncpu - 1);
	if (ncpu > 1)
		emit("line", "ns", line_transfer_ns());
	go_realtime(1);
	threads_start(n, setup != NULL ? setup : send_left, j);
}

void
rewirer_end(void)
{
	if (ncpu > 1)
		emit("line_after", "ns", line_transfer_ns());
}

void
rewirer_totals(struct ngu_graph *g, struct totals *t)
{
	must(ngu_settle(g, 10000), "waiting for the graph to come to rest"); /* this thread may be the one to serve it */
	threads_totals(t);
	t->received += rewirer.bench.received;
	t->copies += rewirer.bench.copies;
}
