/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * slcompress.c - TCP/IP header compression, RFC 1144: a packet is told as its difference to the one before on its connection.
 *
 * A compressed header is a byte of bits that says what follows, the connection's number if it changed, the TCP checksum, and
 * differences: urgent pointer, window, acknowledgement, sequence, IP ID. A difference of 1 to 255 takes a byte; others
 * take a zero byte and two more. Packets may begin anywhere: headers are looked at in copies.
 */
#include <net/slcompress.h>
#include <netinet/tcp.h>
#include <sys/mbuf.h>
#include <sys/param.h>

#define NONE 255 /* no connection */

void
ngu_k_sl_compress_init(struct slcompress *comp, int max_state)
{
	struct cstate *ts = comp->tstate;
	int n;

	if (max_state < 0 || max_state > MAX_STATES - 1)
		max_state = MAX_STATES - 1;
	bzero(comp, sizeof(*comp));
	/* A ring, each one pointing to the one that was used after it least recently: 0 last of all. */
	for (n = max_state; n > 0; n--) {
		ts[n].cs_id = (u_char)n;
		ts[n].cs_next = &ts[n - 1];
	}
	ts[0].cs_next = &ts[max_state];
	comp->last_cs = &ts[0];
	comp->last_recv = comp->last_xmit = NONE;
	comp->flags = SLF_TOSS;
}

struct headers {
	struct ip ip;
	struct tcphdr th;
	u_int iplen, hlen; /* of the IP header, of both */
};

/* False: it is no TCP packet whose headers are whole and stand in n bytes. */
static bool
look(const u_char *p, u_int n, struct headers *h)
{
	if (n < sizeof(h->ip) + sizeof(h->th))
		return (false);
	bcopy(p, &h->ip, sizeof(h->ip));
	h->iplen = (u_int)h->ip.ip_hl << 2;
	if (h->iplen < sizeof(h->ip) || h->iplen + sizeof(h->th) > n)
		return (false);
	bcopy(p + h->iplen, &h->th, sizeof(h->th));
	h->hlen = h->iplen + ((u_int)h->th.th_off << 2);
	return (h->th.th_off >= 5 && h->hlen <= n && h->hlen <= MAX_HDR);
}

static u_char *
put(u_char *p, u_int delta)
{
	if (delta != 0 && delta < 256)
		*p++ = (u_char)delta;
	else {
		*p++ = 0;
		*p++ = (u_char)(delta >> 8);
		*p++ = (u_char)delta;
	}
	return (p);
}

/* The connection of these headers, now the last used; *found: whether it was known, else the oldest one gives way. */
static struct cstate *
connection(struct slcompress *comp, const struct headers *h, bool *found)
{
	struct cstate *cs = comp->last_cs->cs_next, *before = comp->last_cs;
	struct headers old;

	for (*found = true;; before = cs, cs = cs->cs_next) {
		if (look((u_char *)cs->cs_hdr, MAX_HDR, &old) && old.ip.ip_src.s_addr == h->ip.ip_src.s_addr &&
		    old.ip.ip_dst.s_addr == h->ip.ip_dst.s_addr && old.th.th_sport == h->th.th_sport && old.th.th_dport == h->th.th_dport)
			break;
		comp->sls_searches++;
		if (cs == comp->last_cs) {
			*found = false;
			comp->sls_misses++;
			break;
		}
	}
	/* Move it behind last_cs. The oldest is there already once last_cs steps back. */
	if (cs == comp->last_cs)
		comp->last_cs = before;
	else if (before != comp->last_cs) {
		before->cs_next = cs->cs_next;
		cs->cs_next = comp->last_cs->cs_next;
		comp->last_cs->cs_next = cs;
	}
	return (cs);
}

/*
 * How `new` differs from `old`: bits, and bytes from p on, up to *end. -1: in something that cannot be told.
 */
static int
difference(const struct headers *old, const u_char *oldp, const struct headers *new, const u_char *newp, u_char *p, u_char **end)
{
	u_int changes = 0, dack, dseq, data, win;

	if (old->hlen != new->hlen || old->iplen != new->iplen || old->ip.ip_v != new->ip.ip_v || old->ip.ip_tos != new->ip.ip_tos ||
	    old->ip.ip_off != new->ip.ip_off || old->ip.ip_ttl != new->ip.ip_ttl ||
	    bcmp(oldp + sizeof(struct ip), newp + sizeof(struct ip), new->iplen - sizeof(struct ip)) != 0 ||
	    bcmp(oldp + new->iplen + sizeof(struct tcphdr), newp + new->iplen + sizeof(struct tcphdr),
		new->hlen - new->iplen - sizeof(struct tcphdr)) != 0)
		return (-1);
	if ((new->th.th_flags & TH_URG) != 0) {
		p = put(p, ntohs(new->th.th_urp));
		changes |= NEW_U;
	} else if (new->th.th_urp != old->th.th_urp)
		return (-1); /* nobody should, but it would be lost */
	if ((win = (ntohs(new->th.th_win) - ntohs(old->th.th_win)) & 0xffffu) != 0) {
		p = put(p, win);
		changes |= NEW_W;
	}
	if ((dack = ntohl(new->th.th_ack) - ntohl(old->th.th_ack)) != 0) {
		if (dack > 0xffff)
			return (-1);
		p = put(p, dack);
		changes |= NEW_A;
	}
	if ((dseq = ntohl(new->th.th_seq) - ntohl(old->th.th_seq)) != 0) {
		if (dseq > 0xffff)
			return (-1);
		p = put(p, dseq);
		changes |= NEW_S;
	}
	data = ntohs(old->ip.ip_len) - old->hlen; /* what the last packet carried */
	switch (changes) {
	case 0:
		/* Data after a bare acknowledgement. All else is something sent again: in case the first was lost, whole. */
		if (new->ip.ip_len == old->ip.ip_len || data != 0)
			return (-1);
		break;
	case SPECIAL_I:
	case SPECIAL_D:
		return (-1); /* these bits mean something else */
	case NEW_S | NEW_A:
		if (dseq == dack && dseq == data) {
			changes = SPECIAL_I;
			p = *end;
		}
		break;
	case NEW_S:
		if (dseq == data) {
			changes = SPECIAL_D;
			p = *end;
		}
		break;
	default:
		break;
	}
	if ((dseq = (ntohs(new->ip.ip_id) - ntohs(old->ip.ip_id)) & 0xffffu) != 1) {
		p = put(p, dseq);
		changes |= NEW_I;
	}
	if ((new->th.th_flags & TH_PUSH) != 0)
		changes |= TCP_PUSH_BIT;
	*end = p;
	return ((int)changes);
}

u_int
ngu_k_sl_compress_tcp(struct mbuf *m, struct ip *ip, struct slcompress *comp, int compress_cid)
{
	u_char *p = (u_char *)ip, delta[16], *end = delta, *out;
	struct headers new, old;
	struct cstate *cs;
	bool found;
	int changes = -1;
	u_int n;

	if (!look(p, (u_int)m->m_len, &new) || new.ip.ip_p != IPPROTO_TCP || (new.ip.ip_off & htons(IP_MF | IP_OFFMASK)) != 0)
		return (TYPE_IP);
	/* Only the middle of a connection; with any other flag than these two, too, for there is no place to tell it. */
	if ((new.th.th_flags & ~(TH_PUSH | TH_URG)) != TH_ACK || new.th.th_x2 != 0)
		return (TYPE_IP);
	comp->sls_packets++;
	cs = connection(comp, &new, &found);
	if (found && look((u_char *)cs->cs_hdr, MAX_HDR, &old))
		changes = difference(&old, (u_char *)cs->cs_hdr, &new, p, delta, &end);
	bcopy(p, cs->cs_hdr, new.hlen);
	if (changes < 0) {
		((struct ip *)(void *)p)->ip_p = cs->cs_id;
		comp->last_xmit = cs->cs_id;
		return (TYPE_UNCOMPRESSED_TCP);
	}
	n = 3 + (u_int)(end - delta);
	if (!compress_cid || comp->last_xmit != cs->cs_id) {
		changes |= NEW_C;
		comp->last_xmit = cs->cs_id;
		n++;
	}
	out = p + new.hlen - n;
	m->m_data = (char *)out;
	m->m_len -= (int)(new.hlen - n);
	*out++ = (u_char)changes;
	if ((changes & NEW_C) != 0)
		*out++ = cs->cs_id;
	bcopy(&new.th.th_sum, out, 2);
	bcopy(delta, out + 2, (size_t)(end - delta));
	comp->sls_compressed++;
	return (TYPE_COMPRESSED_TCP);
}

/* ---- the other side ---- */

struct reader {
	const u_char *p, *end;
	bool bad;
};

static u_int
get_byte(struct reader *r)
{
	if (r->p == r->end) {
		r->bad = true;
		return (0);
	}
	return (*r->p++);
}

static u_int
get(struct reader *r)
{
	u_int v = get_byte(r);

	if (v == 0) {
		v = get_byte(r) << 8;
		v |= get_byte(r);
	}
	return (v);
}

static int
garbled(struct slcompress *comp)
{
	comp->flags |= SLF_TOSS;
	comp->sls_errorin++;
	return (-1);
}

/* A packet with whole headers: learn them. */
static int
learn(u_char *buf, int buflen, struct slcompress *comp, u_char **hdr, u_int *hlen)
{
	struct headers h;
	struct cstate *cs;
	u_int id;

	if (buflen < (int)sizeof(struct ip) || (id = buf[offsetof(struct ip, ip_p)]) >= MAX_STATES)
		return (garbled(comp));
	buf[offsetof(struct ip, ip_p)] = IPPROTO_TCP;
	if (!look(buf, (u_int)buflen, &h))
		return (garbled(comp));
	cs = &comp->rstate[id];
	comp->last_recv = (u_char)id;
	comp->flags &= (u_int16_t)~SLF_TOSS;
	bcopy(buf, cs->cs_hdr, h.hlen);
	cs->cs_hlen = (u_int16_t)h.hlen;
	comp->sls_uncompressedin++;
	*hdr = buf;
	*hlen = h.hlen;
	return (0);
}

int
ngu_k_sl_uncompress_tcp_core(u_char *buf, int buflen, int total, u_int type, struct slcompress *comp, u_char **hdr, u_int *hlen)
{
	struct reader r = { buf, buf + (buflen > 0 ? buflen : 0), false };
	struct headers h;
	struct cstate *cs;
	u_int changes, id, data, v;
	int vjlen;

	if (type == TYPE_UNCOMPRESSED_TCP)
		return (learn(buf, buflen, comp, hdr, hlen));
	if (type != TYPE_COMPRESSED_TCP || buflen < 3)
		return (garbled(comp));
	comp->sls_compressedin++;
	changes = get_byte(&r);
	if ((changes & NEW_C) != 0) {
		if ((id = get_byte(&r)) >= MAX_STATES)
			return (garbled(comp));
		comp->flags &= (u_int16_t)~SLF_TOSS;
		comp->last_recv = (u_char)id;
	} else if ((comp->flags & SLF_TOSS) != 0) {
		comp->sls_tossed++;
		return (-1);
	}
	if (comp->last_recv >= MAX_STATES)
		return (garbled(comp));
	cs = &comp->rstate[comp->last_recv];
	if (cs->cs_hlen == 0 || !look((u_char *)cs->cs_hdr, cs->cs_hlen, &h))
		return (garbled(comp)); /* nothing was learned of it */
	v = get_byte(&r) << 8;
	v |= get_byte(&r);
	h.th.th_sum = htons((uint16_t)v);
	h.th.th_flags = (u_char)((h.th.th_flags & ~(TH_PUSH | TH_URG)) | ((changes & TCP_PUSH_BIT) != 0 ? TH_PUSH : 0));
	data = ntohs(h.ip.ip_len) - h.hlen;
	switch (changes & SPECIALS_MASK) {
	case SPECIAL_I:
		h.th.th_ack = htonl(ntohl(h.th.th_ack) + data);
		h.th.th_seq = htonl(ntohl(h.th.th_seq) + data);
		break;
	case SPECIAL_D:
		h.th.th_seq = htonl(ntohl(h.th.th_seq) + data);
		break;
	default:
		if ((changes & NEW_U) != 0) {
			h.th.th_flags |= TH_URG;
			h.th.th_urp = htons((uint16_t)get(&r));
		}
		if ((changes & NEW_W) != 0)
			h.th.th_win = htons((uint16_t)(ntohs(h.th.th_win) + get(&r)));
		if ((changes & NEW_A) != 0)
			h.th.th_ack = htonl(ntohl(h.th.th_ack) + get(&r));
		if ((changes & NEW_S) != 0)
			h.th.th_seq = htonl(ntohl(h.th.th_seq) + get(&r));
		break;
	}
	h.ip.ip_id = htons((uint16_t)(ntohs(h.ip.ip_id) + ((changes & NEW_I) != 0 ? get(&r) : 1)));
	vjlen = (int)(r.p - buf);
	if (r.bad || total < vjlen || total - vjlen + (int)h.hlen > IP_MAXPACKET)
		return (garbled(comp));
	h.ip.ip_len = htons((uint16_t)(total - vjlen + (int)h.hlen));
	bcopy(&h.ip, cs->cs_hdr, sizeof(h.ip));
	bcopy(&h.th, cs->cs_hdr + h.iplen, sizeof(h.th));
	/* The header's checksum, over options as well. */
	cs->cs_ip.ip_sum = 0;
	for (v = 0, id = 0; id < h.iplen; id += 2)
		v += be16dec(cs->cs_hdr + id);
	v = (v & 0xffff) + (v >> 16);
	v += v >> 16;
	cs->cs_ip.ip_sum = htons((uint16_t)~v);
	*hdr = (u_char *)cs->cs_hdr;
	*hlen = h.hlen;
	return (vjlen);
}

int
ngu_k_sl_uncompress_tcp(u_char **buf, int len, u_int type, struct slcompress *comp)
{
	u_char *hdr;
	u_int hlen;
	int vjlen;

	if ((vjlen = ngu_k_sl_uncompress_tcp_core(buf != NULL ? *buf : NULL, len, len, type, comp, &hdr, &hlen)) < 0)
		return (0);
	if (vjlen == 0)
		return (len); /* the headers stayed */
	*buf += vjlen - (int)hlen;
	bcopy(hdr, *buf, hlen);
	return (len - vjlen + (int)hlen);
}
