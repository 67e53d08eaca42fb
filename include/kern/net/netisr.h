/* SPDX-License-Identifier: BSD-2-Clause */
/* netisr.h - protocols that take packets from the link layer, by number. There are none behind a graph: what a packet goes to is a hook. */
#ifndef NGU_KERN_NET_NETISR_H
#define NGU_KERN_NET_NETISR_H

#include <sys/types.h>

#define NETISR_IP 1
#define NETISR_IGMP 2
#define NETISR_ROUTE 3
#define NETISR_ARP 4
#define NETISR_ETHER 5
#define NETISR_IPV6 6

#define netisr_dispatch(proto, m) NGU_LACKS("netisr_dispatch(): there is no protocol stack behind a graph")
#define netisr_dispatch_src(proto, source, m) NGU_LACKS("netisr_dispatch_src(): there is no protocol stack behind a graph")
#define netisr_queue(proto, m) NGU_LACKS("netisr_queue(): there is no protocol stack behind a graph")
#define netisr_queue_src(proto, source, m) NGU_LACKS("netisr_queue_src(): there is no protocol stack behind a graph")
#define netisr_register(handler) NGU_LACKS("netisr_register(): there is no protocol stack behind a graph")
#define netisr_unregister(handler) NGU_LACKS("netisr_unregister(): there is no protocol stack behind a graph")

#endif /* NGU_KERN_NET_NETISR_H */
