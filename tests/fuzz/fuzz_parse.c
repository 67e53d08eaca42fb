/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_parse.c - ng_parse both ways: every type of ng_parse.h, the arguments and replies of every command there is, and types put
 * together from the input; text into bytes, bytes into text, tokens.
 *
 * Properties: no byte outside text, room and arglen (each is memory of its own, exactly that long); errors are documented ones;
 * *off stays in the text; what was read and printed reads as the same bytes again; a result that needed n bytes fits into
 * n and not into n - 1.
 */
#include "fuzz/fuzz.h"

#include "core/core.h"
#include "msg/parse.h"
#include "msg/msg.h"

#include <netgraph/ng_parse.h>

#define HEADER sizeof(struct ng_mesg)
#define ROOM 4096
#define TEXT 262144
#define TYPES 24

/* ---- types ---- */

static const struct ng_parse_type *const simple[] = { &ng_parse_int8_type, &ng_parse_int16_type, &ng_parse_int32_type,
	&ng_parse_int64_type, &ng_parse_uint8_type, &ng_parse_uint16_type, &ng_parse_uint32_type, &ng_parse_uint64_type,
	&ng_parse_hint8_type, &ng_parse_hint16_type, &ng_parse_hint32_type, &ng_parse_hint64_type, &ng_parse_string_type,
	&ng_parse_nodebuf_type, &ng_parse_hookbuf_type, &ng_parse_pathbuf_type, &ng_parse_typebuf_type, &ng_parse_cmdbuf_type,
	&ng_parse_sizedstring_type, &ng_parse_ipaddr_type, &ng_parse_enaddr_type, &ng_parse_ng_mesg_type };
#define SIMPLE (sizeof(simple) / sizeof(simple[0]))

static const struct ng_parse_type *commands[512];
static unsigned ncommands;

static void
take_list(const struct ng_cmdlist *c)
{
	for (; c != NULL && c->name != NULL; c++) {
		FZ(ncommands + 2 < sizeof(commands) / sizeof(commands[0]), "more commands than expected");
		if (c->mesgType != NULL)
			commands[ncommands++] = c->mesgType;
		if (c->respType != NULL && c->respType != c->mesgType)
			commands[ncommands++] = c->respType;
	}
}

static void
find_commands(void)
{
	static const char *const types[] = { "bpf", "bridge", "car", "checksum", "echo", "etf", "ether_echo", "fault", "hole",
		"hub", "macfilter", "one2many", "patch", "pcap", "pipe", "port", "sample", "source", "split", "tag", "tcpmss",
		"tee", "UI", "vlan", "vlan_rotate" };
	struct ng_type *t;

	take_list(ngu__generic_cmds);
	for (unsigned i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if ((t = ng_findtype(types[i])) != NULL)
			take_list(t->cmdlist);
}

/* Types made from the input. */
struct made {
	struct ng_parse_type type;
	struct ng_parse_struct_field field[5];
	struct ng_parse_fixedarray_info fixed;
	struct ng_parse_array_info array;
	struct ng_parse_fixedstring_info string;
};
static struct made made[TYPES];
static unsigned nmade;

static int
length_first(const struct ng_parse_type *type, const u_char *start, const u_char *buf)
{
	(void)type;
	return (buf == start ? 3 : start[0] % 5); /* at the start there is nothing yet */
}

static int
length_before(const struct ng_parse_type *type, const u_char *start, const u_char *buf)
{
	(void)type;
	return (buf == start ? 2 : (signed char)buf[-1] % 7); /* negative ones are refused */
}

static const struct ng_parse_type *
a_type(struct fz_in *in, unsigned depth)
{
	static const char *const names[] = { "a", "b", "bb", "c" };
	unsigned how = fz_pick(in, 32), i, n;
	struct made *m;

	if (how < SIMPLE || depth == 0 || nmade == TYPES)
		return (simple[how % SIMPLE]);
	m = &made[nmade++];
	memset(m, 0, sizeof(*m));
	switch (how - SIMPLE) {
	case 0:
	case 1:
	case 2:
	case 3:
		n = fz_pick(in, 5);
		for (i = 0; i < n; i++) {
			m->field[i].name = names[i];
			m->field[i].alignment = (int)((const unsigned char[]){ 0, 0, 0, 1, 2, 4, 8, 16 })[fz_pick(in, 8)];
			m->field[i].type = a_type(in, depth - 1);
		}
		m->type.supertype = &ng_parse_struct_type;
		m->type.info = m->field;
		break;
	case 4:
		m->fixed.length = (int)fz_pick(in, 6);
		m->fixed.elementType = a_type(in, depth - 1);
		m->type.supertype = &ng_parse_fixedarray_type;
		m->type.info = &m->fixed;
		break;
	case 5:
	case 6:
		m->array.getLength = fz_pick(in, 2) ? length_first : length_before;
		m->array.elementType = a_type(in, depth - 1);
		m->type.supertype = &ng_parse_array_type;
		m->type.info = &m->array;
		break;
	case 7:
		m->string.bufSize = (int)fz_pick(in, 12);
		m->type.supertype = &ng_parse_fixedstring_type;
		m->type.info = &m->string;
		break;
	case 8:
		m->type.supertype = &ng_parse_bytearray_type;
		m->type.info = (const void *)(uintptr_t)(fz_pick(in, 2) ? length_first : length_before);
		break;
	default: /* a derived one that inherits all but the way it prints */
		m->type.supertype = simple[fz_pick(in, 12)];
		m->type.info = (const void *)(uintptr_t)fz_pick(in, 3);
		break;
	}
	return (&m->type);
}

/* ---- conversions ---- */

static bool
documented(int error)
{
	return (error == EINVAL || error == ENOENT || error == EALREADY || error == E2BIG || error == EOPNOTSUPP || error == ERANGE ||
	    error == ELOOP);
}

/* Text to `room` bytes; they go to out. */
static int
to_bytes(const struct ng_parse_type *type, const char *text, uint32_t arglen, int room, uint8_t *out, int *n, int *off)
{
	uint8_t *p = fz_copy(out, HEADER + (size_t)room);
	struct ng_mesg *m = (struct ng_mesg *)(void *)p;
	int error;

	memset(p, 0, HEADER);
	m->header.arglen = arglen;
	*n = room;
	*off = 0;
	error = ng_parse(type, text, off, p + HEADER, n);
	FZ(*off >= 0 && (size_t)*off <= strlen(text), "off is %d of %zu", *off, strlen(text));
	if (error == 0) {
		FZ(*n >= 0 && *n <= room, "%d bytes into %d", *n, room);
		memcpy(out, p + HEADER, (size_t)*n);
	} else {
		FZ(documented(error), "error %d", error);
		FZ(*n == room, "an error, and *buflen has changed");
	}
	fz_free(p);
	return (error);
}

/* n bytes to text of at most `room`. */
static int
to_text(const struct ng_parse_type *type, const uint8_t *data, int n, char *out, int room)
{
	static uint8_t whole[HEADER + ROOM] __attribute__((__aligned__(8)));
	struct ng_mesg *m = (struct ng_mesg *)(void *)whole;
	char *text = fz_copy(out, (size_t)room);
	uint8_t *p;
	int error;

	m->header.arglen = (uint32_t)n;
	memcpy(whole + HEADER, data, (size_t)n);
	p = fz_copy(whole, HEADER + (size_t)n);
	error = ng_unparse(type, p + HEADER, text, room);
	FZ(memcmp(p + HEADER, data, (size_t)n) == 0, "printing has changed what was printed");
	if (error == 0) {
		FZ(memchr(text, '\0', (size_t)room) != NULL, "a text without end");
		(void)strcpy(out, text);
	} else {
		FZ(documented(error), "error %d", error);
		FZ(room == 0 || text[0] == '\0', "an error, and a text");
	}
	fz_free(text);
	fz_free(p);
	return (error);
}

/* Bytes that were read from text are printed, and read again. */
static void
round_trip(const struct ng_parse_type *type, uint32_t arglen, const uint8_t *bytes, int n)
{
	static char text[TEXT], again[TEXT];
	static uint8_t more[HEADER + ROOM];
	int error, k, off, len;

	error = to_text(type, bytes, n, text, TEXT);
	FZ(error == 0, "%d bytes that were read cannot be printed: error %d", n, error);
	error = to_bytes(type, text, arglen, ROOM, more, &k, &off);
	FZ(error == 0, "what was printed cannot be read: error %d at %d: %s", error, off, text);
	FZ(k == n && memcmp(more, bytes, (size_t)n) == 0, "%d bytes became %d, or others: %s", n, k, text);
	/* The room that is needed is enough, and less is not. */
	len = (int)strlen(text);
	error = to_text(type, bytes, n, again, len + 1);
	FZ(error == 0 && strcmp(text, again) == 0, "%d bytes of text do not fit where they should", len + 1);
	error = to_text(type, bytes, n, again, len);
	FZ(error == ERANGE, "%d bytes of text fit into %d: error %d", len + 1, len, error);
	if (n > 0) {
		error = to_bytes(type, text, arglen, n - 1, more, &k, &off);
		FZ(error == ERANGE, "%d bytes fit into %d: error %d", n, n - 1, error);
		error = to_bytes(type, text, arglen, n, more, &k, &off);
		FZ(error == 0 && k == n, "%d bytes do not fit into %d: error %d", n, n, error);
	}
}

static void
from_text(const struct ng_parse_type *type, const char *text, uint32_t arglen, int room)
{
	static uint8_t bytes[HEADER + ROOM];
	int n, off;

	if (to_bytes(type, text, arglen, room, bytes, &n, &off) == 0)
		round_trip(type, arglen, bytes, n);
	n = room;
	{
		uint8_t *p = fz_copy(bytes, HEADER + (size_t)room);
		int error;

		memset(p, 0, HEADER);
		error = ng_parse_getDefault(type, p + HEADER, &n);
		FZ(error == 0 || documented(error), "default: error %d", error);
		FZ(error != 0 || (n >= 0 && n <= room), "default: %d bytes into %d", n, room);
		fz_free(p);
	}
}

static void
from_bytes(const struct ng_parse_type *type, const uint8_t *data, int n, int room)
{
	static char text[TEXT];
	static uint8_t bytes[HEADER + ROOM];
	int k, off;

	if (to_text(type, data, n, text, room) == 0) {
		/* Not always readable: a length may lie in what the text leaves out. What is read is whole. */
		if (to_bytes(type, text, (uint32_t)n, ROOM, bytes, &k, &off) == 0)
			round_trip(type, (uint32_t)n, bytes, k);
	}
}

static void
tokens(const char *text, size_t size)
{
	enum ng_parse_token t;
	int at = 0, len, slen, before, n;
	char *s, *q;

	do {
		before = at;
		t = ng_parse_get_token(text, &at, &len);
		FZ(at >= before && len >= 0 && (size_t)(at + len) <= strlen(text), "a token outside the text");
		FZ((len == 0) == (t == T_EOF), "a token of length %d", len);
		n = at;
		slen = -1;
		s = ng_get_string_token(text, &n, &len, &slen);
		FZ((s != NULL) == (t == T_STRING), "token %d is a string or not", (int)t);
		if (s != NULL) {
			FZ(slen >= 0 && s[slen] == '\0', "a string of %d bytes without its end", slen);
			free(s, M_NETGRAPH_PARSE);
		}
		at += len;
	} while (t != T_EOF && t != T_ERROR);
	/* Any bytes as a string, and back. */
	q = ng_encode_string(text, (int)size);
	FZ(q != NULL, "no string of %zu bytes", size);
	at = 0;
	s = ng_get_string_token(q, &at, &len, &slen);
	FZ(s != NULL && at == 0 && (size_t)len == strlen(q) && (size_t)slen == size && memcmp(s, text, size) == 0, "%s is another string", q);
	free(s, M_NETGRAPH_PARSE);
	free(q, M_NETGRAPH_PARSE);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fz_in in = { data, size };
	const struct ng_parse_type *type;
	unsigned how;
	int room;
	char *text;

	if (ncommands == 0)
		find_commands();
	if (size > ROOM)
		size = in.left = ROOM;
	how = fz_byte(&in);
	room = how & 0x40 ? (int)fz_byte(&in) : ROOM;
	nmade = 0;
	type = (how & 3) == 0 ? commands[fz_byte(&in) % ncommands] : a_type(&in, 4);
	if ((how & 0x30) == 0x30) {
		text = fz_text(in.p, in.left);
		tokens(text, in.left);
		fz_free(text);
	} else if (how & 0x20) {
		from_bytes(type, in.p, (int)in.left, room == ROOM ? TEXT : room);
	} else {
		text = fz_text(in.p, in.left);
		from_text(type, text, how & 0x10 ? fz_byte(&in) : 0, room);
		fz_free(text);
	}
	return (0);
}
