/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_burst.c - bursts: across hooks of nodes that take them and of nodes that do not, and whatever is not a plain walk.
 *
 * Types (strict mode off: it has packets looked at one by one)
 *   tb  takes bursts and hands them on by the other hook   tw  the same, a force-writer node
 *   te  takes bursts; the end                              tp  plain; what it does with a packet is the test's business
 *   ts  takes bursts; what it does with one is the test's business       tq  plain, a force-writer node
 * The log has "NODE N" for a burst of N packets, "NODE -" for a packet in rcvdata; `order` the first byte of all that came to an end.
 */
#include "support/unit.h"

static char trace[4096], order[1024];
static int end_error, seen_error;
static int (*plain_fn)(hook_p hook, item_p item);
static int (*burst_fn)(hook_p hook, struct mbuf **vec, unsigned n, size_t bytes);
static struct ngu_port *port;
static uint32_t cookie = 1700000007;

static void
say(hook_p hook, const char *what, unsigned n)
{
	size_t at = strlen(trace);

	if (what != NULL)
		(void)snprintf(trace + at, sizeof(trace) - at, "%s %s;", NG_NODE_NAME(NG_HOOK_NODE(hook)), what);
	else
		(void)snprintf(trace + at, sizeof(trace) - at, "%s %u;", NG_NODE_NAME(NG_HOOK_NODE(hook)), n);
}

static void
came(struct mbuf *m)
{
	size_t at = strlen(order);

	if (at + 3 < sizeof(order))
		(void)snprintf(order + at, sizeof(order) - at, "%c", *mtod(m, char *));
	m_freem(m);
}

static hook_p
other(hook_p hook)
{
	return (ng_findhook(NG_HOOK_NODE(hook), strcmp(NG_HOOK_NAME(hook), "in") == 0 ? "out" : "in"));
}

static int
tb_rcvburst(hook_p hook, struct mbuf **vec, unsigned n, size_t bytes)
{
	say(hook, NULL, n);
	return (ngu_send_burst(other(hook), vec, n, bytes));
}

static int
tb_rcvdata(hook_p hook, item_p item)
{
	int error;

	say(hook, "-", 0);
	NG_FWD_ITEM_HOOK(error, item, other(hook));
	return (error);
}

static int
ts_rcvburst(hook_p hook, struct mbuf **vec, unsigned n, size_t bytes)
{
	say(hook, NULL, n);
	return (burst_fn(hook, vec, n, bytes));
}

static int
te_rcvburst(hook_p hook, struct mbuf **vec, unsigned n, size_t bytes)
{
	size_t sum = 0;

	say(hook, NULL, n);
	for (unsigned i = 0; i < n; i++) {
		sum += (size_t)vec[i]->m_pkthdr.len;
		came(vec[i]);
	}
	assert_int_equal(sum, bytes);
	return (end_error);
}

static int
te_rcvdata(hook_p hook, item_p item)
{
	struct mbuf *m;

	say(hook, "-", 0);
	NGI_GET_M(item, m);
	NG_FREE_ITEM(item);
	came(m);
	return (end_error);
}

/* Two that no graph has a hook with before the last test. */
static int
tn_rcvdata(hook_p hook, item_p item)
{
	return (tb_rcvdata(hook, item));
}

static int
tn_rcvdata2(hook_p hook, item_p item)
{
	struct mbuf *m;

	say(hook, "=", 0);
	NGI_GET_M(item, m);
	NG_FREE_ITEM(item);
	came(m);
	return (0);
}

static item_p asked;

/* 1: three packets by the port, while this node is closed. 3: the same, and whoever gets them answers. */
static int
te_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	bool answered = NGI_MSG(item)->header.cmd == 3;
	struct mbuf *v[3];
	int error = 0;

	(void)lasthook;
	(void)snprintf(trace + strlen(trace), 64, "%s msg;", NG_NODE_NAME(node));
	if (answered)
		asked = item;
	if (port != NULL && (NGI_MSG(item)->header.cmd & 1) != 0) {
		for (unsigned i = 0; i < 3; i++)
			v[i] = ngu_packet(node->nd_graph, &"xyz"[i], 1);
		error = ngu_port_send_burst(port, v, 3);
	}
	if (!answered)
		NG_FREE_ITEM(item);
	return (error);
}

static int
tp_rcvdata(hook_p hook, item_p item)
{
	say(hook, "-", 0);
	return (plain_fn(hook, item));
}

static int
constructor(node_p node)
{
	(void)node;
	return (0);
}

static int
tw_constructor(node_p node)
{
	NG_NODE_FORCE_WRITER(node);
	return (0);
}

static int
shutdown(node_p node)
{
	NG_NODE_UNREF(node);
	return (0);
}

static int
te_newhook(node_p node, hook_p hook, const char *name)
{
	(void)node;
	if (strcmp(name, "queue") == 0)
		NG_HOOK_FORCE_QUEUE(hook);
	if (strcmp(name, "own") == 0)
		NG_HOOK_SET_RCVDATA(hook, te_rcvdata);
	if (strcmp(name, "strange") == 0)
		NG_HOOK_SET_RCVDATA(hook, tp_rcvdata);
	return (0);
}

static struct ng_type tb = { .version = NG_ABI_VERSION, .name = "tb", .constructor = constructor, .shutdown = shutdown, .rcvdata = tb_rcvdata };
static struct ng_type tw = { .version = NG_ABI_VERSION, .name = "tw", .constructor = tw_constructor, .shutdown = shutdown, .rcvdata = tb_rcvdata };
static struct ng_type tq = { .version = NG_ABI_VERSION, .name = "tq", .constructor = tw_constructor, .shutdown = shutdown, .rcvdata = tp_rcvdata };
static struct ng_type ts = { .version = NG_ABI_VERSION, .name = "ts", .constructor = constructor, .shutdown = shutdown, .rcvdata = tb_rcvdata };
static struct ng_type tn = { .version = NG_ABI_VERSION, .name = "tn", .constructor = constructor, .shutdown = shutdown, .rcvdata = tn_rcvdata };
static struct ng_type te = { .version = NG_ABI_VERSION, .name = "te", .constructor = constructor, .shutdown = shutdown, .newhook = te_newhook, .rcvdata = te_rcvdata,
	.rcvmsg = te_rcvmsg };
static struct ng_type tp = { .version = NG_ABI_VERSION, .name = "tp", .constructor = constructor, .shutdown = shutdown, .rcvdata = tp_rcvdata };

static int
plain_forward(hook_p hook, item_p item)
{
	NG_FWD_ITEM_HOOK(seen_error, item, other(hook));
	return (seen_error);
}

static struct ngt *
begin(const char *text, uint32_t depth)
{
	const struct ngu_graph_opts o = { .size = sizeof(o), .depth_limit = depth, .fake_clock = true };
	struct ngt *t = ngt_graph_with(&o, text);

	assert_int_equal(ngu_graph_strict(G, 0), 0);
	assert_int_equal(ngu_port_open(G, "A:", "in", NULL, NULL, &port), 0);
	trace[0] = order[0] = '\0';
	end_error = seen_error = 0;
	plain_fn = plain_forward;
	return (t);
}

/* n packets that begin with a, b, c, ... and are 1, 2, 3, ... bytes long. */
static int
burst(struct ngt *t, unsigned n)
{
	struct mbuf *v[256];
	char data[256];

	for (unsigned i = 0; i < n; i++) {
		memset(data, 'a' + (int)(i % 26), sizeof(data));
		assert_non_null(v[i] = ngu_packet(G, data, i % 100 + 1));
	}
	return (ngu_port_send_burst(port, v, n));
}

static struct ngu_graph_stats
books(struct ngt *t)
{
	struct ngu_graph_stats s;

	ngt_settle(t);
	ngu_graph_stats(G, &s);
	assert_int_equal(s.attempted, s.delivered + s.refused + s.dropped);
	assert_int_equal(s.queued, 0);
	return (s);
}

static void
end(struct ngt *t)
{
	(void)books(t);
	ngu_port_close(port);
	port = NULL;
	ngt_end(t);
}

#define went(what) \
	do { \
		assert_string_equal(trace, (what)); \
		trace[0] = '\0'; \
	} while (0)
#define arrived(what) \
	do { \
		assert_string_equal(order, (what)); \
		order[0] = '\0'; \
	} while (0)

static void
test_hop(void **state)
{
	struct ngt *t = begin("tb A.out - te E.in", 12);
	struct ngu_hook_stats h;

	(void)state;
	assert_int_equal(burst(t, 3), 0);
	went("A 3;E 3;");
	arrived("abc");
	assert_int_equal(books(t).delivered, 6);
	assert_int_equal(ngu_hook_stats(G, "E:", "in", &h), 0);
	assert_int_equal(h.packets, 3);
	assert_int_equal(h.bytes, 1 + 2 + 3);
	assert_int_equal(burst(t, 200), 0);
	went("A 64;E 64;A 64;E 64;A 64;E 64;A 8;E 8;");
	assert_int_equal(books(t).delivered, 6 + 400);
	assert_int_equal(burst(t, 1), 0);
	went("A -;E -;");
	end(t);
}

/* Its packets come one by one; what it sends to one hook in a row leaves at once. */
static void
test_plain(void **state)
{
	struct ngt *t = begin("tp A.out - te E.in", 12);

	(void)state;
	assert_int_equal(burst(t, 3), 0);
	went("A -;A -;A -;E 3;");
	arrived("abc");
	assert_int_equal(books(t).delivered, 6);
	end_error = ENOBUFS; /* the sender of the burst learns it */
	assert_int_equal(burst(t, 3), ENOBUFS);
	assert_int_equal(seen_error, 0);
	end(t);
}

static unsigned turn;

static int
by_turns(hook_p hook, item_p item)
{
	static const char *const to[] = { "out", "out", "out2" };

	NG_FWD_ITEM_HOOK(seen_error, item, ng_findhook(NG_HOOK_NODE(hook), to[turn++ % 3]));
	return (seen_error);
}

static void
test_turns(void **state)
{
	struct ngt *t = begin("tp A.out - te E.in; A.out2 - te F.in", 12);

	(void)state;
	plain_fn = by_turns;
	turn = 0;
	assert_int_equal(burst(t, 7), 0);
	went("A -;A -;A -;E 2;A -;F 1;A -;A -;E 2;A -;F 1;E 1;");
	arrived("abcdefg");
	end(t);
}

static int
twice(hook_p hook, item_p item)
{
	struct mbuf *m = m_dup(NGI_M(item), M_NOWAIT);

	NG_SEND_DATA_ONLY(seen_error, other(hook), m);
	return (plain_forward(hook, item));
}

static void
test_more_than_a_burst(void **state)
{
	struct ngt *t = begin("tp A.out - te E.in", 12);

	(void)state;
	plain_fn = twice;
	assert_int_equal(burst(t, 40), 0);
	assert_non_null(strstr(trace, ";E 64;"));
	assert_non_null(strstr(trace, ";E 16;"));
	assert_memory_equal(order, "aabbccdd", 8);
	assert_int_equal(strlen(order), 80);
	end(t);
}

static void
test_force_writer(void **state)
{
	struct ngt *t = begin("tw A.out - te E.in", 12);

	(void)state;
	assert_int_equal(burst(t, 3), 0);
	went("A 3;E 3;");
	arrived("abc");
	assert_int_equal(books(t).delivered, 6);
	end(t);
}

static void
test_queue(void **state)
{
	struct ngt *t = begin("tb A.out - te E.queue", 12);

	(void)state;
	assert_int_equal(burst(t, 3), 0);
	ngt_settle(t);
	went("A 3;E 3;");
	arrived("abc");
	assert_int_equal(books(t).queued_total, 3);
	end(t);
}

static void
test_closed(void **state)
{
	struct ngt *t = begin("tb A.out - te E.in", 12);

	(void)state;
	assert_int_equal(ngu_msg(G, "E:", cookie, 1, NULL, 0, NULL), 0);
	ngt_settle(t);
	went("E msg;A 3;E 3;");
	arrived("xyz");
	assert_int_equal(books(t).delivered, 6);
	end(t);
}

static void
test_deep(void **state)
{
	struct ngt *t = begin("tb A.out - tb B.in/out - tp C.in/out - tb D.in/out - te E.in", 2);

	(void)state;
	assert_int_equal(burst(t, 5), 0);
	went("A 5;B 5;C -;C -;C -;C -;C -;D 5;E 5;");
	arrived("abcde");
	assert_int_equal(books(t).queued_total, 0);
	end(t);
}

static size_t
bytes_of(struct mbuf **vec, unsigned n)
{
	size_t bytes = 0;

	for (unsigned i = 0; i < n; i++)
		bytes += (size_t)vec[i]->m_pkthdr.len;
	return (bytes);
}

/* The first two by themselves. */
static int
in_parts(hook_p hook, struct mbuf **vec, unsigned n, size_t bytes)
{
	size_t first = bytes_of(vec, 2);

	whatever = ngu_send_burst(other(hook), vec, 2, first);
	return (ngu_send_burst(other(hook), vec + 2, n - 2, bytes - first));
}

/* From an array of its own, which it uses again. */
static int
in_copies(hook_p hook, struct mbuf **vec, unsigned n, size_t bytes)
{
	struct mbuf *own[2];

	(void)bytes;
	for (unsigned i = 0; i < n; i += 2) {
		memcpy(own, vec + i, sizeof(own));
		whatever = ngu_send_burst(other(hook), own, 2, bytes_of(own, 2));
		memset(own, 0x5a, sizeof(own));
	}
	return (0);
}

/* The array it was given, then another one, then a packet. */
static int
in_all_ways(hook_p hook, struct mbuf **vec, unsigned n, size_t bytes)
{
	struct mbuf *own[2], *last = vec[n - 1];
	size_t first = bytes_of(vec, n - 3);

	(void)bytes;
	memcpy(own, vec + n - 3, sizeof(own));
	whatever = ngu_send_burst(other(hook), vec, n - 3, first);
	whatever = ngu_send_burst(other(hook), own, 2, bytes_of(own, 2));
	memset(own, 0x5a, sizeof(own));
	NG_SEND_DATA_ONLY(whatever, other(hook), last);
	return (0);
}

static int
last_first(hook_p hook, struct mbuf **vec, unsigned n, size_t bytes)
{
	struct mbuf *last = vec[n - 1];

	NG_SEND_DATA_ONLY(whatever, other(hook), last);
	return (ngu_send_burst(other(hook), vec, n - 1, bytes_of(vec, n - 1)));
}

/* Over the depth limit in order, whoever's array it was, and nothing is kept that its owner has used again. */
static void
test_handed_on(void **state)
{
	struct ngt *t = begin("tb A.out - ts B.in/out - tb C.in/out - tb D.in/out - te E.in", 2);

	(void)state;
	burst_fn = in_parts;
	assert_int_equal(burst(t, 6), 0);
	went("A 6;B 6;C 2;C 4;D 2;D 4;E 2;E 4;");
	arrived("abcdef");
	burst_fn = in_copies;
	assert_int_equal(burst(t, 6), 0);
	went("A 6;B 6;C 2;C 2;C 2;D 2;D 2;D 2;E 2;E 2;E 2;");
	arrived("abcdef");
	burst_fn = in_all_ways;
	assert_int_equal(burst(t, 6), 0);
	arrived("abcdef");
	burst_fn = last_first;
	assert_int_equal(burst(t, 6), 0);
	arrived("fabcde");
	assert_int_equal(books(t).queued_total, 0);
	assert_int_equal(books(t).delivered, 4 * 6 * 5);
	end(t);
}

static unsigned left;

static int
round_and_round(hook_p hook, struct mbuf **vec, unsigned n, size_t bytes)
{
	if (left-- != 0)
		return (ngu_send_burst(other(hook), vec, n, bytes));
	for (unsigned i = 0; i < n; i++)
		came(vec[i]);
	return (0);
}

/* A loop in the graph holds no section open for ever: what is left after so many hops is queued. */
static void
test_loop(void **state)
{
	struct ngt *t = begin("tb A.out - ts B.way; B.in - ts C.out; B.out - C.in", 12);

	(void)state;
	burst_fn = round_and_round;
	left = NGU_HOP_BUDGET + 1000;
	assert_int_equal(burst(t, 3), 0);
	ngt_settle(t);
	arrived("abc");
	assert_true(books(t).queued_total >= 3);
	assert_int_equal(books(t).delivered, 3 * (NGU_HOP_BUDGET + 1000 + 2));
	end(t);
}

/* The next node is closed when its turn comes. */
static void
test_handed_to_closed(void **state)
{
	struct ngt *t = begin("tb A.out - te E.in", 1);

	(void)state;
	assert_int_equal(ngu_msg(G, "E:", cookie, 1, NULL, 0, NULL), 0);
	ngt_settle(t);
	went("E msg;A 3;E 3;");
	arrived("xyz");
	assert_int_equal(books(t).delivered, 6);
	end(t);
}

static int
then_tell(hook_p hook, struct mbuf **vec, unsigned n, size_t bytes)
{
	hook_p to = other(hook);
	struct mbuf *m;
	item_p item;

	whatever = ngu_send_burst(to, vec, n, bytes);
	assert_non_null(m = m_gethdr(M_NOWAIT, MT_DATA));
	m->m_pkthdr.len = m->m_len = 1;
	*mtod(m, char *) = '!';
	assert_non_null(item = ng_package_data(m, NG_NOFLAGS));
	assert_int_equal(ng_address_path(NG_HOOK_NODE(hook), item, "I:in", 0), 0);
	whatever = ng_snd_item(item, NG_NOFLAGS);
	return (0);
}

/* A packet that is delivered in between by address is not the one to go on with what was handed on. */
static void
test_handed_and_told(void **state)
{
	struct ngt *t = begin("tb A.out - ts B.in/out - tb C.in/out - te E.in; tb F.out - te H.in; te I.in - tb F.in", 2);

	(void)state;
	burst_fn = then_tell;
	assert_int_equal(burst(t, 3), 0);
	ngt_settle(t);
	assert_memory_equal(trace, "A 3;B 3;C 3;E 3;", 16);
	assert_non_null(strstr(trace, "F -;"));
	(void)books(t);
	assert_int_equal(strlen(order), 4);
	assert_non_null(strstr(order, "abc"));
	end(t);
}

static void
test_queue_full(void **state)
{
	struct ngt *t = begin("tb A.out - te E.queue", 12);
	struct ngu_graph_stats s;

	(void)state;
	assert_int_equal(ngu_limit_set(G, NGU_L_NODEQUEUE, 2), 0);
	assert_int_equal(burst(t, 200), ENOBUFS);
	s = books(t);
	assert_int_equal(s.by_reason[NGU_R_QUEUE_FULL], 200 - 128);
	assert_int_equal(s.delivered, 200 + 128);
	assert_non_null(strstr(trace, "E 64;E 64;"));
	end(t);
}

/* A thread that is at home in another graph. */
static void
test_other_graph(void **state)
{
	struct ngt *t = begin("tb A.out - te E.in", 12);
	const struct ngu_graph_opts o = { .size = sizeof(o) };
	struct ngu_graph *far, *before;
	struct ngu_graph_stats s;

	(void)state;
	assert_int_equal(ngu_graph_create(&o, &far), 0);
	before = ngu_graph_enter(far);
	assert_int_equal(burst(t, 3), 0);
	assert_int_equal(burst(t, 1), 0);
	went("A 3;E 3;A -;E -;");
	ngu_graph_stats(far, &s);
	assert_int_equal(s.attempted, 0);
	assert_int_equal(books(t).delivered, 8);
	/* Its way out is one: what is queued in the meantime is served. */
	assert_int_equal(ngu_msg(G, "E:", cookie, 1, NULL, 0, NULL), 0);
	assert_int_equal(books(t).delivered, 14);
	(void)ngu_graph_enter(before);
	assert_int_equal(ngu_graph_destroy(far), 0);
	end(t);
}

static void
test_holes(void **state)
{
	struct ngt *t = begin("tb A.out - te E.in", 12);
	struct mbuf *v[5] = { NULL };
	struct ngu_graph_stats s;

	(void)state;
	v[1] = ngu_packet(G, "q", 1);
	v[3] = ngu_packet(G, "r", 1);
	assert_int_equal(ngu_port_send_burst(port, v, 5), 0);
	went("A 2;E 2;");
	arrived("qr");
	s = books(t);
	assert_int_equal(s.by_reason[NGU_R_NO_MBUF], 3);
	assert_int_equal(s.attempted, 3 + 4);
	memset(v, 0, sizeof(v));
	assert_int_equal(ngu_port_send_burst(port, v, 5), EINVAL);
	assert_int_equal(books(t).by_reason[NGU_R_NO_MBUF], 8);
	end(t);
}

/* A hook that leads nowhere: the method learns it at once, also in the middle of a burst. */
static void
test_dead_end(void **state)
{
	struct ngt *t = begin("tp A", 12);
	struct mbuf *v[2];

	(void)state;
	assert_int_equal(burst(t, 2), ENETDOWN);
	assert_int_equal(seen_error, ENETDOWN);
	went("A -;A -;");
	assert_int_equal(books(t).by_reason[NGU_R_NO_HOOK], 2);
	v[0] = ngu_packet(G, "a", 1);
	v[1] = NULL;
	assert_int_equal(ngu_send_burst(NULL, v, 2, 0), ENETDOWN);
	assert_int_equal(ngu_send_burst(NULL, v, 0, 0), 0);
	v[0] = NULL;
	assert_int_equal(ngu_send_burst(NULL, v, 2, 0), EINVAL);
	end(t);
}

static void
test_rewired(void **state)
{
	struct ngt *t = begin("tb A.out - te E.in; te F", 12);

	(void)state;
	assert_int_equal(burst(t, 2), 0);
	assert_int_equal(ngu_relink(G, "A:", "out", "F:", "in"), 0);
	assert_int_equal(burst(t, 2), 0);
	went("A 2;E 2;A 2;F 2;");
	assert_int_equal(ngu_rmhook(G, "A:", "out"), 0);
	assert_int_equal(burst(t, 2), ENETDOWN);
	went("A 2;");
	end(t);
}

static int
then_cut(hook_p hook, item_p item)
{
	hook_p to = other(hook);
	bool last = *mtod(NGI_M(item), char *) == 'b';

	NG_FWD_ITEM_HOOK(seen_error, item, to);
	if (last)
		ng_rmhook_self(to);
	return (seen_error);
}

/* What was sent before the hook was removed arrives. */
static void
test_cut_behind(void **state)
{
	struct ngt *t = begin("tp A.out - te E.in", 12);

	(void)state;
	plain_fn = then_cut;
	whatever = burst(t, 3);
	ngt_settle(t);
	assert_memory_equal(order, "ab", 2);
	end(t);
}

static int
then_end(hook_p hook, item_p item)
{
	bool last = *mtod(NGI_M(item), char *) == 'b';

	NG_FWD_ITEM_HOOK(seen_error, item, other(hook));
	if (last)
		ng_rmnode_self(NG_HOOK_NODE(hook));
	return (seen_error);
}

static void
test_end_self(void **state)
{
	struct ngt *t = begin("tp A.out - te E.in", 12);

	(void)state;
	plain_fn = then_end;
	whatever = burst(t, 3);
	ngt_settle(t);
	assert_memory_equal(order, "ab", 2);
	assert_int_equal(ngu_lookup(G, "A:", NULL), ENOENT);
	end(t);
}

static int
then_say(hook_p hook, item_p item)
{
	struct ng_mesg *msg;
	hook_p to = other(hook);
	int error = plain_forward(hook, item);

	NG_MKMESSAGE(msg, cookie, 2, 0, M_NOWAIT);
	assert_non_null(msg);
	NG_SEND_MSG_HOOK(whatever, NG_HOOK_NODE(to), msg, to, 0);
	return (error);
}

/* A message does not overtake the packets before it. */
static void
test_message_behind(void **state)
{
	struct ngt *t = begin("tp A.out - te E.in", 12);

	(void)state;
	plain_fn = then_say;
	assert_int_equal(burst(t, 2), 0);
	ngt_settle(t);
	assert_ptr_equal(strstr(trace, "A -;E 1;"), trace);
	arrived("ab");
	end(t);
}

static int
then_answer(hook_p hook, item_p item)
{
	struct ng_mesg *resp;
	int error = plain_forward(hook, item);

	if (asked != NULL) {
		NG_MKRESPONSE(resp, NGI_MSG(asked), 0, M_NOWAIT);
		assert_non_null(resp);
		NG_RESPOND_MSG(whatever, NG_HOOK_NODE(hook), asked, resp);
	}
	return (error);
}

/* Nor does an answer to somebody who waits. */
static void
test_answer_behind(void **state)
{
	struct ngt *t = begin("tp A.out - te E.in; te M", 12);
	struct ng_mesg *resp = NULL;

	(void)state;
	plain_fn = then_answer;
	assert_int_equal(ngu_msg(G, "M:", cookie, 3, NULL, 0, &resp), 0);
	assert_non_null(resp);
	ngu_msg_free(resp);
	ngt_settle(t);
	went("M msg;A -;E 1;A -;A -;E 2;");
	arrived("xyz");
	end(t);
}

/* Alone in its node a method may destroy the hook it is called for: what came with its packet by that hook is not lost unseen. */
static int
then_destroy(hook_p hook, item_p item)
{
	bool last = *mtod(NGI_M(item), char *) == 'b';
	int error = plain_forward(hook, item);

	if (last)
		ng_destroy_hook(hook);
	return (error);
}

static void
test_own_hook_gone(void **state)
{
	struct ngt *t = begin("tq A.out - te E.in", 12);
	struct ngu_graph_stats s;

	(void)state;
	plain_fn = then_destroy;
	assert_int_equal(burst(t, 5), ENETDOWN);
	went("A -;A -;E 2;");
	arrived("ab");
	ngu__rcl_barrier(); /* the hook is gone for good, and its bytes are the graph's */
	s = books(t);
	assert_int_equal(s.by_reason[NGU_R_NO_PEER], 3);
	assert_int_equal(s.delivered, 2 + 2);
	assert_int_equal(s.delivered_bytes, 2 * (1 + 2));
	end(t);
}

/* What a force-writer node sends at the depth limit goes when its turn is over. */
static void
test_force_writer_deep(void **state)
{
	struct ngt *t = begin("tw A.out - te E.in", 1);

	(void)state;
	assert_int_equal(burst(t, 3), 0);
	went("A 3;E 3;");
	arrived("abc");
	end(t);
	t = begin("tw A.out - ts B.in/out - tb C.in/out - te E.in", 2);
	burst_fn = in_copies;
	assert_int_equal(burst(t, 6), 0);
	went("A 6;B 6;C 2;C 2;C 2;E 2;E 2;E 2;");
	arrived("abcdef");
	assert_int_equal(books(t).queued_total, 0);
	end(t);
}

static int
emptied(hook_p hook, item_p item)
{
	struct mbuf *m;

	if (*mtod(NGI_M(item), char *) == 'b') {
		NGI_GET_M(item, m);
		m_freem(m);
	}
	return (plain_forward(hook, item));
}

/* An item without a packet is refused at once, behind what was sent before it. */
static void
test_empty_item(void **state)
{
	struct ngt *t = begin("tp A.out - te E.in", 12);

	(void)state;
	plain_fn = emptied;
	assert_int_equal(burst(t, 2), EINVAL);
	went("A -;A -;E 1;");
	arrived("a");
	assert_int_equal(books(t).by_reason[NGU_R_NO_MBUF], 1);
	end(t);
}

static _Thread_local int refuse_nth;

static bool
refuse_one(size_t size)
{
	(void)size;
	return (--refuse_nth != 0);
}

/* Each allocation on a burst's way is refused once: who sent it learns it, and no packet is lost or counted twice. */
static void
each_refused(const char *text, uint32_t depth, bool message)
{
	struct ngu_graph_stats s, before;
	struct ngt *t = begin(text, depth);
	struct mbuf *v[6];
	unsigned failed = 0;
	int error, at;

	ngu__zone_bypass(true);
	for (at = 1; at < 1000; at++) {
		before = books(t);
		for (unsigned i = 0; i < 6; i++)
			assert_non_null(v[i] = ngu_packet(G, &"abcdef"[i], 1));
		refuse_nth = at;
		ngu__port_alloc_hook = refuse_one;
		error = message ? ngu_msg(G, "E:", cookie, 1, NULL, 0, NULL) : ngu_port_send_burst(port, v, 6);
		ngu__port_alloc_hook = NULL;
		for (unsigned i = 0; message && i < 6; i++)
			ngu_packet_free(v[i]);
		s = books(t);
		if (refuse_nth > 0)
			break;
		failed += error != 0 || s.refused + s.dropped != before.refused + before.dropped;
		trace[0] = '\0';
	}
	ngu__zone_bypass(false);
	assert_in_range(at, 2, 999);
	assert_int_equal(failed, at - 1);
	assert_int_equal(error, 0);
	end(t);
}

static void
test_no_memory(void **state)
{
	(void)state;
	each_refused("tb A.out - te E.queue", 12, false);
	each_refused("tp A.out - te E.in", 12, false);
	burst_fn = in_copies;
	each_refused("tb A.out - ts B.in/out - tb C.in/out - te E.in", 2, false);
	each_refused("tb A.out - te E.in", 1, true);
}

/* There is room for the methods of so many types, and what was taken away makes room. */
static void
test_many_types(void **state)
{
	static struct ng_type many[600];
	unsigned n = 0;

	(void)state;
	while (n < 600 && ngu_type_set_burst(&many[n], te_rcvburst) == 0)
		n++;
	assert_in_range(n, 450, 512); /* other types have theirs */
	assert_int_equal(ngu_type_set_burst(&many[n], te_rcvburst), ENOMEM);
	assert_int_equal(ngu_type_set_burst(&many[n], NULL), 0);
	for (unsigned i = 0; i < n; i++) {
		assert_ptr_equal(ngu__type_burst(&many[i]), te_rcvburst);
		assert_int_equal(ngu_type_set_burst(&many[i], NULL), 0);
		assert_null(ngu__type_burst(&many[i]));
	}
	for (unsigned i = 0; i < 600; i++) {
		assert_int_equal(ngu_type_set_burst(&many[i], tb_rcvburst), 0);
		assert_ptr_equal(ngu__type_burst(&many[i]), tb_rcvburst);
		assert_int_equal(ngu_type_set_burst(&many[i], te_rcvburst), 0);
		assert_ptr_equal(ngu__type_burst(&many[i]), te_rcvburst);
		assert_int_equal(ngu_type_set_burst(&many[i], NULL), 0);
		assert_null(ngu__type_burst(&many[i]));
	}
	assert_ptr_equal(ngu__type_burst(&tb), tb_rcvburst);
}

/* Nodes that hooks give another receiver, and types that have lost their method, get packets one by one. */
static void
test_receivers(void **state)
{
	struct ngt *t = begin("tb A.out - te E.own", 12);

	(void)state;
	assert_int_equal(burst(t, 2), 0);
	went("A 2;E 2;"); /* the type's own */
	arrived("ab");
	end(t);
	t = begin("tb A.out - te E.strange/out - te F.in", 12);
	plain_fn = plain_forward;
	assert_int_equal(burst(t, 2), ENETDOWN);
	went("A 2;E -;E -;");
	end(t);
	assert_int_equal(ngu_type_set_burst(&te, NULL), 0);
	t = begin("tb A.out - te E.in", 12);
	assert_int_equal(burst(t, 2), 0);
	went("A 2;E -;E -;");
	assert_int_equal(ngu_type_set_burst(&te, te_rcvburst), 0);
	end(t);
}

static void
test_strict(void **state)
{
	struct ngt *t = begin("tb A.out - te E.in", 12);

	(void)state;
	assert_int_equal(ngu_graph_strict(G, NGU_STRICT_DEFAULT), 0);
	assert_int_equal(burst(t, 2), 0);
	went("A -;E -;A -;E -;");
	assert_int_equal(ngu_graph_strict(G, 0), 0);
	assert_int_equal(burst(t, 2), 0);
	went("A 2;E 2;");
	end(t);
}

/* From outside of any section, by a hook that is held. */
static void
test_outside(void **state)
{
	struct ngt *t = begin("tb A.out - te E.in", 12);
	struct ngu_graph *before = ngu_graph_enter(G);
	node_p node = ng_name2noderef(NULL, "A");
	struct mbuf *v[2];

	(void)state;
	for (int i = 0; i < 2; i++)
		v[i] = ngu_packet(G, &"uv"[i], 1);
	assert_int_equal(ngu_send_burst(ng_findhook(node, "out"), v, 2, 2), 0);
	went("E 2;");
	arrived("uv");
	NG_NODE_UNREF(node);
	(void)ngu_graph_enter(before);
	assert_int_equal(books(t).delivered, 2);
	end(t);
}

/* No number is left for receivers: a hook whose receiver has none gets packets one by one. (It stays so: this test is the last.) */
static void
test_no_numbers(void **state)
{
	static char fn[2 * NGU_RECEIVERS];
	struct ngt *t;
	unsigned n = 0;
	hook_p hook;
	node_p node;

	(void)state;
	while (n < sizeof(fn) && ngu__receiver_number((ng_rcvdata_t *)(uintptr_t)&fn[n], ngu__rcvburst_each) != 0)
		n++;
	assert_in_range(n, NGU_RECEIVERS - 64, NGU_RECEIVERS - 1);
	t = begin("tn A.out - te E.in", 12);
	assert_int_equal(burst(t, 2), 0);
	went("A -;A -;E 2;");
	assert_int_equal(ngu_graph_strict(G, NGU_STRICT_DEFAULT), 0);
	assert_int_equal(burst(t, 2), 0);
	went("A -;E -;A -;E -;");
	/* A strict hook gets a receiver without a number. */
	node = ng_name2noderef(NULL, "E");
	hook = ng_findhook(node, "in");
	ngu_k_hook_set_rcvdata(hook, tn_rcvdata2);
	assert_int_equal(burst(t, 2), 0);
	went("A -;E =;A -;E =;");
	assert_int_equal(ngu_graph_strict(G, 0), 0);
	assert_int_equal(burst(t, 2), 0);
	went("A -;A -;E =;E =;");
	ngu_k_hook_set_rcvdata(hook, te_rcvdata);
	assert_int_equal(burst(t, 2), 0);
	went("A -;A -;E 2;");
	ngu_k_hook_set_rcvdata(hook, tn_rcvdata2);
	assert_int_equal(burst(t, 2), 0);
	went("A -;A -;E =;E =;");
	NG_NODE_UNREF(node);
	end(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_hop),
		ngt_test(test_plain),
		ngt_test(test_turns),
		ngt_test(test_more_than_a_burst),
		ngt_test(test_force_writer),
		ngt_test(test_queue),
		ngt_test(test_closed),
		ngt_test(test_deep),
		ngt_test(test_handed_on),
		ngt_test(test_loop),
		ngt_test(test_handed_to_closed),
		ngt_test(test_handed_and_told),
		ngt_test(test_queue_full),
		ngt_test(test_other_graph),
		ngt_test(test_holes),
		ngt_test(test_dead_end),
		ngt_test(test_rewired),
		ngt_test(test_cut_behind),
		ngt_test(test_end_self),
		ngt_test(test_message_behind),
		ngt_test(test_answer_behind),
		ngt_test(test_own_hook_gone),
		ngt_test(test_force_writer_deep),
		ngt_test(test_empty_item),
		ngt_test(test_no_memory),
		ngt_test(test_many_types),
		ngt_test(test_receivers),
		ngt_test(test_strict),
		ngt_test(test_outside),
		ngt_test(test_no_numbers),
	};

	if (ngu_type_set_burst(&tb, tb_rcvburst) != 0 || ngu_type_set_burst(&tw, tb_rcvburst) != 0 ||
	    ngu_type_set_burst(&te, te_rcvburst) != 0 || ngu_type_set_burst(&ts, ts_rcvburst) != 0 || ng_newtype(&ts) != 0 || ngu_type_set_burst(&tn, tb_rcvburst) != 0 || ng_newtype(&tn) != 0 || ng_newtype(&tb) != 0 || ng_newtype(&tw) != 0 || ng_newtype(&te) != 0 ||
	    ng_newtype(&tp) != 0 || ng_newtype(&tq) != 0)
		return (1);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
