/* SPDX-License-Identifier: BSD-2-Clause */
/* pfil.h - places in a protocol stack where filters look at packets. There is no stack here, so there are no such places. */
#ifndef NGU_KERN_NET_PFIL_H
#define NGU_KERN_NET_PFIL_H

#include <sys/types.h>

#define pfil_head_register(args) NGU_LACKS("pfil_head_register(): there is no protocol stack behind a graph")
#define pfil_head_unregister(head) NGU_LACKS("pfil_head_unregister(): there is no protocol stack behind a graph")
#define pfil_add_hook(args) NGU_LACKS("pfil_add_hook(): there is no protocol stack behind a graph")
#define pfil_remove_hook(hook) NGU_LACKS("pfil_remove_hook(): there is no protocol stack behind a graph")
#define pfil_link(args) NGU_LACKS("pfil_link(): there is no protocol stack behind a graph")
#define pfil_run_hooks(...) NGU_LACKS("pfil_run_hooks(): there is no protocol stack behind a graph")
#define pfil_mbuf_in(head, m, ifp, inp) NGU_LACKS("pfil_mbuf_in(): there is no protocol stack behind a graph")
#define pfil_mbuf_out(head, m, ifp, inp) NGU_LACKS("pfil_mbuf_out(): there is no protocol stack behind a graph")

#endif /* NGU_KERN_NET_PFIL_H */
