/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * atomic.h - atomic(9) on plain words, for what readers of a node may change beside each other. Forms without acq or rel are
 * relaxed, acq_ forms of loads acquire, rel_ forms of stores release; fetchadd, readandclear and cmpset without a suffix are
 * relaxed too. None blocks.
 *
 * Words are `volatile T *`: u_int for _int, u_long for _long, uintN_t for _N.
 */
#ifndef NGU_KERN_MACHINE_ATOMIC_H
#define NGU_KERN_MACHINE_ATOMIC_H

#include <sys/types.h>

#define atomic_load_int(p) __atomic_load_n((const volatile u_int *)(p), __ATOMIC_RELAXED)
#define atomic_load_long(p) __atomic_load_n((const volatile u_long *)(p), __ATOMIC_RELAXED)
#define atomic_load_32(p) __atomic_load_n((const volatile uint32_t *)(p), __ATOMIC_RELAXED)
#define atomic_load_64(p) __atomic_load_n((const volatile uint64_t *)(p), __ATOMIC_RELAXED)
#define atomic_load_acq_int(p) __atomic_load_n((const volatile u_int *)(p), __ATOMIC_ACQUIRE)
#define atomic_load_acq_long(p) __atomic_load_n((const volatile u_long *)(p), __ATOMIC_ACQUIRE)
#define atomic_load_acq_32(p) __atomic_load_n((const volatile uint32_t *)(p), __ATOMIC_ACQUIRE)
#define atomic_load_acq_64(p) __atomic_load_n((const volatile uint64_t *)(p), __ATOMIC_ACQUIRE)

#define atomic_store_int(p, v) __atomic_store_n((volatile u_int *)(p), (v), __ATOMIC_RELAXED)
#define atomic_store_long(p, v) __atomic_store_n((volatile u_long *)(p), (v), __ATOMIC_RELAXED)
#define atomic_store_32(p, v) __atomic_store_n((volatile uint32_t *)(p), (v), __ATOMIC_RELAXED)
#define atomic_store_64(p, v) __atomic_store_n((volatile uint64_t *)(p), (v), __ATOMIC_RELAXED)
#define atomic_store_rel_int(p, v) __atomic_store_n((volatile u_int *)(p), (v), __ATOMIC_RELEASE)
#define atomic_store_rel_long(p, v) __atomic_store_n((volatile u_long *)(p), (v), __ATOMIC_RELEASE)
#define atomic_store_rel_32(p, v) __atomic_store_n((volatile uint32_t *)(p), (v), __ATOMIC_RELEASE)
#define atomic_store_rel_64(p, v) __atomic_store_n((volatile uint64_t *)(p), (v), __ATOMIC_RELEASE)

/* The value before. */
#define atomic_fetchadd_int(p, v) __atomic_fetch_add((volatile u_int *)(p), (v), __ATOMIC_RELAXED)
#define atomic_fetchadd_long(p, v) __atomic_fetch_add((volatile u_long *)(p), (v), __ATOMIC_RELAXED)
#define atomic_fetchadd_32(p, v) __atomic_fetch_add((volatile uint32_t *)(p), (v), __ATOMIC_RELAXED)
#define atomic_fetchadd_64(p, v) __atomic_fetch_add((volatile uint64_t *)(p), (v), __ATOMIC_RELAXED)
#define atomic_add_int(p, v) ((void)atomic_fetchadd_int((p), (v)))
#define atomic_add_long(p, v) ((void)atomic_fetchadd_long((p), (v)))
#define atomic_add_32(p, v) ((void)atomic_fetchadd_32((p), (v)))
#define atomic_add_64(p, v) ((void)atomic_fetchadd_64((p), (v)))
#define atomic_readandclear_int(p) __atomic_exchange_n((volatile u_int *)(p), 0u, __ATOMIC_RELAXED)
#define atomic_readandclear_long(p) __atomic_exchange_n((volatile u_long *)(p), 0ul, __ATOMIC_RELAXED)

/* 1: it was `old` and is `new` now; 0: it was not. */
static inline int
ngu__atomic_cmpset_int(volatile u_int *p, u_int old, u_int val)
{
	return (__atomic_compare_exchange_n(p, &old, val, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
}
#define atomic_cmpset_int(p, old, val) ngu__atomic_cmpset_int((p), (old), (val))

#endif /* NGU_KERN_MACHINE_ATOMIC_H */
