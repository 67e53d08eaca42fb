/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * endian.h - byte order: htobe16 .. le64toh, constant where their argument is (sources have them in initialisers; the system's may be functions), and
 * be16dec .. le64enc, which read and write integers at any address, aligned or not.
 */
#ifndef NGU_KERN_SYS_ENDIAN_H
#define NGU_KERN_SYS_ENDIAN_H

#include <sys/types.h>
#if __STDC_HOSTED__
#if __has_include_next(<sys/endian.h>)
#include_next <sys/endian.h>
#else
#include <endian.h>
#endif
#endif
#undef htobe16
#undef htobe32
#undef htobe64
#undef be16toh
#undef be32toh
#undef be64toh
#undef htole16
#undef htole32
#undef htole64
#undef le16toh
#undef le32toh
#undef le64toh
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define NGU__SWAP_BE(bits, x) __builtin_bswap##bits(x)
#define NGU__SWAP_LE(bits, x) ((uint##bits##_t)(x))
#else
#define NGU__SWAP_BE(bits, x) ((uint##bits##_t)(x))
#define NGU__SWAP_LE(bits, x) __builtin_bswap##bits(x)
#endif
#define htobe16(x) NGU__SWAP_BE(16, x)
#define htobe32(x) NGU__SWAP_BE(32, x)
#define htobe64(x) NGU__SWAP_BE(64, x)
#define be16toh(x) NGU__SWAP_BE(16, x)
#define be32toh(x) NGU__SWAP_BE(32, x)
#define be64toh(x) NGU__SWAP_BE(64, x)
#define htole16(x) NGU__SWAP_LE(16, x)
#define htole32(x) NGU__SWAP_LE(32, x)
#define htole64(x) NGU__SWAP_LE(64, x)
#define le16toh(x) NGU__SWAP_LE(16, x)
#define le32toh(x) NGU__SWAP_LE(32, x)
#define le64toh(x) NGU__SWAP_LE(64, x)

#ifndef bswap16
#define bswap16(x) __builtin_bswap16(x)
#define bswap32(x) __builtin_bswap32(x)
#define bswap64(x) __builtin_bswap64(x)
#endif
#ifndef _BYTE_ORDER
#define _LITTLE_ENDIAN 1234
#define _BIG_ENDIAN 4321
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define _BYTE_ORDER _LITTLE_ENDIAN
#else
#define _BYTE_ORDER _BIG_ENDIAN
#endif
#endif

/* Functions of our own under the kernel's names, so that they do not collide with a system that has them. */
#define NGU__CODEC(order, bits) \
	static inline uint##bits##_t ngu__##order##bits##dec(const void *p) \
	{ \
		uint##bits##_t v; \
		__builtin_memcpy(&v, p, sizeof(v)); \
		return (order##bits##toh(v)); \
	} \
	static inline void ngu__##order##bits##enc(void *p, uint##bits##_t v) \
	{ \
		v = hto##order##bits(v); \
		__builtin_memcpy(p, &v, sizeof(v)); \
	} \
	_Static_assert(1, "")
NGU__CODEC(be, 16);
NGU__CODEC(be, 32);
NGU__CODEC(be, 64);
NGU__CODEC(le, 16);
NGU__CODEC(le, 32);
NGU__CODEC(le, 64);
#undef NGU__CODEC
#define be16dec(p) ngu__be16dec(p)
#define be32dec(p) ngu__be32dec(p)
#define be64dec(p) ngu__be64dec(p)
#define le16dec(p) ngu__le16dec(p)
#define le32dec(p) ngu__le32dec(p)
#define le64dec(p) ngu__le64dec(p)
#define be16enc(p, v) ngu__be16enc((p), (v))
#define be32enc(p, v) ngu__be32enc((p), (v))
#define be64enc(p, v) ngu__be64enc((p), (v))
#define le16enc(p, v) ngu__le16enc((p), (v))
#define le32enc(p, v) ngu__le32enc((p), (v))
#define le64enc(p, v) ngu__le64enc((p), (v))

#endif /* NGU_KERN_SYS_ENDIAN_H */
