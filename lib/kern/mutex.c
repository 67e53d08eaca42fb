/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mutex.c - mutex(9) on the port's sleeping mutex.
 *
 * The owner word is written by the holder only; a thread comparing it with itself is right whatever others do meanwhile, so
 * relaxed order is enough.
 * Blocks     ngu_k_mtx_lock.
 */
#include <sys/mutex.h>
#include <sys/systm.h>

#include "kern/strict.h"
#include "port/port.h"
#include "reclaim/thread.h"

#define MAGIC 0x6d747831u
#define MUTEX(m) ((ngu__mtx *)(void *)(m)->mtx_storage)
#define OWNER(m) ((_Atomic(void *) *)(void *)&(m)->mtx_owner)

_Static_assert(sizeof(((struct mtx *)0)->mtx_storage) >= sizeof(ngu__mtx), "the port's mutex fits");
_Static_assert(_Alignof(struct mtx) >= _Alignof(ngu__mtx), "and is aligned");

static const char *
name_of(const struct mtx *m)
{
	return (m->mtx_name != NULL ? m->mtx_name : "?");
}

void
ngu_k_mtx_init(struct mtx *m, const char *name, const char *type, int opts)
{
	int error;

	ngu__memset(m, 0, sizeof(*m));
	if (type != NULL) /* else the name tells the class, when somebody asks */
		m->mtx_class = ngu__lock_class(type);
	m->mtx_name = name;
	m->mtx_opts = opts;
	if ((error = ngu__mtx_init(MUTEX(m))) != 0)
		panic("mtx_init %s: error %d", name_of(m), error);
	m->mtx_magic = MAGIC;
}

int
ngu_k_mtx_initialized(const struct mtx *m)
{
	return (m->mtx_magic == MAGIC);
}

int
ngu_k_mtx_owned(const struct mtx *m)
{
	return (NGU_LD_RLX((const _Atomic(void *) *)(const void *)&m->mtx_owner) == (void *)ngu__self());
}

int
ngu_k_mtx_recursed(const struct mtx *m)
{
	return (ngu_k_mtx_owned(m) && m->mtx_depth != 0);
}

void
ngu_k_mtx_destroy(struct mtx *m)
{
	if (ngu_k_mtx_owned(m)) {
		ngu__lock_drop(m);
		NGU_ST_RLX(OWNER(m), NULL);
		ngu__mtx_unlock(MUTEX(m));
	} else if (NGU_LD_RLX(OWNER(m)) != NULL)
		panic("mtx_destroy %s: held by another thread", name_of(m));
	m->mtx_magic = 0;
	ngu__mtx_destroy(MUTEX(m));
}

/* The caller holds it already: once more, or a bug. */
static void
again(struct mtx *m)
{
	if ((m->mtx_opts & MTX_RECURSE) == 0)
		panic("mtx_lock %s: this thread holds it", name_of(m));
	m->mtx_depth++;
}

/* Strict mode: before the lock is waited for, or after it was had at once. */
static NGU_NOINLINE void
note(struct mtx *m, bool try)
{
	_Atomic uint32_t *class = (_Atomic uint32_t *)&m->mtx_class;

	if (m->mtx_opts & MTX_NOWITNESS)
		return;
	if (NGU_LD_RLX(class) == 0) /* no order needed: whoever looks gets the same number */
		NGU_ST_RLX(class, ngu__lock_class(name_of(m)));
	ngu__lock_take(m, NGU_LD_RLX(class), (try ? NGU_LK_TRY : 0) | ((m->mtx_opts & MTX_DUPOK) ? NGU_LK_DUPOK : 0));
}

void
ngu_k_mtx_lock(struct mtx *m)
{
	NGU_INVARIANT(m->mtx_magic == MAGIC, "a mutex is initialised");
	if (NGU_UNLIKELY(ngu_k_mtx_owned(m))) {
		again(m);
		return;
	}
	if (NGU_STRICT_ON(NGU_STRICT_ORDER))
		note(m, false);
	ngu__mtx_lock(MUTEX(m));
	NGU_ST_RLX(OWNER(m), (void *)ngu__self());
}

int
ngu_k_mtx_trylock(struct mtx *m)
{
	NGU_INVARIANT(m->mtx_magic == MAGIC, "a mutex is initialised");
	if (ngu_k_mtx_owned(m)) {
		if ((m->mtx_opts & MTX_RECURSE) == 0)
			return (0);
		m->mtx_depth++;
		return (1);
	}
	if (!ngu__mtx_trylock(MUTEX(m)))
		return (0);
	NGU_ST_RLX(OWNER(m), (void *)ngu__self());
	if (NGU_STRICT_ON(NGU_STRICT_ORDER))
		note(m, true);
	return (1);
}

void
ngu_k_mtx_lock_at(struct mtx *m, const char *file, int line)
{
	struct ngu__site old = ngu__site_set(file, line);

	ngu_k_mtx_lock(m);
	ngu__site_back(&old);
}

void
ngu_k_mtx_unlock(struct mtx *m)
{
	if (NGU_UNLIKELY(!ngu_k_mtx_owned(m)))
		panic("mtx_unlock %s: this thread does not hold it", name_of(m));
	if (m->mtx_depth != 0) {
		m->mtx_depth--;
		return;
	}
	if (NGU_UNLIKELY(ngu__self()->strict != NULL))
		ngu__lock_drop(m);
	NGU_ST_RLX(OWNER(m), NULL);
	ngu__mtx_unlock(MUTEX(m));
}

void
ngu_k_mtx_assert(const struct mtx *m, int what, const char *file, int line)
{
	int owned = ngu_k_mtx_owned(m);

	if ((what & MA_OWNED) != 0 && !owned)
		panic("mutex %s not owned at %s:%d", name_of(m), file, line);
	if ((what & MA_NOTOWNED) != 0 && owned)
		panic("mutex %s owned at %s:%d", name_of(m), file, line);
	if ((what & MA_RECURSED) != 0 && (!owned || m->mtx_depth == 0))
		panic("mutex %s not recursed at %s:%d", name_of(m), file, line);
	if ((what & MA_NOTRECURSED) != 0 && owned && m->mtx_depth != 0)
		panic("mutex %s recursed at %s:%d", name_of(m), file, line);
}
