/* SPDX-License-Identifier: BSD-2-Clause */
/* host.h - what lib/serve's files know of a host beyond <ng/host.h>. */
#ifndef NGU_SERVE_HOST_H
#define NGU_SERVE_HOST_H

#include <ng/host.h>

struct ngu_graph *ngu__host_graph(struct ngu_host *h);

#endif /* NGU_SERVE_HOST_H */
