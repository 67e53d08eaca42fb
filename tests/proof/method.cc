/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * method.cc - what a method has read outside of sections is not freed before it ends, and whoever waits for it is woken:
 * lib/reclaim/method.h.
 *
 * A thread runs two methods, each of which follows a link and looks at what is there; another unlinks it and frees
 * it when no method from before is left, asleep until then. Freeing is a plain store, looking a plain load: Relacy sees a method
 * that is too late as a data race, and a lost wake-up as a deadlock. There is no grace period: the method is in no section, so
 * none would wait for it. The driver calls the protocol as lib/reclaim/defer.c and reclaim.h do.
 */
#include "relacy.h"
#include "reclaim/method.h"
#include "reclaim/retireq.h"

struct ngu__retire {
	struct ngu__retire *next;
	rl::var<int> content; /* 0: live */
};

static inline struct ngu__retire **
ngu__retireq_link(struct ngu__retire *r)
{
	return (&r->next);
}

/* What drivers of twins leave out. */
enum { ALL, NO_WAIT, NO_KICK, SLEEPS_BLINDLY, NO_STAMP, POLLS };

struct world {
	rl::atomic<struct ngu__retire *> link;
	struct ngu__retire object;
	ngu__era era, now, wanted;
	ngu__retireq_state state;
	ngu__retireq_head head;
	/* ngu__port_wait() and ngu__port_wake() */
	rl::mutex futex;
	rl::condition_variable_any asleep;
};

static void
method(struct world *w)
{
	struct ngu__retire *r;

	ngu__method_open(&w->era, &w->now);
	if ((r = NGU_LD_ACQ(&w->link)) != NULL)
		RL_ASSERT(r->content($) == 0);
	if (ngu__method_close(&w->era, &w->wanted) && left_out != NO_KICK && ngu__retireq_kick(&w->state, NGU_RQ_IDLE)) {
		w->futex.lock($);
		w->asleep.notify_one($);
		w->futex.unlock($);
	}
}

static void
sleep_while_idle(struct world *w)
{
	w->futex.lock($);
	if (w->state.load(rl::mo_relaxed, $) == NGU_RQ_IDLE)
		w->asleep.wait(w->futex, $);
	w->futex.unlock($);
}

static void
reclaimer(struct world *w)
{
	uint64_t stamp;

	NGU_ST_REL(&w->link, (struct ngu__retire *)NULL);
	stamp = left_out == NO_STAMP ? 1 : ngu__method_want(&w->now, &w->wanted);
	while (left_out != NO_WAIT && ngu__method_before(&w->era, stamp)) {
		if (left_out == POLLS) {
			rl::yield(1, $);
			continue;
		}
		ngu__retireq_say(&w->state, NGU_RQ_IDLE);
		if (left_out == SLEEPS_BLINDLY)
			sleep_while_idle(w);
		else
			while (ngu__retireq_may_sleep(&w->head, &w->state) && ngu__method_before(&w->era, stamp))
				sleep_while_idle(w);
		ngu__retireq_say(&w->state, NGU_RQ_BUSY);
	}
	w->object.content($) = 1;
}

struct methods : rl::test_suite<methods, 2> {
	struct world w;

	void before()
	{
		w.head.store(NULL, rl::mo_relaxed, $);
		w.state.store(NGU_RQ_BUSY, rl::mo_relaxed, $);
		w.era.store(0u, rl::mo_relaxed, $);
		w.now.store(1u, rl::mo_relaxed, $);
		w.wanted.store(0u, rl::mo_relaxed, $);
		w.object.content($) = 0;
		w.link.store(&w.object, rl::mo_relaxed, $);
	}
	void thread(unsigned me)
	{
		if (me == 0) {
			reclaimer(&w);
		} else {
			method(&w);
			method(&w);
		}
	}
	void after()
	{
		RL_ASSERT(w.object.content($) == 1);
	}
};

static const struct twin methods_twins[] = {
	{"twin: methods are not waited for", {}, NO_WAIT},
	{"twin: there is one era only", {}, NO_STAMP},
	{"twin: nobody is woken", {}, NO_KICK},
	{"twin: the reclaimer sleeps without a second look", {}, SLEEPS_BLINDLY},
	{"twin: method-era, shown without acquire", {{"ngu__method_open", RMW, rl::mo_release}}},
	{"twin: method-era, looked at without release", {{"ngu__method_before", RMW, rl::mo_acquire}}},
	{"twin: method-era, the era loaded relaxed",
	    {{"ngu__method_open", LD, rl::mo_relaxed}, {"ngu__method_close", LD, rl::mo_relaxed}}},
	{"twin: method-era, the new era stored without release", {{"ngu__method_want", RMW, rl::mo_acquire}}},
	{"twin: method-end, left without release", {{"ngu__method_close", RMW, rl::mo_acquire}, {"ngu__method_open", RMW, rl::mo_acquire}}},
	{"twin: method-end, looked at without acquire", {{"ngu__method_before", RMW, rl::mo_release}}},
	{"twin: method-end, left without acquire",
	    {{"ngu__method_close", RMW, rl::mo_release}, {"ngu__method_close", LD, rl::mo_relaxed}, {"ngu__retireq_kick", LD, rl::mo_relaxed}}},
	{},
};

int
main()
{
	holds<methods>("methods: two in a thread, one unlinks and frees", 200000);
	holds_bound<methods>("methods: two in a thread, one unlinks and frees", 3);
	twins<methods>(methods_twins, 1000000);
	return (done());
}
