/* SPDX-License-Identifier: BSD-2-Clause */
/* msg.c - ngctl msg: a message as text, and what comes back at once. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* asprintf */
#endif
#include "commands.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <ng/client.h>

/*
 * If it was the text that could not be read, show where. A list of changes that is only checked tells the place; it wants an
 * absolute path and one line.
 */
static void
show_error(const char *path, const char *text, int error)
{
	struct ngu_apply_error e = { .error = 0 };
	const struct nodeinfo *n;
	struct ng_mesg *rep;
	char *line;
	size_t skip;

	if (strchr(text, '\n') != NULL || ask(path, NGM_GENERIC_COOKIE, NGM_NODEINFO, NULL, 0, &rep) != ASK_OK)
		return;
	n = (const void *)rep->data;
	if (rep->header.arglen >= sizeof(*n) && asprintf(&line, "msg [%x]: %s", n->id, text) >= 0) {
		skip = strlen(line) - strlen(text);
		if (ngu_client_apply(line, NGU_APPLY_DRY, &e) < 0 && e.error == error && e.line == 1 && e.column > skip + strcspn(text, " "))
			show_place(stderr, text, e.column - 1 - skip);
		free(line);
	}
	free(rep);
}

static enum result
run(int ac, char **av)
{
	struct about a = { .command = "msg" };
	enum result r;
	char *text;

	if (ac < 3)
		return (CMD_USAGE);
	a.path = av[1];
	a.name = av[2];
	text = joined(ac - 2, av + 2);
	if (NgSendAsciiMsg(ctl.cs, a.path, "%s", text) < 0) {
		r = failed("send msg", &a);
		show_error(a.path, text, errno);
		free(text);
		return (r);
	}
	free(text);
	if (heard())
		return (incoming_message());
	if (ctl.as_json) {
		json_begin();
		json_str("message", NULL);
		json_end();
	}
	return (CMD_OK);
}

const struct command msg_command = {
	.name = "msg",
	.run = run,
	.synopsis = "msg path command [args ... ]",
	.summary = "Send a message to a node and show the answer",
	.help = "Sends the message <command> to the node at <path>. The arguments are text as the node's type describes it, like "
		"{ name=\"x\" count=5 } or [ 1 2 3 ]. An answer that comes at once is shown.",
	.args = "pm.",
	.words = true,
	.alias = { "cmd" },
};
