/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run.c - ngu_lab_run(): processes and replays.
 *
 * The search runs in a child process (or several), so that the program's own memory stays what it was and a crash is a
 * result like any other. A replay runs in the program itself, where a debugger sees it.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <sys/mman.h>
#include <sys/wait.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lab/run.h"
#include "reclaim/thread.h"

LAB_OWN struct lab_report *lab_shared;

double
lab_seconds(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((double)ts.tv_sec + (double)ts.tv_nsec * 1e-9);
}

/* The scenario's setup; when that fails, it is said once, and is the result. */
static bool
set_up(void)
{
	if (lab_prepare())
		return (true);
	lab->r.fail = (enum ngu_lab_fail)lab->why_kind;
	(void)snprintf(lab->r.why, sizeof(lab->r.why), "in setup: %.1000s", lab->why);
	if (!lab->o.quiet) {
		(void)fprintf(stderr, "lab: %s: setup FAILED: %s%s\n", lab->scene->name, lab_kind_of(lab->why_kind, lab->why), lab->why);
		lab_stacks(stderr);
	}
	return (false);
}

static void
child(unsigned job)
{
	lab->part = job;
	lab->parts = lab->o.jobs;
	lab_catch_signals(true);
	if (!set_up()) {
		lab_publish(job);
	} else if (lab_setup_error != 0)
		lab_shared->job[job].setup_error = lab_setup_error;
	else {
		lab_explore(job);
		if (lab->r.fail != NGU_LAB_OK && !lab_shared->stop) {
			lab_shared->stop = true;
			lab_tell(NULL, 0);
			lab_publish(job);
		}
	}
	lab_shared->job[job].done = true;
}

static int
replay(const char *text)
{
	struct lab_node *script = calloc(LAB_DEEP, sizeof(*script));
	int n;

	if (script == NULL)
		return (ENOMEM);
	n = lab_schedule_parse(text, script, LAB_DEEP);
	if (n < 0) {
		(void)fprintf(stderr, "lab: NGU_LAB_REPLAY: cannot read schedule \"%s\"\n", text);
		return (EINVAL);
	}
	lab->parts = 1;
	if (!set_up())
		return (ENOTRECOVERABLE);
	if (lab_setup_error != 0)
		return (lab_setup_error);
	/* Words become known as shared in the first run; the second says so in its story. */
	lab->script = script;
	lab->nscript = (unsigned)n;
	lab_one_run();
	if (lab->end != END_FAILED) {
		(void)fprintf(stderr, "lab: %s: this schedule does not fail\n", lab->scene->name);
		lab->script = NULL;
		return (0);
	}
	lab->r.fail = (enum ngu_lab_fail)lab->why_kind;
	(void)snprintf(lab->r.why, sizeof(lab->r.why), "%.1000s", lab->why);
	lab_tell(script, (unsigned)n);
	return (ENOTRECOVERABLE);
}

int
ngu_lab_run(const struct ngu_lab *scene, const struct ngu_lab_opts *opts, struct ngu_lab_result *out)
{
	const char *text = getenv("NGU_LAB_REPLAY");
	struct ngu_lab_result r;
	pid_t pid[LAB_JOBS];
	double t0 = lab_seconds(), told = t0;
	unsigned i, left;
	int error;

	memset(&r, 0, sizeof(r));
	if (out != NULL)
		*out = r;
	if (scene == NULL || scene->name == NULL || scene->body[0].fn == NULL)
		return (EINVAL);
	if ((error = lab_space_init()) != 0)
		return (error);
	lab->scene = scene;
	if ((error = lab_options(opts)) != 0)
		return (error);
	lab->self = &lab->thread[0];
	if (lab->node == NULL) {
		lab->node = calloc(LAB_DEEP, sizeof(*lab->node));
		lab->leads = calloc(LAB_DEEP, sizeof(*lab->leads));
		lab->pcs = calloc(8192, sizeof(*lab->pcs));
		lab->retired = mmap(NULL, 65536 * sizeof(*lab->retired), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (lab->node == NULL || lab->leads == NULL || lab->pcs == NULL || lab->retired == MAP_FAILED)
			return (ENOMEM);
		lab_ignore(&ngu__self_tls, sizeof(ngu__self_tls));
	}
	memset(&lab->r, 0, sizeof(lab->r));
	if (text != NULL && *text != '\0') {
		size_t len = strlen(scene->name);

		if (strncmp(text, scene->name, len) != 0 || text[len] != ':')
			return (0); /* another scenario's */
		error = replay(text + len + 1);
		if (out != NULL)
			*out = lab->r;
		return (error);
	}
	lab_shared = mmap(NULL, sizeof(*lab_shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (lab_shared == MAP_FAILED)
		return (errno);
	(void)fflush(NULL);
	for (i = 0; i < lab->o.jobs; i++) {
		if ((pid[i] = fork()) == 0) {
			child(i);
			(void)fflush(NULL);
			_exit(0);
		}
		if (pid[i] < 0) {
			error = errno;
			break;
		}
	}
	for (left = i; left != 0;) {
		struct timespec nap = { 0, 2000000 };
		double now;

		for (unsigned k = 0; k < i; k++) {
			int status;

			if (pid[k] > 0 && waitpid(pid[k], &status, WNOHANG) == pid[k]) {
				pid[k] = 0;
				left--;
				if (!lab_shared->job[k].done) {
					lab_shared->job[k].r.fail = NGU_LAB_SELF;
					(void)snprintf(lab_shared->job[k].r.why, sizeof(lab_shared->job[k].r.why),
					    "the lab's process ended with %s %d", WIFSIGNALED(status) ? "signal" : "status",
					    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
					if (!lab->o.quiet)
						(void)fprintf(stderr, "lab: %s: %s\n", scene->name, lab_shared->job[k].r.why);
					lab_shared->stop = true;
				}
			}
		}
		if (left == 0)
			break;
		(void)nanosleep(&nap, NULL);
		now = lab_seconds();
		if (now - told >= 2) {
			uint64_t n = 0, states = 0;

			told = now;
			for (unsigned k = 0; k < i; k++) {
				n += lab_shared->job[k].r.schedules;
				states += lab_shared->job[k].r.states;
			}
			if (!lab->o.quiet)
				(void)fprintf(stderr, "lab: %s: %llu schedules, %llu states, %.0f s\n", scene->name, (unsigned long long)n,
				    (unsigned long long)states, now - t0);
		}
	}
	r.complete = i != 0;
	for (unsigned k = 0; k < i; k++) {
		const struct ngu_lab_result *j = &lab_shared->job[k].r;

		r.schedules += j->schedules;
		r.pruned += j->pruned;
		r.states += j->states;
		r.points += j->points;
		r.fan_out += lab_shared->job[k].fan_sum;
		if (j->yield_points > r.yield_points)
			r.yield_points = j->yield_points;
		if (j->deepest > r.deepest)
			r.deepest = j->deepest;
		r.complete &= j->complete;
		if (j->fail != NGU_LAB_OK && r.fail == NGU_LAB_OK) {
			r.fail = j->fail;
			memcpy(r.why, j->why, sizeof(r.why));
			memcpy(r.schedule, j->schedule, sizeof(r.schedule));
		}
		if (lab_shared->job[k].setup_error != 0)
			error = lab_shared->job[k].setup_error;
	}
	r.fan_out = r.points != 0 ? r.fan_out / (double)r.points : 0;
	r.seconds = lab_seconds() - t0;
	(void)munmap(lab_shared, sizeof(*lab_shared));
	lab_shared = NULL;
	if (error == 0 && r.fail == NGU_LAB_OK && scene->points != 0 && r.yield_points < scene->points) {
		r.fail = NGU_LAB_SELF;
		(void)snprintf(r.why, sizeof(r.why), "decisions were taken at %u places only; %u were known: scheduling points got lost",
		    r.yield_points, scene->points);
		if (!lab->o.quiet)
			(void)fprintf(stderr, "lab: %s: %s\n", scene->name, r.why);
	}
	if (error == 0 && (!lab->o.quiet || lab_verbose))
		lab_summary(stderr, scene, &r);
	lab_json(scene, &r);
	if (out != NULL)
		*out = r;
	return (error != 0 ? error : r.fail != NGU_LAB_OK ? ENOTRECOVERABLE : 0);
}
