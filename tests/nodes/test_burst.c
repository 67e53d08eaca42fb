/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_burst.c - node types that take bursts: the same packets one by one and in bursts come out by the same hooks, in the same order
 * of each hook, with the same counts and statistics.
 */
#include "nodes/nt.h"
#include "nodes/text.h"

#include <netgraph/ng_bridge.h>
#include <netgraph/ng_checksum.h>
#include <netgraph/ng_hole.h>
#include <netgraph/ng_hub.h>
#include <netgraph/ng_one2many.h>
#include <netgraph/ng_patch.h>
#include <netgraph/ng_tee.h>

#define ENDS 5
#define PACKETS 150

/* What came out by one hook. */
struct out {
	struct ngu_port *port;
	unsigned n;
	uint8_t packet[PACKETS * ENDS][24];
	size_t len[PACKETS * ENDS];
};

struct result {
	struct out out[ENDS];
	uint8_t stats[2048];
	size_t nstats;
};

static void
rx(void *arg, struct mbuf *m)
{
	struct out *o = arg;

	if (o->n < PACKETS * ENDS) {
		o->len[o->n] = ngu_packet_len(m);
		(void)ngu_packet_read(m, 0, o->packet[o->n], sizeof(o->packet[0]));
	}
	o->n++;
	ngu_packet_free(m);
}

struct type {
	const char *name;
	const char *hook[ENDS + 1]; /* packets go in by each of them */
	uint32_t cookie, getstats;
	int32_t arg[ENDS]; /* of getstats; none when nargs is 0 */
	unsigned nargs;
	bool by_name; /* getstats wants the hook's name */
	bool ethernet;
	int alg; /* one2many's */
	const char *config; /* patch's, checksum's */
};

/* Packet i: who speaks to whom is from a few hosts, in runs and alone. */
static struct mbuf *
packet(const struct type *ty, unsigned in, unsigned i)
{
	uint8_t b[64] = { 0 };
	size_t len = 20 + i % 40;

	if (ty->ethernet) {
		if (i % 23 == 5) {
			len = 9; /* runt */
		} else if (i % 11 < 2) {
			memset(b, 0xff, 6);
		} else {
			b[0] = 2;
			b[5] = (uint8_t)(i / 4 % 7); /* 0..4 are known */
		}
		b[6] = i % 29 == 3 ? 3 : 2; /* the former is multicast: invalid */
		b[11] = (uint8_t)in;
	} else {
		b[0] = (uint8_t)in;
	}
	b[14] = (uint8_t)i;
	return (ngu_packet(g, b, len));
}

static void
config_one2many(int alg)
{
	struct ng_one2many_config c;

	nt_ask("n:", NGM_ONE2MANY_COOKIE, NGM_ONE2MANY_GET_CONFIG, NULL, 0, &c, sizeof(c));
	c.xmitAlg = (uint32_t)alg;
	ok(nt_tell("n:", NGM_ONE2MANY_COOKIE, NGM_ONE2MANY_SET_CONFIG, &c, sizeof(c)));
}

static void
run(const struct type *ty, unsigned size, struct result *r)
{
	static const unsigned sizes[] = { 32, 1, 7, 64, 2, 100 };
	struct mbuf *v[PACKETS];
	struct ng_mesg *resp;
	unsigned ends = 0, k;

	memset(r, 0, sizeof(*r));
	ok(ngu_mknode(g, ty->name, "n", NULL));
	while (ty->hook[ends] != NULL) {
		ok(ngu_port_open(g, "n:", ty->hook[ends], rx, &r->out[ends], &r->out[ends].port));
		ends++;
	}
	if (ty->alg != 0)
		config_one2many(ty->alg);
	if (ty->config != NULL)
		nt_text_is("n:", "setconfig", ty->config, "");
	for (unsigned in = 0; ty->ethernet && in < ends; in++) { /* what is learned in a burst holds from its end on: so before */
		uint8_t b[20] = { 2, 0, 0, 0, 0, 99, 2, 0, 0, 0, 0, (uint8_t)in };

		ok(ngu_port_send(r->out[in].port, ngu_packet(g, b, sizeof(b))));
	}
	for (unsigned in = 0; in < ends; in++)
		for (unsigned i = 0, s = 0; i < PACKETS; i += k, s++) {
			k = size != 0 ? size : sizes[s % 6];
			k = k < PACKETS - i ? k : PACKETS - i;
			for (unsigned j = 0; j < k; j++)
				v[j] = packet(ty, in, i + j);
			(void)(k == 1 ? ngu_port_send(r->out[in].port, v[0]) : ngu_port_send_burst(r->out[in].port, v, k));
		}
	for (unsigned i = 0; ty->getstats != 0 && i < (ty->nargs != 0 ? ty->nargs : 1); i++) {
		char name[NG_HOOKSIZ] = { 0 };

		(void)snprintf(name, sizeof(name), "%s", ty->hook[i]);
		ok(ngu_msg(g, "n:", ty->cookie, ty->getstats, ty->by_name ? (const void *)name : &ty->arg[i],
		    ty->by_name ? sizeof(name) : ty->nargs != 0 ? sizeof(ty->arg[0]) : 0, &resp));
		assert_non_null(resp);
		assert_true(r->nstats + resp->header.arglen <= sizeof(r->stats));
		memcpy(r->stats + r->nstats, resp->data, resp->header.arglen);
		r->nstats += resp->header.arglen;
		ngu_msg_free(resp);
	}
	for (unsigned i = 0; i < ends; i++) {
		ngu_port_close(r->out[i].port);
		r->out[i].port = NULL;
	}
	if (ngu_lookup(g, "n:", NULL) == 0)
		ok(ngu_shutdown(g, "n:"));
	ok(ngu_settle(g, 10000));
}

static struct result one, many;

static void
same(const struct type *ty, bool something)
{
	static const unsigned sizes[] = { 2, 32, 64, PACKETS, 0 };
	unsigned all = 0;

	run(ty, 1, &one);
	for (unsigned s = 0; s < 5; s++) {
		run(ty, sizes[s], &many);
		for (unsigned i = 0; i < ENDS; i++) {
			assert_int_equal(many.out[i].n, one.out[i].n);
			assert_memory_equal(many.out[i].len, one.out[i].len, sizeof(one.out[i].len));
			assert_memory_equal(many.out[i].packet, one.out[i].packet, sizeof(one.out[i].packet));
			all += one.out[i].n;
		}
		assert_int_equal(many.nstats, one.nstats);
		assert_memory_equal(many.stats, one.stats, one.nstats);
	}
	if (something)
		assert_true(all != 0);
	else
		assert_int_equal(all, 0);
}

static void
test_hole(void **state)
{
	const struct type ty = { .name = "hole", .hook = { "a", "b" }, .cookie = NGM_HOLE_COOKIE, .getstats = NGM_HOLE_GET_STATS, .nargs = 2, .by_name = true };

	(void)state;
	same(&ty, false);
}

static void
test_echo(void **state)
{
	const struct type ty = { .name = "echo", .hook = { "a", "b" } };

	(void)state;
	same(&ty, true);
	assert_int_equal(one.out[1].n, PACKETS);
}

static void
test_tee(void **state)
{
	const struct type all = { .name = "tee", .hook = { "left", "right", "left2right", "right2left" }, .cookie = NGM_TEE_COOKIE, .getstats = NGM_TEE_GET_STATS };
	const struct type half = { .name = "tee", .hook = { "left", "left2right" }, .cookie = NGM_TEE_COOKIE, .getstats = NGM_TEE_GET_STATS };

	(void)state;
	same(&all, true);
	same(&half, true);
}

static void
test_hub(void **state)
{
	const struct type ty = { .name = "hub", .hook = { "a", "b", "c", "d" } }, alone = { .name = "hub", .hook = { "a" } };

	(void)state;
	same(&ty, true);
	same(&alone, false);
}

static void
test_split(void **state)
{
	const struct type ty = { .name = "split", .hook = { "mixed", "in", "out" } }, half = { .name = "split", .hook = { "in" } };

	(void)state;
	same(&ty, true);
	same(&half, false);
}

static void
test_one2many(void **state)
{
	struct type ty = { .name = "one2many", .hook = { "one", "many0", "many1", "many5" }, .cookie = NGM_ONE2MANY_COOKIE, .getstats = NGM_ONE2MANY_GET_STATS,
		.arg = { -1, 0, 1, 5 }, .nargs = 4 };
	struct type alone = { .name = "one2many", .hook = { "one" } };
	struct type up = { .name = "one2many", .hook = { "many0", "many1" }, .cookie = NGM_ONE2MANY_COOKIE, .getstats = NGM_ONE2MANY_GET_STATS,
		.arg = { -1, 0 }, .nargs = 2 };

	(void)state;
	for (ty.alg = NG_ONE2MANY_XMIT_ROUNDROBIN; ty.alg <= NG_ONE2MANY_XMIT_FAILOVER; ty.alg++)
		same(&ty, true);
	same(&alone, false);
	same(&up, false);
}

static void
test_bridge(void **state)
{
	const struct type ty = { .name = "bridge", .hook = { "link0", "link1", "link2", "uplink1" }, .cookie = NGM_BRIDGE_COOKIE, .getstats = NGM_BRIDGE_GET_STATS,
		.arg = { 0, 1, 2, -1 }, .nargs = 4, .ethernet = true };

	(void)state;
	same(&ty, true);
}

static void
test_ether_echo(void **state)
{
	const struct type ty = { .name = "ether_echo", .hook = { "a", "b" }, .ethernet = true };

	(void)state;
	same(&ty, true);
	assert_in_range(one.out[1].n, PACKETS / 2, PACKETS - 1); /* the runts went */
}

/* As it is, and told to change packets; without an out hook they come back, and what comes by it without an in hook goes. */
static void
both_ways(struct type *ty, const char *config)
{
	for (unsigned i = 0; i < 2; i++) {
		ty->config = i == 0 ? NULL : config;
		ty->hook[0] = "in";
		ty->hook[1] = "out";
		same(ty, true);
		ty->hook[1] = NULL;
		same(ty, true);
		ty->hook[0] = "out";
		same(ty, false);
	}
}

static void
test_patch(void **state)
{
	struct type ty = { .name = "patch", .cookie = NGM_PATCH_COOKIE, .getstats = NGM_PATCH_GET_STATS };

	(void)state;
	both_ways(&ty, "{ count=1 ops=[ { offset=30 length=2 mode=2 value=300 } ] }"); /* the shorter ones have no such place */
}

static void
test_checksum(void **state)
{
	struct type ty = { .name = "checksum", .cookie = NGM_CHECKSUM_COOKIE, .getstats = NGM_CHECKSUM_GET_STATS };

	(void)state;
	both_ways(&ty, "{ csum_flags=1 }");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		nt_test(test_hole),
		nt_test(test_echo),
		nt_test(test_tee),
		nt_test(test_hub),
		nt_test(test_split),
		nt_test(test_one2many),
		nt_test(test_bridge),
		nt_test(test_ether_echo),
		nt_test(test_patch),
		nt_test(test_checksum),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
