/* SPDX-License-Identifier: BSD-2-Clause */
/* tools.h - run a program with input, and look at what it printed and how it ended. */
#ifndef TESTS_TOOLS_H
#define TESTS_TOOLS_H

#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

extern char **environ;

struct ran {
	int code; /* exit status; 256 + signal */
	char out[131072], err[16384];
};

/* For the first line of main(): programs under ThreadSanitizer need not wait a while at their end, two hundred of them. */
__attribute__((__unused__)) static void
no_waiting(void)
{
	const char *o = getenv("TSAN_OPTIONS");
	char text[4096];

	if (o != NULL && snprintf(text, sizeof(text), "%s:atexit_sleep_ms=0", o) < (int)sizeof(text))
		setenv("TSAN_OPTIONS", text, 1);
}

__attribute__((__unused__)) static void
slurp(FILE *f, char *buf, size_t size)
{
	size_t n;

	rewind(f);
	n = fread(buf, 1, size - 1, f);
	buf[n] = '\0';
	assert_true(n < size - 1);
	fclose(f);
}

/* Run av[0] with `input` as its standard input (NULL: none). The result is good until the next call. */
__attribute__((__unused__)) static const struct ran *
run(const char *input, const char *const *av)
{
	static struct ran r;
	FILE *in = tmpfile(), *out = tmpfile(), *err = tmpfile();
	posix_spawn_file_actions_t fa;
	int status;
	pid_t pid;

	assert_true(in != NULL && out != NULL && err != NULL);
	if (input != NULL)
		fputs(input, in);
	fflush(in);
	lseek(fileno(in), 0, SEEK_SET);
	assert_int_equal(posix_spawn_file_actions_init(&fa), 0);
	posix_spawn_file_actions_adddup2(&fa, fileno(in), 0);
	posix_spawn_file_actions_adddup2(&fa, fileno(out), 1);
	posix_spawn_file_actions_adddup2(&fa, fileno(err), 2);
	assert_int_equal(posix_spawn(&pid, av[0], &fa, NULL, (char *const *)(uintptr_t)av, environ), 0);
	posix_spawn_file_actions_destroy(&fa);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	r.code = WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
	slurp(out, r.out, sizeof(r.out));
	slurp(err, r.err, sizeof(r.err));
	fclose(in);
	return (&r);
}
#define RUN(input, ...) run((input), (const char *const[]){ __VA_ARGS__, NULL })

/* A file with this text, whose name is good until the test ends. */
__attribute__((__unused__)) static const char *
file_with(const char *text)
{
	static char names[8][32];
	static unsigned next;
	char *name = names[next++ % 8];
	int fd;

	strcpy(name, "/tmp/ngt-XXXXXX");
	assert_true((fd = mkstemp(name)) >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	return (name);
}

#endif /* TESTS_TOOLS_H */
