/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_strict.c - strict mode: each kind of offence, planted, is reported as what it is with both places; what is allowed is not;
 * on, off, handlers, and what the test kit makes of it.
 */
#include <sys/types.h>
#include <sys/wait.h>

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* As a node's author has it who wants file and line in reports; works with a libng built either way. */
#ifndef NGU_DEBUG
#define NGU_DEBUG 1
#endif
#include "support/self.h"
#include "support/unit.h"

#include <sys/epoch.h>
#include <sys/mutex.h>

#ifdef NGU_TSAN
/* It knows a reversal of locks, too; here they are planted. */
const char *__tsan_default_options(void);
const char *
__tsan_default_options(void)
{
	return ("detect_deadlocks=0");
}
#endif

#define FLAGS (NGU_STRICT_ALL) /* _ITEM too under ThreadSanitizer */

static int line_there, line_here; /* where the planted offence stands, and the earlier place; 0: in no macro that tells */
#define THERE (line_there = __LINE__)
#define HERE_ (line_here = __LINE__)

static struct ngt *
strict_graph(const char *text)
{
	struct ngt *t;

	ngt_trace_type("a", NGT_FORWARD);
	ngt_trace_type("b", NGT_FORWARD);
	t = ngt_graph("");
	assert_int_equal(ngu_graph_strict(G, FLAGS), 0);
	ngt_add(t, text);
	return (t);
}
#define LINE_GRAPH "a A; b B; A.o - B.i; probe p - A.i; B.o - probe q"

/* The offence's line is named, and the other place's heading is there, with a line (or, without, with a stack below it). */
static void
expect_report(unsigned kind, const char *what, const char *there, int there_line)
{
	const char *text = ngt_expect_strict(kind, what), *p;
	char place[512];
	int n;

	assert_true((size_t)snprintf(place, sizeof(place), "it happened at %s:%d,", __FILE__, line_here) < sizeof(place));
	if (line_here != 0 && strstr(text, place) == NULL)
		print_message("no \"%s\" in:\n%s", place, text);
	if (line_here != 0)
		assert_non_null(strstr(text, place));
	else
		assert_non_null(strstr(text, "  it happened, thread "));
	p = strstr(text, "  it happened");
	assert_non_null(strstr(p, "    #0 "));
	if (there != NULL) {
		if (there_line != 0)
			n = snprintf(place, sizeof(place), "  %s at %s:%d, thread ", there, __FILE__, there_line);
		else
			n = snprintf(place, sizeof(place), "  %s, thread ", there);
		assert_true((size_t)n < sizeof(place));
		if (strstr(text, place) == NULL)
			print_message("no \"%s\" in:\n%s", place, text);
		assert_non_null(p = strstr(text, place));
		assert_non_null(strstr(p, "    #0 "));
	}
	line_here = 0;
	line_there = 0;
}

/* ---- 1: sleeping in sections ---- */

static struct mtx plain;
static struct callout timer;

static void
do_malloc(void)
{
	void *p = (HERE_, malloc(16, M_TEMP, M_WAITOK));

	free(p, M_TEMP);
}

static void
do_nothing_wrong(void)
{
	void *p = malloc(16, M_TEMP, M_NOWAIT);
	struct mbuf *m = m_getcl(M_NOWAIT, MT_DATA, M_PKTHDR);

	mtx_lock(&plain); /* as in the kernel: a mutex may be waited for in an epoch */
	mtx_unlock(&plain);
	m_freem(m);
	free(p, M_TEMP);
}

static void
do_pause(void)
{
	assert_int_equal((HERE_, pause("nap", 1)), EWOULDBLOCK);
}

static void
do_delay(void)
{
	HERE_, DELAY(1);
}

static void
do_mbuf(void)
{
	m_freem(m_gethdr(M_WAITOK, MT_DATA));
}

static void
do_cluster(void)
{
	struct mbuf *m = m_gethdr(M_NOWAIT, MT_DATA);

	assert_int_not_equal(m_clget(m, M_WAITOK), 0);
	m_freem(m);
}

static void
do_drain(void)
{
	(void)callout_drain(&timer);
}

static void
do_sleepable(void)
{
	ngu__lock_take(&plain, ngu__lock_class("an sx"), NGU_LK_SLEEPABLE);
	ngu__lock_drop(&plain);
}

static void
do_sleepable_try(void)
{
	ngu__lock_take(&plain, ngu__lock_class("an sx"), NGU_LK_SLEEPABLE | NGU_LK_TRY);
	ngu__lock_drop(&plain);
}

static const struct {
	void (*deed)(void);
	const char *what; /* NULL: allowed */
} sleeps[] = {
	{ do_malloc, "malloc of 16 bytes of temp with M_WAITOK inside a read section" },
	{ do_pause, "pause(\"nap\") inside" },
	{ do_delay, "DELAY inside" },
	{ do_mbuf, "mbuf allocation with M_WAITOK inside" },
	{ do_cluster, "cluster allocation with M_WAITOK inside" },
	{ do_drain, "callout_drain inside" },
	{ do_sleepable, "a sleepable lock taken inside" },
	{ do_sleepable_try, NULL },
	{ do_nothing_wrong, NULL },
};

static int
deed(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	sleeps[(uintptr_t)arg].deed();
	return (0);
}

static void
test_sleep(void **state)
{
	struct ngt *t = strict_graph(LINE_GRAPH);
	struct epoch_tracker et;
	uintptr_t i;

	mtx_init(&plain, "plain", NULL, MTX_DEF);
	callout_init(&timer, 1);
	for (i = 0; i < NITEMS(sleeps); i++) {
		ngt_trace_on("rcvdata B", deed, (void *)i);
		ngt_send(ngt_probe(t, "p"), NULL, "00 11");
		assert_int_equal(ngt_strict_reports(), sleeps[i].what != NULL);
		if (sleeps[i].what != NULL)
			expect_report(NGU_STRICT_SLEEP, sleeps[i].what, "the section was entered", 0);
		ngt_expect(ngt_probe(t, "q"), NULL, "00 11"); /* what was to be done is done */
	}
	ngt_trace_on("rcvdata B", NULL, NULL);
	/* A message's method outside of sections may sleep; so may this thread. */
	for (i = 0; i < NITEMS(sleeps); i++) {
		ngt_trace_on("rcvmsg B", deed, (void *)i);
		(void)ngt_msg(t, "B:", 7, 1, NULL, 0);
		(void)ngt_msg(t, "B:", 7, 1 | NGM_READONLY, NULL, 0);
		sleeps[i].deed();
		assert_int_equal(ngt_strict_reports(), 0);
	}
	/* The network epoch of kernel sources is a section, too. */
	NET_EPOCH_ENTER(et);
	do_malloc();
	NET_EPOCH_EXIT(et);
	expect_report(NGU_STRICT_SLEEP, "with M_WAITOK inside a read section", "the section was entered", 0);
	do_malloc();
	line_here = 0;
	/* Queued packets, too. */
	ngt_trace_on("rcvdata B", deed, (void *)0);
	assert_int_equal(ngt_try_send_flags(ngt_probe(t, "p"), NULL, "01", NG_QUEUE), 0);
	ngt_expect(ngt_probe(t, "q"), NULL, "01");
	expect_report(NGU_STRICT_SLEEP, "with M_WAITOK inside a read section", "the section was entered", 0);
	/* And a force-writer node's. */
	ngt_trace_on("rcvdata B", NULL, NULL);
	ngt_trace_type("x", NGT_FORWARD | NGT_EXCLUSIVE);
	ngt_add(t, "x X; probe r - X.i; X.o - probe s");
	ngt_trace_on("rcvdata X", deed, (void *)0);
	ngt_send(ngt_probe(t, "r"), NULL, "02");
	expect_report(NGU_STRICT_SLEEP, "with M_WAITOK inside a read section", "the section was entered", 0);
	ngt_expect(ngt_probe(t, "s"), NULL, "02");
	mtx_destroy(&plain);
	ngt_end(t);
}

/* ---- 2: turns ---- */

static int other_calls;

static int
other_rcvdata(hook_p hook, item_p item)
{
	other_calls++;
	NG_FREE_ITEM(item);
	return (0);
}

static void
ch_private(node_p node, hook_p hook)
{
	HERE_; NG_NODE_SET_PRIVATE(node, NULL);
}

static void
ch_force(node_p node, hook_p hook)
{
	NG_NODE_FORCE_WRITER(node);
}

static void
ch_revive(node_p node, hook_p hook)
{
	NG_NODE_REVIVE(node);
}

static void
ch_rcvdata(node_p node, hook_p hook)
{
	HERE_; NG_HOOK_SET_RCVDATA(hook, other_rcvdata);
}

static void
ch_rcvmsg(node_p node, hook_p hook)
{
	HERE_; NG_HOOK_SET_RCVMSG(hook, NULL);
}

static void
ch_hook_force(node_p node, hook_p hook)
{
	NG_HOOK_FORCE_WRITER(hook);
}

static const struct {
	void (*deed)(node_p node, hook_p hook);
	const char *what;
} changes[] = {
	{ ch_private, "NG_NODE_SET_PRIVATE of node \"B\"" },
	{ ch_revive, "NG_NODE_REVIVE of node \"B\"" },
	{ ch_rcvmsg, "NG_HOOK_SET_RCVMSG of node \"B\"" },
	{ ch_rcvdata, "NG_HOOK_SET_RCVDATA of node \"B\"" },
	{ ch_hook_force, "NG_HOOK_FORCE_WRITER of node \"B\"" },
	{ ch_force, "NG_NODE_FORCE_WRITER of node \"B\"" },
};

static hook_p b_in;

static int
change(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	changes[(uintptr_t)arg].deed(node, b_in);
	return (0);
}

static void
test_change(void **state)
{
	struct ngt *t;
	node_p node;
	uintptr_t i;

	for (i = 0; i < NITEMS(changes); i++) {
		t = strict_graph(LINE_GRAPH);
		node = node_of(t, "B");
		b_in = ng_findhook(node, "i");
		/* With the writer turn: as it should be. */
		ngt_trace_on("rcvmsg B", change, (void *)i);
		(void)ngt_msg(t, "B:", 7, 1, NULL, 0);
		assert_int_equal(ngt_strict_reports(), 0);
		/* As a reader. */
		line_here = 0;
		if (i < 4) { /* force-writer nodes have no readers */
			(void)ngt_msg(t, "B:", 7, 2 | NGM_READONLY, NULL, 0);
			expect_report(NGU_STRICT_GATE, changes[i].what, "the writer turn was last taken", 0);
		}
		/* From outside. */
		changes[i].deed(node, b_in);
		expect_report(NGU_STRICT_GATE, changes[i].what, "the writer turn was last taken", 0);
		NG_NODE_UNREF(node);
		ngt_end(t);
	}
}

/* A packet's method may not either, and hears that nobody has had the turn if so. */
static void
test_change_data(void **state)
{
	struct ngt *t = strict_graph(LINE_GRAPH);

	ngt_trace_on("rcvdata B", change, (void *)0);
	ngt_send(ngt_probe(t, "p"), NULL, "00");
	expect_report(NGU_STRICT_GATE, changes[0].what, "the writer turn was last taken", 0);
	/* The new receiver set in a method that may is the one, and is looked at. */
	{
		node_p node = node_of(t, "B");

		b_in = ng_findhook(node, "i");
		NG_NODE_UNREF(node);
	}
	ngt_trace_on("rcvmsg B", change, (void *)3);
	(void)ngt_msg(t, "B:", 7, 1, NULL, 0);
	other_calls = 0;
	ngt_trace_on("rcvdata B", NULL, NULL);
	ngt_send(ngt_probe(t, "p"), NULL, "00");
	assert_int_equal(other_calls, 1);
	ngt_end(t);
}

/* The methods themselves, called as only the core can. */
static void
test_methods(void **state)
{
	struct ngt *t = strict_graph(LINE_GRAPH);
	struct ngu__thread *ts = ngu__self();
	struct ngu_graph *before = ngu_graph_enter(G);
	node_p node = node_of(t, "B");
	hook_p hook, i;
	struct ng_mesg *msg;
	struct mbuf *m;
	item_p item;

	line_here = 0;
	assert_int_equal(ngu__add_hook(node, "x", 0, &hook), 0);
	expect_report(NGU_STRICT_GATE, "newhook of node \"B\"", "the writer turn was last taken", 0);
	ng_destroy_hook(hook);
	expect_report(NGU_STRICT_GATE, "disconnect of node \"B\"", "the writer turn was last taken", 0);
	NG_MKMESSAGE(msg, 7, 1, 0, M_WAITOK);
	item = ng_package_msg(msg, NG_NOFLAGS);
	assert_int_equal(ngu__apply(ts, node, item, true, NULL), 0);
	expect_report(NGU_STRICT_GATE, "rcvmsg of node \"B\"", "the writer turn was last taken", 0);
	NG_MKMESSAGE(msg, 7, 1 | NGM_READONLY, 0, M_WAITOK);
	item = ng_package_msg(msg, NG_NOFLAGS);
	assert_int_equal(ngu__apply(ts, node, item, false, NULL), 0);
	expect_report(NGU_STRICT_GATE, "rcvmsg of node \"B\"", "the writer turn was last taken", 0);
	/* A receiver called by hand, past the core. */
	i = ng_findhook(node, "i");
	m = m_gethdr(M_NOWAIT, MT_DATA);
	item = ng_package_data(m, NG_NOFLAGS);
	ngt_trace_on("rcvdata B", NULL, NULL);
	assert_int_equal(NGU_LD_ACQ(&i->hk_rcvdata)(i, item), 0);
	expect_report(NGU_STRICT_GATE, "rcvdata of node \"B\"", "the writer turn was last taken", 0);
	ngt_expect(ngt_probe(t, "q"), NULL, "");
	assert_int_equal(ng_bypass(i, ng_findhook(node, "o")), 0);
	expect_report(NGU_STRICT_GATE, "ng_bypass of node \"B\"", "the writer turn was last taken", 0);
	expect_report(NGU_STRICT_GATE, "disconnect of node \"B\"", "the writer turn was last taken", 0);
	expect_report(NGU_STRICT_GATE, "disconnect of node \"B\"", "the writer turn was last taken", 0);
	ng_rmnode(node);
	expect_report(NGU_STRICT_GATE, "close of node \"B\"", "the writer turn was last taken", 0);
	expect_report(NGU_STRICT_GATE, "shutdown of node \"", "the writer turn was last taken", 0);
	NG_NODE_UNREF(node);
	(void)ngu_graph_enter(before);
	ngt_end(t);
}

/* Made by hand, and changed before anything is connected: the interface nodes' way. */
static void
test_fresh(void **state)
{
	struct ngt *t = strict_graph("a A");
	struct ngu_graph *before = ngu_graph_enter(G);
	node_p node;

	assert_int_equal(ng_make_node_common(ng_findtype("b"), &node), 0);
	NG_NODE_SET_PRIVATE(node, t);
	NG_NODE_FORCE_WRITER(node);
	assert_int_equal(ng_name_node(node, "eth0"), 0);
	assert_int_equal(ngt_strict_reports(), 0);
	NG_NODE_REALLY_DIE(node); /* from anywhere, as ng_rmnode_self() */
	assert_int_equal(ng_rmnode_self(node), 0);
	assert_int_equal(ngt_strict_reports(), 0);
	(void)ngu_graph_enter(before);
	ngt_end(t);
}

/* ---- 3: what was freed, or sent, is gone ---- */

static item_p kept;

static int
it_forward(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	hook_p out = ng_findhook(node, "o");
	item_p again = *item;
	int error;

	THERE; NG_FREE_ITEM(*item);
	*item = NULL;
	NG_FWD_ITEM_HOOK(error, again, out);
	return (error);
}

static int
it_free_twice(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	THERE; NG_FREE_ITEM(*item);
	HERE_; NG_FREE_ITEM(*item);
	*item = NULL;
	return (0);
}

static int
it_read(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	THERE; NG_FREE_ITEM(*item);
	assert_null((HERE_, NGI_M(*item))); /* an empty one stands in for it */
	*item = NULL;
	return (0);
}

static int
it_message(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	int error = 0;

	THERE; NG_FREE_ITEM(*item);
	HERE_; NG_RESPOND_MSG(error, node, *item, (struct ng_mesg *)NULL);
	return (error);
}

static int
it_snd(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	item_p i = *item;

	*item = NULL;
	THERE; NG_FREE_ITEM(i);
	assert_int_equal(ng_address_hook(node, i, ng_findhook(node, "o"), 0), EINVAL);
	assert_int_equal(ng_address_ID(node, i, 1, 0), EINVAL);
	assert_int_equal(ng_address_path(node, i, "A:", 0), EINVAL);
	return (ng_snd_item(i, NG_NOFLAGS));
}

static int
it_twice(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	hook_p out = ng_findhook(node, "o");
	int error;

	kept = *item;
	NG_FWD_ITEM_HOOK_FLAGS(error, *item, out, NG_QUEUE);
	assert_int_equal(error, 0);
	error = ngu_k_fwd_item(kept, out, NG_NOFLAGS);
	return (error);
}

static int
it_free_queued(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	hook_p out = ng_findhook(node, "o");
	int error;

	kept = *item;
	NG_FWD_ITEM_HOOK_FLAGS(error, *item, out, NG_QUEUE);
	assert_int_equal(error, 0);
	HERE_; NG_FREE_ITEM(kept);
	return (0);
}

static int
it_mbuf(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct mbuf *m, *again;

	NGI_GET_M(*item, m);
	again = m;
	THERE; NG_FREE_M(m);
	HERE_; NG_FREE_M(again);
	NG_FREE_ITEM(*item);
	*item = NULL;
	return (0);
}

static int
it_msg(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct ng_mesg *msg, *again;

	NGI_GET_MSG(*item, msg);
	again = msg;
	THERE; NG_FREE_MSG(msg);
	HERE_; NG_FREE_MSG(again);
	return (0);
}

static const struct {
	const char *at;
	ngt_trace_fn *deed;
	int error;
	const char *what, *there;
	bool there_line;
	int more; /* reports of the same kind before this one */
	bool arrives;
} frees[] = {
	{ "rcvdata B", it_forward, EINVAL, "is used: forwarding", "it was freed", true, 0, false },
	{ "rcvdata B", it_free_twice, 0, "is freed twice", "it was freed first", true, 0, false },
	{ "rcvdata B", it_read, 0, "is used\n", "it was freed", true, 0, false },
	{ "rcvmsg B", it_message, 0, "is freed twice", "it was freed first", true, 0, false },
	{ "rcvdata B", it_snd, EINVAL, "is used: ng_snd_item", "it was freed", true, 3, false },
	{ "rcvdata B", it_twice, EINVAL, "is sent twice: forwarding, while it waits in a queue", "it was queued", false, 0, true },
	{ "rcvdata B", it_free_queued, 0, "is freed while it waits in a queue", "it was sent", false, 0, true },
	{ "rcvdata B", it_mbuf, 0, "is freed twice", "it was freed first", true, 0, false },
	{ "rcvmsg B", it_msg, 0, "message 0x", "it was freed first", true, 0, false },
};

static void
test_items(void **state)
{
	struct ngt *t = strict_graph(LINE_GRAPH);
	unsigned i;
	int k, there;

	for (i = 0; i < NITEMS(frees); i++) {
		ngt_trace_on(frees[i].at, frees[i].deed, NULL);
		if (frees[i].at[3] == 'd')
			assert_int_equal(ngt_try_send(ngt_probe(t, "p"), NULL, "00 11"), frees[i].error);
		else
			(void)ngt_msg(t, "B:", 7, 1, NULL, 0);
		for (k = 0; k < frees[i].more; k++)
			(void)ngt_expect_strict(NGU_STRICT_ITEM, "is used: ng_address_");
		there = line_there;
		expect_report(NGU_STRICT_ITEM, frees[i].what, frees[i].there, frees[i].there_line ? there : 0);
		assert_int_equal(ngt_strict_reports(), 0);
		ngt_trace_on(frees[i].at, NULL, NULL);
		if (frees[i].arrives)
			ngt_expect(ngt_probe(t, "q"), NULL, "00 11");
		ngt_expect_none(ngt_probe(t, "q"), NULL);
	}
	ngt_end(t);
}

/* Written to after it was freed: told when it goes. */
static void
test_written(void **state)
{
#ifdef NGU_ASAN
	print_message("AddressSanitizer reports the access itself\n");
#else
	struct ngt *t = strict_graph(LINE_GRAPH);
	struct ngu_graph *before = ngu_graph_enter(G);
	item_p item = ng_package_data(m_gethdr(M_NOWAIT, MT_DATA), NG_NOFLAGS);
	const char *text;
	char place[512];

	(void)ngu_graph_enter(before);
	THERE; NG_FREE_ITEM(item);
	item->depth = 1;
	ngt_send(ngt_probe(t, "p"), NULL, "00 11");
	ngt_expect(ngt_probe(t, "q"), NULL, "00 11");
	assert_int_equal(ngt_strict_reports(), 0);
	assert_int_equal(ngu_graph_strict(G, 0), 0);
	text = ngt_expect_strict(NGU_STRICT_ITEM, "was written to at byte");
	(void)snprintf(place, sizeof(place), "  it was freed at %s:%d,", __FILE__, line_there);
	assert_non_null(strstr(text, place));
	assert_non_null(strstr(text, "  it was taken"));
	ngt_end(t);
#endif
}

/* More objects than are kept: the old ones go back, nothing is reported, nothing is lost. */
static void
test_many(void **state)
{
	struct ngt *t = strict_graph(LINE_GRAPH);
	unsigned i;

	ngt_discard(ngt_probe(t, "q"), true);
	for (i = 0; i < 3000; i++)
		ngt_send(ngt_probe(t, "p"), NULL, "00 11 22 33");
	assert_int_equal(ngt_packets(ngt_probe(t, "q")), 3000);
	ngt_end(t);
}

/* ---- 4: packets at hooks ---- */

static int
repairing_rcvdata(hook_p hook, item_p item)
{
	struct mbuf *m = NGI_M(item);

	m->m_next = NULL;
	NG_FREE_ITEM(item);
	return (0);
}

static int
set_repairing(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	NG_HOOK_SET_RCVDATA(hook, repairing_rcvdata);
	return (0);
}

enum { P_LEN, P_LEN_NEGATIVE, P_BEYOND, P_BEFORE, P_NO_HEADER, P_FREED, P_ENDLESS, P_CHAIN, P_CLUSTER, P_KINDS };

static const char *const packet_what[P_KINDS] = {
	[P_LEN] = "its header says 99 bytes, its mbufs have 4",
	[P_LEN_NEGATIVE] = "mbuf 0 of it has -1 bytes from byte 0",
	[P_BEYOND] = "mbuf 0 of it has 4000 bytes from byte 0 of a buffer of 160",
	[P_BEFORE] = "mbuf 0 of it has 4 bytes from byte -1 of a buffer",
	[P_NO_HEADER] = "it has no packet header",
	[P_FREED] = "mbuf 1 of it, 0x",
	[P_ENDLESS] = "its chain of mbufs has no end",
};

static void
test_packets(void **state)
{
	struct ngt *t;
	struct ngu_graph *before;
	node_p node;
	hook_p out;
	struct mbuf *m, *n;
	int k, error;

	for (k = 0; k < P_KINDS; k++) {
		ngt_trace_on("newhook B/i", set_repairing, NULL);
		t = strict_graph("a A; b B; A.o - B.i");
		before = ngu_graph_enter(G);
		node = node_of(t, "A");
		out = ng_findhook(node, "o");
		m = m_gethdr(M_NOWAIT, MT_DATA);
		m->m_len = m->m_pkthdr.len = 4;
		line_there = 0;
		switch (k) {
		case P_LEN:
			m->m_pkthdr.len = 99;
			break;
		case P_LEN_NEGATIVE:
			m->m_len = -1;
			break;
		case P_BEYOND:
			m->m_len = m->m_pkthdr.len = 4000;
			break;
		case P_BEFORE:
			m->m_data--;
			break;
		case P_NO_HEADER:
			m->m_flags &= ~(uint32_t)M_PKTHDR & 0xffffffu;
			break;
		case P_FREED:
			n = m_get(M_NOWAIT, MT_DATA);
			m->m_next = n;
			THERE; NG_FREE_M(n);
			break;
		case P_ENDLESS:
			m->m_next = m;
			break;
		case P_CHAIN: /* right */
			m->m_next = m_getcl(M_NOWAIT, MT_DATA, 0);
			n = m->m_next;
			n->m_len = 100;
			m->m_pkthdr.len = 104;
			break;
		case P_CLUSTER: /* right, to the last byte */
			m_freem(m);
			m = m_getcl(M_NOWAIT, MT_DATA, M_PKTHDR);
			m->m_len = m->m_pkthdr.len = MCLBYTES;
			break;
		}
		n = k == P_CHAIN ? m->m_next : NULL; /* the repair loses it */
		NG_SEND_DATA_ONLY(error, out, m);
		assert_int_equal(error, 0);
		m_freem(n);
		if (packet_what[k] != NULL) {
			int there = line_there;

			line_here = 0;
			expect_report(NGU_STRICT_MBUF, packet_what[k], k == P_FREED ? "that mbuf was freed" : "that mbuf was taken",
			    k == P_FREED ? there : 0);
		}
		assert_int_equal(ngt_strict_reports(), 0);
		NG_NODE_UNREF(node);
		(void)ngu_graph_enter(before);
		ngt_end(t);
	}
}

static int
lengthen(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	NGI_M(*item)->m_pkthdr.len += 2;
	return (0);
}

/* The names in the report are those of the hook where it was seen first, and of where it came from. */
static void
test_packet_names(void **state)
{
	struct ngt *t = strict_graph(LINE_GRAPH);

	ngt_trace_on("rcvdata A", lengthen, NULL);
	assert_int_equal(ngt_try_send(ngt_probe(t, "p"), NULL, "00 11"), 0);
	expect_report(NGU_STRICT_MBUF,
	    "packet at hook \"i\" of node \"B\" (b), sent out of hook \"o\" of node \"A\" (a): its header says 4 bytes, its mbufs have 2",
	    "that mbuf was taken", 0);
	(void)ngt_expect_strict(NGU_STRICT_MBUF, "packet at hook \"o\" of node \"q\" (probe), sent out of hook \"o\" of node \"B\"");
	assert_int_equal(ngt_strict_reports(), 0);
	ngt_end(t);
}

/* ---- 5: orders of locks ---- */

static void
two(struct mtx *first, struct mtx *second)
{
	mtx_lock(first);
	HERE_; mtx_lock(second);
	mtx_unlock(second);
	mtx_unlock(first);
}

static int
held_at(struct mtx *m)
{
	mtx_lock(m); return (__LINE__);
}

static void
test_orders(void **state)
{
	struct ngt *t = strict_graph("a A");
	struct mtx a, b, c, d, d2, e, e2, q, r, s;
	const char *text;
	char place[512];
	int at_a, at_b;

	mtx_init(&a, "lock a", NULL, MTX_DEF);
	mtx_init(&b, "lock b", NULL, MTX_DEF);
	mtx_init(&c, "lock c", NULL, MTX_DEF | MTX_RECURSE);
	mtx_init(&d, "number one", "kind d", MTX_DEF);
	mtx_init(&d2, "number two", "kind d", MTX_DEF);
	mtx_init(&e, "kind e", NULL, MTX_DEF | MTX_DUPOK);
	mtx_init(&e2, "kind e", NULL, MTX_DEF | MTX_DUPOK);
	mtx_init(&q, "lock q", NULL, MTX_DEF | MTX_NOWITNESS);
	mtx_init(&r, "lock r", NULL, MTX_DEF);
	mtx_init(&s, "lock s", NULL, MTX_DEF);
	/* a, then b; twice the same way is fine. */
	at_a = held_at(&a);
	at_b = held_at(&b);
	mtx_unlock(&b);
	mtx_unlock(&a);
	two(&a, &b);
	assert_int_equal(ngt_strict_reports(), 0);
	/* A try waits for nobody; but what it got counts as held. */
	mtx_lock(&b);
	assert_int_equal(mtx_trylock(&a), 1);
	mtx_unlock(&a);
	mtx_unlock(&b);
	assert_int_equal(ngt_strict_reports(), 0);
	two(&b, &a);
	text = ngt_expect_strict(NGU_STRICT_ORDER,
	    "lock order reversal: \"lock a\" is taken with \"lock b\" held; before, the order was \"lock a\" before \"lock b\"\n");
	(void)snprintf(place, sizeof(place), "  it happened at %s:%d,", __FILE__, line_here);
	assert_non_null(strstr(text, place));
	(void)snprintf(place, sizeof(place), "  the lock held had been taken at %s:%d,", __FILE__, line_here - 1);
	assert_non_null(strstr(text, place));
	(void)snprintf(place, sizeof(place), "  the first lock had been taken at %s:%d,", __FILE__, at_a);
	assert_non_null(strstr(text, place));
	(void)snprintf(place, sizeof(place), "  the second was taken then at %s:%d,", __FILE__, at_b);
	assert_non_null(strstr(text, place));
	two(&b, &a); /* once */
	assert_int_equal(ngt_strict_reports(), 0);
	/* Around three corners; a recursion is no order. */
	two(&b, &c);
	mtx_lock(&c);
	two(&c, &r);
	mtx_unlock(&c);
	assert_int_equal(ngt_strict_reports(), 0);
	two(&r, &b);
	(void)ngt_expect_strict(NGU_STRICT_ORDER, "before, the order was \"lock b\" before \"lock c\", \"lock c\" before \"lock r\"\n");
	assert_int_equal(ngt_strict_reports(), 0);
	/* Two of one class: by type, else by name. */
	two(&d, &d2);
	(void)ngt_expect_strict(NGU_STRICT_ORDER, "\"kind d\" is taken with another \"kind d\" held");
	two(&d2, &d);
	two(&e, &e2);
	two(&e2, &e);
	two(&a, &q);
	two(&q, &a);
	assert_int_equal(ngt_strict_reports(), 0);
	/* What a try got is held: what is waited for with it comes after it. */
	assert_int_equal(mtx_trylock(&s), 1);
	mtx_lock(&a);
	mtx_unlock(&s); /* in this order, too */
	mtx_unlock(&a);
	two(&a, &s);
	(void)ngt_expect_strict(NGU_STRICT_ORDER, "before, the order was \"lock s\" before \"lock a\"\n");
	/* Off: no notes are taken. */
	assert_int_equal(ngu_graph_strict(G, FLAGS & ~NGU_STRICT_ORDER), 0);
	two(&s, &r);
	two(&r, &s);
	assert_int_equal(ngt_strict_reports(), 0);
	mtx_lock(&s);
	mtx_destroy(&s); /* held */
	mtx_destroy(&a);
	mtx_destroy(&b);
	mtx_destroy(&c);
	mtx_destroy(&d);
	mtx_destroy(&d2);
	mtx_destroy(&e);
	mtx_destroy(&e2);
	mtx_destroy(&q);
	mtx_destroy(&r);
	ngt_end(t);
}

/* ---- on, off, handlers ---- */

static void
test_switch(void **state)
{
	struct ngt *t, *u;
	node_p node;
	hook_p i;
	ng_rcvdata_t *rcv;

	ngt_trace_type("a", NGT_FORWARD);
	ngt_trace_type("b", NGT_FORWARD);
	t = ngt_graph("");
	assert_int_equal(ngu_graph_strict_flags(G) & ~NGU_STRICT_ITEM, NGU_STRICT_ALL & ~NGU_STRICT_ITEM); /* the kit's */
	assert_int_equal(ngu_graph_strict(G, 0x40000000), EINVAL);
	assert_int_equal(ngu_graph_strict(G, 0), 0);
	assert_int_equal(ngu_graph_strict_flags(G), 0);
	ngt_add(t, LINE_GRAPH);
	node = node_of(t, "B");
	i = ng_findhook(node, "i");
	rcv = NGU_LD_ACQ(&i->hk_rcvdata);
	assert_true(rcv == node->nd_type->rcvdata); /* off: the packet path has nothing to do with it */
	ngt_trace_on("rcvdata B", deed, (void *)0);
	ngt_send(ngt_probe(t, "p"), NULL, "00");
	assert_int_equal(ngt_strict_reports(), 0);
	/* On, with hooks there already. */
	assert_int_equal(ngu_graph_strict(G, NGU_STRICT_SLEEP), 0);
	ngt_send(ngt_probe(t, "p"), NULL, "01");
	(void)ngt_expect_strict(NGU_STRICT_SLEEP, "M_WAITOK");
	/* Another kind: this one is not looked for. */
	assert_int_equal(ngu_graph_strict(G, NGU_STRICT_MBUF), 0);
	ngt_send(ngt_probe(t, "p"), NULL, "02");
	assert_int_equal(ngt_strict_reports(), 0);
	/* A strict graph beside it does not make this one strict. */
	u = ngt_graph("a C");
	ngt_send(ngt_probe(t, "p"), NULL, "03");
	assert_int_equal(ngu_msg(G, "B:", 77, 1, NULL, 0, NULL), 0);
	ngu_k_strict_node(node, "a change from outside", __FILE__, __LINE__);
	assert_int_equal(ngt_strict_reports(), 0);
	ngt_end(u);
	ngu_k_strict_node(node, "a change from outside", __FILE__, __LINE__);
	assert_int_equal(ngt_strict_reports(), 0);
	assert_int_equal(ngu_graph_strict(G, 0), 0);
	assert_true(NGU_LD_ACQ(&i->hk_rcvdata) == rcv);
	ngt_send(ngt_probe(t, "p"), NULL, "04");
	assert_int_equal(ngt_strict_reports(), 0);
	NG_NODE_UNREF(node);
	ngt_expect(ngt_probe(t, "q"), NULL, "00");
	ngt_end(t);
}

/* Objects from before and after a switch mix. */
static void
test_switch_objects(void **state)
{
	struct ngt *t = strict_graph(LINE_GRAPH);
	struct ngu_graph *before = ngu_graph_enter(G);
	item_p i[200];
	struct ng_mesg *msg[2];
	unsigned n;

	assert_int_equal(ngu_graph_strict(G, 0), 0);
	for (n = 0; n < 200; n++) {
		if (n == 100)
			assert_int_equal(ngu_graph_strict(G, FLAGS), 0);
		if (n % 100 == 0)
			NG_MKMESSAGE(msg[n / 100], 7, 1, 0, M_WAITOK);
		i[n] = ng_package_data(m_gethdr(M_NOWAIT, MT_DATA), NG_NOFLAGS);
		assert_non_null(i[n]);
	}
	for (n = 0; n < 50; n++) { /* on: some of each */
		NG_FREE_ITEM(i[n]);
		NG_FREE_ITEM(i[100 + n]);
	}
	assert_int_equal(ngu_graph_strict(G, 0), 0);
	for (; n < 100; n++) { /* off: the rest */
		NG_FREE_ITEM(i[n]);
		NG_FREE_ITEM(i[100 + n]);
	}
	NG_FREE_MSG(msg[0]);
	NG_FREE_MSG(msg[1]);
	ngu__zone_drain(); /* what lies in magazines goes back to the system, watched or not */
	assert_int_equal(ngu_graph_strict(G, FLAGS), 0);
	ngt_send(ngt_probe(t, "p"), NULL, "00 11");
	ngt_expect(ngt_probe(t, "q"), NULL, "00 11");
	(void)ngu_graph_enter(before);
	ngt_end(t);
}

static char logged[8192];
static int log_level;

static void
log_line(void *arg, int level, const char *line)
{
	log_level = level;
	(void)snprintf(logged + strlen(logged), sizeof(logged) - strlen(logged), "%s\n", line);
}

/* Without a handler the graph's log gets it, and the program goes on. */
static void
test_log(void **state)
{
	struct ngt *t;
	uint64_t n;

	ngt_trace_type("b", NGT_FORWARD);
	t = ngt_graph_with((&(struct ngu_graph_opts){ .size = sizeof(struct ngu_graph_opts), .log = log_line }),
	    "b B; probe p - B.i; B.o - probe q");
	assert_int_equal(ngu_graph_strict(G, FLAGS), 0);
	ngu_strict_set_handler(NULL, NULL);
	n = ngu_strict_count();
	logged[0] = '\0';
	ngt_trace_on("rcvdata B", deed, (void *)0);
	ngt_send(ngt_probe(t, "p"), NULL, "00 11");
	ngt_expect(ngt_probe(t, "q"), NULL, "00 11");
	assert_int_equal(ngt_strict_reports(), 0);
	assert_int_equal(ngu_strict_count(), n + 1);
	assert_int_equal(log_level, 3);
	assert_int_equal(strncmp(logged, "strict: malloc of 16 bytes of temp", 34), 0);
	assert_non_null(strstr(logged, "\n  it happened at "));
	assert_non_null(strstr(logged, "\n  the section was entered"));
	ngt_end(t);
}

/* ---- what the kit makes of it ---- */

static char failed[16384];

static void
note_failure(const char *file, int line, const char *text)
{
	(void)snprintf(failed, sizeof(failed), "%s", text);
}

static void
test_kit_end(void **state)
{
	struct ngt *t = strict_graph(LINE_GRAPH);
	int i;

	ngt_trace_on("rcvdata B", deed, (void *)0);
	ngt_send(ngt_probe(t, "p"), NULL, "00");
	failed[0] = '\0';
	ngt__end("here", 1, note_failure, t);
	assert_non_null(strstr(failed, "strict: malloc of 16 bytes"));
	/* Said once; and not too many. */
	t = strict_graph(LINE_GRAPH);
	for (i = 0; i < 5; i++)
		ngt_send(ngt_probe(t, "p"), NULL, "00");
	ngt__end("here", 1, note_failure, t);
	assert_non_null(strstr(failed, "... and 2 more reports"));
	ngt_trace_on("rcvdata B", NULL, NULL);
	t = strict_graph(LINE_GRAPH);
	failed[0] = '\0';
	(void)ngt__expect_strict("here", 1, note_failure, NGU_STRICT_SLEEP, "x");
	assert_non_null(strstr(failed, "strict mode reported nothing; expected SLEEP"));
	ngt_trace_on("rcvdata B", deed, (void *)0);
	ngt_send(ngt_probe(t, "p"), NULL, "00");
	(void)ngt__expect_strict("here", 1, note_failure, NGU_STRICT_ORDER, "malloc");
	assert_non_null(strstr(failed, "expected a report of kind ORDER, with \"malloc\"; got kind SLEEP:\nstrict: malloc"));
	ngt_end(t);
}

/* Failing tests, in a process of their own. */

static void
offender(void **state)
{
	struct ngt *t = strict_graph(LINE_GRAPH);

	ngt_trace_on("rcvdata B", deed, (void *)0);
	ngt_send(ngt_probe(t, "p"), NULL, "00");
	ngt_end(t);
}

static void
offender_no_end(void **state)
{
	struct ngt *t = strict_graph(LINE_GRAPH);

	ngt_trace_on("rcvdata B", deed, (void *)0);
	ngt_send(ngt_probe(t, "p"), NULL, "00");
}

static void
decent(void **state)
{
	struct ngt *t = strict_graph(LINE_GRAPH);

	ngt_send(ngt_probe(t, "p"), NULL, "00");
	ngt_end(t);
}

static int
run_offender(const char *how)
{
	const struct CMUnitTest at_end[] = { ngt_test(offender), ngt_test(decent) };
	const struct CMUnitTest at_teardown[] = { ngt_test(offender_no_end), ngt_test(decent) };
	const struct CMUnitTest good[] = { ngt_test(decent) };
	struct ngu_graph *g;
	void *p;

	if (strcmp(how, "end") == 0)
		return (cmocka_run_group_tests(at_end, NULL, NULL));
	if (strcmp(how, "teardown") == 0)
		return (cmocka_run_group_tests(at_teardown, NULL, NULL));
	if (strcmp(how, "good") == 0)
		return (cmocka_run_group_tests(good, NULL, NULL));
	/* abort: no handler */
	if (ngu_graph_create(NULL, &g) != 0 || ngu_graph_strict(g, NGU_STRICT_ALL | NGU_STRICT_ABORT) != 0)
		return (9);
	ngu_k_epoch_enter();
	p = malloc(16, M_TEMP, M_WAITOK);
	free(p, M_TEMP);
	ngu_k_epoch_exit();
	return (8);
}

static int
child(const char *how)
{
	char self[4096];
	int status = 0;
	pid_t pid;

	self_path(self, sizeof(self));
	assert_true(self[0] != '\0');
	(void)fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)setenv("ASAN_OPTIONS", "detect_leaks=0:handle_abort=0", 1);
		(void)unsetenv("CMOCKA_TEST_ABORT");
		(void)unsetenv("CMOCKA_MESSAGE_OUTPUT");
		(void)unsetenv("NGU_TEST_FILTER");
		if (freopen("/dev/null", "w", stdout) == NULL || (getenv("NGU_TEST_LOUD") == NULL && freopen("/dev/null", "w", stderr) == NULL))
			_exit(4);
		self_exec(self, "--offender", how);
		_exit(5);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return (status);
}

static void
test_kit_fails(void **state)
{
	int status;

	status = child("good");
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	status = child("end");
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
	status = child("teardown");
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
	status = child("abort");
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_sleep),
		ngt_test(test_change),
		ngt_test(test_change_data),
		ngt_test(test_methods),
		ngt_test(test_fresh),
		ngt_test(test_items),
		ngt_test(test_written),
		ngt_test(test_many),
		ngt_test(test_packets),
		ngt_test(test_packet_names),
		ngt_test(test_orders),
		ngt_test(test_switch),
		ngt_test(test_switch_objects),
		ngt_test(test_log),
		ngt_test(test_kit_end),
		ngt_test(test_kit_fails),
	};

	if (argc == 3 && strcmp(argv[1], "--offender") == 0)
		return (run_offender(argv[2]));
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
