/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * slab.c - slabs of 64 KB, cut from regions of 2 MB.
 *
 * Slab       its first 128 bytes say whose it is; objects follow. Those never used are handed out in order of their addresses, so
 *            that what is made one after the other lies one behind the other; those that came back, the last first.
 * Region     aligned to its size. The first is plain pages, so that a small graph stays small; from the second on the system is
 *            asked for one large page each. Regions without slabs are kept, up to KEPT: a backlog that comes and goes
 *            many times a second would have the system clear as much memory each time.
 * Owner      the caller's lock guards a size's slabs; the lock here guards the regions.
 * Invariants
 *   L1  A slab is on its size's list if and only if it has room.
 *   L2  Slab and object are found from an address alone: slabs are aligned to their size.
 */
#include "kern/slab.h"

#ifndef NGU_NO_CACHES

#define SLAB ((size_t)64 << 10)
#define REGION ((size_t)2 << 20)
#define HEAD 128u /* bytes before the first object: objects of two lines are such a pair as some processors fetch at once */
#define SLABS (REGION / SLAB)
#define KEPT 8u /* regions */

struct region {
	struct region *next, *prev; /* those that have a free slab */
	char *base;
	uint32_t taken; /* a bit a slab */
};

struct ngu__slab {
	struct ngu__slab *next, *prev; /* those of the size that have room */
	struct region *region;
	void *back;	    /* objects that came back, linked through their first word */
	uint32_t fresh;	    /* objects never handed out begin here: bytes from the slab's beginning */
	uint32_t used;	    /* objects out */
	uint32_t max;
	bool listed;
};

_Static_assert(sizeof(struct ngu__slab) <= HEAD, "a slab's head has room for itself");
_Static_assert(SLABS <= 32, "one word says which slabs of a region are taken");

static ngu__spin regions_lock;
static struct region *regions; /* those that have a free slab */
static uint32_t nregions, nfree; /* all; those without a taken slab */

static struct region *
region_new(void)
{
	struct region *r = ngu__port_alloc(sizeof(*r), 16);

	if (r == NULL)
		return (NULL);
	if ((r->base = ngu__port_alloc_region(REGION, nregions != 0)) == NULL) {
		ngu__port_free(r);
		return (NULL);
	}
	NGU_KEPT(r);
	return (r);
}

static void
region_list(struct region *r)
{
	r->prev = NULL;
	if ((r->next = regions) != NULL)
		regions->prev = r;
	regions = r;
}

static void
region_unlist(struct region *r)
{
	if (r->next != NULL)
		r->next->prev = r->prev;
	if (r->prev != NULL)
		r->prev->next = r->next;
	else
		regions = r->next;
}

static struct ngu__slab *
slab_new(uint32_t size)
{
	struct ngu__slab *b;
	struct region *r;
	unsigned i;

	ngu__spin_lock(&regions_lock);
	if ((r = regions) == NULL) {
		if ((r = region_new()) == NULL) {
			ngu__spin_unlock(&regions_lock);
			return (NULL);
		}
		nregions++;
		nfree++;
		region_list(r);
	}
	i = (unsigned)__builtin_ctz(~r->taken);
	nfree -= r->taken == 0;
	r->taken |= 1u << i;
	if (r->taken == (uint32_t)(((uint64_t)1 << SLABS) - 1))
		region_unlist(r);
	ngu__spin_unlock(&regions_lock);
	b = (struct ngu__slab *)(void *)(r->base + i * SLAB);
	b->region = r;
	b->back = NULL;
	b->fresh = HEAD;
	b->used = 0;
	b->max = (uint32_t)((SLAB - HEAD) / size);
	b->listed = false;
	return (b);
}

static void
slab_destroy(struct ngu__slab *b)
{
	struct region *r = b->region;
	bool gone = false;

	ngu__spin_lock(&regions_lock);
	if (r->taken == (uint32_t)(((uint64_t)1 << SLABS) - 1))
		region_list(r);
	r->taken &= ~(1u << (unsigned)((size_t)((char *)b - r->base) / SLAB));
	if (r->taken == 0 && nfree++ >= KEPT) {
		region_unlist(r);
		nregions--;
		nfree--;
		gone = true;
	}
	ngu__spin_unlock(&regions_lock);
	if (gone) {
		ngu__port_free_region(r->base, REGION);
		ngu__port_free(r);
	}
}

static void
list(struct ngu__slabs *s, struct ngu__slab *b)
{
	b->prev = NULL;
	if ((b->next = s->part) != NULL)
		s->part->prev = b;
	s->part = b;
	b->listed = true;
}

static void
unlist(struct ngu__slabs *s, struct ngu__slab *b)
{
	if (b->next != NULL)
		b->next->prev = b->prev;
	if (b->prev != NULL)
		b->prev->next = b->next;
	else
		s->part = b->next;
	b->listed = false;
}

void *
ngu__slab_alloc(struct ngu__slabs *s)
{
	struct ngu__slab *b = s->part;
	void *p;

	if (b == NULL) {
		if ((b = slab_new(s->size)) == NULL)
			return (NULL);
		s->spare++;
		list(s, b);
	}
	if ((p = b->back) != NULL) {
		b->back = *(void **)p;
	} else {
		p = (char *)b + b->fresh;
		b->fresh += s->size;
	}
	if (b->used++ == 0)
		s->spare--;
	if (b->used == b->max)
		unlist(s, b);
	return (p);
}

void
ngu__slab_free(struct ngu__slabs *s, void *p)
{
	struct ngu__slab *b = (struct ngu__slab *)(void *)((uintptr_t)p & ~(uintptr_t)(SLAB - 1));

	NGU_INVARIANT(b->used != 0, "an object goes back once");
	*(void **)p = b->back;
	b->back = p;
	if (!b->listed)
		list(s, b);
	if (--b->used == 0 && s->spare++ != 0) {
		unlist(s, b);
		s->spare--;
		slab_destroy(b);
	}
}

void
ngu__slab_trim(struct ngu__slabs *s)
{
	struct ngu__slab *b, *next;

	for (b = s->part; b != NULL && s->spare != 0; b = next) {
		next = b->next;
		if (b->used == 0) {
			unlist(s, b);
			s->spare--;
			slab_destroy(b);
		}
	}
}

size_t
ngu__slab_bytes(void)
{
	size_t n;

	ngu__spin_lock(&regions_lock);
	n = nregions * REGION;
	ngu__spin_unlock(&regions_lock);
	return (n);
}

#endif /* !NGU_NO_CACHES */
