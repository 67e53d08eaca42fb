/* SPDX-License-Identifier: BSD-2-Clause */
/* test_hole.c - node type "hole". */
#include "nodes/nt.h"

#include <netgraph/ng_hole.h>

static struct ng_hole_hookstat
stats(uint32_t cmd, const char *hook)
{
	struct ng_hole_hookstat hs;
	char name[NG_HOOKSIZ] = "";

	(void)snprintf(name, sizeof(name), "%s", hook);
	nt_ask("h:", NGM_HOLE_COOKIE, cmd, name, sizeof(name), &hs, sizeof(hs));
	return (hs);
}

static void
test_counts(void **state)
{
	struct ng_hole_hookstat hs;
	struct nt_end a, b;
	char name[NG_HOOKSIZ] = "a";

	(void)state;
	ok(ngu_mknode(g, "hole", "h", NULL));
	nt_open(&a, "h:", "a");
	nt_open(&b, "h:", "any name 1");
	ok(nt_send(&a, "12345"));
	ok(nt_send(&a, ""));
	ok(nt_send(&b, "123"));
	hs = stats(NGM_HOLE_GET_STATS, "a");
	assert_int_equal(hs.frames, 2);
	assert_int_equal(hs.octets, 5);
	hs = stats(NGM_HOLE_GETCLR_STATS, "any name 1");
	assert_int_equal(hs.frames, 1);
	assert_int_equal(hs.octets, 3);
	hs = stats(NGM_HOLE_GET_STATS, "any name 1");
	assert_int_equal(hs.frames, 0);
	assert_int_equal(hs.octets, 0);
	hs = stats(NGM_HOLE_GET_STATS, "a");
	assert_int_equal(hs.frames, 2); /* the other hook's are its own */
	ok(nt_tell("h:", NGM_HOLE_COOKIE, NGM_HOLE_CLR_STATS, name, sizeof(name)));
	hs = stats(NGM_HOLE_GET_STATS, "a");
	assert_int_equal(hs.frames, 0);
	ok(nt_send(&a, "x"));
	hs = stats(NGM_HOLE_GET_STATS, "a");
	assert_int_equal(hs.frames, 1);
	assert_int_equal(a.n, 0);
	nt_close(&a);
	nt_close(&b);
}

static void
test_errors(void **state)
{
	struct nt_end a;
	char name[NG_HOOKSIZ] = "b", full[NG_HOOKSIZ];

	(void)state;
	ok(ngu_mknode(g, "hole", "h", NULL));
	nt_open(&a, "h:", "a");
	nt_unknown("h:", NGM_HOLE_COOKIE);
	for (uint32_t cmd = NGM_HOLE_GET_STATS; cmd <= NGM_HOLE_GETCLR_STATS; cmd++) {
		assert_int_equal(nt_tell("h:", NGM_HOLE_COOKIE, cmd, name, sizeof(name)), ENOENT);
		assert_int_equal(nt_tell("h:", NGM_HOLE_COOKIE, cmd, name, sizeof(name) - 1), EINVAL);
		assert_int_equal(nt_tell("h:", NGM_HOLE_COOKIE, cmd, NULL, 0), EINVAL);
		memset(full, 'a', sizeof(full)); /* no end */
		assert_int_equal(nt_tell("h:", NGM_HOLE_COOKIE, cmd, full, sizeof(full)), ENOENT);
	}
	assert_int_equal(ngu_port_open(g, "h:", "a", NULL, NULL, &(struct ngu_port *){ NULL }), EEXIST);
	nt_close(&a);
}

static void
test_goes_with_its_last_hook(void **state)
{
	struct nt_end a, b;

	(void)state;
	ok(ngu_mknode(g, "hole", "h", NULL));
	nt_open(&a, "h:", "a");
	nt_open(&b, "h:", "b");
	nt_close(&a);
	ok(ngu_lookup(g, "h:", NULL));
	ok(ngu_rmhook(g, "h:", "b"));
	assert_int_equal(ngu_lookup(g, "h:", NULL), ENOENT);
	assert_int_equal(nt_send(&b, "x"), ENOTCONN);
	nt_close(&b);
	ok(ngu_mknode(g, "hole", "h", NULL));
	ok(ngu_mkpeer(g, "h:", "hole", "x", "y"));
	ok(ngu_shutdown(g, "h:"));
}

/* Four threads on two hooks: not one packet is missing from the counts. */
static void
test_four_threads(void **state)
{
	struct ng_hole_hookstat hs;
	struct nt_end e[2];
	struct nt_pump p[4];

	(void)state;
	ok(ngu_mknode(g, "hole", "h", NULL));
	nt_open(&e[0], "h:", "0");
	nt_open(&e[1], "h:", "1");
	for (int i = 0; i < 4; i++)
		nt_pump_start(&p[i], e[i % 2].port, 20000, 10 + (size_t)i, NULL);
	for (int i = 0; i < 4; i++)
		nt_pump_join(&p[i]);
	hs = stats(NGM_HOLE_GET_STATS, "0");
	assert_int_equal(hs.frames, 40000);
	assert_int_equal(hs.octets, 20000 * (10 + 12));
	hs = stats(NGM_HOLE_GET_STATS, "1");
	assert_int_equal(hs.frames, 40000);
	assert_int_equal(hs.octets, 20000 * (11 + 13));
	nt_close(&e[0]);
	nt_close(&e[1]);
}

static void
test_shutdown_under_traffic(void **state)
{
	_Atomic bool stop = false;
	struct nt_end e[4];
	struct nt_pump p[4];
	char name[8];

	(void)state;
	ok(ngu_mknode(g, "hole", "h", NULL));
	for (int i = 0; i < 4; i++) {
		(void)snprintf(name, sizeof(name), "%d", i);
		nt_open(&e[i], "h:", name);
		nt_pump_start(&p[i], e[i].port, 0, 20, &stop);
	}
	for (int i = 0; i < 200; i++)
		(void)stats(i % 2 ? NGM_HOLE_GET_STATS : NGM_HOLE_GETCLR_STATS, "2");
	ok(ngu_shutdown(g, "h:"));
	assert_int_equal(ngu_lookup(g, "h:", NULL), ENOENT);
	atomic_store(&stop, true);
	for (int i = 0; i < 4; i++) {
		nt_pump_join(&p[i]);
		assert_int_equal(nt_send(&e[i], "x"), ENOTCONN);
		nt_close(&e[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		nt_test(test_counts),
		nt_test(test_errors),
		nt_test(test_goes_with_its_last_hook),
		nt_test(test_four_threads),
		nt_test(test_shutdown_under_traffic),
	};

	return (cmocka_run_group_tests_name("hole", tests, NULL, NULL));
}
