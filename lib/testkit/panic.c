/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * panic.c - a panic in a test. In the test's own thread it fails the test at once; in one that serves the graph it is kept, and fails the test at
 * the next thing the test asks, or at its end; in any other thread the program ends, having said what it was. So does a child process.
 */
#include "testkit.h"

#include <ng/panic.h>

#include <stdio.h>
#include <string.h>

static struct panic {
	struct panic *next; /* newest first */
	char what[512];
} *panics; /* under the kit's lock */

static const void *tester; /* the thread the tests run in */
static long process;	   /* a child of it is on its own: it may be there to die */
static const char *at_file;
static int at_line;
static ngt_fail_fn *at_fail;

static bool
panicked(void *arg, const struct ngu_panic *from)
{
	struct panic *p;

	(void)arg;
	if (ngt__process() != process)
		return (false);
	if (ngt_thread() == tester) {
		ngt__say("panic: %s\n", from->what);
		ngt__fail_now(at_file, at_line, at_fail);
		return (false); /* whoever fails without a jump ends here */
	}
	if (!from->serves) {
		(void)fprintf(stderr, "panic in a thread of the test: %s\n", from->what);
		return (false);
	}
	p = ngt__alloc(sizeof(*p));
	(void)snprintf(p->what, sizeof(p->what), "%s", from->what);
	ngt__lock();
	p->next = panics;
	panics = p;
	ngt__unlock();
	return (true);
}

void
ngt__panic_on(AT)
{
	if ((process = ngt__process()) == 0)
		return;
	tester = ngt_thread();
	at_file = file;
	at_line = line;
	at_fail = fail;
	ngu_panic_set_handler(panicked, NULL);
}

bool
ngt__panic_any(void)
{
	bool any;

	ngt__lock();
	any = panics != NULL;
	ngt__unlock();
	return (any);
}

bool
ngt__panic_take(void (*say)(const char *fmt, ...))
{
	struct panic *p, *all;
	bool any;

	ngt__lock();
	all = panics;
	panics = NULL;
	ngt__unlock();
	any = all != NULL;
	while ((p = all) != NULL) {
		all = p->next;
		say("panic in a thread that serves the graph: %s\n", p->what);
		ngt__free(p);
	}
	return (any);
}
