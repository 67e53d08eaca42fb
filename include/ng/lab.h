/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab.h - the race lab: run a few threads in every order there is, on the unmodified sources of nodes and core.
 *
 * Link with libng-lab instead of libng, and compile the program and its node types with what `pkg-config --cflags libng-lab`
 * says (-fsanitize=thread among it; do not give that to the linker). See docs/lab.md and ngu_lab(3).
 *
 *	static int setup(void *a) { ... make a graph ...; return (0); }
 *	static void sends(void *a) { ... }
 *	static void cuts(void *a) { ... ngu_rmhook(...) ... }
 *	static const struct ngu_lab lab = { .name = "send-rmhook", .setup = setup, .body = { { "sends", sends }, { "cuts", cuts } },
 *	    .end = end };
 *	assert_int_equal(ngu_lab_run(&lab, NULL, NULL), 0);
 */
#ifndef NG_LAB_H
#define NG_LAB_H

#include <ng/base.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

NGU_BEGIN_DECLS

#define NGU_LAB_BODIES 4

struct ngu_lab_body {
	const char *name;
	void (*fn)(void *arg);
};

/*
 * A scenario. `setup` runs once, alone; what it left behind in memory is where each run begins. The bodies then run in each order
 * the search comes to; then `end` runs alone: it checks, shuts nodes down and destroys the graph. After it nothing that setup or a
 * body allocated through libng may be left (`keeps` switches that off). Memory that code not compiled for the lab
 * writes (stdio, malloc of the C library) is not put back; the lab says so when it notices.
 */
struct ngu_lab {
	const char *name;
	void *arg;		  /* handed to all of them */
	int (*setup)(void *arg);  /* 0 or errno, which ngu_lab_run() returns */
	struct ngu_lab_body body[NGU_LAB_BODIES];
	void (*end)(void *arg);	  /* may be NULL */
	bool keeps;		  /* `end` does not free everything */
	uint32_t points;	  /* at least so many places of the program must have been decision points; 0: any */
};

enum ngu_lab_mode {
	NGU_LAB_DFS,	/* every order within the bounds */
	NGU_LAB_RANDOM, /* orders by chance */
	NGU_LAB_PCT	/* by chance, priorities with `depth` changes: finds a bug of that depth with known probability */
};

/* 0 in a field: the default. Each can be set from outside: NGU_LAB_MODE=dfs|random|pct, NGU_LAB_PREEMPTIONS=N and so on. */
struct ngu_lab_opts {
	enum ngu_lab_mode mode;
	uint32_t preemptions; /* how often a thread that could go on may be stopped; 2. NGU_LAB_NONE: never */
	uint32_t delays;      /* stores held back in a store buffer; 1 */
	uint32_t failures;    /* allocations refused; 0 */
	uint64_t schedules;   /* at most so many; DFS: no limit, else 100,000 */
	uint64_t seconds;     /* at most so long; no limit */
	uint64_t seed;	      /* RANDOM, PCT; 1 */
	uint32_t depth;	      /* PCT; 3 */
	uint32_t steps;	      /* longest run before it counts as a livelock; 100,000 */
	uint32_t jobs;	      /* processes; 1 */
	bool no_prune;	      /* DFS: do not stop where a run meets a state that was there already */
	bool no_learn;	      /* decide at every access, not only where threads meet */
	bool quiet;	      /* no report on standard error; NGU_LAB_VERBOSE prints one for runs without a failure, too */
};
#define NGU_LAB_NONE UINT32_MAX

/* What a run can fail for. */
enum ngu_lab_fail {
	NGU_LAB_OK,
	NGU_LAB_CHECK,	  /* ngu_lab_check(), ngu_lab_fail() */
	NGU_LAB_RACE,	  /* two accesses, one of them a plain one, one a write, in no order */
	NGU_LAB_MEMORY,	  /* freed memory touched or freed again, or beyond a block's end */
	NGU_LAB_LEAK,	  /* something is left at the end */
	NGU_LAB_DEADLOCK, /* nobody can go on */
	NGU_LAB_LIVELOCK, /* nobody gets anywhere */
	NGU_LAB_WAKEUP,	  /* a sleeper whose word has changed was not woken */
	NGU_LAB_GATE,	  /* a writer beside somebody else in a node */
	NGU_LAB_SECTION,  /* blocked inside a read section, or one left open */
	NGU_LAB_PANIC,	  /* panic(), a broken invariant, a signal */
	NGU_LAB_STRICT,	  /* strict mode reported */
	NGU_LAB_SELF	  /* the scenario is not fit: not the same each time, or memory changed behind the lab's back */
};

struct ngu_lab_result {
	enum ngu_lab_fail fail;
	bool complete;	       /* DFS: everything within the bounds was seen */
	uint64_t schedules;    /* runs */
	uint64_t pruned;       /* of them stopped where another had been */
	uint64_t states;       /* different states met at decisions */
	uint64_t points;       /* decisions, over all runs */
	uint32_t yield_points; /* places of the program where decisions were taken */
	uint32_t deepest;      /* most decisions in one run */
	double fan_out;	       /* choices a decision, on average */
	double seconds;
	char schedule[1024];   /* of the failure, for NGU_LAB_REPLAY */
	char why[1024];
};

/*
 * Run the scenario. 0: no failure; EINVAL: the scenario is not one; else what setup returned, or, for a failure, ENOTRECOVERABLE, with the story on
 * standard error. `opts`, `out` may be NULL. Returns at the first failure. The environment rules over `opts`:
 *   NGU_LAB_REPLAY=name:schedule   run only that, of that scenario, in this process
 *   NGU_LAB_BREAK=1                with a replay: a trap where it fails, for a debugger
 *   NGU_LAB_MODE, _PREEMPTIONS, _DELAYS, _FAILURES, _SCHEDULES, _SECONDS, _SEED, _DEPTH, _STEPS, _JOBS, _NO_PRUNE, _NO_LEARN
 *   NGU_LAB_JSON=FILE              append one line for each scenario
 *   NGU_LAB_STORY=whole            all that happened, not only what matters
 * Call it from one thread, with no graph alive. May run for long; says how far it is every two seconds.
 */
NGU_API int ngu_lab_run(const struct ngu_lab *scene, const struct ngu_lab_opts *opts, struct ngu_lab_result *out);

/* In a body or `end`: end the run as failed. The text is cut at 1,000 bytes. */
NGU_API void ngu_lab_fail(const char *fmt, ...) __attribute__((__format__(__printf__, 1, 2), __noreturn__));
#define ngu_lab_check(cond) \
	((cond) ? (void)0 : ngu_lab_fail("check failed: %s (%s:%d)", #cond, __FILE__, __LINE__))

NGU_API unsigned ngu_lab_choose(unsigned n); /* one more choice: 0 to n - 1; all are tried */
NGU_API void ngu_lab_note(const char *text); /* a line in the story; the text must stay */
NGU_API void ngu_lab_point(void);	     /* others may run here */
/* In a body: others run until fn(arg) is true. fn must not change anything. */
NGU_API void ngu_lab_wait(bool (*fn)(void *arg), void *arg);

/*
 * In a body, also inside a method or a read section: this thread loses its processor for long, with what it holds back in its store
 * buffer. The others go on until none of them can without time passing; who goes on then is a choice.
 */
NGU_API void ngu_lab_stall(void);

/*
 * In `setup`: one more thread, "clock", moves the fake clock of `g` to when its next timer is due, at most `fires` times in a run: that
 * a callout fires is one more thing that may happen at any point. 0 or EINVAL (the graph's clock is a real one).
 */
NGU_API int ngu_lab_clock(struct ngu_graph *g, unsigned fires);

/*
 * In `end`: how many cache lines (64 bytes) of libng's memory and of variables were written by more than one body in this run, each told to
 * `line` (may be NULL), with what is there and who wrote. What the allocator itself writes is not looked at: the lab has its own.
 */
NGU_API unsigned ngu_lab_shared_lines(void (*line)(void *arg, const char *text), void *arg);

/* Who runs: a number that differs from thread to thread of the run (setup, end, bodies, workers), 0 outside of one. */
NGU_API unsigned ngu_lab_self(void);

/*
 * Memory for setup, bodies and `end`: zeroed, aligned to 16, put back like all else; never refused, no point of decision, and
 * a leak if it is left at the end, unless ngu_lab_keep() said that it stays. Give it back in the same run, or what setup got in
 * `end`. Outside of a run it is calloc(3)'s, and may be NULL.
 */
NGU_API void *ngu_lab_alloc(size_t size);
NGU_API void ngu_lab_free(void *p);
NGU_API void ngu_lab_keep(const void *p);

/*
 * true: from now on plain accesses of this thread are no points of decision by themselves; atomic ones and locks are, and all are
 * looked at. For what a test writes down under a lock of its own. false: they are again.
 */
NGU_API void ngu_lab_calm(bool on);

NGU_END_DECLS

#endif /* NG_LAB_H */
