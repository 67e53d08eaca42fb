/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ksock.c - the host's sockets for ng_ksocket.c, and the one thread that watches them all. Knows sockets, knows no netgraph.
 *
 * Watcher    started with the first socket, ends after the last. A socket it has told about is out of the poller until it is wanted again, so
 *            that nobody is told twice; errors and hang-ups, which pollers always tell, included.
 * Lifetime   close takes the socket out of the poller, closes it and leaves the memory to the watcher, which has perhaps just got its address
 *            from the poller; it is freed behind the batch.
 * Locks      `lock` is for the watcher and what each socket has of it (owner, armed, later, closed), and connect(2). Nobody is called under it, but start().
 */
#include <sys/types.h>

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <netgraph/ng_ksocket.h>

#include "ksock.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* then the signal is taken away by SO_NOSIGPIPE */
#endif

/* lib/port: see sock.h and port.h there. */
struct ngu__ready {
	void *tag;
	unsigned what;
};
int ngu__poller_open(int *poller);
int ngu__poller_set(int poller, int fd, unsigned want, void *tag, bool first);
void ngu__poller_drop(int poller, int fd);
int ngu__poller_wait(int poller, struct ngu__ready *ready, int n, int timeout_ms);
void *ngu__port_alloc(size_t size, size_t align);
void ngu__port_free(void *p);

#define LATER_MS 10
#define BATCH 32
#define MOST 65536 /* bytes of one receive */

struct watcher {
	int poller;
	int wake[2]; /* a byte here makes it look */
	pthread_t thread;
	unsigned sockets;	 /* open */
	unsigned waiting;	 /* ... and marked `later` */
	struct ngu__ksock *all;	 /* open ones */
	struct ngu__ksock *gone; /* closed, not yet freed */
	struct ngu__ksock *busy; /* whose owner is being told */
	pthread_cond_t left;	 /* busy has changed */
};

struct ngu__ksock {
	int fd;
	struct ngu__ksock_kind kind;
	const struct ngu__ksock_ops *ops;
	void *owner;
	struct watcher *w;
	unsigned armed; /* what the poller looks for; 0: it does not */
	unsigned later; /* what it shall look for, in a moment */
	bool closed;
	struct ngu__ksock *next, **prev;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct watcher *watcher;

/* ---- the watcher; everything here under the lock ---- */

static void
wake(struct watcher *w)
{
	(void)!write(w->wake[1], "", 1); /* full: it will look anyway */
}

static void
arm(struct ngu__ksock *s, unsigned what)
{
	if (what == s->armed)
		return;
	if (what == 0)
		ngu__poller_drop(s->w->poller, s->fd);
	else if (ngu__poller_set(s->w->poller, s->fd, what, s, s->armed == 0) != 0) {
		if (s->armed != 0)
			ngu__poller_drop(s->w->poller, s->fd);
		s->armed = 0;
		if (s->later == 0)
			s->w->waiting++;
		s->later |= what;
		return;
	}
	s->armed = what;
}

static void
not_later(struct ngu__ksock *s)
{
	if (s->later != 0)
		s->w->waiting--;
	s->later = 0;
}

static void
arm_later(struct ngu__ksock *s, unsigned what)
{
	if (s->later == 0)
		s->w->waiting++;
	s->later |= what;
}

static void
watcher_free(struct watcher *w)
{
	(void)close(w->wake[0]);
	(void)close(w->wake[1]);
	(void)close(w->poller);
	(void)pthread_cond_destroy(&w->left);
	ngu__port_free(w);
}

/* Whose time has come is looked at again. */
static void
arm_waiting(struct watcher *w)
{
	for (struct ngu__ksock *s = w->all; s != NULL && w->waiting != 0; s = s->next) {
		const unsigned what = s->later;

		if (what != 0) {
			not_later(s);
			arm(s, s->armed | what);
		}
	}
}

static void
tell(struct watcher *w, struct ngu__ksock *s)
{
	const unsigned what = s->armed;
	int error;

	arm(s, 0);
	w->busy = s;
	(void)pthread_mutex_unlock(&lock);
	error = s->ops->ready(s->owner);
	(void)pthread_mutex_lock(&lock);
	w->busy = NULL;
	(void)pthread_cond_broadcast(&w->left);
	if (error != 0 && !s->closed)
		arm_later(s, what);
}

static void
watch(void *arg)
{
	struct watcher *w = arg;
	struct ngu__ready ready[BATCH];
	struct ngu__ksock *s;
	char junk[64];
	bool idle;
	int n;

	(void)pthread_mutex_lock(&lock);
	w->thread = pthread_self();
	for (;;) {
		idle = w->waiting != 0;
		(void)pthread_mutex_unlock(&lock);
		n = ngu__poller_wait(w->poller, ready, BATCH, idle ? LATER_MS : -1);
		(void)pthread_mutex_lock(&lock);
		for (int i = 0; i < n; i++) {
			if ((s = ready[i].tag) == NULL)
				(void)!read(w->wake[0], junk, sizeof(junk));
			else if (!s->closed && s->armed != 0)
				tell(w, s);
		}
		if (n <= 0)
			arm_waiting(w);
		while ((s = w->gone) != NULL) {
			w->gone = s->next;
			ngu__port_free(s);
		}
		if (w->sockets == 0)
			break;
	}
	watcher = NULL;
	(void)pthread_mutex_unlock(&lock);
	watcher_free(w);
}

static void
for_us(int fd)
{
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
#ifdef SO_NOSIGPIPE
	(void)setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &(int){ 1 }, sizeof(int));
#endif
}

static int
watcher_start(const struct ngu__ksock_ops *ops)
{
	struct watcher *w = ngu__port_alloc(sizeof(*w), 0);
	int error;

	if (w == NULL)
		return (ENOMEM);
	if ((error = -ngu__poller_open(&w->poller)) != 0) {
		ngu__port_free(w);
		return (error);
	}
	if (pipe(w->wake) != 0) {
		error = errno;
		(void)close(w->poller);
		ngu__port_free(w);
		return (error);
	}
	(void)pthread_cond_init(&w->left, NULL);
	for_us(w->wake[0]);
	for_us(w->wake[1]);
	w->thread = pthread_self(); /* until it says its own: nobody is busy before */
	if ((error = -ngu__poller_set(w->poller, w->wake[0], NGU__KSOCK_READ, NULL, true)) != 0 || (error = ops->start(watch, w)) != 0) {
		watcher_free(w);
		return (error);
	}
	watcher = w;
	return (0);
}

/* Takes fd, also when it fails. */
static int
adopt(int fd, const struct ngu__ksock_kind *kind, const struct ngu__ksock_ops *ops, void *owner, struct ngu__ksock **out)
{
	struct ngu__ksock *s = ngu__port_alloc(sizeof(*s), 0);
	int error = 0;

	if (s == NULL) {
		(void)close(fd);
		return (ENOMEM);
	}
	for_us(fd);
	s->fd = fd;
	s->kind = *kind;
	s->ops = ops;
	s->owner = owner;
	(void)pthread_mutex_lock(&lock);
	if (watcher == NULL)
		error = watcher_start(ops);
	if (error == 0) {
		s->w = watcher;
		s->w->sockets++;
		if ((s->next = s->w->all) != NULL)
			s->next->prev = &s->next;
		s->prev = &s->w->all;
		s->w->all = s;
	}
	(void)pthread_mutex_unlock(&lock);
	if (error != 0) {
		(void)close(fd);
		ngu__port_free(s);
		return (error);
	}
	*out = s;
	return (0);
}

int
ngu__ksock_open(const struct ngu__ksock_kind *kind, const struct ngu__ksock_ops *ops, void *owner, struct ngu__ksock **out)
{
	int fd = socket(kind->family, kind->type, kind->proto);

	return (fd < 0 ? errno : adopt(fd, kind, ops, owner, out));
}

void
ngu__ksock_close(struct ngu__ksock *s)
{
	struct watcher *w;

	if (s == NULL)
		return;
	w = s->w;
	(void)pthread_mutex_lock(&lock);
	not_later(s);
	arm(s, 0);
	s->closed = true;
	while (w->busy == s && !pthread_equal(w->thread, pthread_self()))
		(void)pthread_cond_wait(&w->left, &lock);
	if ((*s->prev = s->next) != NULL)
		s->next->prev = s->prev;
	(void)close(s->fd);
	s->next = w->gone;
	w->gone = s;
	w->sockets--;
	wake(w);
	(void)pthread_mutex_unlock(&lock);
}

void
ngu__ksock_want(struct ngu__ksock *s, unsigned what, bool later)
{
	(void)pthread_mutex_lock(&lock);
	if (later) {
		arm(s, 0);
		arm_later(s, what);
	} else {
		not_later(s);
		arm(s, what);
	}
	if (s->later != 0)
		wake(s->w);
	(void)pthread_mutex_unlock(&lock);
}

bool
ngu__ksock_can(struct ngu__ksock *s, unsigned what)
{
	struct pollfd p = { .fd = s->fd };

	p.events = (short)((what & NGU__KSOCK_READ ? POLLIN : 0) | (what & NGU__KSOCK_WRITE ? POLLOUT : 0));
	return (poll(&p, 1, 0) > 0);
}

/* ---- names ---- */

struct word {
	const char *name;
	int number;
};

static const struct word families[] = {
	{ "local", AF_UNIX },
	{ "unix", AF_UNIX },
	{ "inet", AF_INET },
	{ "inet6", AF_INET6 },
	{ NULL, 0 }
};

static const struct word types[] = {
	{ "stream", SOCK_STREAM },
	{ "dgram", SOCK_DGRAM },
	{ "raw", SOCK_RAW },
	{ "rdm", SOCK_RDM },
	{ "seqpacket", SOCK_SEQPACKET },
	{ NULL, 0 }
};

/* Of both internet families. */
static const struct word protocols[] = {
	{ "ip", 0 },
	{ "icmp", IPPROTO_ICMP },
	{ "igmp", IPPROTO_IGMP },
	{ "tcp", IPPROTO_TCP },
	{ "udp", IPPROTO_UDP },
	{ "gre", IPPROTO_GRE },
	{ "esp", IPPROTO_ESP },
	{ "ah", IPPROTO_AH },
	{ "icmp6", IPPROTO_ICMPV6 },
	{ "encap", 98 },
	{ "ospf", 89 },
	{ "pim", IPPROTO_PIM },
	{ NULL, 0 }
};

/* The word up to `end`, or a decimal number below 65536. */
static int
number(const struct word *words, const char *text, const char *end, int *out)
{
	const size_t len = (size_t)(end - text);
	int n = 0;

	for (; words != NULL && words->name != NULL; words++) {
		if (strlen(words->name) == len && memcmp(words->name, text, len) == 0) {
			*out = words->number;
			return (0);
		}
	}
	if (len == 0 || len > 5)
		return (EINVAL);
	for (; text < end; text++) {
		if (*text < '0' || *text > '9')
			return (EINVAL);
		n = n * 10 + (*text - '0');
	}
	if (n > 65535)
		return (EINVAL);
	*out = n;
	return (0);
}

int
ngu__ksock_kind(const char *name, struct ngu__ksock_kind *kind)
{
	const char *a = strchr(name, '/'), *b = a != NULL ? strchr(a + 1, '/') : NULL;
	bool inet;

	if (b == NULL || number(families, name, a, &kind->family) != 0 || number(types, a + 1, b, &kind->type) != 0)
		return (EINVAL);
	if (kind->family == NG_KSOCKET_AF_INET6)
		kind->family = AF_INET6;
	inet = kind->family == AF_INET || kind->family == AF_INET6;
	if (number(inet ? protocols : NULL, b + 1, b + 1 + strlen(b + 1), &kind->proto) != 0)
		return (EINVAL);
	kind->stream = kind->type == SOCK_STREAM;
	kind->connects = kind->stream || kind->type == SOCK_SEQPACKET;
	return (0);
}

/* ---- addresses ---- */

union address {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
	struct sockaddr_storage room;
};

/* The host's number of a family, of one that came in either layout. */
static int
family_of(const uint8_t *p, size_t len)
{
	int native;
	union address a;

	if (p[1] != 0 && p[0] != 0) { /* a length, and a family */
		if (p[0] > len)
			return (-1);
		return (p[1] == NG_KSOCKET_AF_INET ? AF_INET : p[1] == NG_KSOCKET_AF_LOCAL ? AF_UNIX :
			p[1] == NG_KSOCKET_AF_INET6 ? AF_INET6 : -1);
	}
	memset(&a, 0, sizeof(a));
	memcpy(&a, p, len < sizeof(a) ? len : sizeof(a));
	native = a.sa.sa_family;
	return (native == AF_INET || native == AF_INET6 || native == AF_UNIX ? native : -1);
}

static int
address_in(const void *addr, size_t len, union address *a, socklen_t *alen)
{
	const uint8_t *p = addr;
	size_t n;

	if (len < 2)
		return (EINVAL);
	memset(a, 0, sizeof(*a));
	switch (family_of(p, len)) {
	case AF_INET: {
		struct ng_ksocket_sockaddr_in in;

		if (len < sizeof(in) || (p[1] != 0 && p[0] != 0 && p[0] != sizeof(in)))
			return (EINVAL);
		memcpy(&in, p, sizeof(in));
		*alen = sizeof(a->in);
		a->in.sin_port = in.sin_port;
		memcpy(&a->in.sin_addr, &in.sin_addr, sizeof(in.sin_addr));
		a->sa.sa_family = AF_INET;
		break;
	}
	case AF_INET6: {
		struct ng_ksocket_sockaddr_in6 in6;

		if (len < sizeof(in6) || (p[1] != 0 && p[0] != 0 && p[0] != sizeof(in6)))
			return (EINVAL);
		memcpy(&in6, p, sizeof(in6));
		*alen = sizeof(a->in6);
		a->in6.sin6_port = in6.sin6_port;
		a->in6.sin6_flowinfo = in6.sin6_flowinfo;
		memcpy(&a->in6.sin6_addr, in6.sin6_addr, sizeof(in6.sin6_addr));
		a->in6.sin6_scope_id = in6.sin6_scope_id;
		a->sa.sa_family = AF_INET6;
		break;
	}
	case AF_UNIX:
		if (p[0] != 0 && p[1] != 0 && p[0] < len)
			len = p[0];
		n = strnlen((const char *)p + 2, len - 2);
		if (n == 0)
			return (EINVAL);
		if (n >= sizeof(a->un.sun_path))
			return (ENAMETOOLONG);
		memcpy(a->un.sun_path, p + 2, n);
		*alen = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + 1);
		a->sa.sa_family = AF_UNIX;
		break;
	default:
		return (EAFNOSUPPORT);
	}
	/* Where addresses have a length it is their first byte. */
	if (offsetof(struct sockaddr, sa_family) == 1)
		*(uint8_t *)a = (uint8_t)*alen;
	return (0);
}

static void
address_out(const union address *a, socklen_t alen, uint8_t *out, size_t *len)
{
	size_t n;

	memset(out, 0, NGU__KSOCK_ADDR);
	switch (alen < sizeof(a->sa.sa_family) + offsetof(struct sockaddr, sa_family) ? -1 : a->sa.sa_family) {
	case AF_INET: {
		struct ng_ksocket_sockaddr_in in = { .sin_family = NG_KSOCKET_AF_INET, .sin_port = a->in.sin_port };

		in.sin_len = sizeof(in);
		memcpy(&in.sin_addr, &a->in.sin_addr, sizeof(in.sin_addr));
		memcpy(out, &in, *len = sizeof(in));
		break;
	}
	case AF_INET6: {
		struct ng_ksocket_sockaddr_in6 in6 = { .sin6_family = NG_KSOCKET_AF_INET6, .sin6_port = a->in6.sin6_port };

		in6.sin6_len = sizeof(in6);
		in6.sin6_flowinfo = a->in6.sin6_flowinfo;
		memcpy(in6.sin6_addr, &a->in6.sin6_addr, sizeof(in6.sin6_addr));
		in6.sin6_scope_id = a->in6.sin6_scope_id;
		memcpy(out, &in6, *len = sizeof(in6));
		break;
	}
	case AF_UNIX:
		n = alen > offsetof(struct sockaddr_un, sun_path) ? alen - offsetof(struct sockaddr_un, sun_path) : 0;
		n = strnlen(a->un.sun_path, n < sizeof(a->un.sun_path) ? n : sizeof(a->un.sun_path));
		memcpy(out + 2, a->un.sun_path, n);
		*len = 2 + n + 1;
		out[0] = (uint8_t)*len;
		out[1] = NG_KSOCKET_AF_LOCAL;
		break;
	default:
		*len = 0;
		break;
	}
}

int
ngu__ksock_address(const void *addr, size_t len, uint8_t *out, size_t *outlen)
{
	union address a;
	socklen_t alen;
	int error;

	if ((error = address_in(addr, len, &a, &alen)) == 0)
		address_out(&a, alen, out, outlen);
	return (error);
}

int
ngu__ksock_pton(bool v6, const char *text, uint8_t *addr)
{
	return (inet_pton(v6 ? AF_INET6 : AF_INET, text, addr) == 1 ? 0 : EINVAL);
}

void
ngu__ksock_ntop(bool v6, const uint8_t *addr, char *text)
{
	if (inet_ntop(v6 ? AF_INET6 : AF_INET, addr, text, 64) == NULL)
		text[0] = '\0';
}

/* ---- the calls ---- */

int
ngu__ksock_bind(struct ngu__ksock *s, const void *addr, size_t len)
{
	union address a;
	socklen_t alen;
	int error;

	if ((error = address_in(addr, len, &a, &alen)) != 0)
		return (error);
	return (bind(s->fd, &a.sa, alen) != 0 ? errno : 0);
}

int
ngu__ksock_connect(struct ngu__ksock *s, const void *addr, size_t len)
{
	union address a;
	socklen_t alen;
	int error;

	if ((error = address_in(addr, len, &a, &alen)) != 0)
		return (error);
	/* It does not block. Under the lock, because to the thread sanitizer it makes the descriptor another one, which the watcher may be using. */
	(void)pthread_mutex_lock(&lock);
	error = connect(s->fd, &a.sa, alen) == 0 ? 0 : errno == EINTR ? EINPROGRESS : errno;
	(void)pthread_mutex_unlock(&lock);
	return (error);
}

int
ngu__ksock_error(struct ngu__ksock *s)
{
	int error = 0;
	socklen_t len = sizeof(error);

	return (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 ? errno : error);
}

int
ngu__ksock_listen(struct ngu__ksock *s, int backlog)
{
	return (listen(s->fd, backlog) != 0 ? errno : 0);
}

int
ngu__ksock_accept(struct ngu__ksock *s, const struct ngu__ksock_ops *ops, void *owner, struct ngu__ksock **out, uint8_t *addr, size_t *len)
{
	union address a;
	socklen_t alen = sizeof(a);
	int fd;

	memset(&a, 0, sizeof(a));
	do {
		fd = accept(s->fd, &a.sa, &alen);
	} while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
	if (fd < 0)
		return (errno == EWOULDBLOCK ? EAGAIN : errno);
	address_out(&a, alen, addr, len);
	return (adopt(fd, &s->kind, ops, owner, out));
}

int
ngu__ksock_name(struct ngu__ksock *s, bool peer, uint8_t *addr, size_t *len)
{
	union address a;
	socklen_t alen = sizeof(a);

	memset(&a, 0, sizeof(a));
	if ((peer ? getpeername(s->fd, &a.sa, &alen) : getsockname(s->fd, &a.sa, &alen)) != 0)
		return (errno);
	address_out(&a, alen, addr, len);
	return (*len == 0 ? EAFNOSUPPORT : 0);
}

/* FreeBSD's numbers of the options of sockets themselves. */
static const struct {
	int theirs, ours;
} options[] = {
	{ 0x0001, SO_DEBUG }, { 0x0004, SO_REUSEADDR }, { 0x0008, SO_KEEPALIVE }, { 0x0010, SO_DONTROUTE }, { 0x0020, SO_BROADCAST },
	{ 0x0080, SO_LINGER }, { 0x0100, SO_OOBINLINE },
#ifdef SO_REUSEPORT
	{ 0x0200, SO_REUSEPORT },
#endif
	{ 0x1001, SO_SNDBUF }, { 0x1002, SO_RCVBUF }, { 0x1003, SO_SNDLOWAT }, { 0x1004, SO_RCVLOWAT }, { 0x1005, SO_SNDTIMEO },
	{ 0x1006, SO_RCVTIMEO }, { 0x1007, SO_ERROR }, { 0x1008, SO_TYPE }
};

static int
option(int *level, int *name)
{
	if (*level != 0xffff)
		return (0);
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (options[i].theirs == *name) {
			*level = SOL_SOCKET;
			*name = options[i].ours;
			return (0);
		}
	}
	return (ENOPROTOOPT);
}

int
ngu__ksock_setopt(struct ngu__ksock *s, int level, int name, const void *value, size_t len)
{
	int error = option(&level, &name);

	if (error != 0)
		return (error);
	return (setsockopt(s->fd, level, name, value, (socklen_t)len) != 0 ? errno : 0);
}

int
ngu__ksock_getopt(struct ngu__ksock *s, int level, int name, void *value, size_t *len)
{
	socklen_t n = (socklen_t)*len;
	int error = option(&level, &name);

	if (error != 0)
		return (error);
	if (getsockopt(s->fd, level, name, value, &n) != 0)
		return (errno);
	*len = n;
	return (0);
}

/* ---- data ---- */

static void
vector(const struct ngu__ksock_part *parts, int n, struct iovec *iov)
{
	for (int i = 0; i < n; i++) {
		iov[i].iov_base = parts[i].p;
		iov[i].iov_len = parts[i].n;
	}
}

int
ngu__ksock_send(struct ngu__ksock *s, const struct ngu__ksock_part *parts, int n, const void *to, size_t tolen, size_t *sent)
{
	struct iovec iov[NGU__KSOCK_PARTS];
	struct msghdr mh = { .msg_iov = iov };
	union address a;
	socklen_t alen;
	ssize_t r;
	int error;

	if (to != NULL) {
		if ((error = address_in(to, tolen, &a, &alen)) != 0)
			return (error);
		mh.msg_name = &a;
		mh.msg_namelen = alen;
	}
	vector(parts, n, iov);
	mh.msg_iovlen = (size_t)n;
	do {
		r = sendmsg(s->fd, &mh, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return (errno == EAGAIN || errno == EWOULDBLOCK ? ENOBUFS : errno);
	*sent = (size_t)r;
	return (0);
}

size_t
ngu__ksock_next(struct ngu__ksock *s)
{
	int n = 0;

	if (ioctl(s->fd, FIONREAD, &n) != 0)
		return (MOST);
	return (n <= 0 ? 1 : n < MOST ? (size_t)n : MOST); /* 1: an empty datagram, an end, an error */
}

int
ngu__ksock_recv(struct ngu__ksock *s, const struct ngu__ksock_part *parts, int n, size_t *got, uint8_t *from, size_t *fromlen)
{
	struct iovec iov[NGU__KSOCK_PARTS];
	union address a;
	struct msghdr mh = { .msg_iov = iov, .msg_name = &a, .msg_namelen = sizeof(a) };
	ssize_t r;

	memset(&a, 0, sizeof(a));
	vector(parts, n, iov);
	mh.msg_iovlen = (size_t)n;
	do {
		r = recvmsg(s->fd, &mh, MSG_DONTWAIT);
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return (errno == EWOULDBLOCK ? EAGAIN : errno);
	*got = (size_t)r;
	address_out(&a, mh.msg_namelen, from, fromlen);
	return (0);
}
