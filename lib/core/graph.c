/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * graph.c - a graph as a whole: making and ending it, its clock, log and random numbers, doing its waiting work.
 */
#include "core/core.h"
#include "core/gate.h"
#include "kern/kern.h"
#include "kern/timers.h"

#include <ng/test.h>

ngu__generic_fn *ngu__generic;
struct ng_node *(*ngu__generic_other)(struct ng_node *here, struct ng_mesg *msg);

static __attribute__((__constructor__(101))) void
core_init(void)
{
	ngu__thread_exit_core = ngu__core_thread_exit;
	ngu__epoch_enter_core = ngu__epoch_enter;
	ngu__epoch_leave_core = ngu__epoch_leave;
	ngu__recover_core = ngu_thread_recover;
	ngu__way_out_core = ngu__way_out;
	(void)ngu__port_membarrier_init();
}

const char *
ngu_version(void)
{
	return ("0.1.0");
}

const char *
ngu_backend(void)
{
	return (ngu__rcl_name());
}

void
ngu_reclaim_barrier(void)
{
	ngu__rcl_barrier();
}

/* ---- what the kernel shim asks ---- */

/* Neither none nor one that was destroyed while it was the calling thread's current graph. */
static bool
is_there(struct ngu_graph *g)
{
	return (g != NULL && !NGU_LD_ACQ(&g->prefix.gone));
}

void
ngu__graph_log(struct ngu_graph *g, int level, const char *line)
{
	if (is_there(g) && g->log != NULL)
		(g->log)(g->log_arg, level, line); /* log is a macro in kernel sources */
	else
		ngu__port_log_stderr(line);
}

void
ngu__log(struct ngu_graph *g, int level, const char *fmt, ...)
{
	char line[512];
	int n;
	va_list ap;

	n = ngu__port_snprintf(line, sizeof(line), "%s: ", g != NULL ? g->name : "libng");
	va_start(ap, fmt);
	(void)ngu__port_vsnprintf(line + n, sizeof(line) - (size_t)n, fmt, ap);
	va_end(ap);
	ngu__graph_log(g, level, line);
}

uint64_t
ngu__graph_random(struct ngu_graph *g)
{
	static _Atomic uint64_t nobody = 1;
	uint64_t z;

	if (!is_there(g)) {
		z = NGU_FADD_RLX(&nobody, 0x9e3779b97f4a7c15u);
	} else {
		ngu__spin_lock(&g->random_lock);
		z = g->random_state += 0x9e3779b97f4a7c15u;
		ngu__spin_unlock(&g->random_lock);
	}
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (z ^ z >> 31);
}

int64_t
ngu__graph_now(struct ngu_graph *g)
{
	if (!is_there(g))
		return (ngu__port_mono_ns());
	return (g->fake_clock ? NGU_LD_ACQ(&g->fake_now) : ngu__port_mono_ns() - g->t0);
}

struct ngu__timers *
ngu__graph_timers(struct ngu_graph *g)
{
	return (is_there(g) ? g->timers : NULL);
}

void
ngu__graph_timer_kick(struct ngu_graph *g)
{
	if (g == NULL || g->nworkers == 0)
		return;
	(void)NGU_FADD_SC(&g->wq[0].event, 1u);
	if (NGU_LD_SC(&g->wq[0].asleep) != 0)
		ngu__port_wake(&g->wq[0].event, 1);
}

struct ngu_graph *
ngu__graph_of(const struct ng_node *node)
{
	return (node != NULL && node->nd_graph != NULL ? node->nd_graph : ngu__self()->graph);
}

/* ---- life ---- */

static void
counters_free(struct ngu_graph *g)
{
	uint32_t *c[] = { &g->prefix.ctr_mbuf_alloc, &g->prefix.ctr_mbuf_free, &g->ctr_flow, &g->ctr_queue, &g->ctr_nodes,
		&g->ctr_hooks, &g->ctr_memory, &g->ctr_gate };
	unsigned i;

	for (i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		if (*c[i] != 0)
			ngu__ctr_free(*c[i]);
		*c[i] = 0;
	}
	for (i = 0; i < NGU_R_COUNT; i++) {
		if (g->ctr_reason[i] != 0)
			ngu__ctr_free(g->ctr_reason[i]);
		g->ctr_reason[i] = 0;
	}
	for (i = 0; i < NGU_L_COUNT; i++) {
		if (g->ctr_limit[i] != 0)
			ngu__ctr_free(g->ctr_limit[i]);
		g->ctr_limit[i] = 0;
	}
}

static int
counters_make(struct ngu_graph *g)
{
	uint32_t *c[] = { &g->prefix.ctr_mbuf_alloc, &g->prefix.ctr_mbuf_free, &g->ctr_flow, &g->ctr_queue, &g->ctr_nodes,
		&g->ctr_hooks, &g->ctr_memory, &g->ctr_gate };
	unsigned i;

	for (i = 0; i < sizeof(c) / sizeof(c[0]); i++)
		if ((*c[i] = ngu__ctr_alloc()) == 0)
			return (ENOMEM);
	for (i = 0; i < NGU_R_COUNT; i++)
		if ((g->ctr_reason[i] = ngu__ctr_alloc()) == 0)
			return (ENOMEM);
	for (i = 0; i < NGU_L_COUNT; i++)
		if ((g->ctr_limit[i] = ngu__ctr_alloc()) == 0)
			return (ENOMEM);
	return (0);
}

void
ngu__graph_hold(struct ngu_graph *g)
{
	(void)NGU_FADD_RLX(&g->holders, 1u);
}

void
ngu__graph_unhold(struct ngu_graph *g)
{
	if (NGU_FSUB_AR(&g->holders, 1u) == 1)
		ngu__port_free(g);
}

bool
ngu__graph_there(struct ngu_graph *g)
{
	return (is_there(g));
}

void
ngu__also(struct ngu__thread *ts, struct ngu_graph *g)
{
	struct ngu_graph *old = ts->also;

	if (old == g)
		return;
	if (g != NULL)
		ngu__graph_hold(g);
	ts->also = g;
	if (old != NULL)
		ngu__graph_unhold(old);
}

void
ngu__graph_home(struct ngu__thread *ts, struct ngu_graph *g)
{
	struct ngu_graph *old = ts->home;

	if (g != NULL)
		ngu__graph_hold(g);
	ts->home = g;
	ts->graph = g;
	if (old != NULL)
		ngu__graph_unhold(old);
}

/* The end of a graph. A thread whose current graph it is finds out by itself, and holds the memory until then. */
static void
graph_free(struct ngu_graph *g)
{
	ngu__strict_end(g);
	NGU_ST_REL(&g->prefix.gone, 1u);
	if (g->timers != NULL) {
		ngu__timers_fini(g->timers);
		ngu__port_free(g->timers);
		g->timers = NULL;
	}
	ngu__idtab_fini(&g->ids);
	ngu__names_fini(&g->names);
	counters_free(g);
	ngu__graph_unhold(g);
}

int
ngu_graph_create(const struct ngu_graph_opts *opts, struct ngu_graph **out)
{
	static const struct ngu_graph_opts none;
	struct ngu_graph *g;
	int error;

	if (opts == NULL)
		opts = &none;
	else if (opts->size != sizeof(*opts))
		return (EINVAL);
	if (opts->depth_limit > NGU_SLOTS - 1 || opts->workers > NGU_WORKERS_MAX)
		return (EINVAL);
	if ((g = ngu__port_alloc(sizeof(*g), NGU_CACHELINE)) == NULL)
		return (ENOMEM);
	NGU_ST_RLX(&g->holders, 1u);
	(void)ngu__strlcpy(g->name, opts->name != NULL ? opts->name : "graph", sizeof(g->name));
	ngu__limits_init(g, opts);
	g->fake_clock = opts->fake_clock;
	g->pin = opts->pin_workers;
	g->log = opts->log;
	g->log_arg = opts->log_arg;
	g->random_state = opts->seed != 0 ? opts->seed : 1;
	g->t0 = ngu__port_mono_ns();
	if ((error = counters_make(g)) != 0 || (error = ngu__idtab_init(&g->ids)) != 0 ||
	    (error = ngu__names_init(&g->names)) != 0)
		goto fail;
	if ((g->timers = ngu__port_alloc(sizeof(*g->timers), NGU_CACHELINE)) == NULL) {
		error = ENOMEM;
		goto fail;
	}
	if ((error = ngu__timers_init(g->timers)) != 0) {
		ngu__port_free(g->timers);
		g->timers = NULL;
		goto fail;
	}
	if (opts->workers != 0 && (error = ngu__workers_start(g, opts->workers)) != 0)
		goto fail;
	if (ngu_graph_current() == NULL)
		(void)ngu_graph_enter(g);
#ifdef NGU_DEBUG
	if ((error = ngu_graph_strict(g, NGU_STRICT_DEFAULT | NGU_STRICT_ABORT)) != 0)
		ngu__log(g, LOG_WARNING, "strict mode cannot be had: error %d", error);
#endif
	*out = g;
	return (0);
fail:
	graph_free(g);
	return (error);
}

/* Nodes and hooks that still are memory. */
static uint64_t
alive(struct ngu_graph *g, uint64_t *nodes, uint64_t *hooks)
{
	uint64_t n, h, fn, fh, gone;

	ngu__ctr_read(g->ctr_memory, &fn, &fh);
	ngu__ctr_read(g->ctr_nodes, &n, &gone);
	ngu__ctr_read(g->ctr_hooks, &h, &gone);
	*nodes = n - fn;
	*hooks = h - fh;
	return (*nodes + *hooks);
}

/* ---- who wants to know of its end: what stands above, for which there is no node to tell it ---- */

struct ngu__at_end {
	struct ngu__at_end *next;
	void (*fn)(void *arg);
	void *arg;
};

/* fn runs once, when the graph begins to be destroyed, the last one first. ENOMEM; ESHUTDOWN it has begun. */
int
ngu__graph_at_end(struct ngu_graph *g, void (*fn)(void *arg), void *arg)
{
	struct ngu__at_end *e = ngu__port_alloc(sizeof(*e), 16);
	bool ending;

	if (e == NULL)
		return (ENOMEM);
	e->fn = fn;
	e->arg = arg;
	ngu__spin_lock(&g->at_end_lock);
	if (!(ending = g->ending)) {
		e->next = g->at_end;
		g->at_end = e;
	}
	ngu__spin_unlock(&g->at_end_lock);
	if (ending)
		ngu__port_free(e);
	return (ending ? ESHUTDOWN : 0);
}

/* It does not any more; nothing if it has been called. */
void
ngu__graph_not_at_end(struct ngu_graph *g, void (*fn)(void *arg), void *arg)
{
	struct ngu__at_end **p, *e;

	ngu__spin_lock(&g->at_end_lock);
	for (p = &g->at_end; (e = *p) != NULL && (e->fn != fn || e->arg != arg); p = &e->next)
		;
	if (e != NULL)
		*p = e->next;
	ngu__spin_unlock(&g->at_end_lock);
	ngu__port_free(e);
}

static void
tell_end(struct ngu_graph *g)
{
	struct ngu__at_end *e;

	for (;;) {
		ngu__spin_lock(&g->at_end_lock);
		g->ending = true;
		if ((e = g->at_end) != NULL)
			g->at_end = e->next;
		ngu__spin_unlock(&g->at_end_lock);
		if (e == NULL)
			return;
		(e->fn)(e->arg);
		ngu__port_free(e);
	}
}

/* It lives on. */
static int
no_end(struct ngu_graph *g)
{
	ngu__spin_lock(&g->at_end_lock);
	g->ending = false;
	ngu__spin_unlock(&g->at_end_lock);
	return (EBUSY);
}

int
ngu_graph_destroy(struct ngu_graph *g)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu__ctx ctx;
	struct ng_node *node;
	uint64_t nodes, hooks;
	uint32_t id;
	int round;

	if (g == NULL)
		return (0);
	if (ts->level != 0 || ts->nest != 0)
		return (EDEADLK);
	tell_end(g);
	(void)ngu_trace_stop(g); /* it holds a node */
	for (round = 0; round < 3 && alive(g, &nodes, &hooks) != 0; round++) {
		for (id = 0;;) {
			ngu__enter(ts, &ctx, g);
			ngu__look_enter(ts);
			while ((node = ngu__id_next(&g->ids, &id)) != NULL && !ngu__node_tryref(node))
				;
			ngu__look_leave(ts);
			if (node == NULL) {
				ngu__leave(ts, &ctx);
				break;
			}
			if (round > 0) /* it has come back once: this time it is told not to */
				(void)NGU_FOR_SC(&node->nd_flags, NGF_REALLY_DIE);
			(void)ngu__call_rmnode(node);
			NG_NODE_UNREF(node);
			ngu__leave(ts, &ctx);
		}
		if (ngu_settle(g, 10000) != 0)
			ngu__log(g, LOG_WARNING, "queues do not run empty");
		if (NGU_PLANT(S8))
			continue;
		ngu__rcl_barrier();
		ngu__rcl_barrier(); /* what the first round's callbacks retired */
	}
	if (alive(g, &nodes, &hooks) != 0) {
		ngu__log(g, LOG_ERR, "graph cannot be destroyed: still referenced: %llu node%s and %llu hook%s", (unsigned long long)nodes,
		    NGU_PLURAL(nodes), (unsigned long long)hooks, NGU_PLURAL(hooks));
		return (no_end(g));
	}
	ngu__ctr_read(g->prefix.ctr_mbuf_free, &hooks, &nodes);
	{
		uint64_t made, bytes;

		ngu__ctr_read(g->prefix.ctr_mbuf_alloc, &made, &bytes);
		if (made != hooks) { /* they would be counted in freed memory */
			ngu__log(g, LOG_ERR, "graph cannot be destroyed: still in use: %llu packet buffer%s",
			    (unsigned long long)(made - hooks), NGU_PLURAL(made - hooks));
			return (no_end(g));
		}
	}
	ngu__workers_stop(g);
	ngu__rcl_barrier();
	if (ts->graph == g)
		ngu__graph_home(ts, NULL);
	graph_free(g);
	return (0);
}

struct ngu_graph *
ngu_graph_current(void)
{
	struct ngu__thread *ts = ngu__self();

	if (ts->graph != NULL && ts->graph == ts->home && !is_there(ts->graph))
		ngu__graph_home(ts, NULL);
	return (ts->graph);
}

struct ngu_graph *
ngu_graph_enter(struct ngu_graph *g)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu_graph *old = ngu_graph_current();

	if (g != old)
		ngu__books(ts); /* inside a section: what was counted so far belongs to the graph we come from */
	if (ts->level == 0)
		ngu__graph_home(ts, g);
	else
		ts->graph = g; /* until the method returns */
	return (old);
}

const char *
ngu_graph_name(const struct ngu_graph *g)
{
	return (g->name);
}

/* ---- waiting work ---- */

unsigned
ngu_poll(struct ngu_graph *g, unsigned budget)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu__ctx ctx;
	unsigned done = 0, n, i;
	uint32_t errand = ts->errand;

	if (ts->nest != 0)
		return (0);
	ts->errand = 0; /* all of it was asked for */
	do {
		ngu__enter(ts, &ctx, g);
		n = ngu__timers_run(g->timers, ngu__graph_now(g));
		for (i = 0; i < (g->nworkers != 0 ? g->nworkers : 1); i++)
			n += ngu__wq_serve(ts, &g->wq[i], budget == 0 ? 1024 : budget - done > n ? budget - done - n : 0);
		if (ts->level == 1 && ts->nmine != 0)
			ngu__leave_slow(ts);
		ngu__leave(ts, &ctx);
		done += n;
	} while (n != 0 && (budget == 0 || done < budget));
	ts->errand = errand;
	return (done);
}

static bool
quiet(struct ngu_graph *g)
{
	unsigned i;

	if (NGU_LD_ACQ(&g->queued_data) != 0 || NGU_LD_ACQ(&g->queued_items) != 0 ||
	    NGU_LD_ACQ(&g->queued_dooms) != 0)
		return (false);
	for (i = 0; i < (g->nworkers != 0 ? g->nworkers : 1); i++)
		if (NGU_LD_ACQ(&g->wq[i].len) != 0 || NGU_LD_ACQ(&g->wq[i].busy) != 0)
			return (false);
	return (true);
}

int
ngu_settle(struct ngu_graph *g, unsigned timeout_ms)
{
	int64_t end = timeout_ms != 0 ? ngu__port_mono_ns() + (int64_t)timeout_ms * 1000000 : INT64_MAX;
	unsigned round = 0, calm = 0;

	for (;;) {
		if (g->nworkers == 0)
			(void)ngu_poll(g, 64);
		if (quiet(g)) {
			if (++calm == 3) /* a worker may have been between two looks */
				return (0);
			continue;
		}
		calm = 0;
		if (ngu__port_mono_ns() > end)
			return (ETIMEDOUT);
		if (g->nworkers != 0)
			ngu__port_backoff(&round);
	}
}

int64_t
ngu_clock_now(const struct ngu_graph *g)
{
	return (ngu__graph_now((struct ngu_graph *)(uintptr_t)g));
}

int64_t
ngu_clock_next(const struct ngu_graph *g)
{
	int64_t when = ngu__timers_next(g->timers);

	return (when != INT64_MAX ? when : -1);
}

int
ngu_clock_advance(struct ngu_graph *g, int64_t ns)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu__ctx ctx;
	struct ngu__thread *nobody = NULL;
	int64_t end, next;
	unsigned round = 0;

	if (!g->fake_clock || ns < 0 || ts->nest != 0)
		return (EINVAL);
	for (; !NGU_CAS_AR(&g->mover, &nobody, ts); nobody = NULL) {
		if (ts->level != 0) /* the mover may be waiting for us, or be us */
			return (EDEADLK);
		ngu__port_backoff(&round);
	}
	end = NGU_LD_ACQ(&g->fake_now) + ns;
	/* From deadline to deadline, so that each timer sees its own time. */
	while ((next = ngu__timers_next(g->timers)) <= end) {
		if (next > NGU_LD_ACQ(&g->fake_now))
			NGU_ST_REL(&g->fake_now, next);
		ngu__enter(ts, &ctx, g);
		(void)ngu__timers_run(g->timers, NGU_LD_ACQ(&g->fake_now));
		ngu__leave(ts, &ctx);
		if (g->nworkers == 0)
			(void)ngu_poll(g, 0);
	}
	NGU_ST_REL(&g->fake_now, end);
	NGU_ST_REL(&g->mover, NULL);
	return (0);
}
