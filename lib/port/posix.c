/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * posix.c - the part of port.h that POSIX alone can serve: memory, strings, clocks, mutexes, threads, last words.
 *
 * What differs from system to system (sleeping on a word, membarrier, pinning, names) is in linux.c and bsd.c.
 *
 * Threads     started with all signals blocked but those a fault raises and SIGPROF: the embedder's handlers run on his threads.
 * Thread end  a key destructor. It lets the first round of destructors pass, so that other libraries' destructors still find a
 *             registered thread; a registration made later is served in the next round, while rounds last.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <sys/types.h>

#include <sys/mman.h>

#include <errno.h>
#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "port/port.h"

#define SPIN_ROUNDS 64u	  /* then the processor is given away */
#define YIELD_ROUNDS 200u /* then the thread sleeps */
#define SLEEP_NS 50000L

#ifdef PTHREAD_DESTRUCTOR_ITERATIONS
#define EXIT_ROUNDS PTHREAD_DESTRUCTOR_ITERATIONS
#else
#define EXIT_ROUNDS 4
#endif

#if !defined(MAP_ANONYMOUS)
#define MAP_ANONYMOUS MAP_ANON
#endif

_Static_assert(sizeof(pthread_mutex_t) <= sizeof(ngu__mtx), "ngu__mtx holds a pthread_mutex_t");
_Static_assert(sizeof(pthread_t) <= sizeof(ngu__port_thread), "ngu__port_thread holds a pthread_t");

_Atomic(ngu__port_may_alloc *) ngu__port_alloc_hook;

/* ---- memory */

void *
ngu__port_alloc(size_t size, size_t align)
{
	void *p = NULL;

	if (ngu__port_refuses(size))
		return (NULL);
	if (size == 0)
		size = 1;
	if (align < 16)
		align = 16;
	if (align <= _Alignof(max_align_t))
		return (calloc(1, size));
	if (size > SIZE_MAX - align || posix_memalign(&p, align, (size + align - 1) / align * align) != 0)
		return (NULL);
	memset(p, 0, size);
	return (p);
}

void
ngu__port_free(void *p)
{
	free(p);
}

void *
ngu__port_alloc_pages(size_t size)
{
	void *p;

	if (ngu__port_refuses(size))
		return (NULL);
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return (p == MAP_FAILED ? NULL : p);
}

void *
ngu__port_alloc_region(size_t size, bool large)
{
	char *p, *at;
	size_t before;

	/* Twice the size holds an aligned one; what is too much goes back. */
	p = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return (NULL);
	at = (char *)(((uintptr_t)p + size - 1) & ~(uintptr_t)(size - 1));
	before = (size_t)(at - p);
	if (before != 0)
		(void)munmap(p, before);
	if (before != size)
		(void)munmap(at + size, size - before);
#ifdef MADV_HUGEPAGE
	if (large)
		(void)madvise(at, size, MADV_HUGEPAGE);
#else
	(void)large;
#endif
	return (at);
}

void
ngu__port_free_region(void *p, size_t size)
{
	(void)munmap(p, size);
}

/* ---- strings and last words */

size_t
ngu__strlcpy(char *dst, const char *src, size_t size)
{
	size_t len = strlen(src);

	if (size != 0) {
		size_t n = len < size ? len : size - 1;

		memcpy(dst, src, n);
		dst[n] = '\0';
	}
	return (len);
}

int
ngu__port_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
	return (vsnprintf(buf, size, fmt, ap));
}

int
ngu__port_snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return (n);
}

void
ngu__port_log_stderr(const char *line)
{
	char buf[1024];
	size_t n, done;
	ssize_t w;

	/* One write for one line, so that lines of several threads do not mix. */
	n = ngu__strlcpy(buf, line, sizeof(buf) - 1);
	if (n > sizeof(buf) - 2)
		n = sizeof(buf) - 2;
	buf[n++] = '\n';
	for (done = 0; done < n; done += (size_t)w) {
		w = write(STDERR_FILENO, buf + done, n - done);
		if (w < 0 && errno == EINTR)
			w = 0;
		else if (w <= 0)
			return;
	}
}

void
ngu__port_die(const char *fmt, ...)
{
	char buf[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	ngu__port_log_stderr(buf);
	abort();
}

/* ---- leaving a call for good */

static _Thread_local jmp_buf *attempt;

bool
ngu__port_attempt(void (*fn)(void *), void *arg)
{
	jmp_buf at, *before = attempt;

	if (_setjmp(at) != 0) {
		attempt = before;
		return (false);
	}
	attempt = &at;
	fn(arg);
	attempt = before;
	return (true);
}

bool
ngu__port_attempting(void)
{
	return (attempt != NULL);
}

void
ngu__port_leave(void)
{
	_longjmp(*attempt, 1);
}

/* ---- objects loaded while the program runs */

bool
ngu__port_load(const char *file, char *why, size_t size)
{
	if (dlopen(file, RTLD_NOW | RTLD_LOCAL) != NULL)
		return (true);
	(void)snprintf(why, size, "%s", dlerror());
	return (false);
}

bool
ngu__port_exists(const char *file)
{
	return (access(file, F_OK) == 0);
}

bool
ngu__port_env(const char *name, char *out, size_t size)
{
	const char *text = getuid() == geteuid() && getgid() == getegid() ? getenv(name) : NULL;

	return (text != NULL && ngu__strlcpy(out, text, size) < size);
}

/* ---- clocks and waiting */

static int64_t
clock_ns(clockid_t which)
{
	struct timespec ts;

	if (clock_gettime(which, &ts) != 0)
		return (0);
	return ((int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec);
}

int64_t
ngu__port_mono_ns(void)
{
	return (clock_ns(CLOCK_MONOTONIC));
}

int64_t
ngu__port_real_ns(void)
{
	return (clock_ns(CLOCK_REALTIME));
}

int64_t
ngu__port_thread_cpu_ns(void)
{
	return (clock_ns(CLOCK_THREAD_CPUTIME_ID));
}

void
ngu__port_yield(void)
{
	(void)sched_yield();
}

void
ngu__port_backoff(unsigned *round)
{
	static const struct timespec nap = { 0, SLEEP_NS };
	unsigned r = *round;

	if (r < SPIN_ROUNDS)
		NGU_PAUSE();
	else if (r < YIELD_ROUNDS)
		(void)sched_yield();
	else
		(void)nanosleep(&nap, NULL);
	if (r < YIELD_ROUNDS)
		*round = r + 1;
}

/* ---- mutexes: an error here is a mutex that is not one */

static pthread_mutex_t *
mtx(ngu__mtx *m)
{
	return ((pthread_mutex_t *)(void *)m->opaque);
}

int
ngu__mtx_init(ngu__mtx *m)
{
	return (pthread_mutex_init(mtx(m), NULL));
}

void
ngu__mtx_destroy(ngu__mtx *m)
{
	(void)pthread_mutex_destroy(mtx(m));
}

void
ngu__mtx_lock(ngu__mtx *m)
{
	int error = pthread_mutex_lock(mtx(m));

	if (NGU_UNLIKELY(error != 0))
		ngu__port_die("libng: mutex %p: lock: error %d", (void *)m, error);
}

bool
ngu__mtx_trylock(ngu__mtx *m)
{
	return (pthread_mutex_trylock(mtx(m)) == 0);
}

void
ngu__mtx_unlock(ngu__mtx *m)
{
	int error = pthread_mutex_unlock(mtx(m));

	if (NGU_UNLIKELY(error != 0))
		ngu__port_die("libng: mutex %p: unlock: error %d", (void *)m, error);
}

/* ---- threads */

struct start {
	void *(*fn)(void *);
	void *arg;
	char name[32];
};

static void *
trampoline(void *p)
{
	struct start s = *(struct start *)p;

	ngu__port_free(p);
	ngu__port_thread_name(s.name);
	return (s.fn(s.arg));
}

int
ngu__port_thread_start(ngu__port_thread *t, const char *name, void *(*fn)(void *), void *arg)
{
	static const int keep[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, SIGPROF };
	struct start *s;
	sigset_t set, old;
	size_t i;
	int error;

	if ((s = ngu__port_alloc(sizeof(*s), 0)) == NULL)
		return (ENOMEM);
	s->fn = fn;
	s->arg = arg;
	(void)ngu__strlcpy(s->name, name, sizeof(s->name));
	(void)sigfillset(&set);
	for (i = 0; i < sizeof(keep) / sizeof(keep[0]); i++)
		(void)sigdelset(&set, keep[i]);
	(void)pthread_sigmask(SIG_BLOCK, &set, &old);
	error = pthread_create((pthread_t *)(void *)t->opaque, NULL, trampoline, s);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (error != 0)
		ngu__port_free(s);
	return (error);
}

void
ngu__port_thread_join(ngu__port_thread *t)
{
	int error = pthread_join(*(pthread_t *)(void *)t->opaque, NULL);

	if (NGU_UNLIKELY(error != 0))
		ngu__port_die("libng: join of thread %p: error %d", (void *)t, error);
}

struct at_exit {
	void (*fn)(void *);
	void *arg;
	int round; /* destructor rounds this thread has been through */
};

static _Thread_local struct at_exit at_exit_self;
static pthread_key_t exit_key;
static int exit_key_error;
static pthread_once_t exit_once = PTHREAD_ONCE_INIT;

static void
run_at_exit(void *p)
{
	struct at_exit *e = p;
	void (*fn)(void *) = e->fn;

	if (++e->round == 1 && EXIT_ROUNDS > 1 && pthread_setspecific(exit_key, e) == 0)
		return; /* the others first */
	e->fn = NULL;
	fn(e->arg);
}

static void
exit_key_create(void)
{
	exit_key_error = pthread_key_create(&exit_key, run_at_exit);
}

int
ngu__port_at_thread_exit(void (*fn)(void *), void *arg)
{
	struct at_exit *e = &at_exit_self;
	int error;

	(void)pthread_once(&exit_once, exit_key_create);
	if (exit_key_error != 0)
		return (exit_key_error);
	if (e->fn != NULL || e->round >= EXIT_ROUNDS)
		return (EBUSY);
	if ((error = pthread_setspecific(exit_key, e)) != 0)
		return (error);
	e->fn = fn;
	e->arg = arg;
	return (0);
}

int
ngu__port_at_exit(void (*fn)(void))
{
	return (atexit(fn) == 0 ? 0 : ENOMEM);
}

int
ngu__port_at_fork_child(void (*fn)(void))
{
	return (pthread_atfork(NULL, NULL, fn));
}
