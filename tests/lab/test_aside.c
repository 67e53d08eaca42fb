/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_aside.c - a thread that has laid a packet aside serves another sender's queue: what it laid aside stays its own, and its next
 * packet comes after it.
 *
 *	in - d.in, d.x - x.d, d.f - f.d, x.f - f.x, f.back - x.back, x.out - out
 *
 * A packet goes from d to x, then a copy of it to f, which takes one at a time and keeps it. x is closed when it comes, by a writer of its
 * own, who puts a packet into f's queue meanwhile; f hands that one back to x. So the sender lays the first packet aside, serves
 * f's queue on its way out of f, finds x closed for what comes from there, and puts what lies aside into x's queue in front of it.
 * Then the writer leaves, and serves that queue while the sender sends the next. Who waits for whom is told by `now`, so that one
 * preemption is enough.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/errno.h>
#include <sys/mbuf.h>

#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>

#include "lab/lab_test.h"

enum { START, X_CLOSED, IN_F, F_QUEUED, FIRST_SENT, X_OPENS };

static _Atomic int now;
static node_p x;
static hook_p to_f; /* x's */

static bool
has_come(void *arg)
{
	return (now >= (int)(intptr_t)arg);
}

static void
wait_for(int what)
{
	ngu_lab_wait(has_come, (void *)(intptr_t)what);
}

static int
aside_constructor(node_p node)
{
	return (0);
}

static int
aside_newhook(node_p node, hook_p hook, const char *name)
{
	if (strcmp(NG_NODE_NAME(node), "f") == 0)
		NG_NODE_FORCE_WRITER(node);
	if (strcmp(NG_NODE_NAME(node), "x") == 0)
		x = node;
	if (strcmp(NG_NODE_NAME(node), "x") == 0 && strcmp(name, "f") == 0)
		to_f = hook;
	return (0);
}

static int
aside_rcvdata(hook_p hook, item_p item)
{
	node_p node = NG_HOOK_NODE(hook);
	struct mbuf *m, *copy;
	int error;

	switch (*NG_NODE_NAME(node)) {
	case 'd':
		NGI_GET_M(item, m);
		NG_FREE_ITEM(item);
		if ((copy = m_dup(m, M_NOWAIT)) == NULL) {
			m_freem(m);
			return (ENOBUFS);
		}
		NG_SEND_DATA_ONLY(error, ng_findhook(node, "x"), m);
		NG_SEND_DATA_ONLY(error, ng_findhook(node, "f"), copy);
		return (error);
	case 'f':
		if (strcmp(NG_HOOK_NAME(hook), "d") == 0) {
			if (now < IN_F) {
				now = IN_F;
				wait_for(F_QUEUED);
			}
			NG_FREE_ITEM(item);
			return (0);
		}
		NG_FWD_ITEM_HOOK(error, item, ng_findhook(node, "back"));
		return (error);
	default:
		NG_FWD_ITEM_HOOK(error, item, ng_findhook(node, "out"));
		return (error);
	}
}

static struct ng_type aside_type = { .version = NG_ABI_VERSION, .name = "aside", .constructor = aside_constructor,
	.newhook = aside_newhook, .rcvdata = aside_rcvdata };
NETGRAPH_INIT(aside, &aside_type);

static int
make(void *arg)
{
	int e;

	(void)arg;
	if ((e = lt_graph(0)) != 0 || (e = ngu_mknode(g, "aside", "d", NULL)) != 0 || (e = ngu_mknode(g, "aside", "f", NULL)) != 0 ||
	    (e = ngu_mknode(g, "aside", "x", NULL)) != 0 || (e = ngu_connect(g, "d:", "x", "x:", "d")) != 0 ||
	    (e = ngu_connect(g, "d:", "f", "f:", "d")) != 0 || (e = ngu_connect(g, "x:", "f", "f:", "x")) != 0 ||
	    (e = ngu_connect(g, "f:", "back", "x:", "back")) != 0 || (e = ngu_port_open(g, "d:", "in", NULL, NULL, &lt_in)) != 0)
		return (e);
	return (ngu_port_open(g, "x:", "out", lt_rx, &lt_sink, &lt_out));
}

static void
alone_in_x(node_p node, hook_p hook, void *arg, int unused)
{
	static const uint8_t b[2] = { 1, 1 };
	struct mbuf *m = ngu_packet(g, b, 2);
	item_p item;
	int error;

	ngu_lab_check(m != NULL && (item = ng_package_data(m, NG_NOFLAGS)) != NULL);
	now = X_CLOSED;
	wait_for(IN_F);
	NG_FWD_ITEM_HOOK_FLAGS(error, item, to_f, NG_QUEUE);
	ngu_lab_check(error == 0);
	now = F_QUEUED;
	wait_for(FIRST_SENT);
	now = X_OPENS;
}

static void
writes(void *arg)
{
	struct ngu_graph *before = ngu_graph_enter(g);

	(void)arg;
	ngu_lab_check(ng_send_fn(x, NULL, alone_in_x, NULL, 0) == 0);
	(void)ngu_graph_enter(before);
}

static void
sends(void *arg)
{
	(void)arg;
	wait_for(X_CLOSED);
	ngu_lab_check(lt_send(lt_in, 0, 1) == 0);
	now = FIRST_SENT;
	wait_for(X_OPENS);
	ngu_lab_check(lt_send(lt_in, 0, 2) == 0);
}

static void
end_all(void *arg)
{
	lt_accounts();
	ngu_lab_check(lt_sink.got == 3); /* two and the writer's; f kept the copies */
	lt_end(arg);
}

static const struct ngu_lab aside_served = { .name = "aside-served", .setup = make, .points = LT_POINTS(105),
	.body = { { "write", writes }, { "send", sends } }, .end = end_all };

LT_TEST(aside_served)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aside_served),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
