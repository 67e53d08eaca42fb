/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_libraries.c - kernel interfaces that other libraries stand behind: packet filters over mbuf chains, RC4 and SHA-1 with their
 * published vectors, zlib by its kernel name. What is not installed is skipped.
 */
#include "support/unit.h"

#include <sys/mbuf.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#if defined(NGU_HAVE_PCAP)
#include <net/bpf.h>
#endif
#if defined(NGU_HAVE_NETTLE)
#include <crypto/rc4/rc4.h>
#include <crypto/sha1.h>
#endif
#if defined(NGU_HAVE_ZLIB)
#include <contrib/zlib/zlib.h>
#endif

#if defined(NGU_HAVE_PCAP)
/* "The byte at 40 is 7: 30 bytes; else none." */
static const struct bpf_insn prog[] = {
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 40),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 7, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, 30),
	BPF_STMT(BPF_RET | BPF_K, 0),
};
static const struct bpf_insn length[] = { BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0), BPF_STMT(BPF_RET | BPF_A, 0) };

static void
test_bpf(void **state)
{
	static const struct bpf_insn endless[] = { BPF_STMT(BPF_LD | BPF_IMM, 1) }, outside[] = { BPF_JUMP(BPF_JMP | BPF_JA, 5, 0, 0),
		BPF_STMT(BPF_RET | BPF_K, 0) }, by_zero[] = { BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), BPF_STMT(BPF_RET | BPF_A, 0) };
	unsigned char flat[64] = { [40] = 7 };
	struct mbuf *m = m_gethdr(M_WAITOK, MT_DATA), *n = m_get(M_WAITOK, MT_DATA);
	char text[16];

	(void)state;
	assert_int_equal(bpf_validate(prog, NITEMS(prog)), 1);
	assert_int_equal(bpf_validate(endless, NITEMS(endless)), 0);
	assert_int_equal(bpf_validate(outside, NITEMS(outside)), 0);
	assert_int_equal(bpf_validate(by_zero, NITEMS(by_zero)), 0);
	assert_int_equal(bpf_filter(prog, flat, 64, 64), 30);
	assert_int_equal(bpf_filter(prog, flat, 64, 40), 0); /* the byte is not there */
	assert_int_equal(bpf_filter(NULL, flat, 64, 64), (u_int)-1);
	/* a chain: the byte is in the second mbuf */
	m->m_next = n;
	m->m_len = 35;
	n->m_len = 20;
	bzero(m->m_data, 35);
	bzero(n->m_data, 20);
	m->m_pkthdr.len = 55;
	assert_int_equal(bpf_filter(prog, (u_char *)m, 55, 0), 0);
	n->m_data[5] = 7;
	assert_int_equal(bpf_filter(prog, (u_char *)m, 55, 0), 30);
	assert_int_equal(bpf_filter(prog, (u_char *)m, 40, 0), 0); /* only the first 40 bytes of it */
	assert_int_equal(bpf_filter(length, (u_char *)m, 55, 0), 55);
	assert_int_equal(bpf_filter(length, (u_char *)m, 30, 0), 30); /* in one piece */
	ngu__port_alloc_hook = refuse_all;
	assert_int_equal(bpf_filter(prog, (u_char *)m, 55, 0), 0);
	assert_int_equal(bpf_filter(length, (u_char *)m, 30, 0), 30); /* takes no memory */
	ngu__port_alloc_hook = NULL;
	m_freem(m);
	assert_int_equal(ngu_k_sysctl_text("net.bpf.maxinsns", text, sizeof(text), "100"), 0);
	assert_string_equal(text, "512");
	assert_int_equal(bpf_maxinsns, 100);
	assert_int_equal(ngu_k_sysctl_text("net.bpf.maxinsns", NULL, 0, "512"), 0);
}

/* Every code that could be, in front of a good end: what is valid can be run. */
static void
test_codes(void **state)
{
	struct bpf_insn p[3] = { BPF_STMT(0, 1), BPF_STMT(BPF_RET | BPF_K, 1), BPF_STMT(BPF_RET | BPF_K, 2) };
	u_char packet[20] = { 0 };
	unsigned valid = 0;

	(void)state;
	for (unsigned code = 0; code <= 0xffff; code++) {
		p[0].code = (u_short)code;
		if (!bpf_validate(p, 3))
			continue;
		valid++;
		(void)bpf_filter(p, packet, sizeof(packet), sizeof(packet));
		(void)bpf_filter(p, packet, 1, 1);
	}
	/* Loads 9, to X 4, stores 2, arithmetic 10 by two and one, jumps 4 by two and one, returns 2, moves 2. */
	assert_int_equal(valid, 9 + 4 + 2 + 21 + 9 + 2 + 2);
	assert_int_equal(bpf_validate(p + 1, 0), 0);
	bpf_maxinsns = 1;
	assert_int_equal(bpf_validate(p + 1, 1), 1);
	assert_int_equal(bpf_validate(p + 1, 2), 0);
	bpf_maxinsns = BPF_MAXINSNS;
}
#endif

#if defined(NGU_HAVE_NETTLE)
static void
test_crypto(void **state)
{
	/* RFC 6229, 40-bit key 0102030405, first 16 bytes of the stream; RFC 3174, TEST1 and TEST2 */
	static const u_char key[] = { 1, 2, 3, 4, 5 }, stream[] = { 0xb2, 0x39, 0x63, 0x05, 0xf0, 0x3d, 0xc0, 0x27, 0xcc, 0xc3, 0x52, 0x4a, 0x0a, 0x11,
		0x18, 0xa8 };
	static const u_char abc[] = { 0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06, 0x81, 0x6a, 0xba, 0x3e, 0x25, 0x71, 0x78, 0x50, 0xc2, 0x6c, 0x9c, 0xd0, 0xd8,
		0x9d };
	u_char buf[16] = { 0 }, digest[SHA1_RESULTLEN];
	struct rc4_state rc4;
	SHA1_CTX sha;

	(void)state;
	rc4_init(&rc4, key, sizeof(key));
	rc4_crypt(&rc4, buf, buf, 10);
	rc4_crypt(&rc4, buf + 10, buf + 10, 6); /* goes on */
	assert_memory_equal(buf, stream, sizeof(stream));
	SHA1Init(&sha);
	SHA1Update(&sha, "a", 1);
	SHA1Update(&sha, "bc", 2);
	SHA1Final(digest, &sha);
	assert_memory_equal(digest, abc, sizeof(abc));
}
#endif

#if defined(NGU_HAVE_ZLIB)
static void
test_zlib(void **state)
{
	z_stream d = { 0 };

	(void)state;
	assert_int_equal(deflateInit2(&d, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflateEnd(&d), Z_OK);
}
#endif

int
main(void)
{
#if defined(NGU_HAVE_PCAP) || defined(NGU_HAVE_NETTLE) || defined(NGU_HAVE_ZLIB)
	const struct CMUnitTest tests[] = {
#if defined(NGU_HAVE_PCAP)
		cmocka_unit_test(test_bpf),
		cmocka_unit_test(test_codes),
#endif
#if defined(NGU_HAVE_NETTLE)
		cmocka_unit_test(test_crypto),
#endif
#if defined(NGU_HAVE_ZLIB)
		cmocka_unit_test(test_zlib),
#endif
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
#else
	return (77); /* none of the libraries is there */
#endif
}
