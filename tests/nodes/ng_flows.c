/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_flows.c - a test node in kernel style: IPv4 packets from "in" to "out", counted and numbered by source address.
 *
 * Uses mbufs and their tags, malloc(9) types, uma(9), tree(3), mtx(9), callout(9), counter(9), sysctl(9) with a handler of its own,
 * variables of each network stack, atomic(9), random(9), checksums, KASSERT, log(9), trace points, curthread.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/counter.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/ktr.h>
#include <sys/lock.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/mutex.h>
#include <sys/priv.h>
#include <sys/proc.h>
#include <sys/random.h>
#include <sys/sysctl.h>
#include <sys/syslog.h>
#include <sys/tree.h>
#include <vm/uma.h>

#include <net/vnet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <machine/atomic.h>
#include <machine/in_cksum.h>

#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>
#include <netgraph/ng_parse.h>

#include "ng_shim.h"

static MALLOC_DEFINE(M_NETGRAPH_FLOWS, "netgraph_flows", "netgraph flows node");

struct flow {
	RB_ENTRY(flow) link;
	SPLAY_ENTRY(flow) number_link;
	uint32_t src; /* network order */
	uint32_t number;
	uint32_t packets;
	int seen; /* in ticks */
};

static int
by_source(struct flow *a, struct flow *b)
{
	return (a->src < b->src ? -1 : a->src > b->src);
}

static int
by_number(struct flow *a, struct flow *b)
{
	return (a->number < b->number ? -1 : a->number > b->number);
}

RB_HEAD(flow_tree, flow);
RB_GENERATE_STATIC(flow_tree, flow, link, by_source);
SPLAY_HEAD(flow_numbers, flow);
SPLAY_PROTOTYPE(flow_numbers, flow, number_link, by_number);
SPLAY_GENERATE(flow_numbers, flow, number_link, by_number);

struct flows {
	struct mtx lock; /* the trees and what is in them */
	struct flow_tree tree;
	struct flow_numbers numbers;
	uint32_t nflows, next;
	struct ng_flows_conf conf;
	struct callout timer;
	hook_p in, out;
	counter_u64_t packets, passed, refused, forgotten;
	char *name;
};

/* All nodes of a stack share these: packets, timers and shutdowns count in their own one's. */
VNET_DEFINE_STATIC(u_int, flows_here);
#define V_flows_here VNET(flows_here)
VNET_DEFINE_STATIC(u_int, flows_top) = 1000;
#define V_flows_top VNET(flows_top)

static uma_zone_t flow_zone;
static int flows_made; /* ctor's count, shown by net.graph.flows.made */

SYSCTL_DECL(_net_graph);
SYSCTL_NODE(_net_graph, OID_AUTO, flows, CTLFLAG_RW, 0, "flows node");
static int flows_lossy;
SYSCTL_INT(_net_graph_flows, OID_AUTO, lossy, CTLFLAG_RWTUN, &flows_lossy, 0, "of 100 packets so many are refused by lot");

static int
sysctl_made(SYSCTL_HANDLER_ARGS)
{
	int v = *(volatile int *)&flows_made, error;

	if ((error = SYSCTL_OUT(req, &v, sizeof(v))) != 0 || req->newptr == NULL)
		return (error);
	if ((error = SYSCTL_IN(req, &v, sizeof(v))) == 0 && v != 0)
		error = EINVAL; /* it can be set to 0 only */
	if (error == 0)
		*(volatile int *)&flows_made = 0;
	return (error);
}
SYSCTL_PROC(_net_graph_flows, OID_AUTO, made, CTLTYPE_INT | CTLFLAG_RW, NULL, 0, sysctl_made, "I", "flows ever made");

static int
flow_ctor(void *mem, int size, void *arg, int flags)
{
	(void)flags;
	KASSERT(size == (int)sizeof(struct flow), ("%s: %d bytes", __func__, size));
	bzero(mem, (size_t)size);
	((struct flow *)mem)->src = *(const uint32_t *)arg;
	__atomic_fetch_add(&flows_made, 1, __ATOMIC_RELAXED);
	return (0);
}

static int
flows_event(module_t mod, int event, void *data)
{
	(void)mod;
	(void)data;
	switch (event) {
	case MOD_LOAD:
		flow_zone = uma_zcreate("flows", sizeof(struct flow), flow_ctor, NULL, NULL, NULL, UMA_ALIGN_PTR, 0);
		return (0);
	case MOD_UNLOAD:
		if (uma_zone_get_cur(flow_zone) != 0)
			return (EBUSY);
		uma_zone_reclaim(flow_zone, UMA_RECLAIM_DRAIN);
		uma_zdestroy(flow_zone);
		return (0);
	default:
		return (EOPNOTSUPP);
	}
}

/* The lock is held. */
static void
forget(struct flows *sc, struct flow *f)
{
	mtx_assert(&sc->lock, MA_OWNED);
	(void)RB_REMOVE(flow_tree, &sc->tree, f);
	if (SPLAY_REMOVE(flow_numbers, &sc->numbers, f) != f)
		panic("%s: flow %u has no number", __func__, f->number);
	sc->nflows--;
	atomic_subtract_int(&V_flows_here, 1);
	uma_zfree(flow_zone, f);
}

/* A new flow of that source: without a number, in no tree. NULL: there are too many, here or in the stack, or there is no memory. */
static struct flow *
begin(struct flows *sc, uint32_t src)
{
	struct flow *f = NULL;

	mtx_assert(&sc->lock, MA_OWNED);
	if (sc->conf.max != 0 && sc->nflows >= sc->conf.max)
		return (NULL);
	if (atomic_fetchadd_int(&V_flows_here, 1) >= atomic_load_int(&V_flows_top) || (f = uma_zalloc_arg(flow_zone, &src, M_NOWAIT)) == NULL)
		atomic_subtract_int(&V_flows_here, 1);
	return (f);
}

static void
flows_tick(node_p node, hook_p hook, void *arg, int arg2)
{
	struct flows *sc = NG_NODE_PRIVATE(node);
	struct flow *f, *next;

	(void)hook;
	(void)arg;
	(void)arg2;
	mtx_lock(&sc->lock);
	RB_FOREACH_SAFE(f, flow_tree, &sc->tree, next)
		if (sc->conf.age != 0 && ticks - f->seen >= (int)sc->conf.age * hz / 1000) {
			CTR3(KTR_NET, "%s: flow %u of %p forgotten", __func__, f->number, node);
			forget(sc, f);
			counter_u64_add(sc->forgotten, 1);
		}
	mtx_unlock(&sc->lock);
	(void)ng_callout(&sc->timer, node, NULL, hz / 10, flows_tick, NULL, 0);
}

static int
flows_constructor(node_p node)
{
	struct flows *sc = malloc(sizeof(*sc), M_NETGRAPH_FLOWS, M_NOWAIT | M_ZERO);

	if (sc == NULL)
		return (ENOMEM);
	sc->packets = counter_u64_alloc(M_NOWAIT);
	sc->passed = counter_u64_alloc(M_NOWAIT);
	sc->refused = counter_u64_alloc(M_NOWAIT);
	sc->forgotten = counter_u64_alloc(M_NOWAIT);
	sc->name = strdup_flags("flows", M_NETGRAPH_FLOWS, M_NOWAIT);
	if (sc->packets == NULL || sc->passed == NULL || sc->refused == NULL || sc->forgotten == NULL || sc->name == NULL) {
		counter_u64_free(sc->packets);
		counter_u64_free(sc->passed);
		counter_u64_free(sc->refused);
		counter_u64_free(sc->forgotten);
		free(sc->name, M_NETGRAPH_FLOWS);
		free(sc, M_NETGRAPH_FLOWS);
		return (ENOMEM);
	}
	mtx_init(&sc->lock, "flows", NULL, MTX_DEF);
	RB_INIT(&sc->tree);
	SPLAY_INIT(&sc->numbers);
	sc->conf.age = 1000;
	sc->next = arc4random() % 1000; /* numbers are not to be counted on */
	ng_callout_init(&sc->timer);
	NG_NODE_SET_PRIVATE(node, sc);
	(void)ng_callout(&sc->timer, node, NULL, hz / 10, flows_tick, NULL, 0);
	return (0);
}

static int
flows_newhook(node_p node, hook_p hook, const char *name)
{
	struct flows *sc = NG_NODE_PRIVATE(node);

	if (strcmp(name, "in") == 0)
		sc->in = hook;
	else if (strcmp(name, "out") == 0)
		sc->out = hook;
	else
		return (EINVAL);
	return (0);
}

static const struct ng_parse_struct_field conf_fields[] = { { "age", &ng_parse_uint32_type, 0 }, { "max", &ng_parse_uint32_type, 0 },
	{ NULL, NULL, 0 } };
static const struct ng_parse_type conf_type = { .supertype = &ng_parse_struct_type, .info = &conf_fields };
static const struct ng_parse_struct_field stats_fields[] = { { "packets", &ng_parse_uint64_type, 0 }, { "passed", &ng_parse_uint64_type, 0 },
	{ "refused", &ng_parse_uint64_type, 0 }, { "forgotten", &ng_parse_uint64_type, 0 }, { "flows", &ng_parse_uint32_type, 0 },
	{ "sum", &ng_parse_uint32_type, 0 }, { "here", &ng_parse_uint32_type, 0 }, { "top", &ng_parse_uint32_type, 0 }, { NULL, NULL, 0 } };
static const struct ng_parse_type stats_type = { .supertype = &ng_parse_struct_type, .info = &stats_fields };
static const struct ng_cmdlist flows_cmds[] = {
	{ NGM_FLOWS_COOKIE, NGM_FLOWS_GET, "get", NULL, &stats_type },
	{ NGM_FLOWS_COOKIE, NGM_FLOWS_SET, "set", &conf_type, NULL },
	{ NGM_FLOWS_COOKIE, NGM_FLOWS_TOP, "top", &ng_parse_uint32_type, NULL },
	{ 0, 0, NULL, NULL, NULL }
};

static int
flows_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	struct flows *sc = NG_NODE_PRIVATE(node);
	struct ng_mesg *msg, *resp = NULL;
	struct ng_flows_stats *st;
	uint32_t last = 0;
	struct flow *f;
	int error = 0;

	(void)lasthook;
	NGI_GET_MSG(item, msg);
	if (msg->header.typecookie != NGM_FLOWS_COOKIE)
		error = EINVAL;
	else if (msg->header.cmd == NGM_FLOWS_GET) {
		NG_MKRESPONSE(resp, msg, sizeof(*st), M_NOWAIT);
		if (resp == NULL) {
			error = ENOMEM;
		} else {
			st = (struct ng_flows_stats *)(void *)resp->data;
			st->packets = counter_u64_fetch(sc->packets);
			st->passed = counter_u64_fetch(sc->passed);
			st->refused = counter_u64_fetch(sc->refused);
			st->forgotten = counter_u64_fetch(sc->forgotten);
			st->here = atomic_load_int(&V_flows_here);
			st->top = atomic_load_int(&V_flows_top);
			mtx_lock(&sc->lock);
			st->flows = sc->nflows;
			SPLAY_FOREACH(f, flow_numbers, &sc->numbers) {
				if (f->number <= last)
					error = EDOOFUS;
				last = f->number;
				st->sum += f->packets;
			}
			mtx_unlock(&sc->lock);
		}
	} else if (msg->header.cmd == NGM_FLOWS_SET && msg->header.arglen == sizeof(sc->conf)) {
		if ((error = priv_check(curthread, PRIV_NETGRAPH_CONTROL)) == 0) {
			mtx_lock(&sc->lock);
			bcopy(msg->data, &sc->conf, sizeof(sc->conf));
			mtx_unlock(&sc->lock);
		}
	} else if (msg->header.cmd == NGM_FLOWS_TOP && msg->header.arglen == sizeof(uint32_t)) {
		atomic_store_int(&V_flows_top, *(uint32_t *)(void *)msg->data);
	} else
		error = EINVAL;
	NG_RESPOND_MSG(error, node, item, resp);
	NG_FREE_MSG(msg);
	return (error);
}

static int
flows_rcvdata(hook_p hook, item_p item)
{
	node_p node = NG_HOOK_NODE(hook);
	struct flows *sc = NG_NODE_PRIVATE(node);
	struct flow *f;
	struct m_tag *tag;
	struct mbuf *m;
	uint32_t src, number = 0;
	int error = 0;

	if (hook != sc->in) { /* the other way nobody looks */
		NG_FWD_ITEM_HOOK(error, item, sc->in);
		return (error);
	}
	counter_u64_add(sc->packets, 1);
	NGI_GET_M(item, m);
	if (m->m_pkthdr.len < (int)sizeof(struct ip) || (m->m_len < (int)sizeof(struct ip) && (m = m_pullup(m, sizeof(struct ip))) == NULL)) {
		error = m == NULL ? ENOBUFS : EINVAL;
		goto refuse;
	}
	if (mtod(m, struct ip *)->ip_v != IPVERSION || in_cksum_hdr(mtod(m, struct ip *)) != 0) {
		error = EINVAL;
		goto refuse;
	}
	if (flows_lossy != 0 && (int)arc4random_uniform(100) < flows_lossy) {
		error = ENOBUFS;
		goto refuse;
	}
	src = mtod(m, struct ip *)->ip_src.s_addr;
	mtx_lock(&sc->lock);
	if ((f = RB_FIND(flow_tree, &sc->tree, &(struct flow){ .src = src })) == NULL) {
		if ((f = begin(sc, src)) == NULL) {
			mtx_unlock(&sc->lock);
			error = ENOBUFS;
			goto refuse;
		}
		f->number = ++sc->next;
		(void)RB_INSERT(flow_tree, &sc->tree, f);
		(void)SPLAY_INSERT(flow_numbers, &sc->numbers, f);
		if (sc->nflows++ == 0)
			log(LOG_INFO, "%s: the first flow is from %08x\n", sc->name, ntohl(src));
	}
	f->packets++;
	f->seen = ticks;
	number = f->number;
	mtx_unlock(&sc->lock);
	if ((tag = m_tag_alloc(FLOWS_TAG_COOKIE, 1, sizeof(number), M_NOWAIT)) == NULL) {
		error = ENOMEM;
		goto refuse;
	}
	*(uint32_t *)(void *)(tag + 1) = number;
	m_tag_prepend(m, tag);
	NG_FWD_NEW_DATA(error, item, sc->out, m);
	if (error == 0)
		counter_u64_add(sc->passed, 1);
	return (error);
refuse:
	counter_u64_add(sc->refused, 1);
	NG_FREE_ITEM(item);
	NG_FREE_M(m);
	return (error);
}

static int
flows_shutdown(node_p node)
{
	struct flows *sc = NG_NODE_PRIVATE(node);
	struct flow *f;

	(void)ng_uncallout(&sc->timer, node);
	mtx_lock(&sc->lock);
	while ((f = RB_MIN(flow_tree, &sc->tree)) != NULL)
		forget(sc, f);
	mtx_unlock(&sc->lock);
	MPASS(sc->nflows == 0 && SPLAY_EMPTY(&sc->numbers));
	mtx_destroy(&sc->lock);
	counter_u64_free(sc->packets);
	counter_u64_free(sc->passed);
	counter_u64_free(sc->refused);
	counter_u64_free(sc->forgotten);
	free(sc->name, M_NETGRAPH_FLOWS);
	free(sc, M_NETGRAPH_FLOWS);
	NG_NODE_UNREF(node);
	return (0);
}

static int
flows_disconnect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);
	struct flows *sc = NG_NODE_PRIVATE(node);

	if (hook == sc->in)
		sc->in = NULL;
	else
		sc->out = NULL;
	if (NG_NODE_NUMHOOKS(node) == 0 && NG_NODE_IS_VALID(node))
		ng_rmnode_self(node);
	return (0);
}

static struct ng_type flows_type = {
	.version = NG_ABI_VERSION,
	.name = "flows",
	.mod_event = flows_event,
	.constructor = flows_constructor,
	.rcvmsg = flows_rcvmsg,
	.shutdown = flows_shutdown,
	.newhook = flows_newhook,
	.rcvdata = flows_rcvdata,
	.disconnect = flows_disconnect,
	.cmdlist = flows_cmds,
};
NETGRAPH_INIT(flows, &flows_type);
