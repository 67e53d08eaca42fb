/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ktr.h - ktr(4) trace points. As in a kernel without "options KTR" they are looked at by the compiler and compiled to nothing, unless
 * the source is compiled with -DKTR: then those whose class is in KTR_COMPILE (all, unless defined) and in the variable debug.ktr.mask
 * (all at first, sysctl and tunable) go to the current graph's log at level 7, one line each: "ktr FILE:LINE: text".
 */
#ifndef NGU_KERN_SYS_KTR_H
#define NGU_KERN_SYS_KTR_H

#include <sys/types.h>
#include <ng/base.h>

#define KTR_GEN 0x00000001
#define KTR_NET 0x00000002
#define KTR_DEV 0x00000004
#define KTR_LOCK 0x00000008
#define KTR_SMP 0x00000010
#define KTR_SUBSYS 0x00000020
#define KTR_ALL 0x7fffffff

/* One line to the current graph's log. Formats are not checked, as there. Never blocks. */
NGU_API void ngu_k_ktr(const char *file, int line, const char *fmt, ...);
extern NGU_API u_int ngu_k_ktr_mask;

#ifdef KTR
#ifndef KTR_COMPILE
#define KTR_COMPILE KTR_ALL
#endif
#define NGU__KTR(m, ...) \
	do { \
		if (((m) & KTR_COMPILE) != 0 && (__atomic_load_n(&ngu_k_ktr_mask, __ATOMIC_RELAXED) & (m)) != 0) \
			ngu_k_ktr(__FILE__, __LINE__, __VA_ARGS__); \
	} while (0)
#else
#define NGU__KTR(m, ...) ((void)(m), (void)sizeof((ngu_k_ktr("", 0, __VA_ARGS__), 0)))
#endif
#define CTR0(m, f) NGU__KTR(m, f)
#define CTR1(m, f, a) NGU__KTR(m, f, a)
#define CTR2(m, f, a, b) NGU__KTR(m, f, a, b)
#define CTR3(m, f, a, b, c) NGU__KTR(m, f, a, b, c)
#define CTR4(m, f, a, b, c, d) NGU__KTR(m, f, a, b, c, d)
#define CTR5(m, f, a, b, c, d, e) NGU__KTR(m, f, a, b, c, d, e)
#define CTR6(m, f, a, b, c, d, e, g) NGU__KTR(m, f, a, b, c, d, e, g)

#endif /* NGU_KERN_SYS_KTR_H */
