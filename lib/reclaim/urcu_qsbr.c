/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * urcu_qsbr.c - grace periods from liburcu's quiescent-state flavour.
 *
 * A thread is online exactly while it is in a section, so a thread that idles, or computes outside libng, holds nobody up.
 * Entry and exit cost a full fence each; in return there is no read-side nesting count in the library.
 * Sanitizer notes: as in urcu_memb.c; NGU_READ_END stands before the call that goes offline (reclaim.h, ngu__section_leave).
 */
#include "reclaim/reclaim.h"

#ifndef NGU_RCL_URCU_QSBR
#error "urcu_qsbr.c belongs into -Dreclaim=urcu-qsbr builds only"
#endif
#ifdef _LGPL_SOURCE
#error "libng is built without _LGPL_SOURCE"
#endif

#include <urcu/urcu-qsbr.h>

int
ngu__rcl_thread_init(struct ngu__thread *ts)
{
	(void)ts;
	NGU_NOSYNC_BEGIN();
	urcu_qsbr_register_thread(); /* leaves the thread online */
	urcu_qsbr_thread_offline();
	NGU_NOSYNC_END();
	return (0);
}

void
ngu__rcl_thread_fini(struct ngu__thread *ts)
{
	(void)ts;
	NGU_NOSYNC_BEGIN();
	urcu_qsbr_unregister_thread();
	NGU_NOSYNC_END();
}

void
ngu__rcl_sync(void)
{
	NGU_NOSYNC_BEGIN();
	urcu_qsbr_synchronize_rcu();
	NGU_NOSYNC_END();
	NGU_GP_ENDED();
}
