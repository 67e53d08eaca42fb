/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - ngt(1): run scripts, each in a process of its own, and say how they went. */
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <ng/ng.h>

#include "ngt.h"

static const char usage_text[] =
    "usage: ngt [-jltv] [-m dirs] [-T seconds] file.ngt|folder ...\n"
    "\n"
    "Run scripts of ngctl(8) commands and packets, each in a graph of its own whose clock stands still.\n"
    "  -j, --json      one object for each script, as JSON\n"
    "  -l, --list      only name the scripts\n"
    "  -m, --modules   folders with node types ng_TYPE.so, separated by ':'\n"
    "  -t, --tap       Test Anything Protocol\n"
    "  -T, --timeout   seconds that a script may take (60)\n"
    "  -v, --verbose   show each line, and the graph's log\n"
    "      --help, --version\n"
    "Without a file: standard input. Exit status: 0 all passed, 1 some failed, 64 usage, 66 no such file.\n";

static struct {
	bool json, list, tap, verbose;
	unsigned timeout;
} opt = { .timeout = 60 };

struct files {
	char **name;
	size_t n, room;
};

static void
file_add(struct files *f, const char *name)
{
	if (f->n == f->room) {
		f->room = f->room != 0 ? f->room * 2 : 64;
		if ((f->name = realloc(f->name, f->room * sizeof(*f->name))) == NULL)
			abort();
	}
	if ((f->name[f->n++] = strdup(name)) == NULL)
		abort();
}

static int
by_name(const void *a, const void *b)
{
	return (strcmp(*(char *const *)a, *(char *const *)b));
}

/* A script, or all of a folder. False: there is none. */
static bool
find(struct files *f, const char *name)
{
	struct dirent *d;
	struct stat st;
	size_t from = f->n;
	DIR *dir;

	if (stat(name, &st) != 0) {
		(void)fprintf(stderr, "ngt: %s: %s\n", name, strerror(errno));
		return (false);
	}
	if (!S_ISDIR(st.st_mode)) {
		file_add(f, name);
		return (true);
	}
	if ((dir = opendir(name)) == NULL) {
		(void)fprintf(stderr, "ngt: %s: %s\n", name, strerror(errno));
		return (false);
	}
	while ((d = readdir(dir)) != NULL) {
		size_t n = strlen(d->d_name);
		char path[1024];

		if (n < 5 || strcmp(d->d_name + n - 4, ".ngt") != 0)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", name, d->d_name);
		file_add(f, path);
	}
	(void)closedir(dir);
	if (f->n == from) {
		(void)fprintf(stderr, "ngt: %s: there is no script (*.ngt) in it\n", name);
		return (false);
	}
	qsort(f->name + from, f->n - from, sizeof(*f->name), by_name);
	return (true);
}

/* The child's work: the outcome goes down the pipe. */
static void
child(const char *name, int fd)
{
	struct outcome *out = calloc(1, sizeof(*out));
	const char *slash = strrchr(name, '/');
	char folder[1024] = ".";
	FILE *f = strcmp(name, "-") == 0 ? stdin : fopen(name, "r");
	const char *p = (const char *)out;
	size_t left = sizeof(*out);

	if (out == NULL)
		_exit(2);
	(void)alarm(opt.timeout);
	if (slash != NULL)
		(void)snprintf(folder, sizeof(folder), "%.*s", (int)(slash - name), name);
	if (f == NULL) {
		(void)snprintf(out->text, sizeof(out->text), "%s\n", strerror(errno));
	} else {
		script_run(f, name, folder, opt.verbose, out);
		(void)fclose(f);
	}
	while (left != 0) {
		ssize_t n = write(fd, p, left);

		if (n <= 0)
			_exit(2);
		p += n;
		left -= (size_t)n;
	}
	free(out);
	exit(0); /* with what the sanitizers have to say */
}

static void
run(const char *name, struct outcome *out)
{
	char *to = (char *)out;
	size_t got = 0;
	int fd[2], status;
	ssize_t n;
	pid_t pid;

	memset(out, 0, sizeof(*out));
	(void)fflush(NULL);
	if (pipe(fd) != 0 || (pid = fork()) < 0) {
		(void)snprintf(out->text, sizeof(out->text), "no process: %s\n", strerror(errno));
		return;
	}
	if (pid == 0) {
		(void)close(fd[0]);
		child(name, fd[1]);
	}
	(void)close(fd[1]);
	while (got < sizeof(*out) && ((n = read(fd[0], to + got, sizeof(*out) - got)) > 0 || (n < 0 && errno == EINTR)))
		got += n > 0 ? (size_t)n : 0;
	(void)close(fd[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (got == sizeof(*out) && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	out->passed = false;
	if (got != sizeof(*out))
		memset(out, 0, sizeof(*out));
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		(void)snprintf(out->text, sizeof(out->text), "it took more than %u seconds\n", opt.timeout);
	else if (WIFSIGNALED(status))
		(void)snprintf(out->text, sizeof(out->text), "the process died: %s\n", strsignal(WTERMSIG(status)));
	else
		(void)snprintf(out->text, sizeof(out->text), "the process ended with %d\n", WEXITSTATUS(status));
}

static void
json_text(const char *s)
{
	(void)putchar('"');
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			(void)printf("\\%c", c);
		else if (c < 0x20)
			(void)printf("\\u%04x", c);
		else
			(void)putchar(c);
	}
	(void)putchar('"');
}

static void
tell(const char *name, const struct outcome *out, unsigned number)
{
	const char *p, *end;

	if (opt.json) {
		(void)printf("{\"script\": ");
		json_text(name);
		(void)printf(", \"title\": ");
		json_text(out->title);
		(void)printf(", \"passed\": %s, \"steps\": %u, \"line\": %u, \"text\": ", out->passed ? "true" : "false", out->steps, out->line);
		json_text(out->text);
		(void)printf("}\n");
		return;
	}
	if (opt.tap)
		(void)printf("%s %u - %s\n", out->passed ? "ok" : "not ok", number, name);
	else if (out->passed)
		(void)printf("ok    %s (%u step%s)%s%s\n", name, out->steps, out->steps == 1 ? "" : "s", out->title[0] != '\0' ? ": " : "", out->title);
	else if (out->line != 0)
		(void)printf("FAIL  %s:%u\n", name, out->line);
	else
		(void)printf("FAIL  %s: at its end\n", name);
	if (opt.tap && !out->passed && out->line != 0)
		(void)printf("# %s:%u\n", name, out->line);
	for (p = out->text; *p != '\0'; p = *end != '\0' ? end + 1 : end) {
		end = p + strcspn(p, "\n");
		(void)printf("%s%.*s\n", opt.tap ? "# " : "      ", (int)(end - p), p);
	}
	(void)fflush(stdout);
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "list", no_argument, NULL, 'l' },
		{ "modules", required_argument, NULL, 'm' },
		{ "tap", no_argument, NULL, 't' },
		{ "timeout", required_argument, NULL, 'T' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	struct files files = { NULL, 0, 0 };
	struct outcome out;
	unsigned failed = 0;
	bool all = true;
	int c;

	while ((c = getopt_long(argc, argv, "jlm:tT:v", longs, NULL)) != -1) {
		switch (c) {
		case 'j':
			opt.json = true;
			break;
		case 'l':
			opt.list = true;
			break;
		case 'm':
			if (setenv("NGU_MODULE_PATH", optarg, 1) != 0)
				return (71);
			break;
		case 't':
			opt.tap = true;
			break;
		case 'T':
			opt.timeout = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'v':
			opt.verbose = true;
			break;
		case 'h':
			(void)fputs(usage_text, stdout);
			return (0);
		case 'V':
			(void)printf("ngt %s\n", ngu_version());
			return (0);
		default:
			(void)fputs(usage_text, stderr);
			return (64);
		}
	}
	(void)unsetenv("NETGRAPH"); /* graphs here are of no process but this */
	if (optind == argc)
		file_add(&files, "-");
	for (; optind < argc; optind++)
		all &= find(&files, argv[optind]);
	if (!all)
		return (66);
	if (opt.tap && !opt.list)
		(void)printf("1..%zu\n", files.n);
	for (size_t i = 0; i < files.n; i++) {
		if (opt.list) {
			(void)puts(files.name[i]);
			continue;
		}
		run(files.name[i], &out);
		tell(files.name[i], &out, (unsigned)i + 1);
		failed += !out.passed;
	}
	if (!opt.list && !opt.json && !opt.tap && files.n > 1)
		(void)printf("%zu script%s, %u failed\n", files.n, files.n == 1 ? "" : "s", failed);
	for (size_t i = 0; i < files.n; i++)
		free(files.name[i]);
	free(files.name);
	return (failed != 0);
}
