/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reclaim.c - what deferred freeing costs, on each backend.
 *
 * idle-N        N threads have called the library and sleep since; one thread sends packets. How long a grace period lasts (one hook removed, then
 *               ngu_reclaim_barrier()), and how long operations take that close a gate: rmhook and connect of a link beside, insert and
 *               bypass in the link in use.
 * backlog       the link in use rewired flat out under one data thread: what waits to be freed, sampled every ms by the rewirer between two
 *               operations, the most ever, the longest grace period, and how long until all is gone when the storm is over.
 * backlog-held  the same while a reader stays inside its section, at a node beside, for HELD_NS: what piles up, how often a rewire
 *               still gets through, how long until all is gone after the reader left.
 */
#include "storm.h"

#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HELD_NS 1000000000
#define SAMPLES 2000u

static struct ngu_graph *graph;
static struct hist lat;

static void
prepare(void)
{
	static struct job job;

	packets_load(opt.pcap);
	graph = graph_new();
	graph_job(graph, &job);
	rewirer_start(1, NULL, &job);
}

static void
finish(void)
{
	struct totals t;

	rewirer_end();
	rewirer_totals(&t);
	accounts(graph, &t, "n4:");
}

/* ---- threads that are registered and idle ---- */

static sem_t arrived, leave;

static void *
idler(void *arg)
{
	uint32_t id;

	(void)arg;
	must(ngu_lookup(graph, "n1:", &id), "ngu_lookup");
	(void)sem_post(&arrived);
	while (sem_wait(&leave) != 0)
		;
	return (NULL);
}

static void
emit_quantiles(const char *what)
{
	static const struct {
		const char *name;
		double q;
	} qs[] = { { "p50", 0.5 }, { "p99", 0.99 }, { "max", 1 } };
	char metric[40];

	for (unsigned i = 0; i < sizeof(qs) / sizeof(qs[0]); i++) {
		(void)snprintf(metric, sizeof(metric), "%s_%s", what, qs[i].name);
		emit(metric, "ns", (double)hist_quantile(&lat, qs[i].q));
	}
	memset(&lat, 0, sizeof(lat));
}

/* One operation of `kind` after the other, each timed. */
static void
timed_ops(const char *kind, const char *metric, unsigned n)
{
	struct storm s;
	int64_t a;

	storm_init(&s, graph, kind, "flat");
	for (unsigned i = 0; i < n; i++) {
		a = wall_ns();
		s.op(&s);
		hist_add(&lat, (uint64_t)(wall_ns() - a));
	}
	storm_undo(&s);
	emit_quantiles(metric);
}

void
case_idle(unsigned threads)
{
	struct window quiet = { .mode = MODE_SEND, .active = 1 };
	pthread_t *id = calloc(threads, sizeof(*id));
	pthread_attr_t attr;
	unsigned n;
	int64_t a, end;

	if (id == NULL)
		fail("no memory");
	prepare();
	(void)sem_init(&arrived, 0, 0);
	(void)sem_init(&leave, 0, 0);
	(void)pthread_attr_init(&attr);
	(void)pthread_attr_setstacksize(&attr, 256 * 1024);
	for (unsigned i = 0; i < threads; i++)
		must(pthread_create(&id[i], &attr, idler, NULL), "pthread_create");
	for (unsigned i = 0; i < threads; i++)
		while (sem_wait(&arrived) != 0)
			;
	(void)window_open(&quiet);
	timed_ops("else", "rewire_beside", SAMPLES);
	timed_ops("insert", "insert", SAMPLES);
	end = wall_ns() + (int64_t)opt.window_ms * 1000000 * opt.pairs;
	for (n = 0; n < SAMPLES && (n < 10 || wall_ns() < end); n++) {
		must(ngu_rmhook(graph, "e1:", "x"), "rmhook");
		must(ngu_connect(graph, "e1:", "x", "e2:", "y"), "connect");
		a = wall_ns();
		ngu_reclaim_barrier();
		hist_add(&lat, (uint64_t)(wall_ns() - a));
	}
	emit_quantiles("grace");
	threads_stop();
	for (unsigned i = 0; i < threads; i++)
		(void)sem_post(&leave);
	for (unsigned i = 0; i < threads; i++)
		(void)pthread_join(id[i], NULL);
	finish();
}

/* ---- backlog ---- */

static double samples[4096];
static unsigned nsamples;

static void
storm_sampled(struct storm *s, int64_t span)
{
	struct ngu_reclaim_stats r;
	int64_t end = wall_ns() + span, step;

	while (wall_ns() < end) {
		step = end - wall_ns() < 1000000 ? end - wall_ns() : 1000000;
		if (step <= 0)
			break;
		storm_run(s, step);
		ngu_reclaim_stats(&r);
		if (nsamples < sizeof(samples) / sizeof(samples[0]))
			samples[nsamples++] = (double)(r.retired - r.freed);
	}
}

static void
emit_backlog(struct storm *s)
{
	struct ngu_reclaim_stats r;
	int64_t a = wall_ns();

	ngu_reclaim_barrier();
	emit("gone_after", "ns", (double)(wall_ns() - a));
	ngu_reclaim_stats(&r);
	emit("rewires", "1/s", (double)s->ops * 1e9 / (double)s->wall);
	emit("backlog_p50", "objects", median(samples, nsamples));
	emit("backlog_high", "objects", (double)r.high);
	emit("grace_longest", "ns", (double)r.longest_ns);
	emit("freed_a_period", "objects", r.periods != 0 ? (double)r.freed / (double)r.periods : 0);
}

void
case_backlog(void)
{
	struct window quiet = { .mode = MODE_SEND, .active = 1 };
	struct storm s;

	prepare();
	storm_init(&s, graph, "up", "flat");
	(void)window_open(&quiet);
	sleep_ns(10000000);
	storm_sampled(&s, (int64_t)opt.window_ms * 1000000 * opt.pairs);
	emit_backlog(&s);
	threads_stop();
	finish();
}

static _Atomic bool holding;
static struct ngu_port *held_port;

/* A reader that does not get on: preempted, for all others can see. */
static void
hold(void *arg, struct mbuf *m)
{
	(void)arg;
	atomic_store(&holding, true);
	sleep_ns(HELD_NS);
	ngu_packet_free(m);
	atomic_store(&holding, false);
}

static void *
holder(void *arg)
{
	struct mbuf *m = ngu_packet(graph, NULL, 0);

	(void)arg;
	if (m == NULL)
		fail("no memory for a packet");
	must(ngu_port_send(held_port, m), "ngu_port_send");
	return (NULL);
}

void
case_backlog_held(void)
{
	struct window quiet = { .mode = MODE_SEND, .active = 1 };
	struct ngu_port *in;
	struct storm s, held;
	pthread_t id;

	prepare();
	must(ngu_port_create(graph, "in", hold, NULL, &in), "ngu_port_create");
	must(ngu_port_open(graph, "in:", "port", NULL, NULL, &held_port), "ngu_port_open");
	storm_init(&s, graph, "up", "flat");
	storm_init(&held, graph, "up", "flat");
	(void)window_open(&quiet);
	sleep_ns(10000000);
	storm_run(&s, HELD_NS / 4);
	must(pthread_create(&id, NULL, holder, NULL), "pthread_create");
	while (!atomic_load(&holding))
		sleep_ns(10000);
	storm_sampled(&held, HELD_NS * 9LL / 10);
	if (!atomic_load(&holding))
		held.op = NULL; /* the reader left before the rewirer could look: waited for it */
	emit("waited_for_reader", "times", held.op == NULL);
	(void)pthread_join(id, NULL);
	emit_backlog(&held);
	emit("rewires_before", "1/s", (double)s.ops * 1e9 / (double)s.wall);
	threads_stop();
	emit("accounts", "ok", 1); /* the packet that was held is in nobody's count */
}
