/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libc.c - what code under test calls of the C library (<ng/lab_see.h>), and what clang calls to copy: the bytes that are read
 * and written are plain accesses of the caller.
 *
 * First comes the point of decision, then the length is looked for: whoever ran in between may have changed it.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "lab/cell.h"

#define FN __attribute__((__visibility__("default")))
#define AT(p) ((uintptr_t)(p))

static inline void
before(const void *p, uintptr_t pc)
{
	if (LAB_ON())
		lab_plain_point(AT(p), AC_WRITE, pc); /* whatever it does there */
}

static inline void
touch(const void *p, size_t n, unsigned kind, uintptr_t pc)
{
	if (!LAB_ON() || n == 0)
		return;
	LAB_TRACE(kind == AC_READ ? OP_READ : OP_WRITE, pc, AT(p), (unsigned)n, 0, NULL);
	lab_plain_touch(AT(p), n, kind, pc);
}

#define READS(p, n) touch((p), (n), AC_READ, LAB_PC())
#define WRITES(p, n) touch((p), (n), AC_WRITE, LAB_PC())
#define BEFORE(p) before((p), LAB_PC())

/* ---- bytes */

#define COPY(name, how) \
	FN void *name(void *to, const void *from, size_t n); \
	void *name(void *to, const void *from, size_t n) \
	{ \
		if (n != 0) { \
			lab_plain(AT(from), n, AC_READ, LAB_PC()); \
			lab_plain(AT(to), n, AC_WRITE, LAB_PC()); \
		} \
		return (how(to, from, n)); \
	}
#define FILL(name) \
	FN void *name(void *p, int c, size_t n); \
	void *name(void *p, int c, size_t n) \
	{ \
		if (n != 0) \
			lab_plain(AT(p), n, AC_WRITE, LAB_PC()); \
		return (memset(p, c, n)); \
	}
#define COMPARE(name) \
	FN int name(const void *a, const void *b, size_t n); \
	int name(const void *a, const void *b, size_t n) \
	{ \
		if (n != 0) { \
			lab_plain(AT(a), n, AC_READ, LAB_PC()); \
			lab_plain(AT(b), n, AC_READ, LAB_PC()); \
		} \
		return (memcmp(a, b, n)); \
	}
#define CLEAR(name) \
	FN void name(void *p, size_t n); \
	void name(void *p, size_t n) \
	{ \
		if (n != 0) \
			lab_plain(AT(p), n, AC_WRITE, LAB_PC()); \
		(void)memset(p, 0, n); \
	}

COPY(ngu_lab_memcpy, memcpy)
COPY(ngu_lab_memmove, memmove)
FILL(ngu_lab_memset)
COPY(__tsan_memcpy, memcpy)
COPY(__tsan_memmove, memmove)
FILL(__tsan_memset)
COMPARE(ngu_lab_memcmp)
COMPARE(ngu_lab_bcmp)
CLEAR(ngu_lab_bzero)
CLEAR(ngu_lab_explicit_bzero)

FN void ngu_lab_bcopy(const void *from, void *to, size_t n);
FN void *ngu_lab_memchr(const void *p, int c, size_t n);

void
ngu_lab_bcopy(const void *from, void *to, size_t n)
{
	if (n != 0) {
		lab_plain(AT(from), n, AC_READ, LAB_PC());
		lab_plain(AT(to), n, AC_WRITE, LAB_PC());
	}
	(void)memmove(to, from, n);
}

void *
ngu_lab_memchr(const void *p, int c, size_t n)
{
	const char *at;

	BEFORE(p);
	at = memchr(p, c, n);
	READS(p, at != NULL ? (size_t)(at - (const char *)p) + 1 : n);
	return ((void *)(uintptr_t)at);
}

/* ---- strings: looked at */

FN size_t ngu_lab_strlen(const char *s);
FN size_t ngu_lab_strnlen(const char *s, size_t n);
FN int ngu_lab_strcmp(const char *a, const char *b);
FN int ngu_lab_strncmp(const char *a, const char *b, size_t n);
FN int ngu_lab_strcasecmp(const char *a, const char *b);
FN int ngu_lab_strncasecmp(const char *a, const char *b, size_t n);
FN char *ngu_lab_strchr(const char *s, int c);
FN char *ngu_lab_strrchr(const char *s, int c);
FN char *ngu_lab_strstr(const char *s, const char *part);
FN size_t ngu_lab_strspn(const char *s, const char *set);
FN size_t ngu_lab_strcspn(const char *s, const char *set);
FN char *ngu_lab_strpbrk(const char *s, const char *set);

/* How much of s a function reads that looks at most at n bytes. */
static size_t
upto(const char *s, size_t n)
{
	size_t len = strnlen(s, n);

	return (len < n ? len + 1 : n);
}

size_t
ngu_lab_strlen(const char *s)
{
	size_t n;

	BEFORE(s);
	n = strlen(s);
	READS(s, n + 1);
	return (n);
}

size_t
ngu_lab_strnlen(const char *s, size_t n)
{
	BEFORE(s);
	READS(s, upto(s, n));
	return (strnlen(s, n));
}

/* Both are read up to the first difference; how many bytes that is. */
static size_t
differ(const char *a, const char *b, size_t max, bool fold, uintptr_t pc)
{
	size_t n = 0;

	before(a, pc);
	before(b, pc);
	while (n < max && a[n] != '\0' && (a[n] == b[n] || (fold && strncasecmp(a + n, b + n, 1) == 0)))
		n++;
	if (n < max)
		n++;
	touch(a, n, AC_READ, pc);
	touch(b, n, AC_READ, pc);
	return (n);
}

int
ngu_lab_strcmp(const char *a, const char *b)
{
	return (strncmp(a, b, differ(a, b, SIZE_MAX, false, LAB_PC())));
}

int
ngu_lab_strncmp(const char *a, const char *b, size_t n)
{
	return (strncmp(a, b, differ(a, b, n, false, LAB_PC())));
}

int
ngu_lab_strcasecmp(const char *a, const char *b)
{
	return (strncasecmp(a, b, differ(a, b, SIZE_MAX, true, LAB_PC())));
}

int
ngu_lab_strncasecmp(const char *a, const char *b, size_t n)
{
	return (strncasecmp(a, b, differ(a, b, n, true, LAB_PC())));
}

char *
ngu_lab_strchr(const char *s, int c)
{
	char *at;

	BEFORE(s);
	at = strchr(s, c);
	READS(s, at != NULL ? (size_t)(at - s) + 1 : strlen(s) + 1);
	return (at);
}

char *
ngu_lab_strrchr(const char *s, int c)
{
	BEFORE(s);
	READS(s, strlen(s) + 1);
	return (strrchr(s, c));
}

char *
ngu_lab_strstr(const char *s, const char *part)
{
	char *at;
	size_t n;

	BEFORE(s);
	BEFORE(part);
	n = strlen(part);
	READS(part, n + 1);
	at = strstr(s, part);
	READS(s, at != NULL ? (size_t)(at - s) + n : strlen(s) + 1);
	return (at);
}

size_t
ngu_lab_strspn(const char *s, const char *set)
{
	size_t n;

	BEFORE(s);
	BEFORE(set);
	n = strspn(s, set);
	READS(set, strlen(set) + 1);
	READS(s, n + 1);
	return (n);
}

size_t
ngu_lab_strcspn(const char *s, const char *set)
{
	size_t n;

	BEFORE(s);
	BEFORE(set);
	n = strcspn(s, set);
	READS(set, strlen(set) + 1);
	READS(s, n + 1);
	return (n);
}

char *
ngu_lab_strpbrk(const char *s, const char *set)
{
	size_t n;

	BEFORE(s);
	BEFORE(set);
	n = strcspn(s, set);
	READS(set, strlen(set) + 1);
	READS(s, n + 1);
	return (s[n] != '\0' ? (char *)AT(s) + n : NULL);
}

/* ---- strings: made */

FN char *ngu_lab_strcpy(char *to, const char *from);
FN char *ngu_lab_stpcpy(char *to, const char *from);
FN char *ngu_lab_strncpy(char *to, const char *from, size_t n);
FN char *ngu_lab_strcat(char *to, const char *from);
FN char *ngu_lab_strncat(char *to, const char *from, size_t n);
FN size_t ngu_lab_strlcpy(char *to, const char *from, size_t size);
FN size_t ngu_lab_strlcat(char *to, const char *from, size_t size);

/* At most n bytes of `from` and a NUL to to[at]; how many before the NUL. */
static size_t
put(char *to, size_t at, const char *from, size_t n, uintptr_t pc)
{
	size_t len = strnlen(from, n);

	touch(from, upto(from, n), AC_READ, pc);
	touch(to + at, len + 1, AC_WRITE, pc);
	memmove(to + at, from, len);
	to[at + len] = '\0';
	return (len);
}

static char *
copy(char *to, const char *from, uintptr_t pc)
{
	before(from, pc);
	before(to, pc);
	return (to + put(to, 0, from, SIZE_MAX, pc));
}

static char *
append(char *to, const char *from, size_t n, uintptr_t pc)
{
	size_t at;

	before(from, pc);
	before(to, pc);
	at = strlen(to);
	touch(to, at + 1, AC_READ, pc);
	(void)put(to, at, from, n, pc);
	return (to);
}

char *
ngu_lab_strcpy(char *to, const char *from)
{
	(void)copy(to, from, LAB_PC());
	return (to);
}

char *
ngu_lab_stpcpy(char *to, const char *from)
{
	return (copy(to, from, LAB_PC()));
}

char *
ngu_lab_strncpy(char *to, const char *from, size_t n)
{
	size_t len;

	BEFORE(from);
	BEFORE(to);
	len = strnlen(from, n);
	READS(from, upto(from, n));
	WRITES(to, n);
	memmove(to, from, len);
	memset(to + len, 0, n - len);
	return (to);
}

char *
ngu_lab_strcat(char *to, const char *from)
{
	return (append(to, from, SIZE_MAX, LAB_PC()));
}

char *
ngu_lab_strncat(char *to, const char *from, size_t n)
{
	return (append(to, from, n, LAB_PC()));
}

size_t
ngu_lab_strlcpy(char *to, const char *from, size_t size)
{
	size_t len;

	BEFORE(from);
	BEFORE(to);
	len = strlen(from);
	READS(from, len + 1);
	if (size != 0)
		(void)put(to, 0, from, size - 1, LAB_PC());
	return (len);
}

size_t
ngu_lab_strlcat(char *to, const char *from, size_t size)
{
	size_t at, len;

	BEFORE(from);
	BEFORE(to);
	at = strnlen(to, size);
	READS(to, upto(to, size));
	len = strlen(from);
	READS(from, len + 1);
	if (at < size)
		(void)put(to, at, from, size - at - 1, LAB_PC());
	return (at + len);
}

/* ---- formatted text */

FN int ngu_lab_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap);
FN int ngu_lab_snprintf(char *buf, size_t size, const char *fmt, ...);
FN int ngu_lab_vsprintf(char *buf, const char *fmt, va_list ap);
FN int ngu_lab_sprintf(char *buf, const char *fmt, ...);

/* The strings among the arguments are read. Behind a conversion that is not known here nothing is looked at. */
static void
arguments(const char *fmt, va_list ap, uintptr_t pc)
{
	const char *f = fmt, *s;

	while ((f = strchr(f, '%')) != NULL) {
		size_t max = SIZE_MAX;
		unsigned longs = 0;
		bool big = false;

		f++;
		f += strspn(f, "-+ #0'");
		if (*f == '*') {
			(void)va_arg(ap, int);
			f++;
		}
		f += strspn(f, "0123456789");
		if (*f == '.') {
			f++;
			max = 0;
			if (*f == '*') {
				int n = va_arg(ap, int);

				max = n >= 0 ? (size_t)n : SIZE_MAX;
				f++;
			}
			for (; *f >= '0' && *f <= '9'; f++)
				max = max * 10 + (size_t)(*f - '0');
		}
		for (; *f != '\0' && strchr("hlqjztL", *f) != NULL; f++) {
			longs += strchr("lqjzt", *f) != NULL;
			big |= *f == 'L';
		}
		switch (*f++) {
		case '%':
		case 'm':
			break;
		case 'd':
		case 'i':
		case 'o':
		case 'u':
		case 'x':
		case 'X':
		case 'c':
			if (longs != 0)
				(void)va_arg(ap, long);
			else
				(void)va_arg(ap, int);
			break;
		case 'a':
		case 'A':
		case 'e':
		case 'E':
		case 'f':
		case 'F':
		case 'g':
		case 'G':
			if (big)
				(void)va_arg(ap, long double);
			else
				(void)va_arg(ap, double);
			break;
		case 'p':
			(void)va_arg(ap, void *);
			break;
		case 's':
			s = va_arg(ap, const char *);
			if (s != NULL && longs == 0) {
				before(s, pc);
				touch(s, upto(s, max), AC_READ, pc);
			}
			break;
		default:
			return;
		}
	}
}
_Static_assert(sizeof(long) == sizeof(intmax_t) && sizeof(long) == sizeof(long long), "one size of long");

int
lab_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap, uintptr_t pc)
{
	va_list seen;
	int n;

	if (LAB_ON()) {
		va_copy(seen, ap);
		arguments(fmt, seen, pc);
		va_end(seen);
		before(buf, pc);
		if (size != 0) {
			va_copy(seen, ap);
			n = vsnprintf(NULL, 0, fmt, seen);
			va_end(seen);
			if (n >= 0)
				touch(buf, (size_t)n < size ? (size_t)n + 1 : size, AC_WRITE, pc);
		}
	}
	return (vsnprintf(buf, size, fmt, ap));
}

int
ngu_lab_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
	return (lab_vsnprintf(buf, size, fmt, ap, LAB_PC()));
}

int
ngu_lab_snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = lab_vsnprintf(buf, size, fmt, ap, LAB_PC());
	va_end(ap);
	return (n);
}

int
ngu_lab_vsprintf(char *buf, const char *fmt, va_list ap)
{
	return (lab_vsnprintf(buf, INT_MAX, fmt, ap, LAB_PC()));
}

int
ngu_lab_sprintf(char *buf, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = lab_vsnprintf(buf, INT_MAX, fmt, ap, LAB_PC());
	va_end(ap);
	return (n);
}
