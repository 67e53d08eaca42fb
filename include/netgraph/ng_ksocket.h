/* SPDX-License-Identifier: BSD-2-Clause */
/* ng_ksocket.h - node type "ksocket": one of the host's sockets as a node. See ng_ksocket(4). */
#ifndef _NETGRAPH_NG_KSOCKET_H_
#define _NETGRAPH_NG_KSOCKET_H_

#include <sys/types.h>
#include <sys/socket.h>
#include <stdint.h>

#define NG_KSOCKET_NODE_TYPE "ksocket"
#define NGM_KSOCKET_COOKIE 942710669

/* The hook's name, family/type/protocol, says what the socket is: inet/dgram/udp, inet/stream/tcp, local/stream/0, 2/2/17. */

/*
 * Addresses in messages have FreeBSD's layout and numbers on every system: a byte with the length, a byte with the family, and what the
 * family has. The host's own layout is understood as well; replies are always as here.
 */
#define NG_KSOCKET_AF_LOCAL 1
#define NG_KSOCKET_AF_INET 2
#define NG_KSOCKET_AF_INET6 28

struct ng_ksocket_sockaddr_in {
	uint8_t sin_len;    /* 16 */
	uint8_t sin_family; /* NG_KSOCKET_AF_INET */
	uint16_t sin_port;  /* network order, as the address */
	uint32_t sin_addr;
	uint8_t sin_zero[8];
};

struct ng_ksocket_sockaddr_in6 {
	uint8_t sin6_len;    /* 28 */
	uint8_t sin6_family; /* NG_KSOCKET_AF_INET6 */
	uint16_t sin6_port;
	uint32_t sin6_flowinfo;
	uint8_t sin6_addr[16];
	uint32_t sin6_scope_id; /* host order */
};

struct ng_ksocket_sockaddr_un {
	uint8_t sun_len;    /* of all that is used: 2, the path, its NUL */
	uint8_t sun_family; /* NG_KSOCKET_AF_LOCAL */
	char sun_path[104];
};

/* NGM_KSOCKET_SETOPT, NGM_KSOCKET_GETOPT. Numbers are the host's; with level 0xffff FreeBSD's. */
struct ng_ksocket_sockopt {
	int32_t level;
	int32_t name;
	unsigned char value[]; /* the rest of the message */
};
#define NG_KSOCKET_MAX_OPTLEN 1024 /* bytes of a value */

/* NGM_KSOCKET_ACCEPT's reply; as long as the address is. */
struct ng_ksocket_accept {
	uint32_t nodeid;      /* of the new node: connect a hook of any name to it */
	struct sockaddr addr; /* who called; the layout above */
};

enum {
	NGM_KSOCKET_BIND = 1,	 /* address */
	NGM_KSOCKET_LISTEN,	 /* int32_t: the backlog */
	NGM_KSOCKET_ACCEPT,	 /* reply: struct ng_ksocket_accept; EINPROGRESS: it comes later */
	NGM_KSOCKET_CONNECT,	 /* address; EINPROGRESS: a reply comes later, int32_t, the error */
	NGM_KSOCKET_GETNAME,	 /* reply: address */
	NGM_KSOCKET_GETPEERNAME, /* reply: address */
	NGM_KSOCKET_SETOPT,	 /* struct ng_ksocket_sockopt */
	NGM_KSOCKET_GETOPT	 /* struct ng_ksocket_sockopt without a value; reply: the same with it */
};

#ifdef _KERNEL
#include <sys/mbuf.h>
#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>

/*
 * The tag (cookie NGM_KSOCKET_COOKIE) of a packet that a datagram socket received: whom it is from. On a packet to a socket that is not
 * connected: whom it goes to, if `id` is that node's or 0. As long as the address is.
 */
#define NG_KSOCKET_TAG_SOCKADDR 1
struct sa_tag {
	struct m_tag tag;
	ng_ID_t id;
	struct sockaddr sa; /* the layout above */
};
#endif

#endif /* _NETGRAPH_NG_KSOCKET_H_ */
