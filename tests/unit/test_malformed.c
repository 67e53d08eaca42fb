/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_malformed.c - messages that are wrong: too short, too long, a length that lies, names without end, versions and cookies
 * nobody knows, replies nobody asked for. For each generic command. Each gets an error or is left to the type; none is read
 * past its end (AddressSanitizer would say), and none changes the graph.
 */
#include "support/unit.h"

#define GEN NGM_GENERIC_COOKIE

static const struct {
	uint32_t cmd;
	size_t len; /* of the arguments; 0: none are wanted */
	bool text;  /* the type's own business */
} commands[] = {
	{ NGM_SHUTDOWN, 0, false },
	{ NGM_MKPEER, sizeof(struct ngm_mkpeer), false },
	{ NGM_CONNECT, sizeof(struct ngm_connect), false },
	{ NGM_NAME, sizeof(struct ngm_name), false },
	{ NGM_RMHOOK, sizeof(struct ngm_rmhook), false },
	{ NGM_NODEINFO, 0, false },
	{ NGM_LISTHOOKS, 0, false },
	{ NGM_LISTNAMES, 0, false },
	{ NGM_LISTNODES, 0, false },
	{ NGM_LISTTYPES, 0, false },
	{ NGM_TEXT_STATUS, 0, true },
	{ NGM_TEXT_CONFIG, 0, true },
	{ NGM_BINARY2ASCII, sizeof(struct ng_mesg), false },
	{ NGM_ASCII2BINARY, sizeof(struct ng_mesg) + 1, false },
};

/* A message with `room` bytes behind its header that says there are `arglen`, to A. */
static int
tell(struct ngt *t, uint32_t cookie, uint32_t cmd, size_t room, uint32_t arglen, uint32_t flags, int version)
{
	struct ngu_graph *before = ngu_graph_enter(G);
	struct ng_mesg *m;
	int error;

	NG_MKMESSAGE(m, cookie, cmd, room, M_NOWAIT);
	memset(m->data, 'x', room);
	m->header.arglen = arglen;
	m->header.flags = flags;
	m->header.version = (unsigned char)version;
	NG_SEND_MSG_PATH(error, NULL, m, "A:", 0);
	ngt_settle(t);
	(void)ngu_graph_enter(before);
	return (error);
}

/* A, with one edge to B, as it was. */
static void
unchanged(struct ngt *t)
{
	ngt_expect_hooks(t, "A:", "x - B.y");
	expect_alive(t, 2, 2);
}

static void
test_lying_length(void **state)
{
	static const uint32_t lies[] = { 1, 31, 32, 96, 576, 0x7fffffff, 0xffffffc8, 0xffffffff };
	struct ngt *t = traced(0, 0, "a A; b B; A.x - B.y");
	unsigned i, j;

	(void)state;
	for (i = 0; i < NITEMS(commands); i++) {
		for (j = 0; j < NITEMS(lies); j++)
			assert_int_equal(tell(t, GEN, commands[i].cmd, 0, lies[j], 0, NG_VERSION), EINVAL);
		/* The length that is wanted, with a byte less behind it. */
		if (commands[i].len != 0)
			assert_int_equal(
			    tell(t, GEN, commands[i].cmd, commands[i].len - 1, (uint32_t)commands[i].len, 0, NG_VERSION), EINVAL);
	}
	/* The same for the type's own. */
	assert_int_equal(tell(t, 77, 1, 4, 5, 0, NG_VERSION), EINVAL);
	assert_int_equal(tell(t, 77, 1, 4, 0xffffffff, 0, NG_VERSION), EINVAL);
	ngt_expect_trace("");
	unchanged(t);
	ngt_end(t);
}

/* Shorter and longer than the struct, with the memory to it. Where nothing is wanted anything is let pass. */
static void
test_wrong_length(void **state)
{
	struct ngt *t = traced(0, 0, "a A; b B; A.x - B.y");
	unsigned i;
	uint32_t n;

	(void)state;
	for (i = 0; i < NITEMS(commands); i++) {
		if (commands[i].len == 0)
			continue;
		for (n = 0; n < 700; n += 13)
			if (n != commands[i].len && commands[i].cmd != NGM_BINARY2ASCII && commands[i].cmd != NGM_ASCII2BINARY)
				assert_int_equal(tell(t, GEN, commands[i].cmd, n, n, 0, NG_VERSION), EINVAL);
		for (n = 0; n < commands[i].len; n += 5)
			assert_int_equal(tell(t, GEN, commands[i].cmd, n, n, 0, NG_VERSION), EINVAL);
	}
	ngt_expect_trace("");
	unchanged(t);
	for (i = 0; i < NITEMS(commands); i++) {
		const struct ng_mesg *r;

		if (commands[i].len != 0 || commands[i].text || commands[i].cmd == NGM_SHUTDOWN)
			continue;
		r = ngt_msg(t, "A:", GEN, commands[i].cmd, "more than was wanted", 20);
		assert_non_null(r);
		assert_int_equal(r->header.flags, NGF_RESP);
	}
	unchanged(t);
	ngt_end(t);
}

/* Full of 'x', without a NUL: cut at the last byte, and nothing found. */
static void
test_unterminated(void **state)
{
	struct ngt *t = traced(0, 0, "a A; b B; A.x - B.y");
	struct ngm_mkpeer mp;

	(void)state;
	assert_int_equal(tell(t, GEN, NGM_MKPEER, sizeof(mp), sizeof(mp), 0, NG_VERSION), ENXIO);
	assert_int_equal(tell(t, GEN, NGM_CONNECT, sizeof(struct ngm_connect), sizeof(struct ngm_connect), 0, NG_VERSION), ENOENT);
	assert_int_equal(tell(t, GEN, NGM_RMHOOK, sizeof(struct ngm_rmhook), sizeof(struct ngm_rmhook), 0, NG_VERSION), 0);
	ngt_expect_trace("");
	unchanged(t);
	/* Empty names. */
	memset(&mp, 0, sizeof(mp));
	ngt_msg_error(t, "A:", GEN, NGM_MKPEER, &mp, sizeof(mp), ENXIO);
	(void)strcpy(mp.type, "b");
	ngt_msg_error(t, "A:", GEN, NGM_MKPEER, &mp, sizeof(mp), EINVAL);
	(void)strcpy(mp.ourhook, "z");
	ngt_msg_error(t, "A:", GEN, NGM_MKPEER, &mp, sizeof(mp), EINVAL);
	ngt_trace_clear();
	unchanged(t);
	assert_int_equal(tell(t, GEN, NGM_NAME, sizeof(struct ngm_name), sizeof(struct ngm_name), 0, NG_VERSION), 0);
	assert_int_equal(ngu_lookup(G, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx:", NULL), 0);
	ngt_end(t);
}

/* The version is the control socket's to check; inside a graph it means nothing, and an answer has the right one. */
static void
test_version(void **state)
{
	struct ngt *t = traced(0, 0, "a A; b B; A.x - B.y");
	unsigned i;

	(void)state;
	for (i = 0; i < NITEMS(commands); i++) {
		if (commands[i].len == 0)
			continue;
		assert_int_equal(tell(t, GEN, commands[i].cmd, 1, 1, 0, 7), EINVAL); /* for its length */
	}
	assert_int_equal(tell(t, 77, 1, 0, 0, 0, 0), 0);
	ngt_expect_trace("rcvmsg A 77:1");
	assert_int_equal(ngt_msg(t, "A:", GEN, NGM_NODEINFO, NULL, 0)->header.version, NG_VERSION);
	unchanged(t);
	ngt_end(t);
}

/* A cookie or command nobody knows: of the type's own set the type's to judge, of the generic set EINVAL. */
static void
test_unknown(void **state)
{
	struct ngt *t = traced(0, NGT_NO_RCVMSG, "a A; b B; A.x - B.y");
	uint32_t cmd;

	(void)state;
	for (cmd = 0; cmd < 40; cmd++) {
		unsigned i;

		for (i = 0; i < NITEMS(commands) && commands[i].cmd != cmd; i++)
			;
		if (i == NITEMS(commands))
			assert_int_equal(tell(t, GEN, cmd, 0, 0, 0, NG_VERSION), EINVAL);
	}
	assert_int_equal(tell(t, GEN, NGM_SHUTDOWN | NGM_READONLY, 0, 0, 0, NG_VERSION), EINVAL);
	assert_int_equal(tell(t, GEN, NGM_NODEINFO & ~NGM_READONLY, 0, 0, 0, NG_VERSION), EINVAL);
	ngt_expect_trace("");
	assert_int_equal(tell(t, 0xdeadbeef, NGM_SHUTDOWN, 0, 0, 0, NG_VERSION), 0);
	ngt_expect_trace("rcvmsg A 3735928559:1");
	ngt_trace_fail("rcvmsg A", EINVAL); /* what types do */
	assert_int_equal(tell(t, 0, 0, 0, 0, 0, NG_VERSION), EINVAL);
	ngt_trace_clear();
	ngt_msg(t, "B:", 0xdeadbeef, 1, NULL, 0); /* no rcvmsg: dropped */
	unchanged(t);
	ngt_end(t);
}

/* Replies nobody asked for: the type's, whatever command they name, and never carried out. */
static void
test_replies(void **state)
{
	struct ngt *t = traced(0, NGT_NO_RCVMSG, "a A; b B; A.x - B.y");
	char want[64];
	unsigned i;

	(void)state;
	for (i = 0; i < NITEMS(commands); i++) {
		assert_int_equal(tell(t, GEN, commands[i].cmd, commands[i].len, (uint32_t)commands[i].len, NGF_RESP, NG_VERSION), 0);
		(void)snprintf(want, sizeof(want), "rcvmsg A %u:%u", GEN, commands[i].cmd & 0xff);
		ngt_expect_trace(want);
	}
	unchanged(t);
	ngt_end(t);
}

/* An answer whose length lies does not reach whoever waits for it. */
static int
lie(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct ng_mesg *msg, *resp;

	(void)hook;
	NGI_GET_MSG(*item, msg);
	NG_MKRESPONSE(resp, msg, 4, M_NOWAIT);
	resp->header.arglen = 4000;
	NG_RESPOND_MSG(*(int *)arg, node, *item, resp);
	NG_FREE_MSG(msg);
	return (0);
}

static void
test_lying_reply(void **state)
{
	struct ngt *t = traced(0, 0, "a A; b B; A.x - B.y");
	struct ng_node *a = node_of(t, "A");
	struct ngu_graph *before = ngu_graph_enter(G);
	struct ng_mesg *m;
	int error = 0, sent;

	(void)state;
	ngt_trace_on("rcvmsg B", lie, &error);
	assert_null(ngt_msg(t, "B:", 77, 1, NULL, 0));
	assert_int_equal(error, EINVAL);
	error = 0;
	ngt_trace_clear();
	NG_MKMESSAGE(m, 77, 2, 0, M_NOWAIT);
	NG_SEND_MSG_PATH(sent, a, m, "x", 0);
	ngt_settle(t);
	assert_int_equal(sent, 0);
	assert_int_equal(error, EINVAL);
	ngt_expect_trace("rcvmsg B 77:2");
	NG_NODE_UNREF(a);
	(void)ngu_graph_enter(before);
	ngt_end(t);
}

/* What flows beside: the core knows the numbers and acts on none. A reader's turn for the two that only ask. */
static int
turn(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	(void)hook;
	(void)item;
	*(bool *)arg = ngu__w_held(ngu__self(), node);
	return (0);
}

static void
test_flow(void **state)
{
	static const uint32_t flow[] = { NGM_LINK_IS_UP, NGM_LINK_IS_DOWN, NGM_HIGH_WATER_PASSED, NGM_LOW_WATER_PASSED,
		NGM_SYNC_QUEUE_STATE, NGM_DROP_LINK, NGM_RAISE_LINK, NGM_FLUSH_QUEUE, NGM_GET_BANDWIDTH, NGM_SET_XMIT_Q_LIMITS,
		NGM_GET_XMIT_Q_LIMITS, NGM_MICROMANAGE, NGM_SET_FLOW_MANAGER };
	struct ngt *t = traced(0, 0, "a A; b B; A.x - B.y");
	char want[64];
	bool writer = false;
	unsigned i;

	(void)state;
	ngt_trace_on("rcvmsg A", turn, &writer);
	for (i = 0; i < NITEMS(flow); i++) {
		assert_int_equal(tell(t, NGM_FLOW_COOKIE, flow[i], 0, 0, 0, NG_VERSION), 0);
		(void)snprintf(want, sizeof(want), "rcvmsg A %u:%u", NGM_FLOW_COOKIE, flow[i] & 0xff);
		ngt_expect_trace(want);
		assert_int_equal(writer, (flow[i] & NGM_READONLY) == 0);
	}
	unchanged(t);
	ngt_end(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_lying_length),
		ngt_test(test_wrong_length),
		ngt_test(test_unterminated),
		ngt_test(test_version),
		ngt_test(test_unknown),
		ngt_test(test_replies),
		ngt_test(test_lying_reply),
		ngt_test(test_flow),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
