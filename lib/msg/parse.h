/* SPDX-License-Identifier: BSD-2-Clause */
/* parse.h - what the files behind <netgraph/ng_parse.h> share. */
#ifndef NGU_PARSE_H
#define NGU_PARSE_H

#include "core/core.h"

#include <netgraph/ng_parse.h>

#define NGU_PARSE_DEPTH 32	    /* types nested */
#define NGU_PARSE_WORK (20 * 1024) /* bytes of a message that is converted, and of its text */

/* The method of a type or of the nearest supertype that has it; NULL: none. A chain that is a ring has none, too. */
#define NGU_PARSE_METHOD(t, method) \
	__extension__({ \
		const struct ng_parse_type *t_ = (t); \
		for (int n_ = 0; t_ != NULL && t_->method == NULL; n_++) \
			t_ = n_ < NGU_PARSE_DEPTH ? t_->supertype : NULL; \
		t_ != NULL ? t_->method : NULL; \
	})

/* A struct or an array, as the engine sees it. Its functions take what the methods take. */
struct ngu__composite {
	const struct ng_parse_type *type; /* the callbacks' first argument */
	const struct ng_parse_struct_field *field; /* struct: its members; NULL: an array */
	const struct ng_parse_type *elem; /* array: what its elements are ... */
	ng_parse_array_getDefault_t *getDefault; /* ... and their default; NULL: that of elem */
	int n; /* elements; negative numbers are refused */
};
int ngu__composite_parse(const struct ngu__composite *c, const char *s, int *off, const u_char *start, u_char *buf, int *buflen);
int ngu__composite_unparse(const struct ngu__composite *c, const u_char *data, int *off, char *cbuf, int cbuflen);
int ngu__composite_default(const struct ngu__composite *c, const u_char *start, u_char *buf, int *buflen);

/* Bytes of data + off that may be read: what the header before data says, less off; may be negative. */
int ngu__unparse_left(const u_char *data, int off);

/* n zero bytes: ERANGE when that is more than *buflen. */
int ngu__parse_zeros(int n, u_char *buf, int *buflen);

/*
 * An integer in C's notation at the beginning of s[0..len). Returns how many characters it has, 0 if there is none. *neg: with
 * a minus sign; *over: too big for 64 bits.
 */
int ngu__parse_number(const char *s, int len, uint64_t *value, bool *neg, bool *over);

#endif /* NGU_PARSE_H */
