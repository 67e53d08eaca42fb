/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * server.h - what the files of ngu_serve() share: serve.c (beginning and end, the thread, who is let in), client.c (a client's questions and their
 * answers), account.c (whose sockets are whose, and how many), hand.c (questions that may take long).
 *
 * Threads    one reads and answers, and waits for nobody. What may run a node's method, it gives to hands, threads of which there are as many as
 *            are at work and one more. What they, or whoever ends a message, have done comes back by `done`.
 * Lock       one, held for moments and never over a call into the graph or <ng/host.h>: whoever ends a message is inside the graph, and
 *            a host tells of closed sockets under locks of its own.
 * Lifetime   a client is freed when it has left and no question of it is under way (`refs`), the server likewise.
 */
#ifndef NGU_SERVE_SERVER_H
#define NGU_SERVE_SERVER_H

#include <sys/types.h>

#include <ng/host.h>
#include <ng/serve.h>

#include "port/port.h"
#include "port/sock.h"
#include "serve/wire.h"

#define HANDS 256u	/* at most */
#define HAND_EACH 4u /* of them for one client */

struct client;
struct ssock;

/* What a user's processes have left behind. Counted by clients and orphans; the lock. */
struct purse {
	struct purse *next;
	uid_t uid;
	unsigned refs, sockets;
	size_t space;
};

/* A question under way, then its answer. */
struct question {
	struct question *next; /* in one list at a time: the client's out, jobs; the server's done, jobs */
	struct client *c;      /* counted */
	struct ngu_fdid sock;
	uint32_t id;
	uint16_t op;
	bool stranger;
	int error;
	int pass; /* a descriptor for the client, closed when it has been sent; -1 none */
	struct wire_body body; /* the question's, for a hand; then the answer's */
	void *memory, *answer; /* where they lie, for free(3) */
	size_t charge;	       /* bytes of both in the client's account */
	char text[NGU_SOCK_NAMELEN];
};

struct client {
	struct ngu_server *s;
	struct client *next, *prev; /* the server's; the thread's own */
	struct client *grave;
	int fd;
	unsigned want;
	bool greeted, gone;
	uid_t uid;
	pid_t pid;
	struct question *out, **out_end; /* answers that wait for room; the thread's own */

	/* The lock. */
	unsigned refs;	 /* the thread's, each question's */
	unsigned flying; /* questions that are not answered */
	size_t held;	 /* bytes in memory for them */
	unsigned in_hand; /* hands at work for it, and questions that are theirs */
	struct question *jobs, **jobs_end; /* those that are not yet */
	struct purse *purse;
	struct use *uses; /* sockets that it may use */
	unsigned sockets;
	size_t space;
};

struct ngu_server {
	struct ngu_host *host;
	struct ngu_serve_opts o;
	char *path;
	uint64_t path_dev, path_ino; /* the file as it was made */
	gid_t group;
	bool by_group;
	uid_t uid;

	/* The thread's own. */
	int poller, listener, spare;
	bool deaf; /* no descriptor for who comes next */
	struct client *clients, *graves;
	int64_t log_since;
	unsigned logged;
	void *room; /* WIRE_ROOM */
	ngu__port_thread thread;

	ngu__mtx lock;
	int wake[2];
	bool asleep;	/* in its poller, to be woken */
	bool ending;	/* no new questions */
	bool over;	/* no new work for hands */
	unsigned refs;	/* ngu_serve_end()'s, each client's */
	struct question *done;
	struct question *jobs, **jobs_end; /* for hands */
	unsigned njobs, hands, idle;
	_Atomic uint32_t jobs_word; /* changes with each job */
	ngu__port_thread hand[HANDS];
	struct ssock **socks; /* by number */
	uint32_t socks_size, socks_used;
	struct purse *purses;
	struct ngu_serve_stats stats;
};

/* serve.c */
void ngu__server_log(struct ngu_server *s, int level, const char *fmt, ...) __attribute__((__format__(__printf__, 3, 4)));
void ngu__server_unref(struct ngu_server *s); /* with the lock, and without afterwards */

/* client.c */
struct client *ngu__client_new(struct ngu_server *s, int fd, uid_t uid, pid_t pid); /* NULL: no memory; fd stays the caller's */
void ngu__client_ready(struct client *c, unsigned what);
void ngu__client_drop(struct client *c); /* in the thread */
void ngu__client_unref(struct client *c); /* with the lock */
void ngu__client_answer(struct question *q); /* in the thread: what has come back */
void ngu__client_want(struct client *c);
void ngu__client_refuse(int fd, int error, const char *why); /* a last word to somebody who is no client */
void ngu__question_end(struct question *q); /* from any thread, without the lock: it has its answer */
void ngu__question_free(struct question *q); /* with the lock */

/* account.c; without the lock, in the thread. Errors are 0 or an errno. */
int ngu__account_open(struct client *c);
void ngu__account_close(struct client *c);
int ngu__account_socket(struct client *c, enum ngu_sock_kind kind, int *fd, struct ngu_fdid *id); /* makes one */
int ngu__account_adopt(struct client *c, struct ngu_fdid id);
bool ngu__account_may(struct client *c, struct ngu_fdid id);
int ngu__account_setbuf(struct client *c, struct ngu_fdid id, size_t recvspace, size_t maxdgram);
void ngu__account_end(struct ngu_server *s);

/* hand.c */
int ngu__hand_post(struct question *q); /* 0, or an errno: it is still the caller's */
void ngu__hand_forget(struct client *c);
void ngu__hand_end(struct ngu_server *s); /* waits for what they have in hand */

#endif /* NGU_SERVE_SERVER_H */
