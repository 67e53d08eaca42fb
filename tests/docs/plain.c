/* SPDX-License-Identifier: BSD-2-Clause */
/* plain.c - listing of docs/testing.md: the kit without cmocka. */
#include <ng/test.h>

int
main(void)
{
	struct ngt *t = ngt_graph("probe a - echo e.any");

	ngt_send(ngt_probe(t, "a"), NULL, "00 11");
	ngt_expect(ngt_probe(t, "a"), NULL, "00 11");
	ngt_end(t);
	return (0);
}
