/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * race.c - who touched what, and whether anything put it in order.
 *
 * Clocks     each thread counts its releases; vc[u] is how much of thread u this thread has learned of. Two accesses of
 *            different threads are ordered when the later one's thread knows the release after the earlier one. A plain
 *            access and any other, one of them a write, that are not ordered are a race, in whatever order they came.
 * Releases   a store that releases leaves its clock at the word, a read-modify-write adds to what is there, a relaxed store
 *            leaves that of the last release fence. Sequential consistency orders no more than acquire and release do.
 * Histories  each thread's history is a hash of its events on shared words: each with the write it saw, and for a write the reads
 *            it comes after. Two runs with the same histories differ only in the order of independent steps.
 */
#include <string.h>

#include "lab/cell.h"

static const char *const kind_name[AC_KINDS] = { "read", "write", "atomic read", "atomic write" };

struct lab_sync *
lab_sync(struct lab_cell *c)
{
	if (c->sync == 0) {
		if (lab->nsync == lab->max_sync)
			lab_fail(NGU_LAB_SELF, "a run uses more than %u atomic words", lab->max_sync);
		c->sync = lab->nsync++;
		memset(&lab->sync[c->sync], 0, sizeof(*lab->sync));
	}
	return (&lab->sync[c->sync]);
}

void
lab_join(uint32_t *to, const uint32_t *from)
{
	for (unsigned i = 0; i < LAB_THREADS; i++)
		if (from[i] > to[i])
			to[i] = from[i];
}

void
lab_copy(uint32_t *to, const uint32_t *from)
{
	memcpy(to, from, LAB_THREADS * sizeof(*to));
}

void
lab_release(uint32_t *to)
{
	struct lab_thread *t = lab->self;

	lab_join(to, t->vc);
	t->vc[lab->cur]++;
}

static void
race(uintptr_t p, unsigned other, unsigned okind, unsigned kind, uintptr_t pc)
{
	char where[160];

	if (p - LAB_SHADOW < LAB_ARENA)
		lab_fail_at(NGU_LAB_GATE, pc, p - LAB_SHADOW + LAB_BASE, "%s is %s beside %s, who is %s: nothing keeps them apart",
		    lab->self->name, kind == AC_WRITE ? "a node's writer" : "in a node", lab->thread[other].name,
		    okind == AC_WRITE ? "its writer" : "in it as a reader");
	lab_fail_at(NGU_LAB_RACE, pc, p, "data race on %s: %s by %s, %s by %s, and nothing orders them", lab_where(p, where, sizeof(where)),
	    kind_name[okind], lab->thread[other].name, kind_name[kind], lab->self->name);
}

/* Kinds that do not go together with `kind` when unordered. */
static const uint8_t conflicts[AC_KINDS] = {
	[AC_READ] = 1u << AC_WRITE | 1u << AC_AWRITE,
	[AC_WRITE] = 1u << AC_READ | 1u << AC_WRITE | 1u << AC_AREAD | 1u << AC_AWRITE,
	[AC_AREAD] = 1u << AC_WRITE,
	[AC_AWRITE] = 1u << AC_READ | 1u << AC_WRITE,
};

static void
second(struct lab_cell *c)
{
	struct lab_ext *x;

	if (lab->next == lab->max_ext)
		lab_fail(NGU_LAB_SELF, "a run shares more than %u words", lab->max_ext);
	c->ext = lab->next++;
	x = &lab->ext[c->ext];
	memset(x, 0, sizeof(*x));
	memcpy(x->e[c->first], c->e, sizeof(c->e));
	memcpy(x->m[c->first], c->m, sizeof(c->m));
}

void
lab_meet(struct lab_cell *c, uintptr_t p, unsigned mask, unsigned kind, uintptr_t pc)
{
	const struct lab_thread *t = lab->self;
	unsigned tid = lab->cur;
	struct lab_ext *x;

	if (c->ext == 0)
		second(c);
	x = &lab->ext[c->ext];
	for (unsigned u = 0; u < LAB_THREADS; u++) {
		if (u == tid || (c->touched >> u & 1) == 0)
			continue;
		for (unsigned k = 0; k < AC_KINDS; k++) {
			unsigned both = x->m[u][k] & mask;

			if (both == 0 || (conflicts[kind] >> k & 1) == 0)
				continue;
			if (((both & 0x0f) != 0 && x->e[u][0][k] > t->vc[u]) || ((both & 0xf0) != 0 && x->e[u][1][k] > t->vc[u]))
				race(p, u, k, kind, pc);
		}
	}
	if ((mask & 0x0f) != 0) {
		x->m[tid][kind] = (uint8_t)((x->e[tid][0][kind] == t->vc[tid] ? x->m[tid][kind] : x->m[tid][kind] & 0xf0) | (mask & 0x0f));
		x->e[tid][0][kind] = t->vc[tid];
	}
	if ((mask & 0xf0) != 0) {
		x->m[tid][kind] = (uint8_t)((x->e[tid][1][kind] == t->vc[tid] ? x->m[tid][kind] : x->m[tid][kind] & 0x0f) | (mask & 0xf0));
		x->e[tid][1][kind] = t->vc[tid];
	}
	c->touched |= (uint8_t)(1u << tid);
	if (c->shared == 0 && c->wrote != 0 && !lab->free_run) {
		c->shared = 1;
		lab->learned = true;
	}
}

/* For the first time in any run. A second writer makes points of the first one's reads. */
void
lab_writer(struct lab_cell *c, unsigned bit)
{
	if (c->shared != 0 && (c->writers & (c->writers - 1)) == 0)
		lab->learned = true;
	c->writers |= (uint8_t)bit;
}

void
lab_dead(struct lab_range *r, uintptr_t p, unsigned kind, uintptr_t pc)
{
	char where[160];

	lab_fail_at(NGU_LAB_MEMORY, pc, p, "%s by %s of %s memory: %s", kind_name[kind], lab->self->name,
	    r->dead[(p - r->lo) / 8] == MEM_FREED ? "freed" : "no", lab_where(p, where, sizeof(where)));
}

void
lab_access(uintptr_t p, size_t size, unsigned kind, uintptr_t pc)
{
	struct lab_range *r = &lab->range[0];
	uintptr_t end = p + size;

	if (LAB_UNLIKELY(p - LAB_BASE >= LAB_SIZE) && ((r = lab_range_of(p)) == NULL || lab_ignored(p)))
		return;
	if (LAB_LIKELY((p & 7) + size <= 8)) {
		lab_touch(r, p, ((1u << size) - 1) << (p & 7), kind, pc);
		return;
	}
	while (p < end) {
		uintptr_t granule = p & ~(uintptr_t)7, stop = granule + 8 < end ? granule + 8 : end;

		lab_touch(r, p, ((1u << (stop - p)) - 1) << (p - granule), kind, pc);
		p = stop;
	}
}

/* ---- histories */

static uint64_t
event_id(struct lab_thread *t)
{
	return (lab_mix((uint64_t)(t - lab->thread) << 32 | ++t->nevents, 0x5bd1e995));
}

void
lab_event_read(struct lab_cell *c, struct lab_sync *s)
{
	struct lab_thread *t = lab->self;
	uint64_t id = event_id(t);

	t->hist = lab_mix(t->hist, (uintptr_t)c ^ s->wid);
	s->reads ^= id;
}

void
lab_event_write(struct lab_cell *c, struct lab_sync *s, unsigned tid)
{
	struct lab_thread *t = &lab->thread[tid];

	t->hist = lab_mix(lab_mix(t->hist, (uintptr_t)c ^ s->wid), s->reads + 1);
	s->wid = event_id(t);
	s->reads = 0;
	lab_wrote(c);
}

/* Something else that others' steps may have a bearing on. */
void
lab_event(uint64_t what)
{
	struct lab_thread *t = lab->self;

	t->nevents++;
	t->hist = lab_mix(t->hist, what);
}

uint64_t
lab_signature(void)
{
	uint64_t h = lab_mix((uint64_t)lab->now ^ (uint64_t)lab->rhead << 40, lab->rhash);

	for (unsigned i = 0; i < lab->nthreads; i++) {
		const struct lab_thread *t = &lab->thread[i];

		h = lab_mix(h, t->hist ^ (uint64_t)t->npoints << 32);
		h = lab_mix(h, (uint64_t)t->state | (uint64_t)t->nbuf << 8 | (uint64_t)t->woken << 16 | (uint64_t)t->timedout << 17);
	}
	return (h);
}

/* ---- the gate's contract: being inside a node is an access to a word that stands for the node */

void ngu__lab_gate(const void *node, bool writer);
void
ngu__lab_gate(const void *node, bool writer)
{
	uintptr_t p = (uintptr_t)node;

	if (lab != NULL && lab->on && p - LAB_BASE < LAB_ARENA)
		lab_access(p - LAB_BASE + LAB_SHADOW, 8, writer ? AC_WRITE : AC_READ, LAB_PC());
}

/* ---- who writes where */

static unsigned
line_of(struct lab_range *r, uintptr_t p, void (*line)(void *, const char *), void *arg)
{
	unsigned bodies = 0, n = 0;
	uintptr_t at = 0;
	char where[160], text[320], who[100] = "";

	for (unsigned i = 0; i < 8 && p + i * 8 < r->hi; i++) {
		struct lab_cell *c = &r->cells[(p + i * 8 - r->lo) / 8];

		if (p + i * 8 < r->lo || c->stamp != lab->stamp || (c->wrote & ~3u) == 0 || lab_ignored(p + i * 8))
			continue;
		bodies |= c->wrote & ~3u; /* setup and the reclaimer are not bodies */
		if (at == 0)
			at = p + i * 8;
	}
	for (unsigned i = 2; i < LAB_THREADS; i++)
		if ((bodies >> i & 1) != 0) {
			size_t len = strlen(who);

			n++;
			(void)snprintf(who + len, sizeof(who) - len, "%s%s", len != 0 ? ", " : "", lab->thread[i].name);
		}
	if (n < 2)
		return (0);
	if (line != NULL) {
		(void)snprintf(text, sizeof(text), "line %#lx (%s): written by %s", (unsigned long)p, lab_where(at, where, sizeof(where)), who);
		line(arg, text);
	}
	return (1);
}

unsigned
ngu_lab_shared_lines(void (*line)(void *arg, const char *text), void *arg)
{
	unsigned n = 0;
	bool on;

	if (lab == NULL || !lab->on)
		return (0);
	on = lab->on;
	lab->on = false;
	for (uint32_t i = 0; i < lab->nblocks; i++) {
		uintptr_t lo = (uintptr_t)lab->block[i].p & ~(uintptr_t)63, hi = (uintptr_t)lab->block[i].p + lab->block[i].size;

		for (uintptr_t p = lo; p < hi; p += 64)
			n += line_of(&lab->range[0], p, line, arg);
	}
	for (unsigned k = 1; k < lab->nranges; k++)
		if (lab->range[k].lo != LAB_SHADOW)
			for (uintptr_t p = lab->range[k].lo & ~(uintptr_t)63; p < lab->range[k].hi; p += 64)
				n += line_of(&lab->range[k], p, line, arg);
	lab->on = on;
	return (n);
}
