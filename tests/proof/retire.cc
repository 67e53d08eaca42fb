/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * retire.cc - what is retired is freed, and not before its readers have left: lib/reclaim/retireq.h, and the read section of
 * lib/reclaim/section.h as the grace period.
 *
 * Threads unlink an object each and retire it; a taker frees them and sleeps when there is nothing; a reader follows the links.
 * Freeing is a plain store, reading a plain load: Relacy sees a reader that is too late as a data race. A lost wake-up is a
 * deadlock. The driver calls the protocol as lib/reclaim/defer.c does; its grace period is that of rwlock.c, the backend that has
 * one of its own.
 */
#include "relacy.h"
#include "reclaim/section.h"
#include "reclaim/retireq.h"

struct ngu__retire {
	struct ngu__retire *next;
	rl::var<int> content; /* 0: live */
};
struct ngu__thread {
	ngu__sec sec;
};

static inline struct ngu__retire **
ngu__retireq_link(struct ngu__retire *r)
{
	return (&r->next);
}

/* What drivers of twins leave out. */
enum { ALL, SLEEPS_BLINDLY, NO_KICK, NO_GRACE, GRACE_BEFORE_TAKE, POLLS };

#define N 2

struct world {
	ngu__retireq_head head;
	ngu__retireq_state state;
	rl::atomic<struct ngu__retire *> link[N];
	struct ngu__retire object[N];
	struct ngu__thread t;
	/* ngu__port_wait() and ngu__port_wake() */
	rl::mutex futex;
	rl::condition_variable_any asleep;
};

static void
port_wait(struct world *w, uint32_t val)
{
	w->futex.lock($);
	if (w->state.load(rl::mo_relaxed, $) == val)
		w->asleep.wait(w->futex, $);
	w->futex.unlock($);
}

static void
port_wake(struct world *w)
{
	w->futex.lock($);
	w->asleep.notify_one($);
	w->futex.unlock($);
}

static void
retire(struct world *w, struct ngu__retire *r)
{
	if (ngu__retireq_push(&w->head, r) && left_out != NO_KICK && ngu__retireq_kick(&w->state, NGU_RQ_IDLE))
		port_wake(w);
}

static void
doze(struct world *w)
{
	ngu__retireq_say(&w->state, NGU_RQ_IDLE);
	if (left_out == SLEEPS_BLINDLY)
		port_wait(w, NGU_RQ_IDLE);
	else
		while (ngu__retireq_may_sleep(&w->head, &w->state))
			port_wait(w, NGU_RQ_IDLE);
	ngu__retireq_say(&w->state, NGU_RQ_BUSY);
}

static void
grace(struct world *w)
{
	uint32_t mark;

	if (left_out == NO_GRACE)
		return;
	membarrier();
	if (ngu__sec_is_open(&w->t.sec, &mark))
		while (ngu__sec_still_open(&w->t.sec, mark))
			rl::yield(1, $);
}

/* As reclaimer(), until it has freed them all. */
static void
reclaimer(struct world *w)
{
	struct ngu__retire *r, *next;

	for (int freed = 0; freed < N;) {
		if (NGU_LD_SC(&w->head) == NULL) {
			if (left_out == POLLS) /* so that no lost wake-up comes first */
				rl::yield(1, $);
			else
				doze(w);
			continue;
		}
		if (left_out == GRACE_BEFORE_TAKE)
			grace(w);
		r = ngu__retireq_take(&w->head);
		if (left_out != GRACE_BEFORE_TAKE)
			grace(w);
		for (; r != NULL; r = next) {
			next = r->next;
			RL_ASSERT(r->content($) == 0); /* once each */
			r->content($) = 1;
			freed++;
		}
	}
}

static void
reader(struct world *w)
{
	struct ngu__retire *r;

	ngu__sec_open(&w->t.sec);
	NGU_COMPILER_FENCE(); /* the half of the taker's membarrier that is executed here */
	for (int i = 0; i < N; i++)
		if ((r = NGU_LD_ACQ(&w->link[i])) != NULL)
			RL_ASSERT(r->content($) == 0);
	ngu__sec_close(&w->t.sec);
}

struct retires : rl::test_suite<retires, N + 2> {
	struct world w;

	void before()
	{
		w.head.store(NULL, rl::mo_relaxed, $);
		w.state.store(NGU_RQ_BUSY, rl::mo_relaxed, $);
		w.t.sec.store(0u, rl::mo_relaxed, $);
		for (int i = 0; i < N; i++) {
			w.object[i].content($) = 0;
			w.link[i].store(&w.object[i], rl::mo_relaxed, $);
		}
	}
	void thread(unsigned me)
	{
		if (me < N) {
			NGU_ST_REL(&w.link[me], (struct ngu__retire *)NULL);
			retire(&w, &w.object[me]);
		} else if (me == N) {
			reclaimer(&w);
		} else {
			reader(&w);
		}
	}
	void after()
	{
		RL_ASSERT(w.head.load(rl::mo_relaxed, $) == NULL);
	}
};

static const struct twin retires_twins[] = {
	{"twin: the taker sleeps without a second look", {}, SLEEPS_BLINDLY},
	{"twin: nobody is woken", {}, NO_KICK},
	{"twin: rcl-sleep, the taker says IDLE with release only",
	    {{"ngu__retireq_say", ST, rl::mo_release}, {"ngu__retireq_may_sleep", LD, rl::mo_acquire}}},
	{"twin: rcl-sleep, the pusher looks with acquire only",
	    {{"ngu__retireq_push", RMW, rl::mo_acq_rel}, {"ngu__retireq_kick", LD, rl::mo_acquire}}},
	{"twin: no grace period", {}, NO_GRACE},
	{"twin: the grace period begins before the objects are taken", {}, GRACE_BEFORE_TAKE},
	{"twin: rcl-push, pushed relaxed", {{"ngu__retireq_push", RMW, rl::mo_relaxed}}, POLLS},
	{"twin: section-scan, sec made even relaxed", {{"ngu__sec_close", ST, rl::mo_relaxed}}},
	{"twin: section-scan, sec awaited relaxed", {{"ngu__sec_still_open", LD, rl::mo_relaxed}}},
	{"twin: section-scan, no membarrier", {{"membarrier", FENCE, rl::mo_relaxed}, {"reader", FENCE, rl::mo_relaxed}}},
	{},
};

int
main()
{
	holds<retires>("retires: two threads retire, one reads, one frees", 100000);
	holds_bound<retires>("retires: two threads retire, one reads, one frees", 2);
	twins<retires>(retires_twins, 1000000);
	return (done());
}
