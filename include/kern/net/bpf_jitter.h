/* SPDX-License-Identifier: BSD-2-Clause */
/* bpf_jitter.h - compiled filters. There are none (opt_bpf.h defines no BPF_JITTER): a source that wants one does not compile. */
#ifndef NGU_KERN_NET_BPF_JITTER_H
#define NGU_KERN_NET_BPF_JITTER_H

#endif /* NGU_KERN_NET_BPF_JITTER_H */
