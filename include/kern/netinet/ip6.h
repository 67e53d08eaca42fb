/* SPDX-License-Identifier: BSD-2-Clause */
/* ip6.h - the IPv6 header and its extension headers (RFC 8200, names of RFC 3542). Multi-byte fields are in network order. */
#ifndef NGU_KERN_NETINET_IP6_H
#define NGU_KERN_NETINET_IP6_H

#include <sys/types.h>
#include <sys/endian.h>
#include <machine/in_cksum.h> /* in6_cksum() and its kin */
#include <netinet/in.h>
#define _NETINET_IP6_H 1 /* the system's own: out */
#define _NETINET_IP6_H_ 1

struct ip6_hdr {
	union {
		struct ip6_hdrctl {
			u_int32_t ip6_un1_flow; /* version, class, flow label */
			u_int16_t ip6_un1_plen; /* what follows this header */
			u_int8_t ip6_un1_nxt;
			u_int8_t ip6_un1_hlim;
		} ip6_un1;
		u_int8_t ip6_un2_vfc; /* version and the upper half of the class */
	} ip6_ctlun;
	struct in6_addr ip6_src;
	struct in6_addr ip6_dst;
} __attribute__((__packed__));
_Static_assert(sizeof(struct ip6_hdr) == 40, "an IPv6 header");

#define ip6_vfc ip6_ctlun.ip6_un2_vfc
#define ip6_flow ip6_ctlun.ip6_un1.ip6_un1_flow
#define ip6_plen ip6_ctlun.ip6_un1.ip6_un1_plen
#define ip6_nxt ip6_ctlun.ip6_un1.ip6_un1_nxt
#define ip6_hlim ip6_ctlun.ip6_un1.ip6_un1_hlim
#define ip6_hops ip6_ctlun.ip6_un1.ip6_un1_hlim

#define IPV6_VERSION 0x60
#define IPV6_VERSION_MASK 0xf0
#define IPV6_FLOWINFO_MASK htonl(0x0fffffff)
#define IPV6_FLOWLABEL_MASK htonl(0x000fffff)
#define IPV6_MAXPACKET 65535
#define IPV6_MMTU 1280
#define IPV6_MAXHLIM 255
#define IPV6_DEFHLIM 64

/* How every extension header but the fragment header begins; the length counts units of 8 bytes after the first 8. */
struct ip6_ext {
	u_int8_t ip6e_nxt;
	u_int8_t ip6e_len;
} __attribute__((__packed__));

struct ip6_hbh {
	u_int8_t ip6h_nxt;
	u_int8_t ip6h_len;
} __attribute__((__packed__));

struct ip6_dest {
	u_int8_t ip6d_nxt;
	u_int8_t ip6d_len;
} __attribute__((__packed__));

struct ip6_opt {
	u_int8_t ip6o_type;
	u_int8_t ip6o_len;
} __attribute__((__packed__));

struct ip6_rthdr {
	u_int8_t ip6r_nxt;
	u_int8_t ip6r_len;
	u_int8_t ip6r_type;
	u_int8_t ip6r_segleft;
} __attribute__((__packed__));

struct ip6_frag {
	u_int8_t ip6f_nxt;
	u_int8_t ip6f_reserved;
	u_int16_t ip6f_offlg; /* place in bytes, and flags */
	u_int32_t ip6f_ident;
} __attribute__((__packed__));
#define IP6F_OFF_MASK htons(0xfff8)
#define IP6F_RESERVED_MASK htons(0x0006)
#define IP6F_MORE_FRAG htons(0x0001)

#endif /* NGU_KERN_NETINET_IP6_H */
