/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core.h - what the files of lib/core share, and what lib/msg may use of them.
 */
#ifndef NGU_CORE_H
#define NGU_CORE_H

#include "port/port.h"
#include "reclaim/reclaim.h"
#include "kern/graph_prefix.h"
#include "kern/zone.h"
#include "kern/strict.h"

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/syslog.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/callout.h>
#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>

#include <ng/ng.h>

#include "core/table.h"

/* hk_state */
#define NGU_HS_DOOMED 0x1u /* in its node's queue, to be removed */
#define NGU_HS_DEAD 0x2u   /* destroyed; retired or about to be */
#define NGU_HS_ONEWAY 0x4u /* hk_peer's own peer is somebody else: hk_peer is held by a counted reference */
#define NGU_HS_LINKED 0x8u /* on its node's list */
#define NGU_HS_BORN 0x10u  /* has been on a node's list */
#define NGU_HS_KEEP 0x20u  /* its disconnect may not end its node: made by a list that may be taken back */
#define NGU_HS_REAL1 0x40u   /* the number of its receiver with its burst method, counted from here up */
#define NGU_HS_REAL 0xffc0u
#define NGU_HS_IN 0x10000u /* hooks marked ONEWAY that lead here: counted */

/* nd_state */
#define NGU_NS_PUBLIC 0x1u  /* in the ID table */
#define NGU_NS_DOOMED 0x2u  /* ng_rmnode at the next writer turn */
#define NGU_NS_GONE 0x4u    /* removed for good */
#define NGU_NS_EXCL_OK 0x8u /* force-writer node: all earlier readers have left */
#define NGU_NS_Q1 0x100u    /* items in the node's queue, counted from here up */

#define NGU_WORKERS_MAX 64u
#define NGU_REPLY_SLOTS 1024u
#define NGU_REPLY_BASE 0xF0000000u /* addresses from here on are reply ports, not nodes */
#define NGU_HOP_BUDGET 16384	   /* deferred deliveries in one section before the rest is queued */
#define NGU_SERVE_BUDGET 1024	   /* queued items one thread serves on one way out */
#define NGU_DEPTH_DEFAULT 12
#define NGU_DEPTH(ts) ((ts)->graph != NULL ? NGU_LD_RLX(&(ts)->graph->max[NGU_L_DEPTH]) : NGU_DEPTH_DEFAULT)
#define NGU_LOCAL_MAX 32	   /* packets a thread lays aside at closed gates */
#define NGU_MSG_DEPTH 24	   /* messages nested in messages before they are queued */
#define NGU_PLURAL(n) ((n) == 1 ? "" : "s")

/* A worker's queue of nodes that have something waiting. Without workers there is one, served by whoever comes by. */
struct ngu__wq {
	NGU_ALIGNED(NGU_CACHELINE) ngu__spin lock;
	struct ng_node *head, *tail; /* through nd_work */
	_Atomic uint32_t len;
	_Atomic uint32_t event; /* changes when there is news */
	_Atomic uint32_t asleep;
	_Atomic uint32_t busy;
};

struct ngu__worker {
	ngu__port_thread thread;
	struct ngu_graph *graph;
	unsigned index;
	bool started;
};

/* Where an answer to a control caller goes. */
struct ngu__reply {
	NGU_ALIGNED(NGU_CACHELINE) _Atomic uint32_t addr; /* 0 = free; else the address it answers to */
	_Atomic(struct ng_mesg *) msg;
	uint32_t gen;
};

/* Recent refusals: why.c. Sets of NGU_WHY_WAYS places. The least of a capture's buffer, in bytes, and of a trace's, in records. */
#ifdef NGU_LAB /* so small that they are full at once */
#define NGU_WHY_PLACES 1u
#define NGU_WHY_WAYS 1u
#define NGU_CAP_LEAST 64u
#define NGU_TRACE_LEAST 8u
#else
#define NGU_WHY_PLACES 256u
#define NGU_WHY_WAYS 4u
#define NGU_CAP_LEAST 4096u
#define NGU_TRACE_LEAST 1024u
#endif
#define NGU_WHY_WORDS 14
struct ngu__why_place {
	NGU_ALIGNED(NGU_CACHELINE) _Atomic uint64_t w[NGU_WHY_WORDS];
	_Atomic uint32_t seq; /* odd: being changed */
};
struct ngu__why_table {
	_Atomic uint64_t missed;
	struct ngu__why_place place[NGU_WHY_PLACES];
};

struct ngu_graph {
	struct ngu__graph_prefix prefix; /* first: the mbuf code knows it */
	char name[32];
	_Atomic uint32_t holders; /* of this memory: the graph itself, its sockets, and threads whose current graph it is */
	uint32_t ctr_flow;  /* n attempted, bytes delivered (packets) */
	uint32_t ctr_queue; /* n packets ever queued, bytes messages applied */
	uint32_t ctr_nodes; /* n made, bytes gone */
	uint32_t ctr_hooks;
	uint32_t ctr_memory; /* n nodes freed, bytes hooks freed: behind the above by a grace period and references */
	uint32_t ctr_gate; /* n closings, bytes messages refused */
	uint32_t ctr_reason[NGU_R_COUNT];
	uint32_t ctr_limit[NGU_L_COUNT]; /* n refused */
	_Atomic uint32_t max[NGU_L_COUNT];
	bool fake_clock, pin;
	ngu_log_fn *log;
	void *log_arg;
	int64_t t0;
	unsigned nworkers;
	_Atomic uint32_t hasty;	 /* threads that wait for a node to come to rest: no server lingers */
	_Atomic uint32_t timing; /* closings are timed: set once in a while, read at each */
	_Atomic uint32_t high[NGU_L_COUNT]; /* not of NODES and DEPTH */
	_Atomic uint64_t gate_longest;

	struct ngu__idtab ids;
	struct ngu__names names;
	struct ngu__timers *timers;
	ngu__spin random_lock;
	uint64_t random_state;
	_Atomic int64_t fake_now;
	_Atomic(struct ngu__thread *) mover; /* of the fake clock, now */

	NGU_ALIGNED(NGU_CACHELINE) _Atomic uint32_t queued_data;
	_Atomic uint32_t queued_items;
	_Atomic uint32_t queued_dooms; /* hooks and nodes whose removal waits for their node's turn */
	_Atomic uint32_t stopping;
	_Atomic uint64_t folded_bytes; /* delivered bytes of hooks that are gone */
	_Atomic uint32_t timer_kick;

	/* who looks at hooks: capture.c, trace.c */
	ngu__spin watch_lock;
	_Atomic(struct ngu_cap *) caps;
	_Atomic(struct ngu__trace *) trace;
	uint32_t trace_base;

	struct ngu__why_table why;
	struct ngu__wq wq[NGU_WORKERS_MAX];
	struct ngu__worker worker[NGU_WORKERS_MAX];
	struct ngu__reply reply[NGU_REPLY_SLOTS];
	ngu__spin at_end_lock;
	struct ngu__at_end *at_end; /* who is told when it is destroyed */
	bool ending;		    /* they have been; the lock's */
};

extern struct ng_node ng_deadnode;
extern struct ng_hook ng_deadhook;

/* A thread holding a node's writer turn, innermost first. */
struct ngu__wframe {
	struct ng_node *node;
	struct ngu__wframe *prev;
	int64_t t0;
	bool drainer; /* D is ours too */
	bool taken;   /* counts as a closing */
	bool generic; /* held for a connect of the core itself: none of the node's methods is on the stack */
};

/* ---- thread context ---- */

/* Enter libng for graph g from outside or from a method; leave serves promises when it is the last one out. */
void ngu__leave_slow(struct ngu__thread *ts);

/* This section's deliveries so far, into the books of the current graph. */
NGU_INLINE void
ngu__books(struct ngu__thread *ts)
{
	if ((ts->attempted | ts->delivered | ts->through) == 0)
		return;
	if (ts->graph != NULL)
		ngu__count(ts, ts->graph->ctr_flow, ts->attempted + ts->through, ts->delivered + ts->through);
	ts->through = 0;
	ts->attempted = 0;
	ts->delivered = 0;
}

struct ngu__ctx {
	struct ngu_graph *graph;
};

NGU_INLINE void
ngu__enter(struct ngu__thread *ts, struct ngu__ctx *c, struct ngu_graph *g)
{
	c->graph = ts->graph;
	ts->level++;
	if (g != NULL && g != ts->graph) {
		ngu__books(ts); /* what was counted so far belongs to the graph we come from */
		ts->graph = g;
	}
}

/* Out of libng, perhaps for good: then what was promised is done. */
NGU_INLINE void
ngu__leave_last(struct ngu__thread *ts, struct ngu_graph *g)
{
	if (ts->level == 1 && !ts->serving &&
	    ((ts->nmine | ts->full | ts->nlocal) != 0 || ts->also != NULL || (g != NULL && g->nworkers == 0 && NGU_LD_RLX(&g->wq[0].len) != 0)))
		ngu__leave_slow(ts);
	ts->level--;
}

NGU_INLINE void
ngu__leave(struct ngu__thread *ts, struct ngu__ctx *c)
{
	ngu__leave_last(ts, ts->graph);
	if (ts->graph != c->graph) {
		ngu__books(ts);
		ts->graph = c->graph;
	}
}

/* For later. Not counted as attempted until it is its turn. */
NGU_INLINE int
ngu__defer(struct ngu__thread *ts, struct ng_hook *peer, struct ng_item *item)
{
	item->el_hook = peer; /* no reference: the section is still open when it is taken out (D1) */
	item->el_next.stqe_next = NULL;
	if (ts->defer_head == NULL)
		ts->defer_head = item;
	else
		ts->defer_tail->el_next.stqe_next = item;
	ts->defer_tail = item;
	return (0);
}

int ngu__drain(struct ngu__thread *ts); /* run what the depth limit put off */
void ngu__drain_slow(struct ngu__thread *ts);

/* What ts->limit is inside a section of the current graph. A thread without counters of its own counts in the slow paths. */
NGU_INLINE uint32_t
ngu__limit(const struct ngu__thread *ts)
{
	return (ts->graph == NULL || ts->nlocal != 0 || NGU_LD_RLX(&ts->ctr) == NULL ? 0 : NGU_LD_RLX(&ts->graph->max[NGU_L_DEPTH]));
}

/* The same after something that may have changed it. */
NGU_INLINE uint32_t
ngu__limit_now(const struct ngu__thread *ts)
{
	return (ts->budget < 0 || ts->trace != 0 ? 0 : ngu__limit(ts));
}

/*
 * Before a control call, outside sections: ngu__rcl_backpressure() once in a while. What it looks at is the reclaimer's, who writes it for each object,
 * and a few calls do not make a backlog.
 */
NGU_INLINE void
ngu__press(struct ngu__thread *ts)
{
	if (NGU_UNLIKELY((++ts->pressed & 15) == 0))
		ngu__rcl_backpressure();
}

/* The outermost read section for graph g: depth limit and budget start anew. */
NGU_INLINE void
ngu__data_enter(struct ngu__thread *ts, struct ngu_graph *g)
{
	ngu__section_enter(ts);
	if (ts->nest == 1) {
		ts->limit = g != NULL && NGU_LD_RLX(&ts->ctr) != NULL ? NGU_LD_RLX(&g->max[NGU_L_DEPTH]) : 0;
		ts->budget = NGU_HOP_BUDGET;
	}
}

NGU_INLINE void
ngu__data_leave(struct ngu__thread *ts)
{
	if (ts->nest == 1) {
		if (NGU_UNLIKELY(ts->defer_head != NULL))
			(void)ngu__drain(ts); /* put off below a message, not below a delivery */
		ngu__books(ts);
	}
	ngu__section_leave(ts);
}

/* Into a section (which keeps the hook's node) and into the hook's graph. */
NGU_INLINE void
ngu__hook_begin(struct ngu__thread *ts, struct ngu__ctx *ctx, struct ng_hook *hook)
{
	ngu__section_enter(ts);
	ngu__enter(ts, ctx, hook != NULL ? NGU_LD_ACQ(&hook->hk_node)->nd_graph : NULL);
	if (ts->nest == 1 || ctx->graph == NULL) { /* the latter: a section without a graph, so far */
		ts->limit = ngu__limit(ts);
		ts->budget = NGU_HOP_BUDGET;
	}
}

NGU_INLINE void
ngu__hook_end(struct ngu__thread *ts, struct ngu__ctx *ctx)
{
	ngu__data_leave(ts);
	ngu__leave(ts, ctx);
	if (ts->graph == NULL)
		ts->limit = 0;
}

/*
 * The race lab is told where a thread is inside a node, at the beginning and at the end: `writer` alone, else beside other readers.
 * It reports two that nothing keeps apart.
 */
#ifdef NGU_LAB
void ngu__lab_gate(const void *node, bool writer);
#define NGU_INSIDE(node, writer) ngu__lab_gate((node), (writer))
#else
#define NGU_INSIDE(node, writer) ((void)0)
#endif

/* ---- turns: turn.c; queues: queue.c, serve.c ---- */

/* What a server owes: reclaim/thread.h. */
void ngu__owed_hook(struct ngu__owed *o, struct ng_hook *hook);	     /* one more reference */
void ngu__owed_pend(struct ngu__owed *o, struct ngu__thread *owner); /* one more item, its method has returned */

/* Put an item (with counted references) into its node's queue and see to it that somebody serves it. 0, or ENOMEM, ENOBUFS: no room, the item is the caller's. */
int ngu__enqueue(struct ngu__thread *ts, struct ng_node *node, struct ng_item *item, bool writer, bool pinned);
/* Try to take the node alone, now. On true the caller runs and calls ngu__w_release(). */
bool ngu__w_take(struct ngu__thread *ts, struct ng_node *node, struct ngu__wframe *f);
void ngu__w_release(struct ngu__thread *ts, struct ng_node *node, struct ngu__wframe *f);
/* The server of a node's queue (it has D) becomes its writer, and a server again. */
bool ngu__w_upgrade(struct ngu__thread *ts, struct ng_node *node, struct ngu__wframe *f);
void ngu__w_downgrade(struct ngu__thread *ts, struct ng_node *node, struct ngu__wframe *f);
/* Apply what waits, up to `budget` items; the caller has D, which is given back. */
void ngu__serve(struct ngu__thread *ts, struct ng_node *node, unsigned budget);
void ngu__queue_dooms(struct ngu__thread *ts, struct ng_node *node);
bool ngu__w_take2(struct ngu__thread *ts, struct ng_node *node, struct ng_node *other, struct ngu__wframe *f);
void ngu__w_take_fresh(struct ngu__thread *ts, struct ng_node *node, struct ngu__wframe *f);
void ngu__promises_keep(struct ngu__thread *ts);
void ngu__w_other_done(struct ngu__thread *ts);
bool ngu__w_held(struct ngu__thread *ts, const struct ng_node *node);
/* The same, and true as well for the second node of ngu__w_take2(). */
bool ngu__w_mine(struct ngu__thread *ts, const struct ng_node *node);
/* With the node's turn, or as its server: nothing waits in its queue. */
bool ngu__w_nothing_before(const struct ng_node *node);
/* Reader turn for a message outside a section. */
bool ngu__r_take(struct ngu__thread *ts, struct ng_node *node);
void ngu__r_release(struct ngu__thread *ts, struct ng_node *node);
/* See to it that a doomed hook of the node's, or, NULL, the doomed node, is dealt with. */
void ngu__doom_kick(struct ngu__thread *ts, struct ng_node *node, struct ng_hook *hook);
void ngu__way_out(void);
/* Wait until all sections open now are closed, and what they laid aside is delivered or queued. Not inside a section. */
void ngu__sections_wait(struct ngu__thread *ts);
/* Wait, for a while, until nothing waits in the node and nobody is alone in it. Not inside a section. */
void ngu__node_quiet_wait(struct ngu__thread *ts, struct ng_node *node);
/* The method of a call did not return (recover.c). */
void ngu__calls_recover(struct ngu__thread *ts);
/* The server's method did not return: what it has taken out goes back (recover.c). */
void ngu__owed_recover(struct ngu__thread *ts);
/* Free all that waits in the queue; the caller holds the writer turn. */
void ngu__queue_flush(struct ngu__thread *ts, struct ng_node *node);
unsigned ngu__wq_serve(struct ngu__thread *ts, struct ngu__wq *wq, unsigned budget);
/* The worklist that nobody else will serve while this thread waits: see there. NULL: none. */
struct ngu__wq *ngu__wq_own(struct ngu__thread *ts, struct ngu_graph *g);
void ngu__core_thread_exit(struct ngu__thread *ts);
/* ts->also := g, or NULL. Its memory is held until then. */
void ngu__also(struct ngu__thread *ts, struct ngu_graph *g);

/*
 * How many items of the flow this thread works for wait in a node's queue (nodes share slots, so it may say too many). A
 * thread that applies another's queued item works for that other, so that the item, should it have to wait again further on,
 * is not overtaken there by what its sender sends next.
 */
NGU_INLINE struct ngu__thread *
ngu__flow(struct ngu__thread *ts)
{
	return (NGU_LIKELY(ts->flow == NULL) ? ts : ts->flow);
}

NGU_INLINE _Atomic uint32_t *
ngu__pend(struct ngu__thread *owner, const struct ng_node *node)
{
	return (&owner->pend[(unsigned)((uintptr_t)node >> 7) & (NGU_PEND - 1)]);
}

/* A packet that will be needed some packets on: it was written by another thread, perhaps. */
#define NGU_AHEAD 4u
NGU_INLINE void
ngu__ask_for(const struct mbuf *m)
{
	__builtin_prefetch(m);
	__builtin_prefetch((const char *)m + NGU_CACHELINE);
	__builtin_prefetch((const char *)m + 2 * (size_t)NGU_CACHELINE);
}

/* ---- workers: worker.c ---- */
int ngu__workers_start(struct ngu_graph *g, unsigned n);
void ngu__workers_stop(struct ngu_graph *g);
void ngu__wq_push(struct ngu__thread *ts, struct ng_node *node); /* the node is put on a worklist, once */

/* ---- delivery: deliver.c ---- */
void ngu__epoch_enter(void);
void ngu__epoch_leave(void);
void ngu__local_serve(struct ngu__thread *ts);
int ngu__hand_over(struct ngu__thread *ts, struct ng_hook *peer, struct ng_item *item); /* the node is held by gate or slot */
int ngu__deliver(struct ngu__thread *ts, struct ng_hook *peer, struct ng_item *item); /* its end */
int ngu__send_addressed(struct ngu__thread *ts, struct ng_item *item, int flags); /* data with references; in a section */
int ngu__hop_slow(struct ngu__thread *ts, struct ng_hook *hook, struct ng_hook *peer, struct ng_node *node, struct ng_item *item, int flags);
int ngu__hop_drain(struct ngu__thread *ts, int error);
void ngu__drain_aside(struct ngu__thread *ts, struct ng_hook *peer, struct ng_node *node, struct ng_item *item);
#if NGU_RCL_HOP_LOCKED
bool ngu__locked_enter(struct ng_hook *peer, struct ng_node *node);
void ngu__locked_leave(struct ngu__thread *ts, struct ng_hook *peer, struct ng_node *node, bool entered);
#else
/* A burst out of `hook` into a force-writer node, by the short turn. false: it has to go the long way, nothing was done. */
bool ngu__excl_burst(struct ngu__thread *ts, struct ng_hook *hook, struct mbuf **vec, uint32_t n, size_t bytes, int *error);
#endif

/* ---- bursts: burst.c ---- */
ngu_rcvburst_t ngu__rcvburst_each; /* of hooks whose receiver has no burst method beside it: the receiver for each packet */
void ngu__burst_free(struct ngu__thread *ts, struct mbuf **vec);
void ngu__burst_refuse(struct ngu__thread *ts, struct ng_hook *hook, struct mbuf **vec, uint32_t n, enum ngu_reason why); /* free and count them */
int ngu__graph_at_end(struct ngu_graph *g, void (*fn)(void *arg), void *arg);
void ngu__graph_not_at_end(struct ngu_graph *g, void (*fn)(void *arg), void *arg);
int ngu__send_at(struct ngu_graph *g, _Atomic(struct ng_hook *) *at, struct mbuf **vec, uint32_t n);

/*
 * Receivers with the burst methods that stand for them, numbered: a hook holds the number of its pair (NGU_HS_REAL) instead of a second
 * address. Number 0 is nobody's: no number was left. Once written a pair stays as it is.
 */
#define NGU_RECEIVERS (NGU_HS_REAL / NGU_HS_REAL1 + 1)
extern _Atomic(ng_rcvdata_t *) ngu__receiver[NGU_RECEIVERS];
extern _Atomic(ngu_rcvburst_t *) ngu__rcvburst[NGU_RECEIVERS]; /* of [0] and of receivers that have none beside them: ngu__rcvburst_each */
uint32_t ngu__receiver_number(ng_rcvdata_t *rcvdata, ngu_rcvburst_t *rcvburst); /* in units of NGU_HS_REAL1 */
/* The burst method of a type's hook that has this receiver. */
ngu_rcvburst_t *ngu__rcvburst_for(const struct ng_type *tp, ng_rcvdata_t *rcvdata);
void ngu__hook_receiver(struct ng_hook *hook, uint32_t number);

NGU_INLINE uint32_t
ngu__receiver_of(struct ng_hook *hook)
{
	return ((NGU_LD_ACQ(&hook->hk_state) & NGU_HS_REAL) / NGU_HS_REAL1);
}

/* What a burst is handed to. A strict graph's hooks have the number of a pair with ngu__rcvburst_each. */
NGU_INLINE ngu_rcvburst_t *
ngu__rcvburst_of(struct ng_hook *hook)
{
	return (NGU_LD_RLX(&ngu__rcvburst[ngu__receiver_of(hook)]));
}

/* Call the method for a burst that has been counted. The node is held by gate or slot. */
NGU_INLINE int
ngu__burst_call(struct ngu__thread *ts, struct ng_hook *peer, struct ng_node *node, struct mbuf **vec, uint32_t n, size_t bytes)
{
	int error;

	(void)node; /* but for the lab */
	ts->hand = vec;
	NGU_INSIDE(node, false);
	error = ngu__rcvburst_of(peer)(peer, vec, n, bytes);
	NGU_INSIDE(node, false);
	ts->hand = NULL;
	return (error);
}

void ngu__burst_next(struct ngu__thread *ts, uint32_t d);

/*
 * A thread in ngu__rcvburst_each() collects what the method sends (ts->collect). Whoever is about to do something in this thread that may not
 * overtake it, or that sends by itself, has it sent first, and nothing collected until it is done. NULL: it does not collect.
 */
struct ngu__collect *ngu__collect_hold(struct ngu__thread *ts);
void ngu__collect_back(struct ngu__thread *ts, struct ngu__collect *c);
int ngu__collect(struct ngu__thread *ts, struct ng_item *item, struct ng_hook *hook); /* a packet that is sent meanwhile */
#define NGU_COLLECT_HOLD(ts) (NGU_UNLIKELY((ts)->collect != NULL) ? ngu__collect_hold(ts) : NULL)
#define NGU_COLLECT_BACK(ts, c) (NGU_UNLIKELY((c) != NULL) ? ngu__collect_back((ts), (c)) : (void)0)

/* What has been sent so far goes now. */
NGU_INLINE void
ngu__collect_sent(struct ngu__thread *ts)
{
	if (NGU_UNLIKELY(ts->collect != NULL))
		ngu__collect_back(ts, ngu__collect_hold(ts));
}

/* ---- applying and sending items: apply.c ---- */
int ngu__apply(struct ngu__thread *ts, struct ng_node *node, struct ng_item *item, bool writer, struct ngu__owed *owed);
void ngu__refuse(struct ngu__thread *ts, struct ng_hook *hook, struct ng_item *item, enum ngu_reason why);
/* The same with the error that the sender gets, where the reason does not say it; and for n packets, `len` bytes, that the caller frees. */
void ngu__refuse_error(struct ngu__thread *ts, struct ng_hook *hook, struct ng_item *item, enum ngu_reason why, int error);
void ngu__refuse_len(struct ngu__thread *ts, struct ng_hook *hook, uint32_t n, size_t len, enum ngu_reason why, int error);
void ngu__apply_done(struct ng_apply_info *apply, int error, u_int depth);
ng_rcvdata_t ngu__rcvdata_none;

/* ---- looking at a graph: inspect.c, why.c ---- */
void ngu__block_init(struct ngu_block *b, uint64_t size, uint32_t kind);
/*
 * n packets, or messages (`kind`), of `len` bytes were refused at hook, or node; either may be NULL. error: negative: what the reason says. The
 * caller keeps both as memory, or is in a section.
 */
void ngu__why(struct ngu__thread *ts, struct ngu_graph *g, struct ng_node *node, struct ng_hook *hook, enum ngu_reason why, uint32_t kind,
    int error, uint32_t n, size_t len);
void ngu__why_reasons(struct ngu_graph *g, uint32_t id, uint64_t *by_reason); /* adds the node's */

/* ---- who looks at hooks: capture.c, trace.c ---- */
#define NGU_HK_SENDER (HK_INVALID | NGU_HK_OUT) /* what of the sending hook's flags a hop must look at */
#define NGU_TRACE_NUMBERS 4095u
_Static_assert(NGU_TRACE_NUMBERS == NGU_QF_TRACE / NGU_QF_TRACE1, "0 is nobody's number");
void ngu__watch_bits(struct ng_hook *hook, uint32_t bits, uint32_t mask); /* of these bits */
void ngu__capture(struct ngu_graph *g, struct ng_hook *hook, uint32_t dir, const struct ng_item *item);
int ngu__hand_over_watched(struct ngu__thread *ts, struct ng_hook *peer, struct ng_item *item);
void ngu__trace_mark(struct ngu__thread *ts, struct ng_item *item); /* of the packet that the thread follows */
void ngu__trace_event(struct ngu__thread *ts, struct ng_item *item, struct ng_hook *hook, uint32_t event, enum ngu_reason why, int error);

NGU_INLINE bool
ngu__traced(const struct ng_item *item)
{
	return ((item->el_flags & NGU_QF_TRACE) != 0);
}

/* ---- items: item.c ---- */
struct ng_item *ngu__item_alloc(struct ngu__thread *ts);
void ngu__item_free_raw(struct ngu__thread *ts, struct ng_item *item);
/* Of the packets in it; 0: there are none. */
NGU_INLINE size_t
ngu__item_bytes(const struct ng_item *item)
{
	if ((item->el_flags & (NGQF_TYPE | NGU_QF_BURST)) == (NGQF_DATA | NGU_QF_BURST))
		return (item->body.burst.bytes);
	return ((item->el_flags & NGQF_TYPE) == NGQF_DATA && item->body.da_m != NULL ? (size_t)item->body.da_m->m_pkthdr.len : 0);
}
bool ngu__msg_whole(const struct ng_mesg *msg); /* its memory holds the arglen bytes it speaks of */
/* The message that ends a node. */
NGU_INLINE bool
ngu__item_ends(const struct ng_item *item)
{
	return ((item->el_flags & NGQF_TYPE) == NGQF_MESG && NGI_MSG(item)->header.typecookie == NGM_GENERIC_COOKIE &&
	    NGI_MSG(item)->header.cmd == NGM_SHUTDOWN);
}

/* ---- nodes: node.c ---- */
int ngu__make_node(struct ngu_graph *g, struct ng_type *type, struct ng_node **out, bool publish);
int ngu__make_node_held(const char *typename, struct ng_node **out, struct ngu__wframe *f);
void ngu__node_publish(struct ng_node *node);
void ngu__node_dead_drop(struct ng_node *node); /* drop the core's reference after the grace period */
bool ngu__node_tryref(struct ng_node *node);
/*
 * A new name in two steps. reserve: checked, allocated, in the table, where it leads to the node; *n NULL when the node is called
 * so already. commit: the old name goes; ENOENT when the node has died. cancel: the new one goes. One of the two follows.
 */
int ngu__name_reserve(struct ng_node *node, const char *name, struct ngu__name **n);
int ngu__name_commit(struct ng_node *node, struct ngu__name *n);
void ngu__name_cancel(struct ng_node *node, struct ngu__name *n);
bool ngu__name_legal(const char *name);
void ng_rmnode(struct ng_node *node);
struct ng_node *ngu__id2node(struct ngu_graph *g, ng_ID_t id); /* in a section; valid nodes only, no reference */

/* ---- hooks: hook.c ---- */
void ngu__hidx_free(struct ngu__hidx *x); /* of a node that is gone; may be NULL */
void ngu__hooks_ready(struct ngu__thread *ts);
void ngu__hooks_unready(struct ngu__thread *ts);
struct ng_hook *ngu__hook_alloc(struct ngu_graph *g, const char *name);
void ngu__hook_free_unborn(struct ng_hook *hook);
int ngu__hook_link(struct ng_node *node, struct ng_hook *hook); /* into list and index; ENOMEM */
bool ngu__hook_taken(struct ng_node *node, const char *name);
int ngu__add_hook(struct ng_node *node, const char *name, uint32_t keep, struct ng_hook **out); /* keep: 0 or NGU_HS_KEEP */
void ngu__hook_disconnect(struct ng_node *node, struct ng_hook *hook); /* the type's method, if it has one */
void ng_destroy_hook(struct ng_hook *hook);
void ngu__hook_retire(struct ng_hook *hook);
void ngu__hook_doom(struct ngu__thread *ts, struct ng_hook *hook);
void ngu__doom_run(struct ngu__thread *ts, struct ng_node *node);
void ngu__hook_validate(struct ng_hook *hook); /* clears INVALID unless the hook is dead */
struct ng_hook *ngu__findhook(struct ng_node *node, const char *name); /* in a section, or with the gate */
/* In a section or look: fn for each hook the node has, in no order, until it returns false. The bytes of the node's index. */
size_t ngu__hooks_walk(struct ng_node *node, bool (*fn)(void *arg, struct ng_hook *hook), void *arg);
void ngu__edge_lock(struct ng_hook **h, unsigned n);
void ngu__edge_unlock(struct ng_hook **h, unsigned n);
bool ngu__hook_tryref(struct ng_hook *hook);
void ngu__hook_unref_n(struct ng_hook *hook, uint32_t n);

/* ---- edges: connect.c ---- */
/*
 * An edge that somebody will open, or take back, later: both hooks stay INVALID. Ours first, then the far one; all that is not
 * NULL is referenced, on error too. The caller keeps it in place until the work is complete.
 */
struct ngu__made {
	struct ng_node *node; /* mkpeer's */
	struct ng_hook *hook[2];
	uint32_t keep[2]; /* NGU_HS_KEEP: this end's node had no hooks before, and shall not go for having none again */
};
int ngu__mkpeer_made(struct ng_node *node, const char *name, const char *name2, const char *type, struct ngu__made *made);
int ngu__con_nodes_made(struct ng_item *item, struct ng_node *node, const char *name, struct ng_node *node2, const char *name2,
    struct ngu__made *made);
bool ngu__made_open(struct ngu__made *made); /* false: an end has died */
void ngu__made_unref(struct ngu__made *made);

static inline int
ngu__mkpeer(struct ng_node *node, const char *name, const char *name2, const char *type)
{
	return (ngu__mkpeer_made(node, name, name2, type, NULL));
}

static inline int
ngu__con_nodes(struct ng_item *item, struct ng_node *node, const char *name, struct ng_node *node2, const char *name2)
{
	return (ngu__con_nodes_made(item, node, name, node2, name2, NULL));
}

int ngu__send_core(struct ng_node *node, struct ng_hook *hook, struct ng_item *pitem, ng_item_fn2 *fn, struct ngu__made *made);
int ngu__bypass(struct ng_node *node, struct ng_hook *a, struct ng_hook *b);
int ngu__insert(struct ng_hook *h1, const char *type, const char *in, const char *out, const char *name, ng_ID_t *id);
int ngu__relink(struct ng_hook *near, struct ng_node *node, const char *name);

/* ---- generic messages: lib/msg/generic.c, called through this pointer so that core stays below msg ---- */
extern struct ng_node *(*ngu__generic_other)(struct ng_node *here, struct ng_mesg *msg); /* the edge's other node, referenced */
typedef int ngu__generic_fn(struct ng_node *here, struct ng_item *item, struct ng_hook *lasthook);
extern ngu__generic_fn *ngu__generic;

/* ---- who holds references: refs.c, debug builds ---- */
void ngu__ref_note(const void *obj, bool hook, bool drop, const char *file, int line);
void ngu__ref_forget(const void *obj);
void ngu__ref_report(struct ngu_graph *g, void (*out)(void *arg, const char *text), void *arg);

/* ---- strict mode: strict.c ---- */
void ngu__strict_w(const struct ng_node *node, const char *what);
void ngu__strict_change(const struct ng_node *node, const char *what);
void ngu__strict_r(const struct ng_node *node, const char *what);
bool ngu__strict_item(struct ng_item *item, const char *what);
void ngu__strict_turn(struct ng_node *node);
void ngu__strict_hook(struct ng_node *node, struct ng_hook *hook);
void ngu__strict_end(struct ngu_graph *g);

/* The calling thread must have the node's writer turn (W), or at least be in it (R): `what` is about to be done. */
#define NGU_STRICT_W(node, what) (NGU_STRICT_ON(NGU_STRICT_GATE) ? ngu__strict_w((node), (what)) : (void)0)
#define NGU_STRICT_R(node, what) (NGU_STRICT_ON(NGU_STRICT_GATE) ? ngu__strict_r((node), (what)) : (void)0)
#define NGU_STRICT_CHANGE(node, what) (NGU_STRICT_ON(NGU_STRICT_GATE) ? ngu__strict_change((node), (what)) : (void)0)
/* The writer turn was had. */
#define NGU_STRICT_TURN(node) (NGU_STRICT_ON(NGU_STRICT_GATE) ? ngu__strict_turn(node) : (void)0)
/* false: the item is not the caller's any more, which has been reported: leave it alone. */
#define NGU_STRICT_ITEM_OK(item, what) (!NGU_STRICT_ON(NGU_STRICT_ITEM) || ngu__strict_item((item), (what)))
#define NGU_STRICT_ITEM_QUEUED(item, yes) (NGU_STRICT_ON(NGU_STRICT_ITEM) ? ngu__watch_queued((item), (yes)) : (void)0)

/* ---- types: type.c ---- */
unsigned ngu__types_list(struct ng_type **out, unsigned max);
/*
 * module.c. Before a node of that type is made for a caller: its object is looked for, and loaded, if nobody has registered it. 0 it is there;
 * ENOENT no such object; with a line in the log ENOEXEC or ENXIO: it cannot be loaded, or does not have the type; and ETIMEDOUT: another
 * thread has been loading for too long. Not in a section.
 */
int ngu__type_want(struct ngu_graph *g, const char *type);
extern int64_t ngu__load_patience;
ngu_rcvburst_t *ngu__type_burst(const struct ng_type *tp); /* NULL: it has none */

/* ---- limits: limit.c ---- */
void ngu__limit_high(_Atomic uint32_t *high, uint32_t n);
void ngu__limit_refused(struct ngu_graph *g, enum ngu_limit which);
void ngu__limits_init(struct ngu_graph *g, const struct ngu_graph_opts *opts);

/* ---- graph.c ---- */
void ngu__log(struct ngu_graph *g, int level, const char *fmt, ...) __attribute__((__format__(__printf__, 3, 4)));
struct ngu_graph *ngu__graph_of(const struct ng_node *node);
/* A graph's memory stays until unhold; whether there is a graph in it still. */
void ngu__graph_hold(struct ngu_graph *g);
void ngu__graph_unhold(struct ngu_graph *g);
bool ngu__graph_there(struct ngu_graph *g);
void ngu__graph_home(struct ngu__thread *ts, struct ngu_graph *g); /* what the thread comes back to; NULL: nothing */

/* A node and, by name, one of its hooks, both referenced. */
int ngu__find_hook(const char *path, const char *name, struct ng_node **nodep, struct ng_hook **hookp);

/* Control calls that wait: control.c */
bool ngu__reply_open_at(struct ngu_graph *g, uint32_t addr); /* somebody waits there */
int ngu__reply_put(struct ngu_graph *g, uint32_t addr, struct ng_mesg *msg); /* consumes msg; EINVAL nobody waits there */
int ngu__call_rmnode(struct ng_node *node);
/*
 * Send `msg` (consumed) from the node `here` to the one at `path`, which is relative to it; answers go to `here`. `done` NULL: waits as
 * ngu_msg() does, and returns the result. Else 0, and done(arg, result) is called once, maybe before this returns, from whatever thread, inside
 * whatever turn; nobody is waited for. On an error it is not called. EDEADLK, if it is to wait, to a node whose turn the caller has. Not in a section.
 */
int ngu__send_path(struct ng_node *here, const char *path, struct ng_mesg *msg, ng_apply_t *done, void *arg);
void ngu__call_press(void); /* ngu__press() for callers in lib/nodes */
/*
 * A node of `type` whose constructor is not asked. It has its private data, and *at leads to it, before it can be found. When this
 * returns it may have been shut down. ENXIO, ENOMEM; EDEADLK in a section.
 */
int ngu__mknode_for(struct ngu_graph *g, struct ng_type *type, void *priv, _Atomic(struct ng_node *) *at);
int ngu__call_writer(struct ng_node *node, struct ng_hook *hook, ng_item_fn2 *fn, void *arg1, int arg2);

/* Calls that cannot fail for want of memory: it is taken beforehand. For callers outside all methods and sections. */
struct ngu__reserve {
	void *waiter;
	struct ng_item *items;
};
int ngu__reserve(struct ngu__reserve *r, unsigned calls); /* ENOMEM: nothing was taken */
void ngu__reserve_call(struct ngu__reserve *r, struct ng_node *node, struct ng_hook *hook, ng_item_fn2 *fn, int arg2);
void ngu__reserve_free(struct ngu__reserve *r);

/*
 * Send `msg` (consumed) to a node, as if it had come through its hook `last` (may be NULL), and wait as ngu_msg() does. *reply may
 * be NULL.
 */
int ngu__call_msg(struct ng_node *node, struct ng_hook *last, struct ng_mesg *msg, struct ng_mesg **reply);

#endif /* NGU_CORE_H */
