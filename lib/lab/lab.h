/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab.h - what the files of the race lab share.
 *
 * The lab is a second build of libng. Everything else of the library, and the node sources under test, are compiled
 * unchanged with -fsanitize=thread; the calls which that puts before each access lead here (tsan.c) instead of to a sanitizer.
 * "Threads" are coroutines on one thread of the operating system; between two accesses to something they share, sched.c
 * decides who goes on. After each run the memory is put back as it was (space.c), so that the next begins from the same state.
 *
 * The lab's own code is not instrumented and keeps all its state in `lab`, which is not part of what is put back.
 */
#ifndef NGU_LAB_LAB_H
#define NGU_LAB_LAB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <ng/lab.h>

#define LAB_BASE 0x6a0000000000ul /* the same in every process, so that a schedule can be replayed in another */
#define LAB_ARENA ((size_t)64 << 20)
#define LAB_STACK ((size_t)256 << 10)
#define LAB_THREADS 8u /* main, the reclaimer, bodies, workers */
#define LAB_SIZE (LAB_ARENA + LAB_THREADS * LAB_STACK)
#define LAB_SHADOW 0x6b0000000000ul /* no memory: an address here stands for being inside the node at LAB_BASE */
#define LAB_RANGES 8u
#define LAB_FRAMES 96u
#define LAB_BLOCKS 65536u
#define LAB_HELD 4096u   /* objects that methods hold */
#define LAB_BUFFER 16u	/* stores one thread may hold back */
#define LAB_WATCH 32u	/* words a spinning thread looks at */
#define LAB_DEEP 65536u /* decisions in one run */
#define LAB_LINE 256u

#define LAB_LIKELY(x) __builtin_expect(!!(x), 1)
#define LAB_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define LAB_OWN __attribute__((__section__("lab_state"))) /* a variable of the lab itself: not put back */
#define LAB_PC() ((uintptr_t)__builtin_return_address(0))

struct ngu__thread;
struct ngu__retire;

/* ---- memory: space.c ---- */

enum { AC_READ, AC_WRITE, AC_AREAD, AC_AWRITE, AC_KINDS }; /* plain and atomic accesses */

/* What is known of eight bytes of memory, in this run. `shared` and the masks behind `first` alone outlive it. */
struct lab_cell {
	uint32_t stamp;		   /* the run the rest is of */
	uint32_t ustamp;	   /* the run in which the old value was noted */
	uint32_t e[2][AC_KINDS];   /* of the first thread here: when it touched each half last, by kind */
	uint8_t m[AC_KINDS];	   /* which bytes */
	uint8_t touched;	   /* by which threads */
	uint8_t wrote;
	uint8_t watch;		   /* threads that spin on it */
	uint8_t shared;		   /* two threads met here with a write, in any run so far */
	uint32_t ext;		   /* lab_ext of all threads, once there are two */
	uint32_t sync;		   /* lab_sync, if it was used as an atomic */
	uint8_t first;		   /* the first thread */
	uint8_t writers;	   /* threads that wrote it in any run so far */
	uint8_t lockers;	   /* ... locked the mutex that it is */
	uint8_t sleepers;	   /* ... slept on it */
	uint8_t spare[4];
};
_Static_assert(sizeof(struct lab_cell) == 64, "a cell is a cache line");

struct lab_ext {
	uint32_t e[LAB_THREADS][2][AC_KINDS];
	uint8_t m[LAB_THREADS][AC_KINDS];
};

struct lab_sync {
	uint32_t vc[LAB_THREADS]; /* what an acquiring load learns */
	uint64_t wid;		  /* the event that wrote it last */
	uint64_t reads;		  /* the events that read it since */
	uint32_t by;		  /* who wrote it last, from 1 */
};

struct lab_undo {
	uint64_t *at;
	uint64_t old;
};

struct lab_range {
	uintptr_t lo, hi;
	struct lab_cell *cells;
	uint8_t *dead;
	unsigned char *copy; /* as it was at the mark, for the self-check */
	char name[64];
};

enum { MEM_LIVE, MEM_FREED, MEM_EDGE }; /* per eight bytes; EDGE: between blocks */

struct lab_block {
	void *p;
	size_t size;
	uintptr_t pc, pc2;  /* who allocated */
	uintptr_t fpc;	    /* who freed */
	uint8_t by, freed_by;
	bool freed, keep;
};

/* ---- threads: co.c, sched.c ---- */

enum lab_state { LT_NONE, LT_READY, LT_PAUSED, LT_BLOCKED, LT_DONE };

struct lab_store { /* held back in a store buffer */
	uintptr_t addr;
	uint64_t val;
	uint32_t size;
	uint32_t vc[LAB_THREADS];
	bool releases;
	uint64_t id;
};

struct lab_thread {
	void *sp;
	enum lab_state state;
	const char *name;
	void *(*fn)(void *);
	void *arg;
	bool daemon; /* its not ending is no deadlock */
	bool idle;   /* a daemon with nothing to do */
	bool calm;   /* plain accesses are no points */
	struct ngu__thread *self;
	void (*at_exit)(void *);
	void *at_exit_arg;

	bool (*ready)(struct lab_thread *); /* BLOCKED until this is true; NULL: until woken */
	uintptr_t on;			    /* what it waits for */
	uint64_t want;
	bool timed, timedout;
	const char *what;

	uint32_t vc[LAB_THREADS];
	uint32_t acq[LAB_THREADS]; /* seen by relaxed loads: a fence acquires it */
	uint32_t rel[LAB_THREADS]; /* at the last release fence */
	uint64_t hist;		   /* all it did that others could tell, and what it depended on */
	uint32_t nevents;
	uint32_t npoints; /* passed: where it stands, when two points have no event between them */
	uint64_t site;	  /* of the decision at which it was left */
	bool at_point;	  /* that was before an operation of its own, which it does next */

	struct lab_store buf[LAB_BUFFER];
	unsigned nbuf;
	unsigned nleft; /* of them from before it left its section or method last: out before what waited for that is over */
	bool looked; /* since it holds something back: it read what others write, or somebody saw to it that some came out */

	struct lab_cell *seen[LAB_WATCH]; /* read since the last pause, and the write that was seen */
	uint64_t seen_wid[LAB_WATCH];
	unsigned nseen;
	bool woken;
	bool overflow; /* of `seen`: any write wakes it */

	uintptr_t first; /* where in its code the first function to be entered said so */
	uintptr_t frame[LAB_FRAMES];
	unsigned nframe;

	uint64_t section; /* serial of its open read section, 0 none */
	uint64_t method;  /* of its outermost method that is no packet's, 0 none */
	void *gate[64];	  /* nodes whose methods it is in */
	uint8_t gate_w[64];
	unsigned ngate;
	unsigned held; /* locks */

	uint8_t *stack_copy;
	size_t stack_used;
	jmp_buf *unused;
	uint64_t alloc_at, alloc_end; /* its part of the arena, in a run */
};

/* ---- a decision ---- */

enum lab_alt { ALT_GO, ALT_SWITCH, ALT_DELAY, ALT_FLUSH, ALT_TIME, ALT_FAIL, ALT_CHOOSE };

struct lab_choice {
	uint8_t kind;
	uint8_t cost; /* 0 free, 1 of `preemptions`, 2 of `delays`, 3 of `failures` */
	uint16_t arg;
};

struct lab_node { /* of the search */
	uint16_t alt, n;
	uint64_t at;
	struct lab_choice taken;
};

#define LAB_LEADS 4u

/* Beside a node: what its first alternatives lead to, so that they need not be tried to know that they lead nowhere new. */
struct lab_leads {
	bool down; /* the last alternative comes first */
	struct {
		uint64_t key; /* 0: nothing is known */
		uint32_t spent;
		bool at_point;
	} to[LAB_LEADS];
};

/* One line of the story. */
enum lab_op { OP_LOAD, OP_STORE, OP_RMW, OP_FENCE, OP_READ, OP_WRITE, OP_LOCK, OP_UNLOCK, OP_WAIT, OP_WAKE, OP_PAUSE, OP_ALLOC, OP_FREE,
	OP_RETIRE, OP_ENTER, OP_LEAVE, OP_CALL, OP_NOTE, OP_SWITCH, OP_START, OP_END, OP_TIME };

struct lab_event {
	uint8_t thread, op;
	uint8_t size;
	bool shared;
	uintptr_t pc, fn, addr;
	uint64_t val;
	uint64_t at;
	const char *text;
};

enum lab_end { END_NONE, END_OK, END_PRUNED, END_FAILED, END_DEEP };

struct lab {
	/* hot */
	bool on;	     /* accesses are looked at */
	bool free_run;	     /* nobody decides: setup and end of a run */
	bool learned;	     /* a word was found to be shared that was not known to be */
	bool tracing;
	bool every;	     /* points are looked at whether shared or not: replay, no_learn */
	uintptr_t own_lo, own_hi; /* libng's own code, without its node types */
	uint32_t stamp;
	unsigned cur;
	struct lab_thread *self; /* &thread[cur] */
	struct lab_range range[LAB_RANGES];
	unsigned nranges;
	uintptr_t mark; /* arena addresses below it are put back */
	uintptr_t arena_next;

	struct lab_ext *ext;
	uint32_t next, max_ext;
	struct lab_sync *sync;
	uint32_t nsync, max_sync;
	struct lab_undo *undo;
	uint32_t nundo, max_undo;
	struct lab_block *block;
	uint32_t nblocks, mark_blocks;
	uint32_t *refreed; /* blocks from before the mark that were freed in this run */
	uint32_t nrefreed;

	struct lab_thread thread[LAB_THREADS];
	unsigned nthreads, mark_threads;
	void *driver_sp;

	/* the run */
	uint64_t at; /* candidate points so far */
	uint64_t steps, max_steps;
	uint64_t last_write; /* `steps` when anything was last written */
	int64_t now, mark_now;
	unsigned idle_rounds;
	unsigned preempts, delays, failures, fires;
	enum lab_end end;
	char why[4096];
	unsigned why_kind;
	uintptr_t why_pc;
	unsigned why_thread;
	uintptr_t why_addr;
	unsigned check_phase;

	/* the search */
	const struct ngu_lab *scene;
	struct ngu_lab_opts o;
	struct lab_node *node;
	struct lab_leads *leads;
	unsigned depth, prefix;
	bool straight; /* no choice of this run but first ones so far */
	uint64_t rng;
	uint32_t prio[LAB_THREADS];
	uint64_t change[16];
	unsigned part, parts;
	const struct lab_node *script; /* replay: only these, by `at` */
	unsigned nscript, script_at;

	struct lab_seen *table;
	uint64_t ntable, max_table;

	struct ngu_lab_result r;
	uint64_t *pcs;
	unsigned npcs;
	uint64_t fan_sum;

	struct lab_event *trace;
	uint32_t ntrace, max_trace;

	/* reclamation */
	struct {
		struct ngu__retire *r;
		void (*fn)(struct ngu__retire *);
		uint8_t waits; /* threads whose sections are still open */
		uint8_t waited; /* ... were open then, or over but not to be seen */
		uint64_t methods; /* the last that had begun */
		uint32_t vc[LAB_THREADS];
	} *retired;
	uint32_t rhead, rtail;
	struct {
		struct ngu__retire *r;
		void (*fn)(struct ngu__retire *);
		uint8_t waits; /* threads still in methods that had begun when it was retired */
		uint8_t waited; /* ... in them then */
	} held[LAB_HELD];
	uint32_t nheld;
	uint64_t methods, unlinked; /* methods begun so far; and when what the callback now running is about was retired */
	uint32_t ends[LAB_THREADS]; /* of methods */
	uint64_t rhash; /* who retired what, in which order */
	uint64_t nretired, ncalled, nfreed, sections; /* called: freed, or held by a method */
	uint64_t mark_nretired, mark_ncalled, mark_nfreed;
	uint32_t gp[LAB_THREADS];

	struct lab_thread *attaching; /* whose record is being made */
	unsigned clock_fires; /* timers the clock's thread lets fire in a run */
};

extern struct lab *lab;

#define LAB_SELF() (lab->self)

/*
 * May another thread's step depend on this one's order with it? Two reads commute, so what is read by the only thread that ever writes it
 * is no point of decision: stopping before it leads to what stopping before its next step leads to, at the same price.
 */
static inline bool
lab_meets(const struct lab_cell *c, bool write)
{
	return (c->shared != 0 && (write || (c->writers & ~(1u << lab->cur)) != 0));
}

/* space.c */
int lab_space_init(void);
const char *lab_object(uintptr_t pc, uintptr_t *base);
void *lab_alloc(size_t size, size_t align, uintptr_t pc, uintptr_t pc2);
void lab_free(void *p, uintptr_t pc);
void lab_keep(const void *p);
void lab_mark(void);
void lab_reset(void);
void lab_run_begin(void);
bool lab_verify(char *buf, size_t size); /* the memory is as it was at the mark */
void lab_undo_note(struct lab_cell *c, uint64_t *at);
struct lab_block *lab_block_of(uintptr_t addr);
const char *lab_maker(const struct lab_block *b);
void lab_ignore(const void *p, size_t size);
bool lab_ignored(uintptr_t p);
unsigned lab_leaks(char *buf, size_t size);

static inline struct lab_range *
lab_range_of(uintptr_t p)
{
	if (LAB_LIKELY(p - LAB_BASE < LAB_SIZE))
		return (&lab->range[0]);
	for (unsigned i = 1; i < lab->nranges; i++)
		if (p - lab->range[i].lo < lab->range[i].hi - lab->range[i].lo)
			return (&lab->range[i]);
	return (NULL);
}

void lab_point_here(uintptr_t pc, uintptr_t addr);

/* The current thread is about to touch something: others may run first. */
static inline void
lab_point(bool shared, uintptr_t pc, uintptr_t addr)
{
	lab->at++;
	lab->steps++;
	if (!lab->free_run && (shared || lab->every))
		lab_point_here(pc, addr);
	else if (LAB_UNLIKELY(lab->steps > lab->max_steps))
		lab_point_here(pc, addr);
}

/* race.c */
void lab_writer(struct lab_cell *c, unsigned bit);
void lab_access(uintptr_t p, size_t size, unsigned kind, uintptr_t pc);
struct lab_sync *lab_sync(struct lab_cell *c);
void lab_join(uint32_t *to, const uint32_t *from);
void lab_copy(uint32_t *to, const uint32_t *from);
void lab_release(uint32_t *to); /* the current thread's clock into *to, and on */
void lab_event_read(struct lab_cell *c, struct lab_sync *s);
void lab_event_write(struct lab_cell *c, struct lab_sync *s, unsigned tid);
void lab_event(uint64_t what);
uint64_t lab_signature(void);

static inline uint64_t
lab_mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15ul;
	return (h ^ h >> 29);
}

/* tsan.c */
void lab_drain(void);
void lab_flush(unsigned tid, unsigned n); /* the oldest n of its held back stores; ~0u all */
void lab_flush_all(void);

/* libc.c */
int lab_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap, uintptr_t pc) __attribute__((__format__(__printf__, 3, 0)));

/* co.c */
void lab_co_make(struct lab_thread *t, unsigned i);
void lab_co_switch(unsigned to);   /* from one coroutine to another, or from the driver */
void lab_co_driver(void);	   /* from a coroutine back to the driver */
void lab_co_save(struct lab_thread *t, unsigned i);
void lab_co_restore(struct lab_thread *t, unsigned i);

/* sched.c */
void lab_pause(bool longer);			     /* the current thread spins */
void lab_block(const char *what, bool (*ready)(struct lab_thread *), uintptr_t on, uint64_t want, bool timed);
bool lab_never(struct lab_thread *t); /* `ready` of a thread that only time wakes: it is stopped where it is, buffer and all */
void lab_ripe(void);				     /* the reclaimer has something to do */
bool lab_decide_delay(void);
bool lab_decide_fail(void);
unsigned lab_decide_choose(unsigned n);
unsigned lab_spawn(const char *name, void *(*fn)(void *), void *arg, bool daemon);
void lab_wrote(struct lab_cell *c); /* wakes who spins on it */
_Noreturn void lab_fail(unsigned kind, const char *fmt, ...) __attribute__((__format__(__printf__, 2, 3)));
_Noreturn void lab_fail_at(unsigned kind, uintptr_t pc, uintptr_t addr, const char *fmt, ...) __attribute__((__format__(__printf__, 4, 5)));
_Noreturn void lab_stop(enum lab_end end);
bool lab_runnable(unsigned i);
void lab_run_threads(void); /* the driver: until all have ended, or one failed */

/* search.c */
uint64_t lab_rng(void);
/* One of n alternatives, paid for. `down`: they are tried from the last one on. Does not return if the run is of no use from here on. */
const struct lab_choice *lab_decide(struct lab_choice *a, unsigned n, uint64_t site, bool down);
bool lab_search_next(void); /* DFS: the next run's choices. False: there is none */
void lab_search_reset(void);
bool lab_met_end(void); /* a run ended in this state before */
size_t lab_schedule_print(char *buf, size_t size);
int lab_schedule_parse(const char *text, struct lab_node *out, unsigned max);

/* rcl.c */
void *lab_reclaimer(void *arg); /* the thread's main function */
bool lab_rcl_ripe(void);
void lab_rcl_mark(void);
void lab_rcl_reset(void);

/* oracle.c */
void lab_trace(unsigned op, uintptr_t pc, uintptr_t addr, unsigned size, uint64_t val, const char *text);
const char *lab_where(uintptr_t addr, char *buf, size_t size); /* what stands at an address */

#define LAB_TRACE(op, pc, addr, size, val, text) \
	do { \
		if (LAB_UNLIKELY(lab->tracing)) \
			lab_trace((op), (pc), (addr), (size), (val), (text)); \
	} while (0)

/* story.c */
void lab_story(FILE *f, bool whole);
void lab_stacks(FILE *f);
void lab_symbol(uintptr_t pc, char *buf, size_t size);

#endif /* NGU_LAB_LAB_H */
