/* SPDX-License-Identifier: BSD-2-Clause */
/* serve.c - <ng/serve.h>: a control point's beginning and end, its thread, and who is let in. */
#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ng/ng.h>

#include "serve/server.h"

#define BATCH 64
#define ACCEPTS 16
#define DEAF_MS 100	    /* until the next try, while there is no descriptor for a new client */
#define LOG_LINES 20	    /* a second; those who are refused do not fill the log */
#define SECOND 1000000000ll

/* ---- log; of the thread ---- */

static void
log_line(struct ngu_server *s, int level, const char *text)
{
	char line[512];

	(void)snprintf(line, sizeof(line), "%s: %s", s->path, text);
	if (s->o.log != NULL)
		(s->o.log)(s->o.log_arg, level, line);
	else
		ngu__port_log_stderr(line);
}

void
ngu__server_log(struct ngu_server *s, int level, const char *fmt, ...)
{
	int64_t now = ngu__port_mono_ns();
	char text[256];
	va_list ap;

	if (now - s->log_since >= SECOND) {
		if (s->logged > LOG_LINES) {
			(void)snprintf(text, sizeof(text), "%u more of these", s->logged - LOG_LINES);
			log_line(s, 4, text);
		}
		s->log_since = now;
		s->logged = 0;
	}
	if (s->logged++ >= LOG_LINES)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_line(s, level, text);
}

/* ---- who is let in ---- */

static void
refuse(struct ngu_server *s, int fd, int error, const char *why)
{
	ngu__mtx_lock(&s->lock);
	s->stats.refused++;
	ngu__mtx_unlock(&s->lock);
	ngu__client_refuse(fd, error, why);
	(void)close(fd);
}

/* A connection that has not said a word makes place for one that may. */
static bool
make_place(struct ngu_server *s)
{
	struct client *c, *oldest = NULL;

	for (c = s->clients; c != NULL; c = c->next)
		if (!c->greeted)
			oldest = c;
	if (oldest == NULL)
		return (false);
	ngu__server_log(s, 4, "process %ld of user %ld is thrown out: it has not said hello, and another one waits", (long)oldest->pid,
	    (long)oldest->uid);
	ngu__client_drop(oldest);
	return (true);
}

static void
let_in(struct ngu_server *s, int fd)
{
	bool member = false;
	unsigned clients;
	uid_t uid = 0;
	gid_t gid;
	pid_t pid = -1;

	if (ngu__sock_peer(fd, &uid, &gid, s->by_group ? s->group : (gid_t)-1, &member, &pid) != 0) {
		refuse(s, fd, EACCES, "it is not known who you are");
		return;
	}
	if (uid != 0 && uid != s->uid && !(s->by_group && member)) {
		ngu__server_log(s, 4, "process %ld of user %ld is refused: neither this server's user nor root%s", (long)pid, (long)uid,
		    s->by_group ? ", and not of its group" : "");
		refuse(s, fd, EACCES, "you are neither this server's user nor root, nor of its group");
		return;
	}
	ngu__mtx_lock(&s->lock);
	clients = s->stats.clients;
	ngu__mtx_unlock(&s->lock);
	if (clients >= s->o.max_clients && !make_place(s)) {
		ngu__server_log(s, 4, "process %ld of user %ld is refused: %u clients are connected", (long)pid, (long)uid, clients);
		refuse(s, fd, EUSERS, "too many clients");
		return;
	}
	ngu__sock_room(fd, 4 * WIRE_ROOM);
	if (ngu__client_new(s, fd, uid, pid) == NULL)
		refuse(s, fd, ENOMEM, "no memory for another client");
}

static void
listen_again(struct ngu_server *s)
{
	if (s->spare < 0)
		s->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (s->spare >= 0 && s->deaf && ngu__poller_set(s->poller, s->listener, NGU__RD, &s->listener, false) == 0)
		s->deaf = false;
}

/*
 * No descriptor for who waits. One is kept for this: he is told, and goes. Without it, or without memory, nobody is listened to for a while, as what
 * waits would be reported again and again.
 */
static void
no_descriptor(struct ngu_server *s, int error)
{
	int fd = -1;

	if ((error == -EMFILE || error == -ENFILE) && s->spare >= 0) {
		(void)close(s->spare);
		s->spare = -1;
		error = ngu__sock_accept(s->listener, &fd);
		if (error == 0) {
			ngu__server_log(s, 3, "a client is refused: no descriptor for it");
			refuse(s, fd, EMFILE, "the server has no descriptor for another client");
		}
		listen_again(s);
		if (error == 0 || error == -EAGAIN)
			return;
	}
	ngu__server_log(s, 3, "cannot accept: error %d; trying again", -error);
	if (ngu__poller_set(s->poller, s->listener, 0, &s->listener, false) == 0)
		s->deaf = true;
}

static void
accept_some(struct ngu_server *s)
{
	int fd, error;

	for (int i = 0; i < ACCEPTS; i++) {
		if ((error = ngu__sock_accept(s->listener, &fd)) == -EAGAIN)
			return;
		if (error != 0) {
			no_descriptor(s, error);
			return;
		}
		let_in(s, fd);
	}
}

/* ---- the thread ---- */

/* What others have ended since. Newest first, so turned round. */
static void
take_done(struct ngu_server *s)
{
	struct question *q, *next, *first = NULL;

	ngu__mtx_lock(&s->lock);
	q = s->done;
	s->done = NULL;
	ngu__mtx_unlock(&s->lock);
	for (; q != NULL; q = next) {
		next = q->next;
		q->next = first;
		first = q;
	}
	for (q = first; q != NULL; q = next) {
		next = q->next;
		ngu__client_answer(q);
	}
}

static void
bury(struct ngu_server *s)
{
	struct client *c;

	ngu__mtx_lock(&s->lock);
	while ((c = s->graves) != NULL) {
		s->graves = c->grave;
		ngu__client_unref(c);
	}
	ngu__mtx_unlock(&s->lock);
}

/* Is it time to go? *timeout is how long to sleep. */
static bool
over(struct ngu_server *s, int64_t *end, int *timeout)
{
	int64_t now;
	bool ending, flying;

	*timeout = s->deaf ? DEAF_MS : -1;
	ngu__mtx_lock(&s->lock);
	ending = s->ending;
	flying = s->stats.flying != 0;
	ngu__mtx_unlock(&s->lock);
	if (!ending)
		return (false);
	now = ngu__port_mono_ns();
	if (*end == 0) {
		*end = now + (int64_t)s->o.drain_ms * 1000000;
		ngu__poller_drop(s->poller, s->listener);
		for (struct client *c = s->clients, *next; c != NULL; c = next) {
			next = c->next;
			ngu__client_want(c);
		}
	}
	if (!flying || now >= *end)
		return (true);
	*timeout = (int)((*end - now) / 1000000 + 1);
	return (false);
}

static void
turn(struct ngu_server *s, int timeout)
{
	struct ngu__ready ready[BATCH];
	char byte;
	bool sleeps;
	int n;

	ngu__mtx_lock(&s->lock);
	sleeps = s->asleep = s->done == NULL;
	ngu__mtx_unlock(&s->lock);
	n = ngu__poller_wait(s->poller, ready, BATCH, sleeps ? timeout : 0);
	ngu__mtx_lock(&s->lock);
	s->asleep = false;
	ngu__mtx_unlock(&s->lock);
	for (int i = 0; i < n; i++) {
		if (ready[i].tag == &s->listener)
			accept_some(s);
		else if (ready[i].tag == &s->wake)
			(void)ngu__sock_recv(s->wake[1], &byte, 1, MSG_DONTWAIT, NULL);
		else
			ngu__client_ready(ready[i].tag, ready[i].what);
	}
	take_done(s);
	bury(s);
	if (s->deaf)
		listen_again(s);
}

static void *
run(void *arg)
{
	struct ngu_server *s = arg;
	struct question *q;
	int64_t end = 0;
	int timeout;

	while (!over(s, &end, &timeout))
		turn(s, timeout);
	while (s->clients != NULL)
		ngu__client_drop(s->clients);
	ngu__mtx_lock(&s->lock);
	(void)close(s->listener);
	s->listener = -1;
	while ((q = s->done) != NULL) {
		s->done = q->next;
		ngu__question_free(q);
	}
	ngu__mtx_unlock(&s->lock);
	bury(s);
	return (NULL);
}

/* ---- beginning and end ---- */

/* The file is this server's and nobody else's. */
static bool
still_ours(const struct ngu_server *s)
{
	struct stat st;

	return (lstat(s->path, &st) == 0 && (uint64_t)st.st_dev == s->path_dev && (uint64_t)st.st_ino == s->path_ino);
}

static int
find_group(const char *name, gid_t *out)
{
	struct group gr, *found = NULL;
	size_t size = 1024;
	char *buf = NULL, *more, *end;
	unsigned long v;
	int error;

	do {
		if ((more = realloc(buf, size)) == NULL) {
			free(buf);
			return (ENOMEM);
		}
		buf = more;
		error = getgrnam_r(name, &gr, buf, size, &found);
		size *= 2;
	} while (error == ERANGE && size <= (1u << 20));
	free(buf);
	if (found != NULL) {
		*out = gr.gr_gid;
		return (0);
	}
	errno = 0;
	v = strtoul(name, &end, 10);
	if (*name < '0' || *name > '9' || *end != '\0' || errno != 0 || v >= (gid_t)-1)
		return (ENOENT);
	*out = (gid_t)v;
	return (0);
}

static int
options(struct ngu_server *s, const struct ngu_serve_opts *opts)
{
	struct ngu_serve_opts *o = &s->o;

	if (opts != NULL) {
		if (opts->size != sizeof(*opts) || opts->max_frame > WIRE_MAX)
			return (EINVAL);
		*o = *opts;
	}
	if (o->max_clients == 0)
		o->max_clients = 4096;
	if (o->max_sockets == 0)
		o->max_sockets = 1024;
	if (o->max_buffers == 0)
		o->max_buffers = (size_t)256 << 20;
	if (o->max_flying == 0)
		o->max_flying = 64;
	if (o->max_frame == 0)
		o->max_frame = (size_t)16 << 20;
	if (o->drain_ms == 0)
		o->drain_ms = 2000;
	if (o->recvspace == 0)
		o->recvspace = 20480;
	if (o->maxdgram == 0)
		o->maxdgram = 20480;
	if (o->group == NULL)
		return (0);
	s->by_group = true;
	return (find_group(o->group, &s->group));
}

static int
open_path(struct ngu_server *s)
{
	struct stat st;
	int error;

	if ((error = -ngu__sock_listen(s->path, &s->listener)) != 0) {
		s->listener = -1;
		return (error);
	}
	if (lstat(s->path, &st) != 0)
		return (errno);
	s->path_dev = (uint64_t)st.st_dev;
	s->path_ino = (uint64_t)st.st_ino;
	if (s->by_group && (lchown(s->path, (uid_t)-1, s->group) != 0 || chmod(s->path, 0660) != 0))
		return (errno);
	return (-ngu__poller_set(s->poller, s->listener, NGU__RD, &s->listener, true));
}

static void
shut(int fd)
{
	if (fd >= 0)
		(void)close(fd);
}

void
ngu__server_unref(struct ngu_server *s)
{
	ngu__account_end(s);
	ngu__mtx_destroy(&s->lock);
	free(s->path);
	free(s);
}

static void
server_free(struct ngu_server *s)
{
	bool last;

	if (s->path_ino != 0 && still_ours(s))
		(void)unlink(s->path);
	shut(s->listener);
	shut(s->spare);
	shut(s->wake[0]);
	shut(s->wake[1]);
	shut(s->poller);
	free(s->room);
	ngu_host_close(s->host);
	ngu__mtx_lock(&s->lock);
	last = --s->refs == 0;
	ngu__mtx_unlock(&s->lock);
	if (last)
		ngu__server_unref(s);
}

int
ngu_serve(struct ngu_graph *g, const char *path, const struct ngu_serve_opts *opts, struct ngu_server **out)
{
	struct ngu_host_opts ho = { .size = sizeof(ho) };
	struct ngu_server *s;
	int error;

	if (g == NULL || path == NULL || *path == '\0')
		return (EINVAL);
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return (ENOMEM);
	if ((error = ngu__mtx_init(&s->lock)) != 0) {
		free(s);
		return (error);
	}
	s->uid = geteuid();
	s->refs = 1;
	s->jobs_end = &s->jobs;
	s->poller = s->listener = s->spare = s->wake[0] = s->wake[1] = -1;
	if ((error = options(s, opts)) != 0)
		goto fail;
	ho.recvspace = s->o.recvspace;
	ho.maxdgram = s->o.maxdgram;
	error = ENOMEM;
	if ((s->path = strdup(path)) == NULL || (s->room = malloc(WIRE_ROOM)) == NULL)
		goto fail;
	if ((error = ngu_host_open(g, &ho, &s->host)) != 0) {
		s->host = NULL;
		goto fail;
	}
	if ((error = -ngu__poller_open(&s->poller)) != 0) {
		s->poller = -1;
		goto fail;
	}
	if ((error = -ngu__sock_pair(s->wake)) != 0) {
		s->wake[0] = s->wake[1] = -1;
		goto fail;
	}
	(void)fcntl(s->wake[1], F_SETFD, FD_CLOEXEC);
	if ((error = -ngu__poller_set(s->poller, s->wake[1], NGU__RD, &s->wake, true)) != 0)
		goto fail;
	s->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if ((error = s->spare < 0 ? errno : open_path(s)) != 0)
		goto fail;
	if ((error = ngu__port_thread_start(&s->thread, "ng-serve", run, s)) != 0)
		goto fail;
	*out = s;
	return (0);
fail:
	server_free(s);
	return (error);
}

void
ngu_serve_end(struct ngu_server *s)
{
	static const char byte = 0;
	const struct iovec iov = { .iov_base = (void *)(uintptr_t)&byte, .iov_len = 1 };

	if (s == NULL)
		return;
	if (still_ours(s))
		(void)unlink(s->path); /* who comes now is not kept waiting by nobody */
	s->path_ino = 0;
	ngu__mtx_lock(&s->lock);
	s->ending = true;
	s->asleep = false;
	ngu__mtx_unlock(&s->lock);
	(void)ngu__sock_send(s->wake[0], &iov, 1, -1, false);
	ngu__port_thread_join(&s->thread);
	ngu__hand_end(s);
	server_free(s);
}

void
ngu_serve_stats(struct ngu_server *s, struct ngu_serve_stats *out)
{
	ngu__mtx_lock(&s->lock);
	*out = s->stats;
	ngu__mtx_unlock(&s->lock);
}
