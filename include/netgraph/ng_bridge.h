/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_bridge.h - node type "bridge": an Ethernet bridge that learns behind which of its links a host is. Names, numbers and
 * layouts are FreeBSD's, with the uplinks and the movehost message of its main branch. ng_bridge(4) describes the behaviour.
 */
#ifndef _NETGRAPH_NG_BRIDGE_H_
#define _NETGRAPH_NG_BRIDGE_H_

#include <stdint.h>
#include <netgraph/ng_message.h>

#ifdef _KERNEL
typedef struct ng_bridge_link *link_p; /* a link, in a node type's source that has such a structure */
#endif

#define NG_BRIDGE_NODE_TYPE "bridge"
#define NGM_BRIDGE_COOKIE 1569321993

/* Hooks: a prefix and a decimal number, or the prefix alone: then the node appends the lowest number that is free. */
#define NG_BRIDGE_HOOK_LINK_PREFIX "link"
#define NG_BRIDGE_HOOK_LINK_FMT "link%d" /* from 0 */
#define NG_BRIDGE_HOOK_UPLINK_PREFIX "uplink"
#define NG_BRIDGE_HOOK_UPLINK_FMT "uplink%d" /* from 1 */

/* NGM_BRIDGE_SET_CONFIG, NGM_BRIDGE_GET_CONFIG. 16 bytes; times in seconds. */
struct ng_bridge_config {
	uint8_t debugLevel;    /* from 2 on loops are logged; 1 at first */
	uint32_t loopTimeout;  /* how long a looping link stays muted; 60 */
	uint32_t maxStaleness; /* a host that was not heard for so long is forgotten; 900 */
	uint32_t minStableAge; /* a host that moves before it is so old is a loop; 1 */
};
#define NG_BRIDGE_CONFIG_TYPE_INFO \
	{ \
		{ "debugLevel", &ng_parse_uint8_type, 0 }, { "loopTimeout", &ng_parse_uint32_type, 0 }, \
		    { "maxStaleness", &ng_parse_uint32_type, 0 }, { "minStableAge", &ng_parse_uint32_type, 0 }, { NULL, NULL, 0 } \
	}

/* NGM_BRIDGE_GET_STATS and NGM_BRIDGE_GETCLR_STATS, of one link. */
struct ng_bridge_link_stats {
	uint64_t recvOctets;	 /* taken in by this link: runts, invalid ones and those that met a muted link are not */
	uint64_t recvPackets;
	uint64_t recvMulticasts; /* of these, to a group other than the broadcast address */
	uint64_t recvBroadcasts;
	uint64_t recvUnknown;	 /* of these, to a host nobody knows */
	uint64_t recvRunts;	 /* shorter than an Ethernet header */
	uint64_t recvInvalid;	 /* sent by a group address */
	uint64_t xmitOctets;	 /* sent out by this link and taken there */
	uint64_t xmitPackets;
	uint64_t xmitMulticasts;
	uint64_t xmitBroadcasts;
	uint64_t loopDrops;	 /* dropped because the link is muted, or because they showed the loop */
	uint64_t loopDetects;	 /* times the link was muted */
	uint64_t memoryFailures; /* packets not copied and hosts not learned for want of memory */
};
#define NG_BRIDGE_STATS_TYPE_INFO \
	{ \
		{ "recvOctets", &ng_parse_uint64_type, 0 }, { "recvPackets", &ng_parse_uint64_type, 0 }, \
		    { "recvMulticast", &ng_parse_uint64_type, 0 }, { "recvBroadcast", &ng_parse_uint64_type, 0 }, \
		    { "recvUnknown", &ng_parse_uint64_type, 0 }, { "recvRunts", &ng_parse_uint64_type, 0 }, \
		    { "recvInvalid", &ng_parse_uint64_type, 0 }, { "xmitOctets", &ng_parse_uint64_type, 0 }, \
		    { "xmitPackets", &ng_parse_uint64_type, 0 }, { "xmitMulticasts", &ng_parse_uint64_type, 0 }, \
		    { "xmitBroadcasts", &ng_parse_uint64_type, 0 }, { "loopDrops", &ng_parse_uint64_type, 0 }, \
		    { "loopDetects", &ng_parse_uint64_type, 0 }, { "memoryFailures", &ng_parse_uint64_type, 0 }, { NULL, NULL, 0 } \
	}

/* One known host: 42 bytes. */
struct ng_bridge_hostent {
	unsigned char addr[6];
	char hook[NG_HOOKSIZ]; /* where it is */
	uint16_t age;	       /* seconds since it came there, at most 65535 */
	uint16_t staleness;    /* seconds since it was heard */
};
#define NG_BRIDGE_HOST_TYPE_INFO(entype) \
	{ \
		{ "addr", (entype), 0 }, { "hook", &ng_parse_hookbuf_type, 0 }, { "age", &ng_parse_uint16_type, 0 }, \
		    { "staleness", &ng_parse_uint16_type, 0 }, { NULL, NULL, 0 } \
	}

/* NGM_BRIDGE_GET_TABLE: all of them, in no particular order. */
struct ng_bridge_host_ary {
	uint32_t numHosts;
#ifdef __cplusplus
	struct ng_bridge_hostent hosts[1];
#else
	struct ng_bridge_hostent hosts[];
#endif
};
#define NG_BRIDGE_HOST_ARY_TYPE_INFO(harytype) \
	{ \
		{ "numHosts", &ng_parse_uint32_type, 0 }, { "hosts", (harytype), 0 }, { NULL, NULL, 0 } \
	}

/* NGM_BRIDGE_MOVE_HOST: 38 bytes. */
struct ng_bridge_move_host {
	unsigned char addr[6];
	char hook[NG_HOOKSIZ]; /* "": the hook that the message came by */
};
#define NG_BRIDGE_MOVE_HOST_TYPE_INFO(entype) \
	{ \
		{ "addr", (entype), 0 }, { "hook", &ng_parse_hookbuf_type, 0 }, { NULL, NULL, 0 } \
	}

/* Commands. The number of a link is an int32_t: 3 is link3, -3 is uplink3. */
enum {
	NGM_BRIDGE_SET_CONFIG = 1,  /* struct ng_bridge_config */
	NGM_BRIDGE_GET_CONFIG,	    /* reply: struct ng_bridge_config */
	NGM_BRIDGE_RESET,	    /* forget all hosts, unmute all links, clear all counters */
	NGM_BRIDGE_GET_STATS,	    /* number of a link; reply: struct ng_bridge_link_stats */
	NGM_BRIDGE_CLR_STATS,	    /* number of a link */
	NGM_BRIDGE_GETCLR_STATS,    /* number of a link; reply: what was cleared */
	NGM_BRIDGE_GET_TABLE,	    /* reply: struct ng_bridge_host_ary */
	NGM_BRIDGE_SET_PERSISTENT,  /* stay when the last hook goes; there is no way back, NGM_SHUTDOWN still ends it */
	NGM_BRIDGE_MOVE_HOST	    /* struct ng_bridge_move_host: the host is there now */
};

#endif /* _NETGRAPH_NG_BRIDGE_H_ */
