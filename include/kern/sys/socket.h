/* SPDX-License-Identifier: BSD-2-Clause */
/* socket.h - the system's socket addresses and families. */
#ifndef NGU_KERN_SYS_SOCKET_H
#define NGU_KERN_SYS_SOCKET_H

#include <sys/types.h>
#include_next <sys/socket.h>

#endif /* NGU_KERN_SYS_SOCKET_H */
