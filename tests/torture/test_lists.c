/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_lists.c - threads apply lists of operations to one graph while packets cross it and other threads change the same nodes.
 *
 * Oracles: a stream whose links no list touches loses nothing and keeps its order; so does one whose way is replaced over and
 * over by lists that make a new one and remove the old; a list that succeeded has made both its links, one that
 * failed has left neither; every hook that a node accepted is taken from it; the books balance and nothing is alive at the end.
 * Each run goes on until every window was hit (or a limit is reached, which fails): lists refused by the check, lists
 * outdated between check and run, lists taken back because a method refused, lists that went through.
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

#include "support/litmus.h"
#include "torture/torture.h"

#define STREAMS 2
#define LIMIT_S 25 /* a run that has not hit its windows by then has failed */

static struct ngu_graph *g;
static _Atomic int stop;
static counter sent[STREAMS], got[STREAMS], swallowed, refused;
static counter accepted, taken; /* hooks: newhook, disconnect */
static struct {
	counter order, gap, half, left, control;
} bad;
static struct {
	counter checked, outdated, refused, through, switched, cut;
} hit;

struct packet {
	uint32_t stream, seq;
};

/* ---- relay: what comes in by "i<stream>..." goes out by the newest open hook "o<stream>..."; hooks "f..." are refused now and then */

static counter whims, moods;

static int
relay_constructor(node_p node)
{
	(void)node;
	return (0);
}

static int
relay_newhook(node_p node, hook_p hook, const char *name)
{
	(void)node;
	(void)hook;
	if (name[0] == 'f' && ++whims % 3 == 0)
		return (ECONNREFUSED);
	accepted++;
	return (0);
}

static int
relay_connect(hook_p hook)
{
	return (NG_HOOK_NAME(hook)[0] == 'f' && ++moods % 3 == 0 ? ECONNREFUSED : 0);
}

static int
relay_rcvdata(hook_p hook, item_p item)
{
	const char *name = NG_HOOK_NAME(hook);
	node_p node = NG_HOOK_NODE(hook);
	hook_p h;
	int error;

	if (name[0] == 'i') {
		LIST_FOREACH(h, &node->nd_hooks, hk_hooks) {
			if (NG_HOOK_NAME(h)[0] != 'o' || NG_HOOK_NAME(h)[1] != name[1] || NG_HOOK_NOT_VALID(h))
				continue;
			NG_FWD_ITEM_HOOK(error, item, h);
			return (error);
		}
	}
	swallowed++;
	NG_FREE_ITEM(item);
	return (ENOTCONN);
}

static int
relay_disconnect(hook_p hook)
{
	(void)hook;
	taken++;
	return (0);
}

static struct ng_type relay_type = {
	.version = NG_ABI_VERSION,
	.name = "lrelay",
	.constructor = relay_constructor,
	.newhook = relay_newhook,
	.connect = relay_connect,
	.rcvdata = relay_rcvdata,
	.disconnect = relay_disconnect,
};
NETGRAPH_INIT(lrelay, &relay_type);

static _Atomic uint32_t last[STREAMS];

static int
sink_rcvdata(hook_p hook, item_p item)
{
	struct packet *pk = mtod(NGI_M(item), struct packet *);
	uint32_t before = atomic_exchange(&last[pk->stream], pk->seq);

	(void)hook;
	if (pk->seq <= before)
		bad.order++;
	else if (pk->seq != before + 1)
		bad.gap++;
	got[pk->stream]++;
	NG_FREE_ITEM(item);
	return (0);
}

static struct ng_type sink_type = {
	.version = NG_ABI_VERSION,
	.name = "lsink",
	.constructor = relay_constructor,
	.newhook = relay_newhook,
	.rcvdata = sink_rcvdata,
	.disconnect = relay_disconnect,
};
NETGRAPH_INIT(lsink, &sink_type);

/* ---- threads ---- */

static hook_p source[STREAMS];

static void *
sender(void *arg)
{
	struct packet pk = { (uint32_t)(uintptr_t)arg, 0 };
	struct mbuf *m;
	int error;

	while (!stop) {
		pk.seq++;
		if ((m = ngu_packet(g, &pk, sizeof(pk))) == NULL) {
			bad.control++;
			break;
		}
		NG_SEND_DATA_ONLY(error, source[pk.stream], m);
		sent[pk.stream]++;
		if (error != 0)
			refused++;
		torture_rest(SEND_REST);
	}
	return (NULL);
}

static void
count(int error, const struct ngu_apply_error *e)
{
	if (error == 0)
		hit.through++;
	else if (!e->ran)
		hit.checked++;
	else if (error == ECONNREFUSED)
		hit.refused++;
	else if (error == ENOENT || error == EEXIST || error == EADDRINUSE || error == ENXIO || error == EINVAL)
		hit.outdated++;
	else
		bad.control++;
}

/*
 * Stream 1's way from the relay to the sink, again and again another one: a link, or two with a new relay between them, which has
 * to be open to the sink before the first packet enters it.
 */
static void *
switcher(void *arg)
{
	struct ngu_apply_error e;
	char list[256];
	unsigned n;

	(void)arg;
	for (n = 0; !stop; n++, torture_rest(CALL_REST)) {
		if (n % 2 == 0)
			(void)snprintf(list, sizeof(list),
			    "rmhook R: o1%u\nmkpeer R: lrelay o1%u i1\nconnect R:o1%u sink1: o1 in%u\n", n, n + 1, n + 1, n + 1);
		else
			(void)snprintf(list, sizeof(list), "connect R: sink1: o1%u in%u\nshutdown R:o1%u\n", n + 1, n + 1, n);
		if (ngu_apply_text(g, list, 0, &e) != 0)
			bad.control++;
		hit.switched++;
	}
	return (NULL);
}

/*
 * Two links between nodes that the streams cross, with names of this thread's own, and something that may fail in front of,
 * between or behind them.
 */
static void *
maker(void *arg)
{
	unsigned me = (unsigned)(uintptr_t)arg, n;
	struct ngu_apply_error e;
	char list[1024], a[64], b[64];
	int error, first, second, whatever;

	for (n = torture_rand() % 15; !stop; n++, torture_rest(CALL_REST)) {
		char may[160];

		(void)snprintf(may, sizeof(may), n % 3 == 0 ? "connect R: sink1: f%u w%u\n" : n % 3 == 1 ? "connect Z: R: z%u z%u\n" : "mkpeer Z: lrelay y%u f%u\n",
		    me, me);
		(void)snprintf(list, sizeof(list), "%sconnect R: sink0: a%u a%u\n%sconnect sink1: R: b%u b%u\n%s", n % 5 == 0 ? may : "", me, me,
		    n % 5 > 0 && n % 5 < 3 ? may : "", me, me, n % 5 >= 3 ? may : "");
		error = ngu_apply_text(g, list, 0, &e);
		count(error, &e);
		(void)snprintf(a, sizeof(a), "R:a%u", me);
		(void)snprintf(b, sizeof(b), "R:b%u", me);
		first = ngu_lookup(g, a, NULL);
		second = ngu_lookup(g, b, NULL);
		if (error == 0 && (first != 0 || second != 0))
			bad.half++;
		if (error != 0 && (first == 0 || second == 0))
			bad.left++;
		if (error != 0)
			continue;
		/* Away again by a list, in which Z's part may be missing by now. */
		(void)snprintf(list, sizeof(list), "rmhook R: a%u\nrmhook sink1: b%u\n", me, me);
		if (ngu_apply_text(g, list, 0, &e) != 0)
			bad.control++;
		(void)snprintf(a, sizeof(a), "f%u", me);
		(void)snprintf(b, sizeof(b), "z%u", me);
		if (ngu_rmhook(g, "R:", a) != 0 || ngu_rmhook(g, "R:", b) != 0)
			bad.control++;
		(void)snprintf(a, sizeof(a), "y%u", me);
		whatever = ngu_rmhook(g, "Z:", a); /* Z may not be there */
		(void)whatever;
	}
	return (NULL);
}

/* Takes Z away and makes it anew, by lists and by single calls; and gives its name to others. */
static void *
cutter(void *arg)
{
	struct ngu_apply_error e;
	int error, whatever;

	(void)arg;
	while (!stop) {
		error = ngu_apply_text(g, "mknode lrelay Z\nmkpeer Z: lrelay o i\nname Z:o ZZ\nconnect ZZ: R: q q\n", 0, &e);
		count(error, &e);
		whatever = ngu_lookup(g, "Z:o.q.q", NULL);
		torture_rest(CALL_REST);
		error = ngu_apply_text(g, "name Z: old\nmknode lrelay Z2\nrmhook R: q\nshutdown old:\nshutdown ZZ:\n", 0, &e);
		count(error, &e);
		if (error != 0) {
			whatever = ngu_shutdown(g, "ZZ:");
			whatever = ngu_shutdown(g, "Z:");
		}
		whatever = ngu_shutdown(g, "Z2:");
		(void)whatever; /* the other cutter may have been quicker */
		hit.cut++;
	}
	return (NULL);
}

static bool
all_hit(void)
{
	return (hit.checked > 0 && hit.outdated > 0 && hit.refused > 20 && hit.through > 20 && hit.switched > 20 && hit.cut > 20);
}

static void
run(unsigned workers)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .name = "lists", .workers = workers };
	const struct timespec tick = { 0, 20000000 };
	int64_t begin;
	struct ngu_graph_stats s;
	uint64_t full;
	char at[16];
	pthread_t t[16];
	unsigned nt = 0, i;
	node_p src[STREAMS];

	memset(&bad, 0, sizeof(bad));
	memset(&hit, 0, sizeof(hit));
	memset(sent, 0, sizeof(sent));
	memset(got, 0, sizeof(got));
	memset(last, 0, sizeof(last));
	accepted = taken = swallowed = refused = 0;
	stop = 0;
	assert_int_equal(ngu_graph_create(&o, &g), 0);
	ngu_graph_enter(g);
	assert_int_equal(ngu_apply_text(g,
	    "mknode lrelay R\n mknode lsink sink0\n mknode lsink sink1\n mknode lsink src0\n mknode lsink src1\n"
	    "connect src0: R: o i0\n connect src1: R: o i1\n connect R: sink0: o0 in\n connect R: sink1: o10 in0\n", 0, NULL), 0);
	for (i = 0; i < STREAMS; i++) {
		(void)snprintf(at, sizeof(at), "src%u", i);
		src[i] = ng_name2noderef(NULL, at);
		assert_non_null(src[i]);
		source[i] = ng_findhook(src[i], "o");
		assert_non_null(source[i]);
	}
	for (i = 0; i < STREAMS; i++)
		assert_int_equal(pthread_create(&t[nt++], NULL, sender, (void *)(uintptr_t)i), 0);
	assert_int_equal(pthread_create(&t[nt++], NULL, switcher, NULL), 0);
	for (i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&t[nt++], NULL, maker, (void *)(uintptr_t)(i + 1)), 0);
	for (i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&t[nt++], NULL, cutter, NULL), 0);
	ages_begin(1, 1);
	/* At least its share of the time, and until all windows were hit: how long, not when. */
	begin = ngu__port_mono_ns();
	while (ngu__port_mono_ns() - begin < (int64_t)(torture_round_s * 0.3e9) ||
	    (!all_hit() && ngu__port_mono_ns() - begin < (int64_t)LIMIT_S * 1000000000))
		clock_nanosleep(CLOCK_MONOTONIC, 0, &tick, NULL);
	stop = 1;
	for (i = 0; i < nt; i++)
		pthread_join(t[i], NULL);
	ages_join();
	ages_check();
	assert_int_equal(ngu_settle(g, 20000), 0);
	ngu_graph_stats(g, &s);
	printf("# %u threads, %u workers: sent %lu+%lu got %lu+%lu; lists: through %lu, refused by the check %lu, outdated %lu, taken back %lu; "
	       "switched %lu, cut %lu; queued %lu\n",
	    nt + ages.n, workers, sent[0], sent[1], got[0], got[1], hit.through, hit.checked, hit.outdated, hit.refused, hit.switched, hit.cut,
	    (unsigned long)s.queued_total);
	full = s.by_reason[NGU_R_QUEUE_FULL];
	/*
	 * The baseline's nodes, whose readers lock, have packets waiting nearly always: one that waits in what a list removes may be
	 * overtaken by the new way. And a queue that is full refuses, on any backend, when its server has no CPU.
	 */
	if (strcmp(ngu_backend(), "rwlock") != 0)
		assert_int_equal(bad.order, 0);
	if (full == 0 && strcmp(ngu_backend(), "rwlock") != 0)
		assert_int_equal(bad.gap, 0);
	assert_int_equal(bad.half, 0);
	assert_int_equal(bad.left, 0);
	assert_int_equal(bad.control, 0);
	assert_int_equal(refused, full);
	assert_int_equal(swallowed, 0);
	assert_true(got[0] > 0 && got[1] > 0);
	assert_int_equal(sent[0] + sent[1], got[0] + got[1] + full);
	assert_true(all_hit());
	assert_int_equal(s.attempted, s.delivered + s.refused + s.dropped);
	assert_int_equal(s.refused + s.dropped, full);
	for (i = 0; i < STREAMS; i++)
		NG_NODE_UNREF(src[i]);
	assert_int_equal(ngu_graph_destroy(g), 0);
	assert_int_equal(accepted, taken);
}

static void
test_no_workers(void **state)
{
	(void)state;
	run(0);
}

static void
test_workers(void **state)
{
	(void)state;
	run(2);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		torture_test(test_no_workers),
		torture_test(test_workers),
	};

	if (argc > 1) /* one case: a name, with * and ? */
		cmocka_set_test_filter(argv[1]);
	torture_begin();
	if (!litmus())
		return (1);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
