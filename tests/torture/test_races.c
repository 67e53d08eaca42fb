/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_races.c - storms around single windows: each case is a fault that the core once had, and counts how often two threads met
 * in its window. tests/unit/test_races.c makes each meeting happen once; here they happen at every moment around it.
 *
 * Oracles, always on: no method runs beside or after its node's shutdown, a writer is alone, order per sender, sent == received
 * where nothing may be lost, every control call ends as it may, attempted == delivered + refused + dropped, no mbuf, node or hook
 * alive at the end, and the window was hit. Threads record into atomics, the main thread asserts after it has joined them.
 * torture.h has rounds, seeds, ages and memory.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/errno.h>
#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>
#include <ng/ng.h>
#undef printf
#undef log

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "torture/torture.h"
#include "core/gate.h"
#include "support/litmus.h"

#define MAGIC 0x6e6f6465u
#define COOKIE 771105
#define LIMIT_NS 60000000000 /* a thread that has not ended by then hangs */
#define NITEMS(a) (sizeof(a) / sizeof((a)[0]))

/* What went wrong, by oracle; all must be zero. */
static struct {
	counter poison, beside, order, control;
} bad;
static counter sent, got, swallowed, done, hits;
static _Atomic int stop, odd; /* odd: an error that no call may end with */
static _Atomic unsigned ended;
static struct ngu_graph *g;

/* ---- the node type: checks what it can, and does what the case wants ---- */

struct priv {
	_Atomic uint32_t magic;
	_Atomic int alone; /* methods that have the node alone */
	hook_p x, y;	   /* under the writer's turn */
};

/* What the case hangs into the methods; NULL: nothing. */
static struct {
	void (*constructor)(node_p node);
	int (*newhook)(node_p node, hook_p hook, const char *name);
	void (*connect)(hook_p hook);
	int (*rcvmsg)(node_p node, uint32_t cmd);
	int (*rcvdata)(hook_p hook, item_p item);
	bool (*revive)(node_p node);
} on;

static struct priv *
enter(node_p node)
{
	struct priv *p = NG_NODE_PRIVATE(node);

	if (p == NULL || p->magic != MAGIC) {
		bad.poison++;
		return (NULL);
	}
	if (atomic_fetch_add(&p->alone, 1) != 0)
		bad.beside++;
	return (p);
}

static void
leave(struct priv *p)
{
	if (p != NULL)
		atomic_fetch_sub(&p->alone, 1);
}

static int
r_constructor(node_p node)
{
	struct priv *p = malloc(sizeof(*p), M_NETGRAPH, M_NOWAIT | M_ZERO);

	if (p == NULL)
		return (ENOMEM);
	p->magic = MAGIC;
	NG_NODE_SET_PRIVATE(node, p);
	if (on.constructor != NULL)
		on.constructor(node);
	return (0);
}

static int
r_newhook(node_p node, hook_p hook, const char *name)
{
	struct priv *p = enter(node);
	int error = 0;

	if (on.newhook != NULL)
		error = on.newhook(node, hook, name);
	if (p != NULL && error == 0) {
		if (name[0] == 'x')
			p->x = hook;
		else if (name[0] == 'y')
			p->y = hook;
	}
	leave(p);
	return (error);
}

static int
r_connect(hook_p hook)
{
	struct priv *p = enter(NG_HOOK_NODE(hook));

	if (on.connect != NULL)
		on.connect(hook);
	leave(p);
	return (0);
}

static int
r_disconnect(hook_p hook)
{
	struct priv *p = enter(NG_HOOK_NODE(hook));

	if (p != NULL && p->x == hook)
		p->x = NULL;
	if (p != NULL && p->y == hook)
		p->y = NULL;
	leave(p);
	return (0);
}

static int
r_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	struct ng_mesg *msg;
	struct priv *p = NULL;
	int error = 0;

	(void)lasthook;
	NGI_GET_MSG(item, msg);
	if (!(msg->header.cmd & NGM_READONLY))
		p = enter(node);
	if (on.rcvmsg != NULL)
		error = on.rcvmsg(node, msg->header.cmd);
	leave(p);
	NG_FREE_MSG(msg);
	NG_FREE_ITEM(item);
	return (error);
}

static int
r_rcvdata(hook_p hook, item_p item)
{
	struct priv *p = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));

	if (p == NULL || p->magic != MAGIC)
		bad.poison++;
	else if (atomic_load(&p->alone) != 0 && !(NGU_LD_ACQ(&NG_HOOK_NODE(hook)->nd_gate) & NGU_G_EXCL))
		bad.beside++;
	if (on.rcvdata != NULL)
		return (on.rcvdata(hook, item));
	got++;
	NG_FREE_ITEM(item);
	return (0);
}

static int
r_shutdown(node_p node)
{
	struct priv *p = enter(node);

	if (on.revive != NULL && !(node->nd_flags & NGF_REALLY_DIE) && on.revive(node)) {
		leave(p);
		return (0);
	}
	leave(p);
	if (p != NULL) {
		p->magic = 0xdeadbeef;
		NG_NODE_SET_PRIVATE(node, NULL);
		free(p, M_NETGRAPH);
	}
	NG_NODE_UNREF(node);
	return (0);
}

static struct ng_type r_type = {
	.version = NG_ABI_VERSION,
	.name = "race",
	.constructor = r_constructor,
	.rcvmsg = r_rcvmsg,
	.shutdown = r_shutdown,
	.newhook = r_newhook,
	.connect = r_connect,
	.rcvdata = r_rcvdata,
	.disconnect = r_disconnect,
};
NETGRAPH_INIT(race, &r_type);

/* ---- graph and threads ---- */

static void
begin(unsigned workers)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .name = "races", .workers = workers };

	memset(&bad, 0, sizeof(bad));
	memset(&on, 0, sizeof(on));
	sent = got = swallowed = done = hits = 0;
	stop = odd = 0;
	ended = 0;
	assert_int_equal(ngu_graph_create(&o, &g), 0);
}

static void
make(const char *name)
{
	assert_int_equal(ngu_mknode(g, "race", name, NULL), 0);
}

static node_p
ref_of(const char *name)
{
	struct ngu_graph *before = ngu_graph_enter(g);
	node_p node = ng_name2noderef(NULL, name);

	(void)ngu_graph_enter(before);
	assert_non_null(node);
	return (node);
}

static void
must(int error)
{
	if (error != 0) {
		odd = error;
		bad.control++;
	}
}

/* The call may end like this when another thread was quicker. */
static void
control(int error)
{
	if (error == 0)
		done++;
	else if (error != ENOENT && error != EEXIST && error != ENOTCONN && error != EADDRINUSE && error != EINVAL && error != ENXIO)
		must(error);
}

struct body {
	void *(*fn)(void *);
	unsigned n;
};

struct thread {
	pthread_t th;
	void *(*fn)(void *);
	void *arg;
};

static void *
thread_main(void *arg)
{
	struct thread *t = arg;

	(void)ngu_graph_enter(g);
	(void)t->fn(t->arg);
	(void)ngu_graph_enter(NULL);
	ended++;
	return (NULL);
}

/* How long, not when: no verdict depends on it. But a case is not over before its window was hit, or the limit passed. */
static void
storm(const char *title, const struct body *b, double share, bool aged)
{
	static struct thread t[32];
	const struct timespec tick = { 0, 10000000 };
	struct ngu_graph_stats s;
	int64_t t0 = ngu__port_mono_ns(), end = t0 + (int64_t)(torture_round_s * share * 1e9), limit;
	unsigned nt = 0, i;

	for (; b->fn != NULL; b++)
		for (i = 0; i < b->n; i++, nt++) {
			t[nt].fn = b->fn;
			t[nt].arg = (void *)(uintptr_t)i;
			assert_int_equal(pthread_create(&t[nt].th, NULL, thread_main, &t[nt]), 0);
		}
	if (aged)
		ages_begin(1, 1);
	while (ngu__port_mono_ns() < end || (hits == 0 && ngu__port_mono_ns() < end + LIMIT_NS / 4))
		clock_nanosleep(CLOCK_MONOTONIC, 0, &tick, NULL);
	stop = 1;
	for (limit = ngu__port_mono_ns() + LIMIT_NS; ended != nt; clock_nanosleep(CLOCK_MONOTONIC, 0, &tick, NULL))
		if (ngu__port_mono_ns() > limit) {
			fprintf(stderr, "# %s: %u of %u threads hang\n", title, nt - ended, nt);
			_Exit(1);
		}
	for (i = 0; i < nt; i++)
		pthread_join(t[i].th, NULL);
	if (aged) {
		ages_join();
		ages_check();
	}
	assert_int_equal(ngu_settle(g, 20000), 0);
	ngu_graph_stats(g, &s);
	printf("# %s: %u threads, %.1f s: window hit %lu, calls %lu, sent %lu got %lu swallowed %lu refused %lu dropped %lu "
	       "queued %lu\n",
	    title, nt, (double)(ngu__port_mono_ns() - t0) / 1e9, hits, done, sent, got, swallowed, (unsigned long)s.refused,
	    (unsigned long)s.dropped, (unsigned long)s.queued_total);
	if (bad.control != 0)
		printf("# %lu errors, the last one %d\n", bad.control, odd);
	if ((bad.poison | bad.beside | bad.order) != 0)
		printf("# oracles: poison %lu, beside a writer %lu, order %lu\n", bad.poison, bad.beside, bad.order);
	assert_int_equal(bad.poison, 0);
	assert_int_equal(bad.beside, 0);
	assert_int_equal(bad.order, 0);
	assert_int_equal(bad.control, 0);
	assert_int_equal(s.queued, 0);
	assert_int_equal(s.attempted, s.delivered + s.refused + s.dropped);
	assert_int_equal(s.mbufs, 0);
	assert_true(hits > 0);
}

static void
leak_line(void *arg, const char *text)
{
	(void)arg;
	printf("# %s\n", text);
}

static void
finish(void)
{
	int error;

	on.revive = NULL;
	if ((error = ngu_graph_destroy(g)) != 0)
		(void)ngu_leaks(g, leak_line, NULL); /* debug builds: who took what */
	assert_int_equal(error, 0);
}

/* Let others run until it is true, but not for long: so that they meet more often. */
#define LINGER(cond) \
	do { \
		for (unsigned l_ = 0; l_ < 40 && !(cond); l_++) \
			ngu__port_yield(); \
	} while (0)

/* Writers' messages that keep the nodes named in `closing` closed for a moment, now and then. */
static const char *closing[4];

static void *
closer(void *arg)
{
	unsigned i = 0;

	(void)arg;
	while (!stop) {
		if (closing[i & 3] != NULL)
			must(ngu_msg(g, closing[i & 3], COOKIE, 1, NULL, 0, NULL));
		i++;
		torture_rest(CALL_REST);
	}
	return (NULL);
}

static int
stay_a_moment(node_p node, uint32_t cmd)
{
	(void)node;
	(void)cmd;
	ngu__port_yield();
	return (0);
}

/* ---- a node just made is shut down before it is in its place ---- */

static _Atomic uint32_t fresh_id;

static void
fresh_born(node_p node)
{
	fresh_id = NG_NODE_ID(node);
}

/* Its maker has its turn: who wants to end it now has to wait. */
static void
fresh_look(node_p node)
{
	if (NG_NODE_ID(node) != fresh_id)
		return;
	LINGER(NGU_LD_SC(&node->nd_gate) & NGU_G_Q);
	if (NGU_LD_SC(&node->nd_gate) & NGU_G_Q)
		hits++;
}

static int
fresh_newhook(node_p node, hook_p hook, const char *name)
{
	(void)hook;
	(void)name;
	fresh_look(node);
	return (0);
}

static void
fresh_connect(hook_p hook)
{
	fresh_look(NG_HOOK_NODE(hook));
}

static void *
fresh_inserter(void *arg)
{
	uint32_t id;
	int error;

	(void)arg;
	while (!stop) {
		control(ngu_insert(g, "A:", "o", "race", "x", "y", "F", &id));
		control(ngu_shutdown(g, "F:"));
		if ((error = ngu_lookup(g, "A:o", &id)) != 0) { /* it died in its place, and the link with it */
			control(error);
			control(ngu_rmhook(g, "A:", "o"));
			control(ngu_rmhook(g, "B:", "i"));
			control(ngu_connect(g, "A:", "o", "B:", "i"));
		}
	}
	return (NULL);
}

static void *
fresh_peer(void *arg)
{
	(void)arg;
	while (!stop) {
		control(ngu_mkpeer(g, "A:", "race", "m", "x"));
		control(ngu_rmhook(g, "A:", "m"));
		control(ngu_shutdown(g, "A:m"));
	}
	return (NULL);
}

static void *
fresh_shutter(void *arg)
{
	char nm[32];

	while (!stop) {
		snprintf(nm, sizeof(nm), "[%x]:", fresh_id);
		control(ngu_shutdown(g, arg == NULL ? "F:" : nm));
	}
	return (NULL);
}

static void
test_fresh_insert(void **state)
{
	(void)state;
	begin(0);
	make("A");
	make("B");
	assert_int_equal(ngu_connect(g, "A:", "o", "B:", "i"), 0);
	on.constructor = fresh_born;
	on.newhook = fresh_newhook;
	on.connect = fresh_connect;
	storm("insert and shutdown", (const struct body[]){ { fresh_inserter, 1 }, { fresh_shutter, 2 }, { NULL, 0 } }, 0.1, false);
	finish();
}

static void
test_fresh_mkpeer(void **state)
{
	(void)state;
	begin(0);
	make("A");
	on.constructor = fresh_born;
	on.newhook = fresh_newhook;
	on.connect = fresh_connect;
	storm("mkpeer and shutdown", (const struct body[]){ { fresh_peer, 1 }, { fresh_shutter, 2 }, { NULL, 0 } }, 0.1, false);
	finish();
}

/* ---- neighbours bypassed at once: A - n1 - n2 - B ---- */

static hook_p source;
static char inner[2][32];
static _Atomic int bypassing[2];
static pthread_barrier_t both;

static int
through(hook_p hook, item_p item)
{
	struct priv *p = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));
	const char *name = NG_HOOK_NAME(hook);
	hook_p to = name[0] == 'x' ? p->y : name[0] == 'y' ? p->x : NULL;
	int error;

	if (name[0] != 'x' && name[0] != 'y') {
		got++;
		NG_FREE_ITEM(item);
		return (0);
	}
	if (to == NULL) {
		swallowed++;
		NG_FREE_ITEM(item);
		return (ENOTCONN);
	}
	NG_FWD_ITEM_HOOK(error, item, to);
	return (error);
}

static void *
plain_sender(void *arg)
{
	struct mbuf *m;
	int error;

	(void)arg;
	while (!stop) {
		if ((m = ngu_packet(g, "abcd", 4)) == NULL)
			break;
		NG_SEND_DATA_ONLY(error, source, m);
		(void)error;
		sent++;
		torture_rest(SEND_REST);
	}
	return (NULL);
}

static void
bypass_one(int i)
{
	bypassing[i] = 1;
	must(ngu_bypass(g, inner[i], "x", "y"));
	if (bypassing[1 - i] == 1) /* the other one is at it, and I am through */
		hits++;
	bypassing[i] = 2;
}

static void *
bypasser(void *arg)
{
	uint32_t id;
	int i, last;

	for (;;) {
		if (arg == NULL) {
			last = stop;
			bypassing[0] = bypassing[1] = 0;
			for (i = 1; i >= 0 && !last; i--) {
				must(ngu_insert(g, "A:", "o", "race", "x", "y", i == 0 ? "n1" : "n2", &id));
				snprintf(inner[i], sizeof(inner[i]), "[%x]:", id);
			}
			if (last)
				inner[0][0] = '\0';
		}
		pthread_barrier_wait(&both);
		if (inner[0][0] == '\0')
			return (NULL);
		bypass_one(arg == NULL ? 0 : 1);
		pthread_barrier_wait(&both);
		if (arg == NULL) {
			must(ngu_shutdown(g, "n1:"));
			must(ngu_shutdown(g, "n2:"));
			done++;
		}
	}
}

static void *
inner_closer(void *arg)
{
	unsigned i = 0;

	(void)arg;
	while (!stop)
		control(ngu_msg(g, i++ & 1 ? "n1:" : "n2:", COOKIE, 1, NULL, 0, NULL));
	return (NULL);
}

static void
neighbours(unsigned workers)
{
	struct ngu_graph_stats s;
	node_p a;

	begin(workers);
	make("A");
	make("B");
	assert_int_equal(ngu_connect(g, "A:", "o", "B:", "i"), 0);
	a = ref_of("A");
	source = ng_findhook(a, "o");
	on.rcvdata = through;
	on.rcvmsg = stay_a_moment;
	assert_int_equal(pthread_barrier_init(&both, NULL, 2), 0);
	storm("neighbours bypassed",
	    (const struct body[]){ { bypasser, 2 }, { plain_sender, 2 }, { inner_closer, 1 }, { NULL, 0 } }, 0.08, false);
	ngu_graph_stats(g, &s);
	assert_int_equal(sent, got);
	assert_int_equal(swallowed + s.refused + s.dropped, 0);
	pthread_barrier_destroy(&both);
	NG_NODE_UNREF(a);
	finish();
}

static void
test_neighbours(void **state)
{
	(void)state;
	neighbours(0);
	neighbours(1);
}

/* ---- one packet becomes more than a thread lays aside; the node behind is closed now and then ---- */

enum { SOURCES = 3, FAN = 48 };
static hook_p sources[SOURCES];
static node_p behind;
static _Atomic uint32_t last[SOURCES];

struct packet {
	uint32_t sender, seq;
};

static int
fan_rcvdata(hook_p hook, item_p item)
{
	struct priv *p = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));
	struct packet pk;
	struct mbuf *m;
	uint32_t before, i;
	int error;

	m_copydata(NGI_M(item), 0, (int)sizeof(pk), (caddr_t)&pk);
	NG_FREE_ITEM(item);
	if (NG_HOOK_NAME(hook)[0] == 'f') {
		if (NGU_LD_SC(&behind->nd_gate) & NGU_G_W)
			hits++;
		for (i = 0; i < FAN; i++) {
			struct packet out = { pk.sender, pk.seq * FAN + i };

			if ((m = ngu_packet(g, &out, sizeof(out))) == NULL) {
				bad.control++;
				return (0);
			}
			NG_SEND_DATA_ONLY(error, p->y, m);
			(void)error;
		}
		return (0);
	}
	before = atomic_exchange(&last[pk.sender], pk.seq);
	if (pk.seq <= before)
		bad.order++;
	got++;
	return (0);
}

static void *
fan_sender(void *arg)
{
	struct packet pk = { (uint32_t)(uintptr_t)arg, 0 };
	struct mbuf *m;
	int error;

	while (!stop) {
		pk.seq++;
		if ((m = ngu_packet(g, &pk, sizeof(pk))) == NULL)
			break;
		NG_SEND_DATA_ONLY(error, sources[pk.sender], m);
		(void)error;
		sent += FAN;
		torture_rest(SEND_REST);
	}
	return (NULL);
}

static void
fan(unsigned workers)
{
	struct ngu_graph_stats s;
	char a[32], b[32], h[32];
	node_p src[SOURCES];
	unsigned i;

	begin(workers);
	memset(last, 0, sizeof(last));
	make("X");
	behind = ref_of("X");
	for (i = 0; i < SOURCES; i++) {
		snprintf(a, sizeof(a), "S%u", i);
		snprintf(b, sizeof(b), "F%u", i);
		make(a);
		make(b);
		src[i] = ref_of(a);
		snprintf(a, sizeof(a), "S%u:", i);
		snprintf(b, sizeof(b), "F%u:", i);
		snprintf(h, sizeof(h), "i%u", i);
		assert_int_equal(ngu_connect(g, a, "s", b, "f"), 0);
		assert_int_equal(ngu_connect(g, b, "y", "X:", h), 0);
		sources[i] = ng_findhook(src[i], "s");
	}
	on.rcvdata = fan_rcvdata;
	on.rcvmsg = stay_a_moment;
	closing[0] = closing[2] = "X:";
	closing[1] = closing[3] = NULL;
	storm("fan to a closed node", (const struct body[]){ { fan_sender, SOURCES }, { closer, 2 }, { NULL, 0 } }, 0.08, false);
	ngu_graph_stats(g, &s);
	/* A full queue refuses; all else arrives. */
	assert_int_equal(s.refused + s.dropped, s.by_reason[NGU_R_QUEUE_FULL]);
	assert_true(got + s.by_reason[NGU_R_QUEUE_FULL] <= sent);
	assert_true(got + s.by_reason[NGU_R_QUEUE_FULL] * FAN >= sent);
	for (i = 0; i < SOURCES; i++)
		NG_NODE_UNREF(src[i]);
	NG_NODE_UNREF(behind);
	finish();
}

static void
test_fan(void **state)
{
	(void)state;
	fan(0);
	fan(2);
}

/* ---- a name for a node that is gone, while others look for that name ---- */

static _Atomic int looking;

static void *
looker(void *arg)
{
	uint32_t id;

	(void)arg;
	while (!stop) {
		looking++;
		control(ngu_lookup(g, "zz:", &id));
		looking--;
	}
	return (NULL);
}

static void *
namer(void *arg)
{
	char nm[32];
	uint32_t id;
	node_p n;
	int error;

	(void)arg;
	while (!stop) {
		if (ngu_mknode(g, "race", NULL, &id) != 0) {
			bad.control++;
			break;
		}
		n = ngu_k_id2noderef(id);
		snprintf(nm, sizeof(nm), "[%x]:", id);
		must(ngu_shutdown(g, nm));
		error = ng_name_node(n, "zz");
		if (error == ENOENT && looking != 0)
			hits++;
		else if (error != ENOENT && error != EADDRINUSE)
			bad.control++; /* a name for a node that is gone */
		NG_NODE_UNREF(n); /* the last but the name's and the core's */
		done++;
	}
	return (NULL);
}

static void
test_names(void **state)
{
	(void)state;
	begin(0);
	storm("names of nodes that are gone", (const struct body[]){ { namer, 3 }, { looker, 2 }, { NULL, 0 } }, 0.1, false);
	assert_int_equal(ngu_mknode(g, "race", "zz", NULL), 0);
	finish();
}

/* ---- a - b and b - a connected at once ---- */

static _Atomic int in_newhook[2];

static int
cross_newhook(node_p node, hook_p hook, const char *name)
{
	int who = name[0] == 'p' ? 0 : name[0] == 'q' ? 1 : -1;

	(void)node;
	(void)hook;
	if (who < 0)
		return (0);
	in_newhook[who] = 1;
	LINGER(in_newhook[1 - who]);
	if (in_newhook[1 - who])
		hits++; /* each of us has the node that the other one wants next */
	in_newhook[who] = 0;
	return (0);
}

static void *
cross_connect(void *arg)
{
	bool q = arg != NULL;

	while (!stop) {
		must(ngu_connect(g, q ? "B:" : "A:", q ? "q" : "p", q ? "A:" : "B:", q ? "far_q" : "far_p"));
		must(ngu_rmhook(g, q ? "B:" : "A:", q ? "q" : "p"));
		done++;
	}
	return (NULL);
}

static void
test_connect_both_ways(void **state)
{
	struct ngu_graph_stats s;

	(void)state;
	begin(0);
	make("A");
	make("B");
	on.newhook = cross_newhook;
	on.rcvmsg = stay_a_moment;
	in_newhook[0] = in_newhook[1] = 0;
	closing[0] = closing[2] = "A:";
	closing[1] = closing[3] = "B:";
	storm("connected both ways", (const struct body[]){ { cross_connect, 2 }, { closer, 2 }, { NULL, 0 } }, 0.1, false);
	ngu_reclaim_barrier();
	ngu_graph_stats(g, &s);
	assert_int_equal(s.hooks, 0);
	finish();
}

/* ---- control calls from inside methods, in all directions ---- */

enum { MUTUAL = 4 };
static node_p mutual[MUTUAL];
static counter deadlocks;

static int
mutual_rcvmsg(node_p node, uint32_t cmd)
{
	unsigned self = (unsigned)(NG_NODE_NAME(node)[0] - '0'), other, what = (cmd & 0xff) >> 2;
	char path[8], far[8], hook[8];
	int error;

	if (what == 0)
		return (0);
	other = (self + 1 + cmd % (MUTUAL - 1)) % MUTUAL;
	snprintf(path, sizeof(path), "%u:", other);
	snprintf(far, sizeof(far), "%u:", (other + 1) % MUTUAL);
	snprintf(hook, sizeof(hook), "h%u", self);
	if (NGU_LD_SC(&mutual[other]->nd_gate) & (NGU_G_W | NGU_G_R))
		hits++;
	switch (what % 5) {
	case 0:
		error = ngu_msg(g, path, COOKIE, 0, NULL, 0, NULL);
		break;
	case 1:
		error = ngu_connect(g, path, hook, far, hook);
		break;
	case 2:
		error = ngu_rmhook(g, path, hook);
		break;
	case 3:
		error = ngu_mkpeer(g, path, "race", hook, "p");
		break;
	default:
		error = ngu_shutdown(g, "[7fffffff]:");
		break;
	}
	if (error == EDEADLK)
		deadlocks++;
	else
		control(error);
	return (0);
}

static void *
mutual_caller(void *arg)
{
	unsigned r;
	char path[8];

	while (!stop) {
		r = torture_rand();
		snprintf(path, sizeof(path), "%u:", r % MUTUAL);
		must(ngu_msg(g, path, COOKIE, ((r >> 4) & 0x7f) | (r & 0x1000 ? NGM_READONLY : 0), NULL, 0, NULL));
	}
	return (NULL);
}

static void
test_calls_from_methods(void **state)
{
	char name[8];
	unsigned i, workers;

	(void)state;
	for (workers = 0; workers < 2; workers++) {
		begin(workers);
		deadlocks = 0;
		for (i = 0; i < MUTUAL; i++) {
			snprintf(name, sizeof(name), "%u", i);
			make(name);
			mutual[i] = ref_of(name);
		}
		on.rcvmsg = mutual_rcvmsg;
		storm("calls from methods", (const struct body[]){ { mutual_caller, 4 }, { NULL, 0 } }, 0.06, false);
		printf("# %lu deadlocks told\n", deadlocks);
		for (i = 0; i < MUTUAL; i++) {
			/* Nobody owes the node anything. */
			assert_int_equal(NGU_LD_SC(&mutual[i]->nd_gate) & (NGU_G_BUSY | NGU_G_R | NGU_G_C), 0);
			NG_NODE_UNREF(mutual[i]);
		}
		finish();
	}
}

/* ---- a node that always comes back, marked for removal by others meanwhile ---- */

static node_p phoenix;

static bool
rise(node_p node)
{
	if (node != phoenix)
		return (false);
	NG_NODE_REVIVE(node);
	ngu__port_yield();
	return (true);
}

static void *
phoenix_shutter(void *arg)
{
	(void)arg;
	while (!stop)
		control(ngu_shutdown(g, "P:"));
	return (NULL);
}

static void *
phoenix_marker(void *arg)
{
	int before;

	(void)arg;
	while (!stop) {
		LINGER(NGU_LD_SC(&phoenix->nd_flags) & NGF_CLOSING);
		before = NGU_LD_SC(&phoenix->nd_flags);
		(void)ng_rmnode_self(phoenix);
		if (before & NGU_LD_SC(&phoenix->nd_flags) & NGF_CLOSING)
			hits++;
	}
	return (NULL);
}

static void *
phoenix_user(void *arg)
{
	(void)arg;
	while (!stop) {
		control(ngu_connect(g, "Q:", "q", "P:", "p"));
		control(ngu_rmhook(g, "Q:", "q"));
	}
	return (NULL);
}

static void
test_revive(void **state)
{
	(void)state;
	begin(0);
	make("P");
	make("Q");
	phoenix = ref_of("P");
	on.revive = rise;
	storm("revived and marked",
	    (const struct body[]){ { phoenix_shutter, 1 }, { phoenix_marker, 2 }, { phoenix_user, 1 }, { NULL, 0 } }, 0.08, false);
	assert_true(NG_NODE_IS_VALID(phoenix));
	assert_int_equal(ngu_lookup(g, "P:", NULL), 0);
	assert_int_equal(ngu_connect(g, "Q:", "new", "P:", "new"), 0);
	NG_NODE_UNREF(phoenix);
	phoenix = NULL;
	finish();
}

/* ---- the second stage of a connect while the first node dies ---- */

static int
half_newhook(node_p node, hook_p hook, const char *name)
{
	hook_p peer;
	bool dead;

	(void)node;
	if (name[0] != 'i')
		return (0);
	NG_HOOK_SET_PRIVATE(hook, (void *)(uintptr_t)0x4242424240);
	for (unsigned l = 0; l < 20; l++) {
		struct ngu__thread *ts = ngu__self();

		ngu__section_enter(ts);
		peer = NGU_LD_ACQ(&hook->hk_peer);
		dead = (NGU_LD_ACQ(&peer->hk_state) & NGU_HS_DEAD) != 0;
		ngu__section_leave(ts);
		if (dead) {
			hits++;
			break;
		}
		ngu__port_yield();
	}
	return (hits & 1 ? EINVAL : 0);
}

static void *
half_connect(void *arg)
{
	char nm[8];

	snprintf(nm, sizeof(nm), "i%u", (unsigned)(uintptr_t)arg);
	while (!stop) {
		control(ngu_connect(g, "A:", nm, "N:", nm));
		control(ngu_rmhook(g, "N:", nm));
	}
	return (NULL);
}

static void *
half_killer(void *arg)
{
	(void)arg;
	while (!stop) {
		control(ngu_shutdown(g, "A:"));
		control(ngu_mknode(g, "race", "A", NULL));
		ngu_reclaim_barrier();
	}
	return (NULL);
}

static void
test_half_born(void **state)
{
	struct ngu_graph_stats s;

	(void)state;
	begin(0);
	make("A");
	make("N");
	on.newhook = half_newhook;
	on.rcvmsg = stay_a_moment;
	closing[0] = closing[2] = "N:";
	closing[1] = closing[3] = NULL;
	storm("half connected",
	    (const struct body[]){ { half_connect, 2 }, { half_killer, 1 }, { closer, 1 }, { NULL, 0 } }, 0.1, false);
	assert_int_equal(ngu_shutdown(g, "N:"), 0);
	assert_int_equal(ngu_settle(g, 20000), 0);
	ngu_reclaim_barrier();
	ngu_graph_stats(g, &s);
	assert_int_equal(s.hooks, 0);
	finish();
}

/* ---- everything, at random, on four nodes, some of them exclusive, some hooks queueing ---- */

static int
any_newhook(node_p node, hook_p hook, const char *name)
{
	if (NG_NODE_ID(node) % 3 == 0)
		NG_NODE_FORCE_WRITER(node);
	if (name[0] == 'q')
		NG_HOOK_FORCE_QUEUE(hook);
	return (0);
}

/* Out by another hook, until it has gone forty hops. */
static int
any_rcvdata(hook_p hook, item_p item)
{
	uint8_t *d = mtod(NGI_M(item), uint8_t *);
	hook_p h, to = NULL;
	int error;

	got++;
	if (d[0]-- != 0)
		LIST_FOREACH(h, &NG_HOOK_NODE(hook)->nd_hooks, hk_hooks) {
			if (h == hook)
				continue;
			to = h;
			if ((d[0] ^ (unsigned)((uintptr_t)h >> 7)) & 1)
				break;
		}
	if (to == NULL) {
		NG_FREE_ITEM(item);
		return (0);
	}
	NG_FWD_ITEM_HOOK(error, item, to);
	return (error);
}

static void *
any_control(void *arg)
{
	char p[16], q[16], h1[8], h2[8];
	uint32_t id;
	int error;

	while (!stop) {
		snprintf(p, sizeof(p), "n%u:", torture_rand() % 4);
		snprintf(q, sizeof(q), "n%u:", torture_rand() % 4);
		snprintf(h1, sizeof(h1), "%c%u", torture_rand() % 8 ? 'h' : 'q', torture_rand() % 4);
		snprintf(h2, sizeof(h2), "%c%u", torture_rand() % 8 ? 'h' : 'q', torture_rand() % 4);
		switch (torture_rand() % 10) {
		case 0:
		case 1:
		case 2:
			error = ngu_connect(g, p, h1, q, h2);
			break;
		case 3:
			error = ngu_rmhook(g, p, h1);
			break;
		case 4:
			error = ngu_relink(g, p, h1, q, h2);
			break;
		case 5:
			if ((error = ngu_insert(g, p, h1, "race", "x", "y", NULL, &id)) == 0) {
				hits++;
				snprintf(q, sizeof(q), "[%x]:", id);
				if (torture_rand() & 1)
					control(ngu_bypass(g, q, "x", "y"));
				error = ngu_shutdown(g, q);
			}
			break;
		case 6:
			control(ngu_shutdown(g, p));
			p[2] = '\0';
			error = ngu_mknode(g, "race", p, &id);
			break;
		case 7:
			error = ngu_msg(g, p, COOKIE, 1, NULL, 0, NULL);
			break;
		case 8:
			error = ngu_msg(g, p, COOKIE, 1 | NGM_READONLY, NULL, 0, NULL);
			break;
		default:
			error = ngu_bypass(g, p, h1, h2);
			break;
		}
		control(error);
		if ((torture_rand() & 15) == 0)
			ngu__port_yield();
	}
	return (NULL);
}

static void *
any_sender(void *arg)
{
	unsigned i, k, n;
	struct ngu_port *port;
	struct mbuf *v[40];
	uint8_t b[4] = { 40, 0, 0, 0 };
	char p[16];

	while (!stop) {
		snprintf(p, sizeof(p), "n%u:", torture_rand() % 4);
		if (ngu_port_open(g, p, "p", NULL, NULL, &port) != 0) {
			ngu__port_yield();
			continue;
		}
		for (i = 0; i < 200 && !stop; i++) {
			n = 1 + torture_rand() % 40;
			for (k = 0; k < n; k++)
				v[k] = ngu_packet(g, b, sizeof(b));
			(void)ngu_port_send_burst(port, v, n);
			sent += n;
		}
		ngu_port_close(port);
	}
	return (NULL);
}

static void
test_everything(void **state)
{
	unsigned workers, i;
	char name[8];

	(void)state;
	for (workers = 0; workers < 3; workers += 2) {
		begin(workers);
		on.newhook = any_newhook;
		on.rcvdata = any_rcvdata;
		on.rcvmsg = stay_a_moment;
		for (i = 0; i < 4; i++) {
			snprintf(name, sizeof(name), "n%u", i);
			make(name);
		}
		storm("everything at random", (const struct body[]){ { any_control, 4 }, { any_sender, 2 }, { NULL, 0 } }, 0.1, true);
		finish();
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		torture_test(test_fresh_insert),
		torture_test(test_fresh_mkpeer),
		torture_test(test_neighbours),
		torture_test(test_fan),
		torture_test(test_names),
		torture_test(test_connect_both_ways),
		torture_test(test_calls_from_methods),
		torture_test(test_revive),
		torture_test(test_half_born),
		torture_test(test_everything),
	};

	if (argc > 1) /* one case: a name, with * and ? */
		cmocka_set_test_filter(argv[1]);
	torture_begin();
	if (!litmus())
		return (1);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
