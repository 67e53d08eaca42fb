/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ngbench.c - the benchmark's driver: starts ngbench-<backend> for each case, round by round, the backends taking turns so that a machine
 * that changes its speed changes it for all; collects their result lines; prints one table, JSON, or the gates.
 */
#include "driver.h"

#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

const char *const backends[NALL] = { "urcu-memb", "urcu-qsbr", "ck-epoch", "rwlock", "uncounted", "rte_graph" };

static struct config conf = { .backend = { true, true, true, true, true, true } };
static unsigned failures;
static bool compare;
static volatile sig_atomic_t child;

static double
now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((double)ts.tv_sec + (double)ts.tv_nsec * 1e-9);
}

static void
usage(FILE *to)
{
	(void)fputs("usage: ngbench [option ...]\n"
		    "\n"
		    "  --quick         a look, 20 s; without it about twelve minutes\n"
		    "  --gates         only what the gates need: GATE name value target PASS|FAIL; exit 1 if one fails\n"
		    "  --json          one JSON object a line: bench, backend, case, threads, metric, unit, value, low,\n"
		    "                  high, rounds; case by case. The first says what machine it is\n"
		    "  --compare FILE  the ratios of this run beside those of an older one (what --json wrote), and what got worse\n"
		    "  --pcap FILE     packets of that capture (default: tests/data/traffic.pcap of the source tree)\n"
		    "  --backend LIST  only these backends (comma separated)\n"
		    "  --case LIST     only these cases (comma separated, a trailing * matches the rest); see --list\n"
		    "  --threads LIST  only these numbers of data threads\n"
		    "  --seconds N     measure each case N seconds in one round\n"
		    "  --near          repeat rewiring runs that met the CPUs far apart, for four minutes in all; --gates does so by itself\n"
		    "  --fifo          data threads under SCHED_FIFO (needs the right to)\n"
		    "  --list          backends and cases\n"
		    "  --help          this\n"
		    "\n"
		    "Progress goes to standard error, results to standard output. Exit: 0, 1 a gate failed, 2 a run failed or wrong use.\n"
		    "The workers ngbench-<backend> are looked for in $NGU_BENCH_DIR, else beside this program.\n",
	    to);
}

static _Noreturn void
die(const char *what, const char *detail)
{
	(void)fprintf(stderr, "ngbench: %s%s%s\n", what, *detail != '\0' ? ": " : "", detail);
	exit(2);
}

/* ---- progress ---- */

static double started, total, done, shown;

static void
progress(const struct plan *p, unsigned backend, unsigned round)
{
	bool tty = isatty(2);
	double t = now();

	if (t - started < (tty ? 0.5 : 2) || t - shown < (tty ? 0.1 : 2))
		return;
	shown = t;
	(void)fprintf(stderr, "%sngbench: %3.0f %%  %s, %u thread%s, %s, round %u of %u%s", tty ? "\r\033[K" : "", 100 * done / total, p->name,
	    p->threads, p->threads == 1 ? "" : "s", backends[backend], round + 1, p->rounds, tty ? "" : "\n");
}

static void
progress_end(void)
{
	if (shown != 0 && isatty(2))
		(void)fprintf(stderr, "\r\033[K");
}

/* ---- one worker ---- */

static void
on_signal(int sig)
{
	if (child > 0)
		(void)kill((pid_t)child, SIGKILL);
	(void)signal(sig, SIG_DFL);
	(void)raise(sig);
}

static pid_t
start(unsigned backend, const struct plan *p, int *fd)
{
	char path[4200], a[6][64], pcap[PATH_MAX + 16];
	char *argv[8] = { path, a[0], a[1], a[2], a[3], pcap, NULL, NULL };
	int pipefd[2];
	pid_t pid;

	(void)snprintf(path, sizeof(path), "%s/ngbench-%s", conf.dir, backends[backend]);
	(void)snprintf(a[0], sizeof(a[0]), "--case=%s", p->name);
	(void)snprintf(a[1], sizeof(a[1]), "--threads=%u", p->threads);
	(void)snprintf(a[2], sizeof(a[2]), "--ms=%u", p->ms);
	(void)snprintf(a[3], sizeof(a[3]), "--pairs=%u", p->pairs);
	(void)snprintf(pcap, sizeof(pcap), "--pcap=%s", conf.pcap);
	if (conf.fifo)
		argv[6] = "--fifo";
	if (pipe(pipefd) != 0)
		die("pipe", strerror(errno));
	if ((pid = fork()) < 0)
		die("fork", strerror(errno));
	if (pid == 0) {
		(void)dup2(pipefd[1], 1);
		(void)close(pipefd[0]);
		(void)close(pipefd[1]);
		(void)execv(path, argv);
		(void)fprintf(stderr, "ngbench: %s: %s\n", path, strerror(errno));
		_exit(127);
	}
	(void)close(pipefd[1]);
	*fd = pipefd[0];
	return (pid);
}

struct run {
	bool complete;
	char error[512];
};

static void
line(struct run *r, unsigned backend, const struct plan *p, char *s)
{
	char *metric, *unit, *value, *save;

	if (strncmp(s, "E\t", 2) == 0)
		(void)snprintf(r->error, sizeof(r->error), "%s", s + 2);
	else if (strcmp(s, "D") == 0)
		r->complete = true;
	else if (strncmp(s, "R\t", 2) == 0 && (metric = strtok_r(s + 2, "\t", &save)) != NULL &&
	    (unit = strtok_r(NULL, "\t", &save)) != NULL && (value = strtok_r(NULL, "\t", &save)) != NULL) {
		if (strcmp(metric, "backend") == 0 && strcmp(unit, backends[backend]) != 0)
			(void)snprintf(r->error, sizeof(r->error), "was compiled with backend %s", unit);
		else if (strcmp(metric, "backend") != 0)
			result_add(backend, p, metric, unit, strtod(value, NULL));
	}
}

/* Read lines until the worker closes its end; false when it takes far too long. Only a complete run's lines count. */
static bool
collect(int fd, double limit, char **text, size_t *len)
{
	size_t room = 0;

	*text = NULL;
	*len = 0;
	for (;;) {
		struct pollfd pf = { .fd = fd, .events = POLLIN };
		double left = limit - now();
		ssize_t n;

		if (left <= 0 || poll(&pf, 1, (int)(left * 1000) + 1) == 0)
			return (false);
		if (*len + 4096 > room && (*text = realloc(*text, room += 65536)) == NULL)
			die("no memory", "");
		n = read(fd, *text + *len, 4095);
		if (n <= 0)
			return (true);
		*len += (size_t)n;
		(*text)[*len] = '\0';
	}
}

static void
report(const struct plan *p, unsigned backend, const struct run *r, int status, bool slow)
{
	progress_end();
	(void)fprintf(stderr, "ngbench: %s, %u thread%s, %s: ", p->name, p->threads, p->threads == 1 ? "" : "s", backends[backend]);
	if (r->error[0] != '\0')
		(void)fprintf(stderr, "%s\n", r->error);
	else if (slow)
		(void)fprintf(stderr, "did not end in time and was killed\n");
	else if (WIFSIGNALED(status))
		(void)fprintf(stderr, "killed by signal %d (%s)\n", WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		(void)fprintf(stderr, "ended early (exit status %d)\n", WEXITSTATUS(status));
	failures++;
}

/*
 * The machine may move the two CPUs from one shared cache to two and back every minute or so; then all that passes between them
 * costs six times as much. The gates of rewiring are about the near state: with --gates and --near a run that began or ended in the
 * other one is repeated for as long as there is patience. What it kept is reported all the same (kept_far).
 */
static double patience = 240; /* seconds, for all repeats together */

static bool
was_far(const char *text)
{
	const char *s;

	for (s = text; s != NULL && (s = strstr(s, "R\tline")) != NULL; s++)
		if ((s = strstr(s, "\tns\t")) == NULL || strtod(s + 4, NULL) >= FAR_NS)
			break;
	return (s != NULL);
}

static void
add_far(unsigned backend, const struct plan *p, const char *text)
{
	const char *s = strstr(text, "R\tkept\tx\t");

	if (s == NULL)
		s = strstr(text, "R\tkept_apart\tx\t");
	if (s != NULL)
		result_add(backend, p, "kept_far", "x", strtod(strstr(s, "\tx\t") + 3, NULL));
}

static void
run_one(unsigned backend, const struct plan *p)
{
	struct run r = { 0 };
	double limit;
	char *text, *s, *save;
	size_t len;
	int fd, status;
	pid_t pid;
	bool slow, whole;
	double t0;

again:
	t0 = now();
	limit = t0 + 20 + 10 * plan_seconds(p);
	pid = start(backend, p, &fd);
	child = (sig_atomic_t)pid;
	slow = !collect(fd, limit, &text, &len);
	if (slow)
		(void)kill(pid, SIGKILL);
	(void)close(fd);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	child = 0;
	whole = text != NULL && len >= 2 && strcmp(text + len - 2, "D\n") == 0;
	if (whole && (conf.near || conf.mode == MODE_GATES) && patience > 0 && was_far(text)) {
		add_far(backend, p, text);
		free(text);
		progress_end();
		(void)fprintf(stderr, "ngbench: %s: the CPUs are far apart now; once more\n", p->name);
		(void)sleep(3);
		patience -= now() - t0;
		goto again;
	}
	for (s = text != NULL ? strtok_r(text, "\n", &save) : NULL; s != NULL; s = strtok_r(NULL, "\n", &save))
		if (whole || *s == 'E')
			line(&r, backend, p, s);
	free(text);
	if (!r.complete || r.error[0] != '\0' || status != 0)
		report(p, backend, &r, status, slow);
}

static void
run_all(void)
{
	for (unsigned i = 0; i < nplans; i++)
		for (unsigned b = 0; b < NALL; b++)
			if (plans[i].backends & 1u << b)
				total += plan_seconds(&plans[i]) * plans[i].rounds;
	started = now();
	for (unsigned i = 0; i < nplans; i++) {
		for (unsigned round = 0; round < plans[i].rounds; round++)
			for (unsigned k = 0; k < NALL; k++) {
				unsigned b = (k + round) % NALL;

				if (!(plans[i].backends & 1u << b))
					continue;
				progress(&plans[i], b, round);
				run_one(b, &plans[i]);
				done += plan_seconds(&plans[i]);
			}
		if (conf.json)
			print_json();
	}
	progress_end();
}

/* ---- options ---- */

static void
choose_backends(char *list)
{
	char *save, *w;
	unsigned i;

	memset(conf.backend, 0, sizeof(conf.backend));
	conf.backends_given = true;
	for (w = strtok_r(list, ",", &save); w != NULL; w = strtok_r(NULL, ",", &save)) {
		for (i = 0; i < NALL && strcmp(w, backends[i]) != 0; i++)
			;
		if (i == NALL)
			die("no such backend (see --list)", w);
		conf.backend[i] = true;
	}
}

static void
options(int argc, char **argv)
{
	static const struct option list[] = { { "help", 0, NULL, 'h' }, { "json", 0, NULL, 'j' }, { "quick", 0, NULL, 'q' },
		{ "gates", 0, NULL, 'g' }, { "pcap", 1, NULL, 'p' }, { "backend", 1, NULL, 'b' }, { "case", 1, NULL, 'c' },
		{ "threads", 1, NULL, 't' }, { "seconds", 1, NULL, 's' }, { "list", 0, NULL, 'l' }, { "fifo", 0, NULL, 'F' },
		{ "compare", 1, NULL, 'C' }, { "near", 0, NULL, 'N' },
		{ NULL, 0, NULL, 0 } };
	static char name[] = "ngbench";
	char *end;
	int c, error;

	if (argc > 0)
		argv[0] = name; /* getopt_long() prints it */
	while ((c = getopt_long(argc, argv, "h", list, NULL)) != -1) {
		switch (c) {
		case 'h':
			usage(stdout);
			exit(0);
		case 'l':
			plan_list();
			exit(0);
		case 'j':
			conf.json = true;
			break;
		case 'q':
			conf.mode = MODE_QUICK;
			break;
		case 'g':
			conf.mode = MODE_GATES;
			break;
		case 'F':
			conf.fifo = true;
			break;
		case 'N':
			conf.near = true;
			break;
		case 'C':
			if ((error = compare_load(optarg)) != 0)
				die(optarg, error == EINVAL ? "no line of it is a result of ngbench --json" : strerror(error));
			compare = true;
			break;
		case 'p':
			conf.pcap = optarg;
			break;
		case 'b':
			choose_backends(optarg);
			break;
		case 'c':
			conf.cases = optarg;
			break;
		case 't':
			conf.threads = optarg;
			break;
		case 's':
			conf.seconds = strtod(optarg, &end);
			if (end == optarg || *end != '\0' || !(conf.seconds > 0) || conf.seconds > 3600)
				die("--seconds: not a number of seconds", optarg);
			break;
		default:
			(void)fputs("ngbench: see --help\n", stderr);
			exit(2);
		}
	}
	if (optind < argc) {
		(void)fprintf(stderr, "ngbench: no argument expected: %s; see --help\n", argv[optind]);
		exit(2);
	}
}

static void
find_files(const char *self)
{
	static char pcap[PATH_MAX + 32];
	const char *dir = getenv("NGU_BENCH_DIR"), *src = getenv("NGU_SRC");
	char path[PATH_MAX];

	if (dir != NULL && *dir != '\0') {
		(void)snprintf(conf.dir, sizeof(conf.dir), "%s", dir);
	} else {
		ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

		if (n > 0)
			path[n] = '\0';
		else
			(void)snprintf(path, sizeof(path), "%s", self);
		(void)snprintf(conf.dir, sizeof(conf.dir), "%s", dirname(path));
	}
	if (conf.pcap == NULL) {
		(void)snprintf(pcap, sizeof(pcap), "%s/tests/data/traffic.pcap", src != NULL && *src != '\0' ? src : NGU_SRCDIR);
		conf.pcap = pcap;
	}
	if (access(conf.pcap, R_OK) != 0)
		die(conf.pcap, strerror(errno));
	for (unsigned b = 0; b < NALL; b++) {
		char worker[4200];

		(void)snprintf(worker, sizeof(worker), "%s/ngbench-%s", conf.dir, backends[b]);
		if (b >= NBACKENDS && access(worker, X_OK) != 0)
			conf.backend[b] = false; /* not in every build */
		else if (conf.backend[b] && access(worker, X_OK) != 0)
			die(worker, "not there; build it, or set NGU_BENCH_DIR, or leave it out with --backend");
	}
}

int
main(int argc, char **argv)
{
	bool good = true;

	const char *self = argc > 0 ? argv[0] : "";

	options(argc, argv);
	find_files(self);
	plan_make(&conf);
	gates_subset = conf.cases != NULL || conf.threads != NULL;
	if (nplans == 0)
		die("nothing to run: no case fits --case, --threads and --backend", "");
	(void)signal(SIGINT, on_signal);
	(void)signal(SIGTERM, on_signal);
	if (conf.json)
		machine_line();
	run_all();
	if (!conf.json && conf.mode != MODE_GATES)
		print_table();
	if (compare)
		(void)compare_print(conf.json);
	print_validity(conf.json);
	if (conf.mode == MODE_GATES)
		good = print_gates(conf.json, failures);
	if (fflush(stdout) != 0)
		die("standard output", strerror(errno));
	return (failures != 0 ? 2 : good ? 0 : 1);
}
