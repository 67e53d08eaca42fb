/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * port.h - everything libng asks of the machine and the operating system.
 *
 * Shared words are touched through the NGU_* operations below and nowhere else: each names its ordering, and each is one
 * place. lib/core includes this header and no system header.
 * Blocking calls, threads, clocks and memory come as functions; posix.c, linux.c and bsd.c stand behind them and hold the
 * only OS #ifdefs of the project.
 */
#ifndef NGU_PORT_H
#define NGU_PORT_H

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "port/plant.h"
#include "port/san.h"

#define NGU_CACHELINE 64
#define NGU_ALIGNED(n) __attribute__((__aligned__(n)))
#define NGU_LIKELY(x) __builtin_expect(!!(x), 1)
#define NGU_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define NGU_NOINLINE __attribute__((__noinline__))
#define NGU_INLINE static inline __attribute__((__always_inline__))
#define NGU_ATOMIC(T) _Atomic(T) /* in protocol headers, which also compile where atomics are a template */
#define NGU_CONTAINER(p, type, member) ((type *)(void *)((char *)(p) - offsetof(type, member)))

/*
 * The race lab (lib/lab) sees every access through the compiler, so nothing below says anything to it. Only what the compiler cannot see
 * has a name of its own there: that a loop spins, that memory stays until the process ends, what each thread has of its own.
 */
#ifdef NGU_LAB
void ngu__lab_pause(void);
void ngu__lab_keep(const void *p);
#define NGU_TLS
#define NGU_TLS_INITIAL
#define NGU_SPINS(n) 1u /* rounds of a loop before it does something else: all rounds are alike */
#define NGU_KEPT(p) ngu__lab_keep(p)
#else
#define NGU_TLS _Thread_local
#define NGU_TLS_INITIAL __attribute__((__tls_model__("initial-exec")))
#define NGU_SPINS(n) (n)
#define NGU_KEPT(p) ((void)0)
#endif

/*
 * Atomic operations, order in the name: RLX relaxed, ACQ acquire, REL release, AR acquire and release, SC sequentially
 * consistent. `p` points to an _Atomic object. NGU_CAS_* is strong, updates `*e` on failure and yields true on success.
 */
#define NGU_LD_RLX(p) (atomic_load_explicit((p), memory_order_relaxed))
#define NGU_LD_ACQ(p) (atomic_load_explicit((p), memory_order_acquire))
#define NGU_LD_SC(p) (atomic_load_explicit((p), memory_order_seq_cst))
#define NGU_ST_RLX(p, v) (atomic_store_explicit((p), (v), memory_order_relaxed))
#define NGU_ST_REL(p, v) (atomic_store_explicit((p), (v), memory_order_release))
#define NGU_ST_SC(p, v) (atomic_store_explicit((p), (v), memory_order_seq_cst))
#define NGU_XCHG_SC(p, v) (atomic_exchange_explicit((p), (v), memory_order_seq_cst))
#define NGU_XCHG_ACQ(p, v) (atomic_exchange_explicit((p), (v), memory_order_acquire))
#define NGU_XCHG_AR(p, v) (atomic_exchange_explicit((p), (v), memory_order_acq_rel))
#define NGU_CAS_SC(p, e, v) \
	(atomic_compare_exchange_strong_explicit((p), (e), (v), memory_order_seq_cst, memory_order_seq_cst))
#define NGU_CAS_AR(p, e, v) \
	(atomic_compare_exchange_strong_explicit((p), (e), (v), memory_order_acq_rel, memory_order_acquire))
#define NGU_FADD_SC(p, v) (atomic_fetch_add_explicit((p), (v), memory_order_seq_cst))
#define NGU_FADD_AR(p, v) (atomic_fetch_add_explicit((p), (v), memory_order_acq_rel))
#define NGU_FADD_RLX(p, v) (atomic_fetch_add_explicit((p), (v), memory_order_relaxed))
#define NGU_FSUB_SC(p, v) (atomic_fetch_sub_explicit((p), (v), memory_order_seq_cst))
#define NGU_FSUB_AR(p, v) (atomic_fetch_sub_explicit((p), (v), memory_order_acq_rel))
#define NGU_FSUB_RLX(p, v) (atomic_fetch_sub_explicit((p), (v), memory_order_relaxed))
#define NGU_FOR_SC(p, v) (atomic_fetch_or_explicit((p), (v), memory_order_seq_cst))
#define NGU_FAND_SC(p, v) (atomic_fetch_and_explicit((p), (v), memory_order_seq_cst))
#define NGU_FOR_AR(p, v) (atomic_fetch_or_explicit((p), (v), memory_order_acq_rel))
#define NGU_FAND_AR(p, v) (atomic_fetch_and_explicit((p), (v), memory_order_acq_rel))

/* Keeps the compiler from moving accesses; no instruction. Partner of a membarrier on the other side. */
#define NGU_COMPILER_FENCE() atomic_signal_fence(memory_order_seq_cst)

/* A 64-bit statistic that one thread writes and any thread reads: no locked instruction. */
#if defined(__x86_64__) && !defined(NGU_LAB) && !defined(NGU_TSAN) && !defined(NGU_ASAN)
/* One instruction, which compilers do not make of the other form. An aligned word is stored whole. */
#define NGU_BUMP(p, n) \
	__asm__ __volatile__("addq %1, %0" : "+m"(*(uint64_t *)(void *)(p)) : "er"((uint64_t)(n)) : "cc")
#else
#define NGU_BUMP(p, n) NGU_ST_RLX((p), NGU_LD_RLX(p) + (n))
#endif

#if defined(NGU_LAB)
#define NGU_PAUSE() ngu__lab_pause()
#elif defined(__x86_64__) || defined(__i386__)
#define NGU_PAUSE() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define NGU_PAUSE() __asm__ __volatile__("yield" ::: "memory")
#else
#define NGU_PAUSE() NGU_COMPILER_FENCE()
#endif

/*
 * Ask for a line that will be written soon. Compilers take __builtin_prefetch(p, 1) for a read on a plain x86-64, and a line that another CPU has read
 * is then waited for at the write all the same. The instruction is older than x86-64, and nothing at all where a machine lacks it.
 */
#if defined(__x86_64__) && !defined(NGU_LAB)
#define NGU_ASK_TO_WRITE(p) __asm__ __volatile__("prefetchw %0" : : "m"(*(const char *)(p)))
#else
#define NGU_ASK_TO_WRITE(p) __builtin_prefetch((p), 1)
#endif

/*
 * Spin lock of the control path. Never held over a method call, a wait or an allocation that may block; a holder that was
 * preempted makes the others yield. One word, zero is free.
 */
typedef _Atomic uint32_t ngu__spin;

void ngu__port_backoff(unsigned *round); /* pause, then yield, then short sleeps; start with 0 */

static inline bool
ngu__spin_try(ngu__spin *l)
{
	uint32_t e = 0;

	return (NGU_CAS_AR(l, &e, 1u));
}

static inline void
ngu__spin_lock(ngu__spin *l)
{
	unsigned round = 0;

	while (!ngu__spin_try(l))
		ngu__port_backoff(&round);
}

static inline void
ngu__spin_unlock(ngu__spin *l)
{
	NGU_ST_REL(l, 0u);
}

/* Memory. Zeroed, aligned to max(align, 16). NULL when refused; `ngu__port_alloc_hook` lets a test refuse. Never sleeps. */
void *ngu__port_alloc(size_t size, size_t align);
void ngu__port_free(void *p);
typedef bool ngu__port_may_alloc(size_t size);	/* false = refuse this allocation */
extern _Atomic(ngu__port_may_alloc *) ngu__port_alloc_hook; /* a test may set it while other threads run, which then ask it, or not yet */

/* No order needed: it is a function or none, and what it looks at is the test's to keep. Loaded once: it may be gone at the next look. */
NGU_INLINE bool
ngu__port_refuses(size_t size)
{
	ngu__port_may_alloc *may = NGU_LD_RLX(&ngu__port_alloc_hook);

	return (NGU_UNLIKELY(may != NULL) && !may(size));
}

/* Every allocation is to be seen: no caches. */
NGU_INLINE bool
ngu__port_sees_all(void)
{
	return (NGU_UNLIKELY(NGU_LD_RLX(&ngu__port_alloc_hook) != NULL));
}

/*
 * Zeroed pages that cost nothing until touched, for sparse tables that live as long as the process. The leak checker does not look into
 * them. NULL when refused.
 */
void *ngu__port_alloc_pages(size_t size);

/*
 * Zeroed pages, aligned to `size`, a power of two; `large`: as one large page if the system has such. Can be freed. NULL when refused, never
 * by `ngu__port_alloc_hook`.
 */
void *ngu__port_alloc_region(size_t size, bool large);
void ngu__port_free_region(void *p, size_t size);

/* Byte and string helpers, so that lib/core needs no <string.h>. */
#ifdef NGU_LAB
void *ngu_lab_memcpy(void *to, const void *from, size_t n);
void *ngu_lab_memset(void *p, int c, size_t n);
int ngu_lab_memcmp(const void *a, const void *b, size_t n);
size_t ngu_lab_strlen(const char *s);
int ngu_lab_strcmp(const char *a, const char *b);
#define ngu__memcpy ngu_lab_memcpy
#define ngu__memset ngu_lab_memset
#define ngu__memcmp ngu_lab_memcmp
#define ngu__strlen ngu_lab_strlen
#define ngu__strcmp ngu_lab_strcmp
#else
#define ngu__memcpy __builtin_memcpy
#define ngu__memset __builtin_memset
#define ngu__memcmp __builtin_memcmp
#if __STDC_HOSTED__
#define ngu__strlen __builtin_strlen
#define ngu__strcmp __builtin_strcmp
#else /* a compiler alone promises the mem*() functions, but not these */
static inline size_t
ngu__strlen(const char *s)
{
	size_t n;

	for (n = 0; s[n] != '\0'; n++)
		;
	return (n);
}

static inline int
ngu__strcmp(const char *a, const char *b)
{
	for (; *a == *b && *a != '\0'; a++, b++)
		;
	return ((unsigned char)*a - (unsigned char)*b);
}
#endif
#endif
size_t ngu__strlcpy(char *dst, const char *src, size_t size);
int ngu__port_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap);
int ngu__port_snprintf(char *buf, size_t size, const char *fmt, ...) __attribute__((__format__(__printf__, 3, 4)));

/* Clocks, nanoseconds. */
int64_t ngu__port_mono_ns(void);
int64_t ngu__port_real_ns(void);
int64_t ngu__port_thread_cpu_ns(void); /* of the calling thread */

/* Sleep while *word == val, at most timeout_ns (< 0: no limit). Spurious returns are allowed. wake: up to n sleepers. */
void ngu__port_wait(_Atomic uint32_t *word, uint32_t val, int64_t timeout_ns);
void ngu__port_wake(_Atomic uint32_t *word, int n);

/* A sleeping mutex. Storage is opaque, so that no header pulls pthread.h in. */
typedef struct ngu__mtx {
	_Alignas(16) unsigned char opaque[64];
} ngu__mtx;
int ngu__mtx_init(ngu__mtx *m);
void ngu__mtx_destroy(ngu__mtx *m);
void ngu__mtx_lock(ngu__mtx *m);
bool ngu__mtx_trylock(ngu__mtx *m);
void ngu__mtx_unlock(ngu__mtx *m);

/* Threads. start: 0 or errno; the name is cut to what the OS takes. */
typedef struct ngu__port_thread {
	_Alignas(16) unsigned char opaque[16];
} ngu__port_thread;
int ngu__port_thread_start(ngu__port_thread *t, const char *name, void *(*fn)(void *), void *arg);
void ngu__port_thread_join(ngu__port_thread *t);
void ngu__port_thread_name(const char *name); /* names the calling thread */
int ngu__port_thread_pin(unsigned cpu); /* the calling thread; 0 or errno */
unsigned ngu__port_ncpu(void);
void ngu__port_yield(void);
uint64_t ngu__port_thread_id(void);

/*
 * Call fn(arg) when the calling thread ends. 0 or errno. One registration a thread; fn is called after the thread's other
 * exit handlers have had one round, and may itself be followed by a new registration (another handler calls into libng again).
 * EBUSY: the thread has no round left.
 */
int ngu__port_at_thread_exit(void (*fn)(void *), void *arg);

/* Call fn at exit(3), or in the child of a fork(2). 0 or errno. Cannot be taken back. */
int ngu__port_at_exit(void (*fn)(void));
int ngu__port_at_fork_child(void (*fn)(void));

/* Asymmetric fence: after it returns, every running thread of the process has executed a full fence. false: not to be had. */
bool ngu__port_membarrier_init(void);
bool ngu__port_membarrier(void);

/*
 * For reports. Return addresses of the calling thread, innermost first, the caller's own the first of them: up to n, at most
 * NGU_PORT_STACK. `known`, zeroed at first, is this thread's memory for stacks that come again; NULL: none. And what stands at such an address, as far as the object's own symbols say: "function+0x1c (object)" or
 * "object+0x1234". The latter may allocate.
 */
#define NGU_PORT_STACK 16u
#define NGU_PORT_STACKS 64u
struct ngu__port_stacks {
	unsigned next;
	struct ngu__port_stack {
		const void *sp;
		unsigned n, max;
		void *pc[NGU_PORT_STACK];
		void *const *slot[NGU_PORT_STACK];
	} stack[NGU_PORT_STACKS];
};
unsigned ngu__port_backtrace(void **pc, unsigned n, struct ngu__port_stacks *known);
void ngu__port_symbol(char *buf, size_t size, void *pc);

/*
 * Run fn(arg). False: it was left by ngu__port_leave(), and its stack is lost; what it held is the caller's to put right. Attempts nest; the
 * innermost one of the thread is left. attempting: is there one?
 */
bool ngu__port_attempt(void (*fn)(void *), void *arg);
bool ngu__port_attempting(void);
_Noreturn void ngu__port_leave(void);

/*
 * Objects loaded while the program runs, for good. load: false, and why in words. What it defines is found by nobody else; its constructors have
 * run. exists: there is a file of that name. env: false: not set, or longer than size - 1; a program that runs
 * with rights its caller does not have finds nothing set. False: not set, and *out is as it was; or too long, and *out has its beginning.
 */
bool ngu__port_load(const char *file, char *why, size_t size);
bool ngu__port_exists(const char *file);
bool ngu__port_env(const char *name, char *out, size_t size);

/* Last words: print and abort. Only for a broken invariant of libng itself. */
_Noreturn void ngu__port_die(const char *fmt, ...) __attribute__((__format__(__printf__, 1, 2)));
/* Default log sink: one line on standard error. */
void ngu__port_log_stderr(const char *line);

#ifdef NGU_DEBUG
#define NGU_INVARIANT(cond, tag) \
	do { \
		if (NGU_UNLIKELY(!(cond))) \
			ngu__port_die("libng: invariant %s broken: %s (%s:%d)", tag, #cond, __FILE__, __LINE__); \
	} while (0)
#else
#define NGU_INVARIANT(cond, tag) ((void)sizeof(cond))
#endif

#endif /* NGU_PORT_H */
