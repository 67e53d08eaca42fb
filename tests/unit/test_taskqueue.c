/* SPDX-License-Identifier: BSD-2-Clause */
/* test_taskqueue.c - taskqueue(9): order, coalescing, cancel and drain, timers, threads, the end; what panics. */
#include "support/dies.h"
#include "support/unit.h"

#include <ng/panic.h>

#include <sys/epoch.h>
#include <sys/systm.h>
#include <sys/taskqueue.h>

static struct taskqueue *tq;
static char said[64];
static int pendings;
static struct ngu_graph *seen;

static void
say(void *arg, int pending)
{
	(void)strcat(said, arg);
	pendings += pending;
	seen = ngu_graph_current();
}

/* Without threads: taskqueue_run() in this one. */
static void
test_order(void **state)
{
	struct ngt *t = ngt_graph("hub h");
	struct ngu_graph *before;
	struct task a, b, c, d;
	u_int n;

	(void)state;
	tq = taskqueue_create("tested", M_NOWAIT, NULL, NULL);
	assert_non_null(tq);
	TASK_INIT(&a, 0, say, "a");
	TASK_INIT(&b, 0, say, "b");
	TASK_INIT(&c, 5, say, "c");
	TASK_INIT(&d, 0, say, "d");
	before = ngu_graph_enter(G);
	assert_int_equal(taskqueue_enqueue(tq, &a), 0);
	(void)ngu_graph_enter(NULL);
	taskqueue_enqueue(tq, &b);
	taskqueue_enqueue(tq, &c); /* goes first */
	taskqueue_enqueue(tq, &a); /* once, but told of both */
	taskqueue_enqueue(tq, &d);
	taskqueue_enqueue(tq, &d);
	assert_int_equal(taskqueue_cancel(tq, &d, &n), 0);
	assert_int_equal(n, 2);
	taskqueue_block(tq);
	taskqueue_run(tq);
	assert_string_equal(said, "");
	taskqueue_unblock(tq);
	taskqueue_run(tq);
	assert_string_equal(said, "cab");
	assert_int_equal(pendings, 4);
	assert_null(seen); /* b's: none was current */
	assert_int_equal(taskqueue_cancel(tq, &a, &n), 0);
	assert_int_equal(n, 0);
	(void)ngu_graph_enter(G);
	taskqueue_enqueue(tq, &a);
	(void)ngu_graph_enter(before);
	taskqueue_free(tq); /* runs what is there */
	assert_string_equal(said, "caba");
	assert_ptr_equal(seen, G);
	ngt_end(t);
}

/* ---- threads ---- */

static _Atomic int at, go, ran;

static void
gate(void *arg, int pending)
{
	at++;
	while (!go)
		ngu__port_yield();
	ran++;
}

static void
count(void *arg, int pending)
{
	ran += pending;
}

static void
again(void *arg, int pending)
{
	struct task *t = arg;

	if (++ran < 5)
		taskqueue_enqueue(tq, t); /* by itself */
}

/* Frees its own memory. */
static void
last(void *arg, int pending)
{
	free(arg, M_TEMP);
	ran++;
}

static void
test_threads(void **state)
{
	struct task g, c, a, *l;
	u_int n;

	(void)state;
	go = at = ran = 0;
	tq = taskqueue_create("served", M_WAITOK, taskqueue_thread_enqueue, &tq);
	assert_int_equal(taskqueue_start_threads(&tq, 1, 0, "served %d", 1), 0);
	TASK_INIT(&g, 0, gate, NULL);
	TASK_INIT(&c, 0, count, NULL);
	taskqueue_enqueue(tq, &g);
	while (at == 0)
		ngu__port_yield();
	assert_int_equal(taskqueue_cancel(tq, &g, &n), EBUSY); /* it runs */
	assert_int_equal(n, 0);
	taskqueue_enqueue(tq, &c);
	taskqueue_enqueue(tq, &c);
	assert_int_equal(ran, 0);
	go = 1;
	taskqueue_drain(tq, &c);
	assert_int_equal(ran, 3);
	taskqueue_drain(tq, &c); /* at rest: returns */
	ran = 0;
	TASK_INIT(&a, 0, again, &a);
	taskqueue_enqueue(tq, &a);
	while (ran < 5)
		taskqueue_drain_all(tq);
	taskqueue_drain(tq, &a);
	assert_int_equal(ran, 5);
	l = malloc(sizeof(*l), M_TEMP, M_WAITOK);
	TASK_INIT(l, 0, last, l);
	taskqueue_enqueue(tq, l);
	taskqueue_drain_all(tq);
	assert_int_equal(ran, 6);
	taskqueue_enqueue(tq, &c);
	taskqueue_free(tq);
	assert_int_equal(ran, 7);
}

/* Many tasks, many threads: each is run as often as it was asked for, and never in two at a time. */
static _Atomic int inside[8], twice;
static _Atomic unsigned asked, served;

static void
alone(void *arg, int pending)
{
	_Atomic int *in = arg;

	if (++*in != 1)
		twice++;
	served += (unsigned)pending;
	--*in;
}

static struct task many[8];

static void *
asks(void *arg)
{
	for (unsigned i = 0; i < 4000; i++) {
		asked++;
		(void)taskqueue_enqueue(tq, &many[i % 8]);
	}
	return (NULL);
}

static void
test_many(void **state)
{
	ngu__port_thread t[3];

	(void)state;
	tq = taskqueue_create("many", M_WAITOK, taskqueue_thread_enqueue, &tq);
	assert_int_equal(taskqueue_start_threads(&tq, 3, 0, "many"), 0);
	for (unsigned i = 0; i < 8; i++)
		TASK_INIT(&many[i], i % 2, alone, (void *)(uintptr_t)&inside[i]);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(ngu__port_thread_start(&t[i], "asks", asks, NULL), 0);
	for (unsigned i = 0; i < 3; i++)
		ngu__port_thread_join(&t[i]);
	for (unsigned i = 0; i < 8; i++)
		taskqueue_drain(tq, &many[i]);
	assert_int_equal(asked, served);
	taskqueue_free(tq);
	assert_int_equal(twice, 0);
}

/* ---- on the graph's clock ---- */

static void
test_timeout(void **state)
{
	struct ngt *t = ngt_graph("hub h");
	struct ngu_graph *before = ngu_graph_enter(G);
	struct timeout_task tt;
	u_int n;

	(void)state;
	said[0] = '\0';
	tq = taskqueue_create("timed", M_WAITOK, NULL, NULL);
	TIMEOUT_TASK_INIT(tq, &tt, 0, say, "t");
	assert_int_equal(taskqueue_enqueue_timeout(tq, &tt, 10), 0);
	assert_int_equal(taskqueue_enqueue_timeout(tq, &tt, -500), 1); /* is coming: stays */
	assert_int_equal(ngu_clock_advance(G, 9000000), 0);
	taskqueue_run(tq);
	assert_string_equal(said, "");
	assert_int_equal(ngu_clock_advance(G, 2000000), 0);
	taskqueue_run(tq);
	assert_string_equal(said, "t");
	(void)taskqueue_enqueue_timeout(tq, &tt, 5);
	assert_int_equal(taskqueue_cancel_timeout(tq, &tt, &n), 0);
	assert_int_equal(n, 1);
	(void)taskqueue_enqueue_timeout(tq, &tt, 0); /* at once */
	taskqueue_run(tq);
	assert_string_equal(said, "tt");
	(void)taskqueue_enqueue_timeout(tq, &tt, 5);
	taskqueue_drain_timeout(tq, &tt);
	assert_int_equal(ngu_clock_advance(G, 50000000), 0);
	taskqueue_free(tq);
	assert_string_equal(said, "tt");
	(void)ngu_graph_enter(before);
	ngt_end(t);
}

static void
test_own(void **state)
{
	struct task c;

	(void)state;
	ran = 0;
	TASK_INIT(&c, 0, count, NULL);
	assert_int_equal(taskqueue_enqueue(taskqueue_thread, &c), 0);
	taskqueue_drain(taskqueue_thread, &c);
	assert_int_equal(ran, 1);
	assert_ptr_equal(taskqueue_swi, taskqueue_thread);
}

static void drains_itself(void *arg, int pending) { taskqueue_drain(tq, arg); }

static char told[512];

static bool
is_told(void *arg, const struct ngu_panic *p)
{
	(void)snprintf(told, sizeof(told), "%s", p->what);
	return (true);
}

static void
d_itself(void)
{
	struct task t;

	tq = taskqueue_create("tested", M_NOWAIT, NULL, NULL);
	TASK_INIT(&t, 0, drains_itself, &t);
	taskqueue_enqueue(tq, &t);
	taskqueue_run(tq);
}

static void
test_ends(void **state)
{
	struct ngt *t = ngt_graph("hub h");
	struct ngu_graph *before = ngu_graph_enter(G);
	struct epoch_tracker et;
	struct task c;

	(void)state;
	assert_true(dies(d_itself));
	assert_non_null(tq = taskqueue_create("tested", M_NOWAIT, taskqueue_thread_enqueue, &tq));
	assert_int_equal(taskqueue_start_threads(&tq, 1, 0, "tested"), 0);
	TASK_INIT(&c, 0, drains_itself, &c);
	ngu_panic_set_handler(is_told, NULL);
	taskqueue_enqueue(tq, &c);
	taskqueue_drain(tq, &c); /* the thread has given it up */
	taskqueue_free(tq);
	ngu_panic_set_handler(NULL, NULL);
	assert_non_null(strstr(told, "taskqueue_drain: waits for who calls it, task "));
	assert_non_null(strstr(told, " of queue tested. "));
	ngu__port_alloc_hook = refuse_all;
	assert_null(taskqueue_create("refused", M_NOWAIT, NULL, NULL));
	ngu__port_alloc_hook = NULL;
	tq = taskqueue_create("in a section", M_NOWAIT, NULL, NULL);
	TASK_INIT(&c, 0, count, NULL);
	NET_EPOCH_ENTER(et);
	taskqueue_enqueue(tq, &c); /* may be; its end may not be waited for */
	(void)taskqueue_cancel(tq, &c, NULL);
	assert_int_equal(ngt_strict_reports(), 0);
	taskqueue_drain(tq, &c);
	NET_EPOCH_EXIT(et);
	(void)ngt_expect_strict(NGU_STRICT_SLEEP, "taskqueue_drain inside");
	taskqueue_free(tq);
	(void)ngu_graph_enter(before);
	ngt_end(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_order),
		ngt_test(test_threads),
		ngt_test(test_many),
		ngt_test(test_timeout),
		ngt_test(test_own),
		ngt_test(test_ends),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
