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

union ng_patch_op_val {
	uint8_t v1;
	uint16_t v2;
	uint32_t v4;
	uint64_t v8; /* the messages have this one, whatever the length */
};

struct ng_patch_op {
	uint32_t offset; /* of a number in the packet, which is big-endian and not signed */
	uint16_t length; /* its bytes: 1, 2, 4 or 8 */
	uint16_t mode;	 /* NG_PATCH_MODE_* */
	union ng_patch_op_val val; /* as text: value */
};
#define NG_PATCH_OP_TYPE \
	{ \
		{ "offset", &ng_parse_uint32_type, 0 }, { "length", &ng_parse_uint16_type, 0 }, \
		    { "mode", &ng_parse_uint16_type, 0 }, { "value", &ng_parse_uint64_type, 0 }, { NULL, NULL, 0 } \
	}

/* What csum_flags may have, of <sys/mbuf.h>. */
#define NG_PATCH_CSUM_IPV4 (CSUM_IP | CSUM_TCP | CSUM_UDP | CSUM_SCTP)
#define NG_PATCH_CSUM_IPV6 (CSUM_TCP_IPV6 | CSUM_UDP_IPV6 | CSUM_SCTP_IPV6)

/* NGM_PATCH_SETCONFIG, NGM_PATCH_GETCONFIG. 24 bytes and 16 an operation. */
struct ng_patch_config {
	uint32_t count;
	uint64_t csum_flags; /* for the packet's header: NG_PATCH_CSUM_IPV4, NG_PATCH_CSUM_IPV6 */
	uint32_t relative_offset; /* not 0, on Ethernet: offsets count from behind header and tags */
	struct ng_patch_op ops[];
};
/* For a source that has the type of such an array under this name. */
#define NG_PATCH_CONFIG_TYPE \
	{ \
		{ "count", &ng_parse_uint32_type, 0 }, { "csum_flags", &ng_parse_uint64_type, 0 }, \
		    { "relative_offset", &ng_parse_uint32_type, 0 }, { "ops", &ng_patch_ops_array_type, 0 }, { NULL, NULL, 0 } \
	}

/* NGM_PATCH_GET_STATS, NGM_PATCH_GETCLR_STATS. 24 bytes. */
struct ng_patch_stats {
	uint64_t received; /* by an in hook */
	uint64_t patched;  /* an operation at least was done on */
	uint64_t dropped;
};
#define NG_PATCH_STATS_TYPE \
	{ \
		{ "Received", &ng_parse_uint64_type, 0 }, { "Patched", &ng_parse_uint64_type, 0 }, \
		    { "Dropped", &ng_parse_uint64_type, 0 }, { NULL, NULL, 0 } \
	}

/* What follows the two addresses and a tag's type on the wire, in network order. */
struct ng_patch_vlan_header {
	uint16_t tag;
	uint16_t etype;
};

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
