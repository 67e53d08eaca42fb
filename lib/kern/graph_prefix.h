/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * graph_prefix.h - what the kernel shim knows about a graph: the first member of struct ngu_graph, and a few functions.
 *
 * The shim lies below the core and never sees struct ngu_graph itself. The core embeds struct ngu__graph_prefix as the first
 * member, so a graph pointer is a prefix pointer, and the packet path reads counter indexes without a call.
 */
#ifndef NGU_GRAPH_PREFIX_H
#define NGU_GRAPH_PREFIX_H

#include "port/port.h"

struct ngu_graph;
struct ngu__timers;
struct ngu__mbuf_dbg;

/* Zeroed memory is a valid prefix that counts nothing. */
struct ngu__graph_prefix {
	uint32_t ctr_mbuf_alloc; /* counter index: mbufs and their bytes (clusters too) taken; 0 = do not count */
	uint32_t ctr_mbuf_free;	 /* the same, given back */
	_Atomic uint32_t gone;	 /* destroyed; only this memory is left, for threads that have it as their current graph */
	/* Debug builds: live mbufs. Held over a link or unlink only, and while a leak report walks. */
	ngu__spin live_lock;
	uint32_t live_count;
	struct ngu__mbuf_dbg *live_head;
	_Atomic uint32_t strict; /* NGU_STRICT_* */
};

NGU_INLINE struct ngu__graph_prefix *
ngu__graph_prefix(struct ngu_graph *g)
{
	return ((struct ngu__graph_prefix *)(void *)g);
}

/*
 * Debug builds: one line for each live mbuf of the graph through line() (NULL: none). Returns their number; always 0 in other
 * builds, where only the counters know. line() runs with the list locked: it must not allocate mbufs.
 */
size_t ngu__mbuf_live(struct ngu__graph_prefix *p, void (*line)(void *arg, const char *text), void *arg);

/* ---- given by lib/core ---- */

/* One line of log, no newline, level as syslog(3). `g` may be NULL: standard error. Never blocks on the graph. */
void ngu__graph_log(struct ngu_graph *g, int level, const char *line);
/* Next random number of the graph; any thread. */
uint64_t ngu__graph_random(struct ngu_graph *g);
/* The graph's clock, ns since its creation. */
int64_t ngu__graph_now(struct ngu_graph *g);
/* NULL: no such graph any more. */
struct ngu__timers *ngu__graph_timers(struct ngu_graph *g);
/* The earliest deadline moved forward: whoever sleeps for timers must look again. Called without locks held. */
void ngu__graph_timer_kick(struct ngu_graph *g);

#endif /* NGU_GRAPH_PREFIX_H */
