/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sbuf.c - sbuf(9): strings that are put together.
 * Invariant  s_len < s_size: there is always room for the NUL.
 * Blocks     whatever allocates, without SBUF_NOWAIT.
 */
#include <sys/errno.h>
#include <sys/malloc.h>
#include <sys/sbuf.h>
#include <sys/systm.h>

#include "port/port.h"

#define FINISHED 0x00020000
#define OWN_BUF 0x00010000
#define OWN_SBUF 0x00080000
#define LEAST 128

static MALLOC_DEFINE(M_SBUF, "sbuf", "string buffers");

static int
how(int flags)
{
	return ((flags & SBUF_NOWAIT) != 0 ? M_NOWAIT : M_WAITOK);
}

struct sbuf *
ngu_k_sbuf_new(struct sbuf *s, char *buf, int length, int flags)
{
	int own = 0;

	if (length < 0 || (flags & ~(SBUF_AUTOEXTEND | SBUF_INCLUDENUL | SBUF_NOWAIT)) != 0)
		panic("sbuf_new: length %d, flags 0x%x", length, flags);
	if (s == NULL) {
		if ((s = malloc(sizeof(*s), M_SBUF, how(flags))) == NULL)
			return (NULL);
		own = OWN_SBUF;
	}
	if (buf == NULL || length == 0) {
		length = length < LEAST ? LEAST : length;
		if ((buf = malloc((size_t)length, M_SBUF, how(flags))) == NULL) {
			if (own)
				free(s, M_SBUF);
			return (NULL);
		}
		own |= OWN_BUF;
	}
	*s = (struct sbuf){ .s_buf = buf, .s_size = length, .s_flags = flags | own };
	return (s);
}

void
ngu_k_sbuf_delete(struct sbuf *s)
{
	int own = s->s_flags;

	if (own & OWN_BUF)
		free(s->s_buf, M_SBUF);
	ngu__memset(s, 0, sizeof(*s));
	if (own & OWN_SBUF)
		free(s, M_SBUF);
}

static void
unfinished(const struct sbuf *s)
{
	if ((s->s_flags & FINISHED) != 0)
		panic("sbuf: it is finished");
}

void
ngu_k_sbuf_clear(struct sbuf *s)
{
	s->s_flags &= ~FINISHED;
	s->s_error = 0;
	s->s_len = 0;
}

int
ngu_k_sbuf_setpos(struct sbuf *s, ssize_t pos)
{
	unfinished(s);
	if (pos < 0 || pos > s->s_len)
		return (-1);
	s->s_len = (int)pos;
	return (0);
}

/* Room for n more bytes and the NUL. */
static bool
room(struct sbuf *s, size_t n)
{
	size_t want = (size_t)s->s_len + n + 1, size = (size_t)s->s_size;
	char *buf;

	if (s->s_error != 0)
		return (false);
	if (want <= size)
		return (true);
	if ((s->s_flags & SBUF_AUTOEXTEND) == 0 || n > INT32_MAX / 4 || want > INT32_MAX / 4) {
		s->s_error = ENOMEM;
		return (false);
	}
	while (size < want)
		size *= 2;
	if ((buf = malloc(size, M_SBUF, how(s->s_flags))) == NULL) {
		s->s_error = ENOMEM;
		return (false);
	}
	ngu__memcpy(buf, s->s_buf, (size_t)s->s_len);
	if (s->s_flags & OWN_BUF)
		free(s->s_buf, M_SBUF);
	s->s_buf = buf;
	s->s_size = (int)size;
	s->s_flags |= OWN_BUF;
	return (true);
}

int
ngu_k_sbuf_bcat(struct sbuf *s, const void *p, size_t n)
{
	size_t fits;

	unfinished(s);
	if (room(s, n)) {
		ngu__memcpy(s->s_buf + s->s_len, p, n);
		s->s_len += (int)n;
		return (0);
	}
	/* As much as there is room for: whoever prints it all the same has its beginning. */
	fits = (size_t)(s->s_size - s->s_len - 1);
	ngu__memcpy(s->s_buf + s->s_len, p, fits < n ? fits : n);
	s->s_len += (int)(fits < n ? fits : n);
	return (-1);
}

int
ngu_k_sbuf_cat(struct sbuf *s, const char *text)
{
	return (ngu_k_sbuf_bcat(s, text, ngu__strlen(text)));
}

int
ngu_k_sbuf_putc(struct sbuf *s, int c)
{
	char b = (char)c;

	return (ngu_k_sbuf_bcat(s, &b, 1));
}

int
ngu_k_sbuf_vprintf(struct sbuf *s, const char *fmt, va_list ap)
{
	char nothing[1];
	va_list once;
	int n, left;

	unfinished(s);
	va_copy(once, ap);
	n = ngu__port_vsnprintf(nothing, sizeof(nothing), fmt, once);
	va_end(once);
	if (n < 0) {
		s->s_error = EINVAL;
		return (-1);
	}
	(void)room(s, (size_t)n);
	left = s->s_size - s->s_len;
	(void)ngu__port_vsnprintf(s->s_buf + s->s_len, (size_t)left, fmt, ap);
	s->s_len += n < left ? n : left - 1;
	return (s->s_error != 0 ? -1 : 0);
}

int
ngu_k_sbuf_printf(struct sbuf *s, const char *fmt, ...)
{
	va_list ap;
	int result;

	va_start(ap, fmt);
	result = ngu_k_sbuf_vprintf(s, fmt, ap);
	va_end(ap);
	return (result);
}

int
ngu_k_sbuf_trim(struct sbuf *s)
{
	char c;

	unfinished(s);
	if (s->s_error != 0)
		return (-1);
	while (s->s_len > 0 && ((c = s->s_buf[s->s_len - 1]) == ' ' || (c >= '\t' && c <= '\r')))
		s->s_len--;
	return (0);
}

int
ngu_k_sbuf_error(const struct sbuf *s)
{
	return (s->s_error);
}

int
ngu_k_sbuf_finish(struct sbuf *s)
{
	unfinished(s);
	s->s_buf[s->s_len] = '\0';
	s->s_flags |= FINISHED;
	return (s->s_error);
}

char *
ngu_k_sbuf_data(struct sbuf *s)
{
	if ((s->s_flags & FINISHED) == 0)
		panic("sbuf_data: it is not finished");
	return (s->s_buf);
}

ssize_t
ngu_k_sbuf_len(struct sbuf *s)
{
	if (s->s_error != 0)
		return (-1);
	return (s->s_len + ((s->s_flags & (SBUF_INCLUDENUL | FINISHED)) == (SBUF_INCLUDENUL | FINISHED)));
}

int
ngu_k_sbuf_done(const struct sbuf *s)
{
	return ((s->s_flags & FINISHED) != 0);
}
