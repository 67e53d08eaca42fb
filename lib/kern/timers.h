/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * timers.h - the callouts of one graph: a heap in order of time, embedded in the graph, served by whoever calls
 * ngu__timers_run(). Arming needs no memory. The other side, callout(9), is <sys/callout.h>.
 */
#ifndef NGU_TIMERS_H
#define NGU_TIMERS_H

#include "port/port.h"

struct callout;
struct ngu_graph;
struct ngu__timer_run;
struct ngu__vnets;

struct ngu__timers {
	ngu__mtx lock; /* everything below; never held over a handler */
	struct callout *root;
	struct ngu__timer_run *running; /* handlers being run now */
	uint64_t seq;
	uint32_t pending;
	_Atomic uint32_t done; /* counts handlers finished; drain waits on it */
	_Atomic(struct ngu__vnets *) vnets; /* not under the lock: vnet.c's, which lives as long as the callouts */
};

/* 0 or errno. */
int ngu__timers_init(struct ngu__timers *t);
/* Disarm what is still pending. No handler may be running. The callouts must not be touched before callout_init() any more. */
void ngu__timers_fini(struct ngu__timers *t);
/*
 * Run every callout due at `now` (ns of the graph's clock), in order of time, then of arming. Handlers run without locks but
 * their own, with their graph as the thread's current one, and may arm, stop and drain. Returns how many ran. Any number of
 * threads may call. May wait (a callout's mutex); not inside a section.
 */
unsigned ngu__timers_run(struct ngu__timers *t, int64_t now);
/* When the next one is due; INT64_MAX: none. */
int64_t ngu__timers_next(struct ngu__timers *t);

/* callout_stop(); *last: the call asked for last will not come. The result alone does not tell, when one before it is running. */
int ngu__callout_stop(struct callout *c, bool *last);

/* The graph's own variables (net/vnet.h): it has all that are loaded; false: no memory, and not all. Never blocks. */
bool ngu__vnets_fill(struct ngu_graph *g);
/* They go. NULL is fine. */
void ngu__vnets_free(struct ngu__vnets *all);

#endif /* NGU_TIMERS_H */
