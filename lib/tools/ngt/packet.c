/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packet.c - packets as text: pieces one after the other.
 *
 *	00 11 2233        bytes
 *	"hi\n\x00"        the characters
 *	00*46  "ab"*3     repeated
 *	$  $name          the packet sent last; one that was given a name
 *	eth(dst, src, PACKET) vlan(vid, pcp, PACKET) arp(op, sha, spa, tha, tpa)
 *	ip4(src, dst, PACKET) ip6(src, dst, PACKET) udp(sport, dport, PACKET) tcp(sport, dport, seq, ack, flags, PACKET)
 *	icmp(type, id, seq, PACKET) icmp6(type, id, seq, PACKET) pattern(length, seed)
 *	set(offset, hex, PACKET) fix(PACKET)    overwrite bytes; put lengths and checksums right
 *	pcap(file, n) is not here: a capture is sent or expected as a whole
 */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef NGU_HAVE_PCAP
#include <pcap/pcap.h>
#endif

#include "ngt.h"

#define NESTING 16

/* The kit's builders say what they do not like by a function that does not return. */
static _Thread_local jmp_buf *leave;
static _Thread_local char *complaint;

static void
refuse(const char *file, int line, const char *text)
{
	(void)file;
	(void)line;
	(void)snprintf(complaint, 128, "%.*s", (int)strcspn(text, "\n"), text);
	longjmp(*leave, 1);
}

#define HERE "", 0, refuse

static void wrong(const char *fmt, ...) __attribute__((__format__(__printf__, 1, 2), __noreturn__));

static void
wrong(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(complaint, 128, fmt, ap);
	va_end(ap);
	longjmp(*leave, 1);
}

struct reader {
	const char *p;
	const struct named *names;
	const struct ngt_pkt *last;
	unsigned depth;
};

static void
blanks(struct reader *r)
{
	while (isspace((unsigned char)*r->p))
		r->p++;
}

static bool
is_end(const struct reader *r)
{
	return (*r->p == '\0' || *r->p == '#' || *r->p == ',' || *r->p == ')' || *r->p == '!');
}

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return (c - '0');
	c = (char)tolower((unsigned char)c);
	return (c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1);
}

static void
add(struct ngt_pkt *to, const void *bytes, size_t len)
{
	if (len > sizeof(to->b) - to->len)
		wrong("longer than %d bytes", NGT_PKT_MAX);
	memcpy(to->b + to->len, bytes, len);
	to->len += len;
}

static void
quoted(struct reader *r, struct ngt_pkt *to)
{
	for (r->p++; *r->p != '"'; r->p++) {
		char c = *r->p;

		if (c == '\0')
			wrong("the text in quotes does not end");
		if (c == '\\') {
			switch (c = *++r->p) {
			case 'n':
				c = '\n';
				break;
			case 'r':
				c = '\r';
				break;
			case 't':
				c = '\t';
				break;
			case 'x':
				if (digit(r->p[1]) < 0 || digit(r->p[2]) < 0)
					wrong("\\x wants two digits");
				c = (char)(digit(r->p[1]) << 4 | digit(r->p[2]));
				r->p += 2;
				break;
			case '\0':
				wrong("the text in quotes does not end");
			}
		}
		add(to, &c, 1);
	}
	r->p++;
}

/* An argument that is a word: an address, a number. */
static void
word(struct reader *r, char *buf, size_t size)
{
	size_t n = 0;

	blanks(r);
	while (*r->p != '\0' && *r->p != ',' && *r->p != ')') {
		if (n + 1 == size)
			wrong("an argument is too long");
		buf[n++] = *r->p++;
	}
	while (n > 0 && isspace((unsigned char)buf[n - 1]))
		n--;
	buf[n] = '\0';
	if (n == 0)
		wrong("an argument is missing");
}

static void
comma(struct reader *r)
{
	blanks(r);
	if (*r->p != ',')
		wrong("there are arguments missing before \"%.10s\"", r->p);
	r->p++;
}

static unsigned long
number(struct reader *r, unsigned long max)
{
	char buf[32], *end;
	unsigned long n;

	word(r, buf, sizeof(buf));
	n = strtoul(buf, &end, 0);
	if (*end != '\0' || n > max)
		wrong("\"%s\" is no number up to %lu", buf, max);
	return (n);
}

static void pieces(struct reader *r, struct ngt_pkt *to);

static struct ngt_pkt
inner(struct reader *r)
{
	struct ngt_pkt p = { .kind = NGT_RAW };

	pieces(r, &p);
	return (p);
}

static unsigned
tcp_flags(struct reader *r)
{
	static const char letters[] = "FSRPA";
	char buf[16];
	unsigned f = 0;

	word(r, buf, sizeof(buf));
	if (isdigit((unsigned char)buf[0]))
		return ((unsigned)strtoul(buf, NULL, 0));
	for (const char *p = buf; *p != '\0'; p++) {
		const char *l = strchr(letters, toupper((unsigned char)*p));

		if (l == NULL)
			wrong("TCP flags are letters of %s, not \"%s\"", letters, buf);
		f |= 1u << (l - letters);
	}
	return (f);
}

static struct ngt_pkt
built(struct reader *r, const char *fn)
{
	char a[64], b[64], c[64], d[64];
	unsigned long n[4];
	struct ngt_pkt p = { .kind = NGT_RAW };

	if (strcmp(fn, "eth") == 0 || strcmp(fn, "ip4") == 0 || strcmp(fn, "ip6") == 0) {
		word(r, a, sizeof(a));
		comma(r);
		word(r, b, sizeof(b));
		comma(r);
		p = inner(r);
		return (fn[0] == 'e' ? ngt__eth(HERE, a, b, p) : fn[2] == '4' ? ngt__ip4(HERE, a, b, p) : ngt__ip6(HERE, a, b, p));
	}
	if (strcmp(fn, "udp") == 0 || strcmp(fn, "vlan") == 0) {
		n[0] = number(r, 65535);
		comma(r);
		n[1] = number(r, 65535);
		comma(r);
		p = inner(r);
		return (fn[0] == 'u' ? ngt__udp(HERE, (unsigned)n[0], (unsigned)n[1], p) : ngt__vlan(HERE, (unsigned)n[0], (unsigned)n[1], p));
	}
	if (strcmp(fn, "tcp") == 0) {
		unsigned flags;

		for (int i = 0; i < 4; i++) {
			n[i] = number(r, i < 2 ? 65535 : UINT32_MAX);
			comma(r);
		}
		flags = tcp_flags(r);
		comma(r);
		p = inner(r);
		return (ngt__tcp(HERE, (unsigned)n[0], (unsigned)n[1], (uint32_t)n[2], (uint32_t)n[3], flags, p));
	}
	if (strcmp(fn, "icmp") == 0 || strcmp(fn, "icmp6") == 0) {
		for (int i = 0; i < 3; i++) {
			n[i] = number(r, 65535);
			comma(r);
		}
		p = inner(r);
		return (ngt__icmp(HERE, fn[4] == '6' ? NGT_ICMP6 : NGT_ICMP, (unsigned)n[0], (unsigned)n[1], (unsigned)n[2], p));
	}
	if (strcmp(fn, "arp") == 0) {
		n[0] = number(r, 65535);
		comma(r);
		word(r, a, sizeof(a));
		comma(r);
		word(r, b, sizeof(b));
		comma(r);
		word(r, c, sizeof(c));
		comma(r);
		word(r, d, sizeof(d));
		return (ngt__arp(HERE, (unsigned)n[0], a, b, c, d));
	}
	if (strcmp(fn, "pattern") == 0) {
		n[0] = number(r, NGT_PKT_MAX);
		comma(r);
		n[1] = number(r, UINT32_MAX);
		return (ngt__pattern(HERE, n[0], (unsigned)n[1]));
	}
	if (strcmp(fn, "set") == 0) {
		n[0] = number(r, NGT_PKT_MAX);
		comma(r);
		word(r, a, sizeof(a));
		comma(r);
		p = inner(r);
		return (ngt__set(HERE, p, n[0], a));
	}
	if (strcmp(fn, "fix") == 0)
		return (ngt_fix(inner(r)));
	wrong("there is no %s()", fn);
}

static void
dollar(struct reader *r, struct ngt_pkt *to, bool alone)
{
	char name[32];
	size_t n = 0;

	for (r->p++; isalnum((unsigned char)*r->p) || *r->p == '_'; r->p++)
		if (n < sizeof(name) - 1)
			name[n++] = *r->p;
	name[n] = '\0';
	if (n == 0) {
		if (alone)
			to->kind = r->last->kind;
		add(to, r->last->b, r->last->len);
		return;
	}
	for (const struct named *k = r->names; k != NULL; k = k->next) {
		if (strcmp(k->name, name) == 0) {
			if (alone)
				to->kind = k->pkt.kind;
			add(to, k->pkt.b, k->pkt.len);
			return;
		}
	}
	wrong("no packet was called %s", name);
}

static void
piece(struct reader *r, struct ngt_pkt *to, bool alone)
{
	size_t from = to->len, len;
	char fn[16];
	size_t n = 0;

	if (*r->p == '"') {
		quoted(r, to);
	} else if (*r->p == '$') {
		dollar(r, to, alone);
	} else if (digit(r->p[0]) >= 0 && digit(r->p[1]) >= 0 && r->p[strspn(r->p, "0123456789abcdefABCDEF")] != '(') {
		while (digit(r->p[0]) >= 0) {
			uint8_t byte;

			if (digit(r->p[1]) < 0)
				wrong("an odd number of hexadecimal digits before \"%.10s\"", r->p + 1);
			byte = (uint8_t)(digit(r->p[0]) << 4 | digit(r->p[1]));
			add(to, &byte, 1);
			r->p += 2;
		}
	} else if (isalpha((unsigned char)*r->p)) {
		struct ngt_pkt p;

		while (isalnum((unsigned char)*r->p) && n < sizeof(fn) - 1)
			fn[n++] = *r->p++;
		fn[n] = '\0';
		if (*r->p != '(')
			wrong("\"%s\" is neither hexadecimal nor a function with its arguments", fn);
		r->p++;
		p = built(r, fn);
		blanks(r);
		if (*r->p != ')')
			wrong("%s() has too many arguments, or no \")\"", fn);
		r->p++;
		if (alone)
			to->kind = p.kind;
		add(to, p.b, p.len);
	} else {
		wrong("\"%.10s\" is no packet", r->p);
	}
	if (*r->p == '*') {
		char *end;
		unsigned long times = strtoul(r->p + 1, &end, 10);

		if (end == r->p + 1 || times > NGT_PKT_MAX)
			wrong("\"%.10s\": a number must follow", r->p);
		r->p = end;
		len = to->len - from;
		if (times == 0)
			to->len = from;
		for (; times > 1; times--)
			add(to, to->b + from, len);
	}
}

static void
pieces(struct reader *r, struct ngt_pkt *to)
{
	if (++r->depth > NESTING)
		wrong("too deep");
	blanks(r);
	for (bool first = true; !is_end(r); first = false) {
		if (!first)
			to->kind = NGT_RAW;
		piece(r, to, first);
		blanks(r);
	}
	r->depth--;
}

bool
packet_parse(const char **text, const struct named *names, const struct ngt_pkt *last, struct ngt_pkt *out, char *why)
{
	struct reader r = { .p = *text, .names = names, .last = last };
	jmp_buf here;

	out->len = 0;
	out->kind = NGT_RAW;
	leave = &here;
	complaint = why;
	if (setjmp(here) != 0)
		return (false);
	pieces(&r, out);
	if (*r.p == ',' || *r.p == ')')
		wrong("\"%c\" is too much", *r.p);
	*text = r.p;
	return (true);
}

/* ---- captures ---- */

#ifdef NGU_HAVE_PCAP
struct captured {
	pcap_t *p;
};

struct captured *
captured_open(const char *file, char *why)
{
	struct captured *c = calloc(1, sizeof(*c));
	char err[PCAP_ERRBUF_SIZE];

	if (c != NULL && (c->p = pcap_open_offline(file, err)) != NULL)
		return (c);
	(void)snprintf(why, 128, "%.120s", c == NULL ? "no memory" : err);
	free(c);
	return (NULL);
}

int
captured_next(struct captured *c, struct ngt_pkt *out, char *why)
{
	struct pcap_pkthdr *h;
	const u_char *bytes;
	int r = pcap_next_ex(c->p, &h, &bytes);

	if (r == PCAP_ERROR_BREAK)
		return (0);
	if (r != 1) {
		(void)snprintf(why, 128, "%.120s", pcap_geterr(c->p));
		return (-1);
	}
	if (h->caplen > NGT_PKT_MAX) {
		(void)snprintf(why, 128, "a packet of %u bytes; at most %d", h->caplen, NGT_PKT_MAX);
		return (-1);
	}
	out->kind = NGT_RAW;
	out->len = h->caplen;
	memcpy(out->b, bytes, h->caplen);
	return (1);
}

void
captured_close(struct captured *c)
{
	pcap_close(c->p);
	free(c);
}
#else
struct captured *
captured_open(const char *file, char *why)
{
	(void)snprintf(why, 128, "%.40s: built without libpcap", file);
	return (NULL);
}

int
captured_next(struct captured *c, struct ngt_pkt *out, char *why)
{
	(void)c;
	(void)out;
	(void)why;
	return (-1);
}

void
captured_close(struct captured *c)
{
	(void)c;
}
#endif
