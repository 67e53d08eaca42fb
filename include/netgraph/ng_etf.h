/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_etf.h - node type "etf": sorts Ethernet frames to hooks by their type. Names, numbers and layouts are FreeBSD's.
 * ng_etf(4) describes the behaviour.
 */
#ifndef _NETGRAPH_NG_ETF_H_
#define _NETGRAPH_NG_ETF_H_

#include <stdint.h>
#include <netgraph/ng_message.h>

#define NG_ETF_NODE_TYPE "etf"
#define NGM_ETF_COOKIE 983084516

#define NG_ETF_HOOK_DOWNSTREAM "downstream" /* all frames */
#define NG_ETF_HOOK_NOMATCH "nomatch"	    /* frames that no filter wants */

/* NGM_ETF_GET_STATUS. 8 bytes. */
struct ng_etfstat {
	uint32_t packets_in;  /* by downstream */
	uint32_t packets_out; /* by downstream, without an error */
};
#define NG_ETF_STATS_TYPE_INFO \
	{ \
		{ "packets_in", &ng_parse_uint32_type, 0 }, { "packets_out", &ng_parse_uint32_type, 0 }, { NULL, NULL, 0 } \
	}

/* NGM_ETF_SET_FILTER. 34 bytes. */
struct ng_etffilter {
	char matchhook[NG_HOOKSIZ];
	uint16_t ethertype; /* host order */
};
#define NG_ETF_FILTER_TYPE_INFO \
	{ \
		{ "matchhook", &ng_parse_hookbuf_type, 0 }, { "ethertype", &ng_parse_uint16_type, 0 }, { NULL, NULL, 0 } \
	}

enum {
	NGM_ETF_SET_FLAG = 1, /* int32_t; kept, of no use */
	NGM_ETF_GET_STATUS = 2, /* reply: struct ng_etfstat */
	NGM_ETF_SET_FILTER = 3 /* struct ng_etffilter */
};

#endif /* _NETGRAPH_NG_ETF_H_ */
