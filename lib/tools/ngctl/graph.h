/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * graph.h - a graph in ngctl's memory: read from the live one, or from a script; written as a script; compared. Nothing in these files
 * talks to a graph but live.c. Memory that cannot be had ends the program.
 */
#ifndef NGCTL_GRAPH_H
#define NGCTL_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <netgraph/ng_message.h>

struct g_node;

struct g_hook {
	char name[NG_HOOKSIZ];
	struct g_node *node;
	struct g_hook *peer;	    /* never NULL */
	struct g_hook *next, *prev; /* of the node's */
	struct g_hook *chain;	    /* of the hash table */
	bool done;		    /* for walks; both ends alike */
};

struct g_node {
	char name[NG_NODESIZ], type[NG_TYPESIZ]; /* name "": none */
	uint32_t id;				 /* of the live graph; 0 of a script */
	unsigned line;				 /* of the script that made it */
	bool end;		 /* a program's own (type socket or port): neither saved nor changed */
	bool gone;		 /* of a script: it ended again */
	size_t nhooks;
	struct g_hook *hooks;	 /* in order of creation; by name after graph_sort() */
	struct g_node *name_chain, *id_chain; /* of the hash tables */
	struct g_node *match;	 /* the same node in the other graph, when two are compared */
	char *path;		 /* for walks: how it is named in a script; NULL: not reached */
	bool mark;		 /* for walks */
};

struct graph {
	struct g_node **node; /* all that ever were; see gone */
	size_t n, room;
	struct g_hook **hook_table;
	struct g_node **name_table, **id_table;
	size_t nhooks, hook_room, node_room;
	bool changed; /* of the live one: it changed while it was read, each time */
};

struct graph *graph_new(void);
void graph_free(struct graph *g); /* NULL is fine */
/* Texts are cut as the kernel cuts them. */
struct g_node *graph_node(struct graph *g, const char *name, const char *type, uint32_t id);
void graph_name(struct graph *g, struct g_node *n, const char *name);
struct g_node *graph_named(const struct graph *g, const char *name); /* NULL: none */
struct g_node *graph_id(const struct graph *g, uint32_t id);
struct g_hook *graph_hook(const struct graph *g, const struct g_node *n, const char *name);
/* The hook of a. NULL: one of the names is in use, or both are the same one. */
struct g_hook *graph_link(struct graph *g, struct g_node *a, const char *ahook, struct g_node *b, const char *bhook);
void graph_unlink(struct graph *g, struct g_hook *h); /* both ends; frees them */
void graph_remove(struct graph *g, struct g_node *n); /* its links; then it is gone */
/* The node that `path`, taken from `here`, leads to, or NULL. IDs are those of the live graph. */
struct g_node *graph_path(const struct graph *g, struct g_node *here, const char *path);
void graph_sort(struct graph *g); /* nodes: named ones by name, then the others by ID; hooks of each by name */

/* PATH with HOOK behind it, for free(): "n:" + "h" = "n:h", "n:h" + "i" = "n:h.i". */
char *path_behind(const char *path, const char *hook);

/* ---- live.c */
/* Read the live graph. Nodes that are being shut down are left out, and so are links half connected or going away. NULL: said so. */
struct graph *graph_live(const char *command);

/* ---- script.c */
/*
 * Write commands that rebuild the graph. Returns how many nodes and links could not be put into words; comments in the script say which.
 */
size_t script_write(struct graph *g, FILE *out);
/*
 * Read the graph that a script of such commands makes, the way ngctl would run it on an empty graph, its own node's end included.
 * NULL: not possible; where and why, on standard error.
 */
struct graph *script_read(FILE *in, const char *name);

#endif /* NGCTL_GRAPH_H */
