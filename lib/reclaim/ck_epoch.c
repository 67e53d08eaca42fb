/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ck_epoch.c - grace periods from Concurrency Kit.
 *
 * Records    CK keeps every record it ever saw on a list and reads it at any time. So a record is made with the first thread
 *            that uses its ngu__thread, stays with it for ever, and is idle while the thread record is unused.
 * Grace      ck_epoch_synchronize() only: never ck_epoch_call() or ck_epoch_poll(), whose bookkeeping would be a second reclaimer.
 * Ordering   ck_epoch_begin() ends in a store-load fence but, up to CK 0.7.2, not in a fence that keeps later loads behind its
 *            own loads on weakly ordered machines; ngu__ck_begin() adds it. It is nothing on x86.
 * Sanitizer  CK's atomics are assembly, so ThreadSanitizer sees none of it; NGU_READ_END and NGU_GP_ENDED say what holds.
 */
#include "reclaim/reclaim.h"

#ifndef NGU_RCL_CK_EPOCH
#error "ck_epoch.c belongs into -Dreclaim=ck-epoch builds only"
#endif

#include <ck_epoch.h>
#include <ck_pr.h>

#define ENGINE_ENOMEM 12 /* ENOMEM everywhere we know; this layer includes no system header */
#define RESERVE 16u	 /* as many as thread.c keeps thread records for when memory is refused */

enum { EPOCH_RAW, EPOCH_BUSY, EPOCH_READY };

static ck_epoch_t epoch;
static _Atomic uint32_t epoch_state;
static ck_epoch_record_t reserve[RESERVE];
static _Atomic uint32_t nreserve;

static void
prepare(void)
{
	uint32_t raw = EPOCH_RAW;
	unsigned round = 0;

	if (NGU_CAS_AR(&epoch_state, &raw, (uint32_t)EPOCH_BUSY)) {
		ck_epoch_init(&epoch);
		/* ORDER ck-init (store side): release; pairs with the acquire load below: the epoch is whole before it is used. */
		NGU_ST_REL(&epoch_state, (uint32_t)EPOCH_READY);
	}
	/* ORDER ck-init (load side): acquire. */
	while (NGU_LD_ACQ(&epoch_state) != EPOCH_READY)
		ngu__port_backoff(&round);
}

int
ngu__rcl_thread_init(struct ngu__thread *ts)
{
	ck_epoch_record_t *rec;
	uint32_t i;

	if (ts->rcl != NULL)
		return (0); /* the record of this thread record's last owner, idle since */
	prepare();
	rec = ngu__port_alloc(sizeof(*rec), _Alignof(ck_epoch_record_t));
	if (rec == NULL) {
		if (NGU_LD_RLX(&nreserve) >= RESERVE || (i = NGU_FADD_RLX(&nreserve, 1u)) >= RESERVE)
			return (ENGINE_ENOMEM);
		rec = &reserve[i];
	}
	ck_epoch_register(&epoch, rec, NULL);
	ts->rcl = rec;
	return (0);
}

void
ngu__rcl_thread_fini(struct ngu__thread *ts)
{
	(void)ts; /* the record stays registered: CK cannot forget one, and an inactive one holds nobody up */
}

void
ngu__ck_begin(struct ngu__thread *ts)
{
	ck_epoch_begin(ts->rcl, NULL);
	ck_pr_fence_load();
}

void
ngu__ck_end(struct ngu__thread *ts)
{
	(void)ck_epoch_end(ts->rcl, NULL);
}

void
ngu__rcl_sync(void)
{
	ck_epoch_synchronize(ngu__self()->rcl);
	NGU_GP_ENDED();
}
