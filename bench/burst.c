/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * burst.c - burstN: N packets at a time down the 16-hop chain, each touched at each hop (its length is loaded), by one thread.
 *
 * Packets    come back: the port at the far end keeps what arrives and it is sent again, so that this is about hops and not about
 *            allocation. ns_hop_new is the same with packets made before and freed behind the chain.
 * Floor      floor_run_burst(): a vector of as many packets handed from method to method, tail calls, each packet's length loaded.
 */
#include "worker.h"

#include <stdlib.h>

#define HOPS 16
#define MOST 256

static const char *const type = "bfwd";
static struct mbuf *back[MOST];
static unsigned nback;
static uint64_t sent, received;

static void
keep(void *arg, struct mbuf *m)
{
	(void)arg;
	received++;
	back[nback++] = m;
}

static struct ngu_port *
far_end(struct ngu_graph *g, const char *name, ngu_port_rx_fn *rx)
{
	struct ngu_port *p;

	must(ngu_port_create(g, name, rx, NULL, &p), "ngu_port_create");
	return (p);
}

/* port "<letter>0" - 15 nodes - port "<letter>16" */
static struct ngu_port *
chain(struct ngu_graph *g, char letter, ngu_port_rx_fn *rx)
{
	char a[8] = { letter, '0', 0 }, b[8] = { letter, 0 };
	struct ngu_port *first = far_end(g, a, NULL);

	for (unsigned i = 1; i <= HOPS; i++) {
		b[1] = (char)('0' + i / 10);
		b[2] = (char)('0' + i % 10);
		if (i < HOPS)
			graph_node(g, type, b);
		else
			(void)far_end(g, b, rx);
		graph_join(g, a, i == 1 ? "port" : "out", b, i < HOPS ? "in" : "port");
		a[1] = b[1];
		a[2] = b[2];
		a[3] = '\0';
	}
	return (first);
}

/* Send a burst again that has come back. */
static void
again(struct ngu_port *p, unsigned n)
{
	struct mbuf *v[MOST];

	if (nback != n)
		fail("%u packets of a burst of %u came back", nback, n);
	for (unsigned i = 0; i < n; i++)
		v[i] = back[i];
	nback = 0;
	sent += n;
	must(n == 1 ? ngu_port_send(p, v[0]) : ngu_port_send_burst(p, v, n), "sending a burst");
}

static void
fresh(struct ngu_graph *g, struct mbuf **v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if ((v[i] = ngu_packet(g, NULL, 0)) == NULL)
			fail("no memory for packets");
}

static double
timed(struct ngu_graph *g, struct ngu_port *p, unsigned n, bool new_ones, int64_t span)
{
	unsigned times = 512 / n + 1;
	int64_t a = cpu_ns(), b;
	struct mbuf *v[MOST];
	uint64_t count = 0;

	do {
		for (unsigned i = 0; i < times; i++)
			if (new_ones) {
				fresh(g, v, n);
				sent += n;
				must(n == 1 ? ngu_port_send(p, v[0]) : ngu_port_send_burst(p, v, n), "sending a burst");
			} else {
				again(p, n);
			}
		count += (uint64_t)times * n;
		b = cpu_ns();
	} while (b - a < span);
	return ((double)(b - a) / ((double)count * HOPS));
}

static double
timed_floor(struct floor_chain *f, unsigned n, int64_t span)
{
	unsigned times = 512 / n + 1;
	int64_t a = cpu_ns(), b;
	uint64_t count = 0;

	do {
		(void)floor_run_burst(f, n, times);
		count += (uint64_t)times * n;
		b = cpu_ns();
	} while (b - a < span);
	return ((double)(b - a) / ((double)count * HOPS));
}

void
case_burst(unsigned n)
{
	static double libng[MAX_WINDOWS], bare[MAX_WINDOWS], anew[MAX_WINDOWS], ratio[MAX_WINDOWS];
	int64_t span = (int64_t)opt.window_ms * 1000000 / 4;
	struct ngu_graph *g = graph_new();
	struct floor_chain *f = floor_new(HOPS);
	struct ngu_port *loop = chain(g, 'l', keep), *once = chain(g, 'o', NULL);
	struct totals t = { 0 };
	uint64_t freed;

	if (f == NULL)
		fail("no memory for the floor");
	go_realtime(0);
	fresh(g, back, n);
	nback = n;
	(void)timed_floor(f, n, span);
	(void)timed(g, loop, n, false, span);
	for (unsigned i = 0; i < opt.pairs; i++) {
		bare[i] = timed_floor(f, n, span);
		libng[i] = timed(g, loop, n, false, span);
		bare[i] = (bare[i] + timed_floor(f, n, span)) / 2;
		ratio[i] = libng[i] / bare[i];
	}
	freed = sent;
	for (unsigned i = 0; i < opt.pairs; i++)
		anew[i] = timed(g, once, n, true, span / 2);
	freed = sent - freed;
	emit("ns_hop", "ns", median(libng, opt.pairs));
	emit("floor_ns_hop", "ns", median(bare, opt.pairs));
	emit("ratio_floor", "x", median(ratio, opt.pairs));
	emit("ns_hop_new", "ns", median(anew, opt.pairs));
	emit("pps", "packets/s", 1e9 / (median(libng, opt.pairs) * HOPS));
	for (unsigned i = 0; i < nback; i++)
		ngu_packet_free(back[i]);
	t.sent = sent;
	t.received = received + freed;
	accounts(g, &t, NULL);
	floor_free(f);
}
