/* SPDX-License-Identifier: BSD-2-Clause */
/* in.h - the system's Internet addresses, ports and protocol numbers, and what kernel sources expect beside them. */
#ifndef NGU_KERN_NETINET_IN_H
#define NGU_KERN_NETINET_IN_H

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/endian.h>
/* The system declares functions of these names. */
#undef htonl
#undef htons
#undef ntohl
#undef ntohs
#include_next <netinet/in.h>
#undef htonl
#undef htons
#undef ntohl
#undef ntohs
#define htonl(x) htobe32(x)
#define htons(x) htobe16(x)
#define ntohl(x) be32toh(x)
#define ntohs(x) be16toh(x)

#ifndef IPPROTO_IPV4
#define IPPROTO_IPV4 4
#endif
#ifndef IPPROTO_MOBILE
#define IPPROTO_MOBILE 55
#endif
#ifndef IPPROTO_ETHERIP
#define IPPROTO_ETHERIP 97
#endif
#ifndef IPPROTO_CARP
#define IPPROTO_CARP 112
#endif
#ifndef IPPROTO_MAX
#define IPPROTO_MAX 256
#endif

#ifndef IN_CLASSA
#define IN_CLASSA(a) (((in_addr_t)(a) & 0x80000000u) == 0)
#endif
#define IN_LINKLOCAL(a) (((in_addr_t)(a) & 0xffff0000u) == 0xa9fe0000u)
#define IN_LOOPBACK(a) (((in_addr_t)(a) & 0xff000000u) == 0x7f000000u)
#define IN_ZERONET(a) (((in_addr_t)(a) & 0xff000000u) == 0)
#ifndef INET_ADDRSTRLEN
#define INET_ADDRSTRLEN 16
#endif
#ifndef INET6_ADDRSTRLEN
#define INET6_ADDRSTRLEN 46
#endif

struct mbuf;

#define in_nullhost(x) ((x).s_addr == INADDR_ANY)
#define satosin(sa) ((struct sockaddr_in *)(void *)(sa))
#define sintosa(sin) ((struct sockaddr *)(void *)(sin))
#define satosin6(sa) ((struct sockaddr_in6 *)(void *)(sa))
#define sin6tosa(sin6) ((struct sockaddr *)(void *)(sin6))

#endif /* NGU_KERN_NETINET_IN_H */
