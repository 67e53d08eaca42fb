/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_shim.c - what the kernel-style test nodes (ng_flows.c, ng_table.c, ng_toil.c, ng_press.c) do with known packets: so what the kernel
 * facilities they are made of do. Their life cycle as loaded modules: test_life.c.
 */
#include <inttypes.h>

#include "support/unit.h"

#include <sys/kthread.h>
#include <sys/mbuf.h>
#include <sys/sysctl.h>
#include <sys/systm.h>

#include "nodes/ng_shim.h"

static struct ngt_pkt
udp(const char *src, unsigned n)
{
	return (ngt_ip4(src, "10.9.9.9", ngt_udp(1000, 53, ngt_pattern(n, n))));
}

/* ---- flows ---- */

static const struct ng_flows_stats *
flows_at(struct ngt *t, const char *path)
{
	return ((const struct ng_flows_stats *)(const void *)ngt_msg(t, path, NGM_FLOWS_COOKIE, NGM_FLOWS_GET, NULL, 0)->data);
}

static const struct ng_flows_stats *
flows(struct ngt *t)
{
	return (flows_at(t, "f:"));
}

static uint32_t tag_seen;
static unsigned tags;

static void
with_tag(void *arg, struct mbuf *m)
{
	struct m_tag *tag = m_tag_locate(m, FLOWS_TAG_COOKIE, 1, NULL);

	(void)arg;
	if (tag != NULL && m_tag_locate(m, FLOWS_TAG_COOKIE, 1, tag) == NULL) {
		tag_seen = *(uint32_t *)(void *)(tag + 1);
		tags++;
	}
	m_freem(m);
}

static void
test_flows(void **state)
{
	struct ngt *t = ngt_graph("probe a - flows f.in/out - probe b");
	struct ng_flows_conf conf = { 300, 3 };
	struct ngt_probe *a = ngt_probe(t, "a"), *b = ngt_probe(t, "b");
	struct ngu_port *port = NULL;
	char text[16];
	uint32_t first;

	(void)state;
	assert_int_equal(ngu_k_sysctl_text("net.graph.flows.made", NULL, 0, "0"), 0);
	ngt_msg(t, "f:", NGM_FLOWS_COOKIE, NGM_FLOWS_SET, &conf, sizeof(conf));
	for (unsigned i = 0; i < 4; i++) {
		ngt_send(a, NULL, udp("10.0.0.1", 10 + i));
		ngt_expect(b, NULL, udp("10.0.0.1", 10 + i));
	}
	ngt_send(a, NULL, udp("10.0.0.3", 10));
	ngt_advance(t, 200);
	ngt_send(a, NULL, udp("10.0.0.2", 10));
	assert_int_equal(ngt_try_send(a, NULL, udp("10.0.0.4", 10)), ENOBUFS); /* a fourth flow */
	assert_int_equal(ngt_try_send(a, NULL, ngt_set(udp("10.0.0.1", 10), 10, "00 00")), EINVAL); /* header checksum */
	assert_int_equal(ngt_try_send(a, NULL, "45 00"), EINVAL);
	assert_int_equal(flows(t)->packets, 9);
	assert_int_equal(flows(t)->passed, 6);
	assert_int_equal(flows(t)->refused, 3);
	assert_int_equal(flows(t)->flows, 3);
	assert_int_equal(flows(t)->sum, 6);
	ngt_advance(t, 150); /* two of them are too old now */
	assert_int_equal(flows(t)->flows, 1);
	assert_int_equal(flows(t)->forgotten, 2);
	assert_int_equal(flows(t)->sum, 1);
	assert_int_equal(ngu_k_sysctl_text("net.graph.flows.made", text, sizeof(text), NULL), 0);
	assert_string_equal(text, "3");
	assert_int_equal(ngu_k_sysctl_text("net.graph.flows.made", NULL, 0, "7"), EINVAL);
	/* by lot: all, then none */
	assert_int_equal(ngu_k_sysctl_text("net.graph.flows.lossy", NULL, 0, "100"), 0);
	assert_int_equal(ngt_try_send(a, NULL, udp("10.0.0.2", 10)), ENOBUFS);
	assert_int_equal(ngu_k_sysctl_text("net.graph.flows.lossy", NULL, 0, "0"), 0);
	ngt_send(a, NULL, udp("10.0.0.2", 10));
	ngt_msg_error(t, "f:", NGM_FLOWS_COOKIE, NGM_FLOWS_SET, &conf, 3, EINVAL);
	/* numbers, on the packets themselves */
	assert_int_equal(ngu_rmhook(G, "f:", "out"), 0);
	assert_int_equal(ngu_port_open(G, "f:", "out", with_tag, NULL, &port), 0);
	ngt_send(a, NULL, udp("10.0.0.2", 10));
	assert_int_equal(tags, 1);
	first = tag_seen;
	ngt_send(a, NULL, udp("10.0.0.7", 10));
	assert_int_equal(tag_seen, first + 1);
	ngt_send(a, NULL, udp("10.0.0.2", 10));
	assert_int_equal(tag_seen, first);
	assert_int_equal(tags, 3);
	ngu_port_close(port);
	ngt_end(t);
}

/* What the nodes of a stack share they do not share with those of another one; packets, messages, timers and shutdown are in their own. */
static void
test_flows_stacks(void **state)
{
	static const char *const from[] = { "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5" };
	struct ngt *t = ngt_graph("probe a - flows f.in/out - hole x.f; probe b - flows g.in/out - hole x.g");
	struct ngt *u = ngt_graph("probe a - flows f.in/out - hole x.f");
	struct ngt_probe *a = ngt_probe(t, "a"), *b = ngt_probe(t, "b");
	uint32_t top = 3;

	(void)state;
	assert_int_equal(flows(t)->top, 1000); /* as it is defined */
	ngt_msg(t, "g:", NGM_FLOWS_COOKIE, NGM_FLOWS_TOP, &top, sizeof(top));
	assert_int_equal(flows(t)->top, 3);
	assert_int_equal(flows(u)->top, 1000);
	for (unsigned i = 0; i < NITEMS(from); i++)
		ngt_send(ngt_probe(u, "a"), NULL, udp(from[i], 10));
	ngt_send(a, NULL, udp(from[0], 10));
	ngt_send(a, NULL, udp(from[1], 10));
	ngt_send(b, NULL, udp(from[0], 10));
	assert_int_equal(ngt_try_send(a, NULL, udp(from[2], 10)), ENOBUFS);
	assert_int_equal(ngt_try_send(b, NULL, udp(from[2], 10)), ENOBUFS);
	assert_int_equal(flows_at(t, "f:")->here, 3);
	assert_int_equal(flows_at(t, "g:")->here, 3);
	assert_int_equal(flows_at(t, "g:")->flows, 1);
	assert_int_equal(flows(u)->here, 5);
	assert_int_equal(ngu_shutdown(ngt_g(t), "g:"), 0); /* takes its one along */
	ngt_settle(t);
	assert_int_equal(flows(t)->here, 2);
	ngt_send(a, NULL, udp(from[2], 10));
	ngt_advance(t, 1200); /* all of them are too old, there and not here */
	assert_int_equal(flows(t)->here, 0);
	assert_int_equal(flows(u)->here, 5);
	ngt_end(u);
	ngt_send(a, NULL, udp(from[3], 10));
	assert_int_equal(flows(t)->here, 1);
	ngt_end(t);
	t = ngt_graph("flows f"); /* as at the beginning */
	assert_int_equal(flows(t)->top, 1000);
	assert_int_equal(flows(t)->here, 0);
	ngt_end(t);
}

/* ---- table ---- */

static struct ngt_pkt
frame(unsigned to, unsigned n)
{
	char dst[] = "02:00:00:00:00:00";

	dst[16] = (char)('0' + to);
	return (ngt_eth(dst, "02:00:00:00:01:00", ngt_pattern(n, n)));
}

static void
put(struct ngt *t, int cmd, unsigned addr, unsigned port, int error)
{
	struct ng_table_entry e = { { 2, 0, 0, 0, 0, (uint8_t)addr }, (uint16_t)port };

	ngt_msg_error(t, "t:", NGM_TABLE_COOKIE, (uint32_t)cmd, &e, sizeof(e), error);
}

static void
test_table(void **state)
{
	struct ngt *t = ngt_graph("table t; probe a - t.p0; probe b - t.p1; probe c - t.p31");
	struct ngt_probe *a = ngt_probe(t, "a"), *b = ngt_probe(t, "b"), *c = ngt_probe(t, "c");
	uint32_t no = 0;

	(void)state;
	ngt_send(b, NULL, frame(1, 60)); /* nobody knows: p0 */
	ngt_expect(a, NULL, frame(1, 60));
	put(t, NGM_TABLE_ADD, 1, 31, 0);
	put(t, NGM_TABLE_ADD, 2, 1, 0);
	put(t, NGM_TABLE_ADD, 2, 32, EINVAL);
	ngt_send(b, NULL, frame(1, 61));
	ngt_expect(c, NULL, frame(1, 61));
	ngt_send(c, NULL, frame(2, 62));
	ngt_expect(b, NULL, frame(2, 62));
	ngt_send(b, NULL, frame(2, 62)); /* it is there already */
	put(t, NGM_TABLE_ADD, 1, 1, 0); /* moved */
	ngt_send(c, NULL, frame(1, 63));
	ngt_expect(b, NULL, frame(1, 63));
	put(t, NGM_TABLE_DEL, 1, 0, 0);
	put(t, NGM_TABLE_DEL, 1, 0, ENOENT);
	ngt_msg(t, "t:", NGM_TABLE_COOKIE, NGM_TABLE_FLOOD, &no, sizeof(no));
	ngt_send(c, NULL, frame(1, 64)); /* nowhere */
	assert_string_equal(ngt_msg(t, "t:", NGM_TABLE_COOKIE, NGM_TABLE_GET, NULL, 0)->data,
	    "1 entries, 3 ports, 4 sent, 2 dropped, 2 unknown; 02:00:00:00:00:02 p1,");
	assert_int_equal(ngu_rmhook(G, "t:", "p1"), 0); /* takes its entries along */
	assert_string_equal(ngt_msg(t, "t:", NGM_TABLE_COOKIE, NGM_TABLE_GET, NULL, 0)->data,
	    "0 entries, 2 ports, 4 sent, 2 dropped, 2 unknown;");
	ngt_expect_none(a, NULL);
	ngt_end(t);
}

/* Until the table says so; a thread is at it. */
static void
table_says(struct ngt *t, const char *what)
{
	while (strcmp(ngt_msg(t, "t:", NGM_TABLE_COOKIE, NGM_TABLE_GET, NULL, 0)->data, what) != 0)
		ngu__port_yield();
}

static struct ngt_pkt
from_stranger(unsigned n)
{
	return (ngt_set(frame(9, 60), 11, n == 1 ? "21" : n == 2 ? "22" : n == 3 ? "23" : "24"));
}

/* A thread that sleeps with a lock, and is woken with it; that is told to stop, by who sleeps with another lock until it has. */
static void
test_table_learn(void **state)
{
	struct ngt *t = ngt_graph("table t; probe a - t.p0; probe b - t.p1; probe c - t.p2");
	struct ngt_probe *a = ngt_probe(t, "a"), *b = ngt_probe(t, "b"), *c = ngt_probe(t, "c");
	uint32_t no = 0, yes = 1;

	(void)state;
	ngt_msg(t, "t:", NGM_TABLE_COOKIE, NGM_TABLE_FLOOD, &no, sizeof(no));
	ngt_send(b, NULL, from_stranger(1)); /* nobody learns yet */
	ngt_msg(t, "t:", NGM_TABLE_COOKIE, NGM_TABLE_LEARN, &yes, sizeof(yes));
	table_says(t, "0 entries, 3 ports, 0 sent, 1 dropped, 1 unknown, idle;"); /* so it sleeps, and the lock can be had */
	ngt_send(b, NULL, from_stranger(1));
	table_says(t, "1 entries, 3 ports, 0 sent, 2 dropped, 2 unknown, idle; 02:00:00:00:01:21 p1,");
	ngt_send(c, NULL, from_stranger(2));
	ngt_send(c, NULL, from_stranger(1)); /* is known */
	table_says(t, "2 entries, 3 ports, 0 sent, 4 dropped, 4 unknown, idle; 02:00:00:00:01:21 p1, 02:00:00:00:01:22 p2,");
	ngt_send(a, NULL, ngt_set(frame(1, 60), 4, "01 21"));
	ngt_expect(b, NULL, ngt_set(frame(1, 60), 4, "01 21"));
	table_says(t, "3 entries, 3 ports, 1 sent, 4 dropped, 4 unknown, idle; 02:00:00:00:01:00 p0, 02:00:00:00:01:21 p1, 02:00:00:00:01:22 p2,");
	ngt_msg(t, "t:", NGM_TABLE_COOKIE, NGM_TABLE_LEARN, &no, sizeof(no));
	while (ngu_k_kthread_count() != 0) /* says that it ends before it does */
		ngu__port_yield();
	ngt_send(a, NULL, from_stranger(3));
	table_says(t, "3 entries, 3 ports, 1 sent, 5 dropped, 5 unknown; 02:00:00:00:01:00 p0, 02:00:00:00:01:21 p1, 02:00:00:00:01:22 p2,");
	ngt_msg(t, "t:", NGM_TABLE_COOKIE, NGM_TABLE_LEARN, &yes, sizeof(yes));
	ngt_msg(t, "t:", NGM_TABLE_COOKIE, NGM_TABLE_LEARN, &yes, sizeof(yes)); /* one is enough */
	assert_int_equal(ngu_k_kthread_count(), 1);
	ngt_send(b, NULL, from_stranger(4));
	table_says(t, "4 entries, 3 ports, 1 sent, 6 dropped, 6 unknown, idle; 02:00:00:00:01:00 p0, 02:00:00:00:01:24 p1, 02:00:00:00:01:21 p1, 02:00:00:00:01:22 p2,");
	ngt_end(t); /* with the thread asleep */
	while (ngu_k_kthread_count() != 0)
		ngu__port_yield();
}

static _Atomic int stop;
static _Atomic uint64_t sent;
static struct ngu_graph *graph;

static void *
floods(void *arg)
{
	struct ngu_port *p = arg;
	struct mbuf *m;

	(void)ngu_graph_enter(graph);
	while (!stop) {
		if ((m = ngt_to_mbuf(graph, frame(1 + sent % 8, 60))) != NULL && ngu_port_send(p, m) == 0)
			sent++;
	}
	(void)ngu_graph_enter(NULL);
	return (NULL);
}

static _Atomic uint64_t got;

static void
counts(void *arg, struct mbuf *m)
{
	(void)arg;
	got++;
	m_freem(m);
}

/* Two threads send while entries come, move and go: each packet goes somewhere, and all memory comes back. */
static void
test_table_traffic(void **state)
{
	struct ngt *t = ngt_graph("table t");
	struct ngu_port *port[3] = { NULL };
	static const char *const names[] = { "p0", "p1", "p2" };
	ngu__port_thread th[2];
	const char *text;
	uint64_t out, none, from;
	uint32_t flood;

	(void)state;
	graph = G;
	stop = 0;
	sent = got = 0;
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(ngu_port_open(G, "t:", names[i], counts, NULL, &port[i]), 0);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(ngu__port_thread_start(&th[i], "floods", floods, port[1 + i]), 0);
	for (unsigned i = 0; i < 300; i++) {
		put(t, NGM_TABLE_ADD, 1 + i % 7, i % 3, 0);
		flood = i & 1;
		if (i % 10 == 0)
			ngt_msg(t, "t:", NGM_TABLE_COOKIE, NGM_TABLE_FLOOD, &flood, sizeof(flood));
		if (i % 3 == 0)
			put(t, NGM_TABLE_DEL, 1 + i % 7, 0, 0);
		for (from = sent; sent < from + 2;)
			ngu__port_yield();
	}
	stop = 1;
	for (unsigned i = 0; i < 2; i++)
		ngu__port_thread_join(&th[i]);
	ngt_settle(t);
	text = ngt_msg(t, "t:", NGM_TABLE_COOKIE, NGM_TABLE_GET, NULL, 0)->data;
	assert_int_equal(sscanf(text, "%*d entries, 3 ports, %" SCNu64 " sent, %" SCNu64 " dropped", &out, &none), 2);
	assert_int_equal(out, got);
	assert_int_equal(out + none, sent);
	for (unsigned i = 0; i < 3; i++)
		ngu_port_close(port[i]);
	ngt_end(t);
}

/* ---- toil ---- */

static uint32_t
toiled(struct ngt *t)
{
	return (*(const uint32_t *)(const void *)ngt_msg(t, "t:", NGM_TOIL_COOKIE, NGM_TOIL_GET, NULL, 0)->data);
}

static void
test_toil(void **state)
{
	struct ngt_probe *a, *b;
	struct ngt *t;

	(void)state;
	for (uint32_t mode = 0; mode < 3; mode++) { /* a node for each: an earlier one's task might still ask for the timer */
		t = ngt_graph("probe a - toil t.in/out - probe b");
		a = ngt_probe(t, "a");
		b = ngt_probe(t, "b");
		ngt_msg(t, "t:", NGM_TOIL_COOKIE, NGM_TOIL_MODE, &mode, sizeof(mode));
		for (unsigned i = 0; i < 5; i++)
			ngt_send(a, NULL, ngt_pattern(20 + i, mode));
		if (mode == 1) {
			ngt_advance(t, 9);
			assert_int_equal(toiled(t), 0); /* not yet: the graph's clock says when */
			ngt_advance(t, 1);
		}
		for (; toiled(t) < 5; ngt_advance(t, 1))
			ngu__port_yield();
		for (unsigned i = 0; i < 5; i++)
			ngt_expect(b, NULL, ngt_pattern(20 + i, mode));
		ngt_msg_error(t, "t:", NGM_TOIL_COOKIE, NGM_TOIL_MODE, &(uint32_t){ 3 }, sizeof(uint32_t), EINVAL);
		assert_int_equal(ngt_try_send(b, NULL, "00"), EINVAL);
		ngt_end(t); /* with the thread, if there is one */
	}
	/* what waits in it when it goes; and no more than fits */
	t = ngt_graph("probe a - toil t.in/out - probe b");
	a = ngt_probe(t, "a");
	ngt_msg(t, "t:", NGM_TOIL_COOKIE, NGM_TOIL_MODE, &(uint32_t){ 1 }, sizeof(uint32_t));
	for (unsigned i = 0; i < 50; i++)
		ngt_send(a, NULL, "00");
	assert_int_equal(ngt_try_send(a, NULL, "00"), ENOBUFS);
	ngt_end(t);
}

/* ---- they go under traffic, while threads of theirs are at work ---- */

struct flood {
	struct ngu_port *port;
	_Atomic uint32_t tried;
};

/* Each from another sender. */
static void *
strangers(void *arg)
{
	struct flood *f = arg;
	struct ngt_pkt p = frame(9, 60);
	struct mbuf *m;

	(void)ngu_graph_enter(graph);
	while (!stop) {
		p.b[10] = (uint8_t)(f->tried >> 8);
		p.b[11] = (uint8_t)f->tried;
		if ((m = ngu_packet(graph, p.b, p.len)) != NULL)
			(void)ngu_port_send(f->port, m);
		f->tried++;
	}
	(void)ngu_graph_enter(NULL);
	return (NULL);
}

/* What the node's thread has done so far. */
static uint32_t
worked(struct ngt *t, bool table)
{
	return (table ? (uint32_t)atoi(ngt_msg(t, "t:", NGM_TABLE_COOKIE, NGM_TABLE_GET, NULL, 0)->data) : toiled(t));
}

/* Clock and workers are real ones: timers that the thread has set go off meanwhile. */
static void
test_shutdown(void **state)
{
	static const struct {
		const char *type, *in[2], *out;
		uint32_t cookie, cmd, arg;
	} of[] = {
		{ "toil", { "in", NULL }, "out", NGM_TOIL_COOKIE, NGM_TOIL_MODE, 2 },
		{ "table", { "p1", "p2" }, "p0", NGM_TABLE_COOKIE, NGM_TABLE_LEARN, 1 },
	};
	struct flood f[2];
	struct ngu_port *out;
	ngu__port_thread th[2];
	struct ngt *t;
	uint32_t from[2], some;

	(void)state;
	for (unsigned r = 0; r < 12; r++) {
		const unsigned k = r % 2;

		t = ngt_graph_with(&((struct ngu_graph_opts){ .size = sizeof(struct ngu_graph_opts), .workers = 1 + r % 3 }), "");
		graph = G;
		stop = 0;
		memset(f, 0, sizeof(f));
		assert_int_equal(ngu_mknode(G, of[k].type, "t", NULL), 0);
		for (unsigned i = 0; i < 2; i++)
			if (of[k].in[i] != NULL)
				assert_int_equal(ngu_port_open(G, "t:", of[k].in[i], NULL, NULL, &f[i].port), 0);
			else
				f[i].port = f[0].port;
		assert_int_equal(ngu_port_open(G, "t:", of[k].out, counts, NULL, &out), 0);
		ngt_msg(t, "t:", of[k].cookie, of[k].cmd, &of[k].arg, sizeof(of[k].arg));
		for (unsigned i = 0; i < 2; i++)
			assert_int_equal(ngu__port_thread_start(&th[i], "strangers", strangers, &f[i]), 0);
		for (some = 0; some < 5 + r;)
			some = worked(t, k == 1);
		assert_int_equal(ngu_k_kthread_count(), 1);
		if (r % 3 == 2)
			assert_int_equal(ngu_rmhook(G, "t:", of[k].out), 0);
		assert_int_equal(ngu_shutdown(G, "t:"), 0);
		for (unsigned i = 0; i < 2; i++)
			for (from[i] = f[i].tried; f[i].tried - from[i] < 20;)
				ngu__port_yield();
		ngt_settle(t);
		assert_int_equal(ngu_lookup(G, "t:", NULL), ENOENT);
		while (ngu_k_kthread_count() != 0) /* it has said so, and is on its way out */
			ngu__port_yield();
		stop = 1;
		for (unsigned i = 0; i < 2; i++)
			ngu__port_thread_join(&th[i]);
		for (unsigned i = 0; i < 2; i++)
			if (of[k].in[i] != NULL)
				ngu_port_close(f[i].port);
		ngu_port_close(out);
		ngt_end(t);
	}
}

/* ---- press ---- */

#ifdef NGU_SHIM_PRESS
static const struct ng_press_stats *
press(struct ngt *t, const char *path)
{
	return ((const struct ng_press_stats *)(const void *)ngt_msg(t, path, NGM_PRESS_COOKIE, NGM_PRESS_GET, NULL, 0)->data);
}

static struct ngt_pkt
tcp(unsigned n, unsigned len)
{
	return (ngt_ip4("10.0.0.1", "10.0.0.2", ngt_tcp(1000, 80, 7000 + 100 * n, 50, 0x10, ngt_pattern(len, n))));
}

static void
test_press(void **state)
{
	struct ngt *t = ngt_graph("press a; press b; tee l; a.coded - l.left; l.right - b.coded; probe p - a.plain; probe q - b.plain; probe s - l.left2right");
	struct ngt_probe *p = ngt_probe(t, "p"), *q = ngt_probe(t, "q"), *s = ngt_probe(t, "s");
	static const unsigned lens[] = { 1, 2, 3, 40, 100, 500, 1400 };
	static const char zeros[1400];
	const struct ngt_rec *r;
	size_t len;

	(void)state;
	for (unsigned i = 0; i < NITEMS(lens); i++) {
		ngt_send(p, NULL, tcp(i, 100)); /* VJ takes what follows */
		ngt_expect(q, NULL, tcp(i, 100));
		ngt_send(p, NULL, udp("10.0.0.1", lens[i]));
		ngt_expect(q, NULL, udp("10.0.0.1", lens[i]));
		ngt_send(q, NULL, udp("10.0.0.1", lens[i])); /* and the other way */
		ngt_expect(p, NULL, udp("10.0.0.1", lens[i]));
	}
	while ((r = ngt_recv(s, NULL)) != NULL)
		;
	/* what can be made smaller is, and says nothing any more */
	ngt_send(p, NULL, ngt_ip4("10.0.0.1", "10.0.0.2", ngt_udp(1, 2, ngt_bytes(zeros, sizeof(zeros)))));
	ngt_expect(q, NULL, ngt_ip4("10.0.0.1", "10.0.0.2", ngt_udp(1, 2, ngt_bytes(zeros, sizeof(zeros)))));
	r = ngt_recv(s, NULL);
	assert_non_null(r);
	assert_in_range(r->len, 20, 80);
	/* VJ: 40 bytes of headers are a few */
	ngt_send(p, NULL, tcp(NITEMS(lens), 1));
	r = ngt_recv(s, NULL);
	len = r->len;
	assert_in_range(len, 9, 8 + 20);
	ngt_expect(q, NULL, tcp(NITEMS(lens), 1));
	/* as it is: not IPv4; a fragment; too long */
	ngt_send(p, NULL, ngt_pattern(100, 1));
	ngt_expect(q, NULL, ngt_pattern(100, 1));
	ngt_send(p, NULL, ngt_fix(ngt_set(udp("10.0.0.1", 40), 6, "20 00")));
	ngt_expect(q, NULL, ngt_fix(ngt_set(udp("10.0.0.1", 40), 6, "20 00")));
	assert_int_equal(press(t, "a:")->copied, 2);
	assert_int_equal(press(t, "a:")->coded, 2 * NITEMS(lens) + 2);
	assert_int_equal(press(t, "b:")->decoded, 2 * NITEMS(lens) + 4);
	/* another key: nothing that looks like a packet comes out */
	ngt_msg(t, "a:", NGM_PRESS_COOKIE, NGM_PRESS_KEY, "other", 6);
	assert_int_equal(ngt_try_send(p, NULL, ngt_ip4("10.0.0.1", "10.0.0.2", ngt_udp(1, 2, ngt_bytes(zeros, sizeof(zeros))))), EINVAL);
	ngt_expect_none(q, NULL);
	ngt_msg(t, "b:", NGM_PRESS_COOKIE, NGM_PRESS_KEY, "other", 6);
	ngt_send(p, NULL, udp("10.0.0.1", 300));
	ngt_expect(q, NULL, udp("10.0.0.1", 300));
	assert_int_equal(press(t, "b:")->errors, 1);
	ngt_end(t);
}

static uint16_t vtag;
static uint32_t vflags;
static size_t vlen;

static void
look(void *arg, struct mbuf *m)
{
	(void)arg;
	vtag = m->m_pkthdr.ether_vtag;
	vflags = m->m_flags;
	vlen = m_length(m, NULL);
	m_freem(m);
}

/* What is beside a packet comes through, and a garbled one does not. */
static void
test_press_beside(void **state)
{
	struct ngt *t = ngt_graph("press a; press b; hub h; a.coded - h.a; h.b - b.coded; probe w - h.w");
	struct ngu_port *in = NULL, *out = NULL;
	const struct ngt_rec *r;
	struct ngt_probe *w = ngt_probe(t, "w");
	struct ngu_graph *before;
	unsigned char copy[400];
	struct mbuf *m;
	size_t n;

	(void)state;
	assert_int_equal(ngu_port_open(G, "a:", "plain", NULL, NULL, &in), 0);
	assert_int_equal(ngu_port_open(G, "b:", "plain", look, NULL, &out), 0);
	before = ngu_graph_enter(G);
	m = ngt_to_mbuf(G, udp("10.0.0.1", 200));
	m->m_flags |= M_VLANTAG;
	m->m_pkthdr.ether_vtag = 0x6123;
	assert_int_equal(ngu_port_send(in, m), 0);
	(void)ngu_graph_enter(before);
	assert_int_equal(vtag, 0x6123);
	assert_true((vflags & M_VLANTAG) != 0);
	assert_int_equal(vlen, 228);
	r = ngt_recv(w, NULL);
	n = r->len;
	assert_in_range(n, 9, sizeof(copy));
	memcpy(copy, r->data, n);
	vlen = 0;
	for (size_t i = 0; i < n; i += 7) {
		copy[i] ^= 0x10;
		assert_int_equal(ngt_try_send(w, NULL, ngt_bytes(copy, n)), EINVAL); /* b; a has it the wrong way round, too */
		copy[i] ^= 0x10;
	}
	assert_int_equal(vlen, 0);
	ngu_port_close(in);
	ngu_port_close(out);
	ngt_end(t);
}
#endif

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_flows),
		ngt_test(test_flows_stacks),
		ngt_test(test_table),
		ngt_test(test_table_learn),
		ngt_test(test_table_traffic),
		ngt_test(test_toil),
		ngt_test(test_shutdown),
#ifdef NGU_SHIM_PRESS
		ngt_test(test_press),
		ngt_test(test_press_beside),
#endif
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
