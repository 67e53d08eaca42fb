/* SPDX-License-Identifier: BSD-2-Clause */
/* ring.c - see ring.h. */
#include "ring.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "nodes.h"

#define SLOTS 1024u /* as many packets may be under way through libng */
#define AHEAD 4u
#define HEADER 96u

struct packet {
	_Alignas(256) uint64_t *data;
	uint64_t len;
	char rest[HEADER - 16];
	uint64_t word[BENCH_HAND_LEN / 8];
};

struct ring {
	_Alignas(128) _Atomic uint64_t tail; /* producer's */
	uint64_t seen_head;
	_Alignas(128) _Atomic uint64_t head; /* consumer's */
	uint64_t sum, next, disorder;
	_Alignas(128) struct packet *slot[SLOTS];
	struct packet packet[2 * SLOTS];
};

struct ring *
ring_new(void)
{
	struct ring *r = aligned_alloc(256, (sizeof(*r) + 255) & ~(size_t)255);

	if (r != NULL)
		memset(r, 0, sizeof(*r));
	return (r);
}

void
ring_send(struct ring *r, unsigned n)
{
	uint64_t t = atomic_load_explicit(&r->tail, memory_order_relaxed);

	while (t + n - r->seen_head > SLOTS) {
		r->seen_head = atomic_load_explicit(&r->head, memory_order_acquire);
		if (t + n - r->seen_head > SLOTS)
			bench_pause();
	}
	for (unsigned i = 0; i < n; i++, t++) {
		struct packet *p = &r->packet[t % (2 * SLOTS)];

		memset(p->rest, 0, sizeof(p->rest));
		p->data = p->word;
		p->len = sizeof(p->word);
		for (unsigned k = 0; k < BENCH_HAND_LEN / 8; k++)
			p->word[k] = t;
		__asm__ volatile("" ::: "memory");
		r->slot[t % SLOTS] = p;
	}
	atomic_store_explicit(&r->tail, t, memory_order_release);
}

static inline void
ask_for(const struct packet *p)
{
	__builtin_prefetch(p);
	__builtin_prefetch((const char *)p + 64);
	__builtin_prefetch((const char *)p + 128);
}

unsigned
ring_receive(struct ring *r, unsigned n)
{
	uint64_t h = atomic_load_explicit(&r->head, memory_order_relaxed), t = atomic_load_explicit(&r->tail, memory_order_acquire);
	uint64_t sum = 0;

	if (t - h < n)
		n = (unsigned)(t - h);
	for (unsigned i = 0; i < AHEAD && i < t - h; i++)
		ask_for(r->slot[(h + i) % SLOTS]);
	for (unsigned i = 0; i < n; i++, h++) {
		const struct packet *p = r->slot[h % SLOTS];
		const uint64_t *word = p->data;

		if (h + AHEAD < t)
			ask_for(r->slot[(h + AHEAD) % SLOTS]);
		for (unsigned k = 0; k < BENCH_HAND_LEN / 8; k++)
			sum += word[k];
		r->disorder += word[0] != h;
	}
	r->sum += sum;
	if (n != 0)
		atomic_store_explicit(&r->head, h, memory_order_release);
	return (n);
}

uint64_t
ring_sent(const struct ring *r)
{
	return (atomic_load_explicit(&r->tail, memory_order_relaxed));
}

uint64_t
ring_received(const struct ring *r)
{
	return (atomic_load_explicit(&r->head, memory_order_acquire));
}
