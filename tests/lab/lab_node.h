/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab_node.h - what the scenarios of control calls share: a node type that refuses where it is told to and counts what it is
 * asked, and what must be true of any graph once all threads have come to rest.
 *
 * The type "lab" accepts any hook; what arrives at one called "queue" is queued. A node of it that has no name goes with its last
 * hook. Every newhook is followed by one disconnect, before shutdown, and no method runs on what has not begun or is over: each method
 * checks. A constructor without a shutdown leaves memory.
 */
#ifndef LAB_NODE_H
#define LAB_NODE_H

#include "lab/lab_test.h"

#include <stdio.h>

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/callout.h>

#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>

#define NGM_LAB_COOKIE 1762000000
enum {
	NGM_LAB_GET = 1 | NGM_READONLY | NGM_HASREPLY, /* uint32_t: how often SET came */
	NGM_LAB_SET = 2 | NGM_HASREPLY,		       /* the same, one more */
	NGM_LAB_TIMER = 3 | NGM_HASREPLY,	       /* the same; a timer that is due at once will count one */
	NGM_LAB_PEERS = 4 | NGM_HASREPLY,	       /* the same; looks at the other end of each hook */
	NGM_LAB_WAITS = 5 | NGM_HASREPLY	       /* the same; waits for memory if it must, as message methods may */
};

/* The method that refuses with EPERM. Hooks called "ours" and "peer" are those of the scenarios in which one does. */
enum ln_stage { LN_NONE, LN_CONSTRUCTOR, LN_NEWHOOK_OURS, LN_NEWHOOK_PEER, LN_CONNECT_OURS, LN_CONNECT_PEER, LN_STAGES };

static _Atomic uint32_t ln_refuse;   /* an ln_stage */
static _Atomic uint32_t ln_unloaded; /* the type is said to be no more: no method may run */

/* What a body's call came to: a word of its own, or two bodies would meet there. */
struct ln_result {
	_Alignas(64) int error;
};

#define LN_MAGIC 0x6c6e6f64u
#define LN_HOOK_NEW ((void *)(uintptr_t)1)
#define LN_HOOK_CONNECTED ((void *)(uintptr_t)2)
#define LN_HOOK_GONE ((void *)(uintptr_t)3)

struct lnode {
	uint32_t magic;
	uint32_t set;
	uint32_t hooks; /* accepted and not yet disconnected */
	struct callout timer;
};

static struct lnode *
ln_of(node_p node)
{
	struct lnode *l = NG_NODE_PRIVATE(node);

	ngu_lab_check(ln_unloaded == 0);
	ngu_lab_check(l != NULL && l->magic == LN_MAGIC);
	return (l);
}

static int
ln_constructor(node_p node)
{
	struct lnode *l;

	ngu_lab_check(ln_unloaded == 0);
	if (ln_refuse == LN_CONSTRUCTOR)
		return (EPERM);
	if ((l = malloc(sizeof(*l), M_NETGRAPH, M_NOWAIT | M_ZERO)) == NULL)
		return (ENOMEM);
	l->magic = LN_MAGIC;
	ng_callout_init(&l->timer);
	NG_NODE_SET_PRIVATE(node, l);
	return (0);
}

static int
ln_newhook(node_p node, hook_p hook, const char *name)
{
	struct lnode *l = ln_of(node);

	if ((ln_refuse == LN_NEWHOOK_OURS && strcmp(name, "ours") == 0) || (ln_refuse == LN_NEWHOOK_PEER && strcmp(name, "peer") == 0))
		return (EPERM);
	ngu_lab_check(NG_HOOK_PRIVATE(hook) == NULL);
	NG_HOOK_SET_PRIVATE(hook, LN_HOOK_NEW);
	if (strcmp(name, "queue") == 0)
		NG_HOOK_FORCE_QUEUE(hook);
	l->hooks++;
	return (0);
}

static int
ln_connect(hook_p hook)
{
	(void)ln_of(NG_HOOK_NODE(hook));
	ngu_lab_check(NG_HOOK_PRIVATE(hook) == LN_HOOK_NEW);
	if ((ln_refuse == LN_CONNECT_OURS && strcmp(NG_HOOK_NAME(hook), "ours") == 0) ||
	    (ln_refuse == LN_CONNECT_PEER && strcmp(NG_HOOK_NAME(hook), "peer") == 0))
		return (EPERM);
	NG_HOOK_SET_PRIVATE(hook, LN_HOOK_CONNECTED);
	return (0);
}

static void
ln_fire(node_p node, hook_p hook, void *arg, int arg2)
{
	(void)hook;
	(void)arg;
	ngu_lab_check(arg2 == 7);
	ln_of(node)->set++;
}

/*
 * As node types do, at any time: it is the peer, one that it was, or the dead hook of the dead node; whatever of it was found stays
 * as it was. Read here, where the lab sees it.
 */
static int
ln_peer(hook_p hook, void *arg)
{
	hook_p peer = NG_HOOK_PEER(hook);
	node_p node = NG_HOOK_NODE(peer);
	const char *name = NG_NODE_NAME(node);

	(void)arg;
	ngu_lab_check(NG_HOOK_NAME(peer)[0] == 'h' || NG_HOOK_NAME(peer)[0] == 'd');
	ngu_lab_check(name[0] == 'b' || name[0] == 'c' || name[0] == 'm' || name[0] == 'z' || name[0] == 'd');
	ngu_lab_check(NG_NODE_ID(node) < 16);
	return (1);
}

static int
ln_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	struct lnode *l = ln_of(node);
	struct ng_mesg *msg, *resp = NULL;
	int error = 0;

	(void)lasthook;
	NGI_GET_MSG(item, msg);
	if (msg->header.cmd == NGM_LAB_SET)
		l->set++;
	if (msg->header.cmd == NGM_LAB_TIMER)
		error = ng_callout(&l->timer, node, NULL, 0, ln_fire, NULL, 7);
	if (msg->header.cmd == NGM_LAB_PEERS)
		NG_NODE_FOREACH_HOOK(node, ln_peer, NULL);
	if (msg->header.cmd == NGM_LAB_WAITS)
		free(malloc(8, M_NETGRAPH, M_WAITOK), M_NETGRAPH);
	NG_MKRESPONSE(resp, msg, sizeof(uint32_t), M_NOWAIT);
	if (resp != NULL)
		memcpy(resp->data, &l->set, sizeof(l->set));
	else
		error = ENOMEM;
	NG_RESPOND_MSG(error, node, item, resp);
	NG_FREE_MSG(msg);
	return (error);
}

static int
ln_disconnect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);
	struct lnode *l = ln_of(node);

	ngu_lab_check(NG_HOOK_PRIVATE(hook) == LN_HOOK_NEW || NG_HOOK_PRIVATE(hook) == LN_HOOK_CONNECTED);
	NG_HOOK_SET_PRIVATE(hook, LN_HOOK_GONE);
	ngu_lab_check(l->hooks-- != 0);
	if (NG_NODE_NUMHOOKS(node) == 0 && NG_NODE_IS_VALID(node) && !NG_NODE_HAS_NAME(node))
		ng_rmnode_self(node);
	return (0);
}

static int
ln_shutdown(node_p node)
{
	struct lnode *l = ln_of(node);

	ngu_lab_check(NG_NODE_NUMHOOKS(node) == 0 && l->hooks == 0);
	(void)ng_uncallout(&l->timer, node);
	l->magic = 0;
	NG_NODE_SET_PRIVATE(node, NULL);
	free(l, M_NETGRAPH);
	NG_NODE_UNREF(node);
	return (0);
}

static struct ng_type ln_type = {
	.version = NG_ABI_VERSION,
	.name = "lab",
	.constructor = ln_constructor,
	.rcvmsg = ln_rcvmsg,
	.shutdown = ln_shutdown,
	.newhook = ln_newhook,
	.connect = ln_connect,
	.disconnect = ln_disconnect,
};

/* A graph with the type, and a node of it for each letter of `names`, called so. */
static inline int
ln_graph(const char *names)
{
	struct ng_mesg *reply;
	char name[2] = "";
	int error;

	if ((error = lt_graph(0)) != 0 || (error = ng_newtype(&ln_type)) != 0)
		return (error);
	for (; *names != '\0' && error == 0; names++) {
		name[0] = *names;
		error = ngu_mknode(g, "lab", name, NULL);
	}
	/* What the process does once, when the first message comes, is not part of a scenario. */
	if (error == 0 && name[0] != '\0' && (error = ngu_msg(g, "a:", NGM_LAB_COOKIE, NGM_LAB_GET, NULL, 0, &reply)) == 0)
		ngu_msg_free(reply);
	return (error);
}

static inline const char *
ln_path(char *buf, size_t size, uint32_t id)
{
	(void)snprintf(buf, size, "[%x]:", (unsigned)id);
	return (buf);
}

/* ---- what holds of every graph at rest ---- */

static inline struct ng_mesg *
ln_ask(uint32_t id, uint32_t cmd)
{
	struct ng_mesg *reply;
	char path[16];
	int error;

	if ((error = ngu_msg(g, ln_path(path, sizeof(path), id), NGM_GENERIC_COOKIE, cmd, NULL, 0, &reply)) != 0)
		ngu_lab_fail("node [%x] does not answer: error %d", (unsigned)id, error);
	return (reply);
}

/* The other end of this link says the same of it. */
static inline void
ln_mutual(const struct nodeinfo *ni, const struct linkinfo *li)
{
	struct ng_mesg *m = ln_ask(li->nodeinfo.id, NGM_LISTHOOKS);
	const struct hooklist *hl = (const void *)m->data;
	uint32_t i;

	for (i = 0; i < hl->nodeinfo.hooks; i++)
		if (strcmp(hl->link[i].ourhook, li->peerhook) == 0 && strcmp(hl->link[i].peerhook, li->ourhook) == 0 &&
		    hl->link[i].nodeinfo.id == ni->id)
			break;
	if (i == hl->nodeinfo.hooks)
		ngu_lab_fail("hook %s of node [%x] leads to %s of [%x], which does not lead back", li->ourhook, (unsigned)ni->id,
		    li->peerhook, (unsigned)li->nodeinfo.id);
	ngu_msg_free(m);
}

/* Each link is a link from both its ends, no hook is left half connected, and address and name lead to the node. */
static inline void
ln_consistent(const struct nodeinfo *ni)
{
	struct ng_mesg *m = ln_ask(ni->id, NGM_LISTHOOKS);
	const struct hooklist *hl = (const void *)m->data;
	char path[NG_NODESIZ + 1];
	uint32_t i, id;

	if (hl->nodeinfo.hooks != ni->hooks)
		ngu_lab_fail("node [%x] has %u hooks, of which %u are connected", (unsigned)ni->id, (unsigned)ni->hooks,
		    (unsigned)hl->nodeinfo.hooks);
	for (i = 0; i < hl->nodeinfo.hooks; i++)
		ln_mutual(ni, &hl->link[i]);
	ngu_msg_free(m);
	if (ni->name[0] == '\0')
		return;
	(void)snprintf(path, sizeof(path), "%s:", ni->name);
	ngu_lab_check(ngu_lookup(g, path, &id) == 0);
	ngu_lab_check(id == ni->id);
}

/* After the call has returned neither name nor address leads anywhere. */
static inline void
ln_is_gone(const struct nodeinfo *ni)
{
	char path[NG_NODESIZ + 1];

	ngu_lab_check(ngu_lookup(g, ln_path(path, sizeof(path), ni->id), NULL) == ENOENT);
	if (ni->name[0] != '\0') {
		(void)snprintf(path, sizeof(path), "%s:", ni->name);
		ngu_lab_check(ngu_lookup(g, path, NULL) == ENOENT);
	}
}

/* Looks at the whole graph, then takes it down. The helper node gives the list and is the last to go. */
static inline void
ln_end(void *arg)
{
	struct ng_mesg *m;
	const struct namelist *nl;
	uint32_t i, helper;
	char path[16];

	(void)arg;
	ln_refuse = LN_NONE;
	lt_accounts();
	ngu_lab_check(ngu_mknode(g, "echo", NULL, &helper) == 0);
	m = ln_ask(helper, NGM_LISTNODES);
	nl = (const void *)m->data;
	for (i = 0; i < nl->numnames; i++)
		ln_consistent(&nl->nodeinfo[i]);
	for (i = 0; i < nl->numnames; i++) {
		int error;

		if (nl->nodeinfo[i].id == helper)
			continue;
		error = ngu_shutdown(g, ln_path(path, sizeof(path), nl->nodeinfo[i].id));
		ngu_lab_check(error == 0 || error == ENOENT); /* it may have gone with its last hook */
		ln_is_gone(&nl->nodeinfo[i]);
	}
	ngu_msg_free(m);
	lt_destroy();
}

/* How many nodes and hooks there are now, ports and all; at rest. */
static inline void
ln_expect(uint64_t nodes, uint64_t hooks)
{
	struct ngu_graph_stats st;

	ngu_lab_check(ngu_settle(g, 0) == 0);
	ngu_reclaim_barrier();
	ngu_graph_stats(g, &st);
	if (st.nodes != nodes || st.hooks != hooks)
		ngu_lab_fail("%ju nodes and %ju hooks are alive, not %ju and %ju", (uintmax_t)st.nodes, (uintmax_t)st.hooks,
		    (uintmax_t)nodes, (uintmax_t)hooks);
}

/* For scenarios of which there is too much for every day: no store is held back. tests/run --long gives them all of it. */
static const struct ngu_lab_opts ln_no_delays __attribute__((__unused__)) = { .delays = NGU_LAB_NONE };

#define LN_ONE(scene) LN_BY(scene, lt_run_one)
#define LN_BY(scene, fn) \
	static void test_##scene(void **state) \
	{ \
		(void)state; \
		fn(&scene); \
	}

#define LN_TEST(scene, opts) \
	static void test_##scene(void **state) \
	{ \
		(void)state; \
		lt_run_with(&scene, (opts)); \
	}

/* All tests of the program, or those that its argument names. */
#define LN_MAIN(tests) \
	do { \
		if (argc > 1) \
			cmocka_set_test_filter(argv[1]); \
		return (cmocka_run_group_tests((tests), NULL, NULL)); \
	} while (0)

#endif /* LAB_NODE_H */
