/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nodes.c - the bench's node types, written as kernel sources are: real newhook and disconnect methods that keep hook pointers in the
 * node's private data, no atomics, no locks. Compiled with -D_KERNEL and the headers of include/kern.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/errno.h>
#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>

#include <ng/ng.h>

#include "nodes.h"

MALLOC_DEFINE(M_BENCH, "bench", "bench nodes");

_Thread_local struct bench_thread *bench_self;
struct bench_thread bench_stray;
const uint32_t bench_cookie_generic = NGM_GENERIC_COOKIE;
const uint32_t bench_cmd_nodeinfo = NGM_NODEINFO;

/* An end of the line: sends, and receives as a sink does. */
struct bench_src {
	hook_p out;
};

struct fwd {
	hook_p in, out;
};

struct branch {
	hook_p trunk, a, b;
	int turn; /* of a bturn */
};

struct sink {
	int tap;
};

/* Add to a count of the calling thread, or to the stray one. */
#define BENCH_COUNT(field) \
	do { \
		if (bench_self != NULL) \
			bench_self->field++; \
		else \
			(void)__atomic_fetch_add(&bench_stray.field, 1, __ATOMIC_RELAXED); \
	} while (0)

/* ---- common methods ---- */

static int
common_constructor(node_p node, size_t size)
{
	void *p = malloc(size, M_BENCH, M_NOWAIT | M_ZERO);

	if (p == NULL)
		return (ENOMEM);
	NG_NODE_SET_PRIVATE(node, p);
	return (0);
}

static int
common_shutdown(node_p node)
{
	void *p = NG_NODE_PRIVATE(node);

	NG_NODE_SET_PRIVATE(node, NULL);
	free(p, M_BENCH);
	NG_NODE_UNREF(node);
	return (0);
}

static int
connect_ok(hook_p hook)
{
	return (NG_NODE_PRIVATE(NG_HOOK_NODE(hook)) != NULL ? 0 : ENXIO);
}

static void
rm_if_alone(node_p node)
{
	if (NG_NODE_NUMHOOKS(node) == 0 && NG_NODE_IS_VALID(node))
		ng_rmnode_self(node);
}

/* ---- bsrc ---- */

static int
src_constructor(node_p node)
{
	return (common_constructor(node, sizeof(struct bench_src)));
}

static int
src_newhook(node_p node, hook_p hook, const char *name)
{
	struct bench_src *s = NG_NODE_PRIVATE(node);

	if (strcmp(name, "out") != 0)
		return (EINVAL);
	s->out = hook;
	return (0);
}

static int
src_disconnect(hook_p hook)
{
	struct bench_src *s = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));

	s->out = NULL;
	return (0);
}

static inline struct mbuf *
make(const struct bench_data *d)
{
	struct mbuf *m = d->data == NULL || d->len <= MHLEN ? m_gethdr(M_NOWAIT, MT_DATA) : m_getcl(M_NOWAIT, MT_DATA, M_PKTHDR);

	if (m == NULL)
		return (NULL);
	m->m_len = m->m_pkthdr.len = (int)d->len;
	if (d->data != NULL)
		memcpy(m->m_data, d->data, d->len);
	return (m);
}

void
bench_send(struct bench_src *src, const struct bench_data *v, unsigned n, unsigned mark, uint32_t *seq)
{
	struct bench_thread *t = bench_self;
	hook_p out = src->out;
	struct mbuf *m;
	unsigned i;
	int error;

	for (i = 0; i < n; i++) {
		if ((m = make(&v[i])) == NULL) {
			t->no_memory++;
			continue;
		}
		if ((++*seq & 63) == 0) {
			m->m_flags |= M_TSTMP;
			m->m_pkthdr.rcv_tstmp = (bench_ticks() & ~(uint64_t)1) | mark;
		}
		t->sent++;
		NG_SEND_DATA_ONLY(error, out, m);
		if (error != 0)
			t->send_errors++;
	}
}

/* ---- bfwd and bcnt ---- */

static int
fwd_constructor(node_p node)
{
	return (common_constructor(node, sizeof(struct fwd)));
}

static int
fwd_newhook(node_p node, hook_p hook, const char *name)
{
	struct fwd *f = NG_NODE_PRIVATE(node);

	if (strcmp(name, "in") == 0 || strcmp(name, "in2") == 0)
		f->in = hook;
	else if (strcmp(name, "out") == 0 || strcmp(name, "out2") == 0)
		f->out = hook;
	else
		return (EINVAL);
	return (0);
}

static int
fwd_disconnect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);
	struct fwd *f = NG_NODE_PRIVATE(node);

	if (f->in == hook)
		f->in = NULL;
	else if (f->out == hook)
		f->out = NULL;
	rm_if_alone(node);
	return (0);
}

static int
fwd_rcvdata(hook_p hook, item_p item)
{
	const struct fwd *f = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));
	hook_p to = hook == f->out ? f->in : f->out;
	int error;

	NG_FWD_ITEM_HOOK(error, item, to);
	return (error);
}

static int
cnt_rcvdata(hook_p hook, item_p item)
{
	BENCH_COUNT(hops);
	return (fwd_rcvdata(hook, item));
}

/* ---- bburst: a bfwd with a burst method that looks at each packet ---- */

static int
burst_rcvburst(hook_p hook, struct mbuf **vec, unsigned n, size_t bytes)
{
	const struct fwd *f = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));
	uint64_t sum = 0;

	for (unsigned i = 0; i < n; i++)
		sum += *(volatile uint32_t *)&vec[i]->m_pkthdr.len;
	__asm__ volatile("" : : "r"(sum));
	return (ngu_send_burst(hook == f->in ? f->out : f->in, vec, n, bytes));
}

/* ---- bback: keeps what comes ---- */

struct mbuf *bench_back[BENCH_BACK];
unsigned bench_nback;

static int
back_rcvburst(hook_p hook, struct mbuf **vec, unsigned n, size_t bytes)
{
	memmove(bench_back + bench_nback, vec, n * sizeof(*vec));
	bench_nback += n;
	return (0);
}

static int
back_rcvdata(hook_p hook, item_p item)
{
	NGI_GET_M(item, bench_back[bench_nback]);
	bench_nback++;
	NG_FREE_ITEM(item);
	return (0);
}

/* ---- bwriter: a bfwd that lets one thread in at a time ---- */

static int
writer_constructor(node_p node)
{
	NG_NODE_FORCE_WRITER(node);
	return (fwd_constructor(node));
}

/* ---- bturn: hooks trunk, a, b; packets from trunk go to a and b by turns ---- */

static int
turn_rcvdata(hook_p hook, item_p item)
{
	struct branch *b = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));
	hook_p to = b->trunk;
	int error;

	if (hook == to)
		to = (b->turn ^= 1) != 0 ? b->b : b->a;
	NG_FWD_ITEM_HOOK(error, item, to);
	return (error);
}

/* ---- bbranch ---- */

static int
branch_constructor(node_p node)
{
	return (common_constructor(node, sizeof(struct branch)));
}

static hook_p *
branch_slot(struct branch *b, const char *name)
{
	if (strcmp(name, "trunk") == 0)
		return (&b->trunk);
	if (strcmp(name, "a") == 0)
		return (&b->a);
	return (strcmp(name, "b") == 0 ? &b->b : NULL);
}

static int
branch_newhook(node_p node, hook_p hook, const char *name)
{
	hook_p *slot = branch_slot(NG_NODE_PRIVATE(node), name);

	if (slot == NULL)
		return (EINVAL);
	*slot = hook;
	return (0);
}

static int
branch_disconnect(hook_p hook)
{
	hook_p *slot = branch_slot(NG_NODE_PRIVATE(NG_HOOK_NODE(hook)), NG_HOOK_NAME(hook));

	if (slot != NULL && *slot == hook)
		*slot = NULL;
	rm_if_alone(NG_HOOK_NODE(hook));
	return (0);
}

/* A hash over what the packet starts with, so that a flow keeps its arm: addresses of an IPv4 frame lie at 26..33. */
static uint32_t
branch_hash(const struct mbuf *m)
{
	uint32_t a = 0, b = 0;

	if (m->m_len >= 38) {
		memcpy(&a, m->m_data + 30, sizeof(a));
		memcpy(&b, m->m_data + 34, sizeof(b));
	}
	a = (a ^ b ^ (uint32_t)m->m_len) * 2654435761u;
	return (a >> 31);
}

static int
branch_rcvdata(hook_p hook, item_p item)
{
	const struct branch *b = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));
	hook_p to = b->trunk;
	int error;

	BENCH_COUNT(hops);
	if (hook == to)
		to = branch_hash(NGI_M(item)) ? b->b : b->a;
	NG_FWD_ITEM_HOOK(error, item, to);
	return (error);
}

/* ---- bsink and btap ---- */

static int
sink_constructor(node_p node)
{
	return (common_constructor(node, sizeof(struct sink)));
}

static int
sink_newhook(node_p node, hook_p hook, const char *name)
{
	return (NG_NODE_PRIVATE(node) != NULL && name[0] != '\0' ? 0 : EINVAL);
}

static int
sink_disconnect(hook_p hook)
{
	return (0);
}

static __attribute__((__noinline__)) void
take_time(const struct mbuf *m)
{
	struct bench_thread *t = bench_self != NULL ? bench_self : &bench_stray;
	uint64_t sent = m->m_pkthdr.rcv_tstmp, now = bench_ticks();
	struct hist *h = t->lat[sent & 1];

	sent &= ~(uint64_t)1;
	if (h != NULL && t != &bench_stray)
		hist_add(h, now > sent ? now - sent : 0);
}

static int
sink_rcvdata(hook_p hook, item_p item)
{
	const struct mbuf *m = NGI_M(item);

	if (m->m_flags & M_TSTMP)
		take_time(m);
	BENCH_COUNT(hops);
	BENCH_COUNT(received);
	NG_FREE_ITEM(item);
	return (0);
}

static int
tap_rcvdata(hook_p hook, item_p item)
{
	BENCH_COUNT(hops);
	BENCH_COUNT(copies);
	NG_FREE_ITEM(item);
	return (0);
}

/* ---- types ---- */

static struct ng_type src_type = {
	.version = NG_ABI_VERSION,
	.name = "bsrc",
	.constructor = src_constructor,
	.shutdown = common_shutdown,
	.newhook = src_newhook,
	.connect = connect_ok,
	.rcvdata = sink_rcvdata,
	.disconnect = src_disconnect,
};

static struct ng_type fwd_type = {
	.version = NG_ABI_VERSION,
	.name = "bfwd",
	.constructor = fwd_constructor,
	.shutdown = common_shutdown,
	.newhook = fwd_newhook,
	.connect = connect_ok,
	.rcvdata = fwd_rcvdata,
	.disconnect = fwd_disconnect,
};

static struct ng_type burst_type = {
	.version = NG_ABI_VERSION,
	.name = "bburst",
	.constructor = fwd_constructor,
	.shutdown = common_shutdown,
	.newhook = fwd_newhook,
	.connect = connect_ok,
	.rcvdata = fwd_rcvdata,
	.disconnect = fwd_disconnect,
};

static struct ng_type back_type = {
	.version = NG_ABI_VERSION,
	.name = "bback",
	.constructor = sink_constructor,
	.shutdown = common_shutdown,
	.newhook = sink_newhook,
	.connect = connect_ok,
	.rcvdata = back_rcvdata,
	.disconnect = sink_disconnect,
};

static struct ng_type cnt_type = {
	.version = NG_ABI_VERSION,
	.name = "bcnt",
	.constructor = fwd_constructor,
	.shutdown = common_shutdown,
	.newhook = fwd_newhook,
	.connect = connect_ok,
	.rcvdata = cnt_rcvdata,
	.disconnect = fwd_disconnect,
};

static struct ng_type writer_type = {
	.version = NG_ABI_VERSION,
	.name = "bwriter",
	.constructor = writer_constructor,
	.shutdown = common_shutdown,
	.newhook = fwd_newhook,
	.connect = connect_ok,
	.rcvdata = fwd_rcvdata,
	.disconnect = fwd_disconnect,
};

static struct ng_type turn_type = {
	.version = NG_ABI_VERSION,
	.name = "bturn",
	.constructor = branch_constructor,
	.shutdown = common_shutdown,
	.newhook = branch_newhook,
	.connect = connect_ok,
	.rcvdata = turn_rcvdata,
	.disconnect = branch_disconnect,
};

static struct ng_type branch_type = {
	.version = NG_ABI_VERSION,
	.name = "bbranch",
	.constructor = branch_constructor,
	.shutdown = common_shutdown,
	.newhook = branch_newhook,
	.connect = connect_ok,
	.rcvdata = branch_rcvdata,
	.disconnect = branch_disconnect,
};

static struct ng_type sink_type = {
	.version = NG_ABI_VERSION,
	.name = "bsink",
	.constructor = sink_constructor,
	.shutdown = common_shutdown,
	.newhook = sink_newhook,
	.connect = connect_ok,
	.rcvdata = sink_rcvdata,
	.disconnect = sink_disconnect,
};

static struct ng_type tap_type = {
	.version = NG_ABI_VERSION,
	.name = "btap",
	.constructor = sink_constructor,
	.shutdown = common_shutdown,
	.newhook = sink_newhook,
	.connect = connect_ok,
	.rcvdata = tap_rcvdata,
	.disconnect = sink_disconnect,
};

int
bench_nodes_register(void)
{
	struct ng_type *const all[] = { &src_type, &fwd_type, &burst_type, &back_type, &cnt_type, &writer_type, &turn_type, &branch_type, &sink_type,
		&tap_type };
	int error;

	for (unsigned i = 0; i < nitems(all); i++)
		if ((error = ng_newtype(all[i])) != 0)
			return (error);
	if ((error = ngu_type_set_burst(&back_type, back_rcvburst)) != 0)
		return (error);
	return (ngu_type_set_burst(&burst_type, burst_rcvburst));
}

struct bench_src *
bench_src_find(struct ngu_graph *g, const char *name)
{
	struct ngu_graph *before = ngu_graph_enter(g);
	node_p node = ng_name2noderef(NULL, name);
	struct bench_src *s = NULL;

	if (node != NULL) {
		s = NG_NODE_PRIVATE(node);
		NG_NODE_UNREF(node);
	}
	(void)ngu_graph_enter(before);
	return (s);
}

int
bench_type_known(const char *type)
{
	return (ng_findtype(type) != NULL);
}
