/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * in_cksum.h - Internet checksums (RFC 1071): sums of 16-bit words in one's complement arithmetic, in whatever byte order the
 * words stand. in_cksum() and what is named after it return what belongs into a header, the complement; in_pseudo() and
 * in_addword() return sums. None blocks.
 */
#ifndef NGU_KERN_MACHINE_IN_CKSUM_H
#define NGU_KERN_MACHINE_IN_CKSUM_H

#include <sys/types.h>
#include <ng/base.h>

struct ip;
struct ip6_hdr;
struct mbuf;

/* Over bytes skip up to len of the packet; a packet that is shorter counts as far as it goes, and is logged. */
NGU_API u_short ngu_k_in_cksum_skip(struct mbuf *m, int len, int skip);
/* Over 20 bytes. */
NGU_API u_int ngu_k_in_cksum_hdr(const struct ip *ip);
/* The sum of three words of 32 bits, folded to 16. */
NGU_API u_short ngu_k_in_pseudo(u_int a, u_int b, u_int c);
NGU_API u_short ngu_k_in_addword(u_short a, u_short b);
/*
 * The sum of an IPv6 pseudo header (RFC 8200, 8.1) and of `csum`: addresses of `ip6`, `len` bytes of upper-layer packet, protocol
 * `nxt`; folded to 16 bits.
 */
NGU_API int ngu_k_in6_cksum_pseudo(const struct ip6_hdr *ip6, uint32_t len, uint8_t nxt, uint16_t csum);
/* With that, over `len` bytes at `off`, of which the first `cov` count. The packet begins with its IPv6 header. */
NGU_API int ngu_k_in6_cksum_partial(struct mbuf *m, uint8_t nxt, uint32_t off, uint32_t len, uint32_t cov);

#define in_cksum(m, len) ngu_k_in_cksum_skip((m), (len), 0)
#define in_cksum_skip(m, len, skip) ngu_k_in_cksum_skip((m), (len), (skip))
#define in_cksum_hdr(ip) ngu_k_in_cksum_hdr(ip)
#define in_pseudo(a, b, c) ngu_k_in_pseudo((a), (b), (c))
#define in_addword(a, b) ngu_k_in_addword((a), (b))
#define in6_cksum_pseudo(ip6, len, nxt, csum) ngu_k_in6_cksum_pseudo((ip6), (len), (nxt), (csum))
#define in6_cksum_partial(m, nxt, off, len, cov) ngu_k_in6_cksum_partial((m), (nxt), (off), (len), (cov))
#define in6_cksum(m, nxt, off, len) ngu_k_in6_cksum_partial((m), (nxt), (off), (len), (len))

#endif /* NGU_KERN_MACHINE_IN_CKSUM_H */
