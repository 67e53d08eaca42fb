/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * names.c - node names: a lock-free hash table that grows without moving anything (split-ordered list).
 *
 * Structure  All entries stand in one singly linked list, ordered by the bit-reversed hash. A bucket is an extra entry in that
 *            list, with an even key, found through a directory of segments; doubling the table adds buckets in the middle of
 *            existing runs, entries stay where they are. A bucket that is not there yet is reached from its parent.
 * Readers    walk inside a section; a marked entry is skipped.
 * Writers    insert with one CAS at the end of the run of equal keys, which makes "unless it is there" atomic: whoever comes
 *            second finds the CAS fail and looks again. Delete marks, then unlinks.
 * Invariants N1 an entry's key and name never change. N2 a marked next pointer never changes again.
 */
#include "core/core.h"

#define DEL ((uintptr_t)1)

static uint32_t
hash(const char *s)
{
	uint32_t h = 2166136261u;

	while (*s != '\0')
		h = (h ^ (unsigned char)*s++) * 16777619u;
	h ^= h >> 16;
	h *= 0x7feb352du;
	h ^= h >> 15;
	return (h);
}

static uint32_t
reverse(uint32_t v)
{
	v = ((v >> 1) & 0x55555555u) | ((v & 0x55555555u) << 1);
	v = ((v >> 2) & 0x33333333u) | ((v & 0x33333333u) << 2);
	v = ((v >> 4) & 0x0f0f0f0fu) | ((v & 0x0f0f0f0fu) << 4);
	return (__builtin_bswap32(v));
}

int
ngu__names_init(struct ngu__names *t)
{
	NGU_ST_RLX(&t->size, 16u);
	t->first.key = 0;
	return (0);
}

void
ngu__names_fini(struct ngu__names *t)
{
	struct ngu__soent *e = (struct ngu__soent *)(NGU_LD_ACQ(&t->first.next) & ~DEL), *n;
	unsigned i;

	for (; e != NULL; e = n) {
		n = (struct ngu__soent *)(NGU_LD_ACQ(&e->next) & ~DEL);
		if ((e->key & 1) == 0)
			ngu__port_free(e);
	}
	for (i = 0; i < NGU_NAME_SEGS; i++)
		if (NGU_LD_ACQ(&t->seg[i]) != NULL)
			ngu__port_free(NGU_LD_ACQ(&t->seg[i]));
}

/* Directory: segment 0 holds buckets 0..15, segment i the buckets 16*2^(i-1) .. 16*2^i - 1. */
static _Atomic(struct ngu__soent *) *
bucket_slot(struct ngu__names *t, uint32_t b, bool make)
{
	unsigned s = b < 16 ? 0 : 28 - (unsigned)__builtin_clz(b);
	uint32_t base = s == 0 ? 0 : 16u << (s - 1), n = s == 0 ? 16 : base;
	_Atomic(struct ngu__soent *) *v = NGU_LD_ACQ(&t->seg[s]), *fresh;

	if (v == NULL) {
		if (!make || (fresh = ngu__port_alloc(n * sizeof(*fresh), NGU_CACHELINE)) == NULL)
			return (NULL);
		if (NGU_CAS_AR(&t->seg[s], &v, fresh))
			v = fresh;
		else
			ngu__port_free(fresh);
	}
	return (&v[b - base]);
}

/*
 * From `from`, the place in front of the first entry with a key above `key` (or, for a bucket, not below it). Unlinks what is
 * deleted on its way. *prev is the link to change, the result what it holds.
 */
static struct ngu__soent *
place(struct ngu__soent *from, uint32_t key, bool past_equal, _Atomic uintptr_t **prevp, const struct ngu__name *want,
    bool *taken)
{
	_Atomic uintptr_t *prev;
	struct ngu__soent *e;
	uintptr_t next, ev;

again:
	prev = &from->next;
	if (taken != NULL)
		*taken = false;
	e = (struct ngu__soent *)(NGU_LD_ACQ(prev) & ~DEL);
	while (e != NULL) {
		next = NGU_LD_ACQ(&e->next);
		if (next & DEL) {
			ev = (uintptr_t)e;
			if (!NGU_CAS_AR(prev, &ev, next & ~DEL))
				goto again;
			e = (struct ngu__soent *)(next & ~DEL);
			continue;
		}
		if (e->key > key || (!past_equal && e->key == key))
			break;
		if (taken != NULL && e->key == key) {
			struct ngu__name *n = NGU_CONTAINER(e, struct ngu__name, so);

			if (ngu__strcmp(n->name, want->name) == 0 && !(NGU_LD_ACQ(&n->node->nd_flags) & NGF_INVALID))
				*taken = true;
		}
		prev = &e->next;
		e = (struct ngu__soent *)next;
	}
	*prevp = prev;
	return (e);
}

/* The bucket entry to start from; makes the bucket if memory allows, else starts earlier. */
static struct ngu__soent *
bucket(struct ngu__names *t, uint32_t b)
{
	_Atomic(struct ngu__soent *) *slot;
	struct ngu__soent *parent, *e, *fresh;
	_Atomic uintptr_t *prev;
	uintptr_t ev;
	uint32_t key;

	if (b == 0)
		return (&t->first);
	if ((slot = bucket_slot(t, b, true)) != NULL && (e = NGU_LD_ACQ(slot)) != NULL)
		return (e);
	parent = bucket(t, b & ~(1u << (31 - (unsigned)__builtin_clz(b))));
	if (slot == NULL || (fresh = ngu__port_alloc(sizeof(*fresh), 16)) == NULL)
		return (parent);
	key = reverse(b);
	fresh->key = key;
	for (;;) {
		e = place(parent, key, false, &prev, NULL, NULL);
		if (e != NULL && e->key == key) { /* somebody else's bucket */
			ngu__port_free(fresh);
			fresh = e;
			break;
		}
		NGU_ST_RLX(&fresh->next, (uintptr_t)e); /* not yet published */
		ev = (uintptr_t)e;
		if (NGU_CAS_AR(prev, &ev, (uintptr_t)fresh))
			break;
	}
	NGU_ST_REL(slot, fresh);
	return (fresh);
}

static struct ngu__soent *
start(struct ngu__names *t, uint32_t h)
{
	return (bucket(t, h & (NGU_LD_ACQ(&t->size) - 1)));
}

int
ngu__names_insert(struct ngu__names *t, struct ngu__name *n)
{
	uint32_t h = hash(n->name), size;
	struct ngu__soent *from, *e;
	_Atomic uintptr_t *prev;
	uintptr_t ev;
	bool taken;

	n->so.key = reverse(h) | 1;
	from = start(t, h);
	do {
		e = place(from, n->so.key, true, &prev, n, &taken);
		if (taken)
			return (EADDRINUSE);
		NGU_ST_RLX(&n->so.next, (uintptr_t)e); /* not yet published */
		ev = (uintptr_t)e;
		/* ORDER name-publish (store side): release with the CAS; pairs with the acquire loads in ngu__names_find(). */
	} while (!NGU_CAS_AR(prev, &ev, (uintptr_t)&n->so));
	size = NGU_LD_RLX(&t->size);
	if (NGU_FADD_RLX(&t->count, 1u) >= 2 * size && size < (1u << 30))
		(void)NGU_CAS_AR(&t->size, &size, size * 2);
	return (0);
}

void
ngu__names_remove(struct ngu__names *t, struct ngu__name *n)
{
	uintptr_t next = NGU_LD_ACQ(&n->so.next);
	_Atomic uintptr_t *prev;

	while (!(next & DEL) && !NGU_CAS_AR(&n->so.next, &next, next | DEL))
		;
	NGU_FSUB_RLX(&t->count, 1u);
	/* Walk over it: whoever gets here first unlinks it, and after this walk it is unlinked. */
	(void)place(start(t, hash(n->name)), n->so.key, true, &prev, NULL, NULL);
}

struct ng_node *
ngu__names_find(struct ngu__names *t, const char *name)
{
	uint32_t h = hash(name), key = reverse(h) | 1;
	struct ngu__soent *e = start(t, h);
	struct ng_node *found = NULL;
	uintptr_t next;

	/* ORDER name-publish (load side): acquire on every link. */
	for (e = (struct ngu__soent *)(NGU_LD_ACQ(&e->next) & ~DEL); e != NULL && e->key <= key;
	     e = (struct ngu__soent *)(next & ~DEL)) {
		next = NGU_LD_ACQ(&e->next);
		if (e->key == key && !(next & DEL)) {
			struct ngu__name *n = NGU_CONTAINER(e, struct ngu__name, so);

			if (ngu__strcmp(n->name, name) == 0 && !(NGU_LD_ACQ(&n->node->nd_flags) & NGF_INVALID))
				found = n->node;
		}
	}
	return (found);
}
