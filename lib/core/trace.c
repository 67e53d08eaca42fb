/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace.c - packets followed hop by hop (include/ng/inspect.h, ngu_trace_start()).
 *
 * A packet that is delivered to a hook with NGU_HK_TRACE gets a number. While a method has it ts->trace is that number and ts->limit is 0, so
 * that whatever the method sends goes the slow way: hop() tests d >= ts->limit for each packet anyway, and learns nothing of traces. There
 * the item gets the number into its flags, and keeps it where it has to wait: put off, laid aside, queued. Where it is delivered, the number
 * is the thread's again for as long as the method runs.
 * Records    lie in an array; each is claimed by one addition, written by one thread, and complete when its state says so. No lock; when the
 *            array is full the rest is counted.
 * Numbers    are given out round and round (NGU_TRACE_NUMBERS), so that an item that waited longer than its trace does not get into the next.
 */
#include "core/core.h"

#define PER_PACKET (NGU_TRACE_LEAST / 16 + 1) /* records */
#define RECS_MOST 16384u

enum { EMPTY, BEGUN, DONE };

struct place {
	_Atomic uint32_t state;
	_Atomic int32_t result;
	_Atomic uint64_t took;
	int64_t t0;
	struct ngu_trace_rec rec;
};

struct ngu__trace {
	struct ngu__retire retire;
	node_p node;   /* referenced */
	uint32_t base; /* its packets' numbers lie behind this */
	uint32_t n;
	uint32_t room;
	int64_t t0;
	_Atomic uint32_t started;
	_Atomic uint32_t claimed; /* may be more than there are */
	struct place place[];
};

/* ---- numbers ---- */

/* 1 .. n; 0: not of this trace. */
static uint32_t
packet_of(const struct ngu__trace *t, uint32_t number)
{
	uint32_t k = (number - 1 + NGU_TRACE_NUMBERS - t->base) % NGU_TRACE_NUMBERS;

	return (k < t->n ? k + 1 : 0);
}

static uint32_t
number_of(const struct ng_item *item)
{
	return ((uint32_t)((item->el_flags & NGU_QF_TRACE) / NGU_QF_TRACE1));
}

void
ngu__trace_mark(struct ngu__thread *ts, struct ng_item *item)
{
	item->el_flags &= ~(unsigned long)(NGU_QF_TRACE | NGU_QF_HOW);
	item->el_flags |= (unsigned long)ts->trace * NGU_QF_TRACE1;
}

/* ---- records ---- */

static struct place *
claim(struct ngu__trace *t, struct ng_item *item, hook_p hook, uint32_t event, struct ngu__thread *ts)
{
	uint32_t i, packet = packet_of(t, number_of(item));
	node_p node, far;
	struct place *p;
	hook_p peer;

	if (packet == 0)
		return (NULL);
	if ((i = NGU_FADD_RLX(&t->claimed, 1u)) >= t->room)
		return (NULL);
	p = &t->place[i];
	p->t0 = ngu__port_mono_ns();
	p->rec.packet = packet;
	p->rec.event = event;
	p->rec.how = (uint32_t)(item->el_flags & NGU_QF_HOW) / NGU_QF_HOW1;
	p->rec.count = item->el_count;
	p->rec.len = (uint32_t)ngu__item_bytes(item);
	p->rec.depth = NGU_LD_RLX(&ts->depth) + (event != NGU_T_DELIVERED); /* a delivery is among them already */
	p->rec.at_ns = (uint64_t)(p->t0 - t->t0);
	p->rec.thread = ts->id;
	if (hook != NULL && hook != &ng_deadhook) {
		node = NGU_LD_ACQ(&hook->hk_node);
		peer = NGU_LD_ACQ(&hook->hk_peer);
		far = NGU_LD_ACQ(&peer->hk_node);
		(void)ngu__strlcpy(p->rec.hook, hook->hk_name, sizeof(p->rec.hook));
		if (node != &ng_deadnode) {
			p->rec.node = node->nd_ID;
			(void)ngu__strlcpy(p->rec.name, NG_NODE_NAME(node), sizeof(p->rec.name));
			(void)ngu__strlcpy(p->rec.type, node->nd_type->name, sizeof(p->rec.type));
		}
		if (far != &ng_deadnode) {
			p->rec.far_node = far->nd_ID;
			(void)ngu__strlcpy(p->rec.far_hook, peer->hk_name, sizeof(p->rec.far_hook));
		}
	}
	return (p);
}

static void
done(struct place *p, int result)
{
	NGU_ST_RLX(&p->result, result);
	NGU_ST_RLX(&p->took, (uint64_t)(ngu__port_mono_ns() - p->t0));
	/* ORDER trace-record (store side): release; the record is whole. */
	NGU_ST_REL(&p->state, (uint32_t)DONE);
}

/* The item, which has a number, was queued, put off or laid aside for `hook`, or refused there. In a section. */
void
ngu__trace_event(struct ngu__thread *ts, struct ng_item *item, hook_p hook, uint32_t event, enum ngu_reason why, int error)
{
	struct ngu__trace *t;
	struct place *p;

	if (ts->graph == NULL)
		return;
	ngu__look_enter(ts);
	/* ORDER trace-publish (load side): acquire; the trace is complete. */
	if ((t = NGU_LD_ACQ(&ts->graph->trace)) != NULL && (p = claim(t, item, hook, event, ts)) != NULL) {
		p->rec.reason = why;
		done(p, error);
	}
	ngu__look_leave(ts);
	item->el_flags &= ~(unsigned long)NGU_QF_HOW;
	item->el_flags |= (unsigned long)event * NGU_QF_HOW1;
}

/* A packet without a number is delivered to a hook that is traced: it gets one while there are any. */
static void
begin(struct ngu__trace *t, struct ng_item *item)
{
	uint32_t k = NGU_LD_RLX(&t->started);

	do {
		if (k >= t->n)
			return;
	} while (!NGU_CAS_AR(&t->started, &k, k + 1));
	item->el_flags |= (unsigned long)((t->base + k) % NGU_TRACE_NUMBERS + 1) * NGU_QF_TRACE1;
}

/* As ngu__hand_over(), for a hook that is looked at, or a packet that is followed, or a thread that follows one. */
int
ngu__hand_over_watched(struct ngu__thread *ts, hook_p peer, struct ng_item *item)
{
	uint32_t flags = (uint32_t)NGU_LD_ACQ(&peer->hk_flags), old = ts->trace;
	struct ngu_graph *g = NGU_LD_ACQ(&peer->hk_node)->nd_graph; /* not the thread's, if a method sends into another graph */
	struct ngu__trace *t = NULL;
	struct place *p = NULL;
	int error;

	if ((flags & NGU_HK_IN) != 0)
		ngu__capture(g, peer, NGU_CAP_IN, item);
	if ((flags & NGU_HK_TRACE) != 0 || number_of(item) != 0) {
		t = NGU_LD_ACQ(&g->trace); /* ORDER trace-publish (load side): as above */
		if (t != NULL && number_of(item) == 0)
			begin(t, item);
		if (t != NULL && number_of(item) != 0 && (p = claim(t, item, peer, NGU_T_DELIVERED, ts)) != NULL) {
			/* ORDER trace-record (store side): release; all but how it ends. */
			NGU_ST_REL(&p->state, (uint32_t)BEGUN);
		}
	}
	ts->trace = number_of(item);
	item->el_flags &= ~(unsigned long)(NGU_QF_TRACE | NGU_QF_HOW);
	ts->limit = ngu__limit_now(ts);
	error = ngu__deliver(ts, peer, item);
	ts->trace = old;
	ts->limit = ngu__limit_now(ts);
	if (p != NULL)
		done(p, error);
	return (error);
}

/* ---- beginning, end, reading ---- */

struct arm {
	const char *only; /* NULL: all */
	uint32_t bits;
	unsigned n;
};

static bool
arm_hook(void *arg, hook_p hook)
{
	struct arm *a = arg;

	if (a->only == NULL || ngu__strcmp(hook->hk_name, a->only) == 0) {
		ngu__watch_bits(hook, a->bits, NGU_HK_TRACE);
		a->n++;
	}
	return (true);
}

static void
trace_grace(struct ngu__retire *r)
{
	struct ngu__trace *t = NGU_CONTAINER(r, struct ngu__trace, retire);

	NG_NODE_UNREF(t->node);
	ngu__port_free(t);
}

int
ngu_trace_start(struct ngu_graph *g, const char *path, const char *hook, unsigned n)
{
	struct ngu__thread *ts = ngu__self();
	struct arm a = { .only = hook, .bits = NGU_HK_TRACE };
	uint32_t room = n * PER_PACKET;
	struct ngu__trace *t;
	struct ngu__ctx ctx;
	int error;

	if (g == NULL || path == NULL || n == 0 || n > NGU_TRACE_MOST)
		return (EINVAL);
	if (ts->nest != 0)
		return (EDEADLK);
	room = room < NGU_TRACE_LEAST ? NGU_TRACE_LEAST : room > RECS_MOST ? RECS_MOST : room;
	if ((t = ngu__port_alloc(sizeof(*t) + room * sizeof(t->place[0]), 16)) == NULL)
		return (ENOMEM);
	t->n = n;
	t->room = room;
	t->t0 = ngu__port_mono_ns();
	ngu__enter(ts, &ctx, g);
	if ((error = ng_path2noderef(NULL, path, &t->node, NULL)) != 0) {
		ngu__port_free(t);
	} else {
		ngu__look_enter(ts);
		ngu__spin_lock(&g->watch_lock);
		if (NGU_LD_RLX(&g->trace) != NULL) {
			error = EBUSY;
		} else {
			t->base = g->trace_base;
			g->trace_base = (g->trace_base + n) % NGU_TRACE_NUMBERS;
			/* ORDER trace-publish (store side): release; complete, and before the bits. */
			NGU_ST_REL(&g->trace, t);
			(void)ngu__hooks_walk(t->node, arm_hook, &a);
			if (a.n == 0) {
				NGU_ST_REL(&g->trace, NULL);
				error = ENOENT;
			}
		}
		ngu__spin_unlock(&g->watch_lock);
		if (error != 0)
			ngu__retire(&t->retire, trace_grace);
		ngu__look_leave(ts);
	}
	ngu__leave(ts, &ctx);
	return (error);
}

static void
disarm(struct ngu__trace *t)
{
	struct arm a = { .bits = 0 };

	(void)ngu__hooks_walk(t->node, arm_hook, &a);
}

int
ngu_trace_stop(struct ngu_graph *g)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu__trace *t;

	if (g == NULL)
		return (EINVAL);
	if (ts->nest != 0)
		return (EDEADLK);
	ngu__look_enter(ts);
	ngu__spin_lock(&g->watch_lock);
	if ((t = NGU_LD_RLX(&g->trace)) != NULL) {
		disarm(t);
		NGU_ST_REL(&g->trace, NULL);
		ngu__retire(&t->retire, trace_grace);
	}
	ngu__spin_unlock(&g->watch_lock);
	ngu__look_leave(ts);
	return (t != NULL ? 0 : ENOENT);
}

/* What the records of places that are whole, or begun, come to. In a look. */
static uint32_t
collect(struct ngu__trace *t, struct ngu_trace_rec *rec, uint32_t room)
{
	uint32_t i, n = 0, state;

	for (i = 0; i < t->room && n < room; i++) {
		struct place *p = &t->place[i];

		/* ORDER trace-record (load side): acquire. */
		if ((state = NGU_LD_ACQ(&p->state)) == EMPTY)
			continue;
		rec[n] = p->rec;
		if (state == DONE) {
			rec[n].result = NGU_LD_RLX(&p->result);
			rec[n].took_ns = NGU_LD_RLX(&p->took);
			rec[n].done = 1;
		}
		n++;
	}
	return (n);
}

int
ngu_trace_read(struct ngu_graph *g, struct ngu_trace **out)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu_trace *block = NULL;
	struct ngu__trace *t;
	uint32_t claimed, room = 0;

	if (out == NULL)
		return (EINVAL);
	*out = NULL;
	if (g == NULL)
		return (EINVAL);
	if (ts->nest != 0)
		return (EDEADLK);
	for (;;) {
		ngu__look_enter(ts);
		if ((t = NGU_LD_ACQ(&g->trace)) == NULL) { /* ORDER trace-publish (load side): as above */
			ngu__look_leave(ts);
			ngu__port_free(block);
			return (ENOENT);
		}
		claimed = NGU_LD_RLX(&t->claimed);
		if (block != NULL && room >= (claimed < t->room ? claimed : t->room))
			break;
		room = (claimed < t->room ? claimed : t->room) + 16;
		ngu__look_leave(ts);
		ngu__port_free(block);
		if ((block = ngu__port_alloc(sizeof(*block) + room * sizeof(struct ngu_trace_rec), 16)) == NULL)
			return (ENOMEM);
	}
	block->recs_off = sizeof(*block);
	block->packets = t->n;
	block->started = NGU_LD_RLX(&t->started);
	block->lost = claimed > t->room ? claimed - t->room : 0;
	block->nrecs = collect(t, (struct ngu_trace_rec *)(void *)(block + 1), room);
	if (block->started == t->n) { /* no more will come: packets need not go the long way any more */
		ngu__spin_lock(&g->watch_lock);
		if (NGU_LD_RLX(&g->trace) == t)
			disarm(t);
		ngu__spin_unlock(&g->watch_lock);
	}
	ngu__look_leave(ts);
	ngu__block_init(&block->block, sizeof(*block) + block->nrecs * sizeof(struct ngu_trace_rec), NGU_B_TRACE);
	*out = block;
	return (0);
}
