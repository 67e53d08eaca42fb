/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mppc.h - Microsoft point-to-point compression, RFC 2118. A history is memory of the size asked for, initialised, for one direction;
 * the caller is alone with it. None blocks.
 */
#ifndef NGU_KERN_NET_MPPC_H
#define NGU_KERN_NET_MPPC_H

#include <sys/types.h>
#include <ng/base.h>

#define MPPC_MANDATORY_COMPRESS_FLAGS 0
#define MPPC_MANDATORY_DECOMPRESS_FLAGS 0
/* Compression: in. The next packet may refer to this one. */
#define MPPC_SAVE_HISTORY 1
/* Results */
#define MPPC_OK 5	      /* bits */
#define MPPC_EXPANDED 8	      /* it would not get smaller: nothing was written, the history is empty again */
#define MPPC_RESTART_HISTORY 16 /* this packet is at the history's start. Decompression: in */
#define MPPC_DEST_EXHAUSTED 32 /* the result does not fit */
#define MPPC_INVALID 0	      /* what does not come from a compressor */

#define MPPC_MAX_BLOWUP(n) ((n) * 9 / 8 + 26)

NGU_API size_t ngu_k_mppc_comp_size(void);
NGU_API size_t ngu_k_mppc_decomp_size(void);
NGU_API void ngu_k_mppc_comp_init(char *history);
NGU_API void ngu_k_mppc_decomp_init(char *history);
/* From *src, *srccnt bytes, to *dst, with room for *dstcnt. All four move on by what was read and written. */
NGU_API int ngu_k_mppc_compress(u_char **src, u_char **dst, u_long *srccnt, u_long *dstcnt, char *history, int flags, int unused);
NGU_API int ngu_k_mppc_decompress(u_char **src, u_char **dst, u_long *srccnt, u_long *dstcnt, char *history, int flags);

#define MPPC_SizeOfCompressionHistory() ngu_k_mppc_comp_size()
#define MPPC_SizeOfDecompressionHistory() ngu_k_mppc_decomp_size()
#define MPPC_InitCompressionHistory(h) ngu_k_mppc_comp_init((char *)(h))
#define MPPC_InitDecompressionHistory(h) ngu_k_mppc_decomp_init((char *)(h))
#define MPPC_Compress(src, dst, sc, dc, h, flags, unused) ngu_k_mppc_compress((src), (dst), (sc), (dc), (char *)(h), (flags), (unused))
#define MPPC_Decompress(src, dst, sc, dc, h, flags) ngu_k_mppc_decompress((src), (dst), (sc), (dc), (char *)(h), (flags))

#endif /* NGU_KERN_NET_MPPC_H */
