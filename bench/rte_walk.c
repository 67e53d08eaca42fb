/* SPDX-License-Identifier: BSD-2-Clause */
/* rte_walk.c - `times` walks over a graph. Compiled twice: the walk is inline in DPDK's header and counts if this says so. */
#include <rte_config.h>
#ifdef BENCH_RTE_STATS
#ifndef RTE_LIBRTE_GRAPH_STATS
#define RTE_LIBRTE_GRAPH_STATS 1
#endif
#define WALK rte_walk_stats
#else
#undef RTE_LIBRTE_GRAPH_STATS
#define WALK rte_walk_plain
#endif
#include <rte_graph_worker.h>

#include "rte_walk.h"

void
WALK(struct rte_graph *g, unsigned times)
{
	while (times-- != 0)
		rte_graph_walk(g);
}
