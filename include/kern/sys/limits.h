/* SPDX-License-Identifier: BSD-2-Clause */
/* limits.h - the kernel's name of <limits.h>. */
#ifndef NGU_KERN_SYS_LIMITS_H
#define NGU_KERN_SYS_LIMITS_H

#if __STDC_HOSTED__
#include <limits.h>
#else
/* Some compilers' <limits.h> goes on to the C library's even where there is none. */
#define CHAR_BIT __CHAR_BIT__
#define SCHAR_MAX __SCHAR_MAX__
#define SCHAR_MIN (-SCHAR_MAX - 1)
#define UCHAR_MAX (SCHAR_MAX * 2 + 1)
#define SHRT_MAX __SHRT_MAX__
#define SHRT_MIN (-SHRT_MAX - 1)
#define USHRT_MAX (SHRT_MAX * 2 + 1)
#define INT_MAX __INT_MAX__
#define INT_MIN (-INT_MAX - 1)
#define UINT_MAX (INT_MAX * 2u + 1)
#define LONG_MAX __LONG_MAX__
#define LONG_MIN (-LONG_MAX - 1)
#define ULONG_MAX (LONG_MAX * 2ul + 1)
#define LLONG_MAX __LONG_LONG_MAX__
#define LLONG_MIN (-LLONG_MAX - 1)
#define ULLONG_MAX (LLONG_MAX * 2ull + 1)
#endif

#ifndef UQUAD_MAX
#define UQUAD_MAX ULLONG_MAX
#define QUAD_MAX LLONG_MAX
#define QUAD_MIN LLONG_MIN
#endif
#ifndef LONG_BIT
#define LONG_BIT (CHAR_BIT * (int)sizeof(long))
#endif

#endif /* NGU_KERN_SYS_LIMITS_H */
