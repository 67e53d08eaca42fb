/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay.c - main() of a fuzz target that is a unit test: runs it over files and folders, those named, or the corpus of the target
 * after which the program is called. Output is TAP; the input that is being run is named when it aborts or is killed for its time.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz/fuzz.h"

static char now[4096];
static unsigned inputs;

static void
name_it(int sig)
{
	static const char text[] = "\nthe input: ";

	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	(void)!write(STDERR_FILENO, now, strlen(now));
	(void)!write(STDERR_FILENO, "\n", 1);
	(void)signal(sig, SIG_DFL);
	(void)raise(sig);
}

static void
run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	size_t n = 0, room = 0, got;
	uint8_t *p = NULL, *exact;

	FZ(f != NULL, "cannot open %s", path);
	do {
		if (n == room) {
			room = room != 0 ? room * 2 : 4096;
			FZ((p = realloc(p, room)) != NULL, "no memory");
		}
		got = fread(p + n, 1, room - n, f);
		n += got;
	} while (got != 0);
	FZ(!ferror(f), "cannot read %s", path);
	(void)fclose(f);
	exact = fz_copy(p, n);
	free(p);
	(void)snprintf(now, sizeof(now), "%s", path);
	(void)LLVMFuzzerTestOneInput(exact, n);
	now[0] = '\0';
	free(exact);
	inputs++;
}

static int
not_hidden(const struct dirent *e)
{
	return (e->d_name[0] != '.');
}

static void
run(const char *path)
{
	struct dirent **e;
	struct stat st;
	char name[4096];
	int i, n;

	FZ(stat(path, &st) == 0, "there is no %s", path);
	if (!S_ISDIR(st.st_mode)) {
		run_file(path);
		return;
	}
	FZ((n = scandir(path, &e, not_hidden, alphasort)) >= 0, "cannot read %s", path);
	for (i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), "%s/%s", path, e[i]->d_name);
		run(name);
		free(e[i]);
	}
	free(e);
}

int
main(int argc, char **argv)
{
	const char *me = strrchr(argv[0], '/'), *end;
	char path[4096];

	(void)signal(SIGABRT, name_it);
	(void)signal(SIGTERM, name_it); /* from timeout(1) */
	(void)signal(SIGSEGV, name_it);
	(void)printf("backend: %s\n1..1\n", ngu_backend());
	(void)fflush(stdout);
	if (argc > 1) {
		for (int i = 1; i < argc; i++)
			run(argv[i]);
	} else { /* fuzz-ops-urcu-memb: the corpus is called ops */
		FZ((me = strstr(me != NULL ? me : argv[0], "fuzz-")) != NULL, "whose corpus?");
		me += strlen("fuzz-");
		end = strchr(me, '-');
		(void)snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/%.*s", NGU_SRCDIR, (int)(end != NULL ? end - me : 64), me);
		run(path);
		FZ(inputs != 0, "the corpus is empty");
	}
	(void)printf("ok 1 - corpus, %u inputs\n", inputs);
	return (0);
}
