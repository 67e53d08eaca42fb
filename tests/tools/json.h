/* SPDX-License-Identifier: BSD-2-Clause */
/* json.h - is this JSON (RFC 8259)? */
#ifndef TESTS_TOOLS_JSON_H
#define TESTS_TOOLS_JSON_H

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

static const char *json_value(const char *s);

static const char *
json_string(const char *s)
{
	if (*s++ != '"')
		return (NULL);
	for (; *s != '"'; s++) {
		if ((unsigned char)*s < 0x20)
			return (NULL);
		if (*s == '\\') {
			if (*++s == 'u') {
				for (int i = 0; i < 4; i++)
					if (!isxdigit((unsigned char)*++s))
						return (NULL);
			} else if (*s == '\0' || strchr("\"\\/bfnrt", *s) == NULL)
				return (NULL);
		} else if ((unsigned char)*s >= 0x80) {
			/* whole characters of UTF-8; that they are the shortest form is not looked at */
			int n = (unsigned char)*s >= 0xf0 ? 3 : (unsigned char)*s >= 0xe0 ? 2 : (unsigned char)*s >= 0xc2 ? 1 : -1;

			if (n < 0)
				return (NULL);
			for (; n > 0; n--)
				if (((unsigned char)*++s & 0xc0) != 0x80)
					return (NULL);
		}
	}
	return (s + 1);
}

static const char *
json_members(const char *s, char close)
{
	if (*s == close)
		return (s + 1);
	for (;;) {
		if (close == '}' && ((s = json_string(s)) == NULL || *s++ != ':'))
			return (NULL);
		if ((s = json_value(s)) == NULL)
			return (NULL);
		if (*s == close)
			return (s + 1);
		if (*s++ != ',')
			return (NULL);
	}
}

/* What is behind the value at s; NULL: there is none. No blanks, as we print none. */
static const char *
json_value(const char *s)
{
	size_t n;

	switch (*s) {
	case '{':
		return (json_members(s + 1, '}'));
	case '[':
		return (json_members(s + 1, ']'));
	case '"':
		return (json_string(s));
	default:
		for (const char *const *w = (const char *const[]){ "true", "false", "null", NULL }; *w != NULL; w++)
			if (strncmp(s, *w, strlen(*w)) == 0)
				return (s + strlen(*w));
		s += *s == '-';
		n = strspn(s, "0123456789");
		return (n == 0 || (*s == '0' && n > 1) ? NULL : s + n);
	}
}

/* One document a line, objects all of them; how many, or -1. */
static int
json_documents(const char *s)
{
	int n = 0;

	for (; *s != '\0'; n++)
		if (*s != '{' || (s = json_value(s)) == NULL || *s++ != '\n')
			return (-1);
	return (n);
}

#endif /* TESTS_TOOLS_JSON_H */
