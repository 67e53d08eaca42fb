/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_plan.c - ngu_apply() and ngu_apply_text(): lists that work, lists that are refused before anything runs, lists that fail at
 * each method call, each entry and each allocation and leave the graph as it was, and texts that are none.
 *
 * "As it was" is compared as text: every node with ID, type, name and number of hooks, every link with both its ends, in order.
 * Longer than a file should be: most of it needs that comparison and the type that refuses.
 */
#include "support/unit.h"

#include <netgraph/ng_parse.h>

static struct ngu_apply_error err;

/* ---- what a graph looks like ---- */

#define DUMP 8192

static void
dump(struct ngt *t, char *buf)
{
	struct ng_mesg *nodes, *hooks;
	struct namelist *nl;
	struct hooklist *hl;
	size_t n = 0;
	uint32_t i, k, id;
	char path[32];

	ngt_settle(t);
	buf[0] = '\0';
	assert_int_equal(ngu_lookup(G, "A:", &id), 0); /* every graph of this file has one */
	assert_int_equal(ngu_msg(G, "A:", NGM_GENERIC_COOKIE, NGM_LISTNODES, NULL, 0, &nodes), 0);
	nl = (struct namelist *)(void *)nodes->data;
	for (i = 0; i < nl->numnames; i++) {
		struct nodeinfo *ni = &nl->nodeinfo[i];

		n += (size_t)snprintf(buf + n, DUMP - n, "[%x] %s \"%s\" %u:", ni->id, ni->type, ni->name, ni->hooks);
		(void)snprintf(path, sizeof(path), "[%x]:", ni->id);
		assert_int_equal(ngu_msg(G, path, NGM_GENERIC_COOKIE, NGM_LISTHOOKS, NULL, 0, &hooks), 0);
		hl = (struct hooklist *)(void *)hooks->data;
		for (k = 0; k < hl->nodeinfo.hooks; k++)
			n += (size_t)snprintf(buf + n, DUMP - n, " %s-[%x].%s", hl->link[k].ourhook, hl->link[k].nodeinfo.id, hl->link[k].peerhook);
		n += (size_t)snprintf(buf + n, DUMP - n, "\n");
		assert_true(n < DUMP);
		ngu_msg_free(hooks);
	}
	ngu_msg_free(nodes);
}

static void
same_graph(struct ngt *t, const char *before)
{
	char after[DUMP];

	dump(t, after);
	assert_string_equal(before, after);
}

static int
text(struct ngt *t, const char *s)
{
	int error = ngu_apply_text(G, s, 0, &err);

	if (error != err.error)
		print_message("%d is not %d: %s\n", error, err.error, err.text);
	assert_int_equal(error, err.error);
	if (error == 0)
		assert_string_equal(err.text, "");
	else
		assert_true(err.text[0] != '\0');
	return (error);
}

static void
works(struct ngt *t, const char *s)
{
	int error = text(t, s);

	if (error != 0)
		print_message("%s\n", err.text);
	assert_int_equal(error, 0);
}

/* ---- a type whose n-th method call refuses ---- */

#define COOKIE 771105
#define CMD_SET 1
#define CMD_GET (2 | NGM_READONLY | NGM_HASREPLY)
#define CMD_PING 3

static _Atomic unsigned calls, refuse_at; /* 0: never */
static _Atomic uint32_t set_to;
static _Atomic int made, unmade; /* hooks that newhook accepted, and disconnect took back */

struct fussy_set {
	uint32_t value;
	char name[16];
};
static const struct ng_parse_fixedstring_info set_name_info = { 16 };
static const struct ng_parse_type set_name_type = { .supertype = &ng_parse_fixedstring_type, .info = &set_name_info };
static const struct ng_parse_struct_field set_fields[] = {
	{ "value", &ng_parse_uint32_type, 0 },
	{ "name", &set_name_type, 0 },
	{ NULL, NULL, 0 },
};
static const struct ng_parse_type set_type = { .supertype = &ng_parse_struct_type, .info = &set_fields };
static const struct ng_cmdlist fussy_cmds[] = {
	{ COOKIE, CMD_SET, "set", &set_type, NULL },
	{ COOKIE, CMD_GET, "get", NULL, &ng_parse_uint32_type },
	{ COOKIE, CMD_PING, "ping", NULL, NULL },
	{ 0, 0, NULL, NULL, NULL },
};

static int
fussy(void)
{
	return (++calls == refuse_at ? EPERM : 0);
}

static int
f_constructor(node_p node)
{
	(void)node;
	return (fussy());
}

static int
f_newhook(node_p node, hook_p hook, const char *name)
{
	int error = fussy();

	(void)node;
	(void)hook;
	(void)name;
	if (error == 0)
		made++;
	return (error);
}

static int
f_connect(hook_p hook)
{
	(void)hook;
	return (fussy());
}

static int
f_rcvmsg(node_p node, item_p item, hook_p last)
{
	struct ng_mesg *msg, *resp = NULL;
	int error;

	(void)last;
	NGI_GET_MSG(item, msg);
	if ((error = fussy()) != 0)
		;
	else if (msg->header.cmd == CMD_SET && msg->header.arglen == sizeof(struct fussy_set)) {
		set_to = ((struct fussy_set *)(void *)msg->data)->value;
	} else if (msg->header.cmd == CMD_GET) {
		NG_MKRESPONSE(resp, msg, sizeof(uint32_t), M_NOWAIT);
		if (resp != NULL)
			*(uint32_t *)(void *)resp->data = set_to;
		else
			error = ENOMEM;
	} else if (msg->header.cmd != CMD_PING) {
		error = EINVAL;
	}
	NG_RESPOND_MSG(error, node, item, resp);
	NG_FREE_MSG(msg);
	return (error);
}

static int
f_disconnect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);

	unmade++;
	if (NG_NODE_NUMHOOKS(node) == 0 && NG_NODE_IS_VALID(node))
		(void)ng_rmnode_self(node);
	return (0);
}

static int
f_shutdown(node_p node)
{
	NG_NODE_UNREF(node);
	return (0);
}

static struct ng_type fussy_type = {
	.version = NG_ABI_VERSION,
	.name = "fussy",
	.constructor = f_constructor,
	.rcvmsg = f_rcvmsg,
	.shutdown = f_shutdown,
	.newhook = f_newhook,
	.connect = f_connect,
	.disconnect = f_disconnect,
	.cmdlist = fussy_cmds,
};
NETGRAPH_INIT(fussy, &fussy_type);

static void
fussy_reset(unsigned at)
{
	calls = 0;
	refuse_at = at;
	made = unmade = 0;
}

/* ---- lists that work ---- */

static void
test_each_op(void **state)
{
	struct ngt *t = ngt_graph("hub A; tee T; A.x - T.left; hub gone; A.g - gone.g");
	uint32_t id1 = 0, id2 = 0;
	struct ng_mesg *reply = NULL;
	struct fussy_set set = { 7, "" };
	struct ngu_op op[] = {
		{ .kind = NGU_OP_MKNODE, .type = "fussy", .name = "B", .id = &id1 },
		{ .kind = NGU_OP_MKPEER, .path = "A:", .type = "fussy", .hook = "b", .peerhook = "a", .id = &id2 },
		{ .kind = NGU_OP_NAME, .path = "A:b", .name = "C" },
		{ .kind = NGU_OP_CONNECT, .path = "B:", .hook = "one", .peerpath = "C:", .peerhook = "two" },
		{ .kind = NGU_OP_MSG, .path = "B:one", .cookie = COOKIE, .cmd = CMD_SET, .arg = &set, .arglen = sizeof(set) },
		{ .kind = NGU_OP_TEXTMSG, .path = "C:two", .command = "get", .reply = &reply },
		{ .kind = NGU_OP_RMHOOK, .path = "T:", .hook = "left" },
		{ .kind = NGU_OP_SHUTDOWN, .path = "gone:" },
		{ .kind = NGU_OP_NAME, .path = "T:", .name = "T2" },
	};

	(void)state;
	fussy_reset(0);
	set_to = 0;
	assert_int_equal(ngu_apply(G, op, NITEMS(op), 0, &err), 0);
	assert_int_equal(err.error, 0);
	ngt_expect_hooks(t, "A:", "b - C.a");
	ngt_expect_hooks(t, "B:", "one - C.two");
	ngt_expect_hooks(t, "C:", "two - B.one; a - A.b");
	ngt_expect_hooks(t, "T:", NULL);
	ngt_expect_hooks(t, "T2:", NULL); /* a tee goes with its last hook */
	ngt_expect_hooks(t, "gone:", NULL);
	assert_int_equal(set_to, 7);
	assert_non_null(reply);
	assert_int_equal(*(uint32_t *)(void *)reply->data, 7);
	ngu_msg_free(reply);
	assert_true(id1 != 0 && id2 != 0 && id1 != id2);
	expect_alive(t, 3, 4);
	assert_int_equal(ngu_apply(G, NULL, 0, 0, NULL), 0);
	assert_int_equal(ngu_apply(G, op, 1, 0, NULL), EADDRINUSE); /* no place for the error is allowed */
	ngt_end(t);
}

static void
test_text(void **state)
{
	struct ngt *t = ngt_graph("hub A");

	(void)state;
	fussy_reset(0);
	works(t, "");
	works(t, "\n\n  # nothing\n\t#\r\n");
	works(t,
	    "# a comment\n"
	    "mkpeer A: fussy b a # another\r\n"
	    "  NAME A:b \"two words\"\n"
	    "\n"
	    "MkNode fussy \"quoted\\\"\\\\\"\n"
	    "join \"two words:\" \"quoted\\\"\\\\:\" x#1 y\n"
	    "msg \"two words:\" set { value=0x10 name=\"a \\\" # b\" } # the end\n"
	    "cmd A:b ping\n"
	    "mknode hub\n"
	    "mkpeer A: tee t left");
	assert_int_equal(set_to, 16);
	ngt_expect_hooks(t, "two words:", "x#1 - quoted\"\\.y; a - A.b");
	ngt_expect_hooks(t, "A:", "t - tee.left; b - two words.a");
	expect_alive(t, 5, 6);
	works(t, "disconnect A: t\nKILL \"quoted\\\"\\\\:\"\nrmnode \"two words:\"\n");
	ngt_expect_hooks(t, "A:", NULL); /* a hub goes with its last hook */
	expect_alive(t, 1, 0);
	ngt_end(t);
}

/* Later entries go where earlier ones have not led yet: relative, through hooks and by names that do not exist. */
static void
test_planned_paths(void **state)
{
	struct ngt *t = ngt_graph("hub A; tee T; T.left - A.t");

	(void)state;
	works(t,
	    "mkpeer A: tee one right\n"
	    "mkpeer A:one tee left right\n"
	    "mkpeer A:one.left tee left right\n"
	    "connect A:one.left.left .right.right left2right right2left\n"
	    "connect A:one A:one.left left2right right2left\n"
	    "name A:one.left.left far\n"
	    "name far: farther\n"
	    "connect farther: A:t left right\n");
	ngt_expect_hooks(t, "A:", "one - tee.right; t - T.left");
	ngt_expect_hooks(t, "farther:", "left - T.right; left2right - tee.right2left; right - tee.left");
	expect_alive(t, 5, 14);
	ngt_end(t);
}

static void
test_order(void **state)
{
	struct ngt *t;

	(void)state;
	ngt_trace_type("a", 0);
	ngt_trace_type("b", 0);
	t = ngt_graph("a A; b B; A.old - B.old; a X");
	ngt_trace_clear();
	/* Written the wrong way round: what goes goes last, in the order of the list. */
	works(t,
	    "shutdown X:\n"
	    "rmhook A: old\n"
	    "mkpeer A: b n p\n"
	    "name A:n N\n"
	    "connect N: B: x y\n"
	    "msg N: textstatus\n");
	ngt_expect_trace("constructor b; newhook A/n; newhook b/p; connect A/n; connect b/p; "
	    "newhook N/x; newhook B/y; connect B/y; connect N/x; rcvmsg N 1137070366:11; "
	    "close X; shutdown X; disconnect B/old; disconnect A/old");
	end_quietly(t);
}

/* ---- links are closed until all is made, and the old one goes when the new one works ---- */

struct watch {
	struct ngt *t;
	struct ngt_probe *p;
	int result;
	uint32_t id;
	bool found, hidden;
};

static int
send_from_method(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct watch *w = arg;

	(void)node;
	(void)hook;
	(void)item;
	w->result = ngt_try_send(w->p, "n", "01 02");
	w->hidden = ngu_lookup(ngt_g(w->t), "p:n", &w->id) == ENOENT;
	return (0);
}

/* Neither end of the link before can be found any more than its path. */
static int
look_for_ends(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct ng_node *near = ng_name2noderef(NULL, "H"), *far = ng_name2noderef(NULL, "Z");

	(void)node;
	(void)hook;
	(void)item;
	*(int *)arg = near == NULL || far == NULL || ng_findhook(near, "l") != NULL || ng_findhook(far, "last") != NULL;
	if (near != NULL)
		NG_NODE_UNREF(near);
	if (far != NULL)
		NG_NODE_UNREF(far);
	return (0);
}

static void
test_closed_until_made(void **state)
{
	struct watch w = { .result = -1 };
	int found = -1;
	struct ngt *t;

	(void)state;
	ngt_trace_type("a", 0);
	ngt_trace_type("b", 0);
	t = ngt_graph("probe p; hub A; A.keep - p.keep; a Z");
	w.t = t;
	w.p = ngt_probe(t, "p");
	ngt_trace_on("connect Z/last", send_from_method, &w);
	ngt_trace_on("constructor b", look_for_ends, &found);
	works(t, "mkpeer p: hub n x\nname p:n H\nmkpeer H: hub y z\nconnect H: Z: l last\nmknode b\n");
	assert_int_equal(w.result, ENETDOWN);
	assert_int_equal(found, 0);
	assert_true(w.hidden);
	ngt_send(w.p, "n", "01 02");
	ngt_trace_on("connect Z/last", NULL, NULL);
	/* A message opens what was made before it, and not what comes after it. */
	ngt_trace_on("rcvmsg Z", send_from_method, &w);
	w.result = -1;
	works(t, "rmhook p: n\nmkpeer p: hub n2 x\n"); /* n is free again only now */
	ngt_trace_fail("rcvmsg Z", EPERM);
	assert_int_equal(text(t, "mkpeer p: hub n x\nmsg Z: textstatus\nmkpeer p: hub m x\n"), EPERM);
	assert_int_equal(w.result, 0);
	assert_false(w.hidden);
	assert_int_equal(err.index, 1);
	assert_true(err.ran);
	ngt_expect_hooks(t, "p:", "n2 - hub.x; keep - A.keep");
	end_quietly(t);
}

static int
send_at_disconnect(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct watch *w = arg;

	(void)node;
	(void)hook;
	(void)item;
	w->result = ngt_try_send(w->p, "new", "01 02");
	return (0);
}

static void
test_switch(void **state)
{
	struct watch w = { .result = -1 };
	struct ngt *t;

	(void)state;
	ngt_trace_type("b", 0);
	t = ngt_graph("probe p; b B; p.old - B.old; probe q; hub A; A.q - q.q");
	w.t = t;
	w.p = ngt_probe(t, "p");
	ngt_trace_on("disconnect B/old", send_at_disconnect, &w);
	works(t, "rmhook p: old\nconnect p: A: new p\n");
	assert_int_equal(w.result, 0);
	ngt_expect(ngt_probe(t, "q"), "q", "01 02");
	end_quietly(t);
}

/* ---- names ---- */

struct names {
	struct ngt *t;
	int old, new;
	char now[32];
};

static int
look_at_names(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct names *n = arg;
	struct ngu_graph *g = ngt_g(n->t);
	struct ng_node *a;
	uint32_t id;

	(void)node;
	(void)hook;
	(void)item;
	n->old = ngu_lookup(g, "A:", &id);
	n->new = ngu_lookup(g, "A2:", &id);
	a = ng_name2noderef(NULL, "A2");
	(void)snprintf(n->now, sizeof(n->now), "%s", a != NULL ? NG_NODE_NAME(a) : "-");
	if (a != NULL)
		NG_NODE_UNREF(a);
	return (0);
}

static void
test_names(void **state)
{
	struct names n = { .old = -1 };
	char before[DUMP];
	struct ngt *t;

	(void)state;
	ngt_trace_type("a", 0);
	t = ngt_graph("hub A; hub B; hub C");
	n.t = t;
	ngt_trace_on("constructor a", look_at_names, &n);
	dump(t, before);
	ngt_trace_fail("constructor a", EPERM);
	assert_int_equal(text(t, "name A: A2\nname A2: A3\nmknode a\n"), EPERM);
	/* Meanwhile both led there, and the node still went by the old one. */
	assert_int_equal(n.old, 0);
	assert_int_equal(n.new, 0);
	assert_string_equal(n.now, "A");
	same_graph(t, before);
	assert_int_equal(ngu_lookup(G, "A2:", NULL), ENOENT);
	assert_int_equal(ngu_lookup(G, "A3:", NULL), ENOENT);
	ngt_trace_fail("constructor a", 0);
	works(t, "name A: A2\nname A2: A3\nmknode a N\nname N: N2\n");
	assert_int_equal(ngu_lookup(G, "A:", NULL), ENOENT);
	assert_int_equal(ngu_lookup(G, "A2:", NULL), ENOENT);
	assert_int_equal(ngu_lookup(G, "A3:", NULL), 0);
	assert_int_equal(ngu_lookup(G, "N:", NULL), ENOENT);
	assert_int_equal(ngu_lookup(G, "N2:", NULL), 0);
	works(t, "name A3: A\nname B: B\n");
	works(t, "name B: X\nname C: Y\nname X: Z\n");
	assert_int_equal(ngu_lookup(G, "Z:", NULL), 0);
	assert_int_equal(ngu_lookup(G, "X:", NULL), ENOENT);
	end_quietly(t);
}

/* ---- refused before anything runs ---- */

static const struct {
	const char *text;
	int error;
	unsigned line, column, other; /* other: line; 0 none */
} refused[] = {
	/* what must be destroyed before it can be made */
	{ "rmhook A: x\nmkpeer A: a x y\n", EBUSY, 2, 13, 1 },
	{ "rmhook B: x\nconnect A: A: x z\n", EBUSY, 2, 15, 1 },
	{ "rmhook A: x\nconnect A: B: z x\n", EBUSY, 2, 17, 1 },
	{ "shutdown B:\nmkpeer A: a x y\n", EBUSY, 2, 13, 1 },
	{ "shutdown B:\nmknode a B\n", EBUSY, 2, 10, 1 },
	{ "name B: B2\nname A: B\n", EBUSY, 2, 9, 1 },
	{ "mkpeer A: a n m\nrmhook A: n\nmkpeer A: a n m\n", EBUSY, 3, 13, 2 },
	/* what is gone by then */
	{ "shutdown B:\nname B: C\n", ENOENT, 2, 6, 1 },
	{ "shutdown B:\nmsg A:x textstatus\n", ENOENT, 2, 5, 1 },
	{ "rmhook A: x\nname A:x C\n", ENOENT, 2, 6, 1 },
	{ "rmhook A: x\nrmhook B: x\n", ENOENT, 2, 11, 1 },
	{ "name B: C\nshutdown B:\n", ENOENT, 2, 10, 1 },
	{ "mknode a n\nname n: m\nshutdown n:\n", ENOENT, 3, 10, 2 },
	/* what never was */
	{ "name nobody: C\n", ENOENT, 1, 6, 0 },
	{ "rmhook A: nohook\n", ENOENT, 1, 11, 0 },
	{ "name [fffff]: C\n", ENOENT, 1, 6, 0 },
	{ "connect A: nobody: u v\n", ENOENT, 1, 12, 0 },
	{ "connect A: x.x.x.y u v\n", ENOENT, 1, 12, 0 },
	{ "mkpeer A: nosuch u v\n", ENXIO, 1, 11, 0 },
	{ "mknode nosuch\n", ENXIO, 1, 8, 0 },
	/* in use */
	{ "mkpeer A: a x v\n", EEXIST, 1, 13, 0 },
	{ "connect A: B: u x\n", EEXIST, 1, 17, 0 },
	{ "connect A: A: u u\n", EEXIST, 1, 17, 1 },
	{ "mkpeer A: a u v\nmkpeer A: b u v\n", EEXIST, 2, 13, 1 },
	{ "mknode a B\n", EADDRINUSE, 1, 10, 0 },
	{ "mknode a n\nname A: n\n", EADDRINUSE, 2, 9, 1 },
	/* not legal */
	{ "name A: a.b\n", EINVAL, 1, 9, 0 },
	{ "name A: a:\n", EINVAL, 1, 9, 0 },
	{ "name A: \"\"\n", EINVAL, 1, 9, 0 },
	{ "name A: [12]\n", EINVAL, 1, 9, 0 },
	{ "name A: 12345678901234567890123456789012\n", EINVAL, 1, 9, 0 },
	{ "name A C\n", EINVAL, 1, 6, 0 },
	{ "name A:: C\n", EINVAL, 1, 6, 0 },
	{ "name A:x..x C\n", EINVAL, 1, 6, 0 },
	{ "name . C\n", EINVAL, 1, 6, 0 },
	{ "mkpeer A: a \"\" v\n", EINVAL, 1, 13, 0 },
	{ "mkpeer A: a u 12345678901234567890123456789012\n", EINVAL, 1, 15, 0 },
	{ "mkpeer A: mute u v\n", EINVAL, 1, 11, 0 },
	{ "rmhook A: \"\"\n", EINVAL, 1, 11, 0 },
	/* messages */
	{ "msg A: nosuch\n", ENOSYS, 1, 8, 0 },
	{ "msg A: shutdown\n", EINVAL, 1, 8, 0 },
	{ "mknode fussy f\nmsg f: set { value=3 nosuch=4 }\n", ENOENT, 2, 22, 0 },
	{ "mknode fussy f\nmsg f: set\n", EINVAL, 2, 11, 0 },
	{ "mknode fussy f\nmsg f: ping pong\n", EINVAL, 2, 13, 0 },
	/* no list */
	{ "\n frobnicate A:\n", EINVAL, 2, 2, 0 },
	{ "mkpeer A: a u\n", EINVAL, 1, 14, 0 },
	{ "mkpeer A: a u # v\n", EINVAL, 1, 15, 0 },
	{ "mkpeer A: a u v w\n", EINVAL, 1, 17, 0 },
	{ "name\n", EINVAL, 1, 5, 0 },
	{ "shutdown B: B:\n", EINVAL, 1, 13, 0 },
	{ "name A: \"C\n", EINVAL, 1, 9, 0 },
	{ "name A: \"C\\\n", EINVAL, 1, 9, 0 },
	{ "name A: \"C\"D\n", EINVAL, 1, 12, 0 },
	{ "name A: C\"D\"\n", EINVAL, 1, 10, 0 },
	{ "msg A:\n", EINVAL, 1, 7, 0 },
	{ "mknode a n\n\n# three\nmknode a m\nname n: m # five\n", EADDRINUSE, 5, 9, 4 },
};

/* A name that the node has by then is no change, also when an entry before gave it. */
static void
test_name_again(void **state)
{
	char before[DUMP];
	struct ngt *t;

	(void)state;
	ngt_trace_type("no", 0);
	t = ngt_graph("hub A; hub B");
	dump(t, before);
	works(t, "name A: A\n");
	same_graph(t, before);
	works(t, "name B: B2\nname B2: B2\nname [2]: B2\nname A: A\n");
	assert_int_equal(ngu_lookup(G, "B2:", NULL), 0);
	assert_int_equal(ngu_lookup(G, "B:", NULL), ENOENT);
	dump(t, before);
	ngt_trace_fail("constructor no", EPERM);
	assert_int_equal(text(t, "name B2: B\nname B: B\nmknode no\n"), EPERM);
	same_graph(t, before);
	assert_int_equal(ngu_lookup(G, "B:", NULL), ENOENT);
	end_quietly(t);
}

static void
test_refused(void **state)
{
	char before[DUMP], list[512];
	struct ngt *t;
	unsigned i, dry;

	(void)state;
	ngt_trace_type("a", 0);
	ngt_trace_type("b", 0);
	ngt_trace_type("mute", NGT_NO_CONSTRUCTOR);
	t = ngt_graph("a A; b B; A.x - B.x");
	ngt_trace_clear();
	dump(t, before);
	for (i = 0; i < NITEMS(refused); i++)
		for (dry = 0; dry < 2; dry++) {
			/* Entries in front that would work must not run either; line numbers move by one. */
			(void)snprintf(list, sizeof(list), "%s%s", dry ? "" : "mkpeer A: b front front\n", refused[i].text);
			int error = ngu_apply_text(G, list, dry ? NGU_APPLY_DRY : 0, &err);

			if (error != refused[i].error || err.line != refused[i].line + !dry || err.column != refused[i].column)
				print_message("%s-> %d, line %u column %u: %s\n", list, error, err.line, err.column, err.text);
			assert_int_equal(error, refused[i].error);
			assert_int_equal(err.error, refused[i].error);
			assert_int_equal(err.line, refused[i].line + !dry);
			assert_int_equal(err.column, refused[i].column);
			assert_false(err.ran);
			assert_true(err.index != NGU_APPLY_NONE);
			assert_true((err.other != NGU_APPLY_NONE) == (refused[i].other != 0));
			if (refused[i].other != 0) {
				char where[32];

				(void)snprintf(where, sizeof(where), "(see line %u)", refused[i].other + !dry);
				assert_non_null(strstr(err.text, where));
			}
			ngt_expect_trace("");
			same_graph(t, before);
		}
	end_quietly(t);
}

/* The same from arrays, where the caller may do worse. */
static void
test_bad_arrays(void **state)
{
	struct ngt *t = ngt_graph("hub A; hub B; A.x - B.x");
	char longpath[600], before[DUMP];
	struct ngu_op good = { .kind = NGU_OP_MKPEER, .path = "A:", .type = "hub", .hook = "n", .peerhook = "m" };
	struct ngu_op bad[] = {
		{ .kind = 0 },
		{ .kind = (enum ngu_op_kind)(NGU_OP_TEXTMSG + 1) },
		{ .kind = NGU_OP_MKNODE },
		{ .kind = NGU_OP_MKPEER, .path = NULL },
		{ .kind = NGU_OP_MKPEER, .path = "A:" },
		{ .kind = NGU_OP_MKPEER, .path = "A:", .type = "hub", .hook = "z" },
		{ .kind = NGU_OP_CONNECT, .path = "A:" },
		{ .kind = NGU_OP_CONNECT, .path = "A:", .peerpath = "B:" },
		{ .kind = NGU_OP_RMHOOK, .path = "A:" },
		{ .kind = NGU_OP_NAME, .path = "A:" },
		{ .kind = NGU_OP_NAME },
		{ .kind = NGU_OP_SHUTDOWN, .path = longpath },
		{ .kind = NGU_OP_MSG, .path = "A:", .arglen = 1 },
		{ .kind = NGU_OP_MSG, .path = "A:", .arg = "", .arglen = (size_t)UINT32_MAX },
		{ .kind = NGU_OP_MSG, .path = "A:", .cookie = NGM_GENERIC_COOKIE, .cmd = NGM_SHUTDOWN },
		{ .kind = NGU_OP_TEXTMSG, .path = "A:" },
	};
	struct ngu_op op[2];
	unsigned i;

	(void)state;
	memset(longpath, 'a', sizeof(longpath) - 1);
	longpath[sizeof(longpath) - 1] = '\0';
	dump(t, before);
	for (i = 0; i < NITEMS(bad); i++) {
		op[0] = good;
		op[1] = bad[i];
		assert_int_equal(ngu_apply(G, op, 2, 0, &err), EINVAL);
		assert_int_equal(err.index, 1);
		assert_int_equal(err.line, 0);
		assert_true(memcmp(err.text, "entry 1: ", 9) == 0);
		assert_true(err.op[0] != '\0');
		same_graph(t, before);
	}
	assert_int_equal(ngu_apply(G, NULL, 1, 0, &err), EINVAL);
	assert_int_equal(err.index, NGU_APPLY_NONE);
	assert_int_equal(ngu_apply(NULL, &good, 1, 0, &err), EINVAL);
	assert_int_equal(ngu_apply(G, &good, 1, 2, &err), EINVAL);
	assert_int_equal(ngu_apply_text(NULL, "", 0, &err), EINVAL);
	assert_int_equal(ngu_apply_text(G, NULL, 0, &err), EINVAL);
	assert_int_equal(ngu_apply_text(G, "", 4, &err), EINVAL);
	same_graph(t, before);
	ngt_end(t);
}

static void
test_error_text(void **state)
{
	struct ngt *t = ngt_graph("hub A; hub B; A.x - B.x");
	struct ngu_op op[] = {
		{ .kind = NGU_OP_RMHOOK, .path = "A:", .hook = "x" },
		{ .kind = NGU_OP_CONNECT, .path = "A:", .peerpath = "B:", .hook = "y", .peerhook = "x" },
	};

	(void)state;
	assert_int_equal(ngu_apply(G, op, 2, 0, &err), EBUSY);
	assert_int_equal(err.index, 1);
	assert_int_equal(err.other, 0);
	assert_string_equal(err.op, "connect A: B: y x");
	assert_string_equal(err.node, "B:");
	assert_string_equal(err.hook, "x");
	assert_string_equal(err.text, "entry 1: connect A: B: y x: hook \"x\" is in use until the list has run (see entry 0): error 16");
	assert_int_equal(text(t, "name A:x.x C\nmsg B: nosuch { a=1 }\n"), ENOSYS);
	assert_string_equal(err.text, "line 2: msg B: nosuch { a=1 }: type \"hub\" has no command \"nosuch\": error 38");
	assert_string_equal(err.node, "B:");
	assert_string_equal(err.hook, "");
	assert_int_equal(text(t, "name A:y.x C\n"), ENOENT);
	assert_string_equal(err.hook, "y");
	assert_int_equal(text(t, "\nname A: \"open\nname A: A\n"), EINVAL);
	assert_string_equal(err.op, "name A: \"open");
	assert_string_equal(err.text, "line 2, column 9: a quoted word without its end");
	ngt_end(t);
}

static void
test_dry(void **state)
{
	char before[DUMP];
	struct ngt *t;

	(void)state;
	ngt_trace_type("a", 0);
	t = ngt_graph("a A; a B; A.x - B.x");
	ngt_trace_clear();
	dump(t, before);
	assert_int_equal(ngu_apply_text(G,
	    "mkpeer A: a n m\nname A:n N\nname B: B2\nmsg N: textstatus\nrmhook A: x\nshutdown B2:\n", NGU_APPLY_DRY, &err), 0);
	ngt_expect_trace("");
	same_graph(t, before);
	expect_alive(t, 2, 2);
	end_quietly(t);
}

/* ---- taken back ---- */

/* A list with all kinds of entries; its fussy nodes make 23 calls. F was there without hooks, G with one. */
#define GRAPH "fussy A; fussy F; fussy G; A.g - G.a; hub H; tee T; H.t - T.left"
#define LIST \
	"rmhook H: t\n" \
	"mkpeer A: fussy n p\n" \
	"name A:n N\n" \
	"mknode fussy M\n" \
	"name G: G2\n" \
	"connect M: F: f m\n" \
	"connect N: G2: g n\n" \
	"msg F:m set { value=1 }\n" \
	"connect F: H: h f\n" \
	"shutdown T:\n" \
	"mkpeer F: fussy q p\n" \
	"msg N: ping\n"

static void
test_each_method_refuses(void **state)
{
	char before[DUMP];
	struct ngt *t;
	unsigned k, total;

	(void)state;
	for (k = 1;; k++) {
		fussy_reset(0);
		t = ngt_graph(GRAPH);
		dump(t, before);
		fussy_reset(k);
		if (ngu_apply_text(G, LIST, 0, &err) == 0) {
			total = calls;
			refuse_at = 0;
			ngt_expect_hooks(t, "T:", NULL);
			ngt_expect_hooks(t, "G2:", "n - N.g; a - A.g");
			ngt_end(t);
			break;
		}
		refuse_at = 0;
		assert_int_equal(err.error, EPERM);
		assert_true(err.ran);
		assert_true(err.index < 12);
		same_graph(t, before);
		expect_alive(t, 5, 4);
		assert_int_equal(made, unmade);
		/* And again, in vain no longer. */
		works(t, LIST);
		ngt_end(t);
	}
	assert_int_equal(k, total + 1);
	assert_int_equal(total, 23);
}

/* An entry that fails when it is carried out, at each place of the list. */
static void
test_each_position(void **state)
{
	char before[DUMP], list[1024];
	const char *p, *at = LIST;
	unsigned pos, entries = 0;
	struct ngt *t;
	size_t n;

	(void)state;
	fussy_reset(0);
	for (p = LIST; (p = strchr(p, '\n')) != NULL; p++)
		entries++;
	assert_int_equal(entries, 12);
	ngt_trace_type("no", 0);
	for (pos = 0; pos <= entries; pos++) {
		t = ngt_graph(GRAPH "; no R");
		ngt_trace_fail("newhook R/no", ECONNREFUSED);
		dump(t, before);
		made = unmade = 0;
		n = (size_t)(at - LIST);
		(void)snprintf(list, sizeof(list), "%.*sconnect G: R: r no\n%s", (int)n, LIST, at);
		/* from the fifth entry on it has another name */
		if (pos >= 5)
			(void)snprintf(list, sizeof(list), "%.*sconnect G2: R: r no\n%s", (int)n, LIST, at);
		assert_int_equal(text(t, list), ECONNREFUSED);
		assert_int_equal(err.index, pos);
		assert_true(err.ran);
		same_graph(t, before);
		expect_alive(t, 6, 4);
		assert_int_equal(made, unmade);
		ngt_end(t);
		ngt_trace_clear();
		ngt_trace_fail("newhook R/no", 0);
		at = strchr(at, '\n') != NULL ? strchr(at, '\n') + 1 : at;
	}
}

/* A new node of a type that comes back from shutdown is gone all the same; one that was there is not asked. */
static void
test_persistent(void **state)
{
	char before[DUMP];
	struct ngt *t;

	(void)state;
	ngt_trace_type("p", NGT_PERSIST);
	ngt_trace_type("no", 0);
	t = ngt_graph("hub A; p P");
	dump(t, before);
	ngt_trace_fail("connect no/y", EPERM);
	assert_int_equal(text(t, "mkpeer A: p x y\nmknode p Q\nconnect Q: P: u v\nmkpeer P: no x y\n"), EPERM);
	assert_int_equal(err.index, 3);
	same_graph(t, before);
	/* Its own mkpeer fails. */
	ngt_trace_fail("connect p/y", EACCES);
	assert_int_equal(text(t, "mkpeer A: p x y\n"), EACCES);
	same_graph(t, before);
	expect_alive(t, 2, 0);
	ngt_trace_clear();
	/* As with NGM_SHUTDOWN it is no failure that it lives on. */
	works(t, "shutdown P:\n");
	ngt_expect_trace("close P; shutdown P");
	expect_alive(t, 2, 0);
	end_quietly(t);
}

static void
test_messages_stay(void **state)
{
	char before[DUMP];
	struct ngt *t;

	(void)state;
	ngt_trace_type("no", 0);
	fussy_reset(0);
	t = ngt_graph("fussy A; fussy F; A.x - F.x");
	dump(t, before);
	ngt_trace_fail("constructor no", EPERM);
	set_to = 0;
	assert_int_equal(text(t, "msg F: set { value=5 }\nmknode no\n"), EPERM);
	same_graph(t, before);
	assert_int_equal(set_to, 5); /* what a message did is not undone */
	end_quietly(t);
}

/* ---- out of memory: at each allocation in turn, and from each on ---- */

static void
test_enomem(void **state)
{
	unsigned n, refused_n, ran;
	char before[DUMP];
	struct ngt *t;
	int error;

	(void)state;
	for (sweep_all = false;; sweep_all = true) {
		ngu__zone_bypass(true);
		refused_n = ran = 0;
		for (n = 1;; n++) {
			fussy_reset(0);
			t = ngt_graph(GRAPH);
			dump(t, before);
			made = unmade = 0;
			sweep_seen = 0;
			sweep_at = n;
			ngu__port_alloc_hook = sweep;
			error = ngu_apply_text(G, LIST, 0, &err);
			ngu__port_alloc_hook = NULL;
			if (error != 0) {
				assert_true(error == ENOMEM || error == ENOBUFS);
				assert_int_equal(err.error, error);
				refused_n++;
				ran += err.ran;
				same_graph(t, before);
				expect_alive(t, 5, 4);
				assert_int_equal(made, unmade);
				works(t, LIST);
			}
			ngt_expect_hooks(t, "T:", NULL);
			expect_alive(t, 7, 12);
			ngt_end(t);
			if (sweep_seen < n)
				break;
		}
		ngu__zone_bypass(false);
		assert_int_equal(error, 0);
		print_message("%s: %u allocations, %u refused the list, %u of them when it ran\n", sweep_all ? "all from n on" : "the n-th", n - 1,
		    refused_n, ran);
		assert_true(refused_n >= 40);
		assert_true(ran >= 30);
		if (sweep_all)
			break;
	}
}

/* ---- outdated between check and run: a method of an early entry does what another thread could do ---- */

struct meddle {
	struct ngt *t;
	const char *what;
	int result;
};

static int
meddle(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct meddle *m = arg;
	struct ngu_graph *g = ngt_g(m->t);
	const char *w = m->what;

	(void)node;
	(void)hook;
	(void)item;
	m->what = NULL;
	if (w == NULL)
		return (0);
	m->result = strcmp(w, "take hook") == 0 ? ngu_connect(g, "B:", "y", "C:", "other") :
	    strcmp(w, "take name") == 0	      ? ngu_name(g, "C:", "D") :
	    strcmp(w, "kill B") == 0	      ? ngu_shutdown(g, "B:") :
	    strcmp(w, "kill new") == 0	      ? ngu_shutdown(g, "new:") :
	    strcmp(w, "cut new") == 0	      ? ngu_rmhook(g, "new:", "n") :
	    strcmp(w, "cut x") == 0	      ? ngu_rmhook(g, "A:", "x") :
						-1;
	return (0);
}

static void
test_outdated(void **state)
{
	static const struct {
		const char *what, *list;
		int error;
		unsigned index;
		bool dead; /* B is */
	} c[] = {
		{ "take hook", "mknode m\nmkpeer A: a n p\nconnect A: B: u y\n", EEXIST, 2, false },
		{ "take name", "mknode m\nmkpeer A: a n p\nmknode a D\n", EADDRINUSE, 2, false },
		{ "take name", "mknode m\nmkpeer A: a n p\nname B: D\n", EADDRINUSE, 2, false },
		{ "kill B", "mknode m\nmkpeer A: a n p\nconnect A: B: u y\n", ENOENT, 2, true },
		{ "kill B", "mknode m\nmkpeer A: a n p\nconnect B: A: y u\n", ENOENT, 2, true },
		{ "kill B", "mknode m\nmkpeer A: a n p\nmkpeer B: a y u\n", ENOENT, 2, true },
		{ "kill B", "mknode m\nmkpeer A: a n p\nname B: D\n", ENOENT, 2, true },
		{ "kill B", "mkpeer A: a n p\nname B: D\nmknode m\n", ENOENT, 1, true },
		{ "kill B", "mknode m\nmkpeer A: a n p\nmsg B: textstatus\n", EINVAL, 2, true },
		{ "kill new", "mkpeer A: a n n\nname A:n new\nmknode m\nconnect new: A: v v\n", ENOENT, 3, false },
		{ "kill new", "mkpeer A: a n n\nname A:n new\nmknode m\n", ENOENT, 0, false },
		{ "kill new", "mkpeer A: a n n\nname A:n new\nmknode m\nmsg A: textstatus\n", ENOENT, 0, false },
		/* what goes anyway may be gone already */
		{ "kill B", "mknode m\nshutdown B:\n", 0, 0, true },
		{ "cut x", "mknode m\nrmhook A: x\n", 0, 0, false },
	};
	unsigned i;

	(void)state;
	for (i = 0; i < NITEMS(c); i++) {
		struct meddle m = { .what = c[i].what, .result = -1 };
		struct ngt *t;
		int error;

		ngt_trace_type("a", 0);
		ngt_trace_type("m", 0);
		t = ngt_graph("a A; a B; a C; A.x - C.x");
		m.t = t;
		ngt_trace_on("constructor m", meddle, &m);
		error = text(t, c[i].list);
		if (error != c[i].error || m.result != 0 || (error != 0 && err.index != c[i].index))
			print_message("case %u: %d (meddling %d) %s\n", i, error, m.result, err.text);
		assert_int_equal(m.result, 0);
		assert_int_equal(error, c[i].error);
		if (error != 0) {
			assert_int_equal(err.index, c[i].index);
			assert_true(err.ran);
			ngt_expect_hooks(t, "A:", strcmp(c[i].what, "take name") == 0 ? "x - D.x" : "x - C.x");
		}
		expect_alive(t, (c[i].dead ? 2 : 3) + (error == 0), strcmp(c[i].what, "take hook") == 0 ? 4 : strcmp(c[i].what, "cut x") == 0 ? 0 : 2);
		ngt_trace_on("constructor m", NULL, NULL);
		end_quietly(t);
	}
}

/* ---- where it may not be called ---- */

static int
apply_from_method(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	int *result = arg;
	struct ngu_op op = { .kind = NGU_OP_MKNODE, .type = "hub" };

	(void)hook;
	(void)item;
	result[0] = ngu_apply(node->nd_graph, &op, 1, 0, NULL);
	result[1] = ngu_apply_text(node->nd_graph, "mknode hub\n", 0, NULL);
	return (0);
}

static void
test_deadlock(void **state)
{
	int result[2] = { 0, 0 };
	struct ngt *t;

	(void)state;
	ngt_trace_type("a", 0);
	t = ngt_graph("a A");
	ngt_trace_on("rcvmsg A", apply_from_method, result);
	ngt_msg(t, "A:", 1, 1, NULL, 0);
	assert_int_equal(result[0], EDEADLK);
	assert_int_equal(result[1], EDEADLK);
	expect_alive(t, 1, 0);
	end_quietly(t);
}

/* ---- texts that are none ---- */

/* Every beginning of a good list, and lists with bytes changed: an answer with a place in the text, nothing run, nothing lost. */
static void
test_malformed(void **state)
{
	static const char *const piece[] = { "\"", "\\", "#", "{", "}", "[", "]", "=", " ", "\n", "\r", "\t", ":", ".", "A:", "mkpeer ", "msg N: set ", "\x01",
		"\xff", "0", "value", "[1]:", "\"\"" };
	char before[DUMP], list[2048];
	size_t len = strlen(LIST), cut, n, at;
	uint32_t seed = 1;
	unsigned i, bad_n = 0, good = 0, lines;
	struct ngt *t;
	const char *p;
	int error;

	(void)state;
	fussy_reset(0);
	t = ngt_graph(GRAPH);
	dump(t, before);
	for (i = 0; i < len + 4000; i++) {
		if (i < len) {
			memcpy(list, LIST, i);
			list[i] = '\0';
		} else {
			memcpy(list, LIST, len + 1);
			n = len;
			for (seed = seed * 1664525u + 1013904223u, cut = 0; cut <= (seed >> 28) % 3; cut++) {
				seed = seed * 1664525u + 1013904223u;
				at = (seed >> 8) % n;
				p = piece[(seed >> 3) % NITEMS(piece)];
				memmove(list + at + strlen(p), list + at + (seed & 1), n - at - (seed & 1) + 1);
				memcpy(list + at, p, strlen(p));
				n = strlen(list);
			}
		}
		for (lines = 1, p = list; (p = strchr(p, '\n')) != NULL; p++)
			lines++;
		error = ngu_apply_text(G, list, NGU_APPLY_DRY, &err);
		if (error == 0) {
			good++;
			continue;
		}
		bad_n++;
		if (err.line < 1 || err.line > lines || err.column < 1 || err.text[0] == '\0')
			print_message("%s\n-> %d line %u of %u column %u %s\n", list, error, err.line, lines, err.column, err.text);
		assert_int_equal(err.error, error);
		assert_true(err.line >= 1 && err.line <= lines);
		assert_true(err.column >= 1);
		assert_true(err.text[0] != '\0');
		assert_false(err.ran);
	}
	same_graph(t, before);
	print_message("%u texts were lists, %u were not\n", good, bad_n);
	assert_true(good > 100 && bad_n > 1000);
	ngt_end(t);
}

/* Many entries: chains through new hooks, all in one list. */
static void
test_long(void **state)
{
	enum { N = 1000 };
	static char list[N * 80];
	struct ngt *t = ngt_graph("hub A");
	char *p = list;
	unsigned i;

	(void)state;
	p += sprintf(p, "mkpeer A: tee n left\nname A:n n0\n");
	for (i = 1; i < N; i++)
		p += sprintf(p, "mkpeer n%u: tee right left\nname n%u:right n%u\n", i - 1, i - 1, i);
	works(t, list);
	expect_alive(t, N + 1, 2 * N);
	ngt_expect_hooks(t, "n999:", "left - n998.right");
	for (p = list, i = 0; i < N; i++)
		p += sprintf(p, "shutdown n%u:\n", i);
	(void)sprintf(p, "mknode hub new\n");
	works(t, list);
	expect_alive(t, 1, 0); /* the hub went with its last hook */
	ngt_end(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_each_op),
		ngt_test(test_text),
		ngt_test(test_planned_paths),
		ngt_test(test_order),
		ngt_test(test_closed_until_made),
		ngt_test(test_switch),
		ngt_test(test_names),
		ngt_test(test_name_again),
		ngt_test(test_refused),
		ngt_test(test_bad_arrays),
		ngt_test(test_error_text),
		ngt_test(test_dry),
		ngt_test(test_each_method_refuses),
		ngt_test(test_each_position),
		ngt_test(test_persistent),
		ngt_test(test_messages_stay),
		ngt_test(test_enomem),
		ngt_test(test_outdated),
		ngt_test(test_deadlock),
		ngt_test(test_malformed),
		ngt_test(test_long),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
