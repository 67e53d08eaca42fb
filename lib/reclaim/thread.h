/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * thread.h - what one thread keeps for itself, and the list of all such records.
 *
 * All per-thread state of libng sits behind ngu__self(), so that a lab can run several "threads" in one.
 * Records are type-stable: a record whose thread ended is kept and given to the next thread, never freed while the process
 * runs, so a gate closer may look at any record at any time.
 *
 * Fields that other threads read are atomic; all others belong to the owner.
 */
#ifndef NGU_THREAD_H
#define NGU_THREAD_H

#include "port/port.h"
#include "reclaim/method.h"
#include "reclaim/section.h"

struct ng_item;
struct ng_node;
struct ng_hook;
struct mbuf;
struct ngu_graph;
struct ngu__wframe;
struct ngu__worker;
struct ngu__parse_run;
struct ng_apply_info;
struct ngu__strict_thread;
struct ngu__collect;

#define NGU_SLOTS 64	  /* most nested deliveries; the working limit is graph->depth_limit (12 unless set) */
#define NGU_PEND 16	  /* hashed counts of items this thread has waiting in node queues */
#define NGU_MINE 32	  /* nodes this thread promised to look at on its way out */
#ifdef NGU_LAB
#define NGU_CTRS (1u << 12)
#else
#define NGU_CTRS (UINTPTR_MAX > 0xffffffffu ? 1u << 23 : 1u << 18) /* counters there may be, in each thread */
#endif
#define NGU_CTR_KEPT 64	  /* free counter indexes a thread keeps at most */
#define NGU_MAG_ROUNDS 64
/*
 * While ts->errand is not 0 the thread runs a task(9), a callout's handler or the function of a kthread(9), which somebody's shutdown may wait
 * for. Of what waits at nodes it does packets, and what it sends itself; for all else it is not there. This bit: it never does anything else.
 */
#define NGU_ERRAND_ALWAYS 0x80000000u
#define NGU_ZONES 20

/* One counter: two words that always move together (packets and bytes). Written by the owning thread only. */
struct ngu__ctr {
	_Atomic uint64_t n;
	_Atomic uint64_t bytes;
};

/* Magazines of one zone: see kern/zone.c. */
struct ngu__mag;
struct ngu__magpair {
	struct ngu__mag *loaded;
	struct ngu__mag *spare;
};

/*
 * What a server of a node's queue owes for packets it has taken out or applied, to be paid in one sum: room in the limits, references of
 * hooks, the senders' counts of waiting items. All of it is paid before D is given back. It only ever makes others believe that more waits
 * than does. And the packets it has taken out and not yet applied, so that the queue's line stays with the senders.
 */
struct ngu__owed {
	struct ng_node *node; /* NULL: this thread serves no queue */
	struct ng_hook *hook;
	struct ngu__thread *owner;
	uint32_t hooks, pends; /* references of `hook`; items of `owner` */
	uint32_t room, most;   /* packets taken out; pay when there are so many */
	uint32_t nrun;
	uintptr_t run; /* nrun of them, linked */
};

/* core/burst.c */
struct ngu__handed {
	struct ng_hook *to; /* NULL: nothing */
	struct mbuf **vec;
	uint32_t n;
	size_t bytes;
};

struct ngu__thread {
	/* ---- read by gate closers and by the grace-period engine */
	NGU_ALIGNED(NGU_CACHELINE) ngu__sec_depth depth; /* first: its address is the record's; section.h has these three */
	ngu__sec sec;
	_Atomic uint32_t aside; /* odd: packets lie aside at closed gates, to be delivered on this thread's way out */
	struct ngu__thread *next; /* registry, grows only; here, because who walks it looks at sec */
	ngu__sec_slot slot[NGU_SLOTS + 2]; /* 0..depth-1: nodes this thread is inside of, as a reader */

	/* ---- owner only, touched for each packet */
	NGU_ALIGNED(NGU_CACHELINE) uint32_t nest; /* read sections nested */
	uint32_t level;				  /* entries into libng nested; at 0 the thread serves its promises */
	uint32_t limit;				  /* nested deliveries allowed now; 0 outside of sections */
	int32_t budget;				  /* deferred deliveries left in this section */
	struct ngu_graph *graph;		  /* the current graph */
	struct ngu_graph *home;			  /* outside libng: what ngu_graph_enter() chose; held */
	_Atomic(struct ngu__ctr *) ctr; /* NGU_CTRS of them, mostly untouched memory; NULL: could not be had */
	uint64_t through;			  /* packets, this section, that were attempted and delivered at once */
	struct ng_item *defer_head;		  /* deliveries put off by the depth limit, first in first out */
	struct ng_item *defer_tail;
	struct ng_item *local_head; /* packets laid aside at closed gates, until this thread's way out */
	struct ng_item *local_tail;
	uint32_t nlocal;
	void *hand; /* the array that the running burst method was given, */
	struct ngu__handed handed; /* and what it did with it at the depth limit */
	struct ngu__collect *collect; /* what a method sends that gets a burst's packets one by one */
	uint32_t trace; /* the number of the packet that the running method has, if that is followed (core/trace.c) */
	bool rcl_kept; /* the backend's section is open although ours is not */
	bool deferring; /* this thread is in the frame that drains them */
	bool serving;	/* this thread is in its way-out loop */
	uint32_t errand; /* tasks and handlers it is in: see NGU_ERRAND_ALWAYS */
	struct ng_item *sent; /* on an errand: what it had to queue in the call that it is in; only compared */
	struct ngu__wframe *rframes; /* nodes this thread is in for a message that only reads, outside sections */
	struct ngu__worker *worker; /* this thread is one */
	struct ngu_graph *also; /* a graph without workers, not the current one, that got something queued; its memory is held */
	struct ngu__wframe *wframes; /* writer turns this thread holds, innermost first */
	struct ng_node *w_other; /* taken and waited for together with another node; see ngu__w_take2() */
	int64_t w_other_t0;
	uint32_t nready;
	struct ng_hook *ready[2]; /* hooks made before a gate was closed; see ngu__hooks_ready() */
	struct ngu__thread *flow;    /* the sender whose queued item this thread applies now; NULL: itself */
	struct ng_apply_info *apply; /* completion record of the message or function being applied */
	uint32_t msgdepth;	     /* messages nested in messages */
	uint32_t methods;	     /* methods nested that are no packet's: see ngu__method_enter() */
	uint32_t serve_budget;
	struct ngu__owed owed;
	struct ng_item *pushed[4]; /* packets put into queues, the last four: to be prefetched, never looked at */
	uint32_t hurry; /* ways out on which not to wait for a gate */
	uint32_t pressed; /* control calls, for ngu__press() */
	_Atomic uint32_t fence; /* no value: locked operations on it order others */
	uint32_t nidx;	  /* free counter indexes kept here, so that they cost no lock */
	uint32_t idx[NGU_CTR_KEPT];
	void *waiter; /* a completion record kept for the next control call */
	void *calls;  /* control calls this thread is in, innermost first */
	struct ngu_graph *hasty; /* it is counted in that graph's `hasty` */
	uint64_t attempted, delivered; /* packets, this section, that are not in `through` */
	bool bypass_keeps; /* ng_bypass leaves the node's hooks for later */
	struct ng_node *keep; /* this node's disconnect is running and may not end it */
	int outbound;	/* td_ng_outbound */
	uint32_t nmine;
	uint32_t full; /* met a full queue since the last way out */
	struct ngu__parse_run *parse; /* text of messages being converted: how deep we are in it */
	struct ngu__magpair mag[NGU_ZONES];
	struct ng_node *mine[NGU_MINE];
	void *rcl; /* the backend's own record */
	struct ngu__strict_thread *strict; /* kern/strict.c; NULL until something is to be noted; stays with the record */
	void *td; /* kern/kthread.c: this thread's struct thread; NULL until somebody asks */
	_Alignas(16) unsigned char td_own[64]; /* that of a thread that kthread(9) did not start; stays with the record */
	const char *site_file; /* where the call being made stands, if the caller told (debug builds' macros) */
	int site_line;
#ifdef NGU_DEBUG
	const char *mbuf_file; /* where the next mbuf is taken */
	int mbuf_line;
#endif
	bool panicking; /* the program's handler is being told */

	/* ---- shared */
	NGU_ALIGNED(NGU_CACHELINE) _Atomic uint32_t pend[NGU_PEND];
	_Atomic uint32_t used;		      /* 1 while a thread owns the record */
	ngu__era era;			      /* method.h */
	uint64_t id;			      /* small, unique while the record is in use */
};

extern NGU_TLS struct ngu__thread *ngu__self_tls NGU_TLS_INITIAL;
extern ngu__sec_list ngu__threads; /* all records, newest first */

struct ngu__thread *ngu__thread_attach(void); /* slow path of ngu__self(); dies when memory for the very first record lacks */

/* The calling thread's record; registers the thread at its first call. */
NGU_INLINE struct ngu__thread *
ngu__self(void)
{
	struct ngu__thread *ts = ngu__self_tls;

	if (NGU_UNLIKELY(ts == NULL))
		ts = ngu__thread_attach();
	return (ts);
}

/* No call is in progress in this thread: what its record says of one is undone. Counts, promises and the section stay. */
void ngu__thread_forget(struct ngu__thread *ts);

/* Hooks the upper layers hang into the life of a thread (zones flush their magazines, the core its promises). */
extern void (*ngu__thread_exit_core)(struct ngu__thread *);
extern void (*ngu__thread_exit_kern)(struct ngu__thread *);

/*
 * Counters. Each thread has a cell for every index in a range of memory that costs nothing where nobody counts. A thread that could not
 * get its range adds to shared cells with locked operations, so nothing is ever lost.
 */
void ngu__ctr_shared(uint32_t i, uint64_t n, uint64_t bytes);

NGU_INLINE void
ngu__count(struct ngu__thread *ts, uint32_t i, uint64_t n, uint64_t bytes)
{
	struct ngu__ctr *c = NGU_LD_RLX(&ts->ctr);

	if (NGU_UNLIKELY(c == NULL)) {
		ngu__ctr_shared(i, n, bytes);
		return;
	}
	NGU_BUMP(&c[i].n, n);
	NGU_BUMP(&c[i].bytes, bytes);
}

/* Index management (lock inside; control path). alloc: 0 = none left. free: all threads' cells must be at rest. */
uint32_t ngu__ctr_alloc(void);
void ngu__ctr_free(uint32_t i); /* zeroes the cells */
void ngu__ctr_fold(uint32_t i, uint64_t *n, uint64_t *bytes); /* the sum, then free: one walk */
void ngu__ctr_read(uint32_t i, uint64_t *n, uint64_t *bytes); /* sum over all threads, exact when they are at rest */
extern uint32_t ngu__ctr_most; /* indexes are below; for tests of what happens when there are none left */

#endif /* NGU_THREAD_H */
