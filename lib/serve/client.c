/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * client.c - one client: its channel, its questions, their answers.
 *
 * A question is read, and carried out here or given to a hand; it has its answer at once or later (ngu__question_end()). Answers that the channel has no room for wait in
 * `out`. While as many questions as are allowed have no answer that was sent, or too many bytes are held for them, the channel is not
 * read: who does not read answers cannot ask. A frame that is none, or a channel that breaks, ends the client.
 */
#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "serve/server.h"

#define BATCH 16 /* questions of one client in a row */

/* ---- beginning and end ---- */

struct client *
ngu__client_new(struct ngu_server *s, int fd, uid_t uid, pid_t pid)
{
	struct client *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return (NULL);
	c->s = s;
	c->fd = fd;
	c->uid = uid;
	c->pid = pid;
	c->out_end = &c->out;
	c->jobs_end = &c->jobs;
	c->refs = 1;
	c->want = NGU__RD;
	if (ngu__account_open(c) != 0) {
		free(c);
		return (NULL);
	}
	if (ngu__poller_set(s->poller, fd, c->want, c, true) != 0) {
		ngu__account_close(c);
		free(c);
		return (NULL);
	}
	if (s->clients != NULL)
		s->clients->prev = c;
	c->next = s->clients;
	s->clients = c;
	ngu__mtx_lock(&s->lock);
	s->refs++;
	s->stats.connections++;
	if (++s->stats.clients > s->stats.most_clients)
		s->stats.most_clients = s->stats.clients;
	ngu__mtx_unlock(&s->lock);
	return (c);
}

void
ngu__client_unref(struct client *c)
{
	struct ngu_server *s = c->s;

	if (--c->refs != 0)
		return;
	free(c);
	s->refs--;
}

void
ngu__question_free(struct question *q)
{
	struct client *c = q->c;

	c->flying--;
	c->held -= q->charge;
	c->s->stats.flying--;
	if (q->pass >= 0)
		(void)close(q->pass);
	free(q->memory);
	free(q->answer);
	free(q);
	ngu__client_unref(c);
}

/* It may still be named by what the poller said: its memory stays for the moment. */
void
ngu__client_drop(struct client *c)
{
	struct ngu_server *s = c->s;
	struct question *q;

	if (c->gone)
		return;
	c->gone = true;
	ngu__poller_drop(s->poller, c->fd);
	(void)close(c->fd);
	c->fd = -1;
	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		s->clients = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	ngu__account_close(c);
	ngu__mtx_lock(&s->lock);
	s->stats.clients--;
	while ((q = c->out) != NULL) {
		c->out = q->next;
		ngu__question_free(q);
	}
	c->out_end = &c->out;
	ngu__hand_forget(c);
	ngu__mtx_unlock(&s->lock);
	c->grave = s->graves;
	s->graves = c;
}

/* ---- answers ---- */

/* What the poller shall look for. */
void
ngu__client_want(struct client *c)
{
	struct ngu_server *s = c->s;
	unsigned want = c->out != NULL ? NGU__WR : 0;

	if (c->gone)
		return;
	ngu__mtx_lock(&s->lock);
	if (!s->ending && c->flying < s->o.max_flying && c->held <= s->o.max_frame)
		want |= NGU__RD;
	else if (!s->ending && (c->want & NGU__RD))
		s->stats.paused++;
	ngu__mtx_unlock(&s->lock);
	if (want == c->want)
		return;
	if (ngu__poller_set(s->poller, c->fd, want, c, false) != 0)
		ngu__client_drop(c);
	else
		c->want = want;
}

/* Send one answer. EAGAIN, or it could not be sent at all. */
static int
send_answer(struct client *c, struct question *q)
{
	struct wire_head head = { .op = q->op, .id = q->id, .flags = WIRE_F_ANSWER, .dev = q->sock.dev, .ino = q->sock.ino };
	int error;

	head.error = (uint32_t)q->error;
	if (q->stranger)
		head.flags |= WIRE_F_STRANGER;
	error = ngu__wire_send(c->fd, &head, &q->body, q->pass, false);
	if ((error == EMFILE || error == ENFILE || error == ENOMEM || error == EMSGSIZE || error == ETOOMANYREFS || error == ENOSPC) &&
	    q->error == 0) {
		/* The descriptor, or the file, could not be had: the client is told that in its place. */
		head = (struct wire_head){ .op = q->op, .id = q->id, .flags = WIRE_F_ANSWER, .error = (uint32_t)error };
		error = ngu__wire_send(c->fd, &head, NULL, -1, false);
	}
	if (error == 0) {
		ngu__mtx_lock(&c->s->lock);
		c->s->stats.sent_bytes += head.len;
		ngu__mtx_unlock(&c->s->lock);
	}
	return (error == ENOMEM ? EAGAIN : error);
}

static void
flush(struct client *c)
{
	struct question *q;
	int error;

	while (!c->gone && (q = c->out) != NULL) {
		if ((error = send_answer(c, q)) == EAGAIN)
			return;
		if (error != 0) {
			ngu__client_drop(c);
			return;
		}
		if ((c->out = q->next) == NULL)
			c->out_end = &c->out;
		ngu__mtx_lock(&c->s->lock);
		ngu__question_free(q);
		ngu__mtx_unlock(&c->s->lock);
	}
}

void
ngu__client_answer(struct question *q)
{
	struct client *c = q->c;
	struct ngu_server *s = c->s;

	if (c->gone) { /* this may have been what kept it */
		ngu__mtx_lock(&s->lock);
		ngu__question_free(q);
		ngu__mtx_unlock(&s->lock);
		return;
	}
	q->next = NULL;
	*c->out_end = q;
	c->out_end = &q->next;
	flush(c);
	ngu__client_want(c);
}

void
ngu__question_end(struct question *q)
{
	static const char byte = 0;
	const struct iovec iov = { .iov_base = (void *)(uintptr_t)&byte, .iov_len = 1 };
	struct ngu_server *s = q->c->s;
	bool last;

	ngu__mtx_lock(&s->lock);
	if (s->listener < 0) { /* the thread has gone, and so has the client */
		ngu__question_free(q);
	} else {
		q->next = s->done;
		s->done = q;
		if (s->asleep) {
			s->asleep = false;
			(void)ngu__sock_send(s->wake[0], &iov, 1, -1, false);
		}
	}
	last = s->refs == 0;
	ngu__mtx_unlock(&s->lock);
	if (last)
		ngu__server_unref(s);
}

/* ---- questions ---- */

/* What it has in hand must be what it says, and a socket of ours. */
static int
adopt(struct client *c, struct ngu_fdid id, int passed)
{
	struct ngu_fdid have;
	int error;

	if ((error = ngu_host_fdid(passed, &have)) != 0)
		return (error);
	if (have.dev != id.dev || have.ino != id.ino)
		return (EPERM);
	return (ngu__account_adopt(c, id));
}

static int
name_of(struct client *c, struct question *q)
{
	uint32_t node = 0;
	int error = ngu_host_name(c->s->host, q->sock, q->text, &node);

	q->body = (struct wire_body){ .n = { node }, .text = q->text };
	return (error);
}

static int
getbuf(struct client *c, struct question *q)
{
	struct ngu_host_buf b = { .recvspace = 0 };
	int error = ngu_host_getbuf(c->s->host, q->sock, &b);

	q->body = (struct wire_body){ .n = { b.recvspace, b.maxdgram, b.used, b.records, b.refused } };
	return (error);
}

/* To be done by a hand, with what the question says in memory of its own. */
static int
hand_over(struct client *c, struct question *q, const struct wire_head *head, const struct wire_body *in, void **file)
{
	int error;

	if (*file != NULL) {
		q->memory = *file;
		*file = NULL;
		q->body = *in;
	} else if (head->len != 0) {
		if ((q->memory = malloc(head->len)) == NULL)
			return (ENOMEM);
		memcpy(q->memory, (const char *)c->s->room + sizeof(*head), head->len);
		if ((error = ngu__wire_body(head, q->memory, &q->body)) != 0)
			return (error);
	}
	ngu__mtx_lock(&c->s->lock);
	c->held += head->len;
	q->charge += head->len;
	ngu__mtx_unlock(&c->s->lock);
	if ((error = ngu__hand_post(q)) != 0)
		memset(&q->body, 0, sizeof(q->body));
	return (error);
}

/* True: the answer comes later. */
static bool
carry_out(struct client *c, struct question *q, const struct wire_head *head, const struct wire_body *in, void **file, int passed)
{
	struct ngu_host *h = c->s->host;
	enum ngu_sock_kind kind;
	int error;

	if (q->op == WIRE_ADOPT) {
		q->error = adopt(c, q->sock, passed);
		return (false);
	}
	if (q->op != WIRE_SOCKET && q->op != WIRE_ASK && q->op != WIRE_CAPTURE && !ngu__account_may(c, q->sock)) {
		q->error = ESTALE;
		q->stranger = true;
		return (false);
	}
	switch (q->op) {
	case WIRE_KIND:
		if ((q->error = ngu_host_kind(h, q->sock, &kind)) == 0)
			q->body.n[0] = kind;
		return (false);
	case WIRE_NAME:
		q->error = name_of(c, q);
		return (false);
	case WIRE_DATA:
		q->error = ngu_host_send_data(h, q->sock, in->text, in->bytes, in->len);
		return (false);
	case WIRE_GETBUF:
		q->error = getbuf(c, q);
		return (false);
	case WIRE_SETBUF:
		q->error = ngu__account_setbuf(c, q->sock, (size_t)in->n[0], (size_t)in->n[1]);
		return (false);
	case WIRE_RAW:
		q->error = ngu_host_raw(h, q->sock);
		return (false);
	}
	if ((error = hand_over(c, q, head, in, file)) == 0)
		return (true); /* and *q is another's */
	q->error = error;
	return (false);
}

static struct question *
question_new(struct client *c, const struct wire_head *head)
{
	struct ngu_server *s = c->s;
	struct question *q = calloc(1, sizeof(*q));

	if (q == NULL)
		return (NULL);
	q->c = c;
	q->sock = (struct ngu_fdid){ .dev = head->dev, .ino = head->ino };
	q->id = head->id;
	q->op = head->op;
	q->pass = -1;
	ngu__mtx_lock(&s->lock);
	c->refs++;
	c->flying++;
	s->stats.flying++;
	s->stats.requests++;
	s->stats.read_bytes += head->len;
	ngu__mtx_unlock(&s->lock);
	return (q);
}

/* The last word to a client, if there is room for it. */
static void
last_word(int fd, uint32_t id, int error, const char *why)
{
	struct wire_head head = { .op = WIRE_HELLO, .id = id, .flags = WIRE_F_ANSWER, .error = (uint32_t)error };
	const struct wire_body body = { .text = why };

	(void)ngu__wire_send(fd, &head, &body, -1, false);
}

void
ngu__client_refuse(int fd, int error, const char *why)
{
	last_word(fd, 0, error, why);
}

static void
throw_out(struct client *c, uint32_t id, int error, const char *why)
{
	ngu__server_log(c->s, 4, "process %ld of user %ld is thrown out: %s", (long)c->pid, (long)c->uid, why);
	ngu__mtx_lock(&c->s->lock);
	c->s->stats.broken++;
	ngu__mtx_unlock(&c->s->lock);
	last_word(c->fd, id, error, why);
	ngu__client_drop(c);
}

static void
greet(struct client *c, const struct wire_head *in)
{
	struct wire_head head = { .op = WIRE_HELLO, .id = in->id, .flags = WIRE_F_ANSWER };
	const struct wire_body body = { .n = { c->s->o.max_frame, c->s->o.max_flying }, .text = ngu_version() };

	c->greeted = true;
	if (ngu__wire_send(c->fd, &head, &body, -1, false) != 0)
		ngu__client_drop(c); /* the first frame of a channel has room */
}

static void
simple_answer(struct client *c, const struct wire_head *in, int error)
{
	struct wire_head head = { .op = in->op, .id = in->id, .flags = WIRE_F_ANSWER, .error = (uint32_t)error, .dev = in->dev, .ino = in->ino };
	int e = ngu__wire_send(c->fd, &head, NULL, -1, false);

	if (e != 0) /* without memory for a question there is none to keep its answer in */
		ngu__client_drop(c);
}

/* One record. False: there is none, or the client has gone. */
static bool
read_one(struct client *c)
{
	struct ngu_server *s = c->s;
	struct wire_head head;
	struct wire_body body;
	struct question *q;
	void *file = NULL;
	int passed = -1, error;

	error = ngu__wire_recv(c->fd, false, false, (uint32_t)s->o.max_frame, s->room, &head, &body, &file, &passed);
	switch (error) {
	case 0:
		break;
	case EAGAIN:
		return (false);
	case EMFILE:
	case ENOMEM:
	case EMSGSIZE:
		break; /* the question's error */
	case EPROTO:
		throw_out(c, head.id, EPROTO, "a frame that is none");
		return (false);
	case EPROTONOSUPPORT: {
		char why[96];

		(void)snprintf(why, sizeof(why), "it speaks version %u of the protocol, this server (libng %s) version %u", head.version,
		    ngu_version(), WIRE_VERSION);
		throw_out(c, head.id, EPROTONOSUPPORT, why);
		return (false);
	}
	default: /* the end */
		ngu__client_drop(c);
		return (false);
	}
	if (!c->greeted && (error != 0 || head.op != WIRE_HELLO)) {
		throw_out(c, head.id, EPROTO, "it did not say hello");
	} else if (head.op == WIRE_HELLO) {
		if (c->greeted)
			throw_out(c, head.id, EPROTO, "it said hello again");
		else
			greet(c, &head);
	} else if ((q = question_new(c, &head)) == NULL) {
		simple_answer(c, &head, ENOMEM);
	} else {
		if (error != 0) {
			q->error = error;
			ngu__mtx_lock(&s->lock);
			s->stats.limited++;
			ngu__mtx_unlock(&s->lock);
		}
		if (error != 0 || !carry_out(c, q, &head, &body, &file, passed))
			ngu__client_answer(q);
	}
	free(file);
	if (passed >= 0)
		(void)close(passed);
	return (!c->gone);
}

void
ngu__client_ready(struct client *c, unsigned what)
{
	if (c->gone)
		return;
	if (what & NGU__HUP) { /* nobody is left to read an answer */
		ngu__client_drop(c);
		return;
	}
	if (what & NGU__WR)
		flush(c);
	for (int i = 0; i < BATCH && !c->gone && (c->want & NGU__RD) && read_one(c); i++)
		ngu__client_want(c);
	ngu__client_want(c);
}
