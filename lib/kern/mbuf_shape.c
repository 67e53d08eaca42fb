/* SPDX-License-Identifier: BSD-2-Clause */
/* mbuf_shape.c - the same bytes in other places, mbuf(9): contiguous, cut off, with room in front, joined. */
#define NGU__MBUF_PLAIN 1
#include <sys/mbuf.h>
#include <sys/systm.h>

#include "kern/kern.h"
#include "port/port.h"

void
m_align(struct mbuf *m, int len)
{
	int room = M_SIZE(m) - len;

	if (room < 0)
		panic("m_align: %d bytes in an mbuf of %d", len, M_SIZE(m));
	m->m_data = M_START(m) + rounddown2(room, (int)sizeof(long));
}

/*
 * Move bytes from the front of `n` to the end of `m` until *len of them came over; emptied mbufs are freed. Returns what is
 * left of n.
 */
static struct mbuf *
gather(struct mbuf *m, struct mbuf *n, int *len)
{
	int count;

	while (*len > 0 && n != NULL) {
		count = imin(*len, n->m_len);
		ngu__memcpy(m->m_data + m->m_len, n->m_data, (size_t)count);
		*len -= count;
		m->m_len += count;
		n->m_len -= count;
		n->m_data += count;
		if (n->m_len == 0)
			n = m_free(n);
	}
	return (n);
}

/* A new mbuf before `n` that holds its packet header and its first `len` bytes, `dstoff` behind the start. */
static struct mbuf *
regather(struct mbuf *n, int len, int dstoff)
{
	struct mbuf *m;

	if (len < 0 || dstoff < 0 || len > MHLEN - dstoff || (m = m_get(M_NOWAIT, n->m_type)) == NULL) {
		m_freem(n);
		return (NULL);
	}
	if ((n->m_flags & M_PKTHDR) != 0)
		m_move_pkthdr(m, n);
	m->m_data += dstoff;
	n = gather(m, n, &len);
	m->m_next = n;
	if (len > 0) {
		m_freem(m); /* the chain is too short */
		return (NULL);
	}
	return (m);
}

struct mbuf *
m_pullup(struct mbuf *n, int len)
{
	if (NGU_LIKELY(n->m_len >= len && len >= 0))
		return (n);
	if (len < 0 || len > MHLEN || M_TRAILINGSPACE(n) < len - n->m_len)
		return (regather(n, len, 0));
	/* There is room behind the first mbuf's data: no allocation. */
	len -= n->m_len;
	n->m_next = gather(n, n->m_next, &len);
	if (len > 0) {
		m_freem(n);
		return (NULL);
	}
	return (n);
}

struct mbuf *
m_copyup(struct mbuf *n, int len, int dstoff)
{
	return (regather(n, len, dstoff));
}

void
m_adj(struct mbuf *m0, int req)
{
	struct mbuf *m;
	int left, cut = 0, n;

	if (m0 == NULL)
		return;
	if (req >= 0) {
		for (m = m0, left = req; m != NULL && left > 0; m = m->m_next) {
			n = imin(left, m->m_len);
			m->m_data += n;
			m->m_len -= n;
			left -= n;
			cut += n;
		}
	} else {
		/* What stays: whole mbufs, then a part of one, then nothing. */
		left = (int)m_length(m0, NULL);
		cut = req < -left ? left : -req;
		left -= cut;
		for (m = m0; m != NULL; m = m->m_next) {
			m->m_len = imin(left, m->m_len);
			left -= m->m_len;
		}
	}
	if ((m0->m_flags & M_PKTHDR) != 0)
		m0->m_pkthdr.len -= cut;
}

struct mbuf *
m_prepend(struct mbuf *m, int len, int how)
{
	uint32_t hdr = m->m_flags & M_PKTHDR;
	struct mbuf *n = NULL;

	if (len >= 0 && len <= (hdr != 0 ? MHLEN : MLEN))
		n = hdr != 0 ? m_gethdr(how, m->m_type) : m_get(how, m->m_type);
	if (n == NULL) {
		m_freem(m);
		return (NULL);
	}
	if (hdr != 0)
		m_move_pkthdr(n, m);
	m_align(n, len); /* room for the next header too */
	n->m_len = len;
	n->m_next = m;
	return (n);
}

struct mbuf *
ngu_k_m_prepend_room(struct mbuf *m, int len, int how)
{
	if (NGU_LIKELY(len >= 0 && M_LEADINGSPACE(m) >= len)) {
		m->m_data -= len;
		m->m_len += len;
	} else if ((m = m_prepend(m, len, how)) == NULL)
		return (NULL);
	if ((m->m_flags & M_PKTHDR) != 0)
		m->m_pkthdr.len += len;
	return (m);
}

void
m_cat(struct mbuf *m, struct mbuf *n)
{
	m = m_last(m);
	while (n != NULL && M_TRAILINGSPACE(m) >= n->m_len) {
		ngu__memcpy(m->m_data + m->m_len, n->m_data, (size_t)n->m_len);
		m->m_len += n->m_len;
		n = m_free(n);
	}
	m->m_next = n;
}

void
m_catpkt(struct mbuf *m, struct mbuf *n)
{
	m->m_pkthdr.len += n->m_pkthdr.len;
	m_demote(n, 1, 0);
	m_cat(m, n);
}
