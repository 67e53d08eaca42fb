/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mbuf.h - packet buffers, mbuf(9). Names, numbers and meanings are FreeBSD's; layout and code are libng's.
 *
 * An mbuf is 256 bytes: a header, then either data, or a packet header and data, or (M_EXT) a packet header and a reference to
 * external storage. External storage is shared by counting; the count lives in the mbuf that took the storage first, whose
 * memory therefore stays until the last reference is dropped.
 *
 * `how` is M_NOWAIT (NULL when refused, never blocks, fine inside a section) or M_WAITOK (may wait, not inside a section).
 * Functions that return a chain own their argument unless they say "the original stays".
 */
#ifndef NGU_KERN_SYS_MBUF_H
#define NGU_KERN_SYS_MBUF_H

#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/queue.h>
#include <sys/refcount.h>
#include <sys/systm.h>
#include <ng/base.h>

struct ifnet;
struct mbuf;
struct ngu_graph;

/* A note attached to a packet; `m_tag_len` bytes of data follow. */
struct m_tag {
	SLIST_ENTRY(m_tag) m_tag_link;
	u_int16_t m_tag_id; /* type within the cookie */
	u_int16_t m_tag_len;
	u_int32_t m_tag_cookie; /* who defined the type */
	void (*m_tag_free)(struct m_tag *t);
};
#define MTAG_PERSISTENT 0x800 /* in m_tag_id: survives m_tag_delete_nonpersistent() */
#define MTAG_ABI_COMPAT 0     /* the cookie of m_tag_get() and m_tag_find() */

#define PACKET_TAG_NONE 0
#define PACKET_TAG_IPSEC_IN_DONE 1
#define PACKET_TAG_IPSEC_OUT_DONE 2
#define PACKET_TAG_ENCAP 7
#define PACKET_TAG_IPSEC_HISTORY 8
#define PACKET_TAG_IPV6_INPUT 9
#define PACKET_TAG_DIVERT 17
#define PACKET_TAG_IPFORWARD 18
#define PACKET_TAG_MACLABEL (19 | MTAG_PERSISTENT)
#define PACKET_TAG_PF 21
#define PACKET_TAG_RTSOCKFAM 25
#define PACKET_TAG_IPOPTIONS 27
#define PACKET_TAG_CARP 28
#define PACKET_TAG_IPSEC_NAT_T_PORTS 29
#define PACKET_TAG_ND_OUTGOING 30

struct m_snd_tag;

/* Only in the first mbuf of a packet (M_PKTHDR). */
struct pkthdr {
	union {
		struct m_snd_tag *snd_tag;
		struct ifnet *rcvif;
	};
	SLIST_HEAD(packet_tags, m_tag) tags;
	int32_t len; /* bytes in the whole chain */
	uint32_t flowid;
	uint32_t csum_flags;
	uint16_t fibnum;
	uint8_t numa_domain;
	uint8_t rsstype;
	union {
		uint64_t rcv_tstmp;
		struct {
			uint8_t l2hlen;
			uint8_t l3hlen;
			uint8_t l4hlen;
			uint8_t l5hlen;
			uint8_t inner_l2hlen;
			uint8_t inner_l3hlen;
			uint8_t inner_l4hlen;
			uint8_t inner_l5hlen;
		};
	};
	/* Free for the protocol that holds the packet: survives hand-over between layers. */
	union {
		uint8_t eight[8];
		uint16_t sixteen[4];
		uint32_t thirtytwo[2];
		uint64_t sixtyfour[1];
		uintptr_t unintptr[1];
		void *ptr;
	} PH_per;
	/* Free within one layer. */
	union {
		uint8_t eight[8];
		uint16_t sixteen[4];
		uint32_t thirtytwo[2];
		uint64_t sixtyfour[1];
		uintptr_t unintptr[1];
		void *ptr;
	} PH_loc;
};
#define ether_vtag PH_per.sixteen[0]
#define tso_segsz PH_per.sixteen[1]
#define lro_nsegs tso_segsz
#define csum_phsum PH_per.sixteen[2]
#define csum_data PH_per.thirtytwo[1]
#define lro_len PH_loc.sixteen[0]
#define lro_csum PH_loc.sixteen[1]

typedef void m_ext_free_t(struct mbuf *m);

struct m_ext {
	volatile u_int *ext_cnt; /* references; this mbuf's ext_count, another's, or the caller's (EXT_EXTREF) */
	volatile u_int ext_count;
	uint32_t ext_size;
	char *ext_buf; /* start of the storage */
	uint32_t ext_type : 8, ext_flags : 24;
	m_ext_free_t *ext_free; /* gives the storage back; called with an mbuf whose m_ext describes it */
	void *ext_arg1;
	void *ext_arg2;
};

#define NGU_MHEADER 40 /* bytes of struct mbuf before the data */
#define MHSIZE NGU_MHEADER
#define MPKTHSIZE (NGU_MHEADER + (int)sizeof(struct pkthdr))
#define MLEN (MSIZE - MHSIZE)
#define MHLEN (MSIZE - MPKTHSIZE)
#define MINCLSIZE (MHLEN + 1)
#define M_NODOM 255

struct mbuf {
	union {
		struct mbuf *m_next; /* rest of this packet */
		SLIST_ENTRY(mbuf) m_slist;
		STAILQ_ENTRY(mbuf) m_stailq;
	};
	union {
		struct mbuf *m_nextpkt; /* next packet in a queue */
		SLIST_ENTRY(mbuf) m_slistpkt;
		STAILQ_ENTRY(mbuf) m_stailqpkt;
	};
	char *m_data;
	int32_t m_len;
	uint32_t m_type : 8, m_flags : 24;
	struct ngu_graph *m_graph; /* whose accounts this mbuf is in; libng's own */
	union {
		struct {
			struct pkthdr m_pkthdr;
			union {
				struct m_ext m_ext;
				char m_pktdat[MSIZE - NGU_MHEADER - sizeof(struct pkthdr)];
			};
		};
		char m_dat[MSIZE - NGU_MHEADER];
	};
};
_Static_assert(sizeof(struct mbuf) == MSIZE, "an mbuf is MSIZE bytes");
_Static_assert(offsetof(struct mbuf, m_dat) == NGU_MHEADER, "MLEN is what it says");

/* m_flags */
#define M_EXT 0x00000001
#define M_PKTHDR 0x00000002
#define M_EOR 0x00000004
#define M_RDONLY 0x00000008
#define M_BCAST 0x00000010
#define M_MCAST 0x00000020
#define M_PROMISC 0x00000040
#define M_VLANTAG 0x00000080
#define M_EXTPG 0x00000100
#define M_NOMAP M_EXTPG
#define M_NOFREE 0x00000200
#define M_TSTMP 0x00000400
#define M_TSTMP_HPREC 0x00000800
#define M_TSTMP_LRO 0x00001000
#define M_PROTO1 0x00002000
#define M_PROTO2 0x00004000
#define M_PROTO3 0x00008000
#define M_PROTO4 0x00010000
#define M_PROTO5 0x00020000
#define M_PROTO6 0x00040000
#define M_PROTO7 0x00080000
#define M_PROTO8 0x00100000
#define M_PROTO9 0x00200000
#define M_PROTO10 0x00400000
#define M_PROTO11 0x00800000
#define M_PROTOFLAGS \
	(M_PROTO1 | M_PROTO2 | M_PROTO3 | M_PROTO4 | M_PROTO5 | M_PROTO6 | M_PROTO7 | M_PROTO8 | M_PROTO9 | M_PROTO10 | M_PROTO11)
/* What a copy of a packet header keeps. */
#define M_COPYFLAGS \
	(M_PKTHDR | M_EOR | M_RDONLY | M_BCAST | M_MCAST | M_PROMISC | M_VLANTAG | M_TSTMP | M_TSTMP_HPREC | M_TSTMP_LRO | \
	    M_PROTOFLAGS)

/* m_ext.ext_type */
#define EXT_CLUSTER 1
#define EXT_SFBUF 2
#define EXT_JUMBOP 3
#define EXT_JUMBO9 4
#define EXT_JUMBO16 5
#define EXT_PACKET 6
#define EXT_MBUF 7
#define EXT_RXRING 8
#define EXT_VENDOR1 224
#define EXT_VENDOR2 225
#define EXT_VENDOR3 226
#define EXT_VENDOR4 227
#define EXT_EXP1 244
#define EXT_EXP2 245
#define EXT_EXP3 246
#define EXT_EXP4 247
#define EXT_NET_DRV 252
#define EXT_MOD_TYPE 253
#define EXT_DISPOSABLE 254
#define EXT_EXTREF 255
/* m_ext.ext_flags */
#define EXT_FLAG_EMBREF 0x000001 /* this mbuf holds the count */
#define EXT_FLAG_EXTREF 0x000002
#define EXT_FLAG_NOFREE 0x000010

/* m_type */
#define MT_NOTMBUF 0
#define MT_DATA 1
#define MT_HEADER MT_DATA
#define MT_SONAME 8
#define MT_CONTROL 14
#define MT_EXTCONTROL 15
#define MT_OOBDATA 16
#define MT_NOINIT 255

/* m_pkthdr.csum_flags */
#define CSUM_IP 0x00000001
#define CSUM_IP_UDP 0x00000002
#define CSUM_IP_TCP 0x00000004
#define CSUM_IP_SCTP 0x00000008
#define CSUM_IP_TSO 0x00000010
#define CSUM_IP_ISCSI 0x00000020
#define CSUM_INNER_IP6_UDP 0x00000040
#define CSUM_INNER_IP6_TCP 0x00000080
#define CSUM_INNER_IP6_TSO 0x00000100
#define CSUM_IP6_UDP 0x00000200
#define CSUM_IP6_TCP 0x00000400
#define CSUM_IP6_SCTP 0x00000800
#define CSUM_IP6_TSO 0x00001000
#define CSUM_IP6_ISCSI 0x00002000
#define CSUM_INNER_IP 0x00004000
#define CSUM_INNER_IP_UDP 0x00008000
#define CSUM_INNER_IP_TCP 0x00010000
#define CSUM_INNER_IP_TSO 0x00020000
#define CSUM_ENCAP_VXLAN 0x00040000
#define CSUM_ENCAP_RSVD1 0x00080000
#define CSUM_INNER_L3_CALC 0x00100000
#define CSUM_INNER_L3_VALID 0x00200000
#define CSUM_INNER_L4_CALC 0x00400000
#define CSUM_INNER_L4_VALID 0x00800000
#define CSUM_L3_CALC 0x01000000
#define CSUM_L3_VALID 0x02000000
#define CSUM_L4_CALC 0x04000000
#define CSUM_L4_VALID 0x08000000
#define CSUM_L5_CALC 0x10000000
#define CSUM_L5_VALID 0x20000000
#define CSUM_COALESCED 0x40000000
#define CSUM_SND_TAG 0x80000000
#define CSUM_IP_CHECKED CSUM_L3_CALC
#define CSUM_IP_VALID CSUM_L3_VALID
#define CSUM_DATA_VALID CSUM_L4_VALID
#define CSUM_PSEUDO_HDR CSUM_L4_CALC
#define CSUM_SCTP_VALID CSUM_L4_VALID
#define CSUM_UDP CSUM_IP_UDP
#define CSUM_TCP CSUM_IP_TCP
#define CSUM_SCTP CSUM_IP_SCTP
#define CSUM_UDP_IPV6 CSUM_IP6_UDP
#define CSUM_TCP_IPV6 CSUM_IP6_TCP
#define CSUM_SCTP_IPV6 CSUM_IP6_SCTP
#define CSUM_DATA_VALID_IPV6 CSUM_DATA_VALID
#define CSUM_TSO (CSUM_IP_TSO | CSUM_IP6_TSO)
#define CSUM_DELAY_DATA (CSUM_TCP | CSUM_UDP)
#define CSUM_DELAY_IP CSUM_IP
#define CSUM_DELAY_DATA_IPV6 (CSUM_TCP_IPV6 | CSUM_UDP_IPV6)
#define CSUM_FRAGMENT 0x0

/* m_pkthdr.rsstype: bit 7 says flowid is a hash */
#define M_HASHTYPE_HASHPROP 0x80
#define M_HASHTYPE_NONE 0
#define M_HASHTYPE_OPAQUE 0x3f
#define M_HASHTYPE_OPAQUE_HASH (M_HASHTYPE_HASHPROP | 0x3f)
#define M_HASHTYPE_GET(m) ((m)->m_pkthdr.rsstype)
#define M_HASHTYPE_SET(m, v) ((m)->m_pkthdr.rsstype = (v))
#define M_HASHTYPE_CLEAR(m) ((m)->m_pkthdr.rsstype = M_HASHTYPE_NONE)
#define M_HASHTYPE_TEST(m, v) (M_HASHTYPE_GET(m) == (v))

#define M_COPYALL 1000000000 /* for m_copym(): to the end */

#define MBTOM(how) (how)
#define M_DONTWAIT M_NOWAIT
#define M_TRYWAIT M_WAITOK
#define M_WAIT M_WAITOK

#define mtod(m, t) ((t)((m)->m_data))
#define mtodo(m, o) ((void *)((m)->m_data + (o)))

/* The storage an mbuf's data lies in, and its size. */
#define M_START(m) \
	(((m)->m_flags & M_EXT) != 0 ? (m)->m_ext.ext_buf : \
	    ((m)->m_flags & M_PKTHDR) != 0 ? &(m)->m_pktdat[0] : &(m)->m_dat[0])
#define M_SIZE(m) \
	(((m)->m_flags & M_EXT) != 0 ? (int)(m)->m_ext.ext_size : ((m)->m_flags & M_PKTHDR) != 0 ? (int)MHLEN : (int)MLEN)

/* References to the external storage of `m` (M_EXT); 1: nobody else can see it. */
static inline u_int
m_extrefcnt(const struct mbuf *m)
{
	/* ORDER mbuf-ext (load side): acquire; who sees 1 sees all that the other holders did before letting go. */
	return (atomic_load_explicit(NGU__REFCNT(m->m_ext.ext_cnt), memory_order_acquire));
}

#define M_WRITABLE(m) (((m)->m_flags & M_RDONLY) == 0 && (((m)->m_flags & M_EXT) == 0 || m_extrefcnt(m) == 1))
/* Room before and behind the data; 0 when it must not be written. */
#define M_LEADINGSPACE(m) (M_WRITABLE(m) ? (int)((m)->m_data - M_START(m)) : 0)
#define M_TRAILINGSPACE(m) (M_WRITABLE(m) ? (int)(M_START(m) + M_SIZE(m) - ((m)->m_data + (m)->m_len)) : 0)

#define MCHTYPE(m, t) ((void)((m)->m_type = (t)))
#define M_ASSERTPKTHDR(m) KASSERT(((m)->m_flags & M_PKTHDR) != 0, ("%s: no mbuf packet header", __func__))
#define M_ASSERTVALID(m) KASSERT((m)->m_type != MT_NOTMBUF, ("%s: freed mbuf", __func__))
#define M_MOVE_PKTHDR(to, from) m_move_pkthdr((to), (from))
#define M_ALIGN(m, len) m_align((m), (len))
#define MH_ALIGN(m, len) m_align((m), (len))
#define MEXT_ALIGN(m, len) m_align((m), (len))
#define MGET(m, how, type) ((m) = m_get((how), (type)))
#define MGETHDR(m, how, type) ((m) = m_gethdr((how), (type)))
#define MCLGET(m, how) m_clget((m), (how)) /* nonzero: the mbuf has a cluster now */
#define MEXTADD(m, buf, size, freef, arg1, arg2, flags, type) \
	m_extadd((m), (char *)(buf), (size), (freef), (arg1), (arg2), (flags), (type))
#define MFREE(m, n) ((n) = m_free(m))
#define m_getm(m, len, how, type) m_getm2((m), (len), (how), (type), M_PKTHDR)
#define m_copy(m, off, len) m_copym((m), (off), (len), M_NOWAIT)
/* Put plen bytes before the data; on failure the chain is freed and m becomes NULL. The new bytes are not initialised. */
#define M_PREPEND(m, plen, how) ((void)((m) = ngu_k_m_prepend_room((m), (plen), (how))))

/*
 * Debug builds of a caller note where it takes mbufs, for leak reports: each allocating name below is then a macro that says
 * file and line first. lib/kern itself and callers built otherwise use the plain names.
 */
NGU_API void ngu_k_mbuf_site(const char *file, int line);
#if defined(NGU_DEBUG) && !defined(NGU__MBUF_PLAIN)
#define NGU__SITE(call) (ngu_k_mbuf_site(__FILE__, __LINE__), call)
#define m_get(how, type) NGU__SITE(ngu_k_m_get((how), (type)))
#define m_gethdr(how, type) NGU__SITE(ngu_k_m_gethdr((how), (type)))
#define m_getcl(how, type, flags) NGU__SITE(ngu_k_m_getcl((how), (type), (flags)))
#define m_getjcl(how, type, flags, size) NGU__SITE(ngu_k_m_getjcl((how), (type), (flags), (size)))
#define m_getm2(m, len, how, type, flags) NGU__SITE(ngu_k_m_getm2((m), (len), (how), (type), (flags)))
#define m_get2(size, how, type, flags) NGU__SITE(ngu_k_m_get2((size), (how), (type), (flags)))
#define m_pullup(m, len) NGU__SITE(ngu_k_m_pullup((m), (len)))
#define m_copyup(m, len, dstoff) NGU__SITE(ngu_k_m_copyup((m), (len), (dstoff)))
#define m_prepend(m, len, how) NGU__SITE(ngu_k_m_prepend((m), (len), (how)))
#define m_copyback(m, off, len, cp) NGU__SITE(ngu_k_m_copyback((m), (off), (len), (cp)))
#define m_append(m, len, cp) NGU__SITE(ngu_k_m_append((m), (len), (cp)))
#define m_split(m, len, how) NGU__SITE(ngu_k_m_split((m), (len), (how)))
#define m_dup(m, how) NGU__SITE(ngu_k_m_dup((m), (how)))
#define m_copym(m, off, len, how) NGU__SITE(ngu_k_m_copym((m), (off), (len), (how)))
#define m_copypacket(m, how) NGU__SITE(ngu_k_m_copypacket((m), (how)))
#define m_unshare(m, how) NGU__SITE(ngu_k_m_unshare((m), (how)))
#define m_defrag(m, how) NGU__SITE(ngu_k_m_defrag((m), (how)))
#define m_collapse(m, how, maxfrags) NGU__SITE(ngu_k_m_collapse((m), (how), (maxfrags)))
#define m_devget(buf, len, off, ifp, copy) NGU__SITE(ngu_k_m_devget((buf), (len), (off), (ifp), (copy)))
#else
#define m_get ngu_k_m_get
#define m_gethdr ngu_k_m_gethdr
#define m_getcl ngu_k_m_getcl
#define m_getjcl ngu_k_m_getjcl
#define m_getm2 ngu_k_m_getm2
#define m_get2 ngu_k_m_get2
#define m_pullup ngu_k_m_pullup
#define m_copyup ngu_k_m_copyup
#define m_prepend ngu_k_m_prepend
#define m_copyback ngu_k_m_copyback
#define m_append ngu_k_m_append
#define m_split ngu_k_m_split
#define m_dup ngu_k_m_dup
#define m_copym ngu_k_m_copym
#define m_copypacket ngu_k_m_copypacket
#define m_unshare ngu_k_m_unshare
#define m_defrag ngu_k_m_defrag
#define m_collapse ngu_k_m_collapse
#define m_devget ngu_k_m_devget
#endif
#define m_free ngu_k_m_free
#define m_freem ngu_k_m_freem
#define m_clget ngu_k_m_clget
#define m_cljget ngu_k_m_cljget
#define m_extadd ngu_k_m_extadd
#define m_adj ngu_k_m_adj
#define m_copydata ngu_k_m_copydata
#define m_cat ngu_k_m_cat
#define m_catpkt ngu_k_m_catpkt
#define m_length ngu_k_m_length
#define m_fixhdr ngu_k_m_fixhdr
#define m_last ngu_k_m_last
#define m_apply ngu_k_m_apply
#define m_getptr ngu_k_m_getptr
#define m_align ngu_k_m_align
#define m_init ngu_k_m_init
#define m_pkthdr_init ngu_k_m_pkthdr_init
#define m_dup_pkthdr ngu_k_m_dup_pkthdr
#define m_move_pkthdr ngu_k_m_move_pkthdr
#define m_demote ngu_k_m_demote
#define m_demote_pkthdr ngu_k_m_demote_pkthdr
#define m_sanity ngu_k_m_sanity
#define m_tag_alloc ngu_k_m_tag_alloc
#define m_tag_get ngu_k_m_tag_get
#define m_tag_delete ngu_k_m_tag_delete
#define m_tag_delete_chain ngu_k_m_tag_delete_chain
#define m_tag_delete_nonpersistent ngu_k_m_tag_delete_nonpersistent
#define m_tag_free_default ngu_k_m_tag_free_default
#define m_tag_locate ngu_k_m_tag_locate
#define m_tag_copy ngu_k_m_tag_copy
#define m_tag_copy_chain ngu_k_m_tag_copy_chain

/* ---- taking and freeing ---- */

/* One mbuf: plain, with packet header, or (m_getcl; m_getjcl with `size` MCLBYTES, MJUM...) with a cluster; m_len is 0. */
NGU_API struct mbuf *ngu_k_m_get(int how, short type);
NGU_API struct mbuf *ngu_k_m_gethdr(int how, short type);
NGU_API struct mbuf *ngu_k_m_getcl(int how, short type, int flags);
NGU_API struct mbuf *ngu_k_m_getjcl(int how, short type, int flags, int size);
/*
 * Empty mbufs with room for `len` bytes, put behind the chain `m` if there is one. Returns m, or the new chain, or NULL:
 * then m is as it was. `flags`: M_PKTHDR for the first mbuf of a new chain, M_EOR for the last.
 */
NGU_API struct mbuf *ngu_k_m_getm2(struct mbuf *m, int len, int how, short type, int flags);
/* One mbuf with room for `size` contiguous bytes; NULL also when that is more than MJUMPAGESIZE. */
NGU_API struct mbuf *ngu_k_m_get2(int size, int how, short type, int flags);
/* Free one mbuf, return the rest of its chain; free a whole chain. NULL is fine. */
NGU_API struct mbuf *ngu_k_m_free(struct mbuf *m);
NGU_API void ngu_k_m_freem(struct mbuf *m);
/* Attach a cluster to an empty mbuf. m_clget: 1, or 0 when refused. m_cljget: the storage or NULL; m may be NULL then. */
NGU_API int ngu_k_m_clget(struct mbuf *m, int how);
NGU_API void *ngu_k_m_cljget(struct mbuf *m, int how, int size);
/*
 * Attach the caller's storage. freef(m) is called once, when the last reference goes, from whatever thread drops it. For type
 * EXT_EXTREF the caller has set m->m_ext.ext_cnt to its own count. Cannot fail. `flags` is or-ed into m_flags.
 */
NGU_API void ngu_k_m_extadd(struct mbuf *m, char *buf, u_int size, m_ext_free_t *freef, void *arg1, void *arg2, int flags,
    int type);
/* Fill the header of a fresh mbuf. 0 (no failures exist). */
NGU_API int ngu_k_m_init(struct mbuf *m, int how, short type, int flags);
NGU_API int ngu_k_m_pkthdr_init(struct mbuf *m, int how);

/* ---- shape ---- */

/* The first `len` bytes contiguous (len <= MHLEN unless they are already). NULL on failure, the chain is freed. */
NGU_API struct mbuf *ngu_k_m_pullup(struct mbuf *m, int len);
/* As m_pullup, always into a new mbuf that has `dstoff` bytes of room before the data. */
NGU_API struct mbuf *ngu_k_m_copyup(struct mbuf *m, int len, int dstoff);
/* Cut len bytes off the front, or -len off the end. Cutting more than there is leaves nothing. */
NGU_API void ngu_k_m_adj(struct mbuf *m, int len);
/* A new mbuf with `len` bytes in front. NULL on failure, the chain is freed. m_pkthdr.len is the caller's to change. */
NGU_API struct mbuf *ngu_k_m_prepend(struct mbuf *m, int len, int how);
NGU_API struct mbuf *ngu_k_m_prepend_room(struct mbuf *m, int len, int how); /* M_PREPEND */
/* Hang n behind m; small data is copied into m's last mbuf when there is room. m_pkthdr is not looked at. */
NGU_API void ngu_k_m_cat(struct mbuf *m, struct mbuf *n);
/* Join two packets: n's packet header goes away, m's length grows. */
NGU_API void ngu_k_m_catpkt(struct mbuf *m, struct mbuf *n);
/* Cut a chain in two after `len` bytes; returns the second part, which shares clusters. NULL on failure or when the chain is
 * shorter: the original is as it was. */
NGU_API struct mbuf *ngu_k_m_split(struct mbuf *m, int len, int how);
/* Compact copy of a packet; the original is freed. NULL on failure: the original stays. */
NGU_API struct mbuf *ngu_k_m_defrag(struct mbuf *m, int how);
/* At most maxfrags mbufs. NULL on failure: the original stays, perhaps in other pieces. */
NGU_API struct mbuf *ngu_k_m_collapse(struct mbuf *m, int how, int maxfrags);
/* A chain in which every byte may be written. NULL on failure, the chain is freed. */
NGU_API struct mbuf *ngu_k_m_unshare(struct mbuf *m, int how);
/* In an empty mbuf, put the data so that `len` bytes end at the end of the storage, aligned to a long. */
NGU_API void ngu_k_m_align(struct mbuf *m, int len);
/* Take packet header and tags off the mbufs of a chain (`all`: the first one too); keep only `flags` besides M_EXT, M_EOR... */
NGU_API void ngu_k_m_demote(struct mbuf *m, int all, int flags);
NGU_API void ngu_k_m_demote_pkthdr(struct mbuf *m);

/* ---- copies: the original stays ---- */

/* Deep copy with packet header and tags: shares nothing. */
NGU_API struct mbuf *ngu_k_m_dup(const struct mbuf *m, int how);
/* Bytes off to off + len (M_COPYALL: the rest); clusters are shared. A packet header is copied when off is 0. */
NGU_API struct mbuf *ngu_k_m_copym(struct mbuf *m, int off, int len, int how);
/* The whole packet; clusters are shared. */
NGU_API struct mbuf *ngu_k_m_copypacket(struct mbuf *m, int how);
/* Bytes out of the chain, which must have them; panics otherwise. */
NGU_API void ngu_k_m_copydata(const struct mbuf *m, int off, int len, caddr_t cp);
/*
 * Bytes into the chain, which grows as needed (gaps are zero) with M_NOWAIT. When memory is short the bytes that do not fit
 * are lost, as documented in mbuf(9); m_pkthdr.len says how far it came. Does not look at sharing.
 */
NGU_API void ngu_k_m_copyback(struct mbuf *m, int off, int len, c_caddr_t cp);
/* Bytes behind the last one. 1: all, 0: memory was short and only a part is there. */
NGU_API int ngu_k_m_append(struct mbuf *m, int len, c_caddr_t cp);
/*
 * A packet from a flat buffer; `off` bytes of room before the data in the first mbuf; `copy` (NULL: bcopy) moves the bytes.
 * NULL when refused or off is not in 0..MHLEN.
 */
NGU_API struct mbuf *ngu_k_m_devget(char *buf, int len, int off, struct ifnet *ifp,
    void (*copy)(char *from, caddr_t to, u_int len));
/* Copy the packet header with its tags to `to`, whose own header is overwritten. 1, or 0 when refused. */
NGU_API int ngu_k_m_dup_pkthdr(struct mbuf *to, const struct mbuf *from, int how);
/* Move the packet header; `from` is no packet any more. `to` is empty and without external storage beforehand. */
NGU_API void ngu_k_m_move_pkthdr(struct mbuf *to, struct mbuf *from);

/* ---- looking ---- */

NGU_API u_int ngu_k_m_length(struct mbuf *m, struct mbuf **last); /* bytes in the chain; *last if wanted */
NGU_API u_int ngu_k_m_fixhdr(struct mbuf *m);			   /* sets and returns m_pkthdr.len */
NGU_API struct mbuf *ngu_k_m_last(struct mbuf *m);
/* fn(arg, data, len) over the pieces of off .. off + len, until it returns something else than 0, which is returned. */
NGU_API int ngu_k_m_apply(struct mbuf *m, int off, int len, int (*fn)(void *arg, void *data, u_int len), void *arg);
/* The mbuf byte `loc` lies in, and where in it. loc == length: the last mbuf and its end. NULL beyond. */
NGU_API struct mbuf *ngu_k_m_getptr(struct mbuf *m, int loc, int *off);
/* 1 if the chain holds together (lengths, data inside storage, header length). `sanitize`: make it so where possible. */
NGU_API int ngu_k_m_sanity(struct mbuf *m, int sanitize);

/* ---- tags, mbuf_tags(9) ---- */

/* A tag with `len` bytes of data (uninitialised). `how` as above. NULL when refused or len is out of range. */
NGU_API struct m_tag *ngu_k_m_tag_alloc(uint32_t cookie, int type, int len, int how);
NGU_API struct m_tag *ngu_k_m_tag_get(int type, int len, int how);
NGU_API void ngu_k_m_tag_free_default(struct m_tag *t);
/* Unlink and free one, all from `t` on (NULL: all), all without MTAG_PERSISTENT. */
NGU_API void ngu_k_m_tag_delete(struct mbuf *m, struct m_tag *t);
NGU_API void ngu_k_m_tag_delete_chain(struct mbuf *m, struct m_tag *t);
NGU_API void ngu_k_m_tag_delete_nonpersistent(struct mbuf *m);
/* The next tag of that cookie and type after `t` (NULL: the first). */
NGU_API struct m_tag *ngu_k_m_tag_locate(struct mbuf *m, uint32_t cookie, int type, struct m_tag *t);
NGU_API struct m_tag *ngu_k_m_tag_copy(struct m_tag *t, int how);
/* Replace to's tags by copies of from's. 1; or 0 when refused: `to` then has none. */
NGU_API int ngu_k_m_tag_copy_chain(struct mbuf *to, const struct mbuf *from, int how);

static inline void
m_tag_setup(struct m_tag *t, uint32_t cookie, int type, int len)
{
	t->m_tag_id = (u_int16_t)type;
	t->m_tag_len = (u_int16_t)len;
	t->m_tag_cookie = cookie;
	t->m_tag_free = NULL;
}

static inline void
m_tag_free(struct m_tag *t)
{
	t->m_tag_free(t);
}

static inline struct m_tag *
m_tag_first(struct mbuf *m)
{
	return (SLIST_FIRST(&m->m_pkthdr.tags));
}

static inline struct m_tag *
m_tag_next(struct mbuf *m, struct m_tag *t)
{
	(void)m;
	return (SLIST_NEXT(t, m_tag_link));
}

static inline void
m_tag_init(struct mbuf *m)
{
	SLIST_INIT(&m->m_pkthdr.tags);
}

static inline void
m_tag_prepend(struct mbuf *m, struct m_tag *t)
{
	SLIST_INSERT_HEAD(&m->m_pkthdr.tags, t, m_tag_link);
}

static inline void
m_tag_unlink(struct mbuf *m, struct m_tag *t)
{
	SLIST_REMOVE(&m->m_pkthdr.tags, t, m_tag, m_tag_link);
}

static inline struct m_tag *
m_tag_find(struct mbuf *m, int type, struct m_tag *start)
{
	return (m_tag_locate(m, MTAG_ABI_COMPAT, type, start));
}

static inline void
m_clrprotoflags(struct mbuf *m)
{
	for (; m != NULL; m = m->m_next)
		m->m_flags &= ~(uint32_t)M_PROTOFLAGS & 0xffffffu;
}

/* ---- a bounded queue of packets ---- */

struct mbufq {
	STAILQ_HEAD(, mbuf) mq_head;
	int mq_len;
	int mq_maxlen;
};

static inline void
mbufq_init(struct mbufq *q, int maxlen)
{
	STAILQ_INIT(&q->mq_head);
	q->mq_len = 0;
	q->mq_maxlen = maxlen;
}

static inline struct mbuf *
mbufq_first(const struct mbufq *q)
{
	return (STAILQ_FIRST(&q->mq_head));
}

static inline int
mbufq_len(const struct mbufq *q)
{
	return (q->mq_len);
}

static inline int
mbufq_full(const struct mbufq *q)
{
	return (q->mq_maxlen > 0 && q->mq_len >= q->mq_maxlen);
}

/* 0, or ENOBUFS when full: the packet is then still the caller's. */
static inline int
mbufq_enqueue(struct mbufq *q, struct mbuf *m)
{
	if (mbufq_full(q))
		return (ENOBUFS);
	STAILQ_INSERT_TAIL(&q->mq_head, m, m_stailqpkt);
	q->mq_len++;
	return (0);
}

static inline struct mbuf *
mbufq_dequeue(struct mbufq *q)
{
	struct mbuf *m = STAILQ_FIRST(&q->mq_head);

	if (m != NULL) {
		STAILQ_REMOVE_HEAD(&q->mq_head, m_stailqpkt);
		m->m_nextpkt = NULL;
		q->mq_len--;
	}
	return (m);
}

static inline void
mbufq_prepend(struct mbufq *q, struct mbuf *m)
{
	STAILQ_INSERT_HEAD(&q->mq_head, m, m_stailqpkt);
	q->mq_len++;
}

static inline void
mbufq_drain(struct mbufq *q)
{
	struct mbuf *m;

	while ((m = mbufq_dequeue(q)) != NULL)
		m_freem(m);
}

#endif /* NGU_KERN_SYS_MBUF_H */
