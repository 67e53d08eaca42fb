/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * strict.c - strict mode for nodes, hooks and packets: whose turn it is, what crosses a hook. kern/strict.c is the engine.
 *
 * Packet path  is left as it is. A strict graph's hooks have looked_at() for their receiver, and the number of the real one in their
 *              state (NGU_HS_REAL), paired with the burst method that hands packets over one by one: whoever delivers calls what he
 *              finds, as ever.
 * Invariants
 *   S1  While hk_rcvdata is looked_at() the hook's state holds the receiver's number. It is written before, under the node's nd_lock or
 *       writer turn.
 *   S2  It is cleared only after hk_rcvdata has become a receiver without a number. Who has found looked_at() before looks there then.
 */
#include "core/core.h"
#include "core/gate.h"

#define TURNS 256u

static ng_rcvdata_t looked_at;

/* Where the writer turn of a node was last taken: one entry for some nodes, newest wins. */
static struct turn {
	ngu__spin lock;
	const struct ng_node *node;
	struct ngu__stack at;
} turns[TURNS];

/* The real receiver of a hook whose graph is, or just was, strict. */
static ng_rcvdata_t *
real_of(struct ng_hook *hook)
{
	ng_rcvdata_t *rcvdata = NGU_LD_RLX(&ngu__receiver[ngu__receiver_of(hook)]);

	return (rcvdata != NULL ? rcvdata : NGU_LD_ACQ(&hook->hk_rcvdata)); /* S2 */
}

static const char *
name_of(const struct ng_node *node)
{
	const char *name = ngu_k_node_name_c(node);

	return (name[0] != '\0' ? name : "unnamed");
}

static uint32_t
flags_of(const struct ng_node *node)
{
	return (node->nd_graph != NULL ? NGU_LD_RLX(&node->nd_graph->prefix.strict) : 0);
}

/* ---- whose turn it is ---- */

static struct turn *
turn_of(const struct ng_node *node)
{
	return (&turns[(uintptr_t)node / NGU_CACHELINE % TURNS]);
}

void
ngu__strict_turn(struct ng_node *node)
{
	struct turn *t = turn_of(node);
	struct ngu__stack here;

	if ((flags_of(node) & NGU_STRICT_GATE) == 0)
		return;
	ngu__stack_take(&here);
	ngu__spin_lock(&t->lock);
	t->node = node;
	t->at = here;
	ngu__spin_unlock(&t->lock);
}

static bool
reads(struct ngu__thread *ts, const struct ng_node *node)
{
	uint32_t i, d = NGU_LD_RLX(&ts->depth);

	if (ngu__w_held(ts, node))
		return (true);
	for (struct ngu__wframe *f = ts->rframes; f != NULL; f = f->prev)
		if (f->node == node)
			return (true);
	for (i = 0; ts->nest != 0 && i < d; i++)
		if (NGU_LD_RLX(&ts->slot[i]) == node)
			return (true);
	return (false);
}

static NGU_NOINLINE void
no_turn(const struct ng_node *node, const char *what, const char *need)
{
	struct turn *t = turn_of(node);
	struct ngu__stack last = { .n = 0 };
	struct ngu__place place = { "the writer turn was last taken", &last };

	ngu__spin_lock(&t->lock);
	if (t->node == node)
		last = t->at;
	ngu__spin_unlock(&t->lock);
	ngu__strict_report(NGU_STRICT_GATE, node->nd_graph, NULL, &place, 1, "%s of node \"%s\" [%x] (%s) without %s%s", what,
	    name_of(node), (unsigned)node->nd_ID, node->nd_type->name, need,
	    last.n == 0 && last.file == NULL ? ", which nobody has had for long" : "");
}

/* A node that nobody can find yet is its maker's. */
void
ngu__strict_w(const struct ng_node *node, const char *what)
{
	if ((flags_of(node) & NGU_STRICT_GATE) != 0 && (NGU_LD_ACQ(&((struct ng_node *)(uintptr_t)node)->nd_state) & NGU_NS_PUBLIC) != 0 &&
	    !ngu__w_held(ngu__self(), node))
		no_turn(node, what, "its writer turn");
}

void
ngu__strict_r(const struct ng_node *node, const char *what)
{
	if ((flags_of(node) & NGU_STRICT_GATE) != 0 && !reads(ngu__self(), node))
		no_turn(node, what, "being in it");
}

/* A node type changes its node: also right after ng_make_node_common(), as long as nothing is connected. */
void
ngu__strict_change(const struct ng_node *node, const char *what)
{
	if (NGU_LD_ACQ(&((struct ng_node *)(uintptr_t)node)->nd_numhooks) != 0)
		ngu__strict_w(node, what);
}

void
ngu_k_strict_node(node_p node, const char *what, const char *file, int line)
{
	struct ngu__site old;

	if (!NGU_STRICT_ON(NGU_STRICT_GATE))
		return;
	old = ngu__site_set(file, line);
	ngu__strict_change(node, what);
	ngu__site_back(&old);
}

/* A hook that is on no list yet is its maker's, too. */
void
ngu_k_strict_hook(hook_p hook, const char *what, const char *file, int line)
{
	if (NGU_STRICT_ON(NGU_STRICT_GATE) && (NGU_LD_ACQ(&hook->hk_state) & NGU_HS_LINKED) != 0)
		ngu_k_strict_node(NGU_LD_ACQ(&hook->hk_node), what, file, line);
}

/* ---- items ---- */

bool
ngu__strict_item(struct ng_item *item, const char *what)
{
	struct ngu__stack at;
	struct ngu__place place = { NULL, &at };

	switch (ngu__watch_look(item, &at)) {
	case NGU_WS_FREED:
		place.label = "it was freed";
		ngu__strict_report(NGU_STRICT_ITEM, ngu__self()->graph, NULL, &place, 1, "freed item %p is used: %s", (void *)item, what);
		return (false);
	case NGU_WS_QUEUED:
		place.label = "it was queued";
		ngu__strict_report(NGU_STRICT_ITEM, ngu__self()->graph, NULL, &place, 1,
		    "item %p is sent twice: %s, while it waits in a queue", (void *)item, what);
		return (false);
	default:
		return (true);
	}
}

/* What item macros go through in debug builds. A freed item is replaced by an empty one, so that the program gets on. */
item_p
ngu_k_strict_item(item_cp item, const char *file, int line)
{
	struct ngu__strict_thread *st;
	struct ngu__site old;
	struct ngu__stack at;
	struct ngu__place place = { "it was freed", &at };
	item_p i = (item_p)(uintptr_t)item;

	if (!NGU_STRICT_ON(NGU_STRICT_ITEM) || ngu__watch_look(i, &at) != NGU_WS_FREED)
		return (i);
	old = ngu__site_set(file, line);
	ngu__strict_report(NGU_STRICT_ITEM, ngu__self()->graph, NULL, &place, 1, "freed item %p is used", (void *)i);
	ngu__site_back(&old);
	if ((st = ngu__strict_self(ngu__self())) == NULL)
		return (i);
	_Static_assert(sizeof(struct ng_item) <= sizeof(st->item), "there is room for an item");
	ngu__memset(st->item, 0, sizeof(st->item));
	return ((item_p)(void *)st->item);
}

void
ngu_k_free_item_at(item_p item, const char *file, int line)
{
	struct ngu__site old = ngu__site_set(file, line);

	ng_free_item(item);
	ngu__site_back(&old);
}

void
ngu_k_free_m_at(struct mbuf *m, const char *file, int line)
{
	struct ngu__site old = ngu__site_set(file, line);

	m_freem(m);
	ngu__site_back(&old);
}

/* ---- packets ---- */

/* `m`, part of what arrives at the hook, is not as it should be. */
static NGU_NOINLINE void
bad_packet(struct ng_hook *hook, const struct mbuf *m, const char *fmt, ...)
{
	struct ng_node *node = NGU_LD_ACQ(&hook->hk_node), *from;
	struct ng_hook *peer = NGU_LD_ACQ(&hook->hk_peer);
	struct ngu__stack at = { .n = 0 };
	struct ngu__place place = { NULL, &at };
	char why[160];
	va_list ap;

	from = NGU_LD_ACQ(&peer->hk_node);
	va_start(ap, fmt);
	(void)ngu__port_vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	place.label = ngu__watch_look(m, &at) == NGU_WS_FREED ? "that mbuf was freed" : "that mbuf was taken";
	ngu__strict_report(NGU_STRICT_MBUF, node->nd_graph, NULL, &place, 1,
	    "packet at hook \"%s\" of node \"%s\" (%s), sent out of hook \"%s\" of node \"%s\" (%s): %s", hook->hk_name, name_of(node),
	    node->nd_type->name, peer->hk_name, name_of(from), from->nd_type->name, why);
}

static void
look_at_packet(struct ng_hook *hook, const struct mbuf *first)
{
	const struct mbuf *m;
	uint64_t sum = 0;
	unsigned i = 0;

	for (m = first; m != NULL; m = m->m_next, i++) {
		if (NGU_STRICT_ON(NGU_STRICT_ITEM) && ngu__watch_look(m, NULL) == NGU_WS_FREED) {
			bad_packet(hook, m, "mbuf %u of it, %p, was freed", i, (const void *)m);
			return;
		}
		if (m == first && (m->m_flags & M_PKTHDR) == 0) {
			bad_packet(hook, m, "it has no packet header");
			return;
		}
		if (m->m_len < 0 || m->m_data < M_START(m) || m->m_data > M_START(m) + M_SIZE(m) ||
		    m->m_len > M_START(m) + M_SIZE(m) - m->m_data) {
			bad_packet(hook, m, "mbuf %u of it has %d bytes from byte %lld of a buffer of %d", i, (int)m->m_len,
			    (long long)(m->m_data - M_START(m)), (int)M_SIZE(m));
			return;
		}
		sum += (uint64_t)m->m_len;
		if (m->m_next == first || i > 1000000) {
			bad_packet(hook, m, "its chain of mbufs has no end");
			return;
		}
	}
	if (sum != (uint64_t)(int64_t)first->m_pkthdr.len)
		bad_packet(hook, first, "its header says %d bytes, its mbufs have %llu", (int)first->m_pkthdr.len, (unsigned long long)sum);
}

/* The receiver of a strict graph's hooks. */
static int
looked_at(hook_p hook, item_p item)
{
	struct ngu__thread *ts = ngu__self();
	struct ng_node *node = NGU_LD_ACQ(&hook->hk_node);
	uint32_t flags = flags_of(node);

	if (ts->mag[NGU_Z_ITEM].loaded != NULL || ts->mag[NGU_Z_MBUF].loaded != NULL)
		ngu__zone_strict_flush(ts);
	if (flags & NGU_STRICT_SLEEP)
		ngu__strict_section(ts);
	if ((flags & NGU_STRICT_GATE) && (ts->nest == 0 || !reads(ts, node)))
		no_turn(node, "rcvdata", "being in it");
	if ((flags & NGU_STRICT_MBUF) && item->body.da_m != NULL)
		look_at_packet(hook, item->body.da_m);
	/* ORDER strict-hook (load side): whoever called us found our address with an acquire load, so the word is written (S1). */
	return (real_of(hook)(hook, item));
}

void
ngu_k_hook_set_rcvdata(hook_p hook, ng_rcvdata_t *rcvdata)
{
	bool strict = NGU_LD_ACQ(&hook->hk_rcvdata) == looked_at;
	ngu_rcvburst_t *burst = strict ? ngu__rcvburst_each : ngu__rcvburst_for(NGU_LD_ACQ(&hook->hk_node)->nd_type, rcvdata);
	uint32_t number = ngu__receiver_number(rcvdata, burst);

	if (!strict || number == 0)
		NGU_ST_SC(&hook->hk_rcvdata, rcvdata);
	ngu__hook_receiver(hook, number);
}

/* Give the hook the receiver its graph asks for. With nd_lock. */
void
ngu__strict_hook(struct ng_node *node, struct ng_hook *hook)
{
	bool on = (flags_of(node) & (NGU_STRICT_SLEEP | NGU_STRICT_GATE | NGU_STRICT_ITEM | NGU_STRICT_MBUF)) != 0;
	ng_rcvdata_t *now = NGU_LD_ACQ(&hook->hk_rcvdata);
	uint32_t number;

	if (on && now != looked_at) {
		if ((number = ngu__receiver_number(now, ngu__rcvburst_each)) == 0)
			return; /* no number is left for it */
		ngu__hook_receiver(hook, number);
		/*
		 * ORDER strict-hook (store side): the real receiver, then the other one's address; pairs with the acquire loads of
		 * hk_rcvdata in deliver.c, which lead to looked_at().
		 */
		NGU_ST_REL(&hook->hk_rcvdata, looked_at);
	} else if (!on && now == looked_at) {
		now = real_of(hook);
		NGU_ST_REL(&hook->hk_rcvdata, now);
		if ((number = ngu__receiver_number(now, ngu__rcvburst_for(node->nd_type, now))) != 0) /* else it keeps its own */
			ngu__hook_receiver(hook, number);
	}
}

/* ---- on and off ---- */

static void
set(struct ngu_graph *g, uint32_t flags)
{
	uint32_t old = NGU_XCHG_AR(&g->prefix.strict, flags);

	ngu__strict_count_flags(old, flags);
}

int
ngu_graph_strict(struct ngu_graph *g, unsigned flags)
{
	struct ngu__thread *ts = ngu__self();
	struct ng_hook *hook;
	struct ng_node *node;
	uint32_t id = 0;

	if ((flags & ~(NGU_STRICT_ALL | NGU_STRICT_DEFAULT | NGU_STRICT_ABORT)) != 0)
		return (EINVAL);
	if (flags & NGU_STRICT_DEFAULT) {
		flags = (flags & ~NGU_STRICT_DEFAULT) | NGU_STRICT_ALL;
#ifdef NGU_TSAN
		flags &= ~NGU_STRICT_ITEM;
#endif
	}
	set(g, flags);
	ngu__zone_strict_flush(ts);
	for (;;) {
		ngu__look_enter(ts);
		while ((node = ngu__id_next(&g->ids, &id)) != NULL && !ngu__node_tryref(node))
			;
		ngu__look_leave(ts);
		if (node == NULL)
			break;
		ngu__spin_lock(&node->nd_lock);
		LIST_FOREACH(hook, &node->nd_hooks, hk_hooks)
			ngu__strict_hook(node, hook);
		ngu__spin_unlock(&node->nd_lock);
		NG_NODE_UNREF(node);
	}
	return (0);
}

unsigned
ngu_graph_strict_flags(const struct ngu_graph *g)
{
	return (NGU_LD_RLX(&((struct ngu_graph *)(uintptr_t)g)->prefix.strict));
}

/* The graph ends: whoever wrote to something freed is told now. */
void
ngu__strict_end(struct ngu_graph *g)
{
	if (NGU_STRICT_ON(NGU_STRICT_ITEM))
		ngu__watch_sweep();
	set(g, 0);
}
