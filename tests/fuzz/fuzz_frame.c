/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_frame.c - what a server makes of a record from a client, and a client of one from a server: nothing is read that is not there, and whatever is
 * found good is what would be sent for it.
 */
#include "fuzz/fuzz.h"

#include <sys/types.h>
#include <sys/socket.h>

#include <stdlib.h>
#include <unistd.h>

#include "serve/wire.h"

/* Sent again it is the same record. */
static void
again(const struct wire_head *head, const struct wire_body *body, const void *rec, size_t n)
{
	static _Alignas(8) unsigned char back[WIRE_ROOM];
	struct wire_head h = *head;
	size_t have = 0;
	int fd[2], pass = -1, error;

	FZ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd) == 0, "no socket");
	error = ngu__wire_send(fd[0], &h, body, head->flags & WIRE_F_FD ? fd[1] : -1, true);
	FZ(error == 0, "op %u cannot be sent again: error %d", head->op, error);
	FZ(ngu__wire_take(fd[1], true, back, &have, &pass) == 0, "nothing came");
	FZ(have == n && memcmp(back, rec, n) == 0, "op %u: %zu bytes, %zu when sent again, or others", head->op, n, have);
	if (pass >= 0)
		(void)close(pass);
	(void)close(fd[0]);
	(void)close(fd[1]);
}

/* As far as the text and the bytes go they lie inside. */
static void
inside(const struct wire_body *b, const unsigned char *payload, size_t len)
{
	if (b->text != NULL)
		FZ((const unsigned char *)b->text >= payload && (const unsigned char *)b->text + strlen(b->text) < payload + len, "a text outside");
	if (b->len != 0)
		FZ((const unsigned char *)b->bytes >= payload && (const unsigned char *)b->bytes + b->len == payload + len, "bytes outside");
}

static void
side(const unsigned char *rec, size_t n, bool answer)
{
	struct wire_head head;
	struct wire_body body;
	void *payload;
	size_t have;

	if (ngu__wire_head(rec, n, answer, WIRE_MAX, &head) != 0)
		return;
	FZ(head.magic == WIRE_MAGIC && head.version == WIRE_VERSION && head.op != 0 && head.op < WIRE_OPS, "a head that is none");
	FZ(!!(head.flags & WIRE_F_ANSWER) == answer && (answer || head.id != 0), "for the other side");
	/* A long one's payload is in a file; here it is as much of the input as there is, and zeros. */
	have = n - sizeof(head);
	FZ(have == (head.flags & WIRE_F_LONG ? 0 : head.len), "%zu bytes behind a head that says %u", have, head.len);
	if (head.flags & WIRE_F_LONG) {
		if (head.len > 4 * WIRE_INLINE)
			return;
		payload = calloc(1, head.len);
		FZ(payload != NULL, "no memory");
		memcpy(payload, rec, n < 64 ? n : 64);
		if (ngu__wire_body(&head, payload, &body) == 0)
			inside(&body, payload, head.len);
		free(payload);
		return;
	}
	payload = fz_copy(rec + sizeof(head), head.len);
	if (ngu__wire_body(&head, payload, &body) == 0) {
		inside(&body, payload, head.len);
		again(&head, &body, rec, n);
	}
	fz_free(payload);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire_head head;
	uint8_t *rec;

	if (size > WIRE_ROOM)
		return (0);
	rec = fz_copy(data, size);
	side(rec, size, false);
	side(rec, size, true);
	/* The same with a right beginning, which lots find seldom: operation and flags by the first bytes. */
	if (size >= sizeof(head)) {
		memcpy(&head, rec, sizeof(head));
		head.magic = WIRE_MAGIC;
		head.version = WIRE_VERSION;
		head.op = (uint16_t)(1 + data[0] % (WIRE_OPS - 1));
		head.flags = data[1] & 0xf;
		head.error = data[2] & 1 ? data[2] : 0;
		head.len = (uint32_t)(size - sizeof(head));
		if (data[3] & 1)
			head.dev = head.ino = 0;
		memcpy(rec, &head, sizeof(head));
		side(rec, size, false);
		side(rec, size, true);
	}
	fz_free(rec);
	return (0);
}
