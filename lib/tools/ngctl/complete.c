/* SPDX-License-Identifier: BSD-2-Clause */
/* complete.c - what the last word of a line may become: from the table of commands and from the live graph. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* vasprintf */
#endif
#include "question.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <ng/host.h>

void
words_add(struct words *w, const char *fmt, ...)
{
	va_list ap;

	if (w->n == w->room) {
		w->room = w->room == 0 ? 64 : 2 * w->room;
		w->word = need(realloc(w->word, w->room * sizeof(*w->word)));
	}
	va_start(ap, fmt);
	if (vasprintf(&w->word[w->n], fmt, ap) < 0)
		need(NULL);
	va_end(ap);
	w->n++;
}

void
words_free(struct words *w)
{
	while (w->n > 0)
		free(w->word[--w->n]);
	free(w->word);
	memset(w, 0, sizeof(*w));
}

static int
by_word(const void *x, const void *y)
{
	return (strcmp(*(char *const *)x, *(char *const *)y));
}

/* Only those that begin as `start` does, in order, each once. */
static void
sift(struct words *w, const char *start, bool any_case)
{
	size_t len = strlen(start), i, k = 0;

	for (i = 0; i < w->n; i++) {
		if ((any_case ? strncasecmp : strncmp)(w->word[i], start, len) == 0 && w->word[i][strcspn(w->word[i], " \t")] == '\0')
			w->word[k++] = w->word[i];
		else
			free(w->word[i]);
	}
	w->n = k;
	if (k == 0)
		return;
	qsort(w->word, k, sizeof(*w->word), by_word);
	for (i = k = 1; i < w->n; i++) {
		if (strcmp(w->word[i], w->word[k - 1]) != 0)
			w->word[k++] = w->word[i];
		else
			free(w->word[i]);
	}
	w->n = k;
}

/* ---- sources */

static void
complete_commands(const char *start, struct words *w)
{
	size_t i, k;

	for (i = 0; commands[i] != NULL; i++) {
		words_add(w, "%s", commands[i]->name);
		for (k = 0; start[0] != '\0' && k < sizeof(commands[i]->alias) / sizeof(commands[i]->alias[0]) && commands[i]->alias[k] != NULL; k++)
			words_add(w, "%s", commands[i]->alias[k]);
	}
}

/* The hooks of the node at `path`, each behind `before`. */
static void
complete_hooks(const char *path, const char *before, struct words *w)
{
	const struct hooklist *h;
	struct ng_mesg *rep;
	uint32_t i;

	if (ask(path, NGM_GENERIC_COOKIE, NGM_LISTHOOKS, NULL, 0, &rep) == ASK_OK && rep->header.arglen >= sizeof(*h)) {
		h = (const void *)rep->data;
		for (i = 0; i < h->nodeinfo.hooks && sizeof(*h) + (i + 1) * sizeof(h->link[0]) <= rep->header.arglen; i++)
			words_add(w, "%s%s", before, h->link[i].ourhook);
	}
	free(rep);
}

/* Our own node, if it has no name: then it is there to complete, and nothing to offer. 0: it has one. */
static uint32_t
nobody(void)
{
	const struct nodeinfo *n;
	struct ng_mesg *rep;
	uint32_t id = 0;

	if (ask(".", NGM_GENERIC_COOKIE, NGM_NODEINFO, NULL, 0, &rep) == ASK_OK && rep->header.arglen >= sizeof(*n)) {
		n = (const void *)rep->data;
		id = n->name[0] == '\0' ? n->id : 0;
	}
	free(rep);
	return (id);
}

static void
complete_paths(const char *start, struct words *w)
{
	const char *end = start + strlen(start), *cut;
	const struct namelist *l;
	struct ng_mesg *rep;
	uint32_t i, own;
	char *path;

	for (cut = end; cut > start && cut[-1] != ':' && cut[-1] != '.'; cut--)
		;
	if (cut > start) {
		path = need(strndup(start, (size_t)(cut - start)));
		if (cut[-1] == '.' && cut - start > 1)
			path[cut - start - 1] = '\0';
		end = need(strndup(start, (size_t)(cut - start)));
		complete_hooks(path, end, w);
		free((char *)(uintptr_t)end);
		free(path);
		return;
	}
	own = nobody();
	words_add(w, ".");
	if (ask(".", NGM_GENERIC_COOKIE, NGM_LISTNODES, NULL, 0, &rep) == ASK_OK && rep->header.arglen >= sizeof(*l)) {
		l = (const void *)rep->data;
		for (i = 0; i < l->numnames && sizeof(*l) + (i + 1) * sizeof(l->nodeinfo[0]) <= rep->header.arglen; i++) {
			if (l->nodeinfo[i].id == own)
				continue;
			if (l->nodeinfo[i].name[0] != '\0')
				words_add(w, "%s:", l->nodeinfo[i].name);
			if (l->nodeinfo[i].name[0] == '\0' || start[0] == '[')
				words_add(w, "[%x]:", l->nodeinfo[i].id);
		}
	}
	free(rep);
	complete_hooks(".", "", w);
}

static void
complete_types(struct words *w)
{
	const struct typelist *t;
	struct ng_mesg *rep;
	uint32_t i;

	if (ask(".", NGM_GENERIC_COOKIE, NGM_LISTTYPES, NULL, 0, &rep) == ASK_OK && rep->header.arglen >= sizeof(*t)) {
		t = (const void *)rep->data;
		for (i = 0; i < t->numtypes && sizeof(*t) + (i + 1) * sizeof(t->typeinfo[0]) <= rep->header.arglen; i++)
			words_add(w, "%s", t->typeinfo[i].type_name);
	}
	free(rep);
}

/* The messages of a type (NULL: those of every node). */
static void
messages_of(const char *type, struct words *w)
{
	struct ngu_help *h;
	uint32_t i;

	if (!question(NGU_ASK_HELP, NULL, type, NULL, NGU_B_HELP, &h))
		return;
	for (i = 0; i < h->nmsgs; i++)
		words_add(w, "%s", NGU_HELP_TEXT(h, NGU_HELP_MSG(h, i)->name_off));
	free(h);
}

/* Messages that the node at `path` takes: those of its type, and of every node. */
static void
complete_messages(const char *path, struct words *w)
{
	const struct nodeinfo *n;
	struct ng_mesg *rep;
	char type[NG_TYPESIZ];

	if (ask(path, NGM_GENERIC_COOKIE, NGM_NODEINFO, NULL, 0, &rep) != ASK_OK)
		return;
	n = (const void *)rep->data;
	if (rep->header.arglen >= sizeof(*n)) {
		snprintf(type, sizeof(type), "%.*s", NG_TYPESIZ - 1, n->type);
		messages_of(type, w);
		messages_of(NULL, w);
	}
	free(rep);
}

static void
complete_files(const char *start, struct words *w)
{
	const char *slash = strrchr(start, '/');
	char *dir = slash == NULL ? need(strdup(".")) : need(strndup(start, (size_t)(slash - start + 1)));
	struct dirent *e;
	DIR *d;

	if ((d = opendir(dir)) != NULL) {
		while ((e = readdir(d)) != NULL)
			if (e->d_name[0] != '.')
				words_add(w, "%s%s", slash == NULL ? "" : dir, e->d_name);
		closedir(d);
	}
	free(dir);
}

/* Options are words in the synopsis: [-ln], [--svg file]. */
static void
complete_options(const struct command *c, struct words *w)
{
	const char *s = c->synopsis;

	while ((s = strchr(s, '[')) != NULL)
		if (*++s == '-')
			words_add(w, "%.*s", (int)strcspn(s, " ]"), s);
	words_add(w, "--json");
}

/* ---- a line */

static bool
looks_like_path(const char *s)
{
	return (strchr(s, ':') != NULL || s[0] == '.' || s[0] == '[');
}

/* The letters for argument `n` (from 1) when the first one is `first`. */
static void
letters(const char *args, int n, const char *first, char out[8])
{
	const char *close = args[0] == '(' ? strchr(args, ')') : NULL;
	int k, len;

	out[0] = out[1] = '\0';
	if (close != NULL && n == 1) {
		snprintf(out, 8, "%.*s", (int)(close - args - 1), args + 1);
		return;
	}
	if (close != NULL) {
		args = close + 1;
		n -= looks_like_path(first);
	}
	len = (int)strlen(args);
	k = n - 1 < len ? n - 1 : len - 1;
	if (k >= 0)
		out[0] = args[k];
}

void
complete(const char *line, struct words *out)
{
	char *copy = need(strdup(line)), *av[MAX_WORDS + 1], *word, *rest, set[8];
	size_t len = strlen(line), i;
	const struct command *c;
	const char *last = "";
	bool ambiguous, done;
	int ac = 0, n = 0, k;

	memset(out, 0, sizeof(*out));
	for (word = strtok_r(copy, " \t", &rest); word != NULL && ac < MAX_WORDS; word = strtok_r(NULL, " \t", &rest))
		av[ac++] = word;
	done = len == 0 || line[len - 1] == ' ' || line[len - 1] == '\t';
	if (!done && ac > 0)
		last = av[--ac];
	if (ac == 0) {
		complete_commands(last, out);
		sift(out, last, true);
	} else if ((c = command_match(av[0], &ambiguous)) != NULL) {
		for (k = 1; k < ac; k++) /* options are no arguments */
			if (av[k][0] != '-')
				av[++n] = av[k];
		letters(c->args != NULL ? c->args : "", n + 1, n > 0 ? av[1] : "", set);
		if (last[0] == '-')
			complete_options(c, out);
		for (i = 0; set[i] != '\0'; i++) {
			switch (set[i]) {
			case 'p':
				complete_paths(last, out);
				break;
			case 'h':
				complete_hooks(n > 0 ? av[n] : ".", "", out);
				break;
			case 't':
				complete_types(out);
				break;
			case 'm':
				complete_messages(n > 0 ? av[n] : ".", out);
				break;
			case 'c':
				complete_commands(last, out);
				break;
			case 'f':
				complete_files(last, out);
				break;
			}
		}
		sift(out, last, false);
	}
	free(copy);
}
