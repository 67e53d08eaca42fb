/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reclaim.h - the seam between the graph and whatever tells it that readers have left.
 *
 * One backend is compiled in (-Dreclaim=): urcu-memb, urcu-qsbr, ck-epoch, or rwlock, the baseline that rebuilds the
 * kernel's topology lock and per-hop references. A backend gives five things: thread registration, section enter and leave,
 * and "wait until every section open now is closed". Deferred freeing on top of that (ngu__retire) is common code: one
 * reclaimer thread takes what was retired, waits for one grace period for the whole batch, and runs the callbacks.
 *
 * Rules
 *   - retire inside the section (or the gate) that unlinked the object;
 *   - ngu__retire never blocks and never fails; ngu__rcl_backpressure() is for control callers outside sections;
 *   - a callback runs outside any section, on the reclaimer thread, and may retire again.
 */
#ifndef NGU_RECLAIM_H
#define NGU_RECLAIM_H

#include "port/port.h"
#include "reclaim/thread.h"

/* Embedded in whatever is retired. */
struct ngu__retire {
	struct ngu__retire *next;
	void (*fn)(struct ngu__retire *);
};

#if defined(NGU_RCL_URCU_MEMB)
#include "reclaim/urcu_memb.h"
#elif defined(NGU_RCL_URCU_QSBR)
#include "reclaim/urcu_qsbr.h"
#elif defined(NGU_RCL_CK_EPOCH)
#include "reclaim/ck_epoch.h"
#elif defined(NGU_RCL_RWLOCK)
#include "reclaim/rwlock.h"
#elif defined(NGU_RCL_LAB)
#include "reclaim/lab.h"
#else
#error "no reclamation backend chosen: compile with -DNGU_RCL_URCU_MEMB, _URCU_QSBR, _CK_EPOCH or _RWLOCK"
#endif

/*
 * What a backend header defines:
 *   NGU_RCL_NAME                            its name, a string
 *   ngu__rcl_enter(ts), ngu__rcl_leave(ts)  outermost section entry and exit, inline
 *   int  ngu__rcl_thread_init(ts)           0 or errno
 *   void ngu__rcl_thread_fini(ts)
 *   void ngu__rcl_sync(void)                wait for all sections open at the call; not inside a section
 *   NGU_RCL_HOP_LOCKED                      1 if each hop must pay the original's locked operations (rwlock only)
 */

/* Hand an object over: fn(r) runs after every section that is open now has closed. */
void ngu__retire(struct ngu__retire *r, void (*fn)(struct ngu__retire *));

/*
 * Wait until everything retired before the call, by any thread, has been run. Objects that callbacks retire meanwhile are waited
 * for as well, to the third generation (an object retired before the call being the first). Not inside a section, not in a
 * callback: it returns at once there (debug builds abort).
 */
void ngu__rcl_barrier(void);

/*
 * Wait while more than the backlog limit (1 << 17 objects) is outstanding. For control callers, outside sections. Where no
 * reclaimer thread could be started this call does a batch of its work.
 */
void ngu__rcl_backpressure(void);

struct ngu__rcl_stats {
	uint64_t retired;  /* objects handed over */
	uint64_t freed;	   /* callbacks run */
	uint64_t periods;  /* grace periods waited for */
	uint64_t high;	   /* most outstanding at a time */
	uint64_t longest_ns; /* longest grace period */
};
void ngu__rcl_stats(struct ngu__rcl_stats *out);
const char *ngu__rcl_name(void);
void ngu__rcl_fork_child(void); /* handler in the child of a fork(2); registered by thread.c */

/* The read section. section.h has its protocol. */
NGU_INLINE void
ngu__section_enter(struct ngu__thread *ts)
{
	if (ts->nest++ != 0)
		return;
	if (NGU_LIKELY(!ts->rcl_kept))
		ngu__rcl_enter(ts);
	if (NGU_PLANT(S6))
		NGU_ST_REL(&ts->sec, NGU_LD_RLX(&ts->sec) + 1);
	else
		ngu__sec_open(&ts->sec); /* section-gate */
}

NGU_INLINE void
ngu__section_leave(struct ngu__thread *ts)
{
	if (--ts->nest != 0)
		return;
	ts->limit = 0;
	ngu__sec_close(&ts->sec); /* section-close, section-scan */
	/*
	 * With packets laid aside the gates are free of this thread, but its memory has to stay: the grace period waits until
	 * they are delivered (deliver.c, ngu__local_serve). The baseline's grace periods look at sec, so there they hold references.
	 */
	if (NGU_UNLIKELY(ts->nlocal != 0) && !NGU_RCL_HOP_LOCKED) {
		ts->rcl_kept = true;
		return;
	}
	NGU_READ_END();
	ngu__rcl_leave(ts);
}

#endif /* NGU_RECLAIM_H */
