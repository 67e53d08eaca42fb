/* SPDX-License-Identifier: BSD-2-Clause */
/* tell.c - a failure is made short and told with its story; what a search came to, for people and as JSON. */
#include <stdlib.h>
#include <string.h>

#include "lab/run.h"

static const char *const fail_name[] = { [NGU_LAB_OK] = "ok", [NGU_LAB_CHECK] = "check", [NGU_LAB_RACE] = "data race",
	[NGU_LAB_MEMORY] = "memory", [NGU_LAB_LEAK] = "leak", [NGU_LAB_DEADLOCK] = "deadlock", [NGU_LAB_LIVELOCK] = "livelock",
	[NGU_LAB_WAKEUP] = "lost wake-up", [NGU_LAB_GATE] = "gate", [NGU_LAB_SECTION] = "section", [NGU_LAB_PANIC] = "panic",
	[NGU_LAB_STRICT] = "strict", [NGU_LAB_SELF] = "scenario" };

const char *
lab_fail_name(unsigned kind)
{
	return (fail_name[kind]);
}

const char *
lab_kind_of(unsigned kind, const char *why)
{
	static char text[32];

	if (strncmp(why, fail_name[kind], strlen(fail_name[kind])) == 0)
		return ("");
	(void)snprintf(text, sizeof(text), "%s: ", fail_name[kind]);
	return (text);
}

/* ---- a failure */

static bool
again(const struct lab_node *script, unsigned n, unsigned kind)
{
	lab->script = script;
	lab->nscript = n;
	lab_one_run();
	lab->script = NULL;
	return (lab->end == END_FAILED && lab->why_kind == kind);
}

static unsigned
minimise(struct lab_node *script, unsigned n, unsigned kind)
{
	struct lab_node *try = calloc(n + 1, sizeof(*try));
	bool shorter = try != NULL;
	unsigned tries = 0;

	while (shorter) {
		shorter = false;
		for (unsigned i = 0; i < n && tries < 2000; i++, tries++) {
			memcpy(try, script, i * sizeof(*try));
			memcpy(try + i, script + i + 1, (n - i - 1) * sizeof(*try));
			if (again(try, n - 1, kind)) {
				n--;
				memcpy(script, try, n * sizeof(*try));
				shorter = true;
				i--;
			}
		}
	}
	free(try);
	return (n);
}

void
lab_tell(const struct lab_node *given, unsigned ngiven)
{
	struct lab_node *script = calloc(LAB_DEEP, sizeof(*script));
	const char *story = getenv("NGU_LAB_STORY");
	bool whole = story != NULL && strcmp(story, "whole") == 0;
	unsigned n = 0, kind = lab->why_kind;

	if (script == NULL)
		return;
	if (given != NULL) {
		memcpy(script, given, ngiven * sizeof(*script));
		n = ngiven;
	} else
		for (unsigned i = 0; i < lab->depth; i++)
			if (lab->node[i].alt != 0)
				script[n++] = lab->node[i];
	if (kind == NGU_LAB_SELF) {
		if (!lab->o.quiet)
			(void)fprintf(stderr, "lab: %s: %s%s\n", lab->scene->name, lab_kind_of(kind, lab->why), lab->why);
		return;
	}
	if (!again(script, n, kind)) {
		if (!lab->o.quiet)
			(void)fprintf(stderr, "lab: %s: %s%s\n  (it does not come again with the same schedule: the scenario depends on "
			    "something the lab does not put back)\n", lab->scene->name, lab_kind_of(kind, lab->r.why), lab->r.why);
		return;
	}
	if (given == NULL)
		n = minimise(script, n, kind);
	lab->tracing = true;
	(void)again(script, n, kind);
	lab->tracing = false;
	{
		unsigned depth = lab->depth;
		struct lab_node *node = lab->node;

		lab->node = script;
		lab->depth = n;
		for (unsigned i = 0; i < n; i++)
			script[i].alt = 1;
		(void)lab_schedule_print(lab->r.schedule, sizeof(lab->r.schedule));
		lab->node = node;
		lab->depth = depth;
	}
	(void)snprintf(lab->r.why, sizeof(lab->r.why), "%.1000s", lab->why);
	if (lab->o.quiet)
		return;
	(void)fprintf(stderr, "lab: %s: FAILED: %s%s\n", lab->scene->name, lab_kind_of(kind, lab->why), lab->why);
	lab_story(stderr, whole);
	lab_stacks(stderr);
	if (lab->why_addr - LAB_BASE < LAB_ARENA) {
		const struct lab_block *b = lab_block_of(lab->why_addr);
		char sym[200];

		if (b != NULL) {
			lab_symbol(b->pc2, sym, sizeof(sym));
			(void)fprintf(stderr, "  the block: %zu bytes, made by %s in %s", b->size, lab_maker(b), sym);
			if (b->freed) {
				lab_symbol(b->fpc, sym, sizeof(sym));
				(void)fprintf(stderr, ", freed by %s in %s", lab->thread[b->freed_by].name, sym);
			}
			(void)fprintf(stderr, "\n");
		}
	}
	(void)fprintf(stderr, "lab: %s: %llu schedules, %.1f s until then; again with\n    NGU_LAB_REPLAY='%s:%s'\n", lab->scene->name,
	    (unsigned long long)lab->r.schedules, lab->r.seconds, lab->scene->name, lab->r.schedule);
}

/* ---- results */

static void
json_text(FILE *f, const char *s)
{
	(void)fputc('"', f);
	for (; *s != '\0'; s++)
		if (*s == '"' || *s == '\\')
			(void)fprintf(f, "\\%c", *s);
		else if ((unsigned char)*s < ' ')
			(void)fputc(' ', f);
		else
			(void)fputc(*s, f);
	(void)fputc('"', f);
}

void
lab_json(const struct ngu_lab *s, const struct ngu_lab_result *r)
{
	const char *name = getenv("NGU_LAB_JSON");
	FILE *f;

	if (name == NULL || *name == '\0' || (f = fopen(name, "a")) == NULL)
		return;
	(void)fprintf(f, "{\"scenario\":");
	json_text(f, s->name);
	(void)fprintf(f, ",\"fail\":");
	json_text(f, lab_fail_name(r->fail));
	(void)fprintf(f, ",\"complete\":%s,\"schedules\":%llu,\"pruned\":%llu,\"states\":%llu,\"points\":%llu,\"yield_points\":%u,"
	    "\"deepest\":%u,\"fan_out\":%.3f,\"seconds\":%.3f,\"schedule\":",
	    r->complete ? "true" : "false", (unsigned long long)r->schedules, (unsigned long long)r->pruned, (unsigned long long)r->states,
	    (unsigned long long)r->points, r->yield_points, r->deepest, r->fan_out, r->seconds);
	json_text(f, r->schedule);
	(void)fprintf(f, ",\"why\":");
	json_text(f, r->why);
	(void)fprintf(f, "}\n");
	(void)fclose(f);
}

void
lab_summary(FILE *f, const struct ngu_lab *s, const struct ngu_lab_result *r)
{
	(void)fprintf(f,
	    "lab: %s: %s: %llu schedules (%llu of them cut short), %llu states, %llu decisions at %u places, %.2f choices each, at most %u "
	    "in a run, %.2f s, %.0f schedules/s\n",
	    s->name, r->fail != NGU_LAB_OK ? lab_fail_name(r->fail) : r->complete ? "complete" : "no failure", (unsigned long long)r->schedules,
	    (unsigned long long)r->pruned, (unsigned long long)r->states, (unsigned long long)r->points, r->yield_points, r->fan_out,
	    r->deepest, r->seconds, r->seconds > 0 ? (double)r->schedules / r->seconds : 0);
}
