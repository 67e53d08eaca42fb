/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * counter.c - counter(9) on the per-thread counters of reclaim/thread.h.
 *
 * A counter is an index into every thread's cells, and what was there when it was last set to zero: other threads' cells are
 * never written to. When no index is left the counter is one shared word instead, added to with a locked operation.
 * Blocks     alloc with M_WAITOK, while memory is refused.
 */
#include <sys/counter.h>
#include <sys/malloc.h>

#include "port/port.h"
#include "reclaim/thread.h"

struct ngu_k_counter {
	uint32_t index;		/* 0: count in `shared` */
	_Atomic uint64_t zero;	/* subtracted from every reading */
	_Atomic uint64_t shared;
};

static MALLOC_DEFINE(counters, "counter", "counter(9)");

counter_u64_t
ngu_k_counter_alloc(int flags)
{
	counter_u64_t c = malloc(sizeof(*c), counters, (flags & (M_NOWAIT | M_WAITOK)) | M_ZERO);

	if (c != NULL)
		c->index = ngu__ctr_alloc();
	return (c);
}

void
ngu_k_counter_free(counter_u64_t c)
{
	if (c == NULL)
		return;
	if (c->index != 0)
		ngu__ctr_free(c->index);
	free(c, counters);
}

void
ngu_k_counter_add(counter_u64_t c, int64_t v)
{
	if (NGU_LIKELY(c->index != 0))
		ngu__count(ngu__self(), c->index, (uint64_t)v, 0);
	else
		(void)NGU_FADD_RLX(&c->shared, (uint64_t)v);
}

static uint64_t
raw(counter_u64_t c)
{
	uint64_t n, bytes;

	if (c->index == 0)
		return (NGU_LD_RLX(&c->shared));
	ngu__ctr_read(c->index, &n, &bytes);
	return (n);
}

uint64_t
ngu_k_counter_fetch(counter_u64_t c)
{
	return (raw(c) - NGU_LD_RLX(&c->zero));
}

void
ngu_k_counter_zero(counter_u64_t c)
{
	NGU_ST_RLX(&c->zero, raw(c));
}
