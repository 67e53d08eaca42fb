/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packet.h - packets for programs that do not want to know mbufs. A packet is a struct mbuf chain with a packet header.
 * Live packets are counted in the graph that was current when they were made. None of these block; all are fine inside a
 * section.
 */
#ifndef NG_PACKET_H
#define NG_PACKET_H

#include <ng/base.h>

NGU_BEGIN_DECLS

/* A packet holding a copy of `len` bytes (0 is fine), for graph `g` (NULL: the current graph). NULL when memory is short. */
NGU_API NGU_CHECK struct mbuf *ngu_packet(struct ngu_graph *g, const void *data, size_t len);

/* The same, saying where: debug builds of the library name the place in leak reports. ngu_packet() is a macro for it. */
NGU_API NGU_CHECK struct mbuf *ngu_packet_at(struct ngu_graph *g, const void *data, size_t len, const char *file, int line);
#define ngu_packet(g, data, len) ngu_packet_at((g), (data), (len), __FILE__, __LINE__)

/* Its length in bytes. */
NGU_API size_t ngu_packet_len(const struct mbuf *m);

/* Copy up to `len` bytes from offset `off` to buf; returns how many there were. */
NGU_API size_t ngu_packet_read(const struct mbuf *m, size_t off, void *buf, size_t len);

/* Free it. NULL is fine. */
NGU_API void ngu_packet_free(struct mbuf *m);

NGU_END_DECLS

#endif /* NG_PACKET_H */
