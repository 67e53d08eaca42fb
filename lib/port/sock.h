/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sock.h - descriptors: pairs of local sockets that keep records apart, waiting for many of them, memory that travels by descriptor, who
 * the other side is. Calls return 0 or a count, or a negative errno; none is interrupted by a signal (but ngu__poller_wait(), which then says 0).
 */
#ifndef NGU_PORT_SOCK_H
#define NGU_PORT_SOCK_H

#include <sys/types.h>
#include <sys/uio.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Not 0 while the calling thread is in a system call of this file that a library between us and the system may have taken over. A library that
 * takes them over itself asks (libng-sock).
 */
const int *ngu__sock_busy(void);

/* ---- records ---- */

/* Two connected ends of SOCK_SEQPACKET. fd[0] does not block and is closed by exec(2), fd[1] is as socket(2) makes them. */
int ngu__sock_pair(int fd[2]);

/*
 * One record, and with it a descriptor unless `pass` is -1 (it stays the caller's, too). -EAGAIN: no room, if `wait` is false or the
 * socket does not block. Never raises SIGPIPE.
 */
int ngu__sock_send(int fd, const struct iovec *iov, int n, int pass, bool wait);

/*
 * The next record, cut to `len`; the result is its length before that, 0 at the end. A descriptor that came with it goes to *passed (else -1), or, if
 * passed is NULL, is closed. `flags` as recv(2)'s.
 */
ssize_t ngu__sock_recv(int fd, void *buf, size_t len, int flags, int *passed);
/* The same; -EINTR if a signal came first. */
ssize_t ngu__sock_recvv(int fd, const struct iovec *iov, int n, int flags, int *passed);

/*
 * The next record as ngu__sock_recv(), without waiting; -EPIPE: the end, from which an empty record is told where the system lets us (Linux). Dearer than that; for
 * what is left when the other side writes no more.
 */
ssize_t ngu__sock_next(int fd, void *buf, size_t len);
/* The other side has been closed, or writes no more. There may still be records. */
bool ngu__sock_ended(int fd);

/* As much room as the system lets us have, up to `bytes` of what it counts. */
void ngu__sock_room(int fd, size_t bytes);

/* What the system counts for records that were sent here and not read by the other side yet. -ENOTSUP: it does not say. */
int ngu__sock_unread(int fd, uint32_t *bytes);

/* ---- names and people ---- */

/* Listen at a path, mode 0600 from its first moment. A file there that nobody listens at any more is replaced; -EADDRINUSE, if somebody does. */
int ngu__sock_listen(const char *path, int *fd);
/* Closed by exec(2), blocks. -ETIMEDOUT: nobody has accepted for so long that there is no room for who waits. */
int ngu__sock_connect(const char *path, int timeout_ms, int *fd);
int ngu__sock_accept(int listener, int *fd); /* closed by exec(2), does not block */

/* The user and group of who connected; *member: whether `gid` is among that process's groups. */
int ngu__sock_peer(int fd, uid_t *uid, gid_t *gid, gid_t group, bool *member, pid_t *pid);

/* What one descriptor and its duplicates have in common, in whatever process. */
struct ngu__fd_id {
	uint64_t dev, ino;
};
int ngu__fd_id(int fd, struct ngu__fd_id *id); /* -EBADF; -ENOTSOCK */

/* ---- memory by descriptor ---- */

int ngu__fd_memory_open(int *fd);				  /* empty; by system */
int ngu__fd_memory(const struct iovec *iov, int n, int *fd);	  /* holds these bytes */
int ngu__fd_read(int fd, uint64_t off, void *buf, size_t len); /* all of them, or -EINVAL; it may be a stranger's */

/* ---- many descriptors ---- */

#define NGU__RD 0x1u  /* there is a record, or the end of them */
#define NGU__WR 0x2u  /* there is room */
#define NGU__HUP 0x4u /* the other side has been closed; always told */
#define NGU__END 0x8u /* the other side writes no more; told with NGU__RD, where the system knows the difference */

struct ngu__ready {
	void *tag;
	unsigned what;
};

int ngu__poller_open(int *poller);
int ngu__poller_set(int poller, int fd, unsigned want, void *tag, bool first); /* first: it is new */
void ngu__poller_drop(int poller, int fd);
int ngu__poller_wait(int poller, struct ngu__ready *ready, int n, int timeout_ms); /* -1: no limit */

#endif /* NGU_PORT_SOCK_H */
