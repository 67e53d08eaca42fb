/* SPDX-License-Identifier: BSD-2-Clause */
/* status.c - ngctl status: what a node tells of itself. */
#include "commands.h"

#include <errno.h>
#include <stdlib.h>

static enum result
run(int ac, char **av)
{
	struct about a = { .command = "status" };
	struct ng_mesg *rep = NULL;
	const char *text = NULL;

	if (ac != 2)
		return (CMD_USAGE);
	a.path = av[1];
	if (ask(a.path, NGM_GENERIC_COOKIE, NGM_TEXT_STATUS, NULL, 0, &rep) == ASK_SEND && errno != EINVAL)
		return (failed("send msg", &a));
	if (rep != NULL && rep->header.arglen > 0) {
		rep->data[rep->header.arglen - 1] = '\0';
		text = rep->data;
	}
	if (ctl.as_json) {
		json_begin();
		json_str("path", a.path);
		json_str("status", text);
		json_end();
	} else if (text != NULL)
		printf("Status for \"%s\":\n%s\n", a.path, text);
	else
		printf("No status available for \"%s\"\n", a.path);
	free(rep);
	return (CMD_OK);
}

const struct command status_command = {
	.name = "status",
	.run = run,
	.synopsis = "status <path>",
	.summary = "Show what a node tells of itself",
	.help = "Asks the node at <path> for its status as text. Few types have one.",
	.args = "p",
};
