/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parse.c - message arguments as text: tokens, structs and arrays. The simple types are in parse_types.c.
 *
 * Reading    in two passes: the first notes where each element's text begins and skips it, the second makes the elements in
 *            their order in memory, from text or default. So text comes in any order, and lengths are known when needed.
 * Printing   each element is compared with its default first. The default is made in a copy of what precedes it, because
 *            defaults and lengths may look back; one such copy serves a whole run and grows with it.
 * Bounds     output: the room that the caller gave, checked at each write. Input: text ends with NUL, data with the arglen of the
 *            header before them. Nesting: NGU_PARSE_DEPTH, counted for each thread, since methods have no argument for it.
 * Blocks     never. Memory: places of elements, when there are many, and the copy.
 */
#include "msg/parse.h"

MALLOC_DEFINE(ngu_k_M_NETGRAPH_PARSE, "netgraph_parse", "netgraph parse info");

#define HEADER ((int)sizeof(struct ng_mesg))
#define PLACES 64 /* elements whose places fit on the stack */

/* Conversions nested in each other in one thread; those of the same data share one. */
struct ngu__parse_run {
	struct ngu__parse_run *up; /* the one it is nested in */
	const u_char *data;	   /* printing: whose */
	unsigned depth;
	bool deep;    /* too deep: nothing more is done */
	u_char *work; /* header and data up to `valid`, then room for a default */
	int valid;
};

static struct ngu__parse_run *
run_enter(struct ngu__parse_run *mine, const u_char *data)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu__parse_run *r = ts->parse;

	if (r == NULL || (data != NULL && r->data != data)) {
		*mine = (struct ngu__parse_run){ .up = r, .data = data, .depth = r != NULL ? r->depth : 0 };
		ts->parse = r = mine;
	}
	if (++r->depth > NGU_PARSE_DEPTH)
		r->deep = true;
	return (r);
}

static void
run_leave(struct ngu__parse_run *r, struct ngu__parse_run *mine)
{
	r->depth--;
	if (r == mine) {
		ngu__self()->parse = r->up;
		free(r->work, M_NETGRAPH_PARSE);
	}
}

/* ---- tokens ---- */

static bool
is_space(char c)
{
	return (c == ' ' || (c >= '\t' && c <= '\r'));
}

static bool
is_special(char c)
{
	return (c == '{' || c == '}' || c == '[' || c == ']' || c == '=' || c == '"');
}

enum ng_parse_token
ng_parse_get_token(const char *s, int *startp, int *lenp)
{
	int i;

	while (is_space(s[*startp]))
		++*startp;
	s += *startp;
	*lenp = 1;
	switch (s[0]) {
	case '\0':
		*lenp = 0;
		return (T_EOF);
	case '{':
		return (T_LBRACE);
	case '}':
		return (T_RBRACE);
	case '[':
		return (T_LBRACKET);
	case ']':
		return (T_RBRACKET);
	case '=':
		return (T_EQUALS);
	case '"':
		for (i = 1; s[i] != '\0' && s[i] != '"'; i++)
			if (s[i] == '\\' && s[i + 1] != '\0')
				i++;
		*lenp = s[i] == '"' ? i + 1 : i;
		return (s[i] == '"' ? T_STRING : T_ERROR);
	default:
		for (i = 1; s[i] != '\0' && !is_space(s[i]) && !is_special(s[i]); i++)
			;
		*lenp = i;
		return (T_WORD);
	}
}

/* Move *off behind a value, nested ones included. Which bracket closes which is seen when the value is read. */
static int
skip_value(const char *s, int *off)
{
	int len, nest = 0;

	do {
		switch (ng_parse_get_token(s, off, &len)) {
		case T_LBRACE:
		case T_LBRACKET:
			nest++;
			break;
		case T_RBRACE:
		case T_RBRACKET:
			if (--nest < 0)
				return (EINVAL);
			break;
		case T_EQUALS:
			if (nest == 0)
				return (EINVAL);
			break;
		case T_WORD:
		case T_STRING:
			break;
		default:
			return (EINVAL);
		}
		*off += len;
	} while (nest != 0);
	return (0);
}

int
ngu__parse_number(const char *s, int len, uint64_t *value, bool *neg, bool *over)
{
	int i = 0, first, base = 10, digit;

	*value = 0;
	*over = false;
	*neg = len > 0 && s[0] == '-';
	if (*neg || (len > 0 && s[0] == '+'))
		i++;
	if (len - i > 1 && s[i] == '0' && (s[i + 1] | 0x20) == 'x') {
		base = 16;
		i += 2;
	} else if (len - i > 0 && s[i] == '0')
		base = 8;
	for (first = i; i < len; i++) {
		digit = s[i] >= '0' && s[i] <= '9' ? s[i] - '0' :
		    (s[i] | 0x20) >= 'a' && (s[i] | 0x20) <= 'f' ? (s[i] | 0x20) - 'a' + 10 : base;
		if (digit >= base)
			break;
		*over |= __builtin_mul_overflow(*value, (uint64_t)base, value);
		*over |= __builtin_add_overflow(*value, (uint64_t)digit, value);
	}
	if (i == first)
		return (base == 16 ? i - 1 : 0); /* "0x" alone is a zero and an x */
	return (i);
}

/* ---- alignment ---- */

static int
type_align(const struct ng_parse_type *type)
{
	ng_getAlign_t *fn = NGU_PARSE_METHOD(type, getAlign);
	int align = fn != NULL ? fn(type) : 0;

	return (align > 1 ? align : 1);
}

static int
composite_align(const struct ngu__composite *c, const struct ngu__parse_run *r)
{
	int i, a, align = 1;

	if (c->field == NULL && !r->deep)
		align = type_align(c->elem);
	for (i = 0; c->field != NULL && i < c->n && !r->deep; i++)
		if ((a = type_align(c->field[i].type)) > align)
			align = a;
	return (align);
}

/* The alignment of element i; `array` is that of an array's elements. */
static int
elem_align(const struct ngu__composite *c, int i, int array)
{
	if (c->field == NULL)
		return (array);
	return (c->field[i].alignment > 0 ? c->field[i].alignment : type_align(c->field[i].type));
}

static int
pad(int off, int align)
{
	return ((align - off % align) % align);
}

/* ---- making bytes ---- */

int
ngu__parse_zeros(int n, u_char *buf, int *buflen)
{
	if (n < 0)
		return (EINVAL);
	if (n > *buflen)
		return (ERANGE);
	ngu__memset(buf, 0, (size_t)n);
	*buflen = n;
	return (0);
}

/* Zeros from buf + *len on, so many that `off` plus their number is a multiple of align. */
static int
append_padding(u_char *buf, int *len, int room, int off, int align)
{
	int n = pad(off, align);

	if (n > room - *len)
		return (ERANGE);
	ngu__memset(buf + *len, 0, (size_t)n);
	*len += n;
	return (0);
}

static const struct ng_parse_type *
elem_type(const struct ngu__composite *c, int i)
{
	return (c->field != NULL ? c->field[i].type : c->elem);
}

static int
elem_default(const struct ngu__composite *c, int i, const u_char *start, u_char *buf, int *buflen)
{
	const struct ng_parse_type *type = elem_type(c, i);
	ng_getDefault_t *fn;

	if (c->getDefault != NULL)
		return (c->getDefault(c->type, i, start, buf, buflen));
	if ((fn = NGU_PARSE_METHOD(type, getDefault)) == NULL)
		return (EOPNOTSUPP);
	return (fn(type, start, buf, buflen));
}

/* More elements than bytes: only a few, for the sake of types that have none. */
static bool
too_many(const struct ngu__composite *c, int room)
{
	return (c->n > room && c->n > NGU_PARSE_WORK);
}

/* Element i to buf + *len, padding first: from the text at s + *off, or its default when place is negative. */
static int
make_elem(const struct ngu__composite *c, int i, int array_align, const char *s, int *off, int place, const u_char *start,
    u_char *buf, int *len, int room)
{
	const struct ng_parse_type *type = elem_type(c, i);
	int n, error = append_padding(buf, len, room, (int)(buf - start) + *len, elem_align(c, i, array_align));
	ng_parse_t *fn;

	if (error != 0)
		return (error);
	n = room - *len;
	if (place < 0)
		error = elem_default(c, i, start, buf + *len, &n);
	else if ((fn = NGU_PARSE_METHOD(type, parse)) == NULL)
		error = EOPNOTSUPP;
	else {
		*off = place;
		error = fn(type, s, off, start, buf + *len, &n);
	}
	if (error == 0)
		*len += n;
	return (error);
}

int
ngu__composite_default(const struct ngu__composite *c, const u_char *start, u_char *buf, int *buflen)
{
	struct ngu__parse_run mine, *r = run_enter(&mine, NULL);
	int i, len = 0, error = r->deep ? ELOOP : c->n < 0 ? EINVAL : too_many(c, *buflen) ? ERANGE : 0, align = 1;

	if (error == 0)
		align = composite_align(c, r);
	for (i = 0; error == 0 && i < c->n; i++)
		error = r->deep ? ELOOP : make_elem(c, i, align, NULL, NULL, -1, start, buf, &len, *buflen);
	if (error == 0)
		error = r->deep ? ELOOP : append_padding(buf, &len, *buflen, len, align);
	if (error == 0)
		*buflen = len;
	run_leave(r, &mine);
	return (error);
}

/* ---- reading text ---- */

/* The member that the token at s + off names. */
static int
find_field(const struct ngu__composite *c, const char *s, int off, int len, int *index)
{
	for (int i = 0; i < c->n; i++)
		if (ngu__strlen(c->field[i].name) == (size_t)len && ngu__memcmp(c->field[i].name, s + off, (size_t)len) == 0) {
			*index = i;
			return (0);
		}
	return (ENOENT);
}

/* "name =" at s + *off: which member. *off goes behind it. */
static int
struct_label(const struct ngu__composite *c, const char *s, int *off, int len, enum ng_parse_token token, int *index)
{
	int error;

	if (token != T_WORD)
		return (EINVAL);
	if ((error = find_field(c, s, *off, len, index)) != 0)
		return (error);
	*off += len;
	if (ng_parse_get_token(s, off, &len) != T_EQUALS)
		return (EINVAL);
	*off += len;
	return (0);
}

/* "index=", without white space before the sign, or nothing: then *index stays. */
static int
array_label(const char *s, int *off, int len, enum ng_parse_token token, int *index)
{
	uint64_t value;
	bool neg, over;

	if (token != T_WORD || s[*off + len] != '=')
		return (0);
	if (ngu__parse_number(s + *off, len, &value, &neg, &over) != len)
		return (EINVAL);
	if (over || (neg && value != 0) || value > INT32_MAX)
		return (E2BIG);
	*index = (int)value;
	*off += len + 1;
	return (0);
}

/* First pass: places of the elements' text to place[], which holds -1 everywhere. *off goes to the closing bracket. */
static int
find_places(const struct ngu__composite *c, const char *s, int *off, int *place)
{
	const enum ng_parse_token open = c->field != NULL ? T_LBRACE : T_LBRACKET;
	const enum ng_parse_token close = c->field != NULL ? T_RBRACE : T_RBRACKET;
	enum ng_parse_token token;
	int len, error, label, index = 0;

	if (ng_parse_get_token(s, off, &len) != open)
		return (EINVAL);
	for (*off += len; (token = ng_parse_get_token(s, off, &len)) != close; index++) {
		label = *off;
		error = c->field != NULL ? struct_label(c, s, off, len, token, &index) : array_label(s, off, len, token, &index);
		if (error != 0)
			return (error);
		(void)ng_parse_get_token(s, off, &len); /* skips white space */
		if (index < c->n && place[index] < 0) {
			place[index] = *off;
			if ((error = skip_value(s, off)) != 0)
				return (error);
			continue;
		}
		/* A closing bracket, say, of another kind is worse than one element too many. */
		len = *off;
		if ((error = skip_value(s, &len)) != 0) {
			*off = len;
			return (error);
		}
		*off = label;
		return (index < c->n ? EALREADY : E2BIG);
	}
	return (0);
}

int
ngu__composite_parse(const struct ngu__composite *c, const char *s, int *off, const u_char *start, u_char *buf, int *buflen)
{
	struct ngu__parse_run mine, *r = run_enter(&mine, NULL);
	int few[PLACES], *place = few, i, end, align = 1, len = 0, room = *buflen, error = 0;

	(void)ng_parse_get_token(s, off, &i); /* errors point to the bracket */
	if (r->deep)
		error = ELOOP;
	else if (c->n < 0)
		error = EINVAL;
	else if (too_many(c, room))
		error = ERANGE;
	else if (c->n > PLACES && (place = malloc((size_t)c->n * sizeof(*place), M_NETGRAPH_PARSE, M_NOWAIT)) == NULL)
		error = ENOMEM;
	if (error != 0) {
		run_leave(r, &mine);
		return (error);
	}
	for (i = 0; i < c->n; i++)
		place[i] = -1;
	error = find_places(c, s, off, place);
	end = *off;
	if (error == 0)
		align = composite_align(c, r);
	for (i = 0; error == 0 && i < c->n; i++) {
		*off = end; /* what is wrong with a default is that it was left out */
		error = r->deep ? ELOOP : make_elem(c, i, align, s, off, place[i], start, buf, &len, room);
	}
	if (error == 0) {
		*off = end;
		error = r->deep ? ELOOP : append_padding(buf, &len, room, len, align);
	}
	if (error == 0) {
		*off = end + 1;
		*buflen = len;
	}
	if (place != few)
		free(place, M_NETGRAPH_PARSE);
	run_leave(r, &mine);
	return (error);
}

/* ---- printing ---- */

int
ngu__unparse_left(const u_char *data, int off)
{
	uint32_t arglen;

	ngu__memcpy(&arglen, data - HEADER + __builtin_offsetof(struct ng_mesg, header.arglen), sizeof(arglen));
	return ((int)(arglen < 1u << 30 ? arglen : 1u << 30) - off);
}

/* Is element i what it would be if it were left out? Then *off goes behind it. */
static int
skip_default(struct ngu__parse_run *r, const struct ngu__composite *c, int i, const u_char *data, int *off, bool *is)
{
	int left = ngu__unparse_left(data, *off), n = left;

	*is = false;
	if (left < 0 || *off + left > NGU_PARSE_WORK)
		return (0);
	if (r->work == NULL) {
		if ((r->work = malloc((size_t)(HEADER + *off + left), M_NETGRAPH_PARSE, M_NOWAIT | M_ZERO)) == NULL)
			return (ENOMEM);
		ngu__memcpy(r->work, data - HEADER, (size_t)HEADER);
	}
	if (r->valid < *off)
		ngu__memcpy(r->work + HEADER + r->valid, data + r->valid, (size_t)(*off - r->valid));
	r->valid = *off;
	if (elem_default(c, i, r->work + HEADER, r->work + HEADER + *off, &n) != 0 || n < 0 || n > left)
		return (0);
	if (ngu__memcmp(r->work + HEADER + *off, data + *off, (size_t)n) == 0) {
		*off += n;
		*is = true;
	}
	return (0);
}

static int
append(char *cbuf, int *len, int cbuflen, const char *text)
{
	int n = (int)ngu__strlen(text);

	if (n >= cbuflen - *len)
		return (ERANGE);
	ngu__memcpy(cbuf + *len, text, (size_t)n + 1);
	*len += n;
	return (0);
}

static int
append_label(const struct ngu__composite *c, int i, bool gap, char *cbuf, int *len, int cbuflen)
{
	char number[16];
	int error = append(cbuf, len, cbuflen, " ");

	if (error != 0 || (c->field == NULL && !gap))
		return (error);
	(void)ngu__port_snprintf(number, sizeof(number), "%d", i);
	error = append(cbuf, len, cbuflen, c->field != NULL ? c->field[i].name : number);
	return (error != 0 ? error : append(cbuf, len, cbuflen, "="));
}

static int
unparse_elem(const struct ngu__composite *c, int i, bool gap, const u_char *data, int *off, char *cbuf, int *len, int cbuflen)
{
	const struct ng_parse_type *type = elem_type(c, i);
	ng_unparse_t *fn = NGU_PARSE_METHOD(type, unparse);
	int error = append_label(c, i, gap, cbuf, len, cbuflen);

	if (error == 0)
		error = fn != NULL ? fn(type, data, off, cbuf + *len, cbuflen - *len) : EOPNOTSUPP;
	if (error == 0)
		*len += (int)ngu__strlen(cbuf + *len);
	return (error);
}

int
ngu__composite_unparse(const struct ngu__composite *c, const u_char *data, int *off, char *cbuf, int cbuflen)
{
	struct ngu__parse_run mine, *r = run_enter(&mine, data);
	int i, next = 0, len = 0, align = 1, left = ngu__unparse_left(data, *off), begin = *off, error;
	bool is;

	error = r->deep ? ELOOP : c->n < 0 || left < 0 || too_many(c, left) ? EINVAL : 0;
	if (error == 0) {
		error = append(cbuf, &len, cbuflen, c->field != NULL ? "{" : "[");
		align = composite_align(c, r);
	}
	for (i = 0; error == 0 && i < c->n; i++) {
		*off += pad(*off, elem_align(c, i, align));
		if (r->deep)
			error = ELOOP;
		else if ((error = skip_default(r, c, i, data, off, &is)) == 0 && !is) {
			error = unparse_elem(c, i, i != next, data, off, cbuf, &len, cbuflen);
			next = i + 1;
		}
	}
	if (error == 0 && next != 0) /* something was printed */
		error = append(cbuf, &len, cbuflen, " ");
	if (error == 0)
		error = r->deep ? ELOOP : append(cbuf, &len, cbuflen, c->field != NULL ? "}" : "]");
	/* What follows lies behind our padding; but a message may end before it. */
	left = ngu__unparse_left(data, *off);
	i = pad(*off - begin, align);
	*off += i < left ? i : left > 0 ? left : 0;
	run_leave(r, &mine);
	return (error);
}

/* ---- structs and arrays as types ---- */

/* The struct or array at buf: each kind fills in what the engine wants to know. */
static int
struct_of(const struct ng_parse_type *type, const u_char *start, const u_char *buf, struct ngu__composite *c)
{
	*c = (struct ngu__composite){ .type = type, .field = type->info };
	if (c->field == NULL)
		return (EINVAL);
	while (c->field[c->n].name != NULL)
		c->n++;
	return (0);
}

static int
fixedarray_of(const struct ng_parse_type *type, const u_char *start, const u_char *buf, struct ngu__composite *c)
{
	const struct ng_parse_fixedarray_info *info = type->info;

	if (info == NULL)
		return (EINVAL);
	*c = (struct ngu__composite){ type, NULL, info->elementType, info->getDefault, info->length };
	return (0);
}

/* buf NULL: only the elements' type is wanted. */
static int
array_of(const struct ng_parse_type *type, const u_char *start, const u_char *buf, struct ngu__composite *c)
{
	const struct ng_parse_array_info *info = type->info;

	if (info == NULL || info->getLength == NULL)
		return (EINVAL);
	*c = (struct ngu__composite){ type, NULL, info->elementType, info->getDefault, 0 };
	if (buf != NULL)
		c->n = info->getLength(type, start, buf);
	return (0);
}

#define COMPOSITE_TYPE(kind) \
	static int kind##_parse(const struct ng_parse_type *type, const char *s, int *off, const u_char *start, u_char *buf, \
	    int *buflen) \
	{ \
		struct ngu__composite c; \
		int error = kind##_of(type, start, buf, &c); \
\
		return (error != 0 ? error : ngu__composite_parse(&c, s, off, start, buf, buflen)); \
	} \
	static int kind##_unparse(const struct ng_parse_type *type, const u_char *data, int *off, char *cbuf, int cbuflen) \
	{ \
		struct ngu__composite c; \
		int error = ngu__unparse_left(data, *off) < 0 ? EINVAL : kind##_of(type, data, data + *off, &c); \
\
		return (error != 0 ? error : ngu__composite_unparse(&c, data, off, cbuf, cbuflen)); \
	} \
	static int kind##_default(const struct ng_parse_type *type, const u_char *start, u_char *buf, int *buflen) \
	{ \
		struct ngu__composite c; \
		int error = kind##_of(type, start, buf, &c); \
\
		return (error != 0 ? error : ngu__composite_default(&c, start, buf, buflen)); \
	} \
	static int kind##_align(const struct ng_parse_type *type) \
	{ \
		struct ngu__parse_run mine, *r = run_enter(&mine, NULL); \
		struct ngu__composite c; \
		int align = kind##_of(type, NULL, NULL, &c) != 0 ? 1 : composite_align(&c, r); \
\
		run_leave(r, &mine); \
		return (align); \
	} \
	const struct ng_parse_type ng_parse_##kind##_type = { \
		.parse = kind##_parse, \
		.unparse = kind##_unparse, \
		.getDefault = kind##_default, \
		.getAlign = kind##_align, \
	}
COMPOSITE_TYPE(struct);
COMPOSITE_TYPE(fixedarray);
COMPOSITE_TYPE(array);

/* ---- what callers use ---- */

int
ng_parse(const struct ng_parse_type *type, const char *string, int *off, u_char *buf, int *buflen)
{
	ng_parse_t *fn = NGU_PARSE_METHOD(type, parse);
	int n = *buflen > 0 ? *buflen : 0, error;

	if (fn == NULL)
		return (EOPNOTSUPP);
	if ((error = fn(type, string, off, buf, buf, &n)) == 0)
		*buflen = n;
	return (error);
}

int
ng_unparse(const struct ng_parse_type *type, const u_char *data, char *cbuf, int cbuflen)
{
	ng_unparse_t *fn = NGU_PARSE_METHOD(type, unparse);
	int off = 0, error = fn == NULL ? EOPNOTSUPP : fn(type, data, &off, cbuf, cbuflen);

	if (error != 0 && cbuflen > 0)
		cbuf[0] = '\0';
	return (error);
}

int
ng_parse_getDefault(const struct ng_parse_type *type, u_char *buf, int *buflen)
{
	ng_getDefault_t *fn = NGU_PARSE_METHOD(type, getDefault);
	int n = *buflen > 0 ? *buflen : 0, error;

	if (fn == NULL)
		return (EOPNOTSUPP);
	if ((error = fn(type, buf, buf, &n)) == 0)
		*buflen = n;
	return (error);
}
