/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * idtab.c - nodes by ID.
 *
 * Readers    three acquire loads, no lock, no retry.
 * Writers    an ID belongs to one node, so a slot has one writer; pages are put in with compare and swap.
 * Pages      A page counts its nodes, plus one while the ID counter is inside its range. At zero it is unlinked and retired:
 *            IDs only go up, so nobody wants it again before the counter has gone round.
 */
#include "core/core.h"

/* A slot whose ID is given out and whose node is not published yet. */
#define TAKEN ((struct ng_node *)(uintptr_t)1)

/* IDs made one after the other, perhaps by several threads, are not in one line. */
static uint32_t
slot_of(uint32_t id)
{
	return ((id << 3 | (id >> 7 & 7)) & (NGU_ID_LEAF - 1));
}

/*
 * No ID from here on was ever given out.
 * ORDER id-round (load side): the counter first. Whoever sees it low again acquires what was stored before it was turned back.
 */
static uint32_t
id_end(const struct ngu__idtab *t)
{
	uint32_t next = NGU_LD_ACQ(&t->next);

	return (NGU_LD_ACQ(&t->round) != 0 || next > NGU_REPLY_BASE ? NGU_REPLY_BASE : next);
}

int
ngu__idtab_init(struct ngu__idtab *t)
{
	NGU_ST_RLX(&t->next, 1u);
	NGU_ST_RLX(&t->max, UINT32_MAX);
	t->root = ngu__port_alloc(NGU_ID_ROOT * sizeof(*t->root), NGU_CACHELINE);
	return (t->root != NULL ? 0 : ENOMEM);
}

void
ngu__idtab_fini(struct ngu__idtab *t)
{
	struct ngu__idmid *mid;
	struct ngu__idleaf *leaf;
	unsigned i, j;

	if (t->root == NULL)
		return;
	for (i = 0; i <= id_end(t) >> 20; i++) {
		if ((mid = NGU_LD_ACQ(&t->root[i])) == NULL)
			continue;
		for (j = 0; j < NGU_ID_MID; j++)
			if ((leaf = NGU_LD_ACQ(&mid->leaf[j])) != NULL)
				ngu__port_free(leaf);
		ngu__port_free(mid);
	}
	ngu__port_free(t->root);
	t->root = NULL;
}

static struct ngu__idmid *
mid_get(struct ngu__idtab *t, uint32_t id)
{
	_Atomic(struct ngu__idmid *) *p = &t->root[id >> 20];
	struct ngu__idmid *m = NGU_LD_ACQ(p), *fresh;

	if (m != NULL)
		return (m);
	if ((fresh = ngu__port_alloc(sizeof(*fresh), NGU_CACHELINE)) == NULL)
		return (NULL);
	/* ORDER idpage-publish (store side): release with the CAS; pairs with the acquire loads in ngu__id_find(). */
	if (NGU_CAS_AR(p, &m, fresh))
		return (fresh);
	ngu__port_free(fresh);
	return (m);
}

static bool
live_take(struct ngu__idleaf *leaf)
{
	uint32_t n = NGU_LD_RLX(&leaf->live);

	while (n != 0)
		if (NGU_CAS_AR(&leaf->live, &n, n + 1))
			return (true);
	return (false);
}

static void
leaf_free(struct ngu__retire *r)
{
	ngu__port_free(NGU_CONTAINER(r, struct ngu__idleaf, retire));
}

static void
live_drop(struct ngu__idtab *t, struct ngu__idleaf *leaf, uint32_t id)
{
	struct ngu__idmid *m;
	struct ngu__idleaf *e = leaf;

	if (NGU_FSUB_AR(&leaf->live, 1u) != 1)
		return;
	m = NGU_LD_ACQ(&t->root[id >> 20]);
	(void)NGU_CAS_AR(&m->leaf[(id >> 10) & (NGU_ID_MID - 1)], &e, NULL);
	ngu__retire(&leaf->retire, leaf_free);
}

/* The page of `id` with one count taken. The caller is in a section. */
static struct ngu__idleaf *
leaf_take(struct ngu__idtab *t, uint32_t id)
{
	struct ngu__idmid *m = mid_get(t, id);
	_Atomic(struct ngu__idleaf *) *p;
	struct ngu__idleaf *leaf, *fresh;

	if (m == NULL)
		return (NULL);
	p = &m->leaf[(id >> 10) & (NGU_ID_MID - 1)];
	for (;;) {
		leaf = NGU_LD_ACQ(p);
		if (leaf != NULL && live_take(leaf))
			return (leaf);
		if ((fresh = ngu__port_alloc(sizeof(*fresh), NGU_CACHELINE)) == NULL)
			return (NULL);
		/* One for the caller; one for the counter, if it will leave this page later. */
		NGU_ST_RLX(&fresh->live, (id & (NGU_ID_LEAF - 1)) == NGU_ID_LEAF - 1 ? 1u : 2u);
		if (NGU_CAS_AR(p, &leaf, fresh))
			return (fresh);
		ngu__port_free(fresh);
	}
}

uint32_t
ngu__id_new(struct ngu__idtab *t)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu__idleaf *leaf;
	struct ng_node *free_slot;
	uint32_t id, n = NGU_FADD_RLX(&t->live, 1u) + 1, h = NGU_LD_RLX(&t->high);

	if (n > NGU_LD_RLX(&t->max)) {
		(void)NGU_FSUB_RLX(&t->live, 1u);
		(void)NGU_FADD_RLX(&t->refused, 1u);
		return (0);
	}
	while (n > h && !NGU_CAS_AR(&t->high, &h, n))
		;
	ngu__look_enter(ts);
	for (;;) {
		id = NGU_FADD_RLX(&t->next, 1u);
		if (id == 0)
			continue;
		if (id >= NGU_REPLY_BASE) { /* round again; whoever sees it first turns the counter back */
			uint32_t e = id + 1;

			NGU_ST_REL(&t->round, 1u); /* ORDER id-round (store side): before the counter is low again */
			(void)NGU_CAS_AR(&t->next, &e, 1u);
			continue;
		}
		if ((leaf = leaf_take(t, id)) == NULL) {
			id = 0;
			break;
		}
		if ((id & (NGU_ID_LEAF - 1)) == NGU_ID_LEAF - 1 && NGU_LD_RLX(&leaf->live) > 1)
			live_drop(t, leaf, id); /* the counter has left this page */
		free_slot = NULL;
		if (NGU_CAS_AR(&leaf->slot[slot_of(id)], &free_slot, TAKEN))
			break;
		live_drop(t, leaf, id); /* in use since the last time round */
	}
	ngu__look_leave(ts);
	if (id == 0)
		(void)NGU_FSUB_RLX(&t->live, 1u);
	return (id);
}

static struct ngu__idleaf *
leaf_of(const struct ngu__idtab *t, uint32_t id)
{
	struct ngu__idmid *m = NGU_LD_ACQ(&t->root[id >> 20]);

	return (m != NULL ? NGU_LD_ACQ(&m->leaf[(id >> 10) & (NGU_ID_MID - 1)]) : NULL);
}

void
ngu__id_publish(struct ngu__idtab *t, uint32_t id, struct ng_node *node)
{
	struct ngu__idleaf *leaf = leaf_of(t, id);

	/* ORDER id-publish (store side): the node is complete; pairs with the acquire load of the slot in ngu__id_find(). */
	NGU_ST_REL(&leaf->slot[slot_of(id)], node);
}

void
ngu__id_drop(struct ngu__idtab *t, uint32_t id)
{
	struct ngu__idleaf *leaf = leaf_of(t, id);

	NGU_ST_REL(&leaf->slot[slot_of(id)], NULL);
	live_drop(t, leaf, id);
	(void)NGU_FSUB_RLX(&t->live, 1u);
}

struct ng_node *
ngu__id_find(const struct ngu__idtab *t, uint32_t id)
{
	struct ngu__idleaf *leaf;
	struct ng_node *n;

	if (id == 0 || id >= NGU_REPLY_BASE || (leaf = leaf_of(t, id)) == NULL) /* ORDER idpage-publish (load side) */
		return (NULL);
	n = NGU_LD_ACQ(&leaf->slot[slot_of(id)]); /* ORDER id-publish (load side) */
	return (n != TAKEN ? n : NULL);
}

struct ng_node *
ngu__id_next(const struct ngu__idtab *t, uint32_t *idp)
{
	uint32_t id = *idp + 1, end = id_end(t);
	struct ngu__idmid *m;
	struct ngu__idleaf *leaf;
	struct ng_node *n;

	while (id != 0 && id < end) {
		if ((m = NGU_LD_ACQ(&t->root[id >> 20])) == NULL) {
			id = (id | 0xfffffu) + 1;
			continue;
		}
		if ((leaf = NGU_LD_ACQ(&m->leaf[(id >> 10) & (NGU_ID_MID - 1)])) == NULL) {
			id = (id | (NGU_ID_LEAF - 1)) + 1;
			continue;
		}
		if ((n = NGU_LD_ACQ(&leaf->slot[slot_of(id)])) != NULL && n != TAKEN) {
			*idp = id;
			return (n);
		}
		id++;
	}
	return (NULL);
}
