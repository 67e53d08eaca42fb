/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_mbuf.c - every mbuf function on random chains, against a flat buffer.
 *
 * A chain is made of plain mbufs, clusters, clusters shared with a witness, read-only caller's storage and empty mbufs, with
 * random room before and behind the data. Each operation runs on many such chains; then again on the same chains with the
 * first, second, ... allocation inside the call refused. After each run nothing may be alive, whatever the result was, and no
 * witness may have changed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kern/graph_prefix.h"
#include "kern/zone.h"
#include "reclaim/thread.h"

#include <ng/packet.h>
#include <sys/mbuf.h>
#include <sys/systm.h>

#define ROUNDS 1000 /* chains an operation */
#define SWEEPS 40   /* chains an operation with refusals */
#define MAXLEN 9000 /* bytes in a chain, about */
#define NT 4

/* ---- what lib/core gives ---- */

void
ngu__graph_log(struct ngu_graph *g, int level, const char *line)
{
	(void)g;
	(void)level;
	ngu__port_log_stderr(line);
}

uint64_t
ngu__graph_random(struct ngu_graph *g)
{
	(void)g;
	return (4);
}

int64_t
ngu__graph_now(struct ngu_graph *g)
{
	(void)g;
	return (0);
}

struct ngu__timers *
ngu__graph_timers(struct ngu_graph *g)
{
	(void)g;
	return (NULL);
}

void
ngu__graph_timer_kick(struct ngu_graph *g)
{
	(void)g;
}

/* ---- a graph, a generator, a refusing allocator ---- */

static struct ngu__graph_prefix graph, other;
static uint64_t seed;
static struct ngu_malloc_stats tags_before;

static unsigned
rnd(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (n == 0 ? 0 : (unsigned)(seed >> 33) % n);
}

static int refuse_at = -1, refuse_n, allocs, refused;

static bool
hook(size_t size)
{
	int i = allocs++;

	(void)size;
	if (refuse_at < 0 || i < refuse_at || i >= refuse_at + refuse_n)
		return (true);
	refused++;
	return (false);
}

static void
arm(void)
{
	allocs = refused = 0;
	ngu__port_alloc_hook = hook;
}

static void
disarm(void)
{
	ngu__port_alloc_hook = NULL;
}

#define CALL(expr) \
	do { \
		arm(); \
		expr; \
		disarm(); \
	} while (0)

static uint64_t
alive(struct ngu__graph_prefix *g, uint64_t *bytes)
{
	uint64_t a, ab, f, fb;

	ngu__ctr_read(g->ctr_mbuf_free, &f, &fb);
	ngu__ctr_read(g->ctr_mbuf_alloc, &a, &ab);
	if (bytes != NULL)
		*bytes = ab - fb;
	return (a - f);
}

static void
nothing_alive(void)
{
	struct ngu_malloc_stats s;
	uint64_t bytes;

	ngu_k_malloc_stats(M_PACKET_TAGS, &s);
	assert_int_equal(s.inuse, tags_before.inuse);
	assert_int_equal(s.inuse_bytes, tags_before.inuse_bytes);
	assert_int_equal(alive(&graph, &bytes), 0);
	assert_int_equal(bytes, 0);
	assert_int_equal(ngu__mbuf_live(&graph, NULL, NULL), 0);
}

static int
group_setup(void **state)
{
	(void)state;
	graph.ctr_mbuf_alloc = ngu__ctr_alloc();
	graph.ctr_mbuf_free = ngu__ctr_alloc();
	other.ctr_mbuf_alloc = ngu__ctr_alloc();
	other.ctr_mbuf_free = ngu__ctr_alloc();
	ngu__self()->graph = (struct ngu_graph *)(void *)&graph;
	ngu_k_malloc_stats(M_PACKET_TAGS, &tags_before);
	return (0);
}

/* ---- chains ---- */

struct chain {
	struct mbuf *m;
	int len;
	char *b; /* what m holds */
};

static char flat[4 * MAXLEN], spare[4 * MAXLEN];
static struct mbuf *witness[64];
static char witnessed[64][64];
static int nwitness, nstatic;
static bool witness_free; /* the operation may write to shared storage */
static char storage[32][512];
static int freed_static;

static void
static_free(struct mbuf *m)
{
	assert_ptr_equal(m->m_ext.ext_arg1, &freed_static);
	freed_static++;
}

/* One mbuf with n bytes of room or less, filled from b; returns how many it took. */
static struct mbuf *
piece(const char *b, int *n, int hdr)
{
	struct mbuf *m;
	int kind = (int)rnd(5), off;

	m = hdr ? ngu_k_m_gethdr(M_NOWAIT, MT_DATA) : ngu_k_m_get(M_NOWAIT, MT_DATA);
	assert_non_null(m);
	if (kind == 3 && nstatic < 32) {
		m_extadd(m, storage[nstatic], sizeof(storage[0]), static_free, &freed_static, NULL, M_RDONLY, EXT_MOD_TYPE);
		nstatic++;
	} else if (kind == 1 || kind == 2)
		assert_non_null(m_cljget(m, M_NOWAIT, rnd(4) == 0 ? MJUMPAGESIZE : MCLBYTES));
	off = (int)rnd((unsigned)M_SIZE(m) / 2);
	if (rnd(4) == 0)
		off = 0;
	if (*n > M_SIZE(m) - off)
		*n = M_SIZE(m) - off;
	m->m_data += off;
	m->m_len = *n;
	memcpy(m->m_data, b, (size_t)*n);
	if (kind == 2 && nwitness < 64) {
		struct mbuf *w = ngu_k_m_copym(m, 0, M_COPYALL, M_NOWAIT);

		assert_non_null(w);
		w->m_len = *n < 64 ? *n : 64;
		memcpy(witnessed[nwitness], w->m_data, (size_t)w->m_len);
		witness[nwitness++] = w;
	}
	return (m);
}

static struct chain
make(char *b, int max, int hdr)
{
	struct chain c = {NULL, 0, b};
	struct mbuf **link = &c.m;
	int want = (int)rnd((unsigned)max), n, first = 1;

	for (int i = 0; i < max + 64; i++)
		b[i] = (char)rnd(256);
	while (first || c.len < want || rnd(4) == 0) {
		n = (int)rnd(rnd(2) ? 40 : 1500);
		if (rnd(8) == 0)
			n = 0;
		if (n > want - c.len)
			n = want - c.len;
		*link = piece(b + c.len, &n, hdr && first);
		link = &(*link)->m_next;
		c.len += n;
		first = 0;
	}
	if (hdr) {
		c.m->m_pkthdr.len = c.len;
		c.m->m_pkthdr.flowid = 77;
		if (rnd(2)) {
			struct m_tag *t = m_tag_alloc(123, 4, 5, M_NOWAIT);

			assert_non_null(t);
			memcpy(t + 1, "tag!", 5);
			m_tag_prepend(c.m, t);
			t = m_tag_alloc(123, 5 | MTAG_PERSISTENT, 0, M_NOWAIT);
			assert_non_null(t);
			m_tag_prepend(c.m, t);
		}
	}
	return (c);
}

static void
check(struct mbuf *m, const char *b, int len)
{
	static char got[4 * MAXLEN];

	assert_non_null(m);
	assert_int_equal(m_sanity(m, 0), 1);
	assert_int_equal(m_length(m, NULL), len);
	m_copydata(m, 0, len, got);
	assert_memory_equal(got, b, (size_t)len);
}

static void
tags_equal(struct mbuf *a, struct mbuf *b)
{
	struct m_tag *x, *y;

	for (x = m_tag_first(a), y = m_tag_first(b); x != NULL && y != NULL; x = m_tag_next(a, x), y = m_tag_next(b, y)) {
		assert_int_equal(x->m_tag_id, y->m_tag_id);
		assert_int_equal(x->m_tag_cookie, y->m_tag_cookie);
		assert_int_equal(x->m_tag_len, y->m_tag_len);
		assert_memory_equal(x + 1, y + 1, x->m_tag_len);
	}
	assert_null(x);
	assert_null(y);
}

static int
writable(struct mbuf *m)
{
	for (; m != NULL; m = m->m_next)
		if (!M_WRITABLE(m))
			return (0);
	return (1);
}

/* ---- operations: each takes the chain and frees it ---- */

typedef void op_fn(struct chain c);

static void
op_pullup(struct chain c)
{
	int len = (int)rnd((unsigned)min((u_int)c.len, MHLEN) + 1);

	CALL(c.m = ngu_k_m_pullup(c.m, len));
	if (c.m == NULL) {
		assert_true(refused > 0);
		return;
	}
	assert_true(c.m->m_len >= len);
	check(c.m, c.b, c.len);
	m_freem(c.m);
}

static void
op_pullup_long(struct chain c)
{
	int len = rnd(2) ? MHLEN + 1 : c.len + 1;

	if (c.m->m_len >= len) {
		m_freem(c.m);
		return;
	}
	CALL(c.m = ngu_k_m_pullup(c.m, len));
	assert_null(c.m);
}

static void
op_copyup(struct chain c)
{
	int off = (int)rnd(60), len = (int)rnd((unsigned)min((u_int)c.len, (u_int)(MHLEN - off)) + 1);

	CALL(c.m = ngu_k_m_copyup(c.m, len, off));
	if (c.m == NULL) {
		assert_true(refused > 0);
		return;
	}
	assert_true(c.m->m_len >= len && M_WRITABLE(c.m) && M_LEADINGSPACE(c.m) >= off);
	check(c.m, c.b, c.len);
	m_freem(c.m);
}

static void
op_adj(struct chain c)
{
	int n = (int)rnd((unsigned)c.len + 100);
	int cut = imin(n, c.len);

	if (rnd(2)) {
		CALL(m_adj(c.m, n));
		check(c.m, c.b + cut, c.len - cut);
	} else {
		CALL(m_adj(c.m, -n));
		check(c.m, c.b, c.len - cut);
	}
	m_freem(c.m);
}

static void
op_prepend(struct chain c)
{
	int n = (int)rnd(MHLEN + 1);

	CALL(M_PREPEND(c.m, n, M_NOWAIT));
	if (c.m == NULL) {
		assert_true(refused > 0);
		return;
	}
	memmove(c.b + n, c.b, (size_t)c.len);
	for (int i = 0; i < n; i++)
		c.b[i] = (char)i;
	m_copyback(c.m, 0, n, c.b);
	check(c.m, c.b, c.len + n);
	m_freem(c.m);
}

static void
op_prepend_new(struct chain c)
{
	uint32_t hdr = c.m->m_flags & M_PKTHDR;

	CALL(c.m = ngu_k_m_prepend(c.m, 20, M_NOWAIT));
	if (c.m == NULL) {
		assert_true(refused > 0);
		return;
	}
	assert_int_equal(c.m->m_flags & M_PKTHDR, hdr);
	assert_int_equal(c.m->m_next->m_flags & M_PKTHDR, 0);
	assert_int_equal(c.m->m_len, 20);
	assert_true(M_LEADINGSPACE(c.m) > 40);
	if (hdr)
		c.m->m_pkthdr.len += 20;
	m_adj(c.m, 20);
	check(c.m, c.b, c.len);
	m_freem(c.m);
}

static void
op_copyback(struct chain c)
{
	int off = (int)rnd((unsigned)c.len + 400), n = (int)rnd(1500), total;

	witness_free = true;
	for (int i = 0; i < n; i++)
		spare[i] = (char)rnd(256);
	CALL(ngu_k_m_copyback(c.m, off, n, spare));
	if (off > c.len)
		memset(c.b + c.len, 0, (size_t)(off - c.len));
	memcpy(c.b + off, spare, (size_t)n);
	total = imax(c.len, off + n);
	if (refused > 0)
		total = (int)m_length(c.m, NULL);
	assert_true(total >= c.len && total <= imax(c.len, off + n));
	check(c.m, c.b, total);
	m_freem(c.m);
}

static void
op_append(struct chain c)
{
	int n = (int)rnd(5000), ok, total;

	for (int i = 0; i < n; i++)
		spare[i] = (char)rnd(256);
	CALL(ok = ngu_k_m_append(c.m, n, spare));
	memcpy(c.b + c.len, spare, (size_t)n);
	total = (int)m_length(c.m, NULL);
	assert_true(ok ? total == c.len + n : refused > 0 && total < c.len + n);
	check(c.m, c.b, total);
	m_freem(c.m);
}

static void
op_cat(struct chain c)
{
	int hdr = (int)(c.m->m_flags & M_PKTHDR);
	struct chain d = make(spare, 3000, hdr);

	if (hdr)
		CALL(m_catpkt(c.m, d.m));
	else
		CALL(m_cat(c.m, d.m));
	memcpy(c.b + c.len, d.b, (size_t)d.len);
	check(c.m, c.b, c.len + d.len);
	m_freem(c.m);
}

static void
op_split(struct chain c)
{
	int at = (int)rnd((unsigned)c.len + 2);
	uint32_t hdr = c.m->m_flags & M_PKTHDR;
	struct mbuf *n;

	CALL(n = ngu_k_m_split(c.m, at, M_NOWAIT));
	if (n == NULL) {
		assert_true(refused > 0 || at > c.len || (hdr == 0 && at == c.len));
		check(c.m, c.b, c.len);
	} else {
		assert_int_equal(n->m_flags & M_PKTHDR, hdr);
		check(c.m, c.b, at);
		check(n, c.b + at, c.len - at);
	}
	m_freem(c.m);
	m_freem(n);
}

static void
op_dup(struct chain c)
{
	struct mbuf *n;

	CALL(n = ngu_k_m_dup(c.m, M_NOWAIT));
	check(c.m, c.b, c.len);
	if (n == NULL)
		assert_true(refused > 0);
	else {
		check(n, c.b, c.len);
		assert_true(writable(n));
		if ((c.m->m_flags & M_PKTHDR) != 0) {
			assert_int_equal(n->m_pkthdr.flowid, 77);
			tags_equal(c.m, n);
		}
		/* Shares nothing: writing to the copy leaves the original alone. */
		memset(spare, 0x55, (size_t)c.len);
		m_copyback(n, 0, c.len, spare);
		check(c.m, c.b, c.len);
	}
	m_freem(c.m);
	m_freem(n);
}

static void
op_copym(struct chain c)
{
	int off = rnd(3) ? (int)rnd((unsigned)c.len + 1) : 0, len = (int)rnd((unsigned)(c.len - off) + 1);
	struct mbuf *n;

	if (rnd(3) == 0) {
		CALL(n = ngu_k_m_copym(c.m, off, M_COPYALL, M_NOWAIT));
		len = c.len - off;
	} else
		CALL(n = ngu_k_m_copym(c.m, off, len, M_NOWAIT));
	check(c.m, c.b, c.len);
	if (n == NULL)
		assert_true(refused > 0 || len == 0);
	else {
		check(n, c.b + off, len);
		if (off == 0 && (c.m->m_flags & M_PKTHDR) != 0) {
			assert_int_equal(n->m_flags & M_PKTHDR, M_PKTHDR);
			tags_equal(c.m, n);
		}
	}
	/* Either may go first. */
	if (rnd(2)) {
		m_freem(c.m);
		if (n != NULL)
			check(n, c.b + off, len);
		m_freem(n);
	} else {
		m_freem(n);
		check(c.m, c.b, c.len);
		m_freem(c.m);
	}
}

static void
op_copypacket(struct chain c)
{
	struct mbuf *n;

	CALL(n = ngu_k_m_copypacket(c.m, M_NOWAIT));
	if (n == NULL)
		assert_true(refused > 0);
	m_freem(c.m);
	if (n != NULL)
		check(n, c.b, c.len);
	m_freem(n);
}

static void
op_unshare(struct chain c)
{
	uint32_t hdr = c.m->m_flags & M_PKTHDR;

	CALL(c.m = ngu_k_m_unshare(c.m, M_NOWAIT));
	if (c.m == NULL) {
		assert_true(refused > 0);
		return;
	}
	assert_int_equal(c.m->m_flags & M_PKTHDR, hdr);
	assert_true(writable(c.m));
	check(c.m, c.b, c.len);
	memset(c.b, 1, (size_t)c.len);
	m_copyback(c.m, 0, c.len, c.b);
	check(c.m, c.b, c.len);
	m_freem(c.m);
}

static void
op_defrag(struct chain c)
{
	struct mbuf *n, *m;
	int pieces = 0;

	CALL(n = ngu_k_m_defrag(c.m, M_NOWAIT));
	if (n == NULL) {
		assert_true(refused > 0);
		check(c.m, c.b, c.len);
		m_freem(c.m);
		return;
	}
	check(n, c.b, c.len);
	for (m = n; m != NULL; m = m->m_next)
		pieces++;
	if ((n->m_flags & M_PKTHDR) != 0)
		assert_true(pieces <= c.len / MCLBYTES + 1);
	m_freem(n);
}

static void
op_collapse(struct chain c)
{
	int most = 1 + (int)rnd(8), pieces = 0;
	struct mbuf *n, *m;

	CALL(n = ngu_k_m_collapse(c.m, M_NOWAIT, most));
	check(n != NULL ? n : c.m, c.b, c.len);
	if (n != NULL) {
		for (m = n; m != NULL; m = m->m_next)
			pieces++;
		assert_true(pieces <= most);
	}
	m_freem(n != NULL ? n : c.m);
}

static int
sum(void *arg, void *data, u_int len)
{
	for (u_int i = 0; i < len; i++)
		*(unsigned *)arg = *(unsigned *)arg * 31 + ((unsigned char *)data)[i];
	return (0);
}

static int
stop(void *arg, void *data, u_int len)
{
	(void)data;
	(void)len;
	return (++*(int *)arg == 2 ? 99 : 0);
}

static void
op_look(struct chain c)
{
	int off = (int)rnd((unsigned)c.len + 1), len = (int)rnd((unsigned)(c.len - off) + 1), at, n = 0;
	unsigned a = 0, b = 0;
	struct mbuf *m, *last;

	assert_int_equal(m_apply(c.m, off, len, sum, &a), 0);
	sum(&b, c.b + off, (u_int)len);
	assert_int_equal(a, b);
	assert_true(m_apply(c.m, 0, c.len, stop, &n) == (n == 2 ? 99 : 0));
	m = m_getptr(c.m, off, &at);
	assert_non_null(m);
	assert_true(at <= m->m_len && (off == c.len || m->m_data[at] == c.b[off]));
	assert_null(m_getptr(c.m, c.len + 1, &at));
	assert_null(m_getptr(c.m, -1, &at));
	assert_int_equal(m_length(c.m, &last), c.len);
	assert_ptr_equal(last, m_last(c.m));
	if ((c.m->m_flags & M_PKTHDR) != 0) {
		c.m->m_pkthdr.len = 1 << 20;
		assert_int_equal(m_sanity(c.m, 0), 0);
		assert_int_equal(m_sanity(c.m, 1), 1);
		assert_int_equal(m_fixhdr(c.m), c.len);
	}
	assert_int_equal(ngu_packet_len(c.m), c.len);
	assert_int_equal(ngu_packet_read(c.m, (size_t)off, spare, 50), imin(50, c.len - off));
	assert_memory_equal(spare, c.b + off, (size_t)imin(50, c.len - off));
	m_freem(c.m);
}

static void
op_getm(struct chain c)
{
	int n = (int)rnd(12000), room = 0, before = 0;
	struct mbuf *m, *r;

	for (m = c.m; m != NULL; m = m->m_next)
		before++;
	CALL(r = ngu_k_m_getm2(c.m, n, M_NOWAIT, MT_DATA, 0));
	check(c.m, c.b, c.len);
	if (r == NULL) {
		assert_true(refused > 0);
		for (m = c.m; m != NULL; m = m->m_next)
			before--;
		assert_int_equal(before, 0);
	} else {
		assert_ptr_equal(r, c.m);
		for (m = c.m; before-- > 0;)
			m = m->m_next;
		for (; m != NULL; m = m->m_next)
			room += M_TRAILINGSPACE(m);
		assert_true(room >= n);
	}
	m_freem(c.m);
}

static void
op_get(struct chain c)
{
	static const int size[] = {MCLBYTES, MJUMPAGESIZE, MJUM9BYTES, MJUM16BYTES};
	struct mbuf *m;
	int n = (int)rnd(MJUMPAGESIZE + 2);

	m_freem(c.m);
	CALL(m = ngu_k_m_get2(n, M_NOWAIT, MT_DATA, M_PKTHDR));
	assert_true(m != NULL ? M_TRAILINGSPACE(m) >= n : refused > 0 || n > MJUMPAGESIZE);
	m_freem(m);
	CALL(m = ngu_k_m_getcl(M_NOWAIT, MT_DATA, M_PKTHDR));
	assert_true(m != NULL ? M_TRAILINGSPACE(m) == MCLBYTES && m_sanity(m, 0) == 1 : refused > 0);
	m_freem(m);
	n = size[rnd(4)];
	CALL(m = ngu_k_m_getjcl(M_NOWAIT, MT_DATA, 0, n));
	assert_true(m != NULL ? M_TRAILINGSPACE(m) == n : refused > 0);
	m_freem(m);
	m = ngu_k_m_gethdr(M_NOWAIT, MT_DATA);
	assert_int_equal(M_TRAILINGSPACE(m), MHLEN);
	CALL(MCLGET(m, M_NOWAIT));
	assert_true((m->m_flags & M_EXT) != 0 ? M_TRAILINGSPACE(m) == MCLBYTES : refused > 0);
	m_freem(m);
}

static void
op_devget(struct chain c)
{
	int off = (int)rnd(MHLEN + 1);
	struct mbuf *m;

	m_freem(c.m);
	CALL(m = ngu_k_m_devget(c.b, c.len, off, (struct ifnet *)&graph, NULL));
	if (m == NULL)
		assert_true(refused > 0);
	else {
		check(m, c.b, c.len);
		assert_ptr_equal(m->m_pkthdr.rcvif, &graph);
		assert_true(M_LEADINGSPACE(m) >= off);
	}
	m_freem(m);
	assert_null(ngu_k_m_devget(c.b, 10, -1, NULL, NULL));
	assert_null(ngu_k_m_devget(c.b, 10, MHLEN + 1, NULL, NULL));
}

static void
op_packet(struct chain c)
{
	struct mbuf *m;

	m_freem(c.m);
	CALL(m = ngu_packet((struct ngu_graph *)(void *)&other, c.b, (size_t)c.len));
	assert_ptr_equal(ngu__self()->graph, &graph);
	if (m == NULL)
		assert_true(refused > 0);
	else {
		check(m, c.b, c.len);
		assert_true(alive(&other, NULL) > 0);
	}
	ngu_packet_free(m);
	assert_int_equal(alive(&other, NULL), 0);
}

static void
op_tags(struct chain c)
{
	struct mbuf *n = ngu_k_m_gethdr(M_NOWAIT, MT_DATA);
	struct m_tag *t;
	int ok;

	assert_non_null(n);
	if ((c.m->m_flags & M_PKTHDR) != 0) {
		CALL(ok = m_dup_pkthdr(n, c.m, M_NOWAIT));
		if (ok)
			tags_equal(c.m, n);
		else
			assert_true(refused > 0 && m_tag_first(n) == NULL);
		if ((t = m_tag_locate(c.m, 123, 4, NULL)) != NULL) {
			assert_null(m_tag_locate(c.m, 123, 4, t));
			assert_null(m_tag_find(c.m, 4, NULL));
			m_tag_delete_nonpersistent(c.m);
			assert_null(m_tag_locate(c.m, 123, 4, NULL));
			assert_non_null(m_tag_locate(c.m, 123, 5 | MTAG_PERSISTENT, NULL));
		}
	}
	m_freem(n);
	m_freem(c.m);
}

static const struct {
	const char *name;
	op_fn *fn;
	int hdr; /* 1 packets only, 0 either */
} ops[] = {
	{"pullup", op_pullup, 0},
	{"pullup too long", op_pullup_long, 0},
	{"copyup", op_copyup, 0},
	{"adj", op_adj, 0},
	{"prepend", op_prepend, 0},
	{"prepend, new mbuf", op_prepend_new, 0},
	{"copyback", op_copyback, 0},
	{"append", op_append, 0},
	{"cat", op_cat, 0},
	{"split", op_split, 0},
	{"dup", op_dup, 0},
	{"copym", op_copym, 0},
	{"copypacket", op_copypacket, 1},
	{"unshare", op_unshare, 0},
	{"defrag", op_defrag, 0},
	{"collapse", op_collapse, 0},
	{"look", op_look, 0},
	{"getm", op_getm, 0},
	{"get", op_get, 0},
	{"devget", op_devget, 0},
	{"packet", op_packet, 0},
	{"tags", op_tags, 1},
};

static void
run_one(unsigned op, uint64_t s)
{
	struct chain c;

	seed = s * 0x9e3779b97f4a7c15u + op;
	nwitness = nstatic = freed_static = 0;
	witness_free = false;
	c = make(flat, rnd(3) == 0 ? 200 : MAXLEN, ops[op].hdr || rnd(2));
	ops[op].fn(c);
	for (int i = 0; i < nwitness; i++) {
		if (!witness_free)
			assert_memory_equal(witness[i]->m_data, witnessed[i], (size_t)witness[i]->m_len);
		m_freem(witness[i]);
	}
	assert_int_equal(freed_static, nstatic);
	nothing_alive();
}

static void
test_property(void **state)
{
	(void)state;
	refuse_at = -1;
	for (unsigned op = 0; op < nitems(ops); op++)
		for (uint64_t s = 1; s <= ROUNDS; s++)
			run_one(op, s);
}

/* The n-th allocation refused, and the n-th and all after it, for every n the call makes. */
static void
test_refusal(void **state)
{
	int hits = 0;

	(void)state;
	ngu__zone_bypass(true);
	for (unsigned op = 0; op < nitems(ops); op++)
		for (uint64_t s = 1; s <= SWEEPS; s++)
			for (refuse_n = 1; refuse_n < 1000; refuse_n += 998)
				for (refuse_at = 0;; refuse_at++) {
					run_one(op, s);
					if (refused == 0)
						break;
					hits++;
				}
	refuse_at = -1;
	ngu__zone_bypass(false);
	assert_true(hits > 1000);
}

/* ---- one by one ---- */

static void
test_layout(void **state)
{
	struct mbuf *m = ngu_k_m_gethdr(M_NOWAIT, MT_DATA), *n;

	(void)state;
	assert_int_equal(sizeof(*m), 256);
	assert_int_equal(MLEN, 216);
	assert_int_equal(MHLEN, 160);
	assert_int_equal(sizeof(m->m_pktdat), MHLEN);
	assert_int_equal(m->m_type, MT_DATA);
	assert_int_equal(m->m_flags, M_PKTHDR);
	assert_ptr_equal(m->m_graph, &graph);
	m_align(m, 20);
	assert_int_equal(M_LEADINGSPACE(m), (MHLEN - 20) / 8 * 8);
	assert_ptr_equal(mtod(m, char *) + 3, mtodo(m, 3));
	m->m_pkthdr.ether_vtag = 7;
	m->m_pkthdr.csum_data = 9;
	n = ngu_k_m_get(M_NOWAIT, MT_DATA);
	M_MOVE_PKTHDR(n, m);
	assert_int_equal(n->m_pkthdr.ether_vtag, 7);
	assert_int_equal(n->m_pkthdr.csum_data, 9);
	assert_int_equal(m->m_flags & M_PKTHDR, 0);
	n->m_flags |= M_PROTO1 | M_BCAST;
	m_clrprotoflags(n);
	assert_int_equal(n->m_flags, M_PKTHDR | M_BCAST);
	assert_ptr_equal(m_free(n), NULL);
	m_freem(m);
	m_freem(NULL);
	nothing_alive();
}

static void
extref_free(struct mbuf *m)
{
	++*(int *)m->m_ext.ext_arg2;
}

/* The caller's own count, and an owner that is freed before the mbufs that share its storage. */
static void
test_ext(void **state)
{
	static char mem[100];
	u_int cnt = 1;
	int freed = 0;
	struct mbuf *m = ngu_k_m_gethdr(M_NOWAIT, MT_DATA), *n;
	uint64_t bytes;

	(void)state;
	m->m_ext.ext_cnt = &cnt;
	m_extadd(m, mem, sizeof(mem), extref_free, NULL, &freed, 0, EXT_EXTREF);
	m->m_len = m->m_pkthdr.len = 50;
	n = ngu_k_m_copypacket(m, M_NOWAIT);
	assert_int_equal(cnt, 2);
	assert_false(M_WRITABLE(m));
	m_freem(m);
	assert_true(M_WRITABLE(n));
	assert_int_equal(freed, 0);
	m_freem(n);
	assert_int_equal(freed, 1);
	assert_int_equal(cnt, 0);

	m = ngu_k_m_getcl(M_NOWAIT, MT_DATA, M_PKTHDR);
	m->m_len = m->m_pkthdr.len = 50;
	n = ngu_k_m_copypacket(m, M_NOWAIT);
	m_freem(m);
	assert_int_equal(alive(&graph, &bytes), 2); /* the owner's memory holds the count */
	assert_int_equal(bytes, 2 * MSIZE + MCLBYTES);
	m_freem(n);
	nothing_alive();
}

/* A plain mbuf's rest that does not fit behind the packet header of the second part; and what m_cat must not write to. */
static void
test_corners(void **state)
{
	struct mbuf *m, *n;

	(void)state;
	ngu__zone_bypass(true);
	for (refuse_at = 0, refuse_n = 1, refused = 1; refused != 0; refuse_at++) {
		m = ngu_k_m_gethdr(M_NOWAIT, MT_DATA);
		m->m_next = ngu_k_m_get(M_NOWAIT, MT_DATA);
		m->m_next->m_len = m->m_pkthdr.len = MLEN;
		for (int i = 0; i < MLEN; i++)
			m->m_next->m_data[i] = flat[i] = (char)i;
		CALL(n = ngu_k_m_split(m, 3, M_NOWAIT));
		assert_int_equal(n == NULL, refused != 0);
		check(m, flat, n == NULL ? MLEN : 3);
		if (n != NULL)
			check(n, flat + 3, MLEN - 3);
		m_freem(m);
		m_freem(n);
		nothing_alive();
	}
	assert_int_equal(refuse_at, 3);
	refuse_at = -1;
	ngu__zone_bypass(false);

	m = ngu_k_m_getcl(M_NOWAIT, MT_DATA, 0);
	memset(m->m_data, 0x11, MCLBYTES);
	m->m_len = 10;
	n = ngu_k_m_copym(m, 0, M_COPYALL, M_NOWAIT);
	m->m_next = ngu_k_m_get(M_NOWAIT, MT_DATA);
	m->m_next->m_len = 20;
	memset(m->m_next->m_data, 0x22, 20);
	m_cat(n, m_free(m)); /* to a sole holder: copied */
	assert_null(n->m_next);
	m = ngu_k_m_copym(n, 0, 10, M_NOWAIT);
	n->m_next = ngu_k_m_get(M_NOWAIT, MT_DATA);
	n->m_next->m_len = 20;
	memset(n->m_next->m_data, 0x33, 20);
	m_cat(m, m_free(n)); /* the same storage, but shared a moment ago */
	assert_int_equal(m_length(m, NULL), 30);
	n = ngu_k_m_copym(m, 0, 10, M_NOWAIT);
	m_cat(n, ngu_k_m_copym(m, 0, 5, M_NOWAIT)); /* shared: must not be written to */
	assert_non_null(n->m_next);
	assert_int_equal(m->m_data[10], 0x33);
	assert_int_equal(n->m_data[10], 0x33);
	m_freem(m);
	m_freem(n);
	nothing_alive();
}

static void
test_queue(void **state)
{
	struct mbufq q;
	struct mbuf *m[3];

	(void)state;
	mbufq_init(&q, 2);
	for (int i = 0; i < 3; i++)
		m[i] = ngu_k_m_gethdr(M_NOWAIT, MT_DATA);
	assert_int_equal(mbufq_enqueue(&q, m[0]), 0);
	assert_int_equal(mbufq_enqueue(&q, m[1]), 0);
	assert_int_equal(mbufq_enqueue(&q, m[2]), ENOBUFS);
	assert_ptr_equal(mbufq_dequeue(&q), m[0]);
	mbufq_prepend(&q, m[0]);
	mbufq_drain(&q);
	assert_int_equal(mbufq_len(&q), 0);
	m_freem(m[2]);
	nothing_alive();
}

/* M_WAITOK outlives refusals. */
static void
test_waitok(void **state)
{
	struct mbuf *m;

	(void)state;
	ngu__zone_bypass(true);
	refuse_at = 0;
	refuse_n = 3;
	CALL(m = ngu_k_m_getcl(M_WAITOK, MT_DATA, M_PKTHDR));
	assert_int_equal(refused, 3);
	refuse_at = -1;
	assert_non_null(m);
	m_freem(m);
	ngu__zone_bypass(false);
	nothing_alive();
}

/* Threads share clusters and free each other's mbufs. */
static struct mbuf *_Atomic slots[64];
static _Atomic int bad;

static void *
churn(void *arg)
{
	uint64_t s = (uint64_t)(uintptr_t)arg;
	struct mbuf *m, *n;

	ngu__self()->graph = (struct ngu_graph *)(void *)&graph;
	for (int i = 0; i < 20000; i++) {
		s = s * 6364136223846793005u + 1442695040888963407u;
		m = NGU_XCHG_AR(&slots[s >> 58], (struct mbuf *)NULL);
		if (m == NULL) {
			if ((m = ngu_k_m_getcl(M_NOWAIT, MT_DATA, M_PKTHDR)) == NULL)
				continue;
			m->m_len = m->m_pkthdr.len = 100;
			memset(m->m_data, 0x33, 100);
		}
		if (m->m_data[0] != m->m_data[99])
			bad = 1;
		if (M_WRITABLE(m))
			memset(m->m_data, (int)s, 100);
		n = ngu_k_m_copypacket(m, M_NOWAIT);
		m = NGU_XCHG_AR(&slots[s >> 40 & 63], m);
		n = NGU_XCHG_AR(&slots[s >> 34 & 63], n);
		m_freem(m);
		m_freem(n);
	}
	return (NULL);
}

static void
test_threads(void **state)
{
	ngu__port_thread t[NT];

	(void)state;
	for (uintptr_t i = 0; i < NT; i++)
		assert_int_equal(ngu__port_thread_start(&t[i], "churn", churn, (void *)(i + 1)), 0);
	for (int i = 0; i < NT; i++)
		ngu__port_thread_join(&t[i]);
	for (int i = 0; i < 64; i++)
		m_freem(NGU_XCHG_AR(&slots[i], (struct mbuf *)NULL));
	assert_int_equal(bad, 0);
	nothing_alive();
}

/* Zones: what one thread frees another gets, in magazines; and everything can be given back. */
static struct ngu__zone zone = NGU_ZONE_INIT("test", NGU_ZONES - 1, 100, 16);

static void *
zone_taker(void *arg)
{
	void **p = arg;

	for (int i = 0; i < 1000; i++)
		if ((p[i] = ngu__zone_alloc(ngu__self(), &zone)) == NULL)
			bad = 1;
	return (NULL);
}

static void
test_zone(void **state)
{
	struct ngu__thread *ts = ngu__self();
	static void *p[1000];
	ngu__port_thread t;
	void *q;

	(void)state;
	assert_int_equal(ngu__port_thread_start(&t, "taker", zone_taker, p), 0);
	ngu__port_thread_join(&t);
	assert_int_equal(bad, 0);
	for (int i = 0; i < 1000; i++)
		ngu__zone_free(ts, &zone, p[i]);
#ifdef NGU_NO_CACHES
	assert_int_equal(ngu__zone_cached(ts, &zone), 0);
#else
	assert_int_equal(ngu__zone_cached(ts, &zone), 1000);
	ngu__port_alloc_hook = hook;
	allocs = 0;
	for (int i = 0; i < 1000; i++)
		p[i] = ngu__zone_alloc(ts, &zone);
	assert_int_equal(allocs, 0);
	ngu__port_alloc_hook = NULL;
	for (int i = 0; i < 1000; i++)
		ngu__zone_free(ts, &zone, p[i]);
	/* No memory for a magazine: the object goes back to the system. */
	ngu__zone_drain();
	assert_int_equal(ngu__zone_cached(ts, &zone), 0);
	q = ngu__zone_alloc(ts, &zone);
	refuse_at = 0;
	refuse_n = 1000;
	CALL(ngu__zone_free(ts, &zone, q));
	assert_int_equal(refused, 1);
	assert_int_equal(ngu__zone_cached(ts, &zone), 0);
	CALL(q = ngu__zone_alloc(ts, &zone));
	assert_null(q);
	refuse_at = -1;
	/* The same with two full magazines: one is in the depot then, and not in the thread any more. */
	for (int i = 0; i < 129; i++)
		p[i] = ngu__zone_alloc(ts, &zone);
	for (int i = 0; i < 128; i++)
		ngu__zone_free(ts, &zone, p[i]);
	refuse_at = 0;
	CALL(ngu__zone_free(ts, &zone, p[128]));
	assert_int_equal(refused, 1);
	refuse_at = -1;
	assert_int_equal(ngu__zone_cached(ts, &zone), 128);
#endif
	/* A thread's end gives its magazines to the depot, or back. */
	assert_int_equal(ngu__port_thread_start(&t, "taker", zone_taker, p), 0);
	ngu__port_thread_join(&t);
	for (int i = 0; i < 1000; i++)
		ngu__zone_free(ts, &zone, p[i]);
	ngu__zone_drain();
	assert_int_equal(ngu__zone_cached(ts, &zone), 0);
	q = ngu__zone_alloc(ts, &zone);
	ngu__zone_bypass(true);
	ngu__zone_free(ts, &zone, q);
	assert_int_equal(ngu__zone_cached(ts, &zone), 0);
	ngu__zone_bypass(false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_ext),
		cmocka_unit_test(test_corners),
		cmocka_unit_test(test_queue),
		cmocka_unit_test(test_property),
		cmocka_unit_test(test_refusal),
		cmocka_unit_test(test_waitok),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_zone),
	};

	return (cmocka_run_group_tests(tests, group_setup, NULL));
}
