/* SPDX-License-Identifier: BSD-2-Clause */
/* config.c - ngctl config: a node's configuration as text, for types that have it. */
#include "commands.h"

#include <stdlib.h>

static enum result
run(int ac, char **av)
{
	struct about a = { .command = "config" };
	char *args = NULL;
	enum result r;

	if (ac < 2)
		return (CMD_USAGE);
	a.path = av[1];
	if (ac > 2)
		args = joined(ac - 2, av + 2);
	r = ask_for_text(&a, NGM_TEXT_CONFIG, args, "Config");
	free(args);
	return (r);
}

const struct command config_command = {
	.name = "config",
	.run = run,
	.synopsis = "config <path> [arguments]",
	.summary = "Show or set a node's configuration as text",
	.help = "Sends the arguments, with a blank between each two, to the node at <path> and shows what it answers. Few types have that.",
	.args = "p.",
	.words = true,
};
