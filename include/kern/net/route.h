/* SPDX-License-Identifier: BSD-2-Clause */
/* route.h - flags of routes. There is no routing table behind a graph: who asks for a route does not compile. */
#ifndef NGU_KERN_NET_ROUTE_H
#define NGU_KERN_NET_ROUTE_H

#include <sys/types.h>
#include <sys/socket.h>
#define _NET_ROUTE_H 1 /* the system's own: out */
#define _NET_ROUTE_H_ 1

#define RTF_UP 0x1
#define RTF_GATEWAY 0x2
#define RTF_HOST 0x4
#define RTF_REJECT 0x8
#define RTF_DYNAMIC 0x10
#define RTF_MODIFIED 0x20
#define RTF_STATIC 0x800
#define RTF_BLACKHOLE 0x1000

struct route;
struct rtentry;

#define rt_ifmsg(...) NGU_LACKS("rt_ifmsg(): there is no routing table")
#define rtalloc1_fib(...) NGU_LACKS("rtalloc1_fib(): there is no routing table")
#define rtrequest1_fib(...) NGU_LACKS("rtrequest1_fib(): there is no routing table")
#define rtinit(...) NGU_LACKS("rtinit(): there is no routing table")
#define rib_lookup(...) NGU_LACKS("rib_lookup(): there is no routing table")
#define rib_action(...) NGU_LACKS("rib_action(): there is no routing table")
#define fib4_lookup(...) NGU_LACKS("fib4_lookup(): there is no routing table")
#define fib6_lookup(...) NGU_LACKS("fib6_lookup(): there is no routing table")

#endif /* NGU_KERN_NET_ROUTE_H */
