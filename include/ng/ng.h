/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng.h - the embedder's side of libng: everything an ordinary program includes.
 *
 * FreeBSD's netgraph as a library: make graphs, put nodes and hooks into them, send packets and control messages, and change
 * the graph while packets cross it. Node types are written against <netgraph/netgraph.h>, not this header.
 *
 * Conventions
 *   Errors     functions return 0 or a positive errno, unless said otherwise. Ownership never depends on the result.
 *   Threads    any thread may call anything at any time; a thread is registered at its first call and leaves by itself.
 *   Sections   a node's data method runs inside a read section. Functions marked "may wait" must not be called there.
 *   Paths      as netgraph(4): "name:", "[hexid]:", "name:hook.hook". Absolute unless a function says otherwise.
 */
#ifndef NG_NG_H
#define NG_NG_H

#include <ng/base.h>
#include <ng/graph.h>
#include <ng/control.h>
#include <ng/apply.h>
#include <ng/inspect.h>
#include <ng/packet.h>
#include <ng/panic.h>
#include <ng/port.h>
#include <ng/serve.h>
#include <ng/socket.h>
#include <ng/stats.h>
#include <ng/strict.h>

#endif /* NG_NG_H */
