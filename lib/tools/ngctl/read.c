/* SPDX-License-Identifier: BSD-2-Clause */
/* read.c - ngctl read: commands from a file. */
#include "commands.h"

#include <err.h>
#include <stdlib.h>

enum result
command_file(FILE *f)
{
	char *line = NULL;
	size_t room = 0;
	enum result r = CMD_OK;
	int number = 0;

	while (getline(&line, &room, f) >= 0) {
		number++;
		if (line[0] == '#')
			continue;
		if ((r = command_line(line)) != CMD_OK) {
			fflush(stdout);
			warnx("line %d: error in file", number);
			break;
		}
	}
	free(line);
	if (r == CMD_OK && ferror(f)) {
		warn("read");
		r = CMD_ERROR;
	}
	return (r);
}

static enum result
run(int ac, char **av)
{
	enum result r;
	FILE *f;

	if (ac != 2)
		return (CMD_USAGE);
	if ((f = fopen(av[1], "r")) == NULL) {
		fflush(stdout);
		warn("%s", av[1]);
		return (CMD_ERROR);
	}
	r = command_file(f);
	fclose(f);
	return (r);
}

const struct command read_command = {
	.name = "read",
	.run = run,
	.synopsis = "read <filename>",
	.summary = "Run the commands in a file",
	.help = "Runs the lines of the file one after the other, up to the first that fails. Lines that begin with \"#\" are comments.",
	.args = "f",
	.alias = { "source", "." },
};
