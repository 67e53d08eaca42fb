/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * probe.c - node type "probe": records what arrives, injects what it is told to. Written like any node type.
 *
 * Readers    rcvdata and rcvmsg append to the probe's list under the kit's lock, on any thread.
 * Lifetime   A probe outlives its node, so that a test can look at the records of a node that is gone; ngt_end() frees it.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/errno.h>
#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>

#include "testkit.h"

struct ngt__phook {
	struct ngt__phook *next;
	hook_p hook;
};

static struct ngt_probe *probes; /* under the kit's lock */
static uint64_t arrivals;	 /* under the kit's lock */

static int
probe_constructor(node_p node)
{
	struct ngt_probe *p = ngt__alloc(sizeof(*p));

	p->graph = node->nd_graph;
	p->node = node;
	p->id = NG_NODE_ID(node);
	NG_NODE_SET_PRIVATE(node, p);
	ngt__lock();
	p->next = probes;
	probes = p;
	ngt__unlock();
	return (0);
}

static int
probe_newhook(node_p node, hook_p hook, const char *name)
{
	struct ngt_probe *p = NG_NODE_PRIVATE(node);
	struct ngt__phook *h = ngt__alloc(sizeof(*h));

	(void)name;
	h->hook = hook;
	NG_HOOK_SET_PRIVATE(hook, h);
	ngt__lock();
	h->next = p->hooks;
	p->hooks = h;
	ngt__unlock();
	return (0);
}

static void
record(struct ngt_probe *p, struct ngt_rec *r)
{
	r->thread = ngt_thread();
	ngt__lock();
	r->order = ++arrivals;
	if (p->last != NULL)
		p->last->next = r;
	else
		p->first = r;
	p->last = r;
	ngt__unlock();
}

static int
probe_rcvdata(hook_p hook, item_p item)
{
	struct ngt_probe *p = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));
	struct mbuf *m = NGI_M(item);
	struct ngt_rec *r;
	size_t len = m_length(m, NULL);
	bool discard;
	int error;

	ngt__lock();
	if (p->limited && p->room-- == 0) {
		p->room = 0;
		ngt__unlock();
		NG_FREE_ITEM(item);
		return (ENOBUFS);
	}
	p->packets++;
	discard = p->discard;
	error = p->error;
	ngt__unlock();
	if (!discard) {
		r = ngt__alloc(sizeof(*r) + len);
		r->len = len;
		m_copydata(m, 0, (int)len, (caddr_t)r->data);
		(void)strlcpy(r->hook, NG_HOOK_NAME(hook), sizeof(r->hook));
		record(p, r);
	}
	NG_FREE_ITEM(item);
	return (error);
}

static int
probe_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	struct ngt_probe *p = NG_NODE_PRIVATE(node);
	struct ng_mesg *msg, *resp = NULL;
	struct ngt_rec *r;
	int error;

	NGI_GET_MSG(item, msg);
	r = ngt__alloc(sizeof(*r) + msg->header.arglen);
	r->is_msg = true;
	r->reply = (msg->header.flags & NGF_RESP) != 0;
	r->cookie = msg->header.typecookie;
	r->cmd = msg->header.cmd;
	r->token = msg->header.token;
	r->len = msg->header.arglen;
	memcpy(r->data, msg->data, r->len);
	if (lasthook != NULL)
		(void)strlcpy(r->hook, NG_HOOK_NAME(lasthook), sizeof(r->hook));
	record(p, r);
	ngt__lock();
	error = p->error;
	if (p->answering && !r->reply) {
		NG_MKRESPONSE(resp, msg, p->answer_len, M_NOWAIT);
		if (resp != NULL)
			memcpy(resp->data, p->answer, p->answer_len);
	}
	ngt__unlock();
	NG_RESPOND_MSG(error, node, item, resp);
	NG_FREE_MSG(msg);
	return (error);
}

static int
probe_disconnect(hook_p hook)
{
	struct ngt_probe *p = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));
	struct ngt__phook *h = NG_HOOK_PRIVATE(hook), **at;

	ngt__lock();
	for (at = &p->hooks; *at != h; at = &(*at)->next)
		;
	*at = h->next;
	ngt__unlock();
	ngt__free(h);
	return (0);
}

static int
probe_shutdown(node_p node)
{
	struct ngt_probe *p = NG_NODE_PRIVATE(node);

	ngt__lock();
	p->node = NULL;
	ngt__unlock();
	NG_NODE_UNREF(node);
	return (0);
}

static struct ng_type probe_type = {
	.version = NG_ABI_VERSION,
	.name = "probe",
	.constructor = probe_constructor,
	.rcvmsg = probe_rcvmsg,
	.shutdown = probe_shutdown,
	.newhook = probe_newhook,
	.rcvdata = probe_rcvdata,
	.disconnect = probe_disconnect,
};

/* Registered when first needed: a linker would drop a constructor nobody refers to. */
int
ngt__probe_type(void)
{
	return (ng_findtype("probe") != NULL ? 0 : ng_newtype(&probe_type));
}

struct ngt_probe *
ngt__probe_by_id(struct ngu_graph *g, uint32_t id)
{
	struct ngt_probe *p;

	ngt__lock();
	for (p = probes; p != NULL && (p->graph != g || p->id != id); p = p->next)
		;
	ngt__unlock();
	return (p);
}

/* The graph is gone: nobody else can be at its probes. */
void
ngt__probes_free(struct ngu_graph *g)
{
	struct ngt_probe **at, *p;
	struct ngt_rec *r;

	for (;;) {
		ngt__lock();
		for (at = &probes; (p = *at) != NULL && p->graph != g; at = &p->next)
			;
		if (p != NULL)
			*at = p->next;
		ngt__unlock();
		if (p == NULL)
			return;
		while ((r = p->first) != NULL) {
			p->first = r->next;
			ngt__free(r);
		}
		ngt__free(p->answer);
		ngt__free(p);
	}
}

/* The probe's hook of that name (NULL: its newest), referenced: it is in the table, so its list reference is there. */
static hook_p
probe_hook(struct ngt_probe *p, const char *name)
{
	struct ngt__phook *h;
	hook_p hook = NULL;

	ngt__lock();
	for (h = p->hooks; h != NULL; h = h->next)
		if (name == NULL || strcmp(NG_HOOK_NAME(h->hook), name) == 0)
			break;
	if (h != NULL) {
		hook = h->hook;
		NG_HOOK_REF(hook);
	}
	ngt__unlock();
	return (hook);
}

int
ngt__try_send(struct ngt_probe *p, const char *name, struct ngt_pkt pkt, int flags)
{
	hook_p hook = probe_hook(p, name);
	struct ngu_graph *before;
	struct mbuf *m;
	int error;

	if (hook == NULL)
		return (ENOENT);
	before = ngu_graph_enter(p->graph);
	if ((m = ngt_to_mbuf(p->graph, pkt)) == NULL)
		error = ENOMEM;
	else
		NG_SEND_DATA_FLAGS(error, hook, m, flags);
	NG_HOOK_UNREF(hook);
	(void)ngu_graph_enter(before);
	return (error);
}

int
ngt_send_msg(struct ngt_probe *p, const char *name, uint32_t cookie, uint32_t cmd, const void *arg, size_t len)
{
	hook_p hook = probe_hook(p, name);
	struct ngu_graph *before;
	struct ng_mesg *msg;
	node_p node;
	int error;

	if (hook == NULL)
		return (ENOENT);
	before = ngu_graph_enter(p->graph);
	node = NG_HOOK_NODE(hook);
	NG_MKMESSAGE(msg, cookie, cmd, len, M_NOWAIT);
	if (msg == NULL) {
		error = ENOMEM;
	} else {
		if (len != 0)
			memcpy(msg->data, arg, len);
		NG_SEND_MSG_HOOK(error, node, msg, hook, NG_NODE_ID(node));
	}
	NG_HOOK_UNREF(hook);
	(void)ngu_graph_enter(before);
	return (error);
}
