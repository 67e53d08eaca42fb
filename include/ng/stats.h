/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stats.h - exact accounts. Each delivery attempted ends in one of four ways: delivered (the receiver's method ran), queued
 * (waiting now), refused (an errno went back to the sender), or dropped (lost later, with a reason). When a graph is at rest
 *
 *	attempted == delivered + refused + dropped, queued == 0
 *
 * and tests check it. Counts are of packets; messages are counted apart. Reading never stops anybody.
 */
#ifndef NG_STATS_H
#define NG_STATS_H

#include <ng/base.h>

NGU_BEGIN_DECLS

/* Why a packet was refused or dropped. */
enum ngu_reason {
	NGU_R_NONE = 0,
	NGU_R_NO_HOOK,	    /* refused: sent to a NULL hook (ENETDOWN) */
	NGU_R_HOOK_INVALID, /* refused: own hook half connected or dying (ENETDOWN) */
	NGU_R_NO_PEER,	    /* refused: no peer, or a dying one (ENETDOWN) */
	NGU_R_NODE_INVALID, /* refused: the peer's node is dying (ENETDOWN) */
	NGU_R_NO_MBUF,	    /* refused: a data item without packet (EINVAL) */
	NGU_R_NO_ITEM,	    /* refused: no memory for an item (ENOMEM) */
	NGU_R_QUEUE_FULL,   /* refused: the graph's limit of waiting packets (ENOMEM), or the node's queue (ENOBUFS) */
	NGU_R_HOOK_GONE,    /* dropped: its hook went away while it waited (EIO) */
	NGU_R_NODE_GONE,    /* dropped: its node went away while it waited (EIO) */
	NGU_R_FLUSHED,	    /* dropped: flushed from the queue of a dying node */
	NGU_R_NO_METHOD,    /* dropped: the type has no rcvdata method */
	NGU_R_COUNT
};

/* "no-hook", "queue-full", ...: short, stable, lower case. Static. */
NGU_API const char *ngu_reason_name(enum ngu_reason r);

struct ngu_graph_stats {
	uint64_t attempted;
	uint64_t delivered;
	uint64_t delivered_bytes;
	uint64_t queued;		  /* waiting now */
	uint64_t queued_total;		  /* ever queued because of a busy gate, HK_QUEUE or NG_QUEUE */
	uint64_t refused;		  /* sum of the refusals in by_reason */
	uint64_t dropped;		  /* sum of the drops in by_reason */
	uint64_t by_reason[NGU_R_COUNT];
	uint64_t messages;		  /* messages and functions applied */
	uint64_t messages_refused;
	uint64_t gate_closed;		  /* times a node was taken by a writer */
	uint64_t gate_longest_ns;	  /* longest time one was closed, when timing is on (ngu_gate_timing) */
	uint64_t nodes, hooks;		  /* in memory now */
	uint64_t dead_nodes, dead_hooks;  /* of these: shut down, kept by a reference or until the grace period ends */
	uint64_t mbufs;			  /* packets' buffers alive now */
	uint64_t high_data, high_items;	  /* most ever queued */
};
NGU_API void ngu_graph_stats(struct ngu_graph *g, struct ngu_graph_stats *out);

/* Measure how long gates are closed (two clock reads per writer; off at first). Never blocks. */
NGU_API void ngu_gate_timing(struct ngu_graph *g, bool on);

struct ngu_hook_stats {
	uint64_t packets; /* delivered to this hook */
	uint64_t bytes;
	uint64_t refused; /* refused or dropped on their way to this hook's node through it, or sent from it in vain */
};
/* ENOENT no such node or hook. Never blocks. */
NGU_API NGU_CHECK int ngu_hook_stats(struct ngu_graph *g, const char *path, const char *hook, struct ngu_hook_stats *out);

/* Reclamation, for the whole process. */
struct ngu_reclaim_stats {
	uint64_t retired, freed, periods, high, longest_ns;
};
NGU_API void ngu_reclaim_stats(struct ngu_reclaim_stats *out);

/*
 * What of graph `g` is still alive: mbufs, nodes, hooks; one line each through `line`, with file:line in debug builds. Returns
 * the number of objects. `line` may be NULL.
 */
NGU_API size_t ngu_leaks(struct ngu_graph *g, void (*line)(void *arg, const char *text), void *arg);

NGU_END_DECLS

#endif /* NG_STATS_H */
