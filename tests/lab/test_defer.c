/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_defer.c - lib/reclaim/defer.c in the lab: who retires, who waits, the one thread that frees, and the end, in every order.
 *
 * libng-lab has grace periods of its own in place of that file. Here it is compiled once more, under other names, on the lab's
 * port and with the lab's ngu__rcl_sync() as the backend: one that waits for the sections that are open, and no longer. The
 * program is linked with the parts of libng-lab, since it needs what that library does not export.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ngu__retire td_retire /* the structure, too */
#define ngu__retire_methods td_retire_methods
#define ngu__rcl_method_ended td_method_ended
#define ngu__rcl_barrier td_barrier
#define ngu__rcl_graces td_graces
#define ngu__rcl_backpressure td_backpressure
#define ngu__rcl_stats td_stats
#define ngu__rcl_name td_name
#define ngu__rcl_fork_child td_fork_child
#define ngu__port_thread_start td_thread_start
#define ngu__port_at_exit td_at_exit

#include "port/port.h"

static bool refused; /* no thread can be started */
static unsigned exits;

#undef ngu__port_thread_start
int ngu__port_thread_start(ngu__port_thread *t, const char *name, void *(*fn)(void *), void *arg);
int
td_thread_start(ngu__port_thread *t, const char *name, void *(*fn)(void *), void *arg)
{
	return (refused ? EAGAIN : ngu__port_thread_start(t, name, fn, arg));
}

int
td_at_exit(void (*fn)(void))
{
	exits++;
	return (fn != NULL ? 0 : EINVAL);
}

#define ngu__port_thread_start td_thread_start

#include "reclaim/defer.c"

#include "lab/lab.h"

#define OBJECTS 4u

static struct object {
	struct ngu__retire r;
	uint32_t payload;
	unsigned next; /* retired by the callback, 0: none */
} *object[OBJECTS];
static _Atomic(struct object *) shown; /* what readers may find */
static _Atomic uint32_t runs[OBJECTS]; /* callbacks */
static _Atomic uint32_t flag, turn, order[OBJECTS];
static void (*thread_end)(void *); /* of the first body's thread */
static void *thread_end_arg;

static void
put_away(struct ngu__retire *r)
{
	struct object *o = (struct object *)(void *)r;

	for (unsigned i = 0; i < OBJECTS; i++)
		if (object[i] == o) {
			runs[i]++;
			order[i] = ++turn;
			if (o->next != 0)
				td_retire(&object[o->next]->r, put_away);
			/* Whoever may still look at it sees freed memory. */
			ngu_lab_free(o);
			return;
		}
	ngu_lab_fail("a callback of something else");
}

static void
retire(unsigned i)
{
	td_retire(&object[i]->r, put_away);
}

static int
cold(void *arg)
{
	for (unsigned i = 0; i < OBJECTS; i++) {
		object[i] = ngu_lab_alloc(sizeof(*object[i]));
		object[i]->payload = 7;
	}
	shown = object[0];
	refused = arg != NULL;
	thread_end = lab->thread[2].at_exit;
	thread_end_arg = lab->thread[2].at_exit_arg;
	return (0);
}

/* The reclaimer runs, and has nothing to do. */
static int
warm(void *arg)
{
	int error = cold(arg);

	retire(3);
	td_barrier();
	return (error != 0 || runs[3] != 1 ? EIO : 0);
}

/* All that was retired is freed, by the end of the reclaimer at the latest. */
static void
end(void *arg)
{
	struct ngu__rcl_stats st;
	uint64_t n = 0;

	td_barrier();
	for (unsigned i = 0; i < OBJECTS; i++) {
		ngu_lab_check(runs[i] <= 1);
		n += runs[i];
	}
	td_stats(&st);
	ngu_lab_check(st.retired == n && st.freed == n && st.high <= n);
	ngu_lab_check(arg != NULL || exits <= 1);
	at_exit();
	ngu_lab_check(NGU_LD_ACQ(&rcl.life) != LIFE_RUNNING);
	for (unsigned i = 0; i < OBJECTS; i++)
		if (runs[i] == 0)
			ngu_lab_free(object[i]);
}

static void
end_all_three(void *arg)
{
	end(arg);
	ngu_lab_check(runs[0] == 1 && runs[1] == 1 && runs[2] == 1);
}

/* ---- bodies */

static void
retires_0_1(void *arg)
{
	retire(0);
	retire(1);
}

static void
retires_2(void *arg)
{
	retire(2);
}

/* In the order they were pushed. */
static void
end_order(void *arg)
{
	end_all_three(arg);
	ngu_lab_check(order[0] < order[1]);
}

static void
retires_0_says(void *arg)
{
	retire(0);
	atomic_store_explicit(&flag, 1, memory_order_release);
}

static void
waits_for_said(void *arg)
{
	bool said = atomic_load_explicit(&flag, memory_order_acquire) != 0;

	td_barrier();
	if (said)
		ngu_lab_check(runs[0] == 1);
}

static void
retires_0_waits(void *arg)
{
	retire(0);
	td_barrier();
	ngu_lab_check(runs[0] == 1);
}

static void
retires_1_waits(void *arg)
{
	retire(1);
	td_barrier();
	ngu_lab_check(runs[1] == 1);
}

/* 0's callback retires 1, and that one's 2. */
static int
chained(void *arg)
{
	int error = warm(arg);

	object[0]->next = 1;
	object[1]->next = 2;
	return (error);
}

static void
retires_chain_waits(void *arg)
{
	retire(0);
	td_barrier();
	ngu_lab_check(runs[0] == 1 && runs[1] == 1 && runs[2] == 1);
}

static void
waits(void *arg)
{
	td_barrier();
}

static void
stops(void *arg)
{
	at_exit();
	ngu_lab_check(NGU_LD_ACQ(&rcl.life) == LIFE_INLINE);
}

static void
reads(void *arg)
{
	struct ngu__thread *ts = ngu__self();
	struct object *o;

	ngu__section_enter(ts);
	if ((o = atomic_load_explicit(&shown, memory_order_acquire)) != NULL)
		ngu_lab_check(o->payload == 7);
	ngu__section_leave(ts);
}

static void
unlinks_0_waits(void *arg)
{
	atomic_store_explicit(&shown, NULL, memory_order_relaxed);
	retires_0_waits(arg); /* a reclaimer without company waits for more, unless somebody waits for it */
}

/* The last thing a thread does. */
static void
retires_0_exits(void *arg)
{
	lab->self->at_exit = NULL; /* what the lab does for it at the end: here, beside the other */
	retire(0);
	thread_end(thread_end_arg);
}

/* As ngu__method_enter() and ngu__method_leave() in other builds: method.h, under test here. */
static struct ngu__thread *
begin_method(void)
{
	struct ngu__thread *ts = ngu__self();

	ts->methods++;
	ngu__method_open(&ts->era, &ngu__era_now);
	return (ts);
}

static void
end_method(struct ngu__thread *ts)
{
	ts->methods--;
	if (ngu__method_close(&ts->era, &ngu__era_wanted))
		td_method_ended();
}

static void
methods_hold(struct ngu__retire *r)
{
	td_retire_methods(r, put_away);
}

/* Outside of sections, and looked at twice. */
static void
looks(void *arg)
{
	struct ngu__thread *ts = begin_method();
	struct object *o;

	if ((o = atomic_load_explicit(&shown, memory_order_acquire)) != NULL) {
		ngu_lab_check(o->payload == 7);
		ngu_lab_point();
		ngu_lab_check(o->payload == 7);
	}
	end_method(ts);
}

static void
unlinks_0_held(void *arg)
{
	atomic_store_explicit(&shown, NULL, memory_order_release);
	td_retire(&object[0]->r, methods_hold);
	td_barrier();
	ngu_lab_check(runs[0] == 1);
}

/* Two that hold each other's object, and wait: not for ever. */
static void
holds_1(void *arg)
{
	struct ngu__thread *ts = begin_method();

	td_retire(&object[1]->r, methods_hold);
	td_barrier();
	end_method(ts);
}

static void
holds_2(void *arg)
{
	struct ngu__thread *ts = begin_method();

	td_retire(&object[2]->r, methods_hold);
	td_barrier();
	end_method(ts);
}

static void
end_both(void *arg)
{
	end(arg);
	ngu_lab_check(runs[1] == 1 && runs[2] == 1);
}

static void
run(const struct ngu_lab *s, uint32_t preemptions) /* 0: 2 */
{
	const struct ngu_lab_opts opts = { .preemptions = preemptions };
	const char *only = getenv("LT_ONLY"); /* as in lab_test.h */
	struct ngu_lab_result r;

	if (only != NULL && strcmp(only, s->name) != 0) {
		printf("# %s: not asked for (LT_ONLY=%s)\n", s->name, only);
		return;
	}
	assert_int_equal(ngu_lab_run(s, &opts, &r), 0);
	assert_true(r.complete || getenv("NGU_LAB_SECONDS") != NULL);
}

#define BODY(fn) { #fn, fn }
#define SCENE_BOUND(id, title, set, a, b, over, thing, bound) \
	static void test_##id(void **state) \
	{ \
		static const struct ngu_lab s = { .name = title, .arg = thing, .setup = set, .body = { BODY(a), BODY(b) }, .end = over }; \
		run(&s, bound); \
	}
#define SCENE(id, title, set, a, b, over, thing) SCENE_BOUND(id, title, set, a, b, over, thing, 0)

SCENE(first, "defer-first", cold, retires_0_1, retires_2, end_order, NULL)
SCENE(retire, "defer-retire", warm, retires_0_1, retires_2, end_order, NULL)
SCENE(said, "defer-said", warm, retires_0_says, waits_for_said, end, NULL)
SCENE(barrier, "defer-barrier", warm, retires_0_waits, retires_1_waits, end, NULL)
/* Two preemptions are 450,000 schedules. */
SCENE_BOUND(chain, "defer-chain", chained, retires_chain_waits, waits, end_all_three, NULL, 1)
SCENE(stop, "defer-stop", warm, stops, retires_0_waits, end, NULL)
SCENE(inline, "defer-inline", cold, retires_0_waits, retires_1_waits, end, &refused)
SCENE(reader, "defer-reader", warm, reads, unlinks_0_waits, end, NULL)
SCENE(thread_exit, "defer-thread-exit", warm, retires_0_exits, retires_1_waits, end, NULL)
/* ... and the reclaimer may be given its record. */
SCENE(exit_first, "defer-exit-first", cold, retires_0_exits, retires_1_waits, end, NULL)
SCENE(method, "defer-method", warm, looks, unlinks_0_held, end, NULL)
SCENE(method_inline, "defer-method-inline", cold, looks, unlinks_0_held, end, &refused)
SCENE(methods, "defer-methods", warm, holds_1, holds_2, end_both, NULL)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_retire),
		cmocka_unit_test(test_said),
		cmocka_unit_test(test_barrier),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_inline),
		cmocka_unit_test(test_reader),
		cmocka_unit_test(test_thread_exit),
		cmocka_unit_test(test_exit_first),
		cmocka_unit_test(test_method),
		cmocka_unit_test(test_method_inline),
		cmocka_unit_test(test_methods),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
