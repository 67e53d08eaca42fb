/* SPDX-License-Identifier: BSD-2-Clause */
/* test_generic.c - the messages every node understands (section 14.2): arguments, effects, replies. */
#include "support/unit.h"

#define GEN NGM_GENERIC_COOKIE

static void
expect_error(struct ngt *t, const char *path, uint32_t cmd, const void *arg, size_t len, int error)
{
	ngt_msg_error(t, path, GEN, cmd, arg, len, error);
}

/* ---- arguments: exactly the struct, or EINVAL ---- */

static void
test_lengths(void **state)
{
	static const struct {
		uint32_t cmd;
		size_t len;
	} c[] = {
		{ NGM_MKPEER, sizeof(struct ngm_mkpeer) },
		{ NGM_CONNECT, sizeof(struct ngm_connect) },
		{ NGM_NAME, sizeof(struct ngm_name) },
		{ NGM_RMHOOK, sizeof(struct ngm_rmhook) },
	};
	struct ngt *t = traced(0, 0, "a A; b B");
	static char big[4096];
	unsigned i;

	(void)state;
	assert_int_equal(sizeof(struct ngm_mkpeer), 96);
	assert_int_equal(sizeof(struct ngm_connect), 576);
	assert_int_equal(sizeof(struct ngm_name), 32);
	assert_int_equal(sizeof(struct ngm_rmhook), 32);
	assert_int_equal(sizeof(struct nodeinfo), 72);
	assert_int_equal(sizeof(struct linkinfo), 136);
	assert_int_equal(sizeof(struct typeinfo), 36);
	assert_int_equal(sizeof(struct ng_mesg), 56);
	for (i = 0; i < NITEMS(c); i++) {
		expect_error(t, "A:", c[i].cmd, NULL, 0, EINVAL);
		expect_error(t, "A:", c[i].cmd, big, c[i].len - 1, EINVAL);
		expect_error(t, "A:", c[i].cmd, big, c[i].len + 1, EINVAL);
		expect_error(t, "A:", c[i].cmd, big, sizeof(big), EINVAL);
	}
	ngt_expect_trace("");
	ngt_expect_hooks(t, "A:", "");
	/* Payloads nobody asked for do no harm. */
	assert_non_null(ngt_msg(t, "A:", GEN, NGM_NODEINFO, big, 77));
	assert_non_null(ngt_msg(t, "A:", GEN, NGM_LISTHOOKS, big, 77));
	assert_null(ngt_msg(t, "A:", GEN, NGM_SHUTDOWN, big, 77));
	ngt_expect_hooks(t, "A:", NULL);
	ngt_end(t);
}

/* Every char array ends in NUL, whatever came. */
static void
test_unterminated(void **state)
{
	struct ngt *t = traced(0, 0, "a A");
	struct ngm_mkpeer mp;
	struct ngm_name nm;
	struct ngm_rmhook rh;
	struct ngm_connect cn;
	const struct nodeinfo *ni;

	(void)state;
	memset(&nm, 'n', sizeof(nm));
	assert_null(ngt_msg(t, "A:", GEN, NGM_NAME, &nm, sizeof(nm)));
	assert_int_equal(ngu_lookup(G, "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn:", NULL), 0); /* 31 of them */
	memset(&mp, 'a', sizeof(mp));
	expect_error(t, "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn:", NGM_MKPEER, &mp, sizeof(mp), ENXIO);
	memset(mp.type, 0, sizeof(mp.type));
	mp.type[0] = 'a';
	assert_null(ngt_msg(t, "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn:", GEN, NGM_MKPEER, &mp, sizeof(mp)));
	ngt_expect_hooks(t, "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn:",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa - a.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	memset(&cn, 'c', sizeof(cn));
	expect_error(t, "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn:", NGM_CONNECT, &cn, sizeof(cn), ENOENT);
	memset(&rh, 'a', sizeof(rh));
	assert_null(ngt_msg(t, "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn:", GEN, NGM_RMHOOK, &rh, sizeof(rh)));
	ni = (const struct nodeinfo *)(const void *)ngt_msg(t, "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn:", GEN, NGM_NODEINFO, NULL, 0)->data;
	assert_int_equal(ni->hooks, 0);
	ngt_end(t);
}

/* ---- NODEINFO ---- */

static void
test_nodeinfo(void **state)
{
	struct ngt *t = traced(0, 0, "a A; b B; A.1 - B.1; A.2 - B.2");
	const struct ng_mesg *m = ngt_msg(t, "A:", GEN, NGM_NODEINFO, NULL, 0);
	const struct nodeinfo *ni = (const struct nodeinfo *)(const void *)m->data;
	uint32_t id;
	char path[40];

	(void)state;
	assert_int_equal(m->header.arglen, sizeof(*ni));
	assert_int_equal(m->header.cmd, NGM_NODEINFO);
	assert_int_equal(m->header.typecookie, GEN);
	assert_int_equal(m->header.flags, NGF_RESP);
	assert_int_equal(m->header.version, NG_VERSION);
	assert_int_equal(ngu_lookup(G, "A:", &id), 0);
	assert_string_equal(ni->name, "A");
	assert_string_equal(ni->type, "a");
	assert_int_equal(ni->id, id);
	assert_int_equal(ni->hooks, 2);
	/* Unnamed. */
	assert_int_equal(ngu_mknode(G, "b", NULL, &id), 0);
	(void)snprintf(path, sizeof(path), "[%x]:", (unsigned)id);
	ni = (const struct nodeinfo *)(const void *)ngt_msg(t, path, GEN, NGM_NODEINFO, NULL, 0)->data;
	assert_string_equal(ni->name, "");
	assert_int_equal(ni->id, id);
	ngt_end(t);
}

/* ---- LISTHOOKS ---- */

static int
list_now(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct ng_mesg *m = NULL;

	(void)hook;
	(void)item;
	if (ngu_msg(node->nd_graph, "A:", GEN, NGM_LISTHOOKS, NULL, 0, &m) == 0 && m != NULL)
		*(int *)arg = (int)((struct hooklist *)(void *)m->data)->nodeinfo.hooks;
	ngu_msg_free(m);
	return (0);
}

static void
test_listhooks(void **state)
{
	struct ngt *t = traced(0, 0, "a A; b B; b C; A.one - B.x; A.two - C.y; A.three - B.z");
	const struct ng_mesg *m = ngt_msg(t, "A:", GEN, NGM_LISTHOOKS, NULL, 0);
	const struct hooklist *hl = (const struct hooklist *)(const void *)m->data;
	uint32_t b, c;
	int half = -1;

	(void)state;
	assert_int_equal(ngu_lookup(G, "B:", &b), 0);
	assert_int_equal(ngu_lookup(G, "C:", &c), 0);
	assert_string_equal(hl->nodeinfo.name, "A");
	assert_int_equal(hl->nodeinfo.hooks, 3);
	assert_true(m->header.arglen >= sizeof(*hl) + 3 * sizeof(struct linkinfo));
	/* Newest first. */
	assert_string_equal(hl->link[0].ourhook, "three");
	assert_string_equal(hl->link[0].peerhook, "z");
	assert_string_equal(hl->link[0].nodeinfo.name, "B");
	assert_string_equal(hl->link[0].nodeinfo.type, "b");
	assert_int_equal(hl->link[0].nodeinfo.id, b);
	assert_int_equal(hl->link[0].nodeinfo.hooks, 2);
	assert_string_equal(hl->link[1].ourhook, "two");
	assert_int_equal(hl->link[1].nodeinfo.id, c);
	assert_int_equal(hl->link[1].nodeinfo.hooks, 1);
	assert_string_equal(hl->link[2].ourhook, "one");
	/* Half connected hooks are not listed: A has linked "new", valid are the three. */
	ngt_trace_on("newhook D/new", list_now, &half);
	ngt_add(t, "b D");
	assert_int_equal(ngu_connect(G, "D:", "new", "A:", "new"), 0);
	assert_int_equal(half, 3);
	m = ngt_msg(t, "A:", GEN, NGM_LISTHOOKS, NULL, 0);
	hl = (const struct hooklist *)(const void *)m->data;
	assert_int_equal(hl->nodeinfo.hooks, 4);
	ngt_end(t);
}

/* ---- LISTNODES, LISTNAMES ---- */

static void
test_listnodes(void **state)
{
	struct ngt *t = traced(0, 0, "a A; b B; A.x - B.y");
	const struct ng_mesg *m;
	const struct namelist *nl;
	unsigned i, seen = 0;

	(void)state;
	assert_int_equal(ngu_mknode(G, "b", NULL, NULL), 0);
	m = ngt_msg(t, "A:", GEN, NGM_LISTNODES, NULL, 0);
	nl = (const struct namelist *)(const void *)m->data;
	assert_int_equal(nl->numnames, 3);
	assert_true(m->header.arglen >= sizeof(*nl) + 3 * sizeof(struct nodeinfo));
	for (i = 0; i < nl->numnames; i++) {
		const struct nodeinfo *ni = &nl->nodeinfo[i];

		if (strcmp(ni->name, "A") == 0 && strcmp(ni->type, "a") == 0 && ni->hooks == 1)
			seen |= 1;
		if (strcmp(ni->name, "B") == 0 && strcmp(ni->type, "b") == 0 && ni->hooks == 1)
			seen |= 2;
		if (ni->name[0] == '\0' && strcmp(ni->type, "b") == 0 && ni->hooks == 0 && ni->id != 0)
			seen |= 4;
	}
	assert_int_equal(seen, 7);
	nl = (const struct namelist *)(const void *)ngt_msg(t, "B:", GEN, NGM_LISTNAMES, NULL, 0)->data;
	assert_int_equal(nl->numnames, 2);
	/* A dying node is not listed. */
	struct ng_node *b = node_of(t, "B");
	NG_NODE_REALLY_DIE(b);
	nl = (const struct namelist *)(const void *)ngt_msg(t, "A:", GEN, NGM_LISTNODES, NULL, 0)->data;
	assert_int_equal(nl->numnames, 2);
	(void)ng_rmnode_self(b);
	NG_NODE_UNREF(b);
	ngt_end(t);
}

static void
test_listnodes_many(void **state)
{
	enum { N = 3000 };
	struct ngt *t = traced(0, 0, "a A");
	const struct namelist *nl;
	uint32_t i, id, last = 0;

	(void)state;
	for (i = 1; i < N; i++)
		assert_int_equal(ngu_mknode(G, "a", NULL, &id), 0);
	nl = (const struct namelist *)(const void *)ngt_msg(t, "A:", GEN, NGM_LISTNODES, NULL, 0)->data;
	assert_int_equal(nl->numnames, N);
	for (i = 0; i < N; i++) {
		assert_true(nl->nodeinfo[i].id != last); /* each once */
		last = nl->nodeinfo[i].id;
	}
	ngt_trace_clear();
	ngt_end(t);
}

/* ---- LISTTYPES ---- */

static void
test_listtypes(void **state)
{
	struct ngt *t = traced(0, 0, "a A; a B; b C"), *other = ngt_graph("a X");
	const struct typelist *tl;
	unsigned i, seen = 0;

	(void)state;
	ngt_trace_type("newest", 0);
	tl = (const struct typelist *)(const void *)ngt_msg(t, "A:", GEN, NGM_LISTTYPES, NULL, 0)->data;
	assert_string_equal(tl->typeinfo[0].type_name, "newest");
	assert_int_equal(tl->typeinfo[0].numnodes, 0);
	for (i = 0; i < tl->numtypes; i++) {
		if (strcmp(tl->typeinfo[i].type_name, "a") == 0 && tl->typeinfo[i].numnodes == 2) /* of this graph */
			seen |= 1;
		if (strcmp(tl->typeinfo[i].type_name, "b") == 0 && tl->typeinfo[i].numnodes == 1)
			seen |= 2;
		if (strcmp(tl->typeinfo[i].type_name, "probe") == 0)
			seen |= 4;
	}
	assert_int_equal(seen, 7);
	ngt_end(other);
	ngt_end(t);
}

/* ---- those that change ---- */

static void
test_change(void **state)
{
	struct ngt *t = traced(0, 0, "a A; b B");
	struct ngm_connect c = { .path = "B:", .ourhook = "x", .peerhook = "y" };
	struct ngm_mkpeer mp = { .type = "b", .ourhook = "m", .peerhook = "n" };
	struct ngm_rmhook rh = { .ourhook = "x" };
	struct ngm_name nm = { .name = "new name" };

	(void)state;
	assert_null(ngt_msg(t, "A:", GEN, NGM_CONNECT, &c, sizeof(c)));
	ngt_expect_hooks(t, "A:", "x - B.y");
	expect_error(t, "A:", NGM_CONNECT, &c, sizeof(c), EEXIST);
	assert_null(ngt_msg(t, "A:", GEN, NGM_MKPEER, &mp, sizeof(mp)));
	ngt_expect_hooks(t, "A:", "m - b.n; x - B.y");
	expect_error(t, "A:", NGM_MKPEER, &mp, sizeof(mp), EEXIST);
	assert_null(ngt_msg(t, "A:", GEN, NGM_RMHOOK, &rh, sizeof(rh)));
	assert_null(ngt_msg(t, "A:", GEN, NGM_RMHOOK, &rh, sizeof(rh))); /* again: no error */
	ngt_expect_hooks(t, "A:", "m - b.n");
	assert_null(ngt_msg(t, "A:m", GEN, NGM_NAME, &nm, sizeof(nm)));
	ngt_expect_hooks(t, "new name:", "n - A.m");
	expect_error(t, "A:", NGM_NAME, &nm, sizeof(nm), EADDRINUSE);
	(void)strcpy(nm.name, "a.b");
	expect_error(t, "A:", NGM_NAME, &nm, sizeof(nm), EINVAL);
	assert_null(ngt_msg(t, "A:m", GEN, NGM_SHUTDOWN, NULL, 0));
	ngt_expect_hooks(t, "A:", "");
	/* connect's path is taken from the node that gets the message. */
	assert_null(ngt_msg(t, "A:", GEN, NGM_CONNECT, &c, sizeof(c)));
	(void)strcpy(c.path, "x");
	(void)strcpy(c.ourhook, "x2");
	(void)strcpy(c.peerhook, "y2");
	assert_null(ngt_msg(t, "A:", GEN, NGM_CONNECT, &c, sizeof(c)));
	ngt_expect_hooks(t, "B:", "y2 - A.x2; y - A.x");
	ngt_end(t);
}

static void
test_unknown(void **state)
{
	struct ngt *t = traced(0, 0, "a A");

	(void)state;
	expect_error(t, "A:", 4711, NULL, 0, EINVAL);
	expect_error(t, "A:", 0, NULL, 0, EINVAL);
	expect_error(t, "A:", NGM_NODEINFO & ~(unsigned)NGM_HASREPLY, NULL, 0, EINVAL); /* the bits belong to the command */
	ngt_expect_trace("");
	ngt_end(t);
}

/* Text status and config are the type's, even through a hook with an override; a generic reply is a message like any other. */
static int
never(node_p node, item_p item, hook_p lasthook)
{
	(void)node;
	(void)lasthook;
	ngt_trace_note("override");
	NG_FREE_ITEM(item);
	return (0);
}

static int
override_msg(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	(void)arg;
	(void)node;
	(void)item;
	NG_HOOK_SET_RCVMSG(hook, never);
	return (0);
}

static void
test_text_and_replies(void **state)
{
	struct ngt *t = traced(0, NGT_NO_RCVMSG, "b B");
	struct ngu_graph *before;
	struct ng_node *a;
	struct ng_mesg *m;
	char want[128];
	int error;

	(void)state;
	ngt_trace_on("newhook A/x", override_msg, NULL);
	ngt_add(t, "a A.x - B.y");
	ngt_trace_clear();
	assert_null(ngt_msg(t, "A:", GEN, NGM_TEXT_STATUS, NULL, 0));
	(void)snprintf(want, sizeof(want), "rcvmsg A %u:11", GEN);
	ngt_expect_trace(want);
	assert_null(ngt_msg(t, "B:y", GEN, NGM_TEXT_CONFIG, "x", 2));
	(void)snprintf(want, sizeof(want), "rcvmsg A %u:14", GEN);
	ngt_expect_trace(want);
	expect_error(t, "B:", NGM_TEXT_STATUS, NULL, 0, EINVAL);
	expect_error(t, "B:", NGM_TEXT_CONFIG, "x", 2, EINVAL);
	/* The type's answer is what comes back. */
	ngt_trace_fail("rcvmsg A", EOPNOTSUPP);
	expect_error(t, "A:", NGM_TEXT_STATUS, NULL, 0, EOPNOTSUPP);
	ngt_trace_fail("rcvmsg A", 0);
	ngt_trace_clear();
	/* NGF_RESP. */
	a = node_of(t, "A");
	before = ngu_graph_enter(G);
	NG_MKMESSAGE(m, GEN, NGM_SHUTDOWN, 0, M_NOWAIT);
	m->header.flags |= NGF_RESP;
	NG_SEND_MSG_PATH(error, a, m, "A:", 0);
	(void)ngu_graph_enter(before);
	assert_int_equal(error, 0);
	(void)snprintf(want, sizeof(want), "rcvmsg A %u:1", GEN);
	ngt_expect_trace(want);
	assert_true(NG_NODE_IS_VALID(a));
	NG_NODE_UNREF(a);
	ngt_end(t);
}

/* Queries are readers: they pass while the node is a reader's; a change waits for its turn. */
static int
ask_inside(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct ng_mesg *m;

	(void)hook;
	(void)item;
	NG_MKMESSAGE(m, GEN, NGM_NODEINFO, 0, M_NOWAIT);
	NG_SEND_MSG_ID(*(int *)arg, node, m, NG_NODE_ID(node), 0);
	ngt_trace_note("asked");
	return (0);
}

static void
test_query_from_data(void **state)
{
	struct ngt *t = traced(NGT_LOG_DATA, 0, "a A.x - probe p");
	int error = -1;
	char want[128];

	(void)state;
	ngt_trace_on("rcvdata A/x", ask_inside, &error);
	ngt_send(ngt_probe(t, "p"), "x", "00");
	ngt_settle(t);
	assert_int_equal(error, 0);
	/* Served at once as a reader; the answer comes through the queue. */
	(void)snprintf(want, sizeof(want), "rcvdata A/x 1; asked; rcvmsg A %u:6", GEN);
	ngt_expect_trace(want);
	ngt_end(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_lengths),
		ngt_test(test_unterminated),
		ngt_test(test_nodeinfo),
		ngt_test(test_listhooks),
		ngt_test(test_listnodes),
		ngt_test(test_listnodes_many),
		ngt_test(test_listtypes),
		ngt_test(test_change),
		ngt_test(test_unknown),
		ngt_test(test_text_and_replies),
		ngt_test(test_query_from_data),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
