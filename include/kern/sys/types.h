/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * types.h - the system's types, the ones every kernel source takes for granted, and a few that only a kernel has.
 *
 * Without a C library (-ffreestanding) these headers bring what lib/core and lib/msg need of it; the system's are not read.
 */
#ifndef NGU_KERN_SYS_TYPES_H
#define NGU_KERN_SYS_TYPES_H

#if __STDC_HOSTED__
#include_next <sys/types.h>
#endif
#include <sys/cdefs.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if !__STDC_HOSTED__
typedef unsigned char u_char;
typedef unsigned short u_short;
typedef unsigned int u_int;
typedef unsigned long u_long;
typedef uint8_t u_int8_t;
typedef uint16_t u_int16_t;
typedef uint32_t u_int32_t;
typedef uint64_t u_int64_t;
typedef int64_t quad_t;
typedef uint64_t u_quad_t;
typedef char *caddr_t;
typedef __INTPTR_TYPE__ ssize_t;
typedef int64_t off_t;
typedef int64_t time_t;
typedef long suseconds_t;
#endif

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
