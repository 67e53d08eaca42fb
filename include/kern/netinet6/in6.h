/* SPDX-License-Identifier: BSD-2-Clause */
/* in6.h - IPv6 addresses: netinet/in.h has them. */
#ifndef NGU_KERN_NETINET6_IN6_H
#define NGU_KERN_NETINET6_IN6_H

#include <netinet/in.h>

#endif /* NGU_KERN_NETINET6_IN6_H */
