/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * zone.h - object caches. Each thread holds two magazines of 64 objects a zone; a depot keeps full and empty magazines for
 * all, so objects freed by another thread travel back 64 at a time and the common case touches nothing shared.
 *
 * Small objects come from slabs of their zone (slab.h), large ones are single allocations of the port's allocator; so are all in
 * builds with NGU_NO_CACHES (sanitizers, lab). There, and after ngu__zone_bypass(true), nothing is cached and the allocation hook
 * of the port sees every allocation.
 * Debug builds fill freed objects with 0x5a and check that at reuse.
 */
#ifndef NGU_ZONE_H
#define NGU_ZONE_H

#include "kern/slab.h"
#include "port/port.h"
#include "reclaim/thread.h"

enum ngu__zone_id {
	NGU_Z_ITEM,    /* struct ng_item */
	NGU_Z_MBUF,    /* struct mbuf, 256 bytes (more in debug builds) */
	NGU_Z_CLUSTER, /* MCLBYTES, 2048 */
	NGU_Z_JUMBOP,  /* MJUMPAGESIZE, 4096 */
	NGU_Z_JUMBO9,  /* 9216 */
	NGU_Z_JUMBO16, /* 16384 */
	NGU_Z_NODE,    /* struct ng_node */
	NGU_Z_HOOK,    /* struct ng_hook */
	NGU_Z_BURST,   /* packet vectors */
	NGU_Z_SMALL,   /* malloc(9) of up to 32, 64, 128, 256, 512 bytes, its head included */
	NGU_Z_SMALL_LAST = NGU_Z_SMALL + 4,
	NGU_Z_NAME,    /* struct ngu__name, long and short */
	NGU_Z_SHORT_NAME,
	NGU_Z_HIDX,    /* struct ngu__hidx of two slots */
	NGU_Z_COUNT
};
_Static_assert(NGU_Z_COUNT <= NGU_ZONES, "a magazine pair for each zone");

struct ngu__mag {
	struct ngu__mag *next; /* in the depot */
	uint32_t n;	       /* objects held */
	void *round[NGU_MAG_ROUNDS];
};

/* A zone: defined once, statically, with NGU_ZONE_INIT. */
struct ngu__zone {
	const char *name;
	uint32_t index; /* enum ngu__zone_id: which magazine pair of the threads; no two zones share one */
	uint32_t size;	/* bytes an object */
	uint32_t align; /* at least */
	_Atomic uint32_t known; /* 1 once zone.c has it on its list */
	NGU_ALIGNED(NGU_CACHELINE) ngu__spin lock; /* the depot; held for a few instructions */
	uint32_t nfull;
	struct ngu__mag *full;
	struct ngu__mag *empty;
	struct ngu__slabs slabs;
};
#define NGU_ZONE_INIT(nm, idx, sz, al) \
	{ .name = (nm), .index = (idx), .size = (uint32_t)(sz), .align = (al), .slabs = { .size = ((uint32_t)(sz) + (al) - 1) / (al) * (al) } }

void *ngu__zone_alloc_slow(struct ngu__thread *ts, struct ngu__zone *z);
void ngu__zone_free_slow(struct ngu__thread *ts, struct ngu__zone *z, void *p);
void ngu__zone_poison(const struct ngu__zone *z, void *p);      /* fill a freed object */
void ngu__zone_check(const struct ngu__zone *z, const void *p); /* die when a freed object was written to */

/*
 * Caches off (true) or on. Objects in use stay valid across the switch. Only while no other thread uses libng; other threads'
 * magazines would go on serving them.
 */
void ngu__zone_bypass(bool on);

/* Give the depots and the calling thread's magazines back to the system. Any time; may take long. */
void ngu__zone_drain(void);

/*
 * Strict mode keeps a zone's caches out of use, and this thread's magazines of such zones go back. Where `how` matters an
 * allocation is refused first: mbuf.c asks ngu__zone_strict() then, and takes with ngu__zone_alloc_strict().
 */
bool ngu__zone_strict(const struct ngu__zone *z);
void *ngu__zone_alloc_strict(struct ngu__zone *z);
void ngu__zone_strict_flush(struct ngu__thread *ts);

/* An object that comes from no magazine: the allocation hook of the port is asked once. NULL: refused. */
void *ngu__zone_alloc_new(struct ngu__zone *z);

/* Objects of a zone lying in the depot and in the calling thread's magazines. For tests. */
size_t ngu__zone_cached(struct ngu__thread *ts, struct ngu__zone *z);

/* The same as ngu__zone_alloc() and ngu__zone_free(), for callers that know the index when they are compiled. */
NGU_INLINE void *
ngu__zone_alloc_at(struct ngu__thread *ts, unsigned index, struct ngu__zone *z)
{
#ifndef NGU_NO_CACHES
	struct ngu__mag *mag = ts->mag[index].loaded;

	if (NGU_LIKELY(mag != NULL && mag->n != 0)) {
		void *p = mag->round[--mag->n];
#ifdef NGU_DEBUG
		ngu__zone_check(z, p);
#endif
		return (p);
	}
#else
	(void)index;
#endif
	return (ngu__zone_alloc_slow(ts, z));
}

NGU_INLINE void
ngu__zone_free_at(struct ngu__thread *ts, unsigned index, struct ngu__zone *z, void *p)
{
#ifndef NGU_NO_CACHES
	struct ngu__mag *mag = ts->mag[index].loaded;

	if (NGU_LIKELY(mag != NULL && mag->n < NGU_MAG_ROUNDS)) {
#ifdef NGU_DEBUG
		ngu__zone_poison(z, p);
#endif
		mag->round[mag->n++] = p;
		return;
	}
#else
	(void)index;
#endif
	ngu__zone_free_slow(ts, z, p);
}

/* An object of the zone, uninitialised. NULL when memory is refused. Never blocks; fine inside a section. */
NGU_INLINE void *
ngu__zone_alloc(struct ngu__thread *ts, struct ngu__zone *z)
{
	return (ngu__zone_alloc_at(ts, z->index, z));
}

/* Give an object back; not NULL. Any thread may free what another allocated. Never blocks, never fails. */
NGU_INLINE void
ngu__zone_free(struct ngu__thread *ts, struct ngu__zone *z, void *p)
{
	ngu__zone_free_at(ts, z->index, z, p);
}

#endif /* NGU_ZONE_H */
