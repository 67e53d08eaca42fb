/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ctl.c - control operations a second, in the calling thread, nobody else about: connects of existing nodes, rmhooks, mkpeers, nodes made,
 * named and shut down, and message round trips (NODEINFO and its answer). Batches in turns, the median batch.
 */
#include "worker.h"

#include <stdio.h>

#define PEERS 64

static char path_a[PEERS][32], path_b[PEERS][32];
static char hook_n[PEERS][24];
static uint32_t made[PEERS];

static double
per_second(int64_t ns, unsigned n)
{
	return ((double)n * 1e9 / (double)ns);
}

static double
connects(struct ngu_graph *g)
{
	int64_t a = cpu_ns();

	for (unsigned i = 0; i < PEERS; i++)
		must(ngu_connect(g, path_a[i], "x", path_b[i], "y"), "connect");
	return (per_second(cpu_ns() - a, PEERS));
}

static double
rmhooks(struct ngu_graph *g)
{
	int64_t a = cpu_ns();

	for (unsigned i = 0; i < PEERS; i++)
		must(ngu_rmhook(g, path_a[i], "x"), "rmhook");
	return (per_second(cpu_ns() - a, PEERS));
}

static double
mkpeers(struct ngu_graph *g)
{
	int64_t a = cpu_ns(), b;

	for (unsigned i = 0; i < PEERS; i++)
		must(ngu_mkpeer(g, "hub:", "bfwd", hook_n[i], "in"), "mkpeer");
	b = cpu_ns();
	for (unsigned i = 0; i < PEERS; i++)
		must(ngu_rmhook(g, "hub:", hook_n[i]), "rmhook");
	return (per_second(b - a, PEERS));
}

static double
messages(struct ngu_graph *g)
{
	int64_t a = cpu_ns();

	for (unsigned i = 0; i < PEERS; i++) {
		struct ng_mesg *reply;

		must(ngu_msg(g, path_a[i], bench_cookie_generic, bench_cmd_nodeinfo, NULL, 0, &reply), "NODEINFO");
		if (reply == NULL)
			fail("NODEINFO was not answered");
		ngu_msg_free(reply);
	}
	return (per_second(cpu_ns() - a, PEERS));
}

/* Nodes made without a name, given one, shut down: operations a second each. */
static void
nodes(struct ngu_graph *g, double *make, double *name, double *shutdown)
{
	static char path[PEERS][24], names[PEERS][24];
	static unsigned turn;
	int64_t a = cpu_ns(), b;

	for (unsigned i = 0; i < PEERS; i++)
		must(ngu_mknode(g, "bsink", NULL, &made[i]), "mknode");
	b = cpu_ns();
	*make = per_second(b - a, PEERS);
	turn++;
	for (unsigned i = 0; i < PEERS; i++) {
		(void)snprintf(path[i], sizeof(path[i]), "[%x]:", made[i]);
		(void)snprintf(names[i], sizeof(names[i]), "t%u_%u", turn, i);
	}
	a = cpu_ns();
	for (unsigned i = 0; i < PEERS; i++)
		must(ngu_name(g, path[i], names[i]), "name");
	b = cpu_ns();
	*name = per_second(b - a, PEERS);
	for (unsigned i = 0; i < PEERS; i++)
		must(ngu_shutdown(g, path[i]), "shutdown");
	*shutdown = per_second(cpu_ns() - b, PEERS);
}

void
case_control(void)
{
	static double c[4096], r[4096], p[4096], m[4096], k[4096], nm[4096], sd[4096];
	struct ngu_graph *g = graph_new();
	struct totals none = { 0 };
	int64_t end;
	unsigned i, n = 0;
	char name[24];

	for (i = 0; i < PEERS; i++) {
		(void)snprintf(name, sizeof(name), "a%u", i);
		(void)snprintf(path_a[i], sizeof(path_a[i]), "%s:", name);
		must(ngu_mknode(g, "bsink", name, NULL), "mknode");
		(void)snprintf(name, sizeof(name), "b%u", i);
		(void)snprintf(path_b[i], sizeof(path_b[i]), "%s:", name);
		must(ngu_mknode(g, "bsink", name, NULL), "mknode");
		(void)snprintf(hook_n[i], sizeof(hook_n[i]), "h%u", i);
	}
	must(ngu_mknode(g, "bsink", "hub", NULL), "mknode");
	go_realtime(0);
	end = wall_ns() + (int64_t)opt.pairs * 2 * opt.window_ms * 1000000;
	while (n < 4096 && (n == 0 || wall_ns() < end)) {
		c[n] = connects(g);
		r[n] = rmhooks(g);
		p[n] = mkpeers(g);
		nodes(g, &k[n], &nm[n], &sd[n]);
		m[n++] = messages(g);
	}
	emit("connects", "1/s", median(c, n));
	emit("rmhooks", "1/s", median(r, n));
	emit("mkpeers", "1/s", median(p, n));
	emit("mknodes", "1/s", median(k, n));
	emit("names", "1/s", median(nm, n));
	emit("shutdowns", "1/s", median(sd, n));
	emit("messages", "1/s", median(m, n));
	accounts(g, &none, NULL);
}
