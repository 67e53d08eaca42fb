/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_races.c - two threads that meet at the worst moment, each meeting made to happen: methods wait inside their node until the
 * other thread is where it should be (support/race.h). Every case stands for a fault that the core once had.
 */
#include "support/race.h"

#include <sys/epoch.h>

/* The node is open and nobody owes it anything. */
#define assert_at_rest(node) assert_int_equal(GATE(node) & GATE_BUSY, 0)

static int
count_here(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	(void)node;
	(void)hook;
	(void)item;
	(void)NGU_FADD_SC((_Atomic uint32_t *)arg, 1u);
	return (0);
}

/* ---- control calls from inside a method, to a node that another thread has ---- */

enum what { MSG, MKPEER, CONNECT, CONNECT_FAR, RMHOOK, RMHOOK_FAR, SHUTDOWN, SHUTDOWN_FAR, NAME, RELINK, BYPASS };

/* How N's hooks look afterwards. */
static const struct {
	enum what what;
	const char *path, *hooks;
} from_inside[] = {
	{ MSG, "N:", "k - L.n; r - r.r; l - l.l" },
	{ MKPEER, "N:", "new - b.n; k - L.n; r - r.r; l - l.l" },
	{ CONNECT, "N:", "new - P.n; k - L.n; r - r.r; l - l.l" },
	{ CONNECT_FAR, "N:", "new - P.n; k - L.n; r - r.r; l - l.l" },
	{ RMHOOK, "N:", "k - L.n; r - r.r" },
	{ RMHOOK_FAR, "N:", "r - r.r; l - l.l" },
	{ SHUTDOWN, "N:", NULL },
	{ SHUTDOWN_FAR, "N:", "r - r.r; l - l.l" },
	{ NAME, "N2:", "k - L.n; r - r.r; l - l.l" },
	{ RELINK, "N:", "new - P.q; k - L.n; r - r.r; l - l.l" },
	{ BYPASS, "N:", "k - L.n" },
};

static int
do_it(struct ngu_graph *g, enum what what)
{
	switch (what) {
	case MSG:
		return (ngu_msg(g, "N:", COOKIE, 2, NULL, 0, NULL));
	case MKPEER:
		return (ngu_mkpeer(g, "N:", "b", "new", "n"));
	case CONNECT:
		return (ngu_connect(g, "N:", "new", "P:", "n"));
	case CONNECT_FAR:
		return (ngu_connect(g, "P:", "n", "N:", "new"));
	case RMHOOK:
		return (ngu_rmhook(g, "N:", "l"));
	case RMHOOK_FAR:
		return (ngu_rmhook(g, "L:", "n"));
	case SHUTDOWN:
		return (ngu_shutdown(g, "N:"));
	case SHUTDOWN_FAR:
		return (ngu_shutdown(g, "L:"));
	case NAME:
		return (ngu_name(g, "N:", "N2"));
	case RELINK:
		return (ngu_relink(g, "P:", "q", "N:", "new"));
	case BYPASS:
		return (ngu_bypass(g, "N:", "l", "r"));
	}
	return (-1);
}

struct inside {
	enum what what;
	int result;
	_Atomic uint32_t entered, left;
};

static int
call_inside(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct inside *i = arg;

	(void)hook;
	(void)item;
	NGU_ST_SC(&i->entered, 1u);
	i->result = do_it(node->nd_graph, i->what);
	NGU_ST_SC(&i->left, 1u);
	return (0);
}

static int
call_post(struct call *c)
{
	return (post(c->path, c->cmd, NG_QUEUE));
}

/* M's method runs: at once, or as the thread serves its queue on its way out; as a writer, or as a reader. */
enum { QUEUED = 1, READS = 2, HANDED = 4, MODES = 8 };

static void
from_method(unsigned which, unsigned mode, unsigned workers, int64_t longer)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .workers = workers };
	struct inside in = { .what = from_inside[which].what, .result = -1 };
	_Atomic uint32_t got = 0, msgs = 0;
	struct held held;
	struct ng_node *n, *m;
	struct call c;
	struct ngt *t;
	unsigned i;

	ngt_trace_type("a", 0);
	ngt_trace_type("b", 0);
	t = ngt_graph_with(&o, "a M; a N; b P.q - b Q.p; probe l - N.l; probe r - N.r; b L.n - N.k");
	n = node_of(t, "N");
	m = node_of(t, "M");
	ngt_trace_on("rcvdata N", count_here, &got);
	ngt_trace_on("rcvmsg N 77:2", count_here, &msgs);
	ngt_trace_on("rcvmsg M 77:1", call_inside, &in);
	held_start(&held, G, "N");
	for (i = 0; i < 5; i++) /* wait in N's queue, before the call */
		ngt_send(ngt_probe(t, "l"), "l", "01 02");
	c = (struct call){ .fn = mode & QUEUED ? call_post : call_msg, .g = G, .path = "M:",
		.cmd = mode & READS ? 1 | NGM_READONLY : 1 };
	call_start(&c);
	AWAIT(NGU_LD_SC(&in.entered) != 0);
	/* A writer waits at N: the call has got so far. HANDED: and will be served by whoever has N. */
	AWAIT(mode & HANDED ? left_to_holder(n, NGU_G_QW) : (GATE(n) & NGU_G_QW) != 0);
	longer += ngu__port_mono_ns();
	AWAIT(NGU_LD_SC(&in.left) != 0 || ngu__port_mono_ns() >= longer);
	assert_int_equal(NGU_LD_SC(&in.left), 0);
	held_end(&held);
	assert_int_equal(call_join(&c), 0);
	AWAIT(NGU_LD_SC(&in.left) != 0); /* a worker may have had it */
	assert_int_equal(in.result, 0);
	ngt_settle(t);
	assert_int_equal(NGU_LD_SC(&got), 5);
	assert_int_equal(NGU_LD_SC(&msgs), in.what == MSG);
	ngt_expect_hooks(t, from_inside[which].path, from_inside[which].hooks);
	assert_at_rest(n);
	assert_at_rest(m);
	NG_NODE_UNREF(n);
	NG_NODE_UNREF(m);
	ngt_end(t);
	ngt_setup(NULL);
}

static void
test_call_from_method(void **state)
{
	unsigned i, mode;

	(void)state;
	for (i = 0; i < NITEMS(from_inside); i++)
		for (mode = 0; mode < MODES; mode++)
			from_method(i, mode, 0, 0);
	for (i = 0; i < NITEMS(from_inside); i++)
		from_method(i, i % MODES, 2, 0);
}

/* However long N is busy: nothing waits at M, so there is nothing to give up for. */
static void
test_call_waits_long(void **state)
{
	unsigned mode;

	(void)state;
	for (mode = 0; mode < MODES; mode++)
		from_method(0, mode, 0, 150000000);
}

/*
 * Something waits at M, too, and has nothing to do with what M's method waits for: no reason to give up. Who lets N go is the
 * calling thread itself, once it waits and serves the worklist: K's method.
 */
struct patient {
	struct held held;
	struct ngt_probe *k, *m;
	_Atomic uint32_t entered, go;
	int result;
};

static int
call_patiently(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct patient *p = arg;

	(void)hook;
	(void)item;
	NGU_ST_SC(&p->entered, 1u);
	AWAIT(NGU_LD_SC(&p->go) != 0);
	(void)ngt__try_send(p->k, "k", (struct ngt_pkt){ .len = 1 }, NG_QUEUE);
	p->result = ngu_msg(node->nd_graph, "N:", COOKIE, 2, NULL, 0, NULL);
	return (0);
}

static int
let_n_go(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct patient *p = arg;
	int64_t end = ngu__port_mono_ns() + 5000000000;

	(void)node;
	(void)hook;
	(void)item;
	held_go(&p->held);
	/* N's holder serves what waits there. Where there is no membarrier it waits for this very section: not for ever. */
	while (NGU_LD_SC(&p->held.call.done) == 0 && ngu__port_mono_ns() < end)
		ngu__port_yield();
	return (0);
}

static void
test_call_is_patient(void **state)
{
	struct patient p = { .result = -1 };
	_Atomic uint32_t msgs = 0;
	struct ngt *t = traced(0, 0, "a M; a N; b K; probe m - M.m; probe k - K.k");
	struct ng_node *m = node_of(t, "M");
	struct call c = { .fn = call_msg, .g = G, .path = "M:", .cmd = 1 };

	(void)state;
	p.k = ngt_probe(t, "k");
	p.m = ngt_probe(t, "m");
	ngt_trace_on("rcvmsg M 77:1", call_patiently, &p);
	ngt_trace_on("rcvmsg N 77:2", count_here, &msgs);
	ngt_trace_on("rcvdata K", let_n_go, &p);
	held_start(&p.held, G, "N");
	call_start(&c);
	AWAIT(NGU_LD_SC(&p.entered) != 0);
	ngt_send(p.m, "m", "00");
	assert_true((GATE(m) & NGU_G_Q) != 0);
	NGU_ST_SC(&p.go, 1u);
	assert_int_equal(call_join(&c), 0);
	assert_int_equal(p.result, 0);
	assert_int_equal(NGU_LD_SC(&msgs), 1);
	held_end(&p.held);
	NG_NODE_UNREF(m);
	ngt_end(t);
}

/* ---- from a READONLY message's method to its own node: the answer could never come ---- */

static const struct {
	enum what what;
	const char *hooks;
} to_itself[] = {
	{ MSG, "k - L.n; r - r.r; l - l.l" },
	{ MKPEER, "new - b.n; k - L.n; r - r.r; l - l.l" },
	{ CONNECT, "new - P.n; k - L.n; r - r.r; l - l.l" },
	{ CONNECT_FAR, "new - P.n; k - L.n; r - r.r; l - l.l" },
	{ RMHOOK, "k - L.n; r - r.r" },
	{ SHUTDOWN, NULL },
};

/* What was begun is done when the reader has left. */
static void
own_node(unsigned which, bool queued)
{
	struct inside in = { .what = to_itself[which].what, .result = -1 };
	_Atomic uint32_t msgs = 0;
	struct ngt *t = traced(0, 0, "a N; b P; probe l - N.l; probe r - N.r; b L.n - N.k");
	struct ng_node *n = node_of(t, "N");
	struct call c = { .fn = queued ? call_post : call_msg, .g = G, .path = "N:", .cmd = 1 | NGM_READONLY };

	ngt_trace_on("rcvmsg N 77:1", call_inside, &in);
	ngt_trace_on("rcvmsg N 77:2", count_here, &msgs);
	call_start(&c);
	assert_int_equal(call_join(&c), 0);
	assert_int_equal(in.result, EDEADLK);
	ngt_settle(t);
	assert_int_equal(NGU_LD_SC(&msgs), in.what == MSG);
	ngt_expect_hooks(t, "N:", to_itself[which].hooks);
	assert_at_rest(n);
	NG_NODE_UNREF(n);
	ngt_end(t);
	ngt_setup(NULL);
}

static void
test_reader_calls_itself(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < NITEMS(to_itself); i++) {
		own_node(i, false);
		own_node(i, true);
	}
}

/* ---- two nodes, each wanted by whoever has the other ---- */

static int
read_of(struct ng_node *node, const char *path, uint32_t cmd)
{
	return (ngu_msg(node->nd_graph, path, COOKIE, cmd, NULL, 0, NULL));
}

struct cross {
	const char *ask; /* the other connect's far node */
	uint32_t cmd;
	_Atomic uint32_t *in;
	int result;
};

static int
ask_across(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct cross *x = arg;

	(void)hook;
	(void)item;
	(void)NGU_FADD_SC(x->in, 1u);
	AWAIT(NGU_LD_SC(x->in) == 2);
	x->result = read_of(node, x->ask, x->cmd);
	return (0);
}

/* A connect has both its nodes from the start. In newhook each asks the far node of the other. */
static void
cross_newhook(uint32_t cmd)
{
	_Atomic uint32_t in = 0;
	struct cross x1 = { "O2:", cmd, &in, -1 }, x2 = { "O1:", cmd, &in, -1 };
	struct ngt *t = traced(0, 0, "a A1; a A2; b O1; b O2");
	struct call c1 = { .fn = call_connect, .g = G, .path = "A1:", .a = "o", .b = "O1:", .c = "i" };
	struct call c2 = { .fn = call_connect, .g = G, .path = "A2:", .a = "o", .b = "O2:", .c = "i" };

	ngt_trace_on("newhook A1/o", ask_across, &x1);
	ngt_trace_on("newhook A2/o", ask_across, &x2);
	call_start(&c1);
	call_start(&c2);
	assert_int_equal(call_join(&c1), 0);
	assert_int_equal(call_join(&c2), 0);
	assert_int_equal(x1.result, 0);
	assert_int_equal(x2.result, 0);
	ngt_expect_hooks(t, "O1:", "i - A1.o");
	ngt_expect_hooks(t, "A2:", "o - O2.i");
	ngt_end(t);
	ngt_setup(NULL);
}

static void
test_cross_newhook(void **state)
{
	(void)state;
	cross_newhook(5 | NGM_READONLY);
	cross_newhook(5);
}

/* The far node itself, for reading and for writing. */
static void
test_ask_far_node(void **state)
{
	uint32_t cmd;

	(void)state;
	for (cmd = 5; cmd != 0; cmd = cmd == 5 ? 5 | NGM_READONLY : 0) {
		_Atomic uint32_t in = 1;
		struct cross x = { "O:", cmd, &in, -1 };
		struct ngt *t = traced(0, 0, "a A; b O");
		struct call c = { .fn = call_connect, .g = G, .path = "A:", .a = "o", .b = "O:", .c = "i" };

		ngt_trace_on("newhook A/o", ask_across, &x);
		call_start(&c);
		assert_int_equal(call_join(&c), 0);
		assert_int_equal(x.result, 0);
		ngt_expect_hooks(t, "O:", "i - A.o");
		ngt_end(t);
		ngt_setup(NULL);
	}
}

/* a - b and b - a at once, both in their first stage: neither has got the other's node. */
static int
meet_here(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	_Atomic uint32_t *in = arg;

	(void)node;
	(void)hook;
	(void)item;
	(void)NGU_FADD_SC(in, 1u);
	AWAIT(NGU_LD_SC(in) >= 2);
	return (0);
}

static void
test_connect_both_ways(void **state)
{
	_Atomic uint32_t in = 0;
	struct ngt *t = traced(0, 0, "a A; b B");
	struct ng_node *a = node_of(t, "A"), *b = node_of(t, "B");
	struct call c1 = { .fn = call_connect, .g = G, .path = "A:", .a = "x", .b = "B:", .c = "far_x" };
	struct call c2 = { .fn = call_connect, .g = G, .path = "B:", .a = "y", .b = "A:", .c = "far_y" };
	struct held held;

	(void)state;
	ngt_trace_on("newhook A/x", meet_here, &in);
	ngt_trace_on("newhook B/y", meet_here, &in);
	held_start(&held, G, "B"); /* so that the first connect has A alone */
	call_start(&c2);
	AWAIT((GATE(b) & NGU_G_QW) != 0);
	call_start(&c1);
	AWAIT(NGU_LD_SC(&in) == 1);
	held_end(&held);
	assert_int_equal(call_join(&c1), 0);
	assert_int_equal(call_join(&c2), 0);
	ngt_settle(t);
	ngt_expect_hooks(t, "A:", "far_y - B.y; x - B.far_x");
	ngt_expect_hooks(t, "B:", "far_x - A.x; y - A.far_y");
	assert_at_rest(a);
	assert_at_rest(b);
	NG_NODE_UNREF(a);
	NG_NODE_UNREF(b);
	ngt_end(t);
}

/* From methods of both nodes to the other one: neither can be served. Told so, not hung; both ends agree afterwards. */
struct both {
	_Atomic uint32_t *in;
	const char *path, *ours, *far, *theirs;
	int result;
};

static int
connect_across(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct both *b = arg;

	(void)hook;
	(void)item;
	(void)NGU_FADD_SC(b->in, 1u);
	AWAIT(NGU_LD_SC(b->in) == 2);
	b->result = ngu_connect(node->nd_graph, b->path, b->ours, b->far, b->theirs);
	return (0);
}

static void
test_connect_from_both(void **state)
{
	_Atomic uint32_t in = 0;
	struct both b1 = { &in, "B:", "x", "C:", "x", -1 }, b2 = { &in, "A:", "y", "C:", "y", -1 };
	struct ngt *t = traced(0, 0, "a A; a B; b C");
	struct call c1 = { .fn = call_msg, .g = G, .path = "A:", .cmd = 1 }, c2 = { .fn = call_msg, .g = G, .path = "B:", .cmd = 1 };

	(void)state;
	ngt_trace_on("rcvmsg A 77:1", connect_across, &b1);
	ngt_trace_on("rcvmsg B 77:1", connect_across, &b2);
	call_start(&c1);
	call_start(&c2);
	assert_int_equal(call_join(&c1), 0);
	assert_int_equal(call_join(&c2), 0);
	/* The first to give up leaves its node, and the other's call may still be done. */
	assert_true(b1.result == EDEADLK || b2.result == EDEADLK);
	assert_true(b1.result == EDEADLK || b1.result == 0);
	assert_true(b2.result == EDEADLK || b2.result == 0);
	ngt_settle(t);
	/* What was begun is done when the nodes are free. */
	ngt_expect_hooks(t, "B:", "x - C.x");
	ngt_expect_hooks(t, "A:", "y - C.y");
	ngt_end(t);
}

/* ---- a node just made, shut down by another thread before it is in its place ---- */

struct fresh {
	struct ngu_graph *g;
	bool by_name;
	char path[40];
	struct call call;
	_Atomic uint32_t waited; /* the shutdown had to wait for its turn */
};

static int
shut_it_down(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct fresh *f = arg;

	(void)hook;
	(void)item;
	(void)snprintf(f->path, sizeof(f->path), f->by_name ? "B:" : "[%x]:", (unsigned)NG_NODE_ID(node));
	f->call = (struct call){ .fn = call_shutdown, .g = f->g, .path = f->path };
	if (pthread_create(&f->call.th, NULL, call_main, &f->call) != 0)
		abort();
	AWAIT((GATE(node) & NGU_G_Q) != 0 || NGU_LD_SC(&f->call.done) != 0);
	NGU_ST_SC(&f->waited, NGU_LD_SC(&f->call.done) == 0);
	return (0);
}

static void
fresh_insert(const char *when, bool by_name)
{
	struct fresh f = { .by_name = by_name };
	struct ngt *t = traced(0, 0, "a A.x - a C.y");
	const char *text;
	int error;

	f.g = G;
	ngt_trace_on(when, shut_it_down, &f);
	error = ngu_insert(G, "A:", "x", "b", "in", "out", by_name ? "B" : NULL, NULL);
	assert_int_equal(call_join(&f.call), 0);
	assert_int_equal(NGU_LD_SC(&f.waited), 1);
	ngt_settle(t);
	text = ngt_trace_text();
	/* Nothing of it was called beside or after its shutdown. */
	assert_non_null(strstr(text, by_name ? "connect B/out; close B" : "connect b/out; close b"));
	assert_int_equal(strcmp(text + strlen(text) - strlen("shutdown b"), by_name ? "shutdown B" : "shutdown b"), 0);
	expect_balance(by_name ? "B/in" : "b/in");
	expect_balance(by_name ? "B/out" : "b/out");
	if (error == 0) { /* it was in its place when it died */
		ngt_expect_hooks(t, "A:", "");
		ngt_expect_hooks(t, "C:", "");
	} else {
		assert_int_equal(error, ENOTCONN);
		ngt_expect_hooks(t, "A:", "x - C.y");
		ngt_expect_hooks(t, "C:", "y - A.x");
	}
	expect_alive(t, 2, error == 0 ? 0 : 2);
	ngt_end(t);
	ngt_setup(NULL);
}

static void
fresh_mkpeer(const char *when)
{
	struct fresh f = { .by_name = false };
	struct ngt *t = traced(0, 0, "a A");

	f.g = G;
	ngt_trace_on(when, shut_it_down, &f);
	assert_int_equal(ngu_mkpeer(G, "A:", "b", "x", "y"), 0);
	assert_int_equal(call_join(&f.call), 0);
	assert_int_equal(NGU_LD_SC(&f.waited), 1);
	ngt_settle(t);
	assert_non_null(strstr(ngt_trace_text(), "constructor b; newhook A/x; newhook b/y; connect A/x; connect b/y; close b"));
	expect_balance("A/x");
	expect_balance("b/y");
	ngt_expect_hooks(t, "A:", "");
	expect_alive(t, 1, 0);
	ngt_end(t);
	ngt_setup(NULL);
}

static void
test_fresh_node_shut_down(void **state)
{
	(void)state;
	fresh_insert("newhook b/in", false);
	fresh_insert("newhook b/out", false);
	fresh_insert("connect b/out", false);
	fresh_insert("newhook B/in", true);
	fresh_insert("newhook B/out", true);
	fresh_insert("connect B/in", true);
	fresh_mkpeer("newhook b/y");
	fresh_mkpeer("connect b/y");
}

/* ---- bypasses of neighbours: A - N1 - N2 - B, with packets in N1's queue ---- */

static int
call_bypass(struct call *c)
{
	return (ngu_bypass(c->g, c->path, c->a, c->b));
}

/* Time for others, counted in what the library does: a node made and freed. */
static void
grace(struct ngu_graph *g)
{
	assert_int_equal(ngu_mknode(g, "b", "grace", NULL), 0);
	assert_int_equal(ngu_shutdown(g, "grace:"), 0);
	ngu__rcl_graces(); /* not for methods: the test stays in one */
}

static void
neighbours(unsigned workers)
{
	enum { PACKETS = 20 };
	struct ngu_graph_opts o = { .size = sizeof(o), .workers = workers };
	struct ngu_graph_stats s;
	struct ngt_probe *q;
	struct ng_node *n1, *n2, *q_node;
	struct ng_hook *end;
	struct held held;
	struct call c1, c2;
	struct ngt *t;
	unsigned i;
	char hex[4];

	ngt_trace_type("a", NGT_FORWARD);
	ngt_trace_type("b", 0);
	t = ngt_graph_with(&o, "probe p.o - a N1.x/y - a N2.x/y - probe q.i");
	q = ngt_probe(t, "q");
	n1 = node_of(t, "N1");
	n2 = node_of(t, "N2");
	q_node = node_of(t, "q");
	end = ng_findhook(q_node, "i");
	held_start(&held, G, "N1");
	for (i = 0; i < PACKETS; i++) {
		(void)snprintf(hex, sizeof(hex), "%02x", i);
		ngt_send(ngt_probe(t, "p"), "o", (const char *)hex);
	}
	c1 = (struct call){ .fn = call_bypass, .g = G, .path = "N1:", .a = "x", .b = "y" };
	c2 = (struct call){ .fn = call_bypass, .g = G, .path = "N2:", .a = "x", .b = "y" };
	call_start(&c1);
	AWAIT((GATE(n1) & NGU_G_QW) != 0); /* its links are moved; its hooks go behind the packets */
	call_start(&c2);
	AWAIT(strcmp(NG_PEER_NODE_NAME(end), "p") == 0); /* its links are moved, too */
	for (i = 0; i < 10 && NGU_LD_SC(&c2.done) == 0; i++) /* it has time to do harm */
		grace(G);
	held_end(&held);
	assert_int_equal(call_join(&c1), 0);
	assert_int_equal(call_join(&c2), 0);
	for (i = 0; i < PACKETS; i++) {
		(void)snprintf(hex, sizeof(hex), "%02x", i);
		ngt_expect(q, "i", (const char *)hex);
	}
	ngt_expect_hooks(t, "p:", "o - q.i");
	ngt_expect_hooks(t, "N1:", "");
	ngt_expect_hooks(t, "N2:", "");
	ngu_graph_stats(G, &s);
	assert_int_equal(s.refused + s.dropped, 0);
	NG_NODE_UNREF(n1);
	NG_NODE_UNREF(n2);
	NG_NODE_UNREF(q_node);
	ngt_end(t);
	ngt_setup(NULL);
}

static void
test_neighbours_bypassed(void **state)
{
	(void)state;
	neighbours(0);
	neighbours(2);
}

/* ---- more packets for closed nodes than a thread lays aside ---- */

enum { FAN = 48, TARGETS = 2 };
static struct {
	_Atomic uint32_t n;
	uint8_t seq[4 * FAN];
} seen[TARGETS];

static uint32_t fan_seq;

/* One packet becomes FAN for each hook of the node but the one it came in by, in turn. */
static int
fan_out(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct mbuf *m;
	unsigned i, k;
	uint8_t b;
	int error;
	char name[16];

	(void)hook;
	(void)item;
	for (i = 0; i < FAN; i++) {
		b = (uint8_t)fan_seq++;
		for (k = 0; k < *(unsigned *)arg; k++) {
			(void)snprintf(name, sizeof(name), "o%u", k);
			m = ngu_packet(node->nd_graph, &b, 1);
			NG_SEND_DATA_ONLY(error, ng_findhook(node, name), m);
			(void)error;
		}
	}
	return (0);
}

static int
see_seq(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	unsigned k = (unsigned)(NG_HOOK_NAME(hook)[1] - '0');
	uint32_t n = NGU_FADD_SC(&seen[k].n, 1u);

	(void)arg;
	(void)node;
	if (n < sizeof(seen[k].seq))
		m_copydata(NGI_M(*item), 0, 1, (caddr_t)&seen[k].seq[n]);
	return (0);
}

static void
fan(unsigned targets, unsigned workers)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .workers = workers };
	struct ngu_graph_stats s;
	struct held held[TARGETS];
	struct ngt *t;
	unsigned i, k, round;
	char name[16], text[64];

	memset(seen, 0, sizeof(seen));
	fan_seq = 0;
	ngt_trace_type("a", 0);
	t = ngt_graph_with(&o, "probe p - a F.f");
	for (k = 0; k < targets; k++) {
		(void)snprintf(text, sizeof(text), "F.o%u - a X%u.i%u", k, k, k);
		ngt_add(t, text);
	}
	ngt_trace_on("rcvdata F/f", fan_out, &targets);
	ngt_trace_on("rcvdata X", see_seq, NULL);
	for (k = 0; k < targets; k++) {
		(void)snprintf(name, sizeof(name), "X%u", k);
		held_start(&held[k], G, name);
	}
	for (round = 0; round < 2; round++) { /* the second time some of ours wait already */
		ngt_send(ngt_probe(t, "p"), NULL, "00");
		for (k = 0; k < targets; k++)
			assert_int_equal(NGU_LD_SC(&seen[k].n), 0);
	}
	for (k = 0; k < targets; k++)
		held_end(&held[k]);
	ngt_send(ngt_probe(t, "p"), NULL, "00"); /* behind them */
	ngt_settle(t);
	for (k = 0; k < targets; k++) {
		assert_int_equal(NGU_LD_SC(&seen[k].n), 3 * FAN);
		for (i = 0; i < 3 * FAN; i++)
			assert_int_equal(seen[k].seq[i], i);
	}
	ngu_graph_stats(G, &s);
	assert_int_equal(s.attempted, 3 + targets * 3 * FAN);
	assert_int_equal(s.delivered, s.attempted);
	ngt_end(t);
	ngt_setup(NULL);
}

static void
test_aside_overflows(void **state)
{
	(void)state;
	assert_true(FAN > NGU_LOCAL_MAX);
	fan(1, 0);
	fan(2, 0);
	fan(1, 2);
	fan(2, 2);
}

/*
 * A thread on its way out serves the worklist; what it serves sends to a closed node. It must not leave with that promise:
 * whoever has the node would rely on it.
 */
static void
test_promise_on_the_way_out(void **state)
{
	struct ngt *t = traced(NGT_FORWARD, 0, "probe p - a F.f/o - b X.i");
	struct ng_node *x = node_of(t, "X");
	_Atomic uint32_t got = 0;
	struct held held;

	(void)state;
	ngt_trace_on("rcvdata X", count_here, &got);
	held_start(&held, G, "X");
	assert_int_equal(ngt_try_send_flags(ngt_probe(t, "p"), NULL, "00", NG_QUEUE), 0);
	assert_int_equal(NGU_LD_SC(&got), 0);
	assert_int_equal(ngu__self()->nmine, 0);
	assert_true(left_to_holder(x, NGU_G_Q));
	held_end(&held); /* that thread has served what waited */
	assert_int_equal(NGU_LD_SC(&got), 1);
	assert_at_rest(x);
	NG_NODE_UNREF(x);
	ngt_end(t);
}

/* ---- a name for a node that is gone ---- */

static void
test_name_gone_node(void **state)
{
	struct ngt *t = traced(0, 0, "a A");
	struct ngu__thread *ts = ngu__self();
	struct ng_node *n = node_of(t, "A");
	struct ngu_graph *before = ngu_graph_enter(G);

	(void)state;
	assert_int_equal(ngu_shutdown(G, "A:"), 0);
	ngu_reclaim_barrier();
	assert_int_equal(NGU_LD_SC(&n->nd_refs), 1); /* ours */
	ngu__section_enter(ts);
	assert_int_equal(ng_name_node(n, "zz"), ENOENT);
	/* Whoever looks names up in a section that is open now may still stand at that one: it keeps the node. */
	assert_int_equal(NGU_LD_SC(&n->nd_refs), 2);
	assert_int_equal(ngu_lookup(G, "zz:", NULL), ENOENT);
	NG_NODE_UNREF(n);
	ngu__section_leave(ts);
	assert_int_equal(ngu_mknode(G, "a", "zz", NULL), 0);
	assert_int_equal(ngu_lookup(G, "zz:", NULL), 0);
	(void)ngu_graph_enter(before);
	expect_alive(t, 1, 0);
	ngt_end(t);
}

/* A name is refused when it is taken, or cannot be one: no reference stays. */
static void
test_name_refused(void **state)
{
	struct ngt *t = traced(0, 0, "a A; a B");
	struct ng_node *n = node_of(t, "A");
	int refs = NGU_LD_SC(&n->nd_refs);

	(void)state;
	assert_int_equal(ng_name_node(n, "B"), EADDRINUSE);
	assert_int_equal(ng_name_node(n, "x.y"), EINVAL);
	assert_int_equal(NGU_LD_SC(&n->nd_refs), refs);
	assert_int_equal(ng_name_node(n, "C"), 0);
	ngu_reclaim_barrier();
	assert_int_equal(NGU_LD_SC(&n->nd_refs), refs);
	NG_NODE_UNREF(n);
	ngt_end(t);
}

/* ---- stage 2 of a connect in newhook, while the other end dies and its grace period ends ---- */

struct half_born {
	struct hold hold;
	bool garbage;
	int error;
};

static int
slow_newhook(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct half_born *h = arg;

	if (h->garbage)
		NG_HOOK_SET_PRIVATE(hook, (void *)(uintptr_t)0x4242424240);
	(void)hold_here(&h->hold, node, hook, item);
	return (h->error);
}

static void
half_born(int error, bool garbage, bool whole_node)
{
	struct half_born h = { .garbage = garbage, .error = error };
	struct ngt *t = traced(0, 0, "a A; b N");
	struct ng_node *n = node_of(t, "N"), *a = node_of(t, "A");
	struct call c = { .fn = call_connect, .g = G, .path = "A:", .a = "o", .b = "N:", .c = "i" };
	struct held held;

	ngt_trace_on("newhook N/i", slow_newhook, &h);
	held_start(&held, G, "N"); /* so that stage 1 gives A back before stage 2 begins */
	call_start(&c);
	AWAIT((GATE(n) & NGU_G_QW) != 0);
	held_go(&held);
	AWAIT(NGU_LD_SC(&h.hold.in) != 0);
	if (whole_node)
		assert_int_equal(ngu_shutdown(G, "A:"), 0);
	else
		assert_int_equal(ng_rmhook_self(LIST_FIRST(&a->nd_hooks)), 0); /* ngu_rmhook() does not see half a link */
	ngu__rcl_graces(); /* not for methods: newhook is one */
	NGU_ST_SC(&h.hold.go, 1u);
	assert_int_equal(call_join(&c), error != 0 ? error : ENOENT);
	held_end(&held);
	ngt_settle(t);
	if (error == 0)
		expect_balance("N/i");
	expect_balance("A/o");
	ngt_expect_hooks(t, "N:", "");
	NG_NODE_UNREF(n);
	NG_NODE_UNREF(a);
	expect_alive(t, whole_node ? 1 : 2, 0);
	ngt_end(t);
	ngt_setup(NULL);
}

static void
test_half_born_hook(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < 8; i++)
		half_born(i & 1 ? EINVAL : 0, i & 2, i & 4);
}

/* ---- a node that comes back in its shutdown, marked by another thread meanwhile ---- */

static struct hold revive_hold;

static int
r_constructor(node_p node)
{
	(void)node;
	return (0);
}

static int
r_shutdown(node_p node)
{
	if (node->nd_flags & NGF_REALLY_DIE) {
		NG_NODE_UNREF(node);
		return (0);
	}
	NG_NODE_REVIVE(node);
	return (hold_here(&revive_hold, node, NULL, NULL));
}

static struct ng_type r_type = {
	.version = NG_ABI_VERSION,
	.name = "revives",
	.constructor = r_constructor,
	.shutdown = r_shutdown,
};
NETGRAPH_INIT(revives, &r_type);

static void
test_revived_and_marked(void **state)
{
	struct ngt *t = ngt_graph("revives R; probe p");
	struct ng_node *n = node_of(t, "R");
	struct call c = { .fn = call_shutdown, .g = G, .path = "R:" };

	(void)state;
	memset(&revive_hold, 0, sizeof(revive_hold));
	call_start(&c);
	AWAIT(NGU_LD_SC(&revive_hold.in) == 1);
	assert_int_equal(ng_rmnode_self(n), 0);
	NGU_ST_SC(&revive_hold.go, 1u);
	assert_int_equal(call_join(&c), 0);
	/* It lives, whole. */
	assert_true(NG_NODE_IS_VALID(n));
	assert_at_rest(n);
	assert_int_equal(ngu_lookup(G, "R:", NULL), 0);
	assert_int_equal(ngu_connect(G, "R:", "x", "p:", "y"), 0);
	assert_int_equal(ngu_shutdown(G, "R:"), 0); /* once more, alone */
	assert_int_equal(NGU_LD_SC(&revive_hold.in), 2);
	assert_true(NG_NODE_IS_VALID(n));
	ngt_expect_hooks(t, "R:", "");
	NG_NODE_UNREF(n);
	expect_alive(t, 2, 0);
	ngt_end(t);
}

/* ---- two graphs in one thread ---- */

static struct ngu_port *onward;

/* For each packet one out of a port of another graph, in the middle of this one's delivery. */
static int
send_onward(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	(void)node;
	(void)hook;
	(void)item;
	return (ngu_port_send(onward, ngu_packet(arg, "x", 1)));
}

static int
queue_hook(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	(void)arg;
	(void)node;
	(void)item;
	NG_HOOK_FORCE_QUEUE(hook);
	return (0);
}

static void
books(struct ngt *t, uint64_t n)
{
	struct ngu_graph_stats s;

	ngu_graph_stats(G, &s);
	assert_int_equal(s.attempted, n);
	assert_int_equal(s.delivered, n);
	assert_int_equal(s.refused + s.dropped + s.queued, 0);
}

/* With `queue`, what the other graph gets has to be queued there: it is served before the send returns. */
static void
two_graphs(bool queue, bool from_message)
{
	struct ngt *t = traced(0, 0, "probe p - a A.x"), *u;
	_Atomic uint32_t got = 0;
	unsigned i;

	if (queue)
		ngt_trace_on("newhook T/q", queue_hook, NULL);
	u = ngt_graph("b T");
	assert_int_equal(ngu_port_open(ngt_g(u), "T:", "q", NULL, NULL, &onward), 0);
	ngt_trace_on("rcvdata T/q", count_here, &got);
	ngt_trace_on(from_message ? "rcvmsg A" : "rcvdata A/x", send_onward, ngt_g(u));
	for (i = 1; i <= 3; i++) {
		if (from_message)
			ngt_msg(t, "A:", COOKIE, 1, NULL, 0);
		else
			ngt_send(ngt_probe(t, "p"), NULL, "00 01");
		assert_int_equal(NGU_LD_SC(&got), i); /* nobody settled or polled that graph */
		books(t, from_message ? 0 : i);
		books(u, i);
	}
	assert_null(ngu__self()->also);
	ngu_port_close(onward);
	ngt_end(u);
	ngt_end(t);
	ngt_setup(NULL);
}

static void
test_two_graphs(void **state)
{
	(void)state;
	two_graphs(false, false);
	two_graphs(true, false);
	two_graphs(false, true);
	two_graphs(true, true);
}

/* The other way about: a hook of the other graph's node, by kernel means, with that graph not current. */
static struct ng_hook *foreign;

static int
send_foreign(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct mbuf *m = ngu_packet(arg, "y", 1);
	int error;

	(void)node;
	(void)hook;
	(void)item;
	NG_SEND_DATA_FLAGS(error, foreign, m, NG_QUEUE);
	return (error);
}

static void
test_two_graphs_hook(void **state)
{
	struct ngt *t = traced(0, 0, "probe p - a A.x"), *u = ngt_graph("b T.o - b U.q");
	struct ng_node *n = node_of(u, "T");
	_Atomic uint32_t got = 0;

	(void)state;
	foreign = ng_findhook(n, "o");
	ngt_trace_on("rcvdata A/x", send_foreign, ngt_g(u));
	ngt_trace_on("rcvdata U/q", count_here, &got);
	ngt_send(ngt_probe(t, "p"), NULL, "00");
	assert_int_equal(NGU_LD_SC(&got), 1);
	ngt_settle(u);
	books(t, 1);
	books(u, 1);
	NG_NODE_UNREF(n);
	ngt_end(u);
	ngt_end(t);
}

/* ---- a relink that is given up: M's method asks for it, and something waits at M ---- */

struct relinking {
	struct inside in;
	struct held held;
	struct call call;
	struct ngt *t;
};

static void
relink_start(struct relinking *r, const char *who, bool waiting)
{
	struct ngt *t = r->t;

	r->in = (struct inside){ .what = RELINK, .result = -1 };
	ngt_trace_on("rcvmsg M 77:1", call_inside, &r->in);
	held_start(&r->held, G, who);
	r->call = (struct call){ .fn = call_msg, .g = G, .path = "M:", .cmd = 1 };
	call_start(&r->call);
	AWAIT(NGU_LD_SC(&r->in.entered) != 0);
	if (waiting)
		ngt_send(ngt_probe(t, "m"), "m", "00");
}

static struct ngt *
relink_graph(void)
{
	return (traced(0, 0, "a M; probe m - M.m; b P.q - b Q.p; a N; b S.z - a R.z"));
}

/* N never is free: nothing is done, also not later. */
static void
test_relink_given_up(void **state)
{
	struct relinking r = { .t = relink_graph() };
	struct ngt *t = r.t;

	(void)state;
	relink_start(&r, "N", true);
	assert_int_equal(call_join(&r.call), 0);
	assert_int_equal(r.in.result, EDEADLK);
	held_end(&r.held);
	ngt_settle(t);
	assert_null(strstr(ngt_trace_text(), "newhook"));
	assert_null(strstr(ngt_trace_text(), "disconnect"));
	ngt_expect_hooks(t, "P:", "q - Q.p");
	ngt_expect_hooks(t, "N:", "");
	expect_alive(t, 7, 6);
	ngt_end(t);
}

/* Another thread is at it, in the new hook's connect: it will be done, to the end. */
static void
test_relink_given_up_within(void **state)
{
	struct relinking r = { .t = relink_graph() };
	struct ngt *t = r.t;
	struct ng_node *n = node_of(t, "N");
	struct hold connect = { 0 };

	(void)state;
	ngt_trace_on("connect N/new", hold_here, &connect);
	relink_start(&r, "N", true);
	AWAIT(left_to_holder(n, NGU_G_QW)); /* so it is the holder's thread that relinks */
	held_go(&r.held);
	AWAIT(NGU_LD_SC(&connect.in) != 0);
	assert_int_equal(call_join(&r.call), 0);
	assert_int_equal(r.in.result, EDEADLK);
	NGU_ST_SC(&connect.go, 1u);
	held_end(&r.held);
	ngt_settle(t);
	ngt_expect_hooks(t, "P:", "q - N.new");
	ngt_expect_hooks(t, "N:", "new - P.q");
	ngt_expect_hooks(t, "Q:", "");
	assert_non_null(strstr(ngt_trace_text(), "disconnect Q/p"));
	NG_NODE_UNREF(n);
	expect_alive(t, 7, 6);
	ngt_end(t);
}

static int
remove_other(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	(void)node;
	(void)hook;
	(void)item;
	return (ng_rmhook_self(arg));
}

/*
 * It is done, only its completion has not come yet (N's connect has asked for the removal of a hook of R, which another
 * thread has): success, and the old end is gone when the call returns.
 */
static void
test_relink_given_up_when_done(void **state)
{
	struct relinking r = { .t = relink_graph() };
	struct ngt *t = r.t;
	struct ng_node *n = node_of(t, "R");

	(void)state;
	ngt_trace_on("connect N/new", remove_other, ng_findhook(n, "z"));
	relink_start(&r, "R", true);
	assert_int_equal(call_join(&r.call), 0);
	assert_int_equal(r.in.result, 0);
	assert_non_null(strstr(ngt_trace_text(), "disconnect Q/p"));
	assert_null(strstr(ngt_trace_text(), "disconnect R/z"));
	held_end(&r.held);
	ngt_settle(t);
	ngt_expect_hooks(t, "P:", "q - N.new");
	ngt_expect_hooks(t, "N:", "new - P.q");
	ngt_expect_hooks(t, "Q:", "");
	ngt_expect_hooks(t, "R:", "");
	NG_NODE_UNREF(n);
	expect_alive(t, 7, 4);
	ngt_end(t);
}

/* To the node whose method asks: refused before anything is begun. */
static void
test_relink_own_node(void **state)
{
	struct inside in = { .what = RELINK, .result = -1 };
	struct ngt *t = relink_graph();

	(void)state;
	ngt_trace_on("rcvmsg N 77:1", call_inside, &in);
	ngt_msg(t, "N:", COOKIE, 1, NULL, 0);
	assert_int_equal(in.result, EDEADLK);
	ngt_expect_hooks(t, "P:", "q - Q.p");
	ngt_expect_hooks(t, "N:", "");
	expect_alive(t, 7, 6);
	ngt_end(t);
}

/* ---- the network epoch around messages and packets ---- */

static struct ng_hook *epoch_out;

static struct ngt *
epoch_graph(unsigned depth)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .depth_limit = depth };
	struct ng_node *a;
	struct ngt *t;

	memset(seen, 0, sizeof(seen));
	ngt_trace_type("a", 0);
	ngt_trace_type("b", NGT_FORWARD);
	t = ngt_graph_with(&o, "a A.o0 - b B.i/o - a C.i0");
	a = node_of(t, "A");
	epoch_out = ng_findhook(a, "o0");
	NG_NODE_UNREF(a);
	ngt_trace_on("rcvdata C", see_seq, NULL);
	fan_seq = 0;
	return (t);
}

static void
epoch_send(unsigned n)
{
	struct mbuf *m;
	uint8_t b;
	int error;

	for (; n != 0; n--) {
		b = (uint8_t)fan_seq++;
		m = ngu_packet(NG_HOOK_NODE(epoch_out)->nd_graph, &b, 1);
		NG_SEND_DATA_ONLY(error, epoch_out, m);
		(void)error;
	}
}

static int
send_some(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	(void)node;
	(void)hook;
	(void)item;
	epoch_send(*(unsigned *)arg);
	return (0);
}

/* All have arrived, in order, and are in the books, without anybody having settled or polled. */
static void
expect_seen(struct ngt *t, uint32_t n)
{
	uint32_t i;

	assert_null(ngu__self()->defer_head);
	assert_int_equal(ngu__self()->nlocal, 0);
	assert_int_equal(ngu__self()->nest, 0);
	assert_int_equal(ngu__self()->level, 0);
	assert_int_equal(NGU_LD_SC(&seen[0].n), n);
	for (i = 0; i < n; i++)
		assert_int_equal(seen[0].seq[i], i);
	books(t, 2 * n);
}

/* Put off below a message, that is, below no delivery: run when the epoch ends. */
static void
test_epoch_put_off(void **state)
{
	unsigned depth, nested, n = 3;

	(void)state;
	for (depth = 1; depth <= 4; depth++)
		for (nested = 0; nested < 2; nested++) {
			struct ngt *t = epoch_graph(depth);
			struct ngu_graph *before = ngu_graph_enter(G);
			struct epoch_tracker et;

			ngt_trace_on("rcvmsg A 77:1", send_some, &n);
			NET_EPOCH_ENTER(et);
			if (nested)
				NET_EPOCH_ENTER(et);
			assert_int_equal(post("A:", 1 | NGM_READONLY, NG_NOFLAGS), 0);
			if (nested)
				NET_EPOCH_EXIT(et);
			NET_EPOCH_EXIT(et);
			expect_seen(t, n);
			(void)ngu_graph_enter(before);
			ngt_end(t);
			ngt_setup(NULL);
		}
}

/* Packets, a message for reading and one for writing, and what must not be called. */
static void
test_epoch_sends(void **state)
{
	struct ngt *t = epoch_graph(0);
	struct ngu_graph *before;
	_Atomic uint32_t msgs = 0;
	struct epoch_tracker et;
	unsigned i;

	(void)state;
	ngt_trace_on("rcvmsg C", count_here, &msgs);
	for (i = 1; i <= 3; i++) {
		/* Also where this graph is not the current one. */
		before = ngu_graph_enter(i == 2 ? NULL : G);
		NET_EPOCH_ENTER(et);
		assert_true(in_epoch(net_epoch_preempt));
		epoch_send(4);
		assert_int_equal(NGU_LD_SC(&seen[0].n), 4 * i);
		if (i != 2) {
			assert_int_equal(post("C:", 5 | NGM_READONLY, NG_NOFLAGS), 0);
			assert_int_equal(post("C:", 6, NG_NOFLAGS), 0);
		}
		assert_int_equal(ngu_msg(G, "A:", COOKIE, 1, NULL, 0, NULL), EDEADLK);
		assert_int_equal(ngu_rmhook(G, "A:", "o0"), EDEADLK);
		NET_EPOCH_EXIT(et);
		assert_false(in_epoch(net_epoch_preempt));
		expect_seen(t, 4 * i);
		assert_int_equal(NGU_LD_SC(&msgs), 2 * (i - i / 2));
		(void)ngu_graph_enter(before);
	}
	ngt_end(t);
}

/* The last node is closed for as long as the epoch lasts, and longer. */
static void
epoch_closed(unsigned n, unsigned depth)
{
	struct ngt *t = epoch_graph(depth);
	struct ngu_graph *before = ngu_graph_enter(G);
	_Atomic uint32_t msgs = 0;
	struct epoch_tracker et;
	struct held held;

	ngt_trace_on("rcvmsg C 77:6", count_here, &msgs);
	held_start(&held, G, "C");
	NET_EPOCH_ENTER(et);
	epoch_send(n);
	assert_int_equal(post("C:", 6, NG_NOFLAGS), 0);
	NET_EPOCH_EXIT(et);
	assert_int_equal(NGU_LD_SC(&seen[0].n), 0);
	held_end(&held); /* that thread has served what waited */
	expect_seen(t, n);
	assert_int_equal(NGU_LD_SC(&msgs), 1);
	(void)ngu_graph_enter(before);
	ngt_end(t);
	ngt_setup(NULL);
}

static void
test_epoch_closed_node(void **state)
{
	(void)state;
	epoch_closed(1, 0);
	epoch_closed(5, 1);
	epoch_closed(NGU_LOCAL_MAX + 8, 0);
	epoch_closed(NGU_LOCAL_MAX + 8, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_call_from_method),
		ngt_test(test_call_waits_long),
		ngt_test(test_call_is_patient),
		ngt_test(test_reader_calls_itself),
		ngt_test(test_cross_newhook),
		ngt_test(test_ask_far_node),
		ngt_test(test_connect_both_ways),
		ngt_test(test_connect_from_both),
		ngt_test(test_fresh_node_shut_down),
		ngt_test(test_neighbours_bypassed),
		ngt_test(test_aside_overflows),
		ngt_test(test_promise_on_the_way_out),
		ngt_test(test_name_gone_node),
		ngt_test(test_name_refused),
		ngt_test(test_half_born_hook),
		ngt_test(test_revived_and_marked),
		ngt_test(test_two_graphs),
		ngt_test(test_two_graphs_hook),
		ngt_test(test_relink_given_up),
		ngt_test(test_relink_given_up_within),
		ngt_test(test_relink_given_up_when_done),
		ngt_test(test_relink_own_node),
		ngt_test(test_epoch_put_off),
		ngt_test(test_epoch_sends),
		ngt_test(test_epoch_closed_node),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
