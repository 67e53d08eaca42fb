/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parse_types.c - the simple types of ng_parse: integers, strings, addresses, bytes; and a whole message as a type.
 *
 * Values are copied byte by byte, because members may be packed. Each parser knows the size of what it is going to write and
 * compares it with the room first; each printer compares the size of what it is going to read with what is left.
 */
#include "msg/parse.h"

/* ---- printing, with the bound checked ---- */

static int print(char *buf, int buflen, const char *fmt, ...) __attribute__((__format__(__printf__, 3, 4)));

static int
print(char *buf, int buflen, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (buflen <= 0)
		return (ERANGE);
	va_start(ap, fmt);
	n = ngu__port_vsnprintf(buf, (size_t)buflen, fmt, ap);
	va_end(ap);
	return (n < 0 || n >= buflen ? ERANGE : 0);
}

/* ---- integers ---- */

enum { UNSIGNED, SIGNED, HEX }; /* info */

/* A number from the least signed to the greatest unsigned one of so many bytes, as two's complement. */
static int
parse_integer(const char *s, int *off, unsigned size, uint64_t *value)
{
	const uint64_t least = (uint64_t)1 << (8 * size - 1), greatest = least | (least - 1);
	bool neg, over;
	int len;

	if (ng_parse_get_token(s, off, &len) != T_WORD || (len = ngu__parse_number(s + *off, len, value, &neg, &over)) == 0)
		return (EINVAL);
	if (over || *value > (neg ? least : greatest))
		return (EINVAL);
	if (neg)
		*value = -*value;
	*off += len;
	return (0);
}

static int
print_integer(const struct ng_parse_type *type, uint64_t u, int64_t i, char *buf, int buflen)
{
	switch ((uintptr_t)type->info) {
	case SIGNED:
		return (print(buf, buflen, "%lld", (long long)i));
	case HEX:
		return (print(buf, buflen, "0x%llx", (unsigned long long)u));
	default:
		return (print(buf, buflen, "%llu", (unsigned long long)u));
	}
}

#define INTEGER(bits) \
	static int int##bits##_parse(const struct ng_parse_type *type, const char *s, int *off, const u_char *start, u_char *buf, \
	    int *buflen) \
	{ \
		const int at = *off; \
		uint64_t value; \
		uint##bits##_t u; \
		int error = parse_integer(s, off, sizeof(u), &value); \
\
		if (error == 0 && *buflen < (int)sizeof(u)) { \
			*off = at; \
			error = ERANGE; \
		} \
		if (error != 0) \
			return (error); \
		u = (uint##bits##_t)value; \
		ngu__memcpy(buf, &u, sizeof(u)); \
		*buflen = (int)sizeof(u); \
		return (0); \
	} \
	static int int##bits##_unparse(const struct ng_parse_type *type, const u_char *data, int *off, char *buf, int buflen) \
	{ \
		uint##bits##_t u; \
\
		if (ngu__unparse_left(data, *off) < (int)sizeof(u)) \
			return (EINVAL); \
		ngu__memcpy(&u, data + *off, sizeof(u)); \
		*off += (int)sizeof(u); \
		return (print_integer(type, u, (int##bits##_t)u, buf, buflen)); \
	} \
	static int int##bits##_default(const struct ng_parse_type *type, const u_char *start, u_char *buf, int *buflen) \
	{ \
		return (ngu__parse_zeros((int)sizeof(uint##bits##_t), buf, buflen)); \
	} \
	static int int##bits##_align(const struct ng_parse_type *type) \
	{ \
		struct in_struct { \
			char c; \
			uint##bits##_t u; \
		}; \
\
		return ((int)__builtin_offsetof(struct in_struct, u)); \
	} \
	const struct ng_parse_type ng_parse_uint##bits##_type = { \
		.info = (const void *)(uintptr_t)UNSIGNED, \
		.parse = int##bits##_parse, \
		.unparse = int##bits##_unparse, \
		.getDefault = int##bits##_default, \
		.getAlign = int##bits##_align, \
	}; \
	const struct ng_parse_type ng_parse_int##bits##_type = { \
		.supertype = &ng_parse_uint##bits##_type, \
		.info = (const void *)(uintptr_t)SIGNED, \
	}; \
	const struct ng_parse_type ng_parse_hint##bits##_type = { \
		.supertype = &ng_parse_uint##bits##_type, \
		.info = (const void *)(uintptr_t)HEX, \
	}
INTEGER(8);
INTEGER(16);
INTEGER(32);
INTEGER(64);

/* ---- strings ---- */

static int
hex_digit(char c)
{
	return (c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : 16);
}

/* What follows a backslash at s; *n: how many characters that is. The string's closing quote is a bound. */
static char
unescape(const char *s, int *n)
{
	static const char letters[] = "tnrvf", values[] = "\t\n\r\v\f";
	int value = 0;

	*n = 1;
	for (int i = 0; letters[i] != '\0'; i++)
		if (s[0] == letters[i])
			return (values[i]);
	if (s[0] == 'x' && hex_digit(s[1]) < 16) {
		value = hex_digit(s[1]);
		*n = 2;
		if (hex_digit(s[2]) < 16) {
			value = value * 16 + hex_digit(s[2]);
			*n = 3;
		}
		return ((char)value);
	}
	if (s[0] >= '0' && s[0] <= '7') {
		/* At most three digits, at most a byte. */
		for (*n = 0; *n < 3 && s[*n] >= '0' && s[*n] <= '7' && value * 8 + s[*n] - '0' <= 255; ++*n)
			value = value * 8 + s[*n] - '0';
		return ((char)value);
	}
	return (s[0]);
}

/* Contents of the string token s[0..len), quotes included, to out (NULL: nowhere), which has room for them. Their length. */
static int
string_decode(const char *s, int len, char *out)
{
	int i = 1, n = 0, used;
	char c;

	while (i < len - 1) {
		if ((c = s[i++]) == '\\') {
			c = unescape(s + i, &used);
			i += used;
		}
		if (out != NULL)
			out[n] = c;
		n++;
	}
	return (n);
}

/* `len` bytes at raw as a quoted string with its NUL; returns the length without it. out NULL: only that. */
static int
string_encode(const u_char *raw, int len, char *out)
{
	static const char letters[] = "tnrvf\"\\", values[] = "\t\n\r\v\f\"\\", hex[] = "0123456789abcdef";
	int n = 0, i, k;

#define OUT(c) \
	do { \
		if (out != NULL) \
			out[n] = (c); \
		n++; \
	} while (0)
	OUT('"');
	for (i = 0; i < len; i++) {
		for (k = 0; values[k] != '\0' && (u_char)values[k] != raw[i]; k++)
			;
		if (values[k] != '\0') {
			OUT('\\');
			OUT(letters[k]);
		} else if (raw[i] >= 0x20 && raw[i] <= 0x7e)
			OUT((char)raw[i]);
		else {
			OUT('\\');
			OUT('x');
			OUT(hex[raw[i] >> 4]);
			OUT(hex[raw[i] & 0xf]);
		}
	}
	OUT('"');
#undef OUT
	if (out != NULL)
		out[n] = '\0';
	return (n);
}

static int
print_string(const u_char *raw, int len, char *buf, int buflen)
{
	/* Each byte becomes one at least: a long one need not be measured. */
	if (len > buflen - 3 || string_encode(raw, len, NULL) >= buflen)
		return (ERANGE);
	(void)string_encode(raw, len, buf);
	return (0);
}

/* How many of `max` bytes precede the first NUL. */
static int
length(const u_char *p, int max)
{
	int n = 0;

	while (n < max && p[n] != '\0')
		n++;
	return (n);
}

char *
ng_get_string_token(const char *s, int *startp, int *lenp, int *slenp)
{
	char *text;
	int len, n;

	if (ng_parse_get_token(s, startp, &len) != T_STRING)
		return (NULL);
	n = string_decode(s + *startp, len, NULL);
	if ((text = malloc((size_t)n + 1, M_NETGRAPH_PARSE, M_NOWAIT)) == NULL)
		return (NULL);
	(void)string_decode(s + *startp, len, text);
	text[n] = '\0';
	*lenp = len;
	if (slenp != NULL)
		*slenp = n;
	return (text);
}

char *
ng_encode_string(const char *raw, int slen)
{
	const u_char *p = (const u_char *)raw;
	char *text;

	if (slen < 0 || slen > INT32_MAX / 4 - 4)
		return (NULL);
	if ((text = malloc((size_t)string_encode(p, slen, NULL) + 1, M_NETGRAPH_PARSE, M_NOWAIT)) != NULL)
		(void)string_encode(p, slen, text);
	return (text);
}

/*
 * A quoted string at s + *off into buf: behind `before` bytes, at most `max` of them, in a field of `size` bytes (0: as many as
 * it has). `nul`: it ends with one, which counts, and may not have another.
 */
static int
parse_string(const char *s, int *off, int before, int max, int size, bool nul, u_char *buf, int *buflen, int *contents)
{
	int len, n, need;

	if (ng_parse_get_token(s, off, &len) != T_STRING)
		return (EINVAL);
	n = string_decode(s + *off, len, NULL);
	if (n > max - nul)
		return (E2BIG);
	need = size != 0 ? size : before + n + nul;
	if (need > *buflen)
		return (ERANGE);
	(void)string_decode(s + *off, len, (char *)buf + before);
	if (nul && length(buf + before, n) != n)
		return (EINVAL);
	ngu__memset(buf + before + n, 0, (size_t)(need - before - n));
	*buflen = need;
	*contents = n;
	*off += len;
	return (0);
}

static int
string_parse(const struct ng_parse_type *type, const char *s, int *off, const u_char *start, u_char *buf, int *buflen)
{
	int n;

	return (parse_string(s, off, 0, INT32_MAX, 0, true, buf, buflen, &n));
}

static int
string_unparse(const struct ng_parse_type *type, const u_char *data, int *off, char *buf, int buflen)
{
	const u_char *p = data + *off;
	int left = ngu__unparse_left(data, *off), n;

	if (left <= 0)
		return (EINVAL);
	n = length(p, left);
	*off += n < left ? n + 1 : left; /* a text whose NUL was cut off is still one */
	return (print_string(p, n, buf, buflen));
}

static int
string_default(const struct ng_parse_type *type, const u_char *start, u_char *buf, int *buflen)
{
	return (ngu__parse_zeros(1, buf, buflen));
}

const struct ng_parse_type ng_parse_string_type = {
	.parse = string_parse,
	.unparse = string_unparse,
	.getDefault = string_default,
};

static int
fixedstring_parse(const struct ng_parse_type *type, const char *s, int *off, const u_char *start, u_char *buf, int *buflen)
{
	const struct ng_parse_fixedstring_info *info = type->info;
	int n;

	if (info == NULL || info->bufSize <= 0)
		return (EINVAL);
	return (parse_string(s, off, 0, info->bufSize, info->bufSize, true, buf, buflen, &n));
}

static int
fixedstring_unparse(const struct ng_parse_type *type, const u_char *data, int *off, char *buf, int buflen)
{
	const struct ng_parse_fixedstring_info *info = type->info;
	const u_char *p = data + *off;

	if (info == NULL || info->bufSize <= 0 || ngu__unparse_left(data, *off) < info->bufSize)
		return (EINVAL);
	*off += info->bufSize;
	return (print_string(p, length(p, info->bufSize), buf, buflen));
}

static int
fixedstring_default(const struct ng_parse_type *type, const u_char *start, u_char *buf, int *buflen)
{
	const struct ng_parse_fixedstring_info *info = type->info;

	return (info == NULL ? EINVAL : ngu__parse_zeros(info->bufSize, buf, buflen));
}

const struct ng_parse_type ng_parse_fixedstring_type = {
	.parse = fixedstring_parse,
	.unparse = fixedstring_unparse,
	.getDefault = fixedstring_default,
};

#define BUFFER(name, size) \
	const struct ng_parse_fixedstring_info ng_parse_##name##_info = { size }; \
	const struct ng_parse_type ng_parse_##name##_type = { \
		.supertype = &ng_parse_fixedstring_type, \
		.info = &ng_parse_##name##_info, \
	}
BUFFER(nodebuf, NG_NODESIZ);
BUFFER(hookbuf, NG_HOOKSIZ);
BUFFER(pathbuf, NG_PATHSIZ);
BUFFER(typebuf, NG_TYPESIZ);
BUFFER(cmdbuf, NG_CMDSTRSIZ);

static int
sizedstring_parse(const struct ng_parse_type *type, const char *s, int *off, const u_char *start, u_char *buf, int *buflen)
{
	uint16_t size;
	int n = 0, error = parse_string(s, off, (int)sizeof(size), UINT16_MAX, 0, false, buf, buflen, &n);

	if (error == 0) {
		size = (uint16_t)n;
		ngu__memcpy(buf, &size, sizeof(size));
	}
	return (error == E2BIG ? EINVAL : error);
}

static int
sizedstring_unparse(const struct ng_parse_type *type, const u_char *data, int *off, char *buf, int buflen)
{
	const int left = ngu__unparse_left(data, *off);
	const u_char *p = data + *off;
	uint16_t size;

	if (left < (int)sizeof(size))
		return (EINVAL);
	ngu__memcpy(&size, p, sizeof(size));
	if (left - (int)sizeof(size) < size)
		return (EINVAL);
	*off += (int)sizeof(size) + size;
	return (print_string(p + sizeof(size), size, buf, buflen));
}

static int
sizedstring_default(const struct ng_parse_type *type, const u_char *start, u_char *buf, int *buflen)
{
	return (ngu__parse_zeros((int)sizeof(uint16_t), buf, buflen));
}

const struct ng_parse_type ng_parse_sizedstring_type = {
	.parse = sizedstring_parse,
	.unparse = sizedstring_unparse,
	.getDefault = sizedstring_default,
};

/* ---- addresses ---- */

/* "a.b.c.d" in C's notation each, network order. */
static int
ipaddr_parse(const struct ng_parse_type *type, const char *s, int *off, const u_char *start, u_char *buf, int *buflen)
{
	int len, n, at;
	u_char addr[4];
	uint64_t value;
	bool neg, over;

	if (ng_parse_get_token(s, off, &len) != T_WORD)
		return (EINVAL);
	at = *off;
	for (int i = 0; i < 4; i++) {
		if (i > 0 && (len == 0 || s[at] != '.'))
			return (EINVAL);
		at += i > 0;
		len -= i > 0;
		n = ngu__parse_number(s + at, len, &value, &neg, &over);
		if (n == 0 || over || value > (neg ? 0 : 255))
			return (EINVAL);
		addr[i] = (u_char)value;
		at += n;
		len -= n;
	}
	if (len != 0)
		return (EINVAL);
	if (*buflen < (int)sizeof(addr))
		return (ERANGE);
	ngu__memcpy(buf, addr, sizeof(addr));
	*buflen = (int)sizeof(addr);
	*off = at;
	return (0);
}

static int
ipaddr_unparse(const struct ng_parse_type *type, const u_char *data, int *off, char *buf, int buflen)
{
	const u_char *p = data + *off;

	if (ngu__unparse_left(data, *off) < 4)
		return (EINVAL);
	*off += 4;
	return (print(buf, buflen, "%u.%u.%u.%u", p[0], p[1], p[2], p[3]));
}

const struct ng_parse_type ng_parse_ipaddr_type = {
	.parse = ipaddr_parse,
	.unparse = ipaddr_unparse,
	.getDefault = int32_default,
	.getAlign = int32_align,
};

/* Six hexadecimal numbers. */
static int
enaddr_parse(const struct ng_parse_type *type, const char *s, int *off, const u_char *start, u_char *buf, int *buflen)
{
	u_char addr[6];
	int len, at, value, first;

	if (ng_parse_get_token(s, off, &len) != T_WORD)
		return (EINVAL);
	at = *off;
	for (int i = 0; i < 6; i++) {
		if (i > 0 && s[at++] != ':')
			return (EINVAL);
		for (first = at, value = 0; hex_digit(s[at]) < 16 && value < 256; at++)
			value = value * 16 + hex_digit(s[at]);
		if (at == first || value > 255)
			return (EINVAL);
		addr[i] = (u_char)value;
	}
	if (at != *off + len)
		return (EINVAL);
	if (*buflen < (int)sizeof(addr))
		return (ERANGE);
	ngu__memcpy(buf, addr, sizeof(addr));
	*buflen = (int)sizeof(addr);
	*off = at;
	return (0);
}

static int
enaddr_unparse(const struct ng_parse_type *type, const u_char *data, int *off, char *buf, int buflen)
{
	const u_char *p = data + *off;

	if (ngu__unparse_left(data, *off) < 6)
		return (EINVAL);
	*off += 6;
	return (print(buf, buflen, "%02x:%02x:%02x:%02x:%02x:%02x", p[0], p[1], p[2], p[3], p[4], p[5]));
}

const struct ng_parse_type ng_parse_enaddr_type = {
	.parse = enaddr_parse,
	.unparse = enaddr_unparse,
};

/* ---- bytes ---- */

static struct ngu__composite
bytearray_of(const struct ng_parse_type *type, const u_char *start, const u_char *buf)
{
	ng_parse_array_getLength_t *getLength = (ng_parse_array_getLength_t *)(uintptr_t)type->info;

	return ((struct ngu__composite){ .type = type, .elem = &ng_parse_hint8_type,
	    .n = getLength != NULL ? getLength(type, start, buf) : -1 });
}

static int
bytearray_parse(const struct ng_parse_type *type, const char *s, int *off, const u_char *start, u_char *buf, int *buflen)
{
	const struct ngu__composite c = bytearray_of(type, start, buf);
	int len;

	if (ng_parse_get_token(s, off, &len) != T_STRING)
		return (ngu__composite_parse(&c, s, off, start, buf, buflen));
	if (c.n < 0)
		return (EINVAL);
	if (c.n == 0) { /* parse_string() would take that for "as many as it has" */
		if (string_decode(s + *off, len, NULL) != 0)
			return (E2BIG);
		*off += len;
		*buflen = 0;
		return (0);
	}
	return (parse_string(s, off, 0, c.n, c.n, false, buf, buflen, &len));
}

static int
bytearray_unparse(const struct ng_parse_type *type, const u_char *data, int *off, char *buf, int buflen)
{
	struct ngu__composite c;

	if (ngu__unparse_left(data, *off) < 0)
		return (EINVAL);
	c = bytearray_of(type, data, data + *off);
	return (ngu__composite_unparse(&c, data, off, buf, buflen));
}

static int
bytearray_default(const struct ng_parse_type *type, const u_char *start, u_char *buf, int *buflen)
{
	return (ngu__parse_zeros(bytearray_of(type, start, buf).n, buf, buflen));
}

const struct ng_parse_type ng_parse_bytearray_type = {
	.parse = bytearray_parse,
	.unparse = bytearray_unparse,
	.getDefault = bytearray_default,
};

/* ---- a message with its header ---- */

/* The header ends where its data begin. */
static int
mesg_length(const struct ng_parse_type *type, const u_char *start, const u_char *buf)
{
	uint32_t arglen;

	ngu__memcpy(&arglen, buf - sizeof(struct ng_mesg) + __builtin_offsetof(struct ng_mesg, header.arglen), sizeof(arglen));
	return (arglen <= INT32_MAX ? (int)arglen : -1);
}

static const struct ng_parse_type mesg_data_type = {
	.supertype = &ng_parse_bytearray_type,
	.info = (const void *)(uintptr_t)mesg_length,
};
static const struct ng_parse_struct_field mesg_fields[] = NG_GENERIC_NG_MESG_INFO(&mesg_data_type);
const struct ng_parse_type ng_parse_ng_mesg_type = {
	.supertype = &ng_parse_struct_type,
	.info = mesg_fields,
};
