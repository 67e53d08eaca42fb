/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_watch.c - captures and traces: each packet that crosses a hook is seen once, whichever way it goes, and followed to its end.
 */
#include "support/unit.h"

#include <pthread.h>

#define IN NGU_CAP_IN
#define OUT NGU_CAP_OUT

static struct ngu_cap *
open_cap(struct ngu_graph *g, const char *path, const char *hook, uint32_t dirs)
{
	struct ngu_cap_opts o = { .size = sizeof(o), .dirs = dirs };
	struct ngu_cap *c;

	assert_int_equal(ngu_capture_open(g, path, hook, &o, &c), 0);
	return (c);
}

/* All that is in the buffer, as "<DIRECTION>HEX ..." of each packet; the capture stays. */
static const char *
text(struct ngu_cap *c)
{
	static _Alignas(8) char buf[65536];
	static char out[65536];
	struct ngu_cap_rec r;
	size_t got, at, n = 0;

	out[0] = '\0';
	while (whatever = ngu_capture_read(c, buf, sizeof(buf), &got), got != 0)
		for (at = 0; at < got; at += r.size) {
			memcpy(&r, buf + at, sizeof(r));
			assert_true(r.size % 8 == 0 && r.caplen <= r.len && at + r.size <= got);
			if (n + 8 > sizeof(out)) /* of a flood only the beginning is told */
				continue;
			n += (size_t)snprintf(out + n, sizeof(out) - n, "%s%c", n != 0 ? " " : "", r.dir == IN ? '<' : '>');
			for (uint32_t i = 0; i < r.caplen && n + 4 < sizeof(out); i++)
				n += (size_t)snprintf(out + n, sizeof(out) - n, "%02x", (unsigned char)buf[at + sizeof(r) + i]);
		}
	return (out);
}

static struct ngu_cap_stat
cap_stat(struct ngu_cap *c)
{
	struct ngu_cap_stat s;

	ngu_capture_stat(c, &s);
	return (s);
}

#define close_cap(c) assert_int_equal(ngu_capture_close(c), 0)

/* ---- captures: what is seen ---- */

static void
test_direct(void **state)
{
	struct ngt *t = traced(NGT_FORWARD, NGT_FORWARD, "probe p.x - a A.in; A.out - b B.in; B.out - probe q.x");
	struct ngu_cap *in = open_cap(G, "A:", "in", IN | OUT), *out = open_cap(G, "A:", "out", IN | OUT), *both = open_cap(G, "A:", "out", OUT);
	struct ngu_snapshot *s;

	(void)state;
	assert_int_equal(ngu_snapshot(G, &s), 0);
	for (uint32_t i = 0; i < s->nlinks; i++)
		for (int e = 0; e < 2; e++)
			assert_int_equal((NGU_SNAP_LINK(s, i)->end[e].flags & NGU_H_WATCHED) != 0,
			    strcmp(NGU_SNAP_NODE(s, NGU_SNAP_LINK(s, i)->end[e].node)->name, "A") == 0);
	ngu_inspect_free(s);
	ngt_send(ngt_probe(t, "p"), NULL, "01 02");
	ngt_send(ngt_probe(t, "q"), NULL, "03");
	ngt_expect(ngt_probe(t, "q"), NULL, "01 02");
	ngt_expect(ngt_probe(t, "p"), NULL, "03");
	assert_string_equal(text(in), "<0102 >03");
	assert_string_equal(text(out), ">0102 <03");
	assert_string_equal(text(both), ">0102");
	close_cap(out);
	ngt_send(ngt_probe(t, "p"), NULL, "04");
	ngt_send(ngt_probe(t, "q"), NULL, "05");
	assert_string_equal(text(in), "<04 >05");
	assert_string_equal(text(both), ">04");
	close_cap(in);
	close_cap(both);
	assert_int_equal(ngu_snapshot(G, &s), 0);
	for (uint32_t i = 0; i < s->nlinks; i++)
		assert_int_equal(NGU_SNAP_LINK(s, i)->end[0].flags | NGU_SNAP_LINK(s, i)->end[1].flags, 0);
	ngu_inspect_free(s);
	end_quietly(t);
}

/* Queued, by the sender and by the hook; into a force-writer node; addressed by hand. */
static void
test_queued(void **state)
{
	struct ngt *t = traced(NGT_FORWARD, NGT_FORWARD | NGT_EXCLUSIVE, "probe p.x - a A.in; A.out - b B.in; B.out - probe q.x");
	struct ngu_cap *a = open_cap(G, "A:", "in", IN | OUT), *b = open_cap(G, "B:", "in", IN | OUT);
	struct ng_node *node = node_of(t, "A");
	struct ngu_graph *before = ngu_graph_enter(G);
	hook_p hook = ng_findhook(node, "out");
	item_p item;

	(void)state;
	assert_int_equal(ngt_try_send_flags(ngt_probe(t, "p"), NULL, "01", 1), 0);
	assert_int_equal(ngt_try_send_flags(ngt_probe(t, "q"), NULL, "02", 1), 0);
	ngt_settle(t);
	(void)NGU_FOR_SC(&hook->hk_flags, HK_QUEUE);
	ngt_send(ngt_probe(t, "p"), NULL, "03");
	ngt_send(ngt_probe(t, "q"), NULL, "04");
	ngt_settle(t);
	assert_non_null(item = ng_package_data(ngt_to_mbuf(G, ngt_hex("05")), NG_NOFLAGS));
	assert_int_equal(ng_address_hook(NULL, item, ng_findhook(node, "in"), 0), 0);
	assert_int_equal(ng_snd_item(item, 0), 0);
	assert_string_equal(text(a), "<01 >02 <03 >04 >05");
	assert_string_equal(text(b), "<01 >02 <03 >04");
	close_cap(a);
	close_cap(b);
	(void)ngu_graph_enter(before);
	NG_NODE_UNREF(node);
	end_quietly(t);
}

/* More hops than may be nested: put off, and still once. */
static void
test_put_off(void **state)
{
	struct ngt *t = traced(NGT_FORWARD, NGT_FORWARD,
	    "probe p.x - a A.in; A.out - a B.in; B.out - a C.in; C.out - a D.in; D.out - a E.in; E.out - probe q.x");
	struct ngu_cap *c[5];
	char path[3] = "A:";

	(void)state;
	assert_int_equal(ngu_limit_set(G, NGU_L_DEPTH, 2), 0);
	for (int i = 0; i < 5; i++, path[0]++)
		c[i] = open_cap(G, path, i & 1 ? "out" : "in", IN | OUT);
	for (int i = 0; i < 3; i++)
		ngt_send(ngt_probe(t, "p"), NULL, "01");
	assert_int_equal(ngt_packets(ngt_probe(t, "q")), 3);
	for (int i = 0; i < 5; i++) {
		assert_string_equal(text(c[i]), i & 1 ? ">01 >01 >01" : "<01 <01 <01");
		close_cap(c[i]);
	}
	end_quietly(t);
}

/* A closed gate: laid aside, and then queued. */
static void
test_aside(void **state)
{
	struct ngt *t = traced(NGT_FORWARD, 0, "probe p.x - a A.in; A.out - probe q.x");
	struct ngu_cap *c = open_cap(G, "A:", "in", IN), *o = open_cap(G, "p:", "x", OUT);
	struct ng_node *node = node_of(t, "A");

	(void)state;
	assert_true(ngu__gate_try_w(&node->nd_gate));
	ngt_send(ngt_probe(t, "p"), NULL, "01");
	ngt_send(ngt_probe(t, "p"), NULL, "02");
	assert_string_equal(text(c), "");
	assert_string_equal(text(o), ">01 >02");
	(void)NGU_FAND_SC(&node->nd_gate, ~NGU_G_W);
	ngt_send(ngt_probe(t, "p"), NULL, "03");
	ngt_settle(t);
	assert_string_equal(text(c), "<01 <02 <03");
	assert_string_equal(text(o), ">03");
	close_cap(c);
	close_cap(o);
	NG_NODE_UNREF(node);
	end_quietly(t);
}

static void
rx_free(void *arg, struct mbuf *m)
{
	(*(unsigned *)arg)++;
	m_freem(m);
}

/* Bursts, into nodes that take them one by one, out of them again, and the other way round. */
static void
test_bursts(void **state)
{
	struct ngt *t = traced(NGT_FORWARD, NGT_FORWARD | NGT_EXCLUSIVE, "a A; A.out - b B.in");
	struct ngu_cap *a, *b, *o;
	struct ngu_port *p, *q;
	unsigned got = 0;
	struct mbuf *vec[3];
	char bytes[4];

	(void)state;
	assert_int_equal(ngu_graph_strict(G, 0), 0); /* it has packets looked at one by one */
	assert_int_equal(ngu_port_open(G, "A:", "in", NULL, NULL, &p), 0);
	assert_int_equal(ngu_port_open(G, "B:", "out", rx_free, &got, &q), 0);
	a = open_cap(G, "A:", "in", IN | OUT);
	o = open_cap(G, "A:", "out", IN | OUT);
	b = open_cap(G, "B:", "in", IN | OUT);
	for (int limit = 12; limit > 0; limit -= 11) {
		assert_int_equal(ngu_limit_set(G, NGU_L_DEPTH, (uint32_t)limit), 0);
		for (int i = 0; i < 3; i++) {
			(void)snprintf(bytes, sizeof(bytes), "%02d", i + 1);
			assert_non_null(vec[i] = ngt_to_mbuf(G, ngt_hex(bytes)));
		}
		assert_int_equal(ngu_port_send_burst(p, vec, 3), 0);
		ngt_settle(t);
		assert_string_equal(text(a), "<01 <02 <03");
		assert_string_equal(text(o), ">01 >02 >03");
		assert_string_equal(text(b), "<01 <02 <03");
	}
	assert_int_equal(got, 6);
	close_cap(a);
	close_cap(b);
	close_cap(o);
	ngu_port_close(p);
	ngu_port_close(q);
	end_quietly(t);
}

/* What is refused does not cross. */
static void
test_refused(void **state)
{
	struct ngt *t = traced(NGT_FORWARD, 0, "probe p.x - a A.in");
	struct ngu_cap *c = open_cap(G, "p:", "x", OUT), *in = open_cap(G, "A:", "in", IN);
	struct ng_node *node = node_of(t, "A");
	hook_p hook = ng_findhook(node, "in");

	(void)state;
	(void)NGU_FOR_SC(&hook->hk_flags, HK_INVALID);
	assert_int_equal(ngt_try_send(ngt_probe(t, "p"), NULL, "01"), ENETDOWN);
	(void)NGU_FAND_SC(&hook->hk_flags, ~HK_INVALID);
	assert_string_equal(text(c), "");
	assert_string_equal(text(in), "");
	close_cap(c);
	close_cap(in);
	NG_NODE_UNREF(node);
	end_quietly(t);
}

/* ---- captures: the buffer ---- */

static void
test_buffer(void **state)
{
	struct ngt *t = traced(0, 0, "probe p.x - a A.in");
	struct ngu_cap_opts o = { .size = sizeof(o), .dirs = IN, .buffer = 1, .snaplen = 5 };
	_Alignas(8) char buf[4096];
	struct ngu_cap_stat s;
	struct ngu_cap_rec r;
	struct ngu_cap *c;
	uint32_t n = 0, round, i;
	size_t got, at;

	(void)state;
	assert_int_equal(ngu_capture_open(G, "A:", "in", &o, &c), 0);
	/* 32 bytes a record, 128 of them. */
	for (i = 0; i < 200; i++)
		ngt_send(ngt_probe(t, "p"), NULL, "00 01 02 03 04 05 06");
	s = cap_stat(c);
	assert_int_equal(s.seen, 200);
	assert_int_equal(s.stored, 128);
	assert_int_equal(s.dropped, 72);
	assert_int_equal(s.ended, 0);
	assert_int_equal(ngu_capture_read(c, buf, 31, &got), EMSGSIZE);
	assert_int_equal(got, 0);
	assert_int_equal(ngu_capture_read(c, buf, 100, &got), 0);
	assert_int_equal(got, 96);
	memcpy(&r, buf, sizeof(r));
	assert_int_equal(r.len, 7);
	assert_int_equal(r.caplen, 5);
	assert_memory_equal(buf + sizeof(r), "\0\1\2\3\4", 5);
	assert_int_equal(ngu_capture_read(c, buf, sizeof(buf), &got), 0);
	assert_int_equal(got, 125 * 32);
	assert_int_equal(ngu_capture_read(c, buf, sizeof(buf), &got), 0);
	assert_int_equal(got, 0);
	close_cap(c);
	/* Records of many lengths, round and round the buffer. */
	o.snaplen = 0;
	assert_int_equal(ngu_capture_open(G, "A:", "in", &o, &c), 0);
	for (round = 0; round < 300; round++) {
		for (i = 0; i < 1 + round % 7; i++)
			ngt_send(ngt_probe(t, "p"), NULL, ngt_pattern((round * 13 + i) % 400, round + i));
		assert_int_equal(ngu_capture_read(c, buf, sizeof(buf), &got), 0);
		for (at = 0, i = 0; at < got; at += r.size, i++, n++) {
			struct ngt_pkt want = ngt_pattern((round * 13 + i) % 400, round + i);

			memcpy(&r, buf + at, sizeof(r));
			ngt_expect_bytes(want.b, want.len, buf + at + sizeof(r), r.caplen);
		}
		assert_int_equal(i, 1 + round % 7);
	}
	s = cap_stat(c);
	assert_int_equal(s.seen, n);
	assert_int_equal(s.stored, n);
	assert_int_equal(s.dropped, 0);
	close_cap(c);
	end_quietly(t);
}

static void
count_cap(void *arg, const struct ngu_cap_rec *rec, const struct mbuf *m)
{
	uint32_t *sum = arg;
	uint8_t b;

	assert_int_equal(ngu_packet_read(m, 0, &b, 1), 1);
	assert_int_equal(rec->len, ngu_packet_len(m));
	*sum += b;
}

/* The end of a capture: its limit, its hook's death, and a graph that waits for it. */
static void
test_ends(void **state)
{
	struct ngt *t = traced(0, 0, "probe p.x - a A.in");
	struct ngu_cap_opts o = { .size = sizeof(o), .dirs = IN, .limit = 3 };
	struct ngu_cap *c, *l, *f;
	uint32_t sum = 0;
	size_t got;
	char buf[8];

	(void)state;
	assert_int_equal(ngu_capture_open(G, "A:", "in", &o, &l), 0);
	o.fn = count_cap;
	o.arg = &sum;
	o.limit = 0;
	assert_int_equal(ngu_capture_open(G, "A:", "in", &o, &f), 0);
	c = open_cap(G, "A:", "in", IN);
	for (int i = 0; i < 5; i++)
		ngt_send(ngt_probe(t, "p"), NULL, "03");
	assert_int_equal(cap_stat(l).seen, 3);
	assert_int_equal(cap_stat(l).ended, 1);
	assert_string_equal(text(l), "<03 <03 <03");
	assert_int_equal(ngu_capture_read(l, buf, sizeof(buf), &got), ENXIO);
	assert_int_equal(sum, 15);
	assert_int_equal(cap_stat(f).seen, 5);
	assert_int_equal(ngu_capture_read(f, buf, sizeof(buf), &got), EINVAL);
	assert_int_equal(ngu_rmhook(G, "A:", "in"), 0);
	ngu_reclaim_barrier();
	assert_int_equal(cap_stat(c).ended, 1);
	assert_string_equal(text(c), "<03 <03 <03 <03 <03");
	assert_int_equal(ngu_capture_read(c, buf, sizeof(buf), &got), ENXIO);
	assert_int_equal(ngu_shutdown(G, "A:"), 0);
	ngu__epoch_enter();
	assert_int_equal(ngu_capture_close(c), EDEADLK);
	ngu__epoch_leave();
	close_cap(c);
	close_cap(l);
	close_cap(f);
	assert_int_equal(ngu_capture_close(NULL), 0);
	ngu_reclaim_barrier();
	expect_alive(t, 1, 0);
	end_quietly(t);
}

static void
test_arguments(void **state)
{
	struct ngt *t = traced(0, 0, "probe p.x - a A.in");
	struct ngu_cap_opts good = { .size = sizeof(good), .dirs = IN }, o;
	struct ngu_trace *tr;
	struct ngu_cap *c;

	(void)state;
	o = good;
	assert_int_equal(ngu_capture_open(NULL, "A:", "in", &o, &c), EINVAL);
	assert_int_equal(ngu_capture_open(G, NULL, "in", &o, &c), EINVAL);
	assert_int_equal(ngu_capture_open(G, "A:", NULL, &o, &c), EINVAL);
	assert_int_equal(ngu_capture_open(G, "A:", "in", NULL, &c), EINVAL);
	assert_int_equal(ngu_capture_open(G, "A:", "in", &o, NULL), EINVAL);
	assert_int_equal(ngu_capture_open(G, "A:", "out", &o, &c), ENOENT);
	assert_int_equal(ngu_capture_open(G, "B:", "in", &o, &c), ENOENT);
	o.size--;
	assert_int_equal(ngu_capture_open(G, "A:", "in", &o, &c), EINVAL);
	o = good;
	o.dirs = 0;
	assert_int_equal(ngu_capture_open(G, "A:", "in", &o, &c), EINVAL);
	o.dirs = 4 | IN;
	assert_int_equal(ngu_capture_open(G, "A:", "in", &o, &c), EINVAL);
	o = good;
	o.buffer = NGU_CAP_BUFFER_MOST + 1;
	assert_int_equal(ngu_capture_open(G, "A:", "in", &o, &c), EINVAL);
	assert_null(c);
	o.buffer = 0;
	assert_int_equal(ngu_trace_start(NULL, "A:", NULL, 1), EINVAL);
	assert_int_equal(ngu_trace_start(G, NULL, NULL, 1), EINVAL);
	assert_int_equal(ngu_trace_start(G, "A:", NULL, 0), EINVAL);
	assert_int_equal(ngu_trace_start(G, "A:", NULL, NGU_TRACE_MOST + 1), EINVAL);
	assert_int_equal(ngu_trace_start(G, "A:", "out", 1), ENOENT);
	assert_int_equal(ngu_trace_start(G, "B:", NULL, 1), ENOENT);
	assert_int_equal(ngu_trace_read(G, &tr), ENOENT);
	assert_int_equal(ngu_trace_read(G, NULL), EINVAL);
	assert_int_equal(ngu_trace_read(NULL, &tr), EINVAL);
	assert_int_equal(ngu_trace_stop(G), ENOENT);
	assert_int_equal(ngu_trace_stop(NULL), EINVAL);
	ngu__epoch_enter();
	assert_int_equal(ngu_capture_open(G, "A:", "in", &o, &c), EDEADLK);
	assert_int_equal(ngu_trace_start(G, "A:", NULL, 1), EDEADLK);
	assert_int_equal(ngu_trace_read(G, &tr), EDEADLK);
	assert_int_equal(ngu_trace_stop(G), EDEADLK);
	ngu__epoch_leave();
	for (sweep_at = 1; sweep_at < 4; sweep_at++) {
		sweep_seen = 0;
		ngu__port_alloc_hook = sweep;
		whatever = ngu_capture_open(G, "A:", "in", &o, &c);
		ngu__port_alloc_hook = NULL;
		assert_int_equal(whatever, sweep_at <= 2 ? ENOMEM : 0);
		assert_true((c == NULL) == (whatever != 0));
		close_cap(c);
	}
	sweep_at = 1;
	for (int i = 0; i < 2; i++) {
		sweep_seen = 0;
		ngu__port_alloc_hook = sweep;
		whatever = i == 0 ? ngu_trace_start(G, "A:", NULL, 1) : ngu_trace_read(G, &tr);
		ngu__port_alloc_hook = NULL;
		assert_int_equal(whatever, ENOMEM);
		if (i == 0)
			assert_int_equal(ngu_trace_start(G, "A:", NULL, 1), 0);
	}
	assert_int_equal(ngu_trace_start(G, "A:", NULL, 1), EBUSY);
	assert_int_equal(ngu_trace_stop(G), 0);
	end_quietly(t);
}

/* ---- traces ---- */

/* "PACKET:EVENT NODE/HOOK [how] [reason]; ..." of all records. */
static const char *
story(struct ngu_graph *g)
{
	static const char *const event[] = { "delivered", "put-off", "aside", "queued", "refused" };
	static char out[16384];
	struct ngu_trace *tr;
	size_t n = 0;

	out[0] = '\0';
	assert_int_equal(ngu_trace_read(g, &tr), 0);
	assert_int_equal(tr->block.kind, NGU_B_TRACE);
	assert_int_equal(tr->block.size, sizeof(*tr) + tr->nrecs * sizeof(struct ngu_trace_rec));
	for (uint32_t i = 0; i < tr->nrecs; i++) {
		const struct ngu_trace_rec *r = NGU_TRACE_REC(tr, i);

		assert_int_equal(r->done, 1);
		assert_in_range(r->packet, 1, tr->packets);
		if (i > 0)
			assert_true(r->at_ns >= NGU_TRACE_REC(tr, i - 1)->at_ns);
		n += (size_t)snprintf(out + n, sizeof(out) - n, "%s%u:%s %s/%s", n != 0 ? "; " : "", r->packet, event[r->event], r->name, r->hook);
		if (r->how != 0)
			n += (size_t)snprintf(out + n, sizeof(out) - n, " after %s", event[r->how]);
		if (r->event == NGU_T_REFUSED)
			n += (size_t)snprintf(out + n, sizeof(out) - n, " %s", ngu_reason_name((enum ngu_reason)r->reason));
		if (r->result > 0)
			n += (size_t)snprintf(out + n, sizeof(out) - n, " =%d", r->result);
		if (r->count != 1)
			n += (size_t)snprintf(out + n, sizeof(out) - n, " x%u", r->count);
	}
	ngu_inspect_free(tr);
	return (out);
}

/* Two packets of four, hop by hop; those before, behind, and elsewhere are not in it. */
static void
test_trace(void **state)
{
	struct ngt *t = traced(NGT_FORWARD, NGT_FORWARD | NGT_EXCLUSIVE, "probe p.x - a A.in; A.out - b B.in; B.out - probe q.x; a C.in - probe r.x");
	const struct ngu_trace_rec *r;
	struct ngu_trace *tr;
	uint32_t id;

	(void)state;
	ngt_send(ngt_probe(t, "p"), NULL, "01 02 03");
	assert_int_equal(ngu_trace_start(G, "A:", "in", 2), 0);
	assert_string_equal(story(G), "");
	for (int i = 0; i < 3; i++) {
		ngt_send(ngt_probe(t, "r"), NULL, "01");
		ngt_send(ngt_probe(t, "q"), NULL, "01");
		ngt_send(ngt_probe(t, "p"), NULL, "01 02 03");
	}
	assert_string_equal(story(G), "1:delivered A/in; 1:delivered B/in; 1:delivered q/x; 2:delivered A/in; 2:delivered B/in; 2:delivered q/x");
	assert_int_equal(ngu_trace_read(G, &tr), 0);
	assert_int_equal(tr->packets, 2);
	assert_int_equal(tr->started, 2);
	assert_int_equal(tr->lost, 0);
	r = NGU_TRACE_REC(tr, 1);
	assert_int_equal(ngu_lookup(G, "B:", &id), 0);
	assert_int_equal(r->node, id);
	assert_int_equal(ngu_lookup(G, "A:", &id), 0);
	assert_int_equal(r->far_node, id);
	assert_string_equal(r->far_hook, "out");
	assert_string_equal(r->type, "b");
	assert_int_equal(r->len, 3);
	assert_int_equal(r->thread, ngu__self()->id);
	assert_true(r->took_ns >= NGU_TRACE_REC(tr, 2)->took_ns && r->took_ns <= NGU_TRACE_REC(tr, 0)->took_ns);
	assert_true(r->depth == NGU_TRACE_REC(tr, 0)->depth + 1);
	ngu_inspect_free(tr);
	/* Nobody is looked at any more, once it was read. */
	{
		struct ngu_node_stat *st;

		assert_int_equal(ngu_node_stat(G, "A:", &st), 0);
		for (uint32_t i = 0; i < st->nhooks; i++)
			assert_int_equal(NGU_NODE_HOOK(st, i)->flags, 0);
		ngu_inspect_free(st);
	}
	assert_int_equal(ngu_trace_stop(G), 0);
	assert_int_equal(ngu__self()->trace, 0);
	end_quietly(t);
}

/* By any hook of the node; and what comes of each packet at a node that has several to send to. */
static void
test_trace_node(void **state)
{
	struct ngt *t = ngt_graph("hub h; h.a - probe p.x; h.b - probe q.x; h.c - probe r.x");

	(void)state;
	assert_int_equal(ngu_trace_start(G, "h:", NULL, 9), 0);
	ngt_send(ngt_probe(t, "p"), NULL, "01");
	assert_string_equal(story(G), "1:delivered h/a; 1:delivered r/x; 1:delivered q/x");
	ngt_refuse(ngt_probe(t, "p"), EPERM);
	whatever = ngt_try_send(ngt_probe(t, "r"), NULL, "01");
	assert_non_null(strstr(story(G), "; 2:delivered h/c =1; 2:delivered q/x; 2:delivered p/x =1"));
	assert_int_equal(ngu_trace_stop(G), 0);
	ngt_end(t);
}

/* All that can make it wait. */
static void
test_trace_waits(void **state)
{
	struct ngt *t = traced(NGT_FORWARD, NGT_FORWARD | NGT_EXCLUSIVE,
	    "probe p.x - a A.in; A.out - a B.in; B.out - a C.in; C.out - b D.in; D.out - probe q.x");
	struct ng_node *node = node_of(t, "B");
	struct ngu_graph *before = ngu_graph_enter(G);
	hook_p hook = ng_findhook(node, "in");

	(void)state;
	assert_int_equal(ngu_limit_set(G, NGU_L_DEPTH, 2), 0);
	assert_int_equal(ngu_trace_start(G, "A:", "in", 9), 0);
	ngt_send(ngt_probe(t, "p"), NULL, "01");
	assert_string_equal(story(G), "1:delivered A/in; 1:delivered B/in; 1:put-off C/in; 1:delivered C/in after put-off; 1:put-off D/in; "
	    "1:delivered D/in after put-off; 1:put-off q/x; 1:delivered q/x after put-off");
	assert_int_equal(ngu_trace_stop(G), 0);
	assert_int_equal(ngu_limit_set(G, NGU_L_DEPTH, 12), 0);

	(void)NGU_FOR_SC(&hook->hk_flags, HK_QUEUE);
	assert_int_equal(ngu_trace_start(G, "A:", "in", 1), 0);
	ngt_send(ngt_probe(t, "p"), NULL, "02");
	ngt_settle(t);
	assert_string_equal(story(G), "1:delivered A/in; 1:queued B/in; 1:delivered B/in after queued; 1:delivered C/in; 1:delivered D/in; "
	    "1:delivered q/x");
	assert_int_equal(ngu_trace_stop(G), 0);
	(void)NGU_FAND_SC(&hook->hk_flags, ~HK_QUEUE);

	assert_int_equal(ngu_trace_start(G, "A:", "in", 1), 0);
	assert_true(ngu__gate_try_w(&node->nd_gate));
	ngt_send(ngt_probe(t, "p"), NULL, "03");
	(void)NGU_FAND_SC(&node->nd_gate, ~NGU_G_W);
	ngt_send(ngt_probe(t, "p"), NULL, "04"); /* serves what the first one has left */
	ngt_settle(t);
	assert_non_null(strstr(story(G), "1:delivered A/in; 1:aside B/in; 1:queued B/in after aside; 1:delivered B/in after queued; "));
	assert_int_equal(ngu_trace_stop(G), 0);
	assert_int_equal(ngt_packets(ngt_probe(t, "q")), 4);
	(void)ngu_graph_enter(before);
	NG_NODE_UNREF(node);
	end_quietly(t);
}

/* Why it went no further; a burst is one. */
static void
test_trace_ends(void **state)
{
	struct ngt *t = traced(NGT_FORWARD, NGT_NO_RCVDATA, "a A; A.out - b B.in");
	struct ngu_port *p;
	struct mbuf *vec[3];

	(void)state;
	assert_int_equal(ngu_graph_strict(G, 0), 0);
	assert_int_equal(ngu_port_open(G, "A:", "in", NULL, NULL, &p), 0);
	assert_int_equal(ngu_trace_start(G, "A:", "in", 5), 0);
	assert_int_equal(ngu_port_send(p, ngt_to_mbuf(G, ngt_hex("01"))), 0);
	assert_string_equal(story(G), "1:delivered A/in; 1:delivered B/in");
	for (int i = 0; i < 3; i++)
		assert_non_null(vec[i] = ngt_to_mbuf(G, ngt_hex("02")));
	assert_int_equal(ngu_port_send_burst(p, vec, 3), 0);
	assert_non_null(strstr(story(G), "; 2:delivered A/in x3; 2:delivered B/in x3"));
	{
		struct ng_node *node = node_of(t, "B");
		hook_p hook = ng_findhook(node, "in");

		(void)NGU_FOR_SC(&hook->hk_flags, HK_INVALID);
		assert_int_equal(ngu_port_send(p, ngt_to_mbuf(G, ngt_hex("03"))), ENETDOWN);
		(void)NGU_FAND_SC(&hook->hk_flags, ~HK_INVALID);
		NG_NODE_UNREF(node);
	}
	assert_non_null(strstr(story(G), "; 3:delivered A/in =100; 3:refused A/out no-peer"));
	assert_int_equal(ngu_trace_stop(G), 0);
	ngu_port_close(p);
	end_quietly(t);
}

/* A packet that waits longer than its trace is not in the next one. */
static void
test_trace_again(void **state)
{
	struct ngt *t = traced(NGT_FORWARD, 0, "probe p.x - a A.in; A.out - b B.in");
	struct ng_node *node = node_of(t, "B");
	struct ngu_graph *before = ngu_graph_enter(G);
	hook_p hook = ng_findhook(node, "in");

	(void)state;
	(void)NGU_FOR_SC(&hook->hk_flags, HK_QUEUE);
	for (int i = 0; i < 6; i++) { /* more numbers than there are */
		assert_int_equal(ngu_trace_start(G, "A:", "in", NGU_TRACE_MOST), 0);
		ngu__epoch_enter();
		ngt_send(ngt_probe(t, "p"), NULL, "01");
		ngu__data_leave(ngu__self());
		assert_string_equal(story(G), "1:delivered A/in; 1:queued B/in");
		assert_int_equal(ngu_trace_stop(G), 0);
		assert_int_equal(ngu_trace_start(G, "A:", "in", 5), 0);
		ngu__data_enter(ngu__self(), G);
		ngu__epoch_leave();
		ngt_settle(t);
		assert_string_equal(story(G), "");
		assert_int_equal(ngu_trace_stop(G), 0);
	}
	/* Left on when the graph ends. */
	assert_int_equal(ngu_trace_start(G, "A:", "in", 5), 0);
	(void)ngu_graph_enter(before);
	NG_NODE_UNREF(node);
	end_quietly(t);
}

/* No room for all of it. */
static void
test_trace_full(void **state)
{
	struct ngt *t = traced(0, 0, "hub h; h.a - probe p.x");
	struct ngu_trace *tr;
	char add[64];

	(void)state;
	for (int i = 0; i < 40; i++) {
		(void)snprintf(add, sizeof(add), "h.h%d - a A%d.x", i, i);
		ngt_add(t, add);
	}
	assert_int_equal(ngu_trace_start(G, "h:", "a", 100), 0);
	for (int i = 0; i < 200; i++)
		ngt_send(ngt_probe(t, "p"), NULL, "01");
	assert_int_equal(ngu_trace_read(G, &tr), 0);
	assert_int_equal(tr->started, 100);
	assert_int_equal(tr->nrecs + tr->lost, 4100);
	ngu_inspect_free(tr);
	assert_int_equal(ngu_trace_stop(G), 0);
	assert_int_equal(ngu_trace_start(G, "h:", "a", 10), 0);
	for (int i = 0; i < 200; i++)
		ngt_send(ngt_probe(t, "p"), NULL, "01");
	assert_int_equal(ngu_trace_read(G, &tr), 0);
	assert_int_equal(tr->nrecs, 410);
	assert_int_equal(tr->lost, 0);
	ngu_inspect_free(tr);
	assert_int_equal(ngu_trace_stop(G), 0);
	end_quietly(t);
}

/* ---- opened and closed under full traffic ---- */

#define SENDERS 2
#define EACH 20000u

struct traffic {
	struct ngu_graph *g;
	struct ngu_port *port[SENDERS];
	_Atomic uint32_t running, bad, got;
};

struct sender {
	struct traffic *tr;
	unsigned i;
};

static void *
send_many(void *arg)
{
	struct sender *s = arg;
	struct ngu_port *p = s->tr->port[s->i];
	struct ngu_graph *g = s->tr->g;
	struct mbuf *vec[8];
	uint32_t i, k;
	char b[2] = { 0 };

	for (i = 0; i < EACH; i += k) {
		k = i % 3 == 0 && EACH - i >= 8 ? 8 : 1;
		for (uint32_t j = 0; j < k; j++)
			if ((vec[j] = ngu_packet(g, b, sizeof(b))) == NULL)
				s->tr->bad++;
		if ((k == 8 ? ngu_port_send_burst(p, vec, 8) : ngu_port_send(p, vec[0])) != 0)
			s->tr->bad++;
	}
	s->tr->running--;
	return (NULL);
}

static void
rx_count(void *arg, struct mbuf *m)
{
	((struct traffic *)arg)->got++;
	m_freem(m);
}

static void
count_all(void *arg, const struct ngu_cap_rec *rec, const struct mbuf *m)
{
	(void)m;
	(*(_Atomic uint32_t *)arg) += rec->dir;
}

/* In front of A, an exclusive node, and B behind it: all are seen by those who were there all the time, none twice. */
static void
test_storm(void **state)
{
	struct ngt *t = traced(NGT_FORWARD | NGT_EXCLUSIVE, NGT_FORWARD, "a A; A.zz - b B.in");
	struct traffic tr = { .g = G, .running = SENDERS };
	struct ngu_cap_opts o = { .size = sizeof(o), .dirs = IN, .fn = count_all };
	struct ngu_cap *all, *from, *c, *d;
	_Atomic uint32_t seen = 0, some = 0;
	struct sender s[SENDERS];
	pthread_t th[SENDERS];
	struct ngu_port *out;
	struct ngu_trace *trace;
	char name[8];
	uint32_t rounds = 0;

	(void)state;
	assert_int_equal(ngu_graph_strict(G, 0), 0);
	assert_int_equal(ngu_limit_set(G, NGU_L_NODEQUEUE, 1000000), 0);
	ngt_trace_clear();
	assert_int_equal(ngu_port_open(G, "B:", "out", rx_count, &tr, &out), 0);
	for (unsigned i = 0; i < SENDERS; i++) {
		(void)snprintf(name, sizeof(name), "hub%u", i);
		assert_int_equal(ngu_mknode(G, "hub", name, NULL), 0);
		(void)snprintf(name, sizeof(name), "hub%u:", i);
		assert_int_equal(ngu_port_open(G, name, "in", NULL, NULL, &tr.port[i]), 0);
	}
	assert_int_equal(ngu_connect(G, "hub0:", "out", "B:", "b0"), 0);
	assert_int_equal(ngu_connect(G, "hub1:", "out", "A:", "a1"), 0);
	o.arg = &seen;
	assert_int_equal(ngu_capture_open(G, "hub0:", "in", &o, &all), 0);
	o.arg = &some;
	o.dirs = OUT;
	assert_int_equal(ngu_capture_open(G, "hub1:", "out", &o, &from), 0);
	for (unsigned i = 0; i < SENDERS; i++) {
		s[i] = (struct sender){ &tr, i };
		assert_int_equal(pthread_create(&th[i], NULL, send_many, &s[i]), 0);
	}
	do {
		c = open_cap(G, "A:", "a1", IN | OUT);
		d = open_cap(G, "hub0:", "in", IN);
		assert_int_equal(ngu_trace_start(G, rounds & 1 ? "A:" : "hub0:", NULL, 20), 0);
		assert_int_equal(ngu_rmhook(G, "B:", "none"), 0); /* closes its gate */
		(void)text(c);
		(void)text(d);
		assert_int_equal(ngu_trace_read(G, &trace), 0);
		ngu_inspect_free(trace);
		assert_int_equal(ngu_trace_stop(G), 0);
		close_cap(c);
		close_cap(d);
		rounds++;
	} while (tr.running != 0);
	for (unsigned i = 0; i < SENDERS; i++)
		(void)pthread_join(th[i], NULL);
	ngt_settle(t);
	assert_int_equal(tr.bad, 0);
	assert_int_equal(seen, EACH * IN);
	assert_int_equal(some, EACH * OUT);
	assert_int_equal(cap_stat(all).seen, EACH);
	close_cap(all);
	close_cap(from);
	for (unsigned i = 0; i < SENDERS; i++)
		ngu_port_close(tr.port[i]);
	ngu_port_close(out);
	end_quietly(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_direct),
		ngt_test(test_queued),
		ngt_test(test_put_off),
		ngt_test(test_aside),
		ngt_test(test_bursts),
		ngt_test(test_refused),
		ngt_test(test_buffer),
		ngt_test(test_ends),
		ngt_test(test_arguments),
		ngt_test(test_trace),
		ngt_test(test_trace_node),
		ngt_test(test_trace_waits),
		ngt_test(test_trace_ends),
		ngt_test(test_trace_again),
		ngt_test(test_trace_full),
		ngt_test(test_storm),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
