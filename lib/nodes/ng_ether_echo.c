/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_ether_echo.c - back to the sender, as if from the one it was sent to: frames by the hook they came in by, with their two
 * addresses exchanged, messages to their return address.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>

#include <net/ethernet.h>

#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>
#include <netgraph/ng_ether_echo.h>

static ng_constructor_t ng_ether_echo_constructor;
static ng_rcvmsg_t ng_ether_echo_rcvmsg;
static ng_shutdown_t ng_ether_echo_shutdown;
static ng_rcvdata_t ng_ether_echo_rcvdata;
static ng_disconnect_t ng_ether_echo_disconnect;

static struct ng_type ng_ether_echo_type = {
	.version = NG_ABI_VERSION,
	.name = NG_ETHER_ECHO_NODE_TYPE,
	.constructor = ng_ether_echo_constructor,
	.rcvmsg = ng_ether_echo_rcvmsg,
	.shutdown = ng_ether_echo_shutdown,
	.rcvdata = ng_ether_echo_rcvdata,
	.disconnect = ng_ether_echo_disconnect,
};
NETGRAPH_INIT(ether_echo, &ng_ether_echo_type);

static int
ng_ether_echo_constructor(node_p node)
{
	return (0);
}

/* Whatever is not the core's own business, responses included: the very message, marked as a response. */
static int
ng_ether_echo_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	struct ng_mesg *msg;
	int error = 0;

	NGI_GET_MSG(item, msg);
	msg->header.flags |= NGF_RESP;
	NG_RESPOND_MSG(error, node, item, msg);
	return (error);
}

/* The addresses move into storage that is nobody else's, so nothing shared is written. NULL: no memory, the frame is gone. */
static struct mbuf *
turned(struct mbuf *m)
{
	u_char addr[2 * ETHER_ADDR_LEN];

	m_copydata(m, 0, sizeof(addr), (caddr_t)addr);
	m_adj(m, sizeof(addr));
	M_PREPEND(m, (int)sizeof(addr), M_NOWAIT);
	if (m == NULL)
		return (NULL);
	memcpy(mtod(m, u_char *), addr + ETHER_ADDR_LEN, ETHER_ADDR_LEN);
	memcpy(mtod(m, u_char *) + ETHER_ADDR_LEN, addr, ETHER_ADDR_LEN);
	return (m);
}

static int
ng_ether_echo_rcvdata(hook_p hook, item_p item)
{
	struct mbuf *m;
	int error;

	if (NGI_M(item)->m_pkthdr.len < ETHER_HDR_LEN) {
		NG_FREE_ITEM(item);
		return (EINVAL);
	}
	NGI_GET_M(item, m);
	if ((m = turned(m)) == NULL) {
		NG_FREE_ITEM(item);
		return (ENOBUFS);
	}
	NG_FWD_NEW_DATA(error, item, hook, m);
	return (error);
}

#ifdef NGU_BURST_MAX
static int
ng_ether_echo_rcvburst(hook_p hook, struct mbuf **vec, unsigned n, size_t bytes)
{
	unsigned left = 0;
	int error = 0, sent = 0;

	for (unsigned i = 0; i < n; i++) {
		if (vec[i]->m_pkthdr.len < ETHER_HDR_LEN) {
			m_freem(vec[i]);
			error = EINVAL;
		} else if ((vec[left] = turned(vec[i])) == NULL) {
			error = ENOBUFS;
		} else {
			left++;
		}
	}
	if (left != 0)
		sent = ngu_send_burst(hook, vec, left, left == n ? bytes : 0);
	return (error != 0 ? error : sent);
}
NGU_BURST_INIT(ether_echo, &ng_ether_echo_type, ng_ether_echo_rcvburst);
#endif

static int
ng_ether_echo_shutdown(node_p node)
{
	NG_NODE_UNREF(node);
	return (0);
}

static int
ng_ether_echo_disconnect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);

	if (NG_NODE_NUMHOOKS(node) == 0 && NG_NODE_IS_VALID(node))
		ng_rmnode_self(node);
	return (0);
}
