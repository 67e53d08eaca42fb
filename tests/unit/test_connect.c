/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_connect.c - the order of method calls when edges are made, and what is taken back when a step fails: mkpeer and
 * connect, each step (section 13 of the behaviour specification).
 */
#include "support/unit.h"

#define WHOLE "newhook A/x; newhook B/y; connect B/y; connect A/x"

/* Two trace nodes A and B of types a and b, the log empty. */
static struct ngt *
two(unsigned aflags, unsigned bflags)
{
	struct ngt *t;

	ngt_trace_clear();
	ngt_trace_type("a", aflags);
	ngt_trace_type("b", bflags);
	t = ngt_graph("a A; b B");
	ngt_expect_trace("constructor a; constructor b");
	return (t);
}

static struct ngt *
one(unsigned aflags, unsigned bflags)
{
	struct ngt *t;

	ngt_trace_clear();
	ngt_trace_type("a", aflags);
	ngt_trace_type("b", bflags);
	t = ngt_graph("a A");
	ngt_expect_trace("constructor a");
	return (t);
}

static int
connect_ab(struct ngt *t)
{
	return (ngu_connect(G, "A:", "x", "B:", "y"));
}

/* ---- mkpeer ---- */

static void
test_mkpeer(void **state)
{
	struct ngt *t = one(0, 0);

	(void)state;
	assert_int_equal(ngu_mkpeer(G, "A:", "b", "x", "y"), 0);
	ngt_expect_trace("constructor b; newhook A/x; newhook b/y; connect A/x; connect b/y");
	ngt_expect_hooks(t, "A:", "x - b.y");
	ngt_expect_hooks(t, "A:x", "y - A.x");
	expect_alive(t, 2, 2);
	ngt_end(t);
}

static void
mkpeer_fails(const char *what, int error, const char *trace)
{
	struct ngt *t = one(0, 0);

	ngt_trace_fail(what, error);
	assert_int_equal(ngu_mkpeer(G, "A:", "b", "x", "y"), error);
	ngt_expect_trace(trace);
	ngt_expect_hooks(t, "A:", "");
	expect_alive(t, 1, 0);
	/* Nothing is in the way of another try. */
	ngt_trace_fail(what, 0);
	assert_int_equal(ngu_mkpeer(G, "A:", "b", "x", "y"), 0);
	ngt_expect_trace("constructor b; newhook A/x; newhook b/y; connect A/x; connect b/y");
	ngt_end(t);
}

static void
test_mkpeer_constructor_fails(void **state)
{
	(void)state;
	mkpeer_fails("constructor b", EPERM, "constructor b fails");
}

static void
test_mkpeer_our_newhook_fails(void **state)
{
	(void)state;
	mkpeer_fails("newhook A/x", EISCONN, "constructor b; newhook A/x fails; close b; shutdown b");
}

static void
test_mkpeer_their_newhook_fails(void **state)
{
	(void)state;
	mkpeer_fails("newhook b/y", EINVAL,
	    "constructor b; newhook A/x; newhook b/y fails; close b; shutdown b; disconnect A/x");
}

static void
test_mkpeer_our_connect_fails(void **state)
{
	(void)state;
	mkpeer_fails("connect A/x", ELOOP,
	    "constructor b; newhook A/x; newhook b/y; connect A/x fails; disconnect b/y; close b; shutdown b; disconnect A/x");
}

static void
test_mkpeer_their_connect_fails(void **state)
{
	(void)state;
	mkpeer_fails("connect b/y", EOPNOTSUPP,
	    "constructor b; newhook A/x; newhook b/y; connect A/x; connect b/y fails; disconnect b/y; close b; shutdown b; "
	    "disconnect A/x");
}

/* The new node ends itself in its disconnect: it must not be ended, or freed, twice. */
static void
test_mkpeer_fails_autodie(void **state)
{
	struct ngt *t = one(0, NGT_AUTODIE);

	(void)state;
	ngt_trace_fail("connect b/y", EPERM);
	assert_int_equal(ngu_mkpeer(G, "A:", "b", "x", "y"), EPERM);
	ngt_expect_trace("constructor b; newhook A/x; newhook b/y; connect A/x; connect b/y fails; disconnect b/y; close b; "
			 "shutdown b; disconnect A/x");
	expect_alive(t, 1, 0);
	ngt_end(t);
}

/* Our own node ends itself when its only hook goes again. */
static void
test_mkpeer_fails_our_node_dies(void **state)
{
	struct ngt *t = one(NGT_AUTODIE, 0);

	(void)state;
	ngt_trace_fail("newhook b/y", EPERM);
	assert_int_equal(ngu_mkpeer(G, "A:", "b", "x", "y"), EPERM);
	ngt_expect_trace("constructor b; newhook A/x; newhook b/y fails; close b; shutdown b; disconnect A/x; close A; shutdown A");
	ngt_expect_hooks(t, "A:", NULL);
	expect_alive(t, 0, 0);
	ngt_end(t);
}

static void
test_mkpeer_errors(void **state)
{
	struct ngt *t = one(0, 0);

	(void)state;
	ngt_trace_type("noctor", NGT_NO_CONSTRUCTOR);
	assert_int_equal(ngu_mkpeer(G, "A:", "nosuch", "x", "y"), ENXIO);
	ngt_expect_trace("");
	assert_int_equal(ngu_mkpeer(G, "A:", "noctor", "x", "y"), EINVAL);
	ngt_expect_trace("");
	assert_int_equal(ngu_mkpeer(G, "Z:", "b", "x", "y"), ENOENT);
	assert_int_equal(ngu_mkpeer(G, "A:zz", "b", "x", "y"), ENOENT);
	ngt_expect_trace("");
	assert_int_equal(ngu_mkpeer(G, "A:", "b", "x", "y"), 0);
	ngt_expect_trace("constructor b; newhook A/x; newhook b/y; connect A/x; connect b/y");
	assert_int_equal(ngu_mkpeer(G, "A:", "b", "x", "y"), EEXIST);
	ngt_expect_trace("constructor b; close b; shutdown b");
	ngt_expect_hooks(t, "A:", "x - b.y");
	expect_alive(t, 2, 2);
	ngt_end(t);
}

/* Types without some methods: nothing is called, nothing is missing. */
static void
test_mkpeer_bare(void **state)
{
	struct ngt *t = one(NGT_NO_NEWHOOK | NGT_NO_CONNECT | NGT_NO_DISCONNECT,
	    NGT_NO_NEWHOOK | NGT_NO_CONNECT | NGT_NO_DISCONNECT | NGT_NO_SHUTDOWN | NGT_NO_CLOSE);

	(void)state;
	assert_int_equal(ngu_mkpeer(G, "A:", "b", "x", "y"), 0);
	ngt_expect_trace("constructor b");
	ngt_expect_hooks(t, "A:", "x - b.y");
	assert_int_equal(ngu_shutdown(G, "A:x"), 0);
	ngt_expect_trace("");
	expect_alive(t, 1, 0);
	ngt_end(t);
}

/* ---- what a method sees ---- */

struct seen {
	bool node_dead, node_own, peer_dead;
	char peer_node[32];
	int send;
	unsigned calls;
};

static int
look(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct seen *s = arg;
	struct mbuf *m = ngu_packet(NULL, "abc", 3);

	(void)item;
	s->calls++;
	s->node_dead = NG_HOOK_NODE(hook) == &ng_deadnode;
	s->node_own = NG_HOOK_NODE(hook) == node;
	s->peer_dead = NG_HOOK_PEER(hook) == &ng_deadhook;
	(void)snprintf(s->peer_node, sizeof(s->peer_node), "%s", NG_PEER_NODE_NAME(hook));
	NG_SEND_DATA_ONLY(s->send, hook, m);
	return (0);
}

static void
test_mkpeer_views(void **state)
{
	struct seen ours = { 0 }, theirs = { 0 }, cours = { 0 }, ctheirs = { 0 };
	struct ngt *t = one(0, 0);

	(void)state;
	ngt_trace_on("newhook A/x", look, &ours);
	ngt_trace_on("newhook b/y", look, &theirs);
	ngt_trace_on("connect A/x", look, &cours);
	ngt_trace_on("connect b/y", look, &ctheirs);
	assert_int_equal(ngu_mkpeer(G, "A:", "b", "x", "y"), 0);
	assert_true(ours.node_own && ours.peer_dead && theirs.node_own && theirs.peer_dead);
	assert_string_equal(ours.peer_node, "dead");
	assert_true(cours.node_own && ctheirs.node_own && !cours.peer_dead && !ctheirs.peer_dead);
	assert_string_equal(ctheirs.peer_node, "A");
	/* From newhook and connect nothing gets out. */
	assert_int_equal(ours.send, ENETDOWN);
	assert_int_equal(theirs.send, ENETDOWN);
	assert_int_equal(cours.send, ENETDOWN);
	assert_int_equal(ctheirs.send, ENETDOWN);
	ngt_end(t);
}

static void
test_connect_views(void **state)
{
	struct seen ours = { 0 }, theirs = { 0 }, cours = { 0 }, ctheirs = { 0 };
	struct ngt *t = two(0, 0);

	(void)state;
	ngt_trace_on("newhook A/x", look, &ours);
	ngt_trace_on("newhook B/y", look, &theirs);
	ngt_trace_on("connect A/x", look, &cours);
	ngt_trace_on("connect B/y", look, &ctheirs);
	assert_int_equal(connect_ab(t), 0);
	assert_true(ours.node_own && ours.peer_dead);
	/* Stage 2: the node is still the dead one, the peer is real already. */
	assert_true(theirs.node_dead && !theirs.peer_dead);
	assert_string_equal(theirs.peer_node, "A");
	assert_true(cours.node_own && ctheirs.node_own);
	assert_string_equal(cours.peer_node, "B");
	assert_string_equal(ctheirs.peer_node, "A");
	assert_int_equal(ours.send, ENETDOWN);
	assert_int_equal(theirs.send, ENETDOWN);
	assert_int_equal(ctheirs.send, ENETDOWN);
	assert_int_equal(cours.send, ENETDOWN);
	ngt_end(t);
}

/* ---- connect ---- */

static void
test_connect(void **state)
{
	struct ngt *t = two(0, 0);

	(void)state;
	assert_int_equal(connect_ab(t), 0);
	ngt_expect_trace(WHOLE);
	ngt_expect_hooks(t, "A:", "x - B.y");
	ngt_expect_hooks(t, "B:", "y - A.x");
	expect_alive(t, 2, 2);
	ngt_end(t);
}

static void
connect_fails(const char *what, int error, const char *trace)
{
	struct ngt *t = two(0, 0);

	ngt_trace_fail(what, error);
	assert_int_equal(connect_ab(t), error);
	ngt_settle(t);
	ngt_expect_trace(trace);
	ngt_expect_hooks(t, "A:", "");
	ngt_expect_hooks(t, "B:", "");
	expect_alive(t, 2, 0);
	ngt_trace_fail(what, 0);
	assert_int_equal(connect_ab(t), 0);
	ngt_expect_trace(WHOLE);
	ngt_end(t);
}

static void
test_connect_our_newhook_fails(void **state)
{
	(void)state;
	connect_fails("newhook A/x", EPERM, "newhook A/x fails");
}

static void
test_connect_their_newhook_fails(void **state)
{
	(void)state;
	connect_fails("newhook B/y", EBUSY, "newhook A/x; newhook B/y fails; disconnect A/x");
}

static void
test_connect_their_connect_fails(void **state)
{
	(void)state;
	connect_fails("connect B/y", ELOOP, "newhook A/x; newhook B/y; connect B/y fails; disconnect B/y; disconnect A/x");
}

static void
test_connect_our_connect_fails(void **state)
{
	(void)state;
	connect_fails("connect A/x", EPERM,
	    "newhook A/x; newhook B/y; connect B/y; connect A/x fails; disconnect B/y; disconnect A/x");
}

static void
test_connect_eexist(void **state)
{
	struct ngt *t = two(0, 0);

	(void)state;
	assert_int_equal(connect_ab(t), 0);
	ngt_expect_trace(WHOLE);
	assert_int_equal(ngu_connect(G, "A:", "x", "B:", "new"), EEXIST);
	ngt_expect_trace("");
	assert_int_equal(ngu_connect(G, "A:", "new", "B:", "y"), EEXIST);
	ngt_expect_trace("");
	ngt_expect_hooks(t, "A:", "x - B.y");
	ngt_expect_hooks(t, "B:", "y - A.x");
	expect_alive(t, 2, 2);
	ngt_end(t);
}

static void
test_connect_paths(void **state)
{
	struct ngt *t = two(0, 0);

	(void)state;
	assert_int_equal(ngu_connect(G, "A:", "x", "Z:", "y"), ENOENT);
	assert_int_equal(ngu_connect(G, "Z:", "x", "B:", "y"), ENOENT);
	assert_int_equal(ngu_connect(G, "A:", "x", "B:nohook", "y"), ENOENT);
	assert_int_equal(ngu_connect(G, "A:", "x", "B:..", "y"), EINVAL);
	ngt_expect_trace("");
	assert_int_equal(connect_ab(t), 0);
	ngt_expect_trace(WHOLE);
	/* Relative to the node that gets the message. */
	ngt_add(t, "b C");
	assert_int_equal(ngu_connect(G, "B:", "c", "C:", "b"), 0);
	assert_int_equal(ngu_connect(G, "A:", "z", "x.c", "z"), 0);
	ngt_expect_hooks(t, "C:", "z - A.z; b - B.c");
	ngt_end(t);
}

static void
test_connect_self(void **state)
{
	struct ngt *t = two(0, 0);

	(void)state;
	assert_int_equal(ngu_connect(G, "A:", "x", "A:", "y"), 0);
	ngt_expect_trace("newhook A/x; newhook A/y; connect A/y; connect A/x");
	ngt_expect_hooks(t, "A:", "y - A.x; x - A.y");
	assert_int_equal(ngu_rmhook(G, "A:", "x"), 0);
	ngt_settle(t);
	ngt_expect_hooks(t, "A:", "");
	expect_alive(t, 2, 0);
	ngt_end(t);
}

/* One name twice on one node is refused (the original makes two hooks of that name). */
static void
test_connect_self_same_name(void **state)
{
	struct ngt *t = two(0, 0);

	(void)state;
	assert_int_equal(ngu_connect(G, "A:", "x", "A:", "x"), EEXIST);
	ngt_settle(t);
	ngt_expect_hooks(t, "A:", "");
	expect_alive(t, 2, 0);
	ngt_end(t);
}

static void
self_fails(const char *what, const char *trace)
{
	struct ngt *t = two(0, 0);

	ngt_trace_fail(what, EPERM);
	assert_int_equal(ngu_connect(G, "A:", "x", "A:", "y"), EPERM);
	ngt_settle(t);
	ngt_expect_trace(trace);
	ngt_expect_hooks(t, "A:", "");
	expect_alive(t, 2, 0);
	ngt_trace_fail(what, 0);
	ngt_end(t);
}

static void
test_connect_self_fails(void **state)
{
	(void)state;
	self_fails("newhook A/x", "newhook A/x fails");
	self_fails("newhook A/y", "newhook A/x; newhook A/y fails; disconnect A/x");
}

/* ---- nodes that vanish in between ---- */

static int
kill_node(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct ng_node *victim = ng_name2noderef(NULL, arg);

	(void)node;
	(void)hook;
	(void)item;
	if (victim != NULL) {
		(void)ng_rmnode_self(victim);
		NG_NODE_UNREF(victim);
	}
	return (0);
}

static int
kill_hook(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	(void)arg;
	(void)node;
	(void)item;
	(void)ng_rmhook_self(hook);
	return (0);
}

static int
kill_peer_hook(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	(void)arg;
	(void)node;
	(void)item;
	(void)ng_rmhook_self(NG_HOOK_PEER(hook));
	return (0);
}

static void
test_connect_remote_dies_first(void **state)
{
	struct ngt *t = two(0, 0);

	(void)state;
	ngt_trace_on("newhook A/x", kill_node, "B");
	assert_int_equal(connect_ab(t), ENOENT);
	ngt_settle(t);
	ngt_expect_trace("newhook A/x; close B; shutdown B; disconnect A/x");
	ngt_expect_hooks(t, "A:", "");
	ngt_expect_hooks(t, "B:", NULL);
	expect_alive(t, 1, 0);
	ngt_end(t);
}

static void
test_connect_ours_dies_first(void **state)
{
	struct ngt *t = two(0, 0);
	const char *when[] = { "newhook A/x", "newhook B/y", "connect B/y" };
	unsigned i;

	(void)state;
	ngt_end(t);
	for (i = 0; i < sizeof(when) / sizeof(when[0]); i++) {
		ngt_trace_clear();
		t = two(0, 0);
		ngt_trace_on(when[i], kill_node, "A");
		assert_int_not_equal(connect_ab(t), 0);
		ngt_settle(t);
		expect_balance("A/x");
		expect_balance("B/y");
		assert_non_null(strstr(ngt_trace_text(), "shutdown A"));
		ngt_expect_hooks(t, "A:", NULL);
		ngt_expect_hooks(t, "B:", "");
		expect_alive(t, 1, 0);
		ngt_trace_on(when[i], NULL, NULL);
		ngt_end(t);
	}
}

static void
test_connect_remote_dies_late(void **state)
{
	const char *when[] = { "newhook B/y", "connect B/y", "connect A/x" };
	struct ngt *t;
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(when) / sizeof(when[0]); i++) {
		ngt_trace_clear();
		t = two(0, 0);
		ngt_trace_on(when[i], kill_node, "B");
		(void)connect_ab(t);
		ngt_settle(t);
		expect_balance("A/x");
		expect_balance("B/y");
		assert_non_null(strstr(ngt_trace_text(), "shutdown B"));
		ngt_expect_hooks(t, "A:", "");
		ngt_expect_hooks(t, "B:", NULL);
		expect_alive(t, 1, 0);
		ngt_trace_on(when[i], NULL, NULL);
		ngt_end(t);
	}
}

static void
test_connect_hook_removed_within(void **state)
{
	const char *when[] = { "connect B/y", "connect A/x" };
	struct ngt *t;
	unsigned i, j;

	(void)state;
	for (i = 0; i < sizeof(when) / sizeof(when[0]); i++)
		for (j = 0; j < 2; j++) {
			ngt_trace_clear();
			t = two(0, 0);
			ngt_trace_on(when[i], j ? kill_peer_hook : kill_hook, NULL);
			(void)connect_ab(t);
			ngt_settle(t);
			expect_balance("A/x");
			expect_balance("B/y");
			ngt_expect_hooks(t, "A:", "");
			ngt_expect_hooks(t, "B:", "");
			expect_alive(t, 2, 0);
			ngt_trace_on(when[i], NULL, NULL);
			ngt_end(t);
		}
}

/* The same for mkpeer: whoever dies inside a method, nothing half made stays. */
static void
test_mkpeer_dies_within(void **state)
{
	const char *when[] = { "newhook A/x", "newhook b/y", "connect A/x", "connect b/y" };
	struct ngt *t;
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(when) / sizeof(when[0]); i++) {
		ngt_trace_clear();
		t = one(0, NGT_AUTODIE);
		ngt_trace_on(when[i], kill_node, "A");
		whatever = ngu_mkpeer(G, "A:", "b", "x", "y");
		ngt_settle(t);
		expect_balance("A/x");
		expect_balance("b/y");
		ngt_expect_hooks(t, "A:", NULL);
		expect_alive(t, 0, 0);
		ngt_trace_on(when[i], NULL, NULL);
		ngt_end(t);
	}
}

/* ---- out of memory: at each allocation in turn ---- */

static void
sweep_run(bool connect, bool all)
{
	struct ngt *t;
	unsigned n, refused = 0;
	int error;

	ngu__zone_bypass(true);
	for (n = 1;; n++) {
		t = connect ? two(0, 0) : one(0, 0);
		sweep_seen = 0;
		sweep_at = n;
		sweep_all = all;
		ngu__port_alloc_hook = sweep;
		error = connect ? connect_ab(t) : ngu_mkpeer(G, "A:", "b", "x", "y");
		ngu__port_alloc_hook = NULL;
		if (sweep_seen < n) { /* it took fewer allocations than that */
			assert_int_equal(error, 0);
			ngt_end(t);
			break;
		}
		if (error != 0) { /* an allocation that is not needed may be refused without harm */
			assert_true(error == ENOMEM || error == ENOBUFS);
			refused++;
			ngt_settle(t);
			ngt_expect_hooks(t, "A:", "");
			expect_alive(t, connect ? 2 : 1, 0);
			expect_balance("A/x");
			expect_balance(connect ? "B/y" : "b/y");
			error = connect ? connect_ab(t) : ngu_mkpeer(G, "A:", "b", "x", "y");
			assert_int_equal(error, 0);
		}
		expect_alive(t, 2, 2);
		ngt_end(t);
		ngt_trace_clear();
	}
	ngu__zone_bypass(false);
	assert_true(refused >= 4);
	ngt_trace_clear();
}

static void
test_mkpeer_enomem(void **state)
{
	(void)state;
	sweep_run(false, false);
	sweep_run(false, true);
}

/* A's newhook sends to B as `arg` says: q a packet to be queued, d a packet, m a message. Lengths and commands count up. */
static int
send_on_e(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	hook_p e = ng_findhook(node, "e");
	struct ng_mesg *msg;
	struct mbuf *m;
	const char *c;
	uint32_t n = 0;
	int error;

	(void)hook;
	(void)item;
	for (c = arg; *c != '\0'; c++) {
		n++;
		if (*c == 'm') {
			NG_MKMESSAGE(msg, 7, n, 0, M_NOWAIT);
			NG_SEND_MSG_HOOK(error, node, msg, e, 0);
		} else {
			m = ngu_packet(NULL, "abc", n);
			NG_SEND_DATA_FLAGS(error, e, m, *c == 'q' ? NG_QUEUE : NG_NOFLAGS);
		}
		assert_int_equal(error, 0);
	}
	return (0);
}

/* A connect has B's turn while A's newhook runs: what that sends to B still arrives in its order, and before B's own newhook. */
static void
test_connect_order(void **state)
{
	static const struct {
		char *what;
		const char *trace;
	} c[] = {
		{ "dm", "rcvdata B/e 1; rcvmsg B 7:2" },
		{ "qm", "rcvdata B/e 1; rcvmsg B 7:2" },
		{ "qd", "rcvdata B/e 1; rcvdata B/e 2" },
		{ "mqd", "rcvmsg B 7:1; rcvdata B/e 2; rcvdata B/e 3" },
		{ "qdm", "rcvdata B/e 1; rcvdata B/e 2; rcvmsg B 7:3" },
	};
	struct ngt *t;
	char want[256];
	unsigned i, excl;

	(void)state;
	for (excl = 0; excl < 2; excl++)
		for (i = 0; i < NITEMS(c); i++) {
			ngt_trace_clear();
			t = two(0, NGT_LOG_DATA | (excl ? NGT_EXCLUSIVE : 0));
			assert_int_equal(ngu_connect(G, "A:", "e", "B:", "e"), 0);
			ngt_trace_clear();
			ngt_trace_on("newhook A/x", send_on_e, c[i].what);
			assert_int_equal(connect_ab(t), 0);
			ngt_settle(t);
			(void)snprintf(want, sizeof(want), "newhook A/x; %s; newhook B/y; connect B/y; connect A/x", c[i].trace);
			ngt_expect_trace(want);
			ngt_trace_on("newhook A/x", NULL, NULL);
			expect_alive(t, 2, 4);
			ngt_end(t);
		}
}

static void
test_connect_enomem(void **state)
{
	(void)state;
	sweep_run(true, false);
	sweep_run(true, true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_mkpeer),
		ngt_test(test_mkpeer_constructor_fails),
		ngt_test(test_mkpeer_our_newhook_fails),
		ngt_test(test_mkpeer_their_newhook_fails),
		ngt_test(test_mkpeer_our_connect_fails),
		ngt_test(test_mkpeer_their_connect_fails),
		ngt_test(test_mkpeer_fails_autodie),
		ngt_test(test_mkpeer_fails_our_node_dies),
		ngt_test(test_mkpeer_errors),
		ngt_test(test_mkpeer_bare),
		ngt_test(test_mkpeer_views),
		ngt_test(test_mkpeer_dies_within),
		ngt_test(test_mkpeer_enomem),
		ngt_test(test_connect),
		ngt_test(test_connect_views),
		ngt_test(test_connect_our_newhook_fails),
		ngt_test(test_connect_their_newhook_fails),
		ngt_test(test_connect_their_connect_fails),
		ngt_test(test_connect_our_connect_fails),
		ngt_test(test_connect_eexist),
		ngt_test(test_connect_paths),
		ngt_test(test_connect_self),
		ngt_test(test_connect_self_same_name),
		ngt_test(test_connect_self_fails),
		ngt_test(test_connect_remote_dies_first),
		ngt_test(test_connect_ours_dies_first),
		ngt_test(test_connect_remote_dies_late),
		ngt_test(test_connect_hook_removed_within),
		ngt_test(test_connect_order),
		ngt_test(test_connect_enomem),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
