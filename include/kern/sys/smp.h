/* SPDX-License-Identifier: BSD-2-Clause */
/* smp.h - how many "CPUs" there are at most: sys/pcpu.h. */
#ifndef NGU_KERN_SYS_SMP_H
#define NGU_KERN_SYS_SMP_H

enum {
	mp_maxid = 63 /* the greatest number curcpu can be */
};

#endif /* NGU_KERN_SYS_SMP_H */
