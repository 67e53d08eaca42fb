/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wire.c - frames: how they are laid out, looked at, sent and received.
 *
 * Every field of a payload begins at a multiple of 8: a number is 8 bytes; a text is its length with NUL (0: no text) as a number, then the
 * text, then zeros; bytes are the rest. There is one way to write each payload, and what is written another way is no frame.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* F_GET_SEALS */
#endif
#include "serve/wire.h"

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "port/sock.h"

/* q a number, w one below 2^32, T a text, t one that may be missing, b bytes */
static const struct {
	const char *ask, *answer;
	bool socket;		     /* a question about a socket */
	bool ask_fd, answer_fd; /* comes with a descriptor */
} forms[WIRE_OPS] = {
	[WIRE_HELLO] = { .ask = "T", .answer = "wwT" },
	[WIRE_ADOPT] = { .ask = "", .answer = "", .socket = true, .ask_fd = true },
	[WIRE_SOCKET] = { .ask = "w", .answer = "", .answer_fd = true },
	[WIRE_KIND] = { .ask = "", .answer = "w", .socket = true },
	[WIRE_BIND] = { .ask = "T", .answer = "", .socket = true },
	[WIRE_CONNECT] = { .ask = "T", .answer = "", .socket = true },
	[WIRE_NAME] = { .ask = "", .answer = "wT", .socket = true },
	[WIRE_MSG] = { .ask = "tb", .answer = "", .socket = true },
	[WIRE_QUERY] = { .ask = "tb", .answer = "b", .socket = true },
	[WIRE_DATA] = { .ask = "tb", .answer = "", .socket = true },
	[WIRE_GETBUF] = { .ask = "", .answer = "qqqqq", .socket = true },
	[WIRE_SETBUF] = { .ask = "qq", .answer = "", .socket = true },
	[WIRE_RAW] = { .ask = "", .answer = "", .socket = true },
	[WIRE_ASK] = { .ask = "wb", .answer = "b" },
	[WIRE_CAPTURE] = { .ask = "wwqTb", .answer = "", .answer_fd = true },
};

static const char *
form(const struct wire_head *head)
{
	if (!(head->flags & WIRE_F_ANSWER))
		return (forms[head->op].ask);
	if (head->error != 0)
		return (head->len != 0 ? "T" : "");
	return (forms[head->op].answer);
}

static bool
brings_fd(const struct wire_head *head)
{
	return (head->flags & WIRE_F_ANSWER ? forms[head->op].answer_fd && head->error == 0 : forms[head->op].ask_fd);
}

/* ---- looking ---- */

int
ngu__wire_head(const void *rec, size_t n, bool answer, uint32_t max, struct wire_head *head)
{
	memset(head, 0, sizeof(*head));
	if (n < sizeof(*head))
		return (EPROTO);
	memcpy(head, rec, sizeof(*head));
	if (head->magic != WIRE_MAGIC) {
		head->id = 0;
		return (EPROTO);
	}
	if (head->version != WIRE_VERSION)
		return (EPROTONOSUPPORT);
	if (head->op == 0 || head->op >= WIRE_OPS || (head->flags & ~(WIRE_F_ANSWER | WIRE_F_LONG | WIRE_F_STRANGER | WIRE_F_FD)) != 0 ||
	    !!(head->flags & WIRE_F_ANSWER) != answer)
		return (EPROTO);
	if (!answer && (head->id == 0 || head->error != 0 || head->flags & WIRE_F_STRANGER ||
	    (!forms[head->op].socket && (head->dev != 0 || head->ino != 0))))
		return (EPROTO);
	if (head->error > INT32_MAX || (head->flags & WIRE_F_STRANGER && head->error == 0) || (answer && head->id == 0 && head->error == 0))
		return (EPROTO);
	if (!!(head->flags & WIRE_F_FD) != brings_fd(head))
		return (EPROTO);
	/* A long payload is one that would not fit, and only that. */
	if (!!(head->flags & WIRE_F_LONG) != (head->len > WIRE_INLINE) || (head->flags & WIRE_F_LONG && head->flags & WIRE_F_FD))
		return (EPROTO);
	if (n - sizeof(*head) != (head->flags & WIRE_F_LONG ? 0 : head->len))
		return (EPROTO);
	return (head->len > max ? EMSGSIZE : 0);
}

int
ngu__wire_body(const struct wire_head *head, const void *payload, struct wire_body *body)
{
	const unsigned char *p = payload;
	size_t left = head->len, pad;
	unsigned numbers = 0;
	uint64_t v;

	memset(body, 0, sizeof(*body));
	for (const char *f = form(head); *f != '\0'; f++) {
		if (*f == 'b') {
			body->bytes = p;
			body->len = left;
			return (0);
		}
		if (left < sizeof(v))
			return (EPROTO);
		memcpy(&v, p, sizeof(v));
		p += sizeof(v);
		left -= sizeof(v);
		if (*f == 'q' || *f == 'w') {
			if (*f == 'w' && v > UINT32_MAX)
				return (EPROTO);
			body->n[numbers++] = v;
			continue;
		}
		if (v == 0) {
			if (*f == 'T')
				return (EPROTO);
			continue;
		}
		if (v > left || memchr(p, '\0', (size_t)v) != p + v - 1)
			return (EPROTO);
		body->text = (const char *)p;
		p += v;
		left -= (size_t)v;
		pad = -(size_t)v % 8;
		if (pad > left)
			return (EPROTO);
		for (left -= pad; pad != 0; pad--)
			if (*p++ != 0)
				return (EPROTO);
	}
	return (left != 0 ? EPROTO : 0);
}

/* ---- sending ---- */

int
ngu__wire_send(int fd, struct wire_head *head, const struct wire_body *body, int pass, bool wait)
{
	static const unsigned char zeros[8];
	uint64_t fixed[WIRE_NUMBERS + 1];
	struct iovec iov[5];
	unsigned numbers = 0, k = 0;
	size_t len = 0;
	int n = 1, file = -1, error;

	head->magic = WIRE_MAGIC;
	head->version = WIRE_VERSION;
	head->flags &= ~(WIRE_F_LONG | WIRE_F_FD);
	head->len = head->error != 0 && body != NULL && body->text != NULL;
	iov[0] = (struct iovec){ .iov_base = head, .iov_len = sizeof(*head) };
	for (const char *f = form(head); *f != '\0'; f++) {
		if (*f == 'q' || *f == 'w') {
			fixed[k++] = body->n[numbers++];
		} else if (*f == 'b') {
			if (body->len != 0)
				iov[n++] = (struct iovec){ .iov_base = (void *)(uintptr_t)body->bytes, .iov_len = body->len };
		} else if (body->text == NULL) {
			if (*f == 'T')
				return (EINVAL);
			fixed[k++] = 0;
		} else {
			size_t t = strlen(body->text) + 1;

			fixed[k++] = t;
			iov[n++] = (struct iovec){ .iov_base = fixed, .iov_len = k * sizeof(fixed[0]) };
			iov[n++] = (struct iovec){ .iov_base = (void *)(uintptr_t)body->text, .iov_len = t };
			if (t % 8 != 0)
				iov[n++] = (struct iovec){ .iov_base = (void *)(uintptr_t)zeros, .iov_len = 8 - t % 8 };
			k = 0; /* no form has numbers behind its text */
		}
	}
	if (k != 0) { /* ... so these stand first */
		memmove(iov + 2, iov + 1, (size_t)(n - 1) * sizeof(iov[0]));
		iov[1] = (struct iovec){ .iov_base = fixed, .iov_len = k * sizeof(fixed[0]) };
		n++;
	}
	for (int i = 1; i < n; i++)
		len += iov[i].iov_len;
	if (len > WIRE_MAX)
		return (EMSGSIZE);
	head->len = (uint32_t)len;
	if (brings_fd(head)) {
		if (pass < 0 || len > WIRE_INLINE)
			return (EINVAL);
		head->flags |= WIRE_F_FD;
	} else {
		pass = -1;
	}
	if (len > WIRE_INLINE) {
		head->flags |= WIRE_F_LONG;
		if ((error = -ngu__fd_memory(iov + 1, n - 1, &file)) != 0)
			return (error);
		n = 1;
		pass = file;
	}
	error = -ngu__sock_send(fd, iov, n, pass, wait);
	if (file >= 0)
		(void)close(file);
	return (error);
}

/* ---- receiving ---- */

int
ngu__wire_take(int fd, bool wait, void *room, size_t *n, int *passed)
{
	ssize_t r = ngu__sock_recv(fd, room, WIRE_ROOM, wait ? 0 : MSG_DONTWAIT, passed);

	*n = 0;
	if (r > 0) {
		*n = (size_t)r;
		return (0);
	}
	if (*passed >= 0) {
		(void)close(*passed);
		*passed = -1;
	}
	return (r < 0 ? (int)-r : EPIPE);
}

/* Reading somebody's file must not wait, which a file in memory grants and, say, one of a file system of his own does not. */
static bool
in_memory(int fd)
{
#ifdef F_GET_SEALS
	return (fcntl(fd, F_GET_SEALS) >= 0);
#else
	struct stat st;

	return (fstat(fd, &st) == 0 && S_ISREG(st.st_mode));
#endif
}

int
ngu__wire_read(const void *room, size_t n, bool answer, uint32_t max, struct wire_head *head, struct wire_body *body, void **file,
    int *passed)
{
	int fd = *passed, error;

	*passed = -1;
	*file = NULL;
	memset(body, 0, sizeof(*body));
	if (n > WIRE_ROOM) { /* and so what is there has been cut */
		(void)ngu__wire_head(room, sizeof(*head), answer, max, head);
		error = EPROTO;
	} else {
		error = ngu__wire_head(room, n, answer, max, head);
	}
	/* Where one is missing this process could not have another descriptor, or so it seems. */
	if (error == 0 && (fd >= 0) != !!(head->flags & (WIRE_F_LONG | WIRE_F_FD)))
		error = fd >= 0 ? EPROTO : EMFILE;
	if (error == 0 && head->flags & WIRE_F_LONG) {
		if (!in_memory(fd))
			error = EPROTO;
		else if ((*file = malloc(head->len)) == NULL)
			error = ENOMEM;
		else if ((error = -ngu__fd_read(fd, 0, *file, head->len)) != 0)
			error = EPROTO;
		else
			error = ngu__wire_body(head, *file, body);
	} else if (error == 0) {
		error = ngu__wire_body(head, (const unsigned char *)room + sizeof(*head), body);
	}
	if (error == 0 && head->flags & WIRE_F_FD) {
		*passed = fd;
		return (0);
	}
	if (error != 0) {
		free(*file);
		*file = NULL;
	}
	if (fd >= 0)
		(void)close(fd);
	return (error);
}

int
ngu__wire_recv(int fd, bool answer, bool wait, uint32_t max, void *room, struct wire_head *head, struct wire_body *body, void **file,
    int *passed)
{
	size_t n;
	int error;

	memset(head, 0, sizeof(*head));
	*file = NULL;
	if ((error = ngu__wire_take(fd, wait, room, &n, passed)) != 0)
		return (error);
	return (ngu__wire_read(room, n, answer, max, head, body, file, passed));
}
