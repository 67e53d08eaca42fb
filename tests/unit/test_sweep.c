/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_sweep.c - with memory refused, at each allocation in turn (support/sweep.h): every call of <ng/control.h>, <ng/graph.h>,
 * <ng/port.h> and <ng/packet.h>, every generic message, what node types call, packets on all ways, text of messages, and the
 * first call of a thread. The node types are swept by tests/nodes/test_memory.c.
 */
#include "support/sweep.h"

#include <pthread.h>

#include <netgraph/ng_parse.h>

#define GEN NGM_GENERIC_COOKIE

/* ---- calls that change a graph ---- */

enum call { LOOKUP, MKNODE, MKNODE_NAMED, MKPEER, CONNECT, CONNECT_SELF, RMHOOK, NAME, SHUTDOWN, INSERT, BYPASS, RELINK };

static int
control(struct sw *s, const void *arg)
{
	struct ngu_graph *g = ngt_g(s->t);
	uint32_t id;

	switch (*(const enum call *)arg) {
	case LOOKUP:
		return (ngu_lookup(g, "A:x", &id));
	case MKNODE:
		return (ngu_mknode(g, "b", NULL, &id));
	case MKNODE_NAMED:
		return (ngu_mknode(g, "b", "N", &id));
	case MKPEER:
		return (ngu_mkpeer(g, "A:", "b", "new", "up"));
	case CONNECT:
		return (ngu_connect(g, "A:", "new", "B:", "new"));
	case CONNECT_SELF:
		return (ngu_connect(g, "A:", "new", "A:", "more"));
	case RMHOOK:
		return (ngu_rmhook(g, "A:", "x"));
	case NAME:
		return (ngu_name(g, "A:", "N"));
	case SHUTDOWN:
		return (ngu_shutdown(g, "B:"));
	case INSERT:
		return (ngu_insert(g, "A:", "x", "b", "in", "out", "N", &id));
	case BYPASS:
		return (ngu_bypass(g, "B:", "y", "z"));
	case RELINK:
		return (ngu_relink(g, "A:", "x", "C:", "z2"));
	}
	return (-1);
}

#define LINE "a A.x - b B.y/z - a C.w"
#define CALL(c, f) SW_OP("ngu_" #c, LINE, control, &(const enum call){ c }, f)
static const struct sw_op control_ops[] = {
	CALL(LOOKUP, 0),
	CALL(MKNODE, SW_ENOMEM),
	CALL(MKNODE_NAMED, SW_ENOMEM),
	CALL(MKPEER, SW_ENOMEM),
	CALL(CONNECT, SW_ENOMEM),
	CALL(CONNECT_SELF, SW_ENOMEM),
	CALL(RMHOOK, SW_ENOMEM),
	CALL(NAME, SW_ENOMEM),
	CALL(SHUTDOWN, SW_ENOMEM),
	CALL(INSERT, SW_ENOMEM),
	CALL(BYPASS, 0),
	CALL(RELINK, SW_ENOMEM),
};

static void
test_control(void **state)
{
	(void)state;
	SW_SWEEP(control_ops);
}

/* The same with workers, whose allocations are refused, too. */
static void
test_workers(void **state)
{
	(void)state;
	for (size_t i = 0; i < NITEMS(control_ops); i++) {
		struct sw_op op = control_ops[i];

		op.workers = 2;
		op.flags |= SW_ANY_THREAD;
		sw_sweep(&op);
	}
}

/* A node of many hooks: the index grows at some of them. */
static int
connect_many(struct sw *s, const void *arg)
{
	char name[16];
	int error;

	(void)arg;
	for (int i = 0; i < 9; i++) {
		(void)snprintf(name, sizeof(name), "h%d", i);
		if ((error = ngu_connect(ngt_g(s->t), "A:", name, "B:", name)) != 0) {
			sw_stop();
			while (--i >= 0) {
				(void)snprintf(name, sizeof(name), "h%d", i);
				assert_int_equal(ngu_rmhook(ngt_g(s->t), "A:", name), 0);
			}
			return (error);
		}
	}
	return (0);
}

/* Names enough for the table of names to grow. */
static int
name_many(struct sw *s, const void *arg)
{
	char path[16], name[16];
	int error, first = 0;
	unsigned i;

	(void)arg;
	for (i = 0; i < 40; i++) {
		(void)snprintf(path, sizeof(path), "[%x]:", i + 1);
		(void)snprintf(name, sizeof(name), "n%u", i);
		if ((error = ngu_name(ngt_g(s->t), path, name)) != 0) {
			if (error != ENOMEM)
				return (error);
			sw_stop();
			assert_int_equal(ngu_lookup(ngt_g(s->t), path, NULL), 0);
			if (first == 0)
				first = (int)i;
			assert_int_equal(ngu_name(ngt_g(s->t), path, name), 0);
			sw_mine = true;
		}
	}
	for (i = 0; i < 40; i++) {
		(void)snprintf(path, sizeof(path), "n%u:", i);
		if (ngu_lookup(ngt_g(s->t), path, NULL) != 0)
			return (ENOENT);
	}
	return (0);
}

static void
forty(struct sw *s, const void *arg)
{
	(void)arg;
	for (int i = 0; i < 40; i++)
		assert_int_equal(ngu_mknode(ngt_g(s->t), "a", NULL, NULL), 0);
}

static const struct sw_op many_ops[] = {
	SW_OP("nine connects", "a A; b B", connect_many, NULL, SW_ENOMEM),
	SW_OP("forty names", "", name_many, NULL, 0, .before = forty),
};

static void
test_many(void **state)
{
	(void)state;
	SW_SWEEP(many_ops);
}

/* ---- generic messages ---- */

static const struct ngm_mkpeer mkpeer = { "b", "new", "up" };
static const struct ngm_connect connect_ = { "B:", "new", "new" };
static const struct ngm_name name_ = { "N" };
static const struct ngm_rmhook rmhook = { "x" };
static const char connect_text[] = "{ path=\"B:\" ourhook=\"left\" peerhook=\"a \\\"b\\\" c\" }";
static uint8_t ascii[sizeof(struct ng_mesg) + sizeof(connect_text)];
static uint8_t listing[sizeof(struct ng_mesg) + sizeof(struct hooklist) + 2 * sizeof(struct linkinfo)];

#define MSG(c, a, n) SW_OP(#c, LINE, sw_msg, (&(const struct sw_msg){ "A:", GEN, (c), (a), (n) }), SW_ENOMEM)
static const struct sw_op msg_ops[] = {
	MSG(NGM_MKPEER, &mkpeer, sizeof(mkpeer)),
	MSG(NGM_CONNECT, &connect_, sizeof(connect_)),
	MSG(NGM_NAME, &name_, sizeof(name_)),
	MSG(NGM_RMHOOK, &rmhook, sizeof(rmhook)),
	MSG(NGM_SHUTDOWN, NULL, 0),
	MSG(NGM_NODEINFO, NULL, 0),
	MSG(NGM_LISTHOOKS, NULL, 0),
	MSG(NGM_LISTNAMES, NULL, 0),
	MSG(NGM_LISTNODES, NULL, 0),
	MSG(NGM_LISTTYPES, NULL, 0),
	MSG(NGM_TEXT_STATUS, NULL, 0),
	MSG(NGM_TEXT_CONFIG, "x", 2),
	MSG(NGM_ASCII2BINARY, ascii, sizeof(ascii)),
	MSG(NGM_BINARY2ASCII, listing, sizeof(listing)),
	SW_OP("a message of the type", LINE, sw_msg, (&(const struct sw_msg){ "A:", 77, 1, "abc", 3 }), SW_ENOMEM),
};

static void
test_messages(void **state)
{
	struct ng_mesg *m = (struct ng_mesg *)(void *)ascii, *l = (struct ng_mesg *)(void *)listing;
	struct hooklist *hl = (struct hooklist *)(void *)l->data;

	(void)state;
	m->header.version = NG_VERSION;
	m->header.arglen = sizeof(connect_text);
	(void)strcpy((char *)m->header.cmdstr, "connect");
	memcpy(m->data, connect_text, sizeof(connect_text));
	l->header.version = NG_VERSION;
	l->header.typecookie = GEN;
	l->header.cmd = NGM_LISTHOOKS;
	l->header.flags = NGF_RESP;
	l->header.arglen = sizeof(listing) - sizeof(*l);
	(void)strcpy(hl->nodeinfo.name, "A");
	hl->nodeinfo.hooks = 2;
	(void)strcpy(hl->link[0].ourhook, "one");
	(void)strcpy(hl->link[1].peerhook, "tw\"o");
	SW_SWEEP(msg_ops);
}

/* ---- what node types call ---- */

static struct ng_type bare = { .version = NG_ABI_VERSION, .name = "bare" };
static struct ng_type gone = { .version = NG_ABI_VERSION, .name = "gone" };
static unsigned ran;

static void
fn(struct ng_node *node, struct ng_hook *hook, void *arg1, int arg2)
{
	(void)node;
	(void)hook;
	(void)arg1;
	ran += (unsigned)arg2;
}

static int
fn2(struct ng_node *node, struct ng_item *item, struct ng_hook *hook)
{
	(void)node;
	(void)hook;
	ran += (unsigned)NGI_ARG2(item);
	NG_FREE_ITEM(item);
	return (0);
}

/* s->node is A, s->hook its hook x; s->m, s->item, s->msg are there. */
static void
a_node(struct sw *s, const void *arg)
{
	(void)arg;
	s->node = node_of(s->t, "A");
	s->hook = ng_findhook(s->node, "x");
	assert_non_null(s->hook);
	s->m[0] = ngu_packet(ngt_g(s->t), "abc", 3);
	assert_non_null(s->m[0]);
	NG_MKMESSAGE(s->msg, 77, 1, 8, M_NOWAIT);
	assert_non_null(s->msg);
	ran = 0;
}

/* Those left over; and what ran. */
static void
no_node(struct sw *s, const void *arg, int error)
{
	(void)arg;
	m_freem(s->m[0]);
	NG_FREE_MSG(s->msg);
	if (s->item != NULL)
		NG_FREE_ITEM(s->item);
	s->m[0] = NULL;
	s->msg = NULL;
	s->item = NULL;
	NG_NODE_UNREF(s->node);
	s->node = NULL;
	ngt_settle(s->t);
	if (error == 0)
		sw_say(s, "ran %u\n", ran);
	else
		assert_int_equal(ran, 0);
}

enum kern { MAKE_COMMON, MAKE_NODE, NAME_NODE, NAME2NODEREF, PATH2NODEREF, FINDHOOK, PACKAGE_DATA, PACKAGE_MSG, PACKAGE_MSG_SELF,
	MKMESSAGE, MKRESPONSE, COPYMESSAGE, SEND_FN, SEND_FN1_QUEUE, SEND_FN2, SEND_FN2_ITEM, SEND_MSG_HOOK, SEND_MSG_PATH, SEND_MSG_ID,
	SEND_MSG_SELF, SEND_DATA, SEND_DATA_QUEUE, RMNODE_SELF, RMHOOK_SELF, TYPES };

static int
kern(struct sw *s, const void *arg)
{
	struct ng_node *n = NULL, *dest;
	struct ng_hook *hook;
	struct ng_mesg *m = NULL;
	struct ng_item *item;
	int error = 0;

	switch (*(const enum kern *)arg) {
	case MAKE_COMMON:
		error = ng_make_node_common(&bare, &n);
		break;
	case MAKE_NODE:
		error = ng_make_node("b", &n);
		break;
	case NAME_NODE:
		error = ng_name_node(s->node, "N");
		break;
	case NAME2NODEREF:
		if ((dest = ng_name2noderef(s->node, "B")) == NULL)
			return (ENOENT);
		NG_NODE_UNREF(dest);
		break;
	case PATH2NODEREF:
		if ((error = ng_path2noderef(s->node, "A:x.z", &dest, &hook)) == 0) {
			NG_NODE_UNREF(dest);
			NG_HOOK_UNREF(hook);
		}
		break;
	case FINDHOOK:
		error = ng_findhook(s->node, "x") == s->hook ? 0 : ENOENT;
		break;
	case PACKAGE_DATA:
		s->item = ng_package_data(s->m[0], NG_NOFLAGS);
		s->m[0] = NULL;
		error = s->item != NULL ? 0 : ENOMEM;
		break;
	case PACKAGE_MSG:
		s->item = ng_package_msg(s->msg, NG_NOFLAGS);
		s->msg = NULL;
		error = s->item != NULL ? 0 : ENOMEM;
		break;
	case PACKAGE_MSG_SELF:
		s->item = ng_package_msg_self(s->node, s->hook, s->msg);
		s->msg = NULL;
		error = s->item != NULL ? 0 : ENOMEM;
		break;
	case MKMESSAGE:
		NG_MKMESSAGE(m, 77, 2, 100, M_NOWAIT);
		error = m != NULL ? 0 : ENOMEM;
		break;
	case MKRESPONSE:
		NG_MKRESPONSE(m, s->msg, 100, M_NOWAIT);
		error = m != NULL ? 0 : ENOMEM;
		break;
	case COPYMESSAGE:
		NG_COPYMESSAGE(m, s->msg, M_NOWAIT);
		error = m != NULL ? 0 : ENOMEM;
		break;
	case SEND_FN:
		error = ng_send_fn(s->node, s->hook, fn, NULL, 1);
		break;
	case SEND_FN1_QUEUE:
		error = ng_send_fn1(s->node, NULL, fn, NULL, 1, NG_QUEUE);
		break;
	case SEND_FN2:
		error = ng_send_fn2(s->node, s->hook, NULL, fn2, NULL, 1, NG_NOFLAGS);
		break;
	case SEND_FN2_ITEM: /* an item in hand needs no memory */
		sw_stop();
		item = ng_package_msg(s->msg, NG_NOFLAGS);
		s->msg = NULL;
		sw_mine = true;
		error = ng_send_fn2(s->node, NULL, item, fn2, NULL, 1, NG_REUSE_ITEM);
		break;
	case SEND_MSG_HOOK:
		NG_SEND_MSG_HOOK(error, s->node, s->msg, s->hook, 0);
		break;
	case SEND_MSG_PATH:
		NG_SEND_MSG_PATH(error, s->node, s->msg, "x", 0);
		break;
	case SEND_MSG_ID:
		NG_SEND_MSG_ID(error, NULL, s->msg, NG_NODE_ID(s->node), 0);
		break;
	case SEND_MSG_SELF:
		item = ng_package_msg_self(s->node, NULL, s->msg);
		s->msg = NULL;
		error = item != NULL ? ng_snd_item(item, NG_QUEUE) : ENOMEM;
		break;
	case SEND_DATA:
		NG_SEND_DATA_ONLY(error, s->hook, s->m[0]);
		break;
	case SEND_DATA_QUEUE:
		NG_SEND_DATA_FLAGS(error, s->hook, s->m[0], NG_QUEUE);
		break;
	case RMNODE_SELF:
		error = ng_rmnode_self(s->node);
		break;
	case RMHOOK_SELF:
		error = ng_rmhook_self(s->hook);
		break;
	case TYPES:
		error = ng_newtype(&gone);
		if (error == 0)
			error = ng_rmtype(&gone);
		break;
	}
	NG_FREE_MSG(m);
	return (error);
}

#define KERN(k, f) SW_OP(#k, LINE, kern, &(const enum kern){ k }, f, SW_AROUND(a_node, no_node))
static const struct sw_op kern_ops[] = {
	KERN(MAKE_COMMON, SW_ENOMEM),
	KERN(MAKE_NODE, SW_ENOMEM),
	KERN(NAME_NODE, SW_ENOMEM),
	KERN(NAME2NODEREF, 0),
	KERN(PATH2NODEREF, 0),
	KERN(FINDHOOK, 0),
	KERN(PACKAGE_DATA, SW_ENOMEM),
	KERN(PACKAGE_MSG, SW_ENOMEM),
	KERN(PACKAGE_MSG_SELF, SW_ENOMEM),
	KERN(MKMESSAGE, SW_ENOMEM),
	KERN(MKRESPONSE, SW_ENOMEM),
	KERN(COPYMESSAGE, SW_ENOMEM),
	KERN(SEND_FN, SW_ENOMEM),
	KERN(SEND_FN1_QUEUE, SW_ENOMEM),
	KERN(SEND_FN2, SW_ENOMEM),
	KERN(SEND_FN2_ITEM, 0),
	KERN(SEND_MSG_HOOK, SW_ENOMEM),
	KERN(SEND_MSG_PATH, SW_ENOMEM),
	KERN(SEND_MSG_ID, SW_ENOMEM),
	KERN(SEND_MSG_SELF, SW_ENOMEM),
	KERN(SEND_DATA, SW_ENOMEM),
	KERN(SEND_DATA_QUEUE, SW_ENOMEM),
	KERN(RMNODE_SELF, 0),
	KERN(RMHOOK_SELF, 0),
	KERN(TYPES, 0),
};

/* Items are addressed without memory: by hook, path and number. */
static int
address(struct sw *s, const void *arg)
{
	struct ng_item *item = s->item;

	s->item = NULL;
	switch (*(const int *)arg) {
	case 0:
		return (ng_address_hook(s->node, item, s->hook, 0) == 0 ? (s->item = item, 0) : ENETDOWN);
	case 1:
		return (ng_address_path(s->node, item, "x.z", 0) == 0 ? (s->item = item, 0) : ENOENT);
	default:
		return (ng_address_ID(s->node, item, NG_NODE_ID(s->node), 0) == 0 ? (s->item = item, 0) : EINVAL);
	}
}

static void
an_item(struct sw *s, const void *arg)
{
	a_node(s, arg);
	s->item = ng_package_msg(s->msg, NG_NOFLAGS);
	s->msg = NULL;
	assert_non_null(s->item);
}

static const struct sw_op address_ops[] = {
	SW_OP("ng_address_hook", LINE, address, &(const int){ 0 }, 0, SW_AROUND(an_item, no_node)),
	SW_OP("ng_address_path", LINE, address, &(const int){ 1 }, 0, SW_AROUND(an_item, no_node)),
	SW_OP("ng_address_ID", LINE, address, &(const int){ 2 }, 0, SW_AROUND(an_item, no_node)),
};

/* A timer: armed, or as it was. */
static struct callout timer;

static int
arm(struct sw *s, const void *arg)
{
	(void)arg;
	return (ng_callout(&timer, s->node, s->hook, 5 * hz / 1000, fn, NULL, 1));
}

static void
timer_before(struct sw *s, const void *arg)
{
	a_node(s, arg);
	ng_callout_init(&timer);
	if (arg != NULL)
		assert_int_equal(ng_callout(&timer, s->node, NULL, hz, fn, NULL, 16), 0);
}

static void
timer_after(struct sw *s, const void *arg, int error)
{
	ngt_advance(s->t, 5);
	if (error == 0)
		assert_int_equal(ran, 1);
	ngt_advance(s->t, 1000);
	if (error != 0 && arg != NULL) { /* the one from before */
		assert_int_equal(ran, 16);
		ran = 0;
	}
	no_node(s, arg, error);
}

static const struct sw_op timer_ops[] = {
	SW_OP("ng_callout", LINE, arm, NULL, SW_ENOMEM, SW_AROUND(timer_before, timer_after)),
	SW_OP("ng_callout again", LINE, arm, "again", SW_ENOMEM, SW_AROUND(timer_before, timer_after)),
};

static void
test_kern(void **state)
{
	(void)state;
	assert_int_equal(ng_newtype(&bare), 0);
	SW_SWEEP(kern_ops);
	SW_SWEEP(address_ops);
	SW_SWEEP(timer_ops);
	assert_int_equal(ng_rmtype(&bare), 0);
}

/* ---- packets ---- */

struct way {
	const char *from, *hook; /* hook NULL: the newest */
	int flags;
	unsigned n; /* packets */
};

static int
data(struct sw *s, const void *arg)
{
	const struct way *w = arg;
	int error = 0;

	for (unsigned i = 0; i < w->n; i++) {
		NG_SEND_DATA_FLAGS(error, s->hook, s->m[i], w->flags);
		s->reported += error != 0;
	}
	return (w->n == 1 ? error : 0);
}

/* F's hook x queues what arrives. */
static void
queueing(struct sw *s, const void *arg)
{
	struct ng_node *f = node_of(s->t, "F");

	(void)arg;
	NG_HOOK_FORCE_QUEUE(ng_findhook(f, "x"));
	NG_NODE_UNREF(f);
}

static void
packets(struct sw *s, const void *arg)
{
	const struct way *w = arg;

	s->node = node_of(s->t, w->from);
	s->hook = w->hook != NULL ? ng_findhook(s->node, w->hook) : LIST_FIRST(&s->node->nd_hooks);
	assert_non_null(s->hook);
	for (unsigned i = 0; i < w->n; i++) {
		uint8_t b[300];

		memset(b, (int)i + 1, sizeof(b));
		s->m[i] = ngu_packet(ngt_g(s->t), b, i % 2 ? sizeof(b) : 20);
		assert_non_null(s->m[i]);
	}
}

static void
no_packets(struct sw *s, const void *arg, int error)
{
	const struct way *w = arg;

	(void)error;
	for (unsigned i = 0; i < w->n; i++)
		assert_null(s->m[i]); /* consumed, whatever happens */
	NG_NODE_UNREF(s->node);
	s->node = NULL;
}

/* The gate of F is closed: its own message method sends to it, and what it sends waits. */
static int
from_inside(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct sw *s = arg;

	(void)node;
	(void)hook;
	(void)item;
	sw_begin();
	for (unsigned i = 0; i < 3; i++)
		NG_SEND_DATA_ONLY(whatever, s->hook, s->m[i]);
	sw_stop();
	return (0);
}

static int
closed(struct sw *s, const void *arg)
{
	int error;

	(void)arg;
	ngt_trace_on("rcvmsg F", from_inside, s);
	error = ngu_msg(ngt_g(s->t), "F:", 77, 1, NULL, 0, NULL);
	ngt_trace_on("rcvmsg F", NULL, NULL);
	return (error);
}

/* One packet: the error is the sender's. Several: each is there or was counted. */
#define DATA(name, text, run, fl, num, f, ...) \
	SW_OP(name, text, run, (&(const struct way){ "p", .n = (num), .flags = (fl) }), f, SW_AROUND(packets, no_packets), __VA_ARGS__)
#define ONE(name, text, fl, ...) DATA(name, text, data, fl, 1, SW_ENOMEM | SW_ENOBUFS, __VA_ARGS__)
#define SOME(name, text, ...) DATA(name, text, data, 0, 3, SW_LOSSY, __VA_ARGS__)
static const struct sw_op data_ops[] = {
	ONE("a packet", "probe p - probe q", 0),
	SOME("three packets", "probe p - probe q"),
	ONE("a packet to be queued", "probe p - probe q", NG_QUEUE),
	ONE("a packet to a queueing hook", "probe p - f F.x/y - probe q", 0, .setup = queueing),
	SOME("three packets to a queueing hook", "probe p - f F.x/y - probe q", .setup = queueing),
	ONE("a packet through many nodes",
	    "probe p - f F1.x/y - f F2.x/y - f F3.x/y - f F4.x/y - f F5.x/y - f F6.x/y - f F7.x/y - f F8.x/y - f F9.x/y - "
	    "f F10.x/y - f F11.x/y - f F12.x/y - f F13.x/y - f F14.x/y - probe q", 0),
	DATA("packets at a closed gate", "probe p - f F.x/y - probe q", closed, 0, 3, SW_LOSSY | SW_INNER),
};

static void
test_data(void **state)
{
	(void)state;
	SW_SWEEP(data_ops);
}

/* ---- ports ---- */

static unsigned came;

static void
rx(void *arg, struct mbuf *m)
{
	(void)arg;
	came++;
	ngu_packet_free(m);
}

enum ports { OPEN, OPEN_NULL, CREATE, SEND, BURST, CLOSE, PACKET };

static int
port(struct sw *s, const void *arg)
{
	struct ngu_graph *g = ngt_g(s->t);
	unsigned i;
	int error = 0;

	switch (*(const enum ports *)arg) {
	case OPEN:
		return (ngu_port_open(g, "h:", "new", rx, NULL, &s->port));
	case OPEN_NULL:
		return (ngu_port_open(g, "h:", "new", NULL, NULL, &s->port));
	case CREATE:
		return (ngu_port_create(g, "P", rx, NULL, &s->port));
	case SEND:
		error = ngu_port_send(s->port, s->m[0]);
		break;
	case BURST:
		s->reported += ngu_port_send_burst(s->port, s->m, NITEMS(s->m)) != 0;
		break;
	case CLOSE:
		ngu_port_close(s->port);
		s->port = NULL;
		break;
	case PACKET: /* one mbuf; one cluster; several */
		for (i = 0; i < 3 && error == 0; i++) {
			static const uint8_t zero[5000];

			if ((s->m[i] = ngu_packet(g, zero, i == 0 ? 10 : i == 1 ? 1500 : 5000)) == NULL)
				error = ENOBUFS;
		}
		sw_stop();
		for (i = 0; i < 3; i++)
			ngu_packet_free(s->m[i]);
		break;
	}
	return (error);
}

static void
port_before(struct sw *s, const void *arg)
{
	enum ports p = *(const enum ports *)arg;

	memset(s->m, 0, sizeof(s->m));
	s->port = NULL;
	came = 0;
	if (p == SEND || p == BURST || p == CLOSE) {
		assert_int_equal(ngu_port_open(ngt_g(s->t), "h:", "port", rx, NULL, &s->port), 0);
		for (unsigned i = 0; i < (p == BURST ? NITEMS(s->m) : 1u); i++) {
			uint8_t b = (uint8_t)i;

			s->m[i] = ngu_packet(ngt_g(s->t), &b, 1);
			assert_non_null(s->m[i]);
		}
	}
}

static void
port_after(struct sw *s, const void *arg, int error)
{
	enum ports p = *(const enum ports *)arg;

	if (p == CLOSE)
		ngu_packet_free(s->m[0]);
	if (error != 0 && (p == OPEN || p == OPEN_NULL || p == CREATE))
		assert_null(s->port);
	if (p == OPEN) {
		if (error == 0) {
			ngt_send(ngt_probe(s->t, "q"), NULL, "00");
			assert_int_equal(came, 1);
		}
	}
	ngu_port_close(s->port);
	s->port = NULL;
}

#define PORT(p, f) SW_OP("ngu_port " #p, "probe q - hub h.q; h.r - probe r", port, &(const enum ports){ p }, f, SW_AROUND(port_before, port_after))
static const struct sw_op port_ops[] = {
	PORT(OPEN, SW_ENOMEM),
	PORT(OPEN_NULL, SW_ENOMEM),
	PORT(CREATE, SW_ENOMEM),
	PORT(SEND, SW_ENOMEM | SW_ENOBUFS | SW_LOSSY),
	PORT(BURST, SW_LOSSY),
	PORT(CLOSE, 0),
	PORT(PACKET, SW_ENOBUFS),
};

static void
test_ports(void **state)
{
	(void)state;
	SW_SWEEP(port_ops);
}

/* ---- graphs ---- */

static int
create(struct sw *s, const void *arg)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .name = "made", .fake_clock = true, .workers = *(const unsigned *)arg };
	int error = ngu_graph_create(&o, &s->graph);

	sw_stop();
	if (error == 0) {
		assert_int_equal(ngu_mknode(s->graph, "hub", "h", NULL), 0);
		assert_int_equal(ngu_graph_destroy(s->graph), 0);
	} else {
		assert_null(s->graph);
	}
	return (error);
}

static int
destroy(struct sw *s, const void *arg)
{
	(void)arg;
	return (ngu_graph_destroy(s->graph));
}

static void
full(struct sw *s, const void *arg)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .name = "made", .fake_clock = true, .workers = *(const unsigned *)arg };

	assert_int_equal(ngu_graph_create(&o, &s->graph), 0);
	assert_int_equal(ngu_mknode(s->graph, "hub", "h", NULL), 0);
	assert_int_equal(ngu_mkpeer(s->graph, "h:", "tee", "t", "left"), 0);
	assert_int_equal(ngu_mkpeer(s->graph, "h:", "bridge", "b", "link0"), 0);
	assert_int_equal(ngu_mkpeer(s->graph, "h:t", "hole", "right", "any"), 0);
	assert_int_equal(ngu_mknode(s->graph, "a", "P", NULL), 0);
}

#define WORKERS(n) &(const unsigned){ n }
static const struct sw_op graph_ops[] = {
	SW_OP("ngu_graph_create", "", create, WORKERS(0), SW_ENOMEM | SW_BARE),
	SW_OP("ngu_graph_create with workers", "", create, WORKERS(2), SW_ENOMEM | SW_BARE | SW_ANY_THREAD),
	SW_OP("ngu_graph_destroy", "", destroy, WORKERS(0), SW_BARE, .before = full),
	SW_OP("ngu_graph_destroy with workers", "", destroy, WORKERS(2), SW_BARE | SW_ANY_THREAD, .before = full),
};

static void
test_graphs(void **state)
{
	(void)state;
	ngt_trace_type("a", NGT_PERSIST);
	SW_SWEEP(graph_ops);
}

/* ---- text ---- */

static const struct ng_parse_fixedarray_info row_info = { &ng_parse_uint8_type, 100, NULL };
static const struct ng_parse_type row_type = { .supertype = &ng_parse_fixedarray_type, .info = &row_info };
static const struct ng_parse_fixedarray_info table_info = { &row_type, 2, NULL };
static const struct ng_parse_type table_type = { .supertype = &ng_parse_fixedarray_type, .info = &table_info };
static const struct ng_parse_struct_field deep_fields[] = {
	{ "s", &ng_parse_string_type, 0 },
	{ "n", &ng_parse_uint32_type, 0 },
	{ "t", &table_type, 0 },
	{ "z", &ng_parse_hookbuf_type, 0 },
	{ NULL, NULL, 0 }
};
static const struct ng_parse_type deep_type = { .supertype = &ng_parse_struct_type, .info = deep_fields };
static const char deep_text[] = "{ s=\"a\\tb\" n=7 t=[ 1=[ 3 50=4 ] ] z=\"hook\" }";

enum text_call { PARSE, UNPARSE, DEFAULT, GET_TOKEN, ENCODE };

static int
text(struct sw *s, const void *arg)
{
	static struct {
		struct ng_msghdr header;
		u_char data[1024];
	} bin;
	char out[1024], *p;
	int off = 0, n = sizeof(bin.data), len, error = 0;

	switch (*(const enum text_call *)arg) {
	case PARSE:
		memset(&bin, 0, sizeof(bin));
		if ((error = ng_parse(&deep_type, deep_text, &off, bin.data, &n)) == 0)
			sw_say_bytes(s, bin.data, (size_t)n);
		break;
	case UNPARSE:
		sw_stop();
		memset(&bin, 0, sizeof(bin));
		assert_int_equal(ng_parse(&deep_type, deep_text, &off, bin.data, &n), 0);
		bin.header.arglen = (uint32_t)n;
		sw_mine = true;
		if ((error = ng_unparse(&deep_type, bin.data, out, sizeof(out))) == 0)
			sw_say(s, "%s\n", out);
		else
			assert_string_equal(out, "");
		break;
	case DEFAULT:
		if ((error = ng_parse_getDefault(&table_type, bin.data, &n)) == 0)
			sw_say_bytes(s, bin.data, (size_t)n);
		break;
	case GET_TOKEN:
		if ((p = ng_get_string_token(" \"a\\x41\"", &off, &len, &n)) == NULL)
			return (ENOMEM);
		sw_say(s, "%s %d %d %d\n", p, off, len, n);
		free(p, M_NETGRAPH_PARSE);
		break;
	case ENCODE:
		if ((p = ng_encode_string("a\n\"", 3)) == NULL)
			return (ENOMEM);
		sw_say(s, "%s\n", p);
		free(p, M_NETGRAPH_PARSE);
		break;
	}
	return (error);
}

#define TEXT(c) SW_OP(#c, "", text, &(const enum text_call){ c }, SW_ENOMEM)
static const struct sw_op text_ops[] = {
	TEXT(PARSE),
	TEXT(UNPARSE),
	TEXT(DEFAULT),
	TEXT(GET_TOKEN),
	TEXT(ENCODE),
};

static void
test_text(void **state)
{
	(void)state;
	SW_SWEEP(text_ops);
}

/* ---- the first call of a thread ---- */

/* Threads that stay until all have been: none gets another's record. */
struct newcomer {
	pthread_t thread;
	struct ngt *t;
	struct ng_hook *hook;
	unsigned at;
	bool rest;
	int sent, asked;
	unsigned seen;
};

static _Atomic unsigned here, leave;

static void *
newcomer_main(void *arg)
{
	struct newcomer *n = arg;
	struct ngu_graph *g = ngt_g(n->t);
	struct mbuf *m;

	sw_prepare(n->at, n->rest);
	sw_mine = true; /* not sw_begin(): that one would be the first call */
	(void)ngu_graph_enter(g);
	if ((m = ngu_packet(g, "new", 3)) != NULL)
		NG_SEND_DATA_ONLY(n->sent, n->hook, m);
	else
		n->sent = ENOBUFS;
	n->asked = ngu_msg(g, "A:", 77, 1, NULL, 0, NULL);
	sw_mine = false;
	n->seen = atomic_load(&sw_mem.seen);
	(void)ngu_graph_enter(NULL);
	atomic_fetch_add(&here, 1u);
	while (atomic_load(&leave) == 0)
		ngu__port_yield();
	return (NULL);
}

static void
test_newcomers(void **state)
{
	static struct newcomer n[40];
	uint64_t packets = 0, messages = 0;
	struct ngu_graph_stats before, st;
	struct ngt *t;
	struct ng_node *p;
	unsigned i, made = 0, k = 1, rest = 0;

	(void)state;
	ngt_trace_type("a", 0);
	t = ngt_graph("probe p - probe q; a A");
	p = node_of(t, "p");
	atomic_store(&here, 0u);
	atomic_store(&leave, 0u);
	(void)snprintf(sw_where, sizeof(sw_where), "new threads");
	ngu_graph_stats(G, &before);
	for (i = 0; i < NITEMS(n); i++) {
		n[i] = (struct newcomer){ .t = t, .hook = LIST_FIRST(&p->nd_hooks), .at = k, .rest = rest != 0 };
		assert_int_equal(pthread_create(&n[i].thread, NULL, newcomer_main, &n[i]), 0);
		made++;
		while (atomic_load(&here) != made)
			ngu__port_yield();
		assert_true(n[i].sent == 0 || n[i].sent == ENOMEM || n[i].sent == ENOBUFS);
		assert_true(n[i].asked == 0 || n[i].asked == ENOMEM);
		if (rest)
			assert_true(n[i].seen < k || n[i].asked == ENOMEM);
		packets += n[i].sent == 0;
		messages += n[i].asked == 0;
		/* One record less at each, of those that are there when memory is not: few are tried with all refused. */
		if (n[i].seen < k && n[i].asked == 0 && n[i].sent == 0) {
			if (rest++ != 0)
				break;
			k = 0;
		}
		k += rest && k >= 4 ? 2 : 1;
	}
	assert_true(i < NITEMS(n)); /* both ways to the end */
	ngt_settle(t);
	ngu_graph_stats(G, &st);
	assert_int_equal(st.delivered - before.delivered, packets);
	assert_int_equal(st.messages - before.messages, messages);
	assert_int_equal(st.attempted, st.delivered + st.refused);
	assert_int_equal(ngt_count(ngt_probe(t, "q"), NULL), packets);
	atomic_store(&leave, 1u);
	for (i = 0; i < made; i++)
		assert_int_equal(pthread_join(n[i].thread, NULL), 0);
	/* And after they are gone. */
	ngu_graph_stats(G, &st);
	assert_int_equal(st.delivered - before.delivered, packets);
	NG_NODE_UNREF(p);
	ngt_end(t);
	ngt_trace_clear();
	sw_where[0] = '\0';
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		sw_test(test_newcomers),
		sw_test(test_control),
		sw_test(test_workers),
		sw_test(test_many),
		sw_test(test_messages),
		sw_test(test_kern),
		sw_test(test_data),
		sw_test(test_ports),
		sw_test(test_graphs),
		sw_test(test_text),
	};

	sw_init();
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
