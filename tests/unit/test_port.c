/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_port.c - what lib/port promises the layers above it.
 *
 * Worker threads record what they saw in atomics; the main thread asserts after it joined them.
 */
#include <sys/types.h>

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "port/port.h"

#define NT 4
#define ROUNDS 20000

static bool
refuse(size_t size)
{
	(void)size;
	return (false);
}

static void
test_alloc(void **state)
{
	static const size_t sizes[] = { 0, 1, 15, 16, 17, 63, 64, 65, 1000, 8192, 100000 };
	static const size_t aligns[] = { 0, 1, 8, 16, 64, 128, 4096 };
	unsigned char *p;
	size_t i, j, k;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (j = 0; j < sizeof(aligns) / sizeof(aligns[0]); j++) {
			/* Twice: the second often gets the memory that the first left dirty. */
			for (k = 0; k < 2; k++) {
				p = ngu__port_alloc(sizes[i], aligns[j]);
				assert_non_null(p);
				assert_int_equal((uintptr_t)p % (aligns[j] < 16 ? 16 : aligns[j]), 0);
				for (size_t n = 0; n < sizes[i]; n++)
					assert_int_equal(p[n], 0);
				memset(p, 0xa5, sizes[i]);
				ngu__port_free(p);
			}
		}
	ngu__port_free(NULL);
	assert_null(ngu__port_alloc(SIZE_MAX - 8, 64));
}

static _Atomic int allocating;
static _Atomic unsigned refusals;

static void *
allocates(void *arg)
{
	void *p;

	(void)arg;
	while (allocating) {
		if ((p = ngu__port_alloc(64, 16)) == NULL)
			refusals++;
		ngu__port_free(p);
	}
	return (NULL);
}

/* Set and taken back while others allocate, as tests of node types do: no call to nowhere, and for ThreadSanitizer no race. */
static void
test_refuse_meanwhile(void **state)
{
	ngu__port_thread t;
	void *p;

	(void)state;
	allocating = 1;
	assert_int_equal(ngu__port_thread_start(&t, "allocates", allocates, NULL), 0);
	for (unsigned i = 0; i < ROUNDS || refusals == 0; i++) {
		ngu__port_alloc_hook = refuse;
		if (i % 64 == 0)
			ngu__port_yield();
		ngu__port_alloc_hook = NULL;
	}
	allocating = 0;
	ngu__port_thread_join(&t);
	assert_non_null(p = ngu__port_alloc(64, 16));
	ngu__port_free(p);
}

static void
test_alloc_refused(void **state)
{
	void *p, *q;

	(void)state;
	ngu__port_alloc_hook = refuse;
	p = ngu__port_alloc(16, 16);
	q = ngu__port_alloc_pages(4096);
	ngu__port_alloc_hook = NULL;
	assert_null(p);
	assert_null(q);
}

static void
test_alloc_pages(void **state)
{
	static unsigned char *p; /* kept, as the contract says; static, so that the leak checker sees it */

	(void)state;
	p = ngu__port_alloc_pages(1u << 20);
	assert_non_null(p);
	assert_int_equal(p[0], 0);
	assert_int_equal(p[(1u << 20) - 1], 0);
	p[12345] = 1;
}

static void
test_strings(void **state)
{
	char b[8];

	(void)state;
	assert_int_equal(ngu__strlcpy(b, "netgraph", sizeof(b)), 8);
	assert_string_equal(b, "netgrap");
	assert_int_equal(ngu__strlcpy(b, "hub", sizeof(b)), 3);
	assert_string_equal(b, "hub");
	assert_int_equal(ngu__strlcpy(b, "", sizeof(b)), 0);
	assert_string_equal(b, "");
	b[0] = 'x';
	assert_int_equal(ngu__strlcpy(b, "tee", 0), 3);
	assert_int_equal(b[0], 'x');
	assert_int_equal(ngu__strlcpy(b, "tee", 1), 3);
	assert_string_equal(b, "");
	assert_int_equal(ngu__port_snprintf(b, sizeof(b), "%d:%s", 42, "abcdefgh"), 11);
	assert_string_equal(b, "42:abcd");
}

static void
test_clocks(void **state)
{
	int64_t a, b, c;
	int i;

	(void)state;
	a = ngu__port_mono_ns();
	c = ngu__port_thread_cpu_ns();
	for (i = 0; i < 1000; i++) {
		b = ngu__port_mono_ns();
		assert_true(b >= a);
		a = b;
	}
	assert_true(ngu__port_thread_cpu_ns() > c);
	assert_true(ngu__port_real_ns() > (int64_t)1500000000 * 1000000000);
}

/* ---- waiting */

static _Atomic uint32_t ball;

static void *
pong(void *arg)
{
	uint32_t me = *(uint32_t *)arg, v;

	for (;;) {
		v = NGU_LD_ACQ(&ball);
		if (v >= ROUNDS)
			break;
		if (v % 2 != me) {
			ngu__port_wait(&ball, v, -1);
			continue;
		}
		NGU_ST_REL(&ball, v + 1);
		ngu__port_wake(&ball, 1);
	}
	ngu__port_wake(&ball, INT32_MAX);
	return (NULL);
}

static void
test_wait_wake(void **state)
{
	static uint32_t ids[2] = { 0, 1 };
	ngu__port_thread t[2];
	int i;

	(void)state;
	for (i = 0; i < 2; i++)
		assert_int_equal(ngu__port_thread_start(&t[i], "pong", pong, &ids[i]), 0);
	for (i = 0; i < 2; i++)
		ngu__port_thread_join(&t[i]);
	assert_int_equal(NGU_LD_ACQ(&ball), ROUNDS);
}

static void
test_wait_limits(void **state)
{
	_Atomic uint32_t w = 7;
	int64_t t0, end;

	(void)state;
	errno = 0;
	ngu__port_wait(&w, 8, -1); /* another value: at once */
	ngu__port_wait(&w, 7, 0);
	/* Spurious returns are allowed, so only the loop has to last that long; and it must end. */
	t0 = ngu__port_mono_ns();
	end = t0 + 3000000;
	while (ngu__port_mono_ns() < end)
		ngu__port_wait(&w, 7, end - t0);
	ngu__port_wake(&w, INT32_MAX); /* nobody there */
	assert_int_equal(errno, 0);
}

/* ---- locks */

static ngu__mtx lock;
static ngu__spin spin;
static uint64_t under_mtx, under_spin; /* plain: ThreadSanitizer judges the locks */

static void *
locker(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < ROUNDS; i++) {
		if (i % 3 != 0 || !ngu__mtx_trylock(&lock))
			ngu__mtx_lock(&lock);
		under_mtx++;
		ngu__mtx_unlock(&lock);
		ngu__spin_lock(&spin);
		under_spin++;
		ngu__spin_unlock(&spin);
	}
	return (NULL);
}

static void *
try_locked(void *arg)
{
	NGU_ST_REL((_Atomic uint32_t *)arg, ngu__mtx_trylock(&lock) ? 1u : 2u);
	return (NULL);
}

static void
test_locks(void **state)
{
	_Atomic uint32_t got = 0;
	ngu__port_thread t[NT];
	int i;

	(void)state;
	assert_int_equal(ngu__mtx_init(&lock), 0);
	for (i = 0; i < NT; i++)
		assert_int_equal(ngu__port_thread_start(&t[i], "locker", locker, NULL), 0);
	for (i = 0; i < NT; i++)
		ngu__port_thread_join(&t[i]);
	assert_int_equal(under_mtx, NT * ROUNDS);
	assert_int_equal(under_spin, NT * ROUNDS);
	assert_true(ngu__spin_try(&spin));
	assert_false(ngu__spin_try(&spin));
	ngu__spin_unlock(&spin);

	ngu__mtx_lock(&lock);
	assert_int_equal(ngu__port_thread_start(&t[0], "try", try_locked, &got), 0);
	ngu__port_thread_join(&t[0]);
	ngu__mtx_unlock(&lock);
	assert_int_equal(NGU_LD_ACQ(&got), 2);
	ngu__mtx_destroy(&lock);
}

static void
test_backoff(void **state)
{
	unsigned round = 0, i;

	(void)state;
	for (i = 0; i < 210; i++)
		ngu__port_backoff(&round);
	assert_true(round > 64);
	round = UINT32_MAX; /* never wraps round to spinning */
	ngu__port_backoff(&round);
	assert_true(round > 64);
}

/* ---- threads */

static _Atomic uint32_t exits;
static _Atomic uint32_t second;
static _Atomic uint32_t nmasked;
static _Atomic uint64_t ids[NT];

static void
count_exit(void *arg)
{
	(void)NGU_FADD_SC((_Atomic uint32_t *)arg, 1u);
}

static void *
leaver(void *arg)
{
	sigset_t set;
	int error;

	NGU_ST_REL((_Atomic uint64_t *)arg, ngu__port_thread_id());
	error = ngu__port_at_thread_exit(count_exit, &exits);
	if (error == 0)
		error = ngu__port_at_thread_exit(count_exit, &exits);
	NGU_ST_REL(&second, (uint32_t)error);
	if (pthread_sigmask(SIG_BLOCK, NULL, &set) == 0 && sigismember(&set, SIGINT) == 1 && sigismember(&set, SIGSEGV) == 0)
		(void)NGU_FADD_SC(&nmasked, 1u);
	return (NULL);
}

static void
test_threads(void **state)
{
	ngu__port_thread t[NT];
	int i;

	(void)state;
	for (i = 0; i < NT; i++)
		assert_int_equal(ngu__port_thread_start(&t[i], "a name that is too long for any system", leaver, &ids[i]), 0);
	for (i = 0; i < NT; i++)
		ngu__port_thread_join(&t[i]);
	assert_int_equal(NGU_LD_ACQ(&exits), NT);
	assert_int_equal(NGU_LD_ACQ(&second), EBUSY); /* one registration a thread */
	assert_int_equal(NGU_LD_ACQ(&nmasked), NT);
	for (i = 0; i < NT; i++)
		assert_true(NGU_LD_ACQ(&ids[i]) != 0);
	assert_true(ngu__port_thread_id() == ngu__port_thread_id());
	ngu__port_alloc_hook = refuse;
	i = ngu__port_thread_start(&t[0], "none", leaver, NULL);
	ngu__port_alloc_hook = NULL;
	assert_int_equal(i, ENOMEM);
	ngu__port_yield();
}

static void *
pinner(void *arg)
{
	unsigned cpu;
	int error = -1;

	/* Which processors this process may use is not ours to say; one of them must do. */
	for (cpu = 0; cpu < 1024 && error != 0 && error != ENOTSUP; cpu++)
		error = ngu__port_thread_pin(cpu);
	NGU_ST_REL((_Atomic uint32_t *)arg, error == 0 && ngu__port_ncpu() == 1 ? 1u : error == ENOTSUP ? 2u : 3u);
	return (NULL);
}

static void
test_processors(void **state)
{
	_Atomic uint32_t got = 0;
	ngu__port_thread t;

	(void)state;
	assert_true(ngu__port_ncpu() >= 1);
	assert_int_equal(ngu__port_thread_start(&t, "pin", pinner, &got), 0);
	ngu__port_thread_join(&t);
	assert_in_range(NGU_LD_ACQ(&got), 1, 2);
	assert_int_not_equal(ngu__port_thread_pin(1u << 30), 0);
}

static void
test_membarrier(void **state)
{
	bool had;

	(void)state;
	had = ngu__port_membarrier_init();
	assert_true(ngu__port_membarrier() == had);
	assert_true(ngu__port_membarrier_init() == had);
	print_message("# membarrier: %s\n", had ? "yes" : "no");
}

static int quiet;

/* What follows on standard error is not libng's any more: an emulator says there what its program died of. */
static void
hush(int sig)
{
	(void)sig;
	(void)dup2(quiet, STDERR_FILENO); /* and abort() goes on */
}

static void
test_die(void **state)
{
	char buf[256] = "";
	int fd[2], status = 0;
	ssize_t n, have = 0;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(fd), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		quiet = open("/dev/null", O_WRONLY);
		(void)signal(SIGABRT, hush);
		(void)dup2(fd[1], STDERR_FILENO);
		ngu__port_die("broken: %s %d", "H1", 7);
	}
	(void)close(fd[1]);
	while ((n = read(fd[0], buf + have, sizeof(buf) - 1 - (size_t)have)) > 0)
		have += n;
	(void)close(fd[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	assert_string_equal(buf, "broken: H1 7\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_die), /* first: it forks, and no thread was started yet */
		cmocka_unit_test(test_alloc),
		cmocka_unit_test(test_refuse_meanwhile),
		cmocka_unit_test(test_alloc_refused),
		cmocka_unit_test(test_alloc_pages),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_clocks),
		cmocka_unit_test(test_wait_wake),
		cmocka_unit_test(test_wait_limits),
		cmocka_unit_test(test_locks),
		cmocka_unit_test(test_backoff),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_processors),
		cmocka_unit_test(test_membarrier),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
