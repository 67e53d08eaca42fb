/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_message.h - control messages: the header every message starts with, the generic commands every node understands, and
 * the flow-control commands. Names, values and layouts are FreeBSD's (netgraph(4), ng_message.h). Usable from the kernel
 * side (_KERNEL, C only) and from ordinary programs (C and C++).
 */
#ifndef _NETGRAPH_NG_MESSAGE_H_
#define _NETGRAPH_NG_MESSAGE_H_

#include <stdint.h>
#include <sys/types.h>

/* Sizes of names and paths in bytes, the terminating NUL included. */
#define NG_TYPESIZ 32
#define NG_HOOKSIZ 32
#define NG_NODESIZ 32
#define NG_PATHSIZ 512
#define NG_CMDSTRSIZ 32

#define NG_TEXTRESPONSE 1024 /* most bytes of a text status or text config answer */

/* A node's address. A macro, so that it is known before any header guard is settled. */
#define ng_ID_t uint32_t

/* One message: 56 bytes of header in host byte order, then arglen bytes of arguments. */
struct ng_mesg {
	struct ng_msghdr {
		unsigned char version; /* NG_VERSION */
		unsigned char spare;
		uint16_t spare2;
		uint32_t arglen; /* bytes in data[] */
		uint32_t cmd;	 /* command, NGM_READONLY and NGM_HASREPLY bits included */
		uint32_t flags;	 /* NGF_ORIG or NGF_RESP */
		uint32_t token;	 /* copied into the reply */
		uint32_t typecookie; /* which command set */
		unsigned char cmdstr[NG_CMDSTRSIZ]; /* command name, for people */
	} header;
#ifdef __cplusplus
	char data[1];
#else
	char data[];
#endif
};

#define NG_VERSION 8 /* of the message header */

#ifndef NG_ABI_VERSION
#define _NG_ABI_VERSION 12
#ifdef NETGRAPH_DEBUG
#define NG_ABI_VERSION (_NG_ABI_VERSION + 0x10000)
#else
#define NG_ABI_VERSION _NG_ABI_VERSION
#endif
#endif

/* header.flags */
#define NGF_ORIG 0x00000000 /* a request */
#define NGF_RESP 0x00000001 /* a reply */

/* Bits of header.cmd */
#define NGM_READONLY 0x10000000 /* the node may serve it beside data: reader gate */
#define NGM_HASREPLY 0x20000000 /* a reply comes */

/* Parse description of a message whose arguments have type `dtype` (ng_parse). */
#define NG_GENERIC_NG_MESG_INFO(dtype) \
	{ \
		{ "version", &ng_parse_uint8_type, 0 }, { "spare", &ng_parse_uint8_type, 0 }, \
		    { "spare2", &ng_parse_uint16_type, 0 }, { "arglen", &ng_parse_uint32_type, 0 }, \
		    { "cmd", &ng_parse_uint32_type, 0 }, { "flags", &ng_parse_hint32_type, 0 }, \
		    { "token", &ng_parse_uint32_type, 0 }, { "typecookie", &ng_parse_uint32_type, 0 }, \
		    { "cmdstr", &ng_parse_cmdbuf_type, 0 }, { "data", (dtype), 0 }, { NULL, NULL, 0 } \
	}

/* ---- generic messages: every node of every type ---- */

#define NGM_GENERIC_COOKIE 1137070366

enum {
	NGM_SHUTDOWN = 1,
	NGM_MKPEER = 2,
	NGM_CONNECT = 3,
	NGM_NAME = 4,
	NGM_RMHOOK = 5,
	NGM_NODEINFO = (6 | NGM_READONLY | NGM_HASREPLY),
	NGM_LISTHOOKS = (7 | NGM_READONLY | NGM_HASREPLY),
	NGM_LISTNAMES = (8 | NGM_READONLY | NGM_HASREPLY),
	NGM_LISTNODES = (9 | NGM_READONLY | NGM_HASREPLY),
	NGM_LISTTYPES = (10 | NGM_READONLY | NGM_HASREPLY),
	NGM_TEXT_STATUS = (11 | NGM_READONLY | NGM_HASREPLY),
	NGM_BINARY2ASCII = (12 | NGM_READONLY | NGM_HASREPLY),
	NGM_ASCII2BINARY = (13 | NGM_READONLY | NGM_HASREPLY),
	NGM_TEXT_CONFIG = 14
};

/* NGM_MKPEER: make a node of `type` and connect our hook to its hook. */
struct ngm_mkpeer {
	char type[NG_TYPESIZ];
	char ourhook[NG_HOOKSIZ];
	char peerhook[NG_HOOKSIZ];
};
#define NG_GENERIC_MKPEER_INFO() \
	{ \
		{ "type", &ng_parse_typebuf_type, 0 }, { "ourhook", &ng_parse_hookbuf_type, 0 }, \
		    { "peerhook", &ng_parse_hookbuf_type, 0 }, { NULL, NULL, 0 } \
	}

/* NGM_CONNECT: connect our hook to a hook of the node at `path`, taken from the receiving node. */
struct ngm_connect {
	char path[NG_PATHSIZ];
	char ourhook[NG_HOOKSIZ];
	char peerhook[NG_HOOKSIZ];
};
#define NG_GENERIC_CONNECT_INFO() \
	{ \
		{ "path", &ng_parse_pathbuf_type, 0 }, { "ourhook", &ng_parse_hookbuf_type, 0 }, \
		    { "peerhook", &ng_parse_hookbuf_type, 0 }, { NULL, NULL, 0 } \
	}

/* NGM_NAME */
struct ngm_name {
	char name[NG_NODESIZ];
};
#define NG_GENERIC_NAME_INFO() \
	{ \
		{ "name", &ng_parse_nodebuf_type, 0 }, { NULL, NULL, 0 } \
	}

/* NGM_RMHOOK */
struct ngm_rmhook {
	char ourhook[NG_HOOKSIZ];
};
#define NG_GENERIC_RMHOOK_INFO() \
	{ \
		{ "hook", &ng_parse_hookbuf_type, 0 }, { NULL, NULL, 0 } \
	}

/* NGM_NODEINFO */
struct nodeinfo {
	char name[NG_NODESIZ]; /* "" if unnamed */
	char type[NG_TYPESIZ];
	ng_ID_t id;
	uint32_t hooks; /* number of hooks */
};
#define NG_GENERIC_NODEINFO_INFO() \
	{ \
		{ "name", &ng_parse_nodebuf_type, 0 }, { "type", &ng_parse_typebuf_type, 0 }, \
		    { "id", &ng_parse_hint32_type, 0 }, { "hooks", &ng_parse_uint32_type, 0 }, { NULL, NULL, 0 } \
	}

/* NGM_LISTHOOKS */
struct linkinfo {
	char ourhook[NG_HOOKSIZ];
	char peerhook[NG_HOOKSIZ];
	struct nodeinfo nodeinfo; /* of the peer */
};
#define NG_GENERIC_LINKINFO_INFO(nitype) \
	{ \
		{ "ourhook", &ng_parse_hookbuf_type, 0 }, { "peerhook", &ng_parse_hookbuf_type, 0 }, \
		    { "nodeinfo", (nitype), 0 }, { NULL, NULL, 0 } \
	}

struct hooklist {
	struct nodeinfo nodeinfo; /* of the node asked; hooks = number listed */
#ifdef __cplusplus
	struct linkinfo link[1];
#else
	struct linkinfo link[];
#endif
};
#define NG_GENERIC_HOOKLIST_INFO(nitype, litype) \
	{ \
		{ "nodeinfo", (nitype), 0 }, { "linkinfo", (litype), 0 }, { NULL, NULL, 0 } \
	}

/* NGM_LISTNAMES, NGM_LISTNODES */
struct namelist {
	uint32_t numnames;
#ifdef __cplusplus
	struct nodeinfo nodeinfo[1];
#else
	struct nodeinfo nodeinfo[];
#endif
};
#define NG_GENERIC_LISTNODES_INFO(niarraytype) \
	{ \
		{ "numnames", &ng_parse_uint32_type, 0 }, { "nodeinfo", (niarraytype), 0 }, { NULL, NULL, 0 } \
	}

/* NGM_LISTTYPES */
struct typeinfo {
	char type_name[NG_TYPESIZ];
	uint32_t numnodes;
};
#define NG_GENERIC_TYPEINFO_INFO() \
	{ \
		{ "typename", &ng_parse_typebuf_type, 0 }, { "numnodes", &ng_parse_uint32_type, 0 }, { NULL, NULL, 0 } \
	}

struct typelist {
	uint32_t numtypes;
#ifdef __cplusplus
	struct typeinfo typeinfo[1];
#else
	struct typeinfo typeinfo[];
#endif
};
#define NG_GENERIC_TYPELIST_INFO(tiarraytype) \
	{ \
		{ "numtypes", &ng_parse_uint32_type, 0 }, { "typeinfo", (tiarraytype), 0 }, { NULL, NULL, 0 } \
	}

/* ---- flow control: known by name everywhere, acted on by the types that care ---- */

#define NGM_FLOW_COOKIE 851672669

enum {
	NGM_LINK_IS_UP = 32,
	NGM_LINK_IS_DOWN = 33,
	NGM_HIGH_WATER_PASSED = 34,
	NGM_LOW_WATER_PASSED = 35,
	NGM_SYNC_QUEUE_STATE = 36,
	NGM_DROP_LINK = 41,
	NGM_RAISE_LINK = 42,
	NGM_FLUSH_QUEUE = 43,
	NGM_GET_BANDWIDTH = (44 | NGM_READONLY),
	NGM_SET_XMIT_Q_LIMITS = 45,
	NGM_GET_XMIT_Q_LIMITS = (46 | NGM_READONLY),
	NGM_MICROMANAGE = 47,
	NGM_SET_FLOW_MANAGER = 48
};

struct ngm_bandwidth {
	uint64_t nominal_in;
	uint64_t seen_in;
	uint64_t nominal_out;
	uint64_t seen_out;
};
#define NG_GENERIC_BANDWIDTH_INFO() \
	{ \
		{ "nominal_in", &ng_parse_uint64_type, 0 }, { "seen_in", &ng_parse_uint64_type, 0 }, \
		    { "nominal_out", &ng_parse_uint64_type, 0 }, { "seen_out", &ng_parse_uint64_type, 0 }, { NULL, NULL, 0 } \
	}

struct ngm_queue_state {
	unsigned int queue_priority;
	unsigned int max_queuelen_bytes;
	unsigned int max_queuelen_packets;
	unsigned int low_watermark;
	unsigned int high_watermark;
	unsigned int current;
};
#define NG_GENERIC_QUEUE_INFO() \
	{ \
		{ "max_queuelen_bytes", &ng_parse_uint_type, 0 }, { "max_queuelen_packets", &ng_parse_uint_type, 0 }, \
		    { "high_watermark", &ng_parse_uint_type, 0 }, { "low_watermark", &ng_parse_uint_type, 0 }, \
		    { "current", &ng_parse_uint_type, 0 }, { NULL, NULL, 0 } \
	}

struct flow_manager {
	ng_ID_t id;
};
#define NG_GENERIC_FLOW_MANAGER_INFO() \
	{ \
		{ "id", &ng_parse_hint32_type, 0 }, { NULL, NULL, 0 } \
	}

/*
 * What a device that is a node as well answers to ioctl(2). The includer brings _IOR and _IOW: <sys/ioccom.h> in a kernel,
 * <sys/ioctl.h> elsewhere.
 */
#define NGIOCGINFO _IOR('N', 40, struct nodeinfo)  /* tell of the node */
#define NGIOCSETNAME _IOW('N', 41, struct ngm_name) /* name it */

/* ---- making messages inside the kernel ---- */

#ifdef _KERNEL

/*
 * NG_MKMESSAGE: a zeroed message of type M_NETGRAPH_MSG with `len` bytes of arguments; `how` is M_NOWAIT or M_WAITOK.
 * On failure `msg` is NULL. cmdstr is the source text of `cmdid`.
 */
#define NG_MKMESSAGE(msg, cookie, cmdid, len, how) \
	do { \
		(msg) = (struct ng_mesg *)ngu_k_mkmsg((cookie), (uint32_t)(cmdid), #cmdid, (size_t)(len), (how)); \
	} while (0)

/* NG_MKRESPONSE: a reply to `msg` with `len` bytes of room; NULL on failure. */
#define NG_MKRESPONSE(rsp, msg, len, how) \
	do { \
		(rsp) = (struct ng_mesg *)ngu_k_mkresp((msg), (size_t)(len), (how)); \
	} while (0)

/* NG_COPYMESSAGE: a copy, header and arguments; NULL on failure. */
#define NG_COPYMESSAGE(copy, msg, how) \
	do { \
		(copy) = (struct ng_mesg *)ngu_k_copymsg((msg), (how)); \
	} while (0)

#pragma GCC visibility push(default)
struct ng_mesg *ngu_k_mkmsg(uint32_t cookie, uint32_t cmd, const char *cmdstr, size_t len, int how);
struct ng_mesg *ngu_k_mkresp(const struct ng_mesg *msg, size_t len, int how);
struct ng_mesg *ngu_k_copymsg(const struct ng_mesg *msg, int how);
#pragma GCC visibility pop

#endif /* _KERNEL */

#endif /* _NETGRAPH_NG_MESSAGE_H_ */
