/* SPDX-License-Identifier: BSD-2-Clause */
/* storm.h - ways of rewiring the main job's graph, doing it at a rate, and the thread that does (storm.c). */
#ifndef BENCH_STORM_H
#define BENCH_STORM_H

#include <stdbool.h>
#include <stdint.h>

#include "worker.h"

struct storm;

struct storm {
	void (*op)(struct storm *s);
	struct ngu_graph *graph;
	int64_t period;	  /* ns; 0 = flat out */
	unsigned state;	  /* of the kind's little state machine; 0: as it was at first */
	char inserted[24];
	uint64_t ops;
	int64_t wall, busy; /* ns rewiring took, with and without the waiting */
};

/* Kinds else, up, down, insert, relink, apply; rates 1k, 100k, flat. Ends the run when there is no such thing. */
void storm_init(struct storm *s, struct ngu_graph *g, const char *kind, const char *rate);
void storm_run(struct storm *s, int64_t span);
void storm_undo(struct storm *s); /* as it was; counts for nothing */

/* ---- who does it: the calling thread, beside data threads (threads.c) */
struct rewirer {
	struct bench_thread bench; /* what it delivers itself */
	struct hist lat[2];
};
extern struct rewirer rewirer;

/*
 * The calling thread goes to the last CPU; then `n` data threads start, which send from j->left unless `setup` says something else. Emits how far
 * apart the CPUs are.
 */
void rewirer_start(unsigned n, void (*setup)(struct dthread *t, void *arg), struct job *j);
void rewirer_end(void);				/* how far apart they are now */
void rewirer_totals(struct ngu_graph *g, struct totals *t); /* when what is queued has arrived: of the data threads, which have stopped, and it */

#endif
