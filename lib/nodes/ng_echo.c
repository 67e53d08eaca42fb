/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_echo.c - back to the sender: data by the hook it came in by, messages to their return address.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>

#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>
#include <netgraph/ng_echo.h>

static ng_constructor_t ng_echo_constructor;
static ng_rcvmsg_t ng_echo_rcvmsg;
static ng_shutdown_t ng_echo_shutdown;
static ng_rcvdata_t ng_echo_rcvdata;
static ng_disconnect_t ng_echo_disconnect;

static struct ng_type ng_echo_type = {
	.version = NG_ABI_VERSION,
	.name = NG_ECHO_NODE_TYPE,
	.constructor = ng_echo_constructor,
	.rcvmsg = ng_echo_rcvmsg,
	.shutdown = ng_echo_shutdown,
	.rcvdata = ng_echo_rcvdata,
	.disconnect = ng_echo_disconnect,
};
NETGRAPH_INIT(echo, &ng_echo_type);

static int
ng_echo_constructor(node_p node)
{
	return (0);
}

/* Whatever is not the core's own business, responses included: the very message, marked as a response. */
static int
ng_echo_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	struct ng_mesg *msg;
	int error = 0;

	NGI_GET_MSG(item, msg);
	msg->header.flags |= NGF_RESP;
	NG_RESPOND_MSG(error, node, item, msg);
	return (error);
}

static int
ng_echo_rcvdata(hook_p hook, item_p item)
{
	int error;

	NG_FWD_ITEM_HOOK(error, item, hook);
	return (error);
}

#ifdef NGU_BURST_MAX
static int
ng_echo_rcvburst(hook_p hook, struct mbuf **vec, unsigned n, size_t bytes)
{
	return (ngu_send_burst(hook, vec, n, bytes));
}
NGU_BURST_INIT(echo, &ng_echo_type, ng_echo_rcvburst);
#endif

static int
ng_echo_shutdown(node_p node)
{
	NG_NODE_UNREF(node);
	return (0);
}

static int
ng_echo_disconnect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);

	if (NG_NODE_NUMHOOKS(node) == 0 && NG_NODE_IS_VALID(node))
		ng_rmnode_self(node);
	return (0);
}
