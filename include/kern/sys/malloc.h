/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * malloc.h - malloc(9): memory with a type, so that one can ask who holds how much.
 *
 * malloc() and free() are macros with the kernel's arguments; the C library's prototypes are read before they are defined.
 * A source that includes this cannot call the C library's allocator by name any more, which is intended.
 */
#ifndef NGU_KERN_SYS_MALLOC_H
#define NGU_KERN_SYS_MALLOC_H

#include <sys/types.h>
#if __STDC_HOSTED__
#include <stdlib.h>
#include <string.h>
#endif
#include <ng/base.h>

#define M_NOWAIT 0x0001 /* NULL when memory is short */
#define M_WAITOK 0x0002 /* wait for memory; never returns NULL, panics after 10 s of refusals */
#define M_NORECLAIM 0x0080
#define M_ZERO 0x0100
#define M_NOVM 0x0200
#define M_USE_RESERVE 0x0400
#define M_NODUMP 0x0800
#define M_FIRSTFIT 0x1000
#define M_BESTFIT 0x2000
#define M_EXEC 0x4000

/* A type of memory. Statistics live behind ctr_*: per-thread counters, given out at first use. */
struct malloc_type {
	const char *ks_shortdesc;
	const char *ks_longdesc;
	struct malloc_type *ks_next; /* types in use so far */
	uint32_t ks_state;	     /* 0 unused, 1 registered; atomic */
	uint32_t ks_ctr_alloc;	     /* allocations and bytes */
	uint32_t ks_ctr_free;	     /* frees and bytes */
	uint64_t ks_refused;	     /* requests without success; atomic */
};

#define MALLOC_DECLARE(type) extern struct malloc_type type[1]
/* The second half takes the type off the list when the module it lives in is unloaded. */
#define MALLOC_DEFINE(type, shortdesc, longdesc) \
	struct malloc_type type[1] = {{(shortdesc), (longdesc), NULL, 0, 0, 0, 0}}; \
	static __attribute__((__destructor__, __used__)) void ngu__malloc_gone_##type(void) \
	{ \
		ngu_k_malloc_type_gone(type); \
	} \
	_Static_assert(1, "")

/* libng's own, also for node types linked to libng.so. */
extern NGU_API struct malloc_type ngu_k_M_NETGRAPH[1];
extern NGU_API struct malloc_type ngu_k_M_NETGRAPH_MSG[1];
extern NGU_API struct malloc_type ngu_k_M_TEMP[1];
extern NGU_API struct malloc_type ngu_k_M_DEVBUF[1];
extern NGU_API struct malloc_type ngu_k_M_MBUF[1];
extern NGU_API struct malloc_type ngu_k_M_PACKET_TAGS[1];
#define M_NETGRAPH ngu_k_M_NETGRAPH
#define M_NETGRAPH_MSG ngu_k_M_NETGRAPH_MSG
#define M_TEMP ngu_k_M_TEMP
#define M_DEVBUF ngu_k_M_DEVBUF
#define M_MBUF ngu_k_M_MBUF
#define M_PACKET_TAGS ngu_k_M_PACKET_TAGS

/*
 * `size` bytes of memory aligned to 16, to be freed with ngu_k_free() and the same type. M_NOWAIT: NULL when refused, never
 * blocks, fine inside a section. M_WAITOK: may wait, only outside sections.
 */
NGU_API void *ngu_k_malloc(size_t size, struct malloc_type *type, int flags);
/* size * n, NULL (or panic with M_WAITOK) when that overflows. */
NGU_API void *ngu_k_mallocarray(size_t n, size_t size, struct malloc_type *type, int flags);
/* Free p; NULL is fine. Debug builds die when the type is another than at its allocation. Never blocks. */
NGU_API void ngu_k_free(void *p, struct malloc_type *type);
/* As ngu_k_free(), and the memory is zeroed first. */
NGU_API void ngu_k_zfree(void *p, struct malloc_type *type);
/* Another size for p (NULL: a new one). NULL when refused: p is then untouched (realloc) or freed (reallocf). */
NGU_API void *ngu_k_realloc(void *p, size_t size, struct malloc_type *type, int flags);
NGU_API void *ngu_k_reallocf(void *p, size_t size, struct malloc_type *type, int flags);
/* Copy of a string. ngu_k_strdup waits; ngu_k_strdup_flags takes M_NOWAIT or M_WAITOK. */
NGU_API char *ngu_k_strdup(const char *s, struct malloc_type *type);
NGU_API char *ngu_k_strdup_flags(const char *s, struct malloc_type *type, int flags);
/* Take a type off the list of types; it may come back by being used. For MALLOC_DEFINE. */
NGU_API void ngu_k_malloc_type_gone(struct malloc_type *type);

/* What a type holds now, and its totals. Exact when nobody allocates. Never blocks. */
struct ngu_malloc_stats {
	uint64_t inuse, inuse_bytes; /* now */
	uint64_t allocs, frees;	     /* ever */
	uint64_t refused;
};
NGU_API void ngu_k_malloc_stats(const struct malloc_type *type, struct ngu_malloc_stats *out);
/* fn(arg, type) for each type used so far. The list is locked meanwhile: fn must not allocate. */
NGU_API void ngu_k_malloc_types(void (*fn)(void *arg, const struct malloc_type *type), void *arg);

/* Strict mode's reports (ng/strict.h) name file and line of sources compiled with NGU_DEBUG. */
NGU_API void ngu_k_site(const char *file, int line);
NGU_API void *ngu_k_malloc_at(size_t size, struct malloc_type *type, int flags, const char *file, int line);
NGU_API void ngu_k_free_at(void *p, struct malloc_type *type, const char *file, int line);

#ifdef NGU_DEBUG
#define malloc(size, type, flags) ngu_k_malloc_at((size), (type), (flags), __FILE__, __LINE__)
#define free(p, type) ngu_k_free_at((p), (type), __FILE__, __LINE__)
#else
#define malloc(size, type, flags) ngu_k_malloc((size), (type), (flags))
#define free(p, type) ngu_k_free((p), (type))
#endif
#define mallocarray(n, size, type, flags) ngu_k_mallocarray((n), (size), (type), (flags))
#define zfree(p, type) ngu_k_zfree((p), (type))
#define realloc(p, size, type, flags) ngu_k_realloc((p), (size), (type), (flags))
#define reallocf(p, size, type, flags) ngu_k_reallocf((p), (size), (type), (flags))
#undef strdup
#define strdup(s, type) ngu_k_strdup((s), (type))
#define strdup_flags(s, type, flags) ngu_k_strdup_flags((s), (type), (flags))

#endif /* NGU_KERN_SYS_MALLOC_H */
