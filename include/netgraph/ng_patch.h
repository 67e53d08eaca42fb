/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_patch.h - node type "patch": arithmetic on numbers at given places of packets. Names, numbers and layouts are FreeBSD's.
 * ng_patch(4) describes the behaviour.
 */
#ifndef _NETGRAPH_NG_PATCH_H_
#define _NETGRAPH_NG_PATCH_H_

#include <stdint.h>
#include <netgraph/ng_message.h>

#define NG_PATCH_NODE_TYPE "patch"
#define NGM_PATCH_COOKIE 1262445509

/* Any name that begins with one of these. */
#define NG_PATCH_HOOK_IN "in"
#define NG_PATCH_HOOK_OUT "out"

enum {
	NG_PATCH_MODE_SET = 1,
	NG_PATCH_MODE_ADD = 2,
	NG_PATCH_MODE_SUB = 3,
	NG_PATCH_MODE_MUL = 4,
	NG_PATCH_MODE_DIV = 5,
	NG_PATCH_MODE_NEG = 6, /* takes no value */
	NG_PATCH_MODE_AND = 7,
	NG_PATCH_MODE_OR = 8,
	NG_PATCH_MODE_XOR = 9,
	NG_PATCH_MODE_SHL = 10,
	NG_PATCH_MODE_SHR = 11
};

struct ng_patch_op {
	uint32_t offset; /* of a number in the packet, which is big-endian and not signed */
	uint16_t length; /* its bytes: 1, 2, 4 or 8 */
	uint16_t mode;	 /* NG_PATCH_MODE_* */
	uint64_t val;	 /* as text: value */
};
#define NG_PATCH_OP_TYPE \
	{ \
		{ "offset", &ng_parse_uint32_type, 0 }, { "length", &ng_parse_uint16_type, 0 }, \
		    { "mode", &ng_parse_uint16_type, 0 }, { "value", &ng_parse_uint64_type, 0 }, { NULL, NULL, 0 } \
	}

/* NGM_PATCH_SETCONFIG, NGM_PATCH_GETCONFIG. 24 bytes and 16 an operation. */
struct ng_patch_config {
	uint32_t count;
	uint64_t csum_flags; /* CSUM_* for the packet's header: IP, UDP, TCP, SCTP, and the last three for IPv6 */
	uint32_t relative_offset; /* not 0, on Ethernet: offsets count from behind header and tags */
	struct ng_patch_op ops[];
};
#define NG_PATCH_CONFIG_TYPE(opstype) \
	{ \
		{ "count", &ng_parse_uint32_type, 0 }, { "csum_flags", &ng_parse_uint64_type, 0 }, \
		    { "relative_offset", &ng_parse_uint32_type, 0 }, { "ops", (opstype), 0 }, { NULL, NULL, 0 } \
	}

/* NGM_PATCH_GET_STATS, NGM_PATCH_GETCLR_STATS. 24 bytes. */
struct ng_patch_stats {
	uint64_t Received; /* by an in hook */
	uint64_t Patched;  /* an operation at least was done on */
	uint64_t Dropped;
};
#define NG_PATCH_STATS_TYPE \
	{ \
		{ "Received", &ng_parse_uint64_type, 0 }, { "Patched", &ng_parse_uint64_type, 0 }, \
		    { "Dropped", &ng_parse_uint64_type, 0 }, { NULL, NULL, 0 } \
	}

enum {
	NGM_PATCH_SETCONFIG = 1, /* struct ng_patch_config */
	NGM_PATCH_GETCONFIG = 2, /* reply: struct ng_patch_config, or none */
	NGM_PATCH_GET_STATS = 3, /* reply: struct ng_patch_stats */
	NGM_PATCH_CLR_STATS = 4,
	NGM_PATCH_GETCLR_STATS = 5, /* reply: what was cleared */
	NGM_PATCH_GETDLT = 6, /* reply: uint8_t */
	NGM_PATCH_SETDLT = 7 /* uint8_t: 1 Ethernet, 12 raw */
};

#endif /* _NETGRAPH_NG_PATCH_H_ */
