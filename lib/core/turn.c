/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * turn.c - who is inside a node: writers alone, message readers counted, packets by their sections. queue.c says who waits.
 *
 * gate.h says how the word works, section.h how readers and closers see each other; here both meet threads.
 *
 * Writers    take W, then wait for the sections that were open (gate_wait). A section that stays open too long belongs to a
 *            preempted or a very busy thread: then one membarrier makes its node slots trustworthy, and only a thread that is
 *            in this very node is waited for. A writer never waits from inside a section: it tries, or it queues.
 * Blocks     ngu__w_take() outside sections, for as long as sections are open; the two waits that say so. Nothing else.
 */
#include "core/core.h"
#include "core/gate.h"

/* How long a closer waits before it asks for a membarrier. Nanoseconds. */
#define PATIENCE_NS 20000
#define QUIET_NS 100000000 /* how long a bypass or relink waits for what is on its way by the old path */
#define SPINS_BEFORE_CLOCK NGU_SPINS(256)

/* ---- waiting for sections ---- */

static bool
in_slots(struct ngu__thread *t, const struct ng_node *node)
{
	return (ngu__slot_names(t->slot, &t->depth, NGU_SLOTS, node));
}

/*
 * Wait until no section that was open when the caller made its mark can be inside `node` (NULL: can be open at all), nor, if
 * given, inside `other`. Without a membarrier the slots are not looked at at all.
 */
static void
gate_wait(struct ngu__thread *self, const struct ng_node *node, const struct ng_node *other)
{
	bool fenced = false;
	int64_t t0 = 0;

	for (struct ngu__thread *t = NGU_LD_SC(&ngu__threads); t != NULL; t = t->next) {
		uint32_t mark;
		unsigned spin = 0, round = 0;

		if (t == self || !ngu__sec_is_open(&t->sec, &mark))
			continue;
		while (ngu__sec_still_open(&t->sec, mark)) {
			if (fenced && node != NULL && !in_slots(t, node) && (other == NULL || !in_slots(t, other)))
				break;
			if (++spin < SPINS_BEFORE_CLOCK) {
				NGU_PAUSE();
				continue;
			}
			if (t0 == 0)
				t0 = ngu__port_mono_ns();
			else if (ngu__port_mono_ns() - t0 > PATIENCE_NS) {
				if (!fenced && node != NULL)
					fenced = NGU_PLANT(S4) || ngu__port_membarrier();
				ngu__port_backoff(&round);
			}
			NGU_PAUSE();
		}
	}
}

void
ngu__sections_wait(struct ngu__thread *ts)
{
	/*
	 * A full fence: what the caller published is visible to every section that opens from here on. Not on `sec`, which other closers
	 * read: they would fetch it again.
	 */
	(void)NGU_XCHG_SC(&ts->fence, 0u);
	gate_wait(ts, NULL, NULL);
	/*
	 * A packet that lay aside when its section closed is on its way just as well.
	 * ORDER aside (load side): acquire; the section has closed, so the mark it made is visible.
	 */
	for (struct ngu__thread *t = NGU_LD_ACQ(&ngu__threads); t != NULL; t = t->next) {
		uint32_t a = NGU_LD_ACQ(&t->aside);
		unsigned round = 0;

		while (t != ts && (a & 1) != 0 && NGU_LD_ACQ(&t->aside) == a)
			ngu__port_backoff(&round);
	}
}

/*
 * Before an edge leads packets past a node: what waits in it, or is being served from its queue, should be through first, or its
 * sender's next packet would overtake it by the new way. Not for ever: a node that never comes to rest is passed all the same.
 */
void
ngu__node_quiet_wait(struct ngu__thread *ts, struct ng_node *node)
{
	struct ngu__wq *wq = ngu__wq_own(ts, node->nd_graph);
	int64_t end = 0;
	unsigned round = 0;
	bool said = false;

	while ((NGU_LD_SC(&node->nd_gate) & (NGU_G_W | NGU_G_D | NGU_G_Q)) != 0) {
		if (end == 0) {
			end = ngu__port_mono_ns() + QUIET_NS;
			if (ts->hasty == NULL) { /* else a call in this one's way; one of the two says it */
				(void)NGU_FADD_RLX(&node->nd_graph->hasty, 1u);
				ts->hasty = node->nd_graph;
				said = true;
			}
		} else if (ngu__port_mono_ns() > end)
			break;
		if (wq != NULL && NGU_LD_ACQ(&wq->len) != 0)
			(void)ngu__wq_serve(ts, wq, 64);
		else
			ngu__port_backoff(&round);
	}
	if (said) {
		(void)NGU_FSUB_RLX(&node->nd_graph->hasty, 1u);
		ts->hasty = NULL;
	}
}

/* No other thread is in a section now, and this one is not inside the node. For writers that must not wait. */
static bool
alone_now(struct ngu__thread *self, const struct ng_node *node)
{
	uint32_t mark;

	if (in_slots(self, node))
		return (false);
	for (struct ngu__thread *t = NGU_LD_SC(&ngu__threads); t != NULL; t = t->next)
		if (t != self && ngu__sec_is_open(&t->sec, &mark))
			return (false);
	return (true);
}

/* ---- writer turns ---- */

bool
ngu__w_held(struct ngu__thread *ts, const struct ng_node *node)
{
	for (struct ngu__wframe *f = ts->wframes; f != NULL; f = f->prev)
		if (f->node == node)
			return (true);
	return (false);
}

bool
ngu__w_mine(struct ngu__thread *ts, const struct ng_node *node)
{
	return (ts->w_other == node || ngu__w_held(ts, node));
}

static void
frame_push(struct ngu__thread *ts, struct ng_node *node, struct ngu__wframe *f)
{
	struct ngu_graph *g = node->nd_graph;

	f->node = node;
	f->generic = false;
	f->taken = true;
	f->prev = ts->wframes;
	f->t0 = NGU_LD_RLX(&g->timing) ? ngu__port_mono_ns() : 0;
	ts->wframes = f;
	NGU_STRICT_TURN(node);
}

static void
frame_pop(struct ngu__thread *ts, struct ng_node *node, struct ngu__wframe *f)
{
	struct ngu_graph *g = node->nd_graph;

	NGU_INVARIANT(ts->wframes == f, "G1");
	ts->wframes = f->prev;
	if (!f->taken)
		return;
	NGU_INSIDE(node, true);
	ngu__count(ts, g->ctr_gate, 1, 0);
	if (f->t0 != 0) {
		uint64_t d = (uint64_t)(ngu__port_mono_ns() - f->t0), h = NGU_LD_RLX(&g->gate_longest);

		while (d > h && !NGU_CAS_AR(&g->gate_longest, &h, d))
			;
	}
}

/* W is set: get the readers out. false: could not be had without waiting, and waiting is not allowed here. */
static bool
get_alone(struct ngu__thread *ts, struct ng_node *node, struct ng_node *other)
{
	uint32_t st = NGU_LD_ACQ(&node->nd_state);
	bool excl = (NGU_LD_RLX(&node->nd_gate) & NGU_G_EXCL) != 0;

	if (excl && (st & NGU_NS_EXCL_OK) && other == NULL) /* readers never enter: W alone is enough */
		return (true);
	if (ts->nest != 0) {
		if (!alone_now(ts, node))
			return (false);
	} else {
		gate_wait(ts, node, other);
	}
	if (excl)
		(void)NGU_FOR_AR(&node->nd_state, NGU_NS_EXCL_OK);
	return (true);
}

bool
ngu__w_take(struct ngu__thread *ts, struct ng_node *node, struct ngu__wframe *f)
{
	return (ngu__w_take2(ts, node, NULL, f));
}

/*
 * The same, and the turn of `other` as well if it is to be had: who changes an edge needs both its nodes, and so waits for the
 * open sections once. It is there for this thread's next ngu__w_take() of that node; ngu__w_other_done() gives it back if
 * nothing wanted it.
 */
bool
ngu__w_take2(struct ngu__thread *ts, struct ng_node *node, struct ng_node *other, struct ngu__wframe *f)
{
	if (ts->w_other == node && node != NULL) { /* taken and waited for already */
		ts->w_other = NULL;
		f->drainer = false;
		frame_push(ts, node, f);
		if (f->t0 != 0)
			f->t0 = ts->w_other_t0;
		NGU_INSIDE(node, true);
		return (true);
	}
	if (!ngu__gate_try_w(&node->nd_gate) &&
	    (!NGU_PLANT(S7) || (NGU_LD_SC(&node->nd_gate) & (NGU_G_D | NGU_G_Q | NGU_G_QW | NGU_G_R)) != 0))
		return (false);
	f->drainer = false;
	frame_push(ts, node, f);
	if (other != NULL && (other == node || ts->w_other != NULL || ts->nest != 0 || !ngu__gate_try_w(&other->nd_gate)))
		other = NULL;
	if (other != NULL) {
		ts->w_other_t0 = f->t0;
		if (!get_alone(ts, node, other)) /* outside sections it waits and cannot fail */
			ngu__port_die("libng: gate of node [%x] refused outside a section", (unsigned)node->nd_ID);
		ts->w_other = other;
		NGU_INSIDE(node, true);
		return (true);
	}
	if (!get_alone(ts, node, NULL)) {
		f->taken = false;
		NG_NODE_REF(node);
		frame_pop(ts, node, f);
		if (ngu__gate_drop_w(&node->nd_gate) == NGU_GATE_SERVE)
			ngu__serve(ts, node, NGU_SERVE_BUDGET);
		NG_NODE_UNREF(node);
		return (false);
	}
	NGU_INSIDE(node, true);
	return (true);
}

/* The turn of a node that nobody else knows yet: there is nobody to wait for. */
void
ngu__w_take_fresh(struct ngu__thread *ts, struct ng_node *node, struct ngu__wframe *f)
{
	(void)NGU_FOR_SC(&node->nd_gate, NGU_G_W);
	f->drainer = false;
	frame_push(ts, node, f);
}

void
ngu__w_release(struct ngu__thread *ts, struct ng_node *node, struct ngu__wframe *f)
{
	NG_NODE_REF(node);
	ngu__queue_dooms(ts, node);
	frame_pop(ts, node, f);
	if (ngu__gate_drop_w(&node->nd_gate) == NGU_GATE_SERVE)
		ngu__serve(ts, node, NGU_SERVE_BUDGET);
	NG_NODE_UNREF(node);
}

/* Give the second node of ngu__w_take2() back if it was not used. */
void
ngu__w_other_done(struct ngu__thread *ts)
{
	struct ng_node *other = ts->w_other;
	struct ngu__wframe f;

	if (other != NULL) {
		(void)ngu__w_take(ts, other, &f);
		ngu__w_release(ts, other, &f);
	}
}

/* The server becomes the writer. false: message readers are inside, or it would have to wait inside a section. */
bool
ngu__w_upgrade(struct ngu__thread *ts, struct ng_node *node, struct ngu__wframe *f)
{
	if (!ngu__gate_d_to_w(&node->nd_gate))
		return (false);
	f->drainer = true;
	frame_push(ts, node, f);
	if (!get_alone(ts, node, NULL)) {
		f->taken = false;
		frame_pop(ts, node, f);
		ngu__gate_w_to_d(&node->nd_gate);
		return (false);
	}
	NGU_INSIDE(node, true);
	return (true);
}

/* It becomes a plain server again. */
void
ngu__w_downgrade(struct ngu__thread *ts, struct ng_node *node, struct ngu__wframe *f)
{
	frame_pop(ts, node, f);
	ngu__gate_w_to_d(&node->nd_gate);
}

/* ---- message readers ---- */

bool
ngu__r_take(struct ngu__thread *ts, struct ng_node *node)
{
	return (ngu__gate_try_r(&node->nd_gate, NGU_LD_ACQ(ngu__pend(ngu__flow(ts), node)) != 0));
}

void
ngu__r_release(struct ngu__thread *ts, struct ng_node *node)
{
	if (ngu__gate_drop_r(&node->nd_gate))
		ngu__serve(ts, node, NGU_SERVE_BUDGET);
}
