/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_inspect.c - a graph and a node as flat blocks, and what is remembered of refusals.
 */
#include "support/unit.h"

#include <pthread.h>
#include <stdlib.h>

/* A copy elsewhere in memory, the block itself overwritten and freed: what is read from the copy is in the block. */
static void *
moved(void *block)
{
	struct ngu_block *b = block;
	size_t size = (size_t)b->size;
	void *copy;

	assert_int_equal(b->version, NGU_B_VERSION);
	assert_non_null(copy = ngu__port_alloc(size, 16));
	memcpy(copy, block, size);
	memset(block, 0xa5, size);
	ngu_inspect_free(block);
	return (copy);
}

static struct ngu_snapshot *
snapshot(struct ngu_graph *g)
{
	struct ngu_snapshot *s;

	assert_int_equal(ngu_snapshot(g, &s), 0);
	assert_int_equal(s->block.kind, NGU_B_SNAPSHOT);
	assert_int_equal(s->block.size, s->links_off + s->nlinks * sizeof(struct ngu_snap_link));
	return (moved(s));
}

static const struct ngu_snap_node *
snap_node(const struct ngu_snapshot *s, const char *name)
{
	for (uint32_t i = 0; i < s->nnodes; i++)
		if (strcmp(NGU_SNAP_NODE(s, i)->name, name) == 0)
			return (NGU_SNAP_NODE(s, i));
	return (NULL);
}

/* The end of the link that is hook `hook` of the node called so. */
static const struct ngu_snap_end *
snap_end(const struct ngu_snapshot *s, const char *name, const char *hook, const struct ngu_snap_end **other)
{
	const struct ngu_snap_end *found = NULL;

	for (uint32_t i = 0; i < s->nlinks; i++)
		for (unsigned e = 0; e < 2; e++) {
			const struct ngu_snap_end *end = &NGU_SNAP_LINK(s, i)->end[e];

			if (strcmp(NGU_SNAP_NODE(s, end->node)->name, name) != 0 || strcmp(end->hook, hook) != 0)
				continue;
			assert_null(found);
			found = end;
			*other = &NGU_SNAP_LINK(s, i)->end[!e];
		}
	return (found);
}

static void
test_snapshot(void **state)
{
	struct ngt *t = traced(NGT_FORWARD, NGT_EXCLUSIVE, "probe p.x - a A.in; A.out - b B.in; B.self - B.other; a lonely");
	const struct ngu_snap_end *e, *o;
	struct ngu_snapshot *s;
	uint32_t id, i;

	(void)state;
	for (i = 0; i < 3; i++)
		ngt_send(ngt_probe(t, "p"), NULL, "00 01 02 03");
	assert_int_equal(ngu_rmhook(G, "A:", "none"), 0);
	s = snapshot(G);
	assert_int_equal(s->flags, 0);
	assert_int_equal(s->nnodes, 4);
	assert_int_equal(s->nlinks, 3);
	assert_int_equal(s->nodes_made[0], 4);
	assert_int_equal(s->hooks_made[1], 6);
	for (i = 1; i < s->nnodes; i++)
		assert_true(NGU_SNAP_NODE(s, i - 1)->id < NGU_SNAP_NODE(s, i)->id);
	assert_int_equal(ngu_lookup(G, "B:", &id), 0);
	assert_int_equal(snap_node(s, "B")->id, id);
	assert_string_equal(snap_node(s, "B")->type, "b");
	assert_int_equal(snap_node(s, "B")->hooks, 3);
	assert_int_equal(snap_node(s, "B")->flags, NGU_N_FORCE_WRITER);
	assert_int_equal(snap_node(s, "A")->flags, 0);
	assert_int_equal(snap_node(s, "lonely")->hooks, 0);
	assert_non_null(e = snap_end(s, "A", "out", &o));
	assert_string_equal(NGU_SNAP_NODE(s, o->node)->name, "B");
	assert_string_equal(o->hook, "in");
	assert_int_equal(o->id, id);
	assert_int_equal(o->packets, 3);
	assert_int_equal(o->bytes, 12);
	assert_int_equal(e->packets, 0);
	assert_int_equal(e->flags, 0);
	assert_non_null(e = snap_end(s, "B", "self", &o));
	assert_int_equal(o->node, e->node);
	assert_non_null(snap_end(s, "p", "x", &o));
	ngu_inspect_free(s);
	ngt_end(t);
}

/* What waits, and how often it was refused, is told at its place. */
static void
test_queued(void **state)
{
	struct ngt *t = traced(0, 0, "probe p.x - a A.x; probe q.x - a A.y");
	struct ngu_graph *before = ngu_graph_enter(G);
	const struct ngu_snap_end *o;
	struct ngu_snapshot *s;
	struct ngu_node_stat *st;

	(void)state;
	assert_int_equal(ngu_limit_set(G, NGU_L_NODEQUEUE, 3), 0);
	ngu__epoch_enter();
	for (int i = 0; i < 5; i++)
		whatever += ngt_try_send_flags(ngt_probe(t, "p"), NULL, "00", 1);
	assert_int_equal(ngu_snapshot(G, &s), EDEADLK);
	assert_int_equal(ngu_node_stat(G, "A:", &st), EDEADLK);
	assert_null(st);
	ngu__data_leave(ngu__self()); /* as ngu__epoch_leave(), but for what it then serves */
	s = snapshot(G);
	assert_int_equal(snap_node(s, "A")->queued, 3);
	assert_true((snap_node(s, "A")->flags & NGU_N_QUEUE) != 0);
	assert_int_equal(snap_end(s, "A", "x", &o)->refused, 2);
	ngu_inspect_free(s);
	assert_int_equal(ngu_node_stat(G, "A:", &st), 0);
	st = moved(st);
	assert_int_equal(st->queued, 3);
	assert_int_equal(st->queue_limit, 3);
	assert_int_equal(st->queue_high, 3);
	assert_int_equal(st->refused, 2);
	assert_int_equal(st->by_reason[NGU_R_QUEUE_FULL], 2);
	assert_int_equal(st->worker, UINT32_MAX);
	ngu_inspect_free(st);
	ngu__data_enter(ngu__self(), G);
	ngu__epoch_leave();
	ngt_settle(t);
	(void)ngu_graph_enter(before);
	ngt_end(t);
}

static void
test_node_stat(void **state)
{
	struct ngt *t = traced(NGT_FORWARD, 0, "probe p.x - a A.in; A.out - b B.in");
	const struct ngu_hook_stat *h = NULL;
	struct ngu_node_stat *st;

	(void)state;
	ngt_send(ngt_probe(t, "p"), NULL, "00 01 02 03");
	ngt_send(ngt_probe(t, "p"), NULL, "00 01");
	assert_int_equal(ngu_node_stat(G, "A:", &st), 0);
	assert_int_equal(st->block.size, sizeof(*st) + 2 * sizeof(struct ngu_hook_stat));
	st = moved(st);
	assert_string_equal(st->name, "A");
	assert_string_equal(st->type, "a");
	assert_int_equal(st->nhooks, 2);
	assert_int_equal(st->in_packets, 2);
	assert_int_equal(st->in_bytes, 6);
	assert_int_equal(st->out_packets, 2);
	assert_int_equal(st->out_bytes, 6);
	assert_true(st->memory >= sizeof(struct ng_node) + 2 * sizeof(struct ng_hook));
	for (uint32_t i = 0; i < st->nhooks; i++)
		if (strcmp(NGU_NODE_HOOK(st, i)->name, "out") == 0)
			h = NGU_NODE_HOOK(st, i);
	assert_non_null(h);
	assert_string_equal(h->peer_name, "B");
	assert_string_equal(h->peer_hook, "in");
	assert_string_equal(h->peer_type, "b");
	assert_int_equal(h->in_packets, 0);
	assert_int_equal(h->out_packets, 2);
	ngu_inspect_free(st);
	assert_int_equal(ngu_node_stat(G, "A:out", &st), 0);
	assert_string_equal(st->name, "B");
	ngu_inspect_free(st);
	assert_int_equal(ngu_node_stat(G, "C:", &st), ENOENT);
	assert_null(st);
	ngt_end(t);
}

static void
test_arguments(void **state)
{
	struct ngt *t = ngt_graph("probe p");
	struct ngu_snapshot *s;
	struct ngu_node_stat *st;
	struct ngu_why *w;

	(void)state;
	assert_int_equal(ngu_snapshot(NULL, &s), EINVAL);
	assert_null(s);
	assert_int_equal(ngu_snapshot(G, NULL), EINVAL);
	assert_int_equal(ngu_node_stat(NULL, "p:", &st), EINVAL);
	assert_int_equal(ngu_node_stat(G, NULL, &st), EINVAL);
	assert_int_equal(ngu_node_stat(G, "p:", NULL), EINVAL);
	assert_int_equal(ngu_why(NULL, NULL, &w), EINVAL);
	assert_int_equal(ngu_why(G, NULL, NULL), EINVAL);
	assert_int_equal(ngu_why(G, "q:", &w), ENOENT);
	assert_int_equal(ngu_why(G, ":", &w), EINVAL);
	ngu_inspect_free(NULL);
	for (sweep_at = 1; sweep_at < 6; sweep_at++) {
		sweep_seen = 0;
		ngu__port_alloc_hook = sweep;
		whatever = ngu_snapshot(G, &s);
		ngu__port_alloc_hook = NULL;
		assert_int_equal(whatever, sweep_seen >= sweep_at ? ENOMEM : 0);
		assert_true((s == NULL) == (whatever != 0));
		ngu_inspect_free(s);
		sweep_seen = 0;
		ngu__port_alloc_hook = sweep;
		whatever = ngu_node_stat(G, "p:", &st);
		ngu__port_alloc_hook = NULL;
		assert_int_equal(whatever, sweep_seen >= sweep_at ? ENOMEM : 0);
		ngu_inspect_free(st);
		sweep_seen = 0;
		ngu__port_alloc_hook = sweep;
		whatever = ngu_why(G, NULL, &w);
		ngu__port_alloc_hook = NULL;
		assert_int_equal(whatever, sweep_seen >= sweep_at ? ENOMEM : 0);
		ngu_inspect_free(w);
	}
	ngt_end(t);
}

/* More nodes than one look takes, and a node with more hooks than there was room for. */
static void
test_many(void **state)
{
	enum { NODES = 1500, HOOKS = 700 };
	struct ngt *t = traced(0, 0, "a A");
	struct ngu_snapshot *s;
	char path[64], hook[64];
	uint32_t id, seen = 0;

	(void)state;
	for (int i = 0; i < NODES; i++) {
		assert_int_equal(ngu_mknode(G, "b", NULL, &id), 0);
		if (i < HOOKS) {
			(void)snprintf(path, sizeof(path), "[%x]:", (unsigned)id);
			(void)snprintf(hook, sizeof(hook), "h%d", i);
			assert_int_equal(ngu_connect(G, "A:", hook, path, "x"), 0);
		}
	}
	s = snapshot(G);
	assert_int_equal(s->flags, 0);
	assert_int_equal(s->nnodes, NODES + 1);
	assert_int_equal(s->nlinks, HOOKS);
	assert_int_equal(snap_node(s, "A")->hooks, HOOKS);
	for (uint32_t i = 0; i < s->nlinks; i++) {
		const struct ngu_snap_link *l = NGU_SNAP_LINK(s, i);

		assert_string_equal(NGU_SNAP_NODE(s, l->end[0].node)->name, "A");
		assert_int_equal(NGU_SNAP_NODE(s, l->end[1].node)->id, l->end[1].id);
		assert_string_equal(l->end[1].hook, "x");
		seen += (uint32_t)strtoul(l->end[0].hook + 1, NULL, 10);
	}
	assert_int_equal(seen, HOOKS * (HOOKS - 1) / 2);
	ngu_inspect_free(s);
	end_quietly(t);
}

/* ---- while it changes ---- */

struct storm {
	struct ngt *t;
	_Atomic bool stop;
	_Atomic uint32_t rounds;
};

static void *
rewire(void *arg)
{
	struct storm *s = arg;
	struct ngu_graph *g = ngt_g(s->t);

	while (!s->stop) {
		if (ngu_mkpeer(g, "A:", "b", "x", "y") != 0 || ngu_rmhook(g, "A:", "x") != 0 || ngu_connect(g, "A:", "x", "B:", "y") != 0 ||
		    ngu_rmhook(g, "B:", "y") != 0)
			break;
		s->rounds++;
	}
	return (NULL);
}

/* Each edge is one that there was; whoever finds the graph changing says so; when all is quiet again, it is quiet again. */
static void
test_changing(void **state)
{
	struct storm st = { .t = traced(0, NGT_AUTODIE, "a A; b B; B.stay - a C.stay") };
	struct ngu_graph *g = ngt_g(st.t);
	const struct ngu_snap_end *o;
	struct ngu_snapshot *s;
	unsigned changed = 0;
	pthread_t th;

	(void)state;
	assert_int_equal(pthread_create(&th, NULL, rewire, &st), 0);
	for (int i = 0; (i < 200 || changed == 0) && i < 100000; i++) {
		s = snapshot(g);
		if ((s->flags & NGU_SNAP_CHANGED) == 0) { /* then it is one of four graphs */
			assert_in_range(s->nnodes, 3, 4);
			assert_in_range(s->nlinks, 1, 2);
			if (s->nnodes == 4 && s->nlinks == 2)
				assert_string_equal(NGU_SNAP_NODE(s, 3)->type, "b");
		} else {
			changed++;
		}
		assert_non_null(snap_end(s, "B", "stay", &o));
		for (uint32_t l = 0; l < s->nlinks; l++)
			for (unsigned e = 0; e < 2; e++)
				assert_true(NGU_SNAP_LINK(s, l)->end[e].node < s->nnodes);
		ngu_inspect_free(s);
	}
	st.stop = true;
	(void)pthread_join(th, NULL);
	assert_int_not_equal(st.rounds, 0);
	assert_int_not_equal(changed, 0);
	ngt_settle(st.t);
	ngu_reclaim_barrier();
	s = snapshot(g);
	assert_int_equal(s->flags, 0);
	ngu_inspect_free(s);
	end_quietly(st.t);
}

/* ---- why ---- */

static struct ngu_why *
why(struct ngu_graph *g, const char *path)
{
	struct ngu_why *w;

	assert_int_equal(ngu_why(g, path, &w), 0);
	assert_int_equal(w->block.kind, NGU_B_WHY);
	assert_int_equal(w->block.size, sizeof(*w) + w->nrecs * sizeof(struct ngu_why_rec));
	return (moved(w));
}

static const struct ngu_why_rec *
why_of(const struct ngu_why *w, const char *name, enum ngu_reason reason)
{
	for (uint32_t i = 0; i < w->nrecs; i++)
		if (strcmp(NGU_WHY_REC(w, i)->name, name) == 0 && NGU_WHY_REC(w, i)->reason == (uint32_t)reason)
			return (NGU_WHY_REC(w, i));
	return (NULL);
}

/* Before anything was refused, and after it: place, reason, error, length, times, and the latest first. */
static void
test_why(void **state)
{
	struct ngt *t = traced(NGT_FORWARD, 0, "probe p.x - a A.in; A.out - b B.in; a D");
	const struct ngu_why_rec *r;
	struct ngu_why *w;

	(void)state;
	ngt_send(ngt_probe(t, "p"), NULL, "00 01");
	w = why(G, NULL);
	assert_int_equal(w->nrecs, 0);
	ngu_inspect_free(w);
	ngt_advance(t, 5);
	assert_int_equal(ngu_limit_set(G, NGU_L_NODEQUEUE, 1), 0);
	ngt_advance(t, 5);
	ngu__epoch_enter();
	for (int i = 0; i < 4; i++)
		whatever = ngt_try_send_flags(ngt_probe(t, "p"), NULL, i == 3 ? "00 01" : "00", 1);
	ngu__epoch_leave();
	assert_int_equal(whatever, ENOBUFS);
	w = why(G, NULL);
	assert_non_null(r = why_of(w, "A", NGU_R_QUEUE_FULL));
	assert_ptr_equal(r, NGU_WHY_REC(w, 0));
	assert_int_equal(r->count, 3);
	assert_int_equal(r->error, ENOBUFS);
	assert_int_equal(r->kind, NGU_WHY_PACKET);
	assert_string_equal(r->hook, "in");
	assert_int_equal(r->len, 2);
	assert_int_equal(r->first_ns, 10000000);
	assert_int_equal(r->last_ns, 10000000);
	assert_int_equal(w->now_ns, 10000000);
	assert_int_equal(w->missed, 0);
	ngu_inspect_free(w);
	ngt_advance(t, 5);
	ngu__epoch_enter();
	whatever = ngt_try_send_flags(ngt_probe(t, "p"), NULL, "00", 1);
	whatever = ngt_try_send_flags(ngt_probe(t, "p"), NULL, "00", 1);
	ngu__epoch_leave();
	w = why(G, "A:");
	assert_int_equal(w->nrecs, 1);
	r = NGU_WHY_REC(w, 0);
	assert_int_equal(r->count, 4);
	assert_int_equal(r->first_ns, 10000000);
	assert_int_equal(r->last_ns, 15000000);
	ngu_inspect_free(w);
	w = why(G, "D:");
	assert_int_equal(w->nrecs, 0);
	ngu_inspect_free(w);
	ngt_end(t);
}

/* All that is refused, by all reasons, is remembered as often as it was counted: packets, bursts, flushed ones. */
static void
test_why_counts(void **state)
{
	struct ngt *t = traced(NGT_FORWARD, NGT_NO_RCVDATA, "probe p.x - a A.in; A.out - b B.in; probe q.x - a C.in");
	struct ngu_graph *before = ngu_graph_enter(G);
	struct ngu__thread *ts = ngu__self();
	struct ng_node *c = node_of(t, "C");
	uint64_t sum[NGU_R_COUNT] = { 0 };
	struct ngu_node_stat *st;
	struct ngu_graph_stats s;
	struct ngu__wframe f;
	struct ngu__ctx ctx;
	struct ngu_why *w;

	(void)state;
	for (int i = 0; i < 3; i++)
		whatever = ngt_try_send(ngt_probe(t, "p"), NULL, "00 01"); /* no-method */
	ngu__enter(ts, &ctx, G);
	assert_true(ngu__w_take(ts, c, &f));
	for (int i = 0; i < 4; i++)
		assert_int_equal(ngt_try_send_flags(ngt_probe(t, "q"), NULL, "00", 1), 0);
	ng_rmnode(c);
	ngu__w_release(ts, c, &f);
	ngu__leave(ts, &ctx);
	NG_NODE_UNREF(c);
	ngt_settle(t);
	ngu_graph_stats(G, &s);
	assert_int_equal(s.by_reason[NGU_R_NO_METHOD], 3);
	assert_int_equal(s.by_reason[NGU_R_FLUSHED] + s.by_reason[NGU_R_HOOK_GONE], 4);
	w = why(G, NULL);
	for (uint32_t i = 0; i < w->nrecs; i++)
		sum[NGU_WHY_REC(w, i)->reason] += NGU_WHY_REC(w, i)->count;
	for (int i = 0; i < NGU_R_COUNT; i++)
		assert_int_equal(sum[i], s.by_reason[i]);
	ngu_inspect_free(w);
	assert_int_equal(ngu_node_stat(G, "B:", &st), 0);
	assert_int_equal(st->by_reason[NGU_R_NO_METHOD], 3);
	ngu_inspect_free(st);
	(void)ngu_graph_enter(before);
	ngt_end(t);
}

/* A burst that nobody gets is as many packets, and their bytes. */
static void
test_why_burst(void **state)
{
	struct ngu_port *port;
	struct ngt *t = traced(NGT_FORWARD, 0, "a A");
	struct mbuf *vec[3];
	const struct ngu_why_rec *r;
	struct ngu_why *w;

	(void)state;
	assert_int_equal(ngu_port_create(G, "port", NULL, NULL, &port), 0);
	for (int i = 0; i < 3; i++)
		assert_non_null(vec[i] = ngt_to_mbuf(G, ngt_hex("00 01")));
	assert_int_equal(ngu_port_send_burst(port, vec, 3), ENOTCONN);
	w = why(G, NULL);
	assert_int_equal(w->nrecs, 1);
	r = NGU_WHY_REC(w, 0);
	assert_int_equal(r->count, 3);
	assert_int_equal(r->len, 6);
	assert_int_equal(r->reason, NGU_R_NO_HOOK);
	ngu_inspect_free(w);
	vec[0] = NULL; /* of a burst with a hole nobody knows the length */
	assert_non_null(vec[1] = ngt_to_mbuf(G, ngt_hex("00 01")));
	assert_int_equal(ngu_port_send_burst(port, vec, 2), ENOTCONN);
	w = why(G, NULL);
	assert_int_equal(w->nrecs, 1);
	r = NGU_WHY_REC(w, 0);
	assert_int_equal(r->count, 5);
	assert_int_equal(r->len, 0);
	ngu_inspect_free(w);
	ngu_port_close(port);
	ngt_end(t);
}

/* A message that found the queue full. */
static void
test_why_message(void **state)
{
	struct ngt *t = traced(0, 0, "probe p.x - a A.x");
	const struct ngu_why_rec *r;
	struct ngu_why *w;
	char arg[5] = { 0 };

	(void)state;
	assert_int_equal(ngu_limit_set(G, NGU_L_NODEQUEUE, 1), 0);
	ngu__epoch_enter();
	assert_int_equal(ngt_try_send_flags(ngt_probe(t, "p"), NULL, "00", 1), 0);
	assert_int_equal(ngt_send_msg(ngt_probe(t, "p"), NULL, 7, 7, arg, sizeof(arg)), 0);
	assert_int_equal(ngt_send_msg(ngt_probe(t, "p"), NULL, 7, 7, arg, sizeof(arg)), ENOBUFS);
	ngu__epoch_leave();
	w = why(G, "A:");
	assert_int_equal(w->nrecs, 1);
	r = NGU_WHY_REC(w, 0);
	assert_int_equal(r->kind, NGU_WHY_MESSAGE);
	assert_int_equal(r->reason, NGU_R_QUEUE_FULL);
	assert_int_equal(r->error, ENOBUFS);
	assert_int_equal(r->len, 5);
	assert_string_equal(r->hook, "x");
	ngu_inspect_free(w);
	ngt_end(t);
}

/* More places than there is room for: the newest are there, and no more than fit. */
static void
test_why_wraps(void **state)
{
	enum { MANY = 3 * NGU_WHY_PLACES };
	struct ngt *t = traced(0, 0, "a A");
	struct ngu_graph *before = ngu_graph_enter(G);
	struct ngu_why *w;
	struct ng_hook *h;
	char name[32];

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		(void)snprintf(name, sizeof(name), "h%u", i);
		ngt_advance(t, 1);
		assert_non_null(h = ngu__hook_alloc(G, name));
		ngu__refuse(ngu__self(), h, NULL, NGU_R_NO_PEER);
		ngu__count(ngu__self(), G->ctr_flow, 1, 0);
		ngu__hook_free_unborn(h);
	}
	w = why(G, NULL);
	assert_in_range(w->nrecs, NGU_WHY_PLACES / 2, NGU_WHY_PLACES);
	assert_string_equal(NGU_WHY_REC(w, 0)->hook, name);
	for (uint32_t i = 1; i < w->nrecs; i++)
		assert_true(NGU_WHY_REC(w, i - 1)->last_ns > NGU_WHY_REC(w, i)->last_ns);
	ngu_inspect_free(w);
	(void)ngu_graph_enter(before);
	ngt_end(t);
}

/* ---- refusals from many threads, read meanwhile ---- */

#define NAMES 8

struct flood {
	struct ngu_graph *g;
	struct ng_hook *hook[NAMES];
	_Atomic uint32_t running;
};

static void *
refuse_many(void *arg)
{
	struct flood *f = arg;
	struct ngu_graph *before = ngu_graph_enter(f->g);

	for (int i = 0; i < 20000; i++)
		ngu__refuse_len(ngu__self(), f->hook[i % NAMES], 1, (size_t)(i % NAMES), NGU_R_NO_PEER, -1);
	(void)ngu_graph_enter(before);
	f->running--;
	return (NULL);
}

/* No entry is a mixture of two, and none is counted twice or lost: what is not in an entry is in `missed`. */
static void
test_why_threads(void **state)
{
	struct ngt *t = traced(0, 0, "a A");
	struct ngu_graph *before = ngu_graph_enter(G);
	struct flood f = { .g = G, .running = 4 };
	struct ngu_graph_stats s;
	struct ngu_why *w;
	pthread_t th[4];
	uint64_t sum;
	char name[32];
	bool last;

	(void)state;
	for (unsigned i = 0; i < NAMES; i++) {
		(void)snprintf(name, sizeof(name), "%u-%u-%u-%u-%u-%u", i, i, i, i, i, i);
		assert_non_null(f.hook[i] = ngu__hook_alloc(G, name));
	}
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&th[i], NULL, refuse_many, &f), 0);
	do {
		last = f.running == 0;
		w = why(G, NULL);
		sum = w->missed;
		for (uint32_t i = 0; i < w->nrecs; i++) {
			const struct ngu_why_rec *r = NGU_WHY_REC(w, i);

			(void)snprintf(name, sizeof(name), "%u-%u-%u-%u-%u-%u", r->len, r->len, r->len, r->len, r->len, r->len);
			assert_string_equal(r->hook, name);
			assert_int_equal(r->reason, NGU_R_NO_PEER);
			sum += r->count;
		}
		ngu_inspect_free(w);
	} while (!last);
	for (unsigned i = 0; i < 4; i++)
		(void)pthread_join(th[i], NULL);
	ngu__count(ngu__self(), G->ctr_flow, 80000, 0);
	ngu_graph_stats(G, &s);
	assert_int_equal(s.by_reason[NGU_R_NO_PEER], 80000);
	assert_int_equal(sum, 80000);
	for (unsigned i = 0; i < NAMES; i++) {
		assert_int_equal(NGU_LD_RLX(&f.hook[i]->hk_drops), 10000);
		ngu__hook_free_unborn(f.hook[i]);
	}
	(void)ngu_graph_enter(before);
	ngt_end(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_snapshot),
		ngt_test(test_queued),
		ngt_test(test_node_stat),
		ngt_test(test_arguments),
		ngt_test(test_many),
		ngt_test(test_changing),
		ngt_test(test_why),
		ngt_test(test_why_counts),
		ngt_test(test_why_burst),
		ngt_test(test_why_message),
		ngt_test(test_why_wraps),
		ngt_test(test_why_threads),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
