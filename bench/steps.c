/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * steps.c - steps-N: N packets down the 16-hop chain and nothing else, for a program that counts instructions. What one packet takes is the
 * difference of two such runs; see tests/house/steps.sh.
 */
#include "worker.h"

#ifdef __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif
#if defined(__x86_64__)
#define MACHINE "x86_64"
#elif defined(__aarch64__)
#define MACHINE "aarch64"
#else
#define MACHINE "other"
#endif
#ifdef NDEBUG
#define ASSERTIONS "release"
#else
#define ASSERTIONS "assertions"
#endif

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
	emit("compiled", COMPILER " " MACHINE " " ASSERTIONS, 1);
}
