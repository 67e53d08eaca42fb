/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inspect.c - a graph and a node as flat blocks (include/ng/inspect.h).
 *
 * Readers    The graph is walked by ID, each node's hooks by its index, in looks of LOOK_NODES nodes at most: no lock, no gate. Memory is
 *            asked for between them; where it did not do, the node is read again.
 * Change     Births and deaths are counted anyway, by each thread for itself. Counts that differ before and after the walk, or that say
 *            there should be more or fewer nodes or hooks than were found, mean that the graph changed: decision 0020.
 */
#include "core/core.h"
#include "core/gate.h"

#define LOOK_NODES 256u

void
ngu_inspect_free(void *block)
{
	ngu__port_free(block);
}

void
ngu__block_init(struct ngu_block *b, uint64_t size, uint32_t kind)
{
	b->size = size;
	b->kind = kind;
	b->version = NGU_B_VERSION;
}

static uint32_t
node_flags(node_p node)
{
	static const struct {
		uint32_t gate, flag;
	} bits[] = { { NGU_G_W, NGU_N_CLOSED }, { NGU_G_D, NGU_N_SERVED }, { NGU_G_Q, NGU_N_QUEUE }, { NGU_G_QW, NGU_N_WRITER_WAITS },
		{ NGU_G_EXCL, NGU_N_FORCE_WRITER }, { NGU_G_DEAD, NGU_N_DYING }, { NGU_G_L, NGU_N_LISTED } };
	uint32_t w = NGU_LD_ACQ(&node->nd_gate), nf = (uint32_t)NGU_LD_ACQ(&node->nd_flags), out = 0;

	for (unsigned i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		out |= (w & bits[i].gate) != 0 ? bits[i].flag : 0;
	return (out | ((nf & (NGF_INVALID | NGF_CLOSING)) != 0 ? NGU_N_DYING : 0) | ((nf & NGF_HI_STACK) != 0 ? NGU_N_HI_STACK : 0));
}

static uint32_t
hook_flags(hook_p hook)
{
	uint32_t f = (uint32_t)NGU_LD_ACQ(&hook->hk_flags);

	return (((f & HK_INVALID) != 0 ? NGU_H_INVALID : 0) | ((f & HK_QUEUE) != 0 ? NGU_H_QUEUE : 0) |
	    ((f & HK_FORCE_WRITER) != 0 ? NGU_H_FORCE_WRITER : 0) | ((f & HK_HI_STACK) != 0 ? NGU_H_HI_STACK : 0) |
	    ((f & HK_TO_INBOUND) != 0 ? NGU_H_TO_INBOUND : 0) |
	    ((f & (NGU_HK_IN | NGU_HK_OUT | NGU_HK_TRACE)) != 0 ? NGU_H_WATCHED : 0));
}

/* ---- a graph ---- */

/* What is being gathered: places that grow between looks. */
struct places {
	void *p;
	size_t width;
	uint32_t n, room;
};

struct shot {
	struct places nodes, links;
	node_p node; /* whose hooks are walked */
	uint64_t hooks; /* seen */
	bool full;
};

static int
grow(struct places *a, uint32_t room)
{
	void *p = ngu__port_alloc(room * a->width, 16);

	if (p == NULL)
		return (ENOMEM);
	if (a->n != 0)
		ngu__memcpy(p, a->p, a->n * a->width);
	ngu__port_free(a->p);
	a->p = p;
	a->room = room;
	return (0);
}

static void
shot_end(struct ngu_snap_end *e, hook_p hook, uint32_t id)
{
	e->id = id;
	e->flags = hook_flags(hook);
	ngu__ctr_read(hook->hk_idx, &e->packets, &e->bytes);
	e->refused = NGU_LD_RLX(&hook->hk_drops);
	(void)ngu__strlcpy(e->hook, hook->hk_name, sizeof(e->hook));
}

/* A link is told by the node with the lower ID; of two hooks of one node by the lower address. */
static bool
shot_hook(void *arg, hook_p hook)
{
	struct shot *s = arg;
	struct ngu_snap_link *l;
	uint32_t id = s->node->nd_ID, far;
	hook_p peer;
	node_p node;

	if ((NGU_LD_ACQ(&hook->hk_state) & NGU_HS_DEAD) != 0)
		return (true);
	s->hooks++;
	peer = NGU_LD_ACQ(&hook->hk_peer);
	node = NGU_LD_ACQ(&peer->hk_node);
	if (peer == &ng_deadhook || node == &ng_deadnode || (far = node->nd_ID) < id || (far == id && (uintptr_t)peer < (uintptr_t)hook))
		return (true);
	if (NGU_LD_ACQ(&peer->hk_peer) != hook || NGU_LD_ACQ(&hook->hk_peer) != peer)
		return (true); /* on its way: bypass, insert, relink */
	if (s->links.n == s->links.room) {
		s->full = true;
		return (false);
	}
	l = (struct ngu_snap_link *)s->links.p + s->links.n++;
	shot_end(&l->end[0], hook, id);
	shot_end(&l->end[1], peer, far);
	return (true);
}

/* In a look. false: there was no room for all of its links, and none are there. */
static bool
shot_node(struct shot *s, node_p node)
{
	struct ngu_snap_node *n = (struct ngu_snap_node *)s->nodes.p + s->nodes.n;
	uint64_t hooks = s->hooks;
	uint32_t links = s->links.n;

	s->node = node;
	s->full = false;
	ngu__hooks_walk(node, shot_hook, s);
	if (s->full) {
		s->links.n = links;
		s->hooks = hooks;
		return (false);
	}
	n->id = node->nd_ID;
	n->flags = node_flags(node);
	n->hooks = (uint32_t)NGU_LD_RLX(&node->nd_numhooks);
	n->queued = NGU_LD_RLX(&node->nd_state) / NGU_NS_Q1;
	(void)ngu__strlcpy(n->name, NG_NODE_NAME(node), sizeof(n->name));
	(void)ngu__strlcpy(n->type, node->nd_type->name, sizeof(n->type));
	s->nodes.n++;
	return (true);
}

static int
shot_walk(struct ngu__thread *ts, struct ngu_graph *g, struct shot *s)
{
	uint32_t id = 0, at, n;
	node_p node = NULL;
	bool more = true;
	int error;

	while (more) {
		if (s->nodes.room - s->nodes.n < LOOK_NODES && (error = grow(&s->nodes, s->nodes.room + s->nodes.room / 2 + LOOK_NODES)) != 0)
			return (error);
		if (s->full && (error = grow(&s->links, s->links.room * 2)) != 0)
			return (error);
		s->full = false;
		ngu__look_enter(ts);
		for (n = 0, at = id; n < LOOK_NODES && (node = ngu__id_next(&g->ids, &at)) != NULL && shot_node(s, node); n++)
			id = at;
		ngu__look_leave(ts);
		more = node != NULL;
	}
	return (0);
}

/* Its place among the nodes; UINT32_MAX: it is not there. */
static uint32_t
place_of(const struct ngu_snap_node *n, uint32_t count, uint32_t id)
{
	uint32_t low = 0, mid;

	while (low < count) {
		mid = low + (count - low) / 2;
		if (n[mid].id == id)
			return (mid);
		if (n[mid].id < id)
			low = mid + 1;
		else
			count = mid;
	}
	return (UINT32_MAX);
}

/* Links whose far node came after its place was passed, or had gone before, go. */
static void
shot_places(struct shot *s)
{
	struct ngu_snap_link *l = s->links.p;
	uint32_t i, n = 0;

	for (i = 0; i < s->links.n; i++) {
		l[i].end[0].node = place_of(s->nodes.p, s->nodes.n, l[i].end[0].id);
		l[i].end[1].node = place_of(s->nodes.p, s->nodes.n, l[i].end[1].id);
		if (l[i].end[0].node != UINT32_MAX && l[i].end[1].node != UINT32_MAX)
			l[n++] = l[i];
	}
	s->links.n = n;
}

int
ngu_snapshot(struct ngu_graph *g, struct ngu_snapshot **out)
{
	struct ngu__thread *ts = ngu__self();
	struct shot s = { .nodes = { .width = sizeof(struct ngu_snap_node) }, .links = { .width = sizeof(struct ngu_snap_link) } };
	struct ngu_snapshot head, *snap = NULL;
	struct ngu__ctx ctx;
	int64_t t0 = ngu__port_mono_ns();
	uint64_t size;
	int error;

	if (out == NULL)
		return (EINVAL);
	*out = NULL;
	if (g == NULL)
		return (EINVAL);
	if (ts->nest != 0)
		return (EDEADLK);
	ngu__enter(ts, &ctx, g);
	ngu__memset(&head, 0, sizeof(head));
	head.time_ns = (uint64_t)ngu__graph_now(g);
	head.workers = g->nworkers;
	(void)ngu__strlcpy(head.graph, g->name, sizeof(head.graph));
	/* A birth is counted before it can be seen, a death after it can. */
	ngu__ctr_read(g->ctr_nodes, &head.nodes_made[0], &head.nodes_gone[0]);
	ngu__ctr_read(g->ctr_hooks, &head.hooks_made[0], &head.hooks_gone[0]);
	if ((error = grow(&s.nodes, (uint32_t)(head.nodes_made[0] - head.nodes_gone[0]) + 2 * LOOK_NODES)) == 0 &&
	    (error = grow(&s.links, (uint32_t)(head.hooks_made[0] - head.hooks_gone[0]) / 2 + 16)) == 0)
		error = shot_walk(ts, g, &s);
	ngu__ctr_read(g->ctr_nodes, &head.nodes_made[1], &head.nodes_gone[1]);
	ngu__ctr_read(g->ctr_hooks, &head.hooks_made[1], &head.hooks_gone[1]);
	if (error == 0) {
		shot_places(&s);
		if (head.nodes_made[0] != head.nodes_made[1] || head.nodes_gone[0] != head.nodes_gone[1] ||
		    head.hooks_made[0] != head.hooks_made[1] || head.hooks_gone[0] != head.hooks_gone[1] ||
		    s.nodes.n != head.nodes_made[1] - head.nodes_gone[1] || s.hooks != head.hooks_made[1] - head.hooks_gone[1])
			head.flags |= NGU_SNAP_CHANGED;
		head.nnodes = s.nodes.n;
		head.nlinks = s.links.n;
		head.nodes_off = sizeof(head);
		head.links_off = head.nodes_off + (uint64_t)s.nodes.n * s.nodes.width;
		size = head.links_off + (uint64_t)s.links.n * s.links.width;
		if ((snap = ngu__port_alloc(size, 16)) == NULL)
			error = ENOMEM;
	}
	if (snap != NULL) {
		ngu__block_init(&head.block, size, NGU_B_SNAPSHOT);
		head.took_ns = (uint64_t)(ngu__port_mono_ns() - t0);
		ngu__memcpy(snap, &head, sizeof(head));
		ngu__memcpy((char *)snap + head.nodes_off, s.nodes.p, s.nodes.n * s.nodes.width);
		ngu__memcpy((char *)snap + head.links_off, s.links.p, s.links.n * s.links.width);
	}
	ngu__port_free(s.nodes.p);
	ngu__port_free(s.links.p);
	ngu__leave(ts, &ctx);
	*out = snap;
	return (error);
}

/* ---- a node ---- */

struct close_up {
	struct ngu_hook_stat *hook;
	uint32_t n, room;
};

static bool
stat_hook(void *arg, hook_p hook)
{
	struct close_up *c = arg;
	struct ngu_hook_stat *h = &c->hook[c->n];
	hook_p peer = NGU_LD_ACQ(&hook->hk_peer);
	node_p node = NGU_LD_ACQ(&peer->hk_node);

	if ((NGU_LD_ACQ(&hook->hk_state) & NGU_HS_DEAD) != 0)
		return (true);
	if (c->n == c->room)
		return (false);
	c->n++;
	ngu__memset(h, 0, sizeof(*h));
	h->flags = hook_flags(hook);
	ngu__ctr_read(hook->hk_idx, &h->in_packets, &h->in_bytes);
	h->refused = NGU_LD_RLX(&hook->hk_drops);
	(void)ngu__strlcpy(h->name, hook->hk_name, sizeof(h->name));
	if (peer == &ng_deadhook || node == &ng_deadnode)
		return (true);
	ngu__ctr_read(peer->hk_idx, &h->out_packets, &h->out_bytes);
	h->peer_id = node->nd_ID;
	(void)ngu__strlcpy(h->peer_hook, peer->hk_name, sizeof(h->peer_hook));
	(void)ngu__strlcpy(h->peer_name, NG_NODE_NAME(node), sizeof(h->peer_name));
	(void)ngu__strlcpy(h->peer_type, node->nd_type->name, sizeof(h->peer_type));
	return (true);
}

static int
node_stat(struct ngu__thread *ts, node_p node, struct ngu_node_stat **out)
{
	struct ngu_graph *g = node->nd_graph;
	uint32_t room = (uint32_t)NGU_LD_RLX(&node->nd_numhooks) + 4, w, i; /* a hook that comes meanwhile is not told, if there are many */
	size_t size = sizeof(struct ngu_node_stat) + room * sizeof(struct ngu_hook_stat);
	struct ngu_node_stat *st = ngu__port_alloc(size, 16);
	struct close_up c = { .room = room };

	if (st == NULL)
		return (ENOMEM);
	c.hook = (struct ngu_hook_stat *)(void *)(st + 1);
	st->hooks_off = sizeof(*st);
	st->id = node->nd_ID;
	st->time_ns = (uint64_t)ngu__graph_now(g);
	st->flags = node_flags(node);
	w = NGU_LD_ACQ(&node->nd_gate);
	st->readers = (w & NGU_G_R) / NGU_G_R1;
	st->promised = (w & NGU_G_C) / NGU_G_C1;
	st->worker = g->nworkers != 0 ? st->id % g->nworkers : UINT32_MAX;
	st->refs = (uint32_t)NGU_LD_RLX(&node->nd_refs);
	st->queued = NGU_LD_RLX(&node->nd_state) / NGU_NS_Q1;
	st->queue_limit = NGU_LD_RLX(&g->max[NGU_L_NODEQUEUE]);
	st->queue_high = NGU_LD_RLX(&g->high[NGU_L_NODEQUEUE]);
	(void)ngu__strlcpy(st->type, node->nd_type->name, sizeof(st->type));
	(void)ngu__strlcpy(st->graph, g->name, sizeof(st->graph));
	ngu__look_enter(ts);
	(void)ngu__strlcpy(st->name, NG_NODE_NAME(node), sizeof(st->name));
	st->memory = sizeof(*node) + ngu__hooks_walk(node, stat_hook, &c);
	ngu__look_leave(ts);
	st->nhooks = c.n;
	for (i = 0; i < c.n; i++) {
		st->memory += sizeof(struct ng_hook);
		st->in_packets += c.hook[i].in_packets;
		st->in_bytes += c.hook[i].in_bytes;
		st->out_packets += c.hook[i].out_packets;
		st->out_bytes += c.hook[i].out_bytes;
		st->refused += c.hook[i].refused;
	}
	ngu__why_reasons(g, st->id, st->by_reason);
	ngu__block_init(&st->block, sizeof(*st) + c.n * sizeof(*c.hook), NGU_B_NODE);
	*out = st;
	return (0);
}

int
ngu_node_stat(struct ngu_graph *g, const char *path, struct ngu_node_stat **out)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu__ctx ctx;
	node_p node;
	int error;

	if (out == NULL)
		return (EINVAL);
	*out = NULL;
	if (g == NULL || path == NULL)
		return (EINVAL);
	if (ts->nest != 0)
		return (EDEADLK);
	ngu__enter(ts, &ctx, g);
	if ((error = ng_path2noderef(NULL, path, &node, NULL)) == 0) {
		error = node_stat(ts, node, out);
		NG_NODE_UNREF(node);
	}
	ngu__leave(ts, &ctx);
	return (error);
}
