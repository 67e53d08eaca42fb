/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * in_cksum.c - Internet checksums of packets, RFC 1071. Words are summed as they lie in memory: the sum comes out in the order of
 * the packet. A byte at an odd place of the range counts as the second half of its word, wherever its mbuf begins.
 */
#include <machine/in_cksum.h>
#include <sys/mbuf.h>
#include <sys/syslog.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>

static uint16_t
fold(uint64_t sum)
{
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return ((uint16_t)sum);
}

/* n bytes, the first of them at an even place; less than 2^32 are asked for, so nothing overflows. */
static uint64_t
sum_of(const unsigned char *p, size_t n)
{
	uint64_t sum = 0;
	uint32_t w;
	uint16_t h;
	unsigned char last[2] = { 0, 0 };

	for (; n >= sizeof(w); p += sizeof(w), n -= sizeof(w)) {
		__builtin_memcpy(&w, p, sizeof(w));
		sum += w;
	}
	if (n >= sizeof(h)) {
		__builtin_memcpy(&h, p, sizeof(h));
		sum += h;
		p += sizeof(h);
		n -= sizeof(h);
	}
	if (n != 0) {
		last[0] = *p;
		__builtin_memcpy(&h, last, sizeof(h));
		sum += h;
	}
	return (sum);
}

/* len bytes from off. */
static uint16_t
sum_packet(const struct mbuf *m, uint32_t off, uint32_t len)
{
	uint64_t sum = 0;
	uint32_t done = 0, n;
	uint16_t part;

	for (; m != NULL && done < len; m = m->m_next) {
		if (off >= (uint32_t)m->m_len) {
			off -= (uint32_t)m->m_len;
			continue;
		}
		n = (uint32_t)m->m_len - off;
		if (n > len - done)
			n = len - done;
		part = fold(sum_of((const unsigned char *)m->m_data + off, n));
		sum += done % 2 == 0 ? part : __builtin_bswap16(part); /* a sum of swapped words is the swapped sum */
		done += n;
		off = 0;
	}
	if (done < len)
		log(LOG_WARNING, "in_cksum: the packet is %u bytes too short\n", len - done);
	return (fold(sum));
}

u_short
ngu_k_in_cksum_skip(struct mbuf *m, int len, int skip)
{
	return (len <= skip || skip < 0 ? 0xffff : (u_short)~sum_packet(m, (uint32_t)skip, (uint32_t)(len - skip)));
}

u_int
ngu_k_in_cksum_hdr(const struct ip *ip)
{
	return ((uint16_t)~fold(sum_of((const unsigned char *)ip, sizeof(*ip))));
}

u_short
ngu_k_in_pseudo(u_int a, u_int b, u_int c)
{
	return (fold((uint64_t)a + b + c));
}

u_short
ngu_k_in_addword(u_short a, u_short b)
{
	return (fold((uint64_t)a + b));
}

int
ngu_k_in6_cksum_pseudo(const struct ip6_hdr *ip6, uint32_t len, uint8_t nxt, uint16_t csum)
{
	return (fold(sum_of((const unsigned char *)&ip6->ip6_src, 32) + htonl(len) + htonl((uint32_t)nxt) + csum));
}

int
ngu_k_in6_cksum_partial(struct mbuf *m, uint8_t nxt, uint32_t off, uint32_t len, uint32_t cov)
{
	struct ip6_hdr ip6;

	if (m->m_pkthdr.len < (int)sizeof(ip6))
		return (0xffff);
	ngu_k_m_copydata(m, 0, sizeof(ip6), (char *)&ip6);
	return ((uint16_t)~ngu_k_in6_cksum_pseudo(&ip6, len, nxt, sum_packet(m, off, cov < len ? cov : len)));
}
