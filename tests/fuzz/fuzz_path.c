/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_path.c - paths, names of nodes, names of hooks: text into ng_path_parse(), ng_path2noderef(), ng_name_node() and the calls
 * that take them, held against sections 11.1 and 11.2 written down plainly.
 *
 * The graph is made once: a.l - b.r, b.x - "c d".y, a.s1 - a.s2, and a node without a name at "c d".z. An input leaves it as it was.
 */
#include "fuzz/fuzz.h"

#include "core/core.h"

#include <ng/test.h>

#define SPARE "spare"

static struct ngu_graph *g;
static struct ng_node *a, *spare;
static uint32_t id_a, id_b, id_c, id_n, id_spare;

static struct ng_node *
find(const char *name)
{
	struct ng_node *n = ng_name2noderef(NULL, name);

	FZ(n != NULL, "no %s", name);
	NG_NODE_UNREF(n);
	return (n);
}

static void
begin(void)
{
	ngt_trace_type("any", 0);
	g = fz_graph();
	(void)ngu_graph_enter(g);
	FZ(ngu_mknode(g, "any", "a", &id_a) == 0 && ngu_mknode(g, "any", "b", &id_b) == 0 && ngu_mknode(g, "any", "c d", &id_c) == 0 &&
		ngu_mknode(g, "any", SPARE, &id_spare) == 0 && ngu_mkpeer(g, "c d:", "any", "z", "u") == 0 &&
		ngu_lookup(g, "c d:z", &id_n) == 0 && ngu_connect(g, "a:", "l", "b:", "r") == 0 &&
		ngu_connect(g, "b:", "x", "c d:", "y") == 0 && ngu_connect(g, "a:", "s1", "a:", "s2") == 0,
	    "the graph cannot be made");
	a = find("a");
	spare = find(SPARE);
}

/* ---- the rules, in other words ---- */

/* 0: the text is not the address of a node. */
static uint64_t
id_of(const char *s)
{
	size_t n = strlen(s), i = 1;
	uint64_t v = 0;

	if (n < 3 || s[0] != '[' || s[n - 1] != ']')
		return (0);
	if (n > 4 && s[1] == '0' && (s[2] == 'x' || s[2] == 'X'))
		i = 3;
	for (; i < n - 1; i++) {
		const char *hex = "0123456789abcdef0123456789ABCDEF", *at = s[i] != '\0' ? strchr(hex, s[i]) : NULL;

		if (at == NULL)
			return (0);
		v = v * 16 + (uint64_t)(at - hex) % 16;
		if (v > UINT32_MAX)
			return (0);
	}
	return (v);
}

static bool
legal_name(const char *s)
{
	return (s[0] != '\0' && strlen(s) < NG_NODESIZ && strpbrk(s, ".:") == NULL && id_of(s) == 0);
}

struct parts {
	bool node, path, one;	       /* there is such a part; the path is one hook */
	char name[600], hooks[600];
};

static int
split(const char *s, struct parts *p)
{
	const char *colon = strchr(s, ':'), *rest = s;
	size_t n;

	memset(p, 0, sizeof(*p));
	if (colon != NULL) {
		n = (size_t)(colon - s);
		memcpy(p->name, s, n);
		p->node = true;
		rest = colon + 1;
		if (n == 0 || (strchr(p->name, '.') != NULL && strcmp(p->name, ".") != 0) || strchr(rest, ':') != NULL)
			return (-1);
	}
	if (strstr(rest, "..") != NULL)
		return (-1);
	if (rest[0] == '.')
		rest++;
	n = strlen(rest);
	if (n > 0 && rest[n - 1] == '.')
		n--;
	memcpy(p->hooks, rest, n);
	p->path = n != 0;
	p->one = p->path && strchr(p->hooks, '.') == NULL;
	return (0);
}

static const struct edge {
	uint32_t *from;
	const char *hook;
	uint32_t *to;
	const char *peer;
} edges[] = { { &id_a, "l", &id_b, "r" }, { &id_b, "r", &id_a, "l" }, { &id_b, "x", &id_c, "y" }, { &id_c, "y", &id_b, "x" },
	{ &id_a, "s1", &id_a, "s2" }, { &id_a, "s2", &id_a, "s1" }, { &id_c, "z", &id_n, "u" }, { &id_n, "u", &id_c, "z" } };

/* Where a path leads: 0 and *id, and the hook by which it enters, or the error. */
static int
walk(const char *path, uint32_t here, uint32_t *id, const char **last)
{
	static const struct {
		const char *name;
		uint32_t *id;
	} names[] = { { "a", &id_a }, { "b", &id_b }, { "c d", &id_c }, { SPARE, &id_spare } };
	uint32_t *ids[] = { &id_a, &id_b, &id_c, &id_n, &id_spare };
	char cut[NG_PATHSIZ], *seg, *next;
	struct parts p;
	uint64_t v;
	unsigned i;

	*last = NULL;
	(void)snprintf(cut, sizeof(cut), "%s", path);
	if (split(cut, &p) != 0)
		return (EINVAL);
	*id = 0;
	if (!p.node || strcmp(p.name, ".") == 0) {
		if ((*id = here) == 0)
			return (EINVAL);
	} else if ((v = id_of(p.name)) != 0) {
		for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
			if (*ids[i] == v)
				*id = *ids[i];
	} else {
		for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (strcmp(names[i].name, p.name) == 0)
				*id = *names[i].id;
	}
	if (*id == 0)
		return (ENOENT);
	for (seg = p.path ? p.hooks : NULL; seg != NULL; seg = next) {
		if ((next = strchr(seg, '.')) != NULL)
			*next++ = '\0';
		for (i = 0; i < sizeof(edges) / sizeof(edges[0]); i++)
			if (*edges[i].from == *id && strcmp(edges[i].hook, seg) == 0)
				break;
		if (i == sizeof(edges) / sizeof(edges[0]))
			return (ENOENT);
		*id = *edges[i].to;
		*last = edges[i].peer;
	}
	return (0);
}

/* ---- one text ---- */

static void
as_path(const char *text)
{
	char *cut = fz_text(text, strlen(text)), *node = NULL, *path = NULL, *hook = NULL;
	struct parts p;
	const char *last;
	struct ng_node *n;
	struct ng_hook *h;
	uint32_t id, got;
	int error, want;

	if (strlen(text) < 512) {
		want = split(text, &p);
		error = ng_path_parse(cut, &node, &path, &hook);
		FZ(error == want, "\"%s\": ng_path_parse() gives %d, not %d", text, error, want);
		if (error == 0) {
			FZ((node != NULL) == p.node && (path != NULL) == p.path && (hook != NULL) == p.one, "\"%s\": other parts", text);
			FZ(node == NULL || strcmp(node, p.name) == 0, "\"%s\": node \"%s\"", text, node);
			FZ(path == NULL || strcmp(path, p.hooks) == 0, "\"%s\": path \"%s\"", text, path);
			FZ(hook == NULL || hook == path, "\"%s\": hook \"%s\"", text, hook);
		}
	}
	fz_free(cut);
	for (unsigned i = 0; i < 2; i++) {
		struct ng_node *here = i == 0 ? NULL : a;

		want = walk(text, i == 0 ? 0 : id_a, &id, &last);
		error = ng_path2noderef(here, text, &n, &h);
		FZ(error == want, "\"%s\": error %d, not %d", text, error, want);
		if (error != 0) {
			FZ(n == NULL && h == NULL, "\"%s\": an error, and something found", text);
			continue;
		}
		FZ(NG_NODE_ID(n) == id, "\"%s\": node %u, not %u", text, (unsigned)NG_NODE_ID(n), (unsigned)id);
		FZ((h != NULL) == (last != NULL) && (h == NULL || strcmp(NG_HOOK_NAME(h), last) == 0), "\"%s\": other last hook", text);
		NG_NODE_UNREF(n);
		if (h != NULL)
			NG_HOOK_UNREF(h);
	}
	want = walk(text, 0, &id, &last);
	got = 0;
	error = ngu_lookup(g, text, &got);
	FZ(error == want && (error != 0 || got == id), "\"%s\": ngu_lookup() says %d, [%x]", text, error, (unsigned)got);
}

static void
as_name(const char *text)
{
	const bool own = strcmp(text, SPARE) == 0;
	const bool taken = strcmp(text, "a") == 0 || strcmp(text, "b") == 0 || strcmp(text, "c d") == 0;
	int want = own ? 0 : !legal_name(text) ? EINVAL : taken ? EADDRINUSE : 0, error;
	struct ng_node *n;

	error = ng_name_node(spare, text);
	FZ(error == want, "name \"%s\": error %d, not %d", text, error, want);
	error = ngu_name(g, SPARE ":", text); /* under its old name it is found only if the other call failed */
	FZ(error == (want == 0 && !own ? ENOENT : want), "name \"%s\": ngu_name() says %d", text, error);
	FZ(strcmp(NG_NODE_NAME(spare), want == 0 ? text : SPARE) == 0, "name \"%s\": it is called \"%s\"", text, NG_NODE_NAME(spare));
	n = ng_name2noderef(NULL, want == 0 ? text : SPARE);
	FZ(n == spare, "name \"%s\": not found by it", text);
	NG_NODE_UNREF(n);
	error = ng_name_node(spare, SPARE);
	FZ(error == 0, "name \"%s\": no way back, error %d", text, error);
}

static void
as_hook(const char *text)
{
	size_t len = strlen(text);
	int want = len == 0 || len >= NG_HOOKSIZ ? EINVAL : 0, error;
	char path[NG_HOOKSIZ + 16];
	uint32_t id;

	error = ngu_connect(g, SPARE ":", text, "b:", text);
	if (want == 0 && (strcmp(text, "r") == 0 || strcmp(text, "x") == 0))
		want = EEXIST;
	FZ(error == want, "hook \"%s\": error %d, not %d", text, error, want);
	if (error != 0)
		return;
	(void)snprintf(path, sizeof(path), "%s:%s", SPARE, text);
	error = ngu_lookup(g, path, &id);
	if (strpbrk(text, ".:") == NULL)
		FZ(error == 0 && id == id_b, "hook \"%s\": the path over it ends with %d", text, error);
	else
		FZ(error != 0 || id == id_spare, "hook \"%s\": is reached by a path", text);
	error = ngu_connect(g, SPARE ":", text, "b:", "other");
	FZ(error == EEXIST, "hook \"%s\": twice", text);
	error = ngu_rmhook(g, "b:", text);
	FZ(error == 0 && NG_NODE_NUMHOOKS(spare) == 0, "hook \"%s\": does not go", text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (g == NULL)
		begin();
	if (size > 2000)
		size = 2000;
	text = fz_text(data, size);
	as_path(text);
	as_name(text);
	as_hook(text);
	fz_free(text);
	FZ(NG_NODE_NUMHOOKS(a) == 3, "the graph is not what it was");
	return (0);
}
