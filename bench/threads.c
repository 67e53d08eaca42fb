/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * threads.c - the data threads. They send packets (or walk the floor) in bursts and look at a number after each: the current window.
 * When it has changed they note what they did in the old one, per thread, with their own CPU time, and go on with the new one.
 */
#include "worker.h"

#include <stdlib.h>
#include <string.h>

#include "port/port.h"

static struct window windows[MAX_WINDOWS];
static unsigned nwindows, nthreads;
static _Atomic uint32_t current; /* windows opened so far; the current one is current - 1 */
static _Atomic uint32_t arrived;
struct dthread *dthreads;
_Atomic uint64_t storm_end;

struct snapshot {
	int64_t cpu, wall;
	uint64_t hops, sent, received;
};

static void
snap(const struct dthread *t, struct snapshot *s)
{
	s->cpu = cpu_ns();
	s->wall = wall_ns();
	s->hops = t->bench.hops + t->bench.copies; /* a copy at the tap: the tee, which counts for itself, ran once */
	s->sent = t->bench.sent;
	s->received = t->bench.received;
}

static void
note(struct dthread *t, unsigned w, const struct snapshot *a, const struct snapshot *b)
{
	struct share *d = &t->did[w];

	d->cpu_ns = b->cpu - a->cpu;
	d->wall_ns = b->wall - a->wall;
	d->hops += b->hops - a->hops;
	d->sent = b->sent - a->sent;
	d->received = b->received - a->received;
}

/* Received after the storm, in slices of time. */
static void
bucket(struct dthread *t, unsigned w, uint64_t n)
{
	uint64_t end = atomic_load_explicit(&storm_end, memory_order_relaxed), now;
	double ns;

	if (end == 0 || (now = bench_ticks()) < end)
		return;
	ns = (double)(now - end) * ns_per_tick;
	if (ns < (double)BUCKETS * BUCKET_NS)
		t->bucket[w][(unsigned)(ns / BUCKET_NS)] += (uint32_t)n;
}

static void
one_burst(struct dthread *t, unsigned w, uint32_t *seq, unsigned *pos, unsigned *turn)
{
	const struct window *win = &windows[w];
	struct bench_src *src = win->mode == MODE_OWN ? t->own : win->from != NULL ? win->from : t->src;
	uint64_t before;

	if (t->number >= win->active || win->mode == MODE_IDLE) {
		sleep_ns(100000);
		return;
	}
	if (win->mode == MODE_FLOOR) {
		(void)floor_run(t->floor, BURST);
		t->did[w].hops += (uint64_t)BURST * t->floor_hops;
		return;
	}
	if (win->back && (++*turn & 3) == 0)
		src = t->back;
	if (*pos + BURST > npackets)
		*pos = 0;
	before = t->bench.received;
	bench_send(src, &packets[*pos], BURST, win->mark, seq);
	*pos += BURST;
	if (t->bucket != NULL)
		bucket(t, w, t->bench.received - before);
}

static void *
run(void *arg)
{
	struct dthread *t = arg;
	struct snapshot a, b;
	uint32_t seen = 0, now, seq = t->number * 17;
	unsigned pos = (npackets / nthreads * t->number) & ~(BURST - 1u), turn = 0;

	bench_self = &t->bench;
	ngu__port_thread_name("bench-data");
	(void)ngu__port_thread_pin(t->number % ncpu);
	go_realtime(0);
	for (;;) {
		now = atomic_load_explicit(&current, memory_order_acquire);
		if (now != seen) {
			snap(t, &b);
			if (seen != 0)
				note(t, seen - 1, &a, &b);
			seen = now;
			(void)atomic_fetch_add_explicit(&arrived, 1, memory_order_acq_rel);
			if (windows[seen - 1].mode == MODE_QUIT)
				break;
			snap(t, &a);
		}
		if (seen == 0)
			sleep_ns(100000);
		else
			one_burst(t, seen - 1, &seq, &pos, &turn);
	}
	return (NULL);
}

/* ---- how far apart the CPUs are ---- */

static _Atomic uint32_t ball __attribute__((aligned(128)));

#define THROWS 4000u

static void *
catcher(void *arg)
{
	(void)arg;
	(void)ngu__port_thread_pin(0);
	for (uint32_t i = 0; i < THROWS; i++) {
		while (atomic_load_explicit(&ball, memory_order_acquire) != 2 * i + 1)
			NGU_PAUSE();
		atomic_store_explicit(&ball, 2 * i + 2, memory_order_release);
	}
	return (NULL);
}

double
line_transfer_ns(void)
{
	double v[8];
	pthread_t t;
	int64_t a = 0;

	atomic_store(&ball, 0);
	must(pthread_create(&t, NULL, catcher, NULL), "pthread_create");
	for (uint32_t i = 0; i < THROWS; i++) {
		if (i % (THROWS / 8) == 0)
			a = wall_ns();
		atomic_store_explicit(&ball, 2 * i + 1, memory_order_release);
		while (atomic_load_explicit(&ball, memory_order_acquire) != 2 * i + 2)
			NGU_PAUSE();
		if (i % (THROWS / 8) == THROWS / 8 - 1)
			v[i / (THROWS / 8)] = (double)(wall_ns() - a) / (2.0 * (THROWS / 8));
	}
	(void)pthread_join(t, NULL);
	return (median(v, 8));
}

void
threads_start(unsigned n, void (*setup)(struct dthread *t, void *arg), void *arg)
{
	nthreads = n;
	nwindows = 0;
	atomic_store(&current, 0);
	dthreads = aligned_alloc(128, sizeof(*dthreads) * n);
	if (dthreads == NULL)
		fail("no memory for %u threads", n);
	memset(dthreads, 0, sizeof(*dthreads) * n);
	for (unsigned i = 0; i < n; i++) {
		struct dthread *t = &dthreads[i];

		t->number = i;
		t->bench.lat[0] = &t->lat[0];
		t->bench.lat[1] = &t->lat[1];
		setup(t, arg);
		must(pthread_create(&t->id, NULL, run, t), "pthread_create");
	}
}

unsigned
window_begin(const struct window *w)
{
	unsigned n = nwindows++;

	if (n >= MAX_WINDOWS)
		fail("more than %d windows", MAX_WINDOWS);
	windows[n] = *w;
	atomic_store(&arrived, 0);
	atomic_store_explicit(&current, n + 1, memory_order_release);
	return (n);
}

void
window_wait(void)
{
	while (atomic_load(&arrived) != nthreads)
		sleep_ns(20000);
}

unsigned
window_open(const struct window *w)
{
	unsigned n = window_begin(w);

	window_wait();
	return (n);
}

void
threads_stop(void)
{
	struct window quit = { .mode = MODE_QUIT };

	(void)window_open(&quit);
	for (unsigned i = 0; i < nthreads; i++)
		(void)pthread_join(dthreads[i].id, NULL);
}

void
threads_totals(struct totals *t)
{
	memset(t, 0, sizeof(*t));
	for (unsigned i = 0; i <= nthreads; i++) {
		const struct bench_thread *b = i < nthreads ? &dthreads[i].bench : &bench_stray;

		t->sent += b->sent;
		t->received += b->received;
		t->copies += b->copies;
		t->no_memory += b->no_memory;
		t->send_errors += b->send_errors;
	}
}

void
window_sum(unsigned w, struct share *s)
{
	memset(s, 0, sizeof(*s));
	for (unsigned i = 0; i < nthreads; i++) {
		const struct share *d = &dthreads[i].did[w];

		if (i >= windows[w].active)
			continue;
		s->cpu_ns += d->cpu_ns;
		s->wall_ns = d->wall_ns > s->wall_ns ? d->wall_ns : s->wall_ns;
		s->hops += d->hops;
		s->sent += d->sent;
		s->received += d->received;
	}
}

unsigned
threads_count(void)
{
	return (nthreads);
}
