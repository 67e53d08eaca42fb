/* SPDX-License-Identifier: BSD-2-Clause */
/* if_arp.h - the fixed part of an ARP packet (RFC 826). Fields are in network order. */
#ifndef NGU_KERN_NET_IF_ARP_H
#define NGU_KERN_NET_IF_ARP_H

#include <sys/types.h>
#define _NET_IF_ARP_H 1 /* the system's own: out */
#define _NET_IF_ARP_H_ 1

struct arphdr {
	u_short ar_hrd;
#define ARPHRD_ETHER 1
#define ARPHRD_IEEE802 6
#define ARPHRD_FRELAY 15
#define ARPHRD_IEEE1394 24
#define ARPHRD_INFINIBAND 32
	u_short ar_pro; /* ETHERTYPE_* */
	u_char ar_hln;
	u_char ar_pln;
	u_short ar_op;
#define ARPOP_REQUEST 1
#define ARPOP_REPLY 2
#define ARPOP_REVREQUEST 3
#define ARPOP_REVREPLY 4
#define ARPOP_INVREQUEST 8
#define ARPOP_INVREPLY 9
};
/* The addresses follow: sender's hardware and protocol, then the target's. */
#define ar_sha(ap) ((caddr_t)((ap) + 1))
#define ar_spa(ap) (ar_sha(ap) + (ap)->ar_hln)
#define ar_tha(ap) (ar_spa(ap) + (ap)->ar_pln)
#define ar_tpa(ap) (ar_tha(ap) + (ap)->ar_hln)
#define arphdr_len2(hln, pln) (sizeof(struct arphdr) + 2 * (size_t)(hln) + 2 * (size_t)(pln))
#define arphdr_len(ap) arphdr_len2((ap)->ar_hln, (ap)->ar_pln)

#endif /* NGU_KERN_NET_IF_ARP_H */
