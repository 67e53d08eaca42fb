/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libkern.h - the kernel's small library. Random numbers come from the current graph's generator, so a run with the same
 * seed and one thread repeats itself. Nothing here is fit for keys.
 */
#ifndef NGU_KERN_SYS_LIBKERN_H
#define NGU_KERN_SYS_LIBKERN_H

#include <sys/types.h>
#if __STDC_HOSTED__
#include <stdlib.h>
#include <string.h>
#else
/* The four a compiler may call by itself; whoever links without a C library has them. */
void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *p, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
/* The store is not left out: what follows might read it, as far as the compiler knows. */
static inline void
explicit_bzero(void *p, size_t n)
{
	memset(p, 0, n);
	__asm__ __volatile__("" : : "r"(p) : "memory");
}
#endif
#include <ng/base.h>

static inline u_int
min(u_int a, u_int b)
{
	return (a < b ? a : b);
}

static inline u_int
max(u_int a, u_int b)
{
	return (a > b ? a : b);
}

static inline int
imin(int a, int b)
{
	return (a < b ? a : b);
}

static inline int
imax(int a, int b)
{
	return (a > b ? a : b);
}

static inline long
lmin(long a, long b)
{
	return (a < b ? a : b);
}

static inline long
lmax(long a, long b)
{
	return (a > b ? a : b);
}

static inline u_long
ulmin(u_long a, u_long b)
{
	return (a < b ? a : b);
}

static inline u_long
ulmax(u_long a, u_long b)
{
	return (a > b ? a : b);
}

/* 31 random bits; 32; below `bound` without bias; a buffer full. */
NGU_API u_long ngu_k_random(void);
NGU_API uint32_t ngu_k_arc4random(void);
NGU_API uint32_t ngu_k_arc4random_uniform(uint32_t bound);
NGU_API void ngu_k_arc4random_buf(void *p, size_t n);
#define random() ngu_k_random()
#define prng32() ngu_k_arc4random()
#define prng32_bounded(n) ngu_k_arc4random_uniform(n)
#define arc4random() ngu_k_arc4random()
#define arc4random_uniform(n) ngu_k_arc4random_uniform(n)
#define arc4random_buf(p, n) ngu_k_arc4random_buf((p), (n))
#define arc4rand(p, n, reseed) ((void)(reseed), ngu_k_arc4random_buf((p), (n)))
#define read_random(p, n) (ngu_k_arc4random_buf((p), (size_t)(n)), (int)(n))

/* Copy, append; the result always ends with NUL. They return the length they tried to make. */
NGU_API size_t ngu_k_strlcpy(char *dst, const char *src, size_t size);
NGU_API size_t ngu_k_strlcat(char *dst, const char *src, size_t size);
#undef strlcpy
#undef strlcat
#define strlcpy(dst, src, size) ngu_k_strlcpy((dst), (src), (size))
#define strlcat(dst, src, size) ngu_k_strlcat((dst), (src), (size))

/* The kernel's argument order: the thunk comes before the comparison and is its first argument. Not recursive, no memory. */
NGU_API void ngu_k_qsort_r(void *base, size_t n, size_t size, void *thunk,
    int (*cmp)(void *thunk, const void *a, const void *b));
#undef qsort_r
#define qsort_r(base, n, size, thunk, cmp) ngu_k_qsort_r((base), (n), (size), (thunk), (cmp))

#undef ffs
#undef fls
#define ffs(x) __builtin_ffs(x)
#define ffsl(x) __builtin_ffsl(x)
#define fls(x) ((x) == 0 ? 0 : 32 - __builtin_clz((unsigned)(x)))
#define flsl(x) ((x) == 0 ? 0 : (int)(8 * sizeof(long)) - __builtin_clzl((unsigned long)(x)))

#endif /* NGU_KERN_SYS_LIBKERN_H */
