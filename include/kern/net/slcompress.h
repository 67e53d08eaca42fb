/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * slcompress.h - compression of TCP/IP headers, RFC 1144. One state serves one link, both directions. Nothing here locks: the
 * caller is alone with the state. None blocks.
 */
#ifndef NGU_KERN_NET_SLCOMPRESS_H
#define NGU_KERN_NET_SLCOMPRESS_H

#include <sys/types.h>
#include <netinet/in_systm.h>
#include <netinet/ip.h>
#include <ng/base.h>

#define MAX_STATES 16 /* connections remembered, each way; more than 2, less than 256 */
#define MAX_HDR 128   /* room for IP and TCP headers with options */

/* What a packet is, and on what protocol number it goes. */
#define TYPE_ERROR 0x00 /* unknown, or something was lost before it */
#define TYPE_IP 0x40
#define TYPE_UNCOMPRESSED_TCP 0x70 /* whole headers, the connection's number in ip_p */
#define TYPE_COMPRESSED_TCP 0x80

/* Bits of the first byte of a compressed header */
#define NEW_C 0x40 /* the connection's number follows */
#define NEW_I 0x20 /* IP ID, by other than 1 */
#define TCP_PUSH_BIT 0x10
#define NEW_S 0x08
#define NEW_A 0x04
#define NEW_W 0x02
#define NEW_U 0x01
/* Combinations that stand for something more frequent */
#define SPECIAL_I (NEW_S | NEW_W | NEW_U)	  /* both sequence and ack by the length of the last data */
#define SPECIAL_D (NEW_S | NEW_A | NEW_W | NEW_U) /* sequence by the length of the last data */
#define SPECIALS_MASK (NEW_S | NEW_A | NEW_W | NEW_U)

struct mbuf;

/* One connection: the headers of its last packet. */
struct cstate {
	struct cstate *cs_next; /* sent ones: used before this one; the last points to the first */
	u_int16_t cs_hlen;	/* received ones: of both headers */
	u_char cs_id;
	u_char cs_filler;
	union {
		char csu_hdr[MAX_HDR];
		struct ip csu_ip;
	} slcs_u;
};
#define cs_ip slcs_u.csu_ip
#define cs_hdr slcs_u.csu_hdr

struct slcompress {
	struct cstate *last_cs; /* used longest ago; its successor was used last */
	u_char last_recv;	/* connection of the packet received last; 255: none */
	u_char last_xmit;
	u_int16_t flags;
#define SLF_TOSS 1 /* something was lost: drop what does not name its connection */
	int sls_packets; /* offered to compression */
	int sls_compressed;
	int sls_searches; /* connections looked at beyond the first */
	int sls_misses;	  /* connections not found */
	int sls_uncompressedin;
	int sls_compressedin;
	int sls_errorin;
	int sls_tossed;
	struct cstate tstate[MAX_STATES]; /* sent */
	struct cstate rstate[MAX_STATES]; /* received */
};

/* Empty. max_state: greatest number of a connection to send, -1: MAX_STATES - 1. */
NGU_API void ngu_k_sl_compress_init(struct slcompress *comp, int max_state);
/*
 * Compress the headers at the start of m's first mbuf, which may be written to: m_data and m_len change, not the packet's
 * length. `ip` is mtod(m). Returns its TYPE_*. compress_cid: leave the connection's number out where it is the last one.
 */
NGU_API u_int ngu_k_sl_compress_tcp(struct mbuf *m, struct ip *ip, struct slcompress *comp, int compress_cid);
/*
 * Headers of a received packet of `total` bytes, of which `buflen` are at buf. Compressed: the length of the compressed header,
 * and *hdr, *hlen are what to put in its place, good until the next call. Uncompressed: 0, buf is put right, *hdr is it.
 * -1: garbled, or to be dropped. type TYPE_ERROR: tells that a packet was lost.
 */
NGU_API int ngu_k_sl_uncompress_tcp_core(u_char *buf, int buflen, int total, u_int type, struct slcompress *comp, u_char **hdr,
    u_int *hlen);
/* The same in place: MAX_HDR bytes before *buf are free. Returns the new length, *buf its start; 0: drop it. */
NGU_API int ngu_k_sl_uncompress_tcp(u_char **buf, int len, u_int type, struct slcompress *comp);

#define sl_compress_init(comp, max) ngu_k_sl_compress_init((comp), (max))
#define sl_compress_tcp(m, ip, comp, cid) ngu_k_sl_compress_tcp((m), (ip), (comp), (cid))
#define sl_uncompress_tcp(buf, len, type, comp) ngu_k_sl_uncompress_tcp((buf), (len), (type), (comp))
#define sl_uncompress_tcp_core(buf, buflen, total, type, comp, hdr, hlen) \
	ngu_k_sl_uncompress_tcp_core((buf), (buflen), (total), (type), (comp), (hdr), (hlen))

#endif /* NGU_KERN_NET_SLCOMPRESS_H */
