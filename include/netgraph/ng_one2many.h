/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_one2many.h - node type "one2many": several links behind one hook. What enters by "one" leaves by one of the active links
 * "many0" to "many63", or by all of them; what enters by a link leaves by "one".
 */
#ifndef _NETGRAPH_NG_ONE2MANY_H_
#define _NETGRAPH_NG_ONE2MANY_H_

#include <stdint.h>

#define NG_ONE2MANY_NODE_TYPE "one2many"
#define NGM_ONE2MANY_COOKIE 1100897444

#define NG_ONE2MANY_HOOK_ONE "one"
#define NG_ONE2MANY_HOOK_MANY_PREFIX "many" /* and a decimal number without leading zeros */
#define NG_ONE2MANY_HOOK_MANY_FMT "many%d"

#define NG_ONE2MANY_MAX_LINKS 64
#define NG_ONE2MANY_ONE_LINKNUM (-1) /* hook "one", where a message wants a link's number */

/* xmitAlg: which of the active links gets a packet from "one" */
#define NG_ONE2MANY_XMIT_ROUNDROBIN 1 /* one after the other, in the order of their numbers */
#define NG_ONE2MANY_XMIT_ALL 2
#define NG_ONE2MANY_XMIT_FAILOVER 3 /* the lowest */

/* failAlg: who says that a link is out of order */
#define NG_ONE2MANY_FAIL_MANUAL 1 /* NGM_ONE2MANY_SET_CONFIG */
#define NG_ONE2MANY_FAIL_NOTIFY 2 /* and the link itself, with NGM_LINK_IS_UP and NGM_LINK_IS_DOWN (NGM_FLOW_COOKIE) */

/*
 * NGM_ONE2MANY_SET_CONFIG, NGM_ONE2MANY_GET_CONFIG. A link is active when it is connected and enabled. Connecting it enables
 * it, disconnecting it disables it. In a reply enabledLinks are 0 or 1. A new node has round robin, manual, and zeros.
 */
struct ng_one2many_config {
	uint32_t xmitAlg;
	uint32_t failAlg;
	uint8_t enabledLinks[NG_ONE2MANY_MAX_LINKS];
};
#define NG_ONE2MANY_CONFIG_TYPE_INFO(atype) \
	{ \
		{ "xmitAlg", &ng_parse_uint32_type, 0 }, { "failAlg", &ng_parse_uint32_type, 0 }, { "enabledLinks", (atype), 0 }, \
		{ \
			NULL, NULL, 0 \
		} \
	}

/* Of one link, or of "one". Zero again when the hook is connected anew. */
struct ng_one2many_link_stats {
	uint64_t recvOctets; /* arrived by it */
	uint64_t recvPackets;
	uint64_t xmitOctets; /* handed to its peer, who may still have refused them */
	uint64_t xmitPackets;
	uint64_t memoryFailures; /* copies for it that could not be made */
};
#define NG_ONE2MANY_LINK_STATS_TYPE_INFO \
	{ \
		{ "recvOctets", &ng_parse_uint64_type, 0 }, { "recvPackets", &ng_parse_uint64_type, 0 }, \
		    { "xmitOctets", &ng_parse_uint64_type, 0 }, { "xmitPackets", &ng_parse_uint64_type, 0 }, \
		    { "memoryFailures", &ng_parse_uint64_type, 0 }, { NULL, NULL, 0 } \
	}

/* A link is an int32_t, -1 to 63; it need not be connected. */
enum {
	NGM_ONE2MANY_SET_CONFIG = 0, /* struct ng_one2many_config */
	NGM_ONE2MANY_GET_CONFIG = 1, /* reply: struct ng_one2many_config */
	NGM_ONE2MANY_GET_STATS = 2, /* link; reply: struct ng_one2many_link_stats */
	NGM_ONE2MANY_CLR_STATS = 3, /* link */
	NGM_ONE2MANY_GETCLR_STATS = 4 /* link; reply: struct ng_one2many_link_stats, as they were before */
};

#endif /* _NETGRAPH_NG_ONE2MANY_H_ */
