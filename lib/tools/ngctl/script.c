/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * script.c - a graph as a script of commands, and back.
 *
 * Each part of the graph that hangs together is made from one node, its root. A root with a name and two links or more is made as FreeBSD's
 * ngctl can make it too: as a peer of our own node, which takes one of its hooks; all but the link at that hook is built, our hook is
 * removed, and that link is made last. So the root is never without a hook, which would end it. A root with fewer links takes mknode. The
 * rest of the part follows breadth first, hooks by name, so the script is the same however the graph came about.
 */
#include "graph.h"
#include "ngctl.h"

#include <ctype.h>
#include <err.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define TEMPORARY "save" /* our hook */

struct writer {
	struct graph *g;
	FILE *out;
	size_t lost;		/* things that could not be said */
	unsigned invented;	/* names */
	struct g_node **queue;	/* nodes made, to be walked */
	size_t head, tail;
};

/* A word of a line: no blank in it, and something. */
static bool
word_ok(const char *s)
{
	return (s[0] != '\0' && s[strcspn(s, " \t\r\n\v\f")] == '\0');
}

static bool
in_path_ok(const char *hook)
{
	return (word_ok(hook) && strpbrk(hook, ".:") == NULL);
}

static bool
sayable(const struct g_hook *h)
{
	return (!h->node->end && !h->peer->node->end && word_ok(h->name) && word_ok(h->peer->name));
}

static bool
has_name(const struct g_node *n)
{
	return (n->name[0] != '\0' && word_ok(n->name));
}

/* How many links it has that can be said and are not yet; one to itself counts once. */
static size_t
links(const struct g_node *n)
{
	const struct g_hook *h;
	size_t k = 0;

	for (h = n->hooks; h != NULL; h = h->next)
		k += sayable(h) && !h->done && (h->peer->node != n || strcmp(h->name, h->peer->name) < 0);
	return (k);
}

static void
lost(struct writer *w, const char *what, const struct g_hook *h)
{
	fprintf(w->out, "# %s: the link from %s %s, hook \"%s\", to %s %s, hook \"%s\"\n", what, h->node->type,
	    h->node->name[0] != '\0' ? h->node->name : UNNAMED, h->name, h->peer->node->type,
	    h->peer->node->name[0] != '\0' ? h->peer->node->name : UNNAMED, h->peer->name);
	w->lost++;
}

/* n is made; `path` (NULL: none) leads to it. */
static void
made(struct writer *w, struct g_node *n, char *path)
{
	if (has_name(n) && path != NULL && strlen(path) < NG_PATHSIZ) {
		fprintf(w->out, "name %s %s\n", path, n->name);
		free(path);
		path = NULL;
	}
	if (has_name(n) && path == NULL) {
		path = need(malloc(sizeof(n->name) + 1));
		snprintf(path, sizeof(n->name) + 1, "%s:", n->name);
	} else if (n->name[0] != '\0') {
		fprintf(w->out, "# not in here: a name of a %s, \"%s\"\n", n->type, n->name);
		w->lost++;
	}
	n->path = path;
	w->queue[w->tail++] = n;
}

/* The link at h, from the node of h, which is made. */
static void
link_from(struct writer *w, struct g_hook *h)
{
	struct g_node *n = h->node, *peer = h->peer->node;
	char *path;

	if (h->done)
		return;
	h->done = h->peer->done = true;
	if (n->path == NULL || strlen(n->path) >= NG_PATHSIZ)
		lost(w, "not in here, for no path leads to it", h);
	else if (!peer->mark) {
		peer->mark = true;
		fprintf(w->out, "mkpeer %s %s %s %s\n", n->path, peer->type, h->name, h->peer->name);
		path = in_path_ok(h->name) ? path_behind(n->path, h->name) : NULL;
		if (path == NULL && has_name(peer)) {
			fprintf(w->out, "# not in here, for no path leads to it: the name of a %s, \"%s\"\n", peer->type, peer->name);
			w->lost++;
			peer->name[0] = '\0';
		}
		made(w, peer, path);
	} else if (peer->path == NULL || strlen(peer->path) >= NG_PATHSIZ)
		lost(w, "not in here, for no path leads to it", h);
	else
		fprintf(w->out, "connect %s %s %s %s\n", n->path, peer->path, h->name, h->peer->name);
}

/* All that can be reached from the nodes in the queue; first through hooks that paths can go through. */
static void
build(struct writer *w)
{
	size_t from = w->head, i;
	struct g_hook *h;

	for (;;) {
		while (w->head < w->tail)
			for (h = w->queue[w->head++]->hooks; h != NULL; h = h->next)
				if (sayable(h) && (in_path_ok(h->name) || h->peer->node->mark))
					link_from(w, h);
		for (i = from; i < w->tail && w->head == w->tail; i++)
			for (h = w->queue[i]->hooks; h != NULL; h = h->next)
				if (sayable(h))
					link_from(w, h);
		if (w->head == w->tail)
			return;
	}
}

/* The part that n belongs to, into the queue from its tail; marks them. Returns how many. */
static size_t
part(struct writer *w, struct g_node *n)
{
	size_t head = w->tail, tail = w->tail;
	const struct g_hook *h;

	n->mark = true;
	w->queue[tail++] = n;
	while (head < tail)
		for (h = w->queue[head++]->hooks; h != NULL; h = h->next)
			if (sayable(h) && !h->peer->node->mark) {
				h->peer->node->mark = true;
				w->queue[tail++] = h->peer->node;
			}
	return (tail - w->tail);
}

/* Lower is better. Nodes come sorted, so the first of the best is taken. */
static int
rank(const struct g_node *n)
{
	return ((has_name(n) ? 0 : 2) + (links(n) >= 2 ? 0 : 1));
}

static int
before(const struct g_node *a, const struct g_node *b)
{
	int ra = rank(a), rb = rank(b);

	if (ra != rb)
		return (ra < rb);
	if (has_name(a))
		return (strcmp(a->name, b->name) < 0);
	return (a->id < b->id);
}

static void
write_part(struct writer *w, struct g_node *any)
{
	struct g_node *root = any;
	struct g_hook *last = NULL, *h;
	size_t n = part(w, any), from = w->tail, i;

	for (i = 0; i < n; i++) {
		w->queue[w->tail + i]->mark = false;
		if (before(w->queue[w->tail + i], root))
			root = w->queue[w->tail + i];
	}
	putc('\n', w->out);
	root->mark = true;
	if (!has_name(root) && n > 1) {
		if (root->name[0] != '\0') {
			fprintf(w->out, "# not in here: a name of a %s, \"%s\"\n", root->type, root->name);
			w->lost++;
		}
		do
			snprintf(root->name, sizeof(root->name), "saved%u", ++w->invented);
		while (graph_named(w->g, root->name) != NULL);
		fprintf(w->out, "# no node of this part has a name that a script could use, so this one gets one: %s\n", root->name);
	}
	if (links(root) >= 2) {
		for (last = root->hooks; last->done || !sayable(last); last = last->next)
			;
		last->done = last->peer->done = true;
		fprintf(w->out, "mkpeer . %s " TEMPORARY " %s\n", root->type, last->name);
		made(w, root, path_behind(".:", TEMPORARY));
		build(w);
		fprintf(w->out, "rmhook . " TEMPORARY "\n");
		last->done = last->peer->done = false;
		link_from(w, last);
	} else {
		fprintf(w->out, "mknode %s%s%s\n", root->type, has_name(root) ? " " : "", has_name(root) ? root->name : "");
		made(w, root, NULL);
	}
	build(w);
	for (i = from; i < w->tail; i++) /* what is left */
		for (h = w->queue[i]->hooks; h != NULL; h = h->next) {
			if (h->done || (!h->peer->node->end && sayable(h)))
				continue;
			if (h->peer->node->end)
				fprintf(w->out, "# not in here, for a program holds it: hook \"%s\" of %s %s\n", h->name, h->node->type,
				    h->node->name[0] != '\0' ? h->node->name : UNNAMED);
			else {
				h->done = h->peer->done = true;
				lost(w, "not in here, for a hook's name has a blank in it", h);
			}
		}
}

size_t
script_write(struct graph *g, FILE *out)
{
	struct writer w = { .g = g, .out = out };
	size_t i;

	graph_sort(g);
	w.queue = need(calloc(g->n + 1, sizeof(*w.queue)));
	fprintf(out, "# Rebuilds a graph: ngctl -f FILE on an empty one; ngctl apply FILE changes one into it.\n");
	fprintf(out, "# Nodes and links only: what nodes were told in messages, their configuration, is not in here.\n");
	for (i = 0; i < g->n; i++)
		if (!g->node[i]->end && !g->node[i]->gone && !g->node[i]->mark)
			write_part(&w, g->node[i]);
	free(w.queue);
	return (w.lost);
}

/* ---- and back */

struct reader {
	struct graph *g;
	struct g_node *self;
	const char *file;
	unsigned line;
};

static bool wrong(const struct reader *r, const char *fmt, ...) __attribute__((__format__(__printf__, 2, 3)));

static bool
wrong(const struct reader *r, const char *fmt, ...)
{
	char text[NG_PATHSIZ + 128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fflush(stdout);
	warnx("%s: line %u: %s", r->file, r->line, text);
	return (false);
}

/* A node that lost a link: most types end with the last one. */
static void
may_end(struct reader *r, struct g_node *n)
{
	if (!n->end && !n->gone && n->hooks == NULL)
		graph_remove(r->g, n);
}

static bool
legal(const char *name)
{
	size_t len = strlen(name);

	return (len > 0 && len < NG_NODESIZ && strpbrk(name, ".:") == NULL && name[0] != '[');
}

static bool
free_name(struct reader *r, const struct g_node *n, const char *name)
{
	const struct g_node *o = graph_named(r->g, name);

	if (!legal(name))
		return (wrong(r, "\"%s\" is no legal name", name));
	return (o == NULL || o == n || wrong(r, "another node is called \"%s\" (line %u)", name, o->line));
}

static bool
do_link(struct reader *r, struct g_node *n, const char *path, struct g_node *peer, char **hooks)
{
	if (graph_link(r->g, n, hooks[0], peer, hooks[1]) != NULL)
		return (true);
	return (graph_hook(r->g, n, hooks[0]) != NULL ? wrong(r, "hook \"%s\" of \"%s\" is in use", hooks[0], path) :
	    wrong(r, "hook \"%s\" is in use", hooks[1]));
}

static bool
do_line(struct reader *r, int ac, char **av)
{
	const struct command *c;
	struct g_node *n, *peer;
	struct g_hook *h;
	const char *path = ".";
	bool ambiguous;

	if ((c = command_match(av[0], &ambiguous)) == NULL)
		return (wrong(r, ambiguous ? "\"%s\": ambiguous command" : "\"%s\": unknown command", av[0]));
	if (strcmp(c->name, "mknode") == 0) {
		if (ac != 2 && ac != 3)
			return (wrong(r, "usage: %s", c->synopsis));
		if (ac == 3 && !free_name(r, NULL, av[2]))
			return (false);
		n = graph_node(r->g, ac == 3 ? av[2] : "", av[1], 0);
		n->line = r->line;
		return (true);
	}
	if ((strcmp(c->name, "mkpeer") == 0 || strcmp(c->name, "connect") == 0) && (ac == 4 || ac == 5))
		path = ac == 5 ? (av++)[1] : path;
	else if (strcmp(c->name, "rmhook") == 0 && (ac == 2 || ac == 3))
		path = ac == 3 ? (av++)[1] : path;
	else if ((strcmp(c->name, "name") == 0 && ac == 3) || (strcmp(c->name, "shutdown") == 0 && ac == 2))
		path = av[1];
	else if (strstr(" mkpeer connect rmhook name shutdown ", c->name) != NULL)
		return (wrong(r, "usage: %s", c->synopsis));
	else
		return (wrong(r, "\"%s\" does not describe a graph; mknode, mkpeer, connect, name, rmhook and shutdown do", c->name));
	if ((n = graph_path(r->g, r->self, path)) == NULL)
		return (wrong(r, "there is nothing at \"%s\"", path));
	if (strcmp(c->name, "mkpeer") == 0) {
		peer = graph_node(r->g, "", av[1], 0);
		peer->line = r->line;
		return (do_link(r, n, path, peer, av + 2));
	}
	if (strcmp(c->name, "connect") == 0) {
		if ((peer = graph_path(r->g, n, av[1])) == NULL)
			return (wrong(r, "there is nothing at \"%s\"", av[1]));
		return (do_link(r, n, path, peer, av + 2));
	}
	if (strcmp(c->name, "name") == 0) {
		if (n == r->self || !free_name(r, n, av[2]))
			return (n != r->self || wrong(r, "ngctl's own node is not part of the graph"));
		graph_name(r->g, n, av[2]);
		return (true);
	}
	if (strcmp(c->name, "rmhook") == 0) {
		if ((h = graph_hook(r->g, n, av[1])) == NULL)
			return (true); /* no error there either */
		peer = h->peer->node;
		graph_unlink(r->g, h);
		may_end(r, n);
		may_end(r, peer);
		return (true);
	}
	if (n == r->self)
		return (wrong(r, "ngctl's own node is not part of the graph"));
	while ((h = n->hooks) != NULL) {
		peer = h->peer->node;
		graph_unlink(r->g, h);
		if (peer != n)
			may_end(r, peer);
	}
	graph_remove(r->g, n);
	return (true);
}

/* Our own node goes: what hung on it alone would go with it, which is hardly what was meant. */
static bool
finish(struct reader *r)
{
	struct g_node *n;
	bool fine = true;

	while (r->self->hooks != NULL) {
		n = r->self->hooks->peer->node;
		graph_unlink(r->g, r->self->hooks);
		if (n != r->self && n->hooks == NULL) {
			r->line = n->line;
			fine = wrong(r, "a %s is linked to ngctl's own node only, and would end with it; make it with mknode", n->type);
		}
	}
	graph_remove(r->g, r->self);
	return (fine);
}

struct graph *
script_read(FILE *in, const char *name)
{
	struct reader r = { .g = graph_new(), .file = name };
	char *line = NULL, *av[8], *word, *rest;
	size_t room = 0;
	bool fine = true;
	int ac;

	r.self = graph_node(r.g, "", "socket", 0);
	while (fine && getline(&line, &room, in) >= 0) {
		r.line++;
		if (line[0] == '#')
			continue;
		ac = 0;
		for (word = strtok_r(line, " \t\r\n\v\f", &rest); word != NULL; word = strtok_r(NULL, " \t\r\n\v\f", &rest)) {
			if (ac < 7)
				av[ac] = word;
			ac++;
		}
		av[ac < 7 ? ac : 7] = NULL;
		if (ac > 0)
			fine = do_line(&r, ac, av);
	}
	free(line);
	if (fine && ferror(in)) {
		warn("%s", name);
		fine = false;
	}
	if (!fine || !finish(&r)) {
		graph_free(r.g);
		return (NULL);
	}
	return (r.g);
}
