/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_inspect.c - those who look at a graph, beside those who use it: refusals that are written and read, captures that are opened, read and
 * closed under packets, traces that begin and end.
 */
#include "lab/lab_test.h"
#include "lab/ng_lab.h"

#include <ng/inspect.h>

static struct ng_node *node;
static struct ngu_port *loose[2]; /* connected to nothing */
static struct ngu_cap *cap;
static _Atomic uint32_t seen;

/* ---- what was refused ---- */

/* Two places, of which there is room for one. */
static int
refusers(void *arg)
{
	int error;

	(void)arg;
	if ((error = lt_graph(0)) != 0 || (error = ngu_port_create(g, "one", NULL, NULL, &loose[0])) != 0 ||
	    (error = ngu_mknode(g, "lab", "q", NULL)) != 0 || (error = ngu_port_open(g, "q:", "queue", NULL, NULL, &lt_in)) != 0)
		return (error);
	return ((node = lab_find("q")) == NULL ? ENOENT : 0);
}

static void
refused_loose(void *arg)
{
	struct mbuf *m = ngu_packet(g, "12345", 5);

	(void)arg;
	ngu_lab_check(m != NULL && ngu_port_send(loose[0], m) == ENOTCONN);
}

static void
refused_twice(void *arg)
{
	refused_loose(arg);
	refused_loose(arg);
}

/* A burst of a packet, which is queued, and of none. */
static void
refused_none(void *arg)
{
	struct mbuf *m = ngu_packet(g, "1", 1);

	(void)arg;
	ngu_lab_check(m != NULL);
	ngu_lab_check(ngu_port_send_burst(lt_in, (struct mbuf *[]){ m, NULL }, 2) == 0);
}

/* Whatever it says belongs together. */
static void
reads_why(void *arg)
{
	struct ngu_why *w;
	uint64_t n = 0;

	(void)arg;
	ngu_lab_check(ngu_why(g, NULL, &w) == 0);
	for (uint32_t i = 0; i < w->nrecs; i++) {
		const struct ngu_why_rec *r = NGU_WHY_REC(w, i);

		n += r->count;
		if (r->reason == NGU_R_NO_HOOK)
			ngu_lab_check(r->node == 0 && r->hook[0] == '\0' && r->error == ENETDOWN && r->len == 5 && r->count <= 2);
		else
			ngu_lab_check(r->reason == NGU_R_NO_MBUF && r->node != 0 && r->hook[0] != '\0' && r->error == EINVAL && r->len == 0 &&
			    r->count == 1);
	}
	ngu_lab_check(n <= 2); /* there is one place */
	ngu_inspect_free(w);
}

/* Its place is taken by another. */
static int
refused_before(void *arg)
{
	int error = refusers(arg);

	if (error == 0)
		refused_none(arg);
	return (error);
}

static void
end_refused(void *arg)
{
	reads_why(NULL);
	ngu_port_close(loose[0]);
	lab_drop(node);
	lt_end(arg);
}

/* ---- captures ---- */

static int
line(const char *hook)
{
	int error;

	if ((error = lt_graph(0)) != 0 || (error = ngu_mknode(g, "lab", "q", NULL)) != 0 ||
	    (error = ngu_port_open(g, "q:", hook, NULL, NULL, &lt_in)) != 0 ||
	    (error = ngu_port_open(g, "q:", "out", lt_rx, &lt_sink, &lt_out)) != 0)
		return (error);
	return ((node = lab_find("q")) == NULL ? ENOENT : 0);
}

static void
send1(void *arg)
{
	(void)arg;
	ngu_lab_check(lt_send(lt_in, 0, 1) == 0);
}

static void
send2(void *arg)
{
	send1(arg);
	ngu_lab_check(lt_send(lt_in, 0, 2) == 0);
}

static void
send_other(void *arg)
{
	(void)arg;
	ngu_lab_check(lt_send(lt_out2, 1, 1) == 0);
}

static int
open_at(const char *hook, uint32_t dirs, ngu_cap_fn *fn)
{
	struct ngu_cap_opts o = { .size = sizeof(o), .dirs = dirs, .buffer = 1, .fn = fn };

	return (ngu_capture_open(g, "q:", hook, &o, &cap));
}

/* Whole records, of the two senders' packets, each in order; how many. */
static unsigned
drain(struct ngu_cap *c, uint32_t *last)
{
	_Alignas(8) unsigned char buf[64];
	struct ngu_cap_rec r;
	unsigned n = 0;
	size_t got, at;

	ngu_lab_check(ngu_capture_read(c, buf, sizeof(buf), &got) == 0);
	for (at = 0; at < got; at += r.size, n++) {
		memcpy(&r, buf + at, sizeof(r));
		ngu_lab_check(r.size == 32 && r.caplen == 2 && r.len == 2 && buf[at + sizeof(r)] < 2);
		ngu_lab_check(buf[at + sizeof(r) + 1] > last[buf[at + sizeof(r)]] && buf[at + sizeof(r) + 1] <= 5);
		last[buf[at + sizeof(r)]] = buf[at + sizeof(r) + 1];
	}
	return (n);
}

/* Opened, read and closed: packets of before and after are not in it, none twice. */
static void
watches(void *arg)
{
	uint32_t last[2] = { 0 };

	ngu_lab_check(open_at(arg, NGU_CAP_IN, NULL) == 0);
	ngu_lab_check(drain(cap, last) <= 2);
	ngu_lab_check(ngu_capture_close(cap) == 0);
}

static void
watches_in(void *arg)
{
	(void)arg;
	watches((void *)(uintptr_t)"in");
}

static void
watches_queue(void *arg)
{
	(void)arg;
	watches((void *)(uintptr_t)"queue");
}

/* Its function is not called when it is closed, which the lab sees: `alive` is plain memory. */
static struct {
	bool there;
} *alive;

static void
looks(void *arg, const struct ngu_cap_rec *rec, const struct mbuf *m)
{
	(void)arg;
	(void)m;
	seen++; /* a point at which others may run */
	ngu_lab_check(alive->there && rec->dir == NGU_CAP_OUT);
}

static void
calls(void *arg)
{
	(void)arg;
	alive = malloc(sizeof(*alive));
	ngu_lab_check(alive != NULL);
	alive->there = true;
	ngu_lab_check(open_at("out", NGU_CAP_OUT, looks) == 0);
	ngu_lab_check(seen <= 1); /* so that it is both threads', and a point */
	ngu_lab_check(ngu_capture_close(cap) == 0);
	alive->there = false;
	free(alive);
}

static int
line_in(void *arg)
{
	(void)arg;
	return (line("in"));
}

/* Another capture, at another hook, all the time. */
static struct ngu_cap *always;

static int
line_watched(void *arg)
{
	struct ngu_cap_opts o = { .size = sizeof(o), .dirs = NGU_CAP_IN, .buffer = 1 };
	int error = line_in(arg);

	return (error != 0 ? error : ngu_capture_open(g, "q:", "in", &o, &always));
}

static void
watches_out(void *arg)
{
	(void)arg;
	ngu_lab_check(open_at("out", NGU_CAP_IN, NULL) == 0);
	ngu_lab_check(ngu_capture_close(cap) == 0);
}

static int
line_queue(void *arg)
{
	(void)arg;
	return (line("queue"));
}

/* A buffer for two packets, three packets by two senders, somebody who reads. */
static int
ring(void *arg)
{
	int error;

	if ((error = line_in(arg)) != 0 || (error = ngu_port_open(g, "q:", "in2", NULL, NULL, &lt_out2)) != 0)
		return (error);
	return (open_at("out", NGU_CAP_OUT, NULL));
}

/* The same, full. */
static int
ring_full(void *arg)
{
	int error;

	if ((error = ring(arg)) == 0 && lt_send(lt_in, 0, 1) == 0 && lt_send(lt_in, 0, 2) != 0)
		error = ENOBUFS;
	return (error);
}

static void
send_more(void *arg)
{
	(void)arg;
	ngu_lab_check(lt_send(lt_in, 0, 3) == 0);
	ngu_lab_check(lt_send(lt_in, 0, 4) == 0);
}

static uint32_t read_last[2];
static _Atomic unsigned read_n;

static void
reads(void *arg)
{
	(void)arg;
	read_n += drain(cap, read_last);
	read_n += drain(cap, read_last);
}

static void
end_ring(void *arg)
{
	struct ngu_cap_stat s;

	read_n += drain(cap, read_last);
	ngu_lab_check(lt_send(lt_in, 0, 5) == 0); /* there is room */
	ngu_lab_check(drain(cap, read_last) == 1 && read_last[0] == 5);
	read_n++;
	ngu_capture_stat(cap, &s);
	ngu_lab_check(s.seen == lt_sent && s.stored == read_n && s.stored + s.dropped == s.seen);
	ngu_lab_check(ngu_capture_close(cap) == 0);
	lab_drop(node);
	lt_end(arg);
}

static void
end_line(void *arg)
{
	lt_accounts();
	if (lt_sink.got != lt_sent || lt_ok != lt_sent)
		ngu_lab_fail("%u packets sent, %u came", lt_sent, lt_sink.got);
	ngu_lab_check(lab_at_rest(node));
	lab_drop(node);
	lt_end(arg);
}

static void
end_watched(void *arg)
{
	uint32_t last[2] = { 0 };

	ngu_lab_check(drain(always, last) == lt_sent);
	ngu_lab_check(ngu_capture_close(always) == 0);
	end_line(arg);
}

/* ---- traces ---- */

static void
traces(void *arg)
{
	struct ngu_trace *t;

	ngu_lab_check(ngu_trace_start(g, "q:", arg, 1) == 0);
	ngu_lab_check(ngu_trace_read(g, &t) == 0);
	for (uint32_t i = 0; i < t->nrecs; i++) {
		const struct ngu_trace_rec *r = NGU_TRACE_REC(t, i);

		ngu_lab_check(r->packet == 1 && r->len == 2 && r->count == 1 && (r->done == 0 || r->result == 0));
		ngu_lab_check(strcmp(r->hook, arg) == 0 ? strcmp(r->name, "q") == 0 : strcmp(r->type, "port") == 0);
	}
	ngu_inspect_free(t);
	ngu_lab_check(ngu_trace_stop(g) == 0);
}

/* There is none, or it is complete. */
static void
reads_trace(void *arg)
{
	struct ngu_trace *t;
	int error = ngu_trace_read(g, &t);

	(void)arg;
	ngu_lab_check(error == ENOENT || (error == 0 && t->packets == 1 && t->nrecs == 0));
	ngu_inspect_free(t);
}

static void
traces_in(void *arg)
{
	(void)arg;
	traces((void *)(uintptr_t)"in");
}

static void
traces_queue(void *arg)
{
	(void)arg;
	traces((void *)(uintptr_t)"queue");
}

static const struct ngu_lab why_write = { .name = "why-write", .setup = refusers, .points = LT_POINTS(65),
	.body = { { "refuse", refused_twice }, { "refuse too", refused_none } }, .end = end_refused };
static const struct ngu_lab why_read = { .name = "why-read", .setup = refused_before, .points = LT_POINTS(14),
	.body = { { "refuse", refused_loose }, { "read", reads_why } }, .end = end_refused };
static const struct ngu_lab capture_open = { .name = "capture-open", .setup = line_in, .points = LT_POINTS(32),
	.body = { { "send", send2 }, { "watch", watches_in } }, .end = end_line };
static const struct ngu_lab capture_queue = { .name = "capture-queue", .setup = line_queue, .points = LT_POINTS(85),
	.body = { { "send", send1 }, { "watch", watches_queue } }, .end = end_line };
static const struct ngu_lab capture_call = { .name = "capture-call", .setup = line_in, .points = LT_POINTS(21),
	.body = { { "send", send1 }, { "watch", calls } }, .end = end_line };
static const struct ngu_lab capture_ring = { .name = "capture-ring", .setup = ring, .points = LT_POINTS(13),
	.body = { { "send", send2 }, { "read", reads } }, .end = end_ring };
static const struct ngu_lab capture_ring2 = { .name = "capture-ring-2", .setup = ring, .points = LT_POINTS(15),
	.body = { { "send", send2 }, { "send too", send_other } }, .end = end_ring };
static const struct ngu_lab capture_again = { .name = "capture-again", .setup = ring_full, .points = LT_POINTS(13),
	.body = { { "send", send_more }, { "read", reads } }, .end = end_ring };
static const struct ngu_lab capture_two = { .name = "capture-two", .setup = line_watched, .points = LT_POINTS(13),
	.body = { { "send", send2 }, { "watch", watches_out } }, .end = end_watched };
static const struct ngu_lab trace_in = { .name = "trace-in", .setup = line_in, .points = LT_POINTS(33), .body = { { "send", send2 }, { "trace", traces_in } }, .end = end_line };
static const struct ngu_lab trace_queue = { .name = "trace-queue", .setup = line_queue, .points = LT_POINTS(81),
	.body = { { "send", send1 }, { "trace", traces_queue } }, .end = end_line };
static const struct ngu_lab trace_read = { .name = "trace-read", .setup = line_in, .points = LT_POINTS(11),
	.body = { { "trace", traces_in }, { "read", reads_trace } }, .end = end_line };

LT_TEST(why_write)
LT_TEST(why_read)
LT_TEST(capture_open)
LT_TEST(capture_queue)
LT_TEST(capture_call)
LT_TEST(capture_ring)
LT_TEST(capture_ring2)
LT_TEST(capture_again)
LT_TEST(capture_two)
LT_TEST(trace_in)
LT_TEST(trace_queue)
LT_TEST(trace_read)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_why_write),
		cmocka_unit_test(test_why_read),
		cmocka_unit_test(test_capture_open),
		cmocka_unit_test(test_capture_queue),
		cmocka_unit_test(test_capture_call),
		cmocka_unit_test(test_capture_ring),
		cmocka_unit_test(test_capture_ring2),
		cmocka_unit_test(test_capture_again),
		cmocka_unit_test(test_capture_two),
		cmocka_unit_test(test_trace_in),
		cmocka_unit_test(test_trace_queue),
		cmocka_unit_test(test_trace_read),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
