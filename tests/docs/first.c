/* SPDX-License-Identifier: BSD-2-Clause */
/* first.c - listings of docs/testing.md: a node type from outside. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ng/ng.h>
#include <ng/test.h>

static void
test_tee_copies(void **state)
{
	struct ngt *t = ngt_graph("probe in - tee t.left/right - probe out; t.left2right - probe tap");

	ngt_send(ngt_probe(t, "in"), NULL, "00 11 22");
	ngt_expect(ngt_probe(t, "out"), NULL, "00 11 22");
	ngt_expect(ngt_probe(t, "tap"), NULL, "00 11 22");
	ngt_expect_none(ngt_probe(t, "in"), NULL);
	ngt_end(t);
}

static void
test_real_packets(void **state)
{
	struct ngt *t = ngt_graph("hub h; probe a - h.a; probe b - h.b; probe c - h.c");
	struct ngt_pkt q = ngt_eth("ff:ff:ff:ff:ff:ff", "02:00:00:00:00:01",
	    ngt_vlan(7, 0, ngt_ip4("10.0.0.1", "10.0.0.2", ngt_udp(4000, 53, ngt_text("who?")))));

	ngt_send(ngt_probe(t, "a"), "a", q);
	ngt_expect(ngt_probe(t, "b"), "b", q);
	ngt_expect(ngt_probe(t, "c"), "c", q);
	/* One byte further, and everything still adds up. */
	q = ngt_fix(ngt_set(q, 18 + 15, "09"));
	ngt_send(ngt_probe(t, "a"), "a", q);
	ngt_expect(ngt_probe(t, "b"), "b", q);
	ngt_end(t);
}

static void
test_refusals(void **state)
{
	struct ngt *t = ngt_graph("probe a - hub h.a; h.b - probe b");
	struct ngt_probe *a = ngt_probe(t, "a"), *b = ngt_probe(t, "b");
	const struct ngt_rec *r;

	ngt_refuse(b, ENOBUFS); /* what the node under test has to cope with */
	assert_int_equal(ngt_try_send(a, "a", "01"), ENOBUFS);
	r = ngt_recv(b, "b");
	assert_int_equal(r->len, 1);
	assert_int_equal(ngu_rmhook(ngt_g(t), "h:", "b"), 0);
	ngt_expect_hooks(t, "h:", "a - a.a");
	ngt_expect_hooks(t, "b:", "");
	ngt_end(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_tee_copies),
		ngt_test(test_real_packets),
		ngt_test(test_refusals),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
