/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * remote.c - the way to a graph in another process: questions over one channel, which all threads share.
 *
 * Channel    made when it is first needed, and again when it has broken. A child of fork(2) gives up its copy and makes one of its own.
 * Reading    of the threads that wait for answers one reads, and gives the others theirs; when it has its own, the next one reads.
 * Sockets    a server takes questions about those that were made, or have been shown, on this channel. One that came from elsewhere (a
 *            parent, an earlier channel, another process) is shown when the server says that it is a stranger.
 * Errors     a channel that breaks is ECONNRESET for questions that were under way, which may or may not have been carried out; what could not
 *            be sent is asked once more on a new channel. Never EPIPE, which is for sockets, and never a signal.
 */
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/client.h"
#include "port/port.h"
#include "port/sock.h"
#include "serve/wire.h"

#define TRIES 3
#define MS 1000000ll

int client_patience_ms = 10000;

/* A question, and then its answer. On its thread's stack. */
struct call {
	struct call *next;
	uint32_t id;
	bool done;
	int error;
	pthread_cond_t cond;
	struct wire_head head;
	struct wire_body body;
	void *memory; /* the payload, for free(3) */
	int passed;
};

/* All but `room` under the lock of the way; fd, id and room do not change. */
struct channel {
	int fd;
	struct ngu__fd_id id; /* a program that closes what it does not know, and opens something else, has made fd another's */
	pid_t pid;
	unsigned refs; /* the way's, each call's */
	bool broken, reading;
	struct call *calls;
	void *room; /* of who reads */
};

struct remote {
	struct way way;
	struct remote *next;
	pthread_mutex_t lock;
	pthread_cond_t made; /* one who makes a channel has ended */
	bool making;
	int making_fd;
	struct channel *channel; /* NULL: none */
	uint32_t ids;
	char path[];
};

static pthread_mutex_t remotes_lock = PTHREAD_MUTEX_INITIALIZER;
static struct remote *remotes;
static pthread_once_t forks = PTHREAD_ONCE_INIT;

/* ---- channels; under the lock ---- */

/* Is its descriptor still its own? */
static bool
channel_ours(const struct channel *ch)
{
	struct ngu__fd_id id;

	return (ch->fd >= 0 && ngu__fd_id(ch->fd, &id) == 0 && id.ino == ch->id.ino && id.dev == ch->id.dev);
}

static void
channel_unref(struct channel *ch)
{
	if (--ch->refs != 0)
		return;
	if (channel_ours(ch))
		(void)close(ch->fd);
	free(ch->room);
	free(ch);
}

/* Everybody who waits for it is told. */
static void
channel_break(struct remote *r, struct channel *ch, int error)
{
	if (ch->broken)
		return;
	ch->broken = true;
	for (struct call *k = ch->calls; k != NULL; k = k->next) {
		if (k->done)
			continue;
		k->done = true;
		k->error = error;
		(void)pthread_cond_signal(&k->cond);
	}
	if (r->channel == ch) {
		r->channel = NULL;
		channel_unref(ch);
	}
}

/* ---- making one; without the lock ---- */

static void
tell(const struct remote *r, int error, const char *why)
{
	if (client_debug < 1)
		return;
	errno = error;
	client_warn("%s: %s", r->path, why);
}

/* The greeting, and what came of it until `end`: 0, or an errno. */
static int
greet(struct remote *r, int fd, void *room, int64_t end)
{
	struct wire_head head = { .op = WIRE_HELLO, .id = 1 };
	struct wire_body body = { .text = ngu_version() };
	struct pollfd p = { .fd = fd, .events = POLLIN };
	void *file = NULL;
	int passed = -1, error, n;
	int64_t left;

	/* Where it fails the server has closed, and its last word is there to be read. */
	(void)ngu__wire_send(fd, &head, &body, -1, true);
	do {
		left = end - ngu__port_mono_ns();
		n = poll(&p, 1, left > 0 ? (int)((left + MS - 1) / MS) : 0);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return (n < 0 ? errno : ETIMEDOUT);
	error = ngu__wire_recv(fd, true, true, WIRE_INLINE, room, &head, &body, &file, &passed);
	if (error == ECONNRESET) /* only that it did not read the greeting */
		error = ngu__wire_recv(fd, true, true, WIRE_INLINE, room, &head, &body, &file, &passed);
	free(file);
	if (passed >= 0)
		(void)close(passed);
	if (error == 0 && (head.op != WIRE_HELLO || (head.id != 1 && head.error == 0)))
		error = EPROTO;
	if (error == 0 && head.error != 0) {
		error = (int)head.error;
		tell(r, error, body.text != NULL ? body.text : "refused");
	} else if (error == EPROTONOSUPPORT) {
		tell(r, error, "the server speaks another version of the protocol");
	} else if (error == EPROTO) {
		tell(r, error, "what listens there is no graph");
	}
	return (error == EPIPE ? ECONNRESET : error);
}

static int
channel_make(struct remote *r, struct channel **out)
{
	int64_t end = ngu__port_mono_ns() + client_patience_ms * MS;
	struct channel *ch = calloc(1, sizeof(*ch));
	int error;

	if (ch == NULL || (ch->room = malloc(WIRE_ROOM)) == NULL) {
		free(ch);
		return (ENOMEM);
	}
	ch->refs = 1;
	ch->pid = getpid();
	if ((error = -ngu__sock_connect(r->path, client_patience_ms, &ch->fd)) != 0) {
		ch->fd = -1;
	} else {
		(void)ngu__fd_id(ch->fd, &ch->id);
		pthread_mutex_lock(&r->lock);
		r->making_fd = ch->fd;
		pthread_mutex_unlock(&r->lock);
		ngu__sock_room(ch->fd, 4 * WIRE_ROOM);
		error = greet(r, ch->fd, ch->room, end);
		pthread_mutex_lock(&r->lock);
		r->making_fd = -1;
		pthread_mutex_unlock(&r->lock);
	}
	if (error != 0) {
		channel_unref(ch);
		return (error == EPIPE ? ECONNRESET : error);
	}
	*out = ch;
	return (0);
}

/* The channel, counted for the caller. With the lock, which is given up meanwhile. */
static int
channel_get(struct remote *r, struct channel **out)
{
	struct channel *ch;
	int error = 0;

	for (;;) {
		ch = r->channel;
		/* A child that pthread_atfork(3) has not seen, or a program that has closed all descriptors. */
		if (ch != NULL && (ch->pid != getpid() || !channel_ours(ch))) {
			channel_break(r, ch, ECONNRESET);
			continue;
		}
		if (ch != NULL)
			break;
		if (r->making) {
			pthread_cond_wait(&r->made, &r->lock);
			continue;
		}
		r->making = true;
		pthread_mutex_unlock(&r->lock);
		error = channel_make(r, &ch);
		pthread_mutex_lock(&r->lock);
		r->making = false;
		(void)pthread_cond_broadcast(&r->made);
		if (error != 0)
			return (error);
		r->channel = ch;
		break;
	}
	ch->refs++;
	*out = ch;
	return (0);
}

/* ---- fork(2) ---- */

static void
before_fork(void)
{
	pthread_mutex_lock(&remotes_lock);
	for (struct remote *r = remotes; r != NULL; r = r->next)
		pthread_mutex_lock(&r->lock);
}

static void
after_fork(void)
{
	for (struct remote *r = remotes; r != NULL; r = r->next)
		pthread_mutex_unlock(&r->lock);
	pthread_mutex_unlock(&remotes_lock);
}

/* The channel is the parent's, and shall end with it. Of the child's threads there is this one, which is in no call. */
static void
in_child(void)
{
	for (struct remote *r = remotes; r != NULL; r = r->next) {
		if (r->making && r->making_fd >= 0)
			(void)close(r->making_fd);
		r->making = false;
		r->making_fd = -1;
		(void)pthread_cond_init(&r->made, NULL);
		if (r->channel != NULL) {
			r->channel->refs = 1;
			channel_unref(r->channel);
			r->channel = NULL;
		}
	}
	after_fork();
}

static void
watch_forks(void)
{
	(void)pthread_atfork(before_fork, after_fork, in_child);
}

/* ---- calls ---- */

static void
call_end(struct call *k)
{
	(void)pthread_cond_destroy(&k->cond);
	free(k->memory);
	k->memory = NULL;
	if (k->passed >= 0)
		(void)close(k->passed);
	k->passed = -1;
}

static void
call_off(struct channel *ch, struct call *k)
{
	struct call **p;

	for (p = &ch->calls; *p != k; p = &(*p)->next)
		;
	*p = k->next;
}

/* The payload in memory of its own: the room is for the next one. */
static int
keep(struct call *k, const struct wire_head *head, const void *payload, void **file)
{
	k->head = *head;
	if (*file != NULL) {
		k->memory = *file;
		*file = NULL;
	} else if (head->len != 0) {
		if ((k->memory = malloc(head->len)) == NULL)
			return (ENOMEM);
		memcpy(k->memory, payload, head->len);
	}
	return (ngu__wire_body(head, k->memory, &k->body));
}

/* One answer, to whom it belongs. With the lock, which is given up meanwhile. */
static void
read_one(struct remote *r, struct channel *ch)
{
	struct wire_head head;
	struct wire_body body;
	struct call *k;
	void *file = NULL;
	int passed = -1, error;

	ch->reading = true;
	pthread_mutex_unlock(&r->lock);
	error = ngu__wire_recv(ch->fd, true, true, WIRE_MAX, ch->room, &head, &body, &file, &passed);
	if (error == ECONNRESET) /* it has gone without reading everything; what it answered before is there */
		error = ngu__wire_recv(ch->fd, true, true, WIRE_MAX, ch->room, &head, &body, &file, &passed);
	pthread_mutex_lock(&r->lock);
	ch->reading = false;
	for (k = ch->calls; k != NULL && (k->done || k->id != head.id); k = k->next)
		;
	switch (error) {
	case 0:
		if (head.id == 0) /* it goes, and says why */
			channel_break(r, ch, head.error != EPIPE ? (int)head.error : ECONNRESET);
		if (k == NULL) /* of a thread that could not say so: nobody waits for it */
			break;
		k->error = keep(k, &head, (const char *)ch->room + sizeof(head), &file);
		if (k->error == 0 && head.error != 0)
			k->error = (int)head.error;
		k->passed = passed;
		passed = -1;
		k->done = true;
		(void)pthread_cond_signal(&k->cond);
		break;
	case ENOMEM:
	case EMFILE: /* the answer is there, but not to be had */
		if (k != NULL) {
			k->error = error;
			k->done = true;
			(void)pthread_cond_signal(&k->cond);
		}
		break;
	case EPROTO:
	case EPROTONOSUPPORT:
	case EMSGSIZE:
		channel_break(r, ch, EPROTO);
		break;
	default:
		channel_break(r, ch, ECONNRESET);
	}
	free(file);
	if (passed >= 0)
		(void)close(passed);
}

static int
send_it(struct channel *ch, struct wire_head *head, const struct wire_body *body, int pass)
{
	struct pollfd p = { .fd = ch->fd, .events = POLLOUT };
	int error;

	/* Where the system has no room it says so even to who would wait. */
	while ((error = ngu__wire_send(ch->fd, head, body, pass, true)) == EAGAIN)
		if (poll(&p, 1, 100) == 0)
			(void)sched_yield();
	return (error);
}

/* Ask, and wait for the answer in *k, which call_end() frees whatever comes. 0, the answer's error, or the way's. */
static int
call(struct remote *r, enum wire_op op, struct ngu__fd_id id, const struct wire_body *body, int pass, struct call *k)
{
	static const struct wire_body nothing;
	struct wire_head head;
	struct channel *ch;
	bool lost;
	int error;

	memset(k, 0, sizeof(*k));
	k->passed = -1;
	(void)pthread_cond_init(&k->cond, NULL);
	pthread_mutex_lock(&r->lock);
	for (int i = 0;; i++) {
		lost = false;
		if ((error = channel_get(r, &ch)) != 0)
			break;
		if ((k->id = ++r->ids) == 0)
			k->id = ++r->ids;
		k->done = false;
		k->next = ch->calls;
		ch->calls = k;
		pthread_mutex_unlock(&r->lock);
		head = (struct wire_head){ .op = op, .id = k->id, .dev = id.dev, .ino = id.ino };
		error = send_it(ch, &head, body != NULL ? body : &nothing, pass);
		pthread_mutex_lock(&r->lock);
		if (error == 0) {
			while (!k->done) {
				if (ch->reading)
					pthread_cond_wait(&k->cond, &r->lock);
				else
					read_one(r, ch);
			}
			error = k->error;
		} else if (error == EPIPE || error == ECONNRESET || error == ENOTCONN) {
			lost = true; /* and so not carried out */
		}
		call_off(ch, k);
		if (!ch->reading && !ch->broken && ch->calls != NULL) { /* somebody goes on reading */
			struct call *other;

			for (other = ch->calls; other != NULL && other->done; other = other->next)
				;
			if (other != NULL)
				(void)pthread_cond_signal(&other->cond);
		}
		if (lost)
			channel_break(r, ch, ECONNRESET);
		channel_unref(ch);
		if (!lost || i + 1 == TRIES)
			break;
	}
	pthread_mutex_unlock(&r->lock);
	return (lost ? ECONNRESET : error);
}

/* About a socket. */
static int
ask(struct way *w, enum wire_op op, int fd, const struct wire_body *body, struct call *k)
{
	struct remote *r = (struct remote *)(void *)w;
	struct ngu__fd_id id;
	int error;

	memset(k, 0, sizeof(*k));
	k->passed = -1;
	(void)pthread_cond_init(&k->cond, NULL);
	if ((error = -ngu__fd_id(fd, &id)) != 0)
		return (error);
	for (int i = 0; i < TRIES; i++) {
		call_end(k);
		error = call(r, op, id, body, -1, k);
		if (!(k->head.flags & WIRE_F_STRANGER))
			return (error);
		call_end(k);
		if ((error = call(r, WIRE_ADOPT, id, NULL, fd, k)) != 0)
			return (error);
	}
	return (ESTALE);
}

/* ---- the way ---- */

static int
r_socket(struct way *w, enum ngu_sock_kind kind, int *fd)
{
	const struct wire_body body = { .n = { kind } };
	struct call k;
	int error = call((struct remote *)(void *)w, WIRE_SOCKET, (struct ngu__fd_id){ 0, 0 }, &body, -1, &k);

	if (error == 0) {
		(void)fcntl(k.passed, F_SETFD, 0); /* as socket(2) makes it */
		*fd = k.passed;
		k.passed = -1;
	}
	call_end(&k);
	return (error);
}

static int
r_kind(struct way *w, int fd, enum ngu_sock_kind *kind)
{
	struct call k;
	int error = ask(w, WIRE_KIND, fd, NULL, &k);

	if (error == 0)
		*kind = (enum ngu_sock_kind)k.body.n[0];
	call_end(&k);
	return (error);
}

/* Those whose answer says nothing. */
static int
plain(struct way *w, enum wire_op op, int fd, const struct wire_body *body)
{
	struct call k;
	int error = ask(w, op, fd, body, &k);

	call_end(&k);
	return (error);
}

static int
r_bind(struct way *w, int fd, const char *name)
{
	return (plain(w, WIRE_BIND, fd, &(struct wire_body){ .text = name != NULL ? name : "" }));
}

static int
r_connect(struct way *w, int fd, const char *path)
{
	return (plain(w, WIRE_CONNECT, fd, &(struct wire_body){ .text = path != NULL ? path : "" }));
}

static int
r_name(struct way *w, int fd, char name[NGU_SOCK_NAMELEN], uint32_t *node)
{
	struct call k;
	int error = ask(w, WIRE_NAME, fd, NULL, &k);

	if (error == 0 && strlen(k.body.text) >= NGU_SOCK_NAMELEN)
		error = EPROTO;
	if (error == 0) {
		memcpy(name, k.body.text, strlen(k.body.text) + 1);
		if (node != NULL)
			*node = (uint32_t)k.body.n[0];
	}
	call_end(&k);
	return (error);
}

static int
r_send_msg(struct way *w, int fd, const char *path, const struct ng_mesg *msg, size_t len)
{
	return (plain(w, WIRE_MSG, fd, &(struct wire_body){ .text = path, .bytes = msg, .len = len }));
}

static int
r_send_data(struct way *w, int fd, const char *hook, const void *data, size_t len)
{
	return (plain(w, WIRE_DATA, fd, &(struct wire_body){ .text = hook, .bytes = data, .len = len }));
}

/* An answer that is one block of bytes is the caller's. */
static void
take(struct call *k, void **answer, size_t *len)
{
	*len = k->body.len;
	*answer = k->memory;
	k->memory = NULL;
}

static int
r_query(struct way *w, int fd, const char *path, const struct ng_mesg *msg, size_t len, struct ng_mesg **reply, size_t *rlen)
{
	const struct wire_body body = { .text = path, .bytes = msg, .len = len };
	void *answer = NULL;
	struct call k;
	int error = ask(w, WIRE_QUERY, fd, &body, &k);

	*rlen = 0;
	if (error == 0)
		take(&k, &answer, rlen);
	*reply = answer;
	call_end(&k);
	return (error);
}

static int
r_getbuf(struct way *w, int fd, struct ngu_host_buf *buf)
{
	struct call k;
	int error = ask(w, WIRE_GETBUF, fd, NULL, &k);

	if (error == 0)
		*buf = (struct ngu_host_buf){ .recvspace = (size_t)k.body.n[0], .maxdgram = (size_t)k.body.n[1], .used = (size_t)k.body.n[2],
			.records = k.body.n[3], .refused = k.body.n[4] };
	call_end(&k);
	return (error);
}

static int
r_setbuf(struct way *w, int fd, size_t recvspace, size_t maxdgram)
{
	return (plain(w, WIRE_SETBUF, fd, &(struct wire_body){ .n = { recvspace, maxdgram } }));
}

static int
r_raw(struct way *w, int fd)
{
	return (plain(w, WIRE_RAW, fd, NULL));
}

static int
r_ask(struct way *w, enum ngu_question what, const void *arg, size_t len, void **answer, size_t *alen)
{
	const struct wire_body body = { .n = { what }, .bytes = arg, .len = len };
	struct call k;
	int error = call((struct remote *)(void *)w, WIRE_ASK, (struct ngu__fd_id){ 0, 0 }, &body, -1, &k);

	*answer = NULL;
	*alen = 0;
	if (error == 0)
		take(&k, answer, alen);
	call_end(&k);
	return (error);
}

static int
r_capture(struct way *w, const char *path, const char *hook, unsigned dirs, uint32_t snaplen, uint64_t limit, int *fd)
{
	const struct wire_body body = { .n = { dirs, snaplen, limit }, .text = path, .bytes = hook, .len = strlen(hook) };
	struct call k;
	int error = call((struct remote *)(void *)w, WIRE_CAPTURE, (struct ngu__fd_id){ 0, 0 }, &body, -1, &k);

	if (error == 0) {
		*fd = k.passed;
		k.passed = -1;
	}
	call_end(&k);
	return (error);
}

int
way_remote(const char *path, struct way **out)
{
	static const struct way_ops ops = {
		.socket = r_socket,
		.kind = r_kind,
		.bind = r_bind,
		.connect = r_connect,
		.name = r_name,
		.send_msg = r_send_msg,
		.query = r_query,
		.send_data = r_send_data,
		.getbuf = r_getbuf,
		.setbuf = r_setbuf,
		.raw = r_raw,
		.ask = r_ask,
		.capture = r_capture,
	};
	struct remote *r;

	if (strlen(path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return (ENAMETOOLONG);
	(void)pthread_once(&forks, watch_forks);
	if ((r = calloc(1, sizeof(*r) + strlen(path) + 1)) == NULL)
		return (ENOMEM);
	strcpy(r->path, path);
	r->way.ops = &ops;
	r->making_fd = -1;
	(void)pthread_mutex_init(&r->lock, NULL);
	(void)pthread_cond_init(&r->made, NULL);
	pthread_mutex_lock(&remotes_lock);
	r->next = remotes;
	remotes = r;
	pthread_mutex_unlock(&remotes_lock);
	*out = &r->way;
	return (0);
}
