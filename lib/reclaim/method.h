/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * method.h - how a method that runs outside of sections, and may block, keeps what it has read of other nodes. Protocol only: no
 * list of objects, no system call and no thread but its one word.
 *
 * Eras       are counted. A thread's word names the era in which its outermost method began, 0 when it is in none.
 * Freeing    an object that is unlinked, and whose grace period is over, gets a stamp: a new era. A method whose word is below the stamp
 *            may have read the object; one that began later, or begins now, has not: it finds the object unlinked.
 * Progress   an outermost method waits for nothing here, and each of its successors has a newer era: so whoever goes from one method
 *            to the next without a pause holds nothing up. An era that was read long before it is shown is too old: that is safe.
 */
#ifndef NGU_METHOD_H
#define NGU_METHOD_H

#include "port/port.h"

typedef NGU_ATOMIC(uint64_t) ngu__era; /* from 1 */

/*
 * Why read-modify-writes on both sides: whichever of two on the thread's word comes second sees what came before the first. So nothing
 * hangs on one order over all words, and the method's loads need no more than acquire.
 */

/* ---- the thread: its own word, and two that are seldom written */

/*
 * ORDER method-era (method side)
 *   before:      the word names an era (exchange, acquire and release); that was loaded with acquire
 *   after:       the method's loads of hk_peer, hk_node and nd_nameent (acquire)
 *   pairs with:  ngu__method_before() and ngu__method_want(): the object was unlinked, then the word is looked at
 *   if relaxed:  the two could miss each other, and a method would read a name or a hook that is being freed
 */
NGU_INLINE void
ngu__method_open(ngu__era *word, ngu__era *now)
{
	(void)NGU_XCHG_AR(word, NGU_LD_ACQ(now));
}

/*
 * true: somebody waits for this method, and may sleep.
 *
 * ORDER method-end (method side)
 *   before:      all the method did; the word is 0 (exchange, acquire and release)
 *   after:       the load of `wanted` here, then that of the sleeper's state (ngu__retireq_kick())
 *   pairs with:  ngu__method_want() and ngu__method_before(): `wanted` is set, IDLE is said, then the word is looked at
 *   if relaxed:  the method's last loads could come after the free; or the reclaimer could sleep with nobody to wake it
 */
NGU_INLINE bool
ngu__method_close(ngu__era *word, ngu__era *wanted)
{
	uint64_t mine = NGU_XCHG_AR(word, 0u);

	return (mine < NGU_LD_ACQ(wanted));
}

/* ---- whoever frees, after the grace period */

/* From now on methods that began before this call are wanted to end. */
static inline uint64_t
ngu__method_want(ngu__era *now, ngu__era *wanted)
{
	uint64_t stamp = NGU_FADD_AR(now, 1u) + 1;

	NGU_ST_REL(wanted, stamp);
	return (stamp);
}

/*
 * ORDER method-era (freeing side): a look that writes what it found. false: the thread is in no method, and its next sees the unlinking,
 * or in one that sees it.
 * ORDER method-end (freeing side): the same; all that the thread's methods from before did is over.
 */
static inline bool
ngu__method_before(ngu__era *word, uint64_t stamp)
{
	uint64_t w = NGU_FADD_AR(word, 0u);

	return (w != 0 && w < stamp);
}

#endif /* NGU_METHOD_H */
