/* SPDX-License-Identifier: BSD-2-Clause */
/* udp.h - the UDP header (RFC 768). Fields are in network order. */
#ifndef NGU_KERN_NETINET_UDP_H
#define NGU_KERN_NETINET_UDP_H

#include <sys/types.h>
#define __NETINET_UDP_H 1 /* the system's own: out */
#define _NETINET_UDP_H 1
#define _NETINET_UDP_H_ 1

struct udphdr {
	u_short uh_sport;
	u_short uh_dport;
	u_short uh_ulen; /* header and payload */
	u_short uh_sum;	 /* 0: none */
};
_Static_assert(sizeof(struct udphdr) == 8, "a UDP header");

#endif /* NGU_KERN_NETINET_UDP_H */
