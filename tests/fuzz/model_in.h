/* SPDX-License-Identifier: BSD-2-Clause */
/* model_in.h - what the two parts of the reference model know of each other: model.c has the graph, model_list.c lists of changes to it. */
#ifndef TESTS_FUZZ_MODEL_IN_H
#define TESTS_FUZZ_MODEL_IN_H

#include "fuzz/model.h"

#include <netgraph/ng_message.h>

#define NODES 1024
#define HOOKS 4096

struct mnode;
struct mitem;
struct mhook {
	char name[NG_HOOKSIZ];
	struct mnode *node;
	struct mhook *peer; /* NULL: the dead hook */
	struct mhook *next; /* of the node's, newest first */
	bool linked, dead, doomed, queue, keep;
	bool closed; /* made by a list that is not through yet: not to be found, packets are refused */
};
struct mnode {
	uint32_t id;
	char name[NG_NODESIZ], second[NG_NODESIZ]; /* the second: reserved by a list */
	const struct ftype *type;
	struct mhook *hooks;
	struct mitem *head, **tail;
	bool busy, invalid, closing, gone, doomed, really_die, excl, alive;
	int64_t due; /* its timer; 0 none */
	unsigned timer;
};

/* What an entry of a list made; NULL instead: a single call. */
struct made {
	struct mhook *h[2];
	struct mnode *node;
	bool keep[2]; /* the node had no hooks before, and shall not go for having none again */
};

/* The i-th ever made; NULL: there are no more. */
struct mnode *md__node(unsigned i);
int md__connect_nodes(struct mnode *n, const char *ourhook, struct mnode *n2, const char *peerhook, struct made *made);
uint32_t md__id_of(const char *s);
bool md__legal(const char *s);
int md__make_node(const char *typename, struct mnode **out);
int md__mkpeer(struct mnode *n, const char *type, const char *ourhook, const char *peerhook, struct made *made);
int md__rcvmsg(struct mnode *n, struct mhook *last, uint32_t cmd, const uint8_t *arg, size_t len, bool *replied);
void md__release(struct mnode *n);
void md__remove_one(struct mhook *h);
int md__rename_node(struct mnode *n, const char *name);
void md__rmnode(struct mnode *n);
void md__settle(void);
int md__split(const char *path, char *node, char *rest, bool *has);
void md__take(struct mnode *n);
const struct ftype *md__type_of(const char *name);

#endif /* TESTS_FUZZ_MODEL_IN_H */
