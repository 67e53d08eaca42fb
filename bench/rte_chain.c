/* SPDX-License-Identifier: BSD-2-Clause */
/* rte_chain.c - the nodes of the chain on librte_graph, and the graph. */
#include <stdio.h>
#include <stdlib.h>

#include <rte_graph.h>
#include <rte_graph_worker.h>
#include <rte_memory.h>

#include "rte_walk.h"

#define MOST 256

struct packet {
	_Alignas(128) uint32_t flags;
	uint32_t len;
};

static struct packet packet[MOST];
static unsigned burst;
static uint64_t sum;
uint64_t rte_received;

static uint16_t
source(struct rte_graph *graph, struct rte_node *node, void **objs, uint16_t n)
{
	void **to = rte_node_next_stream_get(graph, node, 0, (uint16_t)burst);

	(void)objs;
	(void)n;
	for (unsigned i = 0; i < burst; i++)
		to[i] = &packet[i];
	rte_node_next_stream_put(graph, node, 0, (uint16_t)burst);
	return ((uint16_t)burst);
}

static uint16_t
forward(struct rte_graph *graph, struct rte_node *node, void **objs, uint16_t n)
{
	uint64_t acc = 0;

	for (unsigned i = 0; i < n; i++)
		acc += *(volatile uint32_t *)&((struct packet *)objs[i])->len;
	sum += acc;
	rte_node_next_stream_move(graph, node, 0);
	return (n);
}

static uint16_t
sink(struct rte_graph *graph, struct rte_node *node, void **objs, uint16_t n)
{
	(void)graph;
	(void)node;
	for (unsigned i = 0; i < n; i++)
		sum += ((struct packet *)objs[i])->len;
	rte_received += n;
	return (n);
}

static struct rte_node_register source_node = {
	.name = "bsource", .flags = RTE_NODE_SOURCE_F, .process = source, .nb_edges = 1, .next_nodes = { "bforward" },
};
static struct rte_node_register forward_node = {
	.name = "bforward", .process = forward, .nb_edges = 1, .next_nodes = { "bend" },
};
static struct rte_node_register sink_node = {
	.name = "bend", .process = sink,
};
RTE_NODE_REGISTER(source_node)
RTE_NODE_REGISTER(forward_node)
RTE_NODE_REGISTER(sink_node)

/* bsource - bforward-1 .. bforward-(hops-1) - bend */
struct rte_graph *
rte_chain(unsigned hops, unsigned n)
{
	static char name[1000][RTE_NODE_NAMESIZE];
	static const char *pattern[1002], *next[1];
	rte_node_t from = rte_node_from_name("bsource"), id;
	struct rte_graph_param p = { .socket_id = SOCKET_ID_ANY };
	rte_graph_t g;
	char number[16];

	burst = n;
	for (unsigned i = 0; i < MOST; i++)
		packet[i].len = 60;
	pattern[p.nb_node_patterns++] = "bsource";
	for (unsigned i = 1; i < hops; i++) {
		(void)snprintf(number, sizeof(number), "%u", i);
		(void)snprintf(name[i], sizeof(name[i]), "bforward-%s", number);
		if ((id = rte_node_clone(rte_node_from_name("bforward"), number)) == RTE_NODE_ID_INVALID)
			return (NULL);
		next[0] = name[i];
		if (rte_node_edge_update(from, 0, next, 1) != 1)
			return (NULL);
		pattern[p.nb_node_patterns++] = name[i];
		from = id;
	}
	next[0] = "bend";
	if (rte_node_edge_update(from, 0, next, 1) != 1)
		return (NULL);
	pattern[p.nb_node_patterns++] = "bend";
	p.node_patterns = pattern;
	if ((g = rte_graph_create("bench", &p)) == RTE_GRAPH_ID_INVALID)
		return (NULL);
	return (rte_graph_lookup("bench"));
}
