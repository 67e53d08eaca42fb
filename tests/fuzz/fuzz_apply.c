/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_apply.c - text as a list of changes (ngu_apply_text()), on a small graph of stock types and of types that refuse.
 *
 * Properties: a dry run and the run agree as far as a dry run can know; what failed has changed nothing, and says where and
 * why within the text; afterwards the accounts add up and nothing stays alive. The input is cut at bytes 0x01: the first part is
 * applied, then the next.
 */
#include "fuzz/fuzz.h"

#include "core/core.h"

#include <ng/test.h>

#define LISTS 4

/* Nodes in the order of their IDs, hooks newest first, with their peers. */
static void
look(struct ngu_graph *g, char *text, size_t size)
{
	struct ngu__thread *ts = ngu__self();
	struct ng_node *n;
	struct ng_hook *h;
	uint32_t id;
	size_t len = 0;

#define DRAW(...) \
	do { \
		int k = snprintf(text + len, size - len, __VA_ARGS__); \
\
		FZ(k >= 0 && (size_t)k < size - len, "too much to look at"); \
		len += (size_t)k; \
	} while (0)
	FZ(ngu_settle(g, 60000) == 0, "no rest");
	text[0] = '\0';
	ngu__section_enter(ts);
	for (id = 0; (n = ngu__id_next(&g->ids, &id)) != NULL;) {
		DRAW("%u \"%s\" %s %x\n", (unsigned)NG_NODE_ID(n), NG_NODE_NAME(n), n->nd_type->name, (unsigned)NGU_LD_ACQ(&n->nd_flags));
		LIST_FOREACH(h, &n->nd_hooks, hk_hooks)
			DRAW(" %s - %u.%s %x\n", NG_HOOK_NAME(h), (unsigned)NG_NODE_ID(NG_HOOK_NODE(NG_HOOK_PEER(h))),
			    NG_HOOK_NAME(NG_HOOK_PEER(h)), (unsigned)NGU_LD_ACQ(&h->hk_flags));
	}
	ngu__section_leave(ts);
	DRAW("%u names\n", (unsigned)NGU_LD_ACQ(&g->names.count));
#undef DRAW
}

static void
check_report(const char *text, int error, const struct ngu_apply_error *e)
{
	const char *line = text;
	uint32_t n;

	FZ(e->error == error, "error %d, %d in the report", error, e->error);
	if (error == 0) {
		FZ(e->text[0] == '\0' && e->line == 0, "words about a success: %s", e->text);
		return;
	}
	FZ(e->text[0] != '\0' && memchr(e->text, '\0', sizeof(e->text)) != NULL && strchr(e->text, '\n') == NULL, "no words, or more than a line");
	FZ(memchr(e->op, '\0', sizeof(e->op)) != NULL && memchr(e->node, '\0', sizeof(e->node)) != NULL &&
		memchr(e->hook, '\0', sizeof(e->hook)) != NULL,
	    "texts without end");
	FZ(e->line != 0, "no line: %s", e->text);
	for (n = 1; n < e->line; n++) {
		line = strchr(line, '\n');
		FZ(line != NULL, "line %u is behind the end", e->line);
		line++;
	}
	FZ(e->column <= strcspn(line, "\n") + 1, "column %u of line %u, which has %zu bytes", e->column, e->line, strcspn(line, "\n"));
}

static void
apply(struct ngu_graph *g, const char *text)
{
	static char before[65536], after[65536];
	static struct ngu_apply_error dry_err, err;
	int dry, error;

	look(g, before, sizeof(before));
	memset(&dry_err, 0x55, sizeof(dry_err));
	memset(&err, 0x55, sizeof(err));
	dry = ngu_apply_text(g, text, NGU_APPLY_DRY, &dry_err);
	check_report(text, dry, &dry_err);
	FZ(!dry_err.ran, "a dry run has run");
	look(g, after, sizeof(after));
	FZ(strcmp(before, after) == 0, "a dry run has changed\n%sto\n%s", before, after);
	error = ngu_apply_text(g, text, 0, &err);
	check_report(text, error, &err);
	look(g, after, sizeof(after));
	if (dry != 0)
		FZ(error == dry && !err.ran && strcmp(err.text, dry_err.text) == 0, "dry: %s; not dry: %s", dry_err.text, err.text);
	if (error != 0) {
		FZ(dry != 0 || err.ran, "only a dry run succeeds: %s", err.text);
		FZ(strcmp(before, after) == 0, "%s; and it has changed\n%sto\n%s", err.text, before, after);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool prepared;
	const uint8_t *end;
	struct ngt *t;
	unsigned n;
	char *text;

	if (!prepared) {
		struct ng_type *pcap = ng_findtype("pcap");

		/* It would make files of any name. */
		if (pcap != NULL)
			FZ(ng_rmtype(pcap) == 0, "pcap cannot be taken out");
		prepared = true;
	}
	if (size > 4000)
		size = 4000;
	(void)ngt_setup(NULL);
	ngt_trace_type("any", 0);
	ngt_trace_type("brief", NGT_AUTODIE);
	ngt_trace_type("phoenix", NGT_PERSIST);
	ngt_trace_type("late", 0);
	ngt_trace_type("unborn", NGT_NO_CONSTRUCTOR);
	ngt_trace_fail("newhook late/n", EPERM);
	ngt_trace_fail("connect late/c", EPERM);
	ngt_trace_fail("newhook brief/n", EPERM);
	ngt_trace_fail("rcvmsg any", EPERM);
	t = fz_kit("hub h; any a; brief b; h.x - b.x; phoenix p; tee t; a.l - t.left; p.r - t.right; bridge br; h.br - br.link0");
	for (n = 0; n < LISTS && size != 0; n++) {
		end = memchr(data, 1, size);
		text = fz_text(data, end != NULL ? (size_t)(end - data) : size);
		apply(ngt_g(t), text);
		fz_free(text);
		size = end != NULL ? size - (size_t)(end + 1 - data) : 0;
		data = end != NULL ? end + 1 : data;
	}
	fz_kit_end(t);
	return (0);
}
