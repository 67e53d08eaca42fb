/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_pipe.h - node type "pipe": a link with a bandwidth, a delay, queues and losses. Names, numbers and layouts are FreeBSD's.
 * ng_pipe(4) describes the behaviour.
 */
#ifndef _NETGRAPH_NG_PIPE_H_
#define _NETGRAPH_NG_PIPE_H_

#include <stdint.h>
#include <netgraph/ng_message.h>

#define NG_PIPE_NODE_TYPE "pipe"
#define NGM_PIPE_COOKIE 200708191

#define NG_PIPE_HOOK_UPPER "upper" /* what comes by it goes downstream */
#define NG_PIPE_HOOK_LOWER "lower" /* upstream */

#ifdef _KERNEL /* elsewhere these names are somebody else's */
#define MAX_FSIZE 65536 /* bytes: the longest frame */
#define MAX_OHSIZE 256	/* bytes: more than any overhead */
#endif

/* One direction of NGM_PIPE_GET_STATS. */
struct ng_pipe_hookstat {
	uint64_t fwd_octets; /* sent on */
	uint64_t fwd_frames;
	uint64_t in_disc_octets; /* dropped before they were transmitted: the queue was full */
	uint64_t in_disc_frames;
	uint64_t out_disc_octets; /* dropped afterwards: too many under way, bad bits, refused by the next node */
	uint64_t out_disc_frames;
};
#define NG_PIPE_HOOKSTAT_INFO \
	{ \
		{ "FwdOctets", &ng_parse_uint64_type, 0 }, { "FwdFrames", &ng_parse_uint64_type, 0 }, \
		    { "queueDropOctets", &ng_parse_uint64_type, 0 }, { "queueDropFrames", &ng_parse_uint64_type, 0 }, \
		    { "delayDropOctets", &ng_parse_uint64_type, 0 }, { "delayDropFrames", &ng_parse_uint64_type, 0 }, \
		{ \
			NULL, NULL, 0 \
		} \
	}

/* NGM_PIPE_GET_STATS, NGM_PIPE_GETCLR_STATS. 96 bytes. */
struct ng_pipe_stats {
	struct ng_pipe_hookstat downstream;
	struct ng_pipe_hookstat upstream;
};
#define NG_PIPE_STATS_INFO(hstype) \
	{ \
		{ "downstream", (hstype), 0 }, { "upstream", (hstype), 0 }, { NULL, NULL, 0 } \
	}

/* One direction of NGM_PIPE_GET_RUN: what is in the pipe now. */
struct ng_pipe_hookrun {
	uint32_t fifo_queues; /* flows with packets */
	uint32_t qin_octets;  /* waiting to be transmitted */
	uint32_t qin_frames;
	uint32_t qout_octets; /* under way */
	uint32_t qout_frames;
};
#define NG_PIPE_HOOKRUN_INFO \
	{ \
		{ "queues", &ng_parse_uint32_type, 0 }, { "queuedOctets", &ng_parse_uint32_type, 0 }, \
		    { "queuedFrames", &ng_parse_uint32_type, 0 }, { "delayedOctets", &ng_parse_uint32_type, 0 }, \
		    { "delayedFrames", &ng_parse_uint32_type, 0 }, { NULL, NULL, 0 } \
	}

/* NGM_PIPE_GET_RUN. 40 bytes. */
struct ng_pipe_run {
	struct ng_pipe_hookrun downstream;
	struct ng_pipe_hookrun upstream;
};
#define NG_PIPE_RUN_INFO(hstype) \
	{ \
		{ "downstream", (hstype), 0 }, { "upstream", (hstype), 0 }, { NULL, NULL, 0 } \
	}

/* One direction of NGM_PIPE_SET_CFG. 0: as it was; all ones: off. */
struct ng_pipe_hookcfg {
	uint64_t bandwidth;	  /* bits a second, 100 to 1000000000 */
	uint64_t ber;		  /* as text BER: one bad bit in so many, up to 10^12; 1: the link is down */
	uint32_t qin_size_limit;  /* as text queuelen: frames waiting, from 5 */
	uint32_t qout_size_limit; /* as text delaylen: frames under way, from 5 */
	uint32_t duplicate;	  /* per cent of packets that come twice, up to 50 */
	uint32_t fifo;		  /* first come, first served */
	uint32_t drr;		  /* flows by turns: bytes a turn; below 32: 2048 */
	uint32_t wfq;		  /* flows share the bandwidth */
	uint32_t droptail;	  /* a full queue drops what came last */
	uint32_t drophead;	  /* or what came first */
};
#define NG_PIPE_HOOKCFG_INFO \
	{ \
		{ "bandwidth", &ng_parse_uint64_type, 0 }, { "BER", &ng_parse_uint64_type, 0 }, \
		    { "queuelen", &ng_parse_uint32_type, 0 }, { "delaylen", &ng_parse_uint32_type, 0 }, \
		    { "duplicate", &ng_parse_uint32_type, 0 }, { "fifo", &ng_parse_uint32_type, 0 }, \
		    { "drr", &ng_parse_uint32_type, 0 }, { "wfq", &ng_parse_uint32_type, 0 }, \
		    { "droptail", &ng_parse_uint32_type, 0 }, { "drophead", &ng_parse_uint32_type, 0 }, { NULL, NULL, 0 } \
	}

/* NGM_PIPE_SET_CFG, NGM_PIPE_GET_CFG. 120 bytes. */
struct ng_pipe_cfg {
	uint64_t bandwidth;	/* of both directions, and sets overhead */
	uint64_t delay;		/* microseconds, up to 9999999 */
	uint32_t header_offset; /* where IPv4 begins in a frame, 1 to 63 */
	uint32_t overhead;	/* bytes a frame is longer on the link, 1 to 255 */
	struct ng_pipe_hookcfg downstream;
	struct ng_pipe_hookcfg upstream;
};
#define NG_PIPE_CFG_INFO(hstype) \
	{ \
		{ "bandwidth", &ng_parse_uint64_type, 0 }, { "delay", &ng_parse_uint64_type, 0 }, \
		    { "header_offset", &ng_parse_uint32_type, 0 }, { "overhead", &ng_parse_uint32_type, 0 }, \
		    { "downstream", (hstype), 0 }, { "upstream", (hstype), 0 }, { NULL, NULL, 0 } \
	}

enum {
	NGM_PIPE_GET_STATS = 1, /* reply: struct ng_pipe_stats */
	NGM_PIPE_CLR_STATS = 2,
	NGM_PIPE_GETCLR_STATS = 3, /* reply: what was cleared */
	NGM_PIPE_GET_RUN = 4, /* reply: struct ng_pipe_run */
	NGM_PIPE_GET_CFG = 5, /* reply: struct ng_pipe_cfg */
	NGM_PIPE_SET_CFG = 6 /* struct ng_pipe_cfg */
};

#endif /* _NETGRAPH_NG_PIPE_H_ */
