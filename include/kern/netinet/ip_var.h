/* SPDX-License-Identifier: BSD-2-Clause */
/* ip_var.h - the kernel's IPv4. There is none behind a graph: packets go to hooks. */
#ifndef NGU_KERN_NETINET_IP_VAR_H
#define NGU_KERN_NETINET_IP_VAR_H

#include <sys/types.h>
#include <netinet/in.h>

/* Flags of ip_output(), kept by sources in fields of their own */
#define IP_FORWARDING 0x1
#define IP_RAWOUTPUT 0x2
#define IP_SENDTOIF 0x8

#define ip_output(...) NGU_LACKS("ip_output(): there is no protocol stack behind a graph")
#define ip_input(m) NGU_LACKS("ip_input(): there is no protocol stack behind a graph")
#define ip_forward(m, srcrt) NGU_LACKS("ip_forward(): there is no protocol stack behind a graph")
#define ip_fragment(ip, mp, mtu, hwassist) NGU_LACKS("ip_fragment()")
#define ip_reass(m) NGU_LACKS("ip_reass()")
#define ip_fillid(ip) NGU_LACKS("ip_fillid()")

#endif /* NGU_KERN_NETINET_IP_VAR_H */
