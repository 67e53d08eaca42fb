/* SPDX-License-Identifier: BSD-2-Clause */
/* rte_walk.h - between rte.c, rte_chain.c and the two compilations of rte_walk.c. */
#ifndef BENCH_RTE_WALK_H
#define BENCH_RTE_WALK_H

#include <stdint.h>

struct rte_graph;

/* hops hand-overs of `burst` packets a walk; NULL: rte_errno says why. */
struct rte_graph *rte_chain(unsigned hops, unsigned burst);
extern uint64_t rte_received;

void rte_walk_plain(struct rte_graph *g, unsigned times);
void rte_walk_stats(struct rte_graph *g, unsigned times);

#endif
