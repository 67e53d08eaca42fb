/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rte.c - ngbench-rte_graph: the chain of hopN and burstN on DPDK's librte_graph, where libdpdk is installed (-Ddpdk). A worker like
 * ngbench-<backend>: the driver starts it by turns with those.
 *
 * Chain      a source node, N-1 nodes that load each packet's length and pass all on, a sink: N hand-overs. Packets are objects of a line
 *            each that are used again for each walk: nothing is allocated.
 * Figures    ns_hop: statistics off for bursts and, because that is rte_graph's default, on for single packets (hopN);
 *            ns_hop_plain and ns_hop_stats: both, in turns. rte_walk.c is the walk, compiled with and without them. tsc_ns: one reading of
 *            the time-stamp counter, of which the statistics make two a node.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rte_walk.h"

#include <rte_cycles.h>
#include <rte_debug.h>
#include <rte_eal.h>
#include <rte_errno.h>

static unsigned window_ms = 40, pairs = 8;
static const char *name = "";

static void
emit(const char *metric, const char *unit, double v)
{
	(void)printf("R\t%s\t%s\t%.9g\n", metric, unit, v);
}

static _Noreturn void
fail(const char *what)
{
	(void)printf("E\t%s: %s\n", what, rte_strerror(rte_errno));
	(void)fflush(stdout);
	_Exit(3);
}

static int64_t
cpu_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ((int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec);
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return ((x > y) - (x < y));
}

static double
median(double *v, unsigned n)
{
	qsort(v, n, sizeof(*v), by_value);
	return (n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2);
}

static double
timed(void (*walk)(struct rte_graph *, unsigned), struct rte_graph *g, unsigned hops, unsigned burst)
{
	int64_t span = (int64_t)window_ms * 1000000 / 4, a = cpu_ns(), b;
	unsigned times = 2048 / (hops * burst) + 1;
	uint64_t walks = 0, before = rte_received;

	do {
		walk(g, times);
		walks += times;
		b = cpu_ns();
	} while (b - a < span);
	if (rte_received - before != walks * burst)
		fail("packets were lost on their way");
	return ((double)(b - a) / ((double)walks * burst * hops));
}

static double
timed_tsc(void)
{
	uint64_t sum = 0;
	int64_t a = cpu_ns();

	for (unsigned i = 0; i < 20000; i++)
		sum += rte_rdtsc();
	a = cpu_ns() - a;
	__asm__ volatile("" : : "r"(sum));
	return ((double)a / 20000);
}

static void
options(int argc, char **argv)
{
	static const struct option list[] = { { "case", 1, NULL, 'c' }, { "threads", 1, NULL, 't' }, { "ms", 1, NULL, 'm' },
		{ "pairs", 1, NULL, 'p' }, { "pcap", 1, NULL, 'f' }, { "fifo", 0, NULL, 'F' }, { NULL, 0, NULL, 0 } };
	int c;

	while ((c = getopt_long(argc, argv, "", list, NULL)) != -1)
		if (c == 'c')
			name = optarg;
		else if (c == 'm')
			window_ms = (unsigned)atoi(optarg);
		else if (c == 'p')
			pairs = (unsigned)atoi(optarg);
}

int
main(int argc, char **argv)
{
	static char a0[] = "ngbench-rte_graph", a1[] = "--no-huge", a2[] = "--no-pci", a3[] = "--no-shconf", a4[] = "--no-telemetry",
		    a5[] = "-m64", a6[] = "-l0", a7[] = "--log-level=error";
	static char *eal[] = { a0, a1, a2, a3, a4, a5, a6, a7, NULL };
	static double plain[512], counted[512], tsc[512];
	unsigned hops = 16, burst = 1;
	struct rte_graph *g;

	options(argc, argv);
	if (sscanf(name, "hop%u", &hops) != 1 && sscanf(name, "burst%u", &burst) != 1)
		fail("no such case");
	if (hops < 1 || hops > 1000 || burst < 1 || burst > RTE_GRAPH_BURST_SIZE || pairs < 1 || pairs > 512)
		fail("out of range");
	if (rte_eal_init(8, eal) < 0)
		fail("rte_eal_init");
	if ((g = rte_chain(hops, burst)) == NULL)
		fail("making the graph");
	(void)timed(rte_walk_plain, g, hops, burst);
	for (unsigned i = 0; i < pairs; i++) {
		plain[i] = timed(rte_walk_plain, g, hops, burst);
		counted[i] = timed(rte_walk_stats, g, hops, burst);
		tsc[i] = timed_tsc();
	}
	emit("ns_hop_plain", "ns", median(plain, pairs));
	emit("ns_hop_stats", "ns", median(counted, pairs));
	emit("tsc_ns", "ns", median(tsc, pairs));
	emit("ns_hop", "ns", burst == 1 ? median(counted, pairs) : median(plain, pairs));
	emit("accounts", "ok", 1);
	(void)printf("R\tbackend\trte_graph\t1\nD\n");
	(void)fflush(stdout);
	_Exit(0);
}
