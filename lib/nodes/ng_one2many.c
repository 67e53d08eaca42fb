/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_one2many.c - many links behind one hook: by turns, all at once, or the first that works.
 *
 * Packets run as readers, many at once. What they look at (hooks, configuration, the list of active links) changes only while
 * the node stands still, so it is read plainly; what they count is counter(9).
 *
 * Round robin needs to remember whose turn it is, and one word for all would move from CPU to CPU with every packet. So each
 * CPU goes round by itself: packets sent on one CPU take the links strictly by turns, and over all CPUs the links differ by no
 * more packets than there are CPUs. Two threads that meet in a cell (one was moved to another CPU, or here, there are more
 * threads than cells) may take the same turn: a load and a store are not one step. Nothing depends on it, and a locked
 * instruction per packet would cost more than it is worth.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/counter.h>
#include <sys/mbuf.h>
#include <sys/pcpu.h>
#include <sys/smp.h>
#include <machine/atomic.h>

#include <netgraph/ng_message.h>
#include <netgraph/ng_parse.h>
#include <netgraph/netgraph.h>
#include <netgraph/ng_one2many.h>

#ifdef NG_SEPARATE_MALLOC
static MALLOC_DEFINE(M_NETGRAPH_ONE2MANY, "netgraph_one2many", "netgraph one2many node");
#else
#define M_NETGRAPH_ONE2MANY M_NETGRAPH
#endif

enum { RECV_OCTETS, RECV_PACKETS, XMIT_OCTETS, XMIT_PACKETS, NO_MEMORY, COUNTERS };

struct o2m_link {
	hook_p hook; /* connected; NULL: not */
	bool taken; /* connected, or about to be */
	counter_u64_t count[COUNTERS]; /* made when first connected, kept until the end */
};

/* Whose turn it is on one CPU: a place in `active`. As large as a cache line, so that no two share one. */
struct o2m_turn {
	volatile u_int next;
	char room[CACHE_LINE_SIZE - sizeof(u_int)];
};

struct one2many {
	struct ng_one2many_config conf;
	u_int nactive;
	uint8_t active[NG_ONE2MANY_MAX_LINKS]; /* numbers of the links that are connected and enabled, ascending */
	struct o2m_turn *turn; /* by CPU */
	struct o2m_link one;
	struct o2m_link many[NG_ONE2MANY_MAX_LINKS];
};

static ng_constructor_t ng_one2many_constructor;
static ng_rcvmsg_t ng_one2many_rcvmsg;
static ng_shutdown_t ng_one2many_shutdown;
static ng_newhook_t ng_one2many_newhook;
static ng_connect_t ng_one2many_connect;
static ng_rcvdata_t ng_one2many_rcvdata;
static ng_disconnect_t ng_one2many_disconnect;

static const struct ng_parse_fixedarray_info enabled_info = { &ng_parse_uint8_type, NG_ONE2MANY_MAX_LINKS, NULL };
static const struct ng_parse_type enabled_type = { .supertype = &ng_parse_fixedarray_type, .info = &enabled_info };
static const struct ng_parse_struct_field config_fields[] = NG_ONE2MANY_CONFIG_TYPE_INFO(&enabled_type);
static const struct ng_parse_type config_type = { .supertype = &ng_parse_struct_type, .info = &config_fields };
static const struct ng_parse_struct_field stats_fields[] = NG_ONE2MANY_LINK_STATS_TYPE_INFO;
static const struct ng_parse_type stats_type = { .supertype = &ng_parse_struct_type, .info = &stats_fields };

static const struct ng_cmdlist ng_one2many_cmdlist[] = {
	{ NGM_ONE2MANY_COOKIE, NGM_ONE2MANY_SET_CONFIG, "setconfig", &config_type, NULL },
	{ NGM_ONE2MANY_COOKIE, NGM_ONE2MANY_GET_CONFIG, "getconfig", NULL, &config_type },
	{ NGM_ONE2MANY_COOKIE, NGM_ONE2MANY_GET_STATS, "getstats", &ng_parse_int32_type, &stats_type },
	{ NGM_ONE2MANY_COOKIE, NGM_ONE2MANY_CLR_STATS, "clrstats", &ng_parse_int32_type, NULL },
	{ NGM_ONE2MANY_COOKIE, NGM_ONE2MANY_GETCLR_STATS, "getclrstats", &ng_parse_int32_type, &stats_type },
	{ 0, 0, NULL, NULL, NULL }
};

static struct ng_type ng_one2many_type = {
	.version = NG_ABI_VERSION,
	.name = NG_ONE2MANY_NODE_TYPE,
	.constructor = ng_one2many_constructor,
	.rcvmsg = ng_one2many_rcvmsg,
	.shutdown = ng_one2many_shutdown,
	.newhook = ng_one2many_newhook,
	.connect = ng_one2many_connect,
	.rcvdata = ng_one2many_rcvdata,
	.disconnect = ng_one2many_disconnect,
	.cmdlist = ng_one2many_cmdlist,
};
NETGRAPH_INIT(one2many, &ng_one2many_type);

static int
ng_one2many_constructor(node_p node)
{
	struct one2many *sc = malloc(sizeof(*sc), M_NETGRAPH_ONE2MANY, M_WAITOK | M_ZERO);

	sc->turn = mallocarray(mp_maxid + 1, sizeof(*sc->turn), M_NETGRAPH_ONE2MANY, M_WAITOK | M_ZERO);
	/* What is sent to "one" counts even while it is not there. */
	COUNTER_ARRAY_ALLOC(sc->one.count, COUNTERS, M_WAITOK);
	sc->conf.xmitAlg = NG_ONE2MANY_XMIT_ROUNDROBIN;
	sc->conf.failAlg = NG_ONE2MANY_FAIL_MANUAL;
	NG_NODE_SET_PRIVATE(node, sc);
	return (0);
}

static struct o2m_link *
o2m_link(struct one2many *sc, int num)
{
	if (num == NG_ONE2MANY_ONE_LINKNUM)
		return (&sc->one);
	return (num >= 0 && num < NG_ONE2MANY_MAX_LINKS ? &sc->many[num] : NULL);
}

/* "many7" and "one"; NULL for all other names. */
static struct o2m_link *
o2m_link_named(struct one2many *sc, const char *name)
{
	const size_t len = sizeof(NG_ONE2MANY_HOOK_MANY_PREFIX) - 1;
	int num = 0;

	if (strcmp(name, NG_ONE2MANY_HOOK_ONE) == 0)
		return (&sc->one);
	if (strncmp(name, NG_ONE2MANY_HOOK_MANY_PREFIX, len) != 0)
		return (NULL);
	name += len;
	if (name[0] == '\0' || (name[0] == '0' && name[1] != '\0'))
		return (NULL);
	for (; *name != '\0'; name++) {
		if (*name < '0' || *name > '9')
			return (NULL);
		num = num * 10 + (*name - '0');
		if (num >= NG_ONE2MANY_MAX_LINKS)
			return (NULL);
	}
	return (&sc->many[num]);
}

static int
ng_one2many_newhook(node_p node, hook_p hook, const char *name)
{
	struct one2many *sc = NG_NODE_PRIVATE(node);
	struct o2m_link *l = o2m_link_named(sc, name);

	if (l == NULL)
		return (EINVAL);
	if (l->taken) /* one is being connected under this name */
		return (EEXIST);
	for (int i = 0; i < COUNTERS; i++) {
		/* What was made before a refusal is kept for the next attempt. */
		if (l->count[i] == NULL && (l->count[i] = counter_u64_alloc(M_NOWAIT)) == NULL)
			return (ENOMEM);
	}
	COUNTER_ARRAY_ZERO(l->count, COUNTERS);
	l->taken = true;
	NG_HOOK_SET_PRIVATE(hook, l);
	return (0);
}

/* Tell who is behind "one" whether anybody is behind the links. There is nobody to complain to when memory lacks. */
static void
o2m_announce(node_p node)
{
	struct one2many *sc = NG_NODE_PRIVATE(node);
	struct ng_mesg *msg;
	int error;

	if (sc->one.hook == NULL)
		return;
	if (sc->nactive != 0)
		NG_MKMESSAGE(msg, NGM_FLOW_COOKIE, NGM_LINK_IS_UP, 0, M_NOWAIT);
	else
		NG_MKMESSAGE(msg, NGM_FLOW_COOKIE, NGM_LINK_IS_DOWN, 0, M_NOWAIT);
	if (msg != NULL)
		NG_SEND_MSG_HOOK(error, node, msg, sc->one.hook, 0);
	(void)error;
}

/* A link, or whether it is enabled, has changed. */
static void
o2m_update(node_p node)
{
	struct one2many *sc = NG_NODE_PRIVATE(node);
	bool had = sc->nactive != 0;

	sc->nactive = 0;
	for (int i = 0; i < NG_ONE2MANY_MAX_LINKS; i++) {
		if (sc->many[i].hook != NULL && sc->conf.enabledLinks[i] != 0)
			sc->active[sc->nactive++] = (uint8_t)i;
	}
	if (had != (sc->nactive != 0))
		o2m_announce(node);
}

static int
ng_one2many_connect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);
	struct one2many *sc = NG_NODE_PRIVATE(node);
	struct o2m_link *l = NG_HOOK_PRIVATE(hook);

	l->hook = hook;
	if (l != &sc->one) {
		sc->conf.enabledLinks[l - sc->many] = 1;
		o2m_update(node);
	}
	return (0);
}

static void
o2m_clear(struct o2m_link *l)
{
	if (l->count[COUNTERS - 1] != NULL) /* the last one made: all are there */
		COUNTER_ARRAY_ZERO(l->count, COUNTERS);
}

static int
o2m_stats(struct o2m_link *l, struct ng_mesg *msg, struct ng_mesg **resp)
{
	struct ng_one2many_link_stats *st;

	NG_MKRESPONSE(*resp, msg, sizeof(*st), M_NOWAIT);
	if (*resp == NULL)
		return (ENOMEM);
	st = (struct ng_one2many_link_stats *)(void *)(*resp)->data;
	if (l->count[COUNTERS - 1] == NULL) /* was never connected */
		return (0);
	st->recvOctets = counter_u64_fetch(l->count[RECV_OCTETS]);
	st->recvPackets = counter_u64_fetch(l->count[RECV_PACKETS]);
	st->xmitOctets = counter_u64_fetch(l->count[XMIT_OCTETS]);
	st->xmitPackets = counter_u64_fetch(l->count[XMIT_PACKETS]);
	st->memoryFailures = counter_u64_fetch(l->count[NO_MEMORY]);
	return (0);
}

static int
o2m_set_config(node_p node, const struct ng_one2many_config *conf)
{
	struct one2many *sc = NG_NODE_PRIVATE(node);

	if (conf->xmitAlg < NG_ONE2MANY_XMIT_ROUNDROBIN || conf->xmitAlg > NG_ONE2MANY_XMIT_FAILOVER)
		return (EINVAL);
	if (conf->failAlg < NG_ONE2MANY_FAIL_MANUAL || conf->failAlg > NG_ONE2MANY_FAIL_NOTIFY)
		return (EINVAL);
	sc->conf.xmitAlg = conf->xmitAlg;
	sc->conf.failAlg = conf->failAlg;
	for (int i = 0; i < NG_ONE2MANY_MAX_LINKS; i++)
		sc->conf.enabledLinks[i] = conf->enabledLinks[i] != 0;
	o2m_update(node);
	return (0);
}

static int
o2m_command(node_p node, struct ng_mesg *msg, struct ng_mesg **resp)
{
	struct one2many *sc = NG_NODE_PRIVATE(node);
	struct o2m_link *l;
	int32_t num;
	int error = 0;

	switch (msg->header.cmd) {
	case NGM_ONE2MANY_SET_CONFIG:
		if (msg->header.arglen != sizeof(sc->conf))
			return (EINVAL);
		return (o2m_set_config(node, (struct ng_one2many_config *)(void *)msg->data));
	case NGM_ONE2MANY_GET_CONFIG:
		NG_MKRESPONSE(*resp, msg, sizeof(sc->conf), M_NOWAIT);
		if (*resp == NULL)
			return (ENOMEM);
		*(struct ng_one2many_config *)(void *)(*resp)->data = sc->conf;
		return (0);
	case NGM_ONE2MANY_GET_STATS:
	case NGM_ONE2MANY_CLR_STATS:
	case NGM_ONE2MANY_GETCLR_STATS:
		if (msg->header.arglen != sizeof(num))
			return (EINVAL);
		memcpy(&num, msg->data, sizeof(num));
		if ((l = o2m_link(sc, num)) == NULL)
			return (EINVAL);
		if (msg->header.cmd != NGM_ONE2MANY_CLR_STATS)
			error = o2m_stats(l, msg, resp);
		if (msg->header.cmd != NGM_ONE2MANY_GET_STATS && error == 0)
			o2m_clear(l);
		return (error);
	default:
		return (EINVAL);
	}
}

/* A link speaks about itself. What else comes, from elsewhere or of another kind, is of no interest and no error. */
static void
o2m_flow(node_p node, uint32_t cmd, hook_p lasthook)
{
	struct one2many *sc = NG_NODE_PRIVATE(node);
	struct o2m_link *l = lasthook != NULL ? NG_HOOK_PRIVATE(lasthook) : NULL;

	if (l == NULL || l == &sc->one || sc->conf.failAlg != NG_ONE2MANY_FAIL_NOTIFY ||
	    (cmd != NGM_LINK_IS_UP && cmd != NGM_LINK_IS_DOWN))
		return;
	sc->conf.enabledLinks[l - sc->many] = cmd == NGM_LINK_IS_UP;
	o2m_update(node);
}

static int
ng_one2many_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	struct ng_mesg *msg, *resp = NULL;
	int error = 0;

	NGI_GET_MSG(item, msg);
	switch (msg->header.typecookie) {
	case NGM_ONE2MANY_COOKIE:
		error = o2m_command(node, msg, &resp);
		break;
	case NGM_FLOW_COOKIE:
		o2m_flow(node, msg->header.cmd, lasthook);
		break;
	default:
		error = EINVAL;
		break;
	}
	NG_RESPOND_MSG(error, node, item, resp);
	NG_FREE_MSG(msg);
	return (error);
}

static void
o2m_count_in(struct o2m_link *l, int len)
{
	counter_u64_add(l->count[RECV_PACKETS], 1);
	counter_u64_add(l->count[RECV_OCTETS], len);
}

static void
o2m_count_out(struct o2m_link *l, int len)
{
	counter_u64_add(l->count[XMIT_PACKETS], 1);
	counter_u64_add(l->count[XMIT_OCTETS], len);
}

/* Whose turn it is; see the top. There is an active link. */
static struct o2m_link *
o2m_turn(struct one2many *sc)
{
	struct o2m_turn *t = &sc->turn[curcpu];
	u_int i = atomic_load_int(&t->next);

	if (i >= sc->nactive)
		i = 0;
	atomic_store_int(&t->next, i + 1 < sc->nactive ? i + 1 : 0);
	return (&sc->many[sc->active[i]]);
}

static int
ng_one2many_rcvdata(hook_p hook, item_p item)
{
	struct one2many *sc = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));
	struct o2m_link *in = NG_HOOK_PRIVATE(hook), *out;
	struct mbuf *m = NGI_M(item), *copy;
	const int len = m->m_pkthdr.len;
	int error;

	o2m_count_in(in, len);
	if (in != &sc->one) {
		out = &sc->one;
	} else if (sc->nactive == 0) {
		NG_FREE_ITEM(item);
		return (ENOTCONN);
	} else if (sc->conf.xmitAlg == NG_ONE2MANY_XMIT_ROUNDROBIN) {
		out = o2m_turn(sc);
	} else {
		out = &sc->many[sc->active[0]];
	}
	if (in == &sc->one && sc->conf.xmitAlg == NG_ONE2MANY_XMIT_ALL) {
		/* The original goes last: it must not be looked at any more when it is sent. */
		for (u_int i = sc->nactive - 1; i > 0; i--) {
			struct o2m_link *l = &sc->many[sc->active[i]];

			if ((copy = m_dup(m, M_NOWAIT)) == NULL) {
				counter_u64_add(l->count[NO_MEMORY], 1);
				NG_FREE_ITEM(item);
				return (ENOBUFS);
			}
			o2m_count_out(l, len);
			NG_SEND_DATA_ONLY(error, l->hook, copy);
		}
	}
	o2m_count_out(out, len);
	NG_FWD_ITEM_HOOK(error, item, out->hook);
	return (error);
}

#ifdef NGU_BURST_MAX
static int
o2m_send(struct o2m_link *l, struct mbuf **vec, unsigned n, size_t bytes)
{
	counter_u64_add(l->count[XMIT_PACKETS], n);
	counter_u64_add(l->count[XMIT_OCTETS], (int64_t)bytes);
	return (ngu_send_burst(l->hook, vec, n, bytes));
}

/* To all links but the first one: copies. What could not be copied goes nowhere else. How many packets are left. */
static unsigned
o2m_copies(struct one2many *sc, struct mbuf **vec, unsigned n, size_t *bytes)
{
	struct mbuf *copy[NGU_BURST_MAX];

	for (u_int k = sc->nactive - 1; k > 0 && n != 0; k--) {
		struct o2m_link *l = &sc->many[sc->active[k]];
		unsigned got = 0;

		for (unsigned i = 0; i < n; i++) {
			if ((copy[got] = m_dup(vec[i], M_NOWAIT)) != NULL) {
				vec[got++] = vec[i];
			} else {
				counter_u64_add(l->count[NO_MEMORY], 1);
				*bytes -= (size_t)vec[i]->m_pkthdr.len;
				m_freem(vec[i]);
			}
		}
		if ((n = got) != 0)
			(void)o2m_send(l, copy, n, *bytes);
	}
	return (n);
}

/* By turns: each link's share leaves at once. */
static int
o2m_shares(struct one2many *sc, struct mbuf **vec, unsigned n)
{
	struct o2m_turn *t = &sc->turn[curcpu];
	struct mbuf *share[NGU_BURST_MAX];
	u_int first = atomic_load_int(&t->next);
	int error = 0, e;

	if (first >= sc->nactive)
		first = 0;
	atomic_store_int(&t->next, (first + n) % sc->nactive);
	for (u_int k = 0; k < sc->nactive && k < n; k++) {
		unsigned got = 0;
		size_t bytes = 0;

		for (unsigned i = k; i < n; i += sc->nactive) {
			bytes += (size_t)vec[i]->m_pkthdr.len;
			share[got++] = vec[i];
		}
		if ((e = o2m_send(&sc->many[sc->active[(first + k) % sc->nactive]], share, got, bytes)) != 0)
			error = e;
	}
	return (error);
}

static int
ng_one2many_rcvburst(hook_p hook, struct mbuf **vec, unsigned n, size_t bytes)
{
	struct one2many *sc = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));
	struct o2m_link *in = NG_HOOK_PRIVATE(hook);
	unsigned left = n;
	int error;

	counter_u64_add(in->count[RECV_PACKETS], n);
	counter_u64_add(in->count[RECV_OCTETS], (int64_t)bytes);
	if (in != &sc->one)
		return (o2m_send(&sc->one, vec, n, bytes));
	if (sc->nactive == 0) {
		for (unsigned i = 0; i < n; i++)
			m_freem(vec[i]);
		return (ENOTCONN);
	}
	if (sc->conf.xmitAlg == NG_ONE2MANY_XMIT_ROUNDROBIN)
		return (o2m_shares(sc, vec, n));
	if (sc->conf.xmitAlg == NG_ONE2MANY_XMIT_ALL && (left = o2m_copies(sc, vec, n, &bytes)) == 0)
		return (ENOBUFS);
	error = o2m_send(&sc->many[sc->active[0]], vec, left, bytes);
	return (error == 0 && left != n ? ENOBUFS : error);
}
NGU_BURST_INIT(one2many, &ng_one2many_type, ng_one2many_rcvburst);
#endif

static int
ng_one2many_disconnect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);
	struct one2many *sc = NG_NODE_PRIVATE(node);
	struct o2m_link *l = NG_HOOK_PRIVATE(hook);

	l->hook = NULL;
	l->taken = false;
	NG_HOOK_SET_PRIVATE(hook, NULL);
	if (l != &sc->one) {
		sc->conf.enabledLinks[l - sc->many] = 0;
		o2m_update(node);
	}
	if (NG_NODE_NUMHOOKS(node) == 0 && NG_NODE_IS_VALID(node))
		ng_rmnode_self(node);
	return (0);
}

static int
ng_one2many_shutdown(node_p node)
{
	struct one2many *sc = NG_NODE_PRIVATE(node);

	NG_NODE_SET_PRIVATE(node, NULL);
	COUNTER_ARRAY_FREE(sc->one.count, COUNTERS);
	for (int i = 0; i < NG_ONE2MANY_MAX_LINKS; i++)
		COUNTER_ARRAY_FREE(sc->many[i].count, COUNTERS); /* NULL is fine */
	free(sc->turn, M_NETGRAPH_ONE2MANY);
	free(sc, M_NETGRAPH_ONE2MANY);
	NG_NODE_UNREF(node);
	return (0);
}
