/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * eventhandler.h - eventhandler(9): lists of functions by name, called when something happens. Lower priorities first, equal ones
 * in order of registration. Handlers may register and deregister, also themselves; one that was deregistered is not called any more
 * and does not run when EVENTHANDLER_DEREGISTER returns, unless it called that itself.
 */
#ifndef NGU_KERN_SYS_EVENTHANDLER_H
#define NGU_KERN_SYS_EVENTHANDLER_H

#include <sys/types.h>
#include <sys/queue.h>
#include <ng/base.h>

struct eventhandler_list;

/* One registered function; the fields belong to lib/kern/eventhandler.c. */
struct eventhandler_entry {
	TAILQ_ENTRY(eventhandler_entry) ee_link;
	struct eventhandler_list *ee_list;
	int ee_priority;
	bool ee_gone, ee_self;
	uint32_t ee_running;
	void (*ee_func)(void);
	void *ee_arg;
};
typedef struct eventhandler_entry *eventhandler_tag;

#define EVENTHANDLER_PRI_FIRST 0
#define EVENTHANDLER_PRI_ANY 10000
#define EVENTHANDLER_PRI_LAST 20000

/* NULL: no memory. May wait. */
NGU_API eventhandler_tag ngu_k_eventhandler_register(const char *name, void (*func)(void), void *arg, int priority);
NGU_API void ngu_k_eventhandler_deregister(const char *name, eventhandler_tag tag);
/* For EVENTHANDLER_INVOKE: the entry after `e` (NULL: the first) to be called, which is held until the next call; NULL: the end. */
NGU_API eventhandler_tag ngu_k_eventhandler_next(const char *name, eventhandler_tag e);

/* `type`: the functions', whose first argument is the one given at registration. */
#define EVENTHANDLER_DECLARE(name, type) typedef type eventhandler_##name##_t
#define EVENTHANDLER_DEFINE(name, func, arg, priority) \
	static eventhandler_tag name##_tag; \
	static __attribute__((__constructor__, __used__)) void ngu__event_##name##_##func(void) \
	{ \
		name##_tag = EVENTHANDLER_REGISTER(name, func, arg, priority); \
	} \
	static __attribute__((__destructor__, __used__)) void ngu__event_gone_##name##_##func(void) \
	{ \
		EVENTHANDLER_DEREGISTER(name, name##_tag); \
	} \
	_Static_assert(1, "")
#define EVENTHANDLER_REGISTER(name, func, arg, priority) \
	ngu_k_eventhandler_register(#name, (void (*)(void))(eventhandler_##name##_t)(func), (arg), (priority))
#define EVENTHANDLER_DEREGISTER(name, tag) ngu_k_eventhandler_deregister(#name, (tag))
#define EVENTHANDLER_INVOKE(name, ...) \
	do { \
		for (eventhandler_tag ngu__e = NULL; (ngu__e = ngu_k_eventhandler_next(#name, ngu__e)) != NULL;) \
			((eventhandler_##name##_t)(ngu__e->ee_func))(ngu__e->ee_arg, ##__VA_ARGS__); \
	} while (0)

#endif /* NGU_KERN_SYS_EVENTHANDLER_H */
