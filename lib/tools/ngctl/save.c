/* SPDX-License-Identifier: BSD-2-Clause */
/* save.c - ngctl save: the live graph as a script that rebuilds it. */
#include "commands.h"
#include "graph.h"

#include <err.h>
#include <errno.h>
#include <stdlib.h>

static enum result
run(int ac, char **av)
{
	size_t lost, len = 0;
	struct graph *g;
	char *text = NULL;
	FILE *f;

	if (ac != 1)
		return (CMD_USAGE);
	if ((g = graph_live("save")) == NULL)
		return (CMD_ERROR);
	f = need(open_memstream(&text, &len));
	if (g->changed)
		fputs("# The graph changed while it was read: not all of this may have been there at the same time.\n", f);
	lost = script_write(g, f);
	graph_free(g);
	if (fclose(f) != 0)
		need(NULL);
	if (ctl.as_json) {
		json_begin();
		json_str("script", text);
		json_num("lost", (long long)lost);
		json_end();
	} else
		fputs(text, stdout);
	free(text);
	if (lost == 0)
		return (CMD_OK);
	fflush(stdout);
	warnx("save: %zu things could not be put into commands; comments in the script say which", lost);
	return (CMD_ERROR);
}

const struct command save_command = {
	.name = "save",
	.run = run,
	.synopsis = "save",
	.summary = "Print a script that rebuilds the graph",
	.help = "Prints commands that make all nodes and links anew, for ngctl -f on an empty graph or for the apply command. Nodes of programs (types "
		"socket and port) and the links to them are left out; what nodes were told in messages is not known.",
	.ours = true,
};
