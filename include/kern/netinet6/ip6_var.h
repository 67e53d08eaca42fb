/* SPDX-License-Identifier: BSD-2-Clause */
/* ip6_var.h - the kernel's IPv6. There is none behind a graph: packets go to hooks. */
#ifndef NGU_KERN_NETINET6_IP6_VAR_H
#define NGU_KERN_NETINET6_IP6_VAR_H

#include <sys/types.h>
#include <netinet/in.h>

#define ip6_output(...) NGU_LACKS("ip6_output(): there is no protocol stack behind a graph")
#define ip6_input(m) NGU_LACKS("ip6_input(): there is no protocol stack behind a graph")
#define ip6_forward(m, srcrt) NGU_LACKS("ip6_forward(): there is no protocol stack behind a graph")

#define ip6_lasthdr(m, off, proto, nxt) NGU_LACKS("ip6_lasthdr()")

#endif /* NGU_KERN_NETINET6_IP6_VAR_H */
