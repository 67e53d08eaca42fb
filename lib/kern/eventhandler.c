/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * eventhandler.c - eventhandler(9). One spin lock for all lists, never held over a handler. An entry that is being called is
 * counted running and stays on its list; deregistered, it is gone: not called any more. Whoever deregistered it waits for the calls
 * and frees it; if that is one of its own calls (self), the last of them does. Lists stay as long as the process.
 * Blocks     register (memory); deregister, until the handler has returned in other threads.
 */
#include <sys/eventhandler.h>
#include <sys/malloc.h>
#include <sys/systm.h>

#include "kern/strict.h"
#include "port/port.h"
#include "reclaim/thread.h"

#define LISTS 32

struct eventhandler_list {
	char name[32];
	TAILQ_HEAD(, eventhandler_entry) entries;
};

static MALLOC_DEFINE(M_EVENTHANDLER, "eventhandler", "event handlers");
static ngu__spin lock;
static struct eventhandler_list lists[LISTS];

/* Under the lock. NULL: there is none and no place for it. */
static struct eventhandler_list *
list_of(const char *name, bool make)
{
	for (unsigned i = 0; i < LISTS; i++) {
		if (lists[i].name[0] == '\0') {
			if (!make)
				return (NULL);
			(void)ngu__strlcpy(lists[i].name, name, sizeof(lists[i].name));
			TAILQ_INIT(&lists[i].entries);
		}
		if (ngu__strcmp(lists[i].name, name) == 0)
			return (&lists[i]);
	}
	return (NULL);
}

eventhandler_tag
ngu_k_eventhandler_register(const char *name, void (*func)(void), void *arg, int priority)
{
	eventhandler_tag e = malloc(sizeof(*e), M_EVENTHANDLER, M_WAITOK | M_ZERO), p;

	e->ee_func = func;
	e->ee_arg = arg;
	e->ee_priority = priority;
	ngu__spin_lock(&lock);
	if (ngu__strlen(name) >= sizeof(lists[0].name) || (e->ee_list = list_of(name, true)) == NULL) {
		ngu__spin_unlock(&lock);
		free(e, M_EVENTHANDLER);
		return (NULL);
	}
	TAILQ_FOREACH(p, &e->ee_list->entries, ee_link)
		if (p->ee_priority > priority)
			break;
	if (p != NULL)
		TAILQ_INSERT_BEFORE(p, e, ee_link);
	else
		TAILQ_INSERT_TAIL(&e->ee_list->entries, e, ee_link);
	ngu__spin_unlock(&lock);
	return (e);
}

/* Which thread is in which handler. */
static struct frame {
	eventhandler_tag e;
	const struct ngu__thread *ts;
} frames[64];
#define NFRAMES (sizeof(frames) / sizeof(frames[0]))

/* Under the lock: the frame of this thread in e; with NULL, a free one. */
static struct frame *
frame_of(eventhandler_tag e)
{
	for (unsigned i = 0; i < NFRAMES; i++)
		if (frames[i].e == e && (e == NULL || frames[i].ts == ngu__self()))
			return (&frames[i]);
	return (NULL);
}

/* Under the lock, which is given back. */
static void
unlink_unlock(eventhandler_tag e)
{
	TAILQ_REMOVE(&e->ee_list->entries, e, ee_link);
	ngu__spin_unlock(&lock);
	free(e, M_EVENTHANDLER);
}

void
ngu_k_eventhandler_deregister(const char *name, eventhandler_tag e)
{
	unsigned round = 0;

	if (e == NULL)
		return;
	ngu__spin_lock(&lock);
	e->ee_gone = true;
	if (frame_of(e) != NULL) {
		e->ee_self = true;
		ngu__spin_unlock(&lock);
		return;
	}
	while (e->ee_running != 0) {
		ngu__spin_unlock(&lock);
		ngu__port_backoff(&round);
		ngu__spin_lock(&lock);
	}
	unlink_unlock(e);
}

eventhandler_tag
ngu_k_eventhandler_next(const char *name, eventhandler_tag e)
{
	struct eventhandler_list *l;
	struct frame *f;
	eventhandler_tag next;

	ngu__spin_lock(&lock);
	if (e == NULL)
		next = (l = list_of(name, false)) != NULL ? TAILQ_FIRST(&l->entries) : NULL;
	else
		next = TAILQ_NEXT(e, ee_link);
	while (next != NULL && next->ee_gone)
		next = TAILQ_NEXT(next, ee_link);
	if (next != NULL) {
		if ((f = frame_of(NULL)) == NULL) {
			ngu__spin_unlock(&lock);
			panic("eventhandler: more than %u calls at a time", (unsigned)NFRAMES);
		}
		next->ee_running++;
		*f = (struct frame){ next, ngu__self() };
	}
	if (e != NULL) {
		frame_of(e)->e = NULL;
		if (--e->ee_running == 0 && e->ee_self) {
			unlink_unlock(e);
			return (next);
		}
	}
	ngu__spin_unlock(&lock);
	return (next);
}
