/* SPDX-License-Identifier: BSD-2-Clause */
/* plan.h - the difference between two graphs, as operations and as lines for people. */
#ifndef NGCTL_PLAN_H
#define NGCTL_PLAN_H

#include "graph.h"

/* "-link a:x b:y", "+node c: hub", "+name [5]: c" */
struct change {
	char sign;
	const char *what; /* node, link, name */
	char *a, *b;	  /* a node's path and its type; both ends of a link; a node's path and a name */
	size_t at;
};

struct plan {
	char *ops; /* in the form of <ng/apply.h>, a line each */
	size_t nops;
	struct change *diff; /* first what goes, then what comes */
	size_t ndiff;
	size_t problems; /* what cannot be done; each has been said on standard error */
	size_t room;
	FILE *out;
};

/* What makes the live graph the wanted one. Both are sorted, and nodes that are the same point to each other then. */
void plan_make(struct graph *live, struct graph *want, struct plan *p);
void plan_free(struct plan *p);

#endif /* NGCTL_PLAN_H */
