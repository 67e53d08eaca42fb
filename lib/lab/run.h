/* SPDX-License-Identifier: BSD-2-Clause */
/* run.h - what the files that carry out ngu_lab_run() share: opts.c, once.c, loop.c, tell.c, run.c. */
#ifndef NGU_LAB_RUN_H
#define NGU_LAB_RUN_H

#include "lab/lab.h"

#define LAB_JOBS 16u

/* What a child tells its parent. */
struct lab_report {
	volatile bool stop;
	struct {
		struct ngu_lab_result r;
		double fan_sum;
		int setup_error;
		volatile bool done;
	} job[LAB_JOBS];
};

extern struct lab_report *lab_shared; /* NULL in a replay */
extern int lab_setup_error;
extern unsigned lab_verbose;

/* opts.c */
int lab_options(const struct ngu_lab_opts *opts); /* into lab->o */

/* once.c */
void lab_catch_signals(bool on);
unsigned lab_nbodies(void);
bool lab_prepare(void);	 /* setup, and the mark behind it; false: setup failed, see lab->why */
void lab_one_run(void); /* how it went: lab->end */

/* loop.c */
void lab_explore(unsigned job);
void lab_publish(unsigned job);

/* tell.c */
const char *lab_fail_name(unsigned kind);
const char *lab_kind_of(unsigned kind, const char *why); /* the kind, to stand in front of a reason that does not begin with it */
void lab_tell(const struct lab_node *given, unsigned ngiven);
void lab_json(const struct ngu_lab *s, const struct ngu_lab_result *r);
void lab_summary(FILE *f, const struct ngu_lab *s, const struct ngu_lab_result *r);

/* run.c */
double lab_seconds(void);

#endif /* NGU_LAB_RUN_H */
