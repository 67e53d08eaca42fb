/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_fault.h - node type "fault": a link between "upper" and "lower" that injures what crosses it, on purpose: packets are lost,
 * get a bit flipped, come twice, are overtaken by others, or come late. Each direction has its own measure. Downstream is what
 * enters by "upper" and leaves by "lower"; upstream is the other way.
 *
 * What happens to a packet depends on nothing but the seed, the direction and the packet's number in its direction (0 is the first
 * one after NGM_FAULT_SET_CONFIG): the same seed does the same again, in a graph, on a machine and with a backend of any kind,
 * as long as each direction gets its packets in the same order. The kinds of injury are drawn apart: that some are turned on or off
 * does not change whom the others meet.
 *
 * In this order: a lost packet is gone. Else it may be corrupted, then duplicated; the copy stays with it. Then it may be held
 * back while others pass, and after that, delayed.
 */
#ifndef _NETGRAPH_NG_FAULT_H_
#define _NETGRAPH_NG_FAULT_H_

#include <stdint.h>
#include <netgraph/ng_message.h>

#define NG_FAULT_NODE_TYPE "fault"
#define NGM_FAULT_COOKIE 1795312800

#define NG_FAULT_HOOK_UPPER "upper"
#define NG_FAULT_HOOK_LOWER "lower"

/* Limits; what is beyond them is EINVAL. */
#define NG_FAULT_ALWAYS 1000000	   /* chances are in millionths: every packet */
#define NG_FAULT_MAX_LOG 256	   /* injuries */
#define NG_FAULT_MAX_OVERTAKE 256  /* packets */
#define NG_FAULT_MAX_TIME 3600000  /* ms */
#define NG_FAULT_MAX_WAITING 65536 /* packets */

#define NG_FAULT_MAX_HELD 256 /* more than these are not held back at a time */

/* What reorderMax, reorderTime and delayMax are when they are 0. */
#define NG_FAULT_REORDER_MAX 3
#define NG_FAULT_REORDER_TIME 100
#define NG_FAULT_DELAY_MAX 1000

/* One direction. Chances in millionths, times in milliseconds, rounded up to whole ticks of the clock. */
struct ng_fault_dirconf {
	uint32_t loss;	      /* chance to be lost */
	uint32_t corrupt;     /* chance to have one bit flipped, anywhere in the packet */
	uint32_t duplicate;   /* chance to come twice */
	uint32_t reorder;     /* chance to be held back until 1 to reorderMax later packets have passed, */
	uint32_t reorderMax;  /* which is how many, */
	uint32_t reorderTime; /* or until this time is over */
	uint32_t delay;	      /* chance to be late by delayTime and up to delayJitter more. Late packets keep their order; */
	uint32_t delayTime;   /* those that are not late overtake them */
	uint32_t delayJitter;
	uint32_t delayMax; /* as many wait at a time; a packet that should wait, too, is dropped and counted: ENOBUFS */
};
#define NG_FAULT_DIRCONF_INFO \
	{ \
		{ "loss", &ng_parse_uint32_type, 0 }, { "corrupt", &ng_parse_uint32_type, 0 }, \
		    { "duplicate", &ng_parse_uint32_type, 0 }, { "reorder", &ng_parse_uint32_type, 0 }, \
		    { "reorderMax", &ng_parse_uint32_type, 0 }, { "reorderTime", &ng_parse_uint32_type, 0 }, \
		    { "delay", &ng_parse_uint32_type, 0 }, { "delayTime", &ng_parse_uint32_type, 0 }, \
		    { "delayJitter", &ng_parse_uint32_type, 0 }, { "delayMax", &ng_parse_uint32_type, 0 }, { NULL, NULL, 0 } \
	}

/*
 * NGM_FAULT_SET_CONFIG, NGM_FAULT_GET_CONFIG. A new node has zeros: it injures nothing. Setting starts anew, even when nothing
 * changes: the next packet of each direction is number 0, and the log is empty. What waits goes on waiting; counters stay.
 */
struct ng_fault_config {
	uint64_t seed;
	struct ng_fault_dirconf downstream;
	struct ng_fault_dirconf upstream;
	uint32_t logSize; /* keep the last so many injuries for NGM_FAULT_GET_LOG; 0: none */
	uint32_t spare;	  /* 0 */
};
#define NG_FAULT_CONFIG_INFO(dirtype) \
	{ \
		{ "seed", &ng_parse_uint64_type, 0 }, { "downstream", (dirtype), 0 }, { "upstream", (dirtype), 0 }, \
		    { "logSize", &ng_parse_uint32_type, 0 }, { NULL, NULL, 0 } \
	}

/*
 * One direction, since the node was made or the counters were cleared. Nothing goes missing (when no counters were cleared):
 * recvPackets + duplicated == xmitPackets + lost + overflows + unconnected + flushed + waiting
 */
struct ng_fault_dirstat {
	uint64_t recvPackets; /* arrived */
	uint64_t recvOctets;
	uint64_t xmitPackets; /* handed to the peer at the other side, who may still have refused them */
	uint64_t xmitOctets;
	uint64_t lost; /* injuries */
	uint64_t corrupted;
	uint64_t duplicated;
	uint64_t reordered;
	uint64_t delayed;
	uint64_t overflows;	 /* dropped: delayMax were waiting already */
	uint64_t unconnected;	 /* dropped: no hook at the other side when they arrived */
	uint64_t flushed;	 /* dropped: the hook they waited for went away */
	uint64_t memoryFailures; /* injuries left out, or waiting cut short, because memory was short */
	uint64_t waiting;	 /* here now, held back or late; not cleared */
};
#define NG_FAULT_DIRSTAT_INFO \
	{ \
		{ "recvPackets", &ng_parse_uint64_type, 0 }, { "recvOctets", &ng_parse_uint64_type, 0 }, \
		    { "xmitPackets", &ng_parse_uint64_type, 0 }, { "xmitOctets", &ng_parse_uint64_type, 0 }, \
		    { "lost", &ng_parse_uint64_type, 0 }, { "corrupted", &ng_parse_uint64_type, 0 }, \
		    { "duplicated", &ng_parse_uint64_type, 0 }, { "reordered", &ng_parse_uint64_type, 0 }, \
		    { "delayed", &ng_parse_uint64_type, 0 }, { "overflows", &ng_parse_uint64_type, 0 }, \
		    { "unconnected", &ng_parse_uint64_type, 0 }, { "flushed", &ng_parse_uint64_type, 0 }, \
		    { "memoryFailures", &ng_parse_uint64_type, 0 }, { "waiting", &ng_parse_uint64_type, 0 }, { NULL, NULL, 0 } \
	}

/* NGM_FAULT_GET_STATS, NGM_FAULT_GETCLR_STATS */
struct ng_fault_stats {
	struct ng_fault_dirstat downstream;
	struct ng_fault_dirstat upstream;
};
#define NG_FAULT_STATS_INFO(dirtype) \
	{ \
		{ "downstream", (dirtype), 0 }, { "upstream", (dirtype), 0 }, { NULL, NULL, 0 } \
	}

/* Kinds of injury. */
enum {
	NG_FAULT_LOST = 1,
	NG_FAULT_CORRUPTED = 2,
	NG_FAULT_DUPLICATED = 3,
	NG_FAULT_REORDERED = 4,
	NG_FAULT_DELAYED = 5
};

/* One injury. */
struct ng_fault_event {
	uint64_t packet; /* its number in its direction */
	uint32_t detail; /* corrupted: which byte; reordered: how many may overtake it; delayed: ms; else 0 */
	uint8_t bit;	 /* corrupted: which bit of the byte, 0 the least */
	uint8_t kind;	 /* NG_FAULT_* */
	uint8_t upstream; /* 1: upstream, 0: downstream */
	uint8_t spare;
};
#define NG_FAULT_EVENT_INFO \
	{ \
		{ "packet", &ng_parse_uint64_type, 0 }, { "detail", &ng_parse_uint32_type, 0 }, { "bit", &ng_parse_uint8_type, 0 }, \
		    { "kind", &ng_parse_uint8_type, 0 }, { "upstream", &ng_parse_uint8_type, 0 }, { NULL, NULL, 0 } \
	}

/* NGM_FAULT_GET_LOG: oldest first. */
struct ng_fault_log {
	uint64_t total; /* injuries since NGM_FAULT_SET_CONFIG, those that are not in here any more included */
	uint32_t n;	/* events that follow */
	uint32_t spare;
#ifdef __cplusplus
	struct ng_fault_event event[1];
#else
	struct ng_fault_event event[];
#endif
};
#define NG_FAULT_LOG_INFO(arraytype) \
	{ \
		{ "total", &ng_parse_uint64_type, 0 }, { "n", &ng_parse_uint32_type, 0 }, { "event", (arraytype), 0 }, \
		{ \
			NULL, NULL, 0 \
		} \
	}

enum {
	NGM_FAULT_SET_CONFIG = 1, /* struct ng_fault_config */
	NGM_FAULT_GET_CONFIG = 2 | NGM_READONLY | NGM_HASREPLY, /* reply: struct ng_fault_config */
	NGM_FAULT_GET_STATS = 3 | NGM_READONLY | NGM_HASREPLY, /* reply: struct ng_fault_stats */
	NGM_FAULT_CLR_STATS = 4,
	NGM_FAULT_GETCLR_STATS = 5 | NGM_HASREPLY, /* reply: struct ng_fault_stats, as they were before */
	NGM_FAULT_GET_LOG = 6 | NGM_READONLY | NGM_HASREPLY /* reply: struct ng_fault_log */
};

#endif /* _NETGRAPH_NG_FAULT_H_ */
