/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * capture.c - copies of what crosses a hook (include/ng/inspect.h, ngu_capture_open()).
 *
 * Packets    find a bit in hk_flags, which hop() tests anyway with all that is unusual, and go the slow way. There they look for the hook
 *            among the graph's captures: no lock, no reference. What arrives is seen where its method is called (ngu__hand_over()), what
 *            leaves where it is sent (ngu__hop_slow(), ng_address_hook()): each of these places is passed once by each packet.
 * Writers    The list of captures, and the bits, change under the graph's watch_lock. A capture is freed after a grace period.
 * Buffer     many write, one reads. A writer reserves room by moving `head`, writes its record, and stores the record's size, which says
 *            that it is whole. The reader makes what it has read zero again before it moves `tail`, so that a size that is not 0 is one
 *            that a writer has stored. Nobody waits: a record that does not fit is counted as dropped.
 */
#include "core/core.h"

#define ALIGN_REC(n) (((n) + 7u) & ~(uint64_t)7)
#define BUFFER_PRESET (1u << 20)

struct ngu_cap {
	struct ngu__retire retire;
	_Atomic(struct ngu_cap *) next;
	struct ngu_graph *graph;
	hook_p hook; /* referenced, so that no other hook gets its address */
	uint32_t dirs, snaplen;
	uint64_t limit;
	ngu_cap_fn *fn;
	void *arg;
	char *ring;
	uint64_t size; /* a power of two */
	NGU_ALIGNED(NGU_CACHELINE) _Atomic uint64_t head; /* bytes ever reserved */
	_Atomic uint64_t seen, stored, dropped;
	NGU_ALIGNED(NGU_CACHELINE) _Atomic uint64_t tail; /* bytes ever read */
};

/* ---- the bits ---- */

void
ngu__watch_bits(hook_p hook, uint32_t bits, uint32_t mask)
{
	/* ORDER watch-bit (store side): after the capture, or the trace, is to be found. */
	if (bits != 0)
		(void)NGU_FOR_SC(&hook->hk_flags, (int)bits);
	if ((mask & ~bits) != 0)
		(void)NGU_FAND_SC(&hook->hk_flags, ~(int)(mask & ~bits));
}

/* Under watch_lock. */
static void
bits_again(struct ngu_graph *g, hook_p hook)
{
	struct ngu_cap *c;
	uint32_t bits = 0;

	for (c = NGU_LD_RLX(&g->caps); c != NULL; c = NGU_LD_RLX(&c->next))
		if (c->hook == hook)
			bits |= ((c->dirs & NGU_CAP_IN) != 0 ? NGU_HK_IN : 0u) | ((c->dirs & NGU_CAP_OUT) != 0 ? NGU_HK_OUT : 0u);
	ngu__watch_bits(hook, bits, NGU_HK_IN | NGU_HK_OUT);
}

/* ---- packets ---- */

static void
ring_put(struct ngu_cap *c, uint64_t at, const void *from, size_t n)
{
	uint64_t off = at & (c->size - 1), first = c->size - off < n ? c->size - off : n;

	ngu__memcpy(c->ring + off, from, first);
	if (first < n)
		ngu__memcpy(c->ring, (const char *)from + first, n - first);
}

static _Atomic uint32_t *
ring_size(struct ngu_cap *c, uint64_t at)
{
	return ((_Atomic uint32_t *)(void *)(c->ring + (at & (c->size - 1)))); /* records begin at multiples of 8 */
}
_Static_assert(offsetof(struct ngu_cap_rec, size) == 0 && sizeof(struct ngu_cap_rec) % 8 == 0, "a record begins with its size");

static void
store(struct ngu_cap *c, const struct ngu_cap_rec *rec, const struct mbuf *m)
{
	uint64_t at = NGU_LD_RLX(&c->head), need = rec->size, pos;
	uint32_t left = rec->caplen, n;

	do {
		/* ORDER capture-room (writer side): acquire; the reader has left it, and made it zero. */
		if (at + need - NGU_LD_ACQ(&c->tail) > c->size) {
			(void)NGU_FADD_RLX(&c->dropped, 1u);
			return;
		}
	} while (!NGU_CAS_AR(&c->head, &at, at + need));
	pos = at + sizeof(rec->size);
	ring_put(c, pos, (const char *)rec + sizeof(rec->size), sizeof(*rec) - sizeof(rec->size));
	pos = at + sizeof(*rec);
	for (; m != NULL && left != 0; m = m->m_next) {
		n = (uint32_t)m->m_len < left ? (uint32_t)m->m_len : left;
		ring_put(c, pos, m->m_data, n);
		pos += n;
		left -= n;
	}
	(void)NGU_FADD_RLX(&c->stored, 1u);
	/* ORDER capture-record (store side): release; the record is whole. */
	NGU_ST_REL(ring_size(c, at), rec->size);
}

static void
one(struct ngu_cap *c, uint32_t dir, uint64_t now, const struct mbuf *m)
{
	struct ngu_cap_rec rec = { .len = (uint32_t)m->m_pkthdr.len, .dir = dir, .time_ns = now };

	if (NGU_FADD_RLX(&c->seen, 1u) >= c->limit) {
		(void)NGU_FSUB_RLX(&c->seen, 1u);
		return;
	}
	rec.caplen = rec.len < c->snaplen ? rec.len : c->snaplen;
	rec.size = (uint32_t)ALIGN_REC(sizeof(rec) + rec.caplen);
	if (c->fn != NULL)
		c->fn(c->arg, &rec, m);
	else
		store(c, &rec, m);
}

/* In a section: a packet, or a burst, crosses the hook. */
void
ngu__capture(struct ngu_graph *g, hook_p hook, uint32_t dir, const struct ng_item *item)
{
	struct ngu_cap *c;
	uint64_t now = 0;
	uint32_t i;

	/*
	 * ORDER watch-bit (load side): the flags were loaded with acquire; whoever found the bit finds the capture.
	 * ORDER capture-list (load side): acquire; what is in it.
	 */
	for (c = NGU_LD_ACQ(&g->caps); c != NULL; c = NGU_LD_ACQ(&c->next)) {
		if (c->hook != hook || (c->dirs & dir) == 0)
			continue;
		if (now == 0)
			now = (uint64_t)(g->fake_clock ? ngu__graph_now(g) : ngu__port_real_ns());
		if ((item->el_flags & NGU_QF_BURST) == 0)
			one(c, dir, now, item->body.da_m);
		for (i = 0; (item->el_flags & NGU_QF_BURST) != 0 && i < item->el_count; i++)
			one(c, dir, now, item->body.burst.vec[i]);
	}
}

/* ---- opening and closing ---- */

static void
cap_free(struct ngu_cap *c)
{
	if (c->hook != NULL)
		NG_HOOK_UNREF(c->hook);
	ngu__port_free(c->ring);
	ngu__port_free(c);
}

static void
cap_grace(struct ngu__retire *r)
{
	cap_free(NGU_CONTAINER(r, struct ngu_cap, retire));
}

int
ngu_capture_open(struct ngu_graph *g, const char *path, const char *hook, const struct ngu_cap_opts *o, struct ngu_cap **out)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu__ctx ctx;
	struct ngu_cap *c;
	uint64_t size;
	node_p node;
	int error;

	if (out == NULL)
		return (EINVAL);
	*out = NULL;
	if (g == NULL || path == NULL || hook == NULL || o == NULL || o->size != sizeof(*o) || (o->dirs & (NGU_CAP_IN | NGU_CAP_OUT)) == 0 ||
	    (o->dirs & ~(NGU_CAP_IN | NGU_CAP_OUT)) != 0 || o->buffer > NGU_CAP_BUFFER_MOST)
		return (EINVAL);
	if (ts->nest != 0)
		return (EDEADLK);
	if ((c = ngu__port_alloc(sizeof(*c), NGU_CACHELINE)) == NULL)
		return (ENOMEM);
	c->graph = g;
	c->dirs = o->dirs;
	c->snaplen = o->snaplen != 0 && o->snaplen < NGU_CAP_SNAPLEN_MOST ? o->snaplen : NGU_CAP_SNAPLEN_MOST;
	c->limit = o->limit != 0 ? o->limit : UINT64_MAX;
	c->fn = o->fn;
	c->arg = o->arg;
	if (c->fn == NULL) {
		for (size = NGU_CAP_LEAST; size < (o->buffer != 0 ? o->buffer : BUFFER_PRESET);)
			size *= 2;
		c->size = size;
		if ((c->ring = ngu__port_alloc(size, NGU_CACHELINE)) == NULL) {
			cap_free(c);
			return (ENOMEM);
		}
	}
	ngu__enter(ts, &ctx, g);
	if ((error = ngu__find_hook(path, hook, &node, &c->hook)) == 0) {
		ngu__spin_lock(&g->watch_lock);
		NGU_ST_RLX(&c->next, NGU_LD_RLX(&g->caps));
		/* ORDER capture-list (store side): release; the capture is complete. */
		NGU_ST_REL(&g->caps, c);
		bits_again(g, c->hook);
		ngu__spin_unlock(&g->watch_lock);
		NG_NODE_UNREF(node);
		*out = c;
	} else {
		c->hook = NULL;
		cap_free(c);
	}
	ngu__leave(ts, &ctx);
	return (error);
}

int
ngu_capture_close(struct ngu_cap *cap)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu_graph *g;
	_Atomic(struct ngu_cap *) *p;
	struct ngu__ctx ctx;
	struct ngu_cap *c;
	bool calls;

	if (cap == NULL)
		return (0);
	if (ts->nest != 0)
		return (EDEADLK);
	g = cap->graph;
	calls = cap->fn != NULL;
	ngu__enter(ts, &ctx, g);
	ngu__look_enter(ts);
	ngu__spin_lock(&g->watch_lock);
	for (p = &g->caps; (c = NGU_LD_RLX(p)) != cap; p = &c->next)
		;
	/* ORDER capture-list (store side): release; its own link stays, for those who stand on it. */
	NGU_ST_REL(p, NGU_LD_RLX(&cap->next));
	bits_again(g, cap->hook);
	ngu__spin_unlock(&g->watch_lock);
	ngu__retire(&cap->retire, cap_grace);
	ngu__look_leave(ts);
	ngu__leave(ts, &ctx);
	if (calls)
		ngu__rcl_graces(); /* nobody is in the caller's function any more */
	return (0);
}

/* ---- reading ---- */

/* After the hook's grace period nothing arrives at it, and nothing leaves by it. */
static bool
ended(struct ngu_cap *c)
{
	return (NGU_LD_ACQ(&c->hook->hk_node) == &ng_deadnode || NGU_LD_RLX(&c->seen) >= c->limit);
}

static void
ring_get(struct ngu_cap *c, uint64_t at, char *to, size_t n)
{
	uint64_t off = at & (c->size - 1), first = c->size - off < n ? c->size - off : n;

	ngu__memcpy(to, c->ring + off, first);
	ngu__memset(c->ring + off, 0, first);
	if (first < n) {
		ngu__memcpy(to + first, c->ring, n - first);
		ngu__memset(c->ring, 0, n - first);
	}
}

int
ngu_capture_read(struct ngu_cap *c, void *buf, size_t room, size_t *got)
{
	uint64_t at;
	uint32_t size;
	bool end;

	*got = 0;
	if (c->fn != NULL)
		return (EINVAL);
	end = ended(c); /* before the last look at the buffer */
	at = NGU_LD_RLX(&c->tail);
	while (at != NGU_LD_ACQ(&c->head)) {
		/* ORDER capture-record (load side): acquire; what is in the record. */
		if ((size = NGU_LD_ACQ(ring_size(c, at))) == 0 || size > room - *got)
			break;
		ring_get(c, at, (char *)buf + *got, size);
		*got += size;
		at += size;
		/* ORDER capture-room (reader side): release; it is zero again. */
		NGU_ST_REL(&c->tail, at);
	}
	if (*got != 0)
		return (0);
	if (at != NGU_LD_ACQ(&c->head))
		return (NGU_LD_ACQ(ring_size(c, at)) > room ? EMSGSIZE : 0);
	return (end ? ENXIO : 0);
}

void
ngu_capture_stat(struct ngu_cap *c, struct ngu_cap_stat *out)
{
	ngu__memset(out, 0, sizeof(*out));
	out->ended = ended(c);
	out->stored = NGU_LD_RLX(&c->stored);
	out->dropped = NGU_LD_RLX(&c->dropped);
	out->seen = NGU_LD_RLX(&c->seen);
}
