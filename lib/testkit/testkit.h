/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * testkit.h - what the kit's files share. The kit sees libng's public headers only: it is linked to libng like any program.
 * graph.c, expect.c, packet.c, panic.c, strict.c, fail.c, host.c and lab.c are ordinary C; probe.c and trace.c are written like node types.
 */
#ifndef NGU_TESTKIT_H
#define NGU_TESTKIT_H

#include <ng/test.h>
#include <ng/stats.h>
#include <ng/strict.h>

#define NGT_S(n) ((n) == 1 ? "" : "s") /* 1 byte, 2 bytes */
#define AT const char *file, int line, ngt_fail_fn *fail

struct ngt_probe {
	struct ngt_probe *next; /* of all probes */
	struct ngu_graph *graph;
	struct ngt *t; /* once the graph's handle has met it */
	struct ng_node *node; /* NULL once shut down; under the kit's lock */
	uint32_t id;
	struct ngt__phook *hooks; /* newest first; under the kit's lock */
	struct ngt_rec *first, *last; /* under the kit's lock */
	int error;
	void *answer;
	size_t answer_len;
	bool discard, answering;
	uint64_t packets;
	bool limited;
	uint64_t room; /* packets it still takes, if limited */
};

struct ngt {
	struct ngt *next;
	struct ngu_graph *g;
	struct ngt__reply *replies;
};

/* host.c, or lab.c: one lock for the kit's lists; held for moments, never over a call into libng. */
void ngt__lock(void);
void ngt__unlock(void);
void *ngt__alloc(size_t size); /* zeroed; ends the program when there is none */
void ngt__free(void *p);
void ngt__keep(const void *p); /* it stays until the process ends */
void ngt__failed(AT, const char *text);
unsigned ngt__strict_flags(void); /* of the kit's graphs */
long ngt__process(void); /* its number; 0: panics are not the kit's to report */

/* Text for a failure: lines appended to a buffer of the thread, so that nothing leaks when cmocka jumps. */
void ngt__say(const char *fmt, ...) __attribute__((__format__(__printf__, 1, 2)));
void ngt__fail_now(AT); /* calls fail() with what was said, and forgets it */
const char *ngt__errname(int error);

/* strict.c */
void ngt__strict_on(struct ngu_graph *g);
bool ngt__strict_say(void);	     /* what was reported goes into the failure's text; false: nothing was */
bool ngt__strict_print(bool show);   /* to standard error instead, or away with it */

/* panic.c */
void ngt__panic_on(AT);	     /* from now on a panic fails the test, there if in its own thread */
bool ngt__panic_any(void);
bool ngt__panic_take(void (*say)(const char *fmt, ...)); /* tell of those in other threads, and forget them; false: none */

/* probe.c */
int ngt__probe_type(void);
struct ngt_probe *ngt__probe_by_id(struct ngu_graph *g, uint32_t id);
void ngt__probes_free(struct ngu_graph *g);

/* trace.c */
int ngt__trace_make(const char *name, unsigned flags);
void ngt__trace_reset(void); /* log and rules */
void ngt__trace_append(const char *line);

#endif /* NGU_TESTKIT_H */
