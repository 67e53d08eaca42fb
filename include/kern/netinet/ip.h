/* SPDX-License-Identifier: BSD-2-Clause */
/* ip.h - the IPv4 header (RFC 791), its options, the pseudo header. Multi-byte fields are in network order. */
#ifndef NGU_KERN_NETINET_IP_H
#define NGU_KERN_NETINET_IP_H

#include <sys/types.h>
#include <sys/endian.h>
#include <netinet/in.h>
/* The system's own header: out. */
#define __NETINET_IP_H 1
#define _NETINET_IP_H 1
#define _NETINET_IP_H_ 1

#define IPVERSION 4

struct ip {
#if _BYTE_ORDER == _LITTLE_ENDIAN
	u_char ip_hl : 4, /* header length, in units of 4 bytes */
	    ip_v : 4;
#else
	u_char ip_v : 4, ip_hl : 4;
#endif
	u_char ip_tos;
	u_short ip_len; /* header and payload */
	u_short ip_id;
	u_short ip_off; /* IP_* flags, and the fragment's place in units of 8 bytes */
#define IP_RF 0x8000
#define IP_DF 0x4000
#define IP_MF 0x2000
#define IP_OFFMASK 0x1fff
	u_char ip_ttl;
	u_char ip_p;
	u_short ip_sum;
	struct in_addr ip_src, ip_dst;
} __attribute__((__packed__, __aligned__(2)));
_Static_assert(sizeof(struct ip) == 20, "an IPv4 header without options");

#define IP_MAXPACKET 65535
#define MAXTTL 255
#define IPDEFTTL 64
#define IPFRAGTTL 60
#define IPTTLDEC 1
#define IP_MSS 576

#define IPTOS_LOWDELAY 0x10
#define IPTOS_THROUGHPUT 0x08
#define IPTOS_RELIABILITY 0x04
#define IPTOS_MINCOST 0x02
#define IPTOS_PREC_NETCONTROL 0xe0
#define IPTOS_PREC_INTERNETCONTROL 0xc0
#define IPTOS_PREC_CRITIC_ECP 0xa0
#define IPTOS_PREC_FLASHOVERRIDE 0x80
#define IPTOS_PREC_FLASH 0x60
#define IPTOS_PREC_IMMEDIATE 0x40
#define IPTOS_PREC_PRIORITY 0x20
#define IPTOS_PREC_ROUTINE 0x00
#define IPTOS_ECN_NOTECT 0x00
#define IPTOS_ECN_ECT1 0x01
#define IPTOS_ECN_ECT0 0x02
#define IPTOS_ECN_CE 0x03
#define IPTOS_ECN_MASK 0x03

/* Options */
#define IPOPT_COPIED(o) ((o) & 0x80)
#define IPOPT_CLASS(o) ((o) & 0x60)
#define IPOPT_NUMBER(o) ((o) & 0x1f)
#define IPOPT_CONTROL 0x00
#define IPOPT_DEBMEAS 0x40
#define IPOPT_EOL 0
#define IPOPT_NOP 1
#define IPOPT_RR 7
#define IPOPT_TS 68
#define IPOPT_SECURITY 130
#define IPOPT_LSRR 131
#define IPOPT_ESO 133
#define IPOPT_CIPSO 134
#define IPOPT_SATID 136
#define IPOPT_SSRR 137
#define IPOPT_RA 148
#define IPOPT_OPTVAL 0 /* offsets in an option */
#define IPOPT_OLEN 1
#define IPOPT_OFFSET 2
#define IPOPT_MINOFF 4
#define MAX_IPOPTLEN 40

/* What TCP and UDP checksums cover besides the packet. */
struct ippseudo {
	struct in_addr ippseudo_src;
	struct in_addr ippseudo_dst;
	u_char ippseudo_pad;
	u_char ippseudo_p;
	u_short ippseudo_len;
};

#endif /* NGU_KERN_NETINET_IP_H */
