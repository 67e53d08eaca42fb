/* SPDX-License-Identifier: BSD-2-Clause */
/* name.c - ngctl name: give a node a name. */
#include "commands.h"

static enum result
run(int ac, char **av)
{
	struct about a = { .command = "name" };

	if (ac != 3)
		return (CMD_USAGE);
	a.path = av[1], a.name = av[2];
	if (NgNameNode(ctl.cs, a.path, "%s", a.name) < 0)
		return (failed("send msg", &a));
	return (CMD_OK);
}

const struct command name_command = {
	.name = "name",
	.run = run,
	.synopsis = "name <path> <name>",
	.summary = "Give a node a name",
	.help = "Calls the node at <path> <name>. A name has 1 to 31 bytes, none of which is a dot or a colon; it does not look like \"[5]\". "
		"A node that has a name gets the new one in its place.",
	.args = "p.",
};
