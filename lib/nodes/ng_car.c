/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_car.c - committed access rate: token buckets decide what passes, what is dropped and what waits.
 *
 * Packets run as readers, many at once. What they change, the buckets, the counters and the queue of a direction, is under the
 * direction's mutex, which is never held while anything is sent. Hooks and configurations change only while the node stands
 * still; readers read them plainly.
 *
 * Buckets hold bits. In RED mode the second one holds what was borrowed, which is paid back before the first is filled.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/limits.h>
#include <sys/lock.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/mutex.h>
#include <sys/time.h>

#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>
#include <netgraph/ng_parse.h>
#include <netgraph/ng_car.h>

#ifdef NG_SEPARATE_MALLOC
static MALLOC_DEFINE(M_NETGRAPH_CAR, "netgraph_car", "netgraph car node");
#else
#define M_NETGRAPH_CAR M_NETGRAPH
#endif

CTASSERT(sizeof(struct ng_car_bulkstats) == 96);
CTASSERT(sizeof(struct ng_car_bulkconf) == 80);

#define BILLION UINT64_C(1000000000)
#define RATE_MOST BILLION
#define PACKET_BITS 1024		    /* what a packet counts for when packets are counted */
#define SIZE_MOST (UINT64_C(1) << 50) /* so that sums of bits fit */

enum { QUEUE_MOST = 99, QUEUE_RED = 8 };

/* What comes by one hook. */
struct car_dir {
	hook_p to; /* NULL: not connected */
	struct ng_car_hookconf conf;
	uint64_t cbs, ebs; /* of conf, in bits */
	uint64_t cir, pir; /* of conf, in bits a second */
	struct mtx lock;   /* of what follows */
	uint64_t tc, te;
	uint64_t tc_rest, te_rest; /* 10^-9 bits */
	struct timespec filled;	   /* when the buckets were */
	struct ng_car_hookstats stats;
	struct mbufq queue;
	struct callout timer; /* armed while the queue has packets */
};

enum { DOWN, UP, DIRS };

struct car {
	struct car_dir dir[DIRS];
};

static ng_constructor_t ng_car_constructor;
static ng_rcvmsg_t ng_car_rcvmsg;
static ng_shutdown_t ng_car_shutdown;
static ng_newhook_t ng_car_newhook;
static ng_rcvdata_t ng_car_rcvdata;
static ng_disconnect_t ng_car_disconnect;

static const struct ng_parse_struct_field hookstats_fields[] = NG_CAR_HOOKSTATS;
static const struct ng_parse_type hookstats_type = { .supertype = &ng_parse_struct_type, .info = &hookstats_fields };
static const struct ng_parse_struct_field bulkstats_fields[] = NG_CAR_BULKSTATS(&hookstats_type);
static const struct ng_parse_type bulkstats_type = { .supertype = &ng_parse_struct_type, .info = &bulkstats_fields };
static const struct ng_parse_struct_field hookconf_fields[] = NG_CAR_HOOKCONF;
static const struct ng_parse_type hookconf_type = { .supertype = &ng_parse_struct_type, .info = &hookconf_fields };
static const struct ng_parse_struct_field bulkconf_fields[] = NG_CAR_BULKCONF(&hookconf_type);
static const struct ng_parse_type bulkconf_type = { .supertype = &ng_parse_struct_type, .info = &bulkconf_fields };

static const struct ng_cmdlist ng_car_cmdlist[] = {
	{ NGM_CAR_COOKIE, NGM_CAR_GET_STATS, "getstats", NULL, &bulkstats_type },
	{ NGM_CAR_COOKIE, NGM_CAR_CLR_STATS, "clrstats", NULL, NULL },
	{ NGM_CAR_COOKIE, NGM_CAR_GETCLR_STATS, "getclrstats", NULL, &bulkstats_type },
	{ NGM_CAR_COOKIE, NGM_CAR_GET_CONF, "getconf", NULL, &bulkconf_type },
	{ NGM_CAR_COOKIE, NGM_CAR_SET_CONF, "setconf", &bulkconf_type, NULL },
	{ 0, 0, NULL, NULL, NULL }
};

static struct ng_type ng_car_type = {
	.version = NG_ABI_VERSION,
	.name = NG_CAR_NODE_TYPE,
	.constructor = ng_car_constructor,
	.rcvmsg = ng_car_rcvmsg,
	.shutdown = ng_car_shutdown,
	.newhook = ng_car_newhook,
	.rcvdata = ng_car_rcvdata,
	.disconnect = ng_car_disconnect,
	.cmdlist = ng_car_cmdlist,
};
NETGRAPH_INIT(car, &ng_car_type);

/* Take a configuration, with full buckets. */
static void
configure(struct car_dir *d, const struct ng_car_hookconf *c)
{
	const uint64_t size = (c->opt & NG_CAR_COUNT_PACKETS) != 0 ? PACKET_BITS : 8;
	const uint64_t rate = (c->opt & NG_CAR_COUNT_PACKETS) != 0 ? PACKET_BITS : 1;

	d->conf = *c;
	d->cbs = MIN(c->cbs, SIZE_MOST) * size;
	d->ebs = MIN(c->ebs, SIZE_MOST) * size;
	d->cir = c->cir * rate;
	d->pir = c->pir * rate;
	d->tc = d->cbs;
	d->te = c->mode == NG_CAR_RED || c->mode == NG_CAR_SHAPE ? 0 : d->ebs;
	d->tc_rest = d->te_rest = 0;
	getnanouptime(&d->filled);
}

static int
ng_car_constructor(node_p node)
{
	static const struct ng_car_hookconf conf = { NG_CAR_CBS_MIN, NG_CAR_EBS_MIN, NG_CAR_CIR_DFLT, 0, NG_CAR_ACTION_FORWARD,
		NG_CAR_ACTION_FORWARD, NG_CAR_ACTION_DROP, NG_CAR_SINGLE_RATE, 0 };
	struct car *sc = malloc(sizeof(*sc), M_NETGRAPH_CAR, M_WAITOK | M_ZERO);

	for (int i = 0; i < DIRS; i++) {
		configure(&sc->dir[i], &conf);
		mtx_init(&sc->dir[i].lock, "car", NULL, MTX_DEF);
		mbufq_init(&sc->dir[i].queue, QUEUE_MOST);
		ng_callout_init(&sc->dir[i].timer);
	}
	NG_NODE_SET_PRIVATE(node, sc);
	return (0);
}

static int
ng_car_newhook(node_p node, hook_p hook, const char *name)
{
	struct car *sc = NG_NODE_PRIVATE(node);
	int from;

	if (strcmp(name, NG_CAR_HOOK_UPPER) == 0)
		from = DOWN;
	else if (strcmp(name, NG_CAR_HOOK_LOWER) == 0)
		from = UP;
	else
		return (EINVAL);
	bzero(&sc->dir[from].stats, sizeof(sc->dir[from].stats));
	sc->dir[from == DOWN ? UP : DOWN].to = hook;
	NG_HOOK_SET_PRIVATE(hook, &sc->dir[from]);
	return (0);
}

/* ---- buckets; the direction is locked, or nobody else is in the node ---- */

/* What a rate gives in that time. The rest is carried. */
static uint64_t
income(uint64_t rate, const struct timespec *since, uint64_t *rest)
{
	const uint64_t n = (uint64_t)since->tv_nsec * rate + *rest;

	*rest = n % BILLION;
	return ((uint64_t)MIN(since->tv_sec, INT32_MAX) * rate + n / BILLION);
}

static void
fill(struct car_dir *d)
{
	struct timespec now, since;
	uint64_t n, paid;

	getnanouptime(&now);
	since.tv_sec = now.tv_sec - d->filled.tv_sec;
	since.tv_nsec = now.tv_nsec - d->filled.tv_nsec;
	if (since.tv_nsec < 0) {
		since.tv_sec--;
		since.tv_nsec += (long)BILLION;
	}
	if (since.tv_sec < 0)
		return; /* another thread was here with a later time */
	d->filled = now;
	n = income(d->cir, &since, &d->tc_rest);
	if (d->conf.mode == NG_CAR_RED) {
		paid = MIN(d->te, n);
		d->te -= paid;
		n -= paid;
	}
	d->tc += n;
	n = d->tc - MIN(d->tc, d->cbs);
	d->tc -= n;
	if (d->conf.mode == NG_CAR_DOUBLE_RATE)
		n = income(d->pir, &since, &d->te_rest);
	if (d->conf.mode == NG_CAR_SINGLE_RATE || d->conf.mode == NG_CAR_DOUBLE_RATE)
		d->te = MIN(d->te + n, d->ebs);
}

static uint64_t
bits_of(const struct car_dir *d, const struct mbuf *m)
{
	return ((d->conf.opt & NG_CAR_COUNT_PACKETS) != 0 ? PACKET_BITS : (uint64_t)m->m_pkthdr.len * 8);
}

/* True with probability part / whole. */
static bool
by_chance(uint64_t part, uint64_t whole)
{
	while (whole > UINT32_MAX) {
		part >>= 1;
		whole >>= 1;
	}
	return ((arc4random() * whole) >> 32 < part);
}

/* Ticks until the head of the queue may go. One that is larger than the bucket goes when that is full. */
static int
ticks_to_head(const struct car_dir *d)
{
	const uint64_t need = MIN(bits_of(d, mbufq_first(&d->queue)), d->cbs);
	const uint64_t bits = need - MIN(need, d->tc);

	/* need is below 2^60; a rate of a bit a second takes as long as a timer can. */
	return ((int)MIN(MAX(howmany(bits, d->cir) > INT_MAX / hz ? INT_MAX : howmany(bits * hz, d->cir), 1), INT_MAX));
}

enum colour { GREEN, YELLOW, RED, QUEUED };

static void car_timer(node_p node, hook_p hook, void *arg1, int arg2);

/* Too much for now: it waits, if there is room and luck. */
static enum colour
shape(node_p node, struct car_dir *d, item_p item)
{
	const int waiting = mbufq_len(&d->queue);
	struct mbuf *m;

	if (mbufq_full(&d->queue) ||
	    (waiting > QUEUE_RED && by_chance((uint64_t)(waiting - QUEUE_RED), QUEUE_MOST - QUEUE_RED)))
		return (RED);
	NGI_GET_M(item, m);
	(void)mbufq_enqueue(&d->queue, m); /* there is room */
	if (waiting == 0 && ng_callout(&d->timer, node, NULL, ticks_to_head(d), car_timer, d, 0) != 0) {
		NGI_M(item) = mbufq_dequeue(&d->queue); /* nobody would send it */
		return (RED);
	}
	return (QUEUED);
}

static enum colour
judge(node_p node, struct car_dir *d, item_p item)
{
	const uint64_t bits = bits_of(d, NGI_M(item));

	fill(d);
	if (d->tc >= bits && mbufq_len(&d->queue) == 0) {
		d->tc -= bits;
		return (GREEN);
	}
	switch (d->conf.mode) {
	case NG_CAR_SHAPE:
		return (shape(node, d, item));
	case NG_CAR_RED:
		if (d->te + bits > d->ebs || by_chance(d->te, d->ebs))
			return (RED);
		d->te += bits;
		return (YELLOW);
	default:
		if (d->te < bits)
			return (RED);
		d->te -= bits;
		return (YELLOW);
	}
}

/* ---- packets ---- */

static int
ng_car_rcvdata(hook_p hook, item_p item)
{
	struct car_dir *d = NG_HOOK_PRIVATE(hook);
	bool pass;
	int action, error;

	mtx_lock(&d->lock);
	switch (judge(NG_HOOK_NODE(hook), d, item)) {
	case GREEN:
		d->stats.green_pkts++;
		action = d->conf.green_action;
		break;
	case YELLOW:
		d->stats.yellow_pkts++;
		action = d->conf.yellow_action;
		break;
	case RED:
		d->stats.red_pkts++;
		action = d->conf.mode == NG_CAR_SHAPE ? NG_CAR_ACTION_DROP : d->conf.red_action;
		break;
	default: /* it waits */
		d->stats.yellow_pkts++;
		mtx_unlock(&d->lock);
		NG_FREE_ITEM(item);
		return (0);
	}
	pass = action == NG_CAR_ACTION_FORWARD || action == NG_CAR_ACTION_MARK;
	d->stats.errors += action == NG_CAR_ACTION_MARK;
	d->stats.passed_pkts += pass;
	d->stats.dropped_pkts += !pass;
	mtx_unlock(&d->lock);
	if (!pass) {
		NG_FREE_ITEM(item);
		return (0);
	}
	NG_FWD_ITEM_HOOK(error, item, d->to);
	if (error != 0) {
		mtx_lock(&d->lock);
		d->stats.errors++;
		mtx_unlock(&d->lock);
	}
	return (error);
}

/* Nobody else is in the node. One packet that waited; what the next node answers to it must not find the direction locked. */
static void
send_head(struct car_dir *d)
{
	struct mbuf *m = mbufq_dequeue(&d->queue);
	int error;

	d->tc -= MIN(d->tc, bits_of(d, m));
	d->stats.passed_pkts++;
	NG_SEND_DATA_ONLY(error, d->to, m);
	d->stats.errors += error != 0;
}

/* The buckets allow some, or the mode is another now and all may go. */
static void
car_timer(node_p node, hook_p hook, void *arg1, int arg2)
{
	struct car_dir *d = arg1;

	fill(d);
	while (mbufq_len(&d->queue) != 0 &&
	    (d->conf.mode != NG_CAR_SHAPE || d->tc >= MIN(bits_of(d, mbufq_first(&d->queue)), d->cbs)))
		send_head(d);
	if (mbufq_len(&d->queue) != 0 && ng_callout(&d->timer, node, NULL, ticks_to_head(d), car_timer, d, 0) != 0)
		while (mbufq_len(&d->queue) != 0) /* no memory: rather too early than never */
			send_head(d);
}

/* ---- commands ---- */

static bool
conf_valid(const struct ng_car_hookconf *c)
{
	const uint64_t most = (c->opt & NG_CAR_COUNT_PACKETS) != 0 ? RATE_MOST / PACKET_BITS : RATE_MOST;

	return (c->cir <= most && c->pir <= most && (c->cbs != 0 || c->ebs != 0) && (c->mode != NG_CAR_SHAPE || c->cir != 0));
}

static int
set_conf(node_p node, struct car *sc, const struct ng_mesg *msg)
{
	struct ng_car_bulkconf c;

	if (msg->header.arglen != sizeof(c))
		return (EINVAL);
	memcpy(&c, msg->data, sizeof(c));
	if (!conf_valid(&c.upstream) || !conf_valid(&c.downstream))
		return (EINVAL);
	configure(&sc->dir[UP], &c.upstream);
	configure(&sc->dir[DOWN], &c.downstream);
	for (int i = 0; i < DIRS; i++)
		if (mbufq_len(&sc->dir[i].queue) != 0) {
			(void)ng_uncallout(&sc->dir[i].timer, node);
			car_timer(node, NULL, &sc->dir[i], 0);
		}
	return (0);
}

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
car_command(node_p node, struct car *sc, struct ng_mesg *msg, struct ng_mesg **resp)
{
	struct ng_car_bulkstats st;
	struct ng_car_bulkconf c;

	switch (msg->header.cmd) {
	case NGM_CAR_GET_STATS:
	case NGM_CAR_GETCLR_STATS:
		st.upstream = sc->dir[UP].stats;
		st.downstream = sc->dir[DOWN].stats;
		if (reply(msg, resp, &st, sizeof(st)) != 0)
			return (ENOMEM);
		if (msg->header.cmd == NGM_CAR_GET_STATS)
			return (0);
		/* FALLTHROUGH */
	case NGM_CAR_CLR_STATS:
		for (int i = 0; i < DIRS; i++)
			bzero(&sc->dir[i].stats, sizeof(sc->dir[i].stats));
		return (0);
	case NGM_CAR_GET_CONF:
		c.upstream = sc->dir[UP].conf;
		c.downstream = sc->dir[DOWN].conf;
		return (reply(msg, resp, &c, sizeof(c)));
	case NGM_CAR_SET_CONF:
		return (set_conf(node, sc, msg));
	default:
		return (EINVAL);
	}
}

static int
ng_car_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	struct ng_mesg *msg, *resp = NULL;
	int error;

	NGI_GET_MSG(item, msg);
	error = msg->header.typecookie == NGM_CAR_COOKIE ? car_command(node, NG_NODE_PRIVATE(node), msg, &resp) : EINVAL;
	NG_RESPOND_MSG(error, node, item, resp);
	NG_FREE_MSG(msg);
	return (error);
}

/* ---- ends ---- */

static int
ng_car_shutdown(node_p node)
{
	struct car *sc = NG_NODE_PRIVATE(node);

	for (int i = 0; i < DIRS; i++) {
		(void)ng_uncallout(&sc->dir[i].timer, node);
		mbufq_drain(&sc->dir[i].queue);
		mtx_destroy(&sc->dir[i].lock);
	}
	NG_NODE_SET_PRIVATE(node, NULL);
	free(sc, M_NETGRAPH_CAR);
	NG_NODE_UNREF(node);
	return (0);
}

/* What was to leave by it ends here. */
static int
ng_car_disconnect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);
	struct car *sc = NG_NODE_PRIVATE(node);
	struct car_dir *d;

	for (int i = 0; i < DIRS; i++) {
		d = &sc->dir[i];
		if (d->to != hook)
			continue;
		(void)ng_uncallout(&d->timer, node);
		d->stats.dropped_pkts += (uint64_t)mbufq_len(&d->queue);
		mbufq_drain(&d->queue);
		d->to = NULL;
	}
	NG_HOOK_SET_PRIVATE(hook, NULL);
	if (NG_NODE_NUMHOOKS(node) == 0 && NG_NODE_IS_VALID(node))
		ng_rmnode_self(node);
	return (0);
}
