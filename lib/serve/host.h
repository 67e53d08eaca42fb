/* SPDX-License-Identifier: BSD-2-Clause */
/* host.h - what lib/serve's files know of a host beyond <ng/host.h>. */
#ifndef NGU_SERVE_HOST_H
#define NGU_SERVE_HOST_H

#include <ng/host.h>

#include "port/port.h"
#include "serve/loop.h"
#include "serve/pair.h"

struct ngu__hcap;
struct ngu__query;

struct ngu__hsock {
	struct ngu__watch watch;
	struct ngu_host *host;
	struct ngu_sock *sock;
	struct ngu__pair pair;
	struct ngu_fdid id;
	enum ngu_sock_kind kind;
	_Atomic size_t maxdgram;
	ngu__mtx query_lock;
	struct ngu__query *queries; /* that have no answer yet */
	_Atomic bool high_tokens; /* the program sends such tokens itself */
	ngu_host_gone_fn *fn;
	void *arg;
	struct ngu__hsock *next;
	bool in_table, closed; /* the table's lock */
	unsigned users;	       /* the table's lock */
	_Atomic unsigned refs; /* the node's, the loop's */
};

/* The socket, not closed before ngu__host_let_go(); NULL: there is none. `h` NULL: of whatever host. */
struct ngu__hsock *ngu__host_look(struct ngu_host *h, struct ngu_fdid id);
/* The same for what may find names taken: first what has been closed until now. */
struct ngu__hsock *ngu__host_look_swept(struct ngu_host *h, struct ngu_fdid id);
void ngu__host_let_go(struct ngu__hsock *hs);
void ngu__host_unref(struct ngu__hsock *hs);

struct ngu_graph *ngu__host_graph(struct ngu_host *h);
struct ngu__loop *ngu__host_loop(struct ngu_host *h);

/* query.c */
/* Is it somebody's answer? Then *error is its sender's result. */
bool ngu__host_answers(struct ngu__hsock *hs, const struct ng_mesg *msg, size_t len, int *error);
void ngu__host_asks(struct ngu__hsock *hs, const struct ng_mesg *msg); /* the program does, by itself */

/* capture.c; the list is the loop's lock's */
struct ngu__hcap **ngu__host_captures(struct ngu_host *h);
void ngu__host_captures_end(struct ngu_host *h);

#endif /* NGU_SERVE_HOST_H */
