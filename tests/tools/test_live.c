/* SPDX-License-Identifier: BSD-2-Clause */
/* test_live.c - ngctl(8): commands that look at a graph while it works. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* pipe2 */
#endif
#include "tools.h"
#include "json.h"

#include <sys/stat.h>

#include <signal.h>
#include <time.h>

#include <ng/ng.h>

#define SCRIPT(input) RUN(input, NGT_NGCTL, "-n", "me", "-f", "-")

/* ---- a graph that this program serves: a hub h, whose hook "in" is a port of ours, and "out" one that takes all there is */

static struct ngu_graph *g;
static struct ngu_server *server;
static struct ngu_port *in, *out;
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
	setenv("NETGRAPH", where, 1);
	return (ngu_graph_create(&o, &g) != 0 || ngu_serve(g, path, &so, &server) != 0 || ngu_mknode(g, "hub", "h", NULL) != 0 ||
	    ngu_port_open(g, "h:", "in", NULL, NULL, &in) != 0 || ngu_port_open(g, "h:", "out", NULL, NULL, &out) != 0);
}

static int
teardown(void **state)
{
	(void)state;
	unsetenv("NETGRAPH");
	ngu_port_close(in);
	ngu_port_close(out);
	ngu_serve_end(server);
	return (ngu_graph_destroy(g));
}

/* n packets of `len` bytes, which are 0, 1, 2 ... */
static void
send_packets(int n, size_t len)
{
	unsigned char bytes[256];
	size_t i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)i;
	for (; n > 0; n--)
		(void)ngu_port_send(in, ngu_packet(g, bytes, len));
}

static void
begins(const char *text, const char *with)
{
	if (strncmp(text, with, strlen(with)) != 0)
		fail_msg("%s\ndoes not begin with\n%s", text, with);
}

/* The program's own output, whole: numbers that are not always the same are replaced by N. */
static const char *
plain(const char *text)
{
	static char buf[65536];
	char *d = buf;

	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			*d++ = *text;
		else if (d == buf || d[-1] != 'N')
			*d++ = 'N';
	}
	*d = '\0';
	return (buf);
}

/* ---- */

static void
test_messages_of_types(void **state)
{
	const struct ran *r = RUN(NULL, NGT_NGCTL, "help", "vlan_rotate");
	char help[sizeof(r->out)];

	(void)state;
	assert_int_equal(r->code, 0);
	assert_string_equal(r->err, "");
	strcpy(help, r->out);
	assert_string_equal(RUN(NULL, NGT_NGCTL, "types", "vlan_rotate")->out, help);
	assert_string_equal(RUN(NULL, NGT_NGCTL, "help", "hole")->out,
	    "Nodes of type hole understand 3 messages, and those of every node (help generic):\n"
	    "  getstats <string 31>\n"
	    "      answer: { frames=<uint64> octets=<uint64> }\n"
	    "  clrstats <string 31>\n"
	    "  getclrstats <string 31>\n"
	    "      answer: { frames=<uint64> octets=<uint64> }\n");
	assert_string_equal(RUN(NULL, NGT_NGCTL, "types", "socket")->out,
	    "Nodes of type socket understand no messages but those of every node: help generic\n");
	assert_non_null(strstr(RUN(NULL, NGT_NGCTL, "help", "generic")->out, "\n  name { name=<string 31> }\n"));
	r = RUN(NULL, NGT_NGCTL, "types", "--json", "hole");
	assert_int_equal(json_documents(r->out), 1);
	assert_non_null(strstr(r->out, "{\"command\":\"clrstats\",\"cmd\":2,\"cookie\":915433206,\"args\":\"<string 31>\",\"answer\":null}"));
	r = RUN(NULL, NGT_NGCTL, "types", "frob");
	assert_string_equal(r->err, "ngctl: types: No such file or directory\n"
				    "ngctl: types in graph embedded: there is no node type \"frob\", and no module that brings it: ENOENT\n");
	assert_int_equal(r->code, 71);
	assert_string_equal(RUN(NULL, NGT_NGCTL, "--complete", "help hub")->out, "hub\n");
	/* a path from our own node, and UTF-8 before the place */
	r = SCRIPT("mkpeer bridge a link0\nmsg .:a movehost { hook=\"\xc3\xa9\" frob=9 }\n");
	assert_non_null(strstr(r->err, "\n  movehost { hook=\"\xc3\xa9\" frob=9 }\n                      ^\n"));
}

static void
test_stat(void **state)
{
	const struct ran *r;

	(void)state;
	send_packets(3, 100);
	r = RUN(NULL, NGT_NGCTL, "stat", "h:");
	assert_string_equal(r->err, "");
	begins(r->out, "  Name: h               Type: hub             ID: 00000001   Num hooks: 2\n  State: open; 0 at work in it, ");
	assert_non_null(strstr(r->out, "  Queue: 0 of "));
	assert_non_null(strstr(r->out, "\n  In: 3 packets, 300 bytes   Out: 3 packets, 300 bytes   Refused: 0\n"));
	assert_non_null(strstr(r->out, "\n  in                         3            300            0              0          0  port [2] port\n"));
	assert_non_null(strstr(r->out, "\n  out                        0              0            3            300          0  port [3] port\n"));
	r = RUN(NULL, NGT_NGCTL, "stat", "h:out", "--json");
	assert_int_equal(json_documents(r->out), 1);
	begins(r->out, "{\"node\":{\"name\":null,\"type\":\"port\",\"id\":3,\"path\":\"[3]:\",\"hooks\":1,\"state\":[");
	assert_non_null(strstr(r->out, "\"links\":[{\"hook\":\"port\",\"peerid\":1,\"peerhook\":\"out\",\"state\":[],\"in\":{\"packets\":3,\"bytes\":300},"));
	/* our own node, by paths that the graph would not know */
	assert_string_equal(SCRIPT("mkpeer hub a b\nstat a --json\n")->err, "");
	assert_non_null(strstr(SCRIPT("connect . h: a b\nstat .\n")->out, "Name: me "));
	assert_non_null(strstr(SCRIPT("connect . h: a b\nstat .:a.in\n")->out, "Type: port "));
	r = RUN(NULL, NGT_NGCTL, "stat", "h:nope");
	begins(r->err, "ngctl: stat: No such file or directory\nngctl: stat \"h:nope\" in graph unix:");
	assert_non_null(strstr(r->err, ": node \"h:\" has no hook \"nope\" that leads to another: ENOENT\n"));
	assert_int_equal(r->code, 71);
}

static void
test_why(void **state)
{
	const struct ran *r;

	(void)state;
	assert_string_equal(RUN(NULL, NGT_NGCTL, "why")->out, "Nothing was refused or dropped\n");
	assert_string_equal(RUN(NULL, NGT_NGCTL, "why", "h:")->out, "Nothing was refused or dropped at \"h:\"\n");
	assert_int_equal(json_documents(RUN(NULL, NGT_NGCTL, "why", "--json")->out), 1);
	/* round and round, until it has to wait, and there is no room for what waits */
	assert_int_equal(ngu_connect(g, "h:", "q", "h:", "r"), 0);
	assert_int_equal(ngu_limit_set(g, NGU_L_DATA, 1), 0);
	send_packets(1, 77); /* goes both ways round: that is one too many */
	assert_int_equal(ngu_rmhook(g, "h:", "q"), 0);
	r = RUN(NULL, NGT_NGCTL, "why", "h:");
	assert_int_equal(r->code, 0);
	assert_non_null(strstr(plain(r->out), "N.N s ago: N packet"));
	assert_non_null(strstr(r->out, " at h: [1] hook "));
	assert_non_null(strstr(r->out, ": a queue was full (queue-full, ENOMEM: Cannot allocate memory), "));
	assert_non_null(strstr(r->out, " 77 bytes"));
	r = RUN(NULL, NGT_NGCTL, "why", "--json");
	assert_int_equal(json_documents(r->out), 1);
	assert_non_null(strstr(r->out, "{\"kind\":\"packet\",\"reason\":\"queue-full\",\"errno\":\"ENOMEM\","));
	assert_non_null(strstr(RUN(NULL, NGT_NGCTL, "stat", "h:")->out, " queue-full\n"));
	assert_string_equal(RUN(NULL, NGT_NGCTL, "why", ".")->out, "Nothing was refused or dropped at \".\"\n");
	assert_int_equal(RUN(NULL, NGT_NGCTL, "why", "x:")->code, 71);
}

/* ---- commands that go on until something happens */

struct child {
	pid_t pid;
	FILE *out, *err;
};

static struct child
start(const char *const *av)
{
	struct child c = { .out = tmpfile(), .err = tmpfile() };
	posix_spawn_file_actions_t fa;

	assert_true(c.out != NULL && c.err != NULL);
	assert_int_equal(posix_spawn_file_actions_init(&fa), 0);
	posix_spawn_file_actions_adddup2(&fa, fileno(c.out), 1);
	posix_spawn_file_actions_adddup2(&fa, fileno(c.err), 2);
	assert_int_equal(posix_spawn(&c.pid, av[0], &fa, NULL, (char *const *)(uintptr_t)av, environ), 0);
	posix_spawn_file_actions_destroy(&fa);
	return (c);
}
#define START(...) start((const char *const[]){ NGT_NGCTL, __VA_ARGS__, NULL })

static void
ended(struct child c, int code, struct ran *r)
{
	int status;

	assert_int_equal(waitpid(c.pid, &status, 0), c.pid);
	slurp(c.out, r->out, sizeof(r->out));
	slurp(c.err, r->err, sizeof(r->err));
	if (!WIFEXITED(status) || WEXITSTATUS(status) != code)
		fail_msg("status %#x; it said %s and %s", (unsigned)status, r->out, r->err);
}

/* A program that is waited for has not ended. */
static void
lives(const struct child *c)
{
	static char out[65536], err[4096];
	siginfo_t info = { .si_pid = 0 };

	assert_int_equal(waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT), 0);
	if (info.si_pid == 0)
		return;
	slurp(c->out, out, sizeof(out));
	slurp(c->err, err, sizeof(err));
	fail_msg("it ended early: %s %d; it said \"%s\" and \"%s\"", info.si_code == CLD_EXITED ? "status" : "signal", info.si_status, out, err);
}

/* Wait until somebody looks at hook `hook` of h, or, without `c`, nobody any more: that a program has ended is seen a little later. */
static void
wait_watched(const struct child *c, const char *hook)
{
	struct timespec t = { .tv_nsec = 1000000 };
	struct ngu_node_stat *s;
	bool is;
	uint32_t i;

	do {
		is = false;
		assert_int_equal(ngu_node_stat(g, "h:", &s), 0);
		for (i = 0; i < s->nhooks; i++)
			is = is || (strcmp(NGU_NODE_HOOK(s, i)->name, hook) == 0 && (NGU_NODE_HOOK(s, i)->flags & NGU_H_WATCHED) != 0);
		ngu_inspect_free(s);
		if (c != NULL && !is)
			lives(c);
		nanosleep(&t, NULL);
	} while (is != (c != NULL));
}
#define watched(hook) wait_watched(&c, (hook))
#define unwatched() (wait_watched(NULL, "in"), wait_watched(NULL, "out"))

#ifdef NGT_PCAP
struct pcap_head {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t zone, accuracy, snaplen, type;
};
struct pcap_packet {
	uint32_t seconds, nanoseconds, caplen, len;
};

/* The file is one of nanoseconds with n packets of these lengths. */
static void
is_capture(const char *name, uint32_t snaplen, uint32_t type, int n, uint32_t caplen, uint32_t len)
{
	unsigned char bytes[256], *b;
	struct pcap_packet p;
	struct pcap_head h;
	FILE *f = fopen(name, "r");

	assert_non_null(f);
	assert_int_equal(fread(&h, 1, sizeof(h), f), sizeof(h));
	assert_int_equal(h.magic, 0xa1b23c4d);
	assert_int_equal(h.snaplen, snaplen);
	assert_int_equal(h.type, type);
	for (; n > 0; n--) {
		assert_int_equal(fread(&p, 1, sizeof(p), f), sizeof(p));
		assert_int_equal(p.caplen, caplen);
		assert_int_equal(p.len, len);
		assert_true(p.seconds > 1000000000 && p.nanoseconds < 1000000000);
		assert_int_equal(fread(bytes, 1, caplen, f), caplen);
		for (b = bytes; b < bytes + caplen; b++)
			assert_int_equal(*b, b - bytes);
	}
	assert_int_equal(fread(&p, 1, 1, f), 0);
	fclose(f);
}

/* Wait until the file has this many bytes. */
static void
grown(const struct child *c, const char *name, size_t size)
{
	struct timespec t = { .tv_nsec = 1000000 };
	struct stat st;

	while (stat(name, &st) == 0 && (size_t)st.st_size < size) {
		lives(c);
		nanosleep(&t, NULL);
	}
}

static void
test_capture(void **state)
{
	const char *file = file_with("");
	static struct ran r;
	struct child c;
	char text[1024];

	(void)state;
	unwatched();
	c = START("capture", "h:", "in", file, "-n", "3");
	watched("in");
	send_packets(5, 100);
	ended(c, 0, &r);
	assert_string_equal(r.err, "");
	assert_string_equal(r.out, "3 packets, 0 lost\n");
	is_capture(file, 65535, 1, 3, 100, 100);
	/* ^C, a link type, cut packets, one direction; nothing arrives there */
	unlink(file);
	close(open(file, O_WRONLY | O_CREAT, 0600));
	unwatched();
	c = START("capture", "-d", "out", "h:", "out", file, "-s", "10", "-t", "RAW", "--json");
	watched("out");
	send_packets(2, 100);
	grown(&c, file, sizeof(struct pcap_head) + 2 * (sizeof(struct pcap_packet) + 10));
	kill(c.pid, SIGINT);
	ended(c, 0, &r);
	snprintf(text, sizeof(text), "{\"file\":\"%s\",\"packets\":2,\"lost\":0,\"end\":\"signal\"}\n", file);
	assert_string_equal(r.out, text);
	assert_int_equal(json_documents(r.out), 1);
	is_capture(file, 10, 101, 2, 10, 100);
	unwatched();
	c = START("capture", "h:", "out", file, "-d", "in");
	watched("out");
	send_packets(2, 100);
	assert_int_equal(ngu_rmhook(g, "h:", "out"), 0);
	ended(c, 0, &r);
	assert_string_equal(r.out, "0 packets, 0 lost; the hook is gone\n");
	is_capture(file, 65535, 1, 0, 0, 0);
	/* to standard output */
	snprintf(text, sizeof(text), "exec '%s' capture h: in - -n 1 >'%s'", NGT_NGCTL, file);
	unwatched();
	c = start((const char *const[]){ "/bin/sh", "-c", text, NULL });
	watched("in");
	send_packets(1, 20);
	ended(c, 0, &r);
	assert_string_equal(r.err, "1 packets, 0 lost\n");
	is_capture(file, 65535, 1, 1, 20, 20);
	/* what cannot be */
	assert_non_null(strstr(RUN(NULL, NGT_NGCTL, "capture", "h:", "nope", file)->err, "hook \"nope\" in graph unix:"));
	assert_int_equal(RUN(NULL, NGT_NGCTL, "capture", "h:", "in", "/nonexistent/file")->code, 71);
	assert_string_equal(RUN(NULL, NGT_NGCTL, "capture", "h:", "in", file, "-t", "frob")->err, "ngctl: capture: there is no link type \"frob\"\n");
	assert_int_equal(RUN(NULL, NGT_NGCTL, "capture", "h:", "in", file, "-n", "0")->code, 64);
	assert_int_equal(RUN(NULL, NGT_NGCTL, "capture", "h:", "in", file, "-s", "70000")->code, 64);
	assert_int_equal(RUN(NULL, NGT_NGCTL, "capture", "h:", "in", file, "-d", "up")->code, 64);
	assert_int_equal(RUN(NULL, NGT_NGCTL, "capture", "h:", "in")->code, 64);
	unlink(file);
}
#else
static void
test_capture(void **state)
{
	(void)state;
	assert_string_equal(RUN(NULL, NGT_NGCTL, "capture", "h:", "in", "/nonexistent/file")->err,
	    "ngctl: capture: this ngctl was built without libpcap, which writes such files\n");
}
#endif

static void
test_trace(void **state)
{
	static struct ran r;
	struct child c;

	(void)state;
	unwatched();
	c = START("trace", "h:", "in", "-n", "2");
	watched("in");
	send_packets(3, 60);
	ended(c, 0, &r);
	assert_string_equal(r.err, "");
	assert_string_equal(plain(r.out),
	    "packet N:\n  h: hub [N] hook in: direct, N bytes, N ns (at N ns)\n    port [N] hook port: direct, N bytes, N ns (at N ns)\n"
	    "packet N:\n  h: hub [N] hook in: direct, N bytes, N ns (at N ns)\n    port [N] hook port: direct, N bytes, N ns (at N ns)\n"
	    "N of N packets\n");
	assert_non_null(strstr(r.out, "\n    port [3] hook port: direct, 60 bytes, "));
	assert_non_null(strstr(r.out, "\n2 of 2 packets\n"));
	/* any hook */
	unwatched();
	c = START("trace", "h:", "-n", "1", "--json");
	watched("in");
	send_packets(1, 60);
	ended(c, 0, &r);
	assert_int_equal(json_documents(r.out), 1);
	begins(r.out, "{\"packets\":1,\"started\":1,\"lost\":0,\"hops\":[{\"packet\":1,\"depth\":1,\"event\":\"delivered\",\"after\":null,\"id\":1,\"name\":\"h\",");
	/* none comes */
	r = *RUN(NULL, NGT_NGCTL, "trace", "h:", "-w", "0.01");
	assert_string_equal(r.out, "0 of 1 packets\n");
	unwatched();
	c = START("trace", "h:", "in");
	watched("in");
	assert_non_null(strstr(RUN(NULL, NGT_NGCTL, "trace", "h:")->err, "ngctl: trace \"h:\" in graph unix:")); /* EBUSY */
	kill(c.pid, SIGINT);
	ended(c, 0, &r);
	assert_string_equal(r.out, "0 of 1 packets\n");
	assert_int_equal(RUN(NULL, NGT_NGCTL, "trace", "h:", "nope")->code, 71);
	assert_int_equal(RUN(NULL, NGT_NGCTL, "trace", "h:", "-n", "1025")->code, 64);
	assert_int_equal(RUN(NULL, NGT_NGCTL, "trace", "h:", "-w", "x")->code, 64);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages_of_types),
		cmocka_unit_test_setup_teardown(test_stat, setup, teardown),
		cmocka_unit_test_setup_teardown(test_why, setup, teardown),
		cmocka_unit_test_setup_teardown(test_capture, setup, teardown),
		cmocka_unit_test_setup_teardown(test_trace, setup, teardown),
	};
	int r;

	unsetenv("NETGRAPH");
	if (mkdtemp(dir) == NULL)
		return (1);
	snprintf(path, sizeof(path), "%s/graph", dir);
	snprintf(where, sizeof(where), "unix:%s", path);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(dir);
	return (r);
}
