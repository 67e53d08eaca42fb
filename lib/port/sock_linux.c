/* SPDX-License-Identifier: BSD-2-Clause */
/* sock_linux.c - the part of port/sock.h that is Linux: epoll, memfd, SIOCOUTQ, SO_PEERCRED. Built on every system; empty on all others. */
#if defined(__linux__)
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "port/sock.h"

#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <linux/sockios.h>

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

void
ngu__sock_room(int fd, size_t bytes)
{
	int n = bytes > INT_MAX / 2 ? INT_MAX / 2 : (int)bytes;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &n, sizeof(n)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &n, sizeof(n)); /* up to net.core.wmem_max */
}

int
ngu__sock_unread(int fd, uint32_t *bytes)
{
	int n = 0;

	if (ioctl(fd, SIOCOUTQ, &n) != 0)
		return (-errno);
	*bytes = n > 0 ? (uint32_t)n : 0;
	return (0);
}

int
ngu__sock_peer(int fd, uid_t *uid, gid_t *gid, gid_t group, bool *member, pid_t *pid)
{
	struct ucred cr;
	socklen_t len = sizeof(cr);
	gid_t *list;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cr, &len) != 0)
		return (-errno);
	*uid = cr.uid;
	*gid = cr.gid;
	*pid = cr.pid;
	*member = cr.gid == group;
#ifdef SO_PEERGROUPS
	len = 65536 * sizeof(gid_t); /* NGROUPS_MAX */
	if (!*member && (list = malloc(len)) != NULL) {
		if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, list, &len) == 0)
			for (size_t i = 0; i < len / sizeof(gid_t); i++)
				if (list[i] == group)
					*member = true;
		free(list);
	}
#else
	(void)list;
#endif
	return (0);
}

int
ngu__fd_memory_open(int *fd)
{
	int m = memfd_create("netgraph", MFD_CLOEXEC);

	if (m < 0)
		return (-errno);
	*fd = m;
	return (0);
}

int
ngu__poller_open(int *poller)
{
	int p = epoll_create1(EPOLL_CLOEXEC);

	if (p < 0)
		return (-errno);
	*poller = p;
	return (0);
}

int
ngu__poller_set(int poller, int fd, unsigned want, void *tag, bool first)
{
	struct epoll_event ev = { .data.ptr = tag };

	if (want & NGU__RD)
		ev.events |= EPOLLIN | EPOLLRDHUP;
	if (want & NGU__WR)
		ev.events |= EPOLLOUT;
	return (epoll_ctl(poller, first ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &ev) != 0 ? -errno : 0);
}

void
ngu__poller_drop(int poller, int fd)
{
	struct epoll_event ev = { .events = 0 };

	(void)epoll_ctl(poller, EPOLL_CTL_DEL, fd, &ev);
}

int
ngu__poller_wait(int poller, struct ngu__ready *ready, int n, int timeout_ms)
{
	struct epoll_event ev[64];
	int r;

	if (n > 64)
		n = 64;
	if ((r = epoll_wait(poller, ev, n, timeout_ms)) < 0)
		return (errno == EINTR ? 0 : -errno);
	for (int i = 0; i < r; i++) {
		ready[i].tag = ev[i].data.ptr;
		ready[i].what = (ev[i].events & EPOLLIN ? NGU__RD : 0) | (ev[i].events & EPOLLOUT ? NGU__WR : 0) |
		    (ev[i].events & (EPOLLHUP | EPOLLERR) ? NGU__HUP : 0) |
		    ((ev[i].events & (EPOLLIN | EPOLLRDHUP)) == (EPOLLIN | EPOLLRDHUP) ? NGU__END : 0);
	}
	return (r);
}

#else
typedef int ngu__sock_not_linux;
#endif
