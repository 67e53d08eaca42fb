/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run.c - ngu_lab_run(): options, processes, the loop over schedules, and what is told of them.
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
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <ng/graph.h>

#include "lab/lab.h"
#include "port/port.h"
#include "reclaim/thread.h"

#define JOBS_MAX 16u
#define LEARN 48u /* random runs before the search, to see where threads meet */
#define VERIFY_EVERY 1024u

void *lab_reclaimer(void *arg);
void lab_co_run(unsigned to);
void lab_stacks(FILE *f);

/* What a child tells its parent. */
struct shared {
	volatile bool stop;
	struct {
		struct ngu_lab_result r;
		double fan_sum;
		int setup_error;
		volatile bool done;
	} job[JOBS_MAX];
};

LAB_OWN static struct shared *shared;
LAB_OWN static sigjmp_buf crashed;
LAB_OWN static unsigned verbose;

static double
seconds(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((double)ts.tv_sec + (double)ts.tv_nsec * 1e-9);
}

/* ---- options */

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

static int
options(const struct ngu_lab_opts *opts)
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
	if (o->jobs == 0 || o->jobs > JOBS_MAX)
		o->jobs = o->jobs == 0 ? 1 : JOBS_MAX;
	if (from_env("NO_PRUNE", o->no_prune) != 0)
		o->no_prune = true;
	if (from_env("NO_LEARN", o->no_learn) != 0)
		o->no_learn = true;
	verbose = (unsigned)from_env("VERBOSE", 0);
	return (0);
}

/* ---- crashes are failures like any other */

static void
on_signal(int sig, siginfo_t *info, void *ctx)
{
	(void)ctx;
	if (!lab->on) {
		(void)signal(sig, SIG_DFL);
		(void)raise(sig);
		return;
	}
	(void)snprintf(lab->why, sizeof(lab->why), "%s, address %p", strsignal(sig), info->si_addr);
	lab->why_kind = NGU_LAB_PANIC;
	lab->why_pc = 0;
	lab->why_addr = 0;
	lab->why_thread = lab->cur;
	lab->on = false;
	lab->end = END_FAILED;
	siglongjmp(crashed, 1);
}

static void
catch_signals(bool on)
{
	static const int sigs[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
	LAB_OWN static char stack[65536];
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };

	(void)sigaltstack(&ss, NULL);
	for (unsigned i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++)
		if (on)
			(void)sigaction(sigs[i], &sa, NULL);
		else
			(void)signal(sigs[i], SIG_DFL);
}

/* ---- one run */

LAB_OWN static int setup_error;

static void *
main_setup(void *arg)
{
	const struct ngu_lab *s = lab->scene;

	(void)arg;
	(void)ngu__self();
	/* Each body's record is made here, so that a run does not begin with it. */
	for (unsigned i = 0; i < NGU_LAB_BODIES && s->body[i].fn != NULL; i++) {
		struct ngu__thread *mine = ngu__self_tls;

		ngu__self_tls = NULL;
		lab->attaching = &lab->thread[2 + i];
		lab->attaching->self = ngu__thread_attach();
		lab->attaching = NULL;
		ngu__self_tls = mine;
	}
	setup_error = s->setup != NULL ? s->setup(s->arg) : 0;
	return (NULL);
}

static void *
body_main(void *arg)
{
	const struct ngu_lab_body *b = arg;

	b->fn(lab->scene->arg);
	if (lab->self->section != 0)
		lab_fail(NGU_LAB_SECTION, "%s ends with its read section open", b->name);
	return (NULL);
}

void ngu__rcl_barrier(void);

static void *
main_end(void *arg)
{
	const struct ngu_lab *s = lab->scene;
	char leaks[2048];
	unsigned n;

	(void)arg;
	/* The bodies' threads end: what they promised is done, what they hold is let go. */
	for (unsigned i = 2; i < lab->nthreads; i++) {
		struct lab_thread *t = &lab->thread[i];
		struct ngu__thread *mine = ngu__self_tls;

		if (t->at_exit != NULL && (t->state == LT_DONE || t->idle)) {
			ngu__self_tls = t->self;
			t->at_exit(t->at_exit_arg);
			ngu__self_tls = mine;
		}
	}
	if (s->end != NULL)
		s->end(s->arg);
	ngu__rcl_barrier();
	if (!s->keeps && (n = lab_leaks(leaks, sizeof(leaks))) != 0)
		lab_fail(NGU_LAB_LEAK, "%u block%s left at the end:%s", n, n == 1 ? " is" : "s are", leaks);
	return (NULL);
}

static void
fresh(unsigned i, const char *name, void *(*fn)(void *), void *arg)
{
	struct lab_thread *t = &lab->thread[i];
	struct ngu__thread *self = t->self;
	void (*at_exit)(void *) = t->at_exit;
	void *at_exit_arg = t->at_exit_arg;
	uint64_t at = t->alloc_at, end = t->alloc_end;

	memset(t, 0, offsetof(struct lab_thread, frame));
	t->nframe = 0;
	t->section = 0;
	t->ngate = 0;
	t->held = 0;
	t->stack_copy = NULL;
	t->self = self;
	t->at_exit = at_exit;
	t->at_exit_arg = at_exit_arg;
	t->alloc_at = at;
	t->alloc_end = end;
	t->name = name;
	t->fn = fn;
	t->arg = arg;
	t->state = LT_READY;
	t->vc[i] = 1;
	lab_co_make(t, i);
}

/* Runs what is ready. False: a crash or a failure. */
static bool
go(void)
{
	lab->end = END_NONE;
	if (sigsetjmp(crashed, 0) == 0) {
		lab->on = true;
		lab_run_threads();
	}
	lab->on = false;
	ngu__self_tls = NULL;
	return (lab->end == END_NONE);
}

static unsigned
nbodies(void)
{
	unsigned n = 0;

	while (n < NGU_LAB_BODIES && lab->scene->body[n].fn != NULL)
		n++;
	return (n);
}

static bool
prepare(void)
{
	unsigned i, n = nbodies();

	for (i = 2; i < 2 + n; i++) {
		lab->thread[i].state = LT_NONE;
		lab->thread[i].name = lab->scene->body[i - 2].name;
	}
	lab->nthreads = 2 + n;
	lab->free_run = true;
	lab->max_steps = 50000000;
	fresh(0, "setup", main_setup, NULL);
	fresh(1, "reclaimer", lab_reclaimer, NULL);
	lab->thread[1].daemon = true;
	if (!go())
		return (false);
	lab->nundo = 0;
	lab_mark();
	lab->free_run = false;
	return (true);
}

static void
one_run(void)
{
	const struct ngu_lab *s = lab->scene;
	unsigned i, n = nbodies();

	lab_reset();
	lab->learned = false;
	for (i = 0; i < n; i++)
		fresh(2 + i, s->body[i].name, body_main, (void *)(uintptr_t)&s->body[i]);
	lab->thread[0].state = LT_NONE;
	lab->r.schedules++;
	if (go()) {
		/* The same end was looked at before. */
		if (lab->script == NULL && lab->o.mode == NGU_LAB_DFS && !lab->o.no_prune && lab_met_end()) {
			lab->end = END_OK;
			return;
		}
		lab->free_run = true;
		lab->check_phase = 1;
		fresh(0, "end", main_end, NULL);
		for (i = 1; i < lab->nthreads; i++)
			lab_join(lab->thread[0].vc, lab->thread[i].vc);
		if (go())
			lab->end = END_OK;
		lab->free_run = false;
	}
}

/* ---- the loop */

static void
publish(unsigned job)
{
	if (shared == NULL)
		return;
	lab->r.states = lab->ntable;
	lab->r.yield_points = lab->npcs;
	shared->job[job].r = lab->r;
	shared->job[job].fan_sum = (double)lab->fan_sum;
}

static void
pct_prepare(void)
{
	for (unsigned i = 0; i < LAB_THREADS; i++) {
		lab->rng = lab->rng * 6364136223846793005ul + 1442695040888963407ul;
		lab->prio[i] = 100 + (uint32_t)(lab->rng >> 33) % 1000;
	}
	memset(lab->change, 0, sizeof(lab->change));
	for (unsigned i = 0; i + 1 < lab->o.depth && i < 16; i++) {
		uint64_t longest = lab->r.deepest > 20 ? lab->r.deepest : 20;

		lab->rng = lab->rng * 6364136223846793005ul + 1442695040888963407ul;
		lab->change[i] = lab->r.points + 1 + (lab->rng >> 33) % longest;
	}
}

/*
 * A body that was compiled for the lab says so when it begins, with the address in body_main() that it was called from. Of
 * another one the first to speak is what it calls.
 */
static bool
bodies_seen(void)
{
	uintptr_t lib, from;

	(void)lab_object((uintptr_t)&shared, &lib);
	for (unsigned i = 0; i < nbodies(); i++) {
		(void)lab_object(lab->thread[2 + i].frame[0], &from);
		if (lab->thread[2 + i].frame[0] == 0 || from == lib)
			continue;
		lab->end = END_FAILED;
		lab->why_kind = NGU_LAB_SELF;
		(void)snprintf(lab->why, sizeof(lab->why),
		    "body \"%s\" was not compiled for the lab: compile it, and the node types under test, with what "
		    "`pkg-config --cflags libng-lab` says (node types: --variable=kern_cflags)", lab->scene->body[i].name);
		return (false);
	}
	return (true);
}

static void
seed(uint64_t n)
{
	lab->rng = lab_mix(lab_mix(lab->o.seed, 0x1ab), n) | 1;
}

static void
explore(unsigned job)
{
	double t0 = seconds();
	uint64_t n;
	char text[512];
	enum ngu_lab_mode mode = lab->o.mode;

	/* Where do threads meet? */
	lab->o.mode = NGU_LAB_RANDOM;
	for (n = 0; n < LEARN; n++) {
		seed(n);
		one_run();
		if (n == 0 && !bodies_seen())
			goto out;
		if (lab->end == END_FAILED)
			goto out;
		if (n < 8) {
			lab_reset();
			if (!lab_verify(text, sizeof(text))) {
				lab->end = END_FAILED;
				lab->why_kind = NGU_LAB_SELF;
				(void)snprintf(lab->why, sizeof(lab->why), "%.500s", text);
				goto out;
			}
		}
	}
	lab->o.mode = mode;
	lab_search_reset();
	for (n = 0; lab->r.schedules < lab->o.schedules; n++) {
		if (mode != NGU_LAB_DFS) {
			seed(0x10000 + n * lab->parts + job);
			if (mode == NGU_LAB_PCT)
				pct_prepare();
		}
		one_run();
		if (lab->end == END_FAILED)
			break;
		if (mode == NGU_LAB_DFS) {
			if (lab->learned) {
				lab_search_reset();
				continue;
			}
			if (!lab_search_next()) {
				lab->r.complete = true;
				break;
			}
		}
		if ((n & 63) == 0) {
			lab->r.seconds = seconds() - t0;
			publish(job);
			if (lab->r.seconds > (double)lab->o.seconds || (shared != NULL && shared->stop))
				break;
			if (n % VERIFY_EVERY == 0) {
				lab_reset();
				if (!lab_verify(text, sizeof(text))) {
					lab->end = END_FAILED;
					lab->why_kind = NGU_LAB_SELF;
					(void)snprintf(lab->why, sizeof(lab->why), "%.500s", text);
					break;
				}
			}
		}
	}
out:
	lab->o.mode = mode;
	lab->r.seconds = seconds() - t0;
	if (lab->end == END_FAILED) {
		lab->r.fail = (enum ngu_lab_fail)lab->why_kind;
		(void)snprintf(lab->r.why, sizeof(lab->r.why), "%.1000s", lab->why);
		(void)lab_schedule_print(lab->r.schedule, sizeof(lab->r.schedule));
	}
	publish(job);
}

/* ---- a failure: made short, and told */

static bool
again(const struct lab_node *script, unsigned n, unsigned kind)
{
	lab->script = script;
	lab->nscript = n;
	one_run();
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

static const char *const fail_name[] = { [NGU_LAB_OK] = "ok", [NGU_LAB_CHECK] = "check", [NGU_LAB_RACE] = "data race",
	[NGU_LAB_MEMORY] = "memory", [NGU_LAB_LEAK] = "leak", [NGU_LAB_DEADLOCK] = "deadlock", [NGU_LAB_LIVELOCK] = "livelock",
	[NGU_LAB_WAKEUP] = "lost wake-up", [NGU_LAB_GATE] = "gate", [NGU_LAB_SECTION] = "section", [NGU_LAB_PANIC] = "panic",
	[NGU_LAB_STRICT] = "strict", [NGU_LAB_SELF] = "scenario" };

static void
tell(const struct lab_node *given, unsigned ngiven)
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
		(void)fprintf(stderr, "lab: %s: %s: %s\n", lab->scene->name, fail_name[kind], lab->why);
		return;
	}
	if (!again(script, n, kind)) {
		(void)fprintf(stderr,
		    "lab: %s: %s: %s\n  (it does not come again with the same schedule: the scenario depends on something the lab does not put back)\n",
		    lab->scene->name, fail_name[kind], lab->r.why);
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
	(void)fprintf(stderr, "lab: %s: FAILED: %s: %s\n", lab->scene->name, fail_name[kind], lab->why);
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

/* ---- ngu_lab_run */

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

static void
json(const struct ngu_lab *s, const struct ngu_lab_result *r)
{
	const char *name = getenv("NGU_LAB_JSON");
	FILE *f;

	if (name == NULL || *name == '\0' || (f = fopen(name, "a")) == NULL)
		return;
	(void)fprintf(f, "{\"scenario\":");
	json_text(f, s->name);
	(void)fprintf(f, ",\"fail\":");
	json_text(f, fail_name[r->fail]);
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

static void
summary(FILE *f, const struct ngu_lab *s, const struct ngu_lab_result *r)
{
	(void)fprintf(f,
	    "lab: %s: %s: %llu schedules (%llu of them cut short), %llu states, %llu decisions at %u places, %.2f choices each, at most %u "
	    "in a run, %.2f s, %.0f schedules/s\n",
	    s->name, r->fail != NGU_LAB_OK ? fail_name[r->fail] : r->complete ? "complete" : "no failure", (unsigned long long)r->schedules,
	    (unsigned long long)r->pruned, (unsigned long long)r->states, (unsigned long long)r->points, r->yield_points, r->fan_out,
	    r->deepest, r->seconds, r->seconds > 0 ? (double)r->schedules / r->seconds : 0);
}

static void
child(unsigned job)
{
	lab->part = job;
	lab->parts = lab->o.jobs;
	catch_signals(true);
	if (!prepare()) {
		lab->r.fail = (enum ngu_lab_fail)lab->why_kind;
		(void)snprintf(lab->r.why, sizeof(lab->r.why), "in setup: %.1000s", lab->why);
		(void)fprintf(stderr, "lab: %s: setup failed: %s: %s\n", lab->scene->name, fail_name[lab->why_kind], lab->why);
		lab_stacks(stderr);
		publish(job);
	} else if (setup_error != 0)
		shared->job[job].setup_error = setup_error;
	else {
		explore(job);
		if (lab->r.fail != NGU_LAB_OK && !shared->stop) {
			shared->stop = true;
			tell(NULL, 0);
			publish(job);
		}
	}
	shared->job[job].done = true;
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
	if (!prepare())
		return (ENOTRECOVERABLE);
	if (setup_error != 0)
		return (setup_error);
	/* Words become known as shared in the first run; the second says so in its story. */
	lab->script = script;
	lab->nscript = (unsigned)n;
	one_run();
	if (lab->end != END_FAILED) {
		(void)fprintf(stderr, "lab: %s: this schedule does not fail\n", lab->scene->name);
		lab->script = NULL;
		return (0);
	}
	lab->r.fail = (enum ngu_lab_fail)lab->why_kind;
	(void)snprintf(lab->r.why, sizeof(lab->r.why), "%.1000s", lab->why);
	tell(script, (unsigned)n);
	return (ENOTRECOVERABLE);
}

int
ngu_lab_run(const struct ngu_lab *scene, const struct ngu_lab_opts *opts, struct ngu_lab_result *out)
{
	const char *text = getenv("NGU_LAB_REPLAY");
	struct ngu_lab_result r;
	pid_t pid[JOBS_MAX];
	double t0 = seconds(), told = t0;
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
	if ((error = options(opts)) != 0)
		return (error);
	lab->self = &lab->thread[0];
	if (lab->node == NULL) {
		lab->node = calloc(LAB_DEEP, sizeof(*lab->node));
		lab->pcs = calloc(8192, sizeof(*lab->pcs));
		lab->retired = mmap(NULL, 65536 * sizeof(*lab->retired), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (lab->node == NULL || lab->pcs == NULL || lab->retired == MAP_FAILED)
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
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
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
				if (!shared->job[k].done) {
					shared->job[k].r.fail = NGU_LAB_SELF;
					(void)snprintf(shared->job[k].r.why, sizeof(shared->job[k].r.why),
					    "the lab's process ended with %s %d", WIFSIGNALED(status) ? "signal" : "status",
					    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
					(void)fprintf(stderr, "lab: %s: %s\n", scene->name, shared->job[k].r.why);
					shared->stop = true;
				}
			}
		}
		if (left == 0)
			break;
		(void)nanosleep(&nap, NULL);
		now = seconds();
		if (now - told >= 2) {
			uint64_t n = 0, states = 0;

			told = now;
			for (unsigned k = 0; k < i; k++) {
				n += shared->job[k].r.schedules;
				states += shared->job[k].r.states;
			}
			if (!lab->o.quiet)
				(void)fprintf(stderr, "lab: %s: %llu schedules, %llu states, %.0f s\n", scene->name, (unsigned long long)n,
				    (unsigned long long)states, now - t0);
		}
	}
	r.complete = i != 0;
	for (unsigned k = 0; k < i; k++) {
		const struct ngu_lab_result *j = &shared->job[k].r;

		r.schedules += j->schedules;
		r.pruned += j->pruned;
		r.states += j->states;
		r.points += j->points;
		r.fan_out += shared->job[k].fan_sum;
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
		if (shared->job[k].setup_error != 0)
			error = shared->job[k].setup_error;
	}
	r.fan_out = r.points != 0 ? r.fan_out / (double)r.points : 0;
	r.seconds = seconds() - t0;
	(void)munmap(shared, sizeof(*shared));
	shared = NULL;
	if (error == 0 && r.fail == NGU_LAB_OK && scene->points != 0 && r.yield_points < scene->points) {
		r.fail = NGU_LAB_SELF;
		(void)snprintf(r.why, sizeof(r.why), "decisions were taken at %u places only; %u were known: scheduling points got lost",
		    r.yield_points, scene->points);
		(void)fprintf(stderr, "lab: %s: %s\n", scene->name, r.why);
	}
	if (error == 0 && (!lab->o.quiet || verbose))
		summary(stderr, scene, &r);
	json(scene, &r);
	if (out != NULL)
		*out = r;
	return (error != 0 ? error : r.fail != NGU_LAB_OK ? ENOTRECOVERABLE : 0);
}

/* ---- for bodies */

void
ngu_lab_fail(const char *fmt, ...)
{
	char buf[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	if (lab == NULL || !lab->on) {
		(void)fprintf(stderr, "lab: %s\n", buf);
		abort();
	}
	lab_fail_at(NGU_LAB_CHECK, LAB_PC(), 0, "%s", buf);
}

unsigned
ngu_lab_self(void)
{
	return (lab != NULL && lab->on ? lab->cur + 1 : 0);
}

void
ngu_lab_calm(bool on)
{
	if (lab != NULL && lab->on)
		lab->self->calm = on;
}

void *
ngu_lab_alloc(size_t size)
{
	uintptr_t pc = LAB_PC();

	if (lab == NULL || !lab->on)
		return (calloc(1, size != 0 ? size : 1));
	LAB_TRACE(OP_ALLOC, pc, 0, (unsigned)size, 0, NULL);
	return (lab_alloc(size != 0 ? size : 1, 16, pc, pc));
}

void
ngu_lab_free(void *p)
{
	if ((uintptr_t)p - LAB_BASE >= LAB_ARENA)
		free(p);
	else if (lab->on)
		ngu__port_free(p);
}

void
ngu_lab_keep(const void *p)
{
	if (lab != NULL)
		lab_keep(p);
}

unsigned
ngu_lab_choose(unsigned n)
{
	return (lab != NULL && lab->on ? lab_decide_choose(n) : 0);
}

void
ngu_lab_note(const char *text)
{
	if (lab != NULL && lab->on)
		LAB_TRACE(OP_NOTE, LAB_PC(), 0, 0, 0, text);
}

void
ngu_lab_point(void)
{
	if (lab != NULL && lab->on)
		lab_point(true, LAB_PC(), 1);
}

void
ngu_lab_stall(void)
{
	if (lab != NULL && lab->on && !lab->free_run)
		lab_block("has lost its processor", lab_never, 0, UINT64_MAX, true);
}

struct until {
	bool (*fn)(void *);
	void *arg;
};

static bool
is_true(struct lab_thread *t)
{
	const struct until *u = (const struct until *)t->on;
	bool on = lab->on, v;

	lab->on = false;
	v = u->fn(u->arg);
	lab->on = on;
	return (v);
}

void
ngu_lab_wait(bool (*fn)(void *), void *arg)
{
	struct until u = { fn, arg };

	if (lab == NULL || !lab->on)
		return;
	while (!fn(arg)) /* and once more when it is true: what it reads then is learned of */
		lab_block("waits for a condition of the test", is_true, (uintptr_t)&u, UINT64_MAX, false);
}

/* ---- the clock as a thread */

static bool
is_due(struct lab_thread *t)
{
	bool on = lab->on, due;

	if (lab->check_phase != 0 || lab->free_run)
		return (false);
	lab->on = false;
	due = ngu_clock_next((const struct ngu_graph *)t->on) >= 0;
	lab->on = on;
	return (due);
}

static void *
clock_main(void *arg)
{
	struct lab_thread *t = lab->self;
	struct ngu_graph *g = arg;
	int64_t next;

	(void)ngu__self();
	for (uint64_t fires = lab->clock_fires; fires != 0; fires--) {
		t->idle = true;
		lab_block("waits for a timer", is_due, (uintptr_t)g, UINT64_MAX, false);
		t->idle = false;
		if ((next = ngu_clock_next(g)) < 0)
			continue;
		next -= ngu_clock_now(g);
		lab_event((uint64_t)next);
		if (ngu_clock_advance(g, next > 0 ? next : 0) != 0)
			break;
	}
	return (NULL);
}

int
ngu_lab_clock(struct ngu_graph *g, unsigned fires)
{
	int error;

	if (lab == NULL || !lab->on || g == NULL || fires == 0)
		return (EINVAL);
	if ((error = ngu_clock_advance(g, 0)) != 0)
		return (error);
	lab->clock_fires = fires;
	(void)lab_spawn("clock", clock_main, g, true);
	return (0);
}
