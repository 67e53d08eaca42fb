/* SPDX-License-Identifier: BSD-2-Clause */
/* test_prompt.c - ngctl(8) at a terminal. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "tools.h"

#include <poll.h>
#include <sys/ioctl.h>

static int tty;
static pid_t pid;
static char seen[65536];
static size_t nseen, at; /* what was waited for ends here */

/* Wait until the terminal shows this, behind what was waited for before. Fails when the program ends, or after a minute. */
static void
shows(const char *text)
{
	struct pollfd p = { .fd = tty, .events = POLLIN };
	char buf[4096], *found;
	ssize_t n;
	size_t k;

	for (k = 0; (found = strstr(seen + at, text)) == NULL; k = 0) {
		if (poll(&p, 1, 60000) != 1)
			fail_msg("a minute went by before it showed \"%s\"; it showed: %s", text, seen + at);
		if ((n = read(tty, buf, sizeof(buf))) <= 0 || nseen + (size_t)n >= sizeof(seen))
			fail_msg("it ended before it showed \"%s\"; it showed: %s", text, seen + at);
		while (n-- > 0) /* terminals of old want zeros as time to breathe */
			if ((seen[nseen] = buf[k++]) != '\0')
				nseen++;
		seen[nseen] = '\0';
	}
	at = (size_t)(found - seen) + strlen(text);
}

static void
type(const char *text)
{
	assert_int_equal(write(tty, text, strlen(text)), (ssize_t)strlen(text));
}

static void
begin(void)
{
	const char *const av[] = { NGT_NGCTL, "-n", "me", NULL };
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t at_;
	const char *name;

	nseen = at = 0;
	seen[0] = '\0';
	assert_true((tty = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) >= 0);
	assert_int_equal(grantpt(tty), 0);
	assert_int_equal(unlockpt(tty), 0);
	assert_non_null(name = ptsname(tty));
	assert_int_equal(posix_spawnattr_init(&at_), 0);
	assert_int_equal(posix_spawnattr_setflags(&at_, POSIX_SPAWN_SETSID), 0);
	assert_int_equal(posix_spawn_file_actions_init(&fa), 0);
	posix_spawn_file_actions_addopen(&fa, 0, name, O_RDWR, 0);
	posix_spawn_file_actions_adddup2(&fa, 0, 1);
	posix_spawn_file_actions_adddup2(&fa, 0, 2);
	assert_int_equal(posix_spawn(&pid, av[0], &fa, &at_, (char *const *)(uintptr_t)av, environ), 0);
	posix_spawn_file_actions_destroy(&fa);
	posix_spawnattr_destroy(&at_);
	shows("Available commands:");
	shows("  write ");
	shows("+ ");
}

static void
ends(int code)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), code);
	close(tty);
}

static void
test_commands(void **state)
{
	begin();
	type("debug\n");
	shows("Current debug level is 0");
	shows("+ ");
	type("frob\n"); /* an error does not end it */
	shows("ngctl: \"frob\": unknown command");
	shows("+ ");
	type("\n");
	shows("+ ");
	type("list -n\n");
	shows("There are 1 total named nodes:");
	shows("+ ");
	type("quit\n");
	ends(0);
}

/* Lines that are there at once are taken one by one. */
static void
test_lines_at_once(void **state)
{
	begin();
	type("debug\nlist -n\nquit\n");
	shows("Current debug level is 0");
	shows("There are 1 total named nodes:");
	ends(0);
}

static void
test_end_of_input(void **state)
{
	begin();
	type("\x04");
	ends(0);
}

/* What arrives is shown at once. */
static void
test_data(void **state)
{
	begin();
	type("connect . . a b\n");
	shows("+ ");
	type("write a 104 0x69 10\n");
	shows("Rec'd data packet on hook \"b\":");
	shows("0000:  68 69 0a                                         hi.");
	shows("+ ");
	type("write b -f /dev/null\n"); /* nothing is a packet, too */
	shows("Rec'd data packet on hook \"\":");
	shows("+ ");
	type("quit\n");
	ends(0);
}

/* Our node can be shut down, by ourselves too; then there is nothing more to do. */
static void
test_node_gone(void **state)
{
	begin();
	type("shutdown .\n");
	shows("ngctl: rec");
	ends(71);
}

#ifdef NGT_EDIT
static void
test_completion(void **state)
{
	begin();
	type("mkno\t"); /* what is on the screen already is not printed again */
	shows("de ");
	type("brid\t");
	shows("ge ");
	type("br\n");
	shows("+ ");
	type("mkpeer br: hub link0 x\n");
	shows("+ ");
	type("show -n b\t");
	shows("r:");
	type("l\t");
	shows("ink0");
	type("\n");
	shows("Type: hub ");
	shows("+ ");
	type("m\t"); /* more than one: they are listed */
	shows("mknode");
	shows("mkpeer");
	shows("msg");
	shows("+ m");
	type("\x15"); /* ^U */
	type("sho -n x:\t\n"); /* nothing there: nothing said by the completion */
	shows("there is no node \"x\"");
	shows("+ ");
	type("\x1b[A\n"); /* the line before, again */
	shows("there is no node \"x\"");
	shows("+ ");
	type("quit\n");
	ends(0);
}

/* The history is kept if there is a file for it. */
static void
test_history(void **state)
{
	char dir[] = "/tmp/ngt-XXXXXX", file[64], text[256];
	FILE *f;

	assert_non_null(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/.ngctl_history", dir);
	setenv("HOME", dir, 1);
	begin();
	type("debug\n");
	shows("level is 0");
	shows("+ ");
	type("quit\n");
	ends(0);
	assert_int_equal(access(file, F_OK), -1);
	fclose(fopen(file, "w"));
	begin();
	type("debug 0\n");
	shows("+ ");
	type("quit\n");
	ends(0);
	assert_non_null(f = fopen(file, "r"));
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	assert_non_null(strstr(text, "debug"));
	assert_non_null(strstr(text, "quit"));
	unlink(file);
	rmdir(dir);
}
#endif

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_lines_at_once),
		cmocka_unit_test(test_end_of_input),
		cmocka_unit_test(test_data),
		cmocka_unit_test(test_node_gone),
#ifdef NGT_EDIT
		cmocka_unit_test(test_completion),
		cmocka_unit_test(test_history),
#endif
	};

	no_waiting();
	unsetenv("NETGRAPH");
	setenv("TERM", "vt100", 1);
	setenv("HOME", "/nonexistent", 1);
	setenv("LSAN_OPTIONS", "suppressions=\"" NGU_SRCDIR "/tests/tools/lsan.supp\":print_suppressions=0", 1);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
