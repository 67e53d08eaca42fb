/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_starved.c - memory refused to lib/serve and lib/client, which have theirs from the C library: at each of their allocations in turn, and at all from
 * each on; to the program, to the server, to both.
 *
 * Whatever the program does fails with ENOMEM or ENOBUFS, or was done wholly. Nothing waits for ever; who is connected already notices nothing; when there is
 * memory again everything is done by the same server and the same graph, and nodes and descriptors are as many as before. What is lost is seen by the leak checker.
 */
#include "serve.h"

#include <netgraph.h>
#include <ng/apply.h>
#include <ng/client.h>
#include <ng/inspect.h>

/* ---- refusing; linked with --wrap, so that a sanitizer keeps its own ---- */

enum side { PROGRAM = 1, SERVER = 2, BOTH = 3 };
static const char *const sides[] = { "", "program", "server", "both" };

static struct {
	_Atomic bool armed;
	_Atomic unsigned at, seen, refused;
	bool rest;
	enum side side;
} mem;
static _Thread_local bool program; /* this thread is the program's */
static _Thread_local int below;	   /* in lib/port: that is the graph's memory, which other tests refuse */

static bool
refuse(void)
{
	unsigned n, at;

	if (!atomic_load(&mem.armed) || below != 0 || !(mem.side & (program ? PROGRAM : SERVER)))
		return (false);
	n = atomic_fetch_add(&mem.seen, 1u) + 1;
	at = atomic_load(&mem.at);
	if (mem.rest ? n < at : n != at)
		return (false);
	atomic_fetch_add(&mem.refused, 1u);
	errno = ENOMEM;
	return (true);
}

void *__real_malloc(size_t);
void *__real_calloc(size_t, size_t);
void *__real_realloc(void *, size_t);
char *__real_strdup(const char *);
int __real_vasprintf(char **, const char *, va_list) __attribute__((__format__(__printf__, 2, 0)));
void *__real_ngu__port_alloc(size_t, size_t);
void *__wrap_malloc(size_t);
void *__wrap_calloc(size_t, size_t);
void *__wrap_realloc(void *, size_t);
char *__wrap_strdup(const char *);
int __wrap_vasprintf(char **, const char *, va_list) __attribute__((__format__(__printf__, 2, 0)));
void *__wrap_ngu__port_alloc(size_t, size_t);

void *
__wrap_malloc(size_t n)
{
	return (refuse() ? NULL : __real_malloc(n));
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return (refuse() ? NULL : __real_calloc(n, size));
}

void *
__wrap_realloc(void *p, size_t n)
{
	return (refuse() ? NULL : __real_realloc(p, n));
}

char *
__wrap_strdup(const char *s)
{
	return (refuse() ? NULL : __real_strdup(s));
}

int
__wrap_vasprintf(char **out, const char *fmt, va_list ap)
{
	return (refuse() ? -1 : __real_vasprintf(out, fmt, ap));
}

void *
__wrap_ngu__port_alloc(size_t n, size_t align)
{
	void *p;

	below++;
	p = __real_ngu__port_alloc(n, align);
	below--;
	return (p);
}

/* ---- what the program does ---- */

static struct ngu_graph *ours; /* NULL: the server's */
static const char *at_step; /* for who waits for ever */

static void
on_alarm(int sig)
{
	static const char text[] = "waits for ever\n";

	(void)sig;
	(void)!write(2, text, sizeof(text) - 1);
	(void)!write(2, at_step, strlen(at_step));
	_exit(99);
}

static void
arm(unsigned at, bool rest, enum side side)
{
	atomic_store(&mem.at, at);
	atomic_store(&mem.seen, 0u);
	atomic_store(&mem.refused, 0u);
	mem.rest = rest;
	mem.side = side;
	atomic_store(&mem.armed, true);
}

static void
disarm(void)
{
	atomic_store(&mem.armed, false);
}

/* A step that may fail, but for want of memory only. */
static bool
done(bool well, const char *what)
{
	int error = errno;

	if (well)
		return (true);
	disarm();
	if ((error != ENOMEM && error != ENOBUFS) || atomic_load(&mem.refused) == 0)
		fail_msg("%s: %s (refusing from %u to %s, %s)", what, strerror(error), mem.at, sides[mem.side], mem.rest ? "all" : "one");
	return (false);
}
#define step(call) \
	do { \
		at_step = #call; \
		errno = 0; \
		if (!done((call), #call)) \
			goto out; \
	} while (0)

/* What has been promised is there. */
static void
there(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (poll(&p, 1, PATIENCE_MS) != 1) {
		disarm();
		fail_msg("nothing comes after %s (refusing from %u to %s, %s)", at_step, mem.at, sides[mem.side], mem.rest ? "all" : "one");
	}
}

static void
nothing(const char *fmt, ...)
{
	(void)fmt;
}

static bool
send_msg(int cs, int cmd, const void *arg, size_t len)
{
	return (NgSendMsg(cs, ".", NGM_GENERIC_COOKIE, cmd, arg, len) >= 0);
}

static bool
ask(enum ngu_question what, const void *arg, size_t len)
{
	void *answer = NULL;
	ssize_t n = ngu_client_ask(what, arg, len, &answer);
	bool wrong = n >= 0 && (n != 0) != (answer != NULL);

	if (wrong)
		fail_msg("question %d: an answer of %zd bytes", what, n);
	free(answer);
	return (n >= 0);
}

static u_char packet[100000];

/* One goes out of hook a and comes back by hook b, whole, or there is an error. */
static bool
there_and_back(int ds, size_t len)
{
	u_char *got = NULL;
	char hook[NG_HOOKSIZ];
	int n;

	if (NgSendData(ds, "a", packet, len) != 0)
		return (false);
	there(ds);
	if ((n = NgAllocRecvData(ds, &got, hook)) < 0)
		return (false);
	assert_int_equal(n, len);
	assert_memory_equal(got, packet, len);
	assert_string_equal(hook, "b");
	free(got);
	return (true);
}

/* True: all of it was done. `other`: another way to the same graph, or NULL. */
static bool
session(const char *way, const char *other)
{
	struct ngm_mkpeer mk = { .type = "hub", .ourhook = "h", .peerhook = "x" };
	struct ngm_connect con = { .path = ".", .ourhook = "a", .peerhook = "b" };
	static const char trace[] = "\1\0\0\0o:\0x", parse[] = "o:\0listhooks";
	struct ngu_apply_error err;
	struct ng_mesg *m = NULL;
	int cs = -1, ds = -1, cap = -1, value;
	char text[512], *list = NULL;
	struct sockaddr_ng sg;
	struct message msg;
	bool all = false, tracing = false;
	size_t len;

	at_step = "ngu_client_use";
	(void)alarm(60);
	if (!done(ngu_client_use(way) == 0, at_step))
		return (false);
	step(NgMkSockNode("s", &cs, &ds) == 0);
	step(send_msg(cs, NGM_MKPEER, &mk, sizeof(mk)));
	step(NgNameNode(cs, "h", "o") == 0);
	step(send_msg(cs, NGM_CONNECT, &con, sizeof(con)));
	step(there_and_back(ds, 1000));
	step(send_msg(cs, NGM_LISTHOOKS, NULL, 0));
	there(cs);
	step(NgAllocRecvMsg(cs, &m, NULL) > 0);
	free(m);
	m = NULL;
	step(NgSendAsciiMsg(cs, "o:", "listhooks") >= 0);
	there(cs);
	step(NgAllocRecvAsciiMsg(cs, &m, NULL) == 0);
	free(m);
	m = NULL;
	step(send_msg(cs, NGM_NODEINFO, NULL, 0));
	there(cs);
	step(NgRecvAsciiMsg(cs, (struct ng_mesg *)(void *)text, sizeof(text), text + 256 + 128) == 0);
	step(ngu_client_query(cs, "o:", NGM_GENERIC_COOKIE, NGM_NODEINFO, NULL, 0, &m) == (ssize_t)(sizeof(*m) + sizeof(struct nodeinfo)));
	assert_non_null(m);
	m->header.token = 1; /* the query's own is not waited for any more */
	step(NgSendReplyMsg(cs, ".", m, NULL, 0) == 0);
	free(m);
	m = NULL;
	there(cs);
	step(NgRecvMsg(cs, (struct ng_mesg *)(void *)text, sizeof(text), NULL) > 0);
	/* long ones, which go by files in memory */
	step(ngu_client_setbuf(ds, 1u << 20, 1u << 20) == 0);
	step(there_and_back(ds, sizeof(packet)));
	step((list = malloc(80000)) != NULL);
	memset(list, '#', 80000);
	list[79999] = '\0';
	list[79998] = '\n';
	step(ngu_client_apply(list, 0, &err) == 0);
	step(ask(NGU_ASK_VERSION, NULL, 0));
	step(ask(NGU_ASK_SNAPSHOT, NULL, 0));
	step(ask(NGU_ASK_NODE, "o:", 2));
	step(ask(NGU_ASK_WHY, NULL, 0));
	step(ask(NGU_ASK_HELP, "hub", 3));
	step(ask(NGU_ASK_TRACE_START, trace, sizeof(trace) - 1));
	tracing = true;
	step(ask(NGU_ASK_TRACE_READ, NULL, 0));
	step(ask(NGU_ASK_TRACE_STOP, NULL, 0));
	tracing = false;
	step(ask(NGU_ASK_PARSE, parse, sizeof(parse) - 1));
	step(ngu_client_apply("mknode hub o\n", 0, &err) != 0 && errno == EADDRINUSE);
	step((cap = ngu_client_capture("s:", "a", NGU_CAP_IN | NGU_CAP_OUT, 64, 0)) >= 0);
	step(there_and_back(ds, 10));
	there(cap);
	assert_true(recv(cap, text, sizeof(text), 0) == sizeof(struct ngu_captured) + 10);
	/* the calls of the kernel */
	(void)ngu_client_kind(cs);
	len = sizeof(sg);
	step(ngu_client_getsockname(cs, &sg, &len) == 0);
	len = message(&msg, NGM_LISTHOOKS, NULL, 0);
	memcpy(sg.sg_data, ".", 2);
	step(ngu_client_sendto(cs, &msg, len, 0, &sg, 4) == (ssize_t)len);
	there(cs);
	step(ngu_client_recvfrom(cs, text, sizeof(text), 0, NULL, NULL) > 0);
	step(ngu_client_getsockopt(ds, SO_RCVBUF, &value) == 0);
	if (other != NULL) { /* sockets that this channel has not made */
		step(ngu_client_use(other) == 0);
		step(NgNameNode(cs, ".", "s2") == 0);
		step(there_and_back(ds, 10));
	}
	(void)NgSetDebug(3);
	step(send_msg(cs, NGM_NODEINFO, NULL, 0));
	there(cs);
	step(NgAllocRecvMsg(cs, &m, NULL) > 0);
	step(ngu_client_raw(ds) == 0);
	all = true;
out:
	at_step = "the end of it";
	disarm();
	(void)NgSetDebug(0);
	if (tracing)
		ok(ngu_trace_stop(ours != NULL ? ours : g));
	free(m);
	free(list);
	if (cap >= 0)
		ok(close(cap));
	if (ds >= 0)
		ok(close(ds));
	if (cs >= 0)
		ok(close(cs));
	(void)alarm(0);
	return (all);
}

/* ---- with a server ---- */

static char way[128], other[128];
static uint64_t nodes_without;

/* The channels to a server that has gone are closed when somebody notices. */
static void
forget(const char *to)
{
	ok(ngu_client_use(to));
	assert_true(ngu_client_ask(NGU_ASK_VERSION, NULL, 0, &(void *){ NULL }) < 0);
}

/* All is well for who was there before, and who comes now. */
static void
unharmed(struct raw *r, struct ngu_fdid id)
{
	ok(raw_msg(r, WIRE_QUERY, id, ".", NGM_NODEINFO, NULL, 0));
	assert_int_equal(r->body.len, sizeof(struct ng_mesg) + sizeof(struct nodeinfo));
	all_well();
	until(nodes() == nodes_without + 1);
	until(stats().clients <= 3); /* and the two channels of this program */
}

/* From the moment that the program connects. */
static void
session_starved(enum side side, bool rest)
{
	unsigned k, failed = 0;
	struct ngu_fdid id;
	struct raw *r;
	bool all;
	int fd;

	for (k = 1;; k++) {
		serve_begin();
		r = raw_client();
		fd = raw_socket(r, NGU_SOCK_CONTROL, &id);
		arm(k, rest, side);
		all = session(way, other);
		failed += !all;
		unharmed(r, id);
		assert_true(session(way, other));
		unharmed(r, id);
		ok(close(fd));
		raw_close(r);
		until(stats().sockets == 0);
		serve_end();
		until(nodes() == nodes_without);
		if (atomic_load(&mem.refused) == 0) /* there are no more than that */
			break;
	}
	print_message("# %s, %s: %u tries, %u of them failed\n", sides[side], rest ? "all" : "one", k, failed);
	assert_true(failed >= 20);
}

static void
sweep_sessions(void **state)
{
	void *snapshot;

	(void)state;
	for (int i = 0; i < 1500; i++) /* a snapshot is a long answer then, which goes by a file in memory */
		ok(ngu_mknode(g, "hub", NULL, NULL));
	nodes_without = nodes();
	ok(ngu_client_use(way));
	assert_true(ngu_client_ask(NGU_ASK_SNAPSHOT, NULL, 0, &snapshot) > WIRE_INLINE);
	free(snapshot);
	serve_end();
	for (int side = PROGRAM; side <= SERVER; side++) {
		session_starved((enum side)side, false);
		session_starved((enum side)side, true);
	}
	forget(way);
	forget(other);
	serve_begin();
}

/* A server that begins: it does, or says that there is no memory, and leaves nothing behind. */
static void
sweep_begin(void **state)
{
	int fds, error = 0;
	unsigned k;

	(void)state;
	serve_end();
	serve_opts.group = "0";
	fds = open_fds();
	for (int rest = 0; rest < 2; rest++) {
		for (k = 1;; k++) {
			arm(k, rest != 0, BOTH);
			error = ngu_serve(g, sock_path, &serve_opts, &server);
			disarm();
			if (error == 0)
				break;
			assert_int_equal(error, ENOMEM);
			assert_int_not_equal(access(sock_path, F_OK), 0);
			until(open_fds() == fds);
			assert_int_equal(nodes(), nodes_without);
		}
		assert_true(k > 4);
		all_well();
		serve_end();
	}
	serve_begin();
}

/* A client that comes; more than one, so that tables grow. */
static void
sweep_clients(void **state)
{
	unsigned k, failed, seen;

	(void)state;
	for (int rest = 0; rest < 2; rest++) {
		k = 0;
		do {
			int fd[80], n = 0, error = 0;
			struct raw *r;

			serve_end();
			serve_begin();
			arm(++k, rest != 0, SERVER);
			r = raw_open(sock_path);
			if (raw_send(r, WIRE_HELLO, none, &(struct wire_body){ .text = "test" }, -1) == 0 && raw_recv(r) == 0)
				error = (int)r->head.error;
			else
				error = ENOMEM; /* thrown out without a word, for want of memory for one */
			for (; error == 0 && n < 80; n++) {
				if ((error = raw_ask(r, WIRE_SOCKET, none, &(struct wire_body){ .n = { NGU_SOCK_DATA } }, -1)) != 0)
					break;
				fd[n] = r->passed;
				r->passed = -1;
			}
			if (error == 0)
				error = raw_ask(r, WIRE_KIND, (struct ngu_fdid){ r->head.dev, r->head.ino }, NULL, -1);
			disarm();
			failed = error != 0;
			seen = atomic_load(&mem.refused);
			if (error != 0)
				assert_int_equal(error, ENOMEM);
			assert_true(!failed || seen != 0);
			while (n > 0)
				ok(close(fd[--n]));
			raw_close(r);
			all_well();
			until(nodes() == nodes_without);
			until(stats().clients == 0);
		} while (seen != 0);
		assert_true(k > 160);
	}
}

/* ---- in this process ---- */

static uint64_t
nodes_of(struct ngu_graph *graph)
{
	struct ngu_graph_stats st;

	ngu_graph_stats(graph, &st);
	return (st.nodes);
}

static void
sweep_embedded(void **state)
{
	(void)state;
	for (int rest = 0; rest < 2; rest++) {
		unsigned k, failed = 0;

		for (k = 1;; k++) {
			ok(ngu_graph_create(NULL, &ours));
			(void)ngu_graph_enter(ours);
			arm(k, rest != 0, BOTH);
			failed += !session("embedded", NULL);
			until(nodes_of(ours) == 0);
			assert_true(session("embedded", NULL));
			ok(ngu_graph_destroy(ours));
			if (atomic_load(&mem.refused) == 0)
				break;
		}
		assert_true(failed > 20);
	}
	ours = NULL;
}

static int
setup_starved(void **state)
{
	int error = setup(state);

	program = true;
	(void)snprintf(way, sizeof(way), "unix:%s", sock_path);
	(void)snprintf(other, sizeof(other), "unix:%s/./s", dir);
	nodes_without = nodes_before;
	return (error);
}

#define starved_test(f) cmocka_unit_test_setup_teardown(f, setup_starved, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		starved_test(sweep_begin),
		starved_test(sweep_clients),
		starved_test(sweep_sessions),
		starved_test(sweep_embedded),
	};

	(void)unsetenv("NETGRAPH");
	(void)signal(SIGALRM, on_alarm);
	NgSetErrLog(nothing, nothing);
	for (size_t i = 0; i < sizeof(packet); i++)
		packet[i] = (u_char)(i * 7);
	return (cmocka_run_group_tests_name("starved", tests, NULL, NULL));
}
