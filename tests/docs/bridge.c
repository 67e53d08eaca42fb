/* SPDX-License-Identifier: BSD-2-Clause */
/* bridge.c - listings of ng_bridge(4). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <ng/ng.h>
#include <ng/test.h>
#include <netgraph/ng_bridge.h>

/* Two hosts and a way out: hooks uplink1, link0 and link1. */
static int
bridge(struct ngu_graph *g, ngu_port_rx_fn *rx, struct ngu_port **out, struct ngu_port **a, struct ngu_port **b)
{
	int error = ngu_mknode(g, "bridge", "br", NULL);

	error = error != 0 ? error : ngu_port_open(g, "br:", "uplink", rx, "out", out);
	error = error != 0 ? error : ngu_port_open(g, "br:", "link", rx, "a", a);
	error = error != 0 ? error : ngu_port_open(g, "br:", "link", rx, "b", b);
	return (error);
}

/* Who is where. */
static int
show(struct ngu_graph *g, FILE *f)
{
	struct ng_mesg *reply = NULL;
	struct ng_bridge_host_ary *t;
	int error = ngu_msg(g, "br:", NGM_BRIDGE_COOKIE, NGM_BRIDGE_GET_TABLE, NULL, 0, &reply);

	if (error != 0)
		return (error);
	t = (struct ng_bridge_host_ary *)(void *)reply->data;
	for (uint32_t i = 0; i < t->numHosts; i++)
		fprintf(f, "host %02x on %s, heard %u s ago\n", t->hosts[i].addr[5], t->hosts[i].hook, t->hosts[i].staleness);
	ngu_msg_free(reply);
	return (0);
}

static unsigned got[3];

static void
count(void *arg, struct mbuf *m)
{
	got[((const char *)arg)[0] == 'o' ? 2 : ((const char *)arg)[0] - 'a']++;
	ngu_packet_free(m);
}

static void
test_example(void **state)
{
	static const char frame[] = "\2\0\0\0\0\x0b\2\0\0\0\0\x0a\x08\0";
	struct ngt *t = ngt_graph("");
	struct ngu_port *out, *a, *b;
	char text[200] = "";
	FILE *f = tmpfile();

	assert_non_null(f);
	assert_int_equal(bridge(ngt_g(t), count, &out, &a, &b), 0);
	assert_int_equal(ngu_port_send(a, ngu_packet(ngt_g(t), frame, 14)), 0);
	ngt_advance(t, 4000);
	assert_int_equal(got[0] + got[1], 0); /* nobody knows host 0b: out */
	assert_int_equal(got[2], 1);
	assert_int_equal(show(ngt_g(t), f), 0);
	rewind(f);
	assert_non_null(fgets(text, sizeof(text), f));
	assert_string_equal(text, "host 0a on link0, heard 4 s ago\n");
	assert_null(fgets(text, sizeof(text), f));
	(void)fclose(f);
	ngu_port_close(out);
	ngu_port_close(a);
	ngu_port_close(b);
	ngt_end(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_example),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
