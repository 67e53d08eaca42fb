/* SPDX-License-Identifier: BSD-2-Clause */
/* test_watch.c - what ngctl(8) makes of snapshots: the graph in its memory, and watch. The snapshots are made here, but for the last test. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* posix_openpt */
#endif
#include "tools.h"
#include "json.h"

#include <sys/ioctl.h>

#include <signal.h>
#include <termios.h>

#include <ng/client.h>
#include <ng/host.h>
#include <ng/ng.h>

#include "ngctl/commands.h"
#include "ngctl/graph.h"
#include "ngctl/question.h"

struct ngctl ctl = { .cs = -1, .ds = -1 };

/* ---- snapshots */

struct made {
	struct ngu_snapshot s;
	struct ngu_snap_node node[8];
	struct ngu_snap_link link[8];
};

/* What is answered, one after the other; then the last one for ever. */
static struct made answers[8];
static unsigned nanswers, asked;

/* In place of the library's. */
ssize_t
ngu_client_ask(unsigned what, const void *arg, size_t len, void **answer)
{
	struct made *m;

	(void)arg;
	(void)len;
	if (nanswers == 0) {
		errno = ECONNRESET;
		return (-1);
	}
	m = &answers[asked < nanswers ? asked : nanswers - 1];
	asked++;
	assert_int_equal(what, NGU_ASK_SNAPSHOT);
	assert_non_null(*answer = malloc(m->s.block.size));
	memcpy(*answer, m, m->s.block.size);
	return ((ssize_t)m->s.block.size);
}

static struct made *
snapshot(uint64_t ms)
{
	struct made *m = &answers[nanswers++];

	memset(m, 0, sizeof(*m));
	m->s = (struct ngu_snapshot){ .block = { .size = sizeof(*m), .kind = NGU_B_SNAPSHOT, .version = NGU_B_VERSION }, .time_ns = ms * 1000000,
		.nodes_off = offsetof(struct made, node), .links_off = offsetof(struct made, link), .graph = "g" };
	return (m);
}

static void
node(struct made *m, uint32_t id, const char *name, const char *type, uint32_t flags)
{
	struct ngu_snap_node *n = &m->node[m->s.nnodes++];

	n->id = id;
	n->flags = flags;
	strcpy(n->name, name);
	strcpy(n->type, type);
}

/* Between nodes number a and b of the snapshot; what arrived at either end. */
static struct ngu_snap_link *
edge(struct made *m, uint32_t a, const char *ahook, uint64_t ain, uint32_t b, const char *bhook, uint64_t bin)
{
	struct ngu_snap_link *l = &m->link[m->s.nlinks++];

	l->end[0] = (struct ngu_snap_end){ .node = a, .id = m->node[a].id, .packets = ain, .bytes = 100 * ain };
	l->end[1] = (struct ngu_snap_end){ .node = b, .id = m->node[b].id, .packets = bin, .bytes = 100 * bin };
	strcpy(l->end[0].hook, ahook);
	strcpy(l->end[1].hook, bhook);
	return (l);
}

static int
anew(void **state)
{
	(void)state;
	nanswers = asked = 0;
	ctl.as_json = false;
	return (0);
}

/* ---- the graph in memory */

static void
hook_is(const struct g_hook *h, const char *name, uint32_t peer, const char *peername)
{
	assert_non_null(h);
	assert_string_equal(h->name, name);
	assert_int_equal(h->peer->node->id, peer);
	assert_string_equal(h->peer->name, peername);
}

static void
test_graph(void **state)
{
	struct made *m = snapshot(1);
	const struct g_hook *h;
	struct graph *g;

	(void)state;
	node(m, 3, "three", "hub", 0);
	node(m, 4, "", "tee", NGU_N_CLOSED);
	node(m, 5, "late", "hub", NGU_N_DYING);
	node(m, 9, "nine", "socket", 0);
	edge(m, 0, "z", 0, 1, "left", 0);
	edge(m, 0, "b", 0, 0, "a", 0); /* itself, the later name first */
	edge(m, 0, "half", 0, 3, "half", 0)->end[1].flags = NGU_H_INVALID;
	edge(m, 0, "late", 0, 2, "x", 0);
	edge(m, 1, "right", 0, 3, "o", 0)->end[0].flags = NGU_H_QUEUE | NGU_H_WATCHED;
	assert_non_null(g = graph_live("test"));
	assert_int_equal(asked, 1);
	assert_false(g->changed);
	assert_int_equal(g->n, 3);
	assert_null(graph_id(g, 5));
	assert_null(graph_named(g, "late"));
	assert_true(graph_named(g, "nine")->end);
	assert_string_equal(graph_id(g, 4)->type, "tee");
	assert_int_equal(graph_id(g, 3)->nhooks, 3);
	h = graph_id(g, 3)->hooks; /* in the order of names, as the links of one node */
	hook_is(h, "a", 3, "b");
	hook_is(h->next, "b", 3, "a");
	hook_is(h->next->next, "z", 4, "left");
	assert_null(h->next->next->next);
	hook_is(graph_id(g, 9)->hooks, "o", 4, "right");
	assert_int_equal(graph_id(g, 9)->nhooks, 1);
	graph_free(g);
}

/* A graph that changes while it is read is read again, a few times; a text of full size is cut. */
static void
test_changing(void **state)
{
	struct made *m = snapshot(1);
	struct graph *g;

	(void)state;
	m->s.flags = NGU_SNAP_CHANGED;
	node(m, 1, "before", "hub", 0);
	*snapshot(2) = *m;
	m = snapshot(3);
	node(m, 1, "", "hub", 0);
	memset(m->node[0].name, 'n', sizeof(m->node[0].name));
	assert_non_null(g = graph_live("test"));
	assert_int_equal(asked, 3);
	assert_false(g->changed);
	assert_int_equal(strlen(g->node[0]->name), NG_NODESIZ - 1);
	graph_free(g);

	nanswers = asked = 0;
	m = snapshot(1);
	m->s.flags = NGU_SNAP_CHANGED;
	node(m, 7, "always", "hub", 0);
	assert_non_null(g = graph_live("test"));
	assert_int_equal(asked, 5);
	assert_true(g->changed);
	assert_non_null(graph_named(g, "always"));
	graph_free(g);
}

/* ---- watch */

static char printed[16384];

/* Run a command with its output to `fd`, which is then closed. */
static enum result
to(int fd, const struct command *c, int ac, ...)
{
	int was = dup(1);
	enum result r;
	char *av[16];
	va_list ap;
	int i;

	va_start(ap, ac);
	for (i = 0; i < ac; i++)
		av[i] = va_arg(ap, char *);
	va_end(ap);
	fflush(stdout);
	dup2(fd, 1);
	r = c->run(ac, av);
	fflush(stdout);
	dup2(was, 1);
	close(was);
	close(fd);
	return (r);
}

#define PRINTS(c, ac, ...) \
	do { \
		FILE *tmp = tmpfile(); \
		assert_int_equal(to(dup(fileno(tmp)), (c), (ac), __VA_ARGS__), CMD_OK); \
		slurp(tmp, printed, sizeof(printed)); \
	} while (0)

/* Two nodes; half a second later there is more; then the second link is another of the same names; then the clock stands. */
static void
four(void)
{
	struct made *m = snapshot(1000);

	node(m, 1, "in", "hub", 0);
	node(m, 0x1f, "", "tee", 0);
	edge(m, 0, "a", 10, 1, "left", 1000);
	edge(m, 0, "b", 400, 1, "right", 50);
	*(m = snapshot(0)) = answers[0];
	m->s.time_ns = UINT64_C(1500) * 1000000;
	m->node[1].queued = 12;
	m->link[0].end[1].packets += 1000, m->link[0].end[1].bytes += 64000;
	m->link[0].end[1].refused += 2;
	m->link[1].end[0].packets += 1;
	*(m = snapshot(0)) = answers[1];
	m->s.time_ns = UINT64_C(2500) * 1000000;
	m->s.flags = NGU_SNAP_CHANGED;
	m->link[1].end[0].packets = 7, m->link[1].end[0].bytes = 90, m->link[1].end[1].packets = 0, m->link[1].end[1].bytes = 0;
	edge(m, 1, "own", 1, 1, "own2", 2);
	*(m = snapshot(0)) = answers[2];
	m->link[0].end[0].packets++;
}

static void
test_tables(void **state)
{
	(void)state;
	four();
	PRINTS(&watch_command, 5, "watch", "-n", "3", "-i", "0.001");
	assert_string_equal(printed,
	    "g: 2 nodes, 2 links, 2002 packets a second over all\n"
	    "   packets/s        bytes/s  refused/s   queued  link\n"
	    "        2000         128000        4.0       12  in:a -> [1f]:left\n"
	    "         2.0              0          0        0  [1f]:right -> in:b\n"
	    "           0              0          0       12  in:b -> [1f]:right\n"
	    "           0              0          0        0  [1f]:left -> in:a\n"
	    "\n"
	    "g: 2 nodes, 3 links, 10.0 packets a second over all, changing\n"
	    "   packets/s        bytes/s  refused/s   queued  link\n"
	    "         7.0           90.0          0        0  [1f]:right -> in:b\n"
	    "         2.0            200          0       12  [1f]:own -> [1f]:own2\n"
	    "         1.0            100          0       12  [1f]:own2 -> [1f]:own\n"
	    "           0              0          0       12  in:a -> [1f]:left\n"
	    "           0              0          0       12  in:b -> [1f]:right\n"
	    "           0              0          0        0  [1f]:left -> in:a\n"
	    "\n"
	    "g: 2 nodes, 3 links, 1.0 packets more, the graph's clock stands still, changing\n"
	    "     packets          bytes    refused   queued  link\n"
	    "         1.0              0          0        0  [1f]:left -> in:a\n"
	    "           0              0          0       12  in:a -> [1f]:left\n"
	    "           0              0          0       12  in:b -> [1f]:right\n"
	    "           0              0          0       12  [1f]:own -> [1f]:own2\n"
	    "           0              0          0       12  [1f]:own2 -> [1f]:own\n"
	    "           0              0          0        0  [1f]:right -> in:b\n"
	    "\n");
}

static void
test_as_json(void **state)
{
	const char *second;

	(void)state;
	four();
	ctl.as_json = true;
	PRINTS(&watch_command, 5, "watch", "-n", "2", "-i", "0.001");
	assert_int_equal(json_documents(printed), 2);
	assert_non_null(second = strchr(printed, '\n'));
	assert_non_null(strstr(printed, "{\"graph\":\"g\",\"time\":1500000000,\"span\":500000000,\"nodes\":2,\"links\":2,\"changed\":false,\"flows\":["
	    "{\"from\":{\"id\":1,\"name\":\"in\",\"type\":\"hub\",\"hook\":\"a\"},\"to\":{\"id\":31,\"name\":null,\"type\":\"tee\",\"hook\":\"left\"},"
	    "\"packets\":1000,\"bytes\":64000,\"refused\":2,\"queued\":12}"));
	assert_non_null(strstr(second, "\"span\":1000000000,\"nodes\":2,\"links\":3,\"changed\":true"));
}

/* On a terminal: anew in the same place, no more lines than it has, none longer. */
static void
test_screen(void **state)
{
	struct winsize w = { .ws_row = 5, .ws_col = 40 };
	struct termios t;
	int tty, slave;
	ssize_t n;
	size_t len = 0;

	(void)state;
	four();
	assert_true((tty = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) >= 0);
	assert_int_equal(grantpt(tty), 0);
	assert_int_equal(unlockpt(tty), 0);
	assert_true((slave = open(ptsname(tty), O_RDWR | O_NOCTTY | O_CLOEXEC)) >= 0);
	assert_int_equal(tcgetattr(slave, &t), 0);
	t.c_oflag &= ~(tcflag_t)OPOST;
	assert_int_equal(tcsetattr(slave, TCSANOW, &t), 0);
	assert_int_equal(ioctl(slave, TIOCSWINSZ, &w), 0);
	assert_int_equal(to(slave, &watch_command, 5, "watch", "-i", "0.001", "-n", "2"), CMD_OK);
	while (len < sizeof(printed) - 1 && (n = read(tty, printed + len, sizeof(printed) - 1 - len)) > 0) /* EIO at its end */
		len += (size_t)n;
	printed[len] = '\0';
	close(tty);
	assert_string_equal(printed,
	    "\033[2J\033[H"
	    "g: 2 nodes, 2 links, 2002 packets a seco\033[K\n"
	    "   packets/s        bytes/s  refused/s  \033[K\n"
	    "        2000         128000        4.0  \033[K\n"
	    "3 more\033[K\n"
	    "\033[J\033[H"
	    "g: 2 nodes, 3 links, 10.0 packets a seco\033[K\n"
	    "   packets/s        bytes/s  refused/s  \033[K\n"
	    "         7.0           90.0          0  \033[K\n"
	    "5 more\033[K\n"
	    "\033[J");
}

static void
test_wrong(void **state)
{
	static const char *const wrong[][4] = { { "watch", "a", "b" }, { "watch", "-n" }, { "watch", "-n", "0" }, { "watch", "-i", "0" }, { "watch", "-i", "x" } };
	char *av[8];
	size_t i;
	int ac;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		for (ac = 0; wrong[i][ac] != NULL; ac++)
			av[ac] = (char *)(uintptr_t)wrong[i][ac];
		assert_int_equal(watch_command.run(ac, av), CMD_USAGE);
	}
	assert_int_equal(asked, 0);
}

/* Who is asked is gone. */
static void
test_gone(void **state)
{
	FILE *tmp = tmpfile();
	int err = dup(2);
	enum result r;

	(void)state;
	fflush(stdout);
	dup2(fileno(tmp), 2);
	r = to(open("/dev/null", O_WRONLY), &watch_command, 1, "watch");
	dup2(err, 2);
	close(err);
	slurp(tmp, printed, sizeof(printed));
	assert_int_equal(r, CMD_ERROR);
	assert_non_null(strstr(printed, "ECONNRESET"));
}

/* ---- the program, on a graph that this one serves */

static void
quiet(void *arg, int level, const char *line)
{
	(void)arg;
	(void)level;
	(void)line;
}

/* The number behind the last `key` before the end of the flow into hook `hook`. */
static long
of_flow(const char *line, const char *hook, const char *key)
{
	const char *p;

	assert_non_null(p = strstr(line, hook));
	assert_non_null(p = strstr(p, key));
	return (strtol(p + strlen(key), NULL, 10));
}

static void
test_program(void **state)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .name = "test", .log = quiet };
	struct ngu_serve_opts so = { .size = sizeof(so), .log = quiet };
	char dir[] = "/tmp/ngt-XXXXXX", path[64], where[80], line[8192];
	struct ngu_server *server;
	struct ngu_port *in, *out;
	long packets = 0, bytes = 0;
	struct ngu_graph *g;
	int p[2], status;
	FILE *f;
	pid_t pid;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/s", dir);
	snprintf(where, sizeof(where), "unix:%s", path);
	setenv("NETGRAPH", where, 1);
	assert_int_equal(ngu_graph_create(&o, &g), 0);
	assert_int_equal(ngu_serve(g, path, &so, &server), 0);
	assert_int_equal(ngu_mknode(g, "hub", "h", NULL), 0);
	assert_int_equal(ngu_port_open(g, "h:", "in", NULL, NULL, &in), 0);
	assert_int_equal(ngu_port_open(g, "h:", "out", NULL, NULL, &out), 0);
	assert_int_equal(pipe(p), 0);
	fcntl(p[0], F_SETFD, FD_CLOEXEC);
	assert_true((pid = fork()) >= 0);
	if (pid == 0) {
		dup2(p[1], 1);
		close(p[1]);
		execl(NGT_NGCTL, "ngctl", "watch", "h:", "--json", "-i", "0.01", (char *)NULL);
		_exit(127);
	}
	close(p[1]);
	assert_non_null(f = fdopen(p[0], "r"));
	assert_non_null(fgets(line, sizeof(line), f));
	assert_int_equal(of_flow(line, "\"to\":{\"id\":1,\"name\":\"h\",\"type\":\"hub\",\"hook\":\"in\"", "\"packets\":"), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(ngu_port_send(in, ngu_packet(g, "abcd", 4)), 0);
	while (packets < 3) {
		assert_non_null(fgets(line, sizeof(line), f));
		packets += of_flow(line, "\"to\":{\"id\":1,\"name\":\"h\",\"type\":\"hub\",\"hook\":\"in\"", "\"packets\":");
		bytes += of_flow(line, "\"to\":{\"id\":1,\"name\":\"h\",\"type\":\"hub\",\"hook\":\"in\"", "\"bytes\":");
	}
	assert_int_equal(packets, 3);
	assert_int_equal(bytes, 12);
	kill(pid, SIGINT);
	while (fgets(line, sizeof(line), f) != NULL)
		;
	fclose(f);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	/* the node goes: the end, with a word about it */
	assert_int_equal(pipe(p), 0);
	fcntl(p[0], F_SETFD, FD_CLOEXEC);
	assert_true((pid = fork()) >= 0);
	if (pid == 0) {
		dup2(p[1], 1), dup2(p[1], 2);
		close(p[1]);
		execl(NGT_NGCTL, "ngctl", "watch", "h:", "-i", "0.01", (char *)NULL);
		_exit(127);
	}
	close(p[1]);
	assert_non_null(f = fdopen(p[0], "r"));
	assert_non_null(fgets(line, sizeof(line), f));
	assert_memory_equal(line, "test h:: 4 nodes, 2 links, ", 27);
	ngu_port_close(in);
	ngu_port_close(out);
	while (fgets(line, sizeof(line), f) != NULL)
		;
	assert_memory_equal(line, "ngctl: watch \"h:\" in graph ", 27);
	assert_non_null(strstr(line, "ENOENT"));
	fclose(f);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 71);
	ngu_serve_end(server);
	assert_int_equal(ngu_graph_destroy(g), 0);
	unsetenv("NETGRAPH");
	rmdir(dir);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_graph, anew),
		cmocka_unit_test_setup(test_changing, anew),
		cmocka_unit_test_setup(test_tables, anew),
		cmocka_unit_test_setup(test_as_json, anew),
		cmocka_unit_test_setup(test_screen, anew),
		cmocka_unit_test_setup(test_wrong, anew),
		cmocka_unit_test_setup(test_gone, anew),
		cmocka_unit_test_setup(test_program, anew),
	};

	no_waiting();
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
