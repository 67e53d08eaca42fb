/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * serve.h - what the tests of this folder share: for each test a graph with a control point, packets between two of its nodes that must all arrive
 * whatever else goes on, and clients without a library: frames on a channel.
 */
#ifndef TESTS_SERVE_H
#define TESTS_SERVE_H

#include <sys/types.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <netgraph/ng_message.h>
#include <netgraph/ng_socket.h>
#include <ng/host.h>
#include <ng/ng.h>
#include <ng/serve.h>

#include "port/sock.h"
#include "serve/wire.h"

#define ok(call) assert_int_equal((call), 0)
#define UNUSED __attribute__((__unused__))
#define PATIENCE_MS 60000 /* for what must come; no verdict but "never" hangs on it */

static struct ngu_graph *g;
static struct ngu_server *server;
static char dir[64], sock_path[96];

UNUSED static int
open_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 16384; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return (n);
}

/* ---- waiting for what must come ---- */

UNUSED static void
nap(void)
{
	(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

#define until(cond) \
	do { \
		int left_ = PATIENCE_MS; \
		while (!(cond) && left_-- != 0) \
			nap(); \
		if (!(cond)) \
			fail_msg("never: %s", #cond); \
	} while (0)

UNUSED static struct ngu_serve_stats
stats(void)
{
	struct ngu_serve_stats st;

	ngu_serve_stats(server, &st);
	return (st);
}

UNUSED static uint64_t
nodes(void)
{
	struct ngu_graph_stats st;

	ngu_graph_stats(g, &st);
	return (st.nodes);
}

/* ---- packets that flow meanwhile ---- */

static struct {
	struct ngu_port *a, *b;
	pthread_t thread;
	_Atomic bool stop;
	_Atomic uint64_t sent, came, errors;
} flow;

static void
flow_rx(void *arg, struct mbuf *m)
{
	(void)arg;
	atomic_fetch_add(&flow.came, 1);
	ngu_packet_free(m);
}

static void *
flow_run(void *arg)
{
	while (!atomic_load(&flow.stop)) {
		for (int i = 0; i < 32; i++) {
			if (ngu_port_send(flow.a, ngu_packet(g, "packet", 6)) != 0)
				atomic_fetch_add(&flow.errors, 1);
			atomic_fetch_add(&flow.sent, 1);
		}
		(void)nanosleep(&(struct timespec){ .tv_nsec = 200000 }, NULL); /* the processors are for the others, too */
	}
	return (arg);
}

/* They flow on. */
UNUSED static void
flows(void)
{
	uint64_t before = atomic_load(&flow.came);

	until(atomic_load(&flow.came) >= before + 64);
}

/* ---- a graph and a server for each test ---- */

static int fds_before;
static uint64_t nodes_before;
static struct ngu_serve_opts serve_opts;
static _Atomic unsigned log_lines;
static char log_text[8192];
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;

static void
log_line(void *arg, int level, const char *line)
{
	size_t n;

	(void)arg;
	(void)level;
	pthread_mutex_lock(&log_lock);
	n = strlen(log_text);
	(void)snprintf(log_text + n, sizeof(log_text) - n, "%s\n", line);
	atomic_fetch_add(&log_lines, 1);
	pthread_mutex_unlock(&log_lock);
}

UNUSED static bool
logged(const char *text)
{
	bool is;

	pthread_mutex_lock(&log_lock);
	is = strstr(log_text, text) != NULL;
	pthread_mutex_unlock(&log_lock);
	return (is);
}

UNUSED static void
serve_begin(void)
{
	serve_opts.size = sizeof(serve_opts);
	serve_opts.log = log_line;
	ok(ngu_serve(g, sock_path, &serve_opts, &server));
}

UNUSED static void
serve_end(void)
{
	ngu_serve_end(server);
	server = NULL;
}

/* Another server in the place of the test's. */
#define serve_with(...) \
	do { \
		serve_end(); \
		serve_opts = (struct ngu_serve_opts){ __VA_ARGS__ }; \
		serve_begin(); \
	} while (0)

UNUSED static int
setup(void **state)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .name = "test", .workers = 1 };

	(void)state;
	(void)signal(SIGPIPE, SIG_DFL); /* which nothing here may raise */
	fds_before = open_fds();
	log_text[0] = '\0';
	(void)snprintf(dir, sizeof(dir), "%s/ngXXXXXX", P_tmpdir);
	if (mkdtemp(dir) == NULL || ngu_graph_create(&o, &g) != 0)
		return (-1);
	(void)snprintf(sock_path, sizeof(sock_path), "%s/s", dir);
	ok(ngu_mknode(g, "hub", "flow", NULL));
	ok(ngu_port_open(g, "flow:", "a", NULL, NULL, &flow.a));
	ok(ngu_port_open(g, "flow:", "b", flow_rx, NULL, &flow.b));
	atomic_store(&flow.sent, 0);
	atomic_store(&flow.came, 0);
	atomic_store(&flow.errors, 0);
	atomic_store(&flow.stop, false);
	nodes_before = nodes();
	serve_opts = (struct ngu_serve_opts){ .size = 0 };
	serve_begin();
	return (pthread_create(&flow.thread, NULL, flow_run, NULL));
}

UNUSED static int
teardown(void **state)
{
	int error = 0;

	(void)state;
	ngu_serve_end(server);
	server = NULL;
	flows();
	atomic_store(&flow.stop, true);
	(void)pthread_join(flow.thread, NULL);
	if (ngu_settle(g, PATIENCE_MS) != 0 || atomic_load(&flow.came) != atomic_load(&flow.sent) || atomic_load(&flow.sent) == 0) {
		print_error("%llu packets sent, %llu came, %llu errors\n", (unsigned long long)flow.sent, (unsigned long long)flow.came,
		    (unsigned long long)flow.errors);
		error = -1;
	}
	ngu_port_close(flow.a);
	ngu_port_close(flow.b);
	if (ngu_graph_destroy(g) != 0) {
		print_error("the graph does not end\n");
		error = -1;
	}
	if (access(sock_path, F_OK) == 0 || rmdir(dir) != 0) {
		print_error("the socket's file is still there, or something else\n");
		error = -1;
	}
	if (open_fds() != fds_before) {
		print_error("%d descriptors were open, now %d\n", fds_before, open_fds());
		error = -1;
	}
	return (error);
}

#define serve_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* ---- a client without a library ---- */

struct raw {
	int fd;
	uint32_t id; /* of the latest question */
	/* the latest answer */
	struct wire_head head;
	struct wire_body body;
	int passed;
	void *room, *file;
};

UNUSED static struct raw *
raw_open(const char *path)
{
	struct raw *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	assert_non_null(r->room = malloc(WIRE_ROOM));
	r->passed = -1;
	ok(ngu__sock_connect(path, PATIENCE_MS, &r->fd));
	return (r);
}

UNUSED static void
raw_forget(struct raw *r)
{
	free(r->file);
	r->file = NULL;
	if (r->passed >= 0)
		(void)close(r->passed);
	r->passed = -1;
}

UNUSED static void
raw_close(struct raw *r)
{
	raw_forget(r);
	(void)close(r->fd);
	free(r->room);
	free(r);
}

/* The next frame from the server: 0 or ngu__wire_recv()'s error. The end, in whatever form, is EPIPE. */
UNUSED static int
raw_recv(struct raw *r)
{
	struct pollfd p = { .fd = r->fd, .events = POLLIN };
	int error;

	raw_forget(r);
	if (poll(&p, 1, PATIENCE_MS) != 1)
		fail_msg("the server says nothing");
	error = ngu__wire_recv(r->fd, true, true, WIRE_MAX, r->room, &r->head, &r->body, &r->file, &r->passed);
	return (error == ECONNRESET ? ngu__wire_recv(r->fd, true, true, WIRE_MAX, r->room, &r->head, &r->body, &r->file, &r->passed) : error);
}

UNUSED static int
raw_send(struct raw *r, enum wire_op op, struct ngu_fdid id, const struct wire_body *body, int pass)
{
	static const struct wire_body nothing;
	struct wire_head head = { .op = op, .id = ++r->id, .dev = id.dev, .ino = id.ino };

	return (ngu__wire_send(r->fd, &head, body != NULL ? body : &nothing, pass, true));
}

/* A question and its answer: the answer's error. */
UNUSED static int
raw_ask(struct raw *r, enum wire_op op, struct ngu_fdid id, const struct wire_body *body, int pass)
{
	ok(raw_send(r, op, id, body, pass));
	ok(raw_recv(r));
	assert_int_equal(r->head.id, r->id);
	return ((int)r->head.error);
}

static const struct ngu_fdid none;

UNUSED static void
raw_hello(struct raw *r)
{
	ok(raw_ask(r, WIRE_HELLO, none, &(struct wire_body){ .text = "test" }, -1));
	assert_string_equal(r->body.text, ngu_version());
}

UNUSED static struct raw *
raw_client(void)
{
	struct raw *r = raw_open(sock_path);

	raw_hello(r);
	return (r);
}

/* A socket: its descriptor. */
UNUSED static int
raw_socket(struct raw *r, enum ngu_sock_kind kind, struct ngu_fdid *id)
{
	int fd;

	ok(raw_ask(r, WIRE_SOCKET, none, &(struct wire_body){ .n = { kind } }, -1));
	fd = r->passed;
	r->passed = -1;
	assert_true(fd >= 0);
	*id = (struct ngu_fdid){ r->head.dev, r->head.ino };
	return (fd);
}

struct message {
	union {
		struct ng_mesg msg;
		char bytes[sizeof(struct ng_mesg) + 1024];
	};
};

/* *m as a message; its length. */
UNUSED static size_t
message(struct message *m, int cmd, const void *arg, size_t len)
{
	memset(m, 0, sizeof(*m));
	m->msg.header.version = NG_VERSION;
	m->msg.header.typecookie = NGM_GENERIC_COOKIE;
	m->msg.header.cmd = (uint32_t)cmd;
	m->msg.header.arglen = (uint32_t)len;
	if (len != 0)
		memcpy(m->bytes + sizeof(m->msg), arg, len);
	return (sizeof(m->msg) + len);
}

UNUSED static int
raw_msg(struct raw *r, enum wire_op op, struct ngu_fdid id, const char *path, int cmd, const void *arg, size_t len)
{
	struct message m;
	size_t n = message(&m, cmd, arg, len);

	return (raw_ask(r, op, id, &(struct wire_body){ .text = path, .bytes = &m, .len = n }, -1));
}

/* All is well for somebody who does what he should: the server, and the packets. */
UNUSED static void
all_well(void)
{
	struct raw *r = raw_client();
	struct ngu_fdid id;
	int fd = raw_socket(r, NGU_SOCK_CONTROL, &id);

	ok(raw_msg(r, WIRE_QUERY, id, ".", NGM_NODEINFO, NULL, 0));
	assert_int_equal(r->body.len, sizeof(struct ng_mesg) + sizeof(struct nodeinfo));
	(void)close(fd);
	raw_close(r);
	flows();
}

/* ---- a node whose method takes as long as the test wants ---- */

static struct {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool hold;
	unsigned inside;
} stuck = { .lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER };

struct ng_node;
struct ng_hook;
struct ng_item;

UNUSED static int
stuck_method(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	(void)arg, (void)node, (void)hook, (void)item;
	pthread_mutex_lock(&stuck.lock);
	stuck.inside++;
	while (stuck.hold)
		pthread_cond_wait(&stuck.cond, &stuck.lock);
	stuck.inside--;
	pthread_mutex_unlock(&stuck.lock);
	return (0);
}

UNUSED static unsigned
stuck_inside(void)
{
	unsigned n;

	pthread_mutex_lock(&stuck.lock);
	n = stuck.inside;
	pthread_mutex_unlock(&stuck.lock);
	return (n);
}

UNUSED static void
stuck_hold(bool hold)
{
	pthread_mutex_lock(&stuck.lock);
	stuck.hold = hold;
	(void)pthread_cond_broadcast(&stuck.cond);
	pthread_mutex_unlock(&stuck.lock);
}

#endif /* TESTS_SERVE_H */
