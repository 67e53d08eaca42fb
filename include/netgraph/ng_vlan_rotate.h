/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_vlan_rotate.h - node type "vlan_rotate": changes the order of stacked VLAN tags. Names, numbers and layouts are
 * FreeBSD's. ng_vlan_rotate(4) describes the behaviour.
 */
#ifndef _NETGRAPH_NG_VLAN_ROTATE_H_
#define _NETGRAPH_NG_VLAN_ROTATE_H_

#include <stdint.h>

#define NG_VLANROTATE_NODE_TYPE "vlan_rotate"
#define NGM_VLANROTATE_COOKIE 1568378766

#define NG_VLANROTATE_HOOK_ORIGINAL "original"
#define NG_VLANROTATE_HOOK_ORDERED "ordered"
#define NG_VLANROTATE_HOOK_EXCESSIVE "excessive"   /* too many tags */
#define NG_VLANROTATE_HOOK_INCOMPLETE "incomplete" /* too few */

#define NG_VLANROTATE_MAX_VLANS 10

/* NGM_VLANROTATE_GET_CONF, NGM_VLANROTATE_SET_CONF. 3 bytes. */
struct ng_vlanrotate_conf {
	int8_t rot;  /* by how many places, from original to ordered; smaller than max either way */
	uint8_t min; /* tags a frame must have; at most max */
	uint8_t max; /* tags a frame may have, up to NG_VLANROTATE_MAX_VLANS; set to 0: as it was */
};
#define NG_VLANROTATE_CONF_TYPE_INFO \
	{ \
		{ "rot", &ng_parse_int8_type, 0 }, { "min", &ng_parse_uint8_type, 0 }, { "max", &ng_parse_uint8_type, 0 }, \
		{ \
			NULL, NULL, 0 \
		} \
	}

/* NGM_VLANROTATE_GET_STAT, NGM_VLANROTATE_GETCLR_STAT. 104 bytes. */
struct ng_vlanrotate_stat {
	uint64_t drops;	     /* not sent: too short, or the hook it should leave by is not connected */
	uint64_t excessive;  /* frames with too many tags */
	uint64_t incomplete; /* frames with too few */
	uint64_t histogram[NG_VLANROTATE_MAX_VLANS]; /* frames that were rotated, by number of tags */
};
#define NG_VLANROTATE_STAT_TYPE_INFO(histtype) \
	{ \
		{ "drops", &ng_parse_uint64_type, 0 }, { "excessive", &ng_parse_uint64_type, 0 }, \
		    { "incomplete", &ng_parse_uint64_type, 0 }, { "histogram", (histtype), 0 }, { NULL, NULL, 0 } \
	}

enum {
	NGM_VLANROTATE_GET_CONF = 1, /* reply: struct ng_vlanrotate_conf */
	NGM_VLANROTATE_SET_CONF,     /* struct ng_vlanrotate_conf */
	NGM_VLANROTATE_GET_STAT,     /* reply: struct ng_vlanrotate_stat */
	NGM_VLANROTATE_CLR_STAT,
	NGM_VLANROTATE_GETCLR_STAT   /* reply: what was cleared */
};

#endif /* _NETGRAPH_NG_VLAN_ROTATE_H_ */
