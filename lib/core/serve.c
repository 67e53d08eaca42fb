/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * serve.c - who applies what waits in front of nodes: senders on their way out, workers, who waits for the end of a call.
 *
 * Senders    keep their promises (queue.c): they wait for a moment for the gate to open and serve what is theirs, so that packets stay on the CPU they
 *            came from and the node is back in direct mode as soon as it is open.
 * Servers    have the node's D: one at a time, for as many items as they may, the rest goes to the worklist.
 * Blocks     a sender waits for a gate for at most WAYOUT_NS, outside sections; nothing else.
 */
#include "core/queue.h"

/* How long a sender on its way out waits for a gate to open. Nanoseconds. */
#define WAYOUT_NS 4000
#define LONG_QUEUE 1024 /* items waiting in the graph from which on a sender always gives way */
#define HURRY 32 /* ways out without waiting after one that waited in vain */

/* ---- what a server owes ---- */

#define OWED_MOST 32u

static void
owed_init(struct ngu__owed *o, struct ng_node *node)
{
	uint32_t d = NGU_LD_RLX(&node->nd_graph->max[NGU_L_DATA]), q = NGU_LD_RLX(&node->nd_graph->max[NGU_L_NODEQUEUE]);

	o->node = node;
	o->most = (d < q ? d : q) / 64; /* of a small limit nothing is kept back */
	if (o->most > OWED_MOST)
		o->most = OWED_MOST;
}

static void
owed_pay_room(struct ngu__owed *o)
{
	if (o->room == 0)
		return;
	(void)NGU_FSUB_RLX(&o->node->nd_state, o->room * NGU_NS_Q1);
	(void)NGU_FSUB_RLX(&o->node->nd_graph->queued_data, o->room);
	o->room = 0;
}

static void
owed_pay_hooks(struct ngu__owed *o)
{
	if (o->hooks != 0)
		ngu__hook_unref_n(o->hook, o->hooks);
	o->hooks = 0;
}

static void
owed_pay_pends(struct ngu__owed *o)
{
	/* ORDER pend-done (store side): release, after the methods. */
	if (o->pends != 0)
		(void)NGU_FSUB_AR(ngu__pend(o->owner, o->node), o->pends);
	o->pends = 0;
}

static void
owed_pay(struct ngu__owed *o)
{
	if (o == NULL)
		return;
	owed_pay_room(o);
	owed_pay_hooks(o);
	owed_pay_pends(o);
}

void
ngu__owed_hook(struct ngu__owed *o, struct ng_hook *hook)
{
	if (o->hook != hook || o->hooks == OWED_MOST)
		owed_pay_hooks(o);
	o->hook = hook;
	o->hooks++;
}

void
ngu__owed_pend(struct ngu__owed *o, struct ngu__thread *owner)
{
	if (o->owner != owner || o->pends == OWED_MOST)
		owed_pay_pends(o);
	o->owner = owner;
	o->pends++;
}

void
ngu__owed_recover(struct ngu__thread *ts)
{
	struct ngu__owed *o = &ts->owed;
	uintptr_t e = o->run;

	if (o->node == NULL)
		return;
	if (o->nrun != 0) {
		while (--o->nrun != 0)
			e = *ngu__itemq_link(e);
		*ngu__itemq_link(e) = o->node->nd_qlocal;
		if (o->node->nd_qlocal == 0)
			o->node->nd_qtail = e;
		o->node->nd_qlocal = o->run;
	}
	owed_pay(o);
	o->node = NULL;
}

void
ngu__queue_discharge(struct ngu_graph *g, struct ng_node *node, struct ng_item *item, struct ngu__owed *o)
{
	NGU_STRICT_ITEM_QUEUED(item, false);
	if (!(item->el_flags & NGU_QF_CHARGED))
		return;
	if (o != NULL && (item->el_flags & NGQF_TYPE) == NGQF_DATA) {
		item->el_flags &= ~(unsigned long)NGU_QF_CHARGED;
		if (++o->room >= o->most)
			owed_pay_room(o);
		return;
	}
	(void)NGU_FSUB_RLX(&node->nd_state, NGU_NS_Q1);
	(void)NGU_FSUB_RLX((item->el_flags & NGQF_TYPE) == NGQF_DATA ? &g->queued_data : &g->queued_items, 1u);
	item->el_flags &= ~(unsigned long)NGU_QF_CHARGED;
}

/* ---- serving ---- */

/* For ngu__gate_rest(). */
static bool
more(void *arg)
{
	struct ng_node *node = arg;

	if (!NGU_PLANT(S5))
		ngu__queue_gather(node);
	return (node->nd_qlocal != 0 || ngu__has_doom(node));
}

/* Packets some places on in the queue will be needed soon. */
static void
look_ahead(uintptr_t e)
{
	unsigned i;

	for (i = 0; i < NGU_AHEAD; i++)
		if (e == 0 || (e = *ngu__itemq_link(e)) == 0 || NGU_IS_DOOM(e))
			return;
	ngu__ent_ask_for(e);
}

/*
 * QW says that a writer waits. Clear it first, then look: a pusher sets it after its push, so a writer pushed before the
 * clearing is found, and one pushed after it sets the bit again.
 */
static void
refresh_qw(struct ng_node *node)
{
	if ((NGU_LD_SC(&node->nd_gate) & NGU_G_QW) && node->nd_qwriters == 0)
		(void)NGU_FAND_SC(&node->nd_gate, ~NGU_G_QW);
	ngu__queue_gather(node);
	if (node->nd_qwriters != 0 || ngu__has_doom(node))
		(void)NGU_FOR_SC(&node->nd_gate, NGU_G_QW);
}

/* Give D up with work left that this thread cannot do now. true: D is gone. */
static bool
give_up(struct ngu__thread *ts, struct ng_node *node)
{
	uint32_t w;

	if (ngu__gate_drop_d_readers(&node->nd_gate) || ngu__gate_drop_d_promised(&node->nd_gate))
		return (true);
	if (ts->nest == 0)
		return (false); /* the readers have just gone: go on */
	/* In a section: come back after it. Promise and D in one step would need two fields to agree; promise first. */
	if (!ngu__promised(ts, node) && ts->nmine < NGU_MINE && ngu__gate_pushed(&node->nd_gate, NGU_G_Q, true, &w)) {
		NG_NODE_REF(node);
		ts->mine[ts->nmine++] = node;
	}
	if (ngu__promised(ts, node) && ngu__gate_drop_d_promised(&node->nd_gate))
		return (true);
	/* No room for a promise: the worklist. */
	(void)NGU_FAND_SC(&node->nd_gate, ~NGU_G_D);
	ngu__wq_push(ts, node);
	return (true);
}

/*
 * A worker with nothing else to do stays a server for a moment after the last packet: the next one then costs its sender the push and
 * nothing more. true: something has come. Others are let in meanwhile as beside any server; who wants the node alone queues, and is served.
 */
#define LINGER NGU_SPINS(6) /* looks */
#define LOOK NGU_SPINS(16)  /* pauses between them: each look takes the queue's line away from the senders */

static bool
linger(struct ngu__thread *ts, struct ng_node *node)
{
	struct ngu__wq *wq;
	unsigned i, pause;

	if (ts->worker == NULL || ts->level != 2 || (wq = ngu__wq_own(ts, node->nd_graph)) == NULL)
		return (false);
	for (i = 0; i < LINGER && NGU_LD_RLX(&wq->len) == 0 && NGU_LD_RLX(&node->nd_graph->hasty) == 0; i++) {
		if (NGU_LD_ACQ(&node->nd_qhead) != 0 || ngu__has_doom(node))
			return (true);
		for (pause = 0; pause < LOOK; pause++)
			NGU_PAUSE();
	}
	return (false);
}

/*
 * Packets at the head of the queue that may be applied one after the other, nobody else looking on: readers, each nobody's to wait for. Up
 * to `most`, and not past `last`. How many; 0: the first is not of that kind.
 */
#define RUN 32u

static unsigned
run_take(struct ng_node *node, struct ngu__owed *o, uintptr_t last, unsigned most, bool *snap_done)
{
	uintptr_t e = node->nd_qlocal, end = 0;
	unsigned n;

	for (n = 0; n < most && n < RUN && e != 0 && !ngu__ent_writer(e) && (end == 0 || end != last); n++) {
		if ((NGU_ENT_ITEM(e)->el_flags & NGQF_TYPE) != NGQF_DATA || NGU_ENT_ITEM(e)->apply != NULL)
			break;
		end = e;
		e = *ngu__itemq_link(e);
	}
	if (n == 0)
		return (0);
	o->run = node->nd_qlocal;
	o->nrun = n;
	node->nd_qlocal = e;
	*snap_done |= end == last;
	return (n);
}

/* In a section, with D: the word does not show us, D alone keeps writers out. */
static void
run_apply(struct ngu__thread *ts, struct ng_node *node, struct ngu__owed *o)
{
	struct ngu__wframe f = { .node = node, .drainer = true, .prev = ts->rframes };
	uintptr_t e;

	ts->rframes = &f;
	while (o->nrun != 0) {
		e = o->run;
		look_ahead(e);
		o->run = *ngu__itemq_link(e);
		o->nrun--;
		ngu__queue_discharge(node->nd_graph, node, NGU_ENT_ITEM(e), o);
		(void)ngu__apply(ts, node, NGU_ENT_ITEM(e), false, o);
	}
	ts->rframes = f.prev;
}

/*
 * On an errand: this may have been sent because the errand is to end, and its method may wait for that. FreeBSD's threads of tasks and timers never
 * see what waits at a node. But packets' methods do not wait; and what it is sending just now would have run here, had the gate been open.
 */
static bool
not_ours(const struct ngu__thread *ts, struct ng_node *node, uintptr_t e)
{
	const struct ng_item *item = NGU_ENT_ITEM(e);

	if (ngu__has_doom(node) || NGU_IS_DOOM(e))
		return (true);
	return ((item->el_flags & NGQF_TYPE) != NGQF_DATA && (item != ts->sent || item->el_owner != ts));
}

/*
 * The caller holds D. Applies what waits, oldest first: all that was there at the start, then more while nobody else promised
 * to come, up to `budget`; the rest goes to the worklist. D is given back.
 */
void
ngu__serve(struct ngu__thread *ts, struct ng_node *node, unsigned budget)
{
	struct ngu__wframe f;
	struct ngu__ctx ctx;
	struct ngu__owed *owed = ts->owed.node == NULL ? &ts->owed : NULL; /* one at a time: a queue served within another's method pays at once */
	struct ng_item *item;
	uintptr_t e, last;
	unsigned n;
	bool in = false, first = true, snap_done, inside;

	ngu__enter(ts, &ctx, node->nd_graph);
	if (owed != NULL)
		owed_init(owed, node);
	refresh_qw(node);
	last = node->nd_qlocal != 0 ? node->nd_qtail : 0;
	snap_done = last == 0;
	for (;;) {
		e = node->nd_qlocal;
		if (e == 0 && !ngu__has_doom(node)) {
			if (in) { /* closers elsewhere do not wait for us to wait */
				in = false;
				ngu__data_leave(ts);
			}
			if (owed != NULL && linger(ts, node)) {
				ngu__queue_gather(node);
				continue;
			}
			owed_pay(owed);
			if (ngu__gate_rest(&node->nd_gate, more, node))
				break;
			refresh_qw(node);
			continue;
		}
		if (snap_done && !first && (NGU_LD_RLX(&node->nd_gate) & NGU_G_C) != 0) {
			owed_pay(owed);
			if (ngu__gate_drop_d_promised(&node->nd_gate))
				break;
		}
		if (budget == 0) {
			owed_pay(owed);
			(void)NGU_FAND_SC(&node->nd_gate, ~NGU_G_D);
			ngu__wq_push(ts, node);
			break;
		}
		if (NGU_UNLIKELY(ts->errand != 0) && not_ours(ts, node, e)) {
			owed_pay(owed);
			(void)NGU_FAND_SC(&node->nd_gate, ~NGU_G_D);
			ngu__wq_push(ts, node);
			break;
		}
		/*
		 * Inside a section that was open before, as at the end of a packet's own turn: a message's method may sleep, so it
		 * comes after the section.
		 */
		if (ts->nest > (in ? 1u : 0u) && !ngu__has_doom(node) && !NGU_IS_DOOM(e) && (NGU_ENT_ITEM(e)->el_flags & NGQF_TYPE) != NGQF_DATA) {
			owed_pay(owed);
			(void)give_up(ts, node); /* in a section it always can */
			break;
		}
		if (ngu__has_doom(node) || ngu__ent_writer(e) || (NGU_LD_RLX(&node->nd_gate) & NGU_G_EXCL) != 0) {
			if (in) {
				in = false;
				ngu__data_leave(ts);
			}
			if (!ngu__w_upgrade(ts, node, &f)) {
				owed_pay(owed);
				if (give_up(ts, node))
					break;
				continue;
			}
			if (ngu__has_doom(node) || NGU_IS_DOOM(e)) {
				snap_done |= e == last;
				ngu__doom_run(ts, node);
			} else {
				item = NGU_ENT_ITEM(ngu__queue_pop(node));
				snap_done |= e == last;
				ngu__queue_discharge(node->nd_graph, node, item, owed);
				(void)ngu__apply(ts, node, item, true, owed);
			}
			ngu__w_downgrade(ts, node, &f);
			if (node->nd_qwriters == 0)
				refresh_qw(node);
		} else {
			item = NGU_ENT_ITEM(e);
			look_ahead(e);
			if (!in && (item->el_flags & NGQF_TYPE) != NGQF_MESG) {
				in = true;
				ngu__data_enter(ts, node->nd_graph);
			} else if (in && (item->el_flags & NGQF_TYPE) == NGQF_MESG) {
				in = false; /* message methods may sleep */
				ngu__data_leave(ts);
			}
			if (in && owed != NULL && (n = run_take(node, owed, last, budget, &snap_done)) != 0) {
				first = false;
				budget -= n;
				ts->serve_budget -= ts->serve_budget < n ? ts->serve_budget : n;
				run_apply(ts, node, owed);
				continue;
			}
			/* A message reader: show it in the word; we hold D, so no writer can be there. */
			if (ts->nest == 0 && !ngu__gate_d_add_r(&node->nd_gate)) {
				owed_pay(owed);
				if (give_up(ts, node))
					break;
				continue;
			}
			(void)ngu__queue_pop(node);
			snap_done |= e == last;
			ngu__queue_discharge(node->nd_graph, node, item, owed);
			inside = ts->nest != 0; /* then D alone keeps writers out: the word does not show us */
			f.node = node;
			f.drainer = true;
			f.prev = ts->rframes;
			ts->rframes = &f;
			(void)ngu__apply(ts, node, item, false, owed);
			ts->rframes = f.prev;
			if (!inside)
				(void)NGU_FSUB_SC(&node->nd_gate, NGU_G_R1); /* D is ours: we serve what waits */
		}
		first = false;
		budget--;
		if (ts->serve_budget != 0)
			ts->serve_budget--;
	}
	if (in)
		ngu__data_leave(ts);
	if (owed != NULL)
		owed->node = NULL; /* all is paid */
	if (NGU_PLANT(stays_queued))
		(void)NGU_FOR_SC(&node->nd_gate, NGU_G_QW);
	ngu__leave(ts, &ctx);
}

static bool
closed(struct ng_node *node)
{
	return ((NGU_LD_ACQ(&node->nd_gate) & (NGU_G_W | NGU_G_D)) != 0);
}

/*
 * The gate is closed for a moment only: wait for it, so that our packets stay on this CPU and the next go direct. If it stays
 * closed, whoever has it is slow or not running: let it run, and do not wait again for a while.
 */
static void
wait_open(struct ngu__thread *ts, struct ng_node *node)
{
	unsigned spin, pause;

	if (ts->hurry != 0 && NGU_LD_RLX(&node->nd_graph->queued_data) < LONG_QUEUE) {
		ts->hurry--;
		return;
	}
	/* The one who has the gate writes its line only to open it, so looking does not disturb him. */
	for (spin = 0; spin < NGU_SPINS(WAYOUT_NS / 32) && closed(node); spin++)
		for (pause = 0; pause < 2; pause++)
			NGU_PAUSE();
	if (closed(node)) {
		ngu__port_yield();
		ts->hurry = HURRY;
	}
}

/* Look at the nodes this thread promised to look at. Outside sections; with turns held, too. */
void
ngu__promises_keep(struct ngu__thread *ts)
{
	struct ng_node *node;
	uint32_t i;

	if (ts->serve_budget == 0)
		ts->serve_budget = NGU_SERVE_BUDGET;
	while (ts->nmine != 0) {
		node = ts->mine[0];
		for (i = 1; i < ts->nmine; i++)
			ts->mine[i - 1] = ts->mine[i];
		ts->nmine--;
		wait_open(ts, node);
		if (ngu__gate_keep(&node->nd_gate) == NGU_PROMISE_SERVE)
			ngu__serve(ts, node, ts->serve_budget);
		NG_NODE_UNREF(node);
	}
}

/*
 * On the way out: what lies aside, all promises, and, where there are no workers, a share of the worklist. Outside sections.
 */
void
ngu__leave_slow(struct ngu__thread *ts)
{
	struct ngu_graph *g = ts->graph, *also;

	if (ts->nest != 0 || ts->wframes != NULL)
		return;
	ts->serving = true;
	ts->serve_budget = NGU_SERVE_BUDGET;
	if (ts->nlocal != 0) {
		wait_open(ts, ts->local_head->el_dest);
		ngu__local_serve(ts);
	}
	if (ts->full != 0) { /* a queue was full: let somebody run who can empty it */
		ts->full = 0;
		ngu__port_yield();
	}
	ngu__promises_keep(ts);
	if ((also = ts->also) != NULL) { /* another graph without workers got something from us */
		ts->also = NULL;
		if (also != g)
			(void)ngu__wq_serve(ts, &also->wq[0], 64);
		ngu__graph_unhold(also);
	}
	if (g != NULL && g->nworkers == 0 && NGU_LD_RLX(&g->wq[0].len) != 0 && ts->serve_budget != 0)
		(void)ngu__wq_serve(ts, &g->wq[0], ts->serve_budget < 64 ? ts->serve_budget : 64);
	ngu__promises_keep(ts); /* what the worklist's methods sent to closed nodes */
	if ((ts->errand & NGU_ERRAND_ALWAYS) != 0)
		ngu__also(ts, NULL); /* what it left there is not for it at any time */
	ts->sent = NULL;
	ts->serving = false;
}

/* An errand is over: what this thread left there for the sake of it. */
void
ngu__way_out(void)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu__ctx ctx;

	if (ts->nest != 0 || ts->errand != 0)
		return;
	ngu__enter(ts, &ctx, NULL);
	ngu__leave(ts, &ctx);
}

/* Up to `budget` items of the nodes on a worklist, a share for each in turn. Returns how many. */
unsigned
ngu__wq_serve(struct ngu__thread *ts, struct ngu__wq *wq, unsigned budget)
{
	unsigned start = budget, share;
	struct ng_node *node;
	bool was = ts->serving;
	uint32_t once = ts->errand == 0 ? UINT32_MAX : NGU_LD_RLX(&wq->len); /* a node that it leaves is back on the list */

	while (budget != 0 && once-- != 0) {
		ngu__spin_lock(&wq->lock);
		if ((node = wq->head) != NULL) {
			wq->head = node->nd_work;
			if (wq->head == NULL)
				wq->tail = NULL;
			(void)NGU_FSUB_AR(&wq->len, 1u);
		}
		ngu__spin_unlock(&wq->lock);
		if (node == NULL)
			break;
		(void)NGU_FAND_SC(&node->nd_gate, ~NGU_G_L);
		share = budget < 64 ? budget : 64;
		ts->serving = true;
		ts->serve_budget = share;
		if (ngu__gate_try_d(&node->nd_gate))
			ngu__serve(ts, node, share);
		budget -= share - ts->serve_budget != 0 ? share - ts->serve_budget : 1;
		ts->serving = was;
		NG_NODE_UNREF(node);
	}
	return (start - budget);
}

/* A thread ends: keep its promises. */
void
ngu__core_thread_exit(struct ngu__thread *ts)
{
	if (ts->nmine != 0 && ts->nest == 0) {
		ts->level++;
		ngu__leave_slow(ts);
		ts->level--;
	}
	ngu__also(ts, NULL);
	ngu__port_free(ts->waiter);
	ts->waiter = NULL;
	ngu__graph_home(ts, NULL);
}
