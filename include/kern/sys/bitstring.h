/* SPDX-License-Identifier: BSD-2-Clause */
/* bitstring.h - bitstring(3): arrays of bits, the lowest of each word first. No call locks or blocks but bit_alloc(). */
#ifndef NGU_KERN_SYS_BITSTRING_H
#define NGU_KERN_SYS_BITSTRING_H

#include <sys/types.h>
#include <sys/malloc.h>

typedef unsigned long bitstr_t;

#define _BITSTR_BITS (8 * (int)sizeof(bitstr_t))
#define ngu__bitwords(n) (((size_t)(n) + _BITSTR_BITS - 1) / _BITSTR_BITS)
#define bitstr_size(n) (ngu__bitwords(n) * sizeof(bitstr_t)) /* bytes */
#define bit_decl(name, n) ((name)[ngu__bitwords(n)])

/* All 0. NULL: no memory. */
static inline bitstr_t *
bit_alloc(size_t n, struct malloc_type *type, int flags)
{
	return ((bitstr_t *)malloc(bitstr_size(n), type, flags | M_ZERO));
}

static inline int
bit_test(const bitstr_t *b, size_t i)
{
	return ((b[i / _BITSTR_BITS] >> (i % _BITSTR_BITS) & 1) != 0);
}

static inline void
bit_set(bitstr_t *b, size_t i)
{
	b[i / _BITSTR_BITS] |= 1ul << (i % _BITSTR_BITS);
}

static inline void
bit_clear(bitstr_t *b, size_t i)
{
	b[i / _BITSTR_BITS] &= ~(1ul << (i % _BITSTR_BITS));
}

/* start to stop, both included. */
static inline void
bit_nset(bitstr_t *b, size_t start, size_t stop)
{
	for (; start <= stop; start++)
		bit_set(b, start);
}

static inline void
bit_nclear(bitstr_t *b, size_t start, size_t stop)
{
	for (; start <= stop; start++)
		bit_clear(b, start);
}

/* The first bit from `start` on, of n, that is `match`; -1: there is none. */
static inline ssize_t
ngu__bit_find(const bitstr_t *b, size_t start, size_t n, bool match)
{
	bitstr_t w;
	size_t i;

	while (start < n) {
		w = match ? b[start / _BITSTR_BITS] : ~b[start / _BITSTR_BITS];
		w &= ~0ul << (start % _BITSTR_BITS);
		i = start / _BITSTR_BITS * _BITSTR_BITS;
		if (w != 0) {
			i += (size_t)__builtin_ctzl(w);
			return (i < n ? (ssize_t)i : -1);
		}
		start = i + _BITSTR_BITS;
	}
	return (-1);
}
#define bit_ffs_at(b, start, n, result) ((void)(*(result) = ngu__bit_find((b), (size_t)(start), (size_t)(n), true)))
#define bit_ffc_at(b, start, n, result) ((void)(*(result) = ngu__bit_find((b), (size_t)(start), (size_t)(n), false)))
#define bit_ffs(b, n, result) bit_ffs_at((b), 0, (n), (result))
#define bit_ffc(b, n, result) bit_ffc_at((b), 0, (n), (result))

static inline ssize_t
ngu__bit_count(const bitstr_t *b, size_t start, size_t n)
{
	ssize_t sum = 0;

	for (; start < n; start++)
		sum += bit_test(b, start);
	return (sum);
}
#define bit_count(b, start, n, result) ((void)(*(result) = ngu__bit_count((b), (size_t)(start), (size_t)(n))))

#endif /* NGU_KERN_SYS_BITSTRING_H */
