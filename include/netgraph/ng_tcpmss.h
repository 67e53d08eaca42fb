/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_tcpmss.h - node type "tcpmss": lowers the MSS option of TCP connections being opened. Hooks of any name. Names, numbers
 * and layouts are FreeBSD's. ng_tcpmss(4) describes the behaviour.
 */
#ifndef _NETGRAPH_NG_TCPMSS_H_
#define _NETGRAPH_NG_TCPMSS_H_

#include <stdint.h>
#include <netgraph/ng_message.h>

#define NG_TCPMSS_NODE_TYPE "tcpmss"
#define NGM_TCPMSS_COOKIE 1097623478

/* What came by one hook. 40 bytes. */
struct ng_tcpmss_hookstat {
	uint64_t Octets;
	uint64_t Packets;
	uint16_t maxMSS; /* as configured; 0: nothing is changed */
	uint64_t SYNPkts; /* of these packets, TCP with SYN */
	uint64_t FixedPkts; /* of these, changed */
};
#define NG_TCPMSS_HOOKSTAT_INFO \
	{ \
		{ "Octets", &ng_parse_uint64_type, 0 }, { "Packets", &ng_parse_uint64_type, 0 }, \
		    { "maxMSS", &ng_parse_uint16_type, 0 }, { "SYNPkts", &ng_parse_uint64_type, 0 }, \
		    { "FixedPkts", &ng_parse_uint64_type, 0 }, { NULL, NULL, 0 } \
	}

/* NGM_TCPMSS_CONFIG. 66 bytes. */
struct ng_tcpmss_config {
	char inHook[NG_HOOKSIZ];  /* what comes by this one */
	char outHook[NG_HOOKSIZ]; /* leaves by that one */
	uint16_t maxMSS;	  /* with no MSS option above this; 0: unchanged */
};
#define NG_TCPMSS_CONFIG_INFO \
	{ \
		{ "inHook", &ng_parse_hookbuf_type, 0 }, { "outHook", &ng_parse_hookbuf_type, 0 }, \
		    { "maxMSS", &ng_parse_uint16_type, 0 }, { NULL, NULL, 0 } \
	}

/* The argument of the first three is a hook name, NG_HOOKSIZ bytes. */
enum {
	NGM_TCPMSS_GET_STATS = 1, /* reply: struct ng_tcpmss_hookstat */
	NGM_TCPMSS_CLR_STATS = 2, /* clears maxMSS, too */
	NGM_TCPMSS_GETCLR_STATS = 3, /* reply: what was cleared */
	NGM_TCPMSS_CONFIG = 4 /* struct ng_tcpmss_config */
};

#endif /* _NETGRAPH_NG_TCPMSS_H_ */
