/* SPDX-License-Identifier: BSD-2-Clause */
/* test_names.c - finding nodes by path, name and address while they are renamed, disconnected and die. */
#include "lab/lab_node.h"

static uint32_t first_id; /* of the first node that a scenario's setup makes */

static bool
leads_to(const char *path, uint32_t id)
{
	uint32_t got;

	return (ngu_lookup(g, path, &got) == 0 && got == id);
}

/* ---- a walk along a path whose first node is renamed and whose second hook goes ---- */

/* a.h - h.b.i - h.c */
static int
chain(void *arg)
{
	int error;

	(void)arg;
	if ((error = ln_graph("abc")) != 0 || (error = ngu_lookup(g, "a:", &first_id)) != 0 ||
	    (error = ngu_connect(g, "a:", "h", "b:", "h")) != 0)
		return (error);
	return (ngu_connect(g, "b:", "i", "c:", "h"));
}

static void
walks(void *arg)
{
	uint32_t id;
	int error;

	(void)arg;
	if ((error = ngu_lookup(g, "a:h.i", &id)) == 0)
		ngu_lab_check(id == first_id + 2);
	else if (error != ENOENT && error != ENXIO)
		ngu_lab_fail("lookup: error %d", error);
}

static void
renames(void *arg)
{
	(void)arg;
	ngu_lab_check(ngu_name(g, "a:", "z") == 0);
	ngu_lab_check(ngu_lookup(g, "a:", NULL) == ENOENT);
	ngu_lab_check(leads_to("z:", first_id));
}

static void
cuts(void *arg)
{
	(void)arg;
	ngu_lab_check(ngu_rmhook(g, "b:", "i") == 0);
	ngu_lab_check(ngu_lookup(g, "b:i", NULL) == ENOENT);
}

static void
end_walk(void *arg)
{
	ln_expect(3, 2);
	ngu_lab_check(leads_to("z:h", first_id + 1));
	ngu_lab_check(ngu_lookup(g, "z:h.i", NULL) == ENOENT);
	ln_end(arg);
}

static const struct ngu_lab walk_rename_rmhook = { .name = "walk-rename-rmhook", .points = LT_POINTS(58), .setup = chain,
	.body = { { "lookup", walks }, { "rename", renames }, { "rmhook", cuts } }, .end = end_walk };

/* By twos, with two preemptions. */
static void
end_any(void *arg)
{
	ln_expect(3, ngu_lookup(g, "b:i", NULL) == 0 ? 4 : 2);
	ln_end(arg);
}

static const struct ngu_lab rename_rmhook = { .name = "rename-rmhook", .points = LT_POINTS(44), .setup = chain,
	.body = { { "rename", renames }, { "rmhook", cuts } }, .end = end_walk };
static const struct ngu_lab walk_rename = { .name = "walk-rename", .points = LT_POINTS(19), .setup = chain,
	.body = { { "lookup", walks }, { "rename", renames } }, .end = end_any };
static const struct ngu_lab walk_rmhook = { .name = "walk-rmhook", .points = LT_POINTS(48), .setup = chain,
	.body = { { "lookup", walks }, { "rmhook", cuts } }, .end = end_any };

/* ---- a node is looked up and let go of while it dies: the last reference may be the finder's ---- */

static int
one(void *arg)
{
	int error;

	(void)arg;
	if ((error = ln_graph("a")) != 0)
		return (error);
	return (ngu_lookup(g, "a:", &first_id));
}

static void
ends(void *arg)
{
	(void)arg;
	ngu_lab_check(ngu_shutdown(g, "a:") == 0);
	ngu_lab_check(ngu_lookup(g, "a:", NULL) == ENOENT);
}

static void
holds(node_p node)
{
	if (node == NULL)
		return;
	ngu_lab_check(NG_NODE_ID(node) == first_id);
	NG_NODE_REF(node);
	NG_NODE_UNREF(node);
	ngu_lab_check(NG_NODE_ID(node) == first_id);
	NG_NODE_UNREF(node);
}

static void
refs_name(void *arg)
{
	struct ngu_graph *before = ngu_graph_enter(g);

	(void)arg;
	holds(ng_name2noderef(NULL, "a"));
	(void)ngu_graph_enter(before);
}

static void
refs_id(void *arg)
{
	struct ngu_graph *before = ngu_graph_enter(g);

	(void)arg;
	holds(ngu_k_id2noderef(first_id));
	(void)ngu_graph_enter(before);
}

static void
looks(void *arg)
{
	uint32_t id = first_id;
	int error = ngu_lookup(g, "a:", &id);

	(void)arg;
	ngu_lab_check((error == 0 || error == ENOENT) && id == first_id);
}

static void
end_none(void *arg)
{
	ln_expect(0, 0);
	ln_end(arg);
}

static const struct ngu_lab unref_name = { .name = "unref-name", .points = LT_POINTS(36), .setup = one,
	.body = { { "by name", refs_name }, { "shutdown", ends } }, .end = end_none };
static const struct ngu_lab unref_id = { .name = "unref-id", .points = LT_POINTS(38), .setup = one,
	.body = { { "by ID", refs_id }, { "shutdown", ends } }, .end = end_none };
static const struct ngu_lab unref_lookup = { .name = "unref-lookup", .points = LT_POINTS(34), .setup = one,
	.body = { { "lookup", looks }, { "shutdown", ends } }, .end = end_none };

/* ---- two that want one name: one gets it, the other keeps what it had ---- */

static struct ln_result got[2];

static int
two(void *arg)
{
	int e;

	(void)arg;
	if ((e = ln_graph("ab")) != 0)
		return (e);
	return (ngu_lookup(g, "a:", &first_id));
}

static void
names_a(void *arg)
{
	(void)arg;
	got[0].error = ngu_name(g, "a:", "n");
}

static void
names_b(void *arg)
{
	(void)arg;
	got[1].error = ngu_name(g, "b:", "n");
}

static void
one_of_them(void)
{
	int e0 = got[0].error, e1 = got[1].error;

	if (!((e0 == 0 && e1 == EADDRINUSE) || (e0 == EADDRINUSE && e1 == 0)))
		ngu_lab_fail("the name was given with errors %d and %d", e0, e1);
}

static void
end_name(void *arg)
{
	one_of_them();
	ln_expect(2, 0);
	ngu_lab_check(leads_to("n:", got[0].error == 0 ? first_id : first_id + 1));
	ngu_lab_check(got[0].error == 0 ? ngu_lookup(g, "a:", NULL) == ENOENT : leads_to("a:", first_id));
	ngu_lab_check(got[1].error == 0 ? ngu_lookup(g, "b:", NULL) == ENOENT : leads_to("b:", first_id + 1));
	ln_end(arg);
}

static const struct ngu_lab name_name = { .name = "name-name", .points = LT_POINTS(28), .setup = two,
	.body = { { "name a", names_a }, { "name b", names_b } }, .end = end_name };

/* The same with nodes that are made for it: the loser's is gone. */
static int
none(void *arg)
{
	(void)arg;
	return (ln_graph(""));
}

static void
makes_1(void *arg)
{
	(void)arg;
	got[0].error = ngu_mknode(g, "lab", "n", NULL);
}

static void
makes_2(void *arg)
{
	(void)arg;
	got[1].error = ngu_mknode(g, "lab", "n", NULL);
}

static void
end_made(void *arg)
{
	one_of_them();
	ln_expect(1, 0);
	ngu_lab_check(ngu_lookup(g, "n:", NULL) == 0);
	ln_end(arg);
}

static const struct ngu_lab mknode_mknode = { .name = "mknode-mknode", .points = LT_POINTS(77), .setup = none,
	.body = { { "mknode 1", makes_1 }, { "mknode 2", makes_2 } }, .end = end_made };

/* ---- a node gets its first name while it is shut down by its address: the name goes with it ---- */

static void
ends_new(void *arg)
{
	char path[16];

	(void)arg;
	got[1].error = ngu_shutdown(g, ln_path(path, sizeof(path), first_id + 1));
	ngu_lab_check(got[1].error == 0 || got[1].error == ENOENT);
	if (got[1].error == 0)
		ngu_lab_check(ngu_lookup(g, path, NULL) == ENOENT);
}

/* It cannot be shut down before it has it. */
static void
makes_n(void *arg)
{
	(void)arg;
	ngu_lab_check(ngu_mknode(g, "lab", "n", NULL) == 0);
}

static void
end_made_or_not(void *arg)
{
	ln_expect(got[1].error == 0 ? 1 : 2, 0);
	ngu_lab_check(ngu_lookup(g, "n:", NULL) == (got[1].error == 0 ? ENOENT : 0));
	ln_end(arg);
}

static const struct ngu_lab mknode_shutdown = { .name = "mknode-shutdown", .points = LT_POINTS(118), .setup = one,
	.body = { { "mknode", makes_n }, { "shutdown", ends_new } }, .end = end_made_or_not };

/* A port is named after it was made. */
static void
makes_port(void *arg)
{
	(void)arg;
	got[0].error = ngu_port_create(g, "n", NULL, NULL, &lt_in);
	if (got[0].error != 0 && got[0].error != ENXIO && got[0].error != ENOENT)
		ngu_lab_fail("ngu_port_create: error %d", got[0].error);
}

static void
end_port(void *arg)
{
	ngu_lab_check(ngu_lookup(g, "n:", NULL) == (got[1].error == 0 ? ENOENT : 0));
	if (got[0].error == 0)
		ngu_port_close(lt_in);
	ln_expect(1, 0);
	ln_end(arg);
}

static const struct ngu_lab port_shutdown = { .name = "port-shutdown", .points = LT_POINTS(159), .setup = one,
	.body = { { "port", makes_port }, { "shutdown", ends_new } }, .end = end_port };

/* ---- a hook that nobody touches, while the index it is in grows ---- */

/* Two hooks fill the smallest index. In the next larger one j stands where a look for it in the small one does not begin. */
static int
full_index(void *arg)
{
	static const char *const names[] = { "j", "k" };
	int error;

	(void)arg;
	if ((error = ln_graph("abc")) != 0 || (error = ngu_lookup(g, "a:", &first_id)) != 0)
		return (error);
	for (unsigned i = 0; i < 2 && error == 0; i++)
		error = ngu_connect(g, "a:", names[i], "b:", names[i]);
	return (error);
}

static void
looks_up(void *arg)
{
	(void)arg;
	ngu_lab_check(leads_to("a:j", first_id + 1));
}

static void
connects_third(void *arg)
{
	(void)arg;
	ngu_lab_check(ngu_connect(g, "a:", "m", "c:", "m") == 0);
}

static void
end_grown(void *arg)
{
	ln_expect(3, 6);
	ln_end(arg);
}

static const struct ngu_lab lookup_grow = { .name = "lookup-grow", .points = LT_POINTS(16), .setup = full_index,
	.body = { { "lookup", looks_up }, { "connect", connects_third } }, .end = end_grown };

/* ---- a list of all nodes, while there is one more ---- */

static void
lists(void *arg)
{
	struct ng_mesg *m;
	const struct namelist *nl;

	(void)arg;
	if (ngu_msg(g, "a:", NGM_GENERIC_COOKIE, NGM_LISTNODES, NULL, 0, &m) != 0)
		ngu_lab_fail("no list");
	nl = (const void *)m->data;
	ngu_lab_check(nl->numnames >= 1 && nl->numnames <= 2);
	ngu_lab_check(m->header.arglen >= sizeof(*nl) + nl->numnames * sizeof(struct nodeinfo));
	ngu_msg_free(m);
}

static void
makes_b(void *arg)
{
	(void)arg;
	ngu_lab_check(ngu_mknode(g, "lab", "b", NULL) == 0);
}

static void
end_two(void *arg)
{
	ln_expect(2, 0);
	ln_end(arg);
}

static const struct ngu_lab list_mknode = { .name = "list-mknode", .points = LT_POINTS(14), .setup = one,
	.body = { { "list", lists }, { "mknode", makes_b } }, .end = end_two };

LN_TEST(lookup_grow, NULL)
LN_TEST(list_mknode, NULL)
LN_TEST(rename_rmhook, NULL)
LN_TEST(walk_rename, NULL)
LN_TEST(walk_rmhook, NULL)
LN_ONE(walk_rename_rmhook)
LN_TEST(unref_name, NULL)
LN_TEST(unref_id, NULL)
LN_TEST(unref_lookup, NULL)
LN_TEST(name_name, NULL)
LN_TEST(mknode_mknode, NULL)
LN_TEST(mknode_shutdown, NULL)
LN_TEST(port_shutdown, NULL)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unref_name),
		cmocka_unit_test(test_unref_id),
		cmocka_unit_test(test_unref_lookup),
		cmocka_unit_test(test_name_name),
		cmocka_unit_test(test_mknode_mknode),
		cmocka_unit_test(test_mknode_shutdown),
		cmocka_unit_test(test_port_shutdown),
		cmocka_unit_test(test_lookup_grow),
		cmocka_unit_test(test_list_mknode),
		cmocka_unit_test(test_walk_rename),
		cmocka_unit_test(test_rename_rmhook),
		cmocka_unit_test(test_walk_rmhook),
		cmocka_unit_test(test_walk_rename_rmhook),
	};

	LN_MAIN(tests);
}
