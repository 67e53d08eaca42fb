/* SPDX-License-Identifier: BSD-2-Clause */
/* graph.c - a graph from a line of text, its end, and what it looks like in between. */
#include "testkit.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ng/control.h>
#include <netgraph/ng_message.h>

struct ngt__reply {
	struct ngt__reply *next;
	struct ng_mesg *msg;
};

static struct ngt *graphs; /* all that are alive; main thread only */

/* Graphs that cannot be destroyed after a failed test: kept, so that a leak checker speaks of what matters. */
static struct ngu_graph *abandoned[64];
static unsigned nabandoned;

/* ---- the text ---- */

struct parse {
	struct ngt *t;
	const char *text;
	const char *p;
	char tok[160];
	const char *at; /* where tok begins */
};

enum { END = -1, STOP, WORD, DASH };

static int
next(struct parse *s)
{
	size_t n = 0;

	for (;;) {
		while (*s->p == ' ' || *s->p == '\t' || *s->p == '\r')
			s->p++;
		if (*s->p != '#')
			break;
		while (*s->p != '\0' && *s->p != '\n')
			s->p++;
	}
	s->at = s->p;
	if (*s->p == '\0') {
		(void)strcpy(s->tok, "end of text");
		return (END);
	}
	if (*s->p == ';' || *s->p == '\n') {
		(void)strcpy(s->tok, *s->p++ == ';' ? ";" : "end of line");
		return (STOP);
	}
	while (*s->p != '\0' && strchr(" \t\r\n;#", *s->p) == NULL) {
		if (n + 1 < sizeof(s->tok))
			s->tok[n++] = *s->p;
		s->p++;
	}
	s->tok[n] = '\0';
	return (strcmp(s->tok, "-") == 0 ? DASH : WORD);
}

/* Say what is wrong, with the line of text and a caret below the place. */
static bool
wrong(const struct parse *s, const char *at, const char *why, const char *tok, int error)
{
	const char *b = at, *e = at;
	int line = 1;

	for (const char *q = s->text; q < at; q++)
		line += *q == '\n';
	while (b > s->text && b[-1] != '\n')
		b--;
	while (*e != '\0' && *e != '\n')
		e++;
	ngt__say("graph text, line %d: \"%s\": %s", line, tok, why);
	if (error != 0)
		ngt__say(": %s", ngt__errname(error));
	ngt__say("\n  %.*s\n  %*s^\n", (int)(e - b), b, (int)(at - b), "");
	return (false);
}

struct end {
	const char *at;
	char type[32], node[32], left[32], right[32]; /* hooks towards the edge on the left and on the right */
	bool probe, two;
	int nhooks;
};

/* NAME[.HOOK[/HOOK]] */
static bool
end_name(struct parse *s, struct end *e)
{
	const char *dot = strchr(s->tok, '.'), *slash = dot != NULL ? strchr(dot, '/') : NULL;
	size_t n = dot != NULL ? (size_t)(dot - s->tok) : strlen(s->tok), h;

	if (n == 0)
		return (wrong(s, s->at, "a node name is missing before the dot", s->tok, 0));
	if (n >= sizeof(e->node))
		return (wrong(s, s->at, "node name over 31 bytes", s->tok, 0));
	memcpy(e->node, s->tok, n);
	e->node[n] = '\0';
	if (strchr(e->node, ':') != NULL)
		return (wrong(s, s->at, "a node name without ':' is meant here", s->tok, 0));
	if (dot == NULL)
		return (true);
	h = slash != NULL ? (size_t)(slash - dot - 1) : strlen(dot + 1);
	if (h == 0 || (slash != NULL && slash[1] == '\0'))
		return (wrong(s, s->at, "a hook name is missing", s->tok, 0));
	if (h >= sizeof(e->left) || (slash != NULL && strlen(slash + 1) >= sizeof(e->right)))
		return (wrong(s, s->at, "hook name over 31 bytes", s->tok, 0));
	memcpy(e->left, dot + 1, h);
	e->left[h] = '\0';
	(void)strcpy(e->right, slash != NULL ? slash + 1 : e->left);
	e->two = slash != NULL;
	e->nhooks = slash != NULL ? 2 : 1;
	return (true);
}

/* [TYPE] NAME...; the first word is in s->tok. *tok gets the token behind it. */
static bool
end_parse(struct parse *s, struct end *e, int *tok)
{
	struct parse first = *s;

	memset(e, 0, sizeof(*e));
	e->at = s->at;
	*tok = next(s);
	if (*tok != WORD) {
		struct parse rest = *s;

		*s = first;
		if (!end_name(s, e))
			return (false);
		*s = rest;
		return (true);
	}
	if (strlen(first.tok) >= sizeof(e->type))
		return (wrong(s, first.at, "type name over 31 bytes", first.tok, 0));
	(void)strcpy(e->type, first.tok);
	e->probe = strcmp(e->type, "probe") == 0;
	e->at = s->at;
	if (!end_name(s, e))
		return (false);
	*tok = next(s);
	return (true);
}

/* The node is there, or is made if its type is given. */
static bool
end_make(struct parse *s, struct end *e)
{
	char path[40];
	uint32_t id;
	int error;

	(void)snprintf(path, sizeof(path), "%s:", e->node);
	error = ngu_lookup(s->t->g, path, &id);
	if (e->type[0] == '\0') {
		if (error != 0)
			return (wrong(s, e->at, "no such node; write TYPE NAME where it is first used", e->node, 0));
		if (ngt__probe_by_id(s->t->g, id) != NULL)
			e->probe = true;
		return (true);
	}
	if (error == 0) {
		struct ng_mesg *m;
		struct nodeinfo ni;

		error = ngu_msg(s->t->g, path, NGM_GENERIC_COOKIE, NGM_NODEINFO, NULL, 0, &m);
		if (error != 0 || m == NULL)
			return (wrong(s, e->at, "cannot ask the node for its type", e->node, error));
		memcpy(&ni, m->data, sizeof(ni));
		ngu_msg_free(m);
		if (strcmp(ni.type, e->type) != 0) {
			char why[96];

			(void)snprintf(why, sizeof(why), "is a \"%s\" already, not a \"%s\"", ni.type, e->type);
			return (wrong(s, e->at, why, e->node, 0));
		}
		return (true);
	}
	if ((error = ngu_mknode(s->t->g, e->type, e->node, NULL)) != 0)
		return (wrong(s, e->at, error == ENXIO ? "unknown node type" : "cannot make the node",
		    error == ENXIO ? e->type : e->node, error));
	return (true);
}

static bool
edge(struct parse *s, struct end *a, struct end *b)
{
	char pa[40], pb[40], ha[32], hb[32], why[160];
	int error;

	(void)strcpy(ha, a->right);
	(void)strcpy(hb, b->left);
	if (ha[0] == '\0' && !a->probe)
		return (wrong(s, a->at, "needs a hook: NAME.HOOK", a->node, 0));
	if (hb[0] == '\0' && !b->probe)
		return (wrong(s, b->at, "needs a hook: NAME.HOOK", b->node, 0));
	if (ha[0] == '\0')
		(void)strcpy(ha, hb[0] != '\0' ? hb : b->node);
	if (hb[0] == '\0')
		(void)strcpy(hb, a->right[0] != '\0' ? a->right : a->node);
	(void)snprintf(pa, sizeof(pa), "%s:", a->node);
	(void)snprintf(pb, sizeof(pb), "%s:", b->node);
	if ((error = ngu_connect(s->t->g, pa, ha, pb, hb)) != 0) {
		(void)snprintf(why, sizeof(why), "cannot connect %s.%s to %s.%s", a->node, ha, b->node, hb);
		return (wrong(s, a->at, why, a->node, error));
	}
	return (true);
}

static bool
build(struct ngt *t, const char *text)
{
	struct parse s = { .t = t, .text = text, .p = text };
	struct end a, b;
	int tok;

	for (;;) {
		while ((tok = next(&s)) == STOP)
			;
		if (tok == END)
			return (true);
		if (tok == DASH)
			return (wrong(&s, s.at, "an end NAME.HOOK is missing before it", s.tok, 0));
		if (!end_parse(&s, &a, &tok) || !end_make(&s, &a))
			return (false);
		if (tok != DASH) {
			if (tok == WORD)
				return (wrong(&s, s.at, "';' or '-' is expected here", s.tok, 0));
			if (a.type[0] == '\0')
				return (wrong(&s, a.at, "a node alone makes nothing: TYPE NAME, or END - END", a.node, 0));
			if (a.nhooks != 0)
				return (wrong(&s, a.at, "a hook alone makes nothing: END - END", a.node, 0));
			continue;
		}
		if (a.two)
			return (wrong(&s, a.at, "HOOK/HOOK is for the middle of a chain", a.node, 0));
		while (tok == DASH) {
			tok = next(&s);
			if (tok != WORD)
				return (wrong(&s, s.at, "an end NAME.HOOK is missing after \"-\"", s.tok, 0));
			if (!end_parse(&s, &b, &tok) || !end_make(&s, &b))
				return (false);
			if (tok == WORD)
				return (wrong(&s, s.at, "';' or '-' is expected here", s.tok, 0));
			if (tok == DASH && !b.two && !b.probe)
				return (wrong(&s, b.at, "needs two hooks in the middle of a chain: NAME.HOOK/HOOK", b.node, 0));
			if (tok != DASH && b.two)
				return (wrong(&s, b.at, "HOOK/HOOK is for the middle of a chain", b.node, 0));
			if (!edge(&s, &a, &b))
				return (false);
			a = b;
		}
	}
}

/* ---- beginning and end ---- */

static void
forget(struct ngt *t)
{
	struct ngt **at;
	struct ngt__reply *r;

	for (at = &graphs; *at != NULL && *at != t; at = &(*at)->next)
		;
	if (*at != NULL)
		*at = t->next;
	while ((r = t->replies) != NULL) {
		t->replies = r->next;
		ngu_msg_free(r->msg);
		ngt__free(r);
	}
	ngt__free(t);
}

/* Without complaint: after a failure. */
static void
drop(struct ngt *t)
{
	struct ngu_graph *g = t->g;

	ngu_thread_recover(g);
	if (ngu_graph_destroy(g) == 0)
		ngt__probes_free(g);
	else if (nabandoned < sizeof(abandoned) / sizeof(abandoned[0]))
		abandoned[nabandoned++] = g;
	forget(t);
}

struct ngt *
ngt__graph(AT, const struct ngu_graph_opts *opts, const char *text)
{
	struct ngu_graph_opts o;
	struct ngt *t;
	int error;

	if (ngu_graph_current() != NULL && graphs == NULL)
		(void)ngu_graph_enter(NULL);
	ngt__panic_on(file, line, fail);
	if ((error = ngt__probe_type()) != 0) {
		ngt__say("cannot register node type \"probe\": %s\n", ngt__errname(error));
		ngt__fail_now(file, line, fail);
		return (NULL);
	}
	if (opts == NULL) {
		memset(&o, 0, sizeof(o));
		o.size = sizeof(o);
		o.name = "test";
		o.fake_clock = true;
		opts = &o;
	}
	t = ngt__alloc(sizeof(*t));
	if ((error = ngu_graph_create(opts, &t->g)) != 0) {
		ngt__free(t);
		ngt__say("cannot make a graph: %s\n", ngt__errname(error));
		ngt__fail_now(file, line, fail);
		return (NULL);
	}
	t->next = graphs;
	graphs = t;
	ngt__strict_on(t->g);
	(void)ngu_graph_enter(t->g);
	ngt__add(file, line, fail, t, text);
	return (t);
}

void
ngt__add(AT, struct ngt *t, const char *text)
{
	if (!build(t, text))
		ngt__fail_now(file, line, fail);
}

struct ngu_graph *
ngt_g(struct ngt *t)
{
	return (t->g);
}

static void
leak_line(void *arg, const char *text)
{
	(void)arg;
	ngt__say("  %s\n", text);
}

/* Ask every node to go, so that what its queues hold is no leak. */
static void
shutdown_all(struct ngt *t)
{
	struct ng_mesg *m;
	struct namelist *nl;
	char path[40];
	uint32_t id, i;

	if (ngu_mknode(t->g, "probe", NULL, &id) != 0)
		return;
	(void)snprintf(path, sizeof(path), "[%x]:", (unsigned)id);
	if (ngu_msg(t->g, path, NGM_GENERIC_COOKIE, NGM_LISTNODES, NULL, 0, &m) == 0 && m != NULL) {
		nl = (struct namelist *)(void *)m->data;
		for (i = 0; i < nl->numnames; i++) {
			char one[40];

			(void)snprintf(one, sizeof(one), "[%x]:", (unsigned)nl->nodeinfo[i].id);
			if (nl->nodeinfo[i].id != id && ngu_shutdown(t->g, one) != 0)
				continue; /* gone with another one */
		}
		ngu_msg_free(m);
	}
	if (ngu_shutdown(t->g, path) != 0)
		return;
}

void
ngt__end(AT, struct ngt *t)
{
	struct ngu_graph *g = t->g;
	struct ngu_graph_stats s;
	bool leaks = false;
	int error;

	shutdown_all(t);
	if ((error = ngu_settle(g, 10000)) != 0) {
		ngt__say("the graph does not come to rest: %s\n", ngt__errname(error));
		leaks = true;
	}
	ngu_reclaim_barrier();
	ngu_graph_stats(g, &s);
	if (s.attempted != s.delivered + s.refused + s.dropped + s.queued) {
		ngt__say("the accounts are wrong: attempted %llu, delivered %llu, refused %llu, dropped %llu, queued %llu\n",
		    (unsigned long long)s.attempted, (unsigned long long)s.delivered, (unsigned long long)s.refused,
		    (unsigned long long)s.dropped, (unsigned long long)s.queued);
		leaks = true;
	}
	if (s.mbufs != 0 || (error = ngu_graph_destroy(g)) != 0) {
		if (s.mbufs != 0)
			ngt__say("leaked: %llu packet buffer%s; the graph stays\n", (unsigned long long)s.mbufs, NGT_S(s.mbufs));
		else
			ngt__say("the graph cannot be destroyed: %s\n", ngt__errname(error));
		(void)ngu_leaks(g, leak_line, NULL);
		leaks = true;
		if (nabandoned < sizeof(abandoned) / sizeof(abandoned[0]))
			abandoned[nabandoned++] = g;
	} else {
		ngt__probes_free(g);
	}
	forget(t);
	if (ngt__strict_say() || ngt__panic_any())
		leaks = true;
	if (leaks)
		ngt__fail_now(file, line, fail);
}

int
ngt_setup(void **state)
{
	(void)state;
	ngt__trace_reset();
	return (0);
}

static void
to_stderr(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
}

int
ngt_teardown(void **state)
{
	bool offended = ngt__strict_print(true); /* nobody has asked */

	(void)state;
	if (ngt__panic_take(to_stderr))
		offended = true;
	ngu_thread_recover(NULL);
	ngt__trace_reset(); /* before methods are called again */
	while (graphs != NULL)
		drop(graphs);
	ngt__trace_reset();
	(void)ngt__strict_print(false); /* what the failure left behind */
	return (offended ? -1 : 0);
}

void
ngt__settle(AT, struct ngt *t)
{
	int error = ngu_settle(t->g, 10000);

	if (error != 0)
		ngt__say("the graph does not come to rest: %s\n", ngt__errname(error));
	if (error != 0 || ngt__panic_any())
		ngt__fail_now(file, line, fail);
}

void
ngt__advance(AT, struct ngt *t, unsigned ms)
{
	int error = ngu_clock_advance(t->g, (int64_t)ms * 1000000);

	if (error != 0) {
		ngt__say("cannot move the clock: %s\n", ngt__errname(error));
		ngt__fail_now(file, line, fail);
	}
}

/* ---- looking at it ---- */

const struct ng_mesg *
ngt__msg(AT, struct ngt *t, const char *path, uint32_t cookie, uint32_t cmd, const void *arg, size_t len, int error)
{
	struct ng_mesg *m = NULL;
	struct ngt__reply *r;
	int e = ngu_msg(t->g, path, cookie, cmd, arg, len, &m);

	if (e != error) {
		if (m != NULL)
			ngu_msg_free(m);
		ngt__say("message %u:%u to \"%s\": %s", (unsigned)cookie, (unsigned)(cmd & ~(NGM_READONLY | NGM_HASREPLY)), path,
		    e != 0 ? ngt__errname(e) : "success");
		ngt__say(", expected %s\n", error != 0 ? ngt__errname(error) : "success");
		ngt__fail_now(file, line, fail);
		return (NULL);
	}
	if (m != NULL) {
		r = ngt__alloc(sizeof(*r));
		r->msg = m;
		r->next = t->replies;
		t->replies = r;
	}
	return (m);
}

void
ngt__expect_hooks(AT, struct ngt *t, const char *path, const char *text)
{
	struct ng_mesg *m = NULL;
	struct hooklist *hl;
	char buf[4096] = "";
	size_t n = 0;
	uint32_t i;
	int error = ngu_msg(t->g, path, NGM_GENERIC_COOKIE, NGM_LISTHOOKS, NULL, 0, &m);

	if (text == NULL) {
		if (m != NULL)
			ngu_msg_free(m);
		if (error != 0)
			return;
		ngt__say("node \"%s\" is there\n", path);
		ngt__fail_now(file, line, fail);
		return;
	}
	if (error != 0 || m == NULL) {
		ngt__say("hooks of \"%s\": %s\n", path, error != 0 ? ngt__errname(error) : "no reply");
		ngt__fail_now(file, line, fail);
		return;
	}
	hl = (struct hooklist *)(void *)m->data;
	for (i = 0; i < hl->nodeinfo.hooks && n < sizeof(buf); i++) {
		struct linkinfo *l = &hl->link[i];

		n += (size_t)snprintf(buf + n, sizeof(buf) - n, "%s%s - %s.%s", i != 0 ? "; " : "", l->ourhook,
		    l->nodeinfo.name[0] != '\0' ? l->nodeinfo.name : l->nodeinfo.type, l->peerhook);
	}
	ngu_msg_free(m);
	if (strcmp(buf, text) != 0) {
		ngt__say("hooks of \"%s\" differ\n  expected: %s\n  got:      %s\n", path, text, buf);
		ngt__fail_now(file, line, fail);
	}
}

struct ngt_probe *
ngt__probe(AT, struct ngt *t, const char *name)
{
	char path[64];
	uint32_t id;
	struct ngt_probe *p = NULL;
	int error;

	(void)snprintf(path, sizeof(path), "%s:", name);
	if ((error = ngu_lookup(t->g, path, &id)) == 0)
		p = ngt__probe_by_id(t->g, id);
	if (p == NULL) {
		if (error == ENOENT)
			ngt__say("there is no probe \"%s\" in this graph: ENOENT; \"probe %s\" in the graph's text makes one\n", name, name);
		else
			ngt__say("probe \"%s\": %s\n", name, error != 0 ? ngt__errname(error) : "the node is no probe");
		ngt__fail_now(file, line, fail);
		return (NULL);
	}
	p->t = t;
	return (p);
}
