/* SPDX-License-Identifier: BSD-2-Clause */
/* ng_later.c - listing of docs/testing.md: a node type that passes each packet on after so many milliseconds. Kernel style. */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/errno.h>
#include <sys/callout.h>
#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>

#define NGM_LATER_COOKIE 1700000000
#define NGM_LATER_SET 1 /* uint32_t: milliseconds */

struct later {
	struct callout timer;
	struct mbufq queue;
	uint32_t ms;
};

static int
later_constructor(node_p node)
{
	struct later *l = malloc(sizeof(*l), M_NETGRAPH, M_WAITOK | M_ZERO);

	ng_callout_init(&l->timer);
	mbufq_init(&l->queue, 16);
	l->ms = 10;
	NG_NODE_SET_PRIVATE(node, l);
	NG_NODE_FORCE_WRITER(node); /* the queue is for one at a time */
	return (0);
}

static void
later_fire(node_p node, hook_p out, void *arg, int unused)
{
	struct later *l = NG_NODE_PRIVATE(node);
	struct mbuf *m;
	int error = 0;

	while ((m = mbufq_dequeue(&l->queue)) != NULL)
		NG_SEND_DATA_ONLY(error, out, m);
	(void)error;
}

static int
later_rcvdata(hook_p hook, item_p item)
{
	node_p node = NG_HOOK_NODE(hook);
	struct later *l = NG_NODE_PRIVATE(node);
	hook_p out = ng_findhook(node, "out");
	struct mbuf *m;
	int error;

	NGI_GET_M(item, m);
	NG_FREE_ITEM(item);
	if (out == NULL || (error = mbufq_enqueue(&l->queue, m)) != 0) {
		NG_FREE_M(m);
		return (out == NULL ? ENOTCONN : error);
	}
	if (!callout_pending(&l->timer))
		(void)ng_callout(&l->timer, node, out, (int)l->ms * hz / 1000, later_fire, NULL, 0);
	return (0);
}

static int
later_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	struct later *l = NG_NODE_PRIVATE(node);
	struct ng_mesg *msg;
	int error = EINVAL;

	NGI_GET_MSG(item, msg);
	if (msg->header.typecookie == NGM_LATER_COOKIE && msg->header.cmd == NGM_LATER_SET &&
	    msg->header.arglen == sizeof(uint32_t)) {
		l->ms = *(uint32_t *)(void *)msg->data;
		error = 0;
	}
	NG_FREE_ITEM(item);
	NG_FREE_MSG(msg);
	return (error);
}

static int
later_shutdown(node_p node)
{
	struct later *l = NG_NODE_PRIVATE(node);

	(void)ng_uncallout(&l->timer, node);
	mbufq_drain(&l->queue);
	free(l, M_NETGRAPH);
	NG_NODE_UNREF(node);
	return (0);
}

static struct ng_type later_type = {
	.version = NG_ABI_VERSION,
	.name = "later",
	.constructor = later_constructor,
	.rcvmsg = later_rcvmsg,
	.shutdown = later_shutdown,
	.rcvdata = later_rcvdata,
};
NETGRAPH_INIT(later, &later_type);
