/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table.h - the two shared tables of a graph: nodes by ID, and names. Readers take no lock; writers meet only on the very
 * entry they both want.
 */
#ifndef NGU_TABLE_H
#define NGU_TABLE_H

#include "port/port.h"
#include "reclaim/reclaim.h"

struct ng_node;
struct ngu_graph;

/* ---- IDs: a three-level array of pages that come when first needed and go when their last node has gone ---- */

#define NGU_ID_LEAF 1024u
#define NGU_ID_MID 1024u
#define NGU_ID_ROOT 4096u

struct ngu__idleaf {
	struct ngu__retire retire;
	_Atomic uint32_t live; /* nodes, plus one while the ID counter is inside this page; 0 = going away */
	NGU_ALIGNED(NGU_CACHELINE) _Atomic(struct ng_node *) slot[NGU_ID_LEAF]; /* slot_of(): neighbours lie in different lines */
};

struct ngu__idmid {
	_Atomic(struct ngu__idleaf *) leaf[NGU_ID_MID];
};

struct ngu__idtab {
	_Atomic(struct ngu__idmid *) *root;
	_Atomic uint32_t max; /* IDs that may be given out at a time */
	/* written with each ID; not in a line with what lookups read */
	NGU_ALIGNED(NGU_CACHELINE) _Atomic uint32_t next;
	_Atomic uint32_t round; /* 1: the counter has been round, and IDs above it may be in use */
	_Atomic uint32_t live, high; /* IDs given out and not dropped now; most ever */
	_Atomic uint32_t refused;    /* because of max */
};

int ngu__idtab_init(struct ngu__idtab *t);
void ngu__idtab_fini(struct ngu__idtab *t);
/* A fresh ID with room for it in the table; 0 when memory is short, or t->max are given out. */
uint32_t ngu__id_new(struct ngu__idtab *t);
void ngu__id_publish(struct ngu__idtab *t, uint32_t id, struct ng_node *node);
/* The ID is done with: published before or not. */
void ngu__id_drop(struct ngu__idtab *t, uint32_t id);
/* In a section. */
struct ng_node *ngu__id_find(const struct ngu__idtab *t, uint32_t id);
/* Walk: the first published node with an ID above `*id`; NULL at the end. In a section. */
struct ng_node *ngu__id_next(const struct ngu__idtab *t, uint32_t *id);

/* ---- names: a split-ordered list. One sorted linked list holds all; buckets are shortcuts into it and may come late ---- */

struct ngu__soent {
	_Atomic uintptr_t next; /* bit 0: this entry is deleted */
	uint32_t key;		/* reversed hash; odd for names, even for buckets */
	_Atomic uint32_t made;	/* of a bucket: NGU_BUCKET_*; of a name: 1 if others of the same key came behind it */
};
#define NGU_BUCKET_NOT 0u
#define NGU_BUCKET_SOON 1u /* somebody puts it into the list */
#define NGU_BUCKET_IN 2u

struct ngu__name {
	struct ngu__soent so;
	struct ngu__retire retire;
	struct ng_node *node;
	char name[]; /* its memory is for 15 characters, or for 31 */
};

#define NGU_NAME_SEGS 28

struct ngu__names {
	struct ngu__soent first;
	_Atomic uint32_t size; /* buckets, a power of two */
	_Atomic(struct ngu__soent *) seg[NGU_NAME_SEGS]; /* the buckets themselves */
	NGU_ALIGNED(NGU_CACHELINE) _Atomic uint32_t count; /* written with each name */
};

struct ngu__name *ngu__name_new(const char *name); /* for NG_NODESIZ - 1 characters at most; NULL: no memory */
void ngu__name_free(struct ngu__name *n);

int ngu__names_init(struct ngu__names *t);
void ngu__names_fini(struct ngu__names *t);
/* That name will be inserted soon: memory it takes to find its place is asked for meanwhile. */
void ngu__names_expect(struct ngu__names *t, const char *name);
/* Insert unless a valid node has that name: 0, EADDRINUSE. In a section. */
int ngu__names_insert(struct ngu__names *t, struct ngu__name *n);
/* Remove; afterwards no new reader finds it. In a section. The caller retires it. */
void ngu__names_remove(struct ngu__names *t, struct ngu__name *n);
/* The valid node named last with that name, or NULL. In a section. */
struct ng_node *ngu__names_find(struct ngu__names *t, const char *name);

#endif /* NGU_TABLE_H */
