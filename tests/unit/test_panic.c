/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_panic.c - a panic ends the test, not the process: in the test's thread, in a worker, in a task queue; where nobody asks, or in a
 * thread of the program, it ends the process.
 */
#include "support/dies.h"
#include "support/unit.h"

#include <ng/panic.h>
#include <sys/mbuf.h>
#include <sys/rwlock.h>
#include <sys/systm.h>
#include <sys/taskqueue.h>

/* ---- a type that panics at packets called "panic" ---- */

static _Atomic unsigned handled, waits;

static int
hurt_rcvdata(hook_p hook, item_p item)
{
	struct mbuf *m;
	char c[5] = "";

	NGI_GET_M(item, m);
	if (m->m_pkthdr.len == 5)
		m_copydata(m, 0, 5, c);
	NG_FREE_ITEM(item);
	m_freem(m);
	if (memcmp(c, "panic", 5) == 0)
		panic("hurt at %s", NG_HOOK_NAME(hook));
	if (memcmp(c, "waits", 5) == 0) /* until a message waits for whoever serves this, its sender having looked in vain */
		for (waits = 1; (NGU_LD_ACQ(&NG_HOOK_NODE(hook)->nd_gate) & (NGU_G_QW | NGU_G_C)) != NGU_G_QW;)
			ngu__port_yield();
	handled++;
	return (0);
}

static int
hurt_constructor(node_p node)
{
	return (0);
}

static int
hurt_rcvmsg(node_p node, item_p item, hook_p last)
{
	NG_FREE_ITEM(item);
	panic("hurt by a message");
}

static struct ng_type hurt = { .version = NG_ABI_VERSION, .name = "hurt", .constructor = hurt_constructor, .rcvmsg = hurt_rcvmsg,
	.rcvdata = hurt_rcvdata };

/* ---- expectations that fail on purpose, by a jump ---- */

static jmp_buf back;
static char failed[4096];

static void
jumps(const char *file, int line, const char *text)
{
	assert_string_equal(file, "here");
	assert_int_equal(line, 77);
	(void)snprintf(failed, sizeof(failed), "%s", text);
	longjmp(back, 1);
}
#define HERE "here", 77, jumps

static struct ngt *t;

static void
hurts(unsigned workers)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .name = "hurts", .fake_clock = true, .workers = workers };

	failed[0] = '\0';
	handled = 0;
	t = ngt__graph(HERE, &o, workers == 2 ? "hub x; probe p - hurt h.p; probe r - h.r" : "probe p - hurt h.p; probe r - h.r"); /* either worker */
}

/* The test's own thread: it jumps out of the method, and the kit puts right what was left. */
static void
test_own_thread(void **state)
{
	struct ngt *other;

	for (volatile int i = 0; i < 3; i++) {
		hurts(0);
		if (setjmp(back) == 0) {
			ngt_send(ngt_probe(t, "p"), NULL, ngt_text("panic"));
			fail_msg("it went on");
		}
		assert_string_equal(failed, "panic: hurt at p");
		assert_int_equal(ngt_teardown(state), 0); /* what cmocka calls after a failure */
		assert_int_equal(ngt_setup(state), 0);
	}
	other = ngt_graph("probe a - hurt h.a"); /* as any other */
	ngt_send(ngt_probe(other, "a"), NULL, ngt_text("fine"));
	ngt_end(other);
}

/* A worker gives up the packet and serves on; the test fails where it looks next. */
static void
test_worker(void **state)
{
	for (volatile unsigned workers = 1; workers <= 2; workers++) {
		hurts(workers);
		assert_int_equal(ngt_try_send_flags(ngt_probe(t, "p"), NULL, ngt_text("panic"), NG_QUEUE), 0);
		if (setjmp(back) == 0) {
			ngt__settle(HERE, t);
			fail_msg("nothing was seen");
		}
		assert_non_null(strstr(failed, "panic in a thread that serves the graph: hurt at p"));
		/* it is there, and so is the node */
		assert_int_equal(ngt_try_send_flags(ngt_probe(t, "r"), NULL, ngt_text("fine"), NG_QUEUE), 0);
		while (handled < 1)
			ngu__port_yield();
		assert_int_equal(ngt_teardown(state), 0);
		assert_int_equal(ngt_setup(state), 0);
	}
}

/* Somebody waits for what a worker gives up: he is told. */
static void
test_waited_for(void **state)
{
	hurts(1);
	assert_int_equal(ngt_try_send_flags(ngt_probe(t, "p"), NULL, ngt_text("waits"), NG_QUEUE), 0);
	while (waits == 0)
		ngu__port_yield();
	assert_int_equal(ngu_msg(G, "h:", 1700000009, 1, NULL, 0, NULL), EINTR);
	assert_int_equal(handled, 1);
	assert_int_equal(ngt_teardown(state), -1); /* nobody has looked at the panic */
	assert_int_equal(ngt_setup(state), 0);
}

/* What nobody has looked at fails the test at its end. */
static void
test_unseen(void **state)
{
	hurts(1);
	assert_int_equal(ngt_try_send_flags(ngt_probe(t, "p"), NULL, ngt_text("panic"), NG_QUEUE), 0);
	assert_int_equal(ngu_settle(G, 10000), 0);
	assert_int_equal(ngt_teardown(state), -1);
	assert_int_equal(ngt_setup(state), 0);
}

/* ---- task queues ---- */

static void
task_panics(void *arg, int pending)
{
	struct rwlock *unheld = arg;

	(void)pending;
	rw_wunlock(unheld);
}

static void
task_works(void *arg, int pending)
{
	*(int *)arg += pending;
}

static void
test_task(void **state)
{
	struct taskqueue *tq;
	struct rwlock rw;
	struct task a, b;
	int done = 0;

	rw_init(&rw, "unheld");
	hurts(0);
	tq = taskqueue_create("hurts", M_WAITOK, taskqueue_thread_enqueue, &tq);
	assert_int_equal(taskqueue_start_threads(&tq, 1, 0, "hurts"), 0);
	TASK_INIT(&a, 0, task_panics, &rw);
	TASK_INIT(&b, 0, task_works, &done);
	(void)taskqueue_enqueue(tq, &a);
	(void)taskqueue_enqueue(tq, &b);
	taskqueue_drain(tq, &a); /* it is not there any more, nor running */
	taskqueue_drain(tq, &b);
	assert_int_equal(done, 1);
	taskqueue_free(tq);
	rw_destroy(&rw);
	if (setjmp(back) == 0) {
		ngt__end(HERE, t);
		fail_msg("nothing was seen");
	}
	assert_non_null(strstr(failed, "rw_wunlock unheld: this thread does not hold it for writing"));
	assert_int_equal(ngt_teardown(state), 0);
	assert_int_equal(ngt_setup(state), 0);
}

/* ---- the end of the process ---- */

static void
in_a_child(void) /* of a test that has made a graph with the kit */
{
	panic("in a child");
}

static void
nobody_asks(void)
{
	ngu_panic_set_handler(NULL, NULL);
	panic("for good");
}

#ifndef NGU_TSAN
static void *
panics_alone(void *arg)
{
	(void)arg;
	panic("in a thread of the program");
}

static void
another_thread(void)
{
	ngu__port_thread th;

	t = ngt_graph("hub h");
	if (ngu__port_thread_start(&th, "another", panics_alone, NULL) == 0)
		ngu__port_thread_join(&th);
}
#endif

static bool
panics_too(void *arg, const struct ngu_panic *p)
{
	(void)arg;
	panic("%s, too", p->what);
}

static void
in_the_handler(void)
{
	ngu_panic_set_handler(panics_too, NULL);
	panic("handled");
}

static void
test_dies(void **state)
{
	(void)state;
	t = ngt_graph("hub h");
	assert_true(dies(in_a_child));
	ngt_end(t);
	assert_true(dies(nobody_asks));
#ifndef NGU_TSAN /* whose runtime starts no threads in a child */
	assert_true(dies(another_thread));
#endif
	assert_true(dies(in_the_handler));
}

/* ---- what the handler is told ---- */

static bool
told(void *arg, const struct ngu_panic *p)
{
	assert_int_equal(p->size, sizeof(*p));
	assert_ptr_equal(p->graph, arg);
	assert_string_equal(p->what, "1 and two");
	assert_false(p->serves);
	longjmp(back, 1);
}

static void
varies(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vpanic(fmt, ap);
}

static void
test_told(void **state)
{
	(void)state;
	t = ngt_graph("hub h");
	ngu_panic_set_handler(told, G);
	for (volatile int i = 0; i < 2; i++) {
		if (setjmp(back) == 0) {
			if (i == 0)
				panic("%d and %s", 1, "two");
			varies("%d and %s", 1, "two");
		}
		ngu_thread_recover(G);
		(void)ngu_graph_enter(G);
	}
	ngt_end(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_own_thread),
		ngt_test(test_worker),
		ngt_test(test_waited_for),
		ngt_test(test_unseen),
		ngt_test(test_task),
		ngt_test(test_dies),
		ngt_test(test_told),
	};

	if (ng_mod_event(NULL, MOD_LOAD, &hurt) != 0)
		return (1);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
