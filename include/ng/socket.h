/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * socket.h - a netgraph socket without a descriptor: what a program has from socket(PF_NETGRAPH, ...), calls in the place of system calls and
 * a function of the program's in the place of the receive buffer. The node is of type "socket" (ng_socket(4)). Programs that want descriptors, and
 * FreeBSD's netgraph(3), use <netgraph.h>. Source: sections 17.1 to 17.4.
 *
 * A graph may be destroyed while sockets are open: their owners are told gone(), their calls fail with EPIPE (EINVAL for the name), they are to be closed
 * as ever. Of several threads' calls on one socket each is on its own.
 */
#ifndef NG_SOCKET_H
#define NG_SOCKET_H

#include <ng/base.h>

NGU_BEGIN_DECLS

struct ngu_sock; /* a control socket or a data socket */

enum ngu_sock_kind {
	NGU_SOCK_DATA = 1,   /* NG_DATA: has no node until ngu_sock_connect() */
	NGU_SOCK_CONTROL = 2 /* NG_CONTROL: comes with a node of its own, unnamed */
};

#define NGU_SOCK_NAMELEN 32 /* a name, or "[hexid]", with its NUL */

/*
 * What a socket's owner is told. Members may be NULL: then what comes is thrown away, without an error. All but release() run on whatever thread
 * delivers, inside a section: they do not block and call nothing that changes the graph. Several may run at the same time, also
 * before ngu_sock_open() has returned, and, when they were about to, after ngu_sock_close() has: until release().
 */
struct ngu_sock_ops {
	/*
	 * Control: a message came, `len` bytes with its header (56 + arglen); `from` is the address of who sent it, "[hexid]:". The bytes
	 * are the callee's for the time of the call. What it returns is the sender's result: 0, ENOBUFS no room, ENOMEM.
	 */
	int (*message)(void *arg, const char *from, const struct ng_mesg *msg, size_t len);
	/* Data: a packet came in through `hook`. It stays the caller's (ngu_packet_read() it). The result is the sender's. */
	int (*packet)(void *arg, const char *hook, const struct mbuf *m);
	/*
	 * The node is being shut down, by whomever: no message and no packet comes any more, and calls fail. Once, or not at all if the owner
	 * closes the socket first.
	 */
	void (*gone)(void *arg);
	/*
	 * Nobody is, or will be, in any of these. The last call, once, a grace period after ngu_sock_close() (ngu_reclaim_barrier() waits for
	 * it); maybe before that returns. On a thread of the library, which has no current graph: it may not block for long.
	 */
	void (*release)(void *arg);
};

/* The end of a message that was sent: the result, from whatever thread, inside a turn. Does not block; may not change the graph. */
typedef void ngu_sock_done_fn(void *arg, int error);

/*
 * Make a socket. `ops` and `arg` must stay until release(). EINVAL no graph, no `ops`, no such kind; ENOMEM, and for a control socket also EDEADLK inside a
 * section; then release() is not called, and *out is left alone. May wait.
 */
NGU_API NGU_CHECK int ngu_sock_open(struct ngu_graph *g, enum ngu_sock_kind kind, const struct ngu_sock_ops *ops, void *arg,
    struct ngu_sock **out);

/*
 * bind(2): name the node, again to rename it. EINVAL no legal name, EADDRINUSE, EOPNOTSUPP on a data socket, EPIPE the node is gone, ENOMEM. May wait.
 */
NGU_API NGU_CHECK int ngu_sock_bind(struct ngu_sock *s, const char *name);

/*
 * connect(2) of a data socket: be the data side of the socket node at `path` (absolute: "name:", "[id]:", "name:hook.hook"), whoever has its control
 * socket. EISCONN it is one already; EPIPE it was one of a node that is gone, or the graph is; ENOENT, ENXIO, EINVAL of the path; ENAMETOOLONG; EINVAL not a node
 * of type socket, or a control socket; EADDRINUSE the node has a data side. Never blocks.
 */
NGU_API NGU_CHECK int ngu_sock_connect(struct ngu_sock *s, const char *path);

/* getsockname(2): the node's name, "[hexid]" if it has none. EINVAL: no node, or it is gone. Never blocks. */
NGU_API NGU_CHECK int ngu_sock_name(struct ngu_sock *s, char name[NGU_SOCK_NAMELEN]);

/* The node's ID; 0: none, or gone. Never blocks. */
NGU_API uint32_t ngu_sock_id(struct ngu_sock *s);

/*
 * sendto(2) on a control socket: a message to the node at `path`, relative to the socket's node or absolute. `len` bytes with
 * the header; they are copied. `done` NULL: waits until the message, and what it caused at once, is done, and returns its result; any
 * answer has been through message() by then. Else returns 0, and done(arg, result) is called once, maybe before this
 * returns; or an error, and done is not called.
 * EINVAL a data socket, fewer than 56 bytes, a version that is not 8, an arglen that is
 * not len - 56; EPIPE the node is gone; EDESTADDRREQ no path; ENAMETOOLONG; ENOENT, ENXIO, EINVAL of the path; ENOENT a mkpeer of a type that is unknown and has no
 * module (ngu_module_path()), ENOEXEC, ENXIO one that has a bad one, ETIMEDOUT one that another thread is still loading; ENOMEM; ENOBUFS a full queue; EDEADLK as
 * ngu_msg(), also with `done` inside a section.
 * As a result also: what the node's method says, or message() to the answer; ENOENT the node was shut down before it came to the message.
 * May wait; with `done` it does not wait for other threads' methods, but may load a module. `done` may be called after ngu_sock_close().
 */
NGU_API NGU_CHECK int ngu_sock_send_msg(struct ngu_sock *s, const char *path, const struct ng_mesg *msg, size_t len,
    ngu_sock_done_fn *done, void *arg);

/*
 * sendto(2) on a data socket: a packet of `len` bytes, copied, out of `hook` (NULL or "": the node's only hook). ENOTCONN not connected; EPIPE the node is
 * gone; EDESTADDRREQ no hook named and the node has not exactly one; EHOSTUNREACH no such hook; EINVAL a name of 32 bytes or more, or a
 * control socket; ENOBUFS no packet could be made; ENETDOWN, ENOMEM, ENOBUFS as ngu_port_send(); what the receiving methods say, 0 when it was
 * queued. Never blocks; also fine inside a section.
 */
NGU_API NGU_CHECK int ngu_sock_send_data(struct ngu_sock *s, const char *hook, const void *data, size_t len);

/* How many hooks the node has; 0 also without a node. Never blocks. */
NGU_API unsigned ngu_sock_hooks(struct ngu_sock *s);

/*
 * close(2). The node is shut down with the last of its two sides; it need not have gone when this returns, but its name is free. Without its control
 * socket a node lives on, and messages to it fail with EINVAL; without its data socket it drops packets. NULL is fine. Any other call
 * with `s` must have returned. May wait for sections, not for other threads' methods.
 */
NGU_API void ngu_sock_close(struct ngu_sock *s);

NGU_END_DECLS

#endif /* NG_SOCKET_H */
