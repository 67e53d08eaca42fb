/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gate.cc - turns, promises and the queue of a node: lib/core/gate.h and lib/core/itemq.h, with lib/reclaim/section.h for packets.
 *
 * Threads ask for a writer's or a message reader's turn; who is refused queues an item and comes back for it. The driver calls the
 * protocol's operations as lib/core/queue.c, serve.c and turn.c do. What a method does is a plain access to `inside`, the server's part of
 * the queue is plain as well, so Relacy sees two that are in at once as a data race. At the end nothing may wait.
 */
#include "relacy.h"
#include "reclaim/section.h"
#include "core/gate.h"
#include "core/itemq.h"

struct ngu__thread {
	ngu__sec sec;
	ngu__sec_depth depth;
	ngu__sec_slot slot[1];
};

struct item {
	uintptr_t next;
	bool writer;
	unsigned sender;
	rl::var<int> seq;
};

static inline uintptr_t *
ngu__itemq_link(uintptr_t e)
{
	return (&((struct item *)e)->next);
}

static inline void
ngu__itemq_coming(uintptr_t e)
{
	(void)e;
}

struct ng_node {
	ngu__gate gate;
	ngu__itemq_head head;
	rl::var<uintptr_t> local; /* taken out, in order; whoever has W or D */
	uintptr_t tail;
	unsigned writers;
	rl::var<int> inside;
	int last[3], applied; /* by the method, so alone or counted after the run */
	struct ngu__thread *packets; /* the thread that sends packets here; NULL: none */
	unsigned packets_me;
};

/* What drivers of twins leave out. */
enum { ALL, Q_NOT_LOOKED_AT, NO_RECHECK, NO_PROMISE, PROMISE_BROKEN, W_DROPPED_BLINDLY, R_DROPPED_BLINDLY, W_BESIDE_READERS, SERVER_WAITS_NOT };

static void
node_init(struct ng_node *n)
{
	NGU_ST_RLX(&n->gate, 0u);
	NGU_ST_RLX(&n->head, (uintptr_t)0);
	n->local($) = 0;
	n->inside($) = 0;
	n->tail = n->writers = n->applied = 0;
	n->last[0] = n->last[1] = n->last[2] = 0;
	n->packets = NULL;
}

static void
gather(struct ng_node *n)
{
	uintptr_t last = 0, e = ngu__itemq_take(&n->head, &last), w, end;

	if (e == 0)
		return;
	for (w = e; w != 0; w = *ngu__itemq_link(w))
		n->writers += ((struct item *)w)->writer;
	end = n->local($);
	if (end == 0)
		n->local($) = e;
	else
		*ngu__itemq_link(n->tail) = e;
	n->tail = last;
}

static bool
more(void *arg)
{
	struct ng_node *n = (struct ng_node *)arg;

	if (left_out != NO_RECHECK)
		gather(n);
	return ((uintptr_t)n->local($) != 0);
}

static void
refresh_qw(struct ng_node *n)
{
	if ((NGU_LD_SC(&n->gate) & NGU_G_QW) != 0 && n->writers == 0)
		(void)NGU_FAND_SC(&n->gate, ~NGU_G_QW);
	gather(n);
	if (n->writers != 0)
		(void)NGU_FOR_SC(&n->gate, NGU_G_QW);
}

/* As gate_wait() in lib/core/turn.c, for the one thread that has sections. */
static void
gate_wait(struct ng_node *n, unsigned me)
{
	uint32_t mark;

	if (n->packets == NULL || n->packets_me == me || !ngu__sec_is_open(&n->packets->sec, &mark))
		return;
	while (ngu__sec_still_open(&n->packets->sec, mark))
		rl::yield(1, $);
}

static void
write_alone(struct ng_node *n)
{
	n->inside($) = n->inside($) + 1;
}

static void
read_beside(struct ng_node *n)
{
	(void)(int)n->inside($);
}

static void
apply(struct ng_node *n, struct item *i)
{
	int seq = i->seq($);

	RL_ASSERT(seq == n->last[i->sender] + 1); /* in order, none lost, none twice */
	n->last[i->sender] = seq;
	n->applied++;
	if (i->writer)
		write_alone(n);
	else
		read_beside(n);
}

static struct item *
pop(struct ng_node *n)
{
	struct item *i = (struct item *)(uintptr_t)n->local($);

	n->local($) = i->next;
	n->writers -= i->writer;
	return (i);
}

/* As ngu__serve(), for a thread outside sections. */
static void
serve(struct ng_node *n, unsigned me)
{
	bool first = true;

	refresh_qw(n);
	for (;;) {
		struct item *i = (struct item *)(uintptr_t)n->local($);

		if (i == NULL) {
			if (ngu__gate_rest(&n->gate, more, n))
				break;
			refresh_qw(n);
			continue;
		}
		if (!first && ngu__gate_drop_d_promised(&n->gate))
			break;
		if (i->writer) {
			if (left_out == W_BESIDE_READERS)
				(void)NGU_FOR_SC(&n->gate, NGU_G_W);
			else if (!ngu__gate_d_to_w(&n->gate)) {
				if (ngu__gate_drop_d_readers(&n->gate) || ngu__gate_drop_d_promised(&n->gate))
					break;
				continue;
			}
			if (left_out != SERVER_WAITS_NOT)
				gate_wait(n, me);
			apply(n, pop(n));
			ngu__gate_w_to_d(&n->gate);
			if (n->writers == 0)
				refresh_qw(n);
		} else {
			RL_ASSERT(ngu__gate_d_add_r(&n->gate));
			apply(n, pop(n));
			(void)NGU_FSUB_SC(&n->gate, NGU_G_R1);
		}
		first = false;
	}
}

static void
post(struct ng_node *n, struct item *i, bool writer, unsigned sender, int seq)
{
	i->writer = writer;
	i->sender = sender;
	i->seq($) = seq;
	ngu__itemq_push(&n->head, (uintptr_t)i);
}

static void
promise(struct ng_node *n, uint32_t bits, bool again)
{
	uint32_t old;

	RL_ASSERT(ngu__gate_pushed(&n->gate, bits, !again && left_out != NO_PROMISE, &old));
}

static void
way_out(struct ng_node *n, unsigned me)
{
	if (left_out != NO_PROMISE && left_out != PROMISE_BROKEN && ngu__gate_keep(&n->gate) == NGU_PROMISE_SERVE)
		serve(n, me);
}

static void
writer(struct ng_node *n, struct item *i, unsigned me)
{
	if (ngu__gate_try_w(&n->gate)) {
		gate_wait(n, me);
		write_alone(n);
		gather(n); /* as ngu__queue_dooms() does on the way out */
		if (left_out == W_DROPPED_BLINDLY)
			(void)NGU_FAND_SC(&n->gate, ~NGU_G_W);
		else if (ngu__gate_drop_w(&n->gate) == NGU_GATE_SERVE)
			serve(n, me);
	} else {
		post(n, i, true, me, 1);
		promise(n, NGU_G_Q | NGU_G_QW, false);
		way_out(n, me);
	}
}

/* A packet to a force-writer node: excl_run() in lib/core/deliver.c, or as any writer. */
static void
exclusive(struct ng_node *n, struct item *i, unsigned me)
{
	if (!ngu__gate_try_excl(&n->gate)) {
		writer(n, i, me);
		return;
	}
	write_alone(n);
	if (left_out == W_DROPPED_BLINDLY) {
		(void)NGU_FAND_SC(&n->gate, ~NGU_G_W);
	} else if (!ngu__gate_drop_excl(&n->gate)) {
		gather(n);
		if (ngu__gate_drop_w(&n->gate) == NGU_GATE_SERVE)
			serve(n, me);
	}
}

static void
reader(struct ng_node *n, struct item *i, unsigned me)
{
	if (ngu__gate_try_r(&n->gate, false)) {
		read_beside(n);
		if (left_out == R_DROPPED_BLINDLY)
			(void)NGU_FSUB_SC(&n->gate, NGU_G_R1);
		else if (ngu__gate_drop_r(&n->gate))
			serve(n, me);
	} else {
		post(n, i, false, me, 1);
		promise(n, NGU_G_Q, false);
		way_out(n, me);
	}
}

/* A packet: as hop(), then ngu__hop_slow(), in lib/core/deliver.c. */
static void
packet(struct ng_node *n, struct item *i, unsigned me)
{
	struct ngu__thread *t = n->packets;
	bool posted = false;

	ngu__sec_open(&t->sec);
	ngu__slot_show(t->slot, &t->depth, 0, n);
	if ((NGU_LD_SC(&n->gate) & (NGU_G_W | NGU_G_QW | NGU_G_EXCL | NGU_G_DEAD)) == 0) {
		read_beside(n);
		ngu__slot_leave(&t->depth, 0);
	} else {
		ngu__slot_leave(&t->depth, 0);
		post(n, i, false, me, 1);
		promise(n, NGU_G_Q, false);
		posted = true;
	}
	ngu__sec_close(&t->sec);
	if (posted)
		way_out(n, me);
}

static void
at_rest(struct ng_node *n)
{
	RL_ASSERT((NGU_LD_RLX(&n->gate) & ~NGU_G_EXCL) == 0);
	RL_ASSERT(NGU_LD_RLX(&n->head) == 0);
	RL_ASSERT((uintptr_t)n->local($) == 0);
}

/* ---- who is inside: two would-be writers and a message reader */

struct turns : rl::test_suite<turns, 3> {
	struct ng_node n;
	struct item item[3];

	void before() { node_init(&n); }
	void thread(unsigned me)
	{
		if (me < 2)
			writer(&n, &item[me], me);
		else
			reader(&n, &item[me], me);
	}
	void after()
	{
		at_rest(&n);
		RL_ASSERT(n.inside($) == 2);
	}
};

static const struct twin turns_twins[] = {
	{"twin: a promise is not kept", {}, PROMISE_BROKEN},
	{"twin: nobody promises", {}, NO_PROMISE},
	{"twin: W given back without a look at the queue", {}, W_DROPPED_BLINDLY},
	{"twin: the last reader goes without a look at the queue", {}, R_DROPPED_BLINDLY},
	{"twin: the server becomes the writer beside readers", {}, W_BESIDE_READERS},
	{"twin: gate-open, W given back with acquire only", {{"ngu__gate_drop_w", RMW, rl::mo_acquire}}},
	{"twin: gate-open, the server's W given back with acquire only",
	    {{"ngu__gate_w_to_d", RMW, rl::mo_acquire}, {"ngu__gate_drop_d_empty", RMW, rl::mo_acquire},
		{"ngu__gate_drop_d_promised", RMW, rl::mo_acquire}, {"ngu__gate_rest", RMW, rl::mo_acquire},
		{"refresh_qw", RMW, rl::mo_acquire}}},
	{"twin: a reader's turn taken with release only", {{"ngu__gate_try_r", RMW, rl::mo_release}}},
	{"twin: a reader's turn given back with acquire only", {{"ngu__gate_drop_r", RMW, rl::mo_acquire}}},
	{"twin: a writer's turn taken with release only", {{"ngu__gate_try_w", RMW, rl::mo_release}}},
	{},
};

/* ---- a force-writer node: two packets by the short turn, a writer by the long one */

struct shorts : rl::test_suite<shorts, 3> {
	struct ng_node n;
	struct item item[3];

	void before()
	{
		node_init(&n);
		NGU_ST_RLX(&n.gate, NGU_G_EXCL);
	}
	void thread(unsigned me)
	{
		if (me < 2)
			exclusive(&n, &item[me], me);
		else
			writer(&n, &item[me], me);
	}
	void after()
	{
		at_rest(&n);
		RL_ASSERT(n.inside($) == 3);
	}
};

static const struct twin shorts_twins[] = {
	{"twin: short turns, W given back without a look at the queue", {}, W_DROPPED_BLINDLY},
	{"twin: short turns, a promise is not kept", {}, PROMISE_BROKEN},
	{"twin: short turns, taken with release only", {{"ngu__gate_try_excl", RMW, rl::mo_release}}},
	{"twin: short turns, given back with acquire only", {{"ngu__gate_drop_excl", RMW, rl::mo_acquire}}},
	{},
};

/* ---- the same with a packet in place of the message: it leaves no trace in the word */

struct packets : rl::test_suite<packets, 3> {
	struct ng_node n;
	struct ngu__thread t;
	struct item item[3];

	void before()
	{
		node_init(&n);
		NGU_ST_RLX(&t.sec, 0u);
		NGU_ST_RLX(&t.depth, 0u);
		NGU_ST_RLX(&t.slot[0], (struct ng_node *)NULL);
		n.packets = &t;
		n.packets_me = 2;
	}
	void thread(unsigned me)
	{
		if (me < 2)
			writer(&n, &item[me], me);
		else
			packet(&n, &item[me], me);
	}
	void after()
	{
		at_rest(&n);
		RL_ASSERT(n.inside($) == 2);
	}
};

static const struct twin packets_twins[] = {
	{"twin: packets, the server becomes the writer and waits for no section", {}, SERVER_WAITS_NOT},
	{"twin: packets, sec made odd with acquire and release only",
	    {{"ngu__sec_open", RMW, rl::mo_acq_rel}, {"ngu__sec_is_open", LD, rl::mo_acquire}, {"ngu__slot_show", FENCE, rl::mo_relaxed}}},
	{"twin: packets, a promise is not kept", {}, PROMISE_BROKEN},
	{},
};

/* ---- what waits: two senders of two items each, somebody serves */

struct queue : rl::test_suite<queue, 2> {
	struct ng_node n;
	struct item item[2][2];

	void before() { node_init(&n); }
	void thread(unsigned me)
	{
		for (int k = 0; k < 2; k++) {
			post(&n, &item[me][k], false, me, k + 1);
			promise(&n, NGU_G_Q, k != 0);
		}
		way_out(&n, me);
	}
	void after()
	{
		at_rest(&n);
		RL_ASSERT(n.applied == 4);
	}
};

/* A server that finds its queue empty while somebody pushes, and a writer comes: each item is announced and looked for by itself. */
struct rests : rl::test_suite<rests, 3> {
	struct ng_node n;
	struct item item[2][2], third;

	void before() { node_init(&n); }
	void thread(unsigned me)
	{
		if (me == 2)
			writer(&n, &third, me);
		else
			for (int k = 0; k < 2; k++) {
				post(&n, &item[me][k], me == 1, me, k + 1);
				promise(&n, me == 1 ? NGU_G_Q | NGU_G_QW : NGU_G_Q, false);
				way_out(&n, me);
			}
	}
	void after()
	{
		at_rest(&n);
		RL_ASSERT(n.last[0] == 2);
		RL_ASSERT(n.inside($) == 3);
	}
};

static const struct twin queue_twins[] = {
	{"twin: the server does not look again", {}, NO_RECHECK},
	{"twin: the server looks again without an order between",
	    {{"ngu__gate_rest", RMW, rl::mo_relaxed}, {"ngu__itemq_take", LD, rl::mo_relaxed}}},
	{"twin: itemq-push, pushed relaxed", {{"ngu__itemq_push", RMW, rl::mo_relaxed}, {"ngu__gate_pushed", RMW, rl::mo_relaxed}}},
	{"twin: itemq-push, taken relaxed",
	    {{"ngu__itemq_take", LD, rl::mo_relaxed}, {"ngu__itemq_take", RMW, rl::mo_relaxed}, {"ngu__gate_keep", RMW, rl::mo_relaxed},
		{"refresh_qw", LD, rl::mo_relaxed}}},
	{"twin: the queue is announced with no order to the push",
	    {{"ngu__gate_pushed", RMW, rl::mo_relaxed}, {"ngu__itemq_push", RMW, rl::mo_release}, {"ngu__itemq_take", LD, rl::mo_relaxed},
		{"ngu__gate_rest", RMW, rl::mo_relaxed}}},
	{},
};

/* A worker, and two senders that promise nothing: announce(), pinned, ngu__wq_push() and ngu__wq_serve(). */
struct works : rl::test_suite<works, 3> {
	struct ng_node n;
	struct item item[2][2];
	NGU_ATOMIC(uint32_t) list;

	void before()
	{
		node_init(&n);
		NGU_ST_RLX(&list, 0u);
	}
	void send(struct item *i, unsigned me, int seq)
	{
		uint32_t old;

		post(&n, i, false, me, seq);
		if (left_out == Q_NOT_LOOKED_AT ? (NGU_LD_SC(&n.gate) & (NGU_G_D | NGU_G_L)) != 0 : ngu__gate_announced(&n.gate, NGU_G_Q))
			return;
		(void)ngu__gate_pushed(&n.gate, NGU_G_Q, false, &old);
		if ((old & (NGU_G_W | NGU_G_D)) == 0 && (NGU_FOR_SC(&n.gate, NGU_G_L) & NGU_G_L) == 0)
			(void)NGU_FADD_SC(&list, 1u);
	}
	void thread(unsigned me)
	{
		if (me != 2) {
			send(&item[me][0], me, 1);
			send(&item[me][1], me, 2);
			return;
		}
		while (n.applied != 4)
			if (!serve_list())
				rl::yield(1, $);
	}
	bool serve_list()
	{
		if (NGU_LD_ACQ(&list) == 0)
			return (false);
		(void)NGU_FSUB_SC(&list, 1u);
		(void)NGU_FAND_SC(&n.gate, ~NGU_G_L);
		if (ngu__gate_try_d(&n.gate))
			serve(&n, 2);
		return (true);
	}
	void after()
	{
		(void)serve_list(); /* it may be listed for what the worker has found already */
		at_rest(&n);
	}
};

static const struct twin works_twins[] = {
	{"twin: a worker's queue, a server is trusted to look again, Q is not looked at", {}, Q_NOT_LOOKED_AT},
	{"twin: a worker's queue, the server does not look again", {}, NO_RECHECK},
	{"twin: a worker's queue, looked at with no order to the push",
	    {{"ngu__gate_announced", LD, rl::mo_relaxed}, {"ngu__itemq_push", RMW, rl::mo_release}, {"ngu__itemq_take", LD, rl::mo_relaxed},
		{"ngu__itemq_take", RMW, rl::mo_acquire}, {"ngu__gate_rest", RMW, rl::mo_relaxed}}},
	{},
};

int
main()
{
	holds<turns>("turns: two writers, a message reader", 100000);
	holds_bound<turns>("turns: two writers, a message reader", 2);
	twins<turns>(turns_twins, 1000000);
	holds<shorts>("shorts: two short turns, a writer", 100000);
	holds_bound<shorts>("shorts: two short turns, a writer", 2);
	twins<shorts>(shorts_twins, 1000000);
	holds<packets>("packets: two writers, a packet", 100000);
	holds_bound<packets>("packets: two writers, a packet", 2);
	twins<packets>(packets_twins, 1000000);
	holds<queue>("queue: two senders of two items", 100000);
	holds_bound<queue>("queue: two senders of two items", 2);
	holds<rests>("rests: two senders, each item by itself, and a writer", 100000);
	holds_bound<rests>("rests: two senders, each item by itself, and a writer", 1);
	twins<rests>(queue_twins, 1000000);
	holds<works>("works: two senders to a worker", 100000);
	holds_bound<works>("works: two senders to a worker", 1);
	twins<works>(works_twins, 1000000);
	return (done());
}
