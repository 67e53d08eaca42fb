/* SPDX-License-Identifier: BSD-2-Clause */
/* sockio.h - the system's ioctl(2) numbers for sockets and interfaces. libng itself answers none of them. */
#ifndef NGU_KERN_SYS_SOCKIO_H
#define NGU_KERN_SYS_SOCKIO_H

#if __has_include_next(<sys/sockio.h>)
#include_next <sys/sockio.h>
#else
#include <sys/ioctl.h>
#endif

#endif /* NGU_KERN_SYS_SOCKIO_H */
