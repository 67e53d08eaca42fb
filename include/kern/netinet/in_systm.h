/* SPDX-License-Identifier: BSD-2-Clause */
/* in_systm.h - numbers in network byte order, by the names old protocol structures use. */
#ifndef NGU_KERN_NETINET_IN_SYSTM_H
#define NGU_KERN_NETINET_IN_SYSTM_H

#include <sys/types.h>
#define __NETINET_IN_SYSTM_H 1 /* the system's own: out */
#define _NETINET_IN_SYSTM_H 1
#define _NETINET_IN_SYSTM_H_ 1

typedef u_int16_t n_short;
typedef u_int32_t n_long;
typedef u_int32_t n_time; /* milliseconds since midnight */

#endif /* NGU_KERN_NETINET_IN_SYSTM_H */
