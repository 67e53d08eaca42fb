/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rwlock.c - rwlock(9), and with it sx(9) and rmlock(9), on a guarded record of who holds what.
 *
 * Invariants (under the guard)
 *   W1  rw_writer != NULL: no reader. rw_readers != 0: no writer.
 *   W2  The depths of rw_reader[] sum up to at most rw_readers; the rest are readers that found no free entry.
 *   W3  rw_event is bumped, and its sleepers woken, whenever the lock becomes free or a waiting writer gives way.
 * A thread that reads already is let in beside a waiting writer, which would wait for it otherwise. Without an entry of its own
 * (more than RW_READERS readers) that cannot be known: then writers that wait do not keep readers out.
 * Blocks     rlock, wlock; the guard for a few instructions.
 */
#include <sys/rwlock.h>
#include <sys/systm.h>

#include "kern/strict.h"
#include "port/port.h"
#include "reclaim/thread.h"

#define MAGIC 0x72776c31u
#define GUARD(l) ((ngu__mtx *)(void *)(l)->rw_storage)
#define EVENT(l) ((_Atomic uint32_t *)&(l)->rw_event)

_Static_assert(sizeof(((struct rwlock *)0)->rw_storage) >= sizeof(ngu__mtx), "the port's mutex fits");
_Static_assert(_Alignof(struct rwlock) >= _Alignof(ngu__mtx), "and is aligned");

static const char *
name_of(const struct rwlock *l)
{
	return (l->rw_name != NULL ? l->rw_name : "?");
}

void
ngu_k_rw_init(struct rwlock *l, const char *name, int opts)
{
	int error;

	ngu__memset(l, 0, sizeof(*l));
	l->rw_name = name;
	l->rw_opts = opts;
	if ((error = ngu__mtx_init(GUARD(l))) != 0)
		panic("rw_init %s: error %d", name_of(l), error);
	l->rw_class = ngu__lock_class(name_of(l));
	l->rw_magic = MAGIC;
}

void
ngu_k_rw_destroy(struct rwlock *l)
{
	if (l->rw_magic != MAGIC)
		panic("rw_destroy %s: not initialised", name_of(l));
	if (l->rw_writer != NULL || l->rw_readers != 0)
		panic("rw_destroy %s: held", name_of(l));
	l->rw_magic = 0;
	ngu__mtx_destroy(GUARD(l));
}

int
ngu_k_rw_initialized(const struct rwlock *l)
{
	return (l->rw_magic == MAGIC);
}

/* The entry of a reader, or with NULL a free one; -1: there is none. */
static int
entry(const struct rwlock *l, const void *who)
{
	for (int i = 0; i < RW_READERS; i++)
		if (l->rw_reader[i].who == who)
			return (i);
	return (-1);
}

static uint32_t
listed(const struct rwlock *l)
{
	uint32_t n = 0;

	for (int i = 0; i < RW_READERS; i++)
		n += l->rw_reader[i].depth;
	return (n);
}

static void
guard(struct rwlock *l)
{
	if (NGU_UNLIKELY(l->rw_magic != MAGIC))
		panic("rwlock %s: not initialised", name_of(l));
	ngu__mtx_lock(GUARD(l));
}

/* Whoever waits may look again. The guard is held, and given back. */
static void
tell(struct rwlock *l)
{
	(void)NGU_FADD_AR(EVENT(l), 1u);
	ngu__mtx_unlock(GUARD(l));
	ngu__port_wake(EVENT(l), INT32_MAX);
}

static NGU_NOINLINE void
note(struct rwlock *l, bool try)
{
	if ((l->rw_opts & RW_NOWITNESS) == 0)
		ngu__lock_take(l, l->rw_class, (try ? NGU_LK_TRY : 0) | ((l->rw_opts & RW_DUPOK) != 0 ? NGU_LK_DUPOK : 0) |
		    ((l->rw_opts & NGU_RW_SLEEPABLE) != 0 ? NGU_LK_SLEEPABLE : 0));
}

static void
drop(struct rwlock *l)
{
	if (NGU_UNLIKELY(ngu__self()->strict != NULL))
		ngu__lock_drop(l);
}

/* Under the guard: one read lock more, if that can be now. */
static bool
read_now(struct rwlock *l, void *self)
{
	int i = entry(l, self);

	if (l->rw_writer != NULL || (l->rw_waiting != 0 && i < 0 && listed(l) == l->rw_readers))
		return (false);
	l->rw_readers++;
	if (i >= 0 || (i = entry(l, NULL)) >= 0) {
		l->rw_reader[i].who = self;
		l->rw_reader[i].depth++;
	}
	return (true);
}

static bool
write_now(struct rwlock *l, void *self)
{
	if (l->rw_writer != NULL || l->rw_readers != 0)
		return (false);
	l->rw_writer = self;
	return (true);
}

/* The writer asks once more: true if it may. */
static bool
write_again(struct rwlock *l, const void *self)
{
	if (l->rw_writer != self)
		return (false);
	if ((l->rw_opts & RW_RECURSE) == 0) {
		ngu__mtx_unlock(GUARD(l));
		panic("rw_wlock %s: this thread holds it", name_of(l));
	}
	l->rw_depth++;
	return (true);
}

/* Sleep until something changed. The guard is held before and after. */
static void
sleep_on(struct rwlock *l)
{
	uint32_t seen = NGU_LD_RLX(EVENT(l));

	ngu__mtx_unlock(GUARD(l));
	ngu__port_wait(EVENT(l), seen, -1);
	ngu__mtx_lock(GUARD(l));
}

void
ngu_k_rw_rlock(struct rwlock *l)
{
	void *self = ngu__self();
	bool first;

	guard(l);
	if (l->rw_writer == self) {
		ngu__mtx_unlock(GUARD(l));
		panic("rw_rlock %s: this thread holds it for writing", name_of(l));
	}
	first = entry(l, self) < 0;
	if (first && NGU_STRICT_ON(NGU_STRICT_ORDER | NGU_STRICT_SLEEP)) {
		ngu__mtx_unlock(GUARD(l));
		note(l, false);
		ngu__mtx_lock(GUARD(l));
	}
	while (!read_now(l, self))
		sleep_on(l);
	ngu__mtx_unlock(GUARD(l));
	ngu__self()->site_file = NULL;
}

int
ngu_k_rw_try_rlock(struct rwlock *l)
{
	void *self = ngu__self();
	bool first, done;

	guard(l);
	first = entry(l, self) < 0;
	done = read_now(l, self);
	ngu__mtx_unlock(GUARD(l));
	if (done && first && NGU_STRICT_ON(NGU_STRICT_ORDER))
		note(l, true);
	return (done);
}

void
ngu_k_rw_wlock(struct rwlock *l)
{
	void *self = ngu__self();

	guard(l);
	if (entry(l, self) >= 0) {
		ngu__mtx_unlock(GUARD(l));
		panic("rw_wlock %s: this thread holds it for reading", name_of(l));
	}
	if (!write_again(l, self)) {
		if (NGU_STRICT_ON(NGU_STRICT_ORDER | NGU_STRICT_SLEEP)) {
			ngu__mtx_unlock(GUARD(l));
			note(l, false);
			ngu__mtx_lock(GUARD(l));
		}
		l->rw_waiting++;
		while (!write_now(l, self))
			sleep_on(l);
		l->rw_waiting--;
	}
	ngu__mtx_unlock(GUARD(l));
	ngu__self()->site_file = NULL;
}

int
ngu_k_rw_try_wlock(struct rwlock *l)
{
	void *self = ngu__self();
	bool done, again = false;

	guard(l);
	if (l->rw_writer == self && (l->rw_opts & RW_RECURSE) == 0)
		done = false;
	else
		done = (again = write_again(l, self)) || write_now(l, self);
	ngu__mtx_unlock(GUARD(l));
	if (done && !again && NGU_STRICT_ON(NGU_STRICT_ORDER))
		note(l, true);
	return (done);
}

/* Under the guard, which is given back. */
static void
read_done(struct rwlock *l, const void *self)
{
	int i = entry(l, self);
	bool last = true;

	if (l->rw_readers == 0 || (i < 0 && listed(l) == l->rw_readers)) {
		ngu__mtx_unlock(GUARD(l));
		panic("rw_runlock %s: this thread does not hold it for reading", name_of(l));
	}
	if (i >= 0 && (last = --l->rw_reader[i].depth == 0))
		l->rw_reader[i].who = NULL;
	if (--l->rw_readers == 0)
		tell(l);
	else
		ngu__mtx_unlock(GUARD(l));
	if (last)
		drop(l);
}

static void
write_done(struct rwlock *l, const void *self)
{
	if (l->rw_writer != self) {
		ngu__mtx_unlock(GUARD(l));
		panic("rw_wunlock %s: this thread does not hold it for writing", name_of(l));
	}
	if (l->rw_depth != 0) {
		l->rw_depth--;
		ngu__mtx_unlock(GUARD(l));
		return;
	}
	l->rw_writer = NULL;
	tell(l);
	drop(l);
}

void
ngu_k_rw_runlock(struct rwlock *l)
{
	guard(l);
	read_done(l, ngu__self());
}

void
ngu_k_rw_wunlock(struct rwlock *l)
{
	guard(l);
	write_done(l, ngu__self());
}

void
ngu_k_rw_unlock(struct rwlock *l)
{
	void *self = ngu__self();

	guard(l);
	if (l->rw_writer == self)
		write_done(l, self);
	else
		read_done(l, self);
}

int
ngu_k_rw_try_upgrade(struct rwlock *l)
{
	void *self = ngu__self();
	bool done;
	int i;

	guard(l);
	if ((i = entry(l, self)) < 0 && listed(l) == l->rw_readers) {
		ngu__mtx_unlock(GUARD(l));
		panic("rw_try_upgrade %s: this thread does not hold it for reading", name_of(l));
	}
	if ((done = l->rw_readers == 1)) {
		if (i >= 0) {
			l->rw_reader[i].who = NULL;
			l->rw_reader[i].depth = 0;
		}
		l->rw_readers = 0;
		l->rw_writer = self;
	}
	ngu__mtx_unlock(GUARD(l));
	return (done);
}

void
ngu_k_rw_downgrade(struct rwlock *l)
{
	void *self = ngu__self();
	int i;

	guard(l);
	if (l->rw_writer != self || l->rw_depth != 0) {
		ngu__mtx_unlock(GUARD(l));
		panic("rw_downgrade %s: this thread does not hold it for writing, once", name_of(l));
	}
	l->rw_writer = NULL;
	l->rw_readers = 1;
	i = entry(l, NULL);
	l->rw_reader[i].who = self;
	l->rw_reader[i].depth = 1;
	tell(l);
}

int
ngu_k_rw_wowned(struct rwlock *l)
{
	bool owned;

	guard(l);
	owned = l->rw_writer == ngu__self();
	ngu__mtx_unlock(GUARD(l));
	return (owned);
}

void
ngu_k_rw_assert(struct rwlock *l, int what, const char *file, int line)
{
	void *self = ngu__self();
	bool reads, writes, again;
	int i;

	guard(l);
	i = entry(l, self);
	reads = i >= 0 || listed(l) != l->rw_readers; /* in doubt: it may be one of those without an entry */
	writes = l->rw_writer == self;
	again = writes ? l->rw_depth != 0 : i >= 0 && l->rw_reader[i].depth > 1;
	if (i < 0 && !writes && (what & (LA_LOCKED | LA_SLOCKED | LA_XLOCKED)) == 0)
		reads = false;
	ngu__mtx_unlock(GUARD(l));
	switch (what & (LA_LOCKED | LA_SLOCKED | LA_XLOCKED)) {
	case LA_LOCKED:
		if (!reads && !writes)
			panic("lock %s not held at %s:%d", name_of(l), file, line);
		break;
	case LA_SLOCKED:
		if (!reads)
			panic("lock %s not held for reading at %s:%d", name_of(l), file, line);
		break;
	case LA_XLOCKED:
		if (!writes)
			panic("lock %s not held for writing at %s:%d", name_of(l), file, line);
		break;
	default:
		if (reads || writes)
			panic("lock %s held at %s:%d", name_of(l), file, line);
		return;
	}
	if ((what & LA_RECURSED) != 0 && !again)
		panic("lock %s not recursed at %s:%d", name_of(l), file, line);
	if ((what & LA_NOTRECURSED) != 0 && again)
		panic("lock %s recursed at %s:%d", name_of(l), file, line);
}
