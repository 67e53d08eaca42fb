/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_vlan_rotate.c - changes the order of stacked VLAN tags: what the provider put outermost, and what he needs there.
 *
 * Packets run as readers, many at once; hooks and configuration change only while the node stands still, so they are read
 * plainly, and what packets count is counter(9).
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/endian.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/counter.h>
#include <sys/mbuf.h>

#include <net/ethernet.h>

#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>
#include <netgraph/ng_parse.h>
#include <netgraph/ng_vlan_rotate.h>

#ifdef NG_SEPARATE_MALLOC
static MALLOC_DEFINE(M_NETGRAPH_VLANROTATE, "netgraph_vlanrotate", "netgraph vlan_rotate node");
#else
#define M_NETGRAPH_VLANROTATE M_NETGRAPH
#endif

#define MAX_TAGS NG_VLANROTATE_MAX_VLANS
#define TAG_OFFSET (2 * ETHER_ADDR_LEN)

/* In the order of struct ng_vlanrotate_stat. */
enum { DROPS, EXCESSIVES, INCOMPLETES, HISTOGRAM, COUNTERS = HISTOGRAM + MAX_TAGS };
CTASSERT(sizeof(struct ng_vlanrotate_stat) == COUNTERS * sizeof(uint64_t));
CTASSERT(sizeof(struct ng_vlanrotate_conf) == 3);

enum { ORIGINAL, ORDERED, EXCESSIVE, INCOMPLETE, ENDS };

/* A tag as it stands in the frame: TPID and TCI. */
struct tag {
	u_char b[ETHER_VLAN_ENCAP_LEN];
};
CTASSERT(sizeof(struct tag) == 4);

struct vlanrotate {
	hook_p hook[ENDS]; /* NULL: not connected */
	struct ng_vlanrotate_conf conf;
	counter_u64_t count[COUNTERS];
};

static const char *const end_name[ENDS] = {
	[ORIGINAL] = NG_VLANROTATE_HOOK_ORIGINAL,
	[ORDERED] = NG_VLANROTATE_HOOK_ORDERED,
	[EXCESSIVE] = NG_VLANROTATE_HOOK_EXCESSIVE,
	[INCOMPLETE] = NG_VLANROTATE_HOOK_INCOMPLETE,
};

static ng_constructor_t ng_vlanrotate_constructor;
static ng_rcvmsg_t ng_vlanrotate_rcvmsg;
static ng_shutdown_t ng_vlanrotate_shutdown;
static ng_newhook_t ng_vlanrotate_newhook;
static ng_rcvdata_t ng_vlanrotate_rcvdata;
static ng_disconnect_t ng_vlanrotate_disconnect;

static const struct ng_parse_struct_field conf_fields[] = NG_VLANROTATE_CONF_TYPE_INFO;
static const struct ng_parse_type conf_type = { .supertype = &ng_parse_struct_type, .info = &conf_fields };
static const struct ng_parse_fixedarray_info hist_info = { &ng_parse_uint64_type, MAX_TAGS, NULL };
static const struct ng_parse_type hist_type = { .supertype = &ng_parse_fixedarray_type, .info = &hist_info };
static const struct ng_parse_struct_field stat_fields[] = NG_VLANROTATE_STAT_TYPE_INFO(&hist_type);
static const struct ng_parse_type stat_type = { .supertype = &ng_parse_struct_type, .info = &stat_fields };

static const struct ng_cmdlist ng_vlanrotate_cmdlist[] = {
	{ NGM_VLANROTATE_COOKIE, NGM_VLANROTATE_GET_CONF, "getconf", NULL, &conf_type },
	{ NGM_VLANROTATE_COOKIE, NGM_VLANROTATE_SET_CONF, "setconf", &conf_type, NULL },
	{ NGM_VLANROTATE_COOKIE, NGM_VLANROTATE_GET_STAT, "getstat", NULL, &stat_type },
	{ NGM_VLANROTATE_COOKIE, NGM_VLANROTATE_CLR_STAT, "clrstat", NULL, NULL },
	{ NGM_VLANROTATE_COOKIE, NGM_VLANROTATE_GETCLR_STAT, "getclrstat", NULL, &stat_type },
	{ 0, 0, NULL, NULL, NULL }
};

static struct ng_type ng_vlanrotate_type = {
	.version = NG_ABI_VERSION,
	.name = NG_VLANROTATE_NODE_TYPE,
	.constructor = ng_vlanrotate_constructor,
	.rcvmsg = ng_vlanrotate_rcvmsg,
	.shutdown = ng_vlanrotate_shutdown,
	.newhook = ng_vlanrotate_newhook,
	.rcvdata = ng_vlanrotate_rcvdata,
	.disconnect = ng_vlanrotate_disconnect,
	.cmdlist = ng_vlanrotate_cmdlist,
};
NETGRAPH_INIT(vlanrotate, &ng_vlanrotate_type);

static int
ng_vlanrotate_constructor(node_p node)
{
	struct vlanrotate *sc = malloc(sizeof(*sc), M_NETGRAPH_VLANROTATE, M_WAITOK | M_ZERO);

	COUNTER_ARRAY_ALLOC(sc->count, COUNTERS, M_WAITOK);
	sc->conf.max = MAX_TAGS;
	NG_NODE_SET_PRIVATE(node, sc);
	return (0);
}

static int
ng_vlanrotate_newhook(node_p node, hook_p hook, const char *name)
{
	struct vlanrotate *sc = NG_NODE_PRIVATE(node);

	for (int i = 0; i < ENDS; i++) {
		if (strcmp(name, end_name[i]) != 0)
			continue;
		if (sc->hook[i] != NULL)
			return (EADDRINUSE);
		sc->hook[i] = hook;
		NG_HOOK_SET_PRIVATE(hook, &sc->hook[i]);
		return (0);
	}
	return (EINVAL);
}

static int
set_conf(struct vlanrotate *sc, const struct ng_mesg *msg)
{
	struct ng_vlanrotate_conf conf;

	if (msg->header.arglen != sizeof(conf))
		return (EINVAL);
	memcpy(&conf, msg->data, sizeof(conf));
	if (conf.max == 0)
		conf.max = sc->conf.max;
	if (conf.max > MAX_TAGS || conf.min > conf.max || abs(conf.rot) >= conf.max)
		return (EINVAL);
	sc->conf = conf;
	return (0);
}

static int
vlanrotate_command(struct vlanrotate *sc, struct ng_mesg *msg, struct ng_mesg **resp)
{
	uint64_t v[COUNTERS];

	switch (msg->header.cmd) {
	case NGM_VLANROTATE_GET_CONF:
		NG_MKRESPONSE(*resp, msg, sizeof(sc->conf), M_NOWAIT);
		if (*resp == NULL)
			return (ENOMEM);
		memcpy((*resp)->data, &sc->conf, sizeof(sc->conf));
		return (0);
	case NGM_VLANROTATE_SET_CONF:
		return (set_conf(sc, msg));
	case NGM_VLANROTATE_GET_STAT:
	case NGM_VLANROTATE_GETCLR_STAT:
		NG_MKRESPONSE(*resp, msg, sizeof(v), M_NOWAIT);
		if (*resp == NULL)
			return (ENOMEM);
		for (int i = 0; i < COUNTERS; i++)
			v[i] = counter_u64_fetch(sc->count[i]);
		memcpy((*resp)->data, v, sizeof(v));
		if (msg->header.cmd == NGM_VLANROTATE_GET_STAT)
			return (0);
		/* FALLTHROUGH */
	case NGM_VLANROTATE_CLR_STAT:
		COUNTER_ARRAY_ZERO(sc->count, COUNTERS);
		return (0);
	default:
		return (EINVAL);
	}
}

static int
ng_vlanrotate_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	struct vlanrotate *sc = NG_NODE_PRIVATE(node);
	struct ng_mesg *msg, *resp = NULL;
	int error;

	NGI_GET_MSG(item, msg);
	error = msg->header.typecookie == NGM_VLANROTATE_COOKIE ? vlanrotate_command(sc, msg, &resp) : EINVAL;
	NG_RESPOND_MSG(error, node, item, resp);
	NG_FREE_MSG(msg);
	return (error);
}

static bool
is_tpid(uint16_t type)
{
	switch (type) {
	case ETHERTYPE_VLAN:
	case ETHERTYPE_QINQ:
	case ETHERTYPE_8021Q9100:
	case ETHERTYPE_8021Q9200:
	case ETHERTYPE_8021Q9300:
		return (true);
	default:
		return (false);
	}
}

/* The tags, at most MAX_TAGS of them: how many, or -1 when the frame ends too early: two bytes have to follow the type behind a tag. */
static int
read_tags(const struct mbuf *m, struct tag *tag)
{
	u_char type[ETHER_TYPE_LEN];
	int n, at = TAG_OFFSET;

	for (n = 0; n < MAX_TAGS; n++, at += (int)sizeof(*tag)) {
		if (m->m_pkthdr.len < at + (int)(n == 0 ? sizeof(type) : sizeof(*tag)))
			return (-1);
		m_copydata(m, at, sizeof(type), (caddr_t)type);
		if (!is_tpid(be16dec(type)))
			return (n);
		if (m->m_pkthdr.len < at + (int)sizeof(*tag))
			return (-1);
		m_copydata(m, at, sizeof(*tag), (caddr_t)&tag[n]);
	}
	return (m->m_pkthdr.len < at + (int)sizeof(*tag) ? -1 : n);
}

static int
vlanrotate_drop(struct vlanrotate *sc, item_p item, int error)
{
	counter_u64_add(sc->count[DROPS], 1);
	NG_FREE_ITEM(item);
	return (error);
}

/* Whatever becomes of it behind the next hook, here all went well. */
static int
vlanrotate_send(struct vlanrotate *sc, item_p item, int end)
{
	int error;

	if (sc->hook[end] == NULL)
		return (vlanrotate_drop(sc, item, ENOSYS));
	NG_FWD_ITEM_HOOK(error, item, sc->hook[end]);
	(void)error;
	return (0);
}

static int
ng_vlanrotate_rcvdata(hook_p hook, item_p item)
{
	struct vlanrotate *sc = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));
	const int rot = sc->conf.rot;
	struct tag in[MAX_TAGS], out[MAX_TAGS];
	struct mbuf *m;
	int n, by, to;

	if (hook == sc->hook[ORIGINAL]) {
		to = ORDERED;
		by = -rot;
	} else if (hook == sc->hook[ORDERED]) {
		to = ORIGINAL;
		by = rot;
	} else {
		return (vlanrotate_send(sc, item, ORIGINAL));
	}
	if (sc->hook[to] == NULL)
		return (vlanrotate_drop(sc, item, ENETDOWN)); /* it was not looked at */
	if ((n = read_tags(NGI_M(item), in)) < 0)
		return (vlanrotate_drop(sc, item, EINVAL));
	if (n > sc->conf.max || n >= MAX_TAGS) {
		counter_u64_add(sc->count[EXCESSIVES], 1);
		return (vlanrotate_send(sc, item, EXCESSIVE));
	}
	if (n < sc->conf.min || n <= abs(rot)) {
		counter_u64_add(sc->count[INCOMPLETES], 1);
		return (vlanrotate_send(sc, item, INCOMPLETE));
	}
	counter_u64_add(sc->count[HISTOGRAM + n], 1);
	if (rot != 0) {
		for (int i = 0; i < n; i++)
			out[i] = in[(i + by + n) % n];
		NGI_GET_M(item, m);
		if ((m = m_unshare(m, M_NOWAIT)) == NULL)
			return (vlanrotate_drop(sc, item, ENOBUFS));
		m_copyback(m, TAG_OFFSET, n * (int)sizeof(out[0]), (c_caddr_t)out);
		NGI_M(item) = m;
	}
	return (vlanrotate_send(sc, item, to));
}

static int
ng_vlanrotate_shutdown(node_p node)
{
	struct vlanrotate *sc = NG_NODE_PRIVATE(node);

	NG_NODE_SET_PRIVATE(node, NULL);
	COUNTER_ARRAY_FREE(sc->count, COUNTERS);
	free(sc, M_NETGRAPH_VLANROTATE);
	NG_NODE_UNREF(node);
	return (0);
}

static int
ng_vlanrotate_disconnect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);
	hook_p *place = NG_HOOK_PRIVATE(hook);

	*place = NULL;
	NG_HOOK_SET_PRIVATE(hook, NULL);
	if (NG_NODE_NUMHOOKS(node) == 0 && NG_NODE_IS_VALID(node))
		ng_rmnode_self(node);
	return (0);
}
