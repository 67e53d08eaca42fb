/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hand.c - threads for questions that may take long: those that run nodes' methods, which may open files or wait for something, as the caller of a
 * kernel would.
 *
 * There is always one hand more than are at work, up to HANDS; one client has HAND_EACH of them at most at work for it, its other questions wait
 * in its own list. So what takes long costs the client that asked for it, and others only when very many clients do that.
 * Hands begin when they are needed and stay until the server's end.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "serve/server.h"

/* Ready to be done. With the lock. */
static void
enqueue(struct ngu_server *s, struct question *q)
{
	q->next = NULL;
	*s->jobs_end = q;
	s->jobs_end = &q->next;
	s->njobs++;
	(void)NGU_FADD_RLX(&s->jobs_word, 1u);
}

static struct question *
dequeue(struct ngu_server *s)
{
	struct question *q = s->jobs;

	if (q == NULL)
		return (NULL);
	if ((s->jobs = q->next) == NULL)
		s->jobs_end = &s->jobs;
	s->njobs--;
	return (q);
}

/* The client's next one, if it has one. With the lock. */
static void
next_of(struct client *c)
{
	struct question *q = c->jobs;

	if (q == NULL) {
		c->in_hand--;
		return;
	}
	if ((c->jobs = q->next) == NULL)
		c->jobs_end = &c->jobs;
	enqueue(c->s, q);
}

static void
sent(void *arg, int error)
{
	struct question *q = arg;

	q->error = error;
	ngu__question_end(q);
}

static void
queried(void *arg, int error, struct ng_mesg *reply, size_t rlen)
{
	struct question *q = arg;
	struct ngu_server *s = q->c->s;

	q->error = error;
	q->answer = reply;
	q->body = (struct wire_body){ .bytes = reply, .len = rlen };
	ngu__mtx_lock(&s->lock);
	q->c->held += rlen;
	q->charge += rlen;
	ngu__mtx_unlock(&s->lock);
	ngu__question_end(q);
}

static int
ask(struct question *q, const struct wire_body *in)
{
	struct ngu_server *s = q->c->s;
	size_t len = 0;
	int error;

	if (in->n[0] > INT32_MAX)
		return (EOPNOTSUPP);
	error = ngu_host_ask(s->host, (enum ngu_question)in->n[0], in->bytes, in->len, &q->answer, &len);
	q->body = (struct wire_body){ .bytes = q->answer, .len = len };
	ngu__mtx_lock(&s->lock);
	q->c->held += len;
	q->charge += len;
	ngu__mtx_unlock(&s->lock);
	return (error);
}

static int
capture(struct question *q, const struct wire_body *in)
{
	char hook[32];

	if (in->len >= sizeof(hook))
		return (ENOENT);
	memcpy(hook, in->bytes, in->len);
	hook[in->len] = '\0';
	return (ngu_host_capture(q->c->s->host, in->text, hook, (unsigned)in->n[0], (uint32_t)in->n[1], in->n[2], &q->pass));
}

/* True: the answer comes later, and *q is another's. */
static bool
carry_out(struct question *q)
{
	struct ngu_host *h = q->c->s->host;
	struct wire_body in = q->body;
	int error;

	memset(&q->body, 0, sizeof(q->body));
	switch (q->op) {
	case WIRE_SOCKET:
		q->error = EINVAL;
		if (in.n[0] == NGU_SOCK_CONTROL || in.n[0] == NGU_SOCK_DATA)
			q->error = ngu__account_socket(q->c, (enum ngu_sock_kind)in.n[0], &q->pass, &q->sock);
		return (false);
	case WIRE_BIND:
		q->error = ngu_host_bind(h, q->sock, in.text);
		return (false);
	case WIRE_CONNECT:
		q->error = ngu_host_connect(h, q->sock, in.text);
		return (false);
	case WIRE_MSG:
		if ((error = ngu_host_send_msg(h, q->sock, in.text, in.bytes, in.len, sent, q)) == 0)
			return (true);
		q->error = error;
		return (false);
	case WIRE_QUERY:
		if ((error = ngu_host_query_then(h, q->sock, in.text, in.bytes, in.len, queried, q)) == 0)
			return (true);
		q->error = error;
		return (false);
	case WIRE_ASK:
		q->error = ask(q, &in);
		return (false);
	case WIRE_CAPTURE:
		q->error = capture(q, &in);
		return (false);
	}
	q->error = EOPNOTSUPP;
	return (false);
}

static void
work(struct question *q)
{
	struct ngu_server *s = q->c->s;
	struct client *c = q->c;

	ngu__mtx_lock(&s->lock);
	c->refs++; /* beyond the question */
	ngu__mtx_unlock(&s->lock);
	if (!carry_out(q))
		ngu__question_end(q);
	ngu__mtx_lock(&s->lock);
	next_of(c);
	ngu__client_unref(c);
	ngu__mtx_unlock(&s->lock);
}

static void *
run(void *arg)
{
	struct ngu_server *s = arg;
	struct question *q;
	uint32_t word;

	ngu__mtx_lock(&s->lock);
	while (!s->over) {
		word = NGU_LD_RLX(&s->jobs_word);
		if ((q = dequeue(s)) != NULL) {
			ngu__mtx_unlock(&s->lock);
			work(q);
			ngu__mtx_lock(&s->lock);
			continue;
		}
		s->idle++;
		ngu__mtx_unlock(&s->lock);
		ngu__port_wait(&s->jobs_word, word, -1);
		ngu__mtx_lock(&s->lock);
		s->idle--;
	}
	ngu__mtx_unlock(&s->lock);
	return (NULL);
}

int
ngu__hand_post(struct question *q)
{
	struct ngu_server *s = q->c->s;
	struct client *c = q->c;
	int error = 0;

	ngu__mtx_lock(&s->lock);
	if (c->in_hand < HAND_EACH) {
		/* Nobody sleeps who could do this one, and those before it. */
		if (s->njobs >= s->idle && s->hands < HANDS) {
			error = ngu__port_thread_start(&s->hand[s->hands], "ng-hand", run, s);
			if (error == 0)
				s->hands++;
			else if (s->hands != 0)
				error = 0;
		}
		if (error == 0) {
			c->in_hand++;
			enqueue(s, q);
		}
	} else {
		q->next = NULL;
		*c->jobs_end = q;
		c->jobs_end = &q->next;
	}
	ngu__mtx_unlock(&s->lock);
	ngu__port_wake(&s->jobs_word, 1);
	return (error);
}

/* Jobs of a client that has gone are done by nobody. With the lock. */
void
ngu__hand_forget(struct client *c)
{
	struct question *q;

	while ((q = c->jobs) != NULL) {
		c->jobs = q->next;
		ngu__question_free(q);
	}
	c->jobs_end = &c->jobs;
}

void
ngu__hand_end(struct ngu_server *s)
{
	struct question *q;

	ngu__mtx_lock(&s->lock);
	s->over = true;
	(void)NGU_FADD_RLX(&s->jobs_word, 1u);
	ngu__mtx_unlock(&s->lock);
	ngu__port_wake(&s->jobs_word, (int)HANDS);
	for (unsigned i = 0; i < s->hands; i++)
		ngu__port_thread_join(&s->hand[i]);
	ngu__mtx_lock(&s->lock);
	while ((q = dequeue(s)) != NULL)
		ngu__question_free(q);
	ngu__mtx_unlock(&s->lock);
}
