/* SPDX-License-Identifier: BSD-2-Clause */
/* opt_netgraph.h - kernel configuration: each type's memory has a malloc(9) type of its own; MPPC and MPPE are in. */
#ifndef NGU_KERN_OPT_NETGRAPH_H
#define NGU_KERN_OPT_NETGRAPH_H

#define NG_SEPARATE_MALLOC 1
#define NETGRAPH_MPPC_COMPRESSION 1
#define NETGRAPH_MPPC_ENCRYPTION 1

#endif /* NGU_KERN_OPT_NETGRAPH_H */
