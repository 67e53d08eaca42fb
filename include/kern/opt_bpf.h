/* SPDX-License-Identifier: BSD-2-Clause */
/* opt_bpf.h - kernel configuration: filters are interpreted; BPF_JITTER is not defined. */
#ifndef NGU_KERN_OPT_BPF_H
#define NGU_KERN_OPT_BPF_H

#endif /* NGU_KERN_OPT_BPF_H */
