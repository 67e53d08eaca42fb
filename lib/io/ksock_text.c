/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ksock_text.c - addresses and options of type ksocket as text: inet/1.2.3.4:80, inet6/[::1]:80, local/"path"; [ bytes ], or a number.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/ctype.h>
#include <sys/errno.h>
#include <sys/limits.h>
#include <sys/malloc.h>
#include <sys/socket.h>

#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>
#include <netgraph/ng_parse.h>
#include <netgraph/ng_ksocket.h>

#include "ksock.h"
#include "ksock_text.h"

/* The bytes of an address behind its length and family. */
static int
generic_length(const struct ng_parse_type *type, const u_char *start, const u_char *buf)
{
	return (buf[-2] > 2 ? buf[-2] - 2 : 0);
}

static const struct ng_parse_array_info generic_data_info = { &ng_parse_hint8_type, generic_length, NULL };
static const struct ng_parse_type generic_data_type = { .supertype = &ng_parse_array_type, .info = &generic_data_info };
static const struct ng_parse_struct_field generic_fields[] = {
	{ "len", &ng_parse_uint8_type, 0 },
	{ "family", &ng_parse_uint8_type, 0 },
	{ "data", &generic_data_type, 0 },
	{ NULL, NULL, 0 }
};
static const struct ng_parse_type generic_type = { .supertype = &ng_parse_struct_type, .info = &generic_fields };

/* ":port", or nothing; *p moves behind it. */
static int
port_parse(const char **p, uint16_t *port)
{
	u_long n = 0;
	int digits = 0;

	*port = 0;
	if (**p != ':')
		return (0);
	for (++*p; isdigit((u_char)**p); ++*p, digits++)
		if ((n = n * 10 + (u_long)(**p - '0')) > 65535)
			return (EINVAL);
	*port = htons((uint16_t)n);
	return (digits != 0 ? 0 : EINVAL);
}

static int
inet_parse(const char **p, u_char *buf, int *buflen)
{
	struct ng_ksocket_sockaddr_in in = { .sin_len = sizeof(in), .sin_family = NG_KSOCKET_AF_INET };
	char text[64];
	size_t n = 0;

	for (; (isdigit((u_char)**p) || **p == '.') && n < sizeof(text) - 1; ++*p)
		text[n++] = **p;
	text[n] = '\0';
	if (ngu__ksock_pton(false, text, (uint8_t *)&in.sin_addr) != 0 || port_parse(p, &in.sin_port) != 0)
		return (EINVAL);
	if (*buflen < (int)sizeof(in))
		return (ERANGE);
	memcpy(buf, &in, sizeof(in));
	*buflen = sizeof(in);
	return (0);
}

/* ::1, or [::1]:port */
static int
inet6_parse(const char **p, u_char *buf, int *buflen)
{
	struct ng_ksocket_sockaddr_in6 in6 = { .sin6_len = sizeof(in6), .sin6_family = NG_KSOCKET_AF_INET6 };
	const bool bracket = **p == '[';
	char text[64];
	size_t n = 0;

	for (*p += bracket; (isxdigit((u_char)**p) || **p == '.' || **p == ':') && n < sizeof(text) - 1; ++*p)
		text[n++] = **p;
	text[n] = '\0';
	if (ngu__ksock_pton(true, text, in6.sin6_addr) != 0)
		return (EINVAL);
	if (bracket && (*(*p)++ != ']' || port_parse(p, &in6.sin6_port) != 0))
		return (EINVAL);
	if (*buflen < (int)sizeof(in6))
		return (ERANGE);
	memcpy(buf, &in6, sizeof(in6));
	*buflen = sizeof(in6);
	return (0);
}

static int
local_parse(const char *s, int *off, u_char *buf, int *buflen)
{
	struct ng_ksocket_sockaddr_un un = { .sun_family = NG_KSOCKET_AF_LOCAL };
	int toklen, len, error = 0;
	char *path;

	if ((path = ng_get_string_token(s, off, &toklen, &len)) == NULL)
		return (EINVAL);
	if (len == 0 || strlen(path) != (size_t)len || (size_t)len >= sizeof(un.sun_path))
		error = EINVAL;
	else if (*buflen < 2 + len + 1)
		error = ERANGE;
	if (error == 0) {
		un.sun_len = (uint8_t)(2 + len + 1);
		memcpy(un.sun_path, path, (size_t)len);
		memcpy(buf, &un, un.sun_len);
		*buflen = un.sun_len;
		*off += toklen;
	}
	free(path, M_NETGRAPH_PARSE);
	return (error);
}

static int
sockaddr_parse(const struct ng_parse_type *type, const char *s, int *off, const u_char *const start, u_char *const buf, int *buflen)
{
	const char *p;
	int toklen, error;

	(void)ng_parse_get_token(s, off, &toklen); /* moves *off to it */
	p = s + *off;
	if (strncmp(p, "local/", 6) == 0) {
		*off += 6;
		return (local_parse(s, off, buf, buflen));
	}
	if (strncmp(p, "inet/", 5) == 0) {
		p += 5;
		error = inet_parse(&p, buf, buflen);
	} else if (strncmp(p, "inet6/", 6) == 0) {
		p += 6;
		error = inet6_parse(&p, buf, buflen);
	} else {
		return (ng_parse_struct_type.parse(&generic_type, s, off, start, buf, buflen));
	}
	*off = (int)(p - s);
	return (error);
}

/* Bytes of the message from `at` on. */
static size_t
left_in(const u_char *data, int off)
{
	const struct ng_mesg *msg = (const void *)(data - offsetof(struct ng_mesg, data));

	return (msg->header.arglen > (uint32_t)off ? msg->header.arglen - (uint32_t)off : 0);
}

static int
sockaddr_unparse(const struct ng_parse_type *type, const u_char *data, int *off, char *cbuf, int cbuflen)
{
	const size_t left = left_in(data, *off);
	uint8_t addr[NGU__KSOCK_ADDR];
	char text[64], *path;
	uint16_t port;
	size_t len;
	int n;

	if (left < 2)
		return (EINVAL);
	if (ngu__ksock_address(data + *off, left, addr, &len) != 0) {
		if (data[*off] > left)
			return (EINVAL);
		return (ng_parse_struct_type.unparse(&generic_type, data, off, cbuf, cbuflen));
	}
	memcpy(&port, addr + 2, sizeof(port));
	port = ntohs(port);
	switch (addr[1]) {
	case NG_KSOCKET_AF_INET:
		ngu__ksock_ntop(false, addr + offsetof(struct ng_ksocket_sockaddr_in, sin_addr), text);
		n = port != 0 ? snprintf(cbuf, (size_t)cbuflen, "inet/%s:%u", text, port) : snprintf(cbuf, (size_t)cbuflen, "inet/%s", text);
		break;
	case NG_KSOCKET_AF_INET6:
		ngu__ksock_ntop(true, addr + offsetof(struct ng_ksocket_sockaddr_in6, sin6_addr), text);
		n = port != 0 ? snprintf(cbuf, (size_t)cbuflen, "inet6/[%s]:%u", text, port) : snprintf(cbuf, (size_t)cbuflen, "inet6/%s", text);
		break;
	default:
		if ((path = ng_encode_string((char *)addr + 2, (int)strlen((char *)addr + 2))) == NULL)
			return (ENOMEM);
		n = snprintf(cbuf, (size_t)cbuflen, "local/%s", path);
		free(path, M_NETGRAPH_PARSE);
		break;
	}
	if (n >= cbuflen)
		return (ERANGE);
	*off += (int)left; /* an address is the last there is */
	return (0);
}

/* [ bytes ], or a number: an int. */
static int
value_parse(const struct ng_parse_type *type, const char *s, int *off, const u_char *const start, u_char *const buf, int *buflen)
{
	int toklen, n = 0, v;
	bool list;
	char *end;
	long x;

	switch (ng_parse_get_token(s, off, &toklen)) {
	case T_LBRACKET:
		list = true;
		*off += toklen;
		break;
	case T_WORD:
		list = false;
		break;
	default:
		return (EINVAL);
	}
	for (;;) {
		const enum ng_parse_token t = ng_parse_get_token(s, off, &toklen);

		if (list && t == T_RBRACKET) {
			*off += toklen;
			break;
		}
		if (t != T_WORD)
			return (EINVAL);
		x = strtol(s + *off, &end, 0);
		if (end != s + *off + toklen)
			return (EINVAL);
		if (!list) {
			if (x < INT_MIN || x > INT_MAX)
				return (EINVAL);
			v = (int)x;
			if (*buflen < (int)sizeof(v))
				return (ERANGE);
			memcpy(buf, &v, sizeof(v));
			n = sizeof(v);
			*off += toklen;
			break;
		}
		if (x < -128 || x > 255)
			return (EINVAL);
		if (n == *buflen || n == NG_KSOCKET_MAX_OPTLEN)
			return (ERANGE);
		buf[n++] = (u_char)x;
		*off += toklen;
	}
	*buflen = n;
	return (0);
}

static int
value_unparse(const struct ng_parse_type *type, const u_char *data, int *off, char *cbuf, int cbuflen)
{
	const size_t left = left_in(data, *off);
	int n = snprintf(cbuf, (size_t)cbuflen, "[");

	for (size_t i = 0; i < left && n < cbuflen; i++)
		n += snprintf(cbuf + n, (size_t)(cbuflen - n), " 0x%02x", data[*off + (int)i]);
	if (n < cbuflen)
		n += snprintf(cbuf + n, (size_t)(cbuflen - n), " ]");
	if (n >= cbuflen)
		return (ERANGE);
	*off += (int)left;
	return (0);
}

const struct ng_parse_type ngu__ksock_sockaddr_type = { .parse = sockaddr_parse, .unparse = sockaddr_unparse };
const struct ng_parse_type ngu__ksock_value_type = { .parse = value_parse, .unparse = value_unparse };
