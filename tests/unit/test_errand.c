/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_errand.c - what waits at a node is not done by a thread that runs a task(9), a timer's handler or a kernel thread: a shutdown that comes
 * meanwhile may wait for that very thread. With workers they do it, without whoever comes next.
 *
 * Each errand sends its node a function, and the shutdown is asked for while that function has the node alone. So it waits there when the
 * errand's own call returns, which serves what it finds. Or it asks for it itself, of an idle node.
 */
#include "support/dies.h"
#include "support/unit.h"

#include <ng/panic.h>

#include <sys/callout.h>
#include <sys/kthread.h>
#include <sys/mutex.h>
#include <sys/proc.h>
#include <sys/systm.h>
#include <sys/taskqueue.h>

enum how { DOOM, MESSAGE, OWN, OWN_MESSAGE }; /* ng_rmnode_self() or NGM_SHUTDOWN, by another thread or by the errand, which finds the node idle */

static struct {
	enum how how;
	struct ng_node *node;
	_Atomic int inside, asked, shut;
	int seen; /* shut when the errand's call had returned, */
	int data; /* and its own, counted when it was through */
	struct taskqueue *tq;
	struct task task;
	struct callout timer;
	struct thread *td;
	struct mtx lock;
	bool ended;
	struct ng_apply_info info;
	_Atomic int told;
} s;

/* With the node's turn. */
static void
alone(struct ng_node *node, struct ng_hook *hook, void *arg1, int arg2)
{
	s.inside = 1;
	while (!s.asked)
		ngu__port_yield();
}

static void told(void *arg, int error) { s.told += error == 0 ? 1 : 100; }

static int
shutdown_message(void)
{
	struct ng_mesg *msg;
	struct ng_item *item;

	NG_MKMESSAGE(msg, NGM_GENERIC_COOKIE, NGM_SHUTDOWN, 0, M_WAITOK);
	item = ng_package_msg(msg, NG_NOFLAGS);
	NG_NODE_REF(s.node);
	ngu_k_item_set_node(item, s.node);
	if (s.info.apply != NULL)
		item->apply = &s.info;
	return (ng_snd_item(item, NG_NOFLAGS));
}

/* The errand: whatever sends it on its way. */
static void
errand(void)
{
	int error = s.how == OWN ? ng_rmnode_self(s.node) : s.how == OWN_MESSAGE ? shutdown_message() : ng_send_fn(s.node, NULL, alone, NULL, 0);

	whatever = ngu_lookup(ngu_graph_current(), "A:", NULL); /* once more out of libng */
	s.seen = s.shut + error;
	s.data++;
}

static void *
asks(void *arg)
{
	while (!s.inside)
		ngu__port_yield();
	(void)ngu_graph_enter(arg);
	if (s.how == DOOM)
		(void)ng_rmnode_self(s.node);
	else
		(void)shutdown_message();
	s.asked = 1;
	(void)ngu_graph_enter(NULL);
	return (NULL);
}

static struct ngt *
begin(enum how how, unsigned workers, ngt_trace_fn *shutdown)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .workers = workers, .fake_clock = true };
	struct ngt *t;

	memset(&s, 0, sizeof(s));
	s.how = how;
	if (how == OWN_MESSAGE && workers != 0) /* who sends it wants to be told of its end, and does not wait */
		s.info.apply = told;
	ngt_trace_type("a", 0);
	t = ngt_graph_with(&o, "a A");
	ngt_trace_on("shutdown A", shutdown, NULL);
	s.node = node_of(t, "A");
	return (t);
}

static void
end(struct ngt *t)
{
	ngt_settle(t);
	assert_int_equal(s.seen, 0); /* the errand's data was there to its end */
	assert_int_equal(s.shut, 1);
	assert_int_equal(s.data, 1);
	assert_int_equal(s.told, s.info.apply != NULL);
	NG_NODE_UNREF(s.node);
	end_quietly(t);
}

static void
each(void (*one)(enum how how, unsigned workers))
{
	for (unsigned workers = 0; workers <= 1; workers++)
		for (enum how how = DOOM; how <= OWN_MESSAGE; how++)
			one(how, workers);
}

/* ---- taskqueue(9) ---- */

static void task(void *arg, int pending) { errand(); }

static int
shut_task(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	taskqueue_drain(s.tq, &s.task);
	s.shut++;
	taskqueue_free(s.tq);
	return (0);
}

/* The queue is the node's, and has a thread. */
static void
of_thread(enum how how, unsigned workers)
{
	struct ngt *t = begin(how, workers, shut_task);
	struct ngu_graph *before = ngu_graph_enter(G);

	s.tq = taskqueue_create("node's", M_WAITOK, taskqueue_thread_enqueue, &s.tq);
	assert_int_equal(taskqueue_start_threads(&s.tq, 1, 0, "node's"), 0);
	TASK_INIT(&s.task, 0, task, NULL);
	assert_int_equal(taskqueue_enqueue(s.tq, &s.task), 0);
	(void)ngu_graph_enter(before);
	if (how < OWN)
		(void)asks(G);
	else
		while (workers == 0 && NGU_LD_ACQ(&G->queued_dooms) + NGU_LD_ACQ(&G->queued_items) == 0)
			ngu__port_yield();
	while (!s.shut) /* without workers: this thread is the next one out */
		ngt_settle(t);
	end(t);
}

/* It has none, and this thread runs it. */
static void
of_caller(enum how how, unsigned workers)
{
	struct ngt *t = begin(how, workers, shut_task);
	struct ngu_graph *before = ngu_graph_enter(G);
	ngu__port_thread other;

	s.tq = taskqueue_create("node's", M_WAITOK, NULL, NULL);
	TASK_INIT(&s.task, 0, task, NULL);
	assert_int_equal(taskqueue_enqueue(s.tq, &s.task), 0);
	(void)ngu_graph_enter(before);
	if (how < OWN)
		assert_int_equal(ngu__port_thread_start(&other, "asks", asks, G), 0);
	taskqueue_run(s.tq);
	if (workers == 0)
		assert_int_equal(s.shut, 1); /* behind the last task */
	if (how < OWN)
		ngu__port_thread_join(&other);
	end(t);
}

/* Who waits for the shutdown's end cannot be helped, and does not wait for ever. */
static void calls_shutdown(void *arg, int pending) { whatever = ngu_shutdown(ngu_graph_current(), "A:"); }

static void
d_waits(void)
{
	struct ngt *t = begin(OWN, 1, shut_task);

	ngu_panic_set_handler(NULL, NULL); /* the kit's */
	(void)ngu_graph_enter(G);
	s.tq = taskqueue_create("node's", M_WAITOK, NULL, NULL);
	TASK_INIT(&s.task, 0, calls_shutdown, NULL);
	(void)taskqueue_enqueue(s.tq, &s.task);
	taskqueue_run(s.tq);
}

static void
test_tasks(void **state)
{
	(void)state;
	each(of_thread);
	each(of_caller);
}

static void
test_call(void **state)
{
	(void)state;
	assert_true(dies(d_waits));
}

/* ---- callout(9) ---- */

static void fires(void *arg) { errand(); }

static int
shut_timer(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	(void)callout_drain(&s.timer);
	s.shut += s.data == 1 ? 1 : 100; /* from here on the handler's data may be freed */
	return (0);
}

static void
timer(enum how how, unsigned workers)
{
	struct ngt *t = begin(how, workers, shut_timer);
	struct ngu_graph *before = ngu_graph_enter(G);
	ngu__port_thread other;

	callout_init(&s.timer, 1);
	(void)callout_reset(&s.timer, 1, fires, NULL);
	if (how < OWN)
		assert_int_equal(ngu__port_thread_start(&other, "asks", asks, G), 0);
	assert_int_equal(ngu_clock_advance(G, 1000000000 / hz), 0);
	if (workers == 0)
		assert_int_equal(s.shut, 1);
	if (how < OWN)
		ngu__port_thread_join(&other);
	(void)ngu_graph_enter(before);
	end(t);
}

static void
test_timers(void **state)
{
	(void)state;
	each(timer);
}

/* ---- kthread(9) ---- */

static void
body(void *arg)
{
	errand();
	mtx_lock(&s.lock);
	s.ended = true;
	wakeup(&s.ended);
	mtx_unlock(&s.lock);
}

static int
shut_thread(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	if (curthread == s.td)
		panic("a thread is to wait for its own end");
	mtx_lock(&s.lock);
	while (!s.ended)
		(void)mtx_sleep(&s.ended, &s.lock, 0, "end", 0);
	mtx_unlock(&s.lock);
	s.shut++;
	return (0);
}

static void
thread(enum how how, unsigned workers)
{
	struct ngt *t = begin(how, workers, shut_thread);
	struct ngu_graph *before = ngu_graph_enter(G);

	mtx_init(&s.lock, "end", NULL, MTX_DEF);
	assert_int_equal(kthread_add(body, NULL, NULL, &s.td, 0, 0, "node's"), 0);
	(void)ngu_graph_enter(before);
	if (how < OWN)
		(void)asks(G);
	else
		while (workers == 0 && NGU_LD_ACQ(&G->queued_dooms) + NGU_LD_ACQ(&G->queued_items) == 0)
			ngu__port_yield();
	while (!s.shut)
		ngt_settle(t);
	while (ngu_k_kthread_count() != 0)
		ngu__port_yield();
	mtx_destroy(&s.lock);
	end(t);
}

static void
test_threads(void **state)
{
	(void)state;
	each(thread);
}

/* ---- what it does do ---- */

static int fns;

static void count_fn(struct ng_node *node, struct ng_hook *hook, void *arg1, int arg2) { fns++; }

/* Packets that wait, and what had to wait as it was sent; not what was to wait. Without workers nobody else may come for them. */
static void
sends(void *arg, int pending)
{
	struct ngt *t = arg;
	struct ngu__thread *ts = ngu__self();
	struct ngu__wframe f;

	assert_int_equal(ngt_try_send_flags(ngt_probe(t, "in"), NULL, "01", 1 /* NG_QUEUE */), 0);
	assert_int_equal(G->queued_data, 0);

	assert_true(ngu__w_take(ts, s.node, &f)); /* closed when it looks, and open on its way out */
	ts->level++;
	assert_int_equal(ng_send_fn(s.node, NULL, count_fn, NULL, 0), 0);
	ts->level--;
	assert_int_equal(fns, 0);
	ngu__w_release(ts, s.node, &f);
	whatever = ngu_lookup(G, "A:", NULL);
	assert_int_equal(fns, 1);

	assert_int_equal(ng_rmhook_self(ng_findhook(s.node, "x")), 0); /* of an idle node: at once */
	assert_int_equal(G->queued_dooms, 0);
	assert_null(ng_findhook(s.node, "x"));

	assert_int_equal(ng_send_fn1(s.node, NULL, count_fn, NULL, 0, NG_QUEUE), 0);
	whatever = ngu_lookup(G, "A:", NULL);
	assert_int_equal(fns, 1);
	assert_int_equal(ngt_try_send_flags(ngt_probe(t, "in"), NULL, "02", 1), 0); /* past what it leaves on the list */
	assert_int_equal(G->queued_data, 0);
	assert_int_equal(G->queued_items, 1);
}

/* A call that waits for its end does all that is before it. */
static void
calls(void *arg, int pending)
{
	struct ngt *t = arg;

	assert_int_equal(ng_send_fn1(s.node, NULL, count_fn, NULL, 0, NG_QUEUE), 0);
	assert_int_equal(ngu_name(G, "A:", "B"), 0);
	assert_int_equal(fns, 3);
}

static void
test_sends(void **state)
{
	struct ngt *t = begin(DOOM, 0, NULL);
	struct ngu_graph *before = ngu_graph_enter(G);
	struct task one, two;

	(void)state;
	fns = 0;
	ngt_add(t, "probe in - hub h.a; h.b - probe out; probe x - A.x");
	s.tq = taskqueue_create("tested", M_WAITOK, NULL, NULL);
	TASK_INIT(&one, 0, sends, t);
	TASK_INIT(&two, 0, calls, t);
	taskqueue_enqueue(s.tq, &one);
	taskqueue_run(s.tq);
	assert_int_equal(fns, 2); /* behind the task */
	taskqueue_enqueue(s.tq, &two);
	taskqueue_run(s.tq);
	taskqueue_free(s.tq);
	ngt_expect(ngt_probe(t, "out"), NULL, "01");
	ngt_expect(ngt_probe(t, "out"), NULL, "02");
	NG_NODE_UNREF(s.node);
	(void)ngu_graph_enter(before);
	end_quietly(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_call), /* first: of a process that had threads ThreadSanitizer lets no child start any */
		ngt_test(test_tasks),
		ngt_test(test_timers),
		ngt_test(test_threads),
		ngt_test(test_sends),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
