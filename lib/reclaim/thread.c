/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * thread.c - the registry of threads, and the counters each of them keeps.
 *
 * Registry    a list that only grows. A record belongs to the thread that moved `used` 0 -> 1; when the thread ends it is
 *             cleaned, `used` goes back to 0, and the next new thread takes it over, counters and all. Records lie side by side,
 *             because a gate closer, and whoever frees a hook, looks at all of them.
 * Counters    an index names one cell in each thread: in a range of address space for all indexes there can be, of which only pages
 *             that were counted in are memory. There is one more such range for the whole process, made by the first
 *             ngu__ctr_alloc(): a thread that is refused its own counts there with locked additions, so sums stay exact.
 * Invariants
 *   T1  A record or a range of counters that was published is never freed.
 *   T2  Cells of a thread's own range are written by the record's owner only; shared cells by anybody, with locked additions.
 *   T3  sum(i) = shared cell i + cell i of every record; an index in the free map, or kept by a thread, has only zero cells.
 * Lifetime    process. A child of fork(2) may use libng only if the parent had neither another registered thread nor a
 *             reclaimer: see defer.c. The object must stay loaded once a thread registered (link with -z nodelete).
 * Blocks      never, but for the allocator and the grace-period engine's registration lock.
 */
#include "reclaim/thread.h"

#include "reclaim/reclaim.h"

#define RESERVE 16u /* records in static memory, for threads that come when memory is refused */
#define EBUSY_DIES "libng: this thread cannot be registered (error %d): it is past its last exit handler, or no key was left"

/* Free map of counter indexes: a bit is set when the index is taken; a word's bit one level up when the word is full. */
#define CTR_L0 (NGU_CTRS / 64)
#define CTR_L1 ((CTR_L0 + 63) / 64)
#define CTR_L2 ((CTR_L1 + 63) / 64)
#define CTR_BYTES (NGU_CTRS * sizeof(struct ngu__ctr))
#ifdef NGU_NO_CACHES
#define CTR_TAKEN 1u /* indexes a thread takes from the map at a time */
#else
#define CTR_TAKEN (NGU_CTR_KEPT / 2)
#endif

_Static_assert(NGU_CTRS % 64 == 0, "the map has whole words");

NGU_TLS struct ngu__thread *ngu__self_tls NGU_TLS_INITIAL;
ngu__sec_list ngu__threads;
void (*ngu__thread_exit_core)(struct ngu__thread *);
void (*ngu__thread_exit_kern)(struct ngu__thread *);

#ifdef NGU_TSAN
char ngu__gp_clock; /* the one definition; see san.h */
#endif

static struct ngu__thread reserve[RESERVE];
static _Atomic uint32_t nreserve; /* taken from the front */
static _Atomic uint64_t nrecords; /* ids given out */
static _Atomic uint32_t prepared; /* the process-wide set-up was done */

static ngu__spin ctr_lock;		/* guards the three maps */
static uint64_t ctr_l0[CTR_L0] = { 1 }; /* index 0 is never given out */
static uint64_t ctr_l1[CTR_L1];
static uint64_t ctr_l2[CTR_L2];
static _Atomic(struct ngu__ctr *) shared_cells;
uint32_t ngu__ctr_most = NGU_CTRS;

/* ---- registry */

/* A record that an ended thread left behind. */
static struct ngu__thread *
reuse(void)
{
	struct ngu__thread *ts;
	uint32_t zero;

	/* ORDER thread-list (load side): acquire. */
	for (ts = NGU_LD_ACQ(&ngu__threads); ts != NULL; ts = ts->next) {
		/* ORDER thread-hand-over (load side): the exchange acquires what the last owner left; pairs with thread_end(). */
		zero = 0;
		if (NGU_LD_RLX(&ts->used) == 0 && NGU_CAS_AR(&ts->used, &zero, 1u))
			return (ts);
	}
	return (NULL);
}

#if !defined(NGU_NO_CACHES) && !defined(NGU_LAB)
#define TOGETHER_BYTES 65536u
#define PAIR (2 * NGU_CACHELINE) /* some processors fetch lines by twos */
#define TOGETHER (TOGETHER_BYTES / sizeof(struct neighbour) - 1)

struct neighbour {
	NGU_ALIGNED(PAIR) struct ngu__thread ts;
};
struct together {
	_Atomic uint32_t taken;
	struct neighbour rec[TOGETHER];
};
static _Atomic(struct together *) together;

_Static_assert(sizeof(struct together) <= TOGETHER_BYTES, "a region holds as many records as it says");

/* Memory for a record next to those of other threads; NULL: there is none. */
static struct ngu__thread *
record(void)
{
	/* ORDER together (load side): acquire; pairs with the compare and swap below: `taken` is what its maker said. */
	struct together *t = NGU_LD_ACQ(&together), *mine;
	uint32_t i;

	if (ngu__port_refuses(sizeof(struct ngu__thread)))
		return (NULL);
	/* No order needed: the number only shares the records out. */
	if (t != NULL && (i = NGU_FADD_RLX(&t->taken, 1u)) < TOGETHER)
		return (&t->rec[i].ts);
	if ((mine = ngu__port_alloc_region(TOGETHER_BYTES, false)) == NULL)
		return (NULL);
	NGU_ST_RLX(&mine->taken, 1u);
	/* ORDER together (store side): release. Who comes second leaves the rest of his untouched. */
	(void)NGU_CAS_AR(&together, &t, mine);
	return (&mine->rec[0].ts);
}
#else
static struct ngu__thread *
record(void)
{
	return (ngu__port_alloc(sizeof(struct ngu__thread), NGU_CACHELINE));
}
#endif

static struct ngu__thread *
create(void)
{
	struct ngu__thread *ts = record();
	uint32_t i;

	if (ts == NULL) {
		/* No order needed: the index only shares out static memory. */
		if (NGU_LD_RLX(&nreserve) >= RESERVE || (i = NGU_FADD_RLX(&nreserve, 1u)) >= RESERVE)
			ngu__port_die("libng: no memory for the record of a new thread");
		ts = &reserve[i];
	} else
		NGU_KEPT(ts);
	ts->id = NGU_FADD_RLX(&nrecords, 1u) + 1;
	NGU_ST_RLX(&ts->used, 1u); /* no order needed: not yet published */
	ngu__sec_join(&ngu__threads, ts, &ts->next);
	return (ts);
}

void
ngu__thread_forget(struct ngu__thread *ts)
{
	ts->level = 0;
	ts->deferring = false;
	ts->collect = NULL;
	ts->hand = NULL;
	ts->handed.to = NULL;
	ts->serving = false;
	ts->wframes = NULL;
	ts->rframes = NULL;
	ts->w_other = NULL;
	ts->errand = 0;
	ts->apply = NULL;
	ts->flow = NULL;
	ts->msgdepth = 0;
	ngu__method_forget(ts);
	ts->bypass_keeps = false;
	ts->keep = NULL;
	ts->parse = NULL;
	ts->outbound = 0;
	NGU_ST_REL(&ts->depth, 0u); /* pairs with the acquire load of depth in the gate: this thread is in no node any more */
}

static void ctr_give(struct ngu__thread *ts, uint32_t rest);

static void
thread_end(void *arg)
{
	struct ngu__thread *ts = arg;

	/* A thread that was cancelled, or left, in the middle of a method would hold back every grace period from now on. */
	NGU_INVARIANT(ts->nest == 0, "a thread ends inside a read section");
	if (NGU_UNLIKELY(ts->nest != 0)) {
		ts->nest = 1;
		ngu__section_leave(ts);
	}
	if (ngu__thread_exit_core != NULL)
		ngu__thread_exit_core(ts);
	if (ngu__thread_exit_kern != NULL)
		ngu__thread_exit_kern(ts);
	ctr_give(ts, 0);
	ngu__rcl_thread_fini(ts);
	ngu__thread_forget(ts);
	ts->graph = NULL;
	ts->attempted = 0;
	ts->delivered = 0;
	ts->through = 0;
	ngu__self_tls = NULL;
	/*
	 * ORDER thread-hand-over (store side)
	 *   before:      everything this thread did to its record, counters included
	 *   pairs with:  the compare and swap of `used` in reuse()
	 *   if relaxed:  the next owner could add to an old counter value, and lose counts
	 */
	NGU_ST_REL(&ts->used, 0u);
}

/* This thread's counters, if they can be had; a record that was used before may have them. */
static void
ctr_range(struct ngu__thread *ts)
{
	/*
	 * ORDER ctr-range (store side)
	 *   before:      the zeroes in the range
	 *   pairs with:  the acquire load in cell()
	 *   if relaxed:  a sum could read memory from before it was zeroed
	 */
	if (NGU_LD_RLX(&ts->ctr) == NULL)
		NGU_ST_REL(&ts->ctr, ngu__port_alloc_pages(CTR_BYTES));
}

struct ngu__thread *
ngu__thread_attach(void)
{
	struct ngu__thread *ts;
	int error;

	if (NGU_UNLIKELY(NGU_LD_ACQ(&prepared) == 0) && NGU_XCHG_AR(&prepared, 1u) == 0)
		(void)ngu__port_at_fork_child(ngu__rcl_fork_child); /* on failure a forked child is on its own */
	if ((ts = reuse()) == NULL)
		ts = create();
	ctr_range(ts);
	if ((error = ngu__rcl_thread_init(ts)) != 0)
		ngu__port_die("libng: the grace-period engine takes no new thread: error %d", error);
	/* From here on ngu__self() works, so the exit handler may be registered with everything in place. */
	ngu__self_tls = ts;
	if ((error = ngu__port_at_thread_exit(thread_end, ts)) != 0)
		ngu__port_die(EBUSY_DIES, error);
	return (ts);
}

/* ---- counters: index management */

/* The range for the whole process; made once. */
static struct ngu__ctr *
shared_range(void)
{
	struct ngu__ctr *p, *e = NULL;

	if (NGU_LIKELY((p = NGU_LD_ACQ(&shared_cells)) != NULL))
		return (p);
	if ((p = ngu__port_alloc_pages(CTR_BYTES)) == NULL)
		return (NULL);
	/* ORDER ctr-shared (store side): release; pairs with the acquire loads of shared_cells. Who comes second leaves his range unused. */
	return (NGU_CAS_AR(&shared_cells, &e, p) ? p : e);
}

/* Back to the map with the thread's last ones, until `rest` are left. */
static void
ctr_give(struct ngu__thread *ts, uint32_t rest)
{
	uint32_t i;

	ngu__spin_lock(&ctr_lock);
	while (ts->nidx > rest) {
		i = ts->idx[--ts->nidx];
		NGU_INVARIANT((ctr_l0[i / 64] >> (i % 64) & 1) != 0, "counter index freed twice");
		ctr_l0[i / 64] &= ~((uint64_t)1 << (i % 64));
		ctr_l1[i / 4096] &= ~((uint64_t)1 << (i / 64 % 64));
		ctr_l2[i / 262144] &= ~((uint64_t)1 << (i / 4096 % 64));
	}
	ngu__spin_unlock(&ctr_lock);
}

static void
ctr_mark_free(uint32_t i)
{
	struct ngu__thread *ts = ngu__self();

	if (ts->nidx == NGU_CTR_KEPT)
		ctr_give(ts, NGU_CTR_KEPT / 2);
	ts->idx[ts->nidx++] = i;
#ifdef NGU_NO_CACHES
	ctr_give(ts, 0);
#endif
}

/* The lowest free index, so that the cells in use stay close together; 0: none. Under ctr_lock. */
static uint32_t
ctr_lowest(void)
{
	uint32_t w2, w1, w0, i = 0;

	for (w2 = 0; w2 < CTR_L2 && ctr_l2[w2] == UINT64_MAX; w2++)
		;
	if (w2 < CTR_L2) {
		w1 = w2 * 64 + (uint32_t)__builtin_ctzll(~ctr_l2[w2]);
		if (w1 >= CTR_L1) /* a small map has fewer bits up there: it is full */
			return (0);
		w0 = w1 * 64 + (uint32_t)__builtin_ctzll(~ctr_l1[w1]);
		i = w0 * 64 + (uint32_t)__builtin_ctzll(~ctr_l0[w0]);
		ctr_l0[w0] |= (uint64_t)1 << (i % 64);
		if (ctr_l0[w0] == UINT64_MAX)
			ctr_l1[w1] |= (uint64_t)1 << (w0 % 64);
		if (ctr_l1[w1] == UINT64_MAX)
			ctr_l2[w2] |= (uint64_t)1 << (w1 % 64);
	}
	return (i);
}

/* For the thread to keep: half of what it may. */
static void
ctr_take(struct ngu__thread *ts)
{
	uint32_t i, n;

	ngu__spin_lock(&ctr_lock);
	for (n = CTR_TAKEN; n-- != 0 && (i = ctr_lowest()) != 0; ts->nidx++)
		ts->idx[ts->nidx] = i;
	ngu__spin_unlock(&ctr_lock);
	for (n = 0; n < ts->nidx / 2; n++) { /* the lowest is handed out first */
		i = ts->idx[n];
		ts->idx[n] = ts->idx[ts->nidx - 1 - n];
		ts->idx[ts->nidx - 1 - n] = i;
	}
}

uint32_t
ngu__ctr_alloc(void)
{
	struct ngu__thread *ts = ngu__self();
	uint32_t i = 0;

	if (ts->nidx == 0)
		ctr_take(ts);
	if (ts->nidx != 0)
		i = ts->idx[--ts->nidx];
	if (i != 0 && (NGU_UNLIKELY(i >= ngu__ctr_most) || shared_range() == NULL)) {
		ctr_mark_free(i);
		i = 0;
	}
	return (i);
}

/* Cell i of a record, or NULL. */
static struct ngu__ctr *
cell(struct ngu__thread *ts, uint32_t i)
{
	/* ORDER ctr-range (load side): acquire; pairs with the release store in ctr_range(). */
	struct ngu__ctr *c = NGU_LD_ACQ(&ts->ctr);

	return (c != NULL ? c + i : NULL);
}

static struct ngu__ctr *
shared_cell(uint32_t i)
{
	/* ORDER ctr-shared (load side): acquire. */
	struct ngu__ctr *c = NGU_LD_ACQ(&shared_cells);

	return (c != NULL ? c + i : NULL);
}

static void
add_cell(struct ngu__ctr *c, uint64_t *n, uint64_t *bytes)
{
	if (c != NULL) {
		*n += NGU_LD_RLX(&c->n);
		*bytes += NGU_LD_RLX(&c->bytes);
	}
}

void
ngu__ctr_read(uint32_t i, uint64_t *n, uint64_t *bytes)
{
	struct ngu__thread *ts;

	*n = *bytes = 0;
	add_cell(shared_cell(i), n, bytes);
	for (ts = NGU_LD_ACQ(&ngu__threads); ts != NULL; ts = ts->next)
		add_cell(cell(ts, i), n, bytes);
}

/* Looks first: a cell that nobody counted in shall not become memory. */
static void
take_cell(struct ngu__ctr *c, uint64_t *n, uint64_t *bytes)
{
	uint64_t cn, cb;

	/* No order needed: the index reaches its next user through ctr_lock, and that user publishes it to the counting threads. */
	if (c == NULL)
		return;
	cn = NGU_LD_RLX(&c->n);
	cb = NGU_LD_RLX(&c->bytes);
	if ((cn | cb) != 0) {
		*n += cn;
		*bytes += cb;
		NGU_ST_RLX(&c->n, 0u);
		NGU_ST_RLX(&c->bytes, 0u);
	}
}

void
ngu__ctr_fold(uint32_t i, uint64_t *n, uint64_t *bytes)
{
	struct ngu__thread *ts;

	*n = *bytes = 0;
	if (i == 0)
		return;
	for (ts = NGU_LD_ACQ(&ngu__threads); ts != NULL; ts = ts->next)
		take_cell(cell(ts, i), n, bytes);
	take_cell(shared_cell(i), n, bytes);
	ctr_mark_free(i);
}

void
ngu__ctr_free(uint32_t i)
{
	uint64_t n, bytes;

	ngu__ctr_fold(i, &n, &bytes);
}

void
ngu__ctr_shared(uint32_t i, uint64_t n, uint64_t bytes)
{
	struct ngu__ctr *c = shared_cell(i);

	NGU_INVARIANT(c != NULL || i == 0, "counting at an index never given out");
	if (c == NULL)
		return;
	(void)NGU_FADD_RLX(&c->n, n);
	(void)NGU_FADD_RLX(&c->bytes, bytes);
}
