/* SPDX-License-Identifier: BSD-2-Clause */
/* mbuf_data.c - the bytes of a chain, mbuf(9): where they are, reading, checking, and writing them. */
#define NGU__MBUF_PLAIN 1
#include <sys/mbuf.h>
#include <sys/systm.h>

#include "kern/kern.h"
#include "port/port.h"

/* ---- looking ---- */

u_int
m_length(struct mbuf *m, struct mbuf **last)
{
	u_int len = 0;

	for (; m != NULL; m = m->m_next) {
		len += (u_int)m->m_len;
		if (m->m_next == NULL)
			break;
	}
	if (last != NULL)
		*last = m;
	return (len);
}

u_int
m_fixhdr(struct mbuf *m)
{
	u_int len = m_length(m, NULL);

	m->m_pkthdr.len = (int32_t)len;
	return (len);
}

struct mbuf *
m_last(struct mbuf *m)
{
	while (m->m_next != NULL)
		m = m->m_next;
	return (m);
}

struct mbuf *
m_getptr(struct mbuf *m, int loc, int *off)
{
	if (loc < 0)
		return (NULL);
	for (; m != NULL; m = m->m_next) {
		if (loc < m->m_len || (loc == m->m_len && m->m_next == NULL)) {
			*off = loc;
			return (m);
		}
		loc -= m->m_len;
	}
	return (NULL);
}

int
m_apply(struct mbuf *m, int off, int len, int (*fn)(void *arg, void *data, u_int len), void *arg)
{
	int n, error;

	if (off < 0 || len < 0)
		panic("m_apply: offset %d, length %d", off, len);
	for (; m != NULL && off >= m->m_len && len > 0; m = m->m_next)
		off -= m->m_len;
	for (; len > 0; m = m->m_next) {
		if (m == NULL)
			panic("m_apply: %d bytes beyond the chain", len);
		n = imin(m->m_len - off, len);
		if (n > 0 && (error = fn(arg, m->m_data + off, (u_int)n)) != 0)
			return (error);
		len -= n;
		off = 0;
	}
	return (0);
}

static int
out_piece(void *arg, void *data, u_int len)
{
	char **to = arg;

	ngu__memcpy(*to, data, len);
	*to += len;
	return (0);
}

static int
in_piece(void *arg, void *data, u_int len)
{
	const char **from = arg;

	ngu__memcpy(data, *from, len);
	*from += len;
	return (0);
}

static int
zero_piece(void *arg, void *data, u_int len)
{
	(void)arg;
	ngu__memset(data, 0, len);
	return (0);
}

void
m_copydata(const struct mbuf *m, int off, int len, caddr_t cp)
{
	/* The common case without the indirect call. */
	if (NGU_LIKELY(m != NULL && off >= 0 && len > 0 && len <= m->m_len - off)) {
		ngu__memcpy(cp, m->m_data + off, (size_t)len);
		return;
	}
	(void)m_apply(__DECONST(struct mbuf *, m), off, len, out_piece, &cp);
}

int
m_sanity(struct mbuf *m0, int sanitize)
{
	int64_t total = 0;

	for (struct mbuf *m = m0; m != NULL; m = m->m_next) {
		if (m->m_len < 0 || m->m_data < M_START(m) || m->m_data + m->m_len > M_START(m) + M_SIZE(m))
			return (0);
		if (m != m0 && (m->m_flags & M_PKTHDR) != 0) {
			if (!sanitize)
				return (0);
			m_demote_pkthdr(m);
		}
		total += m->m_len;
	}
	if (m0 != NULL && (m0->m_flags & M_PKTHDR) != 0 && m0->m_pkthdr.len != total) {
		if (!sanitize)
			return (0);
		m0->m_pkthdr.len = (int32_t)total;
	}
	return (1);
}

/* ---- writing ---- */

/* Make the chain `len` bytes longer; what is in them is left open. Returns how many bytes came. */
static int
grow(struct mbuf *m0, int len)
{
	struct mbuf *m = m_last(m0), *n;
	int more = imin(M_TRAILINGSPACE(m), len), got = more;

	m->m_len += more;
	while (got < len) {
		if ((n = m_get2(imin(len - got, MCLBYTES), M_NOWAIT, m->m_type, 0)) == NULL)
			break;
		n->m_len = imin(len - got, M_SIZE(n));
		got += n->m_len;
		m->m_next = n;
		m = n;
	}
	if ((m0->m_flags & M_PKTHDR) != 0)
		m0->m_pkthdr.len += got;
	return (got);
}

void
m_copyback(struct mbuf *m, int off, int len, c_caddr_t cp)
{
	int total, gap;

	if (m == NULL)
		return;
	if (off < 0 || len < 0)
		panic("m_copyback: offset %d, length %d", off, len);
	total = (int)m_length(m, NULL);
	if (off + len > total) {
		gap = total;
		total += grow(m, off + len - total);
		if (off > gap)
			(void)m_apply(m, gap, imin(off, total) - gap, zero_piece, NULL);
		len = imin(len, imax(total - off, 0));
	}
	(void)m_apply(m, off, len, in_piece, &cp);
}

int
m_append(struct mbuf *m, int len, c_caddr_t cp)
{
	int total = (int)m_length(m, NULL);
	int got = grow(m, len);

	(void)m_apply(m, total, got, in_piece, &cp);
	return (got == len);
}
