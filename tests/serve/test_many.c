/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_many.c - ngu_serve(): a thousand clients, each with a node; and clients that are killed at each step of a session. Packets between
 * other nodes flow meanwhile.
 */
#include "serve/serve.h"

#include <ng/test.h>

#include "support/self.h"

#define CLIENTS 1000
#define PER_CLIENT 4 /* descriptors here: both ends of a channel, both of a socket */

/* ---- a thousand ---- */

static unsigned
how_many(void)
{
	struct rlimit lim;
	rlim_t left;

	ok(getrlimit(RLIMIT_NOFILE, &lim));
	if (lim.rlim_cur < CLIENTS * PER_CLIENT + 200 && lim.rlim_max > lim.rlim_cur) {
		lim.rlim_cur = lim.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &lim);
		ok(getrlimit(RLIMIT_NOFILE, &lim));
	}
	left = lim.rlim_cur > 200 ? (lim.rlim_cur - 200) / PER_CLIENT : 0;
	if (left < CLIENTS) {
		print_message("# %u clients in place of %u: %lu descriptors allowed\n", (unsigned)left, CLIENTS, (unsigned long)lim.rlim_cur);
		return ((unsigned)left);
	}
	return (CLIENTS);
}

static void
test_thousand(void **state)
{
	static struct {
		struct raw *r;
		struct ngu_fdid id;
		int fd;
	} c[CLIENTS];
	unsigned n = how_many();
	char name[32];

	(void)state;
	assert_true(n >= 16);
	for (unsigned i = 0; i < n; i++) {
		c[i].r = raw_client();
		c[i].fd = raw_socket(c[i].r, NGU_SOCK_CONTROL, &c[i].id);
		(void)snprintf(name, sizeof(name), "c%u", i);
		ok(raw_ask(c[i].r, WIRE_BIND, c[i].id, &(struct wire_body){ .text = name }, -1));
	}
	assert_int_equal(stats().clients, n);
	assert_int_equal(stats().sockets, n);
	assert_int_equal(nodes(), nodes_before + n);
	/* All ask at once, each the one before, then all read. */
	for (unsigned i = 0; i < n; i++) {
		struct message m;
		size_t len = message(&m, NGM_NODEINFO, NULL, 0);

		(void)snprintf(name, sizeof(name), "c%u:", (i + n - 1) % n);
		ok(raw_send(c[i].r, WIRE_QUERY, c[i].id, &(struct wire_body){ .text = name, .bytes = &m, .len = len }, -1));
	}
	for (unsigned i = 0; i < n; i++) {
		ok(raw_recv(c[i].r));
		assert_int_equal(c[i].r->head.error, 0);
		(void)snprintf(name, sizeof(name), "c%u", (i + n - 1) % n);
		assert_int_equal(c[i].r->body.len, sizeof(struct ng_mesg) + sizeof(struct nodeinfo));
		assert_string_equal(((const struct nodeinfo *)(const void *)((const char *)c[i].r->body.bytes + sizeof(struct ng_mesg)))->name, name);
	}
	flows();
	/* Every other one goes; the rest is as it was. */
	for (unsigned i = 0; i < n; i += 2) {
		raw_close(c[i].r);
		(void)close(c[i].fd);
	}
	until(stats().clients == n / 2 && stats().sockets == n / 2 && nodes() == nodes_before + n / 2);
	for (unsigned i = 1; i < n; i += 2) {
		ok(raw_ask(c[i].r, WIRE_NAME, c[i].id, NULL, -1));
		(void)snprintf(name, sizeof(name), "c%u", i);
		assert_string_equal(c[i].r->body.text, name);
		raw_close(c[i].r);
		(void)close(c[i].fd);
	}
	until(stats().clients == 0 && stats().sockets == 0 && nodes() == nodes_before);
	assert_int_equal(stats().flying, 0);
	assert_int_equal(stats().refused, 0);
	all_well();
}

/* ---- killed at each step ---- */

static int step_to_die;

static void
step(void)
{
	if (--step_to_die == 0)
		(void)raise(SIGKILL);
}

/* In a process of its own: a session, and death when it is time. 0: it had fewer steps. */
static int
session(const char *path)
{
	struct ngm_mkpeer mkpeer = { .type = "echo", .ourhook = "e", .peerhook = "x" };
	struct ngu_fdid cid, did;
	struct raw *r;
	int cs, ds;
	struct message m;
	size_t n;

	(void)snprintf(sock_path, sizeof(sock_path), "%s", path);
	r = raw_open(path);
	step();
	ok(raw_send(r, WIRE_HELLO, none, &(struct wire_body){ .text = "dies" }, -1));
	step();
	ok(raw_recv(r));
	step();
	ok(raw_send(r, WIRE_SOCKET, none, &(struct wire_body){ .n = { NGU_SOCK_CONTROL } }, -1));
	step();
	ok(raw_recv(r));
	cs = r->passed;
	r->passed = -1;
	cid = (struct ngu_fdid){ r->head.dev, r->head.ino };
	step();
	ok(raw_send(r, WIRE_BIND, cid, &(struct wire_body){ .text = "dies" }, -1));
	step();
	ok(raw_recv(r));
	ds = raw_socket(r, NGU_SOCK_DATA, &did);
	step();
	ok(raw_send(r, WIRE_CONNECT, did, &(struct wire_body){ .text = "dies:" }, -1));
	step();
	ok(raw_recv(r));
	n = message(&m, NGM_MKPEER, &mkpeer, sizeof(mkpeer));
	ok(raw_send(r, WIRE_MSG, cid, &(struct wire_body){ .text = ".", .bytes = &m, .len = n }, -1));
	step();
	ok(raw_recv(r));
	step();
	for (int i = 0; i < 20; i++) /* answers that nobody reads, on both */
		ok(raw_send(r, WIRE_DATA, did, &(struct wire_body){ .text = "e", .bytes = "hello", .len = 5 }, -1));
	step();
	n = message(&m, NGM_NODEINFO, NULL, 0);
	for (int i = 0; i < 20; i++)
		ok(raw_send(r, WIRE_MSG, cid, &(struct wire_body){ .text = ".", .bytes = &m, .len = n }, -1));
	step();
	/* Half of a question in two frames that were never one, and a message that never ends. */
	ok(ngu__sock_send(r->fd, &(struct iovec){ .iov_base = &m, .iov_len = 20 }, 1, -1, true));
	step();
	raw_close(r);
	r = raw_open(path);
	ok(raw_send(r, WIRE_HELLO, none, &(struct wire_body){ .text = "again" }, -1));
	ok(raw_send(r, WIRE_ADOPT, cid, NULL, cs));
	step();
	ok(raw_recv(r));
	ok(raw_recv(r));
	m.msg.header.typecookie = 4711;
	for (int i = 0; i < 10; i++)
		ok(raw_send(r, WIRE_MSG, cid, &(struct wire_body){ .text = "stuck:", .bytes = &m, .len = n }, -1));
	step();
	ok(raw_send(r, WIRE_KIND, did, NULL, -1)); /* its answer comes before theirs */
	ok(raw_recv(r));
	step();
	(void)shutdown(r->fd, SHUT_WR);
	step();
	(void)close(cs);
	step();
	(void)close(ds);
	step();
	raw_close(r);
	step();
	return (0);
}

static void
test_killed(void **state)
{
	char self[512], text[160];
	int status, i, died = 0;
	pid_t pid;

	(void)state;
	self_path(self, sizeof(self));
	assert_true(self[0] != '\0');
	ngt_trace_type("stuck", 0);
	ngt_trace_on("rcvmsg stuck", stuck_method, NULL);
	ok(ngu_mknode(g, "stuck", "stuck", NULL));
	for (i = 1; i < 100; i++) {
		stuck_hold(true);
		(void)snprintf(text, sizeof(text), "%d:%s", i, sock_path);
		assert_true((pid = fork()) >= 0);
		if (pid == 0) {
			self_exec(self, "--session", text);
			_exit(99);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		/* Its channel is closed; its node goes, but for the one that its message is in. */
		until(stats().clients == 0);
		flows();
		stuck_hold(false);
		until(stats().sockets == 0 && stats().flying == 0);
		until(nodes() == nodes_before + 1);
		if (WIFEXITED(status)) {
			assert_int_equal(WEXITSTATUS(status), 0);
			break;
		}
		assert_true(WIFSIGNALED(status));
		if (WTERMSIG(status) == SIGKILL)
			died++;
	}
	assert_int_equal(died, i - 1);
	assert_true(died >= 20);
	print_message("# killed at %d steps\n", died);
	all_well();
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		serve_test(test_thousand),
		serve_test(test_killed),
	};

	if (argc == 3 && strcmp(argv[1], "--session") == 0) {
		step_to_die = atoi(argv[2]);
		return (session(strchr(argv[2], ':') + 1));
	}
	return (cmocka_run_group_tests_name("many", tests, NULL, NULL));
}
