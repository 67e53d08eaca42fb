/* SPDX-License-Identifier: BSD-2-Clause */
/* driver.h - what the files of ngbench share. */
#ifndef BENCH_DRIVER_H
#define BENCH_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#define NBACKENDS 4 /* of libng; then what some builds have beside them: */
#define UNCOUNTED 4 /* the default backend without counters */
#define RTE_GRAPH 5 /* DPDK's librte_graph */
#define NALL 6
#define DEFAULT_BACKEND 0 /* gates are about this one */
#define BASELINE_BACKEND 3
#define FAR_NS 120 /* a cache line from CPU to CPU: the build machine shows 26-83 ns or 200 and more, by turns */
extern const char *const backends[NALL];

enum result_mode { MODE_FULL, MODE_QUICK, MODE_GATES };

struct config {
	enum result_mode mode;
	bool json, fifo, near;
	double seconds; /* 0: the mode's own */
	const char *pcap;
	bool backend[NALL]; /* wanted, and there */
	bool backends_given;
	const char *cases;   /* comma separated, or NULL: all */
	const char *threads; /* comma separated, or NULL */
	char dir[4096];	     /* where the workers are */
};

/* ---- plan.c: what to run */
struct plan {
	char name[24]; /* the case */
	unsigned threads;
	unsigned ms, pairs, rounds;
	unsigned backends; /* bit mask */
};
extern struct plan *plans;
extern unsigned nplans;
void plan_make(const struct config *c);
void plan_list(void);
double plan_seconds(const struct plan *p); /* one run, about */

/* ---- results.c: what came out */
void result_add(unsigned backend, const struct plan *p, const char *metric, const char *unit, double value);
bool result_get(unsigned backend, const char *name, unsigned threads, const char *metric, double *value);
/* Median over the rounds of metric(a) / metric(b). */
bool result_ratio(unsigned a, unsigned b, const char *name, unsigned threads, const char *metric, double *value);
/* Smallest and largest single value of a metric over all cases of a backend. */
bool result_span(unsigned backend, const char *metric, double *lo, double *hi);
/* The i-th of all, summed up; false: no more. */
struct result_line {
	unsigned backend, threads, rounds;
	const char *name, *metric, *unit;
	double value, low, high; /* of single rounds */
};
bool result_at(unsigned i, struct result_line *r);
void print_json(void); /* after each case */
void print_table(void);

/* ---- compare.c */
int compare_load(const char *file); /* what --json wrote; errno, EINVAL when no line of it can be used */
unsigned compare_print(bool json);  /* how many ratios got worse */

/* ---- machine.c */
void machine_line(void); /* JSON: what all of it was measured on */

/* ---- gates.c */
extern bool gates_subset; /* only some cases were asked for: gates that need others have no line */
void print_validity(bool json);
bool print_gates(bool json, unsigned failures); /* true: all passed */
void json_line(const char *bench, const char *backend, const char *name, unsigned threads, const char *metric, const char *unit,
    double value);

#endif
