/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plan.c - what to change in the live graph to make it the wanted one.
 *
 * First, which nodes are the same: those of one name and type; then whatever sits, with the same type, at the other end of the same hooks of nodes that
 * are the same; then parts of the graph that look the same without any name. What is left is made or ended. Links are the same when
 * both ends are.
 *
 * A list of changes is checked before anything runs and destroys last (<ng/apply.h>): a name or a hook that it gives up cannot be given to another
 * node or link by the same list. Such a wish is refused here, with the way out.
 */
#include "graph.h"
#include "ngctl.h"
#include "plan.h"

#include <err.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct planner {
	struct graph *live, *want;
	struct plan *p;
	struct g_node **queue;
	size_t head, tail;
};

/* ---- results */

static void
op(struct plan *p, const char *verb, const char *const *words)
{
	fputs(verb, p->out);
	change_words(p->out, words);
	putc('\n', p->out);
	p->nops++;
}
#define OP(p, verb, ...) op((p), (verb), (const char *const[]){ __VA_ARGS__, NULL })

static void
differs(struct plan *p, char sign, const char *what, char *a, char *b)
{
	if (p->ndiff == p->room) {
		p->room = p->room == 0 ? 64 : 2 * p->room;
		p->diff = need(realloc(p->diff, p->room * sizeof(*p->diff)));
	}
	p->diff[p->ndiff++] = (struct change){ .sign = sign, .what = what, .a = a, .b = b };
}

static void cannot(struct plan *p, const char *fmt, ...) __attribute__((__format__(__printf__, 2, 3)));

static void
cannot(struct plan *p, const char *fmt, ...)
{
	char text[NG_PATHSIZ + 256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fflush(stdout);
	warnx("apply: %s", text);
	p->problems++;
}

/* The path of a live node. */
static char *
live_path(const struct g_node *n)
{
	char s[NG_NODESIZ + 2];

	if (n->name[0] != '\0')
		snprintf(s, sizeof(s), "%s:", n->name);
	else
		snprintf(s, sizeof(s), "[%x]:", n->id);
	return (need(strdup(s)));
}

static bool
is_there(const struct g_node *n)
{
	return (!n->gone && !n->end);
}

/* ---- which nodes are the same */

static void
same(struct planner *pl, struct g_node *w, struct g_node *v)
{
	w->match = v;
	v->match = w;
	pl->queue[pl->tail++] = w;
}

/* Could w be v, as far as type and name go? A node gets a name, or another one that nobody else wants; it cannot lose one. */
static bool
could_be(const struct planner *pl, const struct g_node *w, const struct g_node *v)
{
	if (w->match != NULL || v->match != NULL || !is_there(v) || strcmp(w->type, v->type) != 0)
		return (false);
	if (strcmp(w->name, v->name) == 0 || v->name[0] == '\0')
		return (true);
	return (w->name[0] != '\0' && graph_named(pl->want, v->name) == NULL);
}

static void
spread(struct planner *pl)
{
	struct g_hook *hw, *hv;
	struct g_node *w;

	while (pl->head < pl->tail) {
		w = pl->queue[pl->head++];
		for (hw = w->hooks; hw != NULL; hw = hw->next) {
			hv = graph_hook(pl->live, w->match, hw->name);
			if (hv != NULL && strcmp(hv->peer->name, hw->peer->name) == 0 && could_be(pl, hw->peer->node, hv->peer->node))
				same(pl, hw->peer->node, hv->peer->node);
		}
	}
}

/* Match w with v and see whether everything that hangs on w is found at v, and nothing more; otherwise forget it. */
static bool
alike(struct planner *pl, struct g_node *w, struct g_node *v)
{
	size_t from = pl->tail, i;
	struct g_hook *hw, *hv;
	bool fine = true;

	same(pl, w, v);
	spread(pl);
	for (i = from; i < pl->tail && fine; i++) {
		fine = pl->queue[i]->nhooks == pl->queue[i]->match->nhooks;
		for (hw = pl->queue[i]->hooks; hw != NULL && fine; hw = hw->next) {
			hv = graph_hook(pl->live, pl->queue[i]->match, hw->name);
			fine = hv != NULL && hv->peer->node == hw->peer->node->match && strcmp(hv->peer->name, hw->peer->name) == 0;
		}
	}
	if (fine)
		return (true);
	for (i = from; i < pl->tail; i++) {
		pl->queue[i]->match->match = NULL;
		pl->queue[i]->match = NULL;
	}
	pl->head = pl->tail = from;
	return (false);
}

static void
find_same(struct planner *pl)
{
	struct g_node *w, *v;
	size_t i, k;

	for (i = 0; i < pl->want->n; i++) {
		w = pl->want->node[i];
		if (!is_there(w) || w->name[0] == '\0' || (v = graph_named(pl->live, w->name)) == NULL)
			continue;
		if (v->end)
			cannot(pl->p, "\"%s\" is the name of a program's own node (%s)", w->name, v->type);
		else if (strcmp(v->type, w->type) != 0)
			cannot(pl->p, "\"%s\" is a %s and should be a %s: its name is not free before the changes are made; shut it down or rename it first",
			    w->name, v->type, w->type);
		else
			same(pl, w, v);
	}
	spread(pl);
	for (i = 0; i < pl->want->n; i++) {
		w = pl->want->node[i];
		for (k = 0; k < pl->live->n && is_there(w) && w->match == NULL; k++) {
			v = pl->live->node[k];
			if (v->name[0] == '\0' && v->nhooks == w->nhooks && could_be(pl, w, v))
				alike(pl, w, v);
		}
	}
}

/* ---- what is new */

/* The wanted link at hw can be made only if neither hook is there. */
static bool
hook_free(struct planner *pl, const struct g_hook *hw)
{
	const struct g_hook *hv;
	char *path, *other;

	if (hw->node->match == NULL || (hv = graph_hook(pl->live, hw->node->match, hw->name)) == NULL)
		return (true);
	path = live_path(hw->node->match);
	other = live_path(hv->peer->node);
	if (hv->peer->node->end)
		cannot(pl->p, "hook \"%s\" of \"%s\" is linked to a program's own node, \"%s\"", hw->name, path, other);
	else
		cannot(pl->p, "hook \"%s\" of \"%s\" is linked to hook \"%s\" of \"%s\": it is not free before the changes are made; remove it first: rmhook %s %s",
		    hw->name, path, hv->peer->name, other, path, hw->name);
	free(path);
	free(other);
	return (false);
}

static void
differs_link(struct plan *p, char sign, const char *a, const struct g_hook *h, const char *b)
{
	differs(p, sign, "link", path_behind(a, h->name), path_behind(b, h->peer->name));
}

/* A new node w, which `path` leads to (NULL: no path does). */
static void
new_node(struct planner *pl, struct g_node *w, char *path)
{
	if (w->name[0] != '\0') {
		if (path != NULL)
			OP(pl->p, "name", path, w->name);
		free(path);
		path = need(malloc(strlen(w->name) + 2));
		sprintf(path, "%s:", w->name);
	}
	w->path = path;
	differs(pl->p, '+', "node", need(strdup(path != NULL ? path : "?")), need(strdup(w->type)));
	pl->queue[pl->tail++] = w;
}

static void
new_link(struct planner *pl, struct g_hook *h)
{
	struct g_node *peer = h->peer->node;
	bool passable = strpbrk(h->name, ".:") == NULL;

	h->done = h->peer->done = true;
	if (!hook_free(pl, h) || !hook_free(pl, h->peer))
		return;
	if (peer->path == NULL) {
		if (strlen(h->node->path) + strlen(h->name) + 2 > NG_PATHSIZ || (!passable && (peer->name[0] != '\0' || peer->nhooks > 1))) {
			cannot(pl->p, "no path leads to the new %s behind hook \"%s\" of \"%s\"", peer->type, h->name, h->node->path);
			return;
		}
		OP(pl->p, "mkpeer", h->node->path, peer->type, h->name, h->peer->name);
		new_node(pl, peer, path_behind(h->node->path, h->name));
	} else
		OP(pl->p, "connect", h->node->path, peer->path, h->name, h->peer->name);
	differs_link(pl->p, '+', h->node->path, h, peer->path);
}

static void
build(struct planner *pl)
{
	struct g_hook *h;

	while (pl->head < pl->tail)
		for (h = pl->queue[pl->head++]->hooks; h != NULL; h = h->next)
			if (!h->done)
				new_link(pl, h);
}

static void
make_new(struct planner *pl)
{
	struct g_hook *hw, *hv;
	struct g_node *w;
	size_t i;

	for (i = 0; i < pl->want->n; i++) {
		w = pl->want->node[i];
		if (!is_there(w) || w->match == NULL)
			continue;
		w->path = live_path(w->match);
		pl->queue[pl->tail++] = w;
		for (hw = w->hooks; hw != NULL; hw = hw->next) {
			hv = graph_hook(pl->live, w->match, hw->name);
			if (hv != NULL && hw->peer->node->match == hv->peer->node && strcmp(hv->peer->name, hw->peer->name) == 0)
				hw->done = hw->peer->done = hv->done = hv->peer->done = true;
		}
	}
	build(pl);
	for (i = 0; i < pl->want->n; i++) {
		w = pl->want->node[i];
		if (!is_there(w) || w->path != NULL)
			continue;
		if (w->name[0] != '\0') {
			OP(pl->p, "mknode", w->type, w->name);
			new_node(pl, w, NULL);
			build(pl);
		} else if (w->hooks == NULL) {
			OP(pl->p, "mknode", w->type);
			new_node(pl, w, NULL);
		} else if (pl->p->problems == 0)
			cannot(pl->p, "a new %s (line %u) cannot be reached from any node that has a name; give it one", w->type, w->line);
	}
}

/* ---- what goes */

static void
end_old(struct planner *pl)
{
	struct g_node *v, *o;
	struct g_hook *h;
	char *a, *b;
	size_t i;

	for (i = 0; i < pl->live->n; i++) {
		v = pl->live->node[i];
		for (h = v->gone ? NULL : v->hooks; h != NULL; h = h->next) {
			o = h->peer->node;
			if (h->done || (v->end && (o->end || o->match != NULL)) || (o->end && v->match != NULL))
				continue;
			h->done = h->peer->done = true;
			a = live_path(v);
			b = live_path(o);
			differs_link(pl->p, '-', a, h, b);
			if (v->match != NULL && o->match != NULL)
				OP(pl->p, "rmhook", a, h->name);
			free(a);
			free(b);
		}
	}
	for (i = 0; i < pl->live->n; i++) {
		v = pl->live->node[i];
		if (!is_there(v) || v->match != NULL)
			continue;
		a = live_path(v);
		OP(pl->p, "shutdown", a);
		differs(pl->p, '-', "node", a, need(strdup(v->type)));
	}
}

/* Last, so that the operations before can use the old names. */
static void
rename_kept(struct planner *pl)
{
	struct g_node *w;
	size_t i;

	for (i = 0; i < pl->want->n; i++) {
		w = pl->want->node[i];
		if (!is_there(w) || w->match == NULL || w->name[0] == '\0' || strcmp(w->name, w->match->name) == 0)
			continue;
		OP(pl->p, "name", w->path, w->name);
		if (w->match->name[0] != '\0')
			differs(pl->p, '-', "name", need(strdup(w->path)), need(strdup(w->match->name)));
		differs(pl->p, '+', "name", need(strdup(w->path)), need(strdup(w->name)));
	}
}

static int
by_sign(const void *x, const void *y)
{
	const struct change *a = x, *b = y;

	if (a->sign != b->sign)
		return (a->sign == '-' ? -1 : 1);
	return (a->at < b->at ? -1 : a->at > b->at);
}

void
plan_make(struct graph *live, struct graph *want, struct plan *p)
{
	struct planner pl = { .live = live, .want = want, .p = p };
	size_t len, i;

	memset(p, 0, sizeof(*p));
	p->out = need(open_memstream(&p->ops, &len));
	graph_sort(live);
	graph_sort(want);
	pl.queue = need(calloc(want->n + 1, sizeof(*pl.queue)));
	find_same(&pl);
	pl.head = pl.tail = 0;
	make_new(&pl);
	end_old(&pl);
	rename_kept(&pl);
	free(pl.queue);
	if (fclose(p->out) != 0)
		need(NULL);
	p->out = NULL;
	for (i = 0; i < p->ndiff; i++)
		p->diff[i].at = i;
	if (p->ndiff > 0)
		qsort(p->diff, p->ndiff, sizeof(*p->diff), by_sign);
}

void
plan_free(struct plan *p)
{
	size_t i;

	for (i = 0; i < p->ndiff; i++) {
		free(p->diff[i].a);
		free(p->diff[i].b);
	}
	free(p->diff);
	free(p->ops);
	memset(p, 0, sizeof(*p));
}
