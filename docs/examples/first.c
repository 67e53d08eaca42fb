/* docs/examples/first.c */
#include <ng/ng.h>
#include <stdio.h>
static void got(void *who, struct mbuf *m) { printf("%s: %zu bytes\n", (char *)who, ngu_packet_len(m)); ngu_packet_free(m); }
int main(void)
{
	struct ngu_graph *g = NULL;
	struct ngu_port *a = NULL, *b = NULL, *tap = NULL;
	int e = ngu_graph_create(NULL, &g) || ngu_mknode(g, "hub", "h", NULL);
	e = e || ngu_port_open(g, "h:", "a", got, "a", &a) || ngu_port_open(g, "h:", "b", got, "b", &b);
	e = e || ngu_port_send(a, ngu_packet(g, "hello", 5));
	e = e || ngu_insert(g, "h:", "b", "tee", "left", "right", "t", NULL); /* into the live link from h to b */
	e = e || ngu_port_open(g, "t:", "left2right", got, "tap", &tap) || ngu_port_send(a, ngu_packet(g, "hello, tap", 10));
	ngu_port_close(tap), ngu_port_close(b), ngu_port_close(a);
	return (e || ngu_graph_destroy(g));
}
