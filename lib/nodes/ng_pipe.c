/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_pipe.c - a link as it could be: so many bits a second, so long, with queues in front of it, and not perfect.
 *
 * Every packet, message and tick of the node runs alone (force-writer), so nothing here needs a lock.
 *
 * A packet waits in the queue of its flow until the line is free, is on the line for as long as its bits take, and then under way
 * for the delay. Timers come once a tick; what they come late for is computed as of the time it was due, so that rates are exact.
 * While it is here a packet keeps in PH_loc its place among the waiting ones, then the time at which it arrives.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/endian.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/limits.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/queue.h>
#include <sys/time.h>

#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>
#include <netgraph/ng_parse.h>
#include <netgraph/ng_pipe.h>

#ifdef NG_SEPARATE_MALLOC
static MALLOC_DEFINE(M_NETGRAPH_PIPE, "netgraph_pipe", "netgraph pipe node");
#else
#define M_NETGRAPH_PIPE M_NETGRAPH
#endif

CTASSERT(sizeof(struct ng_pipe_stats) == 96);
CTASSERT(sizeof(struct ng_pipe_run) == 40);
CTASSERT(sizeof(struct ng_pipe_cfg) == 120);

#define BILLION INT64_C(1000000000)
#define NEVER INT64_MAX
#define NOTE(m) ((m)->m_pkthdr.PH_loc.sixtyfour[0])

enum { QUEUE_DEFAULT = 50, QUEUE_LEAST = 5, QUANTUM_LEAST = 32, QUANTUM_DEFAULT = 2048, DUPLICATE_MOST = 50 };
#define BANDWIDTH_LEAST UINT64_C(100)
#define BANDWIDTH_MOST UINT64_C(1000000000)
#define BANDWIDTH_FAST UINT64_C(10000000) /* from here on frames have the overhead of Ethernet */
#define OVERHEAD_FAST 24
#define OVERHEAD_SLOW 10
#define DELAY_MOST UINT64_C(9999999)
#define BER_MOST UINT64_C(1000000000000)

/* Packets that wait, of one pair of addresses. */
struct flow {
	TAILQ_ENTRY(flow) others;
	STAILQ_HEAD(, mbuf) packets;
	uint64_t key;
	uint64_t finish; /* wfq: when its last packet would be through */
	uint32_t frames;
	uint64_t credit; /* drr: bytes it may still send */
};

/* One direction. */
struct pipe_dir {
	hook_p to; /* NULL: not connected */
	struct ng_pipe_hookcfg cfg;
	struct ng_pipe_hookstat stats;
	struct ng_pipe_hookrun run;
	TAILQ_HEAD(, flow) flows; /* those with packets */
	struct flow common;	  /* of all that have no flow of their own */
	int64_t busy;		  /* until when the line is, in ns of uptime */
	uint64_t arrivals;
	uint64_t virtual; /* wfq: how far all flows are */
	struct mbufq under_way;
	struct mbuf *last; /* of under_way */
};

enum { DOWN, UP, DIRS };

struct pipe {
	struct pipe_dir dir[DIRS];
	uint64_t delay; /* us */
	uint32_t overhead, header_offset;
	struct callout timer;
	int64_t armed; /* for when; NEVER: not */
};

static ng_constructor_t ng_pipe_constructor;
static ng_rcvmsg_t ng_pipe_rcvmsg;
static ng_shutdown_t ng_pipe_shutdown;
static ng_newhook_t ng_pipe_newhook;
static ng_rcvdata_t ng_pipe_rcvdata;
static ng_disconnect_t ng_pipe_disconnect;

static const struct ng_parse_struct_field hookstat_fields[] = NG_PIPE_HOOKSTAT_INFO;
static const struct ng_parse_type hookstat_type = { .supertype = &ng_parse_struct_type, .info = &hookstat_fields };
static const struct ng_parse_struct_field stats_fields[] = NG_PIPE_STATS_INFO(&hookstat_type);
static const struct ng_parse_type stats_type = { .supertype = &ng_parse_struct_type, .info = &stats_fields };
static const struct ng_parse_struct_field hookrun_fields[] = NG_PIPE_HOOKRUN_INFO;
static const struct ng_parse_type hookrun_type = { .supertype = &ng_parse_struct_type, .info = &hookrun_fields };
static const struct ng_parse_struct_field run_fields[] = NG_PIPE_RUN_INFO(&hookrun_type);
static const struct ng_parse_type run_type = { .supertype = &ng_parse_struct_type, .info = &run_fields };
static const struct ng_parse_struct_field hookcfg_fields[] = NG_PIPE_HOOKCFG_INFO;
static const struct ng_parse_type hookcfg_type = { .supertype = &ng_parse_struct_type, .info = &hookcfg_fields };
static const struct ng_parse_struct_field cfg_fields[] = NG_PIPE_CFG_INFO(&hookcfg_type);
static const struct ng_parse_type cfg_type = { .supertype = &ng_parse_struct_type, .info = &cfg_fields };

static const struct ng_cmdlist ng_pipe_cmdlist[] = {
	{ NGM_PIPE_COOKIE, NGM_PIPE_GET_STATS, "getstats", NULL, &stats_type },
	{ NGM_PIPE_COOKIE, NGM_PIPE_CLR_STATS, "clrstats", NULL, NULL },
	{ NGM_PIPE_COOKIE, NGM_PIPE_GETCLR_STATS, "getclrstats", NULL, &stats_type },
	{ NGM_PIPE_COOKIE, NGM_PIPE_GET_RUN, "getrun", NULL, &run_type },
	{ NGM_PIPE_COOKIE, NGM_PIPE_GET_CFG, "getcfg", NULL, &cfg_type },
	{ NGM_PIPE_COOKIE, NGM_PIPE_SET_CFG, "setcfg", &cfg_type, NULL },
	{ 0, 0, NULL, NULL, NULL }
};

static struct ng_type ng_pipe_type = {
	.version = NG_ABI_VERSION,
	.name = NG_PIPE_NODE_TYPE,
	.constructor = ng_pipe_constructor,
	.rcvmsg = ng_pipe_rcvmsg,
	.shutdown = ng_pipe_shutdown,
	.newhook = ng_pipe_newhook,
	.rcvdata = ng_pipe_rcvdata,
	.disconnect = ng_pipe_disconnect,
	.cmdlist = ng_pipe_cmdlist,
};
NETGRAPH_INIT(pipe, &ng_pipe_type);

static int
ng_pipe_constructor(node_p node)
{
	struct pipe *sc = malloc(sizeof(*sc), M_NETGRAPH_PIPE, M_WAITOK | M_ZERO);

	NG_NODE_FORCE_WRITER(node);
	for (int i = 0; i < DIRS; i++) {
		TAILQ_INIT(&sc->dir[i].flows);
		STAILQ_INIT(&sc->dir[i].common.packets);
		mbufq_init(&sc->dir[i].under_way, 0);
	}
	ng_callout_init(&sc->timer);
	sc->armed = NEVER;
	NG_NODE_SET_PRIVATE(node, sc);
	return (0);
}

/* What comes by the hook begins with the defaults. */
static int
ng_pipe_newhook(node_p node, hook_p hook, const char *name)
{
	struct pipe *sc = NG_NODE_PRIVATE(node);
	struct pipe_dir *d;
	int from;

	if (strcmp(name, NG_PIPE_HOOK_UPPER) == 0)
		from = DOWN;
	else if (strcmp(name, NG_PIPE_HOOK_LOWER) == 0)
		from = UP;
	else
		return (EINVAL);
	d = &sc->dir[from];
	bzero(&d->cfg, sizeof(d->cfg));
	bzero(&d->stats, sizeof(d->stats));
	d->cfg.qin_size_limit = QUEUE_DEFAULT;
	d->cfg.fifo = d->cfg.droptail = 1;
	sc->dir[from == DOWN ? UP : DOWN].to = hook;
	NG_HOOK_SET_PRIVATE(hook, d);
	return (0);
}

static int64_t
uptime_ns(void)
{
	struct timespec ts;

	nanouptime(&ts);
	return (ts.tv_sec * BILLION + ts.tv_nsec);
}

/* ---- what waits ---- */

static uint64_t
flow_key(const struct pipe *sc, const struct pipe_dir *d, const struct mbuf *m)
{
	u_char ip[20];

	if ((d->cfg.wfq == 0 && d->cfg.drr == 0) || m->m_pkthdr.len < (int)(sc->header_offset + sizeof(ip)))
		return (0);
	m_copydata(m, (int)sc->header_offset, sizeof(ip), (caddr_t)ip);
	return (ip[0] >> 4 == 4 ? be64dec(ip + 12) : 0);
}

/* The flow of this packet; the common one if there is no memory for its own. */
static struct flow *
flow_of(struct pipe_dir *d, uint64_t key)
{
	struct flow *f;

	TAILQ_FOREACH(f, &d->flows, others)
		if (f->key == key)
			return (f);
	if (key == 0 || (f = malloc(sizeof(*f), M_NETGRAPH_PIPE, M_NOWAIT | M_ZERO)) == NULL) {
		f = &d->common;
		if (f->frames != 0)
			return (f);
	} else {
		f->key = key;
		STAILQ_INIT(&f->packets);
	}
	f->finish = 0;
	f->credit = 0;
	TAILQ_INSERT_TAIL(&d->flows, f, others);
	d->run.fifo_queues++;
	return (f);
}

/* Take a packet out of its flow, which goes when it was the last. */
static void
flow_take(struct pipe_dir *d, struct flow *f, struct mbuf *m)
{
	STAILQ_REMOVE(&f->packets, m, mbuf, m_stailqpkt);
	m->m_nextpkt = NULL;
	f->frames--;
	d->run.qin_frames--;
	d->run.qin_octets -= (uint32_t)m->m_pkthdr.len;
	if (f->frames != 0)
		return;
	TAILQ_REMOVE(&d->flows, f, others);
	d->run.fifo_queues--;
	if (f != &d->common)
		free(f, M_NETGRAPH_PIPE);
}

static void
queue_drop(struct pipe_dir *d, struct flow *f, struct mbuf *m)
{
	flow_take(d, f, m);
	d->stats.in_disc_frames++;
	d->stats.in_disc_octets += (uint64_t)m->m_pkthdr.len;
	m_freem(m);
}

/* The packet is the direction's now. If that is one too many, the longest flow loses one. */
static void
wait_in_flow(const struct pipe *sc, struct pipe_dir *d, struct mbuf *m)
{
	struct flow *f = flow_of(d, flow_key(sc, d, m)), *longest = f, *other;

	if (d->cfg.wfq != 0) {
		f->finish = MAX(f->finish, d->virtual) + (uint64_t)m->m_pkthdr.len;
		NOTE(m) = f->finish;
	} else {
		NOTE(m) = d->arrivals++;
	}
	STAILQ_INSERT_TAIL(&f->packets, m, m_stailqpkt);
	f->frames++;
	d->run.qin_frames++;
	d->run.qin_octets += (uint32_t)m->m_pkthdr.len;
	if (d->cfg.qin_size_limit == 0 || d->run.qin_frames <= d->cfg.qin_size_limit)
		return;
	TAILQ_FOREACH(other, &d->flows, others)
		if (other->frames > longest->frames)
			longest = other;
	queue_drop(d, longest,
	    d->cfg.drophead != 0 ? STAILQ_FIRST(&longest->packets) : STAILQ_LAST(&longest->packets, mbuf, m_stailqpkt));
}

/* The packet whose turn it is; there is one. */
static struct mbuf *
next_waiting(struct pipe_dir *d)
{
	struct flow *f, *best = TAILQ_FIRST(&d->flows);
	struct mbuf *m;

	if (d->cfg.drr != 0) {
		while (best->credit < (uint64_t)STAILQ_FIRST(&best->packets)->m_pkthdr.len) {
			best->credit += d->cfg.drr;
			TAILQ_REMOVE(&d->flows, best, others);
			TAILQ_INSERT_TAIL(&d->flows, best, others);
			best = TAILQ_FIRST(&d->flows);
		}
		best->credit -= (uint64_t)STAILQ_FIRST(&best->packets)->m_pkthdr.len;
	} else {
		TAILQ_FOREACH(f, &d->flows, others)
			if (NOTE(STAILQ_FIRST(&f->packets)) < NOTE(STAILQ_FIRST(&best->packets)))
				best = f;
	}
	m = STAILQ_FIRST(&best->packets);
	if (d->cfg.wfq != 0)
		d->virtual = MAX(d->virtual, NOTE(m));
	flow_take(d, best, m);
	return (m);
}

/* ---- what is on the line, and under way ---- */

static void
delay_drop(struct pipe_dir *d, struct mbuf *m)
{
	d->stats.out_disc_frames++;
	d->stats.out_disc_octets += (uint64_t)m->m_pkthdr.len;
	m_freem(m);
}

/* The upper half of a product. */
static uint64_t
mul_high(uint64_t a, uint64_t b)
{
	const uint64_t al = (uint32_t)a, ah = a >> 32, bl = (uint32_t)b, bh = b >> 32;
	const uint64_t mid = ah * bl + (al * bl >> 32), mid2 = al * bh + (uint32_t)mid;

	return (ah * bh + (mid >> 32) + (mid2 >> 32));
}

/* Was one of its bits bad? Each is with probability 1/ber; numbers here are fractions of 2^64. */
static bool
damaged(uint64_t ber, uint64_t bits)
{
	uint64_t good = UINT64_MAX, each;

	if (ber <= 1)
		return (ber == 1);
	each = UINT64_MAX - UINT64_MAX / ber;
	for (; bits != 0; bits >>= 1) {
		if ((bits & 1) != 0)
			good = mul_high(good, each);
		each = mul_high(each, each);
	}
	return (((uint64_t)arc4random() << 32 | arc4random()) >= good);
}

/* Arrives then, but not before those ahead of it. */
static void
get_under_way(struct pipe_dir *d, struct mbuf *m, int64_t when)
{
	if (d->cfg.qout_size_limit != 0 && d->run.qout_frames >= d->cfg.qout_size_limit) {
		delay_drop(d, m);
		return;
	}
	if (d->run.qout_frames != 0)
		when = MAX(when, (int64_t)NOTE(d->last));
	NOTE(m) = (uint64_t)when;
	d->last = m;
	(void)mbufq_enqueue(&d->under_way, m); /* has no limit of its own */
	d->run.qout_frames++;
	d->run.qout_octets += (uint32_t)m->m_pkthdr.len;
}

/* On the line from d->busy on. */
static void
transmit(const struct pipe *sc, struct pipe_dir *d, struct mbuf *m)
{
	const uint64_t bits = ((uint64_t)m->m_pkthdr.len + sc->overhead) * 8;
	struct mbuf *copy;

	if (d->cfg.bandwidth != 0)
		d->busy += (int64_t)(bits * BILLION / d->cfg.bandwidth);
	if (damaged(d->cfg.ber, bits)) {
		delay_drop(d, m);
		return;
	}
	copy = d->cfg.duplicate != 0 && arc4random() % 100 < d->cfg.duplicate ? m_dup(m, M_NOWAIT) : NULL;
	get_under_way(d, m, d->busy + (int64_t)sc->delay * 1000);
	if (copy != NULL) /* none for want of memory is as good as none by chance */
		get_under_way(d, copy, d->busy + (int64_t)sc->delay * 1000);
}

static void
arrive(struct pipe_dir *d)
{
	struct mbuf *m = mbufq_dequeue(&d->under_way);
	const int len = m->m_pkthdr.len;
	int error;

	d->run.qout_frames--;
	d->run.qout_octets -= (uint32_t)len;
	NOTE(m) = 0;
	NG_SEND_DATA_ONLY(error, d->to, m);
	if (error == 0) {
		d->stats.fwd_frames++;
		d->stats.fwd_octets += (uint64_t)len;
	} else {
		d->stats.out_disc_frames++;
		d->stats.out_disc_octets += (uint64_t)len;
	}
}

/* All that is due by then. Returns when there is more to do. */
static int64_t
advance(const struct pipe *sc, struct pipe_dir *d, int64_t now)
{
	while (d->run.qin_frames != 0 && d->busy <= now)
		transmit(sc, d, next_waiting(d));
	while (d->run.qout_frames != 0 && (int64_t)NOTE(mbufq_first(&d->under_way)) <= now)
		arrive(d);
	return (MIN(d->run.qin_frames != 0 ? d->busy : NEVER,
	    d->run.qout_frames != 0 ? (int64_t)NOTE(mbufq_first(&d->under_way)) : NEVER));
}

static void pipe_timer(node_p node, hook_p hook, void *arg1, int arg2);

/* Do what is due in both directions, and see to it that the rest is done in time. */
static void
pipe_run(node_p node, struct pipe *sc)
{
	const int64_t now = uptime_ns();
	int64_t next = advance(sc, &sc->dir[DOWN], now);

	next = MIN(next, advance(sc, &sc->dir[UP], now));
	if (next >= sc->armed)
		return;
	if (sc->armed != NEVER)
		(void)ng_uncallout(&sc->timer, node);
	sc->armed = next;
	if (ng_callout(&sc->timer, node, NULL, (int)MIN(howmany(next - now, BILLION / hz), INT_MAX), pipe_timer, NULL, 0) == 0)
		return;
	/* No memory: rather too early than never. */
	sc->armed = NEVER;
	for (int i = 0; i < DIRS; i++)
		(void)advance(sc, &sc->dir[i], NEVER - 1);
}

static void
pipe_timer(node_p node, hook_p hook, void *arg1, int arg2)
{
	struct pipe *sc = NG_NODE_PRIVATE(node);

	sc->armed = NEVER;
	pipe_run(node, sc);
}

static int
ng_pipe_rcvdata(hook_p hook, item_p item)
{
	node_p node = NG_HOOK_NODE(hook);
	struct pipe *sc = NG_NODE_PRIVATE(node);
	struct pipe_dir *d = NG_HOOK_PRIVATE(hook);
	const int len = NGI_M(item)->m_pkthdr.len;
	struct mbuf *m;
	int error;

	if (d->cfg.bandwidth == 0 && sc->delay == 0 && d->cfg.ber == 0 && d->cfg.duplicate == 0 && d->run.qin_frames == 0 &&
	    d->run.qout_frames == 0) {
		NG_FWD_ITEM_HOOK(error, item, d->to);
		if (error == 0) {
			d->stats.fwd_frames++;
			d->stats.fwd_octets += (uint64_t)len;
		} else {
			d->stats.out_disc_frames++;
			d->stats.out_disc_octets += (uint64_t)len;
		}
		return (error);
	}
	NGI_GET_M(item, m);
	NG_FREE_ITEM(item);
	if (d->run.qin_frames == 0)
		d->busy = MAX(d->busy, uptime_ns());
	wait_in_flow(sc, d, m);
	pipe_run(node, sc);
	return (0);
}

/* ---- commands ---- */

/* 0 leaves it, all ones is off, what is out of range is not heard. */
static void
set32(uint32_t *to, uint32_t v, uint32_t least, uint32_t most)
{
	if (v == UINT32_MAX)
		*to = 0;
	else if (v != 0 && v >= least && v <= most)
		*to = v;
}

static void
set64(uint64_t *to, uint64_t v, uint64_t least, uint64_t most)
{
	if (v == UINT64_MAX)
		*to = 0;
	else if (v != 0 && v >= least && v <= most)
		*to = v;
}

static void
be_fifo(struct ng_pipe_hookcfg *c)
{
	c->fifo = 1;
	c->wfq = c->drr = 0;
}

static void
set_direction(struct ng_pipe_hookcfg *c, const struct ng_pipe_hookcfg *v)
{
	set64(&c->bandwidth, v->bandwidth, BANDWIDTH_LEAST, BANDWIDTH_MOST);
	if (v->bandwidth == UINT64_MAX)
		be_fifo(c);
	set64(&c->ber, v->ber, 1, BER_MOST);
	set32(&c->qin_size_limit, v->qin_size_limit, QUEUE_LEAST, UINT32_MAX);
	set32(&c->qout_size_limit, v->qout_size_limit, QUEUE_LEAST, UINT32_MAX);
	set32(&c->duplicate, v->duplicate, 1, DUPLICATE_MOST);
	if ((v->wfq == UINT32_MAX && c->wfq != 0) || (v->drr == UINT32_MAX && c->drr != 0) || (v->fifo != 0 && v->fifo != UINT32_MAX))
		be_fifo(c);
	if (v->wfq != 0 && v->wfq != UINT32_MAX) {
		c->wfq = 1;
		c->fifo = c->drr = 0;
	}
	if (v->drr != 0 && v->drr != UINT32_MAX) {
		c->drr = v->drr < QUANTUM_LEAST ? QUANTUM_DEFAULT : v->drr;
		c->fifo = c->wfq = 0;
	}
	if ((v->droptail != 0 && v->droptail != UINT32_MAX) || (v->drophead == UINT32_MAX && c->drophead != 0)) {
		c->droptail = 1;
		c->drophead = 0;
	}
	if (v->drophead != 0 && v->drophead != UINT32_MAX) {
		c->drophead = 1;
		c->droptail = 0;
	}
}

static bool
link_down(const struct pipe *sc)
{
	return (sc->dir[DOWN].cfg.ber == 1 || sc->dir[UP].cfg.ber == 1);
}

/* Who gets no message for want of memory is not told. */
static void
tell_link(node_p node, struct pipe *sc)
{
	struct ng_mesg *msg;
	int error;

	for (int i = 0; i < DIRS; i++) {
		if (sc->dir[i].to == NULL)
			continue;
		NG_MKMESSAGE(msg, NGM_FLOW_COOKIE, link_down(sc) ? NGM_LINK_IS_DOWN : NGM_LINK_IS_UP, 0, M_NOWAIT);
		if (msg == NULL)
			continue;
		NG_SEND_MSG_HOOK(error, node, msg, sc->dir[i].to, 0);
		(void)error;
	}
}

static int
set_cfg(node_p node, struct pipe *sc, const struct ng_mesg *msg)
{
	const bool down = link_down(sc);
	const int64_t now = uptime_ns();
	struct ng_pipe_cfg c;

	if (msg->header.arglen != sizeof(c))
		return (EINVAL);
	memcpy(&c, msg->data, sizeof(c));
	set64(&sc->delay, c.delay, 1, DELAY_MOST);
	if (c.bandwidth == UINT64_MAX || (c.bandwidth >= BANDWIDTH_LEAST && c.bandwidth <= BANDWIDTH_MOST)) {
		for (int i = 0; i < DIRS; i++) {
			set64(&sc->dir[i].cfg.bandwidth, c.bandwidth, BANDWIDTH_LEAST, BANDWIDTH_MOST);
			if (c.bandwidth == UINT64_MAX)
				be_fifo(&sc->dir[i].cfg);
		}
		sc->overhead = c.bandwidth == UINT64_MAX ? 0 : c.bandwidth >= BANDWIDTH_FAST ? OVERHEAD_FAST : OVERHEAD_SLOW;
	}
	set32(&sc->overhead, c.overhead, 1, 255);
	set32(&sc->header_offset, c.header_offset, 1, 63);
	set_direction(&sc->dir[DOWN].cfg, &c.downstream);
	set_direction(&sc->dir[UP].cfg, &c.upstream);
	for (int i = 0; i < DIRS; i++)
		if (sc->dir[i].cfg.bandwidth == 0)
			sc->dir[i].busy = MIN(sc->dir[i].busy, now);
	if (link_down(sc) != down)
		tell_link(node, sc);
	pipe_run(node, sc); /* what waited for a bandwidth that is off */
	return (0);
}

static void
get_cfg(const struct pipe *sc, struct ng_pipe_cfg *c)
{
	bzero(c, sizeof(*c));
	c->delay = sc->delay;
	c->header_offset = sc->header_offset;
	c->overhead = sc->overhead;
	c->downstream = sc->dir[DOWN].cfg;
	c->upstream = sc->dir[UP].cfg;
	if (c->downstream.bandwidth == c->upstream.bandwidth) {
		c->bandwidth = c->downstream.bandwidth;
		c->downstream.bandwidth = c->upstream.bandwidth = 0;
	}
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
pipe_command(node_p node, struct pipe *sc, struct ng_mesg *msg, struct ng_mesg **resp)
{
	struct pipe_dir *down = &sc->dir[DOWN], *up = &sc->dir[UP];
	struct ng_pipe_cfg c;

	switch (msg->header.cmd) {
	case NGM_PIPE_GET_STATS:
	case NGM_PIPE_GETCLR_STATS:
		if (reply(msg, resp, &(struct ng_pipe_stats){ down->stats, up->stats }, sizeof(struct ng_pipe_stats)) != 0)
			return (ENOMEM);
		if (msg->header.cmd == NGM_PIPE_GET_STATS)
			return (0);
		/* FALLTHROUGH */
	case NGM_PIPE_CLR_STATS:
		bzero(&down->stats, sizeof(down->stats));
		bzero(&up->stats, sizeof(up->stats));
		return (0);
	case NGM_PIPE_GET_RUN:
		return (reply(msg, resp, &(struct ng_pipe_run){ down->run, up->run }, sizeof(struct ng_pipe_run)));
	case NGM_PIPE_GET_CFG:
		get_cfg(sc, &c);
		return (reply(msg, resp, &c, sizeof(c)));
	case NGM_PIPE_SET_CFG:
		return (set_cfg(node, sc, msg));
	default:
		return (EINVAL);
	}
}

static int
ng_pipe_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	struct ng_mesg *msg, *resp = NULL;
	int error;

	NGI_GET_MSG(item, msg);
	error = msg->header.typecookie == NGM_PIPE_COOKIE ? pipe_command(node, NG_NODE_PRIVATE(node), msg, &resp) : EINVAL;
	NG_RESPOND_MSG(error, node, item, resp);
	NG_FREE_MSG(msg);
	return (error);
}

/* ---- ends ---- */

static void
drop_all(struct pipe_dir *d)
{
	struct flow *f;
	struct mbuf *m;

	while ((f = TAILQ_FIRST(&d->flows)) != NULL)
		queue_drop(d, f, STAILQ_FIRST(&f->packets));
	while ((m = mbufq_dequeue(&d->under_way)) != NULL)
		delay_drop(d, m);
	d->run.qout_frames = d->run.qout_octets = 0;
}

static int
ng_pipe_shutdown(node_p node)
{
	struct pipe *sc = NG_NODE_PRIVATE(node);

	(void)ng_uncallout(&sc->timer, node);
	for (int i = 0; i < DIRS; i++)
		drop_all(&sc->dir[i]);
	NG_NODE_SET_PRIVATE(node, NULL);
	free(sc, M_NETGRAPH_PIPE);
	NG_NODE_UNREF(node);
	return (0);
}

/* What was to leave by it ends here. The node stays, whatever hooks it has. */
static int
ng_pipe_disconnect(hook_p hook)
{
	struct pipe *sc = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));

	for (int i = 0; i < DIRS; i++)
		if (sc->dir[i].to == hook) {
			drop_all(&sc->dir[i]);
			sc->dir[i].to = NULL;
		}
	NG_HOOK_SET_PRIVATE(hook, NULL);
	return (0);
}
