/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_trouble.c - netgraph(3) where things go wrong: no descriptor left, signals, sockets half closed, graphs that end under their users, packets that look
 * like what they are not.
 */
#include "client/client.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include <ng/host.h>
#include <ng/serve.h>

/* ---- no descriptor left ---- */

static struct rlimit as_it_was;

/* From now on only `n` more descriptors can be opened. */
static void
leave(int n)
{
	struct rlimit r = as_it_was;
	int fd = 0;

	for (; n != 0 || fcntl(fd, F_GETFD) >= 0; fd++)
		n -= fcntl(fd, F_GETFD) < 0;
	r.rlim_cur = (rlim_t)fd;
	ok(setrlimit(RLIMIT_NOFILE, &r));
}

static int
count_nodes(int cs)
{
	struct ng_mesg *m;
	int n;

	if (NgSendMsg(cs, ".", NGM_GENERIC_COOKIE, NGM_LISTNODES, NULL, 0) < 0 || NgAllocRecvMsg(cs, &m, NULL) <= 0)
		return (-1);
	n = (int)((struct namelist *)(void *)m->data)->numnames;
	free(m);
	return (n);
}

#define MADE 0x80 /* a socket node could be made */
#define REFUSED 0x40

/*
 * A new process with `n` descriptors to go tries to make a socket node. It is MADE, or REFUSED, and then can be made when there are descriptors; in both
 * cases as many descriptors are open when all is closed again: their number is added. Else a fault.
 */
static int
with_few(int n, bool server)
{
	const int before = open_fds(), ends = server ? 1 : 2;
	int cs = -7, ds = -7, result = MADE;

	leave(n);
	for (int i = 0; i < 3 && NgMkSockNode(NULL, &cs, &ds) != 0; i++) {
		if (errno != EMFILE)
			return (1);
		if (cs != -7 || ds != -7)
			return (2);
		result = REFUSED;
	}
	if ((cs == -7) != (result == REFUSED)) /* it does not come and go */
		return (3);
	if (setrlimit(RLIMIT_NOFILE, &as_it_was) != 0)
		return (4);
	if (result == REFUSED && NgMkSockNode(NULL, &cs, &ds) != 0)
		return (5);
	if (count_nodes(cs) != 1)
		return (6);
	if (close(cs) != 0 || close(ds) != 0 || NgMkSockNode(NULL, &cs, NULL) != 0)
		return (7);
	if (!server)
		ngu_reclaim_barrier(); /* then the other ends of all but the last are closed, too */
	n = open_fds() - before - ends;
	return (n < 0 || n >= REFUSED ? 8 : result + n);
}

/* Whatever the number is, up to the one that is enough. */
static void
few(bool server)
{
	int status, n, stay[64], made = 0;
	pid_t pid;

	for (n = 0; !made; n++) {
		assert_true(n < 64);
		(void)fflush(NULL);
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			exit(with_few(n, server));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		status = WEXITSTATUS(status);
		if (status < REFUSED)
			fail_msg("with %d descriptors to go: %d", n, status);
		made = status & MADE;
		stay[n] = status & (REFUSED - 1);
	}
	assert_true(n - 1 >= 3); /* two sockets, and more than that behind them */
	while (--n >= 0)
		assert_int_equal(stay[n], stay[0]);
}

static char point[64];

/* A server in another process, until *fd is closed. */
static pid_t
fork_server(int *fd)
{
	int pair[2];
	pid_t pid;
	char c = 0;

	(void)snprintf(point, sizeof(point), "/tmp/ng-trouble.%ld", (long)getpid());
	(void)fflush(NULL);
	ok(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct ngu_server *s;

		(void)close(pair[1]);
		if (ngu_graph_create(NULL, &g) != 0 || ngu_serve(g, point, NULL, &s) != 0 || write(pair[0], &c, 1) != 1)
			exit(1);
		while (read(pair[0], &c, 1) > 0)
			;
		ngu_serve_end(s);
		exit(ngu_graph_destroy(g) != 0);
	}
	(void)close(pair[0]);
	assert_int_equal(read(pair[1], &c, 1), 1);
	*fd = pair[1];
	return (pid);
}

static void
use_server(void)
{
	char where[80];

	(void)snprintf(where, sizeof(where), "unix:%s", point);
	ok(ngu_client_use(where));
}

static void
end_server(pid_t pid, int fd)
{
	int status;

	ok(ngu_client_use(NULL));
	(void)close(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* These two first: nothing of libng has run in this process, so that its children begin anew. */
static void
few_here(void **state)
{
	(void)state;
	few(false);
}

static void
few_there(void **state)
{
	pid_t pid;
	int fd;

	(void)state;
	pid = fork_server(&fd);
	use_server();
	few(true);
	end_server(pid, fd);
}

/* What a descriptor is is asked again if it could not be found out. */
static void
kind_later(void **state)
{
	int fd, cs, ds, status;
	pid_t pid, child;

	(void)state;
	pid = fork_server(&fd);
	use_server();
	ok(NgMkSockNode(NULL, &cs, &ds));
	(void)fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) { /* without a channel of its own */
		leave(0);
		if (ngu_client_kind(ds) != 0)
			exit(1);
		exit(setrlimit(RLIMIT_NOFILE, &as_it_was) != 0 || ngu_client_kind(ds) != 1 || ngu_client_kind(cs) != 2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	ok(close(cs));
	ok(close(ds));
	end_server(pid, fd);
}

/* ---- signals ---- */

static void
on_signal(int sig)
{
	(void)sig;
}

static void
catch_usr1(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	ok(sigaction(SIGUSR1, &sa, NULL));
}

struct blocked {
	int fd, how;
	atomic_bool done;
	int result, error;
};

static void *
blocks(void *arg)
{
	struct blocked *b = arg;
	char buf[256];
	struct ng_mesg *m = NULL;
	u_char *data = NULL;

	errno = 0;
	switch (b->how) {
	case 0:
		b->result = NgRecvMsg(b->fd, (struct ng_mesg *)(void *)buf, sizeof(buf), NULL);
		break;
	case 1:
		b->result = NgAllocRecvMsg(b->fd, &m, NULL);
		break;
	case 2:
		b->result = NgRecvData(b->fd, (u_char *)buf, sizeof(buf), NULL);
		break;
	default:
		b->result = NgAllocRecvData(b->fd, &data, NULL);
	}
	b->error = errno;
	free(m);
	free(data);
	atomic_store(&b->done, true);
	return (NULL);
}

/* Who waits for a record is woken by a signal, if its handler is of the kind that does so; nothing is lost by that. */
static void
interrupted(void **state)
{
	int cs, ds;

	(void)state;
	catch_usr1();
	ok(NgMkSockNode("s", &cs, &ds));
	ok(try_connect(cs, ".", ".", "a", "b"));
	for (int how = 0; how < 4; how++) {
		struct blocked b = { .fd = how < 2 ? cs : ds, .how = how };
		pthread_t th;

		ok(pthread_create(&th, NULL, blocks, &b));
		while (!atomic_load(&b.done)) { /* one before it waits has no effect */
			(void)pthread_kill(th, SIGUSR1);
			(void)sched_yield();
		}
		ok(pthread_join(th, NULL));
		assert_int_equal(b.result, -1);
		assert_int_equal(b.error, EINTR);
	}
	ok(NgSendData(ds, "a", (const u_char *)"x", 1));
	assert_true(readable(ds));
	ok(close(cs));
	ok(close(ds));
}

static atomic_bool shoot;
static pthread_t target;

static void *
shoots(void *arg)
{
	(void)arg;
	while (atomic_load(&shoot)) {
		(void)pthread_kill(target, SIGUSR1);
		(void)sched_yield();
	}
	return (NULL);
}

/* All else is not disturbed by signals. */
static void
undisturbed(void **state)
{
	struct ngu_server *s;
	pthread_t th;

	(void)state;
	catch_usr1();
	(void)snprintf(point, sizeof(point), "/tmp/ng-trouble.%ld", (long)getpid());
	ok(ngu_serve(g, point, NULL, &s));
	target = pthread_self();
	atomic_store(&shoot, true);
	ok(pthread_create(&th, NULL, shoots, NULL));
	for (int way = 0; way < 2; way++) {
		if (way == 1)
			use_server();
		for (int i = 0; i < 50; i++) {
			struct ng_mesg *m;
			u_char buf[8];
			int cs, ds;

			ok(NgMkSockNode(NULL, &cs, &ds));
			ok(try_connect(cs, ".", ".", "a", "b"));
			ok(NgSendData(ds, "a", (const u_char *)"x", 1));
			assert_true(readable(ds));
			assert_int_equal(NgRecvData(ds, buf, sizeof(buf), NULL), 1);
			assert_true(NgSendMsg(cs, ".", NGM_GENERIC_COOKIE, NGM_LISTHOOKS, NULL, 0) >= 0);
			assert_true(readable(cs));
			assert_true(NgAllocRecvMsg(cs, &m, NULL) > 0);
			free(m);
			ok(close(cs));
			ok(close(ds));
		}
	}
	atomic_store(&shoot, false);
	ok(pthread_join(th, NULL));
	ok(ngu_client_use(NULL));
	ngu_serve_end(s);
}

static atomic_int pipes;

static void
on_pipe(int sig)
{
	(void)sig;
	atomic_fetch_add(&pipes, 1);
}

static void
nothing(const char *fmt, ...)
{
	(void)fmt;
}

/* A dead node: EPIPE and its signal, once for each call, whether it is talked about or not; a server that has gone: no signal. */
static void
broken_pipe(void **state)
{
	struct sigaction sa = { .sa_handler = on_pipe }, before;
	int cs, ds;

	(void)state;
	ok(sigaction(SIGPIPE, &sa, &before));
	NgSetErrLog(nothing, nothing);
	for (int level = 0; level <= 3; level++) {
		(void)NgSetDebug(level);
		ok(NgMkSockNode("s", &cs, &ds));
		ok(try_connect(cs, ".", ".", "a", "b"));
		assert_true(NgSendMsg(cs, ".", NGM_GENERIC_COOKIE, NGM_SHUTDOWN, NULL, 0) >= 0);
		for (int i = 0; i < 2; i++) {
			atomic_store(&pipes, 0);
			fails(NgNameNode(cs, ".", "t"), EPIPE);
			assert_int_equal(atomic_load(&pipes), 1);
			fails(NgSendAsciiMsg(cs, ".", "listhooks"), EPIPE);
			assert_int_equal(atomic_load(&pipes), 2);
			fails(NgSendData(ds, "a", (const u_char *)"x", 1), EPIPE);
			assert_int_equal(atomic_load(&pipes), 3);
			ngu_reclaim_barrier(); /* the other ends are closed now, too */
		}
		ok(close(cs));
		ok(close(ds));
	}
	(void)NgSetDebug(0);
	NgSetErrLog(NULL, NULL);
	ok(sigaction(SIGPIPE, &before, NULL));
}

/* ---- the debug level ---- */

static atomic_int talked;

static void *
talks(void *arg)
{
	(void)ngu_graph_enter(g);
	for (int i = 0; i < 500; i++) {
		(void)NgSendMsg(*(int *)arg, "s:", 4711, 1, NULL, 0);
		atomic_fetch_add(&talked, 1);
	}
	return (NULL);
}

/* It is what was set, whatever another thread is printing. */
static void
debug_level(void **state)
{
	pthread_t th;
	int cs;

	(void)state;
	NgSetErrLog(nothing, nothing);
	(void)NgSetDebug(3);
	ok(NgMkSockNode("s", &cs, NULL));
	atomic_store(&talked, 0);
	ok(pthread_create(&th, NULL, talks, &cs));
	do {
		assert_int_equal(NgSetDebug(-1), 3);
	} while (atomic_load(&talked) < 500);
	ok(pthread_join(th, NULL));
	assert_int_equal(NgSetDebug(0), 3);
	NgSetErrLog(NULL, NULL);
	ok(close(cs));
}

/* ---- what is not what it looks like ---- */

/* In a socket that gives the bytes alone, bytes that begin like a record's header are bytes. */
static void
forged(void **state)
{
	struct {
		struct ngu_record r;
		char bytes[8];
	} p;
	u_char buf[4096], *whole;
	int cs, ds, room, now;

	(void)state;
	ok(NgMkSockNode("s", &cs, &ds));
	ok(try_connect(cs, ".", ".", "a", "b"));
	ok(ngu_client_raw(ds));
	ok(ngu_client_getsockopt(ds, SO_RCVBUF, &room));
	memset(&p, 0, sizeof(p));
	p.r.magic = NGU_RECORD_MAGIC;
	p.r.kind = NGU_SOCK_DATA;
	memset(p.r.address, 'x', sizeof(p.r.address));
	memcpy(p.bytes, "8 bytes.", 8);
	for (int i = 0; i < 5; i++) {
		p.r.len = i == 0 ? 4000 : i == 1 ? 0xffffffffu : i == 4 ? 0x40000000u : 4;
		p.r.flags = i == 3 ? NGU_RECORD_LONG : 0;
		memset(buf, 0xee, sizeof(buf));
		ok(NgSendData(ds, "a", (const u_char *)&p, sizeof(p)));
		ok(ngu_client_getsockopt(ds, SO_RCVBUF, &now));
		assert_int_equal(now, room);
		assert_int_equal(NgRecvData(ds, buf, sizeof(buf), NULL), sizeof(p));
		assert_memory_equal(buf, &p, sizeof(p));
		ok(NgSendData(ds, "a", (const u_char *)&p, sizeof(p)));
		assert_int_equal(NgAllocRecvData(ds, &whole, NULL), sizeof(p));
		assert_memory_equal(whole, &p, sizeof(p));
		free(whole);
	}
	ok(close(cs));
	ok(close(ds));
}

/* A program that will write(2) no more says nothing with that, let alone without end. */
static void
half_closed(void **state)
{
	u_char buf[8];
	int cs, ds, cs2, ds2;

	(void)state;
	ok(NgMkSockNode("s", &cs, &ds));
	ok(NgMkSockNode("t", &cs2, &ds2));
	ok(try_connect(cs, ".", "t:", "a", "b"));
	assert_int_equal(send(ds, "last", 4, 0), 4);
	ok(shutdown(ds, SHUT_WR));
	for (int i = 0; i < 20; i++) /* each deals with what there is to be dealt with */
		ok(NgNameNode(cs, ".", "s%d", i));
	assert_int_equal(NgRecvData(ds2, buf, sizeof(buf), NULL), 4);
	assert_memory_equal(buf, "last", 4);
	assert_false(readable(ds2));
	/* It still hears, and ends. */
	ok(NgSendData(ds2, "b", (const u_char *)"x", 1));
	assert_int_equal(NgRecvData(ds, buf, sizeof(buf), NULL), 1);
	ok(close(cs));
	ok(close(ds));
	assert_int_equal(count_nodes(cs2), 1);
	ok(close(cs2));
	ok(close(ds2));
}

/* A way that cannot be is not another way. */
static void
long_way(void **state)
{
	static char where[5000];
	int cs;

	(void)state;
	memset(where, 'x', sizeof(where) - 1);
	memcpy(where, "unix:/", 6);
	for (size_t n = sizeof(where) - 1; n > 128; n /= 2) {
		where[n] = '\0';
		ok(setenv("NETGRAPH", where, 1));
		fails(NgMkSockNode(NULL, &cs, NULL), ENAMETOOLONG);
	}
	ok(unsetenv("NETGRAPH"));
}

/* ---- graphs that end under their users ---- */

struct user {
	int fd, other;
	long wrong;
};

static void *
sends_msgs(void *arg)
{
	struct user *u = arg;

	while (NgNameNode(u->fd, ".", "n") == 0)
		;
	u->wrong = errno != EPIPE ? errno : 0;
	return (NULL);
}

static void *
sends_data(void *arg)
{
	struct user *u = arg;

	for (;;) {
		if (NgSendData(u->fd, "a", (const u_char *)"x", 1) == 0 || errno == ENOBUFS)
			continue;
		/* Its hook goes before it does. */
		if (errno == EHOSTUNREACH || errno == ENOENT || errno == ENETDOWN || errno == ENOTCONN || errno == ENXIO)
			continue;
		break;
	}
	u->wrong = errno != EPIPE ? errno : 0;
	return (NULL);
}

static void *
reads_data(void *arg)
{
	struct user *u = arg;
	u_char buf[16];
	int n;

	while ((n = NgRecvData(u->fd, buf, sizeof(buf), NULL)) > 0)
		;
	u->wrong += n != 0;
	return (NULL);
}

static void *
reads_msgs(void *arg)
{
	struct user *u = arg;
	char buf[256];

	u->wrong += NgRecvMsg(u->fd, (struct ng_mesg *)(void *)buf, sizeof(buf), NULL) != 0;
	return (NULL);
}

static void
graph_under_users(void **state)
{
	static void *(*const does[4])(void *) = { sends_msgs, sends_data, reads_data, reads_msgs };
	u_char buf[16];

	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	for (int i = 0; i < 30; i++) {
		struct user u[4];
		struct ngu_graph *two;
		int cs, ds, cs2, ds2;
		pthread_t th[4];

		ok(ngu_graph_create(NULL, &two));
		(void)ngu_graph_enter(two);
		ok(NgMkSockNode("s", &cs, &ds));
		ok(NgMkSockNode("t", &cs2, &ds2));
		ok(try_connect(cs, ".", "t:", "a", "b"));
		(void)ngu_graph_enter(g);
		for (int k = 0; k < 4; k++) {
			u[k] = (struct user){ .fd = k == 0 ? cs : k == 1 ? ds : k == 2 ? ds2 : cs2 };
			ok(pthread_create(&th[k], NULL, does[k], &u[k]));
		}
		while (i % 2 == 0 && !readable(ds2)) /* they are at it; or perhaps not yet */
			(void)sched_yield();
		ok(ngu_graph_destroy(two));
		for (int k = 0; k < 4; k++) {
			ok(pthread_join(th[k], NULL));
			assert_int_equal(u[k].wrong, 0);
		}
		assert_int_equal(NgRecvData(ds2, buf, sizeof(buf), NULL), 0);
		ok(close(cs));
		ok(close(ds));
		ok(close(cs2));
		ok(close(ds2));
	}
	(void)signal(SIGPIPE, SIG_DFL);
}

/* Receivers are closed while packets are on their way to them, by their last descriptor, in whatever order. */
static atomic_bool flood;

static void *
floods(void *arg)
{
	(void)ngu_graph_enter(g);
	while (atomic_load(&flood))
		(void)NgSendData(*(int *)arg, "o", (const u_char *)"x", 1);
	return (NULL);
}

static void *
closes(void *arg)
{
	char id = *(const char *)arg;
	long wrong = 0;

	(void)ngu_graph_enter(g);
	for (int i = 0; i < 100; i++) {
		char peer[NG_HOOKSIZ];
		int cs, ds, dup_cs;

		if (NgMkSockNode(NULL, &cs, &ds) != 0) {
			wrong++;
			continue;
		}
		(void)snprintf(peer, sizeof(peer), "%c%d", id, i);
		wrong += try_connect(cs, ".", "hub:", "a", peer) != 0;
		dup_cs = dup(cs);
		(void)close(i & 1 ? cs : ds);
		(void)close(i & 1 ? ds : cs);
		(void)close(dup_cs);
	}
	return ((void *)wrong);
}

static void
close_against_delivery(void **state)
{
	pthread_t th[3], sender;
	void *wrong;
	int cs, ds;

	(void)state;
	ok(NgMkSockNode("s", &cs, &ds));
	mkpeer(cs, ".", "hub", "o", "o");
	ok(NgNameNode(cs, "o", "hub"));
	atomic_store(&flood, true);
	ok(pthread_create(&sender, NULL, floods, &ds));
	for (int i = 0; i < 3; i++)
		ok(pthread_create(&th[i], NULL, closes, (void *)(uintptr_t)&"abc"[i]));
	for (int i = 0; i < 3; i++) {
		ok(pthread_join(th[i], &wrong));
		assert_null(wrong);
	}
	atomic_store(&flood, false);
	ok(pthread_join(sender, NULL));
	assert_int_equal(count_nodes(cs), 2); /* all the others have gone */
	ok(close(cs));
	ok(close(ds));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(few_here),
		cmocka_unit_test(few_there),
		cmocka_unit_test(kind_later),
		client_test(interrupted),
		client_test(undisturbed),
		client_test(broken_pipe),
		client_test(debug_level),
		client_test(forged),
		client_test(half_closed),
		client_test(long_way),
		client_test(graph_under_users),
		client_test(close_against_delivery),
	};

	(void)unsetenv("NETGRAPH");
	if (getrlimit(RLIMIT_NOFILE, &as_it_was) != 0)
		return (1);
	return (cmocka_run_group_tests_name("trouble", tests, NULL, NULL));
}
