/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * epoch.h - the network epoch is libng's read section: what was reachable at NET_EPOCH_ENTER stays in memory until the
 * matching NET_EPOCH_EXIT. They nest. A node's data method runs inside one already.
 */
#ifndef NGU_KERN_SYS_EPOCH_H
#define NGU_KERN_SYS_EPOCH_H

#include <sys/types.h>
#include <sys/systm.h>
#include <ng/base.h>

struct epoch_tracker {
	char et_unused;
};

NGU_API void ngu_k_epoch_enter(void);
NGU_API void ngu_k_epoch_exit(void);
NGU_API int ngu_k_epoch_inside(void);

#define NET_EPOCH_ENTER(et) ((void)sizeof(et), ngu_k_epoch_enter())
#define NET_EPOCH_EXIT(et) ((void)sizeof(et), ngu_k_epoch_exit())
#define NET_EPOCH_ENTER_ET(et) ngu_k_epoch_enter()
#define NET_EPOCH_EXIT_ET(et) ngu_k_epoch_exit()
#define in_epoch(e) ngu_k_epoch_inside()
#define NET_EPOCH_ASSERT() KASSERT(ngu_k_epoch_inside(), ("%s: not in the network epoch", __func__))

#endif /* NGU_KERN_SYS_EPOCH_H */
