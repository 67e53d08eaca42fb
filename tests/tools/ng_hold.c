/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_hold.c - node type "hold" of test_trace: what comes in by hook "in" or "q" goes out of hook "out". What comes to "q" is queued. A message
 * that holds the node ends when the test says so.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>

#include "tools/hold.h"

static int
hold_constructor(node_p node)
{
	return (0);
}

static int
hold_newhook(node_p node, hook_p hook, const char *name)
{
	if (strcmp(name, "q") == 0)
		NG_HOOK_FORCE_QUEUE(hook);
	return (0);
}

static int
hold_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	struct ng_mesg *msg;
	int error = 0;

	NGI_GET_MSG(item, msg);
	if (msg->header.typecookie == NGM_HOLD_COOKIE && msg->header.cmd == NGM_HOLD_WAIT)
		hold_wait();
	else
		error = EINVAL;
	NG_RESPOND_MSG(error, node, item, NULL);
	NG_FREE_MSG(msg);
	return (error);
}

static int
hold_rcvdata(hook_p hook, item_p item)
{
	node_p node = NG_HOOK_NODE(hook);
	hook_p out = ng_findhook(node, "out");
	int error = 0;

	if (out == NULL) {
		NG_FREE_ITEM(item);
		return (0);
	}
	NG_FWD_ITEM_HOOK(error, item, out);
	hold_sent(NG_NODE_NAME(node));
	return (error);
}

static int
hold_shutdown(node_p node)
{
	NG_NODE_UNREF(node);
	return (0);
}

static struct ng_type hold_type = {
	.version = NG_ABI_VERSION,
	.name = "hold",
	.constructor = hold_constructor,
	.newhook = hold_newhook,
	.rcvmsg = hold_rcvmsg,
	.rcvdata = hold_rcvdata,
	.shutdown = hold_shutdown,
};
NETGRAPH_INIT(hold, &hold_type);
