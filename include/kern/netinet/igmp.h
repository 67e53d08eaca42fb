/* SPDX-License-Identifier: BSD-2-Clause */
/* igmp.h - messages of IGMP, versions 1 and 2 (RFC 2236). Multi-byte fields are in network order. */
#ifndef NGU_KERN_NETINET_IGMP_H
#define NGU_KERN_NETINET_IGMP_H

#include <sys/types.h>
#include <netinet/in.h>
#define _NETINET_IGMP_H 1 /* the system's own: out */
#define _NETINET_IGMP_H_ 1

struct igmp {
	u_char igmp_type;
	u_char igmp_code; /* most tenths of a second to answer in */
	u_short igmp_cksum;
	struct in_addr igmp_group;
};
_Static_assert(sizeof(struct igmp) == 8, "an IGMP message");
#define IGMP_MINLEN 8

#define IGMP_HOST_MEMBERSHIP_QUERY 0x11
#define IGMP_v1_HOST_MEMBERSHIP_REPORT 0x12
#define IGMP_v2_HOST_MEMBERSHIP_REPORT 0x16
#define IGMP_HOST_LEAVE_MESSAGE 0x17
#define IGMP_v3_HOST_MEMBERSHIP_REPORT 0x22

#endif /* NGU_KERN_NETINET_IGMP_H */
