/* SPDX-License-Identifier: BSD-2-Clause */
/* hash.c - hashinit(9), and MurmurHash3 for 32 bits (A. Appleby's public algorithm). Blocks: hashinit with HASH_WAITOK. */
#include <sys/endian.h>
#include <sys/hash.h>
#include <sys/queue.h>
#include <sys/systm.h>

LIST_HEAD(head, entry);

void *
ngu_k_hashinit(int elements, struct malloc_type *type, u_long *mask, int flags)
{
	struct head *table;
	u_long n = 1;

	if (elements <= 0)
		panic("hashinit: %d elements", elements);
	while (n * 2 <= (u_long)elements)
		n *= 2;
	if ((table = ngu_k_mallocarray(n, sizeof(*table), type, (flags & HASH_NOWAIT) != 0 ? M_NOWAIT : M_WAITOK)) == NULL)
		return (NULL);
	for (u_long i = 0; i < n; i++)
		LIST_INIT(&table[i]);
	*mask = n - 1;
	return (table);
}

void
ngu_k_hashdestroy(void *p, struct malloc_type *type, u_long mask)
{
	struct head *table = p;

	for (u_long i = 0; i <= mask; i++)
		if (!LIST_EMPTY(&table[i]))
			panic("hashdestroy: list %lu is not empty", i);
	ngu_k_free(table, type);
}

static uint32_t
rotate(uint32_t v, unsigned n)
{
	return (v << n | v >> (32 - n));
}

static uint32_t
scramble(uint32_t k)
{
	return (rotate(k * 0xcc9e2d51u, 15) * 0x1b873593u);
}

uint32_t
ngu_k_murmur3_32_hash(const void *p, size_t n, uint32_t seed)
{
	const unsigned char *b = p;
	uint32_t h = seed, k = 0;
	size_t left = n;

	for (; left >= 4; b += 4, left -= 4)
		h = rotate(h ^ scramble(le32dec(b)), 13) * 5 + 0xe6546b64u;
	for (; left != 0; left--)
		k = k << 8 | b[left - 1];
	h ^= scramble(k) ^ (uint32_t)n;
	h = (h ^ h >> 16) * 0x85ebca6bu;
	h = (h ^ h >> 13) * 0xc2b2ae35u;
	return (h ^ h >> 16);
}
