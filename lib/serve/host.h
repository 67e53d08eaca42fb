/* SPDX-License-Identifier: BSD-2-Clause */
/* host.h - what lib/serve's files know of a host beyond <ng/host.h>. */
#ifndef NGU_SERVE_HOST_H
#define NGU_SERVE_HOST_H

#include <ng/host.h>

struct ngu__hcap;
struct ngu__loop;

struct ngu_graph *ngu__host_graph(struct ngu_host *h);
struct ngu__loop *ngu__host_loop(struct ngu_host *h);

/* capture.c; the list is the loop's lock's */
struct ngu__hcap **ngu__host_captures(struct ngu_host *h);
void ngu__host_captures_end(struct ngu_host *h);

#endif /* NGU_SERVE_HOST_H */
