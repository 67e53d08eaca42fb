/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hash.h - hash tables of LIST_HEADs, hashinit(9), and hash functions: the kernel's small one (multiply by 33, add) and
 * MurmurHash3's for 32 bits.
 */
#ifndef NGU_KERN_SYS_HASH_H
#define NGU_KERN_SYS_HASH_H

#include <sys/types.h>
#include <sys/malloc.h>
#include <ng/base.h>

/*
 * As many empty lists as the largest power of two up to `elements`; *mask is that number less one. hashinit() waits for memory,
 * HASH_NOWAIT gets NULL. Destroying a table with something in it panics.
 */
#define HASH_NOWAIT 0x1
#define HASH_WAITOK 0x2
NGU_API void *ngu_k_hashinit(int elements, struct malloc_type *type, u_long *mask, int flags);
NGU_API void ngu_k_hashdestroy(void *table, struct malloc_type *type, u_long mask);
#define hashinit(elements, type, mask) ngu_k_hashinit((elements), (type), (mask), HASH_WAITOK)
#define hashinit_flags(elements, type, mask, flags) ngu_k_hashinit((elements), (type), (mask), (flags))
#define hashdestroy(table, type, mask) ngu_k_hashdestroy((table), (type), (mask))

#define HASHINIT 5381
#define HASHSTEP(h, c) (((h) << 5) + (h) + (c))

static inline uint32_t
hash32_buf(const void *p, size_t n, uint32_t h)
{
	const unsigned char *b = (const unsigned char *)p;

	for (; n != 0; n--)
		h = HASHSTEP(h, *b++);
	return (h);
}

static inline uint32_t
hash32_strn(const void *p, size_t n, uint32_t h)
{
	const unsigned char *b = (const unsigned char *)p;

	for (; n != 0 && *b != 0; n--)
		h = HASHSTEP(h, *b++);
	return (h);
}

static inline uint32_t
hash32_str(const void *p, uint32_t h)
{
	return (hash32_strn(p, (size_t)-1, h));
}

NGU_API uint32_t ngu_k_murmur3_32_hash(const void *p, size_t n, uint32_t seed);
#define murmur3_32_hash(p, n, seed) ngu_k_murmur3_32_hash((p), (n), (seed))
/* `n` words of 32 bits. */
#define murmur3_32_hash32(p, n, seed) ngu_k_murmur3_32_hash((p), (n) * sizeof(uint32_t), (seed))

#endif /* NGU_KERN_SYS_HASH_H */
