/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_reclaim_ends.c - threads and processes that end, or begin, in ways they should not: no memory for a thread's record, no
 * key left, exit() from where nothing can be waited for, fork() beside other threads, waiting where that would be for ever.
 *
 * What is tried lasts as long as the process, so each case is a child, made while this process has neither thread nor record.
 * A child says by its exit status what went wrong: 0 is nothing.
 */
#include <sys/types.h>

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "reclaim/reclaim.h"

#define MANY 40 /* more threads than there are records in static memory */
#define CHECK(cond) \
	do { \
		if (!(cond)) { \
			(void)dprintf(STDOUT_FILENO, "# %s:%d: %s\n", __FILE__, __LINE__, #cond); \
			_exit(1); \
		} \
	} while (0)

struct obj {
	struct ngu__retire r;
	void (*then)(void);
};

/* Seen by parent and child. */
static struct shared {
	_Atomic uint32_t freed, late;
} *shared;

static void
obj_free(struct ngu__retire *r)
{
	struct obj *o = NGU_CONTAINER(r, struct obj, r);
	void (*then)(void) = o->then;

	ngu__port_free(o);
	(void)NGU_FADD_SC(&shared->freed, 1u);
	if (then != NULL)
		then();
}

static void
retire(void (*then)(void))
{
	struct obj *o = ngu__port_alloc(sizeof(*o), 0);

	CHECK(o != NULL);
	o->then = then;
	ngu__retire(&o->r, obj_free);
}

static bool
refuse(size_t size)
{
	(void)size;
	return (false);
}

/* The first one of the process: no thread can be started to free it. */
static void
retire_alone(void (*then)(void))
{
	struct obj *o = ngu__port_alloc(sizeof(*o), 0);

	CHECK(o != NULL);
	(void)ngu__self();
	o->then = then;
	ngu__port_alloc_hook = refuse;
	ngu__retire(&o->r, obj_free);
	ngu__port_alloc_hook = NULL;
}

#ifdef NGU_RCL_CK_EPOCH
static bool
refuse_engine(size_t size)
{
	return (size == sizeof(struct ngu__thread));
}
#endif

static void
wait_for(_Atomic uint32_t *w, uint32_t v)
{
	uint32_t have;

	while ((have = NGU_LD_SC(w)) < v)
		ngu__port_wait(w, have, -1);
}

static void
raise_to(_Atomic uint32_t *w, uint32_t v)
{
	NGU_ST_SC(w, v);
	ngu__port_wake(w, INT32_MAX);
}

/* ---- the child */

/* Runs fn in a child; what it says on standard error goes to said[]. */
static char said[1024];

static int
child(int (*fn)(void))
{
	const struct rlimit none = { 0, 0 };
	int fd[2], status = 0;
	size_t have = 0;
	ssize_t n;
	pid_t pid;

	assert_null(NGU_LD_ACQ(&ngu__threads)); /* this process is bare */
	memset(shared, 0, sizeof(*shared));
	memset(said, 0, sizeof(said));
	assert_int_equal(pipe(fd), 0);
	(void)fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)setrlimit(RLIMIT_CORE, &none);
		(void)signal(SIGABRT, SIG_DFL);
		(void)dup2(fd[1], STDERR_FILENO);
		(void)close(fd[0]);
		(void)close(fd[1]);
		_exit(fn());
	}
	(void)close(fd[1]);
	while ((n = read(fd[0], said + have, sizeof(said) - 1 - have)) > 0)
		have += (size_t)n;
	(void)close(fd[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return (status);
}

static void
ends(int (*fn)(void), int with)
{
	int status = child(fn);

	if (!WIFEXITED(status) || WEXITSTATUS(status) != with)
		print_message("status %x, \"%s\"\n", (unsigned)status, said);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), with);
}

static void
dies(int (*fn)(void), const char *what)
{
	int status = child(fn);

	if (!WIFSIGNALED(status) || strstr(said, what) == NULL)
		print_message("expected \"%s\", got \"%s\" (status %x)\n", what, said, (unsigned)status);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	assert_non_null(strstr(said, what));
}

/* ---- no memory, no key */

static _Atomic uint32_t there, leave;

static void *
stay(void *arg)
{
	struct ngu__thread *ts = ngu__self();

	(void)arg;
	ngu__section_enter(ts);
	ngu__section_leave(ts);
	(void)NGU_FADD_SC(&there, 1u);
	ngu__port_wake(&there, INT32_MAX);
	wait_for(&leave, 1);
	return (NULL);
}

/* Threads one after the other, none of which ends; returns how many before `most`. */
static void
crowd(unsigned most)
{
	pthread_t t[MANY];
	unsigned i;

	for (i = 0; i < most; i++) {
		CHECK(pthread_create(&t[i], NULL, stay, NULL) == 0);
		wait_for(&there, i + 1);
	}
	raise_to(&leave, 1);
	for (i = 0; i < most; i++)
		CHECK(pthread_join(t[i], NULL) == 0);
}

static int
reserve_child(void)
{
	ngu__port_alloc_hook = refuse;
	crowd(16);
	/* Their records go to those who come later, still without memory. */
	NGU_ST_SC(&there, 0u);
	NGU_ST_SC(&leave, 0u);
	crowd(16);
	ngu__port_alloc_hook = NULL;
	retire(NULL);
	ngu__rcl_barrier();
	return (NGU_LD_SC(&shared->freed) == 1 ? 0 : 2);
}

static int
no_record_child(void)
{
	ngu__port_alloc_hook = refuse;
	crowd(MANY);
	return (0);
}

/* Sixteen threads may come while memory is refused; the next one ends the process, and says why. */
static void
test_no_memory(void **state)
{
	(void)state;
	ends(reserve_child, 0);
	dies(no_record_child, "libng: no memory for the record of a new thread");
}

#ifdef NGU_RCL_CK_EPOCH
static int
no_engine_child(void)
{
	ngu__port_alloc_hook = refuse_engine;
	crowd(MANY);
	return (0);
}

/* The same when it is the engine that gets none. */
static void
test_no_engine(void **state)
{
	(void)state;
	dies(no_engine_child, "libng: the grace-period engine takes no new thread: error 12");
}
#endif

static int
no_key_child(void)
{
	pthread_key_t k;

	while (pthread_key_create(&k, NULL) == 0)
		;
	(void)ngu__self();
	return (0);
}

static void
test_no_key(void **state)
{
	(void)state;
	dies(no_key_child, "libng: this thread cannot be registered");
}

/* ---- counters */

static int
count_first_child(void)
{
	uint64_t n = 1, b = 1;
	uint32_t i;

	ngu__port_alloc_hook = refuse;
	ngu__count(ngu__self(), 0, 1, 2); /* nobody's index, and there is no page at all yet */
	ngu__ctr_free(0);
	ngu__port_alloc_hook = NULL;
	i = ngu__ctr_alloc();
	CHECK(i == 1);
	ngu__ctr_read(i, &n, &b);
	CHECK(n == 0 && b == 0);
	ngu__count(ngu__self(), i, 1, 2);
	ngu__ctr_read(i, &n, &b);
	CHECK(n == 1 && b == 2);
	ngu__ctr_free(i);
	return (0);
}

#if !defined(NGU_ASAN) && !defined(NGU_TSAN)
static int
counters_full_child(void)
{
	const uint32_t max = NGU_CTRS;
	uint64_t n, b;
	uint32_t i;

	for (i = 1; i < max; i++)
		CHECK(ngu__ctr_alloc() == i);
	CHECK(ngu__ctr_alloc() == 0);
	CHECK(ngu__ctr_alloc() == 0);
	ngu__count(ngu__self(), max - 1, 3, 4);
	ngu__ctr_read(max - 1, &n, &b);
	CHECK(n == 3 && b == 4);
	/* One in the middle and the last are given back, and come again, the lower one first, from zero. */
	ngu__ctr_free(max - 1);
	ngu__ctr_free(262144 + 4096);
	CHECK(ngu__ctr_alloc() == 262144 + 4096);
	CHECK(ngu__ctr_alloc() == max - 1);
	ngu__ctr_read(max - 1, &n, &b);
	CHECK(n == 0 && b == 0);
	CHECK(ngu__ctr_alloc() == 0);
	return (0);
}
#endif

/* Index 0 is nobody's; and when all eight million are taken it is what is left to say so. */
static void
test_counters(void **state)
{
	(void)state;
	ends(count_first_child, 0);
#if !defined(NGU_ASAN) && !defined(NGU_TSAN) /* 128 MiB, and their shadow */
	ends(counters_full_child, 0);
#endif
}

/* ---- a thread that ends inside a section */

static void *
end_inside(void *arg)
{
	struct ngu__thread *ts = ngu__self();

	ngu__section_enter(ts);
	ngu__section_enter(ts);
	*(struct ngu__thread **)arg = ts;
	return (NULL);
}

static int
inside_child(void)
{
	struct ngu__thread *ts = NULL, *again = NULL;
	pthread_t t;

	CHECK(pthread_create(&t, NULL, end_inside, &ts) == 0);
	CHECK(pthread_join(t, NULL) == 0);
	CHECK(ts->nest == 0 && (NGU_LD_SC(&ts->sec) & 1) == 0 && NGU_LD_SC(&ts->used) == 0);
	retire(NULL);
	ngu__rcl_barrier(); /* nothing is held back */
	CHECK(NGU_LD_SC(&shared->freed) == 1);
	/* The next owner begins outside. */
	CHECK(ngu__self()->nest == 0);
	CHECK(pthread_create(&t, NULL, end_inside, &again) == 0);
	CHECK(pthread_join(t, NULL) == 0);
	retire(NULL);
	ngu__rcl_barrier();
	CHECK(NGU_LD_SC(&shared->freed) == 2);
	return (0);
}

static void
test_ends_inside(void **state)
{
	(void)state;
#ifdef NGU_DEBUG
	dies(inside_child, "a thread ends inside a read section");
#else
	ends(inside_child, 0);
#endif
}

/* ---- waiting where it would be for ever */

static int
wait_inside_child(void)
{
	struct ngu__thread *ts = ngu__self();

	retire(NULL);
	ngu__rcl_barrier();
	CHECK(NGU_LD_SC(&shared->freed) == 1);
	ngu__section_enter(ts);
	retire(NULL);
	ngu__rcl_barrier(); /* at once */
	CHECK(NGU_LD_SC(&shared->freed) == 1);
	ngu__section_leave(ts);
	ngu__rcl_barrier();
	CHECK(NGU_LD_SC(&shared->freed) == 2);
	return (0);
}

static int
press_inside_child(void)
{
	struct ngu__thread *ts = ngu__self();

	ngu__section_enter(ts);
	retire_alone(NULL);
	ngu__rcl_backpressure(); /* our work, but not here */
	CHECK(NGU_LD_SC(&shared->freed) == 0);
	ngu__section_leave(ts);
	ngu__rcl_backpressure();
	CHECK(NGU_LD_SC(&shared->freed) == 1);
	return (0);
}

static void
wait_in_callback(void)
{
	ngu__rcl_barrier();
	ngu__rcl_backpressure();
	raise_to(&shared->late, 1);
}

static int
callback_child(void)
{
	retire(wait_in_callback);
	wait_for(&shared->late, 1);
	ngu__rcl_barrier();
	CHECK(NGU_LD_SC(&shared->freed) == 1);
	return (0);
}

static void
test_no_waiting(void **state)
{
	(void)state;
#ifdef NGU_DEBUG
	dies(wait_inside_child, "waiting for the reclaimer inside a read section");
	dies(press_inside_child, "waiting for the reclaimer inside a read section");
	dies(callback_child, "waiting for the reclaimer in one of its callbacks");
#else
	ends(wait_inside_child, 0);
	ends(callback_child, 0);
	ends(press_inside_child, 0);
#endif
}

/* ---- without a reclaimer: one thread works, another comes by */

static _Atomic uint32_t in_there, go_on;

static void
hold(void)
{
	raise_to(&in_there, 1);
	wait_for(&go_on, 1);
}

static void *
works(void *arg)
{
	(void)arg;
	ngu__rcl_barrier();
	return (NULL);
}

static int
two_inline_child(void)
{
	pthread_t t;

	retire_alone(hold);
	retire(NULL);
	CHECK(NGU_LD_SC(&shared->freed) == 0);
	CHECK(pthread_create(&t, NULL, works, NULL) == 0);
	wait_for(&in_there, 1);
	ngu__rcl_backpressure(); /* the work is being done: comes back after a while, and has done none of it */
	CHECK(NGU_LD_SC(&shared->freed) == 1);
	raise_to(&go_on, 1);
	ngu__rcl_barrier();
	CHECK(NGU_LD_SC(&shared->freed) == 2);
	CHECK(pthread_join(t, NULL) == 0);
	return (0);
}

static void
test_two_inline(void **state)
{
	(void)state;
	ends(two_inline_child, 0);
}

/* ---- exit() */

static void
late(void)
{
	retire(NULL);
	ngu__rcl_barrier();
	NGU_ST_SC(&shared->late, NGU_LD_SC(&shared->freed));
}

static int
exit_child(void)
{
	CHECK(atexit(late) == 0); /* before ours, so it is run after it */
	retire(NULL);
	retire(NULL);
	exit(7); /* the reclaimer is asked to finish first */
}

static int
exit_inside_child(void)
{
	retire(NULL);
	ngu__rcl_barrier();
	ngu__section_enter(ngu__self());
	retire(NULL);
	exit(8);
}

static void
exit_there(void)
{
	exit(9);
}

static int
exit_callback_child(void)
{
	retire(exit_there);
	while (pause() != 0)
		;
	return (1);
}

static int
exit_never_child(void)
{
	(void)ngu__self();
	exit(10);
}

static void
test_exit(void **state)
{
	(void)state;
	ends(exit_never_child, 10);
	ends(exit_child, 7);
	assert_int_equal(NGU_LD_SC(&shared->freed), 3);
	assert_int_equal(NGU_LD_SC(&shared->late), 3);
	ends(exit_inside_child, 8); /* nothing waits for the section */
	assert_int_equal(NGU_LD_SC(&shared->freed), 1);
	ends(exit_callback_child, 9);
	assert_int_equal(NGU_LD_SC(&shared->freed), 1);
}

/* ---- fork() */

static int
grandchild(void)
{
	int status = -1;
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (pid == 0) {
		retire(NULL);
		ngu__rcl_barrier();
		ngu__rcl_backpressure();
		_exit(NGU_LD_SC(&shared->freed) == 0 ? 20 : 21);
	}
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return (WEXITSTATUS(status));
}

static int
fork_alone_child(void)
{
	(void)ngu__self();
	return (grandchild());
}

static int
fork_beside_child(void)
{
	pthread_t t;
	int how;

	(void)ngu__self();
	CHECK(pthread_create(&t, NULL, stay, NULL) == 0);
	wait_for(&there, 1);
	how = grandchild();
	raise_to(&leave, 1);
	CHECK(pthread_join(t, NULL) == 0);
	/* The parent goes on as ever. */
	NGU_ST_SC(&shared->freed, 0u);
	retire(NULL);
	ngu__rcl_barrier();
	CHECK(NGU_LD_SC(&shared->freed) == 1);
	return (how);
}

/* Alone, a child reclaims; where the parent had a second thread it frees nothing, and waits for nothing. */
static void
test_fork(void **state)
{
	(void)state;
	ends(fork_alone_child, 21);
	ends(fork_beside_child, 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_memory),
#ifdef NGU_RCL_CK_EPOCH
		cmocka_unit_test(test_no_engine),
#endif
		cmocka_unit_test(test_no_key),
		cmocka_unit_test(test_counters),
		cmocka_unit_test(test_ends_inside),
		cmocka_unit_test(test_no_waiting),
		cmocka_unit_test(test_two_inline),
		cmocka_unit_test(test_exit),
		cmocka_unit_test(test_fork),
	};

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return (1);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
