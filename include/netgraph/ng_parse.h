/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_parse.h - arguments of control messages as text. A struct ng_parse_type describes how some bytes look as ASCII and back; a
 * node type puts such descriptions into its command list (struct ng_cmdlist), and NGM_ASCII2BINARY and NGM_BINARY2ASCII do the
 * rest. Names and layouts are FreeBSD's; section 15 of netgraph's behaviour, ng_parse(3).
 *
 * Usable from the kernel side (_KERNEL) and from ordinary programs (C and C++). Nothing here waits: memory is asked for with
 * M_NOWAIT, and everything may be called inside a read section. Nothing is owned by what is called: types, texts and buffers
 * stay the caller's.
 *
 *	struct cfg { uint8_t on; uint32_t rate; char peer[NG_HOOKSIZ]; };
 *
 *	static const struct ng_parse_struct_field cfg_fields[] = {
 *		{ "on", &ng_parse_uint8_type, 0 },
 *		{ "rate", &ng_parse_uint32_type, 0 },
 *		{ "peer", &ng_parse_hookbuf_type, 0 },
 *		{ NULL, NULL, 0 }
 *	};
 *	static const struct ng_parse_type cfg_type = { .supertype = &ng_parse_struct_type, .info = &cfg_fields };
 *
 * reads and prints { on=1 rate=64000 peer="left" }.
 *
 * Text. A value is a word, a "string", a struct { name=value ... } or an array [ value index=value ... ]. Members come in any
 * order; those left out get their default. Whatever equals its default is not printed. An index is given where elements were
 * left out.
 *
 * Errors of all functions: EINVAL syntax, or a number out of range, or data that do not fit their description; ENOENT no such
 * member; EALREADY a member or index given twice; E2BIG an index or a string too big; EOPNOTSUPP a member that has no default
 * is missing, or the type lacks the method; ERANGE the output does not fit; ENOMEM; ELOOP types nested more than 32 deep.
 */
#ifndef _NETGRAPH_NG_PARSE_H_
#define _NETGRAPH_NG_PARSE_H_

#include <netgraph/ng_message.h>
#ifdef _KERNEL
#include <sys/malloc.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

struct ng_parse_type;

/* ---- methods of a type ---- */

/*
 * Text to bytes. Reads a value at string + *off and writes it to buf. *buflen is the room there, afterwards the bytes written;
 * more than the room must not be written (ERANGE). *off goes behind the value, or, with an error, to what is wrong.
 * `start` is the first byte of the whole result: what precedes buf has been filled in and may be looked at.
 */
typedef int ng_parse_t(const struct ng_parse_type *type, const char *string, int *off, const unsigned char *start,
    unsigned char *buf, int *buflen);

/*
 * Bytes to text. Reads a value at data + *off, writes it to buf with a NUL (ERANGE if that takes more than buflen bytes), and
 * moves *off behind it. `data` is the first byte of the whole message's arguments; the message's header lies right before it,
 * and its arglen says how much may be read.
 */
typedef int ng_unparse_t(const struct ng_parse_type *type, const unsigned char *data, int *off, char *buf, int buflen);

/* The bytes of the default value, as ng_parse_t writes them. A type without one cannot be left out, and is always printed. */
typedef int ng_getDefault_t(const struct ng_parse_type *type, const unsigned char *start, unsigned char *buf, int *buflen);

/* Alignment in bytes of a value, counted from the start of the arguments; 0 or 1: none. */
typedef int ng_getAlign_t(const struct ng_parse_type *type);

/*
 * A type. A method that is NULL is taken from the supertype, or its supertype. `info` and `private` are not inherited: methods
 * find those of the type they are called for.
 */
struct ng_parse_type {
	const struct ng_parse_type *supertype; /* NULL: none */
	const void *info; /* what the supertype wants to know; see the types below */
#ifdef __cplusplus
	void *private_;
#else
	void *private; /* the type's own */
#endif
	ng_parse_t *parse;
	ng_unparse_t *unparse;
	ng_getDefault_t *getDefault;
	ng_getAlign_t *getAlign;
};

/* ---- what `info` of composite types points to ---- */

/* ng_parse_struct_type: an array of these, the last with name NULL. */
struct ng_parse_struct_field {
	const char *name;
	const struct ng_parse_type *type;
	int alignment; /* of this member; 0: as the type wants it, 1: packed */
};

/*
 * How many elements the array at `buf` has. When text is read it is asked before the first element, and what precedes buf is
 * there; `start` is the first byte of all the arguments. Negative numbers are refused.
 */
typedef int ng_parse_array_getLength_t(const struct ng_parse_type *type, const unsigned char *start, const unsigned char *buf);

/* The default of element `index`, as ng_getDefault_t. */
typedef int ng_parse_array_getDefault_t(const struct ng_parse_type *type, int index, const unsigned char *start,
    unsigned char *buf, int *buflen);

/* ng_parse_fixedarray_type */
struct ng_parse_fixedarray_info {
	const struct ng_parse_type *elementType;
	int length;
	ng_parse_array_getDefault_t *getDefault; /* NULL: that of elementType */
};

/* ng_parse_array_type */
struct ng_parse_array_info {
	const struct ng_parse_type *elementType;
	ng_parse_array_getLength_t *getLength;
	ng_parse_array_getDefault_t *getDefault; /* NULL: that of elementType */
};

/* ng_parse_fixedstring_type */
struct ng_parse_fixedstring_info {
	int bufSize; /* bytes, the NUL included */
};

#pragma GCC visibility push(default)

/* ---- composite types: supertypes for your own ---- */

extern const struct ng_parse_type ng_parse_struct_type;	    /* info: struct ng_parse_struct_field[] */
extern const struct ng_parse_type ng_parse_fixedarray_type; /* info: struct ng_parse_fixedarray_info */
extern const struct ng_parse_type ng_parse_array_type;	    /* info: struct ng_parse_array_info */

/*
 * ---- integers in host byte order; default 0 ----
 * All of a width read the same numbers, from the least signed to the greatest unsigned one, in C's notation (0x10, 010, -1).
 * They differ in how they print: int -1, uint 4294967295, hint 0xffffffff. A type derived from one of these says how in its
 * own info: NULL unsigned, (void *)1 signed, (void *)2 hexadecimal.
 */
extern const struct ng_parse_type ng_parse_int8_type;
extern const struct ng_parse_type ng_parse_int16_type;
extern const struct ng_parse_type ng_parse_int32_type;
extern const struct ng_parse_type ng_parse_int64_type;
extern const struct ng_parse_type ng_parse_uint8_type;
extern const struct ng_parse_type ng_parse_uint16_type;
extern const struct ng_parse_type ng_parse_uint32_type;
extern const struct ng_parse_type ng_parse_uint64_type;
extern const struct ng_parse_type ng_parse_hint8_type;
extern const struct ng_parse_type ng_parse_hint16_type;
extern const struct ng_parse_type ng_parse_hint32_type;
extern const struct ng_parse_type ng_parse_hint64_type;

/*
 * ---- strings, quoted; no alignment ----
 * Escapes: \t \n \r \v \f \" \\, up to three octal digits, \x and one or two hexadecimal digits; another character after a
 * backslash is itself.
 */
extern const struct ng_parse_type ng_parse_string_type;	     /* as many bytes as it has, and a NUL; default "" */
extern const struct ng_parse_type ng_parse_fixedstring_type; /* info: struct ng_parse_fixedstring_info; filled up with NULs */
extern const struct ng_parse_type ng_parse_nodebuf_type;     /* NG_NODESIZ bytes */
extern const struct ng_parse_type ng_parse_hookbuf_type;     /* NG_HOOKSIZ */
extern const struct ng_parse_type ng_parse_pathbuf_type;     /* NG_PATHSIZ */
extern const struct ng_parse_type ng_parse_typebuf_type;     /* NG_TYPESIZ */
extern const struct ng_parse_type ng_parse_cmdbuf_type;	     /* NG_CMDSTRSIZ */
extern const struct ng_parse_type ng_parse_sizedstring_type; /* uint16_t length, then the bytes; default: length 0 */

extern const struct ng_parse_fixedstring_info ng_parse_nodebuf_info;
extern const struct ng_parse_fixedstring_info ng_parse_hookbuf_info;
extern const struct ng_parse_fixedstring_info ng_parse_pathbuf_info;
extern const struct ng_parse_fixedstring_info ng_parse_typebuf_info;
extern const struct ng_parse_fixedstring_info ng_parse_cmdbuf_info;

/* ---- the rest ---- */

extern const struct ng_parse_type ng_parse_ipaddr_type; /* 192.0.2.1, four bytes in network order; default 0.0.0.0 */
extern const struct ng_parse_type ng_parse_enaddr_type; /* 02:00:00:00:00:01, six bytes; has no default */

/*
 * Bytes; default zeros. info is the ng_parse_array_getLength_t function itself, cast to const void *. Read from "text", which
 * is filled up with zeros, or from [ 0x01 0x02 ]; printed as the latter.
 */
extern const struct ng_parse_type ng_parse_bytearray_type;

/* A whole struct ng_mesg; its data are a bytearray of header.arglen bytes. */
extern const struct ng_parse_type ng_parse_ng_mesg_type;

/* ---- functions ---- */

/* What ng_parse_get_token() finds. */
enum ng_parse_token {
	T_LBRACE,   /* { */
	T_RBRACE,   /* } */
	T_LBRACKET, /* [ */
	T_RBRACKET, /* ] */
	T_EQUALS,   /* = */
	T_STRING,   /* "...", quotes included */
	T_ERROR,    /* a string without its end */
	T_WORD,	    /* anything else, up to white space or one of { } [ ] = " */
	T_EOF
};

/*
 * Read a value of type `type` at string + *off into buf. *buflen is the room, afterwards the bytes written (unchanged on error).
 * *off goes behind the value, or to what is wrong. Text that follows is not looked at.
 * The header of the message whose arguments these become should lie right before buf: lengths of arrays may depend on it.
 */
int ng_parse(const struct ng_parse_type *type, const char *string, int *off, unsigned char *buf, int *buflen);

/*
 * Print the value at `data` into cbuf, cbuflen bytes, NUL included. The struct ng_msghdr of the message must lie right before
 * `data`: no more than its arglen is read. After an error cbuf is an empty string.
 */
int ng_unparse(const struct ng_parse_type *type, const unsigned char *data, char *cbuf, int cbuflen);

/* Write the default value of a type to buf. *buflen is the room, afterwards the bytes written. */
int ng_parse_getDefault(const struct ng_parse_type *type, unsigned char *buf, int *buflen);

/* The token at s + *startp, which moves to its first character; its length goes to *lenp. */
enum ng_parse_token ng_parse_get_token(const char *s, int *startp, int *lenp);

#ifdef _KERNEL
extern struct malloc_type ngu_k_M_NETGRAPH_PARSE[1];
#define M_NETGRAPH_PARSE ngu_k_M_NETGRAPH_PARSE

/*
 * The contents of the quoted string at s + *startp, NUL-terminated, to be freed with type M_NETGRAPH_PARSE; NULL if there is
 * none, or no memory. *startp moves to the opening quote; the length in the text, quotes included, goes to *lenp, the length of
 * the contents to *slenp unless that is NULL (the contents may have NULs of their own).
 */
char *ng_get_string_token(const char *s, int *startp, int *lenp, int *slenp);

/* slen bytes at `raw` as a quoted string, to be freed with type M_NETGRAPH_PARSE; NULL when memory is short. */
char *ng_encode_string(const char *raw, int slen);
#endif /* _KERNEL */

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* _NETGRAPH_NG_PARSE_H_ */
