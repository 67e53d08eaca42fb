/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * relacy.h - the operations of lib/port/port.h under Relacy, so that the protocol headers of lib/ compile here as they are.
 *
 * Include it first: it stands in for port.h, whose guard it takes. Orders are those of the macros' names, but for what a seeded
 * twin weakens: a twin names functions of the headers and the order that an operation inside them gets instead.
 * NGU_COMPILER_FENCE() and membarrier() are one sequentially consistent fence each: Relacy knows no fence that one thread executes
 * for another. The membarrier path is section.pml's.
 */
#ifndef NGU_PROOF_RELACY_H
#define NGU_PROOF_RELACY_H

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <streambuf>
#include <ctime>
#include <relacy/relacy.hpp>

#define NGU_PORT_H
#define NGU_ATOMIC(T) rl::atomic<T>
#define NGU_INLINE static inline

/* ---- twins */

enum op { LD, ST, RMW, FENCE };
struct weak { /* the first that fits counts */
	const char *fn; /* function of the header; NULL: no more */
	enum op op;
	rl::memory_order mo;
};
struct twin {
	const char *name;
	struct weak weak[6];
	int driver; /* what the driver leaves out; the driver's own numbers */
};

static const struct twin *twin;
static int left_out; /* twin->driver, or 0 */

static inline rl::memory_order
order(enum op op, rl::memory_order mo, rl::debug_info_param d)
{
	if (twin != NULL && mo != rl::mo_relaxed)
		for (const struct weak *w = twin->weak; w->fn != NULL; w++)
			if (w->op == op && strcmp(w->fn, d.func_) == 0)
				return (w->mo);
	return (mo);
}

/* What a failed compare and swap may have at most. */
static inline rl::memory_order
failed(rl::memory_order mo)
{
	return (mo == rl::mo_release ? rl::mo_relaxed : mo == rl::mo_acq_rel ? rl::mo_acquire : mo);
}

static inline void
fence(rl::debug_info_param d)
{
	if (order(FENCE, rl::mo_seq_cst, d) == rl::mo_seq_cst)
		rl::atomic_thread_fence(rl::mo_seq_cst, d);
}

template <typename T, typename V>
static inline bool
cas(rl::atomic<T> *p, T *e, V v, rl::memory_order mo, rl::debug_info_param d)
{
	return (p->compare_exchange_strong(*e, (T)v, mo, d, failed(mo), d));
}

/* ---- port.h */

#define LOAD(p, mo) (p)->load(order(LD, mo, $), $)
#define STORE(p, v, mo) (p)->store((v), order(ST, mo, $), $)
#define NGU_LD_RLX(p) LOAD(p, rl::mo_relaxed)
#define NGU_LD_ACQ(p) LOAD(p, rl::mo_acquire)
#define NGU_LD_SC(p) LOAD(p, rl::mo_seq_cst)
#define NGU_ST_RLX(p, v) STORE(p, v, rl::mo_relaxed)
#define NGU_ST_REL(p, v) STORE(p, v, rl::mo_release)
#define NGU_ST_SC(p, v) STORE(p, v, rl::mo_seq_cst)
#define NGU_XCHG_SC(p, v) (p)->exchange((v), order(RMW, rl::mo_seq_cst, $), $)
#define NGU_XCHG_AR(p, v) (p)->exchange((v), order(RMW, rl::mo_acq_rel, $), $)
#define NGU_XCHG_ACQ(p, v) (p)->exchange((v), order(RMW, rl::mo_acquire, $), $)
#define NGU_CAS_SC(p, e, v) cas((p), (e), (v), order(RMW, rl::mo_seq_cst, $), $)
#define NGU_CAS_AR(p, e, v) cas((p), (e), (v), order(RMW, rl::mo_acq_rel, $), $)
#define NGU_FADD_AR(p, v) (p)->fetch_add((v), order(RMW, rl::mo_acq_rel, $), $)
#define NGU_FADD_SC(p, v) (p)->fetch_add((v), order(RMW, rl::mo_seq_cst, $), $)
#define NGU_FSUB_SC(p, v) (p)->fetch_sub((v), order(RMW, rl::mo_seq_cst, $), $)
#define NGU_FOR_SC(p, v) (p)->fetch_or((v), order(RMW, rl::mo_seq_cst, $), $)
#define NGU_FAND_SC(p, v) (p)->fetch_and((v), order(RMW, rl::mo_seq_cst, $), $)
#define NGU_COMPILER_FENCE() fence($)

static inline void
membarrier(void)
{
	fence($);
}

/* ---- running */

static int cases, bad;

/* What Relacy has to say. Not a string stream: it replaces operator new, but not for what the C++ library made before. */
struct text : std::streambuf {
	char buf[1 << 16];

	void reset() { setp(buf, buf + sizeof(buf) - 1); }
	void show()
	{
		char *line, *rest = buf;

		*pptr() = '\0';
		while ((line = strsep(&rest, "\n")) != NULL)
			if (*line != '\0')
				printf("# %s\n", line);
	}
};

/* One search; when it finds something, the same schedule again, for its history. Not rl::simulate(), which compiles all searches. */
template <typename T, typename Scheduler>
static rl::test_params
search(rl::scheduler_type_e type, unsigned n, struct text *text)
{
	std::ostream out(text), nothing((std::streambuf *)NULL);
	rl::ostringstream state, again;
	rl::test_params p;

	p.search_type = type;
	if (type == rl::sched_random)
		p.iteration_count = n;
	else
		p.context_bound = n;
	p.execution_depth_limit = 4000;
	p.output_stream = &out;
	p.progress_stream = &nothing;
	if (rl::run_test<T, Scheduler>(p, state, false) != rl::test_result_success) {
		p.initial_state = state.str();
		p.collect_history = true;
		(void)rl::run_test<T, Scheduler>(p, again, true);
	}
	return (p);
}

static void
result(bool ok, const char *name, const char *how, clock_t t0, struct text *text)
{
	printf("%sok %d - %s: %s, %.2f s\n", ok ? "" : "not ", ++cases, name, how, (double)(clock() - t0) / CLOCKS_PER_SEC);
	if (!ok) {
		text->show();
		bad++;
	}
	fflush(stdout);
}

static void
judge(const char *name, const rl::test_params &p, const char *searched, clock_t t0, struct text *text)
{
	char how[160];
	bool found = p.test_result != rl::test_result_success, ok = found == (twin != NULL);

	if (found)
		snprintf(how, sizeof(how), "%s%s in schedule %lu", twin != NULL ? "found: " : "", rl::test_result_str(p.test_result),
		    (unsigned long)p.stop_iteration + 1);
	else
		snprintf(how, sizeof(how), "%s%s", twin != NULL ? "NOT FOUND in " : "", searched);
	result(ok, name, how, t0, text);
	twin = NULL;
	left_out = 0;
}

/* Nothing may be found in n random schedules. */
template <typename T>
static void
holds(const char *name, unsigned n)
{
	static struct text text;
	clock_t t0 = clock();
	char how[64];

	text.reset();
	snprintf(how, sizeof(how), "%u random schedules", n);
	judge(name, search<T, rl::random_scheduler<T::params::thread_count> >(rl::sched_random, n, &text), how, t0, &text);
}

/* Nor in any schedule with at most n forced switches (and stale loads one store old). */
template <typename T>
static void
holds_bound(const char *name, unsigned n)
{
	static struct text text;
	clock_t t0 = clock();
	char how[96];

	text.reset();
	rl::test_params p = search<T, rl::context_bound_scheduler<T::params::thread_count> >(rl::sched_bound, n, &text);
	snprintf(how, sizeof(how), "all %lu schedules with at most %u forced switches", (unsigned long)p.stop_iteration, n);
	judge(name, p, how, t0, &text);
}

/* Each must be found. */
template <typename T>
static void
twins(const struct twin *t, unsigned n)
{
	static struct text text;
	clock_t t0;
	char how[64];

	for (; t->name != NULL; t++) {
		t0 = clock();
		text.reset();
		twin = t;
		left_out = t->driver;
		snprintf(how, sizeof(how), "%u random schedules", n);
		judge(t->name, search<T, rl::random_scheduler<T::params::thread_count> >(rl::sched_random, n, &text), how, t0, &text);
	}
}

static int
done(void)
{
	printf("1..%d\n", cases);
	return (bad != 0);
}

#endif /* NGU_PROOF_RELACY_H */
