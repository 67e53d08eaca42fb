/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * loop.h - one thread that watches many descriptors.
 *
 * What is ready is dealt with under the loop's lock, by its thread or by whoever cannot wait for it (ngu__loop_sweep()). A thread that
 * has the lock may take it again. Lock order: this one before all others of lib/serve.
 */
#ifndef NGU_SERVE_LOOP_H
#define NGU_SERVE_LOOP_H

#include "port/sock.h"

struct ngu__loop;

struct ngu__watch {
	int fd;
	unsigned want;						    /* NGU__RD, NGU__WR */
	void (*ready)(struct ngu__watch *w, unsigned what);	    /* under the lock */
	void (*dropped)(struct ngu__watch *w);			    /* may be NULL: nobody looks at w any more; under the lock */
	bool in, gone;						    /* the loop's */
	struct ngu__watch *next_gone;				    /* the loop's */
};

int ngu__loop_open(const char *name, struct ngu__loop **out); /* 0 or a positive errno; name: of the thread */
void ngu__loop_close(struct ngu__loop *l);		      /* its watches have been dropped */

void ngu__loop_lock(struct ngu__loop *l);
void ngu__loop_unlock(struct ngu__loop *l);

int ngu__loop_add(struct ngu__loop *l, struct ngu__watch *w); /* 0 or a positive errno; w's first five members are set */
void ngu__loop_want(struct ngu__loop *l, struct ngu__watch *w, unsigned want);
/* Not watched any more; w->fd may be closed when this returns, w freed when dropped() is called. */
void ngu__loop_drop(struct ngu__loop *l, struct ngu__watch *w);

/* Deal with all that is ready now, and wait for what is being dealt with. */
void ngu__loop_sweep(struct ngu__loop *l);

#endif /* NGU_SERVE_LOOP_H */
