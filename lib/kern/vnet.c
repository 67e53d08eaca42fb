/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vnet.c - variables that each graph has for itself: a table of pointers in each graph, one place a variable, filled when it is first
 * touched. Places are given out once and for all, also to variables whose object is unloaded.
 * Blocks     never.
 */
#include <net/vnet.h>
#include <sys/systm.h>

#include "kern/graph_prefix.h"
#include "kern/timers.h"
#include "port/port.h"
#include "reclaim/thread.h"

#define PLACES 1024u

struct ngu__vnets {
	_Atomic(void *) place[PLACES];
};

static _Atomic(struct ngu__vnets *) nobodys; /* for threads without a graph; stays */
static _Atomic uint32_t places;

#define INDEX(v) ((_Atomic uint32_t *)&(v)->index)

static uint32_t
index_of(struct ngu_k_vnet *v)
{
	static ngu__spin lock;
	uint32_t i = NGU_LD_RLX(INDEX(v)); /* no order needed: nothing but the number is read by it */

	if (NGU_LIKELY(i != 0))
		return (i - 1);
	ngu__spin_lock(&lock);
	if ((i = NGU_LD_RLX(INDEX(v))) == 0) {
		i = NGU_FADD_RLX(&places, 1u) + 1;
		NGU_ST_RLX(INDEX(v), i);
	}
	ngu__spin_unlock(&lock);
	if (i > PLACES)
		panic("VNET: more than %u variables", PLACES);
	return (i - 1);
}

/* What stands at *where, made now if there is nothing. */
static void *
filled(_Atomic(void *) *where, size_t size, size_t align, const void *init)
{
	void *p, *there = NULL;

	/* ORDER vnet-publish (load side): acquire. */
	if (NGU_LIKELY((p = NGU_LD_ACQ(where)) != NULL))
		return (p);
	if ((p = ngu__port_alloc(size, align)) == NULL)
		panic("VNET: no memory");
	if (init != NULL)
		ngu__memcpy(p, init, size);
	/* ORDER vnet-publish (store side): its first value before the pointer. */
	if (NGU_CAS_AR(where, &there, p))
		return (p);
	ngu__port_free(p);
	return (there);
}

void *
ngu_k_vnet_addr(struct ngu_k_vnet *v)
{
	struct ngu_graph *g = ngu__self()->graph;
	struct ngu__timers *t = g != NULL ? ngu__graph_timers(g) : NULL;
	_Atomic(void *) *where = (_Atomic(void *) *)(void *)(t != NULL ? &t->vnets : &nobodys);
	struct ngu__vnets *all = filled(where, sizeof(*all), NGU_CACHELINE, NULL);

	return (filled(&all->place[index_of(v)], v->size, v->align, v->init));
}

void
ngu__vnets_free(struct ngu__vnets *all)
{
	if (all == NULL)
		return;
	for (unsigned i = 0; i < PLACES; i++)
		ngu__port_free(NGU_LD_RLX(&all->place[i]));
	ngu__port_free(all);
}
