/* SPDX-License-Identifier: BSD-2-Clause */
/* ethernet.h - Ethernet frames: addresses, the header, protocol numbers, lengths. */
#ifndef NGU_KERN_NET_ETHERNET_H
#define NGU_KERN_NET_ETHERNET_H

#include <sys/types.h>
/* The system's own headers define the same structures under these guards: keep them out. */
#define _NET_ETHERNET_H 1
#define __NET_ETHERNET_H 1
#define _NET_ETHERNET_H_ 1

#define ETHER_ADDR_LEN 6
#define ETHER_TYPE_LEN 2
#define ETHER_CRC_LEN 4
#define ETHER_HDR_LEN (ETHER_ADDR_LEN * 2 + ETHER_TYPE_LEN)
#define ETHER_MIN_LEN 64   /* with CRC */
#define ETHER_MAX_LEN 1518 /* with CRC */
#define ETHER_MAX_LEN_JUMBO 9018
#define ETHER_VLAN_ENCAP_LEN 4
#define ETHERMTU (ETHER_MAX_LEN - ETHER_HDR_LEN - ETHER_CRC_LEN)
#define ETHERMIN (ETHER_MIN_LEN - ETHER_HDR_LEN - ETHER_CRC_LEN)
#define ETHERMTU_JUMBO (ETHER_MAX_LEN_JUMBO - ETHER_HDR_LEN - ETHER_CRC_LEN)
#define ETHER_MAX_FRAME(ifp, etype, hasfcs) \
	((ifp)->if_mtu + ETHER_HDR_LEN + ((hasfcs) ? ETHER_CRC_LEN : 0) + \
	    ((etype) == ETHERTYPE_VLAN ? ETHER_VLAN_ENCAP_LEN : 0))
#define ETHER_ALIGN 2
#define M_HASFCS M_PROTO5 /* the frame ends with its check sequence */

struct ether_header {
	u_char ether_dhost[ETHER_ADDR_LEN];
	u_char ether_shost[ETHER_ADDR_LEN];
	u_short ether_type; /* network order */
} __attribute__((__packed__));

struct ether_addr {
	u_char octet[ETHER_ADDR_LEN];
} __attribute__((__packed__));

struct ether_vlan_header {
	uint8_t evl_dhost[ETHER_ADDR_LEN];
	uint8_t evl_shost[ETHER_ADDR_LEN];
	uint16_t evl_encap_proto;
	uint16_t evl_tag;
	uint16_t evl_proto;
} __attribute__((__packed__));

#define ETHER_IS_MULTICAST(a) ((a)[0] & 0x01)
#define ETHER_IS_BROADCAST(a) (((a)[0] & (a)[1] & (a)[2] & (a)[3] & (a)[4] & (a)[5]) == 0xff)
#define ETHER_IS_ZERO(a) (((a)[0] | (a)[1] | (a)[2] | (a)[3] | (a)[4] | (a)[5]) == 0x00)
#define ETHER_IS_IPV6_MULTICAST(a) ((a)[0] == 0x33 && (a)[1] == 0x33)

/* 802.1Q tags */
#define EVL_VLID_MASK 0x0FFF
#define EVL_PRI_MASK 0xE000
#define EVL_VLANOFTAG(tag) ((tag) & EVL_VLID_MASK)
#define EVL_PRIOFTAG(tag) (((tag) >> 13) & 7)
#define EVL_CFIOFTAG(tag) (((tag) >> 12) & 1)
#define EVL_MAKETAG(vlid, pri, cfi) ((((((pri) & 7) << 1) | ((cfi) & 1)) << 12) | ((vlid) & EVL_VLID_MASK))

#define ETHERTYPE_PUP 0x0200
#define ETHERTYPE_IP 0x0800
#define ETHERTYPE_ARP 0x0806
#define ETHERTYPE_TRAIL 0x1000
#define ETHERTYPE_NTRAILER 16
#define ETHERTYPE_REVARP 0x8035
#define ETHERTYPE_AT 0x809B
#define ETHERTYPE_AARP 0x80F3
#define ETHERTYPE_VLAN 0x8100
#define ETHERTYPE_IPX 0x8137
#define ETHERTYPE_IPV6 0x86DD
#define ETHERTYPE_PPP 0x880B
#define ETHERTYPE_FLOWCONTROL 0x8808
#define ETHERTYPE_SLOW 0x8809
#define ETHERTYPE_MPLS 0x8847
#define ETHERTYPE_MPLS_MCAST 0x8848
#define ETHERTYPE_PPPOEDISC 0x8863
#define ETHERTYPE_PPPOE 0x8864
#define ETHERTYPE_PAE 0x888E
#define ETHERTYPE_QINQ 0x88A8
#define ETHERTYPE_LLDP 0x88CC
#define ETHERTYPE_PBB 0x88E7
#define ETHERTYPE_8021Q9100 0x9100
#define ETHERTYPE_8021Q9200 0x9200
#define ETHERTYPE_8021Q9300 0x9300
#define ETHERTYPE_LOOPBACK 0x9000
#define ETHERTYPE_MAX 0xFFFF

#endif /* NGU_KERN_NET_ETHERNET_H */
