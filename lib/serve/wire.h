/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wire.h - what a program and a graph in another process say to each other: frames on a SOCK_SEQPACKET channel.
 *
 * A frame is one record: a head, then a payload of numbers, a text and bytes, as its operation wants them (the table in wire.c). The client asks,
 * the server answers, each question once, in any order; the number that the client gave a question comes back with its answer. A
 * payload of more than WIRE_INLINE bytes is in a file in memory, whose descriptor comes with the frame. Both sides are on one
 * machine: numbers are in its byte order. Looking at a frame is done by functions of bytes alone, which trust nothing in them.
 */
#ifndef NGU_SERVE_WIRE_H
#define NGU_SERVE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_MAGIC 0x4e475731u /* "NGW1" */
#define WIRE_VERSION 1u	       /* another one: nothing but magic, version and id may be where they are here */
#define WIRE_INLINE 65536u     /* bytes of payload in the record itself, at most */
#define WIRE_MAX (1u << 30)    /* of payload altogether; a server may want less (hello) */

enum wire_op {
	WIRE_HELLO = 1, /* text: the client's version; answer: longest payload and most open questions allowed, text: the server's version */
	WIRE_ADOPT,	/* with a descriptor of the socket: this channel may use it, too */
	WIRE_SOCKET,	/* kind; answer: with the program's end */
	WIRE_KIND,	/* answer: kind */
	WIRE_BIND,	/* text: name */
	WIRE_CONNECT,	/* text: path */
	WIRE_NAME,	/* answer: the node's ID, text: its name */
	WIRE_MSG,	/* text: path; bytes: the message */
	WIRE_QUERY,	/* the same; answer: the reply, or nothing */
	WIRE_DATA,	/* text: hook; bytes: the packet */
	WIRE_GETBUF,	/* answer: struct ngu_host_buf, member for member */
	WIRE_SETBUF,	/* recvspace, maxdgram */
	WIRE_RAW,
	WIRE_ASK, /* the question; bytes: its argument; answer: bytes */
	WIRE_CAPTURE, /* directions, longest, how many; text: path; bytes: hook; answer: with the program's end */
	WIRE_OPS
};

#define WIRE_F_ANSWER 0x1u
#define WIRE_F_LONG 0x2u     /* the payload is in a file */
#define WIRE_F_STRANGER 0x4u /* an answer: the channel has not made nor adopted this socket, and nothing was done */
#define WIRE_F_FD 0x8u	     /* a descriptor comes with it that is not the payload */

struct wire_head {
	uint32_t magic;
	uint16_t version;
	uint16_t op;
	uint32_t id;	   /* the question's number, never 0; 0: the server says it unasked, and then goes */
	uint32_t error;	   /* an answer's errno; then the payload is empty, or one text, which says why */
	uint32_t len;	   /* of the payload */
	uint32_t flags;	   /* WIRE_F_* */
	uint64_t dev, ino; /* the socket; 0, 0: none */
};

#define WIRE_NUMBERS 5u

/* A payload: written by who sends, pointing into the record (or what was read of the file) for who receives. */
struct wire_body {
	uint64_t n[WIRE_NUMBERS];
	const char *text; /* NULL: none */
	const void *bytes; /* aligned to 8 */
	size_t len;
};

/*
 * The head of a record of n bytes (that much of it is at `rec`, aligned to 8, or sizeof(struct wire_head) if that is less), as the server (answer false) or the client
 * (true) may get it. EPROTONOSUPPORT another version (head->id is valid); EPROTO no frame; EMSGSIZE more payload than `max`
 * (head is valid).
 */
int ngu__wire_head(const void *rec, size_t n, bool answer, uint32_t max, struct wire_head *head);

/* The payload that belongs to a head: head->len bytes, aligned to 8. EPROTO. */
int ngu__wire_body(const struct wire_head *head, const void *payload, struct wire_body *body);

/*
 * Send a frame: magic, version, length and WIRE_F_LONG and _FD are filled in; of the body what the operation wants. `pass`, a
 * descriptor or -1, stays the caller's. 0 or an errno: EAGAIN no room (without `wait`); EMSGSIZE over WIRE_MAX; EINVAL a text that is missing, or with `pass` a payload too long.
 */
int ngu__wire_send(int fd, struct wire_head *head, const struct wire_body *body, int pass, bool wait);

/*
 * Receive one. `room` is WIRE_ROOM bytes, aligned to 8. 0, and: *file, to be freed, is NULL or where the body lies, *passed is -1 or a descriptor that came with
 * it, the caller's from then on. EAGAIN; EPIPE the end; EPROTO, EPROTONOSUPPORT, EMSGSIZE as ngu__wire_head(); EMFILE the descriptor did not
 * come through; ENOMEM; ECONNRESET and the like. On error there is nothing to free, and head->id is the question's number if it could be made
 * out, else 0.
 */
#define WIRE_ROOM (sizeof(struct wire_head) + WIRE_INLINE)
int ngu__wire_recv(int fd, bool answer, bool wait, uint32_t max, void *room, struct wire_head *head, struct wire_body *body, void **file,
    int *passed);

/* The two halves of it: one record, *n bytes of it and maybe *fd; and what it says, after which *fd is gone or *passed. */
int ngu__wire_take(int fd, bool wait, void *room, size_t *n, int *passed);
int ngu__wire_read(const void *room, size_t n, bool answer, uint32_t max, struct wire_head *head, struct wire_body *body, void **file,
    int *passed);

#endif /* NGU_SERVE_WIRE_H */
