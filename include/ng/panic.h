/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * panic.h - what becomes of a panic(9) of a node type, or of a KASSERT(9) that does not hold. It goes to the log of the graph (level 0).
 * Then a program that has not asked for anything else ends by abort(3); one that has can go on, as the test kit does.
 */
#ifndef NG_PANIC_H
#define NG_PANIC_H

#include <ng/base.h>

#include <stdbool.h>
#include <stddef.h>

NGU_BEGIN_DECLS

struct ngu_graph;

/* What it points to is valid during the handler's call only. */
struct ngu_panic {
	size_t size;		 /* of this struct */
	struct ngu_graph *graph; /* the thread's current one, NULL: none */
	const char *what;	 /* one line */
	bool serves;		 /* a thread of libng that serves a graph's queues or timers, or a task queue */
};

/*
 * Called in the thread that panicked, in the middle of what it did: inside a section, with turns and locks held. It must neither wait nor
 * call into libng; a panic in it ends the process. It may leave by longjmp(3) in a thread of the program, which then calls
 * ngu_thread_recover() (ng/test.h). If it returns true in a thread that serves, that thread gives up the method it was in and serves on;
 * the call that sent what the method was to do returns EINTR;
 * what only the lost method knew of (references, items, locks) stays taken, so the graph may not be at rest again and
 * ngu_graph_destroy() may say EBUSY. Else the process ends.
 */
typedef bool ngu_panic_handler(void *arg, const struct ngu_panic *p);

/* Who gets the panics of the process; NULL: nobody. Never blocks. */
NGU_API void ngu_panic_set_handler(ngu_panic_handler *fn, void *arg);

NGU_END_DECLS

#endif /* NG_PANIC_H */
