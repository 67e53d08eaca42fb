/* SPDX-License-Identifier: BSD-2-Clause */
/* ng_lab.c - a small node type for the race lab's scenarios: see ng_lab.h. Kernel style. */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/callout.h>
#include <sys/lock.h>
#include <sys/mutex.h>
#include <sys/mbuf.h>

#include <machine/atomic.h>

#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>

#include "lab/ng_lab.h"

struct lab_node {
	struct lab_counts n; /* `packets` is added to atomically, except by packets of "excl" */
	struct callout timer;
	hook_p out;
};

/* What becomes of a packet. */
enum { QUEUED = 1, EXCLUSIVE = 2 };

struct lab_counts lab_last;

static int
lab_constructor(node_p node)
{
	struct lab_node *l = malloc(sizeof(*l), M_NETGRAPH, M_NOWAIT | M_ZERO);

	if (l == NULL)
		return (ENOMEM);
	ng_callout_init(&l->timer);
	NG_NODE_SET_PRIVATE(node, l);
	return (0);
}

static int
lab_newhook(node_p node, hook_p hook, const char *name)
{
	struct lab_node *l = NG_NODE_PRIVATE(node);
	uintptr_t how = 0;

	if (strcmp(name, "out") == 0)
		l->out = hook;
	else if (strcmp(name, "queue") == 0)
		NG_HOOK_FORCE_QUEUE(hook);
	else if (strcmp(name, "nq") == 0)
		how = QUEUED;
	else if (strcmp(name, "excl") == 0) {
		NG_HOOK_FORCE_WRITER(hook);
		how = EXCLUSIVE;
	}
	NG_HOOK_SET_PRIVATE(hook, (void *)how);
	return (0);
}

static int
lab_rcvdata(hook_p hook, item_p item)
{
	struct lab_node *l = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));
	uintptr_t how = (uintptr_t)NG_HOOK_PRIVATE(hook);
	int error = 0;

	if (how == EXCLUSIVE)
		l->n.writes++;
	else if (l->n.writes > 1000) /* a look, for the lab */
		panic("lab: a writer's number is %u", l->n.writes);
	atomic_add_int(&l->n.packets, 1);
	if (l->out == NULL)
		NG_FREE_ITEM(item);
	else
		NG_FWD_ITEM_HOOK_FLAGS(error, item, l->out, how == QUEUED ? NG_QUEUE : NG_NOFLAGS);
	return (error);
}

static int
lab_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	struct lab_node *l = NG_NODE_PRIVATE(node);
	struct ng_mesg *msg;
	int error = 0;

	NGI_GET_MSG(item, msg);
	if (msg->header.typecookie != NGM_LAB_COOKIE)
		error = EINVAL;
	else if (msg->header.cmd == NGM_LAB_WRITE)
		l->n.writes++;
	else if (l->n.writes > 1000)
		error = ERANGE;
	NG_FREE_ITEM(item);
	NG_FREE_MSG(msg);
	return (error);
}

static int
lab_disconnect(hook_p hook)
{
	struct lab_node *l = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));

	if (l->out == hook)
		l->out = NULL;
	return (0);
}

static int
lab_shutdown(node_p node)
{
	struct lab_node *l = NG_NODE_PRIVATE(node);

	l->n.disarmed += (unsigned)ng_uncallout(&l->timer, node);
	lab_last = l->n;
	NG_NODE_SET_PRIVATE(node, NULL);
	free(l, M_NETGRAPH);
	NG_NODE_UNREF(node);
	return (0);
}

static struct ng_type lab_type = {
	.version = NG_ABI_VERSION,
	.name = "lab",
	.constructor = lab_constructor,
	.rcvmsg = lab_rcvmsg,
	.shutdown = lab_shutdown,
	.newhook = lab_newhook,
	.rcvdata = lab_rcvdata,
	.disconnect = lab_disconnect,
};
NETGRAPH_INIT(lab, &lab_type);

/* ---- for the scenarios */

node_p
lab_find(const char *name)
{
	return (ng_name2noderef(NULL, name));
}

void
lab_drop(node_p node)
{
	NG_NODE_UNREF(node);
}

const struct lab_counts *
lab_counts(node_p node)
{
	struct lab_node *l = NG_NODE_PRIVATE(node);

	return (l != NULL ? &l->n : &lab_last);
}

static void
do_write(node_p node, hook_p hook, void *arg, int unused)
{
	struct lab_node *l = NG_NODE_PRIVATE(node);

	l->n.writes++;
}

int
lab_write(node_p node)
{
	return (ng_send_fn(node, NULL, do_write, NULL, 0));
}

static void
fired(node_p node, hook_p hook, void *arg, int unused)
{
	struct lab_node *l = NG_NODE_PRIVATE(node);

	l->n.fired++;
}

static void
do_arm(node_p node, hook_p hook, void *arg, int ms)
{
	struct lab_node *l = NG_NODE_PRIVATE(node);

	(void)ng_callout(&l->timer, node, NULL, ms * hz / 1000, fired, NULL, 0);
}

int
lab_arm(node_p node, int ms)
{
	return (ng_send_fn(node, NULL, do_arm, NULL, ms));
}

static void
do_disarm(node_p node, hook_p hook, void *arg, int unused)
{
	struct lab_node *l = NG_NODE_PRIVATE(node);

	l->n.disarmed += (unsigned)ng_uncallout(&l->timer, node);
}

int
lab_disarm(node_p node)
{
	return (ng_send_fn(node, NULL, do_disarm, NULL, 0));
}

/* ---- a callout under a mutex */

static struct mtx timer_mtx;
static struct callout timer;
unsigned lab_timer_fired, lab_timer_stopped;

static void
timer_fired(void *arg)
{
	mtx_assert(&timer_mtx, MA_OWNED);
	lab_timer_fired++;
}

int
lab_timer(int ms)
{
	mtx_init(&timer_mtx, "lab timer", NULL, MTX_DEF);
	callout_init_mtx(&timer, &timer_mtx, 0);
	mtx_lock(&timer_mtx);
	(void)callout_reset(&timer, ms * hz / 1000, timer_fired, NULL);
	mtx_unlock(&timer_mtx);
	return (0);
}

void
lab_timer_stop(void)
{
	mtx_lock(&timer_mtx);
	if (callout_stop(&timer) > 0)
		lab_timer_stopped++;
	mtx_unlock(&timer_mtx);
}

void
lab_timer_end(void)
{
	(void)callout_drain(&timer);
	mtx_destroy(&timer_mtx);
}
