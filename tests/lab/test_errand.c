/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_errand.c - what a node does later, by taskqueue(9) and callout(9), beside packets into it and its end. Nodes of one type, each with a fault
 * that drivers have had (`arg`: lt_finds()) and without.
 *
 * Everything in the softc but what the mutex guards is plain memory.
 */
#include "lab/lab_test.h"

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/lock.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/mutex.h>
#include <sys/taskqueue.h>

#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>

static MALLOC_DEFINE(M_LATER, "later", "nodes of the lab's tests");

#define NGM_LATER_COOKIE 1790000001
#define NGM_LATER_RESET 1 /* forget the table, which the task reads */
#define TICK INT64_C(1000000)

struct later {
	node_p node;
	struct taskqueue *tq; /* its own; NULL: the one of all nodes */
	struct task task;
	struct timeout_task timed;
	struct callout timer;
	unsigned value, done;
	unsigned *table;
};

static struct taskqueue *all_tq;
static unsigned asked, done_in_all;

/* How a scenario's nodes are: what a packet asks for, and what the method that matters does. */
static struct {
	void (*packet)(struct later *sc);
	void (*task)(struct later *sc);
	void (*reset)(struct later *sc);
	void (*end)(struct later *sc);
	bool own_queue;
	unsigned ended;
} how;

static void
later_task(void *arg, int pending)
{
	struct later *sc = arg;

	ngu_lab_check(pending > 0);
	ngu_lab_check(sc->value == 7);
	sc->done += (unsigned)pending;
	if (how.task != NULL)
		how.task(sc);
}

static int
later_constructor(node_p node)
{
	struct later *sc = malloc(sizeof(*sc), M_LATER, M_NOWAIT | M_ZERO);

	if (sc == NULL)
		return (ENOMEM);
	sc->node = node;
	sc->value = 7;
	TASK_INIT(&sc->task, 0, later_task, sc);
	TIMEOUT_TASK_INIT(all_tq, &sc->timed, 0, later_task, sc);
	callout_init(&sc->timer, 1);
	if (how.own_queue && ((sc->tq = taskqueue_create("own", M_NOWAIT, taskqueue_thread_enqueue, &sc->tq)) == NULL ||
	    taskqueue_start_threads(&sc->tq, 1, 0, "own") != 0))
		return (ENOMEM);
	if (how.reset != NULL && (sc->table = malloc(sizeof(*sc->table), M_LATER, M_NOWAIT | M_ZERO)) == NULL)
		return (ENOMEM);
	NG_NODE_SET_PRIVATE(node, sc);
	return (0);
}

static int
later_rcvdata(hook_p hook, item_p item)
{
	NG_FREE_ITEM(item);
	how.packet(NG_NODE_PRIVATE(NG_HOOK_NODE(hook)));
	return (0);
}

static int
later_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	(void)lasthook;
	NG_FREE_ITEM(item);
	how.reset(NG_NODE_PRIVATE(node));
	return (0);
}

static int
later_shutdown(node_p node)
{
	struct later *sc = NG_NODE_PRIVATE(node);

	how.end(sc);
	done_in_all = sc->done;
	how.ended++;
	free(sc->table, M_LATER);
	sc->value = 0;
	free(sc, M_LATER);
	NG_NODE_SET_PRIVATE(node, NULL);
	NG_NODE_UNREF(node);
	return (0);
}

static struct ng_type later_type = {
	.version = NG_ABI_VERSION,
	.name = "later",
	.constructor = later_constructor,
	.rcvmsg = later_rcvmsg,
	.shutdown = later_shutdown,
	.rcvdata = later_rcvdata,
};

/* in - n.in */
static int
make(void)
{
	int error;

	if ((error = lt_graph(0)) != 0 || (error = ng_newtype(&later_type)) != 0)
		return (error);
	if ((all_tq = taskqueue_create("all", M_NOWAIT, taskqueue_thread_enqueue, &all_tq)) == NULL)
		return (ENOMEM);
	if (!how.own_queue && (error = taskqueue_start_threads(&all_tq, 1, 0, "all")) != 0)
		return (error);
	if ((error = ngu_mknode(g, "later", "n", NULL)) != 0)
		return (error);
	return (ngu_port_open(g, "n:", "in", NULL, NULL, &lt_in));
}

/* The node may be gone, or not. */
static void
sends(void *arg)
{
	int error = lt_send(lt_in, 0, 1);

	(void)arg;
	ngu_lab_check(error == 0 || error == ENETDOWN || error == ENOTCONN || error == EIO);
}

static void
shuts_down(void *arg)
{
	(void)arg;
	ngu_lab_check(ngu_shutdown(g, "n:") == 0);
}

static void
end(void *arg)
{
	int error = ngu_shutdown(g, "n:");

	(void)arg;
	ngu_lab_check((error == 0 || error == ENOENT) && how.ended == 1);
	lt_accounts();
	ngu_port_close(lt_in);
	taskqueue_free(all_tq);
	lt_destroy();
}

static void
asks(struct later *sc)
{
	ngu_lab_check(taskqueue_enqueue(sc->tq != NULL ? sc->tq : all_tq, &sc->task) == 0);
	asked++;
}

/* ---- a packet asks for the task, and the node goes: cancel is no drain ---- */

static void
cancels_it(struct later *sc)
{
	(void)taskqueue_cancel(all_tq, &sc->task, NULL);
}

static void
drains_it(struct later *sc)
{
	taskqueue_drain(all_tq, &sc->task);
}

static int
drain_setup(void *arg)
{
	how.packet = asks;
	how.end = arg != NULL ? cancels_it : drains_it;
	return (make());
}

/* What was asked for was done. */
static void
drain_end(void *arg)
{
	end(arg);
	ngu_lab_check(done_in_all == asked || arg != NULL);
}

static const struct ngu_lab task_shutdown = { .name = "errand-task-shutdown", .points = LT_POINTS(178), .setup = drain_setup,
	.body = { { "send", sends }, { "shutdown", shuts_down } }, .end = drain_end };

static void
test_task_shutdown(void **state)
{
	(void)state;
	lt_finds(&task_shutdown, NULL, NGU_LAB_MEMORY, "later_constructor");
}

/* ---- a message forgets what the task reads: a task that could not be cancelled is running ---- */

static void
reads_table(struct later *sc)
{
	if (sc->table != NULL)
		ngu_lab_check(*sc->table == 0);
}

static void
forgets(struct later *sc)
{
	free(sc->table, M_LATER);
	sc->table = NULL;
}

static void
forgets_cancelled(struct later *sc)
{
	u_int pending;

	(void)taskqueue_cancel(all_tq, &sc->task, &pending);
	forgets(sc);
	if (pending != 0)
		asks(sc);
}

static void
forgets_drained(struct later *sc)
{
	u_int pending;

	if (taskqueue_cancel(all_tq, &sc->task, &pending) != 0)
		taskqueue_drain(all_tq, &sc->task);
	forgets(sc);
	if (pending != 0)
		asks(sc);
}

static int
cancel_setup(void *arg)
{
	how.packet = asks;
	how.task = reads_table;
	how.reset = arg != NULL ? forgets_cancelled : forgets_drained;
	how.end = drains_it;
	return (make());
}

static void
resets(void *arg)
{
	(void)arg;
	ngu_lab_check(ngu_msg(g, "n:", NGM_LATER_COOKIE, NGM_LATER_RESET, NULL, 0, NULL) == 0);
}

/* The packet was there, and its task, whichever way it came. */
static void
cancel_end(void *arg)
{
	end(arg);
	ngu_lab_check(done_in_all == 1);
}

static const struct ngu_lab task_cancel = { .name = "errand-task-cancel", .points = LT_POINTS(104), .setup = cancel_setup,
	.body = { { "send", sends }, { "reset", resets } }, .end = cancel_end };

static void
test_task_cancel(void **state)
{
	(void)state;
	lt_finds(&task_cancel, NULL, NGU_LAB_MEMORY, "later_constructor");
}

/* ---- the queue is the node's: its memory goes before the queue has ended ---- */

static void
frees_first(struct later *sc)
{
	struct taskqueue *tq = sc->tq;

	free(sc->table, M_LATER);
	sc->table = NULL;
	taskqueue_free(tq);
}

static void
frees_queue(struct later *sc)
{
	taskqueue_free(sc->tq);
}

static void
reset_none(struct later *sc)
{
	(void)sc;
}

static void
reads_it(struct later *sc)
{
	ngu_lab_check(*sc->table == 0);
}

static int
queue_setup(void *arg)
{
	how.packet = asks;
	how.task = reads_it;
	how.reset = reset_none;
	how.end = arg != NULL ? frees_first : frees_queue;
	how.own_queue = true;
	return (make());
}

static const struct ngu_lab queue_free = { .name = "errand-queue-free", .points = LT_POINTS(180), .setup = queue_setup,
	.body = { { "send", sends }, { "shutdown", shuts_down } }, .end = drain_end };

static void
test_queue_free(void **state)
{
	(void)state;
	lt_finds(&queue_free, NULL, NGU_LAB_MEMORY, "");
}

/* ---- the task ends its own node, and is not through: the shutdown is not in it (it would wait for itself), and waits ---- */

static void
ends_node(struct later *sc)
{
	struct ng_mesg *msg;
	int error;

	NG_MKMESSAGE(msg, NGM_GENERIC_COOKIE, NGM_SHUTDOWN, 0, M_NOWAIT);
	if (msg == NULL)
		return;
	NG_SEND_MSG_ID(error, sc->node, msg, NG_NODE_ID(sc->node), 0);
	ngu_lab_check(error == 0);
	sc->done++;
}

static int
own_setup(void *arg)
{
	how.packet = asks;
	how.task = ends_node;
	how.end = arg != NULL ? cancels_it : drains_it;
	return (make());
}

static void
polls(void *arg)
{
	(void)arg;
	(void)ngu_poll(g, 0);
}

static const struct ngu_lab task_own = { .name = "errand-task-own", .points = LT_POINTS(181), .setup = own_setup,
	.body = { { "send", sends }, { "poll", polls } }, .end = end };

static void
test_task_own(void **state)
{
	(void)state;
	lt_finds(&task_own, NULL, NGU_LAB_MEMORY, "later_constructor");
}

/* ---- a task for later: its timer is not the task ---- */

static void
asks_later(struct later *sc)
{
	ngu_lab_check(taskqueue_enqueue_timeout(all_tq, &sc->timed, 1) >= 0);
}

static void
drains_task_only(struct later *sc)
{
	taskqueue_drain(all_tq, &sc->timed.t);
}

static void
drains_timed(struct later *sc)
{
	taskqueue_drain_timeout(all_tq, &sc->timed);
}

static int
timed_setup(void *arg)
{
	int error;

	how.packet = asks_later;
	how.end = arg != NULL ? drains_task_only : drains_timed;
	if ((error = make()) == 0)
		sends(arg);
	return (error);
}

static void
passes(void *arg)
{
	(void)arg;
	ngu_lab_check(ngu_clock_advance(g, TICK) == 0);
}

static const struct ngu_lab task_timed = { .name = "errand-task-timed", .points = LT_POINTS(114), .setup = timed_setup,
	.body = { { "clock", passes }, { "shutdown", shuts_down } }, .end = end };

static void
test_task_timed(void **state)
{
	(void)state;
	lt_finds(&task_timed, NULL, NGU_LAB_MEMORY, "later_constructor");
}

/* ---- a callout asks for the task: what asks is drained first ---- */

static void
fires(void *arg)
{
	asks(arg);
}

static void
arms(struct later *sc)
{
	(void)callout_reset(&sc->timer, 1, fires, sc);
}

static void
task_then_timer(struct later *sc)
{
	taskqueue_drain(all_tq, &sc->task);
	(void)callout_drain(&sc->timer);
}

static void
timer_then_task(struct later *sc)
{
	(void)callout_drain(&sc->timer);
	taskqueue_drain(all_tq, &sc->task);
}

static int
order_setup(void *arg)
{
	int error;

	how.packet = arms;
	how.end = arg != NULL ? task_then_timer : timer_then_task;
	if ((error = make()) == 0)
		sends(arg);
	return (error);
}

static const struct ngu_lab callout_task = { .name = "errand-callout-task", .points = LT_POINTS(118), .setup = order_setup,
	.body = { { "clock", passes }, { "shutdown", shuts_down } }, .end = end };

static void
test_callout_task(void **state)
{
	(void)state;
	lt_finds(&callout_task, NULL, NGU_LAB_MEMORY, "later_constructor");
}

/* ---- a callout that packets arm again, beside the node's end: stopped is not drained ---- */

static void
counts(void *arg)
{
	struct later *sc = arg;

	ngu_lab_check(sc->value == 7);
	sc->done++;
}

static void
arms_count(struct later *sc)
{
	(void)callout_reset(&sc->timer, 1, counts, sc);
}

static void
stops_timer(struct later *sc)
{
	(void)callout_stop(&sc->timer);
}

static void
drains_timer(struct later *sc)
{
	(void)callout_drain(&sc->timer);
}

static int
callout_setup(void *arg)
{
	int error;

	how.packet = arms_count;
	how.end = arg != NULL ? stops_timer : drains_timer;
	if ((error = make()) == 0)
		sends(arg);
	return (error);
}

static const struct ngu_lab callout_again = { .name = "errand-callout", .points = LT_POINTS(190), .setup = callout_setup,
	.body = { { "clock", passes }, { "send", sends }, { "shutdown", shuts_down } }, .end = end };

static void
test_callout(void **state)
{
	const struct ngu_lab_opts one = { .preemptions = 1 };

	(void)state;
	lt_finds(&callout_again, &one, NGU_LAB_MEMORY, "later_constructor");
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_task_shutdown),
		cmocka_unit_test(test_task_cancel),
		cmocka_unit_test(test_queue_free),
		cmocka_unit_test(test_task_own),
		cmocka_unit_test(test_task_timed),
		cmocka_unit_test(test_callout_task),
		cmocka_unit_test(test_callout),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
