/* SPDX-License-Identifier: BSD-2-Clause */
/* list.c - ngctl list: all nodes. */
#include "commands.h"

#include <errno.h>
#include <stdlib.h>

void
node_line(const struct nodeinfo *n)
{
	printf("  Name: %-15s Type: %-15s ID: %08x   Num hooks: %d\n", n->name[0] != '\0' ? n->name : UNNAMED, n->type, n->id, (int)n->hooks);
}

static enum result
run(int ac, char **av)
{
	bool named = false, hooks = false;
	enum result r = CMD_OK;
	const struct namelist *l;
	struct ng_mesg *rep;
	char path[16];
	uint32_t i, n;
	int c;

	while ((c = option(&ac, &av, "ln")) != 0) {
		if (c == 'l')
			hooks = true;
		else if (c == 'n')
			named = true;
		else
			return (CMD_USAGE);
	}
	if (ac != 1)
		return (CMD_USAGE);
	if ((r = ask_or_say("list", ".", named ? NGM_LISTNAMES : NGM_LISTNODES, &rep)) != CMD_OK)
		return (r);
	l = (const void *)rep->data;
	n = rep->header.arglen < sizeof(*l) ? 0 : (uint32_t)((rep->header.arglen - sizeof(*l)) / sizeof(l->nodeinfo[0]));
	if (rep->header.arglen >= sizeof(*l) && l->numnames < n)
		n = l->numnames;
	if (ctl.as_json) {
		json_begin();
		json_array("nodes");
	} else
		printf("There are %u total %snodes:\n", n, named ? "named " : "");
	for (i = 0; i < n; i++) {
		if (hooks) {
			snprintf(path, sizeof(path), "[%x]:", l->nodeinfo[i].id);
			if ((r = show_node("list", path, true)) == CMD_ERROR && (errno == ENOENT || errno == ENXIO))
				r = CMD_OK; /* it ended meanwhile */
			if (!ctl.as_json && i + 1 < n)
				putchar('\n');
		} else if (ctl.as_json) {
			json_node(NULL, &l->nodeinfo[i]);
			json_close();
		} else
			node_line(&l->nodeinfo[i]);
	}
	if (ctl.as_json)
		json_end();
	free(rep);
	return (r);
}

const struct command list_command = {
	.name = "list",
	.run = run,
	.synopsis = "list [-ln]",
	.summary = "Show all nodes",
	.help = "A line for each node: its name, its type, its ID and how many hooks it has. With -n only nodes that have a name; with -l the "
		"hooks of each, as the show command has them.",
	.alias = { "ls" },
};
