/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * urcu_memb.c - grace periods from liburcu's default flavour.
 *
 * Readers    urcu_memb_read_lock/unlock, reached through urcu_memb.h as calls: _LGPL_SOURCE is never defined, which keeps
 *            LGPL inlines out of libng and lets ThreadSanitizer builds see one plain function.
 * Sanitizer  the library's own mutexes must not order our threads (NGU_NOSYNC_*), or they would hide our races; what a grace
 *            period does order is said by NGU_READ_END and NGU_GP_ENDED alone.
 */
#include "reclaim/reclaim.h"

#ifndef NGU_RCL_URCU_MEMB
#error "urcu_memb.c belongs into -Dreclaim=urcu-memb builds only"
#endif
#ifdef _LGPL_SOURCE
#error "libng is built without _LGPL_SOURCE"
#endif

#include <urcu/urcu-memb.h>

int
ngu__rcl_thread_init(struct ngu__thread *ts)
{
	(void)ts;
	NGU_NOSYNC_BEGIN();
	urcu_memb_register_thread();
	NGU_NOSYNC_END();
	return (0);
}

void
ngu__rcl_thread_fini(struct ngu__thread *ts)
{
	(void)ts;
	NGU_NOSYNC_BEGIN();
	urcu_memb_unregister_thread();
	NGU_NOSYNC_END();
}

void
ngu__rcl_sync(void)
{
	NGU_NOSYNC_BEGIN();
	urcu_memb_synchronize_rcu();
	NGU_NOSYNC_END();
	NGU_GP_ENDED();
}
