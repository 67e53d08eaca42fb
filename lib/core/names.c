/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * names.c - node names: a lock-free hash table that grows without moving anything (split-ordered list).
 *
 * Structure  All entries stand in one singly linked list, ordered by the bit-reversed hash. A bucket is an extra entry in that
 *            list, with an even key; buckets lie in arrays, so that finding one is one access to memory. Doubling the table adds
 *            buckets in the middle of existing runs, entries stay where they are. A bucket that is not in the list yet is
 *            reached from its parent.
 * Readers    walk inside a section; a marked entry is skipped.
 * Writers    insert with one CAS at the end of the run of equal keys, which makes "unless it is there" atomic: whoever comes
 *            second finds the CAS fail and looks again. Delete marks, then unlinks.
 * Invariants N1 an entry's key and name never change. N2 a marked next pointer never changes again.
 */
#include "core/core.h"
#include "kern/zone.h"

#define SHORT 16u /* with the zero at the end */

static struct ngu__zone name_zone = NGU_ZONE_INIT("names", NGU_Z_NAME, sizeof(struct ngu__name) + NG_NODESIZ, 8);
static struct ngu__zone short_zone = NGU_ZONE_INIT("short names", NGU_Z_SHORT_NAME, sizeof(struct ngu__name) + SHORT, 8);

#define LARGE ((size_t)2 << 20) /* arrays of buckets of this size and above are regions of their own */

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

struct ngu__name *
ngu__name_new(const char *name)
{
	size_t size = ngu__strlen(name) + 1;
	struct ngu__name *n;

	n = size <= SHORT ? ngu__zone_alloc_at(ngu__self(), NGU_Z_SHORT_NAME, &short_zone) :
			    ngu__zone_alloc_at(ngu__self(), NGU_Z_NAME, &name_zone);
	if (n != NULL)
		ngu__memcpy(n->name, name, size);
	return (n);
}

void
ngu__name_free(struct ngu__name *n)
{
	if (ngu__strlen(n->name) < SHORT)
		ngu__zone_free_at(ngu__self(), NGU_Z_SHORT_NAME, &short_zone, n);
	else
		ngu__zone_free_at(ngu__self(), NGU_Z_NAME, &name_zone, n);
}

/* Buckets of segment s: 16 in the first two, then as many as in all before. */
static uint32_t
seg_count(unsigned s)
{
	return (s == 0 ? 16 : 16u << (s - 1));
}

static struct ngu__soent *
seg_new(uint32_t n)
{
	size_t bytes = n * sizeof(struct ngu__soent);

	if (bytes < LARGE)
		return (ngu__port_alloc(bytes, NGU_CACHELINE));
	if (ngu__port_refuses(bytes))
		return (NULL);
	return (ngu__port_alloc_region(bytes, true));
}

static void
seg_free(struct ngu__soent *v, uint32_t n)
{
	size_t bytes = n * sizeof(*v);

	if (v == NULL)
		return;
	if (bytes < LARGE)
		ngu__port_free(v);
	else
		ngu__port_free_region(v, bytes);
}

void
ngu__names_fini(struct ngu__names *t)
{
	for (unsigned i = 0; i < NGU_NAME_SEGS; i++)
		seg_free(NGU_LD_ACQ(&t->seg[i]), seg_count(i));
}

/* Segment 0 holds buckets 0..15, segment i the buckets 16*2^(i-1) .. 16*2^i - 1. NULL: no memory. */
static struct ngu__soent *
bucket_at(struct ngu__names *t, uint32_t b)
{
	unsigned s = b < 16 ? 0 : 28 - (unsigned)__builtin_clz(b);
	uint32_t base = s == 0 ? 0 : 16u << (s - 1), n = seg_count(s);
	struct ngu__soent *v = NGU_LD_ACQ(&t->seg[s]), *fresh;

	if (NGU_UNLIKELY(v == NULL)) {
		if ((fresh = seg_new(n)) == NULL)
			return (NULL);
		if (NGU_CAS_AR(&t->seg[s], &v, fresh))
			v = fresh;
		else
			seg_free(fresh, n);
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

/* The bucket entry to start from; puts the bucket into the list if memory allows and nobody else is about to, else starts earlier. */
static struct ngu__soent *
bucket(struct ngu__names *t, uint32_t b)
{
	struct ngu__soent *parent, *e, *own;
	_Atomic uintptr_t *prev;
	uint32_t not = NGU_BUCKET_NOT;
	uintptr_t ev;

	if (b == 0)
		return (&t->first);
	/* ORDER name-bucket (load side): acquire; the bucket's key and link are there. */
	if ((own = bucket_at(t, b)) != NULL && NGU_LIKELY(NGU_LD_ACQ(&own->made) == NGU_BUCKET_IN))
		return (own);
	parent = bucket(t, b & ~(1u << (31 - (unsigned)__builtin_clz(b))));
	if (own == NULL || !NGU_CAS_AR(&own->made, &not, NGU_BUCKET_SOON))
		return (parent);
	own->key = reverse(b);
	do {
		e = place(parent, own->key, false, &prev, NULL, NULL);
		NGU_ST_RLX(&own->next, (uintptr_t)e); /* not yet published */
		ev = (uintptr_t)e;
	} while (!NGU_CAS_AR(prev, &ev, (uintptr_t)own));
	/* ORDER name-bucket (store side): release; behind key and link. */
	NGU_ST_REL(&own->made, NGU_BUCKET_IN);
	return (own);
}

static struct ngu__soent *
start(struct ngu__names *t, uint32_t h)
{
	return (bucket(t, h & (NGU_LD_ACQ(&t->size) - 1)));
}

/* A new name finds its bucket, and often that one's parent, in memory nobody has read for long. */
void
ngu__names_expect(struct ngu__names *t, const char *name)
{
	uint32_t b = hash(name) & (NGU_LD_ACQ(&t->size) - 1);
	struct ngu__soent *e = bucket_at(t, b);

	__builtin_prefetch(e, 1);
	if (b != 0)
		__builtin_prefetch(bucket_at(t, b & ~(1u << (31 - (unsigned)__builtin_clz(b)))), 1);
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
	NGU_ST_RLX(&n->so.made, 0u); /* not yet published */
	from = start(t, h);
	do {
		e = place(from, n->so.key, true, &prev, n, &taken);
		if (taken)
			return (EADDRINUSE);
		NGU_ST_RLX(&n->so.next, (uintptr_t)e); /* not yet published */
		ev = (uintptr_t)e;
		/* ORDER name-publish (store side): release with the CAS; pairs with the acquire loads in ngu__names_find(). */
	} while (!NGU_CAS_AR(prev, &ev, (uintptr_t)&n->so));
	e = NGU_CONTAINER(prev, struct ngu__soent, next);
	if (e->key == n->so.key) /* before this call returns, so that whoever looks after it goes on to the newer one */
		NGU_ST_REL(&e->made, 1u);
	size = NGU_LD_RLX(&t->size);
	if (NGU_FADD_RLX(&t->count, 1u) >= size && size < (1u << 30))
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

			__builtin_prefetch(&n->node->nd_flags);
			__builtin_prefetch(&n->node->nd_refs, 1); /* most callers want one */
			if (ngu__strcmp(n->name, name) == 0 && !(NGU_LD_ACQ(&n->node->nd_flags) & NGF_INVALID)) {
				found = n->node;
				/* A node that was dying when another took its name may have revived: the newer one counts. */
				if (NGU_LIKELY(NGU_LD_ACQ(&e->made) == 0))
					break;
			}
		}
	}
	return (found);
}
