/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * handover.c - handing packets to another thread through a node's queue. handover-N: N packets with each call.
 *
 * Way        a port, linked to a hook that queues (HK_QUEUE), a graph with one worker on CPU 0; the sender is on the last CPU. At most 1024
 *            packets are under way, then the sender waits.
 * Floor      ring.c: a plain ring between the same two CPUs, in turns with the above; both write and read the same bytes of a packet.
 * Busy       the sender sends as fast as it can: the worker has always something to do, or spins for a moment and finds it. How often it went
 *            to sleep all the same is printed (sleeps_per_batch: voluntary context switches of the worker).
 * Sleeping   one batch, then a pause long enough for the worker to sleep: how long until the last packet of a batch arrived, wake-ups for each.
 * Full       the worker is held inside the node and packets are sent until the queue refuses; what it says and whether it counts them.
 */
#include "worker.h"

#include <errno.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/port.h"
#include "ring.h"

#define UNDER_WAY 1024u
#define MAX_BATCH 256u
#define PAUSE_NS 300000
#define QUEUE_LIMIT 512u

static struct ngu_graph *graph;
static struct ngu_port *port;
static struct bench_hand *hand;
static struct ring *ring;
static _Atomic bool ring_on, ring_quit;
static unsigned batch;
static uint64_t sent, refused;
static char worker_status[300];

/* ---- the floor's consumer */

static void *
consumer(void *arg)
{
	(void)arg;
	(void)ngu__port_thread_pin(0);
	go_realtime(0);
	while (!atomic_load(&ring_quit)) {
		if (!atomic_load_explicit(&ring_on, memory_order_acquire)) {
			sleep_ns(100000);
			continue;
		}
		if (ring_receive(ring, batch) == 0)
			NGU_PAUSE();
	}
	return (NULL);
}

/* ns a packet. */
static double
time_ring(int64_t span)
{
	uint64_t first = ring_sent(ring);
	int64_t a, b;

	atomic_store(&ring_on, true);
	ring_send(ring, batch);
	while (ring_received(ring) != ring_sent(ring))
		NGU_PAUSE(); /* the other side is awake */
	first = ring_sent(ring);
	a = wall_ns();
	do {
		for (unsigned i = 0; i < 512; i += batch)
			ring_send(ring, batch);
		b = wall_ns();
	} while (b - a < span);
	while (ring_received(ring) != ring_sent(ring))
		NGU_PAUSE();
	b = wall_ns();
	atomic_store(&ring_on, false);
	return ((double)(b - a) / (double)(ring_sent(ring) - first));
}

/* ---- libng */

static uint64_t
received(void)
{
	return (__atomic_load_n(&hand->received, __ATOMIC_ACQUIRE));
}

static int
send_batch(unsigned n)
{
	struct mbuf *v[MAX_BATCH];
	int error;

	if (bench_hand_packets(v, n, sent) != n)
		fail("no memory for packets");
	error = n == 1 ? ngu_port_send(port, v[0]) : ngu_port_send_burst(port, v, n);
	sent += n;
	return (error);
}

static void
wait_for_all(void)
{
	while (received() != sent - refused)
		NGU_PAUSE();
}

static uint64_t
sleeps(void)
{
	char line[128];
	unsigned long long n = 0;
	FILE *f = fopen(worker_status, "r");

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "voluntary_ctxt_switches: %llu", &n) == 1)
			break;
	if (f != NULL)
		(void)fclose(f);
	return (n);
}

/* The worker's place in /proc; Linux only: elsewhere its sleeps count as 0. */
static void
find_worker(void)
{
	DIR *d = opendir("/proc/self/task");
	struct dirent *e;
	char path[300], name[32];

	while (d != NULL && (e = readdir(d)) != NULL) {
		FILE *f;

		(void)snprintf(path, sizeof(path), "/proc/self/task/%.32s/comm", e->d_name);
		if ((f = fopen(path, "r")) == NULL)
			continue;
		if (fgets(name, sizeof(name), f) != NULL && strncmp(name, "ng_queue", 8) == 0)
			(void)snprintf(worker_status, sizeof(worker_status), "/proc/self/task/%.32s/status", e->d_name);
		(void)fclose(f);
	}
	if (d != NULL)
		(void)closedir(d);
}

static double
time_libng(int64_t span)
{
	uint64_t first, r;
	int64_t a, b;

	(void)send_batch(batch);
	wait_for_all();
	first = sent;
	r = received();
	a = wall_ns();
	do {
		for (unsigned i = 0; i < 512; i += batch) {
			while (sent + batch - r > UNDER_WAY && sent + batch - (r = received()) > UNDER_WAY)
				NGU_PAUSE();
			must(send_batch(batch), "sending a batch of %u", batch);
		}
		b = wall_ns();
	} while (b - a < span);
	wait_for_all();
	b = wall_ns();
	return ((double)(b - a) / (double)(sent - first));
}

static void
measure_busy(void)
{
	static double bare[MAX_WINDOWS], libng[MAX_WINDOWS], ratio[MAX_WINDOWS];
	int64_t span = (int64_t)opt.window_ms * 1000000 / 2;
	uint64_t s0, sent0 = sent, slept = 0;

	(void)time_ring(span);
	(void)time_libng(span);
	for (unsigned i = 0; i < opt.pairs; i++) {
		bare[i] = time_ring(span);
		s0 = sleeps();
		libng[i] = time_libng(span);
		slept += sleeps() - s0;
		ratio[i] = libng[i] / ((bare[i] + time_ring(span)) / 2);
	}
	emit("ns_packet", "ns", median(libng, opt.pairs));
	emit("ring_ns_packet", "ns", median(bare, opt.pairs));
	emit("ratio_ring", "x", median(ratio, opt.pairs));
	emit("sleeps_per_batch", "x", (double)slept * batch / (double)(sent - sent0));
}

static void
measure_sleeping(void)
{
	static double ns[4096];
	unsigned n = 0;
	int64_t end = wall_ns() + (int64_t)opt.window_ms * 1000000 * opt.pairs / 2, a;
	uint64_t s0;

	sleep_ns(PAUSE_NS);
	s0 = sleeps();
	while (n < 4096 && (n < 10 || wall_ns() < end)) {
		sleep_ns(PAUSE_NS);
		a = wall_ns();
		must(send_batch(batch), "sending a batch of %u", batch);
		wait_for_all();
		ns[n++] = (double)(wall_ns() - a);
	}
	sleep_ns(PAUSE_NS);
	emit("wakeups_per_batch", "x", (double)(sleeps() - s0) / n);
	emit("sleeping_ns_batch", "ns", median(ns, n));
}

static void
measure_full(void)
{
	struct ngu_graph_stats before, after;
	unsigned other = 0;
	int error;

	must(ngu_limit_set(graph, NGU_L_NODEQUEUE, QUEUE_LIMIT), "limiting the queue");
	ngu_graph_stats(graph, &before);
	__atomic_store_n(&hand->hold, 1, __ATOMIC_RELEASE);
	for (unsigned i = 0; i < 4 * QUEUE_LIMIT; i++) {
		error = send_batch(1);
		if (error == 0)
			continue;
		refused++;
		other += error != ENOBUFS;
	}
	__atomic_store_n(&hand->hold, 0, __ATOMIC_RELEASE);
	hand->next = 0; /* numbers are missing from here on */
	wait_for_all();
	ngu_graph_stats(graph, &after);
	if (refused == 0)
		fail("a queue limited to %u took %u packets", QUEUE_LIMIT, 4 * QUEUE_LIMIT);
	emit("full_refused", "packets", (double)refused);
	emit("full_not_enobufs", "packets", other);
	emit("full_not_counted", "packets",
	    (double)refused - (double)(after.by_reason[NGU_R_QUEUE_FULL] - before.by_reason[NGU_R_QUEUE_FULL]));
}

void
case_handover(unsigned n)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .name = "bench", .workers = 1, .pin_workers = true };
	struct totals t = { 0 };
	pthread_t id;

	if (ncpu < 2)
		fail("handing over needs two CPUs");
	batch = n;
	must(bench_hand_register(), "registering bhand");
	hand = bench_hand();
	must(ngu_graph_create(&o, &graph), "ngu_graph_create");
	must(ngu_mknode(graph, "bhand", "hand", NULL), "mknode");
	must(ngu_port_open(graph, "hand:", "in", NULL, NULL, &port), "ngu_port_open");
	if ((ring = ring_new()) == NULL)
		fail("no memory for the ring");
	(void)ngu__port_thread_pin(ncpu - 1);
	emit("line", "ns", line_transfer_ns());
	go_realtime(0);
	must(pthread_create(&id, NULL, consumer, NULL), "pthread_create");
	find_worker();
	measure_busy();
	atomic_store(&ring_quit, true);
	(void)pthread_join(id, NULL);
	measure_sleeping();
	if (hand->disorder != 0)
		fail("%u packets were handed over in another order than sent", (unsigned)hand->disorder);
	if (n == 1)
		measure_full();
	emit("line_after", "ns", line_transfer_ns());
	t.sent = sent;
	t.received = received();
	accounts(graph, &t, NULL);
}
