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
 * In a callback, for what methods may be looking at: fn(r) runs after all methods that began before now have ended, too (method.h).
 * The object must be unlinked, not only retired, when its callback runs.
 */
void ngu__retire_methods(struct ngu__retire *r, void (*fn)(struct ngu__retire *));

/*
 * Wait until everything retired before the call, by any thread, has been run. Objects that callbacks retire meanwhile are waited
 * for as well, to the third generation (an object retired before the call being the first). Not inside a section, not in a
 * callback: it returns at once there (debug builds abort). Inside a method what ngu__retire_methods() was given is not waited for:
 * it would wait for its caller.
 */
void ngu__rcl_barrier(void);

/* The same for the callbacks of grace periods alone: what methods hold is not waited for, wherever the caller is. */
void ngu__rcl_graces(void);

/*
 * Wait while more than the backlog limit (1 << 17 objects) is outstanding. For control callers, outside sections. If as many wait for
 * methods, the call takes 10 ms at most: such a method may wait for the caller. Where no reclaimer thread could be started
 * this call does a batch of its work.
 */
void ngu__rcl_backpressure(void);

struct ngu__rcl_stats {
	uint64_t retired;  /* objects handed over */
	uint64_t freed;	   /* of these, gone for good: the last callback has run */
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
	if (ts->nest++ != 0) {
		NGU_INVARIANT((NGU_LD_RLX(&ts->sec) & 1) != 0, "a section inside of a look");
		return;
	}
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

/*
 * A section for a caller that looks, or changes pointers, and enters no node: nothing is delivered in it, so gate closers need not know, and `sec`
 * is left alone. Two threads that both change the graph then do not take that line from each other. Keeps memory as a section
 * does. ngu__section_enter() inside of it is an error; a look inside a section is part of that.
 */
NGU_INLINE void
ngu__look_enter(struct ngu__thread *ts)
{
	if (NGU_RCL_HOP_LOCKED) { /* its grace periods look at sec */
		ngu__section_enter(ts);
		return;
	}
	if (ts->nest++ != 0)
		return;
	if (NGU_LIKELY(!ts->rcl_kept))
		ngu__rcl_enter(ts);
}

NGU_INLINE void
ngu__look_leave(struct ngu__thread *ts)
{
	if (NGU_RCL_HOP_LOCKED) {
		ngu__section_leave(ts);
		return;
	}
	if (--ts->nest != 0 || NGU_UNLIKELY(ts->rcl_kept))
		return;
	NGU_READ_END();
	ngu__rcl_leave(ts);
}

/*
 * Around each call of a node's method that is not a packet's. Such a method runs outside of sections, may block, and still reads
 * the peers of its hooks, their nodes and the names of both; what of these it has found stays memory until the outermost
 * of them ends. Nested calls cost an addition.
 */
extern ngu__era ngu__era_now, ngu__era_wanted;
void ngu__rcl_method_ended(void); /* one that the reclaimer may be waiting for */
#ifdef NGU_RCL_LAB
#define NGU__METHOD_OPEN(ts) ((void)(ts), ngu__lab_method(true))
#define NGU__METHOD_CLOSE(ts) ((void)(ts), ngu__lab_method(false))
#else
#define NGU__METHOD_OPEN(ts) ngu__method_open(&(ts)->era, &ngu__era_now)
#define NGU__METHOD_CLOSE(ts) \
	(NGU_UNLIKELY(ngu__method_close(&(ts)->era, &ngu__era_wanted)) ? ngu__rcl_method_ended() : (void)0)
#endif

NGU_INLINE void
ngu__method_enter(struct ngu__thread *ts)
{
	if (ts->methods++ == 0)
		NGU__METHOD_OPEN(ts);
}

NGU_INLINE void
ngu__method_leave(struct ngu__thread *ts)
{
	if (--ts->methods == 0)
		NGU__METHOD_CLOSE(ts);
}

/* The methods this thread was in have no frames any more. */
NGU_INLINE void
ngu__method_forget(struct ngu__thread *ts)
{
	if (ts->methods != 0) {
		ts->methods = 1;
		ngu__method_leave(ts);
	}
}

#endif /* NGU_RECLAIM_H */
