/* SPDX-License-Identifier: BSD-2-Clause */
/* mbuf_tag.c - packet headers, mbuf(9), and the tags they carry, mbuf_tags(9). */
#define NGU__MBUF_PLAIN 1
#include <sys/mbuf.h>
#include <sys/systm.h>

#include "kern/kern.h"
#include "port/port.h"

/* ---- packet headers ---- */

void
m_move_pkthdr(struct mbuf *to, struct mbuf *from)
{
	if ((to->m_flags & M_PKTHDR) != 0)
		m_tag_delete_chain(to, NULL);
	to->m_flags = (from->m_flags & NGU_M_HDRFLAGS) | (to->m_flags & (M_EXT | M_RDONLY));
	if ((to->m_flags & M_EXT) == 0)
		to->m_data = to->m_pktdat;
	to->m_pkthdr = from->m_pkthdr;
	SLIST_INIT(&from->m_pkthdr.tags);
	from->m_flags &= ~(uint32_t)M_PKTHDR & 0xffffffu;
}

int
m_dup_pkthdr(struct mbuf *to, const struct mbuf *from, int how)
{
	if ((to->m_flags & M_PKTHDR) != 0)
		m_tag_delete_chain(to, NULL);
	to->m_flags = (from->m_flags & NGU_M_HDRFLAGS) | (to->m_flags & (M_EXT | M_RDONLY));
	if ((to->m_flags & M_EXT) == 0)
		to->m_data = to->m_pktdat;
	to->m_pkthdr = from->m_pkthdr;
	SLIST_INIT(&to->m_pkthdr.tags);
	return (m_tag_copy_chain(to, from, how));
}

void
m_demote_pkthdr(struct mbuf *m)
{
	m_tag_delete_chain(m, NULL);
	m->m_flags &= ~(uint32_t)M_PKTHDR & 0xffffffu;
}

void
m_demote(struct mbuf *m, int all, int flags)
{
	for (m = all ? m : m->m_next; m != NULL; m = m->m_next) {
		if ((m->m_flags & M_PKTHDR) != 0)
			m_demote_pkthdr(m);
		m->m_flags &= (uint32_t)(M_EXT | M_RDONLY | M_NOFREE | M_EXTPG | flags) & 0xffffffu;
	}
}

/* ---- tags ---- */

void
m_tag_free_default(struct m_tag *t)
{
	free(t, M_PACKET_TAGS);
}

struct m_tag *
m_tag_alloc(uint32_t cookie, int type, int len, int how)
{
	struct m_tag *t;

	if (len < 0 || len > 0xffff)
		return (NULL);
	if ((t = malloc(sizeof(*t) + (size_t)len, M_PACKET_TAGS, how)) == NULL)
		return (NULL);
	m_tag_setup(t, cookie, type, len);
	t->m_tag_free = m_tag_free_default;
	return (t);
}

struct m_tag *
m_tag_get(int type, int len, int how)
{
	return (m_tag_alloc(MTAG_ABI_COMPAT, type, len, how));
}

void
m_tag_delete(struct mbuf *m, struct m_tag *t)
{
	m_tag_unlink(m, t);
	m_tag_free(t);
}

void
m_tag_delete_chain(struct mbuf *m, struct m_tag *t)
{
	struct m_tag **link = &SLIST_FIRST(&m->m_pkthdr.tags), *next;

	while (t != NULL && *link != NULL && *link != t)
		link = &SLIST_NEXT(*link, m_tag_link);
	t = *link;
	*link = NULL;
	for (; t != NULL; t = next) {
		next = SLIST_NEXT(t, m_tag_link);
		m_tag_free(t);
	}
}

void
m_tag_delete_nonpersistent(struct mbuf *m)
{
	struct m_tag *t, *next;

	SLIST_FOREACH_SAFE(t, &m->m_pkthdr.tags, m_tag_link, next)
		if ((t->m_tag_id & MTAG_PERSISTENT) == 0)
			m_tag_delete(m, t);
}

struct m_tag *
m_tag_locate(struct mbuf *m, uint32_t cookie, int type, struct m_tag *t)
{
	t = t == NULL ? SLIST_FIRST(&m->m_pkthdr.tags) : SLIST_NEXT(t, m_tag_link);
	while (t != NULL && (t->m_tag_cookie != cookie || t->m_tag_id != type))
		t = SLIST_NEXT(t, m_tag_link);
	return (t);
}

struct m_tag *
m_tag_copy(struct m_tag *t, int how)
{
	struct m_tag *c = m_tag_alloc(t->m_tag_cookie, t->m_tag_id, t->m_tag_len, how);

	if (c != NULL)
		ngu__memcpy(c + 1, t + 1, t->m_tag_len);
	return (c);
}

int
m_tag_copy_chain(struct mbuf *to, const struct mbuf *from, int how)
{
	struct m_tag **link = &SLIST_FIRST(&to->m_pkthdr.tags), *t, *c;

	m_tag_delete_chain(to, NULL);
	SLIST_FOREACH(t, &from->m_pkthdr.tags, m_tag_link) {
		if ((c = m_tag_copy(t, how)) == NULL) {
			m_tag_delete_chain(to, NULL);
			return (0);
		}
		SLIST_NEXT(c, m_tag_link) = NULL;
		*link = c;
		link = &SLIST_NEXT(c, m_tag_link);
	}
	return (1);
}
