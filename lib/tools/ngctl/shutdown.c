/* SPDX-License-Identifier: BSD-2-Clause */
/* shutdown.c - ngctl shutdown: end a node. */
#include "commands.h"

static enum result
run(int ac, char **av)
{
	struct about a = { .command = "shutdown" };

	if (ac != 2)
		return (CMD_USAGE);
	a.path = av[1];
	if (NgSendMsg(ctl.cs, a.path, NGM_GENERIC_COOKIE, NGM_SHUTDOWN, NULL, 0) < 0)
		return (failed("shutdown", &a));
	return (CMD_OK);
}

const struct command shutdown_command = {
	.name = "shutdown",
	.run = run,
	.synopsis = "shutdown <path>",
	.summary = "End a node",
	.help = "Ends the node at <path>: its links are broken and its name is free. Nodes of some types live on without their links.",
	.args = "p",
	.alias = { "kill", "rmnode" },
};
