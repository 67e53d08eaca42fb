/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_UI.h - node type "UI": HDLC's unnumbered information byte in front of packets. Names and numbers are FreeBSD's. ng_UI(4)
 * describes the behaviour.
 */
#ifndef _NETGRAPH_NG_UI_H_
#define _NETGRAPH_NG_UI_H_

#define NG_UI_NODE_TYPE "UI"
#define NGM_UI_COOKIE 884639499

#define NG_UI_HOOK_DOWNSTREAM "downstream" /* with the byte */
#define NG_UI_HOOK_UPSTREAM "upstream"	   /* without it */

#endif /* _NETGRAPH_NG_UI_H_ */
