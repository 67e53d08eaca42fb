/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smp.h - how many "CPUs" there are: sys/pcpu.h. All numbers up to mp_maxid are in use, so that CPU_FOREACH over an array of
 * mp_maxid + 1 finds what any thread put at [curcpu]. It is not the machine's number of processors.
 */
#ifndef NGU_KERN_SYS_SMP_H
#define NGU_KERN_SYS_SMP_H

#include <sys/types.h>

enum {
	mp_maxid = 63, /* the greatest number curcpu can be */
	mp_ncpus = mp_maxid + 1
};
#ifndef MAXCPU
#define MAXCPU (mp_maxid + 1)
#endif

#define CPU_ABSENT(i) ((i) < 0 || (i) > mp_maxid)
#define CPU_FIRST() 0
#define CPU_NEXT(i) ((i) < mp_maxid ? (i) + 1 : 0)
#define CPU_FOREACH(i) for ((i) = 0; (i) <= mp_maxid; (i)++)

#define smp_started 1
#define smp_rendezvous(setup, action, teardown, arg) NGU_LACKS("smp_rendezvous()")
#define smp_rendezvous_cpus(map, setup, action, teardown, arg) NGU_LACKS("smp_rendezvous_cpus()")

#endif /* NGU_KERN_SYS_SMP_H */
