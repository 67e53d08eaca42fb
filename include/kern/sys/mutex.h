/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mutex.h - mutex(9) on the port's sleeping mutex. MTX_SPIN mutexes sleep too: there are no interrupts here. The owner is
 * recorded, so mtx_owned() and mtx_assert() tell the truth in every build.
 */
#ifndef NGU_KERN_SYS_MUTEX_H
#define NGU_KERN_SYS_MUTEX_H

#include <sys/types.h>
#include <sys/lock.h>
#include <ng/base.h>

#define MTX_DEF 0x00000000
#define MTX_SPIN 0x00000001
#define MTX_RECURSE 0x00000004
#define MTX_NOWITNESS 0x00000008
#define MTX_NOPROFILE 0x00000020
#define MTX_NEW 0x00000040
#define MTX_QUIET 0x00000002
#define MTX_DUPOK 0x00000010

#define MA_OWNED 0x00000001
#define MA_NOTOWNED 0x00000002
#define MA_RECURSED 0x00000004
#define MA_NOTRECURSED 0x00000008

/* A mutex. Initialise it with mtx_init(); the fields belong to lib/kern/mutex.c. */
struct mtx {
	_Alignas(16) unsigned char mtx_storage[64];
	void *mtx_owner; /* atomic; the holder's thread record */
	uint32_t mtx_depth; /* holder only: times locked again */
	int mtx_opts;
	const char *mtx_name;
	uint32_t mtx_magic;
	uint32_t mtx_class; /* atomic; strict mode's: locks of one name, or type, are one class */
};

/* Make a mutex; `name` is kept by reference. Panics when the system refuses one. */
NGU_API void ngu_k_mtx_init(struct mtx *m, const char *name, const char *type, int opts);
/* Unmake it; the caller may hold it, nobody else may. */
NGU_API void ngu_k_mtx_destroy(struct mtx *m);
/* Lock: may wait, not inside a section. Locking one that is held panics unless MTX_RECURSE. */
NGU_API void ngu_k_mtx_lock(struct mtx *m);
NGU_API void ngu_k_mtx_lock_at(struct mtx *m, const char *file, int line);
NGU_API int ngu_k_mtx_trylock(struct mtx *m); /* 1: taken */
/* Unlock: panics when the caller does not hold it. */
NGU_API void ngu_k_mtx_unlock(struct mtx *m);
NGU_API int ngu_k_mtx_owned(const struct mtx *m);
NGU_API int ngu_k_mtx_recursed(const struct mtx *m);
NGU_API int ngu_k_mtx_initialized(const struct mtx *m);
/* Panics unless the MA_* claim holds for the calling thread. */
NGU_API void ngu_k_mtx_assert(const struct mtx *m, int what, const char *file, int line);

#define mtx_init(m, name, type, opts) ngu_k_mtx_init((m), (name), (type), (opts))
#define mtx_destroy(m) ngu_k_mtx_destroy(m)
#ifdef NGU_DEBUG
#define mtx_lock(m) ngu_k_mtx_lock_at((m), __FILE__, __LINE__)
#else
#define mtx_lock(m) ngu_k_mtx_lock(m)
#endif
#define mtx_lock_flags(m, opts) ((void)(opts), mtx_lock(m))
#define mtx_lock_spin(m) mtx_lock(m)
#define mtx_lock_spin_flags(m, opts) ((void)(opts), mtx_lock(m))
#define mtx_trylock(m) ngu_k_mtx_trylock(m)
#define mtx_trylock_flags(m, opts) ((void)(opts), ngu_k_mtx_trylock(m))
#define mtx_trylock_spin(m) ngu_k_mtx_trylock(m)
#define mtx_unlock(m) ngu_k_mtx_unlock(m)
#define mtx_unlock_flags(m, opts) ((void)(opts), ngu_k_mtx_unlock(m))
#define mtx_unlock_spin(m) ngu_k_mtx_unlock(m)
#define mtx_unlock_spin_flags(m, opts) ((void)(opts), ngu_k_mtx_unlock(m))
#define mtx_owned(m) ngu_k_mtx_owned(m)
#define mtx_recursed(m) ngu_k_mtx_recursed(m)
#define mtx_initialized(m) ngu_k_mtx_initialized(m)
#define mtx_name(m) ((m)->mtx_name)
#if defined(INVARIANTS) || defined(NGU_DEBUG)
#define mtx_assert(m, what) ngu_k_mtx_assert((m), (what), __FILE__, __LINE__)
#else
#define mtx_assert(m, what) ((void)(m), (void)(what))
#endif

/* In <sys/systm.h>. */
#define mtx_sleep(chan, m, pri, wmesg, timo) msleep((chan), (m), (pri), (wmesg), (timo))

#define MTX_SYSINIT(uniq, m, desc, opts) \
	static __attribute__((__constructor__(1000), __used__)) void ngu__mtx_sysinit_##uniq(void) \
	{ \
		ngu_k_mtx_init((m), (desc), NULL, (opts)); \
	} \
	_Static_assert(1, "")

#endif /* NGU_KERN_SYS_MUTEX_H */
