/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shapes.c - graphs that are no plain chain, one thread, single packets; per delivery, with the floor's chain of as many hops in turns.
 *
 * tree       a binary tree of 1023 nodes that send to their arms by turns: ten of them on each way, then a sink; 512 sinks
 * fanout     a hub with 32 sinks: one delivery to the hub, one copy to each sink (copies of a packet share its data)
 * bridge     eight bridges in a row, 64 source addresses, a destination that nobody has: each learns and forwards
 * writers16  a chain of 16 of which the 15 nodes before the sink let one thread in at a time (NG_NODE_FORCE_WRITER)
 * idle-hooks what hooks without traffic cost a thread: memory for 40,000 hooks while 64 threads that have sent packets are there, less that
 *            for 40,000 hooks before
 */
#include "worker.h"

#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LEVELS 10
#define FAN 32
#define BRIDGES 8
#define HOSTS 64
#define IDLE_NODES 20000u
#define IDLE_THREADS 64u

void
case_tree(void)
{
	struct ngu_graph *g = graph_new();
	char a[16], b[16];

	packets_plain(BURST, 60);
	graph_node(g, "bsrc", "src");
	for (unsigned i = 1; i < 1u << LEVELS; i++) {
		(void)snprintf(b, sizeof(b), "t%u", i);
		graph_node(g, "bturn", b);
		(void)snprintf(a, sizeof(a), "t%u", i / 2);
		graph_join(g, i == 1 ? "src" : a, i == 1 ? "out" : i % 2 != 0 ? "b" : "a", b, "trunk");
	}
	for (unsigned i = 1u << LEVELS; i < 2u << LEVELS; i++) {
		(void)snprintf(b, sizeof(b), "e%u", i);
		graph_node(g, "bsink", b);
		(void)snprintf(a, sizeof(a), "t%u", i / 2);
		graph_join(g, a, i % 2 != 0 ? "b" : "a", b, "in");
	}
	hop_case(g, bench_src_find(g, "src"), LEVELS + 1, 1);
}

void
case_fanout(void)
{
	struct ngu_graph *g = graph_new();
	char b[16];

	packets_plain(BURST, 60);
	if (!bench_type_known("hub"))
		fail("no node type 'hub' in this library");
	graph_node(g, "bsrc", "src");
	graph_node(g, "hub", "hub");
	graph_join(g, "src", "out", "hub", "in");
	for (unsigned i = 0; i < FAN; i++) {
		(void)snprintf(b, sizeof(b), "e%u", i);
		graph_node(g, "bsink", b);
		graph_join(g, "hub", b, b, "in");
	}
	hop_case(g, bench_src_find(g, "src"), FAN + 1, FAN);
}

/* Frames of 60 bytes from HOSTS hosts to one that does not answer. */
static void
frames(void)
{
	static uint8_t frame[HOSTS][60];

	packets_plain(HOSTS, sizeof(frame[0]));
	for (unsigned i = 0; i < HOSTS; i++) {
		static const uint8_t to[6] = { 2, 0, 0, 0, 0xff, 1 }, from[6] = { 2, 0, 0, 0, 0, 0 };

		memcpy(frame[i], to, sizeof(to));
		memcpy(frame[i] + 6, from, sizeof(from));
		frame[i][11] = (uint8_t)i;
		frame[i][12] = 8;
		packets[i].data = frame[i];
	}
}

void
case_bridge(void)
{
	struct ngu_graph *g = graph_new();
	char a[16] = "src", b[16];

	frames();
	if (!bench_type_known("bridge"))
		fail("no node type 'bridge' in this library");
	graph_node(g, "bsrc", "src");
	for (unsigned i = 0; i < BRIDGES; i++) {
		(void)snprintf(b, sizeof(b), "b%u", i);
		graph_node(g, "bridge", b);
		graph_join(g, a, i == 0 ? "out" : "link1", b, "link0");
		memcpy(a, b, sizeof(a));
	}
	graph_node(g, "bsink", "end");
	graph_join(g, a, "link1", "end", "in");
	hop_case(g, bench_src_find(g, "src"), BRIDGES + 1, 1);
}

void
case_force_writer(void)
{
	struct ngu_graph *g = graph_new();

	packets_plain(BURST, 60);
	hop_case(g, graph_chain(g, "c", "bwriter", 16), 16, 1);
}

/* ---- memory of idle hooks ---- */

static sem_t sent, leave;
static struct bench_src *chain;

static void *
sender(void *arg)
{
	static _Thread_local struct bench_thread self;
	uint32_t seq = 0;

	(void)arg;
	bench_self = &self;
	bench_send(chain, packets, BURST, 0, &seq);
	(void)sem_post(&sent);
	while (sem_wait(&leave) != 0)
		;
	return (NULL);
}

static void
ring_of_hooks(struct ngu_graph *g, unsigned n, const char *letter)
{
	char first[24] = "", a[24] = "", b[24];

	for (unsigned i = 0; i < n; i++) {
		(void)snprintf(b, sizeof(b), "%s%u", letter, i);
		graph_node(g, "bnil", b);
		if (i == 0)
			memcpy(first, b, sizeof(first));
		else
			graph_join(g, a, "out", b, "in");
		memcpy(a, b, sizeof(a));
	}
	graph_join(g, a, "out", first, "in");
}

void
case_idle_hooks(void)
{
	static pthread_t id[IDLE_THREADS];
	struct ngu_graph *g = graph_new();
	double r0, before, with;

	packets_plain(BURST, 60);
	must(bench_plain_register(), "registering bnil");
	ring_of_hooks(g, 1000, "w"); /* whatever is made once is there now */
	r0 = resident();
	ring_of_hooks(g, IDLE_NODES, "a");
	before = resident() - r0;
	chain = graph_chain(g, "c", "bfwd", 16);
	(void)sem_init(&sent, 0, 0);
	(void)sem_init(&leave, 0, 0);
	for (unsigned i = 0; i < IDLE_THREADS; i++)
		must(pthread_create(&id[i], NULL, sender, NULL), "pthread_create");
	for (unsigned i = 0; i < IDLE_THREADS; i++)
		while (sem_wait(&sent) != 0)
			;
	r0 = resident();
	ring_of_hooks(g, IDLE_NODES, "b");
	with = resident() - r0;
	for (unsigned i = 0; i < IDLE_THREADS; i++)
		(void)sem_post(&leave);
	for (unsigned i = 0; i < IDLE_THREADS; i++)
		(void)pthread_join(id[i], NULL);
	emit("bytes_node_alone", "bytes", before / IDLE_NODES);
	emit("bytes_node_64_threads", "bytes", with / IDLE_NODES);
	emit("bytes_hook_thread", "bytes", (with - before) / (2.0 * IDLE_NODES * IDLE_THREADS));
	emit("accounts", "ok", 1);
}
