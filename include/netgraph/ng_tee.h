/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_tee.h - node type "tee": a link between "right" and "left" with a tap for each direction. What enters by right leaves by
 * left and is copied to right2left, and the mirror image. What enters by right2left leaves by right, by left2right by left.
 */
#ifndef _NETGRAPH_NG_TEE_H_
#define _NETGRAPH_NG_TEE_H_

#include <stdint.h>

#define NG_TEE_NODE_TYPE "tee"
#define NGM_TEE_COOKIE 916107047

#define NG_TEE_HOOK_RIGHT "right"
#define NG_TEE_HOOK_LEFT "left"
#define NG_TEE_HOOK_RIGHT2LEFT "right2left"
#define NG_TEE_HOOK_LEFT2RIGHT "left2right"

/* In: arrived by this hook. Out: left by it. Zero again when the hook is attached anew. */
struct ng_tee_hookstat {
	uint64_t inOctets;
	uint64_t inFrames;
	uint64_t outOctets;
	uint64_t outFrames;
};
#define NG_TEE_HOOKSTAT_INFO \
	{ \
		{ "inOctets", &ng_parse_uint64_type, 0 }, { "inFrames", &ng_parse_uint64_type, 0 }, \
		    { "outOctets", &ng_parse_uint64_type, 0 }, { "outFrames", &ng_parse_uint64_type, 0 }, { NULL, NULL, 0 } \
	}

struct ng_tee_stats {
	struct ng_tee_hookstat right;
	struct ng_tee_hookstat left;
	struct ng_tee_hookstat right2left;
	struct ng_tee_hookstat left2right;
};
#define NG_TEE_STATS_INFO(hstype) \
	{ \
		{ "right", (hstype), 0 }, { "left", (hstype), 0 }, { "right2left", (hstype), 0 }, { "left2right", (hstype), 0 }, \
		{ \
			NULL, NULL, 0 \
		} \
	}

enum {
	NGM_TEE_GET_STATS = 1, /* reply: struct ng_tee_stats */
	NGM_TEE_CLR_STATS = 2,
	NGM_TEE_GETCLR_STATS = 3 /* reply: struct ng_tee_stats, as they were before */
};

#endif /* _NETGRAPH_NG_TEE_H_ */
