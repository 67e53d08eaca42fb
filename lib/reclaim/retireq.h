/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * retireq.h - many threads hand objects over, one takes all there are, and sleeps when there are none. Protocol only: no grace
 * period, no thread, no system call in here; the includer sleeps and wakes on `state`.
 *
 * Nothing is left lying: whoever pushes onto an empty stack looks at `state` afterwards; the taker says IDLE first and looks at
 * the stack afterwards. So either the pusher sees IDLE and kicks, or the taker sees the object.
 *
 * ORDER rcl-push (store side)
 *   before:      the unlinking, and the object's fields; the compare and swap on the head publishes them
 *   pairs with:  the exchange in ngu__retireq_take(); the load of head in ngu__retireq_may_sleep()
 *   if relaxed:  the grace period could begin before the object was unlinked
 *   no ABA:      the taker empties the stack, it never takes one
 * ORDER rcl-sleep (waker)
 *   before:      the push
 *   after:       the load of state in ngu__retireq_kick(); all sequentially consistent
 *   pairs with:  ngu__retireq_say() and ngu__retireq_may_sleep()
 *   if relaxed:  both could miss each other, and the object would wait for the next one
 */
#ifndef NGU_RETIREQ_H
#define NGU_RETIREQ_H

#include "port/port.h"

struct ngu__retire;

/* What the taker is doing: the word it sleeps on. */
enum { NGU_RQ_BUSY, NGU_RQ_IDLE, NGU_RQ_COLLECT };

typedef NGU_ATOMIC(struct ngu__retire *) ngu__retireq_head;
typedef NGU_ATOMIC(uint32_t) ngu__retireq_state;

/* The link of an object: given by the includer. */
static inline struct ngu__retire **ngu__retireq_link(struct ngu__retire *r);

/* true: the stack was empty, and the caller sees to it that the taker is awake (ngu__retireq_kick(..., NGU_RQ_IDLE)). */
static inline bool
ngu__retireq_push(ngu__retireq_head *q, struct ngu__retire *r)
{
	struct ngu__retire *h = NGU_LD_RLX(q);

	do
		*ngu__retireq_link(r) = h;
	while (!NGU_CAS_SC(q, &h, r));
	return (h == NULL);
}

/* Everything, oldest first. NULL when there is nothing. */
static inline struct ngu__retire *
ngu__retireq_take(ngu__retireq_head *q)
{
	struct ngu__retire *r, *next, *list = NULL;

	/* ORDER rcl-push (load side): acquire. Later pushes continue the release sequence of earlier ones: it covers them all. */
	for (r = NGU_XCHG_ACQ(q, NULL); r != NULL; r = next) {
		next = *ngu__retireq_link(r);
		*ngu__retireq_link(r) = list;
		list = r;
	}
	return (list);
}

/* ORDER rcl-sleep (sleeper): the taker says what it is about to do, then looks (ngu__retireq_may_sleep()). */
static inline void
ngu__retireq_say(ngu__retireq_state *state, uint32_t what)
{
	NGU_ST_SC(state, what);
}

/* Having said IDLE: nothing has come since, and nobody has kicked. */
static inline bool
ngu__retireq_may_sleep(ngu__retireq_head *q, ngu__retireq_state *state)
{
	return (NGU_LD_SC(q) == NULL && NGU_LD_SC(state) == NGU_RQ_IDLE);
}

/* true: the taker was in state `from` and the caller wakes it; one waker for each time it slept. */
static inline bool
ngu__retireq_kick(ngu__retireq_state *state, uint32_t from)
{
	return (NGU_LD_SC(state) == from && NGU_CAS_SC(state, &from, (uint32_t)NGU_RQ_BUSY));
}

#endif /* NGU_RETIREQ_H */
