/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ksock.h - the host's sockets, seen from ng_ksocket.c: the host's headers stay in ksock.c.
 *
 * Results are 0 or an errno. No call blocks but ngu__ksock_close(). One thread at a time per socket; ready() comes from the watcher, beside others.
 * Addresses go in and out as ng_ksocket.h has them; in, the host's layout will do as well.
 */
#ifndef NGU_KSOCK_H
#define NGU_KSOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NGU__KSOCK_ADDR 128 /* bytes; the longest address is 2 + 108 + 1 */
#define NGU__KSOCK_PARTS 64 /* pieces of a packet in one call */
#define NGU__KSOCK_READ 0x1u
#define NGU__KSOCK_WRITE 0x2u

struct ngu__ksock;

struct ngu__ksock_ops {
	/* In the watcher's thread, without its locks. Not 0: again in 10 ms. Nothing more comes until ngu__ksock_want(). */
	int (*ready)(void *owner);
	/* Start a thread that runs fn(arg). */
	int (*start)(void (*fn)(void *), void *arg);
};

struct ngu__ksock_kind {
	int family, type, proto; /* the host's numbers */
	bool stream;		 /* bytes without borders */
	bool connects;		 /* stream, seqpacket: nothing comes before there is a connection, and there is an end */
};

struct ngu__ksock_part {
	void *p;
	size_t n;
};

/* "inet/dgram/udp" and the like. EINVAL. */
int ngu__ksock_kind(const char *name, struct ngu__ksock_kind *kind);

int ngu__ksock_open(const struct ngu__ksock_kind *kind, const struct ngu__ksock_ops *ops, void *owner, struct ngu__ksock **out);
/* ready() is not running any more when this returns, unless this is called from inside of it, and not called again. NULL is fine. */
void ngu__ksock_close(struct ngu__ksock *s);

/* Call ready(), once, when it can be read from, written to; 0: not at all. `later`: look in 10 ms. */
void ngu__ksock_want(struct ngu__ksock *s, unsigned what, bool later);
bool ngu__ksock_can(struct ngu__ksock *s, unsigned what); /* now */

int ngu__ksock_bind(struct ngu__ksock *s, const void *addr, size_t len);
int ngu__ksock_connect(struct ngu__ksock *s, const void *addr, size_t len); /* EINPROGRESS */
int ngu__ksock_error(struct ngu__ksock *s);				     /* what a connect has come to */
int ngu__ksock_listen(struct ngu__ksock *s, int backlog);
/* EAGAIN: nobody is there. */
int ngu__ksock_accept(struct ngu__ksock *s, const struct ngu__ksock_ops *ops, void *owner, struct ngu__ksock **out, uint8_t *addr, size_t *len);
int ngu__ksock_name(struct ngu__ksock *s, bool peer, uint8_t *addr, size_t *len); /* addr: NGU__KSOCK_ADDR bytes */
int ngu__ksock_setopt(struct ngu__ksock *s, int level, int name, const void *value, size_t len);
int ngu__ksock_getopt(struct ngu__ksock *s, int level, int name, void *value, size_t *len); /* len: in and out */

/* One send. *sent: bytes taken; of a stream perhaps not all. ENOBUFS: no room. `to` NULL: to whom it is connected. */
int ngu__ksock_send(struct ngu__ksock *s, const struct ngu__ksock_part *parts, int n, const void *to, size_t tolen, size_t *sent);
/* How much room the next receive should have; what it then gets. EAGAIN: nothing. from, *fromlen: NGU__KSOCK_ADDR bytes; 0: no address. */
size_t ngu__ksock_next(struct ngu__ksock *s);
int ngu__ksock_recv(struct ngu__ksock *s, const struct ngu__ksock_part *parts, int n, size_t *got, uint8_t *from, size_t *fromlen);

/* An address in either layout, as ng_ksocket.h has it. EINVAL, EAFNOSUPPORT, ENAMETOOLONG. */
int ngu__ksock_address(const void *addr, size_t len, uint8_t *out, size_t *outlen);
/* Addresses of the internet families in text, 0 or EINVAL, and back (text: 64 bytes). */
int ngu__ksock_pton(bool v6, const char *text, uint8_t *addr);
void ngu__ksock_ntop(bool v6, const uint8_t *addr, char *text);

#endif /* NGU_KSOCK_H */
