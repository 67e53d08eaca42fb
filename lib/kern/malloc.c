/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * malloc.c - malloc(9): typed memory with exact accounts, and the waiting behind M_WAITOK.
 *
 * Layout     16 bytes before what the caller sees: size and type. They let free() keep the accounts, and catch a wrong type.
 * Accounts   two per-thread counters a type (allocated, freed; calls and bytes), given out when the type is first used.
 *            When no counter is to be had the type goes uncounted.
 * Shared     the list of types, under a spin lock; types come at first use and go with their module.
 * Blocks     M_WAITOK, only while memory is refused: up to ten seconds, then panic.
 */
#include <sys/malloc.h>
#include <sys/systm.h>

#include "kern/kern.h"
#include "kern/strict.h"
#include "kern/zone.h"
#include "port/port.h"
#include "reclaim/thread.h"

struct head {
	size_t size;
	struct malloc_type *type;
};
_Static_assert(sizeof(struct head) == 16, "memory stays aligned to 16 behind the head");

MALLOC_DEFINE(ngu_k_M_NETGRAPH, "netgraph", "netgraph nodes' memory");
MALLOC_DEFINE(ngu_k_M_NETGRAPH_MSG, "netgraph_msg", "netgraph control messages");
MALLOC_DEFINE(ngu_k_M_TEMP, "temp", "temporary buffers");
MALLOC_DEFINE(ngu_k_M_DEVBUF, "devbuf", "device buffers");
MALLOC_DEFINE(ngu_k_M_MBUF, "mbuf", "mbuf related");
MALLOC_DEFINE(ngu_k_M_PACKET_TAGS, "mbuf_tag", "packet tags");

/* Small memory has caches of each thread, as objects have. */
#ifndef NGU_NO_CACHES
#define SMALL 512u
#define SMALL_ZONE(n) NGU_ZONE_INIT("malloc-" #n, NGU_Z_SMALL + __builtin_ctz(n) - 5, n, n < 64 ? n : 64)
static struct ngu__zone small[] = { SMALL_ZONE(32), SMALL_ZONE(64), SMALL_ZONE(128), SMALL_ZONE(256), SMALL_ZONE(512) };
_Static_assert(NGU_Z_SMALL + sizeof(small) / sizeof(small[0]) - 1 == NGU_Z_SMALL_LAST, "a zone for each size");

/* The zone for that many bytes, 1 to SMALL. */
NGU_INLINE unsigned
small_zone(size_t size)
{
	return (size <= 32 ? 0 : 27u - (unsigned)__builtin_clz((unsigned)size - 1));
}
#endif

static ngu__spin types_lock;
static struct malloc_type *types;

#define STATE(type) ((_Atomic uint32_t *)&(type)->ks_state)
#define REFUSED(type) ((_Atomic uint64_t *)&(type)->ks_refused)

bool
ngu__kern_wait(int64_t *since, unsigned *round)
{
	static _Atomic uint32_t never;
	int64_t now = ngu__port_mono_ns();
	int64_t ns = (int64_t)100000 << (*round < 9 ? *round : 9);

	NGU_INVARIANT(ngu__self()->nest == 0, "M_WAITOK must not wait inside a section");
	if (*since == 0)
		*since = now;
	else if (now - *since > (int64_t)10000000000)
		return (false);
	++*round;
	ngu__port_wait(&never, 0, ns);
	return (true);
}

NGU_NOINLINE static void
type_register(struct malloc_type *type)
{
	ngu__spin_lock(&types_lock);
	if (NGU_LD_RLX(STATE(type)) == 0) {
		if (type->ks_ctr_alloc == 0)
			type->ks_ctr_alloc = ngu__ctr_alloc();
		if (type->ks_ctr_free == 0)
			type->ks_ctr_free = ngu__ctr_alloc();
		type->ks_next = types;
		types = type;
		/* ORDER malloc-type (store side): the counter indexes before the state; pairs with the acquire load in count(). */
		NGU_ST_REL(STATE(type), 1u);
	}
	ngu__spin_unlock(&types_lock);
}

void
ngu_k_malloc_type_gone(struct malloc_type *type)
{
	struct malloc_type **link;

	ngu__spin_lock(&types_lock);
	for (link = &types; *link != NULL; link = &(*link)->ks_next)
		if (*link == type) {
			*link = type->ks_next;
			NGU_ST_REL(STATE(type), 0u);
			break;
		}
	ngu__spin_unlock(&types_lock);
	/* The counter indexes stay taken: other threads' cells may still be written to. */
}

NGU_INLINE void
count(struct malloc_type *type, bool alloc, size_t bytes)
{
	uint32_t i;

	/* ORDER malloc-type (load side): acquire. */
	if (NGU_UNLIKELY(NGU_LD_ACQ(STATE(type)) == 0))
		type_register(type);
	i = alloc ? type->ks_ctr_alloc : type->ks_ctr_free;
	if (NGU_LIKELY(i != 0))
		ngu__count(ngu__self(), i, 1, bytes);
}

static struct head *
head_of(void *p)
{
	return ((struct head *)p - 1);
}

size_t
ngu__malloc_size(const void *p)
{
	return (((const struct head *)p - 1)->size);
}

static NGU_NOINLINE void
may_wait(size_t size, const struct malloc_type *type)
{
	char what[96];

	(void)ngu__port_snprintf(what, sizeof(what), "malloc of %zu bytes of %s with M_WAITOK", size, type->ks_shortdesc);
	ngu__strict_sleep(what);
}

/* Control messages are watched in strict mode; the head belongs to what is watched. */
static struct head *
memory(size_t size, const struct malloc_type *type)
{
	if (NGU_STRICT_ON(NGU_STRICT_ITEM) && type == ngu_k_M_NETGRAPH_MSG)
		return (ngu__watch_new(NGU_W_MSG, size, 16));
#ifndef NGU_NO_CACHES
	if (size <= SMALL) {
		unsigned z = small_zone(size);

		if (ngu__port_sees_all()) /* it sees every malloc(9), cached or not */
			return (ngu__zone_alloc_new(&small[z]));
		return (ngu__zone_alloc_at(ngu__self(), NGU_Z_SMALL + z, &small[z]));
	}
#endif
	return (ngu__port_alloc(size, 16));
}

static void
memory_free(struct head *h)
{
#ifndef NGU_NO_CACHES
	if (h->size <= SMALL - sizeof(*h)) {
		unsigned z = small_zone(h->size + sizeof(*h));

		ngu__zone_free_at(ngu__self(), NGU_Z_SMALL + z, &small[z], h);
		return;
	}
#endif
	ngu__port_free(h);
}

void *
ngu_k_malloc(size_t size, struct malloc_type *type, int flags)
{
	struct head *h = NULL;
	int64_t since = 0;
	unsigned round = 0;

	NGU_INVARIANT(((flags & M_NOWAIT) != 0) != ((flags & M_WAITOK) != 0), "malloc says M_NOWAIT or M_WAITOK");
	if (NGU_STRICT_ON(NGU_STRICT_SLEEP) && (flags & M_WAITOK) != 0)
		may_wait(size, type);
	for (;;) {
		if (size <= SIZE_MAX - sizeof(*h) && (h = memory(size + sizeof(*h), type)) != NULL)
			break;
		(void)NGU_FADD_RLX(REFUSED(type), 1u);
		if ((flags & M_WAITOK) == 0)
			return (NULL);
		if (!ngu__kern_wait(&since, &round))
			panic("malloc: M_WAITOK: no %zu bytes of %s for ten seconds", size, type->ks_shortdesc);
	}
	h->size = size;
	h->type = type;
	count(type, true, size);
	if ((flags & M_ZERO) != 0)
		ngu__memset(h + 1, 0, size);
#ifdef NGU_DEBUG
	else /* the port's memory is zero: show those who rely on it without M_ZERO */
		ngu__memset(h + 1, 0xa5, size);
#endif
	return (h + 1);
}

void *
ngu_k_mallocarray(size_t n, size_t size, struct malloc_type *type, int flags)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes)) {
		if ((flags & M_WAITOK) != 0)
			panic("mallocarray: %zu times %zu bytes of %s", n, size, type->ks_shortdesc);
		return (NULL);
	}
	return (ngu_k_malloc(bytes, type, flags));
}

void
ngu_k_free(void *p, struct malloc_type *type)
{
	struct head *h;
	bool watched;

	if (p == NULL)
		return;
	h = head_of(p);
	watched = NGU_UNLIKELY(NGU_LD_RLX(&ngu__watched) != 0) && ngu__watch_look(h, NULL) != NGU_WS_UNKNOWN;
	if (watched && ngu__watch_look(h, NULL) != NGU_WS_LIVE) {
		(void)ngu__watch_free(h); /* a second time: says so */
		return;
	}
#ifdef NGU_DEBUG
	if (h->type != type)
		panic("free: %p is %s, not %s (or was freed before)", p, h->type != NULL ? h->type->ks_shortdesc : "free",
		    type->ks_shortdesc);
	ngu__memset(p, 0x5a, h->size);
#endif
	count(type, false, h->size);
	h->type = NULL;
	if (!watched || !ngu__watch_free(h))
		memory_free(h);
}

void *
ngu_k_malloc_at(size_t size, struct malloc_type *type, int flags, const char *file, int line)
{
	struct ngu__site old = ngu__site_set(file, line);
	void *p;

	p = ngu_k_malloc(size, type, flags);
	ngu__site_back(&old);
	return (p);
}

void
ngu_k_free_at(void *p, struct malloc_type *type, const char *file, int line)
{
	struct ngu__site old = ngu__site_set(file, line);

	ngu_k_free(p, type);
	ngu__site_back(&old);
}

void
ngu_k_zfree(void *p, struct malloc_type *type)
{
	if (p == NULL)
		return;
	explicit_bzero(p, head_of(p)->size);
	ngu_k_free(p, type);
}

void *
ngu_k_realloc(void *p, size_t size, struct malloc_type *type, int flags)
{
	size_t old;
	void *n;

	if (p == NULL)
		return (ngu_k_malloc(size, type, flags));
	if ((n = ngu_k_malloc(size, type, flags)) == NULL)
		return (NULL);
	old = head_of(p)->size;
	ngu__memcpy(n, p, old < size ? old : size);
	ngu_k_free(p, type);
	return (n);
}

void *
ngu_k_reallocf(void *p, size_t size, struct malloc_type *type, int flags)
{
	void *n = ngu_k_realloc(p, size, type, flags);

	if (n == NULL)
		ngu_k_free(p, type);
	return (n);
}

char *
ngu_k_strdup_flags(const char *s, struct malloc_type *type, int flags)
{
	size_t n = ngu__strlen(s) + 1;
	char *c = ngu_k_malloc(n, type, flags);

	if (c != NULL)
		ngu__memcpy(c, s, n);
	return (c);
}

char *
ngu_k_strdup(const char *s, struct malloc_type *type)
{
	return (ngu_k_strdup_flags(s, type, M_WAITOK));
}

void
ngu_k_malloc_stats(const struct malloc_type *type, struct ngu_malloc_stats *out)
{
	uint64_t abytes = 0, fbytes = 0;

	ngu__memset(out, 0, sizeof(*out));
	/* Freed first: what is freed in between was allocated before, so the difference never goes below zero. */
	if (type->ks_ctr_free != 0)
		ngu__ctr_read(type->ks_ctr_free, &out->frees, &fbytes);
	if (type->ks_ctr_alloc != 0)
		ngu__ctr_read(type->ks_ctr_alloc, &out->allocs, &abytes);
	out->inuse = out->allocs - out->frees;
	out->inuse_bytes = abytes - fbytes;
	out->refused = NGU_LD_RLX((const _Atomic uint64_t *)&type->ks_refused);
}

void
ngu_k_malloc_types(void (*fn)(void *arg, const struct malloc_type *type), void *arg)
{
	ngu__spin_lock(&types_lock);
	for (const struct malloc_type *t = types; t != NULL; t = t->ks_next)
		fn(arg, t);
	ngu__spin_unlock(&types_lock);
}
