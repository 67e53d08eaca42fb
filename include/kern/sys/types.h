/* SPDX-License-Identifier: BSD-2-Clause */
/* types.h - the system's types, the ones every kernel source takes for granted, and a few that only a kernel has. */
#ifndef NGU_KERN_SYS_TYPES_H
#define NGU_KERN_SYS_TYPES_H

#include_next <sys/types.h>
#include <sys/cdefs.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uintptr_t vm_offset_t;
typedef uintptr_t vm_size_t;
typedef uint64_t vm_paddr_t;
typedef int64_t sbintime_t; /* seconds in the upper 32 bits, fractions in the lower */
typedef int boolean_t;
typedef const char *c_caddr_t;
typedef uint64_t uoff_t;

#ifndef TRUE
#define TRUE 1
#define FALSE 0
#endif

#endif /* NGU_KERN_SYS_TYPES_H */
