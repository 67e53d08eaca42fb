/* SPDX-License-Identifier: BSD-2-Clause */
/* cpu.h - what node types may ask of the processor. */
#ifndef NGU_KERN_MACHINE_CPU_H
#define NGU_KERN_MACHINE_CPU_H

#include <sys/types.h>
#include <sys/time.h>
#include <ng/base.h>

/* In loops that wait for another thread's store. The race lab lets the others run here. */
NGU_API void ngu_k_cpu_spinwait(void);
#define cpu_spinwait() ngu_k_cpu_spinwait()

/* Something that counts upwards quickly: nanoseconds of the current graph's clock, which stands still where that is a fake one. */
#define get_cyclecount() ((uint64_t)ngu_k_clock(0))
#define cpu_ticks() get_cyclecount()

#endif /* NGU_KERN_MACHINE_CPU_H */
