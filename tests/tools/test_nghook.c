/* SPDX-License-Identifier: BSD-2-Clause */
/* test_nghook.c - nghook(8) on a graph that this program serves; and ngctl(8) there, from outside. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* pipe2 */
#endif
#include "tools.h"

#include <sys/socket.h>
#include <time.h>

#include <ng/ng.h>
#include <ng/serve.h>

static struct ngu_graph *g;
static struct ngu_server *server;
static char dir[] = "/tmp/ngt-XXXXXX", path[64], where[80];

static void
quiet(void *arg, int level, const char *line)
{
	(void)arg;
	(void)level;
	(void)line;
}

static int
setup(void **state)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .name = "test", .workers = 1, .log = quiet };
	struct ngu_serve_opts so = { .size = sizeof(so), .log = quiet };

	(void)state;
	return (ngu_graph_create(&o, &g) != 0 || ngu_serve(g, path, &so, &server) != 0);
}

static int
teardown(void **state)
{
	(void)state;
	ngu_serve_end(server);
	return (ngu_graph_destroy(g));
}

/* ---- a program that runs beside us */

struct child {
	pid_t pid;
	int in, out, err; /* our ends */
};

static struct child
start(const char *const *av)
{
	int in[2], out[2], err[2];
	posix_spawn_file_actions_t fa;
	struct child c;

	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(pipe2(err, O_CLOEXEC), 0);
	assert_int_equal(posix_spawn_file_actions_init(&fa), 0);
	posix_spawn_file_actions_adddup2(&fa, in[0], 0);
	posix_spawn_file_actions_adddup2(&fa, out[1], 1);
	posix_spawn_file_actions_adddup2(&fa, err[1], 2);
	assert_int_equal(posix_spawn(&c.pid, av[0], &fa, NULL, (char *const *)(uintptr_t)av, environ), 0);
	posix_spawn_file_actions_destroy(&fa);
	close(in[0]), close(out[1]), close(err[1]);
	c.in = in[1], c.out = out[0], c.err = err[0];
	return (c);
}
#define START(...) start((const char *const[]){ __VA_ARGS__, NULL })

/* The next n bytes from it. */
static void
expect(int fd, const char *want)
{
	char buf[4096];
	size_t n = strlen(want), k = 0;
	ssize_t r;

	while (k < n && (r = read(fd, buf + k, n - k)) > 0)
		k += (size_t)r;
	buf[k] = '\0';
	assert_string_equal(buf, want);
}

/* It ends: with this code, and these last words. */
static void
ends(struct child *c, int code, const char *err)
{
	char buf[4096];
	size_t k = 0;
	ssize_t r;
	int status;

	if (c->in >= 0)
		close(c->in);
	while (k < sizeof(buf) - 1 && (r = read(c->err, buf + k, sizeof(buf) - 1 - k)) > 0)
		k += (size_t)r;
	buf[k] = '\0';
	close(c->out);
	close(c->err);
	assert_int_equal(waitpid(c->pid, &status, 0), c->pid);
	assert_true(WIFEXITED(status));
	if (err != NULL)
		assert_string_equal(buf, err);
	assert_int_equal(WEXITSTATUS(status), code);
}

/* ---- our end of the graph: a port, whose packets wait in a pipe */

static int arrived[2];

static void
rx(void *arg, struct mbuf *m)
{
	char buf[65536];
	size_t n = ngu_packet_len(m);

	(void)arg;
	ngu_packet_read(m, 0, buf, n);
	(void)!write(arrived[1], buf, n);
	ngu_packet_free(m);
}

/* Wait until hook `hook` of h is there. */
static void
linked(const char *hook)
{
	char p[64];
	uint32_t id;

	snprintf(p, sizeof(p), "h:%s", hook);
	while (ngu_lookup(g, p, &id) != 0) {
		struct timespec t = { .tv_nsec = 1000000 };

		nanosleep(&t, NULL);
	}
}

static struct ngu_port *
hub(void)
{
	struct ngu_port *p;

	assert_int_equal(ngu_mknode(g, "hub", "h", NULL), 0);
	assert_int_equal(pipe(arrived), 0);
	assert_int_equal(ngu_port_open(g, "h:", "us", rx, NULL, &p), 0);
	return (p);
}

static void
end_hub(struct ngu_port *p)
{
	ngu_port_close(p);
	close(arrived[0]), close(arrived[1]);
}

static void
test_usage(void **state)
{
	static const char usage[] = "usage: nghook [-adlnsS] [-m msg]* path [hookname]\n"
				    "       nghook -e [-n] [-m msg]* path hookname prog [args...]\n";
	static const char *const wrong[][6] = { { NULL }, { "a:", "b", "c" }, { "-e", "a:", "b" }, { "-ea", "a:", "b", "c" }, { "-el", "a:", "b", "c" } };
	const char *av[8] = { NGT_NGHOOK };
	const struct ran *r;
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		memcpy(av + 1, wrong[i], sizeof(wrong[i]));
		r = run(NULL, av);
		assert_string_equal(r->err, usage);
		assert_int_equal(r->code, 64);
	}
	r = RUN(NULL, NGT_NGHOOK, "-Z", "a:");
	assert_non_null(strstr(r->err, usage));
	assert_int_equal(r->code, 64);
}

static void
test_errors(void **state)
{
	struct ngu_port *p = hub();
	const struct ran *r;
	char text[512];

	r = RUN(NULL, NGT_NGHOOK, "x:");
	snprintf(text, sizeof(text), "nghook: can't connect to node: No such file or directory\nnghook: path \"x:\", hook \"debug\", graph %s\n", where);
	assert_string_equal(r->err, text);
	assert_int_equal(r->code, 71);
	r = RUN(NULL, NGT_NGHOOK, "h:", "us");
	snprintf(text, sizeof(text), "nghook: can't connect to node: File exists\nnghook: path \"h:\", hook \"us\", graph %s\n", where);
	assert_string_equal(r->err, text);
	assert_int_equal(r->code, 71);
	r = RUN(NULL, NGT_NGHOOK, "-m", "frob x", "h:");
	snprintf(text, sizeof(text), "nghook: sending message 'frob x': Function not implemented\nnghook: path \"h:\", hook \"debug\", graph %s\n", where);
	assert_string_equal(r->err, text);
	assert_int_equal(r->code, 71);
	r = RUN(NULL, NGT_NGHOOK, "-e", "h:", "a", "/nonexistent/program");
	assert_memory_equal(r->err, "nghook: /nonexistent/program: No such file or directory\n", 56);
	assert_int_equal(r->code, 71);
	setenv("NETGRAPH", "unix:/nonexistent/point", 1);
	r = RUN(NULL, NGT_NGHOOK, "h:");
	assert_memory_equal(r->err, "nghook: can't get sockets: ", 27);
	assert_int_equal(r->code, 71);
	setenv("NETGRAPH", where, 1);
	end_hub(p);
}

static void
test_relay(void **state)
{
	struct ngu_port *p = hub();
	struct child c = START(NGT_NGHOOK, "h:", "there");

	linked("there");
	assert_int_equal(write(c.in, "to the hook", 11), 11);
	expect(arrived[0], "to the hook");
	assert_int_equal(ngu_port_send(p, ngu_packet(g, "from it", 7)), 0);
	expect(c.out, "from it");
	ends(&c, 71, "nghook: EOF(stdin)\n");

	/* decoded, without input, in default hook "debug" */
	c = START(NGT_NGHOOK, "-an", "h:");
	close(c.in), c.in = -1;
	linked("debug");
	assert_int_equal(ngu_port_send(p, ngu_packet(g, "0123456789abcdef\n\xff", 18)), 0);
	expect(c.out, "0000:  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  0123456789abcdef\n"
		      "0010:  0a ff                                            ..\n\n");
	/* until the node goes */
	assert_int_equal(ngu_shutdown(g, "h:debug"), 0);
	ends(&c, 71, "nghook: read EOF from hook?!\n");

	/* sent back */
	c = START(NGT_NGHOOK, "-ln", "h:", "l");
	linked("l");
	assert_int_equal(ngu_port_send(p, ngu_packet(g, "echo", 4)), 0);
	expect(c.out, "echo");
	expect(arrived[0], "echo");
	assert_int_equal(ngu_shutdown(g, "h:l"), 0);
	ends(&c, 71, "nghook: read EOF from hook?!\n");
	end_hub(p);
}

/* -s and -S: the other way round, on one descriptor that is both. */
static void
test_other_ends(void **state)
{
	struct ngu_port *p = hub();
	int sv[2], status;
	char buf[16];
	pid_t pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv), 0);
	for (int out = 0; out < 2; out++) {
		posix_spawn_file_actions_t fa;
		const char *const av[] = { NGT_NGHOOK, out ? "-S" : "-s", "h:", "o", NULL };

		assert_int_equal(posix_spawn_file_actions_init(&fa), 0);
		posix_spawn_file_actions_adddup2(&fa, sv[1], out);
		posix_spawn_file_actions_addopen(&fa, !out, "/dev/null", out ? O_RDONLY : O_WRONLY, 0);
		posix_spawn_file_actions_addopen(&fa, 2, "/dev/null", O_WRONLY, 0);
		assert_int_equal(posix_spawn(&pid, av[0], &fa, NULL, (char *const *)(uintptr_t)av, environ), 0);
		posix_spawn_file_actions_destroy(&fa);
		linked("o");
		assert_int_equal(ngu_port_send(p, ngu_packet(g, "out", 3)), 0);
		assert_int_equal(read(sv[0], buf, sizeof(buf)), 3);
		assert_int_equal(write(sv[0], "in", 2), 2);
		expect(arrived[0], "in");
		assert_int_equal(ngu_shutdown(g, "h:o"), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 71 << 8);
	}
	close(sv[0]), close(sv[1]);
	end_hub(p);
}

/* -e: a program that knows nothing of this reads a packet and writes one. */
static void
test_exec(void **state)
{
	struct ngu_port *p = hub();
	struct child c = START(NGT_NGHOOK, "-e", "-m", "setpersistent", "h:", "e", "/bin/sh", "-c", "x=$(dd bs=65536 count=1 2>/dev/null); printf 'got %s' \"$x\"; echo $1 >&2", "sh", "arg");

	linked("e");
	assert_int_equal(ngu_port_send(p, ngu_packet(g, "a line\n", 7)), 0);
	expect(arrived[0], "got a line");
	ends(&c, 0, "arg\n");

	/* -n: its own standard input */
	c = START(NGT_NGHOOK, "-en", "h:", "e", "/bin/cat");
	linked("e");
	assert_int_equal(write(c.in, "typed", 5), 5);
	expect(arrived[0], "typed");
	ends(&c, 0, "");
	end_hub(p);
	/* the message got there */
	assert_int_equal(ngu_shutdown(g, "h:"), 0);
}

static void
test_ngctl_outside(void **state)
{
	struct ngu_port *p = hub();
	const struct ran *r;
	char text[256];

	r = RUN(NULL, NGT_NGCTL, "-n", "c", "list", "-n");
	assert_string_equal(r->err, "");
	assert_non_null(strstr(r->out, "  Name: h               Type: hub             ID: 00000001   Num hooks: 1\n"));
	assert_int_equal(RUN("mkpeer h: bridge b link0\nname h:b br\n", NGT_NGCTL, "-f", "-")->code, 0);
	r = RUN(NULL, NGT_NGCTL, "msg", "br:", "getconfig");
	assert_non_null(strstr(r->out, "Args:\t{ debugLevel=1 loopTimeout=60 "));
	r = RUN(NULL, NGT_NGCTL, "msg", "br:", "setconfig", "{", "frob=1", "}");
	assert_non_null(strstr(r->err, "\n  setconfig { frob=1 }\n              ^\n"));
	snprintf(text, sizeof(text), "ngctl: msg \"br:\" in graph %s: ENOENT\n", where);
	assert_non_null(strstr(r->err, text));
	r = RUN(NULL, NGT_NGCTL, "--complete", "show h:");
	assert_string_equal(r->out, "h:b\nh:us\n");
	r = RUN(NULL, NGT_NGCTL, "--complete", "rmhook h: ");
	assert_string_equal(r->out, "b\nus\n");
	r = RUN(NULL, NGT_NGCTL, "--complete", "show h:b.");
	assert_string_equal(r->out, "h:b.link0\n");
	r = RUN(NULL, NGT_NGCTL, "--complete", "show "); /* not the node that asks */
	assert_string_equal(r->out, ".\n[2]:\nbr:\nh:\n");
	r = RUN(NULL, NGT_NGCTL, "--complete", "msg br: get"); /* those of its type */
	assert_string_equal(r->out, "getclrstats\ngetconfig\ngetstats\ngettable\n");
	assert_string_equal(RUN(NULL, NGT_NGCTL, "--complete", "msg br: listh")->out, "listhooks\n");
	assert_string_equal(RUN(NULL, NGT_NGCTL, "--complete", "msg nobody: l")->out, "");
	assert_int_equal(RUN("mknode hub h\n", NGT_NGCTL, "apply", "-")->code, 0);
	r = RUN(NULL, NGT_NGCTL, "show", "h:");
	assert_non_null(strstr(r->out, "Num hooks: 1\n"));
	/* nobody there */
	setenv("NETGRAPH", "unix:/nonexistent/point", 1);
	r = RUN(NULL, NGT_NGCTL, "list");
	assert_memory_equal(r->err, "ngctl: can't create node: ", 26);
	assert_int_equal(r->code, 71);
	r = RUN(NULL, NGT_NGCTL, "--complete", "li"); /* commands need no graph */
	assert_string_equal(r->out, "list\n");
	assert_string_equal(RUN(NULL, NGT_NGCTL, "--complete", "show h")->err, "");
	setenv("NETGRAPH", where, 1);
	end_hub(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usage),
		cmocka_unit_test_setup_teardown(test_errors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_relay, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(test_exec, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ngctl_outside, setup, teardown),
	};
	int r;

	if (mkdtemp(dir) == NULL)
		return (1);
	snprintf(path, sizeof(path), "%s/graph", dir);
	snprintf(where, sizeof(where), "unix:%s", path);
	setenv("NETGRAPH", where, 1);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(dir);
	return (r);
}
