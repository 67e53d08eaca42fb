/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uma.h - uma(9): zones of objects of one size, with caches of each thread.
 *
 * A new object passes through `init`, one that leaves the zone's memory through `fini`; `ctor` runs at each allocation, `dtor`
 * at each free. An object in a cache keeps what init made. Sanitizer and lab builds cache nothing: each object is an
 * allocation of its own. Flags that the zones here do not honour are not defined.
 */
#ifndef NGU_KERN_VM_UMA_H
#define NGU_KERN_VM_UMA_H

#include <sys/types.h>
#include <sys/malloc.h>
#include <ng/base.h>

struct uma_zone;
typedef struct uma_zone *uma_zone_t;
/* Nonzero from ctor or init: the allocation fails. */
typedef int (*uma_ctor)(void *mem, int size, void *arg, int flags);
typedef void (*uma_dtor)(void *mem, int size, void *arg);
typedef int (*uma_init)(void *mem, int size, int flags);
typedef void (*uma_fini)(void *mem, int size);

/* Alignments are masks: one less than a power of two. */
#define UMA_ALIGNOF(type) (_Alignof(type) - 1)
#define UMA_ALIGN_PTR (sizeof(void *) - 1)
#define UMA_ALIGN_LONG (sizeof(long) - 1)
#define UMA_ALIGN_INT (sizeof(int) - 1)
#define UMA_ALIGN_SHORT (sizeof(short) - 1)
#define UMA_ALIGN_CHAR 0
#define UMA_ALIGN_CACHE 63

#define UMA_ZONE_ZINIT 0x0002  /* objects are zeroed when they come into the zone */
#define UMA_ZONE_NODUMP 0x8000 /* there are no kernel dumps */

/* A zone of objects of `size` bytes; name kept by reference. Functions may be NULL. May wait; never NULL. */
NGU_API uma_zone_t ngu_k_uma_zcreate(const char *name, size_t size, uma_ctor ctor, uma_dtor dtor, uma_init init, uma_fini fini,
    int align, uint32_t flags);
/* Unmake it. Objects still in use are logged, and their memory is lost. No other thread may be using the zone. */
NGU_API void ngu_k_uma_zdestroy(uma_zone_t zone);
/*
 * An object; M_ZERO clears it after ctor was asked. M_NOWAIT: NULL when memory is refused or the zone is full, never blocks,
 * fine inside a section. M_WAITOK: may wait, only outside sections; NULL only if ctor or init failed.
 */
NGU_API void *ngu_k_uma_zalloc(uma_zone_t zone, void *arg, int flags);
/* NULL is fine. Never blocks. */
NGU_API void ngu_k_uma_zfree(uma_zone_t zone, void *item, void *arg);
/* At most `n` objects in use and in caches; 0: no limit. Returns n. */
NGU_API int ngu_k_uma_zone_set_max(uma_zone_t zone, int n);
NGU_API int ngu_k_uma_zone_get_max(uma_zone_t zone);
/* Objects in use. Exact when nobody allocates. */
NGU_API int ngu_k_uma_zone_get_cur(uma_zone_t zone);
/* Give the caches' objects back to the system. */
NGU_API void ngu_k_uma_zone_reclaim(uma_zone_t zone);

#define UMA_RECLAIM_DRAIN 1
#define uma_zcreate(name, size, ctor, dtor, init, fini, align, flags) \
	ngu_k_uma_zcreate((name), (size), (ctor), (dtor), (init), (fini), (int)(align), (flags))
#define uma_zdestroy(zone) ngu_k_uma_zdestroy(zone)
#define uma_zalloc(zone, flags) ngu_k_uma_zalloc((zone), NULL, (flags))
#define uma_zalloc_arg(zone, arg, flags) ngu_k_uma_zalloc((zone), (arg), (flags))
#define uma_zfree(zone, item) ngu_k_uma_zfree((zone), (item), NULL)
#define uma_zfree_arg(zone, item, arg) ngu_k_uma_zfree((zone), (item), (arg))
#define uma_zone_set_max(zone, n) ngu_k_uma_zone_set_max((zone), (n))
#define uma_zone_get_max(zone) ngu_k_uma_zone_get_max(zone)
#define uma_zone_get_cur(zone) ngu_k_uma_zone_get_cur(zone)
#define uma_zone_reclaim(zone, how) ((void)(how), ngu_k_uma_zone_reclaim(zone))

#endif /* NGU_KERN_VM_UMA_H */
