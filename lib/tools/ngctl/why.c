/* SPDX-License-Identifier: BSD-2-Clause */
/* why.c - ngctl why: what was refused or dropped of late, where and for what reason. */
#include "commands.h"
#include "question.h"

#include <stdlib.h>
#include <string.h>

#include <ng/host.h>

/* What that means to whoever misses a packet. */
static const char *
meaning(enum ngu_reason r)
{
	switch (r) {
	case NGU_R_NO_HOOK:
		return ("sent to no hook");
	case NGU_R_HOOK_INVALID:
		return ("its own hook was not connected yet, or going away");
	case NGU_R_NO_PEER:
		return ("there was nothing behind the hook");
	case NGU_R_NODE_INVALID:
		return ("the node behind the hook was being shut down");
	case NGU_R_NO_MBUF:
		return ("there was no packet in it");
	case NGU_R_NO_ITEM:
		return ("there was no memory for it");
	case NGU_R_QUEUE_FULL:
		return ("a queue was full");
	case NGU_R_HOOK_GONE:
		return ("its hook went away while it waited");
	case NGU_R_NODE_GONE:
		return ("its node went away while it waited");
	case NGU_R_FLUSHED:
		return ("it waited in the queue of a node that was shut down");
	case NGU_R_NO_METHOD:
		return ("the node's type takes no packets");
	default:
		return ("no reason is known");
	}
}

static void
as_json(const struct ngu_why *w)
{
	const struct ngu_why_rec *r;
	uint32_t i;

	json_begin();
	json_array("refusals");
	for (i = 0; i < w->nrecs; i++) {
		r = NGU_WHY_REC(w, i);
		json_object(NULL);
		json_str("kind", r->kind == NGU_WHY_MESSAGE ? "message" : "packet");
		json_str("reason", ngu_reason_name((enum ngu_reason)r->reason));
		json_str("errno", r->error != 0 ? errno_name(r->error) : NULL);
		json_str("text", meaning((enum ngu_reason)r->reason));
		json_num("id", r->node);
		json_str("name", r->name[0] != '\0' ? r->name : NULL);
		json_str("hook", r->hook[0] != '\0' ? r->hook : NULL);
		json_num("count", (long long)r->count);
		json_num("length", r->len);
		json_num("first", (long long)(w->now_ns - r->first_ns));
		json_num("last", (long long)(w->now_ns - r->last_ns));
		json_close();
	}
	json_close();
	json_num("missed", (long long)w->missed);
	json_end();
}

static void
as_text(const struct ngu_why *w, const char *path)
{
	const struct ngu_why_rec *r;
	char last[32], first[32], node[80];
	uint32_t i;

	if (w->nrecs == 0)
		printf("Nothing was refused or dropped%s%s%s\n", path != NULL ? " at \"" : "", path != NULL ? path : "", path != NULL ? "\"" : "");
	for (i = 0; i < w->nrecs; i++) {
		r = NGU_WHY_REC(w, i);
		span_text(last, sizeof(last), w->now_ns > r->last_ns ? w->now_ns - r->last_ns : 0);
		span_text(first, sizeof(first), w->now_ns > r->first_ns ? w->now_ns - r->first_ns : 0);
		node_text(node, sizeof(node), r->name, "", r->node);
		printf("%s ago: %llu %s%s", last, (unsigned long long)r->count, r->kind == NGU_WHY_MESSAGE ? "message" : "packet", r->count != 1 ? "s" : "");
		if (r->node != 0)
			printf(" at %s", node);
		if (r->hook[0] != '\0')
			printf(" hook %.31s", r->hook);
		printf(": %s (%s", meaning((enum ngu_reason)r->reason), ngu_reason_name((enum ngu_reason)r->reason));
		if (r->error != 0)
			printf(", %s: %s", errno_name(r->error), strerror(r->error));
		putchar(')');
		if (r->len != 0)
			printf(", %s %u bytes", r->count != 1 ? "the last of" : "of", r->len);
		if (r->count > 1)
			printf(", the first %s ago", first);
		putchar('\n');
	}
	if (w->missed != 0)
		printf("%llu more, of which nothing else is known\n", (unsigned long long)w->missed);
}

static enum result
run(int ac, char **av)
{
	const char *path = ac == 2 ? av[1] : NULL;
	struct ngu_why *w;

	if (ac > 2)
		return (CMD_USAGE);
	if (!question_or_say("why", NGU_ASK_WHY, path, NULL, NULL, NGU_B_WHY, &w))
		return (CMD_ERROR);
	if (ctl.as_json)
		as_json(w);
	else
		as_text(w, path);
	free(w);
	return (CMD_OK);
}

const struct command why_command = {
	.name = "why",
	.run = run,
	.synopsis = "why [path]",
	.summary = "Show what was refused or dropped of late, and why",
	.help = "Packets and messages that did not arrive: at the node at <path>, or in the whole graph; the latest first, those of one hook "
		"and reason together. The graph remembers 256 such places.",
	.args = "p.",
	.ours = true,
};
