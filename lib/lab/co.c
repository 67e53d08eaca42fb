/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * co.c - coroutines: a stack each, at a fixed address, and the change from one to another.
 *
 * Signal masks and floating-point modes are not changed with them: nothing here sets any. A thread that was there before the mark
 * (the reclaimer, workers) is put back with the used part of its stack.
 */
#include <stdlib.h>
#include <string.h>

#include "lab/lab.h"
#include "reclaim/thread.h"

void ngu__lab_co_switch(void **save, void *to);
void ngu__lab_co_start(void);

#if defined(__x86_64__)
__asm__(".text\n"
	".globl ngu__lab_co_switch\n.hidden ngu__lab_co_switch\n.type ngu__lab_co_switch,@function\n"
	"ngu__lab_co_switch:\n"
	"	pushq %rbp\n	pushq %rbx\n	pushq %r12\n	pushq %r13\n	pushq %r14\n	pushq %r15\n"
	"	movq %rsp, (%rdi)\n	movq %rsi, %rsp\n"
	"	popq %r15\n	popq %r14\n	popq %r13\n	popq %r12\n	popq %rbx\n	popq %rbp\n"
	"	ret\n"
	".size ngu__lab_co_switch, .-ngu__lab_co_switch\n");
#define SAVED 6 /* words, the return address behind them */
#elif defined(__aarch64__)
__asm__(".text\n"
	".globl ngu__lab_co_switch\n.hidden ngu__lab_co_switch\n.type ngu__lab_co_switch,%function\n"
	"ngu__lab_co_switch:\n"
	"	sub sp, sp, #160\n"
	"	stp x19, x20, [sp]\n	stp x21, x22, [sp, #16]\n	stp x23, x24, [sp, #32]\n"
	"	stp x25, x26, [sp, #48]\n	stp x27, x28, [sp, #64]\n	stp x29, x30, [sp, #80]\n"
	"	stp d8, d9, [sp, #96]\n	stp d10, d11, [sp, #112]\n	stp d12, d13, [sp, #128]\n"
	"	stp d14, d15, [sp, #144]\n"
	"	mov x9, sp\n	str x9, [x0]\n	mov sp, x1\n"
	"	ldp x19, x20, [sp]\n	ldp x21, x22, [sp, #16]\n	ldp x23, x24, [sp, #32]\n"
	"	ldp x25, x26, [sp, #48]\n	ldp x27, x28, [sp, #64]\n	ldp x29, x30, [sp, #80]\n"
	"	ldp d8, d9, [sp, #96]\n	ldp d10, d11, [sp, #112]\n	ldp d12, d13, [sp, #128]\n"
	"	ldp d14, d15, [sp, #144]\n"
	"	add sp, sp, #160\n	ret\n"
	".size ngu__lab_co_switch, .-ngu__lab_co_switch\n");
#else
#error "the lab knows x86-64 and aarch64; build with -Dlab=disabled"
#endif

static char *
stack_of(unsigned i)
{
	return ((char *)LAB_BASE + LAB_ARENA + i * LAB_STACK);
}

static void
begin(void)
{
	struct lab_thread *t = lab->self;

	lab_trace(OP_START, 0, 0, 0, 0, t->name);
	(void)t->fn(t->arg);
	lab_stop(END_NONE); /* this thread is done; does not return */
}

void
lab_co_make(struct lab_thread *t, unsigned i)
{
	void **sp = (void **)(void *)(stack_of(i) + LAB_STACK - 64);

#if defined(__x86_64__)
	*--sp = NULL; /* begin() finds the stack as after a call */
	*--sp = (void *)begin;
	for (int k = 0; k < SAVED; k++)
		*--sp = NULL;
#else
	sp -= 20;
	memset(sp, 0, 20 * sizeof(*sp));
	sp[11] = (void *)begin; /* x30 */
#endif
	t->sp = sp;
}

static void
leave(void)
{
	lab->self->self = ngu__self_tls;
}

static void
arrive(unsigned to)
{
	lab->cur = to;
	lab->self = &lab->thread[to];
	ngu__self_tls = lab->self->self;
}

void
lab_co_switch(unsigned to)
{
	void **save = &lab->self->sp;

	leave();
	arrive(to);
	ngu__lab_co_switch(save, lab->self->sp);
}

/* From the driver into the coroutine `lab->cur`. */
void lab_co_run(unsigned to);
void
lab_co_run(unsigned to)
{
	arrive(to);
	ngu__lab_co_switch(&lab->driver_sp, lab->self->sp);
}

void
lab_co_driver(void)
{
	void **save = &lab->self->sp;

	leave();
	ngu__lab_co_switch(save, lab->driver_sp);
}

void
lab_co_save(struct lab_thread *t, unsigned i)
{
	char *top = stack_of(i) + LAB_STACK;

	if (t->state == LT_DONE || t->state == LT_NONE || t->sp == NULL)
		return;
	t->stack_used = (size_t)(top - (char *)t->sp);
	t->stack_copy = realloc(t->stack_copy, t->stack_used + sizeof(*t));
	if (t->stack_copy == NULL)
		abort();
	memcpy(t->stack_copy, t->sp, t->stack_used);
	memcpy(t->stack_copy + t->stack_used, t, sizeof(*t));
}

void
lab_co_restore(struct lab_thread *t, unsigned i)
{
	char *top = stack_of(i) + LAB_STACK;
	uint64_t at = t->alloc_at, end = t->alloc_end;
	uint8_t *copy = t->stack_copy;
	size_t used = t->stack_used;

	if (copy == NULL)
		return;
	memcpy(top - used, copy, used);
	memcpy(t, copy + used, sizeof(*t));
	t->stack_copy = copy;
	t->stack_used = used;
	t->alloc_at = at;
	t->alloc_end = end;
}
