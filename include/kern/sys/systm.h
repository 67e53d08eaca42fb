/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * systm.h - what the kernel has instead of a C library: assertions, panic, printf, memory and string helpers.
 *
 * INVARIANTS (on in debug builds) turns KASSERT and MPASS on. printf() goes to the current graph's log.
 */
#ifndef NGU_KERN_SYS_SYSTM_H
#define NGU_KERN_SYS_SYSTM_H

#include <stdarg.h>
#if __STDC_HOSTED__
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#endif
#include <sys/param.h>
#include <sys/callout.h>
#include <sys/kernel.h>
#include <sys/libkern.h>
#include <ng/base.h>

#if defined(NGU_DEBUG) && !defined(INVARIANTS)
#define INVARIANTS 1
#endif

/* One line to the log of the current graph, then the program's handler (ng/panic.h), then abort(). */
NGU_API _Noreturn void ngu_k_panic(const char *fmt, ...) __attribute__((__format__(__printf__, 1, 2)));
NGU_API _Noreturn void ngu_k_vpanic(const char *fmt, va_list ap) __attribute__((__format__(__printf__, 1, 0)));
/* To the current graph's log at level 6, a log line for each line of text. Returns how many bytes there were. */
NGU_API int ngu_k_printf(const char *fmt, ...) __attribute__((__format__(__printf__, 1, 2)));
NGU_API int ngu_k_vprintf(const char *fmt, va_list ap) __attribute__((__format__(__printf__, 1, 0)));

#define panic(...) ngu_k_panic(__VA_ARGS__)
#define vpanic(fmt, ap) ngu_k_vpanic((fmt), (ap))
#undef printf
#undef vprintf
#define printf(...) ngu_k_printf(__VA_ARGS__)
#define vprintf(fmt, ap) ngu_k_vprintf((fmt), (ap))
#define uprintf(...) ngu_k_printf(__VA_ARGS__)

#ifdef INVARIANTS
#define KASSERT(exp, msg) \
	do { \
		if (__builtin_expect(!(exp), 0)) \
			ngu_k_panic msg; \
	} while (0)
#else
#define KASSERT(exp, msg) \
	do { \
	} while (0)
#endif
#define MPASS(exp) MPASS4(exp, #exp, __FILE__, __LINE__)
#define MPASS2(exp, what) MPASS4(exp, what, __FILE__, __LINE__)
#define MPASS3(exp, file, line) MPASS4(exp, #exp, file, line)
#define MPASS4(exp, what, file, line) KASSERT((exp), ("assertion failed: %s (%s:%d)", (what), (file), (line)))
#define CTASSERT(x) _Static_assert(x, "compile-time assertion failed")
#define __assert_unreachable() __builtin_unreachable()
#ifndef INVARIANT_SUPPORT
#define INVARIANT_SUPPORT 1
#endif

/*
 * Sleep for `timo` ticks of real time, also where the graph's clock is a fake one, one at least. Returns EWOULDBLOCK, as
 * there. DELAY waits microseconds. Not inside a section: strict mode reports it.
 */
NGU_API int ngu_k_pause(const char *wmesg, int timo);
NGU_API void ngu_k_delay(int us);
NGU_API void ngu_k_site(const char *file, int line);
#ifdef NGU_DEBUG
#define NGU__PAUSE2(wmesg, timo) (ngu_k_site(__FILE__, __LINE__), ngu_k_pause((wmesg), (timo)))
#define DELAY(us) (ngu_k_site(__FILE__, __LINE__), ngu_k_delay(us))
#else
#define NGU__PAUSE2(wmesg, timo) ngu_k_pause((wmesg), (timo))
#define DELAY(us) ngu_k_delay(us)
#endif
#define NGU__PAUSE1(arg) pause(arg) /* the C library's prototype */
#define NGU__PAUSE_PICK(a, b, name, ...) name
#define pause(...) NGU__PAUSE_PICK(__VA_ARGS__, NGU__PAUSE2, NGU__PAUSE1, )(__VA_ARGS__)

/*
 * sleep(9). Wait on an address until wakeup() of it: 0; or EWOULDBLOCK after `timo` ticks of real time, as above (0: no limit). The lock is
 * given up meanwhile, and taken again unless `pri` has PDROP. Nothing interrupts a sleep: PCATCH means nothing. Not inside a
 * section: strict mode reports it. `chan` is only compared. wakeup() never blocks.
 */
#define NGU_SLEEP_NONE 0
#define NGU_SLEEP_MTX 1
#define NGU_SLEEP_RW 2 /* for reading or for writing, as it is held */
#define NGU_SLEEP_RW_SHARED 3
NGU_API int ngu_k_sleep(const void *chan, void *lock, int kind, int pri, const char *wmesg, int timo);
NGU_API void ngu_k_wakeup(const void *chan, int n); /* the n that have slept longest; 0: all */
#ifdef NGU_DEBUG
#define NGU__SLEEP(chan, lock, kind, pri, wmesg, timo) (ngu_k_site(__FILE__, __LINE__), ngu_k_sleep((chan), (lock), (kind), (pri), (wmesg), (timo)))
#else
#define NGU__SLEEP(chan, lock, kind, pri, wmesg, timo) ngu_k_sleep((chan), (lock), (kind), (pri), (wmesg), (timo))
#endif
#define tsleep(chan, pri, wmesg, timo) NGU__SLEEP(chan, NULL, NGU_SLEEP_NONE, pri, wmesg, timo)
/* `m` may be NULL: tsleep(). */
#define msleep(chan, m, pri, wmesg, timo) ngu__msleep((chan), (m), (pri), (wmesg), (timo))
#define msleep_spin(chan, m, wmesg, timo) msleep((chan), (m), 0, (wmesg), (timo))
#define wakeup(chan) ngu_k_wakeup((chan), 0)
#define wakeup_one(chan) ngu_k_wakeup((chan), 1)
#define wakeup_any(chan) ngu_k_wakeup((chan), 1)

static inline int
ngu__msleep(const void *chan, struct mtx *m, int pri, const char *wmesg, int timo)
{
	return (NGU__SLEEP(chan, m, m != NULL ? NGU_SLEEP_MTX : NGU_SLEEP_NONE, pri, wmesg, timo));
}

#define bootverbose 0
#define cold 0

/* bcmp() orders like memcmp(): stock sources count on it. */
#undef bcopy
#undef bzero
#undef bcmp
#define bcopy(from, to, n) ((void)memmove((to), (from), (n)))
#define bzero(p, n) ((void)memset((p), 0, (n)))
#define bcmp(a, b, n) memcmp((a), (b), (n))
#define ovbcopy(from, to, n) bcopy((from), (to), (n))

#define critical_enter() NGU_LACKS("critical_enter(): threads are always preempted; a mtx(9), or atomic(9)")
#define critical_exit() NGU_LACKS("critical_exit()")
/* There is no giant lock to be dropped. */
#define DROP_GIANT() ((void)0)
#define PICKUP_GIANT() ((void)0)

#endif /* NGU_KERN_SYS_SYSTM_H */
