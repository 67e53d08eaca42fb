/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * atomic.h - atomic(9), as far as node types here need it: words that readers share and that order nothing.
 */
#ifndef NGU_KERN_MACHINE_ATOMIC_H
#define NGU_KERN_MACHINE_ATOMIC_H

#include <stdatomic.h>
#include <sys/types.h>

/* Whole, and in no order with anything else. */
static inline u_int
atomic_load_int(volatile u_int *p)
{
	return (atomic_load_explicit((volatile _Atomic u_int *)p, memory_order_relaxed));
}

static inline void
atomic_store_int(volatile u_int *p, u_int v)
{
	atomic_store_explicit((volatile _Atomic u_int *)p, v, memory_order_relaxed);
}

#endif /* NGU_KERN_MACHINE_ATOMIC_H */
