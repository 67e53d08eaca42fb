/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * slab.h - memory for small objects of one size: packed without gaps, from pages that lie together, so that a graph of many nodes
 * needs few pages and few translations of addresses.
 */
#ifndef NGU_SLAB_H
#define NGU_SLAB_H

#include "port/port.h"

#define NGU_SLAB_OBJECT 4096u /* largest object */

struct ngu__slab;

/* The slabs of one size. Zeroed, but for `size`, is empty. Whoever calls holds one lock for it. */
struct ngu__slabs {
	uint32_t size; /* bytes an object takes, alignment included; at most NGU_SLAB_OBJECT */
	uint32_t spare; /* slabs without an object; one is kept */
	struct ngu__slab *part; /* slabs that have room, the one to take from first */
};

void *ngu__slab_alloc(struct ngu__slabs *s); /* uninitialised; aligned to 64 when size is a multiple of 64. NULL: no memory */
void ngu__slab_free(struct ngu__slabs *s, void *p);
void ngu__slab_trim(struct ngu__slabs *s); /* the spare one goes, too */

/* Bytes that are taken from the system, for all sizes. For tests and reports. */
size_t ngu__slab_bytes(void);

#endif /* NGU_SLAB_H */
