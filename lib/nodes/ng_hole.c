/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_hole.c - where packets end: counted per hook and freed.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/counter.h>
#include <sys/mbuf.h>

#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>
#include <netgraph/ng_parse.h>
#include <netgraph/ng_hole.h>

#ifdef NG_SEPARATE_MALLOC
static MALLOC_DEFINE(M_NETGRAPH_HOLE, "netgraph_hole", "netgraph hole node");
#else
#define M_NETGRAPH_HOLE M_NETGRAPH
#endif

/* Private data of a hook. Packets come in many threads at once, so they count with counter(9). */
struct hole_hook {
	counter_u64_t frames;
	counter_u64_t octets;
};

static ng_constructor_t ng_hole_constructor;
static ng_rcvmsg_t ng_hole_rcvmsg;
static ng_shutdown_t ng_hole_shutdown;
static ng_newhook_t ng_hole_newhook;
static ng_rcvdata_t ng_hole_rcvdata;
static ng_disconnect_t ng_hole_disconnect;

static const struct ng_parse_struct_field ng_hole_stats_fields[] = NG_HOLE_HOOKSTAT_TYPE_INFO;
static const struct ng_parse_type ng_hole_stats_type = {
	.supertype = &ng_parse_struct_type,
	.info = &ng_hole_stats_fields,
};

static const struct ng_cmdlist ng_hole_cmdlist[] = {
	{ NGM_HOLE_COOKIE, NGM_HOLE_GET_STATS, "getstats", &ng_parse_hookbuf_type, &ng_hole_stats_type },
	{ NGM_HOLE_COOKIE, NGM_HOLE_CLR_STATS, "clrstats", &ng_parse_hookbuf_type, NULL },
	{ NGM_HOLE_COOKIE, NGM_HOLE_GETCLR_STATS, "getclrstats", &ng_parse_hookbuf_type, &ng_hole_stats_type },
	{ 0, 0, NULL, NULL, NULL }
};

static struct ng_type ng_hole_type = {
	.version = NG_ABI_VERSION,
	.name = NG_HOLE_NODE_TYPE,
	.constructor = ng_hole_constructor,
	.rcvmsg = ng_hole_rcvmsg,
	.shutdown = ng_hole_shutdown,
	.newhook = ng_hole_newhook,
	.rcvdata = ng_hole_rcvdata,
	.disconnect = ng_hole_disconnect,
	.cmdlist = ng_hole_cmdlist,
};
NETGRAPH_INIT(hole, &ng_hole_type);

static int
ng_hole_constructor(node_p node)
{
	return (0);
}

static void
hole_hook_free(struct hole_hook *hh)
{
	counter_u64_free(hh->frames);
	counter_u64_free(hh->octets);
	free(hh, M_NETGRAPH_HOLE);
}

static int
ng_hole_newhook(node_p node, hook_p hook, const char *name)
{
	struct hole_hook *hh = malloc(sizeof(*hh), M_NETGRAPH_HOLE, M_NOWAIT | M_ZERO);

	if (hh == NULL)
		return (ENOMEM);
	hh->frames = counter_u64_alloc(M_NOWAIT);
	hh->octets = counter_u64_alloc(M_NOWAIT);
	if (hh->frames == NULL || hh->octets == NULL) {
		hole_hook_free(hh);
		return (ENOMEM);
	}
	NG_HOOK_SET_PRIVATE(hook, hh);
	return (0);
}

static int
ng_hole_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	struct ng_mesg *msg, *resp = NULL;
	struct ng_hole_hookstat *hs;
	struct hole_hook *hh;
	hook_p hook;
	int error = 0;

	NGI_GET_MSG(item, msg);
	if (msg->header.typecookie != NGM_HOLE_COOKIE ||
	    (msg->header.cmd != NGM_HOLE_GET_STATS && msg->header.cmd != NGM_HOLE_CLR_STATS &&
		msg->header.cmd != NGM_HOLE_GETCLR_STATS) ||
	    msg->header.arglen != NG_HOOKSIZ) {
		error = EINVAL;
		goto done;
	}
	msg->data[NG_HOOKSIZ - 1] = '\0';
	if ((hook = ng_findhook(node, msg->data)) == NULL) {
		error = ENOENT;
		goto done;
	}
	hh = NG_HOOK_PRIVATE(hook);
	if (msg->header.cmd != NGM_HOLE_CLR_STATS) {
		NG_MKRESPONSE(resp, msg, sizeof(*hs), M_NOWAIT);
		if (resp == NULL) {
			error = ENOMEM;
			goto done;
		}
		hs = (struct ng_hole_hookstat *)(void *)resp->data;
		hs->frames = counter_u64_fetch(hh->frames);
		hs->octets = counter_u64_fetch(hh->octets);
	}
	if (msg->header.cmd != NGM_HOLE_GET_STATS) {
		counter_u64_zero(hh->frames);
		counter_u64_zero(hh->octets);
	}
done:
	NG_RESPOND_MSG(error, node, item, resp);
	NG_FREE_MSG(msg);
	return (error);
}

static int
ng_hole_rcvdata(hook_p hook, item_p item)
{
	struct hole_hook *hh = NG_HOOK_PRIVATE(hook);

	counter_u64_add(hh->frames, 1);
	counter_u64_add(hh->octets, NGI_M(item)->m_pkthdr.len);
	NG_FREE_ITEM(item);
	return (0);
}

#ifdef NGU_BURST_MAX
static int
ng_hole_rcvburst(hook_p hook, struct mbuf **vec, unsigned n, size_t bytes)
{
	struct hole_hook *hh = NG_HOOK_PRIVATE(hook);

	counter_u64_add(hh->frames, n);
	counter_u64_add(hh->octets, (int64_t)bytes);
	for (unsigned i = 0; i < n; i++)
		m_freem(vec[i]);
	return (0);
}
NGU_BURST_INIT(hole, &ng_hole_type, ng_hole_rcvburst);
#endif

static int
ng_hole_shutdown(node_p node)
{
	NG_NODE_UNREF(node);
	return (0);
}

static int
ng_hole_disconnect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);

	hole_hook_free(NG_HOOK_PRIVATE(hook));
	NG_HOOK_SET_PRIVATE(hook, NULL);
	if (NG_NODE_NUMHOOKS(node) == 0 && NG_NODE_IS_VALID(node))
		ng_rmnode_self(node);
	return (0);
}
