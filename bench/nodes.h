/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nodes.h - between the worker (the host's headers) and the bench's node types (nodes.c, the kernel's headers).
 *
 * Types
 *   bsrc     an end: hook "out"; sends, and receives as a bsink does
 *   bfwd     hooks in, in2, out: what comes in at one goes out at the other; goes with its last hook
 *   bcnt     the same, and counts the hop in its thread
 *   bbranch  hooks trunk, a, b: a hash of the packet chooses
 *   bsink    any hooks: counts, takes the time of sampled packets, frees; stays when its last hook goes
 *   btap     a bsink for copies
 */
#ifndef BENCH_NODES_H
#define BENCH_NODES_H

#include <stdint.h>
#include <time.h>

#include "hist.h"

struct ngu_graph;

/* What one thread did. Written by its owner only, while it runs. */
struct bench_thread {
	uint64_t hops;	   /* deliveries into the nodes above */
	uint64_t received; /* at a bsink */
	uint64_t copies;   /* at a btap */
	uint64_t sent, send_errors, no_memory;
	struct hist *lat[2]; /* by the mark the packet was sent under; NULL: not wanted */
	uint64_t max_ticks;
} __attribute__((aligned(128)));

/* The calling thread's. NULL: counts go to bench_stray (locked operations). */
extern _Thread_local struct bench_thread *bench_self;
extern struct bench_thread bench_stray;

/* NGM_GENERIC_COOKIE and NGM_NODEINFO, for those who cannot include the kernel header. */
extern const uint32_t bench_cookie_generic, bench_cmd_nodeinfo;

struct bench_src; /* a bsrc node */

int bench_nodes_register(void); /* 0 or errno */
struct bench_src *bench_src_find(struct ngu_graph *g, const char *name);
int bench_type_known(const char *type);

/* A packet of `len` bytes; data NULL: nothing copied. */
struct bench_data {
	const void *data;
	uint32_t len;
};

/*
 * Send v[0..n) one by one, each as a packet of its own. One packet in 64 carries the time and `mark` (0 or 1); `*seq` counts, the
 * caller keeps it. In a thread that has set bench_self.
 */
void bench_send(struct bench_src *src, const struct bench_data *v, unsigned n, unsigned mark, uint32_t *seq);

/* A tick counter, and what a tick is. */
static inline uint64_t
bench_ticks(void)
{
#if defined(__x86_64__) || defined(__i386__)
	return (__builtin_ia32_rdtsc());
#else
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec);
#endif
}

#endif
