/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pair.h - the inner end of a socket's descriptor: records are put into the program's buffer, which has a limit.
 *
 * The limit is netgraph's: the bytes with their address against `limit`, and the storage a kernel would take for them against eight times that. How
 * much of it has been read is not told by who reads. The system counts what it holds, in a measure of its own; what each record counts there is
 * known (pair.c), they are read in order, so the sum says how many are left. Where the system does not say, its own limit is the only one.
 */
#ifndef NGU_SERVE_PAIR_H
#define NGU_SERVE_PAIR_H

#include <ng/host.h>

#include "port/port.h"
#include "port/sock.h"

struct ngu__pair {
	ngu__mtx lock;
	int fd;	  /* -1: ended */
	bool raw; /* records are the bytes alone */
	bool alone; /* an answer longer than the limit is in the buffer */
	enum ngu_sock_kind kind;
	size_t limit, max_reply;
	size_t bytes, storage; /* of what is unread, as far as was last seen */
	uint64_t system;       /* ... in the system's measure */
	struct ngu__unread {
		uint32_t bytes, storage, system;
	} *ring;
	uint32_t first, n, size; /* size: a power of two, or 0 */
	char *flat;		 /* a packet in one piece; flat_size bytes */
	size_t flat_size;
	uint64_t records, refused;
};

/* Takes over `fd`. 0 or a positive errno. */
int ngu__pair_init(struct ngu__pair *p, int fd, enum ngu_sock_kind kind, size_t limit, size_t max_reply);
void ngu__pair_destroy(struct ngu__pair *p); /* nobody uses it; closes the descriptor */

/* 0, ENOBUFS, ENOMEM; EPIPE: there is nobody to read it. `reply`: it may be longer than the buffer. */
int ngu__pair_put(struct ngu__pair *p, const char *address, const void *data, size_t len, bool reply);
int ngu__pair_put_packet(struct ngu__pair *p, const char *address, const struct mbuf *m);

/* No more records: the program reads what there is, then the end. */
void ngu__pair_end(struct ngu__pair *p);

/* recvspace, used, records, refused. */
void ngu__pair_stat(struct ngu__pair *p, struct ngu_host_buf *buf);
void ngu__pair_limit(struct ngu__pair *p, size_t limit);
void ngu__pair_raw(struct ngu__pair *p);

#endif /* NGU_SERVE_PAIR_H */
