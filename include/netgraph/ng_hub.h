/* SPDX-License-Identifier: BSD-2-Clause */
/* ng_hub.h - node type "hub": what arrives by one hook leaves by all others. Any number of hooks of any name. */
#ifndef _NETGRAPH_NG_HUB_H_
#define _NETGRAPH_NG_HUB_H_

#define NG_HUB_NODE_TYPE "hub"
#define NGM_HUB_COOKIE 1082189597

enum {
	NGM_HUB_SET_PERSISTENT = 1 /* stay when the last hook goes; there is no way back, NGM_SHUTDOWN still ends it */
};

#endif /* _NETGRAPH_NG_HUB_H_ */
