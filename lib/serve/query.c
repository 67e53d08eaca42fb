/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * query.c - ngu_host_query(): messages whose answers do not go into the buffer.
 *
 * Such a message has a token that no program's has; what comes with one is looked for in the socket's list, by whoever delivers it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <netgraph/ng_message.h>

#include "serve/host.h"

#define QUERY_TOKEN 0x80000000u /* tokens of queries begin here; netgraph(3)'s own end here */

/* A message whose answer comes back to the caller. Held by the caller or `done`, and by the message on its way. */
struct ngu__query {
	struct ngu__query *next;
	struct ngu__hsock *hs; /* counted */
	uint32_t token;
	struct ng_mesg *reply;
	size_t rlen;
	ngu_host_answer_fn *done;
	void *arg;
};

/* One that comes when nobody waits for it is refused: the program has not asked. */
bool
ngu__host_answers(struct ngu__hsock *hs, const struct ng_mesg *msg, size_t len, int *error)
{
	struct ngu__query *q;

	if ((msg->header.flags & NGF_RESP) == 0 || msg->header.token < QUERY_TOKEN)
		return (false);
	ngu__mtx_lock(&hs->query_lock);
	for (q = hs->queries; q != NULL && q->token != msg->header.token; q = q->next)
		;
	if (q != NULL && q->reply == NULL) {
		*error = (q->reply = malloc(len)) != NULL ? 0 : ENOMEM;
		if (q->reply != NULL) {
			memcpy(q->reply, msg, len);
			q->rlen = len;
		}
	}
	ngu__mtx_unlock(&hs->query_lock);
	if (q == NULL && !NGU_LD_RLX(&hs->high_tokens)) {
		*error = ETIMEDOUT;
		return (true);
	}
	return (q != NULL);
}

void
ngu__host_asks(struct ngu__hsock *hs, const struct ng_mesg *msg)
{
	if ((msg->header.flags & NGF_RESP) == 0 && msg->header.token >= QUERY_TOKEN)
		NGU_ST_RLX(&hs->high_tokens, true);
}

static void
query_free(struct ngu__query *q)
{
	ngu__host_unref(q->hs);
	free(q->reply);
	free(q);
}

static void
query_off(struct ngu__query *q)
{
	struct ngu__query **p;

	ngu__mtx_lock(&q->hs->query_lock);
	for (p = &q->hs->queries; *p != q; p = &(*p)->next)
		;
	*p = q->next;
	ngu__mtx_unlock(&q->hs->query_lock);
}

static void
query_done(void *arg, int error)
{
	struct ngu__query *q = arg;
	struct ng_mesg *reply;

	query_off(q);
	reply = error == 0 ? q->reply : NULL;
	if (reply != NULL)
		q->reply = NULL;
	(q->done)(q->arg, error, reply, reply != NULL ? q->rlen : 0);
	query_free(q);
}

/* A query in the socket's list, and the message with its token. */
static int
query_new(struct ngu__hsock *hs, const struct ng_mesg *msg, size_t len, struct ngu__query **qp, struct ng_mesg **copy)
{
	static _Atomic uint32_t token;
	struct ngu__query *q;

	if (len < sizeof(*msg))
		return (EINVAL);
	if (len > NGU_LD_RLX(&hs->maxdgram))
		return (EMSGSIZE);
	if ((q = calloc(1, sizeof(*q))) == NULL)
		return (ENOMEM);
	if ((*copy = malloc(len)) == NULL) {
		free(q);
		return (ENOMEM);
	}
	memcpy(*copy, msg, len);
	q->hs = hs;
	(void)NGU_FADD_RLX(&hs->refs, 1u);
	(*copy)->header.token = q->token = NGU_FADD_RLX(&token, 1u) | QUERY_TOKEN;
	ngu__mtx_lock(&hs->query_lock);
	q->next = hs->queries;
	hs->queries = q;
	ngu__mtx_unlock(&hs->query_lock);
	*qp = q;
	return (0);
}

int
ngu_host_query(struct ngu_host *h, struct ngu_fdid id, const char *path, const struct ng_mesg *msg, size_t len,
    struct ng_mesg **reply, size_t *rlen)
{
	struct ngu__hsock *hs = ngu__host_look_swept(h, id);
	struct ng_mesg *copy;
	struct ngu__query *q;
	int error;

	*reply = NULL;
	*rlen = 0;
	if (hs == NULL)
		return (ESTALE);
	if ((error = query_new(hs, msg, len, &q, &copy)) == 0) {
		error = ngu_sock_send_msg(hs->sock, path, copy, len, NULL, NULL);
		query_off(q);
		if (error == 0 && q->reply != NULL) {
			*reply = q->reply;
			*rlen = q->rlen;
			q->reply = NULL;
		}
		query_free(q);
		free(copy);
	}
	ngu__host_let_go(hs);
	return (error);
}

int
ngu_host_query_then(struct ngu_host *h, struct ngu_fdid id, const char *path, const struct ng_mesg *msg, size_t len,
    ngu_host_answer_fn *done, void *arg)
{
	struct ngu__hsock *hs = ngu__host_look_swept(h, id);
	struct ng_mesg *copy;
	struct ngu__query *q;
	int error;

	if (hs == NULL)
		return (ESTALE);
	if ((error = query_new(hs, msg, len, &q, &copy)) == 0) {
		q->done = done;
		q->arg = arg;
		if ((error = ngu_sock_send_msg(hs->sock, path, copy, len, query_done, q)) != 0) {
			query_off(q);
			query_free(q);
		}
		free(copy);
	}
	ngu__host_let_go(hs);
	return (error);
}
