/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mbuf.c - packet buffers, mbuf(9): taking, freeing and sharing them, and their storage. What is in them: mbuf_data.c, mbuf_shape.c, mbuf_copy.c.
 *
 * Storage    An mbuf comes from the mbuf zone. External storage is a cluster of one of four zones, or the caller's.
 * Sharing    All mbufs that refer to one storage hold the address of one count. It lies in the mbuf that took the storage first
 *            (its owner), or with the caller (EXT_EXTREF).
 * Accounts   Each mbuf belongs to the graph that was current when it was taken: one count there and then, one when its memory
 *            goes back. A cluster's bytes are in its owner's account.
 * Invariants
 *   M1  Whoever moves the count to 0 frees the storage, and the owner's memory with it; an owner that is freed earlier keeps
 *       its memory until then, but its packet header and tags are gone at once.
 *   M2  ext_count of an owner is touched through ext_cnt with atomic operations only, from m_extadd on.
 *   M3  A function that fails gives back all it took; whether the original is freed is said in sys/mbuf.h.
 * Blocks     with M_WAITOK only, and then only while memory is refused.
 */
#define NGU__MBUF_PLAIN 1
#include <sys/mbuf.h>
#include <sys/systm.h>

#include "kern/graph_prefix.h"
#include "kern/kern.h"
#include "kern/mbuf_dbg.h"
#include "kern/strict.h"
#include "kern/zone.h"
#include "port/port.h"
#include "reclaim/thread.h"

_Static_assert(NGU_MHEADER == MSIZE - sizeof(((struct mbuf *)0)->m_dat), "M_START is where the header ends");
_Static_assert(sizeof(struct pkthdr) == 56, "MHLEN is 160");
_Static_assert(sizeof(struct m_ext) <= MHLEN, "m_ext fits");

static struct ngu__zone mbuf_zone = NGU_ZONE_INIT("mbuf", NGU_Z_MBUF, NGU_MBUF_ALLOC, NGU_CACHELINE);
static struct ngu__zone cluster_zone = NGU_ZONE_INIT("cluster", NGU_Z_CLUSTER, MCLBYTES, NGU_CACHELINE);
static struct ngu__zone jumbop_zone = NGU_ZONE_INIT("jumbo-page", NGU_Z_JUMBOP, MJUMPAGESIZE, NGU_CACHELINE);
static struct ngu__zone jumbo9_zone = NGU_ZONE_INIT("jumbo-9k", NGU_Z_JUMBO9, MJUM9BYTES, NGU_CACHELINE);
static struct ngu__zone jumbo16_zone = NGU_ZONE_INIT("jumbo-16k", NGU_Z_JUMBO16, MJUM16BYTES, NGU_CACHELINE);

#define COUNT(m) NGU__REFCNT((m)->m_ext.ext_cnt)

/* ---- debug builds: where from, and who is alive ---- */

#ifdef NGU_DEBUG
static struct ngu__mbuf_dbg *
dbg_of(struct mbuf *m)
{
	return ((struct ngu__mbuf_dbg *)(void *)(m + 1));
}

static void
live_add(struct ngu__graph_prefix *g, struct mbuf *m)
{
	struct ngu__mbuf_dbg *d = dbg_of(m);

	d->file = ngu__self()->mbuf_file;
	d->line = ngu__self()->mbuf_line;
	d->prev = NULL;
	if (g == NULL)
		return;
	ngu__spin_lock(&g->live_lock);
	if ((d->next = g->live_head) != NULL)
		d->next->prev = d;
	g->live_head = d;
	g->live_count++;
	ngu__spin_unlock(&g->live_lock);
}

static void
live_del(struct ngu__graph_prefix *g, struct mbuf *m)
{
	struct ngu__mbuf_dbg *d = dbg_of(m);

	if (g == NULL)
		return;
	ngu__spin_lock(&g->live_lock);
	if (d->next != NULL)
		d->next->prev = d->prev;
	if (d->prev != NULL)
		d->prev->next = d->next;
	else
		g->live_head = d->next;
	g->live_count--;
	ngu__spin_unlock(&g->live_lock);
}
#else
#define live_add(g, m) ((void)0)
#define live_del(g, m) ((void)0)
#endif

void
ngu_k_mbuf_site(const char *file, int line)
{
#ifdef NGU_DEBUG
	ngu__self()->mbuf_file = file;
	ngu__self()->mbuf_line = line;
#else
	(void)file;
	(void)line;
#endif
}

size_t
ngu__mbuf_live(struct ngu__graph_prefix *p, void (*line)(void *arg, const char *text), void *arg)
{
#ifdef NGU_DEBUG
	char text[256];
	size_t n = 0;

	ngu__spin_lock(&p->live_lock);
	for (struct ngu__mbuf_dbg *d = p->live_head; d != NULL; d = d->next) {
		const struct mbuf *m = (const struct mbuf *)(const void *)d - 1;

		n++;
		if (line == NULL)
			continue;
		(void)ngu__port_snprintf(text, sizeof(text), "mbuf %p, %d bytes of data, taken at %s:%d", (const void *)m,
		    (int)m->m_len, d->file != NULL ? d->file : "?", d->line);
		line(arg, text);
	}
	ngu__spin_unlock(&p->live_lock);
	return (n);
#else
	(void)p;
	(void)line;
	(void)arg;
	return (0);
#endif
}

/* ---- one mbuf ---- */

NGU_NOINLINE static void *
zone_wait(struct ngu__thread *ts, struct ngu__zone *z, int how)
{
	int64_t since = 0;
	unsigned round = 0;
	void *p = NULL;

	if (NGU_STRICT_ON(NGU_STRICT_SLEEP) && (how & M_WAITOK) != 0)
		ngu__strict_sleep("mbuf allocation with M_WAITOK");
	if (ngu__zone_strict(z) && (p = ngu__zone_alloc_strict(z)) != NULL)
		return (p);
	if ((how & M_WAITOK) == 0)
		return (NULL);
	while ((p = ngu__zone_strict(z) ? ngu__zone_alloc_strict(z) : ngu__zone_alloc(ts, z)) == NULL)
		if (!ngu__kern_wait(&since, &round))
			panic("M_WAITOK: no memory for a %s for ten seconds", z->name);
	return (p);
}

NGU_INLINE void
account_alloc(struct ngu__thread *ts, struct ngu__graph_prefix *g, uint64_t n, uint64_t bytes)
{
	if (NGU_LIKELY(g != NULL && g->ctr_mbuf_alloc != 0))
		ngu__count(ts, g->ctr_mbuf_alloc, n, bytes);
}

NGU_INLINE void
account_free(struct ngu__thread *ts, struct ngu__graph_prefix *g, uint64_t n, uint64_t bytes)
{
	if (NGU_LIKELY(g != NULL && g->ctr_mbuf_free != 0))
		ngu__count(ts, g->ctr_mbuf_free, n, bytes);
}

/* Memory for an mbuf with its header filled in, M_PKTHDR or not. */
NGU_INLINE struct mbuf *
take(struct ngu__thread *ts, int how, int type, uint32_t flags)
{
	struct mbuf *m = ngu__zone_alloc_at(ts, NGU_Z_MBUF, &mbuf_zone);
	struct ngu_graph *g = ts->graph;

	if (NGU_UNLIKELY(m == NULL) && (m = zone_wait(ts, &mbuf_zone, how)) == NULL)
		return (NULL);
	if (NGU_UNLIKELY(g != NULL && NGU_LD_RLX(&ngu__graph_prefix(g)->gone)))
		g = NULL;
	m->m_next = NULL;
	m->m_nextpkt = NULL;
	m->m_len = 0;
	m->m_type = (uint8_t)type;
	m->m_flags = flags & 0xffffffu;
	m->m_graph = g;
	if ((flags & M_PKTHDR) != 0) {
		m->m_data = m->m_pktdat;
		ngu__memset(&m->m_pkthdr, 0, sizeof(m->m_pkthdr));
	} else
		m->m_data = m->m_dat;
	account_alloc(ts, ngu__graph_prefix(g), 1, MSIZE);
	live_add(ngu__graph_prefix(g), m);
	return (m);
}

/* Give an mbuf's memory back. */
NGU_INLINE void
release(struct ngu__thread *ts, struct mbuf *m)
{
	struct ngu__graph_prefix *g = ngu__graph_prefix(m->m_graph);

	live_del(g, m);
	account_free(ts, g, 1, MSIZE);
#ifdef NGU_DEBUG
	m->m_type = MT_NOTMBUF;
#endif
	ngu__zone_free_at(ts, NGU_Z_MBUF, &mbuf_zone, m);
}

static struct ngu__zone *
ext_zone(unsigned type)
{
	switch (type) {
	case EXT_CLUSTER:
		return (&cluster_zone);
	case EXT_JUMBOP:
		return (&jumbop_zone);
	case EXT_JUMBO9:
		return (&jumbo9_zone);
	case EXT_JUMBO16:
		return (&jumbo16_zone);
	default:
		return (NULL);
	}
}

/* The mbuf that owns the storage of `m`; NULL when the count is the caller's. */
static struct mbuf *
ext_owner(struct mbuf *m)
{
	if (m->m_ext.ext_type == EXT_EXTREF)
		return (NULL);
	return (__DEVOLATILE(struct mbuf *, NGU_CONTAINER(m->m_ext.ext_cnt, struct mbuf, m_ext.ext_count)));
}

/* Free an mbuf that refers to external storage. */
NGU_NOINLINE static void
release_ext(struct ngu__thread *ts, struct mbuf *m)
{
	struct mbuf *owner = ext_owner(m);
	struct mbuf *desc = owner != NULL ? owner : m;
	struct ngu__zone *z;

	/*
	 * ORDER mbuf-ext (store side)
	 *   before:      every access to the storage through this reference
	 *   pairs with:  the same operation in whoever drops the last reference, and the acquire load in m_extrefcnt()
	 *   if relaxed:  the storage could be reused while this thread's writes to it are still on their way
	 *   shown by:    tests/unit/test_mbuf.c, threads, under ThreadSanitizer
	 * The load first: a sole holder needs no locked operation, nobody else can add a reference.
	 */
	if (NGU_LD_ACQ(COUNT(m)) == 1)
		NGU_ST_RLX(COUNT(m), 0u);
	else if (NGU_FSUB_AR(COUNT(m), 1u) != 1) {
		if (m != owner)
			release(ts, m);
		return;
	}
	if ((z = ext_zone(desc->m_ext.ext_type)) != NULL) {
		account_free(ts, ngu__graph_prefix(desc->m_graph), 0, desc->m_ext.ext_size);
		ngu__zone_free(ts, z, desc->m_ext.ext_buf);
	} else if (desc->m_ext.ext_free != NULL)
		desc->m_ext.ext_free(desc);
	if (owner != NULL && owner != m)
		release(ts, owner);
	release(ts, m);
}

struct mbuf *
m_get(int how, short type)
{
	return (take(ngu__self(), how, type, 0));
}

struct mbuf *
m_gethdr(int how, short type)
{
	return (take(ngu__self(), how, type, M_PKTHDR));
}

struct mbuf *
m_free(struct mbuf *m)
{
	struct ngu__thread *ts;
	struct mbuf *next;

	if (m == NULL)
		return (NULL);
	ts = ngu__self();
	next = m->m_next;
	NGU_INVARIANT(m->m_type != MT_NOTMBUF, "an mbuf is freed once");
	if ((m->m_flags & M_PKTHDR) != 0 && NGU_UNLIKELY(!SLIST_EMPTY(&m->m_pkthdr.tags)))
		m_tag_delete_chain(m, NULL);
	if ((m->m_flags & M_EXT) != 0)
		release_ext(ts, m);
	else
		release(ts, m);
	return (next);
}

void
m_freem(struct mbuf *m)
{
	while (m != NULL)
		m = m_free(m);
}

int
m_pkthdr_init(struct mbuf *m, int how)
{
	(void)how;
	ngu__memset(&m->m_pkthdr, 0, sizeof(m->m_pkthdr));
	return (0);
}

int
m_init(struct mbuf *m, int how, short type, int flags)
{
	m->m_next = NULL;
	m->m_nextpkt = NULL;
	m->m_len = 0;
	m->m_type = (uint8_t)type;
	m->m_flags = (uint32_t)flags & 0xffffffu;
	if ((flags & M_PKTHDR) == 0) {
		m->m_data = m->m_dat;
		return (0);
	}
	m->m_data = m->m_pktdat;
	return (m_pkthdr_init(m, how));
}

/* ---- external storage ---- */

void
m_extadd(struct mbuf *m, char *buf, u_int size, m_ext_free_t *freef, void *arg1, void *arg2, int flags, int type)
{
	m->m_flags |= (uint32_t)(M_EXT | flags) & 0xffffffu;
	m->m_data = buf;
	m->m_ext.ext_buf = buf;
	m->m_ext.ext_size = size;
	m->m_ext.ext_type = (uint8_t)type;
	m->m_ext.ext_free = freef;
	m->m_ext.ext_arg1 = arg1;
	m->m_ext.ext_arg2 = arg2;
	if (type == EXT_EXTREF) {
		m->m_ext.ext_flags = EXT_FLAG_EXTREF;
		return;
	}
	m->m_ext.ext_flags = EXT_FLAG_EMBREF;
	m->m_ext.ext_cnt = &m->m_ext.ext_count;
	NGU_ST_RLX(COUNT(m), 1u); /* no order needed: nobody else knows the storage yet */
	if (ext_zone((unsigned)type) != NULL)
		account_alloc(ngu__self(), ngu__graph_prefix(m->m_graph), 0, size);
}

static int
size_type(int size)
{
	switch (size) {
	case MCLBYTES:
		return (EXT_CLUSTER);
	case MJUMPAGESIZE:
		return (EXT_JUMBOP);
	case MJUM9BYTES:
		return (EXT_JUMBO9);
	case MJUM16BYTES:
		return (EXT_JUMBO16);
	default:
		return (0);
	}
}

void *
m_cljget(struct mbuf *m, int how, int size)
{
	struct ngu__thread *ts = ngu__self();
	int type = size_type(size);
	struct ngu__zone *z;
	void *p;

	if ((z = ext_zone((unsigned)type)) == NULL)
		panic("m_cljget: no cluster has %d bytes", size);
	if (NGU_STRICT_ON(NGU_STRICT_SLEEP) && (how & M_WAITOK) != 0)
		ngu__strict_sleep("cluster allocation with M_WAITOK");
	if ((p = ngu__zone_alloc(ts, z)) == NULL && (p = zone_wait(ts, z, how)) == NULL)
		return (NULL);
	if (m != NULL)
		m_extadd(m, p, (u_int)size, NULL, NULL, NULL, 0, type);
	return (p);
}

int
m_clget(struct mbuf *m, int how)
{
	NGU_INVARIANT((m->m_flags & M_EXT) == 0, "an mbuf has one external storage");
	return (m_cljget(m, how, MCLBYTES) != NULL);
}

struct mbuf *
m_getjcl(int how, short type, int flags, int size)
{
	struct ngu__thread *ts = ngu__self();
	struct mbuf *m = take(ts, how, type, (uint32_t)flags & M_PKTHDR);

	if (m == NULL)
		return (NULL);
	if (m_cljget(m, how, size) == NULL) {
		release(ts, m);
		return (NULL);
	}
	return (m);
}

struct mbuf *
m_getcl(int how, short type, int flags)
{
	return (m_getjcl(how, type, flags, MCLBYTES));
}

/* Let `n`, an mbuf without storage of its own, refer to that of `m`. */
static void
ext_share(struct mbuf *n, struct mbuf *m)
{
	n->m_ext.ext_cnt = m->m_ext.ext_cnt;
	n->m_ext.ext_buf = m->m_ext.ext_buf;
	n->m_ext.ext_size = m->m_ext.ext_size;
	n->m_ext.ext_type = m->m_ext.ext_type;
	n->m_ext.ext_flags = m->m_ext.ext_flags & ~(uint32_t)EXT_FLAG_EMBREF & 0xffffffu;
	n->m_ext.ext_free = m->m_ext.ext_free;
	n->m_ext.ext_arg1 = m->m_ext.ext_arg1;
	n->m_ext.ext_arg2 = m->m_ext.ext_arg2;
	n->m_flags |= M_EXT | (m->m_flags & M_RDONLY);
	(void)NGU_FADD_RLX(COUNT(m), 1u); /* no order needed: `m` holds a reference all along */
}

struct mbuf *
m_get2(int size, int how, short type, int flags)
{
	flags &= M_PKTHDR;
	if (size <= (flags != 0 ? MHLEN : MLEN))
		return (take(ngu__self(), how, type, (uint32_t)flags));
	if (size <= MCLBYTES)
		return (m_getcl(how, type, flags));
	if (size <= MJUMPAGESIZE)
		return (m_getjcl(how, type, flags, MJUMPAGESIZE));
	return (NULL);
}

struct mbuf *
m_getm2(struct mbuf *m, int len, int how, short type, int flags)
{
	struct mbuf *top = NULL, **link = &top, *n = NULL, *last;
	int hdr = m == NULL ? flags & M_PKTHDR : 0;

	do {
		n = m_get2(min((u_int)imax(len, 0), MJUMPAGESIZE), how, type, hdr);
		if (n == NULL) {
			m_freem(top);
			return (NULL);
		}
		len -= M_SIZE(n);
		hdr = 0;
		*link = n;
		link = &n->m_next;
	} while (len > 0);
	if ((flags & M_EOR) != 0)
		n->m_flags |= M_EOR;
	if (m == NULL)
		return (top);
	last = m_last(m);
	last->m_next = top;
	last->m_flags &= ~(uint32_t)M_EOR & 0xffffffu;
	return (m);
}

/* ---- sharing ---- */

struct mbuf *
m_copym(struct mbuf *m, int off, int len, int how)
{
	struct ngu__thread *ts = ngu__self();
	struct mbuf *top = NULL, **link = &top, *n;
	uint32_t hdr;
	int done = 0, count;

	if (off < 0 || len < 0)
		panic("m_copym: offset %d, length %d", off, len);
	hdr = off == 0 && m != NULL ? m->m_flags & M_PKTHDR : 0;
	for (; m != NULL && off > 0 && off >= m->m_len; m = m->m_next)
		off -= m->m_len;
	for (; len > 0 && m != NULL; m = m->m_next, hdr = 0, off = 0) {
		if ((n = take(ts, how, m->m_type, hdr)) == NULL)
			goto fail;
		*link = n;
		link = &n->m_next;
		if (hdr != 0 && !m_dup_pkthdr(n, m, how))
			goto fail;
		count = imin(len, m->m_len - off);
		if ((m->m_flags & M_EXT) != 0) {
			ext_share(n, m);
			n->m_data = m->m_data + off;
		} else {
			/* The same place in the mbuf: a copy has the room that the original has. */
			n->m_data = (char *)n + (m->m_data + off - (const char *)m);
			ngu__memcpy(n->m_data, m->m_data + off, (size_t)count);
		}
		n->m_len = count;
		done += count;
		if (len != M_COPYALL)
			len -= count;
	}
	if (top != NULL && (top->m_flags & M_PKTHDR) != 0)
		top->m_pkthdr.len = done;
	return (top);
fail:
	m_freem(top);
	return (NULL);
}

struct mbuf *
m_copypacket(struct mbuf *m, int how)
{
	return (m_copym(m, 0, M_COPYALL, how));
}

struct mbuf *
m_split(struct mbuf *m0, int len0, int how)
{
	struct ngu__thread *ts = ngu__self();
	struct mbuf *m = m0, *n, *body;
	int len = len0, rest;
	uint32_t hdr = m0->m_flags & M_PKTHDR;

	if (len < 0)
		return (NULL);
	for (; m != NULL && len > m->m_len; m = m->m_next)
		len -= m->m_len;
	if (m == NULL)
		return (NULL);
	rest = m->m_len - len;
	if (hdr == 0 && rest == 0) {
		n = m->m_next;
		m->m_next = NULL;
		return (n);
	}
	if ((n = take(ts, how, m->m_type, hdr)) == NULL)
		return (NULL);
	body = n;
	if ((m->m_flags & M_EXT) != 0 && rest > 0) {
		ext_share(n, m);
		n->m_data = m->m_data + len;
	} else {
		if (rest > M_SIZE(n)) {
			/* A plain mbuf's rest need not fit behind a packet header. */
			if ((body = take(ts, how, m->m_type, 0)) == NULL) {
				release(ts, n);
				return (NULL);
			}
			n->m_next = body;
		}
		m_align(body, rest);
		ngu__memcpy(body->m_data, m->m_data + len, (size_t)rest);
	}
	body->m_len = rest;
	body->m_next = m->m_next;
	m->m_len = len;
	m->m_next = NULL;
	if (hdr != 0) {
		n->m_pkthdr.rcvif = m0->m_pkthdr.rcvif;
		n->m_pkthdr.fibnum = m0->m_pkthdr.fibnum;
		n->m_pkthdr.flowid = m0->m_pkthdr.flowid;
		n->m_pkthdr.rsstype = m0->m_pkthdr.rsstype;
		n->m_pkthdr.len = m0->m_pkthdr.len - len0;
		m0->m_pkthdr.len = len0;
	}
	return (n);
}
