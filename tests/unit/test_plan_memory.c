/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_plan_memory.c - long lists of changes with memory refused: at each piece the check of a list asks for, wherever in the list
 * that falls. ENOMEM, nothing of the graph has changed, and nothing stays behind.
 */
#include "support/unit.h"

#include <stdlib.h>

static _Atomic unsigned at, seen;
static size_t least, most;

/* Refuse number `at` of the pieces of this size. */
static bool
refuse_piece(size_t size)
{
	if (size < least || size > most)
		return (true);
	return (++seen != at);
}

#define NODES 40
#define PADS 48 /* from a piece that is full to the next */

/* Nodes N0 .. with hooks in a ring: what a list finds, it has to note. */
static struct ngt *
ring(void)
{
	struct ngt *t;
	char line[64];
	unsigned i;

	ngt_trace_type("a", 0);
	t = ngt_graph("");
	for (i = 0; i < NODES; i++) {
		(void)snprintf(line, sizeof(line), "a N%u", i);
		ngt_add(t, line);
	}
	for (i = 0; i < NODES; i++) {
		(void)snprintf(line, sizeof(line), "N%u.r - N%u.l", i, (i + 1) % NODES);
		ngt_add(t, line);
	}
	ngt_trace_clear();
	return (t);
}

/*
 * A list of all kinds of changes, after `pad` entries that move everything behind them: what is asked for at the beginning of a
 * piece is something else each time.
 */
static char *
write_list(char *p, unsigned pad, unsigned kind)
{
	unsigned i;

	for (i = 0; i < pad; i++)
		p += sprintf(p, "mknode a\n");
	switch (kind) {
	case 0: /* nodes that are there, and their names */
		for (i = 0; i < NODES; i++)
			p += sprintf(p, "name N%u: M%u\n", i, i);
		break;
	case 1: /* hooks that are there, with their peers */
		for (i = 0; i < NODES; i += 2)
			p += sprintf(p, "rmhook N%u: r\n", i);
		break;
	case 2: /* through hooks that are there */
		for (i = 0; i < NODES; i++)
			p += sprintf(p, "msg N%u:r.r nodeinfo\n", i);
		break;
	case 3: /* what is new */
		for (i = 0; i < NODES; i++)
			p += sprintf(p, "mkpeer N%u: a n m\nname N%u:n P%u\nconnect N%u: P%u: s t\n", i, i, i, i, i);
		break;
	case 4:
		for (i = 0; i < NODES; i++)
			p += sprintf(p, "mknode a O%u\nconnect O%u: N%u: u o%u\n", i, i, i, i);
		break;
	case 5: /* a name that somebody has */
		p += sprintf(p, "name N0: N%u\n", NODES - 1);
		break;
	default:
		break;
	}
	return (p);
}

static void
look(struct ngt *t, char *out, size_t size)
{
	struct ngu_graph_stats s;

	ngt_settle(t);
	ngu_reclaim_barrier();
	ngu_graph_stats(G, &s);
	(void)snprintf(out, size, "nodes %llu hooks %llu names %u", (unsigned long long)s.nodes, (unsigned long long)s.hooks,
	    NGU_LD_ACQ(&G->names.count));
}

static void
test_check(void **state)
{
	static char list[16384];
	char before[128], after[128];
	struct ngu_apply_error err;
	struct ngt *t = ring();
	unsigned refused = 0, whole = 0;
	int error;

	(void)state;
	look(t, before, sizeof(before));
	least = 4000;
	most = 8000; /* not the reader's own, not the tables */
	for (unsigned kind = 0; kind < 6; kind++)
		for (unsigned pad = 0; pad < PADS; pad++) {
			(void)write_list(list, pad, kind);
			for (at = 1;; at++) {
				seen = 0;
				ngu__port_alloc_hook = refuse_piece;
				error = ngu_apply_text(G, list, NGU_APPLY_DRY, &err);
				ngu__port_alloc_hook = NULL;
				if (seen < at)
					break;
				assert_int_equal(error, ENOMEM);
				assert_int_equal(err.error, ENOMEM);
				assert_false(err.ran);
				refused++;
			}
			assert_int_equal(error, kind == 5 ? EADDRINUSE : 0);
			whole++;
		}
	print_message("%u lists, %u refusals\n", whole, refused);
	assert_int_equal(whole, 6 * PADS);
	assert_true(refused > 2 * whole);
	look(t, after, sizeof(after));
	assert_string_equal(after, before);
	end_quietly(t);
}

/* The same for what is taken before anything runs: one record to wait with, an item for each entry; and for messages. */
static void
test_begin(void **state)
{
	static char list[1024];
	const char bytes[100] = "";
	struct ngu_op op = { .kind = NGU_OP_MSG, .path = "N0:", .cookie = 77, .cmd = 1, .arg = bytes, .arglen = sizeof(bytes) };
	char before[128], after[128];
	struct ngu_apply_error err;
	struct ngt *t = ring();
	unsigned n;
	int error;

	(void)state;
	ngu__zone_bypass(true);
	look(t, before, sizeof(before));
	(void)write_list(list, 3, 6);
	least = 0;
	most = SIZE_MAX;
	for (n = 0, at = 1;; at++) {
		ngu__port_free(ngu__self()->waiter);
		ngu__self()->waiter = NULL;
		seen = 0;
		ngu__port_alloc_hook = refuse_piece;
		error = ngu_apply_text(G, list, NGU_APPLY_DRY, &err);
		ngu__port_alloc_hook = NULL;
		if (seen < at)
			break;
		assert_int_equal(error, ENOMEM);
		assert_int_equal(err.error, ENOMEM);
		n++;
	}
	assert_int_equal(error, 0);
	print_message("%u refusals before anything ran\n", n);
	assert_true(n >= 2 + 1 + 1 + 3); /* the text and its entries; a piece; the record; the items */
	for (n = 0, at = 1;; at++) {
		seen = 0;
		ngu__port_alloc_hook = refuse_piece;
		error = ngu_apply(G, &op, 1, 0, &err);
		ngu__port_alloc_hook = NULL;
		if (seen < at)
			break;
		assert_int_equal(error, ENOMEM);
		assert_int_equal(err.error, ENOMEM);
		n++;
	}
	assert_int_equal(error, 0);
	assert_true(n >= 4); /* a piece, the message, its item, the item reserved */
	ngu__zone_bypass(false);
	look(t, after, sizeof(after));
	assert_string_equal(after, before);
	ngt_expect_trace("rcvmsg N0 77:1");
	end_quietly(t);
}

static int
memory_back(void **state)
{
	ngu__port_alloc_hook = NULL;
	return (ngt_teardown(state));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_check, ngt_setup, memory_back),
		cmocka_unit_test_setup_teardown(test_begin, ngt_setup, memory_back),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
