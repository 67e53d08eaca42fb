/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_memory.c - every node type with memory refused, at each allocation in turn (support/sweep.h): it is made, its hooks come and
 * go, it gets each of its commands and packets by each hook, and ends.
 */
#include "support/sweep.h"
#include "nodes/types.h"

#define GEN NGM_GENERIC_COOKIE

/* One operation on one type. */
struct what {
	const struct ty *ty;
	const struct ty_cmd *cmd;
	const char *hook;
	unsigned from;
	bool theirs; /* connect: the other node asks for it */
};

static char text[512]; /* of the graph, when it is not the type's */

static void
op_make(const struct what *w, const char *what, const char *graph, int (*run)(struct sw *, const void *), unsigned flags,
    struct sw_op *op)
{
	static char name[96];

	(void)snprintf(name, sizeof(name), "%s: %s %s", w->ty->name, what, w->hook != NULL ? w->hook : "");
	flags |= w->ty->cmd == ty_o2m || w->ty->cmd == ty_source || w->ty->cmd == ty_pipe ? SW_NOTICES : 0;
	flags |= w->ty->cmd == ty_bridge || w->ty->cmd == ty_fault || w->ty->cmd == ty_pcap || w->ty->cmd == ty_source || w->ty->cmd == ty_pipe ||
		w->ty->cmd == ty_car ? SW_TIMERS : 0;
	*op = (struct sw_op){ .name = name, .text = graph, .run = run, .arg = w, .flags = flags };
}

/* A packet by each hook that sends, and commands that have to come before. */
static void
used(struct sw *s, const void *arg)
{
	const struct what *w = arg;
	char name[16], path[] = "X:";

	if (w->cmd != NULL && w->cmd->first != NULL)
		ngt_msg(s->t, path, w->ty->cookie, w->cmd->first->cmd, w->cmd->first->arg, w->cmd->first->len);
	for (unsigned i = 0; i < NITEMS(w->ty->sends) && w->ty->sends[i] != 0; i++) {
		(void)snprintf(name, sizeof(name), "p%u", w->ty->sends[i] - 1);
		if (ngu_lookup(ngt_g(s->t), "X:", NULL) == 0)
			whatever = ngt_try_send(ngt_probe(s->t, name), NULL, ty_packet(w->ty, w->ty->sends[i]));
	}
	ngt_advance(s->t, 1000);
}

/* A sweep that refused nothing would pass, too. */
static void
tally(void)
{
	print_message("%lu runs, %lu failed for memory\n", sw_runs, sw_failures);
	assert_true(sw_failures >= 20);
	sw_runs = sw_failures = 0;
}

/* ---- nodes and hooks ---- */

static int
mknode(struct sw *s, const void *arg)
{
	return (ngu_mknode(ngt_g(s->t), ((const struct what *)arg)->ty->name, "X", NULL));
}

static int
mkpeer(struct sw *s, const void *arg)
{
	const struct what *w = arg;

	return (ngu_mkpeer(ngt_g(s->t), "A:", w->ty->name, "new", w->hook));
}

static int
connect_(struct sw *s, const void *arg)
{
	const struct what *w = arg;

	return (w->theirs ? ngu_connect(ngt_g(s->t), "A:", "new", "X:", w->hook) :
			    ngu_connect(ngt_g(s->t), "X:", w->hook, "A:", "new"));
}

static int
rmhook(struct sw *s, const void *arg)
{
	return (ngu_rmhook(ngt_g(s->t), "X:", ((const struct what *)arg)->hook));
}

static int
shutdown_(struct sw *s, const void *arg)
{
	(void)arg;
	return (ngu_shutdown(ngt_g(s->t), "X:"));
}

/* The name behind the n-th "X." of the type's graph; false when there are not so many. */
static bool
nth_hook(const struct ty *ty, unsigned n, char *hook)
{
	const char *p = ty->text;

	while ((p = strstr(p, "X.")) != NULL && n-- != 0)
		p++;
	return (p != NULL && sscanf(p, "X.%31[a-z0-9]", hook) == 1);
}

/* The type's graph without the edge of that hook, and with a node A. */
static const char *
without(const struct ty *ty, const char *hook)
{
	char edge[40], *e, *from;

	(void)snprintf(text, sizeof(text), "%s; a A", ty->text);
	(void)snprintf(edge, sizeof(edge), "X.%s;", hook);
	if ((e = strstr(text, edge)) != NULL) {
		for (from = e; *from != ';'; from--)
			;
		memmove(from, e + strlen(edge) - 1, strlen(e + strlen(edge) - 1) + 1);
	}
	return (text);
}

static void
test_nodes(void **state)
{
	struct what w;
	struct sw_op op;
	char hook[32];
	unsigned i, k;

	(void)state;
	for (i = 0; i < NITEMS(ty_types); i++) {
		if (!ty_there(&ty_types[i]))
			continue;
		w = (struct what){ .ty = &ty_types[i] };
		op_make(&w, "made", "", mknode, SW_ENOMEM, &op);
		sw_sweep(&op);
		op_make(&w, "shut down", w.ty->text, shutdown_, SW_ENOMEM, &op);
		op.setup = used;
		sw_sweep(&op);
		for (k = 0; nth_hook(w.ty, k, hook); k++) {
			w.hook = hook;
			op_make(&w, "made with hook", "a A", mkpeer, SW_ENOMEM, &op);
			sw_sweep(&op);
			op_make(&w, "removed hook", w.ty->text, rmhook, SW_ENOMEM, &op);
			op.setup = used;
			sw_sweep(&op);
			if (!nth_hook(w.ty, 1, hook)) /* the node would go with its only hook */
				continue;
			(void)nth_hook(w.ty, k, hook);
			for (unsigned theirs = 0; theirs < 2; theirs++) {
				w.theirs = theirs != 0;
				op_make(&w, "connected", without(w.ty, hook), connect_, SW_ENOMEM, &op);
				sw_sweep(&op);
			}
		}
		for (k = 0; k < NITEMS(w.ty->hooks) && (w.hook = w.ty->hooks[k]) != NULL; k++)
			for (unsigned theirs = 0; theirs < 2; theirs++) {
				w.theirs = theirs != 0;
				op_make(&w, "connected", without(w.ty, "none"), connect_, SW_ENOMEM, &op);
				op.setup = used;
				sw_sweep(&op);
			}
	}
	tally();
}

/* ---- commands ---- */

static int
command(struct sw *s, const void *arg)
{
	const struct what *w = arg;
	int error = sw_msg(s, &(const struct sw_msg){ "X:", w->ty->cookie, w->cmd->cmd, w->cmd->arg, w->cmd->len });

	if (error == 0) { /* what it has begun */
		sw_mine = true;
		assert_int_equal(ngu_clock_advance(ngt_g(s->t), 1000000000), 0);
		sw_stop();
	}
	return (error);
}

/* The answer to it as text. */
static int
to_text(struct sw *s, const void *arg)
{
	(void)arg;
	return (sw_msg(s, &(const struct sw_msg){ "X:", GEN, NGM_BINARY2ASCII, s->msg, sizeof(*s->msg) + s->msg->header.arglen }));
}

static void
ask(struct sw *s, const void *arg)
{
	const struct what *w = arg;

	assert_int_equal(ngu_msg(ngt_g(s->t), "X:", w->ty->cookie, w->cmd->cmd, w->cmd->arg, w->cmd->len, &s->msg), 0);
	assert_non_null(s->msg);
	s->msg->header.token = 0;
}

static void
asked(struct sw *s, const void *arg, int error)
{
	(void)arg;
	(void)error;
	ngu_msg_free(s->msg);
	s->msg = NULL;
}

/* The command with its arguments, from text. */
static int
from_text(struct sw *s, const void *arg)
{
	(void)arg;
	return (sw_msg(s, &(const struct sw_msg){ "X:", GEN, NGM_ASCII2BINARY, s->msg, sizeof(*s->msg) + s->msg->header.arglen }));
}

static void
write_down(struct sw *s, const void *arg)
{
	const struct what *w = arg;
	struct ng_mesg *m, *reply = NULL;

	NG_MKMESSAGE(m, w->ty->cookie, w->cmd->cmd, w->cmd->len, M_NOWAIT);
	assert_non_null(m);
	memcpy(m->data, w->cmd->arg, w->cmd->len);
	assert_int_equal(ngu_msg(ngt_g(s->t), "X:", GEN, NGM_BINARY2ASCII, m, sizeof(*m) + w->cmd->len, &reply), 0);
	assert_non_null(reply);
	NG_FREE_MSG(m);
	m = (struct ng_mesg *)(void *)reply->data;
	NG_COPYMESSAGE(s->msg, reply, M_NOWAIT);
	assert_non_null(s->msg);
	memcpy(s->msg, m, sizeof(*m) + m->header.arglen);
	ngu_msg_free(reply);
}

static const struct ng_cmdlist *
described(const struct ty *ty, uint32_t cmd)
{
	static const struct ng_cmdlist none;

	for (const struct ng_cmdlist *c = ng_findtype(ty->name)->cmdlist; c != NULL && c->name != NULL; c++)
		if (c->cookie == ty->cookie && (uint32_t)c->cmd == cmd)
			return (c);
	return (&none);
}

static void
test_commands(void **state)
{
	struct what w;
	const struct ng_cmdlist *d;
	struct sw_op op;
	char what[64];

	(void)state;
	for (unsigned i = 0; i < NITEMS(ty_types); i++) {
		if (!ty_there(&ty_types[i]))
			continue;
		for (const struct ty_cmd *c = ty_types[i].cmd; c->cmd != UINT32_MAX; c++) {
			w = (struct what){ .ty = &ty_types[i], .cmd = c };
			(void)snprintf(what, sizeof(what), "command %u", c->cmd & ~(NGM_READONLY | NGM_HASREPLY));
			op_make(&w, what, w.ty->text, command, SW_ENOMEM | (w.ty->cmd == ty_pcap || w.ty->cmd == ty_source ? SW_LOSSY : 0), &op);
			op.setup = used;
			sw_sweep(&op);
			d = described(w.ty, c->cmd);
			/* Not of those that clear: it is asked twice. */
			if (c->reply != 0 && d->respType != NULL && strstr(d->name, "clr") == NULL) {
				op_make(&w, "an answer as text", w.ty->text, to_text, SW_ENOMEM, &op);
				op.setup = used;
				op.before = ask;
				op.after = asked;
				sw_sweep(&op);
			}
			if (c->len != 0 && d->mesgType != NULL) {
				op_make(&w, "a command from text", w.ty->text, from_text, SW_ENOMEM, &op);
				op.before = write_down;
				op.after = asked;
				sw_sweep(&op);
			}
		}
	}
	tally();
}

/* ---- packets ---- */

static int
send_(struct sw *s, const void *arg)
{
	int error;

	(void)arg;
	NG_SEND_DATA_ONLY(error, s->hook, s->m[0]);
	s->reported += error != 0;
	assert_int_equal(ngu_clock_advance(ngt_g(s->t), 1000000000), 0); /* those that come late */
	return (error);
}

static void
send_before(struct sw *s, const void *arg)
{
	const struct what *w = arg;
	char name[16];

	(void)snprintf(name, sizeof(name), "p%u", w->from - 1);
	s->node = node_of(s->t, name);
	s->hook = LIST_FIRST(&s->node->nd_hooks);
	s->m[0] = ngt_to_mbuf(ngt_g(s->t), ty_packet(w->ty, w->from));
	assert_non_null(s->m[0]);
}

static void
send_after(struct sw *s, const void *arg, int error)
{
	(void)arg;
	(void)error;
	assert_null(s->m[0]);
	NG_NODE_UNREF(s->node);
	s->node = NULL;
}

/* What the node has counted as missing for want of memory. */
static uint64_t
failures(struct sw *s, const void *arg)
{
	const struct ty *ty = ((const struct what *)arg)->ty;
	const struct ng_mesg *m;
	uint64_t n = 0;

	/* These count what left: a tap got less than went by. */
	if (ty->cmd == ty_tee) {
		const struct ng_tee_stats *st;

		m = ngt_msg(s->t, "X:", ty->cookie, NGM_TEE_GET_STATS, NULL, 0);
		st = (const struct ng_tee_stats *)(const void *)m->data;
		return (st->right.inFrames + st->left.inFrames - st->right2left.outFrames - st->left2right.outFrames);
	}
	if (ty->cmd == ty_sample) {
		static const char hooks[4][NG_HOOKSIZ] = { "left", "right", "tap0", "tap5" };

		for (unsigned i = 0; i < 4; i++) {
			m = ngt_msg(s->t, "X:", ty->cookie, NGM_SAMPLE_GET_STATS, hooks[i], NG_HOOKSIZ);
			n += 2 * ((const struct ng_sample_hookstat *)(const void *)m->data)->in;
			n -= i >= 2 ? ((const struct ng_sample_hookstat *)(const void *)m->data)->out : 0;
		}
		return (n);
	}
	if (ty->cmd == ty_car) {
		const struct ng_car_bulkstats *st;

		m = ngt_msg(s->t, "X:", ty->cookie, NGM_CAR_GET_STATS, NULL, 0);
		st = (const struct ng_car_bulkstats *)(const void *)m->data;
		return (st->downstream.dropped_pkts + st->upstream.dropped_pkts);
	}
	if (ty->cmd == ty_fault) {
		const struct ng_fault_stats *st;

		m = ngt_msg(s->t, "X:", ty->cookie, NGM_FAULT_GET_STATS, NULL, 0);
		st = (const struct ng_fault_stats *)(const void *)m->data;
		return (st->downstream.memoryFailures + st->upstream.memoryFailures);
	}
	for (int32_t l = -1; l < 4 && ty->failures != 0; l++) {
		if (ty->cmd == ty_bridge && l == 3)
			break;
		m = ngt_msg(s->t, "X:", ty->cookie, ty->failures, &l, sizeof(l));
		n += ty->cmd == ty_bridge ?
		    ((const struct ng_bridge_link_stats *)(const void *)m->data)->memoryFailures :
		    ((const struct ng_one2many_link_stats *)(const void *)m->data)->memoryFailures;
	}
	return (n);
}

static void
test_packets(void **state)
{
	const struct ty_cmd plain = { .cmd = 0 };
	struct what w;
	struct sw_op op;

	(void)state;
	for (unsigned i = 0; i < NITEMS(ty_types); i++) {
		const struct ty *ty = &ty_types[i];
		struct ty_cmd first = { .first = ty->cmd }; /* with its first command said before: a configuration */

		if (!ty_there(ty))
			continue;
		if (ty->cmd == ty_rotate)
			first.first = ty_rotate_first;
		if (ty->cmd == ty_etf)
			first.first = ty_etf_first;
		if (ty->cmd == ty_vlan)
			first.first = ty_vlan_first;
		if (ty->cmd == ty_pcap)
			first.first = ty_pcap_second;
		for (unsigned k = 0; k < NITEMS(ty->sends) && ty->sends[k] != 0; k++)
			for (unsigned told = 0; told < 2; told++) {
				if (told && (first.first == NULL || first.first->arg == NULL))
					continue;
				w = (struct what){ .ty = ty, .from = ty->sends[k], .cmd = told ? &first : &plain };
				if (!told && ty->cmd == ty_pcap)
					continue; /* refused: nothing is open */
				op_make(&w, told ? "a packet, configured" : "a packet", ty->text, send_, SW_ENOMEM | SW_ENOBUFS | SW_LOSSY,
				    &op);
				op.setup = used;
				op.before = send_before;
				op.after = send_after;
				op.lost = failures;
				sw_sweep(&op);
			}
	}
	tally();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		sw_test(test_nodes),
		sw_test(test_commands),
		sw_test(test_packets),
	};

	sw_init();
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
