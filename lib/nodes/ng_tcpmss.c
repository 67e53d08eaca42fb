/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_tcpmss.c - TCP connections that have to go through a narrow link: the largest segment that each side offers when it opens
 * one is made no larger than fits.
 *
 * Packets run as readers, many at once; where a hook's packets go changes only while the node stands still, and what packets
 * count is counter(9).
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/endian.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/counter.h>
#include <sys/mbuf.h>

#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>
#include <netgraph/ng_parse.h>
#include <netgraph/ng_tcpmss.h>

#ifdef NG_SEPARATE_MALLOC
static MALLOC_DEFINE(M_NETGRAPH_TCPMSS, "netgraph_tcpmss", "netgraph tcpmss node");
#else
#define M_NETGRAPH_TCPMSS M_NETGRAPH
#endif

CTASSERT(sizeof(struct ng_tcpmss_hookstat) == 40);
CTASSERT(sizeof(struct ng_tcpmss_config) == 66);

/* Where things are in the headers of IPv4 and TCP, in bytes. */
enum {
	IP_FRAGMENT = 6, /* 13 bits of offset */
	IP_PROTOCOL = 9,
	IP_LEAST = 20,
	TCP_OFFSET = 12, /* in the upper four bits, words */
	TCP_FLAGS = 13,
	TCP_SUM = 16,
	TCP_LEAST = 20,
	TCP_MOST = 60
};
enum { PROTOCOL_TCP = 6, FLAG_SYN = 0x02, OPTION_END = 0, OPTION_NOP = 1, OPTION_MSS = 2, OPTION_MSS_LEN = 4 };

enum { OCTETS, PACKETS, SYNS, FIXED, COUNTERS };

struct tcpmss_hook {
	hook_p to; /* NULL: not configured, or that hook is gone */
	uint16_t max;
	counter_u64_t count[COUNTERS];
};

static ng_constructor_t ng_tcpmss_constructor;
static ng_rcvmsg_t ng_tcpmss_rcvmsg;
static ng_shutdown_t ng_tcpmss_shutdown;
static ng_newhook_t ng_tcpmss_newhook;
static ng_rcvdata_t ng_tcpmss_rcvdata;
static ng_disconnect_t ng_tcpmss_disconnect;

static const struct ng_parse_struct_field stat_fields[] = NG_TCPMSS_HOOKSTAT_INFO;
static const struct ng_parse_type stat_type = { .supertype = &ng_parse_struct_type, .info = &stat_fields };
static const struct ng_parse_struct_field config_fields[] = NG_TCPMSS_CONFIG_INFO;
static const struct ng_parse_type config_type = { .supertype = &ng_parse_struct_type, .info = &config_fields };

static const struct ng_cmdlist ng_tcpmss_cmdlist[] = {
	{ NGM_TCPMSS_COOKIE, NGM_TCPMSS_GET_STATS, "getstats", &ng_parse_hookbuf_type, &stat_type },
	{ NGM_TCPMSS_COOKIE, NGM_TCPMSS_CLR_STATS, "clrstats", &ng_parse_hookbuf_type, NULL },
	{ NGM_TCPMSS_COOKIE, NGM_TCPMSS_GETCLR_STATS, "getclrstats", &ng_parse_hookbuf_type, &stat_type },
	{ NGM_TCPMSS_COOKIE, NGM_TCPMSS_CONFIG, "config", &config_type, NULL },
	{ 0, 0, NULL, NULL, NULL }
};

static struct ng_type ng_tcpmss_type = {
	.version = NG_ABI_VERSION,
	.name = NG_TCPMSS_NODE_TYPE,
	.constructor = ng_tcpmss_constructor,
	.rcvmsg = ng_tcpmss_rcvmsg,
	.shutdown = ng_tcpmss_shutdown,
	.newhook = ng_tcpmss_newhook,
	.rcvdata = ng_tcpmss_rcvdata,
	.disconnect = ng_tcpmss_disconnect,
	.cmdlist = ng_tcpmss_cmdlist,
};
NETGRAPH_INIT(tcpmss, &ng_tcpmss_type);

static int
ng_tcpmss_constructor(node_p node)
{
	return (0);
}

static void
tcpmss_hook_free(struct tcpmss_hook *th)
{
	COUNTER_ARRAY_FREE(th->count, COUNTERS);
	free(th, M_NETGRAPH_TCPMSS);
}

static int
ng_tcpmss_newhook(node_p node, hook_p hook, const char *name)
{
	struct tcpmss_hook *th = malloc(sizeof(*th), M_NETGRAPH_TCPMSS, M_NOWAIT | M_ZERO);
	bool refused = false;

	if (th == NULL)
		return (ENOMEM);
	COUNTER_ARRAY_ALLOC(th->count, COUNTERS, M_NOWAIT);
	for (int i = 0; i < COUNTERS; i++)
		refused |= th->count[i] == NULL;
	if (refused) {
		tcpmss_hook_free(th);
		return (ENOMEM);
	}
	NG_HOOK_SET_PRIVATE(hook, th);
	return (0);
}

/* ---- commands ---- */

static int
stats(node_p node, struct ng_mesg *msg, struct ng_mesg **resp)
{
	struct ng_tcpmss_hookstat hs;
	struct tcpmss_hook *th;
	hook_p hook;

	if (msg->header.arglen != NG_HOOKSIZ)
		return (EINVAL);
	msg->data[NG_HOOKSIZ - 1] = '\0';
	if ((hook = ng_findhook(node, msg->data)) == NULL)
		return (ENOENT);
	th = NG_HOOK_PRIVATE(hook);
	if (msg->header.cmd != NGM_TCPMSS_CLR_STATS) {
		NG_MKRESPONSE(*resp, msg, sizeof(hs), M_NOWAIT);
		if (*resp == NULL)
			return (ENOMEM);
		bzero(&hs, sizeof(hs));
		hs.Octets = counter_u64_fetch(th->count[OCTETS]);
		hs.Packets = counter_u64_fetch(th->count[PACKETS]);
		hs.maxMSS = th->max;
		hs.SYNPkts = counter_u64_fetch(th->count[SYNS]);
		hs.FixedPkts = counter_u64_fetch(th->count[FIXED]);
		memcpy((*resp)->data, &hs, sizeof(hs));
	}
	if (msg->header.cmd != NGM_TCPMSS_GET_STATS) {
		COUNTER_ARRAY_ZERO(th->count, COUNTERS);
		th->max = 0;
	}
	return (0);
}

static int
configure(node_p node, const struct ng_mesg *msg)
{
	struct ng_tcpmss_config c;
	struct tcpmss_hook *th;
	hook_p in, out;

	if (msg->header.arglen != sizeof(c))
		return (EINVAL);
	memcpy(&c, msg->data, sizeof(c));
	c.inHook[sizeof(c.inHook) - 1] = c.outHook[sizeof(c.outHook) - 1] = '\0';
	if ((in = ng_findhook(node, c.inHook)) == NULL || (out = ng_findhook(node, c.outHook)) == NULL)
		return (ENOENT);
	th = NG_HOOK_PRIVATE(in);
	th->to = out;
	th->max = c.maxMSS;
	return (0);
}

static int
tcpmss_command(node_p node, struct ng_mesg *msg, struct ng_mesg **resp)
{
	switch (msg->header.cmd) {
	case NGM_TCPMSS_GET_STATS:
	case NGM_TCPMSS_CLR_STATS:
	case NGM_TCPMSS_GETCLR_STATS:
		return (stats(node, msg, resp));
	case NGM_TCPMSS_CONFIG:
		return (configure(node, msg));
	default:
		return (EINVAL);
	}
}

static int
ng_tcpmss_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	struct ng_mesg *msg, *resp = NULL;
	int error;

	NGI_GET_MSG(item, msg);
	error = msg->header.typecookie == NGM_TCPMSS_COOKIE ? tcpmss_command(node, msg, &resp) : EINVAL;
	NG_RESPOND_MSG(error, node, item, resp);
	NG_FREE_MSG(msg);
	return (error);
}

/* ---- packets: readers all of it ---- */

/* The checksum after one of its words became another (RFC 1624, section 3). */
static uint16_t
sum_after(uint16_t sum, uint16_t old, uint16_t new)
{
	uint32_t x = (uint16_t)~sum + (uint32_t)(uint16_t)~old + new;

	x = (x & 0xffff) + (x >> 16);
	x = (x & 0xffff) + (x >> 16);
	return ((uint16_t)~x);
}

/* In a TCP header of len bytes. True when something was lowered. */
static bool
lower(u_char *tcp, int len, uint16_t max, bool with_sum)
{
	uint16_t old, new;
	bool lowered = false;

	for (int at = TCP_LEAST, step; at < len && tcp[at] != OPTION_END; at += step) {
		if (tcp[at] == OPTION_NOP) {
			step = 1;
			continue;
		}
		if (at + 1 >= len || (step = tcp[at + 1]) < 2 || at + step > len)
			break;
		if (tcp[at] != OPTION_MSS || step != OPTION_MSS_LEN || (old = be16dec(tcp + at + 2)) <= max)
			continue;
		lowered = true;
		be16enc(tcp + at + 2, new = max);
		if ((at & 1) != 0) { /* its bytes belong to two words of the sum: in the places of one they count the same */
			old = bswap16(old);
			new = bswap16(new);
		}
		if (with_sum)
			be16enc(tcp + TCP_SUM, sum_after(be16dec(tcp + TCP_SUM), old, new));
	}
	return (lowered);
}

static int
drop(item_p item, int error)
{
	NG_FREE_ITEM(item);
	return (error);
}

static int
ng_tcpmss_rcvdata(hook_p hook, item_p item)
{
	struct tcpmss_hook *th = NG_HOOK_PRIVATE(hook);
	struct mbuf *m = NGI_M(item);
	const int len = m->m_pkthdr.len;
	u_char ip[IP_LEAST], tcp[TCP_MOST];
	int error, ip_len, tcp_len;

	counter_u64_add(th->count[OCTETS], len);
	counter_u64_add(th->count[PACKETS], 1);
	if (th->to == NULL)
		return (drop(item, 0));
	if (th->max == 0 || len < IP_LEAST + TCP_LEAST)
		goto send;
	m_copydata(m, 0, sizeof(ip), (caddr_t)ip);
	ip_len = (ip[0] & 0x0f) * 4;
	if (ip[0] >> 4 != 4 || ip_len < IP_LEAST)
		return (drop(item, EINVAL));
	if (ip[IP_PROTOCOL] != PROTOCOL_TCP || (be16dec(ip + IP_FRAGMENT) & 0x1fff) != 0 || len < ip_len + TCP_LEAST)
		goto send;
	m_copydata(m, ip_len, TCP_LEAST, (caddr_t)tcp);
	tcp_len = (tcp[TCP_OFFSET] >> 4) * 4;
	if (tcp_len < TCP_LEAST || len < ip_len + tcp_len)
		return (drop(item, EINVAL));
	if ((tcp[TCP_FLAGS] & FLAG_SYN) == 0 || tcp_len == TCP_LEAST)
		goto send;
	counter_u64_add(th->count[SYNS], 1);
	m_copydata(m, ip_len, tcp_len, (caddr_t)tcp);
	if (!lower(tcp, tcp_len, th->max, (m->m_pkthdr.csum_flags & CSUM_TCP) == 0))
		goto send;
	NGI_GET_M(item, m);
	if ((m = m_unshare(m, M_NOWAIT)) == NULL)
		return (drop(item, ENOBUFS));
	m_copyback(m, ip_len, tcp_len, (c_caddr_t)tcp);
	NGI_M(item) = m;
	counter_u64_add(th->count[FIXED], 1);
send:
	NG_FWD_ITEM_HOOK(error, item, th->to);
	return (error);
}

/* ---- ends ---- */

static int
ng_tcpmss_shutdown(node_p node)
{
	NG_NODE_UNREF(node);
	return (0);
}

static int
ng_tcpmss_disconnect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);
	struct tcpmss_hook *th;
	hook_p other;

	LIST_FOREACH(other, &node->nd_hooks, hk_hooks) {
		th = NG_HOOK_PRIVATE(other);
		if (th != NULL && th->to == hook)
			th->to = NULL;
	}
	tcpmss_hook_free(NG_HOOK_PRIVATE(hook));
	NG_HOOK_SET_PRIVATE(hook, NULL);
	if (NG_NODE_NUMHOOKS(node) == 0 && NG_NODE_IS_VALID(node))
		ng_rmnode_self(node);
	return (0);
}
