/* SPDX-License-Identifier: BSD-2-Clause */
/* test_plan.c - ngctl's graphs in memory: scripts read and written, and the difference between two graphs. */
#include "tools.h"

#include "ngctl/plan.h"
#include "ngctl/ngctl.h"

struct ngctl ctl = { .cs = -1, .ds = -1 };

static struct graph *
graph(const char *script)
{
	FILE *f = fmemopen((void *)(uintptr_t)script, strlen(script) > 0 ? strlen(script) : 1, "r");
	struct graph *g;

	assert_non_null(f);
	g = script_read(f, "script");
	fclose(f);
	return (g);
}

/* A live graph: nodes have IDs, 16 and up, in order. */
static struct graph *
live(const char *script)
{
	struct graph *old = graph(script), *g = graph_new();
	const struct g_hook *h;
	size_t i;

	assert_non_null(old);
	for (i = 0; i < old->n; i++)
		if (!old->node[i]->gone)
			old->node[i]->match = graph_node(g, old->node[i]->name, old->node[i]->type, 16 + (uint32_t)g->n);
	for (i = 0; i < old->n; i++)
		for (h = old->node[i]->hooks; h != NULL; h = h->next)
			graph_link(g, h->node->match, h->name, h->peer->node->match, h->peer->name); /* the second time in vain */
	graph_free(old);
	return (g);
}

/* What reading the script says; it fails. */
static const char *
refused(const char *script)
{
	static char buf[2048];
	FILE *tmp = tmpfile();
	int err = dup(2);

	dup2(fileno(tmp), 2);
	assert_null(graph(script));
	dup2(err, 2);
	close(err);
	slurp(tmp, buf, sizeof(buf));
	return (strchr(buf, ':') + 2);
}

/* All that a plan says; NULL for a part is not looked at. */
static void
check(struct graph *l, const char *want, size_t problems, const char *ops, const char *diff)
{
	struct graph *w = graph(want);
	char text[4096] = "";
	struct plan p;
	size_t i, n = 0;
	FILE *tmp = tmpfile();
	int err = dup(2);

	assert_non_null(w);
	dup2(fileno(tmp), 2);
	plan_make(l, w, &p);
	dup2(err, 2);
	close(err);
	fclose(tmp);
	for (i = 0; i < p.ndiff; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%c%s %s %s\n", p.diff[i].sign, p.diff[i].what, p.diff[i].a, p.diff[i].b);
	assert_int_equal(p.problems, problems);
	if (ops != NULL)
		assert_string_equal(p.ops, ops);
	if (diff != NULL)
		assert_string_equal(text, diff);
	plan_free(&p);
	graph_free(w);
	graph_free(l);
}

#define CHAIN \
	"mkpeer . hub tmp a\nname .:tmp h\nmkpeer h: tee b left\nmkpeer h:b hub right c\nname h:b.right far\nconnect far: h: d e\nrmhook . tmp\n"

static void
test_same(void **state)
{
	check(live(CHAIN), CHAIN, 0, "", "");
	check(live(""), "", 0, "", "");
	check(live("mknode hub\nmknode hub\n"), "mknode hub\nmknode hub\n", 0, "", "");
}

static void
test_from_nothing(void **state)
{
	check(live(""), CHAIN, 0,
	    "mknode hub far\nmkpeer far: tee c right\nmkpeer far: hub d e\nname far:d h\nconnect far:c h: left b\n",
	    "+node far: hub\n+node far:c tee\n+link far:c far:c.right\n+node h: hub\n+link far:d h:e\n+link far:c.left h:b\n");
	/* what nothing but an ID leads to needs none */
	check(live(""), "mknode hub\nmknode hub a\n", 0, "mknode hub a\nmknode hub\n", "+node a: hub\n+node ? hub\n");
}

static void
test_to_nothing(void **state)
{
	check(live(CHAIN), "", 0, "shutdown far:\nshutdown h:\nshutdown [11]:\n",
	    "-link far:c [11]:right\n-link far:d h:e\n-link h:b [11]:left\n-node far: hub\n-node h: hub\n-node [11]: tee\n");
}

static void
test_names(void **state)
{
	/* a new name for what sits where it sat; a first name */
	check(live(CHAIN), "mkpeer . hub tmp a\nname .:tmp h\nmkpeer h: tee b left\nname h:b t\nmkpeer t: hub right c\nname t:right away\n"
			   "connect away: h: d e\nrmhook . tmp\n",
	    0, "name far: away\nname [11]: t\n", "-name far: far\n+name far: away\n+name [11]: t\n");
	/* no: a name cannot be taken away, so the tee's place is not free for one without */
	check(live("mknode hub h\nmkpeer h: tee b left\nname h:b t\n"), "mknode hub h\nmkpeer h: tee b left\n", 1, NULL, NULL);
	/* two change places by names */
	check(live("mknode hub a\nmknode hub b\nmkpeer a: tee x left\n"), "mknode hub a\nmknode hub b\nmkpeer b: tee x left\n", 0,
	    "mkpeer b: tee x left\nshutdown [12]:\n", "-link a:x [12]:left\n-node [12]: tee\n+node b:x tee\n+link b:x b:x.left\n");
}

static void
test_links(void **state)
{
	check(live("mknode hub a\nmknode hub b\nconnect a: b: x y\nconnect a: b: z z\n"),
	    "mknode hub a\nmknode hub b\nconnect a: b: x y\nconnect a: b: new z2\nconnect a: a: s1 s2\n", 0,
	    "connect a: b: new z2\nconnect a: a: s1 s2\nrmhook a: z\n", "-link a:z b:z\n+link a:new b:z2\n+link a:s1 a:s2\n");
	/* a hook that is in use cannot be used otherwise by the same list */
	check(live("mknode hub a\nmknode hub b\nmknode hub c\nconnect a: b: x y\n"), "mknode hub a\nmknode hub b\nmknode hub c\nconnect a: c: x y\n", 1,
	    NULL, NULL);
	check(live("mknode hub a\nmkpeer a: tee x left\n"), "mknode hub a\nmkpeer a: hub x y\n", 1, NULL, NULL);
	/* nor a node's name */
	check(live("mknode hub a\n"), "mknode bridge a\n", 1, NULL, NULL);
}

static void
test_programs_stay(void **state)
{
	struct graph *l = live("mknode hub h\nmkpeer h: tee t left\n");
	struct g_node *s = graph_node(l, "prog", "socket", 99);

	graph_link(l, s, "x", graph_named(l, "h"), "p");
	graph_link(l, graph_node(l, "", "port", 98), "port", graph_path(l, NULL, "h:t"), "right");
	/* a link to a program stays with the node, and goes with it */
	check(l, "mknode hub h\n", 0, "shutdown [11]:\n", "-link h:t [11]:left\n-link [11]:right [62]:port\n-node [11]: tee\n");

	l = live("mknode hub h\n");
	graph_link(l, graph_node(l, "prog", "socket", 99), "x", graph_named(l, "h"), "p");
	check(l, "mknode hub h\nmkpeer h: tee p left\n", 1, NULL, NULL); /* its hook is not ours to take */

	l = live("");
	graph_node(l, "prog", "socket", 99);
	check(l, "mknode hub prog\n", 1, NULL, NULL);
}

static void
test_nameless_parts(void **state)
{
	/* a part without any name is known by its looks */
	check(live("mknode hub\nmknode tee x\nmkpeer x: hub right a\nmkpeer x:right hub b c\nshutdown x:\n"),
	    "mknode hub n1\nmkpeer n1: hub c b\nmknode hub\n", 0, "name [12]: n1\n", "+name [12]: n1\n");
	/* the other way round it cannot be built: nothing leads there */
	check(live(""), "mknode hub x\nmkpeer x: hub a b\nmkpeer x:a hub c d\nshutdown x:\n", 1, NULL, NULL);
}

static void
test_words(void **state)
{
	struct graph *l = graph_new();

	graph_node(l, "two words", "hub", 5);
	graph_node(l, "qu\"ote", "hub", 6);
	graph_node(l, "#", "hub", 7);
	check(l, "", 0, "shutdown \"#:\"\nshutdown \"qu\\\"ote:\"\nshutdown \"two words:\"\n", NULL);
}

static void
test_script_errors(void **state)
{
	assert_string_equal(refused("\n#\nlist\n"), "script: line 3: \"list\" does not describe a graph; mknode, mkpeer, connect, name, rmhook and shutdown do\n");
	assert_string_equal(refused("frob\n"), "script: line 1: \"frob\": unknown command\n");
	assert_string_equal(refused("s x\n"), "script: line 1: \"s\": ambiguous command\n");
	assert_string_equal(refused("mkpeer hub a\n"), "script: line 1: usage: mkpeer [path] <type> <hook> <peerhook>\n");
	assert_string_equal(refused("mknode a b c\n"), "script: line 1: usage: mknode <type> [name]\n");
	assert_string_equal(refused("name x: y\n"), "script: line 1: there is nothing at \"x:\"\n");
	assert_string_equal(refused("mknode hub x\nconnect x: .:z a b\n"), "script: line 2: there is nothing at \".:z\"\n");
	assert_string_equal(refused("mknode hub x\nmknode tee x\n"), "script: line 2: another node is called \"x\" (line 1)\n");
	assert_string_equal(refused("mknode hub x.y\n"), "script: line 1: \"x.y\" is no legal name\n");
	assert_string_equal(refused("name . x\n"), "script: line 1: ngctl's own node is not part of the graph\n");
	assert_string_equal(refused("kill .\n"), "script: line 1: ngctl's own node is not part of the graph\n");
	assert_string_equal(refused("mknode hub x\nmkpeer x: tee a left\nmkpeer x: tee a left\n"), "script: line 3: hook \"a\" of \"x:\" is in use\n");
	assert_string_equal(refused("mknode hub x\nmkpeer x: tee a left\nconnect x: x:a b left\n"), "script: line 3: hook \"left\" is in use\n");
	assert_string_equal(refused("mkpeer hub a b\n"),
	    "script: line 1: a hub is linked to ngctl's own node only, and would end with it; make it with mknode\n");
}

/* Commands as ngctl has them: other names, case, own node left out, ends with the last hook. */
static void
test_script_forms(void **state)
{
	struct graph *g = graph("MKPEER hub tmp a\nnam tmp h\njoin h: . b c\nmkp h: tee t left\n\n  # no comment here is a command: not reached\n");

	assert_null(g);
	g = graph("MKPEER hub tmp a\nnam tmp h\njoin h: . b c\nmkp h: tee t left\nmkpeer h:t hole right h\nkill h:t\ndisconnect tmp\nrmhook nothere\nmknode hub k\nconnect h: k: q q\n");
	assert_non_null(g);
	assert_non_null(graph_named(g, "h"));
	assert_int_equal(graph_named(g, "h")->nhooks, 3); /* t and tmp are gone; "." behind a path is that path's node */
	assert_ptr_equal(graph_path(g, NULL, "h:b"), graph_named(g, "h"));
	assert_null(graph_path(g, NULL, "h:t"));
	assert_ptr_equal(graph_path(g, NULL, "h:q"), graph_named(g, "k"));
	assert_ptr_equal(graph_path(g, NULL, "h:.q."), graph_named(g, "k"));
	assert_ptr_equal(graph_path(g, NULL, "h:q.q"), graph_named(g, "h"));
	assert_null(graph_path(g, NULL, "h:q..q"));
	assert_null(graph_path(g, NULL, "h:q:"));
	assert_null(graph_path(g, NULL, ":q"));
	assert_null(graph_path(g, NULL, "q"));
	graph_free(g);
}

/* ---- any graph */

static unsigned
lot(unsigned *seed, unsigned n)
{
	*seed = *seed * 1664525u + 1013904223u;
	return ((*seed >> 8) % n);
}

/* Nodes of a to h, linked at random: hook "x" + peer + number. Their types hang on the name, so that none must change. Some nodes have no name. */
static struct graph *
any(unsigned *seed, bool ids)
{
	static const char *const types[] = { "hub", "bridge", "echo" };
	struct graph *g = graph_new();
	char name[8], ah[80], bh[80];
	struct g_node *a, *b, *extra;
	unsigned i, k, n;

	for (i = 0; i < 8; i++)
		if (lot(seed, 3) != 0) {
			snprintf(name, sizeof(name), "%c", 'a' + i);
			graph_node(g, name, types[i % 3], ids ? 1 + (uint32_t)g->n : 0);
		}
	n = (unsigned)g->n;
	for (i = 0; n > 0 && i < 12; i++) {
		a = g->node[lot(seed, n)];
		b = g->node[lot(seed, n)];
		k = lot(seed, 2);
		snprintf(ah, sizeof(ah), "%c%s%s%u", 'x', a->name, b->name, k);
		snprintf(bh, sizeof(bh), "%c%s%s%u", 'y', a->name, b->name, k);
		if (lot(seed, 3) != 0)
			graph_link(g, a, ah, b, bh);
		else if (graph_hook(g, a, bh) == NULL && graph_hook(g, a, ah) == NULL) {
			/* one without a name in between; its hooks say whose it is */
			ah[0] = 'u', bh[0] = 'v';
			if (graph_hook(g, a, ah) != NULL || graph_hook(g, b, bh) != NULL)
				continue;
			extra = graph_node(g, "", "tee", ids ? 1 + (uint32_t)g->n : 0);
			graph_link(g, a, ah, extra, "left");
			graph_link(g, extra, "right", b, bh);
		}
	}
	return (g);
}

/* Run the operations, as a graph does whose nodes do not end by themselves. */
static void
operate(struct graph *g, char *ops)
{
	char *line, *rest, *w[6], *more;
	struct g_node *n, *peer;
	int k;

	for (line = strtok_r(ops, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		k = 0;
		for (w[0] = strtok_r(line, " ", &more); w[k] != NULL && k < 5; w[++k] = strtok_r(NULL, " ", &more))
			;
		if (strcmp(w[0], "mknode") == 0) {
			graph_node(g, k > 2 ? w[2] : "", w[1], 1000 + (uint32_t)g->n);
			continue;
		}
		assert_non_null(n = graph_path(g, NULL, w[1]));
		if (strcmp(w[0], "mkpeer") == 0) {
			peer = graph_node(g, "", w[2], 1000 + (uint32_t)g->n);
			assert_non_null(graph_link(g, n, w[3], peer, w[4]));
		} else if (strcmp(w[0], "connect") == 0) {
			assert_non_null(peer = graph_path(g, NULL, w[2]));
			assert_non_null(graph_link(g, n, w[3], peer, w[4]));
		} else if (strcmp(w[0], "rmhook") == 0) {
			assert_non_null(graph_hook(g, n, w[2]));
			graph_unlink(g, graph_hook(g, n, w[2]));
		} else if (strcmp(w[0], "name") == 0) {
			assert_null(graph_named(g, w[2]));
			graph_name(g, n, w[2]);
		} else {
			assert_string_equal(w[0], "shutdown");
			graph_remove(g, n);
		}
	}
}

/* As if nobody had looked at it yet. */
static void
wash(struct graph *g)
{
	struct g_hook *h;
	size_t i;

	for (i = 0; i < g->n; i++) {
		g->node[i]->match = NULL;
		g->node[i]->mark = false;
		free(g->node[i]->path);
		g->node[i]->path = NULL;
		for (h = g->node[i]->hooks; h != NULL; h = h->next)
			h->done = false;
	}
}

/* How many links are in a and not in b, both named nodes' only; nodes with a name likewise. */
static size_t
lacks(const struct graph *a, const struct graph *b)
{
	const struct g_node *n, *o;
	const struct g_hook *h, *q;
	size_t i, k = 0;

	for (i = 0; i < a->n; i++) {
		n = a->node[i];
		if (n->gone || n->name[0] == '\0')
			continue;
		k += (o = graph_named(b, n->name)) == NULL;
		for (h = n->hooks; h != NULL; h = h->next) {
			q = o != NULL ? graph_hook(b, o, h->name) : NULL;
			k += h->name[0] == 'x' && (q == NULL || strcmp(q->peer->node->name, h->peer->node->name) != 0 || strcmp(q->peer->name, h->peer->name) != 0);
		}
	}
	return (k);
}

static void
test_any_difference(void **state)
{
	struct graph *a, *b;
	unsigned seed = 1, i;
	size_t k, least, diff;
	struct plan p;

	for (i = 0; i < 500; i++) {
		a = any(&seed, true);
		b = any(&seed, false);
		least = lacks(a, b) + lacks(b, a);
		plan_make(a, b, &p);
		assert_int_equal(p.problems, 0);
		for (k = diff = 0; k < p.ndiff; k++) /* nothing that is in both is touched */
			diff += p.diff[k].what[0] == 'n' ? strlen(p.diff[k].a) == 2 : strstr(p.diff[k].a, ":x") != NULL || strstr(p.diff[k].b, ":x") != NULL;
		assert_int_equal(diff, least);
		operate(a, p.ops);
		plan_free(&p);
		wash(a);
		wash(b);
		plan_make(a, b, &p);
		assert_int_equal(p.problems, 0);
		assert_int_equal(p.ndiff, 0);
		assert_int_equal(p.nops, 0);
		plan_free(&p);
		graph_free(a);
		graph_free(b);
	}
}

static char *
written(struct graph *g, size_t lost)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	assert_int_equal(script_write(g, f), lost);
	fclose(f);
	return (text);
}

/* Written, read, written: the same text; and the graph that was read is the one that was written. */
static void
test_any_script(void **state)
{
	struct graph *a, *b;
	unsigned seed = 7, i;
	struct plan p;
	char *s, *t;

	for (i = 0; i < 500; i++) {
		a = any(&seed, true);
		s = written(a, 0);
		assert_non_null(b = graph(s));
		t = written(b, 0);
		assert_string_equal(s, t);
		wash(a);
		wash(b);
		plan_make(a, b, &p);
		assert_int_equal(p.problems, 0);
		assert_string_equal(p.ops, "");
		plan_free(&p);
		graph_free(a);
		graph_free(b);
		free(s);
		free(t);
	}
}

/* What cannot be said is counted, and said in a comment; the rest is there. */
static void
test_unsayable(void **state)
{
	struct graph *g = graph_new(), *b;
	struct g_node *h = graph_node(g, "h", "hub", 1), *t = graph_node(g, "two words", "tee", 2), *e = graph_node(g, "e", "echo", 3);
	char *s;

	graph_link(g, h, "a", t, "left");
	graph_link(g, h, "a b", e, "c");
	graph_link(g, h, "x.y", e, "d");
	graph_link(g, h, "p", graph_node(g, "prog", "socket", 4), "q");
	s = written(g, 3); /* the tee's name, the hook's, and e's, which no path leads to */
	assert_non_null(strstr(s, "\"two words\""));
	assert_non_null(strstr(s, "hook \"a b\""));
	assert_non_null(strstr(s, "# not in here, for a program holds it: hook \"p\" of hub h\n"));
	assert_non_null(b = graph(s));
	assert_int_equal(graph_named(b, "h")->nhooks, 2);
	graph_free(b);
	graph_free(g);
	free(s);
}

/* Names and hooks in great number; the tables grow. */
static void
test_many(void **state)
{
	struct graph *g = graph_new(), *b;
	struct g_node *h = graph_node(g, "h", "hub", 1);
	char name[16], *s;
	unsigned i;

	for (i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		assert_non_null(graph_link(g, h, name, graph_node(g, name, "hub", 2 + i), "up"));
	}
	assert_null(graph_link(g, h, "n2999", h, "other"));
	assert_null(graph_link(g, h, "same", h, "same"));
	for (i = 0; i < 3000; i += 2) {
		snprintf(name, sizeof(name), "n%u", i);
		graph_unlink(g, graph_hook(g, h, name));
	}
	assert_int_equal(h->nhooks, 1500);
	s = written(g, 0);
	assert_non_null(b = graph(s));
	assert_int_equal(graph_named(b, "h")->nhooks, 1500);
	assert_int_equal(graph_named(b, "n2998")->nhooks, 0);
	assert_ptr_equal(graph_path(b, NULL, "h:n2999.up"), graph_named(b, "h"));
	graph_free(b);
	graph_free(g);
	free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_from_nothing),
		cmocka_unit_test(test_to_nothing),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_programs_stay),
		cmocka_unit_test(test_nameless_parts),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_script_errors),
		cmocka_unit_test(test_script_forms),
		cmocka_unit_test(test_any_difference),
		cmocka_unit_test(test_any_script),
		cmocka_unit_test(test_unsayable),
		cmocka_unit_test(test_many),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
