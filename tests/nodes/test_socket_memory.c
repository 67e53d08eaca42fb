/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_socket_memory.c - sockets with memory refused, at each allocation in turn (support/sweep.h): what failed has changed nothing, what
 * succeeded has done all of it, and closing needs none.
 */
#include "support/sweep.h"

#define GEN NGM_GENERIC_COOKIE

static struct ngu_sock *cs, *ds; /* of the try */
static struct sw *now;
static _Atomic unsigned ends, released;
static int end_error;

static int
on_message(void *arg, const char *from, const struct ng_mesg *msg, size_t len)
{
	(void)arg;
	(void)from;
	sw_say(now, "message %u:%u flags %u, %zu bytes\n", msg->header.typecookie, msg->header.cmd, msg->header.flags, len);
	return (0);
}

static int
on_packet(void *arg, const char *hook, const struct mbuf *m)
{
	(void)arg;
	sw_say(now, "packet by %s, %zu bytes\n", hook, ngu_packet_len(m));
	return (0);
}

static void
on_release(void *arg)
{
	(void)arg;
	atomic_fetch_add(&released, 1u);
}

static void
on_end(void *arg, int error)
{
	(void)arg;
	end_error = error;
	atomic_fetch_add(&ends, 1u);
}

static const struct ngu_sock_ops ops = { .message = on_message, .packet = on_packet, .release = on_release };

/* ---- what is there before, and taken away again ---- */

static void
none(struct sw *s, const void *arg)
{
	(void)arg;
	now = s;
	cs = ds = NULL;
	atomic_store(&released, 0u);
}

static void
control(struct sw *s, const void *arg)
{
	none(s, arg);
	assert_int_equal(ngu_sock_open(ngt_g(s->t), NGU_SOCK_CONTROL, &ops, NULL, &cs), 0);
	assert_int_equal(ngu_sock_bind(cs, "s"), 0);
}

static void
control_and_lone(struct sw *s, const void *arg)
{
	control(s, arg);
	assert_int_equal(ngu_sock_open(ngt_g(s->t), NGU_SOCK_DATA, &ops, NULL, &ds), 0);
}

static void
both(struct sw *s, const void *arg)
{
	control_and_lone(s, arg);
	assert_int_equal(ngu_sock_connect(ds, "s:"), 0);
	assert_int_equal(ngu_connect(ngt_g(s->t), "s:", "h", "h:", "s"), 0);
}

static void
closes(struct sw *s, const void *arg, int error)
{
	unsigned n = (cs != NULL) + (ds != NULL);

	(void)arg;
	(void)error;
	ngu_sock_close(cs);
	ngu_sock_close(ds);
	cs = ds = NULL;
	ngt_settle(s->t);
	ngu_reclaim_barrier();
	if (n != 0)
		assert_int_equal(released, n);
}

/* ---- the calls ---- */

static int
opens(struct sw *s, const void *arg)
{
	const enum ngu_sock_kind *kind = arg;

	return (ngu_sock_open(ngt_g(s->t), *kind, &ops, NULL, *kind == NGU_SOCK_CONTROL ? &cs : &ds));
}

static int
binds(struct sw *s, const void *arg)
{
	(void)s;
	(void)arg;
	return (ngu_sock_bind(cs, "another name"));
}

static int
connects(struct sw *s, const void *arg)
{
	(void)s;
	(void)arg;
	return (ngu_sock_connect(ds, "s:"));
}

struct request { /* struct ng_mesg with room behind */
	struct ng_msghdr header;
	char args[sizeof(struct ngm_connect)];
};
static const struct request info = { { .version = NG_VERSION, .typecookie = GEN, .cmd = NGM_NODEINFO }, "" };
static const struct request hooks = { { .version = NG_VERSION, .typecookie = GEN, .cmd = NGM_LISTHOOKS }, "" };
static struct request mkpeer = { { .version = NG_VERSION, .typecookie = GEN, .cmd = NGM_MKPEER,
	.arglen = sizeof(struct ngm_mkpeer) }, "" };
static struct request con = { { .version = NG_VERSION, .typecookie = GEN, .cmd = NGM_CONNECT,
	.arglen = sizeof(struct ngm_connect) }, "" };

struct asks {
	const char *path;
	const struct request *r;
};

static int
asks(struct sw *s, const void *arg)
{
	const struct asks *a = arg;

	(void)s;
	return (ngu_sock_send_msg(cs, a->path, (const struct ng_mesg *)(const void *)a->r, sizeof(a->r->header) + a->r->header.arglen, NULL, NULL));
}

/* The end comes once, or the call says why it does not. */
static int
asks_later(struct sw *s, const void *arg)
{
	const struct asks *a = arg;
	int error;

	atomic_store(&ends, 0u);
	error = ngu_sock_send_msg(cs, a->path, (const struct ng_mesg *)(const void *)a->r, sizeof(a->r->header) + a->r->header.arglen, on_end, NULL);
	sw_stop();
	ngt_settle(s->t);
	assert_int_equal(ends, error == 0);
	return (error != 0 ? error : end_error);
}

static int
sends(struct sw *s, const void *arg)
{
	(void)s;
	(void)arg;
	return (ngu_sock_send_data(ds, NULL, "a packet", 8));
}

static int
gets(struct sw *s, const void *arg)
{
	(void)arg;
	return (ngt_try_send(ngt_probe(s->t, "p"), "x", ngt_text("a packet")));
}

/* Needs no memory, so nothing of it fails. */
static int
closes_all(struct sw *s, const void *arg)
{
	ngu_sock_close(cs);
	ngu_sock_close(ds);
	cs = ds = NULL;
	sw_stop();
	ngt_settle(s->t);
	assert_int_equal(ngu_lookup(ngt_g(s->t), "s:", NULL), ENOENT);
	ngu_reclaim_barrier();
	assert_int_equal(released, 2);
	(void)arg;
	return (0);
}

#define GRAPH "hub h; probe p; p.x - h.x"

static void
test_calls(void **state)
{
	static const enum ngu_sock_kind c = NGU_SOCK_CONTROL, d = NGU_SOCK_DATA;
	static const struct asks of_h = { "h:", &info }, list = { "h:", &hooks }, own = { ".", &info }, make = { ".", &mkpeer },
				 join = { ".", &con };
	static const struct sw_op calls[] = {
		SW_OP("open control", GRAPH, opens, &c, SW_ENOMEM, SW_AROUND(none, closes)),
		SW_OP("open data", GRAPH, opens, &d, SW_ENOMEM, SW_AROUND(none, closes)),
		SW_OP("bind", GRAPH, binds, NULL, SW_ENOMEM, SW_AROUND(control, closes)),
		SW_OP("connect", GRAPH, connects, NULL, SW_ENOMEM, SW_AROUND(control_and_lone, closes)),
		SW_OP("nodeinfo", GRAPH, asks, &of_h, SW_ENOMEM, SW_AROUND(control, closes)),
		SW_OP("listhooks", GRAPH, asks, &list, SW_ENOMEM, SW_AROUND(both, closes)),
		SW_OP("nodeinfo of itself", GRAPH, asks, &own, SW_ENOMEM, SW_AROUND(control, closes)),
		SW_OP("mkpeer", GRAPH, asks, &make, SW_ENOMEM, SW_AROUND(control, closes)),
		SW_OP("connect to h", GRAPH, asks, &join, SW_ENOMEM, SW_AROUND(control, closes)),
		SW_OP("nodeinfo later", GRAPH, asks_later, &of_h, SW_ENOMEM, SW_AROUND(control, closes)),
		SW_OP("connect to h later", GRAPH, asks_later, &join, SW_ENOMEM, SW_AROUND(control, closes)),
		SW_OP("send", GRAPH, sends, NULL, SW_ENOMEM | SW_ENOBUFS, SW_AROUND(both, closes)),
		SW_OP("receive", GRAPH, gets, NULL, SW_ENOMEM | SW_ENOBUFS | SW_LOSSY, SW_AROUND(both, closes)),
		SW_OP("close", GRAPH, closes_all, NULL, 0, SW_AROUND(both, closes)),
	};
	struct ngm_mkpeer *m = (void *)mkpeer.args;
	struct ngm_connect *n = (void *)con.args;

	(void)state;
	(void)snprintf(m->type, sizeof(m->type), "hub");
	(void)snprintf(m->ourhook, sizeof(m->ourhook), "peer");
	(void)snprintf(m->peerhook, sizeof(m->peerhook), "s");
	(void)snprintf(n->path, sizeof(n->path), "h:");
	(void)snprintf(n->ourhook, sizeof(n->ourhook), "h");
	(void)snprintf(n->peerhook, sizeof(n->peerhook), "s");
	SW_SWEEP(calls);
	assert_true(sw_failures >= 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		sw_test(test_calls),
	};

	sw_init();
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
