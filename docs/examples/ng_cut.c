/* docs/examples/ng_cut.c */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>

/* Node type "cut": what comes in by "in" leaves by "out", at most 64 bytes of each packet. */
struct cut {
	hook_p in, out;
};

static int
cut_constructor(node_p node)
{
	NG_NODE_SET_PRIVATE(node, malloc(sizeof(struct cut), M_NETGRAPH, M_WAITOK | M_ZERO));
	return (0);
}

static int
cut_newhook(node_p node, hook_p hook, const char *name)
{
	struct cut *c = NG_NODE_PRIVATE(node);
	hook_p *place = strcmp(name, "in") == 0 ? &c->in : strcmp(name, "out") == 0 ? &c->out : NULL;

	if (place == NULL)
		return (EINVAL);
	if (*place != NULL)
		return (EEXIST);
	*place = hook; /* alone in the node: no lock */
	return (0);
}

static int
cut_rcvdata(hook_p hook, item_p item)
{
	struct cut *c = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));
	struct mbuf *m = NGI_M(item);
	int error;

	if (hook != c->in) {
		NG_FREE_ITEM(item);
		return (EINVAL);
	}
	if (m->m_pkthdr.len > 64)
		m_adj(m, 64 - m->m_pkthdr.len); /* negative: from the end */
	NG_FWD_ITEM_HOOK(error, item, c->out); /* a NULL hook is allowed: ENETDOWN, and the item is freed */
	return (error);
}

static int
cut_disconnect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);
	struct cut *c = NG_NODE_PRIVATE(node);

	*(hook == c->in ? &c->in : &c->out) = NULL;
	if (NG_NODE_NUMHOOKS(node) == 0 && NG_NODE_IS_VALID(node))
		ng_rmnode_self(node);
	return (0);
}

static int
cut_shutdown(node_p node)
{
	free(NG_NODE_PRIVATE(node), M_NETGRAPH);
	NG_NODE_UNREF(node); /* the type's reference: the last line that touches the node */
	return (0);
}

static struct ng_type cut_type = {
	.version = NG_ABI_VERSION,
	.name = "cut",
	.constructor = cut_constructor,
	.shutdown = cut_shutdown,
	.newhook = cut_newhook,
	.rcvdata = cut_rcvdata,
	.disconnect = cut_disconnect,
};
NETGRAPH_INIT(cut, &cut_type);
