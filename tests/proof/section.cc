/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * section.cc - reader and closer do not miss each other: lib/reclaim/section.h and the writer's half of lib/core/gate.h.
 *
 * What a method does in a node is one plain access to `inside`: Relacy reports a reader beside a writer, and a writer that is not
 * ordered after the readers before it (or the next reader after the writer), as a data race.
 */
#include "relacy.h"
#include "reclaim/section.h"
#include "core/gate.h"

struct ng_node {
	ngu__gate gate;
	rl::var<int> inside;
};
struct ngu__thread {
	ngu__sec sec;
	ngu__sec_depth depth;
	ngu__sec_slot slot[2];
	struct ngu__thread *next;
};

/* What drivers of twins leave out. */
enum { ALL, NO_WAIT, SLOTS_UNFENCED, SLOTS_BEFORE, FLAGS_FIRST };

static void
node_init(struct ng_node *n)
{
	NGU_ST_RLX(&n->gate, 0u);
	n->inside($) = 0;
}

static void
thread_init(struct ngu__thread *t)
{
	NGU_ST_RLX(&t->sec, 0u);
	NGU_ST_RLX(&t->depth, 0u);
	NGU_ST_RLX(&t->slot[0], (struct ng_node *)NULL);
	NGU_ST_RLX(&t->slot[1], (struct ng_node *)NULL);
	t->next = NULL;
}

/* As hop() in lib/core/deliver.c; `then`: where the method sends on to. */
static void
hop(struct ngu__thread *t, uint32_t d, struct ng_node *n, struct ng_node *then)
{
	ngu__slot_show(t->slot, &t->depth, d, n);
	if ((NGU_LD_SC(&n->gate) & NGU_G_BUSY) == 0) {
		(void)(int)n->inside($);
		if (then != NULL)
			hop(t, d + 1, then, NULL);
	}
	ngu__slot_leave(&t->depth, d);
}

/* As gate_wait() in lib/core/turn.c for one other thread. fenced: its patience is over at once. */
static void
closer_waits(struct ngu__thread *t, struct ng_node *n, bool fenced)
{
	uint32_t mark;
	bool early;

	if (left_out == NO_WAIT || !ngu__sec_is_open(&t->sec, &mark))
		return;
	early = left_out == SLOTS_BEFORE && !ngu__slot_names(t->slot, &t->depth, 2, n);
	if (fenced && left_out != SLOTS_UNFENCED)
		membarrier();
	while (ngu__sec_still_open(&t->sec, mark)) {
		if (fenced && (early || !ngu__slot_names(t->slot, &t->depth, 2, n)))
			break;
		rl::yield(1, $);
	}
}

static void
write_alone(struct ng_node *n)
{
	n->inside($) = n->inside($) + 1;
}

/* ---- whole sections: two would-be writers, a reader with two sections of a hop each */

struct sections : rl::test_suite<sections, 3> {
	struct ng_node n;
	struct ngu__thread r;
	rl::atomic<int> taken;

	void before()
	{
		node_init(&n);
		thread_init(&r);
		taken.store(0, rl::mo_relaxed, $);
	}
	void thread(unsigned me)
	{
		if (me == 0) {
			for (int i = 0; i < 2; i++) {
				ngu__sec_open(&r.sec);
				hop(&r, 0, &n, NULL);
				ngu__sec_close(&r.sec);
			}
		} else if (ngu__gate_try_w(&n.gate)) {
			closer_waits(&r, &n, false);
			write_alone(&n);
			taken.fetch_add(1, rl::mo_relaxed, $);
			RL_ASSERT(ngu__gate_drop_w(&n.gate) == NGU_GATE_FREE);
		}
	}
	void after()
	{
		RL_ASSERT(n.inside($) == taken.load(rl::mo_relaxed, $));
		RL_ASSERT(n.inside($) >= 1);
		RL_ASSERT(n.gate.load(rl::mo_relaxed, $) == 0);
	}
};

static const struct twin sections_twins[] = {
	{"twin: the closer waits for no section", {}, NO_WAIT},
	{"twin: section-gate, sec made odd with acquire and release only, looked at with acquire",
	    {{"ngu__sec_open", RMW, rl::mo_acq_rel}, {"ngu__sec_is_open", LD, rl::mo_acquire}}},
	{"twin: section-gate, the gate loaded with acquire only, W set with acquire and release only",
	    {{"hop", LD, rl::mo_acquire}, {"ngu__gate_try_w", RMW, rl::mo_acq_rel}}},
	{"twin: section-close, sec made even relaxed", {{"ngu__sec_close", ST, rl::mo_relaxed}}},
	{"twin: section-close, sec awaited relaxed", {{"ngu__sec_still_open", LD, rl::mo_relaxed}}},
	{"twin: gate-open, W cleared with acquire only", {{"ngu__gate_drop_w", RMW, rl::mo_acquire}}},
	{"twin: gate-open, the gate loaded relaxed", {{"hop", LD, rl::mo_relaxed}}},
	{"twin: two writers, W taken relaxed", {{"ngu__gate_try_w", RMW, rl::mo_relaxed}}},
	{},
};

/* ---- the fenced path: a reader in a node behind another, then in it directly, then elsewhere; a closer of that node */

struct slots : rl::test_suite<slots, 2> {
	struct ng_node a, n;
	struct ngu__thread r;

	void before()
	{
		node_init(&a);
		node_init(&n);
		thread_init(&r);
	}
	void thread(unsigned me)
	{
		if (me == 0) {
			ngu__sec_open(&r.sec);
			hop(&r, 0, &a, &n);
			hop(&r, 0, &n, NULL);
			hop(&r, 0, &a, NULL);
			ngu__sec_close(&r.sec);
		} else {
			RL_ASSERT(ngu__gate_try_w(&n.gate));
			closer_waits(&r, &n, true);
			write_alone(&n);
			RL_ASSERT(ngu__gate_drop_w(&n.gate) == NGU_GATE_FREE);
		}
	}
	void after()
	{
		RL_ASSERT(n.inside($) == 1);
		RL_ASSERT(n.gate.load(rl::mo_relaxed, $) == 0);
	}
};

static const struct twin slots_twins[] = {
	{"twin: gate-slot, no membarrier", {}, SLOTS_UNFENCED},
	{"twin: gate-slot, no fence between slot and gate", {{"ngu__slot_show", FENCE, rl::mo_relaxed}}},
	{"twin: gate-slot, the closer looks at the slots before the membarrier only", {}, SLOTS_BEFORE},
	{"twin: gate-slot, depth lowered relaxed, slots stored relaxed",
	    {{"ngu__slot_leave", ST, rl::mo_relaxed}, {"ngu__slot_show", ST, rl::mo_relaxed}}},
	{"twin: gate-slot, depth and slots loaded relaxed", {{"ngu__slot_names", LD, rl::mo_relaxed}}},
	{},
};

/* ---- a thread that is not on the list yet */

struct joins : rl::test_suite<joins, 2> {
	struct ng_node n;
	struct ngu__thread r;
	ngu__sec_list list;

	void before()
	{
		node_init(&n);
		list.store(NULL, rl::mo_relaxed, $);
	}
	void thread(unsigned me)
	{
		if (me == 0) {
			thread_init(&r);
			ngu__sec_join(&list, &r, &r.next);
			ngu__sec_open(&r.sec);
			hop(&r, 0, &n, NULL);
			ngu__sec_close(&r.sec);
		} else {
			RL_ASSERT(ngu__gate_try_w(&n.gate));
			for (struct ngu__thread *t = NGU_LD_SC(&list); t != NULL; t = t->next)
				closer_waits(t, &n, false);
			write_alone(&n);
			RL_ASSERT(ngu__gate_drop_w(&n.gate) == NGU_GATE_FREE);
		}
	}
};

static const struct twin joins_twins[] = {
	{"twin: thread-list, joined with acquire and release only", {{"ngu__sec_join", RMW, rl::mo_acq_rel}}},
	{"twin: thread-list, joined relaxed", {{"ngu__sec_join", RMW, rl::mo_relaxed}}},
	{},
};

int
main()
{
	holds<sections>("sections: two writers, a reader", 100000);
	holds_bound<sections>("sections: two writers, a reader", 2);
	twins<sections>(sections_twins, 1000000);
	holds<slots>("slots: a writer, a reader two deep", 100000);
	holds_bound<slots>("slots: a writer, a reader two deep", 3);
	twins<slots>(slots_twins, 1000000);
	holds<joins>("joins: a new thread, a writer", 100000);
	holds_bound<joins>("joins: a new thread, a writer", 4);
	twins<joins>(joins_twins, 1000000);
	return (done());
}
