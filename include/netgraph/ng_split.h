/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_split.h - node type "split": two one-way hooks in front of a two-way one. What enters by "in" leaves by "mixed", what
 * enters by "mixed" leaves by "out". There are no messages.
 */
#ifndef _NETGRAPH_NG_SPLIT_H_
#define _NETGRAPH_NG_SPLIT_H_

#define NG_SPLIT_NODE_TYPE "split"
#define NGM_SPLIT_COOKIE 949409402

#define NG_SPLIT_HOOK_MIXED "mixed"
#define NG_SPLIT_HOOK_IN "in"
#define NG_SPLIT_HOOK_OUT "out"

#endif /* _NETGRAPH_NG_SPLIT_H_ */
