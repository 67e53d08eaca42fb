/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * port.h - a program's own end of a link: send packets into a hook and receive what comes out of it.
 *
 * A port is a node of the built-in type "port" with one hook. It is listed like any other node.
 */
#ifndef NG_PORT_H
#define NG_PORT_H

#include <ng/base.h>

NGU_BEGIN_DECLS

struct ngu_port;

/* A packet arrived. The callee owns `m`. Runs inside a read section, on whatever thread delivered: do not block. */
typedef void ngu_port_rx_fn(void *arg, struct mbuf *m);

/*
 * Make a port and connect it to hook `hook` of the node at `path`. The port's own hook is called "port". `rx` NULL: what
 * arrives is freed and counted. As ngu_connect(). May wait.
 */
NGU_API NGU_CHECK int ngu_port_open(struct ngu_graph *g, const char *path, const char *hook, ngu_port_rx_fn *rx, void *arg,
    struct ngu_port **out);

/* As ngu_port_open(), unconnected and named: other nodes' hooks can be connected to its hook "port". May wait. */
NGU_API NGU_CHECK int ngu_port_create(struct ngu_graph *g, const char *name, ngu_port_rx_fn *rx, void *arg,
    struct ngu_port **out);

/*
 * Send one packet; `m` is consumed whatever happens. The result is what the receiving methods return, 0 when it was queued,
 * ENOTCONN when nothing is connected. Never blocks. Also fine inside a section.
 */
NGU_API int ngu_port_send(struct ngu_port *p, struct mbuf *m);

/*
 * Send n packets in one read section, in order; all are consumed, and the array is the callee's to scribble on. Returns the last
 * error, 0 if none. Never blocks.
 */
NGU_API int ngu_port_send_burst(struct ngu_port *p, struct mbuf **m, unsigned n);

NGU_API uint32_t ngu_port_id(const struct ngu_port *p);

/* Disconnect, shut the node down, free the port once nobody is in `rx` any more. NULL is fine. May wait. */
NGU_API void ngu_port_close(struct ngu_port *p);

NGU_END_DECLS

#endif /* NG_PORT_H */
