/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * atomic.h - atomic(9) on plain words, for what readers of a node may change beside each other. Forms without acq or rel are
 * relaxed, acq_ forms acquire, rel_ forms release. None blocks.
 *
 * Words are `volatile T *`: u_int for _int, u_long for _long, uintptr_t for _ptr, uintN_t for _N.
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

#define atomic_load_ptr(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define atomic_load_consume_ptr(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define atomic_load_acq_ptr(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define atomic_store_ptr(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define atomic_store_rel_ptr(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define atomic_load_8(p) __atomic_load_n((const volatile uint8_t *)(p), __ATOMIC_RELAXED)
#define atomic_store_8(p, v) __atomic_store_n((volatile uint8_t *)(p), (v), __ATOMIC_RELAXED)
#define atomic_load_bool(p) __atomic_load_n((const volatile bool *)(p), __ATOMIC_RELAXED)
#define atomic_store_bool(p, v) __atomic_store_n((volatile bool *)(p), (v), __ATOMIC_RELAXED)

/*
 * For each kind x of word: atomic_add_x, _subtract_x, _set_x, _clear_x (bits of v on, off); fetchadd and swap: the value before;
 * readandclear: the value before, 0 now; testandset, testandclear: whether bit n, counted modulo the width, was on, it is on, off now;
 * cmpset: 1: it was `old` and is `val` now, 0: it was not; fcmpset: the same, and what it was stands in *old then, also if it
 * was `old` (it may fail for nothing).
 */
#define NGU__ATOMIC_ORDERED(x, T, suffix, order, fail) \
	static inline void atomic_add_##suffix##x(volatile T *p, T v) { (void)__atomic_fetch_add(p, v, order); } \
	static inline void atomic_subtract_##suffix##x(volatile T *p, T v) { (void)__atomic_fetch_sub(p, v, order); } \
	static inline void atomic_set_##suffix##x(volatile T *p, T v) { (void)__atomic_fetch_or(p, v, order); } \
	static inline void atomic_clear_##suffix##x(volatile T *p, T v) { (void)__atomic_fetch_and(p, (T)~v, order); } \
	static inline int atomic_cmpset_##suffix##x(volatile T *p, T old, T val) \
	{ \
		return (__atomic_compare_exchange_n(p, &old, val, false, order, fail)); \
	} \
	static inline int atomic_fcmpset_##suffix##x(volatile T *p, T *old, T val) \
	{ \
		return (__atomic_compare_exchange_n(p, old, val, true, order, fail)); \
	}
#define NGU__ATOMIC(x, T) \
	NGU__ATOMIC_ORDERED(x, T, , __ATOMIC_RELAXED, __ATOMIC_RELAXED) \
	NGU__ATOMIC_ORDERED(x, T, acq_, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE) \
	NGU__ATOMIC_ORDERED(x, T, rel_, __ATOMIC_RELEASE, __ATOMIC_RELAXED) \
	static inline T atomic_fetchadd_##x(volatile T *p, T v) { return (__atomic_fetch_add(p, v, __ATOMIC_RELAXED)); } \
	static inline T atomic_swap_##x(volatile T *p, T v) { return (__atomic_exchange_n(p, v, __ATOMIC_RELAXED)); } \
	static inline T atomic_readandclear_##x(volatile T *p) { return (__atomic_exchange_n(p, (T)0, __ATOMIC_RELAXED)); } \
	static inline int atomic_testandset_##x(volatile T *p, u_int n) \
	{ \
		T bit = (T)((T)1 << (n % (8 * sizeof(T)))); \
\
		return ((__atomic_fetch_or(p, bit, __ATOMIC_RELAXED) & bit) != 0); \
	} \
	static inline int atomic_testandclear_##x(volatile T *p, u_int n) \
	{ \
		T bit = (T)((T)1 << (n % (8 * sizeof(T)))); \
\
		return ((__atomic_fetch_and(p, (T)~bit, __ATOMIC_RELAXED) & bit) != 0); \
	}
NGU__ATOMIC(8, uint8_t)
NGU__ATOMIC(16, uint16_t)
NGU__ATOMIC(32, uint32_t)
NGU__ATOMIC(64, uint64_t)
NGU__ATOMIC(char, u_char)
NGU__ATOMIC(short, u_short)
NGU__ATOMIC(int, u_int)
NGU__ATOMIC(long, u_long)
NGU__ATOMIC(ptr, uintptr_t)
#undef NGU__ATOMIC
#undef NGU__ATOMIC_ORDERED

/* Fences of atomic(9) that stand alone: ThreadSanitizer and the race lab would not see them. Use acq_ and rel_ forms on the word itself. */
#define atomic_thread_fence_acq() NGU_LACKS("atomic_thread_fence_acq(): use an acq_ form on the word")
#define atomic_thread_fence_rel() NGU_LACKS("atomic_thread_fence_rel(): use a rel_ form on the word")
#define atomic_thread_fence_acq_rel() NGU_LACKS("atomic_thread_fence_acq_rel(): use acq_ and rel_ forms on the word")
#define atomic_thread_fence_seq_cst() NGU_LACKS("atomic_thread_fence_seq_cst()")

#endif /* NGU_KERN_MACHINE_ATOMIC_H */
