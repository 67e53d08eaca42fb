/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rwlock.c - the baseline's topology lock, and grace periods from the section words alone.
 *
 * Lock       one word: bit 0 a writer has it, bits 1-31 readers, upper half writers that wait. A waiting writer keeps new readers
 *            out, so a reader must not take the lock twice; the core holds it over no call.
 * Grace      every thread says in `sec` whether it is in a section. Whoever waits looks at each thread once and stays with it
 *            until the word is even or has changed.
 * Ordering   an object is unlinked before ngu__rcl_sync() is called; a reader makes `sec` odd and then loads pointers. The
 *            membarrier between unlinking and looking closes the gap on machines where the reader's exchange does not hold back
 *            its later acquire loads; where there is no membarrier the exchange alone has to do, and does on x86.
 */
#include "reclaim/reclaim.h"

#ifndef NGU_RCL_RWLOCK
#error "rwlock.c belongs into -Dreclaim=rwlock builds only"
#endif

#define TOPO_WRITER ((uint64_t)1)
#define TOPO_READER ((uint64_t)2)
#define TOPO_WAITER ((uint64_t)1 << 32)
#define TOPO_HELD (TOPO_WAITER - 1) /* a writer, or any reader */

NGU_ALIGNED(NGU_CACHELINE) _Atomic uint64_t ngu__topo;

void
ngu__topo_rlock_slow(void)
{
	unsigned round = 0;
	uint64_t v;

	for (;;) {
		v = NGU_LD_RLX(&ngu__topo);
		/* ORDER topo (reader): acquire; pairs with the release in ngu__topo_wunlock(). */
		if ((v & TOPO_WRITER) == 0 && v < TOPO_WAITER && NGU_CAS_AR(&ngu__topo, &v, v + TOPO_READER))
			return;
		ngu__port_backoff(&round);
	}
}

void
ngu__topo_wlock(void)
{
	unsigned round = 0;
	uint64_t v;

	(void)NGU_FADD_AR(&ngu__topo, TOPO_WAITER);
	for (;;) {
		v = NGU_LD_RLX(&ngu__topo);
		/* ORDER topo (writer): acquire; pairs with the releases in ngu__topo_runlock() and ngu__topo_wunlock(). */
		if ((v & TOPO_HELD) == 0 && NGU_CAS_AR(&ngu__topo, &v, v - TOPO_WAITER + TOPO_WRITER))
			return;
		ngu__port_backoff(&round);
	}
}

void
ngu__topo_wunlock(void)
{
	(void)NGU_FSUB_AR(&ngu__topo, TOPO_WRITER);
}

int
ngu__rcl_thread_init(struct ngu__thread *ts)
{
	(void)ts;
	(void)ngu__port_membarrier_init();
	return (0);
}

void
ngu__rcl_thread_fini(struct ngu__thread *ts)
{
	(void)ts;
}

void
ngu__rcl_sync(void)
{
	struct ngu__thread *ts;
	unsigned round;
	uint32_t sec;

	(void)ngu__port_membarrier();
	/* A thread that registers from now on cannot have seen what was unlinked before. */
	for (ts = NGU_LD_SC(&ngu__threads); ts != NULL; ts = ts->next) {
		/*
		 * ORDER section-scan (waiting side)
		 *   before:      the object was unlinked
		 *   after:       the object is freed
		 *   pairs with:  section.h: the exchange of sec in ngu__sec_open(), its release store in ngu__sec_close()
		 *   if relaxed:  a reader's last loads could come after the free
		 */
		if (!ngu__sec_is_open(&ts->sec, &sec))
			continue;
		for (round = 0; ngu__sec_still_open(&ts->sec, sec);)
			ngu__port_backoff(&round);
	}
	NGU_GP_ENDED();
}
