/* SPDX-License-Identifier: BSD-2-Clause */
/* if_types.h - kinds of interfaces, by the numbers of the IANA. */
#ifndef NGU_KERN_NET_IF_TYPES_H
#define NGU_KERN_NET_IF_TYPES_H

#define IFT_OTHER 0x1
#define IFT_ETHER 0x6
#define IFT_FDDI 0xf
#define IFT_PPP 0x17
#define IFT_LOOP 0x18
#define IFT_SLIP 0x1c
#define IFT_FRELAY 0x20
#define IFT_ATM 0x25
#define IFT_PROPVIRTUAL 0x35
#define IFT_IEEE80211 0x47
#define IFT_TUNNEL 0x83
#define IFT_L2VLAN 0x87
#define IFT_BRIDGE 0xd1
#define IFT_ENC 0xf4
#define IFT_GIF 0xf0

#endif /* NGU_KERN_NET_IF_TYPES_H */
