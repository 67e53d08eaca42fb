/* SPDX-License-Identifier: BSD-2-Clause */
/* calls.c - what the kernel's calls do with netgraph sockets: <ng/client.h>. */
#include "client/client.h"

#include <sys/socket.h>

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <netgraph/ng_socket.h>

#include "port/sock.h"

#define HEAD offsetof(struct sockaddr_ng, sg_data)

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

const int *
ngu_client_busy(void)
{
	return (ngu__sock_busy());
}

/* ---- whose is a descriptor? Asked once of each ---- */

#define KNOWN 256u

static pthread_mutex_t known_lock = PTHREAD_MUTEX_INITIALIZER;
static struct known {
	struct ngu__fd_id id;
	int kind; /* 0: not one of ours */
	bool set;
} known[KNOWN];

static struct known *
slot(const struct ngu__fd_id *id)
{
	return (&known[(id->ino ^ id->ino >> 8) % KNOWN]);
}

int
ngu_client_kind(int fd)
{
	int saved = errno, kind = 0;
	enum ngu_sock_kind k;
	struct ngu__fd_id id;
	struct known *e;
	struct way *w;
	bool found = false;

	if (ngu__fd_id(fd, &id) != 0) {
		errno = saved;
		return (0);
	}
	e = slot(&id);
	pthread_mutex_lock(&known_lock);
	if (e->set && e->id.ino == id.ino && e->id.dev == id.dev) {
		kind = e->kind;
		found = true;
	}
	pthread_mutex_unlock(&known_lock);
	if (!found) {
		int type = 0;
		socklen_t len = sizeof(type);

		/* Only what could be one is asked about. */
		int error = ESTALE;

		if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_SEQPACKET &&
		    (error = way_get(&w)) == 0 && (error = w->ops->kind(w, fd, &k)) == 0)
			kind = (int)k;
		if (error == 0 || error == ESTALE) { /* else it was not to be had just now */
			pthread_mutex_lock(&known_lock);
			*e = (struct known){ .id = id, .kind = kind, .set = true };
			pthread_mutex_unlock(&known_lock);
		}
	}
	errno = saved;
	return (kind);
}

/* ---- addresses ---- */

/* The text of an address, which need not have a NUL. 0 or an errno. */
static int
text_of(const void *addr, size_t alen, char *text, size_t size)
{
	const struct sockaddr_ng *sg = addr;
	size_t n;

	text[0] = '\0';
	if (addr == NULL || alen <= HEAD)
		return (0);
	for (n = 0; n < alen - HEAD && sg->sg_data[n] != '\0'; n++)
		;
	if (n >= size)
		return (ENAMETOOLONG);
	memcpy(text, sg->sg_data, n);
	text[n] = '\0';
	return (0);
}

/* `text` as an address of sg_len `len`, as much of it as there is room for. */
static void
address_of(const char *text, size_t len, void *addr, size_t *alen)
{
	struct sockaddr_ng sg;
	size_t n = strlen(text);

	if (addr == NULL || alen == NULL)
		return;
	memset(&sg, 0, sizeof(sg));
	memcpy(sg.sg_data, text, n < sizeof(sg.sg_data) ? n : sizeof(sg.sg_data));
	sg.sg_len = (unsigned char)len;
	sg.sg_family = AF_NETGRAPH;
	memcpy(addr, &sg, *alen < sizeof(sg) ? *alen : sizeof(sg));
	*alen = len;
}

/* ---- the calls ---- */

int
ngu_client_socket(int protocol)
{
	struct ngu__fd_id id;
	struct way *w;
	int error, fd;

	if (protocol != NG_CONTROL && protocol != NG_DATA)
		return (client_result(-1, EPROTONOSUPPORT));
	if ((error = way_get(&w)) == 0)
		error = w->ops->socket(w, (enum ngu_sock_kind)protocol, &fd);
	if (error != 0)
		return (client_result(-1, error));
	if (ngu__fd_id(fd, &id) == 0) { /* its number may have been somebody's */
		pthread_mutex_lock(&known_lock);
		*slot(&id) = (struct known){ .id = id, .kind = protocol, .set = true };
		pthread_mutex_unlock(&known_lock);
	}
	return (fd);
}

int
ngu_client_bind(int fd, const void *addr, size_t alen)
{
	const struct sockaddr_ng *sg = addr;
	char name[NG_NODESIZ];
	struct way *w;
	int error;

	/* 17.1: a name of one to 31 bytes and its NUL, which is the last byte. */
	if (alen < 4 || alen > sizeof(*sg) || sg->sg_data[0] == '\0' || sg->sg_data[alen - HEAD - 1] != '\0')
		return (client_result(fd, EINVAL));
	if ((error = text_of(addr, alen, name, sizeof(name))) == 0 && (error = way_get(&w)) == 0)
		error = w->ops->bind(w, fd, name);
	return (client_result(fd, error == ENAMETOOLONG ? EINVAL : error));
}

int
ngu_client_connect(int fd, const void *addr, size_t alen)
{
	char path[NG_PATHSIZ];
	struct way *w;
	int error;

	if ((error = text_of(addr, alen, path, sizeof(path))) == 0 && (error = way_get(&w)) == 0)
		error = w->ops->connect(w, fd, path);
	return (client_result(fd, error));
}

int
ngu_client_getsockname(int fd, void *addr, size_t *alen)
{
	char name[NGU_SOCK_NAMELEN];
	struct way *w;
	uint32_t id;
	int error;

	if ((error = way_get(&w)) == 0)
		error = w->ops->name(w, fd, name, &id);
	if (error == ESTALE)
		error = EINVAL; /* 17.1: the node is gone */
	if (error == 0)
		address_of(name, sizeof(struct sockaddr_ng), addr, alen);
	return (client_result(fd, error));
}

ssize_t
ngu_client_sendto(int fd, const void *buf, size_t len, int flags, const void *addr, size_t alen)
{
	char text[NG_PATHSIZ];
	struct ng_mesg *msg;
	struct way *w;
	int error;

	if ((error = text_of(addr, alen, text, sizeof(text))) != 0 || (error = way_get(&w)) != 0) {
		;
	} else if (ngu_client_kind(fd) != NG_CONTROL) {
		error = w->ops->send_data(w, fd, text, buf, len);
	} else if (addr == NULL || alen <= HEAD) {
		error = EDESTADDRREQ;
	} else if (len < sizeof(*msg)) {
		error = EINVAL;
	} else if ((msg = malloc(len)) == NULL) {
		error = ENOMEM;
	} else {
		memcpy(msg, buf, len); /* it need not be aligned */
		error = w->ops->send_msg(w, fd, text, msg, len);
		free(msg);
	}
	if (error != 0 && MSG_NOSIGNAL != 0 && (flags & MSG_NOSIGNAL)) {
		errno = error == ESTALE ? EPIPE : error;
		return (-1);
	}
	return (error != 0 ? client_result(fd, error) : (ssize_t)len);
}

ssize_t
ngu_client_recvfrom(int fd, void *buf, size_t len, int flags, void *addr, size_t *alen)
{
	char from[32];
	ssize_t n = record_recv(fd, flags, buf, len, from);

	if (n > 0)
		address_of(from, ngu_client_kind(fd) == NG_CONTROL ? sizeof(struct sockaddr_ng) : strlen(from) + 3, addr, alen);
	else if (n == 0 && alen != NULL)
		*alen = 0;
	return (n);
}

int
ngu_client_getsockopt(int fd, int option, int *value)
{
	struct ngu_host_buf buf = { .recvspace = 0 };
	size_t next;
	struct way *w;
	int error;

	switch (option) {
	case SO_TYPE:
		*value = SOCK_DGRAM;
		return (0);
	case SO_RCVBUF:
	case SO_SNDBUF:
		break;
	default:
		errno = ENOPROTOOPT;
		return (-1);
	}
	if ((error = way_get(&w)) == 0)
		error = w->ops->getbuf(w, fd, &buf);
	if (error != 0 && error != ESTALE) /* of a dead node what waits can still be read */
		return (client_result(fd, error));
	*value = (int)(option == SO_SNDBUF ? buf.maxdgram : buf.recvspace);
	if (option == SO_RCVBUF && (next = record_next(fd)) > (size_t)*value && next <= INT_MAX)
		*value = (int)next;
	return (0);
}

int
ngu_client_setsockopt(int fd, int option, int value)
{
	if ((option != SO_RCVBUF && option != SO_SNDBUF) || value <= 0) {
		errno = option == SO_RCVBUF || option == SO_SNDBUF ? EINVAL : ENOPROTOOPT;
		return (-1);
	}
	return (ngu_client_setbuf(fd, option == SO_RCVBUF ? (size_t)value : 0, option == SO_SNDBUF ? (size_t)value : 0));
}
