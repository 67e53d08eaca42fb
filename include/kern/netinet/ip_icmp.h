/* SPDX-License-Identifier: BSD-2-Clause */
/* ip_icmp.h - the head of ICMP messages (RFC 792). Multi-byte fields are in network order. */
#ifndef NGU_KERN_NETINET_IP_ICMP_H
#define NGU_KERN_NETINET_IP_ICMP_H

#include <sys/types.h>
#include <netinet/in.h>
#define __NETINET_IP_ICMP_H 1 /* the system's own: out */
#define _NETINET_IP_ICMP_H_ 1

struct icmphdr {
	u_char icmp_type;
	u_char icmp_code;
	u_short icmp_cksum;
};

struct icmp {
	u_char icmp_type;
	u_char icmp_code;
	u_short icmp_cksum;
	union {
		struct {
			u_int16_t icd_id;
			u_int16_t icd_seq;
		} ih_idseq;
		struct in_addr ih_gwaddr;
		struct {
			u_int16_t ipm_void;
			u_int16_t ipm_nextmtu;
		} ih_pmtu;
		u_int32_t ih_void;
	} icmp_hun;
	u_char icmp_data[4];
};
#define icmp_id icmp_hun.ih_idseq.icd_id
#define icmp_seq icmp_hun.ih_idseq.icd_seq
#define icmp_gwaddr icmp_hun.ih_gwaddr
#define icmp_nextmtu icmp_hun.ih_pmtu.ipm_nextmtu
#define icmp_void icmp_hun.ih_void
#define ICMP_MINLEN 8

#define ICMP_ECHOREPLY 0
#define ICMP_UNREACH 3
#define ICMP_UNREACH_NET 0
#define ICMP_UNREACH_HOST 1
#define ICMP_UNREACH_PROTOCOL 2
#define ICMP_UNREACH_PORT 3
#define ICMP_UNREACH_NEEDFRAG 4
#define ICMP_SOURCEQUENCH 4
#define ICMP_REDIRECT 5
#define ICMP_ECHO 8
#define ICMP_TIMXCEED 11
#define ICMP_PARAMPROB 12
#define ICMP_TSTAMP 13
#define ICMP_TSTAMPREPLY 14

#endif /* NGU_KERN_NETINET_IP_ICMP_H */
