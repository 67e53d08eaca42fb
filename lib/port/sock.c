/* SPDX-License-Identifier: BSD-2-Clause */
/* sock.c - port/sock.h, what is the same on all systems. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* POLLRDHUP, SCM_CREDENTIALS */
#endif
#include "port/sock.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "port/port.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* then the signal is taken away by SO_NOSIGPIPE */
#endif
#ifndef MSG_CMSG_CLOEXEC
#define MSG_CMSG_CLOEXEC 0
#endif

#define SECOND 1000000000ll

static NGU_TLS int busy;

const int *
ngu__sock_busy(void)
{
	return (&busy);
}

#define BUSY(call) \
	do { \
		busy++; \
		call; \
		busy--; \
	} while (0)

static void
cloexec(int fd)
{
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static void
nonblock(int fd)
{
	(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static void
no_signal(int fd)
{
#ifdef SO_NOSIGPIPE
	int on = 1;

	(void)setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof(on));
#else
	(void)fd;
#endif
}

int
ngu__sock_pair(int fd[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd) != 0)
		return (-errno);
	cloexec(fd[0]);
	nonblock(fd[0]);
	no_signal(fd[0]);
	return (0);
}

int
ngu__sock_send(int fd, const struct iovec *iov, int n, int pass, bool wait)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr mh = { .msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = (size_t)n };
	ssize_t r;

	if (pass >= 0) {
		struct cmsghdr *c;

		memset(&control, 0, sizeof(control));
		mh.msg_control = control.bytes;
		mh.msg_controllen = sizeof(control.bytes);
		c = CMSG_FIRSTHDR(&mh);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &pass, sizeof(int));
	}
	do {
		BUSY(r = sendmsg(fd, &mh, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT)));
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return (errno == EWOULDBLOCK || errno == ENOBUFS ? -EAGAIN : -errno);
	return (0);
}

ssize_t
ngu__sock_recv(int fd, void *buf, size_t len, int flags, int *passed)
{
	struct iovec iov = { .iov_base = buf, .iov_len = len };
	ssize_t r;

	do {
		r = ngu__sock_recvv(fd, &iov, 1, flags, passed);
	} while (r == -EINTR);
	return (r);
}

/* *sender: it says who has sent it. */
static ssize_t
receive(int fd, const struct iovec *iov, int n, int flags, int *passed, bool *sender)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(8 * sizeof(int)) + 64]; /* more than one is against the rules, and is closed */
	} control;
	struct msghdr mh = {
		.msg_iov = (struct iovec *)(uintptr_t)iov,
		.msg_iovlen = (size_t)n,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	struct cmsghdr *c;
	ssize_t r;
	int got = -1;

	BUSY(r = recvmsg(fd, &mh, flags | MSG_CMSG_CLOEXEC | MSG_TRUNC));
	if (passed != NULL)
		*passed = -1;
	if (r < 0)
		return (errno == EWOULDBLOCK ? -EAGAIN : -errno);
	for (c = CMSG_FIRSTHDR(&mh); c != NULL; c = CMSG_NXTHDR(&mh, c)) {
		size_t i, k;

#ifdef SCM_CREDENTIALS
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS)
			*sender = true;
#endif
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		k = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < k; i++) {
			int one;

			memcpy(&one, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			cloexec(one);
			if (got < 0 && passed != NULL)
				got = one;
			else
				(void)close(one);
		}
	}
	if (passed != NULL)
		*passed = got;
	return (r);
}

ssize_t
ngu__sock_recvv(int fd, const struct iovec *iov, int n, int flags, int *passed)
{
	bool sender;

	return (receive(fd, iov, n, flags, passed, &sender));
}

static void
ask_sender(int fd, int on)
{
#ifdef SO_PASSCRED
	(void)setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
#else
	(void)fd;
	(void)on;
#endif
}

ssize_t
ngu__sock_next(int fd, void *buf, size_t len)
{
	struct iovec iov = { .iov_base = buf, .iov_len = len };
	bool sender = false;
	ssize_t r;

	ask_sender(fd, 1);
	do {
		r = receive(fd, &iov, 1, MSG_DONTWAIT, NULL, &sender);
	} while (r == -EINTR);
	ask_sender(fd, 0); /* which would give it a name when it sends */
	return (r == 0 && !sender ? -EPIPE : r);
}

bool
ngu__sock_ended(int fd)
{
#ifdef POLLRDHUP
	struct pollfd p = { .fd = fd, .events = POLLRDHUP };
#else
	struct pollfd p = { .fd = fd };
#endif

	return (poll(&p, 1, 0) == 1 && (p.revents & ~POLLNVAL) != 0);
}

/* ---- names ---- */

static int
unix_address(const char *path, struct sockaddr_un *sun)
{
	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(sun->sun_path))
		return (-ENAMETOOLONG);
	strcpy(sun->sun_path, path);
	return (0);
}

/* Where connect(2) waits for who listens to have room, it does so no longer than a send would. */
static void
send_limit(int fd, int64_t ns)
{
	struct timeval tv = { .tv_sec = (time_t)(ns / SECOND), .tv_usec = (suseconds_t)(ns % SECOND / 1000) };

	if (ns != 0 && tv.tv_sec == 0 && tv.tv_usec == 0)
		tv.tv_usec = 1;
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
}

int
ngu__sock_connect(const char *path, int timeout_ms, int *fd)
{
	int64_t now = ngu__port_mono_ns(), end = now + (int64_t)timeout_ms * (SECOND / 1000);
	struct sockaddr_un sun;
	int s, error;

	if ((error = unix_address(path, &sun)) != 0)
		return (error);
	if ((s = socket(AF_UNIX, SOCK_SEQPACKET, 0)) < 0)
		return (-errno);
	cloexec(s);
	no_signal(s);
	do {
		send_limit(s, end - now);
		BUSY(error = connect(s, (struct sockaddr *)&sun, sizeof(sun)));
		if (error != 0)
			error = errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (error == -EINTR && (now = ngu__port_mono_ns()) >= end)
			error = -ETIMEDOUT;
	} while (error == -EINTR);
	if (error != 0) {
		(void)close(s);
		return (error);
	}
	send_limit(s, 0);
	*fd = s;
	return (0);
}

int
ngu__sock_listen(const char *path, int *fd)
{
	struct sockaddr_un sun;
	struct stat st;
	int s, other, error;
	mode_t mask;

	if ((error = unix_address(path, &sun)) != 0)
		return (error);
	if ((s = socket(AF_UNIX, SOCK_SEQPACKET, 0)) < 0)
		return (-errno);
	cloexec(s);
	nonblock(s);
	/* Of a file that is in the way only a socket that nobody answers at is ours to remove. */
	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode)) {
		error = ngu__sock_connect(path, 1, &other); /* if it takes longer there is somebody */
		if (error == 0)
			(void)close(other);
		else if (error == -ECONNREFUSED)
			(void)unlink(path);
	}
	/* The socket's own mode becomes the file's where the system has it so; umask(2) would be every thread's. */
	if (fchmod(s, 0600) != 0) {
		mask = umask(0177);
		BUSY(error = bind(s, (struct sockaddr *)&sun, sizeof(sun)));
		if (error != 0)
			error = -errno;
		(void)umask(mask);
	} else {
		BUSY(error = bind(s, (struct sockaddr *)&sun, sizeof(sun)));
		if (error != 0)
			error = -errno;
		else if (lstat(path, &st) == 0 && (st.st_mode & 077) != 0)
			(void)chmod(path, 0600);
	}
	if (error == 0 && listen(s, 128) != 0) {
		error = -errno;
		(void)unlink(path);
	}
	if (error != 0) {
		(void)close(s);
		return (error);
	}
	*fd = s;
	return (0);
}

int
ngu__sock_accept(int listener, int *fd)
{
	int s;

	do {
		s = accept(listener, NULL, NULL);
	} while (s < 0 && (errno == EINTR || errno == ECONNABORTED));
	if (s < 0)
		return (errno == EWOULDBLOCK ? -EAGAIN : -errno);
	cloexec(s);
	nonblock(s);
	no_signal(s);
	*fd = s;
	return (0);
}

int
ngu__fd_id(int fd, struct ngu__fd_id *id)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return (-errno);
	if (!S_ISSOCK(st.st_mode))
		return (-ENOTSOCK);
	id->dev = (uint64_t)st.st_dev;
	id->ino = (uint64_t)st.st_ino;
	return (0);
}

int
ngu__fd_memory(const struct iovec *iov, int n, int *fd)
{
	ssize_t r;
	int m, error;

	if ((error = ngu__fd_memory_open(&m)) != 0)
		return (error);
	for (int i = 0; i < n; i++) {
		const char *p = iov[i].iov_base;
		size_t left = iov[i].iov_len;

		while (left != 0) {
			BUSY(r = write(m, p, left));
			if (r < 0 && errno == EINTR)
				continue;
			if (r <= 0) {
				error = r < 0 ? -errno : -ENOSPC;
				(void)close(m);
				return (error);
			}
			p += r;
			left -= (size_t)r;
		}
	}
	*fd = m;
	return (0);
}

int
ngu__fd_read(int fd, uint64_t off, void *buf, size_t len)
{
	char *p = buf;

	while (len != 0) {
		ssize_t r = pread(fd, p, len, (off_t)off);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return (r < 0 ? -errno : -EINVAL);
		p += r;
		off += (uint64_t)r;
		len -= (size_t)r;
	}
	return (0);
}
