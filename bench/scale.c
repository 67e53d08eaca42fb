/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scale.c - many nodes: how fast they are made, found and taken down, and how much memory they need.
 *
 * Graph      a ring of N named nodes of a type without private data: N times mknode and connect, so two hooks a node. Names and
 *            paths are written down before the clock starts.
 * Lookups    ng_name2noderef() and its unref, ngu_k_id2noderef() and its unref, in random order; the list of names lies in memory in that
 *            order, so its own misses are few.
 * Tear-down  ngu_graph_destroy(): each node shut down, each hook's grace period over, the memory given back. Wall clock, because the
 *            reclaimer does half of it.
 * Memory     what the process has resident, after less before, by N: allocator slack and all tables are in it, the list of names is not
 *            (it is there before).
 * Host       in a virtual machine memory that nobody used for some seconds may have gone back to the host, and costs fifty times as much when
 *            it is touched next. So what a graph will need is touched and given back before its process starts; what that cost is in
 *            `host_ns_node`: first touch less second, for each node.
 * Turns      each graph is built in a process of its own, so that none finds another's memory warm: 10,000 nodes before and after
 *            the N, and ratios are against the mean of those two.
 */
#include "worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define REFERENCE 10000u
#define PASSES 5

/* ---- one graph, in this process ---- */

static char (*name)[16], (*path)[16], (*shuffled)[16];
static uint32_t *id, *shuffled_id;

static uint32_t
random_below(uint32_t n)
{
	static uint64_t x = 88172645463325252u;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return ((uint32_t)((x >> 16) % n));
}

static void
write_down(unsigned n)
{
	name = calloc(n, sizeof(*name));
	path = calloc(n, sizeof(*path));
	shuffled = calloc(n, sizeof(*shuffled));
	id = calloc(n, sizeof(*id));
	shuffled_id = calloc(n, sizeof(*shuffled_id));
	if (name == NULL || path == NULL || shuffled == NULL || id == NULL || shuffled_id == NULL)
		fail("no memory for %u names", n);
	for (unsigned i = 0; i < n; i++) {
		(void)snprintf(name[i], sizeof(name[i]), "n%u", i);
		(void)snprintf(path[i], sizeof(path[i]), "n%u:", i);
		id[i] = 1; /* touched */
	}
}

static void
shuffle(unsigned n)
{
	memcpy(shuffled, name, n * sizeof(*name));
	memcpy(shuffled_id, id, n * sizeof(*id));
	for (unsigned i = n - 1; i > 0; i--) {
		unsigned k = random_below(i + 1);
		char s[16];
		uint32_t t = shuffled_id[i];

		memcpy(s, shuffled[i], sizeof(s));
		memcpy(shuffled[i], shuffled[k], sizeof(s));
		memcpy(shuffled[k], s, sizeof(s));
		shuffled_id[i] = shuffled_id[k];
		shuffled_id[k] = t;
	}
}

static void
build(struct ngu_graph *g, unsigned n, bool named)
{
	for (unsigned i = 0; i < n; i++) {
		must(ngu_mknode(g, "bnil", named ? name[i] : NULL, &id[i]), "mknode %u of %u", i, n);
		if (!named)
			(void)snprintf(path[i], sizeof(path[i]), "[%x]:", id[i]);
		if (i > 0)
			must(ngu_connect(g, path[i - 1], "out", path[i], "in"), "connect %u of %u", i, n);
	}
	must(ngu_connect(g, path[n - 1], "out", path[0], "in"), "connect the last to the first");
}

/* Lookups a second. */
static double
lookups(struct ngu_graph *g, unsigned n, bool by_name)
{
	unsigned times = n < 200000 ? 200000 / n : 1, found;
	double v[PASSES];
	int64_t a;

	for (unsigned p = 0; p < PASSES; p++) {
		found = 0;
		a = cpu_ns();
		for (unsigned i = 0; i < times; i++)
			found += by_name ? bench_lookup_names(g, (const char (*)[16])shuffled, n) : bench_lookup_ids(g, shuffled_id, n);
		v[p] = (double)found * 1e9 / (double)(cpu_ns() - a);
		if (found != n * times)
			fail("found %u nodes of %u", found, n * times);
	}
	return (median(v, PASSES));
}

void
case_scale_raw(unsigned n, bool named)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .name = "scale" };
	struct ngu_graph *g;
	double before;
	int64_t a, b;

	write_down(n);
	must(bench_plain_register(), "registering bnil");
	must(ngu_graph_create(&o, &g), "ngu_graph_create");
	before = resident();
	a = cpu_ns();
	build(g, n, named);
	b = cpu_ns();
	emit("build", "1/s", (double)n * 1e9 / (double)(b - a));
	emit("bytes", "bytes", (resident() - before) / n);
	shuffle(n);
	if (named)
		emit("by_name", "1/s", lookups(g, n, true));
	emit("by_id", "1/s", lookups(g, n, false));
	a = wall_ns();
	must(ngu_graph_destroy(g), "ngu_graph_destroy");
	b = wall_ns();
	emit("teardown", "1/s", (double)n * 1e9 / (double)(b - a));
}

/* ---- the same in a process of its own ---- */

struct figures {
	double build, bytes, by_name, by_id, teardown;
};

static void
one(unsigned n, bool named, struct figures *f)
{
	char self[4096], cmd[4300], line[256], metric[40], unit[16];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	double v;
	FILE *p;

	if (len <= 0)
		fail("/proc/self/exe cannot be read");
	self[len] = '\0';
	if (strchr(self, '\'') != NULL)
		fail("%s: a quote in the path", self);
	(void)snprintf(cmd, sizeof(cmd), "'%s' --case=%s-%u", self, named ? "scaleraw" : "scalebare", n);
	memset(f, 0, sizeof(*f));
	if ((p = popen(cmd, "r")) == NULL)
		fail("cannot start %s", cmd);
	while (fgets(line, sizeof(line), p) != NULL) {
		if (line[0] == 'E')
			fail("%u nodes: %s", n, line + 2);
		if (sscanf(line, "R\t%39s\t%15s\t%lf", metric, unit, &v) != 3)
			continue;
		if (strcmp(metric, "build") == 0)
			f->build = v;
		else if (strcmp(metric, "bytes") == 0)
			f->bytes = v;
		else if (strcmp(metric, "by_name") == 0)
			f->by_name = v;
		else if (strcmp(metric, "by_id") == 0)
			f->by_id = v;
		else if (strcmp(metric, "teardown") == 0)
			f->teardown = v;
	}
	if (pclose(p) != 0 || f->teardown <= 0)
		fail("%s did not end well", cmd);
}

/* Nanoseconds it takes to touch that much memory that no process has. */
static double
touch(size_t bytes)
{
	int64_t a = cpu_ns();
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		fail("no %zu bytes of memory", bytes);
#ifdef MADV_HUGEPAGE
	(void)madvise(p, bytes, MADV_HUGEPAGE);
#endif
	for (size_t i = 0; i < bytes; i += 4096)
		p[i] = 1;
	(void)munmap(p, bytes);
	return ((double)(cpu_ns() - a));
}

void
case_scale(unsigned n)
{
	struct figures before, after, f, bare;
	size_t bytes = ((size_t)n + REFERENCE) * 1024; /* half of it for the lists of names */
	double first = touch(bytes), again = touch(bytes);

	one(REFERENCE, true, &before);
	one(n, true, &f);
	one(REFERENCE, true, &after);
	one(n, false, &bare);
	emit("build", "1/s", f.build);
	emit("by_name", "1/s", f.by_name);
	emit("by_id", "1/s", f.by_id);
	emit("teardown", "1/s", f.teardown);
	emit("bytes", "bytes", f.bytes);
	emit("bytes_unnamed", "bytes", bare.bytes);
	emit("build_vs_10k", "x", 2 * f.build / (before.build + after.build));
	emit("host_ns_node", "ns", (first - again) / n);
	emit("teardown_vs_10k", "x", 2 * f.teardown / (before.teardown + after.teardown));
	emit("accounts", "ok", 1);
}
