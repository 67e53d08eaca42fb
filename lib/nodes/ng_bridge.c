/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_bridge.c - an Ethernet bridge that learns behind which link a host is.
 *
 * Readers    Packets. They look into the host table, the configuration and the mute timers, and change none of them. What they
 *            count is counter(9). The one word they share is a host's staleness, which goes to 0 once a second at most.
 * Writers    Messages, timer, hooks. They alone change the table. A packet that brings news sends the node a movehost message, which
 *            runs when the packet has left: the table changes just behind the packet, in its own writer's turn.
 * Invariants
 *   B1  Each host is in one bucket and on the list of one link; a link that goes takes its hosts along.
 *   B2  A muted link learns nothing and has no hosts.
 *   B3  The timer is armed, or `timer` is false and the next writer arms it; packets send for one.
 * Size       more than 900 lines in one file, as the kernel takes its node types: one job, and the packets' way has the table's lookup inline.
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
#include <sys/syslog.h>
#include <machine/atomic.h>

#include <net/ethernet.h>

#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>
#include <netgraph/ng_parse.h>
#include <netgraph/ng_bridge.h>

#ifdef NG_SEPARATE_MALLOC
static MALLOC_DEFINE(M_NETGRAPH_BRIDGE, "netgraph_bridge", "netgraph bridge node");
#else
#define M_NETGRAPH_BRIDGE M_NETGRAPH
#endif

/* In the order of struct ng_bridge_link_stats. */
enum {
	RECV_OCTETS,
	RECV_PACKETS,
	RECV_MULTICASTS,
	RECV_BROADCASTS,
	RECV_UNKNOWN,
	RECV_RUNTS,
	RECV_INVALID,
	XMIT_OCTETS,
	XMIT_PACKETS,
	XMIT_MULTICASTS,
	XMIT_BROADCASTS,
	LOOP_DROPS,
	LOOP_DETECTS,
	MEMORY_FAILURES,
	COUNTERS
};
CTASSERT(sizeof(struct ng_bridge_link_stats) == COUNTERS * sizeof(uint64_t));
CTASSERT(sizeof(struct ng_bridge_config) == 16);
CTASSERT(sizeof(struct ng_bridge_hostent) == 42);
CTASSERT(sizeof(struct ng_bridge_move_host) == 38);

enum { LINK, UPLINK, KINDS };

struct bridge_host {
	LIST_ENTRY(bridge_host) chain; /* in its bucket */
	LIST_ENTRY(bridge_host) peers; /* on its link */
	struct bridge_link *link;
	u_int age;	     /* seconds on this link, up to UINT16_MAX */
	volatile u_int stale; /* seconds since it was heard; packets set it to 0 */
	u_char addr[ETHER_ADDR_LEN];
};
LIST_HEAD(bridge_hosts, bridge_host);

/* Private data of a hook. */
struct bridge_link {
	hook_p hook;
	struct bridge_hosts hosts;
	int kind;
	uint32_t number;
	uint32_t mute; /* seconds left; 0: not muted */
	bool unknown;  /* gets packets to unknown hosts */
	counter_u64_t count[COUNTERS];
};

/* Private data of a node. */
struct bridge {
	struct ng_bridge_config conf;
	struct bridge_hosts *bucket; /* 1 << bits of them */
	u_int bits;
	uint64_t mult; /* of the hash: odd, random */
	u_int hosts;
	uint32_t lowest[KINDS]; /* all numbers below are taken */
	bool restricted; /* an uplink was here before the links: unknown hosts are behind uplinks */
	bool persistent;
	bool timer;
	struct callout tick;
};

#define MIN_BITS 5
#define MAX_BITS 24

static const struct {
	const char *prefix;
	uint32_t first;
} kinds[KINDS] = {
	[LINK] = { NG_BRIDGE_HOOK_LINK_PREFIX, 0 },
	[UPLINK] = { NG_BRIDGE_HOOK_UPLINK_PREFIX, 1 },
};

static ng_constructor_t ng_bridge_constructor;
static ng_rcvmsg_t ng_bridge_rcvmsg;
static ng_shutdown_t ng_bridge_shutdown;
static ng_newhook_t ng_bridge_newhook;
static ng_connect_t ng_bridge_connect;
static ng_rcvdata_t ng_bridge_rcvdata;
static ng_disconnect_t ng_bridge_disconnect;

/* ---- messages as text ---- */

/* The number of elements stands right before the array. */
static int
bridge_table_length(const struct ng_parse_type *type, const u_char *start, const u_char *buf)
{
	uint32_t n;

	(void)type;
	if ((size_t)(buf - start) < sizeof(n))
		return (-1);
	memcpy(&n, buf - sizeof(n), sizeof(n));
	return (n > INT_MAX ? -1 : (int)n);
}

static const struct ng_parse_struct_field config_fields[] = NG_BRIDGE_CONFIG_TYPE_INFO;
static const struct ng_parse_type config_type = { .supertype = &ng_parse_struct_type, .info = &config_fields };
static const struct ng_parse_struct_field stats_fields[] = NG_BRIDGE_STATS_TYPE_INFO;
static const struct ng_parse_type stats_type = { .supertype = &ng_parse_struct_type, .info = &stats_fields };
static const struct ng_parse_struct_field host_fields[] = NG_BRIDGE_HOST_TYPE_INFO(&ng_parse_enaddr_type);
static const struct ng_parse_type host_type = { .supertype = &ng_parse_struct_type, .info = &host_fields };
static const struct ng_parse_array_info hosts_info = { &host_type, bridge_table_length, NULL };
static const struct ng_parse_type hosts_type = { .supertype = &ng_parse_array_type, .info = &hosts_info };
static const struct ng_parse_struct_field table_fields[] = NG_BRIDGE_HOST_ARY_TYPE_INFO(&hosts_type);
static const struct ng_parse_type table_type = { .supertype = &ng_parse_struct_type, .info = &table_fields };
static const struct ng_parse_struct_field move_fields[] = NG_BRIDGE_MOVE_HOST_TYPE_INFO(&ng_parse_enaddr_type);
static const struct ng_parse_type move_type = { .supertype = &ng_parse_struct_type, .info = &move_fields };

static const struct ng_cmdlist ng_bridge_cmdlist[] = {
	{ NGM_BRIDGE_COOKIE, NGM_BRIDGE_SET_CONFIG, "setconfig", &config_type, NULL },
	{ NGM_BRIDGE_COOKIE, NGM_BRIDGE_GET_CONFIG, "getconfig", NULL, &config_type },
	{ NGM_BRIDGE_COOKIE, NGM_BRIDGE_RESET, "reset", NULL, NULL },
	{ NGM_BRIDGE_COOKIE, NGM_BRIDGE_GET_STATS, "getstats", &ng_parse_uint32_type, &stats_type },
	{ NGM_BRIDGE_COOKIE, NGM_BRIDGE_CLR_STATS, "clrstats", &ng_parse_uint32_type, NULL },
	{ NGM_BRIDGE_COOKIE, NGM_BRIDGE_GETCLR_STATS, "getclrstats", &ng_parse_uint32_type, &stats_type },
	{ NGM_BRIDGE_COOKIE, NGM_BRIDGE_GET_TABLE, "gettable", NULL, &table_type },
	{ NGM_BRIDGE_COOKIE, NGM_BRIDGE_SET_PERSISTENT, "setpersistent", NULL, NULL },
	{ NGM_BRIDGE_COOKIE, NGM_BRIDGE_MOVE_HOST, "movehost", &move_type, NULL },
	{ 0, 0, NULL, NULL, NULL }
};

static struct ng_type ng_bridge_type = {
	.version = NG_ABI_VERSION,
	.name = NG_BRIDGE_NODE_TYPE,
	.constructor = ng_bridge_constructor,
	.rcvmsg = ng_bridge_rcvmsg,
	.shutdown = ng_bridge_shutdown,
	.newhook = ng_bridge_newhook,
	.connect = ng_bridge_connect,
	.rcvdata = ng_bridge_rcvdata,
	.disconnect = ng_bridge_disconnect,
	.cmdlist = ng_bridge_cmdlist,
};
NETGRAPH_INIT(bridge, &ng_bridge_type);

/* ---- the host table ---- */

/* The upper bits of a product with a random odd number: who does not know it cannot fill one bucket. */
static u_int
bridge_hash(const struct bridge *sc, const u_char *addr)
{
	uint64_t a = (uint64_t)be32dec(addr) << 16 | be16dec(addr + 4);

	return ((u_int)(a * sc->mult >> (64 - sc->bits)));
}

static struct bridge_host *
host_find(const struct bridge *sc, const u_char *addr)
{
	struct bridge_host *h;

	LIST_FOREACH(h, &sc->bucket[bridge_hash(sc, addr)], chain)
		if (memcmp(h->addr, addr, ETHER_ADDR_LEN) == 0)
			return (h);
	return (NULL);
}

/* As many buckets as suit the hosts. Without memory it stays as it is, only slower. */
static void
table_fit(struct bridge *sc)
{
	struct bridge_hosts *old = sc->bucket, *bucket;
	struct bridge_host *h, *next;
	u_int n = 1u << sc->bits, bits = sc->bits;

	if (sc->hosts > 2 * n && bits < MAX_BITS)
		bits++;
	else if (sc->hosts < n / 4 && bits > MIN_BITS)
		bits--;
	if (bits == sc->bits || (bucket = mallocarray((size_t)1 << bits, sizeof(*bucket), M_NETGRAPH_BRIDGE, M_NOWAIT)) == NULL)
		return;
	for (u_int i = 0; i < 1u << bits; i++)
		LIST_INIT(&bucket[i]);
	sc->bits = bits;
	sc->bucket = bucket;
	for (u_int i = 0; i < n; i++)
		LIST_FOREACH_SAFE(h, &old[i], chain, next) {
			LIST_REMOVE(h, chain);
			LIST_INSERT_HEAD(&bucket[bridge_hash(sc, h->addr)], h, chain);
		}
	free(old, M_NETGRAPH_BRIDGE);
}

static void
host_forget(struct bridge *sc, struct bridge_host *h)
{
	LIST_REMOVE(h, chain);
	LIST_REMOVE(h, peers);
	free(h, M_NETGRAPH_BRIDGE);
	sc->hosts--;
}

static void
link_forget(struct bridge *sc, struct bridge_link *link)
{
	struct bridge_host *h;

	while ((h = LIST_FIRST(&link->hosts)) != NULL)
		host_forget(sc, h);
}

static void
link_mute(node_p node, struct bridge_link *link, const struct bridge_host *h)
{
	struct bridge *sc = NG_NODE_PRIVATE(node);
	const u_char *a = h->addr;

	if (sc->conf.debugLevel >= 2)
		log(LOG_WARNING, "ng_bridge %s[%x]: %02x:%02x:%02x:%02x:%02x:%02x is on %s and on %s, which is muted for %u s\n",
		    NG_NODE_NAME(node), NG_NODE_ID(node), a[0], a[1], a[2], a[3], a[4], a[5], NG_HOOK_NAME(h->link->hook),
		    NG_HOOK_NAME(link->hook), sc->conf.loopTimeout);
	link->mute = sc->conf.loopTimeout;
	counter_u64_add(link->count[LOOP_DETECTS], 1);
	link_forget(sc, link);
}

/* The host was heard, or is said to be, on `link`. */
static int
host_move(node_p node, struct bridge_link *link, const u_char *addr)
{
	struct bridge *sc = NG_NODE_PRIVATE(node);
	struct bridge_host *h = host_find(sc, addr);

	if (link->mute > 0) /* this came before the link was muted */
		return (ELOOP);
	if (h == NULL) {
		if ((h = malloc(sizeof(*h), M_NETGRAPH_BRIDGE, M_NOWAIT | M_ZERO)) == NULL) {
			counter_u64_add(link->count[MEMORY_FAILURES], 1);
			return (ENOMEM);
		}
		memcpy(h->addr, addr, ETHER_ADDR_LEN);
		LIST_INSERT_HEAD(&sc->bucket[bridge_hash(sc, addr)], h, chain);
		sc->hosts++;
		table_fit(sc);
	} else if (h->link != link) {
		if (h->age < sc->conf.minStableAge) {
			link_mute(node, link, h);
			return (ELOOP);
		}
		LIST_REMOVE(h, peers);
		h->age = 0;
	} else {
		atomic_store_int(&h->stale, 0);
		return (0);
	}
	h->link = link;
	atomic_store_int(&h->stale, 0);
	LIST_INSERT_HEAD(&link->hosts, h, peers);
	return (0);
}

/* ---- one second ---- */

static void bridge_arm(node_p node);

static void
bridge_second(node_p node, hook_p unused, void *arg1, int arg2)
{
	struct bridge *sc = NG_NODE_PRIVATE(node);
	struct bridge_link *link;
	struct bridge_host *h, *next;
	hook_p hook;
	u_int stale;

	(void)unused;
	(void)arg1;
	(void)arg2;
	sc->timer = false;
	bridge_arm(node);
	LIST_FOREACH(hook, &node->nd_hooks, hk_hooks) {
		link = NG_HOOK_PRIVATE(hook);
		LIST_FOREACH_SAFE(h, &link->hosts, peers, next) {
			stale = atomic_load_int(&h->stale);
			if (stale < UINT_MAX)
				atomic_store_int(&h->stale, ++stale);
			if (h->age < UINT16_MAX)
				h->age++;
			if (stale >= sc->conf.maxStaleness)
				host_forget(sc, h);
		}
		if (link->mute > 0 && --link->mute == 0 && sc->conf.debugLevel >= 2)
			log(LOG_WARNING, "ng_bridge %s[%x]: %s is not muted any more\n", NG_NODE_NAME(node), NG_NODE_ID(node),
			    NG_HOOK_NAME(hook));
	}
	table_fit(sc);
}

/* Arming takes memory. When there was none the next writer tries again. */
static void
bridge_arm(node_p node)
{
	struct bridge *sc = NG_NODE_PRIVATE(node);

	if (!sc->timer)
		sc->timer = ng_callout(&sc->tick, node, NULL, hz, bridge_second, NULL, 0) == 0;
}

/* ---- nodes and links ---- */

static int
ng_bridge_constructor(node_p node)
{
	struct bridge *sc = malloc(sizeof(*sc), M_NETGRAPH_BRIDGE, M_WAITOK | M_ZERO);

	sc->conf.debugLevel = 1;
	sc->conf.loopTimeout = 60;
	sc->conf.maxStaleness = 15 * 60;
	sc->conf.minStableAge = 1;
	sc->bits = MIN_BITS;
	sc->bucket = mallocarray((size_t)1 << MIN_BITS, sizeof(*sc->bucket), M_NETGRAPH_BRIDGE, M_WAITOK);
	for (u_int i = 0; i < 1u << MIN_BITS; i++)
		LIST_INIT(&sc->bucket[i]);
	sc->mult = (uint64_t)arc4random() << 32 | arc4random() | 1;
	for (int k = 0; k < KINDS; k++)
		sc->lowest[k] = kinds[k].first;
	ng_callout_init(&sc->tick);
	NG_NODE_SET_PRIVATE(node, sc);
	bridge_arm(node);
	if (!sc->timer) {
		NG_NODE_SET_PRIVATE(node, NULL);
		free(sc->bucket, M_NETGRAPH_BRIDGE);
		free(sc, M_NETGRAPH_BRIDGE);
		return (ENOMEM);
	}
	return (0);
}

/* What kind of link is called so, and which; *any: a prefix alone. Numbers stand as they would be printed. */
static int
link_name(const char *name, int *kind, uint32_t *number, bool *any)
{
	uint64_t n = 0;
	const char *p;

	for (*kind = 0; *kind < KINDS; (*kind)++)
		if (strncmp(name, kinds[*kind].prefix, strlen(kinds[*kind].prefix)) == 0)
			break;
	if (*kind == KINDS)
		return (EINVAL);
	p = name + strlen(kinds[*kind].prefix);
	*any = *p == '\0';
	*number = 0;
	if (*any)
		return (0);
	if (p[0] == '0' && p[1] != '\0')
		return (EINVAL);
	for (; *p != '\0'; p++) {
		if (*p < '0' || *p > '9' || (n = n * 10 + (uint64_t)(*p - '0')) > UINT32_MAX)
			return (EINVAL);
	}
	if (n < kinds[*kind].first)
		return (EINVAL);
	*number = (uint32_t)n;
	return (0);
}

static hook_p
link_hook(node_p node, int kind, uint32_t number)
{
	char name[NG_HOOKSIZ];

	(void)snprintf(name, sizeof(name), "%s%u", kinds[kind].prefix, number);
	return (ng_findhook(node, name));
}

static void
link_free(struct bridge_link *link)
{
	COUNTER_ARRAY_FREE(link->count, COUNTERS);
	free(link, M_NETGRAPH_BRIDGE);
}

static int
ng_bridge_newhook(node_p node, hook_p hook, const char *name)
{
	struct bridge *sc = NG_NODE_PRIVATE(node);
	struct bridge_link *link;
	uint32_t number;
	bool any, refused = false;
	int kind, error;

	if ((error = link_name(name, &kind, &number, &any)) != 0)
		return (error);
	if ((link = malloc(sizeof(*link), M_NETGRAPH_BRIDGE, M_NOWAIT | M_ZERO)) == NULL)
		return (ENOMEM);
	COUNTER_ARRAY_ALLOC(link->count, COUNTERS, M_NOWAIT);
	for (int i = 0; i < COUNTERS; i++)
		refused |= link->count[i] == NULL;
	if (refused) {
		link_free(link);
		return (ENOMEM);
	}
	if (any) {
		for (number = sc->lowest[kind]; link_hook(node, kind, number) != NULL; number++)
			;
		sc->lowest[kind] = number;
		(void)snprintf(NG_HOOK_NAME(hook), NG_HOOKSIZ, "%s%u", kinds[kind].prefix, number);
	}
	link->hook = hook;
	link->kind = kind;
	link->number = number;
	LIST_INIT(&link->hosts);
	NG_HOOK_SET_PRIVATE(hook, link);
	return (0);
}

static int
ng_bridge_connect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);
	struct bridge *sc = NG_NODE_PRIVATE(node);
	struct bridge_link *link = NG_HOOK_PRIVATE(hook);

	if (NG_PEER_NODE(hook) == node)
		return (ELOOP);
	if (link->kind == UPLINK && NG_NODE_NUMHOOKS(node) == 1)
		sc->restricted = true;
	link->unknown = link->kind == UPLINK || !sc->restricted;
	return (0);
}

static int
ng_bridge_disconnect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);
	struct bridge *sc = NG_NODE_PRIVATE(node);
	struct bridge_link *link = NG_HOOK_PRIVATE(hook);

	link_forget(sc, link);
	if (link->number < sc->lowest[link->kind])
		sc->lowest[link->kind] = link->number;
	NG_HOOK_SET_PRIVATE(hook, NULL);
	link_free(link);
	if (NG_NODE_NUMHOOKS(node) == 0 && NG_NODE_IS_VALID(node) && !sc->persistent)
		ng_rmnode_self(node);
	return (0);
}

static int
ng_bridge_shutdown(node_p node)
{
	struct bridge *sc = NG_NODE_PRIVATE(node);

	(void)ng_uncallout(&sc->tick, node);
	KASSERT(sc->hosts == 0, ("%s: %u hosts outlived their links", __func__, sc->hosts));
	NG_NODE_SET_PRIVATE(node, NULL);
	free(sc->bucket, M_NETGRAPH_BRIDGE);
	free(sc, M_NETGRAPH_BRIDGE);
	NG_NODE_UNREF(node);
	return (0);
}

/* ---- commands ---- */

static int
command_stats(node_p node, struct ng_mesg *msg, struct ng_mesg **resp)
{
	struct bridge_link *link;
	uint64_t v[COUNTERS];
	uint32_t n;
	hook_p hook;

	if (msg->header.arglen != sizeof(n))
		return (EINVAL);
	memcpy(&n, msg->data, sizeof(n));
	hook = n <= INT32_MAX ? link_hook(node, LINK, n) : link_hook(node, UPLINK, 0u - n);
	if (hook == NULL)
		return (ENOTCONN);
	link = NG_HOOK_PRIVATE(hook);
	if (msg->header.cmd != NGM_BRIDGE_CLR_STATS) {
		NG_MKRESPONSE(*resp, msg, sizeof(v), M_NOWAIT);
		if (*resp == NULL)
			return (ENOMEM);
		for (int i = 0; i < COUNTERS; i++)
			v[i] = counter_u64_fetch(link->count[i]);
		memcpy((*resp)->data, v, sizeof(v));
	}
	if (msg->header.cmd != NGM_BRIDGE_GET_STATS)
		COUNTER_ARRAY_ZERO(link->count, COUNTERS);
	return (0);
}

static int
command_table(node_p node, struct ng_mesg *msg, struct ng_mesg **resp)
{
	struct bridge *sc = NG_NODE_PRIVATE(node);
	struct ng_bridge_host_ary *t;
	struct ng_bridge_hostent *e;
	struct bridge_link *link;
	struct bridge_host *h;
	u_int stale;
	hook_p hook;

	if (sc->hosts > (UINT32_MAX - sizeof(*t)) / sizeof(*e)) /* header.arglen could not say it */
		return (ENOMEM);
	NG_MKRESPONSE(*resp, msg, sizeof(*t) + sc->hosts * sizeof(*e), M_NOWAIT);
	if (*resp == NULL)
		return (ENOMEM);
	t = (struct ng_bridge_host_ary *)(void *)(*resp)->data;
	t->numHosts = sc->hosts;
	e = t->hosts;
	LIST_FOREACH(hook, &node->nd_hooks, hk_hooks) {
		link = NG_HOOK_PRIVATE(hook);
		LIST_FOREACH(h, &link->hosts, peers) {
			memcpy(e->addr, h->addr, sizeof(e->addr));
			(void)strlcpy(e->hook, NG_HOOK_NAME(hook), sizeof(e->hook));
			stale = atomic_load_int(&h->stale);
			e->age = (uint16_t)h->age;
			e->staleness = (uint16_t)MIN(stale, UINT16_MAX);
			e++;
		}
	}
	KASSERT(e == t->hosts + t->numHosts, ("%s: hosts and links disagree", __func__));
	return (0);
}

static int
command_move(node_p node, struct ng_mesg *msg, hook_p hook)
{
	struct ng_bridge_move_host mh;

	if (msg->header.arglen < sizeof(mh))
		return (EINVAL);
	memcpy(&mh, msg->data, sizeof(mh));
	mh.hook[sizeof(mh.hook) - 1] = '\0';
	if (mh.hook[0] != '\0')
		hook = ng_findhook(node, mh.hook);
	if (hook == NULL)
		return (ENOENT);
	return (host_move(node, NG_HOOK_PRIVATE(hook), mh.addr));
}

static int
bridge_command(node_p node, struct ng_mesg *msg, hook_p lasthook, struct ng_mesg **resp)
{
	struct bridge *sc = NG_NODE_PRIVATE(node);
	struct bridge_link *link;
	hook_p hook;

	switch (msg->header.cmd) {
	case NGM_BRIDGE_SET_CONFIG:
		if (msg->header.arglen != sizeof(sc->conf))
			return (EINVAL);
		memcpy(&sc->conf, msg->data, sizeof(sc->conf));
		return (0);
	case NGM_BRIDGE_GET_CONFIG:
		NG_MKRESPONSE(*resp, msg, sizeof(sc->conf), M_NOWAIT);
		if (*resp == NULL)
			return (ENOMEM);
		memcpy((*resp)->data, &sc->conf, sizeof(sc->conf));
		return (0);
	case NGM_BRIDGE_RESET:
		LIST_FOREACH(hook, &node->nd_hooks, hk_hooks) {
			link = NG_HOOK_PRIVATE(hook);
			link_forget(sc, link);
			link->mute = 0;
			COUNTER_ARRAY_ZERO(link->count, COUNTERS);
		}
		return (0);
	case NGM_BRIDGE_GET_STATS:
	case NGM_BRIDGE_CLR_STATS:
	case NGM_BRIDGE_GETCLR_STATS:
		return (command_stats(node, msg, resp));
	case NGM_BRIDGE_GET_TABLE:
		return (command_table(node, msg, resp));
	case NGM_BRIDGE_SET_PERSISTENT:
		sc->persistent = true;
		return (0);
	case NGM_BRIDGE_MOVE_HOST:
		return (command_move(node, msg, lasthook));
	default:
		return (EINVAL);
	}
}

static int
ng_bridge_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	struct ng_mesg *msg, *resp = NULL;
	int error;

	NGI_GET_MSG(item, msg);
	bridge_arm(node);
	error = msg->header.typecookie == NGM_BRIDGE_COOKIE ? bridge_command(node, msg, lasthook, &resp) : EINVAL;
	NG_RESPOND_MSG(error, node, item, resp);
	NG_FREE_MSG(msg);
	return (error);
}

/* ---- packets: readers all of it ---- */

static int
bridge_drop(struct bridge_link *in, item_p item, int why, int error)
{
	counter_u64_add(in->count[why], 1);
	NG_FREE_ITEM(item);
	return (error);
}

/*
 * Tell the writer that this address was heard on this hook, as if the message had come by it. It runs when this packet has left
 * the node; nobody hears its result.
 */
static void
bridge_news(node_p node, struct bridge_link *in, const u_char *addr)
{
	struct ng_bridge_move_host *mh;
	struct ng_mesg *msg;
	item_p item;

	NG_MKMESSAGE(msg, NGM_BRIDGE_COOKIE, NGM_BRIDGE_MOVE_HOST, sizeof(*mh), M_NOWAIT);
	if (msg != NULL) {
		mh = (struct ng_bridge_move_host *)(void *)msg->data;
		memcpy(mh->addr, addr, sizeof(mh->addr));
		if ((item = ng_package_msg_self(node, in->hook, msg)) != NULL && ng_snd_item(item, NG_NOFLAGS) != ENOMEM)
			return;
	}
	counter_u64_add(in->count[MEMORY_FAILURES], 1);
}

/* Multicasts and broadcasts are counted behind each other in both directions; `cast` is 0 for the others. */
static void
count_packet(struct bridge_link *link, int octets, int len, int cast)
{
	counter_u64_add(link->count[octets], len);
	counter_u64_add(link->count[octets + 1], 1);
	if (cast != 0)
		counter_u64_add(link->count[octets + 1 + cast], 1);
}
CTASSERT(RECV_PACKETS == RECV_OCTETS + 1 && RECV_MULTICASTS == RECV_OCTETS + 2 && RECV_BROADCASTS == RECV_OCTETS + 3);
CTASSERT(XMIT_PACKETS == XMIT_OCTETS + 1 && XMIT_MULTICASTS == XMIT_OCTETS + 2 && XMIT_BROADCASTS == XMIT_OCTETS + 3);

/* The packet itself. Length first: afterwards it is not ours. */
static int
send_original(struct bridge_link *to, item_p item, int cast)
{
	const int len = NGI_M(item)->m_pkthdr.len;
	int error;

	NG_FWD_ITEM_HOOK(error, item, to->hook);
	if (error == 0)
		count_packet(to, XMIT_OCTETS, len, cast);
	return (error);
}

/* To all links but `in`, newest first; `unknown`: to those that take unknown hosts. The last one gets the original. */
static int
send_all(node_p node, struct bridge_link *in, item_p item, int cast, bool unknown)
{
	const int len = NGI_M(item)->m_pkthdr.len;
	struct bridge_link *link, *to = NULL;
	struct mbuf *copy;
	int error = 0, e;
	hook_p hook;

	LIST_FOREACH(hook, &node->nd_hooks, hk_hooks) {
		link = NG_HOOK_PRIVATE(hook);
		if (link == in || (unknown && !link->unknown))
			continue;
		if (to != NULL) {
			if ((copy = m_dup(NGI_M(item), M_NOWAIT)) == NULL)
				return (bridge_drop(in, item, MEMORY_FAILURES, ENOBUFS));
			NG_SEND_DATA_ONLY(e, to->hook, copy);
			if (e == 0)
				count_packet(to, XMIT_OCTETS, len, cast);
			else
				error = e;
		}
		to = link;
	}
	if (to == NULL) {
		NG_FREE_ITEM(item);
		return (error);
	}
	e = send_original(to, item, cast);
	return (e != 0 ? e : error);
}

/* What becomes of a packet. */
struct bridge_way {
	struct bridge_link *to; /* NULL: all links, or none */
	enum { WAY_DROP, WAY_NONE, WAY_ALL, WAY_UNKNOWN, WAY_ONE } how; /* NONE: it is where it belongs; UNKNOWN: all that take such */
	int cast;
	int why, error; /* of WAY_DROP */
};

static void
way_drop(struct bridge_way *w, int why, int error)
{
	w->how = WAY_DROP;
	w->why = why;
	w->error = error;
}

/* Counts what came, tells the writer of news; `told`, if not NULL: the address it was told of last. */
static void
way_find(node_p node, struct bridge_link *in, const struct mbuf *m, u_char *told, struct bridge_way *w)
{
	struct bridge *sc = NG_NODE_PRIVATE(node);
	struct ether_header eh;
	struct bridge_host *h;

	w->to = NULL;
	w->cast = 0;
	if (m->m_pkthdr.len < ETHER_HDR_LEN) {
		way_drop(w, RECV_RUNTS, EINVAL);
		return;
	}
	m_copydata(m, 0, ETHER_HDR_LEN, (caddr_t)&eh);
	if (ETHER_IS_MULTICAST(eh.ether_shost)) {
		way_drop(w, RECV_INVALID, EINVAL);
		return;
	}
	if (in->mute > 0) {
		way_drop(w, LOOP_DROPS, ELOOP);
		return;
	}
	if (ETHER_IS_MULTICAST(eh.ether_dhost))
		w->cast = ETHER_IS_BROADCAST(eh.ether_dhost) ? 2 : 1;
	count_packet(in, RECV_OCTETS, m->m_pkthdr.len, w->cast);

	h = host_find(sc, eh.ether_shost);
	if (h != NULL && h->link == in && sc->timer) {
		/* Readers may do this at the same time, all of them the same; the writer is not here. */
		if (atomic_load_int(&h->stale) != 0)
			atomic_store_int(&h->stale, 0);
	} else if (h != NULL || in->kind != UPLINK) {
		if (told == NULL || memcmp(told, eh.ether_shost, ETHER_ADDR_LEN) != 0)
			bridge_news(node, in, eh.ether_shost);
		if (told != NULL)
			memcpy(told, eh.ether_shost, ETHER_ADDR_LEN);
		if (h != NULL && h->link != in && h->age < sc->conf.minStableAge) {
			way_drop(w, LOOP_DROPS, ELOOP);
			return;
		}
	}

	if (w->cast != 0) {
		w->how = WAY_ALL;
	} else if ((h = host_find(sc, eh.ether_dhost)) == NULL) {
		counter_u64_add(in->count[RECV_UNKNOWN], 1);
		w->how = WAY_UNKNOWN;
	} else if (h->link == in) {
		w->how = WAY_NONE;
	} else {
		w->how = WAY_ONE;
		w->to = h->link;
	}
}

static int
ng_bridge_rcvdata(hook_p hook, item_p item)
{
	node_p node = NG_HOOK_NODE(hook);
	struct bridge_link *in = NG_HOOK_PRIVATE(hook);
	struct bridge_way w;

	way_find(node, in, NGI_M(item), NULL, &w);
	switch (w.how) {
	case WAY_DROP:
		return (bridge_drop(in, item, w.why, w.error));
	case WAY_NONE:
		NG_FREE_ITEM(item);
		return (0);
	case WAY_ONE:
		return (send_original(w.to, item, w.cast));
	default:
		return (send_all(node, in, item, w.cast, w.how == WAY_UNKNOWN));
	}
}

#ifdef NGU_BURST_MAX
static int
send_run(struct bridge_link *to, struct mbuf **vec, unsigned n, size_t bytes, int cast)
{
	int error = ngu_send_burst(to->hook, vec, n, bytes);

	if (error == 0) { /* else none is counted: which of them was refused nobody says */
		counter_u64_add(to->count[XMIT_OCTETS], (int64_t)bytes);
		counter_u64_add(to->count[XMIT_PACKETS], n);
		if (cast != 0)
			counter_u64_add(to->count[XMIT_PACKETS + cast], n);
	}
	return (error);
}

/* As send_all(), link by link. */
static int
send_run_all(node_p node, struct bridge_link *in, struct mbuf **vec, unsigned n, size_t bytes, int cast, bool unknown)
{
	struct mbuf *copy[NGU_BURST_MAX];
	struct bridge_link *link, *to = NULL;
	unsigned got;
	int error = 0, e;
	hook_p hook;

	LIST_FOREACH(hook, &node->nd_hooks, hk_hooks) {
		link = NG_HOOK_PRIVATE(hook);
		if (link == in || (unknown && !link->unknown))
			continue;
		if (to != NULL) {
			got = 0;
			for (unsigned i = 0; i < n; i++) {
				if ((copy[got] = m_dup(vec[i], M_NOWAIT)) != NULL) {
					vec[got++] = vec[i];
				} else {
					counter_u64_add(in->count[MEMORY_FAILURES], 1);
					bytes -= (size_t)vec[i]->m_pkthdr.len;
					m_freem(vec[i]);
					error = ENOBUFS;
				}
			}
			if ((n = got) == 0)
				return (error);
			if ((e = send_run(to, copy, n, bytes, cast)) != 0)
				error = e;
		}
		to = link;
	}
	if (to == NULL) {
		for (unsigned i = 0; i < n; i++)
			m_freem(vec[i]);
		return (error);
	}
	e = send_run(to, vec, n, bytes, cast);
	return (e != 0 ? e : error);
}

/* Packets in a row that go the same way leave together. News take effect behind the burst. */
static int
ng_bridge_rcvburst(hook_p hook, struct mbuf **vec, unsigned n, size_t total)
{
	node_p node = NG_HOOK_NODE(hook);
	struct bridge_link *in = NG_HOOK_PRIVATE(hook);
	struct bridge_way run = { .how = WAY_NONE }, w = run;
	u_char told[ETHER_ADDR_LEN] = { 1 }; /* a multicast address: nobody's */
	unsigned first = 0;
	size_t bytes = 0;
	int error = 0, e;

	(void)total;
	for (unsigned i = 0; i <= n; i++) {
		if (i < n)
			way_find(node, in, vec[i], told, &w);
		if (i == n || i == first || w.how != run.how || w.to != run.to || w.cast != run.cast) {
			if (i != first && run.how != WAY_NONE && run.how != WAY_DROP) {
				e = run.how == WAY_ONE ? send_run(run.to, vec + first, i - first, bytes, run.cast) :
				    send_run_all(node, in, vec + first, i - first, bytes, run.cast, run.how == WAY_UNKNOWN);
				if (e != 0)
					error = e;
			}
			if (i == n)
				break;
			first = i;
			bytes = 0;
			run = w;
		}
		bytes += (size_t)vec[i]->m_pkthdr.len;
		if (w.how == WAY_NONE || w.how == WAY_DROP) {
			if (w.how == WAY_DROP) {
				counter_u64_add(in->count[w.why], 1);
				error = w.error;
			}
			m_freem(vec[i]);
		}
	}
	return (error);
}
NGU_BURST_INIT(bridge, &ng_bridge_type, ng_bridge_rcvburst);
#endif
