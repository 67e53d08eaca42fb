/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * taskqueue.h - taskqueue(9): functions that another thread calls soon, outside of sections. A task runs with the graph that was
 * current when it was enqueued; whoever shuts a node down drains its tasks, for they keep neither it nor the graph. One
 * that is enqueued again before it runs is called once and told how many times it was asked for. One task never runs twice at a time.
 * What waits at a node, but packets, is never served by a thread that serves tasks, so a shutdown may drain and free; a message that a task
 * itself sends runs in the task if the node is idle. ng_rmnode_self() in a task is for later.
 */
#ifndef NGU_KERN_SYS_TASKQUEUE_H
#define NGU_KERN_SYS_TASKQUEUE_H

#include <sys/types.h>
#include <sys/callout.h>
#include <sys/queue.h>
#include <ng/base.h>

struct ngu_graph;
struct taskqueue;
typedef void task_fn_t(void *context, int pending);
typedef void (*taskqueue_enqueue_fn)(void *context);

struct task {
	STAILQ_ENTRY(task) ta_link;
	uint16_t ta_pending; /* times enqueued and not run */
	uint16_t ta_priority; /* higher first */
	task_fn_t *ta_func;
	void *ta_context;
	struct ngu_graph *ta_graph;
	uint64_t ta_seq;
};

struct timeout_task {
	struct taskqueue *q;
	struct task t;
	struct callout c; /* on the graph's clock */
};

#define TASK_INITIALIZER(priority, func, context) { .ta_priority = (priority), .ta_func = (func), .ta_context = (context) }
#define TASK_INIT(tk, priority, func, context) \
	((void)(*(tk) = (struct task)TASK_INITIALIZER((uint16_t)(priority), (func), (context))))
#define TIMEOUT_TASK_INIT(queue, tt, priority, func, context) \
	((void)((tt)->q = (queue)), TASK_INIT(&(tt)->t, (priority), (func), (context)), callout_init(&(tt)->c, 1))

/*
 * A queue. `enqueue(context)` is called when a task came: taskqueue_thread_enqueue, with a pointer to where the queue is kept as
 * context, wakes its threads. NULL: M_NOWAIT and no memory.
 */
NGU_API struct taskqueue *ngu_k_taskqueue_create(const char *name, int mflags, taskqueue_enqueue_fn enqueue, void *context);
/* Runs what is queued, ends its threads, and is gone. May wait; not from a task of its own. */
NGU_API void ngu_k_taskqueue_free(struct taskqueue *tq);
/* Threads that serve it. 0, or errno when none could be started. */
NGU_API int ngu_k_taskqueue_start_threads(struct taskqueue **tq, int count, int pri, const char *fmt, ...)
    __attribute__((__format__(__printf__, 4, 5)));
NGU_API void ngu_k_taskqueue_thread_enqueue(void *context);
/* Run what is queued in this thread. */
NGU_API void ngu_k_taskqueue_run(struct taskqueue *tq);
/* 0, or EPIPE: the queue is being freed. Never blocks; fine inside a section. */
NGU_API int ngu_k_taskqueue_enqueue(struct taskqueue *tq, struct task *t);
/* In `n` ticks; 0: now; below 0: in -n unless it is coming already. How many times it was pending. */
NGU_API int ngu_k_taskqueue_enqueue_timeout(struct taskqueue *tq, struct timeout_task *tt, int n);
/* Take it off the queue: 0, or EBUSY when it runs now. *pending, if wanted: how many times it was asked for. Never block. */
NGU_API int ngu_k_taskqueue_cancel(struct taskqueue *tq, struct task *t, u_int *pending);
NGU_API int ngu_k_taskqueue_cancel_timeout(struct taskqueue *tq, struct timeout_task *tt, u_int *pending);
/* Wait until it is neither queued nor running; all that was queued at the call. May wait; not from a task of that queue. */
NGU_API void ngu_k_taskqueue_drain(struct taskqueue *tq, struct task *t);
NGU_API void ngu_k_taskqueue_drain_timeout(struct taskqueue *tq, struct timeout_task *tt);
NGU_API void ngu_k_taskqueue_drain_all(struct taskqueue *tq);
/* Start nothing more, start again. */
NGU_API void ngu_k_taskqueue_block(struct taskqueue *tq);
NGU_API void ngu_k_taskqueue_unblock(struct taskqueue *tq);
/* The process's own, with one thread, made when it is first asked for. */
NGU_API struct taskqueue *ngu_k_taskqueue_thread(void);

#define taskqueue_create(name, mflags, enqueue, context) ngu_k_taskqueue_create((name), (mflags), (enqueue), (context))
#define taskqueue_create_fast(name, mflags, enqueue, context) ngu_k_taskqueue_create((name), (mflags), (enqueue), (context))
#define taskqueue_free(tq) ngu_k_taskqueue_free(tq)
#define taskqueue_start_threads(tq, count, pri, ...) ngu_k_taskqueue_start_threads((tq), (count), (pri), __VA_ARGS__)
#define taskqueue_thread_enqueue ngu_k_taskqueue_thread_enqueue
#define taskqueue_run(tq) ngu_k_taskqueue_run(tq)
#define taskqueue_enqueue(tq, t) ngu_k_taskqueue_enqueue((tq), (t))
#define taskqueue_enqueue_fast(tq, t) ngu_k_taskqueue_enqueue((tq), (t))
#define taskqueue_enqueue_timeout(tq, tt, n) ngu_k_taskqueue_enqueue_timeout((tq), (tt), (n))
#define taskqueue_cancel(tq, t, pending) ngu_k_taskqueue_cancel((tq), (t), (pending))
#define taskqueue_cancel_timeout(tq, tt, pending) ngu_k_taskqueue_cancel_timeout((tq), (tt), (pending))
#define taskqueue_drain(tq, t) ngu_k_taskqueue_drain((tq), (t))
#define taskqueue_drain_timeout(tq, tt) ngu_k_taskqueue_drain_timeout((tq), (tt))
#define taskqueue_drain_all(tq) ngu_k_taskqueue_drain_all(tq)
#define taskqueue_block(tq) ngu_k_taskqueue_block(tq)
#define taskqueue_unblock(tq) ngu_k_taskqueue_unblock(tq)
#define taskqueue_thread ngu_k_taskqueue_thread()
#define taskqueue_swi ngu_k_taskqueue_thread()
#define taskqueue_swi_giant ngu_k_taskqueue_thread()
#define taskqueue_fast ngu_k_taskqueue_thread()

#endif /* NGU_KERN_SYS_TASKQUEUE_H */
