/* SPDX-License-Identifier: BSD-2-Clause */
/* if_var.h - struct ifnet, where FreeBSD 13 has it: net/if_private.h. */
#ifndef NGU_KERN_NET_IF_VAR_H
#define NGU_KERN_NET_IF_VAR_H

#include <sys/mbuf.h>
#include <net/if.h>
#include <net/if_private.h>

#endif /* NGU_KERN_NET_IF_VAR_H */
