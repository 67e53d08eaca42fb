/* SPDX-License-Identifier: BSD-2-Clause */
/* if.h - names and flags of network interfaces. */
#ifndef NGU_KERN_NET_IF_H
#define NGU_KERN_NET_IF_H

#include <sys/types.h>
#include <sys/socket.h>
#define _NET_IF_H 1 /* the system's own: out */
#define _NET_IF_H_ 1

#define IF_NAMESIZE 16
#define IFNAMSIZ IF_NAMESIZE
#define IF_MAXUNIT 0x7fff

/* if_flags */
#define IFF_UP 0x1
#define IFF_BROADCAST 0x2
#define IFF_DEBUG 0x4
#define IFF_LOOPBACK 0x8
#define IFF_POINTOPOINT 0x10
#define IFF_DRV_RUNNING 0x40
#define IFF_NOARP 0x80
#define IFF_PROMISC 0x100
#define IFF_ALLMULTI 0x200
#define IFF_DRV_OACTIVE 0x400
#define IFF_SIMPLEX 0x800
#define IFF_LINK0 0x1000
#define IFF_LINK1 0x2000
#define IFF_LINK2 0x4000
#define IFF_MULTICAST 0x8000

#define LINK_STATE_UNKNOWN 0
#define LINK_STATE_DOWN 1
#define LINK_STATE_UP 2
#define LINK_STATE_IS_UP(s) ((s) != LINK_STATE_DOWN)

#define IF_Kbps(x) ((uintmax_t)(x) * 1000)
#define IF_Mbps(x) (IF_Kbps((x) * 1000))
#define IF_Gbps(x) (IF_Mbps((x) * 1000))

struct ifnet;
typedef struct ifnet *if_t;

#endif /* NGU_KERN_NET_IF_H */
