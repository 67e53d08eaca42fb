/* SPDX-License-Identifier: BSD-2-Clause */
/* test_ether_echo.c - node type "ether_echo". */
#include "nodes/kt.h"

#include <netgraph/ng_ether_echo.h>

static struct kt_end *a, *b;

static void
make(void)
{
	ok(ngu_mknode(g, "ether_echo", "x", NULL));
	a = kt_open("x:", "a");
	b = kt_open("x:", "whatever");
}

static void
dress(struct mbuf *m)
{
	m->m_flags |= M_VLANTAG;
	m->m_pkthdr.ether_vtag = 7;
}

static void
test_data(void **state)
{
	(void)state;
	make();
	kt_goes(a, "020000000001 060000000002 0800 45", a, "060000000002 020000000001 0800 45");
	kt_goes(b, "ffffffffffff 060000000002 0800", b, "060000000002 ffffffffffff 0800");
	kt_dress = dress; /* what is not in the frame stays */
	kt_goes(a, ngt_eth("02:00:00:00:00:01", "06:00:00:00:00:02", ngt_pattern(1500, 1)), a,
	    ngt_eth("06:00:00:00:00:02", "02:00:00:00:00:01", ngt_pattern(1500, 1)));
	assert_true((a->flags & M_VLANTAG) != 0);
	assert_int_equal(a->vtag, 7);
	for (unsigned len = 0; len < 14; len++)
		kt_fails(a, ngt_pattern(len, 1), EINVAL);
	kt_close(a);
	assert_int_equal(nt_hooks("x:"), 1);
	kt_close(b);
	assert_int_equal(ngu_lookup(g, "x:", NULL), ENOENT);
}

static void
back(uint32_t cookie, uint32_t cmd, const void *arg, size_t len)
{
	struct ng_mesg *resp;

	ok(ngu_msg(g, "x:", cookie, cmd, arg, len, &resp));
	assert_non_null(resp);
	assert_int_equal(resp->header.flags, NGF_RESP);
	assert_int_equal(resp->header.typecookie, cookie);
	assert_int_equal(resp->header.cmd, cmd);
	assert_int_equal(resp->header.arglen, len);
	assert_memory_equal(resp->data, arg, len);
	ngu_msg_free(resp);
}

static void
test_messages(void **state)
{
	(void)state;
	make();
	back(1, 1, "abc", 3);
	back(12345, 77 | NGM_READONLY | NGM_HASREPLY, "", 0);
	back(NGM_GENERIC_COOKIE, NGM_TEXT_STATUS, "status?", 8);
	back(NGM_GENERIC_COOKIE, NGM_TEXT_CONFIG, "config", 7);
	back(NGM_FLOW_COOKIE, NGM_LINK_IS_UP, "", 0);
	assert_int_equal(nt_tell("x:", NGM_GENERIC_COOKIE, 9999, NULL, 0), EINVAL); /* generic ones are the core's */
}

static void
test_storm(void **state)
{
	struct kt_storm k = { .type = "ether_echo", .hooks = { "a", "b", "c" } };

	(void)state;
	k.pkt[0] = k.pkt[1] = ngt_pattern(100, 1);
	kt_storm(&k);
}

static void
test_memory(void **state)
{
	(void)state;
	make();
	kt_short(a, "020000000001 060000000002 0800 45", a, "060000000002 020000000001 0800 45", ENOBUFS);
	kt_burst_short(a, "020000000001 060000000002 0800 45", a, "060000000002 020000000001 0800 45", ENOBUFS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		kt_test(test_data),
		kt_test(test_messages),
		kt_bare_test(test_memory),
		kt_test(test_storm),
	};

	return (cmocka_run_group_tests_name("ether_echo", tests, NULL, NULL));
}
