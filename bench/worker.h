/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * worker.h - what the files of ngbench-<backend> share.
 *
 * A worker runs one case once and writes result lines to standard output: "R<tab>metric<tab>unit<tab>value"; the driver knows the rest.
 */
#ifndef BENCH_WORKER_H
#define BENCH_WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <ng/ng.h>

#include "floor.h"
#include "nodes.h"

#define MAX_THREADS 64
#define MAX_WINDOWS 512
#define BUCKETS 512	  /* of the time after a storm */
#define BUCKET_NS 100000u
#define BURST 32

struct options {
	const char *name;     /* the case */
	unsigned threads;     /* data threads */
	unsigned window_ms;   /* one window */
	unsigned pairs;	      /* quiet and disturbed windows, or rounds */
	const char *pcap;
	bool fifo;
};
extern struct options opt;
extern unsigned ncpu; /* as it was before anybody was pinned */

void emit(const char *metric, const char *unit, double value);
_Noreturn void fail(const char *fmt, ...) __attribute__((__format__(__printf__, 1, 2)));
void must(int error, const char *fmt, ...) __attribute__((__format__(__printf__, 2, 3)));
double median(double *v, unsigned n); /* sorts v; 0 for none */
double resident(void); /* bytes of memory the process has now */

/* ---- time */
extern double ns_per_tick;
int64_t wall_ns(void);
int64_t cpu_ns(void); /* of the calling thread */
void sleep_ns(int64_t ns);
void go_realtime(int above); /* --fifo: SCHED_FIFO where permitted */

/* ---- packets of the capture */
extern struct bench_data *packets;
extern unsigned npackets;
void packets_load(const char *file);	 /* from the capture */
void packets_plain(unsigned n, unsigned len); /* nothing to copy: only the length is set */

/* ---- graphs */
struct ngu_graph *graph_new(void);
void graph_node(struct ngu_graph *g, const char *type, const char *name);
void graph_join(struct ngu_graph *g, const char *a, const char *ahook, const char *b, const char *bhook); /* by name */
/* src "<p>s" -> hops-1 nodes of `type` "<p>1".. -> bsink "<p>e": `hops` deliveries. */
struct bench_src *graph_chain(struct ngu_graph *g, const char *prefix, const char *type, unsigned hops);
struct job {
	struct bench_src *left, *right;
};
void graph_job(struct ngu_graph *g, struct job *j); /* graphs.c shows its picture */
extern const char *tee_type;

/* The books of a graph at rest against what the threads know. Fails the run when they do not agree. */
struct totals {
	uint64_t sent, received, copies, no_memory, send_errors;
};
void accounts(struct ngu_graph *g, const struct totals *t, const char *tee);

/* ---- data threads: windows of time in which they do what they are told (threads.c) */
enum mode { MODE_IDLE, MODE_SEND, MODE_OWN, MODE_FLOOR, MODE_QUIT };
struct window {
	enum mode mode;
	unsigned active; /* threads below this number take part, the others sleep */
	unsigned mark;	 /* which latency histogram */
	bool back;	 /* one burst in four goes the other way */
	struct bench_src *from; /* MODE_SEND: not the thread's own src; NULL: it */
};
struct share { /* what a thread did in a window */
	int64_t cpu_ns, wall_ns;
	uint64_t hops, sent, received;
};
struct dthread {
	struct bench_thread bench;
	struct hist lat[2];
	pthread_t id;
	unsigned number;
	struct bench_src *src, *back, *own;
	struct floor_chain *floor;
	unsigned floor_hops;
	struct share did[MAX_WINDOWS];
	uint32_t (*bucket)[BUCKETS]; /* one row per window; NULL: not wanted */
};
extern struct dthread *dthreads;
extern _Atomic uint64_t storm_end; /* ticks; 0: none */
void threads_start(unsigned n, void (*setup)(struct dthread *t, void *arg), void *arg);
unsigned window_open(const struct window *w); /* all threads are in it when this returns; its number */
unsigned window_begin(const struct window *w); /* the same without waiting; window_wait() has to come before the next one */
void window_wait(void);
double line_transfer_ns(void);	/* a cache line from the calling thread's CPU to the first one; call it pinned elsewhere */
void threads_stop(void);		      /* joins them */
void threads_totals(struct totals *t);
void window_sum(unsigned w, struct share *s);
unsigned threads_count(void);

/* ---- cases; each returns when done */
void case_hop(unsigned hops);
/* Time packets from src, as many deliveries each, arriving so many times, against the floor; emit; close the books (hop.c). */
void hop_case(struct ngu_graph *g, struct bench_src *src, unsigned deliveries, unsigned arrivals);
void case_tree(void);
void case_fanout(void);
void case_bridge(void);
void case_force_writer(void);
void case_idle_hooks(void);
void case_burst(unsigned n);
void case_steps(unsigned packets);
void case_idle(unsigned threads);
void case_backlog(void);
void case_backlog_held(void);
void case_share(void);
void case_job(void);
void case_rewire(const char *kind, const char *rate);
void case_control(void);
void case_scale(unsigned nodes);
void case_scale_raw(unsigned nodes, bool named);
void case_size(const char *kind, const char *rate);
void case_handover(unsigned batch);
void case_apart(const char *kind);

#endif
