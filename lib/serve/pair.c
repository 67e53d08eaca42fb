/* SPDX-License-Identifier: BSD-2-Clause */
/* pair.c - serve/pair.h. */
#include "serve/pair.h"

#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ng/packet.h>

#define CONTROL_ADDRESS 34u /* what the address of a message counts: all of a struct sockaddr_ng */
#define SMALL 256u	    /* a small buffer of a kernel ... */
#define SMALL_ROOM 160u	    /* ... and what it holds of a packet */
#define CLUSTER 2048u
#define SYSTEM_ROOM (8u << 20) /* what the system is asked to hold; it may hold less, then that is the limit */

/* ---- what a record counts in the system ---- */

/*
 * Learnt from a pair of sockets of its own, one record of the length at a time, and remembered. Two threads may find out the same.
 */
static uint32_t
system_counts(uint32_t len)
{
	static _Atomic uint32_t known[NGU_RECORD_MAX + 1];
	uint32_t n = NGU_LD_RLX(&known[len]);
	struct iovec iov = { .iov_len = len };
	int fd[2];

	if (n != 0)
		return (n);
	if (ngu__sock_pair(fd) != 0)
		return (0);
	ngu__sock_room(fd[0], SYSTEM_ROOM);
	if ((iov.iov_base = calloc(1, len != 0 ? len : 1)) != NULL && ngu__sock_send(fd[0], &iov, 1, -1, false) == 0 &&
	    ngu__sock_unread(fd[0], &n) == 0)
		NGU_ST_RLX(&known[len], n);
	free(iov.iov_base);
	(void)close(fd[0]);
	(void)close(fd[1]);
	return (n);
}

/* Forget what has been read. */
static void
settle(struct ngu__pair *p)
{
	uint32_t left;

	if (p->n == 0 || p->fd < 0 || ngu__sock_unread(p->fd, &left) != 0)
		return;
	while (p->n != 0) {
		struct ngu__unread *u = &p->ring[p->first & (p->size - 1)];

		if (left != 0 && p->system - u->system < left)
			break;
		p->system -= u->system;
		p->bytes -= u->bytes;
		p->storage -= u->storage;
		p->first++;
		p->n--;
	}
	if (p->n == 0)
		p->alone = false;
}

static bool
grow(struct ngu__pair *p)
{
	uint32_t size = p->size != 0 ? p->size * 2 : 16;
	struct ngu__unread *ring;

	if (p->n < p->size)
		return (true);
	if ((ring = malloc(size * sizeof(*ring))) == NULL)
		return (false);
	for (uint32_t i = 0; i < p->n; i++)
		ring[i] = p->ring[(p->first + i) & (p->size - 1)];
	free(p->ring);
	p->ring = ring;
	p->size = size;
	p->first = 0;
	return (true);
}

static uint32_t
storage_of(size_t len)
{
	size_t n = SMALL; /* the address */

	if (len <= SMALL_ROOM)
		n += SMALL;
	else
		n += (len + CLUSTER - 1) / CLUSTER * (CLUSTER + SMALL);
	return (n > UINT32_MAX ? UINT32_MAX : (uint32_t)n);
}

/* ---- putting; under the lock ---- */

struct cost {
	uint32_t bytes, storage;
	bool alone;
};

/* Is there room for it? */
static int
admit(struct ngu__pair *p, const char *address, size_t len, bool reply, struct cost *c)
{
	size_t bytes = len + (p->kind == NGU_SOCK_CONTROL ? CONTROL_ADDRESS : strlen(address) + 3);

	if (p->fd < 0)
		return (EPIPE);
	c->storage = storage_of(len);
	c->bytes = bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)bytes;
	c->alone = false;
	settle(p);
	if (!grow(p))
		return (ENOMEM);
	if (p->bytes + bytes <= p->limit && p->storage + c->storage <= 8 * p->limit)
		return (0);
	if (reply && !p->alone && bytes > p->limit && len <= p->max_reply) {
		/* It would fit into no buffer; whoever asked for it has nothing to wait for. */
		c->alone = true;
		c->bytes = 0;
		c->storage = 0;
		return (0);
	}
	p->refused++;
	return (ENOBUFS);
}

static int
put(struct ngu__pair *p, const char *address, const void *data, size_t len, const struct cost *c)
{
	struct ngu_record r = { .magic = NGU_RECORD_MAGIC, .len = (uint32_t)len, .kind = p->kind };
	struct iovec bytes = { .iov_base = (void *)(uintptr_t)data, .iov_len = len }, iov[2];
	size_t wire = len;
	int n = 0, file = -1, error;

	if (!p->raw) {
		(void)ngu__strlcpy(r.address, address, sizeof(r.address));
		iov[n++] = (struct iovec){ .iov_base = &r, .iov_len = sizeof(r) };
		wire += sizeof(r);
	}
	if (wire > NGU_RECORD_MAX) {
		if (p->raw) {
			p->refused++;
			return (EMSGSIZE);
		}
		if ((error = ngu__fd_memory(&bytes, 1, &file)) != 0) {
			p->refused++;
			return (error == -ENOMEM ? ENOMEM : ENOBUFS);
		}
		r.flags |= NGU_RECORD_LONG;
		wire -= len;
	} else {
		iov[n++] = bytes;
	}
	error = ngu__sock_send(p->fd, iov, n, file, false);
	if (file >= 0)
		(void)close(file);
	if (error != 0) {
		if (error == -EPIPE || error == -ECONNRESET || error == -ENOTCONN)
			return (EPIPE);
		p->refused++;
		return (error == -ENOMEM ? ENOMEM : ENOBUFS);
	}
	p->ring[(p->first + p->n++) & (p->size - 1)] =
	    (struct ngu__unread){ .bytes = c->bytes, .storage = c->storage, .system = system_counts((uint32_t)wire) };
	p->system += p->ring[(p->first + p->n - 1) & (p->size - 1)].system;
	p->bytes += c->bytes;
	p->storage += c->storage;
	p->alone |= c->alone;
	p->records++;
	return (0);
}

int
ngu__pair_put(struct ngu__pair *p, const char *address, const void *data, size_t len, bool reply)
{
	struct cost c;
	int error;

	ngu__mtx_lock(&p->lock);
	if ((error = admit(p, address, len, reply, &c)) == 0)
		error = put(p, address, data, len, &c);
	ngu__mtx_unlock(&p->lock);
	return (error);
}

int
ngu__pair_put_packet(struct ngu__pair *p, const char *address, const struct mbuf *m)
{
	size_t len = ngu_packet_len(m);
	struct cost c;
	int error;

	ngu__mtx_lock(&p->lock);
	if ((error = admit(p, address, len, false, &c)) == 0) {
		if (p->flat_size < len || p->flat == NULL) {
			size_t size = len < 2048 ? 2048 : len;
			char *flat = realloc(p->flat, size);

			if (flat != NULL) {
				p->flat = flat;
				p->flat_size = size;
			} else {
				error = ENOMEM;
			}
		}
		if (error == 0) {
			(void)ngu_packet_read(m, 0, p->flat, len);
			error = put(p, address, p->flat, len, &c);
		}
	}
	ngu__mtx_unlock(&p->lock);
	return (error);
}

/* ---- the rest ---- */

int
ngu__pair_init(struct ngu__pair *p, int fd, enum ngu_sock_kind kind, size_t limit, size_t max_reply)
{
	int error;

	memset(p, 0, sizeof(*p));
	if ((error = ngu__mtx_init(&p->lock)) != 0)
		return (error);
	ngu__sock_room(fd, SYSTEM_ROOM);
	p->fd = fd;
	p->kind = kind;
	p->limit = limit;
	p->max_reply = max_reply;
	return (0);
}

/* Records that nobody will read would tell the other side that it lost something. */
static void
drain(int fd)
{
	char c;

	while (ngu__sock_next(fd, &c, 1) >= 0)
		;
}

void
ngu__pair_destroy(struct ngu__pair *p)
{
	if (p->fd >= 0) {
		drain(p->fd);
		(void)close(p->fd);
	}
	ngu__mtx_destroy(&p->lock);
	free(p->ring);
	free(p->flat);
}

void
ngu__pair_end(struct ngu__pair *p)
{
	ngu__mtx_lock(&p->lock);
	if (p->fd >= 0)
		(void)shutdown(p->fd, SHUT_RDWR);
	ngu__mtx_unlock(&p->lock);
}

void
ngu__pair_stat(struct ngu__pair *p, struct ngu_host_buf *buf)
{
	ngu__mtx_lock(&p->lock);
	settle(p);
	buf->recvspace = p->limit;
	buf->used = p->bytes;
	buf->records = p->records;
	buf->refused = p->refused;
	ngu__mtx_unlock(&p->lock);
}

void
ngu__pair_limit(struct ngu__pair *p, size_t limit)
{
	ngu__mtx_lock(&p->lock);
	p->limit = limit;
	ngu__mtx_unlock(&p->lock);
}

void
ngu__pair_raw(struct ngu__pair *p)
{
	ngu__mtx_lock(&p->lock);
	p->raw = true;
	ngu__mtx_unlock(&p->lock);
}
