/* SPDX-License-Identifier: BSD-2-Clause */
/* host.c - what the kit has from its surroundings: a lock, memory, threads, how to fail. lab.c has it for the race lab. */
#include "testkit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static pthread_mutex_t kit = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local char own;

void
ngt__lock(void)
{
	(void)pthread_mutex_lock(&kit);
}

void
ngt__unlock(void)
{
	(void)pthread_mutex_unlock(&kit);
}

void *
ngt__alloc(size_t size)
{
	void *p = calloc(1, size != 0 ? size : 1);

	if (p == NULL) {
		fprintf(stderr, "test kit: no memory\n");
		abort();
	}
	return (p);
}

void
ngt__free(void *p)
{
	free(p);
}

void
ngt__keep(const void *p)
{
	(void)p;
}

void
ngt__failed(AT, const char *text)
{
	fail(file, line, text);
}

unsigned
ngt__strict_flags(void)
{
	return (NGU_STRICT_DEFAULT);
}

const void *
ngt_thread(void)
{
	return (&own);
}

long
ngt__process(void)
{
	return ((long)getpid());
}
