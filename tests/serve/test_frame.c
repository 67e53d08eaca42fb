/* SPDX-License-Identifier: BSD-2-Clause */
/* test_frame.c - serve/wire.h: what is sent is what is received, for each operation, and through a file where it is long. */
#include "serve/serve.h"

struct trial {
	enum wire_op op;
	struct wire_body ask, answer;
};

static char long_bytes[WIRE_INLINE + 1000];

#define NAME31 "abcdefghijklmnopqrstuvwxyz01234"

static const struct trial trials[] = {
	{ WIRE_HELLO, { .text = "0.1.0" }, { .n = { 1, UINT32_MAX }, .text = "" } },
	{ WIRE_ADOPT, { .len = 0 }, { .len = 0 } },
	{ WIRE_SOCKET, { .n = { 2 } }, { .len = 0 } },
	{ WIRE_KIND, { .len = 0 }, { .n = { 1 } } },
	{ WIRE_BIND, { .text = NAME31 }, { .len = 0 } },
	{ WIRE_CONNECT, { .text = "1234567" }, { .len = 0 } }, /* 8 with its end: no padding */
	{ WIRE_NAME, { .len = 0 }, { .n = { 77 }, .text = NAME31 } },
	{ WIRE_MSG, { .text = "a:b.c", .bytes = "12345", .len = 5 }, { .len = 0 } },
	{ WIRE_MSG, { .bytes = "1", .len = 1 }, { .len = 0 } },
	{ WIRE_MSG, { .text = "" }, { .len = 0 } },
	{ WIRE_MSG, { .text = "a:", .bytes = long_bytes, .len = sizeof(long_bytes) }, { .len = 0 } },
	{ WIRE_MSG, { .bytes = long_bytes, .len = WIRE_INLINE - 8 }, { .len = 0 } }, /* the longest that fits */
	{ WIRE_MSG, { .bytes = long_bytes, .len = WIRE_INLINE - 7 }, { .len = 0 } },
	{ WIRE_QUERY, { .text = ".", .bytes = "12345678", .len = 8 }, { .bytes = long_bytes, .len = sizeof(long_bytes) } },
	{ WIRE_DATA, { .text = "hook", .bytes = "", .len = 0 }, { .len = 0 } },
	{ WIRE_GETBUF, { .len = 0 }, { .n = { 1, 2, 3, UINT64_MAX, 5 } } },
	{ WIRE_SETBUF, { .n = { UINT64_MAX, 0 } }, { .len = 0 } },
	{ WIRE_RAW, { .len = 0 }, { .len = 0 } },
	{ WIRE_ASK, { .n = { 1 }, .bytes = "x", .len = 1 }, { .bytes = "yes", .len = 3 } },
	{ WIRE_CAPTURE, { .n = { 1, 2, 3 }, .text = "path:", .bytes = "hook", .len = 4 }, { .len = 0 } },
};

static void
same(const struct wire_body *a, const struct wire_body *b)
{
	assert_memory_equal(a->n, b->n, sizeof(a->n));
	assert_true((a->text == NULL) == (b->text == NULL));
	if (a->text != NULL)
		assert_string_equal(a->text, b->text);
	assert_int_equal(a->len, b->len);
	if (a->len != 0)
		assert_memory_equal(a->bytes, b->bytes, a->len);
}

/* Through a pair of sockets; each descriptor that came is closed. */
static void
through(int fd[2], struct wire_head *head, const struct wire_body *body, bool answer, int pass)
{
	static uint64_t room[(WIRE_ROOM + 7) / 8];
	struct wire_head got;
	struct wire_body b;
	void *file;
	int passed;

	ok(ngu__wire_send(fd[0], head, body, pass, true));
	ok(ngu__wire_recv(fd[1], answer, true, WIRE_MAX, room, &got, &b, &file, &passed));
	assert_memory_equal(&got, head, sizeof(got));
	same(&b, body);
	assert_true((passed >= 0) == !!(head->flags & WIRE_F_FD));
	assert_true((uintptr_t)b.bytes % 8 == 0);
	if (passed >= 0)
		(void)close(passed);
	free(file);
}

static void
test_round(void **state)
{
	static const struct wire_body nothing, why = { .text = "because" };
	int fd[2], before;

	(void)state;
	for (size_t i = 0; i < sizeof(long_bytes); i++)
		long_bytes[i] = (char)(i * 7 + 1);
	ok(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd));
	before = open_fds();
	for (size_t i = 0; i < sizeof(trials) / sizeof(trials[0]); i++) {
		const struct trial *t = &trials[i];
		struct wire_head head = { .op = (uint16_t)t->op, .id = (uint32_t)i + 1 };
		bool about = t->op != WIRE_HELLO && t->op != WIRE_SOCKET && t->op != WIRE_ASK && t->op != WIRE_CAPTURE;

		head.dev = about ? 3 : 0;
		head.ino = about ? UINT64_MAX : 0;
		through(fd, &head, &t->ask, false, t->op == WIRE_ADOPT ? fd[0] : -1);
		head = (struct wire_head){ .op = (uint16_t)t->op, .id = UINT32_MAX, .flags = WIRE_F_ANSWER, .dev = 1 };
		through(fd, &head, &t->answer, true, t->op == WIRE_SOCKET || t->op == WIRE_CAPTURE ? fd[1] : -1);
		head = (struct wire_head){ .op = (uint16_t)t->op, .id = 1, .flags = WIRE_F_ANSWER, .error = EEXIST };
		through(fd, &head, &nothing, true, -1);
		through(fd, &head, &why, true, -1);
		head.flags |= WIRE_F_STRANGER;
		through(fd, &head, &nothing, true, -1);
	}
	assert_int_equal(open_fds(), before);
	(void)close(fd[0]);
	(void)close(fd[1]);
}

static void
test_refused(void **state)
{
	struct wire_head head = { .op = WIRE_BIND, .id = 1 };
	int fd[2];

	(void)state;
	ok(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd));
	assert_int_equal(ngu__wire_send(fd[0], &head, &(struct wire_body){ .len = 0 }, -1, true), EINVAL); /* no text */
	head = (struct wire_head){ .op = WIRE_ADOPT, .id = 1 };
	assert_int_equal(ngu__wire_send(fd[0], &head, &(struct wire_body){ .len = 0 }, -1, true), EINVAL); /* no descriptor */
	head = (struct wire_head){ .op = WIRE_ASK, .id = 1 };
	assert_int_equal(ngu__wire_send(fd[0], &head, &(struct wire_body){ .bytes = "", .len = WIRE_MAX }, -1, true), EMSGSIZE);
	(void)close(fd[1]);
	head = (struct wire_head){ .op = WIRE_KIND, .id = 1 };
	assert_int_equal(ngu__wire_send(fd[0], &head, &(struct wire_body){ .len = 0 }, -1, true), EPIPE); /* and no signal */
	(void)close(fd[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round),
		cmocka_unit_test(test_refused),
	};

	return (cmocka_run_group_tests_name("frame", tests, NULL, NULL));
}
