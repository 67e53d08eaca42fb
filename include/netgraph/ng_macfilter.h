/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_macfilter.h - node type "macfilter": sorts Ethernet frames to hooks by their source address. Names, numbers and layouts
 * are FreeBSD's. ng_macfilter(4) describes the behaviour.
 */
#ifndef _NETGRAPH_NG_MACFILTER_H_
#define _NETGRAPH_NG_MACFILTER_H_

#include <stdint.h>
#include <netgraph/ng_message.h>

#define NG_MACFILTER_NODE_TYPE "macfilter"
#define NGM_MACFILTER_COOKIE 1042445461

#define NG_MACFILTER_HOOK_ETHER "ether"	    /* all frames */
#define NG_MACFILTER_HOOK_DEFAULT "default" /* frames from addresses that are not known; ID 0 */
#define NG_MACFILTER_HOOK_DEFAULT_ID 0

#define NG_MACFILTER_ADDR_LEN 6

/* NGM_MACFILTER_DIRECT. 38 bytes. */
struct ngm_macfilter_direct {
	uint8_t ether[NG_MACFILTER_ADDR_LEN];
	char hookname[NG_HOOKSIZ]; /* "default", or one that is not there: the address is forgotten */
};
#define NGM_MACFILTER_DIRECT_FIELDS \
	{ \
		{ "ether", &ng_parse_enaddr_type, 0 }, { "hookname", &ng_parse_hookbuf_type, 0 }, { NULL, NULL, 0 } \
	}

/* NGM_MACFILTER_DIRECT_HOOKID. 8 bytes. */
struct ngm_macfilter_direct_hookid {
	uint8_t ether[NG_MACFILTER_ADDR_LEN];
	uint16_t hookid; /* 0: the address is forgotten */
};
#define NGM_MACFILTER_DIRECT_HOOKID_FIELDS \
	{ \
		{ "ether", &ng_parse_enaddr_type, 0 }, { "hookid", &ng_parse_uint16_type, 0 }, { NULL, NULL, 0 } \
	}

/* One address of NGM_MACFILTER_GET_MACS. 40 bytes. Bytes are without the 14 of the header. */
struct ngm_macfilter_mac {
	uint8_t ether[NG_MACFILTER_ADDR_LEN];
	uint16_t hookid;
	uint64_t packets_in; /* from the address, by ether */
	uint64_t bytes_in;
	uint64_t packets_out; /* to the address, by another hook */
	uint64_t bytes_out;
};
#define NGM_MACFILTER_MAC_FIELDS \
	{ \
		{ "ether", &ng_parse_enaddr_type, 0 }, { "hookid", &ng_parse_uint16_type, 0 }, \
		    { "packets_in", &ng_parse_uint64_type, 0 }, { "bytes_in", &ng_parse_uint64_type, 0 }, \
		    { "packets_out", &ng_parse_uint64_type, 0 }, { "bytes_out", &ng_parse_uint64_type, 0 }, { NULL, NULL, 0 } \
	}

/* NGM_MACFILTER_GET_MACS, NGM_MACFILTER_GETCLR_MACS: by address. */
struct ngm_macfilter_macs {
	uint32_t n;
	struct ngm_macfilter_mac macs[]; /* at 8 */
};
#define NGM_MACFILTER_MACS_FIELDS(mactype) \
	{ \
		{ "n", &ng_parse_uint32_type, 0 }, { "macs", (mactype), 0 }, { NULL, NULL, 0 } \
	}

/* One hook of NGM_MACFILTER_GET_HOOKS. 40 bytes. */
struct ngm_macfilter_hook {
	char hookname[NG_HOOKSIZ];
	uint16_t hookid;
	uint32_t maccnt; /* addresses that are directed to it */
};
#define NGM_MACFILTER_HOOK_FIELDS \
	{ \
		{ "hookname", &ng_parse_hookbuf_type, 0 }, { "hookid", &ng_parse_uint16_type, 0 }, \
		    { "maccnt", &ng_parse_uint32_type, 0 }, { NULL, NULL, 0 } \
	}

/* NGM_MACFILTER_GET_HOOKS: by ID, without ether. */
struct ngm_macfilter_hooks {
	uint32_t n;
	struct ngm_macfilter_hook hooks[];
};
#define NGM_MACFILTER_HOOKS_FIELDS(hooktype) \
	{ \
		{ "n", &ng_parse_uint32_type, 0 }, { "hooks", (hooktype), 0 }, { NULL, NULL, 0 } \
	}

enum {
	NGM_MACFILTER_RESET = 1, /* forget all addresses */
	NGM_MACFILTER_DIRECT = 2, /* struct ngm_macfilter_direct */
	NGM_MACFILTER_DIRECT_HOOKID = 3, /* struct ngm_macfilter_direct_hookid */
	NGM_MACFILTER_GET_MACS = 4, /* reply: struct ngm_macfilter_macs */
	NGM_MACFILTER_GETCLR_MACS = 5, /* reply: what was cleared */
	NGM_MACFILTER_CLR_MACS = 6, /* counters */
	NGM_MACFILTER_GET_HOOKS = 7 /* reply: struct ngm_macfilter_hooks */
};

#endif /* _NETGRAPH_NG_MACFILTER_H_ */
