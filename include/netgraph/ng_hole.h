/* SPDX-License-Identifier: BSD-2-Clause */
/* ng_hole.h - node type "hole": counts what arrives and throws it away. Any number of hooks of any name. */
#ifndef _NETGRAPH_NG_HOLE_H_
#define _NETGRAPH_NG_HOLE_H_

#include <stdint.h>

#define NG_HOLE_NODE_TYPE "hole"
#define NGM_HOLE_COOKIE 915433206

/* What one hook has swallowed. */
struct ng_hole_hookstat {
	uint64_t frames;
	uint64_t octets;
};
#define NG_HOLE_HOOKSTAT_TYPE_INFO \
	{ \
		{ "frames", &ng_parse_uint64_type, 0 }, { "octets", &ng_parse_uint64_type, 0 }, { NULL, NULL, 0 } \
	}

/* The argument of each is a hook name, NG_HOOKSIZ bytes. */
enum {
	NGM_HOLE_GET_STATS = 1, /* reply: struct ng_hole_hookstat */
	NGM_HOLE_CLR_STATS = 2,
	NGM_HOLE_GETCLR_STATS = 3 /* reply: struct ng_hole_hookstat, as it was before */
};

#endif /* _NETGRAPH_NG_HOLE_H_ */
