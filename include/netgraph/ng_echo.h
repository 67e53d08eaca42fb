/* SPDX-License-Identifier: BSD-2-Clause */
/* ng_echo.h - node type "echo": data and messages go back to where they came from. Any hooks, no commands of its own. */
#ifndef _NETGRAPH_NG_ECHO_H_
#define _NETGRAPH_NG_ECHO_H_

#define NG_ECHO_NODE_TYPE "echo"
#define NGM_ECHO_COOKIE 884298942

#endif /* _NETGRAPH_NG_ECHO_H_ */
