/* SPDX-License-Identifier: BSD-2-Clause */
/* vnet.h - virtual network stacks: a graph is one. */
#ifndef NGU_KERN_NET_VNET_H
#define NGU_KERN_NET_VNET_H

#include <sys/types.h>
#include <ng/base.h>

/* Not there yet: a source that has variables of each stack does not compile. */
#define VNET_DEFINE(type, name) _Static_assert(0, "VNET_DEFINE(" #name "): libng has no variables of each graph")
#define VNET_DEFINE_STATIC(type, name) VNET_DEFINE(type, name)

#endif /* NGU_KERN_NET_VNET_H */
