/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pcpu.h - which "CPU" this is. Threads stand for CPUs: each has a number of its own in 0 .. mp_maxid (sys/smp.h), which more
 * threads than that have to share. As in the kernel without a critical section it is a hint where to keep something, not a lock:
 * what is kept by this number is changed with atomic(9), or with counter(9), or under a lock.
 */
#ifndef NGU_KERN_SYS_PCPU_H
#define NGU_KERN_SYS_PCPU_H

#include <sys/types.h>
#include <ng/base.h>

/* Never blocks; fine inside a section. */
NGU_API u_int ngu_k_curcpu(void);
#define curcpu ngu_k_curcpu()

struct thread;
NGU_API struct thread *ngu_k_curthread(void); /* sys/proc.h */
#define curthread ngu_k_curthread()

/* cpuid and curthread; other members do not exist. */
#define PCPU_GET(member) ngu__pcpu_##member
#define ngu__pcpu_cpuid ngu_k_curcpu()
#define ngu__pcpu_curthread ngu_k_curthread()

/* A variable for each CPU counts on critical sections, which keep no thread from running here. */
#define DPCPU_DEFINE(type, name) _Static_assert(0, "libng has no DPCPU_DEFINE(): an array by curcpu and atomic(9), or counter(9)")
#define DPCPU_DEFINE_STATIC(type, name) DPCPU_DEFINE(type, name)
#define DPCPU_DECLARE(type, name) DPCPU_DEFINE(type, name)
#define zpcpu_get(base) NGU_LACKS("zpcpu_get(): an array by curcpu and atomic(9), or counter(9)")
#define zpcpu_get_cpu(base, cpu) NGU_LACKS("zpcpu_get_cpu(): an array by curcpu and atomic(9), or counter(9)")

#endif /* NGU_KERN_SYS_PCPU_H */
