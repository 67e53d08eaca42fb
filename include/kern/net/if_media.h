/* SPDX-License-Identifier: BSD-2-Clause */
/* if_media.h - words for the media of an interface: type, what runs on it, options. There are no interfaces to choose them for. */
#ifndef NGU_KERN_NET_IF_MEDIA_H
#define NGU_KERN_NET_IF_MEDIA_H

#include <sys/types.h>

/* Types */
#define IFM_NMASK 0x000000e0
#define IFM_ETHER 0x00000020
#define IFM_IEEE80211 0x00000080
#define IFM_ATM 0x000000a0

/* For every type */
#define IFM_AUTO 0
#define IFM_MANUAL 1
#define IFM_NONE 2

/* Ethernet */
#define IFM_10_T 3
#define IFM_10_2 4
#define IFM_10_5 5
#define IFM_100_TX 6
#define IFM_100_FX 7
#define IFM_100_T4 8
#define IFM_100_VG 9
#define IFM_100_T2 10
#define IFM_1000_SX 11
#define IFM_10_STP 12
#define IFM_10_FL 13
#define IFM_1000_LX 14
#define IFM_1000_CX 15
#define IFM_1000_T 16

/* Options */
#define IFM_FDX 0x00100000
#define IFM_HDX 0x00200000
#define IFM_FLOW 0x00400000
#define IFM_LOOP 0x08000000

/* Status */
#define IFM_AVALID 0x00000001
#define IFM_ACTIVE 0x00000002

#define IFM_TMASK 0x0000001f
#define IFM_TYPE(word) ((word) & IFM_NMASK)
#define IFM_SUBTYPE(word) ((word) & IFM_TMASK)
#define IFM_MAKEWORD(type, subtype, options, instance) ((type) | (subtype) | (options) | ((instance) << 28))

struct ifmedia;
#define ifmedia_init(ifm, mask, change, status) NGU_LACKS("ifmedia_init(): there are no interfaces")
#define ifmedia_add(ifm, word, data, aux) NGU_LACKS("ifmedia_add(): there are no interfaces")
#define ifmedia_set(ifm, word) NGU_LACKS("ifmedia_set(): there are no interfaces")
#define ifmedia_ioctl(ifp, ifr, ifm, cmd) NGU_LACKS("ifmedia_ioctl(): there are no interfaces")
#define ifmedia_removeall(ifm) NGU_LACKS("ifmedia_removeall(): there are no interfaces")

#endif /* NGU_KERN_NET_IF_MEDIA_H */
