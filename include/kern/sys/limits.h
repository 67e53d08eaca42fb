/* SPDX-License-Identifier: BSD-2-Clause */
/* limits.h - the kernel's name of <limits.h>. */
#ifndef NGU_KERN_SYS_LIMITS_H
#define NGU_KERN_SYS_LIMITS_H

#include <limits.h>

#ifndef UQUAD_MAX
#define UQUAD_MAX ULLONG_MAX
#define QUAD_MAX LLONG_MAX
#define QUAD_MIN LLONG_MIN
#endif
#ifndef LONG_BIT
#define LONG_BIT (CHAR_BIT * (int)sizeof(long))
#endif

#endif /* NGU_KERN_SYS_LIMITS_H */
