/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bsd.c - the part of port.h that is not POSIX, for every system that is not Linux.
 *
 * Sleeping    _umtx_op(2) on FreeBSD, futex(2) on OpenBSD, __futex(2) on NetBSD where it exists; anywhere
 *             else, and in builds with -DNGU_PORT_GENERIC (which also run on Linux, to test this), a table of mutexes and
 *             condition variables. All of it is a hint: callers look at their atomics again.
 * Membarrier  none: callers have a path with fences.
 */
#if !defined(__linux__) || defined(NGU_PORT_GENERIC)
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE 1
#endif
#include <sys/types.h>

#include <sys/param.h>
#include <sys/time.h>

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#if defined(__FreeBSD__) && !defined(NGU_PORT_GENERIC)
#define WAIT_UMTX 1
#include <sys/cpuset.h>
#include <sys/umtx.h>

#include <pthread_np.h>
#elif defined(__OpenBSD__) && !defined(NGU_PORT_GENERIC)
#define WAIT_FUTEX 1
#include <sys/futex.h>

#include <pthread_np.h>
#elif defined(__NetBSD__) && !defined(NGU_PORT_GENERIC)
#include <sys/syscall.h>
#ifdef SYS___futex
#define WAIT_SYS_FUTEX 1
#include <sys/futex.h>
#endif
#endif

#include "port/port.h"

#if defined(WAIT_UMTX) || defined(WAIT_FUTEX) || defined(WAIT_SYS_FUTEX)

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
#if defined(WAIT_UMTX)
	(void)_umtx_op((void *)word, UMTX_OP_WAIT_UINT_PRIVATE, val, tsp != NULL ? (void *)(uintptr_t)sizeof(ts) : NULL, tsp);
#elif defined(WAIT_FUTEX)
	(void)futex((volatile uint32_t *)word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, (int)val, tsp, NULL);
#else
	(void)syscall(SYS___futex, word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, val, tsp, NULL, 0, 0);
#endif
	errno = saved;
}

void
ngu__port_wake(_Atomic uint32_t *word, int n)
{
	int saved = errno;

#if defined(WAIT_UMTX)
	(void)_umtx_op((void *)word, UMTX_OP_WAKE_PRIVATE, (unsigned long)n, NULL, NULL);
#elif defined(WAIT_FUTEX)
	(void)futex((volatile uint32_t *)word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, n, NULL, NULL);
#else
	(void)syscall(SYS___futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, n, NULL, NULL, 0, 0);
#endif
	errno = saved;
}

#else /* the table */

#define BUCKETS 64u
#define LONGEST_NS ((int64_t)100000000000000) /* a day or so; a sleeper may return early */

static struct bucket {
	pthread_mutex_t m;
	pthread_cond_t c;
} buckets[BUCKETS];
static pthread_once_t buckets_once = PTHREAD_ONCE_INIT;

static void
buckets_init(void)
{
	unsigned i;

	for (i = 0; i < BUCKETS; i++)
		if (pthread_mutex_init(&buckets[i].m, NULL) != 0 || pthread_cond_init(&buckets[i].c, NULL) != 0)
			ngu__port_die("libng: no condition variables to sleep on");
}

static struct bucket *
bucket(_Atomic uint32_t *word)
{
	uintptr_t a = (uintptr_t)word;

	(void)pthread_once(&buckets_once, buckets_init);
	return (&buckets[(a >> 6 ^ a >> 12 ^ a >> 2) % BUCKETS]);
}

void
ngu__port_wait(_Atomic uint32_t *word, uint32_t val, int64_t timeout_ns)
{
	struct bucket *b = bucket(word);
	struct timespec ts;
	int64_t end;

	(void)pthread_mutex_lock(&b->m);
	/* The word changes before its waker takes the lock, so a change is either seen here or signalled later. */
	if (NGU_LD_SC(word) == val) {
		if (timeout_ns < 0)
			(void)pthread_cond_wait(&b->c, &b->m);
		else {
			/* Condition variables tell the time by the real-time clock; a stepped clock makes one sleep odd, no more. */
			end = ngu__port_real_ns() + (timeout_ns < LONGEST_NS ? timeout_ns : LONGEST_NS);
			ts.tv_sec = (time_t)(end / 1000000000);
			ts.tv_nsec = (long)(end % 1000000000);
			(void)pthread_cond_timedwait(&b->c, &b->m, &ts);
		}
	}
	(void)pthread_mutex_unlock(&b->m);
}

void
ngu__port_wake(_Atomic uint32_t *word, int n)
{
	struct bucket *b = bucket(word);

	(void)n; /* words share buckets, so all of them look */
	(void)pthread_mutex_lock(&b->m);
	(void)pthread_cond_broadcast(&b->c);
	(void)pthread_mutex_unlock(&b->m);
}
#endif

bool
ngu__port_membarrier_init(void)
{
	return (false);
}

bool
ngu__port_membarrier(void)
{
	return (false);
}

unsigned
ngu__port_ncpu(void)
{
	long n;

#if defined(WAIT_UMTX)
	cpuset_t set;

	if (cpuset_getaffinity(CPU_LEVEL_WHICH, CPU_WHICH_TID, -1, sizeof(set), &set) == 0 && (n = CPU_COUNT(&set)) > 0)
		return ((unsigned)n);
#endif
	n = sysconf(_SC_NPROCESSORS_ONLN);
	return (n > 0 ? (unsigned)n : 1);
}

int
ngu__port_thread_pin(unsigned cpu)
{
#if defined(WAIT_UMTX)
	cpuset_t set;

	if (cpu >= CPU_SETSIZE)
		return (EINVAL);
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return (cpuset_setaffinity(CPU_LEVEL_WHICH, CPU_WHICH_TID, -1, sizeof(set), &set) == 0 ? 0 : errno);
#else
	(void)cpu;
	return (ENOTSUP);
#endif
}

void
ngu__port_thread_name(const char *name)
{
	char buf[16]; /* the shortest of what these systems take */

	(void)ngu__strlcpy(buf, name, sizeof(buf));
#if defined(WAIT_UMTX) || defined(WAIT_FUTEX)
	pthread_set_name_np(pthread_self(), buf);
#elif defined(__NetBSD__)
	(void)pthread_setname_np(pthread_self(), "%s", buf);
#elif defined(__APPLE__)
	(void)pthread_setname_np(buf);
#endif
}

uint64_t
ngu__port_thread_id(void)
{
#if defined(__FreeBSD__) && !defined(NGU_PORT_GENERIC)
	return ((uint64_t)pthread_getthreadid_np());
#elif defined(__APPLE__)
	uint64_t id = 0;

	(void)pthread_threadid_np(NULL, &id);
	return (id);
#else
	return ((uint64_t)(uintptr_t)pthread_self());
#endif
}
#else
typedef int ngu__bsd_c_is_empty; /* ISO C wants a declaration in each file */
#endif
