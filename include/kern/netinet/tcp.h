/* SPDX-License-Identifier: BSD-2-Clause */
/* tcp.h - the TCP header (RFC 793) and its options. Multi-byte fields are in network order. */
#ifndef NGU_KERN_NETINET_TCP_H
#define NGU_KERN_NETINET_TCP_H

#include <sys/types.h>
#include <sys/endian.h>
#define _NETINET_TCP_H 1 /* the system's own: out */
#define _NETINET_TCP_H_ 1

typedef u_int32_t tcp_seq;
#define tcp6_seq tcp_seq
#define tcp6hdr tcphdr

struct tcphdr {
	u_short th_sport;
	u_short th_dport;
	tcp_seq th_seq;
	tcp_seq th_ack;
#if _BYTE_ORDER == _LITTLE_ENDIAN
	u_char th_x2 : 4, th_off : 4; /* th_off: header length, in units of 4 bytes */
#else
	u_char th_off : 4, th_x2 : 4;
#endif
	u_char th_flags;
#define TH_FIN 0x01
#define TH_SYN 0x02
#define TH_RST 0x04
#define TH_PUSH 0x08
#define TH_ACK 0x10
#define TH_URG 0x20
#define TH_ECE 0x40
#define TH_CWR 0x80
#define TH_FLAGS (TH_FIN | TH_SYN | TH_RST | TH_PUSH | TH_ACK | TH_URG | TH_ECE | TH_CWR)
	u_short th_win;
	u_short th_sum;
	u_short th_urp;
};
_Static_assert(sizeof(struct tcphdr) == 20, "a TCP header without options");

#define TCPOPT_EOL 0
#define TCPOLEN_EOL 1
#define TCPOPT_PAD 0
#define TCPOLEN_PAD 1
#define TCPOPT_NOP 1
#define TCPOLEN_NOP 1
#define TCPOPT_MAXSEG 2
#define TCPOLEN_MAXSEG 4
#define TCPOPT_WINDOW 3
#define TCPOLEN_WINDOW 3
#define TCPOPT_SACK_PERMITTED 4
#define TCPOLEN_SACK_PERMITTED 2
#define TCPOPT_SACK 5
#define TCPOLEN_SACKHDR 2
#define TCPOLEN_SACK 8
#define TCPOPT_TIMESTAMP 8
#define TCPOLEN_TIMESTAMP 10
#define TCPOLEN_TSTAMP_APPA (TCPOLEN_TIMESTAMP + 2)
#define TCPOPT_SIGNATURE 19
#define TCPOLEN_SIGNATURE 18
#define TCPOPT_FAST_OPEN 34
#define TCPOLEN_FAST_OPEN_EMPTY 2

#define TCP_MSS 536
#define TCP_MINMSS 216
#define TCP6_MSS 1220
#define TCP_MAXWIN 65535
#define TCP_MAX_WINSHIFT 14
#define TCP_MAXOLEN 40
#define TCP_MAXHLEN (0xf << 2)

#endif /* NGU_KERN_NETINET_TCP_H */
