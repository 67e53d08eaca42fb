/* SPDX-License-Identifier: BSD-2-Clause */
/* ck_epoch.h - Concurrency Kit's epoch reclamation, the engine behind FreeBSD's own epoch(9). */
#ifndef NGU_CK_EPOCH_H
#define NGU_CK_EPOCH_H

#define NGU_RCL_NAME "ck-epoch"
#define NGU_RCL_HOP_LOCKED 0

void ngu__ck_begin(struct ngu__thread *ts);
void ngu__ck_end(struct ngu__thread *ts);

#define ngu__rcl_enter(ts) ngu__ck_begin(ts)
#define ngu__rcl_leave(ts) ngu__ck_end(ts)
int ngu__rcl_thread_init(struct ngu__thread *ts);
void ngu__rcl_thread_fini(struct ngu__thread *ts);
void ngu__rcl_sync(void);

#endif
