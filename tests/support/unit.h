/* SPDX-License-Identifier: BSD-2-Clause */
/* unit.h - what the unit tests of lib/core and lib/msg begin with: cmocka, the library from inside, the kit. */
#ifndef NGU_UNIT_H
#define NGU_UNIT_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/core.h"
#include "core/gate.h"
#include "kern/zone.h"

#include <ng/test.h>

#define G ngt_g(t)
#define NITEMS(a) (sizeof(a) / sizeof((a)[0]))

static int whatever; /* a result that may be anything */

static inline void
expect_alive(struct ngt *t, uint64_t nodes, uint64_t hooks)
{
	struct ngu_graph_stats s;

	ngt_settle(t);
	ngu_reclaim_barrier();
	ngu_graph_stats(G, &s);
	assert_int_equal(s.nodes, nodes);
	assert_int_equal(s.hooks, hooks);
	whatever = 0;
}

/* Each newhook that was accepted gets exactly one disconnect. */
static inline void
expect_balance(const char *hook)
{
	char nh[64], dc[64];
	const char *text = ngt_trace_text(), *p;
	int n = 0, d = 0;

	(void)snprintf(nh, sizeof(nh), "newhook %s", hook);
	(void)snprintf(dc, sizeof(dc), "disconnect %s", hook);
	for (p = text; (p = strstr(p, nh)) != NULL; p++)
		n++;
	for (p = text; (p = strstr(p, dc)) != NULL; p++)
		d++;
	if (n != d)
		print_message("%s: %d newhook, %d disconnect in: %s\n", hook, n, d, text);
	assert_int_equal(n, d);
}

/* Types a and b with these flags; a graph of `text`; the log empty. */
static inline struct ngt *
traced(unsigned aflags, unsigned bflags, const char *text)
{
	struct ngt *t;

	ngt_trace_type("a", aflags);
	ngt_trace_type("b", bflags);
	t = ngt_graph(text);
	ngt_trace_clear();
	return (t);
}

/* The end of a graph without its shutdown calls in the log. */
#define end_quietly(t) \
	do { \
		ngt_end(t); \
		ngt_trace_clear(); \
	} while (0)

/* A referenced node by name; fails when there is none. */
static inline struct ng_node *
node_of(struct ngt *t, const char *name)
{
	struct ngu_graph *before = ngu_graph_enter(G);
	struct ng_node *n = ng_name2noderef(NULL, name);

	(void)ngu_graph_enter(before);
	assert_non_null(n);
	return (n);
}

/* What an item's completion said: `item->apply = &d.info`, with d.info.apply = tell_done and d.info.context = &d. */
struct told {
	struct ng_apply_info info; /* first */
	int calls, error;
};

static inline void
tell_done(void *context, int error)
{
	struct told *d = context;

	d->calls++;
	d->error = error;
}

/* For ngu__port_alloc_hook: no memory at all; or not for allocation number sweep_at (0: for each), or from there on. */
static inline bool
refuse_all(size_t size)
{
	(void)size;
	return (false);
}

static _Atomic unsigned sweep_at, sweep_seen;
static _Atomic bool sweep_all;

static inline bool
sweep(size_t size)
{
	(void)size;
	sweep_seen++;
	return (sweep_at == 0 || (sweep_all ? sweep_seen < sweep_at : sweep_seen != sweep_at));
}

#endif /* NGU_UNIT_H */
