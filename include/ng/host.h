/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * host.h - netgraph sockets as descriptors, for programs that bring them to somebody: <netgraph.h> in this process, ngu_serve() in others. Other programs
 * want one of those.
 *
 * A socket is a pair of local sockets that keep records apart. The program has one end; the host keeps the other, puts into it what
 * arrives at the node, as long as the buffer's limit lets it, and notices when the last duplicate of the program's end is closed. What
 * the program writes(2) there goes out of the node's only hook. All else is asked for with the calls below, which name the socket by
 * what its descriptor and all duplicates have in common. So no call is needed when one is duplicated, inherited or closed.
 *
 * A record in the descriptor is struct ngu_record and the bytes; after ngu_host_raw(), the bytes alone. Calls may wait; none
 * of them inside a section or a node's method (EDEADLK).
 */
#ifndef NG_HOST_H
#define NG_HOST_H

#include <sys/types.h>

#include <ng/base.h>
#include <ng/inspect.h>
#include <ng/socket.h>

NGU_BEGIN_DECLS

struct ngu_host;

/* What a descriptor of a socket and its duplicates have in common: fstat(2)'s st_dev and st_ino. */
struct ngu_fdid {
	uint64_t dev, ino;
};

#define NGU_RECORD_MAGIC 0x4e475231u /* "NGR1" */
#define NGU_RECORD_LONG 0x1u	      /* the bytes are in a file, whose descriptor comes with the record */
#define NGU_RECORD_MAX 65536u	      /* of a record in a descriptor, all told */

struct ngu_record {
	uint32_t magic;
	uint32_t len;  /* of the bytes */
	uint32_t kind; /* enum ngu_sock_kind */
	uint32_t flags;
	char address[32]; /* "[hexid]:" or a hook's name */
};

/* Options; zero means default. */
struct ngu_host_opts {
	size_t size;	   /* sizeof(struct ngu_host_opts) */
	size_t recvspace;  /* bytes a new socket's buffer holds; default 20480, as net.graph.recvspace */
	size_t maxdgram;   /* largest message or packet a new socket may send; default 20480, as net.graph.maxdgram */
	size_t max_buffer; /* most that ngu_host_setbuf() gives; default 16 MiB */
	size_t max_reply;  /* an answer longer than a buffer is let through alone, up to this; default 256 MiB */
};

/* Host sockets of graph g, until ngu_host_close() or the graph's end. Starts a thread. ENOMEM, EMFILE; ESHUTDOWN the graph is being destroyed. */
NGU_API NGU_CHECK int ngu_host_open(struct ngu_graph *g, const struct ngu_host_opts *opts, struct ngu_host **out);
/* The graph's own, made with default options at the first call. */
NGU_API NGU_CHECK int ngu_host_of(struct ngu_graph *g, struct ngu_host **out);
/* Its sockets' nodes are shut down; programs read what is in their buffers, then the end. NULL is fine. */
NGU_API void ngu_host_close(struct ngu_host *h);

/* `fn` is called once for each socket when it is closed or its node is gone: an account may be lowered. Not inside a section. */
typedef void ngu_host_gone_fn(void *arg, struct ngu_fdid id);

/* A new socket. *fd is the caller's, and is inherited by exec(2). EINVAL, EMFILE, ENOMEM. */
NGU_API NGU_CHECK int ngu_host_socket(struct ngu_host *h, enum ngu_sock_kind kind, ngu_host_gone_fn *fn, void *arg, int *fd,
    struct ngu_fdid *id);

/* What fd is. EBADF; ENOTSOCK. It may be no socket of any host. */
NGU_API NGU_CHECK int ngu_host_fdid(int fd, struct ngu_fdid *id);

/* ---- ESTALE, of all of these: no such socket here; it has been closed, or its node is gone ---- */

NGU_API NGU_CHECK int ngu_host_kind(struct ngu_host *h, struct ngu_fdid id, enum ngu_sock_kind *kind);
/* As ngu_sock_bind(), ngu_sock_connect(), ngu_sock_name(). */
NGU_API NGU_CHECK int ngu_host_bind(struct ngu_host *h, struct ngu_fdid id, const char *name);
NGU_API NGU_CHECK int ngu_host_connect(struct ngu_host *h, struct ngu_fdid id, const char *path);
NGU_API NGU_CHECK int ngu_host_name(struct ngu_host *h, struct ngu_fdid id, char name[NGU_SOCK_NAMELEN], uint32_t *node);
/* As ngu_sock_send_msg() and ngu_sock_send_data(), and EMSGSIZE: over the socket's send limit. */
NGU_API NGU_CHECK int ngu_host_send_msg(struct ngu_host *h, struct ngu_fdid id, const char *path, const struct ng_mesg *msg, size_t len,
    ngu_sock_done_fn *done, void *arg);
NGU_API NGU_CHECK int ngu_host_send_data(struct ngu_host *h, struct ngu_fdid id, const char *hook, const void *data, size_t len);

/*
 * A message whose answer does not go into the buffer but comes back: *reply, of rlen bytes, for free(3); NULL if there was none. With `done`
 * returns at once, and done(arg, result, reply, rlen), which owns the reply, is called once, as ngu_sock_done_fn. The token is the call's own, 0x80000000 or
 * above; an answer with one that nobody waits for any more is refused, its sender gets ETIMEDOUT (if the program has not sent such tokens itself).
 */
typedef void ngu_host_answer_fn(void *arg, int error, struct ng_mesg *reply, size_t rlen);
NGU_API NGU_CHECK int ngu_host_query(struct ngu_host *h, struct ngu_fdid id, const char *path, const struct ng_mesg *msg, size_t len,
    struct ng_mesg **reply, size_t *rlen);
NGU_API NGU_CHECK int ngu_host_query_then(struct ngu_host *h, struct ngu_fdid id, const char *path, const struct ng_mesg *msg, size_t len,
    ngu_host_answer_fn *done, void *arg);

struct ngu_host_buf {
	size_t recvspace, maxdgram;
	size_t used; /* what now waits in the buffer: bytes with addresses, as they count against recvspace */
	uint64_t records, refused; /* ever put there; ever refused with ENOBUFS */
};
NGU_API NGU_CHECK int ngu_host_getbuf(struct ngu_host *h, struct ngu_fdid id, struct ngu_host_buf *buf);
/* setsockopt(2) of SO_RCVBUF and SO_SNDBUF; 0 leaves a limit as it is. ENOBUFS: over max_buffer. */
NGU_API NGU_CHECK int ngu_host_setbuf(struct ngu_host *h, struct ngu_fdid id, size_t recvspace, size_t maxdgram);

/*
 * From now on records of this data socket are the bytes alone, for programs that were not told of this library. What the buffer holds in the other
 * form must have been read; read by somebody who then throws it away, it is lost.
 */
NGU_API NGU_CHECK int ngu_host_raw(struct ngu_host *h, struct ngu_fdid id);

/*
 * Questions that netgraph's messages have no form for, about the whole graph. The answer is one block without pointers, for free(3). EOPNOTSUPP unknown question, EINVAL
 * `arg` is not what it wants, ENOMEM, or what the call behind it says.
 */
enum ngu_question {
	NGU_ASK_VERSION = 1, /* -> text: ngu_version(), a blank, ngu_backend(), a blank, the graph's name */
	NGU_ASK_APPLY,	     /* uint32_t flags, text without NUL as ngu_apply_text() -> struct ngu_apply_error; 0 also when the list failed */
	/* Blocks of <ng/inspect.h>; texts without NUL, parted by one. */
	NGU_ASK_SNAPSHOT,    /* -> struct ngu_snapshot */
	NGU_ASK_NODE,	     /* path -> struct ngu_node_stat */
	NGU_ASK_WHY,	     /* path, or nothing -> struct ngu_why */
	NGU_ASK_HELP,	     /* node type, or nothing -> struct ngu_help */
	NGU_ASK_TRACE_START, /* uint32_t packets, path, hook or nothing */
	NGU_ASK_TRACE_READ,  /* -> struct ngu_trace */
	NGU_ASK_TRACE_STOP,
	NGU_ASK_PARSE	     /* path, a message as text -> struct ngu_parsed; 0 also when it is wrong. Paths are absolute */
};

/* Where the text of a message is wrong, as ngu_msg_parse(). */
struct ngu_parsed {
	uint64_t off; /* UINT64_MAX: it is not the text */
	int32_t error;
	uint32_t unused;
};
NGU_API NGU_CHECK int ngu_host_ask(struct ngu_host *h, enum ngu_question what, const void *arg, size_t len, void **answer,
    size_t *alen);

/* What crossed a hook: then rec.caplen bytes. */
struct ngu_captured {
	uint64_t lost;	       /* packets until here for which there was no room */
	struct ngu_cap_rec rec; /* size: of this and the bytes */
};

/*
 * Records of what crosses hook `hook` of the node at `path` (ngu_capture_open()), until *fd, which is the caller's, is closed, `limit` packets have come (0: none),
 * or the host ends. `dirs`: NGU_CAP_IN, NGU_CAP_OUT or both. Who has a packet does not wait for who reads: what there is no room for is lost, and counted.
 */
NGU_API NGU_CHECK int ngu_host_capture(struct ngu_host *h, const char *path, const char *hook, unsigned dirs, uint32_t snaplen,
    uint64_t limit, int *fd);

/*
 * For a library that takes system calls over: not 0 while the calling thread is in one of libng's own. The address is the thread's, and stays. Never blocks;
 * callable anywhere. ngu_client_busy() is the same for libng-client.
 */
NGU_API const int *ngu_host_busy(void);

/* See to what has been closed by now, instead of soon: names given up by close(2) are free then. */
NGU_API void ngu_host_sweep(struct ngu_host *h);

NGU_END_DECLS

#endif /* NG_HOST_H */
