/* SPDX-License-Identifier: BSD-2-Clause */
/* test_parse.c - ng_parse: each type, each rule of the syntax, each error and where it points, each bound. */
#include "unit/parse.h"

/* ---- tables ---- */

static u_char got[ROOM];

/* Text to these bytes; and with less room, by any number of bytes, to ERANGE. */
static void
reads(const struct ng_parse_type *type, const char *text, const void *want, int len)
{
	int n, off, error = parse(type, text, ROOM, got, &n, &off);

	if (error != 0 || n != len || memcmp(got, want, (size_t)len) != 0)
		print_error("%s: error %d at %d, %d bytes\n", text, error, off, n);
	assert_int_equal(error, 0);
	assert_int_equal(n, len);
	assert_memory_equal(got, want, len);
	assert_int_equal(off, strlen(text));
	for (int room = 0; room < len; room++)
		assert_int_equal(parse(type, text, room, NULL, &n, &off), ERANGE);
	assert_int_equal(parse(type, text, len, NULL, &n, &off), 0);
}

static void
refuses(const struct ng_parse_type *type, const char *text, int want, int at)
{
	int n, off, error = parse(type, text, ROOM, NULL, &n, &off);

	if (error != want || off != at)
		print_error("%s: error %d at %d\n", text, error, off);
	assert_int_equal(error, want);
	assert_int_equal(off, at);
}

/* Bytes to this text; with less room to ERANGE; cut off anywhere to an error, or to another text, but never beyond the cut. */
static void
prints(const struct ng_parse_type *type, const void *data, int len, const char *want)
{
	char out[4096];
	int n = (int)strlen(want), error = unparse(type, data, len, out, sizeof(out));

	if (error != 0 || strcmp(out, want) != 0)
		print_error("%s: error %d, %s\n", want, error, out);
	assert_int_equal(error, 0);
	assert_string_equal(out, want);
	for (int room = 0; room <= n; room++)
		assert_int_equal(unparse(type, data, len, out, room), ERANGE);
	assert_int_equal(unparse(type, data, len, out, n + 1), 0);
	assert_string_equal(out, want);
	for (int cut = 0; cut < len; cut++)
		(void)unparse(type, data, cut, out, sizeof(out));
}

static void
both(const struct ng_parse_type *type, const char *text, const void *bytes, int len)
{
	reads(type, text, bytes, len);
	prints(type, bytes, len, text);
}

/* ---- tokens ---- */

static void
test_tokens(void **state)
{
	static const struct {
		const char *s;
		int start, at, len;
		enum ng_parse_token token;
	} c[] = {
		{ "", 0, 0, 0, T_EOF },
		{ " \t\n\v\f\r", 0, 6, 0, T_EOF },
		{ "  {a", 0, 2, 1, T_LBRACE },
		{ "}}", 1, 1, 1, T_RBRACE },
		{ "[]", 0, 0, 1, T_LBRACKET },
		{ "[]", 1, 1, 1, T_RBRACKET },
		{ " = ", 0, 1, 1, T_EQUALS },
		{ "abc", 1, 1, 2, T_WORD },
		{ "a.b:c/d-1,;'=", 0, 0, 12, T_WORD },
		{ "a{", 0, 0, 1, T_WORD },
		{ "a}", 0, 0, 1, T_WORD },
		{ "a[", 0, 0, 1, T_WORD },
		{ "a]", 0, 0, 1, T_WORD },
		{ "a\"b\"", 0, 0, 1, T_WORD },
		{ "a b", 0, 0, 1, T_WORD },
		{ "\xff\x01 ", 0, 0, 2, T_WORD },
		{ " \"\"x", 0, 1, 2, T_STRING },
		{ "\"a\\\"b\"c", 0, 0, 6, T_STRING },
		{ "\"\\\\\"x", 0, 0, 4, T_STRING },
		{ "\"{ [ = \"", 0, 0, 8, T_STRING },
		{ "\"abc", 0, 0, 4, T_ERROR },
		{ "\"abc\\\"", 0, 0, 6, T_ERROR },
		{ "\"abc\\", 0, 0, 5, T_ERROR },
		{ "\"", 0, 0, 1, T_ERROR },
	};

	(void)state;
	assert_int_equal(T_LBRACE, 0);
	assert_int_equal(T_ERROR, 6);
	assert_int_equal(T_EOF, 8);
	for (size_t i = 0; i < NITEMS(c); i++) {
		int start = c[i].start, len = -1;

		assert_int_equal(ng_parse_get_token(c[i].s, &start, &len), c[i].token);
		assert_int_equal(start, c[i].at);
		assert_int_equal(len, c[i].len);
	}
}

/* ---- integers ---- */

#define INT_READS(bits, text, value) \
	do { \
		uint##bits##_t v_ = (uint##bits##_t)(value); \
		int n_, off_; \
\
		assert_int_equal(parse(&ng_parse_uint##bits##_type, (text), ROOM, got, &n_, &off_), 0); \
		assert_int_equal(n_, bits / 8); \
		assert_memory_equal(got, &v_, sizeof(v_)); \
		reads_as(&ng_parse_int##bits##_type, (text), &v_, bits / 8); \
		reads_as(&ng_parse_hint##bits##_type, (text), &v_, bits / 8); \
	} while (0)

static void
reads_as(const struct ng_parse_type *type, const char *text, const void *want, int len)
{
	int n, off;

	assert_int_equal(parse(type, text, ROOM, got, &n, &off), 0);
	assert_int_equal(n, len);
	assert_memory_equal(got, want, len);
	for (int room = 0; room < len; room++) {
		assert_int_equal(parse(type, text, room, NULL, &n, &off), ERANGE);
		assert_int_equal(off, 0);
	}
}

#define INT_REFUSES(bits, text) \
	do { \
		refuses(&ng_parse_uint##bits##_type, (text), EINVAL, 0); \
		refuses(&ng_parse_int##bits##_type, (text), EINVAL, 0); \
		refuses(&ng_parse_hint##bits##_type, (text), EINVAL, 0); \
	} while (0)

#define INT_PRINTS(bits, value, i, u, h) \
	do { \
		uint##bits##_t v_ = (uint##bits##_t)(value); \
\
		prints(&ng_parse_int##bits##_type, &v_, sizeof(v_), (i)); \
		prints(&ng_parse_uint##bits##_type, &v_, sizeof(v_), (u)); \
		prints(&ng_parse_hint##bits##_type, &v_, sizeof(v_), (h)); \
	} while (0)

static void
test_integers(void **state)
{
	static const char *const bad[] = { "", "x", "-", "+", "- 1", "{", "[", "=", "\"1\"", "}", "--1", "18446744073709551616",
		"-9223372036854775809", "0x10000000000000000", "99999999999999999999999", "-0x8000000000000001" };
	int off, n;

	(void)state;
	/* From the least signed to the greatest unsigned, whatever the sort. */
	INT_READS(8, "-128", 0x80);
	INT_READS(8, "255", 0xff);
	INT_READS(8, "-1", 0xff);
	INT_REFUSES(8, "-129");
	INT_REFUSES(8, "256");
	INT_READS(16, "-32768", 0x8000);
	INT_READS(16, "65535", 0xffff);
	INT_REFUSES(16, "-32769");
	INT_REFUSES(16, "65536");
	INT_READS(32, "-2147483648", 0x80000000);
	INT_READS(32, "4294967295", 0xffffffff);
	INT_REFUSES(32, "-2147483649");
	INT_REFUSES(32, "4294967296");
	INT_REFUSES(32, "18446744073709551615");
	INT_READS(64, "-9223372036854775808", 0x8000000000000000);
	INT_READS(64, "18446744073709551615", 0xffffffffffffffff);
	INT_READS(64, "9223372036854775808", 0x8000000000000000);
	for (size_t i = 0; i < NITEMS(bad); i++) {
		INT_REFUSES(8, bad[i]);
		INT_REFUSES(16, bad[i]);
		INT_REFUSES(32, bad[i]);
		INT_REFUSES(64, bad[i]);
	}
	/* C's notation; what follows the number in its word does not matter. */
	INT_READS(32, "0x10", 16);
	INT_READS(32, "0XfF", 255);
	INT_READS(32, "-0x10", (uint32_t)-16);
	INT_READS(32, "010", 8);
	INT_READS(32, "+7", 7);
	INT_READS(32, "-0", 0);
	INT_READS(32, "0", 0);
	INT_READS(32, "3x", 3);
	INT_READS(32, "08", 0);
	INT_READS(32, "0x", 0);
	INT_READS(32, "0xg", 0);
	INT_READS(8, "0000000000000000000000000000000000377", 255);
	assert_int_equal(parse(&ng_parse_uint8_type, " \t12abc }", ROOM, got, &n, &off), 0);
	assert_int_equal(off, 4);
	refuses(&ng_parse_uint8_type, "   x", EINVAL, 3);
	INT_PRINTS(8, 0, "0", "0", "0x0");
	INT_PRINTS(8, 0x80, "-128", "128", "0x80");
	INT_PRINTS(16, 0xffff, "-1", "65535", "0xffff");
	INT_PRINTS(32, 0x80000000, "-2147483648", "2147483648", "0x80000000");
	INT_PRINTS(32, 0x7fffffff, "2147483647", "2147483647", "0x7fffffff");
	INT_PRINTS(64, 0x8000000000000000, "-9223372036854775808", "9223372036854775808", "0x8000000000000000");
	INT_PRINTS(64, 0xffffffffffffffff, "-1", "18446744073709551615", "0xffffffffffffffff");
}

/* A message that ends within a number has none. */
static void
test_cut_off(void **state)
{
	static const struct ng_parse_type *const type[] = { &ng_parse_uint8_type, &ng_parse_int16_type, &ng_parse_hint32_type,
		&ng_parse_int64_type, &ng_parse_ipaddr_type, &ng_parse_enaddr_type, &ng_parse_nodebuf_type, &ng_parse_pathbuf_type,
		&ng_parse_ng_mesg_type };
	static const int size[] = { 1, 2, 4, 8, 4, 6, 32, 512, 56 };
	static const u_char zero[512];
	char out[4096];

	(void)state;
	for (size_t i = 0; i < NITEMS(type); i++) {
		for (int n = 0; n < size[i]; n++)
			assert_int_equal(unparse(type[i], zero, n, out, sizeof(out)), EINVAL);
		assert_int_equal(unparse(type[i], zero, size[i], out, sizeof(out)), 0);
	}
	assert_int_equal(unparse(&ng_parse_string_type, zero, 0, out, sizeof(out)), EINVAL);
	assert_int_equal(unparse(&ng_parse_sizedstring_type, "\003\000ab", 4, out, sizeof(out)), EINVAL);
	assert_int_equal(unparse(&ng_parse_sizedstring_type, "\003\000abc", 5, out, sizeof(out)), 0);
}

/* ---- strings ---- */

static const struct ng_parse_fixedstring_info four = { 4 };
static const struct ng_parse_type four_type = { .supertype = &ng_parse_fixedstring_type, .info = &four };

static void
test_strings(void **state)
{
	char all[256], text[1100];
	int n, off;

	(void)state;
	both(&ng_parse_string_type, "\"\"", "", 1);
	both(&ng_parse_string_type, "\"hello, world\"", "hello, world", 13);
	both(&ng_parse_string_type, "\"\\t\\n\\r\\v\\f\\\"\\\\\"", "\t\n\r\v\f\"\\", 8);
	both(&ng_parse_string_type, "\"\\x01\\x1f ~\\x7f\\xff\"", "\001\037 ~\177\377", 7);
	/* At most three octal and two hexadecimal digits; other characters are themselves. */
	reads(&ng_parse_string_type, "\"\\1\\12\\123\\1234\\377\\400\"", "\001\012\123\1234\377\0400", 9);
	reads(&ng_parse_string_type, "\"\\x1\\x1g\\xAbc\\x\\xg\"", "\001\001g\253cxxg", 9);
	reads(&ng_parse_string_type, "\"\\a\\z\\{\\ \\8\\x41\"", "az{ 8A", 7);
	reads(&ng_parse_string_type, "\"{ } [ ] = \\\\\"", "{ } [ ] = \\", 12);
	refuses(&ng_parse_string_type, "abc", EINVAL, 0);
	refuses(&ng_parse_string_type, "", EINVAL, 0);
	refuses(&ng_parse_string_type, " \"abc", EINVAL, 1);
	refuses(&ng_parse_string_type, " \"abc\\\"", EINVAL, 1);
	refuses(&ng_parse_string_type, "\"a\\000b\"", EINVAL, 0); /* would end there */
	refuses(&ng_parse_string_type, "\"a\\x00\"", EINVAL, 0);
	prints(&ng_parse_string_type, "abc\0def", 8, "\"abc\"");
	prints(&ng_parse_string_type, "abc", 3, "\"abc\""); /* the NUL cut off */
	/* Every byte goes out and comes back. */
	for (int i = 0; i < 255; i++)
		all[i] = (char)(i + 1);
	all[255] = '\0';
	assert_int_equal(unparse(&ng_parse_string_type, all, 256, text, sizeof(text)), 0);
	assert_int_equal(parse(&ng_parse_string_type, text, ROOM, got, &n, &off), 0);
	assert_int_equal(n, 256);
	assert_memory_equal(got, all, 256);

	both(&four_type, "\"\"", "\0\0\0\0", 4);
	both(&four_type, "\"abc\"", "abc", 4);
	refuses(&four_type, "\"abcd\"", E2BIG, 0);
	refuses(&four_type, " \"a\\0\"", EINVAL, 1);
	prints(&four_type, "abcd", 4, "\"abcd\""); /* not terminated: does not go on */
	prints(&four_type, "abcdefgh", 8, "\"abcd\"");
	prints(&four_type, "a\0bc", 4, "\"a\"");
	both(&ng_parse_sizedstring_type, "\"\"", "\0\0", 2);
	both(&ng_parse_sizedstring_type, "\"a\\x00b\"", "\003\0a\0b", 5);
	refuses(&ng_parse_sizedstring_type, "1", EINVAL, 0);
}

static void
test_string_limits(void **state)
{
	static const struct {
		const struct ng_parse_type *type;
		const struct ng_parse_fixedstring_info *info;
		int size;
	} c[] = {
		{ &ng_parse_nodebuf_type, &ng_parse_nodebuf_info, 32 },
		{ &ng_parse_hookbuf_type, &ng_parse_hookbuf_info, 32 },
		{ &ng_parse_pathbuf_type, &ng_parse_pathbuf_info, 512 },
		{ &ng_parse_typebuf_type, &ng_parse_typebuf_info, 32 },
		{ &ng_parse_cmdbuf_type, &ng_parse_cmdbuf_info, 32 },
	};
	static char text[65600];
	static u_char big[65600];
	static const struct ng_parse_type none = { .supertype = &ng_parse_fixedstring_type };
	int n, off;

	(void)state;
	for (size_t i = 0; i < NITEMS(c); i++) {
		assert_int_equal(c[i].info->bufSize, c[i].size);
		memset(big, 0, sizeof(big));
		memset(big, 'x', (size_t)c[i].size - 1);
		(void)snprintf(text, sizeof(text), "\"%.600s\"", (char *)big);
		both(c[i].type, text, big, c[i].size);
		big[c[i].size - 1] = 'x';
		(void)snprintf(text, sizeof(text), "\"%.600s\"", (char *)big);
		refuses(c[i].type, text, E2BIG, 0);
	}
	refuses(&none, "\"\"", EINVAL, 0);
	/* 65535 bytes are the most a length of 16 bits can say. */
	memset(text, 'y', 65538);
	text[0] = text[65536] = '"';
	text[65537] = '\0';
	assert_int_equal(parse(&ng_parse_sizedstring_type, text, 65537, big, &n, &off), 0);
	assert_int_equal(n, 65537);
	assert_memory_equal(big, "\xff\xff", 2);
	assert_int_equal(parse(&ng_parse_sizedstring_type, text, 65536, NULL, &n, &off), ERANGE);
	text[65536] = 'y';
	text[65537] = '"';
	refuses(&ng_parse_sizedstring_type, text, EINVAL, 0);
}

static void
test_string_tokens(void **state)
{
	const char *s = "  \"a\\tb\\x00\\\\\" rest";
	int start = 0, len = 0, slen = 0;
	char *p = ng_get_string_token(s, &start, &len, &slen);

	(void)state;
	assert_non_null(p);
	assert_int_equal(start, 2);
	assert_int_equal(len, 12);
	assert_int_equal(slen, 5);
	assert_memory_equal(p, "a\tb\0\\", 6);
	free(p, M_NETGRAPH_PARSE);
	start = 0;
	p = ng_get_string_token(s, &start, &len, NULL);
	assert_non_null(p);
	free(p, M_NETGRAPH_PARSE);
	start = 14;
	assert_null(ng_get_string_token(s, &start, &len, &slen));
	start = 0;
	assert_null(ng_get_string_token("\"abc", &start, &len, &slen));
	p = ng_encode_string("a\0\"\xff\n", 5);
	assert_string_equal(p, "\"a\\x00\\\"\\xff\\n\"");
	free(p, M_NETGRAPH_PARSE);
	p = ng_encode_string("", 0);
	assert_string_equal(p, "\"\"");
	free(p, M_NETGRAPH_PARSE);
	assert_null(ng_encode_string("", -1));
}

/* ---- addresses ---- */

static void
test_addresses(void **state)
{
	static const char *const bad_ip[] = { "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2..4", ".1.2.3", "1.2.3.", "a.b.c.d", "1.2.3.-4",
		"1,2,3,4", "1.2.3.4/8", "\"1.2.3.4\"", "{", "", "1.2.3.99999999999999999999" };
	static const char *const bad_en[] = { "1:2:3:4:5", "1:2:3:4:5:6:7", "1:2:3:4:5:100", "1:2:3:4:5:", ":1:2:3:4:5", "1:2:3:4:5:g",
		"1:2:3:4:5:6g", "1::3:4:5:6", "1:2:3:4:5 :6", "\"\"", "" };

	(void)state;
	both(&ng_parse_ipaddr_type, "0.0.0.0", "\0\0\0\0", 4);
	both(&ng_parse_ipaddr_type, "192.0.2.255", "\300\000\002\377", 4);
	reads(&ng_parse_ipaddr_type, "0x0a.010.1.2", "\012\010\001\002", 4);
	for (size_t i = 0; i < NITEMS(bad_ip); i++)
		refuses(&ng_parse_ipaddr_type, bad_ip[i], EINVAL, 0);
	both(&ng_parse_enaddr_type, "02:00:0a:ff:00:01", "\002\000\012\377\000\001", 6);
	reads(&ng_parse_enaddr_type, "2:0:A:fF:0:0001", "\002\000\012\377\000\001", 6);
	for (size_t i = 0; i < NITEMS(bad_en); i++)
		refuses(&ng_parse_enaddr_type, bad_en[i], EINVAL, 0);
}

/* ---- structs ---- */

static const struct ng_parse_struct_field cfg_fields[] = {
	{ "on", &ng_parse_uint8_type, 0 },
	{ "rate", &ng_parse_uint32_type, 0 },
	{ "peer", &four_type, 0 },
	{ NULL, NULL, 0 }
};
static const struct ng_parse_type cfg_type = { .supertype = &ng_parse_struct_type, .info = &cfg_fields };
struct cfg {
	uint8_t on;
	uint32_t rate;
	char peer[4];
};
static const struct ng_parse_struct_field outer_fields[] = {
	{ "a", &cfg_type, 0 },
	{ "mac", &ng_parse_enaddr_type, 0 },
	{ NULL, NULL, 0 }
};
static const struct ng_parse_type outer_type = { .supertype = &ng_parse_struct_type, .info = &outer_fields };
static const struct ng_parse_struct_field no_fields[] = { { NULL, NULL, 0 } };
static const struct ng_parse_type empty_type = { .supertype = &ng_parse_struct_type, .info = &no_fields };

static void
test_struct(void **state)
{
	struct cfg c;

	(void)state;
	assert_int_equal(sizeof(c), 12);
	memset(&c, 0, sizeof(c));
	both(&cfg_type, "{}", &c, sizeof(c));
	reads(&cfg_type, " {\t\n}", &c, sizeof(c));
	c.rate = 64000;
	both(&cfg_type, "{ rate=64000 }", &c, sizeof(c));
	c.on = 1;
	memcpy(c.peer, "ab", 3);
	both(&cfg_type, "{ on=1 rate=64000 peer=\"ab\" }", &c, sizeof(c));
	/* Any order, any white space, none where a bracket or a quote ends a word. */
	reads(&cfg_type, "{peer=\"ab\"rate=64000 on=1}", &c, sizeof(c));
	reads(&cfg_type, "{\n\tpeer\t=\n\"ab\" rate = 64000\ton\n= 1\n}", &c, sizeof(c));
	reads(&cfg_type, "{ on=1x rate=64000y peer=\"ab\" }", &c, sizeof(c));
	both(&empty_type, "{}", "", 0);
	refuses(&empty_type, "{ a=1 }", ENOENT, 2);
	/* What is wrong, and where. */
	refuses(&cfg_type, "", EINVAL, 0);
	refuses(&cfg_type, "  [ ]", EINVAL, 2);
	refuses(&cfg_type, "{ on=1", EINVAL, 6);
	refuses(&cfg_type, "{ on=", EINVAL, 5);
	refuses(&cfg_type, "{ on", EINVAL, 4);
	refuses(&cfg_type, "{ on 1 }", EINVAL, 5);
	refuses(&cfg_type, "{ on== }", EINVAL, 5);
	refuses(&cfg_type, "{ on= }", EINVAL, 6);
	refuses(&cfg_type, "{ \"on\"=1 }", EINVAL, 2);
	refuses(&cfg_type, "{ =1 }", EINVAL, 2);
	refuses(&cfg_type, "{ 1 }", ENOENT, 2);
	refuses(&cfg_type, "{ on=1 ]", EINVAL, 7);
	refuses(&cfg_type, "{ on=1 off=0 }", ENOENT, 7);
	refuses(&cfg_type, "{ o=1 }", ENOENT, 2);
	refuses(&cfg_type, "{ onn=1 }", ENOENT, 2);
	refuses(&cfg_type, "{ on=1 rate=2 on=1 }", EALREADY, 14);
	refuses(&cfg_type, "{ on=1 rate=x }", EINVAL, 12);
	refuses(&cfg_type, "{ on=300 }", EINVAL, 5);
	refuses(&cfg_type, "{ peer=abc }", EINVAL, 7);
	refuses(&cfg_type, "{ peer=\"abcd\" }", E2BIG, 7);
	refuses(&cfg_type, "{ peer=\"abc }", EINVAL, 7);
	refuses(&cfg_type, "{ on={ } }", EINVAL, 5);
	refuses(&cfg_type, "{ on=[ 1 } ] }", EINVAL, 11); /* the value ends at the brace */
	refuses(&cfg_type, "{ on=[ 1 }", EINVAL, 10);
}

static void
test_nested(void **state)
{
	struct {
		struct cfg a;
		uint8_t mac[6];
		uint8_t pad[2]; /* to the alignment of a */
	} o = { { 1, 0, "x" }, { 2, 0, 0, 0, 0, 1 }, { 0, 0 } };

	(void)state;
	assert_int_equal(sizeof(o), 20);
	memset(&o.a, 0, sizeof(o.a));
	o.a.on = 1;
	o.a.peer[0] = 'x';
	both(&outer_type, "{ a={ on=1 peer=\"x\" } mac=02:00:00:00:00:01 }", &o, sizeof(o));
	memset(&o.a, 0, sizeof(o.a));
	both(&outer_type, "{ mac=02:00:00:00:00:01 }", &o, sizeof(o));
	/* What has no default must be there, and is always printed. */
	refuses(&outer_type, "{ a={ } }", EOPNOTSUPP, 8);
	refuses(&outer_type, "{}", EOPNOTSUPP, 1);
	memset(&o, 0, sizeof(o));
	both(&outer_type, "{ mac=00:00:00:00:00:00 }", &o, sizeof(o));
	refuses(&outer_type, "{ mac=0:0:0:0:0:0 a={ on=1 rate={ } } }", EINVAL, 32);
	refuses(&outer_type, "{ mac=0:0:0:0:0:0 a={ on=1 on=1 } }", EALREADY, 27);
	refuses(&outer_type, "{ mac=0:0:0:0:0:0 a=1 }", EINVAL, 20);
}

/* Members lie where the compiler puts them. */
static void
test_layout(void **state)
{
	static const struct ng_parse_struct_field in_fields[] = { { "x", &ng_parse_uint32_type, 0 },
		{ "y", &ng_parse_uint8_type, 0 }, { NULL, NULL, 0 } };
	static const struct ng_parse_type in_type = { .supertype = &ng_parse_struct_type, .info = &in_fields };
	static const struct ng_parse_fixedarray_info ins = { &in_type, 2, NULL };
	static const struct ng_parse_type ins_type = { .supertype = &ng_parse_fixedarray_type, .info = &ins };
	static const struct ng_parse_struct_field fields[] = { { "a", &ng_parse_uint8_type, 0 }, { "b", &ng_parse_uint16_type, 0 },
		{ "c", &ng_parse_uint8_type, 0 }, { "d", &ng_parse_uint64_type, 0 }, { "in", &in_type, 0 },
		{ "e", &ng_parse_uint8_type, 0 }, { "ip", &ng_parse_ipaddr_type, 0 }, { "f", &ng_parse_uint8_type, 0 },
		{ "ins", &ins_type, 0 }, { "g", &ng_parse_uint8_type, 0 }, { NULL, NULL, 0 } };
	static const struct ng_parse_type type = { .supertype = &ng_parse_struct_type, .info = &fields };
	struct in {
		uint32_t x;
		uint8_t y;
	};
	struct all {
		uint8_t a;
		uint16_t b;
		uint8_t c;
		uint64_t d;
		struct in in;
		uint8_t e; /* behind the padding of `in` */
		uint8_t ip[4] __attribute__((__aligned__(4)));
		uint8_t f;
		struct in ins[2];
		uint8_t g;
	} v;
	static const struct ng_parse_struct_field packed_fields[] = { { "a", &ng_parse_uint8_type, 0 },
		{ "b", &ng_parse_uint32_type, 1 }, { "c", &ng_parse_uint16_type, 8 }, { NULL, NULL, 0 } };
	static const struct ng_parse_type packed_type = { .supertype = &ng_parse_struct_type, .info = &packed_fields };

	(void)state;
	memset(&v, 0, sizeof(v));
	v.a = 1;
	v.b = 2;
	v.c = 3;
	v.d = 4;
	v.in.x = 5;
	v.in.y = 6;
	v.e = 7;
	v.ip[3] = 8;
	v.f = 9;
	v.ins[0].x = 10;
	v.ins[1].y = 11;
	v.g = 12;
	both(&type, "{ a=1 b=2 c=3 d=4 in={ x=5 y=6 } e=7 ip=0.0.0.8 f=9 ins=[ { x=10 } { y=11 } ] g=12 }", &v, sizeof(v));
	assert_int_equal(type.supertype->getAlign(&type), __alignof__(struct all));
	/* A member's own alignment counts for its place, its type's for the whole. */
	both(&packed_type, "{ a=1 b=33686018 c=3 }", "\001\002\002\002\002\0\0\0\003\0\0", 12);
	/* Padding that a message leaves out at its end is not missed. */
	prints(&in_type, "\001\0\0\0\002", 5, "{ x=1 y=2 }");
}

/* ---- arrays ---- */

static int
first_byte(const struct ng_parse_type *type, const u_char *start, const u_char *buf)
{
	(void)type;
	(void)buf;
	return (start[0]);
}

static int
squares(const struct ng_parse_type *type, int index, const u_char *start, u_char *buf, int *buflen)
{
	(void)type;
	(void)start;
	if (*buflen < 1)
		return (ERANGE);
	buf[0] = (u_char)(index * index);
	*buflen = 1;
	return (0);
}

static const struct ng_parse_fixedarray_info five = { &ng_parse_uint8_type, 5, NULL };
static const struct ng_parse_type five_type = { .supertype = &ng_parse_fixedarray_type, .info = &five };
static const struct ng_parse_fixedarray_info square = { &ng_parse_uint8_type, 5, squares };
static const struct ng_parse_type square_type = { .supertype = &ng_parse_fixedarray_type, .info = &square };
static const struct ng_parse_array_info counted = { &ng_parse_uint16_type, first_byte, NULL };
static const struct ng_parse_type counted_type = { .supertype = &ng_parse_array_type, .info = &counted };
static const struct ng_parse_struct_field list_fields[] = {
	{ "n", &ng_parse_uint8_type, 0 }, { "list", &counted_type, 0 }, { NULL, NULL, 0 } };
static const struct ng_parse_type list_type = { .supertype = &ng_parse_struct_type, .info = &list_fields };
static const struct ng_parse_fixedarray_info words = { &ng_parse_string_type, 3, NULL };
static const struct ng_parse_type words_type = { .supertype = &ng_parse_fixedarray_type, .info = &words };
static const struct ng_parse_fixedarray_info matrix = { &five_type, 3, NULL };
static const struct ng_parse_type matrix_type = { .supertype = &ng_parse_fixedarray_type, .info = &matrix };
static const struct ng_parse_fixedarray_info macs = { &ng_parse_enaddr_type, 2, NULL };
static const struct ng_parse_type macs_type = { .supertype = &ng_parse_fixedarray_type, .info = &macs };

static void
test_arrays(void **state)
{
	(void)state;
	both(&five_type, "[]", "\0\0\0\0\0", 5);
	reads(&five_type, " [ ]", "\0\0\0\0\0", 5);
	both(&five_type, "[ 1 2 3 4 5 ]", "\001\002\003\004\005", 5);
	both(&five_type, "[ 1 2 4=5 ]", "\001\002\0\0\005", 5);
	both(&five_type, "[ 3=9 8 ]", "\0\0\0\011\010", 5);
	reads(&five_type, "[ -0=9 8 ]", "\011\010\0\0\0", 5);
	reads(&five_type, "[4=5 1=2 7]", "\0\002\007\0\005", 5);
	reads(&five_type, "[0x1= 2 02=\n3 0=1]", "\001\002\003\0\0", 5);
	refuses(&five_type, "[ 1 2 3 4 5 6 ]", E2BIG, 12);
	refuses(&five_type, "[ 5=1 ]", E2BIG, 2);
	refuses(&five_type, "[ 4=1 2 ]", E2BIG, 6);
	refuses(&five_type, "[ -1=1 ]", E2BIG, 2);
	refuses(&five_type, "[ 4294967296=1 ]", E2BIG, 2);
	refuses(&five_type, "[ 99999999999999999999=1 ]", E2BIG, 2);
	refuses(&five_type, "[ 1=1 0=2 3 ]", EALREADY, 10);
	refuses(&five_type, "[ 1=1 1=1 ]", EALREADY, 6);
	refuses(&five_type, "[ 1 =2 ]", EINVAL, 4); /* an index and its sign are one word */
	refuses(&five_type, "[ 1x=2 ]", EINVAL, 2);
	refuses(&five_type, "[ a=2 ]", EINVAL, 2);
	refuses(&five_type, "[ = ]", EINVAL, 2);
	refuses(&five_type, "[ 1= ]", EINVAL, 5);
	refuses(&five_type, "[ 1 }", EINVAL, 4);
	refuses(&five_type, "[ 1", EINVAL, 3);
	refuses(&five_type, "{ }", EINVAL, 0);
	refuses(&five_type, "1", EINVAL, 0);
	refuses(&five_type, "[ 1 300 ]", EINVAL, 4);
	refuses(&five_type, "[ 1 \"2\" ]", EINVAL, 4);
	refuses(&five_type, "[ [ ] ]", EINVAL, 2);
	/* Defaults of an array's own. */
	both(&square_type, "[]", "\000\001\004\011\020", 5);
	both(&square_type, "[ 1=7 3=0 ]", "\000\007\004\000\020", 5);
	/* Lengths that depend on what came before. */
	both(&list_type, "{}", "\0", 2);
	both(&list_type, "{ n=3 list=[ 1 2=3 ] }", "\003\0\001\0\0\0\003", 8);
	reads(&list_type, "{ list=[ 1 ] n=2 }", "\002\0\001\0\0", 6);
	refuses(&list_type, "{ list=[ 1 ] }", E2BIG, 9);
	refuses(&list_type, "{ n=1 list=[ 1 2 ] }", E2BIG, 15);
	/* More of them promised than there are. */
	assert_int_equal(unparse(&list_type, "\003\0\001\0\0\0\003", 7, (char *)got, 100), EINVAL);
	assert_int_equal(unparse(&list_type, "\377", 1, (char *)got, 100), EINVAL);
	both(&matrix_type, "[ [ 1 ] 2=[ 4=5 ] ]", "\001\0\0\0\0\0\0\0\0\0\0\0\0\0\005", 15);
	/* Strings: as they print, or with indexes. */
	both(&words_type, "[ \"a\" 2=\"c\" ]", "a\0\0c", 5);
	reads(&words_type, "[ 2=\"c\" 0=\"a\" ]", "a\0\0c", 5);
	refuses(&words_type, "[ a ]", EINVAL, 2);
	refuses(&words_type, "[ \"a\" \"b ]", EINVAL, 6);
	both(&macs_type, "[ 00:00:00:00:00:00 00:00:00:00:00:00 ]", "\0\0\0\0\0\0\0\0\0\0\0", 12);
	refuses(&macs_type, "[ 1=0:0:0:0:0:0 ]", EOPNOTSUPP, 16);
}

/* ---- bytes and messages ---- */

static int
four_bytes(const struct ng_parse_type *type, const u_char *start, const u_char *buf)
{
	(void)start;
	(void)buf;
	assert_ptr_equal(type->private, four_bytes); /* it is the type it was put into */
	return (4);
}

static int
no_bytes(const struct ng_parse_type *type, const u_char *start, const u_char *buf)
{
	(void)type;
	(void)start;
	(void)buf;
	return (0);
}

static const struct ng_parse_type bytes_type = { .supertype = &ng_parse_bytearray_type,
	.info = (const void *)(uintptr_t)four_bytes, .private = (void *)(uintptr_t)four_bytes };
static const struct ng_parse_type nothing_type = { .supertype = &ng_parse_bytearray_type,
	.info = (const void *)(uintptr_t)no_bytes };

static void
test_bytes(void **state)
{
	MESSAGE(3) v;
	char text[512];

	(void)state;
	both(&bytes_type, "[]", "\0\0\0\0", 4);
	both(&bytes_type, "[ 0x1 2=0xff ]", "\001\0\377\0", 4);
	reads(&bytes_type, "[ 1 2 3 4 ]", "\001\002\003\004", 4);
	reads(&bytes_type, "\"\"", "\0\0\0\0", 4);
	reads(&bytes_type, "\"ab\"", "ab\0\0", 4);
	reads(&bytes_type, "\"a\\0\\xffd\"", "a\0\377d", 4);
	refuses(&bytes_type, "\"abcde\"", E2BIG, 0);
	refuses(&bytes_type, "[ 1 2 3 4 5 ]", E2BIG, 10);
	refuses(&bytes_type, "[ 256 ]", EINVAL, 2);
	refuses(&bytes_type, "abc", EINVAL, 0);
	both(&nothing_type, "[]", "", 0);
	reads(&nothing_type, "\"\"", "", 0);
	refuses(&nothing_type, "\"a\"", E2BIG, 0);
	/* Printed as hexadecimal bytes. */
	prints(&bytes_type, "\011\020\0\200", 4, "[ 0x9 0x10 3=0x80 ]");

	memset(&v, 0, sizeof(v));
	v.header.version = NG_VERSION;
	v.header.arglen = 3;
	v.header.cmd = NGM_NODEINFO;
	v.header.flags = NGF_RESP;
	v.header.token = 4000000000;
	v.header.typecookie = NGM_GENERIC_COOKIE;
	(void)strcpy((char *)v.header.cmdstr, "nodeinfo");
	memcpy(v.data, "\001\0\002", 3);
	(void)snprintf(text, sizeof(text), "{ version=8 arglen=3 cmd=%u flags=0x1 token=4000000000 typecookie=%u cmdstr=\"nodeinfo\" "
	    "data=[ 0x1 2=0x2 ] }", NGM_NODEINFO, NGM_GENERIC_COOKIE);
	assert_int_equal(sizeof(v), 60);
	both(&ng_parse_ng_mesg_type, text, &v, 60);
	reads(&ng_parse_ng_mesg_type, "{ data=\"ab\" arglen=4 }",
	    "\0\0\0\0\004\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0ab\0", 60);
	refuses(&ng_parse_ng_mesg_type, "{ data=\"a\" }", E2BIG, 7);
	refuses(&ng_parse_ng_mesg_type, "{ arglen=4294967295 }", EINVAL, 20);
	v.header.arglen = 4; /* the padding behind it is not part of a message that is cut off */
	assert_int_equal(unparse(&ng_parse_ng_mesg_type, &v, 59, text, sizeof(text)), EINVAL);
	v.header.arglen = UINT32_MAX;
	assert_int_equal(unparse(&ng_parse_ng_mesg_type, &v, 60, text, sizeof(text)), EINVAL);
	v.header.arglen = INT32_MAX;
	assert_int_equal(unparse(&ng_parse_ng_mesg_type, &v, 60, text, sizeof(text)), EINVAL);
}

/* ---- lengths nobody can have ---- */

static int length_now;

static int
any_length(const struct ng_parse_type *type, const u_char *start, const u_char *buf)
{
	(void)type;
	(void)start;
	(void)buf;
	return (length_now);
}

static void
test_lengths(void **state)
{
	static const struct ng_parse_array_info of_empty = { &empty_type, any_length, NULL };
	static const struct ng_parse_array_info of_bytes = { &ng_parse_uint8_type, any_length, NULL };
	static const struct ng_parse_array_info of_nothing = { NULL, any_length, NULL };
	static const struct ng_parse_type type[] = {
		{ .supertype = &ng_parse_array_type, .info = &of_bytes },
		{ .supertype = &ng_parse_array_type, .info = &of_empty },
		{ .supertype = &ng_parse_array_type, .info = &of_nothing },
		{ .supertype = &ng_parse_bytearray_type, .info = (const void *)(uintptr_t)any_length },
	};
	static const struct ng_parse_array_info lacking = { &ng_parse_uint8_type, NULL, NULL };
	static const struct ng_parse_type lacks[] = {
		{ .supertype = &ng_parse_array_type, .info = &lacking },
		{ .supertype = &ng_parse_array_type },
		{ .supertype = &ng_parse_fixedarray_type },
		{ .supertype = &ng_parse_struct_type },
		{ .supertype = &ng_parse_bytearray_type },
	};
	static const struct ng_parse_fixedarray_info minus = { &ng_parse_uint8_type, -1, NULL };
	static const struct ng_parse_type minus_type = { .supertype = &ng_parse_fixedarray_type, .info = &minus };
	static const int bad[] = { -1, INT32_MIN };
	char out[100];
	int n, off;

	(void)state;
	for (size_t i = 0; i < NITEMS(type); i++) {
		for (size_t k = 0; k < NITEMS(bad); k++) {
			length_now = bad[k];
			refuses(&type[i], "[ ]", EINVAL, 0);
			assert_int_equal(unparse(&type[i], "abcd", 4, out, sizeof(out)), EINVAL);
			n = ROOM;
			assert_int_equal(ng_parse_getDefault(&type[i], got, &n), EINVAL);
		}
		length_now = INT32_MAX;
		assert_int_equal(parse(&type[i], "[ ]", ROOM, NULL, &n, &off), ERANGE);
		assert_int_equal(unparse(&type[i], "abcd", 4, out, sizeof(out)), EINVAL);
		n = ROOM;
		assert_int_equal(ng_parse_getDefault(&type[i], got, &n), ERANGE);
		assert_int_equal(n, ROOM);
	}
	refuses(&type[3], "\"a\"", ERANGE, 0);
	length_now = -1;
	refuses(&type[3], "\"a\"", EINVAL, 0);
	refuses(&minus_type, "[ ]", EINVAL, 0);
	assert_int_equal(unparse(&minus_type, "abcd", 4, out, sizeof(out)), EINVAL);
	/* As long as there is room: 20000 bytes, or 20000 elements without any. */
	length_now = 20000;
	assert_int_equal(parse(&type[0], "[ 19999=1 ]", 20000, got, &n, &off), 0);
	assert_int_equal(n, 20000);
	assert_int_equal(got[19999], 1);
	assert_int_equal(unparse(&type[0], got, 20000, out, sizeof(out)), 0);
	assert_string_equal(out, "[ 19999=1 ]");
	assert_int_equal(parse(&type[1], "[ 19999={ } ]", 0, NULL, &n, &off), 0);
	assert_int_equal(parse(&type[0], "[ ]", 19999, NULL, &n, &off), ERANGE);
	/* An array of nothing known has no default and cannot be read. */
	length_now = 1;
	refuses(&type[2], "[ ]", EOPNOTSUPP, 2);
	refuses(&type[2], "[ 1 ]", EOPNOTSUPP, 4);
	assert_int_equal(unparse(&type[2], "a", 1, out, sizeof(out)), EOPNOTSUPP);
	for (size_t i = 0; i < NITEMS(lacks); i++) {
		refuses(&lacks[i], "[ ]", EINVAL, 0);
		assert_int_equal(unparse(&lacks[i], "abcd", 4, out, sizeof(out)), EINVAL);
		n = ROOM;
		assert_int_equal(ng_parse_getDefault(&lacks[i], got, &n), EINVAL);
		if (lacks[i].supertype->getAlign != NULL)
			assert_int_equal(lacks[i].supertype->getAlign(&lacks[i]), 1);
	}
}

/* Beyond 20 KiB everything is printed, because nothing is compared. */
static void
test_long_data(void **state)
{
	static const struct ng_parse_array_info of_bytes = { &ng_parse_uint8_type, any_length, NULL };
	static const struct ng_parse_type type = { .supertype = &ng_parse_array_type, .info = &of_bytes };
	static u_char zero[20 * 1024 + 1];
	static char out[ROOM];

	(void)state;
	length_now = 20 * 1024;
	assert_int_equal(unparse(&type, zero, length_now, out, sizeof(out)), 0);
	assert_string_equal(out, "[]");
	length_now++;
	assert_int_equal(unparse(&type, zero, length_now, out, sizeof(out)), 0);
	assert_int_equal(strlen(out), 2 * length_now + 3);
	assert_memory_equal(out, "[ 0 0 0 ", 8);
}

/* ---- defaults ---- */

static void
test_getdefault(void **state)
{
	static const struct {
		const struct ng_parse_type *type;
		int n;
	} c[] = {
		{ &ng_parse_int8_type, 1 }, { &ng_parse_hint16_type, 2 }, { &ng_parse_uint32_type, 4 }, { &ng_parse_int64_type, 8 },
		{ &ng_parse_string_type, 1 }, { &four_type, 4 }, { &ng_parse_pathbuf_type, 512 }, { &ng_parse_sizedstring_type, 2 },
		{ &ng_parse_ipaddr_type, 4 }, { &cfg_type, 12 }, { &five_type, 5 }, { &bytes_type, 4 }, { &ng_parse_ng_mesg_type, 56 },
		{ &empty_type, 0 }, { &matrix_type, 15 },
	};
	u_char *p;
	int n;

	(void)state;
	for (size_t i = 0; i < NITEMS(c); i++)
		for (int room = 0; room <= c[i].n + 1; room++) {
			p = box_new((unsigned)room);
			n = room;
			assert_int_equal(ng_parse_getDefault(c[i].type, p, &n), room < c[i].n ? ERANGE : 0);
			assert_int_equal(n, room < c[i].n ? room : c[i].n);
			for (int k = 0; room >= c[i].n && k < n; k++)
				assert_int_equal(p[k], 0);
			box_end(p, room);
		}
	n = 5;
	assert_int_equal(ng_parse_getDefault(&square_type, got, &n), 0);
	assert_memory_equal(got, "\000\001\004\011\020", 5);
	n = ROOM;
	assert_int_equal(ng_parse_getDefault(&ng_parse_enaddr_type, got, &n), EOPNOTSUPP);
	assert_int_equal(ng_parse_getDefault(&outer_type, got, &n), EOPNOTSUPP);
	assert_int_equal(ng_parse_getDefault(&macs_type, got, &n), EOPNOTSUPP);
	n = -1;
	assert_int_equal(ng_parse_getDefault(&ng_parse_int8_type, got, &n), ERANGE);
	assert_int_equal(ng_parse(&ng_parse_int8_type, "1", &(int){ 0 }, got, &n), ERANGE);
}

/* ---- types of one's own ---- */

/* A number with a unit; its default is one more than the byte before it. */
static int
unit_parse(const struct ng_parse_type *type, const char *s, int *off, const u_char *start, u_char *buf, int *buflen)
{
	int error = ng_parse_uint8_type.parse(type, s, off, start, buf, buflen);

	if (error == 0 && s[*off] == 'k') {
		buf[0] = (u_char)(buf[0] * 10);
		++*off;
	}
	return (error);
}

static int
unit_default(const struct ng_parse_type *type, const u_char *start, u_char *buf, int *buflen)
{
	assert_string_equal(type->private, "mine");
	if (*buflen < 1)
		return (ERANGE);
	buf[0] = (u_char)(buf > start ? buf[-1] + 1 : 42);
	*buflen = 1;
	return (0);
}

static void
test_own_types(void **state)
{
	static char mine[] = "mine";
	static const struct ng_parse_type unit_type = { .supertype = &ng_parse_uint8_type, .private = mine, .parse = unit_parse,
		.getDefault = unit_default };
	static const struct ng_parse_type derived = { .supertype = &unit_type, .private = mine };
	static const struct ng_parse_struct_field fields[] = { { "a", &unit_type, 0 }, { "b", &derived, 0 }, { "c", &derived, 0 },
		{ NULL, NULL, 0 } };
	static const struct ng_parse_type type = { .supertype = &ng_parse_struct_type, .info = &fields };
	/* Methods are inherited, info is not: a derived number prints unsigned unless it says how. */
	static const struct ng_parse_type plain = { .supertype = &ng_parse_int8_type };
	static const struct ng_parse_type says = { .supertype = &ng_parse_uint8_type, .info = (void *)1 };
	static const struct ng_parse_type hex = { .supertype = &says, .info = (void *)2 };
	static const struct ng_parse_type methods = { .info = NULL };
	char out[20];
	int n = 1, off = 0;

	(void)state;
	both(&type, "{}", "\052\053\054", 3);
	both(&type, "{ b=7 }", "\052\007\010", 3);
	reads(&type, "{ c=2k }", "\052\053\024", 3);
	prints(&plain, "\377", 1, "255");
	prints(&says, "\377", 1, "-1");
	prints(&hex, "\377", 1, "0xff");
	refuses(&methods, "1", EOPNOTSUPP, 0);
	assert_int_equal(unparse(&methods, "1", 1, out, sizeof(out)), EOPNOTSUPP);
	assert_int_equal(ng_parse_getDefault(&methods, got, &n), EOPNOTSUPP);
	assert_int_equal(off, 0);
}

/* ---- nesting ---- */

#define DEPTH 32

static struct ng_parse_fixedarray_info nest_info[DEPTH + 2];
static struct ng_parse_type nest[DEPTH + 2];

/* nest[i]: arrays of one element, i + 1 of them in each other. */
static void
make_nest(void)
{
	for (int i = 0; i < DEPTH + 2; i++) {
		nest_info[i] = (struct ng_parse_fixedarray_info){ i == 0 ? &ng_parse_uint8_type : &nest[i - 1], 1, NULL };
		nest[i] = (struct ng_parse_type){ .supertype = &ng_parse_fixedarray_type, .info = &nest_info[i] };
	}
}

static void
test_depth(void **state)
{
	static struct ng_parse_struct_field self_fields[] = { { "a", NULL, 0 }, { "b", NULL, 0 }, { NULL, NULL, 0 } };
	static struct ng_parse_type self = { .supertype = &ng_parse_struct_type, .info = &self_fields };
	static struct ng_parse_array_info tree_info = { NULL, first_byte, NULL };
	static struct ng_parse_type tree = { .supertype = &ng_parse_array_type, .info = &tree_info };
	static struct ng_parse_type ring[2] = { { .supertype = &ring[1] }, { .supertype = &ring[0] } };
	char text[400], out[400];
	int n, off;

	(void)state;
	make_nest();
	for (int i = 0; i < DEPTH + 2; i++) {
		int want = i < DEPTH ? 0 : ELOOP;

		text[0] = '\0';
		for (int k = 0; k <= i; k++)
			(void)strcat(text, "[ ");
		(void)strcat(text, "7");
		for (int k = 0; k <= i; k++)
			(void)strcat(text, " ]");
		assert_int_equal(parse(&nest[i], text, 1, got, &n, &off), want);
		assert_int_equal(unparse(&nest[i], "\007", 1, out, sizeof(out)), want);
		if (want == 0)
			assert_string_equal(out, text);
		n = 1;
		assert_int_equal(ng_parse_getDefault(&nest[i], got, &n), want);
	}
	/* Types that contain themselves end, and soon. */
	self_fields[0].type = self_fields[1].type = &self;
	tree_info.elementType = &tree;
	assert_int_equal(parse(&self, "{ a={ b={} } }", ROOM, NULL, &n, &off), ELOOP);
	assert_int_equal(unparse(&self, "\007", 1, out, sizeof(out)), ELOOP);
	n = 100;
	assert_int_equal(ng_parse_getDefault(&self, got, &n), ELOOP);
	assert_int_equal(parse(&tree, "[ [ ] ]", ROOM, NULL, &n, &off), ELOOP);
	assert_int_equal(unparse(&tree, "\003", 1, out, sizeof(out)), ELOOP);
	(void)self.supertype->getAlign(&self);
	/* Supertypes in a ring have no methods. */
	refuses(&ring[0], "1", EOPNOTSUPP, 0);
	assert_int_equal(unparse(&ring[0], "1", 1, out, sizeof(out)), EOPNOTSUPP);
	/* It leaves nothing behind: the next conversion is at depth 0. */
	both(&nest[DEPTH - 1], "[]", "\0", 1);
	/* Brackets without end are not recursion. */
	{
		char *s = malloc(200001, M_TEMP, M_WAITOK);

		memset(s, '[', 200000);
		s[200000] = '\0';
		off = 0;
		n = 1;
		assert_int_equal(ng_parse(&nest[3], s, &off, got, &n), EINVAL);
		assert_int_equal(off, 200000);
		memset(s, ']', 200000);
		s[0] = '[';
		off = 0;
		assert_int_equal(ng_parse(&nest[3], s, &off, got, &n), 0);
		free(s, M_TEMP);
	}
}

/* ---- conversions inside conversions ---- */

/* All there is, which only the message's header knows. */
static int
header_length(const struct ng_parse_type *type, const u_char *start, const u_char *buf)
{
	return ((int)((const struct ng_mesg *)(const void *)(start - HEADER))->header.arglen - (int)(buf - start));
}

static const struct ng_parse_type rest_type = { .supertype = &ng_parse_bytearray_type,
	.info = (const void *)(uintptr_t)header_length };
static const struct ng_parse_struct_field in_fields[] = {
	{ "on", &ng_parse_uint8_type, 0 }, { "rest", &rest_type, 0 }, { NULL, NULL, 0 } };
static const struct ng_parse_type rest_struct = { .supertype = &ng_parse_struct_type, .info = &in_fields };

static int
inner_unparse(const struct ng_parse_type *type, const u_char *data, int *off, char *buf, int buflen)
{
	MESSAGE(2) v;
	char text[100];
	int n, error;

	(void)type;
	if (*off >= (int)((const struct ng_mesg *)(const void *)(data - HEADER))->header.arglen)
		return (EINVAL);
	memset(&v, 0, sizeof(v));
	v.header.arglen = sizeof(v.data);
	v.data[0] = data[*off];
	error = ng_unparse(&rest_struct, v.data, text, sizeof(text));
	assert_int_equal(error, 0);
	n = snprintf(buf, buflen > 0 ? (unsigned)buflen : 0, "<%s>", text);
	++*off;
	return (n < buflen ? 0 : ERANGE);
}

static void
test_inside(void **state)
{
	static const struct ng_parse_type in_type = { .supertype = &ng_parse_uint8_type, .unparse = inner_unparse };
	static const struct ng_parse_fixedarray_info info = { &in_type, 3, NULL };
	static const struct ng_parse_type type = { .supertype = &ng_parse_fixedarray_type, .info = &info };

	(void)state;
	prints(&rest_struct, "\001\0\0\0", 4, "{ on=1 }");
	prints(&rest_struct, "\001\0\0\003", 4, "{ on=1 rest=[ 2=0x3 ] }");
	prints(&type, "\001\000\002", 3, "[ <{ on=1 }> 2=<{ on=2 }> ]");
}

/* A test that fails within a type's method leaves by longjmp; ngu_thread_recover() forgets the conversions that it left. */
static jmp_buf way_out;

static int
jumps(const struct ng_parse_type *type, const char *s, int *off, const u_char *start, u_char *buf, int *buflen)
{
	longjmp(way_out, 1);
}

static void
test_left(void **state)
{
	static const struct ng_parse_type jumps_type = { .supertype = &ng_parse_uint8_type, .parse = jumps };
	static const struct ng_parse_fixedarray_info info[2] = { { &jumps_type, 1, NULL }, { &nest[DEPTH - 2], 1, NULL } };
	static const struct ng_parse_type in = { .supertype = &ng_parse_fixedarray_type, .info = &info[0] };
	static const struct ng_parse_type deepest = { .supertype = &ng_parse_fixedarray_type, .info = &info[1] };
	static int n, off;

	(void)state;
	make_nest();
	for (volatile int i = 0; i < 3; i++) {
		n = ROOM;
		off = 0;
		if (setjmp(way_out) == 0) {
			(void)!ng_parse(&in, "[ 1 ]", &off, got, &n);
			fail();
		}
		ngu_thread_recover(NULL);
		both(&deepest, "[]", "\0", 1);
	}
}

/* ---- no memory ---- */

static int left_to_allow;

static bool
allow(size_t size)
{
	(void)size;
	return (left_to_allow-- > 0);
}

/* Each allocation refused in turn: ENOMEM, until there are enough; nothing stays behind (see the teardown). */
static void
test_no_memory(void **state)
{
	static const struct ng_parse_array_info of_bytes = { &ng_parse_uint8_type, any_length, NULL };
	static const struct ng_parse_type long_type = { .supertype = &ng_parse_array_type, .info = &of_bytes };
	static MESSAGE(1000) v;
	static char out[8000];
	int error, refused = 0, n, off;

	(void)state;
	v.header.arglen = (uint32_t)(length_now = sizeof(v.data));
	v.data[17] = 3;
	for (int k = 0; k < 10; k++) {
		left_to_allow = k;
		ngu__port_alloc_hook = allow;
		error = ng_unparse(&long_type, v.data, out, sizeof(out));
		ngu__port_alloc_hook = NULL;
		if (error != 0) {
			assert_int_equal(error, ENOMEM);
			assert_string_equal(out, "");
			refused++;
		} else
			assert_string_equal(out, "[ 17=3 ]");
		left_to_allow = k;
		n = ROOM;
		off = 0;
		ngu__port_alloc_hook = allow;
		error = ng_parse(&long_type, "[ 17=3 ]", &off, got, &n);
		ngu__port_alloc_hook = NULL;
		if (error != 0) {
			assert_int_equal(error, ENOMEM);
			assert_int_equal(off, 0);
			refused++;
		} else
			assert_memory_equal(got, v.data, 1000);
	}
	assert_true(refused >= 2);
	left_to_allow = 0;
	ngu__port_alloc_hook = allow;
	assert_null(ng_encode_string(out, 8));
	n = 0;
	assert_null(ng_get_string_token("\"abc\"", &n, &off, NULL));
	ngu__port_alloc_hook = NULL;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		parse_test(test_tokens),
		parse_test(test_integers),
		parse_test(test_cut_off),
		parse_test(test_strings),
		parse_test(test_string_limits),
		parse_test(test_string_tokens),
		parse_test(test_addresses),
		parse_test(test_struct),
		parse_test(test_nested),
		parse_test(test_layout),
		parse_test(test_arrays),
		parse_test(test_bytes),
		parse_test(test_lengths),
		parse_test(test_long_data),
		parse_test(test_getdefault),
		parse_test(test_own_types),
		parse_test(test_depth),
		parse_test(test_inside),
		parse_test(test_left),
		parse_test(test_no_memory),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
