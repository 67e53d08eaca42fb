/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_queue.c - the gate and the queue behind it (section 10): who is alone, who waits, in which order, who is told.
 * A node is made busy by sending to it from inside its own message method.
 */
#include "support/unit.h"

#include <pthread.h>

#define COOKIE 77

static struct ngt_probe *pr; /* the probe the callbacks send from */

/* What a callback is to do, and what it saw. */
struct job {
	int n;		    /* packets to send */
	int flags;
	int result[8];
	uint32_t gate;	    /* of the node, inside */
	int depth;
	bool deferring;
	int kill;	    /* 1 the node, 2 the hook "x", 3 really die */
	const char *to;	    /* a node to send a message to */
	int msg_result;
	unsigned calls;
};

static int
work(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct job *j = arg;
	int i;

	(void)hook;
	(void)item;
	j->calls++;
	j->gate = NGU_LD_ACQ(&node->nd_gate);
	j->depth = (int)NGU_LD_RLX(&ngu__self()->depth);
	j->deferring = ngu__self()->deferring;
	if (j->kill == 2) { /* first in the queue, before the packets */
		struct ng_mesg *msg;
		int error;

		NG_MKMESSAGE(msg, NGM_GENERIC_COOKIE, NGM_RMHOOK, sizeof(struct ngm_rmhook), M_NOWAIT);
		((struct ngm_rmhook *)(void *)msg->data)->ourhook[0] = 'x';
		NG_SEND_MSG_ID(error, node, msg, NG_NODE_ID(node), 0);
		assert_int_equal(error, 0);
	}
	for (i = 0; i < j->n; i++) {
		struct ngt_pkt pkt = { .len = 1 };

		pkt.b[0] = (uint8_t)i;
		j->result[i] = ngt_try_send_flags(pr, "x", pkt, j->flags);
	}
	if (j->to != NULL) {
		struct ng_mesg *msg;

		NG_MKMESSAGE(msg, COOKIE, 99, 0, M_NOWAIT);
		NG_SEND_MSG_PATH(j->msg_result, node, msg, j->to, 0);
	}
	if (j->kill == 1)
		(void)ng_rmnode_self(node);
	else if (j->kill == 3)
		NG_NODE_REALLY_DIE(node);
	ngt_trace_note("done");
	return (0);
}

/* A of type a, with hook x to probe p. */
static struct ngt *
busy(unsigned flags, struct job *j)
{
	struct ngt *t = traced(flags | NGT_LOG_DATA, NGT_LOG_DATA, "a A; A.x - probe p");

	pr = ngt_probe(t, "p");
	ngt_trace_on("rcvmsg A 77:1", work, j);
	return (t);
}

static void
stats(struct ngt *t, struct ngu_graph_stats *s)
{
	ngt_settle(t);
	ngu_graph_stats(G, s);
	assert_int_equal(s->attempted, s->delivered + s->refused + s->dropped);
	assert_int_equal(s->queued, 0);
}

/* ---- writers and readers ---- */

static void
test_data_behind_writer(void **state)
{
	struct job j = { .n = 3 };
	struct ngt *t = busy(0, &j);
	struct ngu_graph_stats s;

	(void)state;
	ngt_msg(t, "A:", COOKIE, 1, NULL, 0);
	/* Nothing overtakes, nothing blocks; the sender sees 0. */
	ngt_expect_trace("rcvmsg A 77:1; done; rcvdata A/x 1; rcvdata A/x 1; rcvdata A/x 1");
	assert_int_equal(j.result[0] | j.result[1] | j.result[2], 0);
	assert_true((j.gate & NGU_G_W) != 0);
	stats(t, &s);
	assert_int_equal(s.delivered, 3);
	assert_int_equal(s.queued_total, 3);
	ngt_end(t);
}

static void
test_progress(void **state)
{
	struct job j = { .n = 2, .flags = NG_PROGRESS };
	struct ngt *t = busy(0, &j);

	(void)state;
	ngt_msg(t, "A:", COOKIE, 1, NULL, 0);
	assert_int_equal(j.result[0], EINPROGRESS);
	assert_int_equal(j.result[1], EINPROGRESS);
	/* Not queued: the flag changes nothing. */
	assert_int_equal(ngt_try_send_flags(pr, "x", "01", NG_PROGRESS), 0);
	/* Queued because asked for. */
	assert_int_equal(ngt_try_send_flags(pr, "x", "01", NG_PROGRESS | NG_QUEUE), EINPROGRESS);
	assert_int_equal(ngt_try_send_flags(pr, "x", "01", NG_QUEUE), 0);
	ngt_settle(t);
	ngt_end(t);
}

/* As many message readers as can be counted: the next one waits until one has gone, and no other count is touched. */
static void
test_readers_full(void **state)
{
	struct ngt *t = traced(NGT_LOG_DATA, NGT_LOG_DATA, "a A; A.x - probe p");
	struct ng_node *a = node_of(t, "A");
	struct ngu__thread *ts = ngu__self();
	uint32_t i, n = NGU_G_R / NGU_G_R1;

	(void)state;
	for (i = 0; i < n; i++)
		assert_true(ngu__r_take(ts, a));
	assert_false(ngu__r_take(ts, a));
	assert_int_equal(ngt_send_msg(ngt_probe(t, "p"), "x", COOKIE, 1 | NGM_READONLY, NULL, 0), 0);
	ngt_expect_trace("");
	assert_int_equal(NGU_LD_ACQ(&a->nd_gate) & (NGU_G_R | NGU_G_C | NGU_G_D | NGU_G_W), NGU_G_R);
	for (i = 0; i < n; i++)
		ngu__r_release(ts, a);
	ngt_expect_trace("rcvmsg A 77:1");
	assert_int_equal(NGU_LD_ACQ(&a->nd_gate), 0);
	NG_NODE_UNREF(a);
	ngt_end(t);
}

/* A READONLY message is a reader: data passes beside it. */
static void
test_readonly_message(void **state)
{
	struct job j = { .n = 1 };
	struct ngt *t = busy(0, &j);

	(void)state;
	ngt_msg(t, "A:", COOKIE, 1 | NGM_READONLY, NULL, 0);
	ngt_expect_trace("rcvmsg A 77:1; rcvdata A/x 1; done");
	assert_true((j.gate & NGU_G_W) == 0);
	ngt_end(t);
}

static void
test_force_writer_node(void **state)
{
	struct job j = { 0 }, d = { 0 };
	struct ngt *t = busy(NGT_EXCLUSIVE, &j);

	(void)state;
	ngt_trace_on("rcvdata A/x", work, &d);
	ngt_send(pr, "x", "00");
	assert_true((d.gate & NGU_G_W) != 0); /* data alone in the node */
	ngt_msg(t, "A:", COOKIE, 1 | NGM_READONLY, NULL, 0);
	assert_true((j.gate & NGU_G_W) != 0); /* and a READONLY message too */
	ngt_end(t);
}

/* A reader-turned-writer that loops back to its own node is queued. */
static void
test_force_writer_loop(void **state)
{
	struct job d = { .n = 1 };
	struct ngt *t = busy(NGT_EXCLUSIVE, &d);

	(void)state;
	ngt_trace_on("rcvdata A/x 2", work, &d);
	ngt_send(pr, "x", "0000");
	ngt_expect_trace("rcvdata A/x 2; done; rcvdata A/x 1");
	assert_int_equal(d.result[0], 0);
	ngt_end(t);
}

/* A reader that loops back to its own node goes in again at once. */
static void
test_reader_loop(void **state)
{
	struct job d = { .n = 1 };
	struct ngt *t = busy(0, &d);

	(void)state;
	ngt_trace_on("rcvdata A/x 2", work, &d);
	ngt_send(pr, "x", "0000");
	ngt_expect_trace("rcvdata A/x 2; rcvdata A/x 1; done");
	assert_true((d.gate & NGU_G_W) == 0);
	ngt_end(t);
}

static int
hook_flag(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	(void)node;
	(void)item;
	switch (*(int *)arg) {
	case HK_FORCE_WRITER:
		NG_HOOK_FORCE_WRITER(hook);
		break;
	case HK_QUEUE:
		NG_HOOK_FORCE_QUEUE(hook);
		break;
	case HK_HI_STACK:
		NG_HOOK_HI_STACK(hook);
		break;
	case HK_TO_INBOUND:
		NG_HOOK_SET_TO_INBOUND(hook);
		break;
	}
	return (0);
}

static void
test_force_writer_hook(void **state)
{
	int flag = HK_FORCE_WRITER;
	struct job d = { 0 }, m = { 0 };
	struct ngt *t = traced(NGT_LOG_DATA, 0, "");

	(void)state;
	ngt_trace_on("newhook A/x", hook_flag, &flag);
	ngt_add(t, "a A; A.x - probe p");
	pr = ngt_probe(t, "p");
	ngt_trace_on("rcvdata A/x", work, &d);
	ngt_send(pr, "x", "00");
	assert_true((d.gate & NGU_G_W) != 0);
	/* A READONLY message through that hook. */
	ngt_trace_on("rcvmsg A 77:1", work, &m);
	assert_int_equal(ngt_send_msg(pr, "x", COOKIE, 1 | NGM_READONLY, NULL, 0), 0);
	assert_int_equal(m.calls, 1);
	assert_true((m.gate & NGU_G_W) != 0);
	ngt_end(t);
}

static void
test_hook_queue(void **state)
{
	int flag = HK_QUEUE;
	struct ngt *t = traced(NGT_LOG_DATA | NGT_FORWARD, NGT_LOG_DATA, "");
	struct ngu_graph_stats s;

	(void)state;
	ngt_trace_on("newhook B/y", hook_flag, &flag);
	ngt_add(t, "probe p.x - a A.x/z - b B.y");
	pr = ngt_probe(t, "p");
	ngt_trace_clear();
	ngt_trace_fail("rcvdata B/y", EPERM);
	assert_int_equal(ngt_try_send(pr, "x", "00"), 0); /* the error stays where it is */
	ngt_settle(t);
	ngt_expect_trace("rcvdata A/x 1; rcvdata B/y 1 fails");
	assert_int_equal(ngt_try_send_flags(pr, "x", "00", NG_PROGRESS), 0); /* the first hop is direct */
	stats(t, &s);
	assert_int_equal(s.queued_total, 2);
	ngt_trace_clear();
	/* Messages through such a hook are queued too. */
	assert_int_equal(ngu_mknode(G, "probe", "q", NULL), 0);
	ngt_end(t);
}

static void
test_to_inbound(void **state)
{
	int flag = HK_TO_INBOUND;
	struct ngt *t = traced(NGT_LOG_DATA, 0, "");
	struct ngu_graph_stats s;

	(void)state;
	ngt_trace_on("newhook A/x", hook_flag, &flag);
	ngt_add(t, "a A; A.x - probe p");
	pr = ngt_probe(t, "p");
	ngt_send(pr, "x", "00");
	stats(t, &s);
	assert_int_equal(s.queued_total, 0);
	NG_OUTBOUND_THREAD_REF();
	ngt_send(pr, "x", "00");
	NG_OUTBOUND_THREAD_UNREF();
	stats(t, &s);
	assert_int_equal(s.queued_total, 1);
	assert_int_equal(s.delivered, 2);
	ngt_end(t);
}

/* ---- depth: HI_STACK ---- */

static int
node_flag(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	(void)arg;
	(void)hook;
	(void)item;
	NG_NODE_HI_STACK(node);
	return (0);
}

static void
hi_stack(bool on_node, int at, bool expect_deferred)
{
	struct ngt *t = traced(NGT_FORWARD, NGT_FORWARD, "");
	struct job d = { 0 };
	char text[200], what[40];
	int flag = HK_HI_STACK, i;

	(void)snprintf(what, sizeof(what), "newhook n%d/i", at);
	if (!on_node)
		ngt_trace_on(what, hook_flag, &flag);
	for (i = 1; i <= 11; i++) {
		ngt_trace_on("constructor a", i == at && on_node ? node_flag : NULL, NULL);
		(void)snprintf(text, sizeof(text), "a n%d", i);
		ngt_add(t, text);
		if (i > 1) {
			(void)snprintf(text, sizeof(text), "n%d.o - n%d.i", i - 1, i);
			ngt_add(t, text);
		}
	}
	ngt_add(t, "n1.i - probe p; n11.o - probe q");
	pr = ngt_probe(t, "p");
	(void)snprintf(what, sizeof(what), "rcvdata n%d/i", at);
	ngt_trace_on(what, work, &d);
	ngt_send(pr, NULL, "00");
	assert_int_equal(d.calls, 1);
	assert_int_equal(d.deferring, expect_deferred);
	ngt_expect(ngt_probe(t, "q"), NULL, "00");
	ngt_end(t);
	ngt_setup(NULL);
}

static void
test_hi_stack(void **state)
{
	(void)state;
	hi_stack(false, 3, false); /* much room yet */
	hi_stack(false, 8, true);  /* half of it is gone */
}

static void
test_hi_stack_node(void **state)
{
	(void)state;
	hi_stack(true, 3, false);
	hi_stack(true, 8, true);
}

/* ---- messages from inside ---- */

static void
test_message_to_self(void **state)
{
	struct job j = { .to = "A:" };
	struct ngt *t = busy(0, &j);

	(void)state;
	ngt_msg(t, "A:", COOKIE, 1, NULL, 0);
	ngt_settle(t);
	ngt_expect_trace("rcvmsg A 77:1; done; rcvmsg A 77:99");
	assert_int_equal(j.msg_result, 0);
	ngt_end(t);
}

/* From a data method: another node at once when nobody is in the way, the own one after the section. */
static void
test_message_from_data(void **state)
{
	struct job other = { .to = "B:" }, self = { .to = "A:" };
	struct ngt *t = traced(NGT_LOG_DATA, NGT_LOG_DATA, "a A; b B; A.x - probe p");

	(void)state;
	pr = ngt_probe(t, "p");
	ngt_trace_on("rcvdata A/x 1", work, &other);
	ngt_trace_on("rcvdata A/x 2", work, &self);
	ngt_send(pr, "x", "00");
	ngt_settle(t);
	ngt_expect_trace("rcvdata A/x 1; rcvmsg B 77:99; done");
	assert_int_equal(other.msg_result, 0);
	ngt_send(pr, "x", "0000");
	ngt_settle(t);
	ngt_expect_trace("rcvdata A/x 2; done; rcvmsg A 77:99");
	assert_int_equal(self.msg_result, 0);
	ngt_end(t);
}

/* The same with NG_PROGRESS: the sender is told that it waits. */
static int
progress_self(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **unused)
{
	struct ng_mesg *msg;
	struct ng_item *item;

	(void)hook;
	(void)unused;
	NG_MKMESSAGE(msg, COOKIE, 99, 0, M_NOWAIT);
	item = ng_package_msg(msg, NG_NOFLAGS);
	assert_int_equal(ng_address_ID(node, item, NG_NODE_ID(node), 0), 0);
	*(int *)arg = ng_snd_item(item, NG_PROGRESS);
	return (0);
}

static void
test_message_progress(void **state)
{
	struct ngt *t = traced(0, 0, "a A.x - probe p");
	int result = -1;

	(void)state;
	ngt_trace_on("rcvdata A/x", progress_self, &result);
	ngt_send(ngt_probe(t, "p"), "x", "00");
	ngt_settle(t);
	assert_int_equal(result, EINPROGRESS);
	ngt_expect_trace("rcvmsg A 77:99");
	ngt_end(t);
}

/* A data method that shuts its own node down: after the section. */
static void
test_rmnode_from_data(void **state)
{
	struct job d = { .kill = 1 };
	struct ngt *t = busy(0, &d);

	(void)state;
	ngt_trace_on("rcvdata A/x", work, &d);
	ngt_send(pr, "x", "00");
	ngt_settle(t);
	ngt_expect_trace("rcvdata A/x 1; done; close A; disconnect A/x; shutdown A");
	expect_alive(t, 1, 0);
	ngt_end(t);
}

/* ---- what waits when somebody dies ---- */

static void
test_flush(void **state)
{
	struct job j = { .n = 3, .kill = 1 };
	struct ngt *t = busy(0, &j);
	struct ngu_graph_stats s;

	(void)state;
	ngt_msg(t, "A:", COOKIE, 1, NULL, 0);
	ngt_settle(t);
	ngt_expect_trace("rcvmsg A 77:1; done; close A; disconnect A/x; shutdown A");
	stats(t, &s);
	assert_int_equal(s.by_reason[NGU_R_FLUSHED] + s.by_reason[NGU_R_HOOK_GONE] + s.by_reason[NGU_R_NODE_GONE], 3);
	assert_int_equal(s.dropped, 3);
	ngt_end(t);
}

static void
test_hook_gone(void **state)
{
	struct job j = { .n = 3, .kill = 2 };
	struct ngt *t = busy(0, &j);
	struct ngu_graph_stats s;

	(void)state;
	ngt_msg(t, "A:", COOKIE, 1, NULL, 0);
	ngt_settle(t);
	ngt_expect_trace("rcvmsg A 77:1; done; disconnect A/x");
	stats(t, &s);
	assert_int_equal(s.by_reason[NGU_R_HOOK_GONE], 3);
	ngt_end(t);
}

static void
test_node_gone(void **state)
{
	struct job j = { .n = 3, .kill = 3 };
	struct ngt *t = busy(0, &j);
	struct ng_node *a = node_of(t, "A");
	struct ngu_graph_stats s;

	(void)state;
	ngt_msg(t, "A:", COOKIE, 1, NULL, 0);
	ngt_settle(t);
	ngt_expect_trace("rcvmsg A 77:1; done");
	stats(t, &s);
	assert_int_equal(s.by_reason[NGU_R_NODE_GONE], 3);
	(void)ng_rmnode_self(a);
	NG_NODE_UNREF(a);
	ngt_end(t);
}

/* ---- limits ---- */

static void
test_limit_data(void **state)
{
	struct job j = { .n = 5 };
	struct ngt *t = busy(0, &j);
	struct ngu_graph_stats s;

	(void)state;
	assert_int_equal(ngu_set_max_data(G, 0), EINVAL);
	assert_int_equal(ngu_set_max_data(G, 3), 0);
	assert_int_equal(ngu_max_data(G), 3);
	ngt_msg(t, "A:", COOKIE, 1, NULL, 0);
	assert_int_equal(j.result[2], 0);
	assert_int_equal(j.result[3], ENOMEM);
	assert_int_equal(j.result[4], ENOMEM);
	stats(t, &s);
	assert_int_equal(s.by_reason[NGU_R_QUEUE_FULL], 2);
	assert_int_equal(s.delivered, 3);
	assert_int_equal(s.high_data, 3);
	/* What went through gave its room back. */
	ngt_trace_clear();
	ngt_msg(t, "A:", COOKIE, 1, NULL, 0);
	assert_int_equal(j.result[2], 0);
	assert_int_equal(j.result[3], ENOMEM);
	stats(t, &s);
	assert_int_equal(s.by_reason[NGU_R_QUEUE_FULL], 4);
	ngt_end(t);
}

static int
flood_self(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	int *result = arg, i;
	struct ng_mesg *msg;

	(void)hook;
	(void)item;
	for (i = 0; i < 4; i++) {
		NG_MKMESSAGE(msg, COOKIE, 99, 0, M_NOWAIT);
		NG_SEND_MSG_ID(result[i], node, msg, NG_NODE_ID(node), 0);
	}
	return (0);
}

static void
test_limit_items(void **state)
{
	struct job j = { 0 };
	int result[4] = { -1, -1, -1, -1 };
	struct ngt *t = busy(0, &j);
	struct ngu_graph_stats s;

	(void)state;
	assert_int_equal(ngu_set_max_items(G, 2), 0);
	ngt_trace_on("rcvmsg A 77:1", flood_self, result);
	ngt_msg(t, "A:", COOKIE, 1, NULL, 0);
	ngt_settle(t);
	assert_int_equal(result[0] | result[1], 0);
	assert_int_equal(result[2], ENOMEM);
	assert_int_equal(result[3], ENOMEM);
	ngt_expect_trace("rcvmsg A 77:1; rcvmsg A 77:99; rcvmsg A 77:99");
	ngu_graph_stats(G, &s);
	assert_int_equal(s.messages_refused, 2);
	ngt_end(t);
}

/* ---- functions ---- */

static void
fn_note(struct ng_node *node, struct ng_hook *hook, void *arg1, int arg2)
{
	ngt_trace_note("fn %s %s %s %d", NG_NODE_NAME(node), hook != NULL ? NG_HOOK_NAME(hook) : "-", (char *)arg1, arg2);
}

static int
fn2_note(struct ng_node *node, struct ng_item *item, struct ng_hook *hook)
{
	int error = NGI_ARG2(item);

	fn_note(node, hook, NGI_ARG1(item), NGI_ARG2(item));
	NG_FREE_ITEM(item);
	return (error);
}

static char hello[] = "hello";

static int
send_fns(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	(void)arg;
	(void)hook;
	(void)item;
	assert_int_equal(ng_send_fn(node, NULL, fn_note, hello, 1), 0);
	assert_int_equal(ng_send_fn1(node, NULL, fn_note, hello, 2, NG_QUEUE | NG_PROGRESS), EINPROGRESS);
	return (0);
}

static void
test_functions(void **state)
{
	struct job j = { 0 };
	struct ngt *t = busy(0, &j);
	struct ng_node *a = node_of(t, "A");
	struct ng_hook *x = ng_findhook(a, "x");

	(void)state;
	NG_HOOK_REF(x);
	assert_int_equal(ng_send_fn(a, NULL, fn_note, hello, 5), 0);
	assert_int_equal(ng_send_fn(a, x, fn_note, hello, 6), 0);
	assert_int_equal(ng_send_fn2(a, x, NULL, fn2_note, hello, EPERM, NG_NOFLAGS), EPERM);
	assert_int_equal(ng_send_fn2(a, x, NULL, fn2_note, hello, EPERM, NG_QUEUE), 0);
	ngt_settle(t);
	ngt_expect_trace("fn A - hello 5; fn A x hello 6; fn A x hello 1; fn A x hello 1");
	/* From inside its own node: afterwards, in order. */
	ngt_trace_on("rcvmsg A 77:1", send_fns, NULL);
	ngt_msg(t, "A:", COOKIE, 1, NULL, 0);
	ngt_settle(t);
	ngt_expect_trace("rcvmsg A 77:1; fn A - hello 1; fn A - hello 2");
	/* A dead hook, a dead node: dropped. */
	assert_int_equal(ngu_rmhook(G, "A:", "x"), 0);
	ngt_expect_trace("disconnect A/x");
	assert_int_equal(ng_send_fn(a, x, fn_note, hello, 7), EINVAL);
	assert_int_equal(ngu_shutdown(G, "A:"), 0);
	ngt_trace_clear();
	assert_int_equal(ng_send_fn(a, NULL, fn_note, hello, 8), EINVAL);
	ngt_expect_trace("");
	NG_HOOK_UNREF(x);
	NG_NODE_UNREF(a);
	ngt_end(t);
}

/* ---- completion (10.6) ---- */

static struct ng_item *
item_to(struct ngt *t, const char *path, uint32_t cmd, struct told *d)
{
	struct ngu_graph *before = ngu_graph_enter(G);
	struct ng_mesg *msg;
	struct ng_item *item;

	memset(d, 0, sizeof(*d));
	d->info.apply = tell_done;
	d->info.context = d;
	NG_MKMESSAGE(msg, COOKIE, cmd, 0, M_NOWAIT);
	item = ng_package_msg(msg, NG_NOFLAGS);
	item->apply = &d->info;
	assert_int_equal(ng_address_path(NULL, item, path, 0), 0);
	(void)ngu_graph_enter(before);
	return (item);
}

/* Passes the message on to B and returns `*arg`, or what B says if that is -1. */
static int
pass_on(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	int *what = arg, error;

	(void)hook;
	NG_FWD_MSG_HOOK(error, node, *item, ng_findhook(node, "z"), 0);
	return (*what == -1 ? error : *what);
}

static int
pass_queued(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	(void)arg;
	(void)hook;
	assert_int_equal(ng_address_hook(node, *item, ng_findhook(node, "z"), 0), 0);
	(void)ng_snd_item(*item, NG_QUEUE);
	*item = NULL;
	return (0);
}

static void
test_apply(void **state)
{
	struct ngt *t = traced(0, 0, "a A; b B; A.z - B.z");
	struct told d;
	int what;

	(void)state;
	/* Direct. */
	assert_int_equal(ng_snd_item(item_to(t, "A:", 1, &d), NG_NOFLAGS), 0);
	assert_int_equal(d.calls, 1);
	assert_int_equal(d.error, 0);
	ngt_trace_fail("rcvmsg A", EPERM);
	assert_int_equal(ng_snd_item(item_to(t, "A:", 1, &d), NG_NOFLAGS), EPERM);
	assert_int_equal(d.calls, 1);
	assert_int_equal(d.error, EPERM);
	/* Queued: the sender sees 0, the callback the error. */
	assert_int_equal(ng_snd_item(item_to(t, "A:", 1, &d), NG_QUEUE), 0);
	ngt_settle(t);
	assert_int_equal(d.calls, 1);
	assert_int_equal(d.error, EPERM);
	ngt_trace_fail("rcvmsg A", 0);
	/* Passed on: errors at depth 2 count only through what the first method returns. */
	ngt_trace_fail("rcvmsg B", EBUSY);
	ngt_trace_on("rcvmsg A", pass_on, &what);
	what = 0;
	assert_int_equal(ng_snd_item(item_to(t, "A:", 1, &d), NG_NOFLAGS), 0);
	assert_int_equal(d.calls, 1);
	assert_int_equal(d.error, 0);
	what = -1;
	assert_int_equal(ng_snd_item(item_to(t, "A:", 1, &d), NG_NOFLAGS), EBUSY);
	assert_int_equal(d.calls, 1);
	assert_int_equal(d.error, EBUSY);
	/* Passed on through a queue: depth begins at 1 again, so it counts; and the completion waits for it. */
	ngt_trace_on("rcvmsg A", pass_queued, NULL);
	assert_int_equal(ng_snd_item(item_to(t, "A:", 1, &d), NG_NOFLAGS), 0);
	ngt_settle(t);
	assert_int_equal(d.calls, 1);
	assert_int_equal(d.error, EBUSY);
	/* Dropped before it got anywhere. */
	struct ng_item *item = item_to(t, "B:", 1, &d);
	assert_int_equal(ngu_shutdown(G, "B:"), 0);
	assert_int_equal(ng_snd_item(item, NG_NOFLAGS), EINVAL);
	assert_int_equal(d.calls, 1);
	assert_int_equal(d.error, EINVAL);
	ngt_end(t);
}

static struct told flushed;
static struct ngt *apply_t;

static int
queue_and_die(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct ng_mesg *msg;
	int error;

	(void)arg;
	(void)hook;
	(void)item;
	NG_MKMESSAGE(msg, NGM_GENERIC_COOKIE, NGM_SHUTDOWN, 0, M_NOWAIT);
	NG_SEND_MSG_ID(error, node, msg, NG_NODE_ID(node), 0);
	assert_int_equal(error, 0);
	assert_int_equal(ng_snd_item(item_to(apply_t, "A:", 2, &flushed), NG_NOFLAGS), 0);
	assert_int_equal(flushed.calls, 0);
	return (0);
}

static void
test_apply_flushed(void **state)
{
	struct ngt *t = traced(0, 0, "a A");

	(void)state;
	apply_t = t;
	ngt_trace_on("rcvmsg A 77:1", queue_and_die, NULL);
	ngt_msg(t, "A:", COOKIE, 1, NULL, 0);
	ngt_settle(t);
	assert_int_equal(flushed.calls, 1);
	assert_int_equal(flushed.error, ENOENT);
	ngt_end(t);
}

/* ---- several threads ---- */

static _Atomic uint32_t go, inside, met, violations, readers_met;
static _Atomic uint32_t last_seq[4];

static int
meet(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	int64_t end = ngu__port_mono_ns() + 10000000000;

	(void)arg;
	(void)node;
	(void)hook;
	(void)item;
	(void)NGU_FADD_SC(&inside, 1u);
	while (NGU_LD_SC(&inside) < 2 && ngu__port_mono_ns() < end)
		ngu__port_yield();
	if (NGU_LD_SC(&inside) >= 2)
		(void)NGU_FADD_SC(&readers_met, 1u);
	return (0);
}

static void *
send_one(void *arg)
{
	(void)ngt__try_send(pr, arg, (struct ngt_pkt){ .len = 1 }, 0);
	return (NULL);
}

/* Two data methods at a time in one node. */
static void
test_readers_together(void **state)
{
	struct ngt *t = traced(NGT_LOG_DATA, 0, "a A; A.x - probe p.x; A.y - p.y");
	char x[] = "x", y[] = "y";
	pthread_t th[2];

	(void)state;
	pr = ngt_probe(t, "p");
	NGU_ST_REL(&inside, 0u);
	NGU_ST_REL(&readers_met, 0u);
	ngt_trace_on("rcvdata A", meet, NULL);
	assert_int_equal(pthread_create(&th[0], NULL, send_one, x), 0);
	assert_int_equal(pthread_create(&th[1], NULL, send_one, y), 0);
	pthread_join(th[0], NULL);
	pthread_join(th[1], NULL);
	assert_int_equal(NGU_LD_ACQ(&readers_met), 2);
	ngt_end(t);
}

static int
reader_in(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct mbuf *m = NGI_M(*item);
	uint32_t v, who, seq;

	(void)arg;
	(void)node;
	(void)hook;
	(void)NGU_FADD_SC(&inside, 1u);
	if (NGU_LD_SC(&met) != 0) /* a writer is here */
		(void)NGU_FADD_RLX(&violations, 1u);
	m_copydata(m, 0, 4, (caddr_t)&v);
	who = v >> 24;
	seq = v & 0xffffff;
	/* Order per sender: each one's numbers go up. */
	if (who < 4 && NGU_XCHG_SC(&last_seq[who], seq) >= seq)
		(void)NGU_FADD_RLX(&violations, 1u);
	(void)NGU_FSUB_SC(&inside, 1u);
	return (0);
}

static int
writer_in(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	unsigned i;

	(void)arg;
	(void)node;
	(void)hook;
	(void)item;
	if (NGU_FADD_SC(&met, 1u) != 0 || NGU_LD_SC(&inside) != 0)
		(void)NGU_FADD_RLX(&violations, 1u);
	for (i = 0; i < 50; i++)
		if (NGU_LD_SC(&inside) != 0)
			(void)NGU_FADD_RLX(&violations, 1u);
	(void)NGU_FSUB_SC(&met, 1u);
	return (0);
}

enum { PER_THREAD = 3000, NT = 4 };

static void *
send_many(void *arg)
{
	unsigned who = (unsigned)(uintptr_t)arg, i;
	char hook[8];

	(void)snprintf(hook, sizeof(hook), "h%u", who);
	(void)NGU_FADD_SC(&go, 1u);
	while (NGU_LD_ACQ(&go) < NT)
		ngu__port_yield();
	for (i = 1; i <= PER_THREAD; i++) {
		struct ngt_pkt pkt = { .len = 4 };
		uint32_t v = who << 24 | i;

		memcpy(pkt.b, &v, 4);
		if (ngt__try_send(pr, hook, pkt, i % 7 == 0 ? NG_QUEUE : 0) != 0)
			(void)NGU_FADD_RLX(&violations, 1u);
	}
	return (NULL);
}

/*
 * Four senders, some of their packets queued on purpose, and a stream of writers: writers are alone, order per sender holds,
 * everything arrives.
 */
static void
exclusion(unsigned workers)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .workers = workers };
	struct ngt *t;
	struct ngu_graph_stats s;
	pthread_t th[NT];
	unsigned i;

	ngt_trace_type("a", 0);
	t = ngt_graph_with(&o, "a A; probe p; A.h0 - p.h0; A.h1 - p.h1; A.h2 - p.h2; A.h3 - p.h3");
	pr = ngt_probe(t, "p");
	NGU_ST_REL(&go, 0u);
	NGU_ST_REL(&inside, 0u);
	NGU_ST_REL(&met, 0u);
	NGU_ST_REL(&violations, 0u);
	for (i = 0; i < NT; i++)
		NGU_ST_REL(&last_seq[i], 0u);
	ngt_trace_on("rcvdata A", reader_in, NULL);
	ngt_trace_on("rcvmsg A", writer_in, NULL);
	for (i = 0; i < NT; i++)
		assert_int_equal(pthread_create(&th[i], NULL, send_many, (void *)(uintptr_t)i), 0);
	for (i = 0; i < 1000; i++)
		assert_int_equal(ngu_msg(G, "A:", COOKIE, 1, NULL, 0, NULL), 0);
	for (i = 0; i < NT; i++)
		pthread_join(th[i], NULL);
	ngt_settle(t);
	ngt_trace_clear();
	assert_int_equal(NGU_LD_ACQ(&violations), 0);
	for (i = 0; i < NT; i++)
		assert_int_equal(NGU_LD_ACQ(&last_seq[i]), PER_THREAD);
	ngu_graph_stats(G, &s);
	assert_int_equal(s.attempted, NT * PER_THREAD);
	assert_int_equal(s.delivered, NT * PER_THREAD);
	assert_true(s.queued_total > 0);
	ngt_end(t);
}

static void
test_exclusion(void **state)
{
	(void)state;
	exclusion(0);
	ngt_setup(NULL);
	exclusion(2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_data_behind_writer),
		ngt_test(test_progress),
		ngt_test(test_readers_full),
		ngt_test(test_readonly_message),
		ngt_test(test_force_writer_node),
		ngt_test(test_force_writer_loop),
		ngt_test(test_reader_loop),
		ngt_test(test_force_writer_hook),
		ngt_test(test_hook_queue),
		ngt_test(test_to_inbound),
		ngt_test(test_hi_stack),
		ngt_test(test_hi_stack_node),
		ngt_test(test_message_to_self),
		ngt_test(test_message_from_data),
		ngt_test(test_message_progress),
		ngt_test(test_rmnode_from_data),
		ngt_test(test_flush),
		ngt_test(test_hook_gone),
		ngt_test(test_node_gone),
		ngt_test(test_limit_data),
		ngt_test(test_limit_items),
		ngt_test(test_functions),
		ngt_test(test_apply),
		ngt_test(test_apply_flushed),
		ngt_test(test_readers_together),
		ngt_test(test_exclusion),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
