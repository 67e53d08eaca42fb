/* SPDX-License-Identifier: BSD-2-Clause */
/* test_types.c - a node type is unloaded while nodes of it are made, die and are looked at. */
#include "lab/lab_node.h"

static struct ln_result mk, un;

/* Once it says yes no method may run any more: ln_of() looks. */
static void
unloads(void *arg)
{
	(void)arg;
	un.error = ng_mod_event(NULL, MOD_UNLOAD, &ln_type);
	ngu_lab_check(un.error == 0 || un.error == EBUSY);
	if (un.error == 0)
		ln_unloaded = 1;
}

/* ---- beside a mkpeer of that type ---- */

static int
other(void *arg)
{
	int error;

	(void)arg;
	if ((error = ln_graph("")) != 0)
		return (error);
	return (ngu_mknode(g, "hub", "o", NULL));
}

static void
mkpeers(void *arg)
{
	(void)arg;
	mk.error = ngu_mkpeer(g, "o:", "lab", "x", "y");
	ngu_lab_check(mk.error == 0 || mk.error == ENXIO);
}

static void
end_one(void *arg)
{
	ngu_lab_check((mk.error == 0) == (un.error == EBUSY));
	ln_expect(mk.error == 0 ? 2 : 1, mk.error == 0 ? 2 : 0);
	ngu_lab_check((ng_findtype("lab") == &ln_type) == (mk.error == 0));
	ln_end(arg);
}

static const struct ngu_lab unload_mkpeer = { .name = "unload-mkpeer", .points = LT_POINTS(9), .setup = other,
	.body = { { "unload", unloads }, { "mkpeer", mkpeers } }, .end = end_one };

/* ---- beside the death of its last node ---- */

static int
last(void *arg)
{
	(void)arg;
	return (ln_graph("a"));
}

static void
ends(void *arg)
{
	(void)arg;
	ngu_lab_check(ngu_shutdown(g, "a:") == 0);
}

/* All nodes are gone: now it is free to go, if it has not gone already. */
static void
end_free(void *arg)
{
	ln_expect(0, 0);
	if (un.error != 0)
		unloads(arg);
	ngu_lab_check(un.error == 0 && ng_findtype("lab") == NULL);
	ln_end(arg);
}

static const struct ngu_lab unload_shutdown = { .name = "unload-shutdown", .points = LT_POINTS(39), .setup = last,
	.body = { { "unload", unloads }, { "shutdown", ends } }, .end = end_free };

/* ---- its memory goes with it, while somebody still looks at a node that had the type ---- */

static struct ng_type *type;

/* a.h - h.o, a of a type that can be freed */
static int
mapped(void *arg)
{
	int error;

	(void)arg;
	if ((error = ln_graph("")) != 0)
		return (error);
	if ((type = malloc(sizeof(*type), M_NETGRAPH, M_NOWAIT | M_ZERO)) == NULL)
		return (ENOMEM);
	*type = ln_type;
	type->refs = 0;
	type->name = "mapped";
	if ((error = ng_newtype(type)) != 0 || (error = ngu_mknode(g, "mapped", "a", NULL)) != 0 ||
	    (error = ngu_mknode(g, "hub", "o", NULL)) != 0)
		return (error);
	return (ngu_connect(g, "a:", "h", "o:", "h"));
}

static void
unmaps(void)
{
	if ((un.error = ng_mod_event(NULL, MOD_UNLOAD, type)) == 0)
		free(type, M_NETGRAPH);
	else
		ngu_lab_check(un.error == EBUSY);
}

static void
ends_unmaps(void *arg)
{
	ends(arg);
	unmaps();
}

static void
walks(void *arg)
{
	int error = ngu_lookup(g, "a:h", NULL);

	(void)arg;
	ngu_lab_check(error == 0 || error == ENOENT || error == ENXIO);
}

static void
lists(void *arg)
{
	struct ng_mesg *m;
	int error = ngu_msg(g, "o:", NGM_GENERIC_COOKIE, NGM_LISTHOOKS, NULL, 0, &m);

	(void)arg;
	ngu_lab_check(error == 0 || error == ENOENT || error == EINVAL);
	ngu_msg_free(m);
}

static void
end_unmapped(void *arg)
{
	ln_expect(0, 0);
	if (un.error != 0)
		unmaps();
	ngu_lab_check(un.error == 0 && ng_findtype("mapped") == NULL);
	ln_end(arg);
}

static const struct ngu_lab unmap_walk = { .name = "unmap-walk", .points = LT_POINTS(116), .setup = mapped,
	.body = { { "unmap", ends_unmaps }, { "lookup", walks } }, .end = end_unmapped };
static const struct ngu_lab unmap_list = { .name = "unmap-list", .points = LT_POINTS(178), .setup = mapped,
	.body = { { "unmap", ends_unmaps }, { "list", lists } }, .end = end_unmapped };

LN_TEST(unload_mkpeer, NULL)
LN_TEST(unload_shutdown, NULL)
LN_TEST(unmap_walk, NULL)
LN_TEST(unmap_list, &ln_no_delays)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unload_mkpeer),
		cmocka_unit_test(test_unload_shutdown),
		cmocka_unit_test(test_unmap_walk),
		cmocka_unit_test(test_unmap_list),
	};

	LN_MAIN(tests);
}
