/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packet.c - <ng/packet.h>: packets for programs that do not want to know mbufs.
 * Blocks     never.
 */
#include <ng/packet.h>
#include <sys/mbuf.h>
#include <sys/systm.h>

#include "port/port.h"
#include "reclaim/thread.h"

struct mbuf *
ngu_packet_at(struct ngu_graph *g, const void *data, size_t len, const char *file, int line)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu_graph *before = ts->graph;
	struct mbuf *m;

	if (len > INT_MAX / 2)
		return (NULL);
	if (g != NULL)
		ts->graph = g;
	ngu_k_mbuf_site(file, line);
	m = ngu_k_m_devget(__DECONST(char *, data), (int)len, 0, NULL, NULL);
	ts->graph = before;
	return (m);
}

struct mbuf *
(ngu_packet)(struct ngu_graph *g, const void *data, size_t len)
{
	return (ngu_packet_at(g, data, len, "ngu_packet", 0));
}

size_t
ngu_packet_len(const struct mbuf *m)
{
	return (m_length(__DECONST(struct mbuf *, m), NULL));
}

size_t
ngu_packet_read(const struct mbuf *m, size_t off, void *buf, size_t len)
{
	size_t total = ngu_packet_len(m);

	if (off >= total)
		return (0);
	if (len > total - off)
		len = total - off;
	m_copydata(m, (int)off, (int)len, buf);
	return (len);
}

void
ngu_packet_free(struct mbuf *m)
{
	m_freem(m);
}
