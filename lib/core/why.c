/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * why.c - recent refusals and drops, counted by place and reason (include/ng/inspect.h, ngu_why()).
 *
 * Writers    come from where a packet is refused, and nowhere else. A place in a table of the graph's is found by hash; it is changed under
 *            its own word, which is odd meanwhile. Who finds it odd for long goes on: the refusal is then in the graph's counts only.
 * Readers    copy a place and see by the word whether it stayed as it was. They write nothing.
 * Nothing is allocated, and nobody waits. Fields are atomic words, so that a copy that is thrown away was no race.
 */
#include "core/core.h"

#define TRIES NGU_SPINS(64)

/* Words of a place. The key is what lies from W_WHERE on, but for W_LEN. */
enum { W_COUNT, W_FIRST, W_LAST, W_LEN, W_WHERE, W_WHAT, W_HOOK, W_NAME = W_HOOK + NG_HOOKSIZ / 8, W_END = W_NAME + NG_NODESIZ / 8 };
_Static_assert(W_END == NGU_WHY_WORDS, "a place has as many words");

struct key {
	uint64_t where, what, hook[NG_HOOKSIZ / 8];
};

static const int usual[NGU_R_COUNT] = {
	[NGU_R_NO_HOOK] = ENETDOWN,
	[NGU_R_HOOK_INVALID] = ENETDOWN,
	[NGU_R_NO_PEER] = ENETDOWN,
	[NGU_R_NODE_INVALID] = ENETDOWN,
	[NGU_R_NO_MBUF] = EINVAL,
	[NGU_R_NO_ITEM] = ENOMEM,
	[NGU_R_QUEUE_FULL] = ENOMEM,
	[NGU_R_HOOK_GONE] = EIO,
	[NGU_R_NODE_GONE] = EIO,
	[NGU_R_FLUSHED] = EIO,
	[NGU_R_NO_METHOD] = 0,
};

static struct ngu__why_place *
place_of(struct ngu__why_table *t, const struct key *k)
{
	uint64_t h = k->where * 0x9e3779b97f4a7c15u ^ k->what;
	unsigned i;

	for (i = 0; i < NG_HOOKSIZ / 8; i++)
		h = (h ^ k->hook[i]) * 0xbf58476d1ce4e5b9u;
	return (&t->place[(h >> 40) % (NGU_WHY_PLACES / NGU_WHY_WAYS) * NGU_WHY_WAYS]);
}

static bool
is(struct ngu__why_place *p, const struct key *k)
{
	bool same = NGU_LD_RLX(&p->w[W_WHERE]) == k->where && NGU_LD_RLX(&p->w[W_WHAT]) == k->what;
	unsigned i;

	for (i = 0; same && i < NG_HOOKSIZ / 8; i++)
		same = NGU_LD_RLX(&p->w[W_HOOK + i]) == k->hook[i];
	return (same);
}

/* The place is ours: its word, now odd, and what was in it is loaded after that. */
static bool
take(struct ngu__why_place *p, uint32_t *seq)
{
	unsigned i;

	for (i = 0; i < TRIES; i++) {
		*seq = NGU_LD_RLX(&p->seq);
		/* ORDER why-place (writer side): acquire, what the writer before has stored; then, release, the stores below stay behind it. */
		if ((*seq & 1) == 0 && NGU_CAS_AR(&p->seq, seq, *seq + 1))
			return (true);
		NGU_PAUSE();
	}
	return (false);
}

/* Not before the word is odd: who acquires this value, and looks at the word after that, finds it changed. */
static void
put(struct ngu__why_place *p, unsigned i, uint64_t v)
{
	/* ORDER why-field (store side): release, behind the odd word. */
	NGU_ST_REL(&p->w[i], v);
}

/* Of four places: that with the key, else an empty one, else the one that was used longest ago. */
static struct ngu__why_place *
choose(struct ngu__why_place *set, const struct key *k)
{
	struct ngu__why_place *old = set;
	unsigned i;

	for (i = 0; i < NGU_WHY_WAYS; i++) {
		if (NGU_LD_RLX(&set[i].w[W_COUNT]) != 0 && is(&set[i], k))
			return (&set[i]);
		if (NGU_LD_RLX(&set[i].w[W_LAST]) < NGU_LD_RLX(&old->w[W_LAST]))
			old = &set[i];
	}
	return (old);
}

void
ngu__why(struct ngu__thread *ts, struct ngu_graph *g, node_p node, hook_p hook, enum ngu_reason why, uint32_t kind, int error, uint32_t n,
    size_t len)
{
	uint64_t now = (uint64_t)ngu__graph_now(g) + 1, name[NG_NODESIZ / 8]; /* 0: never used */
	struct ngu__why_place *p;
	struct key k;
	uint32_t seq;
	unsigned i;

	ngu__memset(&k, 0, sizeof(k));
	ngu__memset(name, 0, sizeof(name));
	ngu__look_enter(ts); /* for the hook's node, and its name */
	if (hook != NULL && hook != &ng_deadhook) {
		(void)ngu__strlcpy((char *)k.hook, hook->hk_name, sizeof(k.hook));
		if (node == NULL)
			node = NGU_LD_ACQ(&hook->hk_node);
	}
	if (node != NULL && node != &ng_deadnode) {
		k.where = node->nd_ID;
		(void)ngu__strlcpy((char *)name, NG_NODE_NAME(node), sizeof(name));
	}
	ngu__look_leave(ts);
	k.where |= (uint64_t)(uint32_t)(error >= 0 ? error : usual[why]) << 32;
	k.what = (uint64_t)kind << 32 | why;
	p = choose(place_of(&g->why, &k), &k);
	if (!take(p, &seq)) {
		(void)NGU_FADD_RLX(&g->why.missed, (uint64_t)n);
		return;
	}
	if (NGU_LD_RLX(&p->w[W_COUNT]) != 0 && is(p, &k)) {
		put(p, W_COUNT, NGU_LD_RLX(&p->w[W_COUNT]) + n);
	} else {
		put(p, W_COUNT, n);
		put(p, W_FIRST, now);
		put(p, W_WHERE, k.where);
		put(p, W_WHAT, k.what);
		for (i = 0; i < NG_HOOKSIZ / 8; i++)
			put(p, W_HOOK + i, k.hook[i]);
		for (i = 0; i < NG_NODESIZ / 8; i++)
			put(p, W_NAME + i, name[i]);
	}
	put(p, W_LAST, now);
	put(p, W_LEN, len);
	/* ORDER why-place (writer side): release; the place is whole. */
	NGU_ST_REL(&p->seq, seq + 2);
}

/* A place as it was at one moment; false: it is empty, or changed each time we looked. */
static bool
copy(struct ngu__why_place *p, uint64_t *w)
{
	uint32_t seq;
	unsigned i, n;

	for (n = 0; n < TRIES; n++) {
		/* ORDER why-place (reader side): acquire; the stores of whoever made it even. */
		seq = NGU_LD_ACQ(&p->seq);
		if ((seq & 1) == 0) {
			for (i = 0; i < W_END; i++)
				w[i] = NGU_LD_ACQ(&p->w[i]); /* ORDER why-field (load side): acquire; the word is looked at again after it */
			if (NGU_LD_RLX(&p->seq) == seq)
				return (w[W_COUNT] != 0);
		}
		NGU_PAUSE();
	}
	return (false);
}

void
ngu__why_reasons(struct ngu_graph *g, uint32_t id, uint64_t *by_reason)
{
	uint64_t w[W_END];
	unsigned i;

	for (i = 0; i < NGU_WHY_PLACES; i++)
		if (copy(&g->why.place[i], w) && (uint32_t)w[W_WHERE] == id && w[W_WHAT] >> 32 == NGU_WHY_PACKET)
			by_reason[(uint32_t)w[W_WHAT]] += w[W_COUNT];
}

static void
tell(struct ngu_why_rec *r, const uint64_t *w)
{
	ngu__memset(r, 0, sizeof(*r));
	r->count = w[W_COUNT];
	r->first_ns = w[W_FIRST] - 1;
	r->last_ns = w[W_LAST] - 1;
	r->node = (uint32_t)w[W_WHERE];
	r->error = (int32_t)(w[W_WHERE] >> 32);
	r->reason = (uint32_t)w[W_WHAT];
	r->kind = (uint32_t)(w[W_WHAT] >> 32);
	r->len = (uint32_t)w[W_LEN];
	ngu__memcpy(r->name, &w[W_NAME], sizeof(r->name));
	ngu__memcpy(r->hook, &w[W_HOOK], sizeof(r->hook));
}

int
ngu_why(struct ngu_graph *g, const char *path, struct ngu_why **out)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu_why_rec *rec, one;
	uint64_t w[W_END];
	struct ngu_why *why;
	uint32_t id = 0, i, j;
	int error;

	if (out == NULL)
		return (EINVAL);
	*out = NULL;
	if (g == NULL)
		return (EINVAL);
	if (ts->nest != 0)
		return (EDEADLK);
	if (path != NULL && (error = ngu_lookup(g, path, &id)) != 0)
		return (error);
	if ((why = ngu__port_alloc(sizeof(*why) + NGU_WHY_PLACES * sizeof(*rec), 16)) == NULL)
		return (ENOMEM);
	why->recs_off = sizeof(*why);
	why->missed = NGU_LD_RLX(&g->why.missed);
	rec = (struct ngu_why_rec *)(void *)(why + 1);
	for (i = 0; i < NGU_WHY_PLACES; i++) {
		if (!copy(&g->why.place[i], w) || (path != NULL && (uint32_t)w[W_WHERE] != id))
			continue;
		tell(&one, w);
		for (j = why->nrecs++; j > 0 && rec[j - 1].last_ns < one.last_ns; j--)
			rec[j] = rec[j - 1];
		rec[j] = one;
	}
	why->now_ns = (uint64_t)ngu__graph_now(g);
	ngu__block_init(&why->block, sizeof(*why) + why->nrecs * sizeof(*rec), NGU_B_WHY);
	*out = why;
	return (0);
}
