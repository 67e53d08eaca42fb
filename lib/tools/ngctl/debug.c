/* SPDX-License-Identifier: BSD-2-Clause */
/* debug.c - ngctl debug: how much the library tells of what it does. */
#include "commands.h"

#include <stdlib.h>
#include <string.h>

static enum result
run(int ac, char **av)
{
	int level = NgSetDebug(-1);
	long n;

	if (ac == 1) {
		if (ctl.as_json) {
			json_begin();
			json_num("level", level);
			json_end();
		} else
			printf("Current debug level is %d\n", level);
		return (CMD_OK);
	}
	if (ac != 2)
		return (CMD_USAGE);
	if (strcmp(av[1], "+") == 0)
		n = level + 1L;
	else if (strcmp(av[1], "-") == 0)
		n = level > 0 ? level - 1L : 0;
	else
		n = strtol(av[1], NULL, 10); /* what is no number is 0 */
	if (n < 0 || n > 1000)
		return (CMD_USAGE);
	NgSetDebug((int)n);
	return (CMD_OK);
}

const struct command debug_command = {
	.name = "debug",
	.run = run,
	.synopsis = "debug [level]",
	.summary = "Show or set how much is told of messages and data",
	.help = "Without an argument the level is printed. 0 tells nothing, 1 errors, 2 messages and data too, 3 decodes the messages and dumps the "
		"data. \"+\" and \"-\" go one up or down.",
	.args = ".",
};
