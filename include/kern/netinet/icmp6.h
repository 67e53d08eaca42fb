/* SPDX-License-Identifier: BSD-2-Clause */
/* icmp6.h - the head of ICMPv6 messages (RFC 4443). Multi-byte fields are in network order. */
#ifndef NGU_KERN_NETINET_ICMP6_H
#define NGU_KERN_NETINET_ICMP6_H

#include <sys/types.h>
#include <netinet/in.h>
#define _NETINET_ICMP6_H 1 /* the system's own: out */
#define _NETINET_ICMP6_H_ 1

struct icmp6_hdr {
	u_int8_t icmp6_type;
	u_int8_t icmp6_code;
	u_int16_t icmp6_cksum;
	union {
		u_int32_t icmp6_un_data32[1];
		u_int16_t icmp6_un_data16[2];
		u_int8_t icmp6_un_data8[4];
	} icmp6_dataun;
} __attribute__((__packed__));
#define icmp6_data32 icmp6_dataun.icmp6_un_data32
#define icmp6_data16 icmp6_dataun.icmp6_un_data16
#define icmp6_data8 icmp6_dataun.icmp6_un_data8
#define icmp6_mtu icmp6_data32[0]
#define icmp6_id icmp6_data16[0]
#define icmp6_seq icmp6_data16[1]

#define ICMP6_DST_UNREACH 1
#define ICMP6_PACKET_TOO_BIG 2
#define ICMP6_TIME_EXCEEDED 3
#define ICMP6_PARAM_PROB 4
#define ICMP6_ECHO_REQUEST 128
#define ICMP6_ECHO_REPLY 129
#define ND_ROUTER_SOLICIT 133
#define ND_ROUTER_ADVERT 134
#define ND_NEIGHBOR_SOLICIT 135
#define ND_NEIGHBOR_ADVERT 136
#define ND_REDIRECT 137

#endif /* NGU_KERN_NETINET_ICMP6_H */
