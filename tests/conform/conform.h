/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * conform.h - what the cases of this folder share. Files and cases are called as in FreeBSD's tests/sys/netgraph, so that results
 * can be laid side by side; the text is our own.
 *
 * There a case has a socket node, needs root, and waits for its packets. Here it has a probe called "s" with a hook for each end,
 * needs nobody's permission, and never waits: what was sent has arrived when the call returns.
 */
#ifndef TESTS_CONFORM_H
#define TESTS_CONFORM_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <ng/ng.h>
#include <ng/test.h>
#include <netgraph/ng_message.h>

#include "support/ascii.h"

static struct ngt *t;

#define G ngt_g(t)
#define S ngt_probe(t, "s")
#define ok(call) assert_int_equal((call), 0)

/*
 * Small packets that a data socket nobody reads takes before it says ENOBUFS: its 20 KiB may cost eight times as much in buffers,
 * and each packet costs two of 256 bytes.
 */
#define SOCKET_ROOM (8 * 20480 / (2 * 256))

/* `ngctl connect s: PATH hook peerhook` */
__attribute__((__unused__)) static void
plug(const char *hook, const char *path, const char *peerhook)
{
	ok(ngu_connect(G, "s:", hook, path, peerhook));
}

/* Nothing else came, on any hook. */
__attribute__((__unused__)) static void
quiet(void)
{
	ngt_expect_none(S, NULL);
}

/* A command as text that has no reply, or fails. */
__attribute__((__unused__)) static int
tell(const char *path, const char *command, const char *args)
{
	char out[8];
	int error = ascii_msg(G, path, command, args, out, sizeof(out));

	assert_string_equal(out, "");
	return (error);
}

/* Is there a node? */
__attribute__((__unused__)) static int
there(const char *path)
{
	uint32_t id;

	return (ngu_lookup(G, path, &id) == 0);
}

#endif /* TESTS_CONFORM_H */
