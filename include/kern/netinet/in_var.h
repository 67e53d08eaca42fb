/* SPDX-License-Identifier: BSD-2-Clause */
/* in_var.h - IPv4 addresses of interfaces. There are no interfaces behind a graph, so nobody's address can be asked for. */
#ifndef NGU_KERN_NETINET_IN_VAR_H
#define NGU_KERN_NETINET_IN_VAR_H

#include <sys/types.h>
#include <netinet/in.h>

struct in_ifaddr;

#define in_localip(addr) NGU_LACKS("in_localip(): there are no interfaces")
#define in_localaddr(addr) NGU_LACKS("in_localaddr(): there are no interfaces")
#define in_canforward(addr) NGU_LACKS("in_canforward()")

#endif /* NGU_KERN_NETINET_IN_VAR_H */
