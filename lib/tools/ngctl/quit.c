/* SPDX-License-Identifier: BSD-2-Clause */
/* quit.c - ngctl quit: end the program. */
#include "commands.h"

static enum result
run(int ac, char **av)
{
	(void)ac, (void)av;
	return (CMD_QUIT);
}

const struct command quit_command = {
	.name = "quit",
	.run = run,
	.synopsis = "quit",
	.summary = "End the program",
	.alias = { "exit" },
};
