/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * interpose.c - libng-sock: read(2), sendto(2), getsockname(2) and their kin for netgraph sockets, under their own names. All other descriptors go
 * to the C library. A program that is started with a data socket gets the bytes alone; it need not have been told of any of this.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <sys/socket.h>
#include <sys/uio.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <netgraph/ng_socket.h>
#include <ng/client.h>
#include <ng/host.h>

#define EXPORT __attribute__((__visibility__("default")))

/* The C library's own. Looked up each first time; two threads find the same. */
#define NEXT(name) \
	static __typeof__(&name) next; \
	if (__atomic_load_n(&next, __ATOMIC_RELAXED) == NULL) \
	__atomic_store_n(&next, (__typeof__(&name))dlsym(RTLD_NEXT, #name), __ATOMIC_RELAXED)

/* Set while a call of ours runs in this thread: what it calls is the kernel's business. */
static _Thread_local int inside;

/*
 * So is what libng and libng-client call, in whatever thread, and whoever stands between them and us (a sanitizer's runtime does): they say so
 * themselves. They cannot ask who a descriptor is while they are asking for a way to find that out.
 */
static int
kind(int fd)
{
	int k;

	if (inside || *ngu_host_busy() != 0 || *ngu_client_busy() != 0)
		return (0);
	inside = 1;
	k = ngu_client_kind(fd);
	inside = 0;
	return (k);
}

#define WITHIN(type, call) \
	__extension__({ \
		type r_; \
		inside = 1; \
		r_ = (call); \
		inside = 0; \
		r_; \
	})

EXPORT int
socket(int domain, int type, int protocol)
{
	NEXT(socket);
	if (domain != PF_NETGRAPH || inside)
		return (next(domain, type, protocol));
	if ((type & 0xf) != SOCK_DGRAM) {
		errno = EPROTOTYPE;
		return (-1);
	}
	return (WITHIN(int, ngu_client_socket(protocol)));
}

EXPORT int
bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	NEXT(bind);
	switch (kind(fd)) {
	case NG_CONTROL:
		return (WITHIN(int, ngu_client_bind(fd, addr, len)));
	case NG_DATA:
		errno = EOPNOTSUPP;
		return (-1);
	}
	return (next(fd, addr, len));
}

EXPORT int
connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	NEXT(connect);
	switch (kind(fd)) {
	case NG_CONTROL:
		errno = EINVAL;
		return (-1);
	case NG_DATA:
		return (WITHIN(int, ngu_client_connect(fd, addr, len)));
	}
	return (next(fd, addr, len));
}

EXPORT int
getsockname(int fd, struct sockaddr *addr, socklen_t *len)
{
	size_t n;
	int r;

	NEXT(getsockname);
	if (kind(fd) == 0)
		return (next(fd, addr, len));
	n = *len;
	r = WITHIN(int, ngu_client_getsockname(fd, addr, &n));
	*len = (socklen_t)n;
	return (r);
}

EXPORT int
getsockopt(int fd, int level, int option, void *value, socklen_t *len)
{
	int v, r;

	NEXT(getsockopt);
	if (level != SOL_SOCKET || (option != SO_RCVBUF && option != SO_SNDBUF && option != SO_TYPE) || *len < sizeof(int) ||
	    kind(fd) == 0)
		return (next(fd, level, option, value, len));
	if ((r = WITHIN(int, ngu_client_getsockopt(fd, option, &v))) == 0) {
		memcpy(value, &v, sizeof(v));
		*len = sizeof(v);
	}
	return (r);
}

EXPORT int
setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
	int v;

	NEXT(setsockopt);
	if (level != SOL_SOCKET || (option != SO_RCVBUF && option != SO_SNDBUF) || len < sizeof(int) || kind(fd) == 0)
		return (next(fd, level, option, value, len));
	memcpy(&v, value, sizeof(v));
	return (WITHIN(int, ngu_client_setsockopt(fd, option, v)));
}

/* ---- out ---- */

EXPORT ssize_t
sendto(int fd, const void *buf, size_t n, int flags, const struct sockaddr *addr, socklen_t len)
{
	NEXT(sendto);
	if (kind(fd) == 0)
		return (next(fd, buf, n, flags, addr, len));
	return (WITHIN(ssize_t, ngu_client_sendto(fd, buf, n, flags, addr, len)));
}

EXPORT ssize_t
send(int fd, const void *buf, size_t n, int flags)
{
	NEXT(send);
	if (kind(fd) == 0)
		return (next(fd, buf, n, flags));
	return (WITHIN(ssize_t, ngu_client_sendto(fd, buf, n, flags, NULL, 0)));
}

EXPORT ssize_t
write(int fd, const void *buf, size_t n)
{
	NEXT(write);
	if (kind(fd) == 0)
		return (next(fd, buf, n));
	return (WITHIN(ssize_t, ngu_client_sendto(fd, buf, n, 0, NULL, 0)));
}

/* The pieces as one. -1 with errno, or the number of bytes. */
static ssize_t
total(const struct iovec *iov, int n)
{
	size_t sum = 0;

	for (int i = 0; i < n; i++) {
		if (iov[i].iov_len > SSIZE_MAX - sum) {
			errno = EINVAL;
			return (-1);
		}
		sum += iov[i].iov_len;
	}
	return ((ssize_t)sum);
}

static ssize_t
gather(int fd, const struct iovec *iov, int n, int flags, const void *addr, size_t alen)
{
	ssize_t sum = total(iov, n), r;
	char *buf, *p;

	if (sum < 0)
		return (-1);
	if ((buf = malloc((size_t)sum + 1)) == NULL)
		return (-1);
	p = buf;
	for (int i = 0; i < n; i++) {
		if (iov[i].iov_len != 0)
			memcpy(p, iov[i].iov_base, iov[i].iov_len);
		p += iov[i].iov_len;
	}
	r = WITHIN(ssize_t, ngu_client_sendto(fd, buf, (size_t)sum, flags, addr, alen));
	free(buf);
	return (r);
}

EXPORT ssize_t
writev(int fd, const struct iovec *iov, int n)
{
	NEXT(writev);
	return (kind(fd) == 0 ? next(fd, iov, n) : gather(fd, iov, n, 0, NULL, 0));
}

EXPORT ssize_t
sendmsg(int fd, const struct msghdr *mh, int flags)
{
	NEXT(sendmsg);
	if (kind(fd) == 0)
		return (next(fd, mh, flags));
	if (mh->msg_controllen != 0) { /* 17.1, 17.2 */
		errno = EINVAL;
		return (-1);
	}
	return (gather(fd, mh->msg_iov, (int)mh->msg_iovlen, flags, mh->msg_name, mh->msg_namelen));
}

/* ---- in ---- */

EXPORT ssize_t
recvfrom(int fd, void *buf, size_t n, int flags, struct sockaddr *addr, socklen_t *len)
{
	size_t alen = len != NULL ? *len : 0;
	ssize_t r;

	NEXT(recvfrom);
	if (kind(fd) == 0)
		return (next(fd, buf, n, flags, addr, len));
	r = WITHIN(ssize_t, ngu_client_recvfrom(fd, buf, n, flags, addr, &alen));
	if (r >= 0 && len != NULL)
		*len = (socklen_t)alen;
	return (r);
}

EXPORT ssize_t
recv(int fd, void *buf, size_t n, int flags)
{
	NEXT(recv);
	if (kind(fd) == 0)
		return (next(fd, buf, n, flags));
	return (WITHIN(ssize_t, ngu_client_recvfrom(fd, buf, n, flags, NULL, NULL)));
}

EXPORT ssize_t
read(int fd, void *buf, size_t n)
{
	NEXT(read);
	if (kind(fd) == 0)
		return (next(fd, buf, n));
	return (WITHIN(ssize_t, ngu_client_recvfrom(fd, buf, n, 0, NULL, NULL)));
}

static ssize_t
scatter(int fd, const struct iovec *iov, int n, int flags, void *addr, size_t *alen)
{
	ssize_t sum = total(iov, n), r, left;
	char *buf, *p;

	if (sum < 0)
		return (-1);
	if ((buf = malloc((size_t)sum + 1)) == NULL)
		return (-1);
	r = WITHIN(ssize_t, ngu_client_recvfrom(fd, buf, (size_t)sum, flags, addr, alen));
	p = buf;
	left = r;
	for (int i = 0; i < n && left > 0; i++) {
		size_t k = (size_t)left < iov[i].iov_len ? (size_t)left : iov[i].iov_len;

		memcpy(iov[i].iov_base, p, k);
		p += k;
		left -= (ssize_t)k;
	}
	free(buf);
	return (r);
}

EXPORT ssize_t
readv(int fd, const struct iovec *iov, int n)
{
	NEXT(readv);
	return (kind(fd) == 0 ? next(fd, iov, n) : scatter(fd, iov, n, 0, NULL, NULL));
}

EXPORT ssize_t
recvmsg(int fd, struct msghdr *mh, int flags)
{
	size_t alen = mh->msg_namelen;
	ssize_t r;

	NEXT(recvmsg);
	if (kind(fd) == 0)
		return (next(fd, mh, flags));
	if ((r = scatter(fd, mh->msg_iov, (int)mh->msg_iovlen, flags, mh->msg_name, mh->msg_name != NULL ? &alen : NULL)) >= 0) {
		mh->msg_namelen = mh->msg_name != NULL ? (socklen_t)alen : 0;
		mh->msg_controllen = 0;
		mh->msg_flags = 0;
	}
	return (r);
}

/* ---- into another program ---- */

/* Data sockets that go along carry the bytes alone from here on. */
static void
hand_over(void)
{
	long max = sysconf(_SC_OPEN_MAX);
	int saved = errno;

	for (int fd = 0; fd < (max > 0 && max < 65536 ? max : 65536); fd++) {
		int flags = fcntl(fd, F_GETFD);

		if (flags >= 0 && (flags & FD_CLOEXEC) == 0 && kind(fd) == NG_DATA)
			(void)WITHIN(int, ngu_client_raw(fd));
	}
	errno = saved;
}

EXPORT int
execve(const char *path, char *const argv[], char *const envp[])
{
	NEXT(execve);
	hand_over();
	return (next(path, argv, envp));
}

EXPORT int
execv(const char *path, char *const argv[])
{
	NEXT(execv);
	hand_over();
	return (next(path, argv));
}

EXPORT int
execvp(const char *file, char *const argv[])
{
	NEXT(execvp);
	hand_over();
	return (next(file, argv));
}

/* The arguments of the others, up to the NULL, as a vector; then maybe the environment. */
#define MAX_ARGS 4096
static int
vector(const char *arg, va_list *ap, char *argv[MAX_ARGS])
{
	int n = 0;

	for (; arg != NULL && n < MAX_ARGS - 1; arg = va_arg(*ap, const char *))
		argv[n++] = (char *)(uintptr_t)arg;
	if (arg != NULL) {
		errno = E2BIG;
		return (-1);
	}
	argv[n] = NULL;
	return (0);
}

EXPORT int
execl(const char *path, const char *arg, ...)
{
	char *argv[MAX_ARGS];
	va_list ap;
	int r;

	va_start(ap, arg);
	r = vector(arg, &ap, argv);
	va_end(ap);
	return (r != 0 ? r : execv(path, argv));
}

EXPORT int
execlp(const char *file, const char *arg, ...)
{
	char *argv[MAX_ARGS];
	va_list ap;
	int r;

	va_start(ap, arg);
	r = vector(arg, &ap, argv);
	va_end(ap);
	return (r != 0 ? r : execvp(file, argv));
}

EXPORT int
execle(const char *path, const char *arg, ...)
{
	char *argv[MAX_ARGS], **envp = NULL;
	va_list ap;
	int r;

	va_start(ap, arg);
	if ((r = vector(arg, &ap, argv)) == 0)
		envp = va_arg(ap, char **);
	va_end(ap);
	return (r != 0 ? r : execve(path, argv, envp));
}
