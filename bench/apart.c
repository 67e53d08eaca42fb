/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * apart.c - two threads that rewire different parts of one graph. apart-KIND: connect (connect and rmhook of two nodes), insert (and
 * bypass) or relink, flat out, no packets about.
 *
 * Turns      one thread, both threads; then the same with the floor's wholly private chains. kept_apart = (ops of both / ops of one) / (the
 *            same of the floor), in operations per CPU-second of the rewiring threads. A thread that sleeps over a lock uses no CPU time, so
 *            how often they went to sleep is printed beside it, and the ratio by the wall clock: on two CPUs the reclaimer, a third
 *            thread, makes that worse.
 */
#define _GNU_SOURCE /* RUSAGE_THREAD */
#include "worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "port/port.h"

#define PARTS 2
#define FLOOR_HOPS 16

static struct part {
	_Alignas(128) struct ngu_graph *graph;
	char a[24], b[24], c[24], inserted[24];
	unsigned state;
	struct floor_chain *floor;
	uint64_t ops;
	int64_t cpu, wall;
	long slept;
	pthread_t id;
	unsigned number;
} *parts;
static void (*work)(struct part *p);
static _Atomic unsigned go, ready, active;
static _Atomic bool halt, quit;

static void
op_connect(struct part *p)
{
	if ((p->state ^= 1) != 0)
		must(ngu_rmhook(p->graph, p->a, "out"), "rmhook");
	else
		must(ngu_connect(p->graph, p->a, "out", p->b, "in"), "connect");
}

static void
op_insert(struct part *p)
{
	uint32_t id;

	if ((p->state ^= 1) != 0) {
		must(ngu_insert(p->graph, p->a, "out", "bcnt", "in", "out", NULL, &id), "insert");
		(void)snprintf(p->inserted, sizeof(p->inserted), "[%x]:", id);
	} else {
		must(ngu_bypass(p->graph, p->inserted, "in", "out"), "bypass");
	}
}

static void
op_relink(struct part *p)
{
	must(ngu_relink(p->graph, p->a, "out", p->b, (p->state ^= 1) != 0 ? "in2" : "in"), "relink");
}

static void
op_floor(struct part *p)
{
	(void)floor_run(p->floor, 4);
}

/* Of the calling thread: it gave up its CPU by itself. */
static long
times_slept(void)
{
	struct rusage r;

	return (getrusage(RUSAGE_THREAD, &r) == 0 ? r.ru_nvcsw : 0);
}

static void *
rewire(void *arg)
{
	struct part *p = arg;
	unsigned seen = 0, now;

	(void)ngu__port_thread_pin(p->number % ncpu);
	go_realtime(0);
	for (;;) {
		(void)atomic_fetch_add(&ready, 1);
		while ((now = atomic_load(&go)) == seen)
			sleep_ns(20000);
		seen = now;
		if (atomic_load(&quit))
			return (NULL);
		p->ops = 0;
		p->cpu = p->wall = 0;
		if (p->number >= atomic_load(&active))
			continue;
		p->cpu = cpu_ns();
		p->wall = wall_ns();
		p->slept = times_slept();
		while (!atomic_load_explicit(&halt, memory_order_relaxed)) {
			work(p);
			p->ops++;
		}
		p->cpu = cpu_ns() - p->cpu;
		p->wall = wall_ns() - p->wall;
		p->slept = times_slept() - p->slept;
	}
}

struct rate {
	double slept; /* times in a thousand operations */
	double wall, cpu; /* operations a second: of all threads together, and of a thread's CPU-second */
};

static struct rate
measure(void (*w)(struct part *), unsigned n, int64_t span)
{
	struct rate r = { 0, 0, 0 };
	int64_t cpu = 0;
	uint64_t ops = 0;

	while (atomic_load(&ready) != PARTS)
		sleep_ns(20000);
	atomic_store(&ready, 0);
	work = w;
	atomic_store(&active, n);
	atomic_store(&halt, false);
	(void)atomic_fetch_add(&go, 1);
	sleep_ns(span);
	atomic_store(&halt, true);
	while (atomic_load(&ready) != PARTS)
		sleep_ns(20000);
	for (unsigned i = 0; i < n; i++) {
		r.wall += (double)parts[i].ops * 1e9 / (double)parts[i].wall;
		cpu += parts[i].cpu;
		ops += parts[i].ops;
		r.slept += (double)parts[i].slept;
	}
	r.slept = r.slept * 1000 / (double)ops;
	r.cpu = (double)ops * 1e9 / (double)cpu;
	return (r);
}

static void
make_part(struct part *p, struct ngu_graph *g, unsigned number)
{
	char name[16];

	p->graph = g;
	p->number = number;
	if ((p->floor = floor_new(FLOOR_HOPS)) == NULL)
		fail("no memory for the floor");
	for (unsigned i = 0; i < 2; i++) {
		char *path = i == 0 ? p->a : p->b;

		(void)snprintf(name, sizeof(name), "p%u%c", number, "ab"[i]);
		(void)snprintf(path, sizeof(p->a), "%s:", name);
		must(ngu_mknode(g, "bfwd", name, NULL), "mknode");
	}
	must(ngu_connect(g, p->a, "out", p->b, "in"), "connect");
	/* so that neither goes with its last hook */
	(void)snprintf(name, sizeof(name), "p%uz", number);
	(void)snprintf(p->c, sizeof(p->c), "%s:", name);
	must(ngu_mknode(g, "bsink", name, NULL), "mknode");
	must(ngu_connect(g, p->c, "a", p->a, "in"), "connect");
	must(ngu_connect(g, p->c, "b", p->b, "out"), "connect");
}

void
case_apart(const char *kind)
{
	static double one[MAX_WINDOWS], both[MAX_WINDOWS], ratio[MAX_WINDOWS], by_cpu[MAX_WINDOWS], slept[MAX_WINDOWS], bare[MAX_WINDOWS];
	void (*op)(struct part *) = strcmp(kind, "connect") == 0 ? op_connect : strcmp(kind, "insert") == 0 ? op_insert :
	    strcmp(kind, "relink") == 0 ? op_relink : NULL;
	struct ngu_graph *g = graph_new();
	int64_t span = (int64_t)opt.window_ms * 1000000 / 2;
	struct totals none = { 0 };
	struct rate l1, l2, f1, f2;

	if (op == NULL)
		fail("no way of rewiring '%s' here: connect, insert or relink", kind);
	parts = aligned_alloc(128, sizeof(*parts) * PARTS);
	if (parts == NULL)
		fail("no memory");
	memset(parts, 0, sizeof(*parts) * PARTS);
	for (unsigned i = 0; i < PARTS; i++)
		make_part(&parts[i], g, i);
	(void)ngu__port_thread_pin(ncpu - 1);
	if (ncpu > 1)
		emit("line", "ns", line_transfer_ns());
	go_realtime(1);
	for (unsigned i = 0; i < PARTS; i++)
		must(pthread_create(&parts[i].id, NULL, rewire, &parts[i]), "pthread_create");
	(void)measure(op, PARTS, span);
	(void)measure(op_floor, PARTS, span);
	for (unsigned i = 0; i < opt.pairs; i++) {
		l1 = measure(op, 1, span);
		l2 = measure(op, PARTS, span);
		f1 = measure(op_floor, 1, span);
		f2 = measure(op_floor, PARTS, span);
		one[i] = l1.wall;
		both[i] = l2.wall;
		bare[i] = f2.wall / f1.wall;
		ratio[i] = l2.wall / l1.wall / bare[i];
		slept[i] = l2.slept;
		by_cpu[i] = l2.cpu / l1.cpu / (f2.cpu / f1.cpu);
	}
	while (atomic_load(&ready) != PARTS)
		sleep_ns(20000);
	atomic_store(&quit, true);
	(void)atomic_fetch_add(&go, 1);
	for (unsigned i = 0; i < PARTS; i++)
		(void)pthread_join(parts[i].id, NULL);
	if (ncpu > 1)
		emit("line_after", "ns", line_transfer_ns());
	emit("ops_one", "1/s", median(one, opt.pairs));
	emit("ops_both", "1/s", median(both, opt.pairs));
	emit("private_scaling", "x", median(bare, opt.pairs));
	emit("kept_apart", "x", median(by_cpu, opt.pairs));
	emit("kept_apart_wall", "x", median(ratio, opt.pairs));
	emit("slept_in_1000", "1/1000", median(slept, opt.pairs));
	accounts(g, &none, NULL);
}
