/* SPDX-License-Identifier: BSD-2-Clause */
/* loop.c - serve/loop.h. */
#include "serve/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "port/port.h"

#define BATCH 64

struct ngu__loop {
	ngu__mtx lock;
	_Atomic(const char *) holder; /* &me of who has the lock; NULL nobody */
	unsigned depth;		 /* how often he has it */
	int poller;
	int wake[2];	    /* a record in it ends the thread's sleep */
	_Atomic bool ending;
	unsigned batches;   /* being dealt with; the lock's. A watch dropped meanwhile may be in one */
	struct ngu__watch *gone;
	ngu__port_thread thread;
};

static NGU_TLS char me;

/* Only the holder finds itself there, so a stale value misleads nobody. */
void
ngu__loop_lock(struct ngu__loop *l)
{
	if (NGU_LD_RLX(&l->holder) != &me) {
		ngu__mtx_lock(&l->lock);
		NGU_ST_RLX(&l->holder, &me);
	}
	l->depth++;
}

void
ngu__loop_unlock(struct ngu__loop *l)
{
	if (--l->depth == 0) {
		NGU_ST_RLX(&l->holder, NULL);
		ngu__mtx_unlock(&l->lock);
	}
}

int
ngu__loop_add(struct ngu__loop *l, struct ngu__watch *w)
{
	int error;

	ngu__loop_lock(l);
	w->gone = false;
	error = ngu__poller_set(l->poller, w->fd, w->want, w, true);
	w->in = error == 0;
	ngu__loop_unlock(l);
	return (-error);
}

void
ngu__loop_want(struct ngu__loop *l, struct ngu__watch *w, unsigned want)
{
	ngu__loop_lock(l);
	if (w->in && w->want != want && ngu__poller_set(l->poller, w->fd, want, w, false) == 0)
		w->want = want;
	ngu__loop_unlock(l);
}

/* Under the lock, no batch being dealt with. */
static void
bury(struct ngu__loop *l)
{
	struct ngu__watch *w;

	while ((w = l->gone) != NULL) {
		l->gone = w->next_gone;
		if (w->dropped != NULL)
			(w->dropped)(w);
	}
}

void
ngu__loop_drop(struct ngu__loop *l, struct ngu__watch *w)
{
	ngu__loop_lock(l);
	if (w->in)
		ngu__poller_drop(l->poller, w->fd);
	w->in = false;
	if (!w->gone) {
		w->gone = true;
		w->next_gone = l->gone;
		l->gone = w;
	}
	if (l->batches == 0)
		bury(l);
	ngu__loop_unlock(l);
}

/* What is ready now; under the lock. Returns how much there was. */
static int
deal(struct ngu__loop *l)
{
	struct ngu__ready ready[BATCH];
	int n = ngu__poller_wait(l->poller, ready, BATCH, 0);

	l->batches++;
	for (int i = 0; i < n; i++) {
		struct ngu__watch *w = ready[i].tag;

		if (w != NULL && !w->gone)
			(w->ready)(w, ready[i].what);
	}
	if (--l->batches == 0)
		bury(l);
	return (n);
}

void
ngu__loop_sweep(struct ngu__loop *l)
{
	ngu__loop_lock(l);
	/* Whoever sweeps out of what a watch does goes on with that first. Of what is ready for long, such as room, there is no end. */
	for (int i = 0; l->batches == 0 && i < 16 && deal(l) == BATCH; i++)
		;
	ngu__loop_unlock(l);
}

static void *
run(void *arg)
{
	struct ngu__loop *l = arg;
	struct ngu__ready one;

	for (;;) {
		/* Without the lock: only to sleep. What it says is asked for again. */
		(void)ngu__poller_wait(l->poller, &one, 1, -1);
		if (NGU_LD_ACQ(&l->ending)) /* ORDER loop-ending (load side): the store in ngu__loop_close() */
			return (NULL);
		ngu__loop_lock(l);
		(void)deal(l);
		ngu__loop_unlock(l);
	}
}

int
ngu__loop_open(const char *name, struct ngu__loop **out)
{
	struct ngu__loop *l = calloc(1, sizeof(*l));
	int error;

	if (l == NULL)
		return (ENOMEM);
	if ((error = ngu__mtx_init(&l->lock)) != 0) {
		free(l);
		return (error);
	}
	if ((error = ngu__poller_open(&l->poller)) != 0)
		goto no_poller;
	if ((error = ngu__sock_pair(l->wake)) != 0)
		goto no_wake;
	if ((error = ngu__poller_set(l->poller, l->wake[0], NGU__RD, NULL, true)) != 0)
		goto no_thread;
	if ((error = -ngu__port_thread_start(&l->thread, name, run, l)) != 0)
		goto no_thread;
	*out = l;
	return (0);
no_thread:
	(void)close(l->wake[0]);
	(void)close(l->wake[1]);
no_wake:
	(void)close(l->poller);
no_poller:
	ngu__mtx_destroy(&l->lock);
	free(l);
	return (-error);
}

void
ngu__loop_close(struct ngu__loop *l)
{
	const struct iovec iov = { .iov_base = &(char){ 0 }, .iov_len = 1 };

	/* ORDER loop-ending (store side): release; pairs with the acquire load in run(). */
	NGU_ST_REL(&l->ending, true);
	(void)ngu__sock_send(l->wake[1], &iov, 1, -1, false);
	ngu__port_thread_join(&l->thread);
	ngu__loop_lock(l);
	bury(l);
	ngu__loop_unlock(l);
	(void)close(l->wake[0]);
	(void)close(l->wake[1]);
	(void)close(l->poller);
	ngu__mtx_destroy(&l->lock);
	free(l);
}
