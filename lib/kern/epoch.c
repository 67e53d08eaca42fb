/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * epoch.c - the network epoch: read sections, and what is to happen when they are over, on the reclamation seam.
 * Blocks     wait, drain.
 */
#include <sys/epoch.h>

#include "kern/kern.h"
#include "kern/strict.h"
#include "reclaim/reclaim.h"

_Static_assert(sizeof(((struct epoch_context *)0)->ec_retire) == sizeof(struct ngu__retire), "a context has room for it");

/* The core's, once there is one: a section in which packets may be sent. Below it a plain section. */
void (*ngu__epoch_enter_core)(void);
void (*ngu__epoch_leave_core)(void);

void
ngu_k_epoch_enter(void)
{
	if (ngu__epoch_enter_core != NULL)
		ngu__epoch_enter_core();
	else
		ngu__section_enter(ngu__self());
}

void
ngu_k_epoch_exit(void)
{
	if (ngu__epoch_leave_core != NULL)
		ngu__epoch_leave_core();
	else
		ngu__section_leave(ngu__self());
}

int
ngu_k_epoch_inside(void)
{
	return (ngu__self()->nest != 0);
}

static void
over(struct ngu__retire *r)
{
	epoch_context_t ctx = (epoch_context_t)(void *)r;

	ctx->ec_callback(ctx);
}

void
ngu_k_epoch_call(epoch_callback_t *callback, epoch_context_t ctx)
{
	ctx->ec_callback = callback;
	ngu__retire((struct ngu__retire *)(void *)ctx->ec_retire, over);
}

void
ngu_k_epoch_wait(void)
{
	if (NGU_STRICT_ON(NGU_STRICT_SLEEP))
		ngu__strict_sleep("NET_EPOCH_WAIT");
	NGU_INVARIANT(ngu__self()->nest == 0, "nobody waits for its own section");
	ngu__rcl_sync();
}

void
ngu_k_epoch_drain(void)
{
	if (NGU_STRICT_ON(NGU_STRICT_SLEEP))
		ngu__strict_sleep("NET_EPOCH_DRAIN_CALLBACKS");
	ngu__rcl_graces();
}
