/* SPDX-License-Identifier: BSD-2-Clause */
/* test_split.c - node type "split". In the kernel's world, to call a method itself. */
#include "nodes/nt.h"

#include <sys/param.h>
#include <sys/mbuf.h>

#include <netgraph/netgraph.h>
#include <netgraph/ng_split.h>

#include "kern/zone.h"
#include "port/port.h"

static struct nt_end mixed, in, out;

static void
make(void)
{
	ok(ngu_mknode(g, "split", "s", NULL));
	nt_open(&mixed, "s:", "mixed");
	nt_open(&in, "s:", "in");
	nt_open(&out, "s:", "out");
}

static void
came(unsigned m, unsigned i, unsigned o)
{
	assert_int_equal(mixed.n, m);
	assert_int_equal(in.n, i);
	assert_int_equal(out.n, o);
	atomic_store(&mixed.n, 0u);
	atomic_store(&in.n, 0u);
	atomic_store(&out.n, 0u);
}

static void
test_ways(void **state)
{
	struct mbuf *m;

	(void)state;
	make();
	m = ngu_packet(g, "hello", 5);
	ok(ngu_port_send(in.port, m));
	assert_ptr_equal(mixed.what[0], m);
	assert_string_equal(mixed.got[0], "hello");
	came(1, 0, 0);
	m = ngu_packet(g, "back", 4);
	ok(ngu_port_send(mixed.port, m));
	assert_ptr_equal(out.what[0], m);
	came(0, 0, 1);
	/* The one-way street, from the wrong end: an error, and a line that says where. */
	nt_log[0] = '\0';
	assert_int_equal(nt_send(&out, "x"), EINVAL);
	came(0, 0, 0);
	assert_non_null(strstr(nt_log, "split \"s\""));
	assert_non_null(strstr(nt_log, "hook out"));
	nt_close(&mixed);
	nt_close(&in);
	nt_close(&out);
	assert_int_equal(ngu_lookup(g, "s:", NULL), ENOENT);
}

/* What has nowhere to go is dropped, and nobody minds. */
static void
test_missing(void **state)
{
	(void)state;
	make();
	nt_close(&mixed);
	ok(nt_send(&in, "x"));
	assert_int_equal(nt_send(&out, "x"), EINVAL);
	came(0, 0, 0);
	nt_open(&mixed, "s:", "mixed");
	nt_close(&out);
	ok(nt_send(&mixed, "x"));
	came(0, 0, 0);
	ok(nt_send(&in, "x"));
	came(1, 0, 0);
	nt_open(&out, "s:", "out");
	nt_close(&in);
	ok(nt_send(&mixed, "x"));
	came(0, 0, 1);
	ok(ngu_shutdown(g, "s:"));
	assert_int_equal(nt_send(&mixed, "x"), ENOTCONN);
	nt_close(&mixed);
	nt_close(&out);
}

/* What the next one says is the sender's result. */
static void
test_errors_come_back(void **state)
{
	(void)state;
	make();
	nt_close(&out);
	ok(ngu_mkpeer(g, "s:", "sample", "out", "left")); /* without "right" it refuses: ENETDOWN */
	assert_int_equal(nt_send(&mixed, "x"), ENETDOWN);
	ok(ngu_shutdown(g, "s:"));
	nt_close(&mixed);
	nt_close(&in);
}

static void
test_names_and_messages(void **state)
{
	static const char *const bad[] = { "Mixed", "mixe", "mixed2", "inn", "i", "OUT", "output", "one" };
	struct ngu_port *p;

	(void)state;
	make();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ngu_port_open(g, "s:", bad[i], NULL, NULL, &p), EINVAL);
	assert_int_equal(ngu_port_open(g, "s:", "in", NULL, NULL, &p), EEXIST); /* the core's answer */
	assert_int_equal(nt_hooks("s:"), 3);
	/* It has no ears: whatever is said to it is gone, without error and without answer. */
	for (uint32_t cmd = 0; cmd < 4; cmd++)
		ok(nt_tell("s:", NGM_SPLIT_COOKIE, cmd, "x", 1));
	ok(nt_tell("s:", NGM_FLOW_COOKIE, NGM_LINK_IS_DOWN, NULL, 0));
	assert_int_equal(nt_tell("s:", NGM_GENERIC_COOKIE, NGM_TEXT_STATUS, NULL, 0), EINVAL);
	nt_close(&mixed);
	nt_close(&in);
	nt_close(&out);
	/* Joined to itself. */
	ok(ngu_mknode(g, "split", "s", NULL));
	nt_open(&mixed, "s:", "mixed");
	ok(ngu_connect(g, "s:", "in", "s:", "out"));
	assert_int_equal(nt_send(&mixed, "x"), 0); /* out of out, into in, out of mixed */
	came(1, 0, 0);
	ok(ngu_shutdown(g, "s:"));
	nt_close(&mixed);
}

/*
 * A name that is taken is the core's business here (EEXIST, above). A kernel's core asks the type about hooks that are only half
 * connected: the method itself, then.
 */
static void
test_taken(void **state)
{
	static const char *const name[] = { "mixed", "in", "out" };
	struct ngu_graph *before;
	node_p node;

	(void)state;
	make();
	before = ngu_graph_enter(g);
	node = ng_name2noderef(NULL, "s");
	(void)ngu_graph_enter(before);
	assert_non_null(node);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(node->nd_type->newhook(node, ng_findhook(node, name[i]), name[i]), EISCONN);
	assert_int_equal(node->nd_type->newhook(node, ng_findhook(node, "in"), "inn"), EINVAL);
	NG_NODE_UNREF(node);
	nt_close(&in);
	nt_open(&in, "s:", "in");
	nt_close(&mixed);
	nt_close(&in);
	nt_close(&out);
}

static _Atomic unsigned refuse_at, refuse_seen;

static bool
refuse(size_t size)
{
	(void)size;
	return (++refuse_seen != refuse_at);
}

/* Each allocation on the way refused in turn, for a node and a hook, and for a packet: all or nothing, and nothing leaks. */
static void
test_no_memory(void **state)
{
	struct ngu_graph_stats before, after;
	struct mbuf *m;
	unsigned refused = 0;
	int error;

	(void)state;
	make();
	for (unsigned at = 1;; at++) {
		refuse_seen = 0;
		refuse_at = at;
		ngu__zone_bypass(true);
		ngu__port_alloc_hook = refuse;
		error = ngu_mkpeer(g, "s:", "split", "x", "in"); /* no such hook: in any case an error */
		ngu__port_alloc_hook = NULL;
		ngu__zone_bypass(false);
		assert_int_not_equal(error, 0);
		if (refuse_seen < at)
			break;
	}
	assert_int_equal(error, EINVAL);
	nt_close(&in);
	for (unsigned at = 1;; at++) {
		refuse_seen = 0;
		refuse_at = at;
		ngu__zone_bypass(true);
		ngu__port_alloc_hook = refuse;
		error = ngu_mkpeer(g, "s:", "split", "in", "mixed");
		ngu__port_alloc_hook = NULL;
		ngu__zone_bypass(false);
		if (error == 0) {
			assert_int_equal(nt_hooks("s:"), 3);
			ok(ngu_shutdown(g, "s:in"));
		} else {
			assert_int_equal(error, ENOMEM);
			refused++;
		}
		assert_int_equal(nt_hooks("s:"), 2);
		if (refuse_seen < at)
			break;
	}
	assert_true(refused >= 2);
	nt_open(&in, "s:", "in");
	for (unsigned at = 1;; at++) {
		m = ngu_packet(g, "x", 1);
		ngu_graph_stats(g, &before);
		refuse_seen = 0;
		refuse_at = at;
		ngu__zone_bypass(true);
		ngu__port_alloc_hook = refuse;
		error = ngu_port_send(in.port, m);
		ngu__port_alloc_hook = NULL;
		ngu__zone_bypass(false);
		ngu_graph_stats(g, &after);
		assert_int_equal(mixed.n + (after.refused - before.refused), 1);
		assert_int_equal(error != 0, mixed.n == 0);
		came(mixed.n, 0, 0);
		if (refuse_seen < at)
			break;
	}
	nt_close(&mixed);
	nt_close(&in);
	nt_close(&out);
}

static void
test_four_threads(void **state)
{
	struct nt_pump p[4];

	(void)state;
	make();
	for (int i = 0; i < 4; i++)
		nt_pump_start(&p[i], i % 2 ? in.port : mixed.port, 10000, 10 + (size_t)i, NULL);
	for (int i = 0; i < 4; i++) {
		nt_pump_join(&p[i]);
		assert_int_equal(p[i].failed, 0);
	}
	assert_int_equal(mixed.bytes, 240000);
	assert_int_equal(out.bytes, 220000);
	came(20000, 0, 20000);
	nt_close(&mixed);
	nt_close(&in);
	nt_close(&out);
}

/*
 * "out" comes and goes, while two threads send from each side. What entered by in has left by mixed, all of it; what entered by mixed
 * has left by out, was refused or dropped on the edge there, or there was no out: then it ended here.
 */
static void
test_changes_under_traffic(void **state)
{
	_Atomic bool stop = false;
	struct ngu_graph_stats gs;
	struct ngu_hook_stats hs;
	struct nt_pump p[4];
	uint64_t up = 0, down = 0, here;

	(void)state;
	make();
	for (int i = 0; i < 4; i++)
		nt_pump_start(&p[i], i % 2 ? in.port : mixed.port, 0, 20, &stop);
	for (unsigned i = 0; i < 200; i++) {
		if (i % 3 == 0)
			ok(ngu_rmhook(g, "s:", "out"));
		nt_close(&out);
		while (atomic_load(&mixed.n) < 10 * i)
			;
		ok(ngu_port_open(g, "s:", "out", nt_rx_count, &out, &out.port));
	}
	atomic_store(&stop, true);
	for (int i = 0; i < 4; i++) {
		nt_pump_join(&p[i]);
		*(i % 2 ? &up : &down) += p[i].sent;
	}
	ok(ngu_hook_stats(g, "s:", "mixed", &hs));
	ngu_graph_stats(g, &gs);
	assert_int_equal(gs.attempted, gs.delivered + gs.refused + gs.dropped + gs.queued);
	assert_int_equal(mixed.n, up - p[1].failed - p[3].failed);
	if (gs.by_reason[NGU_R_QUEUE_FULL] == 0) {
		assert_int_equal(p[1].failed + p[3].failed, 0);
		assert_int_equal(hs.packets, down);
		/* Deliveries: to s (all that was sent), to mixed, to out. */
		assert_int_equal(gs.delivered, up + down + mixed.n + out.n);
		here = down - out.n - gs.refused - gs.dropped;
		assert_true(here <= down);
		assert_int_equal(gs.attempted, up + down + up + (down - here));
	} else /* whoever served a queue did not run for long: the senders were told */
		assert_true(p[1].failed + p[3].failed <= gs.by_reason[NGU_R_QUEUE_FULL]);
	nt_close(&mixed);
	nt_close(&in);
	nt_close(&out);
}

static void
test_shutdown_under_traffic(void **state)
{
	_Atomic bool stop = false;
	struct nt_pump p[4];

	(void)state;
	for (int round = 0; round < 10; round++) {
		atomic_store(&stop, false);
		make();
		for (int i = 0; i < 4; i++)
			nt_pump_start(&p[i], i % 2 ? in.port : mixed.port, 0, 20, &stop);
		while (mixed.n < 10 || out.n < 10)
			;
		ok(ngu_shutdown(g, "s:"));
		atomic_store(&stop, true);
		for (int i = 0; i < 4; i++)
			nt_pump_join(&p[i]);
		nt_close(&mixed);
		nt_close(&in);
		nt_close(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		nt_test(test_ways),
		nt_test(test_missing),
		nt_test(test_errors_come_back),
		nt_test(test_names_and_messages),
		nt_test(test_taken),
		nt_test(test_no_memory),
		nt_test(test_four_threads),
		nt_test(test_changes_under_traffic),
		nt_test(test_shutdown_under_traffic),
	};

	return (cmocka_run_group_tests_name("split", tests, NULL, NULL));
}
