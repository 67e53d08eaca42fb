/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kthread.h - kthread(9): threads that a node type starts for itself. One begins with the graph that was current where it was started, and
 * keeps neither it nor a node: whoever shuts the node down tells its threads to end and waits until they have. Outside of sections it may
 * block; to look at hooks and peers it enters the network epoch. What waits at a node, but packets, it never serves, so that shutdown may
 * wait for it: a graph without workers has somebody else who calls into it, or ngu_poll().
 */
#ifndef NGU_KERN_SYS_KTHREAD_H
#define NGU_KERN_SYS_KTHREAD_H

#include <sys/types.h>
#include <sys/proc.h>
#include <ng/base.h>

/*
 * fn(arg) in a thread of its own, by that name. *newtd, if wanted, is set before it starts. When it has ended the struct thread stays until
 * another thread is started. flags: 0. 0 or errno: EAGAIN, ENOMEM. When fn returns the thread ends, too. Never waits for memory.
 */
NGU_API int ngu_k_kthread_add(void (*fn)(void *), void *arg, struct thread **newtd, const char *fmt, ...)
    __attribute__((__format__(__printf__, 4, 5)));
/* Ends the thread, which kthread_add() started: panics in any other. Whoever sleeps on the struct thread, sleep(9), is woken up. */
NGU_API _Noreturn void ngu_k_kthread_exit(void);
/*
 * libng's own, for who unloads an object with the code of threads in it: wait until td, which *newtd was set to and which was not joined
 * yet, has left it. No other thread may have been started, nor counted, since it ended. May wait: not inside a section, not from td.
 */
NGU_API void ngu_k_kthread_join(struct thread *td);
/* libng's own: how many there are whose end nobody has seen. Those that have ended are freed first. */
NGU_API unsigned ngu_k_kthread_count(void);

/* p: NULL or curproc; there is no other process. */
#define kthread_add(fn, arg, p, newtd, flags, pages, ...) \
	((void)(p), NGU__KTHREAD_FLAGS(flags), (void)(pages), ngu_k_kthread_add((fn), (arg), (newtd), __VA_ARGS__))
#define kthread_exit() ngu_k_kthread_exit()
#define NGU__KTHREAD_FLAGS(flags) \
	((void)sizeof(struct { _Static_assert((flags) == 0, "kthread_add(): libng has no flags for threads"); int ngu__none; }))

#define kthread_suspend(td, timo) NGU_LACKS("kthread_suspend()")
#define kthread_resume(td) NGU_LACKS("kthread_resume()")
#define kthread_suspend_check() NGU_LACKS("kthread_suspend_check()")
#define kproc_create(fn, arg, newp, flags, pages, ...) NGU_LACKS("kproc_create(): use kthread_add()")
#define kproc_exit(code) NGU_LACKS("kproc_exit(): use kthread_exit()")
#define kproc_kthread_add(fn, arg, p, td, flags, pages, name, ...) NGU_LACKS("kproc_kthread_add(): use kthread_add()")
#define kproc_start(desc) NGU_LACKS("kproc_start()")
#define kthread_start(desc) NGU_LACKS("kthread_start()")

#endif /* NGU_KERN_SYS_KTHREAD_H */
