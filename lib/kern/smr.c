/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smr.c - smr(9) on the reclamation seam: numbers for grace periods.
 *
 * A goal is handed out without asking anybody; one grace period at a time is under way for each smr_t, on behalf of the goals that were
 * handed out before it began. Those handed out meanwhile are served by the next one, which its end starts.
 * Locks      lock guards `given` and `under`; held for a few instructions.
 * Blocks     create, destroy; poll with `wait`.
 */
#include <sys/epoch.h>
#include <sys/smr.h>

#include "kern/kern.h"
#include "kern/strict.h"
#include "port/port.h"
#include "reclaim/reclaim.h"

struct smr {
	struct ngu__retire period; /* first */
	ngu__spin lock;
	smr_seq_t given; /* the last goal handed out */
	smr_seq_t under; /* what the period under way is for; SMR_SEQ_INVALID: there is none */
	_Atomic smr_seq_t reached;
};

#define BEFORE(a, b) ((int32_t)((a) - (b)) < 0)

smr_t
ngu_k_smr_create(const char *name, int limit, int flags)
{
	int64_t since = 0;
	unsigned round = 0;
	smr_t s;

	(void)limit;
	(void)flags;
	while ((s = ngu__port_alloc(sizeof(*s), NGU_CACHELINE)) == NULL)
		if (!ngu__kern_wait(&since, &round))
			panic("smr_create %s: no memory for ten seconds", name);
	s->given = 1;
	NGU_ST_RLX(&s->reached, 1u); /* before others know of it */
	return (s);
}

void
ngu_k_smr_enter(smr_t s)
{
	(void)s;
	ngu_k_epoch_enter();
}

void
ngu_k_smr_exit(smr_t s)
{
	(void)s;
	ngu_k_epoch_exit();
}

int
ngu_k_smr_entered(smr_t s)
{
	(void)s;
	return (ngu_k_epoch_inside());
}

static void
over(struct ngu__retire *r)
{
	smr_t s = (smr_t)(void *)r;
	bool more;

	ngu__spin_lock(&s->lock);
	/* ORDER smr-reached (store side): release; what readers did before they left, for who frees. */
	NGU_ST_REL(&s->reached, s->under);
	more = s->given != s->under;
	s->under = more ? s->given : SMR_SEQ_INVALID;
	ngu__port_wake(&s->reached, INT32_MAX); /* under the lock: without more to come, it may be destroyed after that */
	ngu__spin_unlock(&s->lock);
	if (more)
		ngu__retire(&s->period, over);
}

smr_seq_t
ngu_k_smr_advance(smr_t s)
{
	smr_seq_t goal;
	bool first;

	ngu__spin_lock(&s->lock);
	if (++s->given == SMR_SEQ_INVALID)
		s->given++;
	goal = s->given;
	if ((first = s->under == SMR_SEQ_INVALID))
		s->under = goal;
	ngu__spin_unlock(&s->lock);
	if (first)
		ngu__retire(&s->period, over);
	return (goal);
}

bool
ngu_k_smr_poll(smr_t s, smr_seq_t goal, bool wait)
{
	smr_seq_t seen;

	/* ORDER smr-reached (load side): acquire. */
	if (!BEFORE(seen = NGU_LD_ACQ(&s->reached), goal))
		return (true);
	if (!wait)
		return (false);
	if (NGU_STRICT_ON(NGU_STRICT_SLEEP))
		ngu__strict_sleep("smr_wait");
	if (ngu__self()->nest != 0)
		panic("smr_wait: inside a section, which would wait for itself");
	for (; BEFORE(seen, goal); seen = NGU_LD_ACQ(&s->reached))
		ngu__port_wait(&s->reached, seen, -1);
	return (true);
}

void
ngu_k_smr_destroy(smr_t s)
{
	smr_seq_t last;

	if (s == NULL)
		return;
	ngu__spin_lock(&s->lock);
	last = s->given;
	ngu__spin_unlock(&s->lock);
	(void)ngu_k_smr_poll(s, last, true);
	/* Whoever said so has left the lock behind. */
	ngu__spin_lock(&s->lock);
	ngu__spin_unlock(&s->lock);
	ngu__port_free(s);
}
