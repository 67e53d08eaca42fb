/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * live.c - the live graph, read into memory from one snapshot of it. Of a graph that does not change while it is read that is what it is; of one that
 * does, each link was there at some moment, but two of them perhaps not at the same.
 */
#include "graph.h"
#include "question.h"

#include <stdlib.h>
#include <string.h>

#include <ng/host.h>

#define TRIES 5 /* for a snapshot during which nothing changed */

/* A link, the end that comes first in front. */
struct edge {
	const struct ngu_snap_end *end[2];
};

static int
by_end(const struct ngu_snap_end *a, const struct ngu_snap_end *b)
{
	if (a->id != b->id)
		return (a->id < b->id ? -1 : 1);
	return (strncmp(a->hook, b->hook, sizeof(a->hook)));
}

static int
by_first_end(const void *x, const void *y)
{
	const struct edge *a = x, *b = y;

	return (by_end(a->end[0], b->end[0]));
}

static void
add_links(struct graph *g, struct g_node *const *node, const struct ngu_snapshot *s)
{
	struct edge *e = need(calloc((size_t)s->nlinks + 1, sizeof(*e)));
	const struct ngu_snap_link *l;
	char name[2][NG_HOOKSIZ];
	size_t n = 0, i, k;

	for (i = 0; i < s->nlinks; i++) {
		l = NGU_SNAP_LINK(s, i);
		if (((l->end[0].flags | l->end[1].flags) & NGU_H_INVALID) != 0 || node[l->end[0].node] == NULL || node[l->end[1].node] == NULL)
			continue; /* half connected, or going away */
		k = by_end(&l->end[0], &l->end[1]) > 0;
		e[n++] = (struct edge){ { &l->end[k], &l->end[!k] } };
	}
	if (n > 0)
		qsort(e, n, sizeof(*e), by_first_end);
	for (i = 0; i < n; i++) {
		for (k = 0; k < 2; k++)
			snprintf(name[k], sizeof(name[k]), "%.*s", NG_HOOKSIZ - 1, e[i].end[k]->hook);
		graph_link(g, node[e[i].end[0]->node], name[0], node[e[i].end[1]->node], name[1]);
	}
	free(e);
}

struct graph *
graph_live(const char *command)
{
	struct graph *g;
	const struct ngu_snap_node *n;
	struct ngu_snapshot *s = NULL;
	char name[NG_NODESIZ], type[NG_TYPESIZ];
	struct g_node **node;
	int tries;
	size_t i;

	for (tries = 0; s == NULL || ((s->flags & NGU_SNAP_CHANGED) != 0 && tries < TRIES); tries++) {
		free(s);
		if (!question_or_say(command, NGU_ASK_SNAPSHOT, NULL, NULL, NULL, NGU_B_SNAPSHOT, &s))
			return (NULL);
	}
	g = graph_new();
	g->changed = (s->flags & NGU_SNAP_CHANGED) != 0;
	node = need(calloc((size_t)s->nnodes + 1, sizeof(struct g_node *)));
	for (i = 0; i < s->nnodes; i++) {
		n = NGU_SNAP_NODE(s, i);
		if ((n->flags & NGU_N_DYING) != 0)
			continue;
		snprintf(name, sizeof(name), "%.*s", NG_NODESIZ - 1, n->name);
		snprintf(type, sizeof(type), "%.*s", NG_TYPESIZ - 1, n->type);
		node[i] = graph_node(g, name, type, n->id);
	}
	add_links(g, node, s);
	free(node);
	free(s);
	return (g);
}
