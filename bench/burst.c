/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * burst.c - burstN: N packets at a time down the 16-hop chain, each touched at each hop (its length is loaded), by one thread.
 *
 * Packets    come back: the node at the far end keeps what arrives and it is sent again, so that this is about hops and not about
 *            allocation. ns_hop_each is the same with nodes that have no burst method; ns_hop_new is the same with packets made before and
 *            freed behind the chain.
 * Floor      floor_run_burst(): a vector of as many packets handed from method to method, tail calls, each packet's length loaded.
 */
#include "worker.h"

#include <stdlib.h>

#define HOPS 16
#define MOST BENCH_BACK

static uint64_t sent;

/* port "<letter>0" - 15 nodes - a bback, or a port where packets are freed */
static struct ngu_port *
chain(struct ngu_graph *g, const char *type, char letter, bool back)
{
	char a[8] = { letter, '0', 0 }, b[8] = { letter, 0 };
	struct ngu_port *first, *last;

	must(ngu_port_create(g, a, NULL, NULL, &first), "ngu_port_create");
	for (unsigned i = 1; i <= HOPS; i++) {
		b[1] = (char)('0' + i / 10);
		b[2] = (char)('0' + i % 10);
		if (i < HOPS || back)
			graph_node(g, i < HOPS ? type : "bback", b);
		else
			must(ngu_port_create(g, b, NULL, NULL, &last), "ngu_port_create");
		graph_join(g, a, i == 1 ? "port" : "out", b, i < HOPS || back ? "in" : "port");
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
	int error;

	if (bench_nback != n)
		fail("%u packets of a burst of %u came back", bench_nback, n);
	bench_nback = 0;
	sent += n;
	if ((error = n == 1 ? ngu_port_send(p, bench_back[0]) : ngu_port_send_burst(p, bench_back, n)) != 0)
		must(error, "sending a burst");
}

static void
fresh(struct ngu_graph *g, struct mbuf **v, unsigned n)
{
	static const uint8_t data[60];

	for (unsigned i = 0; i < n; i++)
		if ((v[i] = ngu_packet(g, data, sizeof(data))) == NULL)
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
	static double libng[MAX_WINDOWS], bare[MAX_WINDOWS], anew[MAX_WINDOWS], each[MAX_WINDOWS], ratio[MAX_WINDOWS];
	int64_t span = (int64_t)opt.window_ms * 1000000 / 4;
	struct ngu_graph *g = graph_new();
	struct floor_chain *f = floor_new(HOPS);
	struct ngu_port *loop = chain(g, "bburst", 'l', true), *plain = chain(g, "bfwd", 'p', true), *once = chain(g, "bburst", 'o', false);
	struct totals t = { 0 };

	if (f == NULL)
		fail("no memory for the floor");
	go_realtime(0);
	fresh(g, bench_back, n);
	bench_nback = n;
	(void)timed_floor(f, n, span);
	(void)timed(g, loop, n, false, span);
	for (unsigned i = 0; i < opt.pairs; i++) {
		bare[i] = timed_floor(f, n, span);
		libng[i] = timed(g, loop, n, false, span);
		bare[i] = (bare[i] + timed_floor(f, n, span)) / 2;
		ratio[i] = libng[i] / bare[i];
	}
	for (unsigned i = 0; i < opt.pairs; i++)
		each[i] = timed(g, plain, n, false, span / 2);
	for (unsigned i = 0; i < opt.pairs; i++)
		anew[i] = timed(g, once, n, true, span / 2);
	emit("ns_hop", "ns", median(libng, opt.pairs));
	emit("floor_ns_hop", "ns", median(bare, opt.pairs));
	emit("ratio_floor", "x", median(ratio, opt.pairs));
	emit("ns_hop_each", "ns", median(each, opt.pairs));
	emit("ns_hop_new", "ns", median(anew, opt.pairs));
	emit("pps", "packets/s", 1e9 / (median(libng, opt.pairs) * HOPS));
	for (unsigned i = 0; i < bench_nback; i++)
		ngu_packet_free(bench_back[i]);
	t.sent = sent;
	t.received = sent; /* again() has looked at those that came back; of the others the graph's accounts tell */
	accounts(g, &t, NULL);
	floor_free(f);
}
