/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * random.c - random numbers of the current graph, so that a run with the same seed repeats itself. A thread without a graph
 * draws from a process-wide sequence. Not for keys.
 * Blocks     never.
 */
#include <sys/libkern.h>

#include "kern/graph_prefix.h"
#include "port/port.h"
#include "reclaim/thread.h"

static _Atomic uint64_t fallback = 1;

static uint64_t
draw(void)
{
	struct ngu_graph *g = ngu__self()->graph;
	uint64_t x;

	if (NGU_LIKELY(g != NULL))
		return (ngu__graph_random(g));
	/* A Weyl sequence, mixed by two rounds of multiply and fold. */
	x = NGU_FADD_RLX(&fallback, 0x9e3779b97f4a7c15u);
	for (int i = 0; i < 2; i++) {
		x ^= x >> 32;
		x *= 0xd6e8feb86659fd93u;
	}
	return (x ^ x >> 32);
}

u_long
ngu_k_random(void)
{
	return ((u_long)(draw() >> 33));
}

uint32_t
ngu_k_arc4random(void)
{
	return ((uint32_t)(draw() >> 32));
}

uint32_t
ngu_k_arc4random_uniform(uint32_t bound)
{
	uint64_t limit, x;

	if (bound < 2)
		return (0);
	/* Draws from the incomplete last stretch of 2^32 would favour small results. */
	limit = ((uint64_t)1 << 32) / bound * bound;
	do
		x = draw() >> 32;
	while (x >= limit);
	return ((uint32_t)(x % bound));
}

void
ngu_k_arc4random_buf(void *p, size_t n)
{
	unsigned char *b = p;
	uint64_t x;
	size_t k;

	for (; n != 0; n -= k, b += k) {
		x = draw();
		k = n < sizeof(x) ? n : sizeof(x);
		ngu__memcpy(b, &x, k);
	}
}
