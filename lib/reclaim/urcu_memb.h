/* SPDX-License-Identifier: BSD-2-Clause */
/* urcu_memb.h - liburcu's default flavour: readers without a fence, the writer pays with membarrier(2). The default backend. */
#ifndef NGU_URCU_MEMB_H
#define NGU_URCU_MEMB_H

#define NGU_RCL_NAME "urcu-memb"
#define NGU_RCL_HOP_LOCKED 0

void urcu_memb_read_lock(void);
void urcu_memb_read_unlock(void);

#define ngu__rcl_enter(ts) ((void)(ts), urcu_memb_read_lock())
#define ngu__rcl_leave(ts) ((void)(ts), urcu_memb_read_unlock())
int ngu__rcl_thread_init(struct ngu__thread *ts);
void ngu__rcl_thread_fini(struct ngu__thread *ts);
void ngu__rcl_sync(void);

#endif
