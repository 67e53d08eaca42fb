/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nodes_hand.c - type bhand: whatever arrives at its hooks is queued, so another thread applies it. It reads what the sender wrote, looks
 * whether the order was kept, and counts; and the packets for it.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>

#include <ng/ng.h>

#include "nodes.h"

static struct bench_hand the_one; /* there is one such node in a process */

struct bench_hand *
bench_hand(void)
{
	return (&the_one);
}

static int
hand_constructor(node_p node)
{
	NG_NODE_SET_PRIVATE(node, &the_one);
	return (0);
}

static int
hand_shutdown(node_p node)
{
	NG_NODE_SET_PRIVATE(node, NULL);
	NG_NODE_UNREF(node);
	return (0);
}

static int
hand_newhook(node_p node, hook_p hook, const char *name)
{
	NG_HOOK_FORCE_QUEUE(hook);
	return (0);
}

static int
hand_rcvdata(hook_p hook, item_p item)
{
	struct bench_hand *h = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));
	const struct mbuf *m = NGI_M(item);
	const uint64_t *word = (const uint64_t *)(const void *)m->m_data;
	uint64_t sum = 0;

	for (unsigned i = 0; i < BENCH_HAND_LEN / sizeof(*word); i++)
		sum += word[i];
	h->sum += sum;
	if (word[0] != h->next)
		h->disorder++;
	h->next = word[0] + 1;
	NG_FREE_ITEM(item);
	while (__atomic_load_n(&h->hold, __ATOMIC_ACQUIRE) != 0)
		bench_pause();
	__atomic_store_n(&h->received, h->received + 1, __ATOMIC_RELEASE);
	return (0);
}

static int
hand_disconnect(hook_p hook)
{
	return (0);
}

static struct ng_type hand_type = {
	.version = NG_ABI_VERSION,
	.name = "bhand",
	.constructor = hand_constructor,
	.shutdown = hand_shutdown,
	.newhook = hand_newhook,
	.rcvdata = hand_rcvdata,
	.disconnect = hand_disconnect,
};

int
bench_hand_register(void)
{
	return (ng_newtype(&hand_type));
}

unsigned
bench_hand_packets(struct mbuf **v, unsigned n, uint64_t seq)
{
	unsigned i, k;

	for (i = 0; i < n; i++) {
		struct mbuf *m = m_gethdr(M_NOWAIT, MT_DATA);
		uint64_t *word;

		if (m == NULL)
			break;
		m->m_len = m->m_pkthdr.len = BENCH_HAND_LEN;
		word = (uint64_t *)(void *)m->m_data;
		for (k = 0; k < BENCH_HAND_LEN / sizeof(*word); k++)
			word[k] = seq + i;
		v[i] = m;
	}
	return (i);
}
