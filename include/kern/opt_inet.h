/* SPDX-License-Identifier: BSD-2-Clause */
/* opt_inet.h - kernel configuration: IPv4 is in. */
#ifndef NGU_KERN_OPT_INET_H
#define NGU_KERN_OPT_INET_H

#define INET 1

#endif /* NGU_KERN_OPT_INET_H */
