/* SPDX-License-Identifier: BSD-2-Clause */
/* test_trace.c - ngctl(8) trace: each thing that can happen to a packet on its way, and what is said of it, as text and as JSON. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "tools.h"
#include "json.h"

#include <pthread.h>
#include <sched.h>

#include <ng/ng.h>

#include "hold.h"

/* A graph that this program serves: port "in" - a "in", "out" - b, nodes of type "hold"; how they are linked each test says. */
static struct ngu_graph *g;
static struct ngu_server *server;
static struct ngu_port *in;
static char dir[] = "/tmp/ngt-XXXXXX", path[64];

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
	return (ngu_graph_create(&o, &g) != 0 || ngu_serve(g, path, &so, &server) != 0 || ngu_mknode(g, "hold", "a", NULL) != 0 ||
	    ngu_mknode(g, "hold", "b", NULL) != 0 || ngu_port_open(g, "a:", "in", NULL, NULL, &in) != 0);
}

static void
send_packet(void)
{
	static const char bytes[60];

	(void)ngu_port_send(in, ngu_packet(g, bytes, sizeof(bytes)));
}

/* ---- a node that is held ---- */

static _Atomic bool wanted, held, release, released;
static pthread_t holder;
static bool holding;

void
hold_wait(void)
{
	held = true;
	while (!release)
		(void)sched_yield();
}

static uint32_t
queued_at_b(void)
{
	struct ngu_node_stat *s;
	uint32_t n;

	assert_int_equal(ngu_node_stat(g, "b:", &s), 0);
	n = s->queued;
	ngu_inspect_free(s);
	return (n);
}

static void *
hold(void *arg)
{
	struct ng_mesg *reply = NULL;
	struct ngu_node_stat *s;
	bool closed = true;

	(void)arg;
	(void)!ngu_msg(g, "b:", NGM_HOLD_COOKIE, NGM_HOLD_WAIT, NULL, 0, &reply);
	while (closed && ngu_node_stat(g, "b:", &s) == 0) {
		closed = (s->flags & NGU_N_CLOSED) != 0;
		ngu_inspect_free(s);
	}
	released = true;
	return (NULL);
}

/* b is held when this returns. */
static void
hold_b(void)
{
	held = release = released = wanted = false;
	assert_int_equal(pthread_create(&holder, NULL, hold, NULL), 0);
	holding = true;
	while (!held)
		(void)sched_yield();
}

static void
let_go(void)
{
	release = true;
	holding = false;
	assert_int_equal(pthread_join(holder, NULL), 0);
}

static int
teardown(void **state)
{
	(void)state;
	if (holding) /* the test has failed */
		let_go();
	ngu_port_close(in);
	ngu_serve_end(server);
	return (ngu_graph_destroy(g));
}

/* If the test wants that, b is open again when a has sent its packet. */
void
hold_sent(const char *node)
{
	if (!wanted || strcmp(node, "a") != 0)
		return;
	release = true;
	while (!released)
		(void)sched_yield();
}

/* ---- a trace ---- */

/* ngctl trace a: in ..., begun. */
static FILE *
trace(const char *options)
{
	struct ngu_node_stat *s;
	char command[512];
	bool is = false;
	FILE *f;

	snprintf(command, sizeof(command), "NETGRAPH=unix:%s exec '%s' trace a: in %s 2>&1", path, NGT_NGCTL, options);
	(void)fflush(NULL);
	assert_non_null(f = popen(command, "r"));
	while (!is) {
		assert_int_equal(ngu_node_stat(g, "a:", &s), 0);
		for (uint32_t i = 0; i < s->nhooks; i++)
			is = is || (strcmp(NGU_NODE_HOOK(s, i)->name, "in") == 0 && (NGU_NODE_HOOK(s, i)->flags & NGU_H_WATCHED) != 0);
		ngu_inspect_free(s);
		(void)sched_yield();
	}
	return (f);
}

static bool
ends_in(const char *text, const char *end, const char *with)
{
	size_t n = strlen(with);

	return ((size_t)(end - text) >= n && memcmp(end - n, with, n) == 0);
}

/* All that it printed, and it ended well. Times and threads, which are not always the same, are replaced by N, in JSON by 0. */
static const char *
told(FILE *f)
{
	static char raw[65536], buf[65536];
	size_t n = fread(raw, 1, sizeof(raw) - 1, f), digits;
	char *s, *d = buf;

	raw[n] = '\0';
	assert_int_equal(pclose(f), 0);
	for (s = raw; *s != '\0';) {
		digits = strspn(s, "0123456789");
		if (digits == 0) {
			*d++ = *s++;
		} else if (strncmp(s + digits, " ns", 3) == 0) {
			*d++ = 'N';
			s += digits;
		} else if (ends_in(buf, d, "\"at\":") || ends_in(buf, d, "\"took\":") || ends_in(buf, d, "\"thread\":")) {
			*d++ = '0';
			s += digits;
		} else {
			while (digits-- > 0)
				*d++ = *s++;
		}
	}
	*d = '\0';
	return (buf);
}

static void
link_ab(const char *hook)
{
	assert_int_equal(ngu_connect(g, "a:", "out", "b:", hook), 0);
}

/* One hop of --json; those that follow are the same but for what happened. */
#define HOP(packet, depth, event, after, node, from, reason, result) \
	"{\"packet\":" packet ",\"depth\":" depth ",\"event\":\"" event "\",\"after\":" after "," node "," from ",\"length\":60,\"count\":1," \
	"\"reason\":" reason ",\"result\":" result ",\"done\":true,\"at\":0,\"took\":0,\"thread\":0}"
#define A "\"id\":1,\"name\":\"a\",\"type\":\"hold\",\"hook\":\"in\""
#define B(hook) "\"id\":2,\"name\":\"b\",\"type\":\"hold\",\"hook\":\"" hook "\""
#define FROM_PORT "\"fromid\":3,\"fromhook\":\"port\""
#define FROM_A "\"fromid\":1,\"fromhook\":\"out\""
#define GRAPH(hops) "{\"packets\":1,\"started\":1,\"lost\":0,\"hops\":[" hops "],\"waiting\":0}\n"

/* With --json: one document. */
static void
json_is(FILE *f, const char *want)
{
	const char *text = told(f);

	assert_string_equal(text, want);
	assert_int_equal(json_documents(text), 1);
}

static void
test_queued(void **state)
{
	FILE *f;

	(void)state;
	link_ab("q");
	f = trace("-w 60");
	send_packet();
	assert_string_equal(told(f), "packet 1:\n"
	    "  a: hold [1] hook in: direct, 60 bytes, N ns (at N ns)\n"
	    "    b: hold [2] hook q: queued, 60 bytes (at N ns)\n"
	    "  b: hold [2] hook q: after having been queued, 60 bytes, N ns (at N ns)\n"
	    "1 of 1 packets\n");
}

/* The thirteenth delivery inside of others. */
static void
test_put_off(void **state)
{
	char name[8], node[16], far[16], want[4096];
	size_t n;
	FILE *f;

	(void)state;
	for (int i = 1; i <= 12; i++) {
		(void)snprintf(name, sizeof(name), "n%d", i);
		(void)snprintf(node, sizeof(node), "%s:", name);
		(void)snprintf(far, sizeof(far), i == 1 ? "a:" : "n%d:", i - 1);
		assert_int_equal(ngu_mknode(g, "hold", name, NULL), 0);
		assert_int_equal(ngu_connect(g, far, "out", node, "in"), 0);
	}
	f = trace("-w 60");
	send_packet();
	n = (size_t)snprintf(want, sizeof(want), "packet 1:\n  a: hold [1] hook in: direct, 60 bytes, N ns (at N ns)\n");
	for (int i = 1; i <= 11; i++)
		n += (size_t)snprintf(want + n, sizeof(want) - n, "%*sn%d: hold [%x] hook in: direct, 60 bytes, N ns (at N ns)\n", 2 * i + 2, "", i, i + 3);
	n += (size_t)snprintf(want + n, sizeof(want) - n, "%*sn12: hold [f] hook in: put off, 60 bytes (at N ns)\n", 26, "");
	(void)snprintf(want + n, sizeof(want) - n, "%*sn12: hold [f] hook in: after having been put off, 60 bytes, N ns (at N ns)\n1 of 1 packets\n", 24, "");
	assert_string_equal(told(f), want);

	assert_int_equal(ngu_limit_set(g, NGU_L_DEPTH, 1), 0);
	assert_int_equal(ngu_rmhook(g, "a:", "out"), 0);
	link_ab("in");
	f = trace("-w 60 --json");
	send_packet();
	json_is(f, GRAPH(HOP("1", "1", "delivered", "null", A, FROM_PORT, "null", "0") ","
	    HOP("1", "2", "put-off", "null", B("in"), FROM_A, "null", "0") ","
	    HOP("1", "1", "delivered", "\"put-off\"", B("in"), FROM_A, "null", "0")));
}

/* b's gate is closed when the packet gets there, and open when a has done with it. */
static void
test_aside(void **state)
{
	FILE *f;

	(void)state;
	link_ab("in");
	f = trace("-w 60");
	hold_b();
	wanted = true;
	send_packet();
	let_go();
	assert_string_equal(told(f), "packet 1:\n"
	    "  a: hold [1] hook in: direct, 60 bytes, N ns (at N ns)\n"
	    "    b: hold [2] hook in: laid aside, 60 bytes (at N ns)\n"
	    "  b: hold [2] hook in: after having been laid aside, 60 bytes, N ns (at N ns)\n"
	    "1 of 1 packets\n");
	f = trace("-w 60 --json");
	hold_b();
	wanted = true;
	send_packet();
	let_go();
	json_is(f, GRAPH(HOP("1", "1", "delivered", "null", A, FROM_PORT, "null", "0") ","
	    HOP("1", "2", "aside", "null", B("in"), FROM_A, "null", "0") ","
	    HOP("1", "1", "delivered", "\"aside\"", B("in"), FROM_A, "null", "0")));
}

/* It stays closed longer than that. */
static void
test_aside_queued(void **state)
{
	FILE *f;

	(void)state;
	link_ab("in");
	f = trace("-w 60");
	hold_b();
	send_packet();
	let_go();
	assert_string_equal(told(f), "packet 1:\n"
	    "  a: hold [1] hook in: direct, 60 bytes, N ns (at N ns)\n"
	    "    b: hold [2] hook in: laid aside, 60 bytes (at N ns)\n"
	    "  b: hold [2] hook in: queued after having been laid aside, 60 bytes (at N ns)\n"
	    "  b: hold [2] hook in: after having been queued, 60 bytes, N ns (at N ns)\n"
	    "1 of 1 packets\n");
	f = trace("-w 60 --json");
	hold_b();
	send_packet();
	let_go();
	json_is(f, GRAPH(HOP("1", "1", "delivered", "null", A, FROM_PORT, "null", "0") ","
	    HOP("1", "2", "aside", "null", B("in"), FROM_A, "null", "0") ","
	    HOP("1", "1", "queued", "\"aside\"", B("in"), FROM_A, "null", "0") ","
	    HOP("1", "1", "delivered", "\"queued\"", B("in"), FROM_A, "null", "0")));
}

/* Room for one. */
static void
test_queue_full(void **state)
{
	FILE *f;

	(void)state;
	link_ab("q");
	assert_int_equal(ngu_limit_set(g, NGU_L_NODEQUEUE, 1), 0);
	hold_b();
	send_packet();
	f = trace("-w 60");
	send_packet();
	assert_string_equal(told(f), "packet 1:\n"
	    "  a: hold [1] hook in: direct, 60 bytes, answered ENOBUFS, N ns (at N ns)\n"
	    "    b: hold [2] hook q: queued, 60 bytes (at N ns)\n"
	    "    b: hold [2] hook q: refused, 60 bytes: queue-full (ENOBUFS: No buffer space available) (at N ns)\n"
	    "1 of 1 packets\n");
	f = trace("-w 60 --json");
	send_packet();
	json_is(f, GRAPH(HOP("1", "1", "delivered", "null", A, FROM_PORT, "null", "105") ","
	    HOP("1", "2", "queued", "null", B("q"), FROM_A, "null", "0") ","
	    HOP("1", "2", "refused", "\"queued\"", B("q"), FROM_A, "\"queue-full\"", "105")));
	let_go();
}

static void *
unlink_ab(void *arg)
{
	(void)arg;
	(void)!ngu_rmhook(g, "b:", "q");
	return (NULL);
}

/* Before its turn comes that of a message which takes the hook away. */
static void
test_hook_gone(void **state)
{
	pthread_t remover;
	FILE *f;

	(void)state;
	link_ab("q");
	f = trace("-w 60");
	hold_b();
	assert_int_equal(pthread_create(&remover, NULL, unlink_ab, NULL), 0);
	while (queued_at_b() == 0)
		(void)sched_yield();
	send_packet();
	let_go();
	assert_int_equal(pthread_join(remover, NULL), 0);
	assert_string_equal(told(f), "packet 1:\n"
	    "  a: hold [1] hook in: direct, 60 bytes, N ns (at N ns)\n"
	    "    b: hold [2] hook q: queued, 60 bytes (at N ns)\n"
	    "  b: hold [2] hook q: refused, 60 bytes: hook-gone (at N ns)\n"
	    "1 of 1 packets\n");
}

/* It ends while a packet waits. */
static void
test_waits(void **state)
{
	const char *text;
	FILE *f;

	(void)state;
	link_ab("q");
	f = trace("--json");
	hold_b();
	send_packet();
	text = told(f);
	assert_non_null(strstr(text, "\"event\":\"queued\""));
	assert_non_null(strstr(text, "],\"waiting\":1}\n"));
	assert_int_equal(json_documents(text), 1);
	f = trace("");
	send_packet();
	text = told(f);
	assert_non_null(strstr(text, "\n1 of 1 packets; 1 still wait\n"));
	let_go();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_queued, setup, teardown),
		cmocka_unit_test_setup_teardown(test_put_off, setup, teardown),
		cmocka_unit_test_setup_teardown(test_aside, setup, teardown),
		cmocka_unit_test_setup_teardown(test_aside_queued, setup, teardown),
		cmocka_unit_test_setup_teardown(test_queue_full, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hook_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_waits, setup, teardown),
	};
	int r;

	no_waiting();
	if (mkdtemp(dir) == NULL)
		return (1);
	snprintf(path, sizeof(path), "%s/graph", dir);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(dir);
	return (r);
}
