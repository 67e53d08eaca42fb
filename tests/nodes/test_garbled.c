/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_garbled.c - what the node types make of commands that are wrong: too short, too long, a length that lies, contents from
 * a seed (NGU_TEST_SEED), as bytes and as text. Each gets an error that is documented or is carried out; none is read past its
 * end (AddressSanitizer would say), and none changes nodes and hooks.
 */
#include "support/sweep.h"
#include "nodes/types.h"

#define GEN NGM_GENERIC_COOKIE
#define ROUNDS 200u

/* What is sent, with the memory it has; the header may say something else. */
static struct {
	uint8_t b[4096];
	size_t room;
	uint32_t arglen, flags;
} it;

static int
tell(struct ngt *t, uint32_t cookie, uint32_t cmd)
{
	struct ngu_graph *before;
	struct ng_mesg *m = NULL;
	int error;

	if (it.arglen == it.room && it.flags == 0) { /* nothing but the contents is wrong: somebody waits for the answer */
		error = ngu_msg(G, "X:", cookie, cmd, it.b, it.room, &m);
		ngu_msg_free(m);
		ngt_settle(t);
		return (error);
	}
	before = ngu_graph_enter(G);
	NG_MKMESSAGE(m, cookie, cmd, it.room, M_NOWAIT);
	assert_non_null(m);
	memcpy(m->data, it.b, it.room);
	m->header.arglen = it.arglen;
	m->header.flags = it.flags;
	NG_SEND_MSG_PATH(error, NULL, m, "X:", 0);
	ngt_settle(t);
	(void)ngu_graph_enter(before);
	return (error);
}

static void
fill(const struct ty_cmd *c, size_t room)
{
	assert_true(room <= sizeof(it.b));
	memset(it.b, 0, sizeof(it.b));
	if (c->arg != NULL)
		memcpy(it.b, c->arg, c->len);
	it.room = room;
	it.arglen = (uint32_t)room;
	it.flags = 0;
}

/* Nodes and hooks are as they were. A command may have started a timer or stopped it. */
static struct sw_look was;

static void
unchanged(struct ngt *t)
{
	static struct sw_look now;

	sw_look(t, &now, true, false);
	assert_string_equal(now.text, was.text);
}

static void
where(const struct ty *ty, const struct ty_cmd *c, const char *what, unsigned n)
{
	(void)snprintf(sw_where, sizeof(sw_where), "%s, command %u: %s %u, seed %llu", ty->name,
	    c->cmd & ~(NGM_READONLY | NGM_HASREPLY), what, n, (unsigned long long)sw_began);
}

/* A quiet graph: what goes wrong may be logged. */
static struct ngt *
begin(const struct ty *ty)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .name = "garbled", .fake_clock = true, .log = sw_log };
	struct ngt *t = ngt_graph_with(&o, ty->text);

	sw_look(t, &was, true, false);
	return (t);
}

/* ---- lengths ---- */

static void
test_lengths(void **state)
{
	static const uint32_t lies[] = { 0x7fffffff, 0xffffffc8, 0xffffffff };
	const struct ng_mesg *r;
	struct ngt *t;
	unsigned i, j;

	(void)state;
	for (i = 0; i < NITEMS(ty_types); i++) {
		const struct ty *ty = &ty_types[i];

		if (!ty_there(ty))
			continue;
		t = begin(ty);
		for (const struct ty_cmd *c = ty->cmd; c->cmd != UINT32_MAX; c++) {
			const size_t wrong[] = { 0, c->len - 1, c->len + 1, c->len + 1000 };

			for (j = 0; j < NITEMS(wrong); j++) {
				where(ty, c, "length", (unsigned)wrong[j]);
				if (c->len != 0 && !(c->longer && j >= 2)) {
					fill(c, wrong[j]);
					assert_int_equal(tell(t, ty->cookie, c->cmd), EINVAL);
				} else if (j >= 2) { /* nothing was wanted: whatever comes is let pass */
					fill(c, wrong[j]);
					ngt_msg(t, "X:", ty->cookie, c->cmd, it.b, it.room);
				}
				unchanged(t);
			}
			for (j = 0; j < NITEMS(lies); j++) {
				where(ty, c, "lie", lies[j]);
				fill(c, c->len);
				it.arglen = lies[j];
				assert_int_equal(tell(t, ty->cookie, c->cmd), EINVAL);
			}
			if (c->len != 0) {
				where(ty, c, "lie", (unsigned)c->len);
				fill(c, c->len - 1);
				it.arglen = (uint32_t)c->len;
				assert_int_equal(tell(t, ty->cookie, c->cmd), EINVAL);
			}
			unchanged(t);
			/* And the right one does. */
			where(ty, c, "right length", (unsigned)c->len);
			if (c->first != NULL)
				ngt_msg(t, "X:", ty->cookie, c->first->cmd, c->first->arg, c->first->len);
			r = ngt_msg(t, "X:", ty->cookie, c->cmd, c->arg, c->len);
			assert_int_equal(r != NULL, c->reply != 0);
			if (r != NULL)
				assert_true(r->header.arglen >= c->reply);
			ngt_advance(t, 1000);
			unchanged(t);
		}
		ngt_end(t);
	}
	sw_where[0] = '\0';
}

/* ---- contents ---- */

static void
garble(const struct ty_cmd *c, unsigned n)
{
	size_t i;

	fill(c, c->len);
	switch (n % 4) {
	case 0:
		for (i = 0; i < it.room; i++)
			it.b[i] = (uint8_t)sw_random();
		break;
	case 1: /* the good one with a few bytes changed */
		for (i = 1 + sw_random() % 3; i != 0; i--)
			it.b[sw_random() % it.room] = (uint8_t)sw_random();
		break;
	case 2: /* small numbers, long texts */
		memset(it.b, n % 8 == 2 ? 'x' : 0, it.room);
		it.b[sw_random() % it.room] = (uint8_t)(sw_random() % 70);
		break;
	default: /* the ends of ranges */
		for (i = 0; i < it.room; i++)
			it.b[i] = (const uint8_t[]){ 0, 0, 0x7f, 0x80, 0xff }[sw_random() % 5];
		break;
	}
}

static void
traffic(struct ngt *t, const struct ty *ty)
{
	char name[16];

	for (unsigned k = 0; k < NITEMS(ty->sends) && ty->sends[k] != 0; k++) {
		(void)snprintf(name, sizeof(name), "p%u", ty->sends[k] - 1);
		whatever = ngt_try_send(ngt_probe(t, name), NULL, ty_packet(ty, ty->sends[k]));
	}
}

static void
test_contents(void **state)
{
	struct ngt *t;
	unsigned i, n, bad = 0, all = 0;
	int error;

	(void)state;
	for (i = 0; i < NITEMS(ty_types); i++) {
		const struct ty *ty = &ty_types[i];

		if (!ty_there(ty))
			continue;
		t = begin(ty);
		for (const struct ty_cmd *c = ty->cmd; c->cmd != UINT32_MAX; c++) {
			/* A replay may be told to go on for ever, and files of any name are not to be made. */
			if (c->len == 0 || ty->cmd == ty_pcap)
				continue;
			for (n = 0; n < ROUNDS; n++) {
				where(ty, c, "contents", n);
				garble(c, n);
				it.flags = n % 16 == 15 ? NGF_RESP : 0;
				sw_look(t, &was, true, false);
				error = tell(t, ty->cookie, c->cmd);
				bad += error != 0;
				all++;
				/* EINVAL; a hook by a name, or a link by a number, that is not there. */
				if (error != 0 && error != EINVAL && error != ENOENT && error != ENOTCONN && error != c->error)
					fail_msg("error %d is not documented", error);
				unchanged(t);
				if (n % 8 == 0) {
					traffic(t, ty);
					ngt_advance(t, 1000);
				}
			}
			/* It still works. */
			if (c->once)
				continue;
			if (c->first != NULL)
				ngt_msg(t, "X:", ty->cookie, c->first->cmd, c->first->arg, c->first->len);
			ngt_msg(t, "X:", ty->cookie, c->cmd, c->arg, c->len);
		}
		ngt_end(t);
	}
	print_message("%u of %u refused\n", bad, all);
	assert_true(bad > all / 4);
	sw_where[0] = '\0';
}

/* Flow control from a neighbour, of any kind and length. */
static void
test_flow(void **state)
{
	static const uint32_t flow[] = { NGM_LINK_IS_UP, NGM_LINK_IS_DOWN, NGM_HIGH_WATER_PASSED, NGM_LOW_WATER_PASSED,
		NGM_SYNC_QUEUE_STATE, NGM_DROP_LINK, NGM_RAISE_LINK, NGM_FLUSH_QUEUE, NGM_GET_BANDWIDTH, NGM_SET_XMIT_Q_LIMITS,
		NGM_GET_XMIT_Q_LIMITS, NGM_MICROMANAGE, NGM_SET_FLOW_MANAGER, 0, 9999 };
	const struct ty_cmd none = { .cmd = 0 };
	uint8_t b[64];
	struct ngt *t;
	unsigned i, n, k;

	(void)state;
	for (i = 0; i < NITEMS(ty_types); i++) {
		const struct ty *ty = &ty_types[i];

		if (!ty_there(ty))
			continue;
		t = begin(ty);
		if (ty->cmd[0].len != 0)
			ngt_msg(t, "X:", ty->cookie, ty->cmd[0].cmd, ty->cmd[0].arg, ty->cmd[0].len);
		for (n = 0; n < ROUNDS; n++) {
			char name[16];

			(void)snprintf(name, sizeof(name), "p%u", sw_random() % 4);
			where(ty, &none, "flow", n);
			if (ngu_lookup(G, strcat(name, ":"), NULL) != 0)
				continue;
			name[2] = '\0';
			for (k = 0; k < sizeof(b); k++)
				b[k] = (uint8_t)sw_random();
			whatever = ngt_send_msg(ngt_probe(t, name), NULL, NGM_FLOW_COOKIE, flow[sw_random() % NITEMS(flow)], b,
			    sw_random() % sizeof(b));
			unchanged(t);
		}
		traffic(t, ty);
		ngt_advance(t, 1000);
		ngt_end(t);
	}
	sw_where[0] = '\0';
}

/* ---- text ---- */

static bool
of_parse(int error)
{
	return (error == EINVAL || error == ENOENT || error == EALREADY || error == E2BIG || error == EOPNOTSUPP || error == ERANGE ||
	    error == ELOOP);
}

/* Bytes that do not fit their description, arrays that say they are longer than they are: as text, or refused. */
static void
test_to_text(void **state)
{
	static uint8_t buf[sizeof(struct ng_mesg) + 2048];
	struct ng_mesg *m = (struct ng_mesg *)(void *)buf, *r;
	struct ngt *t;
	unsigned i, n, good = 0, bad = 0;
	size_t k, len;
	int error;

	(void)state;
	for (i = 0; i < NITEMS(ty_types); i++) {
		const struct ty *ty = &ty_types[i];

		if (!ty_there(ty))
			continue;
		t = begin(ty);
		for (const struct ty_cmd *c = ty->cmd; c->cmd != UINT32_MAX; c++)
			for (n = 0; n < ROUNDS; n++) {
				where(ty, c, "to text", n);
				memset(buf, 0, sizeof(buf));
				m->header.version = NG_VERSION;
				m->header.typecookie = ty->cookie;
				m->header.cmd = c->cmd;
				m->header.flags = n % 2 ? NGF_RESP : 0;
				len = n % 2 ? c->reply : c->len;
				if (n % 5 != 0)
					len = sw_random() % (len + 40);
				for (k = 0; k < len; k++)
					m->data[k] = (char)(n % 3 ? sw_random() : sw_random() % 8 == 0 ? sw_random() % 9 : 0);
				m->header.arglen = (uint32_t)len;
				if (n % 7 == 6)
					m->header.arglen = sw_random();
				r = NULL;
				error = ngu_msg(G, "X:", GEN, NGM_BINARY2ASCII, m, sizeof(*m) + len, &r);
				if (error == 0) {
					struct ng_mesg *a = (struct ng_mesg *)(void *)r->data;

					good++;
					assert_int_equal(r->header.arglen, sizeof(*a) + a->header.arglen);
					assert_int_equal(strlen(a->data) + 1, a->header.arglen);
				} else {
					bad++;
					assert_true(of_parse(error));
					assert_null(r);
				}
				ngu_msg_free(r);
			}
		unchanged(t);
		ngt_end(t);
	}
	assert_true(good > 500 && bad > 500);
	sw_where[0] = '\0';
}

/* Text of pieces that could be meant, in any order. */
static void
test_from_text(void **state)
{
	static const char *const pieces[] = { "{", "}", "[", "]", "=", "\"", "\\", " ", " ", "0", "1", "-1", "4294967296", "0xffffffff", "99",
		"\"link1\"", "\"\\x41\"", "02:00:00:00:00:01", "addr", "hook", "debugLevel", "loopTimeout", "maxStaleness", "xmitAlg",
		"enabledLinks", "failAlg", "seed", "downstream", "upstream", "loss", "delayTime", "logSize", "rot", "min", "max" };
	static uint8_t buf[sizeof(struct ng_mesg) + 2048];
	struct ng_mesg *m = (struct ng_mesg *)(void *)buf, *r;
	struct ngt *t;
	unsigned i, n, k, good = 0, bad = 0;
	size_t len;
	int error;

	(void)state;
	for (i = 0; i < NITEMS(ty_types); i++) {
		const struct ty *ty = &ty_types[i];
		const struct ng_cmdlist *l;

		if (!ty_there(ty))
			continue;
		t = begin(ty);
		for (l = ng_findtype(ty->name)->cmdlist; l != NULL && l->name != NULL; l++)
			for (n = 0; n < ROUNDS; n++) {
				const struct ty_cmd c = { .cmd = (uint32_t)l->cmd };

				where(ty, &c, "from text", n);
				memset(buf, 0, sizeof(buf));
				m->header.version = NG_VERSION;
				(void)strcpy((char *)m->header.cmdstr, l->name);
				(void)strcpy(m->data, n % 4 != 0 ? "{ " : "");
				for (k = sw_random() % 12; k != 0; k--) {
					(void)strcat(m->data, pieces[sw_random() % NITEMS(pieces)]);
					(void)strcat(m->data, sw_random() % 3 == 0 ? "=" : sw_random() % 2 ? " " : "");
				}
				(void)strcat(m->data, n % 3 != 0 ? " }" : "");
				len = strlen(m->data) + 1;
				m->header.arglen = (uint32_t)len;
				if (n % 7 == 6)
					m->header.arglen = sw_random();
				r = NULL;
				error = ngu_msg(G, "X:", GEN, NGM_ASCII2BINARY, m, sizeof(*m) + len, &r);
				if (error == 0) {
					struct ng_mesg *b = (struct ng_mesg *)(void *)r->data;

					good++;
					assert_int_equal(r->header.arglen, sizeof(*b) + b->header.arglen);
					assert_int_equal(b->header.cmd, l->cmd);
				} else {
					bad++;
					assert_true(of_parse(error));
					assert_null(r);
				}
				ngu_msg_free(r);
			}
		unchanged(t);
		ngt_end(t);
	}
	assert_true(good > 500 && bad > 500);
	sw_where[0] = '\0';
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		sw_test(test_lengths),
		sw_test(test_contents),
		sw_test(test_flow),
		sw_test(test_to_text),
		sw_test(test_from_text),
	};

	sw_init();
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
