/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rcl.c - sections and grace periods, in the place of defer.c and a backend.
 *
 * A retired object waits for the sections that were open at that moment, and for no other; then its callback is run by a thread
 * of its own, as soon as may be: earlier than any real engine would, so that whoever touches it too late is seen. That the callback
 * comes later is a choice of the search. What methods hold (ngu__retire_methods) waits, after that, for those that had begun when it
 * was retired, and for no other.
 */
#include <string.h>

#include "lab/cell.h"
#include "reclaim/reclaim.h"

#define RETIRED_MAX 65536u

extern char ngu__gp_clock;

/* The first that no method holds, nheld if there is none. */
static uint32_t
let_go(void)
{
	uint32_t i;

	for (i = 0; i < lab->nheld && lab->held[i].waits != 0; i++)
		;
	return (i);
}

static bool
ripe(void)
{
	return ((lab->rhead != lab->rtail && lab->retired[lab->rhead % RETIRED_MAX].waits == 0) || let_go() != lab->nheld);
}

bool
lab_rcl_ripe(void)
{
	return (ripe());
}

static bool
is_ripe(struct lab_thread *t)
{
	(void)t;
	return (ripe());
}

/*
 * Whom a grace period has to do with: threads whose sections are open, and those that still hold back what was in front of the store that
 * says that theirs is over (or a method), for no engine sees the one before the other.
 */
static uint8_t
concerned(uint8_t open)
{
	for (unsigned i = 0; i < lab->nthreads; i++)
		if (lab->thread[i].nleft != 0)
			open |= (uint8_t)(1u << i);
	return (open);
}

/* What these threads held back when their sections ended (or methods) was in front of the store that said so: it is out by now. */
static void
come_out(uint8_t threads)
{
	for (unsigned i = 0; i < lab->nthreads; i++)
		if ((threads >> i & 1) != 0 && lab->thread[i].nleft != 0)
			lab_flush(i, lab->thread[i].nleft);
}

/* Run one that no method holds. false: there is none. */
static bool
held_run(struct lab_thread *t)
{
	uint32_t i = let_go();
	struct ngu__retire *r;
	void (*fn)(struct ngu__retire *);

	if (i == lab->nheld)
		return (false);
	r = lab->held[i].r;
	fn = lab->held[i].fn;
	come_out(lab->held[i].waited);
	lab->nheld--;
	memmove(&lab->held[i], &lab->held[i + 1], (lab->nheld - i) * sizeof(lab->held[0]));
	lab_join(t->vc, lab->ends);
	lab_event((uintptr_t)r);
	LAB_TRACE(OP_CALL, (uintptr_t)fn, (uintptr_t)r, 0, 0, "methods over: callback");
	fn(r);
	lab_point(t->nbuf != 0, LAB_PC(), 1);
	lab_drain();
	lab->nfreed++;
	lab_release(lab->gp);
	return (true);
}

/*
 * The thread that runs callbacks. One that retires its object again waits for something: when all that is ripe has done so in a row,
 * this thread spins, and goes on when one of the words they looked at has changed.
 */
void *
lab_reclaimer(void *arg)
{
	struct lab_thread *t = lab->self;
	struct lab_sync *s;
	uint32_t again = 0;

	(void)arg;
	(void)ngu__self();
	for (;;) {
		struct ngu__retire *r;
		void (*fn)(struct ngu__retire *);
		uint32_t held;

		t->idle = true;
		if (!ripe())
			lab_block("waits for something to free", is_ripe, 0, UINT64_MAX, false);
		t->idle = false;
		if (held_run(t))
			continue;
		come_out(lab->retired[lab->rhead % RETIRED_MAX].waited);
		r = lab->retired[lab->rhead % RETIRED_MAX].r;
		fn = lab->retired[lab->rhead % RETIRED_MAX].fn;
		lab->unlinked = lab->retired[lab->rhead % RETIRED_MAX].methods;
		held = lab->nheld;
		lab_join(t->vc, lab->retired[lab->rhead % RETIRED_MAX].vc);
		s = lab_sync(lab_cell((uintptr_t)&ngu__gp_clock));
		lab_join(t->vc, s->vc);
		lab_event((uintptr_t)r);
		lab->rhead++;
		LAB_TRACE(OP_CALL, (uintptr_t)fn, (uintptr_t)r, 0, 0, "grace period over: callback");
		fn(r);
		lab_point(t->nbuf != 0, LAB_PC(), 1);
		lab_drain(); /* who waits for this has seen all that was done */
		lab->ncalled++;
		if (lab->nheld == held)
			lab->nfreed++;
		lab_release(lab->gp);
		again = lab->rhead != lab->rtail && lab->retired[(lab->rtail - 1) % RETIRED_MAX].r == r ? again + 1 : 0;
		if (again >= lab->rtail - lab->rhead && again != 0) {
			again = 0;
			t->idle = true;
			lab_pause(false);
			t->idle = false;
		}
	}
	return (NULL);
}

void
lab_rcl_mark(void)
{
	lab->mark_nretired = lab->nretired;
	lab->mark_ncalled = lab->ncalled;
	lab->mark_nfreed = lab->nfreed;
}

void
lab_rcl_reset(void)
{
	lab->rhead = lab->rtail = 0;
	lab->rhash = 0;
	lab->nheld = 0;
	memset(lab->ends, 0, sizeof(lab->ends));
	lab->nretired = lab->mark_nretired;
	lab->ncalled = lab->mark_ncalled;
	lab->nfreed = lab->mark_nfreed;
	memset(lab->gp, 0, sizeof(lab->gp));
}

void
ngu__lab_enter(void)
{
	if (lab == NULL || !lab->on)
		return;
	lab->self->section = ++lab->sections;
	LAB_TRACE(OP_ENTER, LAB_PC(), 0, 0, 0, NULL);
}

void
ngu__lab_leave(void)
{
	unsigned bit;
	bool was;

	if (lab == NULL || !lab->on)
		return;
	bit = 1u << lab->cur;
	was = ripe();
	lab->self->section = 0;
	lab->self->nleft = lab->self->nbuf;
	LAB_TRACE(OP_LEAVE, LAB_PC(), 0, 0, 0, NULL);
	for (uint32_t i = lab->rhead; i != lab->rtail; i++)
		if ((lab->retired[i % RETIRED_MAX].waits & bit) != 0) {
			lab->retired[i % RETIRED_MAX].waits &= (uint8_t)~bit;
			lab_event(i);
		}
	if (!was && ripe())
		lab_ripe();
}

/* A thread's outermost method begins, or ends. */
void
ngu__lab_method(bool in)
{
	unsigned bit;
	bool was;

	if (lab == NULL || !lab->on)
		return;
	if (in) {
		lab->self->method = ++lab->methods;
		return;
	}
	bit = 1u << lab->cur;
	was = ripe();
	lab->self->method = 0;
	lab->self->nleft = lab->self->nbuf;
	lab_release(lab->ends);
	for (uint32_t i = 0; i < lab->nheld; i++)
		if ((lab->held[i].waits & bit) != 0) {
			lab->held[i].waits &= (uint8_t)~bit;
			lab_event((uintptr_t)lab->held[i].r);
		}
	if (!was && ripe())
		lab_ripe();
}

void
ngu__retire_methods(struct ngu__retire *r, void (*fn)(struct ngu__retire *))
{
	uint8_t waits = 0;

	if (lab->cur != 1)
		lab_fail(NGU_LAB_SELF, "an object goes to where methods hold it outside of a callback");
	if (lab->nheld == LAB_HELD)
		lab_fail(NGU_LAB_SELF, "methods hold more than %u objects", LAB_HELD);
	for (unsigned i = 0; i < lab->nthreads; i++)
		if (lab->thread[i].method != 0 && lab->thread[i].method <= lab->unlinked)
			waits |= (uint8_t)(1u << i);
	lab->held[lab->nheld].r = r;
	lab->held[lab->nheld].fn = fn;
	lab->held[lab->nheld].waits = waits;
	lab->held[lab->nheld].waited = concerned(waits);
	lab->nheld++;
	lab_event((uintptr_t)r ^ (uint64_t)waits << 48);
}

int
ngu__rcl_thread_init(struct ngu__thread *ts)
{
	(void)ts;
	return (0);
}

void
ngu__rcl_thread_fini(struct ngu__thread *ts)
{
	(void)ts;
}

void
ngu__retire(struct ngu__retire *r, void (*fn)(struct ngu__retire *))
{
	uint8_t waits = 0;
	unsigned k;
	bool was;

	lab_point(lab->self->nbuf != 0, LAB_PC(), 1);
	lab_drain(); /* the engine's push is a read-modify-write */
	k = lab->rtail % RETIRED_MAX;
	was = ripe();
	if (lab->rtail - lab->rhead == RETIRED_MAX)
		lab_fail(NGU_LAB_SELF, "more than %u objects are waiting to be freed", RETIRED_MAX);
	for (unsigned i = 0; i < lab->nthreads; i++)
		if (lab->thread[i].section != 0)
			waits |= (uint8_t)(1u << i);
	lab->retired[k].r = r;
	lab->retired[k].fn = fn;
	lab->retired[k].waits = waits;
	lab->retired[k].waited = concerned(waits);
	lab->retired[k].methods = lab->methods;
	memset(lab->retired[k].vc, 0, sizeof(lab->retired[k].vc));
	lab_release(lab->retired[k].vc);
	lab->rtail++;
	lab->rhash = lab_mix(lab->rhash, (uintptr_t)r ^ (uint64_t)lab->cur << 56);
	lab->nretired++;
	lab_event((uintptr_t)r ^ (uint64_t)waits << 48);
	LAB_TRACE(OP_RETIRE, LAB_PC(), (uintptr_t)r, 0, waits, NULL);
	if (!was && ripe())
		lab_ripe();
}

static bool
freed_enough(struct lab_thread *t)
{
	return ((int64_t)(lab->nfreed - t->want) >= 0);
}

static bool
called_enough(struct lab_thread *t)
{
	return ((int64_t)(lab->ncalled - t->want) >= 0);
}

static void
settle(bool (*enough)(struct lab_thread *))
{
	uint64_t target;

	if (!lab->on || lab->cur == 1)
		return;
	if (lab->self->section != 0)
		lab_fail(NGU_LAB_SECTION, "waits for a grace period inside a read section");
	for (int i = 0; i < 3; i++) {
		target = lab->nretired;
		lab->self->want = target;
		if (enough(lab->self))
			break;
		lab_block("waits for what was retired to be freed", enough, 0, target, false);
	}
	lab_join(lab->self->vc, lab->gp);
}

void
ngu__rcl_barrier(void)
{
	settle(lab->on && lab->self->method != 0 ? called_enough : freed_enough);
}

void
ngu__rcl_graces(void)
{
	settle(called_enough);
}

static bool
sections_left(struct lab_thread *t)
{
	for (unsigned i = 0; i < lab->nthreads; i++)
		if (lab->thread[i].section != 0 && lab->thread[i].section <= t->want && &lab->thread[i] != t)
			return (false);
	return (true);
}

void
ngu__rcl_sync(void)
{
	uint8_t waited = 0;

	if (!lab->on)
		return;
	for (unsigned i = 0; i < lab->nthreads; i++)
		if (lab->thread[i].section != 0)
			waited |= (uint8_t)(1u << i);
	waited = concerned(waited);
	lab_block("waits for open read sections", sections_left, 0, lab->sections, false);
	come_out(waited);
	lab_join(lab->self->vc, lab_sync(lab_cell((uintptr_t)&ngu__gp_clock))->vc);
}

void
ngu__rcl_backpressure(void)
{
}

void
ngu__rcl_stats(struct ngu__rcl_stats *out)
{
	memset(out, 0, sizeof(*out));
	out->retired = lab->nretired;
	out->freed = lab->nfreed;
	out->periods = lab->nfreed;
}

const char *
ngu__rcl_name(void)
{
	return (NGU_RCL_NAME);
}

void
ngu__rcl_fork_child(void)
{
}
