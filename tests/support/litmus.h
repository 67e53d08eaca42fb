/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * litmus.h - does a membarrier do on this machine what the gate needs of it? The torture programs ask before they begin.
 *
 * Rounds of lib/reclaim/section.h against lib/core/gate.h: a reader shows a node in its slot and loads the gate, without a fence; a
 * closer sets W, has a membarrier executed, and looks into the slots. A round is missed when the reader walks in unseen. The
 * same without the membarrier says how wide the window is here; it should miss some, but nothing hangs on that: a machine that
 * is busy, or slow, may not show one.
 */
#ifndef NGU_LITMUS_H
#define NGU_LITMUS_H

#include <pthread.h>
#include <stdio.h>

#include "core/gate.h"
#include "port/port.h"
#include "reclaim/section.h"

#define LITMUS_NS 150000000 /* for each of the two runs */

struct litmus {
	NGU_ALIGNED(128) ngu__gate gate;
	NGU_ALIGNED(128) ngu__sec_depth depth; /* the reader's */
	ngu__sec_slot slot[1];
	NGU_ALIGNED(128) _Atomic uint32_t go; /* round: odd, the reader's turn; even, the closer has looked */
	_Atomic uint32_t more;
	NGU_ALIGNED(128) _Atomic uint32_t ready;
	_Atomic uint32_t done;
	_Atomic uint32_t in;
};

/* The node is an address, no more. */
static inline struct ng_node *
litmus_node(struct litmus *l)
{
	return ((struct ng_node *)(void *)l);
}

static inline void
litmus_await(_Atomic uint32_t *word, uint32_t v)
{
	for (unsigned n = 1; NGU_LD_ACQ(word) != v; n++)
		if (n % 4096 == 0)
			ngu__port_yield();
}

static inline void *
litmus_reader(void *arg)
{
	struct litmus *l = arg;

	for (uint32_t r = 1; r != 0; r = NGU_LD_ACQ(&l->more) ? r + 2 : 0) {
		ngu__slot_leave(&l->depth, 0);
		(void)NGU_LD_ACQ(&l->gate); /* so that the gate is at hand and the slot is not: the store takes longer than the load */
		NGU_ST_REL(&l->ready, r);
		litmus_await(&l->go, r);
		ngu__slot_show(l->slot, &l->depth, 0, litmus_node(l));
		NGU_ST_RLX(&l->in, (NGU_LD_SC(&l->gate) & NGU_G_BUSY) == 0);
		NGU_ST_REL(&l->done, r);
		litmus_await(&l->go, r + 1); /* it stays until the closer has looked */
	}
	return (NULL);
}

/* Rounds and misses of one run. false: no thread to be had. */
static inline bool
litmus_run(bool fenced, uint32_t *rounds, uint32_t *missed)
{
	static struct litmus l;
	pthread_t th;
	int64_t end;
	bool more = true, named, valid;

	*rounds = *missed = 0;
	l = (struct litmus){ .more = 1 };
	if (pthread_create(&th, NULL, litmus_reader, &l) != 0)
		return (false);
	end = ngu__port_mono_ns() + LITMUS_NS;
	for (uint32_t r = 1; more; r += 2) {
		litmus_await(&l.ready, r);
		NGU_ST_REL(&l.go, r);
		for (volatile uint32_t n = *rounds % 256; n != 0; n--) /* meet the reader at all moments */
			;
		valid = ngu__gate_try_w(&l.gate) && (!fenced || ngu__port_membarrier());
		named = ngu__slot_names(l.slot, &l.depth, 1, litmus_node(&l));
		litmus_await(&l.done, r);
		*rounds += valid;
		*missed += valid && NGU_LD_RLX(&l.in) != 0 && !named;
		(void)ngu__gate_drop_w(&l.gate);
		more = ngu__port_mono_ns() < end;
		NGU_ST_REL(&l.more, more);
		NGU_ST_REL(&l.go, r + 1);
	}
	(void)pthread_join(th, NULL);
	return (true);
}

/* false: do not begin. */
static inline bool
litmus(void)
{
	uint32_t with, without, missed, would;

	if (ngu__port_ncpu() < 2)
		printf("# litmus: skipped: one processor cannot miss\n");
	else if (!ngu__port_membarrier_init() || !ngu__port_membarrier())
		printf("# litmus: skipped: no membarrier here, writers wait for whole sections\n");
	else if (!litmus_run(true, &with, &missed) || !litmus_run(false, &without, &would))
		printf("# litmus: skipped: no thread to be had\n");
	else {
		printf("# litmus: %u readers of %u missed with a membarrier, %u of %u without%s\n", missed, with, would, without,
		    would == 0 ? ": the window was not hit, this says nothing" : "");
		if (missed != 0 || with == 0)
			printf("# litmus: FAILED: a closer that asked for a membarrier must see every reader\n");
		fflush(stdout);
		return (missed == 0 && with != 0);
	}
	fflush(stdout);
	return (true);
}

#endif /* NGU_LITMUS_H */
