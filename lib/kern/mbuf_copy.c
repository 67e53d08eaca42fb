/* SPDX-License-Identifier: BSD-2-Clause */
/* mbuf_copy.c - the same bytes in new mbufs, mbuf(9): fewer, writable, a copy of its own; and a device's. */
#define NGU__MBUF_PLAIN 1
#include <sys/mbuf.h>
#include <sys/systm.h>

#include "kern/kern.h"
#include "port/port.h"

/* Copy `len` bytes from off on into the empty mbufs of `to`, filling one after the other. */
static void
fill(struct mbuf *to, const struct mbuf *from, int off, int len)
{
	int n;

	for (; len > 0; to = to->m_next) {
		n = imin(len, M_TRAILINGSPACE(to));
		m_copydata(from, off, n, to->m_data);
		to->m_len = n;
		off += n;
		len -= n;
	}
}

struct mbuf *
m_defrag(struct mbuf *m, int how)
{
	struct mbuf *n;
	int len;

	if ((m->m_flags & M_PKTHDR) == 0)
		return (m);
	len = (int)m_fixhdr(m);
	if ((n = m_getm2(NULL, len, how, m->m_type, M_PKTHDR)) == NULL)
		return (NULL);
	m_move_pkthdr(n, m);
	fill(n, m, 0, len);
	m_freem(m);
	return (n);
}

struct mbuf *
m_collapse(struct mbuf *m0, int how, int maxfrags)
{
	struct mbuf *m, *n, **link;
	int frags = 0;

	/* First what costs no allocation: move data forward into free room. */
	for (m = m0; m != NULL; m = m->m_next, frags++) {
		while ((n = m->m_next) != NULL && M_TRAILINGSPACE(m) >= n->m_len) {
			ngu__memcpy(m->m_data + m->m_len, n->m_data, (size_t)n->m_len);
			m->m_len += n->m_len;
			m->m_next = m_free(n);
		}
	}
	/* Then two into one cluster, the head excepted: it carries the packet header. */
	while (frags > maxfrags) {
		int before = frags;

		for (link = &m0->m_next; frags > maxfrags && (m = *link) != NULL && (n = m->m_next) != NULL;
		     link = &(*link)->m_next) {
			struct mbuf *c;

			if (m->m_len + n->m_len > MCLBYTES)
				continue;
			if ((c = m_getcl(how, m->m_type, 0)) == NULL)
				return (NULL);
			ngu__memcpy(c->m_data, m->m_data, (size_t)m->m_len);
			ngu__memcpy(c->m_data + m->m_len, n->m_data, (size_t)n->m_len);
			c->m_len = m->m_len + n->m_len;
			c->m_flags |= n->m_flags & M_EOR;
			c->m_next = n->m_next;
			*link = c;
			(void)m_free(m);
			(void)m_free(n);
			frags--;
		}
		if (frags == before)
			return (NULL);
	}
	return (m0);
}

struct mbuf *
m_unshare(struct mbuf *m0, int how)
{
	struct mbuf **link = &m0, *m, *n;

	while ((m = *link) != NULL) {
		if (M_WRITABLE(m)) {
			link = &m->m_next;
			continue;
		}
		n = m_getm2(NULL, m->m_len, how, m->m_type, (int)(m->m_flags & M_PKTHDR));
		if (n == NULL) {
			m_freem(m0);
			return (NULL);
		}
		n->m_nextpkt = m->m_nextpkt;
		if ((m->m_flags & M_PKTHDR) != 0)
			m_move_pkthdr(n, m);
		else
			n->m_flags |= m->m_flags & NGU_M_HDRFLAGS;
		fill(n, m, 0, m->m_len);
		*link = n;
		n = m_last(n);
		n->m_next = m_free(m);
		link = &n->m_next;
	}
	return (m0);
}

struct mbuf *
m_dup(const struct mbuf *m, int how)
{
	struct mbuf *n;
	int len;
	int hdr;

	if (m == NULL)
		return (NULL);
	hdr = (int)(m->m_flags & M_PKTHDR);
	len = (int)m_length(__DECONST(struct mbuf *, m), NULL);
	if ((n = m_getm2(NULL, len, how, m->m_type, hdr)) == NULL)
		return (NULL);
	if (hdr == 0)
		n->m_flags |= m->m_flags & NGU_M_HDRFLAGS;
	else if (!m_dup_pkthdr(n, m, how)) {
		m_freem(n);
		return (NULL);
	}
	fill(n, m, 0, len);
	return (n);
}

struct mbuf *
m_devget(char *buf, int len, int off, struct ifnet *ifp, void (*copy)(char *from, caddr_t to, u_int len))
{
	struct mbuf *top, *m;
	int n;

	if (len < 0 || off < 0 || off > MHLEN)
		return (NULL);
	if ((top = m_getm2(NULL, len + off, M_NOWAIT, MT_DATA, M_PKTHDR)) == NULL)
		return (NULL);
	top->m_pkthdr.rcvif = ifp;
	top->m_pkthdr.len = len;
	top->m_data += off;
	for (m = top; len > 0; m = m->m_next) {
		n = imin(len, M_TRAILINGSPACE(m));
		if (copy != NULL)
			copy(buf, m->m_data, (u_int)n);
		else
			ngu__memcpy(m->m_data, buf, (size_t)n);
		m->m_len = n;
		buf += n;
		len -= n;
	}
	return (top);
}
