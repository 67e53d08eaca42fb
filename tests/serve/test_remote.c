/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_remote.c - <netgraph.h> to a graph behind a control point: many threads on one channel, forks and execs, servers that go, come back,
 * or are none. Of the calls themselves tests/client has more.
 */
#include "serve/serve.h"

#include <netgraph.h>
#include <ng/client.h>

#include "client/client.h"
#include "support/self.h"

/* It fails, and errno says this. */
#define fails(call, error) \
	do { \
		errno = 0; \
		assert_int_equal((call), -1); \
		assert_int_equal(errno, (error)); \
	} while (0)

static char where[128];

static int
setup_remote(void **state)
{
	int error = setup(state);

	(void)snprintf(where, sizeof(where), "unix:%s", sock_path);
	if (error == 0)
		error = ngu_client_use(where);
	return (error);
}

#define remote_test(f) cmocka_unit_test_setup_teardown(f, setup_remote, teardown)

/* The channel stays with the process; a test's descriptors are counted, so each ends its own. */
static void
end_channel(void)
{
	serve_end();
	assert_true(ngu_client_ask(NGU_ASK_VERSION, NULL, 0, &(void *){ NULL }) < 0);
}

static void
info(int cs, const char *path, const char *name)
{
	struct ng_mesg *m;
	int token = NgSendMsg(cs, path, NGM_GENERIC_COOKIE, NGM_NODEINFO, NULL, 0);

	assert_true(token >= 0);
	assert_true(NgAllocRecvMsg(cs, &m, NULL) > 0);
	assert_int_equal(m->header.token, token);
	assert_string_equal(((const struct nodeinfo *)(const void *)m->data)->name, name);
	free(m);
}

/* ---- what tests/client does, in short ---- */

static void
test_calls(void **state)
{
	char hook[NG_HOOKSIZ], buf[512];
	struct ng_mesg *m = NULL;
	struct ngu_apply_error e;
	void *answer;
	int cs, ds, other;
	ssize_t n;

	(void)state;
	ok(NgMkSockNode("me", &cs, &ds));
	fails(NgMkSockNode("me", &other, NULL), EADDRINUSE);
	info(cs, ".", "me");
	assert_true(NgSendAsciiMsg(cs, ".", "mkpeer { type=\"echo\" ourhook=\"e\" peerhook=\"x\" }") >= 0);
	fails(NgSendMsg(cs, "nobody:", NGM_GENERIC_COOKIE, NGM_NODEINFO, NULL, 0), ENOENT);
	ok(NgSendData(ds, "e", (const u_char *)"hello", 5));
	assert_int_equal(NgRecvData(ds, (u_char *)buf, sizeof(buf), hook), 5);
	assert_memory_equal(buf, "hello", 5);
	assert_string_equal(hook, "e");
	fails(NgSendData(ds, "f", (const u_char *)"hello", 5), EHOSTUNREACH);
	assert_true(ngu_client_query(cs, "flow:", NGM_GENERIC_COOKIE, NGM_NODEINFO, NULL, 0, &m) > 0);
	free(m);
	assert_true(ngu_client_query(cs, ".", NGM_GENERIC_COOKIE, NGM_NAME, &(struct ngm_name){ .name = "you" }, sizeof(struct ngm_name), &m) == 0);
	ok(ngu_client_setbuf(ds, 50000, 0));
	ok(ngu_client_raw(ds));
	fails(ngu_client_raw(cs), EINVAL);
	ok(ngu_client_apply("mknode hub h1\n", 0, NULL));
	fails(ngu_client_apply("mknode hub h1\n", 0, &e), EADDRINUSE);
	assert_int_equal(e.line, 1);
	assert_true((n = ngu_client_ask(NGU_ASK_VERSION, NULL, 0, &answer)) > 0);
	assert_memory_equal(answer, ngu_version(), strlen(ngu_version()));
	free(answer);
	fails((int)ngu_client_ask(9999, NULL, 0, &answer), EOPNOTSUPP);
	fails(NgSendMsg(-1, ".", NGM_GENERIC_COOKIE, NGM_NODEINFO, NULL, 0), EBADF);
	fails(NgSendMsg(0, ".", NGM_GENERIC_COOKIE, NGM_NODEINFO, NULL, 0), ENOTSOCK);
	ok(close(cs));
	ok(close(ds));
	/* The name is free when close(2) returns. */
	for (int i = 0; i < 100; i++) {
		ok(NgMkSockNode("again", &cs, NULL));
		ok(close(cs));
	}
	until(nodes() == nodes_before + 1);
	end_channel();
}

/* More than a frame holds, both ways. */
static void
test_long(void **state)
{
	size_t len = 200000, n;
	char *text = malloc(len + 64), *p = text;
	struct ng_mesg *m = NULL;
	int cs;

	(void)state;
	assert_non_null(text);
	memset(text, ' ', len);
	for (int i = 0; i < 1200; i++)
		p += sprintf(p, "mknode hub with-a-name-of-too-great-length-%d\n", i);
	assert_true((size_t)(p - text) < len);
	memset(p, '\n', len - (size_t)(p - text));
	text[len] = '\0';
	assert_int_equal(ngu_client_apply(text, 0, NULL), -1); /* names may have 31 characters */
	assert_int_equal(errno, EINVAL);
	p = text;
	for (int i = 0; i < 1200; i++)
		p += sprintf(p, "mknode hub of-some-length-%d           # \n", i);
	memset(p, '\n', len - (size_t)(p - text));
	ok(ngu_client_apply(text, 0, NULL));
	ok(NgMkSockNode(NULL, &cs, NULL));
	n = (size_t)ngu_client_query(cs, ".", NGM_GENERIC_COOKIE, NGM_LISTNODES, NULL, 0, &m);
	assert_true(n > WIRE_INLINE);
	assert_true(((const struct namelist *)(const void *)m->data)->numnames >= 1200);
	free(m);
	free(text);
	ok(close(cs));
	end_channel();
}

/* ---- threads ---- */

#define THREADS 8
#define ROUNDS 200

struct worker {
	pthread_t thread;
	int cs, n;
	_Atomic int wrong;
};

/* Each asks something of its own, and gets the answer to that. */
static void *
work(void *arg)
{
	struct worker *w = arg;
	char name[32], path[40];

	(void)snprintf(name, sizeof(name), "w%d", w->n);
	(void)snprintf(path, sizeof(path), "%s:", name);
	for (int i = 0; i < ROUNDS; i++) {
		struct ng_mesg *m = NULL;
		struct nodeinfo *ni;

		/* The result: even ones fail, each with an error of its kind. */
		if (w->n % 2 == 0 && (NgSendMsg(w->cs, "nobody:", NGM_GENERIC_COOKIE, 999, NULL, 0) != -1 || errno != ENOENT))
			w->wrong++;
		if (w->n % 2 == 1 && (NgSendMsg(w->cs, ".", NGM_GENERIC_COOKIE, NGM_MKPEER, NULL, 0) != -1 || errno != EINVAL))
			w->wrong++;
		if (ngu_client_query(w->cs, path, NGM_GENERIC_COOKIE, NGM_NODEINFO, NULL, 0, &m) <= 0) {
			w->wrong++;
			continue;
		}
		ni = (struct nodeinfo *)(void *)m->data;
		if (strcmp(ni->name, name) != 0)
			w->wrong++;
		free(m);
	}
	return (NULL);
}

static void
test_threads(void **state)
{
	struct worker w[THREADS];
	char name[32];
	int cs;

	(void)state;
	ok(NgMkSockNode("shared", &cs, NULL));
	for (int i = 0; i < THREADS; i++) {
		(void)snprintf(name, sizeof(name), "w%d", i);
		ok(ngu_mknode(g, "hub", name, NULL));
		w[i] = (struct worker){ .cs = cs, .n = i };
	}
	for (int i = 0; i < THREADS; i++)
		ok(pthread_create(&w[i].thread, NULL, work, &w[i]));
	for (int i = 0; i < THREADS; i++) {
		ok(pthread_join(w[i].thread, NULL));
		assert_int_equal(w[i].wrong, 0);
	}
	assert_int_equal(stats().connections, 1);
	ok(close(cs));
	end_channel();
}

/* ---- servers that go ---- */

static void *
wait_for_ever(void *arg)
{
	struct worker *w = arg;

	w->n = NgSendMsg(w->cs, "stuck:", 4711, 1, NULL, 0) == -1 ? errno : 0;
	return (NULL);
}

#include <ng/test.h>

static void
test_server_goes(void **state)
{
	struct worker w[THREADS];
	u_char buf[64];
	int cs, ds, again;

	(void)state;
	(void)signal(SIGPIPE, SIG_IGN); /* netgraph's own, for a socket whose node has gone */
	serve_with(.drain_ms = 1);
	ngt_trace_type("stuck", 0);
	ngt_trace_on("rcvmsg stuck", stuck_method, NULL);
	ok(ngu_mknode(g, "stuck", "stuck", NULL));
	ok(NgMkSockNode("me", &cs, &ds));
	stuck_hold(true);
	for (int i = 0; i < THREADS; i++) {
		w[i] = (struct worker){ .cs = cs };
		ok(pthread_create(&w[i].thread, NULL, wait_for_ever, &w[i]));
	}
	until(stuck_inside() == 1 && stats().flying == THREADS);
	{
		pthread_t t;
		struct ngu_server *s = server;

		ok(pthread_create(&t, NULL, (void *(*)(void *))(void *)ngu_serve_end, s));
		for (int i = 0; i < THREADS; i++) {
			ok(pthread_join(w[i].thread, NULL));
			assert_int_equal(w[i].n, ECONNRESET);
		}
		stuck_hold(false);
		ok(pthread_join(t, NULL));
		server = NULL;
	}
	/* Nobody is there: an error, not a wait; the descriptors are at their end. */
	fails(NgMkSockNode("me", &again, NULL), ENOENT);
	fails(NgSendMsg(cs, ".", NGM_GENERIC_COOKIE, NGM_NODEINFO, NULL, 0), ENOENT);
	assert_int_equal(NgRecvData(ds, buf, sizeof(buf), NULL), 0);
	/* And back: the same way works, the old descriptors are what they were to a node that has gone. */
	serve_begin();
	ok(NgMkSockNode("me", &again, NULL));
	info(again, ".", "me");
	fails(NgSendMsg(cs, ".", NGM_GENERIC_COOKIE, NGM_NODEINFO, NULL, 0), EPIPE);
	ok(close(cs));
	ok(close(ds));
	/* A server that went and came back while nobody asked is not noticed. */
	serve_end();
	serve_begin();
	ok(ngu_client_apply("mknode hub unnoticed\n", 0, NULL));
	assert_int_equal(stats().connections, 1);
	ok(close(again));
	end_channel();
}

/* What listens there is none of ours. */
struct fake {
	pthread_t thread;
	int listener;
	const void *says;
	size_t len;
	bool reads;
};

static void *
fake_run(void *arg)
{
	struct fake *f = arg;
	struct pollfd p = { .fd = f->listener, .events = POLLIN };
	char buf[256];
	int fd;

	if (poll(&p, 1, PATIENCE_MS) != 1 || ngu__sock_accept(f->listener, &fd) != 0)
		return (NULL);
	p.fd = fd;
	if (f->reads && poll(&p, 1, PATIENCE_MS) == 1)
		(void)ngu__sock_recv(fd, buf, sizeof(buf), 0, NULL);
	if (f->len != 0)
		(void)ngu__sock_send(fd, &(struct iovec){ .iov_base = (void *)(uintptr_t)f->says, .iov_len = f->len }, 1, -1, true);
	(void)close(fd);
	return (NULL);
}

static void
test_no_server(void **state)
{
	struct {
		struct wire_head head;
		uint64_t n;
		char text[16];
	} version = { .head = { .magic = WIRE_MAGIC, .version = 9, .op = 200, .id = 1 } }, refusal = { .head = { .magic = WIRE_MAGIC,
		.version = WIRE_VERSION, .op = WIRE_HELLO, .flags = WIRE_F_ANSWER, .error = EUSERS, .len = 16 }, .n = 5, .text = "many" },
	  other = { .head = { .magic = WIRE_MAGIC, .version = WIRE_VERSION, .op = WIRE_RAW, .id = 1, .flags = WIRE_F_ANSWER } };
	const struct {
		const void *says;
		size_t len;
		int error;
	} fakes[] = {
		{ NULL, 0, ECONNRESET },
		{ "garbage", 7, EPROTO },
		{ &version, sizeof(version.head), EPROTONOSUPPORT },
		{ &refusal, sizeof(refusal.head) + 16, EUSERS },
		{ &other, sizeof(other.head), EPROTO },
	};
	char path[100], to[128], longer[256];
	int cs;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/fake", dir);
	(void)snprintf(to, sizeof(to), "unix:%s", path);
	ok(ngu_client_use(to));
	fails(NgMkSockNode(NULL, &cs, NULL), ENOENT);
	for (size_t i = 0; i < 2 * sizeof(fakes) / sizeof(fakes[0]); i++) {
		struct fake f = { .says = fakes[i / 2].says, .len = fakes[i / 2].len, .reads = i % 2 };

		ok(ngu__sock_listen(path, &f.listener));
		ok(pthread_create(&f.thread, NULL, fake_run, &f));
		fails(NgMkSockNode(NULL, &cs, NULL), fakes[i / 2].error);
		ok(pthread_join(f.thread, NULL));
		(void)close(f.listener);
		fails(NgMkSockNode(NULL, &cs, NULL), ECONNREFUSED); /* a file that nobody listens at */
	}
	ok(unlink(path));
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	memcpy(longer, "unix:", 5);
	fails(ngu_client_use(longer), ENAMETOOLONG);
	ok(ngu_client_use(where));
}

/* A server that is stopped: nobody accepts, until there is no room for who waits; then there is somebody all the same. */
static void
test_stopped(void **state)
{
	int listener, other, fd[1024], n = 0, cs, error;
	char path[100], to[128];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/stopped", dir);
	(void)snprintf(to, sizeof(to), "unix:%s", path);
	ok(ngu_client_use(to));
	client_patience_ms = 20;
	ok(ngu__sock_listen(path, &listener));
	fails(NgMkSockNode(NULL, &cs, NULL), ETIMEDOUT);
	while ((error = ngu__sock_connect(path, 1, &fd[n])) == 0)
		assert_true(++n < 1024);
	assert_true(error == -ETIMEDOUT || error == -ECONNREFUSED); /* not all systems wait */
	fails(NgMkSockNode(NULL, &cs, NULL), -error);
	if (error == -ETIMEDOUT) {
		assert_int_equal(ngu__sock_listen(path, &other), -EADDRINUSE);
		ok(access(path, F_OK));
	}
	/* It goes on. */
	ok(ngu__sock_accept(listener, &other));
	(void)close(other);
	ok(ngu__sock_connect(path, PATIENCE_MS, &fd[n++]));
	client_patience_ms = 10000;
	while (n != 0)
		(void)close(fd[--n]);
	(void)close(listener);
	ok(unlink(path));
	ok(ngu_client_use(where));
}

/* ---- descriptors that the program does not know ---- */

/* The channel's: the one that blocks and was not there before. */
static int
channel_fd(const bool *before)
{
	for (int fd = 0; fd < 256; fd++) {
		int flags = before[fd] ? -1 : fcntl(fd, F_GETFL);

		if (flags >= 0 && !(flags & O_NONBLOCK))
			return (fd);
	}
	fail_msg("there is no channel");
	return (-1);
}

/* A program closes all it does not know, or opens something else in its place: that is not talked to, and not closed. */
static void
test_other_descriptor(void **state)
{
	bool before[256];
	void *version;
	int cs, fd, pair[2];
	char buf[8];

	(void)state;
	for (fd = 0; fd < 256; fd++)
		before[fd] = fcntl(fd, F_GETFD) >= 0;
	assert_true(ngu_client_ask(NGU_ASK_VERSION, NULL, 0, &version) > 0);
	free(version);
	fd = channel_fd(before);
	ok(NgMkSockNode("me", &cs, NULL));
	/* another's */
	ok(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair));
	assert_int_equal(dup2(pair[0], fd), fd);
	ok(close(pair[0]));
	info(cs, ".", "me");
	assert_int_equal(recv(pair[1], buf, sizeof(buf), MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(send(fd, "mine", 4, 0), 4);
	assert_int_equal(recv(pair[1], buf, sizeof(buf), 0), 4);
	/* nobody's */
	before[fd] = before[cs] = before[pair[1]] = true;
	ok(close(channel_fd(before)));
	info(cs, ".", "me");
	ok(close(fd));
	ok(close(pair[1]));
	ok(close(cs));
	end_channel();
}

/* ---- other processes ---- */

/* Run as another program, with a descriptor that it has inherited. */
static int
inherited(const char *fds)
{
	int cs = atoi(fds), ds = atoi(strchr(fds, ',') + 1);
	struct ng_mesg *m;
	u_char buf[64];

	if (NgSendMsg(cs, ".", NGM_GENERIC_COOKIE, NGM_NODEINFO, NULL, 0) < 0)
		return (1);
	if (NgAllocRecvMsg(cs, &m, NULL) <= 0 || strcmp(((struct nodeinfo *)(void *)m->data)->name, "me") != 0)
		return (2);
	free(m);
	if (NgSendData(ds, "e", (const u_char *)"hello", 5) != 0 || NgRecvData(ds, buf, sizeof(buf), NULL) != 5)
		return (3);
	return (0);
}

static void
test_processes(void **state)
{
	char self[512], fds[32];
	int cs, ds, status, got;
	pid_t pid;

	(void)state;
	self_path(self, sizeof(self));
	ok(NgMkSockNode("me", &cs, &ds));
	assert_true(NgSendAsciiMsg(cs, ".", "mkpeer { type=\"echo\" ourhook=\"e\" peerhook=\"x\" }") >= 0);
	/* A child with a channel of its own; the parent's goes on. */
	(void)snprintf(fds, sizeof(fds), "%d,%d", cs, ds);
	for (int i = 0; i < 3; i++) {
		assert_true((pid = fork()) >= 0);
		if (pid == 0)
			_exit(inherited(fds));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		info(cs, ".", "me");
	}
	assert_int_equal(stats().connections, 4);
	/* A child that asks nothing does not keep the channel: the server shall see its parent's end. */
	got = open_fds();
	assert_true((pid = fork()) >= 0);
	if (pid == 0)
		_exit(open_fds() == got - 1 ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	/* Another program. */
	assert_true((pid = fork()) >= 0);
	if (pid == 0) {
		(void)setenv("NETGRAPH", where, 1);
		self_exec(self, "--inherited", fds);
		_exit(99);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	/* The node goes with the last of them, and not before. */
	assert_true((pid = fork()) >= 0);
	if (pid == 0) {
		int k;

		(void)close(ds);
		for (k = 0; k < PATIENCE_MS && access(sock_path, W_OK) == 0 && access(fds, F_OK) != 0; k++)
			nap();
		_exit(k < PATIENCE_MS ? 0 : 1);
	}
	ok(close(cs));
	ok(close(ds));
	flows();
	ok(ngu_lookup(g, "me:", NULL));
	ok(kill(pid, SIGKILL));
	assert_int_equal(waitpid(pid, &got, 0), pid);
	until(ngu_lookup(g, "me:", NULL) == ENOENT);
	end_channel();
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		remote_test(test_calls),
		remote_test(test_long),
		remote_test(test_threads),
		remote_test(test_server_goes),
		remote_test(test_no_server),
		remote_test(test_stopped),
		remote_test(test_other_descriptor),
		remote_test(test_processes),
	};

	if (argc == 3 && strcmp(argv[1], "--inherited") == 0)
		return (inherited(argv[2]));
	(void)unsetenv("NETGRAPH");
	return (cmocka_run_group_tests_name("remote", tests, NULL, NULL));
}
