/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_pcap.c - any bytes as a capture file, read by node type pcap.
 *
 * Properties: opened, or refused with a documented error and things as before; loaded at once or read bit by bit it is the same
 * packets; what another pcap node writes of them, read again, is the same file, times included; statistics add up.
 */
#include "fuzz/fuzz.h"

#include <ng/test.h>
#include <netgraph/ng_message.h>
#include <netgraph/ng_pcap.h>

#include "io/pcap_file.h"

#define MOST 64 /* packets of a replay */

static int
tell(struct ngu_graph *g, const char *node, uint32_t cmd, const void *arg, size_t len)
{
	return (ngu_msg(g, node, NGM_PCAP_COOKIE, cmd, arg, len, NULL));
}

static struct ng_pcap_stats
stats(struct ngu_graph *g, const char *node)
{
	struct ng_pcap_stats st;
	struct ng_mesg *r = NULL;

	FZ(ngu_msg(g, node, NGM_PCAP_COOKIE, NGM_PCAP_GETSTATS, NULL, 0, &r) == 0 && r != NULL && r->header.arglen == sizeof(st), "no statistics");
	memcpy(&st, r->data, sizeof(st));
	ngu_msg_free(r);
	return (st);
}

static int
open_file(struct ngu_graph *g, const char *node, const char *path, uint32_t flags)
{
	struct ng_pcap_openread o = { .flags = flags };

	(void)snprintf(o.path, sizeof(o.path), "%s", path);
	return (tell(g, node, NGM_PCAP_OPENREAD, &o, sizeof(o)));
}

static bool
documented(int error)
{
	return (error == EINVAL || error == ENODATA || error == EPROTONOSUPPORT || error == EIO || error == ENOMEM);
}

/* Packets and a hash of all that came, in order. */
struct seen {
	uint64_t n, bytes, hash;
};

static void
take(struct seen *s, struct ngt_probe *p)
{
	const struct ngt_rec *r;

	memset(s, 0, sizeof(*s));
	while ((r = ngt_recv(p, NULL)) != NULL) {
		s->n++;
		s->bytes += r->len;
		s->hash = s->hash * 1099511628211u + r->len;
		for (size_t i = 0; i < r->len; i++)
			s->hash = (s->hash ^ r->data[i]) * 1099511628211u;
	}
}

/*
 * Replay at full speed, and look at what the node's statistics say. `refused`: there is a pcap node without a file among the
 * receivers. True: the file is damaged.
 */
static bool
replay(struct ngt *t, const char *node, const char *probe, struct seen *s, bool refused)
{
	const struct ng_pcap_start how = { .count = MOST, .loops = 1, .speed = NG_PCAP_SPEED_FULL, .batch = 7 };
	const struct ng_pcap_stats before = stats(ngt_g(t), node);
	struct ng_pcap_stats after;
	int error;

	error = tell(ngt_g(t), node, NGM_PCAP_START, &how, sizeof(how));
	FZ(error == 0, "cannot be replayed: error %d", error);
	FZ(ngu_settle(ngt_g(t), 60000) == 0, "no rest");
	after = stats(ngt_g(t), node);
	take(s, ngt_probe(t, probe));
	FZ(!after.running, "a replay without end");
	FZ(after.sent - before.sent == s->n && after.sentOctets - before.sentOctets == s->bytes &&
		after.refused - before.refused == (refused ? s->n : 0),
	    "%llu packets of %llu bytes sent, %llu refused; %llu of %llu arrived", (unsigned long long)(after.sent - before.sent),
	    (unsigned long long)(after.sentOctets - before.sentOctets), (unsigned long long)(after.refused - before.refused), (unsigned long long)s->n,
	    (unsigned long long)s->bytes);
	FZ(s->n <= MOST, "more packets than asked for");
	FZ(after.readErrors - before.readErrors <= 1 && (after.readErrors == before.readErrors || after.readError != 0), "read errors");
	return (after.readErrors != before.readErrors);
}

/* Packet by packet, with their times as far as libpcap reads them as they were written: to 2038. */
static void
same_file(const char *path, const char *copy, uint64_t n)
{
	struct ngu__pcap_reader *a = NULL, *b = NULL;
	struct ngu__pcap_packet p, q;
	char why[NGU__PCAP_WHY];
	bool end, end2;

	FZ(ngu__pcap_read_open(path, &a, why) == 0 && ngu__pcap_read_open(copy, &b, why) == 0, "%s", why);
	FZ(ngu__pcap_read_linktype(a) == ngu__pcap_read_linktype(b), "another link type");
	for (; n != 0; n--) {
		FZ(ngu__pcap_read_next(a, &p, &end, why) == 0 && !end, "fewer packets than there were");
		FZ(ngu__pcap_read_next(b, &q, &end2, why) == 0 && !end2, "fewer packets than were written");
		FZ(p.len == q.len && memcmp(p.data, q.data, p.len) == 0, "another packet");
		FZ(p.ns < 0 || p.ns >= (INT64_C(1) << 31) * 1000000000 || p.ns == q.ns, "written at %lld, not %lld", (long long)q.ns,
		    (long long)p.ns);
	}
	FZ(ngu__pcap_read_next(b, &q, &end2, why) == 0 && end2, "more packets than were sent");
	ngu__pcap_read_close(a);
	ngu__pcap_read_close(b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ng_pcap_openwrite w = { .flags = NG_PCAP_NANO };
	const struct ng_pcap_start timed = { .count = MOST, .loops = 2, .speed = 100000, .batch = 0 };
	const struct ng_pcap_close both = { NG_PCAP_CLOSE_READ | NG_PCAP_CLOSE_WRITE };
	const char *path, *copy;
	struct seen once, again, written;
	struct ng_pcap_stats st;
	struct ngt *t;
	bool damaged;
	int error, load;

	if (size > 65536)
		size = 65536;
	path = fz_file(0, data, size);
	copy = fz_file(1, "", 0);
	(void)ngt_setup(NULL);
	t = fz_kit("hub h; pcap r; pcap w; r.out - h.a; h.b - w.in; probe p - h.c; pcap c; c.out - probe q");
	error = open_file(ngt_g(t), "r:", path, 0);
	load = open_file(ngt_g(t), "r:", path, NG_PCAP_PRELOAD);
	FZ(error == 0 || documented(error), "open: error %d", error);
	FZ(load == 0 || documented(load), "load: error %d", load);
	FZ(error == 0 ? load == 0 || load == EIO : load == error, "open: error %d; load: error %d", error, load);
	if (error != 0) {
		FZ(tell(ngt_g(t), "r:", NGM_PCAP_START, &timed, sizeof(timed)) == EBADF, "a refused file is open");
		fz_kit_end(t);
		return (0);
	}
	FZ(open_file(ngt_g(t), "r:", path, 0) == 0, "opened once only");
	st = stats(ngt_g(t), "r:");
	w.linktype = st.linktype;
	(void)snprintf(w.path, sizeof(w.path), "%s", copy);
	error = tell(ngt_g(t), "w:", NGM_PCAP_OPENWRITE, &w, sizeof(w));
	FZ(error == 0 || error == EPROTONOSUPPORT, "write: error %d", error);
	damaged = replay(t, "r:", "p", &once, error != 0);
	FZ(once.n != 0, "no packet of a file that has one");
	st = stats(ngt_g(t), "w:");
	FZ(st.written + st.unwritten == once.n && st.writtenOctets <= once.bytes && st.writeError == 0, "%llu written, %llu not, of %llu",
	    (unsigned long long)st.written, (unsigned long long)st.unwritten, (unsigned long long)once.n);
	FZ(st.unwritten == 0 || error != 0, "unwritten packets");
	if (load == 0) {
		FZ(!damaged, "a file that could be loaded is damaged");
		FZ(open_file(ngt_g(t), "r:", path, NG_PCAP_PRELOAD) == 0, "loaded once only");
		(void)tell(ngt_g(t), "w:", NGM_PCAP_CLOSE, &both, sizeof(both));
		(void)replay(t, "r:", "p", &again, true);
		FZ(memcmp(&once, &again, sizeof(once)) == 0, "%llu packets read, %llu loaded, or others", (unsigned long long)once.n,
		    (unsigned long long)again.n);
	}
	if (error == 0) {
		(void)tell(ngt_g(t), "w:", NGM_PCAP_CLOSE, &both, sizeof(both));
		error = open_file(ngt_g(t), "c:", copy, 0);
		FZ(error == 0, "what was written cannot be opened: error %d", error);
		FZ(!replay(t, "c:", "q", &written, false), "what was written is damaged");
		FZ(memcmp(&once, &written, sizeof(once)) == 0, "what was written differs");
		same_file(path, copy, once.n);
	}
	/* By the clock: whatever the times are, it ends, or waits. */
	error = tell(ngt_g(t), "r:", NGM_PCAP_START, &timed, sizeof(timed));
	FZ(error == 0, "start: error %d", error);
	ngt_advance(t, 10000);
	(void)tell(ngt_g(t), "r:", NGM_PCAP_STOP, NULL, 0);
	FZ(!stats(ngt_g(t), "r:").running, "cannot be stopped");
	fz_kit_end(t);
	return (0);
}
