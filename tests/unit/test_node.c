/* SPDX-License-Identifier: BSD-2-Clause */
/* test_node.c - birth, names and death of nodes (sections 11.1 and 12): method order, persistence, references. */
#include "support/unit.h"

#include <pthread.h>

/* ---- birth ---- */

static int
note_id(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	uint32_t *id = arg;
	char path[40];

	(void)hook;
	(void)item;
	*id = NG_NODE_ID(node);
	/* Not to be found before the constructor has returned. */
	(void)snprintf(path, sizeof(path), "[%x]:", (unsigned)*id);
	if (ngu_lookup(ngu_graph_current(), path, NULL) != ENOENT)
		*id = 0;
	return (0);
}

static void
test_birth(void **state)
{
	uint32_t seen = 0, id = 0, id2 = 0;
	char path[40];
	struct ngt *t = traced(0, 0, "");

	(void)state;
	ngt_trace_on("constructor a", note_id, &seen);
	assert_int_equal(ngu_mknode(G, "a", NULL, &id), 0);
	assert_int_not_equal(id, 0);
	assert_int_equal(seen, id);
	(void)snprintf(path, sizeof(path), "[%x]:", (unsigned)id);
	assert_int_equal(ngu_lookup(G, path, &id2), 0);
	assert_int_equal(id2, id);
	assert_int_equal(ngu_mknode(G, "a", NULL, &id2), 0);
	assert_int_not_equal(id2, id);
	expect_alive(t, 2, 0);
	ngt_end(t);
}

static void
test_birth_errors(void **state)
{
	struct ngt *t = traced(NGT_NO_CONSTRUCTOR, 0, "b B");
	struct ng_node *n = (struct ng_node *)&t;
	uint32_t id = 77;

	(void)state;
	assert_int_equal(ngu_mknode(G, "a", NULL, &id), EINVAL);
	assert_int_equal(ngu_mknode(G, "nosuch", NULL, &id), ENXIO);
	assert_int_equal(ng_make_node("nosuch", &n), ENXIO);
	assert_null(n); /* never a dangling pointer */
	assert_int_equal(ng_make_node(NULL, &n), EINVAL);
	ngt_trace_fail("constructor b", EPERM);
	n = (struct ng_node *)&t;
	assert_int_equal(ng_make_node("b", &n), EPERM);
	assert_null(n);
	assert_int_equal(ngu_mknode(G, "b", "N", &id), EPERM);
	assert_int_equal(ngu_lookup(G, "N:", NULL), ENOENT);
	ngt_trace_fail("constructor b", 0);
	/* The name is taken, or is none: the node goes again. */
	ngt_trace_clear();
	assert_int_equal(ngu_mknode(G, "b", "B", &id), EADDRINUSE);
	ngt_expect_trace("constructor b; close b; shutdown b");
	assert_int_equal(ngu_mknode(G, "b", "B.x", &id), EINVAL);
	ngt_expect_trace("constructor b; close b; shutdown b");
	assert_int_equal(id, 77);
	expect_alive(t, 1, 0);
	ngt_end(t);
}

/* ng_make_node_common: no constructor, found at once, as kernel sources use it. */
static void
test_make_common(void **state)
{
	struct ngt *t = traced(NGT_NO_CONSTRUCTOR, 0, "");
	struct ng_type *type = ng_findtype("a"), copy = *type;
	struct ng_node *n;
	char path[40];

	(void)state;
	assert_int_equal(ng_make_node_common(&copy, &n), EINVAL); /* not the registered one */
	assert_int_equal(ng_make_node_common(type, &n), 0);
	ngt_expect_trace("");
	assert_int_equal(NGU_LD_ACQ(&type->refs), 2);
	(void)snprintf(path, sizeof(path), "[%x]:", (unsigned)NG_NODE_ID(n));
	assert_int_equal(ngu_lookup(G, path, NULL), 0);
	assert_int_equal(ng_name_node(n, "eth0"), 0);
	assert_int_equal(ngu_lookup(G, "eth0:", NULL), 0);
	assert_int_equal(ng_rmnode_self(n), 0);
	ngt_settle(t);
	ngt_expect_trace("close eth0; shutdown eth0");
	ngu_reclaim_barrier();
	assert_int_equal(NGU_LD_ACQ(&type->refs), 1);
	ngt_end(t);
}

static void
test_common_without_graph(void **state)
{
	struct ngt *t = traced(0, 0, "");
	struct ng_node *n = NULL;
	struct ngu_graph *before = ngu_graph_enter(NULL);

	(void)state;
	assert_int_equal(ng_make_node_common(ng_findtype("a"), &n), EINVAL);
	assert_int_equal(ng_make_node("a", &n), EINVAL);
	(void)ngu_graph_enter(before);
	ngt_end(t);
}

/* ---- names ---- */

static void
test_names(void **state)
{
	static const char *const good[] = { "x", "test hub", "0123456789012345678901234567890", "[", "[0]", "[xyz]", "[]", "[1", "1]",
		"a]", "[1]x", "/etc", "-" };
	static const char *const bad[] = { "", "a.b", ".", "a:", ":", "01234567890123456789012345678901", "[1]", "[0x1f]",
		"[ffffffff]", "[DeadBeef]" };
	struct ngt *t = traced(0, 0, "a A; a B");
	struct ng_node *a = node_of(t, "A");
	char path[80];
	unsigned i;

	(void)state;
	for (i = 0; i < NITEMS(good); i++) {
		assert_int_equal(ng_name_node(a, good[i]), 0);
		assert_string_equal(NG_NODE_NAME(a), good[i]);
		(void)snprintf(path, sizeof(path), "%s:", good[i]);
		if (ngu_lookup(G, path, NULL) != 0)
			print_message("not found: %s\n", path);
		assert_int_equal(ngu_lookup(G, path, NULL), 0);
		if (i > 0) { /* the name before is gone */
			(void)snprintf(path, sizeof(path), "%s:", good[i - 1]);
			assert_int_equal(ngu_lookup(G, path, NULL), ENOENT);
		}
	}
	for (i = 0; i < NITEMS(bad); i++) {
		if (ng_name_node(a, bad[i]) != EINVAL)
			print_message("not refused: \"%s\"\n", bad[i]);
		assert_int_equal(ng_name_node(a, bad[i]), EINVAL);
	}
	assert_string_equal(NG_NODE_NAME(a), good[NITEMS(good) - 1]);
	assert_int_equal(ng_name_node(a, "B"), EADDRINUSE);
	assert_int_equal(ng_name_node(a, NG_NODE_NAME(a)), 0); /* its own name: nothing to do */
	NG_NODE_UNREF(a);
	/* The same through messages. */
	assert_int_equal(ngu_name(G, "B:", "C"), 0);
	assert_int_equal(ngu_name(G, "B:", "D"), ENOENT);
	assert_int_equal(ngu_name(G, "C:", "a.b"), EINVAL);
	assert_int_equal(ngu_name(G, "C:", "-"), EADDRINUSE);
	assert_int_equal(ngu_name(G, "C:", "C"), 0);
	ngt_end(t);
}

static void
test_unnamed(void **state)
{
	struct ngt *t = traced(0, 0, "");
	struct ng_node *n;

	(void)state;
	assert_int_equal(ng_make_node("a", &n), 0);
	assert_false(NG_NODE_HAS_NAME(n));
	assert_string_equal(NG_NODE_NAME(n), "");
	assert_int_equal(ng_name_node(n, ""), 0); /* it has that one already */
	assert_string_equal(NG_NODE_NAME(&ng_deadnode), "dead");
	assert_int_equal(NG_NODE_ID(&ng_deadnode), 0);
	assert_int_equal(ngu_lookup(G, "dead:", NULL), ENOENT);
	assert_int_equal(ng_node2ID(NULL), 0);
	assert_int_equal(ng_node2ID(n), NG_NODE_ID(n));
	ngt_end(t);
}

/* A name is free the moment ngu_shutdown() has returned, even while somebody still holds the old node. */
static void
test_name_free_after_shutdown(void **state)
{
	struct ngt *t = traced(0, 0, "a A");
	struct ng_node *old = node_of(t, "A"), *now;
	unsigned i;

	(void)state;
	for (i = 0; i < 100; i++) {
		assert_int_equal(ngu_shutdown(G, "A:"), 0);
		assert_int_equal(ngu_lookup(G, "A:", NULL), ENOENT);
		assert_int_equal(ngu_mknode(G, "a", "A", NULL), 0);
	}
	now = node_of(t, "A");
	assert_ptr_not_equal(now, old);
	assert_false(NG_NODE_IS_VALID(old));
	NG_NODE_UNREF(now);
	NG_NODE_UNREF(old);
	ngt_end(t);
}

/* ---- death ---- */

static void
test_shutdown_order(void **state)
{
	struct ngt *t = traced(0, 0, "a A; b B; b C; A.one - B.x; A.two - C.x");

	(void)state;
	assert_int_equal(ngu_shutdown(G, "A:"), 0);
	/* Newest hook first; the neighbour's disconnect before ours. */
	ngt_expect_trace("close A; disconnect C/x; disconnect A/two; disconnect B/x; disconnect A/one; shutdown A");
	ngt_expect_hooks(t, "B:", "");
	expect_alive(t, 2, 0);
	ngt_end(t);
}

struct states {
	int in_close, in_disconnect, in_shutdown;
	int hooks_close, hooks_disconnect, hooks_shutdown;
	bool own_node, dead_peer, invalid;
	int send_close;
};

static int
at_close(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct states *s = arg;
	struct mbuf *m = ngu_packet(NULL, "bye", 3);

	(void)item;
	s->in_close = node->nd_flags;
	s->hooks_close = NG_NODE_NUMHOOKS(node);
	hook = ng_findhook(node, "x");
	NG_SEND_DATA_ONLY(s->send_close, hook, m);
	return (0);
}

static int
at_disconnect(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct states *s = arg;

	(void)item;
	s->in_disconnect = node->nd_flags;
	s->hooks_disconnect = NG_NODE_NUMHOOKS(node);
	s->own_node = NG_HOOK_NODE(hook) == node;
	s->dead_peer = NG_HOOK_PEER(hook) == &ng_deadhook;
	s->invalid = NG_HOOK_NOT_VALID(hook) != 0;
	return (0);
}

static int
at_shutdown(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct states *s = arg;

	(void)hook;
	(void)item;
	s->in_shutdown = node->nd_flags;
	s->hooks_shutdown = NG_NODE_NUMHOOKS(node);
	return (0);
}

static void
test_shutdown_views(void **state)
{
	struct states s = { 0 };
	struct ngt *t = traced(0, 0, "a A; A.x - probe p");
	const int dying = NGF_INVALID | NGF_CLOSING;

	(void)state;
	ngt_trace_on("close A", at_close, &s);
	ngt_trace_on("disconnect A", at_disconnect, &s);
	ngt_trace_on("shutdown A", at_shutdown, &s);
	struct ngt_probe *p = ngt_probe(t, "p");
	assert_int_equal(ngu_shutdown(G, "A:"), 0);
	assert_int_equal(s.in_close & dying, dying);
	assert_int_equal(s.in_disconnect & dying, dying);
	assert_int_equal(s.in_shutdown & dying, dying);
	assert_int_equal(s.hooks_close, 1);
	assert_int_equal(s.hooks_disconnect, 0);
	assert_int_equal(s.hooks_shutdown, 0);
	assert_true(s.own_node && s.dead_peer && s.invalid);
	/* Sending still works in close. */
	assert_int_equal(s.send_close, 0);
	ngt_expect(p, "x", "62 79 65");
	ngt_expect_none(p, NULL);
	ngt_end(t);
}

static void
test_shutdown_without_methods(void **state)
{
	struct ngt *t = traced(NGT_NO_CLOSE | NGT_NO_SHUTDOWN | NGT_NO_DISCONNECT, 0, "a A; b B; A.x - B.y");

	(void)state;
	assert_int_equal(ngu_shutdown(G, "A:"), 0);
	ngt_expect_trace("disconnect B/y");
	expect_alive(t, 1, 0);
	ngt_end(t);
}

static void
test_shutdown_twice(void **state)
{
	struct ngt *t = traced(0, 0, "a A");
	struct ng_node *a = node_of(t, "A");

	(void)state;
	assert_int_equal(ngu_shutdown(G, "A:"), 0);
	assert_int_equal(ngu_shutdown(G, "A:"), ENOENT);
	ngt_expect_trace("close A; shutdown A");
	ng_rmnode(a);
	assert_int_equal(ng_rmnode_self(a), 0);
	ngt_settle(t);
	ngt_expect_trace("");
	NG_NODE_UNREF(a);
	expect_alive(t, 0, 0);
	ngt_end(t);
}

static int
rmnode_self(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	int *seen = arg;

	(void)hook;
	(void)item;
	assert_int_equal(ng_rmnode_self(node), 0);
	if (seen != NULL)
		*seen = NG_NODE_NOT_VALID(node) != 0;
	return (0);
}

/* ng_rmnode_self from inside: invalid at once, removed when the method has returned. */
static void
test_rmnode_self(void **state)
{
	struct ngt *t = traced(NGT_AUTODIE, 0, "a A; b B; A.x - B.y");
	int invalid = 0;

	(void)state;
	assert_int_equal(ngu_rmhook(G, "A:", "x"), 0);
	ngt_expect_trace("disconnect B/y; disconnect A/x; close A; shutdown A");
	ngt_trace_on("rcvmsg B", rmnode_self, &invalid);
	ngt_msg(t, "B:", 4711, 1, NULL, 0);
	assert_int_equal(invalid, 1);
	ngt_expect_trace("rcvmsg B 4711:1; close B; shutdown B");
	expect_alive(t, 0, 0);
	ngt_end(t);
}

/* From its own close and shutdown: no second round. */
static void
test_rmnode_self_while_dying(void **state)
{
	struct ngt *t = traced(0, 0, "a A; b B; A.x - B.y");

	(void)state;
	ngt_trace_on("close A", rmnode_self, NULL);
	ngt_trace_on("disconnect A/x", rmnode_self, NULL);
	ngt_trace_on("shutdown A", rmnode_self, NULL);
	assert_int_equal(ngu_shutdown(G, "A:"), 0);
	ngt_settle(t);
	ngt_expect_trace("close A; disconnect B/y; disconnect A/x; shutdown A");
	expect_alive(t, 1, 0);
	ngt_end(t);
}

/* A whole chain of nodes that end themselves with their last hook. */
static void
test_autodie_chain(void **state)
{
	struct ngt *t = traced(NGT_AUTODIE, NGT_AUTODIE, "b A; a B; a C; a D; A.x - B.x; B.y - C.x; C.y - D.x");

	(void)state;
	assert_int_equal(ngu_shutdown(G, "A:"), 0);
	ngt_settle(t);
	ngt_expect_trace("close A; disconnect B/x; disconnect A/x; shutdown A");
	assert_int_equal(ngu_rmhook(G, "B:", "y"), 0);
	ngt_settle(t);
	ngt_expect_hooks(t, "B:", NULL);
	ngt_expect_hooks(t, "C:", "y - D.x");
	assert_int_equal(ngu_shutdown(G, "C:"), 0);
	ngt_settle(t);
	expect_alive(t, 0, 0);
	ngt_end(t);
}

/* ---- persistent nodes ---- */

static void
test_persistent(void **state)
{
	struct ngt *t = traced(NGT_PERSIST, 0, "a A; b B; A.x - B.y");
	struct ng_node *a = node_of(t, "A");
	uint32_t before, after;

	(void)state;
	assert_int_equal(ngu_lookup(G, "A:", &before), 0);
	assert_int_equal(ngu_shutdown(G, "A:"), 0);
	ngt_expect_trace("close A; disconnect B/y; disconnect A/x; shutdown A");
	/* It lives on: same node, name and ID, no hooks. */
	assert_int_equal(ngu_lookup(G, "A:", &after), 0);
	assert_int_equal(before, after);
	assert_int_equal(a->nd_flags & (NGF_INVALID | NGF_CLOSING), 0);
	ngt_expect_hooks(t, "A:", "");
	/* As good as new. */
	assert_int_equal(ngu_connect(G, "A:", "x", "B:", "y"), 0);
	ngt_expect_trace("newhook A/x; newhook B/y; connect B/y; connect A/x");
	assert_int_equal(ngu_shutdown(G, "A:"), 0);
	ngt_expect_trace("close A; disconnect B/y; disconnect A/x; shutdown A");
	assert_int_equal(ngu_lookup(G, "A:", NULL), 0);
	/* Until it is told to really die. */
	NG_NODE_REALLY_DIE(a);
	assert_int_equal(ng_rmnode_self(a), 0);
	NG_NODE_UNREF(a);
	ngt_settle(t);
	ngt_expect_trace("close A; shutdown A");
	ngt_end(t);
}

static void
test_really_die(void **state)
{
	struct ngt *t = traced(NGT_PERSIST, 0, "a A");
	struct ng_node *a = node_of(t, "A");

	(void)state;
	NG_NODE_REALLY_DIE(a);
	assert_false(NG_NODE_IS_VALID(a));
	assert_int_equal(ngu_lookup(G, "A:", NULL), ENOENT);
	assert_int_equal(ng_rmnode_self(a), 0);
	ngt_settle(t);
	ngt_expect_trace("close A; shutdown A");
	NG_NODE_UNREF(a);
	expect_alive(t, 0, 0);
	ngt_end(t);
}

/* ngu_graph_destroy() gets rid of persistent nodes too (ngt_end() says if not). */
static void
test_persistent_end(void **state)
{
	struct ngt *t = traced(NGT_PERSIST, 0, "a A; a B; A.x - B.y");

	(void)state;
	ngt_end(t);
}

static int
take_name(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	(void)node;
	(void)hook;
	(void)item;
	*(int *)arg = ngu_name(ngu_graph_current(), "B:", "A");
	return (0);
}

/* A dying node's name is free; if it comes back it has its name still, and lookups find the one named last. */
static void
test_revived_keeps_name(void **state)
{
	struct ngt *t = traced(NGT_PERSIST, 0, "a A; b B");
	struct ng_node *a = node_of(t, "A");
	uint32_t idb, id;
	int error = -1;

	(void)state;
	assert_int_equal(ngu_lookup(G, "B:", &idb), 0);
	ngt_trace_on("close A", take_name, &error);
	assert_int_equal(ngu_shutdown(G, "A:"), 0);
	assert_int_equal(error, 0);
	assert_true(NG_NODE_IS_VALID(a));
	assert_string_equal(NG_NODE_NAME(a), "A");
	assert_int_equal(ngu_lookup(G, "A:", &id), 0);
	assert_int_equal(id, idb);
	/* When that one goes, the first is found again. */
	assert_int_equal(ngu_shutdown(G, "A:"), 0);
	assert_int_equal(ngu_lookup(G, "A:", &id), 0);
	assert_int_equal(id, NG_NODE_ID(a));
	NG_NODE_UNREF(a);
	ngt_end(t);
}

/* ---- references ---- */

/* A reference is had only where there is one already: not of the dead ones, not of what is being freed. */
static void
test_no_reference(void **state)
{
	static struct ng_node node;
	static struct ng_hook hook;
	struct ngt *t = traced(0, 0, "a A.x - a B.y");
	struct ng_node *a = node_of(t, "A");
	struct ng_hook *x = ng_findhook(a, "x");
	int nrefs = NGU_LD_ACQ(&a->nd_refs), hrefs = NGU_LD_ACQ(&x->hk_refs);
	struct ng_type unloaded = { .version = NG_ABI_VERSION, .name = "unloaded" };
	struct ng_node *n = NULL;

	(void)state;
	assert_false(ngu__node_tryref(&ng_deadnode));
	assert_false(ngu__hook_tryref(&ng_deadhook));
	assert_false(ngu__node_tryref(&node));
	assert_false(ngu__hook_tryref(&hook));
	assert_int_equal(node.nd_refs, 0);
	assert_int_equal(hook.hk_refs, 0);
	/* A type that was found, and unloaded before the node was made. */
	assert_int_equal(ngu__make_node(G, &unloaded, &n, true), ENXIO);
	assert_null(n);
	assert_int_equal(unloaded.refs, 0);
	/* The calls that note where they come from count like the others; the dead ones count nothing. */
	ngu_k_node_ref_at(a, __FILE__, __LINE__);
	ngu_k_hook_ref_at(x, __FILE__, __LINE__);
	ngu_k_hook_ref_at(&ng_deadhook, __FILE__, __LINE__);
	assert_int_equal(NGU_LD_ACQ(&a->nd_refs), nrefs + 1);
	assert_int_equal(NGU_LD_ACQ(&x->hk_refs), hrefs + 1);
	ngu_k_node_unref_at(a, __FILE__, __LINE__);
	ngu_k_hook_unref_at(x, __FILE__, __LINE__);
	ngu_k_hook_unref_at(&ng_deadhook, __FILE__, __LINE__);
	assert_int_equal(NGU_LD_ACQ(&a->nd_refs), nrefs);
	assert_int_equal(NGU_LD_ACQ(&x->hk_refs), hrefs);
	assert_int_equal(ng_deadhook.hk_refs, 1);
	NG_NODE_UNREF(a);
	expect_alive(t, 2, 2);
	end_quietly(t);
}

static char notes[2048];

static void
collect(void *arg, const char *text)
{
	(void)arg;
	(void)strncat(notes, text, sizeof(notes) - strlen(notes) - 2);
	(void)strcat(notes, "\n");
}

/* A debug build says where a reference was taken that keeps a dead node. */
static void
test_reference_notes(void **state)
{
#ifdef NGU_DEBUG
	struct ngt *t = traced(0, 0, "a A");
	struct ng_node *a = node_of(t, "A");
	char here[64];

	(void)state;
	notes[0] = '\0';
	NG_NODE_REF(a), (void)snprintf(here, sizeof(here), "taken 1 time at %s:%d", __FILE__, __LINE__);
	assert_int_equal(ngu_shutdown(G, "A:"), 0);
	ngu_reclaim_barrier();
	assert_int_equal(ngu_leaks(G, collect, NULL), 1);
	assert_non_null(strstr(notes, here));
	NG_NODE_UNREF(a);
	NG_NODE_UNREF(a);
	ngu_reclaim_barrier();
	notes[0] = '\0';
	assert_int_equal(ngu_leaks(G, collect, NULL), 0);
	assert_string_equal(notes, "");
	ngt_end(t);
#else
	(void)state;
	ng_unref_node(&ng_deadnode);
	ngu_k_node_ref_at(&ng_deadnode, __FILE__, __LINE__); /* there and harmless in every build */
	ngu_k_node_unref_at(&ng_deadnode, __FILE__, __LINE__);
	assert_int_equal(ng_deadnode.nd_refs, 1);
#endif
}

static void
test_references(void **state)
{
	struct ngt *t = traced(0, 0, "a A");
	struct ng_node *a = node_of(t, "A");
	struct ngu_graph_stats s;

	(void)state;
	assert_int_equal(ngu_shutdown(G, "A:"), 0);
	expect_alive(t, 1, 0); /* dead, but ours keeps it */
	ngu_graph_stats(G, &s);
	assert_int_equal(s.dead_nodes, 1);
	notes[0] = '\0';
	assert_int_equal(ngu_leaks(G, collect, NULL), 1);
	assert_non_null(strstr(notes, "1 node shut down but still referenced\n"));
	assert_false(NG_NODE_IS_VALID(a));
	assert_int_equal(NG_NODE_NUMHOOKS(a), 0);
	NG_NODE_UNREF(a);
	ngu_reclaim_barrier();
	assert_int_equal(ngu_leaks(G, NULL, NULL), 0);
	NG_NODE_REF(&ng_deadnode);
	NG_NODE_UNREF(&ng_deadnode);
	NG_NODE_UNREF(&ng_deadnode); /* never counted */
	ngt_end(t);
}

static void
keep_line(void *arg, int level, const char *text)
{
	(void)level;
	collect(arg, text);
}

/* What is in the way is named and counted. */
static void
test_destroy_busy(void **state)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .name = "held", .log = keep_line };
	struct ngu_graph *g, *before;
	struct ng_node *n, *n2;
	struct mbuf *m;

	(void)state;
	ngt_trace_type("a", 0);
	before = ngu_graph_enter(NULL);
	assert_int_equal(ngu_graph_create(&o, &g), 0);
	(void)ngu_graph_enter(g);
	assert_int_equal(ng_make_node("a", &n), 0);
	assert_int_equal(ng_make_node("a", &n2), 0);
	NG_NODE_REF(n);
	NG_NODE_REF(n2);
	notes[0] = '\0';
	assert_int_equal(ngu_graph_destroy(g), EBUSY);
	assert_string_equal(notes, "held: graph cannot be destroyed: still referenced: 2 nodes and 0 hooks\n");
	NG_NODE_UNREF(n2);
	notes[0] = '\0';
	assert_int_equal(ngu_graph_destroy(g), EBUSY);
	assert_string_equal(notes, "held: graph cannot be destroyed: still referenced: 1 node and 0 hooks\n");
	NG_NODE_UNREF(n);
	assert_non_null(m = m_gethdr(M_NOWAIT, MT_DATA));
	notes[0] = '\0';
	assert_int_equal(ngu_graph_destroy(g), EBUSY);
	assert_string_equal(notes, "held: graph cannot be destroyed: still in use: 1 packet buffer\n");
	m_freem(m);
	assert_int_equal(ngu_graph_destroy(g), 0);
	(void)ngu_graph_enter(before);
}

static void *
end_it(void *arg)
{
	return ((void *)(intptr_t)ngu_graph_destroy(arg));
}

static void *
end_and_leave(void *arg)
{
	struct ngu_graph *g = NULL;
	pthread_t th;
	void *result = NULL;

	(void)arg;
	if (ngu_graph_create(NULL, &g) != 0 || ngu_graph_current() != g || pthread_create(&th, NULL, end_it, g) != 0)
		return ((void *)1);
	pthread_join(th, &result);
	return (result); /* ends with a graph that is gone */
}

/* A graph that another thread destroys is nobody's current one any more; whatever is done next finds none. */
static void
test_destroyed_elsewhere(void **state)
{
	struct ngu_graph *g, *g2, *before;
	struct timespec ts;
	struct ng_node *n;
	struct mbuf *m;
	pthread_t th;
	void *result;
	int what;

	(void)state;
	before = ngu_graph_enter(NULL);
	ngt_trace_type("a", 0);
	for (what = 0; what < 6; what++) {
		assert_int_equal(ngu_graph_create(NULL, &g), 0);
		assert_ptr_equal(ngu_graph_current(), g);
		assert_int_equal(pthread_create(&th, NULL, end_it, g), 0);
		pthread_join(th, &result);
		assert_null(result);
		m = NULL;
		switch (what) {
		case 0:
			assert_null(ngu_graph_current());
			break;
		case 1:
			assert_int_equal(ng_make_node("a", &n), EINVAL);
			break;
		case 2:
			assert_null(ng_name2noderef(NULL, "x"));
			assert_null(ngu_k_id2noderef(1));
			break;
		case 3: /* outlives the graph */
			assert_non_null(m = m_gethdr(M_NOWAIT, MT_DATA));
			break;
		case 4:
			nanouptime(&ts);
			(void)random();
			break;
		case 5: /* another takes its place */
			assert_int_equal(ngu_graph_create(NULL, &g2), 0);
			assert_ptr_equal(ngu_graph_current(), g2);
			assert_int_equal(ngu_graph_destroy(g2), 0);
			break;
		}
		assert_null(ngu_graph_enter(NULL));
		m_freem(m);
	}
	assert_int_equal(pthread_create(&th, NULL, end_and_leave, NULL), 0);
	pthread_join(th, &result);
	assert_null(result);
	(void)ngu_graph_enter(before);
}

static void
test_type_counts(void **state)
{
	struct ngt *t = traced(0, 0, "a A; a B; b C");
	struct ng_type *type = ng_findtype("a");

	(void)state;
	assert_int_equal(NGU_LD_ACQ(&type->refs), 3);
	assert_int_equal(ng_rmtype(type), EBUSY);
	assert_int_equal(ng_mod_event(NULL, MOD_UNLOAD, type), EBUSY);
	assert_int_equal(ngu_shutdown(G, "A:"), 0);
	assert_int_equal(ngu_shutdown(G, "B:"), 0);
	ngu_reclaim_barrier();
	assert_int_equal(NGU_LD_ACQ(&type->refs), 1);
	assert_int_equal(ng_mod_event(NULL, MOD_UNLOAD, type), 0);
	assert_null(ng_findtype("a"));
	assert_int_equal(ngu_mknode(G, "a", NULL, NULL), ENXIO);
	ngt_end(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_birth),
		ngt_test(test_birth_errors),
		ngt_test(test_make_common),
		ngt_test(test_common_without_graph),
		ngt_test(test_names),
		ngt_test(test_unnamed),
		ngt_test(test_name_free_after_shutdown),
		ngt_test(test_shutdown_order),
		ngt_test(test_shutdown_views),
		ngt_test(test_shutdown_without_methods),
		ngt_test(test_shutdown_twice),
		ngt_test(test_rmnode_self),
		ngt_test(test_rmnode_self_while_dying),
		ngt_test(test_autodie_chain),
		ngt_test(test_persistent),
		ngt_test(test_really_die),
		ngt_test(test_persistent_end),
		ngt_test(test_revived_keeps_name),
		ngt_test(test_references),
		ngt_test(test_no_reference),
		ngt_test(test_reference_notes),
		ngt_test(test_destroy_busy),
		ngt_test(test_destroyed_elsewhere),
		ngt_test(test_type_counts),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
