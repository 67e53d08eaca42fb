/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_parse_random.c - ng_parse with types, values and texts nobody thought of. A random type gets a random value twice, from
 * rules of our own: as text, with its members in any order, written in any of the ways there are, defaults left out or not, and
 * as the bytes that should come of it. What ng_parse makes of one must be the other; and damaged text, damaged bytes and short
 * buffers must do no harm. Each round has a number that is all its randomness: NGU_PARSE_ROUND=n runs that one.
 */
#include "unit/parse.h"

#include <stdlib.h>

#define BYTES_MAX 131072
#define ROUNDS 100000
#define ROUNDS_MIN 300
#define SECONDS_NS 1500000000 /* for each of the two tests, if that many rounds are done by then */

static uint64_t seed;

static unsigned
rnd(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return ((unsigned)(seed >> 33) % n);
}

static uint64_t
rnd64(void)
{
	static const uint64_t special[] = { 0, 0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff,
		0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff };

	return (rnd(2) != 0 ? special[rnd(NITEMS(special))] : ((uint64_t)rnd(1u << 31) << 33) ^ ((uint64_t)rnd(1u << 31) << 11) ^ rnd(2048));
}

/* ---- random types ---- */

enum kind { INTEGER, STRING, FIXED, SIZED, IP, ETHER, BYTES, STRUCT, FIXEDARRAY, ARRAY, KINDS };

struct rt {
	struct ng_parse_type t; /* first: what ng_parse sees */
	enum kind kind;
	int size; /* bytes of an integer, of a fixed string */
	struct rt *elem[6]; /* members, or one element */
	int n; /* of them; elements of a fixed array */
	bool own_default;
	struct ng_parse_struct_field field[7];
	char name[6][16];
	struct ng_parse_fixedstring_info fixedstring;
	struct ng_parse_fixedarray_info fixedarray;
	struct ng_parse_array_info array;
};

static struct rt types[4096];
static unsigned ntypes;

/* Every type has a byte at its very beginning that these look at, or one just before the array. */
static int
length_start(const struct ng_parse_type *type, const u_char *start, const u_char *buf)
{
	(void)type;
	(void)buf;
	return (start[0] % 6);
}

static int
length_before(const struct ng_parse_type *type, const u_char *start, const u_char *buf)
{
	(void)type;
	(void)start;
	return (buf[-1] % 5);
}

static int
default_index(const struct ng_parse_type *type, int index, const u_char *start, u_char *buf, int *buflen)
{
	(void)type;
	(void)start;
	if (*buflen < 1)
		return (ERANGE);
	buf[0] = (u_char)(3 * index);
	*buflen = 1;
	return (0);
}

static struct rt *new_type(int depth, enum kind kind);

static struct rt *
any_type(int depth)
{
	return (new_type(depth, rnd(KINDS)));
}

static void
new_struct(struct rt *r, int depth)
{
	r->n = (int)rnd(6);
	for (int i = 0; i < r->n; i++) {
		(void)snprintf(r->name[i], sizeof(r->name[i]), "m%c%d", 'a' + (char)rnd(3), i);
		r->elem[i] = any_type(depth - 1);
		r->field[i].alignment = rnd(6) == 0 ? 1 << rnd(4) : 0;
		if ((r->elem[i]->kind == ARRAY || r->elem[i]->kind == BYTES) && i > 0 && rnd(2) == 0) {
			/* Its length is the member before it, with nothing in between. */
			r->elem[i - 1] = new_type(0, INTEGER);
			r->elem[i - 1]->t = ng_parse_uint8_type;
			r->elem[i - 1]->size = 1;
			r->field[i - 1].type = &r->elem[i - 1]->t;
			r->field[i].alignment = 1;
			r->elem[i]->array.getLength = length_before;
			if (r->elem[i]->kind == BYTES)
				r->elem[i]->t.info = (const void *)(uintptr_t)length_before;
		}
		r->field[i].name = r->name[i];
		r->field[i].type = &r->elem[i]->t;
	}
	r->t = (struct ng_parse_type){ .supertype = &ng_parse_struct_type, .info = r->field };
}

static struct rt *
new_type(int depth, enum kind kind)
{
	static const struct ng_parse_type *const ints[] = { &ng_parse_int8_type, &ng_parse_uint8_type, &ng_parse_hint8_type,
		&ng_parse_int16_type, &ng_parse_uint16_type, &ng_parse_hint16_type, &ng_parse_int32_type, &ng_parse_uint32_type,
		&ng_parse_hint32_type, &ng_parse_int64_type, &ng_parse_uint64_type, &ng_parse_hint64_type };
	struct rt *r = &types[ntypes++];
	unsigned i;

	memset(r, 0, sizeof(*r));
	if (kind >= STRUCT && (depth <= 0 || ntypes > 300))
		kind = rnd(STRUCT);
	r->kind = kind;
	switch (kind) {
	case INTEGER:
		i = rnd(NITEMS(ints));
		r->size = 1 << i / 3;
		r->t = (struct ng_parse_type){ .supertype = ints[i], .info = ints[i]->info };
		break;
	case STRING:
		r->t.supertype = &ng_parse_string_type;
		break;
	case FIXED:
		r->size = 1 + (int)rnd(12);
		r->fixedstring.bufSize = r->size;
		r->t = (struct ng_parse_type){ .supertype = &ng_parse_fixedstring_type, .info = &r->fixedstring };
		break;
	case SIZED:
		r->t.supertype = &ng_parse_sizedstring_type;
		break;
	case IP:
		r->t.supertype = &ng_parse_ipaddr_type;
		break;
	case ETHER:
		r->t.supertype = &ng_parse_enaddr_type;
		break;
	case BYTES:
		r->array.getLength = length_start;
		r->t = (struct ng_parse_type){ .supertype = &ng_parse_bytearray_type, .info = (const void *)(uintptr_t)length_start };
		break;
	case STRUCT:
		new_struct(r, depth);
		break;
	case FIXEDARRAY:
	case ARRAY:
		r->elem[0] = any_type(depth - 1);
		r->own_default = r->elem[0]->kind == INTEGER && r->elem[0]->size == 1 && rnd(2) == 0;
		r->n = (int)rnd(6);
		r->fixedarray = (struct ng_parse_fixedarray_info){ &r->elem[0]->t, r->n, r->own_default ? default_index : NULL };
		r->array = (struct ng_parse_array_info){ &r->elem[0]->t, length_start, r->own_default ? default_index : NULL };
		if (kind == ARRAY)
			r->t = (struct ng_parse_type){ .supertype = &ng_parse_array_type, .info = &r->array };
		else
			r->t = (struct ng_parse_type){ .supertype = &ng_parse_fixedarray_type, .info = &r->fixedarray };
		break;
	default:
		abort();
	}
	return (r);
}

/* A struct whose first member is a byte. */
static struct rt *
new_top(void)
{
	struct rt *r;

	ntypes = 0;
	do {
		r = new_type(4, STRUCT);
	} while (r->n == 0);
	r->elem[0] = new_type(0, INTEGER);
	r->elem[0]->size = 1;
	r->elem[0]->t = ng_parse_uint8_type;
	r->field[0].type = &r->elem[0]->t;
	return (r);
}

/* ---- what they should look like in memory ---- */

static u_char want[BYTES_MAX + 1024];
static int nwant;

static void
put(const void *p, int n)
{
	if (nwant + n <= BYTES_MAX)
		memcpy(want + nwant, p, (size_t)n);
	nwant += n;
}

static void
put_zeros(int n)
{
	static const u_char zero[64];

	for (; n > 0; n--)
		put(zero, 1);
}

static int
align_of(const struct rt *r)
{
	int align = 1, a;

	switch (r->kind) {
	case INTEGER:
		return (r->size);
	case IP:
		return (4);
	case STRUCT:
		for (int i = 0; i < r->n; i++)
			if ((a = align_of(r->elem[i])) > align)
				align = a;
		return (align);
	case FIXEDARRAY:
	case ARRAY:
		return (align_of(r->elem[0]));
	default:
		return (1);
	}
}

static bool
has_default(const struct rt *r)
{
	switch (r->kind) {
	case ETHER:
		return (false);
	case STRUCT:
		for (int i = 0; i < r->n; i++)
			if (!has_default(r->elem[i]))
				return (false);
		return (true);
	case FIXEDARRAY:
	case ARRAY:
		return (r->own_default || has_default(r->elem[0]));
	default:
		return (true);
	}
}

static int
count(const struct rt *r)
{
	if (r->kind == STRUCT || r->kind == FIXEDARRAY)
		return (r->n);
	return (r->array.getLength(&r->t, want, want + (nwant < BYTES_MAX ? nwant : BYTES_MAX)));
}

static const struct rt *
elem_of(const struct rt *r, int i)
{
	return (r->elem[r->kind == STRUCT ? i : 0]);
}

static void
put_padding(const struct rt *r, int i)
{
	int align = r->kind == STRUCT && r->field[i].alignment != 0 ? r->field[i].alignment : align_of(elem_of(r, i));

	while (nwant % align != 0)
		put_zeros(1);
}

static void put_default(const struct rt *r);

static void
put_elem_default(const struct rt *r, int i)
{
	const u_char c = (u_char)(3 * i);

	if (r->own_default)
		put(&c, 1);
	else
		put_default(elem_of(r, i));
}

static void
put_default(const struct rt *r)
{
	int begin = nwant, n;

	switch (r->kind) {
	case INTEGER:
	case FIXED:
		put_zeros(r->size);
		break;
	case STRING:
		put_zeros(1);
		break;
	case SIZED:
		put_zeros(2);
		break;
	case IP:
		put_zeros(4);
		break;
	case BYTES:
		put_zeros(count(r));
		break;
	default:
		n = count(r);
		for (int i = 0; i < n; i++) {
			put_padding(r, i);
			put_elem_default(r, i);
		}
		while ((nwant - begin) % align_of(r) != 0)
			put_zeros(1);
	}
}

/* ---- a value, as text; its bytes are put meanwhile ---- */

static char texts[1 << 23];
static size_t ntext;

static char *say(const char *fmt, ...) __attribute__((__format__(__printf__, 1, 2)));

static char *
say(const char *fmt, ...)
{
	char *s = texts + ntext;
	va_list ap;

	va_start(ap, fmt);
	ntext += (size_t)vsnprintf(s, sizeof(texts) - ntext, fmt, ap) + 1;
	va_end(ap);
	assert_true(ntext < sizeof(texts));
	return (s);
}

static const char *
space(void)
{
	static const char *const s[] = { " ", " ", "\t", "\n", "  \r\n", "\v\f " };

	return (s[rnd(NITEMS(s))]);
}

static const char *
maybe(void)
{
	return (rnd(2) != 0 ? space() : "");
}

static char *
say_integer(int size)
{
	uint64_t v = rnd64();
	int64_t i;

	v = size < 8 ? v & (((uint64_t)1 << 8 * size) - 1) : v;
	put(&v, size); /* little endian, or a number of 8 bytes */
	i = (int64_t)(v << (64 - 8 * size)) >> (64 - 8 * size);
	switch (rnd(6)) {
	case 0:
		return (say("0x%llx", (unsigned long long)v));
	case 1:
		return (say("0%llo", (unsigned long long)v));
	case 2:
		return (say("%lld", (long long)i));
	case 3:
		return (say("+%lluz", (unsigned long long)v)); /* what follows does not matter */
	case 4:
		return (i < 0 ? say("-0X%llX", -(unsigned long long)i) : say("0000%llo", (unsigned long long)v));
	default:
		return (say("%llu", (unsigned long long)v));
	}
}

/* n random bytes as a string; the bytes to out. */
static char *
say_string(u_char *out, int n, bool nul)
{
	static const char letters[] = "tnrvf", values[] = "\t\n\r\v\f";
	char *s = say("\""), *p = s;
	u_char c;

	for (int i = 0; i < n; i++) {
		c = out[i] = rnd(3) == 0 ? (u_char)rnd(256) : (u_char)(' ' + rnd(95));
		if (c == '\0' && !nul)
			c = out[i] = 'z';
		p += strlen(p);
		ntext = (size_t)(p - texts);
		if (c != '\0' && strchr(values, c) != NULL && rnd(2) != 0)
			(void)say("\\%c", letters[strchr(values, c) - values]);
		else if (c != '\0' && c != '"' && c != '\\' && rnd(3) != 0)
			(void)say("%c", c);
		else if (c != '\0' && strchr("tnrvfx01234567", c) == NULL && rnd(3) == 0)
			(void)say("\\%c", c);
		else
			(void)say(rnd(2) != 0 ? "\\x%02X" : "\\%03o", c);
	}
	p += strlen(p);
	ntext = (size_t)(p - texts);
	(void)say("\"");
	return (s);
}

static char *say_value(const struct rt *r);

static char *
say_composite(const struct rt *r)
{
	const bool in_order = r->kind != STRUCT && rnd(2) != 0;
	char *part[6], *s;
	int order[6], n = count(r), i, k, begin = nwant, last = -1;

	for (i = 0; i < n; i++) {
		put_padding(r, i);
		part[i] = NULL;
		if (rnd(3) == 0 && (r->own_default || has_default(elem_of(r, i))))
			put_elem_default(r, i);
		else
			part[i] = say_value(elem_of(r, i));
		order[i] = i;
	}
	while ((nwant - begin) % align_of(r) != 0)
		put_zeros(1);
	for (i = n - 1; i > 0 && !in_order; i--) {
		k = (int)rnd((unsigned)i + 1);
		int t = order[i];
		order[i] = order[k];
		order[k] = t;
	}
	s = say("%s", r->kind == STRUCT ? "{" : "[");
	for (i = 0; i < n; i++) {
		k = order[i];
		if (part[k] == NULL)
			continue;
		ntext--; /* goes on where that ended */
		if (r->kind == STRUCT)
			(void)say("%s%s%s=%s%s", space(), r->name[k], maybe(), maybe(), part[k]);
		else if (k == last + 1 && rnd(4) != 0)
			(void)say("%s%s", space(), part[k]);
		else
			(void)say(rnd(2) != 0 ? "%s%d=%s%s" : "%s0x%x=%s%s", space(), k, maybe(), part[k]);
		last = k;
	}
	ntext--;
	(void)say("%s%s", maybe(), r->kind == STRUCT ? "}" : "]");
	return (s);
}

static char *
say_value(const struct rt *r)
{
	u_char b[32];
	uint16_t n;
	char *s;

	switch (r->kind) {
	case INTEGER:
		return (say_integer(r->size));
	case STRING:
		n = (uint16_t)rnd(14);
		s = say_string(b, n, false);
		put(b, n);
		put_zeros(1);
		return (s);
	case FIXED:
		n = (uint16_t)rnd((unsigned)r->size);
		s = say_string(b, n, false);
		put(b, n);
		put_zeros(r->size - n);
		return (s);
	case SIZED:
		n = (uint16_t)rnd(14);
		s = say_string(b, n, true);
		put(&n, 2);
		put(b, n);
		return (s);
	case IP:
		for (int i = 0; i < 4; i++)
			b[i] = (u_char)rnd(256);
		put(b, 4);
		return (say(rnd(2) != 0 ? "%u.%u.%u.%u" : "0x%x.%u.0%o.%u", b[0], b[1], b[2], b[3]));
	case ETHER:
		for (int i = 0; i < 6; i++)
			b[i] = (u_char)rnd(256);
		put(b, 6);
		return (say(rnd(2) != 0 ? "%x:%02x:%X:%x:%02X:%x" : "%02x:%x:%x:%x:%x:%x", b[0], b[1], b[2], b[3], b[4], b[5]));
	case BYTES:
		if (rnd(2) != 0) {
			int len = count(r);

			n = (uint16_t)rnd((unsigned)len + 1);
			s = say_string(b, n, true);
			put(b, n);
			put_zeros(len - n);
			return (s);
		} else {
			int len = count(r);

			for (int i = 0; i < len; i++)
				b[i] = (u_char)rnd(256);
			put(b, len);
			s = say("[");
			for (int i = 0; i < len; i++) {
				ntext--;
				(void)say(b[i] == 0 && i == len - 1 ? "%.0s" : "%s%u", space(), b[i]);
			}
			ntext--;
			(void)say("%s]", maybe());
			return (s);
		}
	default:
		return (say_composite(r));
	}
}

/* ---- the tests ---- */

static u_char got[BYTES_MAX];
static char text2[1 << 20], text3[1 << 20];

static void
one_value(const struct rt *r, unsigned long round)
{
	char *text;
	int n, off, error, len2, tries;

	nwant = 0;
	ntext = 0;
	text = say_value(r);
	if (nwant > BYTES_MAX)
		return;
	/* Text to bytes. */
	error = parse(&r->t, text, BYTES_MAX, got, &n, &off);
	if (error != 0 || n != nwant || memcmp(got, want, (size_t)n) != 0) {
		print_error("round %lu: error %d at %d, %d bytes for %d\n%.2000s\n", round, error, off, n, nwant, text);
		fail();
	}
	assert_int_equal(off, strlen(text));
	/* Bytes to text to bytes, and to the same text. */
	error = unparse(&r->t, want, nwant, text2, sizeof(text2));
	if (error == 0)
		error = parse(&r->t, text2, BYTES_MAX, got, &n, &off);
	if (error != 0 || n != nwant || memcmp(got, want, (size_t)n) != 0) {
		print_error("round %lu: error %d at %d\n%.2000s\n%.2000s\n", round, error, off, text, text2);
		fail();
	}
	assert_int_equal(unparse(&r->t, got, n, text3, sizeof(text3)), 0);
	assert_string_equal(text2, text3);
	/* Too little room, for either. */
	len2 = (int)strlen(text2);
	for (int room = 0; room < nwant; room += nwant < 150 ? 1 : 1 + (int)rnd((unsigned)nwant / 20))
		assert_int_equal(parse(&r->t, text2, room, NULL, &n, &off), ERANGE);
	assert_int_equal(parse(&r->t, text2, nwant, NULL, &n, &off), 0);
	for (int room = 0; room <= len2; room += len2 < 150 ? 1 : 1 + (int)rnd((unsigned)len2 / 20))
		assert_int_equal(unparse(&r->t, want, nwant, text3, room), ERANGE);
	/* Beginnings of it are errors, all of them. */
	tries = (int)strlen(text);
	for (int cut = 0; cut < tries; cut += tries < 150 ? 1 : 1 + (int)rnd((unsigned)tries / 20)) {
		(void)strncpy(text3, text, (size_t)cut);
		text3[cut] = '\0';
		assert_int_not_equal(parse(&r->t, text3, BYTES_MAX, NULL, &n, &off), 0);
	}
}

static bool
known(int error)
{
	return (error == EINVAL || error == ENOENT || error == EALREADY || error == E2BIG || error == EOPNOTSUPP || error == ERANGE);
}

static void
one_damage(const struct rt *r, unsigned long round)
{
	static const char odd[] = "{}[]=\"\\ \t0x19a:.-+n";
	int n, off = 0, error, n2;
	size_t len, at, end;
	char *text;
	bool ok;

	nwant = 0;
	ntext = 0;
	text = say_value(r);
	if (nwant > 4096 || (len = strlen(text)) > 16384)
		return;
	/* Text with some characters changed, taken out, put in, or a piece of it doubled. */
	for (int k = 1 + (int)rnd(4); k > 0; k--) {
		len = strlen(text);
		at = rnd((unsigned)len);
		end = at + rnd((unsigned)(len - at));
		switch (rnd(4)) {
		case 0:
			text[at] = odd[rnd(sizeof(odd) - 1)];
			break;
		case 1:
			memmove(text + at, text + end, len - end + 1);
			break;
		case 2:
			memmove(text + at + 1, text + at, len - at + 1);
			text[at] = odd[rnd(sizeof(odd) - 1)];
			break;
		default:
			memmove(text + end, text + at, len - at + 1);
			break;
		}
		if (text[0] == '\0')
			return;
	}
	error = parse(&r->t, text, (int)rnd(2 * (unsigned)nwant + 64), got, &n, &off);
	if (error != 0 && !known(error)) {
		print_error("round %lu: error %d\n%.2000s\n", round, error, text);
		fail();
	}
	/* What it still makes sense of is as good as any. */
	if (error == 0) {
		assert_int_equal(unparse(&r->t, got, n, text2, sizeof(text2)), 0);
		memcpy(want, got, (size_t)n);
		error = parse(&r->t, text2, BYTES_MAX, got, &n2, &off);
		if (error != 0 || n2 != n || memcmp(got, want, (size_t)n) != 0) {
			print_error("round %lu: error %d at %d\n%.2000s\n%.2000s\n", round, error, off, text, text2);
			fail();
		}
	}
	/*
	 * Any bytes, and any length of them: printed, or EINVAL; and what is printed can be read, except that a string without its NUL
	 * is too long.
	 */
	n = (int)rnd(2 * (unsigned)nwant + 16);
	for (int i = 0; i < n; i++)
		if (i >= nwant || rnd(4) == 0)
			want[i] = (u_char)rnd(256);
	error = unparse(&r->t, want, n, text2, sizeof(text2));
	ok = error == EINVAL;
	if (error == 0) {
		error = parse(&r->t, text2, BYTES_MAX, got, &n2, &off);
		ok = error == 0 || error == E2BIG;
	}
	if (!ok) {
		print_error("round %lu: error %d at %d\n%.2000s\n", round, error, off, text2);
		fail();
	}
}

static void
rounds(void (*one)(const struct rt *, unsigned long))
{
	const char *only = getenv("NGU_PARSE_ROUND");
	unsigned long i = only != NULL ? strtoul(only, NULL, 10) : 1, end = only != NULL ? i + 1 : ROUNDS;
	int64_t t0 = ngu__port_mono_ns();
	unsigned composites = 0;

	for (; i < end; i++) {
		seed = i * 0x9e3779b97f4a7c15u;
		one(new_top(), i);
		composites += ntypes > 3;
		if (i > ROUNDS_MIN && ngu__port_mono_ns() - t0 > SECONDS_NS)
			break;
	}
	if (only == NULL)
		assert_true(composites > ROUNDS_MIN / 2);
}

static void
test_values(void **state)
{
	(void)state;
	rounds(one_value);
}

static void
test_damage(void **state)
{
	(void)state;
	rounds(one_damage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		parse_test(test_values),
		parse_test(test_damage),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
