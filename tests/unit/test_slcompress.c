/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_slcompress.c - TCP/IP header compression, RFC 1144: what goes in at one end comes out at the other, in how many bytes;
 * what is lost on the way; garbled headers.
 */
#include "support/unit.h"

#include <machine/in_cksum.h>
#include <net/slcompress.h>
#include <netinet/tcp.h>
#include <sys/mbuf.h>
#include <sys/systm.h>

static struct slcompress tx, rx;

struct packet {
	struct ip ip;
	struct tcphdr th;
	u_char data[64];
};

static uint64_t rnd = 1;

static unsigned
rand_below(unsigned n)
{
	rnd = rnd * 6364136223846793005u + 1442695040888963407u;
	return ((unsigned)(rnd >> 33) % n);
}

static struct packet
first(unsigned conn)
{
	struct packet p = { 0 };

	p.ip.ip_v = 4;
	p.ip.ip_hl = 5;
	p.ip.ip_ttl = 64;
	p.ip.ip_p = IPPROTO_TCP;
	p.ip.ip_id = htons(100);
	p.ip.ip_src.s_addr = htonl(0x0a000001);
	p.ip.ip_dst.s_addr = htonl(0x0a000002);
	p.th.th_sport = htons((uint16_t)(1000 + conn));
	p.th.th_dport = htons(80);
	p.th.th_seq = htonl(0xfffffff0u); /* about to wrap */
	p.th.th_ack = htonl(5);
	p.th.th_off = 5;
	p.th.th_flags = TH_ACK;
	p.th.th_win = htons(1000);
	p.th.th_sum = htons((uint16_t)rand_below(65536));
	return (p);
}

static struct mbuf *
packet(struct packet *p, unsigned len)
{
	struct mbuf *m = m_getcl(M_WAITOK, MT_DATA, M_PKTHDR);

	p->ip.ip_len = htons((uint16_t)(40 + len));
	p->ip.ip_sum = 0;
	p->ip.ip_sum = (uint16_t)in_cksum_hdr(&p->ip);
	for (unsigned i = 0; i < len; i++)
		p->data[i] = (u_char)(i + len);
	m->m_data += 20;
	bcopy(p, m->m_data, 40 + len);
	m->m_len = (int)(40 + len);
	return (m);
}

/* One packet through both ends; returns the bytes its headers took, 40: whole. -1: the receiver dropped it. */
static int
through(struct packet *p, unsigned len, u_int want_type)
{
	struct mbuf *m = packet(p, len);
	u_char *hdr, *at, copy[256];
	u_int type, hlen;
	int vj;

	type = sl_compress_tcp(m, mtod(m, struct ip *), &tx, 1);
	assert_int_equal(type, want_type);
	if (type == TYPE_IP) {
		assert_memory_equal(m->m_data, p, 40 + len);
		m_freem(m);
		return (40);
	}
	/* in place: with room before it */
	at = copy + MAX_HDR;
	bcopy(m->m_data, at, (size_t)m->m_len);
	{
		struct slcompress rx2 = rx;
		u_char *q = at;
		int n = sl_uncompress_tcp(&q, m->m_len, type, &rx2);

		if (n != 0) {
			assert_int_equal(n, 40 + len);
			assert_memory_equal(q, p, 40 + len);
		}
	}
	vj = sl_uncompress_tcp_core(mtod(m, u_char *), m->m_len, m->m_len, type, &rx, &hdr, &hlen);
	if (vj < 0) {
		m_freem(m);
		return (-1);
	}
	assert_int_equal(hlen, 40);
	assert_memory_equal(hdr, p, 40);
	assert_memory_equal(m->m_data + (type == TYPE_COMPRESSED_TCP ? vj : 40), p->data, len);
	if (type == TYPE_COMPRESSED_TCP)
		assert_int_equal(vj + (int)len, m->m_len);
	m_freem(m);
	return (type == TYPE_COMPRESSED_TCP ? vj : 40);
}

static void
next(struct packet *p, unsigned seq, unsigned ack)
{
	p->th.th_seq = htonl(ntohl(p->th.th_seq) + seq);
	p->th.th_ack = htonl(ntohl(p->th.th_ack) + ack);
	p->ip.ip_id = htons((uint16_t)(ntohs(p->ip.ip_id) + 1));
	p->th.th_sum = htons((uint16_t)rand_below(65536));
}

static int
start(void **state)
{
	(void)state;
	sl_compress_init(&tx, -1);
	sl_compress_init(&rx, -1);
	return (0);
}

/* Header sizes of RFC 1144: 3 bytes for a one-way transfer and for echoed typing. */
static void
test_sizes(void **state)
{
	struct packet p = first(0);

	(void)state;
	assert_int_equal(through(&p, 10, TYPE_UNCOMPRESSED_TCP), 40);
	next(&p, 10, 0);
	assert_int_equal(through(&p, 10, TYPE_COMPRESSED_TCP), 3); /* data one way; the connection is the last one */
	next(&p, 10, 10);
	assert_int_equal(through(&p, 1, TYPE_COMPRESSED_TCP), 3); /* echo: both by what was sent last */
	next(&p, 1, 7);
	assert_int_equal(through(&p, 0, TYPE_COMPRESSED_TCP), 5);
	next(&p, 0, 300);
	assert_int_equal(through(&p, 0, TYPE_COMPRESSED_TCP), 6); /* a large difference takes three bytes */
	next(&p, 0, 0);
	assert_int_equal(through(&p, 5, TYPE_COMPRESSED_TCP), 3); /* data after a bare acknowledgement: nothing changed */
	p.ip.ip_id = htons((uint16_t)(ntohs(p.ip.ip_id) + 1));
	assert_int_equal(through(&p, 5, TYPE_UNCOMPRESSED_TCP), 40); /* sent again */
	next(&p, 5, 0);
	p.th.th_win = htons(999); /* down by one: all of 16 bits */
	p.th.th_flags |= TH_PUSH;
	assert_int_equal(through(&p, 5, TYPE_COMPRESSED_TCP), 7);
	next(&p, 5, 0);
	p.th.th_flags |= TH_URG;
	p.th.th_urp = htons(3);
	p.ip.ip_id = htons(7);
	assert_int_equal(through(&p, 5, TYPE_COMPRESSED_TCP), 3 + 1 + 1 + 3);
	next(&p, 5, 0);
	p.th.th_flags = TH_ACK; /* the urgent pointer stays and means nothing now */
	assert_int_equal(through(&p, 5, TYPE_COMPRESSED_TCP), 3);
	next(&p, 5, 0);
	p.th.th_urp = htons(4);
	assert_int_equal(through(&p, 5, TYPE_UNCOMPRESSED_TCP), 40); /* cannot be told */
	next(&p, 70000, 0);
	assert_int_equal(through(&p, 5, TYPE_UNCOMPRESSED_TCP), 40);
	next(&p, 5, 70000);
	assert_int_equal(through(&p, 5, TYPE_UNCOMPRESSED_TCP), 40);
	next(&p, 5, 0);
	p.ip.ip_ttl--;
	assert_int_equal(through(&p, 5, TYPE_UNCOMPRESSED_TCP), 40);
	/* sequence, window and urgent pointer changed: those bits mean something else */
	next(&p, 2, 0);
	p.th.th_win = htons(500);
	p.th.th_flags |= TH_URG;
	assert_int_equal(through(&p, 5, TYPE_UNCOMPRESSED_TCP), 40);
	/* what is no established TCP goes as it is */
	p.th.th_flags = TH_ACK | TH_FIN;
	assert_int_equal(through(&p, 5, TYPE_IP), 40);
	p.th.th_flags = TH_SYN;
	assert_int_equal(through(&p, 5, TYPE_IP), 40);
	p.th.th_flags = TH_ACK;
	p.ip.ip_off = htons(IP_MF);
	assert_int_equal(through(&p, 5, TYPE_IP), 40);
	p.ip.ip_off = htons(IP_DF);
	assert_int_equal(through(&p, 5, TYPE_UNCOMPRESSED_TCP), 40);
	assert_int_equal(tx.sls_packets - tx.sls_compressed, 8);
}

/* Many connections at once, more than there are states: everything arrives, whatever it goes as. */
static void
test_random(void **state)
{
	struct packet p[20];
	struct mbuf *m;
	u_char *hdr;
	u_int type, hlen;
	unsigned c, len, compressed = 0;
	int vj;

	(void)state;
	for (c = 0; c < NITEMS(p); c++)
		p[c] = first(c);
	for (int i = 0; i < 20000; i++) {
		c = rand_below(rand_below(10) == 0 ? NITEMS(p) : 12);
		len = rand_below(3) == 0 ? 0 : rand_below(64);
		next(&p[c], rand_below(4) != 0 ? ntohs(p[c].ip.ip_len) - 40u : rand_below(100000), rand_below(3) == 0 ? rand_below(100000) : 0);
		if (rand_below(4) == 0)
			p[c].th.th_win = htons((uint16_t)rand_below(65536));
		if (rand_below(8) == 0)
			p[c].th.th_flags ^= rand_below(2) != 0 ? TH_PUSH : TH_URG;
		if (rand_below(9) == 0)
			p[c].th.th_urp = htons((uint16_t)rand_below(600));
		if (rand_below(9) == 0)
			p[c].ip.ip_id = htons((uint16_t)rand_below(65536));
		m = packet(&p[c], len);
		type = sl_compress_tcp(m, mtod(m, struct ip *), &tx, (int)rand_below(2));
		vj = sl_uncompress_tcp_core(mtod(m, u_char *), m->m_len, m->m_len, type, &rx, &hdr, &hlen);
		assert_true(vj >= 0);
		assert_int_equal(hlen, 40);
		assert_memory_equal(hdr, &p[c], 40);
		compressed += type == TYPE_COMPRESSED_TCP;
		m_freem(m);
	}
	assert_int_equal(compressed, tx.sls_compressed);
	assert_int_equal(compressed, rx.sls_compressedin);
	assert_int_equal(rx.sls_errorin, 0);
	assert_true(compressed > 5000);
	assert_true(tx.sls_misses > (int)NITEMS(p));
}

/* After a loss nothing is taken that does not name its connection. */
static void
test_loss(void **state)
{
	struct packet p = first(0), q = first(1);

	(void)state;
	assert_int_equal(through(&p, 4, TYPE_UNCOMPRESSED_TCP), 40);
	next(&p, 4, 0);
	assert_int_equal(through(&p, 4, TYPE_COMPRESSED_TCP), 3);
	assert_int_equal(sl_uncompress_tcp(NULL, 0, TYPE_ERROR, &rx), 0);
	assert_int_equal(rx.sls_errorin, 1);
	next(&p, 4, 0);
	assert_int_equal(through(&p, 4, TYPE_COMPRESSED_TCP), -1);
	assert_int_equal(rx.sls_tossed, 1);
	assert_int_equal(through(&q, 4, TYPE_UNCOMPRESSED_TCP), 40);
	next(&q, 4, 0);
	assert_int_equal(through(&q, 4, TYPE_COMPRESSED_TCP), 3);
}

/* Any bytes at all, of any length: an answer, and never outside of the buffer (which the sanitizers watch). */
static void
test_garbled(void **state)
{
	struct packet p = first(0);
	u_char *hdr, *b;
	u_int hlen, n;
	int vj;

	(void)state;
	(void)through(&p, 4, TYPE_UNCOMPRESSED_TCP);
	for (int i = 0; i < 30000; i++) {
		n = rand_below(60);
		b = ngu__port_alloc(n + 1, 1);
		for (u_int k = 0; k < n; k++)
			b[k] = (u_char)(rand_below(3) == 0 ? 0x45 : rand_below(256));
		if (n > 10 && rand_below(2) == 0)
			b[9] = (u_char)rand_below(17);
		vj = sl_uncompress_tcp_core(b, (int)n, (int)n, rand_below(2) != 0 ? TYPE_COMPRESSED_TCP : TYPE_UNCOMPRESSED_TCP, &rx, &hdr, &hlen);
		assert_true(vj >= -1 && vj <= (int)n);
		if (vj >= 0)
			assert_true(hlen >= 40 && hlen <= MAX_HDR);
		ngu__port_free(b);
	}
	assert_true(rx.sls_errorin > 1000);
	assert_true(rx.sls_compressedin > 1000);
}

/* A state for fewer connections than MAX_STATES. */
static void
test_small(void **state)
{
	struct packet p[3] = { first(0), first(1), first(2) };

	(void)state;
	for (int most = 0; most < 2; most++) {
		sl_compress_init(&tx, most);
		sl_compress_init(&rx, -1);
		for (int i = 0; i < 30; i++) {
			int c = i % 3;
			struct mbuf *m;
			u_int type;

			next(&p[c], 4, 0);
			m = packet(&p[c], 4);
			type = sl_compress_tcp(m, mtod(m, struct ip *), &tx, 1);
			assert_int_equal(type, TYPE_UNCOMPRESSED_TCP);
			assert_true(((u_char *)m->m_data)[9] <= most);
			m_freem(m);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_sizes, start),
		cmocka_unit_test_setup(test_random, start),
		cmocka_unit_test_setup(test_loss, start),
		cmocka_unit_test_setup(test_garbled, start),
		cmocka_unit_test_setup(test_small, start),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
