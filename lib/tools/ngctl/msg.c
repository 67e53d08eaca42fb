/* SPDX-License-Identifier: BSD-2-Clause */
/* msg.c - ngctl msg: a message as text, and what comes back at once. */
#include "commands.h"
#include "question.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <ng/client.h>
#include <ng/host.h>

/* If it was the text that could not be read, show where. */
static void
show_error(const char *path, const char *text, int error)
{
	struct ngu_parsed parsed;
	char *abs, *arg;
	void *answer;
	size_t len;

	if (strchr(text, '\n') != NULL || (abs = path_absolute(path)) == NULL)
		return;
	len = strlen(abs) + 1;
	arg = need(malloc(len + strlen(text) + 1));
	memcpy(arg, abs, len);
	strcpy(arg + len, text);
	if (ngu_client_ask(NGU_ASK_PARSE, arg, len + strlen(text), &answer) == sizeof(parsed)) {
		memcpy(&parsed, answer, sizeof(parsed));
		/* a command that there is not has been told of */
		if (parsed.error == error && parsed.off != UINT64_MAX && parsed.off >= strcspn(text, " "))
			show_place(stderr, text, (size_t)parsed.off);
		free(answer);
	}
	free(arg);
	free(abs);
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
