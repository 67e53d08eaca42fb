/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * callout.h - callout(9) on the clock of the graph that was current when the callout was armed.
 *
 * Results of callout_stop() and callout_drain(): 1 a pending call was cancelled; 0 it is running and cannot be stopped; -1 it
 * was not armed. A callout with a mutex (callout_init_mtx) that is stopped by the mutex's holder never runs afterwards.
 * One callout never runs in two threads at a time. A handler may free the memory of its own callout, unless re-armed.
 * While a handler runs its thread does not serve what waits at nodes, but packets: no shutdown that came meanwhile begins inside of it.
 */
#ifndef NGU_KERN_SYS_CALLOUT_H
#define NGU_KERN_SYS_CALLOUT_H

#include <sys/types.h>
#include <sys/time.h>
#include <sys/mutex.h>
#include <ng/base.h>

#define CALLOUT_ACTIVE 0x0002
#define CALLOUT_PENDING 0x0004
#define CALLOUT_MPSAFE 0x0008
#define CALLOUT_RETURNUNLOCKED 0x0010

#define C_DIRECT_EXEC 0x0001
#define C_ABSOLUTE 0x0200
#define C_HARDCLOCK 0x0100
#define C_PRECALC 0x0400
#define C_PREL(n) (0)

typedef void callout_func_t(void *arg);

/* Zeroed memory is a callout that callout_init() was called for. The fields belong to lib/kern/callout.c. */
struct callout {
	int64_t c_time; /* ns of the graph's clock */
	uint64_t c_seq; /* order of arming among equal times */
	struct callout *c_child, *c_sibling, *c_back; /* in the graph's timer heap */
	void *c_arg;
	callout_func_t *c_func;
	struct mtx *c_lock;
	struct ngu_graph *c_graph; /* where it was armed last */
	uint32_t c_flags;	   /* CALLOUT_*; atomic, changed under the heap's lock */
	uint32_t c_iflags;	   /* CALLOUT_RETURNUNLOCKED */
};

NGU_API void ngu_k_callout_init(struct callout *c, struct mtx *m, int flags);
/*
 * Arm for `ns` from now (at least 1), instead of what it was armed for. fn NULL: as last time. 1 if a pending call was
 * cancelled, else 0. Panics when there is no current graph. Never blocks.
 */
NGU_API int ngu_k_callout_reset(struct callout *c, int64_t ns, callout_func_t *fn, void *arg);
/* Never blocks. */
NGU_API int ngu_k_callout_stop(struct callout *c);
/*
 * Stop and wait until a running handler has returned. May wait; not inside a section, not while holding what the handler
 * takes. Called from the handler itself it is callout_stop().
 */
NGU_API int ngu_k_callout_drain(struct callout *c);
NGU_API int ngu_k_callout_flag(const struct callout *c, uint32_t flag);
NGU_API void ngu_k_callout_deactivate(struct callout *c);

#define callout_init(c, mpsafe) ((void)(mpsafe), ngu_k_callout_init((c), NULL, 0))
#define callout_init_mtx(c, m, flags) ngu_k_callout_init((c), (m), (flags))
#define callout_reset(c, to_ticks, fn, arg) ngu_k_callout_reset((c), ngu__ticks2ns(to_ticks), (fn), (arg))
#define callout_reset_on(c, to_ticks, fn, arg, cpu) ((void)(cpu), callout_reset((c), (to_ticks), (fn), (arg)))
#define callout_reset_curcpu(c, to_ticks, fn, arg) callout_reset((c), (to_ticks), (fn), (arg))
#define callout_reset_sbt(c, sbt, prec, fn, arg, flags) \
	((void)(prec), ngu_k_callout_reset((c), ngu__callout_sbt((sbt), (flags)), (fn), (arg)))
#define callout_reset_sbt_on(c, sbt, prec, fn, arg, cpu, flags) \
	((void)(cpu), callout_reset_sbt((c), (sbt), (prec), (fn), (arg), (flags)))
#define callout_schedule(c, to_ticks) ngu_k_callout_reset((c), ngu__ticks2ns(to_ticks), NULL, NULL)
#define callout_schedule_on(c, to_ticks, cpu) ((void)(cpu), callout_schedule((c), (to_ticks)))
#define callout_stop(c) ngu_k_callout_stop(c)
#define callout_drain(c) ngu_k_callout_drain(c)
#define callout_pending(c) ngu_k_callout_flag((c), CALLOUT_PENDING)
#define callout_active(c) ngu_k_callout_flag((c), CALLOUT_ACTIVE)
#define callout_deactivate(c) ngu_k_callout_deactivate(c)

static inline int64_t
ngu__ticks2ns(int n)
{
	return ((n > 0 ? (int64_t)n : 1) * 1000000);
}

static inline int64_t
ngu__callout_sbt(sbintime_t sbt, int flags)
{
	int64_t ns = ngu__sbt2ns(sbt);

	return ((flags & C_ABSOLUTE) != 0 ? ns - ngu_k_clock(0) : ns);
}

#endif /* NGU_KERN_SYS_CALLOUT_H */
