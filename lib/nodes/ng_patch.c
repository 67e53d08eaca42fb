/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_patch.c - arithmetic on packets: numbers at given places are set, added to, shifted.
 *
 * Packets run as readers, many at once; hooks and the list of operations change only while the node stands still, so they are
 * read plainly, and what packets count is counter(9).
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/endian.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/limits.h>
#include <sys/malloc.h>
#include <sys/counter.h>
#include <sys/mbuf.h>

#include <net/bpf.h>
#include <net/ethernet.h>

#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>
#include <netgraph/ng_parse.h>
#include <netgraph/ng_patch.h>

#ifdef NG_SEPARATE_MALLOC
static MALLOC_DEFINE(M_NETGRAPH_PATCH, "netgraph_patch", "netgraph patch node");
#else
#define M_NETGRAPH_PATCH M_NETGRAPH
#endif

CTASSERT(sizeof(struct ng_patch_op) == 16);
CTASSERT(sizeof(struct ng_patch_config) == 24);

#define SUMS (NG_PATCH_CSUM_IPV4 | NG_PATCH_CSUM_IPV6)

/* In the order of struct ng_patch_stats. */
enum { RECEIVED, PATCHED, DROPPED, COUNTERS };
CTASSERT(sizeof(struct ng_patch_stats) == COUNTERS * sizeof(uint64_t));

struct patch {
	hook_p in, out; /* the last ones attached; NULL: none */
	struct ng_patch_config *config; /* NULL: none yet */
	uint8_t dlt;
	counter_u64_t count[COUNTERS];
};

/* Private data of a hook: which way it looks. */
static char way_in, way_out;

static ng_constructor_t ng_patch_constructor;
static ng_rcvmsg_t ng_patch_rcvmsg;
static ng_shutdown_t ng_patch_shutdown;
static ng_newhook_t ng_patch_newhook;
static ng_rcvdata_t ng_patch_rcvdata;
static ng_disconnect_t ng_patch_disconnect;

static int
ops_length(const struct ng_parse_type *type, const u_char *start, const u_char *buf)
{
	uint32_t n;

	memcpy(&n, buf - offsetof(struct ng_patch_config, ops), sizeof(n));
	return (n > INT_MAX ? -1 : (int)n);
}

static const struct ng_parse_struct_field op_fields[] = NG_PATCH_OP_TYPE;
static const struct ng_parse_type op_type = { .supertype = &ng_parse_struct_type, .info = &op_fields };
static const struct ng_parse_array_info ops_info = { &op_type, ops_length, NULL };
static const struct ng_parse_type ng_patch_ops_array_type = { .supertype = &ng_parse_array_type, .info = &ops_info };
static const struct ng_parse_struct_field config_fields[] = NG_PATCH_CONFIG_TYPE;
static const struct ng_parse_type config_type = { .supertype = &ng_parse_struct_type, .info = &config_fields };
static const struct ng_parse_struct_field stats_fields[] = NG_PATCH_STATS_TYPE;
static const struct ng_parse_type stats_type = { .supertype = &ng_parse_struct_type, .info = &stats_fields };

static const struct ng_cmdlist ng_patch_cmdlist[] = {
	{ NGM_PATCH_COOKIE, NGM_PATCH_SETCONFIG, "setconfig", &config_type, NULL },
	{ NGM_PATCH_COOKIE, NGM_PATCH_GETCONFIG, "getconfig", NULL, &config_type },
	{ NGM_PATCH_COOKIE, NGM_PATCH_GET_STATS, "getstats", NULL, &stats_type },
	{ NGM_PATCH_COOKIE, NGM_PATCH_CLR_STATS, "clrstats", NULL, NULL },
	{ NGM_PATCH_COOKIE, NGM_PATCH_GETCLR_STATS, "getclrstats", NULL, &stats_type },
	{ NGM_PATCH_COOKIE, NGM_PATCH_GETDLT, "getdlt", NULL, &ng_parse_uint8_type },
	{ NGM_PATCH_COOKIE, NGM_PATCH_SETDLT, "setdlt", &ng_parse_uint8_type, NULL },
	{ 0, 0, NULL, NULL, NULL }
};

static struct ng_type ng_patch_type = {
	.version = NG_ABI_VERSION,
	.name = NG_PATCH_NODE_TYPE,
	.constructor = ng_patch_constructor,
	.rcvmsg = ng_patch_rcvmsg,
	.shutdown = ng_patch_shutdown,
	.newhook = ng_patch_newhook,
	.rcvdata = ng_patch_rcvdata,
	.disconnect = ng_patch_disconnect,
	.cmdlist = ng_patch_cmdlist,
};
NETGRAPH_INIT(patch, &ng_patch_type);

static int
ng_patch_constructor(node_p node)
{
	struct patch *sc = malloc(sizeof(*sc), M_NETGRAPH_PATCH, M_WAITOK | M_ZERO);

	COUNTER_ARRAY_ALLOC(sc->count, COUNTERS, M_WAITOK);
	sc->dlt = DLT_RAW;
	NG_NODE_SET_PRIVATE(node, sc);
	return (0);
}

static int
ng_patch_newhook(node_p node, hook_p hook, const char *name)
{
	struct patch *sc = NG_NODE_PRIVATE(node);

	if (strncmp(name, NG_PATCH_HOOK_IN, strlen(NG_PATCH_HOOK_IN)) == 0) {
		sc->in = hook;
		NG_HOOK_SET_PRIVATE(hook, &way_in);
	} else if (strncmp(name, NG_PATCH_HOOK_OUT, strlen(NG_PATCH_HOOK_OUT)) == 0) {
		sc->out = hook;
		NG_HOOK_SET_PRIVATE(hook, &way_out);
	} else {
		return (EINVAL);
	}
	return (0);
}

/* ---- commands ---- */

/* As much of a value as the number has bytes. */
static uint64_t
fit(uint64_t v, int length)
{
	return (length == 8 ? v : v & ((UINT64_C(1) << 8 * length) - 1));
}

static bool
op_valid(const struct ng_patch_op *op)
{
	return ((op->length == 1 || op->length == 2 || op->length == 4 || op->length == 8) && op->mode >= NG_PATCH_MODE_SET &&
	    op->mode <= NG_PATCH_MODE_SHR && (op->mode != NG_PATCH_MODE_DIV || fit(op->val.v8, op->length) != 0));
}

static int
set_config(struct patch *sc, const struct ng_mesg *msg)
{
	struct ng_patch_config head, *c;
	size_t size;

	if (msg->header.arglen < sizeof(head))
		return (EINVAL);
	memcpy(&head, msg->data, sizeof(head));
	if (head.count > (msg->header.arglen - sizeof(head)) / sizeof(c->ops[0]))
		return (EINVAL);
	size = sizeof(head) + head.count * sizeof(c->ops[0]);
	if ((c = malloc(size, M_NETGRAPH_PATCH, M_NOWAIT)) == NULL)
		return (ENOMEM);
	memcpy(c, msg->data, size);
	for (uint32_t i = 0; i < c->count; i++)
		if (!op_valid(&c->ops[i])) {
			free(c, M_NETGRAPH_PATCH);
			return (EINVAL);
		}
	c->csum_flags &= SUMS;
	c->relative_offset = c->relative_offset != 0;
	free(sc->config, M_NETGRAPH_PATCH);
	sc->config = c;
	return (0);
}

static int
patch_command(struct patch *sc, struct ng_mesg *msg, struct ng_mesg **resp)
{
	uint64_t v[COUNTERS];
	size_t size;

	switch (msg->header.cmd) {
	case NGM_PATCH_SETCONFIG:
		return (set_config(sc, msg));
	case NGM_PATCH_GETCONFIG:
		if (sc->config == NULL)
			return (0);
		size = sizeof(*sc->config) + sc->config->count * sizeof(sc->config->ops[0]);
		NG_MKRESPONSE(*resp, msg, size, M_NOWAIT);
		if (*resp == NULL)
			return (ENOMEM);
		memcpy((*resp)->data, sc->config, size);
		return (0);
	case NGM_PATCH_GET_STATS:
	case NGM_PATCH_GETCLR_STATS:
		NG_MKRESPONSE(*resp, msg, sizeof(v), M_NOWAIT);
		if (*resp == NULL)
			return (ENOMEM);
		for (int i = 0; i < COUNTERS; i++)
			v[i] = counter_u64_fetch(sc->count[i]);
		memcpy((*resp)->data, v, sizeof(v));
		if (msg->header.cmd == NGM_PATCH_GET_STATS)
			return (0);
		/* FALLTHROUGH */
	case NGM_PATCH_CLR_STATS:
		COUNTER_ARRAY_ZERO(sc->count, COUNTERS);
		return (0);
	case NGM_PATCH_GETDLT:
		NG_MKRESPONSE(*resp, msg, sizeof(sc->dlt), M_NOWAIT);
		if (*resp == NULL)
			return (ENOMEM);
		memcpy((*resp)->data, &sc->dlt, sizeof(sc->dlt));
		return (0);
	case NGM_PATCH_SETDLT:
		if (msg->header.arglen != sizeof(sc->dlt) || ((uint8_t)msg->data[0] != DLT_EN10MB && (uint8_t)msg->data[0] != DLT_RAW))
			return (EINVAL);
		sc->dlt = (uint8_t)msg->data[0];
		return (0);
	default:
		return (EINVAL);
	}
}

static int
ng_patch_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	struct ng_mesg *msg, *resp = NULL;
	int error;

	NGI_GET_MSG(item, msg);
	error = msg->header.typecookie == NGM_PATCH_COOKIE ? patch_command(NG_NODE_PRIVATE(node), msg, &resp) : EINVAL;
	NG_RESPOND_MSG(error, node, item, resp);
	NG_FREE_MSG(msg);
	return (error);
}

/* ---- packets: readers all of it ---- */

/* Where offsets count from: behind header and tags; -1 if the frame ends before. */
static int
behind_header(const struct mbuf *m)
{
	u_char type[ETHER_TYPE_LEN];

	for (int at = 2 * ETHER_ADDR_LEN;; at += ETHER_VLAN_ENCAP_LEN) {
		if (m->m_pkthdr.len < at + ETHER_TYPE_LEN)
			return (-1);
		m_copydata(m, at, sizeof(type), (caddr_t)type);
		switch (be16dec(type)) {
		case ETHERTYPE_VLAN:
		case ETHERTYPE_QINQ:
		case ETHERTYPE_8021Q9100:
			break;
		default:
			return (at + ETHER_TYPE_LEN);
		}
	}
}

static uint64_t
calculate(uint64_t v, const struct ng_patch_op *op)
{
	const uint64_t val = fit(op->val.v8, op->length);

	switch (op->mode) {
	case NG_PATCH_MODE_SET:
		return (val);
	case NG_PATCH_MODE_ADD:
		return (v + val);
	case NG_PATCH_MODE_SUB:
		return (v - val);
	case NG_PATCH_MODE_MUL:
		return (v * val);
	case NG_PATCH_MODE_DIV:
		return (v / val);
	case NG_PATCH_MODE_NEG:
		return (0 - v);
	case NG_PATCH_MODE_AND:
		return (v & val);
	case NG_PATCH_MODE_OR:
		return (v | val);
	case NG_PATCH_MODE_XOR:
		return (v ^ val);
	case NG_PATCH_MODE_SHL:
		return (val < 64 ? v << val : 0);
	case NG_PATCH_MODE_SHR:
		return (val < 64 ? v >> val : 0);
	default:
		return (v);
	}
}

/* One operation that lies within the packet. The number stands at the end of eight bytes. */
static void
operate(struct mbuf *m, int at, const struct ng_patch_op *op)
{
	u_char b[8] = { 0 };

	m_copydata(m, at, op->length, (caddr_t)b + sizeof(b) - op->length);
	be64enc(b, calculate(be64dec(b), op));
	m_copyback(m, at, op->length, (c_caddr_t)b + sizeof(b) - op->length);
}

static bool
within(const struct mbuf *m, int base, const struct ng_patch_op *op)
{
	return ((uint64_t)base + op->offset + op->length <= (uint64_t)m->m_pkthdr.len);
}

/* What may be done is done. NULL: no memory for a copy of what is shared, the packet is gone. */
static struct mbuf *
work(struct patch *sc, struct mbuf *m)
{
	const struct ng_patch_config *c = sc->config;
	int base = 0;
	bool any = false;

	if (c->relative_offset != 0 && sc->dlt == DLT_EN10MB && (base = behind_header(m)) < 0)
		return (m);
	m->m_pkthdr.csum_flags |= (uint32_t)c->csum_flags;
	for (uint32_t i = 0; i < c->count; i++) {
		if (!within(m, base, &c->ops[i]))
			continue;
		if (!any && (m = m_unshare(m, M_NOWAIT)) == NULL)
			return (NULL);
		any = true;
		operate(m, base + (int)c->ops[i].offset, &c->ops[i]);
	}
	if (any)
		counter_u64_add(sc->count[PATCHED], 1);
	return (m);
}

static int
ng_patch_rcvdata(hook_p hook, item_p item)
{
	struct patch *sc = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));
	struct mbuf *m;
	hook_p to;
	int error;

	if (NG_HOOK_PRIVATE(hook) == &way_out) {
		if ((to = sc->in) == NULL) {
			counter_u64_add(sc->count[DROPPED], 1);
			NG_FREE_ITEM(item);
			return (0);
		}
	} else {
		counter_u64_add(sc->count[RECEIVED], 1);
		if (sc->config != NULL) {
			NGI_GET_M(item, m);
			if ((m = work(sc, m)) == NULL) {
				counter_u64_add(sc->count[DROPPED], 1);
				NG_FREE_ITEM(item);
				return (ENOBUFS);
			}
			NGI_M(item) = m;
		}
		to = sc->out != NULL ? sc->out : hook;
	}
	NG_FWD_ITEM_HOOK(error, item, to);
	return (error);
}

#ifdef NGU_BURST_MAX
static int
ng_patch_rcvburst(hook_p hook, struct mbuf **vec, unsigned n, size_t bytes)
{
	struct patch *sc = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));
	unsigned left = 0;
	int error;

	if (NG_HOOK_PRIVATE(hook) == &way_out) {
		if (sc->in != NULL)
			return (ngu_send_burst(sc->in, vec, n, bytes));
		counter_u64_add(sc->count[DROPPED], n);
		for (unsigned i = 0; i < n; i++)
			m_freem(vec[i]);
		return (0);
	}
	counter_u64_add(sc->count[RECEIVED], n);
	if (sc->config != NULL) {
		for (unsigned i = 0; i < n; i++)
			if ((vec[left] = work(sc, vec[i])) != NULL)
				left++;
	} else {
		left = n;
	}
	error = left != 0 ? ngu_send_burst(sc->out != NULL ? sc->out : hook, vec, left, left == n ? bytes : 0) : 0;
	if (left == n)
		return (error);
	counter_u64_add(sc->count[DROPPED], n - left);
	return (ENOBUFS);
}
NGU_BURST_INIT(patch, &ng_patch_type, ng_patch_rcvburst);
#endif

/* ---- ends ---- */

static int
ng_patch_shutdown(node_p node)
{
	struct patch *sc = NG_NODE_PRIVATE(node);

	NG_NODE_SET_PRIVATE(node, NULL);
	COUNTER_ARRAY_FREE(sc->count, COUNTERS);
	free(sc->config, M_NETGRAPH_PATCH);
	free(sc, M_NETGRAPH_PATCH);
	NG_NODE_UNREF(node);
	return (0);
}

static int
ng_patch_disconnect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);
	struct patch *sc = NG_NODE_PRIVATE(node);

	if (hook == sc->in)
		sc->in = NULL;
	if (hook == sc->out)
		sc->out = NULL;
	if (NG_NODE_NUMHOOKS(node) == 0 && NG_NODE_IS_VALID(node))
		ng_rmnode_self(node);
	return (0);
}
