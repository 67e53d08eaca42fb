/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_reply.c - an answer that comes late, beside the next question of the same thread: it is refused, or it is the first
 * question's; the second gets its own.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/errno.h>
#include <sys/malloc.h>

#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>

#include "lab/lab_test.h"

#define COOKIE 1762000001
enum { ASK_LATE = 1 | NGM_HASREPLY, ASK_NOW = 2 | NGM_HASREPLY };

static node_p late_node;
static uint32_t late_token;
static ng_ID_t late_addr;
static _Atomic uint32_t late_asked;

static int
late_constructor(node_p node)
{
	late_node = node;
	return (0);
}

static int
late_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	struct ng_mesg *msg, *resp = NULL;
	int error = 0;

	NGI_GET_MSG(item, msg);
	if (msg->header.cmd == ASK_LATE) {
		late_token = msg->header.token;
		late_addr = NGI_RETADDR(item);
		late_asked = 1;
	} else {
		NG_MKRESPONSE(resp, msg, sizeof(uint32_t), M_NOWAIT);
		if (resp == NULL)
			error = ENOMEM;
		else
			*(uint32_t *)resp->data = 2;
	}
	NG_RESPOND_MSG(error, node, item, resp);
	NG_FREE_MSG(msg);
	return (error);
}

static struct ng_type late_type = { .version = NG_ABI_VERSION, .name = "late", .constructor = late_constructor, .rcvmsg = late_rcvmsg };
NETGRAPH_INIT(late, &late_type);

static int
one(void *arg)
{
	int error;

	(void)arg;
	if ((error = lt_graph(0)) != 0 || (error = ngu_mknode(g, "late", "n", NULL)) != 0)
		return (error);
	NG_NODE_REF(late_node);
	return (0);
}

static void
asks(void *arg)
{
	struct ng_mesg *reply = NULL;

	(void)arg;
	ngu_lab_check(ngu_msg(g, "n:", COOKIE, ASK_LATE, NULL, 0, &reply) == 0);
	if (reply != NULL) {
		ngu_lab_check(*(uint32_t *)reply->data == 1);
		ngu_msg_free(reply);
	}
	reply = NULL;
	ngu_lab_check(ngu_msg(g, "n:", COOKIE, ASK_NOW, NULL, 0, &reply) == 0);
	ngu_lab_check(reply != NULL);
	ngu_lab_check(*(uint32_t *)reply->data == 2);
	ngu_msg_free(reply);
}

static bool
asked(void *arg)
{
	(void)arg;
	return (late_asked != 0);
}

static void
answers(void *arg)
{
	struct ng_mesg *resp;
	item_p item;

	(void)arg;
	ngu_lab_wait(asked, NULL);
	(void)ngu_graph_enter(g);
	NG_MKMESSAGE(resp, COOKIE, ASK_LATE, sizeof(uint32_t), M_NOWAIT);
	ngu_lab_check(resp != NULL);
	resp->header.flags |= NGF_RESP;
	resp->header.token = late_token;
	*(uint32_t *)resp->data = 1;
	item = ng_package_msg(resp, NG_NOFLAGS);
	ngu_lab_check(item != NULL);
	if (ng_address_ID(late_node, item, late_addr, 0) == 0)
		(void)ng_snd_item(item, NG_NOFLAGS);
	(void)ngu_graph_enter(NULL);
}

static void
end(void *arg)
{
	(void)arg;
	NG_NODE_UNREF(late_node);
	lt_accounts();
	lt_destroy();
}

static const struct ngu_lab late_reply = { .name = "late-reply", .setup = one, .body = { { "ask", asks }, { "answer", answers } }, .end = end };

/* Small enough for four preemptions; the fault that was here needs them: the answer looks, the next question opens, both answers come. */
static void
test_late_reply(void **state)
{
	(void)state;
	lt_run_bound(&late_reply, 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_late_reply),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
