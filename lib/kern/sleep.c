/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sleep.c - sleep(9): threads that wait on an address until somebody says wakeup() of it.
 *
 * Locks      a chain's spin lock guards its list. Who sleeps gets on the list before it gives its lock up, so a wakeup() under
 *            that lock is not missed.
 * Invariants
 *   P1  A sleeper is on its chain's list if and only if its `woken` is 0 and it still waits; it lives on its thread's stack.
 *   P2  A sleeper is touched under the chain's lock only, but for `woken`, which its own thread waits for.
 * Blocks     tsleep, msleep, rw_sleep and their kin.
 */
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/mutex.h>
#include <sys/queue.h>
#include <sys/rwlock.h>
#include <sys/systm.h>

#include "kern/strict.h"
#include "port/port.h"
#include "reclaim/thread.h"

#define CHAINS 64u

struct sleeper {
	TAILQ_ENTRY(sleeper) link;
	const void *chan;
	_Atomic uint32_t woken;
};

static struct chain {
	ngu__spin lock;
	TAILQ_HEAD(, sleeper) list; /* oldest first; zeroed: empty, not yet initialised */
} chains[CHAINS];

static struct chain *
chain_of(const void *chan)
{
	uintptr_t p = (uintptr_t)chan;
	struct chain *c = &chains[(p >> 4 ^ p >> 10 ^ p >> 16) % CHAINS];

	ngu__spin_lock(&c->lock);
	if (c->list.tqh_last == NULL)
		TAILQ_INIT(&c->list);
	return (c);
}

/* The lock goes when the sleeper is on the list, and comes back before the call returns. */
static void
give_up(void *lock, int kind)
{
	if (kind == NGU_SLEEP_MTX)
		ngu_k_mtx_unlock(lock);
	else if (kind == NGU_SLEEP_RW)
		ngu_k_rw_wunlock(lock);
	else if (kind == NGU_SLEEP_RW_SHARED)
		ngu_k_rw_runlock(lock);
}

static void
take_back(void *lock, int kind)
{
	if (kind == NGU_SLEEP_MTX)
		ngu_k_mtx_lock(lock);
	else if (kind == NGU_SLEEP_RW)
		ngu_k_rw_wlock(lock);
	else if (kind == NGU_SLEEP_RW_SHARED)
		ngu_k_rw_rlock(lock);
}

int
ngu_k_sleep(const void *chan, void *lock, int kind, int pri, const char *wmesg, int timo)
{
	struct sleeper me = { .chan = chan };
	struct chain *c;
	char what[64];
	int64_t end = 0, left = -1;
	bool woken;

	if (chan == NULL)
		panic("sleep(\"%s\"): no wait channel", wmesg);
	if (kind == NGU_SLEEP_MTX && ngu_k_mtx_recursed(lock))
		panic("sleep(\"%s\"): mutex %s is locked more than once", wmesg, mtx_name((struct mtx *)lock));
	if (kind == NGU_SLEEP_MTX && !ngu_k_mtx_owned(lock))
		panic("sleep(\"%s\"): mutex %s is not held", wmesg, mtx_name((struct mtx *)lock));
	if (kind == NGU_SLEEP_RW)
		ngu_k_rw_assert(lock, RA_LOCKED, __FILE__, __LINE__);
	if (kind == NGU_SLEEP_RW && !ngu_k_rw_wowned(lock))
		kind = NGU_SLEEP_RW_SHARED;
	if (NGU_STRICT_ON(NGU_STRICT_SLEEP)) {
		(void)ngu__port_snprintf(what, sizeof(what), "sleep(\"%s\")", wmesg);
		ngu__strict_sleep(what);
	}
	ngu__self()->site_file = NULL;
	if (timo > 0)
		end = ngu__port_mono_ns() + (int64_t)timo * (1000000000 / hz);
	c = chain_of(chan);
	TAILQ_INSERT_TAIL(&c->list, &me, link);
	ngu__spin_unlock(&c->lock);
	give_up(lock, kind);
	/* No order needed: the chain's lock, taken below, orders all that the waker did before. */
	while (NGU_LD_RLX(&me.woken) == 0) {
		if (timo > 0 && (left = end - ngu__port_mono_ns()) <= 0)
			break;
		ngu__port_wait(&me.woken, 0, left);
	}
	ngu__spin_lock(&c->lock); /* and the waker is done with `me` */
	if (!(woken = NGU_LD_RLX(&me.woken) != 0))
		TAILQ_REMOVE(&c->list, &me, link);
	ngu__spin_unlock(&c->lock);
	if ((pri & PDROP) == 0)
		take_back(lock, kind);
	return (woken ? 0 : EWOULDBLOCK);
}

void
ngu_k_wakeup(const void *chan, int n)
{
	struct chain *c = chain_of(chan);
	struct sleeper *s, *next;

	TAILQ_FOREACH_SAFE(s, &c->list, link, next) {
		if (s->chan != chan)
			continue;
		TAILQ_REMOVE(&c->list, s, link);
		NGU_ST_RLX(&s->woken, 1u);
		ngu__port_wake(&s->woken, 1);
		if (--n == 0)
			break;
	}
	ngu__spin_unlock(&c->lock);
}
