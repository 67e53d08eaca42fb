/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rc4.h - RC4, by Nettle (-lnettle, linked with the source that uses it). Broken as a cipher: for protocols that demand it.
 */
#ifndef NGU_KERN_CRYPTO_RC4_H
#define NGU_KERN_CRYPTO_RC4_H

#include <sys/types.h>
#if !__has_include(<nettle/arcfour.h>)
#error "<crypto/rc4/rc4.h> needs Nettle (Debian: nettle-dev)"
#endif
#include <nettle/arcfour.h>

struct rc4_state {
	struct arcfour_ctx rc4_ctx;
};

/* keylen: 1 to 256 bytes. */
static inline void
ngu__rc4_init(struct rc4_state *s, const u_char *key, int keylen)
{
	nettle_arcfour_set_key(&s->rc4_ctx, (size_t)keylen, key);
}

/* In and out may be the same. */
static inline void
ngu__rc4_crypt(struct rc4_state *s, const u_char *in, u_char *out, int len)
{
	nettle_arcfour_crypt(&s->rc4_ctx, (size_t)len, out, in);
}
#define rc4_init(s, key, keylen) ngu__rc4_init((s), (key), (keylen))
#define rc4_crypt(s, in, out, len) ngu__rc4_crypt((s), (in), (out), (len))

#endif /* NGU_KERN_CRYPTO_RC4_H */
