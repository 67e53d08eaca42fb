/* SPDX-License-Identifier: BSD-2-Clause */
/* test_sample.c - node type "sample". */
#include "nodes/nt.h"

#include <netgraph/ng_sample.h>

static struct nt_end left, right;

static void
make(void)
{
	ok(ngu_mknode(g, "sample", "s", NULL));
	nt_open(&left, "s:", "left");
	nt_open(&right, "s:", "right");
}

static struct ng_sample_hookstat
stats(const char *hook)
{
	struct ng_sample_hookstat hs;
	char name[NG_HOOKSIZ] = "";

	(void)snprintf(name, sizeof(name), "%s", hook);
	nt_ask("s:", NGM_SAMPLE_COOKIE, NGM_SAMPLE_GET_STATS, name, sizeof(name), &hs, sizeof(hs));
	return (hs);
}

static void
config(uint32_t maxlen, uint32_t persistent)
{
	struct ng_sample_config c = { maxlen, persistent }, back;

	ok(nt_tell("s:", NGM_SAMPLE_COOKIE, NGM_SAMPLE_SET_CONFIG, &c, sizeof(c)));
	nt_ask("s:", NGM_SAMPLE_COOKIE, NGM_SAMPLE_GET_CONFIG, NULL, 0, &back, sizeof(back));
	assert_memory_equal(&c, &back, sizeof(c));
}

#define hs_is(hs, i, ib, o, ob, d) \
	do { \
		assert_int_equal((hs).in, (i)); \
		assert_int_equal((hs).inOctets, (ib)); \
		assert_int_equal((hs).out, (o)); \
		assert_int_equal((hs).outOctets, (ob)); \
		assert_int_equal((hs).drops, (d)); \
	} while (0)

static void
test_forward_and_count(void **state)
{
	struct nt_end tap;

	(void)state;
	make();
	ok(nt_send(&left, "12345"));
	nt_open(&tap, "s:", "tap7");
	ok(nt_send(&right, "123"));
	assert_int_equal(left.n, 1);
	assert_int_equal(right.n, 1);
	assert_int_equal(tap.n, 1);
	assert_string_equal(right.got[0], "12345");
	assert_string_equal(tap.got[0], "123");
	hs_is(stats("left"), 1, 5, 1, 3, 0);
	hs_is(stats("right"), 1, 3, 1, 5, 0);
	hs_is(stats("tap7"), 0, 0, 1, 3, 0);
	assert_int_equal(nt_send(&tap, "x"), EINVAL);
	hs_is(stats("tap7"), 0, 0, 1, 3, 1);
	ok(nt_tell("s:", NGM_SAMPLE_COOKIE, NGM_SAMPLE_CLR_STATS, NULL, 0));
	hs_is(stats("tap7"), 0, 0, 0, 0, 0);
	hs_is(stats("left"), 0, 0, 0, 0, 0);
	nt_close(&left);
	assert_int_equal(nt_send(&right, "x"), ENETDOWN);
	hs_is(stats("right"), 1, 1, 0, 0, 1);
	nt_close(&right);
	ok(ngu_lookup(g, "s:", NULL));
	nt_close(&tap);
	assert_int_equal(ngu_lookup(g, "s:", NULL), ENOENT);
}

static void
test_maxlen(void **state)
{
	struct nt_end tap;

	(void)state;
	make();
	nt_open(&tap, "s:", "tap0");
	config(4, 0);
	ok(nt_send(&left, "1234"));
	assert_int_equal(nt_send(&left, "12345"), EMSGSIZE);
	assert_int_equal(right.n, 1);
	assert_int_equal(tap.n, 1);
	hs_is(stats("left"), 2, 9, 0, 0, 1);
	config(0, 0);
	ok(nt_send(&left, "12345"));
	nt_close(&tap);
	nt_close(&left);
	nt_close(&right);
}

static void
test_hook_names(void **state)
{
	static const char *const bad[] = { "tap", "tap32", "tap01", "tap00", "tap-1", "tap1x", "tap99999999999", "Left", "leftx", "x" };
	struct nt_end e;
	struct ngu_port *p;

	(void)state;
	make();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ngu_port_open(g, "s:", bad[i], NULL, NULL, &p), EINVAL);
	assert_int_equal(ngu_port_open(g, "s:", "left", NULL, NULL, &p), EEXIST);
	assert_int_equal(ngu_connect(g, "s:", "tap1", "s:", "tap2"), ELOOP);
	assert_int_equal(nt_hooks("s:"), 2);
	nt_open(&e, "s:", "tap31");
	nt_close(&e);
	nt_open(&e, "s:", "tap0");
	nt_close(&e);
	nt_close(&left);
	nt_close(&right);
}

static void
test_command_errors(void **state)
{
	struct ng_sample_config c = { 0, 0 };
	char name[NG_HOOKSIZ] = "tap3";

	(void)state;
	make();
	nt_unknown("s:", NGM_SAMPLE_COOKIE);
	assert_int_equal(nt_tell("s:", NGM_SAMPLE_COOKIE, NGM_SAMPLE_SET_CONFIG, &c, sizeof(c) - 1), EINVAL);
	assert_int_equal(nt_tell("s:", NGM_SAMPLE_COOKIE, NGM_SAMPLE_SET_CONFIG, NULL, 0), EINVAL);
	assert_int_equal(nt_tell("s:", NGM_SAMPLE_COOKIE, NGM_SAMPLE_GET_STATS, name, sizeof(name)), ENOENT);
	assert_int_equal(nt_tell("s:", NGM_SAMPLE_COOKIE, NGM_SAMPLE_GET_STATS, name, 4), EINVAL);
	memset(name, 'x', sizeof(name));
	assert_int_equal(nt_tell("s:", NGM_SAMPLE_COOKIE, NGM_SAMPLE_GET_STATS, name, sizeof(name)), ENOENT);
	nt_close(&left);
	nt_close(&right);
}

static void
test_persistence(void **state)
{
	(void)state;
	make();
	config(0, 1);
	nt_close(&left);
	nt_close(&right);
	assert_int_equal(nt_hooks("s:"), 0);
	nt_open(&left, "s:", "left");
	config(0, 0);
	nt_close(&left);
	assert_int_equal(ngu_lookup(g, "s:", NULL), ENOENT);
	make();
	config(0, 1);
	ok(ngu_shutdown(g, "s:"));
	assert_int_equal(ngu_lookup(g, "s:", NULL), ENOENT);
	nt_close(&left);
	nt_close(&right);
}

static void
test_four_threads(void **state)
{
	struct nt_pump p[4];
	struct nt_end tap;

	(void)state;
	make();
	nt_open(&tap, "s:", "tap4");
	for (int i = 0; i < 4; i++)
		nt_pump_start(&p[i], i % 2 ? left.port : right.port, 10000, 10 + (size_t)i, NULL);
	for (int i = 0; i < 4; i++) {
		nt_pump_join(&p[i]);
		assert_int_equal(p[i].failed, 0);
	}
	hs_is(stats("left"), 20000, 240000, 20000, 220000, 0);
	hs_is(stats("right"), 20000, 220000, 20000, 240000, 0);
	hs_is(stats("tap4"), 0, 0, 40000, 460000, 0);
	assert_int_equal(tap.n, 40000);
	nt_close(&tap);
	nt_close(&left);
	nt_close(&right);
}

/* Taps come and go, the configuration changes, and the node ends, while four threads send. */
static void
test_changes_under_traffic(void **state)
{
	_Atomic bool stop = false;
	struct nt_pump p[4];
	struct nt_end tap;

	(void)state;
	make();
	for (int i = 0; i < 4; i++)
		nt_pump_start(&p[i], i % 2 ? left.port : right.port, 0, 20, &stop);
	for (int i = 0; i < 100; i++) {
		nt_open(&tap, "s:", "tap4");
		config(i % 2 ? 10 : 0, 0);
		(void)stats("left");
		nt_close(&tap);
	}
	ok(ngu_shutdown(g, "s:"));
	atomic_store(&stop, true);
	for (int i = 0; i < 4; i++)
		nt_pump_join(&p[i]);
	nt_close(&left);
	nt_close(&right);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		nt_test(test_forward_and_count),
		nt_test(test_maxlen),
		nt_test(test_hook_names),
		nt_test(test_command_errors),
		nt_test(test_persistence),
		nt_test(test_four_threads),
		nt_test(test_changes_under_traffic),
	};

	return (cmocka_run_group_tests_name("sample", tests, NULL, NULL));
}
