/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vnet.c - variables that each graph has for itself: a table of pointers in each graph, one place a variable. Filled when a node is made,
 * which may fail for it, with all that are loaded; what is left when it is first touched. Places are given out once and for all, also to
 * variables whose object is unloaded.
 * Locks      lock guards the list of variables that are loaded; held over allocations, but for each graph only once after a load.
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
	_Atomic uint32_t loads; /* it has all that were loaded by then */
};

static _Atomic(struct ngu__vnets *) nobodys; /* for threads without a graph; stays */
static _Atomic uint32_t places;
static ngu__spin lock;
static struct ngu_k_vnet *loaded;
static _Atomic uint32_t loads; /* how many were put on the list so far */

#define INDEX(v) ((_Atomic uint32_t *)&(v)->index)

static uint32_t
index_of(struct ngu_k_vnet *v)
{
	static ngu__spin one;
	uint32_t i = NGU_LD_RLX(INDEX(v)); /* no order needed: nothing but the number is read by it */

	if (NGU_LIKELY(i != 0))
		return (i - 1);
	ngu__spin_lock(&one);
	if ((i = NGU_LD_RLX(INDEX(v))) == 0) {
		i = NGU_FADD_RLX(&places, 1u) + 1;
		NGU_ST_RLX(INDEX(v), i);
	}
	ngu__spin_unlock(&one);
	if (i > PLACES)
		panic("VNET: more than %u variables", PLACES);
	return (i - 1);
}

/* What stands at *where, made now if there is nothing. NULL: no memory. */
static void *
filled(_Atomic(void *) *where, size_t size, size_t align, const void *init)
{
	void *p, *there = NULL;

	/* ORDER vnet-publish (load side): acquire. */
	if (NGU_LIKELY((p = NGU_LD_ACQ(where)) != NULL))
		return (p);
	if ((p = ngu__port_alloc(size, align)) == NULL)
		return (NULL);
	if (init != NULL)
		ngu__memcpy(p, init, size);
	/* ORDER vnet-publish (store side): its first value before the pointer. */
	if (NGU_CAS_AR(where, &there, p))
		return (p);
	ngu__port_free(p);
	return (there);
}

static struct ngu__vnets *
all_of(struct ngu_graph *g)
{
	struct ngu__timers *t = g != NULL ? ngu__graph_timers(g) : NULL;

	return (filled((_Atomic(void *) *)(void *)(t != NULL ? &t->vnets : &nobodys), sizeof(struct ngu__vnets), NGU_CACHELINE, NULL));
}

static void *
one_of(struct ngu__vnets *all, struct ngu_k_vnet *v)
{
	return (filled(&all->place[index_of(v)], v->size, v->align, v->init));
}

void *
ngu_k_vnet_addr(struct ngu_k_vnet *v)
{
	struct ngu__vnets *all = all_of(ngu__self()->graph);
	void *p = all != NULL ? one_of(all, v) : NULL;

	if (NGU_UNLIKELY(p == NULL))
		panic("VNET: no memory");
	return (p);
}

bool
ngu__vnets_fill(struct ngu_graph *g)
{
	/* No order needed: whoever makes a node has found its type, which was registered when its object's variables were loaded. */
	uint32_t all_loads = NGU_LD_RLX(&loads);
	struct ngu__vnets *all;
	struct ngu_k_vnet *v;

	if (NGU_LIKELY(all_loads == 0))
		return (true);
	if ((all = all_of(g)) == NULL)
		return (false);
	/* ORDER vnet-publish (load side): acquire; so that the places are seen filled. */
	if (NGU_LIKELY(NGU_LD_ACQ(&all->loads) == all_loads))
		return (true);
	ngu__spin_lock(&lock);
	all_loads = NGU_LD_RLX(&loads);
	for (v = loaded; v != NULL && one_of(all, v) != NULL; v = v->next)
		;
	if (v == NULL)
		NGU_ST_REL(&all->loads, all_loads); /* ORDER vnet-publish (store side): the places before the number. */
	ngu__spin_unlock(&lock);
	return (v == NULL);
}

void
ngu_k_vnet_loaded(struct ngu_k_vnet *v)
{
	ngu__spin_lock(&lock);
	v->next = loaded;
	loaded = v;
	(void)NGU_FADD_RLX(&loads, 1u);
	ngu__spin_unlock(&lock);
}

void
ngu_k_vnet_unloaded(struct ngu_k_vnet *v)
{
	struct ngu_k_vnet **at = &loaded;

	ngu__spin_lock(&lock);
	while (*at != NULL && *at != v)
		at = &(*at)->next;
	if (*at != NULL)
		*at = v->next;
	ngu__spin_unlock(&lock);
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
