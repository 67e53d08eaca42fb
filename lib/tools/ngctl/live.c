/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * live.c - the live graph, read into memory: the list of nodes, then each one's hooks. Not of one instant: what comes and goes meanwhile may be
 * in it or not, but a link is in it only if both of its ends said so.
 */
#include "graph.h"
#include "ngctl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A link as one of its ends tells it. */
struct half {
	uint32_t id, peer;
	const struct linkinfo *link;
};

static int
by_end(const void *x, const void *y)
{
	const struct half *a = x, *b = y;

	if (a->id != b->id)
		return (a->id < b->id ? -1 : 1);
	return (strncmp(a->link->ourhook, b->link->ourhook, NG_HOOKSIZ));
}

static void
add_links(struct graph *g, struct half *half, size_t n)
{
	struct linkinfo other;
	struct half key, *far;
	size_t i;

	if (n > 0)
		qsort(half, n, sizeof(*half), by_end);
	for (i = 0; i < n; i++) {
		memcpy(other.ourhook, half[i].link->peerhook, sizeof(other.ourhook));
		key = (struct half){ .id = half[i].peer, .link = &other };
		far = bsearch(&key, half, n, sizeof(*half), by_end);
		if (far == NULL || far->peer != half[i].id || strncmp(far->link->peerhook, half[i].link->ourhook, NG_HOOKSIZ) != 0)
			continue;
		/* the second end finds the names in use */
		graph_link(g, graph_id(g, half[i].id), half[i].link->ourhook, graph_id(g, half[i].peer), half[i].link->peerhook);
	}
}

/* What a command says when it cannot read; dot has FreeBSD's words for each step. */
static void
complain(const char *command, const char *what, const char *path)
{
	char text[64];

	if (strcmp(command, "complete") == 0)
		return;
	snprintf(text, sizeof(text), "%s %smsg", strstr(what, "send") != NULL ? "send" : "recv",
	    strcmp(command, "dot") != 0 ? "" : strstr(what, "nodes") != NULL ? "listnodes " : "listhooks ");
	failed(text, &(struct about){ .command = command, .path = path });
}

struct graph *
graph_live(const char *command)
{
	struct ng_mesg *rep, **hooks = NULL;
	const struct namelist *l;
	const struct hooklist *h;
	struct half *half = NULL;
	size_t n = 0, room = 0;
	struct graph *g;
	uint32_t i, k, nodes, nlinks;
	enum asked r;
	char path[16];

	if ((r = ask(".", NGM_GENERIC_COOKIE, NGM_LISTNODES, NULL, 0, &rep)) != ASK_OK) {
		complain(command, r == ASK_SEND ? "send nodes" : "recv nodes", ".");
		return (NULL);
	}
	l = (const void *)rep->data;
	nodes = rep->header.arglen < sizeof(*l) ? 0 : (uint32_t)((rep->header.arglen - sizeof(*l)) / sizeof(l->nodeinfo[0]));
	if (nodes > 0 && l->numnames < nodes)
		nodes = l->numnames;
	g = graph_new();
	for (i = 0; i < nodes; i++)
		graph_node(g, l->nodeinfo[i].name, l->nodeinfo[i].type, l->nodeinfo[i].id);
	free(rep);
	hooks = need(calloc(nodes + 1, sizeof(*hooks)));
	for (i = 0; i < nodes; i++) {
		snprintf(path, sizeof(path), "[%x]:", g->node[i]->id);
		if ((r = ask(path, NGM_GENERIC_COOKIE, NGM_LISTHOOKS, NULL, 0, &hooks[i])) != ASK_OK) {
			if (errno == ENOENT || errno == ENXIO) {
				g->node[i]->gone = true;
				continue;
			}
			complain(command, r == ASK_SEND ? "send hooks" : "recv hooks", path);
			graph_free(g);
			g = NULL;
			break;
		}
		h = (const void *)hooks[i]->data;
		nlinks = hooks[i]->header.arglen < sizeof(*h) ? 0 : (uint32_t)((hooks[i]->header.arglen - sizeof(*h)) / sizeof(h->link[0]));
		if (nlinks > 0 && h->nodeinfo.hooks < nlinks)
			nlinks = h->nodeinfo.hooks;
		for (k = 0; k < nlinks; k++) {
			if (n == room) {
				room = room == 0 ? 256 : 2 * room;
				half = need(realloc(half, room * sizeof(*half)));
			}
			half[n++] = (struct half){ .id = g->node[i]->id, .peer = h->link[k].nodeinfo.id, .link = &h->link[k] };
		}
	}
	if (g != NULL) {
		for (i = 0; i < nodes; i++)
			if (g->node[i]->gone)
				graph_remove(g, g->node[i]);
		add_links(g, half, n);
	}
	for (i = 0; i < nodes; i++)
		free(hooks[i]);
	free(hooks);
	free(half);
	return (g);
}
