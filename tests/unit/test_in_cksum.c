/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_in_cksum.c - Internet checksums against a plain sum of 16-bit words, over every way to cut a packet into mbufs, and
 * against known packets; the layout of the protocol headers.
 */
#include "support/unit.h"

#include <machine/in_cksum.h>
#include <net/if_arp.h>
#include <net/if_vlan_var.h>
#include <net/ppp_defs.h>
#include <netinet/icmp6.h>
#include <netinet/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sys/mbuf.h>
#include <sys/systm.h>

/* Big-endian words, an odd last byte filled up with zero. Not complemented. */
static uint16_t
plain(const unsigned char *p, size_t n, uint32_t sum)
{
	for (size_t i = 0; i < n; i++)
		sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return ((uint16_t)sum);
}

static unsigned char data[96];

/* data[0..n) in mbufs that end at a and at b. */
static struct mbuf *
cut(int n, int a, int b)
{
	int end[3] = { a, b, n }, at = 0;
	struct mbuf *m = NULL, *last = NULL, *p;

	for (int i = 0; i < 3; i++) {
		p = i == 0 ? m_gethdr(M_WAITOK, MT_DATA) : m_get(M_WAITOK, MT_DATA);
		p->m_data += i; /* not aligned either */
		bcopy(data + at, p->m_data, end[i] - at);
		p->m_len = end[i] - at;
		at = end[i];
		if (m == NULL)
			m = p;
		else
			last->m_next = p;
		last = p;
	}
	m->m_pkthdr.len = n;
	return (m);
}

static void
test_skip(void **state)
{
	struct mbuf *m;

	(void)state;
	for (unsigned i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)(i * 73 + 11);
	data[5] = data[6] = data[7] = 0xff;
	for (int a = 0; a <= 13; a++)
		for (int b = a; b <= 23; b++) {
			m = cut(37, a, b);
			for (int skip = 0; skip < 30; skip++)
				for (int len = skip + 1; len <= 37; len++)
					assert_int_equal(ntohs(in_cksum_skip(m, len, skip)),
					    (uint16_t)~plain(data + skip, (size_t)(len - skip), 0));
			assert_int_equal(in_cksum(m, 37), in_cksum_skip(m, 37, 0));
			m_freem(m);
		}
	m = cut(37, 10, 20);
	assert_int_equal(ntohs(in_cksum_skip(m, 50, 30)), (uint16_t)~plain(data + 30, 7, 0)); /* too short: told, and as far as it goes */
	assert_int_equal(in_cksum_skip(m, 20, 20), 0xffff);
	m_freem(m);
}

/* An IPv4 header with its checksum, from RFC 1071's kind of arithmetic: 45 00 00 73 ... of a well-known example. */
static void
test_known(void **state)
{
	static const unsigned char h[20] = { 0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11, 0xb8, 0x61, 0xc0, 0xa8, 0x00, 0x01,
		0xc0, 0xa8, 0x00, 0xc7 };
	struct ip ip;

	(void)state;
	bcopy(h, &ip, sizeof(ip));
	assert_int_equal(in_cksum_hdr(&ip), 0); /* with its checksum in it */
	ip.ip_sum = 0;
	assert_int_equal(in_cksum_hdr(&ip), htons(0xb861));
	assert_int_equal(ip.ip_v, 4);
	assert_int_equal(ip.ip_hl, 5);
	assert_int_equal(ntohs(ip.ip_len), 0x73);
	assert_int_equal(ntohs(ip.ip_off) & IP_DF, IP_DF);
	assert_int_equal(ip.ip_p, IPPROTO_UDP);
	/* sums of words as they lie */
	assert_int_equal(ntohs(in_pseudo(ip.ip_src.s_addr, ip.ip_dst.s_addr, htonl(IPPROTO_UDP + 95))),
	    plain(h + 12, 8, IPPROTO_UDP + 95));
	assert_int_equal(in_addword(0xffff, 2), 2);
	assert_int_equal(in_pseudo(0xffffffff, 0xffffffff, 0xffffffff), 0xffff);
}

static void
test_ip6(void **state)
{
	struct ip6_hdr ip6 = { 0 };
	unsigned char sum[40];
	struct mbuf *m;
	uint16_t want;

	(void)state;
	for (int i = 0; i < 16; i++) {
		ip6.ip6_src.s6_addr[i] = (uint8_t)(i * 17 + 200);
		ip6.ip6_dst.s6_addr[i] = (uint8_t)(255 - i);
	}
	ip6.ip6_vfc = IPV6_VERSION;
	bcopy(&ip6.ip6_src, sum, 32);
	sum[32] = 0, sum[33] = 1, sum[34] = 0x11, sum[35] = 0x70; /* 70000 */
	sum[36] = sum[37] = sum[38] = 0, sum[39] = IPPROTO_TCP;
	assert_int_equal(ntohs((uint16_t)in6_cksum_pseudo(&ip6, 70000, IPPROTO_TCP, 0)), plain(sum, 40, 0));
	assert_int_equal(ntohs((uint16_t)in6_cksum_pseudo(&ip6, 70000, IPPROTO_TCP, htons(0x1234))), plain(sum, 40, 0x1234));
	/* over a packet: header, and 30 bytes behind it */
	bcopy(&ip6, data, sizeof(ip6));
	m = cut(70, 13, 55);
	sum[33] = 0, sum[34] = 0, sum[35] = 30, sum[39] = IPPROTO_UDP;
	want = plain(sum, 40, plain(data + 40, 30, 0));
	assert_int_equal(ntohs((uint16_t)in6_cksum(m, IPPROTO_UDP, 40, 30)), (uint16_t)~want);
	want = plain(sum, 40, plain(data + 40, 8, 0));
	assert_int_equal(ntohs((uint16_t)in6_cksum_partial(m, IPPROTO_UDP, 40, 30, 8)), (uint16_t)~want);
	m_freem(m);
}

/* Bytes of a frame through the structures. */
static void
test_layout(void **state)
{
	static const unsigned char tcp[20] = { 0x12, 0x34, 0x00, 0x50, 1, 2, 3, 4, 5, 6, 7, 8, 0x60, TH_SYN | TH_ACK, 0x20, 0x00, 0xaa, 0xbb, 0, 9 };
	static const unsigned char v6[8] = { 0x6a, 0xbc, 0xde, 0xf0, 0x01, 0x02, 58, 64 };
	struct tcphdr th;
	struct ip6_hdr ip6;
	struct ether_arp arp = { .arp_hrd = htons(ARPHRD_ETHER), .arp_hln = 6, .arp_pln = 4 };
	struct mbuf *m;
	uint16_t group[3];
	struct in_addr ip = { htonl(0xe0810203) };

	(void)state;
	bcopy(tcp, &th, sizeof(th));
	assert_int_equal(ntohs(th.th_sport), 0x1234);
	assert_int_equal(ntohl(th.th_seq), 0x01020304);
	assert_int_equal(ntohl(th.th_ack), 0x05060708);
	assert_int_equal(th.th_off, 6);
	assert_int_equal(th.th_flags, TH_SYN | TH_ACK);
	assert_int_equal(ntohs(th.th_win), 0x2000);
	assert_int_equal(ntohs(th.th_sum), 0xaabb);
	assert_int_equal(ntohs(th.th_urp), 9);
	bzero(&ip6, sizeof(ip6));
	bcopy(v6, &ip6, sizeof(v6));
	assert_int_equal(ip6.ip6_vfc & IPV6_VERSION_MASK, IPV6_VERSION);
	assert_int_equal(ntohl(ip6.ip6_flow & IPV6_FLOWLABEL_MASK), 0xcdef0);
	assert_int_equal(ntohs(ip6.ip6_plen), 0x0102);
	assert_int_equal(ip6.ip6_nxt, IPPROTO_ICMPV6);
	assert_int_equal(ip6.ip6_hlim, 64);
	assert_int_equal(sizeof(struct ip6_frag), 8);
	assert_int_equal(sizeof(struct icmp6_hdr), 8);
	assert_int_equal(offsetof(struct icmp, icmp_data), ICMP_MINLEN);
	assert_int_equal(ar_tpa(&arp.ea_hdr) - (char *)&arp, offsetof(struct ether_arp, arp_tpa));
	assert_int_equal(arphdr_len(&arp.ea_hdr), sizeof(arp));
	ETHER_MAP_IP_MULTICAST(&ip, (unsigned char *)group);
	assert_memory_equal(group, "\x01\x00\x5e\x01\x02\x03", 6);
	m = m_gethdr(M_WAITOK, MT_DATA);
	EVL_APPLY_VLID(m, 5);
	EVL_APPLY_PRI(m, 3);
	assert_int_equal(m->m_pkthdr.ether_vtag, 0x6005);
	EVL_APPLY_VLID(m, 6);
	assert_int_equal(m->m_pkthdr.ether_vtag, 0x6006);
	assert_int_equal(m->m_flags & M_VLANTAG, M_VLANTAG);
	m_freem(m);
	/* a frame check sequence over itself: the table of RFC 1662, made from its polynomial */
	{
		uint16_t fcstab[256], fcs = PPP_INITFCS;
		unsigned char f[] = { 0xff, 0x03, 0xc0, 0x21, 1, 2, 3, 0, 0 };

		for (unsigned b = 0; b < 256; b++) {
			uint16_t v = (uint16_t)b;

			for (int k = 0; k < 8; k++)
				v = (uint16_t)((v & 1) != 0 ? v >> 1 ^ 0x8408 : v >> 1);
			fcstab[b] = v;
		}
		for (unsigned i = 0; i < sizeof(f) - 2; i++)
			fcs = (uint16_t)PPP_FCS(fcs, f[i]);
		f[7] = (unsigned char)~fcs, f[8] = (unsigned char)(~fcs >> 8);
		for (fcs = PPP_INITFCS, ip.s_addr = 0; ip.s_addr < sizeof(f); ip.s_addr++)
			fcs = (uint16_t)PPP_FCS(fcs, f[ip.s_addr]);
		assert_int_equal(fcs, PPP_GOODFCS);
		assert_int_equal(PPP_PROTOCOL(f), PPP_LCP);
	}
}

/* Sources have them in initialisers. */
static void
constant(void **state)
{
	static const uint16_t port = htons(0x0102);
	static const uint32_t address = htonl(0x01020304);
	const uint8_t bytes[] = { 1, 2, 3, 4 };

	(void)state;
	assert_memory_equal(&port, bytes, 2);
	assert_memory_equal(&address, bytes, 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(constant),
		cmocka_unit_test(test_skip),
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_ip6),
		cmocka_unit_test(test_layout),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
