/* SPDX-License-Identifier: BSD-2-Clause */
/* ask.c - ngu_host_ask(): questions about a whole graph, answered by one block. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ng/host.h>
#include <ng/ng.h>

#include "serve/host.h"

static int
ask_version(struct ngu_graph *g, void **answer, size_t *alen)
{
	char text[256];
	int n = snprintf(text, sizeof(text), "%s %s %s", ngu_version(), ngu_backend(), ngu_graph_name(g));

	if ((*answer = strdup(text)) == NULL)
		return (ENOMEM);
	*alen = n < (int)sizeof(text) ? (size_t)n : sizeof(text) - 1;
	return (0);
}

static int
ask_apply(struct ngu_graph *g, const void *arg, size_t len, void **answer, size_t *alen)
{
	struct ngu_apply_error *err;
	uint32_t flags;
	char *text;

	if (len < sizeof(flags))
		return (EINVAL);
	memcpy(&flags, arg, sizeof(flags));
	if ((err = calloc(1, sizeof(*err))) == NULL)
		return (ENOMEM);
	if ((text = malloc(len - sizeof(flags) + 1)) == NULL) {
		free(err);
		return (ENOMEM);
	}
	memcpy(text, (const char *)arg + sizeof(flags), len - sizeof(flags));
	text[len - sizeof(flags)] = '\0';
	if (strlen(text) != len - sizeof(flags)) {
		free(text);
		free(err);
		return (EINVAL);
	}
	err->error = ngu_apply_text(g, text, flags, err); /* the answer says how it went */
	free(text);
	*answer = err;
	*alen = sizeof(*err);
	return (0);
}

/* ---- <ng/inspect.h>: blocks as they are ---- */

/* Into memory for free(3). */
static int
block_of(void *block, void **answer, size_t *alen)
{
	size_t n = (size_t)((const struct ngu_block *)block)->size;
	int error = 0;

	if ((*answer = malloc(n)) == NULL)
		error = ENOMEM;
	else
		memcpy(*answer, block, *alen = n);
	ngu_inspect_free(block);
	return (error);
}

/* The argument's texts: `arg` is up to two, parted by a NUL. */
struct texts {
	char *first, *second; /* "" missing */
	char room[];
};

static struct texts *
texts_of(const void *arg, size_t len)
{
	struct texts *t = malloc(sizeof(*t) + len + 2);

	if (t == NULL)
		return (NULL);
	if (len != 0)
		memcpy(t->room, arg, len);
	t->room[len] = '\0';
	t->room[len + 1] = '\0';
	t->first = t->room;
	t->second = t->room + strlen(t->room) + 1;
	return (t);
}

static int
ask_inspect(struct ngu_graph *g, enum ngu_question what, const void *arg, size_t len, void **answer, size_t *alen)
{
	struct ngu_snapshot *snap;
	struct ngu_node_stat *node;
	struct ngu_trace *trace;
	struct ngu_parsed *parsed;
	struct ngu_help *help;
	struct ng_mesg *msg;
	struct ngu_why *why;
	struct texts *t;
	void *block = NULL;
	uint32_t n = 0;
	size_t off = SIZE_MAX;
	int error;

	if (what == NGU_ASK_TRACE_START) {
		if (len < sizeof(n))
			return (EINVAL);
		memcpy(&n, arg, sizeof(n));
		arg = (const char *)arg + sizeof(n);
		len -= sizeof(n);
	}
	if ((t = texts_of(arg, len)) == NULL)
		return (ENOMEM);
	switch (what) {
	case NGU_ASK_SNAPSHOT:
		if ((error = ngu_snapshot(g, &snap)) == 0)
			block = snap;
		break;
	case NGU_ASK_NODE:
		if ((error = ngu_node_stat(g, t->first, &node)) == 0)
			block = node;
		break;
	case NGU_ASK_WHY:
		if ((error = ngu_why(g, t->first[0] != '\0' ? t->first : NULL, &why)) == 0)
			block = why;
		break;
	case NGU_ASK_HELP:
		if ((error = ngu_type_help(g, t->first[0] != '\0' ? t->first : NULL, &help)) == 0)
			block = help;
		break;
	case NGU_ASK_TRACE_START:
		error = ngu_trace_start(g, t->first, t->second[0] != '\0' ? t->second : NULL, n);
		break;
	case NGU_ASK_TRACE_READ:
		if ((error = ngu_trace_read(g, &trace)) == 0)
			block = trace;
		break;
	case NGU_ASK_TRACE_STOP:
		error = ngu_trace_stop(g);
		break;
	default: /* NGU_ASK_PARSE */
		if ((parsed = calloc(1, sizeof(*parsed))) == NULL) {
			error = ENOMEM;
			break;
		}
		if ((parsed->error = ngu_msg_parse(g, t->first, t->second, &msg, &off)) == 0)
			ngu_msg_free(msg);
		parsed->off = off == SIZE_MAX ? UINT64_MAX : off;
		*answer = parsed;
		*alen = sizeof(*parsed);
		error = 0;
	}
	free(t);
	return (block != NULL ? block_of(block, answer, alen) : error);
}

int
ngu_host_ask(struct ngu_host *h, enum ngu_question what, const void *arg, size_t len, void **answer, size_t *alen)
{
	struct ngu_graph *g = ngu__host_graph(h);

	*answer = NULL;
	*alen = 0;
	switch (what) {
	case NGU_ASK_VERSION:
		return (ask_version(g, answer, alen));
	case NGU_ASK_APPLY:
		ngu_host_sweep(h);
		return (ask_apply(g, arg, len, answer, alen));
	case NGU_ASK_SNAPSHOT:
	case NGU_ASK_NODE:
	case NGU_ASK_WHY:
	case NGU_ASK_HELP:
	case NGU_ASK_TRACE_START:
	case NGU_ASK_TRACE_READ:
	case NGU_ASK_TRACE_STOP:
	case NGU_ASK_PARSE:
		ngu_host_sweep(h);
		return (ask_inspect(g, what, arg, len, answer, alen));
	}
	return (EOPNOTSUPP);
}
