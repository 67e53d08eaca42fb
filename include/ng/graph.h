/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * graph.h - a graph: its own names, IDs, limits, clock, log and workers. Many may live in one process.
 */
#ifndef NG_GRAPH_H
#define NG_GRAPH_H

#include <ng/base.h>

NGU_BEGIN_DECLS

/* One line of log, no newline. `level` as syslog(3): 3 error, 4 warning, 5 notice, 6 info, 7 debug. */
typedef void ngu_log_fn(void *arg, int level, const char *line);

/* Options of ngu_graph_create(). Set `size` to sizeof(struct ngu_graph_opts); zero means default everywhere else. */
struct ngu_graph_opts {
	size_t size;
	const char *name;	/* for logs and errors; copied; default "graph" */
	unsigned workers;	/* threads that serve queues; 0 = none: queues are served by callers and ngu_poll() */
	bool fake_clock;	/* time stands still until ngu_clock_advance() */
	bool pin_workers;	/* worker n runs on CPU n modulo the number of CPUs */
	unsigned depth_limit;	/* nested deliveries before they turn into a loop, 1..63; default 12 */
	uint32_t max_data;	/* NGU_L_DATA (net.graph.maxdata); default 1048576 */
	uint32_t max_items;	/* NGU_L_ITEMS (net.graph.maxalloc); default 1048576 */
	ngu_log_fn *log;	/* default: standard error */
	void *log_arg;
	uint64_t seed;		/* of the graph's random numbers; default 1 */
};

/*
 * Make a graph. *out is set only on success. ENOMEM; EINVAL for an unknown opts->size or a depth_limit over 63; the error of
 * starting a worker. opts may be NULL. The graph becomes the calling thread's current one if it has none. May wait.
 */
NGU_API NGU_CHECK int ngu_graph_create(const struct ngu_graph_opts *opts, struct ngu_graph **out);

/*
 * Shut every node down (NGF_REALLY_DIE for those that come back), stop the workers, wait for the memory, free the graph.
 * EBUSY when nodes refuse to die or are still referenced; the graph then stays usable. EDEADLK when called from inside a
 * method. No other thread may be using the graph; one whose current graph it is has none from then on. May wait.
 */
NGU_API NGU_CHECK int ngu_graph_destroy(struct ngu_graph *g);

/*
 * The calling thread's current graph: the one that kernel-style code works on when it names none. NULL if there is none.
 * ngu_graph_enter() makes `g` (or NULL) current and returns the one before. Never block.
 */
NGU_API struct ngu_graph *ngu_graph_current(void);
NGU_API struct ngu_graph *ngu_graph_enter(struct ngu_graph *g);

NGU_API const char *ngu_graph_name(const struct ngu_graph *g);

/*
 * Do waiting work in this thread: due timers, then queued items, at most `budget` of them (0: until nothing is left).
 * Returns how many ran. With workers there is seldom anything left to do. May wait. Not inside a section.
 */
NGU_API unsigned ngu_poll(struct ngu_graph *g, unsigned budget);

/*
 * Wait until nothing is queued anywhere in the graph, no removal waits and no worker is busy, doing the work itself where there
 * are no workers.
 * Timers that are due run, the clock is not moved. ETIMEDOUT after `timeout_ms` (0: no limit) of real time. May wait.
 */
NGU_API NGU_CHECK int ngu_settle(struct ngu_graph *g, unsigned timeout_ms);

/* The graph's clock in nanoseconds since its creation. Never blocks. */
NGU_API int64_t ngu_clock_now(const struct ngu_graph *g);

/* When the next timer of the graph is due, on that clock; it may lie in the past. -1: none is pending. Never waits for long. */
NGU_API int64_t ngu_clock_next(const struct ngu_graph *g);

/*
 * A fake clock's only way forward: `ns` further, stopping at each timer that becomes due on the way to run it. The calls of
 * several threads come one after another, and what they ask for adds up. EINVAL on a real clock, for ns < 0 and inside a
 * section; EDEADLK inside a method or a timer's handler while the clock is being moved: nothing was done. May wait.
 */
NGU_API NGU_CHECK int ngu_clock_advance(struct ngu_graph *g, int64_t ns);

/*
 * Limits. What goes over one is refused with ENOMEM, NODEQUEUE with ENOBUFS, and counted; nothing that is there is taken away when one
 * is lowered. The core's own steps (parts of a connect, removals) and NGM_SHUTDOWN are not refused, so a full graph can still be taken down.
 */
enum ngu_limit {
	NGU_L_DATA,	 /* "maxdata": packets waiting in queues, a burst counting as one; default 1048576 */
	NGU_L_ITEMS,	 /* "maxalloc": messages and functions waiting in queues; default 1048576 */
	NGU_L_NODEQUEUE, /* "nodequeue": of both kinds, at one node; packets up to this, messages up to twice this; default 65536,
			    at most 4194304 */
	NGU_L_NODES,	 /* "nodes": default and most 4026531839, which is all addresses */
	NGU_L_HOOKS,	 /* "hooks": of one node; default and most 2147483647 */
	NGU_L_DEPTH,	 /* "depth": nested deliveries, 1..63; default 12. What goes over it is put off, never refused */
	NGU_L_COUNT
};

struct ngu_limit_info {
	uint32_t limit;
	uint32_t now;	  /* 0 for NODEQUEUE, HOOKS and DEPTH, which are of one node or one thread */
	uint32_t high;	  /* most there ever was; of DEPTH in any graph of the process. Never over the limit by more than the core's own */
	uint64_t refused; /* packets or bursts, messages, nodes, hooks */
};

/* All of these: EINVAL for a limit that does not exist. Never block; callable anywhere. */
NGU_API NGU_CHECK int ngu_limit_get(struct ngu_graph *g, enum ngu_limit which, struct ngu_limit_info *out);
/* EINVAL also for 0 and for what is over the most. Holds from the next item, node, hook or packet on. */
NGU_API NGU_CHECK int ngu_limit_set(struct ngu_graph *g, enum ngu_limit which, uint32_t value);
/* The name given above, static; "unknown" if there is none. And back: ENOENT. */
NGU_API const char *ngu_limit_name(enum ngu_limit which);
NGU_API NGU_CHECK int ngu_limit_find(const char *name, enum ngu_limit *out);

/* The first two by functions of their own. */
NGU_API uint32_t ngu_max_data(const struct ngu_graph *g);
NGU_API uint32_t ngu_max_items(const struct ngu_graph *g);
NGU_API NGU_CHECK int ngu_set_max_data(struct ngu_graph *g, uint32_t items);
NGU_API NGU_CHECK int ngu_set_max_items(struct ngu_graph *g, uint32_t items);

NGU_END_DECLS

#endif /* NG_GRAPH_H */
