/* SPDX-License-Identifier: BSD-2-Clause */
/* kern.h - what the files of the kernel shim share among themselves. */
#ifndef NGU_KERN_H
#define NGU_KERN_H

#include "port/port.h"

struct ngu_graph;

/*
 * The waiting behind M_WAITOK: call after each refusal, with *since and *round zero at first. Sleeps a little longer each
 * time. false: 10 seconds have passed, give up. Dies in debug builds when called inside a section.
 */
bool ngu__kern_wait(int64_t *since, unsigned *round);

/* The size that was asked for, of memory from malloc(9). */
size_t ngu__malloc_size(const void *p);

/* Flags of a packet header that belong to the packet, not to the storage below it. */
#define NGU_M_HDRFLAGS (M_COPYFLAGS & ~M_RDONLY)

/* A thread whose panic handler has jumped can panic again. */
void ngu__panic_forget(void);

/* Set by the core: NET_EPOCH_ENTER and _EXIT as it wants them. */
extern void (*ngu__epoch_enter_core)(void);
extern void (*ngu__epoch_leave_core)(void);
/* And ngu_thread_recover(). */
extern void (*ngu__recover_core)(struct ngu_graph *g);
/* After an errand (ts->errand), outside of locks: what was left for the sake of it. */
extern void (*ngu__way_out_core)(void);

#endif /* NGU_KERN_H */
