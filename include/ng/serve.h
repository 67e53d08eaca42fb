/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * serve.h - let other processes use a graph: a control point in the file system for what <netgraph.h> calls NETGRAPH=unix:PATH.
 *
 * A client gets sockets, each with a node of its own, as from <netgraph.h> in this process. What it does, leaves undone or sends in pieces
 * costs its own nodes; it is never waited for. Its nodes go when the last process that holds one of their descriptors has closed it. A server
 * that forks should not let the child live on without exec(2): clients would not see the server's end.
 */
#ifndef NG_SERVE_H
#define NG_SERVE_H

#include <ng/base.h>
#include <ng/graph.h>

NGU_BEGIN_DECLS

struct ngu_server;

/* Options; zero means default everywhere. */
struct ngu_serve_opts {
	size_t size;		/* sizeof(struct ngu_serve_opts) */
	const char *group;	/* a group, by name or number, that may connect, too; default: this process's user, and root, only */
	unsigned max_clients;	/* connections at a time; default 4096 */
	unsigned max_sockets;	/* sockets of one client, and those that its user's processes have inherited; default 1024 */
	size_t max_buffers;	/* sum of their receive buffers' limits, bytes; default 256 MiB */
	unsigned max_flying;	/* of a client's questions that are not answered yet; beyond it its channel is not read; default 64 */
	size_t max_frame;	/* longest message, packet or list of changes, bytes with its address; default 16 MiB, at most 1 GiB */
	unsigned drain_ms;	/* how long ngu_serve_end() waits for what is under way; default 2000 */
	size_t recvspace, maxdgram; /* as in struct ngu_host_opts */
	ngu_log_fn *log;	/* who came and was refused, who broke the rules; default: standard error */
	void *log_arg;
};

/*
 * Open a control point at `path` (copied) and serve `g` there until ngu_serve_end(), which must come before the graph's end. Starts threads. The file has mode 0600, with
 * a group 0660; a socket that was left there by nobody alive is replaced. May wait; not inside a section (EDEADLK). EINVAL unknown opts->size, a max_frame that is too
 * large; ENOENT no such group, or no such folder; ENAMETOOLONG; EADDRINUSE somebody listens there, or it is no socket; EPERM, EACCES; ESHUTDOWN the graph is being destroyed; EMFILE; ENOMEM; as
 * pthread_create(3).
 */
NGU_API NGU_CHECK int ngu_serve(struct ngu_graph *g, const char *path, const struct ngu_serve_opts *opts, struct ngu_server **out);

/*
 * Nobody new; what is under way is answered, for drain_ms at most; then clients see the end, and their nodes are shut down. Removes the file. Lists of changes
 * that have begun are waited for. NULL is fine. May wait; not inside a section or a node's method.
 */
NGU_API void ngu_serve_end(struct ngu_server *s);

struct ngu_serve_stats {
	unsigned clients, most_clients; /* now, and ever at a time */
	uint64_t connections;		/* ever let in */
	uint64_t refused;		/* not let in: another user, too many clients, no descriptor left */
	uint64_t broken;		/* dropped for a frame that was none, or of another version */
	unsigned sockets;		/* now */
	unsigned orphans;		/* of them in no client's account: whoever asked for them is gone, whoever inherited them has not asked */
	uint64_t requests;		/* ever read */
	uint64_t limited;		/* of them refused for a limit of this server */
	unsigned flying;		/* now read, and the answer not sent */
	uint64_t paused;		/* times a channel was left unread because of max_flying */
	uint64_t sent_bytes, read_bytes; /* payloads */
};

/* Never waits for long. Callable anywhere but in a section. */
NGU_API void ngu_serve_stats(struct ngu_server *s, struct ngu_serve_stats *out);

NGU_END_DECLS

#endif /* NG_SERVE_H */
