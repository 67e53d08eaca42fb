/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * account.c - which client may use which socket, and how much of everything it has.
 *
 * A client may use what it has asked for, and what it has shown to hold (adopted). A socket counts in each such client's account. When
 * the last of them has gone and the socket lives on, in processes that inherited its descriptor, it counts in its user's purse, and so
 * against whatever client of that user comes next; it leaves all accounts when the host says that it is gone.
 */
#include <errno.h>
#include <stdlib.h>

#include "serve/server.h"

struct use {
	struct use *next_of_sock, *next_of_client, *prev_of_client;
	struct ssock *sock;
	struct client *c;
};

struct ssock {
	struct ssock *next;
	struct ngu_server *s;
	struct ngu_fdid id;
	struct use *uses;
	struct purse *orphan; /* whose purse it counts in */
	size_t space;
	bool made, gone; /* is in the table; was gone before it could be put there */
};

static struct ssock **
slot(struct ngu_server *s, struct ngu_fdid id)
{
	return (&s->socks[(uint32_t)((id.ino ^ id.dev << 7) * 0x9e3779b97f4a7c15u >> 32) & (s->socks_size - 1)]);
}

static bool
grow(struct ngu_server *s)
{
	uint32_t n = s->socks_size, size = n != 0 ? n * 2 : 64;
	struct ssock **old = s->socks, **t, *ss;

	if (s->socks_used < n)
		return (true);
	if ((t = calloc(size, sizeof(*t))) == NULL)
		return (n != 0);
	s->socks = t;
	s->socks_size = size;
	for (uint32_t i = 0; i < n; i++) {
		while ((ss = old[i]) != NULL) {
			old[i] = ss->next;
			ss->next = *slot(s, ss->id);
			*slot(s, ss->id) = ss;
		}
	}
	free(old);
	return (true);
}

static struct ssock *
find(struct ngu_server *s, struct ngu_fdid id)
{
	struct ssock *ss = NULL;

	if (s->socks_size != 0)
		for (ss = *slot(s, id); ss != NULL && (ss->id.ino != id.ino || ss->id.dev != id.dev); ss = ss->next)
			;
	return (ss);
}

static struct use *
use_of(struct client *c, struct ssock *ss)
{
	struct use *u;

	for (u = ss->uses; u != NULL && u->c != c; u = u->next_of_sock)
		;
	return (u);
}

static void
purse_unref(struct ngu_server *s, struct purse *p)
{
	struct purse **pp;

	if (--p->refs != 0)
		return;
	for (pp = &s->purses; *pp != p; pp = &(*pp)->next)
		;
	*pp = p->next;
	free(p);
}

/* ---- sockets in accounts; with the lock ---- */

static void
use_add(struct client *c, struct ssock *ss, struct use *u)
{
	if (ss->orphan != NULL) {
		ss->orphan->sockets--;
		ss->orphan->space -= ss->space;
		purse_unref(c->s, ss->orphan);
		ss->orphan = NULL;
		c->s->stats.orphans--;
	}
	u->sock = ss;
	u->c = c;
	u->next_of_sock = ss->uses;
	ss->uses = u;
	u->prev_of_client = NULL;
	u->next_of_client = c->uses;
	if (c->uses != NULL)
		c->uses->prev_of_client = u;
	c->uses = u;
	c->sockets++;
	c->space += ss->space;
}

static void
use_remove(struct use *u)
{
	struct client *c = u->c;
	struct use **p;

	for (p = &u->sock->uses; *p != u; p = &(*p)->next_of_sock)
		;
	*p = u->next_of_sock;
	if (u->prev_of_client != NULL)
		u->prev_of_client->next_of_client = u->next_of_client;
	else
		c->uses = u->next_of_client;
	if (u->next_of_client != NULL)
		u->next_of_client->prev_of_client = u->prev_of_client;
	c->sockets--;
	c->space -= u->sock->space;
	free(u);
}

static void
forget(struct ssock *ss)
{
	struct ngu_server *s = ss->s;
	struct ssock **p;

	for (p = slot(s, ss->id); *p != ss; p = &(*p)->next)
		;
	*p = ss->next;
	s->socks_used--;
	s->stats.sockets--;
	while (ss->uses != NULL)
		use_remove(ss->uses);
	if (ss->orphan != NULL) {
		ss->orphan->sockets--;
		ss->orphan->space -= ss->space;
		purse_unref(s, ss->orphan);
		s->stats.orphans--;
	}
	free(ss);
}

/* Is there room for one more, of which `space` is the buffer? */
static int
room_for(const struct client *c, unsigned sockets, size_t space)
{
	if (c->sockets + c->purse->sockets + sockets > c->s->o.max_sockets) {
		c->s->stats.limited++;
		return (EMFILE);
	}
	if (space > c->s->o.max_buffers || c->space + c->purse->space > c->s->o.max_buffers - space) {
		c->s->stats.limited++;
		return (ENOBUFS);
	}
	return (0);
}

/* ---- clients ---- */

int
ngu__account_open(struct client *c)
{
	struct ngu_server *s = c->s;
	struct purse *p;
	int error = 0;

	ngu__mtx_lock(&s->lock);
	for (p = s->purses; p != NULL && p->uid != c->uid; p = p->next)
		;
	if (p == NULL && (p = calloc(1, sizeof(*p))) != NULL) {
		p->uid = c->uid;
		p->next = s->purses;
		s->purses = p;
	}
	if (p == NULL)
		error = ENOMEM;
	else
		p->refs++;
	c->purse = p;
	ngu__mtx_unlock(&s->lock);
	return (error);
}

void
ngu__account_close(struct client *c)
{
	struct ngu_server *s = c->s;

	ngu__mtx_lock(&s->lock);
	while (c->uses != NULL) {
		struct ssock *ss = c->uses->sock;

		use_remove(c->uses);
		if (ss->uses != NULL)
			continue;
		ss->orphan = c->purse;
		c->purse->refs++;
		c->purse->sockets++;
		c->purse->space += ss->space;
		s->stats.orphans++;
	}
	purse_unref(s, c->purse);
	c->purse = NULL;
	ngu__mtx_unlock(&s->lock);
}

/* ---- sockets ---- */

/* From whatever thread, with the host's locks. */
static void
gone(void *arg, struct ngu_fdid id)
{
	struct ssock *ss = arg;
	struct ngu_server *s = ss->s;

	(void)id;
	ngu__mtx_lock(&s->lock);
	if (ss->made)
		forget(ss);
	else
		ss->gone = true;
	ngu__mtx_unlock(&s->lock);
}

int
ngu__account_socket(struct client *c, enum ngu_sock_kind kind, int *fd, struct ngu_fdid *id)
{
	struct ngu_server *s = c->s;
	struct ssock *ss = NULL;
	struct use *u = NULL;
	int error;

	ngu__mtx_lock(&s->lock);
	error = c->purse != NULL ? room_for(c, 1, s->o.recvspace) : ECONNRESET; /* it has gone */
	if (error == 0 && (!grow(s) || (ss = calloc(1, sizeof(*ss))) == NULL || (u = calloc(1, sizeof(*u))) == NULL))
		error = ENOMEM;
	ngu__mtx_unlock(&s->lock);
	if (error == 0) {
		ss->s = s;
		ss->space = s->o.recvspace;
		error = ngu_host_socket(s->host, kind, gone, ss, fd, id);
	}
	if (error != 0) {
		free(ss);
		free(u);
		return (error);
	}
	ngu__mtx_lock(&s->lock);
	if (ss->gone) {
		free(ss);
		free(u);
	} else {
		ss->id = *id;
		ss->made = true;
		ss->next = *slot(s, *id);
		*slot(s, *id) = ss;
		s->socks_used++;
		s->stats.sockets++;
		if (c->purse != NULL) {
			use_add(c, ss, u);
			u = NULL;
		} /* else it is closed again when the answer reaches nobody */
		free(u);
	}
	ngu__mtx_unlock(&s->lock);
	return (0);
}

int
ngu__account_adopt(struct client *c, struct ngu_fdid id)
{
	struct ngu_server *s = c->s;
	struct use *u = calloc(1, sizeof(*u));
	struct ssock *ss;
	int error = 0;

	if (u == NULL)
		return (ENOMEM);
	ngu__mtx_lock(&s->lock);
	ss = find(s, id);
	if (ss == NULL)
		error = ESTALE;
	else if (use_of(c, ss) == NULL && (ss->orphan == c->purse || (error = room_for(c, 1, ss->space)) == 0)) {
		use_add(c, ss, u);
		u = NULL;
	}
	ngu__mtx_unlock(&s->lock);
	free(u);
	return (error);
}

bool
ngu__account_may(struct client *c, struct ngu_fdid id)
{
	struct ssock *ss;
	bool may;

	ngu__mtx_lock(&c->s->lock);
	may = (ss = find(c->s, id)) != NULL && use_of(c, ss) != NULL;
	ngu__mtx_unlock(&c->s->lock);
	return (may);
}

int
ngu__account_setbuf(struct client *c, struct ngu_fdid id, size_t recvspace, size_t maxdgram)
{
	struct ngu_server *s = c->s;
	struct ssock *ss;
	int error = 0;

	ngu__mtx_lock(&s->lock);
	ss = find(s, id);
	if (ss != NULL && recvspace > ss->space)
		error = room_for(c, 0, recvspace - ss->space);
	ngu__mtx_unlock(&s->lock);
	if (error != 0 || (error = ngu_host_setbuf(s->host, id, recvspace, maxdgram)) != 0 || recvspace == 0)
		return (error);
	ngu__mtx_lock(&s->lock);
	if ((ss = find(s, id)) != NULL) {
		for (struct use *u = ss->uses; u != NULL; u = u->next_of_sock)
			u->c->space += recvspace - ss->space;
		ss->space = recvspace;
	}
	ngu__mtx_unlock(&s->lock);
	return (0);
}

/* The host is closed, and with it went all sockets; no client is left. */
void
ngu__account_end(struct ngu_server *s)
{
	free(s->socks);
	s->socks = NULL;
	s->socks_size = 0;
}
