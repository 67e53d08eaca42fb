/* SPDX-License-Identifier: BSD-2-Clause */
/* test_hub.c - node type "hub". */
#include "nodes/nt.h"

#include <netgraph/ng_hub.h>

static void
open_all(struct nt_end *e, int n, _Atomic unsigned *clock)
{
	char name[8];

	for (int i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), "%c", 'a' + i);
		nt_open(&e[i], "h:", name);
		e[i].clock = clock;
	}
}

/* Newest hook first, copies before the original, nothing back to the sender. */
static void
test_order(void **state)
{
	_Atomic unsigned clock = 0;
	struct nt_end e[4];
	struct mbuf *m;

	(void)state;
	ok(ngu_mknode(g, "hub", "h", NULL));
	open_all(e, 4, &clock);
	m = ngu_packet(g, "hello", 5);
	ok(ngu_port_send(e[1].port, m));
	assert_int_equal(e[1].n, 0);
	assert_int_equal(e[3].when[0], 0);
	assert_int_equal(e[2].when[0], 1);
	assert_int_equal(e[0].when[0], 2);
	for (int i = 0; i < 4; i++) {
		if (i == 1)
			continue;
		assert_int_equal(e[i].n, 1);
		assert_string_equal(e[i].got[0], "hello");
	}
	assert_ptr_equal(e[0].what[0], m);
	assert_ptr_not_equal(e[2].what[0], m);
	assert_ptr_not_equal(e[3].what[0], m);
	/* The sender's own hook is the last of the list: the original goes to the one before it. */
	m = ngu_packet(g, "2", 1);
	ok(ngu_port_send(e[0].port, m));
	assert_ptr_equal(e[1].what[0], m);
	for (int i = 0; i < 4; i++)
		nt_close(&e[i]);
}

static void
test_alone(void **state)
{
	struct nt_end a, b;

	(void)state;
	ok(ngu_mknode(g, "hub", "h", NULL));
	nt_open(&a, "h:", "a");
	ok(nt_send(&a, "nobody hears"));
	nt_open(&b, "h:", "b");
	ok(nt_send(&a, "one does"));
	assert_int_equal(a.n, 0);
	assert_int_equal(b.n, 1);
	nt_close(&a);
	nt_close(&b);
}

/* A dead end is no reason to stop; what the last hook says is the result. */
static void
test_errors(void **state)
{
	struct nt_end e[3];

	(void)state;
	ok(ngu_mknode(g, "hub", "h", NULL));
	nt_open(&e[0], "h:", "a");
	ok(ngu_mkpeer(g, "h:", "sample", "s", "left")); /* sample without "right" refuses: ENETDOWN */
	nt_open(&e[1], "h:", "b");
	nt_open(&e[2], "h:", "c");
	ok(nt_send(&e[2], "x")); /* b, s, a */
	assert_int_equal(e[1].n, 1);
	assert_int_equal(e[0].n, 1);
	assert_int_equal(nt_send(&e[0], "y"), ENETDOWN); /* c, b, s */
	assert_int_equal(e[1].n, 2);
	assert_int_equal(e[2].n, 1);
	nt_unknown("h:", NGM_HUB_COOKIE);
	ok(ngu_shutdown(g, "h:"));
	for (int i = 0; i < 3; i++)
		nt_close(&e[i]);
}

static void
test_persistence(void **state)
{
	struct nt_end a;

	(void)state;
	ok(ngu_mknode(g, "hub", "h", NULL));
	nt_open(&a, "h:", "a");
	nt_close(&a);
	assert_int_equal(ngu_lookup(g, "h:", NULL), ENOENT);

	ok(ngu_mknode(g, "hub", "h", NULL));
	nt_open(&a, "h:", "a");
	for (int i = 0; i < 3; i++)
		ok(nt_tell("h:", NGM_HUB_COOKIE, NGM_HUB_SET_PERSISTENT, NULL, 0));
	nt_close(&a);
	ok(ngu_lookup(g, "h:", NULL));
	assert_int_equal(nt_hooks("h:"), 0);
	nt_open(&a, "h:", "b");
	ok(ngu_rmhook(g, "h:", "b"));
	ok(ngu_lookup(g, "h:", NULL));
	ok(ngu_shutdown(g, "h:"));
	assert_int_equal(ngu_lookup(g, "h:", NULL), ENOENT);
	nt_close(&a);
}

/* Two hubs joined twice: packets go round for ever, the sender returns, the hubs can be ended. */
static void
test_loop(void **state)
{
	struct nt_end a, b;

	(void)state;
	ok(ngu_mknode(g, "hub", "h", NULL));
	ok(ngu_mknode(g, "hub", "i", NULL));
	ok(ngu_connect(g, "h:", "x", "i:", "x"));
	ok(ngu_connect(g, "h:", "y", "i:", "y"));
	nt_open(&a, "h:", "a");
	nt_open(&b, "i:", "b");
	(void)nt_send(&a, "round");
	assert_true(a.n > 7);
	assert_true(b.n > 7);
	ok(ngu_shutdown(g, "i:"));
	ok(ngu_shutdown(g, "h:"));
	nt_close(&a);
	nt_close(&b);
}

static void
test_four_threads(void **state)
{
	struct ngu_hook_stats hs;
	struct nt_end e[4];
	struct nt_pump p[4];

	(void)state;
	ok(ngu_mknode(g, "hub", "h", NULL));
	open_all(e, 4, NULL);
	for (int i = 0; i < 4; i++)
		nt_pump_start(&p[i], e[i].port, 5000, 10, NULL);
	for (int i = 0; i < 4; i++)
		nt_pump_join(&p[i]);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(p[i].failed, 0);
		assert_int_equal(e[i].n, 15000);
		assert_int_equal(e[i].bytes, 150000);
	}
	ok(ngu_hook_stats(g, "h:", "a", &hs));
	assert_int_equal(hs.packets, 5000);
	for (int i = 0; i < 4; i++)
		nt_close(&e[i]);
}

/* Hooks come and go, the hub too, while four threads send. */
static void
test_changes_under_traffic(void **state)
{
	_Atomic bool stop = false;
	struct ngu_port *extra;
	struct nt_end e[4];
	struct nt_pump p[4];

	(void)state;
	ok(ngu_mknode(g, "hub", "h", NULL));
	open_all(e, 4, NULL);
	for (int i = 0; i < 4; i++)
		nt_pump_start(&p[i], e[i].port, 0, 20, &stop);
	for (int i = 0; i < 100; i++) {
		ok(ngu_port_open(g, "h:", "extra", NULL, NULL, &extra));
		if (i % 2)
			ok(ngu_rmhook(g, "h:", "extra"));
		ngu_port_close(extra);
	}
	ok(ngu_shutdown(g, "h:"));
	atomic_store(&stop, true);
	for (int i = 0; i < 4; i++) {
		nt_pump_join(&p[i]);
		nt_close(&e[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		nt_test(test_order),
		nt_test(test_alone),
		nt_test(test_errors),
		nt_test(test_persistence),
		nt_test(test_loop),
		nt_test(test_four_threads),
		nt_test(test_changes_under_traffic),
	};

	return (cmocka_run_group_tests_name("hub", tests, NULL, NULL));
}
