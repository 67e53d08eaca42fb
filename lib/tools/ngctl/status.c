/* SPDX-License-Identifier: BSD-2-Clause */
/* status.c - ngctl status: what a node tells of itself. */
#include "commands.h"

static enum result
run(int ac, char **av)
{
	struct about a = { .command = "status" };

	if (ac != 2)
		return (CMD_USAGE);
	a.path = av[1];
	return (ask_for_text(&a, NGM_TEXT_STATUS, NULL, "Status"));
}

const struct command status_command = {
	.name = "status",
	.run = run,
	.synopsis = "status <path>",
	.summary = "Show what a node tells of itself",
	.help = "Asks the node at <path> for its status as text. Few types have one.",
	.args = "p",
};
