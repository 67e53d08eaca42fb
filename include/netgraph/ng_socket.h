/* SPDX-License-Identifier: BSD-2-Clause */
/* ng_socket.h - node type "socket": its messages, and the addresses of netgraph sockets. See ng_socket(4). */
#ifndef NETGRAPH_NG_SOCKET_H
#define NETGRAPH_NG_SOCKET_H

#define NG_SOCKET_NODE_TYPE "socket"
#define NGM_SOCKET_COOKIE 851601233

/* Protocols of the domain. */
#define NG_DATA 1
#define NG_CONTROL 2

#ifndef AF_NETGRAPH
#define AF_NETGRAPH 32 /* FreeBSD's; Linux has other uses for the number, but no descriptor with both meanings */
#endif
#ifndef PF_NETGRAPH
#define PF_NETGRAPH AF_NETGRAPH
#endif

/* No arguments, no reply. */
enum {
	NGM_SOCK_CMD_NOLINGER = 1, /* the node goes with its last hook */
	NGM_SOCK_CMD_LINGER	   /* it stays; so it is at first */
};

/* A path, or the name of a hook; sg_len counts sg_len, sg_family, the text and its NUL. sg_family is one byte on every system. */
struct sockaddr_ng {
	unsigned char sg_len;
	unsigned char sg_family;
	char sg_data[32]; /* may be longer */
};

#endif /* NETGRAPH_NG_SOCKET_H */
