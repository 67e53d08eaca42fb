/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * panic.c - panic(9): the log, then the program's handler, then the end; or, in a thread that serves, the end of the method it is in.
 * Blocks     never, but for what the log sink and the handler do.
 */
#include <sys/systm.h>

#include <ng/panic.h>

#include "kern/graph_prefix.h"
#include "kern/kern.h"
#include "port/port.h"
#include "reclaim/thread.h"

#define LINE 1024

static ngu__spin lock; /* both: */
static ngu_panic_handler *handler;
static void *handler_arg;

void (*ngu__recover_core)(struct ngu_graph *g);

void
ngu_panic_set_handler(ngu_panic_handler *fn, void *arg)
{
	ngu__spin_lock(&lock);
	handler = fn;
	handler_arg = arg;
	ngu__spin_unlock(&lock);
}

void
ngu__panic_forget(void)
{
	ngu__self()->panicking = false;
}

void
ngu_k_vpanic(const char *fmt, va_list ap)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu_panic p = { .size = sizeof(p), .graph = ts->graph, .serves = ngu__port_attempting() };
	ngu_panic_handler *fn;
	char text[LINE];
	void *arg;

	(void)ngu__port_vsnprintf(text, sizeof(text), fmt, ap);
	ngu__graph_log(p.graph, 0, text);
	ngu__spin_lock(&lock);
	fn = handler;
	arg = handler_arg;
	ngu__spin_unlock(&lock);
	p.what = text;
	if (fn != NULL && !ts->panicking) {
		ts->panicking = true;
		if (fn(arg, &p) && p.serves) {
			ts->panicking = false;
			ngu__port_leave();
		}
	}
	ngu__port_die("panic: %s", text);
}

void
ngu_k_panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	ngu_k_vpanic(fmt, ap);
}
