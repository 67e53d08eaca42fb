/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_checksum.c - the checksums of IP, UDP and TCP: computed here, or prepared for hardware that is to do it.
 *
 * Packets run as readers, many at once; hooks and configuration change only while the node stands still, so they are read
 * plainly, and what packets count is counter(9).
 *
 * A packet is looked at through copies of its headers; only the two bytes of a sum are written, into storage of its own.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/endian.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/counter.h>
#include <sys/mbuf.h>

#include <net/bpf.h>
#include <net/ethernet.h>

#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>
#include <netgraph/ng_parse.h>
#include <netgraph/ng_checksum.h>

#ifdef NG_SEPARATE_MALLOC
static MALLOC_DEFINE(M_NETGRAPH_CHECKSUM, "netgraph_checksum", "netgraph checksum node");
#else
#define M_NETGRAPH_CHECKSUM M_NETGRAPH
#endif

CTASSERT(sizeof(struct ng_checksum_config) == 16);

#define SUMS (NG_CHECKSUM_CSUM_IPV4 | NG_CHECKSUM_CSUM_IPV6)

/* Where things are in the headers, in bytes. */
enum {
	IP4_TOTAL = 2,
	IP4_FRAGMENT = 6, /* more fragments, and 13 bits of offset */
	IP4_PROTOCOL = 9,
	IP4_SUM = 10,
	IP4_ADDRESSES = 12,
	IP4_LEAST = 20,
	IP6_PAYLOAD = 4,
	IP6_NEXT = 6,
	IP6_ADDRESSES = 8,
	IP6_LEN = 40,
	UDP_LENGTH = 4,
	UDP_SUM = 6,
	UDP_LEAST = 8,
	TCP_SUM = 16,
	TCP_LEAST = 20
};
enum { HOP_BY_HOP = 0, TCP = 6, UDP = 17, ROUTING = 43, DESTINATION = 60 };

/* In the order of struct ng_checksum_stats. */
enum { RECEIVED, PROCESSED, DROPPED, COUNTERS };
CTASSERT(sizeof(struct ng_checksum_stats) == COUNTERS * sizeof(uint64_t));

struct checksum {
	hook_p in, out; /* the last ones attached; NULL: none */
	bool configured;
	struct ng_checksum_config conf;
	uint8_t dlt;
	counter_u64_t count[COUNTERS];
};

/* Private data of a hook: which way it looks. */
static char way_in, way_out;

static ng_constructor_t ng_checksum_constructor;
static ng_rcvmsg_t ng_checksum_rcvmsg;
static ng_shutdown_t ng_checksum_shutdown;
static ng_newhook_t ng_checksum_newhook;
static ng_rcvdata_t ng_checksum_rcvdata;
static ng_disconnect_t ng_checksum_disconnect;

static const struct ng_parse_struct_field config_fields[] = NG_CHECKSUM_CONFIG_TYPE;
static const struct ng_parse_type config_type = { .supertype = &ng_parse_struct_type, .info = &config_fields };
static const struct ng_parse_struct_field stats_fields[] = NG_CHECKSUM_STATS_TYPE;
static const struct ng_parse_type stats_type = { .supertype = &ng_parse_struct_type, .info = &stats_fields };

static const struct ng_cmdlist ng_checksum_cmdlist[] = {
	{ NGM_CHECKSUM_COOKIE, NGM_CHECKSUM_GETDLT, "getdlt", NULL, &ng_parse_uint8_type },
	{ NGM_CHECKSUM_COOKIE, NGM_CHECKSUM_SETDLT, "setdlt", &ng_parse_uint8_type, NULL },
	{ NGM_CHECKSUM_COOKIE, NGM_CHECKSUM_GETCONFIG, "getconfig", NULL, &config_type },
	{ NGM_CHECKSUM_COOKIE, NGM_CHECKSUM_SETCONFIG, "setconfig", &config_type, NULL },
	{ NGM_CHECKSUM_COOKIE, NGM_CHECKSUM_GETCLR_STATS, "getclrstats", NULL, &stats_type },
	{ NGM_CHECKSUM_COOKIE, NGM_CHECKSUM_GET_STATS, "getstats", NULL, &stats_type },
	{ NGM_CHECKSUM_COOKIE, NGM_CHECKSUM_CLR_STATS, "clrstats", NULL, NULL },
	{ 0, 0, NULL, NULL, NULL }
};

static struct ng_type ng_checksum_type = {
	.version = NG_ABI_VERSION,
	.name = NG_CHECKSUM_NODE_TYPE,
	.constructor = ng_checksum_constructor,
	.rcvmsg = ng_checksum_rcvmsg,
	.shutdown = ng_checksum_shutdown,
	.newhook = ng_checksum_newhook,
	.rcvdata = ng_checksum_rcvdata,
	.disconnect = ng_checksum_disconnect,
	.cmdlist = ng_checksum_cmdlist,
};
NETGRAPH_INIT(checksum, &ng_checksum_type);

static int
ng_checksum_constructor(node_p node)
{
	struct checksum *sc = malloc(sizeof(*sc), M_NETGRAPH_CHECKSUM, M_WAITOK | M_ZERO);

	COUNTER_ARRAY_ALLOC(sc->count, COUNTERS, M_WAITOK);
	sc->dlt = DLT_RAW;
	NG_NODE_SET_PRIVATE(node, sc);
	return (0);
}

static int
ng_checksum_newhook(node_p node, hook_p hook, const char *name)
{
	struct checksum *sc = NG_NODE_PRIVATE(node);

	if (strncmp(name, NG_CHECKSUM_HOOK_IN, strlen(NG_CHECKSUM_HOOK_IN)) == 0) {
		sc->in = hook;
		NG_HOOK_SET_PRIVATE(hook, &way_in);
	} else if (strncmp(name, NG_CHECKSUM_HOOK_OUT, strlen(NG_CHECKSUM_HOOK_OUT)) == 0) {
		sc->out = hook;
		NG_HOOK_SET_PRIVATE(hook, &way_out);
	} else {
		return (EINVAL);
	}
	return (0);
}

/* ---- commands ---- */

static int
reply(struct ng_mesg *msg, struct ng_mesg **resp, const void *from, size_t len)
{
	NG_MKRESPONSE(*resp, msg, len, M_NOWAIT);
	if (*resp == NULL)
		return (ENOMEM);
	memcpy((*resp)->data, from, len);
	return (0);
}

static int
checksum_command(struct checksum *sc, struct ng_mesg *msg, struct ng_mesg **resp)
{
	uint64_t v[COUNTERS];

	switch (msg->header.cmd) {
	case NGM_CHECKSUM_GETDLT:
		return (reply(msg, resp, &sc->dlt, sizeof(sc->dlt)));
	case NGM_CHECKSUM_SETDLT:
		if (msg->header.arglen != sizeof(sc->dlt) || ((uint8_t)msg->data[0] != DLT_EN10MB && (uint8_t)msg->data[0] != DLT_RAW))
			return (EINVAL);
		sc->dlt = (uint8_t)msg->data[0];
		return (0);
	case NGM_CHECKSUM_GETCONFIG:
		return (sc->configured ? reply(msg, resp, &sc->conf, sizeof(sc->conf)) : 0);
	case NGM_CHECKSUM_SETCONFIG:
		if (msg->header.arglen != sizeof(sc->conf))
			return (EINVAL);
		memcpy(&sc->conf, msg->data, sizeof(sc->conf));
		sc->conf.csum_flags &= SUMS;
		sc->conf.csum_offload &= SUMS;
		sc->configured = true;
		return (0);
	case NGM_CHECKSUM_GET_STATS:
	case NGM_CHECKSUM_GETCLR_STATS:
		for (int i = 0; i < COUNTERS; i++)
			v[i] = counter_u64_fetch(sc->count[i]);
		if (reply(msg, resp, v, sizeof(v)) != 0)
			return (ENOMEM);
		if (msg->header.cmd == NGM_CHECKSUM_GET_STATS)
			return (0);
		/* FALLTHROUGH */
	case NGM_CHECKSUM_CLR_STATS:
		COUNTER_ARRAY_ZERO(sc->count, COUNTERS);
		return (0);
	default:
		return (EINVAL);
	}
}

static int
ng_checksum_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	struct ng_mesg *msg, *resp = NULL;
	int error;

	NGI_GET_MSG(item, msg);
	error = msg->header.typecookie == NGM_CHECKSUM_COOKIE ? checksum_command(NG_NODE_PRIVATE(node), msg, &resp) : EINVAL;
	NG_RESPOND_MSG(error, node, item, resp);
	NG_FREE_MSG(msg);
	return (error);
}

/* ---- sums ---- */

/* Of words in network order; pieces may have any length. */
struct sum {
	uint64_t all;
	bool odd; /* the next byte is the lower one of its word */
};

static int
add(void *arg, void *data, u_int len)
{
	struct sum *s = arg;
	const u_char *p = data, *end = p + len;

	if (s->odd && p < end) {
		s->all += *p++;
		s->odd = false;
	}
	for (; end - p >= 2; p += 2)
		s->all += be16dec(p);
	if (p < end) {
		s->all += (uint64_t)*p << 8;
		s->odd = true;
	}
	return (0);
}

static uint16_t
folded(uint64_t all)
{
	while (all >> 16 != 0)
		all = (all & 0xffff) + (all >> 16);
	return ((uint16_t)all);
}

/* ---- packets: readers all of it ---- */

/* What a packet turned out to be. */
struct found {
	int ip, ip_len;	      /* header of IP: where, how long */
	bool v4;
	int l4, l4_len;	      /* what is in it; 0: nothing that has a sum here */
	int l4_sum;	      /* where in it its sum is */
	uint32_t l4_flag;     /* who asks for it */
	uint64_t pseudo;      /* sum of the pseudo-header */
};

/* Where IP begins; -1 if it does not. */
static int
behind_link(const struct checksum *sc, const struct mbuf *m)
{
	u_char type[ETHER_TYPE_LEN];

	if (sc->dlt == DLT_RAW)
		return (0);
	for (int at = 2 * ETHER_ADDR_LEN;; at += ETHER_VLAN_ENCAP_LEN) {
		if (m->m_pkthdr.len < at + ETHER_TYPE_LEN)
			return (-1);
		m_copydata(m, at, sizeof(type), (caddr_t)type);
		switch (be16dec(type)) {
		case ETHERTYPE_VLAN:
		case ETHERTYPE_QINQ:
		case ETHERTYPE_8021Q9100:
			break;
		case ETHERTYPE_IP:
		case ETHERTYPE_IPV6:
			return (at + ETHER_TYPE_LEN);
		default:
			return (-1);
		}
	}
}

/* UDP or TCP in so many bytes. False: it cannot be. */
static bool
find_l4(const struct mbuf *m, int protocol, int at, int len, struct found *f)
{
	u_char b[2];

	if (protocol == UDP) {
		if (len < UDP_LEAST)
			return (false);
		m_copydata(m, at + UDP_LENGTH, sizeof(b), (caddr_t)b);
		if (be16dec(b) < UDP_LEAST || be16dec(b) > len)
			return (false);
		len = be16dec(b);
		f->l4_sum = UDP_SUM;
		f->l4_flag = f->v4 ? CSUM_UDP : CSUM_UDP_IPV6;
	} else if (protocol == TCP) {
		if (len < TCP_LEAST)
			return (false);
		f->l4_sum = TCP_SUM;
		f->l4_flag = f->v4 ? CSUM_TCP : CSUM_TCP_IPV6;
	} else {
		return (true);
	}
	f->l4 = at;
	f->l4_len = len;
	f->pseudo += (uint64_t)protocol + (uint64_t)len;
	return (true);
}

static bool
find_v4(const struct mbuf *m, struct found *f)
{
	struct sum s = { 0, false };
	u_char ip[IP4_LEAST];
	int total;

	f->v4 = true;
	m_copydata(m, f->ip, sizeof(ip), (caddr_t)ip);
	f->ip_len = (ip[0] & 0x0f) * 4;
	total = be16dec(ip + IP4_TOTAL);
	if (f->ip_len < IP4_LEAST || total < f->ip_len || total > m->m_pkthdr.len - f->ip)
		return (false);
	if ((be16dec(ip + IP4_FRAGMENT) & 0x3fff) != 0)
		return (true); /* all of its data are not here */
	(void)add(&s, ip + IP4_ADDRESSES, 8);
	f->pseudo = s.all;
	return (find_l4(m, ip[IP4_PROTOCOL], f->ip + f->ip_len, total - f->ip_len, f));
}

static bool
find_v6(const struct mbuf *m, struct found *f)
{
	struct sum s = { 0, false };
	u_char ip[IP6_LEN], ext[4];
	int at = f->ip + IP6_LEN, left, len, next;

	if (m->m_pkthdr.len < at)
		return (false);
	m_copydata(m, f->ip, sizeof(ip), (caddr_t)ip);
	left = be16dec(ip + IP6_PAYLOAD);
	if (left == 0 || left > m->m_pkthdr.len - at)
		return (false);
	f->ip_len = IP6_LEN;
	for (next = ip[IP6_NEXT]; next == HOP_BY_HOP || next == ROUTING || next == DESTINATION; at += len, left -= len) {
		if (left < 8)
			return (false);
		m_copydata(m, at, sizeof(ext), (caddr_t)ext);
		if (next == ROUTING && ext[3] != 0)
			return (true); /* its last destination is another one */
		next = ext[0];
		len = (ext[1] + 1) * 8;
		if (left < len)
			return (false);
	}
	(void)add(&s, ip + IP6_ADDRESSES, 32);
	f->pseudo = s.all;
	return (find_l4(m, next, at, left, f));
}

static bool
find(const struct checksum *sc, const struct mbuf *m, struct found *f)
{
	u_char version;

	bzero(f, sizeof(*f));
	if ((f->ip = behind_link(sc, m)) < 0 || m->m_pkthdr.len - f->ip < IP4_LEAST)
		return (false);
	m_copydata(m, f->ip, 1, (caddr_t)&version);
	return (version >> 4 == 4 ? find_v4(m, f) : version >> 4 == 6 && find_v6(m, f));
}

static void
write_sum(struct mbuf *m, int at, uint16_t v)
{
	u_char b[2];

	be16enc(b, v);
	m_copyback(m, at, sizeof(b), (c_caddr_t)b);
}

/* The sum of `len` bytes with that begun, the place of the sum itself counting as zero. */
static uint16_t
sum_of(struct mbuf *m, int at, int len, int sum_at, uint64_t begun)
{
	struct sum s = { begun, false };

	write_sum(m, sum_at, 0);
	(void)m_apply(m, at, len, add, &s);
	return ((uint16_t)~folded(s.all));
}

/* What is asked for is done. NULL: no memory for a copy of what is shared, the packet is gone. */
static struct mbuf *
work(struct checksum *sc, struct mbuf *m)
{
	uint32_t asked = (m->m_pkthdr.csum_flags & SUMS) | (uint32_t)sc->conf.csum_flags;
	const uint32_t offload = (uint32_t)sc->conf.csum_offload;
	struct found f;
	uint16_t v;

	if (asked == 0 || !find(sc, m, &f))
		return (m);
	asked &= (f.v4 ? CSUM_IP : 0) | f.l4_flag; /* nothing else is here to be asked for */
	if (asked != 0 && (m = m_unshare(m, M_NOWAIT)) == NULL)
		return (NULL);
	if (f.l4_flag != 0 && (asked & f.l4_flag) != 0) {
		if ((offload & f.l4_flag) != 0) {
			write_sum(m, f.l4 + f.l4_sum, folded(f.pseudo));
			m->m_pkthdr.csum_data = (uint32_t)f.l4_sum;
		} else {
			v = sum_of(m, f.l4, f.l4_len, f.l4 + f.l4_sum, f.pseudo);
			if (v == 0 && f.l4_sum == UDP_SUM)
				v = 0xffff; /* 0 says that there is none */
			write_sum(m, f.l4 + f.l4_sum, v);
		}
	}
	if ((asked & CSUM_IP) != 0) {
		v = sum_of(m, f.ip, f.ip_len, f.ip + IP4_SUM, 0);
		if ((offload & CSUM_IP) == 0)
			write_sum(m, f.ip + IP4_SUM, v);
	}
	m->m_pkthdr.csum_flags = (m->m_pkthdr.csum_flags & ~(uint32_t)SUMS) | (asked & offload);
	if (asked != 0)
		counter_u64_add(sc->count[PROCESSED], 1);
	return (m);
}

static int
ng_checksum_rcvdata(hook_p hook, item_p item)
{
	struct checksum *sc = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));
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
		if (sc->configured) {
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
ng_checksum_rcvburst(hook_p hook, struct mbuf **vec, unsigned n, size_t bytes)
{
	struct checksum *sc = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));
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
	if (sc->configured) {
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
NGU_BURST_INIT(checksum, &ng_checksum_type, ng_checksum_rcvburst);
#endif

/* ---- ends ---- */

static int
ng_checksum_shutdown(node_p node)
{
	struct checksum *sc = NG_NODE_PRIVATE(node);

	NG_NODE_SET_PRIVATE(node, NULL);
	COUNTER_ARRAY_FREE(sc->count, COUNTERS);
	free(sc, M_NETGRAPH_CHECKSUM);
	NG_NODE_UNREF(node);
	return (0);
}

static int
ng_checksum_disconnect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);
	struct checksum *sc = NG_NODE_PRIVATE(node);

	if (hook == sc->in)
		sc->in = NULL;
	if (hook == sc->out)
		sc->out = NULL;
	if (NG_NODE_NUMHOOKS(node) == 0 && NG_NODE_IS_VALID(node))
		ng_rmnode_self(node);
	return (0);
}
