/* SPDX-License-Identifier: BSD-2-Clause */
/* expect.c - what arrived against what should have: packets, messages, method calls. */
#include "testkit.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netgraph/ng_message.h>

/* ---- bytes ---- */

static size_t
row(char *buf, size_t size, const char *what, const uint8_t *p, size_t len, size_t off, const uint8_t *other, size_t olen)
{
	char line[128];
	size_t i, n;

	n = (size_t)snprintf(line, sizeof(line), "  %04zx %-8s ", off, what);
	for (i = off; i < off + 16; i++) {
		bool differs = i < len && (i >= olen || p[i] != other[i]);

		if (i < len)
			n += (size_t)snprintf(line + n, sizeof(line) - n, "%c%02x", differs ? '*' : ' ', p[i]);
		else
			n += (size_t)snprintf(line + n, sizeof(line) - n, "   ");
	}
	n += (size_t)snprintf(line + n, sizeof(line) - n, "  |");
	for (i = off; i < off + 16 && i < len; i++)
		line[n++] = isprint(p[i]) ? (char)p[i] : '.';
	line[n++] = '|';
	line[n++] = '\n';
	line[n] = '\0';
	return ((size_t)snprintf(buf, size, "%s", line));
}

int
ngt_diff(char *buf, size_t size, const void *want, size_t wlen, const void *got, size_t glen)
{
	const uint8_t *w = want, *g = got;
	size_t first, max = wlen > glen ? wlen : glen, off, n = 0, rows = 0;

	if (size != 0)
		buf[0] = '\0';
	for (first = 0; first < wlen && first < glen && w[first] == g[first]; first++)
		;
	if (first == wlen && first == glen)
		return (0);
	n = (size_t)snprintf(buf, size, "bytes differ from offset %zu (0x%zx); expected %zu byte%s, got %zu\n", first, first, wlen,
	    NGT_S(wlen), glen);
	for (off = first & ~(size_t)15; off < max && n + 256 < size; off += 16) {
		size_t i;

		for (i = off; i < off + 16 && i < max; i++)
			if (i >= wlen || i >= glen || w[i] != g[i])
				break;
		if (i == off + 16 || i == max)
			continue;
		if (++rows > 8) {
			n += (size_t)snprintf(buf + n, size - n, "  ...\n");
			break;
		}
		if (off < wlen)
			n += row(buf + n, size - n, "expected", w, wlen, off, g, glen);
		if (off < glen)
			n += row(buf + n, size - n, "got", g, glen, off, w, wlen);
	}
	return (1);
}

void
ngt__expect_bytes(AT, const void *want, size_t wlen, const void *got, size_t glen)
{
	char buf[4096];

	if (ngt_diff(buf, sizeof(buf), want, wlen, got, glen)) {
		ngt__say("%s", buf);
		ngt__fail_now(file, line, fail);
	}
}

/* ---- probes ---- */

static const char *
where(const char *hook)
{
	return (hook != NULL ? hook : "any hook");
}

/* First record not looked at yet. */
static struct ngt_rec *
first(struct ngt_probe *p, const char *hook)
{
	struct ngt_rec *r;

	ngt__lock();
	for (r = p->first; r != NULL; r = r->next)
		if (!r->taken && (hook == NULL || strcmp(r->hook, hook) == 0))
			break;
	ngt__unlock();
	return (r);
}

static void
say_rec(const struct ngt_rec *r)
{
	if (r->is_msg)
		ngt__say("a message %u:%u%s with %zu byte%s", (unsigned)r->cookie,
		    (unsigned)(r->cmd & ~(NGM_READONLY | NGM_HASREPLY)), r->reply ? " (reply)" : "", r->len, NGT_S(r->len));
	else
		ngt__say("a packet of %zu byte%s", r->len, NGT_S(r->len));
	if (r->hook[0] != '\0')
		ngt__say(" at hook \"%s\"", r->hook);
}

static void
say_bytes(const struct ngt_rec *r)
{
	size_t off;
	char buf[160];

	for (off = 0; off < r->len && off < 64; off += 16) {
		(void)row(buf, sizeof(buf), "got", r->data, r->len, off, r->data, r->len);
		ngt__say("%s", buf);
	}
}

void
ngt__expect(AT, struct ngt_probe *p, const char *hook, struct ngt_pkt pkt)
{
	struct ngt_rec *r;
	char buf[4096];

	ngt__settle(file, line, fail, p->t);
	r = first(p, hook);
	if (r == NULL) {
		ngt__say("expected a packet of %zu byte%s at %s, got nothing\n", pkt.len, NGT_S(pkt.len), where(hook));
	} else if (r->is_msg) {
		ngt__say("expected a packet of %zu byte%s at %s, got ", pkt.len, NGT_S(pkt.len), where(hook));
		say_rec(r);
	} else {
		r->taken = true;
		if (!ngt_diff(buf, sizeof(buf), pkt.b, pkt.len, r->data, r->len))
			return;
		ngt__say("packet at hook \"%s\": %s", r->hook, buf);
	}
	ngt__fail_now(file, line, fail);
}

void
ngt__expect_none(AT, struct ngt_probe *p, const char *hook)
{
	struct ngt_rec *r;

	ngt__settle(file, line, fail, p->t);
	if ((r = first(p, hook)) == NULL)
		return;
	ngt__say("expected nothing at %s, got ", where(hook));
	say_rec(r);
	ngt__say("\n");
	say_bytes(r);
	ngt__fail_now(file, line, fail);
}

void
ngt__expect_msg(AT, struct ngt_probe *p, const char *hook, uint32_t cookie, uint32_t cmd, const void *arg, size_t len)
{
	struct ngt_rec *r;
	char buf[4096];

	ngt__settle(file, line, fail, p->t);
	r = first(p, hook);
	if (r == NULL || !r->is_msg || r->cookie != cookie || r->cmd != cmd) {
		ngt__say("expected a message %u:%u at %s, got ", (unsigned)cookie,
		    (unsigned)(cmd & ~(NGM_READONLY | NGM_HASREPLY)), where(hook));
		if (r != NULL)
			say_rec(r);
		else
			ngt__say("nothing");
		ngt__fail_now(file, line, fail);
		return;
	}
	r->taken = true;
	if (ngt_diff(buf, sizeof(buf), arg, len, r->data, r->len)) {
		ngt__say("message %u:%u: %s", (unsigned)cookie, (unsigned)(cmd & ~(NGM_READONLY | NGM_HASREPLY)), buf);
		ngt__fail_now(file, line, fail);
	}
}

const struct ngt_rec *
ngt__recv(AT, struct ngt_probe *p, const char *hook)
{
	struct ngt_rec *r;

	ngt__settle(file, line, fail, p->t);
	if ((r = first(p, hook)) != NULL)
		r->taken = true;
	return (r);
}

size_t
ngt__count(AT, struct ngt_probe *p, const char *hook)
{
	struct ngt_rec *r;
	size_t n = 0;

	ngt__settle(file, line, fail, p->t);
	ngt__lock();
	for (r = p->first; r != NULL; r = r->next)
		n += !r->taken && (hook == NULL || strcmp(r->hook, hook) == 0);
	ngt__unlock();
	return (n);
}

void
ngt__send(AT, struct ngt_probe *p, const char *hook, struct ngt_pkt pkt, int flags)
{
	int error = ngt__try_send(p, hook, pkt, flags);

	if (error != 0) {
		ngt__say("sending %zu byte%s out of %s: %s\n", pkt.len, NGT_S(pkt.len), where(hook), ngt__errname(error));
		ngt__fail_now(file, line, fail);
	}
}

void
ngt_refuse(struct ngt_probe *p, int error)
{
	ngt__lock();
	p->error = error;
	ngt__unlock();
}

void
ngt_answer(struct ngt_probe *p, const void *data, size_t len)
{
	void *copy = NULL, *old;

	if (data != NULL) {
		copy = ngt__alloc(len);
		memcpy(copy, data, len);
	}
	ngt__lock();
	old = p->answer;
	p->answer = copy;
	p->answer_len = len;
	p->answering = data != NULL;
	ngt__unlock();
	ngt__free(old);
}

void
ngt_discard(struct ngt_probe *p, bool on)
{
	ngt__lock();
	p->discard = on;
	ngt__unlock();
}

void
ngt_limit(struct ngt_probe *p, uint64_t n)
{
	ngt__lock();
	p->limited = n != UINT64_MAX;
	p->room = n;
	ngt__unlock();
}

uint64_t
ngt_packets(const struct ngt_probe *p)
{
	uint64_t n;

	ngt__lock();
	n = p->packets;
	ngt__unlock();
	return (n);
}

/* ---- traces ---- */

static char *trace; /* "line; line"; under the kit's lock */
static size_t trace_len, trace_room;

void
ngt__trace_append(const char *line)
{
	size_t n = strlen(line);
	char *bigger;

	ngt__lock();
	if (trace_len + n + 3 > trace_room) {
		trace_room = (trace_len + n + 3) * 2;
		bigger = ngt__alloc(trace_room);
		ngt__keep(bigger);
		if (trace != NULL)
			memcpy(bigger, trace, trace_len);
		ngt__free(trace);
		trace = bigger;
	}
	if (trace_len != 0) {
		memcpy(trace + trace_len, "; ", 2);
		trace_len += 2;
	}
	memcpy(trace + trace_len, line, n + 1);
	trace_len += n;
	ngt__unlock();
}

void
ngt_trace_note(const char *fmt, ...)
{
	char line[160];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	ngt__trace_append(line);
}

const char *
ngt_trace_text(void)
{
	return (trace_len != 0 ? trace : "");
}

void
ngt_trace_clear(void)
{
	ngt__lock();
	trace_len = 0;
	ngt__unlock();
}

static size_t
say_line(const char *mark, const char *s)
{
	const char *e = strstr(s, "; ");
	size_t n = e != NULL ? (size_t)(e - s) : strlen(s);

	ngt__say("  %s %.*s\n", mark, (int)n, s);
	return (e != NULL ? n + 2 : n);
}

void
ngt__trace_type(AT, const char *name, unsigned flags)
{
	int error = ngt__trace_make(name, flags);

	if (error != 0) {
		ngt__say("trace type \"%s\": %s\n", name, ngt__errname(error));
		ngt__fail_now(file, line, fail);
	}
}

void
ngt__expect_trace(AT, const char *text)
{
	const char *got = ngt_trace_text(), *w = text, *g = got;

	if (strcmp(got, text) == 0) {
		ngt_trace_clear();
		return;
	}
	ngt__say("calls differ (- expected, + got)\n");
	while (*w != '\0' || *g != '\0') {
		const char *we = strstr(w, "; "), *ge = strstr(g, "; ");
		size_t wn = we != NULL ? (size_t)(we - w) : strlen(w), gn = ge != NULL ? (size_t)(ge - g) : strlen(g);

		if (wn == gn && wn != 0 && strncmp(w, g, wn) == 0) {
			w += say_line(" ", w);
			g += gn + (ge != NULL ? 2 : 0);
			continue;
		}
		if (*w != '\0')
			w += say_line("-", w);
		if (*g != '\0')
			g += say_line("+", g);
	}
	ngt_trace_clear();
	ngt__fail_now(file, line, fail);
}
