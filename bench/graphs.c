/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * graphs.c - the graphs the cases work on, their packets, and the check of their books.
 *
 * The main job's graph, 16 deliveries from the left end to a right one, one more for the tee's copy:
 *
 *   left - n1 - n2 - n3 - n4(tee) - n5 - n6 - n7 == n8 - n9 - n10 - n11 - n12(branch) - a13 - a14 - a15 - enda
 *                          |                      ^ rewired                         \- b13 - b14 - b15 - endb
 *                          tap (both directions)
 */
#include "worker.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>

struct bench_data *packets;
unsigned npackets;
const char *tee_type = "tee";

/* ---- packets ---- */

void
packets_plain(unsigned n, unsigned len)
{
	packets = calloc(n, sizeof(*packets));
	if (packets == NULL)
		fail("no memory");
	for (npackets = 0; npackets < n; npackets++)
		packets[npackets].len = len;
}

void
packets_load(const char *file)
{
	char err[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *h;
	const u_char *data;
	unsigned room = 0;
	pcap_t *p = pcap_open_offline(file, err);
	int r;

	if (p == NULL)
		fail("%s: %s", file, err);
	while ((r = pcap_next_ex(p, &h, &data)) == 1) {
		void *copy;

		if (h->caplen == 0 || h->caplen > 2048) /* what one cluster holds */
			continue;
		if (npackets == room) {
			room = room != 0 ? room * 2 : 1024;
			packets = realloc(packets, room * sizeof(*packets));
		}
		copy = malloc(h->caplen);
		if (packets == NULL || copy == NULL)
			fail("no memory for the packets of %s", file);
		memcpy(copy, data, h->caplen);
		packets[npackets].data = copy;
		packets[npackets++].len = h->caplen;
	}
	if (r == PCAP_ERROR)
		fail("%s: %s", file, pcap_geterr(p));
	pcap_close(p);
	if (npackets < BURST)
		fail("%s: %u usable packets, at least %d are needed", file, npackets, BURST);
}

/* ---- building ---- */

void
graph_node(struct ngu_graph *g, const char *type, const char *name)
{
	must(ngu_mknode(g, type, name, NULL), "making %s of type %s", name, type);
}

void
graph_join(struct ngu_graph *g, const char *a, const char *ahook, const char *b, const char *bhook)
{
	char pa[40], pb[40];

	(void)snprintf(pa, sizeof(pa), "%s:", a);
	(void)snprintf(pb, sizeof(pb), "%s:", b);
	must(ngu_connect(g, pa, ahook, pb, bhook), "connecting %s%s to %s%s", pa, ahook, pb, bhook);
}

struct ngu_graph *
graph_new(void)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .name = "bench", .max_data = 1u << 20 };
	struct ngu_graph *g;

	must(ngu_graph_create(&o, &g), "ngu_graph_create");
	return (g);
}

struct bench_src *
graph_chain(struct ngu_graph *g, const char *prefix, const char *type, unsigned hops)
{
	char a[32], b[32];
	const char *from = "out";

	(void)snprintf(a, sizeof(a), "%ss", prefix);
	graph_node(g, "bsrc", a);
	for (unsigned i = 1; i < hops; i++) {
		(void)snprintf(b, sizeof(b), "%s%u", prefix, i);
		graph_node(g, type, b);
		graph_join(g, a, from, b, "in");
		memcpy(a, b, sizeof(a));
	}
	(void)snprintf(b, sizeof(b), "%se", prefix);
	graph_node(g, "bsink", b);
	graph_join(g, a, from, b, "in");
	(void)snprintf(a, sizeof(a), "%ss", prefix);
	return (bench_src_find(g, a));
}

static void
arm(struct ngu_graph *g, const char *letter)
{
	char a[16], b[16];

	(void)snprintf(b, sizeof(b), "%s13", letter);
	graph_node(g, "bcnt", b);
	graph_join(g, "n12", letter, b, "in");
	for (unsigned i = 14; i <= 15; i++) {
		memcpy(a, b, sizeof(a));
		(void)snprintf(b, sizeof(b), "%s%u", letter, i);
		graph_node(g, "bcnt", b);
		graph_join(g, a, "out", b, "in");
	}
	(void)snprintf(a, sizeof(a), "end%s", letter);
	graph_node(g, "bsrc", a);
	graph_join(g, b, "out", a, "out");
}

void
graph_job(struct ngu_graph *g, struct job *j)
{
	static const struct {
		const char *name, *in, *out;
	} line[] = { { "left", "", "out" }, { "n1", "in", "out" }, { "n2", "in", "out" }, { "n3", "in", "out" },
		{ "n4", "left", "right" }, { "n5", "in", "out" }, { "n6", "in", "out" }, { "n7", "in", "out" }, { "n8", "in", "out" },
		{ "n9", "in", "out" }, { "n10", "in", "out" }, { "n11", "in", "out" }, { "n12", "trunk", "" } };
	unsigned i, last = sizeof(line) / sizeof(line[0]) - 1;

	for (i = 0; i <= last; i++)
		graph_node(g, i == 0 ? "bsrc" : i == 4 ? tee_type : i == last ? "bbranch" : "bcnt", line[i].name);
	for (i = 0; i < last; i++)
		graph_join(g, line[i].name, line[i].out, line[i + 1].name, line[i + 1].in);
	graph_node(g, "btap", "tap");
	graph_join(g, "n4", "left2right", "tap", "l2r");
	graph_join(g, "n4", "right2left", "tap", "r2l");
	arm(g, "a");
	arm(g, "b");
	graph_node(g, "bsink", "e1");
	graph_node(g, "bsink", "e2");
	graph_join(g, "e1", "x", "e2", "y");
	j->left = bench_src_find(g, "left");
	j->right = bench_src_find(g, "enda");
}

/* ---- books ---- */

static uint64_t
hook_packets(struct ngu_graph *g, const char *path, const char *hook)
{
	struct ngu_hook_stats s;

	must(ngu_hook_stats(g, path, hook, &s), "statistics of %s%s", path, hook);
	return (s.packets);
}

static void
emit_reasons(const struct ngu_graph_stats *s)
{
	char name[64];

	emit("delivered", "packets", (double)s->delivered);
	emit("refused", "packets", (double)s->refused);
	emit("dropped", "packets", (double)s->dropped);
	emit("queued", "packets", (double)s->queued_total);
	for (unsigned r = 1; r < NGU_R_COUNT; r++)
		if (s->by_reason[r] != 0) {
			(void)snprintf(name, sizeof(name), "reason:%s", ngu_reason_name((enum ngu_reason)r));
			emit(name, "packets", (double)s->by_reason[r]);
		}
}

void
accounts(struct ngu_graph *g, const struct totals *t, const char *tee)
{
	struct ngu_graph_stats s;
	uint64_t copied = 0;

	must(ngu_settle(g, 10000), "waiting for the graph to come to rest");
	ngu_reclaim_barrier();
#ifdef BENCH_UNCOUNTED
	(void)t;
	(void)tee;
	(void)copied;
	emit("accounts", "ok", 1); /* nothing was counted: no books */
	return;
#endif
	ngu_graph_stats(g, &s);
	emit_reasons(&s);
	emit("sent", "packets", (double)t->sent);
	emit("received", "packets", (double)t->received);
	emit("lost", "packets", (double)t->sent - (double)t->received);
	if (tee != NULL)
		copied = hook_packets(g, tee, "left") + hook_packets(g, tee, "right");
	if (t->no_memory != 0)
		fail("accounts: %" PRIu64 " packets could not be made", t->no_memory);
	if (s.queued != 0 || s.mbufs != 0)
		fail("accounts: %" PRIu64 " packets still queued, %" PRIu64 " mbufs alive at rest", s.queued, s.mbufs);
	if (s.attempted != s.delivered + s.refused + s.dropped)
		fail("accounts: attempted %" PRIu64 " != delivered %" PRIu64 " + refused %" PRIu64 " + dropped %" PRIu64, s.attempted,
		    s.delivered, s.refused, s.dropped);
	if (t->sent + copied != t->received + t->copies + s.refused + s.dropped || copied != t->copies)
		fail("accounts: sent %" PRIu64 " + copied %" PRIu64 " != received %" PRIu64 " + copies received %" PRIu64
		     " + refused %" PRIu64 " + dropped %" PRIu64, t->sent, copied, t->received, t->copies, s.refused, s.dropped);
	emit("accounts", "ok", 1);
}
