/* SPDX-License-Identifier: BSD-2-Clause */
/* test_control.c - calls that ask and change a graph, two at a time: messages, mkpeer, connect, rmhook, shutdown. */
#include "lab/lab_node.h"

/* ---- a message on its way to a node that is shut down ---- */

static int
one(void *arg)
{
	(void)arg;
	return (ln_graph("a"));
}

/* It answers, or it was not there any more. */
static void
ask(const char *path, uint32_t cmd, uint32_t want)
{
	struct ng_mesg *reply;
	uint32_t n;
	int error;

	if ((error = ngu_msg(g, path, NGM_LAB_COOKIE, cmd, NULL, 0, &reply)) == 0) {
		ngu_lab_check(reply != NULL && reply->header.arglen == sizeof(n));
		memcpy(&n, reply->data, sizeof(n));
		ngu_lab_check(n == want);
		ngu_msg_free(reply);
	} else {
		ngu_lab_check(reply == NULL);
		if (error != ENOENT && error != EINVAL && error != ENXIO)
			ngu_lab_fail("the message ended with error %d", error);
	}
}

static void
asks(void *arg)
{
	(void)arg;
	ask("a:", NGM_LAB_GET, 0);
}

static void
sets(void *arg)
{
	(void)arg;
	ask("a:", NGM_LAB_SET, 1);
}

static void
ends_a(void *arg)
{
	(void)arg;
	ngu_lab_check(ngu_shutdown(g, "a:") == 0);
	ngu_lab_check(ngu_lookup(g, "a:", NULL) == ENOENT); /* the name is free */
}

static void
end_none(void *arg)
{
	ln_expect(0, 0);
	ln_end(arg);
}

static const struct ngu_lab ask_shutdown = { .name = "ask-shutdown", .points = LT_POINTS(104), .setup = one,
	.body = { { "ask", asks }, { "shutdown", ends_a } }, .end = end_none };
static const struct ngu_lab set_shutdown = { .name = "set-shutdown", .points = LT_POINTS(96), .setup = one,
	.body = { { "set", sets }, { "shutdown", ends_a } }, .end = end_none };

/* ---- message methods may sleep, on whosever behalf they run ---- */

static void
asks_to_wait(void *arg)
{
	(void)arg;
	ask("a:", NGM_LAB_WAITS, 0);
}

static const struct ngu_lab ask_waits = { .name = "ask-waits", .points = LT_POINTS(72), .setup = one,
	.body = { { "ask", asks_to_wait }, { "ask too", asks_to_wait } }, .end = ln_end };

/* ---- a message that goes by a hook which is removed ---- */

/* a.h - h.b */
static int
pair(void *arg)
{
	int error;

	(void)arg;
	if ((error = ln_graph("ab")) != 0)
		return (error);
	return (ngu_connect(g, "a:", "h", "b:", "h"));
}

static void
asks_by_hook(void *arg)
{
	(void)arg;
	ask("a:h", NGM_LAB_GET, 0);
}

static void
cuts_a(void *arg)
{
	(void)arg;
	ngu_lab_check(ngu_rmhook(g, "a:", "h") == 0);
}

static void
cuts_b(void *arg)
{
	(void)arg;
	ngu_lab_check(ngu_rmhook(g, "b:", "h") == 0);
}

static void
end_pair(void *arg)
{
	ln_expect(2, 0);
	ln_end(arg);
}

static const struct ngu_lab ask_rmhook = { .name = "ask-rmhook", .points = LT_POINTS(151), .setup = pair,
	.body = { { "ask", asks_by_hook }, { "rmhook", cuts_a } }, .end = end_pair };
static const struct ngu_lab rmhook_rmhook = { .name = "rmhook-rmhook", .points = LT_POINTS(121), .setup = pair,
	.body = { { "rmhook a", cuts_a }, { "rmhook b", cuts_b } }, .end = end_pair };

/* A message's method, outside sections, looks at the other end of its hook, which goes (H5 of hook.c). */
static void
looks_at_peers(void *arg)
{
	(void)arg;
	ask("a:", NGM_LAB_PEERS, 0);
}

static const struct ngu_lab peers_rmhook = { .name = "peers-rmhook", .points = LT_POINTS(128), .setup = pair,
	.body = { { "peers", looks_at_peers }, { "rmhook", cuts_b } }, .end = end_pair };

/* The same, and that end stays, but its node gets another name. */
static void
renames_b(void *arg)
{
	(void)arg;
	ngu_lab_check(ngu_name(g, "b:", "z") == 0);
}

static void
end_linked(void *arg)
{
	ln_expect(2, 2);
	ln_end(arg);
}

static const struct ngu_lab peers_rename = { .name = "peers-rename", .points = LT_POINTS(17), .setup = pair,
	.body = { { "peers", looks_at_peers }, { "rename", renames_b } }, .end = end_linked };

/* The link gets another end, and then the first goes: nothing but the method that has found it knows of the two. */
static void
inserts_z(void *arg)
{
	(void)arg;
	ngu_lab_check(ngu_insert(g, "a:", "h", "lab", "h", "h2", "z", NULL) == 0);
	ngu_lab_check(ngu_rmhook(g, "b:", "h") == 0);
}

static void
end_moved(void *arg)
{
	ln_expect(3, 2);
	ln_end(arg);
}

static const struct ngu_lab peers_insert = { .name = "peers-insert", .points = LT_POINTS(100), .setup = pair,
	.body = { { "peers", looks_at_peers }, { "insert", inserts_z } }, .end = end_moved };

/* a.h - h.m.h2 - h.b */
static int
chain(void *arg)
{
	int error;

	(void)arg;
	if ((error = ln_graph("abm")) != 0 || (error = ngu_connect(g, "a:", "h", "m:", "h")) != 0)
		return (error);
	return (ngu_connect(g, "m:", "h2", "b:", "h"));
}

static void
bypasses_m(void *arg)
{
	(void)arg;
	ngu_lab_check(ngu_bypass(g, "m:", "h", "h2") == 0);
}

static const struct ngu_lab peers_bypass = { .name = "peers-bypass", .points = LT_POINTS(62), .setup = chain,
	.body = { { "peers", looks_at_peers }, { "bypass", bypasses_m } }, .end = end_moved };

/* a.h - h.b, and c */
static int
pair_and_one(void *arg)
{
	int error;

	(void)arg;
	if ((error = ln_graph("abc")) != 0)
		return (error);
	return (ngu_connect(g, "a:", "h", "b:", "h"));
}

static void
relinks_to_c(void *arg)
{
	(void)arg;
	ngu_lab_check(ngu_relink(g, "a:", "h", "c:", "h") == 0);
}

static const struct ngu_lab peers_relink = { .name = "peers-relink", .points = LT_POINTS(69), .setup = pair_and_one,
	.body = { { "peers", looks_at_peers }, { "relink", relinks_to_c } }, .end = end_moved };

/* ---- two that want one hook name: one gets it, and of the other's edge nothing is left ---- */

static struct ln_result con[2];

static int
three(void *arg)
{
	(void)arg;
	return (ln_graph("abc"));
}

static void
con_far_1(void *arg)
{
	(void)arg;
	con[0].error = ngu_connect(g, "a:", "x", "b:", "h");
}

static void
con_far_2(void *arg)
{
	(void)arg;
	con[1].error = ngu_connect(g, "c:", "x", "b:", "h");
}

static void
con_near_1(void *arg)
{
	(void)arg;
	con[0].error = ngu_connect(g, "b:", "h", "a:", "x");
}

static void
con_near_2(void *arg)
{
	(void)arg;
	con[1].error = ngu_connect(g, "b:", "h", "c:", "x");
}

static void
end_one(void *arg)
{
	int e0 = con[0].error, e1 = con[1].error;

	if (!((e0 == 0 && e1 == EEXIST) || (e0 == EEXIST && e1 == 0)))
		ngu_lab_fail("connects ended with %d and %d", e0, e1);
	ln_expect(3, 2);
	ngu_lab_check(ngu_lookup(g, "b:h", NULL) == 0);
	ngu_lab_check(ngu_lookup(g, "a:x", NULL) == (e0 == 0 ? 0 : ENOENT));
	ngu_lab_check(ngu_lookup(g, "c:x", NULL) == (e1 == 0 ? 0 : ENOENT));
	ln_end(arg);
}

/* From both ends at once each may find its far name taken by the other's near one. */
static void
con_cross(void *arg)
{
	(void)arg;
	con[1].error = ngu_connect(g, "b:", "h", "a:", "x");
}

static void
end_cross(void *arg)
{
	int e0 = con[0].error, e1 = con[1].error;

	if ((e0 != 0 && e0 != EEXIST) || (e1 != 0 && e1 != EEXIST) || (e0 == 0 && e1 == 0))
		ngu_lab_fail("connects ended with %d and %d", e0, e1);
	ln_expect(3, e0 == 0 || e1 == 0 ? 2 : 0);
	ln_end(arg);
}

static const struct ngu_lab connect_far = { .name = "connect-far", .points = LT_POINTS(195), .setup = three,
	.body = { { "connect a", con_far_1 }, { "connect c", con_far_2 } }, .end = end_one };
static const struct ngu_lab connect_near = { .name = "connect-near", .points = LT_POINTS(79), .setup = three,
	.body = { { "connect to a", con_near_1 }, { "connect to c", con_near_2 } }, .end = end_one };
static const struct ngu_lab connect_cross = { .name = "connect-cross", .points = LT_POINTS(200), .setup = three,
	.body = { { "connect a", con_far_1 }, { "connect b", con_cross } }, .end = end_cross };

/* ---- mkpeer, with any method refusing, while somebody looks for the new node by its address ---- */

static uint32_t last_id; /* of a; the new node's is the next */
static struct ln_result mk;

static int
one_id(void *arg)
{
	int error;

	(void)arg;
	if ((error = ln_graph("a")) != 0)
		return (error);
	return (ngu_lookup(g, "a:", &last_id));
}

static void
mkpeers(void *arg)
{
	(void)arg;
	ln_refuse = ngu_lab_choose(LN_STAGES);
	mk.error = ngu_mkpeer(g, "a:", "lab", "ours", "peer");
	if (mk.error != (ln_refuse == LN_NONE ? 0 : EPERM))
		ngu_lab_fail("mkpeer with method %u refusing: error %d", (unsigned)ln_refuse, mk.error);
}

static void
mkpeers_short(void *arg)
{
	(void)arg;
	mk.error = ngu_mkpeer(g, "a:", "lab", "ours", "peer");
	ngu_lab_check(mk.error == 0 || mk.error == ENOMEM);
}

static void
looks(void *arg)
{
	char path[16];
	uint32_t id = 0;
	int error;

	(void)arg;
	if ((error = ngu_lookup(g, ln_path(path, sizeof(path), last_id + 1), &id)) == 0)
		ngu_lab_check(id == last_id + 1);
	else
		ngu_lab_check(error == ENOENT);
}

/* What is found is whole: its method finds what the constructor made. */
static void
asks_new(void *arg)
{
	char path[16];

	(void)arg;
	ask(ln_path(path, sizeof(path), last_id + 1), NGM_LAB_GET, 0);
}

static void
end_mkpeer(void *arg)
{
	char path[16];

	ln_refuse = LN_NONE;
	ln_expect(mk.error == 0 ? 2 : 1, mk.error == 0 ? 2 : 0);
	ngu_lab_check(ngu_lookup(g, ln_path(path, sizeof(path), last_id + 1), NULL) == (mk.error == 0 ? 0 : ENOENT));
	if (mk.error != 0) /* nothing stands in the way of another try */
		ngu_lab_check(ngu_mkpeer(g, "a:", "lab", "ours", "peer") == 0);
	ln_end(arg);
}

static const struct ngu_lab mkpeer_lookup = { .name = "mkpeer-lookup", .points = LT_POINTS(151), .setup = one_id,
	.body = { { "mkpeer", mkpeers }, { "lookup", looks } }, .end = end_mkpeer };
static const struct ngu_lab mkpeer_ask = { .name = "mkpeer-ask", .points = LT_POINTS(207), .setup = one_id,
	.body = { { "mkpeer", mkpeers }, { "ask", asks_new } }, .end = end_mkpeer };
static const struct ngu_lab mkpeer_short = { .name = "mkpeer-short", .points = LT_POINTS(133), .setup = one_id,
	.body = { { "mkpeer", mkpeers_short }, { "lookup", looks } }, .end = end_mkpeer };

/* ---- short of memory: connect and rmhook do all of it or nothing ---- */

static struct ln_result rm;

/* a.h - h.b, and c */
static int
pair_c(void *arg)
{
	int error;

	(void)arg;
	if ((error = ln_graph("abc")) != 0)
		return (error);
	return (ngu_connect(g, "a:", "h", "b:", "h"));
}

static void
connects_short(void *arg)
{
	(void)arg;
	con[0].error = ngu_connect(g, "a:", "x", "c:", "x");
	ngu_lab_check(con[0].error == 0 || con[0].error == ENOMEM);
}

static void
cuts_short(void *arg)
{
	(void)arg;
	rm.error = ngu_rmhook(g, "a:", "h");
	ngu_lab_check(rm.error == 0 || rm.error == ENOMEM);
}

static void
end_short(void *arg)
{
	ln_expect(3, (con[0].error == 0 ? 2 : 0) + (rm.error == 0 ? 0 : 2));
	ngu_lab_check(ngu_lookup(g, "a:x", NULL) == (con[0].error == 0 ? 0 : ENOENT));
	ngu_lab_check(ngu_lookup(g, "b:h", NULL) == (rm.error == 0 ? ENOENT : 0));
	ln_end(arg);
}

static const struct ngu_lab connect_short = { .name = "connect-short", .points = LT_POINTS(189), .setup = pair_c,
	.body = { { "connect", connects_short }, { "rmhook", cuts_short } }, .end = end_short };

/* ---- hooks that come while somebody adds up what all hooks have counted ---- */

static void
connects_c(void *arg)
{
	(void)arg;
	ngu_lab_check(ngu_connect(g, "a:", "x", "c:", "x") == 0);
}

static void
adds_up(void *arg)
{
	struct ngu_graph_stats st;

	(void)arg;
	ngu_graph_stats(g, &st);
	ngu_lab_check(st.nodes == 3 && st.delivered_bytes == 0);
}

static void
end_connected(void *arg)
{
	ln_expect(3, 4);
	ln_end(arg);
}

static const struct ngu_lab connect_stats = { .name = "connect-stats", .points = LT_POINTS(25), .setup = pair_c,
	.body = { { "connect", connects_c }, { "stats", adds_up } }, .end = end_connected };

static const struct ngu_lab_opts short_of_memory = { .preemptions = 1, .failures = 1 };

LN_TEST(ask_shutdown, NULL)
LN_TEST(set_shutdown, NULL)
LN_TEST(ask_waits, NULL)
LN_TEST(ask_rmhook, NULL)
LN_TEST(rmhook_rmhook, &ln_no_delays)
LN_TEST(peers_rmhook, NULL)
LN_TEST(peers_rename, NULL)
LN_TEST(peers_insert, NULL)
LN_TEST(peers_bypass, NULL)
LN_TEST(peers_relink, NULL)
LN_TEST(connect_far, NULL)
LN_TEST(connect_near, NULL)
LN_TEST(connect_stats, NULL)
LN_TEST(connect_cross, &ln_no_delays)
LN_TEST(mkpeer_lookup, NULL)
LN_TEST(mkpeer_ask, &ln_no_delays)

LN_TEST(mkpeer_short, &short_of_memory)
LN_TEST(connect_short, &short_of_memory)
int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ask_shutdown),
		cmocka_unit_test(test_set_shutdown),
		cmocka_unit_test(test_ask_waits),
		cmocka_unit_test(test_ask_rmhook),
		cmocka_unit_test(test_rmhook_rmhook),
		cmocka_unit_test(test_peers_rmhook),
		cmocka_unit_test(test_peers_rename),
		cmocka_unit_test(test_peers_insert),
		cmocka_unit_test(test_peers_bypass),
		cmocka_unit_test(test_peers_relink),
		cmocka_unit_test(test_connect_far),
		cmocka_unit_test(test_connect_near),
		cmocka_unit_test(test_connect_stats),
		cmocka_unit_test(test_connect_cross),
		cmocka_unit_test(test_mkpeer_lookup),
		cmocka_unit_test(test_mkpeer_ask),
		cmocka_unit_test(test_mkpeer_short),
		cmocka_unit_test(test_connect_short),
	};

	LN_MAIN(tests);
}
