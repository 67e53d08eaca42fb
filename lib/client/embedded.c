/* SPDX-License-Identifier: BSD-2-Clause */
/* embedded.c - the way to a graph in this process. */
#include <errno.h>
#include <pthread.h>
#include <stddef.h>

#include <ng/ng.h>

#include "client/way.h"
#include "port/port.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct ngu_graph *own;

/* The calling thread's graph, or the process's own. */
static int
graph(struct ngu_graph **out)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .name = "netgraph" };
	struct ngu_graph *before;
	int error = 0;

	if ((*out = ngu_graph_current()) != NULL)
		return (0);
	pthread_mutex_lock(&lock);
	if (own == NULL) {
		o.workers = ngu__port_ncpu();
		before = ngu_graph_enter(NULL);
		error = ngu_graph_create(&o, &own);
		(void)ngu_graph_enter(before); /* it is not this thread's alone */
	}
	*out = own;
	pthread_mutex_unlock(&lock);
	return (error);
}

static int
host(struct ngu_host **h)
{
	struct ngu_graph *g;
	int error = graph(&g);

	return (error != 0 ? error : ngu_host_of(g, h));
}

static int
e_socket(struct way *w, enum ngu_sock_kind kind, int *fd)
{
	struct ngu_host *h;
	int error = host(&h);

	(void)w;
	return (error != 0 ? error : ngu_host_socket(h, kind, NULL, NULL, fd, NULL));
}

/* The others find the socket, whichever graph's it is. */
#define WITH_ID(fd, call) \
	do { \
		struct ngu_fdid id; \
		int error_ = ngu_host_fdid((fd), &id); \
		(void)w; \
		return (error_ != 0 ? error_ : (call)); \
	} while (0)

static int
e_kind(struct way *w, int fd, enum ngu_sock_kind *kind)
{
	WITH_ID(fd, ngu_host_kind(NULL, id, kind));
}

static int
e_bind(struct way *w, int fd, const char *name)
{
	WITH_ID(fd, ngu_host_bind(NULL, id, name));
}

static int
e_connect(struct way *w, int fd, const char *path)
{
	WITH_ID(fd, ngu_host_connect(NULL, id, path));
}

static int
e_name(struct way *w, int fd, char name[NGU_SOCK_NAMELEN], uint32_t *node)
{
	WITH_ID(fd, ngu_host_name(NULL, id, name, node));
}

static int
e_send_msg(struct way *w, int fd, const char *path, const struct ng_mesg *msg, size_t len)
{
	WITH_ID(fd, ngu_host_send_msg(NULL, id, path, msg, len, NULL, NULL));
}

static int
e_query(struct way *w, int fd, const char *path, const struct ng_mesg *msg, size_t len, struct ng_mesg **reply, size_t *rlen)
{
	WITH_ID(fd, ngu_host_query(NULL, id, path, msg, len, reply, rlen));
}

static int
e_send_data(struct way *w, int fd, const char *hook, const void *data, size_t len)
{
	WITH_ID(fd, ngu_host_send_data(NULL, id, hook, data, len));
}

static int
e_getbuf(struct way *w, int fd, struct ngu_host_buf *buf)
{
	WITH_ID(fd, ngu_host_getbuf(NULL, id, buf));
}

static int
e_setbuf(struct way *w, int fd, size_t recvspace, size_t maxdgram)
{
	WITH_ID(fd, ngu_host_setbuf(NULL, id, recvspace, maxdgram));
}

static int
e_raw(struct way *w, int fd)
{
	WITH_ID(fd, ngu_host_raw(NULL, id));
}

static int
e_ask(struct way *w, enum ngu_question what, const void *arg, size_t len, void **answer, size_t *alen)
{
	struct ngu_host *h;
	int error = host(&h);

	(void)w;
	return (error != 0 ? error : ngu_host_ask(h, what, arg, len, answer, alen));
}

static int
e_capture(struct way *w, const char *path, const char *hook, unsigned dirs, uint32_t snaplen, uint64_t limit, int *fd)
{
	struct ngu_host *h;
	int error = host(&h);

	(void)w;
	return (error != 0 ? error : ngu_host_capture(h, path, hook, dirs, snaplen, limit, fd));
}

int
way_embedded(struct way **out)
{
	static const struct way_ops ops = {
		.socket = e_socket,
		.kind = e_kind,
		.bind = e_bind,
		.connect = e_connect,
		.name = e_name,
		.send_msg = e_send_msg,
		.query = e_query,
		.send_data = e_send_data,
		.getbuf = e_getbuf,
		.setbuf = e_setbuf,
		.raw = e_raw,
		.ask = e_ask,
		.capture = e_capture,
	};
	static struct way way = { .ops = &ops };

	*out = &way;
	return (0);
}
