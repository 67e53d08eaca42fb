/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - ngd(8): a graph for other processes, and nothing else. */
#include <sys/types.h>
#include <sys/resource.h>

#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <ng/ng.h>

#define SETTLE_MS 2000 /* for what waits in queues when the end has come; packets may go round for ever */
#define WORKERS_MAX 256

static bool verbose;

static _Noreturn void
usage(FILE *f, int code)
{
	(void)fprintf(f, "usage: ngd [-v] [-f script] [-g group] [-m module-dirs] [-n name] [-w workers] -s path\n");
	if (code == 0)
		(void)fprintf(f,
		    "\nHosts a netgraph graph for other processes, which reach it with NETGRAPH=unix:path.\n\n"
		    "  -s path         where to listen: a socket in the file system\n"
		    "  -f script       changes to carry out first, all or none; - is standard input\n"
		    "  -g group        who may connect besides this user and root\n"
		    "  -m module-dirs  where unknown node types are looked for, separated by ':'\n"
		    "  -n name         the graph's name, in logs; default ngd\n"
		    "  -w workers      threads that serve queues; default one for each processor\n"
		    "  -v              log more\n"
		    "  --help          this text\n");
	exit(code);
}

static _Noreturn void
die(int code, int error, const char *what)
{
	errno = error;
	err(code, "%s", what);
}

static void
log_line(void *arg, int level, const char *line)
{
	(void)arg;
	if (level <= 5 || verbose)
		(void)fprintf(stderr, "ngd: %s\n", line);
}

/* The whole of a file, with a NUL behind it. */
static char *
read_all(const char *name)
{
	FILE *f = strcmp(name, "-") == 0 ? stdin : fopen(name, "r");
	size_t n = 0, room = 0;
	char *text = NULL, *more;

	if (f == NULL)
		err(EX_NOINPUT, "%s", name);
	do {
		if (room - n < 2) {
			room = room != 0 ? room * 2 : 4096;
			if ((more = realloc(text, room)) == NULL)
				err(EX_OSERR, "%s", name);
			text = more;
		}
		n += fread(text + n, 1, room - n - 1, f);
	} while (!feof(f) && !ferror(f));
	if (ferror(f))
		err(EX_NOINPUT, "%s", name);
	if (f != stdin)
		(void)fclose(f);
	text[n] = '\0';
	if (strlen(text) != n)
		errx(EX_DATAERR, "%s: not a text", name);
	return (text);
}

static void
run_script(struct ngu_graph *g, const char *name)
{
	char *text = read_all(name);
	struct ngu_apply_error e;
	const char *why = e.text;
	int error;

	error = ngu_apply_text(g, text, 0, &e);
	free(text);
	if (error != 0) {
		/* The sentence begins with the place, which is said in another form here. */
		if (e.line != 0 && strncmp(why, "line ", 5) == 0 && strstr(why, ": ") != NULL)
			why = strstr(why, ": ") + 2;
		if (e.line == 0)
			errx(EX_DATAERR, "%s: %s", name, e.text[0] != '\0' ? e.text : strerror(error));
		if (e.column != 0)
			errx(EX_DATAERR, "%s:%u:%u: %s (%s)", name, e.line, e.column, why, strerror(error));
		errx(EX_DATAERR, "%s:%u: %s (%s)", name, e.line, why, strerror(error));
	}
}

/* Each client and each of its sockets takes a descriptor. */
static void
many_descriptors(void)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim) == 0 && lim.rlim_cur < lim.rlim_max) {
		lim.rlim_cur = lim.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &lim);
	}
}

static unsigned
number(const char *text)
{
	char *end;
	unsigned long v;

	errno = 0;
	v = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || v > WORKERS_MAX) {
		warnx("-w %s: must be a number up to %u", text, WORKERS_MAX);
		usage(stderr, EX_USAGE);
	}
	return ((unsigned)v);
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = { { "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 } };
	struct ngu_graph_opts go = { .size = sizeof(go), .name = "ngd", .log = log_line };
	struct ngu_serve_opts so = { .size = sizeof(so), .log = log_line };
	const char *path = NULL, *script = NULL, *modules = NULL;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct ngu_server *server;
	struct ngu_graph *g;
	sigset_t stop;
	int c, sig, error;

	go.workers = cpus < 1 ? 1 : cpus > WORKERS_MAX ? WORKERS_MAX : (unsigned)cpus;
	while ((c = getopt_long(argc, argv, "f:g:hm:n:s:vw:", longs, NULL)) != -1) {
		switch (c) {
		case 'f':
			script = optarg;
			break;
		case 'g':
			so.group = optarg;
			break;
		case 'h':
			usage(stdout, 0);
		case 'm':
			modules = optarg;
			break;
		case 'n':
			go.name = optarg;
			break;
		case 's':
			path = optarg;
			break;
		case 'v':
			verbose = true;
			break;
		case 'w':
			go.workers = number(optarg);
			break;
		default:
			usage(stderr, EX_USAGE);
		}
	}
	if (optind != argc || path == NULL) {
		warnx(path == NULL ? "no -s path" : "too many arguments");
		usage(stderr, EX_USAGE);
	}
	/* Of all threads, and before there are any: the main one waits for them. */
	(void)sigemptyset(&stop);
	(void)sigaddset(&stop, SIGTERM);
	(void)sigaddset(&stop, SIGINT);
	(void)pthread_sigmask(SIG_BLOCK, &stop, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	many_descriptors();

	if ((error = ngu_register_types()) != 0)
		die(EX_OSERR, error, "node types");
	if (modules != NULL && (error = ngu_module_path(modules)) != 0)
		die(EX_USAGE, error, modules);
	if ((error = ngu_graph_create(&go, &g)) != 0)
		die(EX_OSERR, error, "cannot make a graph");
	if (script != NULL)
		run_script(g, script);
	if ((errno = ngu_serve(g, path, &so, &server)) != 0)
		err(EX_OSERR, "cannot listen on %s%s%s", path, so.group != NULL ? " for group " : "", so.group != NULL ? so.group : "");
	if (verbose)
		(void)fprintf(stderr, "ngd: libng %s, %s, %u workers\n", ngu_version(), ngu_backend(), go.workers);
	(void)printf("listening on %s\n", path);
	(void)fflush(stdout);

	while (sigwait(&stop, &sig) != 0)
		;
	if (verbose)
		(void)fprintf(stderr, "ngd: %s: stopping\n", strsignal(sig));
	(void)pthread_sigmask(SIG_UNBLOCK, &stop, NULL); /* the next one does not wait for anything */
	ngu_serve_end(server);
	if ((error = ngu_settle(g, SETTLE_MS)) != 0)
		(void)fprintf(stderr, "ngd: what was queued is given up: %s\n", strerror(error));
	if ((error = ngu_graph_destroy(g)) != 0)
		die(EX_OSERR, error, "the graph does not end");
	return (0);
}
