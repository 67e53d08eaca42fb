/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_vlan.h - node type "vlan": sorts Ethernet frames to hooks by their VLAN, and tags what comes back. Names, numbers and
 * layouts are FreeBSD's. ng_vlan(4) describes the behaviour.
 */
#ifndef _NETGRAPH_NG_VLAN_H_
#define _NETGRAPH_NG_VLAN_H_

#include <stdint.h>
#include <netgraph/ng_message.h>

#define NG_VLAN_NODE_TYPE "vlan"
#define NGM_VLAN_COOKIE 1068486472

#define NG_VLAN_HOOK_DOWNSTREAM "downstream" /* tagged frames */
#define NG_VLAN_HOOK_NOMATCH "nomatch"	     /* frames that no filter wants */

/* Bits of NGM_VLAN_SET_ENCAP: whose tags are written into the frame rather than into the packet header. */
#define VLAN_ENCAP_FROM_FILTER 0x00000001
#define VLAN_ENCAP_FROM_NOMATCH 0x00000002

/* NGM_VLAN_ADD_FILTER. 38 bytes. */
struct ng_vlan_filter {
	char hook_name[NG_HOOKSIZ];
	uint16_t vlan; /* the old name of vid: one of the two is 0, or they are equal */
	uint16_t vid;  /* up to 4095 */
	uint8_t pcp;   /* priority of what the hook sends, up to 7 */
	uint8_t cfi;   /* 0 or 1 */
};
#define NG_VLAN_FILTER_FIELDS \
	{ \
		{ "hook", &ng_parse_hookbuf_type, 0 }, { "vlan", &ng_parse_uint16_type, 0 }, { "vid", &ng_parse_uint16_type, 0 }, \
		    { "pcp", &ng_parse_uint8_type, 0 }, { "cfi", &ng_parse_uint8_type, 0 }, { NULL, NULL, 0 } \
	}

/* NGM_VLAN_GET_TABLE: by vid. */
struct ng_vlan_table {
	uint32_t n;
	struct ng_vlan_filter filter[];
};
/* For a source that has the type of such an array under this name. */
#define NG_VLAN_TABLE_FIELDS \
	{ \
		{ "n", &ng_parse_uint32_type, 0 }, { "filter", &ng_vlan_table_array_type, 0 }, { NULL, NULL, 0 } \
	}

enum {
	NGM_VLAN_ADD_FILTER = 1, /* struct ng_vlan_filter */
	NGM_VLAN_DEL_FILTER = 2, /* hook name, NG_HOOKSIZ bytes */
	NGM_VLAN_GET_TABLE = 3, /* reply: struct ng_vlan_table */
	NGM_VLAN_DEL_VID_FLT = 4, /* uint16_t vid */
	NGM_VLAN_GET_DECAP = 5, /* reply: uint32_t */
	NGM_VLAN_SET_DECAP = 6, /* uint32_t; not 0: tags of frames for nomatch move into the packet header */
	NGM_VLAN_GET_ENCAP = 7, /* reply: uint32_t, VLAN_ENCAP_* */
	NGM_VLAN_SET_ENCAP = 8, /* uint32_t */
	NGM_VLAN_GET_ENCAP_PROTO = 9, /* reply: uint16_t, a tag's type */
	NGM_VLAN_SET_ENCAP_PROTO = 10 /* uint16_t */
};

#endif /* _NETGRAPH_NG_VLAN_H_ */
