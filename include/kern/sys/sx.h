/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sx.h - sx(9): many sharers or one exclusive holder, who may sleep. As rwlock(9) here, but strict mode reports one that is taken
 * inside a section. The _sig forms are never interrupted: they return 0.
 */
#ifndef NGU_KERN_SYS_SX_H
#define NGU_KERN_SYS_SX_H

#include <sys/rwlock.h>

#define SX_DUPOK RW_DUPOK
#define SX_NOPROFILE RW_NOPROFILE
#define SX_NOWITNESS RW_NOWITNESS
#define SX_QUIET RW_QUIET
#define SX_RECURSE RW_RECURSE
#define SX_NEW RW_NEW
#define SX_NOADAPTIVE 0

#define SA_LOCKED LA_LOCKED
#define SA_SLOCKED LA_SLOCKED
#define SA_XLOCKED LA_XLOCKED
#define SA_UNLOCKED LA_UNLOCKED
#define SA_RECURSED LA_RECURSED
#define SA_NOTRECURSED LA_NOTRECURSED
#define SX_LOCKED SA_LOCKED
#define SX_SLOCKED SA_SLOCKED
#define SX_XLOCKED SA_XLOCKED
#define SX_UNLOCKED SA_UNLOCKED
#define SX_RECURSED SA_RECURSED
#define SX_NOTRECURSED SA_NOTRECURSED

struct sx {
	struct rwlock sx_lock;
};

#define sx_init(s, name) sx_init_flags((s), (name), 0)
#define sx_init_flags(s, name, opts) ngu_k_rw_init(&(s)->sx_lock, (name), (opts) | NGU_RW_SLEEPABLE)
#define sx_destroy(s) ngu_k_rw_destroy(&(s)->sx_lock)
#define sx_slock(s) rw_rlock(&(s)->sx_lock)
#define sx_xlock(s) rw_wlock(&(s)->sx_lock)
#define sx_slock_sig(s) (sx_slock(s), 0)
#define sx_xlock_sig(s) (sx_xlock(s), 0)
#define sx_try_slock(s) ngu_k_rw_try_rlock(&(s)->sx_lock)
#define sx_try_xlock(s) ngu_k_rw_try_wlock(&(s)->sx_lock)
#define sx_sunlock(s) ngu_k_rw_runlock(&(s)->sx_lock)
#define sx_xunlock(s) ngu_k_rw_wunlock(&(s)->sx_lock)
#define sx_unlock(s) ngu_k_rw_unlock(&(s)->sx_lock)
#define sx_try_upgrade(s) ngu_k_rw_try_upgrade(&(s)->sx_lock)
#define sx_downgrade(s) ngu_k_rw_downgrade(&(s)->sx_lock)
#define sx_xlocked(s) ngu_k_rw_wowned(&(s)->sx_lock)
#define sx_initialized(s) ngu_k_rw_initialized(&(s)->sx_lock)
#define sx_assert(s, what) rw_assert(&(s)->sx_lock, (what))

/* In <sys/systm.h>. */
#define sx_sleep(chan, s, pri, wmesg, timo) NGU__SLEEP((chan), &(s)->sx_lock, NGU_SLEEP_RW, (pri), (wmesg), (timo))

#define SX_SYSINIT(uniq, s, desc) SX_SYSINIT_FLAGS(uniq, s, desc, 0)
#define SX_SYSINIT_FLAGS(uniq, s, desc, opts) RW_SYSINIT_FLAGS(uniq, &(s)->sx_lock, desc, (opts) | NGU_RW_SLEEPABLE)

#endif /* NGU_KERN_SYS_SX_H */
