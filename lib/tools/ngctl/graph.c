/* SPDX-License-Identifier: BSD-2-Clause */
/* graph.c - nodes and hooks in memory, found by name, by ID and by path. */
#include "graph.h"
#include "ngctl.h"

#include <stdlib.h>
#include <string.h>

static size_t
hash(size_t h, const char *s)
{
	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 1099511628211u;
	return (h ^ h >> 29);
}

static size_t
hook_hash(const struct g_node *n, const char *name)
{
	return (hash((uintptr_t)n >> 4, name));
}

static size_t
id_hash(uint32_t id)
{
	return (id * 2654435761u);
}

struct graph *
graph_new(void)
{
	struct graph *g = need(calloc(1, sizeof(*g)));

	g->hook_room = g->node_room = 64;
	g->hook_table = need(calloc(g->hook_room, sizeof(*g->hook_table)));
	g->name_table = need(calloc(g->node_room, sizeof(*g->name_table)));
	g->id_table = need(calloc(g->node_room, sizeof(*g->id_table)));
	return (g);
}

void
graph_free(struct graph *g)
{
	struct g_hook *h;
	size_t i;

	if (g == NULL)
		return;
	for (i = 0; i < g->n; i++) {
		while ((h = g->node[i]->hooks) != NULL) {
			g->node[i]->hooks = h->next;
			free(h);
		}
		free(g->node[i]->path);
		free(g->node[i]);
	}
	free(g->node);
	free(g->hook_table);
	free(g->name_table);
	free(g->id_table);
	free(g);
}

/* ---- nodes */

static void
node_enter(struct graph *g, struct g_node *n)
{
	struct g_node **p;

	if (n->name[0] != '\0') {
		p = &g->name_table[hash(0, n->name) & (g->node_room - 1)];
		n->name_chain = *p;
		*p = n;
	}
	if (n->id != 0) {
		p = &g->id_table[id_hash(n->id) & (g->node_room - 1)];
		n->id_chain = *p;
		*p = n;
	}
}

static void
name_leave(struct graph *g, struct g_node *n)
{
	struct g_node **p;

	if (n->name[0] == '\0')
		return;
	for (p = &g->name_table[hash(0, n->name) & (g->node_room - 1)]; *p != NULL; p = &(*p)->name_chain)
		if (*p == n) {
			*p = n->name_chain;
			break;
		}
	n->name[0] = '\0';
}

static void
more_nodes(struct graph *g)
{
	size_t i;

	g->room = g->room == 0 ? 64 : 2 * g->room;
	g->node = need(realloc(g->node, g->room * sizeof(*g->node)));
	if (g->room <= g->node_room)
		return;
	g->node_room = g->room;
	free(g->name_table);
	free(g->id_table);
	g->name_table = need(calloc(g->node_room, sizeof(*g->name_table)));
	g->id_table = need(calloc(g->node_room, sizeof(*g->id_table)));
	for (i = 0; i < g->n; i++)
		if (!g->node[i]->gone)
			node_enter(g, g->node[i]);
}

struct g_node *
graph_node(struct graph *g, const char *name, const char *type, uint32_t id)
{
	struct g_node *n = need(calloc(1, sizeof(*n)));

	snprintf(n->name, sizeof(n->name), "%s", name);
	snprintf(n->type, sizeof(n->type), "%s", type);
	n->id = id;
	n->end = strcmp(n->type, "socket") == 0 || strcmp(n->type, "port") == 0;
	if (g->n == g->room)
		more_nodes(g);
	g->node[g->n++] = n;
	node_enter(g, n);
	return (n);
}

void
graph_name(struct graph *g, struct g_node *n, const char *name)
{
	struct g_node **p;

	name_leave(g, n);
	snprintf(n->name, sizeof(n->name), "%s", name);
	if (n->name[0] == '\0')
		return;
	p = &g->name_table[hash(0, n->name) & (g->node_room - 1)];
	n->name_chain = *p;
	*p = n;
}

struct g_node *
graph_named(const struct graph *g, const char *name)
{
	struct g_node *n;

	for (n = g->name_table[hash(0, name) & (g->node_room - 1)]; n != NULL; n = n->name_chain)
		if (strcmp(n->name, name) == 0)
			return (n);
	return (NULL);
}

struct g_node *
graph_id(const struct graph *g, uint32_t id)
{
	struct g_node *n;

	for (n = g->id_table[id_hash(id) & (g->node_room - 1)]; n != NULL; n = n->id_chain)
		if (n->id == id && !n->gone)
			return (n);
	return (NULL);
}

/* ---- hooks */

struct g_hook *
graph_hook(const struct graph *g, const struct g_node *n, const char *name)
{
	struct g_hook *h;

	for (h = g->hook_table[hook_hash(n, name) & (g->hook_room - 1)]; h != NULL; h = h->chain)
		if (h->node == n && strcmp(h->name, name) == 0)
			return (h);
	return (NULL);
}

static void
hook_enter(struct graph *g, struct g_hook *h)
{
	struct g_hook **p = &g->hook_table[hook_hash(h->node, h->name) & (g->hook_room - 1)];

	h->chain = *p;
	*p = h;
}

static struct g_hook *
add_hook(struct graph *g, struct g_node *n, const char *name)
{
	struct g_hook *h = need(calloc(1, sizeof(*h))), *o;
	size_t i;

	snprintf(h->name, sizeof(h->name), "%s", name);
	h->node = n;
	if (n->hooks == NULL)
		h->prev = h; /* the first one's is the last */
	else {
		h->prev = n->hooks->prev;
		h->prev->next = h;
		n->hooks->prev = h;
	}
	if (n->hooks == NULL)
		n->hooks = h;
	n->nhooks++;
	if (++g->nhooks > g->hook_room) {
		g->hook_room *= 2;
		free(g->hook_table);
		g->hook_table = need(calloc(g->hook_room, sizeof(*g->hook_table)));
		for (i = 0; i < g->n; i++)
			for (o = g->node[i]->hooks; o != NULL; o = o->next)
				if (o != h)
					hook_enter(g, o);
	}
	hook_enter(g, h);
	return (h);
}

struct g_hook *
graph_link(struct graph *g, struct g_node *a, const char *ahook, struct g_node *b, const char *bhook)
{
	char acut[NG_HOOKSIZ], bcut[NG_HOOKSIZ];
	struct g_hook *ah, *bh;

	snprintf(acut, sizeof(acut), "%s", ahook);
	snprintf(bcut, sizeof(bcut), "%s", bhook);
	if (graph_hook(g, a, acut) != NULL || graph_hook(g, b, bcut) != NULL || (a == b && strcmp(acut, bcut) == 0))
		return (NULL);
	ah = add_hook(g, a, acut);
	bh = add_hook(g, b, bcut);
	ah->peer = bh;
	bh->peer = ah;
	return (ah);
}

static void
remove_hook(struct graph *g, struct g_hook *h)
{
	struct g_node *n = h->node;
	struct g_hook **p;

	for (p = &g->hook_table[hook_hash(n, h->name) & (g->hook_room - 1)]; *p != h; p = &(*p)->chain)
		;
	*p = h->chain;
	if (n->hooks == h) {
		n->hooks = h->next;
		if (h->next != NULL)
			h->next->prev = h->prev;
	} else {
		h->prev->next = h->next;
		if (h->next != NULL)
			h->next->prev = h->prev;
		else
			n->hooks->prev = h->prev;
	}
	n->nhooks--;
	g->nhooks--;
	free(h);
}

void
graph_unlink(struct graph *g, struct g_hook *h)
{
	struct g_hook *peer = h->peer;

	remove_hook(g, h);
	remove_hook(g, peer);
}

void
graph_remove(struct graph *g, struct g_node *n)
{
	while (n->hooks != NULL)
		graph_unlink(g, n->hooks);
	name_leave(g, n);
	n->gone = true;
}

/* ---- paths */

struct g_node *
graph_path(const struct graph *g, struct g_node *here, const char *path)
{
	const char *colon = strchr(path, ':'), *p = path;
	char part[NG_PATHSIZ], *end;
	struct g_node *n = here;
	const struct g_hook *h;
	unsigned long id;
	size_t len;

	if (strlen(path) >= sizeof(part))
		return (NULL);
	if (colon != NULL) {
		snprintf(part, sizeof(part), "%.*s", (int)(colon - path), path);
		p = colon + 1;
		if (part[0] == '\0' || strchr(p, ':') != NULL || (strchr(part, '.') != NULL && strcmp(part, ".") != 0))
			return (NULL);
		if (strcmp(part, ".") != 0 && (n = graph_named(g, part)) == NULL && part[0] == '[') {
			id = strtoul(part + 1, &end, 16);
			n = strcmp(end, "]") == 0 && id <= UINT32_MAX ? graph_id(g, (uint32_t)id) : NULL;
		}
	}
	if (*p == '.')
		p++;
	while (n != NULL && *p != '\0') {
		len = strcspn(p, ".");
		snprintf(part, sizeof(part), "%.*s", (int)len, p);
		if (len == 0 || len >= NG_HOOKSIZ)
			return (NULL);
		h = graph_hook(g, n, part);
		n = h != NULL ? h->peer->node : NULL;
		p += len + (p[len] == '.');
	}
	return (n);
}

char *
path_behind(const char *path, const char *hook)
{
	size_t len = strlen(path), more = strlen(hook);
	char *s = need(malloc(len + more + 2));

	memcpy(s, path, len);
	if (len > 0 && path[len - 1] != ':')
		s[len++] = '.';
	memcpy(s + len, hook, more + 1);
	return (s);
}

/* ---- order */

static int
by_node(const void *x, const void *y)
{
	const struct g_node *a = *(struct g_node *const *)x, *b = *(struct g_node *const *)y;

	if ((a->name[0] == '\0') != (b->name[0] == '\0'))
		return (a->name[0] == '\0' ? 1 : -1);
	if (a->name[0] != '\0')
		return (strcmp(a->name, b->name));
	return (a->id < b->id ? -1 : a->id > b->id);
}

static int
by_hook(const void *x, const void *y)
{
	return (strcmp((*(struct g_hook *const *)x)->name, (*(struct g_hook *const *)y)->name));
}

void
graph_sort(struct graph *g)
{
	struct g_hook **v = NULL, *h;
	size_t room = 0, i, k;

	if (g->n > 0)
		qsort(g->node, g->n, sizeof(*g->node), by_node);
	for (i = 0; i < g->n; i++) {
		if (g->node[i]->nhooks < 2)
			continue;
		if (g->node[i]->nhooks > room) {
			room = g->node[i]->nhooks;
			v = need(realloc(v, room * sizeof(*v)));
		}
		for (k = 0, h = g->node[i]->hooks; h != NULL; h = h->next)
			v[k++] = h;
		qsort(v, k, sizeof(*v), by_hook);
		g->node[i]->hooks = v[0];
		v[0]->prev = v[k - 1];
		v[k - 1]->next = NULL;
		while (--k > 0) {
			v[k]->prev = v[k - 1];
			v[k - 1]->next = v[k];
		}
	}
	free(v);
}
