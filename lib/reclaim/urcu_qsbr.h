/* SPDX-License-Identifier: BSD-2-Clause */
/* urcu_qsbr.h - liburcu's quiescent-state flavour: a thread is online exactly while it is in a section. */
#ifndef NGU_URCU_QSBR_H
#define NGU_URCU_QSBR_H

#define NGU_RCL_NAME "urcu-qsbr"
#define NGU_RCL_HOP_LOCKED 0

void urcu_qsbr_thread_online(void);
void urcu_qsbr_thread_offline(void);

#define ngu__rcl_enter(ts) ((void)(ts), urcu_qsbr_thread_online())
#define ngu__rcl_leave(ts) ((void)(ts), urcu_qsbr_thread_offline())
int ngu__rcl_thread_init(struct ngu__thread *ts);
void ngu__rcl_thread_fini(struct ngu__thread *ts);
void ngu__rcl_sync(void);

#endif
