/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rwlock.h - the baseline: what the kernel's netgraph pays for each hop, rebuilt.
 *
 * Per hop, in the original's order: topology lock as reader, reference on the peer hook, reference on the peer's node,
 * unlock; reader count into the gate word; the method; reader count out; the two references dropped. Whoever changes the
 * topology takes the lock as writer. The memory itself is kept by the section words, which cost this backend nothing extra.
 *
 * The lock is one word, as the kernel's rwlock(9): readers add 2 by compare and swap, a writer sets bit 0, a waiting writer
 * (count in the upper half) holds new readers off.
 */
#ifndef NGU_RWLOCK_H
#define NGU_RWLOCK_H

#define NGU_RCL_NAME "rwlock"
#define NGU_RCL_HOP_LOCKED 1

extern NGU_ALIGNED(NGU_CACHELINE) _Atomic uint64_t ngu__topo;
void ngu__topo_rlock_slow(void);
void ngu__topo_wlock(void);
void ngu__topo_wunlock(void);

NGU_INLINE void
ngu__topo_rlock(void)
{
	uint64_t v = NGU_LD_RLX(&ngu__topo);

	if (NGU_UNLIKELY((v & 1) != 0 || (v >> 32) != 0 || !NGU_CAS_AR(&ngu__topo, &v, v + 2)))
		ngu__topo_rlock_slow();
}

NGU_INLINE void
ngu__topo_runlock(void)
{
	(void)NGU_FSUB_AR(&ngu__topo, 2u);
}

#define ngu__rcl_enter(ts) ((void)(ts))
#define ngu__rcl_leave(ts) ((void)(ts))
int ngu__rcl_thread_init(struct ngu__thread *ts);
void ngu__rcl_thread_fini(struct ngu__thread *ts);
void ngu__rcl_sync(void);

#endif
