/* SPDX-License-Identifier: BSD-2-Clause */
/* ng_shim.h - cookies, commands and structures of the kernel-style test nodes: ng_flows.c, ng_table.c, ng_press.c, ng_toil.c. */
#ifndef TESTS_NODES_NG_SHIM_H
#define TESTS_NODES_NG_SHIM_H

#include <stdint.h>

/* flows: hooks "in" and "out"; IPv4 packets from in to out, counted and numbered by source address */
#define NGM_FLOWS_COOKIE 1790000001
enum {
	NGM_FLOWS_GET = 1, /* reply: struct ng_flows_stats */
	NGM_FLOWS_SET = 2, /* struct ng_flows_conf */
	NGM_FLOWS_TOP = 3  /* uint32_t: so many flows at most in all nodes of the network stack; 1000 */
};
struct ng_flows_conf {
	uint32_t age; /* ms without a packet after which a flow is forgotten; 0: never */
	uint32_t max; /* flows; 0: no limit */
};
struct ng_flows_stats {
	uint64_t packets, passed, refused, forgotten;
	uint32_t flows;
	uint32_t sum; /* of the packets of all flows there are */
	uint32_t here, top; /* of the network stack: flows in all its nodes, and at most */
};
#define FLOWS_TAG_COOKIE 1790000011 /* m_tag(9) on what comes out; type 1; uint32_t, the flow's number */

/* table: hooks "p0" to "p31"; Ethernet frames to the hook that the table has for their destination, else to hook "p0" */
#define NGM_TABLE_COOKIE 1790000002
enum {
	NGM_TABLE_ADD = 1, /* struct ng_table_entry */
	NGM_TABLE_DEL = 2, /* struct ng_table_entry; port does not matter */
	NGM_TABLE_GET = 3, /* reply: string */
	NGM_TABLE_FLOOD = 4, /* uint32_t: unknown destinations to hook p0 (1), or nowhere (0) */
	NGM_TABLE_LEARN = 5 /* uint32_t: a thread adds senders that are not known (1), or no longer (0) */
};
struct ng_table_entry {
	uint8_t addr[6];
	uint16_t port;
};

/* press: hooks "plain" and "coded"; packets are compressed and enciphered one way, and brought back the other way */
#define NGM_PRESS_COOKIE 1790000003
enum {
	NGM_PRESS_KEY = 1, /* string: what the key is made of */
	NGM_PRESS_GET = 2  /* reply: struct ng_press_stats */
};
struct ng_press_stats {
	uint32_t coded, copied, decoded, errors;
};

/* toil: hooks "in" and "out"; packets from in leave by out, later: by a task ("mode" 0), by a timed task (1), by a thread (2) */
#define NGM_TOIL_COOKIE 1790000004
enum {
	NGM_TOIL_MODE = 1, /* uint32_t */
	NGM_TOIL_GET = 2   /* reply: uint32_t, how many went out */
};

#endif /* TESTS_NODES_NG_SHIM_H */
