/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_source.h - node type "source": sends packets it was given again and again, at a given rate. Names, numbers and layouts
 * are FreeBSD's. ng_source(4) describes the behaviour.
 */
#ifndef _NETGRAPH_NG_SOURCE_H_
#define _NETGRAPH_NG_SOURCE_H_

#include <stdint.h>
#include <sys/time.h>
#include <netgraph/ng_message.h>

#define NG_SOURCE_NODE_TYPE "source"
#define NGM_SOURCE_COOKIE 1110646684

#define NG_SOURCE_HOOK_INPUT "input"   /* packets to be sent */
#define NG_SOURCE_HOOK_OUTPUT "output" /* where they go */

/* NGM_SOURCE_GET_STATS, NGM_SOURCE_GETCLR_STATS. 96 bytes. */
struct ng_source_stats {
	uint64_t outOctets; /* sent */
	uint64_t outFrames;
	uint32_t queueOctets; /* in the list */
	uint32_t queueFrames;
	uint32_t maxPps;	    /* packets a second at most */
	struct timeval startTime;   /* uptime at the last start */
	struct timeval endTime;	    /* when that came to its end */
	struct timeval elapsedTime; /* from start to end, or until now */
	struct timeval lastTime;    /* when packets were last sent */
};
#define NG_SOURCE_STATS_TYPE_INFO(tvtype) \
	{ \
		{ "outOctets", &ng_parse_uint64_type, 0 }, { "outFrames", &ng_parse_uint64_type, 0 }, \
		    { "queueOctets", &ng_parse_uint32_type, 0 }, { "queueFrames", &ng_parse_uint32_type, 0 }, \
		    { "maxPps", &ng_parse_uint32_type, 0 }, { "startTime", (tvtype), 0 }, { "endTime", (tvtype), 0 }, \
		    { "elapsedTime", (tvtype), 0 }, { "lastTime", (tvtype), 0 }, { NULL, NULL, 0 } \
	}

/* Flags of the two below. */
#define NGM_SOURCE_EMBED_ENABLE 0x01
#define NGM_SOURCE_INC_CNT_PER_LIST 0x02 /* a counter steps once per pass over the list, not with each packet */

/* NGM_SOURCE_SET_TIMESTAMP, NGM_SOURCE_GET_TIMESTAMP. 4 bytes. */
struct ng_source_embed_info {
	uint16_t offset; /* in the packet */
	uint8_t flags;
	uint8_t spare;
};
#define NG_SOURCE_EMBED_TYPE_INFO \
	{ \
		{ "offset", &ng_parse_hint16_type, 0 }, { "flags", &ng_parse_hint8_type, 0 }, { NULL, NULL, 0 } \
	}

/* NGM_SOURCE_SET_COUNTER, NGM_SOURCE_GET_COUNTER. 24 bytes. */
#define NG_SOURCE_COUNTERS 4
struct ng_source_embed_cnt_info {
	uint16_t offset;
	uint8_t flags;
	uint8_t width;	   /* bytes in the packet: 1, 2 or 4 */
	uint32_t next_val; /* what the next packet gets */
	uint32_t min_val;  /* the counter stays between these */
	uint32_t max_val;
	int32_t increment;
	uint8_t index; /* which one, below NG_SOURCE_COUNTERS */
};
#define NG_SOURCE_EMBED_CNT_TYPE_INFO \
	{ \
		{ "offset", &ng_parse_hint16_type, 0 }, { "flags", &ng_parse_hint8_type, 0 }, { "width", &ng_parse_uint8_type, 0 }, \
		    { "next_val", &ng_parse_uint32_type, 0 }, { "min_val", &ng_parse_uint32_type, 0 }, \
		    { "max_val", &ng_parse_uint32_type, 0 }, { "increment", &ng_parse_int32_type, 0 }, \
		    { "index", &ng_parse_uint8_type, 0 }, { NULL, NULL, 0 } \
	}

enum {
	NGM_SOURCE_GET_STATS = 1, /* reply: struct ng_source_stats */
	NGM_SOURCE_CLR_STATS = 2, /* maxPps, too */
	NGM_SOURCE_GETCLR_STATS = 3, /* reply: what was cleared */
	NGM_SOURCE_START = 4, /* uint64_t: packets to send */
	NGM_SOURCE_STOP = 5,
	NGM_SOURCE_CLR_DATA = 6, /* forget the packets */
	NGM_SOURCE_SETIFACE = 7, /* string: the interface whose send queue sets the pace */
	NGM_SOURCE_SETPPS = 8, /* uint32_t: packets a second at most; 0: no limit */
	NGM_SOURCE_SET_TIMESTAMP = 9, /* struct ng_source_embed_info */
	NGM_SOURCE_GET_TIMESTAMP = 10, /* reply: struct ng_source_embed_info */
	NGM_SOURCE_SET_COUNTER = 11, /* struct ng_source_embed_cnt_info */
	NGM_SOURCE_GET_COUNTER = 12 /* uint8_t index; reply: struct ng_source_embed_cnt_info */
};

#endif /* _NETGRAPH_NG_SOURCE_H_ */
