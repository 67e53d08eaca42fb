/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kthread.c - curthread, the process and its credential; kthread(9): threads that node types start.
 *
 * Lifetime   A thread that has ended is joined and freed by the next kthread_add(), by ngu_k_kthread_join() or _count(), or at exit(3).
 * Locks      lock guards the list of threads, and what is known of their beginning and end.
 * Blocks     join; add and count, for as long as a thread that has ended takes to be gone.
 */
#include <setjmp.h>
#include <unistd.h>

#include <sys/errno.h>
#include <sys/kthread.h>
#include <sys/proc.h>
#include <sys/queue.h>
#include <sys/systm.h>

#include "kern/strict.h"
#include "port/port.h"
#include "reclaim/thread.h"

struct kthread {
	struct thread td; /* first */
	LIST_ENTRY(kthread) link;
	void (*fn)(void *);
	void *arg;
	struct ngu_graph *graph;
	jmp_buf out;
	ngu__port_thread thread;
	bool started, ended; /* `thread` is filled in; fn is done with */
};

_Static_assert(sizeof(((struct ngu__thread *)0)->td_own) >= sizeof(struct thread), "a record has room for it");

static ngu__spin lock;
static LIST_HEAD(, kthread) threads = LIST_HEAD_INITIALIZER(threads);
static _Atomic uint32_t tids = 100000; /* the numbers of threads begin there, as in the kernel */

static void reap(void);

/* ---- who this is: settled before anybody can ask ---- */

static struct ucred cred;
static struct proc proc = { .p_ucred = &cred };

static void
fill(void)
{
	proc.p_pid = (int)getpid();
}

static __attribute__((__constructor__)) void
begin(void)
{
	cred.cr_uid = (uint32_t)geteuid();
	cred.cr_gid = (uint32_t)getegid();
	fill();
	(void)ngu__port_at_fork_child(fill);
	(void)ngu__port_at_exit(reap);
}

struct ucred *
ngu_k_ucred(void)
{
	return (&cred);
}

struct proc *
ngu_k_curproc(void)
{
	return (&proc);
}

static void
known(struct thread *td)
{
	td->td_proc = &proc;
	td->td_ucred = &cred;
	td->td_tid = (int)NGU_FADD_RLX(&tids, 1u);
}

struct thread *
ngu_k_curthread(void)
{
	struct ngu__thread *ts = ngu__self();

	if (NGU_UNLIKELY(ts->td == NULL)) {
		ts->td = ts->td_own;
		if (((struct thread *)ts->td)->td_tid == 0)
			known(ts->td);
	}
	return (ts->td);
}

/* ---- threads ---- */

static void *
run(void *arg)
{
	struct kthread *k = arg;

	ngu__self()->td = &k->td;
	ngu__self()->graph = k->graph;
	ngu__self()->errand = NGU_ERRAND_ALWAYS; /* to its very end, which a shutdown may wait for */
	if (setjmp(k->out) == 0)
		k->fn(k->arg);
	ngu__self()->td = NULL;
	ngu__self()->graph = NULL;
	ngu__spin_lock(&lock);
	k->ended = true;
	ngu__spin_unlock(&lock);
	wakeup(&k->td); /* who frees it waits for the end of this function, too */
	return (NULL);
}

void
ngu_k_kthread_exit(void)
{
	struct ngu__thread *ts = ngu__self();

	if (ts->td == NULL || ts->td == ts->td_own)
		panic("kthread_exit: kthread_add() did not start this thread");
	if (ts->nest != 0)
		panic("kthread_exit: inside a section");
	longjmp(((struct kthread *)ts->td)->out, 1);
}

/* Not on the list any more. */
static void
gone(struct kthread *k)
{
	ngu__port_thread_join(&k->thread);
	ngu__port_free(k);
}

/* Those who have ended. */
static void
reap(void)
{
	struct kthread *k;

	for (;;) {
		ngu__spin_lock(&lock);
		LIST_FOREACH(k, &threads, link)
			if (k->started && k->ended)
				break;
		if (k != NULL)
			LIST_REMOVE(k, link);
		ngu__spin_unlock(&lock);
		if (k == NULL)
			return;
		gone(k);
	}
}

unsigned
ngu_k_kthread_count(void)
{
	struct kthread *k;
	unsigned n = 0;

	reap();
	ngu__spin_lock(&lock);
	LIST_FOREACH(k, &threads, link)
		n++;
	ngu__spin_unlock(&lock);
	return (n);
}

int
ngu_k_kthread_add(void (*fn)(void *), void *arg, struct thread **newtd, const char *fmt, ...)
{
	struct kthread *k;
	va_list ap;
	int error;

	reap();
	if ((k = ngu__port_alloc(sizeof(*k), _Alignof(struct kthread))) == NULL)
		return (ENOMEM);
	k->fn = fn;
	k->arg = arg;
	k->graph = ngu__self()->graph;
	va_start(ap, fmt);
	(void)ngu__port_vsnprintf(k->td.td_name, sizeof(k->td.td_name), fmt, ap);
	va_end(ap);
	known(&k->td);
	if (newtd != NULL)
		*newtd = &k->td;
	ngu__spin_lock(&lock);
	LIST_INSERT_HEAD(&threads, k, link);
	ngu__spin_unlock(&lock);
	if ((error = ngu__port_thread_start(&k->thread, k->td.td_name, run, k)) != 0) {
		if (newtd != NULL)
			*newtd = NULL;
		ngu__spin_lock(&lock);
		LIST_REMOVE(k, link);
		ngu__spin_unlock(&lock);
		ngu__port_free(k);
		return (error);
	}
	ngu__spin_lock(&lock);
	k->started = true;
	ngu__spin_unlock(&lock);
	return (0);
}

void
ngu_k_kthread_join(struct thread *td)
{
	struct kthread *k = (struct kthread *)(void *)td;
	unsigned round = 0;

	if (NGU_STRICT_ON(NGU_STRICT_SLEEP))
		ngu__strict_sleep("kthread_join");
	if (ngu__self()->td == td)
		panic("kthread_join: a thread that waits for itself");
	ngu__spin_lock(&lock);
	while (!k->started) { /* whoever starts it is not back yet */
		ngu__spin_unlock(&lock);
		ngu__port_backoff(&round);
		ngu__spin_lock(&lock);
	}
	LIST_REMOVE(k, link);
	ngu__spin_unlock(&lock);
	gone(k);
}
