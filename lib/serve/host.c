/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * host.c - <ng/host.h>: netgraph sockets as descriptors.
 *
 * Finding    one table of the process, by the descriptor's identity. A socket leaves it when its descriptor has been closed or its node is gone.
 * Lifetime   a socket is closed when it has left the table and nobody is in a call with it (`users`), and freed when its
 *            node's methods have let go of it and the loop has (`refs`).
 * Locks      the loop's, then the table's, then a pair's. None but the loop's is held over a call into the graph.
 */
#include <ng/host.h>

#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <netgraph/ng_message.h>
#include <ng/ng.h>

#include "port/port.h"
#include "serve/host.h"
#include "serve/loop.h"
#include "serve/pair.h"

#define SPACE 20480u /* net.graph.recvspace, net.graph.maxdgram */
#define RAW_BATCH 32 /* packets of one program in a row */
#define RAW_MAX 65536u

struct ngu_host {
	struct ngu_graph *graph;
	struct ngu__loop *loop;
	struct ngu_host_opts o;
	bool of_graph; /* made by ngu_host_of() */
	uint32_t sockets;
	struct ngu_host *next;
	struct ngu__hcap *captures; /* the loop's lock */
	char raw[RAW_MAX]; /* under the loop's lock */
};

/* ---- the table ---- */

static ngu__mtx table_lock;
static struct ngu__hsock **table;
static uint32_t table_size, table_used; /* size: a power of two */
static struct ngu_host *hosts;

static __attribute__((__constructor__)) void
host_init(void)
{
	(void)ngu__mtx_init(&table_lock);
}

static uint32_t
slot_of(struct ngu_fdid id)
{
	return ((uint32_t)((id.ino ^ id.dev << 7) * 0x9e3779b97f4a7c15u >> 32) & (table_size - 1));
}

static bool
table_grow(void)
{
	struct ngu__hsock **old = table, *hs;
	uint32_t n = table_size, size = n != 0 ? n * 2 : 64;
	struct ngu__hsock **t;

	if (table_used < n)
		return (true);
	if ((t = calloc(size, sizeof(*t))) == NULL)
		return (n != 0);
	table = t;
	table_size = size;
	for (uint32_t i = 0; i < n; i++) {
		while ((hs = old[i]) != NULL) {
			old[i] = hs->next;
			hs->next = table[slot_of(hs->id)];
			table[slot_of(hs->id)] = hs;
		}
	}
	free(old);
	return (true);
}

static void
table_remove(struct ngu__hsock *hs)
{
	struct ngu__hsock **p;

	if (!hs->in_table)
		return;
	for (p = &table[slot_of(hs->id)]; *p != hs; p = &(*p)->next)
		;
	*p = hs->next;
	hs->in_table = false;
	table_used--;
}

/* ---- ending ---- */

void
ngu__host_unref(struct ngu__hsock *hs)
{
	/* ORDER hsock-refs (store side): each one who lets go releases what it did. */
	if (NGU_FSUB_AR(&hs->refs, 1u) != 1)
		return;
	/* ORDER hsock-refs (load side): the same operation; who frees it has acquired all that. */
	ngu__pair_destroy(&hs->pair);
	ngu__mtx_destroy(&hs->query_lock);
	free(hs);
}

static void
dropped(struct ngu__watch *w)
{
	ngu__host_unref(NGU_CONTAINER(w, struct ngu__hsock, watch));
}

/* It is in nobody's hands any more. */
static void
finish(struct ngu__hsock *hs)
{
	struct ngu_host *h = hs->host;

	ngu_sock_close(hs->sock);
	if (hs->fn != NULL)
		(hs->fn)(hs->arg, hs->id);
	/* The last: the loop's end is waited for until this is done. */
	ngu__loop_lock(h->loop);
	ngu__mtx_lock(&table_lock);
	h->sockets--;
	ngu__mtx_unlock(&table_lock);
	ngu__loop_drop(h->loop, &hs->watch);
	ngu__loop_unlock(h->loop);
}

/* Its descriptor is closed, or its host. Under the loop's lock, so that a sweep waits for it. */
static void
end(struct ngu__hsock *hs)
{
	bool last;

	ngu__pair_end(&hs->pair); /* first: who does not find it any more sees that it has ended */
	ngu__mtx_lock(&table_lock);
	table_remove(hs);
	last = !hs->closed && hs->users == 0;
	if (last)
		hs->closed = true;
	ngu__mtx_unlock(&table_lock);
	if (last)
		finish(hs);
}

void
ngu__host_let_go(struct ngu__hsock *hs)
{
	bool last;

	ngu__mtx_lock(&table_lock);
	last = --hs->users == 0 && !hs->in_table && !hs->closed;
	if (last)
		hs->closed = true;
	ngu__mtx_unlock(&table_lock);
	if (last)
		finish(hs);
}

struct ngu__hsock *
ngu__host_look(struct ngu_host *h, struct ngu_fdid id)
{
	struct ngu__hsock *hs = NULL;

	ngu__mtx_lock(&table_lock);
	if (table_size != 0)
		for (hs = table[slot_of(id)]; hs != NULL; hs = hs->next)
			if (hs->id.ino == id.ino && hs->id.dev == id.dev && (h == NULL || hs->host == h))
				break;
	if (hs != NULL)
		hs->users++;
	ngu__mtx_unlock(&table_lock);
	return (hs);
}

/* As ngu__host_look(), for one in hand that may be ending; false: it has left the table. */
static bool
hold(struct ngu__hsock *hs)
{
	bool in;

	ngu__mtx_lock(&table_lock);
	if ((in = hs->in_table))
		hs->users++;
	ngu__mtx_unlock(&table_lock);
	return (in);
}

struct ngu__hsock *
ngu__host_look_swept(struct ngu_host *h, struct ngu_fdid id)
{
	struct ngu__hsock *hs = ngu__host_look(h, id);

	if (hs != NULL)
		ngu__loop_sweep(hs->host->loop);
	return (hs);
}

/* ---- what the node tells ---- */

static int
on_message(void *arg, const char *from, const struct ng_mesg *msg, size_t len)
{
	struct ngu__hsock *hs = arg;
	int error = 0;

	if (ngu__host_answers(hs, msg, len, &error))
		return (error);
	error = ngu__pair_put(&hs->pair, from, msg, len, (msg->header.flags & NGF_RESP) != 0);

	return (error == EPIPE ? EINVAL : error); /* as if the socket were closed already */
}

static int
on_packet(void *arg, const char *hook, const struct mbuf *m)
{
	struct ngu__hsock *hs = arg;
	int error = ngu__pair_put_packet(&hs->pair, hook, m);

	return (error == EPIPE ? 0 : error); /* likewise */
}

/* The program reads the rest, then the end. That its end is closed on this side, too, is what wakes the loop. */
static void
on_gone(void *arg)
{
	struct ngu__hsock *hs = arg;

	ngu__pair_end(&hs->pair);
}

static void
on_release(void *arg)
{
	ngu__host_unref(arg);
}

static const struct ngu_sock_ops ops = { .message = on_message, .packet = on_packet, .gone = on_gone, .release = on_release };

static void
ignore(int error)
{
	(void)error;
}

/* ---- what the descriptor tells; under the loop's lock ---- */

static void
ready(struct ngu__watch *w, unsigned what)
{
	struct ngu__hsock *hs = NGU_CONTAINER(w, struct ngu__hsock, watch);
	struct ngu_host *h = hs->host;
	bool ended = (what & (NGU__HUP | NGU__END)) != 0;
	ssize_t n = 1;

	if (!hold(hs)) /* somebody else is ending it */
		return;
	for (int i = 0; (what & NGU__RD) && i < RAW_BATCH; i++) {
		n = ended ? ngu__sock_next(w->fd, h->raw, sizeof(h->raw)) : ngu__sock_recv(w->fd, h->raw, sizeof(h->raw), MSG_DONTWAIT, NULL);
		if (n == 0 && !ended && i != 0 && ngu__sock_ended(w->fd))
			break; /* it has ended meanwhile: this will be told, too */
		if (n == -EPIPE && !(what & NGU__HUP))
			ngu__loop_want(h->loop, w, 0); /* that stays so; its end is told all the same */
		if (n < 0)
			break;
		/* A plain write(2) on a control socket has no address. A packet's error is lost: the writer has gone on. */
		if (hs->kind == NGU_SOCK_DATA && (size_t)n <= sizeof(h->raw) && (size_t)n <= NGU_LD_RLX(&hs->maxdgram))
			ignore(ngu_sock_send_data(hs->sock, NULL, h->raw, (size_t)n));
	}
	/* What was written before the end is still sent. */
	if ((what & NGU__HUP) && (n < 0 || !(what & NGU__RD)))
		end(hs);
	ngu__host_let_go(hs);
}

/* ---- hosts ---- */

static void
graph_ends(void *arg)
{
	ngu_host_close(arg);
}

/* lib/core: fn runs once, when the graph begins to be destroyed; ESHUTDOWN it has begun. */
int ngu__graph_at_end(struct ngu_graph *g, void (*fn)(void *), void *arg);
void ngu__graph_not_at_end(struct ngu_graph *g, void (*fn)(void *), void *arg);

static int
host_open(struct ngu_graph *g, const struct ngu_host_opts *opts, bool of_graph, struct ngu_host **out)
{
	struct ngu_host *h;
	int error;

	if (g == NULL || (opts != NULL && opts->size != sizeof(*opts)))
		return (EINVAL);
	if ((h = calloc(1, sizeof(*h))) == NULL)
		return (ENOMEM);
	h->graph = g;
	h->of_graph = of_graph;
	if (opts != NULL)
		h->o = *opts;
	if (h->o.recvspace == 0)
		h->o.recvspace = SPACE;
	if (h->o.maxdgram == 0)
		h->o.maxdgram = SPACE;
	if (h->o.max_buffer == 0)
		h->o.max_buffer = 16u << 20;
	if (h->o.max_reply == 0)
		h->o.max_reply = 256u << 20;
	if ((error = ngu__loop_open("ng-sockets", &h->loop)) != 0 || (error = ngu__graph_at_end(g, graph_ends, h)) != 0) {
		if (h->loop != NULL)
			ngu__loop_close(h->loop);
		free(h);
		return (error);
	}
	ngu__mtx_lock(&table_lock);
	h->next = hosts;
	hosts = h;
	ngu__mtx_unlock(&table_lock);
	*out = h;
	return (0);
}

int
ngu_host_open(struct ngu_graph *g, const struct ngu_host_opts *opts, struct ngu_host **out)
{
	return (host_open(g, opts, false, out));
}

static struct ngu_host *
find_of(struct ngu_graph *g)
{
	struct ngu_host *h;

	ngu__mtx_lock(&table_lock);
	for (h = hosts; h != NULL && !(h->of_graph && h->graph == g); h = h->next)
		;
	ngu__mtx_unlock(&table_lock);
	return (h);
}

int
ngu_host_of(struct ngu_graph *g, struct ngu_host **out)
{
	static _Atomic uint32_t making;
	unsigned round = 0;
	int error = 0;

	if ((*out = find_of(g)) != NULL)
		return (0);
	while (NGU_XCHG_ACQ(&making, 1u) != 0) /* ORDER host-making (load side): the store below */
		ngu__port_backoff(&round);
	if ((*out = find_of(g)) == NULL)
		error = host_open(g, NULL, true, out);
	NGU_ST_REL(&making, 0u); /* ORDER host-making (store side): one at a time */
	return (error);
}

void
ngu_host_close(struct ngu_host *h)
{
	struct ngu_host **p;
	struct ngu__hsock *hs;
	unsigned round = 0;
	uint32_t left;

	if (h == NULL)
		return;
	ngu__graph_not_at_end(h->graph, graph_ends, h);
	ngu__mtx_lock(&table_lock);
	for (p = &hosts; *p != NULL && *p != h; p = &(*p)->next)
		;
	if (*p != NULL)
		*p = h->next;
	ngu__mtx_unlock(&table_lock);
	ngu__host_captures_end(h);
	ngu__loop_lock(h->loop);
	do {
		ngu__mtx_lock(&table_lock);
		hs = NULL;
		for (uint32_t i = 0; i < table_size && hs == NULL; i++)
			for (hs = table[i]; hs != NULL && hs->host != h; hs = hs->next)
				;
		ngu__mtx_unlock(&table_lock);
		if (hs != NULL)
			end(hs);
	} while (hs != NULL);
	ngu__loop_unlock(h->loop);
	/* Those in whose hands one is still finish it. */
	for (;;) {
		ngu__mtx_lock(&table_lock);
		left = h->sockets;
		ngu__mtx_unlock(&table_lock);
		if (left == 0)
			break;
		ngu__port_backoff(&round);
	}
	ngu__loop_sweep(h->loop); /* and have left it */
	ngu__loop_close(h->loop);
	free(h);
}

struct ngu_graph *
ngu__host_graph(struct ngu_host *h)
{
	return (h->graph);
}

struct ngu__loop *
ngu__host_loop(struct ngu_host *h)
{
	return (h->loop);
}

struct ngu__hcap **
ngu__host_captures(struct ngu_host *h)
{
	return (&h->captures);
}

const int *
ngu_host_busy(void)
{
	return (ngu__sock_busy());
}

void
ngu_host_sweep(struct ngu_host *h)
{
	ngu__loop_sweep(h->loop);
}

/* ---- sockets ---- */

int
ngu_host_fdid(int fd, struct ngu_fdid *id)
{
	struct ngu__fd_id fid;
	int error = ngu__fd_id(fd, &fid);

	if (error == 0)
		*id = (struct ngu_fdid){ .dev = fid.dev, .ino = fid.ino };
	return (-error);
}

int
ngu_host_socket(struct ngu_host *h, enum ngu_sock_kind kind, ngu_host_gone_fn *fn, void *arg, int *fd, struct ngu_fdid *id)
{
	struct ngu_fdid unused;
	struct ngu__hsock *hs;
	int pair[2], error;

	if (kind != NGU_SOCK_CONTROL && kind != NGU_SOCK_DATA)
		return (EINVAL);
	if (id == NULL)
		id = &unused;
	ngu__loop_sweep(h->loop);
	if ((hs = calloc(1, sizeof(*hs))) == NULL)
		return (ENOMEM);
	if ((error = -ngu__sock_pair(pair)) != 0) {
		free(hs);
		return (error);
	}
	if ((error = ngu__mtx_init(&hs->query_lock)) == 0 && (error = ngu_host_fdid(pair[1], &hs->id)) == 0)
		error = ngu__pair_init(&hs->pair, pair[0], kind, h->o.recvspace, h->o.max_reply);
	if (error != 0) {
		(void)close(pair[0]);
		(void)close(pair[1]);
		free(hs);
		return (error);
	}
	hs->host = h;
	hs->kind = kind;
	NGU_ST_RLX(&hs->maxdgram, h->o.maxdgram);
	hs->watch = (struct ngu__watch){ .fd = pair[0], .want = NGU__RD, .ready = ready, .dropped = dropped };
	NGU_ST_RLX(&hs->refs, 2u);
	if ((error = ngu_sock_open(h->graph, kind, &ops, hs, &hs->sock)) != 0) {
		(void)close(pair[1]);
		ngu__pair_destroy(&hs->pair);
		free(hs);
		return (error);
	}
	/* From now on it has an owner to tell. */
	ngu__loop_lock(h->loop);
	ngu__mtx_lock(&table_lock);
	if (!table_grow()) {
		error = ENOMEM;
	} else {
		hs->next = table[slot_of(hs->id)];
		table[slot_of(hs->id)] = hs;
		hs->in_table = true;
		table_used++;
	}
	h->sockets++;
	ngu__mtx_unlock(&table_lock);
	if (error == 0)
		error = ngu__loop_add(h->loop, &hs->watch);
	if (error == 0) {
		hs->fn = fn;
		hs->arg = arg;
		*id = hs->id;
		*fd = pair[1];
	} else {
		end(hs);
		(void)close(pair[1]);
	}
	ngu__loop_unlock(h->loop);
	return (error);
}

/* `call`, and its result, for the socket `hs` that `find` finds. */
#define WITH_SOCK(find, call) \
	do { \
		struct ngu__hsock *hs = (find); \
		int error_; \
		if (hs == NULL) \
			return (ESTALE); \
		error_ = (call); \
		ngu__host_let_go(hs); \
		return (error_); \
	} while (0)

static int
kind(const struct ngu__hsock *hs, enum ngu_sock_kind *out)
{
	*out = hs->kind;
	return (0);
}

int
ngu_host_kind(struct ngu_host *h, struct ngu_fdid id, enum ngu_sock_kind *out)
{
	WITH_SOCK(ngu__host_look(h, id), kind(hs, out));
}

int
ngu_host_bind(struct ngu_host *h, struct ngu_fdid id, const char *name)
{
	WITH_SOCK(ngu__host_look_swept(h, id), ngu_sock_bind(hs->sock, name));
}

int
ngu_host_connect(struct ngu_host *h, struct ngu_fdid id, const char *path)
{
	WITH_SOCK(ngu__host_look_swept(h, id), ngu_sock_connect(hs->sock, path));
}

static int
name(struct ngu__hsock *hs, char out[NGU_SOCK_NAMELEN], uint32_t *node)
{
	if (node != NULL)
		*node = ngu_sock_id(hs->sock);
	return (ngu_sock_name(hs->sock, out));
}

int
ngu_host_name(struct ngu_host *h, struct ngu_fdid id, char out[NGU_SOCK_NAMELEN], uint32_t *node)
{
	WITH_SOCK(ngu__host_look(h, id), name(hs, out, node));
}

static int
send_msg(struct ngu__hsock *hs, const char *path, const struct ng_mesg *msg, size_t len, ngu_sock_done_fn *done, void *arg)
{
	if (len > NGU_LD_RLX(&hs->maxdgram))
		return (EMSGSIZE);
	if (len >= sizeof(*msg))
		ngu__host_asks(hs, msg);
	return (ngu_sock_send_msg(hs->sock, path, msg, len, done, arg));
}

int
ngu_host_send_msg(struct ngu_host *h, struct ngu_fdid id, const char *path, const struct ng_mesg *msg, size_t len,
    ngu_sock_done_fn *done, void *arg)
{
	WITH_SOCK(ngu__host_look_swept(h, id), send_msg(hs, path, msg, len, done, arg));
}

int
ngu_host_send_data(struct ngu_host *h, struct ngu_fdid id, const char *hook, const void *data, size_t len)
{
	WITH_SOCK(ngu__host_look(h, id), len > NGU_LD_RLX(&hs->maxdgram) ? EMSGSIZE : ngu_sock_send_data(hs->sock, hook, data, len));
}

static int
get_limits(struct ngu__hsock *hs, struct ngu_host_buf *buf)
{
	ngu__pair_stat(&hs->pair, buf);
	buf->maxdgram = NGU_LD_RLX(&hs->maxdgram);
	return (0);
}

int
ngu_host_getbuf(struct ngu_host *h, struct ngu_fdid id, struct ngu_host_buf *buf)
{
	WITH_SOCK(ngu__host_look(h, id), get_limits(hs, buf));
}

static int
set_limits(struct ngu__hsock *hs, size_t recvspace, size_t maxdgram)
{
	if (recvspace > hs->host->o.max_buffer || maxdgram > hs->host->o.max_buffer)
		return (ENOBUFS);
	if (recvspace != 0)
		ngu__pair_limit(&hs->pair, recvspace);
	if (maxdgram != 0)
		NGU_ST_RLX(&hs->maxdgram, maxdgram);
	return (0);
}

int
ngu_host_setbuf(struct ngu_host *h, struct ngu_fdid id, size_t recvspace, size_t maxdgram)
{
	WITH_SOCK(ngu__host_look(h, id), set_limits(hs, recvspace, maxdgram));
}

static int
raw(struct ngu__hsock *hs)
{
	if (hs->kind != NGU_SOCK_DATA)
		return (EINVAL);
	ngu__pair_raw(&hs->pair);
	return (0);
}

int
ngu_host_raw(struct ngu_host *h, struct ngu_fdid id)
{
	WITH_SOCK(ngu__host_look(h, id), raw(hs));
}
