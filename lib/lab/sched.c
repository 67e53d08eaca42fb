/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sched.c - who goes on: threads' states, and what there is to choose from at each point. search.c chooses.
 *
 * The first choice is always "go on" for a thread that can, so that a run without any other choice stops a thread only where it waits.
 * Stopping a thread that could go on costs one of `preemptions`; a store held back one of `delays`; a refused allocation one of
 * `failures`. Everything else (who goes on after a wait, when a held back store comes out) is free.
 *
 * Points are taken only where threads have met on a word in some run so far; when a new such word turns up, the search begins again
 * with it. It goes to one preemption first, which is quick and learns of most of them.
 *
 * A thread that spins is left alone until somebody writes a word it looked at. When nobody can go on otherwise, time passes.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lab/cell.h"

#define ALTS 32
#define IDLE_MAX 4000u
#define TICK_NS 10000000

void lab_co_run(unsigned to);

/* ---- threads */

bool
lab_runnable(unsigned i)
{
	struct lab_thread *t = &lab->thread[i];

	switch (t->state) {
	case LT_READY:
		return (true);
	case LT_PAUSED:
		return (t->woken);
	case LT_BLOCKED:
		return (t->ready != NULL ? t->ready(t) : t->woken);
	default:
		return (false);
	}
}

unsigned
lab_spawn(const char *name, void *(*fn)(void *), void *arg, bool daemon)
{
	struct lab_thread *t;
	unsigned i = lab->nthreads;

	if (i == LAB_THREADS)
		lab_fail(NGU_LAB_SELF, "more than %u threads", LAB_THREADS);
	t = &lab->thread[lab->nthreads++];
	{
		uint64_t at = t->alloc_at, end = t->alloc_end;
		uint8_t *copy = t->stack_copy;

		memset(t, 0, sizeof(*t));
		t->alloc_at = at;
		t->alloc_end = end;
		t->stack_copy = copy;
	}
	t->name = name;
	t->fn = fn;
	t->arg = arg;
	t->daemon = daemon;
	t->state = LT_READY;
	if (lab->on)
		lab_copy(t->vc, lab->self->vc);
	t->vc[i] = 1;
	if (lab->on)
		lab->self->vc[lab->cur]++;
	lab_co_make(t, i);
	return (i);
}

void
lab_wrote(struct lab_cell *c)
{
	unsigned w = c->watch;

	lab->last_write = lab->steps;
	lab->idle_rounds = 0;
	if (LAB_LIKELY(w == 0))
		return;
	c->watch = 0;
	for (unsigned i = 0; i < lab->nthreads; i++)
		if ((w >> i & 1) != 0)
			lab->thread[i].woken = true;
}

/* ---- failing */

_Noreturn void
lab_stop(enum lab_end end)
{
	if (end == END_NONE) {
		lab_point(lab->self->nbuf != 0, LAB_PC(), 1);
		lab_drain();
		lab->self->state = LT_DONE;
	}
	lab->end = end;
	for (;;) {
		if (end == END_NONE) {
			extern void ngu__lab_ended(void);

			ngu__lab_ended();
		}
		lab_co_driver();
	}
}

static _Noreturn void
failed(unsigned kind, uintptr_t pc, uintptr_t addr, const char *fmt, va_list ap)
{
	(void)vsnprintf(lab->why, sizeof(lab->why), fmt, ap);
	lab->why_kind = kind;
	lab->why_pc = pc;
	lab->why_addr = addr;
	lab->why_thread = lab->cur;
	lab->on = false;
	if (lab->script != NULL && lab->o.quiet == false && getenv("NGU_LAB_BREAK") != NULL)
		__builtin_trap();
	lab_stop(END_FAILED);
}

_Noreturn void
lab_fail(unsigned kind, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	failed(kind, LAB_PC(), 0, fmt, ap);
}

_Noreturn void
lab_fail_at(unsigned kind, uintptr_t pc, uintptr_t addr, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	failed(kind, pc, addr, fmt, ap);
}

/* ---- what there is to choose from */

static bool
bounded(void)
{
	return (lab->script == NULL && lab->o.mode == NGU_LAB_DFS);
}

static void
count_pc(uintptr_t pc)
{
	uint64_t h = lab_mix(pc, 7);
	unsigned k;

	if (lab->pcs == NULL)
		return;
	for (k = (unsigned)(h & 8191); lab->pcs[k] != 0; k = (k + 1) & 8191)
		if (lab->pcs[k] == pc)
			return;
	if (lab->npcs < 8000) {
		lab->pcs[k] = pc;
		lab->npcs++;
	}
}

static void
add(struct lab_choice *a, unsigned *n, unsigned kind, unsigned cost, unsigned arg)
{
	if (*n < ALTS)
		a[(*n)++] = (struct lab_choice){ .kind = (uint8_t)kind, .cost = (uint8_t)cost, .arg = (uint16_t)arg };
}

/* Threads for which time could pass. */
static bool
waits_for_time(const struct lab_thread *t)
{
	return ((t->state == LT_PAUSED && !t->woken) || (t->state == LT_BLOCKED && t->timed));
}

static void
go(unsigned to)
{
	struct lab_thread *t = &lab->thread[to];

	if (t->state == LT_PAUSED || t->state == LT_BLOCKED)
		t->state = LT_READY;
	if (to == lab->cur)
		return;
	LAB_TRACE(OP_SWITCH, 0, 0, to, 0, NULL);
	lab_co_switch(to);
}

static void
pass_time(unsigned to)
{
	struct lab_thread *t = &lab->thread[to];

	lab->now += TICK_NS;
	t->timedout = true;
	t->woken = true;
	t->state = LT_READY;
	LAB_TRACE(OP_TIME, 0, 0, to, (uint64_t)lab->now, NULL);
}

/* When a held back store comes out matters only to who touches its word, and those of the stores before it. */
static bool
holds(const struct lab_thread *t, uintptr_t addr)
{
	for (unsigned i = 0; i < t->nbuf; i++)
		if (t->buf[i].addr / 8 == addr / 8)
			return (true);
	return (addr == 0);
}

/* The current thread could go on. */
static void
choose_here(uint64_t site, uintptr_t addr)
{
	struct lab_choice a[ALTS];
	const struct lab_choice *c;
	unsigned n;
	bool may;

	lab->self->site = site;
	lab->self->at_point = true;
	for (;;) {
		n = 0;
		may = !bounded() || lab->preempts < lab->o.preemptions;
		add(a, &n, ALT_GO, 0, 0);
		for (unsigned i = 0; i < lab->nthreads; i++) {
			struct lab_thread *t = &lab->thread[i];

			if (i == lab->cur || t->state == LT_NONE || t->state == LT_DONE)
				continue;
			if (may && lab_runnable(i))
				add(a, &n, ALT_SWITCH, 1, i);
			else if (may && !t->daemon && waits_for_time(t))
				add(a, &n, ALT_TIME, 1, i);
			if (t->nbuf != 0 && holds(t, addr))
				add(a, &n, ALT_FLUSH, 0, i);
		}
		if (n == 1 && lab->o.mode != NGU_LAB_DFS)
			return;
		if (lab->o.mode == NGU_LAB_PCT && lab->script == NULL) {
			/* The one with the highest priority goes on. */
			unsigned best = 0;

			for (unsigned k = 0; k < 16; k++)
				if (lab->change[k] != 0 && lab->change[k] == lab->r.points)
					lab->prio[lab->cur] = k + 1;
			for (unsigned i = 1; i < n; i++)
				if (a[i].kind == ALT_SWITCH &&
				    lab->prio[a[i].arg] > lab->prio[best == 0 ? lab->cur : a[best].arg])
					best = i;
			if (best != 0) {
				if (lab->depth < LAB_DEEP) {
					struct lab_node *d = &lab->node[lab->depth++];

					*d = (struct lab_node){ .alt = (uint16_t)best, .n = (uint16_t)n, .at = lab->at, .taken = a[best] };
				}
			}
			lab->r.points++;
			lab->fan_sum += n;
			c = &a[best];
		} else
			c = lab_decide(a, n, site, true);
		switch (c->kind) {
		case ALT_SWITCH:
			go(c->arg);
			return;
		case ALT_TIME:
			pass_time(c->arg);
			go(c->arg);
			return;
		case ALT_FLUSH:
			lab_flush(c->arg, 1);
			break;
		default:
			return;
		}
	}
}

static bool
all_ended(void)
{
	for (unsigned i = 0; i < lab->nthreads; i++) {
		const struct lab_thread *t = &lab->thread[i];

		if (!t->daemon && t->state != LT_DONE && t->state != LT_NONE)
			return (false);
	}
	return (true);
}

static void
stuck(void)
{
	char text[2048];
	size_t len = 0;
	unsigned kind = NGU_LAB_DEADLOCK;

	for (unsigned i = 0; i < lab->nthreads && len < sizeof(text); i++) {
		struct lab_thread *t = &lab->thread[i];
		char where[160];

		if (t->state != LT_BLOCKED && t->state != LT_PAUSED)
			continue;
		if (t->daemon && t->idle)
			continue;
		if (t->state == LT_BLOCKED && t->ready == NULL && t->on != 0 && t->want != UINT64_MAX &&
		    *(volatile uint32_t *)t->on != (uint32_t)t->want)
			kind = NGU_LAB_WAKEUP;
		len += (size_t)snprintf(text + len, sizeof(text) - len, "\n    %s %s %s", t->name,
		    t->state == LT_PAUSED ? "spins" : t->what, t->on != 0 ? lab_where(t->on, where, sizeof(where)) : "");
	}
	lab_fail(kind, "%s:%s", kind == NGU_LAB_WAKEUP ? "lost wake-up: the word a thread sleeps on has changed, and nobody woke it" :
	    "deadlock: nobody can go on", text);
}

/* The current thread cannot go on, or has ended, or gives way. May return to it. */
static void
choose_other(uint64_t site, bool self_last)
{
	struct lab_choice a[ALTS];
	const struct lab_choice *c;
	unsigned n, i, k;

	lab->self->site = site;
	lab->self->at_point = false;
	for (;;) {
		lab->at++;
		n = 0;
		/* Daemons first: what can be freed is freed as early as may be. */
		for (i = 0; i < lab->nthreads; i++)
			if (i != lab->cur && lab->thread[i].daemon && lab_runnable(i))
				add(a, &n, ALT_SWITCH, 0, i);
		for (k = 1; k < lab->nthreads; k++) {
			i = (lab->cur + k) % lab->nthreads;
			if (i != lab->cur && !lab->thread[i].daemon && lab_runnable(i))
				add(a, &n, ALT_SWITCH, 0, i);
		}
		if ((self_last || n == 0) && lab_runnable(lab->cur))
			add(a, &n, ALT_SWITCH, 0, lab->cur);
		if (n == 0) {
			if (all_ended()) {
				lab_co_driver();
				return; /* somebody has something for this thread to do, perhaps in another run */
			}
			/* What is held back comes out now; or time passes first, as for a thread that was stopped with it. */
			for (i = 0; i < lab->nthreads; i++)
				if (lab->thread[i].nbuf != 0)
					add(a, &n, ALT_FLUSH, 0, i);
			for (i = 0; i < lab->nthreads && (n == 0 || !lab->free_run); i++)
				if (waits_for_time(&lab->thread[i]))
					add(a, &n, ALT_TIME, 0, i);
			if (n == 0)
				stuck();
			if (++lab->idle_rounds > IDLE_MAX)
				lab_fail(NGU_LAB_LIVELOCK, "livelock: threads spin or wait for time, and nothing changes");
			/* Turn by turn, and no choice when time alone moves. */
			if (lab->idle_rounds > 64 || lab->free_run) {
				a[0] = a[lab->idle_rounds % n];
				n = 1;
			}
		}
		c = lab_decide(a, n, site, false);
		if (c->kind == ALT_FLUSH) {
			lab_flush(c->arg, 1);
			continue;
		}
		if (c->kind == ALT_TIME)
			pass_time(c->arg);
		go(c->arg);
		return;
	}
}

/* ---- what the rest calls */

void
lab_point_here(uintptr_t pc, uintptr_t addr)
{
	if (LAB_UNLIKELY(lab->steps > lab->max_steps))
		lab_fail(NGU_LAB_LIVELOCK, "livelock: more than %u steps in one run", lab->o.steps);
	if (lab->free_run)
		return;
	if (lab->script != NULL) {
		while (lab->script_at < lab->nscript && lab->script[lab->script_at].at < lab->at)
			lab->script_at++;
		if (lab->script_at == lab->nscript || lab->script[lab->script_at].at != lab->at)
			return;
	}
	lab->self->npoints++;
	count_pc(pc);
	choose_here(pc, addr);
}

void
lab_pause(bool longer)
{
	struct lab_thread *t = lab->self;
	bool changed = t->overflow;

	if (!lab->on)
		return;
	if (++lab->steps > lab->max_steps)
		lab_fail(NGU_LAB_LIVELOCK, "livelock: more than %u steps in one run", lab->o.steps);
	lab->now += longer ? 100000 : 1000;
	for (unsigned i = 0; i < t->nseen; i++)
		if ((t->seen[i]->sync != 0 ? lab->sync[t->seen[i]->sync].wid : 0) != t->seen_wid[i])
			changed = true;
	if (t->nseen == 0)
		changed = true; /* not waiting for anything we know of: gives way, no more */
	t->woken = changed;
	if (!changed)
		for (unsigned i = 0; i < t->nseen; i++)
			t->seen[i]->watch |= (uint8_t)(1u << lab->cur);
	t->npoints++;
	t->state = LT_PAUSED;
	t->on = 0;
	t->timedout = false;
	LAB_TRACE(OP_PAUSE, LAB_PC(), 0, 0, 0, NULL);
	choose_other(0x9a05e, true);
	t->nseen = 0;
	t->overflow = false;
}

bool
lab_never(struct lab_thread *t)
{
	return (t->timedout);
}

void
lab_block(const char *what, bool (*ready)(struct lab_thread *), uintptr_t on, uint64_t want, bool timed)
{
	struct lab_thread *t = lab->self;

	if (t->nbuf != 0 && ready != lab_never) {
		lab_point(true, LAB_PC(), 1);
		lab_drain(); /* a system call is a fence, and nobody sleeps on unseen stores */
	}
	t->npoints++;
	t->state = LT_BLOCKED;
	t->what = what;
	t->ready = ready;
	t->on = on;
	t->want = want;
	t->timed = timed;
	t->timedout = false;
	t->woken = false;
	LAB_TRACE(OP_WAIT, LAB_PC(), on, 0, want, what);
	choose_other(0xb10c, false);
	t->timed = false;
	t->nseen = 0;
	lab_event(0xb10c + t->timedout);
}

void ngu__lab_ended(void);
void
ngu__lab_ended(void)
{
	LAB_TRACE(OP_END, 0, 0, 0, 0, NULL);
	choose_other(0xe17d, false);
}

void
lab_ripe(void)
{
	struct lab_choice a[2];
	unsigned n = 0;

	if (lab->free_run || !lab->on || lab->cur == 1 || !lab_runnable(1))
		return;
	lab->at++;
	add(a, &n, ALT_SWITCH, 0, 1);
	if (!bounded() || lab->preempts < lab->o.preemptions)
		add(a, &n, ALT_GO, 1, 0);
	lab->self->site = 0x21be;
	lab->self->at_point = false;
	if (lab_decide(a, n, 0x21be, false)->kind == ALT_SWITCH)
		go(1);
}

bool
lab_decide_delay(void)
{
	struct lab_choice a[2];
	unsigned n = 0;

	if (lab->free_run || lab->nthreads < 2)
		return (false);
	add(a, &n, ALT_GO, 0, 0);
	if (!bounded() ? lab->o.delays != 0 : lab->delays < lab->o.delays && lab->preempts < lab->o.preemptions)
		add(a, &n, ALT_DELAY, 2, 0);
	if (n == 1)
		return (false);
	if (lab->o.mode == NGU_LAB_PCT && lab->script == NULL) {
		bool d = lab_rng() % 16 == 0;

		if (d && lab->depth < LAB_DEEP)
			lab->node[lab->depth++] = (struct lab_node){ .alt = 1, .n = 2, .at = lab->at, .taken = a[1] };
		return (d);
	}
	return (lab_decide(a, n, 0xde1a, false)->kind == ALT_DELAY);
}

bool
lab_decide_fail(void)
{
	struct lab_choice a[2];
	unsigned n = 0;

	lab->at++;
	if (lab->free_run || (lab->script == NULL && lab->failures >= lab->o.failures))
		return (false);
	add(a, &n, ALT_GO, 0, 0);
	add(a, &n, ALT_FAIL, 3, 0);
	lab_event(0xfa11); /* or the next allocation would look like this one, met again */
	if (lab_decide(a, n, 0xfa11, false)->kind != ALT_FAIL)
		return (false);
	lab_event(0xfa11);
	return (true);
}

unsigned
lab_decide_choose(unsigned count)
{
	struct lab_choice a[ALTS];
	unsigned n = 0, v;

	lab->at++;
	for (unsigned i = 0; i < count && i < ALTS; i++)
		add(a, &n, ALT_CHOOSE, 0, i);
	if (n < 2)
		return (0);
	v = lab_decide(a, n, 0xc400, false)->arg;
	lab_event(0xc400 + v);
	return (v);
}

/* From the driver: run until everybody has ended, or the run is over for another reason. */
void
lab_run_threads(void)
{
	unsigned i, first = LAB_THREADS;

	for (i = 0; i < lab->nthreads; i++)
		if (lab_runnable(i) && (first == LAB_THREADS || (lab->thread[first].daemon && !lab->thread[i].daemon)))
			first = i;
	if (first == LAB_THREADS)
		return;
	if (!lab->free_run) { /* who begins */
		struct lab_choice a[ALTS];
		unsigned n = 0;

		for (i = 0; i < lab->nthreads; i++)
			if (!lab->thread[i].daemon && lab_runnable(i))
				add(a, &n, ALT_SWITCH, 0, i);
		lab->at++;
		if (n > 1) {
			/* The driver is no coroutine: no state can have been met yet, so this cannot stop the run. */
			bool p = lab->o.no_prune;

			lab->o.no_prune = true;
			first = lab_decide(a, n, 1, false)->arg;
			lab->o.no_prune = p;
		}
	}
	if (lab->thread[first].state != LT_READY)
		lab->thread[first].state = LT_READY;
	lab_co_run(first);
}
