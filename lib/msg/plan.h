/* SPDX-License-Identifier: BSD-2-Clause */
/* plan.h - a list of operations between its check and its end: what plan.c, plan_run.c and plan_text.c share. */
#ifndef NGU_PLAN_H
#define NGU_PLAN_H

#include "core/core.h"

#include <ng/apply.h>

#define NONE NGU_APPLY_NONE

/* A node the list has to do with: one that was there, or one that entry `maker` makes. */
struct pnode {
	struct pnode *next; /* of its bucket */
	struct pnode *all;
	struct ng_node *node; /* referenced; NULL before it is made */
	struct ng_type *type;
	char name[NG_NODESIZ]; /* as planned; "" none */
	uint32_t maker;
	uint32_t gone; /* the entry that shuts it down */
	bool bare;     /* was there, without hooks: shall not go for having none again */
};

/* One end of a link, and the other end's place. */
struct phook {
	struct phook *next, *all;
	struct pnode *node;
	struct phook *peer; /* NULL: half connected */
	struct ng_hook *hook; /* referenced; NULL before it is made */
	char name[NG_HOOKSIZ];
	uint32_t maker;
	uint32_t gone; /* the entry that removes it */
};

/* A name that changes hands in the list. */
struct pname {
	struct pname *next;
	char name[NG_NODESIZ];
	struct pnode *holder; /* NULL: given up by entry `gone` */
	uint32_t gone;
};

struct entry {
	const struct ngu_op *op;
	struct pnode *node, *peer; /* at `path`; at `peerpath`, or made */
	struct phook *hook, *peerhook;
	struct phook *last; /* messages: the hook through which the path enters the node */
	struct ngu__made made;
	struct ngu__name *name;
	struct ng_mesg *msg, *reply;
	bool done; /* to be taken back if the list fails */
	bool open;
	bool idle; /* gives a node the name that it has by then */
};

/* Columns of an entry's words in a text. */
enum field { F_OP, F_PATH, F_TYPE, F_HOOK, F_PEERPATH, F_PEERHOOK, F_NAME, F_COMMAND, F_ARGS, F_COUNT };

struct pos {
	uint32_t line;
	uint32_t column[F_COUNT];
};

#define BUCKETS 256u

struct chunk {
	struct chunk *next;
	size_t used, size;
};

struct plan {
	struct ngu_graph *g;
	const struct ngu_op *op;
	const struct pos *pos; /* NULL: no text */
	uint32_t n;
	struct entry *e;
	struct ngu_apply_error *err; /* never NULL */
	struct chunk *chunks;
	uint32_t mask;
	struct pnode **nodes, *all_nodes;
	struct phook **hooks, *all_hooks;
	struct pname **names;
	struct ngu__reserve reserve;
};

int ngu__plan(struct ngu_graph *g, const struct ngu_op *op, const struct pos *pos, uint32_t n, unsigned flags,
    struct ngu_apply_error *err);
int ngu__plan_run(struct plan *p);
/* Note the failure of entry i at one of its words. Returns `error`. */
int ngu__plan_fail(struct plan *p, uint32_t i, enum field f, int error, uint32_t other, const char *fmt, ...)
    __attribute__((__format__(__printf__, 6, 7)));
void ngu__plan_error(struct ngu_apply_error *err, int error);
/* The message of a NGU_OP_TEXTMSG, for a node of `type`. */
int ngu__plan_textmsg(struct plan *p, uint32_t i, struct ng_type *type, struct ng_mesg **msg);

#endif /* NGU_PLAN_H */
