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
	}
	return (EOPNOTSUPP);
}
