/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hist.h - a log-linear histogram: 32 steps an octave, so a quantile is at most 3.1 % above the true value. One owner thread writes.
 */
#ifndef BENCH_HIST_H
#define BENCH_HIST_H

#include <stdint.h>

#define HIST_SUB 32u
#define HIST_BUCKETS (38u * HIST_SUB) /* up to 2^41 */

struct hist {
	uint64_t n, max;
	uint32_t at[HIST_BUCKETS];
};

static inline unsigned
hist_index(uint64_t v)
{
	unsigned e;

	if (v < HIST_SUB)
		return ((unsigned)v);
	e = 63u - (unsigned)__builtin_clzll(v);
	if (e > 41)
		return (HIST_BUCKETS - 1);
	return ((e - 4) * HIST_SUB + (unsigned)(v >> (e - 5) & (HIST_SUB - 1)));
}

/* The upper end of a bucket. */
static inline uint64_t
hist_value(unsigned i)
{
	unsigned e;

	if (i < 2 * HIST_SUB)
		return (i);
	e = i / HIST_SUB + 4;
	return (((uint64_t)HIST_SUB + i % HIST_SUB + 1) << (e - 5)) - 1;
}

static inline void
hist_add(struct hist *h, uint64_t v)
{
	h->n++;
	if (v > h->max)
		h->max = v;
	h->at[hist_index(v)]++;
}

static inline void
hist_merge(struct hist *to, const struct hist *from)
{
	to->n += from->n;
	if (from->max > to->max)
		to->max = from->max;
	for (unsigned i = 0; i < HIST_BUCKETS; i++)
		to->at[i] += from->at[i];
}

/* The value that a share q (0..1) of the samples do not exceed. 0 when there are none. */
static inline uint64_t
hist_quantile(const struct hist *h, double q)
{
	uint64_t want = (uint64_t)(q * (double)h->n + 0.5), seen = 0;
	unsigned i;

	if (h->n == 0)
		return (0);
	if (want < 1)
		want = 1;
	for (i = 0; i < HIST_BUCKETS; i++)
		if ((seen += h->at[i]) >= want)
			break;
	if (i == HIST_BUCKETS || hist_value(i) > h->max)
		return (h->max);
	return (hist_value(i));
}

#endif
