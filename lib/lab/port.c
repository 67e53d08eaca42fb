/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * port.c - port.h as the lab has it: memory from the arena, sleeping and locks as choices of the search, time that passes when
 * nothing else can happen.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab/cell.h"
#include "port/port.h"

_Atomic(ngu__port_may_alloc *) ngu__port_alloc_hook;

/* ---- memory */

static uintptr_t
caller(unsigned up)
{
	const struct lab_thread *t = lab->self;

	return (t->nframe > up && t->nframe - up <= LAB_FRAMES ? t->frame[t->nframe - 1 - up] : 0);
}

static void *
allocate(size_t size, size_t align, uintptr_t pc)
{
	void *p;

	if (lab == NULL && lab_space_init() != 0)
		abort();
	if (lab->self == NULL)
		lab->self = &lab->thread[0];
	if (lab->on && (lab->mark != 0 && lab_decide_fail()))
		return (NULL);
	if (ngu__port_refuses(size))
		return (NULL);
	p = lab_alloc(size != 0 ? size : 1, align, pc, caller(0) != 0 ? caller(0) : pc);
	LAB_TRACE(OP_ALLOC, pc, (uintptr_t)p, (unsigned)size, 0, NULL);
	return (p);
}

void *
ngu__port_alloc(size_t size, size_t align)
{
	return (allocate(size, align, LAB_PC()));
}

void *
ngu__port_alloc_pages(size_t size)
{
	void *p = allocate(size, 4096, LAB_PC());

	lab_keep(p);
	return (p);
}

void *
ngu__port_alloc_region(size_t size, bool large)
{
	(void)large;
	return (allocate(size, size, LAB_PC()));
}

void
ngu__port_free_region(void *p, size_t size)
{
	(void)size;
	ngu__port_free(p);
}

void
ngu__port_free(void *p)
{
	if (p == NULL)
		return;
	LAB_TRACE(OP_FREE, LAB_PC(), (uintptr_t)p, 0, 0, NULL);
	if (lab->on) /* a write to all of it: unordered accesses of others are races */
		for (struct lab_block *b = lab_block_of((uintptr_t)p); b != NULL && b->p == p && !b->freed; b = NULL)
			lab_access((uintptr_t)p, b->size < 512 ? b->size : 512, AC_WRITE, LAB_PC());
	lab_free(p, LAB_PC());
}

/* ---- strings and last words */

static void
written(const void *p, size_t n)
{
	if (lab != NULL && lab->on && n != 0)
		lab_access((uintptr_t)p, n, AC_WRITE, LAB_PC());
}

size_t
ngu__strlcpy(char *dst, const char *src, size_t size)
{
	size_t len = strlen(src);

	if (lab != NULL && lab->on)
		lab_access((uintptr_t)src, len + 1, AC_READ, LAB_PC());
	if (size != 0) {
		size_t n = len < size ? len : size - 1;

		written(dst, n + 1);
		memcpy(dst, src, n);
		dst[n] = '\0';
	}
	return (len);
}

int
ngu__port_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
	return (lab_vsnprintf(buf, size, fmt, ap, LAB_PC()));
}

int
ngu__port_snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = lab_vsnprintf(buf, size, fmt, ap, LAB_PC());
	va_end(ap);
	return (n);
}

void
ngu__port_log_stderr(const char *line)
{
	if (lab == NULL || !lab->on || lab->tracing)
		(void)fprintf(stderr, "%s\n", line);
}

/* A panic ends the run, wherever it is. */
bool
ngu__port_attempt(void (*fn)(void *), void *arg)
{
	fn(arg);
	return (true);
}

bool
ngu__port_attempting(void)
{
	return (false);
}

void
ngu__port_leave(void)
{
	ngu__port_die("libng: nothing to be left");
}

/* Nothing is loaded in a run: types are there before it. */
bool
ngu__port_load(const char *file, char *why, size_t size)
{
	(void)file;
	if (size != 0)
		why[0] = '\0';
	return (false);
}

bool
ngu__port_exists(const char *file)
{
	(void)file;
	return (false);
}

bool
ngu__port_env(const char *name, char *out, size_t size)
{
	(void)name;
	(void)out;
	(void)size;
	return (false);
}

void
ngu__port_die(const char *fmt, ...)
{
	char buf[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	if (lab != NULL && lab->on)
		lab_fail_at(NGU_LAB_PANIC, LAB_PC(), 0, "%s", buf);
	(void)fprintf(stderr, "%s\n", buf);
	abort();
}

/* ---- time */

int64_t
ngu__port_mono_ns(void)
{
	if (lab == NULL)
		return (0);
	if (lab->on)
		lab_event((uint64_t)lab->now);
	return (1000000000 + lab->now);
}

int64_t
ngu__port_real_ns(void)
{
	return (ngu__port_mono_ns());
}

int64_t
ngu__port_thread_cpu_ns(void)
{
	return (ngu__port_mono_ns());
}

void
ngu__port_yield(void)
{
	if (lab != NULL && lab->on) {
		lab->self->nseen = 0;
		lab_pause(true);
	}
}

void
ngu__port_backoff(unsigned *round)
{
	(*round)++;
	if (lab != NULL)
		lab_pause(true);
}

void ngu__lab_pause(void);
void
ngu__lab_pause(void)
{
	if (lab != NULL && lab->on)
		lab_pause(false);
}

void
ngu__port_wait(_Atomic uint32_t *word, uint32_t val, int64_t timeout_ns)
{
	struct lab_cell *c;

	if (lab == NULL || !lab->on)
		return;
	c = lab_cell((uintptr_t)word);
	if (lab->self->section != 0)
		lab_fail_at(NGU_LAB_SECTION, LAB_PC(), (uintptr_t)word, "sleeps inside a read section");
	lab_point(true, LAB_PC(), 1);
	lab_drain();
	if (*(volatile uint32_t *)word != val)
		return;
	if (c != NULL && !lab->free_run && (c->sleepers >> lab->cur & 1) == 0) { /* a wake-up is a point only where others sleep */
		c->sleepers |= (uint8_t)(1u << lab->cur);
		lab->learned = true;
	}
	lab_block("sleeps on", NULL, (uintptr_t)word, val, timeout_ns >= 0);
}

void
ngu__port_wake(_Atomic uint32_t *word, int n)
{
	struct lab_cell *c;

	if (lab == NULL || !lab->on)
		return;
	c = lab_cell((uintptr_t)word);
	lab_point(c == NULL || (c->sleepers & ~(1u << lab->cur)) != 0 || lab->self->nbuf != 0, LAB_PC(), 1);
	lab_drain();
	LAB_TRACE(OP_WAKE, LAB_PC(), (uintptr_t)word, 0, (uint64_t)n, NULL);
	for (unsigned i = 0; i < lab->nthreads && n > 0; i++) {
		struct lab_thread *t = &lab->thread[i];

		if (t->state == LT_BLOCKED && t->ready == NULL && t->on == (uintptr_t)word && !t->woken) {
			t->woken = true;
			lab_event(i);
			n--;
		}
	}
}

/* ---- mutexes: the owner's number in the first word */

struct lab_mutex {
	uint32_t owner;
	uint32_t clocked;
	uint32_t vc[LAB_THREADS];
	uint64_t id;
};
_Static_assert(sizeof(struct lab_mutex) <= sizeof(ngu__mtx), "a mutex fits");

static struct lab_mutex *
mutex(ngu__mtx *m)
{
	return ((struct lab_mutex *)(void *)m->opaque);
}

/* The lab's own words in libng's memory: they are put back like any other. */
static void
changes_bytes(const void *at, size_t size)
{
	for (uintptr_t p = (uintptr_t)at & ~(uintptr_t)7; p < (uintptr_t)at + size; p += 8) {
		struct lab_cell *c = lab_cell(p);

		if (c != NULL && c->ustamp != lab->stamp)
			lab_undo_note(c, (uint64_t *)p);
	}
}

static void
changes(struct lab_mutex *m)
{
	changes_bytes(m, sizeof(*m));
}

int
ngu__mtx_init(ngu__mtx *m)
{
	if (lab != NULL && lab->on)
		changes(mutex(m));
	memset(mutex(m), 0, sizeof(struct lab_mutex));
	return (0);
}

void
ngu__mtx_destroy(ngu__mtx *m)
{
	if (lab == NULL || !lab->on)
		return;
	if (mutex(m)->owner != 0)
		lab_fail_at(NGU_LAB_PANIC, LAB_PC(), (uintptr_t)m, "a held mutex is destroyed");
	for (unsigned i = 0; i < LAB_THREADS; i++)
		if (i != lab->cur && mutex(m)->vc[i] > lab->self->vc[i])
			lab_fail_at(NGU_LAB_RACE, LAB_PC(), (uintptr_t)m, "data race on a mutex: let go of by %s, destroyed by %s, and nothing orders them",
			    lab->thread[i].name, lab->self->name);
}

/* A point, if it is not this thread's alone. */
static void
lock_point(struct lab_mutex *m, uintptr_t pc)
{
	struct lab_cell *c = lab_cell((uintptr_t)m);
	unsigned bit = 1u << lab->cur;

	if (c != NULL && !lab->free_run && (c->lockers & bit) == 0) {
		if (c->lockers != 0 && (c->lockers & (c->lockers - 1)) == 0)
			lab->learned = true;
		c->lockers |= (uint8_t)bit;
	}
	lab_point(c == NULL || (c->lockers & ~bit) != 0 || lab->self->nbuf != 0, pc, 1);
	lab_drain();
	lab_access((uintptr_t)m, sizeof(m->owner), AC_AWRITE, pc); /* who frees it has to come after */
}

static bool
unlocked(struct lab_thread *t)
{
	return (((const struct lab_mutex *)t->on)->owner == 0);
}

static void
got(struct lab_mutex *m)
{
	changes(m);
	m->owner = lab->cur + 1;
	lab_join(lab->self->vc, m->vc);
	lab_event((uintptr_t)m ^ m->id);
	m->id = lab->self->hist;
	lab->self->held++;
}

void
ngu__mtx_lock(ngu__mtx *mm)
{
	struct lab_mutex *m = mutex(mm);

	if (lab == NULL || !lab->on)
		return;
	lock_point(m, LAB_PC());
	if (m->owner == lab->cur + 1)
		lab_fail_at(NGU_LAB_DEADLOCK, LAB_PC(), (uintptr_t)mm, "locks a mutex it holds");
	while (m->owner != 0)
		lab_block("waits for mutex", unlocked, (uintptr_t)m, UINT64_MAX, false);
	got(m);
	LAB_TRACE(OP_LOCK, LAB_PC(), (uintptr_t)mm, 0, 0, NULL);
}

bool
ngu__mtx_trylock(ngu__mtx *mm)
{
	struct lab_mutex *m = mutex(mm);

	if (lab == NULL || !lab->on)
		return (true);
	lock_point(m, LAB_PC());
	if (m->owner != 0) {
		lab_event((uintptr_t)m ^ m->id ^ 1);
		return (false);
	}
	got(m);
	LAB_TRACE(OP_LOCK, LAB_PC(), (uintptr_t)mm, 0, 0, "try");
	return (true);
}

void
ngu__mtx_unlock(ngu__mtx *mm)
{
	struct lab_mutex *m = mutex(mm);

	if (lab == NULL || !lab->on)
		return;
	lock_point(m, LAB_PC());
	if (m->owner != lab->cur + 1)
		lab_fail_at(NGU_LAB_PANIC, LAB_PC(), (uintptr_t)mm, "unlocks a mutex it does not hold");
	changes(m);
	memset(m->vc, 0, sizeof(m->vc));
	lab_release(m->vc);
	m->owner = 0;
	lab_event((uintptr_t)m ^ m->id);
	m->id = lab->self->hist;
	lab->self->held--;
	LAB_TRACE(OP_UNLOCK, LAB_PC(), (uintptr_t)mm, 0, 0, NULL);
}

/* ---- threads */

int
ngu__port_thread_start(ngu__port_thread *t, const char *name, void *(*fn)(void *), void *arg)
{
	if (lab == NULL || !lab->on)
		return (EAGAIN);
	lab_point(true, LAB_PC(), 1);
	lab_drain();
	changes_bytes(t, sizeof(*t));
	*(uint32_t *)(void *)t->opaque = lab_spawn(name, fn, arg, true);
	lab_event(0x5fa4);
	return (0);
}

static bool
ended(struct lab_thread *t)
{
	return (lab->thread[t->want].state == LT_DONE);
}

void
ngu__port_thread_join(ngu__port_thread *t)
{
	uint32_t i = *(uint32_t *)(void *)t->opaque;

	if (lab == NULL || !lab->on)
		return;
	if (lab->thread[i].state != LT_DONE)
		lab_block("waits for the end of a thread", ended, 0, i, false);
	lab_join(lab->self->vc, lab->thread[i].vc);
}

void
ngu__port_thread_name(const char *name)
{
	(void)name;
}

int
ngu__port_thread_pin(unsigned cpu)
{
	(void)cpu;
	return (0);
}

unsigned
ngu__port_ncpu(void)
{
	return (2);
}

uint64_t
ngu__port_thread_id(void)
{
	return (lab != NULL ? lab->cur + 1 : 1);
}

/* A thread's record is made before the bodies run; `lab->attaching` says whose. */
int
ngu__port_at_thread_exit(void (*fn)(void *), void *arg)
{
	struct lab_thread *t = lab->attaching != NULL ? lab->attaching : lab->self;

	t->at_exit = fn;
	t->at_exit_arg = arg;
	return (0);
}

int
ngu__port_at_exit(void (*fn)(void))
{
	(void)fn;
	return (0);
}

int
ngu__port_at_fork_child(void (*fn)(void))
{
	(void)fn;
	return (0);
}

bool
ngu__port_membarrier_init(void)
{
	return (true);
}

bool
ngu__port_membarrier(void)
{
	if (lab == NULL || !lab->on)
		return (true);
	lab_point(true, LAB_PC(), 1);
	lab_flush_all();
	lab_event(0xbaa1);
	LAB_TRACE(OP_FENCE, LAB_PC(), 0, 0, 0, "membarrier");
	return (true);
}

/* ---- for reports */

unsigned
ngu__port_backtrace(void **pc, unsigned n, struct ngu__port_stacks *known)
{
	unsigned k = 0;

	(void)known;
	while (k < n && caller(k) != 0) {
		pc[k] = (void *)caller(k);
		k++;
	}
	return (k);
}

void
ngu__port_symbol(char *buf, size_t size, void *pc)
{
	char tmp[256];

	lab_symbol((uintptr_t)pc, tmp, sizeof(tmp));
	written(buf, strlen(tmp) + 1 < size ? strlen(tmp) + 1 : size);
	(void)snprintf(buf, size, "%s", tmp);
}

void ngu__lab_keep(const void *p);
void
ngu__lab_keep(const void *p)
{
	lab_keep(p);
}
