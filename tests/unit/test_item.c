/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_item.c - items and messages from a node author's side (sections 7, 8 and 9): who owns what after each macro, where a
 * message goes and where its answer goes, functions, completion.
 */
#include "support/unit.h"

#define COOKIE 77

static struct mbuf *
packet(void)
{
	return (ngu_packet(NULL, "abcd", 4));
}

/* What a method saw of an item. */
struct seen {
	unsigned calls;
	ng_ID_t retaddr;
	unsigned long flags;
	bool via_hook;
	char hook[NG_HOOKSIZ];
	uint32_t msgflags, token, cmd;
	int error, result;
	ng_ID_t other;
	bool gone; /* the variable was cleared */
	bool writer;
};

static int
look(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct seen *s = arg;

	s->calls++;
	s->flags = (*item)->el_flags;
	s->via_hook = hook != NULL;
	s->writer = ngu__w_held(ngu__self(), node);
	if (hook != NULL)
		(void)snprintf(s->hook, sizeof(s->hook), "%s", NG_HOOK_NAME(hook));
	if ((s->flags & NGQF_TYPE) == NGQF_MESG) {
		s->retaddr = NGI_RETADDR(*item);
		s->msgflags = NGI_MSG(*item)->header.flags;
		s->token = NGI_MSG(*item)->header.token;
		s->cmd = NGI_MSG(*item)->header.cmd;
	}
	return (s->error);
}

/* ---- making messages ---- */

#define NGM_A_COMMAND_WITH_A_NAME_LONGER_THAN_THE_FIELD 9

static void
test_messages(void **state)
{
	struct ng_mesg *m, *r, *c;

	(void)state;
	NG_MKMESSAGE(m, COOKIE, NGM_A_COMMAND_WITH_A_NAME_LONGER_THAN_THE_FIELD | NGM_READONLY, 5, M_NOWAIT);
	assert_non_null(m);
	assert_int_equal(m->header.version, NG_VERSION);
	assert_int_equal(m->header.typecookie, COOKIE);
	assert_int_equal(m->header.cmd, 9 | NGM_READONLY);
	assert_int_equal(m->header.arglen, 5);
	assert_int_equal(m->header.token, 0);
	assert_int_equal(m->header.flags, NGF_ORIG);
	assert_string_equal((char *)m->header.cmdstr, "NGM_A_COMMAND_WITH_A_NAME_LONGE"); /* the source text, cut */
	assert_memory_equal(m->data, "\0\0\0\0\0", 5);
	memcpy(m->data, "abcde", 5);
	m->header.token = 4711;
	m->header.flags = 2;
	NG_MKRESPONSE(r, m, 9, M_WAITOK);
	assert_int_equal(r->header.version, NG_VERSION);
	assert_int_equal(r->header.arglen, 9);
	assert_int_equal(r->header.token, 4711);
	assert_int_equal(r->header.typecookie, COOKIE);
	assert_int_equal(r->header.cmd, m->header.cmd);
	assert_int_equal(r->header.flags, NGF_RESP);
	assert_string_equal((char *)r->header.cmdstr, (char *)m->header.cmdstr);
	assert_memory_equal(r->data, "\0\0\0\0\0\0\0\0\0", 9);
	m->header.version = 3;
	NG_COPYMESSAGE(c, m, M_NOWAIT);
	assert_int_equal(c->header.version, NG_VERSION);
	assert_int_equal(c->header.flags, 2);
	assert_int_equal(c->header.token, 4711);
	assert_memory_equal(c->data, "abcde", 5);
	NG_FREE_MSG(c);
	assert_null(c);
	NG_FREE_MSG(c); /* nothing there: nothing done */
	/* A header that speaks of more than there is cannot be copied. */
	m->header.arglen = 6;
	NG_COPYMESSAGE(c, m, M_NOWAIT);
	assert_null(c);
	NG_FREE_MSG(m);
	NG_FREE_MSG(r);
}

/* No memory: the variable is NULL, and nothing is lost. */
static void
test_messages_enomem(void **state)
{
	struct ngt *t = traced(0, 0, "a A; A.x - probe p");
	struct ng_node *a = node_of(t, "A");
	struct ng_mesg *m, *r = (struct ng_mesg *)1, *c = r;
	struct ng_item *item;
	int error;

	(void)state;
	NG_MKMESSAGE(m, COOKIE, 1, 0, M_NOWAIT);
	ngu__zone_bypass(true);
	ngu__port_alloc_hook = refuse_all;
	NG_MKRESPONSE(r, m, 0, M_NOWAIT);
	NG_COPYMESSAGE(c, m, M_NOWAIT);
	item = ng_package_msg(m, NG_NOFLAGS);
	ngu__port_alloc_hook = NULL;
	assert_null(r);
	assert_null(c);
	assert_null(item);
	NG_MKMESSAGE(m, COOKIE, 1, 0, M_NOWAIT);
	ngu__port_alloc_hook = refuse_all;
	NG_SEND_MSG_HOOK(error, a, m, ng_findhook(a, "x"), 0);
	ngu__port_alloc_hook = NULL;
	assert_int_equal(error, ENOMEM);
	assert_null(m);
	NG_MKMESSAGE(m, COOKIE, 1, 0, M_NOWAIT);
	ngu__port_alloc_hook = refuse_all;
	NG_SEND_MSG_PATH(error, a, m, ".", 0);
	ngu__port_alloc_hook = NULL;
	assert_int_equal(error, ENOMEM);
	NG_MKMESSAGE(m, COOKIE, 1, 0, M_NOWAIT);
	ngu__port_alloc_hook = refuse_all;
	NG_SEND_MSG_ID(error, a, m, NG_NODE_ID(a), 0);
	ngu__port_alloc_hook = NULL;
	assert_int_equal(error, ENOMEM);
	ngu__port_alloc_hook = refuse_all;
	error = ng_send_fn(a, NULL, NULL, NULL, 0);
	ngu__port_alloc_hook = NULL;
	assert_int_equal(error, ENOMEM);
	ngu__zone_bypass(false);
	NG_NODE_UNREF(a);
	ngt_end(t);
}

/* ---- items ---- */

static void
test_package(void **state)
{
	struct ngt *t = traced(0, 0, "a A; A.x - probe p");
	struct ng_node *a = node_of(t, "A");
	struct ng_hook *x = ng_findhook(a, "x");
	struct ngu_graph *before = ngu_graph_enter(G);
	struct ng_mesg *m;
	struct ng_item *item;
	struct mbuf *d = packet();

	(void)state;
	item = ng_package_data(d, NG_WAITOK);
	assert_int_equal(item->el_flags & NGQF_TYPE, NGQF_DATA);
	assert_int_equal(item->el_flags & NGQF_RW, NGQF_READER);
	assert_ptr_equal(NGI_M(item), d);
	assert_null(NGI_NODE(item));
	assert_null(NGI_HOOK(item));
	NG_FREE_ITEM(item); /* with the packet */
	NG_MKMESSAGE(m, COOKIE, 1, 0, M_NOWAIT);
	item = ng_package_msg(m, NG_NOFLAGS);
	assert_int_equal(item->el_flags & (NGQF_TYPE | NGQF_RW), NGQF_MESG | NGQF_WRITER);
	assert_int_equal(NGI_RETADDR(item), 0);
	assert_ptr_equal(NGI_MSG(item), m);
	/* The mode under which it was queued is another bit than the one it asks for. */
	NGI_SET_READER(item);
	assert_true(NGI_QUEUED_READER(item) != 0);
	assert_false(NGI_QUEUED_WRITER(item) != 0);
	assert_int_equal(item->el_flags & NGQF_RW, NGQF_WRITER);
	NGI_SET_WRITER(item);
	assert_false(NGI_QUEUED_READER(item) != 0);
	assert_true(NGI_QUEUED_WRITER(item) != 0);
	SAVE_LINE(item);
	NGI_GET_MSG(item, m);
	assert_non_null(m);
	assert_null(NGI_MSG(item));
	NG_FREE_ITEM(item); /* without it */
	m->header.cmd |= NGM_READONLY;
	item = ng_package_msg(m, NG_NOFLAGS);
	assert_int_equal(item->el_flags & NGQF_RW, NGQF_READER);
	NGI_GET_MSG(item, m);
	NG_FREE_ITEM(item);
	/* To oneself: a writer, addressed, with an address to answer to. */
	item = ng_package_msg_self(a, x, m);
	assert_int_equal(item->el_flags & NGQF_RW, NGQF_WRITER);
	assert_ptr_equal(NGI_NODE(item), a);
	assert_ptr_equal(NGI_HOOK(item), x);
	assert_int_equal(NGI_RETADDR(item), NG_NODE_ID(a));
	ngt_trace_clear();
	assert_int_equal(ng_snd_item(item, NG_NOFLAGS), 0);
	ngt_expect_trace("rcvmsg A 77:1");
	/* Nothing left of the old metadata but the names. */
	d = packet();
	item = ng_package_data(d, NG_NOFLAGS);
	assert_null(NGI_META(item));
	assert_null(ng_copy_meta(NULL));
	NG_FREE_META(NULL);
	NGI_GET_META(item, m);
	NG_FREE_M(NGI_M(item));
	assert_null(NGI_M(item));
	NG_FREE_M(NGI_M(item));
	NG_FREE_ITEM(item);
	NG_NODE_UNREF(a);
	(void)ngu_graph_enter(before);
	ngt_end(t);
}

/* References move with the pointers; nothing leaks and nothing is dropped twice. */
static void
test_item_references(void **state)
{
	struct ngt *t = traced(0, 0, "a A; A.x - probe p");
	struct ng_node *a = node_of(t, "A"), *n = a;
	struct ng_hook *x = ng_findhook(a, "x"), *h = x;
	int nrefs = NGU_LD_ACQ(&a->nd_refs), hrefs = NGU_LD_ACQ(&x->hk_refs);
	struct ng_item *item = ng_package_data(NULL, NG_NOFLAGS);

	(void)state;
	NG_NODE_REF(n);
	NG_HOOK_REF(h);
	NGI_SET_NODE(item, n);
	NGI_SET_HOOK(item, h);
	assert_null(n);
	assert_null(h);
	assert_int_equal(NGU_LD_ACQ(&a->nd_refs), nrefs + 1);
	NGI_CLR_NODE(item);
	NGI_CLR_HOOK(item);
	assert_int_equal(NGU_LD_ACQ(&a->nd_refs), nrefs);
	assert_int_equal(NGU_LD_ACQ(&x->hk_refs), hrefs);
	assert_int_equal(ng_address_hook(NULL, item, ng_findhook(a, "x"), 0), 0);
	NGI_GET_NODE(item, n);
	NGI_GET_HOOK(item, h);
	NG_FREE_ITEM(item); /* they are ours now */
	assert_string_equal(NG_NODE_NAME(n), "p");
	assert_string_equal(NG_HOOK_NAME(h), "x");
	NG_NODE_UNREF(n);
	NG_HOOK_UNREF(h);
	assert_int_equal(NGU_LD_ACQ(&a->nd_refs), nrefs);
	NG_NODE_UNREF(a);
	ngt_end(t);
}

/* ---- addressing ---- */

static struct ng_item *
message(uint32_t cmd)
{
	struct ng_mesg *m;

	NG_MKMESSAGE(m, COOKIE, cmd, 0, M_NOWAIT);
	return (ng_package_msg(m, NG_NOFLAGS));
}

static void
test_address(void **state)
{
	struct ngt *t = traced(0, 0, "a A; b B; A.x - B.y");
	struct ngu_graph *before = ngu_graph_enter(G);
	struct ng_node *a = node_of(t, "A"), *b = node_of(t, "B");
	struct ng_item *item;

	(void)state;
	/* By hook: the peer, and its node. */
	item = message(1);
	assert_int_equal(ng_address_hook(a, item, ng_findhook(a, "x"), 0), 0);
	assert_ptr_equal(NGI_NODE(item), b);
	assert_string_equal(NG_HOOK_NAME(NGI_HOOK(item)), "y");
	assert_int_equal(NGI_RETADDR(item), NG_NODE_ID(a));
	/* By path: the hook through which it goes in, or none. The return address stays what it is. */
	assert_int_equal(ng_address_path(b, item, "y", 0), 0);
	assert_ptr_equal(NGI_NODE(item), a);
	assert_string_equal(NG_HOOK_NAME(NGI_HOOK(item)), "x");
	assert_int_equal(NGI_RETADDR(item), NG_NODE_ID(a));
	assert_int_equal(ng_address_path(NULL, item, "B:", 0), 0);
	assert_ptr_equal(NGI_NODE(item), b);
	assert_null(NGI_HOOK(item));
	/* By ID: no hook. */
	assert_int_equal(ng_address_hook(a, item, ng_findhook(a, "x"), 0), 0);
	assert_int_equal(ng_address_ID(b, item, NG_NODE_ID(a), 12345), 0);
	assert_ptr_equal(NGI_NODE(item), a);
	assert_null(NGI_HOOK(item));
	assert_int_equal(NGI_RETADDR(item), 12345); /* asked for */
	ng_replace_retaddr(b, item, 0);
	assert_int_equal(NGI_RETADDR(item), NG_NODE_ID(b)); /* in any case */
	ng_replace_retaddr(b, item, 99);
	assert_int_equal(NGI_RETADDR(item), 99);
	NG_FREE_ITEM(item);
	/* What cannot be reached; the item is gone each time. */
	assert_int_equal(ng_address_hook(a, message(1), NULL, 0), ENETDOWN);
	assert_int_equal(ng_address_ID(a, message(1), 0, 0), EINVAL);
	assert_int_equal(ng_address_ID(a, message(1), 0x00fffff0, 0), EINVAL);
	assert_int_equal(ng_address_ID(a, message(1), 0xfffffff0, 0), EINVAL); /* nobody waits there */
	assert_int_equal(ng_address_path(a, message(1), "nobody:", 0), ENOENT);
	assert_int_equal(ng_address_path(a, message(1), "a:b:c", 0), EINVAL);
	assert_int_equal(ng_address_path(NULL, message(1), "x", 0), EINVAL);
	assert_int_equal(ng_address_path(a, message(1), "nohook", 0), ENOENT);
	(void)ngu_graph_enter(before);
	NG_NODE_UNREF(a);
	NG_NODE_UNREF(b);
	ngt_end(t);
}

/* The hook or the node went away between addressing and sending: EIO for a packet; for a message the hook is forgotten. */
static void
test_address_then_death(void **state)
{
	struct seen s = { 0 };
	struct ngt *t = traced(0, 0, "a A; b B; A.x - B.y; A.u - B.v");
	struct ngu_graph *before = ngu_graph_enter(G);
	struct ng_node *a = node_of(t, "A"), *b = node_of(t, "B");
	struct ng_item *data = ng_package_data(packet(), NG_NOFLAGS), *msg = message(1), *late = ng_package_data(packet(), NG_NOFLAGS),
		       *latemsg = message(2);
	struct ngu_graph_stats st;

	(void)state;
	assert_int_equal(ng_address_hook(a, data, ng_findhook(a, "x"), 0), 0);
	assert_int_equal(ng_address_hook(a, msg, ng_findhook(a, "x"), 0), 0);
	assert_int_equal(ng_address_hook(a, late, ng_findhook(a, "u"), 0), 0);
	assert_int_equal(ng_address_hook(a, latemsg, ng_findhook(a, "u"), 0), 0);
	assert_int_equal(ngu_rmhook(G, "A:", "x"), 0);
	assert_int_equal(ng_snd_item(data, NG_NOFLAGS), EIO);
	ngt_trace_on("rcvmsg B 77:1", look, &s);
	assert_int_equal(ng_snd_item(msg, NG_NOFLAGS), 0);
	assert_int_equal(s.calls, 1);
	assert_false(s.via_hook);
	NG_NODE_REALLY_DIE(b);
	assert_int_equal(ng_snd_item(late, NG_NOFLAGS), EIO);
	assert_int_equal(ng_snd_item(latemsg, NG_NOFLAGS), EINVAL);
	ngu_graph_stats(G, &st);
	assert_int_equal(st.by_reason[NGU_R_HOOK_GONE], 1);
	assert_int_equal(st.by_reason[NGU_R_NODE_GONE], 1);
	assert_int_equal(st.attempted, st.delivered + st.refused + st.dropped);
	(void)ng_rmnode_self(b);
	(void)ngu_graph_enter(before);
	NG_NODE_UNREF(a);
	NG_NODE_UNREF(b);
	ngt_end(t);
}

/* ---- the sending macros ---- */

static void
test_send_messages(void **state)
{
	struct seen s = { .error = EDOM };
	struct ngt *t = traced(0, 0, "a A; b B; A.x - B.y");
	struct ngu_graph *before = ngu_graph_enter(G);
	struct ng_node *a = node_of(t, "A"), *b = node_of(t, "B");
	struct ng_mesg *m;
	struct ng_item *item;
	int error;

	(void)state;
	ngt_trace_on("rcvmsg B", look, &s);
	NG_MKMESSAGE(m, COOKIE, 1, 0, M_NOWAIT);
	NG_SEND_MSG_HOOK(error, a, m, ng_findhook(a, "x"), 0);
	assert_null(m);
	assert_int_equal(error, EDOM); /* the receiver's */
	assert_string_equal(s.hook, "y");
	assert_int_equal(s.retaddr, NG_NODE_ID(a));
	assert_true(s.writer);
	s.error = 0;
	NG_MKMESSAGE(m, COOKIE, 2 | NGM_READONLY, 0, M_NOWAIT);
	NG_SEND_MSG_PATH(error, a, m, "x", 4711);
	assert_null(m);
	assert_int_equal(error, 0);
	assert_int_equal(s.retaddr, 4711);
	assert_true(s.via_hook);
	assert_false(s.writer);
	NG_MKMESSAGE(m, COOKIE, 3, 0, M_NOWAIT);
	NG_SEND_MSG_ID(error, a, m, NG_NODE_ID(b), 0);
	assert_null(m);
	assert_int_equal(error, 0);
	assert_false(s.via_hook);
	assert_int_equal(s.calls, 3);
	/* An item with a message, passed on out of a hook, keeps whom to answer to. */
	item = message(4);
	NGI_RETADDR(item) = 555;
	NG_FWD_MSG_HOOK(error, a, item, ng_findhook(a, "x"), 0);
	assert_null(item);
	assert_int_equal(error, 0);
	assert_int_equal(s.retaddr, 555);
	item = message(5);
	NGI_RETADDR(item) = 556;
	NG_FWD_ITEM_HOOK(error, item, ng_findhook(a, "x")); /* as ng_tee does */
	assert_null(item);
	assert_int_equal(error, 0);
	assert_int_equal(s.retaddr, 556);
	assert_int_equal(s.calls, 5);
	/* Nowhere to go. */
	NG_MKMESSAGE(m, COOKIE, 1, 0, M_NOWAIT);
	NG_SEND_MSG_HOOK(error, a, m, NULL, 0);
	assert_int_equal(error, ENETDOWN);
	NG_MKMESSAGE(m, COOKIE, 1, 0, M_NOWAIT);
	NG_SEND_MSG_PATH(error, a, m, "nobody:", 0);
	assert_int_equal(error, ENOENT);
	NG_MKMESSAGE(m, COOKIE, 1, 0, M_NOWAIT);
	NG_SEND_MSG_PATH(error, a, m, "::", 0);
	assert_int_equal(error, EINVAL);
	NG_MKMESSAGE(m, COOKIE, 1, 0, M_NOWAIT);
	NG_SEND_MSG_ID(error, a, m, 0x00fffff0, 0);
	assert_int_equal(error, EINVAL);
	item = message(1);
	NG_FWD_MSG_HOOK(error, a, item, NULL, 0);
	assert_int_equal(error, ENETDOWN);
	assert_null(item);
	assert_int_equal(s.calls, 5);
	(void)ngu_graph_enter(before);
	NG_NODE_UNREF(a);
	NG_NODE_UNREF(b);
	ngt_end(t);
}

static void
test_send_data(void **state)
{
	struct ngt *t = ngt_graph("probe p.x - probe q.y");
	struct ngu_graph *before = ngu_graph_enter(G);
	struct ng_node *p = node_of(t, "p");
	struct ng_hook *x = ng_findhook(p, "x");
	struct ng_item *item;
	struct mbuf *m;
	int error;

	(void)state;
	m = packet();
	NG_SEND_DATA(error, x, m, NULL); /* the old form, with a fourth argument that means nothing */
	assert_int_equal(error, 0);
	assert_null(m);
	m = packet();
	NG_SEND_DATA_FLAGS(error, x, m, NG_QUEUE | NG_PROGRESS);
	assert_int_equal(error, EINPROGRESS);
	assert_null(m);
	m = packet();
	item = ng_package_data(NULL, NG_NOFLAGS);
	NG_FWD_NEW_DATA_FLAGS(error, item, x, m, NG_QUEUE | NG_PROGRESS);
	assert_int_equal(error, EINPROGRESS);
	assert_null(m);
	assert_null(item);
	m = packet();
	item = ng_package_data(m, NG_NOFLAGS);
	NG_FWD_ITEM_HOOK_FLAGS(error, item, x, NG_QUEUE);
	assert_int_equal(error, 0);
	assert_null(item);
	ngt_settle(t);
	assert_int_equal(ngt_count(ngt_probe(t, "q"), "y"), 4);
	/* The receiver's result. */
	ngt_refuse(ngt_probe(t, "q"), ENOSPC);
	m = packet();
	NG_SEND_DATA_ONLY(error, x, m);
	assert_int_equal(error, ENOSPC);
	/* No hook is a legal place to send to; both are consumed. */
	m = packet();
	item = ng_package_data(NULL, NG_NOFLAGS);
	NG_FWD_NEW_DATA(error, item, NULL, m);
	assert_int_equal(error, ENETDOWN);
	assert_null(m);
	assert_null(item);
	(void)ngu_graph_enter(before);
	NG_NODE_UNREF(p);
	ngt_end(t);
}

/* ---- NG_RESPOND_MSG ---- */

static int
respond(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct seen *s = arg;
	struct ng_mesg *msg, *resp = NULL;

	(void)hook;
	s->calls++;
	NGI_GET_MSG(*item, msg);
	if (!(msg->header.cmd & 0x100))
		NG_MKRESPONSE(resp, msg, 3, M_NOWAIT);
	s->result = s->error; /* what went wrong before */
	NG_RESPOND_MSG(s->result, node, *item, resp);
	s->gone = *item == NULL;
	NG_FREE_MSG(msg);
	return (s->result);
}

static void
test_respond(void **state)
{
	struct seen b = { .error = EPERM }, a = { 0 };
	struct ngt *t = traced(0, 0, "a A; b B; A.x - B.y");
	struct ngu_graph *before = ngu_graph_enter(G);
	struct ng_node *na = node_of(t, "A"), *nb = node_of(t, "B");
	struct ng_mesg *m;
	int error;

	(void)state;
	ngt_trace_on("rcvmsg B", respond, &b);
	ngt_trace_on("rcvmsg A", look, &a);
	/* With an answer: the error from before is lost, the answer comes through the queue, from here. */
	NG_MKMESSAGE(m, COOKIE, 1, 0, M_NOWAIT);
	m->header.token = 31;
	NG_SEND_MSG_HOOK(error, na, m, ng_findhook(na, "x"), 0);
	assert_int_equal(error, 0);
	assert_true(b.gone);
	ngt_settle(t);
	assert_int_equal(a.calls, 1);
	assert_int_equal(a.token, 31);
	assert_int_equal(a.msgflags, NGF_RESP);
	assert_int_equal(a.retaddr, NG_NODE_ID(nb));
	assert_false(a.via_hook);
	assert_true(a.writer); /* the request was one */
	/* An answer to a question that only reads is delivered to a reader. */
	NG_MKMESSAGE(m, COOKIE, 1 | NGM_READONLY, 0, M_NOWAIT);
	NG_SEND_MSG_HOOK(error, na, m, ng_findhook(na, "x"), 0);
	ngt_settle(t);
	assert_int_equal(a.calls, 2);
	assert_false(a.writer);
	/* Without one: the error stays. */
	NG_MKMESSAGE(m, COOKIE, 0x101, 0, M_NOWAIT);
	NG_SEND_MSG_HOOK(error, na, m, ng_findhook(na, "x"), 0);
	assert_int_equal(error, EPERM);
	assert_true(b.gone);
	assert_int_equal(a.calls, 2);
	/* Nobody there to be answered. */
	NG_MKMESSAGE(m, COOKIE, 1, 0, M_NOWAIT);
	NG_SEND_MSG_HOOK(error, na, m, ng_findhook(na, "x"), 0x00fffff0);
	assert_int_equal(error, EINVAL);
	ngt_settle(t);
	assert_int_equal(a.calls, 2);
	(void)ngu_graph_enter(before);
	NG_NODE_UNREF(na);
	NG_NODE_UNREF(nb);
	ngt_end(t);
}

/* The request itself turned into its answer, as ng_echo does it. */
static int
turn_round(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct ng_mesg *msg;
	int error = 0;

	(void)arg;
	(void)hook;
	NGI_GET_MSG(*item, msg);
	msg->header.flags |= NGF_RESP;
	NG_RESPOND_MSG(error, node, *item, msg);
	return (error);
}

/* By the functions, without the macro: addressed by ID, sent. */
static int
answer_by_hand(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct seen *s = arg;
	ng_ID_t to = NGI_RETADDR(*item);
	struct ng_item *it;
	struct ng_mesg *resp;

	(void)hook;
	NG_MKRESPONSE(resp, NGI_MSG(*item), 4, M_NOWAIT);
	memcpy(resp->data, "hand", 4);
	it = ng_package_msg(resp, NG_NOFLAGS);
	s->error = ng_address_ID(node, it, to, 0);
	s->result = ng_snd_item(it, NG_QUEUE);
	return (0);
}

static void
test_respond_otherwise(void **state)
{
	struct seen s = { .error = -1, .result = -1 };
	struct ngt *t = traced(0, 0, "a A; b B");
	const struct ng_mesg *r;

	(void)state;
	ngt_trace_on("rcvmsg A", turn_round, NULL);
	r = ngt_msg(t, "A:", COOKIE, 1, "same", 4);
	assert_non_null(r);
	assert_int_equal(r->header.flags, NGF_RESP);
	assert_memory_equal(r->data, "same", 4);
	ngt_trace_on("rcvmsg B", answer_by_hand, &s);
	r = ngt_msg(t, "B:", COOKIE, 1, NULL, 0);
	assert_non_null(r);
	assert_memory_equal(r->data, "hand", 4);
	assert_int_equal(s.error | s.result, 0);
	ngt_end(t);
}

/* ---- functions ---- */

static struct seen fnseen;

static int
fn2_look(struct ng_node *node, struct ng_item *item, struct ng_hook *hook)
{
	(void)look(&fnseen, node, hook, &item);
	fnseen.other = (ng_ID_t)NGI_ARG2(item);
	assert_ptr_equal(NGI_ARG1(item), &fnseen);
	NG_FREE_ITEM(item);
	return (fnseen.error);
}

static void
test_send_fn2(void **state)
{
	struct ngt *t = traced(0, 0, "a A; A.x - probe p");
	struct ngu_graph *before = ngu_graph_enter(G);
	struct ng_node *a = node_of(t, "A");
	struct ng_hook *x = ng_findhook(a, "x");
	struct ng_item *item = message(1);

	(void)state;
	memset(&fnseen, 0, sizeof(fnseen));
	/* An item of one's own, used again: what was in it is freed, addresses included. */
	assert_int_equal(ng_address_hook(a, item, x, 0), 0);
	assert_int_equal(ng_send_fn2(a, x, item, fn2_look, &fnseen, 7, NG_REUSE_ITEM), 0);
	assert_int_equal(fnseen.calls, 1);
	assert_int_equal(fnseen.other, 7);
	assert_string_equal(fnseen.hook, "x");
	assert_true(fnseen.writer);
	assert_int_equal(fnseen.flags & NGQF_TYPE, NGQF_FN2);
	item = ng_package_data(packet(), NG_NOFLAGS);
	fnseen.error = EDOM;
	assert_int_equal(ng_send_fn2(a, NULL, item, fn2_look, &fnseen, 8, NG_REUSE_ITEM), EDOM);
	assert_int_equal(fnseen.calls, 2);
	/* Gone also when the node refuses it. */
	item = ng_package_data(packet(), NG_NOFLAGS);
	NG_NODE_REALLY_DIE(a);
	assert_int_equal(ng_send_fn2(a, NULL, item, fn2_look, &fnseen, 9, NG_REUSE_ITEM), EINVAL);
	assert_int_equal(ng_send_fn1(a, NULL, NULL, NULL, 0, NG_NOFLAGS), EINVAL);
	assert_int_equal(fnseen.calls, 2);
	(void)ng_rmnode_self(a);
	NG_NODE_UNREF(a);
	(void)ngu_graph_enter(before);
	ngt_end(t);
}

/* ---- completion of a packet ---- */

static struct ng_item *
packet_to(struct ng_hook *hook, struct told *d)
{
	struct ng_item *item = ng_package_data(packet(), NG_NOFLAGS);

	memset(d, 0, sizeof(*d));
	d->info.apply = tell_done;
	d->info.context = d;
	item->apply = &d->info;
	assert_int_equal(ng_address_hook(NULL, item, hook, 0), 0);
	return (item);
}

static void
test_apply_data(void **state)
{
	struct ngt *t = traced(NGT_FORWARD | NGT_LOG_DATA, 0, "probe p.x - a A.y; A.z - probe q.w");
	struct ngu_graph *before = ngu_graph_enter(G);
	struct ng_node *p = node_of(t, "p"), *q = node_of(t, "q");
	struct ng_hook *x = ng_findhook(p, "x"), *w = ng_findhook(q, "w");
	struct ngu_graph_stats st;
	struct ng_item *item;
	struct told d;

	(void)state;
	assert_int_equal(ng_snd_item(packet_to(x, &d), NG_NOFLAGS), 0);
	assert_int_equal(d.calls, 1);
	ngt_expect(ngt_probe(t, "q"), "w", ngt_text("abcd")); /* passed on: not waited for, not told twice */
	assert_int_equal(d.calls, 1);
	/* ... also when it has to wait further on. */
	NG_HOOK_FORCE_QUEUE(w);
	assert_int_equal(ng_snd_item(packet_to(x, &d), NG_NOFLAGS), 0);
	ngt_settle(t);
	ngt_expect(ngt_probe(t, "q"), "w", ngt_text("abcd"));
	assert_int_equal(d.calls, 1);
	assert_int_equal(d.info.refs, 0);
	/* Queued: told when it was received, with what the method said. */
	ngt_trace_fail("rcvdata A", ENOSPC);
	ngt_trace_clear();
	ngu__epoch_enter(); /* nothing is served in a section */
	assert_int_equal(ng_snd_item(packet_to(x, &d), NG_QUEUE | NG_PROGRESS), EINPROGRESS);
	assert_int_equal(d.calls, 0);
	ngu__epoch_leave();
	ngt_settle(t);
	ngt_expect_trace("rcvdata A/y 4 fails");
	assert_int_equal(d.calls, 1);
	assert_int_equal(d.error, ENOSPC);
	assert_int_equal(ng_snd_item(packet_to(x, &d), NG_NOFLAGS), ENOSPC);
	assert_int_equal(d.calls, 1);
	assert_int_equal(d.error, ENOSPC);
	ngt_trace_fail("rcvdata A", 0);
	/* No packet in it, no room for it, nobody there. */
	item = packet_to(x, &d);
	NG_FREE_M(NGI_M(item));
	assert_int_equal(ng_snd_item(item, NG_NOFLAGS), EINVAL);
	assert_int_equal(d.calls, 1);
	assert_int_equal(d.error, EINVAL);
	assert_int_equal(ngu_limit_set(G, NGU_L_DATA, 1), 0);
	ngu__epoch_enter();
	assert_int_equal(ngt_try_send_flags(ngt_probe(t, "p"), "x", "00", NG_QUEUE), 0);
	assert_int_equal(ngt_try_send_flags(ngt_probe(t, "p"), "x", "00", NG_QUEUE), ENOMEM);
	item = packet_to(x, &d);
	assert_int_equal(ng_snd_item(item, NG_QUEUE), ENOMEM);
	assert_int_equal(d.calls, 1);
	assert_int_equal(d.error, ENOMEM);
	ngu__epoch_leave();
	ngt_settle(t);
	item = packet_to(x, &d);
	assert_int_equal(ngu_rmhook(G, "A:", "y"), 0);
	assert_int_equal(ng_snd_item(item, NG_NOFLAGS), EIO);
	assert_int_equal(d.calls, 1);
	assert_int_equal(d.error, EIO);
	ngu_graph_stats(G, &st);
	assert_int_equal(st.attempted, st.delivered + st.refused + st.dropped);
	assert_int_equal(st.by_reason[NGU_R_QUEUE_FULL], 2);
	(void)ngu_graph_enter(before);
	NG_NODE_UNREF(p);
	NG_NODE_UNREF(q);
	ngt_end(t);
}

/* A request's completion includes the delivery of its answer (10.6). */
static void
test_apply_reply(void **state)
{
	struct seen b = { 0 };
	struct ngt *t = traced(0, 0, "a A; b B; A.x - B.y");
	struct ngu_graph *before = ngu_graph_enter(G);
	struct ng_node *a = node_of(t, "A");
	struct ng_item *item = message(1);
	struct told d = { .calls = 0 };

	(void)state;
	d.info.apply = tell_done;
	d.info.context = &d;
	item->apply = &d.info;
	ngt_trace_on("rcvmsg B", respond, &b);
	ngt_trace_fail("rcvmsg A", ENOBUFS); /* the requester cannot take it */
	assert_int_equal(ng_address_hook(a, item, ng_findhook(a, "x"), 0), 0);
	assert_int_equal(ng_snd_item(item, NG_NOFLAGS), 0);
	ngt_settle(t);
	ngt_expect_trace("rcvmsg B 77:1; rcvmsg A 77:1 fails");
	assert_int_equal(d.calls, 1);
	assert_int_equal(d.error, ENOBUFS);
	(void)ngu_graph_enter(before);
	NG_NODE_UNREF(a);
	ngt_end(t);
}

/* ---- to nobody ---- */

static struct ng_item *
data_item(struct told *d)
{
	struct mbuf *m = packet();
	struct ng_item *item;

	assert_non_null(m);
	item = ng_package_data(m, NG_NOFLAGS);
	assert_non_null(item);
	memset(d, 0, sizeof(*d));
	d->info.apply = tell_done;
	d->info.context = d;
	item->apply = &d->info;
	return (item);
}

/* What has no place to go is freed and counted, and whoever waits for its completion is told, once. */
static void
test_to_nobody(void **state)
{
	struct ngt *t = traced(0, 0, "a A; b B; A.x - B.y");
	struct ngu_graph *before = ngu_graph_enter(G);
	struct ng_node *n, *a = node_of(t, "A");
	struct ngu_graph_stats s0, s1;
	struct ng_item *item;
	struct told d;

	(void)state;
	ngu_graph_stats(G, &s0);
	/* Addressed by no hook. */
	item = data_item(&d);
	item->apply = NULL;
	assert_int_equal(ng_address_hook(a, item, NULL, 0), ENETDOWN);
	ngu_graph_stats(G, &s1);
	assert_int_equal(s1.by_reason[NGU_R_NO_HOOK] - s0.by_reason[NGU_R_NO_HOOK], 1);
	/* A packet to a node as such: it has to come by a hook. */
	item = data_item(&d);
	n = a;
	NG_NODE_REF(n);
	NGI_SET_NODE(item, n);
	assert_int_equal(ng_snd_item(item, NG_NOFLAGS), EINVAL);
	assert_int_equal(d.calls, 1);
	assert_int_equal(d.error, EINVAL);
	ngu_graph_stats(G, &s1);
	assert_int_equal(s1.by_reason[NGU_R_NO_HOOK] - s0.by_reason[NGU_R_NO_HOOK], 2);
	/* To no node at all. */
	item = data_item(&d);
	assert_int_equal(ng_snd_item(item, NG_NOFLAGS), EINVAL);
	assert_int_equal(d.calls, 1);
	assert_int_equal(d.error, EINVAL);
	/* The dead node takes nothing. */
	item = message(1);
	memset(&d, 0, sizeof(d));
	d.info.apply = tell_done;
	d.info.context = &d;
	item->apply = &d.info;
	n = &ng_deadnode;
	NGI_SET_NODE(item, n);
	assert_int_equal(ng_snd_item(item, NG_NOFLAGS), EINVAL);
	assert_int_equal(d.calls, 1);
	assert_int_equal(d.error, EINVAL);
	item = message(1);
	n = &ng_deadnode;
	NGI_SET_NODE(item, n);
	assert_int_equal(ng_snd_item(item, NG_NOFLAGS), EINVAL);
	/* To a caller who does not wait any more. */
	item = message(1);
	memset(&d, 0, sizeof(d));
	d.info.apply = tell_done;
	d.info.context = &d;
	item->apply = &d.info;
	NGU_ST_SC(&G->reply[5].addr, NGU_REPLY_BASE | 5);
	assert_int_equal(ng_address_ID(a, item, NGU_REPLY_BASE | 5, 0), 0);
	NGU_ST_SC(&G->reply[5].addr, 0u);
	assert_int_equal(ng_snd_item(item, NG_NOFLAGS), EINVAL);
	assert_int_equal(d.calls, 1);
	assert_int_equal(d.error, EINVAL);
	ngt_settle(t);
	ngt_expect_trace("");
	ngu_graph_stats(G, &s1);
	assert_int_equal(s1.attempted - s0.attempted, 3);
	assert_int_equal(s1.refused - s0.refused, 3);
	assert_int_equal(s1.mbufs, 0);
	(void)ngu_graph_enter(before);
	NG_NODE_UNREF(a);
	ngt_end(t);
}

/* On the direct way an item counts no references; who takes the pointers out of it gets counted ones. */
static int
take_both(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct ng_node *n;
	struct ng_hook *h;
	int *took = arg, refs, hrefs;

	refs = NGU_LD_ACQ(&node->nd_refs);
	hrefs = NGU_LD_ACQ(&hook->hk_refs);
	(*item)->el_dest = node; /* as the direct way may leave it */
	(*item)->el_hook = hook;
	NGI_GET_NODE(*item, n);
	NGI_GET_HOOK(*item, h);
	if (n != node || h != hook || NGI_NODE(*item) != NULL || NGI_HOOK(*item) != NULL)
		return (EPROTO);
	if (NGU_LD_ACQ(&node->nd_refs) != refs + 1 || NGU_LD_ACQ(&hook->hk_refs) != hrefs + 1)
		return (ERANGE);
	NG_NODE_UNREF(n);
	NG_HOOK_UNREF(h);
	++*took;
	return (0);
}

static void
test_uncounted(void **state)
{
	struct ngt *t = traced(NGT_LOG_DATA, 0, "probe p.o - a A.x");
	int took = 0;

	(void)state;
	ngt_trace_on("rcvdata A", take_both, &took);
	assert_int_equal(ngt_try_send(ngt_probe(t, "p"), "o", "00"), 0);
	assert_int_equal(took, 1);
	end_quietly(t);
}

/* A method that answers without having taken the question out: that is freed, not answered with. */
static int
answer_beside(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct ng_mesg *resp;
	int error = 0;

	(void)arg;
	(void)hook;
	NG_MKRESPONSE(resp, NGI_MSG(*item), 3, M_NOWAIT);
	if (resp == NULL)
		return (ENOMEM);
	memcpy(resp->data, "new", 3);
	NG_RESPOND_MSG(error, node, *item, resp);
	return (error);
}

static void
test_respond_beside(void **state)
{
	struct ngt *t = traced(0, 0, "a A");
	struct ng_mesg *reply = NULL;

	(void)state;
	ngt_trace_on("rcvmsg A", answer_beside, NULL);
	assert_int_equal(ngu_msg(G, "A:", COOKIE, 1, "old", 3, &reply), 0);
	assert_non_null(reply);
	assert_int_equal(reply->header.arglen, 3);
	assert_memory_equal(reply->data, "new", 3);
	ngu_msg_free(reply);
	end_quietly(t);
}

/* ---- what queues messages and functions ---- */

static int
mark(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	(void)node;
	(void)item;
	if (*(int *)arg == HK_QUEUE)
		NG_HOOK_FORCE_QUEUE(hook);
	else
		NG_HOOK_SET_TO_INBOUND(hook);
	return (0);
}

static void
note_fn(struct ng_node *node, struct ng_hook *hook, void *arg1, int arg2)
{
	(void)arg1;
	(void)arg2;
	ngt_trace_note("fn %s %s", NG_NODE_NAME(node), hook != NULL ? NG_HOOK_NAME(hook) : "-");
}

static void
test_queued_by_hook(void **state)
{
	int flag;

	(void)state;
	for (flag = HK_QUEUE; flag != 0; flag = flag == HK_QUEUE ? HK_TO_INBOUND : 0) {
		struct ngt *t = traced(0, 0, "");
		struct ngu_graph *before;
		struct ng_node *a, *b;
		struct ng_hook *x;
		struct ng_mesg *m;
		struct ng_item *item;

		ngt_trace_on("newhook B/y", mark, &flag);
		ngt_add(t, "a A; b B; A.x - B.y");
		before = ngu_graph_enter(G);
		a = node_of(t, "A");
		b = node_of(t, "B");
		x = ng_findhook(b, "y");
		ngt_trace_clear();
		if (flag == HK_TO_INBOUND) { /* only on the way out of the host */
			assert_int_equal(ng_send_fn1(b, x, note_fn, NULL, 0, NG_PROGRESS), 0);
			ngt_expect_trace("fn B y");
			NG_OUTBOUND_THREAD_REF();
		}
		NG_MKMESSAGE(m, COOKIE, 1, 0, M_NOWAIT);
		item = ng_package_msg(m, NG_NOFLAGS);
		assert_int_equal(ng_address_hook(a, item, ng_findhook(a, "x"), 0), 0);
		assert_int_equal(ng_snd_item(item, NG_PROGRESS), EINPROGRESS);
		assert_int_equal(ng_send_fn1(b, x, note_fn, NULL, 0, NG_PROGRESS), EINPROGRESS);
		assert_int_equal(ng_send_fn1(b, NULL, note_fn, NULL, 0, NG_NOFLAGS), 0); /* not through the hook: behind them all the same */
		if (flag == HK_TO_INBOUND)
			NG_OUTBOUND_THREAD_UNREF();
		ngt_settle(t);
		ngt_expect_trace("rcvmsg B 77:1; fn B y; fn B -");
		(void)ngu_graph_enter(before);
		NG_NODE_UNREF(a);
		NG_NODE_UNREF(b);
		ngt_end(t);
		ngt_setup(NULL);
	}
}

/* Messages nested in messages: a node that needs much stack is queued for at half the depth. */
struct nest {
	unsigned deepest, depth;
};

static int
go_deeper(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct nest *n = arg;
	int error = 0, left = NGI_MSG(*item)->data[0];
	struct ng_mesg *m;

	(void)hook;
	n->depth++;
	if (n->depth > n->deepest)
		n->deepest = n->depth;
	if (left > 0) {
		NG_MKMESSAGE(m, COOKIE, 1 | NGM_READONLY, 1, M_NOWAIT);
		m->data[0] = (char)(left - 1);
		NG_SEND_MSG_ID(error, node, m, NG_NODE_ID(node), 0);
	}
	n->depth--;
	return (error);
}

static void
test_message_depth(void **state)
{
	struct nest plain = { 0, 0 }, high = { 0, 0 };
	struct ngt *t = traced(0, 0, "a A; a B");
	struct ng_node *b = node_of(t, "B");
	char left = 100;

	(void)state;
	NG_NODE_HI_STACK(b);
	ngt_trace_on("rcvmsg A", go_deeper, &plain);
	ngt_trace_on("rcvmsg B", go_deeper, &high);
	ngt_msg(t, "A:", COOKIE, 1 | NGM_READONLY, &left, 1);
	ngt_msg(t, "B:", COOKIE, 1 | NGM_READONLY, &left, 1);
	ngt_settle(t);
	assert_int_equal(plain.deepest, NGU_MSG_DEPTH);
	assert_int_equal(high.deepest, NGU_MSG_DEPTH / 2);
	NG_NODE_UNREF(b);
	ngt_trace_clear();
	ngt_end(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_messages),
		ngt_test(test_messages_enomem),
		ngt_test(test_package),
		ngt_test(test_item_references),
		ngt_test(test_address),
		ngt_test(test_address_then_death),
		ngt_test(test_send_messages),
		ngt_test(test_send_data),
		ngt_test(test_respond),
		ngt_test(test_respond_otherwise),
		ngt_test(test_send_fn2),
		ngt_test(test_apply_data),
		ngt_test(test_apply_reply),
		ngt_test(test_to_nobody),
		ngt_test(test_uncounted),
		ngt_test(test_respond_beside),
		ngt_test(test_queued_by_hook),
		ngt_test(test_message_depth),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
