/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_fault.c - a bad link, bad in a way that can be repeated.
 *
 * Packets have to have an order to be numbered, and queues to wait in, so everything here is a writer: one at a time, no locks, no
 * atomics. What becomes of packet n is a function of seed, direction and n alone (draw() below), so neither other packets nor
 * earlier configurations nor the time of day have a part in it.
 *
 * A packet travels with its copy, if it has one, as one unit:
 *
 *	arrive -> lost? -> bit flipped? -> copied? -> [held: till overtaken, or time is up] -> [late: till its time] -> out
 *
 * Who waits is in a struct unit of its own. When there is no memory for one, or for the timer, nobody waits. One timer serves
 * both directions; it is set for the earliest who waits and never fires early.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/queue.h>

#include <netgraph/ng_message.h>
#include <netgraph/ng_parse.h>
#include <netgraph/netgraph.h>
#include <netgraph/ng_fault.h>

#ifdef NG_SEPARATE_MALLOC
static MALLOC_DEFINE(M_NETGRAPH_FAULT, "netgraph_fault", "netgraph fault node");
#else
#define M_NETGRAPH_FAULT M_NETGRAPH
#endif

struct unit {
	TAILQ_ENTRY(unit) link;
	struct mbuf *m;
	struct mbuf *copy; /* NULL: not duplicated */
	uint64_t number;   /* in its direction since setconfig: for draw() */
	uint64_t order;	   /* in its direction since ever */
	u_int left;	   /* held: so many more may overtake it */
	u_int when;	   /* in ticks: time is up */
};
TAILQ_HEAD(unitq, unit);

/* One direction: what enters by the one hook and leaves by the other. */
struct direction {
	bool upstream;
	hook_p out; /* NULL: not connected */
	struct ng_fault_dirconf conf;
	struct ng_fault_dirstat stat;
	uint64_t number; /* the next packet's */
	uint64_t order;
	struct unitq held; /* by order */
	u_int nheld;
	struct unitq late; /* in order of arrival: whose time is over still waits for those before him */
	u_int nlate;
};

enum { DOWN, UP, DIRECTIONS };

struct fault {
	struct ng_fault_config conf;
	struct direction dir[DIRECTIONS];
	struct ng_fault_event *ring; /* conf.logSize of them; number n is at n % logSize */
	uint64_t logged;
	struct callout timer;
	bool armed;
	u_int when; /* armed: for then */
};

static ng_constructor_t ng_fault_constructor;
static ng_rcvmsg_t ng_fault_rcvmsg;
static ng_close_t ng_fault_close;
static ng_shutdown_t ng_fault_shutdown;
static ng_newhook_t ng_fault_newhook;
static ng_rcvdata_t ng_fault_rcvdata;
static ng_disconnect_t ng_fault_disconnect;

/* ---- messages as text ---- */

static int
log_length(const struct ng_parse_type *type, const unsigned char *start, const unsigned char *buf)
{
	uint32_t n;

	/* The array follows the struct's first members directly. */
	memcpy(&n, buf - sizeof(struct ng_fault_log) + offsetof(struct ng_fault_log, n), sizeof(n));
	return (n > NG_FAULT_MAX_LOG ? -1 : (int)n);
}

static const struct ng_parse_struct_field dirconf_fields[] = NG_FAULT_DIRCONF_INFO;
static const struct ng_parse_type dirconf_type = { .supertype = &ng_parse_struct_type, .info = &dirconf_fields };
static const struct ng_parse_struct_field config_fields[] = NG_FAULT_CONFIG_INFO(&dirconf_type);
static const struct ng_parse_type config_type = { .supertype = &ng_parse_struct_type, .info = &config_fields };
static const struct ng_parse_struct_field dirstat_fields[] = NG_FAULT_DIRSTAT_INFO;
static const struct ng_parse_type dirstat_type = { .supertype = &ng_parse_struct_type, .info = &dirstat_fields };
static const struct ng_parse_struct_field stats_fields[] = NG_FAULT_STATS_INFO(&dirstat_type);
static const struct ng_parse_type stats_type = { .supertype = &ng_parse_struct_type, .info = &stats_fields };
static const struct ng_parse_struct_field event_fields[] = NG_FAULT_EVENT_INFO;
static const struct ng_parse_type event_type = { .supertype = &ng_parse_struct_type, .info = &event_fields };
static const struct ng_parse_array_info events_info = { &event_type, log_length, NULL };
static const struct ng_parse_type events_type = { .supertype = &ng_parse_array_type, .info = &events_info };
static const struct ng_parse_struct_field log_fields[] = NG_FAULT_LOG_INFO(&events_type);
static const struct ng_parse_type log_type = { .supertype = &ng_parse_struct_type, .info = &log_fields };

static const struct ng_cmdlist ng_fault_cmdlist[] = {
	{ NGM_FAULT_COOKIE, NGM_FAULT_SET_CONFIG, "setconfig", &config_type, NULL },
	{ NGM_FAULT_COOKIE, NGM_FAULT_GET_CONFIG, "getconfig", NULL, &config_type },
	{ NGM_FAULT_COOKIE, NGM_FAULT_GET_STATS, "getstats", NULL, &stats_type },
	{ NGM_FAULT_COOKIE, NGM_FAULT_CLR_STATS, "clrstats", NULL, NULL },
	{ NGM_FAULT_COOKIE, NGM_FAULT_GETCLR_STATS, "getclrstats", NULL, &stats_type },
	{ NGM_FAULT_COOKIE, NGM_FAULT_GET_LOG, "getlog", NULL, &log_type },
	{ 0, 0, NULL, NULL, NULL }
};

static struct ng_type ng_fault_type = {
	.version = NG_ABI_VERSION,
	.name = NG_FAULT_NODE_TYPE,
	.constructor = ng_fault_constructor,
	.rcvmsg = ng_fault_rcvmsg,
	.close = ng_fault_close,
	.shutdown = ng_fault_shutdown,
	.newhook = ng_fault_newhook,
	.rcvdata = ng_fault_rcvdata,
	.disconnect = ng_fault_disconnect,
	.cmdlist = ng_fault_cmdlist,
};
NETGRAPH_INIT(fault, &ng_fault_type);

static int
ng_fault_constructor(node_p node)
{
	struct fault *sc = malloc(sizeof(*sc), M_NETGRAPH_FAULT, M_WAITOK | M_ZERO);

	for (int i = 0; i < DIRECTIONS; i++) {
		TAILQ_INIT(&sc->dir[i].held);
		TAILQ_INIT(&sc->dir[i].late);
	}
	sc->dir[UP].upstream = true;
	ng_callout_init(&sc->timer);
	NG_NODE_SET_PRIVATE(node, sc);
	NG_NODE_FORCE_WRITER(node);
	return (0);
}

/* A hook's private data: the direction of what enters by it. */
static struct direction *
other_way(struct fault *sc, struct direction *d)
{
	return (&sc->dir[d->upstream ? DOWN : UP]);
}

static int
ng_fault_newhook(node_p node, hook_p hook, const char *name)
{
	struct fault *sc = NG_NODE_PRIVATE(node);
	struct direction *in;

	if (strcmp(name, NG_FAULT_HOOK_UPPER) == 0)
		in = &sc->dir[DOWN];
	else if (strcmp(name, NG_FAULT_HOOK_LOWER) == 0)
		in = &sc->dir[UP];
	else
		return (EINVAL);
	if (other_way(sc, in)->out != NULL) /* one is being connected under this name */
		return (EEXIST);
	other_way(sc, in)->out = hook;
	NG_HOOK_SET_PRIVATE(hook, in);
	return (0);
}

/* ---- what happens to packet number n ---- */

enum { LOSS, CORRUPT, WHERE, DUPLICATE, REORDER, OVERTAKE, DELAY, JITTER, QUESTIONS };

static uint64_t
stir(uint64_t x)
{
	for (int i = 0; i < 3; i++) {
		x ^= x >> 32;
		x *= 0xd6e8feb86659fd93u;
	}
	return (x ^ x >> 32);
}

/* 64 bits that depend on the seed, the direction, the packet's number and the question, and on nothing else. */
static uint64_t
draw(const struct fault *sc, const struct direction *d, uint64_t number, u_int question)
{
	uint64_t which = (number * 2 + (d->upstream ? 1 : 0)) * QUESTIONS + question;

	return (stir(stir(sc->conf.seed) + which * 0x9e3779b97f4a7c15u));
}

/* 0 .. n - 1, from the upper half of a draw. */
static uint32_t
below(uint64_t x, uint32_t n)
{
	return ((uint32_t)((x >> 32) * n >> 32));
}

static bool
meets(const struct fault *sc, const struct direction *d, uint64_t number, u_int question, uint32_t chance)
{
	return (chance != 0 && below(draw(sc, d, number, question), NG_FAULT_ALWAYS) < chance);
}

static void
note(struct fault *sc, const struct direction *d, uint64_t number, u_int kind, uint32_t detail, u_int bit)
{
	struct ng_fault_event *ev;

	if (sc->conf.logSize != 0) {
		ev = &sc->ring[sc->logged % sc->conf.logSize];
		ev->packet = number;
		ev->detail = detail;
		ev->bit = (uint8_t)bit;
		ev->kind = (uint8_t)kind;
		ev->upstream = d->upstream;
	}
	sc->logged++;
}

/* ---- the way out ---- */

static int
packet_out(struct direction *d, struct mbuf *m, item_p item)
{
	int error;

	d->stat.xmitPackets++;
	d->stat.xmitOctets += (uint64_t)m->m_pkthdr.len;
	if (item != NULL)
		NG_FWD_NEW_DATA(error, item, d->out, m);
	else
		NG_SEND_DATA_ONLY(error, d->out, m);
	return (error);
}

/* The packet first, then its copy. `item`, if there is one, is reused. */
static int
pair_out(struct direction *d, struct mbuf *m, struct mbuf *copy, item_p item)
{
	int error = packet_out(d, m, item);

	if (copy != NULL)
		(void)packet_out(d, copy, NULL);
	return (error);
}

static uint64_t
pair_drop(struct mbuf *m, struct mbuf *copy)
{
	uint64_t n = copy != NULL ? 2 : 1;

	m_freem(m);
	m_freem(copy);
	return (n);
}

/* Ticks wrap: only differences mean something. */
static u_int
ticks_after(uint32_t ms)
{
	return ((u_int)ticks + (u_int)(((uint64_t)ms * hz + 999) / 1000));
}

static bool
ticks_before(u_int a, u_int b)
{
	return ((int)(a - b) < 0);
}

static struct unit *
unit_make(struct direction *d, struct mbuf *m, struct mbuf *copy, uint64_t number, uint64_t order, u_int when)
{
	struct unit *u = malloc(sizeof(*u), M_NETGRAPH_FAULT, M_NOWAIT | M_ZERO);

	if (u == NULL) {
		d->stat.memoryFailures++;
		return (NULL);
	}
	u->m = m;
	u->copy = copy;
	u->number = number;
	u->order = order;
	u->when = when;
	d->stat.waiting += copy != NULL ? 2 : 1;
	return (u);
}

static void
unit_free(struct direction *d, struct unit *u)
{
	d->stat.waiting -= u->copy != NULL ? 2 : 1;
	free(u, M_NETGRAPH_FAULT);
}

/* The last station: late, or not. Consumes packets and item. */
static int
fault_late(struct fault *sc, struct direction *d, struct mbuf *m, struct mbuf *copy, item_p item, uint64_t number)
{
	struct unit *u;
	uint32_t ms = 0;

	if (meets(sc, d, number, DELAY, d->conf.delay))
		ms = d->conf.delayTime + below(draw(sc, d, number, JITTER), d->conf.delayJitter + 1);
	if (ms == 0)
		return (pair_out(d, m, copy, item));
	if (d->nlate >= (d->conf.delayMax != 0 ? d->conf.delayMax : NG_FAULT_DELAY_MAX)) {
		d->stat.overflows += pair_drop(m, copy);
		if (item != NULL)
			NG_FREE_ITEM(item);
		return (ENOBUFS);
	}
	if ((u = unit_make(d, m, copy, number, 0, ticks_after(ms))) == NULL)
		return (pair_out(d, m, copy, item));
	if (item != NULL)
		NG_FREE_ITEM(item);
	TAILQ_INSERT_TAIL(&d->late, u, link);
	d->nlate++;
	d->stat.delayed++;
	note(sc, d, number, NG_FAULT_DELAYED, ms, 0);
	return (0);
}

/* Let one go that was held back. */
static void
held_release(struct fault *sc, struct direction *d, struct unit *u)
{
	struct mbuf *m = u->m, *copy = u->copy;
	uint64_t number = u->number;

	TAILQ_REMOVE(&d->held, u, link);
	d->nheld--;
	unit_free(d, u);
	(void)fault_late(sc, d, m, copy, NULL, number);
}

/*
 * Number `order` has passed: those before it have been overtaken once more. Who was overtaken often enough goes, and passes in turn
 * those that were held before him.
 */
static void
held_overtaken(struct fault *sc, struct direction *d, uint64_t order)
{
	struct unit *u, *ready;

	do {
		ready = NULL;
		TAILQ_FOREACH(u, &d->held, link) {
			if (u->order > order)
				break;
			if (u->left > 0)
				u->left--;
		}
		TAILQ_FOREACH(u, &d->held, link) {
			if (u->left == 0) {
				ready = u;
				break;
			}
		}
		if (ready != NULL) {
			order = ready->order;
			held_release(sc, d, ready);
		}
	} while (ready != NULL);
}

static void
fault_flush(struct fault *sc, struct direction *d)
{
	struct unit *u;

	while ((u = TAILQ_FIRST(&d->late)) != NULL) {
		TAILQ_REMOVE(&d->late, u, link);
		(void)pair_out(d, u->m, u->copy, NULL);
		unit_free(d, u);
	}
	d->nlate = 0;
	while ((u = TAILQ_FIRST(&d->held)) != NULL) {
		TAILQ_REMOVE(&d->held, u, link);
		(void)pair_out(d, u->m, u->copy, NULL);
		unit_free(d, u);
	}
	d->nheld = 0;
}

/* ---- time ---- */

static void fault_arm(node_p node);

static struct unit *
held_due(struct direction *d, u_int now)
{
	struct unit *u;

	TAILQ_FOREACH(u, &d->held, link) {
		if (!ticks_before(now, u->when))
			break;
	}
	return (u);
}

static void
fault_timer(node_p node, hook_p hook, void *arg1, int arg2)
{
	struct fault *sc = NG_NODE_PRIVATE(node);
	struct direction *d;
	struct unit *u;
	const u_int now = (u_int)ticks;
	uint64_t order;

	sc->armed = false;
	for (int i = 0; i < DIRECTIONS; i++) {
		d = &sc->dir[i];
		while ((u = TAILQ_FIRST(&d->late)) != NULL && !ticks_before(now, u->when)) {
			TAILQ_REMOVE(&d->late, u, link);
			d->nlate--;
			(void)pair_out(d, u->m, u->copy, NULL);
			unit_free(d, u);
		}
		while ((u = held_due(d, now)) != NULL) {
			order = u->order;
			held_release(sc, d, u);
			held_overtaken(sc, d, order);
		}
	}
	fault_arm(node);
}

/* Is there one who waits, and until when does the first one? */
static bool
first_due(struct fault *sc, u_int *when)
{
	struct unit *u;
	bool any = false;

	for (int i = 0; i < DIRECTIONS; i++) {
		if ((u = TAILQ_FIRST(&sc->dir[i].late)) != NULL && (!any || ticks_before(u->when, *when))) {
			*when = u->when;
			any = true;
		}
		TAILQ_FOREACH(u, &sc->dir[i].held, link) {
			if (!any || ticks_before(u->when, *when)) {
				*when = u->when;
				any = true;
			}
		}
	}
	return (any);
}

/* See to it that the timer fires when the first of those who wait is due. */
static void
fault_arm(node_p node)
{
	struct fault *sc = NG_NODE_PRIVATE(node);
	u_int when = 0;
	int wait;

	if (!first_due(sc, &when))
		return;
	if (sc->armed && !ticks_before(when, sc->when)) /* it fires then or before, and comes back here */
		return;
	wait = (int)(when - (u_int)ticks);
	if (ng_callout(&sc->timer, node, NULL, imax(wait, 1), fault_timer, NULL, 0) == 0) {
		sc->armed = true;
		sc->when = when;
		return;
	}
	/* Better too early than never. */
	for (int i = 0; i < DIRECTIONS; i++) {
		if (sc->dir[i].stat.waiting != 0) {
			sc->dir[i].stat.memoryFailures++;
			fault_flush(sc, &sc->dir[i]);
		}
	}
}

/* ---- packets ---- */

/* Flip a bit. The storage may be shared: then a copy takes the packet's place. */
static struct mbuf *
fault_corrupt(struct fault *sc, struct direction *d, struct mbuf *m, uint64_t number)
{
	uint64_t x = draw(sc, d, number, WHERE);
	uint32_t where;
	u_int bit = x & 7;
	struct mbuf *copy, *n;
	int off;

	if (m->m_pkthdr.len <= 0) /* nothing to flip */
		return (m);
	where = below(x, (uint32_t)m->m_pkthdr.len);
	n = m_getptr(m, (int)where, &off);
	if (!M_WRITABLE(n)) {
		if ((copy = m_dup(m, M_NOWAIT)) == NULL) {
			d->stat.memoryFailures++;
			return (m);
		}
		m_freem(m);
		m = copy;
		n = m_getptr(m, (int)where, &off);
	}
	mtod(n, unsigned char *)[off] ^= (unsigned char)(1u << bit);
	d->stat.corrupted++;
	note(sc, d, number, NG_FAULT_CORRUPTED, where, bit);
	return (m);
}

static int
ng_fault_rcvdata(hook_p hook, item_p item)
{
	node_p node = NG_HOOK_NODE(hook);
	struct fault *sc = NG_NODE_PRIVATE(node);
	struct direction *d = NG_HOOK_PRIVATE(hook);
	const uint64_t number = d->number++, order = d->order++;
	struct mbuf *m, *copy = NULL;
	struct unit *u = NULL;
	uint32_t overtake;
	int error;

	NGI_GET_M(item, m);
	d->stat.recvPackets++;
	d->stat.recvOctets += (uint64_t)m->m_pkthdr.len;
	if (d->out == NULL) {
		d->stat.unconnected++;
		m_freem(m);
		NG_FREE_ITEM(item);
		return (ENETDOWN);
	}
	if (meets(sc, d, number, LOSS, d->conf.loss)) {
		d->stat.lost++;
		note(sc, d, number, NG_FAULT_LOST, 0, 0);
		m_freem(m);
		NG_FREE_ITEM(item);
		return (0); /* nobody is told */
	}
	if (meets(sc, d, number, CORRUPT, d->conf.corrupt))
		m = fault_corrupt(sc, d, m, number);
	if (meets(sc, d, number, DUPLICATE, d->conf.duplicate)) {
		if ((copy = m_dup(m, M_NOWAIT)) != NULL) {
			d->stat.duplicated++;
			note(sc, d, number, NG_FAULT_DUPLICATED, 0, 0);
		} else
			d->stat.memoryFailures++;
	}
	if (d->nheld < NG_FAULT_MAX_HELD && meets(sc, d, number, REORDER, d->conf.reorder)) {
		overtake = 1 + below(draw(sc, d, number, OVERTAKE), d->conf.reorderMax != 0 ? d->conf.reorderMax : NG_FAULT_REORDER_MAX);
		u = unit_make(d, m, copy, number, order,
		    ticks_after(d->conf.reorderTime != 0 ? d->conf.reorderTime : NG_FAULT_REORDER_TIME));
	}
	if (u != NULL) {
		u->left = overtake;
		TAILQ_INSERT_TAIL(&d->held, u, link);
		d->nheld++;
		d->stat.reordered++;
		note(sc, d, number, NG_FAULT_REORDERED, overtake, 0);
		NG_FREE_ITEM(item);
		error = 0;
	} else {
		error = fault_late(sc, d, m, copy, item, number);
		if (d->nheld != 0)
			held_overtaken(sc, d, order);
	}
	if (d->stat.waiting != 0)
		fault_arm(node);
	return (error);
}

/* ---- messages ---- */

static bool
dirconf_valid(const struct ng_fault_dirconf *c)
{
	if (c->loss > NG_FAULT_ALWAYS || c->corrupt > NG_FAULT_ALWAYS || c->duplicate > NG_FAULT_ALWAYS ||
	    c->reorder > NG_FAULT_ALWAYS || c->delay > NG_FAULT_ALWAYS)
		return (false);
	if (c->reorderMax > NG_FAULT_MAX_OVERTAKE || c->delayMax > NG_FAULT_MAX_WAITING)
		return (false);
	if (c->reorderTime > NG_FAULT_MAX_TIME || c->delayTime > NG_FAULT_MAX_TIME || c->delayJitter > NG_FAULT_MAX_TIME)
		return (false);
	return (c->delay == 0 || c->delayTime != 0 || c->delayJitter != 0);
}

static int
fault_set_config(struct fault *sc, const struct ng_fault_config *conf)
{
	struct ng_fault_event *ring = NULL;

	if (!dirconf_valid(&conf->downstream) || !dirconf_valid(&conf->upstream) || conf->logSize > NG_FAULT_MAX_LOG ||
	    conf->spare != 0)
		return (EINVAL);
	if (conf->logSize != 0) {
		ring = mallocarray(conf->logSize, sizeof(*ring), M_NETGRAPH_FAULT, M_NOWAIT | M_ZERO);
		if (ring == NULL)
			return (ENOMEM);
	}
	free(sc->ring, M_NETGRAPH_FAULT);
	sc->ring = ring;
	sc->logged = 0;
	sc->conf = *conf;
	sc->dir[DOWN].conf = conf->downstream;
	sc->dir[UP].conf = conf->upstream;
	sc->dir[DOWN].number = sc->dir[UP].number = 0;
	return (0);
}

static int
fault_get_log(struct fault *sc, struct ng_mesg *msg, struct ng_mesg **resp)
{
	uint32_t size = sc->conf.logSize, n = sc->logged < size ? (uint32_t)sc->logged : size;
	struct ng_fault_log *l;

	NG_MKRESPONSE(*resp, msg, sizeof(*l) + n * sizeof(l->event[0]), M_NOWAIT);
	if (*resp == NULL)
		return (ENOMEM);
	l = (struct ng_fault_log *)(void *)(*resp)->data;
	l->total = sc->logged;
	l->n = n;
	for (uint32_t i = 0; i < n; i++)
		l->event[i] = sc->ring[(sc->logged - n + i) % size];
	return (0);
}

static void
fault_clear(struct fault *sc)
{
	for (int i = 0; i < DIRECTIONS; i++) {
		uint64_t waiting = sc->dir[i].stat.waiting;

		memset(&sc->dir[i].stat, 0, sizeof(sc->dir[i].stat));
		sc->dir[i].stat.waiting = waiting;
	}
}

static int
fault_command(struct fault *sc, struct ng_mesg *msg, struct ng_mesg **resp)
{
	struct ng_fault_stats *st;

	switch (msg->header.cmd) {
	case NGM_FAULT_SET_CONFIG:
		if (msg->header.arglen != sizeof(sc->conf))
			return (EINVAL);
		return (fault_set_config(sc, (struct ng_fault_config *)(void *)msg->data));
	case NGM_FAULT_GET_CONFIG:
		NG_MKRESPONSE(*resp, msg, sizeof(sc->conf), M_NOWAIT);
		if (*resp == NULL)
			return (ENOMEM);
		*(struct ng_fault_config *)(void *)(*resp)->data = sc->conf;
		return (0);
	case NGM_FAULT_GET_STATS:
	case NGM_FAULT_GETCLR_STATS:
		NG_MKRESPONSE(*resp, msg, sizeof(*st), M_NOWAIT);
		if (*resp == NULL)
			return (ENOMEM);
		st = (struct ng_fault_stats *)(void *)(*resp)->data;
		st->downstream = sc->dir[DOWN].stat;
		st->upstream = sc->dir[UP].stat;
		if (msg->header.cmd == NGM_FAULT_GETCLR_STATS)
			fault_clear(sc);
		return (0);
	case NGM_FAULT_CLR_STATS:
		fault_clear(sc);
		return (0);
	case NGM_FAULT_GET_LOG:
		return (fault_get_log(sc, msg, resp));
	default:
		return (EINVAL);
	}
}

static int
ng_fault_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	struct fault *sc = NG_NODE_PRIVATE(node);
	struct direction *d = lasthook != NULL ? NG_HOOK_PRIVATE(lasthook) : NULL;
	struct ng_mesg *msg, *resp = NULL;
	int error = 0;

	NGI_GET_MSG(item, msg);
	switch (msg->header.typecookie) {
	case NGM_FAULT_COOKIE:
		error = fault_command(sc, msg, &resp);
		break;
	case NGM_FLOW_COOKIE:
		/* What one neighbour says about the link concerns the other one. Messages are not injured. */
		if (d != NULL && d->out != NULL) {
			NGI_MSG(item) = msg;
			NG_FWD_ITEM_HOOK(error, item, d->out);
			return (error);
		}
		break;
	default:
		error = EINVAL;
		break;
	}
	NG_RESPOND_MSG(error, node, item, resp);
	NG_FREE_MSG(msg);
	return (error);
}

/* ---- the end ---- */

static int
ng_fault_disconnect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);
	struct fault *sc = NG_NODE_PRIVATE(node);
	struct direction *in = NG_HOOK_PRIVATE(hook), *d = other_way(sc, in);
	struct unit *u;

	d->out = NULL;
	NG_HOOK_SET_PRIVATE(hook, NULL);
	/* Who waits to leave by it waits in vain. Who came by it still goes his way. */
	while ((u = TAILQ_FIRST(&d->late)) != NULL) {
		TAILQ_REMOVE(&d->late, u, link);
		d->stat.flushed += pair_drop(u->m, u->copy);
		unit_free(d, u);
	}
	while ((u = TAILQ_FIRST(&d->held)) != NULL) {
		TAILQ_REMOVE(&d->held, u, link);
		d->stat.flushed += pair_drop(u->m, u->copy);
		unit_free(d, u);
	}
	d->nlate = d->nheld = 0;
	if (NG_NODE_NUMHOOKS(node) == 0 && NG_NODE_IS_VALID(node))
		ng_rmnode_self(node);
	return (0);
}

/* The node goes, the link stays, and who waits is sent on his way. */
static int
ng_fault_close(node_p node)
{
	struct fault *sc = NG_NODE_PRIVATE(node);

	for (int i = 0; i < DIRECTIONS; i++) {
		if (sc->dir[i].out != NULL)
			fault_flush(sc, &sc->dir[i]);
	}
	if (sc->dir[DOWN].out != NULL && sc->dir[UP].out != NULL)
		(void)ng_bypass(sc->dir[DOWN].out, sc->dir[UP].out);
	return (0);
}

static int
ng_fault_shutdown(node_p node)
{
	struct fault *sc = NG_NODE_PRIVATE(node);

	(void)ng_uncallout(&sc->timer, node);
	NG_NODE_SET_PRIVATE(node, NULL);
	free(sc->ring, M_NETGRAPH_FAULT);
	free(sc, M_NETGRAPH_FAULT);
	NG_NODE_UNREF(node);
	return (0);
}
