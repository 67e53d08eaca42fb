/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * socket.h - the system's socket addresses and families, and the BSD families it may lack. The latter get numbers from 200 up,
 * which no system uses: they mean the same inside libng.
 */
#ifndef NGU_KERN_SYS_SOCKET_H
#define NGU_KERN_SYS_SOCKET_H

#include <sys/types.h>
#include_next <sys/socket.h>

#ifndef AF_LINK
#define AF_LINK 200
#endif
#ifndef AF_ATM
#define AF_ATM 201
#endif
#ifndef AF_NATM
#define AF_NATM 202
#endif
#ifndef AF_NETGRAPH
#define AF_NETGRAPH 203
#endif
#ifndef AF_ARP
#define AF_ARP 204
#endif
#ifndef PF_LINK
#define PF_LINK AF_LINK
#endif
#ifndef PF_ATM
#define PF_ATM AF_ATM
#endif
#ifndef PF_NATM
#define PF_NATM AF_NATM
#endif
#ifndef PF_NETGRAPH
#define PF_NETGRAPH AF_NETGRAPH
#endif

#endif /* NGU_KERN_SYS_SOCKET_H */
