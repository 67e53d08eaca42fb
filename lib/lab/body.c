/* SPDX-License-Identifier: BSD-2-Clause */
/* body.c - what a scenario's functions call: checks, choices, memory, waiting, and the clock as one more thread. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include <ng/graph.h>

#include "lab/lab.h"
#include "port/port.h"
#include "reclaim/thread.h"

void
ngu_lab_fail(const char *fmt, ...)
{
	char buf[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	if (lab == NULL || !lab->on) {
		(void)fprintf(stderr, "lab: %s\n", buf);
		abort();
	}
	lab_fail_at(NGU_LAB_CHECK, LAB_PC(), 0, "%s", buf);
}

unsigned
ngu_lab_self(void)
{
	return (lab != NULL && lab->on ? lab->cur + 1 : 0);
}

void
ngu_lab_calm(bool on)
{
	if (lab != NULL && lab->on)
		lab->self->calm = on;
}

void *
ngu_lab_alloc(size_t size)
{
	uintptr_t pc = LAB_PC();

	if (lab == NULL || !lab->on)
		return (calloc(1, size != 0 ? size : 1));
	LAB_TRACE(OP_ALLOC, pc, 0, (unsigned)size, 0, NULL);
	return (lab_alloc(size != 0 ? size : 1, 16, pc, pc));
}

void
ngu_lab_free(void *p)
{
	if ((uintptr_t)p - LAB_BASE >= LAB_ARENA)
		free(p);
	else if (lab->on)
		ngu__port_free(p);
}

void
ngu_lab_keep(const void *p)
{
	if (lab != NULL)
		lab_keep(p);
}

unsigned
ngu_lab_choose(unsigned n)
{
	return (lab != NULL && lab->on ? lab_decide_choose(n) : 0);
}

void
ngu_lab_note(const char *text)
{
	if (lab != NULL && lab->on)
		LAB_TRACE(OP_NOTE, LAB_PC(), 0, 0, 0, text);
}

void
ngu_lab_point(void)
{
	if (lab != NULL && lab->on)
		lab_point(true, LAB_PC(), 1);
}

void
ngu_lab_stall(void)
{
	if (lab != NULL && lab->on && !lab->free_run)
		lab_block("has lost its processor", lab_never, 0, UINT64_MAX, true);
}

struct until {
	bool (*fn)(void *);
	void *arg;
};

static bool
is_true(struct lab_thread *t)
{
	const struct until *u = (const struct until *)t->on;
	bool on = lab->on, v;

	lab->on = false;
	v = u->fn(u->arg);
	lab->on = on;
	return (v);
}

void
ngu_lab_wait(bool (*fn)(void *), void *arg)
{
	struct until u = { fn, arg };

	if (lab == NULL || !lab->on)
		return;
	while (!fn(arg)) /* and once more when it is true: what it reads then is learned of */
		lab_block("waits for a condition of the test", is_true, (uintptr_t)&u, UINT64_MAX, false);
}

/* ---- the clock as a thread */

static bool
is_due(struct lab_thread *t)
{
	bool on = lab->on, due;

	if (lab->check_phase != 0 || lab->free_run)
		return (false);
	lab->on = false;
	due = ngu_clock_next((const struct ngu_graph *)t->on) >= 0;
	lab->on = on;
	return (due);
}

static void *
clock_main(void *arg)
{
	struct lab_thread *t = lab->self;
	struct ngu_graph *g = arg;
	int64_t next;

	(void)ngu__self();
	for (uint64_t fires = lab->clock_fires; fires != 0; fires--) {
		t->idle = true;
		lab_block("waits for a timer", is_due, (uintptr_t)g, UINT64_MAX, false);
		t->idle = false;
		if ((next = ngu_clock_next(g)) < 0)
			continue;
		next -= ngu_clock_now(g);
		lab_event((uint64_t)next);
		if (ngu_clock_advance(g, next > 0 ? next : 0) != 0)
			break;
	}
	return (NULL);
}

int
ngu_lab_clock(struct ngu_graph *g, unsigned fires)
{
	int error;

	if (lab == NULL || !lab->on || g == NULL || fires == 0)
		return (EINVAL);
	if ((error = ngu_clock_advance(g, 0)) != 0)
		return (error);
	lab->clock_fires = fires;
	(void)lab_spawn("clock", clock_main, g, true);
	return (0);
}
