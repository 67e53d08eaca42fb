/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_pcap.c - capture files as the ends of a graph: replay one out of "out", write what comes by "in" into another.
 *
 * Gate       the node is a force-writer: one thread at a time, packets and statistics included, so nothing here is atomic.
 * Replay     run() sends a batch and queues itself again behind whatever waits for the node, or sets a timer for the next packet;
 *            so commands, and a shutdown, wait for one batch at most. A run knows its generation: one that was stopped, or
 *            belongs to an earlier start, does nothing.
 * Writing    a packet is put on a list inside its read section; a function item writes the list, outside of it: files may be slow,
 *            and memory waits for read sections. When the list gets long, the sender writes it himself rather than lose any.
 * Memory     without NG_PCAP_PRELOAD: libpcap's buffer and the list, NG_PCAP_BACKLOG bytes. With it: the whole file.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/limits.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/syslog.h>
#include <sys/time.h>

#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>
#include <netgraph/ng_parse.h>
#include <netgraph/ng_pcap.h>

#include "pcap_file.h"

#ifdef NG_SEPARATE_MALLOC
static MALLOC_DEFINE(M_NETGRAPH_PCAP, "netgraph_pcap", "netgraph pcap node");
#else
#define M_NETGRAPH_PCAP M_NETGRAPH
#endif

#define BATCH 64
#define BATCH_MAX 4096
#define BACKLOG (8 * 1024 * 1024) /* bytes on the list before the sender has to write */
#define SCRATCH 262144
#define WAIT_MAX 3600000 /* ticks; longer gaps are looked at again then */
#define NS 1000000000

/* A packet of a preloaded file. */
struct record {
	int64_t ns;
	uint32_t off;
	uint32_t len;
};

/* A file open for reading: through libpcap, or in memory. */
struct source {
	struct ngu__pcap_reader *r; /* NULL: in memory */
	struct record *rec;
	uint32_t nrec, next;
	uint8_t *data;
	uint32_t linktype;
	char path[NG_PCAP_PATHSIZ];
};

struct pcap_node {
	node_p node;
	hook_p out, in;
	struct source *src; /* NULL: nothing is open */

	/* The replay that is on. */
	struct ng_pcap_start how; /* count and loops: what is left */
	int generation;
	bool have; /* cur is the next packet to be sent */
	bool timed; /* t0 and ns0 are set for this pass */
	struct ngu__pcap_packet cur;
	int64_t t0;  /* the graph's clock at ... */
	int64_t ns0; /* ... the time of the first packet */
	int64_t due; /* of the packet sent last */
	struct callout timer;

	struct ngu__pcap_writer *w; /* NULL: nothing is open */
	char wpath[NG_PCAP_PATHSIZ];
	struct mbufq list; /* arrived, not yet written */
	size_t listed; /* bytes on it */
	bool queued; /* a function is on its way to write it */
	uint8_t *scratch;

	struct ng_pcap_stats st;
};

static ng_constructor_t ng_pcap_constructor;
static ng_rcvmsg_t ng_pcap_rcvmsg;
static ng_shutdown_t ng_pcap_shutdown;
static ng_newhook_t ng_pcap_newhook;
static ng_rcvdata_t ng_pcap_rcvdata;
static ng_disconnect_t ng_pcap_disconnect;
static ng_item_fn run;
static ng_item_fn write_queued;

static const struct ng_parse_fixedstring_info ng_pcap_path_info = { NG_PCAP_PATHSIZ };
static const struct ng_parse_type ng_pcap_path_type = {
	.supertype = &ng_parse_fixedstring_type,
	.info = &ng_pcap_path_info,
};
#define PCAP_STRUCT(name, INFO) \
	static const struct ng_parse_struct_field name##_fields[] = INFO; \
	static const struct ng_parse_type name##_type = { \
		.supertype = &ng_parse_struct_type, \
		.info = &name##_fields, \
	}
PCAP_STRUCT(ng_pcap_openread, NG_PCAP_OPENREAD_INFO);
PCAP_STRUCT(ng_pcap_openwrite, NG_PCAP_OPENWRITE_INFO);
PCAP_STRUCT(ng_pcap_start, NG_PCAP_START_INFO);
PCAP_STRUCT(ng_pcap_close, NG_PCAP_CLOSE_INFO);
PCAP_STRUCT(ng_pcap_stats, NG_PCAP_STATS_INFO);

static const struct ng_cmdlist ng_pcap_cmdlist[] = {
	{ NGM_PCAP_COOKIE, NGM_PCAP_OPENREAD, "openread", &ng_pcap_openread_type, NULL },
	{ NGM_PCAP_COOKIE, NGM_PCAP_OPENWRITE, "openwrite", &ng_pcap_openwrite_type, NULL },
	{ NGM_PCAP_COOKIE, NGM_PCAP_START, "start", &ng_pcap_start_type, NULL },
	{ NGM_PCAP_COOKIE, NGM_PCAP_STOP, "stop", NULL, NULL },
	{ NGM_PCAP_COOKIE, NGM_PCAP_GETSTATS, "getstats", NULL, &ng_pcap_stats_type },
	{ NGM_PCAP_COOKIE, NGM_PCAP_CLOSE, "close", &ng_pcap_close_type, NULL },
	{ 0, 0, NULL, NULL, NULL }
};

static struct ng_type ng_pcap_type = {
	.version = NG_ABI_VERSION,
	.name = NG_PCAP_NODE_TYPE,
	.constructor = ng_pcap_constructor,
	.rcvmsg = ng_pcap_rcvmsg,
	.shutdown = ng_pcap_shutdown,
	.newhook = ng_pcap_newhook,
	.rcvdata = ng_pcap_rcvdata,
	.disconnect = ng_pcap_disconnect,
	.cmdlist = ng_pcap_cmdlist,
};
NETGRAPH_INIT(pcap, &ng_pcap_type);

static void
complain(struct pcap_node *sc, const char *what, const char *path, int error, const char *why)
{
	log(LOG_ERR, "ng_pcap: %s[%x]: %s %s: %s (error %d)\n", NG_NODE_NAME(sc->node), NG_NODE_ID(sc->node), what, path, why,
	    error);
}

static int64_t
uptime(void)
{
	struct timespec ts;

	nanouptime(&ts);
	return ((int64_t)ts.tv_sec * NS + ts.tv_nsec);
}

/* ---- the file that is read ---- */

static void
source_free(struct source *s)
{
	if (s == NULL)
		return;
	ngu__pcap_read_close(s->r);
	free(s->rec, M_NETGRAPH_PCAP);
	free(s->data, M_NETGRAPH_PCAP);
	free(s, M_NETGRAPH_PCAP);
}

/* Twice as much as there was; NULL leaves the old one to source_free(). */
static void *
more(void *old, size_t *room, size_t unit)
{
	const size_t n = *room != 0 ? *room * 2 : 1024;
	void *p = realloc(old, n * unit, M_NETGRAPH_PCAP, M_NOWAIT);

	if (p != NULL)
		*room = n;
	return (p);
}

/* The whole file into memory. */
static int
source_load(struct source *s, char *why)
{
	struct ngu__pcap_packet p;
	size_t recs = 0, bytes = 0, used = 0;
	bool end;
	void *q;
	int error;

	while ((error = ngu__pcap_read_next(s->r, &p, &end, why)) == 0 && !end) {
		if (used + p.len > UINT32_MAX || s->nrec == UINT32_MAX) {
			(void)snprintf(why, NGU__PCAP_WHY, "too big to be preloaded");
			return (EFBIG);
		}
		if (s->nrec == recs) {
			if ((q = more(s->rec, &recs, sizeof(s->rec[0]))) == NULL)
				goto nomem;
			s->rec = q;
		}
		while (used + p.len > bytes) {
			if ((q = more(s->data, &bytes, 1)) == NULL)
				goto nomem;
			s->data = q;
		}
		s->rec[s->nrec].ns = p.ns;
		s->rec[s->nrec].off = (uint32_t)used;
		s->rec[s->nrec].len = p.len;
		s->nrec++;
		if (p.len != 0)
			memcpy(s->data + used, p.data, p.len);
		used += p.len;
	}
	if (error == 0) {
		ngu__pcap_read_close(s->r);
		s->r = NULL;
	}
	return (error);
nomem:
	(void)snprintf(why, NGU__PCAP_WHY, "out of memory");
	return (ENOMEM);
}

static int
source_next(struct source *s, struct ngu__pcap_packet *p, bool *end, char *why)
{
	if (s->r != NULL)
		return (ngu__pcap_read_next(s->r, p, end, why));
	*end = s->next == s->nrec;
	if (!*end) {
		p->ns = s->rec[s->next].ns;
		p->len = p->wire = s->rec[s->next].len;
		p->data = p->len != 0 ? s->data + s->rec[s->next].off : NULL; /* no memory was had if none has bytes */
		s->next++;
	}
	return (0);
}

static int
source_rewind(struct source *s, char *why)
{
	s->next = 0;
	return (s->r != NULL ? ngu__pcap_read_rewind(s->r, why) : 0);
}

static int
do_openread(struct pcap_node *sc, struct ng_pcap_openread *a)
{
	char why[NGU__PCAP_WHY];
	struct source *s;
	int error;

	a->path[sizeof(a->path) - 1] = '\0';
	if (a->path[0] == '\0' || (a->flags & ~(uint32_t)NG_PCAP_PRELOAD) != 0)
		return (EINVAL);
	if (sc->st.running)
		return (EBUSY);
	if ((s = malloc(sizeof(*s), M_NETGRAPH_PCAP, M_NOWAIT | M_ZERO)) == NULL)
		return (ENOMEM);
	(void)strlcpy(s->path, a->path, sizeof(s->path));
	if ((error = ngu__pcap_read_open(s->path, &s->r, why)) == 0) {
		s->linktype = ngu__pcap_read_linktype(s->r);
		if (a->flags & NG_PCAP_PRELOAD)
			error = source_load(s, why);
	}
	if (error != 0) {
		complain(sc, "open", s->path, error, why);
		source_free(s);
		return (error);
	}
	source_free(sc->src);
	sc->src = s;
	sc->st.linktype = s->linktype;
	return (0);
}

/* ---- replay ---- */

static void
stop(struct pcap_node *sc)
{
	sc->st.running = 0;
	sc->have = false;
	sc->generation = (sc->generation + 1) & INT_MAX;
	(void)ng_uncallout(&sc->timer, sc->node);
}

static void
stop_damaged(struct pcap_node *sc, int error, const char *why)
{
	complain(sc, "read", sc->src->path, error, why);
	sc->st.readErrors++;
	sc->st.readError = (uint32_t)error;
	stop(sc);
}

static int
do_start(struct pcap_node *sc, const struct ng_pcap_start *a)
{
	char why[NGU__PCAP_WHY];
	int error;

	if (sc->st.running)
		return (EBUSY);
	if (sc->src == NULL)
		return (EBADF);
	if (sc->out == NULL)
		return (ENOTCONN);
	if ((error = source_rewind(sc->src, why)) != 0) {
		complain(sc, "open", sc->src->path, error, why);
		return (error);
	}
	sc->how = *a;
	if (sc->how.batch == 0)
		sc->how.batch = BATCH;
	if (sc->how.batch > BATCH_MAX)
		sc->how.batch = BATCH_MAX;
	sc->have = false;
	sc->timed = false;
	sc->due = uptime();
	sc->generation = (sc->generation + 1) & INT_MAX;
	/* Not from here: whoever asked gets his answer first. */
	if ((error = ng_send_fn1(sc->node, NULL, run, NULL, sc->generation, NG_QUEUE)) == 0)
		sc->st.running = 1;
	return (error);
}

/* Go on later: at once but behind others (0), or in so many ticks. */
static void
again(struct pcap_node *sc, int nticks)
{
	int error;

	if (nticks == 0)
		error = ng_send_fn1(sc->node, NULL, run, NULL, sc->generation, NG_QUEUE);
	else
		error = ng_callout(&sc->timer, sc->node, NULL, nticks, run, NULL, sc->generation);
	if (error != 0 && nticks == 0) /* queues are full: perhaps not in a millisecond */
		error = ng_callout(&sc->timer, sc->node, NULL, 1, run, NULL, sc->generation);
	if (error != 0) {
		complain(sc, "replay of", sc->src->path, error, "out of memory, stopped");
		stop(sc);
	}
}

/* Make cur the next packet. false: the replay has ended. */
static bool
fetch(struct pcap_node *sc)
{
	char why[NGU__PCAP_WHY];
	bool end;
	int error;

	while (!sc->have) {
		if ((error = source_next(sc->src, &sc->cur, &end, why)) != 0) {
			stop_damaged(sc, error, why);
			return (false);
		}
		if (!end) {
			sc->have = true;
			break;
		}
		sc->st.loops++;
		if (sc->how.loops != 0 && --sc->how.loops == 0) {
			stop(sc);
			return (false);
		}
		if ((error = source_rewind(sc->src, why)) != 0) {
			stop_damaged(sc, error, why);
			return (false);
		}
		sc->timed = false;
	}
	return (true);
}

/* When cur has to leave. */
static int64_t
due(struct pcap_node *sc)
{
	int64_t d, q;

	if (!sc->timed) { /* the first of a pass follows the last of the one before */
		sc->timed = true;
		sc->t0 = sc->due;
		sc->ns0 = sc->cur.ns;
	}
	d = sc->cur.ns - sc->ns0;
	if (d < 0)
		d = 0;
	q = d / sc->how.speed;
	if (q > INT64_MAX / 4000)
		q = INT64_MAX / 4000;
	return (sc->t0 + q * 1000 + d % sc->how.speed * 1000 / sc->how.speed);
}

/* Send cur. false: there is no memory now. */
static bool
send_one(struct pcap_node *sc)
{
	struct mbuf *m = m_devget(__DECONST(char *, sc->cur.data), (int)sc->cur.len, 0, NULL, NULL);
	int error;

	if (m == NULL)
		return (false);
	m->m_pkthdr.rcv_tstmp = (uint64_t)sc->cur.ns;
	m->m_flags |= M_TSTMP;
	sc->have = false;
	sc->st.sent++;
	sc->st.sentOctets += sc->cur.len;
	NG_SEND_DATA_ONLY(error, sc->out, m);
	if (error != 0)
		sc->st.refused++;
	return (true);
}

static void
run(node_p node, hook_p hook, void *arg1, int generation)
{
	struct pcap_node *sc = NG_NODE_PRIVATE(node);
	int64_t when, now;

	if (!sc->st.running || generation != sc->generation)
		return;
	for (uint32_t n = 0; n < sc->how.batch; n++) {
		if (!fetch(sc))
			return;
		if (sc->how.speed != NG_PCAP_SPEED_FULL) {
			when = due(sc);
			now = uptime();
			if (when > now) {
				when = (when - now + 999999) / 1000000;
				again(sc, when < WAIT_MAX ? (int)when : WAIT_MAX);
				return;
			}
			sc->due = when;
		}
		if (!send_one(sc)) {
			again(sc, 1);
			return;
		}
		if (sc->how.count != 0 && --sc->how.count == 0) {
			stop(sc);
			return;
		}
	}
	again(sc, 0);
}

/* ---- the file that is written ---- */

static void
account(struct pcap_node *sc, int error, uint32_t done, uint64_t octets, uint32_t lost, const char *why)
{
	sc->st.written += done;
	sc->st.writtenOctets += octets;
	sc->st.unwritten += lost;
	if (error != 0 && sc->st.writeError == 0) {
		sc->st.writeError = (uint32_t)error;
		complain(sc, "write", sc->wpath, error, why);
	}
}

static void
write_one(struct pcap_node *sc, struct mbuf *m)
{
	char why[NGU__PCAP_WHY];
	struct ngu__pcap_packet p;
	uint32_t done, lost, snap = ngu__pcap_write_snaplen(sc->w);
	uint64_t octets;
	int error;

	p.wire = (uint32_t)m->m_pkthdr.len;
	p.len = p.wire < snap ? p.wire : snap;
	p.ns = (int64_t)m->m_pkthdr.rcv_tstmp;
	p.data = mtod(m, const uint8_t *);
	if ((uint32_t)m->m_len < p.len) {
		m_copydata(m, 0, (int)p.len, (caddr_t)sc->scratch);
		p.data = sc->scratch;
	}
	error = ngu__pcap_write(sc->w, &p, &done, &octets, &lost, why);
	account(sc, error, done, octets, lost, why);
}

/* All that has arrived, into the file. */
static void
write_list(struct pcap_node *sc)
{
	char why[NGU__PCAP_WHY];
	uint32_t done, lost;
	uint64_t octets;
	struct mbuf *m;
	int error;

	while ((m = mbufq_dequeue(&sc->list)) != NULL) {
		write_one(sc, m);
		m_freem(m);
	}
	sc->listed = 0;
	if (sc->w != NULL && sc->st.writeError == 0) {
		error = ngu__pcap_write_flush(sc->w, &done, &octets, &lost, why);
		account(sc, error, done, octets, lost, why);
	}
}

static void
write_queued(node_p node, hook_p hook, void *arg1, int arg2)
{
	struct pcap_node *sc = NG_NODE_PRIVATE(node);

	sc->queued = false;
	write_list(sc);
}

/* Complete the file. */
static int
write_close(struct pcap_node *sc)
{
	char why[NGU__PCAP_WHY];
	int error;

	if (sc->w == NULL)
		return (0);
	write_list(sc);
	error = ngu__pcap_write_close(sc->w, why);
	account(sc, error, 0, 0, 0, why);
	sc->w = NULL;
	return ((int)sc->st.writeError);
}

static int
do_openwrite(struct pcap_node *sc, struct ng_pcap_openwrite *a)
{
	char why[NGU__PCAP_WHY];
	struct ngu__pcap_writer *w;
	int error;

	a->path[sizeof(a->path) - 1] = '\0';
	if (a->path[0] == '\0' || (a->flags & ~(uint32_t)NG_PCAP_NANO) != 0)
		return (EINVAL);
	if (sc->scratch == NULL && (sc->scratch = malloc(SCRATCH, M_NETGRAPH_PCAP, M_NOWAIT)) == NULL)
		return (ENOMEM);
	write_list(sc); /* it may be the same file: then nothing of the old one must follow */
	error = ngu__pcap_write_open(a->path, a->snaplen, a->linktype, (a->flags & NG_PCAP_NANO) != 0, &w, why);
	if (error != 0) {
		complain(sc, "create", a->path, error, why);
		return (error);
	}
	(void)write_close(sc); /* what goes wrong there is in the statistics and in the log */
	sc->w = w;
	sc->st.writeError = 0;
	(void)strlcpy(sc->wpath, a->path, sizeof(sc->wpath));
	return (0);
}

/* Onto the list. `now`: of a packet that says no time. */
static void
keep(struct pcap_node *sc, struct mbuf *m, const struct timespec *now)
{
	if ((m->m_flags & M_TSTMP) == 0)
		m->m_pkthdr.rcv_tstmp = (uint64_t)now->tv_sec * NS + (uint64_t)now->tv_nsec;
	(void)mbufq_enqueue(&sc->list, m); /* it has no limit */
	sc->listed += (size_t)m->m_pkthdr.len + MSIZE;
}

/* See to it that the list is written. */
static void
kept(struct pcap_node *sc)
{
	if (sc->listed > BACKLOG)
		write_list(sc);
	else if (!sc->queued) {
		sc->queued = true; /* before: the function may run at once */
		if (ng_send_fn1(sc->node, NULL, write_queued, NULL, 0, NG_QUEUE) != 0) {
			sc->queued = false;
			write_list(sc);
		}
	}
}

/* 0: packets by this hook are written now. */
static int
unwanted(const struct pcap_node *sc, hook_p hook)
{
	return (hook != sc->in ? EINVAL : sc->w == NULL ? EBADF : (int)sc->st.writeError);
}

/* In a read section, with the writer turn. */
static int
ng_pcap_rcvdata(hook_p hook, item_p item)
{
	struct pcap_node *sc = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));
	struct timespec now = { 0, 0 };
	struct mbuf *m;
	int error;

	if ((error = unwanted(sc, hook)) != 0) {
		if (hook == sc->in)
			sc->st.unwritten++;
		NG_FREE_ITEM(item);
		return (error);
	}
	NGI_GET_M(item, m);
	NG_FREE_ITEM(item);
	if ((m->m_flags & M_TSTMP) == 0)
		nanotime(&now);
	keep(sc, m, &now);
	kept(sc);
	return (0);
}

#ifdef NGU_BURST_MAX
/* One turn, and one look at the clock, for all of them. */
static int
ng_pcap_rcvburst(hook_p hook, struct mbuf **vec, unsigned n, size_t bytes)
{
	struct pcap_node *sc = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));
	struct timespec now;
	int error;

	(void)bytes;
	if ((error = unwanted(sc, hook)) != 0) {
		if (hook == sc->in)
			sc->st.unwritten += n;
		for (unsigned i = 0; i < n; i++)
			m_freem(vec[i]);
		return (error);
	}
	nanotime(&now);
	for (unsigned i = 0; i < n; i++)
		keep(sc, vec[i], &now);
	kept(sc);
	return (0);
}
NGU_BURST_INIT(pcap, &ng_pcap_type, ng_pcap_rcvburst);
#endif

/* ---- the rest of the node ---- */

static int
ng_pcap_constructor(node_p node)
{
	struct pcap_node *sc = malloc(sizeof(*sc), M_NETGRAPH_PCAP, M_WAITOK | M_ZERO);

	sc->node = node;
	ng_callout_init(&sc->timer);
	mbufq_init(&sc->list, 0);
	NG_NODE_SET_PRIVATE(node, sc);
	NG_NODE_FORCE_WRITER(node);
	return (0);
}

static int
ng_pcap_newhook(node_p node, hook_p hook, const char *name)
{
	struct pcap_node *sc = NG_NODE_PRIVATE(node);
	hook_p *place;

	if (strcmp(name, NG_PCAP_HOOK_OUT) == 0)
		place = &sc->out;
	else if (strcmp(name, NG_PCAP_HOOK_IN) == 0)
		place = &sc->in;
	else
		return (EINVAL);
	if (*place != NULL)
		return (EEXIST);
	*place = hook;
	return (0);
}

static int
do_close(struct pcap_node *sc, uint32_t which)
{
	if (which == 0 || (which & ~(uint32_t)(NG_PCAP_CLOSE_READ | NG_PCAP_CLOSE_WRITE)) != 0)
		return (EINVAL);
	if (which & NG_PCAP_CLOSE_READ) {
		stop(sc);
		source_free(sc->src);
		sc->src = NULL;
		sc->st.linktype = 0;
	}
	return (which & NG_PCAP_CLOSE_WRITE ? write_close(sc) : 0);
}

#define ARG(type) ((struct type *)(void *)msg->data)
#define SIZED(type) (msg->header.arglen == sizeof(struct type))

static int
ng_pcap_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	struct pcap_node *sc = NG_NODE_PRIVATE(node);
	struct ng_mesg *msg, *resp = NULL;
	int error = 0;

	NGI_GET_MSG(item, msg);
	switch (msg->header.typecookie == NGM_PCAP_COOKIE ? msg->header.cmd : 0) {
	case NGM_PCAP_OPENREAD:
		error = SIZED(ng_pcap_openread) ? do_openread(sc, ARG(ng_pcap_openread)) : EINVAL;
		break;
	case NGM_PCAP_OPENWRITE:
		error = SIZED(ng_pcap_openwrite) ? do_openwrite(sc, ARG(ng_pcap_openwrite)) : EINVAL;
		break;
	case NGM_PCAP_START:
		error = SIZED(ng_pcap_start) ? do_start(sc, ARG(ng_pcap_start)) : EINVAL;
		break;
	case NGM_PCAP_STOP:
		stop(sc);
		break;
	case NGM_PCAP_GETSTATS:
		write_list(sc);
		NG_MKRESPONSE(resp, msg, sizeof(sc->st), M_NOWAIT);
		if (resp == NULL)
			error = ENOMEM;
		else
			*(struct ng_pcap_stats *)(void *)resp->data = sc->st;
		break;
	case NGM_PCAP_CLOSE:
		error = SIZED(ng_pcap_close) ? do_close(sc, ARG(ng_pcap_close)->which) : EINVAL;
		break;
	default:
		error = EINVAL;
		break;
	}
	NG_RESPOND_MSG(error, node, item, resp);
	NG_FREE_MSG(msg);
	return (error);
}

static int
ng_pcap_disconnect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);
	struct pcap_node *sc = NG_NODE_PRIVATE(node);

	if (hook == sc->out) {
		sc->out = NULL;
		stop(sc); /* nowhere to replay to */
	} else if (hook == sc->in) {
		sc->in = NULL;
	}
	if (NG_NODE_NUMHOOKS(node) == 0 && NG_NODE_IS_VALID(node))
		ng_rmnode_self(node);
	return (0);
}

static int
ng_pcap_shutdown(node_p node)
{
	struct pcap_node *sc = NG_NODE_PRIVATE(node);

	stop(sc);
	(void)write_close(sc);
	source_free(sc->src);
	free(sc->scratch, M_NETGRAPH_PCAP);
	NG_NODE_SET_PRIVATE(node, NULL);
	free(sc, M_NETGRAPH_PCAP);
	NG_NODE_UNREF(node);
	return (0);
}
