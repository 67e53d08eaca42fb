/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reclaim.c - what deferred freeing costs, on each backend.
 *
 * idle-N        N threads have called the library and sleep since, outside of sections. First nobody sends: what a connect, a rmhook, an insert or
 *               bypass, a message round trip and a grace period by itself cost (alone_*, in batches, the median batch), and a
 *               rewire with the freeing of all that it retired, in CPU time of all threads (alone_freed). Then one thread sends packets: what a hop costs,
 *               how long rmhook and connect of a link beside, and insert and bypass in the link in use take, each timed, and how long
 *               it takes to free what one rewire retired (grace: ngu_reclaim_barrier(), the waking of the reclaimer included).
 * backlog       the link in use rewired flat out under one data thread: what waits to be freed, sampled every ms by the rewirer between two
 *               operations, the most ever, the longest grace period, and how long until all is gone when the storm is over.
 * backlog-held  the same while a reader stays inside its section, at a node beside, for HELD_NS: what piles up and how much memory that is, how
 *               often a rewire still gets through, each timed, what a hop costs meanwhile, and how long until all is gone after the
 *               reader left. In the last tenth somebody changes the very node the reader is in (node_waited of node_left).
 */
#include "storm.h"

#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "reclaim/reclaim.h"

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
	rewirer_totals(graph, &t);
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

/* One operation of `kind` after the other, each timed, for `span` at most. */
static void
timed_ops(const char *kind, const char *metric, int64_t span)
{
	int64_t a, end = wall_ns() + span;
	struct storm s;

	storm_init(&s, graph, kind, "flat");
	for (unsigned i = 0; i < SAMPLES && (i < 10 || wall_ns() < end); i++) {
		a = wall_ns();
		s.op(&s);
		hist_add(&lat, (uint64_t)(wall_ns() - a));
	}
	storm_undo(&s);
	emit_quantiles(metric);
}

/* ---- with nobody sending ---- */

#define LINKS 64
#define BATCHES 512

static char near_path[LINKS][24], far_path[LINKS][24];

static void
link_nodes(void)
{
	char name[16];

	for (unsigned i = 0; i < LINKS; i++) {
		(void)snprintf(name, sizeof(name), "near%u", i);
		(void)snprintf(near_path[i], sizeof(near_path[i]), "%s:", name);
		graph_node(graph, "bsink", name);
		(void)snprintf(name, sizeof(name), "far%u", i);
		(void)snprintf(far_path[i], sizeof(far_path[i]), "%s:", name);
		graph_node(graph, "bsink", name);
	}
}

static void
connect_all(void)
{
	for (unsigned i = 0; i < LINKS; i++)
		must(ngu_connect(graph, near_path[i], "x", far_path[i], "y"), "connect");
}

static void
rmhook_all(void)
{
	for (unsigned i = 0; i < LINKS; i++)
		must(ngu_rmhook(graph, near_path[i], "x"), "rmhook");
}

static void
insert_all(void)
{
	static struct storm s;

	if (s.op == NULL)
		storm_init(&s, graph, "insert", "flat");
	for (unsigned i = 0; i < LINKS; i++)
		s.op(&s);
}

static void
message_all(void)
{
	for (unsigned i = 0; i < LINKS; i++) {
		struct ng_mesg *reply;

		must(ngu_msg(graph, near_path[i], bench_cookie_generic, bench_cmd_nodeinfo, NULL, 0, &reply), "NODEINFO");
		if (reply == NULL)
			fail("NODEINFO was not answered");
		ngu_msg_free(reply);
	}
}

static void
sync_all(void)
{
	for (unsigned i = 0; i < LINKS; i++)
		ngu__rcl_sync();
}

/* Batches of them in turns, until `end`. */
static void
alone(int64_t end)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} ops[] = { { "alone_connect", connect_all }, { "alone_rmhook", rmhook_all }, { "alone_insert", insert_all },
		{ "alone_message", message_all }, { "alone_sync", sync_all } };
	static double ns[sizeof(ops) / sizeof(ops[0])][BATCHES];
	unsigned n, i;
	int64_t a;

	for (n = 0; n < BATCHES && (n < 3 || wall_ns() < end); n++)
		for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
			a = wall_ns();
			ops[i].run();
			ns[i][n] = (double)(wall_ns() - a) / LINKS;
		}
	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		emit(ops[i].name, "ns", median(ns[i], n));
}

static int64_t
process_cpu_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ((int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec);
}

/* Rewires for so long, then until nothing is left of them: CPU time of all threads for one. */
static void
with_freeing(int64_t span)
{
	struct storm s;
	int64_t a;

	ngu_reclaim_barrier();
	storm_init(&s, graph, "else", "flat");
	a = process_cpu_ns();
	storm_run(&s, span);
	ngu_reclaim_barrier();
	emit("alone_freed", "ns", (double)(process_cpu_ns() - a) / (double)s.ops);
}

/* ---- the case ---- */

static pthread_t *
idlers_start(unsigned n)
{
	pthread_t *id = calloc(n, sizeof(*id));
	pthread_attr_t attr;

	if (id == NULL)
		fail("no memory");
	(void)sem_init(&arrived, 0, 0);
	(void)sem_init(&leave, 0, 0);
	(void)pthread_attr_init(&attr);
	(void)pthread_attr_setstacksize(&attr, 256 * 1024);
	for (unsigned i = 0; i < n; i++)
		must(pthread_create(&id[i], &attr, idler, NULL), "pthread_create");
	for (unsigned i = 0; i < n; i++)
		while (sem_wait(&arrived) != 0)
			;
	return (id);
}

static void
idlers_stop(pthread_t *id, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		(void)sem_post(&leave);
	for (unsigned i = 0; i < n; i++)
		(void)pthread_join(id[i], NULL);
	free(id);
}

/* What a hop costs in `span` of sending; the data thread goes on. */
static void
hop_beside(int64_t span)
{
	struct window quiet = { .mode = MODE_SEND, .active = 1 };
	unsigned w = window_open(&quiet);
	struct share s;

	sleep_ns(span);
	(void)window_open(&quiet);
	window_sum(w, &s);
	emit("ns_hop", "ns", s.hops != 0 ? (double)s.cpu_ns / (double)s.hops : 0);
}

void
case_idle(unsigned threads)
{
	int64_t a, end, span = (int64_t)opt.window_ms * 1000000 * opt.pairs;
	pthread_t *id;
	unsigned n;

	prepare();
	link_nodes();
	id = idlers_start(threads);
	alone(wall_ns() + span / 2);
	with_freeing(span / 2);
	hop_beside(span / 4);
	timed_ops("else", "rewire_beside", span / 2);
	timed_ops("insert", "insert", span / 2);
	end = wall_ns() + span / 2;
	for (n = 0; n < SAMPLES && (n < 10 || wall_ns() < end); n++) {
		must(ngu_rmhook(graph, "e1:", "x"), "rmhook");
		must(ngu_connect(graph, "e1:", "x", "e2:", "y"), "connect");
		a = wall_ns();
		ngu_reclaim_barrier();
		hist_add(&lat, (uint64_t)(wall_ns() - a));
	}
	emit_quantiles("grace");
	threads_stop();
	idlers_stop(id, threads);
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

/* Rewire until `end`, each operation timed; what waits to be freed is looked at every ms. */
static void
storm_timed(struct storm *s, int64_t end, double *memory)
{
	struct ngu_reclaim_stats r;
	int64_t t0 = wall_ns(), a = t0, b, next = t0;
	double most = 0, now;

	for (; a < end; a = b) {
		s->op(s);
		s->ops++;
		b = wall_ns();
		hist_add(&lat, (uint64_t)(b - a));
		if (b < next)
			continue;
		next = b + 1000000;
		ngu_reclaim_stats(&r);
		if (nsamples < sizeof(samples) / sizeof(samples[0]))
			samples[nsamples++] = (double)(r.retired - r.freed);
		now = resident();
		most = now > most ? now : most;
	}
	s->wall = a - t0;
	*memory = most;
}

void
case_backlog_held(void)
{
	struct window quiet = { .mode = MODE_SEND, .active = 1 };
	struct ngu_port *in;
	struct storm s, held;
	struct share before, during;
	double memory, most;
	int64_t since, asked;
	unsigned w[2];
	pthread_t id;

	prepare();
	must(ngu_port_create(graph, "in", hold, NULL, &in), "ngu_port_create");
	must(ngu_port_open(graph, "in:", "port", NULL, NULL, &held_port), "ngu_port_open");
	storm_init(&s, graph, "up", "flat");
	storm_init(&held, graph, "up", "flat");
	w[0] = window_open(&quiet);
	sleep_ns(10000000);
	storm_run(&s, HELD_NS / 4);
	memory = resident();
	must(pthread_create(&id, NULL, holder, NULL), "pthread_create");
	while (!atomic_load(&holding))
		sleep_ns(10000);
	since = wall_ns();
	w[1] = window_open(&quiet);
	storm_timed(&held, since + HELD_NS * 9LL / 10, &most);
	if (!atomic_load(&holding))
		held.op = NULL; /* the reader left before the rewirer could look: waited for it */
	emit("waited_for_reader", "times", held.op == NULL);
	(void)window_open(&quiet);
	asked = wall_ns();
	emit("node_left", "ns", (double)(since + HELD_NS - asked));
	must(ngu_rmhook(graph, "in:", "port"), "rmhook");
	emit("node_waited", "ns", (double)(wall_ns() - asked));
	(void)pthread_join(id, NULL);
	emit_backlog(&held);
	emit_quantiles("rewire");
	emit("memory_more", "bytes", most - memory);
	emit("rewires_before", "1/s", (double)s.ops * 1e9 / (double)s.wall);
	window_sum(w[0], &before);
	window_sum(w[1], &during);
	emit("ns_hop_before", "ns", (double)before.cpu_ns / (double)before.hops);
	emit("ns_hop", "ns", (double)during.cpu_ns / (double)during.hops);
	threads_stop();
	emit("accounts", "ok", 1); /* the packet that was held is in nobody's count */
}
