/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_etf.c - protocols on hooks: frames from "downstream" go to the hook that asked for their Ethernet type, and only what a
 * hook asked for may it send.
 *
 * Packets run as readers, many at once; hooks and filters change only while the node stands still, so they are read plainly, and
 * what packets count is counter(9).
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/endian.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/counter.h>
#include <sys/mbuf.h>
#include <sys/queue.h>

#include <net/ethernet.h>

#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>
#include <netgraph/ng_parse.h>
#include <netgraph/ng_etf.h>

#ifdef NG_SEPARATE_MALLOC
static MALLOC_DEFINE(M_NETGRAPH_ETF, "netgraph_etf", "netgraph etf node");
#else
#define M_NETGRAPH_ETF M_NETGRAPH
#endif

CTASSERT(sizeof(struct ng_etffilter) == 34);

#define BUCKETS 64 /* a power of two */
#define BUCKET(type) (((type) ^ (type) >> 6) & (BUCKETS - 1))

struct filter {
	LIST_ENTRY(filter) others;
	hook_p to;
	uint16_t type;
};

enum { IN, OUT, COUNTERS };

struct etf {
	hook_p downstream, nomatch; /* NULL: not connected */
	int32_t flag;
	counter_u64_t count[COUNTERS];
	LIST_HEAD(, filter) filters[BUCKETS];
};

static ng_constructor_t ng_etf_constructor;
static ng_rcvmsg_t ng_etf_rcvmsg;
static ng_shutdown_t ng_etf_shutdown;
static ng_newhook_t ng_etf_newhook;
static ng_rcvdata_t ng_etf_rcvdata;
static ng_disconnect_t ng_etf_disconnect;

static const struct ng_parse_struct_field stat_fields[] = NG_ETF_STATS_TYPE_INFO;
static const struct ng_parse_type stat_type = { .supertype = &ng_parse_struct_type, .info = &stat_fields };
static const struct ng_parse_struct_field filter_fields[] = NG_ETF_FILTER_TYPE_INFO;
static const struct ng_parse_type filter_type = { .supertype = &ng_parse_struct_type, .info = &filter_fields };

static const struct ng_cmdlist ng_etf_cmdlist[] = {
	{ NGM_ETF_COOKIE, NGM_ETF_SET_FLAG, "setflag", &ng_parse_int32_type, NULL },
	{ NGM_ETF_COOKIE, NGM_ETF_GET_STATUS, "getstatus", NULL, &stat_type },
	{ NGM_ETF_COOKIE, NGM_ETF_SET_FILTER, "setfilter", &filter_type, NULL },
	{ 0, 0, NULL, NULL, NULL }
};

static struct ng_type ng_etf_type = {
	.version = NG_ABI_VERSION,
	.name = NG_ETF_NODE_TYPE,
	.constructor = ng_etf_constructor,
	.rcvmsg = ng_etf_rcvmsg,
	.shutdown = ng_etf_shutdown,
	.newhook = ng_etf_newhook,
	.rcvdata = ng_etf_rcvdata,
	.disconnect = ng_etf_disconnect,
	.cmdlist = ng_etf_cmdlist,
};
NETGRAPH_INIT(etf, &ng_etf_type);

static int
ng_etf_constructor(node_p node)
{
	struct etf *sc = malloc(sizeof(*sc), M_NETGRAPH_ETF, M_WAITOK | M_ZERO);

	COUNTER_ARRAY_ALLOC(sc->count, COUNTERS, M_WAITOK);
	for (int i = 0; i < BUCKETS; i++)
		LIST_INIT(&sc->filters[i]);
	NG_NODE_SET_PRIVATE(node, sc);
	return (0);
}

static int
ng_etf_newhook(node_p node, hook_p hook, const char *name)
{
	struct etf *sc = NG_NODE_PRIVATE(node);

	if (strcmp(name, NG_ETF_HOOK_DOWNSTREAM) == 0) {
		sc->downstream = hook;
		COUNTER_ARRAY_ZERO(sc->count, COUNTERS);
	} else if (strcmp(name, NG_ETF_HOOK_NOMATCH) == 0) {
		sc->nomatch = hook;
	}
	return (0);
}

static struct filter *
filter_of(struct etf *sc, uint16_t type)
{
	struct filter *f;

	LIST_FOREACH(f, &sc->filters[BUCKET(type)], others)
		if (f->type == type)
			return (f);
	return (NULL);
}

static int
set_filter(node_p node, const struct ng_mesg *msg)
{
	struct etf *sc = NG_NODE_PRIVATE(node);
	struct ng_etffilter c;
	struct filter *f;
	hook_p hook;

	if (msg->header.arglen != sizeof(c))
		return (EINVAL);
	memcpy(&c, msg->data, sizeof(c));
	c.matchhook[sizeof(c.matchhook) - 1] = '\0';
	if ((hook = ng_findhook(node, c.matchhook)) == NULL)
		return (ENOENT);
	if (hook == sc->downstream)
		return (EINVAL);
	if (filter_of(sc, c.ethertype) != NULL)
		return (EEXIST);
	if ((f = malloc(sizeof(*f), M_NETGRAPH_ETF, M_NOWAIT)) == NULL)
		return (ENOMEM);
	f->to = hook;
	f->type = c.ethertype;
	LIST_INSERT_HEAD(&sc->filters[BUCKET(f->type)], f, others);
	return (0);
}

static int
etf_command(node_p node, struct ng_mesg *msg, struct ng_mesg **resp)
{
	struct etf *sc = NG_NODE_PRIVATE(node);
	struct ng_etfstat st;

	switch (msg->header.cmd) {
	case NGM_ETF_SET_FLAG:
		if (msg->header.arglen != sizeof(sc->flag))
			return (EINVAL);
		memcpy(&sc->flag, msg->data, sizeof(sc->flag));
		return (0);
	case NGM_ETF_GET_STATUS:
		NG_MKRESPONSE(*resp, msg, sizeof(st), M_NOWAIT);
		if (*resp == NULL)
			return (ENOMEM);
		st.packets_in = (uint32_t)counter_u64_fetch(sc->count[IN]);
		st.packets_out = (uint32_t)counter_u64_fetch(sc->count[OUT]);
		memcpy((*resp)->data, &st, sizeof(st));
		return (0);
	case NGM_ETF_SET_FILTER:
		return (set_filter(node, msg));
	default:
		return (EINVAL);
	}
}

static int
ng_etf_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	struct ng_mesg *msg, *resp = NULL;
	int error;

	NGI_GET_MSG(item, msg);
	error = msg->header.typecookie == NGM_ETF_COOKIE ? etf_command(node, msg, &resp) : EINVAL;
	NG_RESPOND_MSG(error, node, item, resp);
	NG_FREE_MSG(msg);
	return (error);
}

static int
ng_etf_rcvdata(hook_p hook, item_p item)
{
	struct etf *sc = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));
	struct mbuf *m = NGI_M(item);
	u_char type[ETHER_TYPE_LEN];
	struct filter *f;
	hook_p owner;
	int error;

	if (hook == sc->downstream)
		counter_u64_add(sc->count[IN], 1);
	if (m->m_pkthdr.len < ETHER_HDR_LEN) {
		NG_FREE_ITEM(item);
		return (EINVAL);
	}
	m_copydata(m, 2 * ETHER_ADDR_LEN, sizeof(type), (caddr_t)type);
	f = filter_of(sc, be16dec(type));
	owner = f != NULL ? f->to : sc->nomatch;
	if (hook == sc->downstream) {
		NG_FWD_ITEM_HOOK(error, item, owner);
		return (error);
	}
	if (hook != owner) {
		NG_FREE_ITEM(item);
		return (EPROTOTYPE);
	}
	NG_FWD_ITEM_HOOK(error, item, sc->downstream);
	if (error == 0)
		counter_u64_add(sc->count[OUT], 1);
	return (error);
}

static int
ng_etf_shutdown(node_p node)
{
	struct etf *sc = NG_NODE_PRIVATE(node);

	NG_NODE_SET_PRIVATE(node, NULL);
	COUNTER_ARRAY_FREE(sc->count, COUNTERS);
	free(sc, M_NETGRAPH_ETF);
	NG_NODE_UNREF(node);
	return (0);
}

/* The hook's filters go with it. */
static int
ng_etf_disconnect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);
	struct etf *sc = NG_NODE_PRIVATE(node);
	struct filter *f, *next;

	for (int i = 0; i < BUCKETS; i++)
		LIST_FOREACH_SAFE(f, &sc->filters[i], others, next) {
			if (f->to != hook)
				continue;
			LIST_REMOVE(f, others);
			free(f, M_NETGRAPH_ETF);
		}
	if (hook == sc->downstream)
		sc->downstream = NULL;
	else if (hook == sc->nomatch)
		sc->nomatch = NULL;
	if (NG_NODE_NUMHOOKS(node) == 0 && NG_NODE_IS_VALID(node))
		ng_rmnode_self(node);
	return (0);
}
