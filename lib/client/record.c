/* SPDX-License-Identifier: BSD-2-Clause */
/* record.c - receiving: records of <ng/host.h> as they come out of a descriptor. */
#include "client/client.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "port/port.h"
#include "port/sock.h"

/* Is what was received, `n` bytes and perhaps a file, a record with its header, there having been room for `len` bytes behind it? */
static bool
whole(const struct ngu_record *h, size_t n, size_t len, bool file)
{
	size_t have = n - sizeof(*h);

	if (n < sizeof(*h) || h->magic != NGU_RECORD_MAGIC)
		return (false);
	if (h->flags & NGU_RECORD_LONG)
		return (have == 0 && file);
	return (have == h->len || (have == len && len < h->len)); /* some systems tell only how much there was room for */
}

/*
 * One record: header to *h, as many of the bytes as `len` to buf. Where it was put by a raw socket there is no header; then *h is what a socket with
 * one hook would have said. Returns the number of bytes there are, in *file the descriptor of those that are not here. 0: the end.
 */
static ssize_t
receive(int fd, int flags, struct ngu_record *h, void *buf, size_t len, int *file)
{
	struct iovec iov[2] = { { .iov_base = h, .iov_len = sizeof(*h) }, { .iov_base = buf, .iov_len = len } };
	ssize_t n = ngu__sock_recvv(fd, iov, 2, flags, file);
	size_t have;

	if (n <= 0)
		return (n);
	if (whole(h, (size_t)n, len, *file >= 0)) {
		h->address[sizeof(h->address) - 1] = '\0';
		return ((ssize_t)sizeof(*h) + (ssize_t)h->len);
	}
	/* Bytes alone: the first of them are in the header. */
	have = (size_t)n < sizeof(*h) ? (size_t)n : sizeof(*h);
	{
		struct ngu_record raw = *h;
		size_t rest = len > have ? len - have : 0;

		memmove((char *)buf + (len < have ? len : have), buf, rest);
		memcpy(buf, &raw, len < have ? len : have);
	}
	memset(h, 0, sizeof(*h));
	h->magic = NGU_RECORD_MAGIC;
	h->len = (uint32_t)n;
	h->kind = NGU_SOCK_DATA;
	return ((ssize_t)sizeof(*h) + n);
}

size_t
record_next(int fd)
{
	struct ngu_record h;
	struct iovec iov = { .iov_base = &h, .iov_len = sizeof(h) };
	int file = -1;
	ssize_t n = ngu__sock_recvv(fd, &iov, 1, MSG_PEEK | MSG_DONTWAIT, &file);
	size_t len = 0;

	if (n > 0)
		len = whole(&h, (size_t)n, 0, file >= 0) ? h.len : (size_t)n;
	if (file >= 0)
		(void)close(file);
	return (len);
}

static ssize_t
failed(ssize_t n)
{
	errno = (int)-n;
	return (-1);
}

ssize_t
record_recv(int fd, int flags, void *buf, size_t len, char address[32])
{
	struct ngu_record h;
	int file = -1, error = 0;
	ssize_t n = receive(fd, flags, &h, buf, len, &file);
	size_t got;

	if (n <= 0)
		return (n < 0 ? failed(n) : 0);
	got = h.len < len ? h.len : len;
	if (h.flags & NGU_RECORD_LONG)
		error = file < 0 ? -EBADMSG : ngu__fd_read(file, 0, buf, got);
	if (file >= 0)
		(void)close(file);
	if (error != 0)
		return (failed(error));
	if (address != NULL)
		memcpy(address, h.address, sizeof(h.address));
	return ((ssize_t)got);
}

ssize_t
record_alloc(int fd, int flags, struct received *r)
{
	struct ngu_record h;
	int file = -1, error = 0;
	char *buf = malloc(NGU_RECORD_MAX + 1), *fit;
	ssize_t n;

	if (buf == NULL)
		return (failed(-ENOMEM));
	if ((n = receive(fd, flags, &h, buf, NGU_RECORD_MAX, &file)) <= 0) {
		free(buf);
		return (n < 0 ? failed(n) : 0);
	}
	/* It is there: from here on the record is lost if memory is short, so the buffer that is there already comes first. */
	if ((fit = realloc(buf, (size_t)h.len + 1)) != NULL)
		buf = fit;
	else if (h.len > NGU_RECORD_MAX)
		error = -ENOMEM;
	if (error == 0 && (h.flags & NGU_RECORD_LONG))
		error = file < 0 ? -EBADMSG : ngu__fd_read(file, 0, buf, h.len);
	if (file >= 0)
		(void)close(file);
	if (error != 0) {
		free(buf);
		return (failed(error));
	}
	buf[h.len] = '\0';
	memcpy(r->address, h.address, sizeof(r->address));
	r->bytes = buf;
	r->len = h.len;
	return ((ssize_t)h.len);
}
