/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * linux.c - the part of port.h that is Linux: futex, membarrier, affinity, thread names and numbers.
 *
 * Waiting and waking carry no ordering for the memory model or for ThreadSanitizer: they are hints, and whoever calls them
 * looks at his atomics again. Built on every system; empty on all others.
 */
#if defined(__linux__) && !defined(NGU_PORT_GENERIC)
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <linux/futex.h>

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include "port/port.h"

/* <linux/membarrier.h>, spelled out so that old headers do. */
#define MB_QUERY 0
#define MB_PRIVATE_EXPEDITED (1 << 3)
#define MB_REGISTER_PRIVATE_EXPEDITED (1 << 4)

#define MAX_CPUS 8192u

void
ngu__port_wait(_Atomic uint32_t *word, uint32_t val, int64_t timeout_ns)
{
	struct timespec ts, *tsp = NULL;
	int saved = errno;

	if (timeout_ns >= 0) {
		ts.tv_sec = (time_t)(timeout_ns / 1000000000);
		ts.tv_nsec = (long)(timeout_ns % 1000000000);
		tsp = &ts;
	}
	(void)syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, val, tsp, NULL, 0);
	errno = saved;
}

void
ngu__port_wake(_Atomic uint32_t *word, int n)
{
	int saved = errno;

	(void)syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, n, NULL, NULL, 0);
	errno = saved;
}

static _Atomic uint32_t mb_ready; /* 1 registered; it is never taken back */

bool
ngu__port_membarrier_init(void)
{
#ifdef SYS_membarrier
	long cmds;

	if (NGU_LD_ACQ(&mb_ready) != 0)
		return (true);
	cmds = syscall(SYS_membarrier, MB_QUERY, 0, 0);
	if (cmds < 0 || (cmds & MB_PRIVATE_EXPEDITED) == 0 || syscall(SYS_membarrier, MB_REGISTER_PRIVATE_EXPEDITED, 0, 0) != 0)
		return (false);
	NGU_ST_REL(&mb_ready, 1u);
	return (true);
#else
	return (false);
#endif
}

bool
ngu__port_membarrier(void)
{
#ifdef SYS_membarrier
	return (NGU_LD_ACQ(&mb_ready) != 0 && syscall(SYS_membarrier, MB_PRIVATE_EXPEDITED, 0, 0) == 0);
#else
	return (false);
#endif
}

/* As many processors as this process may use, not as many as there are. */
unsigned
ngu__port_ncpu(void)
{
	cpu_set_t *set = CPU_ALLOC(MAX_CPUS);
	size_t size = CPU_ALLOC_SIZE(MAX_CPUS);
	long n = 0;

	if (set != NULL && sched_getaffinity(0, size, set) == 0)
		n = CPU_COUNT_S(size, set);
	if (set != NULL)
		CPU_FREE(set);
	if (n <= 0)
		n = sysconf(_SC_NPROCESSORS_ONLN);
	return (n > 0 ? (unsigned)n : 1);
}

int
ngu__port_thread_pin(unsigned cpu)
{
	cpu_set_t *set;
	size_t size = CPU_ALLOC_SIZE(MAX_CPUS);
	int error;

	if (cpu >= MAX_CPUS)
		return (EINVAL);
	if ((set = CPU_ALLOC(MAX_CPUS)) == NULL)
		return (ENOMEM);
	CPU_ZERO_S(size, set);
	CPU_SET_S(cpu, size, set);
	error = sched_setaffinity(0, size, set) == 0 ? 0 : errno;
	CPU_FREE(set);
	return (error);
}

void
ngu__port_thread_name(const char *name)
{
	char buf[16]; /* what the kernel keeps */

	(void)ngu__strlcpy(buf, name, sizeof(buf));
	(void)prctl(PR_SET_NAME, (unsigned long)(uintptr_t)buf, 0, 0, 0);
}

uint64_t
ngu__port_thread_id(void)
{
	return ((uint64_t)syscall(SYS_gettid));
}
#else
typedef int ngu__linux_c_is_empty; /* ISO C wants a declaration in each file */
#endif
