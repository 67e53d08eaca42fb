/* SPDX-License-Identifier: BSD-2-Clause */
/* lab.h - the lab's grace periods: an object goes as soon as the sections that were open when it was retired have closed. */
#ifndef NGU_RECLAIM_LAB_H
#define NGU_RECLAIM_LAB_H

#include <stdbool.h>

#define NGU_RCL_NAME "lab"
#define NGU_RCL_HOP_LOCKED 0

struct ngu__thread;
void ngu__lab_enter(void);
void ngu__lab_leave(void);
void ngu__lab_method(bool in);

#define ngu__rcl_enter(ts) ((void)(ts), ngu__lab_enter())
#define ngu__rcl_leave(ts) ((void)(ts), ngu__lab_leave())
int ngu__rcl_thread_init(struct ngu__thread *ts);
void ngu__rcl_thread_fini(struct ngu__thread *ts);
void ngu__rcl_sync(void);

#endif /* NGU_RECLAIM_LAB_H */
