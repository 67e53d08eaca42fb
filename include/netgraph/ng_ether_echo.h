/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_ether_echo.h - node type "ether_echo": frames go back to where they came from, with their addresses exchanged. Any hooks, no
 * commands of its own.
 */
#ifndef _NETGRAPH_NG_ETHER_ECHO_H_
#define _NETGRAPH_NG_ETHER_ECHO_H_

#define NG_ETHER_ECHO_NODE_TYPE "ether_echo"

#endif /* _NETGRAPH_NG_ETHER_ECHO_H_ */
