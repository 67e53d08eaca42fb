/* SPDX-License-Identifier: BSD-2-Clause */
/* client.h - what lib/client's files share. */
#ifndef NGU_CLIENT_CLIENT_H
#define NGU_CLIENT_CLIENT_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <netgraph.h>
#include <ng/client.h>

#include "client/way.h"

/* -1 with errno; 0 for error 0. ESTALE becomes what the kernel would have said of that descriptor, with SIGPIPE if it would have raised it. */
int client_result(int fd, int error);

/* ---- remote.c ---- */

extern int client_patience_ms; /* how long a server may take to answer a greeting */

/* ---- record.c ---- */

struct received {
	char address[32];
	void *bytes; /* for free(3); one byte longer than `len`, which is 0 */
	size_t len;
};

/* The next record of a socket, into memory of its own. Its length; 0 at the end; -1. */
ssize_t record_alloc(int fd, int flags, struct received *r);
/* The same into `buf`, cut to `len`; `address` may be NULL. */
ssize_t record_recv(int fd, int flags, void *buf, size_t len, char address[32]);

/* The length of the next one, which stays; 0: there is none. */
size_t record_next(int fd);

/* ---- debug.c ---- */

extern _Atomic int client_debug;
void debug_msg(const char *what, const struct ng_mesg *msg, size_t len, const char *path);
void debug_msg_text(int fd, const char *what, const struct ng_mesg *msg, size_t len, const char *path);
void debug_data(const char *what, const void *data, size_t len, const char *hook);
void client_warn(const char *fmt, ...) __attribute__((__format__(__printf__, 1, 2)));

/* ---- msg.c ---- */

/* Text to binary, or back, at the node at `path`. 0 or an errno; *reply for free(3). */
int client_convert(int fd, const char *path, uint32_t cmd, const struct ng_mesg *msg, size_t len, struct ng_mesg **reply);

#endif /* NGU_CLIENT_CLIENT_H */
