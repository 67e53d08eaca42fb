/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pcpu.h - which "CPU" this is. Threads stand for CPUs: each has a number of its own in 0 .. mp_maxid (sys/smp.h), which more
 * threads than that have to share. As in the kernel without a critical section it is a hint where to keep something, not a lock.
 */
#ifndef NGU_KERN_SYS_PCPU_H
#define NGU_KERN_SYS_PCPU_H

#include <sys/types.h>
#include <ng/base.h>

/* Never blocks; fine inside a section. */
NGU_API u_int ngu_k_curcpu(void);
#define curcpu ngu_k_curcpu()

#endif /* NGU_KERN_SYS_PCPU_H */
