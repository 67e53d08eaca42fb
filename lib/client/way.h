/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * way.h - a way to a graph: one in this process (embedded.c), or one behind a Unix-domain socket (remote.c). Calls return 0 or a positive errno
 * and name a socket by any of its descriptors; EBADF and ENOTSOCK are the caller's mistakes, ESTALE says that the graph does not know it.
 * All may be called by several threads at a time.
 */
#ifndef NGU_CLIENT_WAY_H
#define NGU_CLIENT_WAY_H

#include <ng/host.h>

struct way;

struct way_ops {
	int (*socket)(struct way *w, enum ngu_sock_kind kind, int *fd);
	int (*kind)(struct way *w, int fd, enum ngu_sock_kind *kind);
	int (*bind)(struct way *w, int fd, const char *name);
	int (*connect)(struct way *w, int fd, const char *path);
	int (*name)(struct way *w, int fd, char name[NGU_SOCK_NAMELEN], uint32_t *node);
	int (*send_msg)(struct way *w, int fd, const char *path, const struct ng_mesg *msg, size_t len);
	int (*query)(struct way *w, int fd, const char *path, const struct ng_mesg *msg, size_t len, struct ng_mesg **reply, size_t *rlen);
	int (*send_data)(struct way *w, int fd, const char *hook, const void *data, size_t len);
	int (*getbuf)(struct way *w, int fd, struct ngu_host_buf *buf);
	int (*setbuf)(struct way *w, int fd, size_t recvspace, size_t maxdgram);
	int (*raw)(struct way *w, int fd);
	int (*capture)(struct way *w, const char *path, const char *hook, unsigned dirs, uint32_t snaplen, uint64_t limit, int *fd);
	int (*ask)(struct way *w, enum ngu_question what, const void *arg, size_t len, void **answer, size_t *alen);
};

struct way {
	const struct way_ops *ops;
};

/* The way that the environment's NETGRAPH, or ngu_client_use(), says. */
int way_get(struct way **out);

int way_embedded(struct way **out);		   /* embedded.c */
int way_remote(const char *path, struct way **out); /* remote.c; connects when it is first used, and again when it must */

#endif /* NGU_CLIENT_WAY_H */
