/* SPDX-License-Identifier: BSD-2-Clause */
/* opts.c - what a run is told: ngu_lab_opts, and the environment above it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lab/run.h"

LAB_OWN unsigned lab_verbose;

static uint64_t
from_env(const char *name, uint64_t dflt)
{
	char var[64], *end;
	const char *v;
	uint64_t n;

	(void)snprintf(var, sizeof(var), "NGU_LAB_%s", name);
	if ((v = getenv(var)) == NULL || *v == '\0')
		return (dflt);
	if (strcmp(v, "none") == 0)
		return (NGU_LAB_NONE);
	errno = 0;
	n = strtoull(v, &end, 10);
	if (*end != '\0' || errno != 0) {
		(void)fprintf(stderr, "lab: %s=%s is not a number\n", var, v);
		return (dflt);
	}
	return (n);
}

static uint32_t
bound(const char *name, uint32_t given, uint32_t dflt)
{
	uint64_t n = from_env(name, given != 0 ? given : dflt);

	return (n >= NGU_LAB_NONE ? 0 : (uint32_t)n);
}

int
lab_options(const struct ngu_lab_opts *opts)
{
	static const char *const modes[] = { "dfs", "random", "pct" };
	struct ngu_lab_opts *o = &lab->o;
	const char *m = getenv("NGU_LAB_MODE");

	if (opts != NULL)
		*o = *opts;
	else
		memset(o, 0, sizeof(*o));
	if (m != NULL && *m != '\0') {
		unsigned i;

		for (i = 0; i < 3 && strcmp(m, modes[i]) != 0; i++)
			;
		if (i == 3) {
			(void)fprintf(stderr, "lab: NGU_LAB_MODE=%s: must be dfs, random or pct\n", m);
			return (EINVAL);
		}
		o->mode = (enum ngu_lab_mode)i;
	}
	o->preemptions = bound("PREEMPTIONS", o->preemptions, 2);
	o->delays = bound("DELAYS", o->delays, 1);
	o->failures = bound("FAILURES", o->failures, 0);
	o->schedules = from_env("SCHEDULES", o->schedules != 0 ? o->schedules : o->mode == NGU_LAB_DFS ? UINT64_MAX : 100000);
	o->seconds = from_env("SECONDS", o->seconds != 0 ? o->seconds : UINT64_MAX);
	o->seed = from_env("SEED", o->seed != 0 ? o->seed : 1);
	o->depth = bound("DEPTH", o->depth, 3);
	o->steps = bound("STEPS", o->steps, 100000);
	o->jobs = bound("JOBS", o->jobs, 1);
	if (o->jobs == 0 || o->jobs > LAB_JOBS)
		o->jobs = o->jobs == 0 ? 1 : LAB_JOBS;
	if (from_env("NO_PRUNE", o->no_prune) != 0)
		o->no_prune = true;
	if (from_env("NO_LEARN", o->no_learn) != 0)
		o->no_learn = true;
	lab_verbose = (unsigned)from_env("VERBOSE", 0);
	return (0);
}
