/* SPDX-License-Identifier: BSD-2-Clause */
/* once.c - one run: setup up to the mark, the bodies, the end; crashes are failures like any other. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "lab/run.h"
#include "port/port.h"
#include "reclaim/thread.h"

LAB_OWN int lab_setup_error;
LAB_OWN static sigjmp_buf crashed;

/* ---- crashes */

static void
on_signal(int sig, siginfo_t *info, void *ctx)
{
	(void)ctx;
	if (!lab->on) {
		(void)signal(sig, SIG_DFL);
		(void)raise(sig);
		return;
	}
	(void)snprintf(lab->why, sizeof(lab->why), "%s, address %p", strsignal(sig), info->si_addr);
	lab->why_kind = NGU_LAB_PANIC;
	lab->why_pc = 0;
	lab->why_addr = 0;
	lab->why_thread = lab->cur;
	lab->on = false;
	lab->end = END_FAILED;
	siglongjmp(crashed, 1);
}

void
lab_catch_signals(bool on)
{
	static const int sigs[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
	LAB_OWN static char stack[65536];
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };

	(void)sigaltstack(&ss, NULL);
	for (unsigned i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++)
		if (on)
			(void)sigaction(sigs[i], &sa, NULL);
		else
			(void)signal(sigs[i], SIG_DFL);
}

/* ---- one run */

static void *
main_setup(void *arg)
{
	const struct ngu_lab *s = lab->scene;

	(void)arg;
	(void)ngu__self();
	/* Each body's record is made here, so that a run does not begin with it. */
	for (unsigned i = 0; i < NGU_LAB_BODIES && s->body[i].fn != NULL; i++) {
		struct ngu__thread *mine = ngu__self_tls;

		ngu__self_tls = NULL;
		lab->attaching = &lab->thread[2 + i];
		lab->attaching->self = ngu__thread_attach();
		lab->attaching = NULL;
		ngu__self_tls = mine;
	}
	lab_setup_error = s->setup != NULL ? s->setup(s->arg) : 0;
	return (NULL);
}

static void *
body_main(void *arg)
{
	const struct ngu_lab_body *b = arg;

	b->fn(lab->scene->arg);
	if (lab->self->section != 0)
		lab_fail(NGU_LAB_SECTION, "%s ends with its read section open", b->name);
	return (NULL);
}

void ngu__rcl_barrier(void);

static void *
main_end(void *arg)
{
	const struct ngu_lab *s = lab->scene;
	char leaks[2048];
	unsigned n;

	(void)arg;
	/* The bodies' threads end: what they promised is done, what they hold is let go. */
	for (unsigned i = 2; i < lab->nthreads; i++) {
		struct lab_thread *t = &lab->thread[i];
		struct ngu__thread *mine = ngu__self_tls;

		if (t->at_exit != NULL && (t->state == LT_DONE || t->idle)) {
			ngu__self_tls = t->self;
			t->at_exit(t->at_exit_arg);
			ngu__self_tls = mine;
		}
	}
	if (s->end != NULL)
		s->end(s->arg);
	ngu__rcl_barrier();
	if (!s->keeps && (n = lab_leaks(leaks, sizeof(leaks))) != 0)
		lab_fail(NGU_LAB_LEAK, "%u block%s left at the end:%s", n, n == 1 ? " is" : "s are", leaks);
	return (NULL);
}

static void
fresh(unsigned i, const char *name, void *(*fn)(void *), void *arg)
{
	struct lab_thread *t = &lab->thread[i];
	struct ngu__thread *self = t->self;
	void (*at_exit)(void *) = t->at_exit;
	void *at_exit_arg = t->at_exit_arg;
	uint64_t at = t->alloc_at, end = t->alloc_end;

	memset(t, 0, offsetof(struct lab_thread, frame));
	t->nframe = 0;
	t->section = 0;
	t->method = 0;
	t->ngate = 0;
	t->held = 0;
	t->stack_copy = NULL;
	t->self = self;
	t->at_exit = at_exit;
	t->at_exit_arg = at_exit_arg;
	t->alloc_at = at;
	t->alloc_end = end;
	t->name = name;
	t->fn = fn;
	t->arg = arg;
	t->state = LT_READY;
	t->vc[i] = 1;
	lab_co_make(t, i);
}

/* Runs what is ready. False: a crash or a failure. */
static bool
go(void)
{
	lab->end = END_NONE;
	if (sigsetjmp(crashed, 0) == 0) {
		lab->on = true;
		lab_run_threads();
	}
	lab->on = false;
	ngu__self_tls = NULL;
	return (lab->end == END_NONE);
}

unsigned
lab_nbodies(void)
{
	unsigned n = 0;

	while (n < NGU_LAB_BODIES && lab->scene->body[n].fn != NULL)
		n++;
	return (n);
}

bool
lab_prepare(void)
{
	unsigned i, n = lab_nbodies();

	for (i = 2; i < 2 + n; i++) {
		lab->thread[i].state = LT_NONE;
		lab->thread[i].name = lab->scene->body[i - 2].name;
	}
	lab->nthreads = 2 + n;
	lab->free_run = true;
	lab->max_steps = 50000000;
	fresh(0, "setup", main_setup, NULL);
	fresh(1, "reclaimer", lab_reclaimer, NULL);
	lab->thread[1].daemon = true;
	if (!go())
		return (false);
	lab->nundo = 0;
	lab_mark();
	lab->free_run = false;
	return (true);
}

void
lab_one_run(void)
{
	const struct ngu_lab *s = lab->scene;
	unsigned i, n = lab_nbodies();

	lab_reset();
	lab->learned = false;
	lab->straight = true;
	for (i = 0; i < n; i++)
		fresh(2 + i, s->body[i].name, body_main, (void *)(uintptr_t)&s->body[i]);
	lab->thread[0].state = LT_NONE;
	lab->r.schedules++;
	if (go()) {
		/* The same end was looked at before. */
		if (lab->script == NULL && lab->o.mode == NGU_LAB_DFS && !lab->o.no_prune && lab_met_end()) {
			lab->end = END_OK;
			return;
		}
		lab->free_run = true;
		lab->check_phase = 1;
		fresh(0, "end", main_end, NULL);
		for (i = 1; i < lab->nthreads; i++)
			lab_join(lab->thread[0].vc, lab->thread[i].vc);
		if (go())
			lab->end = END_OK;
		lab->free_run = false;
	}
}
