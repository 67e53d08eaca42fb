/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp_defs.h - PPP: framing (RFC 1661, 1662), protocol numbers, LCP codes. */
#ifndef NGU_KERN_NET_PPP_DEFS_H
#define NGU_KERN_NET_PPP_DEFS_H

#include <sys/types.h>
#define _NET_PPP_DEFS_H 1 /* the system's own: out */
#define _PPP_DEFS_H_ 1

#define PPP_HDRLEN 4 /* address, control, protocol */
#define PPP_FCSLEN 2
#define PPP_MRU 1500

#define PPP_ADDRESS(p) (((const u_char *)(p))[0])
#define PPP_CONTROL(p) (((const u_char *)(p))[1])
#define PPP_PROTOCOL(p) ((((const u_char *)(p))[2] << 8) + ((const u_char *)(p))[3])

#define PPP_ALLSTATIONS 0xff
#define PPP_UI 0x03
#define PPP_FLAG 0x7e
#define PPP_ESCAPE 0x7d
#define PPP_TRANS 0x20

#define PPP_IP 0x21
#define PPP_XNS 0x25
#define PPP_AT 0x29
#define PPP_IPX 0x2b
#define PPP_VJC_COMP 0x2d
#define PPP_VJC_UNCOMP 0x2f
#define PPP_MP 0x3d
#define PPP_IPV6 0x57
#define PPP_COMPFRAG 0xfb
#define PPP_COMP 0xfd
#define PPP_IPCP 0x8021
#define PPP_ATCP 0x8029
#define PPP_IPXCP 0x802b
#define PPP_IPV6CP 0x8057
#define PPP_CCPFRAG 0x80fb
#define PPP_CCP 0x80fd
#define PPP_ECP 0x8053
#define PPP_LCP 0xc021
#define PPP_PAP 0xc023
#define PPP_LQR 0xc025
#define PPP_CHAP 0xc223
#define PPP_CBCP 0xc029
#define PPP_EAP 0xc227

/* The frame check sequence before the first byte, and what comes out over a frame with its check sequence. */
#define PPP_INITFCS 0xffff
#define PPP_GOODFCS 0xf0b8
/* One byte `c` more, by a table the source has: fcstab[256]. */
#define PPP_FCS(fcs, c) (((fcs) >> 8) ^ fcstab[((fcs) ^ (c)) & 0xff])

#endif /* NGU_KERN_NET_PPP_DEFS_H */
