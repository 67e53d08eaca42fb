/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * refcount.h - reference counts on plain words, as refcount(9). Counts saturate nowhere: an overflow is the caller's bug.
 * Callable anywhere, never block.
 */
#ifndef NGU_KERN_SYS_REFCOUNT_H
#define NGU_KERN_SYS_REFCOUNT_H

#include <sys/types.h>
#include <stdatomic.h>

#define NGU__REFCNT(c) ((volatile _Atomic u_int *)(c))

/* Before others see it; orders nothing. */
static inline void
refcount_init(volatile u_int *count, u_int value)
{
	atomic_store_explicit(NGU__REFCNT(count), value, memory_order_relaxed);
}

static inline u_int
refcount_load(volatile u_int *count)
{
	return (atomic_load_explicit(NGU__REFCNT(count), memory_order_relaxed));
}

/* One more; the caller has one already, so no order is needed. Returns the count before. */
static inline u_int
refcount_acquire(volatile u_int *count)
{
	return (atomic_fetch_add_explicit(NGU__REFCNT(count), 1u, memory_order_relaxed));
}

static inline u_int
refcount_acquiren(volatile u_int *count, u_int n)
{
	return (atomic_fetch_add_explicit(NGU__REFCNT(count), n, memory_order_relaxed));
}

/* One more unless the count is below `n` + 1; false: not taken. */
static inline bool
ngu__refcount_acquire_above(volatile u_int *count, u_int n)
{
	u_int v = atomic_load_explicit(NGU__REFCNT(count), memory_order_relaxed);

	while (v > n)
		if (atomic_compare_exchange_weak_explicit(NGU__REFCNT(count), &v, v + 1, memory_order_acquire,
			memory_order_relaxed))
			return (true);
	return (false);
}
#define refcount_acquire_if_not_zero(c) ngu__refcount_acquire_above((c), 0)
#define refcount_acquire_if_gt(c, n) ngu__refcount_acquire_above((c), (n))

/* `n` less; true for whoever takes the last, who then sees everything the other holders did. */
static inline bool
refcount_releasen(volatile u_int *count, u_int n)
{
	return (atomic_fetch_sub_explicit(NGU__REFCNT(count), n, memory_order_acq_rel) == n);
}

static inline bool
refcount_release(volatile u_int *count)
{
	return (refcount_releasen(count, 1));
}

/* One less unless the count is `n` or below; false: nothing done. */
static inline bool
refcount_release_if_gt(volatile u_int *count, u_int n)
{
	u_int v = atomic_load_explicit(NGU__REFCNT(count), memory_order_relaxed);

	while (v > n)
		if (atomic_compare_exchange_weak_explicit(NGU__REFCNT(count), &v, v - 1, memory_order_release,
			memory_order_relaxed))
			return (true);
	return (false);
}
#define refcount_release_if_not_last(c) refcount_release_if_gt((c), 1)

#endif /* NGU_KERN_SYS_REFCOUNT_H */
