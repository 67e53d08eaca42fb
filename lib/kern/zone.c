/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * zone.c - object caches: magazines of each thread, and the depot they are exchanged with.
 *
 * Owner      A thread's two magazines are touched by that thread only. `loaded` serves; `spare` is the one before, so that a
 *            thread going up and down at a magazine's edge does not visit the depot each time.
 * Shared     The depot's two lists, under the zone's spin lock, for the few instructions of a push or pop.
 * Invariants
 *   Z1  Where an object's memory is from follows from its zone and the build; a magazine only remembers its address. So any object
 *       can be freed at any time, and objects from before and after ngu__zone_bypass() mix.
 *   Z2  While the caches are off no magazine is installed in a thread by this code, so the inline paths fall through to the
 *       slow ones without testing a switch.
 * Blocks     never.
 */
#include "kern/zone.h"

#include "kern/strict.h"

/* Full magazines a depot keeps at most; 64 objects each. What is beyond goes back to the system. */
#define NGU_DEPOT_MAX 1024u
#define NGU_POISON 0x5a

/* Zones that were used so far; a slot is set once. */
static _Atomic(struct ngu__zone *) zones[NGU_ZONES];

#ifdef NGU_NO_CACHES
static bool bypass = true;
#else
static bool bypass;
#endif

void
ngu__zone_poison(const struct ngu__zone *z, void *p)
{
	ngu__memset(p, NGU_POISON, z->size);
}

void
ngu__zone_check(const struct ngu__zone *z, const void *p)
{
	const unsigned char *b = p;

	for (uint32_t i = 0; i < z->size; i++)
		if (b[i] != NGU_POISON)
			ngu__port_die("libng: freed %s %p was written to at byte %u", z->name, p, i);
}

static void mag_return(struct ngu__zone *z, struct ngu__mag *mag);

/* Remember the zone, so that thread exit and draining find it. */
static void
know(struct ngu__zone *z)
{
	struct ngu__zone *e = NULL;

	if (NGU_LIKELY(NGU_LD_ACQ(&z->known) != 0))
		return;
	/* ORDER zone-list (store side): release, so that whoever finds the zone finds its depot; pairs with the loads of zones[]. */
	if (!NGU_CAS_AR(&zones[z->index], &e, z) && e != z)
		ngu__port_die("libng: zones %s and %s share index %u", e->name, z->name, z->index);
	NGU_ST_REL(&z->known, 1u);
}

#ifdef NGU_NO_CACHES
static void *
object_new(const struct ngu__zone *z)
{
	return (ngu__port_alloc(z->size, z->align));
}

static void
object_free(const struct ngu__zone *z, void *p)
{
	(void)z;
	if (NGU_UNLIKELY(NGU_LD_RLX(&ngu__watched) != 0) && ngu__watch_free(p))
		return;
	ngu__port_free(p);
}

static void
trim(struct ngu__zone *z)
{
	(void)z;
}
#else
static void *
object_new(struct ngu__zone *z)
{
	void *p;

	if (z->slabs.size > NGU_SLAB_OBJECT)
		return (ngu__port_alloc(z->size, z->align));
	if (ngu__port_refuses(z->size))
		return (NULL);
	know(z);
	ngu__spin_lock(&z->lock);
	p = ngu__slab_alloc(&z->slabs);
	ngu__spin_unlock(&z->lock);
	return (p);
}

static void
object_free(struct ngu__zone *z, void *p)
{
	if (NGU_UNLIKELY(NGU_LD_RLX(&ngu__watched) != 0) && ngu__watch_free(p))
		return;
	if (z->slabs.size > NGU_SLAB_OBJECT) {
		ngu__port_free(p);
		return;
	}
	ngu__spin_lock(&z->lock);
	ngu__slab_free(&z->slabs, p);
	ngu__spin_unlock(&z->lock);
}

static void
trim(struct ngu__zone *z)
{
	ngu__spin_lock(&z->lock);
	ngu__slab_trim(&z->slabs);
	ngu__spin_unlock(&z->lock);
}
#endif

static struct ngu__mag *
pop(struct ngu__mag **list)
{
	struct ngu__mag *mag = *list;

	if (mag != NULL)
		*list = mag->next;
	return (mag);
}

static void
push(struct ngu__mag **list, struct ngu__mag *mag)
{
	mag->next = *list;
	*list = mag;
}

/* Free a magazine with what it holds. */
static void
mag_destroy(struct ngu__zone *z, struct ngu__mag *mag)
{
	if (mag == NULL)
		return;
	while (mag->n != 0)
		object_free(z, mag->round[--mag->n]);
	ngu__port_free(mag);
}

/*
 * Objects from the depot were last another thread's, or nobody's for long: their first lines are asked for, all at once, so that whoever writes
 * them does not wait for one after the other.
 */
static void
soon(const struct ngu__zone *z, const struct ngu__mag *mag)
{
	uint32_t i, at, most = z->size < 3 * NGU_CACHELINE ? z->size : 3 * NGU_CACHELINE;

	for (i = mag->n; i-- != 0;)
		for (at = 0; at < most; at += NGU_CACHELINE)
			NGU_ASK_TO_WRITE((char *)mag->round[i] + at);
}

void *
ngu__zone_alloc_slow(struct ngu__thread *ts, struct ngu__zone *z)
{
	struct ngu__magpair *pair = &ts->mag[z->index];
	struct ngu__mag *mag = pair->spare, *full;
	void *p;

	if (NGU_UNLIKELY(ngu__zone_strict(z))) {
		ngu__zone_strict_flush(ts);
		return (z->index == NGU_Z_MBUF ? NULL : ngu__zone_alloc_strict(z));
	}
	if (NGU_UNLIKELY(bypass))
		return (object_new(z));
	know(z);
	if (mag == NULL || mag->n == 0) {
		ngu__spin_lock(&z->lock);
		if ((full = pop(&z->full)) != NULL) {
			z->nfull--;
			if (mag != NULL)
				push(&z->empty, mag);
		}
		ngu__spin_unlock(&z->lock);
		if (full == NULL)
			return (object_new(z));
		mag = full;
		soon(z, mag);
	}
	pair->spare = pair->loaded;
	pair->loaded = mag;
	p = mag->round[--mag->n];
#ifdef NGU_DEBUG
	ngu__zone_check(z, p);
#endif
	return (p);
}

void
ngu__zone_free_slow(struct ngu__thread *ts, struct ngu__zone *z, void *p)
{
	struct ngu__magpair *pair = &ts->mag[z->index];
	struct ngu__mag *mag = pair->spare, *drop = NULL;

	if (NGU_UNLIKELY(NGU_LD_RLX(&ngu__watched) != 0) && ngu__watch_free(p))
		return;
	if (NGU_UNLIKELY(bypass || ngu__zone_strict(z))) {
#ifdef NGU_DEBUG
		ngu__zone_poison(z, p);
#endif
		object_free(z, p);
		return;
	}
	know(z);
	if (mag == NULL || mag->n == NGU_MAG_ROUNDS) {
		ngu__spin_lock(&z->lock);
		if (mag != NULL) {
			if (z->nfull < NGU_DEPOT_MAX) {
				push(&z->full, mag);
				z->nfull++;
			} else
				drop = mag;
		}
		mag = pop(&z->empty);
		ngu__spin_unlock(&z->lock);
		pair->spare = NULL;
		if (drop != NULL) {
			while (drop->n != 0)
				object_free(z, drop->round[--drop->n]);
			if (mag == NULL)
				mag = drop;
			else
				ngu__port_free(drop);
		}
		if (mag == NULL && (mag = ngu__port_alloc(sizeof(*mag), NGU_CACHELINE)) == NULL) {
			object_free(z, p);
			return;
		}
	}
	pair->spare = pair->loaded;
	pair->loaded = mag;
#ifdef NGU_DEBUG
	ngu__zone_poison(z, p);
#endif
	mag->round[mag->n++] = p;
}

/* To the depot with what is full or empty; the objects of a magazine in between go back to the system. */
static void
mag_return(struct ngu__zone *z, struct ngu__mag *mag)
{
	if (mag == NULL)
		return;
	if (mag->n == 0 || (mag->n == NGU_MAG_ROUNDS && !bypass)) {
		ngu__spin_lock(&z->lock);
		push(mag->n == 0 ? &z->empty : &z->full, mag);
		if (mag->n != 0)
			z->nfull++;
		ngu__spin_unlock(&z->lock);
		return;
	}
	mag_destroy(z, mag);
}

bool
ngu__zone_strict(const struct ngu__zone *z)
{
	return ((z->index == NGU_Z_ITEM && NGU_STRICT_ON(NGU_STRICT_ITEM)) ||
	    (z->index == NGU_Z_MBUF && NGU_STRICT_ON(NGU_STRICT_ITEM | NGU_STRICT_SLEEP)));
}

void *
ngu__zone_alloc_new(struct ngu__zone *z)
{
	return (object_new(z));
}

void *
ngu__zone_alloc_strict(struct ngu__zone *z)
{
	if (NGU_STRICT_ON(NGU_STRICT_ITEM))
		return (ngu__watch_new(z->index == NGU_Z_ITEM ? NGU_W_ITEM : NGU_W_MBUF, z->size, z->align));
	return (object_new(z));
}

void
ngu__zone_strict_flush(struct ngu__thread *ts)
{
	for (unsigned i = NGU_Z_ITEM; i <= NGU_Z_MBUF; i++) {
		struct ngu__zone *z = NGU_LD_ACQ(&zones[i]);
		struct ngu__magpair pair = ts->mag[i];

		if (z == NULL || !ngu__zone_strict(z))
			continue;
		ts->mag[i].loaded = ts->mag[i].spare = NULL;
		mag_return(z, pair.loaded);
		mag_return(z, pair.spare);
	}
}

/* A thread ends: its magazines go back. Runs in that thread, or for a record whose thread is gone. */
static void
thread_flush(struct ngu__thread *ts)
{
	for (unsigned i = 0; i < NGU_ZONES; i++) {
		/* ORDER zone-list (load side): acquire. */
		struct ngu__zone *z = NGU_LD_ACQ(&zones[i]);
		struct ngu__magpair pair = ts->mag[i];

		if (z == NULL)
			continue;
		ts->mag[i].loaded = ts->mag[i].spare = NULL;
		mag_return(z, pair.loaded);
		mag_return(z, pair.spare);
	}
}

void
ngu__zone_drain(void)
{
	struct ngu__mag *full, *empty, *mag;

	thread_flush(ngu__self());
	for (unsigned i = 0; i < NGU_ZONES; i++) {
		struct ngu__zone *z = NGU_LD_ACQ(&zones[i]);

		if (z == NULL)
			continue;
		ngu__spin_lock(&z->lock);
		full = z->full;
		empty = z->empty;
		z->full = z->empty = NULL;
		z->nfull = 0;
		ngu__spin_unlock(&z->lock);
		while ((mag = pop(&full)) != NULL)
			mag_destroy(z, mag);
		while ((mag = pop(&empty)) != NULL)
			mag_destroy(z, mag);
		trim(z);
	}
}

void
ngu__zone_bypass(bool on)
{
#ifdef NGU_NO_CACHES
	(void)on;
#else
	bypass = on;
	if (on)
		ngu__zone_drain();
#endif
}

size_t
ngu__zone_cached(struct ngu__thread *ts, struct ngu__zone *z)
{
	size_t n = 0;

	if (ts->mag[z->index].loaded != NULL)
		n += ts->mag[z->index].loaded->n;
	if (ts->mag[z->index].spare != NULL)
		n += ts->mag[z->index].spare->n;
	ngu__spin_lock(&z->lock);
	n += (size_t)z->nfull * NGU_MAG_ROUNDS;
	ngu__spin_unlock(&z->lock);
	return (n);
}

static __attribute__((__constructor__)) void
zone_boot(void)
{
	ngu__thread_exit_kern = thread_flush;
}
