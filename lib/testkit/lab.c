/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab.c - in the place of host.c for the race lab (ng/lab.h): memory that is put back after each run, a lock the lab sees and that
 * is a point of decision only where two threads met at it, and failures that end the run instead of jumping out of it.
 *
 * Strict mode is off unless a test turns it on: the lab watches memory, gates and sections itself, for every order.
 */
#include "testkit.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <ng/lab.h>

static _Atomic unsigned kit;

static bool
is_free(void *arg)
{
	(void)arg;
	return (atomic_load_explicit(&kit, memory_order_relaxed) == 0);
}

void
ngt__lock(void)
{
	while (atomic_exchange_explicit(&kit, 1, memory_order_acquire) != 0)
		ngu_lab_wait(is_free, NULL);
	ngu_lab_calm(true);
}

/* Not a store: that could be held back in a store buffer, and nobody wants to see more orders of the kit's own lock. */
void
ngt__unlock(void)
{
	ngu_lab_calm(false);
	(void)atomic_exchange_explicit(&kit, 0, memory_order_acq_rel);
}

void *
ngt__alloc(size_t size)
{
	void *p = ngu_lab_alloc(size);

	if (p == NULL) {
		fprintf(stderr, "test kit: no memory\n");
		abort();
	}
	return (p);
}

void
ngt__free(void *p)
{
	ngu_lab_free(p);
}

void
ngt__keep(const void *p)
{
	ngu_lab_keep(p);
}

void
ngt__failed(AT, const char *text)
{
	if (ngu_lab_self() != 0)
		ngu_lab_fail("%s\n%s:%d", text, file, line);
	fail(file, line, text);
}

unsigned
ngt__strict_flags(void)
{
	return (0);
}

const void *
ngt_thread(void)
{
	static const char thread[64];

	return (&thread[ngu_lab_self() % sizeof(thread)]);
}

/* The lab ends the run at a panic, with its story. */
long
ngt__process(void)
{
	return (0);
}
