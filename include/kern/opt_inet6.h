/* SPDX-License-Identifier: BSD-2-Clause */
/* opt_inet6.h - kernel configuration: IPv6 is in. */
#ifndef NGU_KERN_OPT_INET6_H
#define NGU_KERN_OPT_INET6_H

#define INET6 1

#endif /* NGU_KERN_OPT_INET6_H */
