/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * epoch.h - the network epoch is libng's read section: what was reachable at NET_EPOCH_ENTER stays in memory until the
 * matching NET_EPOCH_EXIT. They nest. A node's data method runs inside one already. There is this epoch only: epoch_alloc() and
 * its kin do not exist here.
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
/* Embedded in what is freed later; its fields belong to lib/kern/epoch.c. */
struct epoch_context {
	void *ec_retire[2];
	void (*ec_callback)(struct epoch_context *);
};
typedef struct epoch_context *epoch_context_t;
typedef void epoch_callback_t(epoch_context_t ctx);

/*
 * callback(ctx) after every section that is open now has closed, in a thread of the library and without a current graph. Never
 * blocks, never fails. ctx was unlinked before.
 */
NGU_API void ngu_k_epoch_call(epoch_callback_t *callback, epoch_context_t ctx);
/* Wait until the sections that are open now have closed; not inside one. */
NGU_API void ngu_k_epoch_wait(void);
/* Wait until the callbacks that were asked for before have run. Neither inside a section nor in a callback. */
NGU_API void ngu_k_epoch_drain(void);

#define NET_EPOCH_CALL(callback, ctx) ngu_k_epoch_call((callback), (ctx))
#define NET_EPOCH_WAIT() ngu_k_epoch_wait()
#define NET_EPOCH_DRAIN_CALLBACKS() ngu_k_epoch_drain()

#define NET_EPOCH_ASSERT() KASSERT(ngu_k_epoch_inside(), ("%s: not in the network epoch", __func__))

#endif /* NGU_KERN_SYS_EPOCH_H */
