/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_source.c - a packet generator: what came by "input" is sent by "output" again and again, at a given rate.
 *
 * Every packet, message and tick of the node runs alone (force-writer), so nothing here needs a lock. There are no interfaces
 * that could set the pace: their names are taken and not known, as those of interfaces that do not exist.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/endian.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/syslog.h>
#include <sys/time.h>

#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>
#include <netgraph/ng_parse.h>
#include <netgraph/ng_source.h>

#ifdef NG_SEPARATE_MALLOC
static MALLOC_DEFINE(M_NETGRAPH_SOURCE, "netgraph_source", "netgraph source node");
#else
#define M_NETGRAPH_SOURCE M_NETGRAPH
#endif

CTASSERT(sizeof(struct ng_source_stats) == 96);
CTASSERT(sizeof(struct ng_source_embed_info) == 4);
CTASSERT(sizeof(struct ng_source_embed_cnt_info) == 24);

/* Of node type ether: what its neighbour is asked and told. */
enum { ETHER_COOKIE = 917786906, ETHER_GET_IFNAME = 1, ETHER_SET_AUTOSRC = 8 };

#define STAMP_LEN 8 /* seconds and microseconds, 32 bits each */
#define MILLION UINT64_C(1000000)

struct source {
	hook_p input, output; /* NULL: not connected */
	struct mbufq list;
	uint32_t octets; /* in the list */
	uint32_t pass;	 /* packets sent of this pass over the list */
	bool running;
	uint64_t left; /* packets to send */
	uint64_t due;  /* millionths of a packet that the last tick left over */
	struct timeval start, last; /* for the pace; those in stats may have been cleared */
	struct callout tick;
	struct ng_source_stats stats;
	struct ng_source_embed_info stamp;
	struct ng_source_embed_cnt_info counter[NG_SOURCE_COUNTERS];
};

static ng_constructor_t ng_source_constructor;
static ng_rcvmsg_t ng_source_rcvmsg;
static ng_shutdown_t ng_source_shutdown;
static ng_newhook_t ng_source_newhook;
static ng_connect_t ng_source_connect;
static ng_rcvdata_t ng_source_rcvdata;
static ng_disconnect_t ng_source_disconnect;

static const struct ng_parse_struct_field timeval_fields[] = {
	{ "tv_sec", &ng_parse_int64_type, 0 },
	{ "tv_usec", &ng_parse_int64_type, 0 },
	{ NULL, NULL, 0 }
};
CTASSERT(sizeof(struct timeval) == 16);
static const struct ng_parse_type timeval_type = { .supertype = &ng_parse_struct_type, .info = &timeval_fields };
static const struct ng_parse_struct_field stats_fields[] = NG_SOURCE_STATS_TYPE_INFO(&timeval_type);
static const struct ng_parse_type stats_type = { .supertype = &ng_parse_struct_type, .info = &stats_fields };
static const struct ng_parse_struct_field stamp_fields[] = NG_SOURCE_EMBED_TYPE_INFO;
static const struct ng_parse_type stamp_type = { .supertype = &ng_parse_struct_type, .info = &stamp_fields };
static const struct ng_parse_struct_field counter_fields[] = NG_SOURCE_EMBED_CNT_TYPE_INFO;
static const struct ng_parse_type counter_type = { .supertype = &ng_parse_struct_type, .info = &counter_fields };

static const struct ng_cmdlist ng_source_cmdlist[] = {
	{ NGM_SOURCE_COOKIE, NGM_SOURCE_GET_STATS, "getstats", NULL, &stats_type },
	{ NGM_SOURCE_COOKIE, NGM_SOURCE_CLR_STATS, "clrstats", NULL, NULL },
	{ NGM_SOURCE_COOKIE, NGM_SOURCE_GETCLR_STATS, "getclrstats", NULL, &stats_type },
	{ NGM_SOURCE_COOKIE, NGM_SOURCE_START, "start", &ng_parse_uint64_type, NULL },
	{ NGM_SOURCE_COOKIE, NGM_SOURCE_STOP, "stop", NULL, NULL },
	{ NGM_SOURCE_COOKIE, NGM_SOURCE_CLR_DATA, "clrdata", NULL, NULL },
	{ NGM_SOURCE_COOKIE, NGM_SOURCE_SETIFACE, "setiface", &ng_parse_string_type, NULL },
	{ NGM_SOURCE_COOKIE, NGM_SOURCE_SETPPS, "setpps", &ng_parse_uint32_type, NULL },
	{ NGM_SOURCE_COOKIE, NGM_SOURCE_SET_TIMESTAMP, "settimestamp", &stamp_type, NULL },
	{ NGM_SOURCE_COOKIE, NGM_SOURCE_GET_TIMESTAMP, "gettimestamp", NULL, &stamp_type },
	{ NGM_SOURCE_COOKIE, NGM_SOURCE_SET_COUNTER, "setcounter", &counter_type, NULL },
	{ NGM_SOURCE_COOKIE, NGM_SOURCE_GET_COUNTER, "getcounter", &ng_parse_uint8_type, &counter_type },
	{ 0, 0, NULL, NULL, NULL }
};

static struct ng_type ng_source_type = {
	.version = NG_ABI_VERSION,
	.name = NG_SOURCE_NODE_TYPE,
	.constructor = ng_source_constructor,
	.rcvmsg = ng_source_rcvmsg,
	.shutdown = ng_source_shutdown,
	.newhook = ng_source_newhook,
	.connect = ng_source_connect,
	.rcvdata = ng_source_rcvdata,
	.disconnect = ng_source_disconnect,
	.cmdlist = ng_source_cmdlist,
};
NETGRAPH_INIT(source, &ng_source_type);

static int
ng_source_constructor(node_p node)
{
	struct source *sc = malloc(sizeof(*sc), M_NETGRAPH_SOURCE, M_WAITOK | M_ZERO);

	NG_NODE_FORCE_WRITER(node);
	mbufq_init(&sc->list, 0);
	ng_callout_init(&sc->tick);
	NG_NODE_SET_PRIVATE(node, sc);
	return (0);
}

static int
ng_source_newhook(node_p node, hook_p hook, const char *name)
{
	struct source *sc = NG_NODE_PRIVATE(node);

	if (strcmp(name, NG_SOURCE_HOOK_INPUT) == 0) {
		sc->input = hook;
	} else if (strcmp(name, NG_SOURCE_HOOK_OUTPUT) == 0) {
		sc->output = hook;
		bzero(&sc->stats, sizeof(sc->stats));
	} else {
		return (EINVAL);
	}
	return (0);
}

/* ---- the neighbour, if it is an interface ---- */

static void
tell_output(node_p node, struct source *sc, int cmd, size_t len)
{
	struct ng_mesg *msg;
	int error;

	NG_MKMESSAGE(msg, ETHER_COOKIE, cmd, len, M_NOWAIT);
	if (msg == NULL)
		return;
	bzero(msg->data, len);
	NG_SEND_MSG_HOOK(error, node, msg, sc->output, 0);
	(void)error; /* whoever it is need not know the question */
}

static void
source_ask(node_p node, hook_p hook, void *arg1, int arg2)
{
	struct source *sc = NG_NODE_PRIVATE(node);

	if (sc->output == hook)
		tell_output(node, sc, ETHER_GET_IFNAME, 0);
}

/* Both ends have to be there before anything is sent. */
static int
ng_source_connect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);
	struct source *sc = NG_NODE_PRIVATE(node);

	if (hook == sc->output)
		(void)ng_send_fn(node, hook, source_ask, NULL, 0);
	NG_HOOK_SET_PRIVATE(hook, sc); /* losing one that never was connected means nothing */
	return (0);
}

/* ---- sending ---- */

/* A field of len bytes in the first mbuf of a copy; NULL when it is not there. */
static u_char *
field(struct mbuf *m, u_int offset, u_int len)
{
	return (offset + len <= (u_int)m->m_len ? mtod(m, u_char *) + offset : NULL);
}

static void
step(struct ng_source_embed_cnt_info *c)
{
	const int64_t v = (int64_t)c->next_val + c->increment;

	c->next_val = v > (int64_t)c->max_val ? c->min_val : v < (int64_t)c->min_val ? c->max_val : (uint32_t)v;
}

static void
embed(struct source *sc, struct mbuf *m)
{
	struct ng_source_embed_cnt_info *c;
	struct timeval now;
	u_char b[4], *p;

	if ((sc->stamp.flags & NGM_SOURCE_EMBED_ENABLE) != 0 && (p = field(m, sc->stamp.offset, STAMP_LEN)) != NULL) {
		microtime(&now);
		be32enc(p, (uint32_t)now.tv_sec);
		be32enc(p + 4, (uint32_t)now.tv_usec);
	}
	for (int i = 0; i < NG_SOURCE_COUNTERS; i++) {
		c = &sc->counter[i];
		if ((c->flags & NGM_SOURCE_EMBED_ENABLE) == 0)
			continue;
		if ((p = field(m, c->offset, c->width)) != NULL) {
			be32enc(b, c->next_val);
			memcpy(p, b + sizeof(b) - c->width, c->width);
		}
		if ((c->flags & NGM_SOURCE_INC_CNT_PER_LIST) == 0 || sc->pass + 1 >= (uint32_t)mbufq_len(&sc->list))
			step(c);
	}
}

/* One packet: a copy of the list's first, which becomes its last. False when memory is short. */
static bool
send_one(struct source *sc)
{
	struct mbuf *m, *copy;
	int error, len;

	if ((copy = m_dup(mbufq_first(&sc->list), M_NOWAIT)) == NULL)
		return (false);
	embed(sc, copy);
	m = mbufq_dequeue(&sc->list);
	(void)mbufq_enqueue(&sc->list, m); /* has no limit */
	if (++sc->pass >= (uint32_t)mbufq_len(&sc->list))
		sc->pass = 0;
	len = copy->m_pkthdr.len;
	NG_SEND_DATA_ONLY(error, sc->output, copy);
	if (error == 0) {
		sc->stats.outFrames++;
		sc->stats.outOctets += (uint64_t)len;
	}
	return (true);
}

static void
source_stop(node_p node, struct source *sc)
{
	if (!sc->running)
		return;
	(void)ng_uncallout(&sc->tick, node);
	sc->running = false;
	getmicrouptime(&sc->stats.endTime);
	sc->stats.elapsedTime = sc->stats.endTime;
	timevalsub(&sc->stats.elapsedTime, &sc->start);
}

/* How many may be sent now. */
static uint64_t
allowed(struct source *sc, const struct timeval *now)
{
	uint64_t n = MIN(sc->left, (uint64_t)mbufq_len(&sc->list));
	struct timeval since = *now;

	timevalsub(&since, &sc->last);
	if (sc->stats.maxPps != 0) {
		sc->due += sc->stats.maxPps * ((uint64_t)MIN(since.tv_sec, 1000) * MILLION + (uint64_t)since.tv_usec);
		n = MIN(n, sc->due / MILLION);
		sc->due %= MILLION; /* what could not be sent for another reason is not made up for */
	}
	return (n);
}

static void
source_tick(node_p node, hook_p hook, void *arg1, int arg2)
{
	struct source *sc = NG_NODE_PRIVATE(node);
	struct timeval now;

	if (!sc->running) /* stopped while this was on its way */
		return;
	getmicrouptime(&now);
	for (uint64_t n = allowed(sc, &now); n != 0; n--) {
		if (!send_one(sc)) {
			sc->due += sc->stats.maxPps != 0 ? n * MILLION : 0; /* at the next tick */
			break;
		}
		sc->left--;
		sc->stats.lastTime = now;
	}
	sc->last = now;
	if (sc->left == 0) {
		source_stop(node, sc);
	} else if (ng_callout(&sc->tick, node, NULL, 1, source_tick, NULL, 0) != 0) {
		log(LOG_ERR, "source [%x]: no memory for the timer: stopped, %ju packets not sent\n", NG_NODE_ID(node), (uintmax_t)sc->left);
		source_stop(node, sc);
	}
}

static int
source_start(node_p node, struct source *sc, const struct ng_mesg *msg)
{
	uint64_t n;
	int error;

	if (msg->header.arglen != sizeof(n))
		return (EINVAL);
	if (sc->running)
		return (EBUSY);
	if (sc->stats.maxPps == 0)
		return (ENXIO);
	memcpy(&n, msg->data, sizeof(n));
	if (n != 0 && (error = ng_callout(&sc->tick, node, NULL, 1, source_tick, NULL, 0)) != 0)
		return (error);
	sc->running = n != 0;
	sc->left = n;
	sc->due = 0;
	getmicrouptime(&sc->start);
	sc->last = sc->stats.startTime = sc->start;
	timevalclear(&sc->stats.endTime);
	timevalclear(&sc->stats.elapsedTime);
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
set(const struct ng_mesg *msg, void *to, size_t len)
{
	if (msg->header.arglen != len)
		return (EINVAL);
	memcpy(to, msg->data, len);
	return (0);
}

static int
stats(struct source *sc, struct ng_mesg *msg, struct ng_mesg **resp)
{
	if (msg->header.cmd != NGM_SOURCE_CLR_STATS) {
		sc->stats.queueOctets = sc->octets;
		sc->stats.queueFrames = (uint32_t)mbufq_len(&sc->list);
		if (sc->running) {
			getmicrouptime(&sc->stats.elapsedTime);
			timevalsub(&sc->stats.elapsedTime, &sc->start);
		}
		if (reply(msg, resp, &sc->stats, sizeof(sc->stats)) != 0)
			return (ENOMEM);
	}
	if (msg->header.cmd != NGM_SOURCE_GET_STATS)
		bzero(&sc->stats, sizeof(sc->stats));
	return (0);
}

static int
set_counter(struct source *sc, const struct ng_mesg *msg)
{
	struct ng_source_embed_cnt_info c;

	if (set(msg, &c, sizeof(c)) != 0 || c.index >= NG_SOURCE_COUNTERS || (c.width != 1 && c.width != 2 && c.width != 4))
		return (EINVAL);
	sc->counter[c.index] = c;
	return (0);
}

static int
source_command(node_p node, struct source *sc, struct ng_mesg *msg, struct ng_mesg **resp)
{
	uint8_t index;

	if ((msg->header.flags & NGF_RESP) != 0)
		return (EINVAL);
	switch (msg->header.cmd) {
	case NGM_SOURCE_GET_STATS:
	case NGM_SOURCE_CLR_STATS:
	case NGM_SOURCE_GETCLR_STATS:
		return (stats(sc, msg, resp));
	case NGM_SOURCE_START:
		return (source_start(node, sc, msg));
	case NGM_SOURCE_STOP:
		source_stop(node, sc);
		return (0);
	case NGM_SOURCE_CLR_DATA:
		mbufq_drain(&sc->list);
		sc->octets = 0;
		sc->pass = 0;
		return (0);
	case NGM_SOURCE_SETIFACE:
		return (msg->header.arglen < 2 ? EINVAL : 0);
	case NGM_SOURCE_SETPPS:
		return (set(msg, &sc->stats.maxPps, sizeof(sc->stats.maxPps)));
	case NGM_SOURCE_SET_TIMESTAMP:
		return (set(msg, &sc->stamp, sizeof(sc->stamp)));
	case NGM_SOURCE_GET_TIMESTAMP:
		return (reply(msg, resp, &sc->stamp, sizeof(sc->stamp)));
	case NGM_SOURCE_SET_COUNTER:
		return (set_counter(sc, msg));
	case NGM_SOURCE_GET_COUNTER:
		if (set(msg, &index, sizeof(index)) != 0 || index >= NG_SOURCE_COUNTERS)
			return (EINVAL);
		return (reply(msg, resp, &sc->counter[index], sizeof(sc->counter[index])));
	default:
		return (EINVAL);
	}
}

static int
ng_source_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	struct source *sc = NG_NODE_PRIVATE(node);
	struct ng_mesg *msg, *resp = NULL;
	int error;

	NGI_GET_MSG(item, msg);
	if (msg->header.typecookie == NGM_SOURCE_COOKIE) {
		error = source_command(node, sc, msg, &resp);
	} else if (msg->header.typecookie == ETHER_COOKIE && msg->header.cmd == ETHER_GET_IFNAME &&
	    (msg->header.flags & NGF_RESP) != 0) {
		/* An interface of that name is not known, but the frames have their source addresses. */
		tell_output(node, sc, ETHER_SET_AUTOSRC, sizeof(uint32_t));
		error = 0;
	} else {
		error = EINVAL;
	}
	NG_RESPOND_MSG(error, node, item, resp);
	NG_FREE_MSG(msg);
	return (error);
}

/* ---- packets: writers all of it ---- */

static int
ng_source_rcvdata(hook_p hook, item_p item)
{
	struct source *sc = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));
	struct mbuf *m;

	if (hook != sc->input) {
		NG_FREE_ITEM(item);
		return (0);
	}
	NGI_GET_M(item, m);
	NG_FREE_ITEM(item);
	sc->octets += (uint32_t)m->m_pkthdr.len;
	(void)mbufq_enqueue(&sc->list, m); /* has no limit */
	return (0);
}

/* ---- ends ---- */

static int
ng_source_shutdown(node_p node)
{
	struct source *sc = NG_NODE_PRIVATE(node);

	source_stop(node, sc);
	mbufq_drain(&sc->list);
	NG_NODE_SET_PRIVATE(node, NULL);
	free(sc, M_NETGRAPH_SOURCE);
	NG_NODE_UNREF(node);
	return (0);
}

static int
ng_source_disconnect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);
	struct source *sc = NG_NODE_PRIVATE(node);
	const bool lost = hook == sc->output && NG_HOOK_PRIVATE(hook) != NULL;

	if (hook == sc->output)
		sc->output = NULL;
	else
		sc->input = NULL;
	if ((lost || NG_NODE_NUMHOOKS(node) == 0) && NG_NODE_IS_VALID(node))
		ng_rmnode_self(node);
	return (0);
}
