/* SPDX-License-Identifier: BSD-2-Clause */
/* strict.c - what strict mode reports in a test: kept until the test expects it, or fails by it. */
#include "testkit.h"

#include <stdio.h>
#include <string.h>

#define SHOWN 3 /* reports in one failure's text */

struct report {
	struct report *next;
	unsigned kind;
	char *what, *text;
};

static struct report *first, *shown; /* under the kit's lock; `shown` is the one ngt_expect_strict() returned last */
static unsigned nreports;

static const struct {
	unsigned kind;
	const char *name;
} kinds[] = { { NGU_STRICT_SLEEP, "SLEEP" }, { NGU_STRICT_GATE, "GATE" }, { NGU_STRICT_ITEM, "ITEM" }, { NGU_STRICT_MBUF, "MBUF" },
	{ NGU_STRICT_ORDER, "ORDER" } };

static const char *
kind_name(unsigned kind)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].kind == kind)
			return (kinds[i].name);
	return ("?");
}

static void
report_free(struct report *r)
{
	if (r == NULL)
		return;
	ngt__free(r->what);
	ngt__free(r->text);
	ngt__free(r);
}

/* Any thread, in the middle of anything. */
static void
reported(void *arg, const struct ngu_strict_report *from)
{
	struct report *r = ngt__alloc(sizeof(*r)), **at;

	(void)arg;
	r->kind = from->kind;
	r->what = ngt__alloc(strlen(from->what) + 1);
	(void)strcpy(r->what, from->what);
	r->text = ngt__alloc(strlen(from->text) + 1);
	(void)strcpy(r->text, from->text);
	ngt__lock();
	for (at = &first; *at != NULL; at = &(*at)->next)
		;
	*at = r;
	nreports++;
	ngt__unlock();
}

static struct report *
take(void)
{
	struct report *r;

	ngt__lock();
	if ((r = first) != NULL) {
		first = r->next;
		nreports--;
	}
	ngt__unlock();
	return (r);
}

void
ngt__strict_on(struct ngu_graph *g)
{
	int error;

	ngu_strict_set_handler(reported, NULL);
	if ((error = ngu_graph_strict(g, ngt__strict_flags())) != 0)
		ngt__say("strict mode cannot be had: %s\n", ngt__errname(error));
}

bool
ngt__strict_say(void)
{
	struct report *r;
	unsigned n = 0;

	while ((r = take()) != NULL) {
		if (n++ < SHOWN)
			ngt__say("%s", r->text);
		report_free(r);
	}
	if (n > SHOWN)
		ngt__say("... and %u more reports of strict mode\n", n - SHOWN);
	return (n != 0);
}

bool
ngt__strict_print(bool show)
{
	struct report *r;
	bool any = false;

	while ((r = take()) != NULL) {
		any = true;
		if (show)
			(void)fprintf(stderr, "%s", r->text);
		report_free(r);
	}
	report_free(shown);
	shown = NULL;
	return (any);
}

const char *
ngt__expect_strict(AT, unsigned kind, const char *part)
{
	struct report *r = take();

	if (r == NULL) {
		ngt__say("strict mode reported nothing; expected %s, with \"%s\"\n", kind_name(kind), part);
		ngt__fail_now(file, line, fail);
		return ("");
	}
	report_free(shown);
	shown = r; /* its text goes to the caller */
	if (r->kind != kind || strstr(r->text, part) == NULL) {
		ngt__say("expected a report of kind %s, with \"%s\"; got kind %s:\n%s", kind_name(kind), part, kind_name(r->kind), r->text);
		ngt__fail_now(file, line, fail);
	}
	return (r->text);
}

unsigned
ngt_strict_reports(void)
{
	unsigned n;

	ngt__lock();
	n = nreports;
	ngt__unlock();
	return (n);
}
