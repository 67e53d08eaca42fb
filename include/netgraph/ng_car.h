/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_car.h - node type "car": committed access rate, limits what passes. Names, numbers and layouts are FreeBSD's. ng_car(4)
 * describes the behaviour.
 */
#ifndef _NETGRAPH_NG_CAR_H_
#define _NETGRAPH_NG_CAR_H_

#include <stdint.h>
#include <netgraph/ng_message.h>

#define NG_CAR_NODE_TYPE "car"
#define NGM_CAR_COOKIE 1173648034

#define NG_CAR_HOOK_UPPER "upper" /* what comes by it goes downstream */
#define NG_CAR_HOOK_LOWER "lower" /* upstream */

/* One direction of NGM_CAR_GET_STATS. */
struct ng_car_hookstats {
	uint64_t passed_pkts;
	uint64_t dropped_pkts;
	uint64_t green_pkts;  /* within cir and cbs */
	uint64_t yellow_pkts; /* within what is allowed beyond, or queued */
	uint64_t red_pkts;    /* neither */
	uint64_t errors;      /* marked, or refused by the next node */
};
#define NG_CAR_HOOKSTATS \
	{ \
		{ "passed", &ng_parse_uint64_type, 0 }, { "dropped", &ng_parse_uint64_type, 0 }, \
		    { "green", &ng_parse_uint64_type, 0 }, { "yellow", &ng_parse_uint64_type, 0 }, \
		    { "red", &ng_parse_uint64_type, 0 }, { "errors", &ng_parse_uint64_type, 0 }, { NULL, NULL, 0 } \
	}

/* NGM_CAR_GET_STATS, NGM_CAR_GETCLR_STATS. 96 bytes. */
struct ng_car_bulkstats {
	struct ng_car_hookstats upstream;
	struct ng_car_hookstats downstream;
};
#define NG_CAR_BULKSTATS(hstype) \
	{ \
		{ "upstream", (hstype), 0 }, { "downstream", (hstype), 0 }, { NULL, NULL, 0 } \
	}

/* What becomes of a packet of a colour; anything else drops. */
enum {
	NG_CAR_ACTION_FORWARD = 1,
	NG_CAR_ACTION_DROP = 2,
	NG_CAR_ACTION_MARK = 3 /* forwarded, and counted as an error */
};

enum {
	NG_CAR_SINGLE_RATE = 0, /* what overflows the first bucket goes into the second */
	NG_CAR_DOUBLE_RATE = 1, /* the second has a rate of its own */
	NG_CAR_RED = 2,		/* packets may borrow; the more is owed, the likelier they are red */
	NG_CAR_SHAPE = 3	/* what is too much waits */
};

/* opt */
#define NG_CAR_COLOR_AWARE 1	/* of no use */
#define NG_CAR_COUNT_PACKETS 2 /* rates are packets a second, sizes packets */

#define NG_CAR_CBS_MIN 8192   /* bytes: what a bucket holds at first */
#define NG_CAR_EBS_MIN 8192
#define NG_CAR_CIR_DFLT 10240 /* bits a second, at first */

/* One direction of NGM_CAR_SET_CONF. */
struct ng_car_hookconf {
	uint64_t cbs; /* bytes the first bucket holds */
	uint64_t ebs; /* bytes the second holds */
	uint64_t cir; /* bits a second into the first, up to 10^9 */
	uint64_t pir; /* bits a second into the second, up to 10^9 */
	uint8_t green_action; /* NG_CAR_ACTION_* */
	uint8_t yellow_action;
	uint8_t red_action;
	uint8_t mode; /* NG_CAR_SINGLE_RATE ... */
	uint8_t opt;
};
#define NG_CAR_HOOKCONF \
	{ \
		{ "cbs", &ng_parse_uint64_type, 0 }, { "ebs", &ng_parse_uint64_type, 0 }, { "cir", &ng_parse_uint64_type, 0 }, \
		    { "pir", &ng_parse_uint64_type, 0 }, { "greenAction", &ng_parse_uint8_type, 0 }, \
		    { "yellowAction", &ng_parse_uint8_type, 0 }, { "redAction", &ng_parse_uint8_type, 0 }, \
		    { "mode", &ng_parse_uint8_type, 0 }, { "opt", &ng_parse_uint8_type, 0 }, { NULL, NULL, 0 } \
	}

/* NGM_CAR_SET_CONF, NGM_CAR_GET_CONF. 80 bytes. */
struct ng_car_bulkconf {
	struct ng_car_hookconf upstream;
	struct ng_car_hookconf downstream;
};
#define NG_CAR_BULKCONF(hstype) \
	{ \
		{ "upstream", (hstype), 0 }, { "downstream", (hstype), 0 }, { NULL, NULL, 0 } \
	}

enum {
	NGM_CAR_GET_STATS = 1, /* reply: struct ng_car_bulkstats */
	NGM_CAR_CLR_STATS = 2,
	NGM_CAR_GETCLR_STATS = 3, /* reply: what was cleared */
	NGM_CAR_GET_CONF = 4, /* reply: struct ng_car_bulkconf */
	NGM_CAR_SET_CONF = 5 /* struct ng_car_bulkconf */
};

#endif /* _NETGRAPH_NG_CAR_H_ */
