/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gate.h - one word per node says who may be inside. Protocol only: no node, no queue, no thread list in here.
 *
 * Who is inside without a trace: data methods. A thread enters its read section (ORDER section-gate), sees the word zero and
 * walks in. Everybody else leaves a bit:
 *
 *   W     one writer has, or is getting, the node alone. It sets W, then waits until every section that was open has closed.
 *   D     somebody serves the queue. Only the holder of W or D takes items out; W may be set by the holder of D, or, by
 *         anyone, on a word without W, D, Q.
 *   Q     the queue is not empty (or was not when last looked at)
 *   QW    a writer waits in it: whoever arrives now queues behind
 *   EXCL  force-writer node: each item takes W, by one compare and swap, and nobody needs to wait for sections
 *   DEAD  the node is INVALID
 *   L     on a worklist
 *   R     messages running as readers outside any section, counted
 *   C     threads that put something into the queue and promised to look again on their way out, counted
 *
 * Short turn: a word that is EXCL and nothing else is an open force-writer node for which nothing waits, promises or is listed. Whoever is in
 * a section, and knows that all earlier readers have left (NGU_NS_EXCL_OK), makes it EXCL | W, and EXCL again when it finds it unchanged:
 * then nobody has come meanwhile, and there is nothing to hand on. If it changed, W is given back in the usual way.
 *
 * Nobody is left waiting: an item is pushed before Q is set; Q is set together with a promise (C), or a worklist entry (L),
 * or under somebody's W or D. Whoever gives W or D back with Q set must see C > 0 in the same compare and swap, or serve the
 * queue itself. A thread keeps its promise with one compare and swap: D if nobody has W or D, else the promise passes to them.
 *
 * ORDER section-gate (writer side)
 *   before:      W is set (sequentially consistent RMW)
 *   after:       loads of every thread's section word (sequentially consistent)
 *   pairs with:  reclaim/section.h, ngu__sec_open()
 * ORDER gate-open (store side)
 *   before:      W is cleared with release (the RMWs below)
 *   pairs with:  the sequentially consistent load of the word by the next reader, writer or server
 */
#ifndef NGU_GATE_H
#define NGU_GATE_H

#include "port/port.h"

#define NGU_G_W 0x01u
#define NGU_G_D 0x02u
#define NGU_G_Q 0x04u
#define NGU_G_QW 0x08u
#define NGU_G_EXCL 0x10u
#define NGU_G_DEAD 0x20u
#define NGU_G_BUSY 0x3fu /* any of the above: no plain walking in */
#define NGU_G_L 0x40u
#define NGU_G_R1 0x100u
#define NGU_G_R 0xfff00u
#define NGU_G_C1 0x100000u
#define NGU_G_C 0xfff00000u

typedef NGU_ATOMIC(uint32_t) ngu__gate;

/* Take the node alone, as far as the word goes. The sections that are open still have to be waited for. */
static inline bool
ngu__gate_try_w(ngu__gate *g)
{
	uint32_t w = NGU_LD_RLX(g);

	while ((w & (NGU_G_W | NGU_G_D | NGU_G_Q | NGU_G_QW | NGU_G_R)) == 0)
		if (NGU_CAS_SC(g, &w, w | NGU_G_W))
			return (true);
	return (false);
}

/* The short turn. false: not open, or more is going on than this is for. */
static inline bool
ngu__gate_try_excl(ngu__gate *g)
{
	uint32_t w = NGU_G_EXCL;

	return (NGU_CAS_SC(g, &w, NGU_G_EXCL | NGU_G_W));
}

/* false: something has come meanwhile. The caller has W still, and gives it back as others do. */
static inline bool
ngu__gate_drop_excl(ngu__gate *g)
{
	uint32_t w = NGU_G_EXCL | NGU_G_W;

	return (NGU_CAS_SC(g, &w, NGU_G_EXCL));
}

enum ngu__gate_left { NGU_GATE_FREE, NGU_GATE_SERVE };

/*
 * Give W back. NGU_GATE_SERVE: the queue is not empty and nobody promised to come; W has become D and the caller serves.
 */
static inline enum ngu__gate_left
ngu__gate_drop_w(ngu__gate *g)
{
	uint32_t w = NGU_LD_RLX(g);

	for (;;) {
		if ((w & NGU_G_Q) == 0 || (w & NGU_G_C) != 0) {
			if (NGU_CAS_SC(g, &w, w & ~NGU_G_W))
				return (NGU_GATE_FREE);
		} else if (NGU_CAS_SC(g, &w, (w & ~NGU_G_W) | NGU_G_D)) {
			return (NGU_GATE_SERVE);
		}
	}
}

/* A server whose queue ran empty: it cleared Q and looked again before. false: Q is set again, go on serving. */
static inline bool
ngu__gate_drop_d_empty(ngu__gate *g)
{
	uint32_t w = NGU_LD_RLX(g);

	while ((w & NGU_G_Q) == 0)
		if (NGU_CAS_SC(g, &w, w & ~NGU_G_D))
			return (true);
	return (false);
}

/*
 * A server that has nothing left: clear Q and QW, look again, go. `more` says whether anything came meanwhile. true: D is given
 * back. false: there is more, Q is set again, QW is not.
 */
static inline bool
ngu__gate_rest(ngu__gate *g, bool (*more)(void *), void *arg)
{
	do {
		/* A pusher pushes, then sets Q: it finds Q cleared and sets it, or we find what it pushed. */
		(void)NGU_FAND_SC(g, ~(NGU_G_Q | NGU_G_QW));
		if (more(arg)) {
			(void)NGU_FOR_SC(g, NGU_G_Q);
			return (false);
		}
	} while (!ngu__gate_drop_d_empty(g));
	return (true);
}

/* Leave a non-empty queue to a thread that promised to come. false: nobody did. */
static inline bool
ngu__gate_drop_d_promised(ngu__gate *g)
{
	uint32_t w = NGU_LD_RLX(g);

	while ((w & NGU_G_C) != 0)
		if (NGU_CAS_SC(g, &w, w & ~NGU_G_D))
			return (true);
	return (false);
}

/* Leave a queue whose head is a writer to the last message reader. false: there is none any more. */
static inline bool
ngu__gate_drop_d_readers(ngu__gate *g)
{
	uint32_t w = NGU_LD_RLX(g);

	while ((w & NGU_G_R) != 0)
		if (NGU_CAS_SC(g, &w, w & ~NGU_G_D))
			return (true);
	return (false);
}

/* After a push: Q (and QW), and a promise if asked for. false: promises are full, nothing was set. Old word in *old. */
static inline bool
ngu__gate_pushed(ngu__gate *g, uint32_t bits, bool promise, uint32_t *old)
{
	uint32_t w = NGU_LD_RLX(g);

	do {
		if (promise && (w & NGU_G_C) == NGU_G_C)
			return (false);
	} while (!NGU_CAS_SC(g, &w, (w | bits) + (promise ? NGU_G_C1 : 0)));
	*old = w;
	return (true);
}

/*
 * After a push that nobody promised to come back for. true: the bits are set already, and there is a server, a writer or a list entry: whoever clears
 * Q, QW or L does so later than this load, and looks at the queue after that. Nothing needs to be written. Sequentially consistent, after the push, which is.
 */
static inline bool
ngu__gate_announced(ngu__gate *g, uint32_t bits)
{
	uint32_t w = NGU_LD_SC(g);

	return ((w & bits) == bits && (w & (NGU_G_W | NGU_G_D | NGU_G_L)) != 0);
}

enum ngu__gate_promise { NGU_PROMISE_NOTHING, NGU_PROMISE_THEIRS, NGU_PROMISE_SERVE };

/* Keep a promise. SERVE: D is the caller's now. THEIRS: whoever has W or D is responsible. */
static inline enum ngu__gate_promise
ngu__gate_keep(ngu__gate *g)
{
	uint32_t w = NGU_LD_RLX(g);

	for (;;) {
		if ((w & NGU_G_Q) == 0) {
			if (NGU_CAS_SC(g, &w, w - NGU_G_C1))
				return (NGU_PROMISE_NOTHING);
		} else if ((w & (NGU_G_W | NGU_G_D)) != 0) {
			if (NGU_CAS_SC(g, &w, w - NGU_G_C1))
				return (NGU_PROMISE_THEIRS);
		} else if (NGU_CAS_SC(g, &w, (w - NGU_G_C1) | NGU_G_D)) {
			return (NGU_PROMISE_SERVE);
		}
	}
}

/* Become server without a promise (worklist, last reader). */
static inline bool
ngu__gate_try_d(ngu__gate *g)
{
	uint32_t w = NGU_LD_RLX(g);

	while ((w & (NGU_G_W | NGU_G_D)) == 0 && (w & NGU_G_Q) != 0)
		if (NGU_CAS_SC(g, &w, w | NGU_G_D))
			return (true);
	return (false);
}

/* The server becomes the writer as well. false: message readers are inside. The sections still have to be waited for. */
static inline bool
ngu__gate_d_to_w(ngu__gate *g)
{
	uint32_t w = NGU_LD_RLX(g);

	while ((w & NGU_G_R) == 0)
		if (NGU_CAS_SC(g, &w, w | NGU_G_W))
			return (true);
	return (false);
}

/* It becomes a plain server again. */
static inline void
ngu__gate_w_to_d(ngu__gate *g)
{
	(void)NGU_FAND_SC(g, ~NGU_G_W);
}

/* A message reader outside any section. `waiting`: this thread has items of its own in the queue. */
static inline bool
ngu__gate_try_r(ngu__gate *g, bool waiting)
{
	uint32_t w = NGU_LD_RLX(g);

	while ((w & (NGU_G_W | NGU_G_QW | NGU_G_EXCL)) == 0 && (w & NGU_G_R) != NGU_G_R &&
	    !(waiting && (w & (NGU_G_Q | NGU_G_D)) != 0))
		if (NGU_CAS_SC(g, &w, w + NGU_G_R1))
			return (true);
	return (false);
}

/* One more message reader, for the holder of D. false: no more can be counted. */
static inline bool
ngu__gate_d_add_r(ngu__gate *g)
{
	uint32_t w = NGU_LD_RLX(g);

	while ((w & NGU_G_R) != NGU_G_R)
		if (NGU_CAS_SC(g, &w, w + NGU_G_R1))
			return (true);
	return (false);
}

/* true: it was the last, something waits, nobody is there or promised to come: D is the caller's. */
static inline bool
ngu__gate_drop_r(ngu__gate *g)
{
	uint32_t w = NGU_LD_RLX(g);

	for (;;) {
		if ((w & NGU_G_R) == NGU_G_R1 && (w & NGU_G_Q) != 0 && (w & (NGU_G_W | NGU_G_D | NGU_G_C)) == 0) {
			if (NGU_CAS_SC(g, &w, (w - NGU_G_R1) | NGU_G_D))
				return (true);
		} else if (NGU_CAS_SC(g, &w, w - NGU_G_R1)) {
			return (false);
		}
	}
}

#endif /* NGU_GATE_H */
