/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * counter.h - counter(9): 64-bit statistics that many threads add to and few read. Each thread has its own cell, so adding is
 * a load and a store. A reading is exact when the adding threads are at rest.
 */
#ifndef NGU_KERN_SYS_COUNTER_H
#define NGU_KERN_SYS_COUNTER_H

#include <sys/types.h>
#include <ng/base.h>

struct ngu_k_counter;
typedef struct ngu_k_counter *counter_u64_t;

/* M_NOWAIT: NULL when refused. M_WAITOK: never NULL, may wait. Starts at 0. */
NGU_API counter_u64_t ngu_k_counter_alloc(int flags);
/* NULL is fine. No thread may be adding. */
NGU_API void ngu_k_counter_free(counter_u64_t c);
/* Never block; fine inside a section. `v` may be negative. */
NGU_API void ngu_k_counter_add(counter_u64_t c, int64_t v);
NGU_API uint64_t ngu_k_counter_fetch(counter_u64_t c);
/* From now on count from 0; what others add meanwhile may go either way. */
NGU_API void ngu_k_counter_zero(counter_u64_t c);

#define counter_u64_alloc(flags) ngu_k_counter_alloc(flags)
#define counter_u64_free(c) ngu_k_counter_free(c)
#define counter_u64_add(c, v) ngu_k_counter_add((c), (v))
#define counter_u64_add_protected(c, v) ngu_k_counter_add((c), (v))
#define counter_u64_fetch(c) ngu_k_counter_fetch(c)
#define counter_u64_zero(c) ngu_k_counter_zero(c)
#define counter_enter() ((void)0)
#define counter_exit() ((void)0)
#define COUNTER_ARRAY_ALLOC(a, n, flags) \
	do { \
		for (int ngu__i = 0; ngu__i < (int)(n); ngu__i++) \
			(a)[ngu__i] = ngu_k_counter_alloc(flags); \
	} while (0)
#define COUNTER_ARRAY_FREE(a, n) \
	do { \
		for (int ngu__i = 0; ngu__i < (int)(n); ngu__i++) \
			ngu_k_counter_free((a)[ngu__i]); \
	} while (0)
#define COUNTER_ARRAY_ZERO(a, n) \
	do { \
		for (int ngu__i = 0; ngu__i < (int)(n); ngu__i++) \
			ngu_k_counter_zero((a)[ngu__i]); \
	} while (0)

#endif /* NGU_KERN_SYS_COUNTER_H */
