/* SPDX-License-Identifier: BSD-2-Clause */
/* mknode.c - ngctl mknode: a node without links. */
#include "commands.h"

#include <stdlib.h>

#include <ng/client.h>

static enum result
run(int ac, char **av)
{
	struct about a = { .command = "mknode" };
	char *text;
	int result;

	if (ac != 2 && ac != 3)
		return (CMD_USAGE);
	a.type = av[1];
	a.name = ac == 3 ? av[2] : NULL;
	text = change_line("mknode", av + 1);
	result = ngu_client_apply(text, 0, NULL);
	free(text);
	return (result == 0 ? CMD_OK : failed("mknode", &a));
}

const struct command mknode_command = {
	.name = "mknode",
	.run = run,
	.synopsis = "mknode <type> [name]",
	.summary = "Make a node without links",
	.help = "Makes a node of type <type> that is not linked to anything, which mkpeer cannot do. Without a name only its ID leads to it.",
	.args = "t.",
	.ours = true,
};
