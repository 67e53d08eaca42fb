/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cdefs.h - compiler words of kernel sources on top of the system's <sys/cdefs.h>. The C library includes this file while it
 * is setting itself up, so it holds macros only and includes nothing else.
 */
#ifndef NGU_KERN_SYS_CDEFS_H
#define NGU_KERN_SYS_CDEFS_H

#if __STDC_HOSTED__
#include_next <sys/cdefs.h>
#endif

#ifndef __packed
#define __packed __attribute__((__packed__))
#endif
#ifndef __aligned
#define __aligned(n) __attribute__((__aligned__(n)))
#endif
#ifndef __unused
#define __unused __attribute__((__unused__))
#endif
#ifndef __used
#define __used __attribute__((__used__))
#endif
#ifndef __dead2
#define __dead2 __attribute__((__noreturn__))
#endif
#ifndef __pure2
#define __pure2 __attribute__((__const__))
#endif
#ifndef __noinline
#define __noinline __attribute__((__noinline__))
#endif
#ifndef __weak_symbol
#define __weak_symbol __attribute__((__weak__))
#endif
#ifndef __section
#define __section(x) __attribute__((__section__(x)))
#endif
#ifndef __predict_true
#define __predict_true(x) __builtin_expect(!!(x), 1)
#define __predict_false(x) __builtin_expect(!!(x), 0)
#endif
#ifndef __printflike
#define __printflike(fmt, first) __attribute__((__format__(__printf__, fmt, first)))
#endif
#ifndef __result_use_check
#define __result_use_check __attribute__((__warn_unused_result__))
#endif
#ifndef __DECONST
#define __DECONST(type, p) ((type)(__UINTPTR_TYPE__)(const void *)(p))
#define __DEVOLATILE(type, p) ((type)(__UINTPTR_TYPE__)(volatile void *)(p))
#define __DEQUALIFY(type, p) ((type)(__UINTPTR_TYPE__)(const volatile void *)(p))
#endif
#ifndef __containerof
#define __containerof(p, type, member) ((type *)(void *)((char *)(__UINTPTR_TYPE__)(p) - __builtin_offsetof(type, member)))
#endif
#ifndef __offsetof
#define __offsetof(type, member) __builtin_offsetof(type, member)
#endif
#ifndef __FBSDID
#define __FBSDID(s) _Static_assert(1, "")
#endif
#ifndef __RCSID
#define __RCSID(s) _Static_assert(1, "")
#endif
/* Variables that only assertions or only debug output look at. */
#ifndef __diagused
#define __diagused __unused
#define __invariant_only __unused
#define __debugused __unused
#endif
/*
 * What a kernel has and libng has not: `#define make_dev(...) NGU_LACKS("make_dev()")`. A source that uses it is told so by the compiler; one
 * that only includes the header compiles.
 */
#define NGU_LACKS(what) ((int)sizeof(struct { _Static_assert(0, "libng has no " what); int ngu__lacks; }))

#ifndef __DEFAULT_SIZE
#define __DEFAULT_SIZE(x) (x)
#endif

#endif /* NGU_KERN_SYS_CDEFS_H */
