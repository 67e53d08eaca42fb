/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parse.h - what the tests of ng_parse share: conversions in buffers that are exactly as long as they say, between guard bytes,
 * so that one byte too many is seen in every build.
 */
#ifndef TESTS_UNIT_PARSE_H
#define TESTS_UNIT_PARSE_H

#include "support/unit.h"

#include <netgraph/ng_parse.h>

#define GUARD 64
#define HEADER ((int)sizeof(struct ng_mesg))
#define ROOM 65536 /* of a result that may be as long as it likes */

/* A message with n bytes of arguments. */
#define MESSAGE(n) \
	struct { \
		struct ng_msghdr header; \
		u_char data[n]; \
	}

/* Memory of its own with guard bytes behind it. */
static inline u_char *
box_new(unsigned n)
{
	u_char *p = malloc((size_t)n + GUARD, M_TEMP, M_WAITOK);

	memset(p, 0x5a, n);
	memset(p + n, 0xa5, GUARD);
	return (p);
}

static inline void
box_end(u_char *p, int n)
{
	for (int i = 0; i < GUARD; i++)
		assert_int_equal(p[n + i], 0xa5);
	free(p, M_TEMP);
}

/* ng_parse() of text into `room` bytes; the result to out, which may be NULL. *n: how many there are. */
static inline int
parse(const struct ng_parse_type *type, const char *text, int room, void *out, int *n, int *off)
{
	char *s = malloc(strlen(text) + 1, M_TEMP, M_WAITOK); /* ends where it ends */
	u_char *p = box_new((unsigned)(HEADER + room));
	int error;

	(void)strcpy(s, text);
	memset(p, 0, (size_t)HEADER);
	*n = room;
	*off = 0;
	error = ng_parse(type, s, off, p + HEADER, n);
	if (error == 0) {
		assert_in_range(*n, 0, room);
		if (out != NULL)
			memcpy(out, p + HEADER, (size_t)*n);
	} else
		assert_int_equal(*n, room);
	assert_in_range(*off, 0, strlen(text));
	box_end(p, HEADER + room);
	free(s, M_TEMP);
	return (error);
}

/* ng_unparse() of a message with these arguments into `room` bytes of out. */
static inline int
unparse(const struct ng_parse_type *type, const void *data, int n, char *out, int room)
{
	struct ng_mesg *m = malloc((size_t)(HEADER + n), M_TEMP, M_WAITOK | M_ZERO);
	u_char *p = box_new((unsigned)room);
	int error;

	m->header.arglen = (uint32_t)n;
	memcpy(m->data, data, (size_t)n);
	error = ng_unparse(type, (const u_char *)m->data, (char *)p, room);
	assert_memory_equal(m->data, data, n);
	if (room > 0)
		assert_non_null(memchr(p, '\0', (size_t)room));
	memcpy(out, p, (size_t)room);
	box_end(p, room);
	free(m, M_TEMP);
	return (error);
}

/* Each test that begins with nothing of ours allocated ends so. */
static inline uint64_t
parse_memory(void)
{
	struct ngu_malloc_stats st, tmp, msg;

	ngu_k_malloc_stats(M_NETGRAPH_PARSE, &st);
	ngu_k_malloc_stats(M_TEMP, &tmp);
	ngu_k_malloc_stats(M_NETGRAPH_MSG, &msg);
	return (st.inuse + tmp.inuse + msg.inuse);
}

static uint64_t parse_memory_before;

static inline int
parse_setup(void **state)
{
	(void)state;
	parse_memory_before = parse_memory();
	return (0);
}

static inline int
parse_teardown(void **state)
{
	(void)state;
	return (parse_memory() == parse_memory_before ? 0 : -1);
}
#define parse_test(f) cmocka_unit_test_setup_teardown(f, parse_setup, parse_teardown)

#endif /* TESTS_UNIT_PARSE_H */
