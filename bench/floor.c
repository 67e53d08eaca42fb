/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * floor.c - the floor: a hop of libng's shape without libng.
 *
 * Shape      method -> node -> private data -> out hook -> peer hook -> peer's node (validity) -> method, as a node that forwards
 *            does it. Separate objects: hooks and nodes of 128 bytes on lines of their own, as libng's; private data of 64. The
 *            packet's length is loaded at each hop and added up in a register. No allocation, no section, no counters.
 * Calls      tail calls through a pointer in the hook; this file is compiled by itself and the methods are reached through
 *            memory only, so they stay indirect.
 * Yardstick  the nested form of the same chain (each method returns to its sender): the floor must lie between 0.3 and 1.5 of
 *            it, on any machine; the absolute range of the reference machine (4-6 ns at 16) is printed beside it.
 */
#include "floor.h"

#include <stdlib.h>
#include <string.h>

#if defined(__clang__)
#define TAIL __attribute__((musttail))
#else
#define TAIL /* gcc -O2 makes a sibling call of it; bench/README.md says how to check */
#endif

struct fhook;
struct fnode;
#define BURST_MOST 256
struct fpacket {
	uint32_t flags;
	uint32_t len;
};
typedef uint64_t fmethod(struct fhook *hook, struct fpacket *p, uint64_t acc);
typedef uint64_t fburst(struct fhook *hook, struct fpacket *const *v, unsigned n, uint64_t acc);

struct fhook {
	struct fhook *peer;
	struct fnode *node;
	fmethod *rcv;
	fmethod *rcv_nested;
	fburst *rcv_burst;
	uint32_t flags;
} __attribute__((aligned(128)));

struct fprivate {
	struct fhook *in, *out;
} __attribute__((aligned(64)));

struct fnode {
	uint32_t gate;
	uint32_t flags;
	struct fprivate *private;
} __attribute__((aligned(128)));

struct floor_chain {
	unsigned hops;
	struct fhook *first;
	struct fpacket *packet;
	struct fpacket *burst[BURST_MOST];
	void **all;
	unsigned nall;
};

static uint64_t
refused(struct fpacket *p, uint64_t acc)
{
	p->flags |= 1;
	return (acc);
}

/* The sender's half of a hop and the call. */
static uint64_t
forward(struct fhook *hook, struct fpacket *p, uint64_t acc)
{
	struct fprivate *priv = hook->node->private;
	struct fhook *out = hook == priv->in ? priv->out : priv->in, *peer = out->peer;

	if (__builtin_expect((out->flags | peer->flags | peer->node->gate) != 0, 0))
		return (refused(p, acc));
	acc += *(volatile uint32_t *)&p->len;
	TAIL return (peer->rcv(peer, p, acc));
}

static uint64_t
forward_nested(struct fhook *hook, struct fpacket *p, uint64_t acc)
{
	struct fprivate *priv = hook->node->private;
	struct fhook *out = hook == priv->in ? priv->out : priv->in, *peer = out->peer;

	if (__builtin_expect((out->flags | peer->flags | peer->node->gate) != 0, 0))
		return (refused(p, acc));
	acc += *(volatile uint32_t *)&p->len;
	acc = peer->rcv_nested(peer, p, acc);
	__asm__ volatile("" : "+r"(acc)); /* something is left to do: no tail call */
	return (acc);
}

static uint64_t
forward_burst(struct fhook *hook, struct fpacket *const *v, unsigned n, uint64_t acc)
{
	struct fprivate *priv = hook->node->private;
	struct fhook *out = hook == priv->in ? priv->out : priv->in, *peer = out->peer;

	if (__builtin_expect((out->flags | peer->flags | peer->node->gate) != 0, 0))
		return (refused(v[0], acc));
	for (unsigned i = 0; i < n; i++)
		acc += *(volatile uint32_t *)&v[i]->len;
	TAIL return (peer->rcv_burst(peer, v, n, acc));
}

static uint64_t
sink_burst(struct fhook *hook, struct fpacket *const *v, unsigned n, uint64_t acc)
{
	(void)hook;
	for (unsigned i = 0; i < n; i++)
		acc += v[i]->len;
	return (acc);
}

static uint64_t
sink(struct fhook *hook, struct fpacket *p, uint64_t acc)
{
	(void)hook;
	return (acc + p->len);
}

static void *
piece(struct floor_chain *c, size_t size)
{
	void *p = aligned_alloc(128, (size + 127) & ~(size_t)127);

	if (p == NULL)
		return (NULL);
	memset(p, 0, size);
	c->all[c->nall++] = p;
	return (p);
}

/* A node with an in hook and an out hook, the in hook joined to `before`. Returns the out hook. */
static struct fhook *
add_node(struct floor_chain *c, struct fhook *before, int last)
{
	struct fhook *in = piece(c, sizeof(*in)), *out = piece(c, sizeof(*out));
	struct fnode *node = piece(c, sizeof(*node));
	struct fprivate *priv = piece(c, sizeof(*priv));

	if (in == NULL || out == NULL || node == NULL || priv == NULL)
		return (NULL);
	node->private = priv;
	priv->in = in;
	priv->out = out;
	in->node = out->node = node;
	in->rcv = out->rcv = last ? sink : forward;
	in->rcv_burst = out->rcv_burst = last ? sink_burst : forward_burst;
	in->rcv_nested = out->rcv_nested = last ? sink : forward_nested;
	if (before != NULL) {
		in->peer = before;
		before->peer = in;
	}
	return (out);
}

struct floor_chain *
floor_new(unsigned hops)
{
	struct floor_chain *c = calloc(1, sizeof(*c));
	struct fhook *h;

	if (c == NULL)
		return (NULL);
	c->hops = hops;
	c->all = calloc((size_t)hops * 4 + 8 + BURST_MOST, sizeof(void *));
	if (c->all == NULL || (h = c->first = add_node(c, NULL, 0)) == NULL ||
	    (c->packet = piece(c, sizeof(*c->packet))) == NULL) {
		floor_free(c);
		return (NULL);
	}
	c->packet->len = 60;
	for (unsigned i = 0; i < BURST_MOST; i++) {
		if ((c->burst[i] = piece(c, sizeof(*c->packet))) == NULL) {
			floor_free(c);
			return (NULL);
		}
		c->burst[i]->len = 60;
	}
	for (unsigned i = 0; i < hops && h != NULL; i++)
		h = add_node(c, h, i + 1 == hops);
	if (h == NULL) {
		floor_free(c);
		return (NULL);
	}
	return (c);
}

void
floor_free(struct floor_chain *c)
{
	if (c == NULL)
		return;
	for (unsigned i = 0; i < c->nall; i++)
		free(c->all[i]);
	free(c->all);
	free(c);
}

uint64_t
floor_run(struct floor_chain *c, unsigned n)
{
	uint64_t sum = 0;

	while (n-- != 0) {
		struct fhook *peer = c->first->peer;

		sum += peer->rcv(peer, c->packet, 0);
		__asm__ volatile("" ::: "memory");
	}
	return (sum);
}

uint64_t
floor_run_burst(struct floor_chain *c, unsigned n, unsigned times)
{
	uint64_t sum = 0;

	while (times-- != 0) {
		struct fhook *peer = c->first->peer;

		sum += peer->rcv_burst(peer, c->burst, n, 0);
		__asm__ volatile("" ::: "memory");
	}
	return (sum);
}

uint64_t
floor_run_nested(struct floor_chain *c, unsigned n)
{
	uint64_t sum = 0;

	while (n-- != 0) {
		struct fhook *peer = c->first->peer;

		sum += peer->rcv_nested(peer, c->packet, 0);
		__asm__ volatile("" ::: "memory");
	}
	return (sum);
}

static uint64_t word[32] __attribute__((aligned(128)));

void
floor_lock_add(unsigned n)
{
	while (n-- != 0)
		(void)__atomic_fetch_add(&word[0], 1, __ATOMIC_SEQ_CST);
}

void
floor_rdlock(unsigned n)
{
	while (n-- != 0) {
		uint64_t v = __atomic_load_n(&word[16], __ATOMIC_RELAXED);

		while (!__atomic_compare_exchange_n(&word[16], &v, v + 2, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			;
		(void)__atomic_fetch_sub(&word[16], 2, __ATOMIC_ACQ_REL);
	}
}
