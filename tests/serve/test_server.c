/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_server.c - ngu_serve(): what it does for clients, what it does about those that break the rules, fill what can be filled or ask for
 * what takes for ever. Packets between other nodes of the graph flow meanwhile, and every one arrives.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* F_GET_SEALS */
#endif
#include "serve/serve.h"

#include <grp.h>

#include <ng/test.h>

#include "support/self.h"

#define MESSAGE sizeof(struct ng_mesg)

/* ---- what a client gets ---- */

static void
test_questions(void **state)
{
	struct ngm_mkpeer mkpeer = { .type = "echo", .ourhook = "e", .peerhook = "x" };
	struct raw *r = raw_client();
	struct ngu_fdid cid, did;
	struct ngu_record rec;
	uint32_t node;
	char packet[sizeof(rec) + 64], path[64];
	int cs, ds;

	(void)state;
	cs = raw_socket(r, NGU_SOCK_CONTROL, &cid);
	ds = raw_socket(r, NGU_SOCK_DATA, &did);
	ok(raw_ask(r, WIRE_KIND, did, NULL, -1));
	assert_int_equal(r->body.n[0], NGU_SOCK_DATA);
	ok(raw_ask(r, WIRE_BIND, cid, &(struct wire_body){ .text = "me" }, -1));
	assert_int_equal(raw_ask(r, WIRE_BIND, cid, &(struct wire_body){ .text = "flow" }, -1), EADDRINUSE);
	ok(raw_ask(r, WIRE_NAME, cid, NULL, -1));
	assert_string_equal(r->body.text, "me");
	ok(ngu_lookup(g, "me:", &node));
	assert_int_equal(r->body.n[0], node);
	ok(raw_ask(r, WIRE_CONNECT, did, &(struct wire_body){ .text = "me:" }, -1));
	assert_int_equal(raw_ask(r, WIRE_CONNECT, did, &(struct wire_body){ .text = "me:" }, -1), EISCONN);

	/* A message's answer is in the buffer when its result comes; a query's comes with it. */
	ok(raw_msg(r, WIRE_MSG, cid, ".", NGM_NODEINFO, NULL, 0));
	assert_int_equal(recv(cs, packet, sizeof(packet), MSG_DONTWAIT | MSG_TRUNC), sizeof(rec) + MESSAGE + sizeof(struct nodeinfo));
	ok(raw_msg(r, WIRE_QUERY, cid, "flow:", NGM_NODEINFO, NULL, 0));
	assert_int_equal(r->body.len, MESSAGE + sizeof(struct nodeinfo));
	assert_string_equal(((const struct nodeinfo *)(const void *)((const char *)r->body.bytes + MESSAGE))->name, "flow");
	ok(raw_msg(r, WIRE_MSG, cid, ".", NGM_MKPEER, &mkpeer, sizeof(mkpeer)));
	assert_int_equal(raw_msg(r, WIRE_MSG, cid, ".", NGM_MKPEER, &mkpeer, sizeof(mkpeer)), EEXIST);
	assert_int_equal(raw_msg(r, WIRE_MSG, cid, "nobody:", NGM_NODEINFO, NULL, 0), ENOENT);
	assert_int_equal(raw_msg(r, WIRE_MSG, cid, NULL, NGM_NODEINFO, NULL, 0), EDESTADDRREQ);
	assert_int_equal(raw_ask(r, WIRE_MSG, cid, &(struct wire_body){ .text = ".", .bytes = packet, .len = 5 }, -1), EINVAL);
	/* A query without an answer. */
	ok(raw_msg(r, WIRE_QUERY, cid, ".", NGM_NAME, &(struct ngm_name){ .name = "you" }, sizeof(struct ngm_name)));
	assert_int_equal(r->body.len, 0);

	ok(raw_ask(r, WIRE_DATA, did, &(struct wire_body){ .text = "e", .bytes = "hello", .len = 5 }, -1));
	assert_int_equal(recv(ds, packet, sizeof(packet), MSG_DONTWAIT), sizeof(rec) + 5);
	memcpy(&rec, packet, sizeof(rec));
	assert_string_equal(rec.address, "e");
	assert_int_equal(raw_ask(r, WIRE_DATA, did, &(struct wire_body){ .text = "f", .bytes = "hello", .len = 5 }, -1), EHOSTUNREACH);
	ok(raw_ask(r, WIRE_RAW, did, NULL, -1));
	assert_int_equal(raw_ask(r, WIRE_RAW, cid, NULL, -1), EINVAL);
	ok(raw_ask(r, WIRE_DATA, did, &(struct wire_body){ .bytes = "hello", .len = 5 }, -1));
	assert_int_equal(recv(ds, packet, sizeof(packet), MSG_DONTWAIT), 5);
	ok(raw_ask(r, WIRE_GETBUF, did, NULL, -1));
	assert_int_equal(r->body.n[0], 20480);
	assert_int_equal(r->body.n[3], 2);
	ok(raw_ask(r, WIRE_SETBUF, did, &(struct wire_body){ .n = { 100000, 70000 } }, -1));
	ok(raw_ask(r, WIRE_GETBUF, did, NULL, -1));
	assert_int_equal(r->body.n[0], 100000);
	assert_int_equal(r->body.n[1], 70000);
	assert_int_equal(raw_ask(r, WIRE_SETBUF, did, &(struct wire_body){ .n = { UINT64_MAX, 1 } }, -1), ENOBUFS);

	ok(raw_ask(r, WIRE_ASK, none, &(struct wire_body){ .n = { NGU_ASK_VERSION } }, -1));
	(void)snprintf(path, sizeof(path), "%s %s test", ngu_version(), ngu_backend());
	assert_int_equal(r->body.len, strlen(path));
	assert_memory_equal(r->body.bytes, path, strlen(path));
	assert_int_equal(raw_ask(r, WIRE_ASK, none, &(struct wire_body){ .n = { UINT32_MAX } }, -1), EOPNOTSUPP);
	assert_int_equal(raw_ask(r, WIRE_SOCKET, none, &(struct wire_body){ .n = { 3 } }, -1), EINVAL);

	/* The nodes go with the descriptors, whether or not the channel does. */
	(void)close(cs);
	(void)close(ds);
	until(nodes() == nodes_before);
	until(stats().sockets == 0);
	assert_int_equal(raw_ask(r, WIRE_NAME, cid, NULL, -1), ESTALE);
	assert_true(r->head.flags & WIRE_F_STRANGER);
	raw_close(r);
	until(stats().clients == 0);
	assert_int_equal(stats().flying, 0);
	assert_int_equal(stats().broken, 0);
}

/* Both ways, more than a frame holds. */
static void
test_long(void **state)
{
	size_t len = 3 * WIRE_INLINE;
	struct raw *r = raw_client();
	char *text = malloc(len), line[64];
	struct ngu_fdid cid;
	uint32_t flags = 0;
	int cs = raw_socket(r, NGU_SOCK_CONTROL, &cid);

	(void)state;
	assert_non_null(text);
	memset(text, '\n', len);
	memcpy(text, &flags, sizeof(flags));
	memcpy(text + len - 13, "mknode hub z1", 13);
	ok(raw_ask(r, WIRE_ASK, none, &(struct wire_body){ .n = { NGU_ASK_APPLY }, .bytes = text, .len = len }, -1));
	assert_int_equal(((const struct ngu_apply_error *)r->body.bytes)->error, 0);
	ok(ngu_lookup(g, "z1:", NULL));
	for (int i = 0; i < 1500; i++) {
		(void)snprintf(line, sizeof(line), "n%d", i);
		ok(ngu_mknode(g, "hub", line, NULL));
	}
	ok(raw_msg(r, WIRE_QUERY, cid, ".", NGM_LISTNODES, NULL, 0));
	assert_true(r->head.flags & WIRE_F_LONG);
	assert_true(((const struct namelist *)(const void *)((const char *)r->body.bytes + MESSAGE))->numnames >= 1500);
	/* A message over the socket's limit, and one over the server's. */
	memset(text, 0, len);
	assert_int_equal(raw_ask(r, WIRE_MSG, cid, &(struct wire_body){ .text = ".", .bytes = text, .len = len }, -1), EMSGSIZE);
	free(text);
	raw_close(r);
	(void)close(cs);
	serve_with(.max_frame = 100000);
	r = raw_client();
	assert_int_equal(r->body.n[0], 100000);
	assert_non_null(text = calloc(1, 100001));
	assert_int_equal(raw_ask(r, WIRE_ASK, none, &(struct wire_body){ .n = { NGU_ASK_APPLY }, .bytes = text, .len = 100001 }, -1), EMSGSIZE);
	assert_int_equal(raw_ask(r, WIRE_ASK, none, &(struct wire_body){ .n = { NGU_ASK_APPLY }, .bytes = text, .len = 2 }, -1), EINVAL);
	free(text);
	raw_close(r);
	all_well();
}

/* ---- what is no frame ---- */

static const struct broken {
	const char *what;
	struct wire_head head;
	size_t payload; /* bytes behind the head; the first number of them is `number` */
	uint64_t number;
	size_t cut;	/* of the head, if not 0 */
} broken[] = {
	{ "half a head", { .op = WIRE_KIND, .id = 9 }, 0, 0, 20 },
	{ "one byte", { .op = WIRE_KIND, .id = 9 }, 0, 0, 1 },
	{ "another magic", { .magic = 1, .op = WIRE_KIND, .id = 9 }, 0, 0, 0 },
	{ "no operation", { .id = 9 }, 0, 0, 0 },
	{ "an unknown operation", { .op = WIRE_OPS, .id = 9 }, 0, 0, 0 },
	{ "no number", { .op = WIRE_KIND }, 0, 0, 0 },
	{ "an answer", { .op = WIRE_KIND, .id = 9, .flags = WIRE_F_ANSWER }, 0, 0, 0 },
	{ "an unknown flag", { .op = WIRE_KIND, .id = 9, .flags = 0x80 }, 0, 0, 0 },
	{ "an error", { .op = WIRE_KIND, .id = 9, .error = 1 }, 0, 0, 0 },
	{ "a stranger", { .op = WIRE_KIND, .id = 9, .flags = WIRE_F_STRANGER }, 0, 0, 0 },
	{ "a socket for hello's kind", { .op = WIRE_SOCKET, .id = 9, .len = 8, .dev = 1 }, 8, 1, 0 },
	{ "more than it says", { .op = WIRE_KIND, .id = 9 }, 8, 0, 0 },
	{ "less than it says", { .op = WIRE_SOCKET, .id = 9, .len = 16 }, 8, 0, 0 },
	{ "a payload where none goes", { .op = WIRE_KIND, .id = 9, .len = 8 }, 8, 0, 0 },
	{ "half a payload", { .op = WIRE_SETBUF, .id = 9, .len = 8 }, 8, 0, 0 },
	{ "a text longer than all", { .op = WIRE_BIND, .id = 9, .len = 16 }, 16, 9, 0 },
	{ "a text of all there is", { .op = WIRE_BIND, .id = 9, .len = 16 }, 16, UINT64_MAX, 0 },
	{ "a text without end", { .op = WIRE_BIND, .id = 9, .len = 24 }, 24, 16, 0 },
	{ "no text", { .op = WIRE_BIND, .id = 9, .len = 8 }, 8, 0, 0 },
	{ "a kind over 32 bits", { .op = WIRE_SOCKET, .id = 9, .len = 8 }, 8, 1ull << 32, 0 },
	{ "a length of 4 G", { .op = WIRE_MSG, .id = 9, .len = UINT32_MAX }, 0, 0, 0 },
	{ "long, but short", { .op = WIRE_ASK, .id = 9, .len = 8, .flags = WIRE_F_LONG }, 0, 0, 0 },
	{ "a record that is too long", { .op = WIRE_ASK, .id = 9, .len = WIRE_INLINE + 8 }, WIRE_INLINE + 8, 1, 0 },
	{ "a descriptor without one's operation", { .op = WIRE_KIND, .id = 9, .flags = WIRE_F_FD }, 0, 0, 0 },
	{ "an adoption without flag", { .op = WIRE_ADOPT, .id = 9 }, 0, 0, 0 },
	{ "hello again", { .op = WIRE_HELLO, .id = 9, .len = 16 }, 16, 1, 0 },
};

/* The last word of a server that throws out: an answer with this error, then the end. */
static void
thrown_out(struct raw *r, int error, const char *what)
{
	int got = raw_recv(r);

	if (got == 0) {
		if ((int)r->head.error != error || r->body.text == NULL)
			fail_msg("%s: answered with error %u", what, r->head.error);
		got = raw_recv(r);
	}
	if (got != EPIPE)
		fail_msg("%s: not thrown out", what);
}

static void
test_broken(void **state)
{
	static uint64_t payload[(WIRE_INLINE + 64) / 8];
	size_t n = sizeof(broken) / sizeof(broken[0]);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		struct wire_head head = broken[i].head;
		struct iovec iov[2] = { { .iov_base = &head, .iov_len = sizeof(head) }, { .iov_base = payload, .iov_len = broken[i].payload } };
		struct raw *r = raw_client();

		if (head.magic == 0)
			head.magic = WIRE_MAGIC;
		head.version = WIRE_VERSION;
		memset(payload, 'x', sizeof(payload));
		if (broken[i].head.op == WIRE_BIND && broken[i].number == 9)
			memset(payload, 0, 64);
		payload[0] = broken[i].number;
		if (broken[i].cut != 0)
			iov[0].iov_len = broken[i].cut;
		ok(ngu__sock_send(r->fd, iov, broken[i].payload != 0 ? 2 : 1, -1, true));
		thrown_out(r, EPROTO, broken[i].what);
		raw_close(r);
	}
	assert_int_equal(stats().broken, n);
	/* Who has not said hello, whatever he says. */
	{
		struct raw *r = raw_open(sock_path);

		ok(raw_send(r, WIRE_ASK, none, &(struct wire_body){ .n = { NGU_ASK_VERSION } }, -1));
		thrown_out(r, EPROTO, "no hello");
		raw_close(r);
	}
	assert_true(logged("a frame that is none"));
	all_well();
}

static void
test_version(void **state)
{
	struct wire_head head = { .magic = WIRE_MAGIC, .version = WIRE_VERSION + 1, .op = 77, .id = 5, .len = 3, .flags = 0xf0 };
	const struct iovec iov = { .iov_base = &head, .iov_len = sizeof(head) };
	struct raw *r = raw_open(sock_path);

	(void)state;
	ok(ngu__sock_send(r->fd, &iov, 1, -1, true));
	ok(raw_recv(r));
	assert_int_equal(r->head.error, EPROTONOSUPPORT);
	assert_int_equal(r->head.id, 5);
	assert_non_null(strstr(r->body.text, "version 2"));
	assert_int_equal(raw_recv(r), EPIPE);
	raw_close(r);
	all_well();
}

/* Good frames with bits turned: answered, or thrown out; never more. */
static void
test_garbled(void **state)
{
	struct raw *r = raw_client();
	struct ngu_fdid id;
	int cs = raw_socket(r, NGU_SOCK_CONTROL, &id), sent = 0;
	uint64_t lot = 1;
	struct message m;
	size_t len = message(&m, NGM_NODEINFO, NULL, 0);

	(void)state;
	for (int i = 0; i < 2000; i++) {
		struct {
			struct wire_head head;
			uint64_t n[2];
			char rest[64];
		} f = { .head = { .magic = WIRE_MAGIC, .version = WIRE_VERSION, .op = (uint16_t)(1 + i % (WIRE_OPS - 1)), .id = (uint32_t)i + 1000,
			.dev = id.dev, .ino = id.ino }, .n = { i % 4, 2 }, .rest = "." };
		size_t n = sizeof(f.head) + (size_t)(i % 7) * 8;
		const struct iovec iov = { .iov_base = &f, .iov_len = n };

		memcpy(f.rest + 8, &m, len < 48 ? len : 48);
		f.head.len = (uint32_t)(n - sizeof(f.head));
		for (int k = 0; k < i % 3; k++) {
			lot = lot * 6364136223846793005u + 1442695040888963407u;
			((unsigned char *)&f)[(lot >> 40) % n] ^= (unsigned char)(1u << ((lot >> 33) & 7));
		}
		if (ngu__sock_send(r->fd, &iov, 1, -1, true) == 0)
			sent++;
		if (raw_recv(r) != 0 || r->head.id == 0 || r->head.error == EPROTO || r->head.error == EPROTONOSUPPORT) {
			raw_close(r);
			r = raw_client();
			ok(raw_ask(r, WIRE_ADOPT, id, NULL, cs));
		}
	}
	assert_true(sent > 1900);
	assert_true(stats().broken > 100);
	raw_close(r);
	(void)close(cs);
	all_well();
}

/* ---- descriptors ---- */

/* A record with n copies of a descriptor. */
static void
send_with(int channel, const void *rec, size_t len, int fd, unsigned n)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(16 * sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = (void *)(uintptr_t)rec, .iov_len = len };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = CMSG_SPACE(n * sizeof(int)) };
	struct cmsghdr *c;

	memset(&control, 0, sizeof(control));
	c = CMSG_FIRSTHDR(&mh);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n * sizeof(int));
	for (unsigned i = 0; i < n; i++)
		memcpy(CMSG_DATA(c) + i * sizeof(int), &fd, sizeof(int));
	assert_int_equal(sendmsg(channel, &mh, MSG_NOSIGNAL), len);
}

static void
test_descriptors(void **state)
{
	struct wire_head adopt = { .magic = WIRE_MAGIC, .version = WIRE_VERSION, .op = WIRE_ADOPT, .id = 1, .flags = WIRE_F_FD };
	struct wire_head lng = { .magic = WIRE_MAGIC, .version = WIRE_VERSION, .op = WIRE_ASK, .id = 1, .len = 100000, .flags = WIRE_F_LONG };
	struct wire_head kind = { .magic = WIRE_MAGIC, .version = WIRE_VERSION, .op = WIRE_KIND, .id = 1 };
	struct raw *owner = raw_client(), *r;
	struct ngu_fdid id, other;
	int cs = raw_socket(owner, NGU_SOCK_CONTROL, &id), file, p[2], pair[2], memory, before;
	char name[128], zeros[4096] = { 0 };
	struct iovec iov = { .iov_base = zeros, .iov_len = sizeof(zeros) };

	(void)state;
	(void)snprintf(name, sizeof(name), "%s/file", dir);
	assert_true((file = open(name, O_RDWR | O_CREAT | O_EXCL, 0600)) >= 0);
	ok(ftruncate(file, 100000));
	ok(unlink(name));
	ok(pipe(p));
	ok(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	ok(ngu__fd_memory(&iov, 1, &memory));
	r = raw_client();
	ok(raw_ask(r, WIRE_ASK, none, &(struct wire_body){ .n = { NGU_ASK_VERSION } }, -1)); /* the first hand */
	before = open_fds();
	/* Questions about a socket that the channel has not shown. */
	assert_int_equal(raw_ask(r, WIRE_NAME, id, NULL, -1), ESTALE);
	assert_true(r->head.flags & WIRE_F_STRANGER);
	/* Adopting with what it is not. */
	assert_int_equal(raw_ask(r, WIRE_ADOPT, id, NULL, file), ENOTSOCK);
	assert_int_equal(raw_ask(r, WIRE_ADOPT, id, NULL, p[0]), ENOTSOCK);
	assert_int_equal(raw_ask(r, WIRE_ADOPT, id, NULL, memory), ENOTSOCK);
	assert_int_equal(raw_ask(r, WIRE_ADOPT, id, NULL, pair[0]), EPERM);
	assert_int_equal(raw_ask(r, WIRE_ADOPT, id, NULL, r->fd), EPERM);
	ok(ngu_host_fdid(pair[0], &other));
	assert_int_equal(raw_ask(r, WIRE_ADOPT, other, NULL, pair[0]), ESTALE);
	assert_int_equal(raw_ask(r, WIRE_NAME, id, NULL, -1), ESTALE);
	assert_true(r->head.flags & WIRE_F_STRANGER);
	/* With what it is; eight times in one frame, too. */
	ok(raw_ask(r, WIRE_ADOPT, id, NULL, cs));
	ok(raw_ask(r, WIRE_ADOPT, id, NULL, cs));
	adopt.dev = id.dev;
	adopt.ino = id.ino;
	send_with(r->fd, &adopt, sizeof(adopt), cs, 8);
	ok(raw_recv(r));
	assert_int_equal(r->head.error, 0);
	ok(raw_ask(r, WIRE_NAME, id, NULL, -1));
	/* None where one must be. */
	ok(ngu__sock_send(r->fd, &(struct iovec){ .iov_base = &adopt, .iov_len = sizeof(adopt) }, 1, -1, true));
	ok(raw_recv(r));
	assert_int_equal(r->head.error, EMFILE);
	ok(ngu__sock_send(r->fd, &(struct iovec){ .iov_base = &lng, .iov_len = sizeof(lng) }, 1, -1, true));
	ok(raw_recv(r));
	assert_int_equal(r->head.error, EMFILE);
	until(open_fds() == before);
	raw_close(r);
	/* One where none may be; payloads in what is no memory, or too little of it. */
	for (int i = 0; i < 6; i++) {
#ifdef F_GET_SEALS
		if (i == 2 && fcntl(file, F_GET_SEALS) >= 0)
			continue; /* a folder in memory: then so is the file */
#endif
		r = raw_client();
		if (i < 2)
			send_with(r->fd, &kind, sizeof(kind), file, i == 0 ? 1 : 8);
		else
			send_with(r->fd, &lng, sizeof(lng), i == 2 ? file : i == 3 ? p[0] : i == 4 ? pair[0] : memory, 1);
		thrown_out(r, EPROTO, "a descriptor");
		raw_close(r);
	}
	/* A record that is nothing but descriptors is the end. */
	r = raw_client();
	send_with(r->fd, zeros, 0, file, 4);
	assert_int_equal(raw_recv(r), EPIPE);
	raw_close(r);
	(void)close(file);
	(void)close(p[0]);
	(void)close(p[1]);
	(void)close(pair[0]);
	(void)close(pair[1]);
	(void)close(memory);
	raw_close(owner);
	(void)close(cs);
	all_well();
}

/* ---- those who do not read ---- */

/* Questions until nothing more goes in, and no answer read; then every answer is there, once. */
static void
test_no_reader(void **state)
{
	struct raw *r = raw_client();
	struct ngu_fdid id;
	int cs = raw_socket(r, NGU_SOCK_CONTROL, &id), idle = 0;
	uint32_t asked = 0, first = r->id + 1;
	struct message m;
	size_t n = message(&m, NGM_NODEINFO, NULL, 0);
	unsigned char *seen;

	(void)state;
	for (uint32_t i = 0; idle < 50 && i < 1000000; i++) {
		struct wire_head head = { .op = i % 2 ? WIRE_QUERY : WIRE_KIND, .id = r->id + 1, .dev = id.dev, .ino = id.ino };
		int error = ngu__wire_send(r->fd, &head, &(struct wire_body){ .text = ".", .bytes = &m, .len = n }, -1, false);

		if (error == 0) {
			r->id++;
			asked++;
			idle = 0;
		} else {
			assert_int_equal(error, EAGAIN);
			if (stats().paused != 0)
				idle++;
			nap();
		}
	}
	assert_true(stats().paused != 0);
	assert_true(stats().flying <= 64);
	assert_true(asked > 64);
	all_well();
	assert_non_null(seen = calloc(1, asked));
	for (uint32_t i = 0; i < asked; i++) {
		ok(raw_recv(r));
		assert_int_equal(r->head.error, 0);
		assert_in_range(r->head.id, first, first + asked - 1);
		assert_int_equal(seen[r->head.id - first]++, 0);
	}
	free(seen);
	until(stats().flying == 0);
	ok(raw_ask(r, WIRE_NAME, id, NULL, -1));
	/* Once more, and then it dies with all of them unread. */
	for (int i = 0; i < 200; i++) {
		struct wire_head head = { .op = WIRE_NAME, .id = ++r->id, .dev = id.dev, .ino = id.ino };

		if (ngu__wire_send(r->fd, &head, &(struct wire_body){ .len = 0 }, -1, false) != 0)
			break;
	}
	raw_close(r);
	(void)close(cs);
	until(stats().clients == 0 && stats().flying == 0 && nodes() == nodes_before);
	all_well();
}

/* One who is sent packets and does not read them: his buffer fills, and nothing else. */
static void
test_full_buffer(void **state)
{
	struct ngm_connect con = { .path = "flow:", .ourhook = "in", .peerhook = "c" };
	struct raw *r = raw_client();
	struct ngu_fdid cid, did;
	int cs = raw_socket(r, NGU_SOCK_CONTROL, &cid), ds = raw_socket(r, NGU_SOCK_DATA, &did);

	(void)state;
	ok(raw_ask(r, WIRE_BIND, cid, &(struct wire_body){ .text = "full" }, -1));
	ok(raw_ask(r, WIRE_CONNECT, did, &(struct wire_body){ .text = "full:" }, -1));
	ok(raw_msg(r, WIRE_MSG, cid, ".", NGM_CONNECT, &con, sizeof(con)));
	do {
		nap();
		ok(raw_ask(r, WIRE_GETBUF, did, NULL, -1));
	} while (r->body.n[4] < 1000);
	assert_true(r->body.n[2] <= r->body.n[0]);
	assert_true(r->body.n[3] < 1000);
	all_well();
	(void)close(ds);
	(void)close(cs);
	raw_close(r);
	until(nodes() == nodes_before);
	all_well();
}

/* ---- limits ---- */

static void
test_sockets_limit(void **state)
{
	struct ngu_fdid id[4], x;
	struct raw *r, *r2;
	int fd[4], one;

	(void)state;
	serve_with(.max_sockets = 4, .max_buffers = 200000);
	r = raw_client();
	for (int i = 0; i < 4; i++)
		fd[i] = raw_socket(r, NGU_SOCK_CONTROL, &id[i]);
	assert_int_equal(raw_ask(r, WIRE_SOCKET, none, &(struct wire_body){ .n = { NGU_SOCK_DATA } }, -1), EMFILE);
	/* One closed, one more. */
	(void)close(fd[3]);
	until(stats().sockets == 3);
	fd[3] = raw_socket(r, NGU_SOCK_CONTROL, &id[3]);
	/* The sum of buffers: 4 * 20480 and something. */
	assert_int_equal(raw_ask(r, WIRE_SETBUF, id[0], &(struct wire_body){ .n = { 160000 } }, -1), ENOBUFS);
	ok(raw_ask(r, WIRE_SETBUF, id[0], &(struct wire_body){ .n = { 138560 } }, -1));
	assert_int_equal(raw_ask(r, WIRE_SETBUF, id[1], &(struct wire_body){ .n = { 20481 } }, -1), ENOBUFS);
	ok(raw_ask(r, WIRE_SETBUF, id[0], &(struct wire_body){ .n = { 20480 } }, -1));
	ok(raw_ask(r, WIRE_SETBUF, id[1], &(struct wire_body){ .n = { 20481 } }, -1));
	/* Another client has limits of its own. */
	r2 = raw_client();
	one = raw_socket(r2, NGU_SOCK_CONTROL, &x);
	(void)close(one);
	until(stats().sockets == 4);
	/* Sockets that outlive the client count for whoever comes next; who shows one has it in his account. */
	raw_close(r);
	until(stats().orphans == 4);
	assert_int_equal(raw_ask(r2, WIRE_SOCKET, none, &(struct wire_body){ .n = { NGU_SOCK_DATA } }, -1), EMFILE);
	for (int i = 0; i < 4; i++)
		ok(raw_ask(r2, WIRE_ADOPT, id[i], NULL, fd[i]));
	assert_int_equal(stats().orphans, 0);
	assert_int_equal(raw_ask(r2, WIRE_SOCKET, none, &(struct wire_body){ .n = { NGU_SOCK_DATA } }, -1), EMFILE);
	for (int i = 0; i < 4; i++)
		(void)close(fd[i]);
	until(stats().sockets == 0);
	one = raw_socket(r2, NGU_SOCK_CONTROL, &x);
	assert_true(stats().limited >= 5);
	raw_close(r2);
	until(stats().orphans == 1);
	(void)close(one);
	until(stats().orphans == 0 && stats().sockets == 0);
}

static void
refused(int error, const char *text)
{
	struct raw *r = raw_open(sock_path);

	ok(raw_recv(r));
	assert_int_equal(r->head.id, 0);
	assert_int_equal(r->head.error, error);
	assert_non_null(strstr(r->body.text, text));
	assert_int_equal(raw_recv(r), EPIPE);
	raw_close(r);
}

static void
test_clients_limit(void **state)
{
	struct raw *r[3];

	(void)state;
	serve_with(.max_clients = 3);
	for (int i = 0; i < 3; i++)
		r[i] = raw_client();
	refused(EUSERS, "too many clients");
	assert_int_equal(stats().refused, 1);
	raw_close(r[2]);
	until(stats().clients == 2);
	/* Who has not said hello makes place. */
	r[2] = raw_open(sock_path);
	until(stats().clients == 3);
	all_well();
	assert_int_equal(raw_recv(r[2]), EPIPE);
	for (int i = 0; i < 3; i++)
		raw_close(r[i]);
	until(stats().clients == 0);
	assert_int_equal(stats().most_clients, 3);
}

/* The process has no descriptor left: who comes is told, nothing spins, and afterwards all is as before. */
static void
test_no_descriptor(void **state)
{
	int taken[1024], n = 0;
	struct rlimit lim, low;
	struct raw *r = raw_client();

	(void)state;
	ok(getrlimit(RLIMIT_NOFILE, &lim));
	low = lim;
	low.rlim_cur = (rlim_t)open_fds() + 64;
	ok(setrlimit(RLIMIT_NOFILE, &low));
	while (n < 1024 && (taken[n] = dup(0)) >= 0)
		n++;
	assert_true(n < 1024);
	(void)close(taken[--n]); /* for the connection */
	refused(EMFILE, "no descriptor");
	/* A socket cannot be had, as there is one, and a pair takes two; the channel goes on. */
	assert_int_equal(raw_ask(r, WIRE_SOCKET, none, &(struct wire_body){ .n = { NGU_SOCK_CONTROL } }, -1), EMFILE);
	while (n != 0)
		(void)close(taken[--n]);
	ok(setrlimit(RLIMIT_NOFILE, &lim));
	ok(raw_ask(r, WIRE_ASK, none, &(struct wire_body){ .n = { NGU_ASK_VERSION } }, -1));
	raw_close(r);
	assert_int_equal(stats().refused, 1);
	all_well();
}

/* ---- what takes for ever ---- */

static void
stuck_begin(void)
{
	ngt_trace_type("stuck", 0);
	ngt_trace_on("rcvmsg stuck", stuck_method, NULL);
	ok(ngu_mknode(g, "stuck", "stuck", NULL));
	stuck_hold(true);
}

static void
stuck_send(struct raw *r, struct ngu_fdid id)
{
	struct message m;
	size_t n = message(&m, 1, NULL, 0);

	m.msg.header.typecookie = 4711;
	ok(raw_send(r, WIRE_MSG, id, &(struct wire_body){ .text = "stuck:", .bytes = &m, .len = n }, -1));
}

/* Messages to a node whose method does not return: their sender has no answer; everybody else has. */
static void
test_slow_method(void **state)
{
	struct raw *slow = raw_client(), *r;
	struct ngu_fdid id;
	int cs = raw_socket(slow, NGU_SOCK_CONTROL, &id);
	uint32_t first;

	(void)state;
	stuck_begin();
	first = slow->id + 1;
	for (int i = 0; i < 60; i++)
		stuck_send(slow, id);
	until(stuck_inside() == 1 && stats().flying == 60);
	for (int i = 0; i < 20; i++)
		all_well();
	r = raw_client();
	ok(raw_ask(r, WIRE_ASK, none, &(struct wire_body){ .n = { NGU_ASK_APPLY }, .bytes = "\0\0\0\0mknode hub late", .len = 19 }, -1));
	ok(ngu_lookup(g, "late:", NULL));
	raw_close(r);
	/* It is still a client: what does not take long is answered. */
	ok(raw_ask(slow, WIRE_NAME, id, NULL, -1));
	stuck_hold(false);
	for (int i = 0; i < 60; i++) {
		ok(raw_recv(slow));
		assert_int_equal(slow->head.error, 0);
		assert_in_range(slow->head.id, first, first + 59);
	}
	until(stats().flying == 0);
	raw_close(slow);
	(void)close(cs);
}

/* Methods of many nodes that do not return: one client has four hands at work for it, the next client has its own. */
static void
test_hands(void **state)
{
	struct raw *r[2];
	struct ngu_fdid id[2];
	int cs[2];
	char path[32];
	struct message m;
	size_t n = message(&m, 1, NULL, 0);

	(void)state;
	stuck_begin();
	m.msg.header.typecookie = 4711;
	for (int i = 0; i < 20; i++) {
		(void)snprintf(path, sizeof(path), "stuck%d", i);
		ok(ngu_mknode(g, "stuck", path, NULL));
	}
	for (int k = 0; k < 2; k++) {
		r[k] = raw_client();
		cs[k] = raw_socket(r[k], NGU_SOCK_CONTROL, &id[k]);
		for (int i = 0; i < 10; i++) {
			(void)snprintf(path, sizeof(path), "stuck%d:", k * 10 + i);
			ok(raw_send(r[k], WIRE_MSG, id[k], &(struct wire_body){ .text = path, .bytes = &m, .len = n }, -1));
		}
		until(stuck_inside() == 4 * ((unsigned)k + 1) && stats().flying == 10 * ((unsigned)k + 1));
		for (int i = 0; i < 5; i++)
			all_well();
		assert_int_equal(stuck_inside(), 4 * (k + 1));
	}
	/* One goes: what it had begun goes on, the rest is never done. */
	raw_close(r[1]);
	(void)close(cs[1]);
	until(stats().clients == 1 && stats().flying == 14);
	stuck_hold(false);
	for (int i = 0; i < 10; i++) {
		ok(raw_recv(r[0]));
		assert_int_equal(r[0]->head.error, 0);
	}
	until(stats().flying == 0 && stats().sockets == 1);
	raw_close(r[0]);
	(void)close(cs[0]);
}

/* The client goes while its message is in a method, or waits for one, and its hook is that node's peer; the node stays as it was. */
static void
test_gone_meanwhile(void **state)
{
	struct ngm_connect con = { .path = "stuck:", .ourhook = "in", .peerhook = "c" };
	struct raw *r = raw_client();
	struct ngu_fdid id;
	int cs = raw_socket(r, NGU_SOCK_CONTROL, &id);

	(void)state;
	stuck_begin();
	ok(raw_msg(r, WIRE_MSG, id, ".", NGM_CONNECT, &con, sizeof(con)));
	for (int i = 0; i < 80; i++) /* more than are read */
		stuck_send(r, id);
	until(stuck_inside() == 1 && stats().flying == 64 && stats().paused != 0);
	raw_close(r);
	(void)close(cs);
	until(stats().clients == 0);
	for (int i = 0; i < 20; i++)
		all_well();
	stuck_hold(false);
	until(stats().flying == 0 && stats().sockets == 0);
	until(nodes() == nodes_before + 1);
}

static void *
end_it(void *arg)
{
	ngu_serve_end(server);
	return (arg);
}

/* The server ends while questions are under way: those that can be are answered, others see the end, and nobody waits for ever. */
static void
test_end_meanwhile(void **state)
{
	struct raw *r, *idle;
	struct ngu_fdid id;
	pthread_t t;
	int cs;
	char byte;

	(void)state;
	serve_with(.drain_ms = 50);
	r = raw_client();
	idle = raw_client();
	cs = raw_socket(r, NGU_SOCK_CONTROL, &id);
	stuck_begin();
	stuck_send(r, id);
	until(stuck_inside() == 1);
	ok(pthread_create(&t, NULL, end_it, NULL));
	assert_int_equal(raw_recv(r), EPIPE);
	assert_int_equal(raw_recv(idle), EPIPE);
	stuck_hold(false);
	ok(pthread_join(t, NULL));
	server = NULL;
	/* The socket sees the end, too. */
	assert_int_equal(recv(cs, &byte, 1, 0), 0);
	raw_close(r);
	raw_close(idle);
	(void)close(cs);
	/* Who waits is answered, where that takes less than the time there is. */
	stuck_hold(true);
	serve_opts.drain_ms = PATIENCE_MS;
	serve_begin();
	r = raw_client();
	cs = raw_socket(r, NGU_SOCK_CONTROL, &id);
	stuck_send(r, id);
	until(stuck_inside() == 1);
	ok(pthread_create(&t, NULL, end_it, NULL));
	until(access(sock_path, F_OK) != 0);
	stuck_hold(false);
	ok(raw_recv(r));
	assert_int_equal(r->head.error, 0);
	assert_int_equal(raw_recv(r), EPIPE);
	ok(pthread_join(t, NULL));
	server = NULL;
	raw_close(r);
	(void)close(cs);
}

/* ---- paths and people ---- */

static void
test_paths(void **state)
{
	struct ngu_serve_opts o = { .size = sizeof(o), .log = log_line };
	struct ngu_server *s = NULL;
	char path[256], other[256];
	struct stat st;
	int fd;

	(void)state;
	ok(stat(sock_path, &st));
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(ngu_serve(g, sock_path, &o, &s), EADDRINUSE); /* somebody listens */
	all_well();
	(void)snprintf(path, sizeof(path), "%s/t", dir);
	assert_true((fd = open(path, O_WRONLY | O_CREAT, 0600)) >= 0);
	(void)close(fd);
	assert_int_equal(ngu_serve(g, path, &o, &s), EADDRINUSE); /* not ours to remove */
	ok(unlink(path));
	(void)snprintf(other, sizeof(other), "%s/nowhere/t", dir);
	assert_int_equal(ngu_serve(g, other, &o, &s), ENOENT);
	memset(other, 'x', sizeof(other) - 1);
	other[sizeof(other) - 1] = '\0';
	assert_int_equal(ngu_serve(g, other, &o, &s), ENAMETOOLONG);
	assert_int_equal(ngu_serve(g, "", &o, &s), EINVAL);
	o.size--;
	assert_int_equal(ngu_serve(g, path, &o, &s), EINVAL);
	o.size++;
	o.max_frame = WIRE_MAX + 1ul;
	assert_int_equal(ngu_serve(g, path, &o, &s), EINVAL);
	o.max_frame = 0;
	o.group = "no-such-group-at-all";
	assert_int_equal(ngu_serve(g, path, &o, &s), ENOENT);
	o.group = "12x";
	assert_int_equal(ngu_serve(g, path, &o, &s), ENOENT);
	assert_int_not_equal(access(path, F_OK), 0);
	/* What a server that was killed has left behind. */
	o.group = NULL;
	ok(ngu__sock_listen(path, &fd));
	(void)close(fd);
	ok(ngu_serve(g, path, &o, &s));
	/* Somebody has put another file there: it stays. */
	ok(unlink(path));
	assert_true((fd = open(path, O_WRONLY | O_CREAT, 0600)) >= 0);
	(void)close(fd);
	ngu_serve_end(s);
	ok(unlink(path));
	/* With a group, one of this process's own. */
	(void)snprintf(other, sizeof(other), "%lu", (unsigned long)getegid());
	o.group = other;
	ok(ngu_serve(g, path, &o, &s));
	ok(stat(path, &st));
	assert_int_equal(st.st_mode & 07777, 0660);
	assert_int_equal(st.st_gid, getegid());
	ngu_serve_end(s);
	ngu_serve_end(NULL);
}

#define STRANGER 65534 /* a user and a group of nobody's */

/* In another process, as somebody else: connect, and say what became of it. */
static int
as_stranger(char **argv)
{
	static uint64_t room[(WIRE_ROOM + 7) / 8];
	struct wire_head head;
	struct wire_body body;
	void *file;
	int fd, passed = -1, error;

	if (setgroups(0, NULL) != 0 || setgid((gid_t)atoi(argv[3])) != 0 || setuid(STRANGER) != 0)
		return (200);
	if ((error = -ngu__sock_connect(argv[2], PATIENCE_MS, &fd)) != 0)
		return (error);
	head = (struct wire_head){ .op = WIRE_HELLO, .id = 1 };
	(void)ngu__wire_send(fd, &head, &(struct wire_body){ .text = "stranger" }, -1, true);
	error = ngu__wire_recv(fd, true, true, WIRE_MAX, room, &head, &body, &file, &passed);
	if (error == ECONNRESET)
		error = ngu__wire_recv(fd, true, true, WIRE_MAX, room, &head, &body, &file, &passed);
	if (error != 0)
		return (201);
	error = (int)head.error;
	if (error != 0 && (body.text == NULL || strstr(body.text, "root") == NULL))
		return (202);
	(void)close(fd);
	return (error);
}

static int
stranger(const char *gid)
{
	char self[512];
	int status;
	pid_t pid;

	self_path(self, sizeof(self));
	assert_true((pid = fork()) >= 0);
	if (pid == 0) {
		(void)execl(self, self, "--stranger", sock_path, gid, (char *)NULL);
		_exit(203);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return (WEXITSTATUS(status));
}

static void
test_strangers(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("# other users: skipped: needs root, to be another user\n");
		return;
	}
	if (getenv("NGU_TEST_WRAPPER") != NULL) {
		print_message("# other users: skipped: under an emulator\n");
		return;
	}
	ok(chmod(dir, 0755));
	assert_int_equal(stranger("65534"), EACCES); /* the file's mode */
	assert_int_equal(stats().refused, 0);
	ok(chmod(sock_path, 0666));
	assert_int_equal(stranger("65534"), EACCES); /* the server */
	assert_int_equal(stats().refused, 1);
	assert_true(logged("neither this server's user nor root"));
	serve_with(.group = "65534");
	assert_int_equal(stranger("65534"), 0);
	assert_int_equal(stranger("65533"), EACCES); /* the file's mode again */
	ok(chmod(sock_path, 0666));
	assert_int_equal(stranger("65533"), EACCES);
	assert_int_equal(stats().refused, 1);
	until(stats().clients == 0);
	all_well();
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		serve_test(test_questions),
		serve_test(test_long),
		serve_test(test_broken),
		serve_test(test_version),
		serve_test(test_garbled),
		serve_test(test_descriptors),
		serve_test(test_no_reader),
		serve_test(test_full_buffer),
		serve_test(test_sockets_limit),
		serve_test(test_clients_limit),
		serve_test(test_no_descriptor),
		serve_test(test_slow_method),
		serve_test(test_hands),
		serve_test(test_gone_meanwhile),
		serve_test(test_end_meanwhile),
		serve_test(test_paths),
		serve_test(test_strangers),
	};

	if (argc == 4 && strcmp(argv[1], "--stranger") == 0)
		return (as_stranger(argv));
	return (cmocka_run_group_tests_name("server", tests, NULL, NULL));
}
