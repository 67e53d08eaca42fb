/* SPDX-License-Identifier: BSD-2-Clause */
/* dot.c - ngctl dot: the graph for GraphViz, or drawn by it. */
#include "commands.h"
#include "graph.h"

#include <err.h>
#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Text in a label; in those of records more characters mean something. */
static void
label(FILE *f, const char *s, bool record)
{
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\' || (record && strchr("{}|<> ", *s) != NULL))
			putc('\\', f);
		putc(*s, f);
	}
}

static void
nodes(FILE *f, const struct graph *g)
{
	const struct g_node *n;
	size_t i;

	fputs("\tnode [ shape = record, fontsize = 12 ] {\n", f);
	for (i = 0; i < g->n; i++) {
		n = g->node[i];
		if (n->gone)
			continue;
		fprintf(f, "\t\t\"%x\" [ label = \"{", n->id);
		if (n->name[0] != '\0')
			label(f, n->name, true);
		else
			fputs("\\<unnamed\\>", f);
		fputs(":|{", f);
		label(f, n->type, true);
		fprintf(f, "|[%x]:}}\" ];\n", n->id);
	}
	fputs("\t};\n", f);
	fputs("\tsubgraph cluster_disconnected {\n\t\tbgcolor = pink;\n", f);
	for (i = 0; i < g->n; i++)
		if (!g->node[i]->gone && g->node[i]->hooks == NULL)
			fprintf(f, "\t\t\"%x\";\n", g->node[i]->id);
	fputs("\t};\n", f);
}

static void
end(FILE *f, const struct g_hook *h)
{
	fprintf(f, "\"%x.", h->node->id);
	label(f, h->name, false);
	putc('"', f);
}

static void
heading(FILE *f, const char *kind, const struct graph *g)
{
	fprintf(f, "%s netgraph {\n", kind);
	if (g->changed)
		fputs("\t/* The graph changed while it was read: not all of this may have been there at the same time. */\n", f);
}

/* Each hook a node of its own; of each node the hooks, the edges to them, and the links. */
static void
whole(FILE *f, const struct graph *g)
{
	const struct g_hook *first, *h;
	size_t i;

	heading(f, "graph", g);
	fputs("\tedge [ weight = 1.0 ];\n", f);
	nodes(f, g);
	for (i = 0; i < g->n; i++) {
		if ((first = g->node[i]->hooks) == NULL)
			continue;
		fputs("\tnode [ shape = octagon, fontsize = 10 ] {\n", f);
		for (h = first; h != NULL; h = h->next) {
			fputs("\t\t", f);
			end(f, h);
			fputs(" [ label = \"", f);
			label(f, h->name, false);
			fputs("\" ];\n", f);
		}
		fputs("\t};\n\t{\n\t\tedge [ weight = 2.0, style = bold ];\n", f);
		for (h = first; h != NULL; h = h->next) {
			fprintf(f, "\t\t\"%x\" -- ", h->node->id);
			end(f, h);
			fputs(";\n", f);
		}
		fputs("\t};\n", f);
		for (h = first; h != NULL; h = h->next) {
			/* once a link, where the peer's ID is not the higher one; of a node's link to itself, its first hook */
			if (h->peer->node->id > h->node->id || (h->peer->node == h->node && strcmp(h->name, h->peer->name) > 0))
				continue;
			putc('\t', f);
			end(f, h);
			fputs(" -- ", f);
			end(f, h->peer);
			fputs(";\n", f);
		}
	}
	fputs("}\n", f);
}

static void
compact(FILE *f, const struct graph *g)
{
	const struct g_hook *h;
	size_t i;

	heading(f, "digraph", g);
	fputs("\tedge [ dir = \"none\", fontsize = 10 ];\n", f);
	nodes(f, g);
	for (i = 0; i < g->n; i++)
		for (h = g->node[i]->hooks; h != NULL; h = h->next) {
			if (h->peer->node->id > h->node->id || (h->peer->node == h->node && strcmp(h->name, h->peer->name) > 0))
				continue;
			fprintf(f, "\t\"%x\" -> \"%x\" [ headlabel = \"", h->peer->node->id, h->node->id);
			label(f, h->name, false);
			fputs("\", taillabel = \"", f);
			label(f, h->peer->name, false);
			fputs("\" ] ;\n", f);
		}
	fputs("}\n", f);
}

static void
as_json(const struct graph *g)
{
	const struct g_hook *h;
	struct nodeinfo n;
	size_t i;

	json_begin();
	json_array("nodes");
	for (i = 0; i < g->n; i++) {
		if (g->node[i]->gone)
			continue;
		memcpy(n.name, g->node[i]->name, sizeof(n.name));
		memcpy(n.type, g->node[i]->type, sizeof(n.type));
		n.id = g->node[i]->id;
		n.hooks = (uint32_t)g->node[i]->nhooks;
		json_node(NULL, &n);
		json_close();
	}
	json_close();
	json_array("links");
	for (i = 0; i < g->n; i++)
		for (h = g->node[i]->hooks; h != NULL; h = h->next) {
			if (h->peer->node->id > h->node->id || (h->peer->node == h->node && strcmp(h->name, h->peer->name) > 0))
				continue;
			json_object(NULL);
			json_num("id", h->node->id);
			json_str("hook", h->name);
			json_num("peerid", h->peer->node->id);
			json_str("peerhook", h->peer->name);
			json_close();
		}
	json_close();
	json_bool("changed", g->changed);
	json_end();
}

/* Have GraphViz draw what is in `text` into `file`. */
static enum result
draw(const char *text, size_t len, const char *file)
{
	char *const av[] = { "dot", "-Tsvg", "-o", (char *)file, NULL };
	posix_spawn_file_actions_t fa;
	int p[2], error, status = 0;
	ssize_t n = 0;
	pid_t pid;

	fflush(stdout);
	if (pipe(p) != 0) {
		warn("pipe");
		return (CMD_ERROR);
	}
	if ((error = posix_spawn_file_actions_init(&fa)) != 0) {
		close(p[0]), close(p[1]);
		errno = error;
		warn("posix_spawn");
		return (CMD_ERROR);
	}
	posix_spawn_file_actions_adddup2(&fa, p[0], 0);
	posix_spawn_file_actions_addclose(&fa, p[1]);
	error = posix_spawnp(&pid, "dot", &fa, NULL, av, environ);
	posix_spawn_file_actions_destroy(&fa);
	close(p[0]);
	if (error != 0) {
		close(p[1]);
		errno = error;
		warn("dot");
		if (error == ENOENT)
			warnx("--svg needs the program \"dot\" of GraphViz (packages call it graphviz); without it, dot prints text for it");
		return (CMD_ERROR);
	}
	for (; len > 0 && (n = write(p[1], text, len)) > 0; text += n)
		len -= (size_t)n;
	close(p[1]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (len == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return (CMD_OK);
	warnx(WIFEXITED(status) ? "GraphViz's dot could not write \"%s\": exit status %d" : "GraphViz's dot could not write \"%s\": signal %d", file,
	    WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	return (CMD_ERROR);
}

static enum result
run(int ac, char **av)
{
	const char *file = NULL, *svg = NULL;
	enum result r = CMD_OK;
	bool few = false;
	struct graph *g;
	char *text = NULL;
	size_t len = 0;
	FILE *f;
	int i;

	for (i = 1; i < ac; i++) {
		if (strcmp(av[i], "-c") == 0)
			few = true;
		else if (strcmp(av[i], "--svg") == 0 && i + 1 < ac && svg == NULL)
			svg = av[++i];
		else if (file == NULL && av[i][0] != '-')
			file = av[i];
		else
			return (CMD_USAGE);
	}
	if (ctl.as_json && (file != NULL || svg != NULL))
		return (CMD_USAGE);
	if ((g = graph_live("dot")) == NULL)
		return (CMD_ERROR);
	if (ctl.as_json) {
		as_json(g);
		graph_free(g);
		return (CMD_OK);
	}
	f = need(open_memstream(&text, &len));
	(few ? compact : whole)(f, g);
	graph_free(g);
	if (fclose(f) != 0)
		need(NULL);
	if (file != NULL) {
		if ((f = fopen(file, "w")) == NULL || fwrite(text, 1, len, f) != len) {
			fflush(stdout);
			warn("Could not open file %s for writing", file);
			r = CMD_ERROR;
		}
		if (f != NULL && fclose(f) != 0 && r == CMD_OK) {
			fflush(stdout);
			warn("%s", file);
			r = CMD_ERROR;
		}
	} else if (svg == NULL)
		fwrite(text, 1, len, stdout);
	if (svg != NULL && r == CMD_OK)
		r = draw(text, len, svg);
	free(text);
	return (r);
}

const struct command dot_command = {
	.name = "dot",
	.run = run,
	.synopsis = "dot [-c] [--svg file] [outputfile]",
	.summary = "Print the graph for GraphViz, or have it drawn",
	.help = "Prints all nodes, hooks and links in the language of GraphViz's programs, or writes that to <outputfile>. With -c the hooks are "
		"labels of links in place of nodes of their own. With --svg GraphViz's program \"dot\" draws the graph into a file.",
	.args = "f",
	.alias = { "graphviz", "confdot" },
};
