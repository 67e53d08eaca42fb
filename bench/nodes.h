/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nodes.h - between the worker (the host's headers) and the bench's node types (nodes.c, the kernel's headers).
 *
 * Types
 *   bsrc     an end: hook "out"; sends, and receives as a bsink does
 *   bfwd     hooks in or in2, out or out2: what comes in at one goes out at the other; goes with its last hook
 *   bburst   the same, with a burst method that loads each packet's length
 *   bback    any hooks: what comes is kept in bench_back, for one thread; has a burst method
 *   bcnt     a bfwd that counts the hop in its thread
 *   bwriter  a bfwd that is a force-writer node
 *   bturn    hooks trunk, a, b: by turns; for one thread
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

/*
 * Referenced lookups of n nodes by name or by ID, each reference dropped at once; how many were found (nodes_plain.c, which also has
 * type bnil: any hooks, nothing of its own).
 */
int bench_plain_register(void);
unsigned bench_lookup_names(struct ngu_graph *g, const char (*name)[16], unsigned n);
unsigned bench_lookup_ids(struct ngu_graph *g, const uint32_t *id, unsigned n);

struct mbuf;
#define BENCH_BACK 256
extern struct mbuf *bench_back[BENCH_BACK];
extern unsigned bench_nback;

/* ---- nodes_hand.c: type bhand queues what arrives; one thread applies it, and writes all of this but `hold` */
#define BENCH_HAND_LEN 64u /* bytes of a packet */
struct bench_hand {
	_Alignas(128) uint64_t received;
	_Alignas(128) uint64_t next; /* number expected */
	uint64_t disorder, sum;
	_Alignas(128) uint32_t hold; /* not 0: it stays in the method */
};
int bench_hand_register(void);
struct bench_hand *bench_hand(void);
/* n packets that carry numbers from seq on, written all over; how many there was memory for. */
unsigned bench_hand_packets(struct mbuf **v, unsigned n, uint64_t seq);

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

/* In a loop that waits for another thread. */
static inline void
bench_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

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
