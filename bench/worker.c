/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * worker.c - ngbench-<backend>: runs one case once, tells the driver (ngbench.c) what came out. Not meant to be called by hand, but
 * nothing forbids it:  ngbench-urcu-memb --case=hop16 --ms=50 --pairs=10
 */
#include "worker.h"

#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "port/port.h"

struct options opt = { .threads = 1, .window_ms = 50, .pairs = 10 };
double ns_per_tick = 1;
unsigned ncpu = 1;

void
emit(const char *metric, const char *unit, double value)
{
	(void)printf("R\t%s\t%s\t%.9g\n", metric, unit, value);
}

void
fail(const char *fmt, ...)
{
	va_list ap;

	(void)fflush(stdout);
	(void)printf("E\t");
	va_start(ap, fmt);
	(void)vprintf(fmt, ap);
	va_end(ap);
	(void)printf("\n");
	(void)fflush(stdout);
	_Exit(3); /* threads may be running: no exit handlers */
}

void
must(int error, const char *fmt, ...)
{
	char what[256];
	va_list ap;

	if (error == 0)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	fail("%s: %s", what, strerror(error));
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return ((x > y) - (x < y));
}

double
median(double *v, unsigned n)
{
	if (n == 0)
		return (0);
	qsort(v, n, sizeof(*v), by_value);
	return (n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2);
}

int64_t
wall_ns(void)
{
	return (ngu__port_mono_ns());
}

int64_t
cpu_ns(void)
{
	return (ngu__port_thread_cpu_ns());
}

void
sleep_ns(int64_t ns)
{
	struct timespec ts = { ns / 1000000000, ns % 1000000000 };

	(void)nanosleep(&ts, NULL);
}

void
go_realtime(int above)
{
	struct sched_param p = { .sched_priority = 10 + above };

	if (opt.fifo)
		must(pthread_setschedparam(pthread_self(), SCHED_FIFO, &p), "--fifo");
}

double
resident(void)
{
	unsigned long size, pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (f == NULL)
		return (0);
	if (fscanf(f, "%lu %lu", &size, &pages) != 2)
		pages = 0;
	(void)fclose(f);
	return ((double)pages * (double)sysconf(_SC_PAGESIZE));
}

static void
calibrate(void)
{
	double best[5];

	for (unsigned i = 0; i < 5; i++) {
		int64_t a = wall_ns(), b;
		uint64_t ta = bench_ticks(), tb;

		do {
			b = wall_ns();
			tb = bench_ticks();
		} while (b - a < 4000000);
		best[i] = (double)(b - a) / (double)(tb - ta);
	}
	ns_per_tick = median(best, 5);
}

static unsigned
number(const char *s, const char *what, unsigned min, unsigned max)
{
	char *end;
	unsigned long v = strtoul(s, &end, 10);

	if (*s == '\0' || *end != '\0' || v < min || v > max)
		fail("--%s: '%s' is not a number from %u to %u", what, s, min, max);
	return ((unsigned)v);
}

static void
options(int argc, char **argv)
{
	static const struct option list[] = { { "case", 1, NULL, 'c' }, { "threads", 1, NULL, 't' }, { "ms", 1, NULL, 'm' },
		{ "pairs", 1, NULL, 'p' }, { "pcap", 1, NULL, 'f' }, { "fifo", 0, NULL, 'F' }, { NULL, 0, NULL, 0 } };
	int c;

	while ((c = getopt_long(argc, argv, "", list, NULL)) != -1) {
		switch (c) {
		case 'c':
			opt.name = optarg;
			break;
		case 't':
			opt.threads = number(optarg, "threads", 1, MAX_THREADS);
			break;
		case 'm':
			opt.window_ms = number(optarg, "ms", 1, 1000);
			break;
		case 'p':
			opt.pairs = number(optarg, "pairs", 1, MAX_WINDOWS / 8);
			break;
		case 'f':
			opt.pcap = optarg;
			break;
		case 'F':
			opt.fifo = true;
			break;
		default:
			fail("unknown option");
		}
	}
	if (opt.name == NULL)
		fail("no --case");
}

/* "up-100k" and "size-up-100k". */
static bool
rewire_case(const char *name)
{
	void (*run)(const char *, const char *) = strncmp(name, "size-", 5) == 0 ? case_size : case_rewire;
	char kind[16];
	const char *dash;

	if (run == case_size)
		name += 5;
	dash = strchr(name, '-');
	if (dash == NULL || (size_t)(dash - name) >= sizeof(kind))
		return (false);
	memcpy(kind, name, (size_t)(dash - name));
	kind[dash - name] = '\0';
	run(kind, dash + 1);
	return (true);
}

static void
scale_raw(unsigned n)
{
	case_scale_raw(n, true);
}

static void
scale_bare(unsigned n)
{
	case_scale_raw(n, false);
}

/* Cases by name. `number`: the name is followed by one, from 1 to `most`; `word`: by anything. */
static const struct job_of {
	const char *name;
	void (*plain)(void);
	void (*number)(unsigned n);
	void (*word)(const char *word);
	unsigned most;
} jobs[] = {
	{ "share", .plain = case_share },
	{ "job", .plain = case_job },
	{ "control", .plain = case_control },
	{ "tree", .plain = case_tree },
	{ "fanout", .plain = case_fanout },
	{ "bridge", .plain = case_bridge },
	{ "writers16", .plain = case_force_writer },
	{ "idle-hooks", .plain = case_idle_hooks },
	{ "backlog", .plain = case_backlog },
	{ "backlog-held", .plain = case_backlog_held },
	{ "steps-", .number = case_steps, .most = 1000000 },
	{ "burst", .number = case_burst, .most = 256 },
	{ "idle-", .number = case_idle, .most = 1024 },
	{ "hop", .number = case_hop, .most = 10000 },
	{ "scale-", .number = case_scale, .most = 2000000 },
	{ "scaleraw-", .number = scale_raw, .most = 2000000 },
	{ "scalebare-", .number = scale_bare, .most = 2000000 },
	{ "handover-", .number = case_handover, .most = 256 },
	{ "apart-", .word = case_apart },
	{ 0 },
};

static bool
run_if(const struct job_of *j, const char *name)
{
	size_t len = strlen(j->name);
	unsigned long n;
	char *end;

	if (strncmp(name, j->name, len) != 0)
		return (false);
	name += len;
	if (j->plain != NULL) {
		if (*name != '\0')
			return (false);
		j->plain();
	} else if (j->word != NULL) {
		j->word(name);
	} else {
		n = strtoul(name, &end, 10);
		if (*name < '0' || *name > '9' || *end != '\0' || n < 1 || n > j->most)
			return (false);
		j->number((unsigned)n);
	}
	return (true);
}

int
main(int argc, char **argv)
{
	const struct job_of *j;

	options(argc, argv);
	ncpu = ngu__port_ncpu();
	if (strncmp(opt.name, "steps-", 6) != 0) /* the same instructions each time */
		calibrate();
	must(bench_nodes_register(), "registering the bench's node types");
	for (j = jobs; j->name != NULL && !run_if(j, opt.name); j++)
		;
	if (j->name == NULL && !rewire_case(opt.name))
		fail("no case '%s'", opt.name);
#ifdef BENCH_UNCOUNTED
	emit("backend", "uncounted", 1);
#else
	emit("backend", ngu_backend(), 1);
#endif
	(void)printf("D\n");
	(void)fflush(stdout);
	return (0);
}
