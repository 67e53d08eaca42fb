/* SPDX-License-Identifier: BSD-2-Clause */
/* if_ether.h - ARP for IPv4 on Ethernet, multicast addresses. */
#ifndef NGU_KERN_NETINET_IF_ETHER_H
#define NGU_KERN_NETINET_IF_ETHER_H

#include <sys/types.h>
#include <net/ethernet.h>
#include <net/if_arp.h>
#define __NETINET_IF_ETHER_H 1 /* the system's own: out */
#define _NETINET_IF_ETHER_H_ 1

struct ether_arp {
	struct arphdr ea_hdr;
	u_char arp_sha[ETHER_ADDR_LEN];
	u_char arp_spa[4];
	u_char arp_tha[ETHER_ADDR_LEN];
	u_char arp_tpa[4];
};
_Static_assert(sizeof(struct ether_arp) == 28, "an ARP packet");
#define arp_hrd ea_hdr.ar_hrd
#define arp_pro ea_hdr.ar_pro
#define arp_hln ea_hdr.ar_hln
#define arp_pln ea_hdr.ar_pln
#define arp_op ea_hdr.ar_op

/* The Ethernet address of an IPv4 group: 01:00:5e and the lower 23 bits (RFC 1112). */
#define ETHER_MAP_IP_MULTICAST(ip, mac) \
	do { \
		const u_char *ngu__ip = (const u_char *)(ip); \
		(mac)[0] = 0x01; \
		(mac)[1] = 0x00; \
		(mac)[2] = 0x5e; \
		(mac)[3] = ngu__ip[1] & 0x7f; \
		(mac)[4] = ngu__ip[2]; \
		(mac)[5] = ngu__ip[3]; \
	} while (0)

#endif /* NGU_KERN_NETINET_IF_ETHER_H */
