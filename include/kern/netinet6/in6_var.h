/* SPDX-License-Identifier: BSD-2-Clause */
/* in6_var.h - IPv6 addresses of interfaces. There are no interfaces behind a graph; what can be said of addresses alone is here. */
#ifndef NGU_KERN_NETINET6_IN6_VAR_H
#define NGU_KERN_NETINET6_IN6_VAR_H

#include <sys/types.h>
#include <netinet/in.h>

struct in6_ifaddr;

/* a = a & mask */
#define IN6_MASK_ADDR(a, m) \
	do { \
		for (int ngu__i = 0; ngu__i < 16; ngu__i++) \
			(a)->s6_addr[ngu__i] &= (m)->s6_addr[ngu__i]; \
	} while (0)
/* a and b are the same where the mask is 1. */
#define IN6_ARE_MASKED_ADDR_EQUAL(a, b, m) ngu__in6_masked_equal((a), (b), (m))
static inline int
ngu__in6_masked_equal(const struct in6_addr *a, const struct in6_addr *b, const struct in6_addr *m)
{
	for (int i = 0; i < 16; i++)
		if (((a->s6_addr[i] ^ b->s6_addr[i]) & m->s6_addr[i]) != 0)
			return (0);
	return (1);
}

#define in6_localip(addr) NGU_LACKS("in6_localip(): there are no interfaces")
#define in6_localaddr(addr) NGU_LACKS("in6_localaddr(): there are no interfaces")

#endif /* NGU_KERN_NETINET6_IN6_VAR_H */
