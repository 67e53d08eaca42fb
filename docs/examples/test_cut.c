/* docs/examples/test_cut.c */
#include <ng/test.h>

int
main(void)
{
	struct ngt *t = ngt_graph("probe p.in - cut c.in/out - probe q");

	ngt_send(ngt_probe(t, "p"), NULL, ngt_pattern(1000, 1));
	ngt_expect(ngt_probe(t, "q"), NULL, ngt_pattern(64, 1));
	ngt_send(ngt_probe(t, "p"), NULL, ngt_text("short"));
	ngt_expect(ngt_probe(t, "q"), NULL, ngt_text("short"));
	ngt_end(t); /* fails if anything is still alive */
	return (0);
}
