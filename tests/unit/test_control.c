/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_control.c - the calls of <ng/control.h>: insert, bypass and relink with their method calls and without a packet lost,
 * what may not be called from where, replies, many graphs (docs/decisions/0002-gate.md, 0003-delivery.md).
 */
#include "support/unit.h"

#include <pthread.h>

#define COOKIE 77

/* ---- insert ---- */

static void
test_insert(void **state)
{
	struct ngt *t = traced(0, 0, "a A; a C; A.x - C.y");
	uint32_t id = 0, id2 = 0;

	(void)state;
	assert_int_equal(ngu_insert(G, "A:", "x", "b", "in", "out", "B", &id), 0);
	/* The outer nodes hear nothing. */
	ngt_expect_trace("constructor b; newhook B/in; newhook B/out; connect B/in; connect B/out");
	ngt_expect_hooks(t, "A:", "x - B.in");
	ngt_expect_hooks(t, "C:", "y - B.out");
	ngt_expect_hooks(t, "B:", "out - C.y; in - A.x");
	assert_int_equal(ngu_lookup(G, "A:x", &id2), 0);
	assert_int_equal(id, id2);
	expect_alive(t, 3, 4);
	/* Again, unnamed, between A and B. */
	assert_int_equal(ngu_insert(G, "B:", "in", "b", "r", "l", NULL, NULL), 0);
	ngt_expect_trace("constructor b; newhook b/r; newhook b/l; connect b/r; connect b/l");
	ngt_expect_hooks(t, "A:", "x - b.l");
	ngt_expect_hooks(t, "B:", "out - C.y; in - b.r");
	ngt_end(t);
}

#define LONG_NAME "0123456789012345678901234567890x" /* NG_HOOKSIZ characters */

static void
insert_fails(const char *what, int error, const char *trace)
{
	struct ngt *t = traced(0, 0, "a A; a C; A.x - C.y");

	ngt_trace_fail(what, error);
	assert_int_equal(ngu_insert(G, "A:", "x", "b", "in", "out", NULL, NULL), error);
	ngt_settle(t);
	ngt_expect_trace(trace);
	ngt_expect_hooks(t, "A:", "x - C.y");
	ngt_expect_hooks(t, "C:", "y - A.x");
	expect_alive(t, 2, 2);
	ngt_trace_fail(what, 0);
	ngt_end(t);
}

static void
test_insert_fails(void **state)
{
	struct ngt *t;

	(void)state;
	insert_fails("constructor b", EPERM, "constructor b fails");
	insert_fails("newhook b/in", EPERM, "constructor b; newhook b/in fails; close b; shutdown b");
	insert_fails("newhook b/out", EPERM,
	    "constructor b; newhook b/in; newhook b/out fails; close b; disconnect b/in; shutdown b");
	insert_fails("connect b/in", EPERM,
	    "constructor b; newhook b/in; newhook b/out; connect b/in fails; close b; disconnect b/out; disconnect b/in; shutdown b");
	insert_fails("connect b/out", EPERM,
	    "constructor b; newhook b/in; newhook b/out; connect b/in; connect b/out fails; close b; disconnect b/out; "
	    "disconnect b/in; shutdown b");
	t = traced(0, 0, "a A; a C; A.x - C.y");
	assert_int_equal(ngu_insert(G, "Z:", "x", "b", "in", "out", NULL, NULL), ENOENT);
	assert_int_equal(ngu_insert(G, "A:", "z", "b", "in", "out", NULL, NULL), ENOENT);
	assert_int_equal(ngu_insert(G, "A:", "x", "nosuch", "in", "out", NULL, NULL), ENXIO);
	ngt_expect_trace("");
	assert_int_equal(ngu_insert(G, "A:", "x", "b", "in", "in", NULL, NULL), EEXIST);
	assert_int_equal(ngu_insert(G, "A:", "x", "b", "in", "out", "C", NULL), EADDRINUSE);
	assert_int_equal(ngu_insert(G, "A:", "x", "b", "in", "out", "a.b", NULL), EINVAL);
	assert_int_equal(ngu_insert(G, "A:", "x", "b", "", "out", NULL, NULL), EINVAL);
	ngt_expect_hooks(t, "A:", "x - C.y");
	expect_alive(t, 2, 2);
	ngt_trace_clear();
	/* Cut to fit they would be one name. */
	assert_int_equal(ngu_insert(G, "A:", "x", "b", LONG_NAME, LONG_NAME, NULL, NULL), EINVAL);
	assert_int_equal(ngu_insert(G, "A:", "x", "b", "in", LONG_NAME, NULL, NULL), EINVAL);
	assert_int_equal(ngu_insert(G, "A:", "x", "b", LONG_NAME, "out", NULL, NULL), EINVAL);
	assert_int_equal(ngu_insert(G, "A:", "x", "b", NULL, "out", NULL, NULL), EINVAL);
	assert_int_equal(ngu_insert(G, "A:", "x", "b", "in", NULL, NULL, NULL), EINVAL);
	ngt_expect_trace("");
	assert_int_equal(ngu_insert(G, "A:", "x", "b", &LONG_NAME[1], "out", NULL, NULL), 0);
	ngt_end(t);
}

/* A node that nobody gets is gone for good, also one of a type that comes back from shutdown. */
static void
test_persistent_fails(void **state)
{
	struct ngt *t = traced(0, NGT_PERSIST, "a A; a C; A.x - C.y");

	(void)state;
	assert_int_equal(ngu_mknode(G, "b", "a.b", NULL), EINVAL);
	ngt_expect_trace("constructor b; close b; shutdown b");
	assert_int_equal(ngu_mknode(G, "b", "A", NULL), EADDRINUSE);
	ngt_trace_clear();
	assert_int_equal(ngu_insert(G, "A:", "x", "b", "in", "in", NULL, NULL), EEXIST);
	ngt_expect_trace("constructor b; newhook b/in; close b; disconnect b/in; shutdown b");
	ngt_trace_fail("connect B/out", EPERM);
	assert_int_equal(ngu_insert(G, "A:", "x", "b", "in", "out", "B", NULL), EPERM);
	ngt_trace_fail("connect B/out", 0);
	assert_int_equal(ngu_lookup(G, "B:", NULL), ENOENT);
	ngt_expect_hooks(t, "A:", "x - C.y");
	expect_alive(t, 2, 2);
	end_quietly(t);
}

/* ---- bypass ---- */

static void
test_bypass(void **state)
{
	struct ngt *t = traced(0, 0, "a A.x - b B.in/out - a C.y");

	(void)state;
	assert_int_equal(ngu_bypass(G, "B:", "in", "out"), 0);
	ngt_expect_trace("disconnect B/in; disconnect B/out");
	ngt_expect_hooks(t, "A:", "x - C.y");
	ngt_expect_hooks(t, "C:", "y - A.x");
	ngt_expect_hooks(t, "B:", "");
	expect_alive(t, 3, 2);
	/* There and back. */
	assert_int_equal(ngu_insert(G, "C:", "y", "b", "out", "in", NULL, NULL), 0);
	ngt_trace_clear();
	assert_int_equal(ngu_bypass(G, "C:y", "in", "out"), 0);
	ngt_expect_trace("disconnect b/in; disconnect b/out");
	ngt_expect_hooks(t, "A:", "x - C.y");
	ngt_end(t);
}

static void
test_bypass_autodie(void **state)
{
	struct ngt *t = traced(0, NGT_AUTODIE, "a A.x - b B.in/out - a C.y");

	(void)state;
	assert_int_equal(ngu_bypass(G, "B:", "in", "out"), 0);
	ngt_settle(t);
	ngt_expect_trace("disconnect B/in; disconnect B/out; close B; shutdown B");
	expect_alive(t, 2, 2);
	ngt_end(t);
}

static void
test_bypass_fails(void **state)
{
	struct ngt *t = traced(0, 0, "a A.x - b B.in/out - a C.y; B.l1 - B.l2");

	(void)state;
	assert_int_equal(ngu_bypass(G, "B:", "in", "in"), EINVAL);
	assert_int_equal(ngu_bypass(G, "B:", "in", "no"), ENOENT);
	assert_int_equal(ngu_bypass(G, "B:", "no", "in"), ENOENT);
	assert_int_equal(ngu_bypass(G, "Z:", "in", "out"), ENOENT);
	assert_int_equal(ngu_bypass(G, "B:", "l1", "l2"), EINVAL); /* each other's peers: nobody would be left */
	ngt_expect_trace("");
	ngt_expect_hooks(t, "B:", "l2 - B.l1; l1 - B.l2; out - C.y; in - A.x");
	ngt_end(t);
}

/* ng_bypass from a method, as ng_tee's close does. */
static int
bypass_self(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	(void)hook;
	(void)item;
	*(int *)arg = ng_bypass(ng_findhook(node, "in"), ng_findhook(node, "out"));
	return (0);
}

static void
test_bypass_from_close(void **state)
{
	struct ngt *t = traced(0, 0, "probe p.x - b B.in/out - probe q.y");
	int error = -1;

	(void)state;
	ngt_trace_on("close B", bypass_self, &error);
	assert_int_equal(ngu_shutdown(G, "B:"), 0);
	assert_int_equal(error, 0);
	ngt_expect_trace("close B; disconnect B/in; disconnect B/out; shutdown B");
	ngt_expect_hooks(t, "p:", "x - q.y");
	ngt_send(ngt_probe(t, "p"), "x", "01");
	ngt_expect(ngt_probe(t, "q"), "y", "01");
	ngt_end(t);
}

/* ---- relink ---- */

static void
test_relink(void **state)
{
	struct ngt *t = traced(0, 0, "a A.x - b B.y; b C");

	(void)state;
	assert_int_equal(ngu_relink(G, "A:", "x", "C:", "z"), 0);
	ngt_settle(t);
	ngt_expect_trace("newhook C/z; connect C/z; disconnect B/y");
	ngt_expect_hooks(t, "A:", "x - C.z");
	ngt_expect_hooks(t, "C:", "z - A.x");
	ngt_expect_hooks(t, "B:", "");
	expect_alive(t, 3, 2);
	/* Within the same far node, and back. */
	assert_int_equal(ngu_relink(G, "A:", "x", "C:", "zz"), 0);
	ngt_expect_hooks(t, "C:", "zz - A.x");
	assert_int_equal(ngu_relink(G, "A:", "x", "B:", "y"), 0);
	ngt_expect_hooks(t, "A:", "x - B.y");
	ngt_end(t);
}

static void
relink_fails(const char *what, int error, const char *trace)
{
	struct ngt *t = traced(0, 0, "a A.x - b B.y; b C");

	ngt_trace_fail(what, error);
	assert_int_equal(ngu_relink(G, "A:", "x", "C:", "z"), error);
	ngt_settle(t);
	ngt_expect_trace(trace);
	ngt_expect_hooks(t, "A:", "x - B.y");
	ngt_expect_hooks(t, "C:", "");
	expect_alive(t, 3, 2);
	ngt_trace_fail(what, 0);
	ngt_end(t);
}

static void
test_relink_fails(void **state)
{
	struct ngt *t;

	(void)state;
	relink_fails("newhook C/z", EPERM, "newhook C/z fails");
	relink_fails("connect C/z", EPERM, "newhook C/z; connect C/z fails; disconnect C/z");
	t = traced(0, 0, "a A.x - b B.y; b C; A.c - C.z");
	assert_int_equal(ngu_relink(G, "A:", "x", "C:", "z"), EEXIST);
	assert_int_equal(ngu_relink(G, "A:", "no", "C:", "w"), ENOENT);
	assert_int_equal(ngu_relink(G, "A:", "x", "Z:", "w"), ENOENT);
	assert_int_equal(ngu_relink(G, "Z:", "x", "C:", "w"), ENOENT);
	assert_int_equal(ngu_relink(G, "A:", "x", "C:", ""), EINVAL);
	assert_int_equal(ngu_relink(G, "A:", "x", "C:", LONG_NAME), EINVAL);
	ngt_expect_trace("");
	ngt_expect_hooks(t, "A:", "c - C.z; x - B.y");
	ngt_end(t);
}

/* The near node itself may be the new far one. */
static void
test_relink_self(void **state)
{
	struct ngt *t = traced(0, 0, "a A.x - b B.y");

	(void)state;
	assert_int_equal(ngu_relink(G, "A:", "x", "A:", "z"), 0);
	ngt_expect_hooks(t, "A:", "z - A.x; x - A.z");
	ngt_expect_hooks(t, "B:", "");
	ngt_end(t);
}

/* ---- not a packet lost ---- */

static struct ngt_probe *pr;
static _Atomic uint32_t stop, sent, failed;

static void *
sender(void *arg)
{
	uint32_t n = 0;

	(void)arg;
	while (NGU_LD_ACQ(&stop) == 0 || n < 1000) {
		struct ngt_pkt pkt = { .len = 4 };

		memcpy(pkt.b, &n, 4);
		if (ngt__try_send(pr, "x", pkt, 0) != 0)
			(void)NGU_FADD_RLX(&failed, 1u);
		n++;
		NGU_ST_REL(&sent, n);
		if (n % 64 == 0)
			ngu__port_yield();
	}
	return (NULL);
}

/* All numbers from 0 to n-1, in order, over the probes together when sorted by arrival. */
static void
expect_all(struct ngt *t, struct ngt_probe **p, unsigned np)
{
	uint32_t n = NGU_LD_ACQ(&sent), i, v, got = 0;
	uint8_t *seen = ngu__port_alloc(n, 16);

	(void)t;
	for (i = 0; i < np; i++) {
		uint32_t last = 0;
		const struct ngt_rec *r;

		while ((r = ngt_recv(p[i], NULL)) != NULL) {
			assert_int_equal(r->len, 4);
			memcpy(&v, r->data, 4);
			assert_true(v < n);
			assert_int_equal(seen[v], 0);
			if (got != 0 && last > v)
				print_message("probe %u: %u after %u\n", i, v, last);
			assert_true(last <= v);
			last = v;
			seen[v] = 1;
			got++;
		}
	}
	assert_int_equal(got, n);
	ngu__port_free(seen);
}

static void
no_loss(unsigned workers, int what)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .workers = workers };
	struct ngu_graph_stats s;
	struct ngt_probe *q[2];
	struct ngt *t;
	pthread_t th;
	unsigned i;

	ngt_trace_type("b", NGT_FORWARD | NGT_AUTODIE);
	t = ngt_graph_with(&o, "probe p.x - b B.in/out - probe q.y; probe r");
	pr = ngt_probe(t, "p");
	q[0] = ngt_probe(t, "q");
	q[1] = ngt_probe(t, "r");
	NGU_ST_REL(&stop, 0u);
	NGU_ST_REL(&sent, 0u);
	NGU_ST_REL(&failed, 0u);
	assert_int_equal(pthread_create(&th, NULL, sender, NULL), 0);
	while (NGU_LD_ACQ(&sent) < 100)
		ngu__port_yield();
	for (i = 0; i < 150; i++) {
		if (what == 0) {
			assert_int_equal(ngu_insert(G, "p:", "x", "b", "in", "out", "N", NULL), 0);
			assert_int_equal(ngu_bypass(G, "N:", "in", "out"), 0);
			while (ngu_lookup(G, "N:", NULL) == 0)
				ngu__port_yield();
		} else {
			assert_int_equal(ngu_relink(G, "B:", "out", i % 2 ? "q:" : "r:", "y"), 0);
		}
	}
	NGU_ST_REL(&stop, 1u);
	pthread_join(th, NULL);
	ngt_settle(t);
	ngt_trace_clear();
	assert_int_equal(NGU_LD_ACQ(&failed), 0);
	ngu_graph_stats(G, &s);
	assert_int_equal(s.refused + s.dropped, 0);
	assert_int_equal(s.attempted, s.delivered);
	expect_all(t, q, 2);
	ngt_end(t);
}

static void
test_no_loss_insert(void **state)
{
	(void)state;
	no_loss(0, 0);
	no_loss(2, 0);
}

static void
test_no_loss_relink(void **state)
{
	(void)state;
	no_loss(0, 1);
	no_loss(2, 1);
}

/* ---- from where ---- */

struct tried {
	int mknode, mkpeer, connect, rmhook, name, shutdown, msg, insert, bypass, relink, lookup, destroy, poll, clock;
	const char *node;
	bool all;
};

static int
try_all(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct tried *r = arg;
	struct ngu_graph *g = node->nd_graph;
	char path[40];

	(void)hook;
	(void)item;
	(void)snprintf(path, sizeof(path), "%s:", r->node);
	r->lookup = ngu_lookup(g, path, NULL);
	r->mkpeer = ngu_mkpeer(g, path, "b", "new", "new");
	r->connect = ngu_connect(g, path, "new2", "C:", "new2");
	r->rmhook = ngu_rmhook(g, path, "nothing");
	r->name = ngu_name(g, path, r->node);
	r->msg = ngu_msg(g, path, COOKIE, 9, NULL, 0, NULL);
	if (r->all) {
		r->mknode = ngu_mknode(g, "b", NULL, NULL);
		r->shutdown = ngu_shutdown(g, path);
		r->insert = ngu_insert(g, "A:", "x", "b", "in", "out", NULL, NULL);
		r->bypass = ngu_bypass(g, "A:", "x", "y");
		r->relink = ngu_relink(g, "A:", "x", "C:", "z");
		r->poll = (int)ngu_poll(g, 0);
		r->clock = ngu_clock_advance(g, 5);
	}
	r->destroy = ngu_graph_destroy(g);
	return (0);
}

static int
bypass_own(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	(void)node;
	(void)hook;
	(void)item;
	*(int *)arg = ngu_bypass(ngu_graph_current(), "A:", "x", "y");
	return (0);
}

/* A node that is to be taken out waits for its own turn. */
static void
test_bypass_own(void **state)
{
	struct ngt *t = traced(0, 0, "b B.x - a A.x/y - b C.y");
	int error = -1;

	(void)state;
	ngt_trace_on("rcvmsg A", bypass_own, &error);
	assert_int_equal(ngu_msg(G, "A:", COOKIE, 1, NULL, 0, NULL), 0);
	assert_int_equal(error, EDEADLK);
	ngt_expect_hooks(t, "A:", "y - C.y; x - B.x");
	assert_int_equal(ngu_bypass(G, "A:", "x", "y"), 0);
	ngt_expect_hooks(t, "B:", "x - C.y");
	end_quietly(t);
}

static void
test_from_data(void **state)
{
	struct tried r = { .node = "C", .all = true };
	struct ngt *t = traced(NGT_LOG_DATA, 0, "a A.x - probe p; b C");

	(void)state;
	ngt_trace_on("rcvdata A/x", try_all, &r);
	ngt_send(ngt_probe(t, "p"), "x", "00");
	assert_int_equal(r.lookup, 0);
	assert_int_equal(r.mknode, EDEADLK);
	assert_int_equal(r.mkpeer, EDEADLK);
	assert_int_equal(r.connect, EDEADLK);
	assert_int_equal(r.rmhook, EDEADLK);
	assert_int_equal(r.name, EDEADLK);
	assert_int_equal(r.msg, EDEADLK);
	assert_int_equal(r.shutdown, EDEADLK);
	assert_int_equal(r.insert, EDEADLK);
	assert_int_equal(r.bypass, EDEADLK);
	assert_int_equal(r.relink, EDEADLK);
	assert_int_equal(r.destroy, EDEADLK);
	assert_int_equal(r.poll, 0);
	assert_int_not_equal(r.clock, 0);
	ngt_expect_trace("rcvdata A/x 1");
	ngt_end(t);
}

static void
test_from_message_self(void **state)
{
	struct tried r = { .node = "A" };
	struct ngt *t = traced(0, 0, "a A.x - probe p; b C");

	(void)state;
	ngt_trace_on("rcvmsg A 77:1", try_all, &r);
	ngt_msg(t, "A:", COOKIE, 1, NULL, 0);
	assert_int_equal(r.lookup, 0);
	assert_int_equal(r.mkpeer, EDEADLK);
	assert_int_equal(r.connect, EDEADLK);
	assert_int_equal(r.rmhook, EDEADLK);
	assert_int_equal(r.name, EDEADLK);
	assert_int_equal(r.msg, EDEADLK);
	assert_int_equal(r.destroy, EDEADLK);
	ngt_expect_hooks(t, "A:", "x - p.x");
	ngt_end(t);
}

static void
test_from_message_other(void **state)
{
	struct tried r = { .node = "B" };
	struct ngt *t = traced(0, 0, "a A.x - probe p; b B; b C");

	(void)state;
	ngt_trace_on("rcvmsg A 77:1", try_all, &r);
	ngt_msg(t, "A:", COOKIE, 1, NULL, 0);
	assert_int_equal(r.mkpeer, 0);
	assert_int_equal(r.connect, 0);
	assert_int_equal(r.rmhook, 0);
	assert_int_equal(r.name, 0);
	assert_int_equal(r.msg, 0);
	assert_int_equal(r.destroy, EDEADLK);
	ngt_expect_hooks(t, "B:", "new2 - C.new2; new - b.new");
	ngt_end(t);
}

/* A connect asked for from A's method between B and A: its answer could never come. */
static int
connect_back(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	(void)hook;
	(void)item;
	*(int *)arg = ngu_connect(node->nd_graph, "B:", "x", "A:", "y");
	return (0);
}

static void
test_from_message_back(void **state)
{
	struct ngt *t = traced(0, 0, "a A; b B");
	int error = -1;

	(void)state;
	ngt_trace_on("rcvmsg A 77:1", connect_back, &error);
	ngt_msg(t, "A:", COOKIE, 1, NULL, 0);
	assert_int_equal(error, EDEADLK);
	ngt_settle(t);
	/* Whatever became of it, both ends agree. */
	if (ngu_lookup(G, "A:y", NULL) == 0) {
		ngt_expect_hooks(t, "A:", "y - B.x");
		ngt_expect_hooks(t, "B:", "x - A.y");
	} else {
		ngt_expect_hooks(t, "A:", "");
		ngt_expect_hooks(t, "B:", "");
	}
	ngt_end(t);
}

/* ---- messages and replies ---- */

static void
test_replies(void **state)
{
	struct ngt *t = ngt_graph("probe p");
	struct ngt_probe *p = ngt_probe(t, "p");
	struct ng_mesg *m = (struct ng_mesg *)1;
	const struct ng_mesg *r;
	unsigned i;

	(void)state;
	/* No reply. */
	assert_int_equal(ngu_msg(G, "p:", COOKIE, 5, "abc", 3, &m), 0);
	assert_null(m);
	ngt_expect_msg(p, "", COOKIE, 5, "abc", 3);
	/* A reply; header as the request's. */
	ngt_answer(p, "answer", 7);
	r = ngt_msg(t, "p:", COOKIE, 6 | NGM_READONLY | NGM_HASREPLY, NULL, 0);
	assert_non_null(r);
	assert_int_equal(r->header.version, NG_VERSION);
	assert_int_equal(r->header.typecookie, COOKIE);
	assert_int_equal(r->header.cmd, 6 | NGM_READONLY | NGM_HASREPLY);
	assert_int_equal(r->header.flags & NGF_RESP, NGF_RESP);
	assert_int_equal(r->header.arglen, 7);
	assert_string_equal(r->data, "answer");
	ngt_expect_msg(p, "", COOKIE, 6 | NGM_READONLY | NGM_HASREPLY, NULL, 0);
	/* Nobody wants it. */
	assert_int_equal(ngu_msg(G, "p:", COOKIE, 7, NULL, 0, NULL), 0);
	/* An error, and no reply with it. */
	ngt_answer(p, NULL, 0);
	ngt_refuse(p, ENOTCONN);
	assert_int_equal(ngu_msg(G, "p:", COOKIE, 7, NULL, 0, &m), ENOTCONN);
	assert_null(m);
	ngt_refuse(p, 0);
	/* Slots are given back. */
	ngt_answer(p, "x", 2);
	for (i = 0; i < 3000; i++) {
		assert_int_equal(ngu_msg(G, "p:", COOKIE, 8, NULL, 0, &m), 0);
		assert_non_null(m);
		ngu_msg_free(m);
	}
	ngu_msg_free(NULL);
	/* Arguments. */
	assert_int_equal(ngu_msg(G, "p:", COOKIE, 1, NULL, 5, NULL), EINVAL);
	assert_int_equal(ngu_msg(G, NULL, COOKIE, 1, NULL, 0, NULL), EINVAL);
	assert_int_equal(ngu_msg(G, "nobody:", COOKIE, 1, NULL, 0, &m), ENOENT);
	assert_null(m);
	assert_int_equal(ngu_msg(G, "nohook", COOKIE, 1, NULL, 0, NULL), EINVAL); /* relative to nothing */
	ngt_end(t);
}

/* A type without rcvmsg: accepted and dropped. */
static void
test_no_rcvmsg(void **state)
{
	struct ngt *t = traced(NGT_NO_RCVMSG, 0, "a A");

	(void)state;
	ngt_msg(t, "A:", COOKIE, 1, "arg", 3);
	ngt_msg_error(t, "A:", NGM_GENERIC_COOKIE, NGM_TEXT_STATUS, NULL, 0, EINVAL);
	ngt_end(t);
}

/* A reply that comes after the caller has left, and one to an address that never was. */
static ng_ID_t late_addr;

static int
keep_addr(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	(void)arg;
	(void)node;
	(void)hook;
	late_addr = NGI_RETADDR(*item);
	return (0);
}

static void
test_late_reply(void **state)
{
	struct ngt *t = traced(0, 0, "a A");
	struct ng_node *a = node_of(t, "A");
	struct ng_mesg *m, *got = NULL;
	int error, i;

	(void)state;
	ngt_trace_on("rcvmsg A 77:1", keep_addr, NULL);
	for (i = 0; i < 3; i++) {
		assert_int_equal(ngu_msg(G, "A:", COOKIE, 1, NULL, 0, &got), 0);
		assert_null(got); /* not the latecomer of the round before */
		NG_MKMESSAGE(m, COOKIE, 1, 0, M_NOWAIT);
		m->header.flags |= NGF_RESP;
		NG_SEND_MSG_ID(error, a, m, late_addr, 0);
		assert_int_equal(error, EINVAL);
	}
	NG_MKMESSAGE(m, COOKIE, 1, 0, M_NOWAIT);
	NG_SEND_MSG_ID(error, a, m, 0xffffffffu, 0);
	assert_int_equal(error, EINVAL);
	NG_MKMESSAGE(m, COOKIE, 1, 0, M_NOWAIT);
	NG_SEND_MSG_ID(error, a, m, 0, 0);
	assert_int_equal(error, EINVAL);
	NG_NODE_UNREF(a);
	ngt_end(t);
}

/* Between nodes: return addresses, NG_RESPOND_MSG to a node, as a message that comes back. */
static void
test_node_to_node(void **state)
{
	struct ngt *t = ngt_graph("probe p.x - probe q.y");
	struct ngt_probe *p = ngt_probe(t, "p"), *q = ngt_probe(t, "q");
	const struct ngt_rec *r;

	(void)state;
	ngt_answer(q, "ok", 3);
	assert_int_equal(ngt_send_msg(p, "x", COOKIE, 3, "hi", 3), 0);
	ngt_expect_msg(q, "y", COOKIE, 3, "hi", 3);
	r = ngt_recv(p, NULL);
	assert_non_null(r);
	assert_true(r->is_msg && r->reply);
	assert_int_equal(r->len, 3);
	assert_string_equal((const char *)r->data, "ok");
	ngt_expect_none(p, NULL);
	ngt_expect_none(q, NULL);
	ngt_end(t);
}

/* Several callers at a time, each gets its own answer. */
enum { CALLERS = 4 };
static _Atomic uint32_t wrong_answers;
static struct ngu_graph *asked;

static int
echo_arg(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct ng_mesg *msg, *resp;
	int error = 0;

	(void)arg;
	(void)hook;
	NGI_GET_MSG(*item, msg);
	NG_MKRESPONSE(resp, msg, msg->header.arglen, M_NOWAIT);
	memcpy(resp->data, msg->data, msg->header.arglen);
	NG_RESPOND_MSG(error, node, *item, resp);
	NG_FREE_MSG(msg);
	return (error);
}

static void *
caller(void *arg)
{
	uint32_t who = (uint32_t)(uintptr_t)arg, i, v;
	struct ng_mesg *m;

	for (i = 0; i < 2000; i++) {
		v = who << 16 | i;
		m = NULL;
		if (ngu_msg(asked, "A:", COOKIE, 1, &v, 4, &m) != 0 || m == NULL || memcmp(m->data, &v, 4) != 0)
			(void)NGU_FADD_RLX(&wrong_answers, 1u);
		ngu_msg_free(m);
	}
	return (NULL);
}

static void
test_callers(void **state)
{
	struct ngt *t = traced(0, 0, "a A");
	pthread_t th[CALLERS];
	unsigned i;

	(void)state;
	asked = G;
	NGU_ST_REL(&wrong_answers, 0u);
	ngt_trace_on("rcvmsg A", echo_arg, NULL);
	for (i = 0; i < CALLERS; i++)
		assert_int_equal(pthread_create(&th[i], NULL, caller, (void *)(uintptr_t)i), 0);
	for (i = 0; i < CALLERS; i++)
		pthread_join(th[i], NULL);
	assert_int_equal(NGU_LD_ACQ(&wrong_answers), 0);
	ngt_end(t);
}

/* ---- many graphs ---- */

static void
test_many_graphs(void **state)
{
	enum { N = 20 };
	struct ngu_graph *g[N];
	struct ngu_graph_stats s;
	struct ngu_graph_opts o = { .size = sizeof(o) };
	struct ngu_graph *before = ngu_graph_enter(NULL);
	struct ng_type *type;
	uint32_t id;
	char name[32];
	unsigned i;

	(void)state;
	ngt_trace_type("a", 0);
	type = ng_findtype("a");
	for (i = 0; i < N; i++) {
		(void)snprintf(name, sizeof(name), "graph%u", i);
		o.name = name;
		o.workers = i % 3;
		assert_int_equal(ngu_graph_create(&o, &g[i]), 0);
		assert_string_equal(ngu_graph_name(g[i]), name);
		if (i == 0)
			assert_ptr_equal(ngu_graph_current(), g[0]);
		assert_int_equal(ngu_mknode(g[i], "a", "same name", &id), 0);
		assert_int_equal(id, 1); /* their own IDs */
		assert_int_equal(ngu_mkpeer(g[i], "same name:", "a", "x", "y"), 0);
	}
	ngt_trace_clear();
	assert_ptr_equal(ngu_graph_current(), g[0]);
	for (i = 0; i < N; i++) {
		ngu_graph_stats(g[i], &s);
		assert_int_equal(s.nodes, 2);
		assert_int_equal(s.hooks, 2);
	}
	assert_int_equal(NGU_LD_ACQ(&type->refs), 1 + 2 * N);
	assert_int_equal(ngu_shutdown(g[3], "same name:"), 0);
	assert_int_equal(ngu_lookup(g[3], "same name:", NULL), ENOENT);
	assert_int_equal(ngu_lookup(g[4], "same name:", NULL), 0);
	for (i = N; i-- > 0;)
		assert_int_equal(ngu_graph_destroy(g[i]), 0);
	assert_null(ngu_graph_current());
	assert_int_equal(NGU_LD_ACQ(&type->refs), 1);
	assert_int_equal(ngu_graph_destroy(NULL), 0);
	(void)ngu_graph_enter(before);
}

/* Kernel-style code that names no graph works in the node's own, whatever is current in the thread. */
static int
make_one(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct ng_node *n;
	struct ngu_graph **seen = arg;

	(void)node;
	(void)hook;
	(void)item;
	assert_int_equal(ng_make_node("b", &n), 0);
	*seen = n->nd_graph;
	return (0);
}

static void
test_current_graph(void **state)
{
	struct ngt *t = traced(0, 0, "a A"), *u = ngt_graph("");
	struct ngu_graph *seen = NULL, *before;

	(void)state;
	before = ngu_graph_enter(ngt_g(u));
	ngt_trace_on("rcvmsg A", make_one, &seen);
	ngt_msg(t, "A:", COOKIE, 1, NULL, 0);
	assert_ptr_equal(seen, G);
	assert_ptr_equal(ngu_graph_current(), ngt_g(u));
	(void)ngu_graph_enter(before);
	expect_alive(t, 2, 0);
	ngt_end(u);
	ngt_end(t);
}

static void
test_options(void **state)
{
	struct ngu_graph_opts o = { .size = sizeof(o) - 1 };
	struct ngu_graph *g = NULL, *before = ngu_graph_enter(NULL);
	int64_t start = ngu__port_mono_ns(), first, end;

	(void)state;
	assert_int_equal(ngu_graph_create(&o, &g), EINVAL);
	o.size = 0;
	assert_int_equal(ngu_graph_create(&o, &g), EINVAL);
	assert_null(g);
	assert_int_equal(ngu_graph_create(NULL, &g), 0);
	assert_int_equal(ngu_max_data(g), 1048576);
	assert_int_equal(ngu_max_items(g), 1048576);
	assert_int_equal(ngu_set_max_items(g, 0), EINVAL);
	assert_int_equal(ngu_set_max_items(g, 7), 0);
	assert_int_equal(ngu_max_items(g), 7);
	assert_int_equal(ngu_clock_advance(g, 1), EINVAL); /* a real clock */
	first = ngu_clock_now(g);
	end = ngu__port_mono_ns();
	assert_true(first >= 0 && first <= end - start); /* since its creation */
	while (ngu__port_mono_ns() == end)
		;
	assert_true(ngu_clock_now(g) > first); /* it goes */
	assert_int_equal(ngu_graph_destroy(g), 0);
	(void)ngu_graph_enter(before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_insert),
		ngt_test(test_insert_fails),
		ngt_test(test_persistent_fails),
		ngt_test(test_bypass),
		ngt_test(test_bypass_autodie),
		ngt_test(test_bypass_fails),
		ngt_test(test_bypass_from_close),
		ngt_test(test_relink),
		ngt_test(test_relink_fails),
		ngt_test(test_relink_self),
		ngt_test(test_no_loss_insert),
		ngt_test(test_no_loss_relink),
		ngt_test(test_from_data),
		ngt_test(test_bypass_own),
		ngt_test(test_from_message_self),
		ngt_test(test_from_message_other),
		ngt_test(test_from_message_back),
		ngt_test(test_replies),
		ngt_test(test_no_rcvmsg),
		ngt_test(test_late_reply),
		ngt_test(test_node_to_node),
		ngt_test(test_callers),
		ngt_test(test_many_graphs),
		ngt_test(test_current_graph),
		ngt_test(test_options),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
