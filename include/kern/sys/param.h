/* SPDX-License-Identifier: BSD-2-Clause */
/* param.h - sizes and small arithmetic every kernel source expects. Replaces the system's file, which is not wanted here. */
#ifndef NGU_KERN_SYS_PARAM_H
#define NGU_KERN_SYS_PARAM_H

#include <sys/types.h>
#include <sys/endian.h>
#include <sys/errno.h>
#include <sys/time.h>
#include <sys/limits.h>

#ifndef __FreeBSD_version
#define __FreeBSD_version 1300139 /* the release whose interfaces these headers follow */
#endif

#ifndef NBBY
#define NBBY 8
#endif
#undef MAXPATHLEN
#define MAXPATHLEN 1024
#define MAXHOSTNAMELEN 256
#ifndef PAGE_SIZE
#define PAGE_SIZE 4096
#define PAGE_SHIFT 12
#define PAGE_MASK (PAGE_SIZE - 1)
#endif
#define CACHE_LINE_SIZE 64

/* Network order is big-endian. <netinet/in.h> says the same again. */
#ifndef htonl
#define htonl(x) htobe32(x)
#define htons(x) htobe16(x)
#define ntohl(x) be32toh(x)
#define ntohs(x) be16toh(x)
#endif

/* mbufs */
#define MSIZE 256
#define MCLSHIFT 11
#define MCLBYTES (1 << MCLSHIFT)
#define MJUMPAGESIZE 4096
#define MJUM9BYTES (9 * 1024)
#define MJUM16BYTES (16 * 1024)

#undef MIN
#undef MAX
#define MIN(a, b) (((a) < (b)) ? (a) : (b))
#define MAX(a, b) (((a) > (b)) ? (a) : (b))
#undef howmany
#undef roundup
#undef rounddown
#undef roundup2
#undef rounddown2
#undef powerof2
#define howmany(x, y) (((x) + ((y) - 1)) / (y))
#define rounddown(x, y) (((x) / (y)) * (y))
#define roundup(x, y) (howmany(x, y) * (y))
#define rounddown2(x, y) ((x) & ~((y) - 1)) /* y: a power of two */
#define roundup2(x, y) rounddown2((x) + ((y) - 1), y)
#define powerof2(x) (((x) & ((x) - 1)) == 0)
#undef nitems
#define nitems(a) (sizeof(a) / sizeof((a)[0]))

#undef setbit
#undef clrbit
#undef isset
#undef isclr
#define setbit(a, i) (((unsigned char *)(a))[(i) / NBBY] |= (unsigned char)(1u << ((i) % NBBY)))
#define clrbit(a, i) (((unsigned char *)(a))[(i) / NBBY] &= (unsigned char)~(1u << ((i) % NBBY)))
#define isset(a, i) (((const unsigned char *)(a))[(i) / NBBY] & (1u << ((i) % NBBY)))
#define isclr(a, i) (isset(a, i) == 0)

#define ALIGNBYTES (sizeof(void *) - 1)
#define ALIGN(p) (((uintptr_t)(p) + ALIGNBYTES) & ~(uintptr_t)ALIGNBYTES)
#define ALIGNED_POINTER(p, type) (((uintptr_t)(p) & (sizeof(type) - 1)) == 0)

#define PZERO 0
#define PRIMASK 0x0ff /* a priority, which is not looked at */
#define PCATCH 0x100
#define PDROP 0x200

#endif /* NGU_KERN_SYS_PARAM_H */
