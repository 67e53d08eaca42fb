/* SPDX-License-Identifier: BSD-2-Clause */
/* packet.c - packets from text and from builders, with the lengths and checksums that the protocols want. */
#include "testkit.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#include <ng/packet.h>

static void
put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void
put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static unsigned
get16(const uint8_t *p)
{
	return ((unsigned)p[0] << 8 | p[1]);
}

static uint32_t
sum(const uint8_t *p, size_t len, uint32_t s)
{
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		s += get16(p + i);
	if (len & 1)
		s += (uint32_t)p[len - 1] << 8;
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (s);
}

static struct ngt_pkt
bad(AT, const char *why, const char *text)
{
	static const struct ngt_pkt none;

	ngt__say("packet: %s: \"%s\"\n", why, text);
	ngt__fail_now(file, line, fail);
	return (none);
}

/* `n` zero bytes in front. */
static struct ngt_pkt
front(AT, struct ngt_pkt p, size_t n, enum ngt_kind kind)
{
	if (p.len + n > NGT_PKT_MAX)
		return (bad(file, line, fail, "longer than NGT_PKT_MAX", "header"));
	memmove(p.b + n, p.b, p.len);
	memset(p.b, 0, n);
	p.len += n;
	p.kind = kind;
	return (p);
}

/* ---- raw ---- */

struct ngt_pkt
ngt__hex(AT, const char *text)
{
	struct ngt_pkt p;
	const char *s;
	int half = -1;

	memset(&p, 0, sizeof(p));
	for (s = text; *s != '\0'; s++) {
		int v;

		if (*s == '#') {
			while (s[1] != '\0' && *s != '\n')
				s++;
			continue;
		}
		if (isspace((unsigned char)*s) || *s == ':')
			continue;
		if (!isxdigit((unsigned char)*s))
			return (bad(file, line, fail, "no hex digit", s));
		v = isdigit((unsigned char)*s) ? *s - '0' : tolower((unsigned char)*s) - 'a' + 10;
		if (half < 0) {
			half = v;
			continue;
		}
		if (p.len == NGT_PKT_MAX)
			return (bad(file, line, fail, "longer than NGT_PKT_MAX", s));
		p.b[p.len++] = (uint8_t)(half << 4 | v);
		half = -1;
	}
	if (half >= 0)
		return (bad(file, line, fail, "half a byte at the end", text));
	return (p);
}

struct ngt_pkt
ngt__bytes(AT, const void *data, size_t len)
{
	struct ngt_pkt p;

	memset(&p, 0, sizeof(p));
	if (len > NGT_PKT_MAX)
		return (bad(file, line, fail, "longer than NGT_PKT_MAX", "bytes"));
	if (len != 0)
		memcpy(p.b, data, len);
	p.len = len;
	return (p);
}

struct ngt_pkt
ngt__text(AT, const char *text)
{
	return (ngt__bytes(file, line, fail, text, strlen(text)));
}

struct ngt_pkt
ngt__pattern(AT, size_t len, unsigned seed)
{
	struct ngt_pkt p;
	uint32_t v = seed * 2654435761u + 1;
	size_t i;

	memset(&p, 0, sizeof(p));
	if (len > NGT_PKT_MAX)
		return (bad(file, line, fail, "longer than NGT_PKT_MAX", "pattern"));
	for (i = 0; i < len; i++) {
		v = v * 1664525u + 1013904223u;
		p.b[i] = (uint8_t)(v >> 24);
	}
	p.len = len;
	return (p);
}

struct ngt_pkt
ngt__cat(AT, struct ngt_pkt a, struct ngt_pkt b)
{
	if (a.len + b.len > NGT_PKT_MAX)
		return (bad(file, line, fail, "longer than NGT_PKT_MAX", "together"));
	memcpy(a.b + a.len, b.b, b.len);
	a.len += b.len;
	return (a);
}

struct ngt_pkt
ngt__set(AT, struct ngt_pkt p, size_t off, const char *text)
{
	struct ngt_pkt v = ngt__hex(file, line, fail, text);

	if (off + v.len > p.len)
		return (bad(file, line, fail, "reaches beyond the packet", text));
	memcpy(p.b + off, v.b, v.len);
	return (p);
}

/* ---- transport ---- */

struct ngt_pkt
ngt__udp(AT, unsigned sport, unsigned dport, struct ngt_pkt inner)
{
	struct ngt_pkt p = front(file, line, fail, inner, 8, NGT_UDP);

	put16(p.b, sport);
	put16(p.b + 2, dport);
	put16(p.b + 4, (unsigned)p.len);
	return (p);
}

struct ngt_pkt
ngt__tcp(AT, unsigned sport, unsigned dport, uint32_t seq, uint32_t ack, unsigned flags, struct ngt_pkt inner)
{
	struct ngt_pkt p = front(file, line, fail, inner, 20, NGT_TCP);

	put16(p.b, sport);
	put16(p.b + 2, dport);
	put32(p.b + 4, seq);
	put32(p.b + 8, ack);
	p.b[12] = 5 << 4;
	p.b[13] = (uint8_t)flags;
	put16(p.b + 14, 65535);
	return (p);
}

static void
fix_icmp(uint8_t *b, size_t len)
{
	put16(b + 2, 0);
	put16(b + 2, ~sum(b, len, 0) & 0xffff);
}

struct ngt_pkt
ngt__icmp(AT, enum ngt_kind kind, unsigned type, unsigned id, unsigned seq, struct ngt_pkt inner)
{
	struct ngt_pkt p = front(file, line, fail, inner, 8, kind);

	p.b[0] = (uint8_t)type;
	put16(p.b + 4, id);
	put16(p.b + 6, seq);
	if (kind == NGT_ICMP)
		fix_icmp(p.b, p.len);
	return (p);
}

/* Checksum of a transport header whose pseudo header sums up to `pseudo`. */
static void
fix_transport(uint8_t *b, size_t len, unsigned proto, uint32_t pseudo)
{
	size_t at = proto == 17 ? 6 : proto == 6 ? 16 : proto == 58 ? 2 : 0;
	unsigned v;

	if (at == 0 || len < at + 2)
		return;
	if (proto == 17)
		put16(b + 4, (unsigned)len);
	put16(b + at, 0);
	v = ~sum(b, len, pseudo + proto + (uint32_t)len) & 0xffff;
	put16(b + at, v == 0 && proto == 17 ? 0xffff : v);
}

static unsigned
proto_of(enum ngt_kind kind)
{
	switch (kind) {
	case NGT_UDP: return (17);
	case NGT_TCP: return (6);
	case NGT_ICMP: return (1);
	case NGT_ICMP6: return (58);
	case NGT_IP4: return (4);
	case NGT_IP6: return (41);
	default: return (253);
	}
}

/* ---- network ---- */

static void
fix_ip4(uint8_t *b, size_t len)
{
	size_t hl = (size_t)(b[0] & 15) * 4;

	if (hl < 20 || hl > len)
		return;
	put16(b + 2, (unsigned)len);
	put16(b + 10, 0);
	put16(b + 10, ~sum(b, hl, 0) & 0xffff);
	if ((get16(b + 6) & 0x3fff) != 0) /* a fragment: the checksum spans others */
		return;
	if (b[9] == 1 && len - hl >= 4)
		fix_icmp(b + hl, len - hl);
	else
		fix_transport(b + hl, len - hl, b[9], sum(b + 12, 8, 0));
}

struct ngt_pkt
ngt__ip4(AT, const char *src, const char *dst, struct ngt_pkt inner)
{
	unsigned proto = proto_of(inner.kind);
	struct ngt_pkt p = front(file, line, fail, inner, 20, NGT_IP4);

	p.b[0] = 0x45;
	put16(p.b + 6, 0x4000);
	p.b[8] = 64;
	p.b[9] = (uint8_t)proto;
	if (inet_pton(AF_INET, src, p.b + 12) != 1)
		return (bad(file, line, fail, "no IPv4 address", src));
	if (inet_pton(AF_INET, dst, p.b + 16) != 1)
		return (bad(file, line, fail, "no IPv4 address", dst));
	fix_ip4(p.b, p.len);
	return (p);
}

static void
fix_ip6(uint8_t *b, size_t len)
{
	put16(b + 4, (unsigned)(len - 40));
	fix_transport(b + 40, len - 40, b[6], sum(b + 8, 32, 0));
}

struct ngt_pkt
ngt__ip6(AT, const char *src, const char *dst, struct ngt_pkt inner)
{
	unsigned proto = proto_of(inner.kind);
	struct ngt_pkt p = front(file, line, fail, inner, 40, NGT_IP6);

	p.b[0] = 0x60;
	p.b[6] = (uint8_t)proto;
	p.b[7] = 64;
	if (inet_pton(AF_INET6, src, p.b + 8) != 1)
		return (bad(file, line, fail, "no IPv6 address", src));
	if (inet_pton(AF_INET6, dst, p.b + 24) != 1)
		return (bad(file, line, fail, "no IPv6 address", dst));
	fix_ip6(p.b, p.len);
	return (p);
}

/* ---- link ---- */

static bool
ether(const char *text, uint8_t *out)
{
	int i, n;

	for (i = 0; i < 6; i++) {
		unsigned v = 0;

		for (n = 0; n < 2 && isxdigit((unsigned char)*text); n++, text++)
			v = v << 4 | (unsigned)(isdigit((unsigned char)*text) ? *text - '0' : tolower((unsigned char)*text) - 'a' + 10);
		if (n == 0 || *text != (i < 5 ? ':' : '\0'))
			return (false);
		out[i] = (uint8_t)v;
		text++;
	}
	return (true);
}

struct ngt_pkt
ngt__arp(AT, unsigned op, const char *sha, const char *spa, const char *tha, const char *tpa)
{
	struct ngt_pkt p;

	memset(&p, 0, sizeof(p));
	p.kind = NGT_ARP;
	p.len = 28;
	put16(p.b, 1);
	put16(p.b + 2, 0x0800);
	p.b[4] = 6;
	p.b[5] = 4;
	put16(p.b + 6, op);
	if (!ether(sha, p.b + 8))
		return (bad(file, line, fail, "no Ethernet address", sha));
	if (inet_pton(AF_INET, spa, p.b + 14) != 1)
		return (bad(file, line, fail, "no IPv4 address", spa));
	if (!ether(tha, p.b + 18))
		return (bad(file, line, fail, "no Ethernet address", tha));
	if (inet_pton(AF_INET, tpa, p.b + 24) != 1)
		return (bad(file, line, fail, "no IPv4 address", tpa));
	return (p);
}

static unsigned
ethertype(enum ngt_kind kind)
{
	switch (kind) {
	case NGT_IP4: return (0x0800);
	case NGT_ARP: return (0x0806);
	case NGT_IP6: return (0x86dd);
	case NGT_VLAN: return (0x8100);
	default: return (0x88b5);
	}
}

struct ngt_pkt
ngt__vlan(AT, unsigned vid, unsigned pcp, struct ngt_pkt inner)
{
	unsigned type = ethertype(inner.kind);
	struct ngt_pkt p = front(file, line, fail, inner, 4, NGT_VLAN);

	put16(p.b, (pcp & 7) << 13 | (vid & 0xfff));
	put16(p.b + 2, type);
	return (p);
}

struct ngt_pkt
ngt__eth(AT, const char *dst, const char *src, struct ngt_pkt inner)
{
	unsigned type = ethertype(inner.kind);
	struct ngt_pkt p = front(file, line, fail, inner, 14, NGT_ETH);

	if (!ether(dst, p.b))
		return (bad(file, line, fail, "no Ethernet address", dst));
	if (!ether(src, p.b + 6))
		return (bad(file, line, fail, "no Ethernet address", src));
	put16(p.b + 12, type);
	return (p);
}

struct ngt_pkt
ngt_fix(struct ngt_pkt p)
{
	enum ngt_kind kind = p.kind;
	size_t off = 0;
	unsigned type;

	if (kind == NGT_ETH || kind == NGT_VLAN) {
		off = kind == NGT_ETH ? 12 : 2;
		for (type = get16(p.b + off); type == 0x8100 && off + 6 <= p.len; type = get16(p.b + off))
			off += 4;
		off += 2;
		kind = type == 0x0800 ? NGT_IP4 : type == 0x86dd ? NGT_IP6 : NGT_RAW;
	}
	if (kind == NGT_IP4 && off + 20 <= p.len)
		fix_ip4(p.b + off, p.len - off);
	else if (kind == NGT_IP6 && off + 40 <= p.len)
		fix_ip6(p.b + off, p.len - off);
	else if (kind == NGT_ICMP)
		fix_icmp(p.b, p.len);
	else if (kind == NGT_UDP)
		put16(p.b + 4, (unsigned)p.len);
	return (p);
}

/* ---- mbufs ---- */

struct mbuf *
ngt_to_mbuf(struct ngu_graph *g, struct ngt_pkt p)
{
	return (ngu_packet(g, p.b, p.len));
}

struct ngt_pkt
ngt__mbuf(AT, const struct mbuf *m)
{
	struct ngt_pkt p;
	size_t len = ngu_packet_len(m);

	memset(&p, 0, sizeof(p));
	if (len > NGT_PKT_MAX)
		return (bad(file, line, fail, "longer than NGT_PKT_MAX", "mbuf"));
	p.len = ngu_packet_read(m, 0, p.b, len);
	return (p);
}
