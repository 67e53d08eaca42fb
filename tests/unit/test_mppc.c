/* SPDX-License-Identifier: BSD-2-Clause */
/* test_mppc.c - MPPC, RFC 2118: the examples of its encodings, packets through both ends over a full history, garbled input. */
#include "support/unit.h"

#include <net/mppc.h>
#include <sys/systm.h>

static char *comp, *decomp;
static uint64_t rnd = 1;

static unsigned
rand_below(unsigned n)
{
	rnd = rnd * 6364136223846793005u + 1442695040888963407u;
	return ((unsigned)(rnd >> 33) % n);
}

static int
make(void **state)
{
	(void)state;
	comp = ngu__port_alloc(MPPC_SizeOfCompressionHistory(), 16);
	decomp = ngu__port_alloc(MPPC_SizeOfDecompressionHistory(), 16);
	MPPC_InitCompressionHistory(comp);
	MPPC_InitDecompressionHistory(decomp);
	return (comp == NULL || decomp == NULL);
}

static int
unmake(void **state)
{
	(void)state;
	ngu__port_free(comp);
	ngu__port_free(decomp);
	return (0);
}

static int
squeeze(const void *in, unsigned n, u_char *out, u_long *outlen, int flags)
{
	u_char *src = __DECONST(u_char *, in), *dst = out;
	u_long sc = n, dc = *outlen;
	int r = MPPC_Compress(&src, &dst, &sc, &dc, comp, flags, 0);

	if ((r & MPPC_EXPANDED) == 0) {
		assert_int_equal(sc, 0);
		assert_ptr_equal(src, (const u_char *)in + n);
		assert_int_equal(dst - out, *outlen - dc);
	}
	*outlen -= dc;
	return (r);
}

static int
stretch(const void *in, u_long n, u_char *out, u_long *outlen, int flags)
{
	u_char *src = __DECONST(u_char *, in), *dst = out;
	u_long sc = n, dc = *outlen;
	int r = MPPC_Decompress(&src, &dst, &sc, &dc, decomp, flags);

	*outlen -= dc;
	return (r);
}

/* Literals of 8 and 9 bits; the copy's bits: "abcabc" is three literals, offset 3 (1111 000011), length 3 (0). */
static void
test_encodings(void **state)
{
	static const u_char abc[] = { 'a', 'b', 'c', 0xf0, 0xc0 }; /* 1111000011 0 00000 */
	u_char out[64], back[64];
	u_long n = sizeof(out);

	(void)state;
	assert_int_equal(squeeze("abcabc", 6, out, &n, MPPC_SAVE_HISTORY), MPPC_OK | MPPC_RESTART_HISTORY);
	assert_int_equal(n, sizeof(abc));
	assert_memory_equal(out, abc, sizeof(abc));
	n = sizeof(back);
	assert_int_equal(stretch(abc, sizeof(abc), back, &n, MPPC_RESTART_HISTORY), MPPC_OK);
	assert_int_equal(n, 6);
	assert_memory_equal(back, "abcabc", 6);
	/* the next one refers to it: offset 3, length 6 (10 and 2 bits) */
	n = sizeof(out);
	assert_int_equal(squeeze("abcabc", 6, out, &n, MPPC_SAVE_HISTORY), MPPC_OK);
	assert_int_equal(n, 2);
	assert_int_equal(out[0], 0xf0); /* 1111 0000 */
	assert_int_equal(out[1], 0xe8); /* 11 10 10 00: offset 3 (the last), then length 6 */
	n = sizeof(back);
	assert_int_equal(stretch(out, 2, back, &n, 0), MPPC_OK);
	assert_memory_equal(back, "abcabc", 6);
	/* 0x80 and up: nine bits */
	assert_int_equal(stretch("\xa0\x50\x40", 3, back, (n = sizeof(back), &n), MPPC_RESTART_HISTORY), MPPC_OK);
	assert_int_equal(n, 2);
	assert_memory_equal(back, "\xc0\xc1", 2); /* 10 1000000 | 10 1000001 | 000000 */
}

/* Through both ends, histories kept, over many times 8192 bytes. */
static void
test_both_ends(void **state)
{
	static u_char in[3000], out[MPPC_MAX_BLOWUP(3000)], back[8192];
	unsigned n, smaller = 0, restarts = 0;
	u_long outlen, backlen;
	int r, flags;

	(void)state;
	(void)unmake(NULL), (void)make(NULL);
	for (int i = 0; i < 2000; i++) {
		n = 1 + rand_below(sizeof(in));
		for (unsigned k = 0; k < n; k++)
			in[k] = (u_char)(rand_below(5) == 0 || k < 4 ? rand_below(i % 7 == 0 ? 256 : 5) * 51 : in[k - 1 - rand_below(k < 300 ? k : 300)]);
		if (i % 11 == 0)
			for (unsigned k = 0; k < n; k++)
				in[k] = (u_char)rand_below(256);
		if (i % 13 == 0)
			memset(in, i, n); /* long copies */
		outlen = sizeof(out);
		flags = i % 50 < 40 ? MPPC_SAVE_HISTORY : 0;
		r = squeeze(in, n, out, &outlen, flags);
		if ((r & MPPC_EXPANDED) != 0) {
			MPPC_InitDecompressionHistory(decomp); /* as the packet's FLUSHED bit has it */
			continue;
		}
		assert_int_equal(r & MPPC_OK, MPPC_OK);
		assert_true(outlen < n);
		smaller++;
		restarts += (r & MPPC_RESTART_HISTORY) != 0;
		backlen = sizeof(back);
		assert_int_equal(stretch(out, outlen, back, &backlen, r & MPPC_RESTART_HISTORY), MPPC_OK);
		assert_int_equal(backlen, n);
		assert_memory_equal(back, in, n);
	}
	assert_true(smaller > 1000);
	assert_true(restarts > 300 && restarts < smaller);
	/* too large for the history */
	{
		static u_char large[8193];

		outlen = sizeof(out);
		assert_int_equal(squeeze(large, sizeof(large), out, &outlen, MPPC_SAVE_HISTORY), MPPC_OK | MPPC_EXPANDED);
		/* no room for the result: said, and the history is empty again */
		outlen = 3;
		assert_int_not_equal(squeeze("0123456789012345", 16, out, &outlen, MPPC_SAVE_HISTORY) & MPPC_EXPANDED, 0);
		outlen = sizeof(out);
		assert_int_not_equal(squeeze("012301230123", 12, out, &outlen, MPPC_SAVE_HISTORY) & MPPC_RESTART_HISTORY, 0);
	}
}

static void
test_garbled(void **state)
{
	static u_char back[8192];
	u_char in[64];
	u_long n;
	unsigned refused = 0, len;
	int r;

	(void)state;
	for (int i = 0; i < 50000; i++) {
		len = rand_below(sizeof(in));
		for (unsigned k = 0; k < len; k++)
			in[k] = (u_char)(rand_below(4) == 0 ? 0xff : rand_below(256));
		n = rand_below(4) == 0 ? rand_below(20) : sizeof(back);
		r = stretch(in, len, back, &n, rand_below(50) == 0 ? MPPC_RESTART_HISTORY : 0);
		assert_true(r == MPPC_INVALID || (r & ~MPPC_DEST_EXHAUSTED) == MPPC_OK);
		refused += r != MPPC_OK;
	}
	assert_true(refused > 1000);
	/* a copy from before anything was there */
	MPPC_InitDecompressionHistory(decomp);
	n = sizeof(back);
	assert_int_equal(stretch("\xf0\x80\x00", 3, back, &n, MPPC_RESTART_HISTORY), MPPC_INVALID);
	assert_int_equal(stretch("\xf0\x00\x00", 3, back, &n, MPPC_RESTART_HISTORY), MPPC_INVALID); /* offset 0 */
	n = 2;
	assert_int_equal(stretch("abc", 3, back, &n, MPPC_RESTART_HISTORY), MPPC_OK | MPPC_DEST_EXHAUSTED);
	/* one that counts backwards over the history's start, into what another compressor left there */
	MPPC_InitDecompressionHistory(decomp);
	for (int i = 0; i < 8; i++) {
		memset(back, 'x', 1024);
		back[1023] = (u_char)('0' + i);
		n = sizeof(back);
		assert_int_equal(stretch(back, 1024, back + 4096, &n, i == 0 ? MPPC_RESTART_HISTORY : 0), MPPC_OK);
	}
	n = sizeof(back);
	assert_int_equal(stretch("ab\xf0\xc0\x00", 5, back, &n, MPPC_RESTART_HISTORY), MPPC_OK); /* offset 3, length 3 */
	assert_memory_equal(back, "ab7ab", 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_encodings),
		cmocka_unit_test(test_both_ends),
		cmocka_unit_test(test_garbled),
	};

	return (cmocka_run_group_tests(tests, make, unmake));
}
