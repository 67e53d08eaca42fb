/* SPDX-License-Identifier: BSD-2-Clause */
/* json.c - JSON, written as it goes: a document is one line. */
#include "ngctl.h"

#include <string.h>

#define MAX_DEPTH 16

static char closer[MAX_DEPTH];
static int depth;
static bool comma;

/*
 * The length of the UTF-8 sequence at s, 0 if it is none. Names are bytes; what is no UTF-8 is written as if each byte were the character of that number.
 */
static size_t
utf8(const unsigned char *s)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = s[0] >= 0xf0 && s[0] < 0xf8 ? 4 : s[0] >= 0xe0 ? 3 : s[0] >= 0xc0 ? 2 : 0, i;
	uint32_t c;

	if (len == 0 || s[0] >= 0xf8)
		return (0);
	c = s[0] & (0xffu >> (len + 1));
	for (i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return (0);
		c = c << 6 | (s[i] & 0x3fu);
	}
	return (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? 0 : len);
}

static void
string(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t len;

	putchar('"');
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			printf("\\%c", *s);
		else if (*s == '\n')
			fputs("\\n", stdout);
		else if (*s == '\t')
			fputs("\\t", stdout);
		else if (*s >= 0x20 && *s < 0x7f)
			putchar(*s);
		else if (*s >= 0x80 && (len = utf8(s)) != 0) {
			fwrite(s, 1, len, stdout);
			s += len - 1;
		} else
			printf("\\u%04x", *s);
	}
	putchar('"');
}

static void
item(const char *key)
{
	if (comma)
		putchar(',');
	comma = true;
	if (key != NULL) {
		string(key);
		putchar(':');
	}
}

static void
open_(const char *key, char opener, char close)
{
	if (depth > 0)
		item(key);
	putchar(opener);
	closer[depth++] = close;
	comma = false;
}

void
json_begin(void)
{
	depth = 0;
	open_(NULL, '{', '}');
}

void
json_end(void)
{
	while (depth > 0)
		json_close();
	putchar('\n');
}

void
json_object(const char *key)
{
	open_(key, '{', '}');
}

void
json_array(const char *key)
{
	open_(key, '[', ']');
}

void
json_close(void)
{
	putchar(closer[--depth]);
	comma = true;
}

void
json_str(const char *key, const char *value)
{
	item(key);
	if (value != NULL)
		string(value);
	else
		fputs("null", stdout);
}

void
json_num(const char *key, long long value)
{
	item(key);
	printf("%lld", value);
}

void
json_bool(const char *key, bool value)
{
	item(key);
	fputs(value ? "true" : "false", stdout);
}

void
json_hex(const char *key, const unsigned char *data, size_t len)
{
	item(key);
	putchar('"');
	for (; len > 0; data++, len--)
		printf("%02x", *data);
	putchar('"');
}

void
json_node(const char *key, const struct nodeinfo *n)
{
	char path[16];

	snprintf(path, sizeof(path), "[%x]:", n->id);
	json_object(key);
	json_str("name", n->name[0] != '\0' ? n->name : NULL);
	json_str("type", n->type);
	json_num("id", n->id);
	json_str("path", path);
	json_num("hooks", n->hooks);
}
