/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kt.h - what the tests of types that look into packets share. Every packet is sent in many shapes: in one piece, in pieces of
 * one, seven and twenty bytes, and in storage that somebody else holds, too, who must find it unchanged. Worlds: core.
 */
#ifndef TESTS_NODES_KT_H
#define TESTS_NODES_KT_H

#include "nodes/nt.h"
#include "nodes/text.h"

#include <sys/param.h>
#include <sys/endian.h>
#include <sys/mbuf.h>

#include <ng/test.h>

#include "kern/zone.h"
#include "port/port.h"

enum { KT_WHOLE, KT_BYTES, KT_SEVENS, KT_TWENTIES, KT_SHARED, KT_SHAPES };

#define KT_ENDS 8

/* One port: the last packet, and what its header said. */
static struct kt_end {
	struct ngu_port *port;
	unsigned n;
	struct ngt_pkt pkt;
	uint32_t flags, csum, csum_at;
	uint16_t vtag;
	struct mbuf *m; /* itself, when kt_keep is set: to be freed by the test */
} kt_ends[KT_ENDS];

static bool kt_keep;
/* Not 0: between kt_refusing() and kt_granting() that allocation of this thread is refused; kt_seen counts them. */
static unsigned kt_at, kt_seen;
static _Thread_local bool kt_mine;

static bool
kt_refuse(size_t size)
{
	(void)size;
	return (!kt_mine || ++kt_seen != kt_at);
}

/* Before there are other threads, which would read it. */
__attribute__((__constructor__)) static void
kt_hook(void)
{
	ngu__port_alloc_hook = kt_refuse;
}

static void
kt_refusing(void)
{
	kt_seen = 0;
	kt_mine = kt_at != 0;
}

static void
kt_granting(void)
{
	kt_mine = false;
}

/* Told of each packet before it is sent: to set what is in its header. */
static void (*kt_dress)(struct mbuf *m);

__attribute__((__unused__)) static void
kt_rx(void *arg, struct mbuf *m)
{
	struct kt_end *e = arg;

	e->n++;
	e->pkt = ngt_from_mbuf(m);
	assert_int_equal(m->m_pkthdr.len, e->pkt.len);
	e->flags = m->m_flags;
	e->csum = m->m_pkthdr.csum_flags;
	e->csum_at = m->m_pkthdr.csum_data;
	e->vtag = m->m_pkthdr.ether_vtag;
	if (kt_keep)
		e->m = m;
	else
		ngu_packet_free(m);
}

/* A port at a hook; unnamed ones take the first free place. */
__attribute__((__unused__)) static struct kt_end *
kt_open(const char *path, const char *hook)
{
	struct kt_end *e = kt_ends;

	while (e->port != NULL)
		assert_true(++e < kt_ends + KT_ENDS);
	memset(e, 0, sizeof(*e));
	ok(ngu_port_open(g, path, hook, kt_rx, e, &e->port));
	return (e);
}

__attribute__((__unused__)) static void
kt_close(struct kt_end *e)
{
	ngu_port_close(e->port);
	e->port = NULL;
}

__attribute__((__unused__)) static int
kt_setup(void **state)
{
	memset(kt_ends, 0, sizeof(kt_ends));
	kt_keep = false;
	kt_at = 0;
	kt_dress = NULL;
	return (nt_setup(state));
}

__attribute__((__unused__)) static int
kt_teardown(void **state)
{
	for (struct kt_end *e = kt_ends; e < kt_ends + KT_ENDS; e++)
		if (e->port != NULL)
			kt_close(e);
	return (nt_teardown(state));
}

#define kt_test(f) cmocka_unit_test_setup_teardown(f, kt_setup, kt_teardown)

/* For tests that refuse memory: nothing comes out of a cache. */
__attribute__((__unused__)) static int
kt_bare_setup(void **state)
{
	ngu__zone_bypass(true);
	return (kt_setup(state));
}

__attribute__((__unused__)) static int
kt_bare_teardown(void **state)
{
	int error;

	kt_granting();
	error = kt_teardown(state);
	ngu__zone_bypass(false);
	return (error);
}

#define kt_bare_test(f) cmocka_unit_test_setup_teardown(f, kt_bare_setup, kt_bare_teardown)

/* The packet in one of the shapes. KT_SHARED: *same is the other holder's. */
__attribute__((__unused__)) static struct mbuf *
kt_mbuf(const struct ngt_pkt *p, int shape, struct mbuf **same)
{
	static const int pieces[] = { [KT_BYTES] = 1, [KT_SEVENS] = 7, [KT_TWENTIES] = 20 };
	struct ngu_graph *before = ngu_graph_enter(g);
	struct mbuf *m, *n, **end;
	int len;

	*same = NULL;
	if (shape == KT_WHOLE) {
		m = ngt_to_mbuf(g, *p);
		assert_non_null(m);
	} else if (shape == KT_SHARED) {
		m = m_getcl(M_NOWAIT, MT_DATA, M_PKTHDR);
		if (p->len > MCLBYTES) {
			m_freem(m);
			m = m_getjcl(M_NOWAIT, MT_DATA, M_PKTHDR, MJUM9BYTES);
		}
		assert_non_null(m);
		memcpy(m->m_data, p->b, p->len);
		m->m_len = m->m_pkthdr.len = (int)p->len;
		*same = m_copypacket(m, M_NOWAIT);
		assert_non_null(*same);
	} else {
		m = m_gethdr(M_NOWAIT, MT_DATA);
		assert_non_null(m);
		m->m_len = 0;
		m->m_pkthdr.len = (int)p->len;
		n = m;
		end = &m->m_next;
		for (int at = 0; at < (int)p->len; at += len) {
			len = MIN(pieces[shape], (int)p->len - at);
			if (at != 0 || shape == KT_TWENTIES) { /* there an empty one goes ahead */
				assert_non_null(n = m_get(M_NOWAIT, MT_DATA));
				*end = n;
				end = &n->m_next;
			}
			memcpy(n->m_data, p->b + at, (size_t)len);
			n->m_len = len;
		}
	}
	if (kt_dress != NULL)
		kt_dress(m);
	(void)ngu_graph_enter(before);
	return (m);
}

#define KT_HERE const char *file, int line
#define kt_is(a, b) _assert_int_equal((unsigned long long)(a), (unsigned long long)(b), file, line)

/* Send in one shape; nothing came before, and afterwards the other holder's storage is as it was. */
__attribute__((__unused__)) static int
kt_send_shape(KT_HERE, struct kt_end *from, const struct ngt_pkt *p, int shape)
{
	struct ngt_pkt kept;
	struct mbuf *m, *same;
	int error;

	for (int i = 0; i < KT_ENDS; i++)
		kt_ends[i].n = 0;
	m = kt_mbuf(p, shape, &same);
	kt_refusing();
	error = ngu_port_send(from->port, m);
	kt_granting();
	(void)!ngu_settle(g, 10000);
	if (same != NULL) {
		kept = ngt_from_mbuf(same);
		ngu_packet_free(same);
		ngt__expect_bytes(file, line, ngt__fail, p->b, p->len, kept.b, kept.len);
	}
	return (error);
}

__attribute__((__unused__)) static void
kt_only(KT_HERE, const struct kt_end *to)
{
	for (const struct kt_end *e = kt_ends; e < kt_ends + KT_ENDS; e++)
		kt_is(e->n, e == to);
}

__attribute__((__unused__)) static void
kt_goes_(KT_HERE, struct kt_end *from, struct ngt_pkt in, struct kt_end *to, struct ngt_pkt out)
{
	for (int shape = 0; shape < KT_SHAPES; shape++) {
		kt_is(kt_send_shape(file, line, from, &in, shape), 0);
		kt_only(file, line, to);
		ngt__expect_bytes(file, line, ngt__fail, out.b, out.len, to->pkt.b, to->pkt.len);
	}
}

__attribute__((__unused__)) static void
kt_fails_(KT_HERE, struct kt_end *from, struct ngt_pkt in, int error)
{
	for (int shape = 0; shape < KT_SHAPES; shape++) {
		kt_is(kt_send_shape(file, line, from, &in, shape), error);
		kt_only(file, line, NULL);
	}
}

__attribute__((__unused__)) static void
kt_short_(KT_HERE, struct kt_end *from, struct ngt_pkt in, struct kt_end *to, struct ngt_pkt out, int error)
{
	unsigned refused = 0;
	int e;

	for (int shape = 0; shape < KT_SHAPES; shape++)
		for (kt_at = 1;; kt_at++) {
			e = kt_send_shape(file, line, from, &in, shape);
			refused += e == error;
			kt_only(file, line, e == 0 ? to : NULL);
			if (e == 0)
				ngt__expect_bytes(file, line, ngt__fail, out.b, out.len, to->pkt.b, to->pkt.len);
			else if (e != ENOMEM)
				kt_is(e, error);
			if (kt_seen < kt_at)
				break;
		}
	kt_at = 0;
	_assert_true(refused != 0, "no memory was asked for", file, line);
}

/* Three in a burst, each shared, with each allocation refused in turn: what is not lost arrives, and the error is that of a lost one. */
__attribute__((__unused__)) static void
kt_burst_short_(KT_HERE, struct kt_end *from, struct ngt_pkt in, struct kt_end *to, struct ngt_pkt out, int error)
{
	struct mbuf *v[3], *same[3];
	unsigned refused = 0;
	int e;

	for (kt_at = 1;; kt_at++) {
		for (int i = 0; i < KT_ENDS; i++)
			kt_ends[i].n = 0;
		for (unsigned i = 0; i < 3; i++)
			v[i] = kt_mbuf(&in, KT_SHARED, &same[i]);
		kt_refusing();
		e = ngu_port_send_burst(from->port, v, 3);
		kt_granting();
		(void)!ngu_settle(g, 10000);
		for (unsigned i = 0; i < 3; i++)
			ngu_packet_free(same[i]);
		if (e == error)
			kt_is(to->n, 2);
		else if (e != ENOMEM)
			kt_is(e == 0 ? to->n : 0, 3);
		refused += e == error;
		if (to->n != 0)
			ngt__expect_bytes(file, line, ngt__fail, out.b, out.len, to->pkt.b, to->pkt.len);
		if (kt_seen < kt_at)
			break;
	}
	kt_at = 0;
	_assert_true(refused >= 3, "each of the three was lost once", file, line);
}

/* A command, with each of its allocations refused: carried out, or ENOMEM without an answer. How many times that was. */
__attribute__((__unused__)) static unsigned
kt_tell_short(const char *path, uint32_t cookie, uint32_t cmd, const void *arg, size_t len)
{
	struct ng_mesg *reply;
	unsigned refused = 0;
	int error;

	for (kt_at = 1;; kt_at++) {
		reply = NULL;
		kt_refusing();
		error = ngu_msg(g, path, cookie, cmd, arg, len, &reply);
		kt_granting();
		if (error != 0) {
			assert_int_equal(error, ENOMEM);
			assert_null(reply);
			refused++;
		}
		ngu_msg_free(reply);
		if (kt_seen < kt_at)
			break;
	}
	kt_at = 0;
	return (refused);
}

/* In by one end, out by another as `out`, and nowhere else: KT_SHAPES times. A packet is struct ngt_pkt or hex text. */
#define kt_goes(from, in, to, out) kt_goes_(__FILE__, __LINE__, (from), NGT_PKT(in), (to), NGT_PKT(out))
/* The same while each allocation on the way is refused in turn: what does not arrive fails with that error, as some do, or with ENOMEM. */
#define kt_short(from, in, to, out, error) kt_short_(__FILE__, __LINE__, (from), NGT_PKT(in), (to), NGT_PKT(out), (error))
#define kt_burst_short(from, in, to, out, error) kt_burst_short_(__FILE__, __LINE__, (from), NGT_PKT(in), (to), NGT_PKT(out), (error))
/* Refused with that error; 0: dropped without one. */
#define kt_fails(from, in, error) kt_fails_(__FILE__, __LINE__, (from), NGT_PKT(in), (error))

/* ---- two threads send while commands are carried out and hooks come and go; then the node goes ---- */

struct kt_storm {
	const char *type;
	const char *hooks[4]; /* the threads send by the first two (the first if there is only one); the last comes and goes */
	struct ngt_pkt pkt[2]; /* what they send */
	void (*tell)(unsigned round); /* commands for the node "x:"; may be NULL */
};

struct kt_sender {
	pthread_t thread;
	struct ngu_port *port;
	const struct ngt_pkt *pkt;
	_Atomic bool *stop;
	_Atomic unsigned sent;
};

static void *
kt_sender_main(void *arg)
{
	struct kt_sender *s = arg;
	struct mbuf *m;

	while (!atomic_load(s->stop)) {
		if ((m = ngu_packet(g, s->pkt->b, s->pkt->len)) == NULL)
			abort();
		(void)ngu_port_send(s->port, m);
		atomic_fetch_add(&s->sent, 1u);
	}
	return (NULL);
}

__attribute__((__unused__)) static void
kt_storm(const struct kt_storm *k)
{
	struct nt_end end[4];
	struct kt_sender s[2];
	_Atomic bool stop;
	unsigned hooks = 0, last;

	while (hooks < 4 && k->hooks[hooks] != NULL)
		hooks++;
	last = hooks - 1;
	for (unsigned round = 0; round < 3; round++) {
		memset(end, 0, sizeof(end));
		memset(s, 0, sizeof(s));
		atomic_init(&stop, false);
		ok(ngu_mknode(g, k->type, "x", NULL));
		for (unsigned i = 0; i < hooks; i++)
			ok(ngu_port_open(g, "x:", k->hooks[i], nt_rx_count, &end[i], &end[i].port));
		if (k->tell != NULL)
			k->tell(0);
		for (unsigned i = 0; i < 2; i++) {
			s[i].port = end[i % hooks].port;
			s[i].pkt = &k->pkt[i];
			s[i].stop = &stop;
			assert_int_equal(pthread_create(&s[i].thread, NULL, kt_sender_main, &s[i]), 0);
		}
		for (unsigned i = 1; i < 10; i++) {
			while (s[0].sent < 5 * i || s[1].sent < 5 * i)
				sched_yield();
			if (k->tell != NULL)
				k->tell(i);
			if (last >= 2) {
				nt_close(&end[last]);
				ok(ngu_port_open(g, "x:", k->hooks[last], nt_rx_count, &end[last], &end[last].port));
			}
			ok(ngu_clock_advance(g, 1000000));
		}
		ok(ngu_shutdown(g, "x:"));
		atomic_store(&stop, true);
		for (unsigned i = 0; i < 2; i++)
			assert_int_equal(pthread_join(s[i].thread, NULL), 0);
		for (unsigned i = 0; i < hooks; i++)
			nt_close(&end[i]);
		(void)!ngu_settle(g, 10000);
		assert_int_equal(ngu_lookup(g, "x:", NULL), ENOENT);
	}
}

#endif /* TESTS_NODES_KT_H */
