/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_sample.h - node type "sample": the one to copy when you write your own; docs/node-author.md walks through it.
 *
 * A link between "left" and "right" that counts, drops what is longer than a limit, and shows what it let through to any
 * number of taps, "tap0" to "tap31". A tap only listens: what is sent into it is refused with EINVAL.
 */
#ifndef _NETGRAPH_NG_SAMPLE_H_
#define _NETGRAPH_NG_SAMPLE_H_

#include <stdint.h>
#include <netgraph/ng_message.h>

#define NG_SAMPLE_NODE_TYPE "sample"
#define NGM_SAMPLE_COOKIE 1795305600 /* any number nobody else has: seconds since 1970 when the type was made */

#define NG_SAMPLE_HOOK_LEFT "left"
#define NG_SAMPLE_HOOK_RIGHT "right"
#define NG_SAMPLE_HOOK_TAP "tap" /* and a decimal number without leading zeros */
#define NG_SAMPLE_TAPS 32

/* NGM_SAMPLE_SET_CONFIG, NGM_SAMPLE_GET_CONFIG. A new node has zeros. */
struct ng_sample_config {
	uint32_t maxlen;     /* longer packets are dropped with EMSGSIZE; 0: none is */
	uint32_t persistent; /* stay when the last hook goes */
};
#define NG_SAMPLE_CONFIG_INFO \
	{ \
		{ "maxlen", &ng_parse_uint32_type, 0 }, { "persistent", &ng_parse_uint32_type, 0 }, { NULL, NULL, 0 } \
	}

/* NGM_SAMPLE_GET_STATS, for one hook. */
struct ng_sample_hookstat {
	uint64_t in;	   /* packets that arrived by it */
	uint64_t inOctets;
	uint64_t out;	   /* packets handed to its peer, who may still have refused them */
	uint64_t outOctets;
	uint64_t drops;	   /* arrived and went no further: too long, no way out, or sent into a tap */
};
#define NG_SAMPLE_HOOKSTAT_INFO \
	{ \
		{ "in", &ng_parse_uint64_type, 0 }, { "inOctets", &ng_parse_uint64_type, 0 }, { "out", &ng_parse_uint64_type, 0 }, \
		    { "outOctets", &ng_parse_uint64_type, 0 }, { "drops", &ng_parse_uint64_type, 0 }, { NULL, NULL, 0 } \
	}

/*
 * Commands. NGM_READONLY: the command changes nothing, so it may run beside packets and other readers; without it the node
 * stands still for it. NGM_HASREPLY: who sends it waits for an answer. These macros are in <netgraph/ng_message.h>.
 */
enum {
	NGM_SAMPLE_SET_CONFIG = 1,				    /* struct ng_sample_config */
	NGM_SAMPLE_GET_CONFIG = 2 | NGM_READONLY | NGM_HASREPLY,    /* reply: struct ng_sample_config */
	NGM_SAMPLE_GET_STATS = 3 | NGM_READONLY | NGM_HASREPLY,	    /* hook name, NG_HOOKSIZ bytes; reply: ng_sample_hookstat */
	NGM_SAMPLE_CLR_STATS = 4				    /* of all hooks */
};

#endif /* _NETGRAPH_NG_SAMPLE_H_ */
