/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_socket.c - sockets without descriptors in every order: a side is closed beside a packet or a message on its way, the node is shut down beside
 * its sockets' calls. What an owner may do when is the point, so some owners are wrong, and the lab finds it.
 */
#include "lab/lab_test.h"

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/errno.h>
#include <sys/malloc.h>

#include <netgraph/ng_message.h>
#include <netgraph/ng_socket.h>

static MALLOC_DEFINE(M_OWNER, "owner", "owners of the lab's sockets");

#define ALIVE 0x0a11

/* Plain: a section, or the node's turn, keeps whoever writes it away from whoever reads. */
struct owner {
	struct ngu_sock *s;
	int magic;
};

static struct owner *c, *d;
static int faulty; /* its address is `arg` of the scene with the fault */
static _Atomic uint32_t gone[2], released[2], calls;

static struct ngu_port *port;

static int
on_message(void *arg, const char *from, const struct ng_mesg *msg, size_t len)
{
	struct owner *o = arg;

	(void)from;
	ngu_lab_check(o->magic == ALIVE);
	ngu_lab_check(len == sizeof(*msg) + msg->header.arglen);
	calls++;
	return (0);
}

static int
on_packet(void *arg, const char *hook, const struct mbuf *m)
{
	struct owner *o = arg;

	(void)m;
	ngu_lab_check(o->magic == ALIVE);
	ngu_lab_check(strcmp(hook, "h") == 0);
	calls++;
	return (0);
}

static void
on_gone(void *arg)
{
	struct owner *o = arg;

	ngu_lab_check(o->magic == ALIVE);
	gone[o == d]++;
}

static void
on_release(void *arg)
{
	struct owner *o = arg;

	released[o == d]++;
	o->magic = 0;
	free(o, M_OWNER);
}

/* The wrong owner's: it has freed itself. */
static void
on_release_wrong(void *arg)
{
	released[arg == d]++;
}

static const struct ngu_sock_ops right = { on_message, on_packet, on_gone, on_release };
static const struct ngu_sock_ops wrong = { on_message, on_packet, on_gone, on_release_wrong };

static int
opens(enum ngu_sock_kind kind, const struct ngu_sock_ops *ops, struct owner **out)
{
	struct owner *o = malloc(sizeof(*o), M_OWNER, M_NOWAIT | M_ZERO);
	int error;

	if (o == NULL)
		return (ENOMEM);
	o->magic = ALIVE;
	*out = o;
	if ((error = ngu_sock_open(g, kind, ops, o, &o->s)) != 0)
		free(o, M_OWNER);
	return (error);
}

/* The wrong owner believes that after its close nobody comes. */
static void
closes(struct owner *o, bool wrongly)
{
	ngu_sock_close(o->s);
	if (wrongly) {
		o->magic = 0;
		free(o, M_OWNER);
	}
}

/*
 * Control socket s, data socket, connected or not. If so, s's hook h to a port; else none: to take a hook off is to wait for sections, and that would
 * keep some orders away.
 */
static int
made(bool connected, const struct ngu_sock_ops *ops)
{
	int error;

	if ((error = lt_graph(0)) != 0 || (error = opens(NGU_SOCK_CONTROL, ops, &c)) != 0 ||
	    (error = ngu_sock_bind(c->s, "s")) != 0 || (error = opens(NGU_SOCK_DATA, ops, &d)) != 0)
		return (error);
	port = NULL;
	if (!connected)
		return (0);
	if ((error = ngu_sock_connect(d->s, "s:")) != 0)
		return (error);
	return (ngu_port_open(g, "s:", "h", NULL, NULL, &port));
}

static int
pair(void *arg)
{
	return (made(true, arg != NULL ? &wrong : &right));
}

static int
apart(void *arg)
{
	(void)arg;
	return (made(false, &right));
}

/* Who is still open is closed, and everything is gone. */
static void
end(struct owner *control, struct owner *data, bool wrongly)
{
	if (control != NULL)
		closes(control, wrongly);
	if (data != NULL)
		closes(data, wrongly);
	lt_accounts();
	ngu_lab_check(ngu_lookup(g, "s:", NULL) == ENOENT);
	ngu_port_close(port);
	lt_destroy();
	ngu_lab_check(released[0] == 1 && released[1] == 1);
	ngu_lab_check(gone[0] <= 1 && gone[1] <= 1);
}

/* The scene with wrong owners, which the lab must find fault with; and with right ones, which it must pass, having seen every order. */
static void
finds(const struct ngu_lab *scene, const char *part)
{
	struct ngu_lab_opts o = { .quiet = true };
	struct ngu_lab_result r;
	struct ngu_lab s = *scene;
	char name[64];

	(void)snprintf(name, sizeof(name), "%s-planted", scene->name);
	s.name = name;
	s.arg = &faulty;
	s.points = 0;
	assert_int_equal(ngu_lab_run(&s, &o, &r), ENOTRECOVERABLE);
	/* Freed beside its use, or before it: whichever order comes first. */
	if ((r.fail != NGU_LAB_MEMORY && r.fail != NGU_LAB_RACE) || strstr(r.why, part) == NULL)
		fail_msg("%s: expected freed memory, \"%s\", got %d: %s", name, part, r.fail, r.why);
	lt_run(scene);
}

/* ---- the data side is closed beside a packet that is on its way to it ---- */

static void
packet(void *arg)
{
	(void)arg;
	ngu_lab_check(ngu_port_send(port, ngu_packet(g, "x", 1)) == 0);
}

static void
close_data(void *arg)
{
	closes(d, arg != NULL);
}

static void
end_control(void *arg)
{
	ngu_lab_check(calls <= 1 && gone[0] == 0 && gone[1] == 0);
	end(c, NULL, arg != NULL);
}

static const struct ngu_lab close_packet = { .name = "sock-close-packet", .points = LT_POINTS(11), .setup = pair,
	.body = { { "packet", packet }, { "close", close_data } }, .end = end_control };

static void
test_close_packet(void **state)
{
	(void)state;
	finds(&close_packet, "read by packet");
}

/* ---- the control side beside a message ---- */

static void
message(void *arg)
{
	int error = ngu_msg(g, "s:", 12345, 1, NULL, 0, NULL);

	(void)arg;
	ngu_lab_check((error == 0 && calls == 1) || (error == EINVAL && calls == 0));
}

static void
close_control(void *arg)
{
	closes(c, arg != NULL);
}

/* Its node lives on. */
static void
end_data(void *arg)
{
	ngu_lab_check(gone[0] == 0 && gone[1] == 0);
	ngu_lab_check(ngu_sock_id(d->s) != 0 && ngu_sock_send_data(d->s, NULL, "x", 1) == 0);
	end(NULL, d, arg != NULL);
}

static const struct ngu_lab close_message = { .name = "sock-close-message", .points = LT_POINTS(10), .setup = pair,
	.body = { { "message", message }, { "close", close_control } }, .end = end_data };

static void
test_close_message(void **state)
{
	(void)state;
	finds(&close_message, "read by message");
}

/* ---- the node is shut down beside a close: one of them takes the side out, and the owner is told or not ---- */

static void
shuts(void *arg)
{
	int error = ngu_shutdown(g, "s:");

	(void)arg;
	ngu_lab_check(error == 0 || error == ENOENT || error == EINVAL);
}

static void
end_shut(void *arg)
{
	ngu_lab_check(gone[0] == 1 && ngu_sock_id(c->s) == 0);
	end(c, NULL, arg != NULL);
}

static const struct ngu_lab shutdown_close = { .name = "sock-shutdown-close", .points = LT_POINTS(86), .setup = pair,
	.body = { { "shutdown", shuts }, { "close", close_data } }, .end = end_shut };

static void
test_shutdown_close(void **state)
{
	(void)state;
	finds(&shutdown_close, "read by shutdown");
}

/* Both sides close at a time: the last one ends the node, once. */
static void
end_closed(void *arg)
{
	ngu_lab_check(gone[0] == 0 && gone[1] == 0);
	end(NULL, NULL, arg != NULL);
}

static const struct ngu_lab close_close = { .name = "sock-close-close", .points = LT_POINTS(87), .setup = pair,
	.body = { { "control", close_control }, { "data", close_data } }, .end = end_closed };
LT_TEST(close_close)

/* ---- a data socket connects beside the node's end ---- */

static int connected; /* what it came to */

static void
connects(void *arg)
{
	(void)arg;
	connected = ngu_sock_connect(d->s, "s:");
	ngu_lab_check(connected == 0 || connected == ENOENT);
}

/* Either it was too late, or it has been told. */
static void
end_connect_shut(void *arg)
{
	(void)arg;
	ngu_lab_check(gone[0] == 1);
	ngu_lab_check(gone[1] == (connected == 0));
	ngu_lab_check(ngu_sock_send_data(d->s, "h", "x", 1) == (connected == 0 ? EPIPE : ENOTCONN));
	end(c, d, false);
}

static const struct ngu_lab connect_shutdown = { .name = "sock-connect-shutdown", .points = LT_POINTS(52), .setup = apart,
	.body = { { "connect", connects }, { "shutdown", shuts } }, .end = end_connect_shut };

/* Three preemptions: the turn is had, the node found valid, shutdown is half through, then the socket gets in. */
static void
test_connect_shutdown(void **state)
{
	(void)state;
	lt_run_bound(&connect_shutdown, 3);
}

/* What the two sides share goes, too. */
static void
shuts_and_closes(void *arg)
{
	shuts(arg);
	closes(c, false);
}

static void
end_connect_gone(void *arg)
{
	(void)arg;
	ngu_lab_check(gone[0] == 1);
	ngu_lab_check(gone[1] == (connected == 0));
	end(NULL, d, false);
}

static const struct ngu_lab connect_gone = { .name = "sock-connect-gone", .points = LT_POINTS(67), .setup = apart,
	.body = { { "connect", connects }, { "shutdown, close", shuts_and_closes } }, .end = end_connect_gone };
LT_TEST(connect_gone)

/* Either it was too late, or it keeps the node. */
static void
end_connect_close(void *arg)
{
	(void)arg;
	ngu_lab_check(gone[0] == 0 && gone[1] == 0);
	ngu_lab_check((ngu_lookup(g, "s:", NULL) == 0) == (connected == 0));
	ngu_lab_check(ngu_sock_send_data(d->s, "h", "x", 1) == (connected == 0 ? EHOSTUNREACH : ENOTCONN));
	end(NULL, d, false);
}

static const struct ngu_lab connect_close = { .name = "sock-connect-close", .points = LT_POINTS(66), .setup = apart,
	.body = { { "connect", connects }, { "close", close_control } }, .end = end_connect_close };
LT_TEST(connect_close)

/* ---- a packet goes out beside the node's end ---- */

static void
sends(void *arg)
{
	int error = ngu_sock_send_data(d->s, ngu_lab_choose(2) ? "h" : NULL, "x", 1);

	(void)arg;
	ngu_lab_check(error == 0 || error == EPIPE || error == ENETDOWN || error == EHOSTUNREACH || error == EDESTADDRREQ);
}

static void
end_sent(void *arg)
{
	(void)arg;
	ngu_lab_check(gone[0] == 1 && gone[1] == 1);
	end(c, d, false);
}

static const struct ngu_lab send_shutdown = { .name = "sock-send-shutdown", .points = LT_POINTS(156), .setup = pair,
	.body = { { "send", sends }, { "shutdown", shuts } }, .end = end_sent };
LT_TEST(send_shutdown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_close_packet),
		cmocka_unit_test(test_close_message),
		cmocka_unit_test(test_shutdown_close),
		cmocka_unit_test(test_close_close),
		cmocka_unit_test(test_connect_shutdown),
		cmocka_unit_test(test_connect_gone),
		cmocka_unit_test(test_connect_close),
		cmocka_unit_test(test_send_shutdown),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
