/* SPDX-License-Identifier: BSD-2-Clause */
/* test_ngd.c - ngd(8): its options, its script, what it says, how it ends. */
#include <sys/types.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <netgraph.h>
#include <ng/client.h>
#include <ng/host.h>

#define ok(call) assert_int_equal((call), 0)

static char dir[64], path[96], script[96], where[128];

struct run {
	pid_t pid;
	FILE *out, *err;
	char text[4096]; /* what came of err, when it has ended */
};

/* Options up to a NULL, of ngd -s PATH. */
static struct run
start(const char *first, ...)
{
	const char *argv[16] = { NGT_NGD, "-s", path };
	int n = 3, out[2], err[2];
	struct run r = { .pid = -1 };
	va_list ap;

	va_start(ap, first);
	for (const char *a = first; a != NULL; a = va_arg(ap, const char *))
		argv[n++] = a;
	va_end(ap);
	ok(pipe(out));
	ok(pipe(err));
	assert_true((r.pid = fork()) >= 0);
	if (r.pid == 0) {
		(void)dup2(out[1], 1);
		(void)dup2(err[1], 2);
		for (int fd = 3; fd < 64; fd++)
			(void)close(fd);
		if (getenv("NGU_TEST_WRAPPER") != NULL)
			_exit(99);
		(void)execv(NGT_NGD, (char *const *)(uintptr_t)argv);
		_exit(99);
	}
	(void)close(out[1]);
	(void)close(err[1]);
	assert_non_null(r.out = fdopen(out[0], "r"));
	assert_non_null(r.err = fdopen(err[0], "r"));
	return (r);
}

static void
listens(struct run *r)
{
	char line[256], want[256];

	(void)snprintf(want, sizeof(want), "listening on %s\n", path);
	if (fgets(line, sizeof(line), r->out) == NULL) {
		line[fread(line, 1, sizeof(line) - 1, r->err)] = '\0';
		fail_msg("ngd ends: %s", line);
	}
	assert_string_equal(line, want);
}

/* It ends with this status; r->text is what it said. */
static void
ends(struct run *r, int code)
{
	int status;

	r->text[fread(r->text, 1, sizeof(r->text) - 1, r->err)] = '\0';
	assert_int_equal(waitpid(r->pid, &status, 0), r->pid);
	(void)fclose(r->out);
	(void)fclose(r->err);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != code)
		fail_msg("status 0x%x, not %d: %s", (unsigned)status, code, r->text);
	if (code != 64 && access(path, F_OK) == 0 && code != 71)
		fail_msg("%s is still there", path);
}

static void
write_script(const char *text)
{
	FILE *f = fopen(script, "w");

	assert_non_null(f);
	(void)fputs(text, f);
	ok(fclose(f));
}

static int
setup(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "%s/ngXXXXXX", P_tmpdir);
	if (mkdtemp(dir) == NULL)
		return (-1);
	(void)snprintf(path, sizeof(path), "%s/s", dir);
	(void)snprintf(script, sizeof(script), "%s/f", dir);
	(void)snprintf(where, sizeof(where), "unix:%s", path);
	return (ngu_client_use(where));
}

static int
teardown(void **state)
{
	(void)state;
	(void)unlink(script);
	return (rmdir(dir));
}

/* ---- cases ---- */

static void
test_script(void **state)
{
	struct ng_mesg *m;
	struct run r;
	struct stat st;
	int cs, ds;
	u_char buf[16];
	void *answer;
	ssize_t n;

	(void)state;
	write_script("# two nodes\nmknode hub h   # the first\n\nmkpeer h: bridge a uplink1\nname h:a br\n");
	r = start("-f", script, "-n", "mine", "-w", "1", NULL);
	listens(&r);
	ok(stat(path, &st));
	assert_int_equal(st.st_mode & 07777, 0600);
	ok(NgMkSockNode("me", &cs, &ds));
	assert_true(NgSendMsg(cs, "br:", NGM_GENERIC_COOKIE, NGM_NODEINFO, NULL, 0) >= 0);
	assert_true(NgAllocRecvMsg(cs, &m, NULL) > 0);
	assert_string_equal(((const struct nodeinfo *)(const void *)m->data)->type, "bridge");
	free(m);
	assert_true((n = ngu_client_ask(NGU_ASK_VERSION, NULL, 0, &answer)) > 5);
	assert_memory_equal((const char *)answer + n - 5, " mine", 5);
	free(answer);
	ok(kill(r.pid, SIGTERM));
	/* Who waits sees the end. */
	assert_int_equal(NgRecvData(ds, buf, sizeof(buf), NULL), 0);
	assert_int_equal(NgRecvMsg(cs, (struct ng_mesg *)(void *)buf, sizeof(buf), NULL), 0);
	ends(&r, 0);
	assert_string_equal(r.text, "");
	errno = 0;
	assert_int_equal(NgMkSockNode("me", &cs, NULL), -1);
	assert_int_equal(errno, ENOENT);
	ok(close(ds));
	ok(close(cs));
	/* Packets that wait in a pipe are no reason to stay; nor is the other signal. */
	r = start("-v", "-w", "0", NULL);
	listens(&r);
	ok(ngu_client_apply("mknode hub h\nmkpeer h: pipe a upper\nmkpeer h:a hub lower b\nmsg h:a setcfg { delay=9000000 }\n", 0, NULL));
	ok(NgMkSockNode("me", &cs, &ds));
	assert_true(NgSendAsciiMsg(cs, ".", "connect { path=\"h:\" ourhook=\"x\" peerhook=\"c\" }") >= 0);
	for (int i = 0; i < 10; i++)
		ok(NgSendData(ds, "x", (const u_char *)"slow", 4));
	ok(kill(r.pid, SIGINT));
	ends(&r, 0);
	assert_non_null(strstr(r.text, "stopping"));
	ok(close(ds));
	ok(close(cs));
}

static void
test_mistakes(void **state)
{
	char want[256], group[32];
	struct stat st;
	struct run r, other;

	(void)state;
	write_script("mknode hub h\n\nmknode hub h # again\n");
	r = start("-f", script, NULL);
	ends(&r, 65);
	(void)snprintf(want, sizeof(want), "%s:3:", script);
	assert_non_null(strstr(r.text, want));
	write_script("mknode hub h\nmknode\n");
	r = start("-f", script, NULL);
	ends(&r, 65);
	(void)snprintf(want, sizeof(want), "%s:2:", script);
	assert_non_null(strstr(r.text, want));
	r = start("-f", "/nonexistent/script", NULL);
	ends(&r, 66);
	r = start("-w", "many", NULL);
	ends(&r, 64);
	r = start("-w", "257", NULL);
	ends(&r, 64);
	r = start("-x", NULL);
	ends(&r, 64);
	r = start("more", NULL);
	ends(&r, 64);
	r = start("-g", "no-such-group-at-all", NULL);
	ends(&r, 71);
	assert_non_null(strstr(r.text, "no-such-group-at-all"));
	r = start("--help", NULL);
	{
		char text[4096];

		text[fread(text, 1, sizeof(text) - 1, r.out)] = '\0';
		for (const char *o = "fgmnswv"; *o != '\0'; o++) {
			(void)snprintf(want, sizeof(want), "  -%c ", *o);
			assert_non_null(strstr(text, want));
		}
	}
	ends(&r, 0);
	/* Two at one place. */
	(void)snprintf(group, sizeof(group), "%lu", (unsigned long)getegid());
	r = start("-g", group, NULL);
	listens(&r);
	ok(stat(path, &st));
	assert_int_equal(st.st_mode & 07777, 0660);
	other = start(NULL, NULL);
	ends(&other, 71);
	assert_non_null(strstr(other.text, path));
	ok(ngu_client_apply("mknode hub h\n", 0, NULL));
	ok(kill(r.pid, SIGTERM));
	ends(&r, 0);
	/* One that was killed is in nobody's way. */
	r = start(NULL, NULL);
	listens(&r);
	ok(kill(r.pid, SIGKILL));
	assert_int_equal(waitpid(r.pid, NULL, 0), r.pid);
	(void)fclose(r.out);
	(void)fclose(r.err);
	errno = 0;
	assert_int_equal(ngu_client_apply("mknode hub h\n", 0, NULL), -1);
	assert_int_equal(errno, ECONNREFUSED);
	r = start(NULL, NULL);
	listens(&r);
	ok(ngu_client_apply("mknode hub h\n", 0, NULL));
	ok(kill(r.pid, SIGTERM));
	ends(&r, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_script, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mistakes, setup, teardown),
	};

	if (getenv("NGU_TEST_WRAPPER") != NULL) {
		printf("under an emulator\n");
		return (77);
	}
	(void)unsetenv("NETGRAPH");
	(void)signal(SIGPIPE, SIG_IGN);
	return (cmocka_run_group_tests_name("ngd", tests, NULL, NULL));
}
