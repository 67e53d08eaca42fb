/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sock_bsd.c - the part of port/sock.h that is not Linux: kqueue, an unlinked file in memory, getpeereid(3). There a record counts against the buffer
 * of who reads it, by the rules that netgraph's own sockets follow, so nobody has to count it here.
 */
#if !defined(__linux__)
#include "port/sock.h"

#include <sys/event.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void
ngu__sock_room(int fd, size_t bytes)
{
	int n = bytes > INT_MAX ? INT_MAX : (int)bytes;

	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &n, sizeof(n));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &n, sizeof(n));
}

int
ngu__sock_unread(int fd, uint32_t *bytes)
{
	(void)fd;
	(void)bytes;
	return (-ENOTSUP);
}

int
ngu__sock_peer(int fd, uid_t *uid, gid_t *gid, gid_t group, bool *member, pid_t *pid)
{
	gid_t list[NGROUPS_MAX + 1];
	int n = NGROUPS_MAX + 1;
	struct passwd *pw;

	if (getpeereid(fd, uid, gid) != 0)
		return (-errno);
	*pid = -1;
	*member = *gid == group;
	if (!*member && (pw = getpwuid(*uid)) != NULL && getgrouplist(pw->pw_name, (int)pw->pw_gid, (void *)list, &n) >= 0)
		for (int i = 0; i < n; i++)
			if (list[i] == group)
				*member = true;
	return (0);
}

int
ngu__fd_memory_open(int *fd)
{
	int m;
#ifdef SHM_ANON
	m = shm_open(SHM_ANON, O_RDWR, 0600);
#else
	char name[] = "/tmp/ng.XXXXXXXX";

	if ((m = mkstemp(name)) >= 0)
		(void)unlink(name);
#endif
	if (m < 0)
		return (-errno);
	(void)fcntl(m, F_SETFD, FD_CLOEXEC);
	*fd = m;
	return (0);
}

int
ngu__poller_open(int *poller)
{
	int p = kqueue();

	if (p < 0)
		return (-errno);
	(void)fcntl(p, F_SETFD, FD_CLOEXEC);
	*poller = p;
	return (0);
}

int
ngu__poller_set(int poller, int fd, unsigned want, void *tag, bool first)
{
	struct kevent ev[2];

	(void)first;
	/* Reading stays on, or the other side's end would not be told; then only for more than could ever be there. */
	EV_SET(&ev[0], fd, EVFILT_READ, EV_ADD | EV_ENABLE, want & NGU__RD ? 0 : NOTE_LOWAT, want & NGU__RD ? 0 : INT_MAX, tag);
	EV_SET(&ev[1], fd, EVFILT_WRITE, want & NGU__WR ? EV_ADD | EV_ENABLE : EV_ADD | EV_DISABLE, 0, 0, tag);
	return (kevent(poller, ev, 2, NULL, 0, NULL) != 0 ? -errno : 0);
}

void
ngu__poller_drop(int poller, int fd)
{
	struct kevent ev[2];

	EV_SET(&ev[0], fd, EVFILT_READ, EV_DELETE, 0, 0, NULL);
	(void)kevent(poller, ev, 1, NULL, 0, NULL);
	EV_SET(&ev[1], fd, EVFILT_WRITE, EV_DELETE, 0, 0, NULL);
	(void)kevent(poller, ev + 1, 1, NULL, 0, NULL);
}

int
ngu__poller_wait(int poller, struct ngu__ready *ready, int n, int timeout_ms)
{
	struct timespec ts = { .tv_sec = timeout_ms / 1000, .tv_nsec = timeout_ms % 1000 * 1000000L };
	struct kevent ev[64];
	int r;

	if (n > 64)
		n = 64;
	if ((r = kevent(poller, NULL, 0, ev, n, timeout_ms < 0 ? NULL : &ts)) < 0)
		return (errno == EINTR ? 0 : -errno);
	for (int i = 0; i < r; i++) {
		ready[i].tag = (void *)ev[i].udata;
		ready[i].what = (ev[i].filter == EVFILT_READ ? NGU__RD : NGU__WR) | (ev[i].flags & EV_EOF ? NGU__HUP : 0);
	}
	return (r);
}

#else
typedef int ngu__sock_not_bsd;
#endif
