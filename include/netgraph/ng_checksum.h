/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_checksum.h - node type "checksum": computes the checksums of IP, UDP and TCP, or prepares them for others. Names, numbers
 * and layouts are FreeBSD's. ng_checksum(4) describes the behaviour.
 */
#ifndef _NETGRAPH_NG_CHECKSUM_H_
#define _NETGRAPH_NG_CHECKSUM_H_

#include <stdint.h>
#include <netgraph/ng_message.h>

#define NG_CHECKSUM_NODE_TYPE "checksum"
#define NGM_CHECKSUM_COOKIE 439419912

/* Any name that begins with one of these. */
#define NG_CHECKSUM_HOOK_IN "in"
#define NG_CHECKSUM_HOOK_OUT "out"

/* Sums, of <sys/mbuf.h>: IP 1, UDP 2, TCP 4; UDP and TCP over IPv6 0x200 and 0x400. */
#define NG_CHECKSUM_CSUM_IPV4 (CSUM_IP | CSUM_TCP | CSUM_UDP)
#define NG_CHECKSUM_CSUM_IPV6 (CSUM_TCP_IPV6 | CSUM_UDP_IPV6)

/* NGM_CHECKSUM_SETCONFIG, NGM_CHECKSUM_GETCONFIG. 16 bytes. Both of NG_CHECKSUM_CSUM_IPV4 and NG_CHECKSUM_CSUM_IPV6. */
struct ng_checksum_config {
	uint64_t csum_flags;   /* asked for, beside what a packet's header asks for */
	uint64_t csum_offload; /* of these: only prepared, and asked for in the packet's header */
};
#define NG_CHECKSUM_CONFIG_TYPE \
	{ \
		{ "csum_flags", &ng_parse_uint64_type, 0 }, { "csum_offload", &ng_parse_uint64_type, 0 }, { NULL, NULL, 0 } \
	}

/* NGM_CHECKSUM_GET_STATS, NGM_CHECKSUM_GETCLR_STATS. 24 bytes. */
struct ng_checksum_stats {
	uint64_t received;  /* by an in hook */
	uint64_t processed; /* changed */
	uint64_t dropped;
};
#define NG_CHECKSUM_STATS_TYPE \
	{ \
		{ "Received", &ng_parse_uint64_type, 0 }, { "Processed", &ng_parse_uint64_type, 0 }, \
		    { "Dropped", &ng_parse_uint64_type, 0 }, { NULL, NULL, 0 } \
	}

/* What follows the two addresses and a tag's type on the wire, in network order. */
struct ng_checksum_vlan_header {
	uint16_t tag;
	uint16_t etype;
};

enum {
	NGM_CHECKSUM_GETDLT = 1, /* reply: uint8_t */
	NGM_CHECKSUM_SETDLT = 2, /* uint8_t: 1 Ethernet, 12 raw */
	NGM_CHECKSUM_GETCONFIG = 3, /* reply: struct ng_checksum_config, or none */
	NGM_CHECKSUM_SETCONFIG = 4, /* struct ng_checksum_config */
	NGM_CHECKSUM_GETCLR_STATS = 5, /* reply: what was cleared */
	NGM_CHECKSUM_GET_STATS = 6, /* reply: struct ng_checksum_stats */
	NGM_CHECKSUM_CLR_STATS = 7
};

#endif /* _NETGRAPH_NG_CHECKSUM_H_ */
