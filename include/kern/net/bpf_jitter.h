/* SPDX-License-Identifier: BSD-2-Clause */
/* bpf_jitter.h - compiled filters. There are none: opt_bpf.h defines no BPF_JITTER, and filters are interpreted. */
#ifndef NGU_KERN_NET_BPF_JITTER_H
#define NGU_KERN_NET_BPF_JITTER_H

#include <sys/types.h>

struct bpf_jit_filter;
typedef struct bpf_jit_filter bpf_jit_filter;

#define bpf_jitter(insns, n) NGU_LACKS("bpf_jitter(): filters are interpreted")
#define bpf_destroy_jit_filter(filter) NGU_LACKS("bpf_destroy_jit_filter(): filters are interpreted")

#endif /* NGU_KERN_NET_BPF_JITTER_H */
