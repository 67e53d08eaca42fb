/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * strict.c - strict mode's engine: stacks and reports, watched objects, orders of locks. core/strict.c is its other half.
 *
 * Watched    items, mbufs and control messages taken while a graph asks for NGU_STRICT_ITEM: a record before the object, found
 *            by the object's address. The caches of their zones are out of use meanwhile. A freed object is filled with a
 *            pattern and kept for as long as QUARANTINE others are freed after it.
 * Orders     an edge A -> B says that B was once waited for with A held. A new edge that closes a circle is a reversal. Edges
 *            are found without a lock; the first time of each pair takes one.
 * Shared     a lock for 1/64 of the table of objects each, one for the quarantine, one for the orders; held for moments, never
 *            over a report.
 * Invariants
 *   W1  A record is in the table from ngu__watch_new() until its object's memory goes back, so whoever frees an object while
 *       ngu__watched is set finds out whether it has a record. ngu__watched is never cleared.
 *   W2  Only a freed object's record is in the quarantine, once.
 * Blocks     never, but for what the handler of reports does.
 */
#include "kern/strict.h"

#include <sys/mbuf.h>

#include "kern/graph_prefix.h"
#include "reclaim/reclaim.h"

#define TEXT 12288
#define QUARANTINE 2048u
#define BUCKETS 32768u
#define SHARDS 64u
#define PATTERN 0x5a
#define CLASSES 512u
#define EDGES 4096u /* a power of two */
#define CIRCLE 8u   /* locks of a circle that a report shows */

_Atomic uint32_t ngu__strict;
_Atomic uint32_t ngu__watched;

static ngu__spin flags_lock;
#define BITS 10
static uint32_t asking[BITS]; /* graphs that ask for bit n */

static ngu__spin handler_lock;
static ngu_strict_handler *handler;
static void *handler_arg;
static _Atomic uint64_t reports;

/* ---- what is on ---- */

void
ngu__strict_count_flags(uint32_t old, uint32_t new)
{
	uint32_t now = 0;
	bool last;

	ngu__spin_lock(&flags_lock);
	for (unsigned i = 0; i < BITS; i++) {
		if (old & 1u << i)
			asking[i]--;
		if (new & 1u << i)
			asking[i]++;
		if (asking[i] != 0)
			now |= 1u << i;
	}
	last = (NGU_LD_RLX(&ngu__strict) & ~now & NGU_STRICT_ITEM) != 0;
	if (now & NGU_STRICT_ITEM)
		NGU_ST_SC(&ngu__watched, 1u);
	NGU_ST_SC(&ngu__strict, now);
	ngu__spin_unlock(&flags_lock);
	if (last)
		ngu__watch_sweep();
}

void
ngu_strict_set_handler(ngu_strict_handler *fn, void *arg)
{
	ngu__spin_lock(&handler_lock);
	handler = fn;
	handler_arg = arg;
	ngu__spin_unlock(&handler_lock);
}

uint64_t
ngu_strict_count(void)
{
	return (NGU_LD_RLX(&reports));
}

bool
ngu__strict_wants(struct ngu__thread *ts, uint32_t bit)
{
	return (((ts->graph != NULL ? NGU_LD_RLX(&ngu__graph_prefix(ts->graph)->strict) : NGU_LD_RLX(&ngu__strict)) & bit) != 0);
}

/* ---- places ---- */

NGU_NOINLINE void
ngu__stack_take(struct ngu__stack *s)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu__strict_thread *st = ngu__strict_self(ts);
	void *pc[NGU_STACK + 1];
	unsigned n = ngu__port_backtrace(pc, NGU_STACK + 1, st != NULL ? &st->stacks : NULL);

	s->n = n != 0 ? n - 1 : 0; /* without this function */
	ngu__memcpy(s->pc, pc + 1, s->n * sizeof(pc[0]));
	s->file = ts->site_file;
	s->line = ts->site_line;
	s->thread = ts->id;
}

struct ngu__strict_thread *
ngu__strict_self(struct ngu__thread *ts)
{
	if (ts->strict == NULL) {
		ts->strict = ngu__port_alloc(sizeof(*ts->strict), 16);
		NGU_KEPT(ts->strict);
	}
	return (ts->strict);
}

void
ngu__strict_forget(struct ngu__thread *ts)
{
	ts->site_file = NULL;
	if (ts->strict != NULL) {
		ts->strict->nheld = 0;
		ts->strict->sec = 0;
		ts->strict->reporting = false;
	}
}

void
ngu__strict_section(struct ngu__thread *ts)
{
	struct ngu__strict_thread *st = ngu__strict_self(ts);
	uint32_t sec = NGU_LD_RLX(&ts->sec);

	if (st != NULL && ts->nest != 0 && st->sec != sec) {
		ngu__stack_take(&st->section);
		st->sec = sec;
	}
}

const struct ngu__stack *
ngu__strict_section_at(struct ngu__thread *ts)
{
	return (ts->strict != NULL && ts->nest != 0 && ts->strict->sec == NGU_LD_RLX(&ts->sec) ? &ts->strict->section : NULL);
}

/* ---- reports ---- */

struct text {
	char *p;
	size_t size, n;
};

static void add(struct text *t, const char *fmt, ...) __attribute__((__format__(__printf__, 2, 3)));

static void
add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = ngu__port_vsnprintf(t->p + t->n, t->size - t->n, fmt, ap);
	va_end(ap);
	if (n > 0)
		t->n = t->n + (size_t)n < t->size ? t->n + (size_t)n : t->size - 1;
}

static void
add_place(struct text *t, const char *label, const struct ngu__stack *s)
{
	char name[160];

	if (s == NULL || (s->n == 0 && s->file == NULL))
		return;
	add(t, "  %s", label);
	if (s->file != NULL)
		add(t, " at %s:%d", s->file, s->line);
	add(t, ", thread %llu:\n", (unsigned long long)s->thread);
	for (uint32_t i = 0; i < s->n; i++) {
		ngu__port_symbol(name, sizeof(name), s->pc[i]);
		add(t, "    #%u %s\n", i, name);
	}
}

/* Line by line to the graph's log. */
static void
to_log(struct ngu_graph *g, char *text)
{
	char *end;

	for (char *p = text; *p != '\0'; p = end) {
		for (end = p; *end != '\0' && *end != '\n'; end++)
			;
		if (*end == '\n')
			*end++ = '\0';
		ngu__graph_log(g, 3, p);
	}
}

void
ngu__strict_report(unsigned kind, struct ngu_graph *g, const struct ngu__stack *here, const struct ngu__place *places, unsigned n,
    const char *fmt, ...)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu__strict_thread *st = ngu__strict_self(ts);
	struct ngu_strict_report r = { sizeof(r), kind, g, NULL, NULL };
	struct ngu__stack now;
	struct text t;
	char small[512], what[400];
	ngu_strict_handler *fn;
	void *arg;
	va_list ap;

	if (st != NULL && st->reporting) /* the handler itself */
		return;
	if (st != NULL)
		st->reporting = true;
	(void)NGU_FADD_RLX(&reports, 1u);
	if (here == NULL) {
		ngu__stack_take(&now);
		here = &now;
	}
	va_start(ap, fmt);
	(void)ngu__port_vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	t.size = TEXT;
	t.n = 0;
	if ((t.p = ngu__port_alloc(TEXT, 16)) == NULL) {
		t.p = small;
		t.size = sizeof(small);
	}
	add(&t, "strict: %s\n", what);
	add_place(&t, "it happened", here);
	for (unsigned i = 0; i < n; i++)
		add_place(&t, places[i].label, places[i].at);
	r.what = what;
	r.text = t.p;
	ngu__spin_lock(&handler_lock);
	fn = handler;
	arg = handler_arg;
	ngu__spin_unlock(&handler_lock);
	if (fn != NULL) {
		fn(arg, &r);
	} else {
		to_log(g, t.p);
		if (((g != NULL ? NGU_LD_RLX(&ngu__graph_prefix(g)->strict) : NGU_LD_RLX(&ngu__strict)) & NGU_STRICT_ABORT) != 0)
			ngu__port_die("libng: strict: %s", what);
	}
	if (t.p != small)
		ngu__port_free(t.p);
	if (st != NULL)
		st->reporting = false;
}

NGU_NOINLINE void
ngu__strict_sleep(const char *what)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu__place place = { "the section was entered", ngu__strict_section_at(ts) };

	if (ts->nest != 0 && ngu__strict_wants(ts, NGU_STRICT_SLEEP))
		ngu__strict_report(NGU_STRICT_SLEEP, ts->graph, NULL, &place, 1, "%s inside a read section", what);
}

/* What the macros of sources compiled with NGU_DEBUG say before and after a call. */
void
ngu_k_site(const char *file, int line)
{
	struct ngu__thread *ts = ngu__self();

	ts->site_file = file;
	ts->site_line = line;
}

/* ---- watched objects ---- */

struct record {
	uintptr_t next; /* in its bucket, inverted: a leak checker must not take the table for a user of the object */
	void *base;	/* of the allocation */
	uint32_t size;
	uint8_t kind, state;
	struct ngu__stack taken, last; /* last: freed or queued */
};

static uintptr_t table[BUCKETS]; /* inverted as well; 0 is the end */
static ngu__spin shard[SHARDS];
static ngu__spin quarantine_lock;
static struct record *quarantine[QUARANTINE];
static uint32_t oldest;

static const char *const kind_name[] = { "item", "mbuf", "message" };

#define HEAD(align) ((sizeof(struct record) + (align) - 1) / (align) * (align))

static void *
object_of(const struct record *r)
{
	return ((char *)(uintptr_t)r + sizeof(*r)); /* the record stands right before its object */
}

static uint32_t
bucket_of(const void *p)
{
	return ((uint32_t)(((uintptr_t)p >> 4) * 0x9e3779b97f4a7c15u >> 40) & (BUCKETS - 1));
}

static ngu__spin *
shard_of(uint32_t b)
{
	return (&shard[b & (SHARDS - 1)]);
}

static struct record *
find(uint32_t b, const void *p)
{
	for (uintptr_t e = table[b]; e != 0;) {
		struct record *r = (struct record *)~e;

		if (object_of(r) == p)
			return (r);
		e = r->next;
	}
	return (NULL);
}

static void
unlink_record(uint32_t b, struct record *r)
{
	uintptr_t *e = &table[b];

	while (*e != ~(uintptr_t)r)
		e = &((struct record *)~*e)->next;
	*e = r->next;
}

/* Bytes at the front of a freed object that are left readable, with a harmless content: what the core looks at first. */
static uint32_t
readable(const struct record *r)
{
	return (r->kind == NGU_W_ITEM ? (uint32_t)sizeof(unsigned long) : r->kind == NGU_W_MBUF ? NGU_MHEADER : 0);
}

void *
ngu__watch_new(enum ngu__watch_kind kind, size_t size, size_t align)
{
	size_t head = HEAD(align < 16 ? 16 : align);
	char *base = ngu__port_alloc(head + size, align);
	struct record *r;
	uint32_t b;

	if (base == NULL)
		return (NULL);
	r = (struct record *)(void *)(base + head - sizeof(*r));
	r->base = base;
	r->size = (uint32_t)size;
	r->kind = (uint8_t)kind;
	r->state = NGU_WS_LIVE;
	ngu__stack_take(&r->taken);
	b = bucket_of(object_of(r));
	ngu__spin_lock(shard_of(b));
	r->next = table[b];
	table[b] = ~(uintptr_t)r;
	ngu__spin_unlock(shard_of(b));
	return (object_of(r));
}

/* Out of the quarantine and the table: look at it once more, and give its memory back. */
static void
record_drop(struct record *r)
{
	const unsigned char *p = object_of(r);
	struct ngu__place place[2] = { { "it was freed", &r->last }, { "it was taken", &r->taken } };
	struct ngu__stack unknown = { .n = 0 };
	uint32_t i = readable(r), b = bucket_of(p);

#ifndef NGU_ASAN /* which reports the access itself */
	for (; i < r->size && p[i] == PATTERN; i++)
		;
	if (i < r->size)
		ngu__strict_report(NGU_STRICT_ITEM, NULL, &unknown, place, 2, "%s %p was written to at byte %u after it was freed",
		    kind_name[r->kind], (const void *)p, i);
#else
	(void)i;
	(void)place;
	(void)unknown;
#endif
	NGU_TOUCH(p, r->size);
	ngu__spin_lock(shard_of(b));
	unlink_record(b, r);
	ngu__spin_unlock(shard_of(b));
	ngu__port_free(r->base);
}

static void
fill(struct record *r)
{
	char *p = object_of(r);
	uint32_t keep = readable(r);

	ngu__memset(p, PATTERN, r->size);
	if (r->kind == NGU_W_MBUF) {
		struct mbuf *m = (struct mbuf *)(void *)p;

		ngu__memset(m, 0, NGU_MHEADER);
		m->m_type = MT_DATA; /* a second m_free() gets as far as this file */
	}
	NGU_NOTOUCH(p + keep, r->size - keep);
}

bool
ngu__watch_free(void *p)
{
	uint32_t b = bucket_of(p);
	struct ngu__stack first, taken;
	struct record *r, *old;
	unsigned kind;

	ngu__spin_lock(shard_of(b));
	if ((r = find(b, p)) == NULL) {
		ngu__spin_unlock(shard_of(b));
		return (false);
	}
	kind = r->kind;
	if (r->state != NGU_WS_LIVE) {
		struct ngu__place place[2] = { { r->state == NGU_WS_FREED ? "it was freed first" : "it was sent", &first },
			{ "it was taken", &taken } };
		bool queued = r->state == NGU_WS_QUEUED;

		first = r->last;
		taken = r->taken;
		ngu__spin_unlock(shard_of(b));
		ngu__strict_report(NGU_STRICT_ITEM, ngu__self()->graph, NULL, place, 2,
		    queued ? "%s %p is freed while it waits in a queue" : "%s %p is freed twice", kind_name[kind], p);
		return (true);
	}
	r->state = NGU_WS_FREED;
	ngu__spin_unlock(shard_of(b));
	ngu__stack_take(&r->last);
	fill(r);
	if (!NGU_STRICT_ON(NGU_STRICT_ITEM)) {
		record_drop(r);
		return (true);
	}
	ngu__spin_lock(&quarantine_lock);
	old = quarantine[oldest];
	quarantine[oldest] = r;
	oldest = (oldest + 1) % QUARANTINE;
	ngu__spin_unlock(&quarantine_lock);
	if (old != NULL)
		record_drop(old);
	return (true);
}

enum ngu__watch_state
ngu__watch_look(const void *p, struct ngu__stack *at)
{
	enum ngu__watch_state state = NGU_WS_UNKNOWN;
	uint32_t b = bucket_of(p);
	struct record *r;

	ngu__spin_lock(shard_of(b));
	if ((r = find(b, p)) != NULL) {
		state = (enum ngu__watch_state)r->state;
		if (at != NULL)
			*at = state == NGU_WS_LIVE ? r->taken : r->last;
	}
	ngu__spin_unlock(shard_of(b));
	return (state);
}

void
ngu__watch_queued(const void *p, bool queued)
{
	uint32_t b = bucket_of(p);
	struct ngu__stack here;
	struct record *r;

	if (queued)
		ngu__stack_take(&here);
	ngu__spin_lock(shard_of(b));
	if ((r = find(b, p)) != NULL && r->state != NGU_WS_FREED) {
		r->state = queued ? NGU_WS_QUEUED : NGU_WS_LIVE;
		if (queued)
			r->last = here;
	}
	ngu__spin_unlock(shard_of(b));
}

void
ngu__watch_sweep(void)
{
	struct record *r;

	for (uint32_t i = 0; i < QUARANTINE; i++) {
		ngu__spin_lock(&quarantine_lock);
		r = quarantine[i];
		quarantine[i] = NULL;
		ngu__spin_unlock(&quarantine_lock);
		if (r != NULL)
			record_drop(r);
	}
}

/* ---- locks ---- */

struct edge {
	uint32_t from, to;
	struct ngu__stack held, took; /* where `from` had been taken, where `to` was then */
};

static ngu__spin order_lock;
static char class_name[CLASSES][40];
static _Atomic uint32_t nclasses;
static _Atomic(struct edge *) edge[EDGES]; /* open addressing; grows only */
static uint32_t nedges;

uint32_t
ngu__lock_class(const char *name)
{
	char key[sizeof(class_name[0])];
	uint32_t i, n;

	(void)ngu__strlcpy(key, name, sizeof(key));
	ngu__spin_lock(&order_lock);
	n = NGU_LD_RLX(&nclasses);
	for (i = 0; i < n && ngu__strcmp(class_name[i], key) != 0; i++)
		;
	if (i == n && n < CLASSES) {
		ngu__memcpy(class_name[n], key, sizeof(key));
		NGU_ST_RLX(&nclasses, n + 1);
	}
	ngu__spin_unlock(&order_lock);
	return (i < CLASSES ? i + 1 : 0);
}

/* The edge, or the free slot where it belongs in *slot. */
static struct edge *
edge_find(uint32_t from, uint32_t to, uint32_t *slot)
{
	uint32_t i = (from * 2654435761u ^ to * 40503u) & (EDGES - 1);
	struct edge *e;

	/* ORDER lock-edge (load side): acquire, the edge is complete. */
	while ((e = NGU_LD_ACQ(&edge[i])) != NULL && !(e->from == from && e->to == to))
		i = (i + 1) & (EDGES - 1);
	*slot = i;
	return (e);
}

/*
 * A way from one class to another along known edges, the first edge first, at most CIRCLE of them. Returns how many; 0: there is
 * none. Under order_lock.
 */
static unsigned
way(uint32_t from, uint32_t to, struct edge **out)
{
	static struct edge *by[CLASSES + 1]; /* the edge by which a class was reached */
	static uint32_t next[CLASSES + 1];
	uint32_t head = 0, tail = 0, c;
	unsigned n = 0, i;
	struct edge *e;

	ngu__memset(by, 0, sizeof(by));
	next[tail++] = from;
	while (head < tail && by[to] == NULL) {
		c = next[head++];
		for (i = 0; i < EDGES; i++)
			if ((e = NGU_LD_RLX(&edge[i])) != NULL && e->from == c && by[e->to] == NULL && e->to != from) {
				by[e->to] = e;
				next[tail++] = e->to;
			}
	}
	if (by[to] == NULL)
		return (0);
	for (c = to; c != from; c = by[c]->from)
		n++;
	for (c = to, i = n; c != from; c = by[c]->from)
		if (--i < CIRCLE)
			out[i] = by[c];
	return (n < CIRCLE ? n : CIRCLE);
}

/* B is about to be waited for with A held, for the first time. */
static void
new_edge(const struct ngu__held *a, uint32_t class, const struct ngu__stack *here)
{
	static const char *const held_label = "the first lock had been taken", *const took_label = "the second was taken then";
	struct edge *e = ngu__port_alloc(sizeof(*e), 16), *circle[CIRCLE] = { NULL };
	struct ngu__place place[1 + 2 * CIRCLE];
	uint32_t slot;
	unsigned n = 0, np = 0;
	char then[200];

	if (e == NULL)
		return; /* next time */
	NGU_KEPT(e);
	e->from = a->class;
	e->to = class;
	e->held = a->at;
	e->took = *here;
	ngu__spin_lock(&order_lock);
	if (edge_find(a->class, class, &slot) != NULL || nedges >= EDGES / 2) {
		ngu__spin_unlock(&order_lock);
		ngu__port_free(e);
		return;
	}
	n = way(class, a->class, circle);
	nedges++;
	/* ORDER lock-edge (store side): all of the edge before its address; pairs with the acquire load in edge_find(). */
	NGU_ST_REL(&edge[slot], e);
	ngu__spin_unlock(&order_lock);
	if (n == 0)
		return;
	place[np++] = (struct ngu__place){ "the lock held had been taken", &a->at };
	then[0] = '\0';
	for (unsigned i = 0; i < n; i++) {
		size_t k = ngu__strlen(then);

		(void)ngu__port_snprintf(then + k, sizeof(then) - k, "%s\"%s\" before \"%s\"", i != 0 ? ", " : "",
		    class_name[circle[i]->from - 1], class_name[circle[i]->to - 1]);
		place[np++] = (struct ngu__place){ held_label, &circle[i]->held };
		place[np++] = (struct ngu__place){ took_label, &circle[i]->took };
	}
	ngu__strict_report(NGU_STRICT_ORDER, ngu__self()->graph, here, place, np,
	    "lock order reversal: \"%s\" is taken with \"%s\" held; before, the order was %s", class_name[class - 1],
	    class_name[a->class - 1], then);
}

NGU_NOINLINE void
ngu__lock_take(const void *lock, uint32_t class, unsigned flags)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu__strict_thread *st = ngu__strict_self(ts);
	struct ngu__stack here;
	uint32_t i, slot;

	if ((flags & (NGU_LK_SLEEPABLE | NGU_LK_TRY)) == NGU_LK_SLEEPABLE && NGU_STRICT_ON(NGU_STRICT_SLEEP))
		ngu__strict_sleep("a sleepable lock taken");
	if (st == NULL || class == 0 || !NGU_STRICT_ON(NGU_STRICT_ORDER))
		return;
	ngu__stack_take(&here);
	for (i = 0; i < st->nheld && (flags & NGU_LK_TRY) == 0; i++) {
		struct ngu__held *h = &st->held[i];

		if (h->class == class) {
			struct ngu__place place = { "the other one had been taken", &h->at };

			if (!(flags & NGU_LK_DUPOK) && edge_find(class, class, &slot) == NULL) {
				struct edge *e = ngu__port_alloc(sizeof(*e), 16); /* once for each class */

				if (e == NULL)
					continue;
				e->from = e->to = class;
				ngu__spin_lock(&order_lock);
				if (edge_find(class, class, &slot) != NULL || nedges >= EDGES / 2) {
					ngu__spin_unlock(&order_lock);
					ngu__port_free(e);
					continue;
				}
				nedges++;
				NGU_ST_REL(&edge[slot], e);
				ngu__spin_unlock(&order_lock);
				ngu__strict_report(NGU_STRICT_ORDER, ts->graph, &here, &place, 1,
				    "lock order reversal: \"%s\" is taken with another \"%s\" held, without MTX_DUPOK", class_name[class - 1],
				    class_name[class - 1]);
			}
		} else if (edge_find(h->class, class, &slot) == NULL) {
			new_edge(h, class, &here);
		}
	}
	if (st->nheld < NGU_HELD) {
		st->held[st->nheld].lock = lock;
		st->held[st->nheld].class = class;
		st->held[st->nheld].at = here;
		st->nheld++;
	}
}

void
ngu__lock_drop(const void *lock)
{
	struct ngu__strict_thread *st = ngu__self()->strict;

	if (st == NULL)
		return;
	for (uint32_t i = st->nheld; i-- > 0;)
		if (st->held[i].lock == lock) {
			for (st->nheld--; i < st->nheld; i++)
				st->held[i] = st->held[i + 1];
			break;
		}
}
