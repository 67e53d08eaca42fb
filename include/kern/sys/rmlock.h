/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rmlock.h - rmlock(9): a lock that is read often and written rarely. Here it costs what rwlock(9) costs: a type that reads on each
 * packet is better off with the network epoch.
 */
#ifndef NGU_KERN_SYS_RMLOCK_H
#define NGU_KERN_SYS_RMLOCK_H

#include <sys/rwlock.h>

#define RM_NOWITNESS RW_NOWITNESS
#define RM_RECURSE RW_RECURSE
#define RM_SLEEPABLE NGU_RW_SLEEPABLE
#define RM_NEW RW_NEW
#define RM_DUPOK RW_DUPOK

struct rmlock {
	struct rwlock rm_lock;
};

/* One for each read lock held; on the reader's stack. */
struct rm_priotracker {
	struct rmlock *rmp_lock;
};

#define rm_init(rm, name) rm_init_flags((rm), (name), 0)
#define rm_init_flags(rm, name, opts) ngu_k_rw_init(&(rm)->rm_lock, (name), (opts))
#define rm_destroy(rm) ngu_k_rw_destroy(&(rm)->rm_lock)
#define rm_rlock(rm, tracker) ((void)((tracker)->rmp_lock = (rm)), rw_rlock(&(rm)->rm_lock))
#define rm_try_rlock(rm, tracker) ((void)((tracker)->rmp_lock = (rm)), ngu_k_rw_try_rlock(&(rm)->rm_lock))
#define rm_runlock(rm, tracker) ((void)((tracker)->rmp_lock = NULL), ngu_k_rw_runlock(&(rm)->rm_lock))
#define rm_wlock(rm) rw_wlock(&(rm)->rm_lock)
#define rm_wunlock(rm) ngu_k_rw_wunlock(&(rm)->rm_lock)
#define rm_wowned(rm) ngu_k_rw_wowned(&(rm)->rm_lock)
#define rm_initialized(rm) ngu_k_rw_initialized(&(rm)->rm_lock)
#define rm_assert(rm, what) rw_assert(&(rm)->rm_lock, (what))

#define RM_SYSINIT(uniq, rm, desc) RW_SYSINIT_FLAGS(uniq, &(rm)->rm_lock, desc, 0)
#define RM_SYSINIT_FLAGS(uniq, rm, desc, opts) RW_SYSINIT_FLAGS(uniq, &(rm)->rm_lock, desc, opts)

#endif /* NGU_KERN_SYS_RMLOCK_H */
