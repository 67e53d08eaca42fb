/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * steps.c - steps-N: N packets down the 16-hop chain and nothing else, for a program that counts instructions. What one packet takes is the
 * difference of two such runs; see tests/house/steps.sh.
 */
#include "worker.h"

void
case_steps(unsigned n)
{
	static struct bench_thread self;
	struct ngu_graph *g = graph_new();
	struct bench_src *src;
	struct totals t = { 0 };
	uint32_t seq = 0;

	packets_plain(1, 60);
	bench_self = &self;
	src = graph_chain(g, "c", "bfwd", 16);
	while (n-- != 0)
		bench_send(src, packets, 1, 0, &seq);
	t.sent = self.sent;
	t.received = self.received;
	accounts(g, &t, NULL);
}
