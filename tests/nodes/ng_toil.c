/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_toil.c - a test node in kernel style: packets from "in" leave by "out" a tick after a task, a timed task, or a thread has asked for it.
 *
 * None of these calls into the graph: whoever does may find itself serving the node's shutdown, which waits for them. They set a timer.
 * Uses taskqueue(9), timed tasks, kthread(9), sleep(9), mbuf queues, mtx(9), atomic(9), callouts of nodes, tunables, SYSINIT.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/kthread.h>
#include <sys/lock.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/mutex.h>
#include <sys/proc.h>
#include <sys/taskqueue.h>

#include <machine/atomic.h>

#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>
#include <netgraph/ng_parse.h>

#include "ng_shim.h"

static MALLOC_DEFINE(M_NETGRAPH_TOIL, "netgraph_toil", "netgraph toil node");

enum { BY_TASK, BY_TIMER, BY_THREAD, MODES };

struct toil {
	node_p node;
	struct mtx lock; /* the queue, the timer */
	struct callout timer;
	struct mbufq queue;
	struct task task;
	struct timeout_task timed;
	volatile u_int mode;
	bool stop, asked, thread; /* under the lock: the thread shall end, has something to do, runs */
	hook_p in, out;
	u_int sent; /* in the node's turn */
};

static struct mtx toil_lock; /* one load or unload at a time */
static struct taskqueue *toil_tq;
MTX_SYSINIT(toil, &toil_lock, "toil", MTX_DEF);

static int toil_limit = 50;
TUNABLE_INT("net.graph.toil.limit", &toil_limit);

static void
toil_begin(void *arg)
{
	*(int *)arg = MAX(*(int *)arg, 1);
}
SYSINIT(toil, SI_SUB_DRIVERS, SI_ORDER_ANY, toil_begin, &toil_limit);

/* As a function of the node, so with its turn. */
static void
toil_flush(node_p node, hook_p hook, void *arg, int arg2)
{
	struct toil *sc = NG_NODE_PRIVATE(node);
	struct mbuf *m;
	int error = 0;

	(void)hook;
	(void)arg;
	(void)arg2;
	for (;;) {
		mtx_lock(&sc->lock);
		m = mbufq_dequeue(&sc->queue);
		mtx_unlock(&sc->lock);
		if (m == NULL)
			break;
		sc->sent++;
		NG_SEND_DATA_ONLY(error, sc->out, m);
	}
	(void)error;
}

static void
soon(struct toil *sc)
{
	mtx_lock(&sc->lock);
	(void)ng_callout(&sc->timer, sc->node, NULL, 1, toil_flush, NULL, 0); /* no memory: the next packet asks again */
	mtx_unlock(&sc->lock);
}

static void
toil_task(void *arg, int pending)
{
	KASSERT(pending > 0, ("%s: %d", __func__, pending));
	soon(arg);
}

static void
toil_thread(void *arg)
{
	struct toil *sc = arg;

	KASSERT(strcmp(curthread->td_name, "toil") == 0, ("%s: called %s", __func__, curthread->td_name));
	mtx_lock(&sc->lock);
	while (!sc->stop) {
		if (!sc->asked) {
			(void)mtx_sleep(&sc->asked, &sc->lock, 0, "toil", 0);
			continue;
		}
		sc->asked = false;
		mtx_unlock(&sc->lock);
		soon(sc);
		mtx_lock(&sc->lock);
	}
	sc->thread = false;
	wakeup(&sc->thread);
	mtx_unlock(&sc->lock);
	kthread_exit();
}

static int
toil_event(module_t mod, int event, void *data)
{
	int error = 0;

	(void)mod;
	(void)data;
	mtx_lock(&toil_lock);
	switch (event) {
	case MOD_LOAD:
		if ((toil_tq = taskqueue_create("toil", M_WAITOK, taskqueue_thread_enqueue, &toil_tq)) == NULL) {
			error = ENOMEM;
		} else if ((error = taskqueue_start_threads(&toil_tq, 2, 0, "%s taskq", "toil")) != 0) {
			taskqueue_free(toil_tq);
			toil_tq = NULL;
		}
		break;
	case MOD_UNLOAD:
		taskqueue_drain_all(toil_tq);
		taskqueue_free(toil_tq);
		toil_tq = NULL;
		break;
	default:
		error = EOPNOTSUPP;
	}
	mtx_unlock(&toil_lock);
	return (error);
}

static int
toil_constructor(node_p node)
{
	struct toil *sc;

	if ((sc = malloc(sizeof(*sc), M_NETGRAPH_TOIL, M_NOWAIT | M_ZERO)) == NULL)
		return (ENOMEM);
	sc->node = node;
	mtx_init(&sc->lock, "toil queue", NULL, MTX_DEF);
	mbufq_init(&sc->queue, toil_limit);
	ng_callout_init(&sc->timer);
	TASK_INIT(&sc->task, 0, toil_task, sc);
	TIMEOUT_TASK_INIT(toil_tq, &sc->timed, 1, toil_task, sc);
	NG_NODE_SET_PRIVATE(node, sc);
	return (0);
}

static int
toil_newhook(node_p node, hook_p hook, const char *name)
{
	struct toil *sc = NG_NODE_PRIVATE(node);

	if (strcmp(name, "in") == 0)
		sc->in = hook;
	else if (strcmp(name, "out") == 0)
		sc->out = hook;
	else
		return (EINVAL);
	return (0);
}

static int
set_mode(struct toil *sc, u_int mode)
{
	int error = 0;

	if (mode >= MODES)
		return (EINVAL);
	if (mode == BY_THREAD && !sc->thread) { /* messages, like shutdown, have the node for themselves */
		sc->thread = true;
		if ((error = kthread_add(toil_thread, sc, NULL, NULL, 0, 0, "toil")) != 0) {
			sc->thread = false;
			return (error);
		}
	}
	atomic_store_rel_int(&sc->mode, mode);
	return (0);
}

static const struct ng_cmdlist toil_cmds[] = {
	{ NGM_TOIL_COOKIE, NGM_TOIL_MODE, "mode", &ng_parse_uint32_type, NULL },
	{ NGM_TOIL_COOKIE, NGM_TOIL_GET, "get", NULL, &ng_parse_uint32_type },
	{ 0, 0, NULL, NULL, NULL }
};

static int
toil_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	struct toil *sc = NG_NODE_PRIVATE(node);
	struct ng_mesg *msg, *resp = NULL;
	int error = EINVAL;

	(void)lasthook;
	NGI_GET_MSG(item, msg);
	if (msg->header.typecookie == NGM_TOIL_COOKIE && msg->header.cmd == NGM_TOIL_MODE && msg->header.arglen == sizeof(uint32_t)) {
		error = set_mode(sc, *(uint32_t *)(void *)msg->data);
	} else if (msg->header.typecookie == NGM_TOIL_COOKIE && msg->header.cmd == NGM_TOIL_GET) {
		NG_MKRESPONSE(resp, msg, sizeof(uint32_t), M_NOWAIT);
		if (resp != NULL)
			*(uint32_t *)(void *)resp->data = sc->sent;
		error = resp == NULL ? ENOMEM : 0;
	}
	NG_RESPOND_MSG(error, node, item, resp);
	NG_FREE_MSG(msg);
	return (error);
}

static int
toil_rcvdata(hook_p hook, item_p item)
{
	struct toil *sc = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));
	struct mbuf *m;
	int error;

	if (hook != sc->in) {
		NG_FREE_ITEM(item);
		return (EINVAL);
	}
	NGI_GET_M(item, m);
	NG_FREE_ITEM(item);
	mtx_lock(&sc->lock);
	error = mbufq_enqueue(&sc->queue, m);
	mtx_unlock(&sc->lock);
	if (error != 0) {
		NG_FREE_M(m);
		return (error);
	}
	switch (atomic_load_acq_int(&sc->mode)) {
	case BY_TASK:
		return (taskqueue_enqueue(toil_tq, &sc->task));
	case BY_TIMER:
		(void)taskqueue_enqueue_timeout(toil_tq, &sc->timed, -hz / 100);
		return (0);
	default:
		mtx_lock(&sc->lock);
		sc->asked = true;
		wakeup_one(&sc->asked);
		mtx_unlock(&sc->lock);
		return (0);
	}
}

static int
toil_shutdown(node_p node)
{
	struct toil *sc = NG_NODE_PRIVATE(node);

	mtx_lock(&sc->lock);
	sc->stop = true;
	wakeup(&sc->asked);
	while (sc->thread)
		(void)mtx_sleep(&sc->thread, &sc->lock, 0, "toilx", 0);
	mtx_unlock(&sc->lock);
	taskqueue_drain_timeout(toil_tq, &sc->timed);
	taskqueue_drain(toil_tq, &sc->task);
	(void)ng_uncallout(&sc->timer, node); /* nobody sets it any more */
	mbufq_drain(&sc->queue);
	mtx_destroy(&sc->lock);
	free(sc, M_NETGRAPH_TOIL);
	NG_NODE_UNREF(node);
	return (0);
}

static int
toil_disconnect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);
	struct toil *sc = NG_NODE_PRIVATE(node);

	if (hook == sc->in)
		sc->in = NULL;
	else
		sc->out = NULL;
	if (NG_NODE_NUMHOOKS(node) == 0 && NG_NODE_IS_VALID(node))
		ng_rmnode_self(node);
	return (0);
}

static struct ng_type toil_type = {
	.version = NG_ABI_VERSION,
	.name = "toil",
	.mod_event = toil_event,
	.constructor = toil_constructor,
	.rcvmsg = toil_rcvmsg,
	.shutdown = toil_shutdown,
	.newhook = toil_newhook,
	.rcvdata = toil_rcvdata,
	.disconnect = toil_disconnect,
	.cmdlist = toil_cmds,
};
NETGRAPH_INIT(toil, &toil_type);
