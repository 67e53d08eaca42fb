/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * strict.h - strict mode's engine: what is on, stacks, reports, watched objects, orders of locks. The public side is
 * <ng/strict.h>; what concerns nodes and hooks is in core/strict.c.
 *
 * Every check stands behind NGU_STRICT_ON(), one load of a word that nobody writes, and none stands on the packet path.
 */
#ifndef NGU_KERN_STRICT_H
#define NGU_KERN_STRICT_H

#include "port/port.h"
#include "reclaim/thread.h"

#include <ng/strict.h>

/* What any graph of the process asks for: NGU_STRICT_SLEEP to _ORDER, _ABORT. */
extern _Atomic uint32_t ngu__strict;
/* Once any object has been watched: from then on a freed object must be looked up before it goes. */
extern _Atomic uint32_t ngu__watched;

#define NGU_STRICT_ON(bits) NGU_UNLIKELY((NGU_LD_RLX(&ngu__strict) & (bits)) != 0)

#define NGU_STACK 12

/* A place: return addresses, and file and line if the caller told them. */
struct ngu__stack {
	void *pc[NGU_STACK];
	uint32_t n; /* 0 and no file: unknown */
	int line;
	const char *file;
	uint64_t thread;
};

struct ngu__place {
	const char *label; /* "the section was entered" */
	const struct ngu__stack *at;
};

struct ngu__held {
	const void *lock;
	uint32_t class;
	struct ngu__stack at;
};
#define NGU_HELD 16

/* What strict mode notes about a thread. */
struct ngu__strict_thread {
	uint32_t sec; /* the section that `section` is about: the thread's word `sec` in it */
	bool reporting;
	struct ngu__stack section;
	uint32_t nheld;
	struct ngu__held held[NGU_HELD];
	struct ngu__port_stacks stacks;
	NGU_ALIGNED(16) char item[128]; /* stands for a freed item that the program goes on using */
};

struct ngu__site {
	const char *file;
	int line;
};

/* While a call is made whose file and line are known. They nest, and the outermost is what people want to see. */
NGU_INLINE struct ngu__site
ngu__site_set(const char *file, int line)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu__site old = { ts->site_file, ts->site_line };

	if (old.file == NULL) {
		ts->site_file = file;
		ts->site_line = line;
	}
	return (old);
}

NGU_INLINE void
ngu__site_back(const struct ngu__site *old)
{
	struct ngu__thread *ts = ngu__self();

	ts->site_file = old->file;
	ts->site_line = old->line;
}

/* This place, the caller's frame first. */
void ngu__stack_take(struct ngu__stack *s);

/* The notes of this thread; NULL when there is no memory for them. */
struct ngu__strict_thread *ngu__strict_self(struct ngu__thread *ts);
void ngu__strict_forget(struct ngu__thread *ts); /* held locks and section: the thread left them by a jump */

/* Note where the section that is open was entered, unless that is noted already. */
void ngu__strict_section(struct ngu__thread *ts);
/* That place, NULL if it is not known. */
const struct ngu__stack *ngu__strict_section_at(struct ngu__thread *ts);

/* Does the graph this thread works for ask for `bit`? Without a graph: does any? */
bool ngu__strict_wants(struct ngu__thread *ts, uint32_t bit);

/*
 * Report. `here` (NULL: take it now) is where it happened; then n other places, those unknown being left out. `what` is one
 * line. No lock of strict mode may be held.
 */
void ngu__strict_report(unsigned kind, struct ngu_graph *g, const struct ngu__stack *here, const struct ngu__place *places, unsigned n,
    const char *fmt, ...) __attribute__((__format__(__printf__, 6, 7)));

/* A call that may sleep is about to: report it when a section is open. `what` names the call. */
void ngu__strict_sleep(const char *what);

/* Flags of one more graph, or changed ones: counts them into ngu__strict. */
void ngu__strict_count_flags(uint32_t old, uint32_t new);

/* ---- watched objects ---- */

enum ngu__watch_kind { NGU_W_ITEM, NGU_W_MBUF, NGU_W_MSG };
enum ngu__watch_state { NGU_WS_UNKNOWN, NGU_WS_LIVE, NGU_WS_QUEUED, NGU_WS_FREED };

/* Zeroed memory whose life is watched: one allocation of the port. NULL when refused. */
void *ngu__watch_new(enum ngu__watch_kind kind, size_t size, size_t align);
/*
 * It is freed: false when it is not a watched object, the caller frees it. Else it is kept, filled with a pattern, until
 * some thousand others have been freed, and a second time is reported.
 */
bool ngu__watch_free(void *p);
/* Its state; with `at`, where it was freed (or queued, or else taken). */
enum ngu__watch_state ngu__watch_look(const void *p, struct ngu__stack *at);
/* It is put into a queue (true) or comes out of it. */
void ngu__watch_queued(const void *p, bool queued);
/* Give back the memory of all freed ones; those that were written to are reported. */
void ngu__watch_sweep(void);

/* ---- locks ---- */

#define NGU_LK_TRY 0x1u	      /* taken by a try: it waited for nobody */
#define NGU_LK_SLEEPABLE 0x2u /* its holder may sleep: not for sections */
#define NGU_LK_DUPOK 0x4u     /* two of the class may be held */

/* The number of the class of locks called `name`; 0 when there are too many. */
uint32_t ngu__lock_class(const char *name);
/* The calling thread takes, and gives back, a lock it does not hold yet. Before it waits for it. */
void ngu__lock_take(const void *lock, uint32_t class, unsigned flags);
void ngu__lock_drop(const void *lock);

#endif /* NGU_KERN_STRICT_H */
