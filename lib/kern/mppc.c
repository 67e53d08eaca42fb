/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mppc.c - Microsoft point-to-point compression, RFC 2118: literals, and copies of what is in the last 8192 bytes.
 *
 * Bits go out from the highest of each byte on.
 *   literal  0xxxxxxx below 128; 10xxxxxxx else
 *   offset   1111 and 6 bits: below 64; 1110 and 8: from 64; 110 and 13: from 320
 *   length   0: three; then, for each power of two 2^k from 4 on, k - 1 ones, a zero, and k bits
 * A packet lies in the history in one piece. When it does not fit any more it goes to the start (MPPC_RESTART_HISTORY), and the
 * compressor here forgets the rest. Another's may still copy from behind there, counting backwards over the start.
 */
#include <net/mppc.h>
#include <sys/param.h>
#include <sys/systm.h>

#define HISTORY 8192u
#define HASHED 4096u
#define SHORTEST 3u

struct comp {
	u_char hist[HISTORY];
	u_int pos;		 /* where the next packet goes */
	uint16_t place[HASHED];	 /* 1 + where a string of three bytes with this hash was seen last; 0: nowhere */
};

struct decomp {
	u_char hist[HISTORY];
	u_int pos;
	u_int filled; /* bytes from the start that were ever written: copies come from there */
};

size_t
ngu_k_mppc_comp_size(void)
{
	return (sizeof(struct comp));
}

size_t
ngu_k_mppc_decomp_size(void)
{
	return (sizeof(struct decomp));
}

void
ngu_k_mppc_comp_init(char *history)
{
	bzero(history, sizeof(struct comp));
}

void
ngu_k_mppc_decomp_init(char *history)
{
	bzero(history, sizeof(struct decomp));
}

/* ---- bits out ---- */

struct out {
	u_char *p, *end;
	uint64_t bits;
	u_int n; /* bits held back, less than 8 */
	bool full;
};

static void
emit(struct out *o, uint32_t v, u_int n)
{
	o->bits = o->bits << n | v;
	o->n += n;
	while (o->n >= 8) {
		if (o->p == o->end) {
			o->full = true;
			o->n = 0;
			return;
		}
		o->n -= 8;
		*o->p++ = (u_char)(o->bits >> o->n);
	}
}

static void
emit_literal(struct out *o, u_int c)
{
	if (c < 0x80)
		emit(o, c, 8);
	else
		emit(o, 0x100 | (c & 0x7f), 9);
}

static void
emit_copy(struct out *o, u_int off, u_int len)
{
	u_int k;

	if (off < 64)
		emit(o, 0x3c0 | off, 10);
	else if (off < 320)
		emit(o, 0xe00 | (off - 64), 12);
	else
		emit(o, 0xc000 | (off - 320), 16);
	if (len == SHORTEST) {
		emit(o, 0, 1);
		return;
	}
	k = 31 - (u_int)__builtin_clz(len); /* 2^k <= len */
	emit(o, ((1u << (k - 1)) - 1) << 1, k);
	emit(o, len & ((1u << k) - 1), k);
}

static u_int
hash(const u_char *p)
{
	return ((((u_int)p[0] << 16 | (u_int)p[1] << 8 | p[2]) * 0x9e3779b1u) >> 20);
}

int
ngu_k_mppc_compress(u_char **src, u_char **dst, u_long *srccnt, u_long *dstcnt, char *history, int flags, int unused)
{
	struct comp *c = (void *)history;
	struct out o = { .p = *dst, .end = *dst + *dstcnt };
	u_int n = (u_int)*srccnt, at, stop, from, len, h;
	int result = MPPC_OK;

	if (*srccnt > HISTORY) {
		ngu_k_mppc_comp_init(history);
		return (MPPC_OK | MPPC_EXPANDED);
	}
	if ((flags & MPPC_SAVE_HISTORY) == 0)
		ngu_k_mppc_comp_init(history);
	/* An empty history starts anew, too: whoever receives may have another. */
	if (c->pos == 0 || c->pos + n > HISTORY) {
		if (c->pos != 0)
			ngu_k_mppc_comp_init(history);
		result |= MPPC_RESTART_HISTORY;
	}
	at = c->pos;
	stop = at + n;
	bcopy(*src, c->hist + at, n);
	while (at < stop) {
		len = 0;
		if (stop - at >= SHORTEST) {
			h = hash(c->hist + at);
			from = c->place[h];
			c->place[h] = (uint16_t)(at + 1);
			if (from != 0 && --from < at)
				while (at + len < stop && c->hist[from + len] == c->hist[at + len])
					len++;
		}
		if (len < SHORTEST) {
			emit_literal(&o, c->hist[at]);
			at++;
			continue;
		}
		emit_copy(&o, at - from, len);
		for (at++, len--; len != 0; at++, len--)
			if (stop - at >= SHORTEST)
				c->place[hash(c->hist + at)] = (uint16_t)(at + 1);
	}
	if (o.n != 0)
		emit(&o, 0, 8 - o.n);
	if (o.full || (u_long)(o.p - *dst) >= *srccnt) {
		ngu_k_mppc_comp_init(history);
		return (MPPC_OK | MPPC_EXPANDED);
	}
	c->pos = stop;
	*src += n;
	*srccnt = 0;
	*dstcnt -= (u_long)(o.p - *dst);
	*dst = o.p;
	return (result);
}

/* ---- bits in ---- */

struct in {
	const u_char *p, *end;
	uint64_t bits;
	u_int n;
	bool bad; /* more was asked for than there is */
};

static u_int
left(const struct in *i)
{
	return (i->n + 8 * (u_int)(i->end - i->p));
}

static u_int
take(struct in *i, u_int n)
{
	if (left(i) < n) {
		i->bad = true;
		return (0);
	}
	while (i->n < n) {
		i->bits = i->bits << 8 | *i->p++;
		i->n += 8;
	}
	i->n -= n;
	return ((u_int)(i->bits >> i->n) & ((1u << n) - 1));
}

/* The length of a copy; 0: no such code. */
static u_int
take_length(struct in *i)
{
	u_int k = 1;

	while (take(i, 1) != 0)
		if (++k > 12)
			return (0);
	return (k == 1 ? SHORTEST : 1u << k | take(i, k));
}

int
ngu_k_mppc_decompress(u_char **src, u_char **dst, u_long *srccnt, u_long *dstcnt, char *history, int flags)
{
	struct decomp *d = (void *)history;
	struct in i = { .p = *src, .end = *src + *srccnt };
	u_int start, off, len;

	if ((flags & MPPC_RESTART_HISTORY) != 0)
		d->pos = 0;
	start = d->pos;
	while (left(&i) >= 8) { /* fewer are padding */
		if (take(&i, 1) == 0) {
			off = 0;
			len = take(&i, 7);
		} else if (take(&i, 1) == 0) {
			off = 0;
			len = 0x80 | take(&i, 7);
		} else if (take(&i, 1) == 0) {
			off = take(&i, 13) + 320;
			len = take_length(&i);
		} else if (take(&i, 1) == 0) {
			off = take(&i, 8) + 64;
			len = take_length(&i);
		} else {
			off = take(&i, 6);
			len = take_length(&i);
			if (off == 0)
				return (MPPC_INVALID);
		}
		if (i.bad)
			return (MPPC_INVALID);
		if (off == 0) {
			if (d->pos == HISTORY)
				return (MPPC_INVALID);
			d->hist[d->pos++] = (u_char)len;
		} else {
			if (len == 0 || off >= HISTORY || len > HISTORY - d->pos ||
			    (off > d->pos && d->pos + HISTORY - off >= d->filled))
				return (MPPC_INVALID);
			for (; len != 0; len--, d->pos++)
				d->hist[d->pos] = d->hist[(d->pos - off) % HISTORY];
		}
	}
	if (d->filled < d->pos)
		d->filled = d->pos;
	if (d->pos - start > *dstcnt)
		return (MPPC_OK | MPPC_DEST_EXHAUSTED);
	bcopy(d->hist + start, *dst, d->pos - start);
	*dst += d->pos - start;
	*dstcnt -= d->pos - start;
	*src += *srccnt;
	*srccnt = 0;
	return (MPPC_OK);
}
