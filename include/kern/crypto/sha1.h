/* SPDX-License-Identifier: BSD-2-Clause */
/* sha1.h - SHA-1, by Nettle (-lnettle, linked with the source that uses it). */
#ifndef NGU_KERN_CRYPTO_SHA1_H
#define NGU_KERN_CRYPTO_SHA1_H

#include <sys/types.h>
#if !__has_include(<nettle/sha1.h>)
#error "<crypto/sha1.h> needs Nettle (Debian: nettle-dev)"
#endif
#include <nettle/sha1.h>

#define SHA1_RESULTLEN SHA1_DIGEST_SIZE

typedef struct sha1_ctx SHA1_CTX;

static inline void
ngu__sha1_update(SHA1_CTX *c, const void *p, size_t n)
{
	nettle_sha1_update(c, n, p);
}
#define SHA1Init(c) nettle_sha1_init(c)
#define SHA1Update(c, p, n) ngu__sha1_update((c), (p), (n))
#define SHA1Final(digest, c) nettle_sha1_digest((c), SHA1_RESULTLEN, (uint8_t *)(digest))

#endif /* NGU_KERN_CRYPTO_SHA1_H */
