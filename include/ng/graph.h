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
	uint32_t max_data;	/* queued data items; default 65536 (net.graph.maxdata) */
	uint32_t max_items;	/* queued messages and functions; default 65536 (net.graph.maxalloc) */
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
 * method. No other thread may be using the graph. May wait.
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

/*
 * A fake clock's only way forward: `ns` further, stopping at each timer that becomes due on the way to run it. The calls of
 * several threads come one after another, and what they ask for adds up. EINVAL on a real clock, for ns < 0 and inside a
 * section; EDEADLK inside a method or a timer's handler while the clock is being moved: nothing was done. May wait.
 */
NGU_API NGU_CHECK int ngu_clock_advance(struct ngu_graph *g, int64_t ns);

/* Limits, also while running. Units: items. The setters return EINVAL for 0. Never block. */
NGU_API uint32_t ngu_max_data(const struct ngu_graph *g);
NGU_API uint32_t ngu_max_items(const struct ngu_graph *g);
NGU_API NGU_CHECK int ngu_set_max_data(struct ngu_graph *g, uint32_t items);
NGU_API NGU_CHECK int ngu_set_max_items(struct ngu_graph *g, uint32_t items);

NGU_END_DECLS

#endif /* NG_GRAPH_H */
