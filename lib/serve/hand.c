/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hand.c - threads for questions that may take long: ngu_host_ask() waits for nodes' methods. They begin when there is work, one client
 * has one at most at work for it, and they stay until the server's end.
 */
#include <errno.h>
#include <stdlib.h>

#include "serve/server.h"

/* The next one, of a client that none is at work for. With the lock. */
static struct question *
next_job(struct ngu_server *s)
{
	struct question **p, *q;

	for (p = &s->jobs; (q = *p) != NULL && q->c->in_hand; p = &q->next)
		;
	if (q == NULL)
		return (NULL);
	*p = q->next;
	if (q->next == NULL)
		s->jobs_end = p;
	q->next = NULL;
	q->c->in_hand = true;
	return (q);
}

static void
work(struct question *q)
{
	struct ngu_server *s = q->c->s;
	void *argument = q->memory, *answer = NULL;
	size_t len = 0;

	q->error = ngu_host_ask(s->host, (enum ngu_question)q->body.n[0], q->body.bytes, q->body.len, &answer, &len);
	free(argument);
	q->memory = answer;
	q->body.bytes = answer;
	q->body.len = len;
	ngu__mtx_lock(&s->lock);
	q->c->in_hand = false;
	q->c->held -= q->charge;
	q->c->held += q->charge = len;
	ngu__mtx_unlock(&s->lock);
	ngu__question_end(q);
}

static void *
run(void *arg)
{
	struct ngu_server *s = arg;
	struct question *q;
	uint32_t word;

	ngu__mtx_lock(&s->lock);
	for (;;) {
		word = NGU_LD_RLX(&s->jobs_word);
		if (s->over)
			break;
		if ((q = next_job(s)) == NULL) {
			s->idle++;
			ngu__mtx_unlock(&s->lock);
			ngu__port_wait(&s->jobs_word, word, -1);
			ngu__mtx_lock(&s->lock);
			s->idle--;
			continue;
		}
		ngu__mtx_unlock(&s->lock);
		work(q);
		ngu__mtx_lock(&s->lock);
	}
	ngu__mtx_unlock(&s->lock);
	return (NULL);
}

int
ngu__hand_post(struct question *q)
{
	struct ngu_server *s = q->c->s;
	int error = 0;

	ngu__mtx_lock(&s->lock);
	/* Only this thread begins them; with none at all there would be nobody to do it. */
	if (s->idle == 0 && s->hands < HANDS) {
		error = ngu__port_thread_start(&s->hand[s->hands], "ng-hand", run, s);
		if (error == 0)
			s->hands++;
		else if (s->hands != 0)
			error = 0;
	}
	if (error == 0) {
		q->next = NULL;
		*s->jobs_end = q;
		s->jobs_end = &q->next;
		(void)NGU_FADD_RLX(&s->jobs_word, 1u);
	}
	ngu__mtx_unlock(&s->lock);
	ngu__port_wake(&s->jobs_word, 1);
	return (error);
}

void
ngu__hand_end(struct ngu_server *s)
{
	struct question *q;

	ngu__mtx_lock(&s->lock);
	s->over = true;
	(void)NGU_FADD_RLX(&s->jobs_word, 1u);
	ngu__mtx_unlock(&s->lock);
	ngu__port_wake(&s->jobs_word, HANDS);
	for (unsigned i = 0; i < s->hands; i++)
		ngu__port_thread_join(&s->hand[i]);
	ngu__mtx_lock(&s->lock);
	while ((q = s->jobs) != NULL) {
		s->jobs = q->next;
		ngu__question_free(q);
	}
	s->jobs_end = &s->jobs;
	ngu__mtx_unlock(&s->lock);
}
