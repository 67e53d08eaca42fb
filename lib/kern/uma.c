/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uma.c - uma(9): zones that node types make for themselves.
 *
 * Caches     one for each "CPU" (sys/pcpu.h), which is one for each thread as long as there are no more than mp_maxid + 1. A
 *            spin lock guards it, taken by a try: who finds it taken goes to the system.
 * Counts     `have`: objects that exist, in use and cached; `use`: those in use. Both are one word for all.
 * Waiting    M_WAITOK at the limit sleeps on `freed`, which counts frees.
 * Blocks     create; alloc with M_WAITOK.
 */
#include <sys/pcpu.h>
#include <sys/smp.h>
#include <sys/systm.h>
#include <vm/uma.h>

#include "kern/kern.h"
#include "kern/strict.h"
#include "port/port.h"

#define ROUNDS 30 /* objects a cache */

struct cache {
	NGU_ALIGNED(NGU_CACHELINE) ngu__spin lock;
	uint32_t n;
	void *item[ROUNDS];
};

struct uma_zone {
	const char *name;
	size_t size, align;
	uma_ctor ctor;
	uma_dtor dtor;
	uma_init init;
	uma_fini fini;
	uint32_t flags;
	_Atomic uint32_t max;
	_Atomic uint32_t have, use;
	_Atomic uint32_t freed, waiting;
	struct cache cache[mp_maxid + 1];
};

uma_zone_t
ngu_k_uma_zcreate(const char *name, size_t size, uma_ctor ctor, uma_dtor dtor, uma_init init, uma_fini fini, int align, uint32_t flags)
{
	uma_zone_t z;
	int64_t since = 0;
	unsigned round = 0;

	if (size == 0 || size > INT32_MAX || align < 0 || ((unsigned)align & ((unsigned)align + 1)) != 0)
		panic("uma_zcreate %s: %zu bytes, alignment %d", name, size, align);
	while ((z = ngu__port_alloc(sizeof(*z), NGU_CACHELINE)) == NULL)
		if (!ngu__kern_wait(&since, &round))
			panic("uma_zcreate %s: no memory for ten seconds", name);
	z->name = name;
	z->size = size;
	z->align = (size_t)align + 1;
	z->ctor = ctor;
	z->dtor = dtor;
	z->init = init;
	z->fini = fini;
	z->flags = flags;
	return (z);
}

/* Back to the system. */
static void
give_up(uma_zone_t z, void *p, bool made)
{
	if (made && z->fini != NULL)
		z->fini(p, (int)z->size);
	ngu__port_free(p);
	(void)NGU_FSUB_AR(&z->have, 1u);
}

/* From the system, initialised. NULL: refused, or init failed (*failed). */
static void *
fresh(uma_zone_t z, int flags, bool *failed)
{
	uint32_t max = NGU_LD_RLX(&z->max);
	void *p;

	if (NGU_FADD_AR(&z->have, 1u) >= max && max != 0) {
		(void)NGU_FSUB_AR(&z->have, 1u);
		return (NULL);
	}
	if ((p = ngu__port_alloc(z->size, z->align)) == NULL) {
		(void)NGU_FSUB_AR(&z->have, 1u);
		return (NULL);
	}
#ifdef NGU_DEBUG
	if ((z->flags & UMA_ZONE_ZINIT) == 0)
		ngu__memset(p, 0xa5, z->size); /* the port's memory is zero: show those who rely on it */
#endif
	if (z->init != NULL && z->init(p, (int)z->size, flags) != 0) {
		give_up(z, p, false);
		*failed = true;
		return (NULL);
	}
	return (p);
}

static void *
cached(uma_zone_t z)
{
	struct cache *c = &z->cache[curcpu];
	void *p = NULL;

	if (ngu__port_sees_all()) /* it sees every allocation */
		return (NULL);
	if (ngu__spin_try(&c->lock)) {
		if (c->n != 0)
			p = c->item[--c->n];
		ngu__spin_unlock(&c->lock);
	}
	return (p);
}

/* One of any cache: when the limit is reached they are what is left. */
static void *
anybodys(uma_zone_t z)
{
	void *p = NULL;

	for (unsigned i = 0; p == NULL && i <= mp_maxid; i++) {
		struct cache *c = &z->cache[i];

		ngu__spin_lock(&c->lock);
		if (c->n != 0)
			p = c->item[--c->n];
		ngu__spin_unlock(&c->lock);
	}
	return (p);
}

void *
ngu_k_uma_zalloc(uma_zone_t z, void *arg, int flags)
{
	uint32_t max, seen;
	int64_t since = 0;
	unsigned round = 0;
	bool failed = false;
	void *p;

	NGU_INVARIANT(((flags & M_NOWAIT) != 0) != ((flags & M_WAITOK) != 0), "uma_zalloc says M_NOWAIT or M_WAITOK");
	if (NGU_STRICT_ON(NGU_STRICT_SLEEP) && (flags & M_WAITOK) != 0)
		ngu__strict_sleep("uma_zalloc with M_WAITOK");
	while ((p = cached(z)) == NULL) {
		seen = NGU_LD_ACQ(&z->freed);
		if ((p = fresh(z, flags, &failed)) != NULL)
			break;
		if (failed)
			return (NULL);
		max = NGU_LD_RLX(&z->max);
		if (max != 0 && (p = anybodys(z)) != NULL)
			break;
		if ((flags & M_WAITOK) == 0)
			return (NULL);
		if (max != 0 && NGU_LD_ACQ(&z->have) >= max) {
			/* ORDER uma-limit (sleeper): waiting before freed is compared; pairs with zfree. */
			(void)NGU_FADD_SC(&z->waiting, 1u);
			ngu__port_wait(&z->freed, seen, -1);
			(void)NGU_FSUB_SC(&z->waiting, 1u);
		} else if (!ngu__kern_wait(&since, &round))
			panic("uma_zalloc: M_WAITOK: no %zu bytes for zone %s for ten seconds", z->size, z->name);
	}
	(void)NGU_FADD_RLX(&z->use, 1u);
	if (z->ctor != NULL && z->ctor(p, (int)z->size, arg, flags) != 0) {
		(void)NGU_FSUB_RLX(&z->use, 1u);
		give_up(z, p, true);
		return (NULL);
	}
	if ((flags & M_ZERO) != 0)
		ngu__memset(p, 0, z->size);
	return (p);
}

void
ngu_k_uma_zfree(uma_zone_t z, void *p, void *arg)
{
#ifndef NGU_NO_CACHES
	struct cache *c = &z->cache[curcpu];
#endif
	bool kept = false;

	if (p == NULL)
		return;
	if (z->dtor != NULL)
		z->dtor(p, (int)z->size, arg);
	(void)NGU_FSUB_RLX(&z->use, 1u);
#ifndef NGU_NO_CACHES
	if (!ngu__port_sees_all() && ngu__spin_try(&c->lock)) {
		if ((kept = c->n < ROUNDS))
			c->item[c->n++] = p;
		ngu__spin_unlock(&c->lock);
	}
#endif
	if (!kept)
		give_up(z, p, true);
	/* ORDER uma-limit (waker): freed before waiting is read; pairs with zalloc. */
	(void)NGU_FADD_SC(&z->freed, 1u);
	if (NGU_UNLIKELY(NGU_LD_SC(&z->waiting) != 0))
		ngu__port_wake(&z->freed, INT32_MAX);
}

void
ngu_k_uma_zone_reclaim(uma_zone_t z)
{
	void *p;

	while ((p = anybodys(z)) != NULL)
		give_up(z, p, true);
}

void
ngu_k_uma_zdestroy(uma_zone_t z)
{
	uint32_t left = NGU_LD_RLX(&z->use);

	ngu_k_uma_zone_reclaim(z);
	if (left != 0)
		printf("uma_zdestroy: %u objects of zone %s (%u bytes each) are still in use\n", left, z->name, (unsigned)z->size);
	ngu__port_free(z);
}

int
ngu_k_uma_zone_set_max(uma_zone_t z, int n)
{
	NGU_ST_RLX(&z->max, n > 0 ? (uint32_t)n : 0u);
	return (n);
}

int
ngu_k_uma_zone_get_max(uma_zone_t z)
{
	return ((int)NGU_LD_RLX(&z->max));
}

int
ngu_k_uma_zone_get_cur(uma_zone_t z)
{
	return ((int)NGU_LD_RLX(&z->use));
}
