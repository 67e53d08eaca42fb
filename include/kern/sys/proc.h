/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * proc.h - threads and the process, as far as node types look at them: curthread is this thread, whoever started it, and all threads are
 * of one process. Other members than these do not exist, so a source that uses them does not compile.
 */
#ifndef NGU_KERN_SYS_PROC_H
#define NGU_KERN_SYS_PROC_H

#include <sys/types.h>
#include <sys/ucred.h>
#include <ng/base.h>

#define MAXCOMLEN 19

struct proc {
	int p_pid;
	struct ucred *p_ucred;
};

/* One thread; good until the thread ends. Its fields are lib/kern/kthread.c's to write. */
struct thread {
	struct proc *td_proc;
	struct ucred *td_ucred;
	int td_tid; /* no two threads of the process have the same at a time; above 0 */
	char td_name[MAXCOMLEN + 1]; /* kthread(9)'s; empty for threads that the program started */
};

/* Never NULL, never blocks; the same for a thread as long as it lives. */
NGU_API struct thread *ngu_k_curthread(void);
NGU_API struct proc *ngu_k_curproc(void);
#define curthread ngu_k_curthread()
#define curproc ngu_k_curproc()
#define thread0 NGU_LACKS("thread0: use curthread")
#define proc0 NGU_LACKS("proc0: use curproc")

#define PROC_LOCK(p) NGU_LACKS("PROC_LOCK(): nothing in struct proc changes")
#define PROC_UNLOCK(p) NGU_LACKS("PROC_UNLOCK(): nothing in struct proc changes")

#endif /* NGU_KERN_SYS_PROC_H */
