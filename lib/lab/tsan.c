/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tsan.c - the calls that -fsanitize=thread puts before each access, and instead of each atomic operation.
 *
 * Plain accesses are made by the caller after the call; atomic operations are made here, so that a store can be held back in
 * a store buffer: a relaxed or releasing store of a shared word may stay there, unseen by others, until the thread's next
 * read-modify-write, sequentially consistent store or fence, until a membarrier, until the thread waits, or until the
 * search lets it out. Later stores queue behind it. That is what x86 does (total store order).
 */
#include <stdatomic.h>
#include <string.h>

#include "lab/cell.h"

/* As the compilers number them. */
enum { MO_RELAXED, MO_CONSUME, MO_ACQUIRE, MO_RELEASE, MO_AR, MO_SC };

#define ACQUIRES(mo) ((mo) == MO_CONSUME || (mo) == MO_ACQUIRE || (mo) == MO_AR || (mo) == MO_SC)
#define RELEASES(mo) ((mo) == MO_RELEASE || (mo) == MO_AR || (mo) == MO_SC)

#define TSAN __attribute__((__visibility__("default")))

/* ---- plain accesses */

/* An atomic access to a known word. */
static inline __attribute__((__always_inline__)) void
atomic(uintptr_t p, size_t size, unsigned kind, uintptr_t pc)
{
	if (LAB_LIKELY(p - LAB_BASE < LAB_SIZE && (p & 7) + size <= 8))
		lab_touch(&lab->range[0], p, ((1u << size) - 1) << (p & 7), kind, pc);
	else
		lab_access(p, size, kind, pc);
}

#define PLAIN(n) \
	TSAN void __tsan_read##n(void *p); \
	TSAN void __tsan_write##n(void *p); \
	TSAN void __tsan_unaligned_read##n(void *p); \
	TSAN void __tsan_unaligned_write##n(void *p); \
	TSAN void __tsan_volatile_read##n(void *p); \
	TSAN void __tsan_volatile_write##n(void *p); \
	TSAN void __tsan_unaligned_volatile_read##n(void *p); \
	TSAN void __tsan_unaligned_volatile_write##n(void *p); \
	TSAN void __tsan_read_write##n(void *p); \
	TSAN void __tsan_unaligned_read_write##n(void *p); \
	void __tsan_read##n(void *p) { lab_plain((uintptr_t)p, n, AC_READ, LAB_PC()); } \
	void __tsan_write##n(void *p) { lab_plain((uintptr_t)p, n, AC_WRITE, LAB_PC()); } \
	void __tsan_unaligned_read##n(void *p) { lab_plain((uintptr_t)p, n, AC_READ, LAB_PC()); } \
	void __tsan_unaligned_write##n(void *p) { lab_plain((uintptr_t)p, n, AC_WRITE, LAB_PC()); } \
	void __tsan_volatile_read##n(void *p) { lab_plain((uintptr_t)p, n, AC_READ, LAB_PC()); } \
	void __tsan_volatile_write##n(void *p) { lab_plain((uintptr_t)p, n, AC_WRITE, LAB_PC()); } \
	void __tsan_unaligned_volatile_read##n(void *p) { lab_plain((uintptr_t)p, n, AC_READ, LAB_PC()); } \
	void __tsan_unaligned_volatile_write##n(void *p) { lab_plain((uintptr_t)p, n, AC_WRITE, LAB_PC()); } \
	void __tsan_read_write##n(void *p) \
	{ \
		lab_plain((uintptr_t)p, n, AC_READ, LAB_PC()); \
		lab_plain((uintptr_t)p, n, AC_WRITE, LAB_PC()); \
	} \
	void __tsan_unaligned_read_write##n(void *p) \
	{ \
		lab_plain((uintptr_t)p, n, AC_READ, LAB_PC()); \
		lab_plain((uintptr_t)p, n, AC_WRITE, LAB_PC()); \
	}

PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)

TSAN void __tsan_read_range(void *p, size_t n);
TSAN void __tsan_write_range(void *p, size_t n);
TSAN void __tsan_vptr_read(void **p);
TSAN void __tsan_vptr_update(void **p, void *v);
TSAN void __tsan_init(void);
TSAN void __tsan_func_entry(void *pc);
TSAN void __tsan_func_exit(void);
TSAN void __tsan_acquire(void *p);
TSAN void __tsan_release(void *p);
TSAN void AnnotateIgnoreSyncBegin(const char *file, int line);
TSAN void AnnotateIgnoreSyncEnd(const char *file, int line);

void
__tsan_read_range(void *p, size_t n)
{
	lab_plain((uintptr_t)p, n, AC_READ, LAB_PC());
}

void
__tsan_write_range(void *p, size_t n)
{
	lab_plain((uintptr_t)p, n, AC_WRITE, LAB_PC());
}

void
__tsan_vptr_read(void **p)
{
	lab_plain((uintptr_t)p, sizeof(*p), AC_READ, LAB_PC());
}

void
__tsan_vptr_update(void **p, void *v)
{
	(void)v;
	lab_plain((uintptr_t)p, sizeof(*p), AC_WRITE, LAB_PC());
}

void
__tsan_init(void)
{
}

void
__tsan_func_entry(void *pc)
{
	struct lab_thread *t;

	if (!LAB_ON())
		return;
	t = lab->self;
	if (t->nframe == 0 && t->first == 0)
		t->first = LAB_PC();
	if (LAB_LIKELY(t->nframe < LAB_FRAMES))
		t->frame[t->nframe] = (uintptr_t)pc;
	t->nframe++;
}

void
__tsan_func_exit(void)
{
	if (LAB_ON() && lab->self->nframe != 0)
		lab->self->nframe--;
}

/* What san.h says of orders that no atomic shows. */
void
__tsan_acquire(void *p)
{
	struct lab_cell *c;

	if (LAB_ON() && (c = lab_cell((uintptr_t)p)) != NULL)
		lab_join(lab->self->vc, lab_sync(c)->vc);
}

void
__tsan_release(void *p)
{
	struct lab_cell *c;

	if (LAB_ON() && (c = lab_cell((uintptr_t)p)) != NULL)
		lab_release(lab_sync(c)->vc);
}

void
AnnotateIgnoreSyncBegin(const char *file, int line)
{
	(void)file;
	(void)line;
}

void
AnnotateIgnoreSyncEnd(const char *file, int line)
{
	(void)file;
	(void)line;
}

/* ---- store buffers */

static void
put(uintptr_t p, unsigned size, uint64_t v)
{
	switch (size) {
	case 1:
		*(volatile uint8_t *)p = (uint8_t)v;
		break;
	case 2:
		*(volatile uint16_t *)p = (uint16_t)v;
		break;
	case 4:
		*(volatile uint32_t *)p = (uint32_t)v;
		break;
	default:
		*(volatile uint64_t *)p = v;
	}
}

static uint64_t
get(uintptr_t p, unsigned size)
{
	switch (size) {
	case 1:
		return (*(volatile uint8_t *)p);
	case 2:
		return (*(volatile uint16_t *)p);
	case 4:
		return (*(volatile uint32_t *)p);
	default:
		return (*(volatile uint64_t *)p);
	}
}

void
lab_flush(unsigned tid, unsigned n)
{
	struct lab_thread *t = &lab->thread[tid];
	unsigned i, k = n < t->nbuf ? n : t->nbuf;

	for (i = 0; i < k; i++) {
		struct lab_store *b = &t->buf[i];
		struct lab_cell *c = lab_cell(b->addr);
		struct lab_sync *s = lab_sync(c);

		if (b->addr - LAB_BASE < LAB_SIZE && lab->range[0].dead[(b->addr - LAB_BASE) / 8] != MEM_LIVE)
			continue; /* the block went before the store came out; whoever frees has reported what there is to report */
		if (c->ustamp != lab->stamp)
			lab_undo_note(c, (uint64_t *)(b->addr & ~(uintptr_t)7));
		put(b->addr, b->size, b->val);
		if (b->releases || s->by != tid + 1)
			lab_copy(s->vc, b->vc);
		s->by = tid + 1;
		s->wid = b->id;
		s->reads = 0;
		lab_wrote(c);
	}
	t->nbuf -= k;
	t->nleft -= k < t->nleft ? k : t->nleft;
	memmove(t->buf, t->buf + k, t->nbuf * sizeof(t->buf[0]));
	t->looked = t->nbuf != 0; /* what is left stays behind */
}

/*
 * The current thread does what lets its stores out. If all it did since the first was held back were more stores, others saw nothing that
 * they would not have seen if it had been stopped before that store instead, for less: this run is one of those.
 */
void
lab_drain(void)
{
	struct lab_thread *t = lab->self;

	if (t->nbuf == 0)
		return;
	if (!t->looked && lab->script == NULL && lab->o.mode == NGU_LAB_DFS && !lab->o.no_prune && !lab->free_run) {
		lab->r.pruned++;
		lab_stop(END_PRUNED);
	}
	lab_flush(lab->cur, ~0u);
}

void
lab_flush_all(void)
{
	for (unsigned i = 0; i < lab->nthreads; i++)
		if (lab->thread[i].nbuf != 0)
			lab_flush(i, ~0u);
}

/* ---- atomic operations */

static inline bool
known(uintptr_t p, struct lab_cell **c)
{
	return ((*c = lab_cell(p)) != NULL && (LAB_LIKELY(p - LAB_BASE < LAB_SIZE) || !lab_ignored(p)));
}

static void
seen(struct lab_cell *c)
{
	struct lab_thread *t = lab->self;

	if (t->nseen < LAB_WATCH) {
		t->seen_wid[t->nseen] = c->sync != 0 ? lab->sync[c->sync].wid : 0;
		t->seen[t->nseen++] = c;
	} else
		t->overflow = true;
}

static uint64_t
a_load(uintptr_t p, unsigned size, int mo, uintptr_t pc)
{
	struct lab_thread *t;
	struct lab_cell *c;
	struct lab_sync *s;
	uint64_t v;

	if (LAB_ON() && lab->check_phase != 0 && p - LAB_BASE < LAB_ARENA && !lab->tracing) {
		/* Nobody runs beside this: what is looked for is freed memory. */
		lab->at++;
		if (LAB_UNLIKELY(lab->range[0].dead[(p - LAB_BASE) / 8] != MEM_LIVE))
			lab_access(p, size, AC_AREAD, pc);
		return (get(p, size));
	}
	if (!LAB_ON() || !known(p, &c))
		return (get(p, size));
	lab_point(lab_meets(c, false), pc, p);
	t = lab->self;
	for (unsigned i = t->nbuf; i-- != 0;)
		if (t->buf[i].addr == p && t->buf[i].size == size) {
			LAB_TRACE(OP_LOAD, pc, p, size, t->buf[i].val, "own store buffer");
			return (t->buf[i].val);
		}
	atomic(p, size, AC_AREAD, pc);
	v = get(p, size);
	if (t->nbuf != 0 && (lab_meets(c, false) || lab->every))
		t->looked = true;
	if (lab->check_phase == 0 && (c->shared != 0 || (c->touched & ~(1u << lab->cur)) != 0)) {
		s = lab_sync(c);
		lab_join(ACQUIRES(mo) ? t->vc : t->acq, s->vc);
		if (c->shared != 0)
			lab_event_read(c, s);
	}
	seen(c);
	LAB_TRACE(OP_LOAD, pc, p, size, v, NULL);
	return (v);
}

static void
a_store(uintptr_t p, unsigned size, uint64_t v, int mo, uintptr_t pc)
{
	struct lab_thread *t;
	struct lab_cell *c;
	struct lab_sync *s;
	bool hold;

	if (!LAB_ON() || !known(p, &c)) {
		put(p, size, v);
		return;
	}
	lab_point(c->shared != 0 || (mo == MO_SC && lab->self->nbuf != 0), pc, p);
	t = lab->self;
	atomic(p, size, AC_AWRITE, pc);
	if (mo == MO_SC)
		lab_drain();
	hold = t->nbuf != 0 || (mo != MO_SC && (c->shared != 0 || lab->every) && !lab->free_run && lab_decide_delay());
	if (hold && t->nbuf == LAB_BUFFER)
		lab_flush(lab->cur, 1);
	if (hold) {
		struct lab_store *b = &t->buf[t->nbuf];

		if (t->nbuf++ == 0)
			t->looked = false;
		b->addr = p;
		b->size = size;
		b->val = v;
		b->releases = RELEASES(mo);
		memset(b->vc, 0, sizeof(b->vc));
		if (RELEASES(mo))
			lab_release(b->vc);
		else
			lab_copy(b->vc, t->rel);
		lab_event(p ^ 0xb0ffe5);
		b->id = t->hist;
		LAB_TRACE(OP_STORE, pc, p, size, v, "held back");
		return;
	}
	LAB_TRACE(OP_STORE, pc, p, size, v, NULL);
	put(p, size, v);
	s = lab_sync(c);
	if (RELEASES(mo)) {
		memset(s->vc, 0, sizeof(s->vc));
		lab_release(s->vc);
	} else if (s->by != lab->cur + 1) /* a thread's later stores carry on its release */
		lab_copy(s->vc, t->rel);
	s->by = lab->cur + 1;
	if (c->shared != 0)
		lab_event_write(c, s, lab->cur);
}

/* Before a read-modify-write: nothing of ours is held back. Returns the cell, NULL when it is none of the lab's. */
static struct lab_cell *
rmw_begin(uintptr_t p, unsigned size, uintptr_t pc, unsigned kind)
{
	struct lab_cell *c;

	if (!LAB_ON() || !known(p, &c))
		return (NULL);
	lab_point(c->shared != 0 || lab->self->nbuf != 0, pc, p); /* until now others may run that do not see what is held back */
	lab_drain();
	atomic(p, size, kind, pc);
	return (c);
}

static void
rmw_end(struct lab_cell *c, int mo)
{
	struct lab_thread *t = lab->self;
	struct lab_sync *s = lab_sync(c);

	lab_join(ACQUIRES(mo) ? t->vc : t->acq, s->vc);
	if (RELEASES(mo))
		lab_release(s->vc);
	else
		lab_join(s->vc, t->rel);
	s->by = lab->cur + 1;
	if (c->shared != 0)
		lab_event_write(c, s, lab->cur);
}

static void
cas_failed(struct lab_cell *c, int mo)
{
	struct lab_sync *s = lab_sync(c);

	lab_join(ACQUIRES(mo) ? lab->self->vc : lab->self->acq, s->vc);
	if (c->shared != 0)
		lab_event_read(c, s);
	seen(c);
}

#define FETCH(bits, T, name, expr) \
	TSAN T __tsan_atomic##bits##_##name(volatile T *p, T v, int mo); \
	T __tsan_atomic##bits##_##name(volatile T *p, T v, int mo) \
	{ \
		struct lab_cell *c = rmw_begin((uintptr_t)p, sizeof(T), LAB_PC(), AC_AWRITE); \
		T old = *p; \
		*p = (T)(expr); \
		if (c != NULL) { \
			rmw_end(c, mo); \
			LAB_TRACE(OP_RMW, LAB_PC(), (uintptr_t)p, sizeof(T), *p, #name); \
		} \
		return (old); \
	}

#define CAS(bits, T, how) \
	TSAN int __tsan_atomic##bits##_compare_exchange_##how(volatile T *p, T *e, T v, int mo, int fmo); \
	int __tsan_atomic##bits##_compare_exchange_##how(volatile T *p, T *e, T v, int mo, int fmo) \
	{ \
		return (cas##bits(p, e, v, mo, fmo, LAB_PC())); \
	}

#define ATOMIC(bits, T) \
	TSAN T __tsan_atomic##bits##_load(const volatile T *p, int mo); \
	TSAN void __tsan_atomic##bits##_store(volatile T *p, T v, int mo); \
	T __tsan_atomic##bits##_load(const volatile T *p, int mo) { return ((T)a_load((uintptr_t)p, sizeof(T), mo, LAB_PC())); } \
	void __tsan_atomic##bits##_store(volatile T *p, T v, int mo) { a_store((uintptr_t)p, sizeof(T), (uint64_t)v, mo, LAB_PC()); } \
	FETCH(bits, T, exchange, v) \
	FETCH(bits, T, fetch_add, old + v) \
	FETCH(bits, T, fetch_sub, old - v) \
	FETCH(bits, T, fetch_and, old & v) \
	FETCH(bits, T, fetch_or, old | v) \
	FETCH(bits, T, fetch_xor, old ^ v) \
	FETCH(bits, T, fetch_nand, ~(old & v)) \
	static int cas##bits(volatile T *p, T *e, T v, int mo, int fmo, uintptr_t pc) \
	{ \
		T expected = *e; \
		struct lab_cell *c = rmw_begin((uintptr_t)p, sizeof(T), pc, AC_AREAD); \
		T old = *p; \
		if (old != expected) { \
			if (c != NULL) { \
				cas_failed(c, fmo); \
				LAB_TRACE(OP_RMW, pc, (uintptr_t)p, sizeof(T), old, "compare and swap failed"); \
			} \
			*e = old; \
			return (0); \
		} \
		if (c != NULL) \
			atomic((uintptr_t)p, sizeof(T), AC_AWRITE, pc); \
		*p = v; \
		if (c != NULL) { \
			rmw_end(c, mo); \
			LAB_TRACE(OP_RMW, pc, (uintptr_t)p, sizeof(T), v, "compare and swap"); \
		} \
		return (1); \
	} \
	CAS(bits, T, strong) \
	CAS(bits, T, weak) \
	TSAN T __tsan_atomic##bits##_compare_exchange_val(volatile T *p, T e, T v, int mo, int fmo); \
	T __tsan_atomic##bits##_compare_exchange_val(volatile T *p, T e, T v, int mo, int fmo) \
	{ \
		(void)cas##bits(p, &e, v, mo, fmo, LAB_PC()); \
		return (e); \
	}

ATOMIC(8, uint8_t)
ATOMIC(16, uint16_t)
ATOMIC(32, uint32_t)
ATOMIC(64, uint64_t)

TSAN void __tsan_atomic_thread_fence(int mo);
TSAN void __tsan_atomic_signal_fence(int mo);

void
__tsan_atomic_thread_fence(int mo)
{
	struct lab_thread *t;

	if (!LAB_ON())
		return;
	lab_point(mo == MO_SC && lab->self->nbuf != 0, LAB_PC(), 1);
	t = lab->self;
	if (mo == MO_SC)
		lab_drain();
	if (ACQUIRES(mo))
		lab_join(t->vc, t->acq);
	if (RELEASES(mo)) {
		lab_copy(t->rel, t->vc);
		t->vc[lab->cur]++;
	}
	LAB_TRACE(OP_FENCE, LAB_PC(), 0, 0, (uint64_t)mo, NULL);
}

void
__tsan_atomic_signal_fence(int mo)
{
	(void)mo;
}
