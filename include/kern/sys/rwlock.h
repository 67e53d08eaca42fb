/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rwlock.h - rwlock(9): many readers or one writer. A writer that waits keeps new readers out, but not threads that read already:
 * reading is recursive, writing with RW_RECURSE only. Who holds the lock is recorded, for up to RW_READERS readers each by
 * itself, so rw_assert() tells the truth in every build.
 */
#ifndef NGU_KERN_SYS_RWLOCK_H
#define NGU_KERN_SYS_RWLOCK_H

#include <sys/types.h>
#include <sys/lock.h>
#include <ng/base.h>

#define RW_DUPOK 0x01
#define RW_NOPROFILE 0x02
#define RW_NOWITNESS 0x04
#define RW_QUIET 0x08
#define RW_RECURSE 0x10
#define RW_NEW 0x20

#define RA_LOCKED LA_LOCKED
#define RA_RLOCKED LA_SLOCKED
#define RA_WLOCKED LA_XLOCKED
#define RA_UNLOCKED LA_UNLOCKED
#define RA_RECURSED LA_RECURSED
#define RA_NOTRECURSED LA_NOTRECURSED

#define RW_READERS 8
#define NGU_RW_SLEEPABLE 0x10000 /* libng's: an sx(9) or sleepable rmlock(9) */

/* Initialise it with rw_init(); the fields belong to lib/kern/rwlock.c. */
struct rwlock {
	_Alignas(16) unsigned char rw_storage[64]; /* guards everything below; held for a few instructions */
	const char *rw_name;
	int rw_opts;
	uint32_t rw_magic;
	void *rw_writer; /* the holder's thread record */
	uint32_t rw_depth; /* times the writer locked again */
	uint32_t rw_readers; /* read locks in all */
	uint32_t rw_waiting; /* writers that wait */
	uint32_t rw_event;   /* atomic; changes when it is worth looking again */
	uint32_t rw_class;   /* strict mode's */
	struct {
		void *who;
		uint32_t depth;
	} rw_reader[RW_READERS];
};

/* Make a lock; `name` is kept by reference. Panics when the system refuses one. Unmake it: nobody may hold it. */
NGU_API void ngu_k_rw_init(struct rwlock *l, const char *name, int opts);
NGU_API void ngu_k_rw_destroy(struct rwlock *l);
/* Lock: wait until it can be had. Not inside a section. Locking against oneself panics. */
NGU_API void ngu_k_rw_rlock(struct rwlock *l);
NGU_API void ngu_k_rw_wlock(struct rwlock *l);
/* 1: locked; 0: not to be had without waiting. */
NGU_API int ngu_k_rw_try_rlock(struct rwlock *l);
NGU_API int ngu_k_rw_try_wlock(struct rwlock *l);
/* Unlock; what this thread does not hold panics. ngu_k_rw_unlock(): whichever it is. */
NGU_API void ngu_k_rw_runlock(struct rwlock *l);
NGU_API void ngu_k_rw_wunlock(struct rwlock *l);
NGU_API void ngu_k_rw_unlock(struct rwlock *l);
/* The only reader becomes the writer: 1; 0 when there are other readers. The writer becomes a reader. Never wait. */
NGU_API int ngu_k_rw_try_upgrade(struct rwlock *l);
NGU_API void ngu_k_rw_downgrade(struct rwlock *l);
NGU_API int ngu_k_rw_wowned(struct rwlock *l);
NGU_API int ngu_k_rw_initialized(const struct rwlock *l);
/* Panics unless the RA_* claim holds for the calling thread. */
NGU_API void ngu_k_rw_assert(struct rwlock *l, int what, const char *file, int line);

NGU_API void ngu_k_site(const char *file, int line);
#ifdef NGU_DEBUG
#define NGU__RW_SITE(call) (ngu_k_site(__FILE__, __LINE__), call)
#else
#define NGU__RW_SITE(call) call
#endif

#define rw_init(l, name) ngu_k_rw_init((l), (name), 0)
#define rw_init_flags(l, name, opts) ngu_k_rw_init((l), (name), (opts))
#define rw_destroy(l) ngu_k_rw_destroy(l)
#define rw_rlock(l) NGU__RW_SITE(ngu_k_rw_rlock(l))
#define rw_wlock(l) NGU__RW_SITE(ngu_k_rw_wlock(l))
#define rw_try_rlock(l) ngu_k_rw_try_rlock(l)
#define rw_try_wlock(l) ngu_k_rw_try_wlock(l)
#define rw_runlock(l) ngu_k_rw_runlock(l)
#define rw_wunlock(l) ngu_k_rw_wunlock(l)
#define rw_unlock(l) ngu_k_rw_unlock(l)
#define rw_try_upgrade(l) ngu_k_rw_try_upgrade(l)
#define rw_downgrade(l) ngu_k_rw_downgrade(l)
#define rw_wowned(l) ngu_k_rw_wowned(l)
#define rw_initialized(l) ngu_k_rw_initialized(l)
#if defined(INVARIANTS) || defined(NGU_DEBUG)
#define rw_assert(l, what) ngu_k_rw_assert((l), (what), __FILE__, __LINE__)
#else
#define rw_assert(l, what) ((void)(l), (void)(what))
#endif

/* In <sys/systm.h>. */
#define rw_sleep(chan, l, pri, wmesg, timo) NGU__SLEEP((chan), (l), NGU_SLEEP_RW, (pri), (wmesg), (timo))

#define RW_SYSINIT(uniq, l, desc) RW_SYSINIT_FLAGS(uniq, l, desc, 0)
#define RW_SYSINIT_FLAGS(uniq, l, desc, opts) \
	static __attribute__((__constructor__(1000), __used__)) void ngu__rw_sysinit_##uniq(void) \
	{ \
		ngu_k_rw_init((l), (desc), (opts)); \
	} \
	static __attribute__((__destructor__(1000), __used__)) void ngu__rw_sysuninit_##uniq(void) \
	{ \
		ngu_k_rw_destroy(l); \
	} \
	_Static_assert(1, "")

#endif /* NGU_KERN_SYS_RWLOCK_H */
