/* SPDX-License-Identifier: BSD-2-Clause */
/* test_echo.c - node type "echo". */
#include "nodes/nt.h"

#include <netgraph/ng_echo.h>

static void
test_data(void **state)
{
	struct nt_end a, b;

	(void)state;
	ok(ngu_mknode(g, "echo", "e", NULL));
	nt_open(&a, "e:", "a");
	nt_open(&b, "e:", "whatever");
	ok(nt_send(&a, "hello"));
	ok(nt_send(&a, "again"));
	assert_int_equal(a.n, 2);
	assert_string_equal(a.got[0], "hello");
	assert_string_equal(a.got[1], "again");
	assert_int_equal(b.n, 0);
	ok(nt_send(&b, "b"));
	assert_int_equal(b.n, 1);
	nt_close(&a);
	ok(ngu_lookup(g, "e:", NULL));
	nt_close(&b);
	assert_int_equal(ngu_lookup(g, "e:", NULL), ENOENT);
}

static void
back(uint32_t cookie, uint32_t cmd, const void *arg, size_t len)
{
	struct ng_mesg *resp;

	ok(ngu_msg(g, "e:", cookie, cmd, arg, len, &resp));
	assert_non_null(resp);
	assert_int_equal(resp->header.flags, NGF_RESP);
	assert_int_equal(resp->header.typecookie, cookie);
	assert_int_equal(resp->header.cmd, cmd);
	assert_int_equal(resp->header.arglen, len);
	assert_int_equal(resp->header.version, NG_VERSION);
	assert_memory_equal(resp->data, arg, len);
	ngu_msg_free(resp);
}

static void
test_messages(void **state)
{
	(void)state;
	ok(ngu_mknode(g, "echo", "e", NULL));
	back(NGM_ECHO_COOKIE, 1, "abc", 3);
	back(NGM_ECHO_COOKIE, 77 | NGM_READONLY | NGM_HASREPLY, "", 0);
	back(12345, 0xffff, "\0\1\2\3", 4);
	back(NGM_GENERIC_COOKIE, NGM_TEXT_STATUS, "status?", 8);
	back(NGM_GENERIC_COOKIE, NGM_TEXT_CONFIG, "config", 7);
	back(NGM_FLOW_COOKIE, NGM_LINK_IS_UP, "", 0);
	assert_int_equal(nt_tell("e:", NGM_GENERIC_COOKIE, 9999, NULL, 0), EINVAL); /* generic ones are the core's */
	ok(ngu_shutdown(g, "e:"));
}

/* Two echoes play ball for ever: the sender's call comes back, and both can be ended. */
static void
test_loop(void **state)
{
	struct ngu_graph_stats st;
	struct ngu_port *p;

	(void)state;
	ok(ngu_mknode(g, "hub", "h", NULL));
	ok(ngu_mkpeer(g, "h:", "echo", "e", "e"));
	ok(ngu_name(g, "h:e", "e1"));
	ok(ngu_mkpeer(g, "h:", "echo", "f", "f"));
	ok(ngu_name(g, "h:f", "e2"));
	ok(ngu_port_open(g, "h:", "p", NULL, NULL, &p));
	(void)ngu_port_send(p, ngu_packet(g, "ball", 4));
	ngu_graph_stats(g, &st);
	assert_true(st.delivered > 100);
	ok(ngu_shutdown(g, "e1:"));
	ok(ngu_shutdown(g, "e2:"));
	ngu_port_close(p);
	assert_int_equal(ngu_lookup(g, "h:", NULL), ENOENT);
}

static void
test_shutdown_under_traffic(void **state)
{
	_Atomic bool stop = false;
	struct nt_end e[4];
	struct nt_pump p[4];
	char name[8];

	(void)state;
	ok(ngu_mknode(g, "echo", "e", NULL));
	for (int i = 0; i < 4; i++) {
		(void)snprintf(name, sizeof(name), "%d", i);
		nt_open(&e[i], "e:", name);
		nt_pump_start(&p[i], e[i].port, 0, 20, &stop);
	}
	for (int i = 0; i < 200; i++)
		back(NGM_ECHO_COOKIE, 1, &i, sizeof(i));
	ok(ngu_shutdown(g, "e:"));
	atomic_store(&stop, true);
	for (int i = 0; i < 4; i++) {
		nt_pump_join(&p[i]);
		assert_int_equal(nt_send(&e[i], "x"), ENOTCONN);
		assert_true(e[i].n <= p[i].sent);
		nt_close(&e[i]);
	}
}

/* Each thread gets back exactly what it sent. */
static void
test_four_threads(void **state)
{
	struct nt_end e[4];
	struct nt_pump p[4];
	char name[8];

	(void)state;
	ok(ngu_mknode(g, "echo", "e", NULL));
	for (int i = 0; i < 4; i++) {
		(void)snprintf(name, sizeof(name), "%d", i);
		nt_open(&e[i], "e:", name);
	}
	for (int i = 0; i < 4; i++)
		nt_pump_start(&p[i], e[i].port, 10000, 10 + (size_t)i, NULL);
	for (int i = 0; i < 4; i++) {
		nt_pump_join(&p[i]);
		assert_int_equal(p[i].failed, 0);
		assert_int_equal(e[i].n, 10000);
		assert_int_equal(e[i].bytes, 10000 * (10 + i));
		nt_close(&e[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		nt_test(test_data),
		nt_test(test_messages),
		nt_test(test_loop),
		nt_test(test_four_threads),
		nt_test(test_shutdown_under_traffic),
	};

	return (cmocka_run_group_tests_name("echo", tests, NULL, NULL));
}
