/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * client.h - what netgraph(3) lacks: which graph, and calls on its descriptors that FreeBSD's kernel would do. In libng-client, with
 * <netgraph.h>; as there, -1 and errno on error.
 */
#ifndef NG_CLIENT_H
#define NG_CLIENT_H

#include <sys/types.h>

#include <ng/apply.h>
#include <ng/base.h>

NGU_BEGIN_DECLS

struct ng_mesg;

/*
 * Where sockets are made from now on: "unix:PATH", the graph behind that control point; "embedded", one in this process: the calling
 * thread's current one (ngu_graph_enter()), or else the process's own, which is made at the first need, with a worker for each CPU. NULL: as the environment's
 * NETGRAPH says, as at first; "embedded" if that is not set. Sockets that there are already stay where they are while they are asked for by the
 * same way. EINVAL no such form, ENAMETOOLONG, ENOMEM. Connects nowhere yet.
 */
NGU_API int ngu_client_use(const char *where);
/* Of the way in use, "embedded" or "unix:PATH"; into `buf`, as snprintf(3). */
NGU_API int ngu_client_where(char *buf, size_t size);

/*
 * The bytes alone: what read(2) gives on a data socket from now on, for programs that are started with it (nghook -e). Records
 * that waited in its buffer are lost unless they were read. EINVAL a control socket.
 */
NGU_API int ngu_client_raw(int ds);

/* Limits of a socket's buffers, as setsockopt(2) with SO_RCVBUF and SO_SNDBUF; 0 leaves one as it is. ENOBUFS too much. */
NGU_API int ngu_client_setbuf(int fd, size_t recvspace, size_t maxdgram);

/*
 * Send a message and get its answer, past the socket's buffer: *reply for free(3), NULL if there was none. Returns the answer's length with its
 * header, 0 if there was none.
 */
NGU_API ssize_t ngu_client_query(int cs, const char *path, uint32_t cookie, uint32_t cmd, const void *arg, size_t arglen,
    struct ng_mesg **reply);

/*
 * The calls of socket(2) and its kin, for descriptors of netgraph sockets, as FreeBSD's kernel does them; addresses are struct
 * sockaddr_ng (<netgraph/ng_socket.h>). libng-sock gives them their usual names. ngu_client_kind(): 2 a control socket, 1 a data socket, 0 neither, errno untouched.
 */
NGU_API int ngu_client_kind(int fd);
NGU_API const int *ngu_client_busy(void); /* as ngu_host_busy(), <ng/host.h> */
NGU_API int ngu_client_socket(int protocol);
NGU_API int ngu_client_bind(int fd, const void *addr, size_t alen);
NGU_API int ngu_client_connect(int fd, const void *addr, size_t alen);
NGU_API int ngu_client_getsockname(int fd, void *addr, size_t *alen);
NGU_API ssize_t ngu_client_sendto(int fd, const void *buf, size_t len, int flags, const void *addr, size_t alen);
NGU_API ssize_t ngu_client_recvfrom(int fd, void *buf, size_t len, int flags, void *addr, size_t *alen);
/* SO_RCVBUF, SO_SNDBUF, SO_TYPE of SOL_SOCKET; ENOPROTOOPT others. SO_RCVBUF is no smaller than the next record. */
NGU_API int ngu_client_getsockopt(int fd, int option, int *value);
NGU_API int ngu_client_setsockopt(int fd, int option, int value);

/*
 * ngu_apply_text() on the graph, whole or not at all. 0; or -1, errno the list's error and *err why; err->error is 0 if the
 * question itself failed. `err` may be NULL.
 */
NGU_API int ngu_client_apply(const char *text, unsigned flags, struct ngu_apply_error *err);

/*
 * ngu_host_ask(): a question (enum ngu_question, <ng/host.h>) about the whole graph. *answer is one block for free(3). Returns its length.
 */
NGU_API ssize_t ngu_client_ask(unsigned what, const void *arg, size_t len, void **answer);

/*
 * ngu_host_capture(): a descriptor out of which records come, struct ngu_captured (<ng/host.h>) and bytes each, until it is closed.
 */
NGU_API int ngu_client_capture(const char *path, const char *hook, unsigned dirs, uint32_t snaplen, uint64_t limit);

NGU_END_DECLS

#endif /* NG_CLIENT_H */
