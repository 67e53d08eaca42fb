/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sweep.h - an operation with memory refused, at each of its allocations in turn, and at all from each on.
 *
 * For each n a new graph is made from text, the operation is run, and what it did is held against a run that nothing disturbed:
 *
 *	it failed	with an error that is documented; nodes, hooks, peers, flags and reference counts are what they were;
 *			each newhook of a traced type got its disconnect, each constructor its shutdown; then it is run again
 *			with memory and does what it would have done at once
 *	it succeeded	it did all of it
 *
 * At the end of each graph nothing is left: ngt_end() looks at nodes, hooks, packets and accounts, sw_inuse() at malloc(9), and
 * the leak checker, where there is one, at the rest after each test.
 *
 * Memory is refused to the thread of the test only, unless SW_ANY_THREAD says otherwise. M_WAITOK waits for memory: when
 * all is refused, the fourth request of one size in a row is granted.
 */
#ifndef TESTS_SUPPORT_SWEEP_H
#define TESTS_SUPPORT_SWEEP_H

#include "support/unit.h"

#include <stdlib.h>
#include <stdatomic.h>

#ifdef NGU_ASAN
#include <sanitizer/lsan_interface.h>
#endif

#define SW_ENOMEM 0x01	   /* errors that are documented */
#define SW_ENOBUFS 0x02
#define SW_INNER 0x10	   /* the operation calls sw_begin() and sw_stop() itself, around the part that is meant */
#define SW_ANY_THREAD 0x20 /* refuse workers as well: how many allocations there are may differ from run to run */
#define SW_LOSSY 0x40	   /* data: what is missing was counted by the graph or by the node, or somebody was told */
#define SW_BARE 0x80	   /* no graph is made for it */
#define SW_NOTICES 0x100   /* messages it sends to its neighbours, for their information, may be missing */
#define SW_TIMERS 0x200	   /* a timer may or may not be armed: it holds a reference */

/* Where there are more n than these, half are the first ones and half are drawn by lot. Sanitizers take their time. */
#if defined(NGU_ASAN) || defined(NGU_TSAN)
#define SW_TRIES 12u
#elif !defined(SW_TRIES)
#define SW_TRIES 400u
#endif

/* One try. */
struct sw {
	struct ngt *t;
	struct ng_node *node; /* the operation's own */
	struct ng_hook *hook;
	struct mbuf *m[80];
	struct ng_item *item;
	struct ng_mesg *msg;
	struct ngu_port *port;
	struct ngu_graph *graph;
	unsigned reported; /* SW_LOSSY: errors the operation was told of on its way */
	size_t len;
	char got[24576]; /* what came of it: replies, packets */
};

struct sw_op {
	const char *name;
	const char *text;	/* the graph */
	int (*run)(struct sw *, const void *arg);
	const void *arg;
	unsigned flags;
	void (*setup)(struct sw *, const void *arg);  /* once a graph; belongs to the state before */
	void (*before)(struct sw *, const void *arg); /* each try, with memory */
	void (*after)(struct sw *, const void *arg, int error); /* each try, with memory; undoes what before() did */
	uint64_t (*lost)(struct sw *, const void *arg); /* SW_LOSSY: what the node counted */
	unsigned workers;
};

#define SW_OP(n, t, r, a, f, ...) {.name = (n), .text = (t), .run = (r), .arg = (a), .flags = (f), __VA_ARGS__}
#define SW_AROUND(b, a) .before = (b), .after = (a)

/* ---- refusing ---- */

static struct {
	_Atomic unsigned at, seen;
	_Atomic bool rest, all;
	unsigned repeats; /* of one size, refused one after the other */
	size_t last;
} sw_mem;
static _Thread_local bool sw_mine;

static bool
sw_hook(size_t size)
{
	unsigned n, at;

	if (!sw_mine && !atomic_load(&sw_mem.all))
		return (true);
	n = atomic_fetch_add(&sw_mem.seen, 1u) + 1;
	at = atomic_load(&sw_mem.at);
	if (at == 0 || (atomic_load(&sw_mem.rest) ? n < at : n != at))
		return (true);
	if (!atomic_load(&sw_mem.rest) || atomic_load(&sw_mem.all))
		return (false);
	sw_mem.repeats = size == sw_mem.last ? sw_mem.repeats + 1 : 0;
	sw_mem.last = size;
	return (sw_mem.repeats >= 3);
}

/* Begin to count and refuse, in the calling thread; the thread of the test has prepared it. */
static inline void
sw_begin(void)
{
	struct ngu__thread *ts = ngu__self();

	ngu__port_free(ts->waiter); /* a control call keeps one for the next */
	ts->waiter = NULL;
	sw_mine = true;
}

static inline void
sw_stop(void)
{
	sw_mine = false;
	atomic_store(&sw_mem.all, false);
}

static inline void
sw_prepare(unsigned at, bool rest)
{
	atomic_store(&sw_mem.at, at);
	atomic_store(&sw_mem.seen, 0u);
	atomic_store(&sw_mem.rest, rest);
	sw_mem.repeats = 0;
	sw_mem.last = 0;
}

/* ---- what came of it ---- */

__attribute__((__format__(__printf__, 2, 3))) static inline void
sw_say(struct sw *s, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(s->got + s->len, sizeof(s->got) - s->len, fmt, ap);
	va_end(ap);
	assert_true(n >= 0 && (size_t)n < sizeof(s->got) - s->len);
	s->len += (size_t)n;
}

static inline void
sw_say_bytes(struct sw *s, const void *p, size_t len)
{
	const uint8_t *b = p;

	sw_say(s, "%zu:", len);
	for (size_t i = 0; i < len; i++)
		sw_say(s, "%02x", b[i]);
	sw_say(s, "\n");
}

/* Whatever the probes of the graph got since they were last asked, node by node. */
static inline void
sw_collect(struct sw *s)
{
	char names[64][NG_NODESIZ];
	struct ngu_graph *g = ngt_g(s->t);
	struct ngu__thread *ts = ngu__self();
	const struct ngt_rec *r;
	struct ng_node *node;
	unsigned n = 0, i;
	uint32_t id;

	ngt_settle(s->t);
	ngu__section_enter(ts);
	for (id = 0; n < 64 && (node = ngu__id_next(&g->ids, &id)) != NULL;)
		if (strcmp(node->nd_type->name, "probe") == 0 && NG_NODE_HAS_NAME(node))
			(void)ngu__strlcpy(names[n++], NG_NODE_NAME(node), NG_NODESIZ);
	ngu__section_leave(ts);
	for (i = 0; i < n; i++)
		while ((r = ngt_recv(ngt_probe(s->t, names[i]), NULL)) != NULL) {
			sw_say(s, "%s.%s %s %u:%u ", names[i], r->hook, r->is_msg ? r->reply ? "reply" : "message" : "packet", r->cookie,
			    r->cmd);
			sw_say_bytes(s, r->data, r->len);
		}
}

/* Nothing in `got` that is not in `whole`, as often as there. */
static inline bool
sw_part_of(const char *got, const char *whole)
{
	const char *l, *e, *w;

	for (l = got; *l != '\0'; l = e + 1) {
		size_t n, a = 0, b = 0;

		e = strchr(l, '\n');
		n = (size_t)(e - l) + 1;
		for (w = got; *w != '\0'; w = strchr(w, '\n') + 1)
			a += strncmp(w, l, n) == 0;
		for (w = whole; *w != '\0'; w = strchr(w, '\n') + 1)
			b += strncmp(w, l, n) == 0;
		if (a > b)
			return (false);
	}
	return (true);
}

/* ---- what the graph looks like ---- */

struct sw_look {
	char text[32768];
	size_t len;
};

__attribute__((__format__(__printf__, 2, 3))) static inline void
sw_draw(struct sw_look *l, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(l->text + l->len, sizeof(l->text) - l->len, fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < sizeof(l->text) - l->len)
		l->len += (size_t)n;
}

static inline void
sw_draw_node(struct sw_look *l, struct ng_node *n, bool ids)
{
	sw_draw(l, "%s(%s)", NG_NODE_NAME(n), n->nd_type->name);
	if (ids)
		sw_draw(l, "[%x]", (unsigned)NG_NODE_ID(n));
}

/*
 * Nodes in the order they were made, hooks newest first, with peers, flags, states and references, and what the graph counts
 * as alive or waiting. `ids` is for two looks at one graph; `refs`: those on nodes as well.
 */
static inline void
sw_look(struct ngt *t, struct sw_look *l, bool ids, bool refs)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu_graph *g = ngt_g(t);
	struct ngu_graph_stats st;
	struct ng_node *n;
	struct ng_hook *h;
	uint32_t id;

	ngt_settle(t);
	ngu_reclaim_barrier();
	l->len = 0;
	l->text[0] = '\0';
	ngu__section_enter(ts);
	for (id = 0; (n = ngu__id_next(&g->ids, &id)) != NULL;) {
		sw_draw_node(l, n, ids);
		sw_draw(l, " %d hooks, flags %x, state %x, gate %x, refs %d\n", NGU_LD_ACQ(&n->nd_numhooks),
		    (unsigned)NGU_LD_ACQ(&n->nd_flags), NGU_LD_ACQ(&n->nd_state) & ~NGU_NS_EXCL_OK, NGU_LD_ACQ(&n->nd_gate) & ~NGU_G_L,
		    refs ? NGU_LD_ACQ(&n->nd_refs) : 0);
		LIST_FOREACH(h, &n->nd_hooks, hk_hooks) {
			struct ng_hook *peer = NGU_LD_ACQ(&h->hk_peer);

			sw_draw(l, "  %s - ", h->hk_name);
			sw_draw_node(l, NGU_LD_ACQ(&peer->hk_node), ids);
			sw_draw(l, ".%s flags %x, state %x, refs %d, index %d\n", peer->hk_name, (unsigned)NGU_LD_ACQ(&h->hk_flags),
			    NGU_LD_ACQ(&h->hk_state), NGU_LD_ACQ(&h->hk_refs), ngu__findhook(n, h->hk_name) == h);
		}
	}
	ngu__section_leave(ts);
	ngu_graph_stats(g, &st);
	sw_draw(l, "nodes %llu+%llu hooks %llu+%llu mbufs %llu queued %llu %u %u %u ids %u names %u\n", (unsigned long long)st.nodes,
	    (unsigned long long)st.dead_nodes, (unsigned long long)st.hooks, (unsigned long long)st.dead_hooks,
	    (unsigned long long)st.mbufs, (unsigned long long)st.queued, NGU_LD_ACQ(&g->queued_data), NGU_LD_ACQ(&g->queued_items),
	    NGU_LD_ACQ(&g->queued_dooms), NGU_LD_ACQ(&g->ids.live), NGU_LD_ACQ(&g->names.count));
}

static inline void
sw_inuse_of(void *arg, const struct malloc_type *type)
{
	struct ngu_malloc_stats st;

	ngu_k_malloc_stats(type, &st);
	*(uint64_t *)arg += st.inuse;
}

/* Pieces of malloc(9), of all types: messages, what nodes keep. */
static inline uint64_t
sw_inuse(void)
{
	uint64_t n = 0;

	ngu_reclaim_barrier();
	ngu_k_malloc_types(sw_inuse_of, &n);
	return (n);
}

static inline unsigned
sw_times(const char *text, const char *what)
{
	unsigned n = 0;

	for (const char *p = text; (p = strstr(p, what)) != NULL; p++)
		n++;
	return (n);
}

/* ---- the sweep ---- */

static char sw_where[192]; /* where we are, for sw_teardown() to say after a failure */
static uint64_t sw_seed = 1, sw_began = 1; /* NGU_TEST_SEED sets another */
static unsigned long sw_runs, sw_failures;

static inline uint32_t
sw_random(void)
{
	sw_seed = sw_seed * 6364136223846793005u + 1442695040888963407u;
	return ((uint32_t)(sw_seed >> 33));
}

/* In main(), before there are threads: from then on the port asks. Caches are off, so that it is asked each time. */
static inline void
sw_init(void)
{
	if (getenv("NGU_TEST_SEED") != NULL)
		sw_seed = sw_began = strtoull(getenv("NGU_TEST_SEED"), NULL, 10);
	ngu__port_alloc_hook = sw_hook;
	ngu__zone_bypass(true);
}

static inline int
sw_setup(void **state)
{
	sw_where[0] = '\0';
	return (ngt_setup(state));
}

static inline int
sw_teardown(void **state)
{
	sw_stop();
	if (sw_where[0] != '\0') {
		print_error("in %s\n", sw_where);
		return (ngt_teardown(state));
	}
#ifdef NGU_ASAN
	if (__lsan_do_recoverable_leak_check() != 0)
		return (-1);
#endif
	return (ngt_teardown(state));
}

#define sw_test(f) cmocka_unit_test_setup_teardown(f, sw_setup, sw_teardown)

/* Errors that were logged: somebody was told. */
static _Atomic unsigned sw_logged;

static inline void
sw_log(void *arg, int level, const char *line)
{
	(void)arg;
	(void)line;
	if (level <= LOG_ERR)
		atomic_fetch_add(&sw_logged, 1u);
}

static inline void
sw_make(const struct sw_op *op, struct sw *s)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .name = "sweep", .fake_clock = true, .workers = op->workers, .log = sw_log };

	atomic_store(&sw_logged, 0u);
	memset(s, 0, sizeof(*s));
	if (op->flags & SW_BARE)
		return;
	ngt_trace_type("a", 0);
	ngt_trace_type("b", 0);
	ngt_trace_type("f", NGT_FORWARD);
	s->t = ngt_graph_with(&o, op->text);
	if (op->setup != NULL)
		op->setup(s, op->arg);
	sw_collect(s);
	s->len = 0;
	s->got[0] = '\0';
}

static inline int
sw_run(const struct sw_op *op, struct sw *s, unsigned at, bool rest)
{
	struct ngu_graph *before = op->flags & SW_BARE ? NULL : ngu_graph_enter(ngt_g(s->t));
	int error;

	sw_prepare(at, rest);
	if (op->flags & SW_ANY_THREAD)
		atomic_store(&sw_mem.all, true);
	if (!(op->flags & SW_INNER))
		sw_begin();
	error = op->run(s, op->arg);
	sw_stop();
	if (s->t != NULL) {
		sw_collect(s);
		(void)ngu_graph_enter(before);
	}
	sw_runs++;
	return (error);
}

static inline void
sw_end(const struct sw_op *op, struct sw *s, uint64_t inuse)
{
	if (s->t != NULL)
		ngt_end(s->t);
	ngt_trace_clear();
	assert_int_equal(sw_inuse(), inuse);
}

static inline uint64_t
sw_lost(const struct sw_op *op, struct sw *s)
{
	struct ngu_graph_stats st;

	if (!(op->flags & SW_LOSSY))
		return (0);
	ngu_graph_stats(ngt_g(s->t), &st);
	return (st.refused + st.dropped + s->reported + atomic_load(&sw_logged) + (op->lost != NULL ? op->lost(s, op->arg) : 0));
}

/* A run nobody disturbs. Returns its allocations. */
static inline unsigned
sw_reference(const struct sw_op *op, struct sw *ref, struct sw_look *after, uint64_t inuse)
{
	unsigned seen;
	int error;

	sw_make(op, ref);
	if (op->before != NULL)
		op->before(ref, op->arg);
	error = sw_run(op, ref, 0, false);
	assert_int_equal(error, 0);
	seen = atomic_load(&sw_mem.seen);
	if (op->after != NULL)
		op->after(ref, op->arg, 0);
	if (ref->t != NULL)
		sw_look(ref->t, after, false, (op->flags & SW_TIMERS) == 0);
	sw_end(op, ref, inuse);
	return (seen);
}

/* One try with memory refused. True when it got so far that something was. */
static inline bool
sw_try(const struct sw_op *op, unsigned at, bool rest, const struct sw *ref, const struct sw_look *want, uint64_t inuse)
{
	static struct sw_look before, after;
	static struct sw s;
	uint64_t lost;
	bool refused;
	int error;

	(void)snprintf(sw_where, sizeof(sw_where), "%s: allocation %u%s refused, seed %llu", op->name, at, rest ? " and all later ones" : "",
	    (unsigned long long)sw_began);
	sw_make(op, &s);
	if (s.t != NULL)
		sw_look(s.t, &before, true, (op->flags & SW_TIMERS) == 0);
	if (op->before != NULL)
		op->before(&s, op->arg);
	ngt_trace_clear();
	lost = sw_lost(op, &s);
	error = sw_run(op, &s, at, rest);
	refused = atomic_load(&sw_mem.seen) >= at;
	if (op->after != NULL)
		op->after(&s, op->arg, error);
	if (!refused)
		assert_int_equal(error, 0);
	if (error != 0) {
		sw_failures++;
		if (!(error == ENOMEM && (op->flags & SW_ENOMEM)) && !(error == ENOBUFS && (op->flags & SW_ENOBUFS)))
			fail_msg("error %d is not documented", error);
		assert_true(sw_part_of(s.got, ref->got));
		if (s.t != NULL) {
			const char *trace = ngt_trace_text();

			sw_look(s.t, &after, true, (op->flags & SW_TIMERS) == 0);
			assert_string_equal(after.text, before.text);
			assert_int_equal(sw_times(trace, "newhook"), sw_times(trace, "disconnect"));
			assert_int_equal(sw_times(trace, "constructor"), sw_times(trace, "shutdown"));
		}
		/* Again, with memory. */
		s.len = 0;
		s.got[0] = '\0';
		if (op->before != NULL)
			op->before(&s, op->arg);
		error = sw_run(op, &s, 0, false);
		assert_int_equal(error, 0);
		if (op->after != NULL)
			op->after(&s, op->arg, 0);
		assert_string_equal(s.got, ref->got);
	} else if ((op->flags & SW_LOSSY) && strcmp(s.got, ref->got) != 0) {
		assert_true(sw_part_of(s.got, ref->got));
		assert_true(sw_lost(op, &s) > lost);
	} else if ((op->flags & SW_NOTICES) && strcmp(s.got, ref->got) != 0) {
		assert_true(sw_part_of(s.got, ref->got));
		assert_true(sw_times(ref->got, " message ") - sw_times(s.got, " message ") == sw_times(ref->got, "\n") - sw_times(s.got, "\n"));
	} else {
		assert_string_equal(s.got, ref->got);
	}
	if (s.t != NULL) {
		sw_look(s.t, &after, false, (op->flags & SW_TIMERS) == 0);
		assert_string_equal(after.text, want->text);
	}
	sw_end(op, &s, inuse);
	return (refused);
}

static inline void
sw_sweep(const struct sw_op *op)
{
	static struct sw ref;
	static struct sw_look want;
	unsigned n, k, most;
	uint64_t inuse;

	(void)snprintf(sw_where, sizeof(sw_where), "%s: nothing refused", op->name);
	/* The first time brings what is made once in a process. */
	inuse = sw_inuse();
	(void)sw_reference(op, &ref, &want, inuse);
	n = sw_reference(op, &ref, &want, inuse);
	for (unsigned rest = 0; rest < 2; rest++) {
		most = n + 2;
		for (k = 1; k <= most && k <= SW_TRIES; k++)
			if (!sw_try(op, most <= SW_TRIES || k <= SW_TRIES / 2 ? k : 1 + sw_random() % most, rest != 0, &ref, &want, inuse) &&
			    !(op->flags & SW_ANY_THREAD) && most <= SW_TRIES && k > n)
				break;
	}
	sw_where[0] = '\0';
}

/* A sweep that refused nothing would pass: each group says how many runs failed for it. */
#define SW_SWEEP(ops) \
	do { \
		const unsigned long sw_r = sw_runs, sw_f = sw_failures; \
\
		for (size_t sw_i = 0; sw_i < NITEMS(ops); sw_i++) \
			sw_sweep(&(ops)[sw_i]); \
		print_message("%s: %zu operations, %lu runs, %lu failed for memory\n", #ops, NITEMS(ops), sw_runs - sw_r, \
		    sw_failures - sw_f); \
	} while (0)

/* ---- operations many need ---- */

/* A message, and its reply as text. */
struct sw_msg {
	const char *path;
	uint32_t cookie, cmd;
	const void *arg;
	size_t len;
};

static inline int
sw_msg(struct sw *s, const void *arg)
{
	const struct sw_msg *m = arg;
	struct ng_mesg *reply = NULL;
	int error = ngu_msg(ngt_g(s->t), m->path, m->cookie, m->cmd, m->arg, m->len, &reply);

	sw_stop();
	if (reply != NULL) {
		sw_say(s, "reply %u:%u flags %u ", reply->header.typecookie, reply->header.cmd, reply->header.flags);
		sw_say_bytes(s, reply->data, reply->header.arglen);
		ngu_msg_free(reply);
	}
	return (error);
}

#endif /* TESTS_SUPPORT_SWEEP_H */
